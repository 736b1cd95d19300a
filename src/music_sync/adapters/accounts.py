"""Accounts at services: what each wants, how a person signs in, and the tokens that come of it.

A source module describes its account (`ACCOUNT`); `music-sync connect NAME` works from that description alone.
What is kept lies in `<home>/var/accounts/<service>.json`, 0600, written in one step; secrets lie in the keyring where
there is one. Refreshing holds the account's lock, so that two processes never spend the same single-use token.
"""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from music_sync.adapters.calls import checked_url
from music_sync.adapters.durable_files import write_whole
from music_sync.model.errors import NeedsPerson, NotSetUp, ServiceUnavailable

EARLY_S = 300.0
"""An access token is refreshed this long before it ends."""


@dataclass(frozen=True)
class OAuth:
    """Sign-in by the authorization code flow with PKCE (RFC 7636); addresses may name settings: `{spotify_url}/x`."""

    authorize: str
    token: str
    client_id: str
    """Name of the setting."""
    client_secret: str = ""
    """Name of the setting; empty for a client that has none."""
    refresh_token: str = ""
    """Name of the setting that may bring a refresh token from the environment."""
    scopes: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    """Further parameters of the authorize address."""
    lasts_days: int | None = None
    """After so many days the sign-in ends, whatever is refreshed; None when it has no end of its own."""
    needs_secret: bool = False


@dataclass(frozen=True)
class Words:
    """Sign-in by words that a person copies from the service: name of the setting -> what to tell of it."""

    fields: Mapping[str, str]
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Account:
    """An account at a service, as its source describes it."""

    service: str
    label: str
    wants: str
    """What the service wants of its owner, told before anything is asked."""
    way: OAuth | Words

    @property
    def command(self) -> str:
        return f"music-sync connect {self.service}"


@dataclass(frozen=True)
class Kept:
    """What is known of a sign-in. Times are epoch seconds."""

    service: str
    label: str
    words: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By the name of their settings."""
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_until: float = 0.0
    signed_in_at: float = 0.0
    lasts_until: float | None = None
    came_from: str = ""
    """Hash of the refresh token in the environment that this one grew from; another one there begins anew."""
    ended: str = ""
    """Why it has ended; empty while it holds."""
    who: str = ""
    """The name of the account at the service."""


Setting = Callable[[str], Any]
"""Value of a setting by its name; secrets in clear, empty text for none."""


class Accounts:
    """The accounts of one home."""

    def __init__(self, folder: Path, setting: Setting, *, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._setting = setting
        self._now = now

    def words(self, account: Account) -> dict[str, str]:
        """The words of an account, from the settings or from what was kept; raises NotSetUp when one is missing."""
        assert isinstance(account.way, Words)  # noqa: S101 - asked of such accounts only
        kept = self.kept(account)
        found = {
            name: str(self._setting(name) or (kept.words.get(name, "") if kept else "")) for name in account.way.fields
        }
        if any(not word for name, word in found.items() if name not in account.way.optional):
            raise NotSetUp(f"{account.label} is not connected; `{account.command}` does it")
        return found

    def sign_in(self, account: Account) -> "TokenSource":
        """Where tokens for this account come from; nothing is read yet."""
        return TokenSource(self, account)

    def is_set_up(self, account: Account) -> bool:
        """Was it ever connected, or does the environment bring what it needs?"""
        try:
            self.words(account) if isinstance(account.way, Words) else self.sign_in(account).check()
        except NotSetUp:
            return False
        return True

    def kept(self, account: Account) -> Kept | None:
        try:
            content = json.loads((self._folder / f"{account.service}.json").read_bytes())
        except (OSError, ValueError):
            return None
        return Kept(**content)

    def keep(self, kept: Kept) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / f"{kept.service}.json", json.dumps(vars(kept)).encode())

    @contextlib.contextmanager
    def alone(self, account: Account) -> Iterator[None]:
        """Hold the account while the block runs; other processes wait."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / f".{account.service}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def setting(self, name: str) -> str:
        return str(self._setting(name) or "")

    def address(self, template: str) -> str:
        """An address with the settings that it names filled in; raises BadSetting for one that is not safe."""
        name = template.partition("{")[2].partition("}")[0]
        return template.replace(f"{{{name}}}", checked_url(self.setting(name))) if name else template

    def now(self) -> float:
        return self._now()


class TokenSource:
    """Fulfils `calls.SignIn` for one account."""

    def __init__(self, accounts: Accounts, account: Account) -> None:
        assert isinstance(account.way, OAuth)  # noqa: S101 - asked of such accounts only
        self._accounts = accounts
        self._account = account
        self._way = account.way
        self._refused = ""

    @property
    def command(self) -> str:
        return self._account.command

    def check(self) -> None:
        """Raise NotSetUp when nobody ever signed in."""
        self._current()

    def token(self) -> str:
        kept = self._current()
        if self._is_good(kept):
            return kept.access_token
        with self._accounts.alone(self._account):
            # Another process may have refreshed it while this one waited.
            kept = self._current()
            if not self._is_good(kept):
                kept = self._refreshed(kept)
                self._accounts.keep(kept)
        return kept.access_token

    def refused(self, token: str) -> None:
        self._refused = token

    def _is_good(self, kept: Kept) -> bool:
        if kept.ended:
            raise NeedsPerson(kept.ended)
        return (
            bool(kept.access_token)
            and kept.access_token != self._refused
            and kept.access_until - EARLY_S > self._accounts.now()
        )

    def _current(self) -> Kept:
        """What is kept, unless the environment brings a refresh token that it did not grow from."""
        kept = self._accounts.kept(self._account)
        given = self._accounts.setting(self._way.refresh_token) if self._way.refresh_token else ""
        came_from = hashlib.sha256(given.encode()).hexdigest() if given else ""
        if given and (kept is None or (kept.came_from and kept.came_from != came_from)):
            return Kept(self._account.service, self._account.label, refresh_token=given, came_from=came_from)
        if kept is None or not kept.refresh_token:
            raise NotSetUp(f"{self._account.label} is not connected; `{self._account.command}` does it")
        return kept

    def _refreshed(self, kept: Kept) -> Kept:
        client_id = self._accounts.setting(self._way.client_id) or kept.words.get(self._way.client_id, "")
        if not client_id:
            raise NotSetUp(f"{self._account.label} has a sign-in but no client id; `{self._account.command}` sets it")
        secret = self._secret(kept)
        answer = self._asked(
            {"grant_type": "refresh_token", "refresh_token": kept.refresh_token, "client_id": client_id},
            client_id,
            secret,
        )
        if answer.get("error"):
            ended = f"the sign-in to {self._account.label} has ended ({answer['error']}); run `{self._account.command}`"
            self._accounts.keep(replace(kept, ended=ended))
            raise NeedsPerson(ended)
        return replace(
            kept,
            access_token=answer["access_token"],
            access_until=self._accounts.now() + float(answer.get("expires_in") or 3600),
            refresh_token=answer.get("refresh_token") or kept.refresh_token,
        )

    def _secret(self, kept: Kept) -> str:
        name = self._way.client_secret
        return (self._accounts.setting(name) or kept.words.get(name, "")) if name else ""

    def _asked(self, form: Mapping[str, str], client_id: str, secret: str) -> dict[str, Any]:
        headers = {}
        if secret:
            pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        try:
            with httpx.Client(trust_env=False, timeout=20) as client:
                response = client.post(self._accounts.address(self._way.token), data=form, headers=headers)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ServiceUnavailable(
                f"{self._account.label} did not renew the sign-in ({type(error).__name__}); the next sync tries again"
            ) from error
        if response.status_code >= 500 or response.status_code == 429 or not isinstance(answer, dict):
            raise ServiceUnavailable(
                f"{self._account.label} did not renew the sign-in ({response.status_code}); the next sync tries again"
            )
        return answer
