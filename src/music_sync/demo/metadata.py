"""Four simulators on loopback of services that tell what a recording is: MusicBrainz, Cover Art Archive, Deezer, AcoustID.

Each refuses what the real one refuses: calls that come too fast, a missing User-Agent, a wrong key, an id that is none.
"""

import gzip
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from music_sync.demo.loopback import Answer, Loopback, Refused, Request, Route

ACOUSTID_KEY = "acoustid-simulated"
_MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_JPEG = {"Content-Type": "image/jpeg"}


def mbid(number: int) -> str:
    """An id as MusicBrainz gives them."""
    return f"0a1b2c3d-0000-4000-8000-{number:012x}"


@dataclass
class Allowance:
    """A token bucket that says no, as the services' own do."""

    burst: float
    per_s: float
    clock: Callable[[], float] = time.monotonic
    refused: int = 0
    _left: float = field(default=-1.0)
    _at: float = 0.0

    def take(self) -> bool:
        now = self.clock()
        since_s = now - self._at
        self._left = self.burst if self._left < 0 else min(self.burst, self._left + since_s * self.per_s)
        self._at = now
        if self._left < 0.999:
            self.refused += 1
            return False
        self._left -= 1
        return True


@dataclass(frozen=True)
class Release:
    """A release at MusicBrainz."""

    number: int
    title: str
    date: str = "2021-03-04"
    label: str = ""
    status: str | None = "Official"
    secondary: tuple[str, ...] = ()
    has_front: bool = False


@dataclass(frozen=True)
class Work:
    """A recording as all four services know it; what is None or empty is told as the service tells it."""

    number: int
    artist: str
    title: str
    isrc: str
    length_s: float | None
    releases: tuple[Release, ...] = ()
    genre: str = ""
    fingerprint: str = ""
    """As AcoustID takes it."""
    score: float = 0.98
    bpm: float = 0
    is_on_deezer: bool = True

    @property
    def mbid(self) -> str:
        return mbid(self.number)


class MusicBrainzServer(Loopback):
    """`/ws/2/isrc`, `/ws/2/recording` and releases of a recording, as JSON; `url` is what the setting wants."""

    def __init__(self, *works: Work) -> None:
        super().__init__()
        self.works = list(works)
        # A little more than one a second, so that clocks of two processes may differ by some milliseconds.
        self.allowance = Allowance(1, 1.05)

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", r"/ws/2/isrc/(?P<isrc>[^/]+)", self._by_isrc),
            ("GET", r"/ws/2/recording/(?P<id>[^/]+)", self._by_id),
            ("GET", r"/ws/2/release", self._releases),
        )

    def _by_isrc(self, request: Request) -> Answer:
        self._check(request, {"artists", "releases", "isrcs"})
        isrc = request.parts["isrc"]
        if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", isrc):
            raise _mb_error(400, "Invalid isrc.")
        found = [each for each in self.works if each.isrc == isrc]
        if not found:
            raise _mb_error(404, "Not Found")
        return Answer(200, {"isrc": isrc, "recordings": [_mb_recording(each) for each in found]})

    def _by_id(self, request: Request) -> Answer:
        self._check(request, {"artists", "releases", "isrcs", "genres", "tags"})
        work = self._work(request.parts["id"])
        genres = [{"name": work.genre.lower(), "count": 3, "id": mbid(900)}] if work.genre else []
        return Answer(200, {**_mb_recording(work), "isrcs": [work.isrc] if work.isrc else [], "genres": genres})

    def _releases(self, request: Request) -> Answer:
        self._check(request, {"labels", "recordings", "release-groups", "media", "artist-credits"})
        work = self._work(request.query.get("recording", ""))
        limit = int(request.query.get("limit", "25"))
        shown = [_mb_release(each) for each in work.releases[:limit]]
        return Answer(200, {"release-count": len(work.releases), "release-offset": 0, "releases": shown})

    def _work(self, wanted: str) -> Work:
        if not _MBID.fullmatch(wanted):
            raise _mb_error(400, "Invalid mbid.")
        work = next((each for each in self.works if each.mbid == wanted), None)
        if work is None:
            raise _mb_error(404, "Not Found")
        return work

    def _check(self, request: Request, incs: set[str]) -> None:
        if not self.allowance.take():
            raise _mb_error(
                503,
                "Your requests are exceeding the allowable rate limit. Please see"
                " http://wiki.musicbrainz.org/XMLWebService for more information.",
            )
        agent = request.headers.get("user-agent", "")
        if not re.match(r"[\w-]+/[\d.]+ \(.+\)", agent):
            raise _mb_error(403, "Your User-Agent does not tell which application asks.")
        if request.query.get("fmt") != "json":
            raise Refused(Answer(200, b'<?xml version="1.0"?><metadata/>', {"Content-Type": "application/xml"}))
        for word in filter(None, request.query.get("inc", "").split("+")):
            for inc in word.split(" "):
                if inc not in incs:
                    raise _mb_error(400, f"{inc} is not a valid inc parameter for this resource.")


def _mb_recording(work: Work) -> dict[str, Any]:
    return {
        "id": work.mbid,
        "title": work.title,
        "length": None if work.length_s is None else round(work.length_s * 1000),
        "video": False,
        "disambiguation": "",
        "first-release-date": min((each.date for each in work.releases if each.date), default=""),
        "artist-credit": [{"name": work.artist, "joinphrase": "", "artist": {"id": mbid(800), "name": work.artist}}],
        "releases": [{"id": mbid(each.number), "title": each.title, "date": each.date} for each in work.releases],
    }


def _mb_release(release: Release) -> dict[str, Any]:
    label = {"id": mbid(700), "name": release.label} if release.label else None
    return {
        "id": mbid(release.number),
        "title": release.title,
        "date": release.date,
        "status": release.status,
        "country": None,
        "label-info": [{"catalog-number": None, "label": label}],
        "release-group": {"primary-type": "Album", "secondary-types": list(release.secondary)},
        "media": [{"track-count": 9, "position": 1}],
        "cover-art-archive": {"front": release.has_front, "artwork": release.has_front, "count": 1, "back": False},
    }


def _mb_error(status: int, message: str) -> Refused:
    return Refused(Answer(status, {"error": message, "help": "For usage, please see: https://musicbrainz.org/"}))


class CoverArtServer(Loopback):
    """Front covers by release: a redirect to the file, as the archive does it."""

    def __init__(self, pictures: Mapping[str, bytes] | None = None) -> None:
        """`pictures`: by the release's id."""
        super().__init__()
        self.pictures = dict(pictures or {})
        self.redirects_to = ""
        """Another address to redirect to; empty for the file itself."""

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", r"/release/(?P<id>[^/]+)/front-(?P<size>250|500|1200)", self._front),
            ("GET", r"/download/(?P<id>[^/]+)\.jpg", self._file),
        )

    def _front(self, request: Request) -> Answer:
        wanted = request.parts["id"]
        if not _MBID.fullmatch(wanted):
            return _html(400, "invalid MBID specified")
        if wanted not in self.pictures:
            return _html(404, "No cover image found")
        return Answer(307, b"", {"Location": self.redirects_to or f"{self.url}/download/{wanted}.jpg"})

    def _file(self, request: Request) -> Answer:
        return Answer(200, self.pictures[request.parts["id"]], _JPEG)


def _html(status: int, title: str) -> Answer:
    return Answer(status, f"<!doctype html><title>{status}</title><p>{title}".encode(), {"Content-Type": "text/html"})


def picture(colour: str = "teal", side: int = 300) -> bytes:
    """A JPEG of one colour."""
    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (side, side), colour).save(made, "JPEG")
    return made.getvalue()


class DeezerServer(Loopback):
    """Tracks by ISRC and their albums; every error comes with status 200."""

    def __init__(self, *works: Work) -> None:
        super().__init__()
        self.works = list(works)
        self.allowance = Allowance(50, 10)
        self.compilations: set[int] = set()
        """Numbers of works whose album is a compilation."""

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", r"/track/isrc:(?P<isrc>[^/]*)", self._track),
            ("GET", r"/album/(?P<id>\d+)", self._album),
        )

    def unknown(self, _request: Request) -> Answer:
        return _deezer_error(600, "InvalidQueryException", "Unknown path components")

    def _track(self, request: Request) -> Answer:
        found = [each for each in self.works if each.isrc == request.parts["isrc"] and each.is_on_deezer]
        if not self.allowance.take():
            return _deezer_error(4, "Exception", "Quota limit exceeded")
        if not found:
            return _deezer_error(800, "DataException", "no data")
        work = found[0]
        release = work.releases[0] if work.releases else Release(work.number, "")
        return Answer(
            200,
            {
                "id": 3_000_000 + work.number,
                "title": work.title,
                "isrc": work.isrc,
                "duration": round(work.length_s or 0),
                "bpm": work.bpm,
                "gain": -9.1,
                "track_position": 2,
                "release_date": release.date or "0000-00-00",
                "artist": {"id": 1, "name": work.artist},
                "album": {"id": work.number, "title": release.title, "cover_xl": None},
            },
        )

    def _album(self, request: Request) -> Answer:
        if not self.allowance.take():
            return _deezer_error(4, "Exception", "Quota limit exceeded")
        work = next((each for each in self.works if str(each.number) == request.parts["id"]), None)
        if work is None or not work.releases:
            return _deezer_error(800, "DataException", "no data")
        return Answer(
            200,
            {
                "id": work.number,
                "title": work.releases[0].title,
                "label": work.releases[0].label,
                "record_type": "compile" if work.number in self.compilations else "album",
                "genres": {"data": [{"id": 106, "name": work.genre}] if work.genre else []},
            },
        )


def _deezer_error(code: int, kind: str, message: str) -> Answer:
    return Answer(200, {"error": {"type": kind, "message": message, "code": code}})


class AcoustIdServer(Loopback):
    """Recordings by sound; the form must be gzipped or plain, and the key a known one."""

    def __init__(self, *works: Work) -> None:
        super().__init__()
        self.works = list(works)
        self.keys = {ACOUSTID_KEY}
        self.allowance = Allowance(3, 3)

    def routes(self) -> Sequence[Route]:
        return (("POST", r"/v2/lookup", self._lookup),)

    def _lookup(self, request: Request) -> Answer:
        if not self.allowance.take():
            return _acoustid_error(14, 429, "rate limit (3 requests per second) exceeded, try again later")
        form = _form(request)
        if form.get("client") not in self.keys:
            return _acoustid_error(4, 400, "invalid API key")
        if not form.get("duration", "").isdecimal():
            return _acoustid_error(8, 400, "invalid duration")
        if not form.get("fingerprint", "").startswith("AQ"):
            return _acoustid_error(3, 400, "invalid fingerprint")
        found = [each for each in self.works if each.fingerprint and each.fingerprint == form["fingerprint"]]
        results = [{"id": mbid(600 + each.number), "score": each.score, "recordings": [_heard(each)]} for each in found]
        return Answer(200, {"status": "ok", "results": results})


def _form(request: Request) -> dict[str, str]:
    body = request.body
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return dict(parse_qsl(body.decode("ascii")))


def _heard(work: Work) -> dict[str, Any]:
    groups = [
        {
            "id": mbid(500 + each.number),
            "title": each.title,
            "type": "Album",
            **({"secondarytypes": list(each.secondary)} if each.secondary else {}),
            "releases": [{"id": mbid(each.number), "date": {"year": int(each.date[:4])} if each.date else None}],
        }
        for each in work.releases
    ]
    told = {
        "id": work.mbid,
        "title": work.title,
        "artists": [{"id": mbid(800), "name": work.artist}],
        "releasegroups": groups,
        "sources": 12,
    }
    # A recording without a length has no such field.
    return told if work.length_s is None else {**told, "duration": work.length_s}


def _acoustid_error(code: int, status: int, message: str) -> Answer:
    return Answer(status, {"status": "error", "error": {"code": code, "message": message}})
