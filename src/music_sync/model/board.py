"""What the stages of a task's journey need of the world."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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

    def update_all(self, changes: Iterable[tuple[str, Change, str]]) -> list[Written]:
        """Write on many tasks, each (id, change, status it must still have); one answer each, in their order."""
        return [self.update(task_id, change, if_status) for task_id, change, if_status in changes]


class Ledger(Protocol):
    """What was handed to whom, so that the same revision is never handed over twice; and what started a sync."""

    def handoffs(self, task_id: str = "") -> Sequence[Handoff]:
        """All deliveries, or those of one task, oldest first."""

    def record_all(self, handoffs: Iterable[Handoff]) -> None:
        """Store or replace deliveries, by task, revision and agent; all or none."""

    def triggered(self, task_id: str) -> str:
        """The revision at which this task started a sync last; empty if it never did."""

    def triggers(self) -> Mapping[str, str]:
        """The same for all tasks that ever did: task id -> revision."""

    def trigger(self, task_id: str, revision: str) -> None:
        """This revision has started a sync; again is harmless."""

    def fact(self, name: str) -> str:
        """What was remembered under this name; empty when nothing was."""

    def remember(self, name: str, value: str) -> None:
        """Remember something small under a name, over what was remembered before."""


@dataclass(frozen=True)
class Place:
    """Where a file lies: in the queue, or in one of an agent's boxes."""

    name: str
    box: str
    """queue, inbox, claimed, processed, failed."""
    agent_folder: str
    """Empty in the queue."""
    path: Path
    touched_s: float = 0.0
    """When a claimed file was claimed, or touched by its agent since, in epoch seconds; 0 in the other boxes."""


class Inboxes(Protocol):
    """The folders through which agents are reached."""

    def put(self, name: str, content: bytes) -> Place:
        """Write a file into the queue, whole and durably; a file of this name that is there already stays."""

    def route(self, names: Mapping[str, str]) -> dict[str, Place]:
        """Move files from the queue into the inboxes of these agent folders, durably; name -> where it is now."""

    def places(self) -> dict[str, Place]:
        """Every JSON file in every box, by name; of two of one name, the one further on its way."""

    def queued(self) -> list[Place]:
        """Every JSON file in the queue."""

    def read(self, place: Place) -> Mapping[str, object]:
        """The JSON object in a file.

        Raises GiveUp when there is none in it, or more than a megabyte, TryAgainLater while it is still being written.
        """

    def withdraw(self, place: Place, why: str) -> Path:
        """Take a file out of an agent's reach, into the folder of withdrawn ones."""

    def refuse(self, place: Place, reason: str) -> Path:
        """Put a file aside into `03_failed`, with a file beside it that tells the reason."""

    def bury(self, name: str, content: bytes, reason: str) -> Path:
        """Put a hand-off that nobody would read into the dead letters, with its reason beside it."""

    def keep(self, place: Place) -> Path:
        """A return file was read: put it where it is kept."""
