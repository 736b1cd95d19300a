"""The doors below /webhooks/ in OpenAPI's words, for people and for what tests them."""

from typing import Any

_ACCEPTED = {
    "description": "Stored durably; a repeat of the same event gets the same answer.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["id", "state"],
                "properties": {"id": {"type": "string"}, "state": {"const": "accepted"}},
            }
        }
    },
}
_REFUSALS = {
    "400": "The request or its JSON cannot be read.",
    "401": "The request does not prove who sent it.",
    "404": "There is no such webhook.",
    "405": "That method is not taken here.",
    "408": "The request took too long.",
    "409": "That id came before with another body.",
    "413": "The body has more than 256 KiB.",
    "415": "The body is of another kind, or compressed.",
    "421": "The server does not answer to that host name.",
    "422": "Something in the event is missing or of the wrong kind.",
    "429": "Too many requests; `Retry-After` tells when to come again.",
    "431": "The head of the request is too large.",
    "503": "Nothing was stored; send it again after `Retry-After`.",
}
_ENVELOPE = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "examples": ["sync.requested", "track.liked", "playlist.changed", "task.created"],
        },
        "data": {
            "type": "object",
            "properties": {
                name: {"type": "string", "maxLength": 1000}
                for name in ("url", "artist", "title", "album", "isrc", "source")
            },
        },
    },
}


def described() -> dict[str, Any]:
    """Paths and security schemes, to be merged into the schema of the pages."""
    return {
        "paths": {
            "/webhooks/music-sync": {
                "post": _post(
                    "Signed events (Standard Webhooks)",
                    {"application/json": _ENVELOPE},
                    [_header("webhook-id"), _header("webhook-timestamp"), _header("webhook-signature")],
                )
            },
            "/webhooks/notion": {
                "post": _post(
                    "Events of Notion",
                    {"application/json": {"type": "object"}},
                    [_header("X-Notion-Signature", required=False)],
                )
            },
            "/webhooks/youtube": {
                "get": {
                    "summary": "WebSub's question whether we subscribed",
                    "parameters": [
                        _query("token"),
                        *(_query(f"hub.{name}") for name in ("mode", "topic", "challenge", "lease_seconds")),
                    ],
                    "responses": {"200": {"description": "The challenge, echoed."}, **_refusals()},
                },
                "post": _post(
                    "A feed changed (WebSub)",
                    {"application/atom+xml": {"type": "string"}},
                    [_header("X-Hub-Signature", required=False)],
                ),
            },
            "/webhooks/in/{name}": {
                "post": _post(
                    "A named webhook with a token",
                    {
                        "application/json": {"type": "object"},
                        "application/x-www-form-urlencoded": {"type": "object"},
                    },
                    [
                        {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
                        _header("Authorization"),
                    ],
                )
            },
            "/webhooks/plex": {
                "post": _post(
                    "Events of a Plex server",
                    {
                        "multipart/form-data": {
                            "type": "object",
                            "required": ["payload"],
                            "properties": {"payload": {"type": "string"}},
                        }
                    },
                    [_query("token")],
                )
            },
        }
    }


def _post(summary: str, kinds: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": parameters,
        "requestBody": {"required": True, "content": {kind: {"schema": schema} for kind, schema in kinds.items()}},
        "responses": {"202": _ACCEPTED, "200": {"description": "Known already, or shown to the owner."}, **_refusals()},
    }


def _refusals() -> dict[str, Any]:
    return {status: {"description": text} for status, text in _REFUSALS.items()}


def _header(name: str, *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
