"""Which tasks are music tasks."""

import re

from music_sync.model.task import MUSIC_WORDS, Task

_MUSIC = re.compile(rf"\b(?:{'|'.join(MUSIC_WORDS)})s?\b", re.IGNORECASE)


def is_music(task: Task) -> bool:
    """Does the title hold one of the music words, whole, singular or plural? `DriveSheetsSync` does not."""
    return bool(_MUSIC.search(task.title))
