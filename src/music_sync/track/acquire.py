"""Acquire: bring the audio by the first allowed way that has it, and say what came."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from music_sync.audio.container import probe
from music_sync.model.endings import Match, OnBuyList, Reason
from music_sync.model.errors import GiveUp
from music_sync.model.names import as_text
from music_sync.model.ports import NOT_TO_BE_HAD, Progress, Provider, Searching, Tagger
from music_sync.model.track import FetchedFile, FoundTrack
from music_sync.track.candidates import Choice, Judged, doubt_about
from music_sync.track.faults import named
from music_sync.track.likeness import is_preview, same_length

OWNED = "owned"
"""The provider that copies files of the owner's; which of them a track is, the candidates say."""
MOST_TRIED = 3
"""So many own files are tried for one track; more are copies of one another."""

Look = Callable[[FoundTrack], Choice]
"""Says what the owner has for a track."""
Seek = Callable[[FoundTrack, Searching, str], Choice]
"""Says what a site offers for a track."""


def acquire(
    found: FoundTrack,
    providers: Sequence[Provider],
    tagger: Tagger,
    folder: Path,
    progress: Progress,
    look: Look = lambda _found: Choice(),
    seek: Seek = lambda _found, _provider, _site: Choice(),
) -> FetchedFile | OnBuyList | Match:
    """Fetch into `folder` by the first way that can; without any way the track goes on the buy list.

    Gives a Match when ISRC and length say that it is a recording of ours (`same`), or when all that there is leaves a
    doubt (`unsure`). Raises GiveUp with the last provider's reason when each one refused, TryAgainLater when one may
    succeed later.
    """
    refusals: list[Refusal] = []
    for way in ways(found, providers, look, seek):
        verdict = settled(found, way)
        if verdict:
            return verdict
        try:
            path = way.provider.fetch(way.found, folder, progress)
            fetched = named(partial(inspect, path, way.provider.name, tagger), path, way.found)
            must_fit(found, fetched, way)
        except GiveUp as error:
            refusals.append(Refusal(way, error))
        else:
            told = tuple((each.way.provider.name, each.text) for each in refusals)
            return replace(explained(fetched, way.judged), refusals=told)
    return unbrought(found, refusals)


@dataclass(frozen=True)
class Way:
    """A provider, and the track as it is to see it: with the path or the page of what is taken for it."""

    provider: Provider
    found: FoundTrack
    judged: Judged | None = None

    @property
    def is_sought(self) -> bool:
        """Was it found by a search?"""
        return self.judged is not None and bool(self.judged.candidate.url)


@dataclass(frozen=True)
class Refusal:
    """A way that was tried, and why it did not bring the track."""

    way: Way
    error: GiveUp

    @property
    def text(self) -> str:
        return f"{self.way.found.url}: {self.error}" if self.way.is_sought else str(self.error)


def ways(found: FoundTrack, providers: Sequence[Provider], look: Look, seek: Seek) -> Iterator[Way]:
    """The allowed ways to a track, in order; what is in doubt comes last, for what another way brings ends the doubt.

    A site is searched when all ways before have refused.
    """
    in_doubt: list[Way] = []
    for provider in providers:
        if provider.offers(found):
            yield Way(provider, found)
        elif provider.name == OWNED and found.path is None:
            choice = look(found)
            yield from (_own(provider, found, each) for each in choice.sure[:MOST_TRIED])
            in_doubt += [_own(provider, found, choice.doubt)] if choice.doubt else []
        if isinstance(provider, Searching) and found.path is None:
            for choice in (seek(found, provider, site) for site in provider.sites):
                yield from (_at_page(provider, found, each) for each in choice.sure[:MOST_TRIED])
                in_doubt += [_at_page(provider, found, choice.doubt)] if choice.doubt else []
    yield from in_doubt


def settled(found: FoundTrack, way: Way) -> Match | None:
    """What can be said without fetching: that it is a recording of ours, or that a person must look."""
    judged = way.judged
    if judged is None or (judged.verdict == "same" and not (judged.is_proven and judged.candidate.recording_id)):
        return None
    if judged.verdict == "same":
        told = Reason("isrc_length", f"ISRC and length are those of {judged.candidate.label}", judged.score)
    else:
        rule = "candidate" if way.is_sought else "own_file"
        told = Reason(rule, doubt_about(found, judged), judged.score)
    return Match(judged.verdict, judged.candidate.recording_id, (told, *judged.reasons))


def unbrought(found: FoundTrack, refusals: Sequence[Refusal]) -> OnBuyList:
    """The ending when no way is left: what nobody may have, or is nowhere, may be bought.

    Raises the last GiveUp that speaks of the track's own file.
    """
    for refusal in reversed(refusals):
        if not refusal.way.is_sought and refusal.error.rule not in NOT_TO_BE_HAD:
            raise refusal.error
    why = "; ".join(refusal.text for refusal in refusals)
    return OnBuyList(no_way_to(found, why), found.artist, found.title or found.label)


def must_fit(found: FoundTrack, fetched: FetchedFile, way: Way) -> None:
    """Raise GiveUp when the header of what a search found tells another length, so that the next one is tried."""
    has_s, wanted_s = fetched.announced_length_s, found.length_s
    if not way.is_sought or not has_s or not wanted_s or same_length(has_s, wanted_s):
        return
    if way.judged and any(reason.rule == "person" for reason in way.judged.reasons):
        return
    is_short = is_preview(has_s, wanted_s)
    what = "only a preview came" if is_short else "another length came"
    raise GiveUp(f"{what}: {has_s:.0f} s, announced are {wanted_s:.0f} s", "preview" if is_short else "length")


def _own(provider: Provider, found: FoundTrack, judged: Judged) -> Way:
    return Way(provider, replace(found, path=judged.candidate.path), judged)


def _at_page(provider: Provider, found: FoundTrack, judged: Judged) -> Way:
    return Way(provider, replace(found, url=judged.candidate.url), judged)


def own_copy(
    found: FoundTrack, heard: Judged, providers: Sequence[Provider], folder: Path, tagger: Tagger
) -> FetchedFile:
    """A copy of the owner's file that sounds as a track does; raises GiveUp for one that is gone or cannot be kept."""
    way = next(_own(provider, found, heard) for provider in providers if provider.name == OWNED)
    path = way.provider.fetch(way.found, folder, lambda _fraction: None)
    return explained(inspect(path, OWNED, tagger), heard)


def explained(fetched: FetchedFile, judged: Judged | None) -> FetchedFile:
    """With the place where it lay and why it is taken, when the track itself did not name the file."""
    if judged is None:
        return fetched
    findings = tuple((reason.rule, reason.text, reason.score) for reason in judged.reasons)
    return replace(fetched, place=judged.candidate.place, findings=findings)


_WITHOUT_QUERY = re.compile(r"[^?#]*(?:\?v=[\w-]{11}(?![\w-]))?")
"""A link as it may be stored and shown: a query may hold a signature, but YouTube's names the video."""


def brought(found: FoundTrack, fetched: FetchedFile) -> tuple[Reason, ...]:
    """Which way brought the track and from where, why it is taken for the track, and why other ways refused."""
    url = _WITHOUT_QUERY.match(found.url)
    place = fetched.place or (as_text(str(found.path)) if found.path else url[0] if url else "")
    return (
        Reason(fetched.provider, f"brought by `{fetched.provider}` from {place or found.source_id}"),
        *(Reason(*finding) for finding in fetched.findings),
        *(Reason(way, f"not by `{way}`: {why}") for way, why in fetched.refusals),
    )


def no_way_to(found: FoundTrack, why: str = "") -> str:
    """The sentence for a track that no provider brings, and why those that tried do not."""
    place = found.url or found.source_id
    tried = f": {why}" if why else ""
    return f"no allowed way brings {found.label} ({place}){tried}; buy it and put the file into the drop folder"


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
        bit_rate=container.bit_rate,
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
