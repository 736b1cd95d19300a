"""Review: a track of which evidence speaks for and against a recording of ours, and what a person says of it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from music_sync.model.endings import Reason
from music_sync.model.errors import BadSetting, NeedsPerson
from music_sync.model.ports import Decision
from music_sync.model.track import FoundTrack, Recording

STAGE = "review"
"""The stage under which a person's verdicts stand among the decisions."""
SAME, ANOTHER, UNDONE = "same", "another", "undone"
"""What is decided there; the latest verdict on a recording counts."""

SHORTEST_ID = 4
MOST_AT_ONCE = 20
"""So many tracks are settled by one command: each is to be looked at."""


@dataclass(frozen=True)
class Review:
    """A track that waits for a person, with both sides."""

    review_id: str
    """Short, and the same for as long as the track waits."""
    found: FoundTrack
    """With the words of the file that was fetched."""
    attempt: int
    reason: str
    reasons: tuple[Reason, ...] = ()
    length_s: float | None = None
    """Measured, else announced."""
    recording_id: str = ""
    """Empty where no recording is in question but what came: its length, or a file of one's own."""
    ours: Recording | None = None
    """None where none is in question, or where it is not in the catalogue any more."""
    is_lost: bool = False
    """The files of ours are gone from the library."""
    is_misfit: bool = False
    """What came is of another length than was announced."""

    @property
    def name(self) -> str:
        """What a person calls it, with its number."""
        return f"{self.review_id} ({self.found.label})"


def short_ids(keys: Sequence[str]) -> dict[str, str]:
    """An id for each key that stays when others come and go: six hex digits, more only where two begin alike."""
    digests = {key: hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest() for key in keys}
    length = 6
    while len({digest[:length] for digest in digests.values()}) < len(digests):
        length += 2
    return {key: digest[:length] for key, digest in digests.items()}


def chosen(words: Sequence[str], waiting: Sequence[Review]) -> list[Review]:
    """The reviews that are named by id, the start of one, or the track's key; each once, and all or none.

    Raises BadSetting for `all`, for too many, and for what names none or several.
    """
    if any(word.casefold() in {"all", "*"} for word in words):
        raise BadSetting("`all` is refused: each of these wants a look; name them by the ids of `music-sync review`")
    found = list(dict.fromkeys(_one(word, waiting) for word in words))
    if len(found) > MOST_AT_ONCE:
        raise BadSetting(f"{len(found)} tracks are too many at once; name at most {MOST_AT_ONCE}")
    return found


def _one(word: str, waiting: Sequence[Review]) -> Review:
    exact = [each for each in waiting if word in {each.review_id, each.found.key}]
    started = [each for each in waiting if len(word) >= SHORTEST_ID and each.review_id.startswith(word.casefold())]
    fitting = exact or started
    if len(fitting) == 1:
        return fitting[0]
    what = f"{word!r} fits {len(fitting)} tracks" if fitting else f"no track to review is called {word!r}"
    raise BadSetting(f"{what}; `music-sync review` lists their ids")


def reasons_for(recording_id: str, decisions: Iterable[Decision]) -> tuple[Reason, ...]:
    """Why this recording was in question, from what was decided last."""
    told: tuple[Reason, ...] = ()
    for each in decisions:
        if each.verdict == "unsure" and each.recording_id == recording_id:
            told = each.reasons
    return told


def said_apart(decisions: Iterable[Decision]) -> frozenset[str]:
    """The recordings of which a person said that this track is another one."""
    found: set[str] = set()
    for each in decisions:
        if each.stage == STAGE and each.verdict == ANOTHER:
            found.add(each.recording_id)
        elif each.stage == STAGE:
            found.discard(each.recording_id)
    return frozenset(found)


def said_same(decisions: Iterable[Decision]) -> bool:
    """Did a person say last that a file of no recording, which was in doubt, is this track?"""
    said = [each.verdict for each in decisions if each.stage == STAGE and not each.recording_id]
    return said[-1:] == [SAME]


def must_be_mergeable(review: Review) -> None:
    """Raise NeedsPerson when there is no recording with its files any more that the track could be."""
    if review.ours is None:
        raise NeedsPerson(
            f"the recording that {review.name} was compared with is not in the library any more; "
            f"`music-sync review reject {review.review_id}` files the track by itself"
        )
    if review.is_lost:
        path = review.ours.files[0].path
        raise NeedsPerson(
            f"{path}, which {review.name} was compared with, is gone from the library; "
            f"`music-sync retry '{path}'` brings it back, "
            f"`music-sync review reject {review.review_id}` files the track by itself"
        )
