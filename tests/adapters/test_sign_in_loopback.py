"""Signing in by the browser; the test plays the person at it."""

import errno
import os
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from tests import plain_http
from tests.tuner import TUNER, Tuner, accounts_in, settings_of

from music_sync.adapters.accounts import Account, Accounts, OAuth, Secrets
from music_sync.adapters.sign_in_loopback import Attempt, Listener, NotThisAnswer, begin, finish, redirect_at
from music_sync.demo.authorization import App, Authorization
from music_sync.demo.loopback import Change, Garbled, Refuse
from music_sync.model.errors import EnvironmentFault, NeedsPerson, ServiceUnavailable


@pytest.fixture
def tuner() -> Iterator[Tuner]:
    with Tuner() as found:
        yield found


@pytest.fixture
def accounts(tmp_path: Path, tuner: Tuner) -> Accounts:
    return accounts_in(tmp_path, settings_of(tuner))


def attempt_at(accounts: Accounts, redirect: str, account: Account = TUNER) -> Attempt:
    return begin(accounts, account, "simulated-client", redirect)


def expected(listener: Listener, accounts: Accounts) -> Attempt:
    attempt = attempt_at(accounts, listener.redirect)
    listener.expect(attempt)
    return attempt


class Browser:
    """A person at a browser, who goes where the terminal says."""

    def __init__(self, address: str) -> None:
        self.seen: list[httpx.Response] = []
        self._address = address
        self._thread = threading.Thread(target=self._go)
        self._thread.start()

    def _go(self) -> None:
        self.seen.append(plain_http.get(self._address, follow_redirects=True, timeout=10, trust_env=False))

    def page(self) -> httpx.Response:
        self._thread.join()
        return self.seen[0]


def ended_at(address: str) -> str:
    """The address that a browser on another machine ends at."""
    return plain_http.get(address, trust_env=False).headers["location"]


def test_the_browser_brings_the_code_and_is_told_that_it_is_done(tuner: Tuner, accounts: Accounts) -> None:
    with Listener("Tuner") as listener:
        attempt = expected(listener, accounts)
        browser = Browser(attempt.address)
        code = listener.code(20)
        page = browser.page()
    found = finish(accounts, attempt, code, {"tuner_client_id": "simulated-client"})

    assert page.status_code == 200
    assert "go back to the terminal" in page.text
    assert tuner.authorization.check(found.access_token) == frozenset({"read"})
    assert accounts.connect(TUNER, found, in_keyring=False).lasts_until
    assert accounts.sign_in(TUNER).token() == found.access_token


def test_what_is_asked_for_is_what_the_account_describes(accounts: Accounts) -> None:
    assert isinstance(TUNER.way, OAuth)
    account = replace(TUNER, way=replace(TUNER.way, scopes=("a b", "c"), more={"access_type": "offline"}))
    one, other = (attempt_at(accounts, redirect_at(7), account) for _ in range(2))
    query = parse_qs(urlsplit(one.address).query)

    assert query["scope"] == ["a b c"]
    assert query["access_type"] == ["offline"]
    assert query["redirect_uri"] == ["http://127.0.0.1:7/callback"]
    assert {one.state, one.verifier}.isdisjoint({other.state, other.verifier})
    assert one.verifier not in one.address + repr(one)


def test_an_address_that_is_pasted_does_the_same(tuner: Tuner, accounts: Accounts) -> None:
    for form in (str, lambda address: urlsplit(address).query, lambda address: f"  ?{urlsplit(address).query}\n"):
        attempt = attempt_at(accounts, redirect_at(8766))
        found = finish(accounts, attempt, attempt.code_in(form(ended_at(attempt.address))), {})

        assert tuner.authorization.check(found.access_token)


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "code",
        "code=abc",
        "state=",
        "http://127.0.0.1:8766/callback?code=abc&state=another",
        "http://[::1/callback?code=abc",
        "http://127.0.0.1/callback?code=abc&state=%FF",
        "\N{SNOWMAN}",
    ],
)
def test_what_belongs_to_another_sign_in_is_not_taken(pasted: str, accounts: Accounts) -> None:
    with pytest.raises(NotThisAnswer, match="copy the whole address"):
        attempt_at(accounts, redirect_at(8766)).code_in(pasted)


def test_a_person_who_says_no_is_told_how_to_try_again(tuner: Tuner, accounts: Accounts) -> None:
    tuner.authorization.says_yes = False
    with Listener("Tuner") as listener:
        attempt = expected(listener, accounts)
        browser = Browser(attempt.address)
        with pytest.raises(NeedsPerson, match="not allowed in the browser; run `music-sync connect tuner`"):
            listener.code(20)
        page = browser.page()

    assert page.status_code == 403
    assert "Not connected" in page.text


def test_what_the_service_says_is_told_and_shown_as_text_only(accounts: Accounts) -> None:
    with Listener("Tuner") as listener:
        attempt = expected(listener, accounts)
        answer = {"error": "server_error", "error_description": "<script>x</script>\n\x1b[31m", "state": attempt.state}
        browser = Browser(f"{listener.redirect}?{urlencode(answer)}")
        with pytest.raises(NeedsPerson) as told:
            listener.code(20)

        assert "<script>" not in browser.page().text
        assert "\n" not in str(told.value)
        assert "\x1b" not in str(told.value)


def test_visits_that_are_not_the_answer_get_a_page_and_do_not_end_the_wait(accounts: Accounts) -> None:
    with Listener("Tuner") as listener:
        attempt = attempt_at(accounts, listener.redirect)
        here = listener.redirect.removesuffix("/callback")
        visits = {
            "/favicon.ico": 404,
            "/": 404,
            f"/callback/?code=x&state={attempt.state}": 404,
            "/callback": 400,
            "/callback?code=x&state=wrong": 400,
            "/callback?error=access_denied&state=wrong": 400,
        }
        waiting = threading.Thread(target=lambda: codes.append(listener.code(20)))
        codes: list[str] = []
        # Not yet expected: whoever comes early finds nothing.
        assert plain_http.get(f"{here}/callback", trust_env=False).status_code == 404
        listener.expect(attempt)
        waiting.start()
        statuses = {visit: plain_http.get(here + visit, trust_env=False).status_code for visit in visits}
        posted = plain_http.post(f"{here}/callback?code=x&state={attempt.state}", trust_env=False).status_code
        plain_http.get(f"{here}/callback?code=right&state={attempt.state}", trust_env=False)
        waiting.join()
        late = plain_http.get(f"{here}/callback?code=late&state={attempt.state}", trust_env=False).status_code

    assert statuses == visits
    assert (posted, codes, late) == (501, ["right"], 404)


def test_the_page_gives_nothing_away(accounts: Accounts, capfd: pytest.CaptureFixture[str]) -> None:
    with Listener("Tuner") as listener:
        attempt = expected(listener, accounts)
        browser = Browser(f"{listener.redirect}?code=a-secret-code&state={attempt.state}")
        listener.code(20)
        page = browser.page()

    assert "a-secret-code" not in page.text
    assert attempt.state not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "Python" not in page.headers["server"]
    assert capfd.readouterr() == ("", "")


def test_a_browser_that_connects_and_says_nothing_holds_nobody_up(accounts: Accounts) -> None:
    with Listener("Tuner") as listener:
        attempt = expected(listener, accounts)
        port = int(re.findall(r":(\d+)/", listener.redirect)[0])
        with socket.create_connection(("127.0.0.1", port)):
            browser = Browser(f"{listener.redirect}?code=x&state={attempt.state}")

            assert listener.code(20) == "x"
            assert browser.page().status_code == 200


def test_nobody_is_waited_for_for_ever(accounts: Accounts) -> None:
    with Listener("Tuner") as listener:
        expected(listener, accounts)
        with pytest.raises(NeedsPerson, match="nobody signed in to Tuner within 0 s"):
            listener.code(0.01)


def test_only_this_machine_can_reach_the_page() -> None:
    with Listener("Tuner") as listener:
        assert listener._server.socket.getsockname()[0] == "127.0.0.1"
        assert listener.redirect.startswith("http://127.0.0.1:")


def test_a_browser_that_is_back_before_anyone_waits_has_brought_the_code(accounts: Accounts) -> None:
    with Listener("Tuner") as listener:
        attempt = expected(listener, accounts)
        page = Browser(f"{listener.redirect}?code=early&state={attempt.state}").page()

        assert (page.status_code, listener.code(0)) == (200, "early")


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(EnvironmentFault, match=r"port \d+ .* is taken by another program; free it, or use --paste"):
            Listener("Tuner", taken.getsockname()[1])


@pytest.mark.skipif(os.getuid() == 0, reason="root may take every port")
def test_a_port_that_is_not_ours_is_told() -> None:
    with pytest.raises(EnvironmentFault, match=os.strerror(errno.EACCES)):
        Listener("Tuner", 1)


def test_a_redirect_that_the_app_does_not_know_is_refused_by_the_service(tmp_path: Path) -> None:
    """The browser shows the service's page; we hear nothing, and say so when the time is over."""
    with (
        Tuner(Authorization(App(redirects=("http://127.0.0.1:9999/callback",)))) as tuner,
        Listener("Tuner") as listener,
    ):
        attempt = expected(listener, accounts_in(tmp_path, settings_of(tuner)))
        page = plain_http.get(attempt.address, follow_redirects=True, trust_env=False)

    assert (page.status_code, "redirect URI" in page.text) == (400, True)


def test_a_code_that_is_spent_is_told_without_a_word_of_it(tuner: Tuner, accounts: Accounts) -> None:
    attempt = attempt_at(accounts, redirect_at(8766))
    code = attempt.code_in(ended_at(attempt.address))
    finish(accounts, attempt, code, {})
    with pytest.raises(NeedsPerson) as told:
        finish(accounts, attempt, code, {})

    assert "does not take the code any more" in str(told.value)
    assert code not in str(told.value)
    assert tuner.authorization.granted == ["authorization_code"]


def test_a_code_of_another_attempt_is_worth_nothing(accounts: Accounts) -> None:
    """What a stranger allowed cannot be put upon us: the verifier is ours alone."""
    theirs, ours = (attempt_at(accounts, redirect_at(8766)) for _ in range(2))
    code = theirs.code_in(ended_at(theirs.address))

    with pytest.raises(NeedsPerson, match="code_verifier was incorrect"):
        finish(accounts, ours, code, {})


def test_an_hour_of_access_is_no_sign_in(tmp_path: Path) -> None:
    with Tuner(Authorization(wants_offline=True)) as tuner:
        accounts = accounts_in(tmp_path, settings_of(tuner))
        attempt = attempt_at(accounts, redirect_at(8766))
        with pytest.raises(NeedsPerson, match="for an hour only"):
            finish(accounts, attempt, attempt.code_in(ended_at(attempt.address)), {})


@pytest.mark.parametrize(
    "behaviour",
    [Refuse(503), Garbled(), Change(lambda answer: {**answer, "access_token": None})],
    ids=["503", "garbled", "without a token"],
)
def test_a_service_that_fails_at_the_last_step_is_told_as_that(
    behaviour: Refuse | Garbled | Change, tuner: Tuner, accounts: Accounts
) -> None:
    attempt = attempt_at(accounts, redirect_at(8766))
    code = attempt.code_in(ended_at(attempt.address))
    tuner.misbehave("POST /token", behaviour)

    with pytest.raises(ServiceUnavailable, match="run `music-sync connect tuner` again"):
        finish(accounts, attempt, code, {})


def test_the_words_of_the_app_are_kept_with_the_sign_in(tmp_path: Path) -> None:
    app = App(needs_secret=True)
    with Tuner(Authorization(app)) as tuner:
        settings = {"tuner_url": tuner.url}
        accounts = accounts_in(tmp_path, settings)
        words = {"tuner_client_id": app.client_id, "tuner_client_secret": app.client_secret}
        attempt = attempt_at(accounts, redirect_at(8766))
        found = finish(accounts, attempt, attempt.code_in(ended_at(attempt.address)), words)
        accounts.connect(TUNER, replace(found, access_token=""), in_keyring=False)

        assert tuner.authorization.check(accounts.sign_in(TUNER).token())


def test_secrets_are_nothing_that_is_printed() -> None:
    assert "simulated" not in repr(Secrets({"client_secret": "simulated"}, "simulated", "simulated"))
