"""Which tasks are music tasks."""

import pytest

from music_sync.model.task import MUSIC_WORDS, Task
from music_sync.task.music import is_music


@pytest.mark.parametrize("word", MUSIC_WORDS)
@pytest.mark.parametrize("form", ["{}", "{}s", "The {}: now", "re-{}", "my_{}s_of_may", "«{}»", "{}/x"])
def test_each_word_counts_whole_in_any_case_and_number(word: str, form: str) -> None:
    for written in (word, word.upper(), word.title()):
        assert is_music(Task("1", form.format(written)))


@pytest.mark.parametrize(
    "title",
    [
        "DriveSheetsSync",
        "Soundtracking",
        "syncing",
        "Musical chairs",
        "downloader",
        "Backtrack",
        "",
        "Asyncio",
        "track2",
    ],
)
def test_p3_a_word_within_a_word_does_not_count(title: str) -> None:
    assert not is_music(Task("1", title))


def test_only_the_title_counts() -> None:
    assert not is_music(Task("1", "Write a report", description="about spotify playlists"))
