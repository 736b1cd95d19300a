"""A better file takes the place of what is filed, when a person asks; nothing is deleted, and it can be taken back."""

# mypy: allow-untyped-calls

import json
import shutil
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
from mutagen.flac import FLAC
from mutagen.id3 import COMM, ID3
from tests.journeys.forks import ForkServer
from tests.journeys.test_undo import contents, in_playlist, music, must_be_whole, rows, undone
from tests.journeys.warm import Warm
from tests.journeys.world import World, new_world, offer, played

from music_sync.demo.music import PIECES, SAMPLE_RATE_HZ, write_encoded, write_tags

LENGTH_S = 20.0
TITLE = PIECES[0].title


def file_of(folder: Path, codec: str, number: int = 0, title: str = "") -> Path:
    """A file that a person bought, outside of all folders that are synced."""
    folder.mkdir(exist_ok=True)
    path = folder / f"bought {number}.{codec}"
    write_encoded(path, played(replace(PIECES[number], length_s=LENGTH_S)), SAMPLE_RATE_HZ, codec)
    write_tags(path, {"title": title or PIECES[number].title})
    return path


def filed_as(world: World, codec: str) -> Path:
    """What is to be synced: one track on one playlist, with a comment of the person's own."""
    path = offer(world, 0, codec, length_s=LENGTH_S)
    if codec == "mp3":
        tags = ID3(path)
        tags.add(COMM(encoding=3, lang="eng", desc="", text=["opener"]))
        tags.save(path)
    (world.music / "Friday.m3u").write_text(str(path))
    return path


@pytest.fixture
def filed(warm: Warm, world: World) -> str:
    """One MP3, filed as it came; its path."""
    filed_as(world, "mp3")
    assert warm.run(world, "sync", str(world.music / "Friday.m3u"), "--json").json["counts"]["new"] == 1
    return music(world)[0]


def test_a_better_file_takes_the_place_and_all_that_hangs_on_the_recording_stays(
    warm: Warm, world: World, filed: str, tmp_path: Path
) -> None:
    """P37 P48: tags of the person's own as well; the old file lies aside."""
    before, old = rows(world), contents(world)
    bought = file_of(tmp_path / "shop", "flac")
    kept = bought.read_bytes()

    done = warm.run(world, "library", "replace", TITLE, str(bought), "--json")

    assert (done.code, done.json["result"], done.json["is_better"]) == (0, "done", True)
    assert music(world) == [filed.replace(".mp3", ".flac")]
    assert (undone(world), bought.read_bytes()) == (old, kept)
    tags = FLAC(world.library / music(world)[0])
    assert (tags["title"], tags["artist"], tags["comment"]) == ([TITLE], [PIECES[0].artist], ["opener"])
    for table in ("source_links", "playlist_members", "attempts"):
        assert rows(world)[table] == before[table]
    assert in_playlist(world) == 1
    [told] = [json.loads(line) for line in warm.run(world, "library", "list", "--json").out.splitlines()]
    assert (told["codec"], told["files"][0]["format"]) == ("flac", "flac")
    assert "you put a better file in its place" in warm.run(world, "why", TITLE).out
    must_be_whole(warm, world)


def test_p37_a_replacement_is_taken_back_and_that_as_well(warm: Warm, world: World, filed: str, tmp_path: Path) -> None:
    before, old = rows(world), contents(world)
    number = warm.run(world, "library", "replace", TITLE, str(file_of(tmp_path / "s", "flac")), "--json").json["id"]
    replaced, new = rows(world), contents(world)

    first = warm.run(world, "undo", str(number), "--json")
    assert (first.code, rows(world), contents(world), undone(world)) == (0, before, old, new)
    assert in_playlist(world) == 1

    second = warm.run(world, "undo", str(first.json["id"]), "--json")

    assert (second.json["is_back"], rows(world), contents(world), undone(world)) == (True, replaced, new, old)
    assert warm.run(world, "undo", "list", "--json").json["changes"][0]["what"] == "replace"
    must_be_whole(warm, world)


def test_a_file_of_the_same_name_takes_that_very_name(warm: Warm, world: World, filed: str, tmp_path: Path) -> None:
    """P50: a replacement by a second MP3, turned over three times: none is ever written over."""
    old = contents(world)
    other = file_of(tmp_path / "shop", "mp3")
    assert warm.run(world, "library", "replace", TITLE, str(other), "--even-if-worse", "--json").code == 0
    new = contents(world)
    assert (list(new), undone(world)) == (list(old), old)

    for number, here, aside in (("2", old, new), ("3", new, old), ("4", old, new)):
        assert warm.run(world, "undo", number).code == 0
        assert (contents(world), undone(world)) == (here, aside)
    must_be_whole(warm, world)


def test_what_is_as_good_already_is_left_alone(warm: Warm, world: World, tmp_path: Path) -> None:
    filed_as(world, "flac")
    warm.run(world, "sync", str(world.music / "Friday.m3u"))
    before, old = rows(world), contents(world)

    told = warm.run(world, "library", "replace", TITLE, str(file_of(tmp_path / "shop", "mp3")))

    assert (told.code, told.out.startswith("yours is as good already: ")) == (0, True)
    assert "flac" in told.out.splitlines()[0]
    assert (rows(world), contents(world), undone(world)) == (before, old, {})


@pytest.mark.parametrize(
    ("number", "title", "said"),
    [(3, "", "another recording"), (0, f"{TITLE} (Extended Mix)", "version words differ"), (None, "", "no such file")],
)
def test_what_is_not_the_recording_is_refused_in_one_sentence(
    warm: Warm, world: World, filed: str, tmp_path: Path, number: int | None, title: str, said: str
) -> None:
    """P39 P40 P46"""
    path = tmp_path / "none.flac" if number is None else file_of(tmp_path / "shop", "flac", number, title)
    before, old = rows(world), contents(world)

    done = warm.run(world, "library", "replace", TITLE, str(path), "--even-if-worse")

    assert (done.code, said in done.sentence) == (2, True), done.sentence
    assert (rows(world), contents(world), undone(world)) == (before, old, {})


def test_p43_a_dry_run_only_compares(warm: Warm, world: World, filed: str, tmp_path: Path) -> None:
    before, old = rows(world), contents(world)

    told = warm.run(world, "library", "replace", TITLE, str(file_of(tmp_path / "shop", "flac")), "-n")

    assert (told.code, told.out.startswith("would replace ")) == (0, True)
    assert (rows(world), contents(world), undone(world)) == (before, old, {})


def test_a_file_that_was_changed_since_it_was_filed_is_left_alone(
    warm: Warm, world: World, filed: str, tmp_path: Path
) -> None:
    """P34"""
    audio = mutagen.File(world.library / filed)
    audio.tags.add(COMM(encoding=3, lang="eng", desc="", text=["mine"]))
    audio.save()
    before, old = rows(world), contents(world)

    done = warm.run(world, "library", "replace", TITLE, str(file_of(tmp_path / "shop", "flac")))

    assert (done.code, "is not the file that was filed" in done.sentence) == (4, True)
    assert (rows(world), contents(world), undone(world)) == (before, old, {})


# Kills


@pytest.fixture(scope="module")
def synced(forks: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world to be copied, with one MP3 filed."""
    world = new_world(tmp_path_factory.mktemp("synced"))
    filed_as(world, "mp3")
    code, _, printed = forks.run(world, "sync", str(world.music / "Friday.m3u"), "--json")
    assert code == 0, printed
    return world


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return file_of(tmp_path_factory.mktemp("shop"), "flac")


@pytest.fixture
def world_to_kill(synced: World, tmp_path: Path) -> World:
    shutil.copytree(synced.home, tmp_path / "home")
    return World(tmp_path / "home", synced.music, synced.more)


@pytest.fixture(scope="module")
def state_changes(
    forks: ForkServer, synced: World, bought: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, int]:
    """How many changes of state a replacement makes, and an undo of it."""
    home = tmp_path_factory.mktemp("whole") / "home"
    shutil.copytree(synced.home, home)
    world = World(home, synced.music, synced.more)
    first = forks.run(world, "library", "replace", TITLE, str(bought))
    second = forks.run(world, "undo", "2")
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    return first[1], second[1]


POINTS = [0.7, 0.85, *(pytest.param(share / 40, marks=pytest.mark.slow) for share in range(40))]


@pytest.mark.parametrize("share", POINTS)
def test_p48_a_replacement_that_is_killed_is_finished_by_a_sync_or_by_a_second_one(
    forks: ForkServer, state_changes: tuple[int, int], world_to_kill: World, bought: Path, share: float
) -> None:
    """No orphan and no file lost, at whichever change of state it dies."""
    world = world_to_kill
    old = contents(world)
    code, _, printed = forks.run(
        world, "library", "replace", TITLE, str(bought), change=1 + int(share * state_changes[0])
    )
    assert code == -9, printed

    code, _, printed = forks.run(world, "sync", str(world.music / "Friday.m3u"), "--json")
    assert code == 0, printed
    assert {**contents(world), **undone(world)}.items() >= old.items()
    assert (len(contents(world)), in_playlist(world)) == (1, 1)

    for command in (("library", "replace", TITLE, str(bought)), ("library", "check"), ("doctor",)):
        code, _, printed = forks.run(world, *command, "--json")
        assert code == 0, printed
    assert (undone(world), list(contents(world))) == (old, [path.replace(".mp3", ".flac") for path in old])


@pytest.mark.parametrize("share", POINTS)
def test_p48_an_undo_of_a_replacement_that_is_killed_is_finished_by_a_second_one(
    forks: ForkServer, state_changes: tuple[int, int], world_to_kill: World, bought: Path, share: float
) -> None:
    world = world_to_kill
    before, old = rows(world), contents(world)
    code, _, printed = forks.run(world, "library", "replace", TITLE, str(bought))
    assert code == 0, printed
    code, _, printed = forks.run(world, "undo", "2", change=1 + int(share * state_changes[1]))
    assert code == -9, printed

    code, _, printed = forks.run(world, "undo", "2")

    assert code == 0 or (code == 2 and "undone already" in printed), printed
    assert (rows(world), contents(world)) == (before, old)
    assert len(undone(world)) == 1
