"""Cron's five fields: what is refused, what they mean, and when they come."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from music_sync.model.errors import BadSetting
from music_sync.triggers.schedule import in_words, next_runs, parse_schedule

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime(2026, 1, 1, 12, 34, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("61 * * * *", "character 1 (minute): '61' is not within 0-59"),
        ("5-1 * * * *", "character 1 (minute): '5-1' runs backwards"),
        ("0 24 * * *", "character 3 (hour): '24' is not within 0-23"),
        ("0 0 0 * *", "character 5 (day): '0' is not within 1-31"),
        ("0 0 32 * *", "character 5 (day): '32' is not within 1-31"),
        ("0 0 * 13 *", "character 7 (month): '13' is not within 1-12"),
        ("0 0 * * 8", "character 9 (weekday): '8' is not within 0-7"),
        ("0 0 * * FRI-MON", "character 9 (weekday): 'FRI-MON' runs backwards"),
        ("0 0 * * MONDAY", "character 9 (weekday): 'MONDAY' is no"),
        ("0 0 * FOO *", "character 7 (month): 'FOO' is no name for a month"),
        ("MON * * * *", "character 1 (minute): 'MON' is no number"),
        ("*/5,61 * * * *", "character 5 (minute): '61' is not"),
        ("0  1,,2 * * *", "character 6 (hour): '' is no"),
        ("*/0 * * * *", "character 1 (minute): a step of '0' is not within 1-60"),
        ("*/90 * * * *", "character 1 (minute): a step of '90' is not within 1-60"),
        ("5/10 * * * *", "write 5-59/10"),
        ("*5 * * * *", "character 1"),
        ("-1 * * * *", "character 1"),
        ("1-2-3 * * * *", "character 1"),
        ("² * * * *", "character 1"),
        ("٣ * * * *", "character 1"),
        ("0 0 * * 1%", "character 9"),
        ("0 0 L * ?", "character 5"),
        ("9" * 200 + " * * * *", "is not within 0-59"),
        ("*/" + "9" * 5000 + " * * * *", "is not within 1-60"),
        ("* * * *", "has 4 fields; write five"),
        ("* * * * * *", "has 6 fields and goes on at character 11"),
        ("0 0 * * * root /bin/true", "has 7 fields"),
        ("", "has 0 fields"),
        ("x" * 200, "has 1 fields"),
        ("@reboot", "names no time"),
        ("@daily", "`0 0 * * *`"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
    ],
)
def test_a_wrong_schedule_is_refused_in_one_sentence_that_names_the_place(text: str, place: str) -> None:
    with pytest.raises(BadSetting) as refused:
        parse_schedule(text)

    assert place in str(refused.value)
    assert str(refused.value).count("\n") == 0
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 */6 * * *", "every 6 hours, at minute 0"),
        ("0 */4 * * *", "every 4 hours, at minute 0"),
        ("0 * * * *", "every hour, at minute 0"),
        ("0 0 * * *", "every day at 00:00"),
        ("0 9,17 * * *", "every day at 09:00 and 17:00"),
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/25 * * * *", "every hour, at minutes 0, 25 and 50"),
        ("30 2 * * 1-5", "at 02:30, on Monday to Friday"),
        ("30 2 * * mon-FRI", "at 02:30, on Monday to Friday"),
        ("0 0 * * 7", "at 00:00, on Sunday"),
        ("0 0 * * 0,6", "at 00:00, on Sunday and Saturday"),
        ("0 0 1 1 *", "at 00:00, on day 1 of the month in January"),
        ("0 0 13 * FRI", "at 00:00, on day 13 of the month or on Friday"),
        ("0 0 */16 * MON", "at 00:00, on day 1 and 17 of the month if that is a Monday"),
        ("0 12 * JUN-AUG *", "at 12:00, in June to August"),
        ("*/5 9-17 * * *", "every 5 minutes in hour 9 to 17"),
    ],
)
def test_a_schedule_is_told_in_words(text: str, words: str) -> None:
    assert in_words(parse_schedule(text)) == words


def test_blanks_and_tabs_around_the_fields_do_not_matter() -> None:
    assert parse_schedule(" 0\t*/6  * * *\n").text == "0 */6 * * *"


def test_sunday_is_0_and_7_and_sun() -> None:
    assert [parse_schedule(f"0 0 * * {day}").weekdays for day in ("0", "7", "SUN", "sun")] == [(0,)] * 4


def test_a_week_may_be_written_up_to_sunday() -> None:
    assert parse_schedule("0 0 * * 6-7").weekdays == (0, 6)


@st.composite
def fields(draw: st.DrawFn, lowest: int, highest: int) -> str:
    """One field as people write them."""
    low = draw(st.integers(lowest, highest - 1))
    # Of one day, 0-0, that other library makes a week.
    high = draw(st.integers(low + 1, highest))
    step = draw(st.integers(1, high - low + 1))
    single = st.integers(lowest, highest).map(str)
    listed = st.lists(single, min_size=2, max_size=4).map(",".join)
    written = st.sampled_from(["*", f"{low}-{high}", f"*/{step}", f"{low}-{high}/{step}"])
    field: str = draw(st.one_of(written, single, listed))
    return field


SCHEDULES = st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 6)).map(" ".join)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


@settings(max_examples=80, deadline=None)
@given(SCHEDULES, MOMENTS)
def test_the_next_runs_are_those_that_another_library_counts(text: str, now: datetime) -> None:
    # With cron's own rule for a `*/2` in a day field, which that library takes for a bug.
    theirs = croniter(text, now, ret_type=datetime, implement_cron_bug=True)

    assert next_runs(parse_schedule(text), now, zone=UTC) == [theirs.get_next(datetime) for _ in range(3)]


def local(text: str, now: datetime) -> list[str]:
    runs = next_runs(parse_schedule(text), now, zone=BERLIN)
    return [run.strftime("%d %H:%M %Z") for run in runs]


def test_an_hourly_job_runs_in_both_of_the_doubled_hours() -> None:
    before = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)

    assert local("0 * * * *", before) == ["25 02:00 CEST", "25 02:00 CET", "25 03:00 CET"]


def test_a_job_at_a_fixed_time_runs_once_in_the_doubled_hour() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=BERLIN)

    assert local("30 2 * * *", before) == ["25 02:30 CEST", "26 02:30 CET", "27 02:30 CET"]


def test_an_hourly_job_has_no_run_in_the_skipped_hour() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=BERLIN)

    assert local("0 * * * *", before) == ["29 01:00 CET", "29 03:00 CEST", "29 04:00 CEST"]


def test_a_job_at_a_skipped_time_is_made_up_for_that_day() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=BERLIN)

    assert local("30 2 * * *", before)[0] == "29 03:30 CEST"


def test_a_leap_day_is_found_however_far_it_is() -> None:
    runs = next_runs(parse_schedule("0 0 29 2 *"), datetime(2096, 3, 1, tzinfo=UTC), zone=UTC)

    assert [run.year for run in runs] == [2104, 2108, 2112]


def test_the_next_run_is_never_now() -> None:
    now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    assert next_runs(parse_schedule("0 12 * * *"), now, 1, UTC) == [now + timedelta(days=1)]


def test_local_time_is_the_machines_own() -> None:
    run = next_runs(parse_schedule("0 0 * * *"), NEW_YEAR, 1)[0]

    assert (run.hour, run.minute) == (0, 0)
    assert run.utcoffset() == run.astimezone().utcoffset()
