"""A Notion page read as a task."""

import re
from collections.abc import Iterable

from music_sync.adapters.notion_pages import Cells, Json, is_in_trash, related, text_in
from music_sync.adapters.notion_properties import ids_in
from music_sync.model.task import ARCHIVED, BLOCKED, Task

_REFERENCE = "Review of task {}.\n\n"
_REFERENCE_LINE = re.compile(r"Review of task ([0-9a-f-]{36})\.(?:\n\n|\n|$)")


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
