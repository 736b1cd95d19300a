import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

import httpx
import pytest

from music_sync.adapters.egress import Resolve, check_link, egress_client, is_public, opened, shown
from music_sync.demo.services import AudioServer, Redirect
from music_sync.model.errors import GiveUp

INNER_HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::808:808]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "169.254.169.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "a.localhost",
    "metadata.google.internal",
    "printer.local",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "127。0。0。1",
    "１２７.0.0.1",
    "ⓛocalhost",
]


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer({"/a.mp3": b"audio"}) as server:
        yield server


@pytest.mark.parametrize("host", INNER_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_and_its_network_are_refused_in_every_spelling(
    host: str, scheme: str, server: AudioServer
) -> None:
    """B32"""
    port = server.host_and_port.partition(":")[2]
    link = f"{scheme}://{host}:{port}/a.mp3"

    with egress_client(resolve=_no_question) as client, pytest.raises(GiveUp) as refused:
        _get(client, link)
    assert refused.value.rule == "link_refused"
    with pytest.raises(GiveUp):
        check_link(link)
    assert server.requests() == []


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "ftp://example.com/a.mp3",
        "gopher://example.com/",
        "data:audio/mpeg;base64,AAAA",
        "javascript:alert(1)",
        "concat:a.mp3|b.mp3",
        "subfile:,,start,0,end,9,,:a.mp3",
        "pipe:0",
        "//example.com/a.mp3",
        "example.com/a.mp3",
        "",
        "https://",
        "https:",
        "http:example.com",
        "https:///a.mp3",
        "https://soundcloud.com@evil.example/",
        "https://user:word@example.com/",
        "https://example.com\\@evil.example/",
        "https://example.com\r\nHost: evil.example/",
        "https://exam\tple.com/",
        "https://example.com/a b.mp3",
        "https://example.com/\x00",
        "https://sоundcloud.com/a",  # a Cyrillic o
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:http/",
        "https://[::1/",
        "https://[v1.a]/",
        "https://-example.com/",
        "https://xn--a.example/a.mp3",
        "https://exa mple.com/",
        f"https://{'a' * 64}.com/",
        f"https://example.com/{'a' * 8000}",
    ],
)
def test_what_is_no_plain_web_link_is_refused(link: str) -> None:
    """B31 B33"""
    with pytest.raises(GiveUp) as refused:
        check_link(link)
    assert refused.value.rule == "link_refused"


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/a.mp3",
        "http://example.com:8080/a.mp3?x=%20",
        "https://8.8.8.8/a.mp3",
        "https://[2606:4700::1111]/a.mp3",
        "https://xn--mnchen-3ya.de/a.mp3",
        "https://127.0.0.1.example.com/",
        "https://example.com/Låda.mp3",
        "https://cdn.example.com./a.mp3",
    ],
)
def test_links_into_the_public_internet_pass(link: str) -> None:
    assert check_link(link).raw_host


def test_a_host_of_ones_own_may_be_private_at_that_port_only(server: AudioServer) -> None:
    mine = frozenset({server.host_and_port})

    with egress_client(mine) as client:
        assert _get(client, server.url("/a.mp3")) == b"audio"
    with egress_client(frozenset({"127.0.0.1:1"})) as client, pytest.raises(GiveUp):
        _get(client, server.url("/a.mp3"))


def test_a_name_of_ones_own_may_resolve_to_a_private_address(server: AudioServer) -> None:
    port = server.host_and_port.partition(":")[2]

    with egress_client(frozenset({f"Nas.example:{port}"}), resolve=_always("127.0.0.1")) as client:
        assert _get(client, f"http://NAS.example:{port}/a.mp3") == b"audio"


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["64:ff9b::7f00:1"], ["junk"]])
def test_a_name_that_resolves_to_a_private_address_is_refused(server: AudioServer, answers: list[str]) -> None:
    """B32"""
    port = server.host_and_port.partition(":")[2]

    with egress_client(resolve=_always(*answers)) as client, pytest.raises(GiveUp, match="private"):
        _get(client, f"http://127.0.0.1.nip.example:{port}/a.mp3")
    assert server.requests() == []


def test_a_name_is_resolved_once_and_the_checked_address_is_used(server: AudioServer) -> None:
    """B34"""
    port = server.host_and_port.partition(":")[2]
    questions: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        questions.append(host)
        return ["127.0.0.1"] if len(questions) == 1 else ["127.0.0.2"]

    with egress_client(frozenset({f"mine.example:{port}"}), resolve=rebinding) as client:
        assert _get(client, f"http://mine.example:{port}/a.mp3") == b"audio"
    assert questions == ["mine.example"]
    assert server.requests()[0].headers["host"] == f"mine.example:{port}"


def test_a_second_answer_of_the_name_server_is_tried_when_the_first_is_dead(server: AudioServer) -> None:
    port = server.host_and_port.partition(":")[2]

    with egress_client(frozenset({f"mine.example:{port}"}), resolve=_always("127.0.0.9", "127.0.0.1")) as client:
        assert _get(client, f"http://mine.example:{port}/a.mp3") == b"audio"


def test_each_redirect_passes_the_gate_again(server: AudioServer) -> None:
    """B34"""
    with AudioServer({"/inner.mp3": b"secret"}) as inner:
        server.misbehave("/a.mp3", Redirect(inner.url("/inner.mp3")), always=True)

        with egress_client(frozenset({server.host_and_port})) as client:
            with pytest.raises(GiveUp):
                _get(client, server.url("/a.mp3"))
            with pytest.raises(GiveUp):
                client.get(server.url("/a.mp3"), follow_redirects=True)
        assert inner.requests() == []


def test_an_unknown_name_is_no_refusal_but_a_failed_connection() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with egress_client(resolve=unknown) as client, pytest.raises(httpx.ConnectError, match=r"nowhere\.example"):
        _get(client, "https://nowhere.example/a.mp3")


def test_tls_asks_for_the_name_in_the_link_not_for_the_address(server: AudioServer) -> None:
    hello: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: hello.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"mine.example:{listener.getsockname()[1]}"
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()

        with (
            egress_client(frozenset({host}), resolve=_always("127.0.0.1")) as client,
            pytest.raises(httpx.TransportError),
        ):
            _get(client, f"https://{host}/a.mp3")
        thread.join()
    assert hello == ["mine.example"]


def test_the_proxies_of_the_environment_are_not_used(server: AudioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    with egress_client(frozenset({server.host_and_port})) as client:
        assert _get(client, server.url("/a.mp3")) == b"audio"


def test_a_shown_link_has_no_query_no_sign_in_and_no_end_of_line() -> None:
    """B33 B50"""
    assert shown("https://u:p@example.com/a\n.mp3?token=x#y") == "https://example.com/a?.mp3"
    assert len(shown(f"https://example.com/{'a' * 9000}")) == 120


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("64:ff9b::808:808", True), ("2002:808:808::1", True)],
)
def test_an_address_behind_a_tunnel_is_judged_by_what_it_embeds(address: str, public: bool) -> None:
    """B32"""
    assert is_public(ipaddress.ip_address(address)) is public


def _get(client: httpx.Client, link: str) -> bytes:
    with opened(client, link, {}) as response:
        return response.read()


def _always(*answers: str) -> Resolve:
    return lambda _host, _port: list(answers)


def _no_question(host: str, _port: int) -> Sequence[str]:
    raise AssertionError(f"{host} was resolved")


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    peer, _address = listener.accept()
    # Without a certificate the handshake fails, but the name was heard before.
    with peer, suppress(OSError):
        context.wrap_socket(peer, server_side=True).close()
