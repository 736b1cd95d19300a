"""Covers: foreign pictures become modest ones, or none; never an error."""

import logging
import struct
import warnings
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from music_sync.adapters.cover_pillow import LARGEST_BYTES, safe_cover


def picture(form: str, width: int, height: int, mode: str = "RGB", *, noisy: bool = False, **options: object) -> bytes:
    if noisy:
        image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8))
    else:
        image = Image.new(mode, (width, height), 128 if len(mode) == 1 else None)
    made = BytesIO()
    image.save(made, form, **options)
    return made.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that announces a huge picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("form", "mode", "mime"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
    ],
)
def test_a_modest_picture_stays_as_it_is(form: str, mode: str, mime: str) -> None:
    original = picture(form, 600, 600, mode)

    cover = safe_cover(original, "x.mp3")

    assert cover is not None
    assert (cover.mime, cover.picture) == (mime, original)


@pytest.mark.parametrize(
    "original",
    [
        picture("JPEG", 3000, 2000),
        picture("PNG", 2000, 3000, "RGBA"),
        picture("PNG", 1600, 10),
        picture("PNG", 1400, 1400, noisy=True),
        picture("JPEG", 1500, 1500, noisy=True, quality=100),
    ],
    ids=["large jpeg", "large png with alpha", "wide", "heavy png", "heavy jpeg"],
)
def test_a_large_picture_becomes_a_jpeg_within_the_limits(original: bytes) -> None:
    """B40"""
    cover = safe_cover(original, "x.mp3")

    assert cover is not None
    assert cover.mime == "image/jpeg"
    assert len(cover.picture) <= LARGEST_BYTES
    with Image.open(BytesIO(cover.picture)) as image:
        assert image.format == "JPEG"
        assert max(image.size) <= 1500


def test_a_picture_for_print_is_turned_into_one_for_screens() -> None:
    cover = safe_cover(picture("JPEG", 300, 300, "CMYK"), "x.mp3")

    assert cover is not None
    with Image.open(BytesIO(cover.picture)) as image:
        assert image.mode == "RGB"


def test_what_was_see_through_becomes_white() -> None:
    original = BytesIO()
    Image.new("RGBA", (1600, 1600), (0, 0, 0, 0)).save(original, "PNG")

    cover = safe_cover(original.getvalue(), "x.mp3")

    assert cover is not None
    with Image.open(BytesIO(cover.picture)) as image:
        assert image.convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize(
    "original",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!DOCTYPE html><script>alert(1)</script>",
        picture("GIF", 10, 10, "P"),
        picture("BMP", 10, 10),
        b"\xff\xd8\xff" + b"\0" * 500,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
        picture("JPEG", 400, 400)[:-700],
        picture("PNG", 400, 400, noisy=True)[:-5000],
        bomb(20_000, 20_000),
        bomb(10_000, 10_000),
        bomb(2**31 - 1, 2**31 - 1),
        bomb(0, 0),
        b"\xff\xd8\xff" + b"\0" * 60_000_000,
    ],
    ids=["empty", "svg", "html", "gif", "bmp", "no jpeg", "no png", "cut jpeg", "cut png", "bomb", "middling bomb",
         "largest bomb", "nothing", "60 MB"],
)  # fmt: skip
def test_a_bad_picture_is_left_out_with_one_warning(original: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """B40"""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with caplog.at_level(logging.WARNING):
            cover = safe_cover(original, "x.mp3")

    assert cover is None
    assert [record.getMessage().startswith("left out the cover of x.mp3: ") for record in caplog.records] == [True]


def test_damaged_pictures_never_raise() -> None:
    """B40"""
    chance = np.random.default_rng(7)
    originals = [picture("JPEG", 120, 80, noisy=True), picture("PNG", 120, 80, noisy=True)]

    for number in range(400):
        damaged = bytearray(originals[number % 2])
        for at in chance.integers(0, min(len(damaged), 700), 6):
            damaged[at] = chance.integers(0, 256)
        cover = safe_cover(bytes(damaged), "x.mp3")
        assert cover is None or cover.mime in {"image/jpeg", "image/png"}
