"""A table in Notion: its properties, its rows past all limits, and whole values."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from music_sync.adapters.notion_calls import NotionCalls, NotThere
from music_sync.adapters.notion_pages import Cells, Json, Results, is_cut, results_of
from music_sync.adapters.notion_properties import Schema, database_id_in
from music_sync.model.errors import NeedsPerson, ServiceUnavailable

PAGE_ROWS = 100
OLDEST_FIRST = [{"timestamp": "created_time", "direction": "ascending"}]


class NotionTable:
    """The table in a database, whose id or address stands in the setting `setting`; `rows` is what a person calls its rows.

    `read` finds the properties in a data source. Every call raises ServiceUnavailable when Notion is away or limits us,
    NeedsPerson when it refuses the token or the database; that sentence names the setting.
    """

    def __init__(
        self, calls: NotionCalls, database: str, setting: str, rows: str, read: Callable[[Json], Schema]
    ) -> None:
        self.calls = calls
        self._setting = setting
        self._rows = rows
        self._read = read
        self._database_id = database_id_in(database)
        if not self._database_id:
            raise NeedsPerson(f"{setting} is no id of a Notion database: {database[:100]!r}; set it anew")

    @property
    def where(self) -> str:
        return f"the Notion database {self._database_id} ({self._setting})"

    def probe(self) -> Schema:
        """Read the properties anew; of the table that fits best when the database has several."""
        schemas = [self._read(source) for source in self._sources()]
        if not schemas:
            raise NeedsPerson(f"{self.where} holds no table; set {self._setting} to the database of the {self._rows}")
        return min(schemas, key=lambda schema: len(schema.lacking))

    # Rows

    def rows(self, schema: Schema, wanted: Json | None, since: str = "", **more: Any) -> Iterator[Json]:
        """All pages that pass a filter, the oldest first, past the limit of one query; some may come twice.

        `since`: only those made then or later.
        """
        while True:
            stopped, newest = False, since
            for results in self.query(schema, both(wanted, since), OLDEST_FIRST, **more):
                stopped |= results.stopped
                for row in results.rows:
                    newest = max(newest, str(row.get("created_time") or ""))
                    yield row
            if not stopped:
                return
            if newest == since:
                raise NeedsPerson(
                    f"Notion lists no more than part of the {self._rows} made at {since} on {self.where}, "
                    "because so many were made in one minute; archive some of them"
                )
            since = newest

    def query(self, schema: Schema, wanted: Json | None, sorts: Any, **more: Any) -> Iterator[Results]:
        asked: dict[str, Any] = {"sorts": sorts, "page_size": PAGE_ROWS, "result_type": "page"} | more
        asked["filter_properties"] = property_ids(schema)
        if wanted is not None:
            asked["filter"] = wanted
        cursors: set[str] = set()
        while True:
            answer = self.calls.ask(
                f"read the {self._rows}", lambda client: client.data_sources.query(schema.source_id, **asked)
            )
            results = results_of(answer)
            yield results
            if not results.cursor:
                return
            if results.cursor in cursors:
                raise ServiceUnavailable(f"Notion leads in circles through the {self._rows}; the next run tries again")
            cursors.add(results.cursor)
            asked["start_cursor"] = results.cursor

    def retrieved(self, page_id: str, properties: Sequence[str] = ()) -> Json:
        only = {"filter_properties": properties} if properties else {}
        what = f"read the page {page_id} of the {self._rows}"
        return self.calls.ask(what, lambda client: client.pages.retrieve(page_id, **only))

    def whole(self, page: Json, cells: Cells) -> Cells:
        """The values with those that the page tells the beginning of replaced by the whole."""
        return {role: self._whole_cell(page, cell) if is_cut(cell) else cell for role, cell in cells.items()}

    def _whole_cell(self, page: Json, cell: Json) -> Json:
        kind, parts, cursor = str(cell["type"]), [], ""
        while True:
            results = results_of(self._part(str(page["id"]), str(cell["id"]), cursor))
            parts += [row.get(kind) for row in results.rows]
            cursor = results.cursor
            if not cursor:
                return {**cell, kind: parts, "has_more": False}

    def _part(self, page_id: str, property_id: str, cursor: str) -> Json:
        where = {"start_cursor": cursor} if cursor else {}
        return self.calls.ask(
            "read a long property",
            lambda client: client.pages.properties.retrieve(page_id, property_id, page_size=PAGE_ROWS, **where),
        )

    # Writing

    def create(self, schema: Schema, properties: Mapping[str, Any], what: str) -> Json:
        """Add a row; raises Unsure when it may or may not have been added."""
        parent = {"type": "data_source_id", "data_source_id": schema.source_id}
        return self.calls.ask(
            what, lambda client: client.pages.create(parent=parent, properties=properties), repeatable=False
        )

    def update(self, page_id: str, properties: Mapping[str, Any], what: str, *, repeatable: bool = True) -> Json:
        return self.calls.ask(
            what, lambda client: client.pages.update(page_id, properties=properties), repeatable=repeatable
        )

    # The database

    def _sources(self) -> Iterator[Json]:
        try:
            database = self.calls.ask(
                f"read the database of the {self._rows}", lambda client: client.databases.retrieve(self._database_id)
            )
        except NotThere as error:
            yield self._named_source(error)
            return
        for one in database.get("data_sources") or ():
            yield self._source(str(one["id"]))

    def _source(self, source_id: str) -> Json:
        what = f"read the properties of the {self._rows}"
        return self.calls.ask(what, lambda client: client.data_sources.retrieve(source_id))

    def _named_source(self, error: NotThere) -> Json:
        """What stands in the settings may be the id of a table instead of a database."""
        try:
            return self._source(self._database_id)
        except NotThere:
            raise NeedsPerson(
                f"Notion has no database {self._database_id} for this connection; check {self._setting}, "
                "and share it with the connection (… > Connections on the database's page)"
            ) from error


def property_ids(schema: Schema) -> list[str]:
    """The properties to read: tables of two hundred are real, and a row needs fewer than fifty."""
    return [column.property_id for column in schema.columns.values()]


def both(wanted: Json | None, since: str) -> Json | None:
    """A filter that also asks for pages made since a moment."""
    if not since:
        return wanted
    window = {"timestamp": "created_time", "created_time": {"on_or_after": since}}
    return {"and": [window, wanted]} if wanted else window
