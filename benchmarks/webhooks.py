"""What the webhook server takes in durably: events a second, kills in the middle, slow and hostile peers.

python benchmarks/webhooks.py [--seconds N] [--kills N] [--slow N]

The server is the real program; the sender is this process, with 64 connections and an id of its own for each event.
Beside it, in turns within the same minute, runs the same server with a commit for each event, and Debian's `webhook`
where that is installed (it keeps nothing, so it is no like for like).
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from music_sync.web.webhooks_schemes import Secret, sign

SECRET = "an obviously fake secret for a benchmark"  # noqa: S105 - fake
CONNECTIONS = 64
BODY = b'{"type": "bench.event", "data": {"pad": "' + b"x" * 200 + b'"}}'
PATH = "/webhooks/music-sync"
HOSTILE_BYTES = 64 * 1024**2


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "--serve":
        serve(int(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="length of a round (10)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each server (3)")
    parser.add_argument("--kills", type=int, default=20, help="kills in the middle (20)")
    parser.add_argument("--slow", type=int, default=500, help="peers that are stuck (500)")
    options = parser.parse_args()
    shown: dict[str, object] = {"load": os.getloadavg()[0]}
    shown |= rates(options.seconds, options.rounds)
    shown |= lost(options.kills)
    shown |= pestered(options.slow, options.seconds)
    print(json.dumps(shown))


def serve(most_at_once: int) -> None:
    """In the child: the real program, with groups of so many events."""
    from music_sync.adapters.sql import inbox
    from music_sync.cli import main as program

    inbox.MOST_AT_ONCE = most_at_once
    sys.argv = ["music-sync", "serve"]
    program()


# What is measured


def rates(seconds: float, rounds: int) -> dict[str, object]:
    """Accepts a second and times, in turns."""
    servers: dict[str, Callable[[], object]] = {"grouped": lambda: running(256), "commit each": lambda: running(1)}
    if shutil.which("webhook"):
        servers["debian webhook"] = debian
    found: dict[str, list[Sent]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, start in servers.items():
            with start() as (_process, port, _home):  # type: ignore[attr-defined]
                path = "/hooks/bench" if name == "debian webhook" else PATH
                asyncio.run(sending(port, 1.0, path))
                found[name].append(asyncio.run(sending(port, seconds, path)))
    told: dict[str, object] = {}
    for name, each in found.items():
        per_s = statistics.median(sent.per_s for sent in each)
        p50, p99 = (statistics.median(sent.share(share) for sent in each) * 1e3 for share in (0.5, 0.99))
        print(f"{name:<16} {per_s:8.0f}/s   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")
        told[name] = {"per_s": round(per_s), "p50_ms": round(p50, 1), "p99_ms": round(p99, 1)}
    pairs = zip(found["grouped"], found["commit each"], strict=True)
    ratio = statistics.median(one.per_s / other.per_s for one, other in pairs)
    print(f"grouped / commit each: {ratio:.1f} (wanted 2)")
    return told | {"ratio": round(ratio, 2)}


def lost(kills: int) -> dict[str, object]:
    """Events that were answered with 202 and are not in the table after a kill in the middle."""
    missing = accepted = 0
    for number in range(kills):
        with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
            home = Path(folder)
            with running(256, home) as (process, port, _home):
                sent = asyncio.run(sending(port, 0.3 + number / max(1, kills), PATH, then=process.kill))
                process.wait(10)
            with closing(sqlite3.connect(home / "var" / "state.db")) as connection:
                stored = {row[0] for row in connection.execute("SELECT event_id FROM events")}
            accepted += len(sent.ids)
            missing += len(sent.ids - stored)
    print(f"{kills} kills: {accepted} events were answered with 202, {missing} of them are not in the table (wanted 0)")
    return {"kills": kills, "accepted": accepted, "lost": missing}


def pestered(slow: int, seconds: float) -> dict[str, object]:
    """Honest senders beside peers that are stuck, and memory beside a body that is far too large."""
    with running(256) as (process, port, _home):
        sent = asyncio.run(beside_stuck_peers(port, slow, seconds))
        p99 = sent.share(0.99) * 1e3
        print(f"{slow} stuck peers: honest p99 {p99:.1f} ms (wanted 200), {sent.per_s:.0f}/s")
        before = peak_bytes(process.pid)
        status = asyncio.run(hostile(port))
        grown = (peak_bytes(process.pid) - before) / 1024**2
        print(f"a body of 64 MB: answered {status}, the peak grew by {grown:.1f} MB (wanted 8)")
    return {"stuck": slow, "stuck_p99_ms": round(p99, 1), "hostile_status": status, "hostile_mb": round(grown, 1)}


async def beside_stuck_peers(port: int, slow: int, seconds: float) -> "Sent":
    stuck = [await asyncio.open_connection("127.0.0.1", port) for _ in range(slow)]
    for number, (_reader, writer) in enumerate(stuck):
        writer.write(b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: l" + (b"\r\n" if number % 2 else b""))
    # Stuck peers are closed after 9 s, so the honest ones are measured before that.
    sent = await sending(port, min(seconds, 7.0), PATH, connections=8)
    for _reader, writer in stuck:
        writer.close()
    return sent


async def hostile(port: int) -> int:
    """Send 64 MB in chunks under a signature; the answer's status, 0 when the server only closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head_of("hostile", b"x", b"transfer-encoding: chunked\r\n"))
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    with suppress(ConnectionError):
        for _ in range(HOSTILE_BYTES // 65536):
            writer.write(chunk)
            await writer.drain()
    line = b""
    with suppress(ConnectionError):
        line = await reader.readline()
    writer.close()
    return int(line.split()[1]) if line else 0


# Sending


@dataclass
class Sent:
    """What came of one round."""

    ids: set[str] = field(default_factory=set)
    times_s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    refused: int = 0

    @property
    def per_s(self) -> float:
        return len(self.times_s) / self.seconds if self.seconds else 0.0

    def share(self, share: float) -> float:
        return sorted(self.times_s)[int(len(self.times_s) * share)] if self.times_s else 0.0


async def sending(
    port: int, seconds: float, path: str, *, then: Callable[[], None] = lambda: None, connections: int = CONNECTIONS
) -> Sent:
    """Send for so long over so many connections; `then` is called while all of them still send."""
    sent, name = Sent(), os.urandom(4).hex()
    began = time.perf_counter()
    workers = [asyncio.create_task(one_sender(port, path, f"{name}-{number}", sent)) for number in range(connections)]
    await asyncio.sleep(seconds)
    sent.seconds = time.perf_counter() - began
    counted = len(sent.times_s)
    then()
    await asyncio.sleep(0.2)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    del sent.times_s[counted:]
    if sent.refused:
        print(f"{sent.refused} events were refused")
    return sent


async def one_sender(port: int, path: str, name: str, sent: Sent) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    try:
        while True:
            event_id = f"{name}-{number}"
            number += 1
            request = head_of(event_id, BODY, b"content-length: %d\r\n" % len(BODY), path) + BODY
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(length_in(head))
            if head[9:12] in {b"202", b"200"}:
                sent.times_s.append(time.perf_counter() - began)
                sent.ids.add(event_id)
            else:
                sent.refused += 1
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


def head_of(event_id: str, body: bytes, more: bytes, path: str = PATH) -> bytes:
    headers = sign(Secret("bench", SECRET.encode()), event_id, int(time.time()), body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{lines}"
    return head.encode() + more + b"\r\n"


def length_in(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


# Servers


@contextmanager
def running(most_at_once: int, home: Path | None = None) -> "Iterator[tuple[subprocess.Popen[str], int, Path]]":
    """Our server in a fresh home."""
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MUSIC_SYNC_")}
        environ |= {
            "MUSIC_SYNC_HOME": str(home or folder),
            "MUSIC_SYNC_PORT": "0",
            "MUSIC_SYNC_WEBHOOK_SECRETS": SECRET,
            "MUSIC_SYNC_WEBHOOK_RATE": "1000000",
        }
        command = [sys.executable, __file__, "--serve", str(most_at_once)]
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            port = int(process.stdout.readline().rpartition(":")[2])
            yield process, port, Path(home or folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            process.stdout.close()


@contextmanager
def debian() -> "Iterator[tuple[subprocess.Popen[bytes], int, Path]]":
    """Debian's `webhook` with a command that does nothing."""
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
        hooks = Path(folder) / "hooks.json"
        hooks.write_text(json.dumps([{"id": "bench", "execute-command": "/bin/true"}]))
        port = 9876
        command = ["webhook", "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            asyncio.run(answers(port))
            yield process, port, Path(folder)
        finally:
            process.terminate()
            process.wait(10)


async def answers(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(OSError):
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)


def peak_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) * 1024


if __name__ == "__main__":
    main()
