"""Playlists at a simulated YouTube, with odd names and entries that are no tracks."""

from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples
from tests.walk import Walk, Walks

from music_sync.adapters.sources.youtube import YouTubePlaylists
from music_sync.demo.loopback import Behaviour
from music_sync.demo.youtube import YouTubeServer, clip, quota_exceeded, video


@contextmanager
def sample(folder: Path) -> Samples:
    with YouTubeServer() as youtube:
        odd = [video(number, name) for number, name in enumerate(ODD_NAMES)]
        youtube.add_playlist("Warm Up", *odd[:4], video(90, is_deleted=True), video(91, live="live", duration="P0D"))
        youtube.add_playlist("a\nb <b> %s 🎧", *odd[4:], clip(92, "\ud83c - <b>"), video(93, privacy="private"))
        youtube.add_playlist("We Cook", clip(94), clip(95))
        app = {"YOUTUBE_CLIENT_ID": "simulated-client", "YOUTUBE_CLIENT_SECRET": "simulated-secret"}
        account = app | {"YOUTUBE_REFRESH_TOKEN": youtube.refresh_token()}
        here = {"MUSIC_SYNC_YOUTUBE_URL": youtube.url, "MUSIC_SYNC_YOUTUBE_AUTH_URL": youtube.url}
        # A port of this machine on which nobody listens.
        away = dict.fromkeys(here, "http://127.0.0.1:9")

        def playlists(home: str, variables: dict[str, str]) -> YouTubePlaylists:
            return YouTubePlaylists(means_in(folder / home, None, **variables))

        yield Sample(
            playlists("home", account | here),
            len(ODD_NAMES) + 1,
            playlists("away", account | away),
            playlists("nobody", app | here),
        )


class YouTubeWalk(Walk):
    page = "GET /youtube/v3/playlistItems"
    page_entries = 50

    def __init__(self, server: YouTubeServer) -> None:
        app = {"YOUTUBE_CLIENT_ID": "simulated-client", "YOUTUBE_CLIENT_SECRET": "simulated-secret"}
        here = {"MUSIC_SYNC_YOUTUBE_URL": server.url, "MUSIC_SYNC_YOUTUBE_AUTH_URL": server.url}
        super().__init__(server, {**app, **here, "YOUTUBE_REFRESH_TOKEN": server.refresh_token()})
        self.youtube = server

    def source_id(self, number: int) -> str:
        return video(number).id

    def put(self, number: int) -> None:
        self.youtube.like(video(number))

    def take(self, number: int) -> None:
        self.youtube.unlike(video(number).id)

    def expire(self) -> None:
        self.youtube.authorization.end_access()

    def revoke(self) -> None:
        self.youtube.authorization.revoke()

    def over_quota(self) -> Behaviour:
        return quota_exceeded()


@contextmanager
def walk() -> Walks:
    with YouTubeServer() as server:
        yield YouTubeWalk(server)
