"""Reads the way of a track out of the catalogue, for the buy list and for `why`; changes nothing.

The questions are plain SQL that SQLite and Postgres both take. On SQLite the standard library asks them, because
SQLAlchemy takes longer to import than a short answer may take. The tables are those of `adapters.sql.tables`.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from music_sync.adapters import glance_sqlite
from music_sync.adapters.sql.told import told_of
from music_sync.model.endings import Reason
from music_sync.model.story import Asked, AtSource, Attempt, Entry, Known, Membership, OnList, Owned, Story, Verdict
from music_sync.model.track import LibraryFile

if TYPE_CHECKING:
    import sqlalchemy as sa

Row = Mapping[str, Any]
Ask = Callable[[str, Mapping[str, object]], Sequence[Row]]
"""Puts one question with its `:names`, and gives the rows."""

_LATEST = """NOT EXISTS (
    SELECT 1 FROM attempts AS later
    WHERE later.source = attempts.source AND later.source_id = attempts.source_id AND later.attempt > attempts.attempt
)"""
_LISTED = """
    SELECT listings.source, listings.listing, listings.name, listed.source_id, listed.found, listed.first_seen_at,
        listed.gone_at
    FROM listed JOIN listings ON listings.listing_id = listed.listing_id
"""
Key = tuple[str, str]


@contextmanager
def stories_at(path: Path) -> Iterator["Stories"]:
    """The stories in a SQLite file; none in one that is not there. Raises as `glance_sqlite.glance` does."""
    if glance_sqlite.is_absent(path):
        yield Stories(lambda _question, _names: [], ())
        return
    with glance_sqlite.reading(path) as connection:
        tables = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]

        def ask(question: str, names: Mapping[str, object]) -> list[Row]:
            found = connection.cursor()
            found.row_factory = None
            found.execute(question, dict(names))
            columns = [column[0] for column in found.description]
            return [dict(zip(columns, row, strict=True)) for row in found]

        yield Stories(ask, tables)


@contextmanager
def stories_in(engine: "sa.Engine") -> Iterator["Stories"]:
    """The stories in a database that is open already, at one moment."""
    import sqlalchemy as sa

    from music_sync.adapters.sql.engine import name_of, translated

    with translated(name_of(engine)), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        def ask(question: str, names: Mapping[str, object]) -> list[Row]:
            return [dict(row) for row in connection.execute(sa.text(question), dict(names)).mappings()]

        yield Stories(ask, sa.inspect(connection).get_table_names())


class Stories:
    """What the catalogue tells of tracks; `tables` are those that are there, for an earlier version had fewer."""

    def __init__(self, ask: Ask, tables: Collection[str]) -> None:
        self._has_lists = "listed" in tables
        self._has_questions = "enrichments" in tables
        self._ask = ask if "outbox" in tables else (lambda _question, _names: [])

    # The buy list

    def to_buy(self) -> list[AtSource]:
        """Every track whose latest attempt ended on the buy list, with that attempt alone."""
        found = self._ask(f"SELECT * FROM attempts WHERE ending = 'buy_list' AND {_LATEST}", {})  # noqa: S608
        on_it = (
            "(listings.source, listed.source_id) IN (SELECT source, source_id FROM attempts WHERE ending = 'buy_list')"
        )
        lists: dict[Key, list[OnList]] = defaultdict(list)
        for row in self._listed(on_it):
            lists[_key(row)].append(_list_of(row))
        return [_at_source(_key(row), [_attempt_of(row, ())], lists[_key(row)]) for row in found]

    def owned_with_isrc(self) -> list[Owned]:
        """The recordings that are known by an ISRC, without their files."""
        return [_owned_of(row, ()) for row in self._ask("SELECT * FROM recordings WHERE isrc <> ''", {})]

    # Finding a track

    def by_key(self, source: str, source_id: str) -> list[Known]:
        """The track of that id at a source, if it is known."""
        return self._known([(_stored(source), _stored(source_id))])

    def by_recording(self, beginning: str) -> list[Known]:
        """The recordings whose id begins so; `beginning` is of hex digits."""
        found = self._ask(
            "SELECT recording_id, artist, title FROM recordings WHERE recording_id LIKE :beginning",
            {"beginning": f"{beginning}%"},
        )
        return [_known_recording(row) for row in found]

    def by_url(self, url: str) -> list[Known]:
        """The tracks with this page or link, in this very spelling."""
        question = """
            SELECT source, source_id FROM attempts WHERE url = :url
            UNION SELECT source, source_id FROM source_links WHERE url = :url
        """
        return self._known(_key(row) for row in self._ask(question, {"url": _stored(url)})) if url else []

    def by_file(self, path: str) -> list[Known]:
        """The recording whose file lies at this place, relative to the library."""
        from music_sync.adapters.sql.text import path_key

        question = """
            SELECT recordings.recording_id, artist, title FROM files
            JOIN recordings ON recordings.recording_id = files.recording_id WHERE path_key = :path
        """
        return [_known_recording(row) for row in self._ask(question, {"path": path_key(path)})]

    def everything(self) -> Iterator[Known]:
        """Every track that can be named: recordings, what was tried, and what only stands on a list; some twice."""
        yield from map(_known_recording, self._ask("SELECT recording_id, artist, title FROM recordings", {}))
        owner = self._owners()
        for row in self._ask(f"SELECT * FROM attempts WHERE {_LATEST}", {}):  # noqa: S608
            told = told_of(row.get("found", ""))
            words = " - ".join(filter(None, [told.artist, told.title]))
            for name in dict.fromkeys(filter(None, [row["label"], words])):
                yield Known(name, owner.get(_key(row), ""), *_key(row))
        never = """NOT EXISTS (
            SELECT 1 FROM attempts WHERE attempts.source = listings.source AND attempts.source_id = listed.source_id
        )"""
        for row in self._listed(never):
            known = _at_source(_key(row), (), [_list_of(row)])
            yield Known(known.label, owner.get(_key(row), ""), *_key(row))

    # A whole story

    def story(self, known: Known) -> Story:
        """All that is known of a track."""
        if not known.recording_id:
            return Story(None, (self._at(known.source, known.source_id),))
        of_it = {"id": known.recording_id}
        rows = self._ask("SELECT * FROM recordings WHERE recording_id = :id", of_it)
        files = self._ask("SELECT * FROM files WHERE recording_id = :id ORDER BY file_id", of_it)
        owned = _owned_of(rows[0], map(_file_of, files)) if rows else None
        places = tuple(self._at(*key) for key in self._keys_of(known))
        entries, memberships = tuple(self._entries(known.recording_id)), tuple(self._memberships(of_it))
        return Story(owned, places, entries, memberships, tuple(self._asked(of_it)))

    def fact(self, name: str) -> str:
        """A fact by its name, such as the library's identity; empty when it is not known."""
        found = self._ask("SELECT value FROM facts WHERE name = :name", {"name": name})
        return str(found[0]["value"]) if found else ""

    # Beneath

    def _listed(self, chosen: str, names: Mapping[str, object] | None = None) -> Sequence[Row]:
        return self._ask(f"{_LISTED} WHERE {chosen}", names or {}) if self._has_lists else ()

    def _owners(self) -> dict[Key, str]:
        found = self._ask("SELECT source, source_id, recording_id FROM source_links", {})
        return {_key(row): row["recording_id"] for row in found}

    def _known(self, keys: Iterable[Key]) -> list[Known]:
        """The tracks behind these keys, each once: as a recording where they became one."""
        return list(dict.fromkeys(known for key in keys if (known := self._one(*key)) is not None))

    def _one(self, source: str, source_id: str) -> Known | None:
        names = {"source": source, "source_id": source_id}
        question = """
            SELECT recordings.recording_id, artist, title FROM source_links
            JOIN recordings ON recordings.recording_id = source_links.recording_id
            WHERE source = :source AND source_id = :source_id
        """
        for row in self._ask(question, names):
            return _known_recording(row)
        known = self._at(source, source_id)
        return Known(known.label, "", source, source_id) if known.attempts or known.lists else None

    def _keys_of(self, known: Known) -> list[Key]:
        """Where a recording was found; an `already_have` without a link of its own counts too."""
        question = """
            SELECT source, source_id, link_id AS number FROM source_links WHERE recording_id = :id
            UNION ALL SELECT source, source_id, attempt_id FROM attempts
            WHERE recording_id = :id AND ending IN ('synced', 'already_have')
        """
        return list(dict.fromkeys(_key(row) for row in self._ask(question, {"id": known.recording_id})))

    def _at(self, source: str, source_id: str) -> AtSource:
        names = {"source": source, "source_id": source_id, "key": f"{source}:{source_id}"}
        verdicts: dict[int, list[Verdict]] = defaultdict(list)
        for row in self._ask("SELECT * FROM decisions WHERE key = :key ORDER BY decision_id", names):
            verdicts[row["attempt"]].append(_verdict_of(row))
        same = "source = :source AND source_id = :source_id"
        found = self._ask(f"SELECT * FROM attempts WHERE {same} ORDER BY attempt", names)  # noqa: S608
        attempts = [_attempt_of(row, verdicts[row["attempt"]]) for row in found]
        lists = [_list_of(row) for row in self._listed(same, names)]
        links = self._ask(f"SELECT url FROM source_links WHERE {same}", names)  # noqa: S608
        return _at_source((source, source_id), attempts, lists, links[0]["url"] if links else "")

    def _entries(self, recording_id: str) -> Iterator[Entry]:
        question = """
            SELECT * FROM journal WHERE recording_id = :id AND kind <> 'retagging'
            UNION SELECT * FROM journal WHERE kind IN ('taken_over', 'relinked') AND before LIKE :holds
            ORDER BY entry_id
        """
        for row in self._ask(question, {"id": recording_id, "holds": f"%{recording_id}%"}):
            before, after = json.loads(row["before"]), json.loads(row["after"])
            was = before.get("recording_id", recording_id)
            is_loss = was == recording_id != row["recording_id"]
            filled = tuple(after.get("filled", ()))
            yield Entry(row["at"], row["kind"], row["path"], after.get("format", ""), is_loss, filled)

    def _asked(self, of_it: Mapping[str, object]) -> Iterator[Asked]:
        if self._has_questions:
            question = "SELECT * FROM enrichments WHERE recording_id = :id ORDER BY service"
            yield from map(_asked_of, self._ask(question, of_it))

    def _memberships(self, of_it: Mapping[str, object]) -> Iterator[Membership]:
        question = """
            SELECT playlists.source, playlists.source_id, name, added_at FROM playlist_members
            JOIN playlists ON playlists.playlist_id = playlist_members.playlist_id
            WHERE recording_id = :id ORDER BY playlists.playlist_id
        """
        told = "SELECT * FROM outbox WHERE subject = :subject ORDER BY outgoing_id"
        for row in self._ask(question, of_it):
            entries = self._ask(told, {"subject": f"{row['source']}:{row['source_id']}"})
            sent = tuple((each["target"], each["sent_at"]) for each in entries if each["sent_at"])
            waiting = tuple((each["target"], each["created_at"]) for each in entries if not each["sent_at"])
            yield Membership(row["name"], row["added_at"], sent, waiting)


def _stored(text: str) -> str:
    """A typed text in the form in which texts are stored."""
    if text.isascii() and "\0" not in text:
        return text
    from music_sync.adapters.sql.text import clean

    return clean(text)


def _key(row: Row) -> Key:
    return row["source"], row["source_id"]


def _known_recording(row: Row) -> Known:
    name = " - ".join(filter(None, [row["artist"], row["title"]]))
    return Known(name or row["recording_id"], row["recording_id"])


def _at_source(key: Key, attempts: Sequence[Attempt], lists: Sequence[OnList], url: str = "") -> AtSource:
    in_order = tuple(sorted(lists, key=lambda each: (each.is_playlist, each.since, each.name)))
    url = url or next((each.url for each in reversed(attempts) if each.url), "")
    return AtSource(*key, tuple(attempts), in_order, url or next((each.told.url for each in lists), ""))


def _attempt_of(row: Row, verdicts: Iterable[Verdict]) -> Attempt:
    return Attempt(
        number=row["attempt"],
        label=row["label"],
        told=told_of(row.get("found", "")),
        url=row["url"],
        ending=row["ending"],
        reason=row["reason"],
        stage=row["stage"],
        next_actor=row["next_actor"],
        recording_id=row["recording_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        verdicts=tuple(verdicts),
    )


def _asked_of(row: Row) -> Asked:
    told = json.loads(row["answer"])
    return Asked(
        **{name: row[name] for name in ("service", "state", "asked_at", "due_at", "tries")},
        **{name: told.get(name, "") for name in ("verdict", "reason", "left")},
        name=" - ".join(filter(None, [told.get("artist"), told.get("title")])),
        facts=told.get("facts", {}),
        has_cover="cover" in told,
        filled=tuple(told.get("filled", ())),
        tempo_bpm=told.get("tempo_bpm"),
    )


def _list_of(row: Row) -> OnList:
    is_playlist = row["listing"].startswith("playlist:")
    return OnList(row["name"], is_playlist, told_of(row["found"]), row["first_seen_at"], row["gone_at"])


def _verdict_of(row: Row) -> Verdict:
    reasons = tuple(Reason(*each) for each in json.loads(row["reasons"]))
    return Verdict(row["decided_at"], row["stage"], row["verdict"], row["recording_id"], reasons)


def _owned_of(row: Row, files: Iterable[LibraryFile]) -> Owned:
    names = ("recording_id", "artist", "title", "version", "isrc", "length_s")
    # A database that was not written to since an earlier version knows nothing of quality.
    quality = {name: row[name] for name in ("codec", "bit_rate", "cutoff_hz") if name in row}
    return Owned(**{name: row[name] for name in names}, files=tuple(files), **quality)


def _file_of(row: Row) -> LibraryFile:
    return LibraryFile(row["path"], row["format"], row["sha256"], row["size_bytes"])
