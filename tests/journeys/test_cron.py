"""The schedule as a person sets it up, and the job as cron runs it."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.crontab import FakeCrontab, fake_crontab
from tests.journeys.warm import Done, Warm
from tests.journeys.world import World, offer
from tests.real_cron import CronMissing, RealCron, real_or_systems_cron

from music_sync.adapters.crontab import BEGIN, END, command_of, job_in
from music_sync.adapters.lock_file import locked

CHECKOUT = Path(__file__).resolve().parents[2]
ODD = 'it\'s a "müsic" $HOME 100%d'
THEIRS = b"# mine\n0 1 * * * /usr/bin/backup\n"
BARE = {"LOGNAME": pwd.getpwuid(os.getuid()).pw_name, "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def fake(tmp_path: Path) -> FakeCrontab:
    return fake_crontab(tmp_path / "bin")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A home at an odd path, whose settings name the drop folder; cron sees no variable of a shell."""
    world = World(tmp_path / ODD, tmp_path / "drop")
    world.music.mkdir()
    set_up(world)
    return world


def set_up(world: World, more: str = "") -> None:
    world.home.mkdir(exist_ok=True)
    (world.home / "music-sync.toml").write_text(
        f"enrich = 'none'\ndrop = {json.dumps(str(world.music))}\n{more}", "utf-8"
    )


def cron(warm: Warm, world: World, fake: FakeCrontab, *arguments: str, **env: str) -> Done:
    return warm.run(world, "cron", *arguments, env={"PATH": fake.path, "TZ": "UTC", **env})


def as_cron(line: bytes, folder: Path) -> int:
    """Run a line of a crontab as cron does; what is not in the log would be mailed, and nothing may be."""
    done = subprocess.run(
        ["/bin/sh", "-c", command_of(line)],
        env={**BARE, "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout + done.stderr == b""
    return done.returncode


def job(fake: FakeCrontab) -> bytes:
    line = job_in(fake.content or b"")
    assert line
    return line


def log_of(world: World) -> str:
    return (world.home / "logs" / "music_sync_cron.log").read_text("utf-8")


def last_run(world: World) -> Any:
    file = world.home / "var" / "music_sync_last_run.json"
    return json.loads(file.read_text()) if file.exists() else None


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_setup_writes_one_line_between_two_markers(warm: Warm, world: World, fake: FakeCrontab) -> None:
    fake.content = THEIRS

    done = cron(warm, world, fake, "setup")

    assert done.code == 0, done.err
    lines = (fake.content or b"").removeprefix(THEIRS).splitlines()
    assert [lines[0], lines[2:]] == [BEGIN, [END]]
    assert lines[1].startswith(b"0 */6 * * * ")
    assert b"music_track_sync_auto_detect" in lines[1]
    assert "every 6 hours, at minute 0" in done.out
    assert "music_sync_cron.log" in done.out
    assert done.out.splitlines()[-1].startswith("next: `music-sync cron test`")


def test_setup_again_changes_no_byte(warm: Warm, world: World, fake: FakeCrontab) -> None:
    fake.content = THEIRS
    cron(warm, world, fake, "setup")
    once = fake.content

    done = cron(warm, world, fake, "setup")

    assert done.code == 0
    assert fake.content == once
    assert "has this job already" in done.out


def test_another_schedule_replaces_the_job(warm: Warm, world: World, fake: FakeCrontab) -> None:
    cron(warm, world, fake, "setup", MUSIC_SYNC_SCHEDULE="0 9,17 * * *")
    first = job(fake)

    done = cron(warm, world, fake, "setup", "--schedule", "30 2 * * MON-FRI")

    assert first.startswith(b"0 9,17 * * * ")
    assert job(fake).startswith(b"30 2 * * MON-FRI ")
    assert (fake.content or b"").count(b"--cron") == 1
    assert "at 02:30, on Monday to Friday" in done.out


def test_setup_then_remove_leaves_what_was_there(warm: Warm, world: World, fake: FakeCrontab) -> None:
    fake.content = THEIRS
    cron(warm, world, fake, "setup")

    done = cron(warm, world, fake, "remove")

    assert done.code == 0
    assert fake.content == THEIRS
    assert cron(warm, world, fake, "remove").out == "there is no job of music-sync in your crontab\n"


@pytest.mark.parametrize(
    "text", ["61 * * * *", "5-1 * * * *", "* * * *", "* * * * * *", "@reboot", "x" * 200, "; rm -rf"]
)
@pytest.mark.parametrize("way", ["variable", "option"])
def test_a_wrong_schedule_installs_nothing(warm: Warm, world: World, fake: FakeCrontab, text: str, way: str) -> None:
    before = everything(world.home)
    given = ["--schedule", text] if way == "option" else []

    done = cron(warm, world, fake, "setup", *given, **({} if given else {"MUSIC_SYNC_SCHEDULE": text}))

    assert done.code == 2
    assert "schedule" in done.sentence
    assert fake.calls == []
    assert everything(world.home) == before


@pytest.mark.parametrize("arguments", [["setup", "-n"], ["setup", "--dry-run"]])
def test_a_dry_setup_changes_nothing(warm: Warm, world: World, fake: FakeCrontab, arguments: list[str]) -> None:
    fake.content = THEIRS
    before = everything(world.home)

    done = cron(warm, world, fake, *arguments)
    also = warm.run(world, "-n", "cron", "setup", env={"PATH": fake.path, "TZ": "UTC"})

    assert done.code == also.code == 0
    assert done.out == also.out
    assert "nothing was changed" in done.out
    assert fake.content == THEIRS
    assert everything(world.home) == before


def test_a_dry_remove_changes_nothing(warm: Warm, world: World, fake: FakeCrontab) -> None:
    cron(warm, world, fake, "setup")
    before = fake.content

    done = cron(warm, world, fake, "remove", "-n")

    assert "nothing was changed" in done.out
    assert fake.content == before


def test_list_shows_the_line_its_meaning_and_the_next_three_runs(warm: Warm, world: World, fake: FakeCrontab) -> None:
    cron(warm, world, fake, "setup")

    shown = cron(warm, world, fake, "list")
    told = cron(warm, world, fake, "list", "--json").json
    runs = cron(warm, world, fake, "next")

    assert "music_track_sync_auto_detect" in shown.out
    assert "every 6 hours, at minute 0" in shown.out
    assert shown.out.count(":00 UTC") == 3
    assert runs.out.count(":00 UTC") == runs.out.count("\n") == 3
    assert told["installed"] is True
    assert told["jobs"][0]["schedule"] == "0 */6 * * *"
    assert told["jobs"][0]["words"] == "every 6 hours, at minute 0"
    assert told["jobs"][0]["line"].encode() == job(fake)
    assert cron(warm, world, fake, "next", "--json").json == {"installed": True, "next": told["jobs"][0]["next"]}


def test_next_runs_are_in_local_time(world: World, fake: FakeCrontab) -> None:
    abroad = replace(world, more=(("PATH", fake.path), ("TZ", "Asia/Tokyo")))
    abroad.run("cron", "setup", "--schedule", "0 7 * * *")

    done = abroad.run("cron", "next")

    assert done.stdout.count(" 07:00 JST") == 3


def test_without_a_job_list_and_next_say_how_to_make_one(warm: Warm, world: World, fake: FakeCrontab) -> None:
    for verb in ("list", "next"):
        done = cron(warm, world, fake, verb)

        assert done.code == 0
        assert "music-sync cron setup" in done.out
        assert cron(warm, world, fake, verb, "--json").json["installed"] is False


def test_a_job_that_was_put_to_sleep_is_shown_as_such(warm: Warm, world: World, fake: FakeCrontab) -> None:
    cron(warm, world, fake, "setup")
    fake.content = (fake.content or b"").replace(b"\n0 */6", b"\n#0 */6")

    assert "put to sleep" in cron(warm, world, fake, "list").out
    assert cron(warm, world, fake, "next", "--json").json == {"installed": True, "next": []}


def test_a_line_of_theirs_that_runs_our_script_stays_and_is_told(warm: Warm, world: World, fake: FakeCrontab) -> None:
    older = b"0 */6 * * * cd /opt/x && python3 scripts/music_track_sync_auto_detect.py\n"
    fake.content = THEIRS + older

    done = cron(warm, world, fake, "setup")

    assert (fake.content or b"").startswith(THEIRS + older)
    assert "line 3 of your crontab" in done.err


@pytest.mark.parametrize("verb", ["setup", "remove", "list", "next", "test"])
def test_half_a_block_is_refused_with_what_to_do(warm: Warm, world: World, fake: FakeCrontab, verb: str) -> None:
    fake.content = half = THEIRS + BEGIN + b"\n"

    done = cron(warm, world, fake, verb)

    assert done.code == 4
    assert "crontab -e" in done.sentence
    assert fake.content == half


@pytest.mark.parametrize("verb", ["setup", "remove", "list", "next", "test"])
def test_a_crontab_that_cannot_be_read_stops_everything(warm: Warm, world: World, fake: FakeCrontab, verb: str) -> None:
    fake.content = THEIRS
    fake.fails("denied")

    done = cron(warm, world, fake, verb)

    assert done.code == 7
    assert "not allowed to use this program" in done.sentence
    assert set(fake.calls) == {"-l"}
    assert fake.content == THEIRS


@pytest.mark.parametrize("verb", ["setup", "remove"])
def test_without_a_crontab_program_one_sentence_says_what_to_do(warm: Warm, world: World, verb: str) -> None:
    done = warm.run(world, "cron", verb, env={"PATH": "/nowhere"})

    assert done.code == 7
    assert "apt-get install cron" in done.sentence
    assert "--systemd" in done.sentence
    assert "--launchd" in done.sentence


def test_the_timer_of_systemd_is_written_shown_and_removed(
    warm: Warm, world: World, fake: FakeCrontab, tmp_path: Path
) -> None:
    env = {"PATH": "/nowhere", "XDG_CONFIG_HOME": str(tmp_path / "config"), "TZ": "UTC"}
    units = tmp_path / "config" / "systemd" / "user"

    done = warm.run(world, "cron", "setup", "--systemd", env=env)
    files = everything(units)
    again = warm.run(world, "cron", "setup", "--systemd", env=env)
    told = warm.run(world, "cron", "list", "--json", env=env).json

    assert done.code == 0, done.err
    assert {Path(path).name for path in files} == {"music-sync.service", "music-sync.timer"}
    assert "systemctl --user enable --now music-sync.timer" in done.out
    assert again.out.count("is there") == 2
    assert everything(units) == files
    assert [told["jobs"][0]["kind"], told["jobs"][0]["schedule"]] == ["systemd", "0 */6 * * *"]

    with_cron = warm.run(world, "cron", "setup", env={**env, "PATH": fake.path})

    assert "systemd has a job of music-sync too; `music-sync cron remove --systemd`" in with_cron.err

    removed = warm.run(world, "cron", "remove", "--systemd", env=env)

    assert "systemctl --user disable --now music-sync.timer" in removed.out
    assert everything(units) == {}


def test_the_agent_of_launchd_is_written_shown_and_removed(warm: Warm, world: World, tmp_path: Path) -> None:
    env = {"PATH": "/nowhere", "HOME": str(tmp_path / "person"), "TZ": "UTC"}
    agents = tmp_path / "person" / "Library" / "LaunchAgents"

    done = warm.run(world, "cron", "setup", "--launchd", "--schedule", "0 9 * * *", env=env)
    told = warm.run(world, "cron", "next", env=env)

    assert done.code == 0, done.err
    assert [Path(path).name for path in everything(agents)] == ["local.music-sync.plist"]
    assert "launchctl bootstrap gui/$(id -u) " in done.out
    assert told.out.count(" 09:00 UTC") == 3

    warm.run(world, "cron", "remove", "--launchd", env=env)

    assert everything(agents) == {}


def test_a_schedule_that_launchd_cannot_say_writes_nothing(warm: Warm, world: World, tmp_path: Path) -> None:
    env = {"PATH": "/nowhere", "HOME": str(tmp_path / "person")}

    done = warm.run(world, "cron", "setup", "--launchd", "--schedule", "0 0 */2 * MON", env=env)

    assert done.code == 4
    assert "launchd cannot run" in done.sentence
    assert not (tmp_path / "person").exists()


def test_the_job_syncs_in_crons_bare_environment_and_all_is_written_down(
    warm: Warm, world: World, fake: FakeCrontab, tmp_path: Path
) -> None:
    offer(world, 0)
    cron(warm, world, fake, "setup")
    log = world.home / "logs" / "music_sync_cron.log"

    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert as_cron(job(fake), tmp_path) == 0
    assert len(world.filed()) == 1
    assert "music sync started by its schedule" in log_of(world)
    assert "music sync ended with exit code 0" in log_of(world)
    assert last_run(world)["result"] == "done"
    assert last_run(world)["consecutive_failures"] == 0

    assert as_cron(job(fake), tmp_path) == 0
    assert last_run(world)["result"] == "nothing_new"


def test_a_failure_is_written_down_too(warm: Warm, world: World, fake: FakeCrontab, tmp_path: Path) -> None:
    offer(world, 0)
    (tmp_path / "file").touch()
    set_up(world, f"library = {json.dumps(str(tmp_path / 'file' / 'library'))}\n")
    cron(warm, world, fake, "setup")

    assert as_cron(job(fake), tmp_path) == 7
    assert str(tmp_path / "file") in log_of(world)
    assert last_run(world)["result"] == "environment"
    assert last_run(world)["consecutive_failures"] == 1


def test_while_another_run_is_at_work_the_job_is_skipped(
    warm: Warm, world: World, fake: FakeCrontab, tmp_path: Path
) -> None:
    cron(warm, world, fake, "setup")
    with locked(world.home / "var" / "music-sync.lock", "music-sync run"):
        code = as_cron(job(fake), tmp_path)

    assert code == 0
    assert "skipped: still running (`music-sync run` (pid" in log_of(world)
    assert last_run(world) is None


def test_a_job_that_is_switched_off_does_nothing_and_says_so(
    warm: Warm, world: World, fake: FakeCrontab, tmp_path: Path
) -> None:
    offer(world, 0)
    cron(warm, world, fake, "setup")
    set_up(world, "enabled = false\n")

    assert as_cron(job(fake), tmp_path) == 0
    assert "music sync is switched off" in log_of(world)
    assert not world.library.exists()
    assert last_run(world) is None


def test_wrong_settings_are_told_to_the_log(warm: Warm, world: World, fake: FakeCrontab, tmp_path: Path) -> None:
    cron(warm, world, fake, "setup")
    set_up(world, "workers = 0\n")

    assert as_cron(job(fake), tmp_path) == 2
    assert "setting workers" in log_of(world)


def test_a_large_log_is_moved_when_the_next_job_starts(
    warm: Warm, world: World, fake: FakeCrontab, tmp_path: Path
) -> None:
    cron(warm, world, fake, "setup")
    log = world.home / "logs" / "music_sync_cron.log"
    log.write_text("an old line\n" * 200_000)
    set_up(world, "enabled = false\n")

    as_cron(job(fake), tmp_path)

    assert "old" not in log_of(world)
    assert "switched off" in log_of(world)
    assert log.with_name("music_sync_cron.log.1").stat().st_size == 2_400_000


def test_trying_the_job_out_changes_nothing_and_tells_what_it_found(
    warm: Warm, world: World, fake: FakeCrontab
) -> None:
    """P14"""
    offer(world, 0)
    cron(warm, world, fake, "setup")
    before = everything(world.home)

    done = cron(warm, world, fake, "test")

    assert done.code == 0, done.err
    assert "--cron --dry-run\n             in your crontab" in done.out
    assert "utf-8" in done.out.lower()
    for name in ("environment", "library", "accounts", "lock"):
        assert f"\n{name:<12} " in done.out
    assert "would be: 1 new" in done.out
    assert done.out.splitlines()[-1] == "the job works"
    assert everything(world.home) == before


def test_a_job_may_be_tried_out_before_it_is_set_up(warm: Warm, world: World, fake: FakeCrontab) -> None:
    before = everything(world.home)

    done = cron(warm, world, fake, "test")

    assert done.code == 0, done.err
    assert "as `music-sync cron setup` would write it" in done.out
    assert fake.content is None
    assert everything(world.home) == before


def test_trying_out_names_who_holds_the_lock(warm: Warm, world: World, fake: FakeCrontab) -> None:
    with locked(world.home / "var" / "music-sync.lock", "music-sync run"):
        done = cron(warm, world, fake, "test")

    assert "lock         `music-sync run` (pid" in done.out


def test_a_job_whose_python_is_gone_is_found_by_trying_it_out(warm: Warm, world: World, fake: FakeCrontab) -> None:
    cron(warm, world, fake, "setup")
    python = str(CHECKOUT / ".venv" / "bin" / "python").encode()
    fake.content = (fake.content or b"").replace(python, b"/gone/python")

    done = cron(warm, world, fake, "test")

    assert done.code == 7
    assert "/gone/python" in done.err
    assert "`music-sync cron setup` renews it" in done.err


@pytest.mark.parametrize("verb", ["setup", "test"])
def test_settings_that_only_the_shell_has_are_named(warm: Warm, world: World, fake: FakeCrontab, verb: str) -> None:
    done = cron(warm, world, fake, verb, MUSIC_SYNC_FORMATS="flac")

    assert done.code == 0
    assert "MUSIC_SYNC_FORMATS is set in this shell only" in done.err
    assert "music-sync.toml" in done.err


def test_the_kept_name_sets_up_lists_and_removes(world: World, fake: FakeCrontab) -> None:
    def script(*arguments: str) -> str:
        command = ["sh", str(CHECKOUT / "scripts" / "setup_music_sync_cron.sh"), *arguments]
        env = {**world.env, "PATH": fake.path}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    script()

    assert b"music_track_sync_auto_detect" in job(fake)
    assert "every 6 hours" in script("list")

    script("remove")

    assert fake.content is None


def test_installed_without_a_checkout_the_line_runs_the_module(world: World, fake: FakeCrontab, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(CHECKOUT / "src" / "music_sync", site / "music_sync", ignore=shutil.ignore_patterns("__pycache__"))
    env = {**world.env, "PATH": fake.path, "PYTHONPATH": str(site)}

    subprocess.run(
        [sys.executable, "-P", "-m", "music_sync", "cron", "setup"], env=env, check=True, capture_output=True
    )

    line = job(fake).decode()
    assert f"{sys.executable} -P -m music_sync sync --cron >> " in line
    assert "MUSIC_SYNC_HOME=" in line


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealCron]:
    try:
        with real_or_systems_cron(tmp_path / "cron") as cron:
            yield cron
    except CronMissing as reason:
        pytest.skip(str(reason))


@contextmanager
def running(cron: RealCron) -> Iterator[None]:
    """The machine's own cron daemon; only this one is ended."""
    daemon = subprocess.Popen([cron.daemon, "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait(timeout=10)


def test_the_real_cron_runs_the_job_in_the_next_minute(world: World, real: RealCron) -> None:
    offer(world, 0)
    schedule = ["cron", "setup", "--schedule", "* * * * *"]
    env = {**world.env, "PATH": real.path}
    subprocess.run([sys.executable, "-m", "music_sync", *schedule], env=env, check=True, capture_output=True)

    with running(real):
        wait_until_logged(world, "music sync ended with exit code")

    assert "music sync ended with exit code 0" in log_of(world)
    assert len(world.filed()) == 1
    assert last_run(world)["result"] == "done"


def wait_until_logged(world: World, words: str, longest_s: float = 100) -> None:
    # Cron starts a job at the full minute; a file's appearance has no signal.
    end = time.monotonic() + longest_s
    while words not in log_of(world):
        assert time.monotonic() < end, f"cron started nothing: {log_of(world)!r}"
        time.sleep(0.2)
