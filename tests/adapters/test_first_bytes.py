from random import Random

import pytest

from music_sync.adapters.first_bytes import audio_ending, what_it_is

FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes
ID3 = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)


@pytest.mark.parametrize(
    ("head", "ending"),
    [
        (FRAME * 3, "mp3"),
        (b"\0" * 500 + FRAME * 3, "mp3"),
        (ID3 + FRAME, "mp3"),
        (ID3 + b"fLaC", "flac"),
        (b"ID3\x04\x00\x00\x00\x7f\x7f\x7f" + bytes(60_000), "mp3"),  # the picture is larger than the first bytes
        (b"fLaC\0\0\0\x22", "flac"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"FORM\0\0\0\x24AIFFCOMM", "aiff"),
        (b"FORM\0\0\0\x24AIFCFVER", "aiff"),
        (b"OggS" + bytes(24) + b"OpusHead", "opus"),
        (b"OggS" + bytes(24) + b"\x01vorbis", "ogg"),
        (b"\0\0\0\x20ftypM4A ", "m4a"),
        (b"RIFF\x24\0\0\0AVI LIST", ""),
        (b"\xff\xfb\x90\x00" + bytes(1000), ""),
        (b"", ""),
    ],
)
def test_audio_is_known_by_its_first_bytes(head: bytes, ending: str) -> None:
    assert audio_ending(head) == ending


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n <!doctype HTML>", "a web page"),
        (b'<?xml version="1.0"?><MPD xmlns="x">', "a playlist"),
        (b'<?xml version="1.0"?><svg>', "an XML text"),
        (b"[playlist]\nFile1=x", "a playlist"),
        (b"ffconcat version 1.0", "a playlist"),
        (b'[{"a": 1}]', "a JSON text"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        ("Låda".encode(), "a text"),
    ],
)
def test_what_is_no_audio_is_called_what_it_is(head: bytes, words: str) -> None:
    assert what_it_is(head) == words


def test_chance_bytes_are_no_audio() -> None:
    assert [audio_ending(Random(seed).randbytes(65_536)) for seed in range(20)] == [""] * 20
