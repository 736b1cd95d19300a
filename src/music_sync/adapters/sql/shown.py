"""What a view outside, such as Notion, is to show of the catalogue, and what it shows already."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import SqlCatalogue, now_utc
from music_sync.adapters.sql.engine import in_write, insert_into, name_of, translated
from music_sync.adapters.sql.tables import attempts, facts, outbox, playlist_members, playlists, shown
from music_sync.adapters.sql.text import clean
from music_sync.adapters.sql.told import told_of
from music_sync.model.ports import Outgoing
from music_sync.model.track import FoundTrack, Playlist, Recording
from music_sync.model.view import Standing, Waiting

AT_ONCE = 400
"""Subjects asked for in one statement."""
_PLACES = ("buy_list", "review", "failed")


class SqlShown:
    """Fulfils `model.view.Book` for one view, over the catalogue's own database; raises as the catalogue does."""

    def __init__(self, catalogue: SqlCatalogue, target: str, clock: Callable[[], datetime] = now_utc) -> None:
        self._catalogue = catalogue
        self.engine = catalogue.engine
        self._writer = in_write(self.engine)
        self._name = name_of(self.engine)
        self._clock = clock
        self.target = target

    # What there is to show

    def recordings(self) -> Iterator[Recording]:
        return self._catalogue.recordings()

    def playlists(self) -> dict[str, tuple[Playlist, ...]]:
        """The playlists of every recording that is on some, by its id."""
        on = playlists.join(playlist_members)
        wanted = sa.select(playlist_members.c.recording_id, playlists.c.source, playlists.c.source_id, playlists.c.name)
        found: dict[str, list[Playlist]] = defaultdict(list)
        with translated(self._name), self.engine.connect() as connection:
            for recording_id, *rest in connection.execute(wanted.select_from(on).order_by(playlists.c.playlist_id)):
                found[recording_id].append(Playlist(*rest))
        return {recording_id: tuple(lists) for recording_id, lists in found.items()}

    def waiting(self) -> Iterator[Waiting]:
        """Every track whose latest attempt ended without a file, as its source told of it."""
        later = attempts.alias("later")
        same = sa.and_(later.c.source == attempts.c.source, later.c.source_id == attempts.c.source_id)
        is_latest = ~sa.exists().where(same, later.c.attempt > attempts.c.attempt)
        wanted = sa.select(attempts).where(attempts.c.ending.in_(_PLACES), is_latest).order_by(attempts.c.attempt_id)
        with translated(self._name), self.engine.connect() as connection:
            found = connection.execute(wanted).all()
        for row in found:
            told = told_of(row.found)
            lists = tuple(Playlist(row.source, "", name) for name in told.playlists)
            track = FoundTrack(
                row.source,
                row.source_id,
                artist=told.artist,
                title=told.title or row.label,
                album=told.album,
                isrc=told.isrc,
                length_s=told.length_s,
                url=row.url or told.url,
                playlists=lists,
            )
            yield Waiting(track, row.ending, row.reason)

    # What is shown

    def shown(self) -> dict[str, Standing]:
        """By subject."""
        wanted = sa.select(shown.c.subject, shown.c.shown_as, shown.c.digest).where(shown.c.target == self.target)
        with translated(self._name), self.engine.connect() as connection:
            return {subject: _standing(page, text) for subject, page, text in connection.execute(wanted)}

    def show(self, subject: str, standing: Standing) -> None:
        """Note what the view shows of a subject from now on."""
        said = {"wanted": standing.wanted, "fields": dict(standing.fields), "deleted": standing.deleted}
        row = {
            "target": self.target,
            "subject": clean(subject),
            "shown_as": standing.page,
            "digest": json.dumps(said),
            "shown_at": self._now(),
        }
        with translated(self._name), self._writer.begin() as connection:
            wanted = insert_into(connection, shown).values(row)
            connection.execute(wanted.on_conflict_do_update(index_elements=["target", "subject"], set_=row))

    def forget(self, subject: str) -> None:
        about_it = sa.and_(shown.c.target == self.target, shown.c.subject == subject)
        with translated(self._name), self._writer.begin() as connection:
            connection.execute(sa.delete(shown).where(about_it))

    # What is to be told

    def ask(self, subjects: Iterable[str]) -> None:
        """Put subjects into the outbox; one that waits there already waits on."""
        now = self._now()
        wanted = [
            {"target": self.target, "subject": clean(each), "payload": "{}", "created_at": now, "sent_at": ""}
            for each in subjects
        ]
        for first in range(0, len(wanted), AT_ONCE):
            with translated(self._name), self._writer.begin() as connection:
                rows = insert_into(connection, outbox).values(wanted[first : first + AT_ONCE])
                connection.execute(
                    rows.on_conflict_do_nothing(
                        index_elements=["target", "subject"], index_where=outbox.c.sent_at == sa.literal_column("''")
                    )
                )

    def outbox(self) -> Sequence[Outgoing]:
        return self._catalogue.outbox(self.target)

    def sent(self, outgoing: Outgoing) -> None:
        self._catalogue.sent(outgoing)

    def fact(self, name: str) -> str:
        """What was remembered of this view under that name; empty for nothing."""
        with translated(self._name), self.engine.connect() as connection:
            wanted = sa.select(facts.c.value).where(facts.c.name == f"view:{self.target}:{name}")
            return connection.scalar(wanted) or ""

    def remember(self, name: str, value: str) -> None:
        self._catalogue.remember(f"view:{self.target}:{name}", value)

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")


def _standing(page: str, text: str) -> Standing:
    said = json.loads(text) if text.startswith("{") else {}
    fields: Mapping[str, str | list[str]] = said.get("fields", {})
    return Standing(page, said.get("wanted", ""), fields, deleted=bool(said.get("deleted")))
