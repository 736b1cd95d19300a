"""Tags in MP4 files: M4A with AAC or ALAC."""

# mypy: allow-untyped-calls

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from music_sync.adapters.tagger_fields import FRONT_COVER, Pictures, embedded, says_year, texts_of
from music_sync.model.track import Cover, Embedded, Tags

_MP4_TEXTS = {"artist": "\xa9ART", "title": "\xa9nam", "album": "\xa9alb", "genre": "\xa9gen", "year": "\xa9day"}
_MP4_FREEFORM = {
    "version": "SUBTITLE",
    "isrc": "ISRC",
    "tempo": "BPM",
    "key": "initialkey",
    "camelot": "CAMELOT",
    "gain": "replaygain_track_gain",
    "peak": "replaygain_track_peak",
    "url": "WWWAUDIOSOURCE",
    "label": "LABEL",
    "mb_recording_id": "MusicBrainz Track Id",  # so Picard calls the recording's id here
    "mb_release_id": "MusicBrainz Album Id",
}
_MP4_MEAN = "----:com.apple.iTunes:"


def write(path: Path, tags: Tags) -> None:
    from mutagen.mp4 import MP4

    audio: Any = MP4(path)
    if audio.tags is None:
        audio.add_tags()
    _fill(audio.tags, texts_of(tags))
    if tags.cover:
        audio.tags["covr"] = [_covr(tags.cover), *audio.tags.get("covr", [])[1:]]
    audio.save()


def remove(path: Path, fields: Collection[str]) -> None:
    """Take our fields out, by their names in `Tags`."""
    from mutagen.mp4 import MP4

    audio: Any = MP4(path)
    if audio.tags is None:
        return
    atoms = audio.tags
    for field in fields:
        if field in _MP4_TEXTS:
            atoms.pop(_MP4_TEXTS[field], None)
        if field in _MP4_FREEFORM:
            _drop_freeform(atoms, _MP4_FREEFORM[field])
    if "cover" in fields and atoms.get("covr"):
        atoms["covr"] = atoms["covr"][1:]
        if not atoms["covr"]:
            del atoms["covr"]
    audio.save()


def _fill(atoms: Any, texts: dict[str, str]) -> None:
    from mutagen.mp4 import AtomDataType, MP4FreeForm

    if says_year(next(iter(atoms.get("\xa9day", [])), ""), texts.get("year", "-")):
        del texts["year"]
    for name, atom in _MP4_TEXTS.items():
        if name in texts:
            atoms[atom] = [texts[name]]
    for name, field in _MP4_FREEFORM.items():
        if name in texts:
            _drop_freeform(atoms, field)
            atoms[_MP4_MEAN + field] = [MP4FreeForm(texts[name].encode(), AtomDataType.UTF8)]
    if "tempo" in texts:
        atoms["tmpo"] = [min(round(float(texts["tempo"])), 0xFFFF)]


def _covr(cover: Cover) -> Any:
    from mutagen.mp4 import MP4Cover

    form = MP4Cover.FORMAT_PNG if cover.mime == "image/png" else MP4Cover.FORMAT_JPEG
    return MP4Cover(cover.picture, form)


def _drop_freeform(atoms: Any, field: str) -> None:
    for key in [key for key in atoms if key.casefold() == (_MP4_MEAN + field).casefold()]:
        del atoms[key]


def read(path: Path) -> Embedded:
    from mutagen.mp4 import MP4

    atoms: Any = MP4(path).tags or {}
    texts = {name: list(atoms.get(atom, [])) for name, atom in _MP4_TEXTS.items()}
    texts["album_artist"] = list(atoms.get("aART", []))
    for name in ("isrc", "url", "label", "mb_recording_id", "mb_release_id"):
        texts[name] = [bytes(text).decode("utf-8", "replace") for text in _freeform(atoms, _MP4_FREEFORM[name])]
    return embedded(texts, has_cover=bool(atoms.get("covr")))


def _freeform(atoms: Any, field: str) -> Iterable[Any]:
    wanted = (_MP4_MEAN + field).casefold()
    return next((list(values)[:1] for key, values in atoms.items() if key.casefold() == wanted), [])


def pictures(path: Path) -> Pictures:
    from mutagen.mp4 import MP4

    atoms: Any = MP4(path).tags or {}
    return [(FRONT_COVER, bytes(picture)) for picture in atoms.get("covr", [])]
