import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from music_sync.adapters.sources.folder import FolderSource
from music_sync.model.errors import EnvironmentFault

NOW_S = 1_800_000_000.0


class Folder:
    """A folder of files with chosen ages, and a source whose clock stands still and whose sleep is noted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.slept_s: list[float] = []
        self.while_asleep: Callable[[], object] = lambda: None

    def add(self, name: str, age_s: float = 3600, content: bytes = b"audio") -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (NOW_S - age_s, NOW_S - age_s))
        return file

    def source(self) -> FolderSource:
        return FolderSource(self.path, now=lambda: NOW_S, sleep=self._sleep)

    def names(self) -> list[str]:
        return [found.path.name for found in self.source().detect() if found.path]

    def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.while_asleep()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_all_audio_files_are_found_at_any_depth_newest_first(folder: Folder) -> None:
    folder.add("old.mp3", 300)
    folder.add("a/b/c/new.FLAC", 100)
    folder.add("a/middle.aiff", 200)
    folder.add("a/cover.jpg")
    folder.add("notes.txt")

    assert folder.names() == ["new.FLAC", "middle.aiff", "old.mp3"]


def test_a_found_track_is_named_by_its_path_and_changes_with_its_content(folder: Folder) -> None:
    path = folder.add("Artist - Title.mp3")
    first = next(folder.source().detect())
    folder.add("Artist - Title.mp3", content=b"longer audio")
    second = next(folder.source().detect())

    assert first.source_id == second.source_id == str(path)
    assert first.revision == f"5-{int((NOW_S - 3600) * 1e9)}"
    assert second.revision != first.revision
    assert (first.source, first.artist, first.title, first.path) == ("folder", "Artist", "Title", path)
    assert first.guessed


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.mp3",
        "._song.mp3",
        ".trash/song.mp3",
        "song.mp3.part",
        "song.mp3.crdownload",
        "song.mp3.download/song.mp3",
        "song.mp3.tmp",
        "song.mp3.!qB",
        "song.mp3.aria2",
        "song.mp3~",
        "song",
        "mp3",
    ],
)
def test_hidden_and_unfinished_files_are_passed_over(folder: Folder, name: str) -> None:
    folder.add(name)

    assert folder.names() == []


def test_a_file_that_another_program_is_still_filling_is_passed_over(folder: Folder) -> None:
    folder.add("a.mp3")
    folder.add("a.mp3.part")
    folder.add("b.mp3")
    folder.add("b.mp3.aria2")
    folder.add("c.mp3")

    assert folder.names() == ["c.mp3"]


def test_nothing_is_waited_for_when_nothing_is_fresh(folder: Folder) -> None:
    folder.add("a.mp3", 6)

    assert folder.names() == ["a.mp3"]
    assert folder.slept_s == []


def test_fresh_files_are_waited_for_once_for_all(folder: Folder) -> None:
    for number in range(5):
        folder.add(f"{number}.mp3", 1)

    assert len(folder.names()) == 5
    assert folder.slept_s == [2.0]


def test_a_growing_file_is_held_back_until_it_is_still(folder: Folder) -> None:
    growing = folder.add("growing.mp3", 1)
    folder.add("still.mp3", 1)
    folder.while_asleep = lambda: folder.add("growing.mp3", 1, b"more audio")
    source = folder.source()

    assert [found.path and found.path.name for found in source.detect()] == ["still.mp3"]
    assert source.held_back == [growing]

    folder.while_asleep = lambda: None
    assert len(list(source.detect())) == 2
    assert source.held_back == []


@pytest.mark.parametrize("change", ["touch", "delete", "replace"])
def test_a_file_that_is_touched_between_the_looks_is_held_back(folder: Folder, change: str) -> None:
    path = folder.add("a.mp3", 1)
    other = folder.add("other", 1)
    changes: dict[str, Callable[[], object]] = {
        "touch": lambda: os.utime(path, (NOW_S, NOW_S)),
        "delete": path.unlink,
        "replace": lambda: other.replace(path),
    }
    folder.while_asleep = changes[change]

    assert folder.names() == []


def test_a_fresh_empty_file_is_held_back(folder: Folder) -> None:
    folder.add("a.mp3", 1, b"")

    assert folder.names() == []


def test_a_file_from_the_future_is_found_when_it_is_still(folder: Folder) -> None:
    folder.add("a.mp3", -1_000_000)

    assert folder.names() == ["a.mp3"]


def test_links_to_folders_are_not_followed(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "b.mp3").write_bytes(b"audio")
    folder.add("in/a.mp3")
    (folder.path / "in" / "loop").symlink_to(folder.path)
    (folder.path / "out").symlink_to(outside)

    assert folder.names() == ["a.mp3"]


def test_a_link_to_a_file_is_found_under_its_own_name(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "real.mp3"
    outside.write_bytes(b"audio")
    os.utime(outside, (1, 1))
    (folder.path / "link.mp3").symlink_to(outside)

    assert folder.names() == ["link.mp3"]


def test_what_is_no_plain_file_is_passed_over(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder.path / "pipe.mp3")
    (folder.path / "dangling.mp3").symlink_to("nowhere.mp3")
    (folder.path / "circle.mp3").symlink_to("circle.mp3")
    (folder.path / "folder.mp3").mkdir()
    folder.add("good.mp3")
    monkeypatch.chdir(folder.path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.mp3")

        assert folder.names() == ["good.mp3"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_loses_no_other_track(folder: Folder) -> None:
    folder.add("closed/a.mp3")
    folder.add("open/b.mp3")
    (folder.path / "closed").chmod(0)
    source = folder.source()

    try:
        assert [found.path and found.path.name for found in source.detect()] == ["b.mp3"]
        assert len(source.messages) == 1
        assert "closed" in source.messages[0]
    finally:
        (folder.path / "closed").chmod(0o700)


def test_a_folder_too_deep_to_be_read_loses_no_other_track(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.add("a.mp3")
    monkeypatch.chdir(folder.path)
    for _ in range(17):  # 17 names of 250 bytes are longer than a path may be
        os.mkdir("d" * 250)  # noqa: PTH102 - relative on purpose
        os.chdir("d" * 250)
    source = folder.source()

    assert [found.path and found.path.name for found in source.detect()] == ["a.mp3"]
    assert len(source.messages) == 1


def test_a_folder_that_is_away_is_never_an_empty_one(folder: Folder) -> None:
    with pytest.raises(EnvironmentFault, match="is not there"):
        list(FolderSource(folder.path / "away").detect())


def test_one_file_may_stand_for_a_folder(folder: Folder) -> None:
    path = folder.add("Artist - Title.mp3")
    folder.add("other.mp3")
    found = list(FolderSource(path, now=lambda: NOW_S).detect())

    assert [track.source_id for track in found] == [str(path)]


def test_a_file_has_the_same_name_alone_and_in_its_folder(folder: Folder) -> None:
    path = folder.add("a.mp3")

    assert next(FolderSource(path).detect()).key == next(folder.source().detect()).key
