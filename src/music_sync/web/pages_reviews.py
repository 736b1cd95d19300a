"""Tracks that wait for a verdict: both sides, what speaks for and against, and their sound."""

from typing import Annotated, Any

from fastapi import HTTPException, Query, Request
from starlette.responses import FileResponse, Response

from music_sync.adapters.listening_folder import preferred, sound_of
from music_sync.model.names import as_text
from music_sync.model.track import Recording
from music_sync.track.review import Review
from music_sync.track.words import version_text
from music_sync.web.pages import page, private_router
from music_sync.web.reading import dashboard_of
from music_sync.wiring.dashboard import Dashboard

routes = private_router()

MOST = 10
"""Reviews on one page: each is looked at, and each is asked for in the flows' memory."""

Key = Annotated[str, Query(min_length=1, max_length=4000)]


@routes.get("/reviews")
def reviews(request: Request) -> Response:
    dashboard = dashboard_of(request)
    found, number = dashboard.reviews(MOST)
    shown = [{"review": each, "theirs": _theirs(each), "ours": _ours(each, dashboard)} for each in found]
    return page(request, "reviews.html", {"reviews": shown, "number": number})


@routes.get("/reviews/audio")
def audio(request: Request, track: Key) -> Response:
    """The sound of what was found, where it is a file of this machine that a track in review names."""
    dashboard = dashboard_of(request)
    found, _number = dashboard.reviews(1, track)
    path = found[0].found.path if found else None
    if path is None or not path.is_file():
        raise HTTPException(404, "That file is not here any more.")
    playable, kind = dashboard.listening.playable(path, *reversed(sound_of(path)))
    return FileResponse(playable, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})


def _theirs(review: Review) -> dict[str, Any]:
    """What a source told of it."""
    found = review.found
    return {
        "label": found.label,
        "artist": found.artist,
        "title": found.title,
        "version": version_text(found.title),
        "album": found.album,
        "length_s": review.length_s,
        "isrc": found.isrc,
        "where": as_text(str(found.path)) if found.path else found.url or found.source_id,
        "url": found.url,
        "source": found.source,
        "tempo_bpm": None,
        "camelot": "",
        "is_here": found.path is not None and found.path.is_file(),
    }


def _ours(review: Review, dashboard: Dashboard) -> dict[str, Any] | None:
    ours = review.ours
    if ours is None:
        return None
    files = dashboard.files_of(ours.recording_id)
    best = preferred([file for _number, file in files])
    return {
        **_recording(ours),
        "is_lost": review.is_lost,
        "file": None if review.is_lost else next((number for number, file in files if file is best), None),
        "where": ", ".join(file.path for _number, file in files) or "no file",
    }


def _recording(ours: Recording) -> dict[str, Any]:
    analysis = ours.analysis
    return {
        "recording_id": ours.recording_id,
        "label": ours.label,
        "artist": ours.artist,
        "title": ours.title,
        "version": version_text(ours.title),
        "album": ours.album,
        "length_s": analysis.length_s,
        "isrc": ours.isrc,
        "tempo_bpm": analysis.tempo.bpm if analysis.tempo else None,
        "camelot": analysis.key.camelot if analysis.key else "",
    }
