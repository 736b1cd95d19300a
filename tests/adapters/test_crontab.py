"""Our line in somebody's crontab: the rest of it is theirs, whatever it holds and whatever fails."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.crontab import FakeCrontab, fake_crontab
from tests.real_cron import CronMissing, RealCron, real_cron

from music_sync.adapters.crontab import (
    BEGIN,
    END,
    Crontab,
    command_of,
    dry_run_of,
    fields_of,
    find_crontab,
    job_in,
    job_line,
    others_naming,
    with_job,
    without_job,
)
from music_sync.model.errors import EnvironmentFault, NeedsPerson

ARGV = ("/usr/bin/env", "LANG=C.UTF-8", "/opt/music/.venv/bin/python", "/opt/music/scripts/job.py", "--cron")
LOG = Path("/opt/music/logs/music_sync_cron.log")
LINE = job_line("0 */6 * * *", ARGV, LOG)
OTHER_LINE = job_line("5 4 * * *", ARGV, LOG)
BLOCK = BEGIN + b"\n" + LINE + b"\n" + END + b"\n"

THEIRS = b"MAILTO=me@example.org\nPATH=/usr/bin:/bin\n\n# mine\n0 1 * * * /usr/bin/backup --all 100\\%\n"
CRONTABS = {
    "empty": b"",
    "one line feed": b"\n",
    "comments only": b"# nothing\n#\n",
    "variables, comments and a job": THEIRS,
    "no final newline": THEIRS.rstrip(b"\n"),
    "CRLF": THEIRS.replace(b"\n", b"\r\n"),
    "CRLF without final newline": THEIRS.replace(b"\n", b"\r\n").rstrip(b"\r\n"),
    "a lone carriage return": b"0 1 * * * a\rb\n",
    "NUL": b"0 1 * * * a\0b\n# \0\n",
    "Latin-1": "0 1 * * * /home/m\xfcller/job\n".encode("latin-1"),
    "UTF-8": "0 1 * * * /Müsik/ジョブ\n".encode(),
    "a byte order mark": b"\xef\xbb\xbf# first\n0 1 * * * a\n",
    "vertical tabs and form feeds": b"# a\x0bb\x0cc\x1cd\x85e\n0 1 * * * a\x0c\n",
    "U+2028": "# a\u2028b\n".encode(),
    "blanks at the end": b"0 1 * * * a   \n\t\n   \n",
    "5,000 lines": b"".join(b"%d 1 * * * job %d\n" % (number % 60, number) for number in range(5000)),
    "a long line": b"# " + b"x" * 100_000 + b"\n",
    "our script in a line of theirs": b"0 0 * * * cd /opt/music && python3 scripts/music_track_sync_auto_detect.py\n",
    "our script in a comment": b"# 0 0 * * * music_track_sync_auto_detect.py\n",
    "another program's block": b"# >>> conda >>>\n0 1 * * * conda\n# <<< conda <<<\n",
    "a block of a program with our name in its own": b"# >>> music-sync-er >>>\n0 1 * * * x\n# <<< music-sync-er <<<\n",
    "our words in a comment": b"# my music-sync job >>>\n# <<< music\n",
    "nicknames": b"@reboot /opt/start\n@daily /opt/day\n",
}


@pytest.fixture
def fake(tmp_path: Path) -> FakeCrontab:
    return fake_crontab(tmp_path / "bin")


def put(fake: FakeCrontab, tmp_path: Path, line: bytes = LINE) -> tuple[bytes, bytes]:
    return Crontab(fake.program).edit(lambda content: with_job(content, line), tmp_path / "var")


def take(fake: FakeCrontab, tmp_path: Path) -> tuple[bytes, bytes]:
    return Crontab(fake.program).edit(without_job, tmp_path / "var")


@pytest.mark.parametrize("name", CRONTABS)
def test_setup_twice_then_remove_leaves_every_other_byte_as_it_was(name: str) -> None:
    before = CRONTABS[name]
    whole = before if not before or before.endswith(b"\n") else before + b"\n"

    once = with_job(before, LINE)
    twice = with_job(once, LINE)
    changed = with_job(twice, OTHER_LINE)

    assert once == whole + BLOCK
    assert twice == once
    assert changed == whole + BLOCK.replace(LINE, OTHER_LINE)
    assert without_job(changed) == whole


@pytest.mark.parametrize("name", CRONTABS)
def test_lines_that_came_later_stay_too(name: str) -> None:
    later = CRONTABS[name]
    crontab = THEIRS + BLOCK + later

    assert with_job(crontab, OTHER_LINE) == THEIRS + BLOCK.replace(LINE, OTHER_LINE) + later
    assert without_job(crontab) == THEIRS + later


def test_two_blocks_of_ours_become_one_at_the_place_of_the_first() -> None:
    crontab = BLOCK + THEIRS + BLOCK.replace(LINE, OTHER_LINE) + b"# end\n"

    assert with_job(crontab, OTHER_LINE) == BLOCK.replace(LINE, OTHER_LINE) + THEIRS + b"# end\n"
    assert without_job(crontab) == THEIRS + b"# end\n"


def test_a_block_with_line_ends_of_windows_is_still_ours() -> None:
    crontab = THEIRS + BLOCK.replace(b"\n", b"\r\n")

    assert job_in(crontab) == LINE
    assert with_job(crontab, LINE) == THEIRS + BLOCK
    assert without_job(crontab) == THEIRS


def test_an_emptied_block_is_filled_again() -> None:
    assert with_job(THEIRS + BEGIN + b"\n\n" + END + b"\n", LINE) == THEIRS + BLOCK


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("no end", BEGIN + b"\n" + LINE + b"\n"),
        ("no beginning", LINE + b"\n" + END + b"\n"),
        ("no end", BEGIN + b"\n" + LINE + b"\n" + BLOCK),
        ("no beginning", BLOCK + END + b"\n"),
        ("holds more than the one line", BLOCK.replace(END, b"0 1 * * * theirs\n" + END)),
    ],
)
@pytest.mark.parametrize("change", [lambda content: with_job(content, LINE), without_job, job_in])
def test_a_block_that_is_not_whole_is_refused_with_what_to_do(
    name: str, block: bytes, change: Callable[[bytes], object]
) -> None:
    with pytest.raises(NeedsPerson, match=rf"{name}.*nothing was changed.*crontab -e"):
        change(THEIRS + block + b"0 2 * * * theirs\n")


@pytest.mark.parametrize("name", CRONTABS)
def test_the_crontab_program_gets_and_gives_every_byte(fake: FakeCrontab, tmp_path: Path, name: str) -> None:
    fake.content = CRONTABS[name]

    former, wanted = put(fake, tmp_path)

    assert former == CRONTABS[name]
    assert fake.content == wanted == with_job(CRONTABS[name], LINE)


def test_a_person_without_a_crontab_gets_one_and_has_none_afterwards(fake: FakeCrontab, tmp_path: Path) -> None:
    put(fake, tmp_path)

    assert fake.content == BLOCK

    take(fake, tmp_path)

    assert fake.content is None


@pytest.mark.parametrize(
    "words",
    [
        "no crontab for somebody\n",
        "crontab: no crontab for some.body\n",
        "crontab: can't open 'somebody': No such file or directory\n",
    ],
    ids=["Debian", "macOS", "busybox"],
)
def test_the_crontab_that_is_not_there_is_recognised(tmp_path: Path, words: str) -> None:
    fake = fake_crontab(tmp_path / "bin", absent=words)

    assert Crontab(fake.program).read() == b""


@pytest.mark.parametrize("fault", ["denied", "broken", "silent", "half", "no home"])
def test_a_crontab_that_cannot_be_read_is_never_taken_for_empty(fake: FakeCrontab, tmp_path: Path, fault: str) -> None:
    fake.content = THEIRS
    fake.fails(fault)

    with pytest.raises(EnvironmentFault, match="cannot be read, so nothing was changed"):
        put(fake, tmp_path)

    assert fake.content == THEIRS
    assert fake.calls == ["-l"]
    assert not (tmp_path / "var").exists()


def test_a_program_that_refuses_is_quoted_and_changes_nothing(fake: FakeCrontab, tmp_path: Path) -> None:
    fake.content = THEIRS
    fake.fails("refuse")

    with pytest.raises(EnvironmentFault, match=r"is as it was: .*bad minute; errors in crontab file, can't install"):
        put(fake, tmp_path)

    assert fake.content == THEIRS


def test_a_program_that_keeps_nothing_is_noticed(fake: FakeCrontab, tmp_path: Path) -> None:
    fake.content = THEIRS
    fake.fails("ignore")

    with pytest.raises(EnvironmentFault, match="is as it was"):
        put(fake, tmp_path)


def test_lines_that_got_lost_are_restored(fake: FakeCrontab, tmp_path: Path) -> None:
    fake.content = THEIRS
    fake.fails("lose once")

    with pytest.raises(EnvironmentFault, match="has been restored"):
        put(fake, tmp_path)

    assert fake.content == THEIRS


def test_when_even_restoring_fails_the_backup_is_named(fake: FakeCrontab, tmp_path: Path) -> None:
    fake.content = THEIRS
    fake.fails("lose")

    with pytest.raises(EnvironmentFault, match=r"install (\S+) by hand") as told:
        put(fake, tmp_path)

    named = re.search(r"install (\S+) by hand", str(told.value))
    assert named
    assert Path(named[1]).read_bytes() == THEIRS


def test_the_former_crontab_is_kept_for_its_owner_only(fake: FakeCrontab, tmp_path: Path) -> None:
    fake.content = THEIRS

    put(fake, tmp_path)
    put(fake, tmp_path, OTHER_LINE)

    kept = sorted((tmp_path / "var").iterdir())
    assert [path.read_bytes() for path in kept] == [THEIRS, THEIRS + BLOCK]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_what_is_right_already_is_not_written_again(fake: FakeCrontab, tmp_path: Path) -> None:
    fake.content = THEIRS + BLOCK

    put(fake, tmp_path)

    assert fake.calls == ["-l"]
    assert not (tmp_path / "var").exists()


def test_a_program_that_does_not_answer_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "crontab"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr("music_sync.adapters.crontab._TIMEOUT_S", 0.1)

    with pytest.raises(EnvironmentFault, match="did not answer"):
        Crontab(str(program)).read()


def test_the_program_is_found_on_the_path(fake: FakeCrontab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", fake.path)

    assert find_crontab() == Crontab(fake.program)


def test_lines_of_theirs_that_run_our_script_are_told_by_number() -> None:
    crontab = b"# job.py\n0 1 * * * job.py\n" + BLOCK + b"@daily python job.py\n"

    assert others_naming(crontab, b"job.py") == [2, 6]


ODD = 'it\'s a "b" $HOME `id` ü ジ 100%d %% \\ \\\\ \\% *?[x] ;&|<>(){}!#~ a=b  '


def ran(line: bytes, folder: Path, shell: list[str]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([*shell, "-c", command_of(line)], cwd=folder, capture_output=True, check=False, env={})


SHELLS = [["/bin/sh"], ["dash"], ["bash", "--posix"], ["bash"], ["busybox", "sh"], ["zsh"], ["fish"]]


def shells() -> list[list[str]]:
    return [shell for shell in SHELLS if shutil.which(shell[0])]


@pytest.mark.parametrize("shell", shells(), ids=" ".join)
def test_any_path_survives_cron_and_shell(tmp_path: Path, shell: list[str]) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "out.py").write_text("import sys; print(ascii(sys.argv[1:]))", "utf-8")
    argv = ("/usr/bin/env", "LANG=C.UTF-8", sys.executable, str(folder / "out.py"), ODD, "--cron")
    line = job_line("* * * * *", argv, folder / "a log")

    done = ran(line, tmp_path, shell)

    assert (done.stdout, done.stderr) == (b"", b"")
    assert (folder / "a log").read_text() == ascii([ODD, "--cron"]) + "\n"


def test_cron_finds_no_bare_percent_and_no_pair_of_backslashes() -> None:
    line = job_line("* * * * *", ("/usr/bin/env", ODD, "--cron"), Path("/") / ODD)

    assert re.findall(rb"(?<!\\)%", line) == []
    assert rb"\\" not in line
    assert b"\n" not in line


@pytest.mark.parametrize("shell", shells(), ids=" ".join)
def test_that_there_is_no_interpreter_is_told_to_the_log(tmp_path: Path, shell: list[str]) -> None:
    log = tmp_path / "log"
    line = job_line("* * * * *", ("/usr/bin/env", str(tmp_path / "gone" / "python"), "--cron"), log)

    done = ran(line, tmp_path, shell)

    assert done.returncode == 127
    assert done.stderr == b""
    assert str(tmp_path / "gone" / "python") in log.read_text()


def test_bytes_that_are_no_utf8_stay_those_bytes(tmp_path: Path) -> None:
    line = job_line("* * * * *", ("/usr/bin/env", "--cron"), Path(os.fsdecode(b"/m\xfcsik/log")))

    assert b"/m\xfcsik/log" in line


@pytest.mark.parametrize("path", ["/a\nb", "/a\rb", "/a\tb", "/a\0b", "/a\x7fb"])
def test_a_path_that_no_line_can_hold_is_refused(path: str) -> None:
    with pytest.raises(EnvironmentFault, match="plainer path"):
        job_line("* * * * *", ARGV, Path(path))


def test_a_command_longer_than_cron_takes_is_refused_before_cron_does() -> None:
    fits = Path("/" + "x" * (998 - len(command_of(LINE)) + len(str(LOG)) - 1))
    longer = Path(f"{fits}x")

    assert len(command_of(job_line("* * * * *", ARGV, fits))) == 998
    with pytest.raises(EnvironmentFault, match="too long for a crontab"):
        job_line("* * * * *", ARGV, longer)


def test_a_dry_run_is_asked_for_in_the_right_place() -> None:
    assert dry_run_of(command_of(LINE)) == " ".join([*ARGV, "--dry-run"]).encode()
    assert dry_run_of(b"python3 scripts/job.py >> log 2>&1") == b""


def test_a_line_is_taken_apart_as_cron_does() -> None:
    assert fields_of(LINE) == "0 */6 * * *"
    assert command_of(b"0  0\t* * *  echo 100\\%  x") == b"echo 100%  x"


def shellcheck() -> str:
    found = shutil.which("shellcheck") or shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    if not found:
        pytest.skip("shellcheck is not installed")
    return found


@pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
def test_shellcheck_finds_nothing_in_the_line(shell: str) -> None:
    line = job_line("* * * * *", ("/usr/bin/env", "A=b", "/a b/python", "/it's/100%/job.py", "--cron"), LOG)

    done = subprocess.run(
        [shellcheck(), f"--shell={shell}", "-"], input=command_of(line), capture_output=True, check=False
    )

    assert done.stdout.decode() == ""
    assert done.returncode == 0


@pytest.fixture
def real(tmp_path: Path) -> RealCron:
    try:
        return real_cron(tmp_path)
    except CronMissing as reason:
        pytest.skip(str(reason))


def test_the_real_crontab_keeps_every_byte_too(real: RealCron, tmp_path: Path) -> None:
    program = Crontab(real.program)
    tried = []
    for name, content in CRONTABS.items():
        whole = content if content.endswith(b"\n") else content + b"\n"
        installed = subprocess.run([real.program, "-"], input=whole, capture_output=True, check=False)
        if installed.returncode:
            continue
        tried.append(name)
        before = program.read()

        program.edit(lambda content: with_job(content, LINE), tmp_path / "var")
        with_ours = program.read()
        program.edit(without_job, tmp_path / "var")

        assert with_ours == before + BLOCK, name
        assert program.read() == before, name

    assert len(tried) >= len(CRONTABS) - 4


def test_the_real_crontab_that_is_not_there_is_recognised(real: RealCron, tmp_path: Path) -> None:
    program = Crontab(real.program)

    assert program.read() == b""

    program.edit(lambda content: with_job(content, LINE), tmp_path / "var")
    assert program.read() == BLOCK

    program.edit(without_job, tmp_path / "var")
    assert subprocess.run([real.program, "-l"], capture_output=True, check=False).returncode == 1


def test_the_real_crontab_takes_the_longest_command_that_we_let_pass(real: RealCron, tmp_path: Path) -> None:
    log = Path("/" + "x" * (998 - len(command_of(LINE)) + len(str(LOG)) - 1))
    line = job_line("* * * * *", ARGV, log)

    Crontab(real.program).edit(lambda content: with_job(content, line), tmp_path / "var")

    assert job_in(Crontab(real.program).read()) == line
