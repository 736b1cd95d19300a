"""The story of a track, told after real syncs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import World, new_world, offer

from music_sync.demo.music import PIECES
from music_sync.demo.soundcloud import Set, Shelf, SoundCloudServer, track


@pytest.fixture
def soundcloud() -> Iterator[SoundCloudServer]:
    with SoundCloudServer() as server:
        server.sets = [Set(78, "Warm Up", Shelf([track(1, "Half Past Two"), track(2, "Long Way Home")]))]
        yield server


@pytest.fixture
def connected(tmp_path: Path, soundcloud: SoundCloudServer) -> World:
    """A home that is connected to SoundCloud."""
    app = soundcloud.authorization.app
    return new_world(
        tmp_path / "connected",
        MUSIC_SYNC_SOURCES="soundcloud,folder",
        MUSIC_SYNC_SOUNDCLOUD_URL=soundcloud.url,
        MUSIC_SYNC_SOUNDCLOUD_AUTH_URL=soundcloud.url,
        SOUNDCLOUD_CLIENT_ID=app.client_id,
        SOUNDCLOUD_CLIENT_SECRET=app.client_secret,
        SOUNDCLOUD_REFRESH_TOKEN=soundcloud.authorization.grant(),
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
    )


def kinds(told: dict[str, list[dict[str, str]]]) -> list[str]:
    return [event["kind"] for event in told["events"]]


def test_a_filed_track_tells_where_it_came_from_and_where_it_is(warm: Warm, world: World) -> None:
    """P15 P16 P19 P29 P33"""
    path = offer(world, 0)
    friday = world.music / "Friday.m3u"
    friday.write_text(f"{path}\n")
    synced = warm.run(world, "sync", str(friday), "--json")
    (file,) = synced.json["tracks"][0]["files"]

    by_file = warm.run(world, "why", str(world.library / file), "--json")
    by_words = warm.run(world, "why", PIECES[0].title)

    assert by_file.json["recording_id"] == synced.json["tracks"][0]["recording_id"]
    assert kinds(by_file.json) == ["found", "matched", "fetched", "measured", "filed", "listed", "published"]
    assert by_file.json["now"] == f"in the library as {file}"
    assert f"from {path}" in by_words.out
    assert by_file.json["quality"].endswith("kbit/s, lossless; its sound ends at 22.1 kHz")
    assert f"made from {by_file.json['quality']}" in by_words.out
    assert f"filed as {file} (flac)" in by_words.out
    assert "put on your playlist Friday" in by_words.out
    assert "your playlist Friday was written (m3u)" in by_words.out


def test_a_track_that_is_yours_already_tells_by_what_it_was_known(warm: Warm, world: World) -> None:
    """P28 P41"""
    offer(world, 0)
    warm.run(world, "sync", str(world.music))
    twin = offer(world, 0, "m4a")
    warm.run(world, "sync", str(world.music))

    done = warm.run(world, "why", str(twin), "--json")

    assert len(done.json["sources"]) == 2
    assert done.json["events"][-1]["text"].startswith("already yours: ")


def test_a_refused_track_tells_why_and_who_is_next(warm: Warm, world: World) -> None:
    """P16 P23"""
    path = offer(world, 0)
    path.write_bytes(path.read_bytes()[:40_000])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    synced = warm.run(world, "sync", str(world.music), "--json")

    done = warm.run(world, "why", str(path))

    (reason,) = synced.reasons.values()
    assert reason.rstrip(".") in done.out
    assert "music-sync retry" in done.out
    assert done.out.splitlines()[-1] == "now: not in the library"


def test_a_like_that_could_not_be_had_and_went_away_keeps_its_story(
    warm: Warm, connected: World, soundcloud: SoundCloudServer
) -> None:
    """P19 P23 P53"""
    page = soundcloud.sets[0].page
    warm.run(connected, "sync", page)
    soundcloud.sets[0].tracks.remove(1)
    soundcloud.sets[0].touch()
    warm.run(connected, "sync", page)

    done = warm.run(connected, "why", "half past two", "--json")

    assert done.code == 0, done.err
    assert done.json["recording_id"] == ""
    assert sorted(kinds(done.json)) == ["ended", "gone", "liked", "matched"]
    assert done.json["events"][0]["text"] == "put on the playlist Warm Up at SoundCloud"
    assert done.json["sources"][0]["ending"] == "buy_list"


def test_why_changes_nothing(warm: Warm, world: World) -> None:
    offer(world, 0)
    warm.run(world, "sync", str(world.music))
    before = (world.home / "var" / "state.db").read_bytes()

    assert warm.run(world, "why", PIECES[0].title).code == 0
    assert warm.run(world, "why", "no such thing").code == 2
    assert warm.run(world, "buy-list").code == 0
    assert (world.home / "var" / "state.db").read_bytes() == before


def test_a_script_gets_one_object_whatever_happens(warm: Warm, world: World) -> None:
    done = warm.run(world, "why", "no such thing", "--json")

    assert (done.code, json.loads(done.out)["result"]) == (2, "error")
    assert "no such thing" in done.sentence
