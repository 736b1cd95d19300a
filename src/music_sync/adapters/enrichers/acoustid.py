"""AcoustID: recordings at MusicBrainz by their sound, with a key that is free for private use.

The fingerprint goes in Chromaprint's own text form, as a gzipped form. Three calls a second are allowed.
"""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from music_sync.adapters.answer_fields import fields_of, list_of, number_of, text_of
from music_sync.adapters.budget_file import Limits
from music_sync.adapters.calls import Calls, Reply, Trouble, after_s, by_status
from music_sync.audio.fingerprint import is_telling
from music_sync.audio.fingerprint_text import as_text
from music_sync.model.enrichment import Answer, Facts, Known
from music_sync.model.errors import NeedsPerson, ServiceUnavailable

NAME, LABEL = "acoustid", "AcoustID"
LIMITS = Limits(burst=1, per_s=3)

_KINDS = {4: "sign_in", 5: "again", 12: "sign_in", 13: "again", 14: "again", 17: "sign_in"}
"""What its error codes mean for us; any other is a question that it does not understand."""


class AcoustId:
    """Fulfils `ports.Enricher`."""

    name, label, by = NAME, LABEL, "fingerprint"

    def __init__(self, calls: Calls, key: str) -> None:
        self._calls = calls
        self._key = key

    def asks(self, known: Known) -> bool:
        """Silence and steady tones sound like any other: such a fingerprint would find them."""
        return is_telling(known.fingerprint)

    def ask(self, known: Known) -> Sequence[Answer]:
        form = {
            "format": "json",
            "client": self._key,
            "duration": str(round(known.length_s)),
            "fingerprint": as_text(known.fingerprint),
            "meta": "recordings releasegroups releases sources",
        }
        body = gzip.compress(urlencode(form).encode("ascii"), mtime=0)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
        url = f"{self._calls.base_url}/v2/lookup"

        def send(ours: Mapping[str, str], timeout_s: float) -> Reply:
            return self._calls.send(httpx.Request("POST", url, content=body, headers={**headers, **ours}), timeout_s)

        try:
            told = fields_of(self._calls.guarded(send).json)
        except NeedsPerson as error:
            raise NeedsPerson("AcoustID does not take the key; correct ACOUSTID_API_KEY") from error
        if not isinstance(told.get("results"), list):
            raise ServiceUnavailable("AcoustID answered with something else than it should; the next sync tries again")
        return list(parse_results(told["results"]))

    def complete(self, answer: Answer) -> Answer:
        return answer


def judge(reply: Reply) -> Trouble | None:
    """Its errors have a code of their own in the body."""
    try:
        said = fields_of(reply.json)
    except ValueError:
        return by_status(reply)
    error = fields_of(said.get("error"))
    code = number_of(error.get("code"))
    if said.get("status") != "error" or code is None:
        return by_status(reply)
    told = f"error {code}: {text_of(error.get('message'))}"
    return Trouble(_KINDS.get(code, "rejected"), told, after_s(reply.headers.get("retry-after")))


def parse_results(results: Sequence[object]) -> Iterator[Answer]:
    """Every recording that hangs on a sound like ours, the most alike first."""
    heard = [fields_of(each) for each in results]
    for result in sorted(heard, key=lambda each: -_score(each)):
        for recording in map(fields_of, list_of(result.get("recordings"))):
            recording_id = text_of(recording.get("id"))
            if recording_id:
                yield _answer(recording, recording_id, _score(result))


def _answer(recording: Mapping[str, Any], recording_id: str, score: float) -> Answer:
    album, release_id, year = _release(recording)
    length_s = recording.get("duration")
    is_number = isinstance(length_s, int | float) and not isinstance(length_s, bool) and length_s > 0
    return Answer(
        "fingerprint",
        Facts(album=album, year=year, mb_recording_id=recording_id, mb_release_id=release_id),
        ", ".join(text_of(fields_of(each).get("name")) for each in list_of(recording.get("artists"))),
        text_of(recording.get("title")),
        float(length_s) if is_number else None,  # type: ignore[arg-type]
        score,
        has_cover=bool(release_id),
    )


def _release(recording: Mapping[str, Any]) -> tuple[str, str, int | None]:
    """Title, release and year of the earliest release that is no compilation; empty where only those are told."""
    found = []
    for group in map(fields_of, list_of(recording.get("releasegroups"))):
        if list_of(group.get("secondarytypes")):
            continue
        for release in map(fields_of, list_of(group.get("releases"))):
            year = number_of(fields_of(release.get("date")).get("year"))
            title = text_of(release.get("title")) or text_of(group.get("title"))
            found.append((year or 9999, title, text_of(release.get("id"))))
    if not found:
        return "", "", None
    year, title, release_id = min(found)
    return title, release_id, year if year != 9999 else None


def _score(result: Mapping[str, Any]) -> float:
    score = result.get("score")
    return float(score) if isinstance(score, int | float) and not isinstance(score, bool) else 0.0
