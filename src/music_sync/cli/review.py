"""`review`: tracks that may be what you have already; look at both sides and say."""

from collections.abc import Sequence
from pathlib import Path

import click

from music_sync.adapters.opener_desktop import open_place, opener
from music_sync.cli import show
from music_sync.cli.log import logged
from music_sync.cli.sync import stoppable
from music_sync.model.endings import Reason
from music_sync.model.names import as_text
from music_sync.model.report import RunReport
from music_sync.model.track import Recording
from music_sync.settings import Settings, can_show_browser, load
from music_sync.track.review import Review, chosen, must_be_mergeable
from music_sync.track.words import version_text

_IDS = click.argument("ids", nargs=-1, required=True, metavar="ID...")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
_DRY = click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say what would happen.")


@click.group(invoke_without_command=True)
@_JSON
@click.pass_context
def review(ctx: click.Context, *, as_json: bool) -> int:
    """Look at tracks that may be what you have already, and say whether they are."""
    return 0 if ctx.invoked_subcommand else _listed(as_json=as_json)


@review.command("list")
@_JSON
def list_reviews(*, as_json: bool) -> int:
    """Each track that waits for you: both sides, and what speaks for and against."""
    return _listed(as_json=as_json)


@review.command()
@_IDS
@_JSON
@_DRY
@click.pass_context
def accept(ctx: click.Context, *, ids: tuple[str, ...], as_json: bool, dry_run: bool) -> int:
    """It is the same recording: the track becomes one more link to yours; nothing is fetched. `undo` takes it back."""
    from music_sync.wiring import answers

    settings = load().settings
    if dry_run or (ctx.obj or {}).get("dry_run"):
        picked = chosen(ids, answers.reviews(settings))
        for each in picked:
            if each.recording_id:
                must_be_mergeable(each)
        return _foreseen(picked, {True: "would become a link to", False: "would be taken as it is"}, as_json=as_json)
    with logged(settings.log, settings.log_format), stoppable(as_json=as_json) as stop, show.progress() as tell:
        report = answers.accept(settings, ids, tell, stop)
    return _ended(report, as_json=as_json)


@review.command()
@_IDS
@_JSON
@_DRY
@click.pass_context
def reject(ctx: click.Context, *, ids: tuple[str, ...], as_json: bool, dry_run: bool) -> int:
    """It is another recording: it is filed by itself now, and nobody asks again."""
    from music_sync.wiring import answers

    settings = load().settings
    if dry_run or (ctx.obj or {}).get("dry_run"):
        picked = chosen(ids, answers.reviews(settings))
        return _foreseen(
            picked, {True: "would be filed apart from", False: "would go on the buy list"}, as_json=as_json
        )
    with logged(settings.log, settings.log_format), stoppable(as_json=as_json) as stop, show.progress() as tell:
        report = answers.reject(settings, ids, tell, stop)
    return _ended(report, as_json=as_json)


@review.command("open")
@_IDS
def open_both(*, ids: tuple[str, ...]) -> int:
    """Open or play both sides with this desktop's own programs; without a desktop, say where they are."""
    from music_sync.wiring import answers

    settings = load().settings
    picked = chosen(ids, answers.reviews(settings))
    program = opener() if can_show_browser() else ""
    # Not a generator: both sides of each are opened, whatever became of the first one.
    opened = [_opened(side, place, program) for each in picked for side, place in _places(each, settings)]
    if not program:
        click.echo("there is no desktop here to open them on")
    return 0 if all(opened) else 3


def _listed(*, as_json: bool) -> int:
    from music_sync.wiring import answers

    waiting = answers.reviews(load().settings)
    if as_json:
        show.as_json({"result": "needs_person" if waiting else "done", "reviews": [_shape(each) for each in waiting]})
        return 0
    for each in waiting:
        for line in _lines(each):
            click.echo(show.clean(line))
    if waiting:
        click.echo("next: `music-sync review accept ID` if it is the same recording, `reject ID` if it is another one")
    else:
        click.echo("nothing to review")
    return 0


def _lines(each: Review) -> list[str]:
    found = each.found
    theirs = _words(found.label, version_text(found.title), each.length_s, found.isrc)
    lines = [f"{each.review_id}  {theirs}", f"        from  {_from(each)}"]
    if each.ours is not None:
        ours = each.ours
        where = ", ".join(file.path for file in ours.files) or "no file"
        gone = "; its files are gone from the library" if each.is_lost else ""
        words = _words(ours.label, version_text(ours.title), ours.analysis.length_s, ours.isrc)
        lines += [f"        yours {words}", f"              {where}{gone}"]
    elif each.recording_id:
        lines.append("        yours not in the library any more")
    lines += [f"        why   {reason.text}" for reason in each.reasons or (Reason("", each.reason),)]
    return lines


def _words(label: str, version: str, length_s: float | None, isrc: str) -> str:
    length = f"{int(length_s) // 60}:{int(length_s) % 60:02}" if length_s is not None else "length unknown"
    return "  ".join(filter(None, [label, f"[{version}]" if version else "", length, isrc]))


def _from(each: Review) -> str:
    place = as_text(str(each.found.path)) if each.found.path else each.found.url or each.found.source_id
    return f"{each.found.source}: {place}"


def _shape(each: Review) -> dict[str, object]:
    """The shape that scripts rely on."""
    found = each.found
    return {
        "id": each.review_id,
        "source": found.source,
        "source_id": found.source_id,
        "reason": each.reason,
        "reasons": [vars(reason) for reason in each.reasons],
        "found": {
            "artist": found.artist,
            "title": found.title or found.label,
            "version": version_text(found.title),
            "length_s": each.length_s,
            "isrc": found.isrc,
            "url": found.url,
            "path": as_text(str(found.path)) if found.path else "",
        },
        "ours": _ours(each.ours, is_lost=each.is_lost) if each.ours else None,
    }


def _ours(ours: Recording, *, is_lost: bool) -> dict[str, object]:
    return {
        "recording_id": ours.recording_id,
        "artist": ours.artist,
        "title": ours.title,
        "version": version_text(ours.title),
        "length_s": ours.analysis.length_s,
        "isrc": ours.isrc,
        "files": [file.path for file in ours.files],
        "is_lost": is_lost,
    }


def _foreseen(picked: Sequence[Review], words: dict[bool, str], *, as_json: bool) -> int:
    if as_json:
        show.as_json({"result": "done", "reviews": [_shape(each) for each in picked]})
        return 0
    for each in picked:
        ours = f" {each.ours.label}" if each.ours else ""
        click.echo(show.clean(f"{each.found.label}: {words[bool(each.recording_id)]}{ours}"))
    click.echo("nothing was changed")
    return 0


def _ended(report: RunReport, *, as_json: bool) -> int:
    if as_json:
        shape = report.as_json()
        show.as_json({**shape, "result": "done"} if report.result == "nothing_new" else shape)
        return report.exit_code
    for track in report.tracks:
        files = getattr(track.ending, "files", ())
        where = f" ({files[0].path})" if files and track.ending.name == "already_have" else ""
        name = track.ending.title or track.found.label
        name = f"{track.ending.artist} - {name}" if track.ending.artist else name
        sign = show.coloured(show.SIGNS[track.ending.name], show.COLOURS[track.ending.name])
        click.echo(f"{sign} {show.clean(f'{name}: {track.ending.reason}{where}')}")
    if any(track.ending.name == "already_have" for track in report.tracks):
        click.echo("next: `music-sync undo --last` takes it back")
    return report.exit_code


def _places(each: Review, settings: Settings) -> list[tuple[str, Path | str]]:
    """Both sides with the place of each; an empty place is one that is not known."""
    found = each.found
    theirs: Path | str = found.path or found.url
    if each.ours is None or not each.ours.files:
        return [(f"{found.label}", theirs)]
    return [(found.label, theirs), (f"yours: {each.ours.label}", settings.library / each.ours.files[0].path)]


def _opened(side: str, place: Path | str, program: str) -> bool:
    """Open one side and say where it is; False when that cannot be."""
    shown = as_text(str(place))
    if not place:
        click.echo(show.clean(f"{side}: its source tells no place"))
        return False
    if isinstance(place, Path) and not place.exists():
        click.echo(show.clean(f"{side}: {shown} is gone"))
        return False
    click.echo(show.clean(f"{side}: {shown}"))
    return not program or open_place(program, place)
