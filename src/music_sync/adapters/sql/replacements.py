"""The rows that change when a recording is made from another file: those of its files, its fingerprint, its measures."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql import rows
from music_sync.adapters.sql.tables import files, fingerprints, recordings
from music_sync.adapters.sql.text import path_key
from music_sync.model.errors import NeedsPerson
from music_sync.model.track import LibraryFile

REPLACING = "replacing"
"""Kind of the journal entry that says what is about to be replaced; it becomes a `replace` when all is in place."""

_COLUMNS = (
    *("origin_sha256", "length_s", "loudness_lufs", "peak", "tempo_bpm", "tempo_confidence"),
    *("key_tonic", "key_mode", "key_confidence", "codec", "bit_rate", "cutoff_hz"),
)


def sound_of(connection: sa.Connection, recording_id: str) -> dict[str, Any]:
    """How a recording stands now, as JSON can hold it."""
    wanted = sa.select(*(recordings.c[name] for name in _COLUMNS)).where(recordings.c.recording_id == recording_id)
    print_of = sa.select(fingerprints.c.fingerprint).where(fingerprints.c.recording_id == recording_id)
    filed = sa.select(files).where(files.c.recording_id == recording_id).order_by(files.c.file_id)
    return {
        "recording": dict(connection.execute(wanted).mappings().one()),
        "fingerprint": (connection.scalar(print_of) or b"").hex(),
        "files": [vars(rows.file_of(row)) for row in connection.execute(filed)],
    }


def put_sound(connection: sa.Connection, recording_id: str, state: Mapping[str, Any]) -> None:
    """Make a recording stand so; raises NeedsPerson when another recording has one of its paths."""
    chosen = recordings.c.recording_id == recording_id
    connection.execute(sa.update(recordings).where(chosen).values(dict(state["recording"])))
    connection.execute(sa.delete(fingerprints).where(fingerprints.c.recording_id == recording_id))
    if state["fingerprint"]:
        told = {"recording_id": recording_id, "length_s": state["recording"]["length_s"]}
        stored = bytes.fromhex(state["fingerprint"])
        connection.execute(sa.insert(fingerprints).values(told | {"fingerprint": stored}))
    connection.execute(sa.delete(files).where(files.c.recording_id == recording_id))
    for file in files_of(state):
        key = path_key(file.path)
        if connection.scalar(sa.select(files.c.file_id).where(files.c.path_key == key)) is not None:
            raise NeedsPerson(f"{file.path} is another recording's by now; undo that filing first")
        connection.execute(sa.insert(files).values(rows.file_row(recording_id, file, key)))


def files_of(state: Mapping[str, Any]) -> Sequence[LibraryFile]:
    """The files of such a state."""
    return [LibraryFile(**each) for each in state["files"]]
