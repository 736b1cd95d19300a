"""yt-dlp as a reader of pages: its calls keep our rules, its failures come in our words, and it writes nothing by itself.

It has no way to the network of its own. Each of its calls goes over the gate for outgoing links, to the hosts of one
site alone, redirects too, within that site's budget and deadline. Plugins, settings files, cookies of browsers, other
programs and post-processing are off.
"""

import logging
import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import CookieJar
from importlib import metadata
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import httpx

from music_sync.adapters.calls import LARGEST_ANSWER_BYTES, Calls, NotThere, Reply, Trouble, after_s
from music_sync.adapters.egress import MOST_REDIRECTS, egress_client, host_and_port, host_of, shown
from music_sync.adapters.file_names import clean
from music_sync.model.errors import GiveUp, NeedsPerson, ServiceUnavailable, SyncError, TryAgainLater

log = logging.getLogger(__name__)

SHAPE_ERRORS = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What an extractor stumbles with over a page that it does not know."""
OLDEST_VERSION = (2026, 7, 4)
"""Older ones run programs and write files that a page names (advisories of 2026)."""
UPDATE = "pip install --upgrade yt-dlp yt-dlp-ejs"
"""Both, for yt-dlp takes only those scripts that it knows."""
JS_RUNTIMES = ("deno", "node")
"""Programs in which yt-dlp may work out YouTube's addresses, as it names them: it keeps both from our files. Bun and QuickJS
would run what a page brings with all that their owner may do."""

_NOT_SHOWN = re.compile(r"(?i)does not exist|private|unviewable|not available|unavailable|removed|terminated")
_PROTECTED = re.compile(r"\bDRM\b")
_WALL = re.compile(r"(?i)not a bot|captcha|try again later|rate-limited|being blocked")
"""What YouTube says in the place of a video to whoever it takes for a program; it speaks of us and not of the track."""
_ABROAD = re.compile(r"(?i)in your country|in your location")
_FOR_OTHERS = re.compile(
    r"(?i)confirm your age|age-restricted|members-only|members only|requires payment|requires purchase"
)
_NOT_OUT = re.compile(r"(?i)^premieres?\b|will begin|starts in\b|has not (?:yet )?(?:started|begun)")
_ADVICE = re.compile(
    r"(?is)[.;,]?\s*(?:use --|it is recommended to use|see\s+https?:|please report this|the current session).*"
)
"""What yt-dlp adds for who types its own commands."""
_WALL_S = 3600.0
"""YouTube lets go of whom it limits after an hour at most."""


@dataclass(frozen=True)
class Site:
    label: str
    home: str
    lists: tuple[str, ...]
    """Extractors that read lists. Those that run are a closed list; yt-dlp's generic one, which opens any page, is never
    among them."""
    tracks: tuple[str, ...]
    """Extractors that read a track's page, or search."""
    search: str
    """What yt-dlp calls a search there."""
    hosts: re.Pattern[str]
    """Of its pages."""
    media: re.Pattern[str]
    """Where its audio lies."""
    walls: re.Pattern[str] = re.compile(r"(?!)")
    """Where it sends programs in place of its pages: to prove that they are people, to sign in, to consent."""

    def owns(self, host: str) -> bool:
        return bool(self.hosts.fullmatch(host) or self.media.fullmatch(host))


SOUNDCLOUD_API = "api-v2.soundcloud.com"

SITES = {
    "soundcloud": Site(
        "SoundCloud",
        "https://soundcloud.com",
        ("soundcloud:user", "soundcloud:set", "soundcloud:playlist"),
        ("soundcloud", "soundcloud:search"),
        "scsearch",
        re.compile(rf"soundcloud\.com|{re.escape(SOUNDCLOUD_API)}|[a-z0-9-]+\.sndcdn\.com"),
        re.compile(r"[a-z0-9-]+\.sndcdn\.com|(?:[a-z0-9-]+\.)+soundcloud\.cloud"),
    ),
    "youtube": Site(
        "YouTube",
        "https://www.youtube.com",
        ("youtube:tab",),
        ("youtube", "youtube:search"),
        "ytsearch",
        re.compile(r"www\.youtube\.com"),
        re.compile(r"(?:[a-z0-9-]+\.)+googlevideo\.com"),
        re.compile(r"www\.google\.com|accounts\.google\.com|consent\.(?:youtube|google)\.com"),
    ),
}


def version() -> str:
    """yt-dlp's own, such as 2026.10.26; told without loading it, which takes a second or more."""
    return metadata.version("yt-dlp")


def javascript() -> list[tuple[str, bool]]:
    """The programs for YouTube's JavaScript that are here, with their version, and whether yt-dlp takes them."""
    _without_plugins()
    from yt_dlp.globals import supported_js_runtimes

    found = [supported_js_runtimes.value[name]().info for name in JS_RUNTIMES]
    return [(f"{each.name} {each.version}", each.supported) for each in found if each]


def scripts() -> tuple[str, bool]:
    """The version of yt-dlp's scripts for these programs, empty without them, and whether yt-dlp takes them."""
    _without_plugins()
    from yt_dlp.extractor.youtube.jsc._builtin import vendor

    try:
        here = metadata.version("yt-dlp-ejs")
    except metadata.PackageNotFoundError:
        return "", False
    return here, here.split(".")[:2] == vendor.VERSION.split(".")[:2]


def runs_javascript() -> bool:
    """Can YouTube's JavaScript be run here?"""
    return scripts()[1] and any(is_good for _, is_good in javascript())


# Connections


def site_client(site: Site, base: str = "", *, cookies: CookieJar | None = None, whole_s: float = 900) -> httpx.Client:
    """A gated client that reaches the hosts of one site alone, whatever a page or a redirect names.

    `base` is where the hosts are found instead, as `{base}/{host}/...`: a simulator.
    """
    private = frozenset({host_and_port(httpx.URL(base))} if base else ())
    client = egress_client(private, whole_s=whole_s, narrowed=lambda gated: _OneSite(site, base, gated))
    if cookies is not None:
        # httpx copies what it is given; yt-dlp puts its answer to the question of consent in later.
        client.cookies.jar = cookies
    return client


class _OneSite(httpx.BaseTransport):
    """Lets calls to a site's hosts pass, and refuses all others before anything is sent."""

    def __init__(self, site: Site, base: str, gated: httpx.BaseTransport) -> None:
        self._site = site
        self._base = base
        self._gated = gated

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        must_be_of(self._site, str(request.url))
        if self._base:
            path = request.url.raw_path.decode("ascii")
            there = httpx.URL(f"{self._base}/{host_of(request.url)}{path}")
            headers = {**request.headers, "host": host_and_port(there)}
            request = httpx.Request(
                request.method, there, headers=headers, stream=request.stream, extensions=request.extensions
            )
        return self._gated.handle_request(request)

    def close(self) -> None:
        self._gated.close()


def must_be_of(site: Site, url: str) -> None:
    """Raise GiveUp for an address that is none of the site's."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not site.owns(host) or parts.port not in {None, 443}:
        raise GiveUp(f"{shown(url)} is at no host of {site.label} and is not opened", "link_refused")


# yt-dlp


def reader(
    site: Site,
    calls: Callable[[str], Calls],
    base: str,
    heard: Callable[[str, bytes], None],
    extractors: tuple[str, ...],
    **more: Any,
) -> Any:
    """A `YoutubeDL` with these extractors; `calls` says under which rules a host is called, `heard` is told each answer."""
    yt_dlp = _without_plugins()
    from yt_dlp.networking import Request, Response
    from yt_dlp.networking.common import RequestDirector
    from yt_dlp.networking.exceptions import HTTPError, RequestError

    class Reader(yt_dlp.YoutubeDL):  # type: ignore[misc, name-defined] # yt-dlp tells no types
        def build_request_director(self, *_: Any, **__: Any) -> Any:
            """One without handlers: whatever does not come through `urlopen` reaches nothing."""
            return RequestDirector(logger=_Quiet())

        def urlopen(self, req: Any) -> Any:
            request = Request(req) if isinstance(req, str) else req
            must_be_of(site, request.url)
            asked = client.build_request(
                request.method,
                request.url,
                content=request.data,
                headers={**self.params["http_headers"], **request.headers, "Accept-Encoding": "identity"},
            )
            try:
                reply = calls(asked.url.host).guarded(lambda _ours, timeout_s: _sent(client, asked, timeout_s, site))
            except httpx.InvalidURL as error:
                raise RequestError("a redirect leads to what is no link") from error
            heard(request.url, reply.body)
            response = Response(BytesIO(reply.body), request.url, dict(reply.headers), reply.status)
            if reply.status >= 400:
                raise HTTPError(response)
            return response

        def close(self) -> None:
            client.close()
            super().close()

    reader = Reader(
        {
            "allowed_extractors": list(extractors),
            "simulate": True,
            "skip_download": True,
            "noplaylist": True,
            "cachedir": False,
            "cookiesfrombrowser": None,
            "external_downloader": {"default": "native"},
            "extractor_retries": 0,
            "ffmpeg_location": "/nonexistent",
            "fixup": "never",
            "fragment_retries": 0,
            "geo_bypass": False,
            "js_runtimes": {name: {} for name in JS_RUNTIMES},
            "logger": _Quiet(),
            "proxy": "",
            "retries": 0,
            "skip_unavailable_fragments": False,
            "usenetrc": False,
            **more,
        }
    )
    client = site_client(site, base, cookies=reader.cookiejar)
    return reader


def _without_plugins() -> Any:
    """The library; what lies in its plugin folders is not run."""
    import yt_dlp
    from yt_dlp.globals import plugin_dirs

    plugin_dirs.value = []
    return yt_dlp


def _sent(client: httpx.Client, request: httpx.Request, timeout_s: float, site: Site) -> Reply:
    """Make one call, follow its redirects, and read the answer whole whatever its status."""
    ends_at = time.monotonic() + max(timeout_s, 60)
    request.extensions["timeout"] = httpx.Timeout(timeout_s).as_dict()
    for _ in range(MOST_REDIRECTS + 1):
        with closing(client.send(request, stream=True)) as response:
            if response.next_request is None:
                headers = {name.lower(): text for name, text in response.headers.items()}
                return Reply(response.status_code, headers, _body_of(response, ends_at))
            request = response.next_request
        if site.walls.fullmatch(host_of(request.url)):
            raise walled(site.label, f"it leads to {host_of(request.url)}")
    raise GiveUp(f"{shown(request.url)} is still redirected after {MOST_REDIRECTS} redirects", "redirect_loop")


def _body_of(response: httpx.Response, ends_at: float) -> bytes:
    body = bytearray()
    for block in response.iter_bytes():
        body += block
        if len(body) > LARGEST_ANSWER_BYTES:
            raise ConnectionError("the answer is too large")
        if time.monotonic() > ends_at:
            raise ConnectionError("the answer is too slow")
    return bytes(body)


class _Quiet:
    """Takes what yt-dlp says, links and all, to where only a developer looks."""

    def debug(self, line: str, *_: Any, **__: Any) -> None:
        log.debug("%s", line)

    info = warning = error = stdout = stderr = debug


def limited(reply: Reply) -> Trouble | None:
    """Only what may pass is tried again; all else is for the extractor to understand."""
    if reply.status == 429 or reply.status >= 500:
        return Trouble("again", str(reply.status), after_s(reply.headers.get("retry-after")))
    return None


# Failures


def translated(label: str, error: Exception, thing: str = "list") -> SyncError:
    """An extractor's failure in our own words; `thing` is what was asked for."""
    from yt_dlp.networking.exceptions import HTTPError, RequestError
    from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

    failure = error.__context__ if isinstance(error, DownloadError) and error.__context__ else error
    said = _ADVICE.sub("", clean(str(getattr(failure, "orig_msg", "") or failure)))[:200]
    cause = getattr(failure, "cause", None) or failure
    if isinstance(failure, GeoRestrictedError):
        return GiveUp(f"{label} does not show that in this country ({said})", "geo_blocked")
    if isinstance(cause, HTTPError):
        return _refused(label, cause, thing)
    if isinstance(cause, RequestError):
        return ServiceUnavailable(f"{label} is away ({said}); the next sync tries again")
    told = _told(label, said, thing) if isinstance(failure, ExtractorError) and failure.expected else None
    if told:
        return told
    return NeedsPerson(
        f"the public pages of {label} are not as yt-dlp {version()} knows them ({said}); "
        f"update it (`{UPDATE}`) and sync again"
    )


def _told(label: str, said: str, thing: str) -> SyncError | None:
    """What a site says in the place of what was asked for; None for words that nobody knows.

    What speaks of us comes first: YouTube calls a video unavailable, too, when it only limits us.
    """
    mend = "make it public or correct its link" if thing == "list" else "it is private, removed or withheld"
    known: tuple[tuple[re.Pattern[str], SyncError], ...] = (
        (_WALL, walled(label, said)),
        (_PROTECTED, GiveUp(f"{label} protects that {thing} against copies (DRM), which is not touched", "drm")),
        (_ABROAD, GiveUp(f"{label} does not show that in this country ({said})", "geo_blocked")),
        (_FOR_OTHERS, GiveUp(f"{label} shows that {thing} only to some who are signed in ({said})", "withheld")),
        (_NOT_OUT, TryAgainLater(f"that {thing} is not out yet ({said}); the next sync tries again")),
        (_NOT_SHOWN, NotThere(f"{label} does not show that {thing} ({said}); {mend}", "not_there")),
    )
    return next((error for pattern, error in known if pattern.search(said)), None)


def walled(label: str, said: str) -> ServiceUnavailable:
    """The failure for a site that takes us for a program."""
    return ServiceUnavailable(f"{label} limits programs just now ({said}); it is left alone for an hour", _WALL_S)


def _refused(label: str, error: Any, thing: str) -> SyncError:
    if error.status in {404, 410}:
        mend = "; correct its link or make it public" if thing == "list" else ""
        return NotThere(f"{label} has no such {thing}, or it is private ({error.status}){mend}", "not_there")
    is_page = "html" in str(error.response.headers.get("content-type"))
    if thing != "list" and error.status in {403, 451} and not is_page:
        # A page in place of an answer is a wall before programs; an answer speaks of this one track.
        return GiveUp(f"{label} does not let that {thing} be heard here ({error.status})", "geo_blocked")
    return ServiceUnavailable(
        f"{label} shows its public pages to no program just now ({error.status}); connect an account there, or sync later"
    )
