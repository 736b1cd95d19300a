"""What lists at services held, in SQLite or Postgres."""

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from music_sync.model.listing import Listing
from music_sync.model.track import FoundTrack


class SqlListings:
    """Fulfils `model.listing.Listings` on an engine of `open_engine`; one instance serves all threads."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def listing(self, source: str, listing: str) -> Listing | None:
        raise NotImplementedError

    def listings(self) -> Sequence[Listing]:
        raise NotImplementedError

    def tracks(self, source: str, listing: str) -> list[FoundTrack]:
        raise NotImplementedError

    def page(self, listing: Listing, tracks: Sequence[FoundTrack], position: int) -> None:
        raise NotImplementedError

    def first(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        raise NotImplementedError

    def last(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        raise NotImplementedError

    def whole(self, listing: Listing) -> int:
        raise NotImplementedError

    def keep(self, listing: Listing) -> None:
        raise NotImplementedError
