"""Names and contents of the files that agents read and write."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from music_sync.model.task import Task
from music_sync.task.handoff_file import MOST_BYTES, content_of, name_of, packed, returned, safe_id
from music_sync.task.route import Routed

AT = datetime(2026, 1, 9, 10, 0, 5, tzinfo=UTC)
TITLES = {
    "": "task",
    "Sync: the “Friday” list…": "Sync-the-Friday-list",
    "a/b\\c": "a-b-c",
    "../../etc/passwd": "etc-passwd",
    "🎛️🎛️": "task",
    "音楽を同期する": "task",
    "مزامنة الموسيقى": "task",
    "Café \u202egnp.exe": "Cafe-gnp-exe",
    "x" * 5000: "x" * 50,
    "\x00\n\t": "task",
    ".hidden": "hidden",
    "\ud800 lone": "lone",
}

CHECKOUT = Path(__file__).parents[2]


def content(task: Task, *, is_music: bool = False) -> dict[str, object]:
    return content_of(task, "abc", Routed("Claude Code", "assigned"), AT, "local", is_music=is_music)


@pytest.mark.parametrize("title", TITLES)
def test_every_title_has_a_safe_name_that_a_drive_takes(title: str, tmp_path: Path) -> None:
    """B43"""
    name = name_of(Task("f" * 32, title), AT)
    (tmp_path / name).write_bytes(packed(content(Task("f" * 32, title))))

    assert name == f"20260109T100005Z__HANDOFF__{TITLES[title]}__{'f' * 32}.json"
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.json", name)
    assert len(name) < 255
    assert json.loads((tmp_path / name).read_text("utf-8"))["task_id"] == "f" * 32


def test_p51_two_ids_never_share_a_name() -> None:
    ids = ["a_b", "a/b", "a b", "a_5f_b", "a-b", "a_2f_b"]

    assert len({safe_id(each) for each in ids}) == len(ids)


def test_a_handoff_holds_the_fields_of_the_original_and_ours() -> None:
    task = Task(
        "f" * 32, "It", description="D", priority="High", next_step="N", success_criteria="S", url="https://n.example/1"
    )

    assert content(task).keys() == {
        *("title", "description", "priority", "target_agent", "source_agent", "task_url", "task_id", "agent_task_id"),
        *("timestamp", "required_action", "success_criteria", "chain_tracking", "archive_rule", "handoff_instructions"),
        *("schema", "revision", "routing_reason"),
    }
    told = content(task)
    assert (told["required_action"], told["success_criteria"], told["schema"], told["revision"]) == ("N", "S", 1, "abc")
    assert told["chain_tracking"] == {
        "agent_task_id": "f" * 32,
        "dedupe_key": f"handoff_local_{'f' * 32}_abc",
        "source": "continuous_handoff_system",
    }
    assert told["timestamp"] == "2026-01-09T10:00:05+00:00"


def test_a_music_task_says_which_workflow_and_script_it_means() -> None:
    told = content(Task("1", "Sync"), is_music=True)

    assert told["workflow_type"] == "music_track_sync"
    assert (CHECKOUT / str(told["execution_script"])).is_file()


def test_p62_texts_that_would_be_too_large_are_cut_with_a_mark() -> None:
    huge = "é\x01" * 1_000_000
    raw = packed(content(Task("1", huge, description=huge, next_step=huge, success_criteria=huge)))

    assert len(raw) <= MOST_BYTES
    assert "cut here" in json.loads(raw)["description"]
    assert len(packed(content(Task("1", "It", description="d" * 300_000)))) > 300_000


@pytest.mark.parametrize(
    ("file", "task_id", "name", "status", "summary"),
    [
        ({}, "", "", "", ""),
        ({"original_task": "x", "execution_summary": 7}, "", "", "", ""),
        ({"original_task": {"task_id": " a ", "status_update": "completed"}}, "a", "", "Complete", ""),
        ({"original_task": {"task_id": 5, "status_update": "FAILED"}}, "", "", "Failed", ""),
        ({"original_task": {"status_update": "In Progress"}}, "", "", "", ""),
        ({"original_handoff": {"handoff_file": "/in/01_inbox/x.json"}}, "", "x.json", "", ""),
        (
            {"execution_summary": {"work_completed": ["a", {"b": 1}], "findings": "c"}},
            "",
            "",
            "",
            'work completed: a\nwork completed: {"b": 1}\nfindings: c',
        ),
    ],
)
def test_a_return_is_read_in_both_of_its_forms(
    file: dict[str, object], task_id: str, name: str, status: str, summary: str
) -> None:
    told = returned(file)

    assert (told.task_id, told.handoff_name, told.status, told.summary) == (task_id, name, status, summary)
