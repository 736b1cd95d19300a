"""The stages of a track's journey with their adapters in place, as flows and plans call them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from music_sync.model.endings import AlreadyHave, Ending, Failed, Match, NeedsReview, OnBuyList, Reason, Synced
from music_sync.model.errors import BadSetting, GiveUp, SyncError
from music_sync.model.happenings import Happening, Tell
from music_sync.model.ports import Catalogue, Encoder, Measure, Progress, Provider, Searching, Source, Tagger
from music_sync.model.report import SourceReport, TrackReport
from music_sync.model.track import Analysis, Embedded, FetchedFile, FoundTrack, Playlist, Recording, StagedFile
from music_sync.track import staging
from music_sync.track.acquire import (
    OWNED,
    Refusal,
    Way,
    acquire,
    brought,
    described,
    explained,
    inspect,
    no_way_to,
    own_copy,
    settled,
    sha256_of,
    unbrought,
    ways,
)
from music_sync.track.analyse import analyse, noted
from music_sync.track.candidates import Candidates, Choice, Said
from music_sync.track.detect import Detected, PassedOver, Request, detect
from music_sync.track.encode import encode
from music_sync.track.file import Shelf, comes_back, file, known, recording_of
from music_sync.track.match import match
from music_sync.track.publish import publish
from music_sync.track.quality import rung
from music_sync.track.review import reasons_for, said_apart, said_same
from music_sync.track.seek import refusals, seek
from music_sync.track.tag import tag, tags_for
from music_sync.track.words import version_text

log = logging.getLogger(__name__)

_AT_ONCE = 200
"""Memberships written in one transaction: quicker than one by one, and others wait for no longer than a second."""


@dataclass(frozen=True)
class Stages:
    """Each method is one stage; what it needs of the world stands in these fields."""

    open_sources: Callable[[Request], Sequence[Source]]
    catalogue: Catalogue
    shelf: Shelf
    providers: Sequence[Provider]
    tagger: Tagger
    encoder: Encoder
    measure: Measure
    formats: Sequence[str]
    staging: Path
    tell: Tell
    own: Candidates | None = None
    """What the owner has already; None when the settings do not allow that way."""

    # Detect

    def source_count(self, request: Request) -> int:
        return len(self.open_sources(request))

    def detect(self, request: Request, number: int) -> Detected:
        try:
            source = self.open_sources(request)[number]
        except (BadSetting, IndexError) as error:
            # A round that was broken off goes on later; what it was to look at may be gone, or set otherwise.
            text = str(error) if isinstance(error, BadSetting) else "the settings name it no more"
            return Detected((), (), SourceReport("earlier", ok=False, found=0, message=text))
        if not isinstance(source, PassedOver):
            label = f"{source.name} {source.part}".rstrip()
            self.tell(Happening(source.name, label, "detect", "started"))
        return detect(source, self.catalogue, self.shelf.library, self.fits)

    def fits(self, found: FoundTrack) -> bool:
        """Does the owner have this track by now, of which there was no way before?"""
        return self.own is not None and self.own.fits(found) and bool(self._look(found).sure)

    def join_lists(self, told: Sequence[TrackReport]) -> None:
        """Put tracks that are ours on all their lists: some may be new to us, or hold it at another place."""
        wanted: dict[tuple[str, str], dict[str, Playlist]] = {}
        for ending, found in ((track.ending, track.found) for track in told if track.found.playlists):
            # An ending without files tells of a recording that catalogue or library hold no more.
            if isinstance(ending, Synced | AlreadyHave) and ending.files:
                for playlist in found.playlists:
                    # Of two tracks that are one recording, the first one's place counts.
                    places = wanted.setdefault((playlist.source, playlist.source_id), {})
                    places.setdefault(ending.recording_id, playlist)
        for (source, source_id), places in wanted.items():
            there = self.catalogue.members(source, source_id)
            moved = [(each, playlist) for each, playlist in places.items() if there.get(each) != playlist]
            for first in range(0, len(moved), _AT_ONCE):
                with self.catalogue.locked():
                    for recording_id, playlist in moved[first : first + _AT_ONCE]:
                        self.catalogue.member(recording_id, playlist)

    def begin(self, found: FoundTrack, attempt: int) -> None:
        self.catalogue.started(found, attempt)

    # A track's journey

    def match(self, found: FoundTrack) -> AlreadyHave | NeedsReview | None:
        sha256 = _hash_of(found)
        return self._settled(found, "match", match(found, self.catalogue, sha256))

    def acquire(self, found: FoundTrack) -> FetchedFile | OnBuyList | AlreadyHave | NeedsReview:
        progress = self._progress(found, "acquire")
        came = acquire(found, self.providers, self.tagger, self._folder(found), progress, self._look, self._seek)
        if isinstance(came, Match):
            return self._settled(found, "acquire", came) or OnBuyList(no_way_to(found), found.artist, found.title)
        if isinstance(came, FetchedFile):
            self.catalogue.decided(found, "acquire", "fetched", "", brought(found, came))
        return came

    def analyse(self, found: FoundTrack, fetched: FetchedFile) -> Analysis | OnBuyList | NeedsReview:
        analysis = analyse(found, fetched, self.measure, self._progress(found, "analyse"))
        if isinstance(analysis, Analysis):
            self.catalogue.decided(found, "analyse", "measured", "", (noted(fetched, analysis),))
        return analysis

    def match_sound(
        self, found: FoundTrack, fetched: FetchedFile, analysis: Analysis
    ) -> AlreadyHave | NeedsReview | None:
        return self._settled(found, "match sound", match(found, self.catalogue, fetched.sha256, analysis))

    def own_sound(
        self, found: FoundTrack, fetched: FetchedFile, analysis: Analysis
    ) -> tuple[FetchedFile, Analysis] | None:
        """The owner's file that sounds as what was fetched, and is no worse: it takes its place.

        Whatever is wrong with that file or its drive, what was fetched is there and is filed.
        """
        if self.own is None or found.path or fetched.provider == OWNED:
            return None
        heard = self.own.sounding_like(analysis.fingerprint, analysis.length_s)
        if heard is None:
            return None
        try:
            mine = own_copy(found, heard, self.providers, self._folder(found), self.tagger)
            measured = self.measure(mine.path, self._progress(found, "own sound"))
        except SyncError as error:
            self.catalogue.decided(found, "own sound", "refused", "", (Reason("own_file", str(error)), *heard.reasons))
            return None
        takes_place = _rung(mine, measured) <= _rung(fetched, analysis)
        told = (
            (*brought(found, mine), noted(mine, measured)) if takes_place else (noted(mine, measured), *heard.reasons)
        )
        self.catalogue.decided(found, "own sound", "fetched" if takes_place else "left", "", told)
        return (mine, measured) if takes_place else None

    def encode(self, found: FoundTrack, fetched: FetchedFile) -> tuple[StagedFile, ...]:
        progress = self._progress(found, "encode")
        return encode(fetched, self.formats, self.encoder, self._folder(found), progress)

    def tag(self, found: FoundTrack, fetched: FetchedFile, analysis: Analysis, staged: tuple[StagedFile, ...]) -> None:
        cover = self.tagger.cover(fetched.path) if fetched.embedded.has_cover else None
        if fetched.embedded.has_cover and cover is None:
            text = f"{found.label}: its cover cannot be used and is left out"
            self.tell(Happening(found.key, found.label, "tag", "told", text=text))
        tag(staged, tags_for(found, analysis, cover, version_text(found.title)), self.tagger, fetched.path)

    def file(
        self, found: FoundTrack, fetched: FetchedFile, analysis: Analysis, staged: tuple[StagedFile, ...]
    ) -> Synced | AlreadyHave | NeedsReview:
        return file(found, fetched, analysis, staged, self.shelf)

    def publish(self, found: FoundTrack, ending: Ending) -> None:
        if isinstance(ending, Synced | AlreadyHave):
            publish(found, ending.recording_id, self.catalogue)

    def settle(self, found: FoundTrack, attempt: int, ending: Ending) -> None:
        """Write down how the attempt ended, and clear its staging unless the next attempt goes on from it."""
        log.info("%s %s: %s", ending.name, _called(ending, found), ending.reason)
        self.catalogue.ended(found, attempt, ending)
        if not (isinstance(ending, Failed) and ending.next_actor == "flow"):
            staging.clear(self.staging, found.key)
        self.tell(Happening(found.key, _called(ending, found), "settle", "ended", 1.0, ending.name))

    # A plan's stand-ins, which fetch, write and file nothing

    def foresee(self, found: FoundTrack) -> Ending:
        """How a track's journey would end, told from what is here already; a link is probed and not fetched."""
        sha256 = _hash_of(found)
        before = match(found, self.catalogue, sha256)
        if before.verdict != "new":
            return known(before, found, self.shelf)
        refused: list[Refusal] = []
        for way in ways(found, self.providers, self._look, self._seek):
            try:
                return self._foresee_way(found, way)
            except GiveUp as error:
                refused.append(Refusal(way, error))
        return unbrought(found, refused)

    def _foresee_way(self, found: FoundTrack, way: Way) -> Ending:
        verdict = settled(found, way)
        if verdict:
            return known(verdict, found, self.shelf)
        path = way.provider.peek(way.found)
        if path is None:
            return self._pretend(found, self._unheard(found))
        return self._foresee_file(found, explained(inspect(path, way.provider.name, self.tagger), way.judged))

    def _foresee_file(self, found: FoundTrack, fetched: FetchedFile) -> Ending:
        found = described(found, fetched)
        analysis = analyse(found, fetched, self.measure, self._progress(found, "analyse"))
        if not isinstance(analysis, Analysis):
            return analysis
        after = match(found, self.catalogue, fetched.sha256, analysis)
        if after.verdict != "new":
            return known(after, found, self.shelf)
        return self._pretend(found, recording_of(found, fetched, analysis))

    def _pretend(self, found: FoundTrack, recording: Recording) -> Synced:
        self.catalogue.add(recording, found)
        return Synced(recording.recording_id, (), "would be fetched and filed", recording.artist, recording.title)

    def _unheard(self, found: FoundTrack) -> Recording:
        nothing = FetchedFile(Path(), "", "", "", sha256="", size_bytes=0, announced_length_s=None, embedded=Embedded())
        silent = Analysis(length_s=found.length_s or 0.0, fingerprint=())
        return recording_of(described(found, nothing), nothing, silent)

    # Beneath

    def _look(self, found: FoundTrack) -> Choice:
        return self.own.choose(found, self._said(found)) if self.own else Choice()

    def _seek(self, found: FoundTrack, provider: Searching, site: str) -> Choice:
        """Search a site; what is refused is written down, for the track may end anywhere."""
        choice = seek(found, provider, site, self._said(found))
        if choice.refused:
            self.catalogue.decided(found, "acquire", "refused", "", refusals(choice))
        return choice

    def _said(self, found: FoundTrack) -> Said:
        decisions = tuple(self.catalogue.decisions(found.key))
        asked = reasons_for("", decisions)
        return Said(said_apart(decisions), said_same(decisions), asked[0].text if asked else "")

    def _settled(self, found: FoundTrack, stage: str, verdict: Match) -> AlreadyHave | NeedsReview | None:
        """Store what was decided; a recording of ours gets one more link and ends the journey."""
        self.catalogue.decided(found, stage, verdict.verdict, verdict.recording_id, verdict.reasons)
        if verdict.verdict == "new":
            return None
        if verdict.verdict == "same":
            if comes_back(verdict, found, self.shelf):
                return None
            self.catalogue.link(verdict.recording_id, found)
        return known(verdict, found, self.shelf)

    def _folder(self, found: FoundTrack) -> Path:
        return staging.folder_of(self.staging, found.key)

    def _progress(self, found: FoundTrack, stage: str) -> Progress:
        told = Happening(found.key, found.label, stage, "progress")
        return lambda fraction: self.tell(replace(told, fraction=fraction))


def _rung(fetched: FetchedFile, analysis: Analysis) -> tuple[bool, int]:
    return rung(fetched.codec, fetched.bit_rate, analysis.cutoff_hz)


def _hash_of(found: FoundTrack) -> str:
    """Of the local file; empty where there is none, and for one that cannot be read, of which `acquire` says why."""
    try:
        return sha256_of(found.path) if found.path and found.path.is_file() else ""
    except OSError:
        return ""


def _called(ending: Ending, found: FoundTrack) -> str:
    if ending.artist and ending.title:
        return f"{ending.artist} - {ending.title}"
    return ending.title or found.label
