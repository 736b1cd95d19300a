"""Tracks from the sites that the owner switched on, read by yt-dlp's extractors: a track's own page, or what a search finds.

yt-dlp reads the pages; a file that lies in one piece is fetched as any direct link is, one in pieces by yt-dlp's reader of
HLS. Nothing that is protected is touched. Which hit of a search is the track is not said here.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from music_sync.adapters.answer_fields import fields_of
from music_sync.adapters.budget_file import Budget, Limits
from music_sync.adapters.calls import Calls, NotThere
from music_sync.adapters.extractor_calls import (
    SHAPE_ERRORS,
    SITES,
    SOUNDCLOUD_API,
    UPDATE,
    Site,
    limited,
    reader,
    runs_javascript,
    site_client,
    translated,
    version,
)
from music_sync.adapters.extractor_lists import PAGE_LIMITS
from music_sync.adapters.links import read_place
from music_sync.adapters.providers.direct_link import DirectLink, LinkLimits, whole_file
from music_sync.adapters.providers.extractor_offers import PREVIEW, upload_offer, video_offer
from music_sync.adapters.providers.extractor_pieces import in_one_piece, load_pieces
from music_sync.adapters.providers.part_file import Address, staging_fault
from music_sync.model.errors import GiveUp, NeedsPerson, ServiceUnavailable, SyncError, TryAgainLater
from music_sync.model.ports import Offer, Progress
from music_sync.model.track import FoundTrack

MOST_OFFERS = 10
"""So many hits of a search are looked at; the track is among the first, or under another name."""
PAGES_S = 120.0
"""How long the pages of one track may take."""
_MEDIA_LIMITS = Limits(burst=60, per_s=5)
_ENDINGS = frozenset({"mp3", "m4a", "opus", "ogg", "flac", "wav", "aiff", "aif"})
"""What the library can keep; YouTube's Opus comes in WebM, which it cannot."""
_ENDED = frozenset({"http_401", "http_403", "http_410"})
"""What a signed address answers that is good no more, or not yet, or not for us; it says nothing of the track."""
_LONGEST_ADVERT_S = 120.0

Format = Mapping[str, Any]


class Extractors:
    """Brings tracks from `sites`, with the budgets in that folder; `base` stands for all hosts in a simulator."""

    name = "extractors"

    def __init__(
        self,
        sites: Sequence[str] = (),
        budgets: Path | None = None,
        *,
        base: str = "",
        limits: LinkLimits | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.sites = tuple(sites)
        self._budgets = budgets
        self._base = base.rstrip("/")
        self._limits = limits or LinkLimits()
        self._sleep = sleep
        self._readers: dict[str, _Reader] = {}
        self._opening = threading.Lock()

    def offers(self, found: FoundTrack) -> bool:
        return self._page(found) is not None

    def peek(self, found: FoundTrack) -> Path | None:
        """Ask the track's page whether it can be had there; no audio is read."""
        page = self._must_have(found)
        self._reader(page.site).look(page.url, found)
        return None

    def search(self, found: FoundTrack, site: str) -> Sequence[Offer]:
        """The first hits by artist and title; what the site itself says cannot be had carries its refusal."""
        words = " ".join(f"{found.artist} {found.title}".split())
        return self._reader(site).search(words) if found.title else ()

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:
        """Download into `<site>-<id>.<ending>`; a second call goes on where the first broke off.

        Raises GiveUp for what is gone, withheld, protected, a preview or no audio; TryAgainLater when the site is away,
        limits us, or is not as yt-dlp knows it; EnvironmentFault for a staging folder that cannot be written.
        """
        page = self._must_have(found)
        whole = whole_file(folder, page.stem)
        if whole:
            return in_one_piece(whole)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = self._brought(page, found, folder, progress)
            return in_one_piece(path)
        except OSError as error:
            raise staging_fault(folder, error) from error

    def close(self) -> None:
        for each in self._readers.values():
            each.close()
        self._readers.clear()

    def _brought(self, page: "_Page", found: FoundTrack, folder: Path, progress: Progress) -> Path:
        opened = self._reader(page.site)
        chosen = opened.look(page.url, found)
        if str(chosen["protocol"]).startswith("m3u8"):
            return opened.load_pieces(chosen, folder, page.stem, progress)
        try:
            return opened.load_file(chosen, folder, page.stem, progress)
        except GiveUp as error:
            if error.rule not in _ENDED:
                raise
        chosen = opened.look(page.url, found)
        try:
            return opened.load_file(chosen, folder, page.stem, progress)
        except GiveUp as error:
            if error.rule not in _ENDED:
                raise
            told = f"the address of its audio is refused although its own page tells it ({error})"
            raise ServiceUnavailable(f"{told}; the next sync tries again") from error

    def _reader(self, site: str) -> "_Reader":
        """One for each site, kept: to make one costs more than to use it."""
        with self._opening:
            if site not in self._readers:
                assert self._budgets  # noqa: S101 - without sites nothing is asked for
                self._readers[site] = _Reader(site, self._budgets, self._base, self._limits, self._sleep)
            return self._readers[site]

    def _must_have(self, found: FoundTrack) -> "_Page":
        page = self._page(found)
        if page is None:
            raise GiveUp(f"{found.label} has no page at a site that is switched on", "not_offered")
        return page

    def _page(self, found: FoundTrack) -> "_Page | None":
        """The track's own page, by its link, else by what its source calls it; a file of the owner's needs none."""
        link = "" if found.path else found.url or _LINKS.get(found.source, "").format(found.source_id)
        with suppress(GiveUp):
            place = read_place(link) if link else None
            if place and place.kind == "track" and place.service in self.sites:
                return _Page(place.service, place.url, re.sub(r"[^0-9A-Za-z_-]", "-", f"{place.service}-{place.id}"))
        return None


_LINKS = {
    "soundcloud": "https://api.soundcloud.com/tracks/{}",
    "youtube": "https://www.youtube.com/watch?v={}",
    "ytmusic": "https://www.youtube.com/watch?v={}",
}


@dataclass(frozen=True)
class _Page:
    site: str
    url: str
    stem: str
    """Of the names that its files get in staging."""


class _Reader:
    """One site's resident yt-dlp; its pages are read one after another, its audio side by side."""

    def __init__(self, name: str, budgets: Path, base: str, limits: LinkLimits, sleep: Callable[[float], None]) -> None:
        self._name = name
        self._site: Site = SITES[name]
        self._base = base
        self._limits = limits
        self._sleep = sleep
        label = self._site.label
        self._pages = Budget(budgets, f"{name}-pages", f"{label}'s web site", PAGE_LIMITS, sleep=sleep)
        self._media = Budget(budgets, f"{name}-media", f"{label}'s audio", _MEDIA_LIMITS, sleep=sleep)
        self._pages_calls = Calls(self._site.home, self._pages, judge=limited, sleep=sleep)
        self._media_calls = Calls(self._site.home, self._media, judge=limited, sleep=sleep)
        self._now = threading.local()
        self._turn = threading.Lock()
        self._found: list[Any] = []
        self._announced = 0
        self._is_playable = self._is_protected = False
        self._downloader = reader(
            self._site,
            self._calls_for,
            base,
            self._hear,
            self._site.tracks,
            extract_flat="in_playlist",
            # Each costs a call; what is left out is the same sound in a worse or an odd format.
            extractor_args={
                "soundcloud": {"formats": ["http_aac", "http_mp3", "hls_aac", "hls_mp3"]},
                # Else an answer that is not understood would be an empty search; what else a page tells is not wanted.
                "youtube": {"raise_incomplete_data": ["yes"], "player_skip": ["initial_data"]},
            },
            match_filter=_refuse_broadcast,
            format=_best,
        )

    def close(self) -> None:
        self._downloader.close()
        self._pages_calls.__exit__()
        self._media_calls.__exit__()

    def look(self, url: str, found: FoundTrack) -> Format:
        """The best format of a track's page that can be kept; raises as `Extractors.fetch` does."""
        with self._reading(), self._in_our_words(found.label):
            told = self._downloader.extract_info(url, download=False)
            if not isinstance(told, dict) or not told.get("url"):
                raise ValueError(f"the page of {found.label} tells no audio")
            if self._name == "youtube" and str(told.get("id")) not in url:
                raise GiveUp("what is played there is not this video but a trailer of it", "preview")
            return dict(told)

    def search(self, words: str) -> Sequence[Offer]:
        with self._reading(), self._in_our_words(words, "search"):
            told = self._downloader.extract_info(
                f"{self._site.search}{MOST_OFFERS}:{words}", download=False, process=False
            )
            if self._name == "youtube":
                entries = list(told["entries"])
                if self._announced and not entries:
                    raise ValueError(f"{self._announced} hits are announced and none is shown")
                return [offer for entry in entries if (offer := video_offer(entry))]
            self._hear_first(told["entries"])
            return [offer for entry in self._found if (offer := upload_offer(entry))][:MOST_OFFERS]

    def _hear_first(self, entries: Iterable[Any]) -> None:
        """Let the site be asked; yt-dlp breaks off at the first hit that is withheld, when all of them were heard."""
        from yt_dlp.utils import ExtractorError

        try:
            next(iter(entries), None)
        except ExtractorError:
            if not self._found:
                raise

    def load_file(self, chosen: Format, folder: Path, stem: str, progress: Progress) -> Path:
        """As any direct link, with what the site wants to hear in the headers."""
        self._sit_through(float(chosen.get("available_at") or 0) - time.time())
        self._media.take(within_s=PAGES_S)
        loads = DirectLink(lambda: self._media_client(chosen), self._limits, sleep=self._sleep)
        try:
            name = f"{stem}:{chosen.get('format_id')}"
            piece = int((chosen.get("downloader_options") or {}).get("http_chunk_size") or 0)
            return loads.bring(lambda: Address(str(chosen["url"]), name, piece), folder, progress, stem)
        except ServiceUnavailable as error:
            if error.after_s:
                self._media.block(error.after_s, f"{self._site.label} limits us")
            raise

    def _sit_through(self, advert_s: float) -> None:
        """YouTube's addresses are good only when the advert before a video could be over."""
        if advert_s > _LONGEST_ADVERT_S:
            raise TryAgainLater(
                f"{self._site.label} plays it in {advert_s:.0f} s at the earliest; the next sync tries again"
            )
        if advert_s > 0:
            self._sleep(advert_s)

    def load_pieces(self, chosen: Format, folder: Path, stem: str, progress: Progress) -> Path:
        self._now.calls = {"media": self._media_calls.within(self._limits.whole_s)}
        return load_pieces(self._downloader, chosen, folder / stem, progress, self._limits.size_bytes)

    def _media_client(self, chosen: Format) -> Any:
        client = site_client(self._site, self._base, whole_s=self._limits.whole_s)
        headers = {name: text for name, text in (chosen.get("http_headers") or {}).items() if name in _PASSED_ON}
        client.headers.update(headers)
        return client

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._turn:
            self._found, self._announced, self._is_playable, self._is_protected = [], 0, False, False
            calls = self._pages_calls.within(PAGES_S)
            self._now.calls = {"pages": calls, "media": calls}
            yield

    def _calls_for(self, host: str) -> Calls:
        calls: dict[str, Calls] = self._now.calls
        is_media = bool(self._site.media.fullmatch(host)) or "pages" not in calls
        return calls["media" if is_media else "pages"]

    def _hear(self, url: str, body: bytes) -> None:
        """Note what an answer tells beside what yt-dlp passes on.

        Of SoundCloud's search: whether only a preview is played, and for whom. Of YouTube: how many hits there are, and
        whether a browser would play a video that yt-dlp has no address of, and whether that is for its protection.
        """
        parts = urlsplit(url)
        if parts.hostname == SOUNDCLOUD_API and parts.path == "/search/tracks":
            with suppress(ValueError):
                self._found += fields_of(json.loads(body)).get("collection") or []
        if parts.hostname == "www.youtube.com":
            self._is_playable = self._is_playable or bool(_PLAYABLE.search(body))
            self._is_protected = self._is_protected or b'"licenseInfos"' in body
            hits = _HITS.search(body) if parts.path.endswith("/search") else None
            self._announced = int(hits[1]) if hits else self._announced

    @contextmanager
    def _in_our_words(self, what: str, thing: str = "track") -> Iterator[None]:
        from yt_dlp.utils import YoutubeDLError

        try:
            yield
        except SyncError as error:
            raise self._held_back(error) from error.__cause__
        except (YoutubeDLError, *SHAPE_ERRORS) as error:
            raise self._held_back(self._told_of(translated(self._site.label, error, thing), what)) from error

    def _told_of(self, error: SyncError, what: str) -> SyncError:
        """The failure of one track or search; what a page did not tell has other reasons than that its shape is new."""
        if not isinstance(error, NeedsPerson | NotThere):
            return error
        if self._is_protected:
            return GiveUp(f"{self._site.label} protects it against copies (DRM), which is not touched", "drm")
        if self._is_playable:
            return TryAgainLater((_NO_ADDRESS if runs_javascript() else _NO_JAVASCRIPT).format(what, version()))
        # It is the program that is to be mended and not this track, so the track is tried again by itself.
        return TryAgainLater(str(error)) if isinstance(error, NeedsPerson) else error

    def _held_back(self, error: SyncError) -> SyncError:
        """The same failure; a site that says how long it wants to be left alone is left alone with all its tracks."""
        if isinstance(error, ServiceUnavailable) and error.after_s:
            self._pages.block(error.after_s, f"{self._site.label} limits us")
        return error


_PLAYABLE = re.compile(rb'"playabilityStatus"\s*:\s*\{\s*"status"\s*:\s*"OK"')
_HITS = re.compile(rb'"estimatedResults"\s*:\s*"(\d{1,12})"')
_NO_ADDRESS = "YouTube plays {}, and yt-dlp {} finds no address of it; update it (`" + UPDATE + "`) and sync again"
_NO_JAVASCRIPT = (
    "YouTube tells the address of {} only to who runs its JavaScript, and nothing here does; "
    "see `music-sync doctor`, install Deno 2.3 (`pip install deno`) and sync again"
)
_PASSED_ON = frozenset({"User-Agent", "Referer", "Origin"})


def _best(ctx: Mapping[str, Any]) -> Iterator[Format]:
    """The best sound that can be kept and is whole; yt-dlp lists the worst first, and asks with a mapping like this.

    Raises GiveUp when all that there is are previews, or in formats that the library cannot keep; LookupError when no
    sound is told at all, as of a page that is not understood.
    """
    if all(each.get("acodec") == "none" or each.get("vcodec") not in {"none", None} for each in ctx["formats"]):
        raise LookupError("no sound is told")
    sounds = [each for each in ctx["formats"] if _can_be_kept(each)]
    whole = [each for each in sounds if not _is_preview(each)]
    if whole:
        yield whole[-1]
    elif sounds:
        raise GiveUp(PREVIEW, "preview")
    else:
        raise GiveUp("there is no sound in a format that the library can keep", "no_audio")


def _can_be_kept(each: Format) -> bool:
    return (
        each.get("vcodec") in {"none", None}
        and each.get("ext") in _ENDINGS
        and not each.get("has_drm")
        and str(each.get("protocol")) in {"http", "https", "m3u8_native"}
    )


def _is_preview(each: Format) -> bool:
    return str(each.get("format_id")).endswith("preview")


def _refuse_broadcast(told: Mapping[str, Any], *_: object, **__: object) -> None:
    """Raise GiveUp for what is live; yt-dlp asks before it looks at the formats."""
    if told.get("live_status") in {"is_live", "post_live"}:
        raise GiveUp("it is a live broadcast, and no track yet; `music-sync retry` tries it when that is over", "live")
