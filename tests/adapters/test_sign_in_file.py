"""Password and sessions on the disk."""

from pathlib import Path

import pytest

from music_sync.adapters.sign_in_file import MOST_SESSIONS, SESSION_S, SignInFile
from music_sync.model.errors import BadSetting, EnvironmentFault

PASSWORD = "an obviously fake password"


@pytest.fixture
def file(tmp_path: Path) -> SignInFile:
    found = SignInFile(tmp_path / "sign-in.json", cost=4)
    found.set_password(PASSWORD)
    return found


def test_only_the_password_fits(file: SignInFile) -> None:
    assert file.fits(PASSWORD)
    assert not file.fits(PASSWORD + " ")
    assert not file.fits("")
    assert not file.fits("x" * 10_000)
    assert not file.fits("\ud800")


def test_a_new_password_ends_all_sessions(file: SignInFile) -> None:
    token = file.begin()
    file.set_password("another obviously fake one")

    assert not file.holds(token)


def test_a_session_ends_after_its_time(tmp_path: Path) -> None:
    now = [0.0]
    file = SignInFile(tmp_path / "sign-in.json", cost=4, clock=lambda: now[0])
    token = file.begin()
    now[0] = SESSION_S - 1
    before = file.holds(token)
    now[0] = SESSION_S + 1

    assert before
    assert not file.holds(token)


def test_the_oldest_session_ends_when_there_are_too_many(tmp_path: Path) -> None:
    now = [0.0]
    file = SignInFile(tmp_path / "sign-in.json", cost=4, clock=lambda: now[0])
    tokens = []
    for number in range(MOST_SESSIONS + 1):
        now[0] = float(number)
        tokens.append(file.begin())

    assert not file.holds(tokens[0])
    assert file.holds(tokens[1])


@pytest.mark.parametrize("password", ["", "short", "x" * 1001])
def test_a_password_that_is_no_good_is_refused(file: SignInFile, password: str) -> None:
    with pytest.raises(BadSetting):
        file.set_password(password)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"password": 7, "sessions": {}}'])
def test_a_damaged_file_lets_nobody_set_another_password(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sign-in.json").write_bytes(content)

    with pytest.raises(EnvironmentFault, match="damaged"):
        SignInFile(tmp_path / "sign-in.json").has_password()
