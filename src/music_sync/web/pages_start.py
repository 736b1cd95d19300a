"""The first page, what goes on just now as a stream, and what machines ask to know whether the server is well."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from music_sync.adapters import account_file, last_run_file
from music_sync.adapters.sources import SOURCES
from music_sync.model.endings import STAGES
from music_sync.model.errors import SyncError
from music_sync.model.listing import Listing
from music_sync.settings import Settings
from music_sync.web.needs import needs
from music_sync.web.pages import COOKIE, page, private_router
from music_sync.web.reading import dashboard_of, work_of
from music_sync.web.shown import ending_word
from music_sync.web.site import site_of
from music_sync.wiring.dashboard import Dashboard

routes = private_router()
health = APIRouter(include_in_schema=False)

LOOKED_EVERY_S = 0.3
QUIET_S = 15.0
"""After so long without news a line goes out, so that a browser that went away is noticed."""
RUNS = 8


@routes.get("/")
def start(request: Request) -> Response:
    dashboard, settings = dashboard_of(request), site_of(request).settings
    waiting = dashboard.numbers.waiting()
    last = last_run_file.read(settings.last_run_file)
    shown = {
        "home": str(settings.home),
        "needs": needs(settings, waiting, dashboard.library_offline(), last),
        "waiting": waiting,
        "last": last,
        "is_enabled": settings.enabled,
        "runs": dashboard.runs.latest(RUNS),
        "sources": sources(settings, dashboard.listings()),
        "live": now(dashboard),
        "job": work_of(request).latest(),
    }
    return page(request, "start.html", shown)


@routes.get("/live")
async def live(request: Request) -> Response:
    """Server-sent events: what goes on, as JSON, whenever it changes."""
    return StreamingResponse(_told(request), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@health.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return JSONResponse({"ok": True})


@health.get("/readyz")
def readyz(request: Request) -> Response:
    """The database answers too."""
    try:
        site_of(request).inbox.piles()
    except SyncError as error:
        return JSONResponse({"ok": False, "why": str(error)}, 503)
    return JSONResponse({"ok": True})


async def _told(request: Request) -> AsyncIterator[str]:
    dashboard, sign_in = dashboard_of(request), site_of(request).sign_in
    before, quiet_s = "", 0.0
    yield "retry: 2000\n\n"
    while not await request.is_disconnected():
        news = json.dumps(await run_in_threadpool(now, dashboard))
        if news != before:
            before, quiet_s = news, 0.0
            yield f"data: {news}\n\n"
        elif quiet_s >= QUIET_S:
            if not await run_in_threadpool(sign_in.holds, request.cookies.get(COOKIE, "")):
                return
            quiet_s = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(LOOKED_EVERY_S)
        quiet_s += LOOKED_EVERY_S


def now(dashboard: Dashboard) -> dict[str, Any]:
    """What the run does just now, or did last, in words and numbers for page and script."""
    progress, held = dashboard.progress()
    is_running = bool(held) and not progress.ended_at
    return {
        "running": is_running,
        "held": held,
        "what": progress.what,
        "started_at": progress.started_at,
        "total": progress.total,
        "ended": progress.ended,
        "endings": {ending_word(ending): count for ending, count in progress.endings.items()},
        "told": progress.told if is_running else "",
        "active": [
            {"key": each.key, "label": each.label, "stage": each.stage, "done": _how_far(each.stage, each.fraction)}
            for each in progress.active
            if is_running
        ],
        "last": [{"label": label, "ending": ending, "word": ending_word(ending)} for label, ending in progress.last],
    }


def _how_far(stage: str, fraction: float) -> int:
    """How much of the whole journey lies behind, in percent."""
    name = stage.partition(" ")[0]
    place = STAGES.index(name) if name in STAGES else len(STAGES) - 1
    return round(100 * (place + fraction) / len(STAGES))


def sources(settings: Settings, listings: "list[Listing] | tuple[Listing, ...] | Any") -> list[dict[str, Any]]:
    """Each source of the settings with how it stands."""
    asked = dict.fromkeys(word.partition(":")[0] for word in settings.sources)
    standings = {standing.service: standing for standing in account_file.standings(settings.accounts)}
    return [
        _source(name, standings.get(name), [each for each in listings if each.source == name])
        for name in asked
        if name in SOURCES
    ]


def _source(name: str, standing: account_file.Standing | None, lists: list[Listing]) -> dict[str, Any]:
    trouble = (standing.ended or standing.warning) if standing else ""
    refused = [each for each in lists if each.refused]
    if standing is None:
        tone, state = "", "not connected" if not lists and name not in {"folder", "list"} else "no sign-in needed"
    elif not standing.connected:
        tone, state = "bad", trouble or "not connected"
    else:
        tone, state = ("warn", trouble) if trouble else ("good", f"connected as {standing.who}".removesuffix(" as "))
    return {
        "name": name,
        "tone": tone,
        "state": state,
        "lists": len(lists),
        "entries": sum(each.entries for each in lists),
        "refused": "; ".join(f"{each.name}: {each.refused}" for each in refused[:3]),
        "looked_at": max((each.looked_at or each.read_at for each in lists), default=""),
    }
