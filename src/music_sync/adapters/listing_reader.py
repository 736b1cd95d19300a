"""Reading lists at a service again and again, cheaply and completely.

The memory (`Listings`) holds what a list held; a reading brings it up to date and costs as few calls as can be.
What is read is stored page by page, so that a kill costs one page. Pages that shift while they are read lose nothing:
where entries went away the reading steps back, and at its end it looks at the first page again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from music_sync.model.errors import GiveUp, NotSetUp, ServiceUnavailable, SyncError
from music_sync.model.listing import Listing, Listings
from music_sync.model.track import FoundTrack, Playlist

RECHECK_NEWEST = timedelta(days=7)
"""A list of which only the newest entries are read is read as a whole this often."""
RECHECK_MARKED = timedelta(days=30)
"""A list whose mark stays the same is read as a whole this often."""
_DAY = timedelta(days=1)
STALE = _DAY
"""A reading that broke off this long ago begins anew when the page it stopped at still does not come."""
MOST_READINGS = 3
"""So often a list that changes while it is read is read in one go; the next sync reads it again."""
CHEAP_CALLS = 5
"""A whole reading that takes no more calls is done at once where something looks odd."""
TOLD_EVERY = 1000
"""Entries after which a long reading says how far it is."""
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
    """Reads the lists of one source. `messages` tells what a person should know; each source clears it when it begins.

    What was looked at before `since`, when somebody signed in, may be another person's.
    """

    def __init__(
        self,
        listings: Listings,
        source: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell: Callable[[str], None] = lambda _line: None,
        anew: bool = False,
        since: datetime | None = None,
    ) -> None:
        self.messages: list[str] = []
        self._listings = listings
        self._source = source
        self._now = now
        self._tell = tell
        self._anew = anew
        self._since = since.replace(microsecond=0) if since else None

    def read(self, remote: RemoteList, *, anew: bool = False) -> Iterator[FoundTrack]:
        """Yield what the list holds, newest first; a playlist's tracks carry their place on it.

        What was known before is yielded even when the service fails midway, and then the error is raised.
        `anew` reads all of it, whatever the memory says; a reader may be made to do that with every list.
        """
        failure: SyncError | None = None
        try:
            self._bring_up_to_date(remote, anew=anew or self._anew)
        except NotSetUp:
            raise
        except SyncError as error:
            failure = error
        yield from _in_order(remote, self._source, self._listings.tracks(self._source, remote.listing))
        if failure:
            raise failure

    def _bring_up_to_date(self, remote: RemoteList, *, anew: bool) -> None:
        known = self._listings.listing(self._source, remote.listing)
        if anew or known is None or not known.read_at or self._is_due(remote, known):
            self._read_whole(remote, known)
        elif not remote.mark:
            self._read_newest(remote, known)
        elif known.mark != remote.mark:
            if not self._read_end(remote, known):
                self._read_whole(remote, known)
        elif known.name != remote.name:
            # Not every service counts a new name as a change, and a person asks for the list by it.
            self._listings.keep(replace(known, name=remote.name))

    def is_of_this_sign_in(self, stamp: str) -> bool:
        """Was that seen with the sign-in that counts now?"""
        return not stamp or not self._since or datetime.fromisoformat(stamp) >= self._since

    def _is_due(self, remote: RemoteList, known: Listing) -> bool:
        if not remote.mark and not self.is_of_this_sign_in(known.read_at):
            return True
        every = RECHECK_MARKED if remote.mark else RECHECK_NEWEST
        return self._is_older(known.read_at, every)

    # The beginning of a list

    def _read_newest(self, remote: RemoteList, known: Listing) -> None:
        """Read from the beginning until what is known begins; a count that does not fit asks for all of it."""
        held = _places(self._listings.tracks(self._source, remote.listing))
        pages: list[Page] = []
        fresh, page = self._unknown(
            replace(remote, fetch=_kept_in(pages, remote.fetch)),
            held,
            lambda fresh, total: total == known.entries + len(fresh),
        )
        # A service that counts more than it shows has lost the way to its next page.
        if len(pages) == 1 and not page.goes_on and page.total in {None, page.entries}:
            self._take_all(remote, known, held, page)
            return
        expected = known.entries + sum(found.source_id not in held for found in fresh)
        total = expected if page.total is None else page.total
        is_cheap = total <= CHEAP_CALLS * max(page.entries, 1)
        if total > expected or (total < expected and is_cheap):
            self._read_whole(remote, known)
        elif fresh or total != known.entries:
            state = replace(known, name=remote.name, entries=total, looked_at=self._stamp())
            self._listings.first(state, fresh)

    def _take_all(self, remote: RemoteList, known: Listing, held: Mapping[str, str], page: Page) -> None:
        """One page was all of the list, so that what is gone from it shows at once."""
        is_as_it_was = {found.source_id for found in page.tracks} == held.keys() and page.entries == known.entries
        if is_as_it_was and all(_is_held(found, held) for found in page.tracks):
            return
        stamp = self._stamp()
        state = replace(known, name=remote.name, entries=page.entries, reading=known.reading + 1, goes_on="")
        state = replace(state, looked_at=stamp, read_at=stamp)
        self._listings.page(state, page.tracks, 0)
        self._tell_gone(remote, self._listings.whole(state))

    def _unknown(
        self, remote: RemoteList, held: Mapping[str, str], adds_up: Callable[[Sequence[FoundTrack], int | None], bool]
    ) -> tuple[list[FoundTrack], Page]:
        """The entries before those we hold, and the last page that was read for them."""
        fresh: list[FoundTrack] = []
        fetch = _Guarded(remote.fetch)
        cursor, total = "", None
        while True:
            cursor, page = _settled(remote, fetch, cursor, total)
            unknown = [found for found in page.tracks if not _is_held(found, held)]
            fresh += unknown
            is_met = len(unknown) < len(page.tracks)
            if not page.goes_on or (is_met and (not unknown or adds_up(fresh, page.total))):
                return fresh, page
            cursor, total = page.goes_on, page.total

    # The end of a list

    def _read_end(self, remote: RemoteList, known: Listing) -> bool:
        """Read only what was put to the end; False when that cannot be all that changed."""
        if remote.at is None or remote.total is None or not 0 < known.entries < remote.total:
            return False
        held = [found.source_id for found in self._listings.tracks(self._source, remote.listing)]
        start = max(0, known.entries - OVERLAP)
        fetch = _Guarded(remote.fetch)
        pages = [fetch(remote.at(start))]
        while pages[-1].goes_on:
            pages.append(fetch(pages[-1].goes_on))
        found = [track for page in pages for track in page.tracks]
        ids = [track.source_id for track in found]
        overlap = ids.index(held[-1]) + 1 if held and held[-1] in ids[:OVERLAP] else 0
        adds_up = start + sum(page.entries for page in pages) == remote.total
        # Entries that are no tracks look all alike, so only tracks show for certain that it grew at its end.
        adds_up = adds_up and len(found) - overlap == remote.total - known.entries
        if not overlap or ids[:overlap] != held[-overlap:] or not adds_up or self._mark_of(remote) != remote.mark:
            return False
        state = replace(known, name=remote.name, mark=remote.mark, entries=remote.total, looked_at=self._stamp())
        self._listings.last(state, found[overlap:])
        return True

    # The whole list

    def _read_whole(self, remote: RemoteList, known: Listing | None) -> None:
        state = known or Listing(self._source, remote.listing)
        state = replace(state, name=remote.name, refused="")
        if not remote.mark and not self.is_of_this_sign_in(state.looked_at):
            state = replace(state, goes_on="")
        mark = remote.mark
        is_stale = known is not None and self._is_older(known.looked_at, STALE)
        # All that one reading sees first was first seen at its beginning: its pages are no order of time.
        state = replace(state, looked_at=self._stamp())
        for _ in range(MOST_READINGS):
            began = _Began.read(state.goes_on, mark)
            if began is None:
                state = replace(state, reading=state.reading + 1, goes_on="")
            state = self._read_once(remote, state, replace(began, is_stale=is_stale) if began else _Began(mark=mark))
            mark_now = self._mark_of(remote)
            if mark_now == mark:
                gone = self._listings.whole(replace(state, mark=mark, read_at=self._stamp(), looked_at=self._stamp()))
                self._tell_gone(remote, gone)
                return
            mark = mark_now
        # What was seen is kept; without a time of its last reading the next sync reads all of it again.
        self._listings.keep(replace(state, mark="", read_at="", looked_at=self._stamp()))
        self.messages.append(f"{remote.name} changed while it was read; the next sync reads it once more")

    def _read_once(self, remote: RemoteList, state: Listing, began: "_Began") -> Listing:
        """Store page by page from where a reading began or goes on, to the end; gives the state with all of it counted."""
        fetch = _Guarded(remote.fetch)
        # What an earlier process saw of this reading is among what we hold.
        held = self._listings.tracks(self._source, remote.listing) if began.is_resumed else []
        seen = {found.source_id for found in held}
        has_more_pages = bool(began.cursor)
        while True:
            page, began = self._fetched(remote, fetch, began)
            seen.update(found.source_id for found in page.tracks)
            following = replace(
                began,
                cursor=page.goes_on,
                position=began.position + len(page.tracks),
                entries=began.entries + page.entries,
            )
            state = replace(state, goes_on=following.text if page.goes_on else "")
            self._listings.page(state, page.tracks, began.position)
            if not page.goes_on:
                break
            if following.entries // TOLD_EVERY > began.entries // TOLD_EVERY:
                of_all = f" of {page.total}" if page.total is not None else ""
                self._tell(f"{self._source}: {following.entries}{of_all} entries of {remote.name} read")
            began, has_more_pages = following, True
        total = following.total
        if has_more_pages and not remote.mark:
            total = self._look_back(remote, state, seen, total)
        return replace(state, entries=following.entries if total is None else total)

    def _fetched(self, remote: RemoteList, fetch: Fetch, began: "_Began") -> tuple[Page, "_Began"]:
        """The next page; a cursor that is no longer taken begins the reading anew."""
        try:
            cursor, page = _settled(remote, fetch, began.cursor, began.total)
        except (GiveUp, ServiceUnavailable) as error:
            # The cursor of a reading that was broken off is no longer taken. Some services say that as if they were
            # away; those that truly are fail here too.
            if not (began.is_resumed if isinstance(error, GiveUp) else began.is_stale and error.after_s is None):
                raise
            began, cursor, page = _Began(mark=began.mark), "", fetch("")
        return page, replace(began, cursor=cursor, total=page.total, is_resumed=False, is_stale=False)

    def _look_back(self, remote: RemoteList, state: Listing, seen: set[str], total: int | None) -> int | None:
        """Take in what was put to the beginning while the rest was read."""
        pages: list[Page] = []
        fresh, page = self._unknown(
            replace(remote, fetch=_kept_in(pages, remote.fetch)), dict.fromkeys(seen, ""), lambda _fresh, _total: True
        )
        self._listings.first(state, [found for page in pages for found in page.tracks])
        return page.total if page.total is not None else total and total + len(fresh)

    # Beneath

    def _mark_of(self, remote: RemoteList) -> str:
        return remote.mark_now() if remote.mark_now else remote.mark

    def _tell_gone(self, remote: RemoteList, gone: int) -> None:
        if gone:
            are = "track is" if gone == 1 else "tracks are"
            self.messages.append(f"{gone} {are} no longer on {remote.name}; the files stay")

    def _is_older(self, stamp: str, age: timedelta) -> bool:
        """A clock that was put back leaves moments that have not come yet, of which nobody knows how old they are."""
        since = self._now() - datetime.fromisoformat(stamp) if stamp else age
        return since >= age or since < -_DAY

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="seconds")


@dataclass(frozen=True)
class _Began:
    """How far a whole reading is; its text is kept, so that another process goes on from there."""

    cursor: str = ""
    position: int = 0
    entries: int = 0
    mark: str = ""
    total: int | None = None
    is_resumed: bool = False
    is_stale: bool = False

    @property
    def text(self) -> str:
        return json.dumps([self.cursor, self.position, self.entries, self.mark, self.total])

    @classmethod
    def read(cls, text: str, mark: str) -> "_Began | None":
        """A reading that was broken off, unless the list changed since."""
        if not text:
            return None
        began = replace(cls(*json.loads(text)), is_resumed=True)
        return began if began.mark == mark else None


class _Guarded:
    """Fetches pages, and stops a service that sends us round in a circle."""

    MOST_VISITS = 3

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._visits: Counter[tuple[str, int | None]] = Counter()
        self._before: tuple[str, Page] | None = None

    def __call__(self, cursor: str) -> Page:
        page = self._fetch(cursor)
        if self._repeats(cursor, page):
            # Once may be a slip of the service, such as an answer out of a cache.
            page = self._fetch(cursor)
            if self._repeats(cursor, page):
                raise ServiceUnavailable(
                    "the service gives the same page again and again; the next sync tries once more"
                )
        self._before = (cursor, page)
        self._visits[cursor, page.total] += 1
        if page.goes_on and (page.goes_on == cursor or self._visits[page.goes_on, page.total] >= self.MOST_VISITS):
            raise ServiceUnavailable("the service names the same page again and again; the next sync tries once more")
        return page

    def _repeats(self, cursor: str, page: Page) -> bool:
        """Is it what stood on the page before, though the list did not grow meanwhile?"""
        if self._before is None or self._before[0] == cursor or not page.tracks:
            return False
        before = self._before[1]
        return page.total == before.total and _ids(page) == _ids(before)


def _ids(page: Page) -> list[str]:
    return [found.source_id for found in page.tracks]


def _kept_in(pages: list[Page], fetch: Fetch) -> Fetch:
    """The same, with each page kept."""

    def fetch_and_keep(cursor: str) -> Page:
        pages.append(fetch(cursor))
        return pages[-1]

    return fetch_and_keep


def _in_order(remote: RemoteList, source: str, held: list[FoundTrack]) -> list[FoundTrack]:
    if not remote.listing.startswith("playlist:"):
        return held
    playlist_id = remote.listing.removeprefix("playlist:")
    placed = [
        replace(found, playlists=(Playlist(source, playlist_id, remote.name, place),))
        for place, found in enumerate(held)
    ]
    return sorted(placed, key=lambda found: found.liked_at, reverse=True)


def _settled(remote: RemoteList, fetch: Fetch, cursor: str, total: int | None) -> tuple[str, Page]:
    """A page, and where it begins; when the list has become shorter, first the entries that moved up before it."""
    page = fetch(cursor)
    while remote.back and cursor and (dropped := _dropped(total, page.total)):
        cursor, total = remote.back(cursor, dropped), page.total
        page = fetch(cursor)
    return cursor, page


def _dropped(before: int | None, now: int | None) -> int:
    """How many entries went away since the last page."""
    return max(0, before - now) if before is not None and now is not None else 0


def _places(held: Sequence[FoundTrack]) -> dict[str, str]:
    return {found.source_id: found.liked_at for found in held}


def _is_held(found: FoundTrack, held: Mapping[str, str]) -> bool:
    """Do we hold it as it is? What was liked once more later stands at the beginning again."""
    liked_at = held.get(found.source_id)
    return liked_at is not None and (not found.liked_at or not liked_at or found.liked_at <= liked_at)
