"""A Notion page read as a task."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from music_sync.adapters.board_notion_calls import Rejected
from music_sync.adapters.board_notion_schema import Schema, ids_in
from music_sync.model.errors import ServiceUnavailable
from music_sync.model.task import ARCHIVED, BLOCKED, Task

CUT_AT = 25
"""A page tells so many related pages or mentions at most; the others stand at the property's own address."""

Json = Mapping[str, Any]
Cells = Mapping[str, Json]
"""What a task says -> the property's value as Notion gives it."""

_REFERENCE = "Review of task {}.\n\n"
_REFERENCE_LINE = re.compile(r"Review of task ([0-9a-f-]{36})\.(?:\n\n|\n|$)")


def cells_of(page: Json, schema: Schema) -> Cells:
    """The values that belong to a task; raises Rejected when the board's properties have changed meanwhile."""
    properties = page.get("properties")
    if not isinstance(properties, dict) or not isinstance(page.get("id"), str):
        raise ServiceUnavailable("Notion gave a task without its properties; the next run tries again")
    by_id = {value.get("id"): value for value in properties.values() if isinstance(value, dict)}
    lost = [column.name for column in schema.columns.values() if column.property_id not in by_id]
    if lost:
        raise Rejected(f"Notion gave a task without its {', '.join(lost)}; look at the board's properties")
    return {role: by_id[column.property_id] for role, column in schema.columns.items()}


def task_of(page: Json, cells: Cells, agent: str, prerequisites: Iterable[str]) -> Task:
    """The task that a page stands for; agent and prerequisites stand in other places and are given."""
    title, status = text_in(cells, "title"), text_in(cells, "status")
    description, review_of = _review(title, text_in(cells, "description"), related(cells.get("review_of", {})))
    return Task(
        task_id=str(page["id"]),
        title=title,
        status=status,
        priority=text_in(cells, "priority"),
        description=description,
        next_step=text_in(cells, "next_step"),
        success_criteria=text_in(cells, "success_criteria"),
        assigned_agent=agent,
        task_type=text_in(cells, "task_type"),
        url=str(page.get("url") or ""),
        archived=is_in_trash(page) or status == ARCHIVED or cells.get("archive", {}).get("checkbox") is True,
        blocked=text_in(cells, "dependency_status") == BLOCKED,
        blocking_reason=text_in(cells, "blocking_reason"),
        prerequisites=tuple(prerequisites),
        review_of=review_of,
        created_at=str(page.get("created_time") or ""),
        edited_at=str(page.get("last_edited_time") or ""),
        result=text_in(cells, "result"),
    )


def is_in_trash(page: Json) -> bool:
    return any(page.get(flag) is True for flag in ("in_trash", "archived", "is_archived"))


def _review(title: str, description: str, reviewed: list[str]) -> tuple[str, str]:
    """The description without our reference, and the task it refers to.

    The original marks a review by `Review:` in the title and the whole id of the task somewhere in the description.
    """
    line = _REFERENCE_LINE.match(description)
    rest = description[line.end() :] if line else description
    if reviewed:
        return rest, reviewed[0]
    if line:
        return rest, line[1]
    named = ids_in(description) if "review:" in title.casefold() else []
    return rest, named[0] if named else ""


def with_reference(title: str, description: str, review_of: str) -> str:
    """A description from which `review_of` can be read again; at the beginning, where nothing is cut off."""
    if _review(title, description, []) == (description, review_of):
        return description
    return _REFERENCE.format(review_of) + description


def text_in(cells: Cells, role: str) -> str:
    """The plain text of a value, all of its segments; empty when the board says nothing."""
    cell = cells.get(role) or {}
    read = _READERS.get(str(cell.get("type")))
    value = cell.get(str(cell.get("type")))
    return read(value) if read and value is not None else ""


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
