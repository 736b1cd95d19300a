"""Deezer: errors with status 200, tempos that are none, and albums that are not where a track comes from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.enriching import KNOWN, WORK, Services, serving

from music_sync.demo.loopback import Change, Refuse
from music_sync.demo.metadata import Allowance
from music_sync.model.enrichment import Facts
from music_sync.model.errors import GiveUp, ServiceUnavailable


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with serving(tmp_path, WORK) as opened:
        yield opened


def test_track_and_album_tell_what_it_is(services: Services) -> None:
    client = services.client("deezer")
    [answer] = client.ask(KNOWN)

    assert client.complete(answer).facts == Facts("Low Tide", 2021, "House", "", "Halogen")
    assert answer.tempo_bpm == 124.0


def test_a_quota_that_comes_with_status_200_is_waited_for(services: Services) -> None:
    services.deezer.misbehave("", Refuse(200, {"error": {"type": "Exception", "message": "Quota limit", "code": 4}}))

    assert len(services.client("deezer").ask(KNOWN)) == 1
    assert services.time.waited == [5.0]


def test_a_quota_that_stays_used_up_makes_it_unavailable(services: Services) -> None:
    services.deezer.allowance = Allowance(0, 0, services.time)
    with pytest.raises(ServiceUnavailable, match="error 4: Quota limit exceeded"):
        services.client("deezer").ask(KNOWN)


def test_another_error_is_the_end_of_the_question(services: Services) -> None:
    services.deezer.misbehave("", Refuse(200, {"error": {"message": "Wrong parameter", "code": 500}}))
    with pytest.raises(GiveUp, match="error 500"):
        services.client("deezer").ask(KNOWN)


@pytest.mark.parametrize("bpm", [0, None, "128", True, 9000])
def test_a_tempo_that_is_none_is_none(services: Services, bpm: object) -> None:
    """P36: placeholder metrics are never taken as real ones."""
    services.deezer.misbehave("/track", Change(lambda track: {**track, "bpm": bpm}))
    [answer] = services.client("deezer").ask(KNOWN)

    assert answer.tempo_bpm is None


def test_a_compilation_is_not_the_album_of_a_track(services: Services) -> None:
    services.deezer.compilations.add(WORK.number)
    client = services.client("deezer")
    [answer] = client.ask(KNOWN)

    assert client.complete(answer).facts == Facts()


def test_a_track_of_another_isrc_is_no_answer(services: Services) -> None:
    services.deezer.misbehave("/track", Change(lambda track: {**track, "isrc": "GBZZZ9900001"}))

    assert list(services.client("deezer").ask(KNOWN)) == []


def test_an_album_that_is_gone_leaves_the_track(services: Services) -> None:
    client = services.client("deezer")
    [answer] = client.ask(KNOWN)
    services.deezer.works[:] = [replace(WORK, releases=())]

    assert client.complete(answer) == answer
