"""A small service behind an account, and a home that signs in to it: what the tests of sign-ins stand on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from music_sync.adapters.accounts import Account, Accounts, OAuth, Secrets
from music_sync.demo.authorization import Authorization, Page
from music_sync.demo.loopback import Answer, Loopback, Request, Route

HTML = {"Content-Type": "text/html; charset=utf-8"}

TUNER = Account(
    "tuner",
    "Tuner",
    "an app of yours at its dashboard",
    OAuth(
        authorize="{tuner_url}/authorize",
        token="{tuner_url}/token",
        client_id="tuner_client_id",
        client_secret="tuner_client_secret",
        refresh_token="tuner_refresh_token",
        scopes=("read",),
        lasts_days=182,
    ),
)


class Tuner(Loopback):
    """The service: its authorization server, and one page that wants a token."""

    def __init__(self, authorization: Authorization | None = None) -> None:
        super().__init__()
        self.authorization = authorization or Authorization()

    def routes(self) -> Sequence[Route]:
        return (("GET", "/authorize", self._authorize), ("POST", "/token", self._token), ("GET", "/me", self._me))

    def _authorize(self, request: Request) -> Answer:
        found = self.authorization.authorize(request.query)
        if isinstance(found, Page):
            return Answer(found.status, found.text.encode(), HTML)
        return Answer(302, None, {"Location": found.address})

    def _token(self, request: Request) -> Answer:
        return Answer(*self.authorization.token(request.form, request.headers))

    def _me(self, request: Request) -> Answer:
        if self.authorization.check(request.bearer) is None:
            return Answer(401, {"error": {"status": 401, "message": "The access token expired"}})
        return Answer(200, {"name": "Nadia"})


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


def settings_of(tuner: Tuner, **more: str) -> dict[str, str]:
    return {"tuner_url": tuner.url, "tuner_client_id": tuner.authorization.app.client_id, **more}


def accounts_in(home: Path, settings: Mapping[str, Any], clock: Clock | None = None) -> Accounts:
    """The accounts of a home whose settings are these and no others; the mapping may change later."""
    return Accounts(home / "accounts", lambda name: settings.get(name, ""), **({"now": clock} if clock else {}))


def signed_in(tuner: Tuner, accounts: Accounts, *, in_keyring: bool = False) -> str:
    """Connect the account with a refresh token as a person would get it; gives that token."""
    refresh_token = tuner.authorization.grant(["read"])
    accounts.connect(TUNER, Secrets(refresh_token=refresh_token), in_keyring=in_keyring)
    return refresh_token
