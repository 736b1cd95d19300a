"""What `connect` asks at a terminal, and how accounts and budgets look."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from music_sync.adapters.account_file import DAY_S, Kept, Standing, standing_of
from music_sync.adapters.budget_file import Spent
from music_sync.cli.accounts_shown import account_line, account_rows, budget_line, budget_rows

NOW = 1_800_000_000.0
ASK_LONG = "from music_sync.cli.asking import long_word; given = long_word('headers'); print(len(given), given[-9:])"


class Terminal:
    """A program at a terminal of its own, and a person who types."""

    def __init__(self, command: Sequence[str], **env: str) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, "NO_COLOR": "1", **env},
            # Its own terminal, whose keys may break it off.
            preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - no thread runs here
        )
        os.close(theirs)

    def answer(self, prompt: str, typed: str) -> None:
        """Wait for a prompt, then type."""
        while prompt not in self.shown:
            self._read()
        self.shown = self.shown.partition(prompt)[2]
        data = typed.encode()
        while data:
            data = data[os.write(self._ours, data[:1000]) :]

    def ended(self) -> tuple[int, str]:
        with contextlib.suppress(EOFError):
            while True:
                self._read()
        os.close(self._ours)
        return self._process.wait(60), self.shown

    def _read(self) -> None:
        block = b""
        # Linux says EIO when the other end is closed, others give nothing.
        with contextlib.suppress(OSError):
            block = os.read(self._ours, 65536)
        if not block:
            raise EOFError(self.shown)
        self.shown += block.decode(errors="replace").replace("\r\n", "\n")


def connecting(home: Path, *arguments: str) -> Terminal:
    return Terminal(
        ["-m", "music_sync", "connect", *arguments],
        MUSIC_SYNC_HOME=str(home),
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
        SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 22",
        MUSIC_SYNC_SPOTIFY_ACCOUNTS_URL="http://127.0.0.1:9",
    )


def kept_in(home: Path, service: str) -> str:
    return (home / "var" / "accounts" / f"{service}.json").read_text()


def test_words_are_asked_and_secret_ones_are_not_shown(tmp_path: Path) -> None:
    terminal = connecting(tmp_path, "listenbrainz")
    terminal.answer("your user name", "nadia\n")
    terminal.answer("your user token", "a-secret-token\n")
    code, shown = terminal.ended()

    assert code == 0, shown
    assert "a-secret-token" not in shown
    assert "✓ ListenBrainz: connected" in shown
    assert '"nadia"' in kept_in(tmp_path, "listenbrainz")
    assert '"a-secret-token"' in kept_in(tmp_path, "listenbrainz")


def test_what_was_given_last_time_stays_when_nothing_is_typed(tmp_path: Path) -> None:
    for user, token in (("nadia\n", "a-secret-token\n"), ("\n", "\n")):
        terminal = connecting(tmp_path, "listenbrainz")
        terminal.answer("your user name", user)
        terminal.answer("your user token", token)
        code, shown = terminal.ended()
        assert code == 0, shown

    assert '"nadia"' in kept_in(tmp_path, "listenbrainz")
    assert '"a-secret-token"' in kept_in(tmp_path, "listenbrainz")


def test_a_client_id_that_no_setting_brings_is_asked(tmp_path: Path) -> None:
    terminal = connecting(tmp_path, "spotify")
    terminal.answer("Client id of your app at Spotify", "an-id\n")
    terminal.answer("client_id=an-id&", "")
    terminal.answer("address", "\x04")
    code, shown = terminal.ended()

    assert code == 4
    assert "no address came" in shown


def test_a_wrong_address_is_asked_for_again_until_the_person_gives_up(tmp_path: Path) -> None:
    terminal = connecting(tmp_path, "spotify")
    terminal.answer("Client id", "an-id\n")
    terminal.answer("paste it here", "http://127.0.0.1/callback?code=x&state=y\n")
    terminal.answer("that is not the answer", "")
    terminal.answer("address: ", "\x03")

    assert terminal.ended()[0] == 130


@pytest.mark.parametrize("end", ["\n\n", "\r\r", "\n\x04"])
def test_long_lines_are_taken_whole_and_not_shown(end: str) -> None:
    """A terminal cuts a line at 4096 bytes, and a browser's cookies are longer."""
    lines = "accept: */*\ncookie: " + "c" * 20_000 + "the-end"
    terminal = Terminal(["-c", ASK_LONG])
    terminal.answer("end with an empty line:\n", lines + end)
    code, shown = terminal.ended()

    assert (code, shown.split()) == (0, [str(len(lines)), "ccthe-end"])


def test_enter_alone_gives_nothing() -> None:
    terminal = Terminal(["-c", ASK_LONG])
    terminal.answer("end with an empty line:\n", "\n")

    assert terminal.ended() == (0, "\n0 \n")


def test_a_key_that_takes_back_does_so_unseen() -> None:
    terminal = Terminal(["-c", ASK_LONG])
    terminal.answer("end with an empty line:\n", "headerz\x7fs\n\n")

    assert terminal.ended() == (0, "\n7 headers\n")


def test_breaking_off_leaves_the_terminal_as_it_was() -> None:
    watch = "import termios; before = termios.tcgetattr(0)"
    end = "except KeyboardInterrupt: print(termios.tcgetattr(0) == before)"
    script = f"{watch}\ntry:\n    {ASK_LONG}\n{end}"
    terminal = Terminal(["-c", script])
    terminal.answer("end with an empty line:\n", "half\x03")

    assert "True" in terminal.ended()[1]


def test_long_words_may_be_piped() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_LONG],
        input="\na: b\r\ncookie: abcdefghi\n\nleft out",
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "22 abcdefghi\n"


# How they look


def shown(**changed: object) -> str:
    return account_line(standing_of(Kept("spotify", "Spotify", **changed), NOW))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


def test_each_standing_has_its_sign_and_its_sentence() -> None:
    assert shown() == "✓ Spotify: connected, kept in a file of yours alone"
    assert shown(entry="x", who="Nadia") == "✓ Spotify: connected as Nadia, kept in the keyring"
    assert shown(lasts_until=NOW + 100 * DAY_S).startswith("✓ Spotify: connected until 20")
    assert "! Spotify: connected until" in shown(lasts_until=NOW + 21 * DAY_S)
    assert "✓" in shown(lasts_until=NOW + 21 * DAY_S + 1)
    assert "ends soon, on 20" in shown(lasts_until=NOW + DAY_S)
    assert shown(lasts_until=NOW).startswith("✗ Spotify: the sign-in to Spotify lasted until 20")
    assert shown(ended="it is over; run `x`") == "✗ Spotify: it is over; run `x`"


def test_foreign_names_do_not_move_the_terminal() -> None:
    assert "\x1b" not in shown(who="\x1b[31mNadia\n")


def test_an_account_that_the_settings_bring_needs_nothing_kept() -> None:
    given = Standing("lastfm", "Last.fm", "", True, None, None, "", "", "settings")

    assert account_line(given) == "✓ Last.fm: connected, by the settings"


def test_scripts_get_moments_in_iso_form() -> None:
    (row,) = account_rows([standing_of(Kept("spotify", "Spotify", lasts_until=NOW), NOW - DAY_S)])
    (spent,) = budget_rows([Spent("spotify", "Spotify", "calls", 3, 900, NOW, "quota")])

    assert set(row) == {
        "service", "label", "who", "connected", "until", "days_left", "warning", "ended", "kept_in",
    }  # fmt: skip
    assert (row["until"], row["days_left"]) == ("2027-01-15T08:00:00+00:00", 1)
    assert set(spent) == {"service", "label", "unit", "used", "a_day", "blocked_until", "why"}
    assert spent["blocked_until"] == "2027-01-15T08:00:00+00:00"


def test_a_budget_is_told_in_one_line() -> None:
    """P55"""
    free = Spent("spotify", "Spotify", "calls", 3, 900, None, "")
    blocked = Spent("youtube", "YouTube", "units", 9, None, NOW, "YouTube limits us (quota)")

    assert budget_line(free) == "· Spotify: 3 of 900 calls a day used"
    assert budget_line(blocked).startswith("· YouTube: 9 units a day used; left alone until 2027-01-1")
    assert budget_line(blocked).endswith("YouTube limits us (quota)")
