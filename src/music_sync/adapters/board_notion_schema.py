"""Which properties a Notion board has for what a task says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from music_sync.adapters import notion_properties
from music_sync.adapters.notion_properties import Names, Schema


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
_NOT_MISSED = frozenset({"review_of"})
"""The original's board has none; the description then holds the reference."""


def read_schema(source: Mapping[str, Any], names: NotionNames) -> Schema:
    """Find the properties of a board in a data source as Notion describes it."""
    return notion_properties.read_schema(source, asdict(names), _KINDS, "the board")


def told_lacking(schema: Schema) -> tuple[str, ...]:
    """What the board cannot hold, as far as it is worth telling."""
    return tuple(reason for role, reason in schema.lacking.items() if role not in _NOT_MISSED)
