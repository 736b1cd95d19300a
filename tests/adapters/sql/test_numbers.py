"""The catalogue in numbers, and the runs."""

from dataclasses import replace

import sqlalchemy as sa
from tests.track.examples import recording, track

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.numbers import SqlNumbers
from music_sync.adapters.sql.runs import SqlRuns
from music_sync.model.browsing import Run
from music_sync.model.endings import OnBuyList
from music_sync.model.track import Key, Tempo


def test_tempos_keys_and_days_are_counted(engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(engine)
    for letter, bpm, key in (("a", 127.6, Key(9, "minor", 1.0)), ("b", 128.4, Key(9, "minor", 1.0)), ("c", None, None)):
        made = recording(letter)
        analysis = replace(made.analysis, tempo=Tempo(bpm, 1.0) if bpm else None, key=key)
        file = replace(made.files[0], path=f"{letter}.flac")
        catalogue.add(replace(made, analysis=analysis, files=(file,)), replace(track(letter), source="spotify"))
    found = SqlNumbers(engine).numbers("2020-01-01")

    assert found.by_tempo == ((128, 2),)
    assert found.by_camelot == {"8A": 2}
    assert sum(count for _day, source, count in found.by_day if source == "spotify") == 3
    assert SqlNumbers(engine).numbers("2999-01-01").by_day == ()


def test_what_waits_is_counted_by_its_latest_attempt(engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(engine)
    for source_id in ("1", "2"):
        catalogue.started(track(source_id), 1)
        catalogue.ended(track(source_id), 1, OnBuyList("nobody offers it"))
    catalogue.started(track("2"), 2)
    waiting = SqlNumbers(engine).waiting()

    assert waiting.endings == {"buy_list": 1, "running": 1}
    assert waiting.recordings == 0


def test_runs_come_back_newest_first_with_what_was_under_way(engine: sa.Engine) -> None:
    SqlCatalogue(engine).started(track("1"), 1)
    runs = SqlRuns(engine)
    first = Run("2026-11-28T10:00:00Z", "2026-11-28T10:01:00Z", "done", counts={"new": 3, "failed": 1})
    runs.add(first)
    runs.add(Run("2026-11-28T16:00:00Z", "2026-11-28T16:00:05Z", "unavailable", "only spotify", "it is \0away"))
    newest, oldest = runs.latest()

    assert (newest.result, newest.what, newest.message) == ("unavailable", "only spotify", "it is \\x00away")
    assert oldest.counts == {"new": 3, "already_have": 0, "review": 0, "buy_list": 0, "failed": 1}
    assert oldest.queue == 1
    assert len(runs.latest(1)) == 1
