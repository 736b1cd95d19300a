"""What a run does just now, as another process reads it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from music_sync.adapters.progress_file import Progress, read, watched
from music_sync.model.happenings import Happening

STARTED = Happening("folder:1", "Ann - Waves", "analyse", "started")


def wait_for(file: Path, label: str) -> Progress:
    """Read until the file tells of that track; writing is another thread's work."""
    due = threading.Event()
    for _ in range(500):
        found = read(file)
        if any(each.label == label for each in found.active):
            return found
        due.wait(0.01)
    raise AssertionError(found)


def test_a_reader_sees_the_present_and_then_the_end(tmp_path: Path) -> None:
    file, heard = tmp_path / "progress.json", list[Happening]()
    with watched(file, "music-sync sync", heard.append) as tell:
        tell(Happening("", "", "", "counted", count=2))
        tell(STARTED)
        during = wait_for(file, "Ann - Waves")
        tell(Happening("folder:1", "Ann - Waves", "settle", "ended", 1.0, "synced"))
    after = read(file)

    assert (during.what, during.total, during.active[0].stage) == ("music-sync sync", 2, "analyse")
    assert not during.ended_at
    assert (after.ended, after.active, after.last) == (1, (), (("Ann - Waves", "synced"),))
    assert after.ended_at
    assert [each.kind for each in heard] == ["counted", "started", "ended"]


def test_the_file_stays_small_however_many_tracks_end(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    with watched(file, "music-sync sync", lambda _: None) as tell:
        for number in range(5000):
            tell(Happening(str(number), "x" * 100, "settle", "ended", 1.0, "synced"))

    assert read(file).ended == 5000
    assert file.stat().st_size < 5000


def test_a_file_that_cannot_be_written_hinders_no_run(tmp_path: Path) -> None:
    with watched(tmp_path / "missing" / "progress.json", "music-sync sync", lambda _: None) as tell:
        tell(STARTED)

    assert read(tmp_path / "missing" / "progress.json") == Progress()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"active": 1, "last": []}', b'{"surprise": 1}', b"\xff" * 9])
def test_a_file_that_says_nothing_sensible_says_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "progress.json"
    file.write_bytes(content)

    assert read(file) == Progress()


def test_names_that_are_not_utf_8_are_told_too(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    with watched(file, "music-sync sync", lambda _: None) as tell:
        tell(Happening("1", "caf\udce9", "settle", "ended", 1.0, "synced"))

    assert read(file).last == (("caf\udce9", "synced"),)


KILLED = """
import sys, time
from pathlib import Path
from music_sync.adapters.progress_file import watched
from music_sync.model.happenings import Happening
with watched(Path(sys.argv[1]), "music-sync sync", lambda _: None) as tell:
    tell(Happening("1", "Ann - Waves", "tag", "started"))
    print("told", flush=True)
    sys.stdin.read()
"""


def test_a_run_that_is_killed_leaves_a_whole_file_without_an_end(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    run = subprocess.Popen([sys.executable, "-c", KILLED, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_for(file, "Ann - Waves")
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()

    assert read(file).active[0].label == "Ann - Waves"
    assert not read(file).ended_at


def test_it_is_written_a_few_times_a_second_and_not_for_every_happening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = list[str]()
    plain = Path.write_bytes

    def counted(path: Path, content: bytes) -> int:
        written.append(path.name)
        return plain(path, content)

    monkeypatch.setattr(Path, "write_bytes", counted)
    with watched(tmp_path / "progress.json", "music-sync sync", lambda _: None) as tell:
        for _ in range(2000):
            tell(STARTED)

    assert 0 < len(written) < 20
