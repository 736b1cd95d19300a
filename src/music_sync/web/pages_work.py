"""What a person changes from a page: asked once more, started beside, and told in one sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from music_sync.web.pages import page, private_router
from music_sync.web.pages_start import now
from music_sync.web.reading import dashboard_of, work_of
from music_sync.web.work import Step
from music_sync.wiring.dashboard import Dashboard

routes = private_router()

SOON_S = 2.5
"""What ends so soon is told on the page that the button leads to, without a further look."""


@dataclass(frozen=True)
class Act:
    """One thing that can be done: its name, what will happen in one sentence, and the commands that do it."""

    label: str
    sentence: str
    steps: Callable[[str, str], list[Step]]
    """From the track's key and the change's number."""
    needs_track: bool = True


ACTS = {
    "sync": Act(
        "Sync now",
        "All sources are asked, and what is new is brought into the library.",
        lambda _track, _number: [(("sync",), ())],
        needs_track=False,
    ),
    "retry": Act(
        "Retry",
        "{label} is tried once more, from the step that failed.",
        lambda track, _number: [(("retry",), (track,))],
    ),
    "undo": Act(
        "Undo",
        "That change of {label} is turned back; files are moved aside and never deleted, and this can be undone too.",
        lambda _track, number: [(("undo",), (number,))],
    ),
    "same": Act(
        "The same recording",
        "{label} becomes one more link to the recording that you have; nothing is fetched, and undo takes it back.",
        lambda track, _number: [(("review", "accept"), (track,))],
    ),
    "another": Act(
        "Not this version",
        "{label} is another recording than the one it was compared with: it is filed by itself, or goes on the buy"
        " list where what came was not the track.",
        lambda track, _number: [(("review", "reject"), (track,))],
    ),
    "apart": Act(
        "Not this version",
        "{label} is taken off this recording and filed by itself.",
        lambda track, number: [(("undo",), (number,)), (("review", "reject"), (track,))],
    ),
}

Key = Annotated[str, Query(max_length=4000)]
Number = Annotated[str, Query(pattern=r"^\d{0,9}$")]


@routes.get("/act/{verb}")
def asked(request: Request, verb: str, track: Key = "", number: Number = "") -> Response:
    """What would happen, with the button that does it; changes nothing."""
    act = _act(verb, track, number)
    label = _label(dashboard_of(request), track) if act.needs_track else ""
    shown = {"act": act, "verb": verb, "track": track, "number": number, "back": _back(track)}
    return page(request, "act.html", {**shown, "sentence": act.sentence.format(label=label)})


@routes.post("/act/{verb}")
async def done(
    request: Request,
    verb: str,
    track: Annotated[str, Form(max_length=4000)] = "",
    number: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
) -> Response:
    act = _act(verb, track, number)
    label = await run_in_threadpool(_label, dashboard_of(request), track) if act.needs_track else ""
    title = f"{act.label}: {label}" if label else act.label
    job = work_of(request).start(title, _back(track), act.steps(track, number))
    await run_in_threadpool(job.ended.wait, SOON_S)
    return RedirectResponse(f"/job/{job.number}", 303)


@routes.get("/job/{number}")
def work(request: Request, number: int) -> Response:
    job = work_of(request).job(number)
    if job is None:
        raise HTTPException(404, "The server knows of no such work any more; the track's page tells what was done.")
    return page(request, "work.html", {"job": job, "live": now(dashboard_of(request))})


def _act(verb: str, track: str, number: str) -> Act:
    act = ACTS.get(verb)
    if act is None:
        raise HTTPException(404)
    if (act.needs_track and not track) or (verb in {"undo", "apart"} and not number):
        raise HTTPException(400, "Something in that request is missing.")
    return act


def _label(dashboard: Dashboard, track: str) -> str:
    told = dashboard.told(track)
    if told is None:
        raise HTTPException(404, "No track is known by that name; look for it in the library.")
    return told.recording.label if told.recording else told.known.name


def _back(track: str) -> str:
    return f"/track?{urlencode({'track': track})}" if track else "/"
