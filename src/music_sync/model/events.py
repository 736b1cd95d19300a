"""What a webhook brought: an event, stored before it is answered, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

WAITING, STARTED, DONE, IGNORED, FAILED = "waiting", "started", "done", "ignored", "failed"

LIKES, SYNC, TASKS = "likes", "sync", "tasks"
ONLY, WHAT = "only:", "what:"
"""Subjects of events: liked tracks, all sources, the board; `only:spotify:likes` asks one source, `what:https://...`
syncs what is behind a link."""

Outcome = Literal["new", "repeat", "other_body"]
"""Stored just now; stored before with the same body; stored before with another body, and left as it was."""


@dataclass(frozen=True)
class Event:
    """An event as it came in, checked already."""

    hook: str
    """Which door it came through: music-sync, notion, youtube, plex, or a hook's own name."""
    event_id: str
    """The sender's; unique within its hook."""
    type: str
    subject: str
    """What it starts: events of one subject share a run; empty when it starts nothing."""
    wish: str
    """JSON of what it asks for, in our own words."""
    body: bytes
    """As it came, at most 256 KiB."""
    digest: str
    """SHA-256 of the body, 64 hex digits."""


@dataclass(frozen=True)
class Stored:
    """An event in the inbox; times are ISO 8601 in UTC, empty for not yet."""

    number: int
    hook: str
    event_id: str
    type: str
    subject: str
    wish: str
    size_bytes: int
    received_at: str
    state: str
    tries: int
    result: str
    """The word that the run it started ended with."""
    told: str
    """One sentence about that."""
    done_at: str


@dataclass(frozen=True)
class Pile:
    """Events of one subject that wait; `due_at` is empty when they may start now."""

    subject: str
    events: int
    due_at: str


class Inbox(Protocol):
    """Events on their way, in the order they came; each call is one transaction."""

    def keep(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Store them durably, all or none; an answer each, in their order.

        Raises EnvironmentFault when the disk is full, TryAgainLater when the database stays busy.
        """

    def resume(self) -> None:
        """What was started when the process died waits again."""

    def piles(self) -> Sequence[Pile]:
        """What waits, by subject, the oldest first."""

    def start(self, subject: str, run: str) -> Sequence[Stored]:
        """Mark all that waits of a subject as started by this run, and give it."""

    def end(self, run: str, state: str, result: str, told: str) -> None:
        """Say how the events of a run ended."""

    def put_back(self, run: str, due_at: str, result: str, told: str, *, tried: bool) -> None:
        """The events of a run wait again, until `due_at`; `tried` counts one more try."""

    def events(self, *, after: int = 0, newest: int = 0) -> Sequence[Stored]:
        """Those with a greater number, oldest first; with `newest` at most so many, the newest ones."""

    def event(self, hook: str, event_id: str) -> Stored | None: ...
    def numbered(self, number: int) -> Stored | None: ...
    def body(self, number: int) -> bytes: ...
    def again(self, number: int) -> bool:
        """A person wants it once more: it waits again; False when it is under way or starts nothing."""

    def forget(self, before: str) -> int:
        """Remove ended events that were received before this moment; gives how many."""
