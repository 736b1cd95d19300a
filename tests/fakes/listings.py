"""The memory of listings without a database; the same contract is run over it and over the real one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from music_sync.adapters.sql.text import clean
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
        stored = self._states.get((clean(source), clean(listing)))
        return self._counted(stored) if stored else None

    def listings(self) -> Sequence[Listing]:
        stored = sorted(self._states.values(), key=lambda each: (each.source, each.name, each.listing))
        return [self._counted(each) for each in stored]

    def tracks(self, source: str, listing: str) -> list[FoundTrack]:
        there = self._there(Listing(source, listing))
        there.sort(key=lambda row: (row.position, -row.reading, clean(row.found.source_id)))
        return [replace(row.found, source=source, liked_at=row.found.liked_at or row.seen_at) for row in there]

    def page(self, listing: Listing, tracks: Sequence[FoundTrack], position: int) -> None:
        self._put(listing, tracks, position)

    def first(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        before = min((row.position for row in self._there(listing)), default=0)
        self._put(listing, tracks, before - len(tracks))

    def last(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        after = max((row.position for row in self._there(listing)), default=-1) + 1
        there = {row.found.source_id for row in self._there(listing)}
        self._put(listing, [each for each in tracks if each.source_id not in there], after)

    def whole(self, listing: Listing) -> int:
        gone = [row for row in self._there(listing) if row.reading != listing.reading]
        for row in gone:
            row.is_gone = True
        self.keep(listing)
        return len(gone)

    def keep(self, listing: Listing) -> None:
        texts: dict[str, Any] = {name: clean(said) for name, said in vars(listing).items() if isinstance(said, str)}
        stored = replace(listing, **texts)
        self._states[stored.source, stored.listing] = stored

    def _counted(self, stored: Listing) -> Listing:
        return replace(stored, gone=sum(row.is_gone for row in self._of(stored).values()))

    def _of(self, listing: Listing) -> dict[str, _Row]:
        return self._rows.setdefault((clean(listing.source), clean(listing.listing)), {})

    def _there(self, listing: Listing) -> list[_Row]:
        return [row for row in self._of(listing).values() if not row.is_gone]

    def _put(self, listing: Listing, tracks: Sequence[FoundTrack], position: int) -> None:
        """Store tracks from `position` on; of one that comes twice the first place counts."""
        rows = self._of(listing)
        placed: dict[str, _Row] = {}
        for place, found in enumerate(tracks, start=position):
            before = rows.get(found.source_id)
            seen_at = (
                before.seen_at
                if before
                else listing.looked_at or self._clock().astimezone(UTC).isoformat(timespec="seconds")
            )
            row = _Row(replace(found, path=None, playlists=()), place, listing.reading, seen_at)
            placed.setdefault(found.source_id, row)
        rows.update(placed)
        self.keep(listing)
