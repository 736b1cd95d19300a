"""All that stands in some folders, so that a test can tell whether anything was touched."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

Seen = dict[str, tuple[int, int, str]]
"""Path -> mode, time of the last change in ns, and the content's hash, the link's target or `folder`."""


def snapshot(*roots: Path, but: Iterable[str] = ()) -> Seen:
    """Everything below these folders, and they themselves; nothing for one that is not there.

    `but`: endings of names that may change, and with them the time of the folder they stand in.
    """
    ignored = tuple(but)
    seen: Seen = {}
    for root in roots:
        for path in (root, *sorted(root.rglob("*"))) if root.exists() else ():
            if not (ignored and path.name.endswith(ignored)):
                seen[str(path)] = _seen(path, timed=not ignored)
    return seen


def _seen(path: Path, *, timed: bool) -> tuple[int, int, str]:
    status = path.lstat()
    if path.is_symlink():
        content = str(path.readlink())
    elif path.is_file():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        content = "folder"
    is_steady = timed or content != "folder"
    return status.st_mode, status.st_mtime_ns if is_steady else 0, content
