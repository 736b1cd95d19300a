"""What a view of the catalogue outside needs: what is to be shown, and what is shown already."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from music_sync.model.ports import Outgoing
from music_sync.model.track import FoundTrack, LibraryFile, Playlist, Recording


@dataclass(frozen=True)
class Waiting:
    """A track that has no file yet, or never will."""

    found: FoundTrack
    ending: str
    """buy_list, review or failed."""
    reason: str


@dataclass(frozen=True)
class Standing:
    """How the view stands to one subject."""

    page: str
    """Its id in the view."""
    wanted: str = ""
    """Digest of what was to be shown."""
    fields: Mapping[str, str | list[str]] = field(default_factory=dict)
    """What was written into each field: a digest, of lists the list itself; so that a person's change is seen."""
    deleted: bool = False
    """A person took it out of the view, where it stays out."""


@dataclass(frozen=True)
class Shelf:
    """What a view asks of the library, which all raise EnvironmentFault while it is offline."""

    held: Callable[[Iterable[LibraryFile]], set[str]]
    """The paths of those files that are there, in their size."""
    shortcomings: Callable[[Recording], Sequence[str]]
    """What a recording lacks to be in the library, byte for byte, a sentence each."""
    absolute: Callable[[LibraryFile], Path]


class Book(Protocol):
    """What the catalogue knows of one view."""

    def recordings(self) -> Iterator[Recording]: ...
    def playlists(self) -> Mapping[str, tuple[Playlist, ...]]: ...
    def waiting(self) -> Iterator[Waiting]: ...
    def shown(self) -> Mapping[str, Standing]: ...
    def show(self, subject: str, standing: Standing) -> None: ...
    def forget(self, subject: str) -> None: ...
    def ask(self, subjects: Iterable[str]) -> None: ...
    def outbox(self) -> Sequence[Outgoing]: ...
    def sent(self, outgoing: Outgoing) -> None: ...
    def fact(self, name: str) -> str: ...
    def remember(self, name: str, value: str) -> None: ...


class View(Protocol):
    """Shows the catalogue to another program, a bit each round."""

    @property
    def name(self) -> str: ...

    def show(self) -> Sequence[str]:
        """Show what changed, as far as the time goes; gives what a person should know, a sentence each.

        Raises nothing: what cannot be shown now is told, and caught up by the next round.
        """
