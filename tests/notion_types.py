"""Notion's own types, against which every call to the simulator and every answer of it can be held."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from music_sync.demo.notion import Seen

TYPES = Path(__file__).parent / "samples" / "notion" / "types.json"
ROUTES: tuple[tuple[str, str, str], ...] = (
    (r"GET users/me", "", "UserObjectResponse"),
    (r"GET databases/[^/]+", "", "DatabaseObjectResponse"),
    (r"GET data_sources/[^/]+", "", "DataSourceObjectResponse"),
    (r"POST data_sources/[^/]+/query", "QueryDataSourceParameters", "QueryDataSourceResponse"),
    (r"POST pages", "CreatePageParameters", "PageObjectResponse"),
    (r"GET pages/[^/]+", "", "PageObjectResponse"),
    (r"PATCH pages/[^/]+", "UpdatePageParameters", "PageObjectResponse"),
    (r"GET pages/[^/]+/properties/[^/]+", "", "PropertyItemPropertyItemListResponse"),
)
"""What fits `METHOD path`; the type of its body; the type of its answer."""
ROWS, CALLS = 3, 5
"""So many rows of a list, and so many calls of a kind, are looked at: the validator is slow."""


def breaches(calls: Iterable[Seen]) -> list[str]:
    """Where accepted calls and their answers are not what Notion's types say."""
    found: list[str] = []
    looked_at: Counter[str] = Counter()
    for seen in calls:
        if seen.status == 200 and seen.answer is not None:
            route = next(one for one in ROUTES if re.fullmatch(one[0], f"{seen.method} {seen.path}"))
            looked_at[route[0]] += 1
            if looked_at[route[0]] <= CALLS:
                found += _breaches(seen, *route[1:])
    return found


def _breaches(seen: Seen, asked: str, answered: str) -> list[str]:
    told = f"{seen.method} {seen.path}"
    found = [f"answer to {told}: {error}" for error in errors(answered, _short(seen.answer))]
    if asked:
        # The types hold what the address says beside what the body says.
        kind, _, own_id = seen.path.partition("/")
        named = {"data_sources": "data_source_id", "pages": "page_id"}[kind]
        whole = {named: own_id.split("/")[0], **(seen.body or {})}
        found += [f"body of {told}: {error}" for error in errors(asked, whole)]
    return found


def _short(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**answer, "results": answer["results"][:ROWS]} if "results" in answer else answer


def errors(name: str, value: object) -> list[str]:
    """What is wrong with a value of this type; nothing when all is right."""
    return [f"{error.json_path}: {error.message[:300]}" for error in _validator(name).iter_errors(value)]


@cache
def _validator(name: str) -> Draft7Validator:
    types = json.loads(TYPES.read_text(encoding="utf-8"))
    for definition in types["definitions"].values():
        # Its newest version does not send what its types still demand.
        if "archived" in definition.get("required", ()):
            definition["required"].remove("archived")
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": types["definitions"]})
