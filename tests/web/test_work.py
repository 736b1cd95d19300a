"""What was asked for from a page: one after the other, and told in one sentence."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from music_sync.adapters.program_process import Ended, run
from music_sync.web.work import Work, outcome


def ended(said: Mapping[str, Any], code: int = 0, fault: str = "") -> Ended:
    return Ended(code, said, fault)


FILED = {"artist": "Ann", "title": "Waves", "ending": "synced", "reason": "filed as Ann/Waves.flac"}
REPORT: dict[str, Any] = {"result": "done", "counts": {"new": 1}, "tracks": [FILED], "sources": []}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (REPORT, (True, "Ann - Waves: filed; filed as Ann/Waves.flac")),
        (
            {**REPORT, "tracks": [{**FILED, "ending": "failed", "reason": "it is cut off"}]},
            (False, "Ann - Waves: failed; it is cut off"),
        ),
        (
            {**REPORT, "sources": [{}], "counts": {"new": 2, "failed": 1}, "result": "partial"},
            (True, "2 new · 1 failed"),
        ),
        ({"result": "locked", "message": "another run is at work"}, (False, "another run is at work")),
        (
            {"undone": 1, "kind": "filed", "label": "Ann - Waves", "is_back": False},
            (True, "undone: Ann - Waves is out of the library"),
        ),
    ],
)
def test_a_report_becomes_one_sentence(said: Mapping[str, Any], expected: tuple[bool, str]) -> None:
    assert outcome(ended(said)) == expected


def test_a_command_without_a_report_is_told_by_its_last_line() -> None:
    assert outcome(ended({}, 2, "no track is called so")) == (False, "no track is called so")
    assert outcome(ended({}, -9)) == (False, "it ended with code -9")


def test_jobs_run_one_after_the_other_and_a_failed_step_ends_its_job() -> None:
    ran: list[Sequence[str]] = []
    may_end = threading.Event()

    def program(command: Sequence[str], _values: Sequence[str]) -> Ended:
        may_end.wait(10)
        ran.append(command)
        return ended({"message": "refused"} if command == ("undo",) else REPORT)

    work = Work(program)
    first = work.start("one", "/", [(("undo",), ("1",)), (("review",), ("x",))])
    second = work.start("two", "/", [(("retry",), ("x",))])
    assert not second.ended.is_set()
    may_end.set()
    assert second.ended.wait(10)

    assert ran == [("undo",), ("retry",)]
    assert (first.state, first.sentence) == ("failed", "refused")
    assert (second.state, work.latest()) == ("done", second)


def test_what_nobody_foresaw_ends_one_job_and_not_the_next() -> None:
    def program(command: Sequence[str], _values: Sequence[str]) -> Ended:
        if command == ("sync",):
            raise OSError("no such program")
        return ended(REPORT)

    work = Work(program)
    work.start("one", "/", [(("sync",), ())])
    second = work.start("two", "/", [(("retry",), ())])

    assert second.ended.wait(10)
    assert second.state == "done"


def test_a_value_that_looks_like_an_option_is_a_value(tmp_path: Path) -> None:
    told = run(("retry",), ("--help",), {"MUSIC_SYNC_HOME": str(tmp_path)})

    assert "no track that waits is called '--help'" in str(told.said["message"])
