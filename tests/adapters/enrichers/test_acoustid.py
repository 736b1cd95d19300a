"""AcoustID: the question's form, keys that are refused, and what hangs on a sound."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from tests.enriching import KNOWN, LOW_TIDE, SOUND, WORK, Services, serving

from music_sync.demo.metadata import Release, mbid
from music_sync.model.enrichment import Facts
from music_sync.model.errors import NeedsPerson


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with serving(tmp_path, WORK) as opened:
        yield opened


def test_the_question_is_a_gzipped_form_with_the_whole_fingerprint(services: Services) -> None:
    services.client("acoustid").ask(KNOWN)
    [seen] = services.acoustid.seen
    form = parse_qs(gzip.decompress(seen.body).decode())

    assert seen.headers["content-encoding"] == "gzip"
    assert (form["duration"], form["fingerprint"]) == (["200"], [WORK.fingerprint])


def test_a_sound_leads_to_recording_release_and_year(services: Services) -> None:
    [answer] = services.client("acoustid").ask(KNOWN)

    assert answer.facts == Facts("Low Tide", 2021, "", "", "", WORK.mbid, mbid(LOW_TIDE.number))
    assert (answer.score, answer.length_s, answer.has_cover) == (0.98, 200.0, True)


def test_a_key_that_is_not_taken_is_told_without_the_key(services: Services) -> None:
    with pytest.raises(NeedsPerson, match="correct ACOUSTID_API_KEY") as raised:
        services.client("acoustid", key="wrong-key-simulated").ask(KNOWN)

    assert "wrong-key" not in str(raised.value)


def test_the_most_alike_comes_first_and_compilations_are_passed_over(services: Services) -> None:
    best = replace(WORK, number=2, score=0.99, releases=(Release(21, "Hits", "2019", secondary=("Compilation",)),))
    services.acoustid.works.append(best)
    first, second = services.client("acoustid").ask(KNOWN)

    assert (first.score, first.facts) == (0.99, Facts(mb_recording_id=best.mbid))
    assert second.score == 0.98


def test_a_sound_that_is_like_any_other_is_not_asked_about(services: Services) -> None:
    client = services.client("acoustid")

    assert client.asks(KNOWN)
    assert not client.asks(replace(KNOWN, fingerprint=SOUND[:1] * 300))
