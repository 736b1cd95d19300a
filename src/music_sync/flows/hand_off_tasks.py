"""What happens to the tasks of a board in one cycle. Read it top to bottom.

Nothing here needs the engine: the ledger writes each delivery down before it is made, so a cycle that was killed is
simply run again.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from music_sync.model.errors import SyncError
from music_sync.model.task import Handoff, Task
from music_sync.task.collect import collect
from music_sync.task.deliver import Desk, deliver, retell
from music_sync.task.pick import pick
from music_sync.task.review import review

T = TypeVar("T")


@dataclass(frozen=True)
class Habits:
    """How much is done in a cycle."""

    most_handoffs: int | None = None
    most_reviews: int = 3
    expiry: timedelta = timedelta(days=14)


@dataclass
class CycleReport:
    """What one cycle did with the tasks; a step that failed stands in `faults`, what a person should see in `problems`."""

    picked: int = 0
    delivered: int = 0
    collected: int = 0
    reviews: int = 0
    remaining: int = 0
    problems: list[str] = field(default_factory=list)
    faults: list[SyncError] = field(default_factory=list)

    def step(self, work: Callable[[], T], otherwise: T) -> T:
        """Do one step; when it fails the others still run."""
        try:
            return work()
        except SyncError as error:
            self.faults.append(error)
            return otherwise

    @property
    def counts(self) -> dict[str, int]:
        names = ("picked", "delivered", "collected", "reviews", "remaining")
        return {name: getattr(self, name) for name in names}


def hand_off(tasks: Sequence[Task], desk: Desk, habits: Habits) -> CycleReport:
    """Pick, deliver, collect, review: each step on its own feet."""
    report = CycleReport()
    held = {task.task_id: task for task in tasks}
    history = report.step(lambda: _history(desk.ledger.handoffs()), None)
    if history is None:
        return report
    nothing: list[Task] = []
    picked = report.step(lambda: pick(tasks, desk.board.task, habits.most_handoffs), nothing)
    report.problems += report.step(lambda: retell(held, desk, history), [])
    delivered = report.step(lambda: deliver(picked, desk, history), None)
    if delivered is not None:
        report.picked = len(delivered.handoffs)
        report.delivered = sum(each.state == "delivered" for each in delivered.handoffs)
        report.problems += delivered.problems
    collected = report.step(lambda: collect(held, desk, habits.expiry), None)
    if collected is not None:
        report.collected = len(collected.answered)
        report.problems += collected.problems
    report.reviews = len(report.step(lambda: review(tasks, history, desk.board, habits.most_reviews), nothing))
    report.remaining = sum(task.is_open for task in tasks)
    return report


def _history(handoffs: Sequence[Handoff]) -> dict[str, list[Handoff]]:
    history: dict[str, list[Handoff]] = defaultdict(list)
    for each in handoffs:
        history[each.task_id].append(each)
    return dict(history)
