"""What sources are made from in tests: a home of its own, settings by their variables, a memory."""

from dataclasses import replace
from pathlib import Path

from tests.fakes.listings import FakeListings

from music_sync.adapters.means import Means
from music_sync.model.listing import Listings
from music_sync.settings import load
from music_sync.wiring import listening


def means_in(home: Path, listings: Listings | None = None, **variables: str) -> Means:
    """Means of the home with these environment variables and no others; what would wait does not."""
    memory = FakeListings() if listings is None else listings
    means = listening.means(load({"MUSIC_SYNC_HOME": str(home), **variables}).settings, lambda: memory)
    return replace(means, sleep=lambda _seconds: None)
