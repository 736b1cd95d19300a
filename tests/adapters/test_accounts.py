"""Sign-ins: tokens are renewed by one process at a time, survive kills, and an end is told once and precisely."""

import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.fail
import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from tests.tuner import TUNER, Clock, Tuner, accounts_in, settings_of, signed_in

from music_sync.adapters.account_file import DAY_S, Standing, Unreadable, standings
from music_sync.adapters.accounts import Account, Accounts, OAuth, Secrets, Words, hash_of
from music_sync.demo.authorization import Answer, App, Authorization
from music_sync.demo.loopback import Behaviour, Change, Garbled, RateLimited, Refuse, Truncated
from music_sync.model.errors import NeedsPerson, NotSetUp, ServiceUnavailable, SyncError

DIARY = Account("diary", "Diary", "a name", Words({"diary_user": "your name", "diary_token": "a token"}))
ONE_OPTIONAL = replace(DIARY, way=Words(DIARY.way.fields, frozenset({"diary_token"})))  # type: ignore[union-attr]

RENEW = """
import sys
from pathlib import Path
from tests.tuner import TUNER, accounts_in

home, url, client_id = sys.argv[1:]
accounts = accounts_in(Path(home), {"tuner_url": url, "tuner_client_id": client_id})
print("begins", flush=True)
print(accounts.sign_in(TUNER).token(), flush=True)
"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tuner(clock: Clock) -> Iterator[Tuner]:
    """The service, as SoundCloud has it: refresh tokens are good for one use, and a sign-in for 182 days."""
    with Tuner(Authorization(rotates=True, lasts_days=182, now=clock)) as found:
        yield found


@pytest.fixture
def settings(tuner: Tuner) -> dict[str, str]:
    return settings_of(tuner)


@pytest.fixture
def accounts(tmp_path: Path, settings: dict[str, str], clock: Clock) -> Accounts:
    return accounts_in(tmp_path, settings, clock)


def file_in(home: Path, service: str = "tuner") -> Path:
    return home / "accounts" / f"{service}.json"


def the_standing(home: Path, clock: Clock) -> Standing:
    (found,) = standings(home / "accounts", clock)
    return found


def has_ended(tuner: Tuner, accounts: Accounts) -> str:
    """The sentence with which a token is refused now."""
    with pytest.raises(NeedsPerson) as told:
        accounts.sign_in(TUNER).token()
    assert not isinstance(told.value, NotSetUp)
    return str(told.value)


# Renewing


def test_a_token_is_renewed_when_it_is_about_to_end(tuner: Tuner, accounts: Accounts, clock: Clock) -> None:
    signed_in(tuner, accounts)
    source = accounts.sign_in(TUNER)
    first = source.token()

    assert source.token() == first
    clock.at += 3600 - 301
    assert source.token() == first
    clock.at += 2
    assert source.token() != first
    assert tuner.authorization.check(source.token())
    assert len(tuner.authorization.granted) == 2


def test_the_next_process_uses_what_the_last_one_got(tuner: Tuner, accounts: Accounts) -> None:
    signed_in(tuner, accounts)

    assert accounts.sign_in(TUNER).token() == accounts.sign_in(TUNER).token()
    assert len(tuner.authorization.granted) == 1


def test_a_token_that_the_service_refuses_is_renewed_at_once(tuner: Tuner, accounts: Accounts) -> None:
    signed_in(tuner, accounts)
    source = accounts.sign_in(TUNER)
    first = source.token()
    tuner.authorization.end_access()
    source.refused(first)

    assert tuner.authorization.check(source.token())


def test_a_refused_token_that_another_process_renewed_already_is_not_renewed_again(
    tuner: Tuner, accounts: Accounts
) -> None:
    signed_in(tuner, accounts)
    late, quick = accounts.sign_in(TUNER), accounts.sign_in(TUNER)
    first = late.token()
    quick.refused(first)
    renewed = quick.token()
    late.refused(first)

    assert late.token() == renewed
    assert len(tuner.authorization.granted) == 2


def test_a_refresh_token_that_stays_is_kept(tmp_path: Path, clock: Clock) -> None:
    with Tuner(Authorization(rotates=False, now=clock)) as tuner:
        accounts = accounts_in(tmp_path, settings_of(tuner), clock)
        signed_in(tuner, accounts)
        for _ in range(3):
            accounts.sign_in(TUNER).token()
            clock.at += 3600

    assert len(tuner.authorization.granted) == 3


@pytest.mark.parametrize("in_form", [False, True])
def test_the_secret_goes_where_the_service_wants_it(tmp_path: Path, in_form: bool) -> None:
    assert isinstance(TUNER.way, OAuth)
    account = replace(TUNER, way=replace(TUNER.way, secret_in_form=in_form))
    app = App(needs_secret=True, secret_in=frozenset({"form" if in_form else "header"}))
    with Tuner(Authorization(app)) as tuner:
        accounts = accounts_in(tmp_path, settings_of(tuner, tuner_client_secret=app.client_secret))
        signed_in(tuner, accounts)

        assert tuner.authorization.check(accounts.sign_in(account).token())


def test_nobody_signed_in_is_not_set_up(accounts: Accounts, tuner: Tuner) -> None:
    assert not accounts.is_set_up(TUNER)
    with pytest.raises(NotSetUp, match="music-sync connect tuner"):
        accounts.sign_in(TUNER).token()
    with pytest.raises(NotSetUp, match="music-sync connect tuner"):
        accounts.sign_in(TUNER).check()
    assert tuner.seen == []


def test_a_sign_in_without_a_client_id_is_told_and_not_passed_over(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str]
) -> None:
    signed_in(tuner, accounts)
    settings["tuner_client_id"] = ""

    assert "no client id; set tuner_client_id" in has_ended(tuner, accounts)


# More than one process


class Renewing:
    """Another process that wants a token."""

    def __init__(self, home: Path, tuner: Tuner) -> None:
        command = [sys.executable, "-c", RENEW, str(home), tuner.url, tuner.authorization.app.client_id]
        here = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(here)},
        )

    def begins(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == "begins\n"

    def ended(self) -> tuple[int, str]:
        out, err = self.process.communicate(timeout=60)
        assert not err, err
        return self.process.returncode, out.strip()


def test_processes_that_renew_at_once_spend_one_token(tmp_path: Path) -> None:
    with Tuner(Authorization(rotates=True)) as tuner:
        signed_in(tuner, accounts_in(tmp_path, settings_of(tuner)))
        all_begin = threading.Event()
        tuner.authorization.answered = lambda _form, _answer: all_begin.wait(60)
        others = [Renewing(tmp_path, tuner) for _ in range(3)]
        for other in others:
            other.begins()
        all_begin.set()
        ends = [other.ended() for other in others]

    assert tuner.authorization.granted == ["refresh_token"]
    assert {code for code, _ in ends} == {0}
    assert len({token for _, token in ends}) == 1


def killed_before_it_is_kept(home: Path, tuner: Tuner) -> None:
    """A process asks for a new token, the service answers, and the process is no more."""
    other = Renewing(home, tuner)

    def kill(_form: Mapping[str, str], _answer: Answer) -> None:
        other.process.send_signal(signal.SIGKILL)
        other.process.wait(60)

    tuner.authorization.answered = kill
    other.begins()
    code, token = other.ended()
    tuner.authorization.answered = lambda _form, _answer: None

    assert (code, token) == (-signal.SIGKILL, "")


def test_a_kill_between_answer_and_saving_is_told_for_what_it_was(tmp_path: Path) -> None:
    with Tuner(Authorization(rotates=True)) as tuner:
        accounts = accounts_in(tmp_path, settings_of(tuner))
        signed_in(tuner, accounts)
        killed_before_it_is_kept(tmp_path, tuner)
        told = has_ended(tuner, accounts)
        calls = len(tuner.seen)

        assert "was being renewed when the program or the connection broke off" in told
        assert "`music-sync connect tuner`" in told
        assert has_ended(tuner, accounts) == told
        assert len(tuner.seen) == calls


def test_a_kill_costs_nothing_where_refresh_tokens_stay(tmp_path: Path) -> None:
    with Tuner(Authorization(rotates=False)) as tuner:
        accounts = accounts_in(tmp_path, settings_of(tuner))
        signed_in(tuner, accounts)
        killed_before_it_is_kept(tmp_path, tuner)

        assert tuner.authorization.check(accounts.sign_in(TUNER).token())


def test_after_a_kill_the_old_access_token_is_used_while_it_is_good(tmp_path: Path) -> None:
    clock = Clock()
    with Tuner(Authorization(rotates=True, access_s=200, now=clock)) as tuner:
        # Shorter than the time by which it is renewed early, so each process renews.
        accounts = accounts_in(tmp_path, settings_of(tuner), clock)
        signed_in(tuner, accounts)
        first = accounts.sign_in(TUNER).token()
        kept = file_in(tmp_path).read_text()
        accounts.sign_in(TUNER).token()
        # As a kill leaves it: what was spent is written down, what came of it is not.
        content = json.loads(kept)
        content["renewing"] = hash_of(content["secrets"]["refresh_token"])
        file_in(tmp_path).write_text(json.dumps(content))

        assert accounts.sign_in(TUNER).token() == first
        assert "was being renewed" in the_standing(tmp_path, clock).ended
        clock.at += 200
        assert "was being renewed" in has_ended(tuner, accounts)


def test_an_answer_that_broke_off_is_tried_again_and_known(tuner: Tuner, accounts: Accounts) -> None:
    signed_in(tuner, accounts)
    tuner.misbehave("POST /token", Truncated())
    with pytest.raises(ServiceUnavailable):
        accounts.sign_in(TUNER).token()

    assert "was being renewed" in has_ended(tuner, accounts)


# How a sign-in ends


def test_what_was_revoked_is_told_once_and_the_service_left_alone(
    tuner: Tuner, accounts: Accounts, tmp_path: Path, clock: Clock
) -> None:
    signed_in(tuner, accounts)
    tuner.authorization.revoke()
    told = has_ended(tuner, accounts)

    assert told == (
        "the sign-in to Tuner has ended (invalid_grant: Refresh token revoked); run `music-sync connect tuner`"
    )
    assert has_ended(tuner, accounts) == told
    assert len(tuner.seen) == 1
    assert the_standing(tmp_path, clock) == replace(
        the_standing(tmp_path, clock), connected=False, ended=told, warning=""
    )


def test_a_new_sign_in_follows_one_that_ended(tuner: Tuner, accounts: Accounts) -> None:
    signed_in(tuner, accounts)
    tuner.authorization.revoke()
    has_ended(tuner, accounts)
    signed_in(tuner, accounts)

    assert tuner.authorization.check(accounts.sign_in(TUNER).token())


def test_a_sign_in_dies_by_its_day_and_is_warned_of_before(
    tuner: Tuner, accounts: Accounts, tmp_path: Path, clock: Clock
) -> None:
    signed_in(tuner, accounts)
    began = clock.at
    warned: list[int] = []
    for day in range(0, 182, 7):
        clock.at = began + day * DAY_S
        accounts.sign_in(TUNER).token()
        if the_standing(tmp_path, clock).warning:
            warned.append(day)

    assert warned == [161, 168, 175]
    assert the_standing(tmp_path, clock).days_left == 7
    assert "in 7 days" in the_standing(tmp_path, clock).warning
    clock.at = began + 182 * DAY_S
    assert not the_standing(tmp_path, clock).connected
    assert "lasted until" in the_standing(tmp_path, clock).warning
    assert "expired" in has_ended(tuner, accounts)


def test_an_access_token_outlives_the_end_of_its_sign_in(tuner: Tuner, accounts: Accounts, clock: Clock) -> None:
    signed_in(tuner, accounts)
    first = accounts.sign_in(TUNER).token()
    tuner.authorization.revoke()
    clock.at += 3600 - 60

    assert accounts.sign_in(TUNER).token() == first
    clock.at += 60
    assert "has ended" in has_ended(tuner, accounts)


def test_a_wrong_client_is_told_as_that_and_ends_nothing(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str]
) -> None:
    signed_in(tuner, accounts)
    right, settings["tuner_client_id"] = settings["tuner_client_id"], "another"

    assert "does not take the client id" in has_ended(tuner, accounts)
    settings["tuner_client_id"] = right
    assert accounts.sign_in(TUNER).token()


# A service that is away


def away(accounts: Accounts) -> ServiceUnavailable:
    with pytest.raises(ServiceUnavailable) as told:
        accounts.sign_in(TUNER).token()
    assert "\n" not in str(told.value)
    return told.value


@pytest.mark.parametrize(
    "behaviour",
    [
        Refuse(500, {"error": "server_error"}),
        Refuse(502, b"<html>Bad gateway</html>"),
        Refuse(200, b"<html>Sign in to the hotel's network</html>"),
        Refuse(302, None, {"Location": "http://127.0.0.1:9/login"}),
        Refuse(400, {"error": "temporarily_unavailable"}),
        Refuse(200, [1]),
        Refuse(200, b"[" * 100_000),
        Garbled(),
        RateLimited(None),
        Truncated(),
    ],
    ids=repr,
)
def test_trouble_of_the_service_is_no_end_of_the_sign_in(
    behaviour: Behaviour, tuner: Tuner, tmp_path: Path, clock: Clock
) -> None:
    tuner.authorization.rotates = False
    accounts = accounts_in(tmp_path, settings_of(tuner), clock)
    signed_in(tuner, accounts)
    tuner.misbehave("POST /token", behaviour)

    assert "the next sync tries again" in str(away(accounts))
    assert the_standing(tmp_path, clock).connected
    assert accounts.sign_in(TUNER).token()


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "a\r\nX-Evil: 1"},
        {"access_token": "\N{SNOWMAN}"},
    ],
    ids=repr,
)
def test_an_answer_without_a_token_that_can_be_sent_counts_as_none(
    change: dict[str, Any], tuner: Tuner, accounts: Accounts
) -> None:
    signed_in(tuner, accounts)
    tuner.misbehave("POST /token", Change(lambda answer: {**answer, **change}))

    assert "no access token" in str(away(accounts))


@pytest.mark.parametrize("expires", [None, "3600", "soon", -5, 0, 1e300, True, []], ids=repr)
def test_a_span_that_makes_no_sense_counts_as_an_hour(
    expires: object, tuner: Tuner, accounts: Accounts, clock: Clock
) -> None:
    signed_in(tuner, accounts)
    tuner.misbehave("POST /token", Change(lambda answer: {**answer, "expires_in": expires}))
    source = accounts.sign_in(TUNER)
    first = source.token()
    clock.at += 3600 - 301

    assert source.token() == first
    clock.at += 2
    assert source.token() != first


def test_a_service_that_names_a_pause_is_left_alone_until_then(tuner: Tuner, accounts: Accounts, clock: Clock) -> None:
    """P55: Retry-After counts at the sign-in too."""
    signed_in(tuner, accounts)
    tuner.misbehave("POST /token", RateLimited("600"))

    assert away(accounts).after_s == 600
    clock.at += 599
    assert away(accounts).after_s == 1
    assert len(tuner.seen) == 1
    clock.at += 1
    assert accounts.sign_in(TUNER).token()


def test_an_endless_pause_is_cut_to_a_day(tuner: Tuner, accounts: Accounts, clock: Clock) -> None:
    signed_in(tuner, accounts)
    tuner.misbehave("POST /token", RateLimited("99999999"))
    away(accounts)
    clock.at += DAY_S

    assert accounts.sign_in(TUNER).token()


def test_while_the_service_is_away_the_last_token_is_used_as_long_as_it_is_good(
    tuner: Tuner, accounts: Accounts, clock: Clock
) -> None:
    signed_in(tuner, accounts)
    first = accounts.sign_in(TUNER).token()
    clock.at += 3600 - 60
    tuner.misbehave("POST /token", Refuse(503, None, {"Retry-After": "120"}))

    assert accounts.sign_in(TUNER).token() == first
    clock.at += 60
    assert "asks to be left alone" in str(away(accounts))
    clock.at += 60
    assert accounts.sign_in(TUNER).token()


def test_a_service_that_is_not_there_spends_nothing(tmp_path: Path, clock: Clock) -> None:
    with Tuner(Authorization(rotates=True, now=clock)) as tuner:
        settings = settings_of(tuner)
        accounts = accounts_in(tmp_path, settings, clock)
        signed_in(tuner, accounts)
    assert "ConnectError" in str(away(accounts))

    assert json.loads(file_in(tmp_path).read_text())["renewing"] == ""


# The environment


def test_a_token_in_the_environment_is_spent_once_and_what_came_of_it_is_used(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str], clock: Clock
) -> None:
    settings["tuner_refresh_token"] = tuner.authorization.grant(["read"])
    assert accounts.is_set_up(TUNER)
    for _ in range(3):
        assert accounts.sign_in(TUNER).token()
        clock.at += 3600

    assert tuner.authorization.granted == ["refresh_token"] * 3


def test_a_new_token_in_the_environment_begins_anew(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str], clock: Clock
) -> None:
    settings["tuner_refresh_token"] = tuner.authorization.grant(["read"])
    accounts.sign_in(TUNER).token()
    tuner.authorization.revoke()
    clock.at += 3600
    assert "revoked" in has_ended(tuner, accounts)
    settings["tuner_refresh_token"] = tuner.authorization.grant(["read"])

    assert tuner.authorization.check(accounts.sign_in(TUNER).token())


def test_a_token_in_the_environment_that_is_spent_already_ends_once(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str]
) -> None:
    settings["tuner_refresh_token"] = "spent long ago"
    told = has_ended(tuner, accounts)

    assert has_ended(tuner, accounts) == told
    assert len(tuner.seen) == 1
    signed_in(tuner, accounts)
    assert tuner.authorization.check(accounts.sign_in(TUNER).token())


def test_a_dead_token_in_the_environment_does_not_cost_the_sign_in_that_works(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    signed_in(tuner, accounts)
    accounts.sign_in(TUNER).token()
    settings["tuner_refresh_token"] = "spent long ago"

    assert tuner.authorization.check(accounts.sign_in(TUNER).token())
    assert "what was connected before is used on" in caplog.text
    calls = len(tuner.seen)
    assert tuner.authorization.check(accounts.sign_in(TUNER).token())
    assert len(tuner.seen) == calls


def test_connecting_beside_an_old_token_in_the_environment_counts(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str]
) -> None:
    settings["tuner_refresh_token"] = "spent long ago"
    signed_in(tuner, accounts)

    assert tuner.authorization.check(accounts.sign_in(TUNER).token())
    assert len(tuner.seen) == 1


# Where secrets are kept


class Memory(KeyringBackend):
    """A keyring that works."""

    priority: float = 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class Forgetful(Memory):
    """Keeps nothing and says nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Nothing."""


class Locked(Memory):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked(f"{username} of {service} is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked(f"{username} of {service} is locked, {len(password)} letters are lost")


class Asking(Memory):
    """Opens a dialog, whatever it is asked."""

    asked = False

    def get_password(self, service: str, username: str) -> str | None:
        self.asked = True
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked = True
        super().set_password(service, username, password)


Asking.__module__ = "keyring.backends.kwallet"


class Plain(Memory):
    """As keyrings.alt has them: files without a key."""

    priority = 0.5


@pytest.fixture
def use() -> Iterator[Callable[[KeyringBackend], None]]:
    """Put another keyring in place."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


Use = Callable[[KeyringBackend], None]


def test_secrets_go_to_the_keyring_and_never_into_the_file(
    tuner: Tuner, accounts: Accounts, tmp_path: Path, clock: Clock, use: Use
) -> None:
    memory = Memory()
    use(memory)
    refresh_token = signed_in(tuner, accounts, in_keyring=True)
    token = accounts.sign_in(TUNER).token()
    clock.at += 3600
    accounts.sign_in(TUNER).token()

    (content,) = memory.entries.values()
    assert json.loads(content)["refresh_token"]
    assert len(tuner.authorization.granted) == 2
    assert the_standing(tmp_path, clock).kept_in == "keyring"
    assert not {refresh_token, token} & set(re.findall(r"[\w-]+", file_in(tmp_path).read_text()))
    assert "secrets" not in json.loads(file_in(tmp_path).read_text())


@pytest.mark.parametrize("kind", [keyring.backends.fail.Keyring, Forgetful, Locked, Asking, Plain])
def test_where_no_keyring_keeps_them_secrets_go_into_the_file(
    kind: type[KeyringBackend], tuner: Tuner, accounts: Accounts, tmp_path: Path, clock: Clock, use: Use
) -> None:
    backend = kind()
    use(backend)
    signed_in(tuner, accounts, in_keyring=True)

    assert tuner.authorization.check(accounts.sign_in(TUNER).token())
    assert the_standing(tmp_path, clock).kept_in == "file"
    assert not getattr(backend, "asked", False)


@pytest.mark.parametrize("kind", [keyring.backends.fail.Keyring, Memory, Locked])
def test_a_keyring_that_does_not_open_is_told_with_the_way_around(
    kind: type[KeyringBackend], tuner: Tuner, accounts: Accounts, use: Use
) -> None:
    use(Memory())
    signed_in(tuner, accounts, in_keyring=True)
    use(kind())

    assert accounts.is_set_up(TUNER)
    assert "`music-sync connect tuner --no-keyring`" in has_ended(tuner, accounts)
    assert tuner.seen == []


def test_a_keyring_that_takes_nothing_new_does_not_cost_the_token(
    tuner: Tuner, accounts: Accounts, tmp_path: Path, clock: Clock, use: Use
) -> None:
    memory = Memory()
    use(memory)
    signed_in(tuner, accounts, in_keyring=True)
    half_locked = Forgetful()
    half_locked.entries = memory.entries
    use(half_locked)
    first = accounts.sign_in(TUNER).token()
    use(Locked())
    clock.at += 3600

    assert first != accounts.sign_in(TUNER).token()
    assert the_standing(tmp_path, clock).kept_in == "file"


def test_connecting_again_and_signing_out_leave_no_old_entry(
    tuner: Tuner, accounts: Accounts, tmp_path: Path, use: Use
) -> None:
    memory = Memory()
    use(memory)
    for _ in range(2):
        signed_in(tuner, accounts, in_keyring=True)
        assert len(memory.entries) == 1

    assert accounts.forget(TUNER)
    assert (memory.entries, list((tmp_path / "accounts").glob("*.json"))) == ({}, [])
    assert not accounts.forget(TUNER)
    assert not accounts.is_set_up(TUNER)


def test_a_renewed_token_stays_in_its_file_though_a_keyring_is_there(
    tuner: Tuner, accounts: Accounts, use: Use
) -> None:
    memory = Memory()
    use(memory)
    signed_in(tuner, accounts, in_keyring=False)
    accounts.sign_in(TUNER).token()

    assert memory.entries == {}


def test_folder_and_file_are_for_their_owner_only(tuner: Tuner, accounts: Accounts, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        signed_in(tuner, accounts)
        accounts.sign_in(TUNER).token()
    finally:
        os.umask(old)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in (tmp_path / "accounts").iterdir()}

    assert modes == {"tuner.json": "0o600", ".tuner.lock": "0o600"}
    assert stat.S_IMODE((tmp_path / "accounts").stat().st_mode) == 0o700


def test_nothing_secret_is_logged_said_or_shown(
    tuner: Tuner, accounts: Accounts, settings: dict[str, str], caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    caplog.set_level(logging.DEBUG)
    settings["tuner_client_secret"] = tuner.authorization.app.client_secret
    secrets = {signed_in(tuner, accounts), settings["tuner_client_secret"], accounts.sign_in(TUNER).token()}
    held = accounts.held(TUNER)
    assert held
    secrets |= {held.secrets.refresh_token}
    clock.at += 3600
    said = repr(held)
    loud = {"error": "invalid_grant", "error_description": f"{held.secrets.refresh_token} is spent"}
    tuner.misbehave("POST /token", Refuse(400, loud))
    said += has_ended(tuner, accounts) + caplog.text

    assert [secret for secret in secrets if secret in said] == []
    assert "(hidden) is spent" in said


# Files that are not as they were


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"service": 7}',
        b'{"lasts_until": "soon"}',
        b'{"secrets": []}',
        b"\xff\xfe",
        b"[" * 99999,
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_damaged_file_is_told_with_what_to_do(
    content: bytes, tuner: Tuner, accounts: Accounts, tmp_path: Path, clock: Clock
) -> None:
    signed_in(tuner, accounts)
    file_in(tmp_path).write_bytes(content)

    assert accounts.is_set_up(TUNER)
    assert re.search(r"damaged.*; run `music-sync connect tuner`", has_ended(tuner, accounts))
    assert content == b'{"service": 7}' or "damaged" in the_standing(tmp_path, clock).ended
    signed_in(tuner, accounts)
    assert tuner.authorization.check(accounts.sign_in(TUNER).token())


@pytest.mark.parametrize("secrets", [{"words": 7}, {"access_until": "x"}, {"access_until": None}], ids=repr)
def test_damaged_secrets_are_told_too(
    secrets: dict[str, Any], tuner: Tuner, accounts: Accounts, tmp_path: Path
) -> None:
    signed_in(tuner, accounts)
    content = json.loads(file_in(tmp_path).read_text())
    file_in(tmp_path).write_text(json.dumps({**content, "secrets": secrets}))

    assert "damaged" in has_ended(tuner, accounts)


def test_a_file_that_cannot_be_opened_is_told(tuner: Tuner, accounts: Accounts, tmp_path: Path) -> None:
    file_in(tmp_path).mkdir(parents=True)

    with pytest.raises(Unreadable, match="make it readable"):
        accounts.sign_in(TUNER).token()


def test_a_field_of_a_later_version_is_no_trouble(tuner: Tuner, accounts: Accounts, tmp_path: Path) -> None:
    signed_in(tuner, accounts)
    content = json.loads(file_in(tmp_path).read_text())
    file_in(tmp_path).write_text(json.dumps({**content, "colour": "blue"}))

    assert accounts.sign_in(TUNER).token()


# Accounts that are made of words


def test_words_come_from_the_settings_or_from_what_was_kept(tmp_path: Path) -> None:
    settings = {"diary_user": "nadia"}
    accounts = accounts_in(tmp_path, settings)
    assert not accounts.is_set_up(DIARY)
    with pytest.raises(NotSetUp, match="music-sync connect diary"):
        accounts.words(DIARY)
    assert accounts.is_set_up(ONE_OPTIONAL)
    assert accounts.words(ONE_OPTIONAL) == {"diary_user": "nadia", "diary_token": ""}

    accounts.connect(DIARY, Secrets({"diary_user": "other", "diary_token": "kept"}), in_keyring=False)

    assert accounts.words(DIARY) == {"diary_user": "nadia", "diary_token": "kept"}
    assert accounts.is_set_up(DIARY)


def test_words_may_lie_in_the_keyring(tmp_path: Path, use: Use) -> None:
    use(Memory())
    accounts = accounts_in(tmp_path, {})
    accounts.connect(DIARY, Secrets({"diary_user": "nadia", "diary_token": "kept"}))

    assert accounts.words(DIARY)["diary_token"] == "kept"
    assert 'kept"' not in file_in(tmp_path, "diary").read_text()


def test_every_error_of_a_sign_in_is_one_of_ours() -> None:
    assert issubclass(Unreadable, SyncError)
