"""Turns our nouns into rows and rows into nouns; touches no database."""

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.text import clean
from music_sync.adapters.sql.told import told_text
from music_sync.model.endings import Ending, Failed, NeedsReview, OnBuyList, Reason
from music_sync.model.ports import Decision, Past
from music_sync.model.track import Analysis, FoundTrack, Key, LibraryFile, Recording, SourceLink, Tempo


@dataclass(frozen=True)
class JournalEntry:
    """What was done to a file or recording, with the state before and after, so that it can be undone."""

    entry_id: int
    at: str
    kind: str
    """filed, refiled (same recording, other bytes), taken_over (the path was another's), relinked, merge, undo,
    retag, and retagging for one that has not ended."""
    recording_id: str
    path: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def name_of_row(row: Mapping[str, Any]) -> str:
    """What a person calls a recording, by its row, as `Recording.label` does."""
    return f"{row['artist']} - {row['title']}" if row["artist"] else str(row["title"] or row["recording_id"])


def recording_row(recording: Recording, filed_at: str) -> dict[str, Any]:
    analysis = recording.analysis
    tempo, key = analysis.tempo, analysis.key
    return {
        "recording_id": recording.recording_id,
        "artist": recording.artist,
        "title": recording.title,
        "version": recording.version,
        "album": recording.album,
        "isrc": recording.isrc,
        "year": recording.year,
        "genre": recording.genre,
        "origin_sha256": recording.origin_sha256,
        "length_s": analysis.length_s,
        "loudness_lufs": analysis.loudness_lufs,
        "peak": analysis.peak,
        "tempo_bpm": tempo.bpm if tempo else None,
        "tempo_confidence": tempo.confidence if tempo else None,
        "key_tonic": key.tonic if key else None,
        "key_mode": key.mode if key else "",
        "key_confidence": key.confidence if key else None,
        "filed_at": recording.filed_at or filed_at,
        "codec": recording.codec,
        "bit_rate": recording.bit_rate,
        "cutoff_hz": analysis.cutoff_hz,
    }


def recording_of(
    row: sa.Row[Any], files: Sequence[LibraryFile], sources: Sequence[SourceLink], playlists: Sequence[str]
) -> Recording:
    """Build a recording from its joined row and what hangs on it."""
    return Recording(
        recording_id=row.recording_id,
        artist=row.artist,
        title=row.title,
        version=row.version,
        album=row.album,
        isrc=row.isrc,
        year=row.year,
        genre=row.genre,
        origin_sha256=row.origin_sha256,
        analysis=_analysis_of(row),
        files=tuple(files),
        sources=tuple(sources),
        playlists=tuple(playlists),
        filed_at=row.filed_at,
        codec=row.codec,
        bit_rate=row.bit_rate,
    )


def _analysis_of(row: sa.Row[Any]) -> Analysis:
    return Analysis(
        length_s=row.length_s,
        fingerprint=fingerprint_of(row.fingerprint),
        loudness_lufs=row.loudness_lufs,
        peak=row.peak,
        tempo=None if row.tempo_bpm is None else Tempo(row.tempo_bpm, row.tempo_confidence),
        key=None if row.key_tonic is None else Key(row.key_tonic, row.key_mode, row.key_confidence),
        cutoff_hz=row.cutoff_hz,
    )


def fingerprint_bytes(fingerprint: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(fingerprint)}I", *fingerprint)


def fingerprint_of(stored: bytes | None) -> tuple[int, ...]:
    if not stored:
        return ()
    return struct.unpack(f"<{len(stored) // 4}I", stored)


def file_row(recording_id: str, file: LibraryFile, key: str) -> dict[str, Any]:
    return {
        "recording_id": recording_id,
        "path": clean(file.path),
        "path_key": key,
        "format": clean(file.format),
        "sha256": clean(file.sha256),
        "size_bytes": file.size_bytes,
    }


FILE = ("path", "format", "sha256", "size_bytes")
"""A file's columns in the order of `LibraryFile`."""


def file_of(row: sa.Row[Any]) -> LibraryFile:
    return LibraryFile(*(getattr(row, name) for name in FILE))


def link_of(row: sa.Row[Any]) -> SourceLink:
    return SourceLink(row.source, row.source_id, row.revision, row.url, row.found_at)


def start_row(found: FoundTrack, attempt: int, at: str) -> dict[str, Any]:
    """An attempt that has begun and not ended."""
    return {
        "source": found.source,
        "source_id": found.source_id,
        "revision": found.revision,
        "attempt": attempt,
        "label": found.label,
        "url": found.url,
        "ending": "running",
        "reason": "",
        "stage": "",
        "next_actor": "flow",
        "cause": "track",
        "recording_id": "",
        "started_at": at,
        "ended_at": "",
        "found": told_text(found),
    }


def end_row(found: FoundTrack, ending: Ending, at: str) -> dict[str, Any]:
    """What an ending says of its attempt."""
    failed = ending if isinstance(ending, Failed) else None
    waits = isinstance(ending, NeedsReview | OnBuyList)
    both = ending.artist and ending.title
    return {
        "revision": found.revision,
        "label": f"{ending.artist} - {ending.title}" if both else found.label,
        "ending": ending.name,
        "reason": ending.reason,
        "stage": failed.stage if failed else "",
        "next_actor": failed.next_actor if failed else "person" if waits else "nobody",
        "cause": failed.cause if failed else "track",
        "recording_id": "" if isinstance(ending, Failed | OnBuyList) else ending.recording_id,
        "ended_at": at,
    }


PAST = ("attempt", "ending", "reason", "stage", "next_actor", "recording_id", "revision", "cause")
"""An attempt's columns in the order of `Past`."""


def past_of(row: sa.Row[Any]) -> Past:
    return Past(*(getattr(row, name) for name in PAST))


def decision_row(key: str, stage: str, verdict: str, recording_id: str, reasons: Iterable[Reason]) -> dict[str, Any]:
    listed = json.dumps([[clean(each.rule), clean(each.text), each.score] for each in reasons])
    digest = hashlib.sha256(json.dumps([clean(verdict), recording_id, listed]).encode()).hexdigest()
    return {
        "key": key,
        "stage": stage,
        "verdict": verdict,
        "recording_id": recording_id,
        "reasons": listed,
        "digest": digest,
    }


def decision_of(row: sa.Row[Any]) -> Decision:
    reasons = tuple(Reason(rule, text, score) for rule, text, score in json.loads(row.reasons))
    return Decision(row.decided_at, row.key, row.stage, row.verdict, row.recording_id, reasons)


def entry_of(row: sa.Row[Any]) -> JournalEntry:
    return JournalEntry(
        row.entry_id, row.at, row.kind, row.recording_id, row.path, json.loads(row.before), json.loads(row.after)
    )
