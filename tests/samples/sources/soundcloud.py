"""Likes at SoundCloud with odd titles, nulls and entries that are no tracks."""

from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples

from music_sync.adapters.means import Means
from music_sync.adapters.sources.soundcloud import SoundCloudLikes
from music_sync.demo.soundcloud import Shelf, SoundCloudServer, geo_blocked, nulled, track


@contextmanager
def sample(folder: Path) -> Samples:
    with SoundCloudServer() as server, SoundCloudServer() as away:
        titled = [track(number, name) for number, name in enumerate(ODD_NAMES, start=1)]
        bare = nulled(track(100, "nothing but a title"), "urn", "title")
        server.likes = Shelf([*titled, track(101, "\ud83c - <b>"), bare, None, nulled(track(102, "removed"), "urn")])
        away.misbehave("GET", geo_blocked(), always=True)
        yield Sample(
            SoundCloudLikes(connected(folder / "home", server)),
            len(titled) + 2,
            SoundCloudLikes(connected(folder / "away", away)),
            SoundCloudLikes(means_in(folder / "nobody")),
        )


def connected(home: Path, server: SoundCloudServer) -> Means:
    app = server.authorization.app
    return means_in(
        home,
        MUSIC_SYNC_SOUNDCLOUD_URL=server.url,
        MUSIC_SYNC_SOUNDCLOUD_AUTH_URL=server.url,
        SOUNDCLOUD_CLIENT_ID=app.client_id,
        SOUNDCLOUD_CLIENT_SECRET=app.client_secret,
        SOUNDCLOUD_REFRESH_TOKEN=server.authorization.grant(),
    )
