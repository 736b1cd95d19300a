"""What `doctor --fix` mends by itself."""

import stat
from pathlib import Path

import pytest

from music_sync.cli.fixes import fix
from music_sync.model.errors import BadSetting
from music_sync.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"MUSIC_SYNC_HOME": str(tmp_path)}).settings


def test_b51_files_that_others_may_read_become_their_owners_alone(settings: Settings) -> None:
    settings.accounts.mkdir(parents=True)
    secret = settings.accounts / "spotify.json"
    secret.write_text("{}")
    secret.chmod(0o644)

    done = fix("privacy", settings)

    assert done == ["spotify.json is readable by its owner only now"]
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_what_lies_in_staging_for_no_track_is_moved_aside_and_kept(settings: Settings) -> None:
    left = settings.staging / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "half.part").write_bytes(b"half")

    fix("staging", settings)

    assert not left.exists()
    assert (settings.var / "staging-aside" / left.name / "half.part").read_bytes() == b"half"


def test_what_is_well_is_left_alone(settings: Settings) -> None:
    assert fix("privacy", settings) == []


def test_what_only_a_person_can_mend_says_so(settings: Settings) -> None:
    with pytest.raises(BadSetting, match=r"cannot mend 'account_spotify' by itself; it can mend privacy"):
        fix("account_spotify", settings)
