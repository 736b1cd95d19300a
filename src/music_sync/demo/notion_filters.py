"""Which rows a query of the Notion simulator gives, and in what order. Relative dates are not simulated."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from music_sync.demo.notion_values import LONGEST_ARRAY, Property, invalid, plain

DEEPEST = 2
"""Levels of `and` and `or`."""
TIMES = ("created_time", "last_edited_time")

Test = Callable[[Any, Any], bool]


class Row(Protocol):
    """A page, as much of it as a filter looks at."""

    page_id: str
    created: datetime
    edited: datetime
    values: dict[str, Any]


Columns = Mapping[str, Property]


def matches(asked: object, row: Row, columns: Columns, depth: int = 0) -> bool:
    """Does the row pass? Raises Refused for a filter that Notion would not take."""
    if not isinstance(asked, dict):
        raise invalid("body failed validation: body.filter should be an object.")
    for word, combine in (("and", all), ("or", any)):
        if word in asked:
            parts = _parts(asked[word], word, depth)
            # Every part is looked at, so that a wrong one is refused whatever the first ones say.
            return combine([matches(part, row, columns, depth + 1) for part in parts])
    if "timestamp" in asked:
        return _time_matches(asked, row)
    return _value_matches(asked, row, columns)


def _parts(parts: object, word: str, depth: int) -> Sequence[Any]:
    if depth >= DEEPEST:
        raise invalid(f"body failed validation: body.filter.{word} is nested deeper than {DEEPEST} levels.")
    if not isinstance(parts, list) or len(parts) > LONGEST_ARRAY:
        raise invalid(f"body failed validation: body.filter.{word}.length should be ≤ `{LONGEST_ARRAY}`.")
    return parts


def _time_matches(asked: Mapping[str, Any], row: Row) -> bool:
    name = asked["timestamp"]
    if name not in TIMES or not isinstance(asked.get(name), dict):
        raise invalid("body failed validation: body.filter.timestamp should be `created_time` or `last_edited_time`.")
    return _holds("date", asked[name], _time_of(row, name))


def _time_of(row: Row, name: str) -> dict[str, Any]:
    return {"start": (row.created if name == "created_time" else row.edited).isoformat()}


def _value_matches(asked: Mapping[str, Any], row: Row, columns: Columns) -> bool:
    prop = column(asked.get("property"), columns)
    kind = "date" if prop.kind in TIMES else prop.kind
    wanted = asked.get(prop.kind)
    if not isinstance(wanted, dict):
        other = next((key for key in asked if key not in {"property", "type"}), "nothing")
        raise invalid(f"database property {prop.kind} does not match filter {other}")
    _check_options(prop, wanted)
    value = _time_of(row, prop.kind) if prop.kind in TIMES else row.values.get(prop.name)
    return _holds(kind, wanted, value)


def column(wanted: object, columns: Columns) -> Property:
    """A column by its name or id."""
    for prop in columns.values():
        if wanted in {prop.name, prop.property_id}:
            return prop
    raise invalid(f"Could not find property with name or id: {wanted}")


def _check_options(prop: Property, wanted: Mapping[str, Any]) -> None:
    if prop.kind not in {"select", "status"}:
        return
    for word in ("equals", "does_not_equal"):
        names = wanted.get(word, [])
        for name in [names] if isinstance(names, str) else names:
            if name not in prop.options:
                raise invalid(f'{prop.kind} option "{name}" not found for property "{prop.name}".')


def _holds(kind: str, wanted: Mapping[str, Any], value: Any) -> bool:
    tests = _TESTS[_FAMILY.get(kind, kind)]
    if len(wanted) != 1 or next(iter(wanted)) not in tests:
        raise invalid(f"body failed validation: body.filter.{kind} knows {', '.join(tests)}, instead was `{wanted}`.")
    word, operand = next(iter(wanted.items()))
    return tests[word](value, operand)


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else plain(value)).casefold()


def _any_of(value: Any, operand: Any) -> bool:
    return value in (operand if isinstance(operand, list) else [operand])


def _moment(text: str, like: str) -> datetime | str:
    """To compare by day when the filter names a day, else by moment."""
    if len(like) == len("2026-11-23"):
        return text[: len(like)]
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _date_test(compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: Any, operand: Any) -> bool:
        if not isinstance(operand, str):
            raise invalid("body failed validation: the date to compare with should be a string.")
        return bool(value) and compare(_moment(value["start"], operand), _moment(operand, operand))

    return test


_EMPTY: Mapping[str, Test] = {"is_empty": lambda v, _: not v, "is_not_empty": lambda v, _: bool(v)}
_TESTS: Mapping[str, Mapping[str, Test]] = {
    "text": {
        "equals": lambda v, o: _text(v) == _text(o),
        "does_not_equal": lambda v, o: _text(v) != _text(o),
        "contains": lambda v, o: _text(o) in _text(v),
        "does_not_contain": lambda v, o: _text(o) not in _text(v),
        "starts_with": lambda v, o: _text(v).startswith(_text(o)),
        "ends_with": lambda v, o: _text(v).endswith(_text(o)),
        **_EMPTY,
    },
    "option": {"equals": _any_of, "does_not_equal": lambda v, o: not _any_of(v, o), **_EMPTY},
    "many": {
        "contains": lambda v, o: o in (v or ()),
        "does_not_contain": lambda v, o: o not in (v or ()),
        **_EMPTY,
    },
    "checkbox": {"equals": lambda v, o: bool(v) == o, "does_not_equal": lambda v, o: bool(v) != o},
    "number": {
        "equals": lambda v, o: v == o,
        "does_not_equal": lambda v, o: v != o,
        "greater_than": lambda v, o: v is not None and v > o,
        "less_than": lambda v, o: v is not None and v < o,
        "is_empty": lambda v, _: v is None,
        "is_not_empty": lambda v, _: v is not None,
    },
    "date": {
        "equals": _date_test(lambda v, o: bool(v == o)),
        "before": _date_test(lambda v, o: bool(v < o)),
        "after": _date_test(lambda v, o: bool(v > o)),
        "on_or_before": _date_test(lambda v, o: bool(v <= o)),
        "on_or_after": _date_test(lambda v, o: bool(v >= o)),
        **_EMPTY,
    },
}
_FAMILY = {
    **dict.fromkeys(("title", "rich_text", "url", "email", "phone_number"), "text"),
    **dict.fromkeys(("select", "status"), "option"),
    **dict.fromkeys(("multi_select", "relation", "people"), "many"),
}


def ordered(rows: Sequence[Any], sorts: Any, columns: Columns) -> list[Any]:
    """The rows by the sorts asked for, the first one first in rank; without any, the newest first."""
    result = sorted(rows, key=lambda row: (row.made_as, row.page_id), reverse=True)
    if not isinstance(sorts, list | type(None)) or len(sorts or ()) > LONGEST_ARRAY:
        raise invalid("body failed validation: body.sorts should be an array.")
    for asked in reversed(list(sorts or ())):
        key, backwards = _sort_key(asked, columns)
        result.sort(key=key, reverse=backwards)
    return result


def _sort_key(asked: object, columns: Columns) -> tuple[Callable[[Any], Any], bool]:
    if not isinstance(asked, dict) or asked.get("direction") not in {"ascending", "descending"}:
        raise invalid("body failed validation: body.sorts[0].direction should be `ascending` or `descending`.")
    backwards = asked["direction"] == "descending"
    if "timestamp" in asked:
        if asked["timestamp"] == "created_time":
            return lambda row: row.made_as, backwards
        # Rounded to the minute, so that rows edited in the same minute come in no telling order.
        return lambda row: (row.edited, row.page_id), backwards
    prop = column(asked.get("property"), columns)
    if prop.kind in {"select", "status"}:
        # By the order of the options, not of the alphabet.
        return lambda row: _rank(prop, row.values.get(prop.name)), backwards
    return lambda row: _text_or_number(row.values.get(prop.name)), backwards


def _rank(prop: Property, name: str | None) -> int:
    return prop.options.index(name) if name in prop.options else len(prop.options)


def _text_or_number(value: Any) -> tuple[float, str]:
    if isinstance(value, bool | int | float):
        return float(value), ""
    if isinstance(value, dict):
        return 0.0, str(value.get("start"))
    return 0.0, _text(value) if isinstance(value, str | list) else ""
