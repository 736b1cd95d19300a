"""Telling the owner how syncs go, and whoever watches that they go on."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from music_sync.adapters import last_run_file
from music_sync.adapters.lock_file import LockHeld, locked
from music_sync.adapters.notices_apprise import ApprisePlace, addresses
from music_sync.adapters.ping import Ping
from music_sync.adapters.sql.notices import SqlNotices
from music_sync.flows.notices import PING, Habit, Place, news_of, news_of_silence, send_due, with_digest
from music_sync.model.errors import SyncError
from music_sync.model.notice import Notice
from music_sync.model.report import RunReport
from music_sync.settings import Settings
from music_sync.triggers.clock import SUCCESSES, QuietHours
from music_sync.triggers.schedule import next_runs, parse_schedule
from music_sync.wiring.state import open_state

log = logging.getLogger("music_sync.notices")

_RUNS = 10
"""So many runs of the schedule are looked at for the longest pause between two."""


def are_wanted(settings: Settings) -> bool:
    return bool(settings.notices or settings.ping_url)


def heard(settings: Settings, result: str, message: str, report: RunReport | None) -> None:
    """A sync of all sources ended: leave what its owner should hear in the outbox, and send what is due."""
    now = _now()

    def store(memory: SqlNotices) -> None:
        news = with_digest(news_of(result, message, report, memory.told(), now), report, Habit(settings.digest), now)
        if not settings.notices:
            news.notices.clear()
        if settings.ping_url:
            urgency = "success" if result in SUCCESSES else "failure"
            news.notices.append(Notice(PING, (result,), urgency, replaces=True))
        memory.store(news.notices, news.states)

    _work(settings, store)


def watch(settings: Settings) -> None:
    """Say so when no sync has gone well for long, and send what is due."""

    def store(memory: SqlNotices) -> None:
        last = last_run_file.read(settings.last_run_file).last_run
        when = datetime.fromtimestamp(last, UTC).astimezone() if last else None
        news = news_of_silence(when, _now(), period(settings), memory.told())
        memory.store(news.notices, news.states)

    _work(settings, store if settings.enabled and settings.notices else lambda _memory: None)


def places(settings: Settings) -> list[ApprisePlace]:
    """Where notices go."""
    text = settings.notices.get_secret_value() if settings.notices else ""
    return [ApprisePlace(address) for address in addresses(text)]


def period(settings: Settings) -> timedelta:
    """How far two syncs may lie apart by the settings: the interval, or the schedule's longest pause."""
    runs = next_runs(parse_schedule(settings.schedule), _now(), _RUNS)
    gaps = [later - sooner for sooner, later in pairwise(runs)]
    return max([timedelta(seconds=settings.interval), *gaps])


def _work(settings: Settings, store: Callable[[SqlNotices], None]) -> None:
    """Whatever happens here is logged and never spoils a sync."""
    try:
        memory = SqlNotices(open_state(settings))
        store(memory)
        quiet = QuietHours.read(settings.quiet_hours)
        if not (quiet and quiet.hold(_now())):
            with _alone(settings) as is_free:
                if is_free:
                    send_due(memory, lambda subject: _places_for(subject, settings))
    except SyncError as error:
        log.warning("notices wait: %s", error)


@contextmanager
def _alone(settings: Settings) -> Iterator[bool]:
    """Two that send at the same time would tell everything twice; whoever comes second leaves it to the first."""
    try:
        with locked(settings.var / "notices.lock", "notices"):
            yield True
    except LockHeld:
        yield False


def _places_for(subject: str, settings: Settings) -> Sequence[Place]:
    if subject == PING:
        return [Ping(settings.ping_url.get_secret_value())] if settings.ping_url else []
    return places(settings)


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
