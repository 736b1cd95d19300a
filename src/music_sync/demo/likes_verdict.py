"""What must hold about the likes, held against what the program says, what it keeps and what the services were asked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from music_sync.demo.likes import (
    LABELS,
    LIKES,
    LISTED,
    NO_TRACKS,
    ONE_MORE,
    PARTS,
    PLAYLIST,
    TWICE,
    TWICE_AGAIN,
)
from music_sync.demo.loopback import Seen
from music_sync.demo.verdict import Evidence, Heard
from music_sync.demo.worker import Ran

RESULT = ("partial", 3)
"""What the later sync must say and end with: a service limits us, and a person is needed for another."""
ENDED = "account_youtube"
"""The one finding that `doctor` must have: a sign-in has ended."""
CLOCKS_APART_S = 120.0
_FOUND = {"spotify likes": 5, "spotify playlists": len(LISTED), "soundcloud likes": 2, "youtube likes": 1}
"""How many tracks each part knows on the later day; what cannot be asked tells those that it knows."""


@dataclass(frozen=True)
class LaterDay:
    """All that is known after the sync of the later day."""

    is_first: bool
    """Did this demo see the day pass, or was it played on an earlier one's world?"""
    ran: Ran
    calls: Mapping[str, tuple[Seen, ...]]
    """What each service was asked by it."""
    was_blocked: bool
    """Was it known already, when it began, that SoundCloud limits us?"""
    limited_until: float
    """When SoundCloud said that it answers again, in epoch seconds."""
    blocked_until: float
    """Until when the program leaves it alone; 0 when it does not."""
    attempts: Mapping[str, int]
    """How often each like was tried, by its id."""
    playlist: tuple[str, ...]
    """The files that the playlist's M3U8 names, relative to the library; empty when there is no such file."""
    changed: tuple[str, ...]
    """Files that were in the library before that sync and are not as they were, or gone."""
    kept_in: Mapping[str, str]
    """Where the program keeps each sign-in."""

    @property
    def sources(self) -> dict[str, Mapping[str, Any]]:
        """What the sync says of each source, by name and part."""
        told: Sequence[Mapping[str, Any]] = self.ran.report.get("sources", ())
        return {f"{each['name']} {each['part']}".rstrip(): each for each in told}

    @property
    def result(self) -> str:
        return str(self.ran.report.get("result", "nothing"))

    def message(self, source: str) -> str:
        return str(self.sources.get(source, {}).get("message", ""))

    @property
    def worked_on(self) -> tuple[str, ...]:
        """The tracks that any stage was started for."""
        return tuple(dict.fromkeys(name for name, stage in self.ran.started if stage != "detect"))


@dataclass(frozen=True)
class Claim:
    """What is claimed of the later day, with what was seen of it."""

    text: str
    problems: tuple[str, ...]
    """A sentence for each thing about it that does not hold."""


def claims(evidence: Evidence, day: LaterDay) -> tuple[Claim, ...]:
    """Everything that must hold about the likes."""
    files = sum(len(recording.paths) for recording in evidence.recordings)
    news = f"only {_listed(day.worked_on)} was new and worked on" if day.worked_on else "nothing is new, no stage ran"
    removal = f"{_parts_of(day.message('spotify likes'))}: " if day.is_first else ""
    limit = f"{_parts_of(day.message('soundcloud likes'))}: {_asked(day, 'soundcloud')}"
    ended = f"{_parts_of(day.message('youtube likes'), 2)}: {_asked(day, 'youtube')}"
    read = [name for name, told in day.sources.items() if told["ok"]]
    standing = (
        f"{len(day.playlist)} of {len(LISTED)} tracks of {PLAYLIST} are yours and stand on Playlists/{PLAYLIST}.m3u8"
    )
    entries = f"; {_parts_of(day.message('spotify playlists'))}" if day.is_first else ""
    return (
        Claim(news, tuple(_new(day))),
        Claim(f"{removal}{len(day.changed)} of {files} files in the library changed", tuple(_removal(day))),
        Claim(f"{standing}{entries}", tuple(_playlist(evidence, day))),
        Claim(limit, tuple(_limit(day))),
        Claim(ended, tuple(_sign_in(day))),
        Claim(
            f"the others went on ({_listed(read)}), and it ends as `{day.result}` with code {day.ran.code}",
            tuple(_sources(day)),
        ),
        Claim(
            f"{len(LIKES)} likes, each ended once; one liked at two services is one recording",
            tuple(_once(evidence, day)),
        ),
    )


def _new(day: LaterDay) -> Iterator[str]:
    expected = (ONE_MORE.label,) if day.is_first else ()
    if day.worked_on != expected:
        yield f"the later sync worked on {_listed(day.worked_on)}; expected was {_listed(expected)}"


def _sources(day: LaterDay) -> Iterator[str]:
    if (day.result, day.ran.code) != RESULT:
        yield (
            f"the later sync should end with code {RESULT[1]} as {RESULT[0]}, "
            f"but ended with {day.ran.code} as {day.result}: {day.ran.last_words}"
        )
    parts = {part.replace(":", " ") for part in PARTS}
    fail = {"soundcloud likes", "youtube likes"}
    for name in sorted(day.sources.keys() | parts):
        told = day.sources.get(name)
        if told is None:
            yield f"the later sync says nothing of {name}"
        elif told["ok"] != (name not in fail) or told["skipped"]:
            yield f"the later sync should {'fail' if name in fail else 'go on'} with {name}, but says: {told['message']}"
        elif told["found"] != _FOUND.get(name, told["found"]):
            yield f"the later sync found {told['found']} tracks of {name}; expected were {_FOUND[name]}"


def _limit(day: LaterDay) -> Iterator[str]:
    """A service that limits us is told with the end of it, asked once and then left alone until then."""
    text = day.message("soundcloud likes")
    if not re.match(r"SoundCloud limits us\b[^;]* until [^;]*\d\d:\d\d \(in ", text):
        yield f"the sync does not tell until when SoundCloud limits us: {text}"
    if not day.was_blocked and abs(day.blocked_until - day.limited_until) > CLOCKS_APART_S:
        yield (
            f"SoundCloud limits us until {day.limited_until:.0f}, "
            f"but the program leaves it alone until {day.blocked_until:.0f}"
        )
    if not day.blocked_until:
        yield "the program does not remember that SoundCloud limits us"
    asked = [seen.status for seen in day.calls["soundcloud"] if seen.method == "GET"]
    if asked != ([] if day.was_blocked else [429]):
        yield f"SoundCloud was asked though it limits us; it answered {asked or 'nothing'}"


def _sign_in(day: LaterDay) -> Iterator[str]:
    """A sign-in that has ended is told with the command that mends it, and its service is not asked any more."""
    text = day.message("youtube likes")
    if "has ended" not in text or "`music-sync connect youtube`" not in text:
        yield f"the sync does not tell that the sign-in to YouTube has ended and what mends it: {text}"
    asked = [(seen.method, seen.status) for seen in day.calls["youtube"]]
    # Refused are first the access token, which may be held for an hour on, and then what renews it.
    allowed = [[("GET", 401), ("POST", 400)], [("POST", 400)]] if day.is_first else [[], [("GET", 401)]]
    if asked not in allowed:
        yield f"YouTube was asked too often after the sign-in had ended: {asked}"
    for service, label in LABELS.items():
        if day.kept_in.get(service) != "file":
            yield f"the sign-in to {label} is not kept in the sandbox: {day.kept_in.get(service, 'nowhere')}"


def _removal(day: LaterDay) -> Iterator[str]:
    """A like that was taken away is told, and costs nothing."""
    if day.is_first and "1 track is no longer on Liked songs" not in day.message("spotify likes"):
        yield f"the sync does not tell that a like was taken away: {day.message('spotify likes') or 'nothing'}"
    yield from (f"{path} is not as it was before the later sync" for path in day.changed)


def _playlist(evidence: Evidence, day: LaterDay) -> Iterator[str]:
    """A playlist's tracks that are ours stand on its M3U8, and what is no track is told in one line."""
    expected = tuple(
        recording.paths[0] for like in LISTED if (recording := _recording_of(like.source_id, evidence)) is not None
    )
    if day.playlist != expected:
        yield f"{PLAYLIST}.m3u8 names {_listed(day.playlist)}; expected was {_listed(expected)}"
    text = day.message("spotify playlists")
    if day.is_first and text.count(f"{NO_TRACKS} entries of {PLAYLIST} are no tracks") != 1:
        yield f"the sync does not tell once that {NO_TRACKS} entries of {PLAYLIST} are no tracks: {text or 'nothing'}"


def _once(evidence: Evidence, day: LaterDay) -> Iterator[str]:
    """Each like ended once, and one that is liked at two services is one recording."""
    for like in LIKES:
        if day.attempts.get(like.source_id) != 1:
            yield f"{like.label} ({like.service}) was tried {day.attempts.get(like.source_id, 0)} times instead of once"
    first, second = (_recording_of(like.source_id, evidence) for like in (TWICE, TWICE_AGAIN))
    if first is None or first != second:
        yield f"{TWICE.label} is liked on Spotify and on SoundCloud, but is not one recording"


def _recording_of(source_id: str, evidence: Evidence) -> Heard | None:
    return next((each for each in evidence.recordings if source_id in each.addresses), None)


def _parts_of(message: str, count: int = 1) -> str:
    """The first parts of a message; behind them stands what else there is to say of the source."""
    return "; ".join(message.split("; ")[:count]) or "nothing is told"


def _asked(day: LaterDay, service: str) -> str:
    """How often a service was asked."""
    times = len(day.calls[service])
    return f"{times} {'call' if times == 1 else 'calls'} and no more" if times else "not asked again"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
