"""Which of two files sounds better, as far as codec, rate and cut-off tell."""

import pytest
from tests.track.examples import recording

from music_sync.model.track import Analysis, LibraryFile, Recording
from music_sync.track.quality import better, held, lossy_rate, quality_text, rung


@pytest.mark.parametrize(
    ("codec", "bit_rate", "cutoff_hz", "text"),
    [
        ("mp3", 320_000, None, "mp3, 320 kbit/s"),
        ("pcm_s16le", 1_411_200, None, "pcm_s16le, 1411 kbit/s, lossless"),
        ("alac", None, None, "alac, lossless"),
        ("pcm_mulaw", 64_000, None, "pcm_mulaw, 64 kbit/s"),
        ("mp3", 320_000, 20_241.2, "mp3, 320 kbit/s; its sound ends at 20.2 kHz"),
        ("mp3", 128_000, 16_000.0, "mp3, 128 kbit/s; its sound ends at 16.0 kHz"),
        ("flac", 912_000, 22_050.0, "flac, 912 kbit/s, lossless; its sound ends at 22.1 kHz"),
        (
            "flac",
            912_000,
            16_000.0,
            "flac, 912 kbit/s, lossless; its sound ends at 16.0 kHz, as after a lossy encoder",
        ),
    ],
)
def test_quality_is_told_in_words(codec: str, bit_rate: int | None, cutoff_hz: float | None, text: str) -> None:
    assert quality_text(codec, bit_rate, cutoff_hz) == text


@pytest.mark.parametrize(
    ("codec", "cutoff_hz", "rate"),
    [
        ("flac", 16_795.9, 128_000),
        ("pcm_s16be", 18_863.1, 192_000),
        ("alac", 19_600.0, 256_000),
        ("flac", 20_000.0, None),
        ("flac", 22_050.0, None),
        ("flac", 7_900.0, None),
        ("flac", None, None),
        ("mp3", 16_000.0, None),
    ],
)
def test_a_cut_betrays_what_a_lossless_file_was(codec: str, cutoff_hz: float | None, rate: int | None) -> None:
    """An MP3 that was saved as FLAC is no better for it."""
    assert lossy_rate(codec, cutoff_hz) == rate


def test_lossless_comes_first_then_the_higher_rate() -> None:
    ladder = [
        ("flac", 2_400_000, 48_000.0),
        ("flac", 900_000, 22_050.0),
        ("mp3", 320_000, 20_200.0),
        ("aac", 256_000, None),
        ("flac", 900_000, 16_700.0),
        ("mp3", 128_000, 16_700.0),
        ("mp3", None, None),
    ]

    keys = [better(*sound) for sound in ladder]

    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_one_lossless_file_is_no_reason_to_put_another_in_its_place() -> None:
    assert rung("pcm_s16le", 1_411_200, 22_050.0) == rung("flac", 900_000, 21_900.0) == rung("alac", None, None)
    assert rung("flac", 900_000, 16_700.0) == rung("mp3", 128_000, 16_700.0)


def owned(
    *files: LibraryFile, codec: str = "", bit_rate: int | None = None, cutoff_hz: float | None = None
) -> Recording:
    made = recording("aaaa", seed=1)
    analysis = Analysis(100.0, (), cutoff_hz=cutoff_hz)
    return Recording(**{**vars(made), "files": files, "analysis": analysis, "codec": codec, "bit_rate": bit_rate})


AIFF = LibraryFile("a.aiff", "aiff", "a" * 64, 17_000_000)
MP3 = LibraryFile("a.mp3", "mp3", "b" * 64, 4_000_000)


def test_what_is_filed_is_no_better_than_what_it_was_made_from() -> None:
    assert held(owned(MP3, AIFF, codec="mp3", bit_rate=192_000)) == (AIFF, ("mp3", 192_000, None))
    assert held(owned(MP3, AIFF, codec="flac", bit_rate=900_000))[1][0] == "pcm_s16be"


def test_what_was_made_from_a_lossless_file_is_no_better_than_its_own_format() -> None:
    assert held(owned(MP3, codec="flac", bit_rate=900_000)) == (MP3, ("mp3", 320_000, None))


def test_of_an_earlier_filing_the_file_alone_counts() -> None:
    assert held(owned(MP3, AIFF)) == (AIFF, ("pcm_s16be", None, None))
