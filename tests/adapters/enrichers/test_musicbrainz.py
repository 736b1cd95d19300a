"""MusicBrainz: which of the releases of a recording counts, and what it wants of a caller."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.enriching import KNOWN, LOW_TIDE, WORK, Services, serving

from music_sync.demo.metadata import Release, Work, mbid
from music_sync.model.enrichment import Answer, Facts, Known


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with serving(tmp_path, WORK) as opened:
        yield opened


def answered(services: Services, *releases: Release, known: Known = KNOWN) -> Answer:
    services.musicbrainz.works[:] = [replace(WORK, releases=releases)]
    client = services.client("musicbrainz")
    [answer] = client.ask(known)
    return client.complete(answer)


def test_an_isrc_leads_to_album_year_label_and_ids(services: Services) -> None:
    answer = answered(services, LOW_TIDE)

    assert answer.facts == Facts("Low Tide", 2021, "", "", "Halogen", WORK.mbid, mbid(11))
    assert (answer.artist, answer.title, answer.length_s, answer.has_cover) == ("Ann", "Waves", 200.0, True)


def test_it_says_who_asks(services: Services) -> None:
    answered(services, LOW_TIDE)

    assert {seen.headers["user-agent"] for seen in services.musicbrainz.seen} == {"music-sync/0.1.0 ( tests )"}


def test_the_first_official_release_counts_and_no_compilation(services: Services) -> None:
    answer = answered(
        services,
        Release(12, "Summer Hits", "2019-01-01", secondary=("Compilation",)),
        Release(13, "Promo", "2020-01-01", status="Promotion"),
        Release(14, "Low Tide (Deluxe)", "2022-01-01"),
        Release(15, "Low Tide", "2021-01-01", has_front=False),
        Release(16, "Undated", ""),
    )

    assert (answer.facts.album, answer.facts.mb_release_id, answer.has_cover) == ("Low Tide", mbid(15), False)


def test_a_recording_without_a_release_keeps_its_id(services: Services) -> None:
    assert answered(services).facts == Facts(mb_recording_id=WORK.mbid)


def test_a_label_that_is_none_is_none(services: Services) -> None:
    assert not answered(services, replace(LOW_TIDE, label="[no label]")).facts.label


def test_an_id_that_the_sound_led_to_says_isrc_and_genre_too(services: Services) -> None:
    known = replace(KNOWN, isrc="", mb_recording_id=WORK.mbid)
    answer = answered(services, LOW_TIDE, known=known)

    assert (answer.by, answer.facts.isrc, answer.facts.genre) == ("fingerprint", WORK.isrc, "House")


def test_two_recordings_under_one_isrc_are_both_told(services: Services) -> None:
    services.musicbrainz.works.append(Work(2, "Ann", "Waves (Live)", WORK.isrc, 260.0))

    found = services.client("musicbrainz").ask(KNOWN)

    assert [(each.title, each.length_s) for each in found] == [("Waves", 200.0), ("Waves (Live)", 260.0)]
