"""The board: which tasks ask for music, and that each asks once a revision."""

from collections.abc import Iterable, Mapping

from music_sync.model.task import Task
from music_sync.task.music import is_music
from music_sync.task.review import is_review

FAILED = "-failed"
"""Behind the remembered revision of a task whose sync failed: it starts none any more, and hears how the next one goes."""


def asking_for_music(tasks: Iterable[Task], triggers: Mapping[str, str]) -> list[Task]:
    """Music tasks that are open, not blocked, and have not started a sync in this revision.

    The review of a music task asks to look at a result, not for music.
    """
    return [task for task in _music_tasks(tasks) if _remembered(task, triggers) != task.content_key]


def waiting_for_music(tasks: Iterable[Task], triggers: Mapping[str, str]) -> list[Task]:
    """Music tasks whose own sync failed. The clock tries again, after its pauses; they hear of it."""
    return [task for task in _music_tasks(tasks) if triggers.get(task.task_id) == task.content_key + FAILED]


def _music_tasks(tasks: Iterable[Task]) -> Iterable[Task]:
    return (task for task in tasks if task.is_open and not task.is_blocked and is_music(task) and not is_review(task))


def _remembered(task: Task, triggers: Mapping[str, str]) -> str:
    return triggers.get(task.task_id, "").removesuffix(FAILED)
