#!/usr/bin/env python3
"""Kept name: `music-sync run` from this checkout, with any python3 and no activated environment."""

# Any Python from 3.6 on can start this file, so its words are old ones; the Python in .venv does the work.
import os
import sys
from pathlib import Path


def start(checkout: Path, verb: str) -> None:
    """Become `music-sync VERB` with our own arguments, so that signals and exit codes pass straight through."""
    python = str(checkout / ".venv" / "bin" / "python")
    if not os.access(python, os.X_OK):
        # As bytes: an old Python in cron's locale would escape each accent in the folder's name.
        os.write(2, os.fsencode(f"Music Sync is not set up in {checkout}: run `make setup` there first.\n"))
        sys.exit(7)
    if not os.environ.get("MUSIC_SYNC_HOME"):
        os.environ["MUSIC_SYNC_HOME"] = str(checkout)
    # Set by macOS's python3, and would keep .venv's Python from finding its own packages.
    os.environ.pop("__PYVENV_LAUNCHER__", None)
    # -P: a json.py in the folder this is called from is not taken for the library's.
    os.execv(python, [python, "-P", "-m", "music_sync", verb, *sys.argv[1:]])


if __name__ == "__main__":
    start(Path(__file__).resolve().parent, "run")
