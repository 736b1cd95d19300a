"""`inbox`: an agent's side of a hand-off, through the command line."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import World


@pytest.fixture
def handed_over(warm: Warm, world: World) -> list[str]:
    """Ids of three tasks that lie in the inbox of Claude Code."""
    ids = []
    for title in ("First", "Second", "Third"):
        done = warm.run(world, "tasks", "add", title, "--agent", "Claude Code", "--json")
        ids.append(str(done.json["task_id"]))
    assert warm.run(world, "run", "--once", "--no-music-sync").code == 0
    return ids


def waiting(warm: Warm, world: World, *more: str) -> dict[str, str]:
    """Task id -> box."""
    done = warm.run(world, "inbox", "list", "--agent", "Claude Code", "--json", *more)
    lines = [json.loads(line) for line in done.out.splitlines()]
    return {line["handoff"]["task_id"]: line["box"] for line in lines}


def on_board(warm: Warm, world: World, task_id: str) -> tuple[str, str]:
    warm.run(world, "run", "--once", "--no-music-sync")
    task = warm.run(world, "tasks", "show", task_id, "--json").json
    return task["status"], task["result"]


def test_p57_an_agent_lists_claims_and_answers_without_moving_files(
    warm: Warm, world: World, handed_over: list[str]
) -> None:
    first, second, third = handed_over
    assert waiting(warm, world) == dict.fromkeys(handed_over, "inbox")

    claimed = warm.run(world, "inbox", "claim", "--agent", "claude-code", first[:8], "--json").json
    assert (claimed["box"], claimed["handoff"]["task_id"]) == ("claimed", first)
    assert warm.run(world, "inbox", "done", "--agent", "Claude Code Agent", first, "--result", "all\nof it").code == 0
    assert warm.run(world, "inbox", "fail", "--agent", "Claude Code", second, "--result", "no way").code == 0

    assert waiting(warm, world) == {third: "inbox"}
    assert on_board(warm, world, first) == ("Complete", "work completed: all\nwork completed: of it")
    assert on_board(warm, world, second) == ("Failed", "issues found: no way")
    assert on_board(warm, world, third)[0] == "In Progress"
    assert waiting(warm, world, "--all") == {first: "processed", second: "failed", third: "inbox"}


def test_a_file_or_its_path_names_a_handoff_too(warm: Warm, world: World, handed_over: list[str]) -> None:
    (file,) = (world.home / "agents/Claude-Code/01_inbox").glob(f"*{handed_over[0]}.json")

    assert warm.run(world, "inbox", "claim", "--agent", "Claude Code", file.name).code == 0
    assert warm.run(world, "inbox", "done", "--agent", "Claude Code", str(file)).code == 0
    assert on_board(warm, world, handed_over[0]) == ("Complete", "processed by Claude Code")


def test_claim_takes_one_that_waits_until_none_does(warm: Warm, world: World, handed_over: list[str]) -> None:
    taken = [warm.run(world, "inbox", "claim", "--agent", "Claude Code", "--json") for _ in range(4)]

    assert sorted(each.json["handoff"]["task_id"] for each in taken[:3]) == sorted(handed_over)
    assert (taken[3].code, taken[3].out) == (0, "")


def test_p59_an_unknown_agent_is_refused_with_the_known_names(warm: Warm, world: World) -> None:
    for verb in (["list"], ["claim"], ["done", "x"], ["fail", "x"]):
        done = warm.run(world, "inbox", *verb, "--agent", "Nobody")

        assert done.code == 2
        assert "known are Claude MM1, " in done.sentence


@pytest.mark.parametrize("which", ["nothing.json", "ffffffff", "a", "", "../../etc/passwd"])
def test_what_does_not_wait_cannot_be_answered(warm: Warm, world: World, handed_over: list[str], which: str) -> None:
    done = warm.run(world, "inbox", "done", "--agent", "Claude Code", which)

    assert done.code == 2
    assert "inbox list" in done.sentence
    assert waiting(warm, world) == dict.fromkeys(handed_over, "inbox")


def test_a_result_comes_from_standard_input_too(warm: Warm, world: World, handed_over: list[str]) -> None:
    command = [sys.executable, "-m", "music_sync", "inbox", "done", "--agent", "Claude Code", handed_over[0]]
    piped = subprocess.run([*command, "--result-file", "-"], input="très bien 🎛️\n".encode(), env=world.env, check=False)

    assert piped.returncode == 0
    assert on_board(warm, world, handed_over[0]) == ("Complete", "work completed: très bien 🎛️")


def test_a_result_is_said_once(warm: Warm, world: World, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("x")
    done = warm.run(
        world, "inbox", "done", "--agent", "Claude Code", "x", "--result", "y", "--result-file", str(tmp_path / "r.txt")
    )

    assert done.code == 2


def test_f54_two_agents_of_one_name_never_claim_the_same(warm: Warm, world: World) -> None:
    inbox = world.home / "agents/Claude-Code/01_inbox"
    inbox.mkdir(parents=True)
    for number in range(10):
        (inbox / f"{number}.json").write_text(f'{{"task_id": "{number}"}}')
    started = [warm.start(world, "inbox", "claim", "--agent", "Claude Code", "--json") for _ in range(12)]
    claims = [each.ended() for each in started]

    names = Counter(each.json["name"] for each in claims if each.out)
    assert names == Counter(f"{number}.json" for number in range(10))
    assert {each.code for each in claims} == {0}
