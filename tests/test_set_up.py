"""Setting up: what `make` does once, and what it does not do again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent

SETS_UP = """\
#!/bin/sh
mkdir -p .venv/bin
printf '#!/bin/sh\\n' > .venv/bin/python
chmod +x .venv/bin/python
pwd -P > .venv/.place
touch ".venv/.ready-$1"
echo "set up $1"
"""
"""Stands in for scripts/set_up.sh, which needs a package index: it leaves the same traces and says so."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a check out"
    (folder / "scripts").mkdir(parents=True)
    shutil.copytree(HERE / "requirements", folder / "requirements")
    shutil.copy(HERE / "Makefile", folder)
    shutil.copy(HERE / "pyproject.toml", folder)
    script = folder / "scripts" / "set_up.sh"
    script.write_text(SETS_UP)
    script.chmod(0o755)
    for path in (*folder.rglob("*.*"), folder / "Makefile"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    return folder


def make_setup(checkout: Path) -> str:
    """What `make setup` prints, but for its last line."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "setup"], cwd=checkout, capture_output=True, text=True, check=True, env=plain)
    return done.stdout.replace("Music Sync is set up: .venv/bin/music-sync --help\n", "")


def test_the_second_time_nothing_is_set_up(checkout: Path) -> None:
    first, second = make_setup(checkout), make_setup(checkout)

    assert first == "set up run\n"
    assert second == ""


@pytest.mark.parametrize("name", ["requirements/run.txt", "requirements/setup.txt", "pyproject.toml"])
def test_changed_requirements_are_set_up_again(checkout: Path, name: str) -> None:
    make_setup(checkout)
    later = (checkout / ".venv" / ".ready-run").stat().st_mtime + 5
    os.utime(checkout / name, (later, later))

    assert make_setup(checkout) == "set up run\n"


def test_a_moved_checkout_is_set_up_again(checkout: Path, tmp_path: Path) -> None:
    make_setup(checkout)

    assert make_setup(checkout.rename(tmp_path / "moved")) == "set up run\n"


def test_a_venv_whose_python_is_gone_is_set_up_again(checkout: Path) -> None:
    make_setup(checkout)
    (checkout / ".venv" / "bin" / "python").unlink()

    assert make_setup(checkout) == "set up run\n"


def set_up(checkout: Path, *arguments: str, python: Path) -> subprocess.CompletedProcess[str]:
    shutil.copy(HERE / "scripts" / "set_up.sh", checkout / "scripts")
    return subprocess.run(
        ["sh", "scripts/set_up.sh", *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_unfit_python_is_refused_in_one_line_before_anything_is_made(checkout: Path, tmp_path: Path) -> None:
    unfit = tmp_path / "old python"
    unfit.write_text("#!/bin/sh\nexit 1\n")
    unfit.chmod(0o755)

    done = set_up(checkout, "run", python=unfit)

    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert str(unfit) in done.stderr
    assert not (checkout / ".venv").exists()


def test_an_unknown_set_is_a_usage_error(checkout: Path) -> None:
    done = set_up(checkout, "everything", python=Path("python3"))

    assert done.returncode == 2
    assert done.stderr == "usage: scripts/set_up.sh run|test|check|bench\n"
