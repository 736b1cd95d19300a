"""The owner's folders: read once, remembered until a file changes, never written to."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.providers.test_direct_link import noise
from tests.journeys.bad_files import PAGE, encoded

from music_sync.adapters.providers.owned_index import OwnedIndex
from music_sync.adapters.sources.folder import FolderSource
from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.demo.music import write_tags
from music_sync.model.errors import EnvironmentFault
from music_sync.model.ports import OwnFile
from music_sync.model.track import Embedded

WORDS: dict[str, Any] = {"artist": "Moderat", "title": "Bad Kingdom", "album": "II", "isrc": "DEAR41300001"}


class CountingTagger(MutagenTagger):
    """Counts the files it reads, and fails on those named."""

    def __init__(self) -> None:
        self.read_files: list[str] = []
        self.failing = ""

    def read(self, path: Path) -> Embedded:
        self.read_files.append(path.name)
        if path.name == self.failing:
            raise EnvironmentFault("the drive fails")
        return super().read(path)


class Folders:
    """Folders of the owner's, with what is remembered of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.memory = root / "var" / "owned.json"
        self.memory.parent.mkdir()
        self.tagger = CountingTagger()
        self.told: list[str] = []

    def put(self, name: str, content: bytes | None = None, at: int = 1_700_000_000, **words: Any) -> Path:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encoded(0, "flac") if content is None else content)
        if words:
            write_tags(path, words)
        os.utime(path, (at, at))
        return path

    def files(self, *folders: str, keep: bool = True) -> Sequence[OwnFile]:
        """As a run reads them."""
        self.tagger.read_files.clear()
        sources = [FolderSource(self.root / name) for name in folders or ("music",)]
        return list(OwnedIndex(sources, self.tagger, self.memory, keep=keep, tell=self.told.append).files())


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_a_file_is_described_by_its_tags_and_its_header(folders: Folders) -> None:
    path = folders.put("music/x.flac", **WORDS)

    (file,) = folders.files()

    assert (file.path, file.artist, file.title, file.album) == (path, "Moderat", "Bad Kingdom", "II")
    assert (file.isrc, file.codec) == ("DEAR41300001", "flac")
    assert file.length_s
    assert file.bit_rate


@pytest.mark.parametrize(
    ("name", "words"), [("Moderat - Bad Kingdom.wav", ("Moderat", "Bad Kingdom")), ("noise.wav", ("", "noise"))]
)
def test_a_file_without_tags_is_described_by_its_name(folders: Folders, name: str, words: tuple[str, str]) -> None:
    folders.put(f"music/{name}", noise())

    (file,) = folders.files()

    assert (file.artist, file.title) == words


def test_a_second_run_reads_no_tags_again(folders: Folders) -> None:
    folders.put("music/a.flac", **WORDS)
    folders.put("music/no audio.mp3", PAGE)
    first = folders.files()
    assert "a.flac" in folders.tagger.read_files

    assert folders.files() == first
    assert folders.tagger.read_files == []


def test_a_file_that_changed_is_read_again_and_one_that_went_is_forgotten(folders: Folders) -> None:
    folders.put("music/a.flac", **WORDS)
    gone = folders.put("music/b.flac", **WORDS)
    folders.files()
    folders.put("music/a.flac", at=1_700_000_001, artist="Moderat", title="Another")
    gone.unlink()

    (file,) = folders.files()

    assert (file.title, folders.tagger.read_files) == ("Another", ["a.flac"])
    assert list(json.loads(folders.memory.read_bytes())["files"]) == [str(file.path)]


def test_p56_a_folder_that_is_away_is_told_and_its_files_are_remembered(folders: Folders) -> None:
    """P56"""
    folders.put("music/a.flac", **WORDS)
    folders.put("drive/b.flac", **WORDS)
    folders.files("music", "drive")
    (folders.root / "drive").rename(folders.root / "unplugged")
    folders.put("music/c.flac", **WORDS)

    assert {file.path.name for file in folders.files("music", "drive")} == {"a.flac", "c.flac"}
    assert len(folders.told) == 1
    assert str(folders.root / "drive") in folders.told[0]

    (folders.root / "unplugged").rename(folders.root / "drive")

    assert len(folders.files("music", "drive")) == 3
    assert folders.tagger.read_files == []


def test_a_file_whose_drive_fails_is_read_again_next_time(folders: Folders) -> None:
    folders.put("music/a.flac", **WORDS)
    folders.tagger.failing = "a.flac"
    assert folders.files() == []
    folders.tagger.failing = ""

    assert len(folders.files()) == 1


def test_one_file_in_two_folders_counts_once(folders: Folders) -> None:
    folders.put("music/a.flac", **WORDS)

    assert len(folders.files("music", "music")) == 1


def test_a_plan_writes_nothing(folders: Folders) -> None:
    folders.put("music/a.flac", **WORDS)

    assert len(folders.files(keep=False)) == 1
    assert not folders.memory.exists()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema": 2, "files": {}}',
        b'{"schema": 1, "files": []}',
        b'{"schema": 1, "files": {"x": 1}}',
        b"\xff",
    ],
)
def test_a_damaged_memory_only_costs_time(folders: Folders, damage: bytes) -> None:
    folders.put("music/a.flac", **WORDS)
    folders.memory.write_bytes(damage)

    assert [file.title for file in folders.files()] == ["Bad Kingdom"]
    assert folders.files()
    assert folders.tagger.read_files == []


def test_remembered_words_of_a_wrong_type_are_read_anew(folders: Folders) -> None:
    path = folders.put("music/a.flac", **WORDS)
    revision = f"{path.stat().st_size}-{path.stat().st_mtime_ns}"
    said = [1, 2, 3, 4, "long", None, "high"]
    folders.memory.write_text(json.dumps({"schema": 1, "files": {str(path): [revision, said]}}))

    assert [file.title for file in folders.files()] == ["Bad Kingdom"]


def test_a_memory_that_cannot_be_written_stops_nothing(folders: Folders) -> None:
    folders.put("music/a.flac", **WORDS)
    folders.memory.parent.rmdir()

    assert len(folders.files()) == 1


def test_the_files_themselves_stay_as_they_are(folders: Folders) -> None:
    path = folders.put("music/a.flac", **WORDS)
    before = (path.read_bytes(), path.stat().st_mtime_ns)

    folders.files()

    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [each.name for each in path.parent.iterdir()] == ["a.flac"]
