"""Replace: is a file the same recording as one of ours, and a better one? A person asks; no sync replaces anything."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from music_sync.audio.fingerprint import SAME_RECORDING, bit_error_rate, is_telling
from music_sync.model.errors import BadSetting
from music_sync.model.names import as_text
from music_sync.model.track import Analysis, FetchedFile, FoundTrack, Recording
from music_sync.track.acquire import described
from music_sync.track.match import same_length
from music_sync.track.quality import held, quality_text, rung
from music_sync.track.words import version_key


@dataclass(frozen=True)
class Comparison:
    """How a file stands to what is filed of its recording."""

    is_better: bool
    theirs: str
    """The file's quality in words."""
    ours: str
    """That of the best file that is filed."""
    is_ours: bool = False
    """It is the very file that the recording was made from, or one that is filed."""


def must_be_same(recording: Recording, path: Path, fetched: FetchedFile, analysis: Analysis) -> None:
    """Raise BadSetting unless length, sound and version words say that the file is this recording; words alone never do."""
    name, label = as_text(path.name), recording.label
    ours, theirs = recording.analysis, analysis
    if not same_length(ours.length_s, theirs.length_s):
        raise BadSetting(
            f"{name} is {theirs.length_s:.0f} s long and {label} {ours.length_s:.0f} s, so it is another recording"
        )
    if not is_telling(ours.fingerprint) or not is_telling(theirs.fingerprint):
        raise BadSetting(
            f"nobody can tell by their sound that {name} and {label} are one recording; nothing was changed"
        )
    error = bit_error_rate(ours.fingerprint, theirs.fingerprint)
    if error > SAME_RECORDING:
        raise BadSetting(
            f"{name} sounds like another recording: {1 - error:.0%} of its fingerprint is that of {label}, "
            f"wanted are {1 - SAME_RECORDING:.0%}"
        )
    theirs_in_words = _version(path, fetched)
    if theirs_in_words is not None and theirs_in_words != version_key(recording.title):
        raise BadSetting(f"{name} sounds like {label}, but its version words differ; mend its title if it is the same")


def _version(path: Path, fetched: FetchedFile) -> str | None:
    """The version words of its title; of a name alone only when it says any."""
    if fetched.embedded.title:
        return version_key(fetched.embedded.title)
    return version_key(as_text(path.stem)) or None


def compared(recording: Recording, fetched: FetchedFile, analysis: Analysis) -> Comparison:
    """Hold a file against the best that is filed."""
    _best, ours = held(recording)
    is_ours = fetched.sha256 in {recording.origin_sha256, *(file.sha256 for file in recording.files)}
    theirs = fetched.codec, fetched.bit_rate, analysis.cutoff_hz
    is_better = not is_ours and rung(*theirs) < rung(*ours)
    return Comparison(is_better, quality_text(*theirs), quality_text(*ours), is_ours)


def as_found(recording: Recording, fetched: FetchedFile) -> FoundTrack:
    """The track as the catalogue knows it; only what it does not know is taken from the file."""
    known = FoundTrack(
        "library",
        recording.recording_id,
        artist=recording.artist,
        title=recording.title,
        album=recording.album,
        isrc=recording.isrc,
        year=recording.year,
        genre=recording.genre,
        url=next((link.url for link in recording.sources if link.url), ""),
    )
    return described(known, fetched)


def place_of(recording: Recording) -> str:
    """Where the files lie, without an ending: those that come lie there as well, wherever a template would put them."""
    best, _sound = held(recording)
    folder, slash, name = best.path.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}"


def columns_of(fetched: FetchedFile, analysis: Analysis) -> dict[str, Any]:
    """What changes of a recording when it is made from another file; ids, words and lists stay."""
    tempo, key = analysis.tempo, analysis.key
    return {
        "origin_sha256": fetched.sha256,
        "length_s": analysis.length_s,
        "loudness_lufs": analysis.loudness_lufs,
        "peak": analysis.peak,
        "tempo_bpm": tempo.bpm if tempo else None,
        "tempo_confidence": tempo.confidence if tempo else None,
        "key_tonic": key.tonic if key else None,
        "key_mode": key.mode if key else "",
        "key_confidence": key.confidence if key else None,
        "codec": fetched.codec,
        "bit_rate": fetched.bit_rate,
        "cutoff_hz": analysis.cutoff_hz,
    }
