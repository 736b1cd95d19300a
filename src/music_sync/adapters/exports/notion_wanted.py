"""What a row on Notion is to say of a recording, a track that waits, or a playlist; touches nothing."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from music_sync.adapters.link_text import LABELS
from music_sync.adapters.links import Place, playlist_place, read_place
from music_sync.adapters.notion_properties import Value
from music_sync.adapters.notion_rows import Ids
from music_sync.model.errors import GiveUp
from music_sync.model.track import LibraryFile, Playlist, Recording, SourceLink
from music_sync.model.view import Waiting

SOURCE = "notion"
"""Tracks of this source are rows that a person added: their ids are pages."""
EVIDENCE = frozenset(
    {"downloaded", "local_file", "wav_path", "aiff_path", "m4a_path", "file_path", "size_mb", "processing", "reason"}
)
"""What is taken back when it is no longer true; all else that was said of a track stays."""
MACHINE = frozenset({"downloaded", "local_file", "state", "reason", "our_id"})
"""What is ours to say from the first time on, though something else stands there."""

_OURS = "music-sync"
_PATHS = {
    "wav": "wav_path",
    "aiff": "aiff_path",
    "m4a": "m4a_path",
    "mp4": "m4a_path",
    "alac": "m4a_path",
    "aac": "m4a_path",
}
_SITES = {"bandcamp.com": "bandcamp_url", "beatport.com": "beatport_url", "music.apple.com": "apple_url"}
_STATES = {"buy_list": "On buy list", "review": "Review", "failed": "Failed"}
_SOURCES = {**LABELS, "ytmusic": "YouTube", "listenbrainz": "ListenBrainz", "lastfm": "Last.fm"}


@dataclass(frozen=True)
class Wanted:
    """What one row is to say."""

    subject: str
    """recording:ID, recording:ID@PAGE for a further row of it, track:SOURCE:ID, playlist:SOURCE:ID."""
    title: str
    values: Mapping[str, Value]
    """By role, without the title and the relations; None or empty for nothing."""
    ids: Ids
    artist: str = ""
    """Whose page among the artists is related."""
    playlists: tuple[Playlist, ...] = ()
    pages: tuple[str, ...] = ()
    """Rows that a person added for it."""
    forerunners: tuple[str, ...] = ()
    """Subjects that its row may have stood for before: the tracks that waited."""
    recording: Recording | None = field(default=None, repr=False)
    """Of which a row says that it is in the library: to be proven before it is written."""

    @property
    def is_gone(self) -> bool:
        """Does the catalogue hold it no more?"""
        return not self.ids.our_id

    @property
    def digest(self) -> str:
        lists = [(each.source, each.source_id, each.name) for each in self.playlists]
        said = json.dumps([self.title, dict(self.values), self.artist, lists], sort_keys=True, default=list)
        return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def of_recording(
    recording: Recording, playlists: Sequence[Playlist], held: Collection[str], absolute: Callable[[LibraryFile], Path]
) -> Wanted:
    """A recording that we own; `held` are the paths of the files that are in the library now."""
    places = _places(recording.sources)
    analysis = recording.analysis
    there = [file for file in recording.files if file.path in held]
    is_there = bool(there) and len(there) == len(recording.files)
    values: dict[str, Value] = {
        "artist": recording.artist,
        "album": recording.album,
        "genre": recording.genre,
        "year": recording.year,
        "isrc": recording.isrc,
        "our_id": f"{_OURS}:{recording.recording_id}",
        "length_s": round(analysis.length_s, 3) if analysis.length_s else None,
        "length_ms": round(analysis.length_s * 1000) if analysis.length_s else None,
        "loudness": None if analysis.loudness_lufs is None else round(analysis.loudness_lufs, 2),
        "processed_at": recording.filed_at,
        "added_at": recording.filed_at,
        "source": _source(recording.sources),
        **_tempo_and_key(recording),
        **_links(places),
        **_evidence(there if is_there else [], absolute, is_loud=analysis.loudness_lufs is not None),
        **_names(playlists),
    }
    return Wanted(
        subject=f"recording:{recording.recording_id}",
        title=recording.title,
        values=values,
        ids=Ids(str(values["our_id"]), _urls(places), recording.isrc, analysis.length_s or None, recording.title),
        artist=recording.artist,
        playlists=tuple(playlists),
        pages=tuple(link.source_id for link in recording.sources if link.source == SOURCE),
        forerunners=tuple(f"track:{link.source}:{link.source_id}" for link in recording.sources),
        recording=recording if is_there else None,
    )


def unproven(wanted: Wanted, reason: str) -> Wanted:
    """The same when its files turned out not to be what the catalogue says."""
    gone: dict[str, Value] = dict.fromkeys(EVIDENCE)
    told: dict[str, Value] = {"state": "Missing", "reason": reason}
    return replace(wanted, values={**wanted.values, **gone, **told}, recording=None)


def of_waiting(waiting: Waiting) -> Wanted:
    """A track that has no file: its row says so, and why."""
    found = waiting.found
    link = SourceLink(found.source, found.source_id, url=found.url)
    places = _places([link])
    no_audio = waiting.ending == "buy_list" and any(place.service == "spotify" for place in places)
    values: dict[str, Value] = {
        **dict.fromkeys(EVIDENCE),
        "artist": found.artist,
        "album": found.album,
        "isrc": found.isrc,
        "our_id": f"{_OURS}:{found.key}",
        "length_s": found.length_s,
        "length_ms": round(found.length_s * 1000) if found.length_s else None,
        "state": _STATES[waiting.ending],
        "reason": waiting.reason,
        "processing": ("Spotify - No Audio Source Found",) if no_audio else (),
        "source": _source([link]),
        **_links(places),
        **_names(found.playlists),
    }
    return Wanted(
        subject=f"track:{found.key}",
        title=found.title,
        values=values,
        ids=Ids(str(values["our_id"]), _urls(places), found.isrc, found.length_s, found.title),
        artist=found.artist,
        playlists=found.playlists,
        pages=(found.source_id,) if found.source == SOURCE else (),
    )


def of_gone(subject: str) -> Wanted:
    """A recording that the catalogue holds no more: its filing was undone."""
    values: dict[str, Value] = dict.fromkeys(EVIDENCE)
    values |= {"state": "Undone", "reason": "its filing was undone; `music-sync undo list` tells it"}
    return Wanted(subject, "", values, Ids())


def of_playlist(playlist: Playlist, tracks: int) -> Wanted:
    """A playlist; `tracks` of it are in the catalogue."""
    place = playlist_place(playlist.source, playlist.source_id)
    is_spotify = place.service == "spotify" and place.kind == "playlist"
    values: dict[str, Value] = {
        "source": _SOURCES.get(playlist.source, playlist.source),
        "url": place.url,
        "spotify_id": place.id if is_spotify else "",
        "spotify_url": place.url if is_spotify else "",
        "track_count": tracks,
        "our_id": f"{_OURS}:{playlist.source}:{playlist.source_id}",
    }
    subject = f"playlist:{playlist.source}:{playlist.source_id}"
    return Wanted(subject, playlist.name, values, Ids(str(values["our_id"]), (place.url,) if place.url else ()))


def _tempo_and_key(recording: Recording) -> dict[str, Value]:
    """Measured values, and how sure they are; nothing where nothing was measured."""
    tempo, key = recording.analysis.tempo, recording.analysis.key
    return {
        "tempo": round(tempo.bpm, 2) if tempo else None,
        "tempo_confidence": round(tempo.confidence, 3) if tempo else None,
        "key": key.name if key else "",
        "key_number": key.tonic if key else None,
        "camelot": key.camelot if key else "",
        "key_confidence": round(key.confidence, 3) if key else None,
    }


def _evidence(
    there: Sequence[LibraryFile], absolute: Callable[[LibraryFile], Path], *, is_loud: bool
) -> dict[str, Value]:
    """What says that the files are there: only when all of them are."""
    if not there:
        nothing: dict[str, Value] = dict.fromkeys(EVIDENCE)
        return {**nothing, "state": "Missing", "reason": "its files are not in the library"}
    paths: dict[str, Value] = {}
    for file in there:
        path = str(absolute(file))
        paths.setdefault(_PATHS.get(file.format, "file_path"), path)
        paths.setdefault("file_path", path)
    steps = ["Audio Analysis Complete", *(["Loudness Measured"] if is_loud else [])]
    largest = max(file.size_bytes for file in there)
    told: dict[str, Value] = {"downloaded": True, "local_file": True, "state": "Synced", "reason": ""}
    return {**told, **paths, "processing": tuple(steps), "size_mb": round(largest / 1e6, 2)}


def _names(playlists: Sequence[Playlist]) -> dict[str, Value]:
    return {"playlist_names": tuple(dict.fromkeys(each.name for each in playlists if each.name))}


def _source(links: Sequence[SourceLink]) -> str:
    return next((_SOURCES[link.source] for link in links if link.source in _SOURCES), "")


def _places(links: Sequence[SourceLink]) -> list[Place]:
    """Where the track is known, in one spelling each."""
    found: dict[str, Place] = {}
    for link in links:
        for text in filter(None, (link.url, f"spotify:track:{link.source_id}" if link.source == "spotify" else "")):
            try:
                place = read_place(text)
            except GiveUp:
                continue
            if place.kind in {"track", "file"}:
                found.setdefault(place.url, place)
    return list(found.values())


def _urls(places: Sequence[Place]) -> tuple[str, ...]:
    """Those by which a row can be known again."""
    return tuple(place.url for place in places if _role(place))


def _role(place: Place) -> str:
    if place.service:
        return f"{place.service}_url"
    host = place.url.partition("://")[2].partition("/")[0].lower()
    return next((role for site, role in _SITES.items() if host == site or host.endswith(f".{site}")), "")


def _links(places: Sequence[Place]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for place in places:
        role = _role(place)
        if role:
            found.setdefault(role, place.url)
        if place.service == "spotify":
            found.setdefault("spotify_id", place.id)
    return found
