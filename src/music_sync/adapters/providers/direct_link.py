"""A link to an audio file, fetched over the gate for outgoing links, and taken up again where it broke off."""

import random
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx

from music_sync.adapters.egress import egress_client, host_of, opened, read_link, shown
from music_sync.adapters.first_bytes import ENOUGH_BYTES, audio_ending, what_it_is
from music_sync.adapters.links import is_streaming_site
from music_sync.adapters.providers.part_file import Address, Part, State, staging_fault
from music_sync.model.errors import EnvironmentFault, GiveUp, ServiceUnavailable, SyncError, TryAgainLater
from music_sync.model.formats import AUDIO_ENDINGS, CONTAINERS
from music_sync.model.ports import Progress
from music_sync.model.track import FoundTrack

_T = TypeVar("_T")
_LONGEST_AFTER_S = 3600.0
_ROOM_TO_SPARE_BYTES = 50 * 1024 * 1024
_RETRIED = frozenset({408, 421, 425, 429})
_IN_WORDS = {
    401: "wants a sign-in (401)",
    403: "is forbidden (403)",
    404: "is not there (404)",
    410: "is gone for good (410)",
    451: "is withheld for legal reasons (451)",
}


@dataclass(frozen=True)
class LinkLimits:
    """Bounds of one download; those of one connection (10 s to connect, 30 s of silence) belong to the client."""

    size_bytes: int = 2 * 1024**3
    whole_s: float = 900
    tries: int = 5
    longest_wait_s: float = 60
    """A server that asks for a longer wait is left alone until the next sync."""
    first_pause_s: float = 1
    """Pauses after a broken try are random between 0 and this, doubled with each try."""


class DirectLink:
    """Brings the audio file that an http or https link leads to.

    `client` makes a gated client for each download (see `adapters.egress.egress_client`); clock and now give seconds,
    monotonic and since 1970.
    """

    name = "link"

    def __init__(
        self,
        client: Callable[[], httpx.Client] = egress_client,
        limits: LinkLimits = LinkLimits(),
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._limits = limits
        self._sleep = sleep
        self._chance = chance
        self._clock = clock
        self._now = now

    def offers(self, found: FoundTrack) -> bool:
        """Links to audio files by their ending, and links to sites that are not known to only stream."""
        try:
            url = read_link(found.url)
        except GiveUp:
            # A refused link is ours to refuse with its reason, but a page of another kind (spotify:...) is not a link.
            return found.url.lower().startswith(("http:", "https:"))
        return _ends_like_audio(url) or not is_streaming_site(url)

    def peek(self, found: FoundTrack) -> Path | None:
        """Look at the first 64 KiB with the refusals of `fetch`; nothing is kept."""
        self.look(found.url)
        return None

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:
        """Download into `download.<ending>`; a second call goes on with `download.part`, or returns what is whole.

        Raises GiveUp for what is no audio, refused, dead or too large, ServiceUnavailable for a server that is away
        or limits us, EnvironmentFault for a staging folder that cannot be written.
        """
        return self.bring(lambda: Address(found.url, found.url), folder, progress)

    def bring(self, address: Callable[[], "Address"], folder: Path, progress: Progress, stem: str = "download") -> Path:
        """Download as `fetch` does, into `<stem>.<ending>`; the address is asked for only when something is missing."""
        whole = whole_file(folder, stem)
        if whole:
            return whole
        wanted = address()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part = Part(folder, stem, wanted)
            with self._client() as client:
                load = _Load(client, part, self._limits, progress, self._clock, self._now)
                self._patiently(wanted.link, load.run)
            return part.finish()
        except OSError as error:
            raise staging_fault(folder, error) from error

    def look(self, link: str) -> None:
        """Look at the first 64 KiB of what a link leads to, with the refusals of `fetch`."""
        with self._client() as client:
            self._patiently(link, lambda ends_at: self._look(client, link, ends_at))

    def _look(self, client: httpx.Client, link: str, ends_at: float) -> None:
        with opened(client, link, {"Range": f"bytes=0-{ENOUGH_BYTES - 1}"}) as response:
            _refuse_status(response, link, self._now)
            if (_announced_bytes(response) or 0) > self._limits.size_bytes:
                raise _too_large(link, self._limits)
            head = bytearray()
            for block in response.iter_raw():
                head += block
                if len(head) >= ENOUGH_BYTES or self._clock() > ends_at:
                    break
        _refuse_other_than_audio(bytes(head[:ENOUGH_BYTES]), link, response)

    def _patiently(self, link: str, attempt: Callable[[float], _T]) -> _T:
        """Run `attempt(ends_at)` until it succeeds, with pauses, as often and as long as the limits allow."""
        ends_at = self._clock() + self._limits.whole_s
        for number in range(self._limits.tries):
            try:
                return attempt(ends_at)
            except httpx.HTTPError as error:
                broken = _Broken(_why(error))
            except _Broken as error:
                broken = error
            pause_s = self._pause_s(number, broken.after_s)
            is_last = number + 1 == self._limits.tries
            if is_last or pause_s > self._limits.longest_wait_s or self._clock() + pause_s > ends_at:
                break
            self._sleep(pause_s)
        raise ServiceUnavailable(f"{shown(link)} {broken}; it is tried again at the next sync", broken.after_s)

    def _pause_s(self, number: int, after_s: float | None) -> float:
        longest_s: float = min(self._limits.first_pause_s * 2.0**number, self._limits.longest_wait_s)
        return max(self._chance() * longest_s, after_s or 0)


class _Broken(Exception):
    """This try broke off; `after_s` is how long the server wants to be left alone."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class _Load:
    """One download over as many tries as it takes."""

    def __init__(
        self,
        client: httpx.Client,
        part: Part,
        limits: LinkLimits,
        progress: Progress,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._client = client
        self._part = part
        self._limits = limits
        self._progress = progress
        self._clock = clock
        self._now = now

    def run(self, ends_at: float) -> None:
        """Load what is missing. Raises _Broken or an httpx error when it broke off and may go on."""
        kept = self._part.kept_bytes()
        if kept and kept == self._part.state.size_bytes:
            _refuse_other_than_audio(self._part.head(), self._part.link)
            return
        while not kept or kept < (self._part.state.size_bytes or 0):
            kept = self._load(kept, ends_at)

    def _load(self, kept: int, ends_at: float) -> int:
        """Ask for what comes behind `kept` bytes; gives how many are here then."""
        link, piece = self._part.link, self._part.piece_bytes
        with opened(self._client, link, _range_headers(kept, self._part.state, piece)) as response:
            _refuse_status(response, link, self._now)
            if kept and not _continues(response, kept, self._part.state):
                kept = 0
                if response.status_code != HTTPStatus.OK:
                    self._part.restart(State(self._part.name))
                    raise _Broken("sent another range than was asked for")
            if not kept:
                self._part.restart(_state_of(response, self._part.name, is_piece=bool(piece)))
            self._check_room(kept)
            return self._receive(response, kept, ends_at)

    def _receive(self, response: httpx.Response, kept: int, ends_at: float) -> int:
        state, done, last = self._part.state, kept, _range_of(response)
        wanted = state.size_bytes if last is None else last + 1
        head = bytearray(self._part.head()) if kept else bytearray()
        looked = False
        with self._part.path.open("ab") as file:
            for block in response.iter_raw():
                file.write(block)
                done += len(block)
                head += block[: ENOUGH_BYTES - len(head)]
                if not looked and len(head) == ENOUGH_BYTES:
                    _refuse_other_than_audio(bytes(head), self._part.link, response)
                    looked = True
                self._check_bounds(done, ends_at)
                if state.size_bytes:
                    self._progress(min(1.0, done / state.size_bytes))
        if wanted is not None and done != wanted:
            raise _Broken(f"ended after {done} of {state.size_bytes} bytes")
        _refuse_other_than_audio(bytes(head), self._part.link, response)
        return done

    def _check_bounds(self, done: int, ends_at: float) -> None:
        link = self._part.link
        if done > self._limits.size_bytes:
            raise _too_large(link, self._limits)
        if self._clock() > ends_at:
            raise ServiceUnavailable(
                f"{shown(link)} took longer than {self._limits.whole_s:.0f} s; the next sync goes on from there"
            )

    def _check_room(self, kept: int) -> None:
        size_bytes = self._part.state.size_bytes
        if size_bytes is None:
            return
        if size_bytes > self._limits.size_bytes:
            raise _too_large(self._part.link, self._limits)
        if size_bytes - kept + _ROOM_TO_SPARE_BYTES > shutil.disk_usage(self._part.folder).free:
            raise EnvironmentFault(
                f"too little space in {self._part.folder} for {shown(self._part.link)} "
                f"({size_bytes} bytes); make space, then sync again"
            )


def whole_file(folder: Path, stem: str) -> Path | None:
    """What was brought under this stem before, None when it is not here as a whole."""
    places = (folder / f"{stem}.{ending}" for ending in dict.fromkeys(CONTAINERS.values()))
    return next((place for place in places if place.is_file()), None)


def _ends_like_audio(url: httpx.URL) -> bool:
    return url.path.rpartition(".")[2].lower() in AUDIO_ENDINGS


def _range_headers(kept: int, state: State, piece: int) -> dict[str, str]:
    if not kept and not piece:
        return {}
    last = str(kept + piece - 1) if piece else ""
    return {"Range": f"bytes={kept}-{last}", **({"If-Range": state.validator} if kept and state.validator else {})}


def _refuse_status(response: httpx.Response, link: str, now: Callable[[], float]) -> None:
    """Raise what a status means, unless the answer holds the file; 416 is left to the range's own check."""
    status = response.status_code
    if status in {200, 203, 206, 416}:
        return
    if status in _RETRIED or status >= 500:
        after_s = _after_s(response.headers.get("retry-after", ""), now()) if status in {429, 503} else None
        words = "limits us" if status == HTTPStatus.TOO_MANY_REQUESTS else "is out of order"
        raise _Broken(f"{words} ({status})", after_s)
    raise GiveUp(f"{shown(link)} {_IN_WORDS.get(status, f'is refused by its server ({status})')}", f"http_{status}")


def _continues(response: httpx.Response, kept: int, state: State) -> bool:
    """Does this answer hold the rest of the file whose beginning we have?"""
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("content-range", "").strip())
    if response.status_code != HTTPStatus.PARTIAL_CONTENT or not match or int(match[1]) != kept:
        return False
    etag = response.headers.get("etag", "")
    same_size = match[3] == "*" or state.size_bytes in {None, int(match[3])}
    return same_size and (not etag or not state.etag or etag == state.etag)


def _range_of(response: httpx.Response) -> int | None:
    """The last byte of the range that an answer holds; None when it holds the whole file."""
    match = re.fullmatch(r"bytes \d+-(\d{1,18})/\S+", response.headers.get("content-range", "").strip())
    return int(match[1]) if match and response.status_code == HTTPStatus.PARTIAL_CONTENT else None


def _state_of(response: httpx.Response, name: str, *, is_piece: bool) -> State:
    begins = is_piece and response.headers.get("content-range", "").startswith("bytes 0-")
    if response.status_code not in {200, 203} and not begins:
        raise _Broken("sent a range that nobody asked for")
    headers = response.headers
    return State(name, _announced_bytes(response), headers.get("etag", ""), headers.get("last-modified", ""))


def _announced_bytes(response: httpx.Response) -> int | None:
    """The size of the whole file: of the range's total where there is one."""
    total = re.fullmatch(r"bytes \S+/(\d{1,18})", response.headers.get("content-range", "").strip())
    if total:
        return int(total[1])
    length = response.headers.get("content-length", "")
    return int(length) if re.fullmatch(r"\d{1,18}", length) else None


def _refuse_other_than_audio(head: bytes, link: str, response: httpx.Response | None = None) -> None:
    if audio_ending(head):
        return
    what = what_it_is(head)
    if response is not None and what == "a web page" and _is_led_astray(link, response):
        # The sign-in page of a hotel's network says nothing about the track.
        raise TryAgainLater(
            f"{shown(link)} was led to a web page at {host_of(response.url)}; sign in to this network, then sync again"
        )
    raise GiveUp(f"{shown(link)} is not audio but {what}; give the link to the file itself", "not_audio")


def _is_led_astray(link: str, response: httpx.Response) -> bool:
    before = httpx.URL(link)
    return before.scheme == "http" and host_of(before) != host_of(response.url)


def _too_large(link: str, limits: LinkLimits) -> SyncError:
    return GiveUp(f"{shown(link)} is larger than {limits.size_bytes / 1024**3:.3g} GiB", "too_large")


def _after_s(text: str, now_s: float) -> float | None:
    """Seconds that a Retry-After asks for, at most an hour; None when it says nothing that can be used."""
    text = text.strip()
    if re.fullmatch(r"\d{1,12}", text):
        return min(float(text), _LONGEST_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, moment.timestamp() - now_s), _LONGEST_AFTER_S)


def _why(error: httpx.HTTPError) -> str:
    said = re.sub(r"^\[Errno -?\d+\] ", "", str(error))
    if isinstance(error, httpx.ConnectTimeout):
        return "cannot be reached in time"
    if isinstance(error, httpx.TimeoutException):
        return "went silent"
    if isinstance(error, httpx.ConnectError):
        return f"cannot be reached ({said})"
    return f"broke off ({said})"
