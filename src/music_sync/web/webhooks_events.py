"""What an event asks for, checked before it is stored: each type has its rule, each foreign link goes through the gate."""

import json
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from music_sync.adapters.egress import check_link
from music_sync.adapters.links import Place, is_isrc, read_place, track_at
from music_sync.adapters.sources import SOURCES
from music_sync.model.errors import GiveUp
from music_sync.model.events import LIKES, ONLY, SYNC, TASKS, WHAT
from music_sync.web.webhooks_answers import RefusedError

LONGEST_TEXT = 1000
LONGEST_TYPE = 100


@dataclass(frozen=True)
class Asked:
    """What an event asks for; an empty subject starts nothing."""

    type: str
    subject: str
    wish: str = "{}"


NOTHING = ""


def asked(said: Mapping[str, Any], private_hosts: Collection[str] = ()) -> Asked:
    """What `{"type": ..., "data": {...}}` asks for; raises RefusedError(422). Unknown types ask for nothing."""
    kind, data = said.get("type"), said.get("data", {})
    if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_TYPE:
        raise _wrong("`type` is missing or no text")
    if not isinstance(data, dict):
        raise _wrong("`data` is no object")
    read = _TYPES.get(kind)
    if read is None:
        return Asked(kind, NOTHING)
    return read(kind, data, frozenset(private_hosts))


def liked(kind: str, data: Mapping[str, Any], private_hosts: Collection[str]) -> Asked:
    """A track by its link, or by artist, title and ISRC."""
    words = {name: _text(data, name) for name in ("artist", "title", "album", "isrc", "url")}
    isrc = words["isrc"].replace("-", "").upper()
    words["isrc"] = isrc if is_isrc(isrc) else ""
    url, source_id = "", f"isrc:{words['isrc']}" if words["isrc"] else _words_id(words)
    if words["url"]:
        place = _place(words["url"], private_hosts)
        try:
            link = track_at(place)
        except GiveUp as error:
            raise _wrong(str(error)) from error
        url, source_id = link.url, link.source_id
    elif not words["title"]:
        raise _wrong("a liked track needs `data.url`, or `data.artist` and `data.title`")
    return Asked(kind, LIKES, json.dumps({**words, "url": url, "source_id": source_id}))


def _sync(kind: str, data: Mapping[str, Any], private_hosts: Collection[str]) -> Asked:
    """All sources, one of them, or what is behind a link."""
    url, source = _text(data, "url"), _text(data, "source")
    if url:
        return Asked(kind, WHAT + _place(url, private_hosts).url)
    return Asked(kind, _one_source(source) if source else SYNC)


def _playlist(kind: str, data: Mapping[str, Any], private_hosts: Collection[str]) -> Asked:
    """A playlist by its link, or the source that it stands at."""
    url, source = _text(data, "url"), _text(data, "source")
    if url:
        place = _place(url, private_hosts)
        if place.kind in {"track", "file"}:
            raise _wrong("`data.url` names no playlist")
        return Asked(kind, WHAT + place.url)
    if not source:
        raise _wrong("a changed playlist needs `data.url` or `data.source`")
    return Asked(kind, _one_source(source))


def _task(kind: str, data: Mapping[str, Any], _private_hosts: Collection[str]) -> Asked:
    """A task for the embedded board; without a title the orchestrator is woken to look at its board."""
    names = ("title", "description", "priority", "assigned_agent", "task_type", "next_step")
    return Asked(kind, TASKS, json.dumps({name: _text(data, name, longest=20_000) for name in names}))


_TYPES: Mapping[str, Callable[[str, Mapping[str, Any], Collection[str]], Asked]] = {
    "track.liked": liked,
    "sync.requested": _sync,
    "playlist.changed": _playlist,
    "task.created": _task,
}
TYPES = tuple(_TYPES)


def _text(data: Mapping[str, Any], name: str, longest: int = LONGEST_TEXT) -> str:
    value = data.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise _wrong(f"`data.{name}` is no text of at most {longest} characters")
    return value.strip()


def _place(link: str, private_hosts: Collection[str]) -> Place:
    """What a link names, through the gate for foreign links; nothing is asked of the network here."""
    try:
        place = read_place(link)
        if place.url.startswith(("http://", "https://")):
            check_link(place.url, frozenset(private_hosts))
    except GiveUp as error:
        raise _wrong(str(error)) from error
    return place


def _one_source(name: str) -> str:
    if name.partition(":")[0] not in SOURCES or not name.isprintable():
        raise _wrong(f"`data.source` is none of {', '.join(SOURCES)}")
    return ONLY + name


def _words_id(words: Mapping[str, str]) -> str:
    said = f"{words['artist']} - {words['title']}"
    return f"text:{unicodedata.normalize('NFC', said).casefold()}"


def _wrong(sentence: str) -> RefusedError:
    return RefusedError(422, "not_understood", sentence)
