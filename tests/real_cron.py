"""This machine's own cron with a spool that nobody else sees; the real crontabs are never touched."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SPOOL = Path("/var/spool/cron")

# In a mount namespace of its own, so that all this ends with the process.
WRAPPER = """\
#!/bin/sh
exec unshare -m --propagation private /bin/sh -c '
spool=$1
shift
mount --bind "$spool" /var/spool/cron || exit 99
if [ "${1##*/}" = cron ]; then
    mount --bind "$spool/empty" /etc/cron.d && mount --bind /dev/null /etc/crontab && mount -t tmpfs none /run || exit 99
fi
exec "$@"' sh SPOOL_FOLDER PROGRAM "$@"
"""


class CronMissing(Exception):
    """There is no real cron to test with; the message says why."""


@dataclass(frozen=True)
class RealCron:
    """`crontab` and `cron` to be used; the folder of `crontab` goes in front of PATH."""

    program: str
    daemon: str

    @property
    def path(self) -> str:
        return os.pathsep.join([str(Path(self.program).parent), os.environ["PATH"]])


def real_cron(folder: Path) -> RealCron:
    """Make the private spool and the two programs; raises CronMissing."""
    programs = _programs()
    spool = folder / "spool"
    (spool / "crontabs").mkdir(parents=True)
    (spool / "empty").mkdir()
    shutil.copystat(SPOOL / "crontabs", spool / "crontabs")
    shutil.chown(spool / "crontabs", "root", (SPOOL / "crontabs").stat().st_gid)
    wrappers = [folder / Path(path).name for path in programs]
    for path, wrapper in zip(programs, wrappers, strict=True):
        wrapper.write_text(WRAPPER.replace("SPOOL_FOLDER", f"'{spool}'").replace("PROGRAM", path))
        wrapper.chmod(0o755)
    _must_have_none(str(wrappers[0]))
    return RealCron(str(wrappers[0]), str(wrappers[1]))


@contextmanager
def real_or_systems_cron(folder: Path) -> Iterator[RealCron]:
    """As `real_cron`; where a container forbids that and CI runs, the idle cron of the system with no crontab in it."""
    try:
        yield real_cron(folder)
        return
    except CronMissing as reason:
        programs = _programs()
        if not os.environ.get("CI") or _is_running("cron"):
            raise CronMissing(str(reason)) from None
    _must_have_none(programs[0])
    try:
        yield RealCron(*programs)
    finally:
        subprocess.run([programs[0], "-r"], check=False, capture_output=True)


def _programs() -> tuple[str, str]:
    crontab, cron = (shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") for name in ("crontab", "cron"))
    if not crontab or not cron or not (SPOOL / "crontabs").is_dir():
        raise CronMissing("Debian's cron is not installed")
    if os.getuid() != 0:
        raise CronMissing("only root can give cron a spool of its own")
    return crontab, cron


def _must_have_none(crontab: str) -> None:
    tried = subprocess.run([crontab, "-l"], capture_output=True, text=True, check=False)
    if not tried.stderr.startswith("no crontab for"):
        raise CronMissing(f"cron cannot be tried out here: {tried.stderr.strip() or 'there is a crontab already'}")


def _is_running(name: str) -> bool:
    found = []
    for process in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            found.append(process.read_text().strip())
    return name in found
