"""How a track's journey can end, and why. Expected endings are values, never errors."""

from dataclasses import dataclass

from music_sync.model.errors import EnvironmentFault, GiveUp, NeedsPerson, ServiceUnavailable, SyncError
from music_sync.model.track import FoundTrack, LibraryFile


@dataclass(frozen=True)
class Reason:
    """One finding behind a decision: what was compared, with which score."""

    rule: str
    """Short name: source_id, link, file_hash, isrc_length, fingerprint_length, version_words, preview, truncated ..."""
    text: str
    """One sentence for a person."""
    score: float | None = None
    """0 to 1 where the rule measures; None where it is plainly true."""


@dataclass(frozen=True)
class Match:
    """What `match` says: a recording of ours (`same`), none (`new`), or one that a person must look at (`unsure`)."""

    verdict: str
    recording_id: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Synced:
    """Filed, as evidence: these files are in the library."""

    recording_id: str
    files: tuple[LibraryFile, ...]
    reason: str = ""
    artist: str = ""
    title: str = ""

    name = "synced"


@dataclass(frozen=True)
class AlreadyHave:
    """The recording is in the library already; the source became one more link to it."""

    recording_id: str
    reason: str
    files: tuple[LibraryFile, ...] = ()
    artist: str = ""
    title: str = ""

    name = "already_have"


@dataclass(frozen=True)
class NeedsReview:
    """Evidence speaks for and against `recording_id`; a person decides."""

    reason: str
    recording_id: str = ""
    artist: str = ""
    title: str = ""

    name = "review"


@dataclass(frozen=True)
class OnBuyList:
    """No way that the owner allows brings this audio."""

    reason: str
    artist: str = ""
    title: str = ""

    name = "buy_list"


@dataclass(frozen=True)
class Failed:
    """The journey broke off at `stage`; `next_actor` is flow (tried again by itself), person or nobody."""

    reason: str
    stage: str
    next_actor: str
    cause: str = "track"
    """What kind of fault: track, service (limits us or is away), environment (disk, library), unexpected."""
    artist: str = ""
    title: str = ""

    name = "failed"

    @classmethod
    def because(cls, error: SyncError, found: FoundTrack, stage: str) -> "Failed":
        """The ending that an error means for a track."""
        next_actor, cause = "flow", "track"
        if isinstance(error, GiveUp):
            next_actor = "nobody"
        elif isinstance(error, NeedsPerson):
            next_actor = "person"
        elif isinstance(error, EnvironmentFault):
            cause = "environment"
        elif isinstance(error, ServiceUnavailable):
            cause = "service"
        return cls(str(error), stage, next_actor, cause, found.artist, found.title or found.label)


Ending = Synced | AlreadyHave | NeedsReview | OnBuyList | Failed

STAGES = ("detect", "match", "acquire", "analyse", "encode", "tag", "file", "publish")
