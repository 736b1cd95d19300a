"""Lists on public pages, read through yt-dlp's extractors, without an account: only at sites that the owner switched on.

Entries are listed and never opened, and nothing is downloaded. Pages are read as the list is read, so the newest entries
of a long list cost one page. Each call keeps our rules: hosts of that site alone, a budget, a deadline, retries.

    with PublicPages(means, "soundcloud", tell=messages.append) as pages:
        yield from reader.read(pages.soundcloud_likes("nadia-klee"))
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from music_sync.adapters.answer_fields import fields_of, number_of, text_of
from music_sync.adapters.budget_file import Budget, Limits
from music_sync.adapters.calls import DEADLINE_S, Calls
from music_sync.adapters.extractor_calls import SHAPE_ERRORS, SITES, SOUNDCLOUD_API, limited, reader, translated
from music_sync.adapters.file_names import artist_and_title, clean
from music_sync.adapters.links import Place, is_isrc, read_place, track_link
from music_sync.adapters.listing_reader import Page, RemoteList
from music_sync.adapters.means import Means
from music_sync.model.errors import BadSetting, GiveUp, SyncError
from music_sync.model.track import FoundTrack

MOST_ENTRIES = 20_000
"""A list is read so far; a page that names itself as the next one would never end."""

_SOUNDCLOUD_PAGE = 200
_YOUTUBE_PAGE = 100
_SET_PAGE = 50
"""SoundCloud tells the words of so many tracks at once."""
_UNREADABLE = frozenset({"[Private video]", "[Deleted video]"})

Entry = Mapping[str, Any]

# SoundCloud slows down whoever makes more than 600 calls in ten minutes.
PAGE_LIMITS = Limits(burst=20, per_s=1)


class PublicPages:
    """The public lists of one site, while the `with` block lasts; `tell` takes what a person should know of them.

    `base` is where all hosts of the site are found instead, as `{base}/{host}/...`: a simulator.
    Raises BadSetting when the owner did not switch the site on.
    """

    def __init__(
        self,
        means: Means,
        site: str,
        *,
        tell: Callable[[str], None] = lambda _line: None,
        base: str = "",
        most: int = MOST_ENTRIES,
        deadline_s: float = DEADLINE_S,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._site = SITES[site]
        if site not in means.setting("extractors"):
            raise BadSetting(
                f"public pages of {self._site.label} are read only when the owner switches that on; "
                f"add `{site}` to MUSIC_SYNC_EXTRACTORS, or run `music-sync connect {site}`"
            )
        self._tell = tell
        self._most = most
        sleep = sleep or means.sleep
        budget = Budget(means.budgets, f"{site}-pages", f"{self._site.label}'s web site", PAGE_LIMITS, sleep=sleep)
        self._calls = Calls(self._site.home, budget, judge=limited, deadline_s=deadline_s, sleep=sleep)
        self._heard = _Heard()
        self._downloader = reader(
            self._site,
            lambda _host: self._calls,
            base.rstrip("/"),
            self._heard.hear,
            self._site.lists,
            extract_flat="in_playlist",
            compat_opts={"no-youtube-unavailable-videos"},  # they cost a second call and cannot be had anyway
            # Else a later page that is not understood would end the list without a word.
            extractor_args={"youtube": {"raise_incomplete_data": ["yes"]}},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._downloader.close()
        self._calls.__exit__()

    def soundcloud_likes(self, profile: str, *, listing: str = "likes") -> RemoteList:
        """What a profile likes, newest first, by its name or address; asks nothing yet. Raises BadSetting for neither."""
        whose = _profile(profile)
        walk = self._walk(f"https://soundcloud.com/{whose}/likes", _SOUNDCLOUD_PAGE, f"Likes of {whose}")
        return RemoteList(listing, walk.name, walk.fetch)

    def soundcloud_playlist(self, link: str) -> RemoteList:
        """A set by its address or number; it is asked for its name and whether it changed."""
        place = _named(
            f"https://api.soundcloud.com/playlists/{link}" if link.isdecimal() else link, "soundcloud", "playlist"
        )
        return self._walk(place.url, _SET_PAGE).playlist()

    def youtube_playlist(self, link_or_id: str) -> RemoteList:
        """A playlist by its address or id; it is asked for its name and whether it changed."""
        link = link_or_id if "/" in link_or_id else f"https://www.youtube.com/playlist?list={link_or_id}"
        return self._walk(_named(link, "youtube", "playlist", "album").url, _YOUTUBE_PAGE).playlist()

    def _walk(self, url: str, size: int, name: str = "") -> "_Walk":
        read = self._youtube_tracks if self._site is SITES["youtube"] else self._soundcloud_tracks
        return _Walk(lambda: self._open(url, size), read, self._ended, size, name)

    def _open(self, url: str, size: int) -> "_Opened":
        """Ask for a list and its first page."""
        with self._in_our_words():
            self._heard.begin()
            result = self._downloader.extract_info(url, download=False, process=False)
            if not isinstance(result, dict) or result.get("_type") != "playlist":
                raise ValueError("it is no list")
            given = result["entries"]
            total = len(given) if isinstance(given, list) else result.get("playlist_count")
            rest = itertools.islice(given, self._most)
            first = list(itertools.islice(rest, self._most if isinstance(given, list) else size))
            announced = self._heard.likes if total is None else total
            if announced and not first:
                raise ValueError(f"{announced} entries are announced and none is shown")
            name = clean(str(result.get("title") or ""))
            mark = f"{total}:{result.get('modified_date')}:{_digest(first)}"
            return _Opened(str(result["id"]), name, itertools.chain(first, self._guarded(rest)), total, mark)

    def _guarded(self, entries: Iterator[Any]) -> Iterator[Any]:
        with self._in_our_words():
            yield from entries

    def _ended(self, name: str, entries: int, unusable: int) -> None:
        if entries >= self._most:
            self._tell(f"only the first {self._most} entries of {name} are read")
        elif unusable:
            self._tell(f"{unusable} {'entry' if unusable == 1 else 'entries'} of {name} cannot be had any more")

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        from yt_dlp.utils import YoutubeDLError

        try:
            yield
        except SyncError:
            raise
        except (YoutubeDLError, *SHAPE_ERRORS) as error:
            raise translated(self._site.label, error) from error

    def _soundcloud_tracks(self, entries: Sequence[Entry | None]) -> list[FoundTrack | None]:
        """Likes may hold playlists too; those are left out."""
        entries = [entry for entry in entries if not entry or entry.get("ie_key") == "Soundcloud"]
        ids = [str(entry["id"]) for entry in entries if entry]
        self._learn([track_id for track_id in ids if track_id not in self._heard.tracks])
        return [self._heard.tracks.get(str(entry["id"])) if entry else None for entry in entries]

    def _learn(self, ids: Sequence[str]) -> None:
        """A set tells the words of its first tracks, and only the numbers of the others."""
        for start in range(0, len(ids), _SET_PAGE):
            wanted = ",".join(ids[start : start + _SET_PAGE])
            with self._in_our_words():
                self._downloader.urlopen(
                    f"https://{SOUNDCLOUD_API}/tracks?ids={wanted}&client_id={self._heard.client_id}"
                )

    def _youtube_tracks(self, entries: Sequence[Entry | None]) -> list[FoundTrack | None]:
        return [parse_youtube(entry) if entry else None for entry in entries]


@dataclass(frozen=True)
class _Opened:
    """A list as its extractor gives it, with what tells whether it changed."""

    list_id: str
    name: str
    entries: Iterator[Entry | None]
    total: int | None
    mark: str


class _Walk:
    """Reads a list from its beginning on, and begins again when a page before is asked for."""

    def __init__(
        self,
        begin: Callable[[], _Opened],
        read: Callable[[Sequence[Entry | None]], list[FoundTrack | None]],
        ended: Callable[[str, int, int], None],
        size: int,
        name: str,
    ) -> None:
        self._begin = begin
        self._read = read
        self._ended = ended
        self._size = size
        self.name = name
        self._opened: _Opened | None = None
        self._at = 0
        self._unusable = 0

    def playlist(self) -> RemoteList:
        opened = self._open()
        self.name = opened.name or opened.list_id
        return RemoteList(
            f"playlist:{opened.list_id}",
            self.name,
            self.fetch,
            opened.mark,
            lambda: self._open().mark,
            opened.total,
            at=str,
        )

    def fetch(self, cursor: str) -> Page:
        start = int(cursor or 0)
        opened = self._open() if self._opened is None or start < self._at else self._opened
        self._at += sum(1 for _ in itertools.islice(opened.entries, start - self._at))
        batch = list(itertools.islice(opened.entries, self._size))
        self._at += len(batch)
        read = self._read(batch)
        tracks = tuple(track for track in read if track)
        self._unusable += len(read) - len(tracks)
        goes_on = str(self._at) if len(batch) == self._size else ""
        if not goes_on:
            hidden = max(0, (opened.total or 0) - self._at)
            self._ended(self.name, self._at, self._unusable + hidden)
        return Page(tracks, len(batch), goes_on, opened.total)

    def _open(self) -> _Opened:
        self._opened, self._at, self._unusable = self._begin(), 0, 0
        return self._opened


class _Heard:
    """What SoundCloud's answers tell beside what its extractor gives: the words of tracks, and since when one is liked."""

    def __init__(self) -> None:
        self.client_id = ""
        self.begin()

    def begin(self) -> None:
        self.tracks: dict[str, FoundTrack] = {}
        self.likes: int | None = None

    def hear(self, url: str, body: bytes) -> None:
        parts = urlsplit(url)
        if parts.hostname != SOUNDCLOUD_API:
            return
        self.client_id = parse_qs(parts.query).get("client_id", [self.client_id])[0]
        try:
            reply = json.loads(body)
        except ValueError:
            return
        if isinstance(reply, dict) and isinstance(reply.get("likes_count"), int) and reply.get("kind") == "user":
            self.likes = reply["likes_count"]
        for entry in _entries_in(reply):
            track = parse_soundcloud(entry)
            if track:
                self.tracks[track.source_id] = track


def parse_soundcloud(entry: object) -> FoundTrack | None:
    """A track as SoundCloud's own pages are told of it, or a like of one; None for all else."""
    like = fields_of(entry)
    told = fields_of(like.get("track")) or like
    number, title = number_of(told.get("id")), text_of(told.get("title"))
    if number is None or not title:
        return None
    try:
        url = track_link(text_of(told.get("permalink_url"))).url
    except GiveUp:
        return None
    release = fields_of(told.get("publisher_metadata"))
    isrc = text_of(release.get("isrc")).replace("-", "").upper()
    # `duration` is that of the preview where only a preview plays.
    length_ms = number_of(told.get("full_duration")) or number_of(told.get("duration"))
    return FoundTrack(
        source="soundcloud",
        source_id=str(number),
        artist=text_of(release.get("artist")) or text_of(fields_of(told.get("user")).get("username")),
        title=title,
        album=text_of(release.get("album_title")),
        isrc=isrc if is_isrc(isrc) else "",
        genre=text_of(told.get("genre")),
        length_s=length_ms / 1000 if length_ms else None,
        url=url,
        liked_at=_stamp(like.get("created_at")) if told is not like else "",
    )


def parse_youtube(entry: object) -> FoundTrack | None:
    """A video as YouTube's pages list it; None for one that is private, deleted or not over yet."""
    told = fields_of(entry)
    video_id, title = text_of(told.get("id")), text_of(told.get("title"))
    if not title or title in _UNREADABLE or told.get("live_status") in {"is_live", "is_upcoming"}:
        return None
    try:
        url = track_link(f"https://www.youtube.com/watch?v={video_id}").url
    except GiveUp:
        return None
    artist, words = _words_of(title, text_of(told.get("channel")) or text_of(told.get("uploader")))
    length_s = told.get("duration")
    return FoundTrack(
        source="youtube",
        source_id=video_id,
        artist=artist,
        title=words,
        length_s=float(length_s) if isinstance(length_s, int | float) and length_s > 0 else None,
        url=url,
    )


def _words_of(title: str, channel: str) -> tuple[str, str]:
    """Artist and title of a video, as the account-backed source reads them too; the artist may be empty."""
    if channel.endswith(_TOPIC):
        artist = channel.removesuffix(_TOPIC)
        return "" if artist in _NOBODY else artist, title
    artist, words = artist_and_title(title)
    return (artist, words) if artist else ("", title)


_TOPIC = " - Topic"
"""So ends the name of a channel that YouTube keeps for an artist; it holds music only, under plain titles."""
_NOBODY = frozenset({"Release", "Various Artists"})
"""Channels of that kind that name no artist."""


def _entries_in(reply: Any) -> list[Any]:
    if isinstance(reply, dict):
        reply = reply.get("collection") or reply.get("tracks")
    return reply if isinstance(reply, list) else []


def _stamp(text: Any) -> str:
    """A moment in UTC; empty for what is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment.tzinfo else ""


def _digest(entries: Sequence[Entry | None]) -> str:
    ids = ",".join(str(entry.get("id")) if entry else "" for entry in entries)
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def _profile(text: str) -> str:
    place = _named(text if "/" in text else f"https://soundcloud.com/{text.strip()}", "soundcloud", "profile", "likes")
    if not place.id or ":" in place.id:
        raise BadSetting(f"{text[:100]!r} names no SoundCloud profile; give its name or address")
    return place.id


def _named(link: str, site: str, *kinds: str) -> Place:
    """What a link names; raises BadSetting when it is none of these kinds."""
    try:
        place = read_place(link)
    except GiveUp as error:
        raise BadSetting(str(error)) from error
    if place.service != site or place.kind not in kinds:
        wanted = " or ".join(kinds)
        raise BadSetting(f"{link[:100]!r} names no {SITES[site].label} {wanted}; copy its link once more")
    return place
