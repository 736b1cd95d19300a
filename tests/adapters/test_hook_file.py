"""The secrets of senders: what is kept of them, and what is refused."""

from pathlib import Path

import pytest

from music_sync.adapters.hook_file import HookFile, signing_key
from music_sync.model.errors import BadSetting, EnvironmentFault


@pytest.fixture
def file(tmp_path: Path) -> HookFile:
    return HookFile(tmp_path / "var" / "webhooks.json")


def test_b51_secrets_lie_in_a_private_file(file: HookFile, tmp_path: Path) -> None:
    token = file.add("ifttt", signed=False)
    written = tmp_path / "var" / "webhooks.json"

    assert written.stat().st_mode & 0o777 == 0o600
    assert token not in written.read_text()


def test_a_secret_that_is_made_here_is_strong_enough(file: HookFile) -> None:
    secret = file.add("music-sync", signed=True)

    assert len(signing_key(secret, "x")) == 32
    assert file.read().keys[0].secret == secret


def test_what_another_process_wrote_is_seen(file: HookFile, tmp_path: Path) -> None:
    HookFile(tmp_path / "var" / "webhooks.json").add("ifttt", signed=False)

    assert [key.hook for key in file.read().keys] == ["ifttt"]


def test_an_old_secret_ends_and_is_cleared_away(tmp_path: Path) -> None:
    now = [1000.0]
    file = HookFile(tmp_path / "webhooks.json", lambda: now[0])
    file.add("ifttt", signed=False)
    file.rotate("ifttt", overlap_s=60)
    old = file.read().keys[0]
    now[0] += 61

    assert not old.counts(now[0])
    file.add("shelf", signed=False)
    assert [key.hook for key in file.read().keys] == ["ifttt", "shelf"]


def test_a_secret_of_nobody_cannot_be_rotated(file: HookFile) -> None:
    with pytest.raises(BadSetting, match="webhook list"):
        file.rotate("ifttt")


def test_removing_takes_all_secrets_of_one_sender(file: HookFile) -> None:
    file.add("ifttt", signed=False)
    file.add("shelf", signed=False)

    assert file.remove("ifttt") == 1
    assert [key.hook for key in file.read().keys] == ["shelf"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"keys": 7, "handshake": null, "leases": {}}', b"\xff"])
def test_a_damaged_file_is_told_and_never_taken_for_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "webhooks.json").write_bytes(content)

    with pytest.raises(EnvironmentFault, match="damaged"):
        HookFile(tmp_path / "webhooks.json").read()
