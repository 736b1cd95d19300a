"""A ledger in memory that passes the contract of the real one."""

from collections.abc import Iterable, Mapping, Sequence

from music_sync.model.errors import TryAgainLater
from music_sync.model.task import Handoff


class FakeLedger:
    """Deliveries by task, revision and agent."""

    def __init__(self) -> None:
        self._handoffs: dict[tuple[str, str, str], Handoff] = {}
        self._triggered: dict[str, str] = {}
        self._facts: dict[str, str] = {}

    def handoffs(self, task_id: str = "") -> Sequence[Handoff]:
        return [each for each in self._handoffs.values() if task_id in {"", each.task_id}]

    def record(self, handoff: Handoff) -> None:
        self.record_all([handoff])

    def record_all(self, several: Iterable[Handoff]) -> None:
        after = self._handoffs | {(each.task_id, each.revision, each.agent): each for each in several}
        if len({each.name for each in after.values()}) < len(after):
            raise TryAgainLater("a file name belongs to another hand-off; the next cycle finds a free one")
        self._handoffs = after

    def triggered(self, task_id: str) -> str:
        return self._triggered.get(task_id, "")

    def triggers(self) -> Mapping[str, str]:
        return dict(self._triggered)

    def trigger(self, task_id: str, revision: str) -> None:
        self._triggered[task_id] = revision

    def fact(self, name: str) -> str:
        return self._facts.get(name, "")

    def remember(self, name: str, value: str) -> None:
        self._facts[name] = value
