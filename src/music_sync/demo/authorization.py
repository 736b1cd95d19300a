"""An OAuth 2 authorization server without its HTTP: the simulators of services mount it.

It demands PKCE with S256 (RFC 7636) and treats loopback redirects as RFC 8252 has it: a registered `127.0.0.1` without
a port fits every port, `localhost` is refused. What it leaves out: the page on which a person types a password.
"""

import base64
import binascii
import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

CODE_S = 600.0
DAY_S = 86400.0

Answer = tuple[int, dict[str, Any]]
"""Status and body of the token endpoint."""


@dataclass(frozen=True)
class App:
    """What is registered of the program that wants access."""

    client_id: str = "simulated-client"
    client_secret: str = "simulated-secret"  # noqa: S105 - opens nothing but a simulator
    needs_secret: bool = False
    """Without it the secret may be left out, but a wrong one is refused all the same."""
    redirects: tuple[str, ...] = ("http://127.0.0.1/callback",)
    secret_in: frozenset[str] = frozenset({"header", "form"})
    """Where the secret may stand."""


@dataclass(frozen=True)
class Redirect:
    """The browser is sent there."""

    address: str


@dataclass(frozen=True)
class Page:
    """What the browser is shown instead; the program never hears of it."""

    status: int
    text: str


@dataclass
class _Code:
    redirect: str
    challenge: str
    scopes: frozenset[str]
    is_offline: bool
    until: float


@dataclass
class _SignIn:
    """What a person once allowed; its refresh tokens come and go."""

    scopes: frozenset[str]
    dies_at: float | None
    refresh_token: str = ""
    is_revoked: bool = False
    access: dict[str, float] = field(default_factory=dict)
    """Token -> when it ends."""


class _Refused(Exception):
    """The token endpoint says no, in the words of RFC 6749."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description, status)
        self.answer: Answer = (status, {"error": error, "error_description": description})


class Authorization:
    """Hands out, renews, checks and revokes tokens.

    `access_s` is how long an access token is good; `rotates` makes refresh tokens good for one use; `lasts_days` ends a
    sign-in so many days after it was made; `scopes` are those that exist, None for any; `wants_offline` gives a refresh
    token only where `access_type=offline` was asked for, as Google does.
    """

    def __init__(
        self,
        app: App | None = None,
        *,
        access_s: float = 3600.0,
        rotates: bool = False,
        lasts_days: float | None = None,
        scopes: Iterable[str] | None = None,
        wants_offline: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.app = app or App()
        self.access_s = access_s
        self.rotates = rotates
        self.lasts_days = lasts_days
        self.says_yes = True
        """What the person answers when asked to allow it."""
        self.answered: Callable[[Mapping[str, str], Answer], object] = lambda _form, _answer: None
        """Called with each request for a token and its answer, before that goes out: what was spent is spent."""
        self.granted: list[str] = []
        """The grant types that were answered with tokens, in order."""
        self._scopes = None if scopes is None else frozenset(scopes)
        self._wants_offline = wants_offline
        self._now = now
        self._codes: dict[str, _Code] = {}
        self._sign_ins: list[_SignIn] = []
        self._lock = threading.RLock()

    # For the browser
    def authorize(self, query: Mapping[str, str]) -> Redirect | Page:
        """The person is asked, and the browser sent back; or shown a page when the redirect cannot be trusted."""
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != self.app.client_id:
            return Page(400, "INVALID_CLIENT: Invalid client")
        if not any(_fits(redirect, registered) for registered in self.app.redirects):
            return Page(400, "INVALID_CLIENT: Insecure or invalid redirect URI")
        answer = self._consent(query, redirect)
        if "state" in query:
            answer["state"] = query["state"]
        return Redirect(f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(answer)}")

    # For the program
    def token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Answer the token endpoint; `headers` with names in lower case."""
        with self._lock:
            try:
                self._authenticate(form, headers)
                answer = (200, self._grant_of(form))
                self.granted.append(form["grant_type"])
            except _Refused as refused:
                answer = refused.answer
        self.answered(form, answer)
        return answer

    # For the API that the tokens open
    def check(self, token: str) -> frozenset[str] | None:
        """The scopes of a good access token; None for one that is unknown, expired or revoked."""
        with self._lock:
            for sign_in in self._sign_ins:
                if sign_in.access.get(token, 0.0) > self._now() and not sign_in.is_revoked:
                    return sign_in.scopes
        return None

    # For tests
    def grant(self, scopes: Iterable[str] = ()) -> str:
        """A refresh token, as if a person had just allowed this."""
        with self._lock:
            return self._signed_in(frozenset(scopes)).refresh_token

    def access(self, scopes: Iterable[str] = ()) -> str:
        """An access token, as if a person had just allowed this."""
        with self._lock:
            return self._new_access(self._signed_in(frozenset(scopes)))

    def revoke(self) -> None:
        """The person takes back all that was allowed."""
        with self._lock:
            for sign_in in self._sign_ins:
                sign_in.is_revoked = True

    def end_access(self) -> None:
        """All access tokens end now; what renews them stays."""
        with self._lock:
            for sign_in in self._sign_ins:
                sign_in.access.clear()

    # For a simulator that is started again
    def kept(self) -> list[dict[str, Any]]:
        """All sign-ins, as JSON can hold them."""
        with self._lock:
            return [
                {**vars(each), "scopes": sorted(each.scopes), "access": dict(each.access)} for each in self._sign_ins
            ]

    def take_up(self, kept: Iterable[Mapping[str, Any]]) -> None:
        """Go on with the sign-ins that another one kept."""
        with self._lock:
            self._sign_ins += [_SignIn(**{**each, "scopes": frozenset(each["scopes"])}) for each in kept]

    def _consent(self, query: Mapping[str, str], redirect: str) -> dict[str, str]:
        if query.get("response_type") != "code":
            return {"error": "unsupported_response_type"}
        challenge = query.get("code_challenge", "")
        if query.get("code_challenge_method") != "S256" or not re.fullmatch(r"[A-Za-z0-9_-]{43}", challenge):
            return {"error": "invalid_request", "error_description": "code_challenge_method must be S256"}
        scopes = frozenset(query.get("scope", "").split())
        if self._scopes is not None and scopes - self._scopes:
            return {"error": "invalid_scope"}
        if not self.says_yes:
            return {"error": "access_denied"}
        code = secrets.token_urlsafe(24)
        is_offline = not self._wants_offline or query.get("access_type") == "offline"
        with self._lock:
            self._codes[code] = _Code(redirect, challenge, scopes, is_offline, self._now() + CODE_S)
        return {"code": code}

    def _authenticate(self, form: Mapping[str, str], headers: Mapping[str, str]) -> None:
        in_header = _basic(headers.get("authorization", ""))
        client_id, secret = in_header or (form.get("client_id", ""), form.get("client_secret", ""))
        status = 401 if in_header else 400
        if client_id != self.app.client_id:
            raise _Refused("invalid_client", "Invalid client", status)
        where = "header" if in_header else "form"
        if secret and (secret != self.app.client_secret or where not in self.app.secret_in):
            raise _Refused("invalid_client", "Invalid client secret", status)
        if self.app.needs_secret and not secret:
            raise _Refused("invalid_client", "client_secret is missing", status)

    def _grant_of(self, form: Mapping[str, str]) -> dict[str, Any]:
        match form.get("grant_type"):
            case "authorization_code":
                return self._for_code(form)
            case "refresh_token":
                return self._for_refresh_token(form.get("refresh_token", ""))
        raise _Refused("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def _for_code(self, form: Mapping[str, str]) -> dict[str, Any]:
        # Taken away first: a code is spent by a wrong verifier too.
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.until <= self._now():
            raise _Refused("invalid_grant", "Invalid authorization code")
        if form.get("redirect_uri") != code.redirect:
            raise _Refused("invalid_grant", "Invalid redirect URI")
        if _challenge_of(form.get("code_verifier", "")) != code.challenge:
            raise _Refused("invalid_grant", "code_verifier was incorrect")
        sign_in = self._signed_in(code.scopes)
        return self._tokens(sign_in, sign_in.refresh_token if code.is_offline else "")

    def _for_refresh_token(self, refresh_token: str) -> dict[str, Any]:
        if not refresh_token:
            raise _Refused("invalid_request", "refresh_token must be supplied")
        found = [sign_in for sign_in in self._sign_ins if sign_in.refresh_token == refresh_token]
        if not found:
            raise _Refused("invalid_grant", "Invalid refresh token")
        sign_in = found[0]
        if sign_in.is_revoked:
            raise _Refused("invalid_grant", "Refresh token revoked")
        if sign_in.dies_at is not None and sign_in.dies_at <= self._now():
            raise _Refused("invalid_grant", "Refresh token expired")
        if not self.rotates:
            return self._tokens(sign_in)
        sign_in.refresh_token = _new_refresh_token()
        return self._tokens(sign_in, sign_in.refresh_token)

    def _signed_in(self, scopes: frozenset[str]) -> _SignIn:
        dies_at = None if self.lasts_days is None else self._now() + self.lasts_days * DAY_S
        sign_in = _SignIn(scopes, dies_at, _new_refresh_token())
        self._sign_ins.append(sign_in)
        return sign_in

    def _new_access(self, sign_in: _SignIn) -> str:
        token = f"access-{secrets.token_urlsafe(24)}"
        sign_in.access[token] = self._now() + self.access_s
        return token

    def _tokens(self, sign_in: _SignIn, refresh_token: str = "") -> dict[str, Any]:
        body: dict[str, Any] = {"access_token": self._new_access(sign_in), "token_type": "Bearer"}
        body |= {"expires_in": int(self.access_s), "scope": " ".join(sorted(sign_in.scopes))}
        return body | ({"refresh_token": refresh_token} if refresh_token else {})


def _new_refresh_token() -> str:
    return f"refresh-{secrets.token_urlsafe(24)}"


def _challenge_of(verifier: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier):
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _fits(redirect: str, registered: str) -> bool:
    """Exactly what is registered, or any port of a loopback literal that is registered without one."""
    asked, known = _split(redirect), _split(registered)
    if asked is None or known is None or asked.hostname == "localhost":
        return False
    if asked.scheme == "http" and asked.hostname not in {"127.0.0.1", "::1"}:
        return False
    if redirect == registered:
        return True
    is_loopback = known.hostname in {"127.0.0.1", "::1"} and known.port is None
    rest = [(parts.scheme, parts.hostname, parts.path, parts.query, parts.fragment) for parts in (asked, known)]
    return is_loopback and rest[0] == rest[1] and "@" not in asked.netloc


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret
