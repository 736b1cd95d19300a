"""What every source promises. A new source needs one more module in tests/samples/sources/."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.source_sample import Sample, SampleModule

from music_sync.adapters.sources import SOURCES
from music_sync.model.errors import NeedsPerson, NotSetUp, TryAgainLater


@pytest.fixture(params=SOURCES)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sample]:
    module = cast("SampleModule", importlib.import_module(f"tests.samples.sources.{request.param}"))
    with module.sample(tmp_path) as found:
        yield found


def test_all_tracks_are_found(sample: Sample) -> None:
    assert len(list(sample.source.detect())) == sample.tracks


def test_each_track_has_an_id_of_its_own(sample: Sample) -> None:
    assert len({found.key for found in sample.source.detect()}) == sample.tracks


def test_a_second_look_finds_the_same(sample: Sample) -> None:
    assert list(sample.source.detect()) == list(sample.source.detect())


def test_a_track_bears_the_name_of_its_source(sample: Sample) -> None:
    assert {found.source for found in sample.source.detect()} == {sample.source.name}


def test_what_a_source_says_can_be_stored_and_printed(sample: Sample) -> None:
    for found in sample.source.detect():
        assert f"{found.key} {found.revision} {found.artist} {found.title} {found.url}".encode()


def test_a_path_can_be_opened_under_the_name_that_was_found(sample: Sample) -> None:
    assert all(found.path is None or found.path.read_bytes() for found in sample.source.detect())


def test_a_track_has_words_a_link_or_a_file(sample: Sample) -> None:
    assert all(found.title or found.url or found.path for found in sample.source.detect())


def test_nothing_of_the_person_is_changed(sample: Sample, tmp_path: Path) -> None:
    before = snapshot(tmp_path / "theirs")
    list(sample.source.detect())

    assert snapshot(tmp_path / "theirs") == before


def test_a_source_that_is_away_says_so_and_is_never_empty(sample: Sample) -> None:
    with pytest.raises((TryAgainLater, NeedsPerson)):
        list(sample.away.detect())


def test_a_source_without_an_account_says_how_to_connect_it(sample: Sample) -> None:
    if sample.not_set_up is None:
        return

    with pytest.raises(NotSetUp, match=f"music-sync connect {sample.source.name}"):
        list(sample.not_set_up.detect())


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}
