"""Files are there whole or not at all, on a drive that is full, broken or pulled, and after a kill at any moment."""

import errno
import hashlib
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.injection import injected

from music_sync.adapters import durable_files
from music_sync.adapters.durable_files import (
    copy_durably,
    faults_about,
    rename_unless_taken,
    sha256_of,
    sync_folder,
    write_unless_there,
    write_whole,
)
from music_sync.model.errors import EnvironmentFault

WRITE_WHOLE = """
    import sys
    from pathlib import Path
    from music_sync.adapters.durable_files import write_whole
    write_whole(Path(sys.argv[1]), b"new" * 100)
"""


@contextmanager
def files_end_at(size_bytes: int) -> Iterator[None]:
    """A real fault that needs no special rights: the system refuses to let a file grow further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_file_is_written_whole(tmp_path: Path, old: bytes | None) -> None:
    path = tmp_path / "state.json"
    if old is not None:
        path.write_bytes(old)
    write_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["state.json"]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_written_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        write_whole(tmp_path / "token", b"secret")

    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_a_write_that_finds_no_room_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    with files_end_at(10), pytest.raises(EnvironmentFault, match=r"state\.json"):
        write_whole(path, b"new" * 100)

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["state.json"]


@pytest.mark.parametrize("call", ["fsync", "/^rename"])
def test_a_kill_while_writing_leaves_the_old_file(tmp_path: Path, call: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    done = injected(WRITE_WHOLE, f"{call}:signal=KILL:when=1", str(path))

    # A kill at the rename may come before or after the call took effect; half a file is never seen.
    assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
    assert path.read_bytes() in ({b"old"} if call == "fsync" else {b"old", b"new" * 100})


@pytest.mark.parametrize(
    ("number", "words"),
    [("ENOSPC", "is full"), ("EDQUOT", "is full"), ("EROFS", "read-only"), ("EIO", "input/output error")],
)
def test_a_flush_that_fails_is_believed_the_first_time(tmp_path: Path, number: str, words: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")
    done = injected(WRITE_WHOLE, f"fsync:error={number}:when=1", str(path))

    assert "EnvironmentFault" in done.stderr
    assert words in done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["state.json"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_copy_whose_flush_failed_once_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"sound")
    answers = iter([OSError(number, os.strerror(number))])

    def flush_that_forgets(descriptor: int) -> None:
        for answer in answers:
            raise answer

    monkeypatch.setattr(os, "fsync", flush_that_forgets)
    with pytest.raises(EnvironmentFault):
        copy_durably(source, target)

    assert not target.exists()


def test_a_copy_is_sealed_with_its_hash_and_size(tmp_path: Path) -> None:
    content = os.urandom(2_500_000)
    (tmp_path / "source").write_bytes(content)
    sealed = copy_durably(tmp_path / "source", tmp_path / "target")

    assert sealed == (hashlib.sha256(content).hexdigest(), 2_500_000)
    assert sha256_of(tmp_path / "target") == sealed[0]


@pytest.mark.parametrize(("mask", "mode"), [(0o000, 0o644), (0o022, 0o644), (0o077, 0o600)])
def test_a_copy_can_be_read_by_whom_the_umask_lets(tmp_path: Path, mask: int, mode: int) -> None:
    (tmp_path / "source").write_bytes(b"sound")
    with umask(mask):
        copy_durably(tmp_path / "source", tmp_path / "target")

    assert (tmp_path / "target").stat().st_mode & 0o777 == mode


def test_a_copy_replaces_a_link_and_never_follows_it(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"sound")
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / "target").symlink_to(tmp_path / "victim")
    copy_durably(tmp_path / "source", tmp_path / "target")

    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert not (tmp_path / "target").is_symlink()


def test_a_copy_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"s" * 5000)
    with files_end_at(4000), pytest.raises(EnvironmentFault, match="target"):
        copy_durably(tmp_path / "source", tmp_path / "target")

    assert names(tmp_path) == ["source"]


def test_a_source_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="source is not there"):
        copy_durably(tmp_path / "source", tmp_path / "target")


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    assert write_unless_there(tmp_path / "marker", b"first")
    assert not write_unless_there(tmp_path / "marker", b"second")
    assert (tmp_path / "marker").read_bytes() == b"first"
    assert names(tmp_path) == ["marker"]


RENAMES = ["by the system call", "by a link", "by a look"]


@pytest.fixture(params=RENAMES)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to rename, those for poorer file systems too."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    if request.param != RENAMES[0]:
        monkeypatch.setattr(durable_files, "_rename_exclusively", refuse)
    if request.param == RENAMES[2]:
        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


@pytest.mark.parametrize("obstacle", ["file", "folder", "link", "dead link"])
def test_a_rename_never_takes_another_files_place(tmp_path: Path, way: str, obstacle: str) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "elsewhere").write_bytes(b"elsewhere")
    new = tmp_path / "new"
    obstacles: dict[str, Callable[[], object]] = {
        "file": lambda: new.write_bytes(b"mine"),
        "folder": new.mkdir,
        "link": lambda: new.symlink_to("elsewhere"),
        "dead link": lambda: new.symlink_to("nowhere"),
    }
    obstacles[obstacle]()
    folder = os.open(tmp_path, os.O_RDONLY)
    before = new.lstat()
    try:
        with pytest.raises(FileExistsError):
            rename_unless_taken(folder, "old", "new")
    finally:
        os.close(folder)

    assert new.lstat() == before
    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_rename_to_a_free_name_moves_the_file(tmp_path: Path, way: str) -> None:
    (tmp_path / "old").write_bytes(b"old")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        rename_unless_taken(folder, "old", "né\u0301w")
    finally:
        os.close(folder)

    assert names(tmp_path) == ["né\u0301w"]


def test_a_file_system_that_cannot_flush_folders_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(descriptor: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", unknown)
    sync_folder(tmp_path)

    with pytest.raises(EnvironmentFault):
        write_whole(tmp_path / "file", b"content")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "full; free some space"),
        (errno.EDQUOT, "full; free some space"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "read-only"),
        (errno.EPERM, "read-only"),
        (errno.EIO, "input/output error"),
        (errno.ENOENT, "not there"),
        (errno.ESTALE, "not there"),
        (errno.EMFILE, "ulimit"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EFBIG, "cannot be written or read"),
    ],
)
def test_each_fault_is_told_in_a_sentence_that_names_the_thing(number: int, words: str) -> None:
    with pytest.raises(EnvironmentFault, match=words) as fault, faults_about(Path("/music/a.aiff")):
        raise OSError(number, os.strerror(number))

    assert "/music/a.aiff" in str(fault.value)
