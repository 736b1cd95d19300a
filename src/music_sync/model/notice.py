"""What a person is told without looking: a notice, and what was told before."""

from dataclasses import dataclass

URGENCIES = ("info", "success", "warning", "failure")


@dataclass(frozen=True)
class Notice:
    """One thing to be told; what waits under the same subject is told with it, as one."""

    subject: str
    """What it is about: `failed`, `review`, `new`, `run`, `silence`, or `source` with its name."""
    lines: tuple[str, ...]
    """A sentence each."""
    urgency: str = "info"
    replaces: bool = False
    """A state: only the latest one counts, while lines of other notices are added up."""
    due_at: str = ""
    """ISO 8601 in UTC, not to be told before; empty for at once."""


@dataclass(frozen=True)
class Waiting:
    """A notice that waits to be told, with all lines that came together."""

    outgoing_id: int
    subject: str
    lines: tuple[str, ...]
    count: int
    """Of all lines, those that were left out too."""
    urgency: str
    tries: int = 0
    told_to: tuple[str, ...] = ()
    """Marks of the places that have it already."""
    due_at: str = ""
    """As in `Notice`."""
