"""One cycle of the orchestrator: music first, then the tasks; a step that fails stops no other.

step 0  music    a new music task, `--music-sync`, or the interval -> one sync
step 1  pick     ready tasks by priority, then age
step 2  deliver  one hand-off file each
step 3  collect  answers of the agents, and reviews
step 4  tell     one summary line
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from music_sync.flows.hand_off_tasks import CycleReport, Habits, hand_off
from music_sync.model.errors import SyncError, TryAgainLater
from music_sync.model.task import Change, Task
from music_sync.task.deliver import Desk
from music_sync.triggers.board import FAILED, asking_for_music, waiting_for_music
from music_sync.triggers.clock import SUCCESSES, Verdict

log = logging.getLogger("music_sync.orchestrator")

MusicReport = Mapping[str, Any]
"""What `sync --json` prints."""

NO_MUSIC: MusicReport = {
    "result": "nothing_new",
    "counts": {"new": 0, "already_have": 0, "review": 0, "buy_list": 0, "failed": 0},
    "tracks": [],
    "sources": [],
}

CYCLES_WITHOUT_PROGRESS = 10
"""After so many cycles in which the same number of ready tasks could not be handed over, that is told."""
MOST_TOLD = 100
"""Tracks named in the outcome that is written on a task."""
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 900.0
"""How long a board that is away is left alone: doubled with each failure, from the first to the longest."""
LONGEST_WISH_S = 3600.0
"""A board that asks for a longer pause than this gets this one."""


@dataclass
class _Memory:
    """What one cycle leaves for the next; nothing in it is missed after a restart."""

    told: frozenset[str] = frozenset()
    """Problems and faults of the last cycle: what goes on is not told anew each minute."""
    board_away: SyncError | None = None
    board_pause_s: float = 0.0
    board_due_s: float = 0.0
    waiting: int = 0
    cycles_waiting: int = 0
    unwritten: dict[str, str] = field(default_factory=dict)
    """Task id -> the outcome that the board would not take."""


@dataclass(frozen=True)
class Orchestrator:
    """What a cycle needs: a way to sync music, the clock's verdict, and the desk with board, ledger and inboxes."""

    sync: Callable[[str], MusicReport]
    """Sync once; told the cause."""
    verdict: Callable[[], Verdict]
    desk: Desk
    habits: Habits
    enabled: bool
    monotonic_s: Callable[[], float] = time.monotonic
    _memory: _Memory = field(default_factory=_Memory, repr=False)

    def cycle(self, *, force: bool = False, never: bool = False) -> tuple[MusicReport, CycleReport]:
        """Run all steps once. `force` syncs even when music is switched off in the settings: it was typed by a person."""
        report = CycleReport()
        tasks = report.step(self._tasks, None)
        music = NO_MUSIC if never else report.step(lambda: self._music(tasks or (), report, force=force), NO_MUSIC)
        if tasks is not None:
            hand_off(tasks, self.desk, self.habits, report)
            self._watch_progress(report)
        self._tell(music, report)
        return music, report

    def _tasks(self) -> list[Task]:
        """All tasks. A board that is away is a fault, never an empty board, and is asked again after a pause."""
        memory = self._memory
        if memory.board_away and self.monotonic_s() < memory.board_due_s:
            raise memory.board_away
        try:
            tasks = list(self.desk.board.tasks())
        except SyncError as error:
            memory.board_away = error
            memory.board_pause_s = min(max(FIRST_PAUSE_S, 2 * memory.board_pause_s), LONGEST_PAUSE_S)
            wished = error.after_s or 0.0 if isinstance(error, TryAgainLater) else 0.0
            pause_s = max(memory.board_pause_s, min(wished, LONGEST_WISH_S))
            memory.board_due_s = self.monotonic_s() + pause_s
            log.info("board: asked again in %.0f s", pause_s)
            raise
        memory.board_away, memory.board_pause_s = None, 0.0
        return tasks

    def _music(self, tasks: Sequence[Task], report: CycleReport, *, force: bool) -> MusicReport:
        """Step 0. The schedule does not depend on the board, nor the board's wish on the schedule."""
        triggers = report.step(self.desk.ledger.triggers, None)
        known = triggers is not None and (self.enabled or force)
        asking = asking_for_music(tasks, triggers or {}) if known else []
        verdict = self.verdict()
        if force:
            cause = "--music-sync"
        elif asking:
            cause = f"task {asking[0].title}" + (f" and {len(asking) - 1} more" if len(asking) > 1 else "")
        elif self.enabled and verdict.is_due:
            cause = verdict.reason
        else:
            log.info("music sync: not now, %s", verdict.reason if self.enabled else "switched off")
            self._write_outcomes(report)
            return NO_MUSIC
        log.info("music sync: starts, %s", cause)
        music = self.sync(cause)
        if music["result"] != "locked":
            waiting = waiting_for_music(tasks, triggers or {}) if known else []
            report.step(lambda: self._answer([*asking, *waiting], music, report), None)
        report.problems += report.step(lambda: self._emptied(music), [])
        return music

    def _answer(self, concerned: Sequence[Task], music: MusicReport, report: CycleReport) -> None:
        """Remember that each of these tasks had its sync, and write the outcome on it.

        Remembered first: a board that can be read but not written must not start a sync each cycle.
        """
        mark = "" if music["result"] in SUCCESSES else FAILED
        for task in concerned:
            self.desk.ledger.trigger(task.task_id, task.content_key + mark)
            self._memory.unwritten[task.task_id] = outcome(music)
        self._write_outcomes(report)

    def _write_outcomes(self, report: CycleReport) -> None:
        """What the board would not take is tried again in the next cycle."""
        for task_id, text in tuple(self._memory.unwritten.items()):
            write = partial(self.desk.board.update, task_id, Change(result=text))
            written = report.step(write, None)
            if written is None:
                return
            del self._memory.unwritten[task_id]
            report.problems += [f"the outcome of the music sync is not on its task: {what}" for what in written.dropped]

    def _emptied(self, music: MusicReport) -> list[str]:
        """Sources that say all went well and hold nothing, though they held tracks at the last sync; told once."""
        lines = []
        for source in music["sources"]:
            name, found = f"found:{source['name']}", int(source["found"])
            before = int(self.desk.ledger.fact(name) or 0)
            if not source["ok"] or found == before:
                continue
            self.desk.ledger.remember(name, str(found))
            if not found:
                lines.append(
                    f"source {source['name']} held {before} tracks at the last sync and none now; "
                    "is it still the right folder or account? `music-sync config show` tells"
                )
        return lines

    def _watch_progress(self, report: CycleReport) -> None:
        """Say it when cycle after cycle the same tasks cannot be handed over."""
        memory = self._memory
        stuck = report.waiting if report.waiting == memory.waiting and not report.delivered else 0
        memory.cycles_waiting = memory.cycles_waiting + 1 if stuck else 1
        memory.waiting = report.waiting
        if stuck and memory.cycles_waiting >= CYCLES_WITHOUT_PROGRESS:
            report.problems.append(
                f"{stuck} ready tasks could not be handed over in {CYCLES_WITHOUT_PROGRESS} cycles and more; "
                "`music-sync tasks list` shows them"
            )

    def _tell(self, music: MusicReport, report: CycleReport) -> None:
        """Step 4. What stands since the last cycle was told then."""
        tasks = ", ".join(f"{name} {'unknown' if n is None else n}" for name, n in report.counts.items())
        log.info("cycle: music %s; tasks: %s; faults %d", music["result"], tasks, len(report.faults))
        before = self._memory.told
        for fault in report.faults:
            if str(fault) not in before:
                log.error("cycle: %s", fault)
        for problem in report.problems:
            if problem not in before:
                log.warning("cycle: %s", problem)
        self._memory.told = frozenset({*map(str, report.faults), *report.problems})


def outcome(report: MusicReport) -> str:
    """A sync's outcome in words: counts, the first error, and how each track ended that was not there before."""
    counts = ", ".join(f"{number} {word}" for word, number in report["counts"].items() if number)
    lines = [f"Music sync: {report['result']}" + (f" ({counts})" if counts else "")]
    message = report.get("message") or _first_error(report)
    if message:
        lines.append(f"First error: {message}")
    told = [track for track in report["tracks"] if track["ending"] != "already_have"]
    lines += [f"{track['ending']}: {track['artist']} - {track['title']}" for track in told[:MOST_TOLD]]
    if len(told) > MOST_TOLD:
        lines.append(f"... and {len(told) - MOST_TOLD} more tracks, which the log names")
    return "\n".join(lines)


def _first_error(report: MusicReport) -> str:
    failed = [track["reason"] for track in report["tracks"] if track["ending"] == "failed"]
    away = [f"{source['name']}: {source['message']}" for source in report["sources"] if not source["ok"]]
    return str([*failed, *away, ""][0])
