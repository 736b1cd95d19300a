"""The durable engine: configured once a process, so that the flows only tell their story."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID

APPLICATION_VERSION = "1"
"""Pinned by hand: flows that were started by this version go on after an update. Raise it only when all have ended."""

TRACKS_QUEUE = "tracks"
KEEP_FINISHED = timedelta(days=7)
UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]

_POLLING_S = 0.1


@dataclass(frozen=True)
class Store:
    """Where the engine keeps its steps: an SQLite engine of our own, or a Postgres address."""

    engine: sa.Engine | None = None
    url: str | None = None


@contextmanager
def running(store: Store, executor_id: str, workers: int) -> Iterator[None]:
    """Launch the engine, which at once takes up what this executor left unfinished; shut it down afterwards."""
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
    DBOS(config=config)
    try:
        DBOS.launch()
        DBOS.register_queue(
            TRACKS_QUEUE, worker_concurrency=workers, polling_interval_sec=_POLLING_S, on_conflict="always_update"
        )
        yield
    finally:
        DBOS.destroy()


def start(flow_id: str, flow: Callable[..., Any], *args: object) -> None:
    """Start a flow in this process under its natural key; starting it again is free."""
    with SetWorkflowID(flow_id):
        DBOS.start_workflow(flow, *args)


def enqueue(flow_id: str, flow: Callable[..., Any], *args: object) -> None:
    """Put a flow on the tracks' queue under its natural key; again is free."""
    with SetWorkflowID(flow_id):
        DBOS.enqueue_workflow(TRACKS_QUEUE, flow, *args)


def result(flow_id: str) -> Any:
    """Wait for a flow's result; raises what it raised."""
    return DBOS.retrieve_workflow(flow_id).get_result(polling_interval_sec=_POLLING_S)


def unfinished(name: str) -> Sequence[tuple[str, tuple[Any, ...]]]:
    """Ids and arguments of the flows of this name that have not ended."""
    flows = DBOS.list_workflows(name=name, status=UNFINISHED, load_output=False)
    return [(flow.workflow_id, tuple(flow.input["args"]) if flow.input else ()) for flow in flows]


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
            DBOS.fork_workflow(flow_id, from_step, queue_name=TRACKS_QUEUE, application_version=APPLICATION_VERSION)


def first_argument(flow_id: str) -> Any:
    """What a flow was started with, or None when it is forgotten."""
    flows = DBOS.list_workflows(workflow_ids=[flow_id], load_output=False)
    return flows[0].input["args"][0] if flows and flows[0].input else None


def purge(now: datetime, keep: Collection[str]) -> None:
    """Forget flows that ended long ago; the catalogue's attempts keep guarding against repeats."""
    before = (now.astimezone(UTC) - KEEP_FINISHED).isoformat()
    ended = ["SUCCESS", "ERROR", "CANCELLED"]
    old = DBOS.list_workflows(status=ended, completed_before=before, limit=1000, load_input=False, load_output=False)
    forgotten = [flow.workflow_id for flow in old if flow.workflow_id not in keep]
    if forgotten:
        DBOS.delete_workflows(forgotten)


class Stop:
    """Asked for once, lets the steps in hand end and starts no other; their flows go on at the next start."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._in_hand = 0
        self._changed = threading.Condition()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Around each step: counts it, and holds it back for good once a stop was asked for."""
        if self.is_asked:
            threading.Event().wait()
        with self._changed:
            self._in_hand += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_hand -= 1
                self._changed.notify_all()

    def ask(self) -> None:
        self._asked.set()

    def wait(self, seconds: float) -> bool:
        """Wait until no step is in hand; False when some still are after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._in_hand == 0, timeout=seconds)
