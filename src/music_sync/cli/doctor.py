"""`doctor`: every check with the command that mends its finding."""

import click

from music_sync.cli import show
from music_sync.settings import load


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--fix", "check_id", metavar="ID", help="Mend what the check of this id found, where that loses nothing.")
def doctor(*, as_json: bool, check_id: str | None) -> int:
    """Check machine, settings, state and library; say for each finding what mends it. Changes nothing without --fix."""
    from music_sync.cli.checks import all_checks

    if check_id is not None:
        return _fix(check_id)

    found = all_checks()
    ok = all(check.ok or check.severity == "info" for check in found)
    if as_json:
        show.as_json({"ok": ok, "checks": [vars(check) for check in found]})
    else:
        for check in found:
            sign = show.coloured("✓", "green") if check.ok else show.coloured("✗", "red")
            click.echo(f"{sign} {show.clean(check.message)}" + (f"; {check.mend}" if check.mend else ""))
    worst = {check.severity for check in found if not check.ok}
    return 0 if ok else 2 if "settings" in worst else 7 if "environment" in worst else 3


def _fix(check_id: str) -> int:
    from music_sync.cli.fixes import fix

    done = fix(check_id, load().settings)
    for sentence in done or [f"there is nothing to mend in {check_id}"]:
        click.echo(show.clean(sentence))
    return 0
