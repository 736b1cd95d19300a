"""The sources that a round asks, in the owner's order, with all they may need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import SecretStr

from music_sync.adapters import sources
from music_sync.adapters.accounts import Account, Accounts
from music_sync.adapters.arguments import source_for_argument
from music_sync.adapters.means import Means
from music_sync.adapters.sources.webhook import NAME as WEBHOOK
from music_sync.model.errors import BadSetting, NotSetUp
from music_sync.model.happenings import Happening, Tell
from music_sync.model.listing import Listings
from music_sync.model.ports import Source
from music_sync.settings import Settings
from music_sync.track.detect import PassedOver, Request
from music_sync.wiring.state import snapshot


def open_sources(
    settings: Settings,
    request: Request,
    listings: Callable[[], Listings],
    tell: Tell = lambda _: None,
    shown: Callable[[str], Mapping[str, str]] = lambda _: {},
) -> Sequence[Source]:
    """The sources a round asks, in order; raises BadSetting for an argument or a name that means nothing."""
    given = replace(means(settings, listings, tell), shown=shown)
    if request.arguments:
        found = [source_for_argument(argument, given) for argument in request.arguments]
    else:
        found = chain(_names(settings, request), given)
    return [source for source in found if _is_meant(source, request.only)] if request.only else found


def _names(settings: Settings, request: Request) -> Sequence[str]:
    """The sources of the settings; what a webhook brought is asked by name also where they leave it out."""
    is_left_out = request.only == WEBHOOK and WEBHOOK not in settings.sources
    return (*settings.sources, WEBHOOK) if is_left_out else settings.sources


def chain(wanted: Sequence[str], given: Means) -> list[Source]:
    """The sources in the owner's order: `spotify:likes` is one part, `spotify` all parts not named before it."""
    parts = {name: _parts_of(name, given) for name in dict.fromkeys(map(_name_in, wanted))}
    found: list[Source] = []
    for word in wanted:
        name, _, part = word.partition(":")
        off: frozenset[str] = getattr(sources.module(name), "OFF", frozenset())
        meant = [each for each in parts[name] if each.part == part or (not part and each.part not in off)]
        meant += [each for each in parts[name] if isinstance(each, PassedOver) and each not in meant]
        if part and not meant:
            known = ", ".join(each.part for each in parts[name] if each.part) or "none"
            raise BadSetting(f"setting sources: {name} has no part {part!r}; known are {known}; correct it there")
        found += [each for each in meant if each not in found]
    return found


def _parts_of(name: str, given: Means) -> list[Source]:
    """The parts that can be asked; one stand-in when they need an account that nobody connected."""
    module = sources.module(name)
    parts = list(module.open_parts(given))
    account: Account | None = getattr(module, "ACCOUNT", None)
    if account is None or given.accounts.is_set_up(account):
        return parts
    without = [part for part in parts if not getattr(part, "needs_account", True)]
    return without or [PassedOver(name, f"{account.label} is not connected; `{account.command}` does it")]


def _name_in(word: str) -> str:
    return word.partition(":")[0]


def _is_meant(source: Source, only: str) -> bool:
    name, _, part = only.partition(":")
    return source.name == name and part in {"", source.part}


def means(settings: Settings, listings: Callable[[], Listings], tell: Tell = lambda _: None) -> Means:
    """What sources are made from."""
    setting = partial(_setting, settings)

    def told(line: str) -> None:
        tell(Happening("", "", "detect", "told", text=line))

    return Means(setting, listings, Accounts(settings.accounts, setting), settings.budgets, tell=told)


def _setting(settings: Settings, name: str) -> Any:
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else "" if value is None else value


def check_request(settings: Settings, request: Request) -> None:
    """Raise BadSetting for what was typed wrongly, before anything is touched."""
    only = request.only
    found = open_sources(settings, request, lambda: snapshot(settings).listings)
    if not only:
        return
    if _name_in(only) not in sources.SOURCES:
        raise BadSetting(f"--only {only}: no such source; known are {', '.join(sources.SOURCES)}")
    if request.arguments and not found:
        raise BadSetting(f"--only {only}: nothing that you gave is one; leave it out")
    if not request.arguments and _name_in(only) not in map(_name_in, _names(settings, request)):
        raise BadSetting(f"--only {only}: it is not among MUSIC_SYNC_SOURCES; add it there")
    if not request.arguments and not found and only != _name_in(only):
        raise BadSetting(f"--only {only}: {_name_in(only)} has no such part; leave the part out to ask all of them")
    needed = getattr(sources.module(_name_in(only)), "NEEDS", "")
    if not request.arguments and not found and needed:
        raise BadSetting(f"--only {only}: nothing of it is set up; set {needed}")
    passed_over = [source for source in found if isinstance(source, PassedOver)]
    if passed_over and len(passed_over) == len(found):
        raise NotSetUp(passed_over[0].why)
