"""The secrets by which senders of webhooks are known, in one file for its owner only.

A signature needs its secret in clear; of a token its hash is enough, so that is all that is kept.
"""

import base64
import binascii
import fcntl
import hashlib
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from music_sync.adapters.durable_files import faults_about, write_whole
from music_sync.model.errors import BadSetting, EnvironmentFault

SHORTEST_SECRET_BYTES = 24
OVERLAP_S = 24 * 3600.0
"""After a rotation the old secret still counts for so long, unless told otherwise."""
PENDING_S = 3600.0
"""How long a handshake of Notion is looked at after a person began one."""
SIGNED, NOTION, YOUTUBE = "music-sync", "notion", "youtube"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_PREFIX = "whsec_"


@dataclass(frozen=True)
class Key:
    """One secret of one hook. Times are epoch seconds; `ends_at` is 0 while it has no end."""

    hook: str
    key_id: str
    secret: str = field(default="", repr=False)
    """In clear, for signatures; empty for a token."""
    sha256: str = ""
    """Of a token, 64 hex digits; empty for a signature's secret."""
    made_at: float = 0.0
    ends_at: float = 0.0

    def counts(self, now: float) -> bool:
        return not self.ends_at or now < self.ends_at


@dataclass(frozen=True)
class Handshake:
    """A subscription at Notion that a person began here; `token` is what a handshake then brought."""

    until: float
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Lease:
    """A subscription at YouTube's hub, to one topic. Times are epoch seconds."""

    callback: str = field(default="", repr=False)
    """Where the hub comes to for it."""
    given_at: float = 0.0
    until: float = 0.0
    """Both 0 while the hub did not say yes."""


@dataclass(frozen=True)
class Kept:
    """All of the file."""

    keys: tuple[Key, ...] = ()
    handshake: Handshake | None = None
    leases: Mapping[str, Lease] = field(default_factory=dict)
    """By the topic that we asked for."""


class HookFile:
    """Reads what another process wrote at once; serves all threads."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._name = str(path)
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[object, Kept] = (None, Kept())

    def read(self) -> Kept:
        """Raises EnvironmentFault when it is damaged or cannot be read."""
        try:
            status = os.stat(self._name)  # noqa: PTH116 - asked for each event, and half as dear
            mark = (status.st_mtime_ns, status.st_ino, status.st_size)
            if self._seen[0] != mark:
                self._seen = (mark, _kept_in(self._path.read_bytes()))
        except FileNotFoundError:
            return Kept()
        except OSError as error:
            raise EnvironmentFault(
                f"{self._path} cannot be read ({error.strerror}); make it readable for you"
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise EnvironmentFault(f"{self._path} is damaged; move it away and add the webhooks anew") from error
        return self._seen[1]

    def add(self, hook: str, *, signed: bool) -> str:
        """A new secret or token for a hook; gives it in clear, for the last time where it is a token."""
        clear = _PREFIX + base64.b64encode(os.urandom(32)).decode() if signed else secrets.token_urlsafe(32)
        self.put(hook, clear, signed=signed)
        return clear

    def put(self, hook: str, clear: str, *, signed: bool) -> None:
        """Keep a secret or token that was made elsewhere."""
        now = self._clock()
        key_id = f"{hook}-{secrets.token_hex(3)}"
        key = (
            Key(hook, key_id, secret=clear, made_at=now)
            if signed
            else Key(hook, key_id, sha256=digest_of(clear), made_at=now)
        )
        self._change(lambda kept: replace(kept, keys=(*_lasting(kept.keys, now), key)))

    def rotate(self, hook: str, *, overlap_s: float = OVERLAP_S) -> str:
        """A new secret; the old ones of this hook end after `overlap_s`. Raises BadSetting when there is none."""
        old = [key for key in self.read().keys if key.hook == hook]
        if not old:
            raise BadSetting(f"there is no webhook {hook!r}; `music-sync webhook list` shows those there are")
        ends_at = self._clock() + overlap_s
        self._change(lambda kept: replace(kept, keys=tuple(_ending(key, hook, ends_at) for key in kept.keys)))
        return self.add(hook, signed=bool(old[0].secret))

    def remove(self, hook: str) -> int:
        """Take all secrets of a hook away; gives how many there were."""
        there = len([key for key in self.read().keys if key.hook == hook])
        self._change(lambda kept: replace(kept, keys=tuple(key for key in kept.keys if key.hook != hook)))
        return there

    def await_handshake(self) -> None:
        self._change(lambda kept: replace(kept, handshake=Handshake(self._clock() + PENDING_S)))

    def handshake_came(self, token: str) -> bool:
        """Keep the token of a handshake for the person; False when nobody waits for one, or another came first."""
        with self._changing() as kept:
            waiting = kept.handshake
            if waiting is None or self._clock() >= waiting.until or waiting.token not in {"", token}:
                return False
            self._write(replace(kept, handshake=replace(waiting, token=token)))
            return True

    def end_handshake(self) -> None:
        self._change(lambda kept: replace(kept, handshake=None))

    def ask_lease(self, topic: str, callback: str) -> None:
        """A topic is about to be asked for; what is left of a lease to the same callback stays."""
        with self._changing() as kept:
            if topic not in kept.leases or kept.leases[topic].callback != callback:
                self._write(_leased(kept, topic, Lease(callback)))

    def give_lease(self, topic: str, lease_s: float) -> bool:
        """The hub gave a topic for so long, 0 for not at all; False when nobody asked for it."""
        with self._changing() as kept:
            if topic not in kept.leases:
                return False
            now = self._clock()
            given = replace(kept.leases[topic], given_at=now, until=now + lease_s)
            self._write(_leased(kept, topic, given))
            return True

    def drop_lease(self, topic: str) -> None:
        self._change(
            lambda kept: replace(kept, leases={name: end for name, end in kept.leases.items() if name != topic})
        )

    def _change(self, change: Callable[[Kept], Kept]) -> None:
        with self._changing() as kept:
            self._write(change(kept))

    @contextmanager
    def _changing(self) -> Iterator[Kept]:
        """What stands there, while nobody else changes it: the server writes leases while a person adds a sender."""
        lock = self._path.with_suffix(".lock")
        with self._lock, faults_about(lock):
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield self.read()
            finally:
                os.close(descriptor)

    def _write(self, kept: Kept) -> None:
        write_whole(self._path, (json.dumps(asdict(kept), indent=2) + "\n").encode())


def signing_key(text: str, where: str) -> bytes:
    """The bytes of a signature's secret: `whsec_` and base64, or any text; raises BadSetting for one that is weak."""
    key = text.encode("utf-8", "surrogatepass")
    if text.startswith(_PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise BadSetting(f"{where}: what follows {_PREFIX} is no base64; copy the secret anew") from None
    if len(key) < SHORTEST_SECRET_BYTES or len(set(key)) < 8:
        raise BadSetting(
            f"{where}: a secret has {SHORTEST_SECRET_BYTES} bytes of chance or more; `music-sync webhook add` makes one"
        )
    return key


def digest_of(token: str) -> str:
    """SHA-256 of a token, 64 hex digits: enough to know it again, as tokens are long and made by chance."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _lasting(keys: Sequence[Key], now: float) -> tuple[Key, ...]:
    return tuple(key for key in keys if key.counts(now))


def _leased(kept: Kept, topic: str, lease: Lease) -> Kept:
    return replace(kept, leases={**kept.leases, topic: lease})


def _ending(key: Key, hook: str, ends_at: float) -> Key:
    is_meant = key.hook == hook and (not key.ends_at or key.ends_at > ends_at)
    return replace(key, ends_at=ends_at) if is_meant else key


def _kept_in(content: bytes) -> Kept:
    said = json.loads(content)
    handshake = said["handshake"]
    return Kept(
        tuple(Key(**key) for key in said["keys"]),
        Handshake(**handshake) if handshake else None,
        {str(topic): Lease(**lease) for topic, lease in said["leases"].items()},
    )
