"""How accounts and budgets look, to a person and to a script; nothing heavy is loaded for it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from music_sync.adapters.account_file import Standing, day_of
from music_sync.adapters.budget_file import Spent
from music_sync.cli import show
from music_sync.model.listing import Listing

_PLACES = {"keyring": "kept in the keyring", "file": "kept in a file of yours alone", "settings": "by the settings"}


def iso(stamp: float | None) -> str | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC).isoformat(timespec="seconds")


def local(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def account_rows(standings: Iterable[Standing]) -> list[dict[str, object]]:
    return [{**vars(standing), "until": iso(standing.until)} for standing in standings]


def budget_rows(budgets: Iterable[Spent]) -> list[dict[str, object]]:
    return [{**vars(spent), "blocked_until": iso(spent.blocked_until)} for spent in budgets]


def list_rows(listings: Iterable[Listing]) -> list[dict[str, object]]:
    shown = ("source", "listing", "name", "entries", "gone", "read_at", "looked_at", "refused")
    return [{name: getattr(each, name) for name in shown} for each in listings]


def list_lines(listings: Sequence[Listing]) -> Iterator[str]:
    """`· spotify: Liked songs 1204; 12 playlists, 3410 entries; 3 tracks gone from there`."""
    for source in dict.fromkeys(each.source for each in listings):
        mine = [each for each in listings if each.source == source]
        told = [f"{each.name} {each.entries}" for each in mine if not each.playlist_id]
        lists = [each for each in mine if each.playlist_id]
        if lists:
            entries = sum(each.entries for each in lists)
            told.append(f"{_number(len(lists), 'playlist')}, {entries} {'entry' if entries == 1 else 'entries'}")
        for what, number in (
            ("not shown to us", sum(bool(each.refused) for each in mine)),
            ("not yet read to the end", sum(not each.read_at and not each.refused for each in mine)),
        ):
            if number:
                told.append(f"{number} {what}")
        gone = sum(each.gone for each in mine)
        if gone:
            told.append(f"{_number(gone, 'track')} gone from there")
        yield show.clean(f"· {source}: {'; '.join(told)}")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def account_line(standing: Standing) -> str:
    """`✓ Spotify: connected as Nadia until 2027-05-24, kept in the keyring`."""
    return f"{_sign(standing)} {show.clean(f'{standing.label}: {_words(standing)}')}"


def _sign(standing: Standing) -> str:
    if standing.connected:
        return show.coloured("!", "yellow") if standing.warning else show.coloured("✓", "green")
    return show.coloured("✗", "red") if standing.ended or standing.warning else "·"


def _words(standing: Standing) -> str:
    if not standing.connected:
        never = f"not connected; `music-sync connect {standing.service}` does it"
        return standing.ended or standing.warning or never
    who = f" as {standing.who}" if standing.who else ""
    until = f" until {day_of(standing.until)}" if standing.until else ""
    warning = f"; {standing.warning}" if standing.warning else ""
    return f"connected{who}{until}, {_PLACES[standing.kept_in]}{warning}"


def budget_line(spent: Spent) -> str:
    """`· Spotify: 412 of 900 calls a day used`; what a service asked us to wait for comes behind it."""
    used = f"{spent.used} of {spent.a_day}" if spent.a_day is not None else str(spent.used)
    blocked = f"; left alone until {local(spent.blocked_until)}: {spent.why}" if spent.blocked_until else ""
    return f"· {show.clean(f'{spent.label}: {used} {spent.unit} a day used{blocked}')}"
