"""Analyse: measure the whole sound once, and refuse what is not the track that was announced."""

from music_sync.model.endings import NeedsReview, OnBuyList, Reason
from music_sync.model.ports import Measure, Progress
from music_sync.model.track import Analysis, FetchedFile, FoundTrack
from music_sync.track.faults import named
from music_sync.track.match import same_length
from music_sync.track.quality import quality_text

PREVIEW_LENGTH_S = (25.0, 35.0)
"""Stores and streaming sites hand out previews of about 30 s."""


def analyse(
    found: FoundTrack, fetched: FetchedFile, measure: Measure, progress: Progress
) -> Analysis | OnBuyList | NeedsReview:
    """Measure a fetched file and hold its length against the announced one.

    Raises GiveUp when the file does not decode to its end.
    """
    analysis = named(lambda: measure(fetched.path, progress), fetched.path, found)
    if any(rule == "person" for rule, _text, _score in fetched.findings):
        return analysis
    misfit = unfitting(found, analysis)
    if isinstance(misfit, OnBuyList) and fetched.place and "://" not in fetched.place:
        # The file stays where it lies; on the buy list it would be found, and refused, in each round.
        text = f"{fetched.place} is no whole track: {misfit.reason}"
        return NeedsReview(text, artist=found.artist, title=found.title)
    return misfit or analysis


def noted(fetched: FetchedFile, analysis: Analysis) -> Reason:
    """How good the sound is, as a note that stays with the track."""
    return Reason("quality", f"it is {quality_text(fetched.codec, fetched.bit_rate, analysis.cutoff_hz)}")


def unfitting(found: FoundTrack, analysis: Analysis) -> OnBuyList | NeedsReview | None:
    """Why a decoded length speaks against the track, None when it fits; an owner's own file is taken as it is."""
    if found.length_s is None or same_length(found.length_s, analysis.length_s):
        return None
    shortest_s, longest_s = PREVIEW_LENGTH_S
    told = f"{analysis.length_s:.0f} s of audio came for {found.label}, announced are {found.length_s:.0f} s"
    if shortest_s <= analysis.length_s <= longest_s < found.length_s:
        text = f"only a preview is offered: {told}; buy it and put the file into the drop folder"
        return OnBuyList(text, found.artist, found.title)
    if found.path:
        return None
    return NeedsReview(f"the length does not fit: {told}", artist=found.artist, title=found.title)
