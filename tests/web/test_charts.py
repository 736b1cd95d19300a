"""The geometry of the charts."""

from datetime import date

from music_sync.model.browsing import CAMELOT, Run, key_at, neighbours
from music_sync.model.track import Key
from music_sync.web import charts

TODAY = date(2026, 11, 28)


def test_weeks_stack_their_sources_up_to_the_fullest_one() -> None:
    chart = charts.weeks([("2026-11-23", "spotify", 3), ("2026-11-28", "spotify", 1), ("2026-11-27", "list", 4)], TODAY)

    assert chart.most == "8"
    assert [bar.height for bar in chart.bars] == [80.0, 80.0]
    assert chart.bars[0].y == charts.HEIGHT - 80
    assert chart.bars[1].y == 0.0
    assert chart.rows == (("2026-11-23", "4", "4", "8"),)


def test_days_before_the_first_week_are_left_out() -> None:
    assert charts.weeks([("2020-01-01", "spotify", 9)], TODAY).bars == ()


def test_tempos_stand_in_steps() -> None:
    chart = charts.tempos([(126, 1), (127, 2), (174, 6)])

    assert chart.rows == (("124 to 127", "3"), ("172 to 175", "6"))
    assert chart.bars[0].height == charts.HEIGHT / 2


def test_charts_of_nothing_are_empty_and_no_error() -> None:
    assert charts.weeks([], TODAY).bars == ()
    assert charts.tempos([]).bars == ()
    assert charts.durations([], {}).bars == ()
    assert charts.queues([]).bars == ()
    assert {each.count for each in charts.wheel({})} == {0}


def test_runs_stand_oldest_first_in_the_colour_of_their_result() -> None:
    newest = Run("2026-11-28T10:00:00Z", "2026-11-28T10:02:00Z", "error")
    oldest = Run("2026-11-27T10:00:00Z", "2026-11-27T10:01:00Z", "done")
    chart = charts.durations([newest, oldest], {"done": "good", "error": "bad"})

    assert [bar.tone for bar in chart.bars] == ["good", "bad"]
    assert [bar.height for bar in chart.bars] == [80.0, 160.0]


def test_the_wheel_marks_a_key_and_what_mixes_with_it() -> None:
    around = [each.camelot for each in charts.wheel({"12A": 5}, "12A") if each.is_neighbour]

    assert sorted(around) == ["11A", "12A", "12B", "1A"]
    assert neighbours("1B") == ("1B", "12B", "2B", "1A")


def test_every_place_on_the_wheel_is_one_key() -> None:
    assert [Key(*key_at(place), 0.0).camelot for place in CAMELOT] == list(CAMELOT)
