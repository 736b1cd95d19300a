"""A catalogue in memory that passes the contract of the real ones."""

import copy
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from music_sync.adapters.sql.rows import JournalEntry, end_row, start_row
from music_sync.adapters.sql.text import clean, path_key
from music_sync.model.endings import Ending, Reason
from music_sync.model.errors import NeedsPerson
from music_sync.model.ports import Decision, Filed, Outgoing, Past
from music_sync.model.track import FoundTrack, LibraryFile, Playlist, Recording, SourceLink

Attempt = dict[str, Any]


@dataclass
class _State:
    recordings: dict[str, Recording] = field(default_factory=dict)
    files: dict[str, tuple[str, LibraryFile]] = field(default_factory=dict)
    links: dict[tuple[str, str], tuple[str, SourceLink]] = field(default_factory=dict)
    playlists: dict[str, Playlist] = field(default_factory=dict)
    members: dict[tuple[str, str], int | None] = field(default_factory=dict)
    attempts: dict[tuple[str, str, int], Attempt] = field(default_factory=dict)
    decisions: dict[tuple[int, Decision], str] = field(default_factory=dict)
    journal: list[JournalEntry] = field(default_factory=list)
    outbox: list[Outgoing] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    numbered: int = 0


def now_utc() -> datetime:
    return datetime.now(UTC)


class FakeCatalogue:
    """Fulfils `model.ports.Catalogue` and the program's own calls, for one process."""

    def __init__(self, clock: Callable[[], datetime] = now_utc) -> None:
        self._clock = clock
        self._state = _State()
        self._lock = threading.RLock()

    # Reading

    def past(self, source: str, source_id: str) -> Past | None:
        return self.pasts(source).get(clean(source_id))

    def pasts(self, source: str) -> dict[str, Past]:
        return {row["source_id"]: _past(row) for row in self._latest() if row["source"] == clean(source)}

    def recording(self, recording_id: str) -> Recording | None:
        stored = self._state.recordings.get(recording_id)
        if stored is None:
            return None
        state = self._state
        lists = [name for name, each in state.playlists.items() if (name, recording_id) in state.members]
        return replace(
            stored,
            files=tuple(file for owner, file in state.files.values() if owner == recording_id),
            sources=tuple(link for owner, link in state.links.values() if owner == recording_id),
            playlists=tuple(state.playlists[name].name for name in lists),
        )

    def recordings(self) -> Iterator[Recording]:
        for each in self._those(lambda _: True):
            yield replace(each, analysis=replace(each.analysis, fingerprint=()))

    def filed(self, source: str) -> dict[str, Filed]:
        ended_as = {row["recording_id"] for row in self._state.attempts.values() if row["source"] == clean(source)}
        held = [recording for each in ended_as if (recording := self.recording(each))]
        return {each.recording_id: Filed(each.recording_id, each.artist, each.title, each.files) for each in held}

    def by_source(self, source: str, source_id: str) -> Recording | None:
        linked = self._state.links.get((clean(source), clean(source_id)))
        return self.recording(linked[0]) if linked else None

    def by_sha256(self, sha256: str) -> Recording | None:
        def has(each: Recording) -> bool:
            return sha256 in {each.origin_sha256, *(file.sha256 for file in each.files)}

        return next(iter(self._those(has)), None) if sha256 else None

    def by_isrc(self, isrc: str) -> Sequence[Recording]:
        return self._those(lambda each: each.isrc == isrc) if isrc else ()

    def by_url(self, url: str) -> Sequence[Recording]:
        return self._those(lambda each: clean(url) in {link.url for link in each.sources}) if url else ()

    def by_length(self, shortest_s: float, longest_s: float) -> Sequence[Recording]:
        return self._those(
            lambda each: bool(each.analysis.fingerprint) and shortest_s <= each.analysis.length_s <= longest_s
        )

    def by_sound(self, fingerprint: Sequence[int], shortest_s: float, longest_s: float) -> Sequence[Recording]:  # noqa: ARG002
        return self.by_length(shortest_s, longest_s)

    def file_at(self, path: str) -> tuple[str, LibraryFile] | None:
        return self._state.files.get(path_key(path))

    def decisions(self, key: str = "") -> Iterator[Decision]:
        return (each for _attempt, each in list(self._decided()) if clean(key) in {"", each.key})

    def waiting(self, ending: str) -> Sequence[tuple[SourceLink, Past]]:
        return [(_attempt_link(row), _past(row)) for row in self._latest() if row["ending"] == ending]

    def playlist_files(self, subject: str) -> tuple[Playlist, list[tuple[Recording, LibraryFile]]]:
        subject = clean(subject)
        playlist = self._state.playlists.get(subject)
        if playlist is None:
            raise NeedsPerson(f"playlist {subject} is not in the catalogue")
        places = [(place, recording) for (name, recording), place in self._state.members.items() if name == subject]
        places.sort(key=lambda each: (each[0] is None, each[0]))
        held = [self.recording(recording_id) for _place, recording_id in places]
        return playlist, [(each, each.files[0]) for each in held if each and each.files]

    def counts(self) -> dict[str, int]:
        state = self._state
        endings = Counter(row["ending"] for row in self._latest())
        return {"recordings": len(state.recordings), "files": len(state.files), **endings}

    def journal(self, recording_id: str = "") -> Iterator[JournalEntry]:
        return (each for each in list(self._state.journal) if recording_id in {"", each.recording_id})

    def identity(self, name: str) -> str | None:
        return self._state.facts.get(name)

    def outbox(self, target: str) -> Sequence[Outgoing]:
        return [each for each in self._state.outbox if each.target == target]

    # Writing

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock:
            # What the containers hold is never changed in place.
            before = _State(*(copy.copy(each) for each in vars(self._state).values()))
            try:
                yield
            except BaseException:
                self._state = before
                raise

    def started(self, found: FoundTrack, attempt: int) -> None:
        row = _cleaned(start_row(found, attempt, self._now()))
        with self.locked():
            former = self._state.attempts.get(_attempt_key(row))
            if former is None or former["revision"] != row["revision"]:
                self._state.attempts[_attempt_key(row)] = row

    def ended(self, found: FoundTrack, attempt: int, ending: Ending) -> None:
        now = self._now()
        start, end = _cleaned(start_row(found, attempt, now)), _cleaned(end_row(found, ending, now))
        with self.locked():
            former = self._state.attempts.get(_attempt_key(start), start)
            if {**former, **end, "ended_at": ""} != {**former, "ended_at": ""}:
                self._state.attempts[_attempt_key(start)] = former | end

    def decided(
        self, found: FoundTrack, stage: str, verdict: str, recording_id: str, reasons: Iterable[Reason]
    ) -> None:
        listed = tuple(Reason(clean(each.rule), clean(each.text), each.score) for each in reasons)
        decision = Decision("", clean(found.key), stage, verdict, recording_id, listed)
        past = self.past(found.source, found.source_id)
        with self.locked():
            self._state.decisions.setdefault((past.attempt if past else 0, decision), self._now())

    def add(self, recording: Recording, found: FoundTrack) -> None:
        with self.locked():
            filed_at = recording.filed_at or self._now()
            bare = replace(_clean_recording(recording), filed_at=filed_at, files=(), sources=(), playlists=())
            self._state.recordings.setdefault(recording.recording_id, bare)
            changed = [self._put_file(recording.recording_id, file) for file in recording.files]
            self._put_link(recording.recording_id, found)
            if any(changed):
                self._ask_for_playlists_of(recording.recording_id)

    def link(self, recording_id: str, found: FoundTrack) -> None:
        with self.locked():
            self._check_known(recording_id)
            self._put_link(recording_id, found)

    def members(self, source: str, source_id: str) -> dict[str, Playlist]:
        subject = clean(f"{source}:{source_id}")
        with self.locked():
            return {
                recording_id: Playlist(source, source_id, self._state.playlists[each].name, position)
                for (each, recording_id), position in self._state.members.items()
                if each == subject
            }

    def member(self, recording_id: str, playlist: Playlist) -> None:
        subject = clean(f"{playlist.source}:{playlist.source_id}")
        with self.locked():
            self._check_known(recording_id)
            former = self._state.playlists.get(subject)
            name = clean(playlist.name) or (former.name if former else "")
            self._state.playlists[subject] = Playlist(clean(playlist.source), clean(playlist.source_id), name)
            known = former and former.name == name and (subject, recording_id) in self._state.members
            if not known or self._state.members[subject, recording_id] != playlist.position:
                self._state.members[subject, recording_id] = playlist.position
                self._ask(subject)

    def sent(self, outgoing: Outgoing) -> None:
        with self.locked():
            self._state.outbox = [each for each in self._state.outbox if each != outgoing]

    def remember(self, name: str, value: str) -> None:
        with self.locked():
            self._state.facts[clean(name)] = clean(value)

    # Beneath

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _those(self, chosen: Callable[[Recording], bool]) -> list[Recording]:
        held = [self.recording(each) for each in self._state.recordings]
        found = [each for each in held if each and chosen(each)]
        return sorted(found, key=lambda each: (each.filed_at, each.recording_id))

    def _latest(self) -> list[Attempt]:
        latest: dict[tuple[str, str], Attempt] = {}
        for row in self._state.attempts.values():
            key = row["source"], row["source_id"]
            if key not in latest or row["attempt"] > latest[key]["attempt"]:
                latest[key] = row
        return list(latest.values())

    def _decided(self) -> Iterator[tuple[int, Decision]]:
        for (attempt, decision), at in self._state.decisions.items():
            yield attempt, replace(decision, decided_at=at)

    def _put_file(self, recording_id: str, file: LibraryFile) -> bool:
        stored = LibraryFile(clean(file.path), clean(file.format), clean(file.sha256), file.size_bytes)
        key = path_key(file.path)
        former = self._state.files.get(key)
        if former == (recording_id, stored):
            return False
        self._state.files[key] = (recording_id, stored)
        kind = "filed" if former is None else "refiled" if former[0] == recording_id else "taken_over"
        before = {"recording_id": former[0], "path_key": key, **asdict(former[1])} if former else {}
        after = {"recording_id": recording_id, "path_key": key, **asdict(stored)}
        self._note(kind, recording_id, stored.path, before, after)
        if former and former[0] != recording_id:
            self._ask_for_playlists_of(former[0])
        return True

    def _put_link(self, recording_id: str, found: FoundTrack) -> None:
        key = clean(found.source), clean(found.source_id)
        former = self._state.links.get(key)
        found_at = former[1].found_at if former else self._now()
        link = SourceLink(*key, clean(found.revision), clean(found.url), found_at)
        self._state.links[key] = (recording_id, link)
        if former and former[0] != recording_id:
            self._note("relinked", recording_id, "", _link_state(*former), _link_state(recording_id, link))

    def _note(self, kind: str, recording_id: str, path: str, before: Attempt, after: Attempt) -> None:
        entry = JournalEntry(len(self._state.journal) + 1, self._now(), kind, recording_id, path, before, after)
        self._state.journal.append(entry)

    def _ask_for_playlists_of(self, recording_id: str) -> None:
        for subject, member in list(self._state.members):
            if member == recording_id:
                self._ask(subject)

    def _ask(self, subject: str) -> None:
        self._state.numbered += 1
        former = next((each for each in self._state.outbox if each.subject == subject), None)
        number = former.outgoing_id if former else self._state.numbered
        renewed = Outgoing(number, "m3u", subject, str(self._state.numbered))
        self._state.outbox = sorted(
            [*(each for each in self._state.outbox if each is not former), renewed], key=lambda each: each.outgoing_id
        )

    def _check_known(self, recording_id: str) -> None:
        if recording_id not in self._state.recordings:
            raise NeedsPerson(f"recording {recording_id} is not in the catalogue")


def _cleaned(row: Attempt) -> Attempt:
    return {name: clean(value) if isinstance(value, str) else value for name, value in row.items()}


def _clean_recording(recording: Recording) -> Recording:
    texts = {name: clean(value) for name, value in vars(recording).items() if isinstance(value, str)}
    return Recording(**{**vars(recording), **texts})


def _attempt_key(row: Attempt) -> tuple[str, str, int]:
    return row["source"], row["source_id"], row["attempt"]


def _attempt_link(row: Attempt) -> SourceLink:
    return SourceLink(row["source"], row["source_id"], row["revision"], row["url"], row["started_at"])


def _link_state(recording_id: str, link: SourceLink) -> Attempt:
    state = asdict(link)
    del state["found_at"]
    return {"recording_id": recording_id, **state}


def _past(row: Attempt) -> Past:
    return Past(
        row["attempt"],
        row["ending"],
        row["reason"],
        row["stage"],
        row["next_actor"],
        row["recording_id"],
        row["revision"],
        row["cause"],
    )
