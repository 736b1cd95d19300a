"""Deezer: tracks by ISRC, without an account.

It tells its errors with status 200: code 4 is its quota of 50 calls in 5 s, 700 that it is busy, 800 that it has no such
thing. Its tempo is a hint at best, and 0 where it knows none.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from music_sync.adapters.answer_fields import fields_of, list_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Calls, NotThere, Reply, Trouble, after_s, by_status
from music_sync.adapters.enrichers.musicbrainz import year_of
from music_sync.model.enrichment import Answer, Facts, Known
from music_sync.model.errors import ServiceUnavailable

NAME, LABEL = "deezer", "Deezer"
LIMITS = Limits(burst=20, per_s=5)
"""Half of what it allows, for other programs at the same address."""

_KINDS = {4: "again", 700: "again", 800: "not_there", 200: "forbidden", 300: "forbidden"}
"""What its error codes mean for us; any other is one that we cannot mend."""
_QUOTA_S = 5.0


class Deezer:
    """Fulfils `ports.Enricher`."""

    name, label, by = NAME, LABEL, "isrc"

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def asks(self, known: Known) -> bool:
        return bool(known.isrc)

    def ask(self, known: Known) -> Sequence[Answer]:
        try:
            told = self._calls.get(f"track/isrc:{quote(known.isrc, safe='')}").json
        except NotThere:
            return ()
        answer = parse_track(told)
        if answer is None:
            raise ServiceUnavailable("Deezer answered with something that is no track; the next sync tries again")
        if answer.facts.isrc.upper() != known.isrc.upper():
            return ()
        # The ISRC is what it was asked by.
        return [replace(answer, facts=replace(answer.facts, isrc=""))]

    def complete(self, answer: Answer) -> Answer:
        """With label and genre of the album; a compilation is not where a track comes from."""
        if not answer.album_id:
            return answer
        try:
            told = fields_of(self._calls.get(f"album/{answer.album_id}").json)
        except NotThere:
            return answer
        return with_album(answer, told)


def judge(reply: Reply) -> Trouble | None:
    """Errors stand in the body, whatever the status."""
    try:
        error = fields_of(fields_of(reply.json).get("error"))
    except ValueError:
        return by_status(reply)
    code = number_of(error.get("code"))
    if code is None:
        return by_status(reply)
    kind = _KINDS.get(code, "rejected")
    wait_s = after_s(reply.headers.get("retry-after"))
    return Trouble(kind, f"error {code}: {text_of(error.get('message'))}", wait_s or (_QUOTA_S if code == 4 else None))


def parse_track(entry: object) -> Answer | None:
    """One track; None for what is none."""
    said = fields_of(entry)
    length_s = number_of(said.get("duration"))
    if not text_of(said.get("title")) or not number_of(said.get("id")):
        return None
    album = fields_of(said.get("album"))
    facts = Facts(
        album=text_of(album.get("title")),
        year=year_of(said.get("release_date")),
        isrc=text_of(said.get("isrc")),
    )
    return Answer(
        "isrc",
        facts,
        text_of(fields_of(said.get("artist")).get("name")),
        text_of(said.get("title")),
        float(length_s) if length_s else None,
        tempo_bpm=_tempo(said.get("bpm")),
        track_number=number_of(said.get("track_position")),
        album_id=str(number_of(album.get("id")) or ""),
    )


def with_album(answer: Answer, album: Any) -> Answer:
    if text_of(album.get("record_type")).startswith("compil"):
        return replace(answer, facts=replace(answer.facts, album="", year=None), track_number=None)
    genres = [fields_of(each) for each in list_of(fields_of(album.get("genres")).get("data"))]
    genre = next((name for each in genres if (name := text_of(each.get("name")))), "")
    return replace(answer, facts=replace(answer.facts, label=text_of(album.get("label")), genre=genre))


def _tempo(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 20 <= value <= 400 else None  # type: ignore[arg-type, operator]
