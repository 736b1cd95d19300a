"""An exported library in place of an account, through the whole program (P55)."""

import shutil
import zipfile
from pathlib import Path

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import World, offer

EXPORTS = Path(__file__).parent.parent / "samples/exports"
SPOTIFY = ("YourLibrary.json", "Playlist1.json")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Spotify's account data as a person downloads it."""
    path = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in SPOTIFY:
            archive.write(EXPORTS / name, f"Spotify Account Data/{name}")
    return path


def test_an_export_is_synced_without_an_account_and_once(warm: Warm, world: World, export: Path) -> None:
    """P55"""
    foreseen = warm.run(world, "plan", str(export), "--json")
    done = warm.run(world, "sync", str(export), "--json")
    again = warm.run(world, "sync", str(export), "--json")

    assert done.code == 0, done.err
    assert done.json["counts"] == foreseen.json["counts"]
    assert {track["title"]: track["ending"] for track in done.json["tracks"]} == {
        "Half Past Two": "buy_list",
        "Låda": "buy_list",
        "Long Way Home": "buy_list",
        "Cassette #3": "buy_list",
    }
    assert "what was liked since is not in it" in done.json["sources"][0]["message"]
    assert (again.json["result"], again.json["tracks"]) == ("nothing_new", [])


def test_an_unpacked_export_in_the_settings_is_read_at_each_sync(warm: Warm, tmp_path: Path, world: World) -> None:
    folder = tmp_path / "Spotify Account Data"
    folder.mkdir()
    shutil.copy(EXPORTS / "YourLibrary.json", folder)
    settings = (("MUSIC_SYNC_LISTS", str(folder)), ("MUSIC_SYNC_SOURCES", "list"))
    listed = World(world.home, world.music, settings)

    first = warm.run(listed, "sync", "--json")
    shutil.copy(EXPORTS / "Playlist1.json", folder)
    second = warm.run(listed, "sync", "--json")

    assert len(first.json["tracks"]) == 2
    assert [track["title"] for track in second.json["tracks"]] == ["Long Way Home", "Cassette #3"]


def test_the_audio_in_an_export_is_filed(warm: Warm, world: World) -> None:
    offer(world, 0)
    shutil.copy(EXPORTS / "music library songs.csv", world.music)

    done = warm.run(world, "sync", str(world.music), "--json")

    assert (done.json["counts"]["new"], done.json["counts"]["buy_list"]) == (1, 2)
    assert len([path for path in world.filed() if path.endswith(".flac")]) == 1


def test_a_damaged_export_is_told_in_one_sentence(warm: Warm, world: World, export: Path) -> None:
    export.write_bytes(export.read_bytes()[:300])

    done = warm.run(world, "sync", str(export), "--json")

    assert (done.code, done.json["result"]) == (4, "needs_person")
    assert "damaged or no zip; download the export again" in done.json["sources"][0]["message"]
