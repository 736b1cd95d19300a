"""A SoundCloud simulator on loopback: the part of its official API that tells what a person likes.

tests/demo/test_soundcloud.py holds its answers to SoundCloud's own contract, but for the nulls: the service sends them
where the contract has none, and so does this. What it leaves out: streams, uploads, comments, search, following.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from music_sync.demo.authorization import App, Authorization, Redirect
from music_sync.demo.loopback import Answer, Loopback, Refuse, Refused, Request, Route

SITE = "https://soundcloud.com"
MOST_A_PAGE = 200
A_PAGE = 50
ACCESS = frozenset({"playable", "preview", "blocked"})
_LINK = "https://developers.soundcloud.com/docs/api/explorer/open-api"
_STAMP = "%Y/%m/%d %H:%M:%S +0000"

Json = dict[str, Any]


def user(number: int, name: str) -> Json:
    """A person as tracks and playlists name one."""
    slug = _slug(name)
    return {
        "id": number, "urn": f"soundcloud:users:{number}", "kind": "user", "username": name, "permalink": slug,
        "permalink_url": f"{SITE}/{slug}", "uri": f"https://api.soundcloud.com/users/soundcloud:users:{number}",
        "avatar_url": "https://i1.sndcdn.com/avatars-large.jpg", "full_name": "", "first_name": "", "last_name": "",
        "city": None, "country": None, "description": None, "website": None, "plan": "Free", "track_count": 1,
    }  # fmt: skip


def track(number: int, title: str, artist: str = "Nadia Klee", **changes: Any) -> Json:
    """A track with all its fields, null where SoundCloud has nothing to tell."""
    urn, slug = f"soundcloud:tracks:{number}", _slug(title) or f"track-{number}"
    told = {
        "id": number, "urn": urn, "kind": "track", "title": title, "user": user(7000, artist), "metadata_artist": None,
        "duration": 180000, "isrc": None, "genre": "House", "access": "playable", "tag_list": "", "bpm": None,
        "key_signature": None, "label_name": None, "license": "all-rights-reserved", "release": None,
        "release_year": 2025, "release_month": 3, "release_day": None, "description": None, "sharing": "public",
        "permalink_url": f"{SITE}/{_slug(artist)}/{slug}", "uri": f"https://api.soundcloud.com/tracks/{urn}",
        "downloadable": False, "download_url": None, "purchase_url": None, "purchase_title": None,
        "artwork_url": "https://i1.sndcdn.com/artworks-large.jpg", "created_at": "2025/03/01 10:00:00 +0000",
        "streamable": True, "stream_url": f"https://api.soundcloud.com/tracks/{urn}/stream", "commentable": True,
        "user_favorite": False, "embeddable_by": "all", "available_country_codes": None, "secret_uri": None,
    }  # fmt: skip
    return told | changes


def offered(number: int, title: str, artist: str = "Nadia Klee", **changes: Any) -> Json:
    """A track whose artist offers the file for download."""
    address = f"https://api.soundcloud.com/tracks/soundcloud:tracks:{number}/download"
    return track(number, title, artist, **{"downloadable": True, "download_url": address, **changes})


def nulled(entry: Json, *but: str) -> Json:
    """The same with null in every field except those named."""
    return {name: value if name in but else None for name, value in entry.items()}


class Shelf:
    """A list at SoundCloud. Each entry has a key of its own, so a cursor stays good when others come and go."""

    def __init__(self, entries: Iterable[Any] = ()) -> None:
        self._entries: list[tuple[int, Any]] = []
        self.append(*entries)

    def put(self, *entries: Any) -> None:
        """Put entries before all others, in this order."""
        top = self._entries[0][0] if self._entries else 0
        self._entries[:0] = [(top + len(entries) - place, entry) for place, entry in enumerate(entries)]

    def append(self, *entries: Any) -> None:
        end = self._entries[-1][0] if self._entries else 0
        self._entries += [(end - place, entry) for place, entry in enumerate(entries, start=1)]

    def remove(self, number: int) -> None:
        self._entries = [pair for pair in self._entries if not (pair[1] and pair[1].get("id") == number)]

    def reverse(self) -> None:
        keys = [key for key, _ in self._entries]
        self._entries = list(zip(keys, [entry for _, entry in reversed(self._entries)], strict=True))

    def after(self, cursor: int | None) -> list[tuple[int, Any]]:
        """The entries with their keys behind a key; None begins at the beginning."""
        return [pair for pair in self._entries if cursor is None or pair[0] < cursor]

    def all(self) -> list[Any]:
        return [entry for _, entry in self._entries]


@dataclass
class Set:
    """A playlist; SoundCloud's pages call it a set."""

    number: int
    title: str
    tracks: Shelf = field(default_factory=Shelf)
    owner: Json = field(default_factory=lambda: user(7000, "Nadia Klee"))
    last_modified: str | None = "2025/03/01 10:00:00 +0000"
    counts: bool = True
    """Does SoundCloud tell how many tracks it holds?"""
    secret: str = ""
    """Only who knows it sees the set; empty for a public one."""

    def add(self, *tracks: Any) -> None:
        """Put tracks to the end, as its owner does; the change gets its time."""
        self.tracks.append(*tracks)
        self.touch()

    def touch(self) -> None:
        if self.last_modified is not None:
            moment = datetime.strptime(self.last_modified, _STAMP).replace(tzinfo=UTC)
            self.last_modified = datetime.fromtimestamp(moment.timestamp() + 60, UTC).strftime(_STAMP)

    @property
    def page(self) -> str:
        return f"{SITE}/{self.owner['permalink']}/sets/{_slug(self.title)}{self.secret and f'/{self.secret}'}"

    def told(self, *, with_tracks: bool) -> Json:
        urn = f"soundcloud:playlists:{self.number}"
        told: Json = {
            "id": self.number, "urn": urn, "kind": "playlist", "title": self.title, "user": self.owner, "label": None,
            "permalink": _slug(self.title), "permalink_url": self.page, "last_modified": self.last_modified,
            "track_count": len(self.tracks.all()) if self.counts else None, "duration": 0, "genre": "", "tags": "",
            "uri": f"https://api.soundcloud.com/playlists/{urn}", "created_at": "2025/03/01 10:00:00 +0000",
            "tracks_uri": f"https://api.soundcloud.com/playlists/{urn}/tracks", "tag_list": "", "description": None,
            "sharing": "private" if self.secret else "public", "artwork_url": None, "ean": None, "release": None,
        }  # fmt: skip
        return told | ({"tracks": self.tracks.all()} if with_tracks else {})


def geo_blocked(status: int = 403) -> Refuse:
    """What is not for listeners of this country."""
    return Refuse(status, error(status, "This content is not available in your country"))


def rate_limited(reset_time: str | None, group: str = "general") -> Refuse:
    """Limited until a moment that only the body tells, as SoundCloud writes it: `2015/06/01 09:49:40 +0000`."""
    limit = {"group": group, "max_nr_of_requests": 15000, "time_window": "PT24H"}
    meta = {"rate_limit": limit, "remaining_requests": 0, "reset_time": reset_time}
    return Refuse(429, {"errors": [{"meta": meta}]})


def stamp(moment: float) -> str:
    """Epoch seconds as SoundCloud writes a moment."""
    return datetime.fromtimestamp(moment, UTC).strftime(_STAMP)


def error(status: int, message: str) -> Json:
    return {
        "code": status, "message": message, "link": _LINK, "status": str(status),
        "errors": [{"error_message": message}], "error": None,
    }  # fmt: skip


class SoundCloudServer(Loopback):
    """SoundCloud with one person's likes, reposts and sets, and its sign-in, all at one address.

    with SoundCloudServer() as server:
        server.likes.put(track(1, "Half Past Two"))
        httpx.get(f"{server.url}/me/likes/tracks", headers={"Authorization": f"OAuth {server.token}"})
    """

    def __init__(self, authorization: Authorization | None = None) -> None:
        super().__init__()
        self.authorization = authorization or Authorization(App(needs_secret=True), rotates=True)
        self.me = user(1, "Ida Listens")
        self.likes, self.reposts = Shelf(), Shelf()
        self.sets: list[Set] = []
        """The person's own."""
        self.liked_sets: list[Set] = []
        self.others: dict[str, Shelf] = {}
        """What other people like, by the name in their page's address."""
        self.catalogue: list[Json] = []
        """Tracks that are on no list."""
        self.short_links: dict[str, str] = {}
        """Links at on.soundcloud.com -> the page they lead to."""
        self.next_href_at = "absolute"
        """Or `internal`, a host that only SoundCloud reaches, as happened; or `relative`."""
        self.ends_with_null = True
        """The last page has `next_href: null`; else it has none."""
        self.files: dict[int, str] = {}
        """Where the files lie that artists offer, by the track's number: at a host of their own."""
        self.tells_file_in_body = False
        """The answer to a download is `{"redirectUri": ...}`, as for SoundCloud's own pages; else a redirect."""
        self.location_is_urn = True
        """/resolve names a URN; else a number, as it did for years."""

    @property
    def token(self) -> str:
        """A new access token."""
        return self.authorization.access()

    def routes(self) -> Sequence[Route]:
        return (
            ("POST", "/oauth/token", self._token),
            ("GET", "/authorize", self._authorize),
            *(
                ("GET", pattern, self._signed_in(answer))
                for pattern, answer in (
                    ("/me", lambda _request: Answer(200, self.me)),
                    ("/me/likes/tracks", lambda request: self._tracks(request, self.likes)),
                    ("/me/reposts/tracks", lambda request: self._tracks(request, self.reposts)),
                    ("/me/playlists", lambda request: self._sets(request, self.sets)),
                    ("/me/likes/playlists", lambda request: self._sets(request, self.liked_sets)),
                    (_named("playlists"), self._set),
                    (_named("playlists") + "/tracks", self._tracks_of_set),
                    (_named("tracks"), self._track),
                    (_named("tracks") + "/download", self._download),
                    (_named("users") + "/likes/tracks", self._likes_of),
                    ("/resolve", self._resolve),
                )
            ),
        )

    def unknown(self, request: Request) -> Answer:
        return Answer(404, error(404, f"no route for {request.path}"))

    # The sign-in

    def _token(self, request: Request) -> Answer:
        status, body = self.authorization.token(request.form, request.headers)
        return Answer(status, body)

    def _authorize(self, request: Request) -> Answer:
        answer = self.authorization.authorize(request.query)
        if isinstance(answer, Redirect):
            return Answer(302, None, {"Location": answer.address})
        return Answer(answer.status, answer.text.encode(), {"Content-Type": "text/plain"})

    def _signed_in(self, answer: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        def checked(request: Request) -> Answer:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            # Bearer is refused even with a good token.
            if scheme != "OAuth" or self.authorization.check(token) is None:
                raise _refused(401, "invalid_token")
            return answer(request)

        return checked

    # Lists

    def _tracks(self, request: Request, shelf: Shelf, access: frozenset[str] = ACCESS) -> Answer:
        wanted = frozenset(request.query["access"].split(",")) if "access" in request.query else access
        if wanted - ACCESS:
            raise _refused(400, f"access: unknown {', '.join(sorted(wanted - ACCESS))}")
        return self._page(request, shelf, lambda entry: not entry or entry.get("access") in {None, *wanted})

    def _sets(self, request: Request, sets: Sequence[Set]) -> Answer:
        with_tracks = request.query.get("show_tracks", "true") == "true"
        return self._page(request, Shelf(each.told(with_tracks=with_tracks) for each in sets), lambda _entry: True)

    def _page(self, request: Request, shelf: Shelf, shows: Callable[[Any], bool]) -> Answer:
        size = _size(request.query.get("page_size") or request.query.get("limit") or str(A_PAGE))
        behind = shelf.after(_key_in(request.query.get("cursor", "")))
        page = behind[:size]
        collection = [entry for _, entry in page if shows(entry)]
        if request.query.get("linked_partitioning", "false") not in {"true", "1"}:
            return Answer(200, collection)
        if len(behind) > size:
            return Answer(200, {"collection": collection, "next_href": self._next_href(request, page[-1][0], size)})
        return Answer(200, {"collection": collection} | ({"next_href": None} if self.ends_with_null else {}))

    def _next_href(self, request: Request, key: int, size: int) -> str:
        kept = {name: value for name, value in request.query.items() if name not in {"limit", "cursor", "page_size"}}
        host = {"absolute": self.url, "internal": "https://http.api.internal.invalid", "relative": ""}[
            self.next_href_at
        ]
        cursor = base64.urlsafe_b64encode(f"at:{key}".encode()).decode()
        return f"{host}{request.path}?{urlencode({**kept, 'page_size': size, 'cursor': cursor})}"

    # Single things

    def _set(self, request: Request) -> Answer:
        return Answer(200, self._set_named(request).told(with_tracks=request.query.get("show_tracks") != "false"))

    def _tracks_of_set(self, request: Request) -> Answer:
        return self._tracks(request, self._set_named(request).tracks, frozenset({"playable", "preview"}))

    def _set_named(self, request: Request) -> Set:
        for each in (*self.sets, *self.liked_sets):
            is_shown = each in self.sets or each.secret in {"", request.query.get("secret_token")}
            if str(each.number) == request.parts["number"] and is_shown:
                return each
        raise _refused(404, "404 - Not Found")

    def _track(self, request: Request) -> Answer:
        for each in self._all_tracks():
            if str(each.get("id")) == request.parts["number"]:
                return Answer(200, each)
        raise _refused(404, "404 - Not Found")

    def _download(self, request: Request) -> Answer:
        told = self._track(request).body
        link = self.files.get(told["id"])
        if not told["downloadable"] or link is None:
            raise _refused(404, "404 - Not Found")
        # Each answer is signed anew, as the service does it.
        signed = f"{link}?Signature={len(self.seen)}"
        return (
            Answer(200, {"redirectUri": signed}) if self.tells_file_in_body else Answer(302, None, {"Location": signed})
        )

    def _likes_of(self, request: Request) -> Answer:
        for number, name in enumerate(self.others, start=8000):
            if str(number) == request.parts["number"]:
                return self._tracks(request, self.others[name], frozenset({"playable", "preview"}))
        raise _refused(404, "404 - Not Found")

    def _resolve(self, request: Request) -> Answer:
        asked = request.query.get("url", "")
        page = self.short_links.get(asked, asked).partition("?")[0]
        found = self._pages().get(page)
        if found is None:
            raise _refused(404, "404 - Not Found")
        kind, number, secret = found
        name = f"soundcloud:{kind}:{number}" if self.location_is_urn else str(number)
        location = f"{self.url}/{kind}/{name}" + (f"?secret_token={secret}" if secret else "")
        return Answer(302, {"status": "302 - Found", "location": location}, {"Location": location})

    def _pages(self) -> dict[str, tuple[str, int, str]]:
        """What stands at which page: kind, number and secret."""
        pages = {each["permalink_url"]: ("tracks", each["id"], "") for each in self._all_tracks()}
        pages |= {each.page: ("playlists", each.number, each.secret) for each in (*self.sets, *self.liked_sets)}
        return pages | {f"{SITE}/{name}": ("users", number, "") for number, name in enumerate(self.others, start=8000)}

    def _all_tracks(self) -> list[Json]:
        shelves = [self.likes, self.reposts, *self.others.values()]
        shelves += [each.tracks for each in (*self.sets, *self.liked_sets)]
        return [*self.catalogue, *(entry for shelf in shelves for entry in shelf.all() if entry)]


def _named(kind: str) -> str:
    """A path that names one thing by its number or its URN."""
    return f"/{kind}/(?:soundcloud:{kind}:)?(?P<number>[0-9]+)"


def _refused(status: int, message: str) -> Refused:
    return Refused(Answer(status, error(status, message)))


def _size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_A_PAGE:
        raise _refused(400, f"limit must be between 1 and {MOST_A_PAGE}")
    return int(text)


def _key_in(cursor: str) -> int | None:
    if not cursor:
        return None
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("at:"))
    except (binascii.Error, ValueError) as fault:
        raise _refused(400, "cursor is invalid") from fault


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def without(entry: Mapping[str, Any], *names: str) -> Json:
    """The same without these fields."""
    return {name: value for name, value in entry.items() if name not in names}
