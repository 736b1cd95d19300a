"""A WebSub hub on loopback with the manners of YouTube's, and the feeds that it delivers.

What a real hub does by itself some time later (asking back, delivering) it does here when the test says so.
"""

import hashlib
import hmac
import queue
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx
from tests import plain_http

from music_sync.demo.loopback import Answer, Loopback, Refused, Request, Route

PUBLIC = "https://music.example.org"
"""Where our server is reached from outside; the hub goes through a tunnel that ends at its loopback address."""
DEFAULT_LEASE_S = 432_000
LONGEST_LEASE_S = 828_000


@dataclass(frozen=True)
class Asked:
    """One request that the hub took, and has to ask back about."""

    mode: str
    topic: str
    callback: str
    secret: str
    lease_s: int


@dataclass(frozen=True)
class Subscription:
    secret: str
    until: float


class Hub(Loopback):
    """`asked` holds what it took, in order; `subscriptions` what was confirmed, by topic and callback."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.asked: queue.Queue[Asked] = queue.Queue()
        self.subscriptions: dict[tuple[str, str], Subscription] = {}
        self._clock = clock
        self._tunnel = ""

    def routes(self) -> Sequence[Route]:
        return [("POST", "/subscribe", self._subscribe)]

    def open_tunnel(self, url: str) -> None:
        """From now on `PUBLIC` leads there."""
        self._tunnel = url

    def _subscribe(self, request: Request) -> Answer:
        if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise _bad("the body must be a form")
        said = request.form
        mode, topic, callback = (said.get(f"hub.{name}", "") for name in ("mode", "topic", "callback"))
        if mode not in {"subscribe", "unsubscribe"}:
            raise _bad(f"Invalid value for hub.mode: {mode}")
        for name, value in (("topic", topic), ("callback", callback)):
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
                raise _bad(f"Invalid parameter: hub.{name}; must be valid URI with no fragment")
        if said.get("hub.verify") not in {"async", "sync"}:
            raise _bad("Invalid values for hub.verify: none supported")
        lease = said.get("hub.lease_seconds") or str(DEFAULT_LEASE_S)
        secret = said.get("hub.secret", "")
        if not lease.isdecimal() or int(lease) == 0:
            raise _bad(f"Invalid value for hub.lease_seconds: {lease}")
        if len(secret.encode()) >= 200:
            raise _bad("Invalid value for hub.secret: too long")
        self.asked.put(Asked(mode, topic, callback, secret, min(int(lease), LONGEST_LEASE_S)))
        return Answer(202)

    # What it does by itself

    def ask_back(self, asked: Asked, *, lease_s: int | None = None, topic: str = "", **changed: str) -> bool:
        """Is it meant? Gives whether our server said so; only then the hub acts on it.

        `lease_s` is what it gives instead, `changed` are parameters of the query with underscores for dots.
        """
        challenge = secrets.token_urlsafe(24)
        given_s = asked.lease_s if lease_s is None else lease_s
        query = {"hub.mode": asked.mode, "hub.topic": topic or asked.topic, "hub.challenge": challenge}
        if asked.mode == "subscribe":
            query["hub.lease_seconds"] = str(given_s)
        query |= {name.replace("_", ".", 1): value for name, value in changed.items()}
        answer = self._through("GET", _joined(asked.callback, query))
        if not answer.is_success or answer.text != challenge:
            return False
        key = (query["hub.topic"], asked.callback)
        if asked.mode == "subscribe":
            self.subscriptions[key] = Subscription(asked.secret, self._clock() + given_s)
        else:
            self.subscriptions.pop(key, None)
        return True

    def deny(self, asked: Asked, reason: str) -> httpx.Response:
        """Tell our server that a topic is not given, or no longer."""
        query = {"hub.mode": "denied", "hub.topic": asked.topic, "hub.reason": reason}
        self.subscriptions.pop((asked.topic, asked.callback), None)
        return self._through("GET", _joined(asked.callback, query))

    def deliver(self, topic: str, feed: bytes, signature: str | None = None) -> list[httpx.Response]:
        """Send a feed to all who subscribed to its topic; `signature` takes the place of the right one."""
        answers = []
        for (known, callback), subscription in self.subscriptions.items():
            if known != topic or subscription.until <= self._clock():
                continue
            headers = {
                "Content-Type": "application/atom+xml",
                "Link": f'<{self.url}/>; rel="hub", <{topic}>; rel="self"',
                "X-Hub-Signature": signed(subscription.secret, feed) if signature is None else signature,
            }
            answers.append(self._through("POST", callback, feed, headers))
        return answers

    def _through(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """As through a tunnel, which keeps the name of the host."""
        assert self._tunnel, "no tunnel is open"
        assert url.startswith(f"{PUBLIC}/"), url
        sent = {"Host": urlsplit(PUBLIC).netloc, **(headers or {})}
        return plain_http.request(method, self._tunnel + url.removeprefix(PUBLIC), content=body, headers=sent)


def signed(secret: str, feed: bytes) -> str:
    return "sha1=" + hmac.new(secret.encode(), feed, hashlib.sha1).hexdigest()


def video_feed(video: str, title: str, updated: str, channel: str = "UCfakefakefakefakefakefa") -> bytes:
    """A new video, or a new title of one: hubs tell both in the same words."""
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom">
 <link rel="hub" href="https://pubsubhubbub.appspot.com"/>
 <link rel="self" href="https://www.youtube.com/xml/feeds/videos.xml?channel_id={channel}"/>
 <title>YouTube video feed</title><updated>{updated}</updated>
 <entry>
  <id>yt:video:{video}</id><yt:videoId>{video}</yt:videoId><yt:channelId>{channel}</yt:channelId>
  <title>{title}</title><link rel="alternate" href="https://www.youtube.com/watch?v={video}"/>
  <author><name>Paper Lanterns</name><uri>https://www.youtube.com/channel/{channel}</uri></author>
  <published>2026-11-23T04:00:00+00:00</published><updated>{updated}</updated>
 </entry>
</feed>""".encode()


def deleted_feed(video: str, when: str, channel: str = "UCfakefakefakefakefakefa") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns="http://www.w3.org/2005/Atom">
 <at:deleted-entry ref="yt:video:{video}" when="{when}">
  <link href="https://www.youtube.com/watch?v={video}"/>
  <at:by><name>Paper Lanterns</name><uri>https://www.youtube.com/channel/{channel}</uri></at:by>
 </at:deleted-entry>
</feed>""".encode()


def _joined(callback: str, query: dict[str, str]) -> str:
    """Whatever query the callback has stays, as WebSub demands."""
    return f"{callback}{'&' if urlsplit(callback).query else '?'}{urlencode(query)}"


def _bad(words: str) -> Refused:
    return Refused(Answer(400, f"{words}\n".encode(), {"Content-Type": "text/plain"}))
