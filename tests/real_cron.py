"""This machine's own cron with a spool that nobody else sees; the real crontabs are never touched."""

import os
import shutil
import subprocess
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
    """`crontab` and `cron` of this machine, in a folder to put in front of PATH."""

    folder: Path

    @property
    def program(self) -> str:
        return str(self.folder / "crontab")

    @property
    def daemon(self) -> str:
        return str(self.folder / "cron")

    @property
    def path(self) -> str:
        return os.pathsep.join([str(self.folder), os.environ["PATH"]])


def real_cron(folder: Path) -> RealCron:
    """Make the private spool and the two programs; raises CronMissing."""
    crontab, cron = (shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") for name in ("crontab", "cron"))
    if not crontab or not cron or not SPOOL.is_dir():
        raise CronMissing("Debian's cron is not installed")
    if os.getuid() != 0:
        raise CronMissing("only root can give cron a spool of its own")
    spool = folder / "spool"
    (spool / "crontabs").mkdir(parents=True)
    (spool / "empty").mkdir()
    shutil.copystat(SPOOL / "crontabs", spool / "crontabs")
    shutil.chown(spool / "crontabs", "root", (SPOOL / "crontabs").stat().st_gid)
    for path in (crontab, cron):
        wrapper = folder / Path(path).name
        wrapper.write_text(WRAPPER.replace("SPOOL_FOLDER", f"'{spool}'").replace("PROGRAM", path))
        wrapper.chmod(0o755)
    tried = subprocess.run([folder / "crontab", "-l"], capture_output=True, text=True, check=False)
    if not tried.stderr.startswith("no crontab for"):
        raise CronMissing(f"no mount namespace can be made here: {tried.stderr.strip()}")
    return RealCron(folder)
