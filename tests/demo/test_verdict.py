"""The judge of the demo must be able to say no."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from music_sync.demo import verdict
from music_sync.demo.music import PIECES, Piece, remix
from music_sync.demo.offers import Offer, Offers
from music_sync.demo.verdict import Evidence, Heard
from music_sync.demo.worker import Ran

PLAIN, REMIX, REFUSED = PIECES[0], remix(PIECES[0]), PIECES[1]
TWIN_ADDRESS = "http://127.0.0.1:8000/twin.mp3"


def offer(piece: Piece, address: str, expected: str = "synced", label: str = "", twin_of: str = "") -> Offer:
    return Offer(label or piece.label, "drop", address, piece, expected, "because", twin_of)


def heard(piece: Piece, *addresses: str) -> Heard:
    file = f"{piece.title}.mp3"
    return Heard(piece.title, piece.tempo_bpm + 0.02, piece.key.camelot, piece.key.name, -9.0, addresses, (file,))


@pytest.fixture
def offers(tmp_path: Path) -> Offers:
    twin = f"{PLAIN.label}, as MP3"
    four = (
        offer(PLAIN, "/plain", twin_of=twin),
        offer(PLAIN, TWIN_ADDRESS, "already_have", twin, PLAIN.label),
        offer(REMIX, "/remix"),
        offer(REFUSED, "/refused", "buy_list"),
    )
    return Offers(tmp_path, tmp_path / "likes.m3u8", tmp_path, four, ())


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """All is as it must be."""
    recordings = (heard(PLAIN, "/plain", TWIN_ADDRESS), heard(REMIX, "/remix"))
    for recording in recordings:
        (tmp_path / recording.paths[0]).write_bytes(b"sound")
    return Evidence(
        library=tmp_path,
        recordings=recordings,
        refused={"/refused": ("buy_list", "only a preview")},
        linked_because={TWIN_ADDRESS: "sounds the same"},
        ended={"synced": 2, "already_have": 1, "buy_list": 1},
        doctor={"ok": True, "checks": [{"id": "staging", "ok": True, "severity": "state", "message": "m", "mend": ""}]},
        check={"ok": True, "findings": []},
    )


def measured(evidence: Evidence, **wrong: Any) -> Evidence:
    """The first recording, with something else measured."""
    first, *others = evidence.recordings
    return replace(evidence, recordings=(replace(first, **wrong), *others))


def test_nothing_is_said_when_all_holds(offers: Offers, evidence: Evidence) -> None:
    assert list(verdict.problems(offers, evidence)) == []


def test_a_tempo_that_is_a_little_off_is_no_fault(offers: Offers, evidence: Evidence) -> None:
    assert list(verdict.problems(offers, measured(evidence, tempo_bpm=128.5))) == []


def test_a_truth_that_is_broken_on_purpose_is_noticed(offers: Offers, evidence: Evidence) -> None:
    lie = replace(PLAIN, tempo_bpm=129.0, tonic=(PLAIN.tonic + 1) % 12)
    first, *others = offers.offers
    told = list(verdict.problems(replace(offers, offers=(replace(first, piece=lie), *others)), evidence))

    assert told == [
        "Test Tone - Four On The Floor: the tempo was measured as 128.02 BPM, true is 129.0",
        "Test Tone - Four On The Floor: the key was measured as 8A Am, true is 3A Bbm",
    ]


FAULTS: dict[str, tuple[Callable[[Evidence], Evidence], str]] = {
    "half the tempo": (lambda e: measured(e, tempo_bpm=64.0), "tempo was measured as 64.0"),
    "no tempo": (lambda e: measured(e, tempo_bpm=None), "tempo was measured as None"),
    "the relative key": (lambda e: measured(e, camelot="8B", key_name="C"), "key was measured as 8B C"),
    "a Camelot code of another key": (lambda e: measured(e, camelot="8B"), "key was measured as 8B Am"),
    "no loudness": (lambda e: measured(e, loudness_lufs=None), "no loudness"),
    "a file outside the library": (lambda e: measured(e, paths=("../../etc/evil",)), "outside the library"),
    "a file that is gone": (lambda e: measured(e, paths=("gone.mp3",)), "not in the library"),
    "a twin that is filed twice": (
        lambda e: replace(
            e,
            recordings=(*measured(e, addresses=("/plain",)).recordings, heard(PLAIN, TWIN_ADDRESS)),
            ended={"synced": 3},
        ),
        "ended as synced, expected was already_have",
    ),
    "a lost track": (lambda e: replace(e, recordings=e.recordings[:1]), "ended as nothing"),
    "a refusal that is filed": (
        lambda e: replace(e, recordings=(*e.recordings, heard(REFUSED, "/refused"))),
        "ended as synced, expected was buy_list",
    ),
    "a track that is under way": (lambda e: replace(e, ended={**e.ended, "running": 1}), "1 running"),
    "something ignored that was filed": (
        lambda e: replace(e, recordings=(*e.recordings, heard(PIECES[5], "/.hidden")), ended={**e.ended, "synced": 3}),
        "holds 3 recordings",
    ),
    "a finding of the doctor": (
        lambda e: replace(
            e,
            doctor={
                "ok": False,
                "checks": [{"id": "x", "ok": False, "severity": "state", "message": "ill", "mend": "rest"}],
            },
        ),
        "doctor: ill; rest",
    ),
    "a doctor who says nothing": (lambda e: replace(e, doctor={}), "doctor` does not say"),
    "a finding of the library check": (
        lambda e: replace(e, check={"ok": False, "findings": [{"sentence": "a.mp3 is gone"}]}),
        "library check: a.mp3 is gone",
    ),
    "a library check that says nothing": (lambda e: replace(e, check={}), "check` does not say"),
    "a changed file of the person": (lambda e: replace(e, changed=(Path("/mine"),)), "/mine is not as it was"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_a_sentence(fault: str, offers: Offers, evidence: Evidence) -> None:
    break_it, sentence = FAULTS[fault]
    told = list(verdict.problems(offers, break_it(evidence)))

    assert any(sentence in problem for problem in told), told


def test_either_twin_may_come_first(offers: Offers, evidence: Evidence) -> None:
    swapped = measured(evidence, addresses=(TWIN_ADDRESS, "/plain"))
    endings = [row.ending for row in verdict.rows(offers, swapped)]

    assert endings == ["already_have", "synced", "synced", "buy_list"]
    assert list(verdict.problems(offers, swapped)) == []


def test_a_remix_is_shown_beside_what_it_is_no_copy_of(offers: Offers, evidence: Evidence) -> None:
    found = verdict.rows(offers, evidence)
    pairs = [(plain.offer.address, other.offer.address) for plain, other in verdict.kept_apart(found)]

    assert ("/plain", "/remix") in pairs
    assert all(other == "/remix" for _, other in pairs)


BEFORE = [
    ("folder", "detect"),
    (REMIX.label, "match"),
    (REFUSED.label, "match"),
    (PLAIN.label, "match"),
    (REMIX.label, "acquire"),
    (PLAIN.label, "acquire"),
    (REFUSED.label, "settle"),
]


def test_a_start_that_goes_on_from_the_step_in_hand_repeats_nothing(offers: Offers) -> None:
    kill = verdict.kill_seen(BEFORE, [("folder", "detect"), (REMIX.label, "acquire"), (REMIX.label, "tag")], offers, -9)

    assert (kill.ended, kill.in_hand, kill.repeated) == (2, 1, ())
    assert list(verdict.kill_problems(kill, "")) == []


def test_a_start_that_begins_a_track_anew_is_noticed(offers: Offers) -> None:
    kill = verdict.kill_seen(BEFORE, [(REMIX.label, "match")], offers, -9)

    assert list(verdict.kill_problems(kill, "")) == [
        f"match of {REMIX.label} had ended before the kill and ran again after it"
    ]


def test_a_worker_that_was_not_killed_is_noticed(offers: Offers) -> None:
    kill = verdict.kill_seen(BEFORE, [], offers, 7)

    assert list(verdict.kill_problems(kill, "disk full")) == [
        "the worker was to be killed, but ended by itself with code 7: disk full"
    ]


def ran(result: str, code: int, *started: tuple[str, str]) -> Ran:
    return Ran(code, started, ("last words",), f'{{"result": "{result}"}}')


@pytest.mark.parametrize("last", [ran("partial", 3), ran("done", 0)])
def test_a_run_that_says_what_it_should_is_passed(last: Ran) -> None:
    assert list(verdict.report_problems(last)) == []


@pytest.mark.parametrize("last", [ran("environment", 7), ran("nothing_new", 0), Ran(1, (), ("last words",), "")])
def test_a_run_that_says_anything_else_is_noticed(last: Ran) -> None:
    assert list(verdict.report_problems(last))


ENDED = {"id": "account_x", "ok": False, "severity": "state", "message": "it has ended", "mend": "connect"}


def test_a_finding_that_is_foreseen_must_be_made(offers: Offers, evidence: Evidence) -> None:
    found = replace(evidence, doctor={"ok": False, "checks": [ENDED]})

    assert list(verdict.problems(offers, found, ["account_x"])) == []
    assert list(verdict.problems(offers, found)) == ["doctor: it has ended; connect"]
    assert list(verdict.problems(offers, evidence, ["account_x"])) == ["doctor finds nothing wrong about account_x"]


def test_a_doctor_who_contradicts_its_own_findings_is_noticed(offers: Offers, evidence: Evidence) -> None:
    told = verdict.problems(offers, replace(evidence, doctor={"ok": True, "checks": [ENDED]}), ["account_x"])

    assert list(told) == ["`music-sync doctor` says that all is well, which its checks do not"]


def test_names_that_a_like_shares_with_a_file_are_left_out_of_what_ran_again(offers: Offers) -> None:
    like = Offer(REMIX.label, "spotify", "id", None, "already_have", "because")
    kill = verdict.kill_seen(BEFORE, [(REMIX.label, "match")], offers.joined_by([like]), -9)

    assert kill.repeated == ()
