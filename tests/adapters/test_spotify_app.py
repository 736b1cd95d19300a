"""The desktop app is asked by a program that really runs, and its silence is never a failure."""

import sys
import time
from pathlib import Path

import pytest

from music_sync.adapters.spotify_app import now_playing
from music_sync.model.errors import NeedsPerson, ServiceUnavailable
from music_sync.model.track import FoundTrack

TRACK_ID = "4uLU6hMCjMI75M1A2tKUQC"


def osascript(folder: Path, program: str) -> list[str]:
    """A stand-in for osascript: a program on disk; `script` is what it was told to run."""
    file = folder / "osascript.py"
    file.write_text(f"import sys\nassert sys.argv[1] == '-e'\nscript = sys.argv[2]\n{program}\n", encoding="utf-8")
    return [sys.executable, str(file)]


def printing(folder: Path, *fields: str) -> list[str]:
    told = "\x1f".join(fields)
    return osascript(folder, f"sys.stdout.buffer.write({told!r}.encode() + b'\\n')")


def failing(folder: Path, sentence: str) -> list[str]:
    return osascript(folder, f"sys.exit({f'0:96: execution error: {sentence}'!r})")


def test_what_plays_is_found(tmp_path: Path) -> None:
    run = printing(tmp_path, f"spotify:track:{TRACK_ID}", "Half Past Two", "Nadia Klee", "Hours", "205500")

    assert now_playing(run) == FoundTrack(
        source="spotify",
        source_id=TRACK_ID,
        artist="Nadia Klee",
        title="Half Past Two",
        album="Hours",
        length_s=205.5,
        url=f"https://open.spotify.com/track/{TRACK_ID}",
    )


def test_odd_words_come_through(tmp_path: Path) -> None:
    run = printing(tmp_path, f"spotify:track:{TRACK_ID}", '夜行 "バス", {1}', "Cafe\u0301\t🎧", "", "missing value")
    found = now_playing(run)

    assert found is not None
    assert (found.title, found.artist, found.album, found.length_s) == ('夜行 "バス", {1}', "Café 🎧", "", None)


@pytest.mark.parametrize(
    "fields",
    [
        [""],
        [f"spotify:episode:{TRACK_ID}", "Talk", "", "", "1"],
        ["spotify:ad:000000012c603a6600000020316a17a1", "Premium", "", "", "30000"],
        ["spotify:local:Foil:Paper:Ink:205", "Ink", "Foil", "Paper", "205000"],
        [f"spotify:track:{TRACK_ID}", "a field is missing"],
    ],
)
def test_what_is_no_track_of_spotify_is_nothing(tmp_path: Path, fields: list[str]) -> None:
    assert now_playing(printing(tmp_path, *fields)) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Spotify got an error: Can’t get current track. (-1728)",
        "A “end” can’t go after this identifier. (-2740)",
        "Spotify got an error: Application isn’t running. (-600)",
        "Spotify got an error: Connection is invalid. (-609)",
    ],
)
def test_a_closed_app_is_nothing_new_and_no_failure_p12(tmp_path: Path, sentence: str) -> None:
    assert now_playing(failing(tmp_path, sentence)) is None


def test_a_machine_without_applescript_is_nothing_new_p12(tmp_path: Path) -> None:
    assert now_playing([str(tmp_path / "osascript")]) is None


def test_the_app_is_never_started_by_asking_p12(tmp_path: Path) -> None:
    first = osascript(tmp_path, "print(script.splitlines()[0], file=open(__file__ + '.first', 'w'))")
    now_playing(first)

    assert (tmp_path / "osascript.py.first").read_text().strip() == (
        'if application "Spotify" is not running then return ""'
    )


def test_a_person_hears_how_to_allow_it(tmp_path: Path) -> None:
    with pytest.raises(NeedsPerson, match="Automation"):
        now_playing(failing(tmp_path, "Not authorized to send Apple events to Spotify. (-1743)"))


@pytest.mark.parametrize("sentence", ["AppleEvent timed out. (-1712)", "Something new. (-9999)", "no number at all"])
def test_another_failure_is_told(tmp_path: Path, sentence: str) -> None:
    with pytest.raises(ServiceUnavailable, match="the next sync asks again"):
        now_playing(failing(tmp_path, sentence))


def test_an_app_that_hangs_is_left_alone(tmp_path: Path) -> None:
    began = time.monotonic()

    with pytest.raises(ServiceUnavailable, match=r"within 0\.5 s"):
        now_playing(osascript(tmp_path, "sys.stdin.read(); __import__('threading').Event().wait(60)"), deadline_s=0.5)
    assert time.monotonic() - began < 10
