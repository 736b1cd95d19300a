"""What a source told of a track, as the text of one column; touches no database."""

import json
from collections.abc import Mapping
from typing import Any

from music_sync.model.story import Told
from music_sync.model.track import FoundTrack

_TEXTS = ("artist", "title", "album", "isrc", "url", "liked_at")


def told_text(found: FoundTrack) -> str:
    """A JSON object with what the source said, in ASCII: escapes keep letters that no database takes."""
    said: dict[str, object] = {name: text for name in _TEXTS if (text := getattr(found, name))}
    if found.length_s is not None:
        said["length_s"] = found.length_s
    lists = list(dict.fromkeys(playlist.name for playlist in found.playlists if playlist.name))
    return json.dumps({**said, "playlists": lists} if lists else said)


def told_of(text: str) -> Told:
    """What such a text says; nothing for an older row's empty one, and what is of a wrong type is left out."""
    try:
        said = json.loads(text) if text else {}
    except ValueError:
        return Told()
    return _told(said) if isinstance(said, dict) else Told()


def _told(said: Mapping[str, Any]) -> Told:
    texts = {name: said[name] for name in _TEXTS if isinstance(said.get(name), str)}
    length_s, lists = said.get("length_s"), said.get("playlists")
    is_number = isinstance(length_s, int | float) and not isinstance(length_s, bool)
    names = tuple(name for name in lists if isinstance(name, str)) if isinstance(lists, list) else ()
    return Told(**texts, length_s=length_s if is_number else None, playlists=names)
