"""What every page and route may need: made, started and stopped in one place."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGTERM
from typing import cast

from fastapi import Request

from music_sync.adapters.sync_process import STOP_WITHIN_S, SyncProcess
from music_sync.model.events import ONLY, Inbox
from music_sync.settings import Settings
from music_sync.triggers.leases import Leases
from music_sync.triggers.webhook import Dispatcher
from music_sync.web.security_sign_in import SignIn, Store
from music_sync.web.webhooks import Hooks, HookSettings
from music_sync.web.webhooks_keys import HookKeys
from music_sync.web.webhooks_notion import Databases
from music_sync.web.webhooks_store import GroupStore
from music_sync.web.work import Work
from music_sync.wiring import serving
from music_sync.wiring.dashboard import Dashboard


@dataclass(frozen=True)
class Site:
    """All that the routes are given; a page reads it with `site_of(request)`."""

    settings: Settings
    sign_in: SignIn
    inbox: Inbox
    hooks: Hooks
    """The doors of webhooks; `hooks.counts` tells how many requests ended how."""
    dispatcher: Dispatcher
    """Works on what the inbox holds; `arrived()` after an event was put back by hand."""
    dashboard: Dashboard
    """The open catalogue of all pages."""
    work: Work
    """What was asked for from a page."""
    leases: Leases
    """The subscriptions at YouTube's hub; `look()` asks for what is due at once."""


def site_of(request: Request) -> Site:
    return cast("Site", request.app.state.site)


@contextmanager
def open_site(
    settings: Settings, sign_ins: Store, process: SyncProcess | None = None, clock: Callable[[], float] = time.time
) -> Iterator[Site]:
    """The site of a home; while the block runs events are stored, and start what they ask for.

    `process` runs the syncs, `clock` is the webhooks' own; raises BadSetting for a secret that is too weak before
    anything is opened.
    """
    file = serving.hook_file(settings, clock)
    keys = HookKeys(settings, file, clock)
    process = process or SyncProcess(outlives_us=True)
    inbox, engine = serving.open_inbox(settings)
    dispatcher = serving.dispatcher(settings, inbox, process)
    store = GroupStore(inbox, engine, dispatcher.arrived)
    leases = serving.leases(settings, file, clock)
    dashboard = Dashboard(settings)
    hooks = Hooks(hook_settings(settings), keys, store, clock)
    dispatcher.start()
    leases.start()
    try:
        yield Site(settings, SignIn(sign_ins), inbox, hooks, dispatcher, dashboard, Work(dashboard.run), leases)
    finally:
        leases.stop()
        store.close()
        dispatcher.stop()
        process.end(SIGTERM)
        dispatcher.wait(STOP_WITHIN_S)
        dashboard.close()
        engine.dispose()


def hook_settings(settings: Settings) -> HookSettings:
    return HookSettings(
        settings.webhook_rate,
        settings.hooks,
        frozenset(settings.link_hosts),
        Databases(*serving.notion_databases(settings)),
        f"{ONLY}youtube",
    )
