"""Subscriptions at a hub end by themselves: each is asked for again in time."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from music_sync.model.errors import SyncError

log = logging.getLogger(__name__)

RENEWED_BEFORE_S = 86400.0
ASKED_AGAIN_S = 3600.0
"""After a hub that did not answer, or did not come back to us."""
YOUTUBE = "youtube"


class Kept(Protocol):
    @property
    def leases(self) -> Mapping[str, float]: ...
    @property
    def keys(self) -> Sequence["Key"]: ...


class Key(Protocol):
    @property
    def hook(self) -> str: ...
    @property
    def secret(self) -> str: ...


class File(Protocol):
    """Where leases and the secret for their signatures are kept."""

    def read(self) -> Kept: ...
    def lease(self, topic: str, until: float) -> None: ...
    def drop_lease(self, topic: str) -> None: ...
    def put(self, hook: str, clear: str, *, signed: bool) -> None: ...


class Leases(threading.Thread):
    """Asks the hub for each topic when its lease comes to an end, until it is stopped."""

    def __init__(
        self,
        topics: Sequence[str],
        file: File,
        subscribe: Callable[[str, str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name="webhook leases", daemon=True)
        self._topics = topics
        self._file = file
        self._subscribe = subscribe
        self._clock = clock
        self._stopped = threading.Event()

    def run(self) -> None:
        for topic in set(self._file.read().leases) - set(self._topics):
            self._file.drop_lease(topic)
        while self._topics and not self._stopped.is_set():
            self._stopped.wait(self.renew())

    def stop(self) -> None:
        self._stopped.set()

    def renew(self) -> float:
        """Ask for what ends soon; gives the seconds until it is time to look again."""
        now = self._clock()
        for topic in self._topics:
            until = self._file.read().leases.get(topic)
            if until is not None and until - now > RENEWED_BEFORE_S:
                continue
            if until is None:
                # Written down first, so that the hub's question finds that we asked.
                self._file.lease(topic, 0.0)
            try:
                self._subscribe(topic, self._secret())
            except SyncError as error:
                log.warning("webhook youtube: %s", error)
        ends = [self._file.read().leases.get(topic, 0.0) for topic in self._topics]
        return max(ASKED_AGAIN_S, min(ends) - RENEWED_BEFORE_S - now)

    def _secret(self) -> str:
        known = next((key.secret for key in self._file.read().keys if key.hook == YOUTUBE), "")
        if not known:
            known = secrets.token_hex(20)
            self._file.put(YOUTUBE, known, signed=True)
        return known
