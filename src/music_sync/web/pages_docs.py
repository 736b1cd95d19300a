"""What the server takes, for those who write senders: OpenAPI, and the same as a page without scripts of others."""

from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from music_sync import __version__
from music_sync.web.pages import page, private_router
from music_sync.web.webhooks_described import described

routes = private_router()


@routes.get("/openapi.json")
def openapi() -> Response:
    return JSONResponse(schema())


@routes.get("/docs")
def docs(request: Request) -> Response:
    doors = [
        {"method": method.upper(), "path": path, **said}
        for path, methods in described()["paths"].items()
        for method, said in methods.items()
    ]
    return page(request, "docs.html", {"doors": doors})


def schema() -> dict[str, Any]:
    """The whole description, as OpenAPI 3.1."""
    return {"openapi": "3.1.0", "info": {"title": "Music Sync", "version": __version__}, **described()}
