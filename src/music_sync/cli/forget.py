"""`forget`: what a service told of you, and the sign-in to it, out of this home."""

import click

from music_sync.adapters import sources
from music_sync.adapters.lock_file import locked
from music_sync.cli import asking, show
from music_sync.model.errors import BadSetting
from music_sync.settings import load


@click.command()
@click.argument("source")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be forgotten.")
@click.pass_context
def forget(ctx: click.Context, *, source: str, yes: bool, dry_run: bool) -> int:
    """Forget SOURCE: the sign-in, what you like there, your lists there, and how each track ended.

    Recordings and files stay as they are; nothing is changed at the service itself.
    """
    from music_sync.adapters.sql.forgetting import SqlForgetting
    from music_sync.wiring.listening import means
    from music_sync.wiring.state import open_state, snapshot

    if source not in sources.SOURCES:
        raise BadSetting(f"there is no source {source!r}; known are {', '.join(sources.SOURCES)}")
    settings = load().settings
    known = SqlForgetting(open_state(settings, to_read=True)).known(source)
    there = (
        f"{known.tracks} tracks met there, {known.listed} entries of lists, {known.playlists} playlists and the links of"
        f" {known.links} recordings"
    )
    if dry_run or (ctx.obj or {}).get("dry_run"):
        click.echo(f"would sign out of {source} and forget {there}; nothing was changed")
        return 0
    if not yes and asking.word(f"sign out of {source} and forget {there}? Type its name", is_secret=False) != source:
        raise BadSetting(f"{source} was not forgotten; type its name, or give --yes")
    account = getattr(sources.module(source), "ACCOUNT", None)
    with locked(settings.lock_file, "music-sync forget"):
        if account is not None:
            means(settings, lambda: snapshot(settings).listings).accounts.forget(account)
        SqlForgetting(open_state(settings)).forget(source)
        # It names the last tracks of a run, which may be of this source; the next run writes another.
        settings.progress_file.unlink(missing_ok=True)
        if source == "notion":
            settings.notion_rows.unlink(missing_ok=True)
    click.echo(show.clean(f"forgot {there}; files and recordings are as they were"))
    if source in {word.partition(":")[0] for word in settings.sources}:
        click.echo(f"next: take {source} out of MUSIC_SYNC_SOURCES, else the next sync reads what it still may")
    return 0
