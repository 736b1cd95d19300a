"""Accounts at services: what each wants, how a person signs in, and the tokens that come of it.

A source module describes its account (`ACCOUNT`); `music-sync connect NAME` works from that description alone.
Secrets lie in the keyring where a person put them there, else in the account's file, 0600; see `account_file`.

A refresh token may be good for one use. So the account is locked while it is renewed, and before the call it is written
down that the token is on its way: after a kill the next run tries the token it has, and knows what a refusal means.
"""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from music_sync.adapters import account_file, tokens_keyring
from music_sync.adapters.account_file import DAY_S, Kept, Unreadable
from music_sync.adapters.calls import checked_url
from music_sync.adapters.durable_files import faults_about
from music_sync.adapters.file_names import clean
from music_sync.adapters.token_endpoint import TokenEndpoint, Tokens
from music_sync.model.errors import NeedsPerson, NotSetUp

if TYPE_CHECKING:
    from music_sync.adapters.token_source import TokenSource

log = logging.getLogger("music_sync.accounts")

LONGEST_NAME = 100


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
    moved: Mapping[str, str] = field(default_factory=dict)
    """Where the service itself asks people elsewhere: the authorize address that its settings give -> where that is."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Further parameters of the authorize address."""
    lasts_days: int | None = None
    """After so many days the sign-in ends, whatever is refreshed; None when it has no end of its own."""
    needs_secret: bool = False
    secret_in_form: bool = False
    """The secret goes into the form instead of the Authorization header."""
    port: int = 0
    """Of the redirect, where the service takes only the address that is registered; 0 for any that is free."""


@dataclass(frozen=True)
class Words:
    """Sign-in by words that a person copies from the service: name of the setting -> what to tell of it."""

    fields: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    long: frozenset[str] = frozenset()
    """Those of several lines, which end with an empty one."""


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
class Secrets:
    """What nobody else may see of a sign-in."""

    words: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By the name of their settings; the client id and its secret among them."""
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_until: float = 0.0

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Raises AttributeError, TypeError or ValueError for what is none of ours."""
        words = {name: str(word) for name, word in content.get("words", {}).items()}
        until = float(content.get("access_until", 0.0))
        return cls(words, str(content.get("refresh_token", "")), str(content.get("access_token", "")), until)

    def with_tokens(self, tokens: Tokens, now: float) -> Self:
        refresh_token = tokens.refresh_token or self.refresh_token
        until = now + tokens.good_for_s
        return replace(self, refresh_token=refresh_token, access_token=tokens.access_token, access_until=until)


@dataclass(frozen=True)
class Held:
    """A sign-in with its secrets."""

    kept: Kept
    secrets: Secrets


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
        found = {name: self.setting(name) for name in account.way.fields}
        if not all(found.values()) and (held := self.held(account)):
            found = {name: word or held.secrets.words.get(name, "") for name, word in found.items()}
        if any(not word for name, word in found.items() if name not in account.way.optional):
            raise not_connected(account)
        return found

    def sign_in(self, account: Account) -> "TokenSource":
        """Where tokens for this account come from; nothing is read yet."""
        from music_sync.adapters.token_source import TokenSource

        return TokenSource(self, account)

    def is_set_up(self, account: Account) -> bool:
        """Was it ever connected, or does the environment bring what it needs? No secret is read for the answer."""
        way = account.way
        if isinstance(way, OAuth):
            is_given = bool(self.given(account)[0])
        else:
            is_given = all(self.setting(name) for name in way.fields if name not in way.optional)
        try:
            return is_given or self.kept(account) is not None
        except Unreadable:
            return True

    def kept(self, account: Account) -> Kept | None:
        """What is known without the secrets; None when nobody ever connected it. Raises Unreadable."""
        read = account_file.read(self._folder, account.service, account.label)
        return read and read[0]

    def signed_in_at(self, service: str) -> float:
        """When the sign-in was made that counts now, which may be another person's than before; 0 when nobody knows."""
        try:
            read = account_file.read(self._folder, service, service)
        except Unreadable:
            return 0.0
        return read[0].signed_in_at if read else 0.0

    def held(self, account: Account, *, person_is_there: bool = False) -> Held | None:
        """The sign-in with its secrets; raises NeedsPerson where those cannot be had."""
        read = account_file.read(self._folder, account.service, account.label)
        if read is None:
            return None
        kept, content = read
        if kept.entry:
            try:
                content = _parsed(tokens_keyring.get(kept.entry, person_is_there=person_is_there))
            except tokens_keyring.Closed as error:
                raise NeedsPerson(
                    f"the keyring that holds the sign-in to {account.label} cannot be opened here ({error}); unlock it, "
                    f"or keep the sign-in in a file: `{account.command} --no-keyring`"
                ) from None
        try:
            return Held(kept, Secrets.of(content))
        except (AttributeError, TypeError, ValueError):
            raise damaged(account) from None

    def keep(self, held: Held, *, in_keyring: bool = False) -> Held:
        """Keep it durably and give it as it was kept.

        `in_keyring` asks for the keyring; what is there stays there. Where the keyring does not keep it, the file does.
        """
        kept, content = held.kept, asdict(held.secrets)
        old = self._old(kept.service, kept.label)
        entry = kept.entry or (f"{kept.service}-{secrets.token_hex(8)}" if in_keyring else "")
        if entry and not tokens_keyring.put(entry, json.dumps(content), person_is_there=in_keyring):
            log.warning("the keyring does not keep the sign-in to %s; it goes into a file", kept.label)
            entry = ""
        kept = replace(kept, entry=entry)
        account_file.write(self._folder, kept, {} if entry else content)
        if old and old.entry and old.entry != entry:
            tokens_keyring.remove(old.entry, person_is_there=in_keyring)
        return Held(kept, held.secrets)

    def note(self, kept: Kept) -> None:
        """Keep what is known of a sign-in, and leave its secrets as they are."""
        read = account_file.read(self._folder, kept.service, kept.label)
        account_file.write(self._folder, kept, read[1] if read else {})

    def connect(self, account: Account, found: Secrets, *, in_keyring: bool = True) -> Kept:
        """Keep a new sign-in in place of the one that was there."""
        with self.alone(account):
            old, now = self._old(account.service, account.label), self.now()
            kept = Kept(
                account.service,
                account.label,
                signed_in_at=now,
                lasts_until=self.lasts_until(account, now),
                # A token in the environment that was there before is not asked again instead of this sign-in.
                came_from=self.given(account)[1] or (old.came_from if old else ""),
            )
            return self.keep(Held(kept, found), in_keyring=in_keyring).kept

    def call_it(self, account: Account, who: str) -> Kept:
        """Keep the name that the account has at its service."""
        with self.alone(account):
            kept = self.kept(account)
            if kept is None:
                raise not_connected(account)
            kept = replace(kept, who=clean(who)[:LONGEST_NAME])
            self.note(kept)
            return kept

    def forget(self, account: Account) -> bool:
        """Sign out on this machine; says whether there was anything."""
        with self.alone(account):
            old, file = self._old(account.service, account.label), account_file.path_of(self._folder, account.service)
            was_there = file.exists()
            with faults_about(file):
                file.unlink(missing_ok=True)
            if old and old.entry:
                tokens_keyring.remove(old.entry, person_is_there=True)
            return was_there

    @contextlib.contextmanager
    def alone(self, account: Account) -> Iterator[None]:
        """Hold the account while the block runs; other processes wait."""
        lock = self._folder / f".{account.service}.lock"
        with faults_about(lock):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def setting(self, name: str) -> str:
        return str(self._setting(name) or "")

    def given(self, account: Account) -> tuple[str, str]:
        """The refresh token that the environment brings, and its hash; both empty when it brings none."""
        name = account.way.refresh_token if isinstance(account.way, OAuth) else ""
        token = self.setting(name) if name else ""
        return token, hash_of(token) if token else ""

    def endpoint(self, account: Account, words: Mapping[str, str], **more: str) -> TokenEndpoint:
        """Where this account's tokens come from; raises NeedsPerson when the client id is missing."""
        way = account.way
        assert isinstance(way, OAuth)  # noqa: S101 - asked of such accounts only
        client_id, client_secret = (
            (self.setting(name) or words.get(name, "")) if name else "" for name in (way.client_id, way.client_secret)
        )
        if not client_id:
            raise NeedsPerson(
                f"{account.label} has a sign-in but no client id; set {way.client_id}, or `{account.command}`"
            )
        address = self.address(way.token)
        return TokenEndpoint(
            account.label, address, account.command, client_id, client_secret, way.secret_in_form, **more
        )

    def address(self, template: str) -> str:
        """An address with the settings that it names filled in; raises BadSetting for one that is not safe."""
        name = template.partition("{")[2].partition("}")[0]
        return template.replace(f"{{{name}}}", checked_url(self.setting(name))) if name else template

    def lasts_until(self, account: Account, since: float) -> float:
        days = account.way.lasts_days if isinstance(account.way, OAuth) else None
        return since + days * DAY_S if days else 0.0

    def now(self) -> float:
        return self._now()

    def _old(self, service: str, label: str) -> Kept | None:
        """What is kept; a file that cannot be read counts as none, since it is about to be replaced."""
        try:
            read = account_file.read(self._folder, service, label)
        except Unreadable:
            return None
        return read and read[0]


def not_connected(account: Account) -> NotSetUp:
    return NotSetUp(f"{account.label} is not connected; `{account.command}` does it")


def damaged(account: Account) -> Unreadable:
    return Unreadable(f"what was kept of the sign-in to {account.label} is damaged; run `{account.command}`")


def hash_of(token: str) -> str:
    """What is written down of a token, so that it is known again."""
    return hashlib.sha256(token.encode()).hexdigest()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
