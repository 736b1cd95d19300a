"""Tasks as a person and a script handle them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.journeys.warm import Warm
from tests.journeys.world import World

from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.engine import in_write, open_engine
from music_sync.adapters.sql.ledger import SqlLedger
from music_sync.adapters.sql.tables import board_tasks
from music_sync.adapters.wake_pipe import WakePipe
from music_sync.model.task import Change, Draft, Handoff


@pytest.fixture
def state(world: World) -> Iterator[sa.Engine]:
    """The home's database, as another process has it open."""
    engine = open_engine(world.home / "var" / "state.db")
    yield engine
    engine.dispose()


def listed(warm: Warm, world: World, *options: str) -> list[str]:
    """The titles a list shows, in its order."""
    done = warm.run(world, "tasks", "list", *options)
    assert done.code == 0, done.err
    # Id, status in twelve places, title, and what is said of it in brackets.
    return [line[24:].partition("  [")[0] for line in done.out.splitlines() if line[:8].isalnum()]


def added(warm: Warm, world: World, *words: str) -> Any:
    done = warm.run(world, "tasks", "add", *words, "--json")
    assert done.code == 0, done.err
    return done.json


def test_looking_at_the_board_of_a_new_home_makes_nothing(warm: Warm, world: World) -> None:
    done = warm.run(world, "tasks", "list")

    assert (done.code, done.out) == (0, "no open tasks; `music-sync tasks add TITLE` makes one\n")
    assert not world.home.exists()


def test_a_task_is_added_with_all_that_was_said(warm: Warm, world: World) -> None:
    first = added(warm, world, "First")
    file = world.music / "what.md"
    file.write_text("Do it.\n\nÀ fond 🎛️\n", encoding="utf-8")
    words = ("--priority", "critical", "--agent", "cursor mm1 agent", "--type", "Validation", "--criteria", "It runs")
    task = added(
        warm,
        world,
        "Second  thing",
        *words,
        "--next",
        "Start",
        "--description-file",
        str(file),
        "--after",
        first["task_id"][:6],
    )
    shown = warm.run(world, "tasks", "show", task["task_id"][:8], "--json").json

    assert (task["title"], task["status"], task["priority"]) == ("Second thing", "Ready", "Critical")
    assert (task["assigned_agent"], task["task_type"]) == ("Cursor MM1", "Validation")
    assert (task["success_criteria"], task["next_step"]) == ("It runs", "Start")
    assert task["description"] == "Do it.\n\nÀ fond 🎛️"
    assert task["prerequisites"] == [first["task_id"]]
    assert {key: shown[key] for key in task} == task
    assert (shown["handoffs"], shown["triggered_revision"]) == ([], "")


def test_a_description_comes_from_the_input(world: World) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "music_sync", "tasks", "add", "Piped", "--description-file", "-"],
        env=world.env,
        input="from the pipe\n",
        capture_output=True,
        text=True,
        check=True,
    )

    shown = world.json("tasks", "show", done.stdout.split()[1])

    assert shown["description"] == "from the pipe"


def test_the_list_is_in_the_order_of_handing_over(warm: Warm, world: World, state: sa.Engine) -> None:
    board = SqlBoard(state)
    for title, priority in (("low", "Low"), ("unsaid", ""), ("old high", "High"), ("critical", "Critical")):
        board.add(Draft(title, priority=priority))
    board.add(Draft("new high", priority="High"))

    assert listed(warm, world) == ["critical", "old high", "new high", "low", "unsaid"]


def test_closed_and_archived_tasks_are_listed_with_all_only(warm: Warm, world: World, state: sa.Engine) -> None:
    board = SqlBoard(state)
    for title, status in (("ready", "Ready"), ("done", "Complete"), ("blocked", "Blocked"), ("gone", "Archived")):
        board.update(board.add(Draft(title)).task_id, Change(status=status))

    assert listed(warm, world) == ["ready", "blocked"]
    assert listed(warm, world, "--all") == ["ready", "done", "blocked", "gone"]
    assert listed(warm, world, "--status", "complete") == ["done"]
    assert listed(warm, world, "--status", "archived", "--all") == ["gone"]


def test_a_status_that_no_task_has_names_those_there_are(warm: Warm, world: World, state: sa.Engine) -> None:
    SqlBoard(state).add(Draft("It"))

    done = warm.run(world, "tasks", "list", "--status", "Redy")

    assert done.out == "no task is Redy; the statuses on the board: Ready\n"


def test_a_list_for_scripts_is_one_object_a_line(warm: Warm, world: World, state: sa.Engine) -> None:
    board = SqlBoard(state)
    first = board.add(Draft("First\nline"))
    board.add(Draft("Second", prerequisites=(first.task_id,)))

    lines = warm.run(world, "tasks", "list", "--json").out.splitlines()

    assert [json.loads(line)["title"] for line in lines] == ["First\nline", "Second"]
    assert [json.loads(line)["waits_for"] for line in lines] == [[], [first.task_id]]


def test_a_task_that_waits_for_another_says_so_until_that_is_done(warm: Warm, world: World) -> None:
    first = added(warm, world, "First")["task_id"]
    added(warm, world, "Second", "--after", first)
    before = warm.run(world, "tasks", "list").out
    warm.run(world, "tasks", "done", first)
    after = warm.run(world, "tasks", "list").out

    assert f"Second  [after {first[:8]}]" in before
    assert "after" not in after


def test_a_task_goes_from_ready_to_blocked_to_ready_to_done(warm: Warm, world: World) -> None:
    task_id = added(warm, world, "It")["task_id"]
    seen = []
    for words in (("block", "--reason", "no drive"), ("ready",), ("done", "--result", "all fine"), ("ready",)):
        done = warm.run(world, "tasks", words[0], task_id[:10], *words[1:])
        task = warm.run(world, "tasks", "show", task_id, "--json").json
        assert done.code == 0, done.err
        seen.append((task["status"], task["blocking_reason"], task["blocked"], task["result"]))

    assert seen == [
        ("Blocked", "no drive", True, ""),
        ("Ready", "", False, ""),
        ("Complete", "", False, "all fine"),
        ("Ready", "", False, "all fine"),
    ]


@pytest.mark.parametrize("words", [("add", "It"), ("done", "ID"), ("block", "ID", "--reason", "x"), ("ready", "ID")])
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_dry_run_changes_nothing(
    warm: Warm, world: World, state: sa.Engine, words: tuple[str, ...], place: str
) -> None:
    task = SqlBoard(state).add(Draft("It"))
    words = tuple(task.task_id if word == "ID" else word for word in words)
    typed = ("-n", "tasks", *words) if place == "before" else ("tasks", *words, "-n")
    done = warm.run(world, *typed)

    assert done.code == 0, done.err
    assert done.out.startswith("would ")
    assert list(SqlBoard(state).tasks()) == [task]


def test_a_dry_run_in_a_new_home_makes_nothing(warm: Warm, world: World) -> None:
    done = warm.run(world, "tasks", "add", "It", "-n")

    assert done.out.startswith("would add It\n")
    assert not world.home.exists()


def test_adding_and_changing_wakes_the_waiting_orchestrator(warm: Warm, world: World) -> None:
    pipe = WakePipe(world.home / "var" / "wake")
    woken = []
    done = warm.run(world, "tasks", "add", "It")
    woken.append(pipe.wait(0))
    task_id = done.out.split()[1]
    for words in (("block", task_id, "--reason", "x"), ("ready", task_id), ("done", task_id), ("list",)):
        warm.run(world, "tasks", *words)
        woken.append(pipe.wait(0))
    warm.run(world, "tasks", "add", "It", "-n")
    woken.append(pipe.wait(0))
    pipe.close()

    assert woken == [True, True, True, True, False, False]
    assert done.out.endswith("the waiting orchestrator takes it up now\n")


def test_a_pipe_that_cannot_be_used_does_not_undo_the_task(warm: Warm, world: World) -> None:
    (world.home / "var" / "wake").mkdir(parents=True)
    done = warm.run(world, "tasks", "add", "It")

    assert done.code == 0
    assert listed(warm, world) == ["It"]


# Naming a task


def with_ids(state: sa.Engine, *ids: str) -> None:
    """Tasks of these ids, each titled by its last digit."""
    board = SqlBoard(state)
    for task_id in ids:
        task = board.add(Draft(f"Task {task_id[-1]}"))
        with in_write(state).begin() as connection:
            which = board_tasks.c.task_id == task.task_id
            connection.execute(sa.update(board_tasks).where(which).values(task_id=task_id))


ONE, OTHER = "abcd1234" + "0" * 23 + "1", "abcd1234" + "0" * 23 + "2"


@pytest.mark.parametrize("typed", ["abcd", "abcd1234", "ABCD1234", "abcd1234-0000"])
def test_digits_that_two_tasks_share_name_the_candidates(
    warm: Warm, world: World, state: sa.Engine, typed: str
) -> None:
    with_ids(state, ONE, OTHER)
    done = warm.run(world, "tasks", "done", typed)

    assert done.code == 2
    assert f"{ONE} (Task 1), {OTHER} (Task 2); give more digits" in done.sentence
    assert {task.status for task in SqlBoard(state).tasks()} == {"Ready"}


@pytest.mark.parametrize("typed", [ONE, "beef", "BEEF", f"{ONE[:8]}-{ONE[8:]}"])
def test_a_task_is_named_by_its_id_or_digits_that_only_it_begins_with(
    warm: Warm, world: World, state: sa.Engine, typed: str
) -> None:
    with_ids(state, ONE, OTHER, "beef" + "0" * 27 + "3")
    done = warm.run(world, "tasks", "show", typed, "--json")

    assert done.json["title"] == ("Task 3" if typed.casefold() == "beef" else "Task 1")


def test_the_list_shows_as_many_digits_as_tell_tasks_apart(warm: Warm, world: World, state: sa.Engine) -> None:
    with_ids(state, "abcd12340" + "0" * 23, "abcd12341" + "0" * 23)

    assert {line.split()[0] for line in warm.run(world, "tasks", "list").out.splitlines()} == {"abcd12340", "abcd12341"}


def test_ten_candidates_are_told_in_one_short_sentence(warm: Warm, world: World, state: sa.Engine) -> None:
    with_ids(state, *(f"abcd{number:028x}" for number in range(10)))

    done = warm.run(world, "tasks", "show", "abcd")

    assert "and 5 more" in done.sentence


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["show", "dead"], "no task on the board is dead"),
        (["done", "f" * 32], "no task on the board is ffff"),
        (["ready", "abc"], "give 4 digits"),
        (["block", "dead", "--reason", "x"], "no task on the board is dead"),
        (["block", "abcd1234", "--reason", " "], "--reason"),
        (["block", "abcd1234"], "--reason"),
        (["show", ""], "give 4 digits"),
        (["show", "%%%%"], "no task on the board is %%%%"),
        (["add"], "TITLE"),
        (["add", " \n "], "TITLE"),
        (["add", "It", "--priority", "urgent"], "urgent"),
        (["add", "It", "--agent", "Bob"], "known are Claude MM1"),
        (["add", "It", "--after", "dead"], "no task on the board is dead"),
        (["add", "It", "--description-file", "/no/such"], "/no/such"),
        (["add", "It", "--description-file", "/"], "directory"),
        (["add", "It", "--description-file", "/dev/zero"], "larger than 1,000,000 bytes"),
        (["add", "It", "--description", "a", "--description-file", "/dev/null"], "give one of them"),
    ],
)
def test_what_is_typed_wrongly_is_a_clear_sentence_and_exit_2(
    warm: Warm, world: World, typed: list[str], words: str
) -> None:
    done = warm.run(world, "tasks", *typed)

    assert done.code == 2
    assert words in done.sentence
    assert not world.home.exists()


def test_a_description_that_is_no_text_is_refused(warm: Warm, world: World) -> None:
    file = world.music / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff\xe0")

    done = warm.run(world, "tasks", "add", "It", "--description-file", str(file))

    assert (done.code, "no UTF-8 text" in done.sentence) == (2, True)


# Showing a task


def test_a_task_is_shown_with_its_handoffs_and_what_it_started(warm: Warm, world: World, state: sa.Engine) -> None:
    task = SqlBoard(state).add(Draft("Sync it", description="one\ntwo"))
    ledger = SqlLedger(state)
    first = Handoff(
        task.task_id, task.content_key, "Claude Code", "assigned on the board", "a.json", "/in/a.json",
        "failed", told=True, delivered_at="2026-01-09T10:00:00Z", ended_at="2026-01-09T11:00:00Z", result="no key",
    )  # fmt: skip
    second = Handoff(
        task.task_id, f"{task.content_key}-2", "Claude Code", "assigned on the board", "b.json", "/in/b.json",
        "delivered", told=True, delivered_at="2026-01-10T10:00:00Z",
    )  # fmt: skip
    ledger.record_all([first, second])
    ledger.trigger(task.task_id, task.content_key)
    shape = warm.run(world, "tasks", "show", task.task_id, "--json").json
    text = warm.run(world, "tasks", "show", task.task_id).out

    assert shape["handoffs"] == [vars(first), vars(second)]
    assert shape["triggered_revision"] == shape["revision"] == task.content_key
    assert "description one\n            two\n" in text
    assert "failed 2026-01-09T11:00:00Z Claude Code (assigned on the board)\n            /in/a.json\n" in text
    assert "            no key\n" in text
    assert "sync        started one\n" in text


def test_control_characters_of_a_task_do_not_reach_the_terminal(warm: Warm, world: World, state: sa.Engine) -> None:
    board = SqlBoard(state)
    evil = "x\x1b[2J\u202ey\x07"
    task = board.add(Draft(evil, description=evil, assigned_agent=evil, priority=evil))
    board.update(task.task_id, Change(status="Blocked", blocking_reason=evil, result=evil))
    said = [
        warm.run(world, "tasks", *words).out for words in (("list",), ("show", task.task_id), ("done", task.task_id))
    ]

    assert not {"\x1b", "\u202e", "\x07"} & set("".join(said))
    assert all(f"x{chr(0xFFFD)}[2J" in text for text in said)


def test_a_damaged_board_is_an_error_and_not_an_empty_list(warm: Warm, world: World) -> None:
    file: Path = world.home / "var" / "state.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(os.urandom(4096))
    done = warm.run(world, "tasks", "list")

    assert (done.code, done.out) == (7, "")
    assert "restore it from a backup" in done.sentence
