"""What the stages of a task's journey need of the world."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from music_sync.model.task import Change, Draft, Handoff, Task, Written


class Board(Protocol):
    """Where tasks stand: the embedded one, or Notion. An error is raised, never read as "no tasks"."""

    @property
    def name(self) -> str:
        """Short and without spaces: `local`, `notion`."""

    def tasks(self) -> Iterator[Task]:
        """Every task that is not archived, over all pages; oldest first.

        Raises ServiceUnavailable when the board is away or limits us, NeedsPerson when it refuses us.
        """

    def task(self, task_id: str) -> Task | None:
        """One task as it stands now; None when there is none of this id."""

    def add(self, draft: Draft) -> Task:
        """Make a task; a review of a task that has one already gives that one."""

    def update(self, task_id: str, change: Change, if_status: str | None = None) -> Written:
        """Write on a task. With `if_status` only when its status is still that: a person's edit wins."""


class Ledger(Protocol):
    """What was handed to whom, so that the same revision is never handed over twice; and what started a sync."""

    def handoffs(self, task_id: str = "") -> Sequence[Handoff]:
        """All deliveries, or those of one task, oldest first."""

    def record(self, handoff: Handoff) -> None:
        """Store or replace a delivery, by task, revision and agent."""

    def triggered(self, task_id: str) -> str:
        """The revision at which this task started a sync last; empty if it never did."""

    def trigger(self, task_id: str, revision: str) -> None:
        """This revision has started a sync; again is harmless."""
