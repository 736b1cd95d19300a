"""A file of the library gives way to its retagged form, and to nothing else; what its owner changed stays."""

import hashlib
from pathlib import Path

import pytest

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.errors import EnvironmentFault, TryAgainLater
from music_sync.model.track import LibraryFile, StagedFile


@pytest.fixture
def library(tmp_path: Path) -> FolderLibrary:
    (tmp_path / "library").mkdir()
    return FolderLibrary.at(tmp_path / "library", least_free_bytes=0)


@pytest.fixture
def filed(library: FolderLibrary, tmp_path: Path) -> LibraryFile:
    staged = tmp_path / "staged.aiff"
    staged.write_bytes(b"sound" * 1000)
    return library.place(library.prepare(StagedFile(staged, "aiff"), "Moderat/Bad Kingdom", "0123abcd4567-0"))


@pytest.fixture
def retagged(tmp_path: Path, filed: LibraryFile) -> tuple[LibraryFile, Path]:
    """Other bytes for the same place."""
    source = tmp_path / "retagged.aiff"
    source.write_bytes(b"other tags" * 1000)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    return LibraryFile(filed.path, filed.format, sha256, 10_000), source


def test_a_file_gives_way_to_its_retagged_form_and_again_is_harmless(
    library: FolderLibrary, filed: LibraryFile, retagged: tuple[LibraryFile, Path]
) -> None:
    path = library.absolute(filed)
    path.chmod(0o640)
    assert library.replace(filed, *retagged)
    assert library.replace(filed, *retagged)

    assert path.read_bytes() == retagged[1].read_bytes()
    assert path.stat().st_mode & 0o777 == 0o640
    assert (library.is_whole(filed), library.is_whole(retagged[0])) == (False, True)
    assert library.leftovers() == []


def test_a_file_that_its_owner_changed_or_deleted_is_never_replaced(
    library: FolderLibrary, filed: LibraryFile, retagged: tuple[LibraryFile, Path]
) -> None:
    """P34 P50"""
    path = library.absolute(filed)
    path.write_bytes(b"mine!" * 1000)
    assert not library.replace(filed, *retagged)
    assert path.read_bytes() == b"mine!" * 1000

    path.unlink()
    assert not library.replace(filed, *retagged)
    path.parent.rmdir()

    assert not library.replace(filed, *retagged)
    assert list(library.root.rglob("*.aiff")) == []


def test_a_link_in_the_place_of_a_file_is_not_followed(
    library: FolderLibrary, filed: LibraryFile, retagged: tuple[LibraryFile, Path], tmp_path: Path
) -> None:
    path, outside = library.absolute(filed), tmp_path / "outside.aiff"
    path.rename(outside)
    path.symlink_to(outside)
    content = outside.read_bytes()

    assert not library.replace(filed, *retagged)
    assert outside.read_bytes() == content


def test_a_source_that_is_not_what_was_written_down_replaces_nothing(
    library: FolderLibrary, filed: LibraryFile, retagged: tuple[LibraryFile, Path]
) -> None:
    retagged[1].write_bytes(b"half")
    with pytest.raises(TryAgainLater, match="is damaged"):
        library.replace(filed, *retagged)

    assert library.is_whole(filed)
    assert library.leftovers() == []


def test_in_a_library_that_is_away_nothing_is_replaced_or_called_changed(
    library: FolderLibrary, filed: LibraryFile, retagged: tuple[LibraryFile, Path]
) -> None:
    """P56"""
    library.root.rename(library.root.with_name("away"))
    with pytest.raises(EnvironmentFault, match="offline"):
        library.replace(filed, *retagged)

    with pytest.raises(EnvironmentFault, match="offline"):
        library.is_whole(filed)
