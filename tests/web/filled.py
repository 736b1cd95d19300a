"""A home that holds one of each, with words that would be markup if they were not kept words."""

from dataclasses import replace
from pathlib import Path

from tests.adapters.sounds import make
from tests.state import state_at
from tests.track.examples import recording, track

from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.runs import SqlRuns
from music_sync.model.browsing import Run
from music_sync.model.endings import Failed, NeedsReview, OnBuyList, Reason, Synced
from music_sync.model.task import Draft
from music_sync.model.track import Key, LibraryFile, Tempo

HOSTILE = ("<script>alert(1)</script>", '"><svg/onload=alert(1)>', "{{7*7}}", "<img src=x onerror=alert(1)>")
LINK = "javascript:alert(document.domain)"


def fill(home: Path) -> str:
    """One track filed in AIFF and MP3, one to buy, one that failed, one to review, a task and a run; in hostile words."""
    engine = state_at(home / "var" / "state.db")
    catalogue = SqlCatalogue(engine)
    library = FolderLibrary.at(home / "library", None, home)
    catalogue.remember("library", library.identity)
    files = []
    for kind in ("aiff", "mp3"):
        path = make(home / "library" / f"sound.{kind}", kind)
        files.append(LibraryFile(path.name, kind, sha256_of(path), path.stat().st_size))
    made = recording("a", HOSTILE[0], seed=1)
    analysis = replace(made.analysis, tempo=Tempo(128.0, 0.9), key=Key(9, "minor", 0.8), length_s=1.0)
    ours = replace(made, artist=HOSTILE[1], album=HOSTILE[2], files=tuple(files), analysis=analysis)
    found = replace(track("1", HOSTILE[0], url=LINK), source="spotify", artist=HOSTILE[1])
    catalogue.started(found, 1)
    catalogue.decided(found, "match", "new", "", [Reason("new", HOSTILE[3], 0.42)])
    catalogue.add(ours, found)
    catalogue.ended(found, 1, Synced(ours.recording_id, ours.files, "filed", ours.artist, ours.title))
    wanted = replace(track("2", "Out of Reach", url=LINK), source="spotify")
    catalogue.started(wanted, 1)
    catalogue.ended(wanted, 1, OnBuyList(HOSTILE[3], "Moderat", "Out of Reach"))
    broken = replace(track("3", "Broken"), source="soundcloud")
    catalogue.started(broken, 1)
    catalogue.ended(broken, 1, Failed("it is cut off", "acquire", "nobody", "track", "Moderat", "Broken"))
    unsure = replace(track("4", f"{HOSTILE[0]} (Live)"), source="soundcloud")
    catalogue.started(unsure, 1)
    catalogue.decided(unsure, "match", "unsure", ours.recording_id, [Reason("fingerprint_length", HOSTILE[3], 0.97)])
    catalogue.ended(unsure, 1, NeedsReview(HOSTILE[3], ours.recording_id, "Moderat", HOSTILE[0]))
    SqlBoard(engine).add(Draft(HOSTILE[3], description="x"))
    stamps = ("2026-11-28T10:00:00Z", "2026-11-28T10:00:30Z")
    SqlRuns(engine).add(Run(*stamps, "partial", HOSTILE[0], "run `music-sync doctor`", {"new": 1, "failed": 1}))
    engine.dispose()
    return ours.recording_id
