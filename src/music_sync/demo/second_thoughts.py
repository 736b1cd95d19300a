"""What a person may say afterwards: which track is unsure, and that a filing was wrong, and that it was right after all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from music_sync.demo.likes import UNSURE
from music_sync.demo.music import PIECES
from music_sync.demo.worker import Program

UNDONE = PIECES[6].label
"""Nothing else in the demo speaks of this recording."""

Library = Mapping[str, str]
"""Path in the library -> hash."""


@dataclass(frozen=True)
class SecondThoughts:
    """What `review` and `undo` did."""

    reviews: tuple[Mapping[str, Any], ...]
    undone: Mapping[str, Any]
    """What the undo printed; empty when there was nothing to undo."""
    brought_back: Mapping[str, Any]
    before: Library
    without: Library
    after: Library

    @property
    def gone(self) -> list[str]:
        """The files that the undo took out of the library."""
        return sorted(set(self.before) - set(self.without))

    @property
    def review_text(self) -> str:
        (review,) = self.reviews or ({"reason": "nothing waits"},)
        return f"{UNSURE.label}: {review['reason']}"

    @property
    def undo_text(self) -> str:
        return (
            f"undone: the filing of {UNDONE}, {len(self.gone)} file moved aside; undone again: all is as it was before"
        )

    @property
    def problems(self) -> Iterator[str]:
        found = [review["found"]["title"] for review in self.reviews]
        if found != [UNSURE.title]:
            yield f"`review` shows {found or 'nothing'}; expected was {UNSURE.title}"
        if len(self.gone) != 1 or set(self.without) - set(self.before):
            yield f"the undo of {UNDONE} took {self.gone or 'nothing'} out of the library; expected was one file"
        if self.after != self.before:
            yield f"the undo of the undo of {UNDONE} did not bring the library back as it was"


def had(program: Program, library: Callable[[], Library]) -> SecondThoughts:
    """Ask what is unsure; undo one filing, and undo that."""
    reviews = program.run("review", "--json").report.get("reviews", ())
    changes = program.run("undo", "list", "--json").report.get("changes", ())
    numbers = [str(change["id"]) for change in changes if change["label"] == UNDONE and not change["is_undone"]]
    before = library()
    undone = program.run("undo", numbers[0], "--json").report if numbers else {}
    without = library()
    back = program.run("undo", str(undone["id"]), "--json").report if undone.get("id") else {}
    return SecondThoughts(tuple(reviews), undone, back, before, without, library())
