"""Which properties a Notion table has for what we know, and how a value is written into each."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from music_sync.model.task import PRIORITIES

LONGEST_PIECE = 2_000
"""Of one text segment, in UTF-16 units: Notion counts as JavaScript does."""
MOST_PIECES = 100
MOST_RELATED = 100
LARGEST_BODY_BYTES = 480_000
"""Notion takes 500 KB, and the properties are not all of the body."""

Names = tuple[str, ...]
Filled = str | float | bool | Names
Value = Filled | None
"""What is to be written: text, a number, a checkbox, names or ids; None empties the property."""
Properties = dict[str, Any]
_TEXT = ("rich_text",)


@dataclass(frozen=True)
class Column:
    """A property of a table."""

    name: str
    property_id: str
    kind: str
    options: Names = ()
    target: str = ""
    """Data source that a relation leads to."""


@dataclass(frozen=True)
class Schema:
    """What a table offers, by what it is for: `title` and the roles that were looked for."""

    source_id: str
    columns: Mapping[str, Column]
    lacking: Mapping[str, str]
    """What the table cannot hold: why, in words."""


def read_schema(source: Mapping[str, Any], names: Mapping[str, Names], kinds: Mapping[str, Names], what: str) -> Schema:
    """Find the properties in a data source as Notion describes it; `what` it is, as `the board`, stands in reasons.

    `names`: the names that a role's property may have, the usual one first; the title needs none, each table has one
    property of that type. `kinds`: the types that can hold a role, plain text where nothing is said.
    """
    there = {str(name): _column(str(name), about) for name, about in (source.get("properties") or {}).items()}
    titles = [column for column in there.values() if column.kind == "title"]
    columns = {"title": titles[0]} if titles else {}
    lacking: dict[str, str] = {}
    for role, wanted in names.items():
        fit = kinds.get(role, _TEXT)
        found = [column for name in wanted for column in _named(name, there)]
        fitting = [column for column in found if column.kind in fit]
        if fitting:
            columns[role] = fitting[0]
        elif found:
            lacking[role] = f"{found[0].name}: it is of type {found[0].kind}, not {fit[0]}"
        else:
            lacking[role] = f"{wanted[0]}: {what} has no such property ({fit[0]})"
    return Schema(str(source.get("id", "")), columns, lacking)


def _named(name: str, there: Mapping[str, Column]) -> list[Column]:
    """The property of that name; one with spaces around it, which nobody sees in Notion, is the same."""
    alike = [column for own, column in there.items() if own.strip() == name.strip()]
    return sorted(alike, key=lambda column: column.name != name)


def _column(name: str, about: Any) -> Column:
    about = about if isinstance(about, dict) else {}
    kind = str(about.get("type", ""))
    inner = about.get(kind) if isinstance(about.get(kind), dict) else {}
    options = tuple(str(one.get("name", "")) for one in (inner or {}).get("options") or ())
    return Column(name, str(about.get("id", "")), kind, options, str((inner or {}).get("data_source_id") or ""))


# Writing


@dataclass(frozen=True)
class Sent:
    """Properties as Notion takes them, and what they leave out, each with the reason."""

    properties: Properties
    dropped: tuple[str, ...]


def to_send(schema: Schema, values: Mapping[str, Value]) -> Sent:
    """Spell out values for the properties that the table has; a relation's value is a tuple of ids.

    Texts are cut, with a mark, where the whole would be more than Notion takes.
    """
    longest = LONGEST_PIECE * MOST_PIECES
    while True:
        sent = _to_send(schema, values, longest)
        size = len(json.dumps(sent.properties, ensure_ascii=False).encode("utf-8"))
        if size <= LARGEST_BODY_BYTES:
            return sent
        longest //= 2


def _to_send(schema: Schema, values: Mapping[str, Value], longest: int) -> Sent:
    properties: Properties = {}
    dropped = []
    for role, value in values.items():
        column = schema.columns.get(role)
        if column is None:
            dropped.append(schema.lacking[role])
            continue
        if value is None:
            properties[column.name] = {column.kind: _EMPTY.get(column.kind)}
            continue
        form, note = _form(column, value, longest)
        if note:
            dropped.append(f"{column.name}: {note}")
        if form is not None:
            properties[column.name] = {column.kind: form}
    return Sent(properties, tuple(dropped))


_EMPTY: Mapping[str, Any] = {
    "title": [], "rich_text": [], "relation": [], "multi_select": [], "people": [], "checkbox": False
}  # fmt: skip
"""How a property is emptied; null for all other types."""


def _form(column: Column, value: Filled, longest: int) -> tuple[Any, str]:
    """The value as this type takes it, None to leave it out; and what is to be said about it."""
    form = _FORMS.get(column.kind)
    if form is not None:
        return form(column, value)
    pieces, note = cut(_text(value), longest)
    return [{"text": {"content": piece}} for piece in pieces], note


def _text(value: Filled) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(value) if isinstance(value, tuple) else f"{value:g}"


def _number(_: Column, value: Filled) -> tuple[Any, str]:
    if isinstance(value, int | float) and math.isfinite(value):
        return value, ""
    return None, f"{_text(value)!r} is no number"


def _checkbox(_: Column, value: Filled) -> tuple[Any, str]:
    return bool(value), ""


def _date(_: Column, value: Filled) -> tuple[Any, str]:
    return ({"start": value}, "") if value else (None, "an empty date is not written")


def _url(_: Column, value: Filled) -> tuple[Any, str]:
    text = _text(value)
    return (text, "") if 0 < units(text) <= LONGEST_PIECE else (None, "too long or empty for a link")


def _options(column: Column, value: Filled) -> tuple[Any, str]:
    """Of several words those that are options already: a program must not fill a list that people keep."""
    words = value if isinstance(value, tuple) else (_text(value),)
    known = {word: option_for(word, column.options) for word in words if word}
    missing = ", ".join(f'"{word}"' for word, name in known.items() if not name)
    there = list(dict.fromkeys(name for name in known.values() if name))
    form = [{"name": name} for name in there[:MOST_RELATED]]
    return form, f"it has no option {missing}" if missing else ""


def _related(_: Column, value: Filled) -> tuple[Any, str]:
    ids = list(value) if isinstance(value, tuple) else [_text(value)]
    whole = [one for one in map(whole_id, ids) if one]
    if len(whole) < len(ids):
        return None, f"{next(one for one in ids if not whole_id(one))!r} is no id of this board"
    if len(whole) > MOST_RELATED:
        return None, f"Notion takes {MOST_RELATED} related pages, not {len(whole)}"
    return [{"id": one} for one in whole], ""


def _option(column: Column, value: Filled) -> tuple[Any, str]:
    wanted = _text(value)
    if not wanted:
        # A status cannot be emptied.
        return None, "" if column.kind == "select" else "a status cannot be empty"
    name = option_for(wanted, column.options)
    return ({"name": name}, "") if name else (None, f'it has no option "{wanted}"')


_FORMS: Mapping[str, Callable[[Column, Filled], tuple[Any, str]]] = {
    "relation": _related,
    "select": _option,
    "status": _option,
    "multi_select": _options,
    "number": _number,
    "checkbox": _checkbox,
    "date": _date,
    "url": _url,
}


def option_for(wanted: str, options: Iterable[str]) -> str:
    """The option that means this word: spelled so, or with other signs and case, or as a priority; empty for none."""
    known = list(options)
    if wanted in known:
        return wanted
    for same in (_letters, _priority):
        if same(wanted):
            for name in known:
                if same(name) == same(wanted):
                    return name
    return ""


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _priority(text: str) -> str:
    """`High`, `P1` and `3 - High` mean the same."""
    for number, word in enumerate(PRIORITIES):
        if re.search(rf"\b{word}\b", text, re.IGNORECASE) or text.strip().upper() == f"P{number}":
            return word
    return ""


# Text and ids


def cut(text: str, longest: int = LONGEST_PIECE * MOST_PIECES) -> tuple[list[str], str]:
    """The text in pieces that Notion takes, and what is to be said when some of it had to go."""
    clean = _sendable(text)
    if units(clean) <= longest:
        return _pieces(clean, LONGEST_PIECE), ""
    mark = f"\n… [cut here; {len(clean):,} characters in all]"
    kept = _pieces(clean, longest - units(mark))[0]
    return _pieces(kept + mark, LONGEST_PIECE), f"cut after {len(kept):,} of {len(clean):,} characters"


def _sendable(text: str) -> str:
    """Without what no JSON in UTF-8 can carry: half characters; and without NUL."""
    return text.replace("\x00", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _pieces(text: str, longest: int) -> list[str]:
    pieces: list[str] = []
    start = size = 0
    for at, letter in enumerate(text):
        width = 2 if letter > "\uffff" else 1
        if size + width > longest:
            pieces.append(text[start:at])
            start, size = at, 0
        size += width
    return [*pieces, text[start:]] if text else []


_ID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE)


def whole_id(text: str) -> str:
    """An id in Notion's spelling with dashes; empty when it is none."""
    match = _ID.fullmatch(text.strip())
    return dashed(match[0]) if match else ""


def ids_in(text: str) -> list[str]:
    """All whole ids in a text, with dashes."""
    return [
        dashed(match[0]) for match in re.finditer(rf"(?<![0-9a-f-]){_ID.pattern}(?![0-9a-f-])", text, re.IGNORECASE)
    ]


def dashed(text: str) -> str:
    plain = text.replace("-", "").lower()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def database_id_in(text: str) -> str:
    """The id in what a person gives for a database: the id itself, or the address of its page; empty for neither."""
    path = text.strip().split("?", 1)[0].split("#", 1)[0].rstrip("/")
    last = re.search(r"([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", path, re.IGNORECASE)
    return dashed(last[1]) if last else ""
