"""What is liked comes by a way that the owner allows: a file that is owned already, a file that its artist offers."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import LENGTH_S, World, encoded, offer
from tests.samples.sources.soundcloud import signed_in

from music_sync.demo.music import PIECES, tag_words, write_tags
from music_sync.demo.services import AudioServer
from music_sync.demo.soundcloud import SoundCloudServer, offered

HEAD = "Track URI,Track Name,Artist Name(s),Album Name,Track Duration (ms),ISRC,Added At"


def like(world: World, *numbers: int, isrc: bool = False, length_s: float = LENGTH_S) -> Path:
    """Liked songs at Spotify, as an export has them: no way brings them."""
    rows = []
    for number in numbers:
        piece = PIECES[number]
        uri = f"spotify:track:{number:022d}"
        code = piece.isrc if isrc else ""
        words = (
            uri,
            f'"{piece.title}"',
            f'"{piece.artist}"',
            "",
            f"{length_s * 1000:.0f}",
            code,
            "2026-01-01T00:00:00Z",
        )
        rows.append(",".join(words))
    path = world.music.parent / "Liked_Songs.csv"
    path.write_text("\n".join([HEAD, *rows]), "utf-8")
    return path


def put(folder: Path, number: int, codec: str = "flac", *, length_s: float = LENGTH_S, title: str = "") -> Path:
    """A file of a piece, without an ISRC, as a shop or a friend gives it."""
    folder.mkdir(parents=True, exist_ok=True)
    piece = replace(PIECES[number], length_s=length_s)
    path = folder / f"{number:02}.{codec}"
    path.write_bytes(encoded(piece, codec))
    words = {name: text for name, text in tag_words(piece).items() if name != "isrc"}
    write_tags(path, {**words, "title": title} if title else words)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


@pytest.fixture
def liking(world: World) -> World:
    """A world whose liked songs stand in a list, which is read before the drop folder."""
    lists = world.music.parent / "Liked_Songs.csv"
    return replace(world, more=(("MUSIC_SYNC_LISTS", str(lists)), ("MUSIC_SYNC_SOURCES", "list,folder")))


def rows(world: World, query: str) -> list[Any]:
    with closing(sqlite3.connect(world.home / "var" / "state.db")) as database:
        return database.execute(query).fetchall()


def attempts(world: World) -> list[tuple[str, int, str]]:
    return rows(world, "SELECT source, attempt, ending FROM attempts ORDER BY source DESC, attempt")


def sources_of_recordings(world: World) -> list[tuple[str, ...]]:
    """By what each recording was found, sorted."""
    found = rows(world, "SELECT recording_id, source FROM source_links ORDER BY source")
    return sorted(tuple(source for each, source in found if each == one) for one in {each for each, _ in found})


def test_p27_a_like_leaves_the_buy_list_when_its_file_turns_up(warm: Warm, liking: World) -> None:
    """P15 P27 P30: drop folder file and like are one recording with two sources, and one file."""
    like(liking, 1, 2)
    first = warm.run(liking, "sync", "--json")
    put(liking.home / "drop", 1)

    second = warm.run(liking, "sync", "--json")
    third = warm.run(liking, "sync", "--json")

    assert first.json["counts"]["buy_list"] == 2
    assert (second.code, second.json["counts"]["new"], second.json["counts"]["failed"]) == (0, 1, 0), second.err
    assert sources_of_recordings(liking) == [("folder", "list")]
    assert len(liking.filed()) == 1
    assert (third.code, third.json["result"]) == (0, "nothing_new")
    # Like and file arrive together, and one of them is filed; what is still to be bought was not tried again.
    endings = [ending for source, _number, ending in attempts(liking) if source == "list"]
    assert endings.count("buy_list") == 2
    assert len(endings) == 3


def test_p27_what_the_library_holds_is_known_by_words_and_length(warm: Warm, liking: World) -> None:
    """P27: filed before, from a folder that nobody reads any more."""
    path = offer(liking, 1)
    warm.run(liking, "sync", str(liking.music))
    path.unlink()
    like(liking, 1)

    done = warm.run(liking, "sync", "--json")

    assert (done.code, done.json["counts"]["already_have"], done.json["counts"]["buy_list"]) == (0, 1, 0), done.err
    assert sources_of_recordings(liking) == [("folder", "list")]
    assert len(liking.filed()) == 1
    reasons = rows(liking, "SELECT reasons FROM decisions WHERE stage = 'acquire' AND key LIKE 'list:%'")
    assert "the titles are the same" in reasons[0][0]
    assert "lengths are 0.0 s apart" in reasons[0][0]


def test_p22_what_is_unsure_is_for_a_person_with_both_sides(warm: Warm, liking: World) -> None:
    """P22: nothing is filed, and the like is not asked again."""
    like(liking, 1, length_s=LENGTH_S + 9)
    path = put(liking.music, 1)
    owning = replace(liking, more=(*liking.more, ("MUSIC_SYNC_OWNED", str(liking.music))))

    done = warm.run(owning, "sync", "--json")
    again = warm.run(owning, "sync", "--json")

    assert (done.code, done.json["counts"]["review"], liking.filed()) == (4, 1, [])
    reason = done.json["tracks"][0]["reason"]
    assert str(path) in reason
    assert PIECES[1].label in reason
    assert "9 s apart" in reason
    assert again.json["counts"]["review"] == 0
    assert attempts(liking) == [("list", 1, "review")]


def test_p22_a_person_who_says_that_it_is_the_one_is_believed(warm: Warm, liking: World) -> None:
    """P22"""
    like(liking, 1, length_s=LENGTH_S + 9)
    put(liking.music, 1)
    owning = replace(liking, more=(*liking.more, ("MUSIC_SYNC_OWNED", str(liking.music))))
    waiting = warm.run(owning, "sync", "--json").json["tracks"][0]

    accepted = warm.run(owning, "review", "accept", f"list:{waiting['source_id']}", "--json")

    assert (accepted.code, len(liking.filed())) == (0, 1), accepted.err


def test_p21_a_preview_is_never_taken_for_the_track(warm: Warm, liking: World) -> None:
    """P21 P24"""
    like(liking, 1, length_s=200)
    put(liking.music, 1, length_s=30)
    owning = replace(liking, more=(*liking.more, ("MUSIC_SYNC_OWNED", str(liking.music))))

    done = warm.run(owning, "sync", "--json")

    assert (done.json["counts"]["buy_list"], liking.filed()) == (1, [])


def test_of_two_files_the_lossless_one_is_filed_and_both_stay_as_they_are(warm: Warm, liking: World) -> None:
    like(liking, 1)
    owned = [put(liking.music / "a", 1, "mp3"), put(liking.music / "b", 1, "flac")]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in owned]
    folders = ",".join(str(path.parent) for path in owned)
    owning = replace(liking, more=(*liking.more, ("MUSIC_SYNC_OWNED", folders)))

    done = warm.run(owning, "sync", "--json")

    assert done.code == 0, done.err
    assert [Path(name).suffix for name in liking.filed()] == [".flac"]
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in owned] == before
    told = rows(liking, "SELECT reasons FROM decisions WHERE stage = 'acquire'")[0][0]
    assert "lossless" in told
    assert str(owned[1]) in told


def test_p27_a_like_that_no_source_tells_any_more_leaves_the_buy_list_too(warm: Warm, liking: World) -> None:
    """P27: it came from a list that was read once."""
    once = replace(liking, more=(("MUSIC_SYNC_SOURCES", "folder"),))
    first = warm.run(once, "sync", str(like(liking, 1)), "--json")
    put(liking.home / "drop", 1)

    limited = warm.run(once, "sync", "--only", "list", "--json")
    second = warm.run(once, "sync", "--json")

    assert first.json["counts"]["buy_list"] == 1
    assert limited.code == 2
    assert second.code == 0, second.err
    assert sources_of_recordings(liking) == [("folder", "list")]
    assert len(liking.filed()) == 1
    assert warm.run(once, "sync", "--json").json["result"] == "nothing_new"


def test_p54_a_plan_foresees_it_and_writes_nothing(warm: Warm, liking: World) -> None:
    """P54"""
    like(liking, 1)
    put(liking.home / "drop", 1)
    warm.run(liking, "sync", "--only", "list")
    (liking.home / "var" / "owned.json").unlink()
    like(liking, 1, 2)
    put(liking.home / "drop", 2)
    before = sorted(path for path in liking.home.rglob("*") if "logs" not in path.parts)

    plan = warm.run(liking, "plan", "--json")

    assert plan.code == 0, plan.err
    assert sorted(path for path in liking.home.rglob("*") if "logs" not in path.parts) == before
    assert {track["ending"] for track in plan.json["tracks"]} == {"synced", "already_have"}


def test_without_the_way_of_own_files_nothing_is_looked_for(warm: Warm, liking: World) -> None:
    like(liking, 1)
    put(liking.music, 1)
    refusing = replace(
        liking, more=(*liking.more, ("MUSIC_SYNC_OWNED", str(liking.music)), ("MUSIC_SYNC_PROVIDERS", "link"))
    )

    assert warm.run(refusing, "sync", "--json").json["counts"]["buy_list"] == 1
    assert not (liking.home / "var" / "owned.json").exists()


def test_p56_an_owned_folder_that_is_away_is_told_and_stops_nothing(warm: Warm, liking: World) -> None:
    """P56"""
    like(liking, 1)
    away = liking.music / "unplugged"
    owning = replace(liking, more=(*liking.more, ("MUSIC_SYNC_OWNED", str(away))))

    done = warm.run(owning, "sync", "--json")

    assert (done.code, done.json["counts"]["buy_list"]) == (0, 1)
    assert str(away) in done.err


def test_what_its_artist_offers_is_fetched_and_filed(warm: Warm, world: World, tmp_path: Path) -> None:
    """P15 P23: one whose file is gone goes on the list, and holds up no other."""
    audio = put(tmp_path / "made", 1).read_bytes()
    with SoundCloudServer() as service, AudioServer({"/1.flac": audio}) as files:
        for number in (1, 2):
            service.likes.put(offered(number, PIECES[number].title, PIECES[number].artist, duration=LENGTH_S * 1000))
        service.files[1] = files.url("/1.flac")
        signed = {**signed_in(service), "MUSIC_SYNC_SOURCES": "soundcloud:likes"}
        liking = replace(world, more=(*signed.items(), ("MUSIC_SYNC_LINK_HOSTS", files.host_and_port)))

        done = warm.run(liking, "sync", "--json")

        assert {track["source_id"]: track["ending"] for track in done.json["tracks"]} == {"1": "synced", "2": "failed"}
        assert [seen.headers.get("authorization") for seen in files.requests()] == [None]
    assert len(world.filed()) == 1
    told = rows(world, "SELECT reasons FROM decisions WHERE stage = 'acquire'")[0][0]
    assert "brought by `artist`" in told


def test_an_own_file_that_tells_no_artist_is_known_by_its_sound(warm: Warm, world: World, tmp_path: Path) -> None:
    """P27: it is filed in the place of what was fetched, unless that is better; it stays as it is itself."""
    with SoundCloudServer() as service, AudioServer() as files:
        mine = tmp_path / "tapes"
        mine.mkdir()
        for number, (fetched, owned) in enumerate((("mp3", "flac"), ("flac", "mp3"))):
            piece = replace(PIECES[number], length_s=LENGTH_S)
            service.likes.put(offered(number, piece.title, piece.artist, duration=LENGTH_S * 1000))
            files.serve(f"/{number}.{fetched}", put(tmp_path / "made", number, fetched))
            service.files[number] = files.url(f"/{number}.{fetched}")
            (mine / f"take {number}.{owned}").write_bytes(encoded(piece, owned))
        before = {path.name: path.read_bytes() for path in mine.iterdir()}
        signed = {**signed_in(service), "MUSIC_SYNC_SOURCES": "soundcloud:likes", "MUSIC_SYNC_OWNED": str(mine)}
        liking = replace(world, more=(*signed.items(), ("MUSIC_SYNC_LINK_HOSTS", files.host_and_port)))

        done = warm.run(liking, "sync", "--json")

    assert done.json["counts"]["new"] == 2, done.err
    assert [path.rpartition(".")[2] for path in world.filed()] == ["flac", "flac"]
    assert {path.name: path.read_bytes() for path in mine.iterdir()} == before
    taken, left = (warm.run(liking, "why", f"soundcloud:{number}").out for number in (0, 1))
    assert f"brought by `owned` from {mine}/take 0.flac; your own {mine}/take 0.flac sounds the same" in taken
    assert "your own file was left where it is, for what came is better: it is mp3" in left
