"""What `doctor` says of yt-dlp and of the program that it needs for YouTube."""

from importlib import metadata
from pathlib import Path

import pytest

from music_sync.adapters import extractor_calls
from music_sync.cli.checks import Check, all_checks


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUSIC_SYNC_HOME", str(tmp_path / "home"))
    return tmp_path


def found(name: str) -> list[Check]:
    return [check for check in all_checks() if check.id == name]


def program(folder: Path, version: str, name: str = "node") -> None:
    """A program for JavaScript as yt-dlp looks for it."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {version if name == 'bun' else f'v{version}'}\n")
    path.chmod(0o755)


def test_b38_the_version_that_is_installed_is_new_enough(home: Path) -> None:
    """B38"""
    (check,) = found("yt_dlp")

    assert check.ok
    assert extractor_calls.version() in check.message


def test_b38_f65_an_old_version_is_refused_with_how_to_update(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B38 F65"""
    monkeypatch.setattr(extractor_calls, "version", lambda: "2023.03.04")

    (check,) = found("yt_dlp")

    assert not check.ok
    assert "pip install --upgrade yt-dlp" in check.mend


@pytest.mark.parametrize(("version", "is_good"), [("22.4.0", True), ("20.20.2", False)])
def test_for_youtube_a_javascript_program_is_looked_for_as_yt_dlp_does(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    is_good: bool,
) -> None:
    monkeypatch.setenv("MUSIC_SYNC_EXTRACTORS", "youtube")
    monkeypatch.setenv("PATH", f"{home}:/bin")
    program(home, version)

    (check,) = found("javascript")

    assert (check.ok, bool(check.mend)) == (is_good, not is_good)
    assert f"node {version}" in check.message


def test_b38_a_program_that_would_read_our_files_is_not_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B38: Bun runs what a page brings with all that its owner may do."""
    monkeypatch.setenv("MUSIC_SYNC_EXTRACTORS", "youtube")
    monkeypatch.setenv("PATH", f"{home}:/bin")
    program(home, "1.3.0", "bun")
    program(home, "20.20.2")  # hides one of this machine

    (check,) = found("javascript")

    assert not check.ok
    assert "bun" not in check.message


@pytest.mark.parametrize(("version", "is_good"), [("0.8.3", True), ("0.7.0", False), ("", False)])
def test_for_youtube_the_scripts_must_be_those_that_yt_dlp_takes(
    home: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_good: bool
) -> None:
    def told(name: str) -> str:
        if name == "yt-dlp-ejs" and not version:
            raise metadata.PackageNotFoundError(name)
        return version if name == "yt-dlp-ejs" else "2026.10.26"

    monkeypatch.setenv("MUSIC_SYNC_EXTRACTORS", "youtube")
    monkeypatch.setattr(metadata, "version", told)

    (check,) = found("javascript_scripts")

    assert check.ok is is_good
    assert check.mend == ("" if is_good else "`pip install --upgrade yt-dlp yt-dlp-ejs`")


def test_for_youtube_the_scripts_that_are_installed_are_good(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_SYNC_EXTRACTORS", "youtube")

    assert [check.ok for check in found("javascript_scripts")] == [True]


@pytest.mark.parametrize("sites", ["", "soundcloud"])
def test_without_youtube_no_javascript_is_needed(home: Path, monkeypatch: pytest.MonkeyPatch, sites: str) -> None:
    monkeypatch.setenv("MUSIC_SYNC_EXTRACTORS", sites)

    assert found("javascript") == found("javascript_scripts") == []
