"""`connect`: sign in to a service, see how the sign-ins stand, sign out."""

import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from music_sync.adapters import account_file, sign_in_loopback, sources
from music_sync.adapters.account_file import Kept, Standing, Unreadable
from music_sync.adapters.accounts import Account, Accounts, OAuth, Secrets, Words
from music_sync.adapters.means import Means
from music_sync.adapters.sign_in_loopback import Attempt, Listener, NotThisAnswer
from music_sync.cli import asking, show
from music_sync.cli.accounts_shown import account_line, account_rows
from music_sync.model.errors import BadSetting, NeedsPerson, SyncError
from music_sync.settings import SECRETS, Settings, can_show_browser, load, variable
from music_sync.wiring import listening, state


@dataclass(frozen=True)
class Asked:
    """What was typed."""

    paste: bool
    no_browser: bool
    port: int | None
    no_keyring: bool
    as_json: bool

    def say(self, text: str) -> None:
        click.echo(text, err=self.as_json)


@click.command()
@click.argument("name", required=False, default="")
@click.option("--paste", is_flag=True, help="Paste the address that the browser ended at; for a browser elsewhere.")
@click.option("--no-browser", is_flag=True, help="Only show the address; open no browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the redirect, if your app names one.")
@click.option("--no-keyring", is_flag=True, help="Keep the sign-in in a file; for jobs that cannot open the keyring.")
@click.option("--forget", is_flag=True, help="Sign out on this machine.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def connect(*, name: str, forget: bool, **asked: Any) -> int:
    """Sign in to the service NAME; without a name, tell how each account stands."""
    settings, how = load().settings, Asked(**asked)
    given = listening.means(settings, lambda: state.snapshot(settings).listings)
    if not name:
        _list(given.accounts, how)
        return 0
    account = _account(name)
    if (click.get_current_context().find_root().obj or {}).get("dry_run"):
        how.say(f"{account.wants}\nnothing was asked or changed")
    elif forget:
        _forget(given.accounts, account, how)
    else:
        _connect(given, settings, account, how)
    return 0


def _connect(given: Means, settings: Settings, account: Account, how: Asked) -> None:
    accounts = given.accounts
    how.say(show.clean(account.wants))
    known = _known(accounts, account)
    way = account.way
    found = (
        _words(way, account, accounts, known) if isinstance(way, Words) else _tokens(way, account, accounts, known, how)
    )
    kept = accounts.connect(account, found, in_keyring=not how.no_keyring)
    # Asked with what was just kept, so a sign-in that is good for nothing is told at once.
    who = _who(given, account)
    kept = accounts.call_it(account, who) if who else kept
    standing = account_file.standing_of(kept, accounts.now())
    if how.as_json:
        show.as_json(account_rows([standing])[0])
        return
    click.echo(account_line(standing))
    plan = f"`music-sync plan --only {account.service}` says what a sync would bring"
    is_asked = account.service in {source.partition(":")[0] for source in settings.sources}
    click.echo(f"next: {plan}" if is_asked else f"next: add {account.service} to {variable('sources')}, then {plan}")


def _known(accounts: Accounts, account: Account) -> Mapping[str, str]:
    """The words that were given last time."""
    try:
        held = accounts.held(account, person_is_there=True)
    except NeedsPerson:
        return {}
    return held.secrets.words if held else {}


def _words(way: Words, account: Account, accounts: Accounts, known: Mapping[str, str]) -> Secrets:
    """The words that the settings do not bring."""
    found = {}
    for name, what in way.fields.items():
        if accounts.setting(name):
            click.echo(f"{name} comes from the settings", err=True)
        elif name in way.long:
            found[name] = asking.long_word(what) or known.get(name, "")
        else:
            found[name] = asking.word(what, is_secret=name in SECRETS, kept=known.get(name, ""))
    _check(account, {name: word for name, word in found.items() if name not in way.optional})
    return Secrets(found)


def _tokens(way: OAuth, account: Account, accounts: Accounts, known: Mapping[str, str], how: Asked) -> Secrets:
    port = how.port or way.port
    shown = sign_in_loopback.redirect_at(port) if port else "http://127.0.0.1/callback (with any port)"
    how.say(f"Redirect address to register at the app: {shown}")
    words = _client(way, account, accounts, known)
    client_id = accounts.setting(way.client_id) or words[way.client_id]
    begin = partial(sign_in_loopback.begin, accounts, account, client_id)
    if how.paste or not (how.no_browser or can_show_browser()):
        attempt = begin(sign_in_loopback.redirect_at(port or sign_in_loopback.PASTE_PORT))
        code = _pasted(attempt, how)
    else:
        with Listener(account.label, port) as listener:
            attempt = begin(listener.redirect)
            listener.expect(attempt)
            _show_address(attempt, how)
            code = listener.code()
    return sign_in_loopback.finish(accounts, attempt, code, words)


def _client(way: OAuth, account: Account, accounts: Accounts, known: Mapping[str, str]) -> dict[str, str]:
    """Who we are at the service: what the settings do not bring is asked, or stays as it was given last time."""
    names = {way.client_id: "Client id", **({way.client_secret: "Client secret"} if way.needs_secret else {})}
    words = {name: known[name] for name in (way.client_id, way.client_secret) if known.get(name)}
    for name, what in names.items():
        if not accounts.setting(name) and asking.person_is_there():
            words[name] = asking.word(
                f"{what} of your app at {account.label}", is_secret=name in SECRETS, kept=words.get(name, "")
            )
    _check(account, {name: accounts.setting(name) or words.get(name, "") for name in names})
    return words


def _check(account: Account, words: Mapping[str, str]) -> None:
    missing = [variable(name) for name, word in words.items() if not word]
    if missing:
        raise NeedsPerson(
            f"{account.label} needs {' and '.join(missing)}; set {'them' if missing[1:] else 'it'},"
            f" or run `{account.command}` on a terminal"
        )


def _show_address(attempt: Attempt, how: Asked) -> None:
    how.say(f"Allow Music Sync to read at {attempt.account.label}, in the browser of this machine:\n{attempt.address}")
    if not how.no_browser and not webbrowser.open(attempt.address):
        how.say("No browser opened; open the address yourself.")


def _pasted(attempt: Attempt, how: Asked) -> str:
    """The code in the address that the person brings."""
    how.say(
        f"Allow Music Sync to read at {attempt.account.label}, in any browser:\n{attempt.address}\n"
        f"It ends at a page of {sign_in_loopback.redirect_at(0).partition(':0')[0]} that may not open; "
        "copy its whole address and paste it here."
    )
    refused: NeedsPerson = NeedsPerson(
        f"no address came on standard input; run `{attempt.account.command} --paste` again"
    )
    while (given := asking.line("address")) is not None:
        try:
            return attempt.code_in(given)
        except NotThisAnswer as error:
            refused = error
            if given:
                click.echo(str(error), err=True)
    raise refused


def _who(given: Means, account: Account) -> str:
    """The name of the account at the service, where its source can tell it."""
    ask: Callable[[Means], str] | None = getattr(sources.module(account.service), "who", None)
    try:
        return ask(given) if ask else ""
    except NeedsPerson:
        raise
    except SyncError:
        return ""


def _forget(accounts: Accounts, account: Account, how: Asked) -> None:
    was_there = accounts.forget(account)
    if how.as_json:
        show.as_json({"service": account.service, "forgotten": was_there})
    elif was_there:
        click.echo(f"signed out of {account.label} on this machine; what it allows Music Sync is taken back there")
    else:
        click.echo(f"nothing is kept of {account.label}")
    if accounts.is_set_up(account):
        click.echo("the settings still bring a sign-in; take it out there too", err=True)


def _list(accounts: Accounts, how: Asked) -> None:
    standings = [_standing(accounts, account) for account in _all()]
    if how.as_json:
        show.as_json({"accounts": account_rows(standings)})
        return
    for standing in standings:
        click.echo(account_line(standing))


def _standing(accounts: Accounts, account: Account) -> Standing:
    try:
        kept = accounts.kept(account)
    except Unreadable as error:
        kept = Kept(account.service, account.label, ended=str(error))
    if kept:
        return account_file.standing_of(kept, accounts.now())
    is_set_up = accounts.is_set_up(account)
    kept_in = "settings" if is_set_up else ""
    return Standing(account.service, account.label, "", is_set_up, None, None, "", "", kept_in)


def _all() -> list[Account]:
    """Every account that a source may need, in the order of the sources."""
    found = (getattr(sources.module(name), "ACCOUNT", None) for name in sources.SOURCES)
    return [account for account in found if isinstance(account, Account)]


def _account(name: str) -> Account:
    accounts = {account.service: account for account in _all()}
    if name not in accounts:
        raise BadSetting(f"there is no account {name!r}; known are {', '.join(accounts)}")
    return accounts[name]
