"""At most one review for a completed task, and never a review of a review."""

from tests.task.desk import Office

from music_sync.flows.hand_off_tasks import Habits
from music_sync.model.task import Task


def reviews(office: Office) -> list[Task]:
    return [task for task in office.board.stored.values() if task.review_of]


def completed(office: Office, count: int) -> list[Task]:
    tasks = [office.put(number, f"Task {number}") for number in range(1, count + 1)]
    office.cycle()
    for task in tasks:
        office.edit(task, status="Complete", result="all of it")
    return tasks


def test_p60_a_completed_task_is_reviewed_once_and_linked_by_its_id(office: Office) -> None:
    (task,) = completed(office, 1)
    office.habits = Habits(most_reviews=3)
    made = [office.cycle().reviews for _ in range(4)]

    (review,) = reviews(office)
    assert made == [1, 0, 0, 0]
    assert (review.review_of, review.title, review.priority) == (task.task_id, "Review: Task 1", "High")
    assert task.task_id in review.description
    assert "all of it" in review.description


def test_p60_a_review_is_never_reviewed(office: Office) -> None:
    completed(office, 1)
    office.habits = Habits(most_reviews=3)
    for _ in range(3):
        office.cycle()
        for review in reviews(office):
            office.edit(review, status="Complete")
    by_hand = office.put(50, "Review: by hand")
    office.cycle()
    office.edit(by_hand, status="Complete")
    office.cycle()

    assert len(reviews(office)) == 1


def test_p60_a_cycle_makes_so_many_and_the_next_goes_on(office: Office) -> None:
    completed(office, 5)
    office.habits = Habits(most_reviews=2)

    assert [office.cycle().reviews for _ in range(4)] == [2, 2, 1, 0]


def test_p60_none_are_made_when_they_are_switched_off(office: Office) -> None:
    completed(office, 2)
    office.habits = Habits(most_reviews=0)

    assert office.cycle().reviews == 0
    assert reviews(office) == []


def test_p60_archived_reviews_neither_come_back_nor_hold_up_others(office: Office) -> None:
    completed(office, 4)
    office.habits = Habits(most_reviews=2)
    office.cycle()
    for review in reviews(office):
        office.edit(review, status="Archived", archived=True)

    assert [office.cycle().reviews for _ in range(3)] == [2, 0, 0]
    assert len(reviews(office)) == 4


def test_a_task_that_was_not_handed_over_by_us_is_not_reviewed(office: Office) -> None:
    office.put(1, status="Complete")
    office.habits = Habits(most_reviews=3)

    assert office.cycle().reviews == 0


def test_a_task_that_failed_is_not_reviewed(office: Office) -> None:
    (task,) = completed(office, 1)
    office.edit(task, status="Failed")
    office.habits = Habits(most_reviews=3)

    assert office.cycle().reviews == 0
