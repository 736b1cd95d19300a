"""Which tasks are music tasks."""

import re

from music_sync.model.task import MUSIC_WORDS, Task

# A word ends where letters and digits end: at a hyphen, and at an underscore too.
_MUSIC = re.compile(rf"(?<![^\W_])(?:{'|'.join(MUSIC_WORDS)})s?(?![^\W_])", re.IGNORECASE)


def is_music(task: Task) -> bool:
    """Does the title hold one of the music words, whole, singular or plural? `DriveSheetsSync` does not."""
    return bool(_MUSIC.search(task.title))
