"""What happens to the tasks of a board in one cycle. Read it top to bottom.

Nothing here needs the engine: the ledger writes each delivery down before it is made, so a cycle that was killed is
simply run again.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from music_sync.model.errors import EnvironmentFault, SyncError
from music_sync.model.task import Handoff, Task
from music_sync.task.collect import collect, stale
from music_sync.task.deliver import Desk, deliver, freed, retell
from music_sync.task.pick import pick
from music_sync.task.review import review

log = logging.getLogger("music_sync.orchestrator")

T = TypeVar("T")

DIGEST_EVERY = timedelta(days=7)
DIGEST = "stale_digest"
"""The fact under which the ledger remembers when stale inboxes were told last."""


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
    remaining: int | None = None
    """Open tasks; None when the board did not tell."""
    waiting: int = 0
    """Tasks that are ready and yet could not be handed over."""
    problems: list[str] = field(default_factory=list)
    faults: list[SyncError] = field(default_factory=list)

    def step(self, work: Callable[[], T], otherwise: T) -> T:
        """Do one step; when it fails the others still run."""
        try:
            return work()
        except SyncError as error:
            self.faults.append(error)
        except OSError as error:
            self.faults.append(EnvironmentFault(f"{error}; mend that, the next cycle tries again"))
        except Exception as error:
            # The edge of a step: told with its trace in the log, and no other step falls with it.
            log.info("unexpected", exc_info=error)
            self.faults.append(SyncError(f"unexpected {type(error).__name__}: {error}; `music-sync doctor` looks why"))
        return otherwise

    @property
    def counts(self) -> dict[str, int | None]:
        names = ("picked", "delivered", "collected", "reviews", "remaining")
        return {name: getattr(self, name) for name in names}


def hand_off(tasks: Sequence[Task], desk: Desk, habits: Habits, report: CycleReport | None = None) -> CycleReport:
    """Pick, deliver, collect, review: each step on its own feet."""
    report = report or CycleReport()
    report.remaining = sum(task.is_open for task in tasks)
    handoffs = report.step(desk.ledger.handoffs, None)
    if handoffs is None:
        return report
    history = _history(handoffs)
    held = {task.task_id: freed(task, history.get(task.task_id, ()), desk.agents) for task in tasks}
    report.problems += report.step(lambda: retell(held, desk, history), [])
    _deliver(held, desk, habits, history, report)
    handoffs = report.step(desk.ledger.handoffs, handoffs) if report.waiting or report.picked else handoffs
    _collect(held, handoffs, desk, habits, report)
    nothing: list[Task] = []
    report.reviews = len(report.step(lambda: review(tasks, history, desk, habits.most_reviews), nothing))
    report.problems += report.step(lambda: _digest(handoffs, desk, habits), [])
    return report


def _deliver(
    held: Mapping[str, Task],
    desk: Desk,
    habits: Habits,
    history: Mapping[str, Sequence[Handoff]],
    report: CycleReport,
) -> None:
    nothing: list[Task] = []
    ready = report.step(lambda: pick(held.values(), desk.board.task), nothing)
    delivered = report.step(lambda: deliver(ready, desk, history, habits.most_handoffs), None)
    report.waiting = len(ready)
    if delivered is not None:
        report.picked = delivered.picked
        report.delivered = sum(each.state == "delivered" for each in delivered.handoffs)
        report.waiting = len(ready) - len(delivered.handoffs)
        report.problems += delivered.problems
        report.faults += delivered.faults


def _collect(
    held: Mapping[str, Task], handoffs: Sequence[Handoff], desk: Desk, habits: Habits, report: CycleReport
) -> None:
    collected = report.step(lambda: collect(held, handoffs, desk, habits.expiry), None)
    if collected is not None:
        report.collected = len(collected.answered)
        report.problems += collected.problems
        report.faults += collected.faults


def _digest(handoffs: Sequence[Handoff], desk: Desk, habits: Habits) -> list[str]:
    """Once a week, who leaves hand-offs lying."""
    now, told = desk.now(), ""
    lines = stale(handoffs, now, habits.expiry / 2)
    if lines:
        told = desk.ledger.fact(DIGEST)
    if not lines or (told and now - datetime.fromisoformat(told) < DIGEST_EVERY):
        return []
    desk.ledger.remember(DIGEST, now.isoformat(timespec="seconds"))
    return lines


def _history(handoffs: Sequence[Handoff]) -> dict[str, list[Handoff]]:
    history: dict[str, list[Handoff]] = defaultdict(list)
    for each in handoffs:
        history[each.task_id].append(each)
    return dict(history)
