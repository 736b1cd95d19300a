"""The pages that a person sees before all others: the first password, signing in and out."""

import math
import secrets
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from music_sync.adapters.sign_in_file import SESSION_S, SHORTEST_PASSWORD
from music_sync.model.errors import BadSetting
from music_sync.web.pages import COOKIE, FormToken, error_page, page
from music_sync.web.security_sign_in import TooManyTriesError, form_token
from music_sync.web.site import site_of

routes = APIRouter(include_in_schema=False)
Field = Annotated[str, Form(max_length=2000)]


@routes.get("/sign-in")
def sign_in(request: Request) -> Response:
    return sign_in_page(request, to=request.query_params.get("to", "/"))


@routes.post("/sign-in")
async def sign_in_with(request: Request, _checked: FormToken, password: Field, to: Field = "/") -> Response:
    address = request.state.address
    try:
        token = await run_in_threadpool(site_of(request).sign_in.open_session, password, address)
    except TooManyTriesError as error:
        wait_s = math.ceil(error.after_s)
        told = f"Too many wrong passwords; the next one is looked at in {wait_s} s."
        return error_page(request, 429, told, {"Retry-After": str(wait_s)})
    if not token:
        return sign_in_page(request, to=to, status=401, sentence="That is not the password.")
    return _in(request, token, to)


@routes.post("/sign-out")
async def sign_out(request: Request, _checked: FormToken) -> Response:
    await run_in_threadpool(site_of(request).sign_in.end, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@routes.get("/first-password")
def first_password(request: Request, link: str = "") -> Response:
    """The page behind the link that `serve` prints; opening it does not use it up."""
    return _first_page(request, link)


@routes.post("/first-password")
async def first_password_is(request: Request, _checked: FormToken, link: Field, password: Field) -> Response:
    try:
        token = await run_in_threadpool(site_of(request).sign_in.first_password, link, password)
    except BadSetting as error:
        return _first_page(request, link, 422, str(error))
    return _in(request, token, "/") if token else _first_page(request, "")


def sign_in_page(request: Request, *, to: str = "/", status: int = 200, sentence: str = "") -> Response:
    if not site_of(request).sign_in.has_password():
        told = "No password is set yet; open the link that `music-sync serve` printed."
        return error_page(request, 401, told)
    shown = {"to": _ours(to), "sentence": sentence}
    return _with_cookie(request, "sign_in.html", shown, status)


def _first_page(request: Request, link: str, status: int = 200, sentence: str = "") -> Response:
    if not site_of(request).sign_in.is_first_link(link):
        told = (
            "This link is no longer good; start `music-sync serve` again, it prints a new one while no password is set."
        )
        return error_page(request, 410, told)
    return _with_cookie(
        request, "first_password.html", {"link": link, "sentence": sentence, "shortest": SHORTEST_PASSWORD}, status
    )


def _with_cookie(request: Request, template: str, shown: Mapping[str, object], status: int) -> Response:
    """A form before anyone is signed in: its token hangs on a cookie that is worth nothing but that."""
    cookie = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
    answer = page(request, template, {**shown, "form_token": form_token(cookie)}, status)
    _set_cookie(request, answer, cookie, None)
    return answer


def _in(request: Request, token: str, to: str) -> Response:
    """Signed in: a token made just now, so that one which somebody planted before is worth nothing."""
    answer = RedirectResponse(_ours(to), 303)
    _set_cookie(request, answer, token, int(SESSION_S))
    return answer


def _set_cookie(request: Request, answer: Response, value: str, age_s: int | None) -> None:
    answer.set_cookie(
        COOKIE, value, max_age=age_s, path="/", httponly=True, samesite="strict", secure=request.state.is_secure
    )


def _ours(to: str) -> str:
    """A path of this server; anything else would send a person who just signed in to a stranger."""
    split = urlsplit(to)
    is_path = to.startswith("/") and not to.startswith(("//", "/\\")) and not split.netloc and to.isprintable()
    return to if is_path and "\\" not in to else "/"
