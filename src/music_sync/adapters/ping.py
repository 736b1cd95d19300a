"""A ping to whoever watches from outside that syncs go on, in the manner of healthchecks.io."""

import hashlib

import httpx

from music_sync.adapters.certificates import certificates
from music_sync.model.errors import ServiceUnavailable

TIMEOUT_S = 10.0


class Ping:
    """Calls the address when a sync went well, and the same with `/fail` behind it when it did not."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    @property
    def mark(self) -> str:
        return hashlib.sha256(self._address.encode()).hexdigest()[:12]

    def send(self, title: str, text: str, urgency: str) -> None:  # noqa: ARG002 - a notice has a title
        """Raises ServiceUnavailable when it was not taken."""
        address = self._address + ("/fail" if urgency == "failure" else "")
        try:
            answer = httpx.post(address, content=text.encode(), timeout=TIMEOUT_S, verify=certificates())
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable(
                f"the ping was not taken ({type(error).__name__}); it is tried again, see MUSIC_SYNC_PING_URL"
            ) from error
