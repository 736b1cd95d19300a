"""Which tracks a retry means."""

from pathlib import Path

import sqlalchemy as sa
from tests.track.examples import track

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.flows.rounds import to_retry
from music_sync.model.endings import OnBuyList


def test_a_whole_key_means_that_track_alone_and_a_part_all_that_hold_it(
    sqlite_engine: sa.Engine, tmp_path: Path
) -> None:
    catalogue = SqlCatalogue(sqlite_engine)
    for source_id in ("1", "12", "3"):
        catalogue.started(track(source_id), 1)
        catalogue.ended(track(source_id), 1, OnBuyList("nobody offers it"))
    library = FolderLibrary(tmp_path, "")

    def named(*words: str) -> list[str]:
        return sorted(link.source_id for link, _past in to_retry(words, catalogue, library))

    assert named("list:1") == ["1"]
    assert named("list:1", "list:3") == ["1", "3"]
    assert named("ist:1") == ["1", "12"]
