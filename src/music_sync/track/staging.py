"""Staging: one private folder a track in work, so that an attempt goes on where the last one broke off."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path


def folder_of(staging: Path, key: str) -> Path:
    """The private folder of a track, made when it is missing; named by a hash, for a key may hold anything."""
    folder = staging / _name(key)
    for each in (staging, folder):  # the mode of parents made on the way would follow the umask
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def exists(staging: Path, key: str) -> bool:
    return (staging / _name(key)).is_dir()


def clear(staging: Path, key: str) -> None:
    """Take a track's folder away; again is harmless."""
    shutil.rmtree(staging / _name(key), ignore_errors=True)


def sweep(staging: Path, keep: Iterable[str]) -> None:
    """Take away every folder but those of the tracks still in work."""
    kept = {_name(key) for key in keep}
    for folder in staging.iterdir() if staging.is_dir() else ():
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def leftovers(staging: Path, keep: Iterable[str]) -> list[Path]:
    """Folders that belong to no track in work."""
    kept = {_name(key) for key in keep}
    return [folder for folder in staging.iterdir() if folder.name not in kept] if staging.is_dir() else []


def count_start(staging: Path, key: str, stage: str) -> int:
    """How often this stage of this track has been started without ending; a killed program leaves its mark here."""
    mark = _mark(staging, key, stage)
    with mark.open("ab") as file:
        file.write(b".")
    return mark.stat().st_size


def count_end(staging: Path, key: str, stage: str) -> None:
    """The stage ended, well or not: forget its starts."""
    _mark(staging, key, stage).unlink(missing_ok=True)


def _mark(staging: Path, key: str, stage: str) -> Path:
    return folder_of(staging, key) / f"{stage}.starts"


def _name(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
