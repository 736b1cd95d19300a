"""A file that is made to take memory or time is refused in one sentence, with little of both."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.audio.encoded import encode
from tests.audio.hostile import flac, write_all

from music_sync.audio import container, decode
from music_sync.audio.measure import measure
from music_sync.model.errors import GiveUp

_ADDRESS_SPACE = 6 * 1024**3
"""Of the child, so that a limit that is gone does not take the machine along."""
_LOOKS = """
import json, os, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.audio.measure import measure
from music_sync.model.errors import GiveUp

def look(path):
    try:
        measure(path, None, lambda _: None)
        told = ["", ""]
    except GiveUp as error:
        told = [error.rule, str(error)]
    MutagenTagger().read(path)
    MutagenTagger().cover(path)
    return told

folder = Path(sys.argv[1])
look(folder / "sound.mp3")
unit = 1024**2 if sys.platform == "darwin" else 1024
for path in sorted(folder.iterdir()):
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.write(into, json.dumps(look(path)).encode())
        os._exit(0)
    os.close(into)
    _, status, used = os.wait4(child, 0)
    told = json.loads(os.read(out, 9999) or b'["broke", "broke"]')
    print(json.dumps([path.name, *told, used.ru_maxrss // unit, used.ru_utime + used.ru_stime]))
"""


@dataclass(frozen=True)
class Look:
    rule: str
    said: str
    most_mb: int
    """Memory that the process held at once, 150 of them its own libraries."""
    work_s: float


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Look]:
    """What a process of its own makes of each file: measured, and its tags and cover read."""
    folder = tmp_path_factory.mktemp("hostile")
    write_all(folder)
    command = [sys.executable, "-c", _LOOKS, str(folder), str(_ADDRESS_SPACE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: Look(*rest) for name, *rest in told}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("index_of_2_26.m4a", "not_audio"),
        ("index_of_2_31.m4a", "not_audio"),
        ("index_of_8_million.m4a", "not_audio"),
        ("fragment_of_2_26.m4a", "not_audio"),
        ("frames_of_2_24.m4a", "not_audio"),
        ("frames_of_2_32.m4a", "implausible"),
        ("length_of_2_36.flac", "implausible"),
        ("seven_channels.flac", "implausible"),
        ("blocks.flac", "implausible"),
        ("pictures.flac", "implausible"),
        ("streams.ogg", "not_audio"),
        ("one_hertz.wav", "implausible"),
        ("eight_channels.wav", "implausible"),
        ("announced_gigabytes.wav", "truncated"),
        ("large_picture.mp3", "implausible"),
        ("packed_picture.mp3", ""),
    ],
)
def test_b40_a_file_made_to_take_memory_or_time_gets_neither(looks: dict[str, Look], name: str, rule: str) -> None:
    """B40 B41: a picture that is packed is never unpacked, and its track is good."""
    look = looks[name]

    assert look.rule == rule, look.said
    assert look.said.startswith(name) or not rule
    assert look.said.count(". ") == 0
    assert look.most_mb < 600
    assert look.work_s < 15


def test_b40_more_sound_than_anyone_has_in_one_file_is_refused_when_it_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B40: where the header announces no length."""
    path = encode(tmp_path / "a.mp3", np.zeros((2, 44_100 * 4), np.float32), way="headless.mp3")
    monkeypatch.setattr(container, "MOST_SAMPLES", 44_100 * 2 * 2)

    with pytest.raises(GiveUp, match=r"^a\.mp3 holds more sound than 12 hours of stereo"):
        measure(path, None, lambda _: None)


def test_hours_in_high_resolution_are_counted_in_samples(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(flac(4 * 3600 * 192_000, rate_hz=192_000))

    with pytest.raises(GiveUp, match="more sound than 12 hours of stereo"):
        container.probe(path)


def test_b41_a_sound_that_takes_more_work_than_it_can_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B41: the work of this thread counts, and not the time that passes while a machine sleeps."""
    path = encode(tmp_path / "a.flac", np.zeros((2, 44_100 * 4), np.float32))
    monkeypatch.setattr(decode, "_HEAD_START_S", 0.0)
    monkeypatch.setattr(decode, "_SLOWEST", 0.0)

    with pytest.raises(GiveUp, match=r"^a\.flac takes far more work"):
        measure(path, None, lambda _: None)
