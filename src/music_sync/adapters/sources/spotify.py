"""What a person likes on Spotify: what plays now, liked songs, and the playlists in their library.

An app in Development Mode is shown the entries of those playlists alone that its user owns or works on. Its calls are
counted over a day for all apps of a developer, so an unchanged playlist costs none.
"""

import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from music_sync.adapters import spotify_app
from music_sync.adapters.accounts import Account, OAuth
from music_sync.adapters.answer_fields import fields_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Forbidden, NotThere, Reply, Trouble, by_status
from music_sync.adapters.links import Place, is_isrc
from music_sync.adapters.listing_reader import Page, Reader, RemoteList
from music_sync.adapters.means import Means
from music_sync.model.errors import GiveUp, NeedsPerson, NotSetUp, ServiceUnavailable, SyncError, TryAgainLater
from music_sync.model.listing import Listing
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack

if TYPE_CHECKING:
    from spotipy import Spotify

NAME = "spotify"
ACCOUNT = Account(
    NAME,
    "Spotify",
    "An app of your own: make one at https://developer.spotify.com/dashboard and register the redirect"
    " http://127.0.0.1/callback (without a port) in it. Its owner needs Premium, and at most 5 people may use it.",
    OAuth(
        authorize="{spotify_accounts_url}/authorize",
        token="{spotify_accounts_url}/api/token",  # noqa: S106 - an address
        client_id="spotify_client_id",
        client_secret="spotify_client_secret",  # noqa: S106 - the name of a setting
        refresh_token="spotify_refresh_token",  # noqa: S106 - the name of a setting
        scopes=(
            "user-library-read",
            "playlist-read-private",
            "playlist-read-collaborative",
            "user-read-currently-playing",
        ),
        lasts_days=182,
    ),
)
# An app was cut off after 1,144 calls in 24 h; Spotify publishes no number.
LIMITS = Limits(burst=60, per_s=4, a_day=900)
PAGE_ENTRIES = 50
"""The most that a page may have."""
MOST_NAMES = 3
"""So many refused playlists are named in a message."""

_ID = re.compile(r"[0-9A-Za-z]{22}")
_YEAR = re.compile(r"(?:19|20)\d\d(?!\d)")
_WAY_OUT = "copy them into a playlist of your own, or export them and sync the file"
_NEVER = "1970"
"""Year of what was added before Spotify noted such times."""

Read = Callable[[Means, Reader, "Spotify"], Iterator[FoundTrack]]


def open_parts(means: Means) -> Sequence[Source]:
    return [NowPlaying(means), SpotifyPart(means, "likes", read_likes), SpotifyPart(means, "playlists", read_playlists)]


def for_place(place: Place, means: Means) -> Source | None:
    """The source for a link to Spotify, when an account can read it."""
    if place.service != NAME or not means.accounts.is_set_up(ACCOUNT):
        return None
    if place.kind == "likes":
        return SpotifyPart(means, "likes", read_likes)
    reads: dict[str, Callable[[Place], Read]] = {"track": _track_at, "playlist": _playlist_at, "album": _album_at}
    return SpotifyPart(means, "", reads[place.kind](place), anew=True) if place.kind in reads else None


def who(means: Means) -> str:
    """The name of the person who signed in."""
    with _connected(means) as spotify:
        told = fields_of(spotify.me())
    return text_of(told.get("display_name")) or text_of(told.get("id"))


class SpotifyPart:
    """One part of an account, or one thing that a link names; `read` gives its tracks."""

    name = NAME

    def __init__(self, means: Means, part: str, read: Read, *, anew: bool = False) -> None:
        self.part = part
        self._anew = anew
        self.messages: list[str] = []
        self._means = means
        self._read = read

    def detect(self) -> Iterator[FoundTrack]:
        reader = self._means.reader(NAME, anew=self._anew)
        self.messages = reader.messages
        with _connected(self._means) as spotify:
            try:
                yield from self._read(self._means, reader, spotify)
            except GiveUp as error:
                raise ServiceUnavailable(f"{error}; the next sync tries again") from error


class NowPlaying:
    """The track that plays now; without an account the desktop app on this machine is asked."""

    name = NAME
    part = "playing"

    def __init__(self, means: Means, ask_app: Callable[[], FoundTrack | None] | None = None) -> None:
        self.messages: list[str] = []
        self._means = means
        self._ask_app = ask_app or (spotify_app.now_playing if platform.system() == "Darwin" else None)

    @property
    def needs_account(self) -> bool:
        return self._ask_app is None

    def detect(self) -> Iterator[FoundTrack]:
        self.messages = []
        try:
            with _connected(self._means) as spotify:
                found = parse_playing(spotify.currently_playing(additional_types="track,episode"))
        except NotSetUp:
            if self._ask_app is None:
                raise
            found = self._told_by_app(self._ask_app)
        if found:
            yield found

    def _told_by_app(self, ask_app: Callable[[], FoundTrack | None]) -> FoundTrack | None:
        """An app that nobody connected may stay silent; that is worth a word and no more."""
        try:
            return ask_app()
        except SyncError as error:
            self.messages.append(str(error))
            return None


# Lists


def read_likes(_means: Means, reader: Reader, spotify: "Spotify") -> Iterator[FoundTrack]:
    def ask(offset: int) -> object:
        return spotify.current_user_saved_tracks(limit=PAGE_ENTRIES, offset=offset)

    pages = _Pages("Liked songs", ask)
    yield from reader.read(RemoteList("likes", pages.name, pages.fetch, back=_earlier))
    reader.messages.extend(pages.told)


def read_playlists(means: Means, reader: Reader, spotify: "Spotify") -> Iterator[FoundTrack]:
    """Each track once, newest first, with all playlists that it stands on.

    When Spotify limits us, what is known of the playlists that were not asked is given all the same.
    """
    found: dict[str, FoundTrack] = {}
    refused: list[str] = []
    asked: set[str] = set()
    failure: SyncError | None = None
    try:
        for playlist in list(_my_playlists(spotify)):
            asked.add(playlist.listing)
            _merge(found, _tracks_of(means, reader, spotify, playlist, refused))
    except NotSetUp:
        raise
    except (TryAgainLater, NeedsPerson) as error:
        failure = error
        _merge(found, _remembered(means, reader, asked, error))
    reader.messages.extend(_refused_told(refused))
    yield from sorted(found.values(), key=lambda track: track.liked_at, reverse=True)
    if failure:
        raise failure


def _my_playlists(spotify: "Spotify") -> "Iterator[FoundPlaylist]":
    """Owned, shared and followed ones; a page that only repeats the ones before ends it."""
    seen: set[str] = set()
    offset = 0
    while True:
        reply = _list_in(spotify.current_user_playlists(limit=PAGE_ENTRIES, offset=offset))
        playlists = [each for each in map(parse_playlist, reply["items"]) if each]
        yield from (each for each in playlists if each.id not in seen)
        is_circle = bool(playlists) and seen.issuperset(each.id for each in playlists)
        if not reply.get("next") or not reply["items"] or is_circle:
            return
        seen.update(each.id for each in playlists)
        offset += len(reply["items"])


def _tracks_of(
    means: Means, reader: Reader, spotify: "Spotify", playlist: "FoundPlaylist", refused: list[str]
) -> Iterator[FoundTrack]:
    """The tracks of one playlist among many: when it alone cannot be read, that is told and the others go on."""
    listings = means.listings()
    known = listings.listing(NAME, playlist.listing) or Listing(NAME, playlist.listing)
    if known.refused and known.mark == playlist.mark and reader.is_of_this_sign_in(known.looked_at):
        refused.append(playlist.name)
        return
    try:
        yield from _read_playlist(reader, spotify, playlist)
    except Forbidden as error:
        refused.append(playlist.name)
        state = replace(known, name=playlist.name, mark=playlist.mark, refused=str(error), goes_on="")
        listings.keep(replace(state, looked_at=datetime.now(UTC).isoformat(timespec="seconds")))
    except GiveUp as error:
        reader.messages.append(f"the playlist {playlist.name} was left out: {error}")


def _read_playlist(reader: Reader, spotify: "Spotify", playlist: "FoundPlaylist") -> Iterator[FoundTrack]:
    def ask(offset: int) -> object:
        return spotify.playlist_items(playlist.id, limit=PAGE_ENTRIES, offset=offset)

    def mark_now() -> str:
        now = parse_playlist({"id": playlist.id, **fields_of(spotify.playlist(playlist.id, fields=_MARK_FIELDS))})
        return now.mark if now and now.mark else playlist.mark

    # One page is whole by itself, and whatever changes after it changes the mark that the next sync sees.
    is_one_page = playlist.total is not None and playlist.total <= PAGE_ENTRIES
    pages = _Pages(playlist.name, ask)
    yield from reader.read(
        RemoteList(
            playlist.listing,
            playlist.name,
            pages.fetch,
            mark=playlist.mark,
            mark_now=None if is_one_page else mark_now,
            total=playlist.total,
            back=_earlier,
            at=str,
        )
    )
    reader.messages.extend(pages.told)


def _remembered(means: Means, reader: Reader, asked: set[str], error: SyncError) -> Iterator[FoundTrack]:
    """What is known of the playlists that were not asked any more."""

    def fetch(_cursor: str) -> Page:
        raise error

    for known in means.listings().listings():
        if known.source == NAME and known.playlist_id and known.listing not in asked:
            try:
                yield from reader.read(RemoteList(known.listing, known.name, fetch, mark=known.mark))
            except SyncError:
                # It is due to be read again, and was given as it is known.
                continue


def _refused_told(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    named = ", ".join(names[:MOST_NAMES]) + more
    return [f"Spotify does not show an app the tracks of other people's playlists ({named}); {_WAY_OUT}"]


def _merge(found: dict[str, FoundTrack], tracks: Iterator[FoundTrack]) -> None:
    for track in tracks:
        first = found.setdefault(track.source_id, track)
        added = [each for each in track.playlists if each.source_id not in {held.source_id for held in first.playlists}]
        found[track.source_id] = replace(first, playlists=(*first.playlists, *added))


class _Pages:
    """Fetches the pages of a list, and remembers which of its entries cannot be used."""

    def __init__(self, name: str, ask: Callable[[int], object]) -> None:
        self.name = name
        self._ask = ask
        self._unusable: set[int] = set()

    def fetch(self, cursor: str) -> Page:
        offset = int(cursor or 0)
        reply = _list_in(self._ask(offset))
        entries = [parse_entry(entry) for entry in reply["items"]]
        self._unusable |= {offset + place for place, found in enumerate(entries) if found is None}
        total, behind = number_of(reply.get("total")), offset + len(entries)
        # A page that lost the way to the next one would end the list, and nobody would miss the rest for a week.
        goes_on = bool(reply.get("next")) or bool(entries and behind < (total or 0))
        return Page(tuple(filter(None, entries)), len(entries), str(behind) if goes_on else "", total)

    @property
    def told(self) -> list[str]:
        count = len(self._unusable)
        if not count:
            return []
        are = "entry of {} is no track" if count == 1 else "entries of {} are no tracks"
        return [f"{count} {are.format(self.name)} (an episode, or gone from Spotify)"]


def _earlier(cursor: str, entries: int) -> str:
    return str(max(0, int(cursor or 0) - entries))


def _list_in(reply: object) -> Mapping[str, Any]:
    fields = fields_of(reply)
    if not isinstance(fields.get("items"), list):
        raise ServiceUnavailable("Spotify answered with something that is no list; the next sync tries again")
    return fields


# Places


def _track_at(place: Place) -> Read:
    def read(_means: Means, _reader: Reader, spotify: "Spotify") -> Iterator[FoundTrack]:
        with _there(place):
            found = parse_track(fields_of(spotify.track(place.id)))
        if found is None:
            raise _missing(place)
        yield found

    return read


def _playlist_at(place: Place) -> Read:
    def read(_means: Means, reader: Reader, spotify: "Spotify") -> Iterator[FoundTrack]:
        with _there(place):
            playlist = parse_playlist(spotify.playlist(place.id, fields=_PLAYLIST_FIELDS))
            if playlist is None:
                raise _missing(place)
            try:
                yield from _read_playlist(reader, spotify, playlist)
            except Forbidden as error:
                raise NeedsPerson(f"Spotify does not show an app the tracks of {place.label}; {_WAY_OUT}") from error

    return read


def _album_at(place: Place) -> Read:
    """An album tells its tracks without their ISRC; asking for each of them would cost a call a track."""

    def read(_means: Means, reader: Reader, spotify: "Spotify") -> Iterator[FoundTrack]:
        with _there(place):
            album = fields_of(spotify.album(place.id))
        about = {name: album.get(name) for name in ("name", "release_date")}

        def ask(offset: int) -> object:
            page = album.get("tracks") if not offset else spotify.album_tracks(place.id, PAGE_ENTRIES, offset)
            reply = _list_in(page)
            return {**reply, "items": [{"track": {**fields_of(each), "album": about}} for each in reply["items"]]}

        pages = _Pages(text_of(album.get("name")) or place.url, ask)
        cursor, goes_on = "", True
        while goes_on:
            page = pages.fetch(cursor)
            yield from page.tracks
            cursor, goes_on = page.goes_on, bool(page.goes_on and page.entries)
        reader.messages.extend(pages.told)

    return read


@contextmanager
def _there(place: Place) -> Iterator[None]:
    """What a person typed is not there, so they are the one who can do something."""
    try:
        yield
    except NotThere as error:
        raise _missing(place) from error


def _missing(place: Place) -> NeedsPerson:
    return NeedsPerson(f"Spotify has nothing to show at {place.label}; check the link, it may be private or gone")


# What Spotify says


@dataclass(frozen=True)
class FoundPlaylist:
    """A playlist in a person's library."""

    id: str
    name: str
    mark: str
    total: int | None

    @property
    def listing(self) -> str:
        return f"playlist:{self.id}"


_MARK_FIELDS = "snapshot_id,collaborative"
_PLAYLIST_FIELDS = f"id,name,{_MARK_FIELDS},items.total,tracks.total"


def parse_playlist(reply: object) -> FoundPlaylist | None:
    """Read a playlist without its entries; None for what is none."""
    fields = fields_of(reply)
    playlist_id = text_of(fields.get("id"))
    if not _ID.fullmatch(playlist_id):
        return None
    total = number_of(fields_of(fields.get("items") or fields.get("tracks")).get("total"))
    mark = text_of(fields.get("snapshot_id")) or (f"{total} entries" if total is not None else "")
    # Whoever is let in to work on it sees its entries from then on.
    shared = " shared" if fields.get("collaborative") is True else ""
    return FoundPlaylist(
        playlist_id, text_of(fields.get("name")) or "a playlist without a name", mark and mark + shared, total
    )


def parse_entry(entry: object) -> FoundTrack | None:
    """Read an entry of a list; None for an episode, and for a track that is gone."""
    fields = fields_of(entry)
    # `item` is the new name; both were seen, and a place whose track is gone holds null.
    return parse_track(fields_of(fields.get("item") or fields.get("track")), _moment(fields.get("added_at")))


def parse_playing(reply: object) -> FoundTrack | None:
    """Read what plays; None for nothing, a pause, an episode or an advertisement."""
    fields = fields_of(reply)
    return parse_track(fields_of(fields.get("item"))) if fields.get("is_playing") is True else None


def parse_track(reply: Mapping[str, Any], liked_at: str = "") -> FoundTrack | None:
    """Read a track; None for what is none. A file of a person's own has words and no page."""
    title = text_of(reply.get("name"))
    if not title or reply.get("type", "track") != "track":
        return None
    artists = reply.get("artists")
    names = [text_of(fields_of(each).get("name")) for each in artists] if isinstance(artists, list) else []
    album = fields_of(reply.get("album"))
    year = _YEAR.match(text_of(album.get("release_date")))
    length_ms = number_of(reply.get("duration_ms"))
    found = FoundTrack(
        source=NAME,
        source_id="",
        artist=", ".join(filter(None, names)),
        title=title,
        album=text_of(album.get("name")),
        isrc=_isrc(reply),
        year=int(year[0]) if year else None,
        length_s=length_ms / 1000 if length_ms else None,
        liked_at=liked_at,
    )
    return _with_id(found, reply)


def _with_id(found: FoundTrack, reply: Mapping[str, Any]) -> FoundTrack | None:
    if reply.get("is_local") is True or text_of(reply.get("uri")).startswith("spotify:local:"):
        return replace(found, source_id=f"local:{found.artist.casefold()} - {found.title.casefold()}")
    # A track that is sold otherwise in this country is told under that id; the list holds the other one.
    track_id = text_of(fields_of(reply.get("linked_from")).get("id")) or text_of(reply.get("id"))
    if not _ID.fullmatch(track_id):
        return None
    return replace(found, source_id=track_id, url=f"https://open.spotify.com/track/{track_id}")


def _isrc(reply: Mapping[str, Any]) -> str:
    isrc = text_of(fields_of(reply.get("external_ids")).get("isrc")).replace("-", "").upper()
    return isrc if is_isrc(isrc) else ""


def _moment(value: object) -> str:
    text = text_of(value)
    if text.startswith(_NEVER):
        return ""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).isoformat(timespec="seconds") if moment.tzinfo else ""
    except (ValueError, OverflowError):
        return ""


# Calls


@contextmanager
def _connected(means: Means) -> "Iterator[Spotify]":
    """Spotify's client, without sign-in, retries and waits of its own: the session it is given has them all."""
    from spotipy import Spotify

    with means.calls(ACCOUNT, "spotify_url", LIMITS, judge=judge) as calls, calls.session() as session:
        spotify = Spotify(requests_session=session, retries=0, status_retries=0)
        spotify.prefix = f"{calls.base_url}/v1/"
        yield spotify


def judge(reply: Reply) -> Trouble | None:
    """Tell Spotify's two limits apart, and a missing right from a thing that is not shown."""
    if 300 <= reply.status < 400:
        # The Web API never does that, but what stands in front of a hotel's network does.
        return Trouble("again", "it sends us elsewhere")
    trouble = by_status(reply)
    if trouble is None or reply.status not in {403, 429}:
        return trouble
    if reply.status == 429:
        is_quota = _error_in(reply).get("reason") == "QUOTA_EXCEEDED"
        return Trouble("quota", "its quota for a day is used up", trouble.after_s) if is_quota else trouble
    message = text_of(_error_in(reply).get("message"))
    if "scope" in message.lower():
        return replace(trouble, kind="sign_in")
    if re.search(r"(?i)premium|registered", message):
        return replace(trouble, message=f"{message.rstrip('.')}; mend it at https://developer.spotify.com/dashboard")
    return trouble


def _error_in(reply: Reply) -> Mapping[str, Any]:
    try:
        return fields_of(fields_of(reply.json).get("error"))
    except ValueError:
        return {}
