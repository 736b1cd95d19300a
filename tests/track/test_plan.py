"""A plan foresees each ending, one track after the other."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.track.examples import Fixed, track

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.endings import Ending, Synced
from music_sync.model.errors import EnvironmentFault, GiveUp, ServiceUnavailable
from music_sync.model.happenings import Happening
from music_sync.model.track import FoundTrack
from music_sync.track.detect import Detected, Request, detect
from music_sync.track.plan import plan


class Stages:
    """The parts of the stages that a plan calls, over fixed sources."""

    def __init__(self, *sources: Fixed, errors: dict[str, Exception] | None = None) -> None:
        self.sources = sources
        self.errors = errors or {}
        self.told: list[Happening] = []
        self.catalogue = FakeCatalogue()

    def source_count(self, request: Request) -> int:  # noqa: ARG002 - the port names them
        return len(self.sources)

    def detect(self, request: Request, number: int) -> Detected:  # noqa: ARG002 - the port names them
        return detect(self.sources[number], self.catalogue, FolderLibrary(Path("unused"), ""))

    def foresee(self, found: FoundTrack) -> Ending:
        if found.source_id in self.errors:
            raise self.errors[found.source_id]
        return Synced("id", (), "would be filed", found.artist, found.title)

    def tell(self, happening: Happening) -> None:
        self.told.append(happening)


def ids(stages: Stages, limit: int | None = None) -> Sequence[str]:
    return [each.found.source_id for each in plan(Request(limit=limit), stages).tracks]  # type: ignore[arg-type]


def test_every_due_track_is_foreseen_once() -> None:
    assert ids(Stages(Fixed([track("a"), track("b")]), Fixed([track("b"), track("c")]))) == ["a", "b", "c"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_a_limit_counts_over_all_sources(limit: int) -> None:
    stages = Stages(Fixed([track("a"), track("b")]), Fixed([track("c"), track("d")]))

    assert ids(stages, limit) == ["a", "b", "c", "d"][:limit]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_track_of_two_sources_counts_once_for_a_limit(limit: int) -> None:
    stages = Stages(Fixed([track("a"), track("b")]), Fixed([track("a"), track("c")]))

    assert ids(stages, limit) == ["a", "b", "c"][:limit]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (GiveUp("it is not audio"), "partial"),
        (ServiceUnavailable("away"), "partial"),
        (EnvironmentFault("full"), "environment"),
        (ValueError("never thought of"), "partial"),
    ],
)
def test_an_error_is_an_ending_and_stops_no_other(error: Exception, result: str) -> None:
    """P35"""
    stages = Stages(Fixed([track("bad"), track("good")]), errors={"bad": error})

    report = plan(Request(), stages)  # type: ignore[arg-type]

    assert [each.ending.name for each in report.tracks] == ["failed", "synced"]
    assert report.result == result


def test_a_source_that_fails_is_told_and_the_next_is_asked() -> None:
    """P10"""
    report = plan(Request(), Stages(Fixed(error=GiveUp("closed")), Fixed([track("a")])))  # type: ignore[arg-type]

    assert [source.ok for source in report.sources] == [False, True]
    assert len(report.tracks) == 1
