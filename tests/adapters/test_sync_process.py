"""A sync as a process of its own, and that nothing of it stays behind."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from music_sync.adapters.sync_process import SyncProcess

REPORT = {"result": "done", "counts": {"new": 1}, "tracks": [], "sources": []}


def running(program: str, silent_s: float = 30) -> SyncProcess:
    return SyncProcess(("-c", textwrap.dedent(program)), silent_s)


def is_gone(pid: int, within_s: float = 5) -> bool:
    """Ended, or only waiting to be buried by whoever took it over."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_the_report_and_each_line_of_progress_come_through() -> None:
    told: list[str] = []
    program = f"""
        import sys
        print("match: one", file=sys.stderr)
        print("a library prints this")
        print("synced: one\\ntagged: é", file=sys.stderr)
        print({json.dumps(json.dumps(REPORT))})
    """

    assert running(program).run(told.append) == REPORT
    assert told == ["match: one", "synced: one", "tagged: é"]


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("raise SystemExit(7)", "ended with code 7 and no report"),
        ("print('[]')", "no report"),
        ('print(\'{"result": "wonderful"}\')', "no report"),
        ('print(\'{"result": "done", "tracks": 3}\')', "no report"),
        ("print('{')", "no report"),
    ],
)
def test_p4_a_sync_without_a_report_is_an_error_that_says_so(program: str, says: str) -> None:
    report = running(program).run(lambda _: None)

    assert report["result"] == "error"
    assert says in report["message"]
    assert report["tracks"] == report["sources"] == []


def test_p8_a_silent_sync_is_killed_with_all_its_children() -> None:
    told: list[str] = []
    program = """
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(child.pid, file=sys.stderr, flush=True)
        time.sleep(600)
    """
    began = time.monotonic()
    report = running(program, silent_s=1).run(told.append)

    assert report["result"] == "error"
    assert "told nothing for 1 s" in report["message"]
    assert time.monotonic() - began < 10
    assert is_gone(int(told[0]))


def test_p8_a_sync_that_makes_progress_may_take_long() -> None:
    program = f"""
        import sys, time
        for _ in range(10):
            print("encode: on", file=sys.stderr, flush=True)
            time.sleep(0.2)
        print({json.dumps(json.dumps(REPORT))})
    """

    assert running(program, silent_s=1).run(lambda _: None) == REPORT


def test_p8_what_a_sync_leaves_behind_is_ended_with_it() -> None:
    told: list[str] = []
    program = f"""
        import subprocess, sys
        quiet = subprocess.DEVNULL
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=quiet, stderr=quiet)
        print(child.pid, file=sys.stderr, flush=True)
        print({json.dumps(json.dumps(REPORT))})
    """

    assert running(program).run(told.append) == REPORT
    assert is_gone(int(told[0]))


def test_a_sync_that_is_asked_to_stop_ends_and_is_not_left_behind() -> None:
    told: list[str] = []
    process = running("import os, time; os.write(2, b'%d\\n' % os.getpid()); time.sleep(600)")

    def stop_once_it_runs(line: str) -> None:
        told.append(line)
        process.end(signal.SIGTERM)

    report = process.run(stop_once_it_runs)

    assert "was ended by signal 15" in report["message"]
    assert is_gone(int(told[0]))


def test_megabytes_of_output_do_not_block_it() -> None:
    program = f"""
        import sys
        for number in range(20_000):
            print("x" * 100, file=sys.stderr)
        print({json.dumps(json.dumps(REPORT))} + " " * 2_000_000)
    """
    lines: list[str] = []

    assert running(program).run(lines.append) == REPORT
    assert len(lines) == 20_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_f04_a_sync_whose_orchestrator_is_killed_ends_by_itself() -> None:
    program = """
        import sys
        from music_sync.adapters.sync_process import SyncProcess
        child = "import os, time; os.write(2, b'%d\\\\n' % os.getpid()); time.sleep(600)"
        SyncProcess(("-c", child)).run(lambda line: print(line, flush=True))
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()

    assert is_gone(child)
