"""Wanted: what could not be had, each track once, however many sources like it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from music_sync.model.story import AtSource, Owned, instant
from music_sync.track.words import version_key, version_text


@dataclass(frozen=True)
class Wanted:
    """A track to buy, with all places that like it."""

    places: tuple[AtSource, ...]
    """Newest liked first."""
    bought: str = ""
    """The recording of ours that it surely is by now, empty when there is none."""

    @property
    def artist(self) -> str:
        return _words(self._telling)[0]

    @property
    def title(self) -> str:
        return _words(self._telling)[1]

    @property
    def version(self) -> str:
        """Remix, edit and the like, as written."""
        return version_text(self.title)

    @property
    def label(self) -> str:
        return self._telling.label

    @property
    def album(self) -> str:
        return next((place.told.album for place in self.places if place.told.album), "")

    @property
    def isrc(self) -> str:
        return next((place.told.isrc for place in self.places if place.told.isrc), "")

    @property
    def length_s(self) -> float | None:
        return next((place.told.length_s for place in self.places if place.told.length_s), None)

    @property
    def reason(self) -> str:
        """Why it could not be had."""
        return self.places[0].attempts[-1].reason

    @property
    def playlists(self) -> tuple[str, ...]:
        """The names of the playlists that it stands on."""
        return tuple(dict.fromkeys(name for place in self.places for name in playlists_of(place)))

    @property
    def liked_at(self) -> str:
        """When it was liked last."""
        return liked_at(self.places[0])

    @cached_property
    def _telling(self) -> AtSource:
        """The place that has the most words."""
        if len(self.places) == 1:
            return self.places[0]
        return max(self.places, key=lambda place: sum(map(bool, _words(place))))


def wanted(places: Iterable[AtSource], owned: Iterable[Owned] = ()) -> list[Wanted]:
    """The buy list, newest liked first: what is surely one track is one row with all its places.

    That is the same page, or the same ISRC with fitting length and version; words alone never join. What a recording
    of ours with that ISRC brought meanwhile is marked.
    """
    in_order = sorted(places, key=lambda place: (instant(liked_at(place)), place.key), reverse=True)
    ours = defaultdict(list)
    for recording in owned:
        ours[recording.isrc].append(recording)
    return [Wanted(tuple(group), _bought(group, ours)) for group in _groups(in_order)]


def liked_at(place: AtSource) -> str:
    """When a track was liked at a source, as far as it tells; else when we first saw it there."""
    liked = [each.since for each in place.lists if not each.is_playlist and not each.gone_at]
    told = place.told.liked_at
    seen = min((each.since for each in place.lists if each.since), key=instant, default="")
    began = place.attempts[-1].started_at if place.attempts else ""
    return next(filter(None, [*liked, told, seen, began]), "")


def playlists_of(place: AtSource) -> tuple[str, ...]:
    """The names of the playlists at a source that hold the track; where the source has a memory, those of now."""
    now = [each.name for each in place.lists if each.is_playlist and not each.gone_at]
    return tuple(dict.fromkeys(now if place.lists else place.told.playlists))


def _groups(places: Iterable[AtSource]) -> list[list[AtSource]]:
    groups: list[list[AtSource]] = []
    by_url: dict[str, list[AtSource]] = {}
    by_isrc: dict[str, list[list[AtSource]]] = defaultdict(list)
    for place in places:
        group = by_url.get(place.url) if place.url else None
        if group is None:
            alike = by_isrc[place.told.isrc] if place.told.isrc else []
            group = next((each for each in alike if all(_is_one(member, place) for member in each)), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(place)
        if place.url:
            by_url.setdefault(place.url, group)
        if place.told.isrc and all(each is not group for each in by_isrc[place.told.isrc]):
            by_isrc[place.told.isrc].append(group)
    return groups


def _is_one(one: AtSource, other: AtSource) -> bool:
    """Do ISRC, length and version say that two are one? A member that joined by its page may have no ISRC."""
    if one.url and one.url == other.url:
        return True
    if not one.told.isrc or one.told.isrc != other.told.isrc:
        return False
    return _fits(one.told.length_s, other.told.length_s) and _version(one) == _version(other)


def _fits(one_s: float | None, other_s: float | None) -> bool:
    # Imported where it is used: with it comes all that compares sound.
    from music_sync.track.match import same_length

    return bool(one_s and other_s) and same_length(one_s or 0.0, other_s or 0.0)


def _bought(group: Sequence[AtSource], ours: dict[str, list[Owned]]) -> str:
    for place in group:
        for recording in ours.get(place.told.isrc, ()):
            if _fits(place.told.length_s, recording.length_s) and _version(place) == recording.version:
                return recording.label
    return ""


def _version(place: AtSource) -> str:
    return version_key(_words(place)[1])


def _words(place: AtSource) -> tuple[str, str]:
    """Artist and title as the source told them; of an earlier version's attempt only the label is known."""
    told = place.told
    if told.title:
        return told.artist, told.title
    artist, dash, title = place.label.partition(" - ")
    return (artist, title) if dash else ("", "")
