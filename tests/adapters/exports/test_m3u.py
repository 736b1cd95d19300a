"""Playlists as files in the library."""

import shutil
from pathlib import Path

import pytest

from music_sync.adapters.exports.m3u import FOLDER, M3uFolder
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.errors import EnvironmentFault
from music_sync.model.track import Playlist

FRIDAY = Playlist("list", "Friday", "Friday")


@pytest.fixture
def library(tmp_path: Path) -> FolderLibrary:
    (tmp_path / "library").mkdir()
    return FolderLibrary.at(tmp_path / "library")


def test_two_lists_of_one_name_get_a_file_each(library: FolderLibrary) -> None:
    exporter = M3uFolder(library)

    first = exporter.export(FRIDAY, "Friday", [])
    second = exporter.export(Playlist("spotify", "x", "Friday"), "Friday", [])

    assert (first.name, second.name) == ("Friday.m3u8", "Friday 2.m3u8")
    assert exporter.export(FRIDAY, "Friday", []) == first


def test_nothing_is_written_where_the_library_was(library: FolderLibrary) -> None:
    shutil.rmtree(library.root)
    library.root.mkdir()

    with pytest.raises(EnvironmentFault, match="is offline"):
        M3uFolder(library).export(FRIDAY, "Friday", [])

    assert list(library.root.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_told_and_stays(library: FolderLibrary) -> None:
    (library.root / FOLDER).write_text("mine")

    with pytest.raises(EnvironmentFault, match=FOLDER):
        M3uFolder(library).export(FRIDAY, "Friday", [])

    assert (library.root / FOLDER).read_text() == "mine"
