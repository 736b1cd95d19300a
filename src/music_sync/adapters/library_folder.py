"""The library as a folder tree on any drive, one that may be unplugged at any moment.

A marker file with an id says that a folder is the library. Each access opens the root, reads the marker through that
very descriptor and then works relative to it: what is written cannot land on the disk beneath a drive that went away.
A library whose marker is not found is offline, which is a state; its tracks are never called missing, and nothing is
made in its place.
"""

import errno
import hashlib
import json
import logging
import os
import re
import stat
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath

from music_sync.adapters.durable_files import (
    copy_durably,
    faults_about,
    rename_unless_taken,
    sync_folder,
    write_unless_there,
)
from music_sync.model.errors import EnvironmentFault, GiveUp, TryAgainLater
from music_sync.model.formats import AUDIO_ENDINGS, CONTAINERS, FORMATS
from music_sync.model.names import name_key
from music_sync.model.ports import Prepared
from music_sync.model.track import LibraryFile, StagedFile

log = logging.getLogger(__name__)

MARKER = ".music-sync-library"
BROKEN_OFF_S = 3600.0
"""A hidden copy that is older belongs to a filing that will not go on."""

LEAST_FREE_BYTES = 64 * 1024 * 1024
"""What stays free on the library's drive, so that its owner is not left without room to act."""

_HIDDEN = ".music-sync-{name}.part"
_HIDDEN_NAME = re.compile(r"\.music-sync-.+\.part")
# Folders in which systems make mount points: what lies directly beneath is a drive, also while it is away.
_MOUNT_PLACES = ("/Volumes", "/media", "/media/*", "/run/media/*", "/mnt")
_NAME_TRIES = 99
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class FolderLibrary:
    """Fulfils `ports.Library` in a folder.

    Links inside the library are never followed when something is written: a track whose artist's folder is a link or
    a plain file gets the folder `Artist [2]` beside it.
    """

    def __init__(self, root: Path, identity: str, least_free_bytes: int = LEAST_FREE_BYTES) -> None:
        """`identity`: the id its marker must hold. Nothing is touched before the first call."""
        self.root = root.absolute()
        self.identity = identity
        self._least_free_bytes = least_free_bytes
        self._beneath: int | None = None

    @classmethod
    def at(
        cls,
        root: Path,
        known_identity: str | None = None,
        home: Path | None = None,
        least_free_bytes: int = LEAST_FREE_BYTES,
    ) -> "FolderLibrary":
        """The library at `root`; the caller keeps its `identity` and gives it back the next time.

        With a known identity nothing is touched: a library that is offline now may be back at the next call.
        Without one the folder is made where that is safe (inside `home`, or in a folder that exists and where no
        drives are mounted), and the marker is written, or the one found there is taken over.
        Raises EnvironmentFault when it cannot be made.
        """
        root = root.absolute()
        return cls(root, known_identity or _founded(root, home), least_free_bytes)

    def present(self) -> None:
        """Raise EnvironmentFault when this library is not there; being full or read-only does not matter."""
        with self._opened():
            pass

    def check(self) -> None:
        """Raise EnvironmentFault when the library is absent, another one, read-only or full."""
        with self._writable(0):
            pass

    def prepare(self, staged: StagedFile, wanted: str, attempt: str) -> Prepared:
        """Copy a staged file under a hidden name into the folder where `wanted` (relative, no ending) belongs, durably.

        The hidden name follows from the arguments, so a repetition after a kill writes over its own remains.
        The tag is the start of `attempt` where that is a recording's id, else drawn from it.
        Raises EnvironmentFault and leaves no copy; GiveUp for a path that would leave the library.
        """
        *folders, name = _segments(wanted)
        ending = _ending(staged)
        with faults_about(self.root / wanted), ExitStack() as stack:
            root = stack.enter_context(self._writable(staged.path.stat().st_size))
            folder, inside = _enter(stack, root, folders, make=True)
            hidden = _hidden_name(attempt, f"{name}.{ending}")
            sha256, size_bytes = copy_durably(staged.path, Path(hidden), folder=folder)
            sync_folder(folder)
        place = "/".join([*inside, hidden])
        return Prepared(place, wanted, ending, staged.format, sha256, size_bytes, _tag(attempt))

    def place(self, prepared: Prepared) -> LibraryFile:
        """Give it its visible name in one atomic move; a taken name gets the recording's tag, never another file's place.

        Taken is what any file system would take for the same name, be it file, folder or link. A file of the same
        bytes under that name is our own, placed before a crash: it is kept and the hidden copy goes.
        Raises TryAgainLater when the hidden copy is gone or not what was prepared.
        """
        *folders, hidden = _segments(prepared.hidden, hidden=True)
        with faults_about(self.root / prepared.wanted), ExitStack() as stack:
            root = stack.enter_context(self._opened())
            folder, inside = _enter(stack, root, folders, make=False)
            name = _earlier_placing(folder, prepared) or _give_name(folder, hidden, prepared)
            with suppress(FileNotFoundError):
                os.unlink(hidden, dir_fd=folder)
            sync_folder(folder)
        return LibraryFile("/".join([*inside, name]), prepared.format, prepared.sha256, prepared.size_bytes)

    def replace(self, file: LibraryFile, by: LibraryFile, source: Path) -> bool:
        """Put `source`, whose bytes are those of `by`, in the place of a file of ours, in one atomic move.

        False, and nothing is changed, when what is there is not that file any more; again is harmless.
        Raises EnvironmentFault, and TryAgainLater when `source` is not what it should be.
        """
        *folders, name = _segments(file.path)
        with faults_about(self.root / file.path), ExitStack() as stack:
            root = stack.enter_context(self._writable(by.size_bytes))
            try:
                folder, _ = _enter(stack, root, folders, make=False)
            except FileNotFoundError:
                return False
            name = _as_spelled(folder, name) or name
            hidden = _hidden_name("retag", name)
            stack.callback(_take_away, folder, hidden)
            if _is_whole(folder, name, by):
                return True
            before = _state_of(folder, name)
            if before is None or not _is_whole(folder, name, file):
                return False
            if copy_durably(source, Path(hidden), folder=folder) != (by.sha256, by.size_bytes):
                raise TryAgainLater(f"The copy of {file.path} is damaged; the next run makes it anew")
            os.chmod(hidden, stat.S_IMODE(before[0]), dir_fd=folder)
            if _state_of(folder, name) != before:
                return False
            os.rename(hidden, name, src_dir_fd=folder, dst_dir_fd=folder)
            sync_folder(folder)
        return True

    def is_whole(self, file: LibraryFile) -> bool:
        """Are these very bytes at this place? Raises EnvironmentFault when the library is offline."""
        *folders, name = _segments(file.path)
        with ExitStack() as stack:
            root = stack.enter_context(self._opened())
            with suppress(OSError):
                folder, _ = _enter(stack, root, folders, make=False)
                return _is_whole(folder, _as_spelled(folder, name) or name, file)
        return False

    def discard(self, prepared: Prepared) -> None:
        """Take the hidden copy away; again is harmless."""
        *folders, hidden = _segments(prepared.hidden, hidden=True)
        with faults_about(self.root / prepared.hidden), ExitStack() as stack:
            root = stack.enter_context(self._opened())
            with suppress(FileNotFoundError):
                folder, _ = _enter(stack, root, folders, make=False)
                os.unlink(hidden, dir_fd=folder)

    def absolute(self, file: LibraryFile) -> Path:
        """Where the file is; a library that was copied between drives may spell its letters otherwise."""
        segments = _segments(file.path)
        plain = self.root.joinpath(*segments)
        if os.path.lexists(plain):
            return plain
        return _respelled(self.root, segments) or plain

    def holds(self, file: LibraryFile) -> bool:
        """Is a file of this size at this place? Raises EnvironmentFault when the library is offline, never says no then."""
        return bool(self.held([file]))

    def held(self, files: Iterable[LibraryFile]) -> set[str]:
        """The paths of those files that are there in that size; raises as `holds` does."""
        self.present()
        wanted = list(files)
        there = [file.path for file in wanted if self._size_of(file) == file.size_bytes]
        if len(there) < len(wanted):
            self.present()  # a drive that was pulled between the two looks
        return set(there)

    def _size_of(self, file: LibraryFile) -> int | None:
        # Plain text instead of paths: this is asked of every known track in every round.
        segments = _segments(file.path)
        size = _size_at(f"{self.root}/{file.path}")
        if size is None:
            respelled = _respelled(self.root, segments)
            size = _size_at(str(respelled)) if respelled else None
        return size

    def files(self) -> Iterator[Path]:
        """All audio files one can see, sorted within their folder; links are not followed."""
        for path in self._walk():
            if not path.name.startswith(".") and path.suffix[1:].lower() in AUDIO_ENDINGS:
                yield path

    def leftovers(self) -> list[Path]:
        """Hidden copies: of a filing that goes on just now, or that was broken off."""
        return [path for path in self._walk() if _HIDDEN_NAME.fullmatch(path.name)]

    def sweep(self) -> None:
        """Take away hidden copies that a broken-off run left; a young one may be another machine's and stays."""
        oldest = time.time() - BROKEN_OFF_S
        for path in self.leftovers():
            with suppress(OSError):
                if path.lstat().st_mtime < oldest:
                    path.unlink()

    def mark(self) -> None:
        """Write the marker of this identity, for a person who says that this folder is the library after all."""
        if not write_unless_there(self.root / MARKER, _marker(self.identity), 0o644):
            self.present()

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """A descriptor of the root, proven to be this library."""
        try:
            root = os.open(self.root, _FOLDER_FLAGS)
        except OSError as error:
            raise self._offline(f"its folder cannot be opened: {error.strerror}") from error
        try:
            self._prove(root)
            yield root
        finally:
            os.close(root)

    @contextmanager
    def _writable(self, needed_bytes: int) -> Iterator[int]:
        """As `_opened`, with the right to write and room for so many bytes more."""
        with self._opened() as root:
            volume = os.fstatvfs(root)
            if not _may_write(self.root):
                raise EnvironmentFault(f"The library {self.root} is read-only; allow writing there, or move it")
            free_bytes = volume.f_bavail * volume.f_frsize
            if volume.f_blocks and free_bytes < needed_bytes + self._least_free_bytes:
                raise EnvironmentFault(
                    f"The drive of the library {self.root} is full ({free_bytes // 1_000_000} MB free); "
                    "free some space, the next run goes on by itself"
                )
            yield root

    def _prove(self, root: int) -> None:
        found = _read_marker(root)
        if found is None:
            raise self._offline(f"its marker {MARKER} is not there")
        if found != self.identity:
            raise self._offline("another library is in its place")
        if os.fstat(root).st_dev == self._beneath:
            raise self._offline("its drive was unmounted, only a copy on the disk beneath is there")
        if self._beneath is None:
            self._beneath = _device_beneath(self.root)

    def _offline(self, why: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"The library {self.root} is offline ({why}); connect the drive or set MUSIC_SYNC_LIBRARY "
            f"to where the whole library is now, with its {MARKER}; the next run goes on by itself"
        )

    def _walk(self) -> Iterator[Path]:
        self.present()
        for folder, folders, names in os.walk(self.root, onerror=_tell):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for name in sorted(names):
                yield Path(folder, name)


def _founded(root: Path, home: Path | None) -> str:
    """Make what is not there yet of a library that nobody has recorded, and return its id."""
    if not root.exists():
        _refuse_unsafe_place(root, home)
        with faults_about(root):
            root.mkdir(mode=0o755, parents=True, exist_ok=True)
    with faults_about(root):
        write_unless_there(root / MARKER, _marker(uuid.uuid4().hex), 0o644)
        folder = os.open(root, _FOLDER_FLAGS)
        try:
            found = _read_marker(folder)
        finally:
            os.close(folder)
    if found is None:
        raise EnvironmentFault(f"{root / MARKER} cannot be read; restore it, or remove it to begin a new library")
    return found


def _refuse_unsafe_place(root: Path, home: Path | None) -> None:
    if home is not None and root.is_relative_to(home.absolute()):
        return
    is_drive = any(PurePosixPath(root.parent).match(place) for place in _MOUNT_PLACES)
    if is_drive or not root.parent.is_dir():
        raise EnvironmentFault(
            f"The library {root} is offline (there is no {root if is_drive else root.parent}); "
            "connect the drive, or make the folder yourself"
        )


def _marker(identity: str) -> bytes:
    note = "Music Sync knows its library by this file. Keep it."
    return json.dumps({"library": identity, "note": note}, indent=1).encode() + b"\n"


def _size_at(path: str) -> int | None:
    """The size of a plain file in bytes, -1 for what is none or cannot be looked at; None when there is nothing."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        log.warning("%s cannot be looked at: %s", path, error.strerror)
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


def _read_marker(root: int) -> str | None:
    """The id in the marker file; None when there is no marker or it says nothing."""
    try:
        marker = os.open(MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=root)
    except OSError:
        return None
    with os.fdopen(marker, "rb") as file, suppress(OSError, ValueError, RecursionError):
        content = json.loads(file.read(4096))
        if isinstance(content, dict) and isinstance(content.get("library"), str):
            return str(content["library"])
    return None


def _device_beneath(root: Path) -> int | None:
    """The device that shows at the root's place once its drive is away; None on the disk that is always there."""
    above = root.resolve().parents
    own = root.stat().st_dev
    return next((device for device in (each.stat().st_dev for each in above) if device != own), None)


def _may_write(root: Path) -> bool:
    return os.access(root, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def _segments(path: str, *, hidden: bool = False) -> list[str]:
    segments = path.split("/")
    shown = segments[:-1] if hidden else segments
    if any(each in {"", ".", ".."} or "\0" in each for each in segments) or any(each.startswith(".") for each in shown):
        raise GiveUp(f"{path!r} is no place inside the library; mend the name template", "unsafe_name")
    return segments


def _ending(staged: StagedFile) -> str:
    return FORMATS.get(staged.format) or CONTAINERS.get(staged.format) or staged.path.suffix[1:].lower()


def _hidden_name(attempt: str, visible: str) -> str:
    digest = hashlib.sha256(f"{attempt}\0{visible}".encode()).hexdigest()[:8]
    return _HIDDEN.format(name=f"{re.sub(r'[^A-Za-z0-9-]', '_', attempt)[:64]}-{digest}")


def _tag(attempt: str) -> str:
    if re.match(r"[0-9a-f]{8}", attempt):
        return attempt[:8]
    return hashlib.sha256(attempt.encode()).hexdigest()[:8]


def _enter(stack: ExitStack, root: int, folders: Iterable[str], *, make: bool) -> tuple[int, list[str]]:
    """Open folder after folder below `root` without following a link; the descriptor and the names they really have."""
    here, inside = root, []
    for name in folders:
        here, actual = _step_into(here, name, make=make)
        stack.callback(os.close, here)
        inside.append(actual)
    return here, inside


def _step_into(folder: int, name: str, *, make: bool) -> tuple[int, str]:
    for candidate in (name, *(f"{name} [{number}]" for number in range(2, _NAME_TRIES) if make)):
        actual = _as_spelled(folder, candidate)
        if make and actual is None:
            with suppress(FileExistsError):
                os.mkdir(candidate, 0o755, dir_fd=folder)
            sync_folder(folder)
        try:
            return os.open(actual or candidate, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=folder), actual or candidate
        except OSError as error:
            if not make or error.errno not in {errno.ENOTDIR, errno.ELOOP}:
                raise
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def _as_spelled(folder: int, name: str) -> str | None:
    """What stands in the folder under this name, or one that some file system takes for it."""
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        return name
    return next((each for each in sorted(os.listdir(folder)) if name_key(each) == name_key(name)), None)


def _respelled(root: Path, segments: Sequence[str]) -> Path | None:
    here = root
    for segment in segments:
        try:
            actual = next((each for each in sorted(here.iterdir()) if name_key(each.name) == name_key(segment)), None)
        except OSError:
            return None
        if actual is None:
            return None
        here = actual
    return here


def _earlier_placing(folder: int, prepared: Prepared) -> str | None:
    """The name under which these very bytes stand in the folder already, plain or tagged."""
    stem, ending = name_key(prepared.wanted.rpartition("/")[2]), name_key(f".{prepared.ending}")
    for name in sorted(os.listdir(folder)):
        key = name_key(name)
        is_ours_by_name = key == stem + ending or (key.startswith(f"{stem} [") and key.endswith(f"]{ending}"))
        if is_ours_by_name and _is_whole(folder, name, prepared):
            return name
    return None


def _give_name(folder: int, hidden: str, prepared: Prepared) -> str:
    if not _is_whole(folder, hidden, prepared):
        raise TryAgainLater(f"The copy of {prepared.wanted} is gone or damaged; the next run makes it anew")
    taken = {name_key(each) for each in os.listdir(folder)}
    for name in _names(prepared):
        if name_key(name) in taken:
            continue
        with suppress(FileExistsError):
            rename_unless_taken(folder, hidden, name)
            return name
    raise EnvironmentFault(f"All names for {prepared.wanted} are taken; put some order into that folder")


def _names(prepared: Prepared) -> Iterator[str]:
    stem = prepared.wanted.rpartition("/")[2]
    yield f"{stem}.{prepared.ending}"
    yield f"{stem} [{prepared.tag}].{prepared.ending}"
    for number in range(2, _NAME_TRIES):
        yield f"{stem} [{prepared.tag}-{number}].{prepared.ending}"


def _take_away(folder: int, name: str) -> None:
    with suppress(OSError):
        os.unlink(name, dir_fd=folder)


def _state_of(folder: int, name: str) -> tuple[int, int, int, int] | None:
    """Mode, inode, size and time of change: what tells at a glance that somebody wrote there; None for no file."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns


def _is_whole(folder: int, name: str, prepared: Prepared | LibraryFile) -> bool:
    """Is this a plain file of the prepared bytes? What cannot be read is not."""
    with suppress(OSError):
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size != prepared.size_bytes:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == prepared.sha256
    return False


def _tell(error: OSError) -> None:
    log.warning("the folder %s cannot be read: %s", error.filename, error.strerror)
