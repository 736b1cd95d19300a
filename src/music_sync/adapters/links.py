"""Links to tracks in one spelling each, so that the same track met twice has the same id."""

import re
from dataclasses import dataclass

import httpx

from music_sync.adapters.egress import host_of, read_link, shown
from music_sync.model.errors import GiveUp

_SPOTIFY_ID = r"[0-9A-Za-z]{22}"
_SPOTIFY_URI = re.compile(rf"spotify:(track|album|playlist|artist|episode|show):({_SPOTIFY_ID})")
_SPOTIFY_PATH = re.compile(rf"(track|album|playlist|artist|episode|show)/({_SPOTIFY_ID})")
_YOUTUBE_ID = re.compile(r"[0-9A-Za-z_-]{11}")
_LANGUAGE = re.compile(r"intl-[a-z]{2}(?:-[a-z]{2})?/", re.IGNORECASE)
_TRACKER = re.compile(r"utm_.*|fbclid|gclid|igshid|mc_[ce]id", re.IGNORECASE)

_SPOTIFY_HOSTS = frozenset({"open.spotify.com", "play.spotify.com"})
_YOUTUBE_HOSTS = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"})
_SOUNDCLOUD_HOSTS = frozenset({"soundcloud.com", "www.soundcloud.com", "m.soundcloud.com"})
_STREAMING_SITES = (
    "spotify.com", "spotify.link", "soundcloud.com", "youtube.com", "youtu.be", "music.apple.com", "itunes.apple.com",
    "deezer.com", "deezer.page.link", "tidal.com", "bandcamp.com", "beatport.com", "mixcloud.com", "audius.co",
    "music.amazon.com", "qobuz.com", "vimeo.com", "tiktok.com", "last.fm", "listenbrainz.org", "musicbrainz.org",
)  # fmt: skip


@dataclass(frozen=True)
class TrackLink:
    """A link and the id that names its track for ever."""

    url: str
    source_id: str


def track_link(text: str) -> TrackLink:
    """Normalise a link or a Spotify URI; raises GiveUp when it is refused or names no single track."""
    uri = _SPOTIFY_URI.fullmatch(text)
    if uri:
        return _spotify(uri[1], uri[2])
    if text.startswith("spotify:"):
        raise GiveUp(f"{shown(text)} is no Spotify link that names a track", "link_refused")
    url = read_link(text)
    host = host_of(url)
    if host in _SPOTIFY_HOSTS:
        return _spotify_page(url)
    if host in _YOUTUBE_HOSTS or host == "youtu.be":
        return _youtube(url, host)
    if host in _SOUNDCLOUD_HOSTS:
        return _soundcloud(url)
    plain = _without_trackers(url)
    if host == "on.soundcloud.com":
        plain = str(url.copy_with(query=None, fragment=None))
    return TrackLink(plain, plain)


def is_streaming_site(url: httpx.URL) -> bool:
    """Does this link lead to a site that shows pages and streams, never a plain audio file?"""
    host = host_of(url)
    return any(host == site or host.endswith(f".{site}") for site in _STREAMING_SITES)


def is_isrc(text: str) -> bool:
    """Twelve letters and digits without hyphens: country, registrant, year, number (ISO 3901)."""
    return re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", text) is not None


def _spotify(kind: str, spotify_id: str) -> TrackLink:
    if kind != "track":
        raise GiveUp(f"spotify:{kind}:{spotify_id} names a Spotify {kind}, not a single track", "not_a_track")
    return TrackLink(f"https://open.spotify.com/track/{spotify_id}", f"spotify:track:{spotify_id}")


def _spotify_page(url: httpx.URL) -> TrackLink:
    path = _LANGUAGE.sub("", url.path.lstrip("/"), count=1).rstrip("/")
    # Some programs write the URI into the page's address: open.spotify.com/track/spotify:track:ID.
    match = _SPOTIFY_URI.search(path) or _SPOTIFY_PATH.fullmatch(path.removeprefix("embed/"))
    if not match:
        raise GiveUp(f"{shown(url)} is no Spotify link that names a track", "not_a_track")
    return _spotify(match[1], match[2])


def _youtube(url: httpx.URL, host: str) -> TrackLink:
    parts = url.path.strip("/").split("/")
    video = ""
    if host == "youtu.be":
        video = parts[0]
    elif parts[0] == "watch":
        video = url.params.get("v", "")
    elif parts[0] in {"shorts", "embed", "live", "v"} and len(parts) > 1:
        video = parts[1]
    elif parts[0] == "playlist":
        raise GiveUp(f"{shown(url)} names a YouTube playlist, not a single track", "not_a_track")
    if not _YOUTUBE_ID.fullmatch(video):
        raise GiveUp(f"{shown(url)} is a YouTube link without a video id", "not_a_track")
    plain = f"https://www.youtube.com/watch?v={video}"
    return TrackLink(plain, plain)


def _soundcloud(url: httpx.URL) -> TrackLink:
    parts = url.path.strip("/").split("/")
    if len(parts) < 2 or parts[1] in _SOUNDCLOUD_LISTS:
        raise GiveUp(f"{shown(url)} names a SoundCloud page, not a single track", "not_a_track")
    plain = f"https://soundcloud.com/{'/'.join(parts)}"
    return TrackLink(plain, plain)


_SOUNDCLOUD_LISTS = frozenset(
    {"sets", "likes", "tracks", "albums", "reposts", "followers", "following", "popular-tracks"}
)


def _without_trackers(url: httpx.URL) -> str:
    # The pieces that stay are not encoded anew: a signed link would lose its signature.
    pieces = url.query.decode("ascii").split("&")
    kept = [piece for piece in pieces if piece and not _TRACKER.fullmatch(piece.partition("=")[0])]
    return str(url.copy_with(query="&".join(kept).encode("ascii") or None, fragment=None))
