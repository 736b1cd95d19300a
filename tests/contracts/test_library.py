"""What every library does, whatever drive it lives on."""

import dataclasses
import hashlib
import shutil
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.errors import EnvironmentFault, GiveUp, TryAgainLater
from music_sync.model.ports import Library
from music_sync.model.track import LibraryFile, StagedFile

WANTED = "Moderat/Moderat - Bad Kingdom"
RECORDING, OTHER_RECORDING = "0123abcd4567-0", "89abcdef0123-0"

Stage = Callable[[bytes], StagedFile]


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    return tmp_path / "drive"


@pytest.fixture
def library(drive: Path) -> Library:
    drive.mkdir()
    return FolderLibrary.at(drive / "library", least_free_bytes=0)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A staged file of these bytes; a library copies bytes, so they need not be audio."""

    def staged(content: bytes) -> StagedFile:
        path = tmp_path / f"staged-{hashlib.sha256(content).hexdigest()[:8]}.aiff"
        path.write_bytes(content)
        return StagedFile(path, "aiff")

    return staged


def filed(library: Library, staged: StagedFile, attempt: str = RECORDING, wanted: str = WANTED) -> LibraryFile:
    return library.place(library.prepare(staged, wanted, attempt))


def visible(drive: Path) -> list[str]:
    root = drive / "library"
    paths = (path for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path.relative_to(root).as_posix() for path in paths)


def hidden(drive: Path) -> list[str]:
    return sorted(path.name for path in drive.rglob(".music-sync-*") if path.name != ".music-sync-library")


def test_a_staged_file_is_placed_whole_and_sealed(library: Library, drive: Path, stage: Stage) -> None:
    placed = filed(library, stage(b"sound"))

    assert placed == LibraryFile(f"{WANTED}.aiff", "aiff", hashlib.sha256(b"sound").hexdigest(), 5)
    assert library.absolute(placed).read_bytes() == b"sound"
    assert library.holds(placed)
    assert hidden(drive) == []


def test_a_prepared_file_cannot_be_seen_yet(library: Library, drive: Path, stage: Stage) -> None:
    prepared = library.prepare(stage(b"sound"), WANTED, RECORDING)

    assert visible(drive) == []
    assert hidden(drive) == [prepared.hidden.rpartition("/")[2]]


def test_preparing_again_after_a_kill_writes_over_the_first_remains(
    library: Library, drive: Path, stage: Stage
) -> None:
    first = library.prepare(stage(b"sound"), WANTED, RECORDING)
    (drive / "library" / first.hidden).write_bytes(b"sou")
    second = library.prepare(stage(b"sound"), WANTED, RECORDING)

    assert second == first
    assert (drive / "library" / second.hidden).read_bytes() == b"sound"
    assert len(hidden(drive)) == 1


def test_placing_again_after_a_kill_finds_the_file_that_is_there(library: Library, drive: Path, stage: Stage) -> None:
    prepared = library.prepare(stage(b"sound"), WANTED, RECORDING)
    first = library.place(prepared)

    assert library.place(prepared) == first
    assert visible(drive) == [f"{WANTED}.aiff"]


def test_preparing_and_placing_again_after_a_kill_leaves_one_file(library: Library, drive: Path, stage: Stage) -> None:
    first = filed(library, stage(b"sound"))

    assert filed(library, stage(b"sound")) == first
    assert visible(drive) == [f"{WANTED}.aiff"]
    assert hidden(drive) == []


def test_two_recordings_of_one_name_are_both_kept(library: Library, drive: Path, stage: Stage) -> None:
    first = filed(library, stage(b"one"))
    second = filed(library, stage(b"two"), OTHER_RECORDING)

    assert second.path == f"{WANTED} [89abcdef].aiff"
    assert (library.absolute(first).read_bytes(), library.absolute(second).read_bytes()) == (b"one", b"two")


def test_a_tagged_name_that_is_taken_too_gets_a_number(library: Library, stage: Stage) -> None:
    for content in (b"one", b"two"):
        filed(library, stage(content), OTHER_RECORDING)

    assert filed(library, stage(b"three"), OTHER_RECORDING).path == f"{WANTED} [89abcdef-2].aiff"


def test_placing_again_finds_a_file_under_its_tagged_name_although_the_plain_one_is_free_by_now(
    library: Library, drive: Path, stage: Stage
) -> None:
    first = filed(library, stage(b"one"))
    prepared = library.prepare(stage(b"two"), WANTED, OTHER_RECORDING)
    second = library.place(prepared)
    library.absolute(first).unlink()

    assert library.place(prepared) == second
    assert visible(drive) == [second.path]


@pytest.mark.parametrize(
    "other",
    [
        "Moderat/MODERAT - bad kingdom",
        "MODERAT/Moderat - Bad Kingdom",
    ],
)
def test_names_that_differ_in_case_only_are_one_place(library: Library, stage: Stage, other: str) -> None:
    first = filed(library, stage(b"one"))
    second = filed(library, stage(b"two"), OTHER_RECORDING, other)

    assert second.path.startswith("Moderat/")
    assert second.path.casefold() == first.path.casefold().replace(".aiff", " [89abcdef].aiff")


def test_composed_and_decomposed_letters_are_one_place(library: Library, stage: Stage) -> None:
    filed(library, stage(b"one"), RECORDING, "Bjo\u0308rk/Jo\u0301ga")
    second = filed(library, stage(b"two"), OTHER_RECORDING, "Bj\u00f6rk/J\u00f3ga")

    assert second.path == "Bjo\u0308rk/J\u00f3ga [89abcdef].aiff"


def test_a_copy_that_was_damaged_after_it_was_prepared_is_never_placed(
    library: Library, drive: Path, stage: Stage
) -> None:
    prepared = library.prepare(stage(b"sound"), WANTED, RECORDING)
    (drive / "library" / prepared.hidden).write_bytes(b"noise")

    with pytest.raises(TryAgainLater, match="gone or damaged"):
        library.place(prepared)
    assert visible(drive) == []


def test_a_discarded_copy_is_gone_and_may_be_discarded_again(library: Library, drive: Path, stage: Stage) -> None:
    prepared = library.prepare(stage(b"sound"), WANTED, RECORDING)
    library.discard(prepared)
    library.discard(prepared)

    assert hidden(drive) == []
    with pytest.raises(TryAgainLater):
        library.place(prepared)


def test_a_file_that_is_gone_or_has_another_size_is_not_held(library: Library, stage: Stage) -> None:
    placed = filed(library, stage(b"sound"))

    assert not library.holds(dataclasses.replace(placed, size_bytes=6))
    assert not library.holds(dataclasses.replace(placed, path="Moderat/other.aiff"))
    assert not library.holds(dataclasses.replace(placed, path="Moderat", size_bytes=4096))


def test_of_many_files_those_are_told_that_are_there(library: Library, stage: Stage) -> None:
    placed = filed(library, stage(b"sound"))
    other = dataclasses.replace(placed, path="Moderat/other.aiff")
    decomposed = dataclasses.replace(placed, path=unicodedata.normalize("NFD", placed.path).upper())

    assert library.holds(placed)
    assert library.held([placed, other, dataclasses.replace(other, path="None/other.aiff")]) == {placed.path}
    assert library.held(iter([decomposed])) == {decomposed.path}
    assert library.held([]) == set()
    with pytest.raises(GiveUp):
        library.held([dataclasses.replace(placed, path="../outside.aiff")])


def test_an_offline_library_says_so_to_every_question_and_nothing_is_made(
    library: Library, drive: Path, stage: Stage
) -> None:
    staged = stage(b"sound")
    placed = filed(library, staged)
    prepared = library.prepare(staged, "Moderat/other", OTHER_RECORDING)
    shutil.rmtree(drive / "library")
    questions: list[Callable[[], object]] = [
        library.check,
        lambda: library.holds(placed),
        lambda: library.held([placed]),
        lambda: library.held([]),
        lambda: library.prepare(staged, WANTED, RECORDING),
        lambda: library.place(prepared),
        lambda: library.discard(prepared),
    ]

    for question in questions:
        with pytest.raises(EnvironmentFault, match="offline"):
            question()
    assert not (drive / "library").exists()


def test_two_that_place_at_once_get_two_names(library: Library, drive: Path, stage: Stage) -> None:
    wanted = [library.prepare(stage(b"%d" % number), WANTED, f"{number:08x}-0") for number in range(8)]
    threads = [threading.Thread(target=library.place, args=(each,)) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = {(drive / "library" / path).read_bytes() for path in visible(drive)}

    assert contents == {b"%d" % number for number in range(8)}
    assert hidden(drive) == []
