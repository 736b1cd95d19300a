"""Pick: which tasks may be handed over now, the most urgent first, the oldest first among equals."""

import re
from collections.abc import Callable, Iterable, Mapping

from music_sync.model.task import DONE, PRIORITIES, Task

_RANKS = {word.casefold(): rank for rank, word in enumerate(PRIORITIES)}


def pick(tasks: Iterable[Task], look_up: Callable[[str], Task | None], most: int | None = None) -> list[Task]:
    """All ready tasks whose prerequisites are done, in the order in which they are handed over.

    `look_up` finds a prerequisite that is not among the tasks (archived ones are not); one that exists no more holds
    nothing up.
    """
    held = {task.task_id: task for task in tasks}
    ready = [task for task in held.values() if task.is_ready and not unmet(task, held, look_up)]
    ready.sort(key=lambda task: (rank(task.priority), task.created_at, task.task_id))
    return ready[:most]


def unmet(task: Task, held: Mapping[str, Task], look_up: Callable[[str], Task | None]) -> list[str]:
    """Ids of the prerequisites that are still to be done."""
    needed = {task_id: held.get(task_id) or look_up(task_id) for task_id in task.prerequisites}
    return [task_id for task_id, other in needed.items() if other is not None and other.status not in DONE]


def rank(priority: str) -> int:
    """0 for the most urgent; reads `High`, `P1` and `3 - High` alike; what says nothing comes last."""
    word = priority.casefold()
    for name, place in _RANKS.items():
        if name in word:
            return place
    number = re.fullmatch(r"p([0-3])", word.strip())
    return int(number[1]) if number else len(PRIORITIES)
