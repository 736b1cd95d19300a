"""Which tasks are handed over, and in which order."""

import random

import pytest

from music_sync.model.task import Task
from music_sync.task.pick import pick, rank


def nothing(_task_id: str) -> Task | None:
    return None


def task(number: int, **about: object) -> Task:
    return Task(f"{number:05}", f"Task {number}", created_at=f"2026-01-01T00:{number:06}", **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Critical", 0),
        ("high", 1),
        ("P1", 1),
        ("3 - High", 1),
        ("p2 (soon)", 2),
        ("1 - Critical", 0),
        ("LOW", 3),
        ("P3", 3),
        ("", 4),
        ("Follow-up", 4),
        ("P9", 4),
        ("Slow", 4),
    ],
)
def test_a_priority_is_read_in_each_of_its_spellings(written: str, meant: int) -> None:
    assert rank(written) == meant


def test_the_most_urgent_come_first_and_the_oldest_among_equals() -> None:
    tasks = [
        task(1, priority="Low"),
        task(2),
        task(3, priority="P0"),
        task(4, priority="Critical"),
        task(5, priority="High"),
    ]
    random.Random(7).shuffle(tasks)

    assert [each.task_id for each in pick(tasks, nothing)] == ["00003", "00004", "00005", "00001", "00002"]


def test_p7_ten_thousand_tasks_are_all_picked_in_one_cycle() -> None:
    tasks = [task(number, priority=random.Random(number).choice(["", "P0", "Low"])) for number in range(10_000)]

    assert {each.task_id for each in pick(tasks, nothing)} == {each.task_id for each in tasks}


@pytest.mark.parametrize(
    "about",
    [
        {"archived": True},
        {"blocked": True},
        {"status": "Blocked"},
        {"status": "In Progress"},
        {"status": "Complete"},
        {"status": "Archived"},
        {"status": "Planning"},
        {"status": "Failed"},
    ],
)
def test_what_is_not_ready_is_not_picked(about: dict[str, object]) -> None:
    assert pick([task(1, **about)], nothing) == []


@pytest.mark.parametrize("status", ["Ready", "Not Started", "Ready for Handoff"])
def test_each_of_the_originals_ready_statuses_counts(status: str) -> None:
    assert len(pick([task(1, status=status)], nothing)) == 1


def test_a_task_waits_for_what_must_be_done_before_it() -> None:
    first, second = task(1, status="In Progress"), task(2, prerequisites=("00001",))

    assert pick([first, second], nothing) == []
    assert pick([task(1, status="Done"), second], nothing) == [second]


def test_a_prerequisite_that_is_not_listed_is_looked_up_once() -> None:
    asked: list[str] = []

    def look_up(task_id: str) -> Task | None:
        asked.append(task_id)
        return task(1, status="In Progress")

    tasks = [task(number, prerequisites=("00001",)) for number in range(2, 50)]

    assert pick(tasks, look_up) == []
    assert asked == ["00001"]


@pytest.mark.parametrize("gone", [None, task(1, status="Archived", archived=True)])
def test_a_prerequisite_that_was_archived_or_is_gone_holds_nothing_up(gone: Task | None) -> None:
    waiting = task(2, prerequisites=("00001",))

    assert pick([waiting], lambda _: gone) == [waiting]
