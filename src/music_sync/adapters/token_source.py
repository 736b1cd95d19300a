"""Access tokens for calls, renewed when they are about to end, by one process at a time.

    read -> good? -> lock -> read again -> write down what is spent -> ask -> keep what came

A kill after the service answered and before that is kept loses a refresh token that was good for one use. Nothing can
mend that; but the next run knows it from what was written down, and says so.
"""

import logging
from dataclasses import replace

from music_sync.adapters.account_file import DAY_S, Kept
from music_sync.adapters.accounts import Account, Accounts, Held, Secrets, damaged, hash_of, not_connected
from music_sync.adapters.budget_file import when
from music_sync.adapters.token_endpoint import GrantRefused, Untouched
from music_sync.model.errors import NeedsPerson, ServiceUnavailable

log = logging.getLogger("music_sync.accounts")

EARLY_S = 300.0
"""An access token is renewed this long before it ends."""
LONGEST_WAIT_S = DAY_S


class TokenSource:
    """Fulfils `calls.SignIn` for one account."""

    def __init__(self, accounts: Accounts, account: Account) -> None:
        self._accounts = accounts
        self._account = account
        self._refused = ""
        self._opened_at = accounts.now()
        self._known = Secrets()
        """What was read last, so that not every call opens the keyring."""

    @property
    def command(self) -> str:
        return self._account.command

    def check(self) -> None:
        """Raise NotSetUp when nobody ever signed in."""
        if not self._accounts.is_set_up(self._account):
            raise not_connected(self._account)

    def token(self) -> str:
        if not self._is_good(self._known, EARLY_S):
            self._known = self._current()
        return self._known.access_token

    def refused(self, token: str) -> None:
        self._refused = token

    def _current(self) -> Secrets:
        """Those that are kept and good, those that another process has just renewed, or renewed here."""
        held, _ = self._held()
        if self._is_good(held.secrets, EARLY_S):
            return held.secrets
        if held.kept.ended:
            return self._last_of(held)
        with self._accounts.alone(self._account):
            held, old = self._held()
            if self._is_good(held.secrets, EARLY_S):
                return held.secrets
            if held.kept.ended:
                return self._last_of(held)
            try:
                return self._renewed(held, old)
            except ServiceUnavailable:
                if self._is_good(held.secrets):
                    return held.secrets
                raise

    def _is_good(self, secrets: Secrets, early_s: float = 0.0) -> bool:
        token = secrets.access_token
        return bool(token) and token != self._refused and secrets.access_until - early_s > self._accounts.now()

    def _last_of(self, held: Held) -> Secrets:
        """What has ended may still be good for some minutes."""
        if self._is_good(held.secrets):
            return held.secrets
        raise NeedsPerson(held.kept.ended)

    def _held(self) -> tuple[Held, Held | None]:
        """The sign-in to use; and the one that it would replace, when the environment brings a new one."""
        kept = self._accounts.held(self._account)
        given, came_from = self._accounts.given(self._account)
        if given and (kept is None or kept.kept.came_from != came_from):
            return self._begun_anew(given, came_from, kept), kept
        if kept is None:
            raise not_connected(self._account)
        if not kept.secrets.refresh_token:
            raise damaged(self._account)
        return kept, None

    def _begun_anew(self, given: str, came_from: str, old: Held | None) -> Held:
        # Lists that are read from then on are those of this sign-in.
        account, now = self._account, self._opened_at
        kept = Kept(account.service, account.label, signed_in_at=now, came_from=came_from)
        kept = replace(kept, lasts_until=self._accounts.lasts_until(account, now))
        return Held(kept, Secrets(old.secrets.words if old else {}, refresh_token=given))

    def _renewed(self, held: Held, old: Held | None) -> Secrets:
        """Spend the refresh token and keep what comes of it."""
        endpoint = self._accounts.endpoint(self._account, held.secrets.words)
        spent, stays = hash_of(held.secrets.refresh_token), (old or held).kept
        self._refuse_to_wait(stays)
        self._mark(held, replace(stays, renewing=spent))
        try:
            tokens = endpoint.ask({"grant_type": "refresh_token", "refresh_token": held.secrets.refresh_token})
        except GrantRefused as refused:
            return self._without(held, old, self._sentence(str(refused), was_on_its_way=stays.renewing == spent))
        except ServiceUnavailable as away:
            renewing = stays.renewing if isinstance(away, Untouched) else spent
            until = self._accounts.now() + min(away.after_s, LONGEST_WAIT_S) if away.after_s else 0.0
            self._mark(held, replace(stays, renewing=renewing, waits_until=until))
            raise
        renewed = held.secrets.with_tokens(tokens, self._accounts.now())
        self._accounts.keep(Held(replace(held.kept, renewing="", waits_until=0.0), renewed))
        return renewed

    def _mark(self, held: Held, marked: Kept) -> None:
        """Write down what is about to be spent."""
        if self._accounts.kept(self._account) is None:
            self._accounts.keep(Held(marked, held.secrets))
        else:
            self._accounts.note(marked)

    def _refuse_to_wait(self, kept: Kept) -> None:
        now = self._accounts.now()
        # A clock that was ahead when that was written down must not lock the sign-in for longer than a service may.
        if now < kept.waits_until <= now + LONGEST_WAIT_S:
            raise ServiceUnavailable(
                f"{kept.label} asks to be left alone until {when(kept.waits_until, now)}; other work goes on",
                kept.waits_until - now,
            )

    def _without(self, held: Held, old: Held | None, ended: str) -> Secrets:
        """The service takes the refresh token no more: go back to what was there before, or write down that it ended."""
        if old and not old.kept.ended:
            log.warning("%s; what was connected before is used on", ended)
            back = Held(replace(old.kept, came_from=held.kept.came_from, renewing=""), old.secrets)
            self._accounts.note(back.kept)
            return back.secrets if self._is_good(back.secrets, EARLY_S) else self._renewed(back, None)
        is_dead = held.secrets.access_token == self._refused
        # A token that the service has just refused would cost each sync a call to hear so again.
        left = replace(held.secrets, access_token="", access_until=0.0) if is_dead else held.secrets
        ended_now = Held(replace(held.kept, ended=ended, renewing="", waits_until=0.0), left)
        if old or is_dead:
            self._accounts.keep(ended_now)
        else:
            self._accounts.note(ended_now.kept)
        return self._last_of(ended_now)

    def _sentence(self, told: str, *, was_on_its_way: bool) -> str:
        label, command = self._account.label, self._account.command
        if was_on_its_way:
            return (
                f"the sign-in to {label} was being renewed when the program or the connection broke off, and what came "
                f"of it is lost ({told}); run `{command}`"
            )
        return f"the sign-in to {label} has ended ({told}); run `{command}`"
