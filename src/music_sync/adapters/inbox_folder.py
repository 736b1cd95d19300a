"""The agents' inboxes as folders: a queue, and for each agent a box for new, processed and failed files."""

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from music_sync.adapters.durable_files import faults_about, sync_folder, write_unless_there, write_whole
from music_sync.model.board import Inboxes, Place
from music_sync.model.errors import EnvironmentFault, GiveUp, TryAgainLater

QUEUE = "01_inbox/Agent-Trigger-Folder"
DEAD_LETTERS = "01_inbox/Dead-Letters"
WITHDRAWN = "01_inbox/Withdrawn"
RETURNS = "01_inbox/Returns"
REFUSED = "01_inbox/03_failed"
BOXES = {"inbox": "01_inbox", "claimed": "01_inbox/claimed", "processed": "02_processed", "failed": "03_failed"}
"""Box -> folder beneath an agent's own."""
LARGEST_BYTES = 1_000_000
SETTLED_S = 30.0
"""A file that cannot be understood may still be being written: it gets so long, in seconds since its last change."""

log = logging.getLogger(__name__)


class FolderInboxes(Inboxes):
    """`home` holds the queue and what was put aside, `agents` one folder an agent. Foreign files are left alone."""

    def __init__(self, home: Path, agents: Path) -> None:
        self._home = home
        self._agents = agents

    def put(self, name: str, content: bytes) -> Place:
        folder = self._made(self._home / QUEUE)
        write_unless_there(folder / name, content, mode=0o644)
        return Place(name, "queue", "", folder / name)

    def route(self, names: Mapping[str, str]) -> dict[str, Place]:
        routed: dict[str, Place] = {}
        queue = self._home / QUEUE
        for name, agent in names.items():
            inbox = self._made(self._agents / agent / BOXES["inbox"])
            _move(queue / name, inbox)
            routed[name] = Place(name, "inbox", agent, inbox / name)
        if routed:
            for folder in {queue, *(place.path.parent for place in routed.values())}:
                with faults_about(folder):
                    sync_folder(folder)
        return routed

    def places(self) -> dict[str, Place]:
        found = {place.name: place for place in self.queued()}
        for agent in _folders(self._agents):
            for box, folder in BOXES.items():
                try:
                    found |= {place.name: place for place in _in(box, agent.name, agent / folder)}
                except OSError as error:
                    # One agent's folder must not keep us from those of the others.
                    log.warning("%s cannot be read (%s); correct its rights", agent / folder, error.strerror)
        return found

    def queued(self) -> list[Place]:
        with faults_about(self._home / QUEUE):
            return list(_in("queue", "", self._home / QUEUE))

    def read(self, place: Place) -> Mapping[str, object]:
        try:
            with place.path.open("rb") as file:
                raw = file.read(LARGEST_BYTES + 1)
                age_s = time.time() - os.fstat(file.fileno()).st_mtime
        except OSError as error:
            raise GiveUp(f"{place.name} cannot be read: {error.strerror}; correct its rights", "unreadable") from error
        if len(raw) > LARGEST_BYTES:
            raise GiveUp(f"{place.name} is larger than a megabyte and so no hand-off; make it smaller", "too_large")
        try:
            return _object_in(raw, place.name)
        except GiveUp:
            if 0 <= age_s < SETTLED_S:
                raise TryAgainLater(f"{place.name} may still be being written; the next cycle looks again") from None
            raise

    def withdraw(self, place: Place, why: str) -> Path:
        return self._aside(place, WITHDRAWN, f"{why}\n")

    def refuse(self, place: Place, reason: str) -> Path:
        return self._aside(place, REFUSED, reason + "\n")

    def keep(self, place: Place) -> Path:
        return self._aside(place, RETURNS)

    def bury(self, name: str, content: bytes, reason: str) -> Path:
        folder = self._made(self._home / DEAD_LETTERS)
        write_unless_there(folder / name, content, mode=0o644)
        write_unless_there(folder / f"{name}.reason.txt", (reason + "\n").encode("utf-8", "replace"), mode=0o644)
        return folder / name

    def of(self, agent: str) -> list[Place]:
        """What lies in the boxes of one agent folder, by name."""
        found = [place for box, folder in BOXES.items() for place in _in(box, agent, self._agents / agent / folder)]
        return sorted(found, key=lambda place: place.name)

    def claim(self, agent: str, name: str) -> Place | None:
        """Take a file of an agent's inbox for oneself; of two who try, one gets it and the other None."""
        folder = self._made(self._agents / agent / BOXES["claimed"])
        inbox = self._agents / agent / BOXES["inbox"]
        with faults_about(inbox / name):
            if not _renamed(inbox / name, folder / name):
                return None
            # The time of the claim: from it, or from when the agent touches the file again, the expiry counts.
            with suppress(FileNotFoundError):
                os.utime(folder / name)
            sync_folder(folder)
            sync_folder(inbox)
        return Place(name, "claimed", agent, folder / name, time.time())

    def answer(self, place: Place, box: str, content: bytes = b"") -> Path:
        """Move an agent's file into its `processed` or `failed` box; `content` is its return file.

        The move comes first: words that come after it are added, while a return that is there first would be answered
        and its hand-off taken away before the move. Raises GiveUp when the file is gone.
        """
        own = self._agents / place.agent_folder
        folder, inbox = self._made(own / BOXES[box]), own / BOXES["inbox"]
        target = _free(folder, place.name)
        with faults_about(place.path):
            if not _renamed(place.path, target):
                raise GiveUp(f"{place.name} is not in {place.path.parent} any more; somebody else answered it", "gone")
            for changed in (folder, place.path.parent):
                sync_folder(changed)
        if content:
            name = place.name.replace("__HANDOFF__", "__RETURN__")
            write_whole(inbox / (name if name != place.name else f"__RETURN__{name}"), content, mode=0o644)
        return target

    def _aside(self, place: Place, to: str, reason: str = "") -> Path:
        folder = self._made(self._home / to)
        target = _free(folder, place.name)
        if reason:
            write_unless_there(folder / f"{target.name}.reason.txt", reason.encode("utf-8", "replace"), mode=0o644)
        with faults_about(place.path), suppress(FileNotFoundError):
            place.path.rename(target)
        with faults_about(folder):
            sync_folder(folder)
        return target

    def _made(self, folder: Path) -> Path:
        with faults_about(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder


def _object_in(raw: bytes, name: str) -> Mapping[str, object]:
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise GiveUp(f"{name} is not valid JSON ({error}); write it anew", "bad_json") from error
    if not isinstance(content, dict):
        raise GiveUp(f"{name} holds no JSON object; write it anew", "bad_json")
    return content


def _in(box: str, agent: str, folder: Path) -> Iterator[Place]:
    try:
        with os.scandir(folder) as entries:
            ours = [(each.name, _touched(each) if box == "claimed" else 0.0) for each in entries if _is_ours(each)]
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (Place(name, box, agent, folder / name, touched_s) for name, touched_s in ours)


def _touched(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return 0.0


def _renamed(source: Path, target: Path) -> bool:
    """Of two who move the same file one does; False for the other."""
    try:
        source.rename(target)
    except FileNotFoundError:
        return False
    return True


def _is_ours(entry: "os.DirEntry[str]") -> bool:
    return entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)


def _folders(parent: Path) -> list[Path]:
    try:
        with faults_about(parent), os.scandir(parent) as entries:
            return [Path(each.path) for each in entries if each.is_dir() and not each.name.startswith(".")]
    except EnvironmentFault:
        if parent.exists():
            raise
        return []


def _move(source: Path, folder: Path) -> None:
    """Into a folder, never over another file; one that was moved before is there already."""
    with faults_about(source), suppress(FileNotFoundError):
        if not (folder / source.name).exists():
            source.rename(folder / source.name)


def _free(folder: Path, name: str) -> Path:
    stem, number = re.sub(r"\.json$", "", name), 1
    target = folder / name
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.json"
    return target
