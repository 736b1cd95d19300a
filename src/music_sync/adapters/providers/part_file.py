"""A file that is on its way into staging, and the step that makes it whole."""

import os
from pathlib import Path

from music_sync.adapters.durable_files import sync_folder
from music_sync.model.errors import EnvironmentFault, SyncError


def settle(part: Path, target: Path) -> None:
    """Give a written file its final name, durably: after a crash it is there whole or not at all."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    sync_folder(target.parent)


def staging_fault(folder: Path, error: OSError) -> SyncError:
    """What a failed write into staging means for a person."""
    return EnvironmentFault(
        f"cannot write into the staging folder {folder} ({error.strerror or error}); "
        "make space or mend its rights, then sync again"
    )
