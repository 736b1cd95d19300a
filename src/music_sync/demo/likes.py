"""What a person likes on three simulated services, what changes there within a day, and what must come of each like.

The first day all is well. The next day there is one like more and one less on Spotify, SoundCloud has had enough calls
for a day, and the sign-in to YouTube has ended, as Google ends those of an app in testing after a week.
"""

import json
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from music_sync.adapters.durable_files import write_whole
from music_sync.demo import soundcloud, spotify, youtube
from music_sync.demo.authorization import DAY_S
from music_sync.demo.loopback import Seen
from music_sync.demo.music import PIECES, Piece
from music_sync.demo.offers import Offer
from music_sync.demo.public_pages import PublicPagesServer
from music_sync.demo.public_uploads import Upload, sound_of
from music_sync.settings import SECRETS, Settings

LABELS = {"spotify": "Spotify", "soundcloud": "SoundCloud", "youtube": "YouTube"}
PARTS = ("spotify:likes", "spotify:playlists", "soundcloud:likes", "youtube:likes")
"""What is asked of the services, after drop folder and list: a like finds what those brought."""
PLAYLIST = "Warm Up"
NO_TRACKS = 2
"""Entries of the playlist that are none: an episode, and a track that was taken from Spotify."""
NOWHERE = "http://127.0.0.1:9"
"""Nothing listens there; the address of each service that the demo does without."""


@dataclass(frozen=True)
class Like:
    """One track at one service."""

    service: str
    number: int
    artist: str
    title: str
    why: str
    of: Piece | None = None
    """The recording of ours that it is; None for one that must be bought."""
    length_s: float = 200.0
    needs_review: bool = False
    """Something that is ours may be it, and only a person can tell."""
    fetched: Piece | None = None
    """What is found for it at a site that is switched on, and filed."""

    @property
    def source_id(self) -> str:
        """The name that the service gives it for ever."""
        ids = {"spotify": spotify.service_id(self.number), "youtube": youtube.video(self.number).id}
        return ids.get(self.service, str(self.number))

    @property
    def label(self) -> str:
        return f"{self.artist} - {self.title}"

    @property
    def offer(self) -> Offer:
        """What must come of it."""
        return Offer(self.label, self.service, self.source_id, self.fetched, self._expected, self.why)

    @property
    def _expected(self) -> str:
        if self.needs_review:
            return "review"
        if self.fetched:
            return "synced"
        return "already_have" if self.of else "buy_list"

    @property
    def length_ms(self) -> int:
        piece = self.of or self.fetched
        return round((piece.length_s if piece else self.length_s) * 1000)

    @property
    def isrc(self) -> str:
        return self.of.isrc if self.of else ""


# Services spell names in their own way, so that it is the ISRC which tells that they mean a recording of ours.
TWICE = Like("spotify", 1, "Test Tone", "Four on the Floor", "the drop folder brings this recording", PIECES[0])
TWICE_AGAIN = Like(
    "soundcloud", 1001, "TestTone", "Four On The Floor", "the same recording is liked on Spotify too", PIECES[0]
)
TAKEN_AWAY = Like("spotify", 2, "Nadia Klee", "Half past two", "what is liked no more stays in the library", PIECES[1])
TO_BUY = Like("spotify", 3, "Halogen", "Slip Road", "streaming services bring no files")
ON_THE_LIST = Like("spotify", 4, "Soren Akerlund", "Lada", "it stands on a playlist only", PIECES[3])
ONE_MORE = Like("spotify", 5, "Aoife and The Current", "Salt", "it is liked a day later", PIECES[9])
UNRELEASED = Like("soundcloud", 1002, "Cistern", "Pressure Drop", "streaming services bring no files")
VIDEO = Like("youtube", 1, "Mirador", "The Long Way Round", "streaming services bring no files")
UNSURE = Like(
    "spotify",
    6,
    "Cistern",
    "Slow Pressure",
    "artist and title are those of a file of yours, but it is ten seconds longer",
    length_s=PIECES[5].length_s + 10,
    needs_review=True,
)
SOUGHT = replace(
    PIECES[10], title="Cloud Counter", tempo_bpm=112.0, tonic=2, mode="minor", length_s=41.0, seed=61, isrc=""
)
"""A recording that no file of the demo holds: it is only found at a site."""
ELSEWHERE = Like(
    "spotify", 7, SOUGHT.artist, SOUGHT.title, "found at SoundCloud, which is switched on in this demo", fetched=SOUGHT
)
LIKES = (TWICE, TAKEN_AWAY, TO_BUY, ON_THE_LIST, ONE_MORE, UNSURE, ELSEWHERE, TWICE_AGAIN, UNRELEASED, VIDEO)
LISTED = (TWICE, TO_BUY, ON_THE_LIST)
"""The playlist's tracks in the end, in its order."""
OFFERS = tuple(like.offer for like in LIKES)


class LikedServices:
    """The three services on loopback with one person's likes, while its `with` block lasts.

    with LikedServices(folder / "accounts.json", is_later=False) as services:
        environment_with(**services.settings)
        services.let_a_day_pass()

    The file keeps what the services know of the sign-ins; `is_later` begins with the later day, and with that file.
    """

    def __init__(self, file: Path, *, is_later: bool) -> None:
        self._file = file
        self._is_later = is_later
        self._open = ExitStack()
        self._spotify = spotify.SpotifyServer()
        self._soundcloud = soundcloud.SoundCloudServer()
        self._youtube = youtube.YouTubeServer()
        self._site = PublicPagesServer()
        """SoundCloud's public pages, which can be searched and play what was uploaded."""
        self._servers: dict[str, Any] = {
            "spotify": self._spotify,
            "soundcloud": self._soundcloud,
            "youtube": self._youtube,
        }
        self._given: dict[str, str] = {}
        """The refresh tokens that the environment brings."""
        self._calls_before = dict.fromkeys(self._servers, 0)
        self.limited_until = 0.0
        """When SoundCloud will answer again, in epoch seconds; 0 while it does."""

    def __enter__(self) -> Self:
        with self._open as opening:
            for server in (*self._servers.values(), self._site):
                opening.enter_context(server)
            # Until then it is made beside all else. On the later day nobody may fetch it again.
            maker = opening.enter_context(ThreadPoolExecutor(1, "uploads"))
            self._first_day(b"" if self._is_later else maker.submit(sound_of, SOUGHT))
            self._open = opening.pop_all()
        if self._is_later:
            self._take_up()
            self.let_a_day_pass()
        else:
            self._sign_in()
        for server in self._servers.values():
            # Written down before the answer goes out: the program may be killed with what it holds.
            server.authorization.answered = lambda _form, _answer: self._keep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    @property
    def settings(self) -> dict[str, str]:
        """Every address and credential that a program may ask with: those of the simulators, else nowhere."""
        nowhere = {name: NOWHERE for name in Settings.model_fields if name.endswith("_url") and name not in SECRETS}
        return {
            **nowhere,
            **{f"{name}_url": server.url for name, server in self._servers.items()},
            "extractors": "soundcloud",
            "extractors_url": self._site.url,
            "spotify_accounts_url": self._spotify.url,
            "soundcloud_auth_url": self._soundcloud.url,
            "youtube_auth_url": self._youtube.url,
            **{f"{name}_client_id": server.authorization.app.client_id for name, server in self._servers.items()},
            **{f"{name}_client_secret": self._secret(name) for name in ("soundcloud", "youtube")},
            **{f"{name}_refresh_token": token for name, token in self._given.items()},
        }

    def let_a_day_pass(self) -> None:
        """One like more and one less, a longer playlist; a service that limits us, and a sign-in that has ended."""
        self._calls_before = {name: len(server.calls()) for name, server in self._servers.items()}
        self._spotify.like(_on_spotify(ONE_MORE))
        self._spotify.unlike(TAKEN_AWAY.source_id)
        self._spotify.playlists[0].put(_on_spotify(TWICE), at=0)
        self.limited_until = float(round(time.time() + DAY_S))
        limited = soundcloud.rate_limited(soundcloud.stamp(self.limited_until))
        self._soundcloud.misbehave("^GET ", limited, always=True)
        self._youtube.authorization.revoke()
        self._keep()

    def calls(self) -> dict[str, tuple[Seen, ...]]:
        """What was asked of each service on the later day."""
        return {name: tuple(server.calls()[self._calls_before[name] :]) for name, server in self._servers.items()}

    def _secret(self, name: str) -> str:
        return str(self._servers[name].authorization.app.client_secret)

    def _first_day(self, sound: "bytes | Future[bytes]") -> None:
        self._spotify.like(*map(_on_spotify, (TO_BUY, UNSURE, ELSEWHERE, TAKEN_AWAY, TWICE)))
        self._spotify.add_playlist(PLAYLIST, _on_spotify(TO_BUY), _on_spotify(ON_THE_LIST), spotify.episode(1), None)
        self._soundcloud.likes.put(*map(_on_soundcloud, (TWICE_AGAIN, UNRELEASED)))
        clip = youtube.clip(2)
        self._youtube.like(clip, youtube.video(VIDEO.number, VIDEO.title, channel=f"{VIDEO.artist} - Topic"))

        self._site.uploads.extend(_uploads(sound))

    # The sign-ins

    def _sign_in(self) -> None:
        scopes = {"spotify": spotify.SCOPES, "youtube": (youtube.SCOPE,)}
        for name, server in self._servers.items():
            self._given[name] = server.authorization.grant(scopes.get(name, ()))
        self._keep()

    def _keep(self) -> None:
        kept = {
            name: {"given": self._given[name], "sign_ins": server.authorization.kept()}
            for name, server in self._servers.items()
        }
        write_whole(self._file, json.dumps(kept).encode())

    def _take_up(self) -> None:
        kept: Mapping[str, Any] = json.loads(self._file.read_bytes())
        for name, server in self._servers.items():
            self._given[name] = kept[name]["given"]
            server.authorization.take_up(kept[name]["sign_ins"])


def _uploads(sound: "bytes | Future[bytes]") -> list[Upload]:
    """What a search for a track brings: the right one stands last, among previews and other versions of it."""
    return [
        Upload(1, SOUGHT.title, SOUGHT.artist, SOUGHT.length_s, sound, flaw="preview"),
        Upload(2, f"{SOUGHT.artist} - {SOUGHT.title} (Live)", "Somebody", SOUGHT.length_s, sound),
        Upload(3, f"{SOUGHT.artist} - {SOUGHT.title} [FREE DL]", "Somebody Else", SOUGHT.length_s, sound),
        Upload(4, f"{TO_BUY.label} (Sped Up)", "Somebody", TO_BUY.length_s, sound),
    ]


def _on_spotify(like: Like) -> dict[str, Any]:
    return spotify.track(
        like.number,
        name=like.title,
        artists=[{"name": like.artist, "type": "artist"}],
        duration_ms=like.length_ms,
        external_ids={"isrc": like.isrc} if like.isrc else {},
    )


def _on_soundcloud(like: Like) -> dict[str, Any]:
    return soundcloud.track(like.number, like.title, like.artist, duration=like.length_ms, isrc=like.isrc or None)
