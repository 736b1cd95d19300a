"""Likes that webhooks brought, with odd names."""

from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from tests.fakes.listings import FakeListings
from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples

from music_sync.adapters.sources.webhook import NAME, SentLikes, remember
from music_sync.adapters.sql.catalogue import now_utc
from music_sync.adapters.sql.listings import SqlListings
from music_sync.model.track import FoundTrack


@contextmanager
def sample(folder: Path) -> Samples:
    listings = FakeListings()
    remember(listings, [FoundTrack(NAME, f"text:{name}", title=name) for name in ODD_NAMES])
    gone = SqlListings(sa.create_engine(f"sqlite:///{folder}/no-such-folder/state.db"), now_utc)
    yield Sample(SentLikes(means_in(folder, listings)), len(ODD_NAMES), SentLikes(means_in(folder, gone)))
