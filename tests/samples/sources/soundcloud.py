"""Likes at SoundCloud with odd titles, nulls and entries that are no tracks."""

import time
from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples
from tests.walk import QUOTA_S, Walk, Walks

from music_sync.adapters.means import Means
from music_sync.adapters.sources.soundcloud import SoundCloudLikes
from music_sync.demo.loopback import Behaviour
from music_sync.demo.soundcloud import Shelf, SoundCloudServer, geo_blocked, nulled, rate_limited, stamp, track

MISSING = {"number of likes": "SoundCloud does not tell how many there are; what went away is seen once a week"}


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
    return means_in(home, None, **signed_in(server))


def signed_in(server: SoundCloudServer) -> dict[str, str]:
    app = server.authorization.app
    return {
        "MUSIC_SYNC_SOUNDCLOUD_URL": server.url,
        "MUSIC_SYNC_SOUNDCLOUD_AUTH_URL": server.url,
        "SOUNDCLOUD_CLIENT_ID": app.client_id,
        "SOUNDCLOUD_CLIENT_SECRET": app.client_secret,
        "SOUNDCLOUD_REFRESH_TOKEN": server.authorization.grant(),
    }


class SoundCloudWalk(Walk):
    page = "GET /me/likes/tracks"
    page_entries = 200
    # Without a number of all likes it takes a page on which all is known.
    calls_for_one_more = 2

    def __init__(self, server: SoundCloudServer) -> None:
        super().__init__(server, signed_in(server))
        self.soundcloud = server

    def source_id(self, number: int) -> str:
        return str(number)

    def put(self, number: int) -> None:
        self.soundcloud.likes.put(track(number, f"Half Past {number}"))

    def take(self, number: int) -> None:
        self.soundcloud.likes.remove(number)

    def expire(self) -> None:
        self.soundcloud.authorization.end_access()

    def revoke(self) -> None:
        self.soundcloud.authorization.revoke()

    def over_quota(self) -> Behaviour:
        """The end of it stands in the body."""
        return rate_limited(stamp(time.time() + QUOTA_S))


@contextmanager
def walk() -> Walks:
    with SoundCloudServer() as server:
        yield SoundCloudWalk(server)
