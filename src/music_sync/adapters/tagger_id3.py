"""ID3 tags in MP3, AIFF and WAV files."""

# mypy: allow-untyped-calls

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from music_sync.adapters.tagger_fields import (
    FRONT_COVER,
    OTHER_PICTURE,
    Pictures,
    embedded,
    parser_faults,
    says_year,
    texts_of,
)
from music_sync.model.track import Cover, Embedded, Tags

log = logging.getLogger(__name__)

_ID3_TEXTS = {
    "artist": "TPE1",
    "title": "TIT2",
    "album": "TALB",
    "version": "TIT3",
    "genre": "TCON",
    "isrc": "TSRC",
    "tempo": "TBPM",
    "key": "TKEY",
    "label": "TPUB",
}
_ID3_OWN = {
    "camelot": "CAMELOT",
    "gain": "REPLAYGAIN_TRACK_GAIN",
    "peak": "REPLAYGAIN_TRACK_PEAK",
    "mb_release_id": "MusicBrainz Album Id",
}
_MB_OWNER = "http://musicbrainz.org"
"""Whose the recording's id in the UFID frame is, as Picard writes it; the release's id stands in a TXXX frame."""


@dataclass(frozen=True)
class OpenTag:
    """A file's ID3 tag, to be changed and saved."""

    tags: Any


def opened(path: Path, kind: str) -> OpenTag:
    """The tag as it is, an empty one of version 2.3 where there is none."""
    tags = as_it_is(path, kind)
    if tags is None:
        from mutagen.aiff import AIFF
        from mutagen.id3 import ID3
        from mutagen.wave import WAVE

        tags = ID3()
        if kind != "mp3":
            audio: Any = (AIFF if kind == "aiff" else WAVE)(path)
            audio.add_tags()
            tags = audio.tags
        tags.version = _V23
    return OpenTag(tags)


def as_it_is(path: Path, kind: str) -> Any:
    """The frames untranslated, or None."""
    from mutagen.aiff import AIFF
    from mutagen.id3 import ID3, ID3NoHeaderError
    from mutagen.wave import WAVE

    if kind != "mp3":
        return (AIFF if kind == "aiff" else WAVE)(path, **_as_it_is(), load_v1=False).tags
    try:
        return ID3(path, **_as_it_is())
    except ID3NoHeaderError:
        return None


def save(tag: OpenTag, path: Path) -> None:
    tag.tags.save(path, v2_version=_version_of(tag.tags))


def write_mp3(path: Path, tags: Tags) -> None:
    from mutagen.id3 import ID3, ID3NoHeaderError, delete

    id3 = ID3()
    try:
        id3.load(path, **_as_it_is())
    except ID3NoHeaderError:
        id3.version = _V23
    except parser_faults() as error:
        log.warning("replaced the damaged tag of %s: %s", path.name, type(error).__name__)
        delete(path, delete_v1=False)
        id3 = ID3()
        id3.version = _V23
    _fill_id3(id3, tags)
    id3.save(path, v2_version=_version_of(id3))


def write_aiff(path: Path, tags: Tags) -> None:
    from mutagen import aiff

    _write_chunk(path, tags, aiff.AIFF, aiff.delete)


def write_wav(path: Path, tags: Tags) -> None:
    from mutagen import wave

    _write_chunk(path, tags, wave.WAVE, wave.delete)


def _write_chunk(path: Path, tags: Tags, form: Callable[..., Any], delete: Callable[[Path], None]) -> None:
    """ID3 in a chunk of an AIFF or WAV file."""
    try:
        audio = form(path, **_as_it_is(), load_v1=False)
    except parser_faults() as error:
        log.warning("replaced the damaged tag of %s: %s", path.name, type(error).__name__)
        delete(path)
        audio = form(path)
    is_untagged = audio.tags is None
    if is_untagged:
        audio.add_tags()
        audio.tags.version = _V23
    _fill_id3(audio.tags, tags)
    audio.tags.save(path, v2_version=_version_of(audio.tags))


_V23 = (2, 3, 0)


def _as_it_is() -> dict[str, Any]:
    """Not translated: mutagen would turn v2.3 into v2.4 and drop what has no place there."""
    return {"translate": False, "v2_version": 3, "known_frames": _frames_without_bombs()}


def _version_of(id3: Any) -> int:
    return 4 if id3.version >= (2, 4) else 3


def _fill_id3(id3: Any, tags: Tags) -> None:
    from mutagen import id3 as frames

    encoding = 3 if _version_of(id3) == 4 else 1
    texts = texts_of(tags)
    for name, frame in _ID3_TEXTS.items():
        if name in texts:
            id3.setall(frame, [getattr(frames, frame)(encoding=_encoding(texts[name], encoding), text=[texts[name]])])
    for name, description in _ID3_OWN.items():
        if name in texts:
            _drop_own_frame(id3, description)
            id3.add(frames.TXXX(encoding=0, desc=description, text=[texts[name]]))
    if "year" in texts:
        _set_id3_year(id3, texts["year"])
    _set_id3_links(id3, texts)
    if tags.cover:
        _set_id3_cover(id3, tags.cover)


def _set_id3_links(id3: Any, texts: Mapping[str, str]) -> None:
    from mutagen import id3 as frames

    if "url" in texts:
        # URL frames are Latin-1 by definition; a link with other letters is written as browsers send it.
        id3.setall("WOAS", [frames.WOAS(url=_ascii_url(texts["url"]))])
    if "mb_recording_id" in texts:
        ufid = frames.UFID(owner=_MB_OWNER, data=texts["mb_recording_id"].encode())
        id3.setall(f"UFID:{_MB_OWNER}", [ufid])


_ID3_OTHERS = {
    "year": ("TDRC", "TYER", "TDAT", "TIME"),
    "mb_recording_id": (f"UFID:{_MB_OWNER}",),
}


def remove(path: Path, kind: str, fields: Collection[str]) -> None:
    """Take our fields out, by their names in `Tags`."""
    tag = opened(path, kind)
    for field in fields:
        if field in _ID3_OWN:
            _drop_own_frame(tag.tags, _ID3_OWN[field])
        for frame in _ID3_OTHERS.get(field, (_ID3_TEXTS[field],) if field in _ID3_TEXTS else ()):
            tag.tags.delall(frame)
    if "cover" in fields:
        for key, frame in list(tag.tags.items()):
            if key.startswith("APIC") and frame.type == FRONT_COVER:
                del tag.tags[key]
    save(tag, path)


def _encoding(text: str, wide: int) -> int:
    """Latin-1 for what is plain ASCII, which the oldest readers take; else the version's own Unicode encoding."""
    return 0 if text.isascii() else wide


def _drop_own_frame(id3: Any, description: str) -> None:
    # Descriptions are compared without case by all readers: two spellings would contradict each other.
    for key, frame in list(id3.items()):
        if key.startswith("TXXX:") and frame.desc.casefold() == description.casefold():
            del id3[key]


def _set_id3_year(id3: Any, year: str) -> None:
    from mutagen.id3 import TDRC, TYER

    there = [*id3.getall("TDRC"), *id3.getall("TYER")]
    if there and all(says_year(str(frame), year) for frame in there):
        return
    for frame in ("TDRC", "TYER", "TDAT", "TIME"):
        id3.delall(frame)
    is_new = _version_of(id3) == 4
    id3.add(TDRC(encoding=3, text=[year]) if is_new else TYER(encoding=0, text=[year]))


def _set_id3_cover(id3: Any, cover: Cover) -> None:
    from mutagen.id3 import APIC

    # Sloppy taggers mark their one cover as "other", so that kind gives way to ours too.
    for key, frame in list(id3.items()):
        if key.startswith("APIC") and frame.type in {FRONT_COVER, OTHER_PICTURE}:
            del id3[key]
    description = "" if "APIC:" not in id3 else "front"
    id3.add(APIC(encoding=0, mime=cover.mime, type=FRONT_COVER, desc=description, data=cover.picture))


def _ascii_url(url: str) -> str:

    return quote(url, safe="%/:=&?~#+!$,;'@()*[]")


_ID3_READ = {
    "artist": ("TPE1",),
    "title": ("TIT2",),
    "album": ("TALB",),
    "album_artist": ("TPE2",),
    "isrc": ("TSRC",),
    "year": ("TDRC", "TYER", "TDRL", "TDOR"),
    "label": ("TPUB",),
}


def _id3_of(path: Path, kind: str) -> Any:
    from mutagen.aiff import AIFF
    from mutagen.id3 import ID3, ID3NoHeaderError
    from mutagen.wave import WAVE

    known = _frames_without_bombs()
    if kind == "aiff":
        return AIFF(path, known_frames=known, load_v1=False).tags
    if kind == "wav":
        return WAVE(path, known_frames=known, load_v1=False).tags
    try:
        return ID3(path, known_frames=known)
    except ID3NoHeaderError:
        return None


@cache
def _frames_without_bombs() -> dict[str, Any]:
    """mutagen's frames, but compressed ones stay packed: a few KB can unpack to GB, and no living program writes them.

    Frames that "are not implemented" are kept byte for byte when the tag is written.
    """
    from mutagen.id3 import Frames, Frames_2_2

    return {name: _without_bombs(name, frame) for name, frame in Frames.items()} | Frames_2_2


def _without_bombs(name: str, frame: Any) -> Any:
    def from_data(cls: Any, header: Any, flags: int, data: bytes) -> Any:
        if flags & (0x08 if header.version >= (2, 4, 0) else 0x80):
            raise NotImplementedError
        return super(cls, cls)._fromData(header, flags, data)

    return type(name, (frame,), {"_fromData": classmethod(from_data), "__module__": frame.__module__})


def read_mp3(path: Path) -> Embedded:
    return _from_id3(_id3_of(path, "mp3"))


def read_aiff(path: Path) -> Embedded:
    return _from_id3(_id3_of(path, "aiff"))


def read_wav(path: Path) -> Embedded:
    """Its ID3 chunk; where that says nothing, the INFO list that older programs wrote."""
    ours = _from_id3(_id3_of(path, "wav"))
    if ours.title or ours.artist:
        return ours
    listed = embedded(_riff_info(path), has_cover=False)
    told = {name: value for name, value in vars(ours).items() if value}
    return replace(listed, **told)


def _from_id3(id3: Any) -> Embedded:
    if id3 is None:
        return Embedded()
    texts: dict[str, list[Any]] = {
        name: next((list(id3[frame].text) for frame in frames if frame in id3), [])
        for name, frames in _ID3_READ.items()
    }
    texts["genre"] = id3["TCON"].genres if "TCON" in id3 else []
    texts["url"] = [frame.url for frame in id3.getall("WOAS")[:1]]
    texts["mb_recording_id"] = [frame.data.decode("ascii", "replace") for frame in id3.getall(f"UFID:{_MB_OWNER}")[:1]]
    texts["mb_release_id"] = _own_texts(id3, _ID3_OWN["mb_release_id"])
    return embedded(texts, has_cover=bool(id3.getall("APIC")))


def _own_texts(id3: Any, description: str) -> list[Any]:
    named = [frame for frame in id3.getall("TXXX") if frame.desc.casefold() == description.casefold()]
    return list(named[0].text) if named else []


def _riff_info(path: Path) -> dict[str, list[str]]:
    names = {b"IART": "artist", b"INAM": "title", b"IPRD": "album", b"IGNR": "genre", b"ICRD": "year"}
    texts: dict[str, list[str]] = {}
    with path.open("rb") as file:
        for info in _info_lists(file):
            at = 0
            while at + 8 <= len(info):
                name, size = info[at : at + 4], int.from_bytes(info[at + 4 : at + 8], "little")
                if name in names:
                    texts[names[name]] = [_utf8_or_latin(info[at + 8 : at + 8 + size].split(b"\0")[0])]
                at += 8 + size + (size & 1)
    return texts


def _info_lists(file: BinaryIO) -> Iterator[bytes]:
    """The bodies of the LIST chunks of type INFO, each cut to 64 KiB."""
    at = 12
    for _ in range(1000):
        file.seek(at)
        head = file.read(12)
        if len(head) < 12:
            return
        size = int.from_bytes(head[4:8], "little")
        if head[:4] == b"LIST" and head[8:] == b"INFO":
            yield file.read(min(max(size - 4, 0), 65536))
        at += 8 + size + (size & 1)


def _utf8_or_latin(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")


def pictures_in_mp3(path: Path) -> Pictures:
    return _pictures(_id3_of(path, "mp3"))


def pictures_in_aiff(path: Path) -> Pictures:
    return _pictures(_id3_of(path, "aiff"))


def pictures_in_wav(path: Path) -> Pictures:
    return _pictures(_id3_of(path, "wav"))


def _pictures(id3: Any) -> Pictures:
    return [(int(frame.type), frame.data) for frame in id3.getall("APIC")] if id3 else []
