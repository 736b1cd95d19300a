"""What asks services what filed tracks are."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from music_sync import __version__
from music_sync.adapters.budget_file import Budget
from music_sync.adapters.calls import Calls, Judge, by_status
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.model.happenings import Tell
from music_sync.model.ports import Enricher
from music_sync.settings import NONE, Settings
from music_sync.wiring.retagging import retagger

if TYPE_CHECKING:
    from music_sync.flows.enrich import Desk

_AGENT = f"music-sync/{__version__} ( a personal library, at most one call a second )"
"""MusicBrainz wants to know which program asks, and blocks names that stand for many."""
_MOST_TRIES = 2
"""A service that is away is asked again at a later round; nobody waits for it."""
_GRACE_S = 15.0
"""So much longer than a round's time a question may take that was put before its end."""


def enriched(
    settings: Settings, catalogue: SqlRetags, library: FolderLibrary, tell: Tell, is_stopped: Callable[[], bool]
) -> int:
    """Ask what is due, fill in what was told; how many recordings have other tags now."""
    from music_sync.flows.enrich import enrich

    if not names(settings):
        return 0
    with _desk(settings, catalogue, library, is_stopped) as desk:
        return enrich(desk, tell).filled


def names(settings: Settings) -> list[str]:
    """The services that are asked, in order; AcoustID only with a key."""
    if NONE in settings.enrich:
        return []
    return [name for name in settings.enrich if name != "acoustid" or settings.acoustid_api_key]


@contextmanager
def _desk(
    settings: Settings, catalogue: SqlRetags, library: FolderLibrary, is_stopped: Callable[[], bool]
) -> "Iterator[Desk]":
    from music_sync.flows.enrich import Desk

    with ExitStack() as stack:
        found = [_OPEN[name](settings, stack) for name in names(settings)]
        covers = settings.var / "covers"
        yield Desk(catalogue, retagger(settings, catalogue, library), found, covers, is_stopped)


def _musicbrainz(settings: Settings, stack: ExitStack) -> Enricher:
    from music_sync.adapters.enrichers import musicbrainz

    return musicbrainz.MusicBrainz(_calls(settings, stack, musicbrainz, settings.musicbrainz_url))


def _coverart(settings: Settings, stack: ExitStack) -> Enricher:
    from music_sync.adapters.egress import egress_client, host_and_port
    from music_sync.adapters.enrichers import coverart

    calls = _calls(settings, stack, coverart, settings.coverart_url, coverart.judge)
    own = host_and_port(httpx.URL(calls.base_url))
    return coverart.CoverArt(calls, stack.enter_context(egress_client(frozenset({own}))))


def _deezer(settings: Settings, stack: ExitStack) -> Enricher:
    from music_sync.adapters.enrichers import deezer

    return deezer.Deezer(_calls(settings, stack, deezer, settings.deezer_url, deezer.judge))


def _acoustid(settings: Settings, stack: ExitStack) -> Enricher:
    from music_sync.adapters.enrichers import acoustid

    key = settings.acoustid_api_key.get_secret_value() if settings.acoustid_api_key else ""
    return acoustid.AcoustId(_calls(settings, stack, acoustid, settings.acoustid_url, acoustid.judge), key)


_OPEN: dict[str, Callable[[Settings, ExitStack], Enricher]] = {
    "musicbrainz": _musicbrainz,
    "coverart": _coverart,
    "deezer": _deezer,
    "acoustid": _acoustid,
}


def _calls(settings: Settings, stack: ExitStack, service: Any, url: str, judge: Judge = by_status) -> Calls:
    """A connection for one round."""
    from music_sync.flows.enrich import LIMIT_S

    budget = Budget(settings.budgets, service.NAME, service.LABEL, service.LIMITS)
    calls = Calls(url, budget, judge=judge, deadline_s=LIMIT_S + _GRACE_S).with_manners(_AGENT, _MOST_TRIES)
    return stack.enter_context(calls)
