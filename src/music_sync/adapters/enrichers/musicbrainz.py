"""MusicBrainz: recordings by ISRC or by its own id, then the releases that one stands on.

It wants a telling User-Agent and no more than one call a second; over that it answers 503.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import capwords
from typing import Any
from urllib.parse import quote

from music_sync.adapters.answer_fields import fields_of, list_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Calls, NotThere
from music_sync.model.enrichment import Answer, Facts, Known
from music_sync.model.errors import ServiceUnavailable

NAME, LABEL = "musicbrainz", "MusicBrainz"
LIMITS = Limits(burst=1, per_s=1)
MOST_RELEASES = 100

_NO_TITLES = frozenset({"[unknown]", "[untitled]", "[non-album tracks]"})


class MusicBrainz:
    """Fulfils `ports.Enricher`."""

    name, label, by = NAME, LABEL, "isrc"

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def asks(self, known: Known) -> bool:
        return bool(known.isrc or known.mb_recording_id)

    def ask(self, known: Known) -> Sequence[Answer]:
        # An id that the sound led to says more than an ISRC, which stands for two recordings now and then.
        if known.mb_recording_id:
            return self._by_id(known.mb_recording_id)
        try:
            reply = self._calls.get(
                f"ws/2/isrc/{quote(known.isrc, safe='')}", {"fmt": "json", "inc": "artists+releases"}
            )
        except NotThere:
            return ()
        told = fields_of(reply.json)
        if not isinstance(told.get("recordings"), list):
            raise _unreadable()
        return [answer for each in list_of(told["recordings"]) if (answer := parse_recording(each, "isrc"))]

    def complete(self, answer: Answer) -> Answer:
        """The release that it came out on first, with its label."""
        wanted = {"fmt": "json", "recording": answer.facts.mb_recording_id, "limit": MOST_RELEASES}
        told = fields_of(self._calls.get("ws/2/release", {**wanted, "inc": "labels+release-groups+media"}).json)
        if not isinstance(told.get("releases"), list):
            raise _unreadable()
        return with_release(answer, [fields_of(each) for each in list_of(told["releases"])])

    def _by_id(self, recording_id: str) -> Sequence[Answer]:
        try:
            reply = self._calls.get(
                f"ws/2/recording/{quote(recording_id, safe='')}", {"fmt": "json", "inc": "artists+isrcs+genres"}
            )
        except NotThere:
            return ()
        answer = parse_recording(reply.json, "fingerprint")
        return [answer] if answer else []


def parse_recording(entry: object, by: str) -> Answer | None:
    """One recording; None without its id."""
    said = fields_of(entry)
    recording_id = text_of(said.get("id"))
    if not recording_id:
        return None
    isrcs = [text for text in map(text_of, list_of(said.get("isrcs"))) if text]
    length_ms = number_of(said.get("length"))
    facts = Facts(
        year=year_of(said.get("first-release-date")),
        genre=_genre(said),
        # Of several none can be told to be the one of our file.
        isrc=isrcs[0] if len(isrcs) == 1 else "",
        mb_recording_id=recording_id,
    )
    artist = "".join(
        text_of(part.get("name")) + str(part.get("joinphrase") or "")
        for part in map(fields_of, list_of(said.get("artist-credit")))
    )
    return Answer(by, facts, artist, text_of(said.get("title")), length_ms / 1000 if length_ms else None)


def with_release(answer: Answer, releases: Sequence[Mapping[str, Any]]) -> Answer:
    """The answer with what the best of its releases says: official, no compilation, the earliest."""
    named = [each for each in releases if text_of(each.get("title")).casefold() not in {"", *_NO_TITLES}]
    if not named:
        return answer
    best = min(named, key=_rank)
    years = [year for each in named if (year := year_of(each.get("date")))]
    facts = replace(
        answer.facts,
        album=text_of(best.get("title")),
        year=answer.facts.year or min(years, default=None),
        label=_label(best),
        mb_release_id=text_of(best.get("id")),
    )
    has_cover = fields_of(best.get("cover-art-archive")).get("front") is True and bool(facts.mb_release_id)
    return replace(answer, facts=facts, has_cover=has_cover)


def _rank(release: Mapping[str, Any]) -> tuple[bool, bool, str]:
    group = fields_of(release.get("release-group"))
    is_official = text_of(release.get("status")) == "Official"
    return not is_official, bool(list_of(group.get("secondary-types"))), text_of(release.get("date")) or "9999"


def _label(release: Mapping[str, Any]) -> str:
    labels = [fields_of(fields_of(each).get("label")) for each in list_of(release.get("label-info"))]
    names = [text_of(each.get("name")) for each in labels]
    return next((name for name in names if name and name != "[no label]"), "")


def _genre(said: Mapping[str, Any]) -> str:
    genres = [fields_of(each) for each in list_of(said.get("genres"))]
    most = max(genres, key=lambda each: number_of(each.get("count")) or 0, default={})
    return capwords(text_of(most.get("name")))


def year_of(date: object) -> int | None:
    """2004 from `2004-05-06`, `2004-05` or `2004`."""
    year = text_of(date)[:4]
    return int(year) if year.isdecimal() and year.isascii() and len(year) == 4 and int(year) >= 1000 else None


def _unreadable() -> ServiceUnavailable:
    return ServiceUnavailable("MusicBrainz answered with something else than it should; the next sync tries again")
