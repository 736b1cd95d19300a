"""`forget` as it is typed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from music_sync.cli import music_sync
from music_sync.model.errors import BadSetting


def typed(home: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(music_sync, ["forget", *arguments], input=answer, env={"MUSIC_SYNC_HOME": str(home)})


def test_b52_tokens_are_gone_after_it(tmp_path: Path) -> None:
    secret = tmp_path / "var" / "accounts" / "spotify.json"
    secret.parent.mkdir(parents=True)
    secret.write_text("{}")
    seen = tmp_path / "var" / "progress.json"
    seen.write_text('{"ended": ["Moderat - Bad Kingdom"]}')

    result = typed(tmp_path, "spotify", answer="spotify\n")

    assert result.exit_code == 0, result.output
    assert not secret.exists()
    assert not seen.exists()


@pytest.mark.parametrize(
    ("arguments", "answer", "told"),
    [(["deezer"], "", "no source 'deezer'"), (["spotify"], "yes\n", "was not forgotten"), (["spotify"], "", "was not")],
)
def test_what_was_not_meant_changes_nothing(tmp_path: Path, arguments: list[str], answer: str, told: str) -> None:
    result = typed(tmp_path, *arguments, answer=answer)

    assert isinstance(result.exception, BadSetting)
    assert told in str(result.exception)


def test_a_dry_run_only_says_so(tmp_path: Path) -> None:
    result = typed(tmp_path, "spotify", "-n")

    assert result.output.endswith("nothing was changed\n")
