"""How many events a key may send, and how often an address may fail to prove itself."""

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_NAMES = 4096
BURST_S = 10.0
"""A key that was quiet may send what it could have sent in so long, at once."""
FAILURES_PER_S = 20 / 60
FAILURES_AT_ONCE = 20


class Buckets:
    """A token bucket a name; the names that were quiet the longest are forgotten. For one thread."""

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._full: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, name: str) -> float:
        """Take one token and give 0.0; or, where there is none, in how many seconds there will be one."""
        now = self._clock()
        tokens, seen = self._full.pop(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - seen) * self._per_s)
        taken = tokens >= 1
        self._full[name] = (tokens - 1 if taken else tokens, now)
        if len(self._full) > MOST_NAMES:
            self._full.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / self._per_s
