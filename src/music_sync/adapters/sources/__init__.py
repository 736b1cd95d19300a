"""The places that tell what a person likes: one module a name, loaded when it is asked for.

Each module has `open_parts(means)`, which gives its sources: a service has several parts, such as likes and playlists.
Beside that it may have `ACCOUNT`, what `music-sync connect` needs; `OFF`, the parts that are asked only when they are
named; `for_place(place, means)`, the source for a link that a person gives; and `who(means)`, the name of the person
who signed in, where one call tells it; and `NEEDS`, the settings without which it has no part.
"""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

from music_sync.model.ports import Source

if TYPE_CHECKING:
    from music_sync.adapters.means import Means

SOURCES = (
    "spotify",
    "soundcloud",
    "youtube",
    "ytmusic",
    "listenbrainz",
    "lastfm",
    "notion",
    "webhook",
    "folder",
    "list",
)
"""Names as in MUSIC_SYNC_SOURCES, in the order they are asked unless the owner sets another."""

FIRST = ("spotify:playing", "soundcloud:likes", "spotify:likes")
"""Parts that are asked before all others; what plays now is likely what is wanted now."""


class SourceModule(Protocol):
    def open_parts(self, means: "Means") -> Sequence[Source]: ...


def module(name: str) -> SourceModule:
    """The module of a source; a name that is not in SOURCES raises KeyError."""
    if name not in SOURCES:
        raise KeyError(name)
    return cast("SourceModule", importlib.import_module(f"{__name__}.{name}"))


def default_order() -> tuple[str, ...]:
    """What MUSIC_SYNC_SOURCES holds when nobody set it."""
    return (*(part for part in FIRST if part.partition(":")[0] in SOURCES), *SOURCES)
