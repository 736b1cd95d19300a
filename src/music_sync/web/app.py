"""All routes and gates put together."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from music_sync import __version__
from music_sync.model.errors import BadSetting, SyncError, TryAgainLater
from music_sync.settings import Settings
from music_sync.web import (
    metrics,
    pages_docs,
    pages_events,
    pages_library,
    pages_reviews,
    pages_settings,
    pages_sign_in,
    pages_start,
    pages_tasks,
    pages_track,
    pages_work,
)
from music_sync.web.pages import STATIC, SignInNeededError, error_page, phrase, refusal
from music_sync.web.pages_sign_in import sign_in_page
from music_sync.web.security import FROM_SENDERS, Gate, Trust
from music_sync.web.site import Site

ROUTERS: tuple[APIRouter, ...] = (
    pages_sign_in.routes,
    pages_start.routes,
    pages_start.health,
    metrics.routes,
    pages_docs.routes,
    pages_library.routes,
    pages_track.routes,
    pages_work.routes,
    pages_reviews.routes,
    pages_tasks.routes,
    pages_events.routes,
    pages_settings.routes,
)
"""Whoever adds a group of pages adds its router here."""

_SENTENCES = {
    404: "There is no such page.",
    405: "That cannot be done with this page.",
}


def create_app(site: Site) -> ASGIApp:
    """The whole server as one ASGI application, gate first."""
    pages = routes_of(site)

    async def dispatched(scope: Scope, receive: Receive, send: Send) -> None:
        await (site.hooks if scope["path"].startswith(FROM_SENDERS) else pages)(scope, receive, send)

    return Gate(dispatched, trust_of(site.settings), refusal)


def routes_of(site: Site) -> FastAPI:
    """The routes behind the gate."""
    routes = FastAPI(title="Music Sync", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    routes.state.site = site
    routes.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        routes.include_router(router)
    routes.add_exception_handler(SignInNeededError, _not_signed_in)
    routes.add_exception_handler(HTTPException, _refused)
    routes.add_exception_handler(SyncError, _cannot)
    routes.add_exception_handler(RequestValidationError, _not_understood)
    return routes


def trust_of(settings: Settings) -> Trust:
    return Trust.of(settings.host, settings.allowed_hosts, settings.public_url, settings.trusted_proxies)


def _not_signed_in(request: Request, _error: Exception) -> Response:
    """The page itself at 401: after signing in the person is where they wanted to be."""
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return error_page(request, 401, "Sign in first.")
    to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return sign_in_page(request, to=to, status=401)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
    known = error.detail if error.detail != phrase(error.status_code) else ""
    sentence = known or _SENTENCES.get(error.status_code, phrase(error.status_code))
    return error_page(request, error.status_code, sentence, error.headers)


def _cannot(request: Request, error: Exception) -> Response:
    """An expected error in its own sentence; what only time or a mended machine helps is no fault of the request."""
    if isinstance(error, TryAgainLater):
        return error_page(request, 503, str(error), {"Retry-After": "10"})
    return error_page(request, 400 if isinstance(error, BadSetting) else 409, str(error))


def _not_understood(request: Request, _error: Exception) -> Response:
    return error_page(request, 400, "Something in that request is missing or of the wrong kind.")
