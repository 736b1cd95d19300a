"""How fast tasks become hand-off files: one cycle over a board of many tasks, and the same board with nothing new.

python benchmarks/handoff.py [--tasks N]
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from music_sync.adapters.durable_files import write_whole
from music_sync.adapters.inbox_folder import FolderInboxes
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.engine import open_engine
from music_sync.adapters.sql.ledger import SqlLedger
from music_sync.flows.hand_off_tasks import CycleReport, Habits, hand_off
from music_sync.model.task import Draft
from music_sync.settings import load
from music_sync.task.deliver import Desk
from music_sync.task.route import Agents

WANTED_PER_S = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000, help="tasks on the board (10,000)")
    count = parser.parse_args().tasks
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
        desk = desk_in(Path(folder), count)
        flushed_per_s = flushes_per_s(Path(folder))
        first, first_s = timed(lambda: cycle(desk))
        idle, idle_s = timed(lambda: cycle(desk))
        written = sum(1 for _ in Path(folder).rglob("*__HANDOFF__*.json"))
    if (first.delivered, idle.delivered, written, first.faults) != (count, 0, count, []):
        sys.exit(f"{first.delivered} of {count} were handed over, {written} files written, {first.faults}")
    shown = {
        "tasks": count,
        "first_cycle_s": round(first_s, 2),
        "files_per_s": round(count / first_s),
        "single_durable_files_per_s": round(flushed_per_s),
        "cycle_with_nothing_new_s": round(idle_s, 2),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "processors": os.cpu_count(),
    }
    print(
        f"{count} tasks handed over in {first_s:.1f} s: {count / first_s:.0f} durable files/s (wanted {WANTED_PER_S})"
    )
    print(f"a durable file alone: {flushed_per_s:.0f}/s; a cycle with nothing new: {idle_s:.2f} s")
    print(json.dumps(shown))


def desk_in(home: Path, count: int) -> Desk:
    """A desk as the program has it, on a board of so many ready tasks."""
    engine = open_engine(home / "var" / "state.db")
    board = SqlBoard(engine)
    settings = load({}).settings
    agents = Agents(settings.agent_names, (), settings.default_agent)
    names = list(settings.agent_names)
    for number in range(count):
        board.add(
            Draft(f"Task {number}: café", description="What is to be done. " * 20, assigned_agent=names[number % 11])
        )
    inboxes = FolderInboxes(home, home / "agents")
    return Desk(board, SqlLedger(engine), inboxes, agents, lambda: datetime.now(UTC))


def cycle(desk: Desk) -> CycleReport:
    return hand_off(list(desk.board.tasks()), desk, Habits(most_reviews=0))


def flushes_per_s(folder: Path, count: int = 300) -> float:
    """What this drive gives: files written one by one, each durable when the next begins."""
    (folder / "alone").mkdir()
    began = time.perf_counter()
    for number in range(count):
        write_whole(folder / "alone" / str(number), b"x" * 1500)
    return count / (time.perf_counter() - began)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


if __name__ == "__main__":
    main()
