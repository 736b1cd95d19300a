"""A Notion workspace in memory: what a person does in it, and what its interface answers.

`Workspace.answer` takes a request and gives what Notion would answer; `notion.py` puts it behind HTTP.
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from music_sync.demo.notion_filters import matches, ordered
from music_sync.demo.notion_values import (
    Property,
    Refused,
    configuration,
    given,
    invalid,
    not_found,
    plain,
    property_parts,
    sent_form,
    taken,
    text_parts,
    whole_id,
)

VERSIONS = ("2022-06-28", "2025-09-03", "2026-03-11")
LARGEST_BODY_BYTES = 500_000
MOST_ROWS = 100
MOST_RESULTS = 10_000

STATUSES = (
    "Ready", "Not Started", "In Progress", "In-Progress", "Ready for Handoff", "Proposed", "Draft", "Planning",
    "Blocked", "Review", "Partial", "Failed", "Complete", "Completed", "Archived",
)  # fmt: skip
AGENT_TASKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Task Name": ("title", ()),
    "Status": ("status", STATUSES),
    "Priority": ("select", ("Critical", "High", "Medium", "Low")),
    "Description": ("rich_text", ()),
    "Next Required Step": ("rich_text", ()),
    "Success Criteria": ("rich_text", ()),
    "Assigned-Agent": ("relation", ()),
    "Task Type": ("select", ("Code Implementation", "Agent Handoff Task", "Validation", "Review Task")),
    "Archive": ("checkbox", ()),
    "Owner": ("people", ()),
    "Type": ("rich_text", ()),
    "Handoff Status": ("status", ("Received by Agent", "Handoff Delivered")),
    "Dependency Status": ("select", ("Ready", "Blocked")),
    "Prerequisite Tasks": ("relation", ()),
    "Dependent Tasks": ("relation", ()),
    "Blocking Reason": ("rich_text", ()),
    "Agent Trigger File Links": ("rich_text", ()),
    "Agent Handoff File Links": ("rich_text", ()),
    "Agent Handoff Folder Path": ("url", ()),
    "Last Trigger Timestamp": ("date", ()),
    "Target Date": ("date", ()),
    "Execution-Result": ("rich_text", ()),
    "Log Summary": ("rich_text", ()),
    "Created time": ("created_time", ()),
    "Last edited time": ("last_edited_time", ()),
}
"""The columns of the original board that matter, with their types and options."""

# Ids of one workspace share their beginning, which has fooled programs that shorten them.
_ID_START = "1f5c2a9e"
_BOT = {"object": "user", "id": f"{_ID_START}-0000-4000-8000-00000000b0b0"}


@dataclass
class Page:
    page_id: str
    source_id: str
    created: datetime
    edited: datetime
    """Both rounded down to the minute, as Notion gives them."""
    made_as: int
    """Its number in the order of creation."""
    values: dict[str, Any] = field(default_factory=dict)
    in_trash: bool = False


@dataclass
class Source:
    """A data source: the table in a database."""

    source_id: str
    database_id: str
    name: str
    columns: dict[str, Property] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A call as it came in; `parts` is the path behind /v1/, split."""

    method: str
    parts: tuple[str, ...]
    version: str
    query: Mapping[str, list[str]]
    body: Mapping[str, Any]


@dataclass
class AgentTasks:
    """The ids of what `agent_tasks_database` made."""

    database_id: str
    source_id: str
    agents_source_id: str
    agents: dict[str, str]
    """Name of an agent -> id of its page."""


def _now() -> datetime:
    return datetime.now(UTC)


class Workspace:
    """Databases, their tables and pages. A person's doings are methods; a program's come through `answer`."""

    def __init__(self, clock: Callable[[], datetime] = _now, most_results: int = MOST_RESULTS) -> None:
        self.clock = clock
        self.most_results = most_results
        """Rows that one query gives at most, over all its pages."""
        self.may_add_options = True
        """Whether the connection may change columns, and so add options to a select by writing them."""
        self._lock = threading.RLock()
        self._sources: dict[str, Source] = {}
        self._pages: dict[str, Page] = {}
        self._databases: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._cursors: dict[str, tuple[str, str, int]] = {}
        self._made = 0

    # What a person does

    def make_database(self, title: str) -> str:
        with self._lock:
            database_id = self._new_id()
            self._databases[database_id] = title
            return database_id

    def make_source(self, database_id: str, name: str, columns: Mapping[str, tuple[str, Iterable[str]]]) -> str:
        """Add a table with these columns: name -> type and options. A relation leads to the table itself."""
        with self._lock:
            source = Source(self._new_id(), database_id, name)
            self._sources[source.source_id] = source
            for column, (kind, options) in columns.items():
                self.add_column(source.source_id, column, kind, options)
            return source.source_id

    def add_column(self, source_id: str, name: str, kind: str, options: Iterable[str] = (), target: str = "") -> None:
        with self._lock:
            source = self._sources[source_id]
            # Ids of columns come percent-encoded, as the real ones do.
            property_id = "title" if kind == "title" else f"p%3A{len(source.columns):02d}{name.encode().hex()[:4]}"
            prop = Property(name, kind, property_id, list(options))
            if kind == "relation":
                prop.target = target or source_id
                prop.target_database = self._sources[prop.target].database_id
            source.columns[name] = prop

    def rename_column(self, source_id: str, old: str, new: str) -> None:
        with self._lock:
            columns = self._sources[source_id].columns
            prop = columns.pop(old)
            prop.name = new
            columns[new] = prop
            for page in self._rows(source_id):
                if old in page.values:
                    page.values[new] = page.values.pop(old)

    def drop_column(self, source_id: str, name: str) -> None:
        with self._lock:
            del self._sources[source_id].columns[name]
            for page in self._rows(source_id):
                page.values.pop(name, None)

    def set_options(self, source_id: str, name: str, options: Iterable[str]) -> None:
        with self._lock:
            self._sources[source_id].columns[name].options = list(options)

    def add_page(self, source_id: str, values: Mapping[str, Any]) -> str:
        """Add a row of plain values: text, option names, lists of ids, True; a list of texts for text in runs."""
        with self._lock:
            page = self._new_page(source_id)
            self._put(page, values)
            self._pages[page.page_id] = page
            return page.page_id

    def edit(self, page_id: str, values: Mapping[str, Any]) -> None:
        """Change a row as a person does, past all limits of the interface."""
        with self._lock:
            page = self._pages[page_id]
            self._put(page, values)
            page.edited = self._minute()

    def trash(self, page_id: str) -> None:
        with self._lock:
            self._pages[page_id].in_trash = True

    def unshare(self, *ids: str) -> None:
        """Take these databases, tables or pages away from the connection."""
        with self._lock:
            self._hidden |= set(ids)

    def share(self, *ids: str) -> None:
        with self._lock:
            self._hidden -= set(ids)

    def page_ids(self, source_id: str) -> list[str]:
        """All rows that are not in the trash, in the order of creation."""
        with self._lock:
            return [page.page_id for page in self._rows(source_id) if not page.in_trash]

    def value(self, page_id: str, name: str) -> Any:
        """A cell as plain text, option name, list of ids or True; None when it is empty."""
        with self._lock:
            page = self._pages[page_id]
            kept = page.values.get(name)
            kind = self._sources[page.source_id].columns[name].kind
            return plain(kept) if kind in {"title", "rich_text"} else kept

    def _put(self, page: Page, values: Mapping[str, Any]) -> None:
        columns = self._sources[page.source_id].columns
        for name, value in values.items():
            prop = columns[name]
            if prop.kind in {"title", "rich_text"}:
                pieces = [value] if isinstance(value, str) else value
                page.values[name] = [{"content": piece, "link": None} for piece in pieces]
            else:
                page.values[name] = taken(prop, sent_form(prop.kind, value))

    # What the interface answers

    def answer(self, asked: Request) -> dict[str, Any]:
        """What Notion would answer; raises Refused with its error."""
        with self._lock:
            for method, pattern, answer in _ROUTES:
                if method == asked.method and _fits(pattern, asked.parts):
                    return answer(self, asked)
        raise Refused(400, "invalid_request_url", "Invalid request URL.")

    def retrieve_database(self, asked: Request) -> dict[str, Any]:
        database_id = whole_id(asked.parts[1], "path failed validation: path.database_id")
        if database_id not in self._databases or database_id in self._hidden:
            raise not_found("database", database_id)
        sources = [one for one in self._sources.values() if one.database_id == database_id]
        whole = self._about(asked, database_id, "database", self._databases[database_id])
        whole |= {"is_locked": False, "parent": {"type": "workspace", "workspace": True}}
        if asked.version == VERSIONS[0]:
            return whole | {"properties": _configurations(_only(sources).columns)}
        return whole | {"data_sources": [{"id": one.source_id, "name": one.name} for one in sources]}

    def retrieve_source(self, asked: Request) -> dict[str, Any]:
        source = self._source(asked)
        whole = self._about(asked, source.source_id, "data_source", source.name)
        parent = {"type": "database_id", "database_id": source.database_id}
        whole |= {"parent": parent, "database_parent": {"type": "workspace", "workspace": True}}
        return whole | {"properties": _configurations(source.columns)}

    def query_source(self, asked: Request) -> dict[str, Any]:
        return self._query(asked, self._source(asked))

    def query_database(self, asked: Request) -> dict[str, Any]:
        if asked.version != VERSIONS[0]:
            raise Refused(400, "invalid_request_url", "Invalid request URL.")
        database_id = whole_id(asked.parts[1], "path failed validation: path.database_id")
        sources = [one for one in self._sources.values() if one.database_id == database_id]
        if not sources or database_id in self._hidden:
            raise not_found("database", database_id)
        return self._query(asked, _only(sources))

    def create_page(self, asked: Request) -> dict[str, Any]:
        _check_keys(
            asked.body, {"parent", "properties", "icon", "cover", "children", "content", "markdown", "template"}
        )
        source = self._parent(asked)
        page = self._new_page(source.source_id)
        self._write(page, asked.body.get("properties"))
        self._pages[page.page_id] = page
        return self._given(page, asked)

    def retrieve_page(self, asked: Request) -> dict[str, Any]:
        return self._given(self._page(asked), asked)

    def update_page(self, asked: Request) -> dict[str, Any]:
        trash = "in_trash" if asked.version == VERSIONS[-1] else "archived"
        _check_keys(asked.body, {"properties", "icon", "cover", "is_locked", "in_trash", trash})
        page = self._page(asked)
        wanted = asked.body.get("in_trash", asked.body.get(trash))
        if page.in_trash and wanted is not False:
            raise invalid("Can't edit page that is in the trash. You must restore the page before editing.")
        self._write(page, asked.body.get("properties", {}))
        page.in_trash = bool(wanted)
        page.edited = self._minute()
        return self._given(page, asked)

    def retrieve_property(self, asked: Request) -> dict[str, Any]:
        page = self._page(asked)
        columns = self._sources[page.source_id].columns
        prop = next((one for one in columns.values() if asked.parts[3] in {one.property_id, one.name}), None)
        if prop is None:
            raise not_found("property", asked.parts[3])
        if prop.kind not in {"title", "rich_text", "relation", "people"}:
            return given(prop, self._value(page, prop)) | {"object": "property_item"}
        parts = property_parts(prop, self._value(page, prop))
        start = _number(asked.query, "start_cursor", 0)
        size = _page_size(_number(asked.query, "page_size", MOST_ROWS))
        more = start + size < len(parts)
        about: dict[str, Any] = {"id": prop.property_id, "type": prop.kind, prop.kind: {}, "next_url": None}
        listed = _listed(parts[start : start + size], str(start + size) if more else None)
        return listed | {"type": "property_item", "property_item": about}

    def me(self, _: Request) -> dict[str, Any]:
        owner = {"type": "workspace", "workspace": True}
        bot = {"owner": owner, "workspace_id": _ID_START, "workspace_name": "A workspace"}
        bot["workspace_limits"] = {"max_file_upload_size_in_bytes": 5_242_880}
        return dict(_BOT) | {"type": "bot", "name": "Music Sync", "avatar_url": None, "bot": bot}

    def search(self, asked: Request) -> dict[str, Any]:
        """Data sources by their name; pages are not searched."""
        words = str(asked.body.get("query", "")).casefold()
        found = []
        for source in self._sources.values():
            if words in source.name.casefold() and not self._is_hidden(source):
                part = Request("GET", ("data_sources", source.source_id), asked.version, {}, {})
                found.append(self.retrieve_source(part))
        return _listed(found, None) | {"type": "page_or_data_source", "page_or_data_source": {}}

    # Beneath

    def _query(self, asked: Request, source: Source) -> dict[str, Any]:
        _check_keys(asked.body, {"filter", "sorts", "start_cursor", "page_size", "in_trash", "archived", "result_type"})
        size = _page_size(asked.body.get("page_size", MOST_ROWS))
        trashed = bool(asked.body.get("in_trash", False))
        rows = [page for page in self._rows(source.source_id) if page.in_trash == trashed]
        wanted = asked.body.get("filter")
        if wanted is not None:
            rows = [page for page in rows if matches(wanted, page, source.columns)]
        rows = ordered(rows, asked.body.get("sorts"), source.columns)
        question = repr((source.source_id, wanted, asked.body.get("sorts"), trashed))
        start, before = self._start(asked.body.get("start_cursor"), question, rows)
        end = min(start + size, start + self.most_results - before)
        cut = before + end - start >= self.most_results and end < len(rows)
        cursor = None
        if end < len(rows) and not cut:
            cursor = self._new_id()
            self._cursors[cursor] = (question, rows[end].page_id, before + end - start)
        answer = _listed([self._given(page, asked) for page in rows[start:end]], cursor)
        answer |= {"type": "page_or_data_source", "page_or_data_source": {}}
        if cut:
            answer["request_status"] = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
        return answer

    def _start(self, cursor: object, question: str, rows: list[Page]) -> tuple[int, int]:
        """Where a page of results begins, and how many rows came before it over all pages."""
        if cursor is None:
            return 0, 0
        kept = self._cursors.get(str(cursor))
        if kept is None or kept[0] != question:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        _, page_id, before = kept
        ids = [page.page_id for page in rows]
        # A row that has left the results meanwhile: go on at the place where it stood.
        return (ids.index(page_id) if page_id in ids else min(before, len(rows))), before

    def _source(self, asked: Request) -> Source:
        source_id = whole_id(asked.parts[1], "path failed validation: path.data_source_id")
        source = self._sources.get(source_id)
        if asked.version == VERSIONS[0]:
            raise Refused(400, "invalid_request_url", "Invalid request URL.")
        if source is None or self._is_hidden(source):
            raise not_found("data_source", source_id)
        return source

    def _is_hidden(self, source: Source) -> bool:
        return bool({source.source_id, source.database_id} & self._hidden)

    def _page(self, asked: Request) -> Page:
        page_id = whole_id(asked.parts[1], "path failed validation: path.page_id")
        page = self._pages.get(page_id)
        if page is None or page_id in self._hidden or self._is_hidden(self._sources[page.source_id]):
            raise not_found("page", page_id)
        return page

    def _parent(self, asked: Request) -> Source:
        parent = asked.body.get("parent")
        if not isinstance(parent, dict) or not {"data_source_id", "database_id"} & parent.keys():
            raise invalid("body failed validation: body.parent.data_source_id should be defined.")
        if "data_source_id" in parent:
            part = Request("GET", ("data_sources", str(parent["data_source_id"])), asked.version, {}, {})
            return self._source(part)
        database_id = whole_id(parent["database_id"], "body failed validation: body.parent.database_id")
        sources = [one for one in self._sources.values() if one.database_id == database_id]
        if not sources or database_id in self._hidden:
            raise not_found("database", database_id)
        return _only(sources)

    def _write(self, page: Page, properties: object) -> None:
        if not isinstance(properties, dict):
            raise invalid("body failed validation: body.properties should be an object.")
        columns = self._sources[page.source_id].columns
        values = {}
        for name, sent in properties.items():
            prop = next((one for one in columns.values() if name in {one.name, one.property_id}), None)
            if prop is None:
                raise invalid(f"{name} is not a property that exists.")
            values[prop.name] = taken(prop, sent, may_add_options=self.may_add_options)
            if prop.kind == "relation":
                self._check_related(prop, values[prop.name])
        page.values |= values

    def _check_related(self, prop: Property, ids: list[str]) -> None:
        for one in ids:
            related = self._pages.get(one)
            if related is None or one in self._hidden:
                raise not_found("page", one)
            if related.source_id != prop.target:
                raise invalid(f"{prop.name}: page {one} is not in the related data source.")

    def _given(self, page: Page, asked: Request) -> dict[str, Any]:
        source = self._sources[page.source_id]
        wanted = asked.query.get("filter_properties", [])
        columns = source.columns
        ids = {prop.property_id for prop in columns.values()}
        if unknown := [one for one in wanted if one not in ids | columns.keys()]:
            raise invalid(f"Could not find property with name or id: {unknown[0]}")
        shown = {
            name: given(prop, self._value(page, prop))
            for name, prop in columns.items()
            if not wanted or {name, prop.property_id} & set(wanted)
        }
        parent = {"type": "data_source_id", "data_source_id": page.source_id, "database_id": source.database_id}
        if asked.version == VERSIONS[0]:
            parent = {"type": "database_id", "database_id": source.database_id}
        plain_id = page.page_id.replace("-", "")
        return {
            "object": "page",
            "id": page.page_id,
            "created_time": _stamp(page.created),
            "last_edited_time": _stamp(page.edited),
            "created_by": _BOT,
            "last_edited_by": _BOT,
            "cover": None,
            "icon": None,
            "parent": parent,
            "is_archived": False,
            "is_locked": False,
            "properties": shown,
            "url": f"https://www.notion.so/{plain_id}",
            "public_url": None,
        } | _trash_flags(asked.version, in_trash=page.in_trash)

    def _value(self, page: Page, prop: Property) -> Any:
        if prop.kind == "created_time":
            return _stamp(page.created)
        if prop.kind == "last_edited_time":
            return _stamp(page.edited)
        return page.values.get(prop.name)

    def _about(self, asked: Request, own_id: str, kind: str, title: str) -> dict[str, Any]:
        moment = _stamp(self._minute())
        return {
            "object": kind,
            "id": own_id,
            "title": text_parts([{"content": title, "link": None}]),
            "description": [],
            "is_inline": False,
            "created_time": moment,
            "last_edited_time": moment,
            "created_by": _BOT,
            "last_edited_by": _BOT,
            "icon": None,
            "cover": None,
            "url": f"https://www.notion.so/{own_id.replace('-', '')}",
            "public_url": None,
        } | _trash_flags(asked.version, in_trash=False)

    def _rows(self, source_id: str) -> list[Page]:
        return [page for page in self._pages.values() if page.source_id == source_id]

    def _new_page(self, source_id: str) -> Page:
        moment = self._minute()
        page_id = self._new_id()
        return Page(page_id, source_id, moment, moment, self._made)

    def _new_id(self) -> str:
        self._made += 1
        return _ID_START + str(uuid.uuid5(uuid.NAMESPACE_OID, str(self._made)))[len(_ID_START) :]

    def _minute(self) -> datetime:
        return self.clock().astimezone(UTC).replace(second=0, microsecond=0)


def agent_tasks_database(
    workspace: Workspace, agents: Iterable[str] = ("Claude Code", "Cursor MM1"), title: str = "Agent-Tasks"
) -> AgentTasks:
    """Make the original's board, and a database of agents that its tasks lead to."""
    agents_source = workspace.make_source(workspace.make_database("Agents"), "Agents", {"Agent Name": ("title", ())})
    pages = {name: workspace.add_page(agents_source, {"Agent Name": name}) for name in agents}
    database_id = workspace.make_database(title)
    own = {name: about for name, about in AGENT_TASKS.items() if name != "Assigned-Agent"}
    source_id = workspace.make_source(database_id, title, own)
    workspace.add_column(source_id, "Assigned-Agent", "relation", target=agents_source)
    return AgentTasks(database_id, source_id, agents_source, pages)


_ROUTES: tuple[tuple[str, tuple[str, ...], Callable[[Workspace, Request], dict[str, Any]]], ...] = (
    ("GET", ("users", "me"), Workspace.me),
    ("GET", ("databases", "*"), Workspace.retrieve_database),
    ("POST", ("databases", "*", "query"), Workspace.query_database),
    ("GET", ("data_sources", "*"), Workspace.retrieve_source),
    ("POST", ("data_sources", "*", "query"), Workspace.query_source),
    ("POST", ("pages",), Workspace.create_page),
    ("GET", ("pages", "*"), Workspace.retrieve_page),
    ("PATCH", ("pages", "*"), Workspace.update_page),
    ("GET", ("pages", "*", "properties", "*"), Workspace.retrieve_property),
    ("POST", ("search",), Workspace.search),
)


def _fits(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return len(pattern) == len(parts) and all(
        wanted in {"*", part} for wanted, part in zip(pattern, parts, strict=True)
    )


def _only(sources: list[Source]) -> Source:
    """The one table of a database; callers that do not name the table fail once there is a second one."""
    if len(sources) != 1:
        ids = [one.source_id for one in sources]
        raise Refused(
            400,
            "validation_error",
            "Databases with multiple data sources are not supported in this API version.",
            {"error_type": "multiple_data_sources_for_database", "child_data_source_ids": ids},
        )
    return sources[0]


def _configurations(columns: Mapping[str, Property]) -> dict[str, Any]:
    return {name: configuration(prop) for name, prop in columns.items()}


def _listed(results: list[Any], cursor: str | None) -> dict[str, Any]:
    return {"object": "list", "results": results, "next_cursor": cursor, "has_more": cursor is not None}


def _check_keys(body: Mapping[str, Any], known: set[str]) -> None:
    for key in body:
        if key not in known:
            raise invalid(f"body failed validation: body.{key} should be not present, instead was `{body[key]!r}`.")


def _page_size(size: object) -> int:
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise invalid(f"body failed validation: body.page_size should be ≥ `1`, instead was `{size}`.")
    if size > MOST_ROWS:
        raise invalid(f"body failed validation: body.page_size should be ≤ `{MOST_ROWS}`, instead was `{size}`.")
    return size


def _number(query: Mapping[str, list[str]], name: str, default: int) -> int:
    text = query.get(name, [str(default)])[0]
    if not text.isdecimal():
        raise invalid(f"query failed validation: query.{name} is invalid: {text}")
    return int(text)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _trash_flags(version: str, *, in_trash: bool) -> dict[str, bool]:
    """The newest version knows `in_trash` only, the one before both, the oldest `archived` and `in_trash`."""
    return {"in_trash": in_trash} | ({} if version == VERSIONS[-1] else {"archived": in_trash})
