"""A WebSub hub, which tells of what is new in a feed: YouTube's for the uploads of a channel."""

from collections.abc import Collection

import httpx

from music_sync.adapters.egress import egress_client, shown
from music_sync.model.errors import ServiceUnavailable

LEASE_S = 5 * 86400
"""What is asked for; the hub may give less."""


class WebSubHub:
    """Asks one hub to tell our callback; what it then asks back goes to the web server."""

    def __init__(self, url: str, callback: str, private_hosts: Collection[str] = ()) -> None:
        self._url = url
        self._callback = callback
        self._private_hosts = frozenset(private_hosts)

    def subscribe(self, topic: str, secret: str) -> None:
        """Ask for a subscription or its renewal; raises ServiceUnavailable when the hub does not take it, GiveUp for
        an address that must not be asked."""
        said = {
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.callback": self._callback,
            "hub.verify": "async",
            "hub.secret": secret,
            "hub.lease_seconds": str(LEASE_S),
        }
        try:
            with egress_client(frozenset(self._private_hosts), idle_s=20, whole_s=30) as client:
                answer = client.post(self._url, data=said)
        except httpx.HTTPError as error:
            raise ServiceUnavailable(
                f"the hub {shown(self._url)} cannot be reached ({type(error).__name__}); it is asked again later"
            ) from error
        if not answer.is_success:
            raise ServiceUnavailable(
                f"the hub {shown(self._url)} refused a subscription ({answer.status_code}); it is asked again later"
            )
