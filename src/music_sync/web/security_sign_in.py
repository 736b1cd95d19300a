"""Signing in: the password with its growing pauses, sessions that nobody can fix beforehand, and form tokens."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

FREE_TRIES = 5
"""So many wrong passwords cost nothing; each further one doubles the pause."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
"""The owner, who shares an address with whoever guesses, waits no longer than this."""
FORGOTTEN_AFTER_S = 900.0
MOST_ADDRESSES = 2000


class Store(Protocol):
    """Where password and sessions are kept."""

    def has_password(self) -> bool: ...
    def set_password(self, password: str) -> None:
        """Set it and end all sessions; raises BadSetting for one that is no good."""

    def fits(self, password: str) -> bool: ...
    def begin(self) -> str:
        """A new session's token."""

    def holds(self, token: str) -> bool: ...
    def end(self, token: str) -> None: ...


class TooManyTriesError(Exception):
    """Wrong passwords came too fast; `after_s` says when the next one is looked at."""

    def __init__(self, after_s: float) -> None:
        super().__init__(after_s)
        self.after_s = after_s


@dataclass
class _Tries:
    wrong: int = 0
    free_at: float = 0.0
    """Monotonic seconds."""


class SignIn:
    """Who may in. One instance serves all threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        # scrypt takes memory on purpose: one at a time.
        self._one_at_a_time = threading.Lock()
        self._first_link = "" if store.has_password() else secrets.token_urlsafe(32)

    @property
    def first_link(self) -> str:
        """The secret of the link by which the first password is set; empty when there is one."""
        return "" if self._store.has_password() else self._first_link

    def has_password(self) -> bool:
        return self._store.has_password()

    def first_password(self, link: str, password: str) -> str:
        """Set the first password and give a session; '' when the link is not the one, or was used.

        Raises BadSetting for a password that is no good; the link then stays good.
        """
        with self._one_at_a_time:
            if not self.is_first_link(link):
                return ""
            self._store.set_password(password)
            self._first_link = ""
        return self._store.begin()

    def is_first_link(self, link: str) -> bool:
        return bool(self.first_link) and same(link, self.first_link)

    def open_session(self, password: str, address: str) -> str:
        """A new session for the right password, '' for a wrong one; raises TooManyTriesError within a pause."""
        with self._one_at_a_time:
            tries = self._tries_of(address)
            left_s = tries.free_at - self._clock()
            if left_s > 0:
                raise TooManyTriesError(left_s)
            if not self._store.fits(password):
                self._count(tries)
                return ""
            self._tries.pop(address, None)
        return self._store.begin()

    def holds(self, token: str) -> bool:
        return bool(token) and self._store.holds(token)

    def end(self, token: str) -> None:
        self._store.end(token)

    def _tries_of(self, address: str) -> _Tries:
        tries = self._tries.setdefault(address, _Tries())
        self._tries.move_to_end(address)
        if len(self._tries) > MOST_ADDRESSES:
            self._tries.popitem(last=False)
        if tries.wrong and self._clock() - tries.free_at > FORGOTTEN_AFTER_S:
            tries.wrong = 0
        return tries

    def _count(self, tries: _Tries) -> None:
        tries.wrong += 1
        over = tries.wrong - FREE_TRIES
        pause_s = min(FIRST_PAUSE_S * 2 ** min(over, 10), LONGEST_PAUSE_S) if over >= 0 else 0.0
        tries.free_at = self._clock() + pause_s


def form_token(cookie: str) -> str:
    """What a form of ours carries: bound to the cookie, which no other site can read or set."""
    return hmac.new(cookie.encode("utf-8", "surrogatepass"), b"music-sync form", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two secrets in constant time, whatever signs are in them."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
