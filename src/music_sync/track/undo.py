"""Undo: which changes of the journal can be taken back, and what that means for files and rows.

Each undo stands in the journal too and turns its change over: once undone, twice in effect again.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from music_sync.model.endings import Failed
from music_sync.model.errors import BadSetting, NeedsPerson
from music_sync.model.track import Recording

FILED, MERGE, REPLACE, RETAG, UNDO = "filed", "merge", "replace", "retag", "undo"
"""Kinds of journal entries that can be undone."""

STAGE = "undo"
"""The stage at which a track stands whose filing was undone: only a retry that names it files it again."""


class Entry(Protocol):
    """A journal entry, as far as it matters here."""

    @property
    def entry_id(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def recording_id(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def before(self) -> Mapping[str, Any]: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Turn:
    """An undo of a change, or of an undo before it."""

    number: int
    at: str
    state: Mapping[str, Any]
    """What was taken out, so that it can be put back."""
    moved: tuple[tuple[str, str], ...]
    """Path in the library -> where the file was put."""


@dataclass(frozen=True)
class Change:
    """A filing with all its files, a merge, a replacement or a change of tags, and how often it was turned over."""

    number: int
    kind: str
    at: str
    recording_id: str
    entries: tuple[int, ...]
    paths: tuple[str, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    turns: tuple[Turn, ...] = ()

    @property
    def is_in_effect(self) -> bool:
        return len(self.turns) % 2 == 0


@dataclass(frozen=True)
class Wanted:
    """What an undo is to do: take a change back, or put it back in effect."""

    change: Change
    target: int
    """The number of the entry that is undone: the change's own, or that of its last undo."""

    @property
    def is_back(self) -> bool:
        """Is an undo undone, so that files and rows come back?"""
        return not self.change.is_in_effect


def changes(entries: Iterable[Entry]) -> list[Change]:
    """The changes that stand in the journal, oldest first; entries that cannot be undone are left out."""
    found: dict[int, Change] = {}
    open_filing: dict[str, int] = {}
    for entry in entries:
        if entry.kind == FILED:
            number = open_filing.setdefault(entry.recording_id, entry.entry_id)
            found[number] = _with_file(found.get(number), entry)
        elif entry.kind in {MERGE, REPLACE, RETAG}:
            found[entry.entry_id] = Change(
                *(entry.entry_id, entry.kind, entry.at, entry.recording_id, (entry.entry_id,)),
                paths=_retagged(entry) if entry.kind == RETAG else (),
                before=entry.before,
                after=entry.after,
            )
        elif entry.kind == UNDO:
            change = found[int(entry.after["change"])]
            moved = tuple((path, where) for path, where in entry.after.get("moved", ()))
            turn = Turn(entry.entry_id, entry.at, entry.before, moved)
            found[change.number] = replace(change, turns=(*change.turns, turn))
            # What is filed after this is a filing of its own.
            open_filing.pop(entry.recording_id if change.kind == FILED else "", None)
            if change.kind == FILED and found[change.number].is_in_effect:
                open_filing[entry.recording_id] = change.number
    return list(found.values())


def _retagged(entry: Entry) -> tuple[str, ...]:
    """The files whose tags were changed: the journal holds each as it was and as it is."""
    return tuple(before["path"] for before, _ in entry.after["files"])


def _with_file(change: Change | None, entry: Entry) -> Change:
    change = change or Change(entry.entry_id, FILED, entry.at, entry.recording_id, ())
    return replace(change, entries=(*change.entries, entry.entry_id), paths=(*change.paths, entry.path))


def wanted(word: str, known: Sequence[Change]) -> Wanted:
    """What the number of a change, of one of its entries, or of its last undo asks for; `last` is the latest in effect.

    Raises BadSetting when it names nothing that can be undone now.
    """
    if word == "last":
        in_effect = [each for each in known if each.is_in_effect]
        if not in_effect:
            raise BadSetting("there is nothing to undo; `music-sync undo list` shows what was done")
        change = max(in_effect, key=lambda each: each.turns[-1].number if each.turns else each.entries[-1])
        return Wanted(change, change.number)
    number = int(word) if word.isdecimal() and word.isascii() else -1
    for change in known:
        if number in change.entries:
            return _in_effect(change)
        if number in {turn.number for turn in change.turns}:
            return _last_turn(change, number)
    raise BadSetting(f"nothing that can be undone has the number {word!r}; `music-sync undo list` shows the numbers")


def _in_effect(change: Change) -> Wanted:
    if not change.is_in_effect:
        turn = change.turns[-1]
        raise BadSetting(f"{change.number} was undone already; `music-sync undo {turn.number}` brings back what it did")
    return Wanted(change, change.number)


def _last_turn(change: Change, number: int) -> Wanted:
    if change.turns[-1].number != number:
        raise BadSetting(f"{number} is overtaken by {change.turns[-1].number}; undo that one")
    return Wanted(change, number)


def must_be_latest(change: Change, known: Sequence[Change]) -> None:
    """Raise NeedsPerson when the files that a replacement brought were replaced since."""
    for other in known:
        is_later = other.number > change.number and (other.kind, other.recording_id) == (REPLACE, change.recording_id)
        if is_later and other.is_in_effect:
            raise NeedsPerson(f"its files were replaced again since then; `music-sync undo {other.number}` comes first")


def undone(source: str, source_id: str, label: str) -> Failed:
    """The ending of a track whose filing was undone; no sync files it again by itself."""
    again = shlex.quote(f"{source}:{source_id}")
    text = f"you undid the filing of {label}; `music-sync retry {again}` files it again"
    return Failed(text, STAGE, "person")


_SENTENCES = {
    (FILED, False): "undone: {label} is out of the library",
    (FILED, True): "brought back: {label} is in the library again",
    (MERGE, False): "undone: {label} is no longer the same recording, and waits for review",
    (MERGE, True): "brought back: {label} is the same recording again",
    (REPLACE, False): "undone: {label} has its former files again",
    (REPLACE, True): "brought back: {label} has the better file again",
    (RETAG, False): "undone: the tags of {label} are as they were before",
    (RETAG, True): "brought back: the tags of {label} are filled in again",
}


def sentence(kind: str, label: str, *, is_back: bool) -> str:
    """What was done, by the kind of change and whether an undo was undone."""
    return _SENTENCES[kind, is_back].format(label=label)


def must_be_there(change: Change, recording: Recording | None) -> Recording:
    """The recording whose filing is to be undone; raises NeedsPerson when the catalogue holds it no more."""
    if recording is None:
        raise NeedsPerson(
            f"{change.number} cannot be undone: its recording is not in the catalogue any more; "
            "`music-sync library list` shows what is"
        )
    return recording
