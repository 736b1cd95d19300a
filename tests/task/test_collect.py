"""What agents did with their files becomes status and result; what differs is reported."""

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.board import FakeBoard
from tests.task.desk import Office, return_of

from music_sync.flows.hand_off_tasks import Habits
from music_sync.model.task import Change, Task, Written
from music_sync.task.collect import stale

LONG_AGO = 1_700_000_000
QUEUE = "01_inbox/Agent-Trigger-Folder"


@pytest.fixture
def task(office: Office) -> Task:
    """A task that was handed over."""
    task = office.put(assigned_agent="Claude Code")
    office.cycle()
    return task


def settled(path: Path) -> Path:
    """Written long ago, so nobody is still at it."""
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.mark.parametrize(
    ("box", "state", "status"), [("02_processed", "processed", "Complete"), ("03_failed", "failed", "Failed")]
)
def test_p57_a_moved_file_alone_is_an_answer(office: Office, task: Task, box: str, state: str, status: str) -> None:
    office.moved(task, box)
    report = office.cycle()

    assert (report.collected, report.problems) == (1, [])
    assert office.on_board(task).status == status
    assert office.on_board(task).result == f"{state} by Claude Code"
    assert office.handoffs(task)[0].state == state
    assert office.cycle().collected == 0


def test_p4_an_answer_keeps_the_result_that_is_there(office: Office, task: Task) -> None:
    office.edit(task, result="Music sync: done (3 new)")
    office.moved(task, "02_processed")
    office.cycle()

    assert office.on_board(task).result == "Music sync: done (3 new)\nprocessed by Claude Code"


@pytest.mark.parametrize("status", ["Complete", "Failed", "Blocked", ""])
def test_p57_a_return_gives_status_and_words(office: Office, task: Task, status: str) -> None:
    office.returned(task, return_of(task, status, "all of it"))
    report = office.cycle()

    assert report.collected == 1
    assert office.on_board(task).status == (status or "Complete")
    assert office.on_board(task).result == "work completed: all of it"
    assert office.handoffs(task)[0].state == "returned"
    assert office.files("agents") == []
    assert len(list((office.home / "01_inbox/Returns").iterdir())) == 1


def test_a_return_may_name_the_file_instead_of_the_task(office: Office, task: Task) -> None:
    name = office.file_of(task).name
    office.returned(task, {"original_handoff": {"handoff_file": f"/somewhere/{name}"}}, "x__RETURN__y.json")
    office.cycle()

    assert office.on_board(task).status == "Complete"


def test_a_return_after_the_move_adds_its_words_and_corrects_the_status(office: Office, task: Task) -> None:
    office.moved(task, "02_processed")
    office.cycle()
    inbox = office.home / "agents/Claude-Code/01_inbox"
    moved_name = office.handoffs(task)[0].name.replace("HANDOFF", "RETURN")
    (inbox / moved_name).write_text(json.dumps(return_of(task, "Failed", "it broke")))
    report = office.cycle()

    assert report.problems == []
    assert office.on_board(task).status == "Failed"
    assert "it broke" in office.on_board(task).result


def test_p61_a_late_return_does_not_overrule_a_person(office: Office, task: Task) -> None:
    office.moved(task, "02_processed")
    office.cycle()
    office.edit(task, status="Cancelled")
    inbox = office.home / "agents/Claude-Code/01_inbox"
    (inbox / "a__RETURN__b.json").write_text(json.dumps(return_of(task, "Failed")))
    report = office.cycle()

    assert office.on_board(task).status == "Cancelled"
    assert "Cancelled on the board, but Claude Code says Failed" in report.problems[0]


def test_a_return_whose_status_nobody_understands_leaves_the_handoff_open(office: Office, task: Task) -> None:
    office.returned(task, return_of(task, "half way there", "some of it"))
    report = office.cycle()

    assert "'half way there'" in report.problems[0]
    assert (office.on_board(task).status, office.on_board(task).result) == ("In Progress", "work completed: some of it")
    office.moved(task, "02_processed")
    office.cycle()
    assert office.on_board(task).status == "Complete"


def test_a_return_of_a_task_that_was_not_handed_over_is_told_and_kept(office: Office, task: Task) -> None:
    other = replace(task, task_id="e" * 32)
    office.returned(task, return_of(other), "x__RETURN__y.json")
    report = office.cycle()

    assert "was not handed over" in report.problems[0]
    assert office.on_board(task).status == "In Progress"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "JSON"),
        (b"\xff\xfe\x00", "JSON"),
        (b"", "JSON"),
        (b"[1]", "object"),
        (b"[" * 100_000, "JSON"),
        (b'{"a": "' + b"x" * 1_100_000 + b'"}', "megabyte"),
        (b'{"title": "x"}', "names no agent"),
        (b'{"target_agent": "Nobody At All"}', "Nobody At All"),
    ],
)
def test_p59_what_cannot_be_handed_on_is_put_aside_with_its_reason(office: Office, raw: bytes, why: str) -> None:
    (office.home / QUEUE).mkdir(parents=True)
    settled_file = office.home / QUEUE / "a.json"
    settled_file.write_bytes(raw)
    settled(settled_file)
    report = office.cycle()

    aside = office.home / "01_inbox/03_failed"
    assert why in report.problems[0]
    assert (aside / "a.json").read_bytes() == raw
    assert why in (aside / "a.json.reason.txt").read_text()
    assert office.cycle().problems == []


def test_a_file_that_is_still_being_written_is_left_until_it_is_whole(office: Office) -> None:
    (office.home / QUEUE).mkdir(parents=True)
    file = office.home / QUEUE / "a.json"
    file.write_text('{"target_agent": "Cla')
    assert office.cycle().problems == []

    file.write_text('{"target_agent": "Claude Code"}')
    office.cycle()

    assert (office.home / "agents/Claude-Code/01_inbox/a.json").exists()


@pytest.mark.parametrize("field", ["target_agent", "agent", "assigned_agent"])
def test_a_strangers_handoff_in_the_queue_goes_to_its_agent(office: Office, field: str) -> None:
    (office.home / QUEUE).mkdir(parents=True)
    (office.home / QUEUE / "a.json").write_text(f'\ufeff{{"{field}": "Auto/Cursor MM1 Agent"}}', "utf-8")
    report = office.cycle()

    assert report.problems == []
    assert (office.home / "agents/Cursor-MM1/01_inbox/a.json").exists()


def test_a_stranger_never_takes_the_place_of_another_file(office: Office, task: Task) -> None:
    ours = office.file_of(task)
    (office.home / QUEUE / ours.name).write_text('{"target_agent": "Claude Code"}')
    report = office.cycle()

    assert office.content_of(task)["task_id"] == task.task_id
    assert "already" in report.problems[0]
    assert (office.home / "01_inbox/03_failed" / ours.name).exists()


def test_p61_a_task_closed_on_the_board_withdraws_its_file(office: Office, task: Task) -> None:
    office.edit(task, status="Complete")
    report = office.cycle()

    assert report.problems == []
    assert office.files("agents") == []
    assert len(office.files("01_inbox/Withdrawn")) == 1


@pytest.mark.parametrize("gone", [True, False])
def test_a_task_that_left_the_board_withdraws_its_file(office: Office, task: Task, gone: bool) -> None:
    if gone:
        del office.board.stored[task.task_id]
    else:
        office.edit(task, status="Archived", archived=True)
    office.cycle()

    assert office.files("agents") == []


@pytest.mark.parametrize(
    ("status", "box"), [("Complete", "03_failed"), ("Failed", "02_processed"), ("Cancelled", "02_processed")]
)
def test_p61_board_and_box_that_differ_are_reported_and_the_board_stands(
    office: Office, task: Task, status: str, box: str
) -> None:
    office.moved(task, box)
    office.edit(task, status=status)
    report = office.cycle()

    assert f"{status} on the board" in report.problems[0]
    assert office.on_board(task).status == status


def test_board_and_box_that_agree_are_no_news(office: Office, task: Task) -> None:
    office.moved(task, "02_processed")
    office.edit(task, status="Done")

    assert office.cycle().problems == []


def test_a_claimed_file_stays_with_its_agent(office: Office, task: Task) -> None:
    office.inboxes.claim("Claude-Code", office.file_of(task).name)
    office.edit(task, status="Cancelled")
    report = office.cycle()

    assert "is claimed by Claude Code" in report.problems[0]
    assert office.file_of(task).parent.name == "claimed"


def test_p58_nobody_answers_and_so_it_is_handed_over_again(office: Office, task: Task) -> None:
    report = office.cycle(minutes=15 * 24 * 60)
    assert "did not answer" in report.problems[0]
    office.cycle()

    assert [each.state for each in office.handoffs(task)] == ["expired", "delivered"]
    assert len(office.files("agents")) == 1
    assert office.on_board(task).status == "In Progress"


def test_f69_a_claim_that_is_older_than_the_expiry_goes_back(office: Office, task: Task) -> None:
    claimed = office.inboxes.claim("Claude-Code", office.file_of(task).name)
    assert claimed
    office.now += timedelta(days=15)
    recently = office.now.timestamp() - 60
    os.utime(claimed.path, (recently, recently))
    assert not any("did not answer" in problem for problem in office.cycle().problems)

    os.utime(claimed.path, (LONG_AGO, LONG_AGO))
    office.cycle()
    office.cycle()
    assert [each.state for each in office.handoffs(task)] == ["expired", "delivered"]


def test_a_lost_file_is_reported_and_handed_over_again_when_it_expires(office: Office, task: Task) -> None:
    office.file_of(task).unlink()
    assert "in none of the boxes" in office.cycle().problems[0]
    office.cycle(minutes=15 * 24 * 60)
    office.cycle()

    assert office.file_of(task)


def test_a_lost_file_of_a_closed_task_is_no_news(office: Office, task: Task) -> None:
    office.file_of(task).unlink()
    office.edit(task, status="Cancelled")

    assert office.cycle().problems == []
    assert office.handoffs(task)[0].state == "withdrawn"


def test_an_answer_to_an_earlier_text_does_not_close_the_task(office: Office, task: Task) -> None:
    office.edit(task, description="something else", status="Ready")
    (old,) = office.handoffs(task)
    old_file = office.file_of(task)
    processed = office.home / "agents/Claude-Code/02_processed"
    processed.mkdir()
    old_file.rename(processed / old.name)
    report = office.cycle()

    assert "handed over anew" in report.problems[0]
    assert office.on_board(task).status == "In Progress"
    assert [each.state for each in office.handoffs(task)] == ["processed", "delivered"]


class BusyBoard(FakeBoard):
    """Somebody changes the status again and again, before each of our writes."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = 0
        self.most = times

    def update(self, task_id: str, change: Change, if_status: str | None = None) -> Written:
        if change.status in {"Complete", "Failed"} and self.times < self.most:
            self.times += 1
            self.put(replace(self.stored[task_id], status=f"Stage {self.times}"))
        return super().update(task_id, change, if_status)


@pytest.mark.parametrize(("times", "status"), [(2, "Complete"), (3, "Stage 3")])
def test_an_answer_is_not_lost_when_the_status_changes_meanwhile(office: Office, times: int, status: str) -> None:
    office.board = BusyBoard(times)
    task = office.put()
    office.cycle()
    office.moved(task, "02_processed")
    office.cycle()

    assert office.on_board(task).status == status
    office.cycle()
    assert office.on_board(task).status == "Complete"


def test_one_folder_that_cannot_be_used_hinders_no_other(office: Office, task: Task) -> None:
    other = office.put(2, assigned_agent="Cursor MM1")
    office.cycle()
    (office.home / "01_inbox/Withdrawn").write_text("a file where a folder should be")
    office.edit(task, status="Cancelled")
    office.moved(other, "02_processed")
    report = office.cycle()

    assert len(report.faults) == 1
    assert office.on_board(other).status == "Complete"


def test_p58_stale_inboxes_are_told_once_a_week(office: Office, task: Task) -> None:
    assert office.cycle(minutes=6 * 24 * 60).problems == []
    told = office.cycle(minutes=2 * 24 * 60).problems

    assert told == ["Claude Code has not answered 1 hand-offs, the oldest since 2026-01-09"]
    office.habits = Habits(most_reviews=0, expiry=timedelta(days=365))
    assert office.cycle(minutes=60).problems == []
    assert len(stale(office.handoffs(task), office.now, timedelta(days=7))) == 1


def test_the_weekly_line_comes_again_after_a_week(office: Office, task: Task) -> None:
    office.habits = Habits(most_reviews=0, expiry=timedelta(days=20))

    told = [bool(office.cycle(minutes=24 * 60).problems) for _ in range(19)]
    assert [day for day, line in enumerate(told, 1) if line] == [11, 18]
