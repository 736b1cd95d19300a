"""Evidence: a recording is fully synced, or each thing it lacks is told once with what to do."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.errors import EnvironmentFault, GiveUp
from music_sync.model.track import Analysis, LibraryFile, Recording, StagedFile
from music_sync.track.evidence import KINDS, Finding, check_library, shortcomings

LENGTH_S = 180.0


@pytest.fixture
def library(tmp_path: Path) -> FolderLibrary:
    return FolderLibrary.at(tmp_path / "library", least_free_bytes=0)


@pytest.fixture
def recording(library: FolderLibrary, tmp_path: Path) -> Recording:
    """Filed as aiff and alac."""
    staged = tmp_path / "staged"
    staged.write_bytes(b"sound" * 100)
    files = tuple(
        library.place(library.prepare(StagedFile(staged, each), "Moderat/Bad Kingdom", "0123abcd-0"))
        for each in ("aiff", "alac")
    )
    return recording_with(files)


def recording_with(files: tuple[LibraryFile, ...]) -> Recording:
    return Recording(
        recording_id="0123abcd" * 4,
        artist="Moderat",
        title="Bad Kingdom",
        version="",
        album="",
        isrc="",
        year=None,
        genre="",
        origin_sha256="0" * 64,
        analysis=Analysis(LENGTH_S, ()),
        files=files,
    )


def kinds(found: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(each.kind, each.path) for each in found]


def checked(recording: Recording, library: FolderLibrary, formats: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return kinds(check_library([recording], library, formats, hash_of=sha256_of, decode_of=lambda _: LENGTH_S))


def test_a_recording_with_all_its_files_lacks_nothing(recording: Recording, library: FolderLibrary) -> None:
    assert shortcomings(recording, library, ["aiff", "alac"]) == ()
    assert shortcomings(recording, library, ["aiff"], hash_of=sha256_of, decode_of=lambda _: LENGTH_S + 1.9) == ()
    assert checked(recording, library, ("aiff", "alac")) == []


def test_a_wanted_format_that_was_never_filed_is_told(recording: Recording, library: FolderLibrary) -> None:
    sentences = shortcomings(recording, library, ["aiff", "mp3"])

    assert len(sentences) == 1
    assert "Moderat - Bad Kingdom" in sentences[0]
    assert "mp3" in sentences[0]


def test_a_filed_original_counts_by_its_container(recording: Recording, library: FolderLibrary) -> None:
    opus = dataclasses.replace(recording.files[0], format="opus")

    assert shortcomings(recording_with((opus,)), library, ["original"]) == ()
    assert shortcomings(recording_with(()), library, ["original"]) != ()


def test_a_file_that_is_gone_is_missing(recording: Recording, library: FolderLibrary) -> None:
    library.absolute(recording.files[0]).unlink()

    assert checked(recording, library) == [("missing", "Moderat/Bad Kingdom.aiff")]
    assert "put it back" in shortcomings(recording, library, [])[0]


def test_a_file_of_another_size_has_changed_and_the_quick_form_sees_it(
    recording: Recording, library: FolderLibrary
) -> None:
    library.absolute(recording.files[0]).write_bytes(b"cut")

    assert kinds(check_library([recording], library, [])) == [("changed", "Moderat/Bad Kingdom.aiff")]


def test_a_file_of_the_same_size_and_other_bytes_has_changed_and_only_the_full_form_sees_it(
    recording: Recording, library: FolderLibrary
) -> None:
    library.absolute(recording.files[0]).write_bytes(b"noise" * 100)

    assert shortcomings(recording, library, []) == ()
    assert len(shortcomings(recording, library, [], hash_of=sha256_of)) == 1


@pytest.mark.parametrize("decoded_s", [177.0, 183.0, 0.0])
def test_a_file_that_plays_shorter_or_longer_than_the_recording_is_told(
    recording: Recording, library: FolderLibrary, decoded_s: float
) -> None:
    found = kinds(check_library([recording], library, [], decode_of=lambda _: decoded_s))

    assert {kind for kind, _ in found} == {"wrong_length"}


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_checked(
    recording: Recording, library: FolderLibrary
) -> None:
    def hash_with_a_bad_sector(path: Path) -> str:
        if path.suffix == ".aiff":
            raise EnvironmentFault(f"The drive of {path} reports an input/output error; check the drive")
        return "not the hash"

    def decode_of(path: Path) -> float:
        raise GiveUp(f"{path} does not decode to its end", "truncated")

    assert kinds(check_library([recording], library, [], hash_of=hash_with_a_bad_sector)) == [
        ("unreadable", "Moderat/Bad Kingdom.aiff"),
        ("changed", "Moderat/Bad Kingdom.m4a"),
    ]
    assert {kind for kind, _ in kinds(check_library([recording], library, [], decode_of=decode_of))} == {"unreadable"}


def test_a_file_that_no_recording_claims_is_told_and_left(recording: Recording, library: FolderLibrary) -> None:
    own = library.root / "Own" / "demo.mp3"
    own.parent.mkdir()
    own.write_bytes(b"mine")

    assert checked(recording, library) == [("unknown_file", "Own/demo.mp3")]
    assert own.read_bytes() == b"mine"


def test_a_copy_that_was_broken_off_is_told(recording: Recording, library: FolderLibrary, tmp_path: Path) -> None:
    prepared = library.prepare(StagedFile(tmp_path / "staged", "wav"), "Moderat/Bad Kingdom", "0123abcd-1")

    assert checked(recording, library) == [("leftover", prepared.hidden)]


def test_an_offline_library_raises_before_any_finding(recording: Recording, library: FolderLibrary) -> None:
    shutil.rmtree(library.root)

    with pytest.raises(EnvironmentFault, match="offline"):
        shortcomings(recording, library, ["mp3"])
    with pytest.raises(EnvironmentFault, match="offline"):
        next(check_library([recording_with(())], library, ["mp3"]))


def test_a_drive_that_is_pulled_while_its_files_are_read_is_offline_and_no_file_is_bad(
    recording: Recording, library: FolderLibrary
) -> None:
    def pulled(path: Path) -> str:
        library.root.rename(library.root.with_name("pulled"))
        return sha256_of(path)

    with pytest.raises(EnvironmentFault, match="offline"):
        list(check_library([recording], library, [], hash_of=pulled))


def test_each_finding_says_which_thing_and_what_to_do(recording: Recording, library: FolderLibrary) -> None:
    library.absolute(recording.files[0]).unlink()
    (library.root / "own.mp3").write_bytes(b"mine")
    found = list(check_library([recording], library, ["mp3"]))

    assert [each.kind for each in found] == ["missing", "format_missing", "unknown_file"]
    assert all(each.kind in KINDS and ";" in each.sentence for each in found)
    assert [each.recording_id for each in found] == [recording.recording_id, recording.recording_id, ""]
