import os
import threading
from pathlib import Path

import pytest

from music_sync.adapters.providers.owned_file import OwnedFile, _missing_drive
from music_sync.model.errors import EnvironmentFault, GiveUp, TryAgainLater
from music_sync.model.track import FoundTrack

CONTENT = bytes(range(256)) * 10_000


def nothing(_: float) -> None: ...


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "music" / "Artist - Title.FLAC"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def found(path: Path) -> FoundTrack:
    return FoundTrack("folder", str(path), path=path)


def test_a_file_is_copied_whole_and_the_original_stays_as_it_was(original: Path, tmp_path: Path) -> None:
    before = original.stat()

    copy = OwnedFile().fetch(found(original), tmp_path / "staging", nothing)

    assert copy == tmp_path / "staging" / "owned.flac"
    assert copy.read_bytes() == CONTENT
    assert original.read_bytes() == CONTENT
    assert (original.stat().st_mtime_ns, original.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert list(copy.parent.iterdir()) == [copy]


def test_a_write_to_the_copy_never_reaches_the_original(original: Path, tmp_path: Path) -> None:
    copy = OwnedFile().fetch(found(original), tmp_path / "staging", nothing)
    copy.write_bytes(b"tagged")

    assert original.read_bytes() == CONTENT


def test_a_second_call_takes_the_copy_that_is_there(original: Path, tmp_path: Path) -> None:
    first = OwnedFile().fetch(found(original), tmp_path / "staging", nothing).stat()
    told: list[float] = []

    second = OwnedFile().fetch(found(original), tmp_path / "staging", told.append).stat()

    assert second.st_ino == first.st_ino
    assert told == []


def test_an_original_that_was_written_anew_is_copied_anew(original: Path, tmp_path: Path) -> None:
    OwnedFile().fetch(found(original), tmp_path / "staging", nothing)
    original.write_bytes(CONTENT[::-1])

    assert OwnedFile().fetch(found(original), tmp_path / "staging", nothing).read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("change", ["append", "replace", "delete", "touch"])
def test_a_file_that_changes_while_it_is_copied_is_tried_again_later(
    original: Path, tmp_path: Path, change: str
) -> None:
    def meddle(_: float) -> None:
        if change == "append":
            with original.open("ab") as file:
                file.write(b"more")
        elif change == "replace":
            (tmp_path / "other").write_bytes(CONTENT)
            (tmp_path / "other").replace(original)
        elif change == "delete":
            original.unlink(missing_ok=True)
        else:
            os.utime(original, ns=(1, 1))

    with pytest.raises(TryAgainLater, match="changed"):
        OwnedFile().fetch(found(original), tmp_path / "staging", meddle)
    assert not (tmp_path / "staging" / "owned.flac").exists()


def test_progress_ends_at_one(original: Path, tmp_path: Path) -> None:
    told: list[float] = []

    OwnedFile().fetch(found(original), tmp_path / "staging", told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0


def refused(path: Path, staging: Path) -> GiveUp:
    with pytest.raises(GiveUp) as by_peek:
        OwnedFile().peek(found(path))
    with pytest.raises(GiveUp) as by_fetch:
        OwnedFile().fetch(found(path), staging, nothing)

    assert by_peek.value.args == by_fetch.value.args
    return by_fetch.value


def test_a_missing_file_is_given_up(tmp_path: Path) -> None:
    assert "no such file" in str(refused(tmp_path / "gone.mp3", tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_is_given_up_with_advice(original: Path, tmp_path: Path) -> None:
    original.chmod(0)

    assert "chmod" in str(refused(original, tmp_path))


def test_an_empty_file_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()

    assert "empty" in str(refused(tmp_path / "empty.mp3", tmp_path))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "no plain file" in str(refused(tmp_path, tmp_path / "staging"))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")

    assert "no plain file" in str(refused(tmp_path / "pipe.mp3", tmp_path))


@pytest.mark.parametrize("name", ["nul\0.mp3", "n" * 300 + ".mp3"])
def test_a_name_that_no_file_can_have_is_given_up(tmp_path: Path, name: str) -> None:
    assert "cannot be opened" in str(refused(tmp_path / name, tmp_path))


def test_a_staging_folder_that_cannot_be_written_is_the_machines_fault(original: Path, tmp_path: Path) -> None:
    (tmp_path / "staging").touch()

    with pytest.raises(EnvironmentFault, match="staging"):
        OwnedFile().fetch(found(original), tmp_path / "staging", nothing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_the_machines_fault(original: Path, tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    (staging / "owned.part").symlink_to("/dev/full")

    with pytest.raises(EnvironmentFault, match="space"):
        OwnedFile().fetch(found(original), staging, nothing)


def test_a_file_on_a_drive_that_is_away_is_not_gone() -> None:
    path = Path("/Volumes/No Such Drive/music/a.mp3")

    with pytest.raises(EnvironmentFault, match="No Such Drive"):
        OwnedFile().peek(found(path))
    assert _missing_drive(Path("/home/someone/a.mp3")) is None


def test_odd_names_are_copied_under_a_plain_one(tmp_path: Path) -> None:
    """B37"""
    for name in (b"caf\xe9\n.mp3", b"-rf ~ $HOME.mp3", "夜行バス🎧.mp3".encode(), b"a.b.c%00 x.mp3"):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_bytes(name)

        copy = OwnedFile().fetch(found(path), tmp_path / "staging", nothing)

        assert copy.name == "owned.mp3"
        assert copy.read_bytes() == name


def test_two_copies_at_once_both_end_whole(original: Path, tmp_path: Path) -> None:
    copies: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda number: copies.append(
                OwnedFile().fetch(found(original), tmp_path / f"staging-{number}", nothing)
            ),
            args=(number,),
        )
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [copy.read_bytes() == CONTENT for copy in copies] == [True] * 4
