"""What a person types, and what it does and leaves alone."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import mutagen
import pytest
from tests.journeys.bad_files import OLD_S, PAGE
from tests.journeys.snapshots import Seen, snapshot
from tests.journeys.warm import Done, Warm, must_be_clear
from tests.journeys.world import World, encoded, new_world, offer

from music_sync.cli import COMMANDS, music_sync
from music_sync.demo.music import PIECES, Piece, remix, tag_words, write_tags
from music_sync.demo.services import AudioServer, Disguise, Status

LENGTH_S = 8.0

ROUND_SHAPE = {"result", "counts", "tracks", "sources"}
TRACK_SHAPE = {"source", "source_id", "artist", "title", "ending", "reason", "recording_id", "files"}


def put(world: World, piece: Piece, name: str, codec: str = "flac") -> Path:
    """A short tagged recording of a piece in the folder that is synced."""
    path = world.music / f"{name}.{codec}"
    path.write_bytes(encoded(replace(piece, length_s=LENGTH_S), codec))
    write_tags(path, tag_words(piece))
    os.utime(path, (OLD_S, OLD_S))
    return path


def everything(world: World) -> Seen:
    return snapshot(world.music.parent)


# Plan and run say the same; a plan touches nothing


@dataclass(frozen=True)
class Mixed:
    """A folder and a list of all sorts, planned before they were synced."""

    world: World
    untouched: bool
    home_was_made: bool
    planned: list[Done]
    done: Done


SAME_TITLE = replace(PIECES[3], title=PIECES[2].title, isrc="")
NAMESAKE = replace(PIECES[4], artist=PIECES[2].artist, title=PIECES[2].title, isrc="")
SHORT = replace(PIECES[5], title="Waves", isrc="")
LONG = replace(PIECES[6], artist=PIECES[5].artist, title="It Goes In Waves", isrc="")


@pytest.fixture(scope="module")
def mixed(warm_process: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    world = new_world(tmp_path_factory.mktemp("mixed"))
    put(world, PIECES[0], "good")
    put(world, replace(PIECES[0], isrc=""), "twin", "m4a")
    put(world, remix(PIECES[0]), "remix")
    put(world, PIECES[2], "one")
    put(world, SAME_TITLE, "same title by another")
    put(world, NAMESAKE, "same title and artist, another recording")
    put(world, SHORT, "waves")
    put(world, LONG, "it goes in waves")
    cut = put(world, PIECES[8], "cut", "mp3")
    os.truncate(cut, cut.stat().st_size // 3)
    (world.music / "page.mp3").write_bytes(PAGE)
    for path in world.music.iterdir():
        os.utime(path, (OLD_S, OLD_S))
    with AudioServer({"/good.mp3": put(world, PIECES[9], "away", "mp3").read_bytes()}) as server:
        (world.music / "away.mp3").unlink()
        server.misbehave("/gone.mp3", Status(404), always=True)
        server.misbehave("/page.mp3", Disguise(PAGE), always=True)
        links = [
            "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
            *(server.url(f"/{name}") for name in ("good.mp3", "gone.mp3", "page.mp3")),
            server.url("/good.mp3") + "?utm_source=mail",
        ]
        (world.music / "links.txt").write_text("\n".join(links) + "\n")
        world = replace(world, more=(("MUSIC_SYNC_LINK_HOSTS", server.host_and_port),))
        what = (str(world.music), str(world.music / "links.txt"))
        before = everything(world)
        planned = [
            warm_process.run(world, *typed, "--json")
            for typed in (("plan", *what), ("-n", "sync", *what), ("sync", "-n", *what), ("sync", *what, "--dry-run"))
        ]
        untouched, home_was_made = everything(world) == before, world.home.exists()
        yield Mixed(world, untouched, home_was_made, planned, warm_process.run(world, "sync", *what, "--json"))


def test_a_plan_writes_nothing_and_makes_no_home(mixed: Mixed) -> None:
    """P54"""
    assert mixed.untouched
    assert not mixed.home_was_made


def test_plan_and_dry_run_before_and_after_the_verb_foresee_what_the_run_does(mixed: Mixed) -> None:
    """P30"""
    for planned in mixed.planned:
        assert planned.json["counts"] == mixed.done.json["counts"]
        assert planned.json["sources"] == mixed.done.json["sources"]
        assert planned.code == mixed.done.code == 3
    endings = {track["source_id"]: track["ending"] for track in mixed.planned[0].json["tracks"]}
    assert endings == {track["source_id"]: track["ending"] for track in mixed.done.json["tracks"]}


def test_each_track_of_all_sorts_ends_as_it_must(mixed: Mixed) -> None:
    """P15 P21 P25 P38 P39 P46 P49"""
    endings = {track["source_id"].rpartition("/")[2]: track["ending"] for track in mixed.done.json["tracks"]}

    assert {endings.pop("good.flac"), endings.pop("twin.m4a")} == {"synced", "already_have"}
    assert endings == {
        "remix.flac": "synced",
        "one.flac": "synced",
        "same title by another.flac": "synced",
        "same title and artist, another recording.flac": "synced",
        "waves.flac": "synced",
        "it goes in waves.flac": "synced",
        "cut.mp3": "failed",
        "page.mp3": "failed",
        "good.mp3": "synced",
        "gone.mp3": "failed",
        "spotify:track:4uLU6hMCjMI75M1A2tKUQC": "buy_list",
    }


def test_a_file_of_the_same_name_gets_a_name_of_its_own(mixed: Mixed) -> None:
    """P50"""
    piece = PIECES[2]
    named = [name for name in mixed.world.filed() if name.startswith(f"{piece.artist}/{piece.artist} - {piece.title}")]

    assert len(named) == 2
    assert any("[" in name for name in named)


def test_after_a_run_of_all_sorts_everything_agrees(mixed: Mixed, warm: Warm) -> None:
    """P33 P34"""
    assert warm.run(mixed.world, "library", "check", "--json").json == {"ok": True, "findings": []}
    assert warm.run(mixed.world, "doctor", "--json").json["ok"]


def test_a_second_plan_and_sync_have_nothing_new_and_change_nothing(mixed: Mixed, warm: Warm) -> None:
    """P27 P30"""
    before = everything(mixed.world)
    planned = warm.run(mixed.world, "plan", str(mixed.world.music), "--json")
    untouched = everything(mixed.world) == before
    again = warm.run(mixed.world, "sync", str(mixed.world.music), "--json")

    assert untouched
    for done in (planned, again):
        assert (done.code, done.json["result"]) == (0, "nothing_new")
        assert done.json["counts"]["already_have"] == 8
        assert all(track["files"] for track in done.json["tracks"])


@pytest.mark.parametrize(
    "typed",
    [
        ["status"],
        ["status", "--json"],
        ["doctor"],
        ["doctor", "--json"],
        ["config", "show", "--json"],
        ["config", "check"],
        ["library", "list", "--json"],
        ["library", "check"],
        ["library", "check", "--quick", "--json"],
        ["retry", "-n"],
        ["-n", "retry"],
        ["run", "--once", "--music-sync", "-n", "--json"],
        ["-n", "run", "--once", "--music-sync"],
        ["sync", "--help"],
    ],
    ids=" ".join,
)
def test_what_only_reads_touches_nothing(mixed: Mixed, warm: Warm, typed: list[str]) -> None:
    # SQLite itself touches the shared memory beside a database that is only read.
    before = snapshot(mixed.world.music.parent, but=("-shm",))

    done = warm.run(mixed.world, *typed)

    assert done.code in {0, 3}
    must_be_clear(done.err)
    assert snapshot(mixed.world.music.parent, but=("-shm",)) == before


@pytest.mark.parametrize(
    "typed", [["status", "--json"], ["doctor", "--json"], ["library", "list"], ["library", "check"], ["retry", "-n"]]
)
def test_what_only_reads_makes_no_home(warm: Warm, world: World, typed: list[str]) -> None:
    done = warm.run(world, *typed)

    assert done.code == 0, done
    assert not world.home.exists()


# Shapes for scripts


def test_a_round_prints_the_shape_that_scripts_rely_on(mixed: Mixed) -> None:
    for done in (*mixed.planned, mixed.done):
        assert set(done.json) == ROUND_SHAPE
        assert set(done.json["counts"]) == {"new", "already_have", "review", "buy_list", "failed"}
        assert all(set(track) == TRACK_SHAPE for track in done.json["tracks"])
        assert all(
            set(source) == {"name", "part", "ok", "skipped", "found", "message"} for source in done.json["sources"]
        )


def test_the_library_is_listed_with_what_was_measured(mixed: Mixed, warm: Warm) -> None:
    """P20 P36"""
    done = warm.run(mixed.world, "library", "list", "--json")
    recordings = [json.loads(line) for line in done.out.splitlines()]

    assert len(recordings) == 8
    for recording in recordings:
        assert set(recording) == {
            "recording_id", "artist", "title", "version", "album", "isrc", "length_s", "tempo_bpm", "tempo_confidence",
            "camelot", "key_name", "key_confidence", "loudness_lufs", "codec", "bit_rate", "cutoff_hz",
            "sources", "playlists", "files",
        }  # fmt: skip
        assert recording["length_s"] == pytest.approx(LENGTH_S, abs=0.1)
        assert all(set(file) == {"format", "path", "sha256", "size_bytes"} for file in recording["files"])
        assert recording["sources"]
    good = next(each for each in recordings if each["title"] == PIECES[0].title)
    assert len(good["sources"]) == 2
    assert good["tempo_bpm"] == pytest.approx(PIECES[0].tempo_bpm, abs=1)
    assert good["camelot"] == PIECES[0].key.camelot


def test_status_tells_what_waits_for_whom(mixed: Mixed, warm: Warm) -> None:
    status = warm.run(mixed.world, "status", "--json").json
    screen = warm.run(mixed.world, "status")

    assert {"last_run", "next_due", "result", "queue", "parked", "accounts"} <= set(status)
    assert status["recordings"] == 8
    assert sorted(track["ending"] for track in status["parked"]) == ["buy_list", "failed", "failed", "failed", "failed"]
    assert "`music-sync retry` tries what failed again" in screen.out
    assert "`music-sync buy-list` links to stores" in screen.out


def test_doctor_and_config_print_their_shapes(mixed: Mixed, warm: Warm) -> None:
    doctor = warm.run(mixed.world, "doctor", "--json").json
    config = warm.run(mixed.world, "config", "show", "--json").json

    assert set(doctor) == {"ok", "checks"}
    assert all({"id", "ok", "severity", "message", "mend"} <= set(check) for check in doctor["checks"])
    assert config["home"] == {"value": str(mixed.world.home), "origin": "MUSIC_SYNC_HOME"}
    assert config["formats"]["origin"] == "default"


def test_a_secret_setting_is_not_shown(warm: Warm, world: World) -> None:
    """B50"""
    done = warm.run(
        world, "config", "show", env={"MUSIC_SYNC_DATABASE_URL": "postgresql://u:obviously-fake-word@127.0.0.1/d"}
    )

    assert done.code == 0
    assert "obviously-fake-word" not in done.out + done.err
    assert "(hidden)" in done.out


# One folder over time


@pytest.fixture
def one(warm: Warm, world: World) -> World:
    offer(world, 0, "mp3")
    assert warm.run(world, "sync", str(world.music)).code == 0
    return world


def test_a_file_with_other_tags_is_a_link_and_no_second_file(warm: Warm, one: World) -> None:
    """P45"""
    file: Any = mutagen.File(next(one.music.iterdir()), easy=True)
    file["genre"] = ["Another"]
    file.save()

    done = warm.run(one, "sync", str(one.music), "--json")

    assert (done.code, done.json["counts"]["already_have"], done.json["counts"]["new"]) == (0, 1, 0)
    assert len(one.filed()) == 1
    assert warm.run(one, "library", "check").code == 0


def test_a_file_that_was_renamed_is_known_by_its_bytes(warm: Warm, one: World) -> None:
    """P40"""
    path = next(one.music.iterdir())
    path.rename(path.with_name("another name.mp3"))

    done = warm.run(one, "sync", str(one.music), "--json")

    assert (done.code, done.json["counts"]["already_have"]) == (0, 1)
    assert "byte for byte" in done.reasons["another name.mp3"]
    assert len(one.filed()) == 1


def test_a_file_that_its_owner_deleted_from_the_library_is_told_and_not_fetched_again(warm: Warm, one: World) -> None:
    """P56 F24"""
    (one.library / one.filed()[0]).unlink()

    again = warm.run(one, "sync", str(one.music), "--json")
    checked = warm.run(one, "library", "check", "--json")

    assert again.json["counts"]["new"] == 0
    assert (checked.code, [finding["kind"] for finding in checked.json["findings"]]) == (3, ["missing"])


def test_a_mended_file_is_looked_at_again(warm: Warm, world: World) -> None:
    """P35"""
    path = offer(world, 0, "flac")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    os.utime(path, (OLD_S, OLD_S))
    broken = warm.run(world, "sync", str(world.music), "--json")
    path.write_bytes(whole)
    os.utime(path, (OLD_S + 9, OLD_S + 9))

    mended = warm.run(world, "sync", str(world.music), "--json")

    assert (broken.code, mended.code) == (3, 0)
    assert mended.json["counts"]["new"] == 1


# Options and settings


def test_a_limit_takes_the_newest_and_the_rest_comes_later(warm: Warm, world: World) -> None:
    """P35"""
    for number in range(3):
        offer(world, number, "flac", length_s=4)

    planned = warm.run(world, "plan", str(world.music), "--limit", "2", "--json")
    first = warm.run(world, "sync", str(world.music), "--limit", "2", "--json")
    second = warm.run(world, "sync", str(world.music), "--limit", "2", "--json")

    assert planned.json["counts"] == first.json["counts"]
    assert first.json["counts"]["new"] == 2
    assert {track["title"] for track in first.json["tracks"]} == {PIECES[1].title, PIECES[2].title}
    assert (second.json["counts"]["new"], second.json["counts"]["already_have"]) == (1, 2)


@pytest.mark.parametrize("typed", ["sync", "plan"])
def test_a_source_that_is_asked_alone_must_be_connected(warm: Warm, world: World, typed: str) -> None:
    """P5: not an empty answer."""
    alone = replace(world, more=(*world.more, ("MUSIC_SYNC_SOURCES", "folder,spotify")))
    done = warm.run(alone, typed, "--only", "spotify")

    assert done.code == 4
    assert "`music-sync connect spotify`" in done.sentence


def test_a_part_that_a_source_does_not_have_is_refused(warm: Warm, world: World) -> None:
    alone = replace(world, more=(*world.more, ("MUSIC_SYNC_SOURCES", "folder,list")))
    done = warm.run(alone, "sync", "--only", "folder:likes")

    assert done.code == 2
    assert "has no such part" in done.sentence


def test_only_one_source_of_the_settings_is_asked(warm: Warm, world: World) -> None:
    """P17"""
    offer(world, 0, "flac", length_s=4)
    drop = world.home / "drop"
    drop.mkdir(parents=True)
    listed = offer(world, 1, "flac", length_s=4)
    dropped = offer(world, 2, "flac", length_s=4)
    dropped.rename(drop / dropped.name)
    likes = world.music / "likes.m3u8"
    likes.write_text(f"#EXTM3U\n#PLAYLIST:My likes\n{listed}\n")
    world = replace(world, more=(("MUSIC_SYNC_LISTS", str(likes)),))

    only_list = warm.run(world, "sync", "--only", "list", "--json")
    both = warm.run(world, "sync", "--json")

    assert [source["name"] for source in only_list.json["sources"]] == ["list"]
    assert [source["name"] for source in both.json["sources"]] == ["folder", "list"]
    assert (only_list.json["counts"]["new"], both.json["counts"]["new"]) == (1, 1)
    playlist = (world.library / "Playlists/My likes.m3u8").read_text()
    assert PIECES[1].title in playlist


def test_both_wanted_formats_are_filed_under_the_wanted_names(warm: Warm, world: World) -> None:
    """P44"""
    offer(world, 0, "flac")
    world = replace(
        world, more=(("MUSIC_SYNC_FORMATS", "aiff,mp3"), ("MUSIC_SYNC_TEMPLATE", "{genre}/{tempo:.0f} {title}"))
    )

    done = warm.run(world, "sync", str(world.music), "--json")
    again = warm.run(world, "sync", str(world.music), "--json")

    piece = PIECES[0]
    expected = {f"{piece.genre}/{piece.tempo_bpm:.0f} {piece.title}.{ending}" for ending in ("aiff", "mp3")}
    assert set(done.json["tracks"][0]["files"]) == set(world.filed()) == expected
    assert again.json["result"] == "nothing_new"
    assert warm.run(world, "library", "check").code == 0


def test_no_source_at_all_is_nothing_new(warm: Warm, world: World) -> None:
    """P12"""
    done = warm.run(world, "sync", "--json")

    assert (done.code, done.json["result"]) == (0, "nothing_new")
    assert (world.home / "drop").is_dir()


def test_a_list_that_is_not_there_is_told_and_the_drop_folder_is_synced(warm: Warm, world: World) -> None:
    """P5 P10"""
    drop = world.home / "drop"
    drop.mkdir(parents=True)
    path = offer(world, 0, "flac", length_s=4)
    path.rename(drop / path.name)
    world = replace(world, more=(("MUSIC_SYNC_LISTS", "/no/such/list.csv"),))

    done = warm.run(world, "sync", "--json")

    assert done.code == 3
    assert done.json["counts"]["new"] == 1
    assert "/no/such/list.csv is not there" in done.json["sources"][1]["message"]


# Help and start


def commands() -> list[list[str]]:
    found = []
    with click.Context(music_sync) as context:
        for name in COMMANDS:
            command = music_sync.get_command(context, name)
            found.append([name])
            if isinstance(command, click.Group):
                found += [[name, inner] for inner in command.list_commands(context)]
    return found


@pytest.mark.parametrize("typed", [[], *commands()], ids=lambda typed: " ".join(typed) or "music-sync")
def test_every_command_explains_itself(warm: Warm, world: World, typed: list[str]) -> None:
    done = warm.run(world, *typed, "--help")

    assert done.code == 0
    assert done.out.startswith("Usage: music-sync")
    assert all(len(line) <= 100 for line in done.out.splitlines())
    assert not world.home.exists()


def test_no_command_at_all_shows_the_help(warm: Warm, world: World) -> None:
    done = warm.run(world)

    assert done.code == 2
    assert "Commands:" in done.err + done.out


HEAVY = (
    "dbos", "sqlalchemy", "alembic", "numpy", "scipy", "av", "soxr", "PIL", "mutagen", "httpx", "requests",
    "rapidfuzz", "apprise", "keyring", "fastapi", "jinja2", "rich", "yt_dlp", "spotipy", "asyncio",
)  # fmt: skip
AT_ONCE = (
    "--help", "--version", "status", "config show", "sync --help", "plan --help", "undo --help", "review --help",
    "serve --help", "cron next", "webhook list", "tasks --help", "buy-list", "why folder:nothing",
)  # fmt: skip
"""What asks SQLite through the standard library, or nothing at all."""
FROM_THE_CATALOGUE = ("library list", "undo list", "review")
"""What reads the catalogue by its tables: SQLAlchemy is loaded and what it brings, and still neither engine nor sound."""

# Runs one command after the other and tells of each how it ended, and which heavy libraries were loaded by then.
RUNS_EACH = """
import json, sys
from music_sync.cli import main

heavy, *commands = map(json.loads, sys.argv[1:])
for command in commands:
    sys.argv = ["music-sync", *command.split()]
    try:
        main()
    except SystemExit as left:
        print(json.dumps([command, left.code, [name for name in heavy if name in sys.modules]]), file=sys.stderr)
"""


def loaded_by(commands: Sequence[str], env: Mapping[str, str]) -> dict[str, tuple[int, list[str]]]:
    words = [json.dumps(each) for each in (HEAVY, *commands)]
    done = subprocess.run(
        [sys.executable, "-c", RUNS_EACH, *words], env=env, capture_output=True, text=True, check=True
    )
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
    return {command: (code, loaded) for command, code, loaded in told}


def test_what_should_start_at_once_loads_nothing_heavy(one: World) -> None:
    loaded = loaded_by(AT_ONCE, one.env)

    # To tell which tracks are near to one that is unknown, their names are compared.
    assert loaded.pop("why folder:nothing") == (2, ["rapidfuzz"])
    assert loaded == dict.fromkeys(AT_ONCE[:-1], (0, []))


def test_what_reads_the_catalogue_loads_neither_the_engine_nor_what_sound_needs(one: World) -> None:
    assert loaded_by(FROM_THE_CATALOGUE, one.env) == dict.fromkeys(FROM_THE_CATALOGUE, (0, ["sqlalchemy", "asyncio"]))


def test_a_reader_that_goes_away_ends_the_program_quietly(one: World) -> None:
    """F27"""
    command = f"{sys.executable} -m music_sync library list --json | true"

    done = subprocess.run(["bash", "-c", command], env=one.env, capture_output=True, text=True, check=False)

    assert done.stderr == ""


def test_closed_outputs_hinder_no_sync(one: World) -> None:
    """F27"""
    offer(one, 1, "flac", length_s=4)
    command = f"exec {sys.executable} -m music_sync sync '{one.music}' --json >&- 2>&-"

    done = subprocess.run(["bash", "-c", command], env=one.env, check=False)

    assert done.returncode == 0
    assert len(one.filed()) == 2


def test_a_terminal_sees_each_track_and_what_to_do_next(one: World) -> None:
    offer(one, 1, "flac", length_s=4)
    controlling, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "music_sync", "sync", str(one.music)],
        env={**one.env, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    seen = b""
    with open(controlling, "rb", buffering=0) as screen:  # noqa: PTH123 - a descriptor
        while True:
            try:
                block = screen.read(4096)
            except OSError:  # Linux says so when the other side is closed
                break
            if not block:
                break
            seen += block

    assert process.wait(timeout=30) == 0
    lines = [line for line in seen.decode().replace("\r", "\n").splitlines() if line]
    assert any(line.endswith(f"✓ {PIECES[1].artist} - {PIECES[1].title}") for line in lines)
    assert lines[-1] == "next: `music-sync library list` shows what you have"
    must_be_clear("\n".join(lines[-3:]))
