"""The agents' inboxes as folders: a queue, and for each agent a box for new, processed and failed files."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from music_sync.adapters.durable_files import faults_about, sync_folder, write_unless_there
from music_sync.model.board import Inboxes, Place
from music_sync.model.errors import GiveUp

QUEUE = "01_inbox/Agent-Trigger-Folder"
DEAD_LETTERS = "01_inbox/Dead-Letters"
WITHDRAWN = "01_inbox/Withdrawn"
RETURNS = "01_inbox/Returns"
REFUSED = "01_inbox/03_failed"
BOXES = {"inbox": "01_inbox", "claimed": "01_inbox/claimed", "processed": "02_processed", "failed": "03_failed"}
"""Box -> folder beneath an agent's own."""
LARGEST_BYTES = 1_000_000


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
        found = {place.name: place for place in self._in("queue", "", self._home / QUEUE)}
        for agent in _folders(self._agents):
            for box, folder in BOXES.items():
                found |= {place.name: place for place in self._in(box, agent.name, agent / folder)}
        return found

    def read(self, place: Place) -> Mapping[str, object]:
        try:
            with place.path.open("rb") as file:
                raw = file.read(LARGEST_BYTES + 1)
        except OSError as error:
            raise GiveUp(f"{place.name} cannot be read: {error.strerror}; correct its rights", "unreadable") from error
        if len(raw) > LARGEST_BYTES:
            raise GiveUp(f"{place.name} is larger than a megabyte and so no hand-off; make it smaller", "too_large")
        try:
            content = json.loads(raw.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise GiveUp(f"{place.name} is not valid JSON ({error}); write it anew", "bad_json") from error
        if not isinstance(content, dict):
            raise GiveUp(f"{place.name} holds no JSON object; write it anew", "bad_json")
        return content

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

    def claim(self, agent: str, name: str) -> Place | None:
        """Take a file of an agent's inbox for oneself; of two who try, one gets it and the other None."""
        folder = self._made(self._agents / agent / BOXES["claimed"])
        source = self._agents / agent / BOXES["inbox"] / name
        try:
            source.rename(folder / name)
        except FileNotFoundError:
            return None
        sync_folder(folder)
        return Place(name, "claimed", agent, folder / name)

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

    def _in(self, box: str, agent: str, folder: Path) -> Iterator[Place]:
        try:
            with os.scandir(folder) as entries:
                names = [each.name for each in entries if _is_ours(each)]
        except (FileNotFoundError, NotADirectoryError):
            return
        yield from (Place(name, box, agent, folder / name) for name in names)

    def _made(self, folder: Path) -> Path:
        with faults_about(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder


def _is_ours(entry: "os.DirEntry[str]") -> bool:
    return entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return [Path(each.path) for each in entries if each.is_dir() and not each.name.startswith(".")]
    except FileNotFoundError:
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
