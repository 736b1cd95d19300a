"""The catalogue in SQLite or Postgres: what we own and what we decided."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql import rows
from music_sync.adapters.sql.engine import in_write, insert_into, name_of, translated
from music_sync.adapters.sql.listings import SqlListings
from music_sync.adapters.sql.rows import JournalEntry
from music_sync.adapters.sql.sounds import Sounds
from music_sync.adapters.sql.tables import (
    attempts,
    decisions,
    facts,
    files,
    fingerprints,
    journal,
    outbox,
    playlist_members,
    playlists,
    recordings,
    shown,
    source_links,
)
from music_sync.adapters.sql.text import clean, path_key
from music_sync.model.endings import Ending, Reason
from music_sync.model.errors import NeedsPerson
from music_sync.model.ports import Decision, Filed, Outgoing, Past
from music_sync.model.track import FoundTrack, LibraryFile, Playlist, Recording, SourceLink

STAGE_TIMES = "stage_times"
"""The fact that tells of each stage how often it ran and how many seconds that took: a JSON object of pairs."""

PAGE = 500
"""Rows read at a time by the streaming calls, so that no read holds the database for long."""


def now_utc() -> datetime:
    return datetime.now(UTC)


class SqlCatalogue:
    """Fulfils `model.ports.Catalogue` on an engine of `open_engine`; one instance serves all threads.

    Every call raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._clock = clock
        self._bound = threading.local()
        self.sounds = Sounds()
        self._name = name_of(engine)

    @property
    def engine(self) -> sa.Engine:
        return self._engine

    @property
    def listings(self) -> SqlListings:
        """The memory of what sources held, in the same database."""
        return SqlListings(self._engine, self._clock)

    # Reading

    def past(self, source: str, source_id: str) -> Past | None:
        wanted = (
            sa.select(attempts)
            .where(attempts.c.source == source, attempts.c.source_id == source_id)
            .order_by(attempts.c.attempt.desc())
            .limit(1)
        )
        with self._reading() as connection:
            row = connection.execute(wanted).first()
        return rows.past_of(row) if row else None

    def pasts(self, source: str) -> dict[str, Past]:
        # Of several attempts the last one read stays. Rows are taken apart by place: a source may hold 100,000.
        wanted = sa.select(attempts.c.source_id, *(attempts.c[name] for name in rows.PAST))
        with self._reading() as connection:
            found = connection.execute(wanted.where(attempts.c.source == source).order_by(attempts.c.attempt))
            return {source_id: Past(*rest) for source_id, *rest in found}

    def recording(self, recording_id: str) -> Recording | None:
        return self._first(sa.select(recordings.c.recording_id).where(recordings.c.recording_id == recording_id))

    def recordings(self) -> Iterator[Recording]:
        """All recordings, oldest first and without their fingerprints; what is added meanwhile may be among them."""
        after: sa.ColumnElement[bool] = sa.true()
        while True:
            order = (recordings.c.filed_at, recordings.c.recording_id)
            chosen = sa.select(recordings.c.recording_id).where(after).order_by(*order).limit(PAGE)
            with self._reading() as connection:
                page = _load(connection, chosen, with_fingerprints=False)
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]
            after = sa.tuple_(*order) > sa.tuple_(last.filed_at, last.recording_id)

    def filed(self, source: str) -> dict[str, Filed]:
        ended_as = sa.select(attempts.c.recording_id).where(attempts.c.source == source)
        named = sa.select(recordings.c.recording_id, recordings.c.artist, recordings.c.title)
        held = sa.select(files.c.recording_id, *(files.c[name] for name in rows.FILE)).order_by(files.c.file_id)
        by_id: dict[str, list[LibraryFile]] = defaultdict(list)
        with self._reading() as connection:
            # Rows are taken apart by place, as in `pasts`.
            for recording_id, *file in connection.execute(held.where(files.c.recording_id.in_(ended_as))):
                by_id[recording_id].append(LibraryFile(*file))
            found = connection.execute(named.where(recordings.c.recording_id.in_(ended_as)))
            return {row[0]: Filed(*row, tuple(by_id[row[0]])) for row in found}

    def by_source(self, source: str, source_id: str) -> Recording | None:
        linked = sa.select(source_links.c.recording_id)
        return self._first(linked.where(source_links.c.source == source, source_links.c.source_id == source_id))

    def by_sha256(self, sha256: str) -> Recording | None:
        if not sha256:
            return None
        filed = sa.select(files.c.recording_id).where(files.c.sha256 == sha256)
        origin = sa.select(recordings.c.recording_id).where(recordings.c.origin_sha256 == sha256)
        return self._first(sa.union(filed, origin))

    def by_isrc(self, isrc: str) -> Sequence[Recording]:
        if not isrc:
            return ()
        return self._load(sa.select(recordings.c.recording_id).where(recordings.c.isrc == isrc))

    def by_url(self, url: str) -> Sequence[Recording]:
        if not url:
            return ()
        # The index leaves out empty links.
        linked = sa.and_(source_links.c.url == url, source_links.c.url != sa.literal_column("''"))
        return self._load(sa.select(source_links.c.recording_id).where(linked))

    def by_length(self, shortest_s: float, longest_s: float) -> Sequence[Recording]:
        near = fingerprints.c.length_s.between(shortest_s, longest_s)
        return self._load(sa.select(fingerprints.c.recording_id).where(near))

    def by_sound(self, fingerprint: Sequence[int], shortest_s: float, longest_s: float) -> Sequence[Recording]:
        with self._reading() as connection:
            like = self.sounds.like(connection, fingerprint, shortest_s, longest_s)
            if like is not None:
                chosen = sa.select(recordings.c.recording_id).where(recordings.c.recording_id.in_(like))
                return _load(connection, chosen) if like else ()
        return self.by_length(shortest_s, longest_s)

    def file_at(self, path: str) -> tuple[str, LibraryFile] | None:
        with self._reading() as connection:
            row = connection.execute(sa.select(files).where(files.c.path_key == path_key(path))).first()
        return (row.recording_id, rows.file_of(row)) if row else None

    def decisions(self, key: str = "") -> Iterator[Decision]:
        chosen = decisions.c.key == key if key else sa.true()
        return map(rows.decision_of, self._pages(decisions.c.decision_id, chosen))

    def waiting(self, ending: str) -> Sequence[tuple[SourceLink, Past]]:
        wanted = sa.select(attempts).where(attempts.c.ending == ending, _is_latest()).order_by(attempts.c.attempt_id)
        with self._reading() as connection:
            return [(_link_of_attempt(row), rows.past_of(row)) for row in connection.execute(wanted)]

    def members(self, source: str, source_id: str) -> dict[str, Playlist]:
        on = playlists.join(playlist_members)
        wanted = sa.select(playlist_members.c.recording_id, playlists.c.name, playlist_members.c.position)
        chosen = sa.and_(playlists.c.source == source, playlists.c.source_id == source_id)
        with self._reading() as connection:
            found = connection.execute(wanted.select_from(on).where(chosen)).all()
        return {row.recording_id: Playlist(source, source_id, row.name, row.position) for row in found}

    def playlist_files(self, subject: str) -> tuple[Playlist, list[tuple[Recording, LibraryFile]]]:
        """A playlist, named `source:source_id`, and its recordings in order, each with the file that was filed first.

        Recordings without a file are left out; the other formats stand in `Recording.files`.
        Raises NeedsPerson when there is no such playlist.
        """
        source, _, source_id = subject.partition(":")
        chosen = sa.and_(playlists.c.source == source, playlists.c.source_id == source_id)
        order = (playlist_members.c.position.nulls_last(), playlist_members.c.added_at, playlist_members.c.recording_id)
        with self._reading() as connection:
            row = connection.execute(sa.select(playlists).where(chosen)).first()
            if row is None:
                raise NeedsPerson(f"playlist {subject} is not in the catalogue; run `music-sync library check`")
            members = sa.select(playlist_members.c.recording_id).where(
                playlist_members.c.playlist_id == row.playlist_id
            )
            places = list(connection.scalars(members.order_by(*order)))
            held = {each.recording_id: each for each in _load(connection, members, with_fingerprints=False)}
        in_order = [held[recording_id] for recording_id in places]
        playlist = Playlist(row.source, row.source_id, row.name)
        return playlist, [(each, each.files[0]) for each in in_order if each.files]

    def counts(self) -> dict[str, int]:
        """How many `recordings` and `files` there are, and how many tracks by the ending of their latest attempt."""
        by_ending = sa.select(attempts.c.ending, sa.func.count()).where(_is_latest()).group_by(attempts.c.ending)
        with self._reading() as connection:
            counted = {
                table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in (recordings, files)
            }
            return counted | {row.ending: row[1] for row in connection.execute(by_ending)}

    def journal(self, recording_id: str = "") -> Iterator[JournalEntry]:
        """What was done, oldest first."""
        chosen = journal.c.recording_id == recording_id if recording_id else sa.true()
        return map(rows.entry_of, self._pages(journal.c.entry_id, chosen))

    def identity(self, name: str) -> str | None:
        """A fact that was stored with `remember`, such as the library's id."""
        with self._reading() as connection:
            return connection.scalar(sa.select(facts.c.value).where(facts.c.name == name))

    def outbox(self, target: str) -> Sequence[Outgoing]:
        wanted = sa.select(outbox).where(outbox.c.target == target, outbox.c.sent_at == "")
        with self._reading() as connection:
            found = connection.execute(wanted.order_by(outbox.c.outgoing_id)).all()
        return [Outgoing(row.outgoing_id, row.target, row.subject, row.payload) for row in found]

    def shown_as(self, target: str) -> dict[str, str]:
        """What a view shows: the id of its page -> the subject."""
        wanted = sa.select(shown.c.shown_as, shown.c.subject).where(shown.c.target == target)
        with self._reading() as connection:
            return {row.shown_as: row.subject for row in connection.execute(wanted)}

    def view_facts(self) -> list[tuple[str, str]]:
        """What views remembered of their last round: name and JSON text."""
        wanted = sa.select(facts.c.name, facts.c.value).where(facts.c.name.like("view:%:state"))
        with self._reading() as connection:
            return [(row.name, row.value) for row in connection.execute(wanted)]

    # Writing

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One transaction of this thread, which the writers of all processes wait for; it may be nested.

        An exception that leaves it undoes what was written in it; calls from other threads stand outside.
        """
        outer = self._connection()
        if outer is not None:
            with translated(self._name), outer.begin_nested():
                yield
            return
        with translated(self._name), self._writer.begin() as connection:
            self._bound.connection = connection
            try:
                yield
            finally:
                self._bound.connection = None

    def started(self, found: FoundTrack, attempt: int) -> None:
        row = rows.start_row(found, attempt, self._now())
        with self._writing() as connection:
            wanted = insert_into(connection, attempts).values(row)
            # The same number again with another revision is a new story; with the same one its end stands.
            connection.execute(
                wanted.on_conflict_do_update(
                    index_elements=["source", "source_id", "attempt"],
                    set_={name: wanted.excluded[name] for name in row},
                    where=attempts.c.revision != wanted.excluded.revision,
                )
            )

    def ended(self, found: FoundTrack, attempt: int, ending: Ending) -> None:
        now = self._now()
        end = rows.end_row(found, ending, now)
        same = sa.and_(*(attempts.c[name] == end[name] for name in end if name != "ended_at"))
        with self._writing() as connection:
            wanted = insert_into(connection, attempts).values(rows.start_row(found, attempt, now) | end)
            connection.execute(
                wanted.on_conflict_do_update(
                    index_elements=["source", "source_id", "attempt"],
                    set_={name: wanted.excluded[name] for name in end},
                    where=sa.not_(same),
                )
            )

    def decided(
        self, found: FoundTrack, stage: str, verdict: str, recording_id: str, reasons: Iterable[Reason]
    ) -> None:
        """Store a decision; within one attempt the same one again is harmless."""
        row = rows.decision_row(found.key, stage, verdict, recording_id, reasons)
        latest = sa.select(sa.func.coalesce(sa.func.max(attempts.c.attempt), 0)).where(
            attempts.c.source == found.source, attempts.c.source_id == found.source_id
        )
        with self._writing() as connection:
            row |= {"attempt": connection.scalar(latest), "decided_at": self._now()}
            connection.execute(insert_into(connection, decisions).values(row).on_conflict_do_nothing())

    def add(self, recording: Recording, found: FoundTrack) -> None:
        """Store a filed recording; again is harmless.

        A path that the catalogue still gives to another recording goes to this one, and the journal keeps the former
        state: files are placed without overwriting, so whoever was placed last is the one that is there.
        """
        with self._writing() as connection:
            row = rows.recording_row(recording, self._now())
            connection.execute(insert_into(connection, recordings).values(row).on_conflict_do_nothing())
            self._put_fingerprint(connection, recording)
            changed = [self._put_file(connection, recording.recording_id, file) for file in recording.files]
            self._put_link(connection, recording.recording_id, found)
            if any(changed):
                self._ask_for_playlists_of(connection, recording.recording_id)

    def link(self, recording_id: str, found: FoundTrack) -> None:
        """One more source of a recording we have; a link that named another recording is moved, and journaled.

        Raises NeedsPerson when the catalogue does not hold the recording.
        """
        with self._writing() as connection:
            _check_known(connection, recording_id)
            self._put_link(connection, recording_id, found)

    def member(self, recording_id: str, playlist: Playlist) -> None:
        """The recording is on that playlist; what changed by that is to be published, and asked for once.

        Raises NeedsPerson when the catalogue does not hold the recording.
        """
        with self._writing() as connection:
            _check_known(connection, recording_id)
            playlist_id, renamed = _put_playlist(connection, playlist)
            row = {"playlist_id": playlist_id, "recording_id": recording_id, "position": playlist.position}
            wanted = insert_into(connection, playlist_members).values(row | {"added_at": self._now()})
            moved = connection.execute(
                wanted.on_conflict_do_update(
                    index_elements=["playlist_id", "recording_id"],
                    set_={"position": wanted.excluded.position},
                    where=playlist_members.c.position.is_distinct_from(wanted.excluded.position),
                ).returning(playlist_members.c.playlist_id)
            ).first()
            if renamed or moved:
                self._ask(connection, playlist.source, playlist.source_id)

    def sent(self, outgoing: Outgoing) -> None:
        """It was told. If more changed while it was being told, it stays in the outbox."""
        told = sa.and_(outbox.c.outgoing_id == outgoing.outgoing_id, outbox.c.payload == outgoing.payload)
        about_it = sa.and_(outbox.c.target == outgoing.target, outbox.c.subject == outgoing.subject)
        with self._writing() as connection:
            done = connection.execute(
                sa.update(outbox).where(told, outbox.c.sent_at == "").values(sent_at=self._now())
            ).rowcount
            if done:
                former = sa.and_(about_it, outbox.c.sent_at != "", outbox.c.outgoing_id != outgoing.outgoing_id)
                connection.execute(sa.delete(outbox).where(former))

    def remember(self, name: str, value: str) -> None:
        """Store a fact under its name, over a former one."""
        with self._writing() as connection:
            wanted = insert_into(connection, facts).values(name=name, value=value)
            connection.execute(
                wanted.on_conflict_do_update(index_elements=["name"], set_={"value": wanted.excluded.value})
            )

    def took(self, times: Mapping[str, tuple[int, float]]) -> None:
        """Add to what is known of each stage: how often it ran, and how many seconds that took."""
        if not times:
            return
        with self.locked():
            known = json.loads(self.identity(STAGE_TIMES) or "{}")
            for stage, (count, seconds) in times.items():
                before = known.get(stage, (0, 0.0))
                known[stage] = (before[0] + count, round(before[1] + seconds, 3))
            self.remember(STAGE_TIMES, json.dumps(known))

    # Beneath

    def _connection(self) -> sa.Connection | None:
        return getattr(self._bound, "connection", None)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        bound = self._connection()
        with translated(self._name):
            if bound is not None:
                yield bound
                return
            with self._engine.connect() as connection:
                yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        bound = self._connection()
        with translated(self._name):
            if bound is not None:
                # A call that fails inside `locked` leaves nothing of itself, even when the caller goes on.
                with bound.begin_nested():
                    yield bound
                return
            with self._writer.begin() as connection:
                yield connection

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _load(self, chosen: "sa.Select[Any] | sa.CompoundSelect[Any]") -> list[Recording]:
        with self._reading() as connection:
            return _load(connection, chosen)

    def _first(self, chosen: "sa.Select[Any] | sa.CompoundSelect[Any]") -> Recording | None:
        return next(iter(self._load(chosen)), None)

    def _pages(self, number: "sa.Column[int]", chosen: "sa.ColumnElement[bool]") -> Iterator[sa.Row[Any]]:
        """Yield the rows of the column's table by that number, some at a time."""
        last = 0
        while True:
            with self._reading() as connection:
                wanted = sa.select(number.table).where(chosen, number > last).order_by(number).limit(PAGE)
                page = connection.execute(wanted).all()
            yield from page
            if len(page) < PAGE:
                return
            last = getattr(page[-1], number.key)

    def _put_fingerprint(self, connection: sa.Connection, recording: Recording) -> None:
        analysis = recording.analysis
        if not analysis.fingerprint:
            return
        wanted = insert_into(connection, fingerprints).values(
            recording_id=recording.recording_id,
            length_s=analysis.length_s,
            fingerprint=rows.fingerprint_bytes(analysis.fingerprint),
        )
        connection.execute(wanted.on_conflict_do_nothing())
        self.sounds.came(recording.recording_id)

    def _put_file(self, connection: sa.Connection, recording_id: str, file: LibraryFile) -> bool:
        """Store a file under its path; say whether anything changed."""
        row = rows.file_row(recording_id, file, path_key(file.path))
        former = connection.execute(sa.select(files).where(files.c.path_key == row["path_key"])).mappings().first()
        before = {name: former[name] for name in row} if former else {}
        if before == row:
            return False
        wanted = insert_into(connection, files).values(row)
        connection.execute(wanted.on_conflict_do_update(index_elements=["path_key"], set_=row))
        owner = before.get("recording_id", recording_id)
        kind = "taken_over" if owner != recording_id else "refiled" if before else "filed"
        self._note(connection, kind, recording_id, file.path, before, row)
        if kind == "taken_over":
            self._ask_for_playlists_of(connection, owner)
        return True

    def _put_link(self, connection: sa.Connection, recording_id: str, found: FoundTrack) -> None:
        row = {
            "recording_id": recording_id,
            "source": clean(found.source),
            "source_id": clean(found.source_id),
            "revision": clean(found.revision),
            "url": clean(found.url),
        }
        chosen = sa.and_(source_links.c.source == found.source, source_links.c.source_id == found.source_id)
        former = connection.execute(sa.select(source_links).where(chosen)).mappings().first()
        before = {name: former[name] for name in row} if former else {}
        if before == row:
            return
        wanted = insert_into(connection, source_links).values(row | {"found_at": self._now()})
        connection.execute(wanted.on_conflict_do_update(index_elements=["source", "source_id"], set_=row))
        if before and before["recording_id"] != recording_id:
            self._note(connection, "relinked", recording_id, "", before, row)

    def _note(
        self,
        connection: sa.Connection,
        kind: str,
        recording_id: str,
        path: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        row = {"kind": kind, "recording_id": recording_id, "path": path, "at": self._now()}
        states = {"before": json.dumps(dict(before)), "after": json.dumps(dict(after))}
        connection.execute(sa.insert(journal).values(row | states))

    def _ask_for_playlists_of(self, connection: sa.Connection, recording_id: str) -> None:
        on = playlists.join(playlist_members)
        wanted = sa.select(playlists.c.source, playlists.c.source_id).select_from(on)
        for row in connection.execute(wanted.where(playlist_members.c.recording_id == recording_id)).all():
            self._ask(connection, row.source, row.source_id)

    def _ask(self, connection: sa.Connection, source: str, source_id: str, target: str = "m3u") -> None:
        """Leave word that a playlist changed; word that was not sent yet is renewed, so that `sent` can tell."""
        subject = clean(f"{source}:{source_id}")
        about_it = sa.and_(outbox.c.target == target, outbox.c.subject == subject, outbox.c.sent_at == "")
        former = connection.scalar(sa.select(outbox.c.payload).where(about_it))
        changes = json.loads(former)["changes"] + 1 if former else 1
        row = {"target": target, "subject": subject, "payload": json.dumps({"playlist": subject, "changes": changes})}
        wanted = insert_into(connection, outbox).values(row | {"created_at": self._now(), "sent_at": ""})
        connection.execute(
            wanted.on_conflict_do_update(
                index_elements=["target", "subject"],
                index_where=outbox.c.sent_at == sa.literal_column("''"),
                set_={"payload": wanted.excluded.payload},
            )
        )


def _check_known(connection: sa.Connection, recording_id: str) -> None:
    wanted = sa.select(recordings.c.recording_id).where(recordings.c.recording_id == recording_id)
    if connection.scalar(wanted) is None:
        raise NeedsPerson(f"recording {recording_id} is not in the catalogue; run `music-sync library check`")


def _put_playlist(connection: sa.Connection, playlist: Playlist) -> tuple[int, bool]:
    """Return the playlist's number and whether its name changed."""
    row = {"source": playlist.source, "source_id": playlist.source_id, "name": playlist.name}
    wanted = insert_into(connection, playlists).values(row)
    renamed = connection.execute(
        wanted.on_conflict_do_update(
            index_elements=["source", "source_id"],
            set_={"name": wanted.excluded.name},
            where=sa.and_(playlists.c.name != wanted.excluded.name, wanted.excluded.name != ""),
        ).returning(playlists.c.playlist_id)
    ).first()
    chosen = sa.and_(playlists.c.source == playlist.source, playlists.c.source_id == playlist.source_id)
    number = connection.execute(sa.select(playlists.c.playlist_id).where(chosen)).scalar_one()
    return number, renamed is not None


def _is_latest() -> "sa.ColumnElement[bool]":
    later = attempts.alias("later")
    same = sa.and_(later.c.source == attempts.c.source, later.c.source_id == attempts.c.source_id)
    return ~sa.exists().where(same, later.c.attempt > attempts.c.attempt)


def _link_of_attempt(row: sa.Row[Any]) -> SourceLink:
    return SourceLink(row.source, row.source_id, row.revision, row.url, row.started_at)


def _load(
    connection: sa.Connection, chosen: "sa.Select[Any] | sa.CompoundSelect[Any]", *, with_fingerprints: bool = True
) -> list[Recording]:
    """Build the chosen recordings, oldest first, in four queries however many they are."""
    if with_fingerprints:
        wanted = sa.select(recordings, fingerprints.c.fingerprint).outerjoin_from(recordings, fingerprints)
    else:
        wanted = sa.select(recordings, sa.null().label("fingerprint"))
    wanted = wanted.where(recordings.c.recording_id.in_(chosen))
    wanted = wanted.order_by(recordings.c.filed_at, recordings.c.recording_id)
    found = connection.execute(wanted).all()
    if not found:
        return []
    filed = _grouped(connection, sa.select(files).order_by(files.c.file_id), files, chosen)
    linked = _grouped(connection, sa.select(source_links).order_by(source_links.c.link_id), source_links, chosen)
    listed = _grouped(
        connection,
        sa.select(playlist_members.c.recording_id, playlists.c.name)
        .join_from(playlist_members, playlists)
        .order_by(playlists.c.playlist_id),
        playlist_members,
        chosen,
    )
    return [
        rows.recording_of(
            row,
            [rows.file_of(each) for each in filed[row.recording_id]],
            [rows.link_of(each) for each in linked[row.recording_id]],
            [each.name for each in listed[row.recording_id]],
        )
        for row in found
    ]


def _grouped(
    connection: sa.Connection,
    wanted: "sa.Select[Any]",
    table: sa.Table,
    chosen: "sa.Select[Any] | sa.CompoundSelect[Any]",
) -> dict[str, list[sa.Row[Any]]]:
    """The rows of `wanted` that hang on the chosen recordings, by recording."""
    groups: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    for row in connection.execute(wanted.where(table.c.recording_id.in_(chosen))):
        groups[row.recording_id].append(row)
    return groups
