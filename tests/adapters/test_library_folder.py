"""The library folder on drives that vanish, fill up, go read-only or hold traps."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from tests.injection import injected

from music_sync.adapters import library_folder
from music_sync.adapters.library_folder import MARKER, FolderLibrary
from music_sync.model.errors import EnvironmentFault, GiveUp
from music_sync.model.track import LibraryFile, StagedFile

WANTED = "Moderat/Moderat - Bad Kingdom"
RECORDING, OTHER_RECORDING = "0123abcd4567-0", "89abcdef0123-0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def library(root: Path) -> FolderLibrary:
    return FolderLibrary.at(root, least_free_bytes=0)


@pytest.fixture
def staged(tmp_path: Path) -> StagedFile:
    path = tmp_path / "staged.aiff"
    path.write_bytes(b"sound" * 1000)
    return StagedFile(path, "aiff")


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """A drive of its own at this folder; only root may mount."""
    folder.mkdir(exist_ok=True)
    mount = subprocess.run(["mount", *options, folder], capture_output=True, text=True, check=False)
    if mount.returncode != 0:
        pytest.skip(f"cannot mount here: {mount.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], capture_output=True, check=False)


def small_drive(folder: Path, size: str = "1m") -> AbstractContextManager[None]:
    return mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")


def filed(library: FolderLibrary, staged: StagedFile, attempt: str = RECORDING, wanted: str = WANTED) -> LibraryFile:
    return library.place(library.prepare(staged, wanted, attempt))


def tree(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


# Where a library begins


@pytest.mark.parametrize("state", ["absent", "empty", "with music"])
def test_a_first_library_is_marked(tmp_path: Path, state: str) -> None:
    root = tmp_path / "library"
    if state != "absent":
        root.mkdir()
    if state == "with music":
        (root / "own.mp3").write_bytes(b"mine")
    library = FolderLibrary.at(root, least_free_bytes=0)
    library.check()

    assert json.loads((root / MARKER).read_bytes())["library"] == library.identity
    assert len(library.identity) == 32


def test_a_marker_that_is_there_is_taken_over(library: FolderLibrary, root: Path) -> None:
    assert FolderLibrary.at(root).identity == library.identity


def test_a_first_library_is_never_made_beneath_a_drive_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="offline"):
        FolderLibrary.at(tmp_path / "drive" / "music", home=tmp_path / "home")

    assert tree(tmp_path) == []


@pytest.mark.parametrize("drive", ["Stick", "ada/Stick"])
def test_a_first_library_is_never_made_where_drives_are_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: str
) -> None:
    media = tmp_path / "media"
    (media / "ada").mkdir(parents=True)
    monkeypatch.setattr(library_folder, "_MOUNT_PLACES", (str(media), f"{media}/*"))
    with pytest.raises(EnvironmentFault, match="offline"):
        FolderLibrary.at(media / drive)

    assert not (media / drive).exists()


def test_a_first_library_inside_home_is_made_with_its_folders(tmp_path: Path) -> None:
    home = tmp_path / "home"
    library = FolderLibrary.at(home / "music" / "library", home=home, least_free_bytes=0)
    library.check()

    assert (home / "music" / "library" / MARKER).is_file()


# A recorded library that is not there


def offline(library: FolderLibrary, staged: StagedFile) -> str:
    with pytest.raises(EnvironmentFault, match="offline") as fault:
        library.check()
    with pytest.raises(EnvironmentFault, match="offline"):
        library.prepare(staged, WANTED, RECORDING)
    with pytest.raises(EnvironmentFault, match="offline"):
        library.holds(LibraryFile(f"{WANTED}.aiff", "aiff", "0" * 64, 5000))
    with pytest.raises(EnvironmentFault, match="offline"):
        list(library.files())
    return str(fault.value)


def test_a_recorded_library_whose_folder_is_gone_is_offline_and_not_made_anew(
    tmp_path: Path, staged: StagedFile
) -> None:
    library = FolderLibrary.at(tmp_path / "library", "a" * 32, home=tmp_path)

    assert "No such file" in offline(library, staged)
    assert not (tmp_path / "library").exists()


def test_an_empty_mount_point_is_offline_and_stays_empty(root: Path, staged: StagedFile) -> None:
    library = FolderLibrary.at(root, "a" * 32)

    assert "marker" in offline(library, staged)
    assert tree(root) == []


def test_another_drive_at_the_same_place_is_offline(library: FolderLibrary, root: Path, staged: StagedFile) -> None:
    before = tree(root)

    assert "another library" in offline(FolderLibrary.at(root, "b" * 32), staged)
    assert tree(root) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"library": 7}', b"\xff\xfe", b"[" * 4000])
def test_a_marker_that_says_nothing_is_offline(
    library: FolderLibrary, root: Path, staged: StagedFile, content: bytes
) -> None:
    (root / MARKER).write_bytes(content)

    assert "marker" in offline(library, staged)


def test_a_marker_that_is_a_link_is_not_believed(
    library: FolderLibrary, root: Path, tmp_path: Path, staged: StagedFile
) -> None:
    (root / MARKER).rename(tmp_path / "marker")
    (root / MARKER).symlink_to(tmp_path / "marker")

    assert "marker" in offline(library, staged)


def test_a_library_whose_marker_was_lost_can_be_marked_again(library: FolderLibrary, root: Path) -> None:
    (root / MARKER).unlink()
    library.mark()
    library.check()

    with pytest.raises(EnvironmentFault, match="another library"):
        FolderLibrary(root, "b" * 32).mark()


def test_a_drive_unmounted_under_us_is_offline_and_nothing_lands_on_the_disk_beneath(
    tmp_path: Path, staged: StagedFile
) -> None:
    drive = tmp_path / "drive"
    with small_drive(drive):
        library = FolderLibrary.at(drive, least_free_bytes=0)
        placed = filed(library, staged)
        assert library.holds(placed)

    assert "marker" in offline(library, staged)
    assert tree(drive) == []


def test_a_copy_of_the_library_beneath_an_unmounted_drive_is_offline_too(tmp_path: Path, staged: StagedFile) -> None:
    drive = tmp_path / "drive"
    with small_drive(drive):
        library = FolderLibrary.at(drive, least_free_bytes=0)
        library.check()
        marker = (drive / MARKER).read_bytes()
    (drive / MARKER).write_bytes(marker)

    assert "unmounted" in offline(library, staged)
    assert tree(drive) == [MARKER]


def test_a_drive_that_comes_back_goes_on(tmp_path: Path, staged: StagedFile) -> None:
    drive, kept = tmp_path / "drive", tmp_path / "kept"
    with small_drive(kept):
        with mounted(drive, "--bind", str(kept)):
            library = FolderLibrary.at(drive, least_free_bytes=0)
            placed = filed(library, staged)
        offline(library, staged)
        with mounted(drive, "--bind", str(kept)):
            library.check()

            assert library.holds(placed)


def test_a_drive_pulled_between_two_steps_is_offline_for_the_second(tmp_path: Path, staged: StagedFile) -> None:
    drive = tmp_path / "drive"
    with small_drive(drive):
        library = FolderLibrary.at(drive, least_free_bytes=0)
        prepared = library.prepare(staged, WANTED, RECORDING)

    with pytest.raises(EnvironmentFault, match="offline"):
        library.place(prepared)
    assert tree(drive) == []


# A drive that is full or read-only


def test_a_full_drive_leaves_no_partial_file(tmp_path: Path, staged: StagedFile) -> None:
    drive = tmp_path / "drive"
    staged.path.write_bytes(b"s" * 200_000)
    with small_drive(drive, "64k"):
        library = FolderLibrary.at(drive, least_free_bytes=0)
        with pytest.raises(EnvironmentFault, match="is full"):
            library.prepare(staged, WANTED, RECORDING)

        assert [path for path in drive.rglob("*") if path.is_file()] == [drive / MARKER]


def test_a_drive_that_fills_up_while_copying_leaves_no_partial_file(tmp_path: Path, staged: StagedFile) -> None:
    drive = tmp_path / "drive"
    staged.path.write_bytes(b"s" * 200_000)
    with small_drive(drive, "64k"):
        library = FolderLibrary.at(drive, least_free_bytes=-1_000_000)
        with pytest.raises(EnvironmentFault, match="is full"):
            library.prepare(staged, WANTED, RECORDING)

        assert [path for path in drive.rglob("*") if path.is_file()] == [drive / MARKER]


def test_a_drive_with_less_room_than_it_must_keep_is_full(root: Path) -> None:
    library = FolderLibrary.at(root, least_free_bytes=1 << 60)

    with pytest.raises(EnvironmentFault, match="is full"):
        library.check()


def test_a_drive_mounted_read_only_is_told_and_its_files_are_still_held(tmp_path: Path, staged: StagedFile) -> None:
    drive = tmp_path / "drive"
    with small_drive(drive):
        library = FolderLibrary.at(drive, least_free_bytes=0)
        placed = filed(library, staged)
        subprocess.run(["mount", "-o", "remount,ro", drive], check=True)

        with pytest.raises(EnvironmentFault, match="read-only"):
            library.check()
        with pytest.raises(EnvironmentFault, match="read-only"):
            library.prepare(staged, WANTED, RECORDING)
        assert library.holds(placed)


@contextmanager
def nobody() -> Iterator[Path]:
    """Act as a user without special rights, in a folder of its own; as oneself when one has none."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        if is_root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if is_root:
                os.seteuid(0)


def test_a_folder_without_the_right_to_write_is_told() -> None:
    with nobody() as place:
        root = place / "library"
        library = FolderLibrary.at(root, home=place, least_free_bytes=0)
        library.check()
        root.chmod(0o555)
        try:
            with pytest.raises(EnvironmentFault, match="read-only"):
                library.check()
        finally:
            root.chmod(0o755)


# Traps in the library


def test_a_link_that_leads_out_of_the_library_is_not_followed(
    library: FolderLibrary, root: Path, tmp_path: Path, staged: StagedFile
) -> None:
    (tmp_path / "outside").mkdir()
    (root / "Moderat").symlink_to(tmp_path / "outside")
    placed = filed(library, staged)

    assert placed.path == "Moderat [2]/Moderat - Bad Kingdom.aiff"
    assert tree(tmp_path / "outside") == []


def test_a_file_in_the_place_of_a_folder_stays(library: FolderLibrary, root: Path, staged: StagedFile) -> None:
    (root / "Moderat").write_bytes(b"mine")
    paths = {filed(library, staged).path, filed(library, staged).path}

    assert paths == {"Moderat [2]/Moderat - Bad Kingdom.aiff"}
    assert (root / "Moderat").read_bytes() == b"mine"


@pytest.mark.parametrize("obstacle", ["file", "folder", "link", "dead link", "pipe", "other case"])
def test_a_taken_name_is_kept_and_the_track_gets_its_tag(
    library: FolderLibrary, root: Path, tmp_path: Path, staged: StagedFile, obstacle: str
) -> None:
    taken = root / f"{WANTED}.aiff"
    taken.parent.mkdir()
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    obstacles: dict[str, Callable[[], object]] = {
        "file": lambda: taken.write_bytes(b"SOUND" * 1000),
        "folder": taken.mkdir,
        "link": lambda: taken.symlink_to(victim),
        "dead link": lambda: taken.symlink_to(tmp_path / "nowhere"),
        "pipe": lambda: os.mkfifo(taken),
        "other case": lambda: taken.with_name(taken.name.upper()).write_bytes(b"mine"),
    }
    obstacles[obstacle]()
    before = tree(root)
    placed = filed(library, staged)

    assert placed.path == f"{WANTED} [0123abcd].aiff"
    assert tree(root) == sorted([*before, placed.path])
    assert victim.read_bytes() == b"mine"


def test_a_link_to_the_same_bytes_is_not_taken_for_our_file(
    library: FolderLibrary, root: Path, staged: StagedFile
) -> None:
    (root / "Moderat").mkdir()
    (root / f"{WANTED}.aiff").symlink_to(staged.path)

    assert filed(library, staged).path == f"{WANTED} [0123abcd].aiff"


def test_a_planted_link_under_the_hidden_name_is_not_followed(
    library: FolderLibrary, root: Path, tmp_path: Path, staged: StagedFile
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    prepared = library.prepare(staged, WANTED, RECORDING)
    (root / prepared.hidden).unlink()
    (root / prepared.hidden).symlink_to(victim)
    library.place(library.prepare(staged, WANTED, RECORDING))

    assert victim.read_bytes() == b"mine"


@pytest.mark.parametrize("wanted", ["../x", "/etc/x", "a/../../x", "", "a//b", ".hidden/x", "a/.x", "a\0b"])
def test_a_path_that_leaves_the_library_or_hides_is_refused(
    library: FolderLibrary, tmp_path: Path, staged: StagedFile, wanted: str
) -> None:
    before = tree(tmp_path)
    with pytest.raises(GiveUp, match="no place inside the library"):
        library.prepare(staged, wanted, RECORDING)

    assert tree(tmp_path) == before


def test_an_attempt_of_any_name_makes_a_hidden_name_of_bounded_length(
    library: FolderLibrary, root: Path, staged: StagedFile
) -> None:
    prepared = library.prepare(staged, WANTED, "soundcloud:../../" + "ü" * 500)

    assert len(prepared.hidden.rpartition("/")[2].encode()) < 100
    assert library.place(prepared).path == f"{WANTED}.aiff"


def test_a_library_file_can_be_read_by_others(library: FolderLibrary, staged: StagedFile) -> None:
    assert library.absolute(filed(library, staged)).stat().st_mode & 0o777 == 0o644 & ~_umask()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    ("format", "ending"),
    [("alac", "m4a"), ("aac", "m4a"), ("mp4", "m4a"), ("opus", "opus"), ("ogg", "ogg"), ("wav", "wav")],
)
def test_each_format_gets_its_ending(library: FolderLibrary, staged: StagedFile, format: str, ending: str) -> None:  # noqa: A002
    assert filed(library, StagedFile(staged.path, format)).path == f"{WANTED}.{ending}"


def test_a_library_that_was_copied_with_decomposed_letters_still_holds_its_files(
    library: FolderLibrary, root: Path, staged: StagedFile
) -> None:
    placed = filed(library, staged, RECORDING, "Bj\u00f6rk/J\u00f3ga")
    (root / "Bj\u00f6rk" / "J\u00f3ga.aiff").rename(root / "Bj\u00f6rk" / "Jo\u0301ga.aiff")
    (root / "Bj\u00f6rk").rename(root / "Bjo\u0308rk")

    assert library.holds(placed)
    assert library.absolute(placed).read_bytes() == staged.path.read_bytes()


# What is in it


def test_audio_files_are_listed_and_hidden_ones_and_others_are_not(
    library: FolderLibrary, root: Path, staged: StagedFile
) -> None:
    placed = filed(library, staged)
    prepared = library.prepare(staged, "Moderat/other", OTHER_RECORDING)
    (root / "Own.MP3").write_bytes(b"mine")
    (root / "._Own.mp3").write_bytes(b"mac")
    (root / "cover.jpg").write_bytes(b"picture")
    (root / ".Trashes").mkdir()
    (root / ".Trashes" / "gone.mp3").write_bytes(b"gone")

    assert {path.relative_to(root).as_posix() for path in library.files()} == {placed.path, "Own.MP3"}
    assert library.leftovers() == [root / prepared.hidden]


KILLED = """
import sys
from pathlib import Path
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.track import StagedFile
library = FolderLibrary(Path(sys.argv[1]), sys.argv[2], least_free_bytes=0)
prepared = library.prepare(StagedFile(Path(sys.argv[3]), "aiff"), sys.argv[4], sys.argv[5])
print("prepared", flush=True)
sys.stdin.read()
"""


def test_a_kill_between_prepare_and_place_leaves_nothing_visible_and_the_next_attempt_cleans_up(
    library: FolderLibrary, root: Path, staged: StagedFile
) -> None:
    command = [sys.executable, "-c", KILLED, str(root), library.identity, str(staged.path), WANTED, RECORDING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "prepared\n"
        process.send_signal(signal.SIGKILL)

    assert list(library.files()) == []
    assert len(library.leftovers()) == 1
    placed = filed(library, staged)
    assert tree(root) == sorted([MARKER, "Moderat", placed.path])


@pytest.mark.parametrize("moment", ["linked", "renamed"])
def test_a_kill_in_the_middle_of_placing_is_mended_by_placing_again(
    library: FolderLibrary, root: Path, staged: StagedFile, moment: str
) -> None:
    prepared = library.prepare(staged, WANTED, RECORDING)
    hidden, visible = root / prepared.hidden, root / f"{WANTED}.aiff"
    if moment == "linked":
        visible.hardlink_to(hidden)
    else:
        hidden.rename(visible)
    placed = library.place(prepared)

    assert placed.path == f"{WANTED}.aiff"
    assert tree(root) == sorted([MARKER, "Moderat", placed.path])


FILED = """
    import sys
    from pathlib import Path
    from music_sync.adapters.library_folder import FolderLibrary
    from music_sync.model.track import StagedFile
    library = FolderLibrary(Path(sys.argv[1]), sys.argv[2], least_free_bytes=0)
    library.place(library.prepare(StagedFile(Path(sys.argv[3]), "aiff"), sys.argv[4], sys.argv[5]))
"""
CALLS = [
    "/^mkdir:{}:when=1",
    "fsync:{}:when=1",
    "fsync:{}:when=2",
    "fsync:{}:when=3",
    "fsync:{}:when=4",
    "/^rename:{}:when=1",
]
"""Each call of a first filing that changes the drive: folder made and flushed, copy, hidden name, visible name."""


@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC", "error=EIO"])
@pytest.mark.parametrize("call", CALLS)
def test_a_filing_that_breaks_off_anywhere_is_whole_after_the_next(
    library: FolderLibrary, root: Path, staged: StagedFile, call: str, fault: str
) -> None:
    arguments = (str(root), library.identity, str(staged.path), WANTED, RECORDING)
    done = injected(FILED, call.format(fault), *arguments)
    seen = [path.read_bytes() for path in library.files()]
    placed = filed(library, staged)

    assert done.returncode != 0
    assert fault == "signal=KILL" or "EnvironmentFault" in done.stderr
    assert seen in ([], [staged.path.read_bytes()])
    assert tree(root) == sorted([MARKER, "Moderat", placed.path])
