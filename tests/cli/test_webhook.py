"""`music-sync webhook`: secrets are shown once, and every command says what to do next."""

from pathlib import Path

import pytest
from tests.cli.filled import Run

from music_sync.adapters.hook_file import HookFile


@pytest.fixture
def file(tmp_path: Path) -> HookFile:
    return HookFile(tmp_path / "var" / "webhooks.json")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("music-sync", "Standard Webhooks"),
        ("plex", "/webhooks/plex?token=TOKEN"),
        ("ifttt", "/webhooks/in/ifttt with the header `Authorization: Bearer TOKEN`"),
    ],
)
def test_a_secret_is_shown_once_with_the_way_to_use_it(run: Run, name: str, told: str) -> None:
    added = run("webhook", "add", name)
    secret = added.output.splitlines()[0].rpartition(": ")[2]

    assert told in added.output
    assert len(secret) >= 40
    assert secret not in run("webhook", "list").output
    assert secret not in run("webhook", "list", "--json").output


@pytest.mark.parametrize("name", ["", "a b", "../x", "UPPER", "-x", "x" * 41, "youtube"])
def test_a_name_that_is_none_is_refused(run: Run, name: str) -> None:
    assert run("webhook", "add", "--", name).return_value == 2


def test_a_changed_secret_leaves_the_old_one_a_while(run: Run, file: HookFile) -> None:
    run("webhook", "add", "ifttt")
    rotated = run("webhook", "rotate", "ifttt", "--overlap", "2")

    assert "the old one counts for 2 h more" in rotated.output
    assert [bool(key.ends_at) for key in file.read().keys] == [True, False]


@pytest.mark.parametrize("command", ["rotate", "remove"])
def test_a_sender_that_is_not_there_is_told(run: Run, command: str) -> None:
    done = run("webhook", command, "nobody")

    assert done.return_value == 2
    assert "webhook list" in done.output


def test_a_sender_that_was_removed_may_send_no_more(run: Run, file: HookFile) -> None:
    run("webhook", "add", "ifttt")

    assert run("webhook", "remove", "ifttt").output == "ifttt may send no more\n"
    assert not file.read().keys


def test_b21_a_handshake_of_notion_is_begun_and_confirmed_by_a_person(run: Run, file: HookFile) -> None:
    begun = run("webhook", "add", "notion")
    file.handshake_came("secret_obviously_fake")
    unconfirmed = run("webhook", "add", "notion", typed="n\n")
    run("webhook", "add", "notion")
    file.handshake_came("secret_obviously_fake")
    confirmed = run("webhook", "add", "notion", typed="y\n")

    assert "/webhooks/notion within an hour" in begun.output
    assert "secret_obviously_fake" in unconfirmed.output
    assert "thrown away" in unconfirmed.output
    assert confirmed.output.endswith("notion may send\n")
    assert [key.secret for key in file.read().keys] == ["secret_obviously_fake"]


def test_a_test_without_a_secret_or_a_server_says_what_is_missing(run: Run) -> None:
    without_secret = run("webhook", "test")
    run("webhook", "add", "music-sync")
    without_server = run("webhook", "test", "--url", "http://127.0.0.1:9")

    assert (without_secret.return_value, without_server.return_value) == (4, 6)
    assert "music-sync webhook add music-sync" in without_secret.output
    assert "music-sync serve" in without_server.output
