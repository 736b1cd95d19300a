"""Loved tracks with odd words."""

from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples

from music_sync.adapters.sources.lastfm import LovedTracks
from music_sync.demo.lastfm import API_KEY, RATE_LIMIT, USER, LastfmServer, Love, error
from music_sync.demo.loopback import Refuse


@contextmanager
def sample(folder: Path) -> Samples:
    loved = [Love("AC/DC & <b>", name, 1_700_000_000 + number) for number, name in enumerate(ODD_NAMES)]
    loved.append(Love("Nadia Klee", "No date", None))
    with LastfmServer(*loved) as server, LastfmServer() as away:
        away.misbehave("GET", Refuse(429, error(RATE_LIMIT).body, {"Retry-After": "600"}), always=True)
        yield Sample(
            source(folder / "home", server),
            len(loved),
            source(folder / "away", away),
            LovedTracks(means_in(folder / "nobody")),
        )


def source(home: Path, server: LastfmServer) -> LovedTracks:
    return LovedTracks(means_in(home, MUSIC_SYNC_LASTFM_URL=server.url, LASTFM_USER=USER, LASTFM_API_KEY=API_KEY))
