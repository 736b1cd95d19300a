"""When a job runs by itself: five cron fields, spelled out."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Schedule:
    """The moments that five cron fields stand for; each set is sorted and never empty."""

    text: str
    """The five fields as they were written, with one blank between them."""
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    """Of the month, from 1."""
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    """0 is Sunday, 6 is Saturday."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Minute, hour, day of the month, month, weekday."""
        return tuple(self.text.split(" "))

    @property
    def follows_the_clock(self) -> bool:
        """Minute or hour is a `*`: where summer time ends, cron runs such a job in both of the doubled hours."""
        return any(field.startswith("*") for field in self.fields[:2])

    @property
    def either_day(self) -> bool:
        """Both day fields are narrowed, and cron runs when one of them fits; with a `*` in one, both must fit."""
        return not any(self.fields[number].startswith("*") for number in (2, 4))

    def fits(self, day: date) -> bool:
        """Does it run on that day?"""
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        fits = (of_month or of_week) if self.either_day else (of_month and of_week)
        return fits and day.month in self.months
