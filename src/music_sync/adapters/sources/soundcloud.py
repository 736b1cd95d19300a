"""SoundCloud: the likes, playlists and reposts of the person who signed in, through its official API.

SoundCloud tells no time of a like, so a track counts as liked when it was first seen here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from music_sync.adapters.accounts import Account, OAuth
from music_sync.adapters.answer_fields import fields_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Calls, Forbidden, NotThere, Rejected, Reply, Trouble, by_status
from music_sync.adapters.links import Place, is_isrc, track_link
from music_sync.adapters.listing_reader import Page, Reader, RemoteList
from music_sync.adapters.means import Means
from music_sync.model.errors import BadSetting, GiveUp, NeedsPerson, NotSetUp, ServiceUnavailable, SyncError
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack

if TYPE_CHECKING:
    from music_sync.adapters.extractor_lists import PublicPages

NAME = "soundcloud"
_PORT = 8766
"""SoundCloud sends the browser back to nothing but the address that is registered."""
ACCOUNT = Account(
    service=NAME,
    label="SoundCloud",
    wants=(
        "SoundCloud gives API keys to subscribers of Artist Pro, one app a person (https://soundcloud.com/you/apps)."
        f" Register there the redirect address http://127.0.0.1:{_PORT}/callback, and have the app's client id and secret"
        " at hand."
        " SoundCloud's terms forbid programs to download or store what its API plays: Music Sync reads your lists with"
        " it, and fetches through it nothing but the files that their artists offer for download."
    ),
    way=OAuth(
        authorize="{soundcloud_auth_url}/authorize",
        token="{soundcloud_auth_url}/oauth/token",  # noqa: S106 - an address
        client_id="soundcloud_client_id",
        client_secret="soundcloud_client_secret",  # noqa: S106 - the name of a setting
        refresh_token="soundcloud_refresh_token",  # noqa: S106 - the name of a setting
        needs_secret=True,
        secret_in_form=True,
        port=_PORT,
    ),
)
OFF = frozenset({"reposts"})
LIMITS = Limits(burst=30, per_s=5.0, a_day=12_000)
"""SoundCloud names no limit for reading; it does name 15,000 plays in 24 hours, and this stays below."""

A_PAGE = 200
_OWN_A_PAGE = 50
_LIKED_A_PAGE = 10
"""Those that are liked come with all their tracks, up to 500 each, and an answer of many would be too large to read."""
_SHOWN = {"access": "playable,preview,blocked", "linked_partitioning": "true"}
"""What only plays as a preview or elsewhere is liked all the same; a playlist hides the blocked ones unless asked."""
_SNIPPET_MS = 31_000
_OF_ONE = (Forbidden, NotThere, Rejected)
"""Errors that tell of one list and not of the account."""
_URN = re.compile(r"soundcloud:(?P<kind>[a-z]+):(?P<number>[0-9A-Za-z_-]+)")
_LOCATION = re.compile(r"/(?P<kind>tracks|playlists|users)/(?:soundcloud:[a-z]+:)?(?P<number>[0-9A-Za-z_-]+)/?$")

_DOWNLOAD = re.compile(r"/tracks/(?:soundcloud:tracks:)?[0-9A-Za-z_-]+/download$")

OpenPages = Callable[[Means, Callable[[str], None]], "PublicPages"]


def open_parts(means: Means) -> Sequence[Source]:
    """The likes, the playlists, and the reposts, which are asked only when they are named."""
    return [SoundCloudLikes(means), SoundCloudPlaylists(means), reposts(means)]


def for_place(place: Place, means: Means) -> Source | None:
    """What a link names; None when nobody is connected."""
    if place.service != NAME or not means.accounts.is_set_up(ACCOUNT):
        return None
    return SoundCloudLikes(means) if place.kind == "likes" and not place.id else SoundCloudPlace(place, means)


def who(means: Means) -> str:
    """The name of the person who signed in."""
    with _calls(means) as calls:
        return text_of(fields_of(calls.get("me").json).get("username"))


def download_link(found: FoundTrack, means: Means) -> str:
    """Where the file lies that the artist offers for a track: another place each time, good for minutes.

    Raises GiveUp when it is offered no more, NeedsPerson or ServiceUnavailable as `detect` does.
    """
    with _calls(means) as calls:
        try:
            reply = calls.get(_download_path(found))
        except _OF_ONE as error:
            raise GiveUp(f"the artist of {found.label} offers its file no more: {error}", "not_offered") from error
    link = reply.headers.get("location", "")
    # SoundCloud's own pages are told in the body instead.
    link = link or text_of(fields_of(reply.json if reply.status == 200 else None).get("redirectUri"))
    if not link:
        raise ServiceUnavailable(
            f"SoundCloud did not say where the file of {found.label} lies; the next sync asks again"
        )
    return link


def _download_path(found: FoundTrack) -> str:
    """The path to ask for; the host that the track names counts for nothing, for the sign-in goes along."""
    path = _DOWNLOAD.search(urlsplit(found.download).path)
    return path[0].lstrip("/") if path else f"tracks/soundcloud:tracks:{found.source_id}/download"


def reposts(means: Means) -> "SoundCloudTracks":
    return SoundCloudTracks(means, "reposts", "me/reposts/tracks", "SoundCloud reposts")


def _public_pages(means: Means, tell: Callable[[str], None]) -> "PublicPages":
    from music_sync.adapters.extractor_lists import PublicPages

    return PublicPages(means, NAME, tell=tell, sleep=means.sleep)


class SoundCloudTracks:
    """One of the person's lists that grow at their beginning."""

    name = NAME

    def __init__(self, means: Means, part: str, path: str, title: str) -> None:
        self.part = part
        self.messages: list[str] = []
        self._means = means
        self._path = path
        self._title = title

    def detect(self) -> Iterator[FoundTrack]:
        """Yield the list, newest first; see `Source.detect`."""
        reader = self._means.reader(NAME)
        self.messages = reader.messages
        with _calls(self._means) as calls:
            try:
                yield from _read(reader, _growing(calls, self.part, self._title, self._path))
            except _OF_ONE as error:
                raise _of_the_part(error) from error


class SoundCloudLikes(SoundCloudTracks):
    """The person's likes; without an account those of a public profile, where the owner named one and allowed it."""

    def __init__(self, means: Means, open_pages: OpenPages = _public_pages) -> None:
        super().__init__(means, "likes", "me/likes/tracks", "SoundCloud likes")
        self._open_pages = open_pages

    @property
    def needs_account(self) -> bool:
        return not self._profile()

    def detect(self) -> Iterator[FoundTrack]:
        """Yield the likes, newest first; see `Source.detect`."""
        profile = self._profile()
        if not profile or self._means.accounts.is_set_up(ACCOUNT):
            yield from super().detect()
            return
        reader = self._means.reader(NAME)
        self.messages = reader.messages
        try:
            with self._open_pages(self._means, reader.messages.append) as pages:
                # Two people's likes are two lists, so that another profile begins anew.
                yield from reader.read(pages.soundcloud_likes(profile, listing=f"likes:{profile}"))
        except GiveUp as error:
            raise NeedsPerson(f"the likes of the profile {profile} cannot be read: {error}") from error

    def _profile(self) -> str:
        return str(self._means.setting("soundcloud_profile")) if NAME in self._means.setting("extractors") else ""


class SoundCloudPlaylists:
    """The playlists that the person made or likes. One that is not shown is told of, and the others go on."""

    name = NAME
    part = "playlists"

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        """Yield the tracks of each playlist; see `Source.detect`.

        When SoundCloud fails midway, what is known of the other playlists is yielded before the error is raised.
        """
        reader = self._means.reader(NAME)
        self.messages = reader.messages
        failures: list[SyncError] = []
        with _calls(self._means) as calls:
            for remote in self._remotes(calls, failures):
                try:
                    yield from _read(reader, remote)
                except _OF_ONE as error:
                    if error not in failures:
                        reader.messages.append(f"the playlist {remote.name} was left out: {error}")
                except SyncError as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    def _remotes(self, calls: Calls, failures: list[SyncError]) -> Iterator[RemoteList]:
        """Each playlist once, first the person's own; when SoundCloud fails, the rest only as it is known."""
        met: set[str] = set()
        own, liked = {"show_tracks": "false", "limit": str(_OWN_A_PAGE)}, {"limit": str(_LIKED_A_PAGE)}
        for path, more in (("me/playlists", own), ("me/likes/playlists", liked)):
            try:
                for found in () if _is_away(failures) else _playlists(calls, path, more):
                    if found.listing not in met:
                        met.add(found.listing)
                        yield replace(found, fetch=_failing(failures)) if _is_away(failures) else found
            except NotSetUp:
                raise
            except SyncError as error:
                failures.append(_of_the_part(error))
        if failures:
            yield from self._known(met, failures)

    def _known(self, met: set[str], failures: list[SyncError]) -> Iterator[RemoteList]:
        for known in self._means.listings().listings():
            if known.source == NAME and known.playlist_id and known.listing not in met:
                yield RemoteList(known.listing, known.name, _failing(failures), mark=known.mark)


class SoundCloudPlace:
    """What a link names: a track, a playlist, or what a profile likes."""

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
        with _calls(self._means) as calls:
            try:
                yield from self._found(calls, reader)
            except _OF_ONE as error:
                raise BadSetting(
                    f"{self._place.url} cannot be read: {error}; check the link, or ask who shared it"
                ) from error

    def _found(self, calls: Calls, reader: Reader) -> Iterator[FoundTrack]:
        kind, number, secret = self._meant(calls)
        address = f"{kind}/soundcloud:{kind}:{number}"
        if kind == "users":
            whose = self._place.id if self._place.kind != "short" else number
            likes_of = _growing(calls, f"likes:{number}", f"Likes of {whose}", f"{address}/likes/tracks")
            yield from _read(reader, likes_of)
            return
        reply = calls.get(address, {**secret, "show_tracks": "false"} if kind == "playlists" else secret).json
        if kind == "playlists":
            yield from _read(reader, _playlist(calls, reply, secret) or _nothing(self._place.url))
        else:
            yield parse_track(reply) or _nothing(self._place.url)

    def _meant(self, calls: Calls) -> tuple[str, str, dict[str, str]]:
        """Kind, number and secret of what the link names; SoundCloud is asked unless the link has the number."""
        place = self._place
        urn = _URN.fullmatch(place.id)
        if urn:
            return urn["kind"], urn["number"], _secret_in(place.url)
        # Of a profile's pages only the first is known to SoundCloud by its address.
        is_profile = place.kind in {"likes", "profile"}
        page = f"https://soundcloud.com/{place.id}" if is_profile else place.url
        reply = calls.get("resolve", {"url": page})
        location = reply.headers.get("location", "")
        found = _LOCATION.search(urlsplit(location).path)
        if found is None:
            _nothing(place.url)
        return found["kind"], found["number"], _secret_in(location)


# The lists


@dataclass
class _Pages:
    """Fetches the pages of one list and counts, page by page, what on them is no track."""

    calls: Calls
    path: str
    params: Mapping[str, str]
    unusable: dict[str, int] = field(default_factory=dict)

    def __call__(self, cursor: str) -> Page:
        entries, goes_on = _page(self.calls, cursor or self.path, None if cursor else self.params)
        tracks = tuple(found for entry in entries if (found := parse_track(entry)))
        self.unusable[cursor] = len(entries) - len(tracks)
        return Page(tracks, len(entries), goes_on)


def _calls(means: Means) -> Calls:
    return means.calls(ACCOUNT, "soundcloud_url", LIMITS, judge=judge, scheme="OAuth")


def _growing(calls: Calls, listing: str, name: str, path: str) -> RemoteList:
    """A list of tracks with the newest first."""
    return RemoteList(listing, name, _Pages(calls, path, {**_SHOWN, "limit": str(A_PAGE)}))


def _playlists(calls: Calls, path: str, more: Mapping[str, str]) -> Iterator[RemoteList]:
    params: Mapping[str, str] | None = {**more, "linked_partitioning": "true"}
    met: set[str] = set()
    while path:
        if path in met:
            raise ServiceUnavailable("SoundCloud names the same page again and again; the next sync tries once more")
        met.add(path)
        entries, path = _page(calls, path, params)
        params = None
        yield from filter(None, (_playlist(calls, entry, {}) for entry in entries))


def _playlist(calls: Calls, entry: object, secret: Mapping[str, str]) -> RemoteList | None:
    """A playlist; None for an entry that is none. Its mark is when it was changed and how many tracks it has."""
    told = fields_of(entry)
    number = _id_of(told, "playlists")
    if not number:
        return None
    changed, count = text_of(told.get("last_modified")), number_of(told.get("track_count"))
    return RemoteList(
        f"playlist:{number}",
        text_of(told.get("title")) or f"playlist {number}",
        _Pages(calls, f"playlists/soundcloud:playlists:{number}/tracks", {**_SHOWN, **secret}),
        mark=f"{changed} {count}" if changed and count is not None else "",
        total=count,
    )


def _read(reader: Reader, remote: RemoteList) -> Iterator[FoundTrack]:
    """Read one list and say what on it is no track."""
    # Without a mark nothing tells that a playlist changed; it holds 500 tracks at most, so it is read each time.
    is_unmarked_playlist = remote.listing.startswith("playlist:") and not remote.mark
    try:
        yield from reader.read(remote, anew=is_unmarked_playlist)
    finally:
        if isinstance(remote.fetch, _Pages) and (unusable := sum(remote.fetch.unusable.values())):
            are = "entry of {} is no track" if unusable == 1 else "entries of {} are no tracks"
            reader.messages.append(f"{unusable} {are.format(remote.name)} any more")


def _page(calls: Calls, path: str, params: Mapping[str, str] | None) -> tuple[list[Any], str]:
    """The entries of a page, and where the next one is."""
    reply = fields_of(calls.get(path, params).json)
    collection = reply.get("collection")
    if not isinstance(collection, list):
        raise ServiceUnavailable("SoundCloud did not answer with a list; the next sync tries again")
    return collection, next_path(reply.get("next_href"), urlsplit(calls.base_url).path)


def next_path(href: object, base: str = "") -> str:
    """Path and query of the next page, empty on the last; `base` is the path of the base address.

    The host counts for nothing: at times SoundCloud wrote one there that only itself can reach.
    """
    if href is None or href == "":
        return ""
    with suppress(ValueError):
        parts = urlsplit(href if isinstance(href, str) else "")
        path = parts.path.removeprefix(base).lstrip("/")
        if path:
            return f"{path}?{parts.query}"
    # Taken for the end of the list, it would make all that follows look as if it were gone.
    raise ServiceUnavailable("SoundCloud names a next page that is no address; the next sync tries again")


def _failing(failures: Sequence[SyncError]) -> Callable[[str], Page]:
    def fetch(_cursor: str) -> Page:
        raise failures[-1]

    return fetch


def _is_away(failures: Sequence[SyncError]) -> bool:
    """Is SoundCloud not to be asked any more? That one list is refused says nothing of the others."""
    return any(not isinstance(failure, Forbidden) for failure in failures)


def _of_the_part(error: SyncError) -> SyncError:
    """A list of one's own that is not there is a fault of the service, and never an empty list."""
    if isinstance(error, Forbidden):
        return Forbidden(f"{error}; if your country is the reason, a list file brings the tracks all the same")
    return ServiceUnavailable(f"{error}; the next sync tries again") if isinstance(error, GiveUp) else error


def _nothing(url: str) -> NoReturn:
    raise BadSetting(f"{url} names no track, playlist or profile that SoundCloud shows; check the link")


# The words


def parse_track(entry: object) -> FoundTrack | None:
    """A track as SoundCloud tells of it; None for an entry that is none, such as a removed one."""
    told = fields_of(entry)
    number, title = _id_of(told, "tracks"), text_of(told.get("title"))
    if not number or not title:
        return None
    isrc, year = text_of(told.get("isrc")).upper().replace("-", ""), number_of(told.get("release_year"))
    return FoundTrack(
        source=NAME,
        source_id=number,
        artist=text_of(told.get("metadata_artist")) or text_of(fields_of(told.get("user")).get("username")),
        title=title,
        isrc=isrc if is_isrc(isrc) else "",
        year=year if year and 1000 <= year <= 9999 else None,
        genre=text_of(told.get("genre")),
        length_s=_length_s(told),
        url=_url(told, number),
        download=text_of(told.get("download_url")) if told.get("downloadable") is True else "",
    )


def judge(reply: Reply) -> Trouble | None:
    """As with any service, but the end of a limit stands in the body."""
    trouble = by_status(reply)
    if reply.status == 429 and trouble and trouble.after_s is None:
        return replace(trouble, after_s=_until_reset_s(reply))
    return replace(trouble, kind="forbidden") if reply.status == 451 and trouble else trouble


def _until_reset_s(reply: Reply) -> float | None:
    """Seconds until the last of the limits ends; None when the body does not tell."""
    try:
        body = reply.json
    except ValueError:
        return None
    errors = fields_of(body).get("errors")
    told = [end for each in errors if (end := _end_of(each))] if isinstance(errors, list) else []
    # A clock of ours that is ahead must not make us ask at once, again and again.
    return max(1.0, max(told) - datetime.now(UTC).timestamp()) if told else None


def _end_of(limit: object) -> float | None:
    """When one of the limits ends, in epoch seconds."""
    told = text_of(fields_of(fields_of(limit).get("meta")).get("reset_time"))
    # As in `2015/06/01 09:49:40 +0000`, which is ISO 8601 but for its slashes and its second space.
    with suppress(ValueError):
        moment = datetime.fromisoformat(re.sub(r" (?=[+-]\d\d)", "", told.replace("/", "-")))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None


def _id_of(told: Mapping[str, Any], kind: str) -> str:
    """The bare number of a thing of this kind, from its URN or from the id that was there before; empty for none."""
    urn = _URN.fullmatch(text_of(told.get("urn")))
    if urn:
        return urn["number"] if urn["kind"] == kind else ""
    number = number_of(told.get("id"))
    return str(number) if number and told.get("kind") in {None, kind.removesuffix("s")} else ""


def _length_s(told: Mapping[str, Any]) -> float | None:
    length_ms = number_of(told.get("duration"))
    # Of a track that only plays as a preview this may be the preview's length, which must not pass for the track's.
    is_snippet = told.get("access") == "preview" and (length_ms or 0) <= _SNIPPET_MS
    return length_ms / 1000 if length_ms and not is_snippet else None


def _url(told: Mapping[str, Any], number: str) -> str:
    with suppress(GiveUp):
        return track_link(text_of(told.get("permalink_url"))).url
    return f"https://api.soundcloud.com/tracks/{number}"


def _secret_in(url: str) -> dict[str, str]:
    secret = parse_qs(urlsplit(url).query).get("secret_token", [""])[0]
    return {"secret_token": secret} if secret else {}
