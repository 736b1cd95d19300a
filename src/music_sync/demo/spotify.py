"""A Spotify simulator on loopback: the Web API as a Development-Mode app sees it, and the sign-in in front of it.

Its answers are held to the Web API's contract by tests/demo/test_spotify.py. It refuses what such an app is refused:
the endpoints that are gone, pages of more than 50, scopes that were not granted, playlists of other people.
What it leaves out: everything that writes, devices, queues, shows, artists, and markets.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from music_sync.demo.authorization import App, Authorization, Page
from music_sync.demo.loopback import Answer, Loopback, Refuse, Refused, Request, Route

ME = "listener"
SCOPES = (
    "user-library-read",
    "playlist-read-private",
    "playlist-read-collaborative",
    "user-read-currently-playing",
)
LASTS_DAYS = 182
QUOTA_S = 48_925
"""What a developer account over its quota was told to wait, in seconds."""
NOT_REGISTERED = "User not registered in the Developer Dashboard"
NO_PREMIUM = "Active premium subscription required for the owner of the app."

_ID = r"[0-9A-Za-z]+"
_LARGEST_PAGE = 50
_LARGEST_SEARCH = 10
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

# Gone for Development-Mode apps since February 2026, and for all newer apps before that.
_GONE = (
    "/v1/(tracks|albums|artists|episodes|shows|audiobooks|chapters)",
    f"/v1/artists/{_ID}/(top-tracks|related-artists)",
    "/v1/(browse|users|recommendations|audio-features|audio-analysis)(/.*)?",
    "/v1/(markets|me/tracks/contains)",
    f"/v1/playlists/{_ID}/tracks",
)


def quota_exceeded(retry_after: str | None = str(QUOTA_S)) -> Refuse:
    """The developer account made all the calls that it has for a day."""
    error = {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
    return Refuse(429, {"error": error}, {} if retry_after is None else {"Retry-After": retry_after})


def service_id(number: int, letter: str = "0") -> str:
    """22 letters and digits, as all ids of Spotify."""
    return f"{letter}{number:021d}"


def track(number: int, **changed: Any) -> dict[str, Any]:
    """A track as a Development-Mode app is told of it: no popularity, no markets, no link to the relinked one."""
    track_id = service_id(number)
    told = {
        "album": album(number // 10),
        "artists": [_artist("Nadia Klee")],
        "disc_number": 1,
        "duration_ms": 180_000 + number % 100_000,
        "explicit": False,
        "external_ids": {"isrc": f"DEZZ9{number % 10_000_000:07d}"},
        "name": f"Half Past {number}",
        "is_local": False,
        "track_number": number % 10 + 1,
        **_named("track", track_id),
    }
    return told | changed


def album(number: int) -> dict[str, Any]:
    return {
        "album_type": "album",
        "artists": [_artist("Nadia Klee")],
        "images": [{"url": "https://i.scdn.co/image/ab67616d0000b273", "height": 640, "width": 640}],
        "name": f"Hours {number}",
        "release_date": "2019-05-17",
        "release_date_precision": "day",
        "total_tracks": 10,
        **_named("album", service_id(number, "A")),
    }


def local_file(artist: str, title: str, length_s: int = 200) -> dict[str, Any]:
    """A file of a person's own that they put on a playlist; Spotify knows its words and nothing else."""
    nothing: dict[str, Any] = {"external_urls": {}, "href": None, "id": None, "uri": None}
    return {
        "album": {"album_type": None, "artists": [], "images": [], "name": "", "type": "album", **nothing},
        "artists": [{"name": artist, "type": "artist", **nothing}],
        "disc_number": 0,
        "duration_ms": length_s * 1000,
        "explicit": False,
        "external_ids": {},
        "is_local": True,
        "name": title,
        "track_number": 0,
        "type": "track",
        **nothing,
        "uri": f"spotify:local:{quote_plus(artist)}::{quote_plus(title)}:{length_s}",
    }


def episode(number: int) -> dict[str, Any]:
    """An episode of a podcast, which may stand on a playlist and may be what plays."""
    about = {"description": "", "html_description": "", "explicit": False, "images": [], "is_externally_hosted": False}
    show = {
        "copyrights": [],
        "languages": ["en"],
        "media_type": "audio",
        "name": "Talk",
        "total_episodes": 9,
        **about,
        **_named("show", service_id(number, "S")),
    }
    return {
        "audio_preview_url": None,
        "duration_ms": 3_600_000,
        "is_playable": True,
        "languages": ["en"],
        "name": f"Talk {number}",
        "release_date": "2026-01-01",
        "release_date_precision": "day",
        "show": show,
        **about,
        **_named("episode", service_id(number, "E")),
    }


@dataclass
class Entry:
    """A place on a list; without content where a track was taken from the catalogue."""

    content: dict[str, Any] | None
    added_at: str

    @property
    def id(self) -> str:
        return (self.content or {}).get("id") or ""


@dataclass
class SimulatedPlaylist:
    """A playlist; each change gives it another snapshot id."""

    id: str
    name: str
    owner: str
    is_collaborative: bool = False
    entries: list[Entry] = field(default_factory=list)
    changes: int = 0
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def snapshot_id(self) -> str:
        return f"AAAA{self.changes:04d}{self.id}"

    def put(self, *contents: dict[str, Any] | None, at: int | None = None) -> None:
        """Put tracks, episodes, local files or nothing (None) to the end, or before entry number `at`."""
        place = len(self.entries) if at is None else at
        self.entries[place:place] = [Entry(each, moment(next(self._numbers))) for each in contents]
        self.changes += 1

    def take(self, *places: int) -> None:
        """Take away the entries at these places."""
        self.entries = [entry for place, entry in enumerate(self.entries) if place not in places]
        self.changes += 1

    def rename(self, name: str) -> None:
        self.name = name
        self.changes += 1


def moment(number: int) -> str:
    """A time for the entry of that number; a higher one is later."""
    return (_EPOCH + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


class SpotifyServer(Loopback):
    """One person's Spotify on 127.0.0.1: `url` is both `MUSIC_SYNC_SPOTIFY_URL` and `MUSIC_SYNC_SPOTIFY_ACCOUNTS_URL`.

    with SpotifyServer() as spotify:
        spotify.like(track(1), track(2))
        warm_up = spotify.add_playlist("Warm Up", track(3), None, episode(4), local_file("Foil", "Paper"))
        spotify.misbehave("/v1/me/tracks", quota_exceeded())
    """

    def __init__(self, authorization: Authorization | None = None) -> None:
        super().__init__()
        self.authorization = authorization or Authorization(
            App(redirects=("http://127.0.0.1/callback", "http://127.0.0.1")), lasts_days=LASTS_DAYS
        )
        self.likes: list[Entry] = []
        """Newest first."""
        self.playlists: list[SimulatedPlaylist] = []
        self.playing: dict[str, Any] | None = None
        """The answer to what plays now; None for nothing."""
        self.entry_names: tuple[str, ...] = ("item",)
        """Under which names playlist entries hold their track: item is the new one, track the one that goes away."""
        self.closed = ""
        """A sentence with which the app as a whole is refused, such as NO_PREMIUM."""
        self.catalogue: dict[str, dict[str, Any]] = {}
        """Tracks that stand on no list, by id."""
        self._numbers = itertools.count(1)

    # The world
    def like(self, *tracks: dict[str, Any]) -> None:
        """Like these, the last one latest."""
        for each in tracks:
            self.likes.insert(0, Entry(each, moment(next(self._numbers))))

    def unlike(self, *track_ids: str) -> None:
        self.likes = [entry for entry in self.likes if entry.id not in track_ids]

    def add_playlist(
        self, name: str, *contents: dict[str, Any] | None, owner: str = ME, is_collaborative: bool = False
    ) -> SimulatedPlaylist:
        """A playlist that stands in the person's library, theirs or one that they follow."""
        playlist_id = service_id(next(self._numbers), "P")
        playlist = SimulatedPlaylist(playlist_id, name, owner, is_collaborative)
        playlist.put(*contents)
        self.playlists.append(playlist)
        return playlist

    def play(self, content: dict[str, Any] | None, *, is_playing: bool = True) -> None:
        """Let a track or an episode play; None for an advertisement."""
        kind = "ad" if content is None else content["type"]
        self.playing = {
            "timestamp": 1_794_000_000_000,
            "context": None,
            "progress_ms": 1000,
            "item": content,
            "currently_playing_type": kind,
            "actions": {"disallows": {"resuming": is_playing}},
            "is_playing": is_playing,
        }

    def token(self, *scopes: str) -> str:
        """An access token with these scopes, or with all that Music Sync asks for."""
        return self.authorization.access(scopes or SCOPES)

    def refresh_token(self, *scopes: str) -> str:
        return self.authorization.grant(scopes or SCOPES)

    # Its routes
    def routes(self) -> Sequence[Route]:
        return (
            ("GET", "/authorize", self._authorize),
            ("POST", "/api/token", self._token),
            ("GET", "/v1/me/?", self._checked(self._me)),
            ("GET", "/v1/me/tracks", self._checked(self._likes, "user-library-read")),
            ("GET", "/v1/me/playlists", self._checked(self._my_playlists, "playlist-read-private")),
            ("GET", "/v1/me/player/currently-playing", self._checked(self._now, "user-read-currently-playing")),
            ("GET", f"/v1/playlists/(?P<id>{_ID})", self._checked(self._playlist)),
            ("GET", f"/v1/playlists/(?P<id>{_ID})/items", self._checked(self._entries, "playlist-read-private")),
            ("GET", f"/v1/tracks/(?P<id>{_ID})", self._checked(self._track)),
            ("GET", f"/v1/albums/(?P<id>{_ID})", self._checked(self._album)),
            ("GET", f"/v1/albums/(?P<id>{_ID})/tracks/?", self._checked(self._album_tracks)),
            ("GET", "/v1/search", self._checked(self._search)),
            *(("GET", pattern, self._checked(_gone)) for pattern in _GONE),
        )

    def unknown(self, request: Request) -> Answer:
        return _refusal(404, f"Service not found: {request.path}")

    def _checked(self, route: Callable[[Request], Answer], scope: str = "") -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            scopes = self._scopes_of(request)
            if scope and scope not in scopes:
                return _refusal(403, "Insufficient client scope")
            return route(request)

        return answer

    def _scopes_of(self, request: Request) -> frozenset[str]:
        header = request.headers.get("authorization", "")
        if not header:
            raise Refused(_refusal(401, "No token provided"))
        if not request.bearer:
            raise Refused(_refusal(400, "Only valid bearer authentication supported"))
        scopes = self.authorization.check(request.bearer)
        if scopes is None:
            raise Refused(_refusal(401, "The access token expired"))
        if self.closed:
            raise Refused(_refusal(403, self.closed))
        return scopes

    def _authorize(self, request: Request) -> Answer:
        found = self.authorization.authorize(request.query)
        if isinstance(found, Page):
            return Answer(found.status, found.text.encode(), {"Content-Type": "text/html"})
        return Answer(302, None, {"Location": found.address})

    def _token(self, request: Request) -> Answer:
        status, body = self.authorization.token(request.form, request.headers)
        return Answer(status, body)

    def _me(self, _request: Request) -> Answer:
        about = {"account_id": service_id(1, "U"), "display_name": "Lis Tener", "images": []}
        return Answer(200, about | _user(ME))

    def _likes(self, request: Request) -> Answer:
        return Answer(200, self._page(request, self.likes, tell=_liked))

    def _my_playlists(self, request: Request) -> Answer:
        may_see_shared = "playlist-read-collaborative" in self._scopes_of(request)
        seen = [each for each in self.playlists if may_see_shared or not each.is_collaborative]
        return Answer(200, self._page(request, seen, tell=self._about))

    def _playlist(self, request: Request) -> Answer:
        playlist = self._playlist_at(request)
        told = self._about(playlist) | {"followers": {"href": None, "total": 0}}
        del told["items"]
        if _is_open(playlist):
            items = f"/v1/playlists/{playlist.id}/items"
            told["items"] = self._cut(items, playlist.entries, range(_LARGEST_PAGE), self._told)
        names = re.findall(r"\w+", request.query.get("fields", ""))
        return Answer(200, {name: told[name] for name in names if name in told} if names else told)

    def _entries(self, request: Request) -> Answer:
        playlist = self._playlist_at(request)
        if not _is_open(playlist):
            return _refusal(403, "Forbidden")
        return Answer(200, self._page(request, playlist.entries, tell=self._told))

    def _now(self, _request: Request) -> Answer:
        return Answer(204) if self.playing is None else Answer(200, self.playing)

    def _track(self, request: Request) -> Answer:
        track_id = _valid_id(request)
        found = [each for each in self._tracks() if each["id"] == track_id]
        return Answer(200, found[0]) if found else _refusal(404, "Resource not found")

    def _album(self, request: Request) -> Answer:
        tracks = self._on_album(request)
        about = tracks[0]["album"] | {"total_tracks": len(tracks), "copyrights": [], "external_ids": {}}
        path = f"/v1/albums/{about['id']}/tracks"
        return Answer(200, about | {"tracks": self._cut(path, tracks, range(_LARGEST_PAGE), _simplified)})

    def _album_tracks(self, request: Request) -> Answer:
        return Answer(200, self._page(request, self._on_album(request), tell=_simplified))

    def _on_album(self, request: Request) -> list[dict[str, Any]]:
        album_id = _valid_id(request)
        found = {each["id"]: each for each in self._tracks() if each["album"]["id"] == album_id}
        if not found:
            raise Refused(_refusal(404, "Resource not found"))
        return sorted(found.values(), key=lambda each: int(each["track_number"]))

    def _search(self, request: Request) -> Answer:
        if not request.query.get("q"):
            return _refusal(400, "No search query")
        wanted = request.query["q"].casefold()
        isrc = wanted.removeprefix("isrc:").upper() if wanted.startswith("isrc:") else ""
        found = {
            each["id"]: each
            for each in self._tracks()
            if each.get("external_ids", {}).get("isrc") == isrc or (not isrc and wanted in each["name"].casefold())
        }
        return Answer(200, {"tracks": self._page(request, list(found.values()), _LARGEST_SEARCH, 5)})

    def _tracks(self) -> Iterable[dict[str, Any]]:
        """All tracks of this world that have an id."""
        entries = itertools.chain(self.likes, *(playlist.entries for playlist in self.playlists))
        listed = (entry.content for entry in entries if entry.content)
        known = itertools.chain(self.catalogue.values(), listed)
        return (each for each in known if each["type"] == "track" and each["id"])

    def _playlist_at(self, request: Request) -> SimulatedPlaylist:
        playlist_id = _valid_id(request)
        found = [each for each in self.playlists if each.id == playlist_id]
        if not found:
            raise Refused(_refusal(404, "Resource not found"))
        return found[0]

    def _about(self, playlist: SimulatedPlaylist) -> dict[str, Any]:
        counted = {"href": f"{self.url}/v1/playlists/{playlist.id}/items", "total": len(playlist.entries)}
        return {
            "collaborative": playlist.is_collaborative,
            "description": "",
            "images": [],
            "items": counted,
            "name": playlist.name,
            "owner": {"display_name": playlist.owner, **_user(playlist.owner)},
            "public": True,
            "snapshot_id": playlist.snapshot_id,
            **_named("playlist", playlist.id),
        }

    def _told(self, entry: Entry) -> dict[str, Any]:
        return {
            "added_at": entry.added_at,
            "added_by": _user(ME),
            "is_local": bool(entry.content and entry.content.get("is_local")),
            **dict.fromkeys(self.entry_names, entry.content),
        }

    def _page(
        self,
        request: Request,
        everything: Sequence[Any],
        largest: int = _LARGEST_PAGE,
        default: int = 20,
        tell: Callable[[Any], Any] = lambda each: each,
    ) -> dict[str, Any]:
        limit = _number(request, "limit", default, range(1, largest + 1))
        offset = _number(request, "offset", 0, range(100_001))
        return self._cut(request.path, everything, range(offset, offset + limit), tell)

    def _cut(self, path: str, everything: Sequence[Any], asked: range, tell: Callable[[Any], Any]) -> dict[str, Any]:
        def at(start: int) -> str:
            return f"{self.url}{path}?{urlencode({'offset': start, 'limit': len(asked)})}"

        return {
            "href": at(asked.start),
            "items": [tell(each) for each in everything[asked.start : asked.stop]],
            "limit": len(asked),
            "next": at(asked.stop) if asked.stop < len(everything) else None,
            "offset": asked.start,
            "previous": at(max(0, asked.start - len(asked))) if asked.start else None,
            "total": len(everything),
        }


def _is_open(playlist: SimulatedPlaylist) -> bool:
    """Are its entries shown? Those of playlists that the person neither owns nor works on are not."""
    return playlist.owner == ME or playlist.is_collaborative


def _gone(_request: Request) -> Answer:
    return _refusal(403, "Forbidden")


def _refusal(status: int, message: str) -> Answer:
    return Answer(status, {"error": {"status": status, "message": message}})


def _valid_id(request: Request) -> str:
    wanted = request.parts["id"]
    if len(wanted) != 22:
        raise Refused(_refusal(400, "Invalid base62 id"))
    return wanted


def _number(request: Request, name: str, default: int, allowed: range) -> int:
    text = request.query.get(name, str(default))
    if not re.fullmatch(r"-?\d+", text) or int(text) not in allowed:
        raise Refused(_refusal(400, f"Invalid {name}"))
    return int(text)


def _liked(entry: Entry) -> dict[str, Any]:
    return {"added_at": entry.added_at, "track": entry.content}


def _simplified(found: Mapping[str, Any]) -> dict[str, Any]:
    """As albums tell of their tracks: without album and ISRC."""
    return {name: value for name, value in found.items() if name not in {"album", "external_ids"}}


def _artist(name: str) -> dict[str, Any]:
    return {"name": name, **_named("artist", service_id(sum(map(ord, name)), "R"))}


def _user(name: str) -> dict[str, Any]:
    return _named("user", name)


def _named(kind: str, service: str) -> dict[str, Any]:
    """What every thing of Spotify has."""
    return {
        "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{service}"},
        "href": f"https://api.spotify.com/v1/{kind}s/{service}",
        "id": service,
        "type": kind,
        "uri": f"spotify:{kind}:{service}",
    }
