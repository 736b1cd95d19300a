"""How values look on a page: times, lengths, tempos, endings; each a filter of the templates."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup, escape

from music_sync.model.browsing import Run, neighbours
from music_sync.model.story import instant
from music_sync.track.why import place_name

ENDINGS: Mapping[str, tuple[str, str]] = {
    "filed": ("✓", "in the library"),
    "synced": ("✓", "filed"),
    "already_have": ("=", "already yours"),
    "review": ("?", "to review"),
    "buy_list": ("€", "on the buy list"),
    "failed": ("✗", "failed"),
    "running": ("…", "under way"),
}
"""An ending -> its sign and what a person calls it."""

RESULTS: Mapping[str, tuple[str, str]] = {
    "done": ("good", "done"),
    "nothing_new": ("good", "nothing new"),
    "partial": ("warn", "some failed"),
    "needs_person": ("warn", "needs you"),
    "locked": ("warn", "another run was at work"),
    "unavailable": ("bad", "a service was away"),
    "environment": ("bad", "this machine lacks something"),
    "error": ("bad", "error"),
}
"""A run's result -> how it is coloured and what a person calls it."""

COUNTED: Mapping[str, str] = {
    "new": "new",
    "already_have": "already yours",
    "review": "to review",
    "buy_list": "on the buy list",
    "failed": "failed",
}


def when(text: str) -> str:
    """`2026-11-28 21:30` in local time; empty where nobody knows."""
    moment = instant(text)
    if moment == datetime.min.replace(tzinfo=UTC):
        return ""
    return moment.strftime("%Y-%m-%d") if len(text) == 10 else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def stamp(epoch_s: float | None) -> str:
    """As `when`, of epoch seconds."""
    return "" if epoch_s is None else when(datetime.fromtimestamp(epoch_s, UTC).isoformat())


def age(text: str, now: datetime | None = None) -> str:
    """`3 h`, `12 days`: how long ago it was."""
    moment = instant(text)
    if moment == datetime.min.replace(tzinfo=UTC):
        return ""
    return span(((now or datetime.now(UTC)) - moment).total_seconds())


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit_s, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def length(seconds: float | None) -> str:
    """`3:45`."""
    return "" if seconds is None else f"{round(seconds) // 60}:{round(seconds) % 60:02}"


def tempo(bpm: float | None) -> str:
    return "" if bpm is None else f"{bpm:.1f}"


def number(count: int) -> str:
    """`12 345`, with a narrow space that does not break."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def sign(ending: str) -> str:
    return ENDINGS.get(ending, ("·", ""))[0]


def ending_word(ending: str) -> str:
    return ENDINGS.get(ending, ("", ending.replace("_", " ")))[1]


def result_word(result: str) -> str:
    return RESULTS.get(result, ("", result.replace("_", " ")))[1]


def result_tone(result: str) -> str:
    return RESULTS.get(result, ("", ""))[0]


def counts_text(counts: Mapping[str, int]) -> str:
    """`3 new · 1 to review`."""
    told = [f"{counts[word]} {text}" for word, text in COUNTED.items() if counts.get(word)]
    return " · ".join(told) or "nothing new"


def link(url: str) -> str:
    """An address that may stand behind a link: of the web, and nothing that a browser would run."""
    try:
        split = urlsplit(url)
    except ValueError:
        return ""
    return url if split.scheme in {"http", "https"} and split.netloc else ""


def coded(text: str) -> Markup:
    """A sentence of ours, its commands between backticks shown as such; all else is text."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts)
    )


def query(values: Mapping[str, Any]) -> str:
    """The part of an address behind `?`, without what is empty."""
    return urlencode({name: value for name, value in values.items() if value not in {"", None}})


def took(run: Run) -> str:
    return span((instant(run.ended_at) - instant(run.started_at)).total_seconds())


def around(camelot: str) -> str:
    """The places that mix with one."""
    return ", ".join(neighbours(camelot)[1:])


FILTERS: Mapping[str, Callable[..., str]] = {
    "when": when,
    "stamp": stamp,
    "age": age,
    "span": span,
    "length_of": length,
    "tempo": tempo,
    "number": number,
    "size": size,
    "percent": percent,
    "sign": sign,
    "ending": ending_word,
    "result": result_word,
    "tone": result_tone,
    "counts": counts_text,
    "weblink": link,
    "query": query,
    "coded": coded,
    "place": place_name,
    "took": took,
    "around": around,
}
