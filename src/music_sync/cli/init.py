"""`init`: five questions, a commented settings file, and a look at whether all is well."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from music_sync.adapters.durable_files import write_whole
from music_sync.cli import asking, show
from music_sync.model.errors import BadSetting
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.settings import EXTRACTORS, FILE_NAME, FILE_ONLY, SECRETS, Settings, load, variable
from music_sync.triggers.schedule import in_words, parse_schedule

MOST_COUNTED = 100_000


@dataclass(frozen=True)
class Question:
    """One question; `read` turns an answer into settings and raises BadSetting for one that cannot be."""

    words: str
    now: str
    """What an empty answer stands for."""
    read: Callable[[str], Mapping[str, Any]]
    told: tuple[str, ...] = ()
    """Lines before it."""


@click.command()
@click.option("-y", "--yes", is_flag=True, help="Ask nothing, take what is set already or the defaults.")
@click.option("-n", "--dry-run", is_flag=True, help="Print the settings file and write nothing.")
@click.pass_context
def init(ctx: click.Context, *, yes: bool, dry_run: bool) -> int:
    """Write first settings: where the library is, what feeds it, how tracks may be had, when, and where you are told.

    What is set already is offered as the answer; a former file is kept beside the new one.
    """
    settings = load().settings
    chosen = _from_file(settings)
    for number, question in enumerate(_questions(settings), 1):
        chosen |= _answered(question, number, ask=not yes)
    text = settings_file(chosen, settings)
    if dry_run or (ctx.obj or {}).get("dry_run"):
        click.echo(text, nl=False)
        return 0
    _write(settings.home / FILE_NAME, text)
    return _look()


def _questions(settings: Settings) -> list[Question]:
    schedule = f"{settings.interval / 3600:g}"
    extractors = ",".join(settings.extractors)
    return [
        Question(
            "Where is your library, or should it be?", str(settings.library), _library, _found_in(settings.library)
        ),
        Question(
            "What should feed it, in this order?",
            ",".join(settings.sources),
            lambda text: {"sources": _words(text)},
            ("A source that nobody connected is passed over; `music-sync connect` signs in later.",),
        ),
        Question(
            f"Sites whose pages yt-dlp may fetch from ({', '.join(EXTRACTORS)}, or none)?",
            extractors or "none",
            lambda text: {"extractors": _words(text)},
            (
                "Always: what you own, what an artist offers, links to files. What no allowed way brings goes on a buy list.",
                "Sites forbid or limit downloads in their terms; switching one on is your own decision.",
            ),
        ),
        Question("Every how many hours?", schedule, _hours),
        Question(
            "Where to tell you of failures and new tracks (an Apprise address such as ntfy://my-topic, or none)?",
            "as it is set" if settings.notices else "none",
            _notices,
        ),
    ]


def _answered(question: Question, number: int, *, ask: bool) -> dict[str, Any]:
    """The settings that an answer means; one that cannot be is asked for again at a terminal."""
    if not ask:
        return dict(question.read(question.now))
    for line in question.told:
        click.echo(f"      {line}", err=True)
    while True:
        said = asking.line(f"  {number}/5 {question.words} [{question.now}]")
        try:
            given = dict(question.read(said or question.now))
            Settings.model_validate({**_places(), **given})
        except (BadSetting, ValueError) as error:
            if said is None or not asking.person_is_there():
                raise BadSetting(f"{question.words} {said!r} cannot be ({_first(error)}); answer again") from None
            click.echo(f"      {_first(error)}", err=True)
        else:
            return given


def _first(error: Exception) -> str:
    text = str(error).splitlines()
    told = [line.strip().removeprefix("Value error, ").partition(" [type=")[0] for line in text]
    return told[2] if len(told) > 2 else told[0]


def _places() -> dict[str, str]:
    """Settings that have no default of their own."""
    return dict.fromkeys(("home", "library", "drop", "agents"), str(Path.cwd()))


# What an answer means


def _library(text: str) -> dict[str, Any]:
    return {"library": str(Path(text).expanduser().absolute())}


def _words(text: str) -> list[str]:
    return [] if text == "none" else [word.strip() for word in text.split(",") if word.strip()]


def _hours(text: str) -> dict[str, Any]:
    try:
        hours = float(text)
    except ValueError:
        raise BadSetting(f"{text!r} is no number of hours") from None
    if not 1 / 60 <= hours <= 24 * 366:
        raise BadSetting("at least a minute (0.02), at most a year")
    schedule = f"0 */{hours:g} * * *" if hours in {1, 2, 3, 4, 6, 8, 12} else ""
    return {"interval": round(hours * 3600), **({"schedule": schedule} if schedule else {})}


def _notices(text: str) -> dict[str, Any]:
    if text in {"none", "as it is set"}:
        return {}
    from music_sync.adapters.notices_apprise import ApprisePlace, addresses

    for address in addresses(text):
        ApprisePlace(address).check()
    return {"notices": text}


def _found_in(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return ()
    count = 0
    for _, _, names in os.walk(folder):
        count += sum(name.rpartition(".")[2].lower() in AUDIO_ENDINGS for name in names)
        if count >= MOST_COUNTED:
            break
    return (f"{folder} holds {count} audio files; they are never changed, only added to.",) if count else ()


# The file


def _from_file(settings: Settings) -> dict[str, Any]:
    """What stands in the settings file already."""
    import tomllib

    file = settings.home / FILE_NAME
    return tomllib.loads(file.read_text("utf-8-sig")) if file.exists() else {}


def settings_file(chosen: Mapping[str, Any], settings: Settings) -> str:
    """Every setting with what it means; those that were chosen count, the others show their default."""
    lines = [
        f"# Settings of Music Sync, written by `music-sync init` on {datetime.now(UTC):%Y-%m-%d}.",
        "# Take away the `# ` before a setting to change it; an environment variable wins over this file.",
        "# This file may hold secrets, so only you can read it.",
        "",
    ]
    tables: list[str] = []
    for name, about in Settings.model_fields.items():
        if name == "home":
            continue
        text = _toml(chosen[name]) if name in chosen else None
        if text is None and isinstance(chosen.get(name), dict | list):
            tables += _table(name, chosen[name])
            continue
        lines.append(f"# {about.description} ({variable(name)})")
        if name in FILE_ONLY:
            lines.append("")
            continue
        lines += [f"{name} = {text}" if text is not None else f"# {name} = {_default(name, settings)}", ""]
    return "\n".join([*lines, *tables]).rstrip() + "\n"


def _table(name: str, value: Any) -> list[str]:
    """A table, or a list of tables, as it was."""
    if isinstance(value, dict):
        return [f"[{name}]", *(f"{_key(key)} = {_toml(each)}" for key, each in value.items()), ""]
    return [
        line
        for table in value
        for line in (f"[[{name}]]", *(f"{_key(key)} = {_toml(each)}" for key, each in table.items()), "")
    ]


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str | None:
    """A value as TOML writes it; None for a table. A basic string of TOML is one of JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict) or any(isinstance(each, dict) for each in value):
        return None
    return f"[{', '.join(str(_toml(each)) for each in value)}]"


def _default(name: str, settings: Settings) -> str:
    """What holds without the setting; of a secret nothing is told."""
    value = "" if name in SECRETS else getattr(settings, name)
    value = str(value) if isinstance(value, Path) else value
    value = [str(each) for each in value] if isinstance(value, tuple) else value
    return _toml(value if value is not None else "") or '""'


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.exists():
        before = file.with_name(f"{file.name}.before")
        write_whole(before, file.read_bytes())
        click.echo(f"the former file is kept as {before}")
    write_whole(file, text.encode())
    click.echo(f"wrote {file}")


def _look() -> int:
    """Run doctor, and say what to type next."""
    from music_sync.cli.checks import all_checks

    loaded = load()
    settings = loaded.settings
    click.echo(f"syncs {in_words(parse_schedule(settings.schedule))} once you run `music-sync cron setup`")
    found = [check for check in all_checks() if not check.ok]
    for check in found:
        click.echo(
            f"{show.coloured('✗', 'red')} {show.clean(check.message)}" + (f"; {check.mend}" if check.mend else "")
        )
    if not found:
        click.echo(f"{show.coloured('✓', 'green')} doctor finds nothing to mend")
    _tell_next(settings, settings.sources)
    return 0


def _tell_next(settings: Settings, sources: Sequence[str]) -> None:
    if "folder" in {word.partition(":")[0] for word in sources}:
        click.echo(f"put files into {settings.drop}, or sign in with `music-sync connect`")
    if settings.notices:
        click.echo("`music-sync notices test` sends a test")
    click.echo("next: `music-sync plan` says what a sync would do")
