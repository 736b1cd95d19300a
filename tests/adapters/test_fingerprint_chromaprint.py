"""Both ways to Chromaprint give one answer, and a broken one says so."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from music_sync.adapters import fingerprint_chromaprint as chromaprint
from music_sync.audio.fingerprint import SAME_RECORDING, SAMPLE_RATE_HZ, bit_error_rate, is_telling
from music_sync.model.errors import EnvironmentFault

Way = Callable[[], tuple[str, chromaprint.Fingerprinter] | None]


def tune(length_s: float, seed: int = 1) -> NDArray[np.int16]:
    """Chords that change every third of a second."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    step = (at * 3).astype(int)
    wave = sum(np.sin(2 * np.pi * rng.uniform(150, 2500, step.max(initial=0) + 1)[step] * at) for _ in range(4))
    return np.asarray(4000 * wave, np.int16)


@pytest.fixture(params=[chromaprint.by_library, chromaprint.by_ffmpeg], ids=["library", "ffmpeg"])
def fingerprint(request: pytest.FixtureRequest) -> chromaprint.Fingerprinter:
    way: Way = request.param
    found = way()
    if found is None:
        pytest.skip("this machine has no libchromaprint")
    return found[1]


def test_a_machine_with_our_dependencies_can_fingerprint() -> None:
    assert chromaprint.fingerprinter() is not None
    assert chromaprint.name()


def test_two_minutes_have_948_sub_fingerprints_and_more_makes_no_difference(
    fingerprint: chromaprint.Fingerprinter,
) -> None:
    long = fingerprint(tune(130))

    assert len(long) == 948
    assert all(0 <= value < 2**32 for value in long)
    assert is_telling(long)
    assert fingerprint(tune(130)[: 120 * SAMPLE_RATE_HZ]) == long


@pytest.mark.parametrize("length_s", [0.0, 0.3, 2.0])
def test_what_is_too_short_has_an_empty_fingerprint(length_s: float, fingerprint: chromaprint.Fingerprinter) -> None:
    assert fingerprint(tune(length_s)) == ()


def test_gain_and_noise_change_few_bits_and_another_tune_changes_many(
    fingerprint: chromaprint.Fingerprinter,
) -> None:
    heard = fingerprint(tune(40))
    noisy = tune(40) // 2 + np.random.default_rng(3).integers(-40, 40, 40 * SAMPLE_RATE_HZ).astype(np.int16)

    assert bit_error_rate(heard, fingerprint(noisy)) < SAME_RECORDING
    assert bit_error_rate(heard, fingerprint(tune(40, seed=2))) > 3 * SAME_RECORDING


def test_silence_tells_nothing(fingerprint: chromaprint.Fingerprinter) -> None:
    assert not is_telling(fingerprint(np.zeros(60 * SAMPLE_RATE_HZ, np.int16)))


@pytest.mark.parametrize("length_s", [5.0, 60.0, 130.0])
def test_all_ways_of_this_machine_agree(length_s: float) -> None:
    ways = [found[1] for way in (chromaprint.by_library, chromaprint.by_ffmpeg) if (found := way())]
    if len(ways) < 2:
        pytest.skip("this machine has one way only: no libchromaprint")

    first, second = (way(tune(length_s)) for way in ways)

    assert len(first) == len(second) > 0
    assert bit_error_rate(first, second) <= 0.001


def broken_tool(folder: Path, script: str) -> str:
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("script", "finding"),
    [
        ("cat >/dev/null; echo no such muxer >&2; exit 1", "no such muxer"),
        ("exit 3", "code 3"),
        ("cat >/dev/null; exit 0", "empty fingerprint"),
        ("cat >/dev/null; printf abc", "code 0"),
        ("kill -9 $$", "code -9"),
    ],
)
def test_a_tool_that_breaks_is_the_machines_fault(script: str, finding: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=finding):
        chromaprint.run_ffmpeg(broken_tool(tmp_path, script), tune(20))


def test_an_ffmpeg_without_chromaprint_is_passed_over(tmp_path: Path) -> None:
    assert chromaprint.has_muxer(imageio_ffmpeg.get_ffmpeg_exe())
    assert not chromaprint.has_muxer(broken_tool(tmp_path, "echo Unknown format \\'chromaprint\\'."))
    assert not chromaprint.has_muxer(str(tmp_path / "no ffmpeg"))


def test_a_tool_that_is_not_there_is_the_machines_fault(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="does not start"):
        chromaprint.run_ffmpeg(str(tmp_path / "ffmpeg"), tune(20))


def test_a_tool_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "child"
    program = broken_tool(tmp_path, f"sleep 60 & echo $! > {started}; wait")

    with pytest.raises(EnvironmentFault, match="within"):
        chromaprint.run_ffmpeg(program, tune(5), timeout_s=0.5)

    assert _is_gone(int(started.read_text()))


def _is_gone(process_id: int) -> bool:
    """A killed orphan may stay listed, as a zombie, until init collects it."""
    status = Path(f"/proc/{process_id}/stat")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(process_id, 0)
            if status.exists() and ") Z " in status.read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
    return False


def test_many_threads_that_ask_first_get_the_same_way() -> None:
    """In a process of its own: the binding is imported once, and one that is only half imported is seen by nobody."""
    script = (
        "import threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from music_sync.adapters import fingerprint_chromaprint as c\n"
        "gate = threading.Barrier(8)\n"
        "def ask(_):\n"
        "    gate.wait()\n"
        "    return c.fingerprinter()\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    ways = set(pool.map(ask, range(8)))\n"
        "print(len(ways), c.name() != '')\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert (done.stdout.split(), done.stderr) == (["1", "True"], "")
