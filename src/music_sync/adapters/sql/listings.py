"""What lists at services held, in SQLite or Postgres."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.engine import in_write, insert_into, name_of, translated
from music_sync.adapters.sql.tables import listed, listings
from music_sync.model.listing import Listing
from music_sync.model.track import FoundTrack

log = logging.getLogger(__name__)

_OWN = ("name", "mark", "entries", "reading", "goes_on", "read_at", "looked_at", "refused")
"""A listing's state, beside its key; how many are gone is counted when it is read."""

_TEXT, _NUMBER, _CLAIM = (str,), (int, float), (bool,)
_KEPT: Mapping[str, tuple[type, ...]] = {
    "source_id": _TEXT,
    "revision": _TEXT,
    "artist": _TEXT,
    "title": _TEXT,
    "album": _TEXT,
    "isrc": _TEXT,
    "year": (int,),
    "genre": _TEXT,
    "length_s": _NUMBER,
    "url": _TEXT,
    "liked_at": _TEXT,
    "wanted_again": _CLAIM,
    "guessed": _CLAIM,
    "download": _TEXT,
}
"""What is kept of a track, and of what type it must be; its lists follow from the listing.

A local file and further pages of a track are told by no service.
"""
_UNSAID = {name: getattr(FoundTrack, name, None) for name in _KEPT}


class SqlListings:
    """Fulfils `model.listing.Listings` on an engine of `open_engine`; one instance serves all threads.

    Every call raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._clock = clock
        self._name = name_of(engine)

    # Reading

    def listing(self, source: str, listing: str) -> Listing | None:
        found = self._listings(sa.and_(listings.c.source == source, listings.c.listing == listing))
        return found[0] if found else None

    def listings(self) -> Sequence[Listing]:
        # Sorted here, for each database has an order of letters of its own.
        return sorted(self._listings(sa.true()), key=lambda each: (each.source, each.name, each.listing))

    def tracks(self, source: str, listing: str) -> list[FoundTrack]:
        """What is on it; a row that cannot be read is left out, so that the next reading finds it anew."""
        wanted = sa.select(
            listed.c.position, -listed.c.reading, listed.c.source_id, listed.c.first_seen_at, listed.c.found
        ).join_from(listed, listings)
        chosen = sa.and_(listings.c.source == source, listings.c.listing == listing, _is_there())
        with translated(self._name), self._engine.connect() as connection:
            rows = connection.execute(wanted.where(chosen)).all()
        # Two stand at one place while a reading is under way: the one that it has seen comes first.
        in_order = sorted(tuple(row) for row in rows)
        read = [_track_of(source, found, seen_at) for _place, _reading, _id, seen_at, found in in_order]
        tracks = [track for track in read if track is not None]
        if len(tracks) < len(rows):
            log.warning("%d stored tracks of %s %s cannot be read", len(rows) - len(tracks), source, listing)
        return tracks

    # Writing

    def page(self, listing: Listing, tracks: Sequence[FoundTrack], position: int) -> None:
        with translated(self._name), self._writer.begin() as connection:
            self._put(connection, _keep(connection, listing), listing, tracks, position)

    def first(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        with translated(self._name), self._writer.begin() as connection:
            listing_id = _keep(connection, listing)
            top = _place(connection, listing_id, sa.func.min(listed.c.position), 0)
            self._put(connection, listing_id, listing, tracks, top - len(tracks))

    def last(self, listing: Listing, tracks: Sequence[FoundTrack]) -> None:
        with translated(self._name), self._writer.begin() as connection:
            listing_id = _keep(connection, listing)
            end = _place(connection, listing_id, sa.func.max(listed.c.position), -1)
            self._put(connection, listing_id, listing, tracks, end + 1, where=~_is_there())

    def whole(self, listing: Listing) -> int:
        with translated(self._name), self._writer.begin() as connection:
            held = sa.and_(listed.c.listing_id == _keep(connection, listing), _is_there())
            gone = sa.update(listed).where(held, listed.c.reading != listing.reading)
            return connection.execute(gone.values(gone_at=self._now())).rowcount

    def keep(self, listing: Listing) -> None:
        with translated(self._name), self._writer.begin() as connection:
            _keep(connection, listing)

    # Beneath

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="seconds")

    def _listings(self, chosen: "sa.ColumnElement[bool]") -> list[Listing]:
        gone = (
            sa.select(sa.func.count())
            .select_from(listed)
            .where(listed.c.listing_id == listings.c.listing_id, ~_is_there())
            .scalar_subquery()
        )
        own = [listings.c[name] for name in ("source", "listing", *_OWN)]
        with translated(self._name), self._engine.connect() as connection:
            found = connection.execute(sa.select(*own, gone.label("gone")).where(chosen)).mappings()
            return [Listing(**row) for row in found]

    def _put(
        self,
        connection: sa.Connection,
        listing_id: int,
        listing: Listing,
        tracks: Sequence[FoundTrack],
        position: int,
        *,
        where: "sa.ColumnElement[bool] | None" = None,
    ) -> None:
        """Store tracks from `position` on; of one that comes twice the first place counts."""
        now = listing.looked_at or self._now()
        rows: dict[str, dict[str, Any]] = {}
        for place, track in enumerate(tracks, start=position):
            rows.setdefault(
                track.source_id,
                {
                    "listing_id": listing_id,
                    "source_id": track.source_id,
                    "found": _json_of(track),
                    "position": place,
                    "reading": listing.reading,
                    "first_seen_at": now,
                    "gone_at": "",
                },
            )
        if not rows:
            return
        wanted = insert_into(connection, listed)
        moved = {name: wanted.excluded[name] for name in ("found", "position", "reading", "gone_at")}
        connection.execute(
            wanted.on_conflict_do_update(index_elements=["listing_id", "source_id"], set_=moved, where=where),
            list(rows.values()),
        )


def _is_there() -> "sa.ColumnElement[bool]":
    return listed.c.gone_at == ""


def _place(connection: sa.Connection, listing_id: int, wanted: "sa.Function[int]", otherwise: int) -> int:
    place = connection.scalar(sa.select(wanted).where(listed.c.listing_id == listing_id, _is_there()))
    return otherwise if place is None else place


def _keep(connection: sa.Connection, listing: Listing) -> int:
    """Store the state; gives the listing's number."""
    own = {name: getattr(listing, name) for name in _OWN}
    wanted = insert_into(connection, listings).values(source=listing.source, listing=listing.listing, **own)
    stored = wanted.on_conflict_do_update(
        index_elements=["source", "listing"], set_={name: wanted.excluded[name] for name in _OWN}
    )
    number: int = connection.execute(stored.returning(listings.c.listing_id)).scalar_one()
    return number


def _json_of(found: FoundTrack) -> str:
    """What it says, in ASCII: escapes keep letters that no database takes."""
    said = vars(found)
    return json.dumps({name: said[name] for name in _KEPT if said[name] != _UNSAID[name]})


def _track_of(source: str, text: str, seen_at: str) -> FoundTrack | None:
    """The stored track, or None when it cannot be read; what a newer version tells besides is left out."""
    try:
        told: dict[str, Any] = json.loads(text)
        said = {name: told[name] for name in _KEPT if name in told}
    except (ValueError, TypeError):
        return None
    if "source_id" not in said or not all(type(said[name]) in _KEPT[name] for name in said):
        return None
    said.setdefault("liked_at", seen_at)
    return FoundTrack(source, **said)
