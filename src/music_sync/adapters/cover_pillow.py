"""Make a foreign picture safe to keep: a JPEG or PNG of modest size that decodes to its end, or none."""

import logging
from io import BytesIO
from typing import TYPE_CHECKING

from music_sync.model.track import Cover

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageFile import ImageFile

log = logging.getLogger(__name__)

LONGEST_SIDE_PX = 1500
LARGEST_BYTES = 2_000_000
_LARGEST_SOURCE_BYTES = 50_000_000
_MOST_PIXELS = 60_000_000
"""A picture beyond it is not decoded: 7,700 pixels a side is more than any shop sells, and takes 180 MB."""

_PLAIN_MODES = {"image/jpeg": frozenset({"L", "RGB"}), "image/png": frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})}


def safe_cover(picture: bytes, owner: str) -> Cover | None:
    """The picture as it is when it is modest, else as a JPEG of at most 1500 pixels a side and 2 MB.

    None when it is no JPEG or PNG, is damaged, or would fill the memory; one warning then names `owner`.
    """
    try:
        return _safe(picture)
    # Pillow's parsers raise all of these on damaged pictures; a cover never fails its track.
    except (OSError, ValueError, SyntaxError, LookupError, TypeError, ArithmeticError, EOFError, MemoryError) as error:
        log.warning("left out the cover of %s: %s", owner, error)
        return None


def _safe(picture: bytes) -> Cover:
    if len(picture) > _LARGEST_SOURCE_BYTES:
        raise ValueError(f"it has {len(picture)} bytes")
    mime, image = _opened(picture)
    _refuse_bomb(image)
    # A JPEG decoder can shrink while it decodes, which spares the memory of the full picture.
    is_modest = max(image.size) <= LONGEST_SIDE_PX and len(picture) <= LARGEST_BYTES
    if not is_modest:
        image.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    image.load()
    if is_modest and image.mode in _PLAIN_MODES[mime]:
        return Cover(mime, picture)
    return Cover("image/jpeg", _as_jpeg(image))


def _opened(picture: bytes) -> "tuple[str, ImageFile]":
    """Read the header only, with the one plugin that the first bytes call for."""
    # Not Image.open: it tries other formats too, and its bomb check warns or raises by a process-wide filter.
    if picture.startswith(b"\xff\xd8\xff"):
        from PIL.JpegImagePlugin import JpegImageFile

        return "image/jpeg", JpegImageFile(BytesIO(picture))
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        from PIL.PngImagePlugin import PngImageFile

        return "image/png", PngImageFile(BytesIO(picture))
    raise ValueError("it is neither a JPEG nor a PNG picture")


def _refuse_bomb(image: "ImageFile") -> None:
    from PIL import Image

    width, height = image.size
    if width * height > min(_MOST_PIXELS, Image.MAX_IMAGE_PIXELS or _MOST_PIXELS):
        raise ValueError(f"it has {width} x {height} pixels")


def _as_jpeg(image: "ImageFile") -> bytes:
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
    plain = _on_white(upright)
    for quality in (90, 80, 65, 45):
        encoded = BytesIO()
        plain.save(encoded, "JPEG", quality=quality)
        if encoded.tell() <= LARGEST_BYTES:
            return encoded.getvalue()
    raise ValueError("it stays above 2 MB")


def _on_white(picture: "Picture") -> "Picture":
    from PIL import Image

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    see_through = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(see_through, mask=see_through.getchannel("A"))
    return white
