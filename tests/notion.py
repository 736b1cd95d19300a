"""A Notion board on the simulator, as tests want it: no waiting, and what would have been waited is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.notion_types import breaches

from music_sync.adapters.board_notion import NotionBoard
from music_sync.adapters.board_notion_schema import NotionNames
from music_sync.adapters.notion_calls import NotionCalls
from music_sync.demo.notion import NotionServer
from music_sync.demo.notion_workspace import AGENT_TASKS, STATUSES, AgentTasks, Workspace, agent_tasks_database


@dataclass
class OnNotion:
    """A server, the board's ids in it, and a board that reads it."""

    server: NotionServer
    ids: AgentTasks
    board: NotionBoard
    slept: list[float] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        return self.server.workspace

    def add(self, title: str | list[str] = "A task", **values: object) -> str:
        """Lay a task on the board as a person does; an underscore stands for the space or the hyphen in a name."""
        columns = {name.translate({32: "_", 45: "_"}): name for name in AGENT_TASKS}
        named = {columns[name]: value for name, value in values.items()}
        return self.workspace.add_page(self.ids.source_id, {"Task Name": title, "Status": "Ready"} | named)


@contextmanager
def on_notion(
    workspace: Workspace | None = None, *, timeout_s: float = 10, patience_s: float = 75
) -> Iterator[OnNotion]:
    """The original's board, empty, and with `Cancelled` among its statuses; at the end all calls are held to the types."""
    with NotionServer(workspace) as server:
        ids = agent_tasks_database(server.workspace)
        server.workspace.set_options(ids.source_id, "Status", (*STATUSES, "Cancelled"))
        slept: list[float] = []
        calls = NotionCalls(server.token, server.url, sleep=slept.append, timeout_s=timeout_s, patience_s=patience_s)
        try:
            yield OnNotion(server, ids, NotionBoard(calls, ids.database_id), slept)
        finally:
            calls.close()
        found = breaches(server.requests())
        assert not found, "\n".join(found)


def another_board(
    there: OnNotion, *, token: str = "", database_id: str = "", names: NotionNames | None = None
) -> NotionBoard:
    """A second program on the same board, or one with other settings; its connections close with each answer."""
    calls = NotionCalls(token or there.server.token, there.server.url, sleep=there.slept.append)
    return NotionBoard(calls, database_id or there.ids.database_id, names)
