"""A desk for tests: a board and a ledger in memory, real folders, and a clock that a test turns."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.fakes.board import FakeBoard
from tests.fakes.ledger import FakeLedger

from music_sync.adapters.inbox_folder import FolderInboxes
from music_sync.flows.hand_off_tasks import CycleReport, Habits, hand_off
from music_sync.model.task import Handoff, Task
from music_sync.task.deliver import Desk
from music_sync.task.route import Agents, Rule

AGENTS = {"Claude MM1": ("Claude MM1 Agent",), "Cursor MM1": ("Auto/Cursor MM1 Agent",), "Claude Code": ()}
RULES = (Rule(("apps script", "code.gs", "gas"), "Claude Code"), Rule(("python", ".ts"), "Cursor MM1"))


@dataclass
class Office:
    """Everything around one board. `cycle` is what the orchestrator does with the tasks each minute."""

    home: Path
    board: FakeBoard = field(default_factory=FakeBoard)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    agents: Agents = field(default_factory=lambda: Agents(AGENTS, RULES, "Claude MM1"))
    now: datetime = datetime(2026, 1, 9, 10, tzinfo=UTC)
    habits: Habits = field(default_factory=lambda: Habits(most_reviews=0))

    @property
    def inboxes(self) -> FolderInboxes:
        return FolderInboxes(self.home, self.home / "agents")

    @property
    def desk(self) -> Desk:
        return Desk(self.board, self.ledger, self.inboxes, self.agents, lambda: self.now)

    def cycle(self, minutes: float = 1) -> CycleReport:
        self.now += timedelta(minutes=minutes)
        return hand_off(list(self.board.tasks()), self.desk, self.habits)

    def put(self, number: int = 1, title: str = "Do it", **about: Any) -> Task:
        created = f"2026-01-01T00:00:{number % 60:02}Z"
        return self.board.put(Task(f"{number:032x}", title, **{"created_at": created, **about}))

    def edit(self, task: Task, **about: Any) -> Task:
        """What a person changes on the board."""
        return self.board.put(replace(self.on_board(task), **about))

    def on_board(self, task: Task) -> Task:
        return self.board.stored[task.task_id]

    def handoffs(self, task: Task) -> list[Handoff]:
        return list(self.ledger.handoffs(task.task_id))

    def files(self, beneath: str = ".") -> list[str]:
        """Hand-off files, relative to the home."""
        found = (self.home / beneath).rglob("*__HANDOFF__*.json")
        return sorted(path.relative_to(self.home).as_posix() for path in found)

    def file_of(self, task: Task, beneath: str = "agents") -> Path:
        """The only hand-off file of a task."""
        (found,) = (self.home / beneath).rglob(f"*{task.task_id}.json")
        return found

    def content_of(self, task: Task) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.file_of(task).read_text("utf-8"))
        return content

    def moved(self, task: Task, box: str) -> Path:
        """What an agent does with its file."""
        file = self.file_of(task)
        own = next(parent for parent in file.parents if parent.parent.name == "agents")
        (own / box).mkdir(parents=True, exist_ok=True)
        return file.rename(own / box / file.name)

    def returned(self, task: Task, content: object, name: str = "") -> Path:
        """What an agent writes beside its file."""
        file = self.file_of(task)
        target = file.with_name(name or file.name.replace("__HANDOFF__", "__RETURN__"))
        target.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return target


def return_of(task: Task, status: str = "Complete", *work: str) -> dict[str, object]:
    return {
        "type": "RETURN_HANDOFF",
        "original_task": {"task_id": task.task_id, "status_update": status},
        "execution_summary": {"work_completed": list(work)},
    }
