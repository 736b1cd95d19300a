"""What Notion tells: that something changed, never what; so an event only says which board or source looks again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from music_sync.adapters.notion_properties import whole_id
from music_sync.model.events import TASKS
from music_sync.web.webhooks_answers import RefusedError
from music_sync.web.webhooks_events import Asked


@dataclass(frozen=True)
class Databases:
    """Ids of the settings, in Notion's spelling with dashes; empty for those that are not set."""

    tasks: str
    views: frozenset[str]
    """Tracks, artists, playlists."""
    subject: str
    """What a change of a track starts; empty where no source reads them."""


def verification_token(said: Mapping[str, Any]) -> str:
    """The token of a handshake, '' for an event; raises RefusedError(422) when it is neither."""
    token = said.get("verification_token")
    if token is None:
        return ""
    if not isinstance(token, str) or not 10 <= len(token) <= 200 or not token.isascii() or not token.isprintable():
        raise RefusedError(422, "not_understood", "`verification_token` is no token")
    return token


def event_of(said: Mapping[str, Any], databases: Databases) -> tuple[str, Asked]:
    """The event's id, and what it asks for; raises RefusedError(422) for what is no event."""
    event_id, kind = said.get("id"), said.get("type")
    if not isinstance(event_id, str) or not 0 < len(event_id) <= 128 or not event_id.isprintable():
        raise RefusedError(422, "not_understood", "`id` is missing")
    if not isinstance(kind, str) or not 0 < len(kind) <= 100:
        raise RefusedError(422, "not_understood", "`type` is missing")
    concerned = set(_concerned(said))
    if databases.tasks and databases.tasks in concerned:
        return event_id, Asked(kind, TASKS)
    if concerned & databases.views:
        return event_id, Asked(kind, databases.subject)
    return event_id, Asked(kind, "")


def _concerned(said: Mapping[str, Any]) -> Collection[str]:
    """The databases an event is about: its entity, and its entity's parent."""
    data = said.get("data")
    parent = data.get("parent") if isinstance(data, dict) else None
    places = [said.get("entity"), parent]
    ids = [place.get(name) for place in places if isinstance(place, dict) for name in ("id", "data_source_id")]
    return [whole_id(text) for text in ids if isinstance(text, str)]
