"""File: give the tagged files their place in the library and the recording its rows in the catalogue."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from music_sync.model.endings import AlreadyHave, Match, NeedsReview, Synced
from music_sync.model.ports import Catalogue, Library, Prepared
from music_sync.model.track import Analysis, FetchedFile, FoundTrack, Recording, StagedFile
from music_sync.track.evidence import gone, is_lost
from music_sync.track.match import match
from music_sync.track.naming import Template
from music_sync.track.words import version_key, version_text

_NAMESPACE = uuid.UUID("6f1b0a53-7a2c-4b83-9f0e-3a5c62d07e11")


@dataclass(frozen=True)
class Shelf:
    """Where filed tracks go: the library's folder, the catalogue that knows it, and the names they get."""

    library: Library
    catalogue: Catalogue
    template: Template


def file(
    found: FoundTrack, fetched: FetchedFile, analysis: Analysis, staged: Sequence[StagedFile], shelf: Shelf
) -> Synced | AlreadyHave | NeedsReview:
    """File all formats of a recording at once, or none; a second time finds the first one's work and leaves it.

    The copies are made durable under hidden names first. Then, while no one else may write to the catalogue, the
    recording is matched once more, the files get their names, and the rows are written: of two encodings of one
    recording that arrive together, one is filed and the other becomes a link.
    """
    recording = recording_of(found, fetched, analysis)
    done = shelf.catalogue.recording(recording.recording_id)
    if done and done.files and not (found.wanted_again and is_lost(done, shelf.library)):
        return Synced(done.recording_id, done.files, _placed(done), done.artist, done.title)
    shelf.library.check()
    wanted = shelf.template.path(name_values(recording, found))
    prepared = [
        shelf.library.prepare(each, wanted, f"{recording.recording_id[:12]}-{number}")
        for number, each in enumerate(staged)
    ]
    with shelf.catalogue.locked():
        same = match(found, shelf.catalogue, fetched.sha256, analysis)
        if same.verdict == "new":
            return _place(recording, found, prepared, shelf)
        shelf.catalogue.decided(found, "file", same.verdict, same.recording_id, same.reasons)
        if same.verdict == "same" and comes_back(same, found, shelf):
            return _place(replace(recording, recording_id=same.recording_id), found, prepared, shelf)
        if same.verdict == "same":
            shelf.catalogue.link(same.recording_id, found)
    for each in prepared:
        shelf.library.discard(each)
    return known(same, found, shelf)


def comes_back(same: Match, found: FoundTrack, shelf: Shelf) -> bool:
    """Is this a recording whose files are gone, and did a person ask for it again? Else what was deleted stays so."""
    recording = shelf.catalogue.recording(same.recording_id) if found.wanted_again else None
    return recording is not None and is_lost(recording, shelf.library)


def known(same: Match, found: FoundTrack, shelf: Shelf) -> AlreadyHave | NeedsReview:
    """The ending of a track that matched a recording of ours."""
    catalogue = shelf.catalogue
    reason = same.reasons[0].text if same.reasons else "matched"
    if same.verdict == "unsure":
        return NeedsReview(reason, same.recording_id, found.artist, found.title or found.label)
    recording = catalogue.recording(same.recording_id)
    if recording is None:
        return AlreadyHave(same.recording_id, reason, (), found.artist, found.title or found.label)
    if is_lost(recording, shelf.library):
        return AlreadyHave(
            same.recording_id, f"{reason}; {gone(recording.files)}", (), recording.artist, recording.title
        )
    return AlreadyHave(same.recording_id, reason, recording.files, recording.artist, recording.title)


def recording_of(found: FoundTrack, fetched: FetchedFile, analysis: Analysis) -> Recording:
    """The recording that a fetched track becomes; its id follows from track and file, so a second time is the same."""
    return Recording(
        recording_id=uuid.uuid5(_NAMESPACE, f"{found.key} {fetched.sha256}").hex,
        artist=found.artist,
        title=found.title,
        version=version_key(found.title),
        album=found.album,
        isrc=found.isrc,
        year=found.year,
        genre=found.genre,
        origin_sha256=fetched.sha256,
        analysis=analysis,
        codec=fetched.codec,
        bit_rate=fetched.bit_rate,
    )


def name_values(recording: Recording, found: FoundTrack) -> dict[str, str | float | None]:
    """What a name template may ask for."""
    tempo, key = recording.analysis.tempo, recording.analysis.key
    return {
        "artist": recording.artist,
        "title": recording.title,
        "version": version_text(recording.title),
        "album": recording.album,
        "year": recording.year,
        "genre": recording.genre,
        "tempo": tempo.bpm if tempo else None,
        "key": key.name if key else None,
        "camelot": key.camelot if key else None,
        "source": found.source,
        "month": found.liked_at[:7],
        "id": recording.recording_id[:8],
    }


def _place(recording: Recording, found: FoundTrack, prepared: Sequence[Prepared], shelf: Shelf) -> Synced:
    files = tuple(shelf.library.place(each) for each in prepared)
    filed = Recording(**{**vars(recording), "files": files})
    shelf.catalogue.add(filed, found)
    return Synced(filed.recording_id, files, _placed(filed), filed.artist, filed.title)


def _placed(recording: Recording) -> str:
    return "filed as " + ", ".join(each.path for each in recording.files)
