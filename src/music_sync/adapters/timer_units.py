"""Jobs for machines without cron: texts of a systemd user timer and of a launchd agent."""

import plistlib
import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from xml.parsers.expat import ExpatError

from music_sync.model.errors import EnvironmentFault, NeedsPerson
from music_sync.model.schedule import Schedule

SERVICE_NAME = "music-sync.service"
TIMER_NAME = "music-sync.timer"
AGENT_LABEL = "local.music-sync"
AGENT_NAME = f"{AGENT_LABEL}.plist"

_SCHEDULE_NOTE = "# Schedule: "
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_MOST_INTERVALS = 500
"""launchd keeps each moment as an entry of its own."""


def service_text(argv: Sequence[str], log: Path) -> str:
    """The unit that runs the job once; everything it says goes to `log`. Needs systemd 240 or newer."""
    return (
        "# Written by `music-sync cron setup --systemd`, taken away by `music-sync cron remove --systemd`.\n"
        "[Unit]\n"
        "Description=Music Sync: what you like arrives in your library\n"
        "\n"
        "[Service]\n"
        "Type=oneshot\n"
        f"ExecStart={' '.join(_word(argument) for argument in argv)}\n"
        f"StandardOutput=append:{_specifier_free(_line(str(log)))}\n"
        f"StandardError=append:{_specifier_free(_line(str(log)))}\n"
    )


def timer_text(schedule: Schedule) -> str:
    """The unit that starts the job; a run missed while the machine was off is made up for."""
    moments = "".join(f"OnCalendar={moment}\n" for moment in on_calendar(schedule))
    return (
        "# Written by `music-sync cron setup --systemd`, taken away by `music-sync cron remove --systemd`.\n"
        f"{_SCHEDULE_NOTE}{schedule.text}\n"
        "[Unit]\n"
        "Description=When Music Sync runs\n"
        "\n"
        "[Timer]\n"
        f"{moments}"
        "Persistent=true\n"
        "RandomizedDelaySec=60\n"
        "\n"
        "[Install]\n"
        "WantedBy=timers.target\n"
    )


def on_calendar(schedule: Schedule) -> list[str]:
    """The schedule as systemd spells it; two lines where cron takes either of two days."""
    month = _set(schedule.months, 12)
    time = f"{_set(schedule.hours, 24)}:{_set(schedule.minutes, 60)}:00"
    days = _set(schedule.days, 31)
    names = ",".join(_WEEKDAYS[number] for number in schedule.weekdays) + " " if len(schedule.weekdays) < 7 else ""
    if schedule.either_day:
        return [f"*-{month}-{days} {time}", f"{names}*-{month}-* {time}"]
    return [f"{names}*-{month}-{days} {time}"]


def agent_plist(schedule: Schedule, argv: Sequence[str], log: Path) -> bytes:
    """The property list of a launchd agent; a run missed while the machine slept is made up for."""
    place = _line(str(log))
    content = {
        "Label": AGENT_LABEL,
        "ProgramArguments": [_line(argument) for argument in argv],
        # Read back by `music-sync cron list`; the job itself does not need it.
        "EnvironmentVariables": {"MUSIC_SYNC_SCHEDULE": schedule.text},
        "ProcessType": "Background",
        "StandardErrorPath": place,
        "StandardOutPath": place,
        "StartCalendarInterval": calendar_intervals(schedule),
    }
    return plistlib.dumps(content)


def calendar_intervals(schedule: Schedule) -> list[dict[str, int]]:
    """The schedule as launchd spells it, one entry for each combination; a key left out stands for every value.

    Raises NeedsPerson for what launchd cannot say: a day of the month that must also be a certain weekday (it takes
    either of them), and more moments than it is made for.
    """
    days = [{"Day": number} for number in _unless_all(schedule.days, 31)]
    weekdays = [{"Weekday": number} for number in _unless_all(schedule.weekdays, 7)]
    if days and weekdays and not schedule.either_day:
        raise NeedsPerson(
            f"launchd cannot run `{schedule.text}`: it takes either of the two days, not both at once;"
            " narrow only the day or only the weekday"
        )
    times: list[list[dict[str, int]]] = [
        [{key: number} for number in _unless_all(numbers, width)] or [{}]
        for key, numbers, width in (
            ("Month", schedule.months, 12),
            ("Hour", schedule.hours, 24),
            ("Minute", schedule.minutes, 60),
        )
    ]
    entries = [
        {key: number for part in parts for key, number in part.items()}
        for parts in product(days + weekdays or [{}], *times)
    ]
    if len(entries) > _MOST_INTERVALS:
        raise NeedsPerson(
            f"launchd would need {len(entries)} entries for `{schedule.text}`, and {_MOST_INTERVALS} are the most;"
            " use a plainer schedule, such as `0 */6 * * *`"
        )
    return entries


def schedule_in(content: bytes) -> str:
    """The five fields that a timer or agent of ours was made from, empty when it does not tell."""
    noted = re.search(rf"^{_SCHEDULE_NOTE}(.+)$".encode(), content, flags=re.MULTILINE)
    if noted:
        return noted[1].decode("ascii", "replace")
    try:
        variables = plistlib.loads(content).get("EnvironmentVariables", {})
    except (plistlib.InvalidFileException, ExpatError, ValueError, AttributeError):
        return ""
    return str(variables.get("MUSIC_SYNC_SCHEDULE", "")) if isinstance(variables, dict) else ""


def _set(numbers: Sequence[int], width: int) -> str:
    return ",".join(f"{number:02}" for number in numbers) if len(numbers) < width else "*"


def _unless_all(numbers: Sequence[int], width: int) -> Sequence[int]:
    return numbers if len(numbers) < width else ()


def _word(argument: str) -> str:
    """One word of a command line in a unit; systemd.service(5) and systemd.syntax(7)."""
    text = _line(argument).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_specifier_free(text)}"'


def _specifier_free(text: str) -> str:
    return text.replace("%", "%%")


def _line(text: str) -> str:
    """Text that a unit or a property list can hold."""
    if any(mark < " " or mark == "\x7f" or "\ud800" <= mark <= "\udfff" for mark in text):
        raise EnvironmentFault(f"{text!r} holds a line break or bytes that are no UTF-8; move it to a plainer path")
    return text
