"""What a person may ask and say afterwards: why a track was taken from where, which one is unsure, and undo a filing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from music_sync.demo.likes import ELSEWHERE, UNSURE
from music_sync.demo.music import PIECES
from music_sync.demo.worker import Program

UNDONE = PIECES[6].label
"""Nothing else in the demo speaks of this recording."""

REFUSED = ("only a preview of 30 seconds", "the version words differ (live)")
"""What `why` must tell of the hits that were not taken for the track that was searched."""
BROUGHT = "brought by `extractors`"

Library = Mapping[str, str]
"""Path in the library -> hash."""


@dataclass(frozen=True)
class SecondThoughts:
    """What `why`, `review` and `undo` told and did."""

    story: tuple[str, ...]
    """What `why` tells of the track that was searched at a site, a sentence an event."""
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
    def refused_texts(self) -> list[str]:
        """A sentence for each hit of the search that was refused."""
        told = (text.partition("refused: ")[2] for text in self.story)
        return [text for each in told if each for text in each.split("; ")]

    @property
    def brought_text(self) -> str:
        return next((text.partition(";")[0] for text in self.story if text.startswith(BROUGHT)), "nothing was brought")

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
        told = "; ".join(self.story)
        yield from (
            f"`why` does not tell of {ELSEWHERE.label}: {text}" for text in (*REFUSED, BROUGHT) if text not in told
        )
        found = [review["found"]["title"] for review in self.reviews]
        if found != [UNSURE.title]:
            yield f"`review` shows {found or 'nothing'}; expected was {UNSURE.title}"
        if len(self.gone) != 1 or set(self.without) - set(self.before):
            yield f"the undo of {UNDONE} took {self.gone or 'nothing'} out of the library; expected was one file"
        if self.after != self.before:
            yield f"the undo of the undo of {UNDONE} did not bring the library back as it was"


def had(program: Program, library: Callable[[], Library]) -> SecondThoughts:
    """Ask what is unsure; undo one filing, and undo that."""
    told, waiting, done = program.run_together(
        ("why", f"{ELSEWHERE.service}:{ELSEWHERE.source_id}", "--json"),
        ("review", "--json"),
        ("undo", "list", "--json"),
    )
    events, reviews = told.report.get("events", ()), waiting.report.get("reviews", ())
    changes = done.report.get("changes", ())
    numbers = [str(change["id"]) for change in changes if change["label"] == UNDONE and not change["is_undone"]]
    before = library()
    undone = program.run("undo", numbers[0], "--json").report if numbers else {}
    without = library()
    back = program.run("undo", str(undone["id"]), "--json").report if undone.get("id") else {}
    story = tuple(str(event["text"]) for event in events)
    return SecondThoughts(story, tuple(reviews), undone, back, before, without, library())
