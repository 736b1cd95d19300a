"""What a person hears of a run without looking: each failure for good once, each change of state once, and what came.

What is to be told goes into the outbox with the state that it tells of, and is sent from there: later, retried, and to
each place once.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from music_sync.adapters.sql.notices import SqlNotices
from music_sync.model.endings import Failed, NeedsReview, Synced
from music_sync.model.errors import SyncError
from music_sync.model.notice import Notice, Waiting
from music_sync.model.report import RunReport, SourceReport, TrackReport
from music_sync.track import undo

log = logging.getLogger(__name__)

LONG_AWAY = timedelta(days=1)
"""A source that mends itself, such as a service that is away, is told of when it has failed for so long."""
LEAST_GRACE = timedelta(hours=1)
"""Silence is told when no run went well for the period and as long again, or for the period and this."""
MORNING = time(9)
"""When a daily digest is due, local time."""

FAILED_FOR_GOOD = frozenset({"nobody", "person"})
RUN_FAULTS = frozenset({"environment", "error"})


@dataclass(frozen=True)
class Habit:
    """How the owner wants to hear of what went well: `run`, `daily` or `never`."""

    digest: str = "daily"


@dataclass(frozen=True)
class News:
    """What is to be told, and the states that it tells of; an empty state is one that is well."""

    notices: list[Notice] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)

    def turn(self, subject: str, state: str, told: Mapping[str, str], notice: Notice | None) -> None:
        """Note a state; the notice goes out only when it is another one than the one told last."""
        if told.get(subject, "") != state:
            self.states[subject] = state
            self.notices.extend([notice] if notice else [])


def news_of(result: str, message: str, report: RunReport | None, told: Mapping[str, str], now: datetime) -> News:
    """What a run of all sources means to its owner; `told` holds the states told before, `now` is aware, local time."""
    news = News()
    _of_run(news, result, message, told)
    for source in report.sources if report else ():
        _of_source(news, source, told, now)
    for track in report.tracks if report else ():
        _of_track(news, track, told)
    return news


def with_digest(news: News, report: RunReport | None, habit: Habit, now: datetime) -> News:
    """The news with what came, as the owner wants to hear of it."""
    came = [_called(track) for track in (report.tracks if report else ()) if isinstance(track.ending, Synced)]
    # What was filed stands in the report of its own run only, so nothing is told twice.
    if came and habit.digest != "never":
        due_at = _next_morning(now) if habit.digest == "daily" else ""
        news.notices.append(Notice("new", tuple(came), "success", due_at=due_at))
    return news


def news_of_silence(last_success: datetime | None, now: datetime, period: timedelta, told: Mapping[str, str]) -> News:
    """Whether no run went well for the period and its grace; told once, and once more when it is over."""
    news = News()
    if last_success is None:
        return news
    is_silent = now - last_success > period + max(period, LEAST_GRACE)
    text = f"no sync has gone well since {last_success:%a %d %b %H:%M}; `music-sync status` says why"
    notice = Notice("silence", (text,), "failure", replaces=True) if is_silent else None
    news.turn("silence", "silent" if is_silent else "", told, notice)
    return news


def _of_run(news: News, result: str, message: str, told: Mapping[str, str]) -> None:
    is_broken = result in RUN_FAULTS
    back = "syncing works again" if told.get("run") else ""
    text = (message or "the sync broke off; `music-sync status` tells more") if is_broken else back
    urgency = "failure" if is_broken else "success"
    notice = Notice("run", (text,), urgency, replaces=True) if text else None
    news.turn("run", result if is_broken else "", told, notice)


def _of_source(news: News, source: SourceReport, told: Mapping[str, str], now: datetime) -> None:
    if source.skipped:
        return
    subject = f"source {source.label}"
    before = told.get(subject, "")
    if source.ok:
        back = Notice(subject, (f"{source.label} works again",), "success", replaces=True)
        news.turn(subject, "", told, back if before.startswith("told") else None)
    elif source.next_actor == "person":
        wanted = Notice(subject, (f"{source.label}: {source.message}",), "failure", replaces=True)
        news.turn(subject, "told person", told, wanted)
    elif not before.startswith("told"):
        since = before or f"since {now.astimezone(UTC).isoformat(timespec='seconds')}"
        is_long = now - datetime.fromisoformat(since.removeprefix("since ")) >= LONG_AWAY
        text = f"{source.label} has failed for a day: {source.message}"
        late = Notice(subject, (text,), "warning", replaces=True) if is_long else None
        news.turn(subject, "told flow" if is_long else since, told, late)


def _of_track(news: News, track: TrackReport, told: Mapping[str, str]) -> None:
    ending, subject = track.ending, f"track {track.found.key}"
    is_failed = isinstance(ending, Failed) and ending.next_actor in FAILED_FOR_GOOD and ending.stage != undo.STAGE
    if not is_failed and not isinstance(ending, NeedsReview):
        news.turn(subject, "", told, None)
        return
    state = hashlib.sha256(f"{ending.name} {ending.reason}".encode(errors="replace")).hexdigest()[:16]
    line = f"{_called(track)}: {ending.reason}"
    notice = Notice("failed", (line,), "failure") if is_failed else Notice("review", (line,), "warning")
    news.turn(subject, state, told, notice)


def _called(track: TrackReport) -> str:
    ending = track.ending
    return f"{ending.artist} - {ending.title}" if ending.artist and ending.title else track.found.label


def _next_morning(now: datetime) -> str:
    day = now.date() if now.time() < MORNING else now.date() + timedelta(days=1)
    moment = datetime.combine(day, MORNING, now.tzinfo)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Telling


class Place(Protocol):
    """Where notices go: a phone, a room, a mailbox."""

    @property
    def mark(self) -> str:
        """Names it without telling its address, which holds a secret."""

    def send(self, title: str, text: str, urgency: str) -> None:
        """Raises ServiceUnavailable when it did not take it."""


PING = "ping"
"""The subject under which a watcher outside hears that a run ended, and how."""


def send_due(memory: SqlNotices, places_of: Callable[[str], Sequence[Place]]) -> list[str]:
    """Tell what is due, each place once; who did not take it is tried again later. Gives a sentence a failure."""
    failures: list[str] = []
    for waiting in memory.due():
        places, has_it = places_of(waiting.subject), set(waiting.told_to)
        failures += _send(waiting, [place for place in places if place.mark not in has_it], has_it)
        if all(place.mark in has_it for place in places):
            memory.sent(waiting)
        else:
            memory.put_off(waiting, has_it)
    return failures


def _send(waiting: Waiting, places: Sequence[Place], has_it: set[str]) -> Iterator[str]:
    title, text = worded(waiting)
    for place in places:
        try:
            place.send(title, text, waiting.urgency)
        except SyncError as error:
            log.warning("a notice waits: %s", error)
            yield str(error)
        else:
            has_it.add(place.mark)


_TITLES = {
    "failed": ("1 track failed for good", "{} tracks failed for good"),
    "review": ("1 track needs your eye", "{} tracks need your eye"),
    "new": ("1 new track", "{} new tracks"),
    "run": ("Syncing", "Syncing"),
    "silence": ("No sync goes well", "No sync goes well"),
}
_WHAT_NEXT = {
    "failed": "music-sync status lists them, music-sync retry tries them again",
    "review": "music-sync review shows both sides",
}


def worded(waiting: Waiting) -> tuple[str, str]:
    """A title and a text."""
    one, many = _TITLES.get(waiting.subject, (waiting.subject.removeprefix("source "),) * 2)
    title = one if waiting.count == 1 else many.format(waiting.count)
    more = waiting.count - len(waiting.lines)
    lines = [*waiting.lines, *([f"and {more} more"] if more > 0 else []), _WHAT_NEXT.get(waiting.subject, "")]
    return f"Music Sync: {title}", "\n".join(filter(None, lines))
