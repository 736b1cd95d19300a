"""Takes out of the database what a source told of a person; recordings, files and their journal stay."""

from dataclasses import dataclass

import sqlalchemy as sa

from music_sync.adapters.sql.engine import in_write, name_of, translated
from music_sync.adapters.sql.tables import (
    attempts,
    decisions,
    listed,
    listings,
    outbox,
    playlist_members,
    playlists,
    source_links,
)


@dataclass(frozen=True)
class Known:
    """What is known through a source."""

    tracks: int = 0
    """That were met there, whatever became of them."""
    listed: int = 0
    """Entries of lists that are remembered."""
    playlists: int = 0
    links: int = 0
    """Recordings of ours that were found there too, or there only."""


class SqlForgetting:
    """Raises as the catalogue does."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._name = name_of(engine)

    def known(self, source: str) -> Known:
        lists = sa.select(listings.c.listing_id).where(listings.c.source == source)
        with translated(self._name), self._engine.connect() as connection:

            def count(table: sa.Table, chosen: "sa.ColumnElement[bool]") -> int:
                return connection.scalar(sa.select(sa.func.count()).select_from(table).where(chosen)) or 0

            met = sa.select(sa.func.count(attempts.c.source_id.distinct())).where(attempts.c.source == source)
            return Known(
                connection.scalar(met) or 0,
                count(listed, listed.c.listing_id.in_(lists)),
                count(playlists, playlists.c.source == source),
                count(source_links, source_links.c.source == source),
            )

    def forget(self, source: str) -> Known:
        """Take it all out in one transaction, and say what there was."""
        known = self.known(source)
        mine = sa.select(playlists.c.playlist_id).where(playlists.c.source == source)
        lists = sa.select(listings.c.listing_id).where(listings.c.source == source)
        chosen = (
            (playlist_members, playlist_members.c.playlist_id.in_(mine)),
            (playlists, playlists.c.source == source),
            (outbox, outbox.c.subject.startswith(f"{source}:", autoescape=True)),
            (listed, listed.c.listing_id.in_(lists)),
            (listings, listings.c.source == source),
            (source_links, source_links.c.source == source),
            (decisions, decisions.c.key.startswith(f"{source}:", autoescape=True)),
            (attempts, attempts.c.source == source),
        )
        with translated(self._name), self._writer.begin() as connection:
            for table, those in chosen:
                connection.execute(sa.delete(table).where(those))
        return known
