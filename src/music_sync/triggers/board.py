"""The board: which tasks ask for music, and that each asks once a revision."""

from collections.abc import Iterable

from music_sync.model.board import Ledger
from music_sync.model.task import Task
from music_sync.task.music import is_music


def asking_for_music(tasks: Iterable[Task], ledger: Ledger) -> list[Task]:
    """Music tasks that are open, not blocked, and have not started a sync in this revision."""
    return [
        task
        for task in tasks
        if task.is_open
        and not task.is_blocked
        and is_music(task)
        and ledger.triggered(task.task_id) != task.content_key
    ]
