"""One track: its story with scores, its files with sound and picture, what was changed, and what can be done."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import HTTPException, Query, Request
from starlette.responses import FileResponse, Response

from music_sync.adapters.listening_folder import PLAYED, preferred
from music_sync.adapters.sql.rows import JournalEntry
from music_sync.model.browsing import neighbours
from music_sync.model.story import SERVICES
from music_sync.model.track import LibraryFile
from music_sync.track.undo import MERGE, REPLACE, RETAG
from music_sync.track.why import told as story_of
from music_sync.web.pages import page, private_router
from music_sync.web.reading import dashboard_of
from music_sync.wiring.dashboard import Told

routes = private_router()

PICTURE_HEIGHT = 64
_LONGEST_VALUE = 300

Key = Annotated[str, Query(min_length=1, max_length=4000)]


@routes.get("/track")
def track(request: Request, track: Key) -> Response:
    told = dashboard_of(request).told(track)
    if told is None:
        raise HTTPException(404, "No track is known by that name; look for it in the library.")
    recording = told.recording
    listened = preferred([file for _number, file in told.files if file.path in told.here])
    shown = {
        "told": told,
        "label": recording.label if recording else told.known.name,
        "recording": recording,
        "events": story_of(told.story),
        "edits": [each for each in map(edit_of, told.entries) if each["fields"]],
        "actions": list(actions(told)),
        "listened": next((number for number, file in told.files if file is listened), None),
        "played": PLAYED,
        "around": neighbours(recording.analysis.key.camelot) if recording and recording.analysis.key else (),
        "services": SERVICES,
    }
    return page(request, "track.html", shown)


@routes.get("/files/{number}/audio")
def audio(request: Request, number: int) -> Response:
    """The sound as a browser can play it, in the parts it asks for."""
    dashboard = dashboard_of(request)
    file, path = _file(request, number)
    playable, kind = dashboard.listening.playable(path, file.sha256, file.format)
    return FileResponse(playable, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})


@routes.get("/files/{number}/download")
def download(request: Request, number: int) -> Response:
    """The file as it is."""
    file, path = _file(request, number)
    name = file.path.rpartition("/")[2]
    return FileResponse(path, media_type="application/octet-stream", filename=name)


@routes.get("/files/{number}/waveform.svg")
def waveform(request: Request, number: int) -> Response:
    file, path = _file(request, number)
    columns = dashboard_of(request).listening.picture(path, file.sha256)
    headers = {"Cache-Control": "private, max-age=86400"}
    return Response(drawn(columns), media_type="image/svg+xml", headers=headers)


def drawn(columns: bytes) -> str:
    """A waveform as SVG, in a colour that can be seen on light and on dark paper."""
    middle = PICTURE_HEIGHT / 2
    lines = "".join(
        f"M{place + 0.5} {middle - max(level / 255 * middle, 0.5):.1f}V{middle + max(level / 255 * middle, 0.5):.1f}"
        for place, level in enumerate(columns)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(columns)} {PICTURE_HEIGHT}"'
        f' preserveAspectRatio="none"><path d="{lines}" stroke="#4a8fc0" stroke-width="0.8" fill="none"/></svg>'
    )


def _file(request: Request, number: int) -> tuple[LibraryFile, Path]:
    found = dashboard_of(request).file(number) if 0 < number < 2**31 else None
    if found is None:
        raise HTTPException(404, "There is no file of that number.")
    file, path = found
    dashboard_of(request).library.present()
    if not path.is_file():
        raise HTTPException(404, f"{file.path} is gone from the library.")
    return file, path


# What can be done


WHAT = {MERGE: "merge", REPLACE: "better file", RETAG: "filled-in tags"}
"""What a person calls a change that is no filing."""


def actions(told: Told) -> Iterator[dict[str, Any]]:
    """Every change that a person can make to this track now: verb, words for the button, and what it needs."""
    key = told.known.key
    for change in told.changes:
        number = change.number if change.is_in_effect else change.turns[-1].number
        what = WHAT.get(change.kind, "filing")
        label = f"Undo the {what}" if change.is_in_effect else f"Bring the {what} back"
        yield {"verb": "undo", "label": f"{label} of {change.at[:10]}", "track": key, "number": number}
        if change.kind == MERGE and change.is_in_effect and change.after:
            came = change.after["attempt"]
            of_it = f"{came['source']}:{came['source_id']}"
            yield {"verb": "apart", "label": "Not this version", "track": of_it, "number": number}
    for place in told.story.places:
        ending = place.attempts[-1].ending if place.attempts else ""
        if ending == "review":
            yield {"verb": "same", "label": "The same recording", "track": place.key, "number": None}
            yield {"verb": "another", "label": "Not this version", "track": place.key, "number": None}
        if ending in {"failed", "buy_list"}:
            yield {"verb": "retry", "label": f"Retry {place.source}", "track": place.key, "number": None}
    is_lost = bool(told.files) and not told.here and not told.offline
    if is_lost:
        for place in told.story.places[:1]:
            yield {"verb": "retry", "label": "Bring the file back", "track": place.key, "number": None}


# What was changed


def edit_of(entry: JournalEntry) -> dict[str, Any]:
    """A journal entry as rows of a table: what each field was, and what it became."""
    fields = list(_fields(entry.before, entry.after))
    return {"at": entry.at, "kind": entry.kind.replace("_", " "), "path": entry.path, "fields": fields}


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    before, after = _flat(before), _flat(after)
    for name in dict.fromkeys([*before, *after]):
        was, became = _text(before.get(name)), _text(after.get(name))
        if was != became:
            yield name.replace("_", " "), was, became


def _flat(state: Mapping[str, Any]) -> dict[str, Any]:
    """Fields within fields by both names."""
    flat: dict[str, Any] = {}
    for name, value in state.items():
        flat |= {f"{name} {inner}": each for inner, each in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _text(value: object) -> str:
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
