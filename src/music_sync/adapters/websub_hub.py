"""A WebSub hub, which tells of what is new in a feed: YouTube's for the uploads of a channel."""

import hashlib
import hmac
from collections.abc import Collection, Mapping

import httpx

from music_sync.adapters.calls import after_s
from music_sync.adapters.egress import egress_client, read_link, shown
from music_sync.model.errors import ServiceUnavailable

LEASE_S = 5 * 86400
"""What is asked for; the hub may give less."""


class WebSubHub:
    """Asks one hub to tell our callback; what it then asks back goes to the web server.

    Both calls raise ServiceUnavailable when the hub does not take them, GiveUp for an address that must not be asked.
    """

    def __init__(self, url: str, callback: str, private_hosts: Collection[str] = ()) -> None:
        self._url = url
        self._callback = callback
        self._private_hosts = frozenset(private_hosts)

    def callback(self, topic: str, secret: str) -> str:
        """Where the hub is to come to for a topic: nobody else knows this address."""
        return f"{self._callback}?token={token_for(topic, secret)}"

    def subscribe(self, topic: str, callback: str, secret: str) -> None:
        """Ask for a subscription or its renewal."""
        self._say("subscribe", topic, callback, {"hub.secret": secret, "hub.lease_seconds": str(LEASE_S)})

    def unsubscribe(self, topic: str, callback: str) -> None:
        self._say("unsubscribe", topic, callback, {})

    def _say(self, mode: str, topic: str, callback: str, more: Mapping[str, str]) -> None:
        # `hub.verify` is of an older version of WebSub, and YouTube's hub still wants it.
        said = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback, "hub.verify": "async", **more}
        try:
            with egress_client(self._private_hosts, idle_s=20, whole_s=30) as client:
                answer = client.post(read_link(self._url), data=said)
        except httpx.HTTPError as error:
            raise ServiceUnavailable(
                f"the hub {shown(self._url)} cannot be reached ({type(error).__name__}); it is asked again later"
            ) from error
        if not answer.is_success:
            raise ServiceUnavailable(
                f"the hub {shown(self._url)} refused to {mode} ({_words_of(answer)}); it is asked again later",
                after_s(answer.headers.get("retry-after")),
            )


def token_for(topic: str, secret: str) -> str:
    """By which a call is known to come from the hub: WebSub signs what it delivers, and not what it asks."""
    return hmac.digest(secret.encode(), topic.encode(), hashlib.sha256).hex()[:32]


def _words_of(answer: httpx.Response) -> str:
    """Status and the first words of a hub's refusal, which name the field that it does not like."""
    is_text = answer.headers.get("content-type", "").startswith("text/plain")
    words = " ".join(answer.text.split())[:100] if is_text else ""
    visible = "".join(letter if letter.isprintable() else "?" for letter in words)
    return f"{answer.status_code}: {visible}" if visible else f"{answer.status_code}"
