"""Units for machines without cron, judged by systemd itself and by Python's reader of property lists."""

import plistlib
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from music_sync.adapters.timer_units import (
    SERVICE_NAME,
    TIMER_NAME,
    agent_plist,
    calendar_intervals,
    on_calendar,
    schedule_in,
    service_text,
    timer_text,
)
from music_sync.model.errors import EnvironmentFault, NeedsPerson
from music_sync.triggers.schedule import next_runs, parse_schedule

ODD = 'it\'s a "b" $HOME ${x} ü & <c> 100%d %h \\ \\n;#'
ARGV = ("/usr/bin/env", "LANG=C.UTF-8", "MUSIC_SYNC_HOME=/m & m", "/bin/echo", ODD, "--cron")
LOG = Path("/m & m/100%d/logs/music_sync_cron.log")
SIX_HOURS = parse_schedule("0 */6 * * *")
NOW = datetime(2026, 1, 30, 12, 34, tzinfo=UTC)


def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if not found:
        pytest.skip("systemd-analyze is not installed")
    return found


def analyzed(*arguments: str, home: Path = Path("/")) -> str:
    """What systemd-analyze says, in an environment of its own."""
    variables = {"TZ": "UTC", "LC_ALL": "C", "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    done = subprocess.run([systemd_analyze(), *arguments], capture_output=True, text=True, check=False, env=variables)
    return done.stdout + done.stderr


def verified(folder: Path, service: str, timer: str) -> str:
    """What systemd has against the two units."""
    folder.mkdir()
    (folder / SERVICE_NAME).write_text(service, "utf-8")
    (folder / TIMER_NAME).write_text(timer, "utf-8")
    units = (str(folder / SERVICE_NAME), str(folder / TIMER_NAME))
    said = analyzed("verify", "--user", "--man=no", *units, home=folder)
    if "Failed to initialize manager" in said:
        pytest.skip(f"systemd-analyze cannot verify here: {said.strip()}")
    return "\n".join(line for line in said.splitlines() if "music-sync" in line)


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    assert verified(tmp_path / "units & more", service_text(ARGV, LOG), timer_text(SIX_HOURS)) == ""


def test_systemd_would_find_what_is_wrong(tmp_path: Path) -> None:
    timer = timer_text(SIX_HOURS).replace("00,06", "00,66")

    assert "66" in verified(tmp_path / "units", service_text(ARGV, LOG), timer)


@pytest.mark.parametrize(
    "text",
    [
        "0 */6 * * *",
        "*/5 9-17 * * MON-FRI",
        "30 2 1,15 * *",
        "0 0 13 * FRI",
        "0 0 */7 * MON",
        "0 0 29 2 *",
        "* * * * *",
    ],
)
def test_systemd_counts_the_same_next_runs_as_cron(text: str) -> None:
    schedule = parse_schedule(text)
    said = analyzed("calendar", "--base-time=2026-01-30 12:34:00 UTC", "--iterations=3", *on_calendar(schedule))
    told = set(re.findall(r"\w{3} (\d{4}-\d\d-\d\d \d\d:\d\d):00 UTC", said))

    ours = [run.strftime("%Y-%m-%d %H:%M") for run in next_runs(schedule, NOW, zone=UTC)]
    assert sorted(told)[:3] == ours


def test_the_timer_makes_up_for_missed_runs_and_does_not_knock_on_the_dot() -> None:
    lines = timer_text(SIX_HOURS).splitlines()

    assert "OnCalendar=*-*-* 00,06,12,18:00:00" in lines
    assert "Persistent=true" in lines
    assert "RandomizedDelaySec=60" in lines
    assert "WantedBy=timers.target" in lines


def systemd_reads(line: str) -> list[str]:
    """The words of an ExecStart as systemd.service(5) says they are read."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', line.removeprefix("ExecStart="))
    escapes = {"\\\\": "\\", '\\"': '"', "%%": "%", "$$": "$"}
    return [re.sub(r'\\\\|\\"|%%|\$\$', lambda found: escapes[found[0]], word) for word in words]


def test_every_word_of_the_command_survives_systemds_quoting() -> None:
    line = next(line for line in service_text(ARGV, LOG).splitlines() if line.startswith("ExecStart="))

    assert tuple(systemd_reads(line)) == ARGV


def test_all_that_the_service_says_goes_to_the_log() -> None:
    text = service_text(ARGV, LOG)

    assert "StandardOutput=append:/m & m/100%%d/logs/music_sync_cron.log\n" in text
    assert "StandardError=append:/m & m/100%%d/logs/music_sync_cron.log\n" in text


def plist(text: str = "0 */6 * * *") -> Any:
    return plistlib.loads(agent_plist(parse_schedule(text), ARGV, LOG))


def test_the_agent_is_read_back_as_it_was_meant() -> None:
    agent = plist()

    assert agent["Label"] == "local.music-sync"
    assert tuple(agent["ProgramArguments"]) == ARGV
    assert agent["StandardOutPath"] == agent["StandardErrorPath"] == str(LOG)
    assert agent["StartCalendarInterval"] == [{"Hour": hour, "Minute": 0} for hour in (0, 6, 12, 18)]


def test_plutil_finds_nothing_wrong_with_the_agent(tmp_path: Path) -> None:
    plutil = shutil.which("plutil")
    if not plutil:
        pytest.skip("plutil is not installed: it comes with macOS")
    (tmp_path / "agent.plist").write_bytes(agent_plist(SIX_HOURS, ARGV, LOG))

    done = subprocess.run([plutil, "-lint", tmp_path / "agent.plist"], capture_output=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        ("30 2 * * *", [{"Hour": 2, "Minute": 30}]),
        ("0 * * * *", [{"Minute": 0}]),
        ("0 0 1 1 *", [{"Day": 1, "Month": 1, "Hour": 0, "Minute": 0}]),
        ("0 0 * * SUN", [{"Weekday": 0, "Hour": 0, "Minute": 0}]),
        ("0 0 13 * FRI", [{"Day": 13, "Hour": 0, "Minute": 0}, {"Weekday": 5, "Hour": 0, "Minute": 0}]),
        ("*/30 1,2 * * *", [{"Hour": hour, "Minute": minute} for hour in (1, 2) for minute in (0, 30)]),
        ("* * * * *", [{}]),
    ],
)
def test_a_schedule_becomes_entries_of_launchd(text: str, intervals: list[dict[str, int]]) -> None:
    assert calendar_intervals(parse_schedule(text)) == intervals


@pytest.mark.parametrize(
    ("text", "why"), [("0 0 */2 * MON", "either of the two days"), ("*/5 9-17 1-15 * *", "1620 entries")]
)
def test_what_launchd_cannot_say_is_refused(text: str, why: str) -> None:
    with pytest.raises(NeedsPerson, match=why):
        plist(text)


@pytest.mark.parametrize("path", ["/a\nb", "/m\udcfcsik", "/a\0b"])
def test_a_path_that_no_unit_can_hold_is_refused(path: str) -> None:
    with pytest.raises(EnvironmentFault, match="plainer path"):
        service_text(ARGV, Path(path))
    with pytest.raises(EnvironmentFault, match="plainer path"):
        agent_plist(SIX_HOURS, (*ARGV, path), LOG)


def test_units_tell_their_schedule_again() -> None:
    assert schedule_in(timer_text(SIX_HOURS).encode()) == "0 */6 * * *"
    assert schedule_in(agent_plist(SIX_HOURS, ARGV, LOG)) == "0 */6 * * *"


@pytest.mark.parametrize("content", [b"", b"[Timer]\nOnCalendar=daily\n", b"<plist>", b"\xff\xfe", plistlib.dumps([1])])
def test_units_of_somebody_else_tell_none(content: bytes) -> None:
    assert schedule_in(content) == ""


def test_the_same_job_gives_the_same_bytes() -> None:
    assert service_text(ARGV, LOG) == service_text(ARGV, LOG)
    assert agent_plist(SIX_HOURS, ARGV, LOG) == agent_plist(SIX_HOURS, ARGV, LOG)
