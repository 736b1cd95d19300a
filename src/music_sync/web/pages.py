"""How a page is made: the frame with its navigation, who may see it, and an error in one sentence."""

import functools
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from music_sync import __version__
from music_sync.web.security import headers_of
from music_sync.web.security_sign_in import form_token, same
from music_sync.web.shown import FILTERS
from music_sync.web.site import site_of

NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/", "Now"),
    ("/library", "Library"),
    ("/reviews", "Reviews"),
    ("/buy-list", "Buy list"),
    ("/numbers", "Numbers"),
    ("/runs", "Runs"),
    ("/tasks", "Tasks"),
    ("/webhooks-log", "Webhooks"),
    ("/settings", "Settings"),
)
"""Path and name of each entry, in order; whoever adds a page adds its line here."""

STATIC = Path(__file__).parent / "static"
COOKIE = "music-sync"
FORM_FIELD = "form_token"
FORM_HEADER = "x-form-token"


class SignInNeededError(Exception):
    """Nobody is signed in; becomes the sign-in page."""


def signed_in(request: Request) -> None:
    """Only for someone who is signed in; a dependency of every page but the sign-in itself."""
    if not site_of(request).sign_in.holds(request.cookies.get(COOKIE, "")):
        raise SignInNeededError


async def from_our_form(request: Request) -> None:
    """A change must carry the token of a form of ours, in its field `form_token` or the header `X-Form-Token`."""
    if request.method in {"GET", "HEAD"}:
        return
    given = request.headers.get(FORM_HEADER, "")
    if not given and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        field = (await request.form()).get(FORM_FIELD, "")
        given = field if isinstance(field, str) else ""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie or not same(given, form_token(cookie)):
        raise HTTPException(403, "This form is too old or not ours; go back, reload the page and try again.")


def private_router() -> APIRouter:
    """A router for pages: only the signed-in come to its routes, and a change needs a form of ours."""
    return APIRouter(dependencies=[Depends(signed_in), Depends(from_our_form)], include_in_schema=False)


FormToken = Annotated[None, Depends(from_our_form)]


def page(request: Request, template: str, shown: Mapping[str, Any] | None = None, status: int = 200) -> HTMLResponse:
    """A whole page in the frame; all values are text and are escaped by the templates."""
    cookie = request.cookies.get(COOKIE, "")
    is_in = site_of(request).sign_in.holds(cookie)
    frame = {
        "navigation": NAVIGATION if is_in else (),
        "path": request.url.path,
        "is_signed_in": is_in,
        "form_token": form_token(cookie) if cookie else "",
        "version": __version__,
    }
    return HTMLResponse(templates().get_template(template).render({**frame, **(shown or {})}), status)


def error_page(request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """One sentence: for a person as a page, for a program as JSON."""
    if not wants_html(request.scope):
        return JSONResponse({"error": sentence}, status, headers)
    answer = page(request, "error.html", {"status": status, "title": phrase(status), "sentence": sentence}, status)
    answer.headers.update(headers or {})
    return answer


def refusal(scope: Scope, status: int, sentence: str) -> Response:
    """As `error_page`, where no page can be made: for hosts and origins that are not ours."""
    if wants_html(scope):
        return HTMLResponse(
            templates().get_template("refused.html").render(title=phrase(status), sentence=sentence), status
        )
    return JSONResponse({"error": sentence}, status)


def wants_html(scope: Scope) -> bool:
    return "text/html" in headers_of(scope).get("accept", "")


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


@functools.cache
def templates() -> Environment:
    """A name that a template does not get is an error, not an empty place."""
    environment = Environment(
        loader=PackageLoader("music_sync.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment
