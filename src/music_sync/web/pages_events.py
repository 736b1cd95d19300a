"""What webhooks brought, what became of it, and the same once more."""

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from music_sync.model.events import DONE, FAILED, Stored
from music_sync.web.pages import page, private_router
from music_sync.web.site import site_of

routes = private_router()

MOST = 100
SHOWN_BYTES = 20_000
_TONES = {DONE: "good", FAILED: "bad"}


@routes.get("/webhooks-log")
def log(request: Request) -> Response:
    site = site_of(request)
    newest = sorted(site.inbox.events(newest=MOST), key=lambda event: event.number, reverse=True)
    rows = [(event, _TONES.get(event.state, "")) for event in newest]
    return page(request, "events.html", {"rows": rows, "most": MOST})


@routes.get("/webhooks-log/{number}")
def event(request: Request, number: int) -> Response:
    stored, body = _stored(request, number), site_of(request).inbox.body(number)
    shown = {
        "event": stored,
        "tone": _TONES.get(stored.state, ""),
        "body": body[:SHOWN_BYTES].decode("utf-8", "replace"),
        "is_cut": len(body) > SHOWN_BYTES,
        "can_replay": bool(stored.subject) and bool(stored.done_at),
    }
    return page(request, "event.html", shown)


@routes.post("/webhooks-log/{number}")
async def again(request: Request, number: int) -> Response:
    """Work on it as if it came just now."""
    site = site_of(request)
    if not 0 < number < 2**31 or not await run_in_threadpool(site.inbox.again, number):
        raise HTTPException(409, "That event is being worked on, starts nothing here, or is gone; look at the list.")
    site.dispatcher.arrived()
    return RedirectResponse(f"/webhooks-log/{number}", 303)


def _stored(request: Request, number: int) -> Stored:
    stored = site_of(request).inbox.numbered(number) if 0 < number < 2**31 else None
    if stored is None:
        raise HTTPException(404, "There is no event of that number.")
    return stored
