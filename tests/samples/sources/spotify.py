"""Playlists at a simulated Spotify, with odd names and entries that are no tracks."""

from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples
from tests.walk import Walk, Walks

from music_sync.adapters.sources.spotify import SpotifyPart, read_playlists
from music_sync.demo.loopback import Behaviour
from music_sync.demo.spotify import SpotifyServer, episode, local_file, quota_exceeded, service_id, track


@contextmanager
def sample(folder: Path) -> Samples:
    with SpotifyServer() as spotify:
        odd = [track(number, name=name) for number, name in enumerate(ODD_NAMES)]
        spotify.add_playlist(
            "Warm Up", *odd[:4], None, episode(1), local_file("夜行バス", "四時の海"), track(90, name="")
        )
        spotify.add_playlist("a\nb <b> %s 🎧", *odd[3:])
        spotify.add_playlist("Theirs", track(91), owner="friend")
        account = {"SPOTIFY_CLIENT_ID": "simulated-client", "SPOTIFY_REFRESH_TOKEN": spotify.refresh_token()}
        here = {"MUSIC_SYNC_SPOTIFY_URL": spotify.url, "MUSIC_SYNC_SPOTIFY_ACCOUNTS_URL": spotify.url}
        # A port of this machine on which nobody listens.
        away = dict.fromkeys(here, "http://127.0.0.1:9")

        def playlists(home: str, variables: dict[str, str]) -> SpotifyPart:
            return SpotifyPart(means_in(folder / home, None, **variables), "playlists", read_playlists)

        yield Sample(
            playlists("home", account | here),
            len(ODD_NAMES) + 1,
            playlists("away", account | away),
            playlists("nobody", here),
        )


class SpotifyWalk(Walk):
    page = "GET /v1/me/tracks"
    page_entries = 50

    def __init__(self, server: SpotifyServer) -> None:
        account = {"SPOTIFY_CLIENT_ID": "simulated-client", "SPOTIFY_REFRESH_TOKEN": server.refresh_token()}
        here = {"MUSIC_SYNC_SPOTIFY_URL": server.url, "MUSIC_SYNC_SPOTIFY_ACCOUNTS_URL": server.url}
        super().__init__(server, account | here)
        self.spotify = server

    def source_id(self, number: int) -> str:
        return service_id(number)

    def put(self, number: int) -> None:
        self.spotify.like(track(number))

    def take(self, number: int) -> None:
        self.spotify.unlike(service_id(number))

    def expire(self) -> None:
        self.spotify.authorization.end_access()

    def revoke(self) -> None:
        self.spotify.authorization.revoke()

    def over_quota(self) -> Behaviour:
        return quota_exceeded()


@contextmanager
def walk() -> Walks:
    with SpotifyServer() as server:
        yield SpotifyWalk(server)
