"""Liked songs with odd words, one that is greyed out, and one of several artists."""

from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples

from music_sync.adapters.sources.ytmusic import LikedSongs
from music_sync.demo.loopback import RateLimited
from music_sync.demo.ytmusic import HEADERS, Song, YtmusicServer, video_id


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
    return LikedSongs(means_in(home, MUSIC_SYNC_YTMUSIC_URL=server.url, MUSIC_SYNC_YTMUSIC_HEADERS=HEADERS))
