"""Between the server's loop and the thread that stores: events go over one by one, answers come back a group at once."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import sqlalchemy as sa

from music_sync.adapters.sql.inbox import Answer, Answered, InboxWriter, SqlInbox
from music_sync.model.errors import SyncError
from music_sync.model.events import Event, Outcome


class GroupStore:
    """Fulfils `web.webhooks.Store`; `arrived` is called after each group was stored."""

    def __init__(self, inbox: SqlInbox, engine: sa.Engine, arrived: Callable[[], None]) -> None:
        self._arrived = arrived
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = InboxWriter(inbox, engine, self._deliver)

    async def keep(self, event: Event) -> Outcome:
        """Returns when it is on the disk; raises SyncError when it is not."""
        self._loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Answer] = self._loop.create_future()

        def answered(answer: Answer) -> None:
            # One whose sender waited too long was given up.
            if not waiting.done():
                waiting.set_result(answer)

        self._writer.offer(event, answered)
        answer = await waiting
        if isinstance(answer, SyncError):
            raise answer
        return answer

    def close(self) -> None:
        self._writer.close()

    def _deliver(self, answers: Sequence[tuple[Answered, Answer]]) -> None:
        def settle() -> None:
            for answered, answer in answers:
                answered(answer)

        # Crossing over wakes the loop, which costs more than an answer: so once a group.
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(settle)
        if any(answer == "new" for _answered, answer in answers):
            self._arrived()
