"""Filing: all formats of a recording or none, once, and never over another file."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.track.examples import LENGTH_S, fetched, fingerprint, nearly, recording, track

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.endings import AlreadyHave, NeedsReview, Synced
from music_sync.model.errors import EnvironmentFault
from music_sync.model.track import Analysis, Key, StagedFile, Tempo
from music_sync.track.file import Shelf, file, name_values, recording_of
from music_sync.track.naming import Template

SOUND = Analysis(LENGTH_S, fingerprint(1), tempo=Tempo(128.0, 0.9), key=Key(9, "minor", 0.8))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    library = FolderLibrary.at(tmp_path / "library", least_free_bytes=0)
    return Shelf(library, FakeCatalogue(), Template.parse("{artist}/{artist} - {title}"))


@pytest.fixture
def staged(tmp_path: Path) -> list[StagedFile]:
    made = []
    for name in ("aiff", "mp3"):
        path = tmp_path / f"staged-{name}.{name}"
        path.write_bytes(name.encode() * 50)
        made.append(StagedFile(path, name))
    return made


def visible(shelf: Shelf) -> list[str]:
    assert isinstance(shelf.library, FolderLibrary)
    return sorted(
        path.relative_to(shelf.library.root).as_posix()
        for path in shelf.library.root.rglob("*")
        if path.is_file() and path.name != ".music-sync-library"
    )


def test_all_formats_are_filed_and_known(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P33"""
    ending = file(track("x"), fetched(), SOUND, staged, shelf)

    assert isinstance(ending, Synced)
    assert visible(shelf) == ["Moderat/Moderat - Bad Kingdom.aiff", "Moderat/Moderat - Bad Kingdom.mp3"]
    assert [each.path for each in ending.files] == visible(shelf)
    kept = shelf.catalogue.recording(ending.recording_id)
    assert kept
    assert kept.files == ending.files
    assert kept.analysis == SOUND


def test_a_second_time_finds_the_first_ones_work(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P48"""
    first = file(track("x"), fetched(), SOUND, staged, shelf)
    second = file(track("x"), fetched(), SOUND, staged, shelf)

    assert first == second
    assert len(visible(shelf)) == 2


def test_a_kill_between_placing_and_writing_down_is_made_good(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P48"""

    class Killed(BaseException):
        pass

    class Dying(FakeCatalogue):
        def add(self, *_: object) -> None:
            raise Killed

    with pytest.raises(Killed):
        file(track("x"), fetched(), SOUND, staged, replace(shelf, catalogue=Dying()))
    ending = file(track("x"), fetched(), SOUND, staged, shelf)

    assert isinstance(ending, Synced)
    assert visible(shelf) == ["Moderat/Moderat - Bad Kingdom.aiff", "Moderat/Moderat - Bad Kingdom.mp3"]


def test_of_two_encodings_that_arrive_together_one_is_filed(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P53: the twin was matched as new before the first was filed."""
    twin = replace(SOUND, fingerprint=nearly(SOUND.fingerprint, 0.05))

    first = file(track("x"), fetched(), SOUND, staged, shelf)
    second = file(track("y"), fetched(sha256="cd" * 32), twin, staged, shelf)

    assert isinstance(second, AlreadyHave)
    assert isinstance(first, Synced)
    assert second.recording_id == first.recording_id
    assert len(visible(shelf)) == 2
    kept = shelf.catalogue.recording(first.recording_id)
    assert kept
    assert {link.source_id for link in kept.sources} == {"x", "y"}


def test_another_version_of_the_same_sound_is_not_filed(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P46"""
    file(track("x"), fetched(), SOUND, staged, shelf)

    ending = file(track("y", "Bad Kingdom (Live)"), fetched(sha256="cd" * 32), SOUND, staged, shelf)

    assert isinstance(ending, NeedsReview)
    assert len(visible(shelf)) == 2


def test_a_taken_name_is_left_to_its_owner(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P50"""
    file(track("x"), fetched(), SOUND, staged, shelf)

    other = file(track("y"), fetched(sha256="cd" * 32), Analysis(LENGTH_S, fingerprint(2)), _other(staged), shelf)

    assert isinstance(other, Synced)
    assert len(visible(shelf)) == 4
    assert all(other.recording_id[:8] in each.path for each in other.files)


def _other(staged: list[StagedFile]) -> list[StagedFile]:
    for each in staged:
        each.path.write_bytes(each.path.read_bytes() + b"other")
    return staged


def test_a_library_that_is_offline_gets_nothing(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P56"""
    assert isinstance(shelf.library, FolderLibrary)
    (shelf.library.root / ".music-sync-library").unlink()

    with pytest.raises(EnvironmentFault, match="offline"):
        file(track("x"), fetched(), SOUND, staged, shelf)
    assert visible(shelf) == []


def test_when_one_format_cannot_be_filed_none_is(shelf: Shelf, staged: list[StagedFile], tmp_path: Path) -> None:
    gone = StagedFile(tmp_path / "gone.flac", "flac")

    with pytest.raises(EnvironmentFault):
        file(track("x"), fetched(), SOUND, [*staged, gone], shelf)
    assert [name for name in visible(shelf) if not name.rpartition("/")[2].startswith(".")] == []
    assert list(shelf.catalogue.recordings()) == []


def test_a_template_may_ask_for_what_was_measured() -> None:
    found = track("x", "Song (Someone Remix)", liked_at="2026-11-02T10:00:00Z")
    values = name_values(recording_of(found, fetched(), SOUND), found)

    assert (values["tempo"], values["key"], values["camelot"]) == (128.0, "Am", "8A")
    assert (values["version"], values["month"]) == ("Someone Remix", "2026-11")


def test_an_id_follows_from_track_and_file() -> None:
    """P51"""
    one = recording_of(track("x"), fetched(), SOUND).recording_id

    assert one == recording_of(track("x"), fetched(), SOUND).recording_id
    assert one != recording_of(track("y"), fetched(), SOUND).recording_id
    assert one != recording_of(track("x"), fetched(sha256="cd" * 32), SOUND).recording_id
    assert len(one) == 32


def test_a_recording_without_files_is_filed_anew(shelf: Shelf, staged: list[StagedFile]) -> None:
    """P29"""
    bare = replace(recording("aaaa", seed=9), files=())
    shelf.catalogue.add(bare, track("bare"))

    assert isinstance(file(track("x"), fetched(), SOUND, staged, shelf), Synced)
