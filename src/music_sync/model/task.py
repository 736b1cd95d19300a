"""What travels on a task's journey: from a board to an agent's inbox and back."""

import hashlib
from dataclasses import dataclass

PRIORITIES = ("Critical", "High", "Medium", "Low")
"""Most urgent first. Boards also spell them P0 to P3, or `3 - High`."""

READY = frozenset({"Ready", "Not Started", "Ready for Handoff"})
"""Statuses of a task that may be handed to its agent."""

IN_PROGRESS = "In Progress"
COMPLETE = "Complete"
FAILED = "Failed"
BLOCKED = "Blocked"
ARCHIVED = "Archived"
DONE = frozenset({"Complete", "Completed", "Done"})
CLOSED = DONE | {"Archived", "Failed", "Cancelled"}
"""Statuses of a task that nobody works on any more."""

MUSIC_WORDS = ("music", "track", "sync", "soundcloud", "spotify", "download", "playlist")
"""A task whose title holds one of these as a whole word, singular or plural, is a music task."""


@dataclass(frozen=True)
class Task:
    """A task as it stands on a board. Empty text means that the board says nothing."""

    task_id: str
    """The board's own id, whole."""
    title: str
    status: str = "Ready"
    priority: str = ""
    description: str = ""
    next_step: str = ""
    success_criteria: str = ""
    assigned_agent: str = ""
    task_type: str = ""
    url: str = ""
    archived: bool = False
    blocked: bool = False
    """Said by a property of its own; a status of `Blocked` counts as well."""
    blocking_reason: str = ""
    prerequisites: tuple[str, ...] = ()
    """Ids of tasks that must be done before this one."""
    review_of: str = ""
    """Id of the task whose result this one reviews; empty for any other task."""
    created_at: str = ""
    """ISO 8601 in UTC, as are the others."""
    edited_at: str = ""
    result: str = ""
    """What came of it, as written on the task."""

    @property
    def is_blocked(self) -> bool:
        return self.blocked or self.status == BLOCKED

    @property
    def is_open(self) -> bool:
        return not self.archived and self.status not in CLOSED

    @property
    def is_ready(self) -> bool:
        """May it be handed over, prerequisites aside?"""
        return not self.archived and self.status in READY and not self.is_blocked

    @property
    def content_key(self) -> str:
        """Stands for what the task asks; it does not change when a status, a date or a result is written.

        16 hex digits.
        """
        asked = (
            self.title,
            self.description,
            self.next_step,
            self.success_criteria,
            self.priority,
            self.assigned_agent,
            self.task_type,
        )
        return hashlib.sha256("\x00".join(asked).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class Draft:
    """A task to be made."""

    title: str
    description: str = ""
    priority: str = ""
    next_step: str = ""
    success_criteria: str = ""
    assigned_agent: str = ""
    task_type: str = ""
    prerequisites: tuple[str, ...] = ()
    review_of: str = ""


@dataclass(frozen=True)
class Change:
    """What to write on a task; None leaves a field as it is. Texts are appended to nothing: they replace."""

    status: str | None = None
    result: str | None = None
    blocking_reason: str | None = None
    delivered_path: str | None = None
    """Where the hand-off file lies."""
    delivered_at: str | None = None
    handoff_status: str | None = None


@dataclass(frozen=True)
class Written:
    """What became of a change: properties that the board does not have or take, each with the reason."""

    dropped: tuple[str, ...] = ()
    refused: str = ""
    """Why nothing at all was written: someone changed the task meanwhile; empty when it was."""


@dataclass(frozen=True)
class Handoff:
    """One delivery in the ledger."""

    task_id: str
    revision: str
    """`content_key`, and behind it `-2`, `-3` ... for a task that was opened again."""
    agent: str
    reason: str
    """Why this agent."""
    name: str
    """File name, unique for ever."""
    path: str
    """Where it was put last; absolute."""
    state: str
    """delivering (written down before the file is), delivered, processed, failed, returned, withdrawn, expired, dead."""
    told: bool
    """Whether the board knows of the state."""
    delivered_at: str
    ended_at: str = ""
    result: str = ""
