"""`doctor` asks Notion for the databases in the settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from music_sync.cli.checks import Check, all_checks
from music_sync.demo.notion import NotionServer
from music_sync.demo.notion_music import Music, music_databases


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Music]:
    with NotionServer() as server:
        music = music_databases(server.workspace)
        monkeypatch.setenv("MUSIC_SYNC_HOME", str(tmp_path))
        monkeypatch.setenv("MUSIC_SYNC_NOTION_URL", server.url)
        monkeypatch.setenv("NOTION_TOKEN", server.token)
        monkeypatch.setenv("TRACKS_DB_ID", music.tracks)
        yield music


def found() -> dict[str, Check]:
    return {check.id: check for check in all_checks() if check.id.startswith("notion")}


def test_databases_that_are_there_are_right(music: Music, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYLISTS_DB_ID", music.playlists)

    assert {name: check.ok for name, check in found().items()} == {
        "notion_tracks_db_id": True,
        "notion_playlists_db_id": True,
    }


@pytest.mark.usefixtures("music")
@pytest.mark.parametrize("value", ["0" * 32, "nonsense"])
@pytest.mark.parametrize("setting", ["TRACKS_DB_ID", "ARTISTS_DB_ID", "PLAYLISTS_DB_ID"])
def test_p13_a_wrong_id_is_told_under_its_setting(monkeypatch: pytest.MonkeyPatch, setting: str, value: str) -> None:
    monkeypatch.setenv(setting, value)
    wrong = [check for check in found().values() if not check.ok]

    assert [check.id for check in wrong] == [f"notion_{setting.lower()}"]
    assert setting in wrong[0].message


@pytest.mark.usefixtures("music")
@pytest.mark.parametrize("token", ["ntn_wrong", ""])
def test_p13_a_wrong_token_is_told_and_not_printed(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("NOTION_TOKEN", token)
    (check,) = found().values()

    assert not check.ok
    assert "NOTION_TOKEN" in check.message
    assert not token or token not in check.message
