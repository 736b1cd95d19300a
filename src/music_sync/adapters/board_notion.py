"""A board in Notion: a database of the original's form, or one whose properties are named in the settings."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from music_sync.adapters.board_notion_pages import task_of, with_reference
from music_sync.adapters.board_notion_schema import NotionNames, read_schema, told_lacking
from music_sync.adapters.notion_calls import NotionCalls, NotThere, Rejected, Unsure
from music_sync.adapters.notion_pages import Cells, Json, cells_of, is_in_trash, related, results_of, text_in
from music_sync.adapters.notion_properties import Column, Schema, Sent, Value, option_for, to_send, whole_id
from music_sync.adapters.notion_table import OLDEST_FIRST, NotionTable, both, property_ids
from music_sync.model.errors import NeedsPerson, ServiceUnavailable
from music_sync.model.task import BLOCKED, Change, Draft, Task, Written

log = logging.getLogger(__name__)

KEPT_S = 300.0
"""How long the board's properties and the names of agents are taken as they were read."""
CREATION_LAG_S = 2.0
"""Notion may still be at work on a page when the call that makes it has broken off."""
CLOCKS_APART = timedelta(minutes=5)
FIRST_STATUS = "Ready"

_NEWEST_FIRST = [{"timestamp": "created_time", "direction": "descending"}]
Answer = TypeVar("Answer")


class NotionBoard:
    """Fulfils `model.board.Board` on a Notion database; `database_id` may also be the address of its page.

    What the board cannot hold is told once in the log, and with each write that would have needed it. Every call raises
    ServiceUnavailable when Notion is away or limits us, NeedsPerson when it refuses the token, the database or a write.
    """

    name = "notion"

    def __init__(
        self,
        calls: NotionCalls,
        database_id: str,
        names: NotionNames | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._clock = clock
        read = partial(read_schema, names=names or NotionNames())
        self._table = NotionTable(calls, database_id, "AGENT_TASKS_DB_ID", "tasks", read)
        self._lock = threading.RLock()
        self._known_schema: Schema | None = None
        self._known_until = 0.0
        self._told: tuple[str, ...] = ()
        self._agents: dict[str, tuple[str, float]] = {}
        self._seen: set[str] = set()
        """Every page that was ever read or made here; tells a page just made from older ones of the same words."""

    # The port

    def tasks(self) -> Iterator[Task]:
        given: set[str] = set()
        try:
            yield from self._tasks(given)
        except Rejected:
            # Somebody changed the board's properties while we read.
            self._forget_schema()
            yield from self._tasks(given)

    def task(self, task_id: str) -> Task | None:
        return self._with_schema(lambda schema: self._task(schema, task_id))

    def add(self, draft: Draft) -> Task:
        """Make a task; a review of a task that has one already, were it in the trash, gives that one."""
        return self._with_schema(lambda schema: self._add(schema, draft))

    def update(self, task_id: str, change: Change, if_status: str | None = None) -> Written:
        """Write on a task. Notion has no compare-and-set: between our reading and writing lies a moment."""
        values = {role: value for role, value in asdict(change).items() if value is not None}
        if change.status not in {None, BLOCKED}:
            values.setdefault("blocking_reason", "")
        told_apart = False
        while True:
            try:
                return self._with_schema(lambda schema: self._update(schema, task_id, values, if_status))
            except Unsure as error:
                # It may have been written: what stands there now decides, once.
                if told_apart:
                    raise ServiceUnavailable(str(error), error.after_s) from error
                told_apart = True
                if self._stands(task_id, values.get("status"), if_status):
                    return Written()

    def update_all(self, changes: Iterable[tuple[str, Change, str]]) -> list[Written]:
        """One after the other; when Notion goes away in between, what was written before stays."""
        return [self.update(task_id, change, if_status) for task_id, change, if_status in changes]

    # Reading

    def _tasks(self, given: set[str]) -> Iterator[Task]:
        schema = self._schema()
        archive = schema.columns.get("archive")
        wanted = {"property": archive.name, "checkbox": {"equals": False}} if archive else None
        for page in self._table.rows(schema, wanted):
            task = self._read(schema, page)
            if task.task_id not in given and not task.archived:
                given.add(task.task_id)
                yield task

    def _task(self, schema: Schema, task_id: str) -> Task | None:
        page = self._page(schema, task_id)
        return self._read(schema, page) if page else None

    def _page(self, schema: Schema, task_id: str) -> Json | None:
        """The page of a task as it stands now; None when the board has none of this id."""
        page_id = whole_id(task_id)
        if not page_id:
            return None
        try:
            page = self._table.retrieved(page_id, property_ids(schema))
        except NotThere:
            # Notion says the same when the whole board is out of reach, which is another thing.
            self._probe()
            return None
        except Rejected:
            # A page of another database lacks our properties; one of ours does when they have changed.
            if _is_of(schema, self._table.retrieved(page_id)):
                raise
            return None
        return page if _is_of(schema, page) else None

    def _read(self, schema: Schema, page: Json) -> Task:
        if "properties" not in page:
            page = self._table.retrieved(str(page.get("id")))
        cells = self._table.whole(page, cells_of(page, schema))
        self._seen.add(str(page["id"]))
        return task_of(page, cells, self._agent(cells), related(cells.get("prerequisites", {})))

    # Agents

    def _agent(self, cells: Cells) -> str:
        """Name of the first agent; a page that is not shared with us stands for itself by its id."""
        ids = related(cells.get("assigned_agent", {}))
        if not ids:
            return text_in(cells, "assigned_agent")
        name, until = self._agents.get(ids[0], ("", 0.0))
        if not name or until < self._clock():
            name = self._agent_name(ids[0])
            self._agents[ids[0]] = name, self._clock() + KEPT_S
        return name

    def _agent_name(self, page_id: str) -> str:
        try:
            page = self._calls.ask("read an agent's page", lambda client: client.pages.retrieve(page_id))
        except NotThere:
            log.warning("the agent's page %s is not shared with the connection; share the database of agents", page_id)
            return page_id
        properties = page.get("properties")
        titles = [one for one in (properties or {}).values() if isinstance(one, dict) and one.get("type") == "title"]
        return (text_in({"title": titles[0]}, "title").strip() if titles else "") or page_id

    def _agent_page(self, column: Column, name: str) -> str:
        """The id of the page with this title among the agents; empty when there is none."""
        if not column.target:
            return ""
        known = self._calls.ask("read the agents", lambda client: client.data_sources.retrieve(column.target))
        titles = [key for key, about in (known.get("properties") or {}).items() if about.get("type") == "title"]
        wanted = {"property": titles[0] if titles else "title", "title": {"equals": name}}
        answer = self._calls.ask(
            "look up an agent", lambda client: client.data_sources.query(column.target, filter=wanted, page_size=1)
        )
        rows = results_of(answer).rows
        return str(rows[0].get("id") or "") if rows else ""

    # Writing

    def _add(self, schema: Schema, draft: Draft) -> Task:
        if draft.review_of and (there := self._review_of(schema, draft.review_of)):
            return there
        sent = self._draft_to_send(schema, draft)
        if sent.dropped:
            log.warning("the new task %r is on the Notion board without: %s", draft.title, "; ".join(sent.dropped))
        return self._create(schema, sent, draft)

    def _draft_to_send(self, schema: Schema, draft: Draft) -> Sent:
        values: dict[str, Value] = {role: value for role, value in vars(draft).items() if value}
        values["title"] = draft.title
        values["status"] = FIRST_STATUS
        if draft.review_of and "review_of" not in schema.columns:
            values["description"] = with_reference(draft.title, draft.description, draft.review_of)
            del values["review_of"]
        column = schema.columns.get("assigned_agent")
        if draft.assigned_agent and column and column.kind == "relation":
            page_id = self._agent_page(column, draft.assigned_agent)
            if not page_id:
                del values["assigned_agent"]
                note = f"{column.name}: no page of the agents' database is titled {draft.assigned_agent!r}"
                sent = to_send(schema, values)
                return Sent(sent.properties, (*sent.dropped, note))
            values["assigned_agent"] = (page_id,)
        return to_send(schema, values)

    def _create(self, schema: Schema, sent: Sent, draft: Draft) -> Task:
        began = datetime.now(UTC)
        for _ in range(2):
            try:
                page = self._table.create(schema, sent.properties, "add a task")
            except Unsure as error:
                unsure = error
                if made := self._just_made(schema, draft, began):
                    return made
            else:
                return self._read(schema, page)
        raise ServiceUnavailable(str(unsure), unsure.after_s) from unsure

    def _just_made(self, schema: Schema, draft: Draft, began: datetime) -> Task | None:
        """The task of a call whose answer was lost; None when it was not made."""
        self._calls.rest(CREATION_LAG_S)
        seen = frozenset(self._seen)
        since = (began - CLOCKS_APART).strftime("%Y-%m-%dT%H:%M:00.000Z")
        results = next(self._table.query(schema, both(None, since), _NEWEST_FIRST))
        for row in results.rows:
            if row.get("id") not in seen:
                task = self._read(schema, row)
                if (task.title, task.next_step, task.review_of) == (draft.title, draft.next_step, draft.review_of):
                    return task
        return None

    def _review_of(self, schema: Schema, task_id: str) -> Task | None:
        wanted = _names_task(schema, whole_id(task_id) or task_id)
        if not wanted:
            raise NeedsPerson(
                f"{self._where} has neither a Description nor a relation Review Of, so a review could not be found "
                "again; add one of them"
            )
        for in_trash in (False, True):
            for results in self._table.query(schema, {"or": wanted}, OLDEST_FIRST, in_trash=in_trash):
                for row in results.rows:
                    task = self._read(schema, row)
                    if task.review_of == (whole_id(task_id) or task_id):
                        return task
        return None

    def _update(self, schema: Schema, task_id: str, values: Mapping[str, str], if_status: str | None) -> Written:
        page = self._page(schema, task_id)
        if page is None:
            return Written(refused=f"task {task_id} is not on the board")
        if is_in_trash(page):
            return Written(refused=f"task {task_id} is in Notion's trash")
        status = text_in(cells_of(page, schema), "status")
        if if_status is not None and status != if_status:
            return Written(refused=f"task {task_id} is {status} by now, not {if_status}")
        # What clears a field that the board does not have is not missed.
        sent = to_send(schema, {role: value for role, value in values.items() if value or role in schema.columns})
        if sent.properties:
            what, again = f"write on the task {task_id}", if_status is None
            self._table.update(str(page["id"]), sent.properties, what, repeatable=again)
        return Written(dropped=sent.dropped)

    def _stands(self, task_id: str, status: str | None, if_status: str | None) -> bool:
        """Does the task bear the status that we meant to write, and did not before?"""
        schema = self._schema()
        meant = option_for(status or "", schema.columns["status"].options)
        page = self._page(schema, task_id) if meant not in {"", if_status} else None
        return page is not None and text_in(cells_of(page, schema), "status") == meant

    # The board itself

    @property
    def _where(self) -> str:
        return self._table.where

    def _with_schema(self, act: Callable[[Schema], Answer]) -> Answer:
        """Do something that needs the board's properties, once more if they turn out to have changed."""
        schema = self._schema()
        try:
            return act(schema)
        except Rejected:
            self._forget_schema()
            if self._schema() == schema:
                raise
            return act(self._schema())

    def _schema(self) -> Schema:
        with self._lock:
            if self._known_schema is None or self._known_until < self._clock():
                self._known_schema = self._probe()
                self._known_until = self._clock() + KEPT_S
                self._tell_lacking(self._known_schema)
            return self._known_schema

    def _forget_schema(self) -> None:
        with self._lock:
            self._known_schema = None

    def _tell_lacking(self, schema: Schema) -> None:
        if told_lacking(schema) and told_lacking(schema) != self._told:
            log.warning("%s cannot hold all of a task: %s", self._where, "; ".join(told_lacking(schema)))
        self._told = told_lacking(schema)

    def _probe(self) -> Schema:
        """Read the board's properties anew; the table that fits best when the database has several."""
        best = self._table.probe()
        if "status" not in best.columns or "title" not in best.columns:
            raise NeedsPerson(f"{self._where} is no board of tasks: {best.lacking.get('status', 'it has no title')}")
        return best


def _is_of(schema: Schema, page: Json) -> bool:
    parent = page.get("parent")
    return isinstance(parent, dict) and parent.get("data_source_id") == schema.source_id


def _names_task(schema: Schema, task_id: str) -> list[Json]:
    """Filters of which a review of this task passes one."""
    wanted: list[Json] = []
    relation, description = schema.columns.get("review_of"), schema.columns.get("description")
    if relation and whole_id(task_id):
        wanted.append({"property": relation.name, "relation": {"contains": task_id}})
    if description:
        spellings = sorted({task_id, task_id.replace("-", "")})
        wanted += [{"property": description.name, "rich_text": {"contains": one}} for one in spellings]
    return wanted
