"""The durable engine: configured once a process, so that the flows only tell their story."""

import itertools
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, SetWorkflowID

APPLICATION_VERSION = "1"
"""Pinned by hand: flows that were started by this version go on after an update. Raise it only when all have ended."""

KEEP_FINISHED = timedelta(days=7)
UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]

_POLLING_S = 0.1
_PAGE = 1000


@dataclass(frozen=True)
class Store:
    """Where the engine keeps its steps: an SQLite engine of our own, or a Postgres address."""

    engine: sa.Engine | None = None
    url: str | None = None


@dataclass(frozen=True)
class _Home:
    """Whose work this process does; `name` is empty when the store is this home's alone."""

    executor_id: str = ""
    name: str = ""

    @property
    def queue(self) -> str:
        return f"tracks-{self.name}" if self.name else "tracks"


_home = _Home()


@contextmanager
def running(store: Store, executor_id: str, workers: int) -> Iterator[None]:
    """Launch the engine, which at once takes up what this executor left unfinished; shut it down afterwards.

    Homes that share a Postgres each have a queue of their own, for paths, staging and settings are those of one home.
    """
    _belong_to(store, executor_id)
    config: DBOSConfig = {
        "name": "music-sync",
        "application_version": APPLICATION_VERSION,
        "executor_id": executor_id,
        "log_level": "ERROR",
        # No flow of ours waits for a notification, so a round costs nothing; the end of each command waits for one.
        "notification_listener_polling_interval_sec": _POLLING_S,
    }
    if store.engine is not None:
        config["system_database_url"] = store.engine.url.render_as_string(hide_password=False)
        config["system_database_engine"] = store.engine
    else:
        config["system_database_url"] = store.url
    logging.getLogger("dbos").setLevel(logging.ERROR)
    try:
        if _launched(config, workers):
            # While it runs the engine looks for new queues once a second, at its start at once.
            DBOS.destroy()
            _launched(config, workers)
        yield
    finally:
        DBOS.destroy()


def _launched(config: DBOSConfig, workers: int) -> bool:
    """Launch the engine with this home's queue; was the queue unknown?"""
    DBOS(config=config)
    DBOS.listen_queues([_home.queue])
    DBOS.launch()
    is_new = DBOS.retrieve_queue(_home.queue) is None
    DBOS.register_queue(
        _home.queue, worker_concurrency=workers, polling_interval_sec=_POLLING_S, on_conflict="always_update"
    )
    return is_new


def _belong_to(store: Store, executor_id: str) -> None:
    global _home  # noqa: PLW0603 - one engine a process, as the library has it
    _home = _Home(executor_id, "" if store.engine is not None else executor_id)


class Memory:
    """What is known of flows without launching the engine, which would take up what is unfinished."""

    def __init__(self, client: DBOSClient | None = None) -> None:
        """Without a client nothing is known."""
        self._client = client

    def first_argument(self, flow_id: str) -> Any:
        """What a flow was started with, or None when it is forgotten."""
        flows = self._client.list_workflows(workflow_ids=[flow_id], load_output=False) if self._client else []
        return flows[0].input["args"][0] if flows and flows[0].input else None

    def outcomes(self, flow_id: str) -> dict[str, Any]:
        """What each ended step of a flow gave, by its name."""
        steps = self._client.list_workflow_steps(flow_id) if self._client else []
        return {step["function_name"]: step["output"] for step in steps if step["error"] is None}


@contextmanager
def remembering(store: Store, executor_id: str) -> Iterator[Memory]:
    """The memory of a store that an engine has used before."""
    _belong_to(store, executor_id)
    client = DBOSClient(system_database_url=store.url, system_database_engine=store.engine)
    try:
        yield Memory(client)
    finally:
        client.destroy()


def of_this_home(name: str) -> str:
    """A flow's name, told apart from that of another home on the same store."""
    return f"{name}@{_home.name}" if _home.name else name


def start(flow_id: str, flow: Callable[..., Any], *args: object) -> None:
    """Start a flow in this process under its natural key; starting it again is free."""
    with SetWorkflowID(flow_id):
        DBOS.start_workflow(flow, *args)


def enqueue(flow_id: str, flow: Callable[..., Any], *args: object) -> None:
    """Put a flow on the tracks' queue under its natural key; again is free."""
    with SetWorkflowID(flow_id):
        DBOS.enqueue_workflow(_home.queue, flow, *args)


def result(flow_id: str) -> Any:
    """Wait for a flow's result; raises what it raised."""
    return DBOS.retrieve_workflow(flow_id).get_result(polling_interval_sec=_POLLING_S)


def unfinished_tracks() -> dict[str, Any]:
    """Ids and first arguments of this home's queued flows that have not ended."""
    flows = DBOS.list_workflows(queue_name=_home.queue, status=UNFINISHED, load_output=False)
    return {flow.workflow_id: flow.input["args"][0] for flow in flows if flow.input and flow.input["args"]}


def unfinished(name: str) -> list[str]:
    """Ids of this home's flows of this name that have not ended."""
    flows = DBOS.list_workflows(
        name=name, executor_id=_home.executor_id, status=UNFINISHED, load_input=False, load_output=False
    )
    return [flow.workflow_id for flow in flows]


def failed_step(flow_id: str) -> int | None:
    """The number of the first step that ended with an error, or None."""
    for step in DBOS.list_workflow_steps(flow_id):
        if step["error"] is not None:
            return int(step["function_id"])
    return None


def fork(flow_id: str, new_id: str, from_step: int) -> None:
    """Start a new attempt that keeps the ended steps before `from_step`; again is free."""
    if DBOS.get_workflow_status(new_id) is None:
        with SetWorkflowID(new_id):
            DBOS.fork_workflow(flow_id, from_step, queue_name=_home.queue, application_version=APPLICATION_VERSION)


def first_argument(flow_id: str) -> Any:
    """What a flow was started with, or None when it is forgotten."""
    flows = DBOS.list_workflows(workflow_ids=[flow_id], load_output=False)
    return flows[0].input["args"][0] if flows and flows[0].input else None


def first_arguments(flow_ids: Sequence[str]) -> dict[str, Any]:
    """What flows were started with, of those that are not forgotten."""
    known: dict[str, Any] = {}
    for first in range(0, len(flow_ids), _PAGE):
        page = DBOS.list_workflows(workflow_ids=list(flow_ids[first : first + _PAGE]), load_output=False)
        known |= {flow.workflow_id: flow.input["args"][0] for flow in page if flow.input and flow.input["args"]}
    return known


def purge(now: datetime, keep: Collection[str], at_once: str = "") -> None:
    """Forget this home's flows that ended long ago; the catalogue's attempts keep guarding against repeats.

    Those of the name `at_once` are forgotten however short ago they ended.
    """
    before = (now.astimezone(UTC) - KEEP_FINISHED).isoformat()
    old = [flow_id for flow_id in _ended(completed_before=before) if flow_id not in keep]
    forgotten = [*old, *(_ended(name=at_once) if at_once else ())]
    for first in range(0, len(forgotten), _PAGE):
        DBOS.delete_workflows(forgotten[first : first + _PAGE])


def _ended(**chosen: str) -> Iterator[str]:
    for first in itertools.count(0, _PAGE):
        page = DBOS.list_workflows(
            executor_id=_home.executor_id,
            status=["SUCCESS", "ERROR", "CANCELLED"],
            limit=_PAGE,
            offset=first,
            load_input=False,
            load_output=False,
            **chosen,  # type: ignore[arg-type]
        )
        yield from (flow.workflow_id for flow in page)
        if len(page) < _PAGE:
            return


class Stop:
    """Asked for once, lets the steps in hand end and starts no other; their flows go on at the next start."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._in_hand: list[Callable[[], None]] = []
        self._changed = threading.Condition()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    @contextmanager
    def step(self, on_stop: Callable[[], None]) -> Iterator[None]:
        """Around each step: counts it, and holds it back for good once a stop was asked for.

        `on_stop` is called when a stop is asked for while the step is in hand, for it may be broken off.
        """
        with self._changed:
            is_held_back = self.is_asked
            if not is_held_back:
                self._in_hand.append(on_stop)
        if is_held_back:
            threading.Event().wait()
        try:
            yield
        finally:
            with self._changed:
                self._in_hand.remove(on_stop)
                self._changed.notify_all()

    def ask(self) -> None:
        with self._changed:
            self._asked.set()
            for on_stop in self._in_hand:
                with suppress(OSError):
                    on_stop()

    def wait(self, seconds: float) -> bool:
        """Wait until no step is in hand; False when some still are after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_hand, timeout=seconds)
