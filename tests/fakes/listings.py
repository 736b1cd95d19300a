"""The memory of listings without a database; the same contract is run over it and over the real one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from music_sync.model.listing import Listing
from music_sync.model.track import FoundTrack


@dataclass
class _Row:
    found: FoundTrack
    position: int
    reading: int
    seen_at: str
    is_gone: bool = False


class FakeListings:
    """Fulfils `model.listing.Listings` in memory."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._states: dict[tuple[str, str], Listing] = {}
        self._rows: dict[tuple[str, str], dict[str, _Row]] = {}
        self._clock = clock

    def listing(self, source: str, listing: str) -> Listing | None:
        return self._states.get((source, listing))

    def listings(self) -> Sequence[Listing]:
        return sorted(self._states.values(), key=lambda each: (each.source, each.name))

    def tracks(self, source: str, listing: str) -> list[FoundTrack]:
        rows = self._rows.get((source, listing), {}).values()
        there = sorted((row for row in rows if not row.is_gone), key=lambda row: row.position)
        return [replace(row.found, liked_at=row.found.liked_at or row.seen_at) for row in there]

    def page(self, listing: Listing, tracks: Sequence[FoundTrack], position: int) -> None:
        for place, found in enumerate(tracks, start=position):
            self._put(listing, found, place)
        self.keep(listing)

    def first(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        before = min((row.position for row in self._there(listing)), default=0)
        for place, found in enumerate(tracks, start=before - len(tracks)):
            self._put(listing, found, place)
        self.keep(listing)

    def last(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        after = max((row.position for row in self._there(listing)), default=-1) + 1
        there = {row.found.source_id for row in self._there(listing)}
        for place, found in enumerate((each for each in tracks if each.source_id not in there), start=after):
            self._put(listing, found, place)
        self.keep(listing)

    def whole(self, listing: Listing) -> int:
        gone = [row for row in self._there(listing) if row.reading != listing.reading]
        for row in gone:
            row.is_gone = True
        self.keep(replace(listing, gone=sum(row.is_gone for row in self._of(listing).values())))
        return len(gone)

    def keep(self, listing: Listing) -> None:
        self._states[listing.source, listing.listing] = listing

    def _of(self, listing: Listing) -> dict[str, _Row]:
        return self._rows.setdefault((listing.source, listing.listing), {})

    def _there(self, listing: Listing) -> list[_Row]:
        return [row for row in self._of(listing).values() if not row.is_gone]

    def _put(self, listing: Listing, found: FoundTrack, position: int) -> None:
        rows = self._of(listing)
        before = rows.get(found.source_id)
        seen_at = before.seen_at if before else self._clock().isoformat(timespec="seconds")
        rows[found.source_id] = _Row(replace(found, playlists=()), position, listing.reading, seen_at)
