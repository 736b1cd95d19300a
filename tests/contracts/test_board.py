"""What every board keeps: run over the fake, the embedded one on SQLite and Postgres, and Notion's simulator."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.fakes.board import FakeBoard
from tests.notion import on_notion

from music_sync.adapters.sql.board import SqlBoard
from music_sync.model.board import Board
from music_sync.model.task import Change, Draft

DRAFT = Draft(
    title="Sync the café's playlist, “Friday” 🎛️",
    description="All of it.\nIn order. " + "Long. " * 500,
    priority="High",
    next_step="Look at it",
    success_criteria="Each track is there",
    assigned_agent="Claude Code",
    task_type="Code Implementation",
)


@pytest.fixture(params=["fake", "sqlite", "postgres", "notion"])
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    """An empty board, once on each of its adapters and on the fake."""
    if request.param == "fake":
        yield FakeBoard()
    elif request.param == "notion":
        with on_notion() as there:
            yield there.board
    else:
        yield SqlBoard(request.getfixturevalue(f"{request.param}_engine"))


def test_an_empty_board_has_no_tasks(board: Board) -> None:
    assert list(board.tasks()) == []


def test_a_task_comes_back_as_it_was_added(board: Board) -> None:
    first = board.add(Draft("First"))
    added = board.add(replace(DRAFT, prerequisites=(first.task_id,)))

    stored = board.task(added.task_id)

    assert stored == added
    assert (stored.title, stored.description, stored.priority) == (DRAFT.title, DRAFT.description, DRAFT.priority)
    assert (stored.next_step, stored.success_criteria) == (DRAFT.next_step, DRAFT.success_criteria)
    assert (stored.assigned_agent, stored.task_type) == (DRAFT.assigned_agent, DRAFT.task_type)
    assert stored.prerequisites == (first.task_id,)
    assert stored.is_ready
    assert stored.created_at


def test_tasks_of_the_same_words_are_two(board: Board) -> None:
    ids = {board.add(DRAFT).task_id, board.add(DRAFT).task_id}

    assert {task.task_id for task in board.tasks()} == ids
    assert len(ids) == 2


def test_tasks_come_oldest_first(board: Board) -> None:
    added = [board.add(Draft(f"Task {number}")).task_id for number in range(5)]
    board.update(added[0], Change(result="newest edit"))

    assert [task.task_id for task in board.tasks()] == added


def test_an_unknown_id_is_no_task(board: Board) -> None:
    board.add(DRAFT)

    assert board.task("f" * 32) is None


def test_a_task_has_one_review_only(board: Board) -> None:
    done = board.add(DRAFT)
    other = board.add(DRAFT)
    review = board.add(Draft("Review: it", review_of=done.task_id))
    again = board.add(Draft("Review: it once more", priority="High", review_of=done.task_id))
    of_other = board.add(Draft("Review: it", review_of=other.task_id))

    assert again == review
    assert review.review_of == done.task_id
    assert of_other.task_id != review.task_id
    assert len(list(board.tasks())) == 4


def test_a_change_writes_what_it_names_and_leaves_the_rest(board: Board) -> None:
    task = board.add(DRAFT)
    written = board.update(task.task_id, Change(status="In Progress"))
    board.update(task.task_id, Change(result="all there"))

    changed = board.task(task.task_id)

    assert written.refused == ""
    assert changed is not None
    assert (changed.status, changed.result, changed.title) == ("In Progress", "all there", DRAFT.title)
    assert changed.content_key == task.content_key


def test_a_persons_edit_wins_over_a_change_that_expects_another_status(board: Board) -> None:
    task = board.add(DRAFT)
    board.update(task.task_id, Change(status="Cancelled"))
    written = board.update(task.task_id, Change(status="In Progress", result="ours"), if_status="Ready")

    kept = board.task(task.task_id)

    assert kept is not None
    assert (kept.status, kept.result) == ("Cancelled", "")
    assert "Cancelled" in written.refused


def test_a_change_is_written_when_the_status_is_the_expected_one(board: Board) -> None:
    task = board.add(DRAFT)
    written = board.update(task.task_id, Change(status="In Progress"), if_status="Ready")

    changed = board.task(task.task_id)

    assert written.refused == ""
    assert changed is not None
    assert changed.status == "In Progress"


def test_a_blocked_task_says_why_and_is_not_ready(board: Board) -> None:
    task = board.add(DRAFT)
    board.update(task.task_id, Change(status="Blocked", blocking_reason="waits for the drive"))

    blocked = board.task(task.task_id)

    assert blocked is not None
    assert blocked.is_blocked
    assert not blocked.is_ready
    assert blocked.blocking_reason == "waits for the drive"


def test_a_task_made_ready_again_is_not_blocked(board: Board) -> None:
    task = board.add(DRAFT)
    board.update(task.task_id, Change(status="Blocked", blocking_reason="waits for the drive"))
    board.update(task.task_id, Change(status="Ready"))

    ready = board.task(task.task_id)

    assert ready is not None
    assert ready.is_ready
    assert ready.blocking_reason == ""


def test_a_delivery_does_not_change_what_a_task_asks(board: Board) -> None:
    task = board.add(DRAFT)
    told = Change(
        status="In Progress",
        delivered_path="/srv/ann/agents/Claude-Code/01_inbox/a.json",
        delivered_at="2026-01-09T10:00:00Z",
        handoff_status="Handoff Delivered",
    )
    board.update(task.task_id, told)

    stored = board.task(task.task_id)

    assert stored is not None
    assert (stored.content_key, stored.status) == (task.content_key, "In Progress")


def test_a_change_to_a_task_that_is_not_there_is_refused(board: Board) -> None:
    written = board.update("f" * 32, Change(status="Complete"))

    assert "f" * 32 in written.refused


def test_an_archived_task_is_left_out_and_still_there(board: Board) -> None:
    kept, archived = board.add(Draft("Kept")), board.add(Draft("Archived"))
    board.update(archived.task_id, Change(status="Archived"))

    stored = board.task(archived.task_id)

    assert [task.task_id for task in board.tasks()] == [kept.task_id]
    assert stored is not None
    assert stored.archived
    assert not stored.is_open


def test_a_result_of_5000_characters_comes_back_whole(board: Board) -> None:
    text = "".join(f"{number:04} 四時の海 👩‍🎤\n" for number in range(500))[:5_000]
    task = board.add(Draft("Long", description=text))
    written = board.update(task.task_id, Change(result=text))

    stored = board.task(task.task_id)

    assert stored is not None
    assert (stored.description, stored.result) == (text, text)
    assert written.dropped == ()


def test_every_one_of_250_tasks_is_listed(board: Board) -> None:
    added = [board.add(Draft(f"Task {number}")).task_id for number in range(250)]

    assert [task.task_id for task in board.tasks()] == added


def test_the_words_of_a_review_come_back_as_they_were(board: Board) -> None:
    done = board.add(DRAFT)
    words = f"Review what Claude Code did for task {done.task_id}.\n\nAll there."
    review = board.add(Draft("Review: it", description=words, review_of=done.task_id))
    plain = board.add(Draft("Look it over", description="Did it work?", review_of=review.task_id))

    stored = [board.task(review.task_id), board.task(plain.task_id)]

    assert stored == [review, plain]
    assert (review.description, review.review_of) == (words, done.task_id)
    assert (plain.description, plain.review_of) == ("Did it work?", review.task_id)


def test_a_task_that_speaks_of_a_review_is_none(board: Board) -> None:
    done = board.add(DRAFT)
    task = board.add(Draft("Write the review page", description=f"See {done.task_id}"))

    assert task.review_of == ""
    assert board.add(Draft("Review: it", review_of=done.task_id)).task_id != task.task_id


def test_many_changes_are_written_each_on_its_own_terms(board: Board) -> None:
    first, second = board.add(DRAFT), board.add(DRAFT)
    written = board.update_all(
        [
            (first.task_id, Change(status="In Progress"), "Ready"),
            ("f" * 32, Change(status="In Progress"), "Ready"),
            (second.task_id, Change(status="In Progress"), "Not Started"),
        ]
    )

    assert [bool(each.refused) for each in written] == [False, True, True]
    assert [task.status for task in board.tasks()] == ["In Progress", "Ready"]
