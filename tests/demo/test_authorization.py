"""The simulated authorization server refuses what the real ones refuse."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from music_sync.demo.authorization import DAY_S, Answer, App, Authorization, Page, Redirect

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BACK = "http://127.0.0.1:40123/callback"


class Clock:
    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


class Desk:
    """A person with a program before the server."""

    def __init__(self, app: App | None = None, **more: Any) -> None:
        self.clock = Clock()
        self.server = Authorization(app, now=self.clock, **more)

    def asked(self, **changed: str | None) -> dict[str, str]:
        query: dict[str, str | None] = {
            "client_id": self.server.app.client_id,
            "response_type": "code",
            "redirect_uri": BACK,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "scope": "read",
            "state": "s t&te",
        }
        return {name: value for name, value in (query | changed).items() if value is not None}

    def back(self, **changed: str | None) -> dict[str, str]:
        """What the redirect says."""
        found = self.server.authorize(self.asked(**changed))
        assert isinstance(found, Redirect)
        return dict(parse_qsl(urlsplit(found.address).query))

    def exchange(self, code: str, headers: Mapping[str, str] | None = None, **changed: str) -> Answer:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        form |= {"client_id": self.server.app.client_id} | changed
        return self.server.token(form, headers or {})

    def refresh(self, token: str, headers: Mapping[str, str] | None = None, **changed: str) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.server.app.client_id}
        return self.server.token(form | changed, headers or {})


def error(answer: Answer) -> str:
    assert answer[0] in {400, 401}
    assert answer[1]["error_description"]
    return str(answer[1]["error"])


def basic(pair: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def test_a_code_becomes_tokens_that_open_the_scopes_asked_for() -> None:
    desk = Desk()
    status, body = desk.exchange(desk.back()["code"])

    assert (status, body["token_type"], body["expires_in"], body["scope"]) == (200, "Bearer", 3600, "read")
    assert desk.server.check(body["access_token"]) == frozenset({"read"})
    assert desk.refresh(body["refresh_token"])[0] == 200
    assert desk.server.granted == ["authorization_code", "refresh_token"]


def test_the_state_comes_back_as_it_was_given() -> None:
    assert Desk().back()["state"] == "s t&te"
    assert "state" not in Desk().back(state=None)


def test_a_code_is_good_once() -> None:
    desk = Desk()
    code = desk.back()["code"]
    desk.exchange(code)

    assert error(desk.exchange(code)) == "invalid_grant"


def test_a_code_ends_after_ten_minutes() -> None:
    desk = Desk()
    code = desk.back()["code"]
    desk.clock.at += 601

    assert error(desk.exchange(code)) == "invalid_grant"


@pytest.mark.parametrize("verifier", ["", "w" * 64, VERIFIER[:-1], "v" * 129])
def test_another_verifier_is_refused_and_spends_the_code(verifier: str) -> None:
    desk = Desk()
    code = desk.back()["code"]

    assert error(desk.exchange(code, code_verifier=verifier)) == "invalid_grant"
    assert error(desk.exchange(code)) == "invalid_grant"


@pytest.mark.parametrize(
    "changed", [{"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}]
)
def test_a_request_without_pkce_is_sent_back(changed: dict[str, str | None]) -> None:
    assert Desk().back(**changed)["error"] == "invalid_request"


def test_another_response_type_is_sent_back() -> None:
    assert Desk().back(response_type="token")["error"] == "unsupported_response_type"


@pytest.mark.parametrize(
    "redirect",
    [
        "http://localhost:40123/callback",
        "http://127.0.0.1:40123/other",
        "http://127.0.0.1:40123/callback?more=1",
        "http://127.0.0.1:40123/callback#fragment",
        "https://127.0.0.1:40123/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://user@127.0.0.1:40123/callback",
        "http://192.0.2.7/callback",
        "http://127.0.0.1:99999999/callback",
        "",
    ],
)
def test_a_redirect_that_is_not_registered_gets_a_page_and_no_code(redirect: str) -> None:
    desk = Desk()
    found = desk.server.authorize(desk.asked(redirect_uri=redirect))

    assert isinstance(found, Page)
    assert found.status == 400


def test_a_redirect_registered_with_a_port_fits_that_port_only() -> None:
    desk = Desk(App(redirects=("http://127.0.0.1:7777/callback",)))

    assert isinstance(desk.server.authorize(desk.asked()), Page)
    assert "code" in desk.back(redirect_uri="http://127.0.0.1:7777/callback")


def test_localhost_is_refused_even_when_it_is_registered() -> None:
    desk = Desk(App(redirects=("http://localhost/callback",)))

    assert isinstance(desk.server.authorize(desk.asked(redirect_uri="http://localhost/callback")), Page)


def test_the_redirect_of_the_exchange_must_be_that_of_the_request() -> None:
    desk = Desk()

    answer = desk.exchange(desk.back()["code"], redirect_uri="http://127.0.0.1:40124/callback")

    assert error(answer) == "invalid_grant"


def test_an_unknown_client_gets_a_page_and_no_tokens() -> None:
    desk = Desk()

    assert isinstance(desk.server.authorize(desk.asked(client_id="other")), Page)
    assert error(desk.refresh(desk.server.grant(), client_id="other")) == "invalid_client"


def test_a_person_may_say_no() -> None:
    desk = Desk()
    desk.server.says_yes = False

    assert desk.back() == {"error": "access_denied", "state": "s t&te"}


def test_a_scope_that_does_not_exist_is_sent_back() -> None:
    assert Desk(scopes=["write"]).back()["error"] == "invalid_scope"


def test_a_secret_that_is_needed_may_stand_in_the_header_or_in_the_form() -> None:
    desk = Desk(App("c", "s", needs_secret=True))
    token = desk.server.grant()

    assert error(desk.refresh(token)) == "invalid_client"
    assert desk.refresh(token, client_secret="s")[0] == 200
    assert desk.refresh(token, basic("c:s"))[0] == 200
    assert desk.refresh(token, basic("c:t"))[0] == 401
    assert error(desk.refresh(token, {"authorization": "Basic %"})) == "invalid_client"


def test_a_secret_at_the_wrong_place_is_refused() -> None:
    form_only = Desk(App("c", "s", needs_secret=True, secret_in=frozenset({"form"})))

    assert error(form_only.refresh(form_only.server.grant(), basic("c:s"))) == "invalid_client"


def test_a_wrong_secret_is_refused_where_none_is_needed() -> None:
    desk = Desk()

    assert error(desk.refresh(desk.server.grant(), client_secret="wrong")) == "invalid_client"


def test_an_access_token_ends_with_its_hour() -> None:
    desk = Desk()
    token = desk.server.access(["read"])

    assert desk.server.check(token) == frozenset({"read"})

    desk.clock.at += 3600

    assert desk.server.check(token) is None
    assert desk.server.check("made up") is None


def test_a_refresh_token_is_kept_or_good_for_one_use() -> None:
    kept, rotated = Desk(), Desk(rotates=True)
    first, once = kept.server.grant(), rotated.server.grant()

    assert "refresh_token" not in kept.refresh(first)[1]
    assert kept.refresh(first)[0] == 200
    assert rotated.refresh(rotated.refresh(once)[1]["refresh_token"])[0] == 200
    assert error(rotated.refresh(once)) == "invalid_grant"


def test_what_is_revoked_opens_nothing_and_is_not_renewed() -> None:
    desk = Desk()
    token = desk.server.grant()
    access = desk.refresh(token)[1]["access_token"]
    desk.server.revoke()

    assert desk.server.check(access) is None
    assert error(desk.refresh(token)) == "invalid_grant"


def test_access_may_end_while_the_sign_in_stays() -> None:
    desk = Desk()
    token = desk.server.grant()
    access = desk.refresh(token)[1]["access_token"]
    desk.server.end_access()

    assert desk.server.check(access) is None
    assert desk.refresh(token)[0] == 200


@pytest.mark.parametrize("rotates", [False, True])
def test_a_sign_in_dies_by_its_day_however_often_it_was_renewed(rotates: bool) -> None:
    desk = Desk(lasts_days=182, rotates=rotates)
    token = desk.server.grant()
    desk.clock.at += 181 * DAY_S
    token = desk.refresh(token)[1].get("refresh_token", token)
    desk.clock.at += DAY_S

    assert error(desk.refresh(token)) == "invalid_grant"


def test_offline_access_must_be_asked_for_where_it_is_wanted() -> None:
    desk = Desk(wants_offline=True)

    assert "refresh_token" not in desk.exchange(desk.back()["code"])[1]
    assert "refresh_token" in desk.exchange(desk.back(access_type="offline")["code"])[1]


def test_an_answer_is_told_when_the_token_is_spent_and_before_it_goes_out() -> None:
    desk = Desk(rotates=True)
    once = desk.server.grant()
    inside: list[Answer] = []

    def reuse(form: Mapping[str, str], _answer: Answer) -> None:
        if not inside:
            inside.append((0, {}))
            inside[0] = desk.refresh(form["refresh_token"])

    desk.server.answered = reuse

    assert desk.refresh(once)[0] == 200
    assert error(inside[0]) == "invalid_grant"


def test_grants_of_other_kinds_are_refused() -> None:
    desk = Desk()

    assert error(desk.refresh("x", grant_type="password")) == "unsupported_grant_type"
    assert error(desk.refresh("")) == "invalid_request"


def test_an_app_may_be_changed_while_it_is_open() -> None:
    desk = Desk()
    desk.server.app = replace(desk.server.app, client_id="renamed")

    assert desk.refresh(desk.server.grant(), client_id="renamed")[0] == 200


def test_another_server_goes_on_with_the_sign_ins_that_were_kept() -> None:
    desk, another = Desk(rotates=True), Desk(rotates=True)
    desk.server.grant(["read"])
    body = desk.refresh(desk.server.grant(["read"]))[1]
    another.server.take_up(json.loads(json.dumps(desk.server.kept())))

    assert another.server.check(body["access_token"]) == frozenset({"read"})
    assert another.refresh(body["refresh_token"])[0] == 200
    assert error(another.refresh("refresh-unknown")) == "invalid_grant"


def test_what_was_revoked_stays_so_in_the_next_server() -> None:
    desk, another = Desk(), Desk()
    token = desk.server.grant()
    desk.server.revoke()
    another.server.take_up(desk.server.kept())

    assert error(another.refresh(token)) == "invalid_grant"
