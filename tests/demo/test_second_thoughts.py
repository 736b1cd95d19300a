"""What the demo claims of a review and of an undo."""

from dataclasses import replace

import pytest

from music_sync.demo.likes import UNSURE
from music_sync.demo.second_thoughts import UNDONE, SecondThoughts

BEFORE = {"Mirador/Long Way Home.flac": "a", "Ferro/Night Ledger.mp3": "b"}
WITHOUT = {"Ferro/Night Ledger.mp3": "b"}
ALL_WELL = SecondThoughts(
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
    assert ALL_WELL.undo_text.startswith(f"undone: the filing of {UNDONE}, 1 file moved aside")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reviews": ()}, "`review` shows nothing"),
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
