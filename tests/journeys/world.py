"""A small world for journeys: a home, a folder of real audio, and the program run as a user runs it."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from music_sync.demo.music import PIECES, SAMPLE_RATE_HZ, Piece, Samples, render, tag_words, write_encoded, write_tags

LENGTH_S = 8.0


@dataclass(frozen=True)
class World:
    """A home of its own, and a folder to sync."""

    home: Path
    music: Path
    more: tuple[tuple[str, str], ...] = ()
    """Further environment variables."""

    @property
    def library(self) -> Path:
        return self.home / "library"

    @property
    def env(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MUSIC_SYNC_")}
        # Without the sources behind accounts, so that a journey of files means the same on every machine.
        ours = {"MUSIC_SYNC_HOME": str(self.home), "MUSIC_SYNC_SOURCES": "folder,list", "NO_COLOR": "1"}
        return {**kept, **ours, "MUSIC_SYNC_ENRICH": "none", **dict(self.more)}

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run `music-sync` as a process of its own."""
        command = [sys.executable, "-m", "music_sync", *arguments]
        return subprocess.run(
            command,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def json(self, *arguments: str) -> Any:
        """Run with --json and give the object printed."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def sync(self) -> Any:
        return self.json("sync", str(self.music))

    def filed(self) -> list[str]:
        """Every visible file of the library, relative, sorted."""
        files = (path for path in self.library.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self.library).as_posix() for path in files)


def new_world(folder: Path, **settings: str) -> World:
    music = folder / "music"
    music.mkdir(parents=True)
    return World(folder / "home", music, tuple(settings.items()))


def offer(world: World, number: int, codec: str = "flac", *, title: str = "", length_s: float = LENGTH_S) -> Path:
    """Put one piece, short, into the folder that is synced; the file looks old enough to have stopped growing."""
    piece = replace(PIECES[number % len(PIECES)], length_s=length_s)
    path = world.music / f"{number:02} {title or piece.title}.{codec}"
    path.write_bytes(encoded(piece, codec))
    words = tag_words(piece)
    write_tags(path, {**words, "title": title} if title else words)
    os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    return path


@cache
def played(piece: Piece) -> Samples:
    return render(piece)


@cache
def encoded(piece: Piece, codec: str) -> bytes:
    """A whole file of a piece, without tags."""
    with tempfile.TemporaryDirectory(prefix="music-sync-tests-") as folder:
        path = Path(folder) / f"whole.{codec}"
        write_encoded(path, played(piece), SAMPLE_RATE_HZ, codec)
        return path.read_bytes()
