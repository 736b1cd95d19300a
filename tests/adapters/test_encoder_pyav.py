"""Encoding: exact where it can be, aligned where it cannot, whole or not at all."""

# mypy: allow-untyped-calls

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutagen.id3 import ID3, TIT2
from mutagen.mp3 import MP3, BitrateMode
from tests.adapters.sounds import Sound, decoded, make, quiet

from music_sync.adapters.encoder_pyav import PyavEncoder, _crc_16
from music_sync.model.errors import EnvironmentFault, GiveUp
from music_sync.model.formats import FORMATS

LOSSLESS = ("aiff", "wav", "flac", "alac")
LOSSY = ("aac", "mp3")


def encoded(source: Path, name: str) -> Path:
    target = source.parent / f"encoded-{name}.{FORMATS[name]}"
    PyavEncoder().encode(source, name, target, quiet)
    return target


def offset_of(sound: Sound, original: Sound) -> int:
    """By how many samples the start is late, where the first channels fit best."""
    here, there = (s.samples[0, 2000:14000].astype(np.float64) for s in (sound, original))
    size = 2**15
    fit = np.fft.irfft(np.fft.rfft(here, size) * np.conj(np.fft.rfft(there, size)))
    best = int(np.argmax(fit))
    return best if best < size // 2 else best - size


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "alac", "wav24", "flac24", "aiff24"])
def test_a_lossless_source_keeps_every_sample(tmp_path: Path, kind: str, name: str) -> None:
    source = make(tmp_path / "source", kind, samples=9_001)

    here, there = decoded(encoded(source, name)), decoded(source)

    assert np.array_equal(here.samples, there.samples)
    assert here.rate == there.rate


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("kind", ["mp3", "aac", "opus", "ogg"])
def test_a_lossy_source_keeps_its_length_and_becomes_16_bits(tmp_path: Path, kind: str, name: str) -> None:
    source = make(tmp_path / "source", kind)

    here, there = decoded(encoded(source, name)), decoded(source)

    assert here.samples.shape == there.samples.shape
    assert not np.any(here.samples & 0xFFFF)
    assert np.max(np.abs(here.samples.astype(np.int64) - there.samples)) <= 2**16


@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize("kind", ["wav", "mp3", "aac"])
def test_a_lossy_copy_starts_at_the_first_sample_and_announces_the_exact_length(
    tmp_path: Path, kind: str, name: str
) -> None:
    source = make(tmp_path / "source", kind, samples=44_777)

    here, there = decoded(encoded(source, name)), decoded(source)

    assert offset_of(here, there) == 0
    assert round(here.announced_s * here.rate) == there.samples.shape[1]


def test_an_mp3_has_320_kbit_at_a_constant_rate(tmp_path: Path) -> None:
    info: Any = MP3(encoded(make(tmp_path / "source", "wav", samples=44_777), "mp3")).info

    assert info.bitrate == pytest.approx(320_000, abs=10)
    assert info.bitrate_mode == BitrateMode.CBR


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", [20_771, 20_777, 20_783, 31_152, 31_153, 44_777])
def test_an_mp3_decodes_to_the_exact_length(tmp_path: Path, samples: int, channels: int) -> None:
    target = encoded(make(tmp_path / "source", "wav", samples=samples, channels=channels), "mp3")

    sound = decoded(target)

    assert sound.samples.shape == (channels, samples)
    assert round(sound.announced_s * 44_100) == samples


def test_the_checksum_of_the_mp3_header_is_the_one_ffmpeg_would_write(tmp_path: Path) -> None:
    head = encoded(make(tmp_path / "source", "wav", samples=44_777), "mp3").read_bytes()[:256]
    # Of this length FFmpeg announces the padding rightly, so its own header is the same, its checksum too.
    theirs = make(tmp_path / "theirs.mp3", "mp3", samples=44_777).read_bytes()[:256]

    assert _crc_16(theirs[: theirs.index(b"Info") + 154]).to_bytes(2, "big") == crc_of(theirs)
    assert _crc_16(head[: head.index(b"Info") + 154]).to_bytes(2, "big") == crc_of(head)


def crc_of(head: bytes) -> bytes:
    at = head.index(b"Info") + 154
    return head[at : at + 2]


def test_an_aac_file_has_about_256_kbit(tmp_path: Path) -> None:
    source = make(tmp_path / "source", "wav", samples=120_000)

    assert decoded(encoded(source, "aac")).bit_rate == pytest.approx(256_000, rel=0.06)


@pytest.mark.parametrize("name", FORMATS)
def test_one_channel_stays_one(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / "source", "wav", channels=1)

    assert decoded(encoded(source, name)).samples.shape[0] == 1


@pytest.mark.parametrize("name", FORMATS)
def test_surround_is_kept_where_players_read_it_and_mixed_down_elsewhere(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / "source", "wav", channels=6)

    sound = decoded(encoded(source, name))

    assert sound.samples.shape[0] == (6 if name in {"wav", "flac"} else 2)
    assert round(sound.announced_s * sound.rate) == 20_777


@pytest.mark.parametrize(
    ("rate", "name", "expected"),
    [
        (96_000, "aiff", 96_000),
        (96_000, "wav", 96_000),
        (192_000, "flac", 192_000),
        (96_000, "alac", 96_000),
        (96_000, "aac", 96_000),
        (192_000, "aac", 96_000),
        (96_000, "mp3", 48_000),
        (88_200, "mp3", 44_100),
        (22_050, "mp3", 44_100),
        (8_000, "aac", 8_000),
        (37_800, "mp3", 32_000),
    ],
)
def test_the_sample_rate_stays_where_the_format_has_it(tmp_path: Path, rate: int, name: str, expected: int) -> None:
    source = make(tmp_path / "source", "wav", samples=rate // 2, rate=rate)

    sound = decoded(encoded(source, name))

    assert sound.rate == expected
    assert sound.announced_s == pytest.approx(0.5, abs=0.002)


def test_a_float_source_gets_24_bits_and_is_clipped_not_wrapped(tmp_path: Path) -> None:
    source = make(tmp_path / "source", "float")

    samples = decoded(encoded(source, "aiff")).samples

    assert np.any(samples & 0xFF00)
    assert not np.any(samples & 0xFF)


@pytest.mark.parametrize("kind", ["wav24", "flac24"])
def test_a_24_bit_wav_is_marked_as_plain_pcm_for_players_that_know_no_other(tmp_path: Path, kind: str) -> None:
    source = make(tmp_path / "source", kind)

    head = encoded(source, "wav").read_bytes()[:40]

    assert head[12:16] == b"fmt "
    assert struct.unpack_from("<HH", head, 20) == (1, 2)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_source_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / "source", "wav")

    first = encoded(source, name).read_bytes()

    assert encoded(source, name).read_bytes() == first
    assert b"Lavf6" not in first


def test_tags_of_the_source_do_not_come_along(tmp_path: Path) -> None:
    source = make(tmp_path / "source", "mp3")
    tags = ID3()
    tags.add(TIT2(encoding=3, text=["Somebody else's words"]))
    tags.save(source)

    for name in FORMATS:
        assert b"Somebody" not in encoded(source, name).read_bytes()


def test_progress_runs_up_to_one(tmp_path: Path) -> None:
    source = make(tmp_path / "source", "wav", samples=44_100 * 12)
    told: list[float] = []

    PyavEncoder().encode(source, "aiff", tmp_path / "x.aiff", told.append)

    assert told[-1] == 1.0
    assert told == sorted(told)
    assert len(told) > 3


@pytest.mark.parametrize("name", FORMATS)
def test_a_source_that_breaks_off_midway_leaves_nothing_and_the_old_file_as_it_was(tmp_path: Path, name: str) -> None:
    whole = make(tmp_path / "whole", "flac", samples=44_100 * 8).read_bytes()
    source = tmp_path / "source"
    source.write_bytes(whole[: len(whole) * 3 // 4])
    target = tmp_path / f"target.{FORMATS[name]}"
    target.write_bytes(b"the old file")

    with pytest.raises(GiveUp):
        PyavEncoder().encode(source, name, target, quiet)

    assert target.read_bytes() == b"the old file"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["source", "whole", target.name])


@pytest.mark.parametrize(
    "content", [b"", b"no audio at all, only words\n" * 50, b"#EXTM3U\nfile:///etc/passwd\n", b"\0" * 9999]
)
def test_what_is_no_audio_is_given_up_by_name(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "words.mp3"
    source.write_bytes(content)

    with pytest.raises(GiveUp, match=r"words\.mp3"):
        PyavEncoder().encode(source, "aiff", tmp_path / "x.aiff", quiet)

    assert not (tmp_path / "x.aiff").exists()


@pytest.mark.parametrize("name", ["-i.wav", "concat:a|b.wav", "100%d.wav", "http:?x#y.wav", "日本 語.wav"])
def test_a_name_is_only_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "source", "wav").rename(tmp_path / name)

    PyavEncoder().encode(Path(name), "flac", Path("out.flac"), quiet)

    assert decoded(tmp_path / "out.flac").samples.shape[1] == 20_777


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_is_a_fault_of_the_machine_that_names_the_folder(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / "source", "wav", samples=200_000)
    folder = tmp_path / "crowded"
    folder.mkdir()
    target = folder / f"x.{FORMATS[name]}"
    (folder / f".{target.name}.part").symlink_to("/dev/full")

    with pytest.raises(EnvironmentFault, match=r"no space left in .*crowded"):
        PyavEncoder().encode(source, name, target, quiet)

    assert list(folder.iterdir()) == []


def test_a_folder_that_is_gone_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    source = make(tmp_path / "source", "wav")

    with pytest.raises(EnvironmentFault, match="nowhere"):
        PyavEncoder().encode(source, "wav", tmp_path / "nowhere" / "x.wav", quiet)


REFUSED = """
import gc, sys
from pathlib import Path
from music_sync.adapters.encoder_pyav import PyavEncoder
from music_sync.model.errors import GiveUp
source = Path(sys.argv[1])
for _ in range(20):
    try:
        PyavEncoder().encode(source, "wav", source.with_name("x.wav"), print)
    except GiveUp as refused:
        print(refused)
    gc.collect()
"""


@pytest.mark.parametrize(("kind", "words"), [("aiff", "unusual order"), ("wav", "8 channels"), ("flac", "8 channels")])
def test_eight_channels_are_refused_and_do_not_end_the_process(tmp_path: Path, kind: str, words: str) -> None:
    source = make(tmp_path / "source", kind, channels=8)

    ended = subprocess.run([sys.executable, "-c", REFUSED, str(source)], check=False, capture_output=True, text=True)

    assert ended.returncode == 0
    assert words in ended.stdout


KILLED = """
import os, sys
from pathlib import Path
from typing import Any
from music_sync.adapters.encoder_pyav import PyavEncoder, _crc_16
def progress(done):
    if done > 0.5:
        os.kill(os.getpid(), 9)
PyavEncoder().encode(Path(sys.argv[1]), "flac", Path(sys.argv[2]), progress)
"""


def test_a_kill_midway_leaves_no_target_and_the_next_run_leaves_no_rest(tmp_path: Path) -> None:
    source = make(tmp_path / "source", "wav", samples=44_100 * 12)
    target = tmp_path / "out" / "x.flac"
    target.parent.mkdir()

    ended = subprocess.run([sys.executable, "-c", KILLED, str(source), str(target)], check=False)

    assert ended.returncode == -9
    assert not target.exists()
    PyavEncoder().encode(source, "flac", target, quiet)
    assert [path.name for path in target.parent.iterdir()] == ["x.flac"]
    assert decoded(target).samples.shape[1] == 44_100 * 12
