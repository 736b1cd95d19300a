"""Pick: which tasks may be handed over now, the most urgent first, the oldest first among equals."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from music_sync.model.task import DONE, PRIORITIES, Task

_RANKS = {word.casefold(): rank for rank, word in enumerate(PRIORITIES)}
_PRIORITY = re.compile(rf"\b(?:{'|'.join(_RANKS)}|p[0-3])\b")


def pick(tasks: Iterable[Task], look_up: Callable[[str], Task | None], most: int | None = None) -> list[Task]:
    """All ready tasks whose prerequisites are done, in the order in which they are handed over.

    `look_up` finds a prerequisite that is not among the tasks. One that was archived or exists no more holds nothing up.
    """
    held = {task.task_id: task for task in tasks}
    look_once = cache(look_up)
    ready = [task for task in held.values() if task.is_ready and not unmet(task, held, look_once)]
    ready.sort(key=lambda task: (rank(task.priority), task.created_at, task.task_id))
    return ready[:most]


def unmet(task: Task, held: Mapping[str, Task], look_up: Callable[[str], Task | None]) -> list[str]:
    """Ids of the prerequisites that are still to be done."""
    needed = {task_id: held.get(task_id) or look_up(task_id) for task_id in task.prerequisites}
    return [
        task_id
        for task_id, other in needed.items()
        if other is not None and not other.archived and other.status not in DONE
    ]


def rank(priority: str) -> int:
    """0 for the most urgent; reads `High`, `P1` and `3 - High` alike; what says nothing comes last."""
    named = _PRIORITY.search(priority.casefold())
    if named is None:
        return len(PRIORITIES)
    word = named[0]
    return int(word[1]) if word[0] == "p" else _RANKS[word]
