"""Loved recordings with odd words, without words, and without a MusicBrainz id."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples
from tests.walk import Walk, Walks

from music_sync.adapters.sources.listenbrainz import LovedRecordings
from music_sync.demo.listenbrainz import (
    TOKEN,
    USER,
    ListenBrainzServer,
    feedback,
    rate_limited,
    recording_id,
    without_mbid,
    without_words,
)
from music_sync.demo.loopback import Behaviour

MISSING = {"expired": "a token of ListenBrainz has no end"}


@contextmanager
def sample(folder: Path) -> Samples:
    said = [
        replace(feedback(number), track_metadata={"artist_name": "\ud83c - <b>", "track_name": name})
        for number, name in enumerate(ODD_NAMES)
    ]
    said += [without_mbid(100), without_words(101)]
    with ListenBrainzServer(*said) as server, ListenBrainzServer() as away:
        away.misbehave("GET", rate_limited("600"), always=True)
        yield Sample(
            source(folder / "home", server),
            len(said),
            source(folder / "away", away),
            LovedRecordings(means_in(folder / "nobody")),
        )


def source(home: Path, server: ListenBrainzServer) -> LovedRecordings:
    return LovedRecordings(means_in(home, None, **connected(server)))


def connected(server: ListenBrainzServer) -> dict[str, str]:
    return {"MUSIC_SYNC_LISTENBRAINZ_URL": server.url, "LISTENBRAINZ_USER": USER, "LISTENBRAINZ_TOKEN": TOKEN}


class ListenBrainzWalk(Walk):
    part = "loved"
    page = "GET /1/user/rob/get-feedback"
    page_entries = 1000

    def __init__(self, server: ListenBrainzServer) -> None:
        super().__init__(server, connected(server))
        self.listenbrainz = server
        self._last = feedback(0).created

    def source_id(self, number: int) -> str:
        return recording_id("mbid", number)

    def put(self, number: int) -> None:
        self._last += 60
        self.listenbrainz.said.append(replace(feedback(number), created=self._last))

    def take(self, number: int) -> None:
        said, mbid = self.listenbrainz.said, self.source_id(number)
        said[:] = [each for each in said if each.recording_mbid != mbid]

    def revoke(self) -> None:
        self.listenbrainz.tokens.clear()

    def limited(self, after_s: int) -> Behaviour:
        return rate_limited(str(after_s))


@contextmanager
def walk() -> Walks:
    with ListenBrainzServer() as server:
        yield ListenBrainzWalk(server)
