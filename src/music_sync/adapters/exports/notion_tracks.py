"""The Music Tracks database on Notion as a view of the catalogue: one row a recording, some each round.

The local database is the truth. What changed is put into the outbox before Notion is asked anything, so that an outage
delays nothing and is caught up; a row is created only when none bears an id of ours, so that a kill doubles nothing.
"""

import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from music_sync.adapters import notion_music
from music_sync.adapters.exports.notion_related import Artists, Playlists
from music_sync.adapters.exports.notion_showing import Showing, Tables, Tally
from music_sync.adapters.exports.notion_wanted import Wanted, of_gone, of_playlist, of_recording, of_waiting
from music_sync.adapters.notion_calls import NotionCalls, NotThere, Rejected
from music_sync.adapters.notion_rows import NotionRows
from music_sync.model.errors import NeedsPerson, ServiceUnavailable, SyncError
from music_sync.model.ports import Outgoing
from music_sync.model.view import Book, Shelf, Standing

log = logging.getLogger(__name__)

NAME = "notion"
LIMIT_S = 60.0
"""How long one round works on Notion; the rest is done by the next ones."""
BATCH = 50
MOST_REFUSED = 5
"""So many rows refused one after the other are no trouble of the rows."""
MOST_NAMED = 8


@dataclass(frozen=True)
class Databases:
    """Ids or addresses; those of artists and playlists may be empty."""

    tracks: str
    artists: str = ""
    playlists: str = ""


@dataclass(frozen=True)
class NotionTracks:
    """Fulfils `model.view.View`."""

    connect: Callable[[], NotionCalls]
    """Makes the connection; may raise what is wrong with its settings."""
    databases: Databases
    book: Book
    shelf: Shelf
    rows_file: Path
    """Where the rows of the database are remembered."""
    stopping: Callable[[], bool] = lambda: False
    """Was a stop asked for? Then the rest is left to the next round."""
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    limit_s: float = LIMIT_S

    @property
    def name(self) -> str:
        return NAME

    def show(self) -> Sequence[str]:
        """Show what changed, as far as the time goes; see `View`."""
        tally, trouble = Tally(), ""
        try:
            work = self._ask()
            tally = work.tally
            if self.book.outbox():
                self._respect_pause()
                self._send(work)
        except SyncError as error:
            trouble = f"Music Tracks on Notion are not up to date: {error}"
            self._note_pause(error)
        waiting = len(self.book.outbox())
        told = [*filter(None, [trouble]), *_told(tally)]
        if waiting and not trouble:
            told.append(f"Music Tracks on Notion: {waiting} more rows are brought up to date by the next syncs")
        state = {"at": self.now().isoformat(timespec="seconds"), "trouble": trouble, "waiting": waiting}
        self.book.remember("state", json.dumps(state))
        return told

    # What is due, told by the catalogue alone

    def _ask(self) -> Showing:
        """Compare all that is to be shown with what is, and put the differences into the outbox."""
        shown = dict(self.book.shown())
        wanted = {each.subject: each for each in self._all_wanted(shown)}
        columns = NotionRows(self.rows_file).columns
        is_new_form = bool(columns) and columns != self.book.fact("columns")
        self.book.ask(
            subject for subject, each in wanted.items() if _is_due(each, shown.get(subject), is_new_form=is_new_form)
        )
        return Showing(wanted, shown, self.book, self.shelf)

    def _all_wanted(self, shown: Mapping[str, Standing]) -> Iterator[Wanted]:
        """Playlists first, since rows are related to them; then recordings, what waits, and what is gone."""
        lists = self.book.playlists()
        if self.databases.playlists:
            counted = Counter(replace(each, position=None) for of in lists.values() for each in of)
            yield from (of_playlist(playlist, number) for playlist, number in counted.items())
        recordings = list(self.book.recordings())
        held = self.shelf.held(file for each in recordings for file in each.files)
        further = _further_pages(shown)
        for recording in recordings:
            main = of_recording(recording, lists.get(recording.recording_id, ()), held, self.shelf.absolute)
            yield main
            yield from _further(main, shown, further.get(main.subject, ()))
        for waiting in self.book.waiting():
            yield of_waiting(waiting)
        there = {each.recording_id for each in recordings}
        for subject in shown:
            kind, _, rest = subject.partition(":")
            if kind == "recording" and rest.partition("@")[0] not in there:
                yield of_gone(subject)

    # Telling Notion

    def _send(self, work: Showing) -> None:
        until = self.clock() + self.limit_s

        def may_go_on() -> bool:
            return self.clock() < until and not self.stopping()

        calls = self.connect()
        try:
            tables = self._open(calls)
            tables.rows.refresh(tables.tracks, tables.schema, may_go_on)
            if not tables.rows.is_whole:
                raise ServiceUnavailable(
                    f"{len(tables.rows):,} rows of the database are read so far, and none is written before all are; "
                    "the next sync goes on"
                )
            self._ask_anew(tables, work)
            try:
                self._empty(tables, work, may_go_on)
            finally:
                tables.rows.save()
        finally:
            calls.close()

    def _open(self, calls: NotionCalls) -> Tables:
        tracks = notion_music.tracks_table(calls, self.databases.tracks)
        schema = tracks.probe()
        if len(schema.columns) < 2:
            raise NeedsPerson(f"{tracks.where} has no property of a music track; set TRACKS_DB_ID to the right one")
        tables = Tables(tracks, schema, NotionRows(self.rows_file, self.now))
        if self.databases.artists:
            table = notion_music.artists_table(calls, self.databases.artists)
            tables.artists = Artists(table, table.probe(), may_add=True)
        elif "artists" in schema.columns:
            tables.artists = _found_only(calls, schema.columns["artists"].target)
        if self.databases.playlists:
            table = notion_music.playlists_table(calls, self.databases.playlists)
            tables.playlists = Playlists(table, table.probe())
        return tables

    def _ask_anew(self, tables: Tables, work: Showing) -> None:
        """After a change of the properties every row is looked at again."""
        if tables.rows.columns != self.book.fact("columns"):
            known = [(each, work.shown.get(subject)) for subject, each in work.wanted.items()]
            self.book.ask(each.subject for each, standing in known if _is_due(each, standing, is_new_form=True))
            self.book.remember("columns", tables.rows.columns)

    def _empty(self, tables: Tables, work: Showing, may_go_on: Callable[[], bool]) -> None:
        refused = 0
        outbox = self.book.outbox()
        for number, outgoing in enumerate(outbox):
            if not may_go_on():
                return
            if number % BATCH == 0 and tables.artists:
                batch = [
                    work.wanted[each.subject] for each in outbox[number : number + BATCH] if each.subject in work.wanted
                ]
                tables.artists.look_up(each.artist for each in batch)
            refused = 0 if self._sent(outgoing, tables, work) else refused + 1
            if refused >= MOST_REFUSED:
                raise NeedsPerson(f"one row after the other is refused: {work.tally.refused[-1]}")

    def _sent(self, outgoing: Outgoing, tables: Tables, work: Showing) -> bool:
        """Show one subject; a row that Notion refuses is told of, stays in the outbox, and holds up no other."""
        wanted = work.wanted.get(outgoing.subject)
        try:
            if wanted is not None:
                work.bring(wanted, tables)
        except (Rejected, NotThere) as error:
            log.warning("%s is not on Notion: %s", outgoing.subject, error)
            work.tally.refused.append(str(error))
            return False
        self.book.sent(outgoing)
        return True

    # A pause that Notion asked for

    def _respect_pause(self) -> None:
        until = self.book.fact("not_before")
        if until and datetime.fromisoformat(until) > self.now():
            raise ServiceUnavailable(f"Notion asked to be left alone until {until}; a sync after that goes on")

    def _note_pause(self, error: SyncError) -> None:
        after_s = error.after_s if isinstance(error, ServiceUnavailable) else None
        if after_s:
            until = self.now() + timedelta(seconds=after_s)
            self.book.remember("not_before", until.isoformat(timespec="seconds"))


def _found_only(calls: NotionCalls, source_id: str) -> Artists | None:
    """The artists that rows lead to, when no setting names them: they are found, never made."""
    try:
        table = notion_music.artists_table(calls, source_id)
        return Artists(table, table.probe(), may_add=False)
    except NeedsPerson:
        # They are not shared with the connection; then the names alone are written.
        return None


def _is_due(wanted: Wanted, standing: Standing | None, *, is_new_form: bool) -> bool:
    if standing is None:
        return not wanted.is_gone
    return not standing.deleted and (is_new_form or standing.wanted != wanted.digest)


def _further_pages(shown: Mapping[str, Standing]) -> Mapping[str, list[str]]:
    """The further rows that recordings have already, by the recordings' subjects."""
    found: dict[str, list[str]] = defaultdict(list)
    for subject in shown:
        main, _, page = subject.partition("@")
        if page and subject.startswith("recording:"):
            found[main].append(page)
    return found


def _further(main: Wanted, shown: Mapping[str, Standing], known: Sequence[str]) -> Iterator[Wanted]:
    """Further rows of a recording that has one: those that a person added for it, and those where it waited."""
    waited = [shown[each].page for each in main.forerunners if each in shown and not shown[each].deleted]
    pages = [*waited, *main.pages, *known]
    own = shown[main.subject].page if main.subject in shown else next(iter(pages), "")
    for page in dict.fromkeys(pages):
        if page != own:
            yield replace(main, subject=f"{main.subject}@{page}", pages=(), forerunners=())


def _told(tally: Tally) -> Iterator[str]:
    """What a person should know of a round, one line each."""
    where = "Music Tracks on Notion"
    if tally.missing:
        yield f"{where}: the database has no property for {_named(tally.missing)}; add them, or do without"
    if tally.dropped:
        yield f"{where}: left out: {_named(tally.dropped)}"
    if tally.without_id:
        yield (
            f"{where}: {tally.without_id} rows are not made, because no property could hold an id by which they are "
            "known again; add a text property `Music Sync ID`"
        )
    if tally.deleted:
        yield f"{where}: {tally.deleted} rows that were deleted there stay deleted"
    if tally.refused:
        yield f"{where}: {len(tally.refused)} rows were refused and are tried again: {tally.refused[0]}"


def _named(counted: Counter[str]) -> str:
    names = [name for name, _ in counted.most_common(MOST_NAMED)]
    rest = len(counted) - len(names)
    return "; ".join(names) + (f"; and {rest} more" if rest > 0 else "")
