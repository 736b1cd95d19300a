"""Acquire: bring the audio by the first allowed way that has it, and say what came."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from music_sync.audio.container import probe
from music_sync.model.endings import OnBuyList, Reason
from music_sync.model.errors import GiveUp
from music_sync.model.names import as_text
from music_sync.model.ports import Progress, Provider, Tagger
from music_sync.model.track import FetchedFile, FoundTrack
from music_sync.track.faults import named


def acquire(
    found: FoundTrack, providers: Sequence[Provider], tagger: Tagger, folder: Path, progress: Progress
) -> FetchedFile | OnBuyList:
    """Fetch into `folder` by the first provider that can; no provider at all puts the track on the buy list.

    Raises GiveUp with the last provider's reason when each one refused, TryAgainLater when one may succeed later.
    """
    able = [provider for provider in providers if provider.offers(found)]
    if not able:
        return OnBuyList(no_way_to(found), found.artist, found.title or found.label)
    refusals: list[tuple[str, GiveUp]] = []
    for provider in able:
        try:
            path = provider.fetch(found, folder, progress)
            fetched = named(partial(inspect, path, provider.name, tagger), path, found)
        except GiveUp as error:
            refusals.append((provider.name, error))
        else:
            return replace(fetched, refusals=tuple((way, str(error)) for way, error in refusals))
    raise refusals[-1][1]


_WITHOUT_QUERY = re.compile(r"[^?#]*(?:\?v=[\w-]{11}(?![\w-]))?")
"""A link as it may be stored and shown: a query may hold a signature, but YouTube's names the video."""


def brought(found: FoundTrack, fetched: FetchedFile) -> tuple[Reason, ...]:
    """Which way brought the track and from where, before the ways that refused."""
    url = _WITHOUT_QUERY.match(found.url)
    place = as_text(str(found.path)) if found.path else url[0] if url else ""
    by = Reason(fetched.provider, f"brought by `{fetched.provider}` from {place or found.source_id}")
    return by, *(Reason(way, f"not by `{way}`: {why}") for way, why in fetched.refusals)


def no_way_to(found: FoundTrack) -> str:
    """The sentence for a track that no provider offers."""
    place = found.url or found.source_id
    return f"no allowed way brings {found.label} ({place}); buy it and put the file into the drop folder"


def inspect(path: Path, provider: str, tagger: Tagger) -> FetchedFile:
    """Look at a file without decoding it; raises GiveUp when it is not audio that can be kept."""
    container = probe(path)
    return FetchedFile(
        path=path,
        provider=provider,
        container=container.container,
        codec=container.codec,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        announced_length_s=container.announced_length_s,
        embedded=tagger.read(path),
    )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def described(found: FoundTrack, fetched: FetchedFile) -> FoundTrack:
    """The track with the words that its file knows better: all of them when the source only guessed from a name."""
    tags = fetched.embedded
    first, second = (tags, found) if found.guessed else (found, tags)
    return replace(
        found,
        artist=first.artist or second.artist,
        title=first.title or second.title or _name_of(found),
        album=first.album or second.album,
        isrc=(first.isrc or second.isrc).replace("-", "").upper(),
        year=first.year or second.year,
        genre=first.genre or second.genre,
        url=found.url or tags.source_url,
    )


def _name_of(found: FoundTrack) -> str:
    if found.path:
        return " ".join(as_text(found.path.stem).split())
    return PurePosixPath(unquote(urlsplit(found.url).path)).stem or found.source_id
