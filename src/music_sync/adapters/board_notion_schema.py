"""Which properties a Notion board has for what a task says, and how a value is written into each."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from music_sync.model.task import PRIORITIES

LONGEST_PIECE = 2_000
"""Of one text segment, in UTF-16 units: Notion counts as JavaScript does."""
MOST_PIECES = 100
MOST_RELATED = 100
LARGEST_BODY_BYTES = 480_000
"""Notion takes 500 KB, and the properties are not all of the body."""

Names = tuple[str, ...]
Properties = dict[str, Any]


@dataclass(frozen=True)
class NotionNames:
    """The property for each thing that a task says: the first of these names that the board has.

    The defaults are the original's names. The title needs none: each board has one property of that type.
    """

    status: Names = ("Status",)
    priority: Names = ("Priority",)
    description: Names = ("Description",)
    next_step: Names = ("Next Required Step", "Next Step")
    success_criteria: Names = ("Success Criteria",)
    assigned_agent: Names = ("Assigned-Agent", "Assigned Agent", "Agent")
    task_type: Names = ("Task Type",)
    archive: Names = ("Archive", "Archived")
    prerequisites: Names = ("Prerequisite Tasks", "Prerequisites")
    dependency_status: Names = ("Dependency Status",)
    blocking_reason: Names = ("Blocking Reason",)
    review_of: Names = ("Review Of", "Review of")
    result: Names = ("Execution-Result", "Execution Result", "Log Summary")
    handoff_status: Names = ("Handoff Status",)
    delivered_path: Names = ("Agent Handoff File Links", "Agent Trigger File Links")
    delivered_at: Names = ("Last Trigger Timestamp",)


_OPTION = ("select", "status")
_KINDS: Mapping[str, tuple[str, ...]] = {
    "status": ("status", "select"),
    "priority": ("select", "status", "rich_text"),
    "assigned_agent": ("relation", "select", "rich_text"),
    "task_type": ("select", "status", "rich_text"),
    "archive": ("checkbox",),
    "prerequisites": ("relation",),
    "dependency_status": _OPTION,
    "review_of": ("relation",),
    "handoff_status": ("status", "select", "rich_text"),
    "delivered_path": ("rich_text", "url"),
    "delivered_at": ("date", "rich_text"),
}
"""The types that can hold a thing, the usual one first; plain text for all others."""
_TEXT = ("rich_text",)
_NOT_MISSED = frozenset({"review_of"})
"""The original's board has none; the description then holds the reference."""


@dataclass(frozen=True)
class Column:
    """A property of the board."""

    name: str
    property_id: str
    kind: str
    options: Names = ()
    target: str = ""
    """Data source that a relation leads to."""


@dataclass(frozen=True)
class Schema:
    """What a board offers, by what it is for: `title` and the fields of NotionNames."""

    source_id: str
    columns: Mapping[str, Column]
    lacking: Mapping[str, str]
    """What the board cannot hold: why, in words."""

    @property
    def told_lacking(self) -> tuple[str, ...]:
        """The reasons worth telling."""
        return tuple(reason for role, reason in self.lacking.items() if role not in _NOT_MISSED)


def read_schema(source: Mapping[str, Any], names: NotionNames) -> Schema:
    """Find the properties in a data source as Notion describes it."""
    there = {str(name): _column(str(name), about) for name, about in (source.get("properties") or {}).items()}
    titles = [column for column in there.values() if column.kind == "title"]
    columns = {"title": titles[0]} if titles else {}
    lacking: dict[str, str] = {}
    for field in fields(names):
        role, wanted = field.name, getattr(names, field.name)
        kinds = _KINDS.get(role, _TEXT)
        found = [there[name] for name in wanted if name in there]
        fitting = [column for column in found if column.kind in kinds]
        if fitting:
            columns[role] = fitting[0]
        elif found:
            lacking[role] = f"{found[0].name}: it is of type {found[0].kind}, not {kinds[0]}"
        else:
            lacking[role] = f"{wanted[0]}: the board has no such property ({kinds[0]})"
    return Schema(str(source.get("id", "")), columns, lacking)


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


def to_send(schema: Schema, values: Mapping[str, str | Names]) -> Sent:
    """Spell out values for the properties that the board has; a relation's value is a tuple of ids.

    Texts are cut, with a mark, where the whole would be more than Notion takes.
    """
    longest = LONGEST_PIECE * MOST_PIECES
    while True:
        sent = _to_send(schema, values, longest)
        size = len(json.dumps(sent.properties, ensure_ascii=False).encode("utf-8"))
        if size <= LARGEST_BODY_BYTES:
            return sent
        longest //= 2


def _to_send(schema: Schema, values: Mapping[str, str | Names], longest: int) -> Sent:
    properties: Properties = {}
    dropped = []
    for role, value in values.items():
        column = schema.columns.get(role)
        if column is None:
            dropped.append(schema.lacking[role])
            continue
        form, note = _form(column, value, longest)
        if note:
            dropped.append(f"{column.name}: {note}")
        if form is not None:
            properties[column.name] = {column.kind: form}
    return Sent(properties, tuple(dropped))


def _form(column: Column, value: str | Names, longest: int) -> tuple[Any, str]:
    """The value as this type takes it, None to leave it out; and what is to be said about it."""
    if column.kind == "relation":
        return _related(value)
    text = value if isinstance(value, str) else ", ".join(value)
    if column.kind in _OPTION:
        return _option(column, text)
    if column.kind == "date":
        return ({"start": text}, "") if text else (None, "an empty date is not written")
    if column.kind == "url":
        return (text, "") if 0 < units(text) <= LONGEST_PIECE else (None, "too long or empty for a link")
    pieces, note = cut(text, longest)
    return [{"text": {"content": piece}} for piece in pieces], note


def _related(value: str | Names) -> tuple[Any, str]:
    ids = [value] if isinstance(value, str) else list(value)
    whole = [one for one in map(whole_id, ids) if one]
    if len(whole) < len(ids):
        return None, f"{next(one for one in ids if not whole_id(one))!r} is no id of this board"
    if len(whole) > MOST_RELATED:
        return None, f"Notion takes {MOST_RELATED} related pages, not {len(whole)}"
    return [{"id": one} for one in whole], ""


def _option(column: Column, wanted: str) -> tuple[Any, str]:
    if not wanted:
        # A status cannot be emptied.
        return None, "" if column.kind == "select" else "a status cannot be empty"
    name = option_for(wanted, column.options)
    return ({"name": name}, "") if name else (None, f'the board has no option "{wanted}"')


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
