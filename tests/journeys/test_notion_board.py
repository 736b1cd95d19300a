"""The orchestrator on a board on Notion, run as a user runs it against the loopback Notion."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journeys.world import World, new_world, offer
from tests.notion import OnNotion, on_notion


@pytest.fixture
def notion() -> Iterator[OnNotion]:
    with on_notion() as there:
        yield there


@pytest.fixture
def world(tmp_path: Path, notion: OnNotion) -> World:
    world = new_world(
        tmp_path,
        NOTION_TOKEN=notion.server.token,
        AGENT_TASKS_DB_ID=notion.ids.database_id,
        MUSIC_SYNC_NOTION_URL=notion.server.url,
    )
    return replace(world, more=(*world.more, ("MUSIC_SYNC_DROP", str(world.music))))


def handed_over(world: World) -> list[Path]:
    return sorted((world.home / "agents").rglob("*__HANDOFF__*.json"))


def test_a_music_task_on_notion_starts_a_sync_and_reaches_its_agent(world: World, notion: OnNotion) -> None:
    """P3, P7, P15, P18: whole words, every task, evidence on the task."""
    offer(world, 0, "flac")
    music = notion.add("Sync my Spotify likes", Assigned_Agent=[notion.ids.agents["Claude Code"]])
    other = notion.add("DriveSheetsSync upkeep", Assigned_Agent=[notion.ids.agents["Cursor MM1"]])

    first = world.json("run", "--once")
    again = world.json("run", "--once")

    assert (first["result"], first["counts"]["new"]) == ("done", 1)
    assert (first["tasks"]["picked"], first["tasks"]["delivered"]) == (2, 2)
    assert (again["result"], again["tasks"]["delivered"]) == ("nothing_new", 0)
    files = handed_over(world)
    assert {path.parts[-3] for path in files} == {"Claude-Code", "Cursor-MM1"}
    by_id = {json.loads(path.read_text())["task_id"]: json.loads(path.read_text()) for path in files}
    assert by_id[music]["workflow_type"] == "music_track_sync"
    assert "workflow_type" not in by_id[other]
    task = notion.board.task(music)
    assert task
    assert task.status == "In Progress"
    assert "1 new" in task.result


def test_an_answer_in_the_folders_comes_back_to_notion(world: World, notion: OnNotion) -> None:
    """P57, P61: moving the file is answer enough."""
    task_id = notion.add("Write the tests", Assigned_Agent=[notion.ids.agents["Claude Code"]])
    world.json("run", "--once", "--no-music-sync")
    (file,) = handed_over(world)
    done = file.parent.parent / "02_processed"
    done.mkdir()
    file.rename(done / file.name)

    collected = world.json("run", "--once", "--no-music-sync")

    assert collected["tasks"]["collected"] == 1
    task = notion.board.task(task_id)
    assert task
    assert task.status in {"Complete", "Completed"}


def test_a_wrong_token_needs_a_person_and_is_not_printed(world: World, notion: OnNotion) -> None:
    secret = "ntn_obviously_fake_and_wrong"
    wrong = replace(world, more=(*world.more, ("NOTION_TOKEN", secret)))

    done = wrong.run("run", "--once", "--json")

    assert done.returncode == 4
    assert json.loads(done.stdout)["result"] == "needs_person"
    log = (world.home / "continuous_handoff_orchestrator.log").read_text()
    assert "NOTION_TOKEN" in log + done.stderr
    assert secret not in done.stdout + done.stderr + log
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_shared_is_named(world: World) -> None:
    """P13"""
    gone = replace(world, more=(*world.more, ("AGENT_TASKS_DB_ID", "00000000000000000000000000000000")))

    done = gone.run("run", "--once", "--json")

    assert done.returncode == 4
    assert "AGENT_TASKS_DB_ID" in (world.home / "continuous_handoff_orchestrator.log").read_text() + done.stderr


def test_a_board_that_is_away_is_an_error_and_music_goes_on(world: World) -> None:
    """P5: never "no tasks"."""
    offer(world, 0, "flac")
    away = replace(world, more=(*world.more, ("MUSIC_SYNC_NOTION_URL", "http://127.0.0.1:9")))

    done = away.run("run", "--once", "--json")

    assert done.returncode == 6
    shape = json.loads(done.stdout)
    assert shape["result"] == "unavailable"
    assert shape["counts"]["new"] == 1


def test_half_a_setting_is_refused(world: World) -> None:
    half = replace(world, more=tuple(pair for pair in world.more if pair[0] != "NOTION_TOKEN"))

    done = half.run("run", "--once")

    assert done.returncode == 2
    assert "NOTION_TOKEN is missing" in done.stderr
