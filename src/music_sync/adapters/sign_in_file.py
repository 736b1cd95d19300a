"""The dashboard's password and who is signed in, in one file for its owner only; neither stands in it in clear."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from music_sync.adapters.durable_files import write_whole
from music_sync.model.errors import BadSetting, EnvironmentFault

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000
SESSION_S = 30 * 86400.0
"""A session ends so long after its sign-in."""
MOST_SESSIONS = 50
"""With one more the oldest ends."""
COST = 15
"""Power of two: scrypt with this, r = 8 and p = 3, is what OWASP asks for; it takes 32 MB."""
_BLOCK, _PARALLEL = 8, 3
_MEMORY_BYTES = 128 * 1024**2


@dataclass(frozen=True)
class _Kept:
    password: str = ""
    sessions: dict[str, float] = field(default_factory=dict)
    """SHA-256 of each session's token -> until when it lasts, in epoch seconds."""


class SignInFile:
    """Fulfils `web.security_sign_in.Store`; what another process writes is seen at once. Serves all threads."""

    def __init__(self, path: Path, *, cost: int = COST, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._cost = cost
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[object, _Kept] = (None, _Kept())

    def has_password(self) -> bool:
        return bool(self._read().password)

    def set_password(self, password: str) -> None:
        """Set it and end all sessions; raises BadSetting for one that is too short or too long."""
        if len(password) < SHORTEST_PASSWORD:
            raise BadSetting(f"a password has {SHORTEST_PASSWORD} characters or more; take a longer one")
        if len(password) > LONGEST_PASSWORD:
            raise BadSetting(f"a password has at most {LONGEST_PASSWORD} characters; take a shorter one")
        hashed = _hashed(password, os.urandom(16), self._cost)
        with self._lock:
            self._write(_Kept(hashed))

    def fits(self, password: str) -> bool:
        """Is this the password? Takes as long for a wrong one, and some 0.2 s either way."""
        known = self._read().password
        if not known or len(password) > LONGEST_PASSWORD:
            return False
        try:
            _scheme, cost, salt, _hash = known.split("$")
            found = _hashed(password, base64.b64decode(salt), int(cost))
        except (ValueError, binascii.Error):
            return False
        return hmac.compare_digest(found, known)

    def begin(self) -> str:
        """A new session; gives its token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            kept = self._read()
            lasting = {name: until for name, until in kept.sessions.items() if until > self._clock()}
            newest = sorted(lasting.items(), key=lambda each: each[1])[-(MOST_SESSIONS - 1) :]
            sessions = dict(newest) | {_digest(token): self._clock() + SESSION_S}
            self._write(replace(kept, sessions=sessions))
        return token

    def holds(self, token: str) -> bool:
        """Is this the token of a session that lasts?"""
        return self._read().sessions.get(_digest(token), 0.0) > self._clock()

    def end(self, token: str) -> None:
        with self._lock:
            kept = self._read()
            rest = {name: until for name, until in kept.sessions.items() if name != _digest(token)}
            if rest != kept.sessions:
                self._write(replace(kept, sessions=rest))

    def _read(self) -> _Kept:
        try:
            status = self._path.stat()
            mark = (status.st_mtime_ns, status.st_ino, status.st_size)
            if self._seen[0] != mark:
                self._seen = (mark, _kept_in(self._path.read_bytes()))
        except FileNotFoundError:
            return _Kept()
        except OSError as error:
            raise EnvironmentFault(
                f"{self._path} cannot be read ({error.strerror}); make it readable for you"
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # Taken for "no password yet", a damaged file would let the next one who has the link set another.
            raise EnvironmentFault(f"{self._path} is damaged; remove it and set a new password") from error
        return self._seen[1]

    def _write(self, kept: _Kept) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._path, json.dumps(vars(kept)).encode())


def _kept_in(content: bytes) -> _Kept:
    said = json.loads(content)
    password, sessions = said["password"], said["sessions"]
    if not isinstance(password, str):
        raise TypeError
    return _Kept(password, {str(name): float(until) for name, until in sessions.items()})


def _hashed(password: str, salt: bytes, cost: int) -> str:
    said = password.encode("utf-8", "surrogatepass")
    found = hashlib.scrypt(said, salt=salt, n=2**cost, r=_BLOCK, p=_PARALLEL, maxmem=_MEMORY_BYTES)
    return f"scrypt${cost}${base64.b64encode(salt).decode()}${base64.b64encode(found).decode()}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
