"""A written `crontab` program: keeps one file, refuses what Debian's refuses, and fails in the way a test chooses."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = """\
#!{python} -IS
import sys
from pathlib import Path

folder = Path({folder!r})
tab, fault = folder / "tab", (folder / "fault").read_text()
argument = sys.argv[1]
with (folder / "calls").open("a") as calls:
    calls.write(argument + "\\n")


def fail(words):
    sys.stderr.write(words)
    sys.exit(1)


if argument == "-l":
    if fault == "denied":
        fail("You (somebody) are not allowed to use this program (crontab)\\nSee crontab(1) for more information\\n")
    if fault == "broken":
        fail("crontabs/somebody: Input/output error\\n")
    if fault == "silent":
        fail("")
    if fault == "half":
        sys.stdout.write("0 1 * * * theirs\\n")
        sys.stdout.flush()
        fail("no crontab for somebody\\n")
    if fault == "no home":
        fail("no crontab for somebody can be read: the disk is away\\n")
    if not tab.exists():
        fail({absent!r})
    sys.stdout.buffer.write(tab.read_bytes())
elif argument == "-r":
    if not tab.exists():
        fail({absent!r})
    tab.unlink()
else:
    content = sys.stdin.buffer.read()
    if fault == "refuse":
        fail('"-":1: bad minute\\nerrors in crontab file, can\\'t install.\\n')
    if content and not content.endswith(b"\\n"):
        fail("new crontab file is missing newline before EOF, can't install.\\n")
    for number, line in enumerate(content.split(b"\\n"), 1):
        if not line.lstrip().startswith(b"#") and len((line.split(None, 5) + [b""] * 6)[5]) > 998:
            fail(f'"-":{{number}}: command too long\\nerrors in crontab file, can\\'t install.\\n')
    if fault == "lose once":
        (folder / "fault").write_text("")
        content = b"".join(content.splitlines(keepends=True)[-1:])
    if fault == "lose":
        content = b"".join(content.splitlines(keepends=True)[-1:])
    if fault != "ignore":
        tab.write_bytes(content)
"""


@dataclass
class FakeCrontab:
    """The folder of such a program; put it in front of PATH."""

    folder: Path

    @property
    def program(self) -> str:
        return str(self.folder / "crontab")

    @property
    def content(self) -> bytes | None:
        tab = self.folder / "tab"
        return tab.read_bytes() if tab.exists() else None

    @content.setter
    def content(self, content: bytes) -> None:
        (self.folder / "tab").write_bytes(content)

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().split() if log.exists() else []

    def fails(self, fault: str) -> None:
        """From now on: denied, broken, silent, half, `no home` (for -l); refuse, ignore, lose, `lose once` (for -)."""
        (self.folder / "fault").write_text(fault)

    @property
    def path(self) -> str:
        """A PATH with it in front."""
        return os.pathsep.join([str(self.folder), os.environ["PATH"]])


def fake_crontab(folder: Path, absent: str = "no crontab for somebody\n") -> FakeCrontab:
    """Write the program into a new folder; `absent` is what it says where there is no crontab."""
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder), absent=absent))
    program.chmod(0o755)
    fake = FakeCrontab(folder)
    fake.fails("")
    return fake
