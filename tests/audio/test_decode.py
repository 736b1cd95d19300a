"""Decoding to the end, and knowing when the end is missing."""

from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from tests.audio.encoded import Samples, encode

from music_sync.audio.container import opened
from music_sync.audio.decode import blocks
from music_sync.model.errors import GiveUp


def decoded(path: Path) -> Samples:
    with opened(path) as sound:
        return np.concatenate(list(blocks(sound, lambda _: None)), axis=1)


@pytest.mark.parametrize("way", ["wav", "aiff", "flac", "alac.m4a", "float.wav"])
def test_lossless_sound_comes_out_as_it_went_in(way: str, tmp_path: Path, melody: Samples) -> None:
    found = decoded(encode(tmp_path / f"a.{way}", melody, way=way))

    assert found.dtype == np.float32
    assert found.shape == melody.shape
    assert np.abs(found - melody).max() < 2 / 32768


@pytest.mark.parametrize("way", ["mp3", "headless.mp3", "m4a", "fragmented.m4a", "ogg", "opus"])
def test_lossy_sound_keeps_its_length(way: str, tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / f"a.{way}", melody, way=way)

    with opened(path) as sound:
        samples = sum(block.shape[1] for block in blocks(sound, lambda _: None))
        length_s = samples / sound.container.sample_rate_hz

    assert length_s == pytest.approx(12.0, abs=0.06)


@pytest.mark.parametrize(
    "way", ["mp3", "m4a", "faststart.m4a", "alac.m4a", "fragmented.m4a", "flac", "ogg", "opus", "wav", "aiff"]
)
def test_a_file_cut_at_42_percent_is_refused(way: str, tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / f"a.{way}", melody, way=way)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.42)])

    with pytest.raises(GiveUp, match="cut off") as refused:
        decoded(path)

    assert refused.value.rule == "truncated"


@pytest.mark.parametrize("way", ["flac", "alac.m4a"])
def test_a_flipped_byte_in_the_middle_of_a_lossless_file_is_found(way: str, tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / f"a.{way}", melody, way=way)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 400] = np.random.default_rng(2).bytes(400)
    path.write_bytes(whole)

    with pytest.raises(GiveUp) as refused:
        decoded(path)

    assert refused.value.rule == "corrupt"


def test_an_mp3_whose_middle_is_gone_is_refused(tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / "a.mp3", melody)
    whole = bytearray(path.read_bytes())
    third = len(whole) // 3
    whole[third : 2 * third] = bytes(third)
    path.write_bytes(whole)

    with pytest.raises(GiveUp) as refused:
        decoded(path)

    assert refused.value.rule in {"truncated", "corrupt"}


def test_old_tags_behind_the_sound_are_no_damage(tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / "a.mp3", melody)
    path.write_bytes(path.read_bytes() + b"TAG" + b"x" * 125)

    assert decoded(path).shape[1] == pytest.approx(12 * 44_100, abs=3000)


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    silence = np.zeros((2, 44_100), np.float32)
    silence[1, 30_000] = np.nan
    path = encode(tmp_path / "a.wav", silence, way="float.wav")

    with pytest.raises(GiveUp) as refused:
        decoded(path)

    assert refused.value.rule == "corrupt"


def test_a_stream_that_changes_from_stereo_to_mono_is_followed(tmp_path: Path, melody: Samples) -> None:
    stereo = encode(tmp_path / "a.mp3", melody, way="headless.mp3").read_bytes()
    mono = encode(tmp_path / "b.mp3", melody[:1], way="headless.mp3").read_bytes()
    path = tmp_path / "both.mp3"
    path.write_bytes(stereo + mono[mono.index(b"\xff\xfb") :])

    found = decoded(path)

    assert found.shape[0] == 2
    assert found.shape[1] == pytest.approx(24 * 44_100, rel=0.02)


def test_progress_only_grows_and_ends_at_one(tmp_path: Path, melody: Samples) -> None:
    told: list[float] = []
    with opened(encode(tmp_path / "a.mp3", melody)) as sound:
        list(blocks(sound, told.append))

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 5


def test_six_channels_stay_six(tmp_path: Path) -> None:
    six = (0.1 * np.random.default_rng(0).standard_normal((6, 48_000))).astype(np.float32)
    path = encode(tmp_path / "a.flac", six, rate_hz=48_000, layout="5.1")

    assert decoded(path) == pytest.approx(six, abs=2 / 32768)


def test_the_library_writes_nothing_about_bad_files_to_the_terminal(
    tmp_path: Path, melody: Samples, capfd: pytest.CaptureFixture[str]
) -> None:
    path = encode(tmp_path / "a.mp3", melody)
    path.write_bytes(path.read_bytes()[:50_000])

    with pytest.raises(GiveUp):
        decoded(path)

    assert av.library_versions
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("way", ["mp3", "m4a", "alac.m4a", "fragmented.m4a", "flac", "ogg", "opus", "wav", "aiff"])
def test_whatever_is_broken_in_a_file_is_never_the_machines_fault(way: str, tmp_path: Path, melody: Samples) -> None:
    """B41"""
    rng = np.random.default_rng(12)
    whole = encode(tmp_path / f"a.{way}", melody[:, :88_200], way=way).read_bytes()
    path = tmp_path / "broken"
    for _ in range(12):
        broken = bytearray(whole)
        for at in rng.integers(0, len(whole), 40):
            broken[at : at + 4] = rng.bytes(4)
        path.write_bytes(broken)
        with suppress(GiveUp):
            decoded(path)
