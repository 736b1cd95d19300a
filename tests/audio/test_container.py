"""What a file is, by its own bytes."""

import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from tests.audio.encoded import Samples, encode

from music_sync.audio.container import Container, probe
from music_sync.model.errors import GiveUp

SECOND = np.zeros((2, 44_100), np.float32)


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [
        ("a.mp3", "mp3", "mp3"),
        ("a.m4a", "mp4", "aac"),
        ("a.alac.m4a", "mp4", "alac"),
        ("a.flac", "flac", "flac"),
        ("a.ogg", "ogg", "vorbis"),
        ("a.opus", "opus", "opus"),
        ("a.wav", "wav", "pcm_s16le"),
        ("a.aiff", "aiff", "pcm_s16be"),
    ],
)
def test_a_file_is_named_by_its_bytes_and_not_by_its_name(
    name: str, container: str, codec: str, tmp_path: Path, melody: Samples
) -> None:
    path = encode(tmp_path / name, melody, way=name.removeprefix("a."))
    disguised = path.rename(tmp_path / "-i concat:a|b 100%d.txt")

    found = probe(disguised)

    assert (found.container, found.codec, found.channels) == (container, codec, 2)
    assert found.sample_rate_hz == (48_000 if codec == "opus" else 44_100)
    assert found.announced_length_s == pytest.approx(12.0, abs=0.1)


def test_an_mp3_without_a_length_in_its_header_announces_none(tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / "a.mp3", melody, way="headless.mp3")

    assert probe(path).announced_length_s is None


def test_a_wav_that_was_streamed_out_announces_no_length(tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / "a.wav", melody)
    whole = path.read_bytes()
    at = whole.index(b"data") + 4
    path.write_bytes(whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :])

    assert probe(path).announced_length_s is None


def _html(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html><body>404, sorry</body></html>")


def _late_html(path: Path) -> None:
    path.write_text("\n\n" + " " * 300 + "<html>" + "x" * 5000)


def _json(path: Path) -> None:
    path.write_text('{"error": "no such track"}' * 50)


def _ffconcat(path: Path) -> None:
    (path.parent / "real.mp3").write_bytes(b"")
    path.write_text("ffconcat version 1.0\nfile real.mp3\n")


def _m3u8(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n")


def _bom_m3u8(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf#EXTM3U\nfile:///etc/passwd\n")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(100_000))


def _random(path: Path) -> None:
    path.write_bytes(np.random.default_rng(1).bytes(300_000))


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _missing(path: Path) -> None:
    assert not path.exists()


def _matroska(path: Path) -> None:
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(1000))


def _raw_aac(path: Path) -> None:
    path.write_bytes(b"\xff\xf1\x50\x80\x2e\x7f\xfc" + bytes(500))


def _endless_id3(path: Path) -> None:
    path.write_bytes(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(5000))


@pytest.mark.parametrize(
    ("write", "rule"),
    [
        (_empty, "empty"),
        (_html, "not_audio"),
        (_late_html, "not_audio"),
        (_json, "not_audio"),
        (_zeros, "not_audio"),
        (_random, "not_audio"),
        (_endless_id3, "not_audio"),
        (_ffconcat, "playlist"),
        (_m3u8, "playlist"),
        (_bom_m3u8, "playlist"),
        (_folder, "not_a_file"),
        (_pipe, "not_a_file"),
        (_missing, "missing"),
        (_matroska, "unsupported_container"),
        (_raw_aac, "unsupported_container"),
    ],
)
def test_what_is_no_audio_is_refused_with_its_reason(write: Callable[[Path], None], rule: str, tmp_path: Path) -> None:
    """B39"""
    path = tmp_path / "track.mp3"
    write(path)

    with pytest.raises(GiveUp, match=r"^track\.mp3 .*\.$") as refused:
        probe(path)

    assert refused.value.rule == rule


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.m4a"
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", 25, width=64, height=64, pix_fmt="yuv420p")
        for _ in range(5):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        file.mux(stream.encode(None))

    with pytest.raises(GiveUp) as refused:
        probe(path)

    assert refused.value.rule == "no_audio_stream"


def test_a_cover_is_no_film(tmp_path: Path, melody: Samples) -> None:
    from mutagen.flac import FLAC, Picture

    Image.new("RGB", (40, 40), "red").save(tmp_path / "cover.png")
    picture = Picture()  # type: ignore[no-untyped-call]
    picture.data, picture.mime, picture.type = (tmp_path / "cover.png").read_bytes(), "image/png", 3
    tagged = FLAC(encode(tmp_path / "a.flac", melody))  # type: ignore[no-untyped-call]
    tagged.add_picture(picture)  # type: ignore[no-untyped-call]
    tagged.save()

    assert probe(tmp_path / "a.flac").codec == "flac"


def test_tags_before_the_sound_and_bytes_that_are_no_utf_8_do_no_harm(tmp_path: Path, melody: Samples) -> None:
    path = encode(tmp_path / "a.mp3", melody)
    title = b"TIT2" + (5).to_bytes(4, "big") + b"\x00\x00" + b"\x03\xff\xfe\xe4\xf6"
    tag = b"ID3\x03\x00\x00" + bytes([0, 0, 0, len(title)]) + title
    path.write_bytes(tag + tag + path.read_bytes())

    assert probe(path).container == "mp3"


@pytest.mark.parametrize(("channels", "rate_hz"), [(255, 44_100), (2, 0), (2, 10_000_000), (0, 44_100)])
def test_an_impossible_number_of_channels_or_rate_is_refused(channels: int, rate_hz: int, tmp_path: Path) -> None:
    """B40"""
    path = encode(tmp_path / "a.wav", SECOND)
    whole = bytearray(path.read_bytes())
    whole[22:24] = channels.to_bytes(2, "little")
    whole[24:28] = rate_hz.to_bytes(4, "little")
    whole[32:34] = (2 * channels).to_bytes(2, "little")
    path.write_bytes(whole)

    with pytest.raises(GiveUp) as refused:
        probe(path)

    assert refused.value.rule in {"implausible", "not_audio", "no_audio_stream"}


def test_days_of_silence_in_a_small_file_are_refused_unheard(tmp_path: Path) -> None:
    """B40"""
    path = encode(tmp_path / "a.flac", SECOND)
    whole = bytearray(path.read_bytes())
    hundred_hours = 100 * 3600 * 44_100
    whole[21:26] = ((whole[21] & 0xF0) << 32 | hundred_hours).to_bytes(5, "big")
    path.write_bytes(whole)

    with pytest.raises(GiveUp, match="longer than 12 hours") as refused:
        probe(path)

    assert refused.value.rule == "implausible"


def test_what_is_found_crosses_the_flow_store(tmp_path: Path) -> None:
    import pickle

    found = probe(encode(tmp_path / "a.wav", SECOND))

    assert pickle.loads(pickle.dumps(found)) == found == Container("wav", "pcm_s16le", 1.0, 44_100, 2, 1_411_200)  # noqa: S301
