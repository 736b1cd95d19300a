"""`cron`: the schedule by which music is synced: set up, list, remove, test, next."""

import os
import pwd
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

import music_sync
from music_sync.adapters import crontab, timer_units
from music_sync.adapters.durable_files import faults_about, write_whole
from music_sync.cli import show
from music_sync.model.errors import BadSetting, EnvironmentFault, SyncError
from music_sync.model.schedule import Schedule
from music_sync.settings import FILE_NAME, Loaded, Settings, load, systemd_folder, variable
from music_sync.triggers.schedule import in_words, next_runs, parse_schedule

F = TypeVar("F", bound=Callable[..., Any])

SCRIPT = "music_track_sync_auto_detect"
"""What people look for in their crontab."""
NO_CRONTAB = (
    "There is no `crontab` program here; install cron (on Debian and Ubuntu `apt-get install cron`),"
    " or use `music-sync cron setup --systemd` or, on a Mac, `--launchd`"
)


@dataclass(frozen=True)
class Job:
    """What runs by the schedule, and where all that it says goes."""

    argv: tuple[str, ...]
    log: Path


@dataclass(frozen=True)
class Installed:
    """A job of ours that is in place: `kind` is crontab, systemd or launchd."""

    kind: str
    place: str
    line: str
    """The crontab's line, the path of the unit otherwise."""
    fields: str

    @property
    def schedule(self) -> Schedule | None:
        """None for a line that was put to sleep or changed by hand into what we cannot read."""
        try:
            return parse_schedule(self.fields)
        except BadSetting:
            return None

    def as_json(self, now: datetime) -> dict[str, object]:
        schedule = self.schedule
        return {
            "kind": self.kind,
            "place": self.place,
            "line": self.line,
            "schedule": schedule.text if schedule else None,
            "words": in_words(schedule) if schedule else None,
            "next": [run.isoformat() for run in next_runs(schedule, now)] if schedule else [],
        }


def _kind_options(command: F) -> F:
    for option in (
        click.option("--systemd", "kind", flag_value="systemd", help="A user timer of systemd in place of cron."),
        click.option("--launchd", "kind", flag_value="launchd", help="An agent of macOS's launchd in place of cron."),
        click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say what would happen."),
    ):
        command = option(command)
    return command


@click.group()
def cron() -> None:
    """Sync by a schedule, with this person's crontab or, where there is none, systemd or launchd."""


@cron.command()
@click.option("--schedule", "text", default=None, metavar="FIELDS", help="Five cron fields; else MUSIC_SYNC_SCHEDULE.")
@_kind_options
@click.pass_context
def setup(ctx: click.Context, *, text: str | None, kind: str | None, dry_run: bool) -> int:
    """Put the job in place, or replace the one that is there; every other line of the crontab stays as it is."""
    loaded = load()
    schedule = parse_schedule(loaded.settings.schedule if text is None else text)
    job = job_of(loaded.settings)
    files = _files_of(kind, schedule, job) if kind else {}
    line = b"" if kind else crontab.job_line(schedule.text, job.argv, job.log)
    dry = dry_run or _is_dry(ctx)
    if not dry:
        _make_log(job.log)
    if kind:
        _write_files(files, dry=dry)
    else:
        _install(line, loaded.settings, dry=dry)
    _tell_setup(schedule, job, loaded)
    _warn_of_other_ways(kind or "crontab")
    click.echo("nothing was changed" if dry else _next_after_setup(kind, files))
    return 0


@cron.command()
@_kind_options
@click.pass_context
def remove(ctx: click.Context, *, kind: str | None, dry_run: bool) -> int:
    """Take the job out again, and nothing else."""
    settings = load().settings
    dry = dry_run or _is_dry(ctx)
    gone = _remove_files(kind, dry=dry) if kind else _remove_line(settings, dry=dry)
    where = {"systemd": "systemd's folder", "launchd": "launchd's folder"}.get(kind or "", "your crontab")
    if not gone:
        click.echo(f"there is no job of music-sync in {where}")
    elif dry:
        click.echo(f"would take the job of music-sync out of {where}; nothing was changed")
    else:
        click.echo(f"the job of music-sync is out of {where}")
        _tell_how_to_stop(kind)
    return 0


@cron.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def list_jobs(*, as_json: bool) -> int:
    """Show the job, what its schedule means in words, and the next three runs in local time."""
    settings = load().settings
    now = datetime.now(UTC)
    jobs = list(installed())
    if as_json:
        shapes = [job.as_json(now) for job in jobs]
        show.as_json({"installed": bool(jobs), "jobs": shapes, "log": str(settings.cron_log)})
        return 0
    for job in jobs:
        _print_job(job, now)
    if jobs:
        click.echo(f"log      {show.clean(str(settings.cron_log))}")
        click.echo("next: `music-sync cron test` tries the job out and changes nothing")
    else:
        click.echo("no job of music-sync is in place\nnext: `music-sync cron setup` makes one")
    return 0


@cron.command("next")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def next_times(*, as_json: bool) -> int:
    """Show the next three runs in local time."""
    now = datetime.now(UTC)
    jobs = list(installed())
    runs = sorted(
        {run.timestamp(): run for job in jobs if job.schedule for run in next_runs(job.schedule, now)}.items()
    )
    times = [run for _, run in runs[:3]]
    if as_json:
        show.as_json({"installed": bool(jobs), "next": [run.isoformat() for run in times]})
    elif times:
        click.echo("\n".join(map(_shown, times)))
    else:
        click.echo("nothing is scheduled; `music-sync cron setup` makes a job")
    return 0


@cron.command("test")
def try_out() -> int:
    """Run the very command of the job as a dry run in cron's bare environment; change nothing, fetch nothing."""
    loaded = load()
    fresh = crontab.command_of(crontab.job_line("* * * * *", *_parts(job_of(loaded.settings))))
    line = _line_in_crontab()
    standing = crontab.command_of(line) if line else b""
    command = crontab.dry_run_of(standing)
    whose = "in your crontab" if command else "as `music-sync cron setup` would write it"
    command = command or crontab.dry_run_of(fresh)
    click.echo(f"command      {_text(command)}\n             {whose}")
    if line and standing != fresh:
        click.echo(
            "the job in your crontab is not what would be written now; `music-sync cron setup` renews it", err=True
        )
    _warn_of_deaf_settings(loaded)
    code = _run_as_cron(command)
    if code:
        click.echo(f"the job ended with {code}; mend what it says, then `music-sync cron test` again", err=True)
    else:
        click.echo("the job works" + ("" if line else "; `music-sync cron setup` puts it in place"))
    return 7 if code in {126, 127} else code


def job_of(settings: Settings) -> Job:
    """The job of this home, run by the Python that runs this; no activated environment is needed."""
    checkout = _checkout()
    told_home = () if checkout and checkout == settings.home.resolve() else (f"{variable('home')}={settings.home}",)
    python = str(checkout / ".venv" / "bin" / "python") if checkout else sys.executable
    script = (str(checkout / "scripts" / f"{SCRIPT}.py"),) if checkout else ("-P", "-m", "music_sync", "sync")
    # `env` itself is always there, so that even a missing Python is told to the log; and it needs no kind of shell.
    start = ("/usr/bin/env", "LANG=C.UTF-8", "PYTHONUTF8=1", *told_home)
    # To `env`, a name with an equals sign is one more variable.
    shell = ("/bin/sh", "-c", 'exec "$0" "$@"') if "=" in python else ()
    return Job((*start, *shell, python, *script, crontab.LAST_WORD), settings.cron_log)


def installed() -> Iterator[Installed]:
    """Every job of ours that is in place; raises EnvironmentFault when the crontab cannot be read."""
    line = _line_in_crontab()
    if line:
        yield Installed("crontab", "crontab", _text(line), crontab.fields_of(line))
    for kind in ("systemd", "launchd"):
        place = _folder_of(kind) / (timer_units.TIMER_NAME if kind == "systemd" else timer_units.AGENT_NAME)
        if place.is_file():
            with faults_about(place):
                content = place.read_bytes()
            yield Installed(kind, str(place), str(place), timer_units.schedule_in(content))


def _checkout() -> Path | None:
    """The checkout that this program is run from, when it is set up there."""
    folder = Path(music_sync.__file__).resolve().parents[2]
    wanted = (folder / "scripts" / f"{SCRIPT}.py", folder / ".venv" / "bin" / "python")
    return folder if all(path.exists() for path in wanted) else None


def _parts(job: Job) -> tuple[tuple[str, ...], Path]:
    return job.argv, job.log


def _is_dry(ctx: click.Context) -> bool:
    return bool((ctx.find_root().obj or {}).get("dry_run"))


def _crontab() -> crontab.Crontab:
    found = crontab.find_crontab()
    if not found:
        raise EnvironmentFault(NO_CRONTAB)
    return found


def _line_in_crontab() -> bytes | None:
    found = crontab.find_crontab()
    return crontab.job_in(found.read()) if found else None


def _install(line: bytes, settings: Settings, *, dry: bool) -> None:
    program = _crontab()
    if dry:
        former = program.read()
        wanted = crontab.with_job(former, line)
    else:
        former, wanted = program.edit(lambda content: crontab.with_job(content, line), settings.var)
    before = crontab.job_in(former)
    if former == wanted:
        click.echo("your crontab has this job already")
    elif before:
        click.echo(f"in place of   {_text(before)}")
    click.echo(f"job      {_text(line)}")
    for number in crontab.others_naming(former, SCRIPT.encode()):
        click.echo(
            f"line {number} of your crontab runs {SCRIPT} too; if it is from an older set-up, take it out"
            " with `crontab -e`",
            err=True,
        )


def _remove_line(settings: Settings, *, dry: bool) -> bool:
    program = _crontab()
    if dry:
        former = program.read()
        return crontab.without_job(former) != former
    former, left = program.edit(crontab.without_job, settings.var)
    return left != former


def _folder_of(kind: str) -> Path:
    return systemd_folder() if kind == "systemd" else Path.home() / "Library" / "LaunchAgents"


def _files_of(kind: str, schedule: Schedule, job: Job) -> dict[Path, bytes]:
    folder = _folder_of(kind)
    if kind == "launchd":
        return {folder / timer_units.AGENT_NAME: timer_units.agent_plist(schedule, job.argv, job.log)}
    return {
        folder / timer_units.SERVICE_NAME: timer_units.service_text(job.argv, job.log).encode(),
        folder / timer_units.TIMER_NAME: timer_units.timer_text(schedule).encode(),
    }


def _write_files(files: dict[Path, bytes], *, dry: bool) -> None:
    for path, content in files.items():
        with faults_about(path):
            is_there = path.is_file() and path.read_bytes() == content
            if not dry and not is_there:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, content, 0o644)
        verb = "would write" if dry and not is_there else "is there" if is_there else "wrote"
        click.echo(f"{verb:<8} {show.clean(str(path))}")


def _remove_files(kind: str, *, dry: bool) -> bool:
    names = [timer_units.AGENT_NAME]
    if kind == "systemd":
        names = [timer_units.TIMER_NAME, timer_units.SERVICE_NAME]
    paths = [path for name in names if (path := _folder_of(kind) / name).is_file()]
    for path in paths:
        with faults_about(path):
            if not dry:
                path.unlink()
    return bool(paths)


def _make_log(log: Path) -> None:
    """For its owner only, before the shell of cron makes it for everyone."""
    with faults_about(log):
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))


def _tell_setup(schedule: Schedule, job: Job, loaded: Loaded) -> None:
    click.echo(f"means    {in_words(schedule)}")
    click.echo(f"next     {', '.join(map(_shown, next_runs(schedule, datetime.now(UTC))))}")
    click.echo(f"log      {show.clean(str(job.log))}")
    if not loaded.settings.enabled:
        click.echo("music sync is switched off (setting enabled), so the job does nothing yet", err=True)
    _warn_of_deaf_settings(loaded)


def _warn_of_other_ways(kind: str) -> None:
    """Name the job that another way would start too, and a cron that starts none."""
    with suppress(SyncError):
        for other in installed():
            if other.kind != kind:
                option = "" if other.kind == "crontab" else f" --{other.kind}"
                click.echo(
                    f"{other.kind} has a job of music-sync too; `music-sync cron remove{option}` takes it out", err=True
                )
    if kind == "crontab" and not crontab.daemon_seems_to_run():
        click.echo(
            "no cron daemon seems to run here, so nothing starts the job; start it"
            " (on Debian and Ubuntu `sudo service cron start`)",
            err=True,
        )


def _warn_of_deaf_settings(loaded: Loaded) -> None:
    """Name the settings that this shell has and the job will not have."""
    given_with_the_job = {"home", "schedule"}
    file = show.clean(str(loaded.settings.home / FILE_NAME))
    for name, origin in loaded.origins.items():
        if name not in given_with_the_job and origin.startswith(variable("")):
            click.echo(
                f"{origin} is set in this shell only and the job does not see it: set `{name}` in {file}", err=True
            )


def _next_after_setup(kind: str | None, files: dict[Path, bytes]) -> str:
    if kind == "systemd":
        return (
            f"next: systemctl --user daemon-reload && systemctl --user enable --now {timer_units.TIMER_NAME}\n"
            "      and, for runs while you are signed out: loginctl enable-linger"
        )
    if kind == "launchd":
        (place,) = files
        return (
            f"next: launchctl bootout gui/$(id -u)/{timer_units.AGENT_LABEL} 2>/dev/null;"
            f" launchctl bootstrap gui/$(id -u) {shlex.quote(str(place))}"
        )
    return "next: `music-sync cron test` tries the job out and changes nothing"


def _tell_how_to_stop(kind: str | None) -> None:
    if kind == "systemd":
        click.echo(f"next: systemctl --user disable --now {timer_units.TIMER_NAME}; systemctl --user daemon-reload")
    elif kind == "launchd":
        click.echo(f"next: launchctl bootout gui/$(id -u)/{timer_units.AGENT_LABEL}")


def _print_job(job: Installed, now: datetime) -> None:
    click.echo(f"{'job' if job.kind == 'crontab' else job.kind:<8} {show.clean(job.line)}")
    schedule = job.schedule
    if not schedule:
        click.echo("means    nothing: it is put to sleep or changed by hand; `music-sync cron setup` writes it anew")
        return
    click.echo(f"means    {in_words(schedule)}")
    for number, run in enumerate(next_runs(schedule, now)):
        click.echo(f"{'' if number else 'next':<8} {_shown(run)}")


def _run_as_cron(command: bytes) -> int:
    """Run it as cron would: its variables and no others, /bin/sh, in the person's home folder."""
    person = pwd.getpwuid(os.getuid())
    environment = {"HOME": person.pw_dir, "LOGNAME": person.pw_name, "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    with faults_about(Path(person.pw_dir)):
        done = subprocess.run(  # noqa: S603 - our own line
            ["/bin/sh", "-c", command], env=environment, cwd=person.pw_dir, stdin=subprocess.DEVNULL, check=False
        )
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _shown(run: datetime) -> str:
    return f"{run:%a %Y-%m-%d %H:%M %Z}"


def _text(line: bytes) -> str:
    return show.clean(line.decode("utf-8", "backslashreplace"))
