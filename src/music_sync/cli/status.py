"""`status`: the last run, the next one, and what waits for a person; nothing heavy is loaded for it."""

from collections.abc import Sequence
from datetime import datetime

import click

from music_sync.adapters import account_file, budget_file, glance_sqlite, last_run_file
from music_sync.adapters.glance_sqlite import Glance, Parked, ViewState
from music_sync.adapters.last_run_file import LastRun
from music_sync.cli import show
from music_sync.cli.accounts_shown import (
    account_line,
    account_rows,
    budget_line,
    budget_rows,
    iso,
    list_lines,
    list_rows,
    local,
)
from music_sync.model.listing import Listing
from music_sync.settings import Settings, load
from music_sync.triggers.advice import advice

WHAT_NEXT = {
    "failed": "`music-sync retry` tries what failed again",
    "review": "`music-sync review` shows both sides, and you say whether they are the same",
    "buy_list": "`music-sync buy-list` links to stores; files go into the drop folder",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def status(*, as_json: bool) -> int:
    """Show the last run, the next one due, and every track that waits for someone."""
    settings = load().settings
    last = last_run_file.read(settings.last_run_file)
    seen = _glance(settings)
    if as_json:
        show.as_json(_shape(settings, last, seen))
    else:
        _print(settings, last, seen)
    return 0


def _glance(settings: Settings) -> Glance:
    if not settings.database_url:
        return glance_sqlite.glance(settings.state_db)
    from music_sync.wiring import state

    return state.glance(settings)


def _shape(settings: Settings, last: LastRun, seen: Glance) -> dict[str, object]:
    return {
        "last_run": iso(last.last_run),
        "last_attempt": iso(last.last_attempt),
        "result": last.result,
        "consecutive_failures": last.consecutive_failures,
        "next_due": iso(last.next_due),
        "enabled": settings.enabled,
        "recordings": seen.recordings,
        "files": seen.files,
        "queue": seen.endings.get("running", 0),
        "endings": dict(seen.endings),
        "parked": [vars(track) for track in seen.parked],
        "outbox": seen.unsent,
        "advice": _advice(settings, seen),
        "views": [vars(view) for view in seen.views],
        "questions": _questions(settings, seen),
        "accounts": account_rows(account_file.standings(settings.accounts)),
        "lists": list_rows(seen.listings),
        "budgets": budget_rows(budget_file.spent_in(settings.budgets)),
    }


def _print(settings: Settings, last: LastRun, seen: Glance) -> None:
    ran = f"{local(last.last_attempt)} {last.result}" if last.last_attempt else "never by `music-sync run`"
    due = local(last.next_due) if last.next_due else "at the next `music-sync run`"
    click.echo(f"last run  {ran}")
    click.echo(f"next due  {due if settings.enabled else 'never: music sync is switched off'}")
    told = _advice(settings, seen)
    if told:
        click.echo(f"          {told}")
    click.echo(f"library   {seen.recordings} recordings, {seen.files} files in {settings.library}")
    click.echo(f"queue     {seen.endings.get('running', 0)} under way or broken off")
    for view in seen.views if settings.tracks_db_id else ():
        click.echo(f"{view.name:<9} {_view_line(view)}")
    if open_questions := sum(_questions(settings, seen).values()):
        wait = "waits" if open_questions == 1 else "wait"
        click.echo(f"questions {open_questions} {wait} for services that tell what a track is")
    _print_accounts(settings)
    _print_lists(seen.listings)
    for ending, next_step in WHAT_NEXT.items():
        waiting = [track for track in seen.parked if track.ending == ending]
        if waiting:
            word = show.WORDS[ending]
            click.echo(f"\n{seen.endings.get(ending, len(waiting))} {word}: {next_step}")
            for track in waiting:
                click.echo(f"  {_line(track)}")


def _advice(settings: Settings, seen: Glance) -> str:
    arrivals = [datetime.fromisoformat(text).astimezone() for text in seen.arrivals]
    return advice(arrivals, settings.interval)


def _view_line(view: ViewState) -> str:
    if view.trouble:
        return show.clean(view.trouble)
    return f"{view.waiting} rows wait for the next sync" if view.waiting else "all rows are up to date"


def _questions(settings: Settings, seen: Glance) -> dict[str, int]:
    """Those that wait for a service that is asked."""
    return {name: count for name, count in seen.questions.items() if name in settings.enrich}


def _print_accounts(settings: Settings) -> None:
    """How the sign-ins stand, and what was used of each service."""
    standings, budgets = account_file.standings(settings.accounts), budget_file.spent_in(settings.budgets)
    for heading, lines in (
        ("accounts", [account_line(standing) for standing in standings]),
        ("services", [budget_line(spent) for spent in budgets]),
    ):
        if lines:
            click.echo(f"\n{heading}")
        for line in lines:
            click.echo(f"  {line}")


def _print_lists(listings: Sequence[Listing]) -> None:
    """What was read at the services; of many lists a line a source."""
    if listings:
        click.echo("\nlists")
    for line in list_lines(listings):
        click.echo(f"  {line}")


def _line(track: Parked) -> str:
    return f"{show.SIGNS[track.ending]} {show.clean(track.label)}: {show.clean(track.reason)}"
