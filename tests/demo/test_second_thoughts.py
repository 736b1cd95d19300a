"""What the demo claims of a review and of an undo."""

from dataclasses import replace

import pytest

from music_sync.demo.likes import UNSURE
from music_sync.demo.second_thoughts import UNDONE, SecondThoughts

BEFORE = {"Mirador/Long Way Home.flac": "a", "Ferro/Night Ledger.mp3": "b"}
WITHOUT = {"Ferro/Night Ledger.mp3": "b"}
STORY = (
    "liked at Spotify",
    (
        "looked for it and refused: https://x.test/1 (A - B, 0:41): only a preview of 30 seconds is played there;"
        " https://x.test/2 (A - B (Live), 0:41): the version words differ (live)"
    ),
    "brought by `extractors` from https://x.test/3; the titles are the same",
)
ALL_WELL = SecondThoughts(
    STORY,
    ({"reason": "the lengths are 10 s apart", "found": {"title": UNSURE.title}},),
    {"id": 3},
    {"id": 4},
    BEFORE,
    WITHOUT,
    BEFORE,
)


def test_nothing_is_said_when_all_holds() -> None:
    assert list(ALL_WELL.problems) == []
    assert ALL_WELL.review_text == "Cistern - Slow Pressure: the lengths are 10 s apart"
    assert [text[:14] for text in ALL_WELL.refused_texts] == ["https://x.test", "https://x.test"]
    assert ALL_WELL.brought_text == "brought by `extractors` from https://x.test/3"
    assert ALL_WELL.undo_text.startswith(f"undone: the filing of {UNDONE}, 1 file moved aside")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reviews": ()}, "`review` shows nothing"),
        ({"story": STORY[:2]}, "does not tell of Paper Lanterns - Cloud Counter: brought by `extractors`"),
        ({"story": tuple(text.replace("preview", "piece") for text in STORY)}, "only a preview of 30 seconds"),
        ({"without": BEFORE}, "took nothing out of the library"),
        ({"without": {}}, "expected was one file"),
        ({"without": {**WITHOUT, "new.mp3": "c"}}, "expected was one file"),
        ({"after": WITHOUT}, "did not bring the library back"),
        ({"after": {**BEFORE, "Ferro/Night Ledger.mp3": "changed"}}, "did not bring the library back"),
    ],
)
def test_each_thing_that_does_not_hold_is_said(change: dict[str, object], told: str) -> None:
    (problem,) = replace(ALL_WELL, **change).problems  # type: ignore[arg-type]

    assert told in problem
