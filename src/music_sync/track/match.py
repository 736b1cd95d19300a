"""Match: which recording of ours a found track is, and why; or that it is new.

Only three kinds of evidence merge: an exact id, link or file hash, ISRC with length, fingerprint with length.
Version words keep versions apart, words alone never merge, and nothing is concluded over a third recording.
"""

from collections.abc import Container, Iterable, Iterator

from music_sync.audio.fingerprint import SAME_RECORDING, bit_error_rate, is_telling, landmarks, may_be_same
from music_sync.model.endings import Match, Reason
from music_sync.model.ports import Catalogue
from music_sync.model.track import Analysis, FoundTrack, Recording
from music_sync.track.review import said_apart
from music_sync.track.words import version_key


def match(found: FoundTrack, catalogue: Catalogue, sha256: str = "", analysis: Analysis | None = None) -> Match:
    """Say which recording of ours this is, from what is known so far.

    Before anything is fetched that is the source's id, the link, the hash of a local file, and ISRC with the announced
    length; after `analyse` the fingerprint decides too.
    """
    length_s = analysis.length_s if analysis else found.length_s
    notes: list[Reason] = []
    for verdict in _verdicts(found, catalogue, sha256, length_s, analysis):
        if verdict.verdict != "new":
            return Match(verdict.verdict, verdict.recording_id, (*verdict.reasons, *notes))
        notes.extend(verdict.reasons)
    return Match("new", reasons=tuple(notes) or (Reason("nothing_like_it", "no recording of ours is like it"),))


def length_tolerance_s(length_s: float) -> float:
    """How far two lengths of one recording may lie apart: 2 s or 3 %, whichever is more."""
    return max(2.0, 0.03 * length_s)


def same_length(one_s: float, other_s: float) -> bool:
    return abs(one_s - other_s) <= length_tolerance_s(max(one_s, other_s))


def _verdicts(
    found: FoundTrack, catalogue: Catalogue, sha256: str, length_s: float | None, analysis: Analysis | None
) -> Iterator[Match]:
    yield from _by_source_id(found, catalogue)
    others = said_apart(catalogue.decisions(found.key))
    if analysis is None:
        yield from _by_link(found, catalogue, others)
    # The very bytes of a file of ours are that recording, whatever anybody says.
    yield from _by_hash(sha256, catalogue)
    if length_s is not None:
        yield from _by_isrc(found, length_s, catalogue, others)
    # Silence and steady tones all look alike: such a fingerprint tells nothing.
    if analysis is not None and is_telling(analysis.fingerprint):
        yield from _by_fingerprint(found, analysis, catalogue, others)


def _by_source_id(found: FoundTrack, catalogue: Catalogue) -> Iterator[Match]:
    recording = catalogue.by_source(found.source, found.source_id)
    if recording is None:
        return
    unchanged = any(
        (link.source, link.source_id, link.revision) == (found.source, found.source_id, found.revision)
        for link in recording.sources
    )
    if unchanged:
        yield _same(recording, Reason("source_id", f"{found.source} lists it under the same id"))


def _by_link(found: FoundTrack, catalogue: Catalogue, others: Container[str]) -> Iterator[Match]:
    """The same page, met at another source; a local file's link may only say where it was once found."""
    if found.path is not None:
        return
    # A source that tells several pages of a track means services, whose pages are for ever the same track.
    pages = [(page, "") for page in found.links] or [(found.url, found.revision)]
    for page, revision in pages:
        for recording in _but(others, catalogue.by_url(page)):
            for link in recording.sources:
                if (link.url, link.revision) == (page, revision):
                    yield _same(recording, Reason("link", f"{link.source} lists {recording.label} with the same link"))


def _by_hash(sha256: str, catalogue: Catalogue) -> Iterator[Match]:
    recording = catalogue.by_sha256(sha256) if sha256 else None
    if recording:
        yield _same(recording, Reason("file_hash", "the file is byte for byte one that was filed before"))


def _by_isrc(found: FoundTrack, length_s: float, catalogue: Catalogue, others: Container[str]) -> Iterator[Match]:
    for recording in _but(others, catalogue.by_isrc(found.isrc) if found.isrc else ()):
        apart = abs(recording.analysis.length_s - length_s)
        if not same_length(recording.analysis.length_s, length_s):
            text = f"ISRC {found.isrc} is that of {recording.label}, but the lengths differ by {apart:.1f} s"
            yield Match("new", reasons=(Reason("isrc_other_length", text),))
        elif version_key(recording.title) != version_key(found.title):
            text = f"ISRC {found.isrc} is that of {recording.label}, but the version words differ"
            yield Match("new", reasons=(Reason("version_words", text),))
        else:
            text = f"same ISRC {found.isrc}, lengths {apart:.1f} s apart"
            yield _same(recording, Reason("isrc_length", text))


def _by_fingerprint(
    found: FoundTrack, analysis: Analysis, catalogue: Catalogue, others: Container[str]
) -> Iterator[Match]:
    tolerance_s = length_tolerance_s(analysis.length_s)
    shortest_s, longest_s = analysis.length_s - tolerance_s, analysis.length_s + tolerance_s
    near = _but(others, catalogue.by_sound(analysis.fingerprint, shortest_s, longest_s))
    marks = landmarks(analysis.fingerprint)
    alike_at_a_glance = [other for other in near if may_be_same(marks, other.analysis.fingerprint)]
    telling = [other for other in alike_at_a_glance if is_telling(other.analysis.fingerprint)]
    scored = [(bit_error_rate(analysis.fingerprint, other.analysis.fingerprint), other) for other in telling]
    alike = [pair for pair in scored if pair[0] <= SAME_RECORDING]
    if not alike:
        return
    error, recording = min(alike, key=lambda pair: (version_key(pair[1].title) != version_key(found.title), pair[0]))
    score = round(1 - error, 4)
    if version_key(recording.title) == version_key(found.title):
        text = f"sounds like {recording.label}: {score:.1%} of the fingerprint is the same, and so is the length"
        yield _same(recording, Reason("fingerprint_length", text, score))
    else:
        text = f"sounds like {recording.label} ({score:.1%}), but the version words differ"
        lengths = f"{analysis.length_s:.1f} s long, ours is {recording.analysis.length_s:.1f} s"
        reasons = (Reason("version_words", text, score), Reason("length", lengths))
        yield Match("unsure", recording.recording_id, reasons)


def _but(others: Container[str], recordings: Iterable[Recording]) -> list[Recording]:
    """Those of which nobody said that the track is another one."""
    return [each for each in recordings if each.recording_id not in others]


def _same(recording: Recording, reason: Reason) -> Match:
    return Match("same", recording.recording_id, (reason,))
