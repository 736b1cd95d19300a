"""Each thing that the demo claims of the likes must be able to fail."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from music_sync.demo import likes, likes_verdict
from music_sync.demo.likes import LIKES, LISTED, ONE_MORE, TWICE, TWICE_AGAIN
from music_sync.demo.likes_verdict import LaterDay
from music_sync.demo.loopback import Seen
from music_sync.demo.verdict import Evidence, Heard
from music_sync.demo.worker import Ran

SOON = 1_800_000_000.0
LIMITED = "SoundCloud limits us (429) until Tue 11:01 (in 24 h 0 min); other work goes on"
ENDED = "the sign-in to YouTube has ended (invalid_grant); run `music-sync connect youtube`"
REMOVED = "1 track is no longer on Liked songs; the files stay"
NO_TRACKS = "2 entries of Warm Up are no tracks (an episode, or gone from Spotify)"


def source(name: str, part: str = "", message: str = "", found: int = 0, *, ok: bool = True) -> dict[str, Any]:
    return {"name": name, "part": part, "ok": ok, "skipped": False, "found": found, "message": message}


SOURCES = {
    "folder": source("folder", found=7),
    "list": source("list", found=12),
    "spotify likes": source("spotify", "likes", REMOVED, 5),
    "spotify playlists": source("spotify", "playlists", NO_TRACKS, 3),
    "soundcloud likes": source("soundcloud", "likes", LIMITED, 2, ok=False),
    "youtube likes": source("youtube", "likes", ENDED, 1, ok=False),
}


def ran(sources: Mapping[str, Mapping[str, Any]], *names: str, result: str = "partial", code: int = 3) -> Ran:
    started = [("spotify likes", "detect"), *((name, stage) for name in names for stage in ("match", "settle"))]
    printed = json.dumps({"result": result, "sources": list(sources.values())})
    return Ran(code, tuple(started), ("last words",), printed)


def call(method: str, status: int) -> Seen:
    return Seen(method, "/", {}, {}, b"", status)


def file_of(like: likes.Like) -> str:
    assert like.of
    return f"{like.of.label}.mp3"


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """All is as it must be."""
    files: dict[str, list[str]] = {}
    for like in LIKES:
        if like.of:
            files.setdefault(file_of(like), ["/from/the/drop/folder"]).append(like.source_id)
    recordings = tuple(Heard(file, 120.0, "8A", "Am", -9.0, tuple(ids), (file,)) for file, ids in files.items())
    return Evidence(tmp_path, recordings, {}, {}, {}, {}, {})


@pytest.fixture
def day() -> LaterDay:
    """All is as it must be."""
    return LaterDay(
        is_first=True,
        ran=ran(SOURCES, ONE_MORE.label),
        calls={
            "spotify": (call("GET", 200),) * 3,
            "soundcloud": (call("GET", 429),),
            "youtube": (call("GET", 401), call("POST", 400)),
        },
        was_blocked=False,
        limited_until=SOON,
        blocked_until=SOON + 1,
        attempts={like.source_id: 1 for like in LIKES},
        playlist=tuple(file_of(like) for like in LISTED if like.of),
        changed=(),
        kept_in=dict.fromkeys(likes.LABELS, "file"),
    )


@pytest.fixture
def next_time(day: LaterDay) -> LaterDay:
    """Played again on the world that the first demo left."""
    sources = SOURCES | {name: {**SOURCES[name], "message": ""} for name in ("spotify likes", "spotify playlists")}
    calls = {"spotify": (call("GET", 200),) * 2, "soundcloud": (), "youtube": ()}
    return replace(day, is_first=False, ran=ran(sources), calls=calls, was_blocked=True)


def problems(evidence: Evidence, day: LaterDay) -> list[str]:
    return [problem for claim in likes_verdict.claims(evidence, day) for problem in claim.problems]


def saying(day: LaterDay, name: str, **changed: Any) -> LaterDay:
    """With something else told of one source."""
    sources = SOURCES | {name: {**SOURCES[name], **changed}}
    return replace(day, ran=ran(sources, *day.worked_on))


def without(day: LaterDay, name: str) -> LaterDay:
    sources = {key: told for key, told in SOURCES.items() if key != name}
    return replace(day, ran=ran(sources, ONE_MORE.label))


def asking(day: LaterDay, service: str, *calls: Seen) -> LaterDay:
    return replace(day, calls={**day.calls, service: calls})


def test_nothing_is_said_when_all_holds(evidence: Evidence, day: LaterDay, next_time: LaterDay) -> None:
    assert problems(evidence, day) == []
    assert problems(evidence, next_time) == []


def test_each_claim_says_what_was_seen(evidence: Evidence, day: LaterDay) -> None:
    texts = [claim.text for claim in likes_verdict.claims(evidence, day)]

    assert texts == [
        "only Aoife and The Current - Salt was new and worked on",
        "1 track is no longer on Liked songs: 0 of 4 files in the library changed",
        f"2 of 3 tracks of Warm Up are yours and stand on Playlists/Warm Up.m3u8; {NO_TRACKS}",
        "SoundCloud limits us (429) until Tue 11:01 (in 24 h 0 min): 1 call and no more",
        f"{ENDED}: 2 calls and no more",
        "the others went on (folder, list, spotify likes, spotify playlists), and it ends as `partial` with code 3",
        "10 likes, each ended once; one liked at two services is one recording",
    ]


FAULTS: dict[str, tuple[Callable[[LaterDay], LaterDay], str]] = {
    "the new like is not found": (lambda d: replace(d, ran=ran(SOURCES)), "worked on nothing; expected was Aoife"),
    "a known like runs again": (lambda d: replace(d, ran=ran(SOURCES, ONE_MORE.label, TWICE.label)), "worked on Aoife"),
    "it ends otherwise": (
        lambda d: replace(d, ran=ran(SOURCES, ONE_MORE.label, result="done", code=0)),
        "should end with code 3 as partial, but ended with 0 as done",
    ),
    "it says nothing at all": (lambda d: replace(d, ran=Ran(1, (), (), "")), "ended with 1 as nothing"),
    "a source is not told of": (lambda d: without(d, "spotify playlists"), "says nothing of spotify playlists"),
    "another source fails too": (lambda d: saying(d, "folder", ok=False), "should go on with folder"),
    "a source is passed over": (lambda d: saying(d, "spotify likes", skipped=True), "should go on with spotify likes"),
    "a limit is taken for success": (lambda d: saying(d, "soundcloud likes", ok=True), "should fail with soundcloud"),
    "what was known is forgotten": (lambda d: saying(d, "youtube likes", found=0), "found 0 tracks of youtube likes"),
    "a removal is not told": (lambda d: saying(d, "spotify likes", message=""), "that a like was taken away: nothing"),
    "a file is deleted": (lambda d: replace(d, changed=("A/A - B.mp3",)), "A/A - B.mp3 is not as it was"),
    "entries that are no tracks are not told": (
        lambda d: saying(d, "spotify playlists", message=""),
        "does not tell once that 2 entries of Warm Up are no tracks: nothing",
    ),
    "they are told twice": (
        lambda d: saying(d, "spotify playlists", message=f"{NO_TRACKS}; {NO_TRACKS}"),
        "does not tell once",
    ),
    "the playlist was not written": (lambda d: replace(d, playlist=()), "Warm Up.m3u8 names nothing"),
    "the playlist is in another order": (lambda d: replace(d, playlist=d.playlist[::-1]), "Warm Up.m3u8 names"),
    "the end of a limit is not told": (
        lambda d: saying(d, "soundcloud likes", message="SoundCloud limits us; other work goes on until 11:01 (in"),
        "does not tell until when",
    ),
    "the limit is forgotten": (lambda d: replace(d, blocked_until=0.0), "does not remember"),
    "the limit ends too early": (lambda d: replace(d, blocked_until=SOON - 3600), "but the program leaves it alone"),
    "it asks again despite the limit": (
        lambda d: asking(d, "soundcloud", call("GET", 429), call("GET", 429)),
        "was asked though it limits us",
    ),
    "it never asked": (lambda d: asking(d, "soundcloud"), "it answered nothing"),
    "it asks although it knew of the limit": (lambda d: replace(d, was_blocked=True), "was asked though it limits us"),
    "the command is not told": (
        lambda d: saying(d, "youtube likes", message="the sign-in to YouTube has ended"),
        "what mends it",
    ),
    "a sign-in that has ended is tried again": (
        lambda d: asking(d, "youtube", call("GET", 401), call("POST", 400), call("POST", 400)),
        "asked too often",
    ),
    "a secret is in the keyring": (
        lambda d: replace(d, kept_in={**d.kept_in, "spotify": "keyring"}),
        "Spotify is not kept in the sandbox: keyring",
    ),
    "a sign-in is not kept": (lambda d: replace(d, kept_in={}), "SoundCloud is not kept in the sandbox: nowhere"),
    "a like is tried twice": (
        lambda d: replace(d, attempts={**d.attempts, TWICE.source_id: 2}),
        "Four on the Floor (spotify) was tried 2 times",
    ),
    "a like is lost": (lambda d: replace(d, attempts={}), "was tried 0 times"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_a_sentence(fault: str, evidence: Evidence, day: LaterDay) -> None:
    break_it, sentence = FAULTS[fault]
    told = problems(evidence, break_it(day))

    assert any(sentence in problem for problem in told), told


AGAIN: dict[str, tuple[Callable[[LaterDay], LaterDay], str]] = {
    "something is new": (lambda d: replace(d, ran=ran(SOURCES, ONE_MORE.label)), "expected was nothing"),
    "it asks who limits us": (lambda d: asking(d, "soundcloud", call("GET", 429)), "was asked though it limits us"),
    "it renews what has ended": (lambda d: asking(d, "youtube", call("POST", 400)), "asked too often"),
}


@pytest.mark.parametrize("fault", AGAIN)
def test_a_fault_of_a_further_demo_is_told_in_a_sentence(fault: str, evidence: Evidence, next_time: LaterDay) -> None:
    break_it, sentence = AGAIN[fault]
    told = problems(evidence, break_it(next_time))

    assert any(sentence in problem for problem in told), told


def test_a_limit_that_has_ended_by_then_is_met_once_more(evidence: Evidence, next_time: LaterDay) -> None:
    asked = asking(replace(next_time, was_blocked=False), "soundcloud", call("POST", 200), call("GET", 429))

    assert problems(evidence, asked) == []


def test_an_access_token_that_is_still_held_may_be_refused_once(evidence: Evidence, next_time: LaterDay) -> None:
    assert problems(evidence, asking(next_time, "youtube", call("GET", 401))) == []


def test_a_recording_that_is_liked_twice_and_is_two_is_noticed(evidence: Evidence, day: LaterDay) -> None:
    first = next(each for each in evidence.recordings if TWICE_AGAIN.source_id in each.addresses)
    parted = replace(first, addresses=tuple(each for each in first.addresses if each != TWICE_AGAIN.source_id))
    others = [each for each in evidence.recordings if each is not first]

    assert problems(replace(evidence, recordings=(parted, *others)), day) == [
        "Test Tone - Four on the Floor is liked on Spotify and on SoundCloud, but is not one recording"
    ]
