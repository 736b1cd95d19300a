"""Reading lists at a service again and again, cheaply and completely.

The memory (`Listings`) holds what a list held; a reading brings it up to date and costs as few calls as can be.
What is read is stored page by page, so that a kill costs one page. Pages that shift while they are read lose nothing:
where entries went away the reading steps back, and at its end it looks at the first page again.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from music_sync.model.listing import Listings
from music_sync.model.track import FoundTrack

log = logging.getLogger(__name__)

RECHECK_NEWEST = timedelta(days=7)
"""A list of which only the newest entries are read is read as a whole this often."""
RECHECK_MARKED = timedelta(days=30)
"""A list whose mark stays the same is read as a whole this often."""
MOST_READINGS = 3
"""So often a list that changes while it is read is read in one go; the next sync reads it again."""
CHEAP_CALLS = 5
"""A whole reading that takes no more calls is done at once where something looks odd."""
OVERLAP = 3
"""So many known entries must stand before those that were put to the end of a list."""


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    tracks: tuple[FoundTrack, ...]
    """Those entries that can be used, in the list's order."""
    entries: int
    """How many entries it had, those included that cannot be used."""
    goes_on: str = ""
    """Cursor of the next page; empty on the last one."""
    total: int | None = None
    """How many entries the service says the list has."""


Fetch = Callable[[str], Page]
"""Fetches a page by its cursor; the empty cursor is the first page."""


@dataclass(frozen=True)
class RemoteList:
    """A list at a service, and how to get at it.

    Without a `mark` it is a list that grows at its beginning, such as likes.
    """

    listing: str
    """`likes`, or `playlist:` and its id."""
    name: str
    fetch: Fetch
    mark: str = ""
    """A snapshot id or ETag that tells whether the list changed; no call is made when it did not."""
    mark_now: Callable[[], str] | None = None
    """Asks for the mark again, after a reading."""
    total: int | None = None
    """How many entries it has, where that is known beforehand."""
    back: Callable[[str, int], str] | None = None
    """The cursor so many entries before another one, where pages are counted from the beginning."""
    at: Callable[[int], str] | None = None
    """The cursor of a page that begins with that entry, counted from 0: entries at the end can then be read alone."""


class Reader:
    """Reads the lists of one source. `messages` tells what a person should know; each source clears it when it begins."""

    def __init__(
        self, listings: Listings, source: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.messages: list[str] = []
        self._listings = listings
        self._source = source
        self._now = now

    def read(self, remote: RemoteList, *, anew: bool = False) -> Iterator[FoundTrack]:
        """Yield what the list holds, newest first; a playlist's tracks carry their place on it.

        What was known before is yielded even when the service fails midway, and then the error is raised.
        `anew` reads all of it, whatever the memory says.
        """
        raise NotImplementedError
