"""What the webhook server takes in durably: events a second, kills in the middle, slow and hostile peers.

python benchmarks/webhooks.py [--seconds N] [--kills N] [--slow N]

The server is the real program; the sender is this process, with 64 connections and an id of its own for each event,
all signed before the clock starts. Beside it, in turns within the same minute, run the same server with a commit for
each event, the same server's protocol with an application that only says yes (what no change of ours could pass), and
Debian's `webhook` where that is installed: it checks an HMAC, runs /bin/true and keeps nothing, so it is no like for
like.
"""

import argparse
import hmac
import json
import os
import selectors
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from music_sync.web.webhooks_schemes import Secret, sign

SECRET = "an obviously fake secret for a benchmark"  # noqa: S105 - fake
CONNECTIONS = 64
BODY = b'{"type": "bench.event", "data": {"pad": "' + b"x" * 200 + b'"}}'
PATH = "/webhooks/music-sync"
HOSTILE_BYTES = 64 * 1024**2

Start = Callable[[], "AbstractContextManager[tuple[subprocess.Popen[str], int, Path]]"]
"""Starts a server: its process, its port, its home."""


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
    """In the child: the real program, with groups of so many events; with 0 one that stores and checks nothing."""
    from music_sync.adapters.sql import inbox
    from music_sync.cli import main as program

    if not most_at_once:
        say_yes()
    inbox.MOST_AT_ONCE = most_at_once
    sys.argv = ["music-sync", "serve"]
    program()


def say_yes() -> None:
    """The same connections with nothing behind them."""
    from music_sync.web.server import Server, address_of, listening

    async def yes(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    with listening("127.0.0.1", 0) as bound:
        print(f"dashboard: {address_of(bound)}", flush=True)
        Server(yes).run([bound])
    sys.exit(0)


# What is measured


def rates(seconds: float, rounds: int) -> dict[str, object]:
    """Accepts a second and times, in turns."""
    servers: dict[str, tuple[Start, Callable[[str], bytes]]] = {
        "grouped": (lambda: running(256), event),
        "commit each": (lambda: running(1), event),
        "says yes": (lambda: running(0), event),
    }
    if shutil.which("webhook"):
        servers["debian webhook"] = (debian, debian_event)
    else:
        print("debian webhook: not measured, it is not installed (apt-get install webhook)")
    found: dict[str, list[Sent]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, (start, request) in servers.items():
            found[name].append(one_round(start, request, seconds))
    told = {name: summed_up(name, each) for name, each in found.items()}
    for other in (name for name in servers if name != "grouped"):
        pairs = zip(found["grouped"], found[other], strict=True)
        ratio = statistics.median(one.per_s / another.per_s for one, another in pairs)
        told["grouped"][f"times {other}"] = round(ratio, 2)
        print(f"grouped / {other}: {ratio:.2f}{' (wanted 2)' if other == 'commit each' else ''}")
    return dict(told)


def one_round(start: Start, request: Callable[[str], bytes], seconds: float) -> "Sent":
    with start() as (process, port, _home):
        warm = sending(port, 1.0, prepared(20_000, request))
        requests = prepared(int(warm.per_s * 2 * seconds) + 1000, request)
        before = cpu_s(process.pid)
        sent = sending(port, seconds, requests)
        sent.server_cpu_s = cpu_s(process.pid) - before
        return sent


def summed_up(name: str, each: "Sequence[Sent]") -> dict[str, float]:
    """The medians of the rounds of one server; processor time in microseconds an event."""
    told = {
        "per_s": statistics.median(sent.per_s for sent in each),
        "p50_ms": statistics.median(sent.share(0.5) for sent in each) * 1e3,
        "p99_ms": statistics.median(sent.share(0.99) for sent in each) * 1e3,
        "server_us": statistics.median(sent.server_cpu_s / max(1, len(sent.times_s)) for sent in each) * 1e6,
        "sender_us": statistics.median(sent.own_cpu_s / max(1, len(sent.times_s)) for sent in each) * 1e6,
    }
    print(
        f"{name:<16} {told['per_s']:8.0f}/s   p50 {told['p50_ms']:6.1f} ms   p99 {told['p99_ms']:6.1f} ms   processor time"
        f" an event: server {told['server_us']:.0f} us, sender {told['sender_us']:.0f} us"
    )
    return {key: round(value, 1) for key, value in told.items()}


def lost(kills: int) -> dict[str, object]:
    """Events that were answered with 202 and are not in the table after a kill in the middle."""
    missing = accepted = 0
    for number in range(kills):
        with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
            home = Path(folder)
            with running(256, home) as (process, port, _home):
                sent = sending(port, 0.3 + number / max(1, kills), prepared(10_000, event), then=process.kill)
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
        sent = beside_stuck_peers(port, slow, seconds)
        p99 = sent.share(0.99) * 1e3
        print(f"{slow} stuck peers: honest p99 {p99:.1f} ms (wanted 200), {sent.per_s:.0f}/s")
        before = peak_bytes(process.pid)
        status = hostile(port)
        grown = (peak_bytes(process.pid) - before) / 1024**2
        print(f"a body of 64 MB: answered {status}, the peak grew by {grown:.1f} MB (wanted 8)")
    return {"stuck": slow, "stuck_p99_ms": round(p99, 1), "hostile_status": status, "hostile_mb": round(grown, 1)}


def beside_stuck_peers(port: int, slow: int, seconds: float) -> "Sent":
    # Stuck peers are closed after 9 s, so the honest ones are measured before that.
    seconds = min(seconds, 7.0)
    requests = prepared(int(seconds * 8000), event)
    stuck = [socket.create_connection(("127.0.0.1", port)) for _ in range(slow)]
    for number, peer in enumerate(stuck):
        peer.sendall(b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: l" + (b"\r\n" if number % 2 else b""))
    sent = sending(port, seconds, requests, connections=8)
    for peer in stuck:
        peer.close()
    return sent


def hostile(port: int) -> int:
    """Send 64 MB in chunks under a signature; the answer's status, 0 when the server only closed."""
    head = head_of("hostile", b"x", b"transfer-encoding: chunked\r\n")
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    line = b""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as peer, suppress(ConnectionError):
        with suppress(ConnectionError):
            peer.sendall(head)
            for _ in range(HOSTILE_BYTES // 65536):
                peer.sendall(chunk)
        line = peer.recv(100)
    return int(line.split()[1]) if line else 0


# Sending


@dataclass
class Sent:
    """What came of one round."""

    ids: set[str] = field(default_factory=set)
    times_s: list[float] = field(default_factory=list)
    seconds: float = 0.0
    refused: int = 0
    own_cpu_s: float = 0.0
    server_cpu_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.times_s) / self.seconds if self.seconds else 0.0

    def share(self, share: float) -> float:
        return sorted(self.times_s)[int(len(self.times_s) * share)] if self.times_s else 0.0


@dataclass
class Peer:
    """One connection, and the request that it waits for."""

    connection: socket.socket
    event_id: str = ""
    began: float = 0.0
    answer: bytes = b""


Prepared = Iterator[tuple[str, bytes]]
"""Ids with their whole requests, signed before the clock starts: the sender shares the processors with the server."""


def prepared(count: int, request: Callable[[str], bytes]) -> Prepared:
    name = os.urandom(4).hex()
    return iter([(event_id, request(event_id)) for event_id in (f"{name}-{number:06}" for number in range(count))])


def sending(
    port: int,
    seconds: float,
    requests: Prepared,
    *,
    then: Callable[[], None] = lambda: None,
    connections: int = CONNECTIONS,
) -> Sent:
    """Send for so long, on each connection one request after the other; `then` is called while all of them wait."""
    sent = Sent()
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            peer = Peer(socket.create_connection(("127.0.0.1", port)))
            peer.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(peer.connection, selectors.EVENT_READ, peer)
        cpu, began = time.process_time(), time.perf_counter()
        for key in tuple(selector.get_map().values()):
            send_next(key.data, requests)
        exchange(selector, sent, requests, seconds)
        sent.seconds, sent.own_cpu_s = time.perf_counter() - began, time.process_time() - cpu
        counted = len(sent.times_s)
        then()
        exchange(selector, sent, iter(()), 0.2)
        for key in selector.get_map().values():
            key.data.connection.close()
    del sent.times_s[counted:]
    if sent.refused:
        print(f"{sent.refused} events were refused")
    return sent


def exchange(selector: selectors.BaseSelector, sent: Sent, requests: Prepared, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while (now := time.perf_counter()) < until and selector.get_map():
        for key, _events in selector.select(until - now):
            receive(key.data, sent, requests, selector)


def send_next(peer: Peer, requests: Prepared) -> bool:
    found = next(requests, None)
    if found is None:
        return False
    peer.event_id, request = found
    peer.answer = b""
    peer.began = time.perf_counter()
    peer.connection.sendall(request)
    return True


def receive(peer: Peer, sent: Sent, requests: Prepared, selector: selectors.BaseSelector) -> None:
    """Read what is there; a whole answer is counted, and the next request goes out."""
    is_open = False
    with suppress(ConnectionError):
        block = peer.connection.recv(65536)
        peer.answer += block
        is_open = bool(block)
        if is_open and not is_whole(peer.answer):
            return
        if is_open and peer.answer[9:12] in {b"202", b"200"}:
            sent.times_s.append(time.perf_counter() - peer.began)
            sent.ids.add(peer.event_id)
        elif is_open:
            sent.refused += 1
        is_open = is_open and send_next(peer, requests)
    if not is_open:
        selector.unregister(peer.connection)
        peer.connection.close()


def is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    at = head.lower().find(b"content-length:")
    return b"\r\n\r\n" in answer and len(body) >= int(head[at + 15 :].split(b"\r\n", 1)[0] if at > 0 else 0)


def head_of(event_id: str, body: bytes, more: bytes, path: str = PATH) -> bytes:
    headers = sign(Secret("bench", SECRET.encode()), event_id, int(time.time()), body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{lines}"
    return head.encode() + more + b"\r\n"


def event(event_id: str) -> bytes:
    return head_of(event_id, BODY, b"content-length: %d\r\n" % len(BODY)) + BODY


def debian_event(event_id: str) -> bytes:
    """For Debian's `webhook`, which checks the HMAC of the body."""
    signature = hmac.digest(SECRET.encode(), BODY, "sha256").hex()
    lines = (
        "POST /hooks/bench HTTP/1.1",
        "host: localhost",
        "content-type: application/json",
        f"x-request-id: {event_id}",
        f"x-signature: sha256={signature}",
        f"content-length: {len(BODY)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + BODY


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
def debian() -> "Iterator[tuple[subprocess.Popen[str], int, Path]]":
    """Debian's `webhook` with a command that does nothing, for those whose HMAC fits."""
    fits = {
        "match": {
            "type": "payload-hmac-sha256",
            "secret": SECRET,
            "parameter": {"source": "header", "name": "X-Signature"},
        }
    }
    hook = {
        "id": "bench",
        "execute-command": "/bin/true",
        "trigger-rule": fits,
        "trigger-rule-mismatch-http-response-code": 401,
    }
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder, socket.socket() as found:
        hooks = Path(folder) / "hooks.json"
        hooks.write_text(json.dumps([hook]))
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        found.close()
        command = ["webhook", "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        try:
            wait_until_heard(port)
            yield process, port, Path(folder)
        finally:
            process.terminate()
            process.wait(10)


def wait_until_heard(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)


def cpu_s(pid: int) -> float:
    """What a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) * 1024


if __name__ == "__main__":
    main()
