"""The file that remembers the last sync, and every way in which it can be spoilt."""

import json
from pathlib import Path

import pytest

from music_sync.adapters import last_run_file
from music_sync.adapters.last_run_file import LastRun

SPOILT = {
    "empty": b"",
    "half": b'{"last_run": 17',
    "nul": b"\x00" * 40,
    "list": b"[]",
    "text for a time": b'{"last_run": "yesterday"}',
    "1970": b'{"last_run": 0}',
    "before 1970": b'{"last_run": -5.0}',
    "byte order mark": b'\xef\xbb\xbf{"last_run": 1700000000}',
    "endless number": b'{"last_run": 1' + b"0" * 400 + b"}",
    "not a number": b'{"last_run": NaN}',
    "infinity": b'{"last_run": Infinity}',
    "deep": b"[" * 100_000,
    "no text": b"\xff\xfe\x00",
    "yes": b'{"last_run": true}',
}


@pytest.mark.parametrize("how", SPOILT)
def test_f29_what_says_nothing_sensible_is_unknown_and_kept_aside(tmp_path: Path, how: str) -> None:
    file = tmp_path / "last.json"
    file.write_bytes(SPOILT[how])
    assert last_run_file.read(file) == LastRun()

    last_run_file.write(file, LastRun(last_run=1_800_000_000.0, last_attempt=1_800_000_000.0, result="done"))

    assert last_run_file.read(file).last_run == 1_800_000_000.0
    assert file.with_name("last.json.corrupt-1800000000").read_bytes() == SPOILT[how]


def test_f29_a_folder_in_its_place_is_kept_aside(tmp_path: Path) -> None:
    file = tmp_path / "last.json"
    (file / "inside").mkdir(parents=True)
    last_run_file.write(file, LastRun(last_attempt=5.0))

    assert json.loads(file.read_text())["last_attempt"] == 5.0
    assert (tmp_path / "last.json.corrupt-5/inside").is_dir()


def test_the_originals_form_is_read_and_written_back(tmp_path: Path) -> None:
    file = tmp_path / "last.json"
    file.write_text('{"last_run": 1767950000.25}')

    assert last_run_file.read(file) == LastRun(last_run=1767950000.25)
