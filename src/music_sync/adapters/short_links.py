"""Short links, which only tell over the network where they lead: on.soundcloud.com, spotify.link and their like."""

import html
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import httpx

from music_sync.adapters.calls import after_s
from music_sync.adapters.egress import MOST_REDIRECTS, Resolve, egress_client, host_of, read_link, resolve, shown
from music_sync.adapters.link_text import LABELS, SHORT_HOSTS
from music_sync.adapters.links import Place, read_place
from music_sync.model.errors import GiveUp, ServiceUnavailable

LARGEST_PAGE_BYTES = 256 * 1024
WHOLE_S = 30.0
"""How long one connection may live."""

_TAG = re.compile(r"<(?:link|meta)\s([^<>]{1,1000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-z:-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_PAGE_LINK = re.compile(r"https://(?:open\.spotify|soundcloud)\.com/[0-9A-Za-z/_?=&.-]+")


@dataclass(frozen=True)
class ShortLinks:
    """Follows short links through the gate for outgoing links; only hosts that are known for short links are asked."""

    private_hosts: frozenset[str] = frozenset()
    hosts: Collection[str] = field(default_factory=SHORT_HOSTS.keys)
    resolve: Resolve = resolve

    def leads_to(self, place: Place) -> Place:
        """The place that a short link leads to.

        Raises GiveUp when it is dead or leads to nothing of its service, ServiceUnavailable when that cannot be told now.
        """
        link = place.url
        with egress_client(self.private_hosts, idle_s=15, whole_s=WHOLE_S, resolve=self.resolve) as client:
            for _ in range(MOST_REDIRECTS):
                answer = _asked(client, link, place)
                if answer.place:
                    return answer.place
                link = answer.link
                if host_of(read_link(link)) not in self.hosts:
                    return _arrived(link, place)
        raise GiveUp(f"{place.label} is still redirected after {MOST_REDIRECTS} redirects; check the link", "link_dead")


@dataclass(frozen=True)
class _Answer:
    """Where a short link sends us: on to another link, or a page that names its place."""

    link: str = ""
    place: Place | None = None


def _asked(client: httpx.Client, link: str, short: Place) -> _Answer:
    try:
        with client.stream("GET", read_link(link)) as response:
            if response.has_redirect_location:
                return _Answer(str(response.url.join(response.headers["location"])))
            _refuse_status(response, short)
            return _Answer(place=_place_in(_page(response), short))
    except httpx.HTTPError as error:
        raise ServiceUnavailable(
            f"{short.label} cannot be followed now ({type(error).__name__}); the next sync tries again"
        ) from error


def _refuse_status(response: httpx.Response, short: Place) -> None:
    status = response.status_code
    if status == 429 or status >= 500:
        raise ServiceUnavailable(
            f"{short.label} cannot be followed now ({status}); the next sync tries again",
            after_s(response.headers.get("retry-after")),
        )
    if status != 200:
        raise GiveUp(
            f"{short.label} is dead ({status}); open it in a browser and give the link that it leads to", "link_dead"
        )


def _arrived(link: str, short: Place) -> Place:
    """What the link at the end names; another service or a page of no track is no answer."""
    found = read_place(link)
    if found.service != short.service or found.kind == "short":
        raise GiveUp(
            f"{short.label} leads to {shown(link)}, which is no page of {LABELS[short.service]}; check the link",
            "link_dead",
        )
    return found


# Pages that lead on by a script


def _page(response: httpx.Response) -> str:
    page = bytearray()
    for block in response.iter_raw():
        page += block
        if len(page) >= LARGEST_PAGE_BYTES:
            break
    return bytes(page[:LARGEST_PAGE_BYTES]).decode("utf-8", "replace")


def _place_in(page: str, short: Place) -> Place:
    """The place that a page which opens an app tells as its canonical link, or else names first."""
    for link in _links_in(page):
        try:
            return _arrived(link, short)
        except GiveUp:
            continue
    raise GiveUp(
        f"{short.label} does not tell where it leads; open it in a browser and give the link that it leads to",
        "link_dead",
    )


def _links_in(page: str) -> Iterator[str]:
    """What a page says of itself (canonical link, og:url, refresh), then all links of the services in it."""
    for tag in _TAG.findall(page):
        told = {name.lower(): html.unescape(text.strip("'\"")) for name, text in _ATTRIBUTE.findall(tag)}
        if told.get("rel") == "canonical":
            yield told.get("href", "")
        elif told.get("property") == "og:url":
            yield told.get("content", "")
        elif told.get("http-equiv", "").lower() == "refresh":
            yield told.get("content", "").partition("=")[2].strip("'\" ")
    # In scripts the slashes are escaped.
    yield from _PAGE_LINK.findall(page.replace("\\u002F", "/").replace("\\/", "/"))
