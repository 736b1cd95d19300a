"""`music-sync serve` as a process of its own: its start, its lock, its end."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def serving(home: Path, **variables: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The program and the address that it prints."""
    environment = {**os.environ, "MUSIC_SYNC_HOME": str(home), "MUSIC_SYNC_PORT": "0", **variables}
    command = [sys.executable, "-P", "-m", "music_sync", "serve"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, process.stderr.read()
        yield process, found[0]
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
        process.stderr.close()


def test_it_serves_alone_in_its_home_until_it_is_asked_to_stop(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, address):
        assert httpx.get(f"{address}/healthz").json() == {"ok": True}
        assert process.stdout is not None
        assert "/first-password?link=" in process.stdout.readline()
        command = [sys.executable, "-P", "-m", "music_sync", "serve"]
        second = subprocess.run(
            command,
            env={**os.environ, "MUSIC_SYNC_HOME": str(tmp_path), "MUSIC_SYNC_PORT": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 128 + signal.SIGTERM
        assert second.returncode == 5
        assert f"pid {process.pid}" in second.stderr
