"""What a converted file takes over from the tags of its original, beyond the fields that are ours to write.

Between files of one family (ID3, MP4, Vorbis comments) all is taken: comments, ratings, cue points, private frames.
Between families the text fields that each has a name for are, in the spelling of its own programs. What the file says
already stays, and what describes the encoding itself (encoder, gapless data, gain) is never taken.
"""

# mypy: allow-untyped-calls

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from music_sync.adapters import tagger_id3, tagger_vorbis
from music_sync.adapters.tagger_fields import clean_text

LARGEST_FRAME_BYTES = 2_000_000
"""Cue points and overviews take some KB; a larger frame is no DJ program's."""

_FAMILIES = {"mp3": "id3", "aiff": "id3", "wav": "id3", "mp4": "mp4", "flac": "vorbis", "ogg": "vorbis"}
_FREEFORM = "----:com.apple.iTunes:"

_FIELDS: dict[str, tuple[str, str, str]] = {
    "album artist": ("TPE2", "aART", "ALBUMARTIST"),
    "track": ("TRCK", "trkn", "TRACKNUMBER"),
    "disc": ("TPOS", "disk", "DISCNUMBER"),
    "composer": ("TCOM", "\xa9wrt", "COMPOSER"),
    "remixer": ("TPE4", f"{_FREEFORM}REMIXER", "REMIXER"),
    "label": ("TPUB", f"{_FREEFORM}LABEL", "LABEL"),
    "catalogue number": ("TXXX:CATALOGNUMBER", f"{_FREEFORM}CATALOGNUMBER", "CATALOGNUMBER"),
    "grouping": ("TIT1", "\xa9grp", "GROUPING"),
    "comment": ("COMM", "\xa9cmt", "COMMENT"),
    "mood": ("TXXX:MOOD", f"{_FREEFORM}MOOD", "MOOD"),
    "energy": ("TXXX:EnergyLevel", f"{_FREEFORM}EnergyLevel", "ENERGYLEVEL"),
    "copyright": ("TCOP", "cprt", "COPYRIGHT"),
    "lyrics": ("USLT", "\xa9lyr", "LYRICS"),
    "tempo": ("TBPM", f"{_FREEFORM}BPM", "BPM"),
    "key": ("TKEY", f"{_FREEFORM}initialkey", "INITIALKEY"),
}
"""Field -> its name in ID3, MP4 and Vorbis comments, as Picard, Mp3tag and Mixed In Key write them."""

_OF_THE_ENCODING = {
    "id3": (
        "TLEN", "TSIZ", "TENC", "TSSE", "TFLT", "MLLT", "SEEK", "ASPI", "RVA", "APIC", "TXXX:REPLAYGAIN", "TXXX:ENCODE",
    ),
    "mp4": ("COVR", "\xa9TOO", "PGAP", f"{_FREEFORM}ITUN".upper(), f"{_FREEFORM}REPLAYGAIN".upper()),
    "vorbis": ("ENCODE", "REPLAYGAIN_", "R128_", "WAVEFORMATEXTENSIBLE_", "METADATA_BLOCK_PICTURE", "COVERART"),
}  # fmt: skip
"""Beginnings of names, in capitals, of what holds for one file only; covers go their own way."""


def carry(original: Path, kind: str, target: Path, target_kind: str) -> None:
    """Give `target` what `original` says beside; again changes nothing. Raises what mutagen's parsers raise."""
    family, other = _FAMILIES[kind], _FAMILIES[target_kind]
    theirs = _tags_of(original, kind)
    if not theirs:
        return
    audio = _opened(target, target_kind)
    before = len(audio.tags.keys())
    if family == other:
        _take_all(family, theirs, audio.tags)
    else:
        _PUT[other](audio.tags, _GET[family](theirs))
    if len(audio.tags.keys()) > before:
        _save(audio, target)


def _tags_of(path: Path, kind: str) -> Any:
    if _FAMILIES[kind] == "id3":
        return tagger_id3.as_it_is(path, kind)
    return _opened(path, kind).tags


def _opened(path: Path, kind: str) -> Any:
    """The file with tags, made when there are none."""
    if kind in {"mp3", "aiff", "wav"}:
        return tagger_id3.opened(path, kind)
    if kind == "ogg":
        audio = tagger_vorbis.opened_ogg(path)
    else:
        from mutagen.flac import FLAC
        from mutagen.mp4 import MP4

        audio = MP4(path) if kind == "mp4" else FLAC(path)
    if audio.tags is None:
        audio.add_tags()
    return audio


def _save(audio: Any, target: Path) -> None:
    if isinstance(audio, tagger_id3.OpenTag):
        tagger_id3.save(audio, target)
    else:
        audio.save()


def _take_all(family: str, theirs: Any, ours: Any) -> None:
    if family == "id3":
        ours.version = theirs.version if theirs.version >= (2, 3) else ours.version
    there = {name.upper() for name in ours.keys()}  # noqa: SIM118 - Vorbis comments iterate over pairs
    for name in list(theirs.keys()):
        beginnings = _OF_THE_ENCODING[family]
        if name.upper() not in there and not name.upper().startswith(beginnings) and _is_modest(theirs[name]):
            ours[name] = theirs[name]


def _is_modest(value: Any) -> bool:
    return len(getattr(value, "data", b"")) <= LARGEST_FRAME_BYTES


Texts = Mapping[str, str]
"""Field of ours -> text."""


def _kept(texts: Iterable[tuple[str, str]]) -> Texts:
    cleaned = ((field, clean_text(text)) for field, text in texts)
    return {field: text for field, text in cleaned if text}


def _from_id3(frames: Any) -> Texts:
    def text(name: str) -> str:
        found = frames.getall(name)
        # iTunes hides numbers of its own among the comments (iTunNORM, iTunSMPB).
        shown = [each for each in found if not str(getattr(each, "desc", "")).startswith("iTun")]
        if not shown:
            return ""
        said = shown[0].text
        return said if isinstance(said, str) else ", ".join(map(str, said))

    return _kept((field, text(names[0])) for field, names in _FIELDS.items())


def _to_id3(frames: Any, texts: Texts) -> None:
    from mutagen import id3

    for field, text in texts.items():
        name = _FIELDS[field][0]
        if frames.getall(name):
            continue
        if name.startswith("TXXX:"):
            frames.add(id3.TXXX(encoding=1, desc=name[5:], text=[text]))
        elif name in {"COMM", "USLT"}:
            # Without a language of its own; an empty description is the one that players show.
            frames.add(getattr(id3, name)(encoding=1, lang="eng", desc="", text=text if name == "USLT" else [text]))
        else:
            frames.add(getattr(id3, name)(encoding=1, text=[text]))


def _from_mp4(atoms: Any) -> Texts:
    def text(name: str) -> str:
        value = next(iter(atoms.get(name, [])), "")
        if isinstance(value, tuple):
            return "/".join(str(number) for number in value if number)
        return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    tempo = [("tempo", str(next(iter(atoms.get("tmpo", [])), "")))]
    return _kept([*tempo, *((field, said) for field, names in _FIELDS.items() if (said := text(names[1])))])


def _to_mp4(atoms: Any, texts: Texts) -> None:
    from mutagen.mp4 import AtomDataType, MP4FreeForm

    for field, text in texts.items():
        name = _FIELDS[field][1]
        if name in atoms:
            continue
        if name.startswith(_FREEFORM):
            atoms[name] = [MP4FreeForm(text.encode(), AtomDataType.UTF8)]
        elif name in {"trkn", "disk"}:
            number, _, total = text.partition("/")
            if number.strip().isdecimal() and int(number) < 65536:
                atoms[name] = [(int(number), int(total) if total.strip().isdecimal() and int(total) < 65536 else 0)]
        else:
            atoms[name] = [text]


def _from_comments(comments: Any) -> Texts:
    def text(name: str, total: str = "") -> str:
        said = ", ".join(comments.get(name, []))
        of = next(iter(comments.get(total, [])), "") if total else ""
        return f"{said}/{of}" if said and of and "/" not in said else said

    found = {field: text(names[2]) for field, names in _FIELDS.items()}
    found["track"], found["disc"] = text("TRACKNUMBER", "TRACKTOTAL"), text("DISCNUMBER", "DISCTOTAL")
    found["label"] = found["label"] or text("ORGANIZATION")
    found["comment"] = found["comment"] or text("DESCRIPTION")
    return _kept(found.items())


def _to_comments(comments: Any, texts: Texts) -> None:
    for field, text in texts.items():
        name = _FIELDS[field][2]
        if name in comments:
            continue
        if field in {"track", "disc"}:
            number, _, total = text.partition("/")
            comments[name] = [number]
            if total:
                comments["TRACKTOTAL" if field == "track" else "DISCTOTAL"] = [total]
        else:
            comments[name] = [text]


_GET: dict[str, Callable[[Any], Texts]] = {"id3": _from_id3, "mp4": _from_mp4, "vorbis": _from_comments}
_PUT: dict[str, Callable[[Any, Texts], None]] = {"id3": _to_id3, "mp4": _to_mp4, "vorbis": _to_comments}
