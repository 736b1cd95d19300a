"""Liked songs with odd words, one that is greyed out, and one of several artists."""

from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples
from tests.walk import Walk, Walks

from music_sync.adapters.sources.ytmusic import LikedSongs
from music_sync.demo.loopback import RateLimited
from music_sync.demo.ytmusic import HEADERS, Song, YtmusicServer, video_id

MISSING = {"expired": "the cookies of a browser are not renewed by us"}


@contextmanager
def sample(folder: Path) -> Samples:
    likes = [Song(video_id(number), name, ("\ud83c - <b>",)) for number, name in enumerate(ODD_NAMES)]
    likes.append(Song(video_id(100), "Foil & Paper", ("Nadia Klee", "夜行バス"), album=""))
    likes.append(Song(video_id(101), "Half Past Two", greyed_out=True))
    with YtmusicServer(likes) as server, YtmusicServer() as away:
        away.misbehave("POST", RateLimited("600"), always=True)
        yield Sample(
            source(folder / "home", server),
            len(likes),
            source(folder / "away", away),
            LikedSongs(means_in(folder / "nobody")),
        )


def source(home: Path, server: YtmusicServer) -> LikedSongs:
    return LikedSongs(means_in(home, None, **connected(server)))


def connected(server: YtmusicServer) -> dict[str, str]:
    return {"MUSIC_SYNC_YTMUSIC_URL": server.url, "MUSIC_SYNC_YTMUSIC_HEADERS": HEADERS}


class YtmusicWalk(Walk):
    page = "POST /youtubei/v1/browse"
    page_entries = 100

    def __init__(self, server: YtmusicServer) -> None:
        super().__init__(server, connected(server))
        self.ytmusic = server

    def source_id(self, number: int) -> str:
        return video_id(number)

    def put(self, number: int) -> None:
        self.ytmusic.account.likes.insert(0, Song(video_id(number), f"Half Past {number}"))

    def take(self, number: int) -> None:
        likes, taken = self.ytmusic.account.likes, video_id(number)
        likes[:] = [song for song in likes if song.video_id != taken]

    def revoke(self) -> None:
        self.ytmusic.sign_out()


@contextmanager
def walk() -> Walks:
    with YtmusicServer() as server:
        yield YtmusicWalk(server)
