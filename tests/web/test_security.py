"""The gate before every route, over the real server."""

import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.web.serving import Served, form_token_in, settings_in

from music_sync.cli.serve import check_binding
from music_sync.model.errors import BadSetting
from music_sync.web.app import ROUTERS
from music_sync.web.pages import templates
from music_sync.web.security import Trust, comes_from_us, is_loopback, seen_through

EVERYWHERE = "0.0.0.0"  # noqa: S104 - refused, not bound
HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '"><svg/onload=alert(1)>',
    "{{7*7}}",
    "{% raw %}",
    "' onfocus='alert(1)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_b44_hostile_text_stays_text_on_a_page(text: str) -> None:
    made = templates().get_template("refused.html").render(title="t", sentence=text)

    assert "<script" not in made
    assert "<img" not in made
    assert "<svg" not in made
    assert "49" not in made


@pytest.mark.parametrize("path", ["/", "/sign-in", "/healthz", "/static/style.css", "/no-such-page"])
def test_b44_every_answer_forbids_foreign_and_inline_scripts(stranger: httpx.Client, path: str) -> None:
    headers = stranger.get(path).headers

    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_b44_no_page_holds_a_script_or_style_of_its_own(owner: httpx.Client) -> None:
    for path in ("/", "/sign-in", "/no-such-page"):
        page = owner.get(path).text.lower()

        assert "<script>" not in page
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick" not in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_b45_a_change_from_another_site_is_refused(owner: httpx.Client, headers: dict[str, str]) -> None:
    token = form_token_in(owner.get("/"))

    answer = owner.post("/sign-out", data={"form_token": token}, headers=headers)

    assert answer.status_code == 403
    assert owner.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "\u00e4"])
def test_b45_a_change_without_the_token_of_our_form_is_refused(owner: httpx.Client, token: str) -> None:
    assert owner.post("/sign-out", data={"form_token": token}).status_code == 403
    assert owner.get("/").status_code == 200


def test_b45_a_form_sent_as_text_is_refused(owner: httpx.Client) -> None:
    content = f'{{"form_token": "{form_token_in(owner.get("/"))}", "x": "="}}'

    answer = owner.post("/sign-out", content=content, headers={"Content-Type": "text/plain"})

    assert answer.status_code == 403


def test_b45_looking_changes_nothing(owner: httpx.Client) -> None:
    assert owner.get("/sign-out").status_code == 405
    assert owner.get("/").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost@evil.example", "[::1", "", "a b"]
)
def test_b46_another_host_name_is_not_answered(stranger: httpx.Client, host: str) -> None:
    assert stranger.get("/", headers={"Host": host}).status_code in {400, 421}


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8765", "music.example.org"])
def test_b46_our_own_names_are_answered(stranger: httpx.Client, host: str) -> None:
    assert stranger.get("/sign-in", headers={"Host": host}).status_code == 200


def test_b48_a_forwarded_address_counts_only_from_a_listed_proxy() -> None:
    headers = {"x-forwarded-for": "203.0.113.9, 10.0.0.2", "x-forwarded-proto": "https"}
    scope = {"client": ("10.0.0.1", 5), "scheme": "http"}

    assert seen_through(scope, headers, frozenset()) == ("10.0.0.1", "http")
    assert seen_through(scope, headers, frozenset({"10.0.0.1", "10.0.0.2"})) == ("203.0.113.9", "https")


def test_b48_what_a_client_writes_before_the_proxies_word_does_not_count() -> None:
    headers = {"x-forwarded-for": "198.51.100.1, 203.0.113.9"}

    assert seen_through({"client": ("10.0.0.1", 5)}, headers, frozenset({"10.0.0.1"}))[0] == "203.0.113.9"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e%2f%2e%2e%2fsettings.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/" + "a" * 5000,
        "/static/style.css/x",
    ],
)
def test_b49_nothing_outside_the_static_folder_is_given(server: Served, path: str) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    answer = raw(host, int(port), f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert answer.split(b" ")[1] in {b"400", b"404"}
    assert b"import" not in answer


def test_b49_a_query_of_a_megabyte_is_refused(server: Served) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    answer = raw(host, int(port), f"GET /?q={'a' * 1_000_000} HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert answer.split(b" ")[1] == b"431"


def test_a_page_that_is_not_there_says_so_in_one_sentence(stranger: httpx.Client) -> None:
    page = stranger.get("/nowhere")
    said = stranger.get("/nowhere", headers={"Accept": "application/json"})

    assert page.status_code == said.status_code == 404
    assert "There is no such page." in page.text
    assert said.json() == {"error": "There is no such page."}


def test_what_nobody_foresaw_is_one_answer_without_its_trace(
    server: Served, monkeypatch: pytest.MonkeyPatch, stranger: httpx.Client
) -> None:
    def broken(_store: object) -> bool:
        raise RuntimeError("canary-7f3a")

    monkeypatch.setattr(type(server.store), "has_password", broken)
    answer = stranger.get("/sign-in")

    assert answer.status_code == 500
    assert "canary-7f3a" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9"])
def test_b48_loopback_is_known_in_each_spelling(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.168.1.2", "music.example.org", ""])
def test_b48_nothing_else_is_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", [EVERYWHERE, "192.168.1.2"])
def test_b48_no_other_address_is_bound_without_a_wish_and_a_password(tmp_path: Path, host: str) -> None:
    unwished = settings_in(tmp_path, MUSIC_SYNC_HOST=host)
    wished = settings_in(tmp_path, MUSIC_SYNC_HOST=host, MUSIC_SYNC_OPEN_TO_NETWORK="true")

    with pytest.raises(BadSetting, match="MUSIC_SYNC_OPEN_TO_NETWORK"):
        check_binding(unwished, has_password=True)
    with pytest.raises(BadSetting, match="no password"):
        check_binding(wished, has_password=False)
    check_binding(wished, has_password=True)


def test_b46_the_address_that_stands_for_all_is_no_name() -> None:
    trust = Trust.of(EVERYWHERE, (), "", ())

    assert not trust.knows(f"{EVERYWHERE}:8765")
    assert trust.knows("127.0.0.1:8765")


def test_b45_an_origin_with_another_port_is_another_site() -> None:
    assert comes_from_us({"origin": "http://localhost:8765"}, "localhost:8765")
    assert not comes_from_us({"origin": "http://localhost:9999"}, "localhost:8765")


def test_b47_the_cookie_goes_over_https_only_off_loopback(server: Served) -> None:
    with server.client() as client:
        local = client.get("/sign-in").headers["set-cookie"]
        public = client.get("/sign-in", headers={"Host": "music.example.org"}).headers["set-cookie"]

    assert "Secure" not in local
    assert "Secure" in public


OPEN = {"/sign-in", "/sign-out", "/first-password", "/healthz", "/readyz", "/metrics"}


def test_every_other_page_needs_a_sign_in(stranger: httpx.Client) -> None:
    """Asked of each route that there is, so that a page of tomorrow is held to it as well."""
    paths = {str(getattr(route, "path", "")) for router in ROUTERS for route in router.routes}

    answers = {path: stranger.get(path).status_code for path in paths - OPEN}

    assert "/" in answers
    assert set(answers.values()) <= {401, 405}, answers


def raw(host: str, port: int, text: str) -> bytes:
    with socket.create_connection((host, port), timeout=10) as peer, suppress(ConnectionError):
        peer.sendall(text.encode())
        answer = b""
        while block := peer.recv(65536):
            answer += block
    return answer
