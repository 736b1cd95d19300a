"""What every source promises. A new source needs one more entry in SAMPLES."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from music_sync import settings, wiring
from music_sync.adapters.sources import SOURCES
from music_sync.model.errors import NeedsPerson, TryAgainLater
from music_sync.model.ports import Source

ODD_NAMES = (
    "Nadia Klee - Half Past Two.mp3",
    "夜行バス - 四時の海.flac",
    "🎧🎶 - 👩‍🎤.m4a",
    "a\nb - c\td.mp3",
    "-rf - $HOME `x` %(title)s {0} 100%d.mp3",
    'It\'s "quoted", really; #1 - <b>.wav',
    "Cafe\u0301 - decomposed.mp3",
    "x" * 251 + ".mp3",
)
BROKEN_NAME = b"caf\xe9 - \xff\xfe.mp3"


@dataclass(frozen=True)
class Sample:
    """A source that holds something, how many tracks that is, and the same source gone away."""

    source: Source
    tracks: int
    away: Source


def folder_sample(path: Path) -> Sample:
    folder = path / "drop"
    names = [os.fsencode(name) for name in ODD_NAMES]
    if sys.platform == "linux":  # APFS refuses names that are no UTF-8
        names.append(BROKEN_NAME)
    folder.mkdir()
    for name in names:
        file = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        file.write_bytes(b"audio")
        os.utime(file, (1, 1))
    make = SOURCES["folder"]
    return Sample(make(folder), len(names), make(path / "away"))


def list_sample(path: Path) -> Sample:
    folder = path / "lists"
    folder.mkdir()
    # A list has one name a line, so a line break cannot stand in a name.
    lines = [name.replace("\n", " ").replace("\t", " ") for name in ODD_NAMES]
    for name in lines:
        (folder / name).write_bytes(b"audio")
    (folder / "mine.m3u8").write_text("\n".join(lines), encoding="utf-8")
    make = SOURCES["list"]
    return Sample(make(folder / "mine.m3u8"), len(lines), make(path / "away.txt"))


SAMPLES: dict[str, Callable[[Path], Sample]] = {"folder": folder_sample, "list": list_sample}


@pytest.fixture(params=SOURCES)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    return SAMPLES[request.param](tmp_path)


def test_each_source_has_a_sample() -> None:
    assert list(SAMPLES) == list(SOURCES)


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
    assert all(found.path is not None and found.path.read_bytes() for found in sample.source.detect())


def test_nothing_is_written(sample: Sample, tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    list(sample.source.detect())

    assert snapshot(tmp_path) == before


def test_a_source_that_is_away_says_so_and_is_never_empty(sample: Sample) -> None:
    with pytest.raises((TryAgainLater, NeedsPerson)):
        list(sample.away.detect())


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_every_place_that_lists_the_sources_lists_the_same() -> None:
    assert set(SOURCES) == set(settings.SOURCES) == set(wiring.SOURCES)
