"""Route: which agent a task belongs to, and why."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from music_sync.model.task import Task


@dataclass(frozen=True)
class Rule:
    """Tasks that hold one of these words, whole, belong to this agent."""

    words: tuple[str, ...]
    agent: str


@dataclass(frozen=True)
class Agents:
    """Everyone a task can be handed to. One spelling an agent; other spellings are aliases."""

    aliases: Mapping[str, tuple[str, ...]]
    """Name -> its other spellings."""
    rules: Sequence[Rule] = ()
    default: str = ""
    _names: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = {_folded(each): name for name, others in self.aliases.items() for each in (name, *others)}
        object.__setattr__(self, "_names", names)

    def named(self, text: str) -> str | None:
        """The one name behind a spelling, None for an agent nobody knows."""
        return self._names.get(_folded(text))


@dataclass(frozen=True)
class Routed:
    """The agent, and why; `agent` is empty when nobody is known by that name."""

    agent: str
    reason: str


def route(task: Task, agents: Agents) -> Routed:
    """The assigned agent wins; then the rules in order; then the default."""
    if task.assigned_agent:
        name = agents.named(task.assigned_agent)
        if name is None:
            return Routed(
                "", f"no agent is known as {task.assigned_agent[:100]!r}; add it to `agent_names` in the settings"
            )
        return Routed(name, "assigned on the board")
    text = f"{task.title} {task.description} {task.task_type} {task.next_step}"
    for rule in agents.rules:
        hit = next((word for word in rule.words if _holds(text, word)), None)
        if hit is not None:
            return _known(rule.agent, f"the text holds {hit!r}", agents)
    return _known(agents.default, "default agent", agents)


def folder_of(agent: str) -> str:
    """The one folder name of an agent: letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", agent).strip("-") or "Agent"


def _known(agent: str, why: str, agents: Agents) -> Routed:
    name = agents.named(agent)
    if name is None:
        return Routed("", f"{why}, but no agent is known as {agent!r}; add it to `agent_names` in the settings")
    return Routed(name, why)


def _holds(text: str, word: str) -> bool:
    """As a whole word: `code` is not in `encode`. `.ts` ends `main.ts`, and is not in `list.tsv`."""
    before = r"(?<![^\W_])" if word[:1].isalnum() else ""
    after = r"(?![^\W_])" if word[-1:].isalnum() else ""
    return re.search(before + re.escape(word) + after, text, re.IGNORECASE) is not None


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
