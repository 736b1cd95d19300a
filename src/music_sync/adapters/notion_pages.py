"""What stands in a Notion page: its values as plain texts, and lists of pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from music_sync.adapters.notion_calls import Rejected
from music_sync.adapters.notion_properties import Schema
from music_sync.model.errors import ServiceUnavailable

CUT_AT = 25
"""A page tells so many related pages or mentions at most; the others stand at the property's own address."""

Json = Mapping[str, Any]
Cells = Mapping[str, Json]
"""What a row says -> the property's value as Notion gives it."""


def cells_of(page: Json, schema: Schema) -> Cells:
    """The values that belong to a row; raises Rejected when the table's properties have changed meanwhile."""
    properties = page.get("properties")
    if not isinstance(properties, dict) or not isinstance(page.get("id"), str):
        raise ServiceUnavailable("Notion gave a page without its properties; the next run tries again")
    by_id = {value.get("id"): value for value in properties.values() if isinstance(value, dict)}
    lost = [column.name for column in schema.columns.values() if column.property_id not in by_id]
    if lost:
        raise Rejected(f"Notion gave a page without its {', '.join(lost)}; look at the database's properties")
    return {role: by_id[column.property_id] for role, column in schema.columns.items()}


def is_in_trash(page: Json) -> bool:
    return any(page.get(flag) is True for flag in ("in_trash", "archived", "is_archived"))


def text_in(cells: Cells, role: str) -> str:
    """The plain text of a value, all of its segments; empty when it says nothing."""
    cell = cells.get(role) or {}
    read = _READERS.get(str(cell.get("type")))
    value = cell.get(str(cell.get("type")))
    return read(value) if read and value is not None else ""


def title_of(page: Json) -> str:
    """The title of any page."""
    for cell in (page.get("properties") or {}).values():
        if isinstance(cell, dict) and cell.get("type") == "title":
            return text_in({"title": cell}, "title").strip()
    return ""


def related(cell: Json) -> list[str]:
    return [str(one["id"]) for one in cell.get("relation") or () if isinstance(one, dict) and one.get("id")]


def is_cut(cell: Json) -> bool:
    """Does the page tell only the beginning of this value?"""
    if cell.get("type") == "relation":
        return bool(cell.get("has_more")) or len(cell.get("relation") or ()) > CUT_AT
    segments = cell.get(str(cell.get("type")))
    if not isinstance(segments, list):
        return False
    mentions = [one for one in segments if isinstance(one, dict) and one.get("type") == "mention"]
    return len(mentions) >= CUT_AT


def _segments(value: Any) -> str:
    return "".join(_segment(one) for one in value if isinstance(one, dict))


def _segment(one: Json) -> str:
    text = one.get("plain_text")
    return str(text if text is not None else (one.get("text") or {}).get("content") or "")


def _name(value: Any) -> str:
    return str(value.get("name") or "")


_READERS: Mapping[str, Callable[[Any], str]] = {
    "title": _segments,
    "rich_text": _segments,
    "select": _name,
    "status": _name,
    "url": str,
    "date": lambda value: str(value.get("start") or ""),
    "number": lambda value: f"{value:g}",
    "multi_select": lambda value: ", ".join(_name(one) for one in value if isinstance(one, dict)),
    "email": str,
    "phone_number": str,
}


@dataclass(frozen=True)
class Results:
    """One page of a list as Notion gives it."""

    rows: tuple[Json, ...]
    cursor: str
    """Where the next one begins; empty after the last."""
    stopped: bool
    """Notion has stopped before the end, at its limit for one query."""


def results_of(answer: Json) -> Results:
    """Read a list; raises ServiceUnavailable for what is none, so that it is never taken for an empty one."""
    rows, cursor = answer.get("results"), answer.get("next_cursor")
    more = answer.get("has_more")
    if not isinstance(rows, list) or not isinstance(more, bool) or (more and not cursor):
        raise ServiceUnavailable("Notion gave a list that breaks off; the next run tries again")
    status = answer.get("request_status")
    stopped = isinstance(status, dict) and status.get("type") == "incomplete"
    return Results(tuple(row for row in rows if isinstance(row, dict)), str(cursor) if more else "", stopped)
