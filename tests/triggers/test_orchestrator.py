"""One cycle after the other: what starts a sync, and what a failing step does to the others."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.board import FakeBoard
from tests.fakes.ledger import FakeLedger
from tests.task.desk import Office

from music_sync.flows.hand_off_tasks import CycleReport
from music_sync.model.errors import EnvironmentFault, NeedsPerson, ServiceUnavailable, SyncError
from music_sync.model.task import Change, Handoff, Task, Written
from music_sync.triggers.clock import Verdict
from music_sync.triggers.orchestrator import NO_MUSIC, MusicReport, Orchestrator, outcome

NEW: MusicReport = {
    "result": "done",
    "counts": {"new": 2, "already_have": 1, "review": 0, "buy_list": 0, "failed": 0},
    "tracks": [
        {"ending": "synced", "artist": "Ann", "title": "One", "reason": ""},
        {"ending": "synced", "artist": "Ann", "title": "Two", "reason": ""},
        {"ending": "already_have", "artist": "Ann", "title": "Three", "reason": ""},
    ],
    "sources": [{"name": "folder", "ok": True, "found": 3, "message": ""}],
}
FAILURE: MusicReport = {**NO_MUSIC, "result": "error", "message": "the sync was ended by signal 9"}
DUE, NOT_DUE = Verdict(is_due=True, reason="interval passed"), Verdict(is_due=False, reason="due in 1:00:00")


class AwayBoard(FakeBoard):
    """Away while `fault` is set; counts how often it was asked for its tasks."""

    fault: SyncError | None = None
    refusing: SyncError | None = None
    asked = 0

    def tasks(self) -> Iterator[Task]:
        self.asked += 1
        if self.fault:
            raise self.fault
        return super().tasks()

    def update(self, task_id: str, change: Change, if_status: str | None = None) -> Written:
        if self.refusing:
            raise self.refusing
        return super().update(task_id, change, if_status)


@dataclass
class Loop:
    """An orchestrator whose syncs and clock a test decides; `causes` are the syncs that were started."""

    office: Office
    board: AwayBoard
    verdict: Verdict = NOT_DUE
    report: MusicReport = field(default_factory=lambda: NEW)
    enabled: bool = True
    now_s: float = 0.0
    causes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.orchestrator = Orchestrator(
            self.sync, lambda: self.verdict, self.office.desk, self.office.habits, self.enabled, lambda: self.now_s
        )

    def sync(self, cause: str) -> MusicReport:
        self.causes.append(cause)
        return self.report

    def cycle(self, **how: bool) -> tuple[MusicReport, CycleReport]:
        self.now_s += 60
        return self.orchestrator.cycle(**how)


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    board = AwayBoard()
    return Loop(Office(tmp_path, board=board), board)


def disabled(loop: Loop) -> Loop:
    return Loop(loop.office, loop.board, enabled=False)


# What starts a sync


def test_p3_a_music_task_starts_one_sync_and_hears_how_it_went(loop: Loop) -> None:
    task = loop.office.put(title="Sync the Friday list")
    for _ in range(4):
        loop.cycle()

    assert loop.causes == ["task Sync the Friday list"]
    assert loop.office.on_board(task).result.splitlines() == [
        "Music sync: done (2 new, 1 already_have)",
        "synced: Ann - One",
        "synced: Ann - Two",
    ]
    assert loop.office.content_of(task)["workflow_type"] == "music_track_sync"


def test_p3_many_music_tasks_share_one_sync(loop: Loop) -> None:
    tasks = [loop.office.put(number, "Download it") for number in range(250)]
    loop.cycle()
    loop.cycle()

    assert loop.causes == ["task Download it and 249 more"]
    assert all("2 new" in loop.office.on_board(task).result for task in tasks)


def test_p4_a_failed_sync_is_not_started_anew_by_its_task(loop: Loop) -> None:
    task = loop.office.put(title="Sync it")
    loop.report = FAILURE
    for _ in range(5):
        loop.cycle()

    assert len(loop.causes) == 1
    assert loop.office.on_board(task).result == "Music sync: error\nFirst error: the sync was ended by signal 9"


def test_p4_the_clocks_next_try_tells_the_task_that_it_went_well(loop: Loop) -> None:
    task = loop.office.put(title="Sync it")
    loop.report = FAILURE
    loop.cycle()
    loop.report, loop.verdict = NEW, DUE
    loop.cycle()

    assert loop.causes == ["task Sync it", "interval passed"]
    assert loop.office.on_board(task).result.startswith("Music sync: done (2 new")


def test_a_sync_that_another_run_locks_out_is_asked_for_again(loop: Loop) -> None:
    loop.office.put(title="Sync it")
    loop.report = {**NO_MUSIC, "result": "locked"}
    loop.cycle()
    loop.report = NEW
    loop.cycle()
    loop.cycle()

    assert len(loop.causes) == 2


def test_p4_a_board_that_cannot_be_written_does_not_start_a_sync_each_cycle(loop: Loop) -> None:
    task = loop.office.put(title="Sync it")
    loop.board.refusing = NeedsPerson("Notion refuses the write")
    reports = [loop.cycle()[1] for _ in range(3)]
    loop.board.refusing = None
    loop.cycle()

    assert len(loop.causes) == 1
    assert all(report.faults for report in reports)
    assert "2 new" in loop.office.on_board(task).result


def test_the_interval_starts_a_sync_without_any_task(loop: Loop) -> None:
    loop.verdict = DUE
    music, _ = loop.cycle()

    assert (loop.causes, music) == (["interval passed"], NEW)


def test_p2_force_syncs_whatever_the_interval_says_even_when_switched_off(loop: Loop) -> None:
    loop = disabled(loop)
    task = loop.office.put(title="Sync it")
    loop.cycle()
    loop.cycle(force=True)
    loop.cycle()

    assert loop.causes == ["--music-sync"]
    assert "2 new" in loop.office.on_board(task).result


def test_switched_off_neither_clock_nor_task_starts_a_sync(loop: Loop) -> None:
    loop = disabled(loop)
    loop.verdict = DUE
    loop.office.put(title="Sync it")
    music, report = loop.cycle()

    assert (loop.causes, music, report.delivered) == ([], NO_MUSIC, 1)


def test_never_starts_none_and_the_tasks_are_still_handed_over(loop: Loop) -> None:
    loop.verdict = DUE
    loop.office.put(title="Sync it")
    music, report = loop.cycle(never=True)

    assert (loop.causes, music, report.delivered) == ([], NO_MUSIC, 1)


# What fails


def test_p5_a_board_that_is_away_is_a_fault_and_the_music_goes_on(loop: Loop) -> None:
    loop.board.fault = ServiceUnavailable("Notion answers 502")
    loop.verdict = DUE
    _, report = loop.cycle()

    assert [str(fault) for fault in report.faults] == ["Notion answers 502"]
    assert report.remaining is None
    assert loop.causes == ["interval passed"]


def test_p5_a_board_that_stays_away_is_asked_less_and_less_often(loop: Loop) -> None:
    loop.board.fault = ServiceUnavailable("Notion answers 502")
    reports = [loop.cycle()[1] for _ in range(60)]

    assert loop.board.asked == 7  # at minutes 1, 2, 4, 8, 16, 31, 46
    assert all(report.faults for report in reports)
    loop.board.fault = None
    loop.office.put()
    assert sum(loop.cycle()[1].delivered for _ in range(15)) == 1
    assert not loop.cycle()[1].faults


@pytest.mark.parametrize(("wish_s", "minutes"), [(300.0, 5), (1e9, 60)])
def test_p5_a_board_that_asks_for_a_pause_gets_it(loop: Loop, wish_s: float, minutes: int) -> None:
    loop.board.fault = ServiceUnavailable("Notion limits us", after_s=wish_s)
    for _ in range(minutes):
        loop.cycle()
    assert loop.board.asked == 1
    loop.cycle()

    assert loop.board.asked == 2


class BrokenLedger(FakeLedger):
    def handoffs(self, task_id: str = "") -> list[Handoff]:
        raise EnvironmentFault(f"var/state.db is damaged{task_id}")

    def triggers(self) -> dict[str, str]:
        raise RuntimeError("a bug of ours")


def test_a_ledger_that_is_broken_is_told_and_stops_no_scheduled_sync(loop: Loop) -> None:
    loop.office.ledger = BrokenLedger()
    loop = Loop(loop.office, loop.board, verdict=DUE)
    loop.office.put(title="Sync it")
    _, report = loop.cycle()

    assert loop.causes == ["interval passed"]
    assert {str(fault).partition(";")[0] for fault in report.faults} == {
        "var/state.db is damaged",
        "unexpected RuntimeError: a bug of ours",
    }


@pytest.mark.parametrize(
    "error", [OSError(12, "Cannot allocate memory"), EnvironmentFault("no space"), ValueError("bug")]
)
def test_a_sync_that_cannot_be_started_stops_no_task(loop: Loop, error: Exception) -> None:
    def broken(_cause: str) -> MusicReport:
        raise error

    loop.verdict = DUE
    loop.orchestrator = replace(loop.orchestrator, sync=broken)
    loop.office.put()
    _, report = loop.cycle()

    assert report.delivered == 1
    assert len(report.faults) == 1


# What is told


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_p6_no_progress_for_ten_cycles_is_told_once(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    inbox = loop.office.home / "agents/Claude-MM1/01_inbox"
    inbox.parent.mkdir(parents=True)
    inbox.write_text("a file in the way")
    for number in range(3):
        loop.office.put(number)
    for _ in range(30):
        loop.cycle()

    told = [line for line in warnings(caplog) if "could not be handed over in 10 cycles" in line]
    assert len(told) == 1
    assert "3 ready tasks" in told[0]
    assert len([line for line in warnings(caplog) if "01_inbox" in line]) == 1


def test_p6_a_quiet_board_and_a_busy_one_are_no_alarm(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        loop.office.put(number)
        loop.cycle()
    for _ in range(30):
        loop.cycle()

    assert warnings(caplog) == []


def test_p6_a_source_that_held_tracks_and_holds_none_is_told_once(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    loop.verdict = DUE
    loop.cycle()
    loop.report = {**NO_MUSIC, "sources": [{"name": "folder", "ok": True, "found": 0, "message": ""}]}
    for _ in range(3):
        loop.cycle()

    assert len([line for line in warnings(caplog) if "source folder held 3 tracks" in line]) == 1


def test_a_source_that_failed_is_not_said_to_be_empty(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    loop.verdict = DUE
    loop.cycle()
    away: dict[str, Any] = {"name": "folder", "ok": False, "found": 0, "message": "not there"}
    loop.report = {**NO_MUSIC, "result": "partial", "sources": [away]}
    loop.cycle()

    assert warnings(caplog) == []


def test_each_cycle_ends_with_one_summary_line(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    loop.office.put()
    loop.cycle()

    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("cycle: music")]
    assert lines == [
        "cycle: music nothing_new; tasks: picked 1, delivered 1, collected 0, reviews 0, remaining 1; faults 0"
    ]


def test_an_outcome_names_the_first_error_and_not_ten_thousand_tracks() -> None:
    tracks = [{"ending": "failed", "artist": "A", "title": str(n), "reason": f"broken {n}"} for n in range(10_000)]
    lines = outcome({**NEW, "result": "partial", "tracks": tracks}).splitlines()

    assert lines[1] == "First error: broken 0"
    assert len(lines) == 103
    assert "9900 more" in lines[-1]
