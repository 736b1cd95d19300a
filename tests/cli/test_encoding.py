import json
import os
import subprocess
import sys
from pathlib import Path

from music_sync.demo.music import PIECES, SAMPLE_RATE_HZ, render, write_encoded


def plan(folder: Path, *options: str) -> str:
    """What is printed on a terminal that only knows Latin-1."""
    done = subprocess.run(
        [sys.executable, "-m", "music_sync", "plan", str(folder), *options],
        env={**os.environ, "MUSIC_SYNC_HOME": str(folder / "home"), "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode("latin-1")


def test_a_letter_that_the_terminal_lacks_is_no_error_and_is_not_lost_to_a_script(tmp_path: Path) -> None:
    sound = render(PIECES[4])[: 8 * SAMPLE_RATE_HZ]
    write_encoded(tmp_path / "夜行バス - Låda.flac", sound, SAMPLE_RATE_HZ, "flac")

    assert r"\u591c\u884c\u30d0\u30b9 - Låda" in plan(tmp_path)
    assert json.loads(plan(tmp_path, "--json"))["tracks"][0]["artist"] == "夜行バス"
