"""A YouTube simulator on loopback: the part of the Data API v3 that tells what a person likes, and Google's sign-in.

Its answers are held to Google's discovery document by tests/demo/test_youtube.py. It counts units, and refuses what the
service refuses: pages of more than 50, page tokens that it does not know, scopes that were not granted.
What it leaves out: everything that writes, search, captions, comments, and the people behind other channels.
"""

import hashlib
import itertools
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from music_sync.demo.authorization import App, Authorization, Page
from music_sync.demo.loopback import Answer, Loopback, Refuse, Refused, Request, Route

SCOPE = "https://www.googleapis.com/auth/youtube.readonly"
LASTS_DAYS = 7
"""So long a sign-in holds while the app's consent screen is in testing."""
ME = "UC0000000000000000000000"
LIKES = "LL"
MUSIC, ENTERTAINMENT = "10", "24"
"""Categories of videos."""

_LARGEST_PAGE = 50
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_PARTS: Mapping[str, frozenset[str]] = {
    "channel": frozenset({"id", "snippet", "contentDetails"}),
    "playlist": frozenset({"id", "snippet", "contentDetails", "status"}),
    "playlistItem": frozenset({"id", "snippet", "contentDetails", "status"}),
    "video": frozenset({"id", "snippet", "contentDetails", "status"}),
}
_QUOTA = 'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.'
_NOT_SIGNED_IN = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)

Json = dict[str, Any]


@dataclass
class Video:
    """A video; what is changed here is what everyone sees next."""

    id: str
    title: str
    channel: str = "Nadia Klee - Topic"
    category: str = MUSIC
    duration: str = "PT3M20S"
    """ISO 8601; P0D while it is live."""
    live: str = "none"
    """Or upcoming, or live."""
    privacy: str = "public"
    is_deleted: bool = False

    @property
    def is_shown(self) -> bool:
        return not self.is_deleted and self.privacy != "private"


def video(number: int, title: str = "", **changed: Any) -> Video:
    """A piece of music on a channel that YouTube keeps for its artist."""
    return Video(f"v{number:010d}", title or f"Half Past {number}", **changed)


def clip(number: int, title: str = "", **changed: Any) -> Video:
    """A video that is no music."""
    return video(number, title or f"We Cook {number}", **{"channel": "Pots", "category": ENTERTAINMENT} | changed)


@dataclass(frozen=True)
class Entry:
    """A place on a list."""

    id: str
    video: Video
    added_at: str


@dataclass
class SimulatedPlaylist:
    """A list of videos; each change gives it another ETag."""

    id: str
    title: str
    privacy: str = "private"
    is_mine: bool = True
    hides: bool = False
    """Leave out of the pages what is not shown, and count it all the same, as it happens with lists of other people."""
    entries: list[Entry] = field(default_factory=list)
    changes: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def put(self, *videos: Video, at: int | None = None) -> None:
        """Put videos to the end, or before entry number `at`."""
        place = len(self.entries) if at is None else at
        self.entries[place:place] = [self._entry(each) for each in videos]
        self.changes += 1

    def take(self, *places: int) -> None:
        """Take away the entries at these places."""
        self.entries = [entry for place, entry in enumerate(self.entries) if place not in places]
        self.changes += 1

    def _entry(self, each: Video) -> Entry:
        number = next(self._numbers)
        return Entry(f"{self.id}.{number}", each, moment(number))


def moment(number: int) -> str:
    """A time for the entry of that number; a higher one is later."""
    return (_EPOCH + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def quota_exceeded(reason: str = "quotaExceeded") -> Refuse:
    """The project made all the calls that it has for a day."""
    return _refuse(403, _QUOTA, reason, "youtube.quota")


def rate_limited(status: int = 403, limit: str = "per minute") -> Refuse:
    """Too many calls for now; Google says so in two ways, and in one of them also when the day is used up."""
    if status == 403:
        return _refuse(403, "Rate Limit Exceeded", "rateLimitExceeded", "usageLimits")
    message = (
        f"Quota exceeded for quota metric 'Queries' and limit 'Queries {limit}' of service 'youtube.googleapis.com'."
    )
    return _refuse(429, message, "rateLimitExceeded", "global", "RESOURCE_EXHAUSTED")


def not_enabled() -> Refuse:
    """The owner's project does not have the API switched on."""
    message = "YouTube Data API v3 has not been used in project 1 before or it is disabled."
    return _refuse(403, message, "accessNotConfigured", "usageLimits", "PERMISSION_DENIED")


def backend_error() -> Refuse:
    return _refuse(500, "Internal error encountered.", "backendError", "global", "INTERNAL")


class YouTubeServer(Loopback):
    """YouTube with one person's likes and playlists, on 127.0.0.1: `url` is both `youtube_url` and `youtube_auth_url`.

    with YouTubeServer() as youtube:
        youtube.like(video(1), clip(2))
        warm_up = youtube.add_playlist("Warm Up", video(3))
        youtube.misbehave("/playlistItems", quota_exceeded())
    """

    def __init__(self, authorization: Authorization | None = None) -> None:
        super().__init__()
        self.authorization = authorization or Authorization(
            App(needs_secret=True, redirects=("http://127.0.0.1/callback", "http://127.0.0.1")),
            lasts_days=LASTS_DAYS,
            wants_offline=True,
        )
        self.likes = SimulatedPlaylist(LIKES, "Liked videos")
        """Newest first."""
        self.playlists: list[SimulatedPlaylist] = []
        self.catalogue: dict[str, Video] = {}
        """Videos that stand on no list, by id."""
        self.has_channel = True
        self.units = 0
        """What was used up so far."""
        self.units_a_day: int | None = None
        """How many there are; None for no end of them."""
        self._page_tokens: dict[str, tuple[str, int]] = {}

    # The world
    def like(self, *videos: Video) -> None:
        """Like these, the last one latest."""
        for each in videos:
            self.likes.put(each, at=0)

    def unlike(self, *video_ids: str) -> None:
        self.likes.take(*(place for place, entry in enumerate(self.likes.entries) if entry.video.id in video_ids))

    def add_playlist(
        self, title: str, *videos: Video, privacy: str = "private", is_mine: bool = True
    ) -> SimulatedPlaylist:
        playlist = SimulatedPlaylist(f"PL{len(self.playlists):032d}", title, privacy, is_mine)
        playlist.put(*videos)
        self.playlists.append(playlist)
        return playlist

    def forget_page_tokens(self) -> None:
        """All page tokens that were given out end now."""
        self._page_tokens.clear()

    def token(self, scope: str = SCOPE) -> str:
        """An access token."""
        return self.authorization.access([scope])

    def refresh_token(self, scope: str = SCOPE) -> str:
        return self.authorization.grant([scope])

    # Its routes
    def routes(self) -> Sequence[Route]:
        api = (
            ("channels", self._channels),
            ("playlists", self._my_playlists),
            ("playlistItems", self._entries),
            ("videos", self._videos),
        )
        return (
            ("GET", "/o/oauth2/v2/auth", self._authorize),
            ("POST", "/token", self._token),
            *(("GET", f"/youtube/v3/{name}", self._counted(answer)) for name, answer in api),
        )

    def _counted(self, route: Callable[[Request], Json]) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            self._check_token(request)
            if self.units_a_day is not None and self.units >= self.units_a_day:
                refused = quota_exceeded()
                return Answer(refused.status, refused.body)
            self.units += 1
            body = route(request)
            known = request.headers.get("if-none-match", "").strip('"')
            headers = {"ETag": f'"{body["etag"]}"', "Cache-Control": "private"}
            return Answer(304, None, headers) if known == body["etag"] else Answer(200, body, headers)

        return answer

    def _check_token(self, request: Request) -> None:
        if not request.bearer:
            message = f"Request is missing required authentication credential. {_NOT_SIGNED_IN}"
            raise _refused(401, message, "required", "global", "UNAUTHENTICATED")
        scopes = self.authorization.check(request.bearer)
        if scopes is None:
            message = f"Request had invalid authentication credentials. {_NOT_SIGNED_IN}"
            raise _refused(401, message, "authError", "global", "UNAUTHENTICATED")
        if SCOPE not in scopes:
            message = "Request had insufficient authentication scopes."
            raise _refused(403, message, "insufficientPermissions", "global", "PERMISSION_DENIED")

    def _authorize(self, request: Request) -> Answer:
        found = self.authorization.authorize(request.query)
        if isinstance(found, Page):
            return Answer(found.status, found.text.encode(), {"Content-Type": "text/html"})
        return Answer(302, None, {"Location": found.address})

    def _token(self, request: Request) -> Answer:
        return Answer(*self.authorization.token(request.form, request.headers))

    def _channels(self, request: Request) -> Json:
        parts = _parts_of(request, "channel")
        _one_filter(request, "mine")
        # With nobody to tell of there is no list of items, not an empty one.
        return (
            self._page(request, "channel", 1, lambda _: _channel(parts, self.likes.id))
            if self.has_channel
            else _reply("channel", 0)
        )

    def _my_playlists(self, request: Request) -> Json:
        parts = _parts_of(request, "playlist")
        if _one_filter(request, "mine", "id") == "mine":
            chosen = [each for each in self.playlists if each.is_mine]
        else:
            ids = _ids_of(request)
            chosen = [each for each in self.playlists if each.id in ids and _is_open(each)]
        return self._page(request, "playlist", len(chosen), lambda place: _playlist(chosen[place], parts))

    def _entries(self, request: Request) -> Json:
        parts = _parts_of(request, "playlistItem")
        _one_filter(request, "playlistId")
        wanted = request.query["playlistId"]
        playlist = next((each for each in (self.likes, *self.playlists) if each.id == wanted and _is_open(each)), None)
        if playlist is None:
            message = "The playlist identified with the request's <code>playlistId</code> parameter cannot be found."
            raise _refused(404, message, "playlistNotFound", "youtube.playlistItem")
        page = self._page(request, "playlistItem", len(playlist.entries), lambda place: _entry(playlist, place, parts))
        if playlist.hides:
            hidden = {entry.id for entry in playlist.entries if not entry.video.is_shown}
            page["items"] = [item for item in page["items"] if item["id"] not in hidden]
        return page

    def _videos(self, request: Request) -> Json:
        parts = _parts_of(request, "video")
        if _one_filter(request, "id", "myRating") == "myRating":
            if request.query["myRating"] != "like":
                raise _invalid("myRating", request.query["myRating"])
            shown = [entry.video for entry in self.likes.entries if entry.video.is_shown]
            return self._page(request, "video", len(shown), lambda place: _video(shown[place], parts))
        if "maxResults" in request.query:
            message = "Incompatible parameters specified in the request: id, maxResults"
            raise _refused(400, message, "incompatibleParameters", "youtube.parameter")
        ids = _ids_of(request)
        known = self._known(frozenset(ids))
        found = [known[each] for each in ids if each in known and known[each].is_shown]
        return _reply("video", len(found), [_video(each, parts) for each in found])

    def _known(self, ids: frozenset[str]) -> dict[str, Video]:
        listed = itertools.chain(self.likes.entries, *(playlist.entries for playlist in self.playlists))
        return self.catalogue | {entry.video.id: entry.video for entry in listed if entry.video.id in ids}

    def _page(self, request: Request, kind: str, total: int, item_at: Callable[[int], Json]) -> Json:
        text = request.query.get("maxResults", "5")
        if not text.isdecimal() or int(text) > _LARGEST_PAGE:
            message = f"Invalid value '{text}'. Values must be within the range: [0, {_LARGEST_PAGE}]"
            raise _refused(400, message, "invalidParameter", "global", "INVALID_ARGUMENT")
        size, start = int(text), self._start(request)
        # Tokens stand for a number of entries, so that pages shift when a list changes while it is read.
        more = {}
        if size and start + size < total:
            more["nextPageToken"] = self._page_token(request, start + size)
        if start:
            more["prevPageToken"] = self._page_token(request, max(0, start - size))
        items = [item_at(place) for place in range(start, min(start + size, total))]
        return _reply(kind, total, items, size, **more)

    def _page_token(self, request: Request, start: int) -> str:
        asked = _asked(request)
        for token, known in self._page_tokens.items():
            if known == (asked, start):
                return token
        token = f"EAAa{secrets.token_urlsafe(9)}"
        self._page_tokens[token] = (asked, start)
        return token

    def _start(self, request: Request) -> int:
        token = request.query.get("pageToken", "")
        if not token:
            return 0
        asked, start = self._page_tokens.get(token, ("", 0))
        if asked != _asked(request):
            message = "The request specifies an invalid page token."
            raise _refused(400, message, "invalidPageToken", "youtube.parameter", "INVALID_ARGUMENT")
        return start


# What is asked


def _asked(request: Request) -> str:
    """The list that a page token belongs to."""
    named = (request.query.get(name, "") for name in ("playlistId", "mine", "myRating"))
    return " ".join((request.path, *named))


def _parts_of(request: Request, kind: str) -> list[str]:
    parts = [part for part in request.query.get("part", "").split(",") if part]
    if not parts:
        raise _refused(400, "Required parameter: part", "required", "global", "INVALID_ARGUMENT")
    unknown = [part for part in parts if part not in _PARTS[kind]]
    if unknown:
        raise _refused(400, f"'{unknown[0]}'", "unknownPart", "youtube.part", "INVALID_ARGUMENT")
    return parts


def _one_filter(request: Request, *names: str) -> str:
    given = [name for name in names if request.query.get(name, "false") != "false"]
    if not given:
        message = f"No filter selected. Expected one of: {', '.join(names)}"
        raise _refused(400, message, "missingRequiredParameter", "youtube.parameter")
    if len(given) > 1:
        message = f"Incompatible parameters specified in the request: {', '.join(given)}"
        raise _refused(400, message, "incompatibleParameters", "youtube.parameter")
    return given[0]


def _ids_of(request: Request) -> list[str]:
    ids = request.query["id"].split(",")
    if len(ids) > _LARGEST_PAGE:
        raise _invalid("id", f"{len(ids)} ids")
    return ids


def _is_open(playlist: SimulatedPlaylist) -> bool:
    return playlist.is_mine or playlist.privacy != "private"


# What is answered


def _channel(parts: Iterable[str], likes_id: str) -> Json:
    told = {
        "snippet": {
            "title": "Lis Tener",
            "description": "",
            "customUrl": "@listener",
            "publishedAt": moment(0),
            "thumbnails": _thumbnails("channel"),
            "localized": {"title": "Lis Tener", "description": ""},
        },
        "contentDetails": {"relatedPlaylists": {"likes": likes_id, "uploads": f"UU{ME[2:]}"}},
    }
    return _thing("channel", ME, told, parts)


def _playlist(playlist: SimulatedPlaylist, parts: Iterable[str]) -> Json:
    told: Json = {
        "snippet": {
            "publishedAt": moment(0),
            "channelId": ME,
            "title": playlist.title,
            "description": "",
            "thumbnails": _thumbnails(playlist.id),
            "channelTitle": "Lis Tener",
            "localized": {"title": playlist.title, "description": ""},
        },
        "contentDetails": {"itemCount": len(playlist.entries)},
        "status": {"privacyStatus": playlist.privacy},
    }
    return _thing("playlist", playlist.id, told, parts) | {"etag": _etag([told, playlist.changes])}


def _entry(playlist: SimulatedPlaylist, place: int, parts: Iterable[str]) -> Json:
    entry = playlist.entries[place]
    video_id = {"kind": "youtube#video", "videoId": entry.video.id}
    snippet = {
        "publishedAt": entry.added_at,
        "channelId": ME,
        "channelTitle": "Lis Tener",
        "playlistId": playlist.id,
        "position": place,
        "resourceId": video_id,
        **_words(entry.video),
    }
    details = {"videoId": entry.video.id}
    if entry.video.is_shown:
        details["videoPublishedAt"] = moment(0)
    privacy = "privacyStatusUnspecified" if entry.video.is_deleted else entry.video.privacy
    told = {"snippet": snippet, "contentDetails": details, "status": {"privacyStatus": privacy}}
    return _thing("playlistItem", entry.id, told, parts)


def _words(each: Video) -> Json:
    """Of a video that is not shown a list keeps the place and says only why."""
    if each.is_deleted:
        return {"title": "Deleted video", "description": "This video is unavailable.", "thumbnails": {}}
    if each.privacy == "private":
        return {"title": "Private video", "description": "This video is private.", "thumbnails": {}}
    return {
        "title": each.title,
        "description": "",
        "thumbnails": _thumbnails(each.id),
        "videoOwnerChannelTitle": each.channel,
        "videoOwnerChannelId": _channel_id(each.channel),
    }


def _video(each: Video, parts: Iterable[str]) -> Json:
    told = {
        "snippet": {
            "publishedAt": moment(0),
            "channelId": _channel_id(each.channel),
            "title": each.title,
            "description": "",
            "thumbnails": _thumbnails(each.id),
            "channelTitle": each.channel,
            "categoryId": each.category,
            "liveBroadcastContent": each.live,
            "localized": {"title": each.title, "description": ""},
        },
        "contentDetails": {
            "duration": each.duration,
            "dimension": "2d",
            "definition": "hd",
            "caption": "false",
            "licensedContent": True,
            "contentRating": {},
            "projection": "rectangular",
        },
        "status": {
            "uploadStatus": "processed",
            "privacyStatus": each.privacy,
            "license": "youtube",
            "embeddable": True,
            "publicStatsViewable": True,
            "madeForKids": False,
        },
    }
    return _thing("video", each.id, told, parts)


def _thing(kind: str, thing_id: str, told: Mapping[str, Any], parts: Iterable[str]) -> Json:
    chosen = {part: told[part] for part in parts if part != "id"}
    return {"kind": f"youtube#{kind}", "etag": _etag([thing_id, chosen]), "id": thing_id, **chosen}


def _reply(kind: str, total: int, items: Sequence[Json] | None = None, size: int = 0, **more: str) -> Json:
    page_info = {"totalResults": total, "resultsPerPage": size or total}
    told: Json = {**more, "pageInfo": page_info} | ({} if items is None else {"items": list(items)})
    return {"kind": f"youtube#{kind}ListResponse", "etag": _etag(told), **told}


def _etag(told: object) -> str:
    return hashlib.sha1(json.dumps(told).encode(), usedforsecurity=False).hexdigest()[:27]


def _channel_id(name: str) -> str:
    return f"UC{hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()[:22]}"


def _thumbnails(name: str) -> Json:
    return {"default": {"url": f"https://i.ytimg.com/vi/{name}/default.jpg", "width": 120, "height": 90}}


def _invalid(name: str, value: str) -> Refused:
    return _refused(400, f"Invalid value '{value}' for {name}", "invalidParameter", "youtube.parameter")


def _refused(status: int, message: str, reason: str, domain: str, said: str = "") -> Refused:
    refuse = _refuse(status, message, reason, domain, said)
    return Refused(Answer(refuse.status, refuse.body))


def _refuse(status: int, message: str, reason: str, domain: str, said: str = "") -> Refuse:
    """An error in Google's shape; `said` is its newer one-word status, which not every answer has."""
    error = {"code": status, "message": message, "errors": [{"message": message, "domain": domain, "reason": reason}]}
    return Refuse(status, {"error": error | ({"status": said} if said else {})})
