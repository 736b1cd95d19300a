"""Hits of a site's search as offers; what the site itself says cannot be had carries its refusal."""

from collections.abc import Mapping
from typing import Any

from music_sync.adapters.answer_fields import fields_of, number_of, text_of
from music_sync.adapters.extractor_lists import parse_soundcloud, parse_youtube
from music_sync.model.ports import Offer

PREVIEW = "only a preview of 30 seconds is played there"


def upload_offer(entry: object) -> Offer | None:
    """A hit of SoundCloud's own search."""
    found = parse_soundcloud(entry)
    if found is None:
        return None
    return Offer(
        found.url, found.artist, found.title, found.length_s, found.isrc, found.album, _withheld(fields_of(entry))
    )


def _withheld(told: Mapping[str, Any]) -> str:
    """Why an upload cannot be had, by its own policy; empty when it can."""
    plays_ms, whole_ms = number_of(told.get("duration")) or 0, number_of(told.get("full_duration")) or 0
    ways = fields_of(told.get("media")).get("transcodings")
    protocols = [text_of(fields_of(fields_of(way).get("format")).get("protocol")) for way in ways or ()]
    if told.get("policy") == "SNIP" or (whole_ms and plays_ms < whole_ms):
        return PREVIEW
    if told.get("policy") == "BLOCK":
        return "it is not to be heard in this country"
    if protocols and all(protocol.startswith(("ctr-", "cbc-")) for protocol in protocols):
        return "it is protected against copies (DRM), which is not touched"
    return ""


def video_offer(entry: object) -> Offer | None:
    """A hit of YouTube's search; None for what has no length, such as a broadcast."""
    found = parse_youtube(entry)
    if found is None or not found.length_s:
        return None
    artist = found.artist or text_of(fields_of(entry).get("channel"))
    return Offer(found.url, artist, found.title, found.length_s)
