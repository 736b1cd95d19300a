"""A service with one person's likes, to be led through every state that it may be in; tests/samples/sources/ has one each.

A module there gives `walk()`, and may name in `MISSING` the states that its service does not know, each with the reason.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from music_sync.demo.loopback import Behaviour, Loopback, RateLimited

QUOTA_S = 49_000
"""As long as a service told one of its users to wait."""


class Walk(ABC):
    """What one person likes at a simulated service. Tracks have numbers from 1; the source knows them by `source_id`."""

    part: ClassVar[str] = "likes"
    page: ClassVar[str]
    """Is found in `METHOD /path` of each call that asks for a page of the likes."""
    page_entries: ClassVar[int]
    """How many entries a page has as the source asks for it."""
    calls_for_one_more: ClassVar[int] = 1
    """How many pages are asked for when one more is liked."""

    def __init__(self, server: Loopback, variables: Mapping[str, str]) -> None:
        self.server = server
        self.variables = variables
        """The environment of a home that is connected to it."""
        self.numbers: list[int] = []
        """Of the tracks that are liked now, newest first."""

    @abstractmethod
    def source_id(self, number: int) -> str: ...

    def like(self, *numbers: int) -> None:
        """Like these tracks, the last one latest."""
        for number in numbers:
            self.numbers.insert(0, number)
            self.put(number)

    def unlike(self, *numbers: int) -> None:
        for number in numbers:
            self.numbers.remove(number)
            self.take(number)

    @abstractmethod
    def put(self, number: int) -> None:
        """Put it to the beginning of the list."""

    @abstractmethod
    def take(self, number: int) -> None: ...

    def expire(self) -> None:
        """All access tokens end now; what renews them stays."""
        raise NotImplementedError

    @abstractmethod
    def revoke(self) -> None:
        """The person takes back what they allowed; with a key, it is no longer taken."""

    def limited(self, after_s: int) -> Behaviour:
        """Too many calls, in the words of this service."""
        return RateLimited(str(after_s))

    def over_quota(self) -> Behaviour:
        """No more calls today."""
        return self.limited(QUOTA_S)

    @property
    def ids(self) -> list[str]:
        """What the source should find, newest first."""
        return [self.source_id(number) for number in self.numbers]

    @property
    def calls(self) -> int:
        """How many pages of the likes were asked for."""
        return len(self.server.calls(self.page))

    def pages(self) -> int:
        """How many pages the likes take now."""
        return max(1, -(-len(self.numbers) // self.page_entries))

    def after_page(self, number: int, act: Callable[[], object]) -> None:
        """Do something once, when that many further pages were asked for and before the last of them goes out."""
        wanted, acts = self.calls + number, iter((act,))

        def after_each(_count: int) -> None:
            if self.calls >= wanted:
                next(acts, lambda: None)()

        self.server.after_each = after_each


class WalkModule(Protocol):
    """A module of tests/samples/sources/ whose source stands behind a service."""

    def walk(self) -> AbstractContextManager[Walk]: ...


Walks = Iterator[Walk]
