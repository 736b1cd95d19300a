"""Seek: which offers of a site are a track, told with the same likeness as the owner's own files, never by rank."""

from dataclasses import replace
from pathlib import Path

from music_sync.model.endings import Reason
from music_sync.model.ports import Offer, Searching
from music_sync.model.track import FoundTrack
from music_sync.track.candidates import Candidate, Choice, Judged, Said, judge
from music_sync.track.likeness import Described, words_of

MOST_REFUSALS = 5
"""So many of the refused are told, the likest; a search finds strangers too."""


def seek(found: FoundTrack, provider: Searching, site: str, said: Said) -> Choice:
    """Search one site and judge what it offers; raises TryAgainLater when the site does not answer."""
    if not found.title:
        return Choice()
    wanted = Described(found.artist, found.title, found.length_s, found.isrc, found.album)
    # The track's own page was asked before, and refused.
    offers = [offer for offer in provider.search(found, site) if offer.url != found.url]
    judged = [_judged(wanted, offer) for offer in offers]
    sure = sorted((each for each in judged if each.verdict == "same"), key=_best_first)
    unsure = sorted((each for each in judged if each.verdict == "unsure"), key=_best_first)
    doubt = next((each for each in unsure if not said.rules_out(each)), None)
    refused = sorted((each for each in judged if each.verdict == "different"), key=_best_first)
    return Choice(tuple(sure), said.about(doubt) if doubt and not sure else None, tuple(refused[:MOST_REFUSALS]))


def refusals(choice: Choice) -> tuple[Reason, ...]:
    """A sentence for each offer that was refused, the likest first."""
    return tuple(Reason("candidate", f"{each.candidate.label}: {why_not(each)}", each.score) for each in choice.refused)


def why_not(judged: Judged) -> str:
    """What speaks against an offer, the strongest first."""
    against = [reason for reason in judged.reasons if reason.score is None or reason.score < 1]
    return "; ".join(words_of(against)) or "not enough is known"


def _judged(wanted: Described, offer: Offer) -> Judged:
    said = Described(offer.artist, offer.title, offer.length_s, offer.isrc.replace("-", "").upper(), offer.album)
    judged = judge(wanted, Candidate(said, Path(), "", url=offer.url))
    if judged.verdict == "different" or not offer.refusal:
        return judged
    return replace(judged, verdict="different", reasons=(Reason("withheld", offer.refusal, 0.0), *judged.reasons))


def _best_first(judged: Judged) -> tuple[bool, float]:
    """Of equals the site's own order counts."""
    return not judged.is_proven, -judged.score
