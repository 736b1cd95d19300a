"""Cron's five fields: read them strictly, say them in words, count the next runs.

Stricter than cron itself where cron takes a slip for something else: `5/10`, a step of 0 or beyond the field, a range
that runs backwards, a day that never comes. What passes here, Debian's, macOS's and cronie's crontab take too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from music_sync.model.errors import BadSetting
from music_sync.model.schedule import Schedule

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"(?:\*|(\d+|[a-z]{3})(?:-(\d+|[a-z]{3}))?)(?:/(\d+))?", re.ASCII | re.IGNORECASE)
_LONGEST_SHOWN = 40
# Three times February 29 may take 16 years, as from 2097 on.
_HORIZON_DAYS = 366 * 17
_MOST_TIMES_SPELLED_OUT = 6


@dataclass(frozen=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: Sequence[str] = ()
    """Full names; cron knows them by their first three letters."""

    def number(self, word: str) -> int:
        """A number or a name; raises ValueError that says what is wrong with it."""
        value = self._value(word)
        if not self.lowest <= value <= self.highest:
            raise ValueError(f"{_shown(word)} is not within {self.lowest}-{self.highest}")
        return value

    def _value(self, word: str) -> int:
        if word.isdigit():
            return int(word) if len(word) < 10 else self.highest + 1
        letters = [name[:3].lower() for name in self.names]
        if word.lower() not in letters:
            raise ValueError(f"{word!r} is no name for a {self.name}" if letters else f"{word!r} is no number")
        return letters.index(word.lower()) + self.lowest


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("weekday", 0, 7, WEEKDAYS),
)


def parse_schedule(text: str) -> Schedule:
    """Read five cron fields; raises BadSetting that names the place of the first mistake."""
    words = [(match.start() + 1, match.group()) for match in re.finditer(r"\S+", text)]
    if words and words[0][1].startswith("@"):
        raise BadSetting(_about_nickname(words[0][1]))
    if len(words) != len(_FIELDS):
        extra = f" and goes on at character {words[5][0]}" if len(words) > len(_FIELDS) else ""
        raise BadSetting(
            f"schedule {_shown(text)} has {len(words)} fields{extra}; write five: minute, hour, day, month and weekday,"
            " such as `0 */6 * * *`"
        )
    sets = [_numbers(field, word, place, text) for field, (place, word) in zip(_FIELDS, words, strict=True)]
    schedule = Schedule(" ".join(word for _, word in words), *sets)
    if next(_days(schedule, date(2000, 1, 1)), None) is None:
        raise BadSetting(f"schedule {_shown(text)} never comes: none of its months has such a day; correct the day")
    return schedule


def next_runs(schedule: Schedule, now: datetime, count: int = 3, zone: tzinfo | None = None) -> list[datetime]:
    """The next runs after `now` (aware), in local time or that of `zone`.

    A fixed time that the clock skips in spring is made up for soon after; here it is shown as many minutes later.
    """
    stamps: list[float] = []
    for day in _days(schedule, now.astimezone(zone).date()):
        stamps += [stamp for stamp in _stamps_on(day, schedule, zone) if stamp > now.timestamp()]
        if len(stamps) >= count:
            break
    return [_local(stamp, zone) for stamp in stamps[:count]]


def in_words(schedule: Schedule) -> str:
    """What a schedule means: `every 6 hours, at minute 0`."""
    times, days = _time_words(schedule), _day_words(schedule)
    if not days:
        return f"every day {times}" if times.startswith("at ") else times
    return f"{times}, {days}"


def _about_nickname(word: str) -> str:
    meant = _NICKNAMES.get(word.lower())
    if meant:
        return f"schedule {_shown(word)} is a nickname; write its five fields: `{meant}`"
    return f"schedule {_shown(word)} names no time; write five fields, such as `0 */6 * * *`"


def _numbers(field: _Field, word: str, place: int, text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in word.split(","):
        try:
            found.update(_part(field, part))
        except ValueError as error:
            raise BadSetting(
                f"schedule {_shown(text)} is wrong at character {place} ({field.name}): {error};"
                " correct it, as in `0 */6 * * *`"
            ) from None
        place += len(part) + 1
    if field.name == "weekday":
        found = {number % 7 for number in found}
    return tuple(sorted(found))


def _part(field: _Field, part: str) -> Iterable[int]:
    """One member of a list: `*`, a number, a range, each of the wide ones with a step."""
    match = _PART.fullmatch(part)
    if not match:
        raise ValueError(f"{_shown(part)} is no number, range, step or `*`")
    first, last, step = match.groups()
    if step and first and not last:
        raise ValueError(f"{_shown(part)} has a step without a range; write {first}-{field.highest}/{step[:9]}")
    low = field.number(first) if first else field.lowest
    high = field.number(last or first) if first else field.highest
    if high < low:
        raise ValueError(f"{_shown(part)} runs backwards")
    return range(low, high + 1, _step(step, high - low + 1) if step else 1)


def _step(digits: str, width: int) -> int:
    # cron takes */90 for "hourly", which nobody means who writes it.
    if not 1 <= (step := int(digits[:9])) <= width:
        raise ValueError(f"a step of {_shown(digits)} is not within 1-{width}")
    return step


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")


def _days(schedule: Schedule, first: date) -> Iterator[date]:
    days = (first + timedelta(days=number) for number in range(_HORIZON_DAYS))
    return (day for day in days if schedule.fits(day))


def _stamps_on(day: date, schedule: Schedule, zone: tzinfo | None) -> list[float]:
    """The runs of one day in epoch seconds, which unlike local times never come twice."""
    stamps: set[float] = set()
    for hour in schedule.hours:
        for minute in schedule.minutes:
            for fold in (0, 1) if schedule.follows_the_clock else (0,):
                stamp = datetime.combine(day, time(hour, minute, fold=fold), tzinfo=zone).timestamp()
                shown = _local(stamp, zone)
                # A moment that the clock skips comes back as another one, and does not exist for such a job.
                if not schedule.follows_the_clock or (shown.hour, shown.minute) == (hour, minute):
                    stamps.add(stamp)
    return sorted(stamps)


def _local(stamp: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(stamp, UTC).astimezone(zone)


def _time_words(schedule: Schedule) -> str:
    minute, hour = schedule.fields[:2]
    if hour == "*":
        return _minute_words(schedule, "every hour, ")
    hours = _every(hour, 24)
    if hours and minute != "*" and not _every(minute, 60):
        return f"every {hours} hours, {_at_minutes(schedule)}"
    times = [f"{hour:02}:{minute:02}" for hour in schedule.hours for minute in schedule.minutes]
    if len(times) <= _MOST_TIMES_SPELLED_OUT:
        return f"at {_listed(times)}"
    return f"{_minute_words(schedule, '')} in hour {_listed(_spans(schedule.hours))}"


def _minute_words(schedule: Schedule, before: str) -> str:
    minute = schedule.fields[0]
    if minute == "*":
        return "every minute"
    step = _every(minute, 60)
    return f"every {step} minutes" if step else before + _at_minutes(schedule)


def _at_minutes(schedule: Schedule) -> str:
    word = "minute" if len(schedule.minutes) == 1 else "minutes"
    return f"at {word} {_listed(_spans(schedule.minutes))}"


def _every(field: str, width: int) -> int:
    """The step of `*/6` when it goes on evenly past the hour or the day, else 0."""
    step = int(field[2:]) if field.startswith("*/") and field[2:].isdigit() else 0
    return step if 1 < step < width and width % step == 0 else 0


def _day_words(schedule: Schedule) -> str:
    of_month = f"day {_listed(_spans(schedule.days))} of the month" if len(schedule.days) < 31 else ""
    of_week = _listed(_spans(schedule.weekdays, WEEKDAYS)) if len(schedule.weekdays) < 7 else ""
    both = " or on " if schedule.either_day else " if that is a "
    days = both.join(filter(None, (of_month, of_week)))
    months = f"in {_listed(_spans(schedule.months, ['', *MONTHS]))}" if len(schedule.months) < 12 else ""
    return " ".join(filter(None, ("on" if days else "", days, months)))


def _spans(numbers: Sequence[int], names: Sequence[str] = ()) -> list[str]:
    """Each run of three or more neighbours as one: 1, 3 to 5."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    words = []
    for span in spans:
        named = [names[number] if names else str(number) for number in span]
        words += [f"{named[0]} to {named[-1]}"] if len(named) > 2 else named
    return words


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
