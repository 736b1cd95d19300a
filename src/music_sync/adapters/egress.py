"""The one gate for outgoing links: which addresses may be reached, and the connections that reach only those.

A link is looked at twice. Its text is checked without the network (`check_link`). When a connection is opened, its host
is resolved once, every answer must be public, and the connection goes to an address that was checked, so that a second,
different DNS answer has no chance. Redirects pass through the same gate.
"""

import ipaddress
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpcore
import httpx

from music_sync.adapters.certificates import certificates
from music_sync.model.errors import GiveUp

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port -> its addresses as text; raises OSError when the name has none."""

LONGEST_LINK = 8000
MOST_REDIRECTS = 5
MOST_ADDRESSES = 4
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)

_FORBIDDEN_TEXT = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_INNER_NAMES = ("localhost", "internal", "local", "localdomain", "lan", "intranet", "home.arpa", "onion")
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

# httpx and httpcore log whole links and headers; a signed link is a secret.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_link(link: str) -> httpx.URL:
    """Parse an http or https link with the parser that later connects, so that no two readings of it differ.

    Raises GiveUp(rule="link_refused") for another scheme, a sign-in in the address, control characters, spaces,
    backslashes, a host in other than ASCII letters, a reserved port, and for 8000 characters or more.
    """
    if len(link) >= LONGEST_LINK:
        raise _refused(link, f"is longer than {LONGEST_LINK - 1} characters")
    if _FORBIDDEN_TEXT.search(link):
        raise _refused(link, "holds a space, a backslash or a control character")
    try:
        url = httpx.URL(link)
    except httpx.InvalidURL as error:
        raise _refused(link, "cannot be read as a link") from error
    if url.scheme not in {"http", "https"} or not link.lower().startswith(f"{url.scheme}://"):
        raise _refused(link, "is neither an http:// nor an https:// link")
    if url.userinfo:
        raise _refused(link, "carries a user name or password")
    _check_host_and_port(link, url)
    return url


def check_link(link: str, private_hosts: frozenset[str] = frozenset()) -> httpx.URL:
    """Check all of a link that can be checked without the network; `private_hosts` are `host:port` that may be private.

    Raises GiveUp(rule="link_refused") as `read_link` does, and for hosts that name this machine, its network or
    a cloud's metadata service, in any spelling.
    """
    url = read_link(link)
    if host_and_port(url) in private_hosts:
        return url
    host = host_of(url)
    if any(host == name or host.endswith(f".{name}") for name in _INNER_NAMES):
        raise _private(link)
    literal = _address(host)
    if literal is None:
        # As browsers read it, a host whose last part is a number is an address; only the plain spelling is taken.
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            raise _refused(link, "spells an address in an unusual way")
    elif _is_nat64(literal) or not is_public(literal):
        raise _private(link)
    return url


def host_and_port(url: httpx.URL) -> str:
    """`host:port` in lower case, with the scheme's port where the link names none."""
    host = host_of(url)
    return f"{f'[{host}]' if ':' in host else host}:{url.port or _DEFAULT_PORTS[url.scheme]}"


def host_of(url: httpx.URL) -> str:
    """The host in lower-case ASCII, as it goes over the wire."""
    return url.raw_host.decode("ascii").rstrip(".").lower()


_DEFAULT_PORTS = {"http": 80, "https": 443}


def shown(link: str | httpx.URL) -> str:
    """A link as messages and logs may show it: without its query, which may hold a signature, and not too long."""
    text = re.sub(r"//[^/?#@]*@", "//", re.split(r"[?#]", str(link), maxsplit=1)[0])
    visible = "".join(letter if letter.isprintable() else "?" for letter in text)
    return visible if len(visible) <= 120 else f"{visible[:117]}..."


def is_public(address: Address) -> bool:
    """Is this an address of the public internet, seen through the tunnels that embed an IPv4 address?"""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    if _is_nat64(address):
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    return address in _PUBLIC_IPV6 and address.is_global and address.teredo is None


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for a host's addresses, in its order of preference."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def egress_client(
    private_hosts: frozenset[str] = frozenset(),
    *,
    connect_s: float = 10,
    idle_s: float = 30,
    whole_s: float = 900,
    resolve: Resolve = resolve,
    narrowed: Callable[[httpx.BaseTransport], httpx.BaseTransport] = lambda gated: gated,
) -> httpx.Client:
    """An HTTP client that reaches public addresses and `private_hosts` only; what is refused raises GiveUp.

    `narrowed` puts a further gate before this one; it sees each redirect too.
    A connection lives for at most `whole_s` seconds, so that a peer that sends a byte now and then cannot hold it.
    Proxies and certificates from the environment are not used: only the settings read the environment.
    """
    return httpx.Client(
        transport=narrowed(_GatedTransport(frozenset(host.lower() for host in private_hosts), whole_s, resolve)),
        timeout=httpx.Timeout(idle_s, connect=connect_s),
        headers={"User-Agent": "music-sync", "Accept-Encoding": "identity"},
        trust_env=False,
        follow_redirects=False,
        max_redirects=MOST_REDIRECTS,
    )


@contextmanager
def opened(client: httpx.Client, link: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
    """Open a link, follow at most 5 redirects, and give the answer with its body still unread.

    httpx would read the body of each redirect into memory; here it is left unread.
    """
    for _ in range(MOST_REDIRECTS + 1):
        with client.stream("GET", read_link(link), headers=headers) as response:
            if not response.has_redirect_location:
                yield response
                return
            link = _redirected(response)
    raise GiveUp(f"{shown(link)} is still redirected after {MOST_REDIRECTS} redirects; check the link", "redirect_loop")


def _redirected(response: httpx.Response) -> str:
    try:
        return str(response.url.join(response.headers["location"]))
    except httpx.InvalidURL as error:
        raise GiveUp(f"{shown(response.url)} redirects to what is no link", "link_refused") from error


def _check_host_and_port(link: str, url: httpx.URL) -> None:
    host = url.raw_host.decode("ascii")
    if not link.split("://", 1)[1].split("/", 1)[0].isascii():
        # Letters of other scripts can look like a host one knows; the ASCII form shows what it is.
        raise _refused(link, f"has a host outside ASCII, write it as {host} if that is what you mean")
    if ":" in host:
        if _address(host) is None:
            raise _refused(link, "has no address that can be read")
    elif not _HOST_NAME.fullmatch(host.rstrip(".")) or len(host) > 253 or not _is_decodable(url):
        raise _refused(link, "has no host name that can be read")
    if url.port is not None and not (url.port in {80, 443} or 1024 <= url.port <= 65535):
        raise _refused(link, f"names port {url.port}, where no files are served")


def _is_decodable(url: httpx.URL) -> bool:
    """Does httpx's own `host`, which decodes `xn--` names, have an answer for this link?"""
    try:
        return bool(url.host)
    except UnicodeError:
        return False


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_nat64(address: Address) -> bool:
    return any(address in network for network in _NAT64)


def _checked_addresses(host: str, port: int, private_hosts: frozenset[str], resolve: Resolve) -> list[str]:
    """All answers for a host, each of them allowed; one private answer refuses the host as a whole."""
    try:
        answers = resolve(host, port)
    except UnicodeError as error:
        raise _refused(host, "has no host name that can be read") from error
    except OSError as error:
        raise httpcore.ConnectError(f"no address is known for {host}") from error
    bracketed = f"[{host}]" if ":" in host else host.rstrip(".")
    if f"{bracketed.lower()}:{port}" not in private_hosts:
        for answer in answers:
            address = _address(answer)
            if address is None or not is_public(address):
                raise _private(host)
    return list(answers)[:MOST_ADDRESSES]


class _GatedBackend(httpcore.SyncBackend):
    """Resolves once, checks, and connects to what was checked; TLS still verifies the name in the link."""

    def __init__(self, private_hosts: frozenset[str], whole_s: float, resolve: Resolve) -> None:
        self._private_hosts = private_hosts
        self._whole_s = whole_s
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"no address is known for {host}")
        for address in _checked_addresses(host, port, self._private_hosts, self._resolve):
            try:
                stream = super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _MortalStream(stream, time.monotonic() + self._whole_s)
        raise failure


class _MortalStream(httpcore.NetworkStream):
    """A connection that nothing is read from after `ends_at` (monotonic seconds)."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream = stream
        self._ends_at = ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole took too long")
        return self._stream.read(max_bytes, left if timeout is None else min(left, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _MortalStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._ends_at)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _GatedTransport(httpx.HTTPTransport):
    """httpx's transport over the gated connections; each request's link is checked before anything is sent."""

    def __init__(self, private_hosts: frozenset[str], whole_s: float, resolve: Resolve) -> None:
        super().__init__(verify=certificates(), trust_env=False)
        # httpx offers no parameter for the network backend; tests/adapters/test_egress.py fails if this stops working.
        self._pool = httpcore.ConnectionPool(
            ssl_context=certificates(),
            max_keepalive_connections=4,
            keepalive_expiry=5,
            network_backend=_GatedBackend(private_hosts, whole_s, resolve),
        )
        self._private_hosts = private_hosts

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        check_link(str(request.url), self._private_hosts)
        return super().handle_request(request)


def _refused(link: str, why: str) -> GiveUp:
    return GiveUp(f"the link {shown(link)} {why}; it is refused", "link_refused")


def _private(link: str) -> GiveUp:
    return GiveUp(
        f"the link {shown(link)} leads to this machine or a private network and is refused; "
        "if the server is yours, add its host:port to MUSIC_SYNC_LINK_HOSTS",
        "link_refused",
    )
