import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from tinytag import TinyTag

from music_sync.adapters.fingerprint_chromaprint import fingerprinter
from music_sync.audio.fingerprint import bit_error_rate
from music_sync.audio.measure import measure
from music_sync.demo import music
from music_sync.demo.music import (
    ODD_PIECES,
    PIECES,
    SAMPLE_RATE_HZ,
    Piece,
    Samples,
    remix,
    render,
    tag_words,
    write_encoded,
    write_tags,
    write_wav,
)
from music_sync.model.track import Analysis

ALL_PIECES = (*PIECES, *ODD_PIECES, remix(PIECES[0]))
SHORT = replace(PIECES[0], length_s=6.0)
CODECS = ("mp3", "m4a", "opus", "flac", "wav")


def decoded(path: Path) -> Samples:
    """Shape (n, 2) at 44.1 kHz."""
    resampler = av.AudioResampler("fltp", "stereo", SAMPLE_RATE_HZ)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).T


def forget_cached_sounds() -> None:
    for instrument in (music._kick, music._noise, music._tone, music._chord):
        instrument.cache_clear()


def test_a_piece_sounds_the_same_each_time_it_is_played() -> None:
    first = render(SHORT)
    forget_cached_sounds()
    second = render(SHORT)

    assert np.array_equal(first, second)


def test_another_seed_is_another_recording() -> None:
    one, other = render(SHORT), render(replace(SHORT, seed=SHORT.seed + 2))

    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.9


@pytest.mark.parametrize("piece", ALL_PIECES, ids=lambda piece: piece.title)
def test_a_piece_is_stereo_as_long_as_it_says_and_never_clips(piece: Piece) -> None:
    sound = render(piece)

    assert sound.shape == (round(piece.length_s * SAMPLE_RATE_HZ), 2)
    assert sound.dtype == np.float32
    assert 0.8 < np.abs(sound).max() < 1.0
    assert not np.array_equal(sound[:, 0], sound[:, 1])
    assert np.abs(sound[-10:]).max() < 0.001


@pytest.mark.parametrize("length_s", [0.5, 1.0, 3.0])
def test_a_very_short_piece_is_its_ending(length_s: float) -> None:
    sound = render(replace(SHORT, length_s=length_s))

    assert len(sound) == length_s * SAMPLE_RATE_HZ
    assert np.abs(sound).max() > 0.4


def test_a_lower_sample_rate_plays_the_same_music() -> None:
    low = render(SHORT, 22_050)

    assert len(low) == len(render(SHORT)) / 2
    assert np.sqrt(np.mean(low**2)) == pytest.approx(np.sqrt(np.mean(render(SHORT) ** 2)), rel=0.1)


def test_every_beat_of_a_decimal_tempo_falls_on_time_to_the_end() -> None:
    piece = replace(PIECES[1], tempo_bpm=127.43)
    sound = np.abs(render(piece)).max(axis=1)
    beat = 60 / piece.tempo_bpm * SAMPLE_RATE_HZ
    last_beats = [round(beat * number) for number in range(72, 80)]

    for onset in last_beats:
        before, after = sound[onset - 400 : onset - 40], sound[onset + 40 : onset + 400]

        assert np.mean(after) > 1.5 * np.mean(before)


def test_all_twelve_are_played_within_six_seconds_of_one_core() -> None:
    forget_cached_sounds()
    start = time.process_time()
    for piece in PIECES:
        render(piece)

    assert time.process_time() - start < 6


def test_no_two_of_the_twelve_share_a_key_a_tempo_a_name_or_an_isrc() -> None:
    for truth in ("key", "tempo_bpm", "label", "isrc", "seed"):
        assert len({getattr(piece, truth) for piece in PIECES}) == 12

    assert {piece.mode for piece in PIECES} == {"major", "minor"}
    assert {piece.seed % 2 for piece in PIECES} == {0, 1}
    assert min(piece.tempo_bpm for piece in PIECES) == 90
    assert max(piece.tempo_bpm for piece in PIECES) == 174


def test_the_key_is_named_as_tags_spell_it() -> None:
    assert [(piece.key.name, piece.key.camelot) for piece in PIECES[:3]] == [("Am", "8A"), ("C", "8B"), ("Fm", "4A")]


def test_a_remix_keeps_artist_and_title_and_is_another_recording() -> None:
    other = remix(PIECES[0])

    assert other.artist == PIECES[0].artist
    assert other.title == "Four On The Floor (Halogen Remix)"
    assert other.tempo_bpm != PIECES[0].tempo_bpm
    assert other.key != PIECES[0].key
    assert other.isrc != PIECES[0].isrc
    assert len(other.isrc) == 12


@pytest.mark.parametrize("codec", CODECS)
def test_a_written_file_holds_the_sound_that_went_in(codec: str, tmp_path: Path) -> None:
    sound = render(SHORT)
    path = tmp_path / f"100%d: short.{codec}"
    write_encoded(path, sound, SAMPLE_RATE_HZ, codec)
    back = decoded(path)
    length = min(len(back), len(sound))

    assert abs(len(back) - len(sound)) < 0.03 * SAMPLE_RATE_HZ
    assert np.corrcoef(back[:length, 0], sound[:length, 0])[0, 1] > 0.95


@pytest.mark.parametrize("codec", CODECS)
def test_the_same_sound_is_written_as_the_same_bytes(codec: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_encoded(tmp_path / f"{name}.{codec}", render(SHORT), SAMPLE_RATE_HZ, codec)
        if codec != "wav":
            write_tags(tmp_path / f"{name}.{codec}", tag_words(SHORT))

    assert (tmp_path / f"one.{codec}").read_bytes() == (tmp_path / f"two.{codec}").read_bytes()


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "wav"])
def test_tags_are_found_by_another_program(codec: str, tmp_path: Path) -> None:
    path = tmp_path / f"tagged.{codec}"
    write_encoded(path, render(SHORT), SAMPLE_RATE_HZ, codec)
    write_tags(path, tag_words(replace(SHORT, artist="夜行バス")))
    tags = TinyTag.get(path)

    assert (tags.artist, tags.title, tags.album) == ("夜行バス", "Four On The Floor", "Known Values")
    assert (tags.year, tags.genre) == ("2026", "House")
    assert tags.other["isrc"] == ["ZZDMO2600001"]


def test_a_wav_file_carries_no_tags(tmp_path: Path) -> None:
    path = tmp_path / "plain.wav"
    write_wav(path, render(SHORT))
    tags = TinyTag.get(path)

    assert (tags.artist, tags.title) == (None, None)
    assert tags.duration == pytest.approx(6.0)
    assert tags.bitdepth == 16


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Piece, Analysis]:
    """What the product measures of every piece."""
    path = tmp_path_factory.mktemp("measured") / "piece.wav"
    found = {}
    for piece in ALL_PIECES:
        write_wav(path, render(piece))
        found[piece] = measure(path, fingerprinter(), lambda _: None)
    return found


@pytest.mark.parametrize("piece", ALL_PIECES, ids=lambda piece: piece.title)
def test_the_true_tempo_is_what_is_measured(piece: Piece, measured: Mapping[Piece, Analysis]) -> None:
    tempo = measured[piece].tempo

    assert tempo is not None
    assert tempo.bpm == pytest.approx(piece.tempo_bpm, abs=0.05)
    assert tempo.confidence > 0.5


@pytest.mark.parametrize("piece", ALL_PIECES, ids=lambda piece: piece.title)
def test_the_true_key_is_what_is_measured(piece: Piece, measured: Mapping[Piece, Analysis]) -> None:
    key = measured[piece].key

    assert key is not None
    assert key.name == piece.key.name
    assert key.confidence > 0.5


def test_every_piece_is_about_as_loud_as_club_music(measured: Mapping[Piece, Analysis]) -> None:
    loudness = [analysis.loudness_lufs for analysis in measured.values()]

    assert all(lufs is not None and -11 < lufs < -6 for lufs in loudness)


def test_no_two_pieces_sound_like_one_recording_not_even_a_remix(measured: Mapping[Piece, Analysis]) -> None:
    errors = {
        (one.label, other.label): bit_error_rate(measured[one].fingerprint, measured[other].fingerprint)
        for one, other in combinations(ALL_PIECES, 2)
    }

    assert len(errors) == 17 * 16 // 2
    assert {pair: error for pair, error in errors.items() if error <= 0.3} == {}
