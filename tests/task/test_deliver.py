"""One hand-off file a task and revision, whole or not at all, and never twice."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.board import FakeBoard
from tests.task.desk import AGENTS, Office

from music_sync.flows.hand_off_tasks import Habits
from music_sync.model.errors import EnvironmentFault
from music_sync.model.task import Change, Task, Written
from music_sync.task.route import Agents


def test_a_ready_task_is_handed_over_and_the_board_is_told(office: Office) -> None:
    task = office.put(title="Write python")
    report = office.cycle()

    (handoff,) = office.handoffs(task)
    assert (report.picked, report.delivered, report.waiting, report.faults) == (1, 1, 0, [])
    assert office.file_of(task).parent == office.home / "agents/Cursor-MM1/01_inbox"
    assert office.on_board(task).status == "In Progress"
    ((_, told),) = office.board.changes
    assert (told.delivered_path, told.delivered_at) == (str(office.file_of(task)), handoff.delivered_at)
    assert (handoff.state, handoff.told, handoff.reason) == ("delivered", True, "the text holds 'python'")
    assert office.content_of(task)["revision"] == task.content_key


def test_the_same_revision_is_never_handed_over_twice(office: Office) -> None:
    office.put()
    office.cycle()

    assert [office.cycle().delivered for _ in range(3)] == [0, 0, 0]
    assert len(office.files()) == 1


def test_a_task_that_was_opened_again_is_handed_over_again(office: Office) -> None:
    task = office.put()
    office.cycle()
    office.moved(task, "02_processed")
    office.cycle()
    office.edit(task, status="Ready")
    office.cycle()

    assert [each.revision for each in office.handoffs(task)] == [task.content_key, f"{task.content_key}-2"]
    assert [Path(name).parent.name for name in office.files()] == ["01_inbox", "02_processed"]
    office.cycle()
    assert len(office.files()) == 2


def test_a_task_opened_again_within_the_same_second_gets_a_name_of_its_own(office: Office) -> None:
    task = office.put()
    office.cycle()
    office.edit(task, status="Ready")
    office.cycle(minutes=0)

    first, second = office.handoffs(task)
    assert first.name != second.name
    assert (first.state, second.state) == ("withdrawn", "delivered")


def test_a_changed_task_is_handed_over_again_and_the_old_file_is_withdrawn(office: Office) -> None:
    task = office.put()
    office.cycle()
    office.edit(task, description="something else")
    office.cycle()
    office.cycle()

    assert [each.state for each in office.handoffs(task)] == ["withdrawn", "delivered"]
    assert len(office.files("agents")) == 1
    assert office.content_of(task)["description"] == "something else"
    assert office.on_board(task).status == "In Progress"


def test_p59_another_agent_on_the_board_takes_the_file_away_from_the_first(office: Office) -> None:
    task = office.put(assigned_agent="Claude Code")
    office.cycle()
    office.edit(task, assigned_agent="Cursor MM1", status="Ready")
    office.cycle()

    assert office.file_of(task).parent == office.home / "agents/Cursor-MM1/01_inbox"
    assert len(office.files("01_inbox/Withdrawn")) == 1


def test_p59_an_unknown_agent_is_a_dead_letter_that_is_told_once(office: Office) -> None:
    task = office.put(assigned_agent="Somebody Else")
    first, second = office.cycle(), office.cycle()

    assert first.delivered == 0
    assert "'Somebody Else'" in first.problems[0]
    assert second.problems == []
    assert not (office.home / "agents").exists()
    assert (
        office.file_of(task, "01_inbox/Dead-Letters").with_suffix(".json.reason.txt").read_text().strip()
        == first.problems[0]
    )
    assert office.on_board(task).blocking_reason == first.problems[0]
    assert len(office.board.changes) == 1


def test_p59_a_dead_letter_is_delivered_once_its_agent_is_known(office: Office) -> None:
    task = office.put(assigned_agent="Somebody Else")
    office.cycle()
    office.agents = Agents({**AGENTS, "Somebody Else": ()}, (), "Claude MM1")
    office.cycle()
    office.cycle()

    assert office.file_of(task).parent == office.home / "agents/Somebody-Else/01_inbox"
    assert (office.on_board(task).status, office.on_board(task).blocking_reason) == ("In Progress", "")
    assert [each.state for each in office.handoffs(task)] == ["dead", "delivered"]


def test_a_dead_letter_whose_assignment_was_corrected_on_the_board_is_delivered(office: Office) -> None:
    task = office.put(assigned_agent="Somebody Else")
    office.cycle()
    office.edit(task, assigned_agent="Claude Code")
    office.cycle()

    assert office.file_of(task).parent == office.home / "agents/Claude-Code/01_inbox"


def test_a_block_that_a_person_wrote_on_a_dead_letter_stands(office: Office) -> None:
    task = office.put(assigned_agent="Somebody Else")
    office.cycle()
    office.edit(task, blocking_reason="waits for Ann", blocked=True)
    office.agents = Agents({**AGENTS, "Somebody Else": ()}, (), "Claude MM1")
    office.cycle()

    assert office.files("agents") == []


class EditedBoard(FakeBoard):
    """A person sets another status at the very moment before we write."""

    def __init__(self, status: str) -> None:
        super().__init__()
        self.to_set = status

    def update(self, task_id: str, change: Change, if_status: str | None = None) -> Written:
        if self.to_set:
            self.put(replace(self.stored[task_id], status=self.to_set))
            self.to_set = ""
        return super().update(task_id, change, if_status)


def test_a_persons_edit_at_the_same_moment_wins(office: Office) -> None:
    office.board = EditedBoard("Cancelled")
    task = office.put()
    office.cycle()
    office.cycle()

    assert office.on_board(task).status == "Cancelled"
    assert office.files("agents") == []
    assert len(office.files("01_inbox/Withdrawn")) == 1


def test_another_ready_status_at_the_same_moment_does_not_double_the_delivery(office: Office) -> None:
    office.board = EditedBoard("Not Started")
    task = office.put()
    office.cycle()
    office.cycle()

    assert office.on_board(task).status == "In Progress"
    assert len(office.files()) == 1


def test_p7_every_task_is_reached_whatever_the_limit_of_a_cycle(office: Office) -> None:
    office.habits = Habits(most_handoffs=40, most_reviews=0)
    for number in range(100):
        office.put(number)

    assert [office.cycle().delivered for _ in range(4)] == [40, 40, 20, 0]
    assert len(office.files()) == 100


def test_dead_letters_do_not_use_up_the_limit_of_a_cycle(office: Office) -> None:
    office.habits = Habits(most_handoffs=2, most_reviews=0)
    for number in range(4):
        office.put(number, priority="Critical", assigned_agent="Nobody")
    task = office.put(9)
    for _ in range(3):
        office.cycle()

    assert office.file_of(task)


def test_f70_an_inbox_that_takes_no_files_holds_up_no_other_agent(office: Office) -> None:
    office.habits = Habits(most_handoffs=2, most_reviews=0)
    (office.home / "agents/Claude-Code").mkdir(parents=True)
    (office.home / "agents/Claude-Code/01_inbox").write_text("a file where the folder should be")
    stuck = [office.put(number, priority="High", assigned_agent="Claude Code") for number in range(3)]
    task = office.put(9)
    reports = [office.cycle() for _ in range(3)]

    assert office.file_of(task)
    assert all(isinstance(fault, EnvironmentFault) for report in reports for fault in report.faults)
    assert len(reports[-1].faults) == 1
    assert reports[-1].waiting == 3
    assert {office.on_board(each).status for each in stuck} == {"Ready"}

    (office.home / "agents/Claude-Code/01_inbox").unlink()
    office.cycle()
    assert len(office.files("agents/Claude-Code")) == 3
    assert len(office.files()) == 4


def test_a_broken_off_delivery_keeps_its_name_and_agent_when_the_rules_change(office: Office) -> None:
    (office.home / "agents/Cursor-MM1").mkdir(parents=True)
    (office.home / "agents/Cursor-MM1/01_inbox").write_text("in the way")
    task = office.put(title="Write python")
    office.cycle()
    office.agents = Agents(AGENTS, (), "Claude MM1")
    (office.home / "agents/Cursor-MM1/01_inbox").unlink()
    office.cycle()

    (handoff,) = office.handoffs(task)
    assert handoff.agent == "Cursor MM1"
    assert office.files() == [f"agents/Cursor-MM1/01_inbox/{handoff.name}"]


@pytest.mark.parametrize("status", ["Cancelled", "In Progress"])
def test_a_broken_off_delivery_of_a_task_that_was_closed_is_cleared_away(office: Office, status: str) -> None:
    (office.home / "agents/Claude-MM1").mkdir(parents=True)
    (office.home / "agents/Claude-MM1/01_inbox").write_text("in the way")
    task = office.put()
    office.cycle()
    (office.home / "agents/Claude-MM1/01_inbox").unlink()
    office.edit(task, status=status)
    office.cycle()
    office.cycle()

    (handoff,) = office.handoffs(task)
    assert handoff.state == ("withdrawn" if status == "Cancelled" else "delivered")
    assert len(office.files("agents")) == (0 if status == "Cancelled" else 1)


def test_what_the_board_was_not_told_is_told_in_the_next_cycle(office: Office) -> None:
    task = office.put()
    office.cycle()
    (handoff,) = office.handoffs(task)
    office.ledger.record(replace(handoff, told=False))
    office.edit(task, status="Ready")
    office.cycle()

    assert office.on_board(task).status == "In Progress"
    assert office.handoffs(task)[0].told
    assert len(office.files()) == 1


def test_foreign_files_are_left_alone(office: Office) -> None:
    inbox = office.home / "agents/Claude-MM1/01_inbox"
    queue = office.home / "01_inbox/Agent-Trigger-Folder"
    kept = [folder / name for folder in (inbox, queue) for name in ("notes.md", ".hidden.json", "x.json.tmp", "y.txt")]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    office.put()
    office.cycle()
    office.cycle()

    assert [path.read_text() for path in kept] == ["mine"] * len(kept)


@pytest.mark.parametrize("title", ["", "../../x", "🎛️", "x" * 5000, "مزامنة", "a\x00b"])
def test_a_task_of_any_title_reaches_its_agent(office: Office, title: str) -> None:
    """B43"""
    task = office.put(title=title)
    office.cycle()

    assert office.content_of(task)["title"] == title


def test_a_delivery_that_was_written_down_and_lies_in_a_box_is_not_written_anew(office: Office) -> None:
    task = office.put()
    office.cycle()
    file = office.moved(task, "02_processed")
    (handoff,) = office.handoffs(task)
    office.ledger.record(replace(handoff, state="delivering", told=False, path=""))
    office.edit(task, status="Ready")
    office.cycle()

    assert office.files() == [file.relative_to(office.home).as_posix()]
    assert office.on_board(task).status == "Complete"


def test_nothing_is_in_an_inbox_that_is_not_whole(office: Office) -> None:
    task = office.put(description="d" * 200_000)
    office.cycle()

    assert office.content_of(task)["description"] == "d" * 200_000
    assert [path.name for path in office.home.rglob("*") if ".tmp" in path.name] == []


def test_the_task_itself_is_not_touched(office: Office) -> None:
    task = office.put(description="D", result="R", blocking_reason="")
    office.cycle()

    assert replace(office.on_board(task), status="Ready", edited_at=task.edited_at) == task
    assert isinstance(task, Task)
