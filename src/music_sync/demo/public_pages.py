"""The public pages of SoundCloud and YouTube on loopback, as far as yt-dlp's extractors look at them to list a list.

One server stands for all hosts: the first part of a path is the host, as `PublicPages(base=...)` asks for it.
tests/demo/test_public_pages.py reads it with the extractors themselves. What can be searched and played is in
demo/public_uploads.py for SoundCloud and demo/public_videos.py for YouTube. What it leaves out: comments and channels.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from music_sync.demo.loopback import Answer, Change, Garbled, Loopback, Refuse, Refused, Request, Route
from music_sync.demo.public_uploads import Uploads
from music_sync.demo.public_videos import Films

Json = dict[str, Any]

CLIENT_ID = "SimulatedClientIdOpeningNothing0"
SOUNDCLOUD_PAGE = 200
YOUTUBE_PAGE = 100
_WORDS_OF_FIRST = 5
"""A set tells the words of so many tracks; of the others only the numbers."""
_MOST_IDS = 50

PRIVATE = Refuse(404, {})
"""SoundCloud tells nobody apart what is private and what is not there."""
BLOCKED = Refuse(403, b"<html>Please enable JS and disable any ad blocker</html>", {"Content-Type": "text/html"})
"""What stands before a site takes us for a robot."""
CHANGED = Garbled(b"<html><body><div id='app'></div></body></html>")
"""The page that the extractor knew is no more."""
UNKNOWN_ENTRIES = Change(lambda body: {"data": body})
"""An answer of another shape."""


def soundcloud_track(number: int, title: str, artist: str = "Nadia Klee", **changes: Any) -> Json:
    """A track as SoundCloud's own pages are told of it."""
    slug = _slug(title) or f"track-{number}"
    told = {
        "id": number, "kind": "track", "title": title, "permalink": slug, "sharing": "public", "genre": "House",
        "permalink_url": f"https://soundcloud.com/{_slug(artist)}/{slug}", "policy": "ALLOW", "duration": 180_000,
        "full_duration": 180_000, "publisher_metadata": None, "release_date": None, "created_at": "2025-03-01T10:00:00Z",
        "user": {"id": 7000, "kind": "user", "username": artist, "permalink": _slug(artist)},
    }  # fmt: skip
    return told | changes


def like(entry: Json | None, at: str = "2026-01-05T10:00:00Z") -> Json:
    """A track or playlist that somebody likes."""
    kind = (entry or {}).get("kind", "track")
    return {"created_at": at, "kind": "like", kind: entry}


@dataclass
class Profile:
    """A person at SoundCloud with public likes, newest first."""

    number: int
    name: str
    likes: list[Any] = field(default_factory=list)


@dataclass
class Set:
    """A playlist at SoundCloud; `secret` is part of the address of a private one."""

    number: int
    title: str
    tracks: list[Json] = field(default_factory=list)
    secret: str = ""


@dataclass
class Video:
    """An entry of a playlist at YouTube."""

    video_id: str
    title: str
    channel: str = "Nadia Klee - Topic"
    length_s: int | None = 180


@dataclass
class VideoList:
    """A playlist at YouTube; `alert` is shown in its place, and `hidden` videos are counted but not shown."""

    title: str
    videos: list[Video] = field(default_factory=list)
    updated: str = "Last updated on Nov 2, 2026"
    alert: str = ""
    hidden: int = 0


def videos(count: int, first: int = 0) -> list[Video]:
    return [Video(video_id(number), f"Track {number}") for number in range(first, first + count)]


def video_id(number: int) -> str:
    """Eleven letters and digits."""
    return f"vid{number:08}"


class PublicPagesServer(Loopback):
    """Serves the public pages of these profiles, sets and playlists.

    with PublicPagesServer() as server:
        server.profiles["nadia-klee"] = Profile(7000, "Nadia Klee", [like(soundcloud_track(1, "Foil & Paper"))])
        PublicPages(means, "soundcloud", base=server.url)
    """

    def __init__(self) -> None:
        super().__init__()
        self.profiles: dict[str, Profile] = {}
        """By the name in their address."""
        self.sets: dict[str, Set] = {}
        """By `profile/sets/name`."""
        self.playlists: dict[str, VideoList] = {}
        """By their id."""
        self._uploaded = Uploads(self._check)
        self.uploads = self._uploaded.all
        """What can be searched and played at SoundCloud."""
        self.videos = Films()
        self.films = self.videos.all
        """What can be searched and played at YouTube."""
        self.client_id = CLIENT_ID
        """Calls with another one are refused; the page always tells the one that is good."""

    def routes(self) -> Sequence[Route]:
        api = "/api-v2.soundcloud.com"
        return (
            ("GET", "/soundcloud.com/", self._home),
            ("GET", "/a-v2.sndcdn.com/assets/(?P<name>.+)", self._script),
            ("GET", f"{api}/resolve", self._resolve),
            ("GET", f"{api}/users/(?P<number>[0-9]+)/likes", self._likes),
            ("GET", f"{api}/playlists/(?:soundcloud:playlists:)?(?P<number>[0-9]+)", self._playlist),
            ("GET", f"{api}/tracks", self._tracks),
            *self._uploaded.routes(),
            *self.videos.routes(),
            ("GET", "/www.youtube.com/playlist", self._page),
            ("POST", "/www.youtube.com/youtubei/v1/navigation/resolve_url", self._resolve_url),
            ("POST", "/www.youtube.com/youtubei/v1/browse", self._browse),
        )

    # SoundCloud

    def _home(self, _request: Request) -> Answer:
        scripts = "".join(
            f'<script crossorigin src="https://a-v2.sndcdn.com/assets/{name}.js"></script>'
            for name in ("0-app", "1-id")
        )
        return _html(f"<html><body>{scripts}</body></html>")

    def _script(self, request: Request) -> Answer:
        told = f'"use strict";var c={{client_id:"{self.client_id}",env:"production"}};'
        return Answer(200, told.encode() if "id" in request.parts["name"] else b"", {"Content-Type": "text/javascript"})

    def _resolve(self, request: Request) -> Answer:
        self._check(request)
        path = re.sub(r"^https://soundcloud\.com/", "", request.query.get("url", "")).rstrip("/")
        if path in self.profiles:
            profile = self.profiles[path]
            told = {"id": profile.number, "kind": "user", "username": profile.name, "permalink": path}
            return Answer(200, {**told, "likes_count": len(profile.likes)})
        upload = self._uploaded.at_page(path)
        if upload and upload.flaw != "private":
            return Answer(200, upload.told())
        name, _, secret = path.partition("/s-")
        found = self.sets.get(name)
        if found is None or found.secret != (f"s-{secret}" if secret else ""):
            raise Refused(Answer(404, {}))
        return Answer(200, _told_set(found, name))

    def _likes(self, request: Request) -> Answer:
        self._check(request)
        number, limit = int(request.parts["number"]), int(request.query.get("limit", 10))
        profile = next((each for each in self.profiles.values() if each.number == number), None)
        if profile is None or limit > SOUNDCLOUD_PAGE:
            raise Refused(Answer(404 if profile is None else 400, {}))
        start = int(request.query.get("offset") or 0)
        entries = profile.likes[start : start + limit]
        following = f"https://api-v2.soundcloud.com/users/{number}/likes?offset={start + limit}&limit={limit}"
        is_last = start + limit >= len(profile.likes)
        return Answer(200, {"collection": entries, "next_href": None if is_last else following, "query_urn": None})

    def _playlist(self, request: Request) -> Answer:
        self._check(request)
        for name, found in self.sets.items():
            if str(found.number) == request.parts["number"] and found.secret == request.query.get("secret_token", ""):
                return Answer(200, _told_set(found, name))
        raise Refused(Answer(404, {}))

    def _tracks(self, request: Request) -> Answer:
        self._check(request)
        ids = request.query.get("ids", "").split(",")
        if len(ids) > _MOST_IDS:
            raise Refused(Answer(400, {}))
        known = {str(track["id"]): track for found in self.sets.values() for track in found.tracks}
        # One that was removed is simply not among them.
        return Answer(200, [known[each] for each in ids if each in known and known[each].get("title")])

    def _check(self, request: Request) -> None:
        if request.query.get("client_id") != self.client_id:
            raise Refused(Answer(401, {}))

    # YouTube

    def _page(self, request: Request) -> Answer:
        data = self._told(request.query.get("list", ""))
        config = {"INNERTUBE_CLIENT_VERSION": "2.20261104.00.00", "VISITOR_DATA": "simulated"}
        return _html(
            f"<html><script>ytcfg.set({json.dumps(config)});</script>"
            f"<script>var ytInitialData = {json.dumps(data)};</script></html>"
        )

    def _resolve_url(self, request: Request) -> Answer:
        """What the extractor asks when it cannot make sense of the page itself."""
        list_id = str((request.json or {}).get("url")).partition("list=")[2]
        return Answer(200, {"endpoint": {"browseEndpoint": {"browseId": f"VL{list_id}"}}})

    def _browse(self, request: Request) -> Answer:
        asked = request.json or {}
        if "browseId" in asked:
            return Answer(200, self._told(str(asked["browseId"]).removeprefix("VL")))
        list_id, _, start = str(asked.get("continuation") or "").partition("@")
        listed = self.playlists.get(list_id)
        if listed is None or not start.isdecimal():
            raise Refused(Answer(400, {"error": {"code": 400, "message": "Request contains an invalid argument."}}))
        items = _told_videos(list_id, listed, int(start))
        return Answer(
            200, {"onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": items}}]}
        )

    def _told(self, list_id: str) -> Json:
        listed = self.playlists.get(list_id) or VideoList("", alert="The playlist does not exist.")
        return {"alerts": [_alert(listed.alert)]} if listed.alert else _told_list(list_id, listed)


def _told_set(found: Set, name: str) -> Json:
    tracks = [
        track if place < _WORDS_OF_FIRST else {"id": track["id"], "kind": "track", "policy": "ALLOW"}
        for place, track in enumerate(found.tracks)
    ]
    return {
        "id": found.number, "kind": "playlist", "title": found.title, "set_type": "", "track_count": len(tracks),
        "permalink_url": f"https://soundcloud.com/{name}", "tracks": tracks, "user": {"id": 7000, "username": "Nadia Klee"},
    }  # fmt: skip


def _told_list(list_id: str, listed: VideoList) -> Json:
    shown = {"itemSectionRenderer": {"contents": [{"playlistVideoListRenderer": {
        "contents": _told_videos(list_id, listed, 0), "playlistId": list_id}}]}}  # fmt: skip
    tab = {"tabRenderer": {"selected": True, "content": {"sectionListRenderer": {"contents": [shown]}}}}
    count = len(listed.videos) + listed.hidden
    stats = [_text(f"{count:,} video{'' if count == 1 else 's'}"), _text("1,024 views"), _text(listed.updated)]
    return {
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}},
        "metadata": {"playlistMetadataRenderer": {"title": listed.title}},
        "sidebar": {"playlistSidebarRenderer": {"items": [{"playlistSidebarPrimaryInfoRenderer": {"stats": stats}}]}},
    }  # fmt: skip


def _told_videos(list_id: str, listed: VideoList, start: int) -> list[Json]:
    end = start + YOUTUBE_PAGE
    items: list[Json] = [_told_video(video) for video in listed.videos[start:end]]
    if end < len(listed.videos):
        command = {"token": f"{list_id}@{end}", "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}
        items.append({"continuationItemRenderer": {"continuationEndpoint": {"continuationCommand": command}}})
    return items


def _told_video(video: Video) -> Json:
    told: Json = {"videoId": video.video_id, "title": _text(video.title), "isPlayable": video.length_s is not None}
    if video.length_s is not None:
        told |= {"lengthSeconds": str(video.length_s), "shortBylineText": _text(video.channel)}
    return {"playlistVideoRenderer": told}


def _alert(text: str) -> Json:
    return {"alertRenderer": {"type": "ERROR", "text": _text(text)}}


def _text(words: str) -> Json:
    return {"runs": [{"text": words}]}


def _html(page: str) -> Answer:
    return Answer(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"})


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def soundcloud_likes(numbers: Iterable[int]) -> list[Json]:
    """Likes of tracks that are called by their number."""
    return [like(soundcloud_track(number, f"Track {number}")) for number in numbers]
