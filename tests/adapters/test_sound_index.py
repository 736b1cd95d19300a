"""The index proposes every recording that sounds alike, however many there are, and remembers them in a file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray
from tests.audio.encoded import encode
from tests.track.examples import recording, track

from music_sync.adapters.fingerprint_chromaprint import fingerprinter
from music_sync.adapters.sound_index import SoundIndex
from music_sync.adapters.sql import sounds
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import open_engine
from music_sync.audio.fingerprint import SAME_RECORDING, bit_error_rate
from music_sync.audio.measure import measure
from music_sync.demo.music import PIECES, render
from music_sync.model.track import Analysis
from music_sync.track.match import match

Prints = NDArray[np.uint32]
COUNT, LONG = 2500, 948
LENGTHS = [150.0 + number % 100 for number in range(COUNT)]


def name(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture(scope="module")
def prints() -> Prints:
    return np.random.default_rng(1).integers(0, 2**32, (COUNT, LONG), dtype=np.uint32)


@pytest.fixture(scope="module")
def index(prints: Prints) -> SoundIndex:
    index = SoundIndex()
    index.add((name(number), LENGTHS[number], prints[number]) for number in range(COUNT))
    return index


def turned(values: Prints, share: float, chance: np.random.Generator) -> Prints:
    """With that share of its bits turned over."""
    return values ^ np.packbits(chance.random((values.size, 32)) < share, axis=1).view(np.uint32).ravel()


@pytest.mark.parametrize("share", [0.0, 0.03, 0.06, 0.095])
@pytest.mark.parametrize("cut", [0, 16], ids=["whole", "two seconds less"])
def test_whatever_differs_by_no_more_than_one_recording_may_is_proposed(
    index: SoundIndex, prints: Prints, share: float, cut: int
) -> None:
    chance = np.random.default_rng(7)
    for number in range(0, COUNT, 25):
        heard = turned(prints[number][cut:], share, chance)

        assert name(number) in index.like(heard.tolist(), LENGTHS[number] - 5, LENGTHS[number] + 5)


def test_only_lengths_that_are_asked_for_are_proposed(index: SoundIndex, prints: Prints) -> None:
    assert index.like(prints[3].tolist(), LENGTHS[3] + 1, LENGTHS[3] + 9) == []


def test_other_sounds_are_hardly_ever_proposed(index: SoundIndex) -> None:
    chance = np.random.default_rng(9)

    others = chance.integers(0, 2**32, (50, LONG))

    assert np.mean([len(index.like(other.tolist(), 0, 1e9)) for other in others]) < 0.5


def test_short_sounds_and_silence_are_taken_as_they_are() -> None:
    index = SoundIndex()
    index.add([(name(1), 5.0, (np.arange(40) << 8).astype(np.uint32)), (name(2), 5.0, np.zeros(40, np.uint32))])

    assert index.like([each << 8 for each in range(40)], 0, 9) == [name(1), name(2)]
    assert index.like([], 0, 9) == []


def test_what_is_written_down_comes_back_and_grows(index: SoundIndex, prints: Prints, tmp_path: Path) -> None:
    path = tmp_path / "sounds.index"
    index.mark = 17
    index.keep(path, "library")
    more = np.random.default_rng(2).integers(0, 2**32, LONG, dtype=np.uint32)

    back = SoundIndex.kept(path, "library")
    assert back is not None
    back.add([("f" * 32, 200.0, more)])

    assert (back.mark, len(back)) == (17, COUNT + 1)
    assert back.like(prints[5].tolist(), 0, 1e9)[0] == name(5)
    assert back.like(more.tolist(), 199, 201) == ["f" * 32]


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00" * 9000, None])
def test_a_file_that_is_damaged_or_anothers_is_as_none(
    index: SoundIndex, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "sounds.index"
    index.keep(path, "another")
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)

    assert SoundIndex.kept(path, "another") is None
    index.keep(path, "another")
    assert SoundIndex.kept(path, "library") is None


# In the catalogue


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the third fingerprint on the index is used."""
    monkeypatch.setattr(sounds, "FEW", 2)


def filled(engine: sa.Engine, prints: Prints, numbers: range) -> SqlCatalogue:
    catalogue = SqlCatalogue(engine)
    for number in numbers:
        one = recording(f"{number:04x}")
        sound = Analysis(LENGTHS[number], tuple(prints[number].tolist()))
        catalogue.add(replace(one, analysis=sound), track(str(number)))
    return catalogue


def proposed(catalogue: SqlCatalogue, values: Prints) -> list[str]:
    return [each.recording_id for each in catalogue.by_sound(tuple(values.tolist()), 0, 1e9)]


def test_the_catalogue_gives_what_another_process_added_and_not_what_went(
    few: None, prints: Prints, tmp_path: Path
) -> None:
    engine = open_engine(tmp_path / "state.db")
    catalogue = filled(engine, prints, range(5))
    catalogue.sounds.remember_in(tmp_path / "sounds.index", keep=True)
    assert proposed(catalogue, prints[4]) == [recording("0004").recording_id]

    filled(open_engine(tmp_path / "state.db"), prints, range(5, 9))
    assert proposed(catalogue, prints[8]) == [recording("0008").recording_id]
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM fingerprints WHERE recording_id = :id"), {"id": "0004" * 8})

    assert proposed(catalogue, prints[4]) == []


def test_a_later_start_reads_the_file_and_what_came_since(few: None, prints: Prints, tmp_path: Path) -> None:
    path = tmp_path / "sounds.index"
    first = filled(open_engine(tmp_path / "state.db"), prints, range(5))
    first.sounds.remember_in(path, keep=True)
    proposed(first, prints[0])
    written = path.stat().st_mtime_ns
    filled(open_engine(tmp_path / "state.db"), prints, range(5, 7))

    later = SqlCatalogue(open_engine(tmp_path / "state.db"))
    later.sounds.remember_in(path, keep=True)

    assert [len(proposed(later, prints[number])) for number in range(7)] == [1] * 7
    assert path.stat().st_mtime_ns == written


def test_an_index_of_a_former_state_of_the_database_is_made_anew(few: None, prints: Prints, tmp_path: Path) -> None:
    path = tmp_path / "sounds.index"
    one = filled(open_engine(tmp_path / "one.db"), prints, range(3))
    one.sounds.remember_in(path, keep=True)
    proposed(one, prints[0])
    other = filled(open_engine(tmp_path / "other.db"), prints, range(10, 20))
    other.sounds.remember_in(path, keep=True)

    assert [len(proposed(other, prints[number])) for number in range(10, 20)] == [1] * 10


def test_a_plan_reads_the_index_and_writes_none(few: None, prints: Prints, tmp_path: Path) -> None:
    """P54: what it pretends to file is found too, though no journal tells of it."""
    catalogue = filled(open_engine(tmp_path / "state.db"), prints, range(4))
    catalogue.sounds.remember_in(tmp_path / "sounds.index", keep=False)
    proposed(catalogue, prints[0])
    pretended = replace(recording("0009"), analysis=Analysis(200.0, tuple(prints[9].tolist())), files=())
    catalogue.add(pretended, track("9"))

    assert proposed(catalogue, prints[9]) == [pretended.recording_id]
    assert not (tmp_path / "sounds.index").exists()


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> list[list[Analysis]]:
    """Music as it is, as an MP3, as Opus, and two seconds shorter."""
    folder = tmp_path_factory.mktemp("heard")
    found = []
    for number in (4,):
        sound = np.ascontiguousarray(render(replace(PIECES[number], length_s=20.0)).T)
        ways = [("flac", sound, {}), ("mp3", sound, {"bit_rate": 128_000}), ("opus", sound, {"bit_rate": 64_000})]
        ways.append(("wav", sound[:, 88_200:], {}))
        paths = [encode(folder / f"{number}.{way}", part, **more) for way, part, more in ways]  # type: ignore[arg-type]
        found.append([measure(path, fingerprinter(), lambda _: None) for path in paths])
    return found


def test_p45_real_encodings_are_matched_by_the_index_as_by_the_walk(
    few: None, prints: Prints, heard: list[list[Analysis]], tmp_path: Path
) -> None:
    catalogue = filled(open_engine(tmp_path / "state.db"), prints, range(3))
    for number, (original, *_) in enumerate(heard):
        catalogue.add(replace(recording(f"aa{number:02x}"), analysis=original), track(f"o{number}"))

    for number, analyses in enumerate(heard):
        for sound in analyses:
            assert bit_error_rate(sound.fingerprint, analyses[0].fingerprint) <= SAME_RECORDING
            said = match(track("x"), catalogue, "", sound)
            walked = [each.recording_id for each in catalogue.by_length(sound.length_s - 2, sound.length_s + 2)]
            assert said.recording_id == f"aa{number:02x}" * 8
            assert said.recording_id in walked
