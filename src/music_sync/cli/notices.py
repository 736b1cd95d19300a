"""`notices`: where you are told of failures and new tracks, tried out."""

from typing import TYPE_CHECKING

import click

from music_sync.cli import show
from music_sync.model.errors import BadSetting, SyncError
from music_sync.settings import Settings, load

if TYPE_CHECKING:
    from music_sync.adapters.notices_apprise import ApprisePlace

TITLE, TEXT = "Music Sync: a test", "Notices arrive here."


@click.group()
def notices() -> None:
    """Where you are told of failures and new tracks without looking."""


@notices.command()
def test() -> int:
    """Send one notice to each place, now; exit 6 when one does not take it."""
    failed = 0
    for place in _places(load().settings):
        try:
            place.send(TITLE, TEXT, "info")
        except BadSetting:
            raise
        except SyncError as error:
            failed += 1
            click.echo(f"{show.coloured('✗', 'red')} {error}")
        else:
            click.echo(f"{show.coloured('✓', 'green')} {place.label} took it")
    return 6 if failed else 0


@notices.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def list_notices(*, as_json: bool) -> int:
    """Show what waits to be told."""
    from music_sync.adapters.sql.notices import SqlNotices
    from music_sync.flows.notices import worded
    from music_sync.wiring.state import open_state

    waiting = SqlNotices(open_state(load().settings, to_read=True)).waiting()
    told = [(each, *worded(each)) for each in waiting]
    if as_json:
        rows = [
            {"subject": each.subject, "title": title, "text": text, "tries": each.tries} for each, title, text in told
        ]
        show.as_json({"waiting": rows})
        return 0
    for each, title, text in told:
        tried = f" (tried {each.tries} times)" if each.tries else ""
        click.echo(show.clean(f"{title}{tried}: {text.splitlines()[0]}"))
    if not told:
        click.echo("no notice waits")
    return 0


def _places(settings: Settings) -> "list[ApprisePlace]":
    from music_sync.wiring.notices import places

    found = places(settings)
    if not found:
        raise BadSetting("no place for notices is set; write one as Apprise knows them into MUSIC_SYNC_NOTICES")
    for place in found:
        place.check()
    return found
