"""`library replace`: a better file in the place of what is filed, when a person asks for it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from music_sync.cli import show, stories
from music_sync.cli.log import logged
from music_sync.cli.why import choose, meant, nothing
from music_sync.model.errors import BadSetting
from music_sync.settings import Settings, load

if TYPE_CHECKING:
    from music_sync.flows.replace import Outcome


@click.command()
@click.argument("recording")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--even-if-worse", is_flag=True, help="Also when what is filed is as good or better.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only compare and say what would be done.")
@click.pass_context
def replace(
    ctx: click.Context, *, recording: str, file: Path, even_if_worse: bool, as_json: bool, dry_run: bool
) -> int:
    """Put a better FILE of the same recording in the place of what is filed.

    RECORDING is named as for `music-sync why`. FILE must sound the same and be as long; it is only read. It is encoded
    in your formats and tagged with what catalogue and old file say. The old files are moved to var/undone, never
    deleted; sources, playlists and decisions stay, and `music-sync undo` takes it back.
    """
    from music_sync.wiring import replacing

    settings = load().settings
    recording_id = _recording(recording, settings, as_json=as_json)
    if isinstance(recording_id, int):
        return recording_id
    path = Path.cwd() / file.expanduser()
    if dry_run or (ctx.obj or {}).get("dry_run", False):
        done = replacing.replace(settings, recording_id, path, even_if_worse=even_if_worse, dry_run=True)
        return _told(done, as_json=as_json)
    with logged(settings.log):
        done = replacing.replace(settings, recording_id, path, even_if_worse=even_if_worse, dry_run=False)
    return _told(done, as_json=as_json)


def _recording(text: str, settings: Settings, *, as_json: bool) -> str | int:
    """The id of the recording that is meant; an exit code when several are."""
    with stories.opened(settings) as known:
        found = meant(known, text.strip(), settings)
        if not found:
            raise BadSetting(nothing(known, text))
        if len(found) > 1:
            return choose(found, text, as_json=as_json)
    if not found[0].recording_id:
        raise BadSetting(f"{found[0].name} has no file in the library yet; `music-sync sync FILE` files one")
    return found[0].recording_id


def _told(done: "Outcome", *, as_json: bool) -> int:
    label, quality = done.recording.label, done.quality
    if as_json:
        show.as_json(
            {
                "result": "done" if done.entry is not None else "nothing_new",
                "recording_id": done.recording.recording_id,
                "label": label,
                "is_better": quality.is_better,
                "would_replace": done.entry is None and not done.is_refused,
                "quality": quality.theirs,
                "quality_before": quality.ours,
                "files": [vars(file) for file in done.files],
                "moved_aside": [file.path for file in done.recording.files] if done.entry is not None else [],
                "id": done.entry,
            }
        )
    elif done.is_refused:
        click.echo(show.clean(f"yours is as good already: {label} is {quality.ours}; the file is {quality.theirs}"))
        click.echo("nothing was changed; `--even-if-worse` replaces it all the same")
    elif done.entry is None:
        click.echo(show.clean(f"would replace {label} ({quality.ours}) by {quality.theirs}; nothing was changed"))
    else:
        click.echo(show.clean(f"replaced: {label} was {quality.ours}, now it is {quality.theirs}"))
        for file in done.files:
            click.echo(show.clean(f"  {file.path}"))
        click.echo(f"next: `music-sync undo {done.entry}` brings the old files back")
    return 0
