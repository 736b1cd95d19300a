"""Write a file whole or not at all, and say in one sentence why the machine would not have it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from music_sync.model.errors import EnvironmentFault

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Give a hidden name beside `target` to write to; it becomes `target` once it is durable, or it is taken away.

    Raises EnvironmentFault, which names the folder, for any OSError met on the way.
    """
    # The same name each time: what a killed run left behind is overwritten by the next, never gathered.
    part = target.with_name(f".{target.name}.part")
    try:
        yield part
        _make_durable(part)
        part.replace(target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        part.unlink(missing_ok=True)


def unwritable(target: Path, error: OSError) -> EnvironmentFault:
    """The fault for a folder that does not take a file."""
    if error.errno in _FULL:
        return EnvironmentFault(f"There is no space left in {target.parent}; free some and sync again.")
    reason = error.strerror or str(error)
    return EnvironmentFault(
        f"{target.name} cannot be written to {target.parent} ({reason}); check its drive and rights."
    )


def _make_durable(path: Path) -> None:
    # Without it a power cut after the rename leaves a file of the right name and no content.
    with path.open("rb+") as file:
        os.fsync(file.fileno())
