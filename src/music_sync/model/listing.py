"""What a source held when it was last read: the memory that makes the next reading cheap, and a broken-off one resumable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from music_sync.model.track import FoundTrack


@dataclass(frozen=True)
class Listing:
    """A list at a source, and how far it was read. Times are ISO 8601 in UTC, empty for never."""

    source: str
    listing: str
    """`likes`, or `playlist:` and the id at the source."""
    name: str = ""
    """What a person calls it."""
    mark: str = ""
    """What the service gave when it was last read: a snapshot id or an ETag; the same again means that nothing changed."""
    entries: int = 0
    """How many entries it had when it was last read, those included that are no tracks, so that a count can be compared."""
    reading: int = 0
    """Number of the whole reading that is under way, or was the last."""
    goes_on: str = ""
    """Cursor from which an unfinished whole reading goes on; empty when none is under way."""
    read_at: str = ""
    """When it was last read from end to end."""
    looked_at: str = ""
    """When the source was last asked whether it changed."""
    refused: str = ""
    """Why the source does not show its tracks; empty when it does."""
    gone: int = 0
    """How many of its tracks are no longer on it; they stay ours."""

    @property
    def playlist_id(self) -> str:
        """The id at the source when this is a playlist, else empty."""
        return self.listing.removeprefix("playlist:") if self.listing.startswith("playlist:") else ""


class Listings(Protocol):
    """The memory of all listings; each writing call is one transaction that stores the listing's state too."""

    def listing(self, source: str, listing: str) -> Listing | None: ...

    def listings(self) -> Sequence[Listing]:
        """All of them, by source and name."""

    def tracks(self, source: str, listing: str) -> list[FoundTrack]:
        """What is on it, in its order, as it was stored; `liked_at` is when we first saw it where the source says nothing."""

    def page(self, listing: Listing, tracks: Sequence[FoundTrack], position: int) -> None:
        """Store one page of the whole reading `listing.reading`; its first track stands at `position`, 0 is the first.

        A track that stood on it before gets its new place and words; again is harmless.
        """

    def first(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        """Put tracks before all others; one that stood elsewhere moves."""

    def last(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        """Put tracks behind all others; one that stands on it already stays where it is."""

    def whole(self, listing: Listing) -> int:
        """The reading `listing.reading` came to its end: what it did not see is noted as gone. Gives how many that were."""

    def keep(self, listing: Listing) -> None:
        """Store the state alone."""
