"""What a first, an unchanged and a one-more reading cost each source: calls, seconds and memory, beside a peer.

python benchmarks/sources.py [--sizes 100,1000,10000] [--only spotify]

The services are simulators on loopback, so the seconds are our own and theirs, without the way to the real service.
Each reading is a process of its own, with the real memory in SQLite. The peer is spotipy's own loop over all pages
(`current_user_saved_tracks`, `next`), as programs use it that keep no memory of a list: it costs the same every time.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from music_sync.adapters.sources import module
from music_sync.demo import lastfm, listenbrainz, soundcloud, spotify, youtube, ytmusic
from music_sync.demo.loopback import Loopback
from music_sync.settings import load, variable
from music_sync.wiring import listening, state

SIZES = (100, 1_000, 10_000)
HOME = "MUSIC_SYNC_HOME"


@dataclass(frozen=True)
class World:
    """A service with somebody's likes."""

    server: Loopback
    variables: dict[str, str]
    more: Callable[[], object]
    """One more like."""
    peer: str = ""
    """What another program would do, as `--read` names it."""


@dataclass(frozen=True)
class Cost:
    """What one reading took, in a process of its own."""

    found: int
    calls: int
    seconds: float
    """From the first call to the last track, without the start of Python."""
    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="likes at the service (100,1000,10000)")
    parser.add_argument("--only", default="", help="one source, such as spotify or spotify-playlist")
    parser.add_argument("--read", metavar="PART", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        print(json.dumps(PEERS[asked.read]() if asked.read in PEERS else read(asked.read)))
        return
    print(f"{'source':<18}{'likes':>7}  {'reading':<14}{'calls':>6}{'s':>8}{'CPU s':>8}{'peak MB':>9}")
    for name in [asked.only] if asked.only else WORLDS:
        for size in map(int, asked.sizes.split(",")):
            show(name, size)


def show(name: str, size: int) -> None:
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder, WORLDS[name][1](size) as world:
        part = WORLDS[name][0]
        home = Path(folder) / "home"
        rows = {"first": measured(part, home, world), "unchanged": measured(part, home, world)}
        world.more()
        rows["one more"] = measured(part, home, world)
        if world.peer:
            rows["spotipy, all"] = measured(world.peer, home, world)
        for reading, cost in rows.items():
            print(
                f"{name:<18}{size:>7}  {reading:<14}{cost.calls:>6}{cost.seconds:>8.2f}{cost.cpu_s:>8.2f}{cost.peak_mb:>9.0f}"
            )
        if world.peer:
            ours, theirs = rows["unchanged"], rows["spotipy, all"]
            calls, seconds = theirs.calls / max(ours.calls, 1), theirs.seconds / ours.seconds
            print(
                f"{'':<27}an unchanged list: {calls:.0f} times fewer calls than the peer, {seconds:.1f} times as fast"
            )
        sys.stdout.flush()
        counts = [rows[reading].found for reading in ("first", "unchanged", "one more")]
        if counts != [size, size, size + 1]:
            sys.exit(f"{name} found {counts} of {size} likes and one more")


def measured(part: str, home: Path, world: World) -> Cost:
    before = len(world.server.seen)
    done = subprocess.run(
        [sys.executable, __file__, "--read", part],
        env={"PATH": "/usr/bin:/bin", HOME: str(home), **world.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"reading {part} failed:\n{done.stderr}")
    counted = [seen for seen in world.server.seen[before:] if "token" not in seen.path]
    return Cost(calls=len(counted), **json.loads(done.stdout))


def read(part: str) -> dict[str, Any]:
    """Read one part as a sync does; the budget counts, but nobody waits for its pace."""
    settings = load().settings
    catalogue = state.open_catalogue(settings)
    means = replace(listening.means(settings, lambda: catalogue.listings), sleep=lambda _seconds: None)
    name, _, wanted = part.partition(":")
    source = next(each for each in module(name).open_parts(means) if each.part == wanted)
    began = time.perf_counter()
    return cost_of(sum(1 for _ in source.detect()), began)


def spotipy_likes() -> dict[str, Any]:
    began = time.perf_counter()
    import spotipy

    client = spotipy.Spotify(auth=os.environ[TOKEN])
    client.prefix = f"{load().settings.spotify_url}/v1/"
    page = client.current_user_saved_tracks(limit=50)
    tracks = list(page["items"])
    while page["next"]:
        page = client.next(page)
        tracks += page["items"]
    return cost_of(len(tracks), began)


def cost_of(found: int, began: float) -> dict[str, Any]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "found": found,
        "seconds": time.perf_counter() - began,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": peak_mb(usage.ru_maxrss),
    }


def peak_mb(maxrss: int) -> float:
    """Of this program alone: Linux counts in `ru_maxrss` what the process was before it became this program."""
    status = Path("/proc/self/status")
    if not status.exists():
        return maxrss / 1024**2
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


PEERS = {"spotipy": spotipy_likes}
TOKEN = "BENCH_SPOTIFY_TOKEN"  # noqa: S105 - the name of a variable


# The services


@contextmanager
def spotify_likes(size: int) -> Iterator[World]:
    with spotify.SpotifyServer() as server:
        server.like(*map(spotify.track, range(size)))
        variables = {**_spotify(server), TOKEN: server.token()}
        yield World(server, variables, lambda: server.like(spotify.track(size)), peer="spotipy")


@contextmanager
def spotify_playlist(size: int) -> Iterator[World]:
    with spotify.SpotifyServer() as server:
        playlist = server.add_playlist("Warm Up", *map(spotify.track, range(size)))
        yield World(server, _spotify(server), lambda: playlist.put(spotify.track(size)))


def _spotify(server: spotify.SpotifyServer) -> dict[str, str]:
    return {
        variable("spotify_url"): server.url,
        variable("spotify_accounts_url"): server.url,
        variable("spotify_client_id"): server.authorization.app.client_id,
        variable("spotify_refresh_token"): server.refresh_token(),
    }


@contextmanager
def soundcloud_likes(size: int) -> Iterator[World]:
    with soundcloud.SoundCloudServer() as server:
        server.likes = soundcloud.Shelf(soundcloud.track(number, f"Track {number}") for number in range(1, size + 1))
        app = server.authorization.app
        variables = {
            variable("soundcloud_url"): server.url,
            variable("soundcloud_auth_url"): server.url,
            variable("soundcloud_client_id"): app.client_id,
            variable("soundcloud_client_secret"): app.client_secret,
            variable("soundcloud_refresh_token"): server.authorization.grant(),
        }
        yield World(server, variables, lambda: server.likes.put(soundcloud.track(size + 1, "One more")))


@contextmanager
def listenbrainz_loved(size: int) -> Iterator[World]:
    with listenbrainz.ListenBrainzServer(*map(listenbrainz.feedback, range(size))) as server:
        variables = {variable("listenbrainz_url"): server.url, variable("listenbrainz_user"): listenbrainz.USER}
        yield World(server, variables, lambda: server.said.append(listenbrainz.feedback(size)))


@contextmanager
def lastfm_loved(size: int) -> Iterator[World]:
    with lastfm.LastfmServer(*map(lastfm.love, range(size))) as server:
        variables = {
            variable("lastfm_url"): server.url,
            variable("lastfm_user"): lastfm.USER,
            variable("lastfm_api_key"): lastfm.API_KEY,
        }
        yield World(server, variables, lambda: server.loved.insert(0, lastfm.love(size)))


@contextmanager
def youtube_likes(size: int) -> Iterator[World]:
    with youtube.YouTubeServer() as server:
        server.like(*map(youtube.video, range(size)))
        app = server.authorization.app
        variables = {
            variable("youtube_url"): server.url,
            variable("youtube_auth_url"): server.url,
            variable("youtube_client_id"): app.client_id,
            variable("youtube_client_secret"): app.client_secret,
            variable("youtube_refresh_token"): server.refresh_token(),
        }
        yield World(server, variables, lambda: server.like(youtube.video(size)))


@contextmanager
def ytmusic_likes(size: int) -> Iterator[World]:
    with ytmusic.YtmusicServer(ytmusic.songs(size)) as server:
        variables = {variable("ytmusic_url"): server.url, variable("ytmusic_headers"): ytmusic.HEADERS}
        yield World(server, variables, lambda: server.account.likes.insert(0, ytmusic.songs(1, size)[0]))


WORLDS: dict[str, tuple[str, Callable[[int], AbstractContextManager[World]]]] = {
    "spotify": ("spotify:likes", spotify_likes),
    "spotify playlist": ("spotify:playlists", spotify_playlist),
    "soundcloud": ("soundcloud:likes", soundcloud_likes),
    "youtube": ("youtube:likes", youtube_likes),
    "ytmusic": ("ytmusic:likes", ytmusic_likes),
    "listenbrainz": ("listenbrainz:loved", listenbrainz_loved),
    "lastfm": ("lastfm:loved", lastfm_loved),
}

if __name__ == "__main__":
    main()
