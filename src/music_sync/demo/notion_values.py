"""What the properties of the Notion simulator take, keep and give back: one entry a type.

Refusals carry Notion's codes and the wording of its messages.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LONGEST_TEXT = 2_000
"""Of one text segment and of a link, in UTF-16 units, which is how JavaScript counts."""
LONGEST_ARRAY = 100
CUT_RELATION = 25
"""So many related pages stand in a page; the others only at the property's own address."""

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_PLAIN = {"bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False, "color": "default"}


class Refused(Exception):
    """An answer in Notion's error shape."""

    def __init__(self, status: int, code: str, message: str, additional: Mapping[str, Any] | None = None) -> None:
        super().__init__(status, code, message, additional)
        self.status = status
        self.code = code
        self.message = message
        self.additional = additional


def invalid(message: str) -> Refused:
    return Refused(400, "validation_error", message)


def not_found(what: str, wanted: str) -> Refused:
    return Refused(
        404,
        "object_not_found",
        f"Could not find {what} with ID: {wanted}. Make sure the relevant pages and databases are shared with your "
        'integration "Music Sync".',
    )


def whole_id(text: object, where: str) -> str:
    """An id with its dashes; both spellings are taken."""
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise invalid(f"{where} should be a valid uuid, instead was `{text!r}`.")
    plain = text.replace("-", "").lower()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


@dataclass
class Property:
    """A column: its type, and what that type needs to know."""

    name: str
    kind: str
    property_id: str = ""
    """As Notion gives it: percent-encoded already."""
    options: list[str] = field(default_factory=list)
    """Of a select, a status or a multi-select."""
    target: str = ""
    """Data source that a relation leads to."""
    target_database: str = ""


# What a property takes. Each gets the property, what was sent under its type, and where that stood.


def taken(prop: Property, sent: object, *, may_add_options: bool = True) -> Any:
    """What is kept of a value as it was sent; raises Refused as Notion would.

    An unknown option of a select is added to the column, as Notion does for a connection that may change it.
    """
    if not isinstance(sent, dict) or prop.kind not in sent:
        raise invalid(f"{prop.name} is expected to be {prop.kind}.")
    take = _TAKERS.get(prop.kind)
    if take is None:
        raise invalid(f"body failed validation: {prop.name} of type {prop.kind} cannot be written.")
    value = take(prop, sent[prop.kind], f"body failed validation: body.properties.{prop.name}.{prop.kind}")
    _check_options(prop, value, may_add_options=may_add_options)
    return value


def _segments(_: Property, sent: object, where: str) -> list[dict[str, Any]]:
    return [_segment(item, f"{where}[{index}]") for index, item in enumerate(_array(sent, where))]


def _segment(item: object, where: str) -> dict[str, Any]:
    kinds = {"text", "mention", "equation"}
    if not isinstance(item, dict) or not kinds & item.keys():
        raise invalid(f"{where}.text should be defined, instead was `undefined`.")
    if "mention" in item:
        return {"page": whole_id(item["mention"].get("page", {}).get("id"), f"{where}.mention.page.id")}
    text = item.get("text")
    if not isinstance(text, dict) or not isinstance(text.get("content"), str):
        raise invalid(f"{where}.text.content should be a string.")
    link = (text.get("link") or {}).get("url")
    _check_length(text["content"], f"{where}.text.content")
    _check_length(link or "", f"{where}.text.link.url")
    return {"content": text["content"], "link": link}


def _array(sent: object, where: str) -> list[Any]:
    if not isinstance(sent, list):
        raise invalid(f"{where} should be an array, instead was `{sent!r}`.")
    if len(sent) > LONGEST_ARRAY:
        raise invalid(f"{where}.length should be ≤ `{LONGEST_ARRAY}`, instead was `{len(sent)}`.")
    return sent


def _check_length(text: str, where: str, longest: int = LONGEST_TEXT) -> None:
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length > longest:
        raise invalid(f"{where}.length should be ≤ `{longest}`, instead was `{length}`.")


def _option(_: Property, sent: object, where: str) -> str | None:
    if sent is None:
        return None
    if not isinstance(sent, dict) or not isinstance(sent.get("name"), str):
        raise invalid(f"{where}.name should be a string.")
    return str(sent["name"])


def _options(prop: Property, sent: object, where: str) -> list[str]:
    return [name for item in _array(sent, where) if (name := _option(prop, item, where))]


def _check_options(prop: Property, value: Any, *, may_add_options: bool) -> None:
    if prop.kind not in {"select", "status", "multi_select"} or value is None:
        return
    names: list[str] = value if isinstance(value, list) else [value]
    for name in names:
        if name in prop.options:
            continue
        if prop.kind == "status" or not may_add_options:
            raise invalid(f'{prop.kind.capitalize()} option "{name}" does not exist.')
        if "," in name or len(name) > LONGEST_ARRAY or not name:
            raise invalid(f"{prop.kind.capitalize()} option is not valid: {name!r}.")
        prop.options.append(name)


def _ids(_: Property, sent: object, where: str) -> list[str]:
    items = _array(sent, where)
    return [whole_id(item.get("id") if isinstance(item, dict) else item, f"{where}.id") for item in items]


def _checkbox(_: Property, sent: object, where: str) -> bool:
    if not isinstance(sent, bool):
        raise invalid(f"{where} should be a boolean, instead was `{sent!r}`.")
    return sent


def _number(_: Property, sent: object, where: str) -> float | None:
    if sent is not None and (isinstance(sent, bool) or not isinstance(sent, int | float)):
        raise invalid(f"{where} should be a number or `null`, instead was `{sent!r}`.")
    return sent


def _line(_: Property, sent: object, where: str) -> str | None:
    if sent is not None and (not isinstance(sent, str) or not sent):
        raise invalid(f"{where} should be a string with 1 character or more, or `null`.")
    _check_length(sent or "", where)
    return sent


def _date(_: Property, sent: object, where: str) -> dict[str, Any] | None:
    if sent is None:
        return None
    if not isinstance(sent, dict):
        raise invalid(f"{where} should be an object or `null`.")
    for end in ("start", "end"):
        _check_date(sent.get(end), f"{where}.{end}", needed=end == "start")
    return {"start": sent["start"], "end": sent.get("end"), "time_zone": sent.get("time_zone")}


def _check_date(text: object, where: str, *, needed: bool) -> None:
    if text is None and not needed:
        return
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid(f"{where} should be a valid ISO 8601 date string, instead was `{text!r}`.") from None


_TAKERS: Mapping[str, Callable[[Property, object, str], Any]] = {
    "title": _segments,
    "rich_text": _segments,
    "select": _option,
    "status": _option,
    "multi_select": _options,
    "relation": _ids,
    "people": _ids,
    "checkbox": _checkbox,
    "number": _number,
    "url": _line,
    "email": _line,
    "phone_number": _line,
    "date": _date,
}

# What a property gives back.


def given(prop: Property, value: Any) -> dict[str, Any]:
    """The value as it stands in a page."""
    give = _GIVERS.get(prop.kind, lambda kept: kept)
    whole = {"id": prop.property_id, "type": prop.kind, prop.kind: give(value)}
    if prop.kind == "relation":
        whole |= {"relation": whole["relation"][:CUT_RELATION], "has_more": len(value or ()) > CUT_RELATION}
    return whole


def property_parts(prop: Property, value: Any) -> list[dict[str, Any]]:
    """The parts that the property's own address gives one by one: segments, related pages."""
    parts: list[Any] = _GIVERS[prop.kind](value)
    return [{"object": "property_item", "id": prop.property_id, "type": prop.kind, prop.kind: part} for part in parts]


def plain(value: Any) -> str:
    """Text of what is kept of a title or a text."""
    return "".join(segment.get("content", "") or segment.get("page", "") for segment in value or ())


def text_parts(kept: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [_text_part(segment) for segment in kept or ()]


def _text_part(segment: Mapping[str, Any]) -> dict[str, Any]:
    if "page" in segment:
        about = {"type": "mention", "mention": {"type": "page", "page": {"id": segment["page"]}}}
        return about | {"plain_text": segment["page"], "href": None, "annotations": dict(_PLAIN)}
    link = {"url": segment["link"]} if segment.get("link") else None
    return {
        "type": "text",
        "text": {"content": segment["content"], "link": link},
        "plain_text": segment["content"],
        "href": segment.get("link"),
        "annotations": dict(_PLAIN) | dict(segment.get("annotations", {})),
    }


def option(name: str) -> dict[str, Any]:
    return {"id": option_id(name), "name": name, "color": "default"}


def option_id(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


_GIVERS: Mapping[str, Callable[[Any], Any]] = {
    "title": text_parts,
    "rich_text": text_parts,
    "select": lambda name: option(name) if name else None,
    "status": lambda name: option(name) if name else None,
    "multi_select": lambda names: [option(name) for name in names or ()],
    "relation": lambda ids: [{"id": one} for one in ids or ()],
    "people": lambda ids: [{"object": "user", "id": one} for one in ids or ()],
    "checkbox": bool,
}


def sent_form(kind: str, value: Any) -> dict[str, Any]:
    """A plain value as a client would send it: text, a name, a list of ids, True."""
    if kind in {"title", "rich_text"}:
        pieces = [value] if isinstance(value, str) else list(value)
        return {kind: [{"text": {"content": piece}} for piece in pieces]}
    if kind in {"select", "status"}:
        return {kind: {"name": value} if value else None}
    if kind in {"relation", "people"}:
        return {kind: [{"id": one} for one in value]}
    if kind == "multi_select":
        return {kind: [{"name": name} for name in value]}
    if kind == "date":
        return {kind: {"start": value} if value else None}
    return {kind: value}


def configuration(prop: Property) -> dict[str, Any]:
    """The column as it stands in a data source."""
    about: dict[str, Any] = {}
    options = [option(name) | {"description": None} for name in prop.options]
    if prop.kind in {"select", "multi_select"}:
        about = {"options": options}
    elif prop.kind == "status":
        group = {"id": "todo", "name": "To-do", "color": "gray", "option_ids": [one["id"] for one in options]}
        about = {"options": options, "groups": [group]}
    elif prop.kind == "relation":
        about = {"data_source_id": prop.target, "database_id": prop.target_database}
        about |= {"type": "single_property", "single_property": {}}
    elif prop.kind == "number":
        about = {"format": "number"}
    shape = {"id": prop.property_id, "name": prop.name, "description": None, "type": prop.kind}
    return shape | {prop.kind: about}
