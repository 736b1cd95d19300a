"""How a person names a track, and what is told of it."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.filled import Run, catalogue_of

from music_sync.adapters.library_folder import MARKER, FolderLibrary
from music_sync.model.endings import Failed, OnBuyList, Synced
from music_sync.model.listing import Listing
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Recording

SPOTIFY = "11dFghVXANMlKmJXsNCbNl"
VIDEO = "dQw4w9WgXcQ"
ANN = FoundTrack(
    "spotify",
    SPOTIFY,
    artist="Ann",
    title="Wäves",
    url=f"https://open.spotify.com/track/{SPOTIFY}",
    liked_at="2026-11-20T08:00:00Z",
)
REMIX = replace(
    ANN, source="youtube", source_id=VIDEO, title="Wäves (Bob Remix)", url=f"https://www.youtube.com/watch?v={VIDEO}"
)
CLOUD = FoundTrack("soundcloud", "77", artist="Cara", title="Låda", url="https://soundcloud.com/cara/lada")
LISTED = FoundTrack("list", f"spotify:track:{SPOTIFY[::-1]}", url=f"https://open.spotify.com/track/{SPOTIFY[::-1]}")
FILE = LibraryFile("Ann/Wäves.aiff", "aiff", "f" * 64, 5)
RECORDING = Recording("cafe" + "0" * 28, "Ann", "Wäves", "", "", "", None, "", "0" * 64, Analysis(200.0, ()), (FILE,))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One track is filed, one is to buy, one failed, one stands on a list alone."""
    with catalogue_of(tmp_path) as catalogue:
        catalogue.started(ANN, 1)
        catalogue.add(RECORDING, ANN)
        catalogue.ended(ANN, 1, Synced(RECORDING.recording_id, (FILE,), "filed", "Ann", "Wäves"))
        catalogue.started(REMIX, 1)
        catalogue.ended(REMIX, 1, OnBuyList("streaming services bring no files", REMIX.artist, REMIX.title))
        catalogue.started(CLOUD, 1)
        catalogue.ended(CLOUD, 1, Failed("x is gone (404)", "acquire", "nobody"))
        catalogue.started(LISTED, 1)
        catalogue.ended(LISTED, 1, OnBuyList("no way"))
        likes = Listing("spotify", "likes", "Liked songs", reading=1)
        catalogue.listings.page(likes, [FoundTrack("spotify", "9" * 22, artist="Dan", title="Never Tried")], 0)
    return tmp_path


def found(run: Run, *typed: str) -> str:
    """The key or recording that a typed text names."""
    ran = run("why", *typed, "--json")
    assert ran.return_value == 0, ran.output
    told = json.loads(ran.stdout)
    return told["recording_id"] or "{source}:{source_id}".format(**told["sources"][0])


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        (f"spotify:{SPOTIFY}", RECORDING.recording_id),
        (f"spotify:track:{SPOTIFY}", RECORDING.recording_id),
        (f"https://open.spotify.com/intl-de/track/{SPOTIFY}?si=x", RECORDING.recording_id),
        (f"<open.spotify.com/track/{SPOTIFY}>", RECORDING.recording_id),
        (f"https://youtu.be/{VIDEO}?t=3", f"youtube:{VIDEO}"),
        (f"https://music.youtube.com/watch?v={VIDEO}&list=RDAMVM", f"youtube:{VIDEO}"),
        ("https://m.soundcloud.com/cara/lada?utm_source=x", "soundcloud:77"),
        ("https://api.soundcloud.com/tracks/77", "soundcloud:77"),
        (f"spotify:track:{SPOTIFY[::-1]}", LISTED.key),
        (LISTED.key, LISTED.key),
        ("spotify:" + "9" * 22, "spotify:" + "9" * 22),
        ("cafe", RECORDING.recording_id),
        ("CAFE0", RECORDING.recording_id),
        (RECORDING.recording_id, RECORDING.recording_id),
        ("ann waves bob", f"youtube:{VIDEO}"),
        ("WÄVES remix", f"youtube:{VIDEO}"),
        ("lada", "soundcloud:77"),
        ("Ann - Wäves", RECORDING.recording_id),
        ("never tried", "spotify:" + "9" * 22),
        ("Ann/Wäves.aiff", RECORDING.recording_id),
        ("./Ann/../ann/WA\u0308VES.aiff", RECORDING.recording_id),
    ],
)
def test_a_track_is_understood_in_any_of_its_names(home: Path, run: Run, typed: str, key: str) -> None:
    """P25 P26"""
    assert found(run, typed) == key


def test_words_may_be_typed_without_quotes(home: Path, run: Run) -> None:
    assert found(run, "Bob", "Remix") == f"youtube:{VIDEO}"


def test_a_file_is_understood_from_its_folder_and_through_a_link(
    home: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = home / "library" / "Ann"
    library.mkdir(parents=True)
    (tmp_path / "music").symlink_to(home / "library")
    monkeypatch.chdir(library)

    assert found(run, "Wäves.aiff") == RECORDING.recording_id
    assert found(run, str(library / "Wäves.aiff")) == RECORDING.recording_id
    assert found(run, str(tmp_path / "music" / "Ann" / "Wäves.aiff")) == RECORDING.recording_id


def test_a_file_is_understood_that_a_track_was_made_from(home: Path, run: Run) -> None:
    with catalogue_of(home) as catalogue:
        catalogue.started(
            FoundTrack("folder", "/drop/odd \\xff.flac", path=Path(os.fsdecode(b"/drop/odd \xff.flac"))), 1
        )

    assert found(run, os.fsdecode(b"/drop/odd \xff.flac")) == "folder:/drop/odd \\xff.flac"


def test_several_tracks_are_listed_to_choose_from(home: Path, run: Run) -> None:
    ran, as_json = run("why", "waves"), run("why", "waves", "--json")

    assert (ran.return_value, as_json.return_value) == (2, 2)
    assert ran.stdout.splitlines() == [
        "2 tracks fit `waves`; name one of them:",
        f"  Ann - Wäves  music-sync why {RECORDING.recording_id}",
        f"  Ann - Wäves (Bob Remix)  music-sync why youtube:{VIDEO}",
    ]
    assert [choice["track"] for choice in json.loads(as_json.stdout)["choices"]] == [
        RECORDING.recording_id,
        f"youtube:{VIDEO}",
    ]


def test_each_choice_can_be_typed_as_it_is_shown(home: Path, run: Run) -> None:
    with catalogue_of(home) as catalogue:
        catalogue.ended(
            FoundTrack("list", "text:it's - 'x' $(touch y)", artist="It's", title="Wäves"), 1, OnBuyList("no")
        )

    line = run("why", "it's").stdout
    assert "It's - Wäves" in line
    assert found(run, "list:text:it's - 'x' $(touch y)") == "list:text:it's - 'x' $(touch y)"
    shown = [each for each in run("why", "waves").stdout.splitlines() if "touch" in each]
    assert shown == ["  It's - Wäves  music-sync why 'list:text:it'\"'\"'s - '\"'\"'x'\"'\"' $(touch y)'"]


def test_a_short_id_that_is_a_word_too_is_no_trap(home: Path, run: Run) -> None:
    with catalogue_of(home) as catalogue:
        catalogue.ended(FoundTrack("list", "x", artist="Eve", title="Cafe"), 1, OnBuyList("no way"))

    assert run("why", "cafe").stdout.startswith("2 tracks fit `cafe`")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("wavse", "no track is known as `wavse`; near it are `Ann - Wäves`"),
        ("nothing like this at all 42", "no track is known as `nothing like this at all 42`; give words"),
        ("https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC", "no track is known as `https://open.spotify"),
        ("https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M", "the Spotify playlist"),
        ("https://open.spotify.com/track/1", "22 letters and digits"),
        ("https://on.soundcloud.com/abc", "leads elsewhere"),
        ("/no/such/file.mp3", "no track is known as `/no/such/file.mp3`"),
        ("qq\0qq", "no track is known as"),
        ("%", "no track is known as `%`"),
        ("_____", "no track is known as"),
        ("x" * 5000, "no track is known as"),
    ],
)
def test_what_names_nothing_is_answered_in_one_sentence(home: Path, run: Run, typed: str, said: str) -> None:
    """P26"""
    ran = run("why", typed)

    assert ran.return_value == 2
    assert said in ran.output
    assert ran.output.count("\n") <= 1
    assert len(ran.output) < 500


def test_before_the_first_sync_nothing_is_known_and_nothing_is_made(run: Run, tmp_path: Path) -> None:
    assert run("why", "waves").return_value == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_in_the_library_says_who_goes_on(home: Path, run: Run) -> None:
    """P15 P16 P23"""
    bought, failed, listed = (run("why", each).stdout for each in ("bob remix", "lada", "never tried"))

    assert bought.splitlines()[-2:] == [
        bought.splitlines()[-2],
        "now: not in the library; `music-sync buy-list` has links to stores",
    ]
    assert "on the buy list: streaming services bring no files" in bought
    assert "refused at the stage `acquire`: x is gone (404)" in failed
    assert "`music-sync retry`" in failed
    assert listed.splitlines()[-1] == "now: not tried yet; `music-sync sync` does"


def test_filed_is_said_on_evidence_alone(home: Path, run: Run) -> None:
    """P16 P29 P33 P34"""
    library = FolderLibrary.at(home / "library", None, home)
    with catalogue_of(home) as catalogue:
        catalogue.remember("library", library.identity)

    gone = run("why", "cafe").stdout.splitlines()[-1]
    (library.root / "Ann").mkdir()
    (library.root / FILE.path).write_bytes(b"5 by.")
    there = run("why", "cafe").stdout.splitlines()[-1]
    (library.root / MARKER).unlink()
    offline = run("why", "cafe").stdout.splitlines()[-1]

    assert gone == "now: no longer in the library; `music-sync retry 'Ann/Wäves.aiff'` brings it back"
    assert there == "now: in the library as Ann/Wäves.aiff"
    assert offline.startswith("now: filed; The library")


def test_a_script_gets_each_event_with_its_time(home: Path, run: Run) -> None:
    told = json.loads(run("why", "cafe", "--json").stdout)

    assert told["events"][0]["at"] == "2026-11-20T08:00:00Z"
    assert [event["kind"] for event in told["events"]] == ["liked", "filed"]
    assert told["files"] == [{"path": "Ann/Wäves.aiff", "format": "aiff", "sha256": "f" * 64, "size_bytes": 5}]
    assert [(each["ending"], each["next_actor"]) for each in told["sources"]] == [("synced", "nobody")]
