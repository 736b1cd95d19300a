"""Where undone files go: one move each, never over another file, found again by a second call."""

from pathlib import Path

import pytest

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.model.errors import EnvironmentFault, NeedsPerson
from music_sync.model.track import LibraryFile, StagedFile


@pytest.fixture
def library(tmp_path: Path) -> FolderLibrary:
    return FolderLibrary.at(tmp_path / "library", least_free_bytes=0)


@pytest.fixture
def folder(library: FolderLibrary, tmp_path: Path) -> UndoneFolder:
    return UndoneFolder(library, tmp_path / "home/var/undone")


@pytest.fixture
def file(library: FolderLibrary, tmp_path: Path) -> LibraryFile:
    staged = tmp_path / "staged"
    staged.write_bytes(b"sound")
    return library.place(library.prepare(StagedFile(staged, "aiff"), "Moderat/Bad Kingdom", "0123abcd-0"))


def test_a_file_is_moved_and_moved_back(library: FolderLibrary, folder: UndoneFolder, file: LibraryFile) -> None:
    """P37"""
    number = library.absolute(file).stat().st_ino
    where = folder.take(file, 7, "2026-11-23")
    again = folder.take(file, 7, "2026-11-24")

    assert where == again == folder.where(file, 7)
    assert where.parts[-4:] == ("2026-11-23", "7", "Moderat", "Bad Kingdom.aiff")
    assert not library.absolute(file).parent.exists()

    for _ in range(2):
        folder.must_come_back(file, where)
        folder.give_back(file, where)

    assert library.absolute(file).stat().st_ino == number
    assert folder.where(file, 7) is None


def test_undone_files_are_for_their_owner_only(folder: UndoneFolder, file: LibraryFile, tmp_path: Path) -> None:
    folder.take(file, 7, "2026-11-23")

    assert (tmp_path / "home/var/undone").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_holds_something_else_stays(
    library: FolderLibrary, folder: UndoneFolder, file: LibraryFile
) -> None:
    (library.absolute(file).parent / "cover.jpg").write_bytes(b"mine")
    folder.take(file, 7, "2026-11-23")

    assert (library.root / "Moderat/cover.jpg").read_bytes() == b"mine"


def test_a_file_that_changed_or_is_gone_is_told(
    library: FolderLibrary, folder: UndoneFolder, file: LibraryFile
) -> None:
    """P34 P40"""
    folder.must_be_as_filed(file, 7)
    library.absolute(file).write_bytes(b"SOUND")
    with pytest.raises(NeedsPerson, match="is not the file that was filed"):
        folder.must_be_as_filed(file, 7)

    library.absolute(file).unlink()
    with pytest.raises(NeedsPerson, match="is gone from the library"):
        folder.must_be_as_filed(file, 7)


def test_what_a_killed_undo_moved_counts_as_it_was_filed(folder: UndoneFolder, file: LibraryFile) -> None:
    """P48"""
    folder.take(file, 7, "2026-11-22")

    folder.must_be_as_filed(file, 7)
    with pytest.raises(NeedsPerson):
        folder.must_be_as_filed(file, 8)


def test_no_move_writes_over_another_file(library: FolderLibrary, folder: UndoneFolder, file: LibraryFile) -> None:
    """P50"""
    where = folder.take(file, 7, "2026-11-23")
    place = library.root / file.path
    place.parent.mkdir()
    place.write_bytes(b"mine!")

    with pytest.raises(NeedsPerson, match="another file is at"):
        folder.must_come_back(file, where)
    with pytest.raises(EnvironmentFault):
        folder.give_back(file, where)
    assert (place.read_bytes(), where.read_bytes()) == (b"mine!", b"sound")


def test_an_undone_file_that_changed_does_not_come_back(folder: UndoneFolder, file: LibraryFile) -> None:
    where = folder.take(file, 7, "2026-11-23")
    where.write_bytes(b"SOUND")

    with pytest.raises(NeedsPerson, match="not the file that was undone"):
        folder.must_come_back(file, where)


def test_nothing_comes_back_through_a_link_out_of_the_library(
    library: FolderLibrary, folder: UndoneFolder, file: LibraryFile, tmp_path: Path
) -> None:
    where = folder.take(file, 7, "2026-11-23")
    (tmp_path / "elsewhere").mkdir()
    (library.root / "Moderat").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NeedsPerson, match="leads out of the library"):
        folder.must_come_back(file, where)
