"""A sync that was killed while it read, and the next one, which has its own round to do as well."""

import os
import queue
import signal
import threading
from pathlib import Path

from tests.journeys.warm import Warm
from tests.journeys.world import new_world
from tests.samples.sources.spotify import SpotifyWalk

from music_sync.demo.spotify import SpotifyServer

OVERLAP_S = 1.5
"""So long a second round would have to ask for a page while the first one waits for its own."""


def test_the_round_of_a_killed_sync_ends_before_the_new_one_asks(warm: Warm, tmp_path: Path) -> None:
    """P55: both at once would ask for the same pages, and a large list would cost its calls twice."""
    with SpotifyServer() as server:
        walk = SpotifyWalk(server)
        walk.like(*range(1, 4 * walk.page_entries + 1))
        ours = {"MUSIC_SYNC_SOURCES": "spotify:likes", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        world = new_world(tmp_path, **walk.variables, **ours)
        pids: queue.SimpleQueue[int] = queue.SimpleQueue()
        walk.after_page(2, lambda: os.killpg(pids.get(timeout=30), signal.SIGKILL))
        running = warm.start(world, "sync", "--limit", "1", "--json")
        pids.put(running.pid)
        killed = running.ended()
        calls, another = walk.calls, threading.Event()

        def hold(_count: int) -> None:
            if walk.calls == calls + 1:
                another.wait(OVERLAP_S)
            elif walk.calls > calls + 1:
                another.set()

        server.after_each = hold
        done = warm.run(world, "sync", "--limit", "1", "--json")

    assert (killed.code, done.code) == (-signal.SIGKILL, 0), done.err
    # All but the page that was stored, a look at the beginning, and that of the new round.
    assert walk.calls - calls == walk.pages() - 1 + 1 + 1
