"""Merges, and recordings that are taken out and put back whole; on SQLite and on Postgres."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.journal import SqlJournal
from music_sync.model.endings import AlreadyHave, Failed, NeedsReview, Reason, Synced
from music_sync.model.errors import NeedsPerson
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Playlist, Recording

MINE = FoundTrack("folder", "/music/waves.flac", revision="r1", artist="Ann", title="Waves")
THEIRS = FoundTrack("spotify", "4uLU6h", artist="Ann", title="Waves (Sunset Mix)", url="https://x.test/4uLU6h")
FILES = (LibraryFile("Ann/Waves.aiff", "aiff", "f" * 64, 1_000), LibraryFile("Ann/Waves.m4a", "alac", "e" * 64, 900))
OURS = Recording(
    "a" * 32, "Ann", "Waves", "", "Sea", "DEAB12300001", 2020, "House", "0" * 64, Analysis(215.25, (0, 7)), FILES
)
LISTS = (Playlist("spotify", "pl1", "Friday", 0), Playlist("spotify", "pl2", "Late", 3))
SAID = Reason("person", "you said so")
MERGED = AlreadyHave(OURS.recording_id, "you said so", FILES, "Ann", "Waves")


@pytest.fixture
def catalogue(engine: sa.Engine) -> SqlJournal:
    """One recording on one list, and a track that waits for review."""
    catalogue = SqlJournal(engine)
    catalogue.started(MINE, 1)
    catalogue.add(OURS, MINE)
    catalogue.member(OURS.recording_id, LISTS[0])
    catalogue.ended(MINE, 1, Synced(OURS.recording_id, FILES, "filed"))
    catalogue.started(THEIRS, 1)
    catalogue.ended(THEIRS, 1, NeedsReview("sounds like it", OURS.recording_id, "Ann", THEIRS.title))
    for outgoing in catalogue.outbox("m3u"):
        catalogue.sent(outgoing)
    return catalogue


def merged(catalogue: SqlJournal) -> int:
    return catalogue.merge(OURS.recording_id, replace(THEIRS, playlists=LISTS), 1, MERGED, SAID)


def stand(catalogue: SqlJournal) -> tuple[object, ...]:
    """All that a merge changes."""
    return (
        catalogue.recording(OURS.recording_id),
        catalogue.past("spotify", "4uLU6h"),
        [catalogue.members(each.source, each.source_id) for each in LISTS],
    )


def subjects(catalogue: SqlJournal) -> list[str]:
    return [each.subject for each in catalogue.outbox("m3u")]


def test_a_merge_is_one_more_link_and_joins_the_lists(catalogue: SqlJournal) -> None:
    """P37 P41"""
    number = merged(catalogue)

    stored, past = catalogue.recording(OURS.recording_id), catalogue.past("spotify", "4uLU6h")
    [entry] = [each for each in catalogue.journal() if each.entry_id == number]
    assert stored is not None
    assert [link.source for link in stored.sources] == ["folder", "spotify"]
    assert stored.playlists == ("Friday", "Late")
    assert past is not None
    assert (past.ending, past.reason, past.recording_id) == ("already_have", "you said so", OURS.recording_id)
    assert (entry.kind, entry.before["link"]) == ("merge", {})
    assert [each["source_id"] for each in entry.after["joined"]] == ["pl2"]
    assert subjects(catalogue) == ["spotify:pl2"]
    assert list(catalogue.decisions(THEIRS.key))[-1].verdict == "same"


def test_a_merge_can_be_taken_back_and_put_back(catalogue: SqlJournal) -> None:
    """P37"""
    before = stand(catalogue)
    number = merged(catalogue)
    after, entry = stand(catalogue), list(catalogue.journal())[-1]

    catalogue.part(number, OURS.recording_id, entry.before, entry.after)
    parted = stand(catalogue)
    catalogue.join_again(number, OURS.recording_id, entry.before, entry.after)
    back = stand(catalogue)

    assert parted == before
    assert back[1:] == after[1:]
    assert subjects(catalogue) == ["spotify:pl2"]
    assert [each.kind for each in catalogue.journal()][-3:] == ["merge", "undo", "undo"]


def test_a_link_that_was_another_recordings_goes_back_to_it(catalogue: SqlJournal) -> None:
    other = replace(OURS, recording_id="b" * 32, origin_sha256="1" * 64, files=())
    catalogue.add(other, THEIRS)
    merged(catalogue)
    entry = list(catalogue.journal())[-1]

    catalogue.part(entry.entry_id, OURS.recording_id, entry.before, entry.after)

    owner = catalogue.by_source("spotify", "4uLU6h")
    assert owner is not None
    assert owner.recording_id == other.recording_id


def test_a_merge_of_a_track_that_went_on_is_left_alone(catalogue: SqlJournal) -> None:
    merged(catalogue)
    entry = list(catalogue.journal())[-1]
    catalogue.started(THEIRS, 2)
    before = stand(catalogue)

    with pytest.raises(NeedsPerson, match="tried again since then"):
        catalogue.part(entry.entry_id, OURS.recording_id, entry.before, entry.after)
    assert stand(catalogue) == before
    assert list(catalogue.journal())[-1] == entry


def endings(catalogue: SqlJournal) -> dict[str, Failed]:
    tracks = catalogue.tracks_of(OURS.recording_id)
    return {f"{source}:{source_id}": Failed(f"undid {label}", "undo", "person") for source, source_id, label in tracks}


def test_a_recording_is_taken_out_with_all_that_hangs_on_it_and_put_back(catalogue: SqlJournal) -> None:
    """P37 P48"""
    merged(catalogue)
    before, counts = stand(catalogue), catalogue.counts()

    catalogue.take_out(1, OURS.recording_id, endings(catalogue), {"Ann/Waves.aiff": "/undone/1"})
    out, entry = catalogue.counts(), list(catalogue.journal())[-1]
    pasts = [catalogue.past("spotify", "4uLU6h"), catalogue.past("folder", MINE.source_id)]
    asked = subjects(catalogue)
    catalogue.put_back(1, OURS.recording_id, entry.before, {})

    assert out == {"recordings": 0, "files": 0, "failed": 2}
    assert [(past.ending, past.stage, past.next_actor) for past in pasts if past] == [("failed", "undo", "person")] * 2
    assert asked == ["spotify:pl2", "spotify:pl1"]
    assert (stand(catalogue), catalogue.counts()) == (before, counts)
    assert catalogue.by_length(215.0, 216.0)[0].analysis.fingerprint == (0, 7)
    assert catalogue.by_sha256("f" * 64) is not None


def test_a_track_that_went_on_meanwhile_stays_where_it_is(catalogue: SqlJournal) -> None:
    merged(catalogue)
    catalogue.take_out(1, OURS.recording_id, endings(catalogue), {})
    entry = list(catalogue.journal())[-1]
    own = replace(OURS, recording_id="b" * 32, origin_sha256="1" * 64, files=())
    catalogue.started(THEIRS, 2)
    catalogue.add(own, THEIRS)
    catalogue.ended(THEIRS, 2, Synced(own.recording_id, ()))

    catalogue.put_back(1, OURS.recording_id, entry.before, {})

    owner, past = catalogue.by_source("spotify", "4uLU6h"), catalogue.past("spotify", "4uLU6h")
    assert owner is not None
    assert past is not None
    assert (owner.recording_id, past.attempt, past.recording_id) == (own.recording_id, 2, own.recording_id)


def test_nothing_is_put_back_over_what_is_there_by_now(catalogue: SqlJournal) -> None:
    catalogue.take_out(1, OURS.recording_id, endings(catalogue), {})
    entry = list(catalogue.journal())[-1]
    other = replace(
        OURS, recording_id="b" * 32, origin_sha256="1" * 64, files=(replace(FILES[0], path="ann/WAVES.aiff"),)
    )
    catalogue.add(other, THEIRS)
    counts = catalogue.counts()

    with pytest.raises(NeedsPerson, match="another recording's by now"):
        catalogue.put_back(1, OURS.recording_id, entry.before, {})
    assert catalogue.counts() == counts

    catalogue.add(OURS, MINE)
    with pytest.raises(NeedsPerson, match="in the library again"):
        catalogue.put_back(1, OURS.recording_id, entry.before, {})


def test_a_recording_of_which_an_attempt_has_not_ended_is_under_way(catalogue: SqlJournal) -> None:
    assert not catalogue.under_way(OURS.recording_id)

    catalogue.started(MINE, 2)

    assert catalogue.under_way(OURS.recording_id)


def test_a_track_is_called_what_its_latest_attempt_calls_it(catalogue: SqlJournal) -> None:
    assert catalogue.label("spotify", "4uLU6h") == "Ann - Waves (Sunset Mix)"
    assert catalogue.label("spotify", "none") == ""
