"""Settings: where each comes from, what is refused, and in which words."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from music_sync.model.errors import BadSetting
from music_sync.settings import FILE_ONLY, OUTSIDE_NAMES, PROVIDERS, SECRETS, Settings, load, variable
from music_sync.wiring import journey


def loaded(home: Path, text: str = "", **variables: str) -> Settings:
    home.mkdir(exist_ok=True)
    if text:
        (home / "music-sync.toml").write_text(text, "utf-8")
    return load({"MUSIC_SYNC_HOME": str(home), **variables}).settings


def refusal(home: Path, text: str = "", **variables: str) -> str:
    with pytest.raises(BadSetting) as refused:
        loaded(home, text, **variables)
    return str(refused.value)


def test_nothing_need_be_set(tmp_path: Path) -> None:
    settings = loaded(tmp_path)

    assert settings.library == tmp_path / "library"
    assert settings.drop == tmp_path / "drop"
    assert settings.formats == ("original",)
    assert settings.enabled
    assert settings.interval == 21600
    assert settings.schedule == "0 */6 * * *"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    loaded(tmp_path, "interval = 60\nformats = ['flac']")

    found = load({"MUSIC_SYNC_HOME": str(tmp_path), "MUSIC_SYNC_INTERVAL": "90"})

    assert (found.settings.interval, found.settings.formats) == (90, ("flac",))
    assert found.origins["interval"] == "MUSIC_SYNC_INTERVAL"
    assert found.origins["formats"] == str(tmp_path / "music-sync.toml")
    assert found.origins["template"] == "default"


@pytest.mark.parametrize("word", ["true", "1", "yes", "on", "TRUE", " Yes ", "On"])
def test_a_switch_is_on(tmp_path: Path, word: str) -> None:
    assert loaded(tmp_path, MUSIC_SYNC_ENABLED=word).enabled


@pytest.mark.parametrize("word", ["false", "0", "no", "off", "FALSE", " No ", "Off"])
def test_a_switch_is_off(tmp_path: Path, word: str) -> None:
    assert not loaded(tmp_path, MUSIC_SYNC_ENABLED=word).enabled


@pytest.mark.parametrize("word", ["maybe", "2", "truee", "-1", "ja"])
def test_a_switch_that_is_neither_is_an_error(tmp_path: Path, word: str) -> None:
    assert "neither true, 1, yes, on" in refusal(tmp_path, MUSIC_SYNC_ENABLED=word)


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, MUSIC_SYNC_INTERVAL="", MUSIC_SYNC_LIBRARY=" ").interval == 21600


def test_lists_are_parted_by_commas_in_the_environment(tmp_path: Path) -> None:
    assert loaded(tmp_path, MUSIC_SYNC_FORMATS=" aiff , mp3,").formats == ("aiff", "mp3")


def test_paths_may_begin_with_the_users_home(tmp_path: Path) -> None:
    assert loaded(tmp_path, "library = '~/Music'").library == Path.home() / "Music"


def test_a_key_that_is_unknown_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    assert "did you mean 'library'?" in refusal(tmp_path, "libary = '/x'")


def test_a_variable_that_is_nearly_one_of_ours_is_refused(tmp_path: Path) -> None:
    assert "did you mean 'MUSIC_SYNC_FORMATS'?" in refusal(tmp_path, MUSIC_SYNC_FORMAT="mp3")


def test_a_variable_of_another_program_is_left_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, MUSIC_SYNCTHING="1", MUSIC_SYNC_UNITTEST_MARK="1").enabled


def test_the_sentence_names_setting_value_and_place(tmp_path: Path) -> None:
    said = refusal(tmp_path, "interval = -5")

    assert "interval" in said
    assert "-5" in said
    assert str(tmp_path / "music-sync.toml") in said


@pytest.mark.parametrize(
    "text", ["interval = inf", "interval = nan", "interval = 1e12", "expiry = inf", "library = ''", "drop = ' '"]
)
def test_what_no_clock_or_disk_has_is_refused(tmp_path: Path, text: str) -> None:
    assert text.split(maxsplit=1)[0] in refusal(tmp_path, text)


def test_a_secret_is_not_told_in_a_refusal_nor_in_a_repr(tmp_path: Path) -> None:
    said = refusal(tmp_path, MUSIC_SYNC_DATABASE_URL="mysql://u:fake-password@h/d")
    settings = loaded(tmp_path, MUSIC_SYNC_DATABASE_URL="postgresql://u:fake-password@h/d")

    assert "fake-password" not in said
    assert "fake-password" not in repr(settings)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("postgresql://h/d\n")

    settings = loaded(tmp_path, MUSIC_SYNC_DATABASE_URL_FILE=str(file))

    assert settings.database_url
    assert settings.database_url.get_secret_value() == "postgresql://h/d"


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, "\ufeffinterval = 60").interval == 60


def test_every_setting_has_a_meaning_and_a_variable() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert variable(name) == OUTSIDE_NAMES.get(name, f"MUSIC_SYNC_{name.upper()}")


def test_secrets_are_known_as_such() -> None:
    assert "database_url" in SECRETS


def test_every_provider_that_may_be_set_has_an_adapter() -> None:
    assert set(PROVIDERS) == set(journey.PROVIDERS)


def test_the_documented_example_is_a_valid_file(tmp_path: Path) -> None:
    """Each default, written into a file as it is, means the same."""
    plain: Mapping[str, object] = {
        name: field.get_default()
        for name, field in Settings.model_fields.items()
        if not field.is_required() and name not in FILE_ONLY
    }
    lines = [
        f"{name} = {_toml(value)}"
        for name, value in plain.items()
        if value is not None and name not in {"workers", *SECRETS}
    ]
    assert tomllib.loads("\n".join(lines))

    given = loaded(tmp_path, "\n".join(lines)).model_dump()
    assert given == loaded(tmp_path / "other").model_dump() | {
        name: given[name] for name in ("home", "library", "drop", "agents")
    }


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return {True: "true", False: "false"}.get(value, "") if isinstance(value, bool) else repr(value)
