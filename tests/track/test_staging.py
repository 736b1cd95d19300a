"""Private folders of tracks in work."""

import stat
from pathlib import Path

from music_sync.track import staging


def test_each_track_has_a_folder_of_its_own_for_its_owner_only(tmp_path: Path) -> None:
    one = staging.folder_of(tmp_path / "staging", "list:../../etc/passwd")
    other = staging.folder_of(tmp_path / "staging", "list:\udcff")

    assert one.parent == other.parent == tmp_path / "staging"
    assert one != other
    for folder in (one, one.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_sweep_leaves_the_tracks_in_work_alone(tmp_path: Path) -> None:
    kept, gone = staging.folder_of(tmp_path, "a"), staging.folder_of(tmp_path, "b")

    assert staging.leftovers(tmp_path, ["a"]) == [gone]
    staging.sweep(tmp_path, ["a"])

    assert list(tmp_path.iterdir()) == [kept]


def test_starts_without_an_end_are_counted(tmp_path: Path) -> None:
    """F07"""
    assert [staging.count_start(tmp_path, "a", "tag") for _ in range(3)] == [1, 2, 3]
    assert staging.count_start(tmp_path, "a", "file") == 1

    staging.count_end(tmp_path, "a", "tag")

    assert staging.count_start(tmp_path, "a", "tag") == 1


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    absent = tmp_path / "staging"

    staging.clear(absent, "a")
    staging.sweep(absent, [])

    assert staging.leftovers(absent, []) == []
    assert not staging.exists(absent, "a")
    assert not absent.exists()
