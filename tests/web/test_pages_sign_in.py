"""Signing in as a browser does it."""

import re
from pathlib import Path

import httpx
import pytest
from tests.web.serving import CHEAP, PASSWORD, Served, form_token_in, served, sign_in

from music_sync.adapters.sign_in_file import SignInFile
from music_sync.web.security_sign_in import FREE_TRIES, LONGEST_PAUSE_S, SignIn, TooManyTriesError


def test_the_right_password_leads_to_the_page_that_was_asked_for(stranger: httpx.Client) -> None:
    asked = stranger.get("/?page=2")
    answer = sign_in(stranger, PASSWORD, "/?page=2")

    assert asked.status_code == 401
    assert 'name="to" value="/?page=2"' in asked.text
    assert answer.headers["location"] == "/?page=2"
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "javascript:1", ""]
)
def test_signing_in_leads_nowhere_else(stranger: httpx.Client, to: str) -> None:
    assert sign_in(stranger, PASSWORD, to).headers["location"] == "/"


def test_b47_nobody_who_is_not_signed_in_sees_a_page(stranger: httpx.Client) -> None:
    page = stranger.get("/")
    said = stranger.get("/", headers={"Accept": "application/json"})

    assert page.status_code == said.status_code == 401
    assert "Sign in" in page.text


def test_b47_the_cookie_is_for_the_server_alone(stranger: httpx.Client) -> None:
    cookie = sign_in(stranger, PASSWORD).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_b47_a_cookie_that_was_planted_before_is_worth_nothing_after(server: Served) -> None:
    with server.client() as victim, server.client() as attacker:
        attacker.get("/sign-in")
        planted = attacker.cookies["music-sync"]
        victim.cookies.set("music-sync", planted, domain="127.0.0.1", path="/")
        sign_in(victim, PASSWORD)

        assert victim.get("/").status_code == 200
        assert attacker.get("/").status_code == 401


def test_b47_an_old_cookie_is_worth_nothing_after_signing_out(server: Served) -> None:
    with server.signed_in() as owner, server.client() as thief:
        thief.cookies.set("music-sync", owner.cookies["music-sync"])
        assert thief.get("/").status_code == 200
        owner.post("/sign-out", data={"form_token": form_token_in(owner.get("/"))})

        assert thief.get("/").status_code == 401


def test_b47_a_hundred_wrong_passwords_are_slowed_down(tmp_path: Path) -> None:
    with served(tmp_path) as running, running.client() as client:
        token = form_token_in(client.get("/sign-in"))
        codes = [
            client.post("/sign-in", data={"form_token": token, "password": f"wrong {n}"}).status_code
            for n in range(100)
        ]

    assert codes[: FREE_TRIES - 1] == [401] * (FREE_TRIES - 1)
    assert codes.count(401) <= FREE_TRIES + 3
    assert codes.count(429) == 100 - codes.count(401)


def test_b47_pauses_grow_and_the_right_password_is_never_out_for_long(tmp_path: Path) -> None:
    now = [0.0]
    store = SignInFile(tmp_path / "sign-in.json", cost=CHEAP)
    store.set_password(PASSWORD)
    sign_in = SignIn(store, lambda: now[0])
    pauses = []
    for _ in range(60):
        try:
            assert sign_in.open_session("wrong", "1.2.3.4") == ""
        except TooManyTriesError as error:
            pauses.append(error.after_s)
            now[0] += error.after_s

    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(pauses) == LONGEST_PAUSE_S
    assert sign_in.open_session(PASSWORD, "5.6.7.8")


def test_b47_a_session_survives_a_restart(tmp_path: Path) -> None:
    with served(tmp_path) as running, running.signed_in() as client:
        cookie = client.cookies["music-sync"]
    with served(tmp_path, password="") as again, again.client() as client:
        client.cookies.set("music-sync", cookie)

        assert client.get("/").status_code == 200


def test_the_first_password_is_set_by_a_link_that_is_good_once(tmp_path: Path) -> None:
    with served(tmp_path, password="") as running, running.client() as owner, running.client() as late:
        link = running.site.sign_in.first_link
        page = owner.get("/first-password", params={"link": link})
        late_token = form_token_in(late.get("/first-password", params={"link": link}))
        fields = {"form_token": form_token_in(page), "link": link, "password": PASSWORD}
        assert owner.post("/first-password", data=fields).status_code == 303
        again = late.post("/first-password", data={**fields, "form_token": late_token})

        assert owner.get("/").status_code == 200
        assert again.status_code == 410
        assert late.get("/").status_code == 401


def test_a_link_that_is_not_ours_sets_no_password(tmp_path: Path) -> None:
    with served(tmp_path, password="") as running, running.client() as client:
        assert client.get("/first-password", params={"link": "x"}).status_code == 410
        assert "music-sync serve" in client.get("/").text


def test_a_short_password_is_refused_and_the_link_stays_good(tmp_path: Path) -> None:
    with served(tmp_path, password="") as running, running.client() as client:
        link = running.site.sign_in.first_link
        token = form_token_in(client.get("/first-password", params={"link": link}))
        answer = client.post("/first-password", data={"form_token": token, "link": link, "password": "short"})

    assert answer.status_code == 422
    assert "10 characters" in answer.text


def test_b51_password_and_sessions_lie_in_a_private_file_and_not_in_clear(server: Served, owner: httpx.Client) -> None:
    file = server.site.settings.sign_in_file

    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in file.read_text()
    assert owner.cookies["music-sync"] not in file.read_text()
    assert re.search(r"scrypt\$", file.read_text())
