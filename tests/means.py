"""What sources are made from in tests: a home of its own, settings by their variables, a memory."""

from pathlib import Path

from tests.fakes.listings import FakeListings

from music_sync import wiring
from music_sync.adapters.means import Means
from music_sync.model.listing import Listings
from music_sync.settings import load


def means_in(home: Path, listings: Listings | None = None, **variables: str) -> Means:
    """Means of the home with these environment variables and no others."""
    memory = FakeListings() if listings is None else listings
    return wiring.means(load({"MUSIC_SYNC_HOME": str(home), **variables}).settings, lambda: memory)
