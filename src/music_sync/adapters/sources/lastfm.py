"""The tracks that a person loves at Last.fm.

It takes one kind of call, which `calls` makes within our budget, with our retries and in our errors. The client pylast
knows one address only, so that neither a proxy nor a simulator could stand before it.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote_plus

from music_sync.adapters.accounts import Account, Words
from music_sync.adapters.answer_fields import fields_of, moment_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Forbidden, NotThere, Reply, Trouble, after_s, by_status
from music_sync.adapters.listing_reader import Page, RemoteList
from music_sync.adapters.means import Means
from music_sync.model.errors import NeedsPerson, ServiceUnavailable
from music_sync.model.track import FoundTrack

NAME = "lastfm"
ACCOUNT = Account(
    NAME,
    "Last.fm",
    "Your user name at Last.fm and an API key, which is free; what you love must not be private there.",
    Words(
        {
            "lastfm_user": "your user name, as in https://www.last.fm/user/NAME",
            "lastfm_api_key": "an API key from https://www.last.fm/api/account/create",
        }
    ),
)
LIMITS = Limits(burst=10, per_s=4)
"""It asks for no more than about five calls a second."""
PAGE_ENTRIES = 1000
"""The most it gives at once."""

_KINDS = {
    6: "not_there",  # no such user; also parameters out of bounds, and ours are not
    10: "sign_in",  # invalid key
    16: "again",  # temporary error
    17: "forbidden",  # private
    26: "sign_in",  # suspended key
    29: "again",  # rate limit
}
"""What its error numbers mean for us; any other may pass."""
_TRACK_PAGE = re.compile(r"https?://(?:www\.)?(?:last\.fm|lastfm\.[a-z.]{2,6})(?:/[a-z]{2})?(/music/[^?#]+)(?:[?#].*)?")


def open_parts(means: Means) -> "Sequence[LovedTracks]":
    return [LovedTracks(means)]


class LovedTracks:
    """What a user loves there, newest first."""

    name = NAME
    part = "loved"

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        self.messages = []
        words = self._means.accounts.words(ACCOUNT)
        user = words["lastfm_user"]
        asked = {"method": "user.getlovedtracks", "format": "json", "limit": PAGE_ENTRIES}
        asked |= {"user": user, "api_key": words["lastfm_api_key"]}
        reader = self._means.reader(NAME)
        unusable: dict[str, int] = {}
        with self._means.calls(ACCOUNT, "lastfm_url", LIMITS, judge=judge) as calls:

            def fetch(cursor: str) -> Page:
                number = int(cursor or 1)
                page = parse_page(calls.get("2.0/", {**asked, "page": number}).json, number)
                unusable[cursor] = page.entries - len(page.tracks)
                return page

            # Two people's lists are two lists, so that another name in the settings begins anew.
            listing = f"loved:{user.casefold()}"
            try:
                yield from reader.read(RemoteList(listing, f"the loved tracks of {user}", fetch, back=_earlier))
            except NotThere as error:
                raise NeedsPerson(f"Last.fm knows no user {user!r}; run `{ACCOUNT.command}`") from error
            except Forbidden as error:
                hidden = f"Last.fm does not show us the loved tracks of {user}"
                raise NeedsPerson(f"{hidden}; make them public in the privacy settings there") from error
            finally:
                self.messages += [*reader.messages, *_told(sum(unusable.values()), user)]


def judge(reply: Reply) -> Trouble | None:
    """It tells its errors in the body, with a number of its own and any status."""
    try:
        body = fields_of(reply.json)
    except ValueError:
        return by_status(reply)
    code = number_of(body.get("error"))
    if code is None:
        return by_status(reply)
    told = f"error {code}: {text_of(body.get('message'))}"
    return Trouble(_KINDS.get(code, "again"), told, after_s(reply.headers.get("retry-after")))


def parse_page(reply: object, number: int) -> Page:
    """The page of that number, counted from 1; raises ServiceUnavailable when it is something else."""
    loved = fields_of(fields_of(reply).get("lovedtracks"))
    tracks = loved.get("track") or []
    # A list of one track is that track, and a list of none may be missing.
    entries = tracks if isinstance(tracks, list) else [tracks]
    total = number_of((fields_of(loved.get("@attr")) or loved).get("total"))
    if not entries and (total is None or (total and number == 1)):
        raise ServiceUnavailable("Last.fm answered with something that is no list; the next sync tries again")
    is_last = not entries or (total is not None and number * PAGE_ENTRIES >= total)
    found = tuple(track for track in map(parse_track, entries) if track)
    return Page(found, len(entries), "" if is_last else str(number + 1), total)


def parse_track(entry: object) -> FoundTrack | None:
    """One loved track; None without an artist and a title, by which alone Last.fm knows its tracks."""
    said = fields_of(entry)
    artist, title = text_of(fields_of(said.get("artist")).get("name")), text_of(said.get("name"))
    if not artist or not title:
        return None
    page = _page(said.get("url"), artist, title)
    return FoundTrack(
        source=NAME,
        # The page, which is made of artist and title: most tracks have no mbid, and one may come, change or go later.
        source_id=page,
        artist=artist,
        title=title,
        url=page,
        liked_at=moment_of(fields_of(said.get("date")).get("uts")),
    )


def _page(url: object, artist: str, title: str) -> str:
    """The track's page in one spelling, whatever language and protocol it was given in."""
    told = _TRACK_PAGE.fullmatch(url) if isinstance(url, str) and re.fullmatch(r"[!-~]+", url) else None
    return f"https://www.last.fm{told[1] if told else f'/music/{quote_plus(artist)}/_/{quote_plus(title)}'}"


def _earlier(cursor: str, entries: int) -> str:
    """Pages have numbers, so that going back a little is going back a whole page."""
    first = max(0, (int(cursor) - 1) * PAGE_ENTRIES - entries)
    return str(first // PAGE_ENTRIES + 1)


def _told(unusable: int, user: str) -> list[str]:
    if not unusable:
        return []
    return [f"{unusable} of the loved tracks of {user} cannot be looked for: Last.fm gives no artist or no title"]
