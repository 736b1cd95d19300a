"""What people uploaded to the simulated SoundCloud: searched, shown, and played in one piece or in many.

    with PublicPagesServer() as server:
        server.uploads.append(Upload(1, "Foil & Paper", sound=sound_of(piece)))
        server.uploads.append(Upload(2, "Foil & Paper", sound=sound_of(piece), flaw="preview"))

Each upload has one flaw at most: `preview` (only 30 seconds are played, and the site says so), `short` (they are played,
and it does not), `blocked` (not in this country), `withheld` (its audio answers 403), `protected` (DRM), `private`
(found, but its page is gone), `hole` (a piece of its audio is missing), `inside` (its audio leads to this machine).
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from music_sync.demo.loopback import Answer, Refused, Request, Route, in_ranges
from music_sync.demo.music import SAMPLE_RATE_HZ, Piece, render, write_encoded

Json = dict[str, Any]

PREVIEW_S = 30
_API = "/api-v2.soundcloud.com"
_FILES = "cf-media.sndcdn.com"
_PIECES = "cf-hls-media.sndcdn.com"
_PIECE_S = 2


@dataclass
class Upload:
    """One upload; `way` is `file` for an MP3 in one piece, `pieces` for AAC in pieces (HLS)."""

    number: int
    title: str
    uploader: str = "Nadia Klee"
    length_s: float = 8.0
    """What the site tells."""
    sound: "bytes | Future[bytes]" = b""
    """An MP3 for a file, an M4A for pieces; other bytes are served as they are. It may still be in the making."""
    way: str = "file"
    isrc: str = ""
    flaw: str = ""
    leads_to: str = ""
    """With the flaw `inside`: the address that its audio is said to have, or is redirected to."""

    @property
    def content(self) -> bytes:
        return self.sound if isinstance(self.sound, bytes) else self.sound.result()

    @property
    def page(self) -> str:
        return f"https://soundcloud.com/{_slug(self.uploader)}/{_slug(self.title)}-{self.number}"

    def told(self) -> Json:
        """As the site's own pages are told of it."""
        length_ms = round(self.length_s * 1000)
        is_preview = self.flaw == "preview"
        policy = {"preview": "SNIP", "blocked": "BLOCK"}.get(self.flaw, "ALLOW")
        return {
            "id": self.number, "kind": "track", "title": self.title, "policy": policy, "sharing": "public",
            "permalink_url": self.page, "uri": f"https://api.soundcloud.com/tracks/{self.number}", "genre": None,
            "duration": PREVIEW_S * 1000 if is_preview else length_ms, "full_duration": length_ms, "artwork_url": None,
            "publisher_metadata": {"isrc": self.isrc} if self.isrc else None, "downloadable": False,
            "user": {"id": 7000, "kind": "user", "username": self.uploader, "permalink": _slug(self.uploader)},
            "media": {"transcodings": [] if self.flaw == "blocked" else self._transcodings()},
        }  # fmt: skip

    def _transcodings(self) -> list[Json]:
        kind = "preview" if self.flaw == "preview" else "stream"
        if self.flaw == "protected":
            ways = [("aac_160k", "ctr-encrypted-hls", _AAC), ("aac_160k", "cbc-encrypted-hls", _AAC)]
        elif self.way == "pieces":
            ways = [("aac_160k", "hls", _AAC)]
        else:
            ways = [("mp3_1_0", "progressive", "audio/mpeg")]
        return [
            {
                "url": f"https://api-v2.soundcloud.com/media/soundcloud:tracks:{self.number}/0/{kind}/{protocol}",
                "preset": preset, "duration": round(self.length_s * 1000), "snipped": kind == "preview", "quality": "sq",
                "format": {"protocol": protocol, "mime_type": mime},
            }
            for preset, protocol, mime in ways
        ]  # fmt: skip


_AAC = 'audio/mp4; codecs="mp4a.40.2"'


def sound_of(piece: Piece, codec: str = "mp3") -> bytes:
    """A piece as an MP3, or as an M4A for an upload in pieces."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sound.{codec}"
        write_encoded(path, render(piece), SAMPLE_RATE_HZ, codec)
        return path.read_bytes()


class Uploads:
    """The routes over a list of uploads, for a server of public pages."""

    def __init__(self, client_id: Any) -> None:
        self.all: list[Upload] = []
        self._is_known = client_id

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", f"{_API}/search/tracks", self._search),
            ("GET", f"{_API}/tracks/(?P<number>[0-9]+)", self._track),
            ("GET", f"{_API}/media/soundcloud:tracks:(?P<number>[0-9]+)/.*", self._address),
            ("GET", f"/{_FILES}/(?P<number>[0-9]+)[.]128[.]mp3", self._file),
            ("GET", f"/{_PIECES}/playlist/(?P<number>[0-9]+)[.]m3u8", self._manifest),
            ("GET", f"/{_PIECES}/media/(?P<number>[0-9]+)/(?P<name>.+)", self._piece),
        )

    def at_page(self, path: str) -> Upload | None:
        """The upload whose page has this path."""
        return next((each for each in self.all if each.page.endswith(f".com/{path}")), None)

    def _search(self, request: Request) -> Answer:
        self._is_known(request)
        hits = hits_for(request.query.get("q", ""), self.all, lambda each: f"{each.uploader} {each.title}")
        limit = int(request.query.get("limit", 10))
        return Answer(200, {"collection": [each.told() for each in hits[:limit]], "next_href": None})

    def _track(self, request: Request) -> Answer:
        self._is_known(request)
        return Answer(200, self._meant(request).told())

    def _address(self, request: Request) -> Answer:
        """A signed address, which is another one each time."""
        self._is_known(request)
        upload = self._meant(request)
        if upload.flaw == "withheld":
            raise Refused(Answer(403, {}))
        name = f"playlist/{upload.number}.m3u8" if upload.way == "pieces" else f"{upload.number}.128.mp3"
        host = _PIECES if upload.way == "pieces" else _FILES
        where = f"https://{host}/{name}?Policy=simulated&Signature=obviously-fake"
        return Answer(200, {"url": upload.leads_to if upload.flaw == "inside" else where})

    def _file(self, request: Request) -> Answer:
        upload = self._meant(request)
        if upload.leads_to:
            return Answer(302, None, {"Location": upload.leads_to})
        return in_ranges(request, upload.content, {"Content-Type": "audio/mpeg"})

    def _manifest(self, request: Request) -> Answer:
        upload = self._meant(request)
        text = pieces_of(upload.content)["index.m3u8"].decode()
        there = re.sub(
            r"^(?!#)(?=.)|(?<=URI=\")", f"https://{_PIECES}/media/{upload.number}/", text, flags=re.MULTILINE
        )
        return Answer(200, there.encode(), {"Content-Type": "application/vnd.apple.mpegurl"})

    def _piece(self, request: Request) -> Answer:
        upload, name = self._meant(request), request.parts["name"]
        if upload.flaw == "hole" and name == "index1.m4s":
            raise Refused(Answer(404, b"gone"))
        piece = pieces_of(upload.content).get(name)
        return Answer(200 if piece else 404, piece, {"Content-Type": "audio/mp4"})

    def _meant(self, request: Request) -> Upload:
        number = int(request.parts["number"])
        found = next((each for each in self.all if each.number == number and each.flaw != "private"), None)
        if found is None:
            raise Refused(Answer(404, {}))
        return found


@lru_cache(maxsize=8)
def pieces_of(sound: bytes) -> dict[str, bytes]:
    """An M4A in pieces of two seconds, as FFmpeg cuts it: `index.m3u8`, `init.mp4` and `index0.m4s` ... by name."""
    options = {"hls_segment_type": "fmp4", "hls_time": str(_PIECE_S), "hls_playlist_type": "vod"}
    return recut(sound, "index.m3u8", "hls", options)


def recut(sound: bytes, name: str, muxer: str, options: Mapping[str, str]) -> dict[str, bytes]:
    """The same packets in another container: the files that FFmpeg's muxer writes when it is to write `name`."""
    from av import open as av_open

    with tempfile.TemporaryDirectory() as whole_folder, tempfile.TemporaryDirectory() as folder:
        path = Path(whole_folder) / "whole"
        path.write_bytes(sound)
        with (
            av_open(str(path)) as whole,
            av_open(str(Path(folder) / name), "w", format=muxer, options=dict(options)) as cut,
        ):
            stream = whole.streams.audio[0]
            written = cut.add_stream_from_template(stream)
            for packet in whole.demux(stream):
                if packet.dts is not None:
                    packet.stream = written
                    cut.mux(packet)
        return {made.name: made.read_bytes() for made in Path(folder).iterdir()}


_T = TypeVar("_T")


def hits_for(asked: str, uploads: Iterable[_T], words: Callable[[_T], str]) -> list[_T]:
    """What a site finds: whatever shares a word with what was asked, and what shares the most first."""
    wanted = _words(asked)
    shared = [(len(wanted & _words(words(each))), each) for each in uploads]
    return [each for count, each in sorted(shared, key=lambda pair: -pair[0]) if count]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
