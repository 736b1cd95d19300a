"""What is to be written into a row, so that nothing of a person's is overwritten; touches nothing."""

import hashlib
from collections.abc import Mapping, Sequence

from music_sync.adapters.exports.notion_wanted import EVIDENCE, MACHINE
from music_sync.adapters.notion_pages import Cells, Json, related, text_in
from music_sync.adapters.notion_properties import Column, Schema, Value, option_for

Fields = Mapping[str, str | list[str]]
"""By role what was written last: a digest, of lists the list itself."""

_LISTS = frozenset({"relation", "multi_select"})
_NO_PATHS = frozenset({"none", "null"})
"""What the original left in paths where there was no file."""


def to_write(wanted: Mapping[str, Value], cells: Cells, last: Fields, schema: Schema) -> dict[str, Value]:
    """The values that a row needs, by role; `cells` is what stands there now, nothing for a new row.

    What a person changed since we wrote it stays, what a person wrote before us too. Of lists, what a person added
    stays and what a person took out does not come back.
    """
    found: dict[str, Value] = {}
    for role, value in wanted.items():
        column = schema.columns.get(role)
        if column is None:
            continue
        if column.kind in _LISTS:
            kept = _merged(role, as_options(value, column), cells, last)
            if kept is not None:
                found[role] = kept
        elif _is_due(role, value, cells, last):
            found[role] = value or None
    return found


def fields_after(
    wanted: Mapping[str, Value], written: Mapping[str, Value], before: Cells, after: Cells, last: Fields
) -> dict[str, str | list[str]]:
    """What is ours in a row once it is written: what we wrote, and what stood there as we would have written it.

    Of lists it is what we wanted in there, also when a person took it out, so that it does not come back.
    """
    found = dict(last)
    for role, value in wanted.items():
        cell = after.get(role)
        if cell is None:
            continue
        if cell.get("type") in _LISTS:
            known = {*_items(cell), *last.get(role, ())}
            found[role] = [each for each in _wanted_items(value) if each in known]
        elif role in written or (value and _text(before, role) == _as_shown(value)):
            found[role] = digest_of(_text(after, role))
    return found


def lacks(written: Mapping[str, Value], cells: Cells) -> list[str]:
    """The relations of which Notion did not keep all that was written."""
    asked = {role: value for role, value in written.items() if cells.get(role, {}).get("type") == "relation"}
    return [role for role, ids in asked.items() if isinstance(ids, tuple) and set(ids) - set(_items(cells[role]))]


def _is_due(role: str, value: Value, cells: Cells, last: Fields) -> bool:
    now = _text(cells, role)
    if not value:
        # Only what said that a file is there is taken back, and only as long as it is what we wrote.
        return role in EVIDENCE and role in last and bool(now) and last[role] == digest_of(now)
    if role in last:
        theirs = last[role] != digest_of(now)
    else:
        theirs = bool(now) and role not in MACHINE and now.strip().casefold() not in _NO_PATHS
    return not theirs and now != _as_shown(value)


def _merged(role: str, value: Value, cells: Cells, last: Fields) -> tuple[str, ...] | None:
    """The whole list to write; None when it stands there already."""
    wanted = _wanted_items(value)
    now = _items(cells.get(role, {}))
    before = last.get(role, [])
    ours = before if isinstance(before, list) else []
    dropped, taken_out = set(ours) - set(wanted), set(ours) - set(now)
    kept = [each for each in now if each not in dropped]
    kept += [each for each in wanted if each not in kept and each not in taken_out]
    return None if set(kept) == set(now) else tuple(kept)


def as_options(value: Value, column: Column) -> Value:
    """Words in the spelling of the options that mean them."""
    if column.kind != "multi_select":
        return value
    return tuple(option_for(word, column.options) or word for word in _wanted_items(value))


def _wanted_items(value: Value) -> list[str]:
    return list(value) if isinstance(value, tuple) else [str(value)] if value else []


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _items(cell: Json) -> list[str]:
    if cell.get("type") == "relation":
        return related(cell)
    chosen = cell.get("multi_select")
    return [str(one.get("name")) for one in chosen or () if isinstance(one, dict)]


def _text(cells: Cells, role: str) -> str:
    cell = cells.get(role) or {}
    if cell.get("type") == "checkbox":
        return "yes" if cell.get("checkbox") is True else ""
    number = cell.get("number")
    if cell.get("type") == "number":
        return "" if number is None else _as_shown(number)
    return text_in(cells, role)


def _as_shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int | float):
        return f"{round(float(value), 6):.6f}".rstrip("0").rstrip(".")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(value)
    return value or ""
