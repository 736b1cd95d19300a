"""A YouTube Music simulator on loopback: the liked songs of one account, as its own web page is told of them.

tests/demo/test_ytmusic.py reads it with ytmusicapi itself. What it leaves out: all other lists, search, uploads, changes.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

from music_sync.demo.loopback import Answer, Loopback, Refused, Request, Route

Json = dict[str, Any]

SESSION = "simulated-3papisid"
"""Opens nothing but this simulator."""
COOKIE = f"SID=simulated; __Secure-3PAPISID={SESSION}; SAPISID={SESSION}"
HEADERS = f"Host: music.youtube.com\nCookie: {COOKIE}\nX-Goog-AuthUser: 0\nX-Goog-Visitor-Id: simulated\n"
"""As a person copies them from a browser."""
ORIGIN = "https://music.youtube.com"
A_PAGE = 100


@dataclass(frozen=True)
class Song:
    """A liked song; one without an id is no longer there, and one that is greyed out does not play."""

    video_id: str
    title: str
    artists: tuple[str, ...] = ("Nadia Klee",)
    album: str = "Late Shift"
    length: str = "3:00"
    greyed_out: bool = False


def songs(count: int, first: int = 0) -> list[Song]:
    return [Song(video_id(number), f"Track {number}") for number in range(first, first + count)]


def video_id(number: int) -> str:
    """Eleven letters and digits."""
    return f"vid{number:08}"


@dataclass
class Account:
    """Whose cookies are good, and what they like, newest first."""

    session: str = SESSION
    """Empty once the browser signed out."""
    name: str = "Nadia"
    likes: list[Song] = field(default_factory=list)
    announced: int | None = None
    """How many songs the head of the list tells, when that is not how many it has."""
    count_text: str = "{:,} songs"


class YtmusicServer(Loopback):
    """Serves an account's liked songs.

    with YtmusicServer(songs(250)) as server:
        means_in(home, MUSIC_SYNC_YTMUSIC_URL=server.url, MUSIC_SYNC_YTMUSIC_HEADERS=HEADERS)
    """

    def __init__(self, likes: Sequence[Song] = ()) -> None:
        super().__init__()
        self.account = Account(likes=list(likes))

    def sign_out(self) -> None:
        """The browser signed out: its cookies are nobody's any more."""
        self.account.session = ""

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", "/", self._home),
            ("POST", "/youtubei/v1/browse", self._browse),
            ("POST", "/youtubei/v1/account/account_menu", self._menu),
        )

    def _home(self, _request: Request) -> Answer:
        page = f"<html><script>ytcfg.set({json.dumps({'VISITOR_DATA': 'simulated-visitor'})});</script></html>"
        return Answer(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def _menu(self, request: Request) -> Answer:
        _asked(request)
        is_known = self._is_signed_in(request)
        photo = {"thumbnails": [{"url": "https://yt3.ggpht.com/simulated"}]}
        header = {"activeAccountHeaderRenderer": {"accountName": _text(self.account.name), "accountPhoto": photo}}
        menu = {"multiPageMenuRenderer": {"header": header} if is_known else {}}
        return Answer(200, {**_context(signed_in=is_known), "actions": [{"openPopupAction": {"popup": menu}}]})

    def _browse(self, request: Request) -> Answer:
        asked = _asked(request)
        if not self._is_signed_in(request):
            return Answer(200, _signed_out())
        if "continuation" in asked:
            return Answer(200, self._more(str(asked["continuation"])))
        if asked.get("browseId") != "VLLM":
            raise Refused(_error(404, "Requested entity was not found.", "NOT_FOUND"))
        return Answer(200, self._first())

    def _is_signed_in(self, request: Request) -> bool:
        """Do the cookies belong to a session? Raises Refused when the signature over them is wrong."""
        session = _cookie(request.headers.get("cookie", ""), "__Secure-3PAPISID")
        scheme, _, signed = request.headers.get("authorization", "").partition(" ")
        if not session or scheme != "SAPISIDHASH":
            return False
        stamp, _, signature = signed.partition("_")
        origin = request.headers.get("origin", "")
        right = hashlib.sha1(f"{stamp} {session} {origin}".encode()).hexdigest()  # noqa: S324 - as YouTube does it
        if signature != right or origin != ORIGIN:
            raise Refused(_error(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED"))
        return bool(self.account.session) and session == self.account.session

    def _first(self) -> Json:
        account = self.account
        count = len(account.likes) if account.announced is None else account.announced
        head = {
            "title": {"runs": [{"text": "Liked Music"}]},
            "subtitle": {"runs": [{"text": "Auto playlist"}]},
            "secondSubtitle": {
                "runs": [{"text": account.count_text.format(count)}, {"text": " • "}, {"text": "4+ hours"}]
            },
        }
        shelf: Json = {"playlistId": "LM", "collapsedItemCount": 100}
        if account.likes:
            shelf["contents"] = self._entries(0)
        tab = {"tabRenderer": {"content": _section({"musicResponsiveHeaderRenderer": head})}}
        columns = {"tabs": [tab], "secondaryContents": _section({"musicPlaylistShelfRenderer": shelf})}
        return {**_context(signed_in=True), "contents": {"twoColumnBrowseResultsRenderer": columns}}

    def _more(self, token: str) -> Json:
        if not token.removeprefix("likes-").isdecimal():
            raise Refused(_error(400, "Request contains an invalid argument.", "INVALID_ARGUMENT"))
        action = {"continuationItems": self._entries(int(token.removeprefix("likes-")))}
        return {
            **_context(signed_in=True),
            "onResponseReceivedActions": [{"appendContinuationItemsAction": action}],
        }

    def _entries(self, start: int) -> list[Json]:
        end = start + A_PAGE
        entries = [_entry(song) for song in self.account.likes[start:end]]
        if end < len(self.account.likes):
            command = {"token": f"likes-{end}", "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}
            entries.append({"continuationItemRenderer": {"continuationEndpoint": {"continuationCommand": command}}})
        return entries


def _asked(request: Request) -> Json:
    """The body of a call as the web page makes it."""
    asked = request.json or {}
    client = asked.get("context", {}).get("client", {})
    if client.get("clientName") != "WEB_REMIX" or request.query.get("alt") != "json":
        raise Refused(_error(400, "Request contains an invalid argument.", "INVALID_ARGUMENT"))
    return dict(asked)


def _entry(song: Song) -> Json:
    play = {"playNavigationEndpoint": {"watchEndpoint": {"videoId": song.video_id, "playlistId": "LM"}}}
    removed = {"playlistEditEndpoint": {"actions": [{"setVideoId": "1", "removedVideoId": song.video_id}]}}
    like = {"likeButtonRenderer": {"likeStatus": "LIKE"}}
    told: Json = {
        "flexColumns": [
            _column([_run(song.title, {} if song.greyed_out else {"watchEndpoint": {"videoId": song.video_id}})]),
            _column(_artists(song)),
            _column([_run(song.album, _leads_to(f"MPRE{_digest(song.album)}", "ALBUM"))] if song.album else []),
        ],
        "fixedColumns": [
            {"musicResponsiveListItemFixedColumnRenderer": {"text": {"runs": [{"text": song.length}]}}},
        ],
        "menu": {"menuRenderer": {"items": [], "topLevelButtons": [like]}},
    }  # fmt: skip
    if song.video_id:
        told["menu"]["menuRenderer"]["items"] = [{"menuServiceItemRenderer": {"serviceEndpoint": removed}}]
        button = {} if song.greyed_out else play
        told["overlay"] = {"musicItemThumbnailOverlayRenderer": {"content": {"musicPlayButtonRenderer": button}}}
    if song.greyed_out:
        told["musicItemRendererDisplayPolicy"] = "MUSIC_ITEM_RENDERER_DISPLAY_POLICY_GREY_OUT"
    return {"musicResponsiveListItemRenderer": told}


def _artists(song: Song) -> list[Json]:
    runs = [_run(name, _leads_to(f"UC{_digest(name)}", "ARTIST")) for name in song.artists]
    return [part for run in runs for part in (_run(", ", {}), run)][1:]


def _column(runs: list[Json]) -> Json:
    return {"musicResponsiveListItemFlexColumnRenderer": {"text": {"runs": runs} if runs else {}}}


def _run(text: str, endpoint: Json) -> Json:
    return {"text": text, "navigationEndpoint": endpoint} if endpoint else {"text": text}


def _leads_to(browse_id: str, kind: str) -> Json:
    kinds = {"browseEndpointContextMusicConfig": {"pageType": f"MUSIC_PAGE_TYPE_{kind}"}}
    return {"browseEndpoint": {"browseId": browse_id, "browseEndpointContextSupportedConfigs": kinds}}


def _signed_out() -> Json:
    """What the list looks like to nobody in particular, status 200 and all."""
    button = {"buttonRenderer": {"text": _text("Sign in"), "navigationEndpoint": {"signInEndpoint": {"hack": True}}}}
    message = {"messageRenderer": {"text": _text("Looking for what you’ve liked?"), "button": button}}
    tab = {"tabRenderer": {"content": _section({"itemSectionRenderer": {"contents": [message]}})}}
    return {**_context(signed_in=False), "contents": {"singleColumnBrowseResultsRenderer": {"tabs": [tab]}}}


def _context(*, signed_in: bool) -> Json:
    params = [{"key": "c", "value": "WEB_REMIX"}, {"key": "logged_in", "value": str(int(signed_in))}]
    tracking = [{"service": "CSI", "params": []}, {"service": "GFEEDBACK", "params": params}]
    return {"responseContext": {"visitorData": "simulated-visitor", "serviceTrackingParams": tracking}}


def _section(content: Json) -> Json:
    return {"sectionListRenderer": {"contents": [content]}}


def _text(words: str) -> Json:
    return {"runs": [{"text": words}]}


def _error(status: int, message: str, code: str) -> Answer:
    return Answer(status, {"error": {"code": status, "message": message, "status": code}})


def _cookie(header: str, name: str) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(header)
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:22]
