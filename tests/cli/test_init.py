"""First settings: five questions, a commented file, and doctor."""

import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from music_sync.cli import music_sync
from music_sync.settings import load


def typed(home: Path, *arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(music_sync, ["init", *arguments], input=answers, env={"MUSIC_SYNC_HOME": str(home)})


def settings_of(home: Path, file: str | None = None) -> dict[str, object]:
    if file is not None:
        (home / "music-sync.toml").write_text(file)
    return load({"MUSIC_SYNC_HOME": str(home)}).settings.model_dump()


def test_yes_writes_the_defaults_with_what_each_setting_means(tmp_path: Path) -> None:
    before = settings_of(tmp_path)

    result = typed(tmp_path, "--yes")

    file = tmp_path / "music-sync.toml"
    assert result.exit_code == 0, result.output
    assert settings_of(tmp_path) == before
    assert "# Five-field cron text" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert result.output.splitlines()[-1] == "next: `music-sync plan` says what a sync would do"


def test_a_person_may_take_the_sign_from_every_line(tmp_path: Path) -> None:
    typed(tmp_path, "--yes")
    before = settings_of(tmp_path)
    text = (tmp_path / "music-sync.toml").read_text()

    everything = re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE)

    assert settings_of(tmp_path, everything) == before


def test_the_answers_stand_in_the_file(tmp_path: Path) -> None:
    answers = f"{tmp_path / 'my music'}\nfolder,list\nsoundcloud\n4\njson://localhost/topic,a\n"

    result = typed(tmp_path, answers=answers)

    settings = load({"MUSIC_SYNC_HOME": str(tmp_path)}).settings
    assert result.exit_code == 0, result.output
    assert (settings.library, settings.sources) == (tmp_path / "my music", ("folder", "list"))
    assert (settings.extractors, settings.interval, settings.schedule) == (("soundcloud",), 14400, "0 */4 * * *")
    assert settings.notices is not None
    assert settings.notices.get_secret_value() == "json://localhost/topic,a"


def test_what_was_set_stays_and_the_former_file_is_kept(tmp_path: Path) -> None:
    former = 'formats = ["aiff"]\n[notion_names]\nstatus = ["State"]\n[[agent_rules]]\nwords = ["tidy"]\nagent = "Claude Code"\n'
    before = settings_of(tmp_path, former)

    typed(tmp_path, "--yes")

    assert settings_of(tmp_path) == before
    assert (tmp_path / "music-sync.toml.before").read_text() == former


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("\nfoldr\n", "no source 'foldr'"),
        ("\n\nbandcamp\n", "'bandcamp'"),
        ("\n\n\nsometimes\n", "no number of hours"),
        ("\n\n\n\nnosuch://x\n", "none that Apprise knows"),
    ],
)
def test_a_wrong_answer_from_a_script_writes_nothing(tmp_path: Path, answers: str, told: str) -> None:
    result = typed(tmp_path, answers=answers)

    assert told in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_prints_the_file_and_writes_nothing(tmp_path: Path) -> None:
    result = typed(tmp_path, "--yes", "-n")

    assert "# enabled = true" in result.output
    assert list(tmp_path.iterdir()) == []
