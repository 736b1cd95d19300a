"""What the embedded board does beyond the contract: many processes, many tasks, text of any kind, archived tasks."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql import board as board_file
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.ledger import SqlLedger
from music_sync.adapters.sql.tables import board_tasks, handoffs, task_triggers
from music_sync.model.errors import EnvironmentFault
from music_sync.model.task import Change, Draft, Handoff

WORKERS = 4

# Waits for its line of input, so that all begin together; says what it was given.
ADDS_A_REVIEW = """
import sys
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.engine import open_engine
from music_sync.model.task import Draft

board = SqlBoard(open_engine(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(board.add(Draft("Review: it", review_of=sys.argv[2])).task_id)
"""


def test_the_review_that_several_processes_add_at_once_is_one(engine: sa.Engine, address: str) -> None:
    board = SqlBoard(engine)
    done = board.add(Draft("It"))
    command = [sys.executable, "-c", ADDS_A_REVIEW, address, done.task_id]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(WORKERS)]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    given = {process.communicate(timeout=60)[0] for process in started}

    assert len(given) == 1
    assert len(list(board.tasks())) == 2


def test_of_many_who_claim_a_task_one_gets_it(engine: sa.Engine) -> None:
    board = SqlBoard(engine)
    task = board.add(Draft("It"))

    def claim(number: int) -> bool:
        change = Change(status="In Progress", result=str(number))
        return not board.update(task.task_id, change, if_status="Ready").refused

    with ThreadPoolExecutor(WORKERS) as threads:
        won = [number for number, is_mine in enumerate(threads.map(claim, range(20))) if is_mine]

    stored = board.task(task.task_id)
    assert stored is not None
    assert [stored.result] == [str(number) for number in won]


def test_every_task_of_several_pages_is_there_in_order(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_file, "PAGE", 3)
    board = SqlBoard(engine)
    added = [board.add(Draft(f"Task {number}")).task_id for number in range(9)]

    assert [task.task_id for task in board.tasks()] == added


def test_a_task_may_be_written_on_while_the_tasks_are_read(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_file, "PAGE", 2)
    board = SqlBoard(engine)
    added = [board.add(Draft(f"Task {number}")).task_id for number in range(6)]
    read = []
    for task in board.tasks():
        board.update(task.task_id, Change(status="Complete"))
        read.append(task.task_id)

    assert read == added
    assert {task.status for task in board.tasks()} == {"Complete"}


def test_an_archived_task_is_read_only_when_asked_for(engine: sa.Engine) -> None:
    board = SqlBoard(engine)
    kept, gone = board.add(Draft("Kept")), board.add(Draft("Gone"))
    board.update(gone.task_id, Change(status="Archived"))

    archived = board.task(gone.task_id)

    assert [task.task_id for task in board.tasks()] == [kept.task_id]
    assert [task.task_id for task in board.tasks(archived=True)] == [kept.task_id, gone.task_id]
    assert archived is not None
    assert archived.archived
    assert not archived.is_open


def test_an_id_is_thirty_two_hex_digits(engine: sa.Engine) -> None:
    added = SqlBoard(engine).add(Draft("It"))

    assert len(added.task_id) == 32
    assert set(added.task_id) <= set("0123456789abcdef")


def test_each_write_gives_a_new_time_of_edit(engine: sa.Engine) -> None:
    board = SqlBoard(engine)
    task = board.add(Draft("It"))
    times = [task.edited_at]
    for _ in range(5):
        board.update(task.task_id, Change(result="the same"))
        edited = board.task(task.task_id)
        assert edited is not None
        assert edited.created_at == task.created_at
        times.append(edited.edited_at)

    assert times == sorted(set(times))


def test_times_are_utc_wherever_the_clock_stands(engine: sa.Engine) -> None:
    berlin = timezone(timedelta(hours=2))
    board = SqlBoard(engine, clock=lambda: datetime(2026, 7, 1, 0, 30, tzinfo=berlin))
    ledger = SqlLedger(engine, clock=lambda: datetime(2026, 7, 1, 0, 30, tzinfo=berlin))
    task = board.add(Draft("It"))
    ledger.trigger(task.task_id, "one")
    with engine.connect() as connection:
        triggered_at = connection.scalar(sa.select(task_triggers.c.triggered_at))

    assert datetime.fromisoformat(task.created_at) == datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert (task.created_at[-1], triggered_at) == ("Z", "2026-06-30T22:30:00.000Z")


@pytest.mark.parametrize("text", ["a\0b", "lone \ud800", "'; DROP TABLE board_tasks; --", "🎛️ é\u202e", "x" * 100_000])
def test_any_text_is_stored_and_keeps_its_revision(engine: sa.Engine, text: str) -> None:
    board = SqlBoard(engine)
    added = board.add(Draft(text, description=text, prerequisites=(text,)))
    board.update(added.task_id, Change(result=text))

    stored = board.task(added.task_id)

    assert stored is not None
    assert stored.title.encode()
    assert stored.content_key == added.content_key
    assert stored.result == stored.title


def test_where_a_handoff_lies_is_stored_beside_the_task(engine: sa.Engine) -> None:
    board = SqlBoard(engine)
    task = board.add(Draft("It"))
    board.update(task.task_id, Change(delivered_path="/a/b.json", delivered_at="t", handoff_status="Handoff Delivered"))
    told = (board_tasks.c.delivered_path, board_tasks.c.delivered_at, board_tasks.c.handoff_status)
    with engine.connect() as connection:
        row = connection.execute(sa.select(*told)).one()

    assert tuple(row) == ("/a/b.json", "t", "Handoff Delivered")


def test_a_trigger_told_again_keeps_its_time(engine: sa.Engine) -> None:
    times = iter([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)])
    ledger = SqlLedger(engine, clock=lambda: next(times))
    for revision in ("one", "one", "two"):
        ledger.trigger("a", revision)
        with engine.connect() as connection:
            seen = connection.execute(sa.select(task_triggers.c.revision, task_triggers.c.triggered_at)).one()
        if revision == "one":
            assert tuple(seen) == ("one", "2026-01-01T00:00:00.000Z")

    assert tuple(seen) == ("two", "2026-01-03T00:00:00.000Z")


def test_a_batch_of_hundreds_is_one_transaction(engine: sa.Engine) -> None:
    begun: list[sa.Connection] = []
    sa.event.listen(engine, "begin", begun.append)
    delivery = Handoff("", "one", "Claude Code", "", "", "", "delivering", told=False, delivered_at="")
    SqlLedger(engine).record_all(replace(delivery, task_id=str(n), name=f"{n}.json") for n in range(500))
    with engine.connect() as connection:
        count = connection.scalar(sa.select(sa.func.count()).select_from(handoffs))

    assert count == 500
    assert len(begun) == 2


def test_a_board_whose_database_is_damaged_is_an_error_and_never_an_empty_board(sqlite_engine: sa.Engine) -> None:
    board = SqlBoard(sqlite_engine)
    board.add(Draft("It"))
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE board_tasks")

    with pytest.raises(EnvironmentFault):
        list(board.tasks())
