"""yt-dlp as a reader of pages: it lists and never downloads, its calls keep our rules, its failures come in our words."""

import logging
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from music_sync.adapters.calls import LARGEST_ANSWER_BYTES, Calls, NotThere, Reply, Trouble, after_s
from music_sync.adapters.file_names import clean
from music_sync.model.errors import GiveUp, NeedsPerson, ServiceUnavailable, SyncError

log = logging.getLogger(__name__)

SHAPE_ERRORS = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What an extractor stumbles with over a page that it does not know."""

_NOT_SHOWN = re.compile(r"(?i)does not exist|private|unviewable|not available|unavailable|removed|terminated")


@dataclass(frozen=True)
class Site:
    label: str
    home: str
    extractors: tuple[str, ...]
    """The closed list of those that may run; yt-dlp's generic one, which opens any page, is never among them."""
    hosts: re.Pattern[str]


SOUNDCLOUD_API = "api-v2.soundcloud.com"

SITES = {
    "soundcloud": Site(
        "SoundCloud",
        "https://soundcloud.com",
        ("soundcloud:user", "soundcloud:set", "soundcloud:playlist"),
        re.compile(rf"soundcloud\.com|{re.escape(SOUNDCLOUD_API)}|[a-z0-9-]+\.sndcdn\.com"),
    ),
    "youtube": Site("YouTube", "https://www.youtube.com", ("youtube:tab",), re.compile(r"www\.youtube\.com")),
}


def lister(site: Site, calls: Calls, base: str, heard: Callable[[str, bytes], None]) -> Any:
    """A `YoutubeDL` whose every call goes through `calls` to hosts of that site alone; `heard` is told each answer.

    `base` is where the hosts are found instead, as `{base}/{host}/...`.
    """
    import yt_dlp
    from yt_dlp.networking import Request, Response
    from yt_dlp.networking.exceptions import HTTPError, RequestError

    class Lister(yt_dlp.YoutubeDL):  # type: ignore[misc] # yt-dlp tells no types
        def urlopen(self, req: Any) -> Any:
            request = Request(req) if isinstance(req, str) else req
            url = request.url
            host = urlsplit(url).hostname or ""
            if not site.hosts.fullmatch(host):
                raise RequestError(f"{host} is no host of {site.label}")
            request.url = base + url.removeprefix("https:/") if base else url
            reply = calls.guarded(lambda _ours, timeout_s: _sent(super(Lister, self).urlopen, request, timeout_s))
            heard(url, reply.body)
            response = Response(BytesIO(reply.body), url, reply.headers, reply.status)
            if reply.status >= 400:
                raise HTTPError(response)
            return response

    return Lister(
        {
            "allowed_extractors": list(site.extractors),
            "extract_flat": "in_playlist",
            "simulate": True,
            "skip_download": True,
            "cachedir": False,
            "compat_opts": {"no-youtube-unavailable-videos"},  # they cost a second call and cannot be had anyway
            # Else a later page that is not understood would end the list without a word.
            "extractor_args": {"youtube": {"raise_incomplete_data": ["yes"]}},
            "geo_bypass": False,
            "logger": _Quiet(),
            "proxy": "",
            "usenetrc": False,
        }
    )


def _sent(urlopen: Callable[[Any], Any], request: Any, timeout_s: float) -> Reply:
    """Make one call, and read its answer whole whatever its status."""
    from yt_dlp.networking.exceptions import HTTPError, RequestError

    request.extensions["timeout"] = timeout_s
    try:
        try:
            response = urlopen(request)
        except HTTPError as error:
            response = error.response
        with closing(response):
            body = response.read(LARGEST_ANSWER_BYTES + 1)
    except RequestError as error:
        raise ConnectionError(str(error)) from error
    if len(body) > LARGEST_ANSWER_BYTES:
        raise ConnectionError("the answer is too large")
    return Reply(response.status, {name.lower(): text for name, text in response.headers.items()}, body)


class _Quiet:
    """Takes what yt-dlp says, links and all, to where only a developer looks."""

    def debug(self, line: str) -> None:
        log.debug("%s", line)

    info = warning = error = debug


def limited(reply: Reply) -> Trouble | None:
    """Only what may pass is tried again; all else is for the extractor to understand."""
    if reply.status == 429 or reply.status >= 500:
        return Trouble("again", str(reply.status), after_s(reply.headers.get("retry-after")))
    return None


# Failures


def translated(label: str, error: Exception) -> SyncError:
    """An extractor's failure in our own words."""
    from yt_dlp.networking.exceptions import HTTPError, RequestError
    from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

    failure = error.__context__ if isinstance(error, DownloadError) and error.__context__ else error
    said = clean(str(getattr(failure, "orig_msg", "") or failure))[:200]
    cause = getattr(failure, "cause", None) or failure
    if isinstance(failure, GeoRestrictedError):
        return GiveUp(f"{label} does not show that in this country ({said})", "geo_blocked")
    if isinstance(cause, HTTPError):
        return _refused(label, cause.status)
    if isinstance(cause, RequestError):
        return ServiceUnavailable(f"{label} is away ({said}); the next sync tries again")
    if isinstance(failure, ExtractorError) and failure.expected and _NOT_SHOWN.search(said):
        return NotThere(f"{label} does not show that list ({said}); make it public or correct its link", "not_there")
    return NeedsPerson(
        f"the public pages of {label} are not as yt-dlp knows them ({said}); "
        "update it (`pip install --upgrade yt-dlp`) and sync again"
    )


def _refused(label: str, status: int) -> SyncError:
    if status in {404, 410}:
        return NotThere(f"{label} has no such list, or it is private ({status}); correct its link or make it public")
    return ServiceUnavailable(
        f"{label} shows its public pages to no program just now ({status}); connect an account there, or sync later"
    )
