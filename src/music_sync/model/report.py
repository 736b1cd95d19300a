"""What a run found and did, in the same words for a plan, a run and a script."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from music_sync.model.endings import AlreadyHave, Ending, Failed, Synced
from music_sync.model.errors import EnvironmentFault, NeedsPerson, NotSetUp, ServiceUnavailable, SyncError
from music_sync.model.track import FoundTrack

COUNTED = {
    "synced": "new",
    "already_have": "already_have",
    "review": "review",
    "buy_list": "buy_list",
    "failed": "failed",
}
"""An ending's name -> the word it is counted under."""

EXIT_CODES = {
    "done": 0,
    "nothing_new": 0,
    "error": 1,
    "partial": 3,
    "needs_person": 4,
    "locked": 5,
    "unavailable": 6,
    "environment": 7,
}


@dataclass(frozen=True)
class SourceReport:
    """One source in one run."""

    name: str
    ok: bool
    found: int
    message: str = ""
    part: str = ""
    """Which part of it: likes, playlists ...; empty for a source of one piece."""
    skipped: bool = False
    """Passed over: nobody ever connected its account."""
    next_actor: str = ""
    """Who goes on when it is not ok: flow (the next sync), person."""
    cause: str = ""
    """What kind of fault: service, environment, or empty."""
    weighs: bool = True
    """Does its failure change how the run ends? That of a view does not: what it missed is caught up."""

    @property
    def label(self) -> str:
        return f"{self.name} {self.part}".rstrip()

    def with_first(self, sentence: str) -> "SourceReport":
        """The same with one more sentence before its message."""
        return replace(self, message="; ".join(filter(None, [sentence, self.message])))

    def as_json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("name", "part", "ok", "skipped", "found", "message")}

    @classmethod
    def because(cls, name: str, part: str, error: SyncError, found: int = 0) -> "SourceReport":
        """The report that an error means for a source."""
        if isinstance(error, NotSetUp):
            return cls(name, ok=True, found=found, message=str(error), part=part, skipped=True)
        actor = "person" if isinstance(error, NeedsPerson) else "flow"
        cause = "service" if isinstance(error, ServiceUnavailable) else ""
        cause = "environment" if isinstance(error, EnvironmentFault) else cause
        return cls(name, ok=False, found=found, message=str(error), part=part, next_actor=actor, cause=cause)


@dataclass(frozen=True)
class TrackReport:
    """One track of one run and how it ended."""

    found: FoundTrack
    ending: Ending

    def as_json(self) -> dict[str, object]:
        ending = self.ending
        return {
            "source": self.found.source,
            "source_id": self.found.source_id,
            "artist": ending.artist or self.found.artist,
            "title": ending.title or self.found.title or self.found.label,
            "ending": ending.name,
            "reason": ending.reason,
            "recording_id": "" if isinstance(ending, Failed) else getattr(ending, "recording_id", ""),
            "files": [file.path for file in ending.files] if isinstance(ending, Synced | AlreadyHave) else [],
        }


@dataclass(frozen=True)
class RunReport:
    """All of one run."""

    tracks: tuple[TrackReport, ...] = ()
    sources: tuple[SourceReport, ...] = ()
    fault: str = ""
    """A result that stopped the run as a whole: locked, unavailable, environment, needs_person, error; else empty."""
    message: str = ""
    """One sentence for that fault."""

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(COUNTED[track.ending.name] for track in self.tracks)
        return {word: counted[word] for word in COUNTED.values()}

    @property
    def result(self) -> str:
        """One word for the whole run; what stopped it beats what failed, what failed beats what waits for a person."""
        if self.fault:
            return self.fault
        only_views = not any(source.weighs for source in self.sources)
        broken = [source for source in self.sources if not source.ok and (source.weighs or only_views)]
        failed = {track.ending.cause for track in self.tracks if isinstance(track.ending, Failed)}
        causes = failed | {source.cause for source in broken}
        counts = self.counts
        if "environment" in failed:
            return "environment"
        # One service that limits us does not make the run one that must be tried again soon: the others were read.
        was_read = any(source.ok and not source.skipped for source in self.sources)
        if causes == {"service"} and not counts["new"] and not (broken and was_read):
            return "unavailable"
        if failed or any(source.next_actor != "person" for source in broken):
            return "partial"
        if broken or counts["review"]:
            return "needs_person"
        return "done" if counts["new"] or counts["buy_list"] else "nothing_new"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.result]

    def as_json(self) -> dict[str, object]:
        """The shape that scripts rely on."""
        shape: dict[str, object] = {
            "result": self.result,
            "counts": self.counts,
            "tracks": [track.as_json() for track in self.tracks],
            "sources": [source.as_json() for source in self.sources],
        }
        return {**shape, "message": self.message} if self.message else shape


def only_first(tracks: Iterable[TrackReport]) -> tuple[TrackReport, ...]:
    """Each track once, by its key, where it stood first."""
    first: dict[str, TrackReport] = {}
    for track in tracks:
        first.setdefault(track.found.key, track)
    return tuple(first.values())
