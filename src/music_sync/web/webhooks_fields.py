"""Flat bodies of senders that know no envelope: which of their fields is which word of a track."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from music_sync.settings import HookFields
from music_sync.web.webhooks_answers import RefusedError
from music_sync.web.webhooks_events import TYPES, Asked, asked

KNOWN: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "trackname", "tracktitle", "track", "songname", "song", "name"),
    "artist": ("artist", "artistname", "artists", "trackartist", "by"),
    "album": ("album", "albumname"),
    "isrc": ("isrc", "trackisrc"),
    "url": ("url", "trackurl", "link", "uri", "trackuri", "href"),
}
"""How IFTTT, Zapier and people call them; compared without case, spaces and signs."""
PLEX_LIKES_FROM = 6.0
"""Plex rates from 0 to 10, two a star: three stars and more are a like."""


def asked_flat(said: Mapping[str, Any], fields: HookFields | None, private_hosts: Collection[str]) -> Asked:
    """What the body of a named hook asks for: an envelope of ours, or flat fields by the settings or by their names."""
    kind = said.get("type")
    if isinstance(kind, str) and kind in TYPES and fields is None:
        data = said.get("data")
        return asked({"type": kind, "data": data if isinstance(data, dict) else _words(said, None)}, private_hosts)
    words = _words(said, fields)
    wanted = fields.type if fields else "track.liked"
    return asked({"type": wanted, "data": words}, private_hosts)


def _words(said: Mapping[str, Any], fields: HookFields | None) -> dict[str, Any]:
    named = fields.named if fields else {}
    words = {word: _at(said, path) for word, path in named.items()}
    by_name = {re.sub(r"[^a-z0-9]", "", name.lower()): value for name, value in said.items()}
    for word, names in KNOWN.items():
        if word not in named:
            words[word] = next((by_name[name] for name in names if by_name.get(name)), "")
    for word in ("source", "description", "priority", "assigned_agent"):
        words.setdefault(word, said.get(word, ""))
    return {word: _plain(value) for word, value in words.items()}


def _at(said: Mapping[str, Any], path: str) -> Any:
    """The value at a path as `data.track.name`; `artists.0` is the first of a list."""
    value: Any = said
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ""
    return value


def _plain(value: Any) -> Any:
    """Lists of names become one text, numbers become texts; anything else is refused where it is read."""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return ", ".join(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def asked_by_plex(said: Mapping[str, Any], private_hosts: Collection[str]) -> Asked:
    """A rating of three stars or more is a like; all else Plex tells starts nothing."""
    kind, track = said.get("event"), said.get("Metadata")
    if not isinstance(kind, str) or not isinstance(track, dict):
        raise RefusedError(422, "not_understood", "`event` or `Metadata` is missing")
    kind = f"plex.{kind}"[:100]
    rating = said.get("rating", track.get("userRating"))
    stars = _number(rating)
    if kind != "plex.media.rate" or track.get("type") != "track" or stars is None or stars < PLEX_LIKES_FROM:
        return Asked(kind, "")
    artist = track.get("originalTitle") or track.get("grandparentTitle", "")
    words = {"title": track.get("title", ""), "artist": artist, "album": track.get("parentTitle", "")}
    found = asked({"type": "track.liked", "data": words}, private_hosts)
    return Asked(kind, found.subject, found.wish)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
