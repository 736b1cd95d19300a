"""The owner's files are heard once, and again when they change."""

from pathlib import Path

import pytest
from tests.journeys.bad_files import PAGE, encoded

from music_sync.adapters.fingerprint_chromaprint import fingerprinter
from music_sync.adapters.providers.owned_sounds import OwnedSounds
from music_sync.audio.measure import fingerprinted, measure
from music_sync.model.errors import EnvironmentFault


class Ear:
    """Hears for real, and counts."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.fails = False

    def __call__(self, path: Path) -> tuple[int, ...]:
        self.heard.append(path.name)
        if self.fails:
            raise EnvironmentFault("the drive fails")
        tool = fingerprinter()
        assert tool
        return fingerprinted(path, tool)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "var" / "owned-sounds.jsonl"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "take 3.flac"
    path.write_bytes(encoded(0, "flac"))
    return path


def test_a_file_is_heard_once_whoever_asks_and_as_when_it_is_measured(memory: Path, ear: Ear, song: Path) -> None:
    sounds = OwnedSounds(memory, ear)
    first = sounds.of(song)

    assert first == measure(song, fingerprinter(), lambda _fraction: None).fingerprint
    assert first
    assert sounds.of(song) == OwnedSounds(memory, ear).of(song) == first
    assert ear.heard == ["take 3.flac"]


def test_a_file_that_changed_is_heard_again_and_the_last_word_counts(memory: Path, ear: Ear, song: Path) -> None:
    first = OwnedSounds(memory, ear).of(song)
    song.write_bytes(encoded(1, "flac"))
    second = OwnedSounds(memory, ear).of(song)

    assert second != first
    assert OwnedSounds(memory, ear).of(song) == second
    assert len(ear.heard) == 2


def test_what_is_no_audio_is_heard_once_and_sounds_like_nothing(memory: Path, ear: Ear, song: Path) -> None:
    song.write_bytes(PAGE)

    assert OwnedSounds(memory, ear).of(song) == OwnedSounds(memory, ear).of(song) == ()
    assert len(ear.heard) == 1


def test_a_drive_that_fails_says_nothing_about_the_file(memory: Path, ear: Ear, song: Path) -> None:
    ear.fails = True
    assert OwnedSounds(memory, ear).of(song) == ()
    ear.fails = False

    assert OwnedSounds(memory, ear).of(song)


def test_a_file_that_is_gone_is_not_heard(memory: Path, ear: Ear, song: Path) -> None:
    song.unlink()

    assert (OwnedSounds(memory, ear).of(song), ear.heard) == ((), [])


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"[]\n", b'{"path": 1}\n', b'{"path": "x", "revision": "1"'])
def test_a_damaged_memory_only_costs_time(memory: Path, ear: Ear, song: Path, damage: bytes) -> None:
    first = OwnedSounds(memory, ear).of(song)
    kept = memory.read_bytes()
    memory.write_bytes(damage + b"\n" + kept if damage.startswith(b"\xff") else kept[: len(kept) // 2] + damage)

    assert OwnedSounds(memory, ear).of(song) == first


def test_a_memory_that_cannot_be_written_stops_nothing(ear: Ear, song: Path) -> None:
    assert OwnedSounds(song / "a file is no folder" / "owned-sounds.jsonl", ear).of(song)
