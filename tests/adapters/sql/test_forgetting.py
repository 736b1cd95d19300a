"""What a source told of a person goes, what is in the library stays; on SQLite and on Postgres."""

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.forgetting import Known, SqlForgetting
from music_sync.model.endings import OnBuyList, Reason, Synced
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Playlist, Recording

LIKED = FoundTrack("spotify", "1", artist="Ann", title="Waves", liked_at="2026-11-01T00:00:00+00:00")
WANTED = FoundTrack("spotify", "2", artist="Ann", title="Sea")
MINE = FoundTrack("folder", "/music/waves.flac", artist="Ann", title="Waves")
FILE = LibraryFile("Ann/Waves.flac", "flac", "f" * 64, 10)
OURS = Recording("a" * 32, "Ann", "Waves", "", "", "", None, "", "0" * 64, Analysis(100.0, (1,)), (FILE,))


@pytest.fixture
def catalogue(engine: sa.Engine) -> SqlCatalogue:
    catalogue = SqlCatalogue(engine)
    catalogue.add(OURS, MINE)
    catalogue.ended(MINE, 1, Synced(OURS.recording_id, (FILE,)))
    catalogue.link(OURS.recording_id, LIKED)
    catalogue.member(OURS.recording_id, Playlist("spotify", "pl", "Friday", 0))
    for track in (LIKED, WANTED):
        catalogue.decided(track, "match", "new", "", [Reason("nothing_like_it", "nothing")])
        catalogue.ended(track, 1, OnBuyList("no way"))
    return catalogue


def test_b52_nothing_that_the_source_told_is_left(engine: sa.Engine, catalogue: SqlCatalogue) -> None:
    known = SqlForgetting(engine).forget("spotify")

    assert known == Known(tracks=2, listed=0, playlists=1, links=1)
    assert SqlForgetting(engine).known("spotify") == Known()
    assert catalogue.pasts("spotify") == {}
    assert list(catalogue.decisions("spotify:1")) == []
    assert catalogue.outbox("m3u") == []


def test_b52_the_library_and_other_sources_are_as_they_were(engine: sa.Engine, catalogue: SqlCatalogue) -> None:
    SqlForgetting(engine).forget("spotify")

    (recording,) = catalogue.recordings()
    assert (recording.files, recording.playlists) == ((FILE,), ())
    assert [link.source for link in recording.sources] == ["folder"]
    assert list(catalogue.pasts("folder")) == [MINE.source_id]


def test_a_source_whose_name_another_begins_with_keeps_its_own(engine: sa.Engine, catalogue: SqlCatalogue) -> None:
    catalogue.ended(FoundTrack("spot_fy", "1"), 1, OnBuyList("no way"))
    catalogue.ended(FoundTrack("spotify2", "1"), 1, OnBuyList("no way"))

    SqlForgetting(engine).forget("spotify")

    assert len(catalogue.pasts("spotify2")) == len(catalogue.pasts("spot_fy")) == 1
