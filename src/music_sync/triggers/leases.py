"""Subscriptions at a hub end by themselves: each is asked for again in time, and ended when nobody wants it any more."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from music_sync.model.errors import SyncError, TryAgainLater

log = logging.getLogger(__name__)

RENEWED_BEFORE_S = 86400.0
"""So long before its end a lease is renewed; a short one when half of it is over."""
LOOK_EVERY_S = 60.0
ASKED_AGAIN_S = 3600.0
"""After a hub that said yes and did not come back to us; and the longest pause after one that did not say yes."""
FIRST_PAUSE_S = 60.0
YOUTUBE = "youtube"


class Lease(Protocol):
    @property
    def callback(self) -> str: ...
    @property
    def given_at(self) -> float: ...
    @property
    def until(self) -> float: ...


class Key(Protocol):
    @property
    def hook(self) -> str: ...
    @property
    def secret(self) -> str: ...


class Kept(Protocol):
    @property
    def leases(self) -> Mapping[str, Lease]: ...
    @property
    def keys(self) -> Sequence[Key]: ...


class File(Protocol):
    """Where leases and the secret for their signatures are kept."""

    def read(self) -> Kept: ...
    def ask_lease(self, topic: str, callback: str) -> None: ...
    def drop_lease(self, topic: str) -> None: ...
    def put(self, hook: str, clear: str, *, signed: bool) -> None: ...


class Hub(Protocol):
    """Raises SyncError where it cannot be asked, with `after_s` where it said when to come again."""

    def callback(self, topic: str, secret: str) -> str: ...
    def subscribe(self, topic: str, callback: str, secret: str) -> None: ...
    def unsubscribe(self, topic: str, callback: str) -> None: ...


@dataclass(frozen=True)
class _Asked:
    at: float
    pause_s: float
    failures: int = 0

    def rests(self, now: float) -> bool:
        """Is it too early to ask again? A clock that was set back counts as a pause that is over."""
        return self.at <= now < self.at + self.pause_s


class Leases(threading.Thread):
    """Asks the hub for each topic when its lease comes to an end, until it is stopped; `look` serves all threads."""

    def __init__(self, topics: Sequence[str], file: File, hub: Hub, clock: Callable[[], float] = time.time) -> None:
        super().__init__(name="webhook leases", daemon=True)
        self._topics = topics
        self._file = file
        self._hub = hub
        self._clock = clock
        self._asked: dict[str, _Asked] = {}
        self._looking = threading.Lock()
        self._stopped = threading.Event()

    def run(self) -> None:
        self.look()
        while self._topics and not self._stopped.wait(LOOK_EVERY_S):
            self.look()

    def stop(self) -> None:
        self._stopped.set()

    def look(self) -> None:
        """Ask for what is missing or ends soon, and end what is no longer wanted."""
        with self._looking:
            try:
                for topic in set(self._file.read().leases) - set(self._topics):
                    self._end(topic)
                for topic in self._topics:
                    self._renew(topic)
            except SyncError as error:
                log.warning("webhook youtube: %s", error)

    def _end(self, topic: str) -> None:
        lease = self._file.read().leases[topic]
        # Forgotten first: the hub asks back whether it is so.
        self._file.drop_lease(topic)
        if lease.until <= self._clock():
            return
        try:
            self._hub.unsubscribe(topic, lease.callback)
        except SyncError as error:
            log.warning("webhook youtube: %s; that subscription ends by itself", str(error).partition(";")[0])

    def _renew(self, topic: str) -> None:
        secret = self._secret()
        callback = self._hub.callback(topic, secret)
        lease = self._file.read().leases.get(topic)
        now = self._clock()
        if lease is not None and lease.callback == callback and _lasts(lease, now):
            return
        asked = self._asked.get(topic, _Asked(0.0, 0.0))
        has_answered = lease is not None and lease.given_at >= asked.at
        if asked.rests(now) and not has_answered:
            return
        # Written down first, so that the hub's question finds that we asked.
        self._file.ask_lease(topic, callback)
        self._ask(topic, callback, secret, asked.failures)

    def _ask(self, topic: str, callback: str, secret: str, failures: int) -> None:
        now = self._clock()
        try:
            self._hub.subscribe(topic, callback, secret)
            self._asked[topic] = _Asked(now, ASKED_AGAIN_S)
        except SyncError as error:
            log.warning("webhook youtube: %s", error)
            told_s = error.after_s if isinstance(error, TryAgainLater) else None
            pause_s = told_s or FIRST_PAUSE_S * 2**failures
            # After so many the pause no longer grows.
            self._asked[topic] = _Asked(now, min(pause_s, ASKED_AGAIN_S), min(failures + 1, 10))

    def _secret(self) -> str:
        known = next((key.secret for key in self._file.read().keys if key.hook == YOUTUBE), "")
        if not known:
            known = secrets.token_hex(20)
            self._file.put(YOUTUBE, known, signed=True)
        return known


def _lasts(lease: Lease, now: float) -> bool:
    """Is there enough left of it? One that was given in what is the future now is not believed."""
    renewed_before_s = min(RENEWED_BEFORE_S, (lease.until - lease.given_at) / 2)
    return lease.given_at <= now < lease.until - renewed_before_s
