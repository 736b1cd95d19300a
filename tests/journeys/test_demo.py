"""The demo as a person runs it: killed by itself, proved, run again, broken on purpose, stopped by hand, removed."""

import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from music_sync.adapters.lock_file import locked
from music_sync.demo import likes_verdict, sandbox, story, verdict
from music_sync.demo.likes import LikedServices
from music_sync.demo.offers import Offers
from music_sync.demo.verdict import Evidence

COMMAND = [sys.executable, "-m", "music_sync", "demo", "--folder"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A person with settings of their own, none of which the demo may follow."""
    precious = folder / "precious"
    own = {"MUSIC_SYNC_HOME": str(precious), "MUSIC_SYNC_LIBRARY": str(precious), "MUSIC_SYNC_DROP": str(precious)}
    own |= {
        "SPOTIFY_REFRESH_TOKEN": "theirs",
        "LASTFM_USER": "them",
        "MUSIC_SYNC_SPOTIFY_URL": "https://spotify.invalid",
    }
    return {**os.environ, **own, "NO_COLOR": "1", **more}


def demo(place: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, str(place), *options],
        env=environment(place.parent, **more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def readme_lines() -> list[str]:
    """What the README shows of a demo, but for what it leaves out and where its sandbox was."""
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    block = page.partition("<!-- demo: begin -->\n```text\n")[2].partition("\n```\n<!-- demo: end -->")[0]
    lines = without_numbers(block.partition("\n  the library ")[0])
    return [line for line in lines if line.strip() != "..." and not line.startswith("sandbox: ")]


def without_numbers(text: str) -> list[str]:
    """Ports, seconds, days and how far the first life came differ from run to run."""
    lines = (re.sub(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ", "", line) for line in text.splitlines())
    return [re.sub(r"\d+( track)?s?", r"0\1", line) for line in lines]


def seen_again(place: Path) -> tuple[Offers, Evidence]:
    """The finished demo's world, and what its program says now."""
    with sandbox.opened(place) as opened, LikedServices(opened.accounts, is_later=True) as services:
        offers = story.offered(opened, opened.link_base)
        return offers, story.gathered(story.program_in(opened, offers, services), opened, offers, {})


def test_the_demo_proves_itself_twice_notices_a_fault_and_goes_without_a_trace(tmp_path: Path) -> None:
    place = tmp_path / "a demo's folder"
    first = demo(place)

    assert first.returncode == 0, first.stdout + first.stderr
    assert "killed in the middle (return code -9)" in first.stdout
    assert "128.00 BPM (true 128.00)  8A Am" in first.stdout
    for told in ("only a preview", "is cut off", "a web page", "sounds like", "0 findings", "All of it holds"):
        assert told in first.stdout
    assert "\x1b" not in first.stdout + first.stderr
    assert not (tmp_path / "precious").exists()
    assert [line for line in readme_lines() if line not in without_numbers(first.stdout + first.stderr)] == []

    second = demo(place, "--json")
    shape = json.loads(second.stdout)

    assert second.returncode == 0, second.stdout + second.stderr
    assert (shape["ok"], shape["first"], shape["result"], shape["kill"]) == (True, False, "partial", None)
    assert shape["endings"] == {"synced": 16, "already_have": 6, "review": 1, "buy_list": 4, "failed": 2}
    must_tell_of_the_likes(shape["likes"], first.stdout)

    must_notice_a_lie_and_a_loss(place)

    assert demo(place, "--remove").returncode == 0
    assert list(tmp_path.iterdir()) == []


def must_tell_of_the_likes(shape: dict[str, Any], first: str) -> None:
    """A day later, and once more: only what is new, who limits us, whose sign-in has ended."""
    for told in (
        "already yours: same ISRC",
        "only Aoife and The Current - Salt was new and worked on",
        "1 track is no longer on Liked songs: 0 of 16 files in the library changed",
        "2 entries of Warm Up are no tracks",
        "1 call and no more",
        "run `music-sync connect youtube`",
    ):
        assert told in first
    sources = {f"{each['name']} {each['part']}": each for each in shape["sources"]}

    assert all(claim["ok"] for claim in shape["claims"])
    assert (shape["counts"]["new"], shape["counts"]["buy_list"], shape["counts"]["failed"]) == (0, 0, 0)
    assert (shape["calls"]["spotify"], shape["calls"]["soundcloud"]) == (2, 0)
    assert [name for name, told in sources.items() if not told["ok"]] == ["soundcloud likes", "youtube likes"]
    assert shape["playlist"] == [
        "Test Tone/Test Tone - Four On The Floor.mp3",
        f"Søren Åkerlund/{unicodedata.normalize('NFC', 'Søren Åkerlund - Låda')}.m4a",
    ]


def must_notice_a_lie_and_a_loss(place: Path) -> None:
    """Hold the real evidence against a truth that is none; then take a real file away."""
    offers, evidence = seen_again(place)
    first, *others = offers.offers
    assert first.piece
    lie = replace(first, piece=replace(first.piece, tempo_bpm=first.piece.tempo_bpm + 1))

    foreseen = [likes_verdict.ENDED]

    assert list(verdict.problems(offers, evidence, foreseen)) == []
    assert len(list(verdict.problems(replace(offers, offers=(lie, *others)), evidence, foreseen))) == 1

    (evidence.library / evidence.recordings[0].paths[0]).unlink()
    broken = demo(place)

    assert broken.returncode == 1
    assert "do not hold" in broken.stdout
    assert "is not in the library" in broken.stdout


@pytest.mark.slow
def test_a_stopped_demo_leaves_nothing_running_and_begins_anew_without_the_system_s_chromaprint(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    stop_at_the_first_track(place)

    done = demo(place, "--json", **without_libchromaprint(tmp_path))
    shape = json.loads(done.stdout)
    fingerprints = next(check["message"] for check in shape["doctor"]["checks"] if check["id"] == "chromaprint")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (shape["ok"], shape["first"], shape["kill"]["code"]) == (True, True, -signal.SIGKILL)
    assert fingerprints == "fingerprints by ffmpeg of imageio-ffmpeg"


def stop_at_the_first_track(place: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, str(place)],
        env=environment(place.parent),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr
        assert any(line.startswith("synced: ") for line in process.stderr)
        process.send_signal(signal.SIGINT)
        process.stderr.read()

        assert process.wait(timeout=30) == 130
    with locked(place / "home" / "var" / "music-sync.lock", "a test"):
        pass  # free: the worker is gone


def without_libchromaprint(folder: Path) -> dict[str, str]:
    """The loader finds these first, and they are no libraries."""
    hiding = folder / "hiding"
    hiding.mkdir()
    for name in ("libchromaprint.so.1", "libchromaprint.so.0", "libchromaprint.1.dylib", "libchromaprint.0.dylib"):
        (hiding / name).touch()
    return {"LD_LIBRARY_PATH": str(hiding), "DYLD_LIBRARY_PATH": str(hiding)}
