"""Which tasks ask for music."""

from dataclasses import replace

import pytest

from music_sync.model.task import Task
from music_sync.triggers.board import FAILED, asking_for_music, waiting_for_music

TASK = Task("a", "Sync the playlist")


def test_p3_a_music_task_asks_once_a_revision() -> None:
    assert asking_for_music([TASK], {}) == [TASK]
    assert asking_for_music([TASK], {"a": TASK.content_key}) == []

    changed = replace(TASK, description="and the other one")
    assert asking_for_music([changed], {"a": TASK.content_key}) == [changed]


def test_p3_a_change_of_status_or_result_asks_for_nothing_new() -> None:
    moved = replace(TASK, status="In Progress", result="Music sync: done", edited_at="2026-01-09")

    assert asking_for_music([moved], {"a": TASK.content_key}) == []


@pytest.mark.parametrize(
    "about",
    [{"status": status} for status in ("Blocked", "Archived", "Complete", "Completed", "Done", "Failed", "Cancelled")]
    + [
        {"blocked": True},
        {"archived": True},
        {"title": "Write a letter"},
        {"review_of": "b"},
        {"title": "Review: Sync"},
    ],
)
def test_p3_what_is_blocked_archived_done_or_a_review_never_asks(about: dict[str, object]) -> None:
    assert asking_for_music([replace(TASK, **about)], {}) == []  # type: ignore[arg-type]


def test_p4_a_task_whose_sync_failed_waits_for_the_next_one_and_starts_none() -> None:
    failed = {"a": TASK.content_key + FAILED}

    assert asking_for_music([TASK], failed) == []
    assert waiting_for_music([TASK], failed) == [TASK]
    assert waiting_for_music([TASK], {"a": TASK.content_key}) == []
    assert waiting_for_music([replace(TASK, description="new")], failed) == []


def test_p7_all_tasks_are_looked_at() -> None:
    tasks = [replace(TASK, task_id=str(number)) for number in range(10_000)]

    assert len(asking_for_music(tasks, {"5": TASK.content_key})) == 9_999
