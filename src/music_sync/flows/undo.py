"""Taking back what was filed, merged or filled in. Read it top to bottom.

All is checked first. Then files move, then one transaction changes the rows, then the outside hears of it. A kill in
between leaves files moved and rows not; the same undo once more finds that out and finishes.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.adapters.sql.rows import name_of_row
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.flows.retag import Copies, Note, Retagger
from music_sync.flows.turn import Turn, settle, switch
from music_sync.model.errors import NeedsPerson, TryAgainLater
from music_sync.model.track import Cover, LibraryFile, Recording
from music_sync.track import undo
from music_sync.track.enrich import Filling, facts_of, filling
from music_sync.track.undo import MERGE, REPLACE, RETAG, UNDO, Change, Wanted, changes, undone, wanted


@dataclass(frozen=True)
class Desk:
    """What an undo needs of the world."""

    catalogue: SqlRetags
    library: FolderLibrary
    folder: UndoneFolder
    retagger: Retagger
    publish: Callable[[], object]


@dataclass(frozen=True)
class Done:
    """What was undone, or would be."""

    number: int
    """Of the entry that was undone."""
    kind: str
    is_back: bool
    label: str
    """The recording, or the track that was merged with it."""
    recording_id: str
    moved: tuple[tuple[str, str], ...] = ()
    """From where to where, a file each."""
    entry: int | None = None
    """The number under which this undo stands in the journal itself; None for a dry run."""


@dataclass(frozen=True)
class Told:
    """A change in the journal, as a person knows it."""

    change: Change
    label: str


def told(catalogue: SqlJournal) -> list[Told]:
    """What can be undone, oldest first."""
    return [Told(each, _label(each, catalogue)) for each in changes(catalogue.journal())]


def take_back(word: str, desk: Desk, *, dry_run: bool = False) -> Done:
    """Undo the change of that number, or the `last` one; with `dry_run` only check and say what would be done."""
    if not dry_run:
        settle(desk.catalogue, desk.library, desk.folder)
        desk.retagger.settle()
    what = wanted(word, changes(desk.catalogue.journal()))
    if what.change.kind == MERGE:
        done = _merge(what, desk, dry_run=dry_run)
    elif what.change.kind == REPLACE:
        done = _switch(what, desk, dry_run=dry_run)
    elif what.change.kind == RETAG:
        done = _retag(what, desk, dry_run=dry_run)
    elif what.is_back:
        done = _bring_back(what, desk, dry_run=dry_run)
    else:
        done = _take_out(what, desk, dry_run=dry_run)
    if not dry_run:
        desk.publish()
    return done


def _take_out(what: Wanted, desk: Desk, *, dry_run: bool) -> Done:
    """A filing: its files out of the library, its rows out of the catalogue."""
    change, date = what.change, datetime.now(UTC).date().isoformat()
    recording = undo.must_be_there(change, desk.catalogue.recording(change.recording_id))
    if desk.catalogue.under_way(change.recording_id):
        raise NeedsPerson(f"a sync of {recording.label} has not ended; `music-sync sync` finishes it, then undo it")
    desk.library.present() if dry_run else desk.library.check()
    for file in recording.files:
        desk.folder.must_be_as_filed(file, change.number)
    done = Done(what.target, change.kind, what.is_back, recording.label, change.recording_id)
    if dry_run:
        return replace(done, moved=tuple((file.path, "") for file in recording.files))
    moved = {file.path: str(desk.folder.take(file, change.number, date)) for file in recording.files}
    tracks = desk.catalogue.tracks_of(change.recording_id)
    endings = {f"{source}:{source_id}": undone(source, source_id, label) for source, source_id, label in tracks}
    entry = desk.catalogue.take_out(change.number, change.recording_id, endings, moved)
    return replace(done, moved=tuple(moved.items()), entry=entry)


def _bring_back(what: Wanted, desk: Desk, *, dry_run: bool) -> Done:
    """An undone filing: files and rows where they were."""
    change, turn = what.change, what.change.turns[-1]
    state = turn.state
    if desk.catalogue.recording(change.recording_id) is not None:
        raise NeedsPerson("it is in the library again, so there is nothing to bring back; `music-sync library list`")
    desk.library.present() if dry_run else desk.library.check()
    stored = dict(turn.moved)
    files = [LibraryFile(row["path"], row["format"], row["sha256"], row["size_bytes"]) for row in state["files"]]
    placed = [(file, desk.folder.where(file, change.number) or Path(stored[file.path])) for file in files]
    for file, where in placed:
        desk.folder.must_come_back(file, where)
    label = name_of_row(state["recording"])
    moved = {str(where): file.path for file, where in placed}
    done = Done(what.target, change.kind, what.is_back, label, change.recording_id, tuple(moved.items()))
    if dry_run:
        return done
    for file, where in placed:
        desk.folder.give_back(file, where)
    return replace(done, entry=desk.catalogue.put_back(change.number, change.recording_id, state, moved))


def _merge(what: Wanted, desk: Desk, *, dry_run: bool) -> Done:
    """A merge: the track off the recording and back to review, or on it again."""
    change = what.change
    assert change.before is not None  # noqa: S101 - a merge is never written without its states
    assert change.after is not None  # noqa: S101
    undo.must_be_there(change, desk.catalogue.recording(change.recording_id))
    done = Done(what.target, change.kind, what.is_back, change.after["label"], change.recording_id)
    if dry_run:
        return done
    turned = desk.catalogue.join_again if what.is_back else desk.catalogue.part
    return replace(done, entry=turned(change.number, change.recording_id, change.before, change.after))


def _switch(what: Wanted, desk: Desk, *, dry_run: bool) -> Done:
    """A replacement: the former files where they were and the new ones aside, or the other way round."""
    change = what.change
    assert change.before is not None  # noqa: S101 - a replacement is never written without its states
    recording = undo.must_be_there(change, desk.catalogue.recording(change.recording_id))
    undo.must_be_latest(change, changes(desk.catalogue.journal(change.recording_id)))
    state = change.turns[-1].state if change.turns else change.before
    desk.library.present() if dry_run else desk.library.check()
    turn = Turn.of(change.number, recording.files, state, is_back=what.is_back)
    moved = switch(turn, desk.library, desk.folder, dry_run=dry_run)
    done = Done(what.target, change.kind, what.is_back, recording.label, change.recording_id, tuple(moved.items()))
    if dry_run:
        return done
    return replace(done, entry=desk.catalogue.switched(change.number, change.recording_id, state, moved))


def _retag(what: Wanted, desk: Desk, *, dry_run: bool) -> Done:
    """A change of tags: what was filled in is taken out of files and catalogue, or filled in again."""
    change = what.change
    assert change.after is not None  # noqa: S101 - a change of tags is never written without its states
    recording = undo.must_be_there(change, desk.catalogue.recording(change.recording_id))
    desk.library.present() if dry_run else desk.library.check()
    for file in recording.files:
        if file.path in change.paths and not desk.library.is_whole(file):
            raise NeedsPerson(f"{file.path} was changed since its tags were filled in, so nothing was undone")
    done = Done(what.target, change.kind, what.is_back, recording.label, change.recording_id)
    if dry_run:
        return done
    with desk.catalogue.alone() as is_alone:
        if not is_alone:
            raise TryAgainLater("another machine is changing tags just now; run the same again in a minute")
        return _turned(what, recording, done, desk)


def _turned(what: Wanted, recording: Recording, done: Done, desk: Desk) -> Done:
    try:
        copies = desk.retagger.copies(recording)
        turned = _filled_again if what.is_back else _taken_out
        entry = turned(what.change, recording, copies, desk.retagger)
        if entry is None:
            raise NeedsPerson(f"the files of {recording.label} changed just now; run the same again")
        return replace(done, entry=entry)
    finally:
        desk.retagger.clear(recording.recording_id)


def _taken_out(change: Change, recording: Recording, copies: Copies, retagger: Retagger) -> int | None:
    """Empty the fields again; the cover is kept in the journal, so that it can come back."""
    after, before = change.after or {}, change.before or {}
    ours = [each for each in copies.whole if each.file.path in change.paths]
    cover = retagger.tagger.cover(ours[0].path) if ours and "cover" in after["filled"] else None
    kept = {"columns": after["columns"]} | ({"cover": _packed(cover)} if cover else {})
    note = Note(UNDO, kept, {"change": change.number, "columns": before["columns"]})
    return retagger.rewrite(recording, ours, lambda path: retagger.tagger.remove(path, after["filled"]), note)


def _filled_again(change: Change, recording: Recording, copies: Copies, retagger: Retagger) -> int | None:
    after, kept = change.after or {}, change.turns[-1].state
    ours = [each for each in copies.whole if each.file.path in change.paths]
    cover = _unpacked(kept["cover"]) if "cover" in kept else None
    wanted_again = Filling(facts_of(after["facts"]), cover)
    embedded = [retagger.tagger.read(each.path) for each in ours]
    if filling(recording, embedded, wanted_again.facts, cover) != wanted_again:
        raise NeedsPerson(f"the tags of {recording.label} say something else by now, so nothing was filled in again")
    note = Note(
        UNDO, {"columns": (change.before or {})["columns"]}, {"change": change.number, "columns": after["columns"]}
    )
    return retagger.rewrite(recording, ours, lambda path: retagger.tagger.write(path, wanted_again.tags), note)


def _packed(cover: Cover) -> dict[str, str]:
    return {"mime": cover.mime, "picture": base64.b64encode(cover.picture).decode("ascii")}


def _unpacked(kept: Mapping[str, str]) -> Cover:
    return Cover(kept["mime"], base64.b64decode(kept["picture"]))


def _label(change: Change, catalogue: SqlJournal) -> str:
    if change.after:
        return str(change.after["label"])
    if change.turns and not change.is_in_effect:
        return name_of_row(change.turns[-1].state["recording"])
    return catalogue.called(change.recording_id)
