"""Sign-in through the browser: the authorization code flow with PKCE, which ends at a small page of ours on loopback.

    begin -> the person allows it in the browser -> the browser ends at our address -> code -> tokens

Where no browser can reach this machine, the person copies the address that the browser ended at.
"""

import base64
import contextlib
import errno
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from music_sync.adapters.accounts import Account, Accounts, OAuth, Secrets
from music_sync.adapters.file_names import clean
from music_sync.adapters.token_endpoint import GrantRefused
from music_sync.model.errors import EnvironmentFault, NeedsPerson

PATH = "/callback"
WAIT_S = 300.0
"""How long we wait for the person at the browser."""
PASTE_PORT = 8766
"""Of the redirect where nobody listens and the service takes any."""
DASHBOARD_PORT = 8765
"""Ours as well, so never taken for a sign-in."""

_QUIET_S = 3.0
"""Browsers open connections in advance and say nothing on them."""


class NotThisAnswer(NeedsPerson):
    """What came back belongs to no sign-in of ours; the right answer may still come."""


@dataclass(frozen=True)
class Attempt:
    """One try to sign in: where the browser goes, where it comes back, and what proves that it is ours."""

    account: Account
    address: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)

    def code_in(self, pasted: str) -> str:
        """The code in the address that the browser ended at, or in its query alone.

        Raises NotThisAnswer for what is no answer to this attempt, NeedsPerson when the person or the service said no.
        """
        return self.code_of(dict(parse_qsl(_query_of(pasted.strip()))))

    def code_of(self, answer: Mapping[str, str]) -> str:
        label, command = self.account.label, self.account.command
        # Only who began this attempt knows its state; without it anyone could sign us in to an account of theirs.
        if not hmac.compare_digest(answer.get("state", "").encode(), self.state.encode()):
            raise NotThisAnswer(
                f"that is not the answer of {label} to this sign-in; copy the whole address that the browser ended at"
            )
        if answer.get("error") == "access_denied":
            raise NeedsPerson(f"access to {label} was not allowed in the browser; run `{command}` to try again")
        if "error" in answer or not answer.get("code"):
            why = clean(answer.get("error_description") or answer.get("error") or "it sent no code")[:120]
            raise NeedsPerson(f"{label} refused the sign-in ({why}); check the app there, then run `{command}`")
        return answer["code"]


def begin(accounts: Accounts, account: Account, client_id: str, redirect: str) -> Attempt:
    """A new attempt with its own secrets; nothing is called."""
    way = account.way
    assert isinstance(way, OAuth)  # noqa: S101 - asked of such accounts only
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        **({"scope": " ".join(way.scopes)} if way.scopes else {}),
        "state": state,
        "code_challenge_method": "S256",
        "code_challenge": challenge,
        **way.more,
    }
    page = accounts.address(way.authorize)
    return Attempt(account, f"{way.moved.get(page, page)}?{urlencode(query)}", redirect, state, verifier)


def finish(accounts: Accounts, attempt: Attempt, code: str, words: Mapping[str, str]) -> Secrets:
    """Tokens for the code; raises NeedsPerson when the service gives none that last."""
    account = attempt.account
    again = f"run `{account.command}` again"
    endpoint = accounts.endpoint(account, words, next_step=again)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": attempt.redirect}
    try:
        tokens = endpoint.ask({**form, "code_verifier": attempt.verifier})
    except GrantRefused as refused:
        raise NeedsPerson(f"{account.label} does not take the code any more ({refused}); {again}") from None
    if not tokens.refresh_token:
        raise NeedsPerson(
            f"{account.label} gave access for an hour only; take Music Sync out of the apps that your account allows"
            f" there, then {again}"
        )
    return Secrets(words).with_tokens(tokens, accounts.now())


def redirect_at(port: int) -> str:
    """Our address for the browser. A literal address, since some services refuse `localhost`."""
    return f"http://127.0.0.1:{port}{PATH}"


class Listener:
    """Waits on loopback for the browser to come back, while its `with` block lasts."""

    def __init__(self, label: str, port: int = 0) -> None:
        try:
            self._server = _listening(port)
        except OSError as error:
            taken = (
                "is taken by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used ({error.strerror})"
            )
            raise EnvironmentFault(
                f"port {port} of this machine, where the browser comes back from {label}, {taken}; free it, or use --paste"
            ) from None
        self._label = label
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sign-in", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def redirect(self) -> str:
        return redirect_at(self._server.server_address[1])

    def expect(self, attempt: Attempt) -> None:
        """Take the answer to this attempt from now on: before its address is shown, for a browser may be back at once."""
        self._server.attempt = attempt

    def code(self, wait_s: float = WAIT_S) -> str:
        """The code that the browser brings, or has brought.

        Raises NeedsPerson when the person or the service said no, or nobody came in time.
        """
        attempt = self._server.attempt
        assert attempt is not None  # noqa: S101 - `expect` comes first
        if not self._server.has_come.wait(wait_s):
            raise NeedsPerson(
                f"nobody signed in to {self._label} within {wait_s:.0f} s; run `{attempt.account.command}` again, with"
                " --paste where the browser is on another machine"
            )
        if isinstance(self._server.came, NeedsPerson):
            raise self._server.came
        return self._server.came


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Another program that listens on the port as well would get the code.
    allow_reuse_port = False

    def __init__(self, port: int) -> None:
        self.attempt: Attempt | None = None
        self.came: str | NeedsPerson = ""
        self.has_come = threading.Event()
        super().__init__(("127.0.0.1", port), _Visit)

    def server_bind(self) -> None:
        # Not the base class's own, which looks up this machine's name, for seconds where no network is.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a browser that went away is no news."""


def _listening(port: int) -> _Server:
    server = _Server(port)
    if port or server.server_address[1] != DASHBOARD_PORT:
        return server
    server.server_close()
    return _Server(0)


class _Visit(BaseHTTPRequestHandler):
    """One visit of the browser."""

    timeout = _QUIET_S
    server_version = "music-sync"
    sys_version = ""

    def do_GET(self) -> None:
        self.close_connection = True
        server, parts = cast("_Server", self.server), urlsplit(self.path)
        attempt = server.attempt
        if parts.path != PATH or attempt is None or server.has_come.is_set():
            self._show(404, "There is nothing here", "The sign-in comes back to another address, or is over.")
            return
        try:
            server.came = attempt.code_of(dict(parse_qsl(parts.query)))
        except NotThisAnswer:
            self._show(400, "Not this sign-in", "Begin again with the address that the terminal shows.")
            return
        except NeedsPerson as refused:
            server.came = refused
            self._show(403, "Not connected", str(refused))
        else:
            label = attempt.account.label
            self._show(
                200, "Done", f"Music Sync has the answer of {label}. Close this page and go back to the terminal."
            )
        server.has_come.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Nothing: the address holds the code."""

    def _show(self, status: int, title: str, text: str) -> None:
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Music Sync: {escape(title)}</title>"
            f"<body style='font: 1.1em system-ui; margin: 4em auto; max-width: 32em'><h1>{escape(title)}</h1>"
            f"<p>{escape(text)}</p></body></html>"
        ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        # The answer counts, though the browser may be gone already.
        with contextlib.suppress(OSError):
            self.end_headers()
            self.wfile.write(page)


def _query_of(pasted: str) -> str:
    """The query of an address, or of what was copied of it."""
    try:
        query = urlsplit(pasted).query
    except ValueError:
        return ""
    return query or pasted.removeprefix("?")
