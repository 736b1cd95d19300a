"""Which entries of the journal can be undone, and what each number stands for."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from music_sync.model.errors import BadSetting, NeedsPerson
from music_sync.track.undo import STAGE, Change, changes, must_be_there, undone, wanted


@dataclass(frozen=True)
class Row:
    """An entry as the journal tells it."""

    entry_id: int
    kind: str
    recording_id: str = "a"
    path: str = ""
    after: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    at: str = "2026-01-01T00:00:00Z"


def filed(entry_id: int, recording_id: str = "a") -> Row:
    return Row(entry_id, "filed", recording_id, f"{recording_id}/{entry_id}.flac")


def turned(entry_id: int, change: int, recording_id: str = "a") -> Row:
    return Row(entry_id, "undo", recording_id, after={"change": change, "moved": [["a/1.flac", "/undone/1"]]})


def test_the_files_of_one_recording_are_one_filing() -> None:
    known = changes([filed(1), filed(2), filed(3, "b"), Row(4, "relinked"), filed(5)])

    assert [(each.number, each.entries) for each in known] == [(1, (1, 2, 5)), (3, (3,))]
    assert known[0].paths == ("a/1.flac", "a/2.flac", "a/5.flac")


def test_what_is_filed_after_an_undo_is_a_filing_of_its_own() -> None:
    known = changes([filed(1), turned(2, 1), filed(3)])

    assert [(each.number, each.is_in_effect) for each in known] == [(1, False), (3, True)]


def test_what_is_filed_after_an_undo_was_undone_belongs_to_the_first_filing() -> None:
    known = changes([filed(1), turned(2, 1), turned(3, 1), filed(4)])

    assert [(each.number, each.entries, each.is_in_effect) for each in known] == [(1, (1, 4), True)]


def test_a_merge_is_a_change_with_its_states() -> None:
    [merge] = changes([Row(7, "merge", before={"link": {}}, after={"label": "x"})])

    assert (merge.number, merge.before, merge.after, merge.paths) == (7, {"link": {}}, {"label": "x"}, ())


def test_an_undo_of_a_merge_leaves_the_filing_of_its_recording_open() -> None:
    merge = Row(2, "merge", after={"label": "x"})

    assert changes([filed(1), merge, turned(3, 2), filed(4)])[0].entries == (1, 4)


def test_any_number_of_a_filing_names_it() -> None:
    known = changes([filed(1), filed(2)])

    assert wanted("1", known) == wanted("2", known)
    assert not wanted("1", known).is_back


def test_the_number_of_an_undo_brings_back_and_the_next_takes_out_again() -> None:
    """P37"""
    once = changes([filed(1), turned(2, 1)])
    twice = changes([filed(1), turned(2, 1), turned(3, 1)])

    assert wanted("2", once).is_back
    assert not wanted("3", twice).is_back
    assert not wanted("1", twice).is_back


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("1", "undone already; `music-sync undo 4` brings back"),
        ("2", "overtaken by 4"),
        ("9", "'9'"),
        ("x", "'x'"),
        ("²", "'²'"),
        ("-1", "'-1'"),
    ],
)
def test_what_cannot_be_undone_now_is_refused(word: str, told: str) -> None:
    known = changes([filed(1), turned(2, 1), turned(3, 1), turned(4, 1)])

    with pytest.raises(BadSetting, match=told.replace("²", ".")):
        wanted(word, known)


def test_the_last_one_is_the_latest_in_effect_and_never_an_undo() -> None:
    known = changes([filed(1), filed(2, "b"), filed(3, "c"), turned(4, 3, "c")])

    assert wanted("last", known).change.number == 2
    with pytest.raises(BadSetting, match="nothing to undo"):
        wanted("last", changes([filed(1), turned(2, 1)]))


def test_what_was_brought_back_last_is_the_last_one() -> None:
    known = changes([filed(1), filed(2, "b"), turned(3, 1), turned(4, 1)])

    assert wanted("last", known).change.number == 1


def test_an_undone_track_waits_for_a_retry_that_names_it() -> None:
    ending = undone("folder", "/music/it's here.flac", "Ann - Waves")

    assert (ending.stage, ending.next_actor) == (STAGE, "person")
    assert "Ann - Waves" in ending.reason
    command = shlex.split(ending.reason.split("`")[1])
    assert command == ["music-sync", "retry", "folder:/music/it's here.flac"]


def test_a_recording_that_is_gone_already_is_told() -> None:
    with pytest.raises(NeedsPerson, match="12 cannot be undone"):
        must_be_there(Change(12, "filed", "", "a", (12,)), None)
