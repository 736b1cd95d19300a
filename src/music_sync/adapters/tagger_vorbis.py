"""Vorbis comments in FLAC, Ogg Vorbis and Opus files."""

# mypy: allow-untyped-calls

import base64
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from music_sync.adapters.tagger_fields import FRONT_COVER, Pictures, embedded, parser_faults, says_year, texts_of
from music_sync.model.track import Cover, Embedded, Tags

_VORBIS = {
    "artist": ("ARTIST",),
    "title": ("TITLE",),
    "album": ("ALBUM",),
    "version": ("VERSION",),
    "year": ("DATE",),
    "genre": ("GENRE",),
    "isrc": ("ISRC",),
    "tempo": ("BPM",),
    "key": ("INITIALKEY", "KEY"),  # Traktor, Serato and rekordbox read the first, Picard and Mixxx also the second
    "camelot": ("CAMELOT",),
    "gain": ("REPLAYGAIN_TRACK_GAIN",),
    "peak": ("REPLAYGAIN_TRACK_PEAK",),
    "url": ("WWWAUDIOSOURCE",),
    "label": ("LABEL",),
    "mb_recording_id": ("MUSICBRAINZ_TRACKID",),  # so Picard calls the recording's id here
    "mb_release_id": ("MUSICBRAINZ_ALBUMID",),
}


def write_flac(path: Path, tags: Tags) -> None:
    from mutagen.flac import FLAC

    audio: Any = FLAC(path)
    if audio.tags is None:
        audio.add_tags()
    _fill_comments(audio.tags, texts_of(tags))
    if tags.cover:
        others = [picture for picture in audio.pictures if picture.type != FRONT_COVER]
        audio.clear_pictures()
        for picture in (_picture(tags.cover), *others):
            audio.add_picture(picture)
    audio.save()


def write_ogg(path: Path, tags: Tags) -> None:
    audio = opened_ogg(path)
    if audio.tags is None:
        audio.add_tags()
    texts = texts_of(tags)
    if _is_opus(path) and tags.replaygain_db is not None:
        del texts["gain"]
        for name in ("REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_TRACK_PEAK"):
            if name in audio.tags:
                del audio.tags[name]
        _set(audio.tags, "R128_TRACK_GAIN", [r128_text(tags.replaygain_db)])
    if _is_opus(path):
        texts.pop("peak", None)
    _fill_comments(audio.tags, texts)
    if tags.cover:
        encoded = base64.b64encode(_picture(tags.cover).write()).decode("ascii")
        _set(audio.tags, "METADATA_BLOCK_PICTURE", [encoded, *_other_pictures(audio.tags)])
    audio.save()


def remove_from_flac(path: Path, fields: Collection[str]) -> None:
    """Take our fields out, by their names in `Tags`."""
    from mutagen.flac import FLAC

    audio: Any = FLAC(path)
    _drop(audio.tags, fields)
    if "cover" in fields:
        others = [picture for picture in audio.pictures if picture.type != FRONT_COVER]
        audio.clear_pictures()
        for picture in others:
            audio.add_picture(picture)
    audio.save()


def remove_from_ogg(path: Path, fields: Collection[str]) -> None:
    """As `remove_from_flac`."""
    audio = opened_ogg(path)
    _drop(audio.tags, fields)
    if "cover" in fields and audio.tags:
        others = _other_pictures(audio.tags)
        if "METADATA_BLOCK_PICTURE" in audio.tags:
            del audio.tags["METADATA_BLOCK_PICTURE"]
        if others:
            _set(audio.tags, "METADATA_BLOCK_PICTURE", others)
    audio.save()


def _drop(comments: Any, fields: Collection[str]) -> None:
    for name in (name for field in fields for name in _VORBIS.get(field, ())):
        if comments and name in comments:
            del comments[name]


def r128_text(replaygain_db: float) -> str:
    """Gain to -23 LUFS in 1/256 dB, as RFC 7845 wants it, from a gain to -18 LUFS."""
    return str(max(-32768, min(32767, round((replaygain_db - 5.0) * 256))))


def _fill_comments(comments: Any, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        if name == "year" and says_year(next(iter(comments.get("DATE", [])), ""), text):
            continue
        for field in _VORBIS[name]:
            _set(comments, field, [text])


def _set(comments: Any, field: str, values: list[str]) -> None:
    # An assignment moves the field to the end; left alone, a second tagging changes no byte.
    if comments.get(field) != values:
        comments[field] = values


def _picture(cover: Cover) -> Any:
    from mutagen.flac import Picture

    picture = Picture()
    picture.type, picture.mime, picture.data = FRONT_COVER, cover.mime, cover.picture
    return picture


def _other_pictures(comments: Any) -> list[str]:
    return [text for text in comments.get("METADATA_BLOCK_PICTURE", []) if _picture_type(text) != FRONT_COVER]


def _picture_type(text: str) -> int:
    from mutagen.flac import Picture

    try:
        return int(Picture(base64.b64decode(text)).type)
    except parser_faults():
        return -1


def _is_opus(path: Path) -> bool:
    return _ogg_head(path).startswith(b"OpusHead")


def _ogg_head(path: Path) -> bytes:
    """The first packet of the first page: it names the codec. Page layout: RFC 3533."""
    with path.open("rb") as file:
        page = file.read(27 + 255 + 8)
    return page[27 + page[26] :] if len(page) > 27 else b""


def opened_ogg(path: Path) -> Any:
    """A file with Vorbis, Opus or FLAC in it."""
    from mutagen.oggflac import OggFLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    head = _ogg_head(path)
    if head.startswith(b"OpusHead"):
        return OggOpus(path)
    return OggFLAC(path) if head.startswith(b"\x7fFLAC") else OggVorbis(path)


def read_flac(path: Path) -> Embedded:
    from mutagen.flac import FLAC

    audio: Any = FLAC(path)
    return _from_comments(audio.tags or {}, has_cover=bool(audio.pictures))


def read_ogg(path: Path) -> Embedded:
    comments = opened_ogg(path).tags or {}
    return _from_comments(comments, has_cover=bool(comments.get("METADATA_BLOCK_PICTURE")))


def _from_comments(comments: Any, *, has_cover: bool) -> Embedded:
    texts = {name: list(comments.get(fields[0], [])) for name, fields in _VORBIS.items()}
    texts["year"] = texts["year"][:1] or list(comments.get("YEAR", []))[:1]
    texts["url"] = texts["url"][:1] or list(comments.get("PURL", []))[:1]
    texts["isrc"] = texts["isrc"][:1]
    texts["label"] = texts["label"] or list(comments.get("ORGANIZATION", []))
    texts["album_artist"] = list(comments.get("ALBUMARTIST", [])) or list(comments.get("ALBUM ARTIST", []))
    return embedded(texts, has_cover=has_cover)


def pictures_in_flac(path: Path) -> Pictures:
    from mutagen.flac import FLAC

    return [(picture.type, picture.data) for picture in FLAC(path).pictures]


def pictures_in_ogg(path: Path) -> Pictures:
    from mutagen.flac import Picture

    blocks = (opened_ogg(path).tags or {}).get("METADATA_BLOCK_PICTURE", [])
    pictures = [Picture(base64.b64decode(block)) for block in blocks]
    return [(picture.type, picture.data) for picture in pictures]
