"""The first page, and what machines ask to know whether the server is well."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from music_sync.model.errors import SyncError
from music_sync.web.pages import page, private_router
from music_sync.web.site import site_of

routes = private_router()
health = APIRouter(include_in_schema=False)


@routes.get("/")
def start(request: Request) -> Response:
    return page(request, "start.html", {"home": str(site_of(request).settings.home)})


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
