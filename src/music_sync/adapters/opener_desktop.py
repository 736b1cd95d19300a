"""Opens a file or a link with the program that this desktop has for it."""

import shutil
import subprocess
import sys
from pathlib import Path


def opener() -> str:
    """The platform's own opener, as an absolute path; empty where there is none."""
    return shutil.which("open" if sys.platform == "darwin" else "xdg-open") or ""


def open_place(program: str, place: Path | str) -> bool:
    """Hand over a file that is there, or a link of the web; says whether it was taken."""
    if isinstance(place, str) and not place.startswith(("https://", "http://")):
        return False
    # An absolute path or a link begins with no dash, so it is no option to the opener.
    given = str(place.absolute()) if isinstance(place, Path) else place
    done = subprocess.run(  # noqa: S603 - the program is the platform's, the place is one argument
        [program, given], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0
