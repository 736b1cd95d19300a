"""kill -9 at any change of state of a cycle with fifty tasks: after a restart each was handed over exactly once."""

import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.journeys.forks import ForkServer
from tests.journeys.world import World, new_world

from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.engine import open_engine
from music_sync.model.task import Draft

TASKS = 50
SEED = 20261123
POINTS = 48
SHORT_FORM = 12
AGENTS = ("Claude Code", "Cursor MM1", "Claude MM1", "")
CYCLE = ("run", "--once", "--no-music-sync", "--json")


@pytest.fixture(scope="module")
def board_of_fifty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose board holds fifty ready tasks, to be copied."""
    home = tmp_path_factory.mktemp("fifty") / "home"
    engine = open_engine(home / "var/state.db")
    board = SqlBoard(engine)
    for number in range(TASKS):
        board.add(Draft(f"Task {number}", assigned_agent=AGENTS[number % len(AGENTS)]))
    engine.dispose()
    return home


def fifty(folder: Path, home: Path) -> World:
    world = new_world(folder)
    shutil.copytree(home, world.home)
    return world


@pytest.fixture(scope="module")
def changes(forks: ForkServer, board_of_fifty: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many changes of state a whole cycle makes."""
    world = fifty(tmp_path_factory.mktemp("whole"), board_of_fifty)
    code, changes, printed = forks.run(world, *CYCLE)

    assert code == 0, printed
    must_be_whole(world)
    assert changes > 4 * TASKS
    return changes


def must_be_whole(world: World) -> None:
    """Fifty files over all boxes, each task once; ledger, board and folders agree; nothing half is left."""
    files = [path for path in world.home.rglob("*__HANDOFF__*") if path.is_file()]
    named = Counter(path.name.removesuffix(".json").rpartition("__")[2] for path in files)
    with closing(sqlite3.connect(world.home / "var/state.db")) as database:
        ids = [row[0] for row in database.execute("SELECT task_id FROM board_tasks")]
        handoffs = list(database.execute("SELECT task_id, path, state, told FROM handoffs"))
        board = list(database.execute("SELECT task_id, status, delivered_path FROM board_tasks"))

    assert named == Counter(ids)
    assert len(ids) == TASKS
    assert sorted((task_id, path) for task_id, path, _, _ in handoffs) == sorted(
        (path.name.removesuffix(".json").rpartition("__")[2], str(path)) for path in files
    )
    assert {(state, told) for _, _, state, told in handoffs} == {("delivered", 1)}
    assert sorted((task_id, path) for task_id, _, path in board) == sorted((row[0], row[1]) for row in handoffs)
    assert {status for _, status, _ in board} == {"In Progress"}
    assert all(path.parent.name == "01_inbox" for path in files)


def seeded_points(count: int) -> list[float]:
    chance = random.Random(SEED)
    return [round(chance.random(), 4) for _ in range(count)]


@pytest.mark.parametrize(
    "share",
    [
        pytest.param(share, marks=() if number < SHORT_FORM else pytest.mark.slow)
        for number, share in enumerate(seeded_points(POINTS))
    ],
)
def test_f69_a_kill_at_any_change_of_state_delivers_each_task_once(
    forks: ForkServer, changes: int, board_of_fifty: Path, tmp_path: Path, share: float
) -> None:
    world = fifty(tmp_path, board_of_fifty)
    code, _, printed = forks.run(world, *CYCLE, change=1 + int(share * changes))
    assert code == -9, printed
    for _ in range(2):
        code, _, printed = forks.run(world, *CYCLE)
        assert code == 0, printed

    must_be_whole(world)


def test_f69_many_kills_one_after_the_other_deliver_each_task_once(
    forks: ForkServer, changes: int, board_of_fifty: Path, tmp_path: Path
) -> None:
    world = fifty(tmp_path, board_of_fifty)
    chance = random.Random(SEED)
    for _ in range(12):
        forks.run(world, *CYCLE, change=chance.randrange(1, changes // 2))
    for _ in range(2):
        code, _, printed = forks.run(world, *CYCLE)
        assert code == 0, printed

    must_be_whole(world)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_f69_a_kill_while_answers_are_collected_loses_and_doubles_none(
    forks: ForkServer, board_of_fifty: Path, tmp_path: Path, share: float
) -> None:
    world = answered(forks, tmp_path / "trial", board_of_fifty)
    _, changes, _ = forks.run(world, *CYCLE)
    world = answered(forks, tmp_path / "killed", board_of_fifty)
    code, _, _ = forks.run(world, *CYCLE, change=1 + int(share * changes))
    assert code == -9
    for _ in range(12):
        code, _, printed = forks.run(world, *CYCLE)
        assert code == 0, printed

    with closing(sqlite3.connect(world.home / "var/state.db")) as database:
        statuses = Counter(database.execute("SELECT status, review_of != '' FROM board_tasks"))
        results = Counter(
            row[0] for row in database.execute("SELECT result FROM board_tasks WHERE status = 'Complete'")
        )
    assert statuses == Counter({("Complete", 0): 25, ("Failed", 0): 25, ("In Progress", 1): 25})
    assert sum(results.values()) == 25
    assert all(words.count("processed by") == 1 for words in results)


def answered(forks: ForkServer, folder: Path, home: Path) -> World:
    """Fifty tasks that were handed over, and whose agents have moved every file: half done, half failed."""
    folder.mkdir()
    world = fifty(folder, home)
    forks.run(world, *CYCLE)
    files = sorted(world.home.rglob("*__HANDOFF__*"), key=lambda path: path.name.rpartition("__")[2])
    for number, path in enumerate(files):
        box = path.parent.parent / ("02_processed" if number % 2 else "03_failed")
        box.mkdir(exist_ok=True)
        path.rename(box / path.name)
    return world
