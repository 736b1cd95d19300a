"""For Google's client, which makes its calls with httplib2: the one method that it needs, over our own calls."""

from collections.abc import Mapping
from typing import Any

import httplib2
import httpx

from music_sync.adapters.calls import Calls, Reply


class GoogleHttp:
    """Stands where `googleapiclient` expects an `httplib2.Http`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.redirect_codes: frozenset[int] = frozenset()

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_options: Any,
    ) -> tuple[httplib2.Response, bytes]:
        def send(ours: Mapping[str, str], timeout_s: float) -> Reply:
            wanted = {**(headers or {}), **ours}
            return self._calls.send(httpx.Request(method, uri, headers=wanted, content=body), timeout_s)

        reply = self._calls.guarded(send)
        # Google's client stumbles over what is no UTF-8, and one broken name must not cost a whole answer.
        content = reply.body.decode("utf-8", "replace").encode()
        return httplib2.Response({"status": str(reply.status), **reply.headers}), content

    def close(self) -> None:
        """Nothing is kept open."""
