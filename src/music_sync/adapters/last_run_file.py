"""When music was last synced: one small file that cron, loop and hand share, written whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from music_sync.adapters.durable_files import write_whole

LATEST_S = 1e11
"""No stamp is later than this, some three thousand years from now."""


@dataclass(frozen=True)
class LastRun:
    """All times are epoch seconds in UTC; None where nothing is known."""

    last_run: float | None = None
    """The last success, as the original scripts wrote it."""
    last_attempt: float | None = None
    result: str = ""
    consecutive_failures: int = 0
    next_due: float | None = None


def read(file: Path) -> LastRun:
    """What the file says; a file that says nothing sensible is kept aside as `.corrupt-<time>` by the next write."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return LastRun()
    return _from(content) if isinstance(content, dict) else LastRun()


def write(file: Path, last: LastRun) -> None:
    """Write it durably; what stood there and could not be read is kept aside first."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.exists() and read(file) == LastRun():
        file.rename(file.with_name(f"{file.name}.corrupt-{last.last_attempt or 0:.0f}"))
    write_whole(file, (json.dumps(asdict(last), indent=2) + "\n").encode())


def _from(content: Mapping[str, Any]) -> LastRun:
    failures = content.get("consecutive_failures")
    return LastRun(
        last_run=_stamp(content.get("last_run")),
        last_attempt=_stamp(content.get("last_attempt")),
        result=str(content.get("result") or ""),
        consecutive_failures=failures if isinstance(failures, int) and failures >= 0 else 0,
        next_due=_stamp(content.get("next_due")),
    )


def _stamp(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared, not converted: an integer may be larger than any float.
    return float(value) if 0 < value < LATEST_S else None
