"""Every sync is written down where there is a catalogue, however it ended."""

from pathlib import Path

import pytest
from tests.cli.filled import catalogue_of

from music_sync.adapters.sql.engine import open_engine
from music_sync.adapters.sql.runs import SqlRuns
from music_sync.cli.sync import remembered
from music_sync.model.browsing import Run
from music_sync.model.errors import BadSetting
from music_sync.model.report import RunReport
from music_sync.settings import Settings, load
from music_sync.track.detect import Request


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"MUSIC_SYNC_HOME": str(tmp_path)}).settings


def kept(settings: Settings) -> list[Run]:
    engine = open_engine(settings.state_db)
    runs = list(SqlRuns(engine).latest())
    engine.dispose()
    return runs


def test_a_run_is_kept_with_its_result_and_what_was_asked_for(settings: Settings) -> None:
    with catalogue_of(settings.home):
        pass
    with remembered(settings, Request()) as remember:
        remember(RunReport())
    with pytest.raises(BadSetting), remembered(settings, Request(only="spotify")):
        raise BadSetting("there is no such list")
    failed, went_well = kept(settings)

    assert (went_well.result, went_well.what) == ("nothing_new", "")
    assert (failed.result, failed.what, failed.message) == ("error", "only spotify", "there is no such list")
    assert went_well.started_at <= went_well.ended_at <= failed.ended_at


def test_a_run_that_is_refused_before_anything_was_made_makes_no_database(settings: Settings) -> None:
    with pytest.raises(BadSetting), remembered(settings, Request()):
        raise BadSetting("the schedule is no schedule")

    assert not settings.state_db.exists()
