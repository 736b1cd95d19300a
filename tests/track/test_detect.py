"""Which tracks of a source are due, which are known, and what a failing source says."""

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.track.examples import Fixed, recording, track

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.endings import AlreadyHave, Ending, Failed, NeedsReview, OnBuyList, Synced
from music_sync.model.errors import ServiceUnavailable
from music_sync.model.ports import Past
from music_sync.model.track import FoundTrack, LibraryFile, Playlist
from music_sync.track.detect import completeness, detect, due_attempt

OURS = recording("aaaa")


@pytest.fixture
def catalogue() -> FakeCatalogue:
    return FakeCatalogue()


@pytest.fixture
def library(tmp_path: Path) -> FolderLibrary:
    """A library that holds the file of our recording."""
    library = FolderLibrary.at(tmp_path)
    path = library.absolute(OURS.files[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(OURS.files[0].size_bytes))
    return library


def test_what_was_never_seen_is_due_in_the_order_of_the_source(
    catalogue: FakeCatalogue, library: FolderLibrary
) -> None:
    found = detect(Fixed([track("new"), track("older"), track("new")]), catalogue, library)

    assert [(due.found.source_id, due.attempt) for due in found.to_sync] == [("new", 1), ("older", 1)]
    assert (found.report.ok, found.report.found) == (True, 2)


def test_what_is_synced_is_known_with_its_files(catalogue: FakeCatalogue, library: FolderLibrary) -> None:
    """P30"""
    catalogue.started(track("ours"), 1)
    catalogue.add(OURS, track("ours"))
    catalogue.ended(track("ours"), 1, Synced(OURS.recording_id, OURS.files))

    found = detect(Fixed([track("ours")]), catalogue, library)

    assert found.to_sync == ()
    ending = found.known[0].ending
    assert isinstance(ending, AlreadyHave)
    assert ending.files == OURS.files
    assert OURS.files[0].path in ending.reason


def test_what_was_filed_and_is_gone_is_told_without_its_file(catalogue: FakeCatalogue, library: FolderLibrary) -> None:
    """P27 F24"""
    catalogue.started(track("ours"), 1)
    catalogue.add(OURS, track("ours"))
    catalogue.ended(track("ours"), 1, Synced(OURS.recording_id, OURS.files))
    library.absolute(OURS.files[0]).unlink()

    ending = detect(Fixed([track("ours")]), catalogue, library).known[0].ending

    assert isinstance(ending, AlreadyHave)
    assert ending.files == ()
    assert f"retry '{OURS.files[0].path}'" in ending.reason


def bought(catalogue: FakeCatalogue, *ids: str) -> None:
    for each in ids:
        catalogue.started(track(each), 1)
        catalogue.ended(track(each), 1, OnBuyList("no way"))


def test_p27_what_was_to_be_bought_is_due_again_when_it_turns_up(
    catalogue: FakeCatalogue, library: FolderLibrary
) -> None:
    """P27 P30: and nothing else is."""
    bought(catalogue, "turned up", "still away")
    catalogue.started(track("unsure"), 1)
    catalogue.ended(track("unsure"), 1, NeedsReview("unsure"))
    told = [track("turned up"), track("still away"), track("unsure")]

    found = detect(Fixed(told), catalogue, library, lambda each: each.source_id != "still away")

    assert [(due.found.source_id, due.attempt) for due in found.to_sync] == [("turned up", 2)]
    assert sorted(found.stand) == ["buy_list", "review"]


def test_only_what_is_to_be_bought_is_looked_for(catalogue: FakeCatalogue, library: FolderLibrary) -> None:
    asked: list[str] = []
    bought(catalogue, "bought")

    def turned_up(found: FoundTrack) -> bool:
        asked.append(found.source_id)
        return False

    detect(Fixed([track("new"), track("bought")]), catalogue, library, turned_up)

    assert asked == ["bought"]


class Watched(FolderLibrary):
    """Counts how often it is asked."""

    asked = 0

    def held(self, files: Iterable[LibraryFile]) -> set[str]:
        self.asked += 1
        return super().held(files)


def test_however_many_are_known_the_library_is_asked_twice_at_most(catalogue: FakeCatalogue, tmp_path: Path) -> None:
    library = Watched(tmp_path, FolderLibrary.at(tmp_path).identity)
    tracks = [track(f"{number}") for number in range(30)]
    for number, found in enumerate(tracks):
        flac = LibraryFile(f"Moderat/{number}.flac", "flac", f"{number:064}", 4)
        mp3 = LibraryFile(f"Moderat/{number}.mp3", "mp3", f"{number + 100:064}", 3)
        ours = replace(recording(f"{number:04}"), files=(flac, mp3))
        catalogue.add(ours, found)
        catalogue.ended(found, 1, Synced(ours.recording_id, ours.files))
        # Of each third the first file, the second one, or none is there.
        if number % 3 < 2:
            path = library.absolute(ours.files[number % 3])
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"1234" if number % 3 == 0 else b"123")

    known = detect(Fixed(tracks), catalogue, library).known

    assert library.asked == 2
    endings = [each.ending for each in known]
    assert [len(each.files) for each in endings if isinstance(each, AlreadyHave)] == [2, 2, 0] * 10


def test_a_track_that_its_source_tells_twice_stands_on_all_its_lists(
    catalogue: FakeCatalogue, library: FolderLibrary
) -> None:
    """P19 P53"""
    warm, late = Playlist("list", "warm", "Warm up", 3), Playlist("list", "late", "Late", 0)
    told = [
        track("a", playlists=(warm,)),
        track("b"),
        track("a", "Other words", playlists=(late, Playlist("list", "warm", "Warm up", 9))),
        track("a"),
    ]

    found = detect(Fixed(told), catalogue, library)

    assert [due.found for due in found.to_sync] == [track("a", playlists=(warm, late)), track("b")]


def test_what_is_known_is_reported_but_not_stored(catalogue: FakeCatalogue, library: FolderLibrary) -> None:
    catalogue.add(OURS, track("ours"))
    catalogue.ended(track("ours"), 1, Synced(OURS.recording_id, OURS.files))

    found = detect(Fixed([track("ours"), track("new")]), catalogue, library)

    assert len(found.known) == 1
    assert pickle.loads(pickle.dumps(found)) == replace(found, known=())  # noqa: S301 - our own bytes


def test_a_source_that_fails_says_so_and_what_it_told_before_counts(
    catalogue: FakeCatalogue, library: FolderLibrary
) -> None:
    """P5"""
    found = detect(Fixed([track("a")], ServiceUnavailable("the service is away; wait")), catalogue, library)

    assert not found.report.ok
    assert found.report.message == "the service is away; wait"
    assert [due.found.source_id for due in found.to_sync] == ["a"]  # what it told before it failed counts


def test_what_a_source_could_not_use_is_told_but_not_without_end(
    catalogue: FakeCatalogue, library: FolderLibrary
) -> None:
    few = detect(Fixed(messages=["a", "b"]), catalogue, library).report.message
    many = detect(Fixed(messages=[f"file {number}" for number in range(100)]), catalogue, library).report.message

    assert few == "a; b"
    assert many.startswith("file 0; file 1; ")
    assert "95 more" in many
    assert "file 99" not in many


@pytest.mark.parametrize("ending", ["failed", "review", "buy_list"])
def test_what_ended_without_a_file_is_counted_and_blocks_nothing(
    catalogue: FakeCatalogue, library: FolderLibrary, ending: str
) -> None:
    """P35"""
    endings: dict[str, Ending] = {
        "failed": Failed("it is not audio; give another", "acquire", "nobody"),
        "review": NeedsReview("two that sound alike"),
        "buy_list": OnBuyList("no way; buy it"),
    }
    catalogue.started(track("bad"), 1)
    catalogue.ended(track("bad"), 1, endings[ending])

    found = detect(Fixed([track("bad"), track("good")]), catalogue, library)

    assert [due.found.source_id for due in found.to_sync] == ["good"]
    assert "1 ended earlier without a file" in found.report.message


def past(ending: str, next_actor: str = "nobody", revision: str = "", attempt: int = 3) -> Past:
    return Past(attempt, ending, "why", "acquire", next_actor, revision=revision)


@pytest.mark.parametrize(
    ("before", "attempt"),
    [
        (None, 1),
        (past("synced"), None),
        (past("failed", "nobody"), None),
        (past("failed", "person"), None),
        (past("failed", "flow"), 4),
        (past("review"), None),
        (past("running"), 3),
        (past("synced", revision="older"), 4),
        (past("failed", "nobody", revision="older"), 4),
    ],
    ids=str,
)
def test_an_attempt_is_due_when_something_can_have_changed(before: Past | None, attempt: int | None) -> None:
    """P4 P54"""
    assert due_attempt(track("x"), before) == attempt


def test_a_playlist_says_how_complete_it_is() -> None:
    """P53"""
    stand = ["in the library"] * 3 + ["buy_list", "already_have", "failed"]

    assert completeness("Warm Up", stand) == (
        "Warm Up: 3 of 6 in the library, 1 gone from the library, 1 on the buy list, 1 failed"
    )


class Stumbling(Fixed):
    """Tells its tracks, and then fails in a way that nobody foresaw."""

    def __init__(self, error: Exception) -> None:
        super().__init__([track("told")])
        self._error = error

    def detect(self) -> Iterator[FoundTrack]:
        yield from super().detect()
        raise self._error


@pytest.mark.parametrize(
    ("error", "cause", "told"),
    [
        (ValueError("https://shop.example/?api_key=not-real"), "", "failed unexpectedly (ValueError)"),
        (PermissionError(13, "Permission denied", "/home/budgets"), "environment", "Permission denied (/home/budgets)"),
    ],
)
def test_what_nobody_foresaw_fails_one_source_and_no_round(
    catalogue: FakeCatalogue, library: FolderLibrary, error: Exception, cause: str, told: str
) -> None:
    """P10: what it told before counts, and the other sources are asked."""
    found = detect(Stumbling(error), catalogue, library)

    assert [due.found.source_id for due in found.to_sync] == ["told"]
    assert (found.report.ok, found.report.cause, found.report.next_actor) == (False, cause, "flow")
    assert told in found.report.message
    assert "not-real" not in found.report.message
