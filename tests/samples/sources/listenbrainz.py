"""Loved recordings with odd words, without words, and without a MusicBrainz id."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples

from music_sync.adapters.sources.listenbrainz import LovedRecordings
from music_sync.demo.listenbrainz import (
    TOKEN,
    USER,
    ListenBrainzServer,
    feedback,
    rate_limited,
    without_mbid,
    without_words,
)


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
    return LovedRecordings(
        means_in(home, MUSIC_SYNC_LISTENBRAINZ_URL=server.url, LISTENBRAINZ_USER=USER, LISTENBRAINZ_TOKEN=TOKEN)
    )
