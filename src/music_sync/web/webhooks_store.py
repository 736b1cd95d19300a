"""Between the server's loop and the thread that stores: events go over one by one, answers come back a group at once."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import sqlalchemy as sa

from music_sync.adapters.sql.inbox import Answer, InboxWriter, Settled, SqlInbox
from music_sync.model.errors import SyncError, TryAgainLater
from music_sync.model.events import Event, Outcome

STORED_WITHIN_S = 10.0
"""A sender that waited so long is told to come again; should its event be stored all the same, it hears the same 202."""


class GroupStore:
    """Fulfils `web.webhooks.Store`; `arrived` is called with the subjects of what was stored in a group."""

    def __init__(self, inbox: SqlInbox, engine: sa.Engine, arrived: Callable[[Collection[str]], None]) -> None:
        self._arrived = arrived
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[tuple[float, asyncio.Future[Answer]]] = deque()
        self._is_looked_after = False
        self._writer = InboxWriter(inbox, engine, self._deliver)

    async def keep(self, event: Event) -> Outcome:
        """Returns when it is on the disk; raises SyncError when it is not."""
        self._loop = loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Answer] = loop.create_future()

        def answered(answer: Answer) -> None:
            # One whose sender waited too long was given up.
            if not waiting.done():
                waiting.set_result(answer)

        self._writer.offer(event, answered)
        self._waiting.append((loop.time() + STORED_WITHIN_S, waiting))
        if not self._is_looked_after:
            self._is_looked_after = True
            loop.call_later(1.0, self._give_up_late, loop)
        answer = await waiting
        if isinstance(answer, SyncError):
            raise answer
        return answer

    def close(self) -> None:
        self._writer.close()

    def _give_up_late(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a second for all: a timer for each event would cost more than its signature."""
        now, waiting = loop.time(), self._waiting
        while waiting and (waiting[0][1].done() or waiting[0][0] <= now):
            late = waiting.popleft()[1]
            if not late.done():
                late.set_result(TryAgainLater("the event is not stored yet; send it again in some seconds"))
        self._is_looked_after = bool(waiting)
        if waiting:
            loop.call_later(1.0, self._give_up_late, loop)

    def _deliver(self, settled: Sequence[Settled]) -> None:
        def settle() -> None:
            for _event, answered, answer in settled:
                answered(answer)

        # Crossing over wakes the loop, which costs more than an answer: so once a group.
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(settle)
        subjects = {event.subject for event, _answered, answer in settled if answer == "new" and event.subject}
        if subjects:
            self._arrived(subjects)
