"""Two readings of names, to be held against each other."""

from collections.abc import Iterable
from dataclasses import dataclass

from music_sync.track.spelling import Words
from music_sync.track.title import Named
from music_sync.track.words import tokens


@dataclass(frozen=True)
class Pair:
    """A reading of the one and a reading of the other."""

    first: Named
    second: Named
    albums: tuple[str, str] = ("", "")
    near: bool = False
    """Are their lengths so near that they speak for one recording?"""
    equal: bool = False
    """Are their lengths the same but for rounding?"""

    @property
    def people(self) -> set[str]:
        """The words of all artists and guests."""
        return {word for artist in (*self.first.everybody, *self.second.everybody) for word in artist}

    @property
    def known(self) -> set[str]:
        """Words that tell nothing new beside artists and albums."""
        return self.people.union(*map(tokens, self.albums))

    @property
    def is_turned(self) -> bool:
        return "turned" in {self.first.form, self.second.form}


def all_words(artists: Iterable[Words]) -> Words:
    """The words of all artists in a row."""
    return tuple(word for artist in artists for word in artist)


def is_year(word: str) -> bool:
    return len(word) == len("2000") and word.isdigit() and word.startswith(("19", "20"))
