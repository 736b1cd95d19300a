"""What stands in a service's answer, as what we expect there or as nothing: one broken field never costs the others."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from music_sync.adapters.file_names import clean


def fields_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def number_of(value: object) -> int | None:
    """A whole number from 0; some services write it as text."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def moment_of(value: object) -> str:
    """Epoch seconds as ISO 8601 in UTC; 0 counts as not told."""
    seconds = number_of(value)
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else ""
    except (OverflowError, ValueError, OSError):
        return ""


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
