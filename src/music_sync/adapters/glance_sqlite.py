"""A quick look into the SQLite catalogue for `status`, with the standard library alone.

SQLAlchemy takes longer to import than the answer may take. The tables are those of `adapters.sql.tables`.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from music_sync.model.endings import Reason
from music_sync.model.errors import EnvironmentFault, TryAgainLater
from music_sync.model.listing import Listing
from music_sync.model.ports import Decision

_BUSY_S = 5
MOST_ARRIVALS = 500
"""So many tracks tell how often new ones come."""

_LATEST = """NOT EXISTS (
    SELECT 1 FROM attempts AS later
    WHERE later.source = attempts.source AND later.source_id = attempts.source_id AND later.attempt > attempts.attempt
)"""


@dataclass(frozen=True)
class Parked:
    """A track that waits: for the flow (it is tried again), a person, or nobody."""

    source: str
    source_id: str
    label: str
    """What a person calls it."""
    ending: str
    """review, buy_list or failed."""
    reason: str
    stage: str
    next_actor: str
    cause: str
    attempt: int
    ended_at: str


@dataclass(frozen=True)
class Glance:
    """The catalogue in numbers; all zero before the first sync."""

    recordings: int = 0
    files: int = 0
    endings: Mapping[str, int] = field(default_factory=dict)
    """How many tracks by the ending of their latest attempt; `running` for those that have none yet."""
    parked: tuple[Parked, ...] = ()
    """Newest first."""
    unsent: int = 0
    """Entries of the outbox."""
    decisions: tuple[Decision, ...] = ()
    """The last ones, oldest first."""
    listings: tuple[Listing, ...] = ()
    """Lists at services, by source and name."""
    arrivals: tuple[str, ...] = ()
    """When the latest tracks were met first, ISO 8601 in UTC, newest first."""
    views: tuple["ViewState", ...] = ()
    questions: Mapping[str, int] = field(default_factory=dict)
    """How many wait for an answer, by the service that is asked what a recording is."""


@dataclass(frozen=True)
class ViewState:
    """How a view outside stood after the last round."""

    name: str
    at: str
    waiting: int
    """Rows that the next rounds bring up to date."""
    trouble: str = ""
    """One sentence, when it could not be shown."""


def view_states(facts: Iterable[tuple[str, str]]) -> tuple[ViewState, ...]:
    """Read them out of the facts called `view:NAME:state`."""
    found = []
    for name, value in facts:
        said = json.loads(value)
        found.append(ViewState(name.split(":")[1], said["at"], said["waiting"], said["trouble"]))
    return tuple(found)


def glance(path: Path, *, parked: int = 50, decisions: int = 10) -> Glance:
    """Look into the catalogue at `path` without changing it; at most so many parked tracks and decisions are told.

    A missing file is an empty catalogue. Raises EnvironmentFault when the file is damaged, TryAgainLater when busy.
    """
    if is_absent(path):
        return Glance()
    with reading(path) as connection:
        return _look(connection, parked, decisions)


def is_absent(path: Path) -> bool:
    """Was no catalogue ever made there?"""
    return not path.exists() or not path.stat().st_size


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing and sees one moment; raises as `glance` does."""
    try:
        with closing(_open(path)) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        raise _fault(path, error) from error


def _open(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _look(connection: sqlite3.Connection, parked: int, decisions: int) -> Glance:
    if not _number(connection, "SELECT count(*) FROM sqlite_master WHERE name = 'outbox'"):
        return Glance()
    endings = connection.execute(f"SELECT ending, count(*) FROM attempts WHERE {_LATEST} GROUP BY ending")  # noqa: S608
    return Glance(
        recordings=_number(connection, "SELECT count(*) FROM recordings"),
        files=_number(connection, "SELECT count(*) FROM files"),
        endings=dict(endings),
        parked=_parked(connection, parked),
        unsent=_number(connection, "SELECT count(*) FROM outbox WHERE sent_at = ''"),
        decisions=_decisions(connection, decisions),
        listings=_listings(connection),
        arrivals=_arrivals(connection),
        views=view_states(connection.execute("SELECT name, value FROM facts WHERE name LIKE 'view:%:state'")),
        questions=_questions(connection),
    )


def _number(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])


def _questions(connection: sqlite3.Connection) -> dict[str, int]:
    if not _number(connection, "SELECT count(*) FROM sqlite_master WHERE name = 'enrichments'"):
        return {}
    wanted = """
        SELECT service, count(*) FROM enrichments
        WHERE state = 'waiting' AND recording_id IN (SELECT recording_id FROM recordings) GROUP BY service
    """
    return dict(tuple(row) for row in connection.execute(wanted))


def _listings(connection: sqlite3.Connection) -> tuple[Listing, ...]:
    if not _number(connection, "SELECT count(*) FROM sqlite_master WHERE name = 'listings'"):
        return ()
    wanted = """
        SELECT source, listing, name, mark, entries, reading, goes_on, read_at, looked_at, refused,
            (SELECT count(*) FROM listed WHERE listed.listing_id = listings.listing_id AND gone_at != '') AS gone
        FROM listings ORDER BY source, name, listing
    """
    return tuple(Listing(**dict(row)) for row in connection.execute(wanted))


def _parked(connection: sqlite3.Connection, limit: int) -> tuple[Parked, ...]:
    wanted = f"""
        SELECT source, source_id, label, ending, reason, stage, next_actor, cause, attempt, ended_at FROM attempts
        WHERE ending IN ('review', 'buy_list', 'failed') AND {_LATEST}
        ORDER BY ended_at DESC, attempt_id DESC LIMIT ?
    """  # noqa: S608
    return tuple(Parked(**dict(row)) for row in connection.execute(wanted, (limit,)))


def _arrivals(connection: sqlite3.Connection) -> tuple[str, ...]:
    wanted = "SELECT started_at FROM attempts WHERE attempt = 1 ORDER BY attempt_id DESC LIMIT ?"
    return tuple(row["started_at"] for row in connection.execute(wanted, (MOST_ARRIVALS,)))


def _decisions(connection: sqlite3.Connection, limit: int) -> tuple[Decision, ...]:
    wanted = "SELECT * FROM decisions ORDER BY decision_id DESC LIMIT ?"
    return tuple(_decision(row) for row in reversed(connection.execute(wanted, (limit,)).fetchall()))


def _decision(row: sqlite3.Row) -> Decision:
    reasons = tuple(Reason(*each) for each in json.loads(row["reasons"]))
    return Decision(row["decided_at"], row["key"], row["stage"], row["verdict"], row["recording_id"], reasons)


def _fault(path: Path, error: sqlite3.Error) -> EnvironmentFault | TryAgainLater:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return TryAgainLater(f"{path} is busy; ask again in a moment")
    return EnvironmentFault(f"{path} cannot be read ({error}); restore it from a backup or check its rights")
