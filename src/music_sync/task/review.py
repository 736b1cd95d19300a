"""Review: at most one review task for each completed task that we handed over, and never a review of a review."""

from collections.abc import Iterable, Mapping, Sequence

from music_sync.model.task import DONE, Draft, Handoff, Task
from music_sync.task.deliver import Desk

PREFIX = "Review: "


def review(tasks: Iterable[Task], handed_over: Mapping[str, Sequence[Handoff]], desk: Desk, most: int) -> list[Task]:
    """Make the reviews that are due, the oldest first, at most so many.

    A review that was archived is not among the tasks: the ledger remembers that it was made, so that it neither comes
    back nor takes the place of another.
    """
    held = list(tasks)
    reviewed = {task.review_of for task in held if task.review_of}
    made: list[Task] = []
    for task in held:
        if len(made) >= most:
            break
        if not wants_review(task, handed_over) or task.task_id in reviewed or desk.ledger.fact(_fact(task)):
            continue
        added = desk.board.add(draft_of(task, handed_over[task.task_id][-1]))
        desk.ledger.remember(_fact(task), added.task_id)
        if not added.archived:
            made.append(added)
    return made


def wants_review(task: Task, handed_over: Mapping[str, Sequence[Handoff]]) -> bool:
    return task.status in DONE and not is_review(task) and bool(handed_over.get(task.task_id))


def is_review(task: Task) -> bool:
    return bool(task.review_of) or task.title.startswith(PREFIX)


def draft_of(task: Task, handoff: Handoff) -> Draft:
    return Draft(
        title=PREFIX + task.title,
        description=f"Review what {handoff.agent} did for task {task.task_id}.\n\n{task.result}".strip(),
        priority="High",
        task_type="Review Task",
        success_criteria=task.success_criteria,
        review_of=task.task_id,
    )


def _fact(task: Task) -> str:
    return f"review_of:{task.task_id}"
