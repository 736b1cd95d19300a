"""Fixtures of all tests: the catalogue on its fake, on SQLite and on Postgres, and fresh Postgres databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.fakes.catalogue import FakeCatalogue
from tests.postgres import Postgres, PostgresMissing, running
from tests.state import state_at

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import open_engine

AnyCatalogue = SqlCatalogue | FakeCatalogue

SHORT_FORM = {
    "test_a_kill_before_or_after_a_stage_loses_and_doubles_nothing": 5,
    "test_a_kill_at_any_change_of_state_loses_and_doubles_nothing": 3,
    "test_f69_a_kill_at_any_change_of_state_delivers_each_task_once": 4,
    "test_f69_a_kill_while_answers_are_collected_loses_and_doubles_none": 2,
    "test_an_undo_that_is_killed_is_finished_by_a_second_one": 3,
    "test_a_bringing_back_that_is_killed_is_finished_by_a_second_one": 3,
    "test_a_filling_in_that_is_killed_is_finished_by_the_next_sync": 2,
    "test_an_undo_of_tags_that_is_killed_is_finished_by_a_second_one": 2,
    "test_p48_a_replacement_that_is_killed_is_finished_by_a_sync_or_by_a_second_one": 1,
    "test_p48_an_undo_of_a_replacement_that_is_killed_is_finished_by_a_second_one": 1,
    "test_a_verdict_that_is_killed_midway_holds_at_the_next_sync": 2,
    "test_a_merge_that_is_killed_is_done_or_not_done": 1,
    "test_two_kills_lose_and_double_no_like": 2,
    "test_ten_thousand_likes_are_read_once_and_then_looked_at_with_one_call": 1,
    "test_p7_ten_thousand_likes_are_read_to_the_end_within_the_units_of_a_day": 0,
    "test_ten_thousand_recordings_are_read_by_the_page_and_looked_up_at_once": 1,
    "test_recordings_stream_all_of_them_over_many_pages_oldest_first": 1,
    "test_ten_thousand_tracks_are_quick_to_write_and_to_read": 1,
    "test_of_processes_that_look_and_then_file_under_the_lock_one_files": 1,
    "test_processes_that_file_at_one_path_from_one_source_make_one_row": 1,
    "test_the_review_that_several_processes_add_at_once_is_one": 1,
    "test_the_tempo_is_found_to_a_twentieth_of_a_beat_and_in_its_octave": 16,
    "test_tempo_and_length_survive_every_container_and_rate": 6,
    "test_a_cadence_has_its_key": 12,
    "test_f29_a_corrupt_last_run_file_costs_one_sync_and_is_kept_aside": 1,
    "test_a_stop_ends_a_sync_within_seconds_and_the_next_one_finishes": 1,
    "test_a_thousand_days_of_sleeps_jumps_and_summer_times_miss_and_double_nothing": 0,
    "test_a_board_that_is_away_is_an_error_and_music_goes_on": 0,
    "test_two_homes_on_one_postgres_file_each_track_once_and_wait_for_no_other": 0,
    "test_on_a_shared_database_verdicts_and_undo_are_the_same": 0,
    "test_p64_a_sync_without_notion_ends_done_and_is_caught_up": 0,
    "test_the_sync_script_syncs_by_itself": 0,
    "test_a_music_task_on_notion_starts_a_sync_and_reaches_its_agent": 0,
    "test_f04_a_killed_orchestrator_leaves_no_sync_behind": 0,
    "test_f03_a_second_signal_ends_both_at_once": 0,
    "test_the_real_program_stops_as_its_fork_does": 0,
    "test_a_phone_that_is_away_delays_nothing_and_hears_of_it_later": 0,
    "test_impatient_stops_do_not_park_a_track": 0,
    "test_many_kills_in_one_journey_lose_and_double_nothing": 0,
    "test_a_broken_off_sync_of_a_folder_that_is_gone_stops_no_later_one": 0,
    "test_closed_outputs_hinder_no_sync": 0,
    "test_a_sync_on_postgres_is_killed_and_ends_well": 0,
    "test_a_broken_off_sync_of_a_relative_folder_goes_on_from_another_folder": 0,
    "test_a_second_cycle_within_the_interval_syncs_nothing": 0,
    "test_p2_music_sync_forces_one_in_the_first_cycle": 1,
    "test_odd_id3_tags_are_read_and_written_without_an_error": 6,
    "test_memory_does_not_grow_with_the_track": 0,
    "test_no_page_has_a_serious_fault_for_a_screen_reader": 1,
}
"""How many of a test's variants, spread over all of them, run in the short form; the long form runs every one.

These cost seconds each, and show at further points what those that stay show too.
"""
MOST_VARIANTS = 1
"""Of any other journey with variants so many run in the short form."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the variants that are left to the long form."""
    variants: dict[str, list[pytest.Item]] = {}
    for item in items:
        name = item.name.partition("[")[0]
        is_meant = name in SHORT_FORM or item.path.parent.name == "journeys"
        if is_meant and not any(mark.name == "slow" for mark in item.iter_markers()):
            variants.setdefault(name, []).append(item)
    for name, found in variants.items():
        share = min(SHORT_FORM.get(name, MOST_VARIANTS) / len(found), 1.0)
        for number, item in enumerate(found):
            if int((number + 1) * share + 1e-9) == int(number * share + 1e-9):
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, started when the first test asks for it."""
    try:
        with running() as server:
            yield server
    except PostgresMissing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of a database that has our tables, empty but for those of a test at work."""
    name = postgres.create(name="migrated")
    open_engine(postgres.url(name)).dispose()
    postgres.keep(name)
    return name


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of a fresh, empty database."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = state_at(tmp_path / "var" / "state.db")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(postgres: Postgres, migrated: str) -> Iterator[sa.Engine]:
    engine = open_engine(postgres.url(migrated))
    yield engine
    engine.dispose()
    postgres.empty(migrated)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> sa.Engine:
    """A migrated, empty database, once on SQLite and once on Postgres."""
    found = request.getfixturevalue(f"{request.param}_engine")
    assert isinstance(found, sa.Engine)
    return found


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def catalogue(request: pytest.FixtureRequest) -> AnyCatalogue:
    """An empty catalogue, once on each of its adapters and on the fake."""
    if request.param == "fake":
        return FakeCatalogue()
    return SqlCatalogue(request.getfixturevalue(f"{request.param}_engine"))


@pytest.fixture
def address(engine: sa.Engine) -> str:
    """What another process opens to reach the same database."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
