"""Whatever goes wrong inside a stage leaves it as one of our own errors, in one sentence."""

import errno
import os
import pickle
from pathlib import Path

import pytest
from tests.journeys.warm import must_be_clear
from tests.track.examples import track

from music_sync.model.errors import EnvironmentFault, GiveUp, NeedsPerson, ServiceUnavailable, SyncError
from music_sync.model.track import FoundTrack
from music_sync.track.faults import named, translated

FOUND = track("x")


def failing(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("error", [GiveUp("a"), NeedsPerson("b"), ServiceUnavailable("c", 3), EnvironmentFault("d")])
def test_our_own_errors_pass(error: SyncError) -> None:
    with pytest.raises(type(error)) as left:
        translated(FOUND, "tag", lambda: failing(error))

    assert left.value is error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EMFILE, errno.EACCES])
def test_what_the_machine_lacks_is_tried_again(number: int) -> None:
    error = OSError(number, os.strerror(number), "/staging/x")

    with pytest.raises(EnvironmentFault) as left:
        translated(FOUND, "tag", lambda: failing(error))

    assert "/staging/x" in str(left.value)
    assert os.strerror(number) in str(left.value)
    must_be_clear(str(left.value))


@pytest.mark.parametrize(
    "error", [ValueError("two\nlines"), ZeroDivisionError(), KeyError("k"), MemoryError(), ValueError("x" * 10_000)]
)
def test_what_nobody_expected_becomes_one_sentence_and_crosses_the_flow_store(error: Exception) -> None:
    with pytest.raises(GiveUp) as left:
        translated(FOUND, "tag", lambda: failing(error))

    said = str(left.value)
    must_be_clear(said)
    assert "\n" not in said
    assert type(error).__name__ in said
    assert "`music-sync retry` tries it again" in said
    assert str(pickle.loads(pickle.dumps(left.value))) == said  # noqa: S301 - our own bytes


def test_a_refusal_names_the_track_as_a_person_knows_it() -> None:
    staged = Path("/var/staging/0123/owned.flac")
    found = FoundTrack("folder", "/m/My Song.flac", path=Path("/m/My Song.flac"))

    with pytest.raises(GiveUp) as left:
        named(lambda: failing(GiveUp("owned.flac is cut off; fetch it again", "truncated")), staged, found)

    assert str(left.value) == "My Song.flac is cut off; fetch it again"
    assert left.value.rule == "truncated"
