"""Loved tracks with odd words."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples
from tests.walk import Walk, Walks

from music_sync.adapters.sources.lastfm import LovedTracks
from music_sync.demo.lastfm import API_KEY, RATE_LIMIT, USER, LastfmServer, Love, error, love
from music_sync.demo.loopback import Behaviour, Refuse

MISSING = {"expired": "a key of Last.fm has no end"}


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
    return LovedTracks(means_in(home, None, **connected(server)))


def connected(server: LastfmServer) -> dict[str, str]:
    return {"MUSIC_SYNC_LASTFM_URL": server.url, "LASTFM_USER": USER, "LASTFM_API_KEY": API_KEY}


class LastfmWalk(Walk):
    part = "loved"
    page = "GET /2.0/"
    page_entries = 1000

    def __init__(self, server: LastfmServer) -> None:
        super().__init__(server, connected(server))
        self.lastfm = server
        self._last = love(0).at or 0

    def source_id(self, number: int) -> str:
        return love(number).page

    def put(self, number: int) -> None:
        self._last += 60
        self.lastfm.loved.append(replace(love(number), at=self._last))

    def take(self, number: int) -> None:
        taken = love(number).title
        self.lastfm.loved = [each for each in self.lastfm.loved if each.title != taken]

    def revoke(self) -> None:
        self.lastfm.keys.clear()

    def limited(self, after_s: int) -> Behaviour:
        return Refuse(429, error(RATE_LIMIT).body, {"Retry-After": str(after_s)})


@contextmanager
def walk() -> Walks:
    with LastfmServer() as server:
        yield LastfmWalk(server)
