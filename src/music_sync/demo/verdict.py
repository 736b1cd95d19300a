"""What the demo's world must have become, held against what the program says and what lies on the disk."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

from music_sync.demo.music import Piece
from music_sync.demo.offers import Offer, Offers
from music_sync.demo.worker import Ran, Started

TEMPO_WITHIN_BPM = 0.5


@dataclass(frozen=True)
class Heard:
    """One filed recording, as `library list --json` tells it."""

    recording_id: str
    tempo_bpm: float | None
    camelot: str | None
    key_name: str | None
    loudness_lufs: float | None
    addresses: tuple[str, ...]
    """Where it was found, the first one first."""
    paths: tuple[str, ...]
    """Its files, relative to the library."""


def heard(shape: Mapping[str, Any]) -> Heard:
    """Read one line of `library list --json`."""
    return Heard(
        shape["recording_id"],
        shape["tempo_bpm"],
        shape["camelot"],
        shape["key_name"],
        shape["loudness_lufs"],
        tuple(source["source_id"] for source in shape["sources"]),
        tuple(file["path"] for file in shape["files"]),
    )


@dataclass(frozen=True)
class Evidence:
    """All that is known after the last run."""

    library: Path
    recordings: tuple[Heard, ...]
    refused: Mapping[str, tuple[str, str]]
    """Ending and reason of what was not filed, by address."""
    linked_because: Mapping[str, str]
    """Why something was taken for a recording that is there already, by address."""
    ended: Mapping[str, int]
    """How many tracks ended in which way; `running` for those that did not end."""
    doctor: Mapping[str, Any]
    """What `doctor --json` printed."""
    check: Mapping[str, Any]
    """What `library check --json` printed."""
    changed: tuple[Path, ...] = ()
    """Files of the person that are not as they were."""


@dataclass(frozen=True)
class Row:
    """One offer and what became of it."""

    offer: Offer
    ending: str
    reason: str
    heard: Heard | None
    wrong: tuple[str, ...]
    """A sentence for each thing that was measured and is not true."""


@dataclass(frozen=True)
class Kill:
    """What the kill in the middle broke off, and whether the next start went on from there."""

    code: int
    ended: int
    """Stages that had ended for certain: the same track was in a later one already."""
    in_hand: int
    """Tracks that were under way."""
    repeated: tuple[Started, ...]
    """Stages that had ended and ran once more: there may be none."""


def rows(offers: Offers, evidence: Evidence) -> tuple[Row, ...]:
    """Each offer with its ending, its reason and its recording, in the order in which they were laid out."""
    return tuple(_row(offer, evidence) for offer in offers.offers)


def kill_seen(killed: Sequence[Started], after: Sequence[Started], offers: Offers, code: int) -> Kill:
    """Compare what was started before the kill with what was started after it.

    A stage that is followed by another one of the same track was written down as ended. Names that two offers share
    are left out, for their stages cannot be told apart from outside.
    """
    names = Counter(offer.piece.label if offer.piece else offer.label for offer in offers.offers)
    by_name: dict[str, list[str]] = {}
    for name, stage in killed:
        if stage != "detect" and names[name] <= 1:
            by_name.setdefault(name, []).append(stage)
    ended = {(name, stage) for name, stages in by_name.items() for stage in stages[:-1]}
    under_way = [name for name, stages in by_name.items() if stages[-1] != "settle"]
    return Kill(code, len(ended), len(under_way), tuple(started for started in after if started in ended))


def kept_apart(found: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Two filed recordings of which one is another version of the other's title."""
    for plain, other in permutations([row for row in found if row.heard and row.offer.piece], 2):
        if other.offer.piece.title.startswith(f"{plain.offer.piece.title} ("):  # type: ignore[union-attr]
            yield plain, other


def tried_to_leave(found: Iterable[Row]) -> Iterator[Row]:
    """Filed tracks whose artist or title would be a path that climbs."""
    for row in found:
        if row.heard and row.offer.piece and ".." in row.offer.piece.label:
            yield row


def problems(offers: Offers, evidence: Evidence, foreseen: Collection[str] = ()) -> Iterator[str]:
    """One sentence for each thing that does not hold, whichever run it was.

    `foreseen` names the checks of `doctor` that must find something.
    """
    found = rows(offers, evidence)
    yield from offers.unmet({row.offer.address: row.ending for row in found})
    for row in found:
        yield from row.wrong
    yield from _uncounted(offers, evidence)
    yield from _misplaced(evidence)
    yield from (f"{path} is not as it was, but files of a person are only read" for path in evidence.changed)
    yield from doctor_problems(evidence, foreseen)
    yield from (f"library check: {finding['sentence']}" for finding in evidence.check.get("findings", ()))
    if not evidence.check.get("ok"):
        yield "`music-sync library check` does not say that library and catalogue agree"


def doctor_problems(evidence: Evidence, foreseen: Collection[str] = ()) -> Iterator[str]:
    """What `doctor` found, but for what it must find; and what it should have found."""
    found = {check["id"]: check for check in findings(evidence)}
    for name, check in found.items():
        if name not in foreseen:
            yield f"doctor: {check['message']}; {check['mend']}"
    yield from (f"doctor finds nothing wrong about {name}" for name in foreseen if name not in found)
    if not found and not evidence.doctor.get("ok"):
        yield "`music-sync doctor` does not say that all is well"
    if found and evidence.doctor.get("ok"):
        yield "`music-sync doctor` says that all is well, which its checks do not"


def findings(evidence: Evidence) -> list[Mapping[str, Any]]:
    """The checks of `doctor` that say more than that something is worth knowing."""
    checks = evidence.doctor.get("checks", ())
    return [check for check in checks if not check["ok"] and check["severity"] != "info"]


def kill_problems(kill: Kill, last_words: str) -> Iterator[str]:
    """What does not hold about the kill and the start after it."""
    if kill.code != -9:
        yield f"the worker was to be killed, but ended by itself with code {kill.code}: {last_words}"
    for name, stage in kill.repeated:
        yield f"{stage} of {name} had ended before the kill and ran again after it"


def report_problems(ran: Ran) -> Iterator[str]:
    """What the run that syncs everything should not have said: two refusals are expected of it."""
    result = ran.report.get("result", "nothing")
    if result not in {"done", "partial", "needs_person"}:
        yield f"the sync ended with code {ran.code} as {result}: {ran.last_words}"


def _row(offer: Offer, evidence: Evidence) -> Row:
    recording = next((each for each in evidence.recordings if offer.address in each.addresses), None)
    if recording is None:
        ending, reason = evidence.refused.get(offer.address, ("nothing", "the program does not know it"))
        return Row(offer, ending, reason, None, ())
    if recording.addresses[0] != offer.address:
        return Row(offer, "already_have", evidence.linked_because.get(offer.address, ""), recording, ())
    reason = f"filed as {', '.join(recording.paths)}"
    wrong = tuple(_mismeasured(offer.piece, recording)) if offer.piece else ()
    return Row(offer, "synced", reason, recording, wrong)


def _mismeasured(piece: Piece, found: Heard) -> Iterator[str]:
    if found.tempo_bpm is None or abs(found.tempo_bpm - piece.tempo_bpm) > TEMPO_WITHIN_BPM:
        yield f"{piece.label}: the tempo was measured as {found.tempo_bpm} BPM, true is {piece.tempo_bpm}"
    if (found.key_name, found.camelot) != (piece.key.name, piece.key.camelot):
        heard_key = f"{found.camelot} {found.key_name}"
        yield f"{piece.label}: the key was measured as {heard_key}, true is {piece.key.camelot} {piece.key.name}"
    if found.loudness_lufs is None:
        yield f"{piece.label}: no loudness was measured"


def _uncounted(offers: Offers, evidence: Evidence) -> Iterator[str]:
    """Endings that nobody offered a track for: something ignored was looked at, was doubled or is unfinished."""
    expected = {ending: count for ending, count in offers.expected_counts.items() if count}
    if {ending: count for ending, count in evidence.ended.items() if count} != expected:
        yield f"the catalogue counts {_counted(evidence.ended)}; expected were {_counted(expected)}"
    filed = len(evidence.recordings)
    if filed != offers.expected_counts["synced"]:
        yield f"the library holds {filed} recordings; expected were {offers.expected_counts['synced']}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {ending}" for ending, count in sorted(counts.items()) if count) or "nothing"


def _misplaced(evidence: Evidence) -> Iterator[str]:
    root = evidence.library.resolve()
    for path in (path for recording in evidence.recordings for path in recording.paths):
        there = (root / path).resolve()
        if not there.is_relative_to(root):
            yield f"{path} was filed outside the library"
        elif not there.is_file():
            yield f"{path} is in the catalogue, but not in the library"
