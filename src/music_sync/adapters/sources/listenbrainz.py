"""The recordings that a person loves at ListenBrainz.

It takes one kind of call, which `calls` makes within our budget, with our retries and in our errors. The client
liblistenbrainz would bring retries and waits of its own, which know neither our deadline nor our other processes.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from music_sync.adapters.accounts import Account, Words
from music_sync.adapters.answer_fields import fields_of, moment_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import NotThere, Reply, Trouble, after_s, by_status
from music_sync.adapters.listing_reader import Page, RemoteList
from music_sync.adapters.means import Means
from music_sync.model.errors import NeedsPerson, ServiceUnavailable
from music_sync.model.track import FoundTrack

NAME = "listenbrainz"
ACCOUNT = Account(
    NAME,
    "ListenBrainz",
    "Your user name at ListenBrainz. What you love there is public, so the token is not needed for reading.",
    Words(
        {
            "listenbrainz_user": "your user name, as in https://listenbrainz.org/user/NAME",
            "listenbrainz_token": "your user token from https://listenbrainz.org/settings/ (may stay empty)",
        },
        optional=frozenset({"listenbrainz_token"}),
    ),
)
LIMITS = Limits(burst=20, per_s=3)
"""Twenty thousand recordings can be read without a pause; the service itself says when that is too fast."""
PAGE_ENTRIES = 1000
"""The most it gives at once."""
LOVED = 1

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def open_parts(means: Means) -> "Sequence[LovedRecordings]":
    return [LovedRecordings(means)]


class LovedRecordings:
    """What a user loves there, newest first."""

    name = NAME
    part = "loved"

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        self.messages = []
        words = self._means.accounts.words(ACCOUNT)
        user, headers = words["listenbrainz_user"], _headers(words["listenbrainz_token"])
        reader = self._means.reader(NAME)
        unusable: dict[str, int] = {}
        with self._means.calls(ACCOUNT, "listenbrainz_url", LIMITS, judge=judge) as calls:

            def fetch(cursor: str) -> Page:
                asked = {"score": LOVED, "count": PAGE_ENTRIES, "offset": int(cursor or 0), "metadata": "true"}
                reply = calls.get(f"1/user/{quote(user, safe='')}/get-feedback", asked, headers)
                page = parse_page(reply.json, int(cursor or 0))
                unusable[cursor] = page.entries - len(page.tracks)
                return page

            # Two people's lists are two lists, so that another name in the settings begins anew.
            listing = f"loved:{user.casefold()}"
            try:
                yield from reader.read(RemoteList(listing, f"the loved recordings of {user}", fetch, back=_earlier))
            except NotThere as error:
                raise NeedsPerson(f"ListenBrainz knows no user {user!r}; run `{ACCOUNT.command}`") from error
            finally:
                self.messages += [*reader.messages, *_told(sum(unusable.values()), user)]


def judge(reply: Reply) -> Trouble | None:
    """It says how long it limits us in a header of its own."""
    if reply.status == 429:
        return Trouble("again", "429: too many calls", after_s(reply.headers.get("x-ratelimit-reset-in")))
    return by_status(reply)


def parse_page(reply: object, offset: int) -> Page:
    """A page that begins with the entry `offset`, counted from 0; raises ServiceUnavailable when it is something else."""
    entries = fields_of(reply).get("feedback")
    if not isinstance(entries, list):
        raise ServiceUnavailable("ListenBrainz answered with something that is no list; the next sync tries again")
    # Some servers count what is hated as well, so only an empty page is surely behind the last one.
    total = number_of(fields_of(reply).get("total_count"))
    behind = offset + len(entries)
    is_last = not entries or (total is not None and behind >= total)
    tracks = tuple(found for found in map(parse_feedback, entries) if found)
    return Page(tracks, len(entries), "" if is_last else str(behind), total)


def parse_feedback(entry: object) -> FoundTrack | None:
    """One loved recording; None when it can neither be named for ever nor be told by words or a page."""
    said = fields_of(entry)
    words = fields_of(said.get("track_metadata"))
    mbid, msid = _id(said.get("recording_mbid")), _id(said.get("recording_msid"))
    title = text_of(words.get("track_name"))
    if not mbid and not (msid and title):
        return None
    return FoundTrack(
        source=NAME,
        source_id=mbid or msid,
        artist=text_of(words.get("artist_name")),
        title=title,
        album=text_of(words.get("release_name")),
        url=f"https://musicbrainz.org/recording/{mbid}" if mbid else "",
        liked_at=moment_of(said.get("created")),
    )


def _id(value: object) -> str:
    text = text_of(value).lower()
    return text if _UUID.fullmatch(text) else ""


def _headers(token: str) -> dict[str, str]:
    if not re.fullmatch(r"[!-~]*", token):
        raise NeedsPerson(f"the ListenBrainz token holds signs that no token has; run `{ACCOUNT.command}`")
    return {"Authorization": f"Token {token}"} if token else {}


def _earlier(cursor: str, entries: int) -> str:
    return str(max(0, int(cursor) - entries))


def _told(unusable: int, user: str) -> list[str]:
    if not unusable:
        return []
    which = f"{unusable} of the loved recordings of {user} cannot be looked for"
    return [f"{which}: ListenBrainz gives neither a title nor a MusicBrainz id"]
