"""`undo`: take back what was filed, merged or filled in; files are moved, never deleted."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from music_sync.cli import show
from music_sync.cli.accounts_shown import local
from music_sync.cli.log import logged
from music_sync.settings import load
from music_sync.track.undo import sentence

if TYPE_CHECKING:
    from music_sync.flows.undo import Done, Told


@click.command()
@click.argument("what", required=False, metavar="[list | NUMBER]")
@click.option("--last", is_flag=True, help="The latest filing, merge, replacement or change of tags that is in effect.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say what would be undone.")
@click.pass_context
def undo(ctx: click.Context, *, what: str | None, last: bool, as_json: bool, dry_run: bool) -> int:
    """Take back a filing, a merge, a replacement or a change of tags, or an undo itself, by its number in `undo list`.

    The files of a filing are moved to var/undone in the home (on another drive: to a hidden folder there), and no
    sync files the track again by itself.
    """
    from music_sync.wiring import answers

    if bool(what) == last:
        raise click.UsageError("name one: a number of `music-sync undo list`, or --last")
    settings = load().settings
    if what == "list":
        newest = sorted(answers.changes(settings), key=_number, reverse=True)
        return _listed(newest, as_json=as_json)
    dry = dry_run or (ctx.obj or {}).get("dry_run", False)
    if dry:
        return _told(answers.take_back(settings, what or "last", dry_run=True), as_json=as_json)
    with logged(settings.log, settings.log_format):
        return _told(answers.take_back(settings, what or "last", dry_run=False), as_json=as_json)


def _listed(known: "list[Told]", *, as_json: bool) -> int:
    if as_json:
        show.as_json({"result": "done", "changes": [_row(each) for each in known]})
        return 0
    for each in known:
        row = _row(each)
        at = local(datetime.fromisoformat(str(row["at"])).timestamp())
        click.echo(show.clean(f"{row['id']:>6}  {at}  {row['what']:<13}  {each.label}"))
    click.echo("next: `music-sync undo NUMBER` takes that one back" if known else "nothing was filed or merged yet")
    return 0


def _number(told: "Told") -> int:
    """Under which it stands last in the journal."""
    change = told.change
    return change.turns[-1].number if change.turns else change.number


def _row(told: "Told") -> dict[str, object]:
    """A change, with the number that turns it over now."""
    change = told.change
    last = change.turns[-1] if change.turns else None
    is_undone = not change.is_in_effect
    return {
        "id": last.number if last and is_undone else change.number,
        "at": last.at if last else change.at,
        "what": f"{'undone ' if is_undone else ''}{'filing' if change.kind == 'filed' else change.kind}",
        "is_undone": is_undone,
        "label": told.label,
        "recording_id": change.recording_id,
        "files": list(change.paths),
    }


def _told(done: "Done", *, as_json: bool) -> int:
    if as_json:
        moved = [{"from": came, "to": went} for came, went in done.moved]
        show.as_json(
            {
                "result": "done",
                "undone": done.number,
                "kind": done.kind,
                "is_back": done.is_back,
                "label": done.label,
                "recording_id": done.recording_id,
                "moved": moved,
                "id": done.entry,
            }
        )
        return 0
    told = sentence(done.kind, done.label, is_back=done.is_back)
    click.echo(show.clean(f"would be {told}" if done.entry is None else told))
    for came, went in done.moved:
        click.echo(show.clean(f"  {came} -> {went}" if went else f"  {came}"))
    click.echo("nothing was changed" if done.entry is None else f"next: `music-sync undo {done.entry}` turns it back")
    return 0
