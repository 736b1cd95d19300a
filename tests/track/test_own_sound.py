"""An own file that sounds the same, and cannot be had after all: what was fetched is filed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.track.examples import track

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.providers.owned_file import OwnedFile
from music_sync.model.ports import OwnFile
from music_sync.model.track import Analysis, Embedded, FetchedFile
from music_sync.track.candidates import Candidates
from music_sync.track.stages import Stages

SOUND = tuple(number * 2_654_435_761 % 2**32 for number in range(400))
FETCHED = FetchedFile(Path("came.mp3"), "link", "mp3", "mp3", "", 1, announced_length_s=None, embedded=Embedded())


class Folder:
    """One file that tells no artist."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> Iterable[OwnFile]:
        return [OwnFile(self.path, "", "take 3", length_s=200.0, codec="flac")]

    def sound_of(self, _file: OwnFile) -> tuple[int, ...]:
        return SOUND


@pytest.mark.parametrize(
    ("path", "why"),
    [("/nowhere/take 3.flac", "no such file"), ("/mnt/a drive that is away/music/take 3.flac", "which is not there")],
)
def test_p56_an_own_file_that_cannot_be_had_costs_no_track(tmp_path: Path, path: str, why: str) -> None:
    catalogue = FakeCatalogue()
    unused: Any = None
    own = Candidates(Folder(Path(path)), catalogue, FolderLibrary.at(tmp_path / "library"))
    stages = Stages(
        open_sources=unused,
        catalogue=catalogue,
        shelf=unused,
        providers=[OwnedFile()],
        tagger=unused,
        encoder=unused,
        measure=unused,
        formats=(),
        staging=tmp_path / "staging",
        tell=lambda _happening: None,
        own=own,
    )
    liked = track("x", length_s=200.0)

    assert stages.own_sound(liked, FETCHED, Analysis(length_s=200.0, fingerprint=SOUND)) is None
    (told,) = catalogue.decisions(liked.key)
    assert (told.stage, told.verdict) == ("own sound", "refused")
    assert why in told.reasons[0].text
