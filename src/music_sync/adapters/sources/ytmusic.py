"""YouTube Music: the songs that a person likes there, read as the page in their signed-in browser reads them.

There is no official way in: ytmusicapi speaks the page's own language, with the cookies of a browser. Its client asks
one fixed host, so the session that it is given sends what is meant for that host to the base address of the settings.
That concerns this one session, so other threads may use the library as they like.
"""

import json
import locale
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Protocol, cast

from music_sync.adapters.accounts import Account, Words
from music_sync.adapters.answer_fields import fields_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Reply, Trouble, by_status
from music_sync.adapters.links import Place
from music_sync.adapters.listing_reader import Page, RemoteList
from music_sync.adapters.means import Means
from music_sync.model.errors import GiveUp, NeedsPerson, ServiceUnavailable
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack

if TYPE_CHECKING:
    import requests

NAME = "ytmusic"
ACCOUNT = Account(
    service=NAME,
    label="YouTube Music",
    wants=(
        "The request headers of a browser that is signed in at https://music.youtube.com. Open that page in a private"
        " window, sign in, press F12, choose Network, and type `browse` into its filter. Click Library; then click one"
        " of the lines that appear with the right button, and choose Copy, then Copy Request Headers (Firefox) or Copy"
        " as cURL (Chrome, Edge; the bash form). Close the window without signing out: the headers hold your"
        " sign-in, and end when that browser signs out. Google's own sign-in for programs (OAuth) does not work at"
        " YouTube Music now; the source `youtube` has it, and tells of liked videos."
    ),
    way=Words(
        {"ytmusic_headers": "the copied request headers (all lines, then an empty one)"},
        long=frozenset({"ytmusic_headers"}),
    ),
)
LIMITS = Limits(burst=10, per_s=2)
LIKES = "LM"
"""What YouTube calls the list of liked music."""
A_PAGE = 100

_SITE = "https://music.youtube.com"
_COOKIE = "__Secure-3PAPISID"
"""The cookie that signs the calls."""
_KEPT = frozenset({"cookie", "x-goog-authuser", "x-goog-pageid", "x-goog-visitor-id", "user-agent"})
"""Those of a browser's headers that say who asks; the others are the browser's own affair."""
_VIDEO_ID = re.compile(r"[0-9A-Za-z_-]{11}")
_CURL_HEADER = re.compile(r"""(?:^|\s)(?:-H|--header)\s+\$?(?:'([^']*)'|"([^"]*)")""")
_CURL_COOKIE = re.compile(r"""(?:^|\s)(?:-b|--cookie)\s+\$?(?:'([^']*)'|"([^"]*)")""")
_SPOKEN = "MUSIC_VIDEO_TYPE_PODCAST_EPISODE"
_BROKEN = (LookupError, TypeError, AttributeError, ValueError)
"""What ytmusicapi stumbles with over an entry that it does not know."""


def open_parts(means: Means) -> "Sequence[LikedSongs]":
    return [LikedSongs(means)]


def for_place(place: Place, means: Means) -> Source | None:
    """The list of liked music, where somebody is connected; playlists there are those of the source `youtube`."""
    is_ours = place.service == "youtube" and place.kind == "likes" and place.id == LIKES
    return LikedSongs(means) if is_ours and means.accounts.is_set_up(ACCOUNT) else None


def who(means: Means) -> str:
    """The name of the person whose browser it was; raises NeedsPerson when the service does not know it."""
    copied = means.accounts.words(ACCOUNT)["ytmusic_headers"]
    with means.calls(ACCOUNT, "ytmusic_url", LIMITS, judge=judge) as calls, calls.session() as session:
        return parse_who(_YouTubeMusic(session, calls.base_url, copied).ask("account/account_menu", {}))


class LikedSongs:
    """What a person likes at YouTube Music, newest first; it shows the newest 5,000 and tells no time of a like."""

    name = NAME
    part = "likes"

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        """Yield them; see `Source.detect`. When nothing changed since, that costs one call."""
        reader = self._means.reader(NAME)
        self.messages = reader.messages
        copied = self._means.accounts.words(ACCOUNT)["ytmusic_headers"]
        with self._means.calls(ACCOUNT, "ytmusic_url", LIMITS, judge=judge) as calls, calls.session() as session:
            pages = _Pages(_YouTubeMusic(session, calls.base_url, copied))
            remote = RemoteList(self.part, "Liked Music", pages.fetch)
            yielded = set()
            try:
                for found in reader.read(remote):
                    yielded.add(found.source_id)
                    yield found
                # Pages are counted from the beginning: where one entry goes away, another slips between two of them.
                if pages.shrank:
                    yield from (found for found in reader.read(remote, anew=True) if found.source_id not in yielded)
            except GiveUp as error:
                why = f"YouTube Music does not show the liked songs ({error}); the next sync tries again"
                raise ServiceUnavailable(why) from error
            finally:
                self.messages += pages.told()


class _Pages:
    """The pages of the list; a cursor holds the entries so far, the announced number of all, and the service's token."""

    def __init__(self, service: "_YouTubeMusic") -> None:
        self._service = service
        self._unusable: dict[str, int] = {}
        self._totals: list[int] = []
        self._tokens: set[str] = set()

    @property
    def shrank(self) -> bool:
        """Did entries go away while the list was read?"""
        return bool(self._totals) and self._totals[-1] < self._totals[0]

    def fetch(self, cursor: str) -> Page:
        if not cursor:
            page = parse_first(self._service.ask("browse", {"browseId": f"VL{LIKES}"}))
            self._totals += [] if page.total is None else [page.total]
            self._tokens.clear()
        else:
            seen, total, token = cursor.split(" ", 2)
            if token in self._tokens:
                raise ServiceUnavailable(
                    "YouTube Music names the same page again and again; the next sync tries once more"
                )
            self._tokens.add(token)
            reply = self._service.ask("browse", {"continuation": token})
            page = parse_further(reply, int(seen), int(total) if total != "-" else None)
        self._unusable[cursor] = page.entries - len(page.tracks)
        return page

    def told(self) -> list[str]:
        count = sum(self._unusable.values())
        return (
            [f"{count} {'entry' if count == 1 else 'entries'} of Liked Music cannot be had any more"] if count else []
        )


def judge(reply: Reply) -> Trouble | None:
    """Its home is a page and no JSON. A page in place of a list, or a way to one, is told apart by who asked for a list."""
    is_page = reply.status == 200 and "text/html" in reply.headers.get("content-type", "")
    return None if is_page or 300 <= reply.status < 400 else by_status(reply)


# Signing in


def read_headers(text: str) -> dict[str, str]:
    """The headers that sign in, out of what a person copied: header lines, a curl command, JSON, or the cookie alone.

    Raises NeedsPerson when the cookie that signs the calls is not among them.
    """
    told = {name.strip().lower(): value.strip() for name, value in _pairs(text.strip())}
    kept = {name: value for name, value in told.items() if name in _KEPT and value and value.isprintable()}
    # ytmusicapi reads none of the cookies when one of them has odd letters.
    kept["cookie"] = "; ".join(filter(_is_plain_cookie, kept.get("cookie", "").split("; ")))
    if f"{_COOKIE}=" not in kept["cookie"]:
        raise _SignedOut(
            f"the headers kept of YouTube Music hold no cookie of a signed-in browser ({_COOKIE}); "
            f"run `{ACCOUNT.command}` and copy those of a request called `browse`"
        )
    fixed = {"origin": _SITE, "accept": "*/*", "content-type": "application/json", "authorization": "SAPISIDHASH 0_0"}
    # ytmusicapi sees by the scheme that these come from a browser, and signs each call anew.
    return {"x-goog-authuser": "0", **kept, **fixed}


def _is_plain_cookie(text: str) -> bool:
    name, _, value = text.replace('"', "").partition("=")
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(f"{name}={value}")
    except CookieError:
        return False
    return name in cookies and cookies[name].coded_value == value


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.startswith("{"):
        return _json_pairs(text)
    if text.startswith("curl "):
        lines = [single or double for single, double in _CURL_HEADER.findall(text)]
        cookies = [("cookie", single or double) for single, double in _CURL_COOKIE.findall(text)]
        return [*_line_pairs(lines), *cookies]
    if re.match(r"[\w-]+=", text):
        return [("cookie", " ".join(text.split()))]
    return _line_pairs(text.splitlines())


def _line_pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Lines as `name: value`; some browsers put the value onto the next line."""
    pairs: list[tuple[str, str]] = []
    waiting = ""
    for line in filter(None, map(str.strip, lines)):
        name, colon, value = line.partition(":")
        if waiting:
            pairs.append((waiting, line))
            waiting = ""
        elif colon and re.fullmatch(r"[\w-]+", name):
            waiting = "" if value.strip() else name
            pairs += [(name, value)] if value.strip() else []
    return pairs


def _json_pairs(text: str) -> list[tuple[str, str]]:
    try:
        told = fields_of(json.loads(text))
    except ValueError:
        return []
    return [(name, value) for name, value in told.items() if isinstance(value, str)]


class _SignedOut(NeedsPerson):
    """What was copied does not sign in, or not any more."""


def _signed_out(why: str) -> _SignedOut:
    return _SignedOut(
        f"YouTube Music does not know the copied browser any more: {why}; run `{ACCOUNT.command}` with fresh headers"
    )


# ytmusicapi


class _YouTubeMusic:
    """The service as the browser sees it whose headers were copied; nothing is read or asked before the first call."""

    def __init__(self, session: "requests.Session", base_url: str, copied: str) -> None:
        self._session = session
        self._base_url = base_url
        self._copied = copied

    def ask(self, endpoint: str, asked: dict[str, Any]) -> Mapping[str, Any]:
        """One answer as it came; raises NeedsPerson when it is meant for nobody in particular."""
        try:
            reply = fields_of(self._client.ask(endpoint, asked))
        except _SignedOut:
            raise
        except NeedsPerson as error:
            raise _signed_out("it refuses the sign-in") from error
        except ValueError as error:
            raise _signed_out("it answers with a page, as to sign in") from error
        except OSError as error:
            raise ServiceUnavailable(
                "YouTube Music leads from one page to the next; the next sync tries again"
            ) from error
        if _is_known(reply) is False:
            raise _signed_out("it answers as to somebody who is not signed in")
        return reply

    @cached_property
    def _client(self) -> "_Client":
        from ytmusicapi import YTMusic
        from ytmusicapi.exceptions import YTMusicError

        class Client(YTMusic):
            def ask(self, endpoint: str, asked: dict[str, Any]) -> Any:
                return self._send_request(endpoint, asked)

        headers = read_headers(self._copied)
        _send_elsewhere(self._session, self._base_url)
        try:
            with _same_locale():
                return cast("_Client", Client(headers, requests_session=self._session))
        except (YTMusicError, CookieError, *_BROKEN) as error:
            raise _signed_out(f"ytmusicapi does not take its headers ({type(error).__name__})") from error


class _Client(Protocol):
    def ask(self, endpoint: str, asked: dict[str, Any]) -> Any: ...


def _send_elsewhere(session: "requests.Session", base_url: str) -> None:
    """Have a session send what is meant for YouTube Music to the base address, and nothing anywhere else."""
    from requests.adapters import BaseAdapter

    inner = session.get_adapter(_SITE)

    class Elsewhere(BaseAdapter):
        def send(self, request: "requests.PreparedRequest", *args: Any, **options: Any) -> "requests.Response":
            url = str(request.url)
            for site in (_SITE, base_url):
                if url.startswith(f"{site}/"):
                    request.url = base_url + url.removeprefix(site)
                    return inner.send(request, *args, **options)
            # The cookies go nowhere else.
            raise _signed_out("it leads to another site, as to sign in")

        def close(self) -> None:
            inner.close()

    session.max_redirects = 3
    elsewhere = Elsewhere()
    session.mount("https://", elsewhere)
    session.mount("http://", elsewhere)


@contextmanager
def _same_locale() -> Iterator[None]:
    """ytmusicapi sets the locale of the whole process, and needs it for nothing that is asked here."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)


def _is_known(reply: Mapping[str, Any]) -> bool | None:
    """Does the service know who asks? None when it does not say."""
    services = fields_of(reply.get("responseContext")).get("serviceTrackingParams")
    for service in services if isinstance(services, list) else []:
        params = fields_of(service).get("params")
        for param in params if isinstance(params, list) else []:
            if fields_of(param).get("key") == "logged_in":
                return fields_of(param).get("value") == "1"
    return False if "'signInEndpoint'" in str(reply.get("contents")) else None


# Answers


def parse_who(reply: Mapping[str, Any]) -> str:
    """The name over the menu of an account; empty when it is not there."""
    actions = reply.get("actions")
    action = fields_of(fields_of(actions[0] if isinstance(actions, list) and actions else None).get("openPopupAction"))
    menu = fields_of(fields_of(action.get("popup")).get("multiPageMenuRenderer"))
    head = fields_of(fields_of(menu.get("header")).get("activeAccountHeaderRenderer"))
    runs = fields_of(head.get("accountName")).get("runs")
    return text_of(fields_of(runs[0] if isinstance(runs, list) and runs else None).get("text"))


def parse_first(reply: Mapping[str, Any]) -> Page:
    """The head of the list and its first page; raises NeedsPerson for an answer of another shape."""
    columns = fields_of(fields_of(reply.get("contents")).get("twoColumnBrowseResultsRenderer"))
    shelf = fields_of(_section(columns.get("secondaryContents")).get("musicPlaylistShelfRenderer"))
    total = _announced(columns)
    contents = shelf.get("contents")
    if isinstance(contents, list) and contents:
        return _page(contents, 0, total)
    # Who likes nothing yet may get a message in place of a list.
    is_list = bool(shelf) or "'messageRenderer'" in str(reply.get("contents"))
    if not is_list or total or not _is_known(reply):
        raise NeedsPerson(
            "YouTube Music answers in a way that ytmusicapi does not know; "
            "update it (`pip install --upgrade ytmusicapi`) and sync again"
        )
    return Page((), 0, total=total)


def parse_further(reply: Mapping[str, Any], seen: int, total: int | None) -> Page:
    """A page after `seen` entries; raises ServiceUnavailable when it is missing though there is more than a page to come."""
    actions = reply.get("onResponseReceivedActions")
    action = fields_of(actions[0] if isinstance(actions, list) and actions else None)
    items = fields_of(action.get("appendContinuationItemsAction")).get("continuationItems")
    if isinstance(items, list) and items:
        return _page(items, seen, total)
    if total is None or total - seen > A_PAGE:
        raise ServiceUnavailable("YouTube Music broke off the list of liked songs; the next sync goes on from there")
    return Page((), 0, total=total)


def _page(contents: list[Any], seen: int, total: int | None) -> Page:
    from ytmusicapi.continuations import get_continuation_token

    entries = [entry for entry in contents if "musicResponsiveListItemRenderer" in fields_of(entry)]
    tracks = tuple(found for entry in entries if (found := parse_entry(entry)))
    try:
        token = get_continuation_token(contents)
    except _BROKEN:
        token = None
    seen += len(entries)
    return Page(tracks, len(entries), f"{seen} {'-' if total is None else total} {token}" if token else "", total)


def parse_entry(entry: Mapping[str, Any]) -> FoundTrack | None:
    """An entry of the list; None for one that is deleted, broken or no music."""
    from ytmusicapi.parsers.playlists import parse_playlist_items

    try:
        (song,) = parse_playlist_items([dict(entry)])
    except _BROKEN:
        return None
    return parse_song(song)


def parse_song(song: Mapping[str, Any]) -> FoundTrack | None:
    """A song as ytmusicapi tells of it. One that is greyed out does not play there, and is liked all the same."""
    video_id, title = song.get("videoId"), text_of(song.get("title"))
    if not isinstance(video_id, str) or not _VIDEO_ID.fullmatch(video_id) or not title:
        return None
    if song.get("videoType") == _SPOKEN:
        return None
    artists = song.get("artists")
    names = [text_of(fields_of(artist).get("name")) for artist in artists] if isinstance(artists, list) else []
    length_s = number_of(song.get("duration_seconds"))
    return FoundTrack(
        source=NAME,
        source_id=video_id,
        artist=", ".join(filter(None, names)),
        title=title,
        album=text_of(fields_of(song.get("album")).get("name")),
        length_s=float(length_s) if length_s else None,
        # The same video has one address, wherever it was found.
        url=f"https://www.youtube.com/watch?v={video_id}",
    )


def _announced(columns: Mapping[str, Any]) -> int | None:
    """How many songs the head of the list tells; None when it tells nothing that is understood."""
    tabs = columns.get("tabs")
    tab = fields_of(fields_of(tabs[0] if isinstance(tabs, list) and tabs else None).get("tabRenderer"))
    head = fields_of(_section(tab.get("content")).get("musicResponsiveHeaderRenderer"))
    runs = fields_of(head.get("secondSubtitle")).get("runs")
    texts = [text_of(fields_of(run).get("text")) for run in runs] if isinstance(runs, list) else []
    # Where views are told too, they come first.
    told = texts[2] if len(texts) > 3 else texts[0] if texts else ""
    digits = re.sub(r"(?<=\d)[.,\s’](?=\d)", "", told)
    found = re.match(r"\d+", digits)
    return int(found[0]) if found else None


def _section(content: object) -> Mapping[str, Any]:
    """The first content of a list of sections."""
    contents = fields_of(fields_of(content).get("sectionListRenderer")).get("contents")
    return fields_of(contents[0] if isinstance(contents, list) and contents else None)
