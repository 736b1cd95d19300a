"""Review: at most one review task for each completed task that we handed over, and never a review of a review."""

from collections.abc import Iterable, Mapping, Sequence

from music_sync.model.board import Board
from music_sync.model.task import DONE, Draft, Handoff, Task

PREFIX = "Review: "


def review(tasks: Iterable[Task], handed_over: Mapping[str, Sequence[Handoff]], board: Board, most: int) -> list[Task]:
    """Make the reviews that are due, the oldest first; a board that has one already gives that one."""
    held = list(tasks)
    reviewed = {task.review_of for task in held if task.review_of}
    due = [task for task in held if wants_review(task, handed_over) and task.task_id not in reviewed]
    return [board.add(draft_of(task, handed_over[task.task_id][-1])) for task in due[:most]]


def wants_review(task: Task, handed_over: Mapping[str, Sequence[Handoff]]) -> bool:
    is_review = bool(task.review_of) or task.title.startswith(PREFIX)
    return task.status in DONE and not is_review and bool(handed_over.get(task.task_id))


def draft_of(task: Task, handoff: Handoff) -> Draft:
    return Draft(
        title=PREFIX + task.title,
        description=f"Review what {handoff.agent} did for task {task.task_id}.\n\n{task.result}".strip(),
        priority="High",
        task_type="Review Task",
        success_criteria=task.success_criteria,
        review_of=task.task_id,
    )
