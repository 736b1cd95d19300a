"""`demo`: the whole pipeline offline on synthesised music, with the proof that it did what it should."""

import shlex
import signal
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from music_sync import __version__
from music_sync.cli import show
from music_sync.model.happenings import Happening, Tell
from music_sync.settings import cache_folder, load, wants_no_colour

if TYPE_CHECKING:
    from music_sync.demo.story import Outcome
    from music_sync.demo.verdict import Evidence, Row


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Play in this new or empty folder instead of the cache."
)
@click.option(
    "--remove", "wants_removal", is_flag=True, help="Remove what an earlier demo left behind, and nothing else."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def demo(*, folder: Path | None, wants_removal: bool, as_json: bool) -> int:
    """Run the whole pipeline offline on synthesised music of known tempo and key, kill it midway, and prove the result.

    No account, no network, and nothing of yours is touched. A second time it shows that nothing is new.
    """
    place = (folder or cache_folder() / f"demo-{__version__}").absolute()
    if wants_removal:
        return _removed(place)
    if not as_json:
        click.echo(f"Music Sync {__version__}: the whole pipeline on synthesised music; no account, no network")
        click.echo(f"sandbox: {_short(place)}")
    began = time.monotonic()
    outcome = _played(place)
    took_s = time.monotonic() - began
    if as_json:
        show.as_json(_shape(outcome, place, took_s))
    else:
        _print(outcome, took_s, again=_typed("demo", folder))
    return 1 if outcome.problems else 0


def _removed(place: Path) -> int:
    from music_sync.demo import sandbox

    was_there = sandbox.remove(place)
    click.echo(f"removed {_short(place)}" if was_there else f"there is no demo in {_short(place)}")
    return 0


def _played(place: Path) -> "Outcome":
    signal.signal(signal.SIGTERM, _leave)
    with _progress() as tell:
        from music_sync.demo import sandbox, story

        try:
            with sandbox.opened(place) as opened:
                return story.play(opened, tell)
        except KeyboardInterrupt:
            tell(Happening("", "", "", "told", text="stopped, worker and server are ended; the next demo begins anew"))
            raise


def _leave(number: int, _frame: object) -> NoReturn:
    # Leaving by an exception ends the worker and the server on the way out.
    sys.exit(128 + number)


# While it plays


@contextmanager
def _progress() -> Iterator[Tell]:
    """One bar on a terminal; a plain line for what ended elsewhere. All of it on standard error."""
    if not show.is_live():
        yield _plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True, highlight=False, markup=False)
    columns = (
        TextColumn("{task.fields[stage]:<11}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as drawn:
        bar = drawn.add_task("", total=1.0, stage="")

        def tell(happening: Happening) -> None:
            if happening.kind == "told":
                drawn.console.print(show.clean(happening.text))
            else:
                drawn.update(bar, completed=happening.fraction, stage=happening.stage, description=happening.label)

        yield tell


def _plain(happening: Happening) -> None:
    if happening.kind == "told":
        click.echo(show.clean(happening.text), err=True)
    elif happening.kind == "ended":
        click.echo(f"{happening.text}: {show.clean(happening.label)}", err=True)


# Afterwards


def _print(outcome: "Outcome", took_s: float, *, again: str) -> None:
    _print_measured(outcome)
    _print_refused(outcome)
    _print_likes(outcome)
    _print_names(outcome)
    _print_later(outcome)
    _print_thoughts(outcome)
    _print_proof(outcome)
    if outcome.problems:
        click.echo(_heading(f"{len(outcome.problems)} things do not hold"))
        for problem in outcome.problems:
            click.echo(f"  {_sign('failed')} {show.clean(problem)}")
        click.echo(f"\nnext: `{again} --remove` clears the sandbox, `{again}` begins anew")
        return
    home = outcome.evidence.library.parent
    click.echo(_heading(f"All of it holds, in {took_s:.0f} s. What next?"))
    rows = (
        ("the library", _short(outcome.evidence.library)),
        ("look at it", f"MUSIC_SYNC_HOME={_typeable(home)} {_program()} library list"),
        (
            "in a browser",
            f"MUSIC_SYNC_HOME={_typeable(home)} {_program()} serve          its dashboard: {_dashboard(home)}",
        ),
        ("once more", f"{again}" + ("          nothing will be new" if outcome.is_first else "")),
        ("your music", f"{_program()} plan ~/Downloads/music          says what a sync would do, changes nothing"),
        ("clean up", f"{again} --remove"),
    )
    for what, text in rows:
        click.echo(f"  {what:<13}{text}")


def _print_measured(outcome: "Outcome") -> None:
    click.echo(_heading("Filed: what was measured, beside what is true"))
    filed = [row for row in outcome.rows if row.ending == "synced"]
    width = max((_width(row.offer.label) for row in filed), default=0)
    for row in filed:
        click.echo(
            f"  {_sign('failed' if row.wrong else 'synced')} {_padded(row.offer.label, width)}  {_measured(row)}"
        )


def _measured(row: "Row") -> str:
    piece, found = row.offer.piece, row.heard
    if piece is None or found is None:
        return ""
    tempo = "none" if found.tempo_bpm is None else f"{found.tempo_bpm:.2f}"
    key = f"{found.camelot or '-'} {found.key_name or '-'}"
    true_key = f"{piece.key.camelot} {piece.key.name}"
    loudness = "" if found.loudness_lufs is None else f"{found.loudness_lufs:.1f} LUFS"
    return f"{tempo:>6} BPM {f'(true {piece.tempo_bpm:.2f})':<13}  {key:<7} {f'(true {true_key})':<14} {loudness:>10}"


def _print_refused(outcome: "Outcome") -> None:
    click.echo(_heading("Not filed, and why"))
    for row in outcome.rows:
        if row.ending != "synced" and not _is_liked(row):
            click.echo(f"  {_sign(row.ending)} {show.clean(f'{row.offer.label}: {row.reason}')}")
    for path in outcome.offers.ignored:
        why = "hidden" if path.name.startswith(".") else "an unfinished download"
        click.echo(f"  · {show.clean(path.name)}: never looked at, it is {why}")


def _is_liked(row: "Row") -> bool:
    """Was it found at a service, and not as a file or a link?"""
    return row.offer.where not in {"drop", "list", "link"}


def _print_likes(outcome: "Outcome") -> None:
    from music_sync.demo import likes

    click.echo(_heading("Liked on Spotify, SoundCloud and YouTube, simulated on this machine"))
    liked = [row for row in outcome.rows if _is_liked(row)]
    width = max(_width(row.offer.label) for row in liked)
    for row in liked:
        word = show.WORDS.get(row.ending, row.ending)
        why = row.reason if row.ending == "already_have" else row.offer.why
        where = likes.LABELS[row.offer.where]
        click.echo(
            f"  {_sign(row.ending)} {where:<10}  {_padded(row.offer.label, width)}  {show.clean(f'{word}: {why}')}"
        )


def _print_later(outcome: "Outcome") -> None:
    """What the sync of the later day told and did."""
    click.echo(_heading("A day later, synced again" if outcome.is_first else "Synced once more"))
    for claim in outcome.claims:
        click.echo(f"  {_verdict(not claim.problems)} {show.clean(claim.text)}")


def _print_thoughts(outcome: "Outcome") -> None:
    """What a person is asked, and may take back."""
    if outcome.thoughts is None:
        return
    from music_sync.demo.likes import ELSEWHERE

    holds = not list(outcome.thoughts.problems)
    click.echo(_heading(f"Searched for {ELSEWHERE.label} at SoundCloud"))
    for text in outcome.thoughts.refused_texts:
        click.echo(f"  {_sign('failed')} refused: {show.clean(text)}")
    click.echo(f"  {_sign('synced')} {show.clean(outcome.thoughts.brought_text)}")
    click.echo(_heading("Asked of you, and taken back"))
    click.echo(f"  {_sign('review')} {show.clean(outcome.thoughts.review_text)}")
    click.echo(f"  {_verdict(holds)} {show.clean(outcome.thoughts.undo_text)}")


def _print_names(outcome: "Outcome") -> None:
    from music_sync.demo import verdict

    click.echo(_heading("Told apart, and kept inside"))
    for plain, other in verdict.kept_apart(outcome.rows):
        click.echo(f"  ≠ {show.clean(other.offer.label)}: another recording than {show.clean(plain.offer.label)}")
    for row in verdict.tried_to_leave(outcome.rows):
        if row.heard:
            click.echo(f"  ⌂ {show.clean(row.offer.label)}: landed in library/{show.clean(', '.join(row.heard.paths))}")


def _print_proof(outcome: "Outcome") -> None:
    evidence = outcome.evidence
    click.echo(_heading("Nothing lost, nothing doubled"))
    if outcome.kill:
        kill = outcome.kill
        click.echo(
            f"  ↺ the worker was killed in the middle (return code {kill.code}), with {_number(kill.in_hand, 'track')} under way"
        )
        text = (
            f"the next start went on from there: of {kill.ended} stages that had ended, {len(kill.repeated)} ran again"
        )
        click.echo(f"  {_verdict(not kill.repeated)} {text}")
    ended = " · ".join(f"{evidence.ended.get(ending, 0)} {word}" for ending, word in _WORDS.items())
    as_expected = sum(evidence.ended.values()) == len(outcome.rows)
    click.echo(f"  {_verdict(as_expected)} {len(outcome.rows)} offers, each ended once: {ended}")
    click.echo(f"  {_doctor(evidence)}")
    files = sum(len(recording.paths) for recording in evidence.recordings)
    findings = _number(len(evidence.check.get("findings", ())), "finding")
    text = f"library check: {_number(files, 'file')} read to the end and compared with the catalogue, {findings}"
    click.echo(f"  {_verdict(bool(evidence.check.get('ok')))} {text}")
    text = f"the files it was given: {len(evidence.changed)} changed"
    click.echo(f"  {_verdict(not evidence.changed)} {text}")


def _doctor(evidence: "Evidence") -> str:
    from music_sync.demo import likes_verdict, verdict

    holds = not list(verdict.doctor_problems(evidence, [likes_verdict.ENDED]))
    passed = sum(bool(check["ok"]) for check in evidence.doctor.get("checks", ()))
    found = "; ".join(f"{check['message']}; {check['mend']}" for check in verdict.findings(evidence))
    return (
        f"{_verdict(holds)} doctor: {_number(passed, 'check')} passed, and it finds: {show.clean(found) or 'nothing'}"
    )


_WORDS = {
    "synced": "filed",
    "already_have": "already there",
    "review": "for your eye",
    "buy_list": "on the buy list",
    "failed": "refused",
}
"""How the demo calls an ending; its failures are those that must be refused."""


def _shape(outcome: "Outcome", place: Path, took_s: float) -> dict[str, object]:
    kill = outcome.kill
    return {
        "ok": not outcome.problems,
        "problems": list(outcome.problems),
        "first": outcome.is_first,
        "folder": str(place),
        "library": str(outcome.evidence.library),
        "took_s": round(took_s, 1),
        "kill": None if kill is None else {**vars(kill), "repeated": [list(each) for each in kill.repeated]},
        "result": outcome.day.result,
        "endings": dict(outcome.evidence.ended),
        "doctor": outcome.evidence.doctor,
        "library_check": outcome.evidence.check,
        "likes": {
            "claims": [
                {"ok": not claim.problems, "text": claim.text, "problems": list(claim.problems)}
                for claim in outcome.claims
            ],
            "counts": outcome.day.ran.report.get("counts", {}),
            "sources": outcome.day.ran.report.get("sources", []),
            "calls": {service: len(calls) for service, calls in outcome.day.calls.items()},
            "playlist": list(outcome.day.playlist),
        },
        "reviews": list(outcome.thoughts.reviews) if outcome.thoughts else [],
        "undone": dict(outcome.thoughts.undone) if outcome.thoughts else {},
        "tracks": [_row_shape(row) for row in outcome.rows],
    }


def _row_shape(row: "Row") -> dict[str, object]:
    piece, found = row.offer.piece, row.heard
    return {
        "label": row.offer.label,
        "where": row.offer.where,
        "address": row.offer.address,
        "expected": row.offer.expected,
        "ending": row.ending,
        "reason": row.reason,
        "measured": found and {"tempo_bpm": found.tempo_bpm, "camelot": found.camelot, "key_name": found.key_name},
        "true": piece and {"tempo_bpm": piece.tempo_bpm, "camelot": piece.key.camelot, "key_name": piece.key.name},
        "loudness_lufs": found and found.loudness_lufs,
        "files": list(found.paths) if found else [],
        "wrong": list(row.wrong),
    }


# How it looks


def _heading(text: str) -> str:
    return f"\n{text if wants_no_colour() else click.style(text, bold=True)}"


def _sign(ending: str) -> str:
    return show.coloured(show.SIGNS.get(ending, "✗"), show.COLOURS.get(ending, "red"))


def _verdict(holds: bool) -> str:  # noqa: FBT001
    return _sign("synced" if holds else "failed")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _padded(text: str, width: int) -> str:
    return show.clean(text) + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns on a terminal: two for each East Asian wide character."""
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)


def _short(path: Path) -> str:
    """A path as a person writes it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _typeable(path: Path) -> str:
    """A path for a shell's command line; it expands a leading ~ only where nothing is quoted."""
    short = _short(path)
    return short if shlex.quote(short.removeprefix("~")) == short.removeprefix("~") else shlex.quote(str(path))


def _dashboard(home: Path) -> str:
    settings = load({"MUSIC_SYNC_HOME": str(home)}).settings
    return f"http://{settings.host}:{settings.port}"


def _program() -> str:
    """This program as it was typed, when that was a path into a checkout."""
    typed = Path(sys.argv[0])
    return str(typed) if typed.name == "music-sync" and not typed.is_absolute() else "music-sync"


def _typed(command: str, folder: Path | None) -> str:
    where = f" --folder {shlex.quote(str(folder))}" if folder else ""
    return f"{_program()} {command}{where}"
