"""Fixtures of the commands that only read."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.cli.filled import Run

from music_sync.cli import music_sync
from music_sync.cli.errors import exit_code_of, told


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command in the home; its error becomes one line, as at the edge of the program."""

    def typed(*arguments: str, typed: str = "") -> Result:
        env = {"MUSIC_SYNC_HOME": str(tmp_path), "MUSIC_SYNC_DATABASE_URL": None, "TZ": "UTC"}
        ran = CliRunner().invoke(music_sync, arguments, env=env, input=typed, standalone_mode=False)
        if isinstance(ran.exception, Exception):
            ran.output_bytes = told(ran.exception).encode()
            ran.return_value = exit_code_of(ran.exception)
        return ran

    return typed
