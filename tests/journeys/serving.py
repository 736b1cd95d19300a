"""`music-sync serve` as a process of its own, forked off the warm one."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL

from tests.journeys.warm import Running, Warm
from tests.journeys.world import World

START_WITHIN_S = 60.0


def waited_for(what: Callable[[], str], within_s: float = START_WITHIN_S) -> str:
    """What another process tells by a file or a table, which tell nobody that they changed."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come in time")


@contextmanager
def serving(warm: Warm, world: World) -> Iterator[tuple[Running, str]]:
    """A run of `serve` and its address; killed at the end, if it still runs."""
    at_any_port = replace(world, more=(*world.more, ("MUSIC_SYNC_PORT", "0")))
    running = warm.start(at_any_port, "serve")

    def address() -> str:
        lines = running.out.read_text().splitlines() if running.out.exists() else []
        return next((line.split()[1] for line in lines if line.startswith("dashboard: ")), "")

    yield running, waited_for(address)
    if running.pid in warm._running:
        running.signal(SIGKILL)
        running.ended()


def events_in(home: Path) -> dict[str, tuple[str, str]]:
    """Event id -> state and result."""
    with closing(sqlite3.connect(home / "var" / "state.db")) as connection:
        rows = connection.execute("SELECT event_id, state, result FROM events").fetchall()
    assert len(rows) == len({row[0] for row in rows})
    return {row[0]: (row[1], row[2]) for row in rows}
