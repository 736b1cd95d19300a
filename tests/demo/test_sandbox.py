from pathlib import Path

import pytest

from music_sync.adapters.lock_file import LockHeld
from music_sync.demo import sandbox
from music_sync.model.errors import BadSetting

LINKS = "http://127.0.0.1:8000"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def played(folder: Path, *, finished: bool) -> None:
    with sandbox.opened(folder) as opened:
        opened.home.mkdir()
        opened.world.mkdir()
        if finished:
            opened.finish(LINKS)


def test_a_finished_demo_is_taken_up_with_its_links(tmp_path: Path) -> None:
    played(tmp_path / "demo", finished=True)

    with sandbox.opened(tmp_path / "demo") as opened:
        assert opened.link_base == LINKS
        assert visible(opened.folder) == ["home", "world"]


def test_an_interrupted_demo_begins_anew_but_keeps_what_was_laid_out(tmp_path: Path) -> None:
    played(tmp_path / "demo", finished=False)

    with sandbox.opened(tmp_path / "demo") as opened:
        assert opened.link_base == ""
        assert visible(opened.folder) == ["world"]


def test_a_demo_of_another_edition_is_laid_out_anew(tmp_path: Path) -> None:
    played(tmp_path / "demo", finished=True)
    marker = tmp_path / "demo" / ".music-sync-demo.json"
    marker.write_text(marker.read_text().replace('"edition": "', '"edition": "older'))

    with sandbox.opened(tmp_path / "demo") as opened:
        assert opened.link_base == ""
        assert visible(opened.folder) == []


def test_a_demo_whose_marker_is_damaged_begins_anew(tmp_path: Path) -> None:
    played(tmp_path / "demo", finished=True)
    (tmp_path / "demo" / ".music-sync-demo.json").write_text("[")

    with sandbox.opened(tmp_path / "demo") as opened:
        assert opened.link_base == ""


def test_a_folder_with_anything_else_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "my song.mp3").write_bytes(b"mine")

    with pytest.raises(BadSetting, match="not the demo's"), sandbox.opened(tmp_path):
        pass
    with pytest.raises(BadSetting, match="not the demo's"):
        sandbox.remove(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["my song.mp3"]


def test_a_library_without_tracks_is_not_taken_for_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / ".music-sync-library").write_text("{}")

    with pytest.raises(BadSetting), sandbox.opened(tmp_path):
        pass


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(BadSetting, match="not a folder"), sandbox.opened(tmp_path / "file"):
        pass


def test_a_comma_is_refused_for_it_would_part_the_list_of_folders(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="comma"), sandbox.opened(tmp_path / "a,b"):
        pass


def test_two_demos_do_not_play_in_one_sandbox(tmp_path: Path) -> None:
    with sandbox.opened(tmp_path / "demo"):
        with pytest.raises(LockHeld), sandbox.opened(tmp_path / "demo"):
            pass
        with pytest.raises(LockHeld):
            sandbox.remove(tmp_path / "demo")


def test_removing_takes_the_demo_and_only_the_demo(tmp_path: Path) -> None:
    played(tmp_path / "demo", finished=True)
    (tmp_path / "empty").mkdir()

    assert sandbox.remove(tmp_path / "demo")
    assert not sandbox.remove(tmp_path / "demo")
    assert not sandbox.remove(tmp_path / "empty")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
