"""What people uploaded to the simulated YouTube: searched, shown on a watch page, told to its players, and played.

    with PublicPagesServer() as server:
        server.films.append(Film(1, "Foil & Paper", sound=dash_of(piece)))
        server.films.append(Film(2, "Foil & Paper", flaw="private"))

Each film has one flaw at most, and YouTube's own words for it (`_SAYS`); the others are `ciphered` (only the players that
need JavaScript get addresses), `sabr` (no player gets any), `protected` (DRM), `live`, `trailer` (of a film to be bought),
`opus` (in WebM alone), `dubbed` (in two languages), `advert` (its address is good only when that is over) and `inside`
(its audio leads to this machine). As with the real one, an address is signed, ends with its hour, and answers 403 to all
that is wrong; what plays in a browser comes as a stream of YouTube's own that nobody else reads (SABR).
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from music_sync.demo.loopback import Answer, Refused, Request, Route, in_ranges
from music_sync.demo.music import SAMPLE_RATE_HZ, Piece, render, write_encoded
from music_sync.demo.public_uploads import hits_for, recut

Json = dict[str, Any]

SIGNED_AT = 20761
"""Which version of the player a signature is for (`sts`)."""
_HOUR_S = 3600
_ADVERT_S = 6
_SEARCH_PAGE = 20
_VIDEOS_ONLY = "EgIQAfABAQ=="
_API = "/www.youtube.com/youtubei/v1"
_MEDIA = "rr3---sn-simulated.googlevideo.com"
_PLAYER = "/s/player/0badcafe/player_ias.vflset/en_US/base.js"
_CLIENTS = {"WEB": "1", "TVHTML5": "7", "VISIONOS": "101", "WEB_EMBEDDED_PLAYER": "56"}
"""Players that may ask, with the number that goes along in a header."""

_UNAVAILABLE = "Video unavailable"
_SAYS: dict[str, tuple[str, str, str]] = {
    "private": ("LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video"),
    "removed": ("ERROR", _UNAVAILABLE, "This video has been removed by the uploader"),
    "terminated": (
        "ERROR",
        _UNAVAILABLE,
        "This video is no longer available because the YouTube account associated with this video has been terminated.",
    ),
    "blocked": ("UNPLAYABLE", _UNAVAILABLE, "The uploader has not made this video available in your country"),
    "claimed": (
        "UNPLAYABLE",
        _UNAVAILABLE,
        "This video contains content from Foil Records, who has blocked it in your country on copyright grounds",
    ),
    "adult": ("LOGIN_REQUIRED", "Sign in to confirm your age", "This video may be inappropriate for some users."),
    "members": (
        "UNPLAYABLE",
        "Join this channel to get access to members-only content like this video, and other exclusive perks.",
        "",
    ),
    "paid": ("UNPLAYABLE", "This video requires payment to watch", ""),
    "premiere": ("LIVE_STREAM_OFFLINE", "Premieres in 5 hours", ""),
    "robot": (
        "LOGIN_REQUIRED",
        "Sign in to confirm you’re not a bot",
        "This helps protect our community. Learn more",
    ),
    "tired": ("ERROR", _UNAVAILABLE, "This content isn't available, try again later."),
    "new": ("UNPLAYABLE", "This video is folded away", ""),
}
"""What stands in the place of a film: status, reason, and the line below it."""


@dataclass
class Film:
    """One upload; `sound` is what its itag 140 is, an MP4 in fragments."""

    number: int
    title: str
    channel: str = "Nadia Klee - Topic"
    length_s: float = 8.0
    """What the site tells."""
    sound: bytes = b""
    flaw: str = ""
    leads_to: str = ""
    """With the flaw `inside`: the address that its audio is said to have. Without: where that redirects."""

    @property
    def video_id(self) -> str:
        return f"film{self.number:07}"

    @property
    def page(self) -> str:
        return f"https://www.youtube.com/watch?v={self.video_id}"


def dash_of(piece: Piece, codec: str = "m4a") -> bytes:
    """A piece as YouTube keeps it: AAC in an MP4 of fragments, or with `webm` Opus in WebM."""
    kept = "opus" if codec == "webm" else codec
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sound.{kept}"
        write_encoded(path, render(piece), SAMPLE_RATE_HZ, kept)
        return fragmented(path.read_bytes()) if codec == "m4a" else recut(path.read_bytes(), "a", "webm", {})["a"]


@lru_cache(maxsize=8)
def fragmented(sound: bytes) -> bytes:
    return recut(sound, "a", "mp4", {"movflags": "dash+frag_keyframe+empty_moov+default_base_moof"})["a"]


@dataclass
class Films:
    """The routes over a list of films, for a server of public pages."""

    all: list[Film] = field(default_factory=list)
    now: Callable[[], float] = time.time
    """Seconds since 1970, by YouTube's clock."""

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", "/www.youtube.com/?", self._home),
            ("GET", "/www.youtube.com/watch", self._watch),
            ("GET", "/www.youtube.com/embed/(?P<video_id>[^/]+)", self._home),
            ("GET", f"/www.youtube.com{_PLAYER}", lambda _: Answer(200, PLAYER_JS.encode(), {"Content-Type": "text/javascript"})),
            ("POST", f"{_API}/search", self._search),
            ("POST", f"{_API}/player", self._player),
            ("GET", f"/{_MEDIA}/videoplayback", self._audio),
            ("GET", "/manifest.googlevideo.com/(?P<kind>.+)[.]m3u8", self._broadcast),
        )  # fmt: skip

    # Pages

    def _home(self, request: Request) -> Answer:
        _must_consent(request)
        return _page(f"ytcfg.set({json.dumps(_SETTINGS)});")

    def _watch(self, request: Request) -> Answer:
        _must_consent(request)
        film = self._meant(request.query.get("v", ""))
        contents = [{"videoPrimaryInfoRenderer": {"title": _text(film.title)}}] if film else []
        data = {"contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": contents}}}}}
        told = self._told(film, "WEB")
        return _page(
            f"ytcfg.set({json.dumps(_SETTINGS)});",
            f"var ytInitialPlayerResponse = {json.dumps(told)};",
            f"var ytInitialData = {json.dumps(data)};",
        )

    def _search(self, request: Request) -> Answer:
        asked = _asked(request)
        words, _, start = str(asked.get("continuation") or f"{asked.get('query')}@0").rpartition("@")
        hits = [
            each
            for each in hits_for(words, self.all, lambda film: f"{film.channel} {film.title}")
            if each.flaw != "private"
        ]
        items: list[Json] = [{"videoRenderer": _hit(film)} for film in hits[int(start) : int(start) + _SEARCH_PAGE]]
        if asked.get("params") != _VIDEOS_ONLY:
            items.insert(0, {"channelRenderer": {"channelId": "UC" + "x" * 22, "title": _text("A channel")}})
        items.insert(0, {"adSlotRenderer": {"adSlotMetadata": {}}})
        sections: list[Json] = [{"itemSectionRenderer": {"contents": items if hits else [_NO_RESULTS]}}]
        if int(start) + _SEARCH_PAGE < len(hits):
            command = {"token": f"{words}@{int(start) + _SEARCH_PAGE}", "request": "CONTINUATION_REQUEST_TYPE_SEARCH"}
            sections.append({"continuationItemRenderer": {"continuationEndpoint": {"continuationCommand": command}}})
        told: Json = {"estimatedResults": str(len(hits)), "responseContext": {"visitorData": "simulated"}}
        if "continuation" in asked:
            more = {"appendContinuationItemsAction": {"continuationItems": sections}}
            return Answer(200, told | {"onResponseReceivedCommands": [more]})
        listed = {"primaryContents": {"sectionListRenderer": {"contents": sections}}}
        return Answer(200, told | {"contents": {"twoColumnSearchResultsRenderer": listed}})

    # Players

    def _player(self, request: Request) -> Answer:
        asked = _asked(request)
        client = asked["context"]["client"]["clientName"]
        context = (asked.get("playbackContext") or {}).get("contentPlaybackContext") or {}
        is_signed = context.get("signatureTimestamp") == SIGNED_AT
        return Answer(200, self._told(self._meant(str(asked.get("videoId"))), client if is_signed else ""))

    def _told(self, film: Film | None, client: str) -> Json:
        """What a player is told of a film; one without a name knows no addresses."""
        if film is None:
            return {"playabilityStatus": _says("ERROR", _UNAVAILABLE, "This video is unavailable")}
        if film.flaw in _SAYS:
            return {"playabilityStatus": _says(*_SAYS[film.flaw]), "videoDetails": _details(film)}
        if film.flaw == "trailer":
            trailer = {"playerLegacyDesktopYpcTrailerRenderer": {"trailerVideoId": self.all[0].video_id}}
            return {
                "playabilityStatus": {"status": "UNPLAYABLE", "reason": "Watch the trailer", "errorScreen": trailer}
            }
        if film.flaw == "ciphered" and client == "VISIONOS":
            return {"playabilityStatus": _says("ERROR", _UNAVAILABLE, "This video is not available")}
        told: Json = {
            "playabilityStatus": {"status": "OK", "playableInEmbed": True},
            "videoDetails": _details(film),
            "streamingData": self._streams(film, client),
            "microformat": {"playerMicroformatRenderer": {"isFamilySafe": True, "lengthSeconds": str(round(film.length_s))}},
        }  # fmt: skip
        return told | _STORYBOARD | (_ADVERT if film.flaw == "advert" else {})

    def _streams(self, film: Film, client: str) -> Json:
        if film.flaw == "live":
            manifest = f"https://manifest.googlevideo.com/api/manifest/hls_variant/id/{film.video_id}/file/index.m3u8"
            return {"hlsManifestUrl": manifest, "adaptiveFormats": [{**_AUDIO, "targetDurationSec": 5.0}]}
        formats = [self._format(film, each, client) for each in _formats_of(film)]
        protected = {"licenseInfos": [{"drmFamily": "WIDEVINE"}]} if film.flaw == "protected" else {}
        picture = self._format(film, _PICTURE, client)
        return {"expiresInSeconds": str(_HOUR_S), "formats": [picture], "adaptiveFormats": formats, **protected}

    def _format(self, film: Film, kind: Json, client: str) -> Json:
        told = {**kind, "contentLength": str(len(film.sound)), "approxDurationMs": str(round(film.length_s * 1000))}
        if film.flaw == "protected":
            return {**told, "url": self._address(film, kind), "drmFamilies": ["WIDEVINE"]}
        if film.flaw == "sabr" or client not in {"VISIONOS", "TVHTML5"}:
            return told
        if client == "VISIONOS":
            return {**told, "url": film.leads_to if film.flaw == "inside" else self._address(film, kind)}
        # The player's own JavaScript undoes both: the letters of the signature, and the `n` that slows all others down.
        url = self._address(film, kind, n=_N)
        return {**told, "signatureCipher": urlencode({"s": _scrambled(self._signature(film)), "sp": "sig", "url": url})}

    def _address(self, film: Film, kind: Json, n: str = "") -> str:
        variant = "drc=1" if kind.get("isDrc") else f"lang={kind['audioTrack']['id']}" if "audioTrack" in kind else ""
        query: Json = {"expire": int(self.now()) + _HOUR_S, "id": film.video_id, "itag": kind["itag"], "xtags": variant}
        query |= {"n": n} if n else {"sig": self._signature(film)}
        return f"https://{_MEDIA}/videoplayback?{urlencode(query)}"

    def _signature(self, film: Film) -> str:
        return hashlib.sha256(f"{film.video_id}:{SIGNED_AT}".encode()).hexdigest()

    # Audio

    def _audio(self, request: Request) -> Answer:
        query, film = request.query, self._meant(request.query.get("id", ""))
        is_good = (
            film is not None
            and query.get("sig") == self._signature(film)
            and query.get("n", _N[::-1]) == _N[::-1]
            and int(query.get("expire", 0)) > self.now()
            and not (film.flaw == "advert" and int(query["expire"]) - _HOUR_S + _ADVERT_S > self.now())
        )
        if film is None or not is_good:
            raise Refused(Answer(403, b"", {"Content-Type": "text/plain"}))
        if film.leads_to:
            return Answer(302, None, {"Location": film.leads_to})
        kind = "audio/webm" if query.get("itag") == "251" else "audio/mp4"
        return in_ranges(request, film.sound, {"Content-Type": kind})

    def _broadcast(self, _request: Request) -> Answer:
        text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.4d4015,mp4a.40.5",RESOLUTION=256x144\n'
        text += "https://manifest.googlevideo.com/api/manifest/hls_playlist/itag/91/playlist/index.m3u8\n"
        return Answer(200, text.encode(), {"Content-Type": "application/vnd.apple.mpegurl"})

    def _meant(self, video_id: str) -> Film | None:
        return next((film for film in self.all if film.video_id == video_id), None)


def _must_consent(request: Request) -> None:
    """Who did not say yes or no to cookies is sent to a page that asks, in Europe."""
    if "SOCS=CAI" not in request.headers.get("cookie", ""):
        raise Refused(Answer(302, None, {"Location": "https://consent.youtube.com/m?continue=x"}))


def _asked(request: Request) -> Json:
    """The question of one of YouTube's own players, or 400."""
    asked = request.json
    client = ((asked or {}).get("context") or {}).get("client") or {}
    number = _CLIENTS.get(str(client.get("clientName")))
    if not client.get("clientVersion") or number is None or request.headers.get("x-youtube-client-name") != number:
        raise Refused(
            Answer(
                400, {"error": {"code": 400, "message": "Precondition check failed.", "status": "FAILED_PRECONDITION"}}
            )
        )
    return dict(asked)  # fmt: skip


def _says(status: str, reason: str, below: str) -> Json:
    shown = {"reason": _text(reason), **({"subreason": _text(below)} if below else {})}
    return {"status": status, "reason": reason, "errorScreen": {"playerErrorMessageRenderer": shown}}


def _details(film: Film) -> Json:
    return {
        "videoId": film.video_id, "title": film.title, "lengthSeconds": str(round(film.length_s)),
        "author": film.channel.removesuffix(" - Topic"), "channelId": "UC" + "x" * 22, "isPrivate": False,
        "isLiveContent": film.flaw == "live", "isLive": film.flaw == "live", "isUpcoming": film.flaw == "premiere",
    }  # fmt: skip


def _hit(film: Film) -> Json:
    """A line of a search's answer; a broadcast has no length."""
    minutes, seconds = divmod(round(film.length_s), 60)
    told: Json = {"videoId": film.video_id, "title": _text(film.title), "ownerText": _text(film.channel)}
    if film.flaw == "live":
        overlay = {"thumbnailOverlayTimeStatusRenderer": {"text": _text("LIVE"), "style": "LIVE"}}
        return {**told, "thumbnailOverlays": [overlay], "viewCountText": _text("12 watching")}
    return {
        **told,
        "lengthText": {"simpleText": f"{minutes}:{seconds:02}"},
        "viewCountText": {"simpleText": "1,024 views"},
    }


def _formats_of(film: Film) -> list[Json]:
    """Worst first, which is not YouTube's order, so that nobody relies on it."""
    opus = {
        "itag": 251, "mimeType": 'audio/webm; codecs="opus"', "bitrate": 140000, "audioQuality": "AUDIO_QUALITY_MEDIUM",
        "audioSampleRate": "48000", "audioChannels": 2,
    }  # fmt: skip
    if film.flaw == "opus":
        return [opus]
    low = {
        **_AUDIO,
        "itag": 139,
        "mimeType": 'audio/mp4; codecs="mp4a.40.5"',
        "bitrate": 50000,
        "audioQuality": "AUDIO_QUALITY_LOW",
    }
    if film.flaw == "dubbed":
        dub = {"displayName": "German", "id": "de.3", "audioIsDefault": False}
        first = {"displayName": "English original", "id": "en.4", "audioIsDefault": True}
        return [{**_AUDIO, "audioTrack": first}, {**_AUDIO, "audioTrack": dub, "bitrate": 131000}]
    # Flattened, for who listens at night.
    return [low, opus, _AUDIO, {**_AUDIO, "isDrc": True, "bitrate": 131000}]


_AUDIO: Json = {
    "itag": 140, "mimeType": 'audio/mp4; codecs="mp4a.40.2"', "bitrate": 130000, "averageBitrate": 129500,
    "audioQuality": "AUDIO_QUALITY_MEDIUM", "audioSampleRate": "44100", "audioChannels": 2,
}  # fmt: skip
_PICTURE: Json = {
    "itag": 18, "mimeType": 'video/mp4; codecs="avc1.42001E, mp4a.40.2"', "bitrate": 500000, "width": 640, "height": 360,
    "quality": "medium", "qualityLabel": "360p", "audioQuality": "AUDIO_QUALITY_LOW", "audioSampleRate": "44100",
}  # fmt: skip
_ADVERT: Json = {"adPlacements": [{"adPlacementRenderer": {
    "config": {"adPlacementConfig": {"kind": "AD_PLACEMENT_KIND_START"}},
    "renderer": {"instreamVideoAdRenderer": {"playerVars": f"length_seconds={_ADVERT_S}"}},
}}]}  # fmt: skip
_STORYBOARD: Json = {"storyboards": {"playerStoryboardSpecRenderer": {
    "spec": "https://i.ytimg.com/sb/x/storyboard3_L$L/$N.jpg?sqp=x|48#27#100#10#10#0#default#rs$simulated",
}}}  # fmt: skip
_NO_RESULTS: Json = {"backgroundPromoRenderer": {"title": {"runs": [{"text": "No results found"}]}}}
_VERSION = "2.20261104.00.00"
_SETTINGS: Json = {
    "INNERTUBE_CONTEXT": {"client": {"hl": "en", "clientName": "WEB", "clientVersion": _VERSION, "visitorData": "simulated"}},
    "INNERTUBE_CONTEXT_CLIENT_NAME": 1, "INNERTUBE_CLIENT_NAME": "WEB", "INNERTUBE_CLIENT_VERSION": _VERSION,
    "PLAYER_JS_URL": _PLAYER, "STS": SIGNED_AT, "VISITOR_DATA": "simulated", "LOGGED_IN": False,
}  # fmt: skip

_N = "abcdefghijk"
_CHAFF = "zz"

PLAYER_JS = f"""var _yt_player={{}};(function(g){{'use strict';
var sts={{signatureTimestamp:{SIGNED_AT}}};
g.Address=function(u){{this.parts={{url:u}}}};
g.Address.prototype.set=function(k,v){{this.parts[k]=v}};
g.Address.prototype.get=function(k){{return this.parts[k]}};
g.Address.prototype.clone=function(){{return this}};
g.Address.prototype.turn=function(){{var n=this.get("n");n&&this.set("n",n.split("").reverse().join(""))}};
g.turned=function(s){{return s.split("").reverse().slice({len(_CHAFF)}).join("")}};
g.address=function(u,p,s){{var a=new g.Address(u);a.set("alr","yes");
s&&a.set(p,encodeURIComponent(g.turned(decodeURIComponent(s))));return a}};
}})(_yt_player);
"""
"""A player with the two things that yt-dlp looks for in YouTube's: what undoes a signature, and what turns `n`."""


def _scrambled(signature: str) -> str:
    return (_CHAFF + signature)[::-1]


def _page(*scripts: str) -> Answer:
    body = "".join(f"<script>{each}</script>" for each in scripts)
    return Answer(
        200, f"<!DOCTYPE html><html><body>{body}</body></html>".encode(), {"Content-Type": "text/html; charset=utf-8"}
    )


def _text(words: str) -> Json:
    return {"runs": [{"text": words}]}
