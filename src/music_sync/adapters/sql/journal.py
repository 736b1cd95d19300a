"""What a person takes back or decides, as rows: merges, and recordings that are taken out and put back whole.

Each call is one transaction, with a journal entry that holds all that another call needs to turn it over.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import insert_into
from music_sync.adapters.sql.replacements import REPLACING, put_sound, sound_of
from music_sync.adapters.sql.rows import JournalEntry, entry_of, name_of_row
from music_sync.adapters.sql.tables import (
    attempts,
    files,
    fingerprints,
    journal,
    playlist_members,
    playlists,
    recordings,
    source_links,
)
from music_sync.model.endings import AlreadyHave, Failed, Reason
from music_sync.model.errors import NeedsPerson
from music_sync.model.track import FoundTrack, Playlist

Row = dict[str, Any]

_ENDS = ("ending", "reason", "stage", "next_actor", "cause", "recording_id", "ended_at")
"""The columns of an attempt that say how it ended."""


class SqlJournal(SqlCatalogue):
    """The catalogue with what `review` and `undo` change in it."""

    # Reading

    def label(self, source: str, source_id: str) -> str:
        """What a person calls a track, as its latest attempt has it; empty when there is none."""
        wanted = sa.select(attempts.c.label).where(_at(attempts, source, source_id))
        with self._reading() as connection:
            return connection.scalar(wanted.order_by(attempts.c.attempt.desc()).limit(1)) or ""

    def called(self, recording_id: str) -> str:
        """What a person calls a recording, without loading its sound; its id when it is not there."""
        named = sa.select(recordings.c.recording_id, recordings.c.artist, recordings.c.title)
        with self._reading() as connection:
            row = connection.execute(named.where(recordings.c.recording_id == recording_id)).mappings().first()
        return name_of_row(dict(row)) if row else recording_id

    def under_way(self, recording_id: str) -> bool:
        """Has an attempt at one of its tracks not ended, so that a sync will go on with it?"""
        on = sa.and_(source_links.c.source == attempts.c.source, source_links.c.source_id == attempts.c.source_id)
        wanted = sa.select(attempts.c.attempt_id).join_from(attempts, source_links, on)
        chosen = sa.and_(source_links.c.recording_id == recording_id, attempts.c.ending == "running")
        with self._reading() as connection:
            return connection.scalar(wanted.where(chosen)) is not None

    # Merging

    def merge(self, recording_id: str, found: FoundTrack, attempt: int, ending: AlreadyHave, verdict: Reason) -> int:
        """A person says that this track is the recording: one more link, its lists joined. Gives the entry's number."""
        with self.locked(), self._writing() as connection:
            before = {"link": _link(connection, found.source, found.source_id)}
            before["attempt"] = _attempt(connection, found.source, found.source_id)
            self.link(recording_id, found)
            joined = self._join(recording_id, found.playlists)
            self.decided(found, "review", "same", recording_id, [verdict])
            self.ended(found, attempt, ending)
            after = {
                "link": _link(connection, found.source, found.source_id),
                "attempt": _attempt(connection, found.source, found.source_id),
                "label": found.label,
                "joined": [vars(playlist) for playlist in joined],
            }
            return self._noted(connection, "merge", recording_id, before, after)

    def part(self, number: int, recording_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
        """Undo a merge: the link goes to where it was, the track back to review, lists that came with it are left."""
        with self.locked(), self._writing() as connection:
            _expect(connection, after["attempt"])
            _put_link(connection, before["link"], after["link"])
            _end_as(connection, before["attempt"])
            for each in after["joined"]:
                self._leave(connection, recording_id, Playlist(**each))
            found = _found_of(after["attempt"])
            self.decided(found, "review", "undone", recording_id, [Reason("person", "you undid the merge")])
            return self._noted(connection, "undo", recording_id, {}, {"change": number})

    def join_again(self, number: int, recording_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
        """Undo the undoing of a merge; raises NeedsPerson when the recording is not in the catalogue any more."""
        with self.locked(), self._writing() as connection:
            _expect(connection, before["attempt"])
            self.link(recording_id, _found_of(after["attempt"]))
            _end_as(connection, after["attempt"])
            self._join(recording_id, [Playlist(**each) for each in after["joined"]])
            return self._noted(connection, "undo", recording_id, {}, {"change": number})

    # Taking out and putting back

    def take_out(self, number: int, recording_id: str, endings: Mapping[str, Failed], moved: Mapping[str, str]) -> int:
        """Take a recording with all that hangs on it out of the catalogue; `endings` are those of its tracks, by key."""
        with self.locked(), self._writing() as connection:
            state = _state_of(connection, recording_id)
            self._ask_for_playlists_of(connection, recording_id)
            for table in (playlist_members, source_links, files, fingerprints, recordings):
                connection.execute(sa.delete(table).where(table.c.recording_id == recording_id))
            for row in state["attempts"]:
                end = endings[f"{row['source']}:{row['source_id']}"]
                _end_as(connection, row | _end_of(end, self._now()))
            after = {"change": number, "moved": list(moved.items())}
            return self._noted(connection, "undo", recording_id, state, after)

    def tracks_of(self, recording_id: str) -> list[tuple[str, str, str]]:
        """Source, id there and label of every track that ended as this recording."""
        with self._reading() as connection:
            rows = _attempts_of(connection, recording_id)
            return [(row["source"], row["source_id"], row["label"]) for row in rows]

    def put_back(self, number: int, recording_id: str, state: Mapping[str, Any], moved: Mapping[str, str]) -> int:
        """Put back what `take_out` took out; a track that went on since then stays where it is.

        Raises NeedsPerson when the recording, or another file at one of its paths, is in the catalogue by now.
        """
        with self.locked(), self._writing() as connection:
            _refuse_if_taken(connection, recording_id, state)
            connection.execute(sa.insert(recordings).values(state["recording"]))
            if state["fingerprint"]:
                row = state["fingerprint"] | {"fingerprint": bytes.fromhex(state["fingerprint"]["fingerprint"])}
                connection.execute(sa.insert(fingerprints).values(row))
            _insert_all(connection, files, state["files"])
            _insert_all(connection, source_links, state["links"])
            for each in state["members"]:
                self.member(recording_id, Playlist(each["source"], each["source_id"], "", each["position"]))
            for row in state["attempts"]:
                now = _attempt(connection, row["source"], row["source_id"])
                if (now.get("attempt"), now.get("stage")) == (row["attempt"], "undo"):
                    _end_as(connection, row)
            self._ask_for_playlists_of(connection, recording_id)
            after = {"change": number, "moved": list(moved.items())}
            return self._noted(connection, "undo", recording_id, {}, after)

    # Replacing files

    def sound(self, recording_id: str) -> Row:
        """How a recording's files and measures stand now, as `switched` takes it."""
        with self._reading() as connection:
            return sound_of(connection, recording_id)

    def intend_replacement(self, recording_id: str, after: Mapping[str, Any]) -> int:
        """Write down that its files are about to be replaced; what is to be done stands in `after`."""
        with self.locked(), self._writing() as connection:
            return self._noted(connection, REPLACING, recording_id, sound_of(connection, recording_id), after)

    def replacements_under_way(self) -> list[JournalEntry]:
        """Those that were neither brought to an end nor given up."""
        with self._reading() as connection:
            found = connection.execute(sa.select(journal).where(journal.c.kind == REPLACING)).all()
        return [entry_of(row) for row in found]

    def replaced(self, number: int, recording_id: str, state: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """The new files are in place, the old ones away: rows and journal say so."""
        with self.locked(), self._writing() as connection:
            put_sound(connection, recording_id, state)
            self._ask_for_playlists_of(connection, recording_id)
            values = {"kind": "replace", "after": json.dumps(dict(after))}
            connection.execute(sa.update(journal).where(journal.c.entry_id == number).values(values))

    def give_up_replacement(self, number: int) -> None:
        """Nothing was replaced: the entry goes."""
        with self._writing() as connection:
            connection.execute(sa.delete(journal).where(journal.c.entry_id == number))

    def switched(self, number: int, recording_id: str, state: Mapping[str, Any], moved: Mapping[str, str]) -> int:
        """Turn a replacement over: the recording stands as `state` says; how it stood is kept for the next turn."""
        with self.locked(), self._writing() as connection:
            before = sound_of(connection, recording_id)
            put_sound(connection, recording_id, state)
            self._ask_for_playlists_of(connection, recording_id)
            after = {"change": number, "moved": list(moved.items())}
            return self._noted(connection, "undo", recording_id, before, after)

    # Beneath

    def _join(self, recording_id: str, lists: Iterable[Playlist]) -> list[Playlist]:
        """Put the recording on these lists; gives those on which it was not before."""
        joined = []
        for playlist in lists:
            if recording_id not in self.members(playlist.source, playlist.source_id):
                joined.append(playlist)
                self.member(recording_id, playlist)
        return joined

    def _leave(self, connection: sa.Connection, recording_id: str, playlist: Playlist) -> None:
        number = sa.select(playlists.c.playlist_id).where(_at(playlists, playlist.source, playlist.source_id))
        on_it = playlist_members.c.playlist_id == number.scalar_subquery()
        gone = sa.delete(playlist_members).where(on_it, playlist_members.c.recording_id == recording_id)
        if connection.execute(gone).rowcount:
            self._ask(connection, playlist.source, playlist.source_id)

    def _noted(
        self,
        connection: sa.Connection,
        kind: str,
        recording_id: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> int:
        row = {"kind": kind, "recording_id": recording_id, "path": "", "at": self._now()}
        states = {"before": json.dumps(dict(before)), "after": json.dumps(dict(after))}
        wanted = sa.insert(journal).values(row | states).returning(journal.c.entry_id)
        return int(connection.execute(wanted).scalar_one())


def _at(table: sa.Table, source: str, source_id: str) -> "sa.ColumnElement[bool]":
    return sa.and_(table.c.source == source, table.c.source_id == source_id)


def _rows(connection: sa.Connection, table: sa.Table, chosen: "sa.ColumnElement[bool]") -> list[Row]:
    """Rows without the number that the database gave them."""
    numbers = {"link_id", "file_id", "attempt_id", "playlist_id"}
    found = connection.execute(sa.select(table).where(chosen)).mappings()
    return [{name: value for name, value in row.items() if name not in numbers} for row in found]


def _link(connection: sa.Connection, source: str, source_id: str) -> Row:
    return next(iter(_rows(connection, source_links, _at(source_links, source, source_id))), {})


def _attempt(connection: sa.Connection, source: str, source_id: str) -> Row:
    """The latest attempt at a track."""
    found = _rows(connection, attempts, _at(attempts, source, source_id))
    return max(found, key=lambda row: int(row["attempt"]), default={})


def _attempts_of(connection: sa.Connection, recording_id: str) -> list[Row]:
    """The latest attempts of the tracks that ended as a recording."""
    ended = _rows(connection, attempts, attempts.c.recording_id == recording_id)
    keys = dict.fromkeys((row["source"], row["source_id"]) for row in ended)
    latest = [_attempt(connection, *key) for key in keys]
    return [
        row for row in latest if row["recording_id"] == recording_id and row["ending"] in {"synced", "already_have"}
    ]


def _state_of(connection: sa.Connection, recording_id: str) -> Row:
    """A recording with all that hangs on it, as JSON can hold it."""

    def of(table: sa.Table) -> list[Row]:
        return _rows(connection, table, table.c.recording_id == recording_id)

    sound = of(fingerprints)
    listed = sa.select(playlists.c.source, playlists.c.source_id, playlist_members.c.position)
    members = listed.join_from(playlists, playlist_members).where(playlist_members.c.recording_id == recording_id)
    return {
        "recording": of(recordings)[0],
        "fingerprint": sound[0] | {"fingerprint": sound[0]["fingerprint"].hex()} if sound else {},
        "files": of(files),
        "links": of(source_links),
        "members": [dict(row) for row in connection.execute(members).mappings()],
        "attempts": _attempts_of(connection, recording_id),
    }


def _refuse_if_taken(connection: sa.Connection, recording_id: str, state: Mapping[str, Any]) -> None:
    wanted = sa.select(recordings.c.recording_id).where(recordings.c.recording_id == recording_id)
    if connection.scalar(wanted) is not None:
        raise NeedsPerson("it is in the library again, so there is nothing to bring back; `music-sync library list`")
    for row in state["files"]:
        taken = connection.scalar(sa.select(files.c.path).where(files.c.path_key == row["path_key"]))
        if taken is not None:
            raise NeedsPerson(f"{taken} is another recording's by now; undo that filing first")


def _expect(connection: sa.Connection, expected: Mapping[str, Any]) -> None:
    """Raise NeedsPerson when a track went on since this was written down."""
    now = _attempt(connection, expected["source"], expected["source_id"])
    same = all(now.get(name) == expected[name] for name in ("attempt", "ending", "recording_id"))
    if not same:
        raise NeedsPerson(f"{expected['label']} was tried again since then, so there is nothing to undo")


def _put_link(connection: sa.Connection, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    chosen = _at(source_links, now["source"], now["source_id"])
    if before:
        connection.execute(sa.update(source_links).where(chosen).values(dict(before)))
    else:
        connection.execute(sa.delete(source_links).where(chosen))


def _end_as(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Write how an attempt ended over how it ended before."""
    chosen = sa.and_(_at(attempts, row["source"], row["source_id"]), attempts.c.attempt == row["attempt"])
    connection.execute(sa.update(attempts).where(chosen).values({name: row[name] for name in _ENDS}))


def _end_of(ending: Failed, at: str) -> Row:
    return {
        "ending": ending.name,
        "reason": ending.reason,
        "stage": ending.stage,
        "next_actor": ending.next_actor,
        "cause": ending.cause,
        "recording_id": "",
        "ended_at": at,
    }


def _found_of(row: Mapping[str, Any]) -> FoundTrack:
    return FoundTrack(row["source"], row["source_id"], row["revision"], url=row["url"])


def _insert_all(connection: sa.Connection, table: sa.Table, found: Sequence[Row]) -> None:
    """Rows that went elsewhere meanwhile stay there."""
    for row in found:
        connection.execute(insert_into(connection, table).values(row).on_conflict_do_nothing())
