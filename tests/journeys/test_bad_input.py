"""Every bad input ends in one clear sentence, the right exit code, and nothing half-done."""

import contextlib
import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.journeys.bad_files import (
    CONCAT,
    HLS,
    ID3,
    PAGE,
    Bad,
    content,
    cover,
    cut,
    encoded,
    lay_out,
    vast_picture,
    video,
    whole,
    with_frames,
)
from tests.journeys.warm import Done, Warm, must_be_clear
from tests.journeys.world import World, new_world

# What is typed wrongly: exit 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["sync", "/no/such/folder"], "/no/such/folder"),
        (["sync", "no such file.mp3"], "no such file.mp3"),
        (["plan", "/no/such/folder"], "/no/such/folder"),
        (["sync", ""], "no file or folder"),
        (["sync", "ftp://example.org/a.mp3"], "`ftp:` links are not understood"),
        (["sync", "file:///etc/passwd"], "`file:` links are not understood"),
        (["sync", "data:audio/mpeg;base64,AAAA"], "`data:` links are not understood"),
        (["sync", "javascript:alert(1)"], "`javascript:` links are not understood"),
        (["sync", "concat:a.mp3|b.mp3"], "`concat:` links are not understood"),
        (["sync", "http://user:secret-word@example.org/a.mp3"], "user name or password"),
        (["sync", "https://example.org\\@evil.tld/a.mp3"], "backslash"),
        (["sync", "https://www.youtube.com/watch?v=x&list=PL1"], "YouTube link without a video id"),
        (["sync", "https://www.youtube.com/watch?list=PL1"], "its id is cut off"),
        (["sync", "https://open.spotify.com/artist/37i9dQZF1DXcBWIGoYBM5M"], "give one of the artist's tracks"),
        (["sync", "/dev/null"], "/dev/null"),
        (["sync", "--only", "tidal"], "tidal"),
        (["plan", "--only", "tidal"], "tidal"),
        (["sync", "--limit", "0"], "--limit"),
        (["sync", "--limit", "-3"], "--limit"),
        (["sync", "--limit", "many"], "--limit"),
        (["sync", "--no-such-option"], "--no-such-option"),
        (["run", "--once", "--music-sync", "--no-music-sync"], "contradict each other"),
        (["run", "--once", "--interval", "0"], "--interval"),
        (["run", "--once", "--interval", "nan"], "--interval"),
        (["run", "--once", "--interval", "inf"], "--interval"),
        (["run", "--once", "--interval", "1e300"], "--interval"),
        (["synk"], "synk"),
        (["library", "lst"], "lst"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_typed_wrongly_is_named_in_one_sentence_and_changes_nothing(
    warm: Warm, world: World, typed: list[str], words: str
) -> None:
    """P26"""
    done = warm.run(world, *typed)

    assert done.code == 2
    assert words in done.sentence
    assert "secret-word" not in done.err
    assert not world.home.exists()


@pytest.mark.parametrize(
    "typed",
    [
        ["sync", "/no/such/folder", "--json"],
        ["plan", "ftp://example.org", "--json"],
        ["sync", "--limit", "0", "--json"],
        ["sync", "--json", "--no-such-option"],
        ["run", "--once", "--json", "--music-sync", "--no-music-sync"],
    ],
    ids=" ".join,
)
def test_a_script_gets_its_object_for_what_is_typed_wrongly_too(warm: Warm, world: World, typed: list[str]) -> None:
    done = warm.run(world, *typed)

    assert done.code == 2
    assert done.json["result"] == "error"
    assert set(done.json) >= {"counts", "tracks", "sources"}
    assert done.json["message"] in done.sentence


def test_a_file_that_is_neither_audio_nor_a_list_is_refused(warm: Warm, world: World) -> None:
    page = world.music / "page.html"
    page.write_bytes(PAGE)

    done = warm.run(world, "sync", str(page))

    assert done.code == 2
    assert "page.html` is neither audio nor a list" in done.sentence


# What is set wrongly: exit 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("libary = '/x'", "did you mean 'library'"),
        ("MUSIC_SYNC_LIBRARY = '/x'", "unknown setting"),
        ("home = '/x'", "unknown setting 'home'"),
        ("formats = ['mp4']", "formats"),
        ("formats = []", "formats"),
        ("formats = 7", "formats"),
        ("workers = 0", "workers"),
        ("workers = 'many'", "workers"),
        ("interval = -5", "interval"),
        ("library = ''", "library"),
        ("library = 3", "library"),
        ("enabled = 'perhaps'", "enabled"),
        ("library = '/x", "not valid TOML"),
        ("\x00\x01", "not valid TOML"),
        ("[library]\nplace = 1", "library"),
    ],
)
def test_a_settings_file_that_is_wrong_is_refused_by_name(warm: Warm, world: World, text: str, words: str) -> None:
    world.home.mkdir()
    (world.home / "music-sync.toml").write_text(text)

    for command in (["sync", str(world.music), "--json"], ["config", "check"]):
        done = warm.run(world, *command)

        assert done.code == 2
        assert words in done.sentence
        assert "music-sync.toml" in done.sentence
    assert [path.name for path in world.home.iterdir()] == ["music-sync.toml"]


def test_a_settings_file_in_another_encoding_or_a_folder_is_refused(warm: Warm, world: World) -> None:
    world.home.mkdir()
    file = world.home / "music-sync.toml"
    file.write_bytes("template = 'é'".encode("latin-1"))
    latin = warm.run(world, "config", "check")
    file.unlink()
    file.mkdir()
    folder = warm.run(world, "config", "check")

    assert (latin.code, folder.code) == (2, 2)
    assert "music-sync.toml" in latin.sentence
    assert "music-sync.toml" in folder.sentence


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("FORMATS", "mp4", "mp4"),
        ("FORMATS", "aiff,,ogg", "ogg"),
        ("FORMATS", ",", "formats"),
        ("TEMPLATE", "{artits}", "did you mean artist"),
        ("TEMPLATE", "../{title}", "no folder name"),
        ("TEMPLATE", "/{title}", "counts from the library"),
        ("TEMPLATE", "same name", "names no field"),
        ("TEMPLATE", "{title", "no partner"),
        ("ENABLED", "maybe", "maybe"),
        ("INTERVAL", "0", "interval"),
        ("INTERVAL", "-1", "interval"),
        ("INTERVAL", "soon", "soon"),
        ("INTERVAL", "nan", "interval"),
        ("INTERVAL", "inf", "interval"),
        ("SOURCES", "folder,tidal", "tidal"),
        ("PROVIDERS", "owned,torrent", "torrent"),
        ("WORKERS", "1000", "workers"),
        ("LIBARY", "/x", "MUSIC_SYNC_LIBRARY"),
        ("DATABASE_URL", "mysql://u:secret-word@h/d", "postgresql://"),
        ("DATABASE_URL_FILE", "/no/such/secret", "/no/such/secret"),
    ],
)
def test_a_variable_that_is_wrong_is_refused_by_name_and_changes_nothing(
    warm: Warm, world: World, name: str, value: str, words: str
) -> None:
    for command in (["sync", "--json"], ["plan"], ["run", "--once", "--json"]):
        done = warm.run(world, *command, env={f"MUSIC_SYNC_{name}": value})

        assert done.code == 2, command
        assert words in done.sentence
        assert "secret-word" not in done.out + done.err
        assert not world.home.exists()


@pytest.mark.parametrize("name", ["TEMPLATE={artits}", "SOURCES=tidal", "PROVIDERS=torrent"])
def test_config_check_finds_what_a_sync_would_refuse(warm: Warm, world: World, name: str) -> None:
    variable, _, value = name.partition("=")

    done = warm.run(world, "config", "check", env={f"MUSIC_SYNC_{variable}": value})

    assert done.code == 2
    assert variable.lower() in done.sentence.lower()


def test_a_home_below_a_file_is_refused(warm: Warm, world: World) -> None:
    file = world.music / "file"
    file.write_text("x")

    done = warm.run(replace(world, home=file / "home"), "sync", str(world.music), "--json")

    assert done.code == 7
    assert done.json["result"] == "environment"
    assert str(file) in done.sentence


# Bad files: exit 3 with the reason, and nothing left in library or staging

BAD_FILES = (
    Bad("empty.mp3", content(b""), "is empty"),
    Bad("cut.mp3", cut(0, "mp3"), "is cut off"),
    Bad("cut.flac", cut(1, "flac"), "is cut off"),
    Bad("cut.wav", cut(2, "wav"), "is cut off"),
    Bad("cut.m4a", cut(3, "m4a"), "is cut off"),
    Bad("cut.opus", cut(4, "opus"), "is cut off"),
    Bad("cut.aiff", cut(5, "aiff"), "is cut off"),
    Bad("cut.ogg", cut(6, "ogg"), "is cut off"),
    Bad("only a head.mp3", lambda path: path.write_bytes(encoded(0, "mp3")[:300]), "not audio"),
    Bad("page.mp3", content(PAGE), "is a web page"),
    Bad("text.flac", content(b"so it goes\n" * 50), "is text"),
    Bad("answer.m4a", content(b'{"error": "preview only"}'), "is text"),
    Bad("hls.mp3", content(HLS), "is a playlist"),
    Bad("concat.mp3", content(CONCAT), "is a playlist"),
    Bad("video.mp3", video, "holds no sound"),
    Bad("noise.mp3", lambda path: path.write_bytes(bytes(range(256)) * 400), "not audio"),
    Bad("picture.mp3", content(vast_picture(100)), "not audio"),
)
FINE_FILES = (
    Bad("vast cover.mp3", with_frames(8, cover(vast_picture())), "filed as", "synced"),
    Bad("svg cover.mp3", with_frames(9, cover(b"<svg/>", "image/svg+xml")), "filed as", "synced"),
    Bad(
        "10 MB of tags.mp3",
        with_frames(10, *(ID3.PRIV(owner=f"o{number}", data=b"x" * 1_000_000) for number in range(10))),
        "filed as",
        "synced",
    ),
    Bad("new\nline.flac", whole(11, "flac"), "filed as", "synced"),
    Bad("💿" * 60 + ".flac", whole(12, "flac"), "filed as", "synced"),
    Bad("x" * 250 + ".flac", whole(13, "flac"), "filed as", "synced"),
    Bad("-rf $(touch owned); 100%d.flac", whole(14, "flac"), "filed as", "synced"),
)
UNDECODABLE = (
    Bad(os.fsdecode(b"\xff\xfe.flac"), whole(15, "flac"), "filed as", "synced"),
    Bad(os.fsdecode(b"\xff\xfe cut.flac"), cut(16, "flac"), "is cut off"),
)
ALL_FILES = (*BAD_FILES, *FINE_FILES, *UNDECODABLE)


def counted(ending: str) -> int:
    return sum(bad.ending == ending for bad in ALL_FILES)


def as_printed(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Strange:
    """What came of a folder of strange files."""

    world: World
    planned: Done
    done: Done


@pytest.fixture(scope="module")
def strange(warm_process: Warm, tmp_path_factory: pytest.TempPathFactory) -> Strange:
    world = new_world(tmp_path_factory.mktemp("strange"))
    lay_out(world.music, (*BAD_FILES, *FINE_FILES))
    try:
        lay_out(world.music, UNDECODABLE)
    except OSError:
        # macOS takes no name that is not UTF-8.
        lay_out(world.music, tuple(replace(bad, name=as_printed(bad.name)) for bad in UNDECODABLE))
    os.mkfifo(world.music / "fifo.mp3")
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(world.music):  # a socket's path is short
        listening.bind("socket.mp3")
    (world.music / "dangling.mp3").symlink_to("/nowhere/at all.mp3")
    (world.music / "circle.mp3").symlink_to("circle.mp3")
    planned = warm_process.run(world, "plan", str(world.music), "--json")
    return Strange(world, planned, warm_process.run(world, "sync", str(world.music), "--json"))


@pytest.mark.parametrize("bad", ALL_FILES, ids=lambda bad: ascii(bad.name)[:30])
def test_each_strange_file_ends_as_it_must_and_says_why(strange: Strange, bad: Bad) -> None:
    """B37 B39 B40 B41 B42 P15 P16 P29 P36"""
    name = as_printed(bad.name)
    tracks = {track["source_id"].rpartition("/")[2]: track for track in strange.done.json["tracks"]}

    assert tracks[name]["ending"] == bad.ending
    assert bad.words in tracks[name]["reason"]
    assert bool(tracks[name]["files"]) == (bad.ending == "synced")
    if bad.ending == "failed":
        assert name in tracks[name]["reason"]
        must_be_clear(tracks[name]["reason"])


def test_a_run_over_strange_files_counts_them_and_exits_3(strange: Strange) -> None:
    counts = strange.done.json["counts"]

    assert strange.done.code == 3
    assert strange.done.json["result"] == "partial"
    assert (counts["new"], counts["failed"]) == (counted("synced"), counted("failed"))
    must_be_clear(strange.done.err)


def test_the_plan_of_strange_files_foresees_the_run(strange: Strange) -> None:
    foreseen = {track["source_id"]: track["ending"] for track in strange.planned.json["tracks"]}

    assert strange.planned.code == 3
    assert strange.planned.json["counts"] == strange.done.json["counts"]
    assert foreseen == {track["source_id"]: track["ending"] for track in strange.done.json["tracks"]}


def test_nothing_of_a_bad_file_stays_in_library_or_staging(strange: Strange, warm: Warm) -> None:
    """P33 P34"""
    filed = strange.world.filed()

    assert len(filed) == counted("synced")
    assert list((strange.world.home / "var/staging").iterdir()) == []
    assert warm.run(strange.world, "library", "check", "--json").json == {"ok": True, "findings": []}
    assert warm.run(strange.world, "doctor", "--json").json["ok"]
    assert not (strange.world.music / "owned").exists()


def test_a_cover_that_is_left_out_is_told(strange: Strange) -> None:
    told = [line for line in strange.done.err.splitlines() if line.endswith("its cover cannot be used and is left out")]

    assert sorted(told) == [f"{name} cover: its cover cannot be used and is left out" for name in ("svg", "vast")]


def test_what_is_no_file_is_named_and_passed_over(strange: Strange) -> None:
    source = strange.done.json["sources"][0]

    assert source["ok"]
    assert "circle.mp3" in source["message"]
    assert "dangling.mp3" in source["message"]
    must_be_clear(source["message"].replace("; /", "\n/"))


def test_names_in_the_library_are_plain_and_short(strange: Strange) -> None:
    """B23 B24 B25 B29"""
    for path in strange.world.filed():
        assert path.isprintable()
        assert all(len(part.encode()) <= 200 for part in path.split("/"))


def test_what_failed_for_good_is_not_tried_again_but_told(strange: Strange, warm: Warm) -> None:
    """P23 P35"""
    again = warm.run(strange.world, "sync", str(strange.world.music), "--json")

    assert again.code == 0
    assert again.json["result"] == "nothing_new"
    assert f"{counted('failed')} ended earlier without a file" in again.json["sources"][0]["message"]
    waiting = warm.run(strange.world, "status", "--json").json["parked"]
    assert len(waiting) == counted("failed")
    for track in waiting:
        must_be_clear(track["reason"])


def test_the_screen_shows_no_control_character_of_a_name(strange: Strange, warm: Warm) -> None:
    """B26"""
    for command in (["library", "list"], ["status"], ["plan", str(strange.world.music)]):
        done = warm.run(strange.world, *command)

        assert all(line.isprintable() for line in done.out.splitlines())
        assert "new\nline" not in done.out


def test_a_file_still_being_written_is_said_to_wait(warm: Warm, world: World) -> None:
    (world.music / "growing.mp3").write_bytes(b"")

    done = warm.run(world, "sync", str(world.music), "--json")

    assert done.code == 0
    assert "growing.mp3" in done.json["sources"][0]["message"]


# What this user may not read


def give(folder: Path, uid: int) -> None:
    if uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, uid)


def test_what_may_not_be_read_is_named_and_the_others_are_synced(warm: Warm, stranger: tuple[World, int]) -> None:
    world, uid = stranger
    (world.music / "closed folder").mkdir()
    lay_out(
        world.music,
        (
            Bad("closed.flac", whole(0, "flac"), ""),
            Bad("open.flac", whole(1, "flac"), ""),
            Bad("closed folder/inner.flac", whole(2, "flac"), ""),
        ),
    )
    give(world.music.parent, uid)
    (world.music / "closed.flac").chmod(0)
    (world.music / "closed folder").chmod(0)

    planned = warm.run(world, "plan", str(world.music), "--json", uid=uid)
    done = warm.run(world, "sync", str(world.music), "--json", uid=uid)

    assert done.code == 3
    assert planned.json["counts"] == done.json["counts"]
    assert (done.json["counts"]["new"], done.json["counts"]["failed"]) == (1, 1)
    assert "closed.flac cannot be read" in done.reasons["closed.flac"]
    assert "closed folder cannot be read" in done.json["sources"][0]["message"]
    must_be_clear(done.err + done.reasons["closed.flac"])


def test_a_folder_that_may_not_be_read_fails_as_a_source_and_says_so(warm: Warm, stranger: tuple[World, int]) -> None:
    """P5 P10"""
    world, uid = stranger
    give(world.music.parent, uid)
    world.music.chmod(0)

    done = warm.run(world, "sync", str(world.music), "--json", uid=uid)

    assert done.code == 3
    assert not done.json["sources"][0]["ok"]
    assert "cannot be read" in done.json["sources"][0]["message"]


def test_a_home_that_may_not_be_written_is_named(warm: Warm, stranger: tuple[World, int]) -> None:
    world, uid = stranger
    lay_out(world.music, (Bad("open.flac", whole(1, "flac"), ""),))
    world.music.parent.chmod(0o555)

    done = warm.run(world, "sync", str(world.music), "--json", uid=uid)

    assert done.code == 7
    assert str(world.home) in done.sentence


def test_one_bad_source_does_not_stop_the_others(warm: Warm, world: World) -> None:
    """P10"""
    lay_out(world.music, (Bad("good.flac", whole(1, "flac"), ""),))
    binary = world.music.parent / "not a list.txt"
    binary.write_bytes(b"\0" * 100)

    done = warm.run(world, "sync", str(binary), str(world.music), "--json")

    assert done.code == 4  # only its owner can mend that list
    assert [source["ok"] for source in done.json["sources"]] == [False, True]
    assert done.json["counts"]["new"] == 1
    assert "not a list.txt" in done.json["sources"][0]["message"]
