"""YouTube: the music that the person who signed in likes there, and their playlists, through the Data API v3.

People like videos of all kinds, so what is no music is told apart by YouTube's own category. It stands in the memory
too, so that entries can be counted and no video is looked up twice; its `genre` there says what it is.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from music_sync.adapters.accounts import Account, OAuth
from music_sync.adapters.answer_fields import fields_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Calls, Forbidden, NotThere, Rejected, Reply, Trouble, by_status
from music_sync.adapters.file_names import artist_and_title
from music_sync.adapters.links import Place, read_place
from music_sync.adapters.listing_reader import RECHECK_NEWEST, Page, Reader, RemoteList
from music_sync.adapters.means import Means
from music_sync.model.errors import BadSetting, GiveUp, NeedsPerson, ServiceUnavailable, SyncError
from music_sync.model.listing import Listing, Listings
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack

NAME = "youtube"
ACCOUNT = Account(
    service=NAME,
    label="YouTube",
    wants=(
        "A project of yours at https://console.cloud.google.com with the YouTube Data API v3 switched on, and in it an"
        " OAuth client of the kind Desktop, whose id and secret are asked for. While the project's consent screen is in"
        " testing, Google ends each sign-in after 7 days; publish it there (nobody need verify it for your own use), and"
        " the sign-in lasts."
    ),
    way=OAuth(
        authorize="{youtube_auth_url}/o/oauth2/v2/auth",
        moved={"https://oauth2.googleapis.com/o/oauth2/v2/auth": "https://accounts.google.com/o/oauth2/v2/auth"},
        token="{youtube_auth_url}/token",  # noqa: S106 - an address
        client_id="youtube_client_id",
        client_secret="youtube_client_secret",  # noqa: S106 - the name of a setting
        refresh_token="youtube_refresh_token",  # noqa: S106 - the name of a setting
        scopes=("https://www.googleapis.com/auth/youtube.readonly",),
        more={"access_type": "offline", "prompt": "consent"},
        needs_secret=True,
        secret_in_form=True,
    ),
)
_PACIFIC = "America/Los_Angeles"
LIMITS = Limits(burst=30, per_s=5.0, a_day=9_000, day=_PACIFIC, unit="units")
"""Google gives a project 10,000 units a day, which begins at midnight there; a page costs one."""

A_PAGE = 50
MUSIC = "10"
"""YouTube's category."""
LIKES = "LL"
"""What YouTube calls anyone's own likes; other names of that list are one person's."""
_SHOWN = "snippet,contentDetails"
_VIDEO_ID = re.compile(r"[0-9A-Za-z_-]{11}")
_NO_MUSIC = "no music"
_TOPIC = " - Topic"
"""So ends the name of a channel that YouTube keeps for an artist; it holds music only, under plain titles."""
_NOBODY = frozenset({"Release", "Various Artists"})
"""Channels of that kind that name no artist."""
_HIDDEN = frozenset({"Deleted video", "Private video"})
_OF_ONE = (Forbidden, NotThere, Rejected)
"""Errors that tell of one list and not of the account."""
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_USED_UP = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})

Json = Mapping[str, Any]


def open_parts(means: Means) -> Sequence[Source]:
    """Likes and playlists."""
    return [YouTubeLikes(means), YouTubePlaylists(means)]


def for_place(place: Place, means: Means) -> Source | None:
    """What a link names; None for channels and YouTube Music's own likes, and for what wants an account nobody connected."""
    if place.service != NAME:
        return None
    if not means.accounts.is_set_up(ACCOUNT):
        is_public = place.kind in {"playlist", "album"} and NAME in means.setting("extractors")
        return PublicPlaylists(means, (place.url,), place.kind) if is_public else None
    if place.kind == "likes" and place.id in {"", LIKES}:
        return YouTubeLikes(means)
    return YouTubePlace(place, means) if place.kind in {"track", "playlist", "album"} else None


def who(means: Means) -> str:
    """The name of the person's channel; raises NeedsPerson when there is none."""
    with _connected(means) as api:
        return text_of(fields_of(api.channel("snippet").get("snippet")).get("title"))


class YouTubeLikes:
    """The music among the videos that the person likes, newest first."""

    name = NAME
    part = "likes"

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        """Yield them; see `Source.detect`. When nothing changed since, that costs one call."""
        reader = self._means.reader(NAME)
        self.messages = reader.messages
        listings = self._means.listings()
        with _of_the_part(), _connected(self._means) as api:
            try:
                pages = self._changed(api, listings.listing(NAME, self.part))
            except SyncError:
                yield from _music(listings.tracks(NAME, self.part))
                raise
            if pages is None:
                yield from _music(listings.tracks(NAME, self.part))
                return
            yield from _read(reader, RemoteList(self.part, "Liked videos", pages, back=pages.back), _music)
            read = listings.listing(NAME, self.part)
            if read:
                listings.keep(replace(read, mark=f"{pages.list_id} {pages.etag}"))

    def _changed(self, api: "_DataApi", known: Listing | None) -> "_Pages | None":
        """The pages to read; None when the first of them is as it was, and it tells the number of all entries too."""
        list_id, etag = _remembered(known)
        # Another name than the one that means anyone's own likes would stay with the account that was connected then.
        if list_id != LIKES:
            return _Pages(api, api.likes_id())
        pages = _Pages(api, list_id)
        return None if pages.is_unchanged(etag) else pages


class YouTubePlaylists:
    """The person's playlists, and the public ones that the settings name. One that fails is told of, the others go on."""

    name = NAME
    part = "playlists"

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        """Yield the tracks of each list; see `Source.detect`.

        When YouTube fails midway, what is known of the other lists is yielded before the error is raised.
        """
        links: tuple[str, ...] = self._means.setting("youtube_playlists")
        if links and not self._means.accounts.is_set_up(ACCOUNT):
            public = PublicPlaylists(self._means, links, self.part)
            self.messages = public.messages
            yield from public.detect()
            return
        reader = self._means.reader(NAME)
        self.messages = reader.messages
        failures: list[SyncError] = []
        with _connected(self._means) as api:
            for remote in self._remotes(api, links, failures):
                try:
                    yield from _read(reader, remote, _tracks_of_a_playlist)
                except _OF_ONE as error:
                    reader.messages.append(f"the playlist {remote.name} was left out: {error}")
                except SyncError as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    def _remotes(self, api: "_DataApi", links: Sequence[str], failures: list[SyncError]) -> Iterator[RemoteList]:
        """Each list once; when YouTube fails, the rest only as it is known."""
        met: set[str] = set()
        try:
            with _of_the_part():
                for remote in itertools.chain(api.playlists(), api.linked(links, self.messages.append)):
                    if remote.listing not in met:
                        met.add(remote.listing)
                        yield remote
                    if failures:
                        break
        except SyncError as error:
            failures.append(error)
        if failures:
            yield from self._known(met, failures[0])

    def _known(self, met: AbstractSet[str], failure: SyncError) -> Iterator[RemoteList]:
        def fetch(_cursor: str) -> Page:
            raise failure

        for known in self._means.listings().listings():
            if known.source == NAME and known.playlist_id and known.listing not in met:
                yield RemoteList(known.listing, known.name, fetch, mark=known.mark)


class YouTubePlace:
    """What a link names: a video or a playlist; all of it counts, for a person chose it."""

    name = NAME

    def __init__(self, place: Place, means: Means) -> None:
        self.part = place.kind
        self.messages: list[str] = []
        self._place = place
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        """Yield the track or the list; raises BadSetting when nothing is there that can be shown."""
        reader = self._means.reader(NAME, anew=True)
        self.messages = reader.messages
        with _connected(self._means) as api:
            try:
                if self._place.kind == "track":
                    yield api.video(self._place.id)
                else:
                    yield from _read(reader, api.playlist(self._place.id), _everything)
            except _OF_ONE as error:
                raise _unreadable(self._place.url, error) from error


class PublicPlaylists:
    """Public playlists without an account, from YouTube's own pages, where the owner allows that."""

    name = NAME

    def __init__(self, means: Means, links: Sequence[str], part: str, *, base: str = "") -> None:
        """`base` is where YouTube's pages are found instead; see `PublicPages`."""
        self.part = part
        self._base = base
        self.messages: list[str] = []
        self._means = means
        self._links = links

    def detect(self) -> Iterator[FoundTrack]:
        """Yield the tracks of each list; of several one that cannot be read is told of, and the others go on."""
        from music_sync.adapters.extractor_lists import PublicPages

        reader = self._means.reader(NAME)
        self.messages[:] = []
        reader.messages = self.messages
        with PublicPages(self._means, NAME, tell=self.messages.append, base=self._base) as pages:
            for link in self._links:
                try:
                    yield from reader.read(pages.youtube_playlist(link))
                except _OF_ONE as error:
                    if len(self._links) == 1:
                        raise _unreadable(link, error) from error
                    self.messages.append(f"the playlist {link} was left out: {error}")


def _unreadable(link: str, error: SyncError) -> BadSetting:
    return BadSetting(f"{link} cannot be read: {error}; check the link, or ask who shared it")


# What counts as a track


def _read(
    reader: Reader, remote: RemoteList, choose: Callable[[Sequence[FoundTrack]], list[FoundTrack]]
) -> Iterator[FoundTrack]:
    """Yield what is chosen of a list, and tell once what of it is none or cannot be had."""
    found: list[FoundTrack] = []
    failure: SyncError | None = None
    try:
        # Not `extend`: what came before an error counts.
        for track in reader.read(remote):
            found.append(track)  # noqa: PERF402
    except SyncError as error:
        failure = error
    chosen = choose(found)
    if isinstance(remote.fetch, _Pages):
        reader.messages += _told(remote, remote.fetch, {track.source_id for track in chosen})
    yield from chosen
    if failure:
        raise failure


def _told(remote: RemoteList, pages: "_Pages", chosen: AbstractSet[str]) -> Iterator[str]:
    """What is no music is told of when it is met for the first time."""
    if count := len(pages.fresh - chosen):
        yield f"{count} {'video' if count == 1 else 'videos'} of {remote.name} {_are(count)} no music and left out"
    if count := sum(pages.unusable.values()):
        one = "entry" if count == 1 else "entries"
        yield f"{count} {one} of {remote.name} {_are(count)} private, deleted, live or otherwise not to be had"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _music(found: Iterable[FoundTrack]) -> list[FoundTrack]:
    return [track for track in found if not track.genre]


def _everything(found: Iterable[FoundTrack]) -> list[FoundTrack]:
    return [replace(track, genre="") for track in found]


def _tracks_of_a_playlist(found: Sequence[FoundTrack]) -> list[FoundTrack]:
    """All of it when most is music, for many uploads have a wrong category; else only what is."""
    music = _music(found)
    return _everything(found) if 2 * len(music) >= len(found) else music


# The lists


@contextmanager
def _connected(means: Means) -> Iterator["_DataApi"]:
    # Google's client takes 0.2 s and 25 MB to load, which only those shall pay who have an account.
    means.accounts.sign_in(ACCOUNT).check()
    with means.calls(ACCOUNT, "youtube_url", LIMITS, judge=judge) as calls:
        yield _DataApi(calls, means.listings())


@contextmanager
def _of_the_part() -> Iterator[None]:
    """A list of the person's own that is not there is a fault of the service, and never an empty list."""
    try:
        yield
    except GiveUp as error:
        raise ServiceUnavailable(f"{error}; the next sync tries again") from error


def _remembered(known: Listing | None) -> tuple[str, str]:
    """Id and ETag of the likes as they were last read; empty when they are to be read as a whole."""
    if known is None or not known.read_at:
        return "", ""
    is_due = datetime.now(UTC) - datetime.fromisoformat(known.read_at) >= RECHECK_NEWEST
    list_id, _, etag = known.mark.partition(" ")
    return ("", "") if is_due else (list_id, etag)


class _DataApi:
    """The lists of the Data API, over Google's client; each call costs a unit."""

    def __init__(self, calls: Calls, listings: Listings) -> None:
        from googleapiclient.discovery import build

        youtube = build(
            "youtube",
            "v3",
            http=calls.http(),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": calls.base_url},
        )
        # Google's client makes each of these anew when it is asked for it, at 2 ms.
        self._lists = {name: getattr(youtube, name)() for name in ("channels", "playlists", "playlistItems", "videos")}
        self._listings = listings

    def asked(self, resource: str, etag: str = "", **query: Any) -> Json | None:
        """The answer of a `list` call; None when it still has this ETag."""
        from googleapiclient.errors import HttpError

        request = self._lists[resource].list(**query)
        if etag:
            request.headers["If-None-Match"] = f'"{etag}"'
        try:
            return fields_of(request.execute(num_retries=0))
        except HttpError as error:
            # All other refusals are told in our own words before they get here.
            if error.resp.status == 304:
                return None
            raise

    def items(self, resource: str, **query: Any) -> list[Any]:
        return _items_of(self.asked(resource, **query))

    def channel(self, part: str) -> Json:
        """The person's own; raises NeedsPerson when they have none, and so no lists."""
        channels = self.items("channels", part=part, mine=True)
        if not channels:
            raise NeedsPerson(
                "the Google account that is connected has no YouTube channel; make one at https://www.youtube.com, "
                f"or run `{ACCOUNT.command}` with another account"
            )
        return fields_of(channels[0])

    def likes_id(self) -> str:
        """The list of what the person likes."""
        details = fields_of(self.channel("contentDetails").get("contentDetails"))
        return text_of(fields_of(details.get("relatedPlaylists")).get("likes")) or LIKES

    def playlists(self) -> Iterator[RemoteList]:
        """The person's own."""
        page_token, met = "", {""}
        while True:
            reply = self.asked("playlists", part=_SHOWN, mine=True, maxResults=A_PAGE, pageToken=page_token or None)
            yield from filter(None, (self._playlist(item) for item in _items_of(reply)))
            page_token = text_of(fields_of(reply).get("nextPageToken"))
            if page_token in met:
                return
            met.add(page_token)

    def linked(self, links: Iterable[str], tell: Callable[[str], None]) -> Iterator[RemoteList]:
        """Those that the settings name by link or id."""
        for link in links:
            try:
                place = read_place(link if "/" in link else f"https://www.youtube.com/playlist?list={link}")
                remote = self.playlist(place.id)
            except _OF_ONE as error:
                tell(f"the playlist {link} was left out: {error}")
            else:
                yield remote

    def playlist(self, list_id: str) -> RemoteList:
        """Anyone's playlist that is shown to this person; raises NotThere."""
        items = self.items("playlists", part=_SHOWN, id=list_id)
        remote = self._playlist(items[0]) if items else None
        if remote is None:
            raise NotThere("YouTube shows no such playlist", "not_there")
        return remote

    def _playlist(self, item: object) -> RemoteList | None:
        told = fields_of(item)
        list_id, etag = text_of(told.get("id")), text_of(told.get("etag"))
        count = number_of(fields_of(told.get("contentDetails")).get("itemCount"))
        if not list_id:
            return None
        mark, pages = f"{etag} {count}", _Pages(self, list_id)
        return RemoteList(
            f"playlist:{list_id}",
            text_of(fields_of(told.get("snippet")).get("title")) or f"playlist {list_id}",
            pages,
            mark=mark,
            mark_now=lambda: pages.mark_after(mark),
            total=count,
        )

    def video(self, video_id: str) -> FoundTrack:
        """Anyone's video; raises NotThere when it is not shown, is live or only announced."""
        items = self.items("videos", part=_SHOWN, id=video_id)
        if not items:
            raise NotThere("YouTube shows no such video", "not_there")
        snippet, details = fields_of(fields_of(items[0]).get("snippet")), parse_details(items[0])
        if details.is_live:
            raise NotThere("the video is live or only announced", "not_there")
        entry = Entry(video_id, text_of(snippet.get("title")), text_of(snippet.get("channelTitle")))
        return replace(track_of(entry, details), genre="")

    def looked_up(self, video_ids: Sequence[str]) -> dict[str, "Details"]:
        """What is known of these videos; none of those that are not shown. At most 50."""
        items = self.items("videos", part=_SHOWN, id=",".join(video_ids)) if video_ids else []
        found = {text_of(fields_of(item).get("id")): parse_details(item) for item in items}
        self.held.update(found)
        return found

    @cached_property
    def held(self) -> "dict[str, Details]":
        """What the memory knows of all videos on all lists; of one without a length more may be known by now."""
        ours = [each.listing for each in self._listings.listings() if each.source == NAME]
        tracks = itertools.chain.from_iterable(self._listings.tracks(NAME, listing) for listing in ours)
        return {
            track.source_id: Details(track.length_s, is_music=not track.genre) for track in tracks if track.length_s
        }


class _Pages:
    """Fetches the pages of one list, and looks up what the memory does not know."""

    def __init__(self, api: _DataApi, list_id: str) -> None:
        self.etag = ""
        """Of the first page."""
        self.fresh: set[str] = set()
        """Ids of the videos that were looked up."""
        self.unusable: dict[str, int] = {}
        """How many entries cannot be used, by the cursor of their page."""
        self.list_id = list_id
        self._api = api
        self._first: Json | None = None
        self._before: dict[str, str] = {}
        """Cursor -> that of the page before it."""
        self._totals: list[int | None] = []

    def __call__(self, cursor: str) -> Page:
        reply = fields_of((None if cursor else self._first) or self._asked(cursor))
        self._first = None
        items = _items_of(reply)
        entries = [entry for item in items if (entry := parse_entry(item))]
        details = self._details([entry.video_id for entry in entries])
        known = [(entry, details[entry.video_id]) for entry in entries if entry.video_id in details]
        tracks = tuple(track_of(entry, about) for entry, about in known if not about.is_live)
        self.unusable[cursor] = len(items) - len(tracks)
        self.etag = self.etag if cursor else text_of(reply.get("etag"))
        total = number_of(fields_of(reply.get("pageInfo")).get("totalResults"))
        self._totals.append(total)
        goes_on = text_of(reply.get("nextPageToken"))
        self._before[goes_on] = cursor
        return Page(tracks, len(items), goes_on, total)

    def back(self, cursor: str, entries: int) -> str:
        """The cursor at least so many entries before: cursors tell nothing, so it is that of a page that came before."""
        for _ in range(-(-entries // A_PAGE)):
            cursor = self._before.get(cursor, "")
        return cursor

    def is_unchanged(self, etag: str) -> bool:
        """Has the first page still this ETag? If not, it is kept and not asked for again."""
        self._first = self._asked("", etag)
        return self._first is None

    def mark_after(self, mark: str) -> str:
        """The list's mark, or another one when its number of entries changed while it was read."""
        return mark if self._totals[0] == self._totals[-1] else f"{mark} {self._totals[-1]}"

    def _asked(self, cursor: str, etag: str = "") -> Json | None:
        query: dict[str, Any] = {
            "part": _SHOWN,
            "playlistId": self.list_id,
            "maxResults": A_PAGE,
            "pageToken": cursor or None,
        }
        return self._api.asked("playlistItems", etag, **query)

    def _details(self, video_ids: Sequence[str]) -> "Mapping[str, Details]":
        unknown = [video_id for video_id in dict.fromkeys(video_ids) if video_id not in self._api.held]
        self.fresh |= self._api.looked_up(unknown).keys()
        return self._api.held


def _items_of(reply: Json | None) -> list[Any]:
    """The entries of an answer; where there are none, YouTube may leave the list away and says that there are 0."""
    told = fields_of(reply)
    items = told.get("items")
    if items is None and number_of(fields_of(told.get("pageInfo")).get("totalResults")) == 0:
        return []
    if not isinstance(items, list):
        raise ServiceUnavailable("YouTube did not answer with a list; the next sync tries again")
    return items


# The words


@dataclass(frozen=True)
class Entry:
    """A place on a list."""

    video_id: str
    title: str
    channel: str
    """Of the video, not of the list."""
    added_at: str = ""


@dataclass(frozen=True)
class Details:
    """What only the video itself tells."""

    length_s: float | None
    is_music: bool
    is_live: bool = False
    """It goes on, or is only announced: there is no track yet."""


def parse_entry(item: object) -> Entry | None:
    """An entry of a list; None for what is deleted, private or broken."""
    snippet = fields_of(fields_of(item).get("snippet"))
    video_id = fields_of(fields_of(item).get("contentDetails")).get("videoId")
    channel = text_of(snippet.get("videoOwnerChannelTitle"))
    title = text_of(snippet.get("title"))
    is_hidden = title in _HIDDEN and not channel
    if not isinstance(video_id, str) or not _VIDEO_ID.fullmatch(video_id) or not title or is_hidden:
        return None
    return Entry(video_id, title, channel, _moment(snippet.get("publishedAt")))


def parse_details(item: object) -> Details:
    """Length and kind of a video."""
    snippet, details = (fields_of(fields_of(item).get(part)) for part in ("snippet", "contentDetails"))
    is_live = text_of(snippet.get("liveBroadcastContent")) in {"live", "upcoming"}
    is_music = snippet.get("categoryId") == MUSIC or text_of(snippet.get("channelTitle")).endswith(_TOPIC)
    return Details(seconds_of(text_of(details.get("duration"))), is_music, is_live)


def track_of(entry: Entry, details: Details) -> FoundTrack:
    artist, title = words_of(entry.title, entry.channel)
    return FoundTrack(
        source=NAME,
        source_id=entry.video_id,
        artist=artist,
        title=title,
        genre="" if details.is_music else _NO_MUSIC,
        length_s=details.length_s,
        url=f"https://www.youtube.com/watch?v={entry.video_id}",
        liked_at=entry.added_at,
    )


def words_of(title: str, channel: str) -> tuple[str, str]:
    """Artist and title of a video; the artist is empty when neither its title nor its channel names one."""
    if channel.endswith(_TOPIC):
        artist = channel.removesuffix(_TOPIC)
        return "" if artist in _NOBODY else artist, title
    artist, words = artist_and_title(title)
    return (artist, words) if artist else ("", title)


def seconds_of(duration: str) -> float | None:
    """A duration in ISO 8601 such as `PT1H2M3S`; None for none and for 0, as of what is live."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    units = zip(found.groups(), (604_800, 86_400, 3_600, 60, 1), strict=True)
    return float(sum(int(number) * seconds for number, seconds in units if number)) or None


def _moment(told: object) -> str:
    try:
        moment = datetime.fromisoformat(text_of(told))
    except ValueError:
        return ""
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment.tzinfo else ""


# The refusals


def judge(reply: Reply) -> Trouble | None:
    """What is wrong with an answer: Google says 403 for much, and tells in the body what it means."""
    trouble = by_status(reply)
    if trouble is None or reply.status >= 500:
        return trouble
    reasons, message = _reasons_in(reply), re.sub(r"<[^>]*>", "", trouble.message)
    if reasons & _USED_UP or (reasons & _TOO_FAST and "per day" in message):
        return Trouble("quota", "the units of the day are used up", until_midnight_s(datetime.now(UTC)))
    if reasons & _TOO_FAST:
        return Trouble("again", message, trouble.after_s)
    if "insufficientPermissions" in reasons:
        return Trouble("sign_in", message)
    return replace(trouble, kind="forbidden" if "youtubeSignupRequired" in reasons else trouble.kind, message=message)


def until_midnight_s(now: datetime) -> float:
    """Seconds until Google's new day begins."""
    local = now.astimezone(ZoneInfo(_PACIFIC))
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp() - local.timestamp()


def _reasons_in(reply: Reply) -> set[str]:
    try:
        body = reply.json
    except ValueError:
        return set()
    errors = fields_of(fields_of(body).get("error")).get("errors")
    return {text_of(fields_of(each).get("reason")) for each in errors} if isinstance(errors, list) else set()
