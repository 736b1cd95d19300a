"""Links in one spelling each: what a link means at its service, so that the same thing met twice has the same id."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote

import httpx

from music_sync.adapters.egress import host_of, read_link, shown
from music_sync.adapters.link_text import (
    LABELS,
    SHORT_HOSTS,
    SOUNDCLOUD_API_HOSTS,
    SOUNDCLOUD_HOSTS,
    SPOTIFY_HOSTS,
    YOUTUBE_HOSTS,
    has_app_scheme,
    plain_link,
)
from music_sync.model.errors import GiveUp

_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}(?![0-9A-Za-z])")
_LANGUAGE = re.compile(r"intl-[a-z]{2,3}(?:-[a-z]{2,4})?", re.IGNORECASE)
_YOUTUBE_ID = re.compile(r"[0-9A-Za-z_-]{11}(?![0-9A-Za-z_-])")
_YOUTUBE_LIST = re.compile(r"[0-9A-Za-z_-]{12,80}(?![0-9A-Za-z_-])|(?:LL|LM|WL|HL)(?![0-9A-Za-z_-])")
_SLUG = re.compile(r"[0-9A-Za-z_-]+")
_SECRET = re.compile(r"s-[0-9A-Za-z]+")
_SOUNDCLOUD_API = re.compile(r"(tracks|sounds|playlists|users)[:/](?:soundcloud:[a-z]+:)?([0-9]{1,20})(?![0-9])")
_TRACKER = re.compile(r"utm_.*|fbclid|gclid|igshid|mc_[ce]id", re.IGNORECASE)

_WRAPPERS = {
    "w.soundcloud.com": ("url",),
    "soundcloud.app.goo.gl": ("link",),
    "consent.youtube.com": ("continue",),
    "www.google.com": ("url", "q"),
    "l.facebook.com": ("u",),
    "lm.facebook.com": ("u",),
    "l.instagram.com": ("u",),
}
"""Hosts that carry the link that is meant in a parameter."""
_STREAMING_SITES = (
    "spotify.com", "spotify.link", "spotify.app.link", "spoti.fi", "soundcloud.com", "soundcloud.app.goo.gl", "snd.sc",
    "youtube.com", "youtube-nocookie.com", "youtu.be", "music.apple.com", "itunes.apple.com",
    "deezer.com", "deezer.page.link", "tidal.com", "bandcamp.com", "beatport.com", "mixcloud.com", "audius.co",
    "music.amazon.com", "qobuz.com", "vimeo.com", "tiktok.com", "last.fm", "listenbrainz.org", "musicbrainz.org",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What a link names."""

    service: str
    """spotify, soundcloud, youtube, or empty for any other address."""
    kind: str
    """track, playlist, likes, album, profile; short: it leads to another link; file: an address of no service."""
    id: str
    """As the service spells it: Spotify's 22 letters and digits, YouTube's video or list id (LL and LM are likes),
    SoundCloud's path (`artist/track/s-Secret`, `artist/sets/name`) or `soundcloud:tracks:1`; for likes and profiles
    whose they are, empty for one's own."""
    url: str
    """The canonical page."""

    @property
    def label(self) -> str:
        """What a person calls it: `the Spotify playlist https://...`."""
        what = {"likes": "list of likes", "short": "short link", "file": "link"}.get(self.kind, self.kind)
        return " ".join(filter(None, ["the", LABELS.get(self.service, ""), what, shown(self.url)]))


@dataclass(frozen=True)
class TrackLink:
    """A link and the id that names its track for ever."""

    url: str
    source_id: str


def read_place(text: str) -> Place:
    """Say what a link or URI names, in any spelling that people have; nothing is asked of the network.

    Raises GiveUp with one sentence for what is no link, is refused, or names nothing that can be read.
    """
    plain = plain_link(text)
    if has_app_scheme(plain):
        scheme, _, rest = plain.partition(":")
        return _APP_LINKS[scheme.lower()](rest.lstrip("/"), plain)
    url = read_link(plain)
    host = host_of(url)
    wrapped = _wrapped(url, host)
    if wrapped:
        return read_place(wrapped)
    if host in SHORT_HOSTS:
        return _short(url, host)
    for hosts, read in _READERS:
        if host in hosts:
            return read(url)
    if host.endswith(_SERVICES):
        raise _nothing(url, "names no track, playlist or album; open it and copy the link by `Share`")
    plain = _without_trackers(url)
    return Place("", "file", plain, plain)


def track_link(text: str) -> TrackLink:
    """Normalise a link or URI; raises GiveUp when it is refused or names no single track."""
    return track_at(read_place(text))


def track_at(place: Place) -> TrackLink:
    """The track at a place; raises GiveUp when the place is no single track."""
    if place.kind not in {"track", "short", "file"}:
        raise _nothing(
            place.url,
            f"names a {LABELS[place.service]} {_KINDS[place.kind]}, not a single track;"
            " give it to `music-sync sync` by itself",
        )
    return TrackLink(place.url, f"spotify:track:{place.id}" if place.service == "spotify" else place.url)


def playlist_place(source: str, playlist_id: str) -> Place:
    """The place of a playlist (or of one's likes, when the id is empty) that a source told of by its own id."""
    number = re.search(r"([0-9]+)$", playlist_id)
    urls = {
        "spotify": _spotify_url("playlist" if playlist_id else "likes", playlist_id),
        "youtube": _YOUTUBE_PLAYLIST + (playlist_id or "LL"),
        "ytmusic": _YOUTUBE_PLAYLIST + (playlist_id or "LM"),
        "soundcloud": f"https://api.soundcloud.com/playlists/{number[1]}"
        if number
        else "https://soundcloud.com/you/likes",
    }
    try:
        return read_place(urls.get(source, ""))
    except GiveUp:
        # Lists that no link leads to are still known by their id.
        return Place(source, "playlist" if playlist_id else "likes", playlist_id, "")


def is_streaming_site(url: httpx.URL) -> bool:
    """Does this link lead to a site that shows pages and streams, never a plain audio file?"""
    host = host_of(url)
    return any(host == site or host.endswith(f".{site}") for site in _STREAMING_SITES)


def is_isrc(text: str) -> bool:
    """Twelve letters and digits without hyphens: country, registrant, year, number (ISO 3901)."""
    return re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", text) is not None


_KINDS = {"playlist": "playlist", "album": "album", "likes": "list of likes", "profile": "profile"}


def _wrapped(url: httpx.URL, host: str) -> str:
    """The link inside a link that only counts clicks, embeds a player or asks for consent; empty when it is none."""
    path = url.path.strip("/")
    names = _WRAPPERS.get(host, ())
    if host in YOUTUBE_HOSTS and path in {"redirect", "oembed", "attribution_link"}:
        names = ("q", "url", "u")
    if host == "soundcloud.com" and path == "oembed":
        names = ("url",)
    link = next((url.params[name] for name in names if url.params.get(name)), "")
    return f"https://www.youtube.com{link}" if link.startswith("/") else link if link.startswith("http") else ""


def _short(url: httpx.URL, host: str) -> Place:
    if not url.path.strip("/"):
        raise _nothing(url, "is a short link without its code; copy it again")
    plain = str(url.copy_with(scheme="https", host=host, port=None, query=None, fragment=None)).rstrip("/")
    return Place(SHORT_HOSTS[host], "short", plain, plain)


def _without_trackers(url: httpx.URL) -> str:
    # The pieces that stay are not encoded anew: a signed link would lose its signature.
    pieces = url.query.decode("ascii").split("&")
    kept = [piece for piece in pieces if piece and not _TRACKER.fullmatch(piece.partition("=")[0])]
    return str(url.copy_with(query="&".join(kept).encode("ascii") or None, fragment=None))


def _segments(url: httpx.URL) -> list[str]:
    """The parts of a path, without what a sentence puts behind a link."""
    return [part for part in unquote(url.path).rstrip(".,;!)]>'\"").split("/") if part]


def _nothing(link: str | httpx.URL, why: str) -> GiveUp:
    return GiveUp(f"{shown(link)} {why}", "not_a_track")


# Spotify

_SPOTIFY_REFUSED = {
    "artist": "names a Spotify artist; give one of the artist's tracks, albums or playlists",
    "episode": "names a podcast's episode, which is no music; give a track, an album or a playlist",
    "show": "names a podcast, which is no music; give a track, an album or a playlist",
    "audiobook": "names an audiobook, which is no music; give a track, an album or a playlist",
    "local": "names a file of your own in Spotify; give the file itself",
    "search": "names a search; open it and copy the link of a track, an album or a playlist",
}


def _spotify_uri(rest: str, link: str | httpx.URL) -> Place:
    """What stands behind `spotify:` in a URI."""
    return _spotify([part for part in re.split(r"[:/?#&]", unquote(rest)) if part], link)


def _spotify_page(url: httpx.URL) -> Place:
    parts = _segments(url)
    while parts and (parts[0] in {"embed", "embed-podcast", "v1"} or _LANGUAGE.fullmatch(parts[0])):
        parts = parts[1:]
    # Some programs write the URI into the page's address, and an album's page may show one of its tracks.
    for text in (*reversed(parts), url.params.get("highlight", ""), url.params.get("uri", "")):
        if unquote(text).lower().startswith("spotify:"):
            return _spotify_uri(unquote(text).partition(":")[2], url)
    return _spotify(parts, url)


def _spotify(parts: list[str], link: str | httpx.URL) -> Place:
    user = parts[1] if len(parts) > 1 and parts[0].lower() == "user" else ""
    named = parts[2:] if user else parts
    kind = named[0].lower() if named else "profile" if user else ""
    if kind == "profile":
        return Place("spotify", "profile", user, f"https://open.spotify.com/user/{quote(user, safe='')}")
    if kind == "collection" and named[1:2] in ([], ["tracks"]):
        return Place("spotify", "likes", "", "https://open.spotify.com/collection/tracks")
    if kind in _SPOTIFY_REFUSED:
        raise _nothing(link, _SPOTIFY_REFUSED[kind])
    # The Web API's addresses have the plural.
    kind = kind.removesuffix("s")
    if kind not in {"track", "album", "playlist"}:
        raise _nothing(link, "is no Spotify link that names a track, an album or a playlist; copy it again")
    spotify_id = _SPOTIFY_ID.match(named[1]) if len(named) > 1 else None
    if not spotify_id:
        raise _nothing(link, f"names no Spotify {kind}: its id must have 22 letters and digits; copy it again")
    return Place("spotify", kind, spotify_id[0], _spotify_url(kind, spotify_id[0]))


def _spotify_url(kind: str, spotify_id: str) -> str:
    return f"https://open.spotify.com/{'collection/tracks' if kind == 'likes' else f'{kind}/{spotify_id}'}"


# YouTube

_YOUTUBE_PLAYLIST = "https://www.youtube.com/playlist?list="
_YOUTUBE_REFUSED = {
    "clip": "is a clip, a piece of a video; open it and copy the link of the video",
    "results": "names a search; open it and copy the link of a video or a playlist",
    "search": "names a search; open it and copy the link of a video or a playlist",
    "browse": "names a page of YouTube Music; open it and copy the link of a song or a playlist by `Share`",
    "watch_videos": "names several videos; give them one by one or as a playlist",
    "feed": "names a page that looks different for everyone; give the link of a video or a playlist",
}


def _youtube_app(rest: str, link: str) -> Place:
    """What stands behind `vnd.youtube:` or `youtube:`."""
    return _video(_YOUTUBE_ID.match(rest) or _YOUTUBE_ID.match(rest.partition("v=")[2]), link)


def _youtube(url: httpx.URL) -> Place:
    parts = _segments(url)
    first = parts[0] if parts else ""
    if first.startswith("@") or (first in {"channel", "c", "user"} and len(parts) > 1):
        whose = first if first.startswith("@") else f"{first}/{parts[1]}"
        return Place("youtube", "profile", whose, f"https://www.youtube.com/{quote(whose, safe='@/')}")
    if first == "browse" and parts[-1].startswith("VL"):
        return _youtube_list(parts[-1].removeprefix("VL"), url)
    if first in _YOUTUBE_REFUSED:
        raise _nothing(url, _YOUTUBE_REFUSED[first])
    video = _video_in(url, parts)
    listed = _youtube_parameter(url, "list")
    if listed and not video:
        return _youtube_list(listed, url)
    return _video(_YOUTUBE_ID.match(video), url)


def _video_in(url: httpx.URL, parts: list[str]) -> str:
    """The text in which the video's id stands first, whatever the shape; empty when there is none."""
    told = _youtube_parameter(url, "v")
    # These two look like ids: an embedded playlist, and whatever a channel sends just now.
    if told or not parts or parts[-1] in {"videoseries", "live_stream"}:
        return told
    if parts[0] in {"watch", "shorts", "live", "embed", "v", "e", "vi"}:
        return parts[1] if len(parts) > 1 else ""
    return parts[0] if host_of(url).endswith("youtu.be") and parts[0] != "playlist" else ""


def _youtube_parameter(url: httpx.URL, name: str) -> str:
    # Old mobile pages keep their parameters in the fragment, and HTML writes &amp; for &.
    query = "&".join((url.query.decode("ascii"), url.fragment.partition("?")[2] or url.fragment))
    told = re.search(rf"(?:^|[&;!?]){name}=([^&#]*)", unquote(query))
    return told[1] if told else ""


def _video(video: re.Match[str] | None, link: str | httpx.URL) -> Place:
    if video is None:
        raise _nothing(link, "is a YouTube link without a video id or a list; copy it again")
    return Place("youtube", "track", video[0], f"https://www.youtube.com/watch?v={video[0]}")


def _youtube_list(text: str, link: str | httpx.URL) -> Place:
    listed = _YOUTUBE_LIST.match(text)
    if listed is None:
        raise _nothing(link, "names no YouTube playlist: its id is cut off; copy it again")
    list_id = listed[0]
    if list_id in {"LL", "LM"}:
        host = "music" if list_id == "LM" else "www"
        return Place("youtube", "likes", list_id, f"https://{host}.youtube.com/playlist?list={list_id}")
    if list_id in {"WL", "HL"}:
        raise _nothing(link, "names `Watch later` or the history, which YouTube shows to no program; use a playlist")
    # RDCLAK are lists that YouTube Music's editors keep; every other RD is made up anew for each listener.
    if list_id.startswith(("RD", "UL")) and not list_id.startswith("RDCLAK"):
        raise _nothing(link, "names a mix, which YouTube makes up anew for everyone; save it as a playlist first")
    kind = "album" if list_id.startswith("OLAK5uy") else "playlist"
    return Place("youtube", kind, list_id, _YOUTUBE_PLAYLIST + list_id)


# SoundCloud

_SOUNDCLOUD_REFUSED = frozenset(
    {"reposts", "albums", "popular-tracks", "followers", "following", "comments", "toptracks"}
)
_SOUNDCLOUD_PAGES = frozenset(
    {
        "discover", "search", "stations", "charts", "upload", "stream", "feed", "settings", "messages", "tags", "pages",
        "notifications", "people", "groups", "mobile", "signin", "login", "logout", "jobs", "popular", "checkout",
        "download", "terms-of-use", "imprint", "pro", "go", "player",
    }
)  # fmt: skip
_UNDER_A_TRACK = frozenset({"comments", "likes", "reposts", "sets", "albums", "recommended", "related"})


def _soundcloud(url: httpx.URL) -> Place:
    parts = [part for part in _segments(url) if part != "embed"]
    if not parts or parts[0] in _SOUNDCLOUD_PAGES or not all(map(_SLUG.fullmatch, parts)):
        raise _nothing(url, "is a SoundCloud page that names no track, playlist or profile; copy the link again")
    whose, what = parts[0], parts[1] if len(parts) > 1 else ""
    if whose == "you":
        return _of_your_own(url, what)
    if what == "likes":
        return Place("soundcloud", "likes", whose, f"https://soundcloud.com/{whose}/likes")
    if what in {"", "tracks"} or parts[1:] == ["sets"]:
        return Place("soundcloud", "profile", whose, f"https://soundcloud.com/{'/'.join(parts)}")
    if what in _SOUNDCLOUD_REFUSED:
        raise _nothing(
            url, f"names a profile's {what}, which cannot be read; give a track, a set or the profile's likes"
        )
    kind, named, more = ("playlist", parts[:3], parts[3:]) if what == "sets" else ("track", parts[:2], parts[2:])
    secret = next((part for part in (*more, url.params.get("secret_token", "")) if _SECRET.fullmatch(part)), "")
    if any(part not in _UNDER_A_TRACK and not _SECRET.fullmatch(part) for part in more):
        raise _nothing(url, "has more parts than a SoundCloud track or set; copy the link again")
    path = "/".join([*named, *filter(None, [secret])])
    return Place("soundcloud", kind, path, f"https://soundcloud.com/{path}")


def _of_your_own(url: httpx.URL, what: str) -> Place:
    if what == "likes":
        return Place("soundcloud", "likes", "", "https://soundcloud.com/you/likes")
    raise _nothing(url, "names a page of your own that no link leads to; give the link of the track or set itself")


def _soundcloud_api(url: httpx.URL) -> Place:
    return _soundcloud_number(unquote(url.path).lstrip("/"), url, url.params.get("secret_token", ""))


def _soundcloud_urn(rest: str, link: str) -> Place:
    return _soundcloud_number(unquote(rest).removeprefix("soundcloud:"), link)


def _soundcloud_number(text: str, link: str | httpx.URL, secret: str = "") -> Place:
    """What a number or URN at the API names: `tracks/1`, `tracks/soundcloud:tracks:1`, `sounds:1`."""
    named = _SOUNDCLOUD_API.match(text)
    if named is None:
        raise _nothing(link, "is no SoundCloud address of a track, playlist or profile; copy the link again")
    what, number = named[1].replace("sounds", "tracks"), named[2]
    kind = {"tracks": "track", "playlists": "playlist", "users": "profile"}[what]
    query = f"?secret_token={secret}" if _SECRET.fullmatch(secret) else ""
    return Place(
        "soundcloud", kind, f"soundcloud:{what}:{number}", f"https://api.soundcloud.com/{what}/{number}{query}"
    )


_READERS: tuple[tuple[frozenset[str], Callable[[httpx.URL], Place]], ...] = (
    (SPOTIFY_HOSTS, _spotify_page),
    (YOUTUBE_HOSTS, _youtube),
    (SOUNDCLOUD_HOSTS, _soundcloud),
    (SOUNDCLOUD_API_HOSTS, _soundcloud_api),
)
_APP_LINKS: dict[str, Callable[[str, str], Place]] = {
    "spotify": _spotify_uri,
    "soundcloud": _soundcloud_urn,
    "vnd.youtube": _youtube_app,
    "youtube": _youtube_app,
}
_SERVICES = (".spotify.com", ".soundcloud.com", ".youtube.com")
