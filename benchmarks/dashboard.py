"""How long a page of the dashboard takes at 100,000 tracks: the real server on a loopback port, a browser's requests.

python benchmarks/dashboard.py [--tracks N] [--rounds N] [--keep FOLDER]
"""

import argparse
import html
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
import sqlalchemy as sa

from music_sync.adapters.sql import tables
from music_sync.adapters.sql.engine import in_write, open_engine

BUDGET_MS = 200
SYLLABLES = ("ba", "ko", "ri", "lu", "ze", "mo", "ta", "vi", "sha", "no", "pel", "dra", "uk", "sy", "ne", "or", "qua")
ENDINGS = (("review", 300), ("buy_list", 4000), ("failed", 700), ("running", 5))
Rows = Iterator[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=100_000, help="recordings in the catalogue (100,000)")
    parser.add_argument("--rounds", type=int, default=20, help="how often each page is asked for (20)")
    parser.add_argument("--keep", type=Path, help="make the catalogue here, or use the one that is here already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
        home = options.keep or Path(folder)
        if not (home / "var" / "state.db").exists():
            fill(home, options.tracks)
        costs = measured(home, options.rounds)
    print(f"{'page':58}{'median ms':>10}{'p95 ms':>8}{'worst ms':>9}{'kB':>7}")
    for what, (times, size) in costs.items():
        print(f"{what:58}{median(times):10.0f}{p95(times):8.0f}{max(times):9.0f}{size / 1000:7.0f}")
    every = [each for times, _size in costs.values() for each in times]
    slow = [what for what, (times, _size) in costs.items() if p95(times) > BUDGET_MS]
    shape = {"tracks": options.tracks, "processors": os.cpu_count(), "p95_ms": round(p95(every)), "over": slow}
    print(json.dumps(shape))


def p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1]


# Measuring


def measured(home: Path, rounds: int) -> Mapping[str, tuple[list[float], int]]:
    """Milliseconds of each answer and its size in bytes, by what was asked."""
    from music_sync.adapters.sign_in_file import SignInFile
    from music_sync.settings import load
    from music_sync.web.app import create_app
    from music_sync.web.server import running
    from music_sync.web.site import open_site

    settings = load({"MUSIC_SYNC_HOME": str(home)}).settings
    store = SignInFile(settings.sign_in_file, cost=4)
    password = "an obviously fake password"  # noqa: S105
    if not store.has_password():
        store.set_password(password)
    site = open_site(settings, store)
    with site as opened, running(create_app(opened)) as url, httpx.Client(base_url=url, timeout=60) as client:
        client.headers["Accept"] = "text/html"
        token = first(r'name="form_token" value="(\w+)"', client.get("/sign-in").text)
        client.post("/sign-in", data={"form_token": token, "password": password})
        pages = asked_for(client)
        found: dict[str, tuple[list[float], int]] = {what: ([], 0) for what in pages}
        for _ in range(rounds + 1):
            for what, path in pages.items():
                began = time.perf_counter()
                answer = client.get(path)
                took_ms = (time.perf_counter() - began) * 1000
                answer.raise_for_status()
                found[what] = ([*found[what][0], took_ms], len(answer.content))
        # The first round opens databases and compiles templates.
        return {what: (times[1:], size) for what, (times, size) in found.items()}


def first(pattern: str, page: str) -> str:
    """What the pattern finds first in a page; an address in it as a browser would read it."""
    found = re.search(pattern, page)
    if not found:
        raise SystemExit(f"no {pattern} in the page")
    return html.unescape(found[1])


def asked_for(client: httpx.Client) -> dict[str, str]:
    """What is measured, with the addresses that the pages themselves give."""
    deep = "/library?order=artist"
    for _ in range(10):
        deep = first(r'href="([^"]+)" rel="next"', client.get(deep).text)
    track = first(r'href="(/track\?[^"]+)"', client.get("/library").text)
    return {
        "first page": "/",
        "library": "/library",
        "library, the eleventh page by artist": deep,
        "library, two words": "/library?words=bako+ril",
        "library, one short word": "/library?words=ba",
        "library, no such word": "/library?words=zzzzzzzz",
        "library, signs of another script": "/library?words=%E5%A4%9C",
        "library, one source of three": "/library?source=youtube",
        "library, a small playlist": "/library?playlist=7",
        "library, key with neighbours, 120 to 130 BPM": "/library?key=8A&neighbours=1&from=120&to=130&order=tempo",
        "library, a tempo that none has": "/library?from=299&to=300",
        "library, to review": "/library?ending=review",
        "library, on the buy list, two words": "/library?ending=buy_list&words=ba+ko",
        "a track": track,
        "numbers": "/numbers",
        "runs": "/runs",
        "buy list": "/buy-list",
        "reviews": "/reviews",
        "tasks": "/tasks",
        "webhooks": "/webhooks-log",
        "settings": "/settings",
    }


# A catalogue as years of likes would make it; the same one each time


def fill(home: Path, number: int) -> None:
    """Make a home whose catalogue holds so many recordings, and about a twentieth of that in what waits."""
    began = time.perf_counter()
    engine = open_engine(home / "var" / "state.db")
    for table, rows in (
        (tables.recordings, _recordings(number)),
        (tables.source_links, _links(number)),
        (tables.files, _files(number)),
        (tables.attempts, _attempts(number)),
        (tables.decisions, _decisions(number)),
        (tables.journal, _journal(number)),
        (tables.playlists, _playlists()),
        (tables.playlist_members, _members(number)),
        (tables.runs, _runs()),
    ):
        with in_write(engine).begin() as connection:
            while some := list(islice(rows, 5000)):
                connection.execute(sa.insert(table), some)
    engine.dispose()
    print(f"made {number} recordings in {time.perf_counter() - began:.0f} s")


def _name(seed: int, words: int) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices(SYLLABLES, k=chance.randint(1, 3))).title() for _ in range(words))


def _id(number: int) -> str:
    return f"{number * 0x9E3779B97F4A7C15 % 2**128:032x}"


def _at(number: int, of: int) -> str:
    """Over three years, more and more."""
    days = 1100 * (1 - (number / of) ** 0.7)
    return (datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def _recordings(of: int) -> Rows:
    for number in range(of):
        chance = random.Random(number)
        yield {
            "recording_id": _id(number),
            "artist": _name(number // 7, 2),
            "title": _name(number + 10**6, 3),
            "version": "",
            "album": _name(number // 3 + 10**7, 2),
            "isrc": f"ZZBEN{number:07}" if number % 3 else "",
            "year": 2000 + number % 26,
            "genre": "",
            "origin_sha256": f"{number:064x}",
            "length_s": chance.uniform(150, 480),
            "loudness_lufs": -9.0,
            "peak": 0.98,
            "tempo_bpm": round(chance.gauss(125, 18), 2) if number % 50 else None,
            "tempo_confidence": 0.9,
            "key_tonic": chance.randrange(12) if number % 50 else None,
            "key_mode": chance.choice(("minor", "minor", "major")) if number % 50 else "",
            "key_confidence": 0.8,
            "filed_at": _at(number, of),
            "codec": "flac",
            "bit_rate": None,
            "cutoff_hz": None,
        }


def _link(number: int, source: str, of: int) -> dict[str, Any]:
    url = f"https://{source}.example/track/{number}"
    at = _at(number, of)
    return {"source": source, "source_id": str(number), "revision": "", "url": url, "found_at": at}


def _links(of: int) -> Rows:
    for number in range(of):
        yield {"recording_id": _id(number), **_link(number, ("spotify", "soundcloud", "youtube")[number % 3], of)}
        if number % 5 == 0:
            yield {"recording_id": _id(number), **_link(number, "listenbrainz", of)}


def _files(of: int) -> Rows:
    for number in range(of):
        path = f"{_name(number // 7, 2)}/{_name(number + 10**6, 3)} {number}.aiff"
        about = {"path": path, "path_key": path.casefold(), "format": "aiff"}
        yield {"recording_id": _id(number), **about, "sha256": f"{number + 10**9:064x}", "size_bytes": 40_000_000}


def _attempts(of: int) -> Rows:
    ends = [("synced", of), *((ending, of * share // 100_000) for ending, share in ENDINGS)]
    begun = 0
    for ending, share in ends:
        for number in range(begun, begun + share):
            is_in = ending == "synced"
            source = ("spotify", "soundcloud", "youtube")[number % 3]
            yield {
                "source": source,
                "source_id": str(number),
                "revision": "",
                "attempt": 1,
                "label": f"{_name(number // 7, 2)} - {_name(number + 10**6, 3)}",
                "url": f"https://{source}.example/track/{number}",
                "ending": ending,
                "reason": "filed" if is_in else "streaming services bring no files",
                "stage": "",
                "next_actor": "nobody" if is_in else "person",
                "cause": "track",
                "recording_id": _id(number) if is_in else "",
                "started_at": _at(number % of, of),
                "ended_at": "" if ending == "running" else _at(number % of, of),
                "found": "",
            }
        begun += share


def _decisions(of: int) -> Rows:
    reasons = json.dumps([["new", "nothing of yours is like it", 0.31]])
    for number in range(of):
        key = f"{('spotify', 'soundcloud', 'youtube')[number % 3]}:{number}"
        said = {"stage": "match", "verdict": "new", "recording_id": "", "reasons": reasons, "digest": f"{number:x}"}
        yield {"key": key, "attempt": 1, **said, "decided_at": _at(number, of)}


def _journal(of: int) -> Rows:
    for number in range(of):
        after = json.dumps({"format": "aiff", "sha256": f"{number + 10**9:064x}"})
        said = {"kind": "filed", "path": f"a/{number}.aiff", "before": "{}", "after": after}
        yield {"recording_id": _id(number), **said, "at": _at(number, of)}


def _playlists() -> Rows:
    for number in range(200):
        yield {"playlist_id": number + 1, "source": "spotify", "source_id": f"p{number}", "name": _name(number, 2)}


def _members(of: int) -> Rows:
    for number in range(of // 2):
        member = {"playlist_id": number * number % 200 + 1, "recording_id": _id(number)}
        yield {**member, "position": number, "added_at": _at(number, of)}


def _runs() -> Rows:
    for number in range(2000):
        began = datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(hours=6 * (2000 - number))
        ended = began + timedelta(seconds=40 + number * 7 % 200)
        result = ("done", "nothing_new", "nothing_new", "partial")[number % 4]
        counts = {"new": number % 9, "already_have": 2, "review": 0, "buy_list": number % 3, "failed": 0, "queue": 0}
        stamps = {"started_at": began.isoformat(), "ended_at": ended.isoformat()}
        yield {"what": "", "message": "", "result": result, **stamps, **counts}


if __name__ == "__main__":
    main()
