"""`webhook`: the senders that may start a sync, and what they sent."""

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from music_sync.adapters.hook_file import NAME, NOTION, OVERLAP_S, SIGNED, YOUTUBE, HookFile
from music_sync.cli import show
from music_sync.model.errors import BadSetting, EnvironmentFault, NeedsPerson, ServiceUnavailable
from music_sync.model.events import DONE, FAILED, IGNORED, Stored
from music_sync.settings import Settings, load

if TYPE_CHECKING:
    from music_sync.adapters.sql.inbox import SqlInbox
    from music_sync.web.webhooks_schemes import Secret

LOOK_EVERY_S = 0.25
"""A database tells nobody that it changed, so what waits for it looks again."""
ENDED = (DONE, IGNORED, FAILED)


@click.group()
def webhook() -> None:
    """Let senders start a sync: make and change their secrets, send a test, look at what came."""


@webhook.command()
@click.argument("name")
def add(name: str) -> int:
    """Add a sender, and show its secret, once.

    NAME is `music-sync` for signed events, `notion`, `plex`, or a name of your own such as `ifttt`.
    """
    settings = load().settings
    file = _file(settings)
    if name == NOTION:
        return _notion(file, _address(settings))
    _check_name(name)
    secret = file.add(name, signed=name == SIGNED)
    click.echo(f"{_words(name)}, shown only now: {secret}")
    click.echo(_how(name, _address(settings)))
    return 0


@webhook.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def list_them(*, as_json: bool) -> int:
    """Who may send, since when, and until when; no secret is shown."""
    settings = load().settings
    keys = _file(settings).read().keys
    rows = [
        {"name": key.hook, "key": key.key_id, "since": _day(key.made_at), "until": _day(key.ends_at)} for key in keys
    ]
    rows += [
        {"name": SIGNED, "key": f"{SIGNED}-setting-{number}", "since": "", "until": ""}
        for number in range(1, len(settings.webhook_secrets) + 1)
    ]
    if settings.notion_webhook_token:
        rows.append({"name": NOTION, "key": "NOTION_WEBHOOK_TOKEN", "since": "", "until": ""})
    if as_json:
        show.as_json({"webhooks": rows})
        return 0
    for row in rows:
        until = f" until {row['until']}" if row["until"] else ""
        click.echo(show.clean(f"{row['name']:<16} {row['key']:<28} since {row['since'] or 'the settings'}{until}"))
    if not rows:
        click.echo("nobody may send yet; `music-sync webhook add music-sync` makes a secret")
    return 0


@webhook.command()
@click.argument("name")
@click.option(
    "--overlap", type=click.FloatRange(min=0), default=OVERLAP_S / 3600, help="Hours the old one still counts."
)
def rotate(name: str, overlap: float) -> int:
    """Make a new secret for a sender; the old one counts for a day more, or as long as you say."""
    if name in {NOTION, YOUTUBE}:
        then = "add it anew" if name == NOTION else "the server makes a new one and tells it to YouTube's hub"
        raise BadSetting(f"the secret of {name} is not made here; `music-sync webhook remove {name}`, then {then}")
    secret = _file(load().settings).rotate(name, overlap_s=overlap * 3600)
    click.echo(f"{_words(name)}, shown only now: {secret}")
    click.echo(f"the old one counts for {overlap:g} h more")
    return 0


@webhook.command()
@click.argument("name")
def remove(name: str) -> int:
    """Take a sender's secrets away; what it sent stays."""
    file = _file(load().settings)
    number = file.remove(name)
    if name == NOTION:
        file.end_handshake()
    if not number:
        raise BadSetting(f"there is no webhook {name!r}; `music-sync webhook list` shows those there are")
    click.echo(f"{name} may send no more")
    return 0


@webhook.command()
@click.option("--url", default="", help="Where to send it. Default: the server of this home.")
@click.option("--type", "kind", default="sync.requested", help="The event's type.")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0), default=600.0, help="Seconds to wait for its end.")
def test(url: str, kind: str, wait_s: float) -> int:
    """Send a signed event through the real port, and follow it to the end of what it starts."""
    from music_sync.wiring import serving

    settings = load().settings
    event_id = _sent(settings, url or f"http://{_here(settings)}", kind)
    inbox, engine = serving.open_inbox(settings)
    try:
        return _followed(inbox, event_id, wait_s)
    finally:
        engine.dispose()


@webhook.command()
@click.option("--newest", default=20, type=click.IntRange(min=1), help="So many of the latest first.")
@click.option("--once", is_flag=True, help="Leave after those.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def tail(*, newest: int, once: bool, as_json: bool) -> int:
    """Show stored events as they come, and what became of them, until you stop it."""
    from music_sync.wiring import serving

    inbox, engine = serving.open_inbox(load().settings)
    try:
        for event in _coming(inbox, newest, once=once):
            show.as_json(vars(event)) if as_json else click.echo(show.clean(line_of(event)))
    finally:
        engine.dispose()
    return 0


def line_of(event: Stored) -> str:
    """One line for a person."""
    told = f": {event.told.splitlines()[0]}" if event.told else ""
    return f"{event.received_at} {event.hook} {event.type} {event.event_id} {event.state}{told}"


def _coming(inbox: "SqlInbox", newest: int, *, once: bool) -> Iterator[Stored]:
    """Each event when it came and when it ended."""
    open_ones: dict[int, Stored] = {}
    latest = 0
    events = inbox.events(newest=newest)
    while True:
        for event in events:
            latest = max(latest, event.number)
            if event.state not in ENDED:
                open_ones[event.number] = event
            yield event
        if once:
            return
        time.sleep(LOOK_EVERY_S)
        for number, before in tuple(open_ones.items()):
            now = inbox.event(before.hook, before.event_id)
            if now is None or now.state in ENDED:
                del open_ones[number]
            if now is not None and now.state != before.state:
                open_ones[number] = now
                yield now
        events = inbox.events(after=latest)


def _sent(settings: Settings, url: str, kind: str) -> str:
    """Send one event, signed with a secret of this home; gives its id."""
    import httpx
    import orjson

    from music_sync.web import webhooks_schemes as schemes

    secret = _own_secret(settings)
    event_id = f"test-{os.urandom(8).hex()}"
    body = orjson.dumps({"type": kind, "data": {}})
    headers = schemes.sign(secret, event_id, int(time.time()), body) | {"content-type": "application/json"}
    address = f"{url.rstrip('/')}/webhooks/{SIGNED}"
    began = time.monotonic()
    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=15, trust_env=False)
    except httpx.HTTPError as error:
        raise ServiceUnavailable(
            f"{address} does not answer ({type(error).__name__}); start `music-sync serve`"
        ) from error
    if answer.status_code != 202:
        raise NeedsPerson(f"{address} answered {answer.status_code}; `music-sync webhook list` shows who may send")
    click.echo(f"{event_id} was taken in {(time.monotonic() - began) * 1000:.0f} ms")
    return event_id


def _own_secret(settings: Settings) -> "Secret":
    from music_sync.web.webhooks_keys import HookKeys

    now = time.time()
    for secret in HookKeys(settings, _file(settings)).signing():
        if not secret.ends_at or now < secret.ends_at:
            return secret
    raise NeedsPerson("there is no secret to sign with; `music-sync webhook add music-sync` makes one")


def _followed(inbox: "SqlInbox", event_id: str, wait_s: float) -> int:
    until = time.monotonic() + wait_s
    state = ""
    while time.monotonic() < until:
        event = inbox.event(SIGNED, event_id)
        if event is None:
            raise EnvironmentFault("the event is in no inbox of this home; does the server serve another one?")
        if event.state != state:
            state = event.state
            click.echo(show.clean(line_of(event)))
        if state in ENDED:
            return 3 if state == FAILED else 0
        time.sleep(LOOK_EVERY_S)
    raise ServiceUnavailable(f"{event_id} is {state} after {wait_s:.0f} s; `music-sync webhook tail` shows its end")


def _notion(file: HookFile, address: str) -> int:
    """Begin a subscription; or, when its handshake came, show the token and let the person confirm it."""
    waiting = file.read().handshake
    if waiting is None or not waiting.token:
        file.await_handshake()
        click.echo(f"in Notion's connection settings, create a webhook to {address}/webhooks/{NOTION} within an hour")
        click.echo("then run this command again: it shows the token that Notion asks for")
        return 0
    click.echo(f"the handshake brought this token, shown only now: {waiting.token}")
    is_ours = click.confirm("paste it into Notion; did Notion accept it?", default=False)
    file.end_handshake()
    if not is_ours:
        click.echo("it is thrown away; run this command again to begin anew")
        return 4
    file.put(NOTION, waiting.token, signed=True)
    click.echo("notion may send")
    return 0


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadSetting(f"{show.clean(name)!r} is no name for a webhook; take small letters, digits and hyphens")
    if name == YOUTUBE:
        raise BadSetting("youtube needs no secret of yours; set MUSIC_SYNC_YOUTUBE_CHANNELS and MUSIC_SYNC_PUBLIC_URL")


def _words(name: str) -> str:
    return "signing secret" if name == SIGNED else "token"


def _how(name: str, address: str) -> str:
    ways: dict[str, Callable[[], str]] = {
        SIGNED: lambda: f"sign with it by Standard Webhooks and POST to {address}/webhooks/{SIGNED}",
        "plex": lambda: f"in Plex, add the webhook {address}/webhooks/plex?token=TOKEN",
    }
    own = f"POST to {address}/webhooks/in/{name} with the header `Authorization: Bearer TOKEN`"
    return ways.get(name, lambda: own)()


def _address(settings: Settings) -> str:
    return settings.public_url.rstrip("/") or f"http://{_here(settings)}"


def _here(settings: Settings) -> str:
    host = settings.host if settings.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - looked for, not bound
    return f"{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.port}"


def _file(settings: Settings) -> HookFile:
    return HookFile(settings.hook_file)


def _day(stamp: float) -> str:
    from music_sync.adapters.account_file import day_of

    return day_of(stamp) if stamp else ""
