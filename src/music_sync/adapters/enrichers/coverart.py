"""The Cover Art Archive: the front cover of a release at MusicBrainz.

It answers with redirects to where the Internet Archive keeps its files; they are followed there and nowhere else.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import httpx

from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Calls, NotThere, Rejected, Reply, Trouble, by_status
from music_sync.adapters.cover_pillow import safe_cover
from music_sync.adapters.egress import MOST_REDIRECTS, check_link, host_and_port, host_of
from music_sync.model.enrichment import Answer, Known
from music_sync.model.errors import GiveUp

NAME, LABEL = "coverart", "Cover Art Archive"
LIMITS = Limits(burst=2, per_s=1)
"""It states no limit."""
LARGEST_BYTES = 10_000_000
SIZE_PX = 1200
_HOSTS = ("archive.org", "coverartarchive.org")


class CoverArt:
    """Fulfils `ports.Enricher`; `client` is one of `adapters.egress`."""

    name, label, by = NAME, LABEL, "release"

    def __init__(self, calls: Calls, client: httpx.Client) -> None:
        self._calls = calls
        self._client = client
        self._own = httpx.URL(calls.base_url)

    def asks(self, known: Known) -> bool:
        return bool(known.mb_release_id)

    def ask(self, known: Known) -> Sequence[Answer]:
        url = f"{self._calls.base_url}/release/{quote(known.mb_release_id, safe='')}/front-{SIZE_PX}"

        def send(_ours: Mapping[str, str], timeout_s: float) -> Reply:
            return self._fetch(url, timeout_s)

        try:
            picture = self._calls.guarded(send).body
        except NotThere:
            return ()
        cover = safe_cover(picture, f"release {known.mb_release_id}")
        if cover is None:
            raise GiveUp("its picture cannot be used")
        return [Answer("release", cover=cover)]

    def complete(self, answer: Answer) -> Answer:
        return answer

    def _fetch(self, url: str, timeout_s: float) -> Reply:
        for _ in range(MOST_REDIRECTS + 1):
            with self._client.stream("GET", url, timeout=timeout_s) as response:
                if not response.has_redirect_location:
                    return Reply(response.status_code, _lower(response.headers), _body(response))
                url = self._followed(response)
        raise Rejected("the Cover Art Archive redirects again and again", "rejected")

    def _followed(self, response: httpx.Response) -> str:
        """Where to go on, always encrypted; raises Rejected for another host."""
        try:
            url = response.url.join(response.headers["location"])
        except httpx.InvalidURL as error:
            raise Rejected("the Cover Art Archive redirects to what is no address", "rejected") from error
        host = host_of(url)
        is_own = url.scheme == self._own.scheme and host_and_port(url) == host_and_port(self._own)
        if not is_own and not any(host == each or host.endswith(f".{each}") for each in _HOSTS):
            raise Rejected(f"the Cover Art Archive redirects to {host}, which is not followed", "rejected")
        if not is_own:
            # Some of its redirects still say http.
            url = url.copy_with(scheme="https", port=None)
            check_link(str(url))
        return str(url)


def judge(reply: Reply) -> Trouble | None:
    """A picture is no JSON, and 404 means that there is none."""
    if reply.status == 200:
        return None if reply.body else Trouble("again", "its picture broke off")
    return by_status(reply)


def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    for block in response.iter_bytes():
        body += block
        if len(body) > LARGEST_BYTES:
            raise GiveUp(f"its picture has more than {LARGEST_BYTES // 1_000_000} MB")
    return bytes(body)


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): text for name, text in headers.items()}
