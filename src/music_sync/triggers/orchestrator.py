"""One cycle of the orchestrator: music first, then the tasks; a step that fails stops no other.

step 0  music    a new music task, `--music-sync`, or the interval -> one sync
step 1  pick     ready tasks by priority, then age
step 2  deliver  one hand-off file each
step 3  collect  answers of the agents, and reviews
step 4  tell     one summary line
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_sync.flows.hand_off_tasks import CycleReport, Habits, hand_off
from music_sync.model.errors import SyncError
from music_sync.model.task import Change, Task
from music_sync.task.deliver import Desk
from music_sync.triggers.board import asking_for_music
from music_sync.triggers.clock import Verdict

log = logging.getLogger("music_sync.orchestrator")

MusicReport = Mapping[str, Any]
"""What `sync --json` prints."""

NO_MUSIC: MusicReport = {
    "result": "nothing_new",
    "counts": {"new": 0, "already_have": 0, "review": 0, "buy_list": 0, "failed": 0},
    "tracks": [],
    "sources": [],
}


@dataclass(frozen=True)
class Orchestrator:
    """What a cycle needs: a way to sync music, the clock's verdict, and the desk with board, ledger and inboxes."""

    sync: Callable[[str], MusicReport]
    """Sync once; told the cause."""
    verdict: Callable[[], Verdict]
    desk: Desk
    habits: Habits
    enabled: bool

    def cycle(self, *, force: bool = False, never: bool = False) -> tuple[MusicReport, CycleReport]:
        """Run all steps once."""
        tasks, fault = self._tasks()
        music = NO_MUSIC if never else self._music(tasks, force=force)
        report = CycleReport() if tasks is None else hand_off(tasks, self.desk, self.habits)
        if fault is not None:
            report.faults.insert(0, fault)
        _tell(music, report)
        return music, report

    def _tasks(self) -> tuple[list[Task] | None, SyncError | None]:
        """All tasks; a board that is away is a fault, never an empty board."""
        try:
            return list(self.desk.board.tasks()), None
        except SyncError as error:
            return None, error

    def _music(self, tasks: Sequence[Task] | None, *, force: bool) -> MusicReport:
        """Step 0. The schedule does not depend on the board, nor the board's wish on the schedule."""
        asking = asking_for_music(tasks or (), self.desk.ledger) if self.enabled or force else []
        verdict = self.verdict()
        if force:
            cause = "--music-sync"
        elif asking:
            cause = f"task {asking[0].title}" + (f" and {len(asking) - 1} more" if len(asking) > 1 else "")
        elif self.enabled and verdict.is_due:
            cause = verdict.reason
        else:
            log.info("music sync: not now, %s", verdict.reason if self.enabled else "switched off")
            return NO_MUSIC
        log.info("music sync: starts, %s", cause)
        report = self.sync(cause)
        if report["result"] != "locked":
            self._answer(asking, report)
        return report

    def _answer(self, asking: Sequence[Task], report: MusicReport) -> None:
        """Write the outcome on each task that asked. Told before it is remembered: a kill in between asks once more."""
        text = outcome(report)
        for task in asking:
            try:
                self.desk.board.update(task.task_id, Change(result=text))
                self.desk.ledger.trigger(task.task_id, task.content_key)
            except SyncError as error:
                log.warning("music sync: the outcome is not on task %s: %s", task.title, error)


def outcome(report: MusicReport) -> str:
    """A sync's outcome in words: counts, how each track ended, the first error."""
    counts = ", ".join(f"{number} {word}" for word, number in report["counts"].items() if number)
    lines = [f"Music sync: {report['result']}" + (f" ({counts})" if counts else "")]
    failed = [track for track in report["tracks"] if track["ending"] == "failed"]
    message = report.get("message") or (failed[0]["reason"] if failed else "")
    if message:
        lines.append(f"First error: {message}")
    told = [track for track in report["tracks"] if track["ending"] != "already_have"]
    lines += [f"{track['ending']}: {track['artist']} - {track['title']}" for track in told]
    return "\n".join(lines)


def _tell(music: MusicReport, report: CycleReport) -> None:
    counts = report.counts
    tasks = ", ".join(f"{name} {number}" for name, number in counts.items())
    log.info("cycle: music %s; tasks: %s; faults %d", music["result"], tasks, len(report.faults))
    for fault in report.faults:
        log.error("cycle: %s", fault)
    for problem in report.problems:
        log.warning("cycle: %s", problem)
