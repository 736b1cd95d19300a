"""A person connects a service, the program keeps signed in, and tells in time when that ends. Run as processes."""

import json
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import plain_http
from tests.journeys.warm import Warm, must_be_clear
from tests.journeys.world import World, new_world

from music_sync.demo.authorization import Answer, Authorization
from music_sync.demo.spotify import NO_PREMIUM, SpotifyServer, quota_exceeded, track

SECRET_WORD = "simulated-secret-word"


@pytest.fixture
def spotify() -> Iterator[SpotifyServer]:
    with SpotifyServer() as server:
        server.like(track(1), track(2))
        yield server


@pytest.fixture
def world(tmp_path: Path, spotify: SpotifyServer) -> World:
    return world_of(tmp_path, spotify)


def world_of(folder: Path, spotify: SpotifyServer, **more: str) -> World:
    variables = {
        "MUSIC_SYNC_SPOTIFY_URL": spotify.url,
        "MUSIC_SYNC_SPOTIFY_ACCOUNTS_URL": spotify.url,
        "SPOTIFY_CLIENT_ID": spotify.authorization.app.client_id,
        "MUSIC_SYNC_SOURCES": "spotify:likes",
        # No test may reach the keyring or the browser of the person who runs it.
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22",
    }
    return new_world(folder, **variables | more)


class Connecting:
    """`music-sync connect` under way; the test is the browser."""

    def __init__(self, world: World, *arguments: str) -> None:
        self.told: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "music_sync", "connect", *arguments],
            env=world.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def address(self) -> str:
        """Where the person is sent, as the terminal shows it."""
        stream = self._process.stdout
        assert stream
        for line in stream:
            self.told.append(line)
            if re.match(r"http://127\.0\.0\.1:\d+/authorize\?", line):
                return line.strip()
        raise AssertionError("".join(self.told) + self.ended().stderr)

    def ended(self, typed: str = "") -> "subprocess.CompletedProcess[str]":
        out, err = self._process.communicate(typed, timeout=60)
        must_be_clear(err)
        return subprocess.CompletedProcess([], self._process.returncode, "".join(self.told) + out, err)


def browsed(address: str) -> httpx.Response:
    return plain_http.get(address, follow_redirects=True, trust_env=False, timeout=20)


def ended_at(address: str) -> str:
    return plain_http.get(address, trust_env=False).headers["location"]


def connected(world: World) -> None:
    """Sign in to Spotify as a person does."""
    connecting = Connecting(world, "spotify", "--no-browser")
    assert browsed(connecting.address()).status_code == 200
    assert connecting.ended().returncode == 0


def kept(world: World) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((world.home / "var" / "accounts" / "spotify.json").read_text())
    return content


def keep(world: World, **changed: object) -> None:
    (world.home / "var" / "accounts" / "spotify.json").write_text(json.dumps({**kept(world), **changed}))


def account_of(world: World, warm: Warm) -> dict[str, Any]:
    (account,) = warm.run(world, "status", "--json").json["accounts"]
    assert isinstance(account, dict)
    return account


def test_a_person_connects_in_the_browser_and_a_sync_reads_their_likes(
    world: World, spotify: SpotifyServer, warm: Warm
) -> None:
    connecting = Connecting(world, "spotify", "--no-browser")
    page = browsed(connecting.address())
    done = connecting.ended()
    plan = warm.run(world, "plan", "--json")

    assert (page.status_code, done.returncode, done.stderr) == (200, 0, "")
    assert "✓ Spotify: connected as Lis Tener until 20" in done.stdout
    assert "`music-sync plan --only spotify`" in done.stdout
    assert [source["found"] for source in plan.json["sources"]] == [2]


def test_the_address_may_be_pasted_where_no_browser_is(world: World, spotify: SpotifyServer, warm: Warm) -> None:
    """Without a screen, as through SSH, it is asked for by itself."""
    connecting = Connecting(world, "spotify")
    address = ended_at(connecting.address())
    done = connecting.ended(f"\nhttp://127.0.0.1/callback?code=x&state=y\n{address}\n")

    assert done.returncode == 0, done.stderr
    assert "that is not the answer of Spotify to this sign-in" in done.stderr
    assert account_of(world, warm)["connected"]


def test_an_end_of_input_is_no_address(world: World, warm: Warm) -> None:
    done = Connecting(world, "spotify", "--paste").ended()

    assert done.returncode == 4
    assert "no address came on standard input" in done.stderr
    assert warm.run(world, "status", "--json").json["accounts"] == []


def test_a_person_who_says_no_is_not_connected(world: World, spotify: SpotifyServer, warm: Warm) -> None:
    spotify.authorization.says_yes = False
    connecting = Connecting(world, "spotify", "--no-browser")
    page = browsed(connecting.address())
    done = connecting.ended()

    assert (page.status_code, done.returncode) == (403, 4)
    assert "was not allowed in the browser" in done.stderr
    assert warm.run(world, "status", "--json").json["accounts"] == []


def test_a_redirect_that_the_app_does_not_know_is_refused_at_the_service(world: World, spotify: SpotifyServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spotify.authorization.app = type(spotify.authorization.app)(redirects=("http://127.0.0.1:9/callback",))
    connecting = Connecting(world, "spotify", "--no-browser", "--port", str(port))
    address = connecting.address()
    page = browsed(address)
    connecting._process.send_signal(signal.SIGINT)

    assert (page.status_code, "redirect URI" in page.text) == (400, True)
    assert f"127.0.0.1%3A{port}%2Fcallback" in address
    assert connecting.ended().returncode == 130


def test_a_missing_client_id_is_named_where_nobody_can_be_asked(tmp_path: Path, spotify: SpotifyServer) -> None:
    done = Connecting(world_of(tmp_path, spotify, SPOTIFY_CLIENT_ID=""), "spotify").ended()

    assert done.returncode == 4
    assert "Spotify needs SPOTIFY_CLIENT_ID; set it, or run `music-sync connect spotify` on a terminal" in done.stderr


def test_a_service_that_shuts_the_person_out_is_told_at_once(world: World, spotify: SpotifyServer, warm: Warm) -> None:
    """The sign-in itself is good, so it is kept: when the service opens, nothing needs to be done again."""
    spotify.closed = NO_PREMIUM
    connecting = Connecting(world, "spotify", "--no-browser")
    browsed(connecting.address())
    done = connecting.ended()

    assert done.returncode == 4
    assert NO_PREMIUM.rstrip(".") in done.stderr
    assert account_of(world, warm)["connected"]


def test_a_name_that_cannot_be_had_now_is_left_out(world: World, spotify: SpotifyServer, warm: Warm) -> None:
    spotify.misbehave("/v1/me", quota_exceeded())
    connected(world)

    assert (account_of(world, warm)["connected"], account_of(world, warm)["who"]) == (True, "")


def test_words_come_from_standard_input_and_are_kept(world: World, warm: Warm) -> None:
    done = Connecting(world, "listenbrainz", "--json").ended(f"nadia\n{SECRET_WORD}\n")
    shown = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert (shown["service"], shown["connected"], shown["kept_in"]) == ("listenbrainz", True, "file")
    assert SECRET_WORD not in done.stdout + done.stderr
    content = json.loads((world.home / "var" / "accounts" / "listenbrainz.json").read_text())
    assert content["secrets"]["words"] == {"listenbrainz_user": "nadia", "listenbrainz_token": SECRET_WORD}


def test_words_that_do_not_come_are_named(world: World) -> None:
    done = Connecting(world, "listenbrainz").ended()

    assert done.returncode == 4
    assert "ListenBrainz needs LISTENBRAINZ_USER; set it" in done.stderr


def test_nothing_secret_is_shown_or_open_to_others(world: World, spotify: SpotifyServer, warm: Warm) -> None:
    connecting = Connecting(world, "spotify", "--no-browser")
    browsed(connecting.address())
    done = connecting.ended()
    told = done.stdout + done.stderr
    for command in (["status"], ["status", "--json"], ["doctor"], ["connect"], ["config", "show"], ["plan"]):
        ran = warm.run(world, *command)
        told += ran.out + ran.err
    told += "".join(path.read_text() for path in (world.home / "logs").glob("*"))
    secrets = kept(world)["secrets"]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (world.home / "var" / "accounts").iterdir()}

    assert secrets["refresh_token"]
    assert [each for each in (secrets["refresh_token"], secrets["access_token"]) if each in told] == []
    assert modes == {0o600}


def test_signing_out_here_leaves_nothing_kept(world: World, warm: Warm) -> None:
    connected(world)
    first = warm.run(world, "connect", "spotify", "--forget")
    second = warm.run(world, "connect", "spotify", "--forget", "--json")

    assert (first.code, second.code) == (0, 0)
    assert "signed out of Spotify on this machine" in first.out
    assert second.json == {"service": "spotify", "forgotten": False}
    assert list((world.home / "var" / "accounts").glob("*.json")) == []


def test_the_accounts_are_listed_with_how_they_stand(world: World, warm: Warm) -> None:
    connected(world)
    shown = warm.run(world, "connect")
    rows = {row["service"]: row for row in warm.run(world, "connect", "--json").json["accounts"]}

    assert "✓ Spotify: connected" in shown.out
    assert "· ListenBrainz: not connected; `music-sync connect listenbrainz` does it" in shown.out
    assert rows["spotify"]["days_left"] == 181
    assert (rows["listenbrainz"]["connected"], rows["listenbrainz"]["kept_in"]) == (False, "")


@pytest.mark.parametrize("typed", [["connect", "nobody"], ["connect", "nobody", "--forget"], ["connect", "folder"]])
def test_an_account_that_does_not_exist_is_a_mistake_in_typing(world: World, warm: Warm, typed: list[str]) -> None:
    done = warm.run(world, *typed)

    assert done.code == 2
    assert "known are" in done.sentence


def test_a_dry_run_asks_and_changes_nothing(world: World, warm: Warm) -> None:
    for typed in (["-n", "connect", "spotify"], ["-n", "connect", "spotify", "--forget"]):
        assert warm.run(world, *typed).code == 0
    assert not world.home.exists()


# What status and doctor tell


def test_status_and_doctor_warn_three_weeks_before_a_sign_in_ends(world: World, warm: Warm) -> None:
    connected(world)
    fresh = account_of(world, warm)
    keep(world, lasts_until=kept(world)["signed_in_at"] + 20.5 * 86400)
    soon = account_of(world, warm)
    screen, doctor = warm.run(world, "status"), warm.run(world, "doctor", "--json")
    checks = {check["id"]: check for check in doctor.json["checks"]}

    assert (fresh["warning"], fresh["days_left"], soon["days_left"]) == ("", 181, 20)
    assert "the sign-in to Spotify ends in 20 days" in soon["warning"]
    assert "! Spotify: connected" in screen.out
    assert checks["account_spotify"]["mend"] == "`music-sync connect spotify`"
    assert (checks["account_spotify"]["ok"], doctor.json["ok"], doctor.code) == (False, True, 0)


def test_a_sign_in_that_was_revoked_is_told_everywhere_with_what_mends_it(
    world: World, spotify: SpotifyServer, warm: Warm
) -> None:
    connected(world)
    spotify.authorization.revoke()
    plan = warm.run(world, "plan", "--json")
    calls = len(spotify.seen)
    again = warm.run(world, "plan", "--json")
    account, doctor = account_of(world, warm), warm.run(world, "doctor", "--json")
    checks = {check["id"]: check for check in doctor.json["checks"]}

    for told in (plan, again):
        assert told.json["sources"][0]["ok"] is False
    assert "run `music-sync connect spotify`" in again.json["sources"][0]["message"]
    assert account["connected"] is False
    assert "Refresh token revoked" in account["ended"]
    assert (checks["account_spotify"]["ok"], doctor.code) == (False, 3)
    assert checks["account_spotify"]["mend"] == "`music-sync connect spotify`"
    # The access token is tried while it may be good; the refresh token is not asked again.
    assert [seen.path for seen in spotify.seen[calls:] if seen.path == "/api/token"] == []


def test_a_damaged_file_is_told_everywhere(world: World, warm: Warm) -> None:
    connected(world)
    (world.home / "var" / "accounts" / "spotify.json").write_bytes(b"{")
    plan, account = warm.run(world, "plan", "--json"), account_of(world, warm)

    assert "damaged" in plan.json["sources"][0]["message"]
    assert account["connected"] is False
    assert warm.run(world, "connect").code == 0
    connected(world)
    assert account_of(world, warm)["connected"]


def test_a_service_that_limits_us_is_shown_with_its_end(world: World, spotify: SpotifyServer, warm: Warm) -> None:
    """P55"""
    connected(world)
    spotify.misbehave("/v1/me/tracks", quota_exceeded())
    warm.run(world, "plan")
    (budget,) = warm.run(world, "status", "--json").json["budgets"]
    screen, doctor = warm.run(world, "status"), warm.run(world, "doctor", "--json")
    (check,) = [check for check in doctor.json["checks"] if check["id"] == "budget_spotify"]

    assert (budget["service"], budget["a_day"], budget["unit"]) == ("spotify", 900, "calls")
    assert budget["used"] >= 1
    assert budget["blocked_until"] > "2020"
    assert budget["why"]
    assert "left alone until" in screen.out
    assert (check["ok"], check["severity"], doctor.json["ok"]) == (False, "info", True)


# Kills and many processes


@contextmanager
def rotating(folder: Path) -> Iterator[tuple[SpotifyServer, World]]:
    """A Spotify whose refresh tokens are good for one use."""
    with SpotifyServer(Authorization(rotates=True)) as spotify:
        spotify.like(track(1))
        yield spotify, world_of(folder, spotify)


def test_programs_that_start_at_once_spend_one_token(tmp_path: Path, warm: Warm) -> None:
    with rotating(tmp_path) as (spotify, world):
        connected(world)
        spotify.authorization.end_access()
        before = len(spotify.authorization.granted)
        keep(world, secrets={**kept(world)["secrets"], "access_until": 0})
        running = [warm.start(world, "plan", "--json") for _ in range(3)]
        ends = [each.ended() for each in running]

    assert [end.json["sources"][0]["found"] for end in ends] == [1, 1, 1]
    assert spotify.authorization.granted[before:] == ["refresh_token"]


def test_a_kill_as_the_new_token_arrives_is_told_for_what_it_was(tmp_path: Path, warm: Warm) -> None:
    with rotating(tmp_path) as (spotify, world):
        connected(world)
        keep(world, secrets={**kept(world)["secrets"], "access_until": 0})
        command = [sys.executable, "-m", "music_sync", "plan", "--json"]
        running: list[subprocess.Popen[bytes]] = []

        def kill(_form: Mapping[str, str], _answer: Answer) -> None:
            running[0].kill()

        spotify.authorization.answered = kill
        with subprocess.Popen(command, env=world.env, stdout=subprocess.PIPE) as process:
            running.append(process)
            out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (-signal.SIGKILL, b"")
        spotify.authorization.answered = lambda _form, _answer: None
        told = warm.run(world, "plan", "--json").json["sources"][0]["message"]

        assert "was being renewed when the program or the connection broke off" in told
        connected(world)
        assert warm.run(world, "plan", "--json").json["sources"][0]["found"] == 1
