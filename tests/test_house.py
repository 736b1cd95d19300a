"""The order of the house: what a newcomer relies on and what no other check sees."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from music_sync.cli import COMMANDS

HERE = Path(__file__).resolve().parent.parent
REQUIREMENTS = sorted((HERE / "requirements").glob("*.txt"))
UNTELLING = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "service", "base", "core", "misc"}

# Spelled in parts, so that this file does not hold what it looks for.
FOREIGN = {
    "the host of a package index": re.compile(
        r"pypi\." r"org|python" r"hosted|registry\.npm" r"js|deb\.deb" r"ian\.org|security\.deb" r"ian\.org"
    ),
    "a folder of one machine": re.compile(r"(?<![\w.*-])/(?:wo" r"rk|ro" r"ot)/\w"),
    "somebody's home folder": re.compile(r"(?<![\w.*/-])/(?:Us" r"ers|ho" r"me)/(?!someone\b|you\b)[a-z]\w+/"),
}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git keeps or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HERE,
        capture_output=True,
        check=True,
        text=True,
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := HERE / name).is_file())


def pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def project() -> dict[str, Any]:
    return tomllib.loads(text_of(HERE / "pyproject.toml"))


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what: str) -> None:
    hits = [
        f"{path.relative_to(HERE)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if FOREIGN[what].search(line)
    ]

    assert hits == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(HERE)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(<?([^)>\s]+)>?[^)]*\)|(?:src|href)=\"([^\"]+)\"", without_code(text_of(page)))
    local = [target for pair in targets for target in pair if target and not re.match(r"[a-z]+:", target)]

    assert [target for target in local if not leads_somewhere(page, target)] == []


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, anchor = unquote(target).partition("#")
    there = (page.parent / name).resolve() if name else page
    return there.exists() and (not anchor or there.suffix != ".md" or anchor in anchors(there))


def anchors(page: Path) -> set[str]:
    """The anchors that headings get when the page is shown as HTML."""
    headings = re.findall(r"^#+ +(.+?) *#*$", without_code(text_of(page), inline=False), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str, *, inline: bool = True) -> str:
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text) if inline else text


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_locked_by_hash(path: Path) -> None:
    logical = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()

    assert logical
    for line in logical:
        assert re.match(r"[a-z0-9._-]+==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_no_requirements_file_names_an_index(path: Path) -> None:
    assert not re.search(r"://|--(?:extra-)?index|--find-links", path.read_text(encoding="utf-8"))


def test_every_set_that_make_installs_has_its_requirements() -> None:
    sets = re.search(r"^SETS := (.+)$", makefile(), flags=re.MULTILINE)

    assert sets
    assert {path.stem for path in REQUIREMENTS} == {"setup", *sets[1].split()}


def test_the_sets_agree_on_every_version() -> None:
    """Sets are installed over each other, so that `make run` after `make check` must change nothing."""
    versions: dict[str, set[str]] = {}
    for path in REQUIREMENTS:
        for pin, marker in re.findall(r"^(\S+==\S+) ?(;[^\\]*)?", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            name, _, version = pin.partition("==")
            versions.setdefault(f"{name} {marker.strip()}", set()).add(version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_every_direct_dependency_is_locked() -> None:
    wanted = {"run": project()["project"]["dependencies"], **project()["dependency-groups"]}

    for name, dependencies in wanted.items():
        locked = set(re.findall(r"^([a-z0-9._-]+)==", text_of(HERE / "requirements" / f"{name}.txt"), re.MULTILINE))
        direct = {re.split(r"[^A-Za-z0-9._-]", dependency)[0].lower() for dependency in dependencies}
        assert direct <= locked, name


def makefile() -> str:
    return (HERE / "Makefile").read_text(encoding="utf-8")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile(), flags=re.MULTILINE))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(HERE)))
def test_every_make_command_of_a_page_exists(page: Path) -> None:
    named = set(re.findall(r"(?:^ *|`)make ([a-z][a-z-]*)", text_of(page), flags=re.MULTILINE))

    assert named <= targets()


def test_the_readme_names_every_command_and_no_other() -> None:
    """P63: the documents are tested too."""
    named = set(re.findall(r"`music-sync ([a-z]+(?:-[a-z]+)*)", text_of(HERE / "README.md")))

    assert named == set(COMMANDS)


def test_the_readme_shows_how_to_run_and_to_test() -> None:
    readme = text_of(HERE / "README.md")

    assert "make run" in readme
    assert "make test" in readme


def test_no_target_of_make_is_hidden_by_a_file_of_its_name() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", makefile(), flags=re.MULTILINE)

    assert phony
    assert targets() <= set(phony[1].split())


def test_ci_runs_what_a_desk_runs() -> None:
    assert re.search(r"^exec make check\b", text_of(HERE / ".ci" / "run"), flags=re.MULTILINE)


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    assert "\n## [Unreleased]\n" in text_of(HERE / "CHANGELOG.md")


def test_the_licence_is_the_one_that_is_declared() -> None:
    head = " ".join(text_of(HERE / "LICENSE").split()[:9])

    assert head == "GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007"
    assert project()["project"]["license"] == "GPL-3.0-or-later"


def test_the_layers_are_exhaustive() -> None:
    contracts = project()["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    named = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    present = {path.stem for path in (HERE / "src" / "music_sync").iterdir() if path.suffix == ".py" or path.is_dir()}

    assert layers["exhaustive"] is True
    assert present - {"__init__", "__pycache__"} <= named


def test_every_module_is_named_for_what_it_holds() -> None:
    modules = [path.relative_to(HERE) for path in tracked() if path.suffix == ".py"]

    assert [str(path) for path in modules if UNTELLING & {*path.parts, path.stem, *path.stem.split("_")}] == []


def test_the_architecture_page_shows_every_room() -> None:
    page = text_of(HERE / "docs" / "architecture.md")
    rooms = [path.name for path in (HERE / "src" / "music_sync").iterdir() if (path / "__init__.py").is_file()]

    assert [room for room in rooms if f"{room}/" not in page] == []
