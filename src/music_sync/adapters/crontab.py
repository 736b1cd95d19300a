"""The person's crontab: one line of ours between two markers; every other byte of it is theirs and stays.

A crontab is edited as bytes, for it may hold any. `crontab -l` fails where there is no crontab yet, and where it
cannot be read; the second must never be taken for the first, or installing would throw away what stands there.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from os import fsencode
from pathlib import Path

from music_sync.adapters.durable_files import write_whole
from music_sync.model.errors import EnvironmentFault, NeedsPerson

BEGIN = b"# >>> music-sync job: written by `music-sync cron setup`, taken out by `music-sync cron remove` >>>"
END = b"# <<< music-sync job <<<"
LAST_WORD = "--cron"
"""The last argument of our job; a dry run is asked for right behind it."""

_BEGINS = re.compile(rb"\s*# >>> music-sync[ :].*>>>\s*")
_ENDS = re.compile(rb"\s*# <<< music-sync[ :].*<<<\s*")
_NO_CRONTAB = re.compile(
    rb"(?:crontab: )?no crontab for \S+\s*|crontab: can't open '[^\n']+': No such file or directory\s*"
)
_REDIRECT = f" {LAST_WORD} >> ".encode()
# Debian's crontab refuses more.
_LONGEST_COMMAND_BYTES = 998
_DAEMONS = frozenset({"cron", "crond", "fcron", "busybox"})
# macOS asks the person before it lets a program touch a crontab, and waits.
_TIMEOUT_S = 120


def job_line(schedule: str, argv: Sequence[str], log: Path) -> bytes:
    """The line that runs `argv`, which ends with LAST_WORD, at the moments of five cron fields.

    Everything it says goes to `log`, also that there is no such interpreter. It is read by any shell, and by cron,
    which takes a bare % for the end of the command. Raises EnvironmentFault for paths that no crontab can hold.
    """
    command = b" ".join(map(_quoted, argv)) + b" >> " + _quoted(str(log)) + b" 2>&1"
    if len(command) > _LONGEST_COMMAND_BYTES:
        raise EnvironmentFault(
            f"The paths of this job are too long for a crontab ({len(command)} of {_LONGEST_COMMAND_BYTES} bytes);"
            " move Music Sync to a shorter path, or use `music-sync cron setup --systemd`"
        )
    return schedule.encode() + b" " + command


def fields_of(line: bytes) -> str:
    """The five fields of a crontab line, or of one that a `#` puts to sleep what is left of them."""
    return " ".join(word.decode("ascii", "replace") for word in line.split()[:5])


def command_of(line: bytes) -> bytes:
    r"""What cron gives to the shell for a line of ours: the rest behind the five fields, each `\%` as a bare %."""
    words = line.split(None, 5)
    return words[5].replace(rb"\%", b"%") if len(words) > 5 else b""


def dry_run_of(command: bytes) -> bytes:
    """The same command as a dry run that speaks to us and not to the log; empty when it is no command of ours."""
    start, sign, _ = command.rpartition(_REDIRECT)
    return start + f" {LAST_WORD} --dry-run".encode() if sign else b""


def job_in(crontab: bytes) -> bytes | None:
    """Our line; None without one. Raises NeedsPerson for a block that is not whole."""
    lines = _lines(crontab)
    inside = [line.strip() for first, last in list(_blocks(lines)) for line in lines[first + 1 : last]]
    return next(filter(None, inside), None)


def with_job(crontab: bytes, line: bytes) -> bytes:
    """The crontab with our line in its block, which stays at its place; a second block of ours goes."""
    lines = _lines(crontab)
    ours = [BEGIN + b"\n", line + b"\n", END + b"\n"]
    blocks = list(_blocks(lines))
    if not blocks:
        # Without it, cron refuses the crontab as a whole.
        final = b"" if not crontab or crontab.endswith(b"\n") else b"\n"
        return crontab + final + b"".join(ours)
    for first, last in reversed(blocks[1:]):
        del lines[first : last + 1]
    first, last = blocks[0]
    lines[first : last + 1] = ours
    return b"".join(lines)


def without_job(crontab: bytes) -> bytes:
    """The crontab without our block."""
    lines = _lines(crontab)
    for first, last in reversed(list(_blocks(lines))):
        del lines[first : last + 1]
    return b"".join(lines)


def others_naming(crontab: bytes, word: bytes) -> list[int]:
    """The numbers, from 1, of lines outside our block that run something of that name too."""
    lines = _lines(crontab)
    inside = {number for first, last in _blocks(lines) for number in range(first, last + 1)}
    return [
        number + 1
        for number, line in enumerate(lines)
        if number not in inside and word in line and not line.lstrip().startswith(b"#")
    ]


@dataclass(frozen=True)
class Crontab:
    """The crontab of whoever runs this, by way of the machine's `crontab` program."""

    program: str

    def read(self) -> bytes:
        """All of it, empty when there is none; raises EnvironmentFault when that cannot be known for sure."""
        done = self._run("-l")
        if done.returncode == 0:
            return done.stdout
        if not done.stdout and _NO_CRONTAB.fullmatch(done.stderr):
            return b""
        raise EnvironmentFault(
            f"The crontab cannot be read, so nothing was changed: {_said(done)};"
            " mend that until `crontab -l` shows it, then try again"
        )

    def edit(self, change: Callable[[bytes], bytes], backups: Path) -> tuple[bytes, bytes]:
        """Replace it by what `change` makes of it, and return what stood and what stands there now.

        What stood there is kept in the folder `backups` first. What is installed is read back: when it is not what
        was wanted, the former one is installed again and EnvironmentFault raised.
        """
        former = self.read()
        wanted = change(former)
        if wanted == former:
            return former, former
        backup = _kept(former, backups)
        fault = self._install(wanted)
        if fault or self.read() != wanted:
            self._restore(former, fault or "what stood in it afterwards was not what was written", backup)
        return former, wanted

    def _restore(self, former: bytes, why: str, backup: Path) -> None:
        if self.read() == former:
            raise EnvironmentFault(
                f"The crontab would not take the job and is as it was: {why}; mend that, then try again"
            )
        again = self._install(former)
        if again or self.read() != former:
            raise EnvironmentFault(
                f"The crontab was changed and could not be restored: {why}; install {backup} by hand"
            )
        raise EnvironmentFault(f"The crontab was changed in another way than wanted and has been restored: {why}")

    def _install(self, content: bytes) -> str:
        """Say what went wrong, empty for nothing."""
        # An empty one is taken away: the person had none before we came.
        done = self._run("-", feed=content) if content else self._run("-r")
        gone = not content and _NO_CRONTAB.fullmatch(done.stderr)
        return "" if done.returncode == 0 or gone else _said(done)

    def _run(self, argument: str, feed: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        # In plain C, so that what it says of a missing crontab is known.
        command = ["/usr/bin/env", "LC_ALL=C", self.program, argument]
        try:
            return subprocess.run(command, input=feed, capture_output=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise EnvironmentFault(
                f"`crontab {argument}` did not answer within {_TIMEOUT_S} s; try it by hand, it may ask for a permission"
            ) from None


def find_crontab() -> Crontab | None:
    """The machine's crontab program; None when it has none."""
    program = shutil.which("crontab")
    return Crontab(program) if program else None


def daemon_seems_to_run() -> bool:
    """Is anything there to start the job? Yes, too, where this cannot be seen (macOS, hidden processes)."""
    if not Path("/proc/1/comm").exists():
        return True
    for process in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            if process.read_text("utf-8", "replace").strip() in _DAEMONS:
                return True
    return False


def _quoted(argument: str) -> bytes:
    r"""One argument for shell and cron: no % and no backslash pair is left to cron, whose kinds differ over `\\`."""
    if any(mark < " " or mark == "\x7f" for mark in argument):
        raise EnvironmentFault(f"{argument!r} holds a line break or control character; move it to a plainer path")
    parts = re.findall(r"%|\\|[^%\\]+", argument)
    return fsencode("".join({"%": r"\%", "\\": r"'\'"}.get(part) or shlex.quote(part) for part in parts))


def _lines(crontab: bytes) -> list[bytes]:
    """Cut behind each line feed and nowhere else; carriage returns are bytes like others."""
    return re.findall(rb"[^\n]*\n|[^\n]+", crontab)


def _blocks(lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """First and last line of each block of ours, from 0; raises NeedsPerson when one is not whole."""
    begun: int | None = None
    for number, line in enumerate(lines):
        if _BEGINS.fullmatch(line):
            if begun is not None:
                raise _half(begun, "has no end")
            begun = number
        elif _ENDS.fullmatch(line):
            if begun is None:
                raise _half(number, "has no beginning")
            if sum(bool(inside.strip()) for inside in lines[begun + 1 : number]) > 1:
                raise _half(begun, "holds more than the one line it is for")
            yield begun, number
            begun = None
    if begun is not None:
        raise _half(begun, "has no end")


def _half(number: int, what: str) -> NeedsPerson:
    return NeedsPerson(
        f"The block of music-sync at line {number + 1} of your crontab {what}, so nothing was changed;"
        " run `crontab -e`, delete its `# >>> music-sync` and `# <<< music-sync` lines and the job, keep what is yours,"
        " then `music-sync cron setup`"
    )


def _kept(crontab: bytes, folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    backup = folder / f"crontab-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    write_whole(backup, crontab)
    return backup


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode("utf-8", "backslashreplace").split("\n")
    words = " ".join("; ".join(line.strip() for line in lines if line.strip()).split())
    return words[:200] or f"`crontab` ended with {done.returncode} and said nothing"
