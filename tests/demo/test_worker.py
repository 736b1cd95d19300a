import os
import signal
from pathlib import Path

import pytest

from music_sync.adapters.lock_file import locked
from music_sync.demo.music import PIECES, SAMPLE_RATE_HZ, render, write_encoded
from music_sync.demo.worker import Program
from music_sync.model.happenings import Happening
from music_sync.settings import environment_with


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(environment_with(home=str(tmp_path / "home")))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    write_encoded(folder / "A - B.flac", render(PIECES[0])[: 8 * SAMPLE_RATE_HZ], SAMPLE_RATE_HZ, "flac")
    os.utime(folder / "A - B.flac", (1_700_000_000, 1_700_000_000))
    return folder


def nothing_runs_in(home: Path) -> bool:
    with locked(home / "var" / "music-sync.lock", "a test"):
        return True


def test_a_program_is_killed_when_what_it_started_asks_for_it(program: Program, music: Path, tmp_path: Path) -> None:
    ran = program.run("sync", str(music), "--json", kill_when=lambda started: ("A - B", "match") in started)

    assert ran.code == -signal.SIGKILL
    assert ("A - B", "match") in ran.started
    assert ran.report == {}
    assert nothing_runs_in(tmp_path / "home")


def test_a_program_ends_when_its_watcher_is_interrupted(program: Program, music: Path, tmp_path: Path) -> None:
    def interrupted(happening: Happening) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program.run("sync", str(music), "--json", tell=interrupted)

    assert nothing_runs_in(tmp_path / "home")


def test_a_program_that_fails_is_quoted(program: Program) -> None:
    ran = program.run("sync", "/no/such/folder", "--json")

    assert ran.code not in {0, -signal.SIGKILL}
    assert "/no/such/folder" in ran.last_words


def test_programs_run_side_by_side_answer_in_order(program: Program) -> None:
    version, settings = program.run_together(("--version",), ("config", "show", "--json"))

    assert version.printed.startswith("music-sync")
    assert settings.report["home"]["origin"] == "MUSIC_SYNC_HOME"


def test_no_setting_of_the_person_reaches_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MUSIC_SYNC_LIBRARY", str(tmp_path / "precious"))
    ran = Program(environment_with(home=str(tmp_path / "home"))).run("config", "show", "--json")

    assert ran.report["library"]["value"] == str(tmp_path / "home" / "library")
