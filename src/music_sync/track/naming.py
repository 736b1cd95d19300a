"""Names of files and folders: the one gate for foreign text on its way into a path, and the owner's name template.

A template is a relative path without ending. `{field}` stands for a value, a slash parts folders, all else is literal:

    {artist}/{artist} - {title}             Moderat/Moderat - Bad Kingdom
    {genre|"Other"}/{artist} - {title}      a fallback: the first that is not empty; text goes in double quotes
    {title}{ [version]}                     spaces and signs inside the braces vanish together with an empty field
    {genre/}{artist} - {title}              ... and so does a folder
    {tempo:.0f} {title}                     a number's form: width, decimals (tempo:03 is 096, tempo:.1f is 96.0)
    {{live}} {title}                        doubled braces are braces

Fields: artist, title, version, album, year, genre, tempo (beats per minute), key (Am), camelot (8A), source,
month (2026-11), id. A lone `{artist}` that is empty reads `Unknown Artist`; a folder that comes out empty is left out.
Text in a value is only ever text: a slash in it parts no folders, and `%(title)s`, `{0}` or `$HOME` stay as they are.

Three more spellings are understood: yt-dlp's `%(artist)s/%(title)s` with `%(artist,uploader)s` and `%(album|Singles)s`,
beets' `$artist/$title`, and sldl's `{artist( - )title|id}`, where round brackets quote signs. So are the other tools'
field names that mean one of ours (bpm, albumartist, uploader, release_year ...), and their ending (`.%(ext)s`) is dropped.
"""

import difflib
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from music_sync.model.errors import BadSetting

DEFAULT_TEMPLATE = "{artist}/{artist} - {title}"
FIELDS = (
    "artist",
    "title",
    "version",
    "album",
    "year",
    "genre",
    "tempo",
    "key",
    "camelot",
    "source",
    "month",
    "id",
)

SEGMENT_BYTES = 200
"""The longest file name, in UTF-8: systems end at 255, and other programs add endings of their own while they copy."""
_ROOM_BYTES = len(" [0123abcd-99].aiff")
_READ_CHARACTERS = 2048
_MARKS = 4
_CLUSTER_CHARACTERS = 12

_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"]
)
# Refused by NTFS and exFAT, then all that looks like a slash or a backslash.
_FORBIDDEN = '<>:"/\\|?*' + "\uff0f\u2044\u2215\u29f8\u29f9\uff3c\ufe68\u29f5\u2216"
_DOTS = "\uff0e\u2024\ufe52"
# Shown as nothing, though Unicode counts them as letters or marks; the format characters (Cf) come on top.
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
_REPLACED = (
    dict.fromkeys(map(ord, _FORBIDDEN), "_")
    | dict.fromkeys(map(ord, _DOTS), ".")
    | dict.fromkeys(map(ord, _INVISIBLE), "")
    | {0x2025: ".."}
)


def safe_name(text: str, fallback: str = "untitled") -> str:
    """Make foreign text one visible segment of a path that every file system takes; never empty.

    NFC, no control, direction or invisible characters, no separators, no name that Windows keeps for devices, no dot,
    dash or tilde in front, no dot or space at the end, at most four accents on a letter. It is cut between whole
    characters as a person sees them, so that it stays within 200 bytes with ` [id]` and an ending behind it.
    Giving it its own answer changes nothing.
    """
    name = _trimmed(_cut(_trimmed(_cleaned(text))))
    if not name:
        return safe_name(fallback) if fallback != "untitled" else fallback
    if name.partition(".")[0].rstrip().upper() in _DEVICES:
        return _trimmed(_cut(f"_{name}"))
    return name


def _cleaned(text: str) -> str:
    plain = unicodedata.normalize("NFC", text[:_READ_CHARACTERS]).translate(_REPLACED)
    kept = unicodedata.normalize("NFC", "".join(map(_kept, plain)))
    return " ".join("".join(_few_marks(kept)).split(" "))


def _kept(char: str) -> str:
    if char.isspace():
        return " "
    category = unicodedata.category(char)
    if category in {"Cc", "Cf", "Cs"}:
        return ""
    # Private and unassigned characters: macOS stores the first in place of forbidden ones and refuses the second.
    return "_" if category in {"Co", "Cn"} else char


def _few_marks(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= _MARKS:
            yield char


def _trimmed(name: str) -> str:
    name = re.sub(r" +", " ", name).rstrip(" .")
    start = 0
    while start < len(name) and (name[start] in " .-~" or unicodedata.category(name[start])[0] == "M"):
        start += 1
    return name[start:]


def _cut(name: str) -> str:
    if len(name.encode()) <= SEGMENT_BYTES - _ROOM_BYTES:
        return name
    kept, room = [], SEGMENT_BYTES - _ROOM_BYTES
    for cluster in _clusters(name):
        room -= len(cluster.encode())
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept)


def _clusters(text: str) -> Iterator[str]:
    """What a person sees as one character each: the rules of Unicode's UAX 29 for what is left after cleaning."""
    cluster = ""
    for char in text:
        if cluster and not _belongs(cluster, char):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _belongs(cluster: str, char: str) -> bool:
    if len(cluster) >= _CLUSTER_CHARACTERS:
        return False
    if _is_flag_letter(char):
        return len(cluster) == 1 and _is_flag_letter(cluster)
    is_jamo = "\u1161" <= char <= "\u11ff" and "\u1100" <= cluster[-1] <= "\u11ff"
    is_skin, is_voiced = "\U0001f3fb" <= char <= "\U0001f3ff", char in "\uff9e\uff9f"
    return is_jamo or is_skin or is_voiced or unicodedata.category(char)[0] == "M"


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


Values = Mapping[str, str | float | None]
"""What a track has for each field; a missing one is empty."""

_SEPARATOR = "\0"
_ALIASES = {
    "bpm": "tempo",
    "initial_key": "key",
    "artists": "artist",
    "albumartist": "artist",
    "album_artist": "artist",
    "album-artist": "artist",
    "uploader": "artist",
    "channel": "artist",
    "creator": "artist",
    "name": "title",
    "track": "title",
    "release_year": "year",
    "original_year": "year",
    "extractor": "source",
    "track-id": "id",
}
_SENSIBLE = {"year": (1000, 9999), "tempo": (1, 999)}
_ENDING = re.compile(r"\.(?:%\(ext\)s|\{ext\}|\{output-ext\}|\$\{?ext\}?)$")
_NATIVE = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<body>[^{}]*)\}|(?P<stray>[{}])|(?P<text>[^{}]+)")
_BODY = re.compile(
    r'"(?P<quoted>[^"]*)"'
    r"|\((?P<signs>[^()\w]*)\)"
    r"|(?P<field>album-artist|track-id|[^\W\d_]\w*)(?P<form>:[\w.,+<>=^%-]*)?"
    r"|(?P<bar>\|)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
_YT_DLP = re.compile(
    r"(?P<percent>%%)|%\((?P<names>[^()|]*)(?:\|(?P<default>[^()]*))?\)(?P<form>[\d.]*[sd])|(?P<stray>%)|(?P<text>[^%]+)"
)
_BEETS = re.compile(r"(?P<dollar>\$\$)|\$\{(?P<braced>\w+)\}|\$(?P<bare>[a-z_]+)|(?P<stray>[$%{}])|(?P<text>[^$%{}]+)")
_DOLLAR_FIELD = re.compile(r"\$\{?(?P<name>[a-z_]+)")
_FORM = re.compile(r"(?P<width>\d{0,2})(?:\.(?P<decimals>\d))?(?P<kind>[dfs]?)")


@dataclass(frozen=True)
class _Field:
    name: str
    form: str = ""


_Choice = tuple[str | _Field, ...]
_Part = tuple[_Choice, ...]
"""Choices in order; the first in which no field is empty is taken."""


@dataclass(frozen=True)
class Template:
    """A name template, understood once and filled for each track."""

    text: str
    _parts: tuple[_Part, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Understand a template in any of the four spellings.

        Raises BadSetting with the position, counted from 1, and for an unknown field with the nearest known one.
        """
        plain = _ENDING.sub("", text)
        parts = tuple(_dialect(plain))
        _refuse_bad_paths(text, plain, parts)
        return cls(text, parts)

    def path(self, values: Values) -> str:
        """A relative path with forward slashes and without ending; each segment has passed `safe_name`."""
        *folders, name = "".join(_filled(part, values) for part in self._parts).split(_SEPARATOR)
        segments = [safe_name(each, "Unknown") for each in folders if each.strip()]
        return "/".join([*segments, safe_name(name, _value(_Field("id"), values) or "untitled")])


def _dialect(text: str) -> Iterator[_Part]:
    if "%(" in text:
        return _from_yt_dlp(text)
    if any(match["name"] in FIELDS or match["name"] in _ALIASES for match in _DOLLAR_FIELD.finditer(text)):
        return _from_beets(text)
    return _from_native(text)


def _from_native(text: str) -> Iterator[_Part]:
    for match in _NATIVE.finditer(text):
        if match["stray"]:
            raise _bad(
                text, match.start(), f'"{match["stray"]}" has no partner; write it twice to mean the sign itself'
            )
        if match["body"] is not None:
            yield tuple(_choices(text, match["body"], match.start("body")))
        else:
            yield _literal(match["text"] or match["brace"][0])


def _choices(text: str, body: str, start: int) -> Iterator[_Choice]:
    choice: list[str | _Field] = []
    for match in _BODY.finditer(body):
        if match["bar"]:
            yield tuple(choice)
            choice = []
        elif match["field"]:
            choice.append(_field(text, start + match.start(), match["field"], (match["form"] or "")[1:]))
        else:
            choice.append(_slashes(match["quoted"] or match["signs"] or match["sign"] or ""))
    if not choice:
        raise _bad(text, start, 'braces want a field such as {title}, and after "|" a field or a quoted text')
    yield tuple(choice)


def _from_yt_dlp(text: str) -> Iterator[_Part]:
    for match in _YT_DLP.finditer(text):
        if match["stray"]:
            raise _bad(
                text, match.start(), 'of yt-dlp\'s forms only "%(field)s" is understood; write "%%" for the sign'
            )
        if match["names"] is None:
            yield _literal(match["text"] or "%")
            continue
        names = [each.strip() for each in match["names"].split(",")]
        fields = [(_field(text, match.start("names"), each, match["form"].rstrip("s")),) for each in names]
        yield (*fields, (match["default"],)) if match["default"] is not None else tuple(fields)


def _from_beets(text: str) -> Iterator[_Part]:
    for match in _BEETS.finditer(text):
        if match["stray"]:
            raise _bad(text, match.start(), 'of beets\' forms only "$field" is understood; write {field} for more')
        name = match["braced"] or match["bare"]
        if name:
            yield ((_field(text, match.start() + 1, name, ""),),)
        else:
            yield _literal(match["text"] or "$")


def _literal(text: str) -> _Part:
    return ((_slashes(text),),)


def _slashes(text: str) -> str:
    return text.replace("/", _SEPARATOR)


def _field(text: str, position: int, word: str, form: str) -> _Field:
    name = _ALIASES.get(word.lower(), word.lower())
    if name not in FIELDS:
        near = difflib.get_close_matches(name, FIELDS + tuple(_ALIASES), n=1)
        hint = (
            f"did you mean {_ALIASES.get(near[0], near[0])}?"
            if near
            else f'put "{word}" in double quotes to mean text;'
        )
        raise _bad(text, position, f'there is no field "{word}"; {hint} the fields are {", ".join(FIELDS)}')
    if not _FORM.fullmatch(form):
        raise _bad(text, position, f'"{form}" is no form for a number; write for example {{{name}:.0f}}')
    return _Field(name, form)


def _refuse_bad_paths(text: str, plain: str, parts: tuple[_Part, ...]) -> None:
    if not any(isinstance(piece, _Field) for part in parts for choice in part for piece in choice):
        raise _bad(
            text, 0, "it names no field, so all tracks would share one name; write for example {artist} - {title}"
        )
    if "\\" in plain:
        raise _bad(text, plain.index("\\"), 'folders are parted by "/"')
    if re.match(r"/|~|[A-Za-z]:", plain):
        raise _bad(text, 0, "it counts from the library, so it cannot begin with a drive, a home or a slash")
    for segment in re.finditer(r"[^/]+", plain):
        if segment.group().strip() in {".", ".."}:
            raise _bad(text, segment.start(), f'"{segment.group()}" is no folder name')
    if plain.rstrip().endswith("/"):
        raise _bad(text, len(plain.rstrip()) - 1, "a file name is missing after the last slash")


def _bad(text: str, position: int, what: str) -> BadSetting:
    return BadSetting(f"The name template {text!r} cannot be used: at position {position + 1}, {what}")


def _filled(part: _Part, values: Values) -> str:
    for choice in part:
        texts = [piece if isinstance(piece, str) else _value(piece, values) for piece in choice]
        if all(text for text, piece in zip(texts, choice, strict=True) if isinstance(piece, _Field)):
            return "".join(texts)
    return _stand_in(part, values)


def _stand_in(part: _Part, values: Values) -> str:
    """A lone artist or title is missed by a person, so it does not vanish."""
    if part == ((_Field("artist"),),):
        return "Unknown Artist"
    if part == ((_Field("title"),),):
        return _value(_Field("id"), values) or "untitled"
    return ""


def _value(field: _Field, values: Values) -> str:
    value = values.get(field.name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace(_SEPARATOR, "").strip()
    low, high = _SENSIBLE.get(field.name, (-math.inf, math.inf))
    return _number(value, field.form) if math.isfinite(value) and low <= value <= high else ""


def _number(value: float, form: str) -> str:
    parsed = _FORM.fullmatch(form)
    if not form or parsed is None or parsed["kind"] == "s":
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:{parsed['width']}.{parsed['decimals'] or 0}f}"
