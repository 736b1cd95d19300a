"""The agents' inboxes as folders."""

import os
import stat
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest
from tests.injection import injected

from music_sync.adapters.inbox_folder import QUEUE, FolderInboxes
from music_sync.model.board import Inboxes
from music_sync.model.errors import EnvironmentFault, GiveUp, TryAgainLater

NAME = "20260109T100000Z__HANDOFF__It__1.json"


@pytest.fixture
def inboxes(tmp_path: Path) -> FolderInboxes:
    port: Inboxes = FolderInboxes(tmp_path, tmp_path / "agents")  # held by mypy
    assert isinstance(port, FolderInboxes)
    return port


def delivered(inboxes: FolderInboxes, name: str = NAME, agent: str = "Claude-Code") -> Path:
    inboxes.put(name, b"{}")
    return inboxes.route({name: agent})[name].path


def test_a_file_goes_through_the_queue_into_the_inbox(inboxes: FolderInboxes, tmp_path: Path) -> None:
    queued = inboxes.put(NAME, b'{"a": 1}')
    assert (queued.box, queued.path) == ("queue", tmp_path / QUEUE / NAME)
    assert inboxes.queued() == [queued]

    routed = inboxes.route({NAME: "Claude-Code"})[NAME]

    assert routed.path == tmp_path / "agents/Claude-Code/01_inbox" / NAME
    assert routed.path.read_bytes() == b'{"a": 1}'
    assert inboxes.places() == {NAME: routed}
    assert stat.S_IMODE(routed.path.stat().st_mode) & 0o444 == 0o444


def test_each_step_may_be_done_again(inboxes: FolderInboxes) -> None:
    path = delivered(inboxes)
    inboxes.put(NAME, b"other")
    inboxes.route({NAME: "Claude-Code"})
    inboxes.route({NAME: "Claude-Code"})

    assert path.read_bytes() == b"{}"


def test_every_box_is_seen(inboxes: FolderInboxes, tmp_path: Path) -> None:
    boxes = {"01_inbox": "inbox", "01_inbox/claimed": "claimed", "02_processed": "processed", "03_failed": "failed"}
    for number, folder in enumerate(boxes):
        (tmp_path / "agents/A" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "agents/A" / folder / f"{number}.json").write_text("{}")

    assert [place.box for _, place in sorted(inboxes.places().items())] == list(boxes.values())


def test_a_copy_in_processed_counts_before_the_one_left_in_the_inbox(inboxes: FolderInboxes, tmp_path: Path) -> None:
    delivered(inboxes)
    (tmp_path / "agents/Claude-Code/02_processed").mkdir()
    (tmp_path / "agents/Claude-Code/02_processed" / NAME).write_text("{}")

    assert inboxes.places()[NAME].box == "processed"


def test_links_folders_and_hidden_files_are_no_handoffs(inboxes: FolderInboxes, tmp_path: Path) -> None:
    inbox = delivered(inboxes).parent
    (inbox / "a.md").write_text("x")
    (inbox / ".b.json").write_text("x")
    (inbox / "c.json").symlink_to(inbox / NAME)
    (inbox / "d.json").mkdir()
    (tmp_path / "agents/.git").mkdir()

    assert set(inboxes.places()) == {NAME}


def test_an_agents_folder_may_be_a_link_to_another_drive(inboxes: FolderInboxes, tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/Claude-Code").symlink_to(tmp_path / "cloud", target_is_directory=True)
    delivered(inboxes)

    assert (tmp_path / "cloud/01_inbox" / NAME).exists()
    assert set(inboxes.places()) == {NAME}


def test_no_folder_at_all_is_an_empty_one_and_a_file_in_its_place_is_a_fault(tmp_path: Path) -> None:
    assert FolderInboxes(tmp_path / "none", tmp_path / "none/agents").places() == {}
    (tmp_path / "agents").write_text("x")
    with pytest.raises(EnvironmentFault):
        FolderInboxes(tmp_path, tmp_path / "agents").places()


def test_nothing_put_aside_takes_the_place_of_another(inboxes: FolderInboxes) -> None:
    paths = []
    for number in range(3):
        queued = inboxes.put("x.json", str(number).encode())
        paths.append(inboxes.refuse(queued, f"reason {number}"))

    assert [path.read_text() for path in paths] == ["0", "1", "2"]
    assert [path.with_name(f"{path.name}.reason.txt").read_text() for path in paths] == [
        "reason 0\n",
        "reason 1\n",
        "reason 2\n",
    ]


def test_a_broken_file_is_given_time_to_become_whole(inboxes: FolderInboxes) -> None:
    queued = inboxes.put("x.json", b'{"a"')
    with pytest.raises(TryAgainLater, match="being written"):
        inboxes.read(queued)
    os.utime(queued.path, (1_700_000_000, 1_700_000_000))
    with pytest.raises(GiveUp, match="not valid JSON"):
        inboxes.read(queued)


def test_a_claim_is_seen_as_such_and_its_answer_moves_it(inboxes: FolderInboxes, tmp_path: Path) -> None:
    delivered(inboxes)
    claimed = inboxes.claim("Claude-Code", NAME)
    assert claimed
    assert inboxes.claim("Claude-Code", NAME) is None
    assert inboxes.places()[NAME].box == "claimed"
    assert inboxes.places()[NAME].touched_s > 1_700_000_000

    moved = inboxes.answer(claimed, "processed", b'{"type": "RETURN_HANDOFF"}')

    assert moved == tmp_path / "agents/Claude-Code/02_processed" / NAME
    assert {place.name: place.box for place in inboxes.of("Claude-Code")} == {
        NAME: "processed",
        NAME.replace("HANDOFF", "RETURN"): "inbox",
    }
    with pytest.raises(GiveUp, match="somebody else answered"):
        inboxes.answer(claimed, "failed")


CLAIMER = """
    import sys
    from pathlib import Path
    from music_sync.adapters.inbox_folder import FolderInboxes
    inboxes = FolderInboxes(Path(sys.argv[1]), Path(sys.argv[1]) / "agents")
    print("ready", flush=True)
    sys.stdin.readline()
    for name in sys.argv[2:]:
        if inboxes.claim("A", name):
            print(name)
"""


def test_f54_of_two_claimers_each_file_has_one(inboxes: FolderInboxes, tmp_path: Path) -> None:
    names = [f"{number:03}.json" for number in range(300)]
    for name in names:
        delivered(inboxes, name, "A")
    command = [sys.executable, "-c", textwrap.dedent(CLAIMER), str(tmp_path), *names]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for each in both:
        assert each.stdout
        assert each.stdout.readline() == "ready\n"
    for each in both:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    claims = [each.communicate(timeout=60)[0].split() for each in both]

    assert Counter(name for claimed in claims for name in claimed) == Counter(names)
    assert all(claims)


DELIVER = """
    import sys
    from pathlib import Path
    from music_sync.adapters.inbox_folder import FolderInboxes
    inboxes = FolderInboxes(Path(sys.argv[1]), Path(sys.argv[1]) / "agents")
    there = inboxes.places().get("x.json")
    if there is None or there.box == "queue":
        inboxes.put("x.json", b'{"whole": true}' * 1000)
        inboxes.route({"x.json": "A"})
"""


@pytest.mark.parametrize(
    "injection",
    [
        "write:signal=KILL:when=1",
        "fsync:signal=KILL:when=1",
        "fsync:signal=KILL:when=2",
        "fsync:signal=KILL:when=3",
        "/^rename:signal=KILL:when=1",
        "/^rename:signal=KILL:when=2",
    ],
)
def test_f69_a_kill_at_any_step_leaves_no_half_file_and_the_next_try_goes_on(tmp_path: Path, injection: str) -> None:
    injected(DELIVER, injection, str(tmp_path))
    seen = [path.read_bytes() for path in tmp_path.rglob("x.json")]
    assert seen in ([], [b'{"whole": true}' * 1000])

    subprocess.run([sys.executable, "-c", textwrap.dedent(DELIVER), str(tmp_path)], check=True)

    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("x.json")] == ["agents/A/01_inbox/x.json"]


def test_f11_a_full_drive_is_a_fault_and_leaves_nothing_half(tmp_path: Path) -> None:
    done = injected(DELIVER, "fsync:error=ENOSPC:when=1", str(tmp_path))

    assert "EnvironmentFault" in done.stderr
    assert list(tmp_path.rglob("*.json")) == []
