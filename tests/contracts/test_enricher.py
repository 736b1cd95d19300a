"""What every service that tells of recordings promises. A new one needs a client in `tests.enriching`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.enriching import KNOWN, WORK, Services, serving

from music_sync.demo.loopback import Change, Garbled, RateLimited, Refuse, Truncated
from music_sync.demo.metadata import Work, mbid
from music_sync.model.enrichment import Answer, Known
from music_sync.model.errors import GiveUp, ServiceUnavailable
from music_sync.model.ports import Enricher

NAMES = ("musicbrainz", "coverart", "deezer", "acoustid")
STRANGER = Known("GBZZZ9900001", 200.0, tuple(range(1, 4000, 7)), mb_release_id=mbid(404))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with serving(tmp_path, WORK) as opened:
        yield opened


@pytest.fixture(params=NAMES)
def enricher(request: pytest.FixtureRequest, services: Services) -> Enricher:
    return services.client(request.param)


def whole(enricher: Enricher, known: Known = KNOWN) -> list[Answer]:
    return [enricher.complete(each) for each in enricher.ask(known)]


def test_it_tells_of_a_recording_that_it_knows(enricher: Enricher) -> None:
    [answer] = whole(enricher)

    assert enricher.asks(KNOWN)
    assert answer.by == enricher.by
    assert answer.facts.told or answer.cover
    assert enricher.by == "release" or answer.length_s == WORK.length_s


def test_it_says_nothing_of_one_that_it_does_not_know(enricher: Enricher) -> None:
    assert list(enricher.ask(STRANGER)) == []


def test_without_what_it_asks_by_it_cannot_be_asked(enricher: Enricher) -> None:
    assert not enricher.asks(Known(length_s=200.0))


@pytest.mark.parametrize(
    "trouble", [Refuse(503), Refuse(500, b"<html>"), RateLimited("1"), Truncated()], ids=lambda each: repr(each)[:20]
)
def test_a_service_that_is_away_is_unavailable_after_two_tries(
    enricher: Enricher, services: Services, trouble: Any
) -> None:
    server = services.server(enricher.name)
    server.misbehave("", trouble, always=True)
    with pytest.raises(ServiceUnavailable):
        whole(enricher)

    # A picture takes two calls, for it lies behind a redirect.
    assert len(server.seen) == (4 if enricher.name == "coverart" and isinstance(trouble, Truncated) else 2)


def test_a_trouble_of_a_moment_costs_one_more_call(enricher: Enricher, services: Services) -> None:
    services.server(enricher.name).misbehave("", Refuse(503, headers={"Retry-After": "1"}))

    assert len(whole(enricher)) == 1
    assert 1 <= max(services.time.waited) <= 2


def test_one_that_asks_for_a_long_pause_is_left_alone_until_then(enricher: Enricher, services: Services) -> None:
    services.server(enricher.name).misbehave("", RateLimited("600"))
    for _ in range(3):
        with pytest.raises(ServiceUnavailable, match=r"until .*other work goes on"):
            enricher.ask(KNOWN)

    assert len(services.server(enricher.name).seen) == 1


def test_what_is_no_answer_of_it_is_no_answer(enricher: Enricher, services: Services) -> None:
    services.server(enricher.name).misbehave("", Garbled(b'{"hello": ["a hotel"]}'), always=True)
    with pytest.raises((ServiceUnavailable, GiveUp)):
        whole(enricher)


def test_twenty_questions_stay_within_what_the_service_allows(tmp_path: Path) -> None:
    """P55: the simulators refuse what comes faster."""
    works = [replace(WORK, number=number, isrc=f"DEAB123{number:05}") for number in range(20)]
    with serving(tmp_path, *works) as services:
        for name in NAMES:
            client = services.client(name)
            for work in works:
                whole(client, replace(KNOWN, isrc=work.isrc))

        for server in (services.musicbrainz, services.deezer, services.acoustid):
            assert server.allowance.refused == 0
            assert {seen.status for seen in server.seen} == {200}


def emptied(value: Any, keep: bool = True) -> Any:
    """The same shape with null in every place."""
    if isinstance(value, dict):
        return {key: emptied(each, keep=False) for key, each in value.items()}
    if isinstance(value, list):
        return [emptied(each, keep=False) for each in value]
    return value if keep else None


@pytest.mark.parametrize("name", ["musicbrainz", "deezer", "acoustid"])
def test_nulls_in_every_place_are_survived(services: Services, name: str) -> None:
    services.server(name).misbehave("", Change(emptied), always=True)
    try:
        answers = whole(services.client(name))
    except ServiceUnavailable:
        answers = []

    assert not [each for each in answers if each.facts.told]


def test_a_work_without_anything_is_survived(tmp_path: Path) -> None:
    bare = Work(1, "", "", WORK.isrc, None, (), "", WORK.fingerprint)
    with serving(tmp_path, bare) as services:
        [answer] = services.client("musicbrainz").ask(KNOWN)
        [heard] = services.client("acoustid").ask(KNOWN)

        assert (answer.length_s, heard.length_s, heard.facts.album) == (None, None, "")
