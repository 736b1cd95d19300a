"""Music Tracks on Notion as a view of the catalogue, against a simulator that refuses and misbehaves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.notion_music import SPOTIFY, SPOTIFY_ID, WARM_UP, Bench, on_bench

from music_sync.demo.notion import BadGateway, Nulls, Refuse, Truncated, overloaded, rate_limited
from music_sync.model.endings import Failed, NeedsReview
from music_sync.model.track import FoundTrack, Playlist

CREATE = "POST pages"
WRITE = "PATCH pages/.*"
QUERY = "POST data_sources/.*/query"
LOCAL = FoundTrack("folder", "/drop/a.flac", artist="Nadia Klee", title="Half Past Two")


@pytest.fixture
def bench(sqlite_engine: sa.Engine, tmp_path: Path) -> Iterator[Bench]:
    with on_bench(sqlite_engine, tmp_path) as bench:
        yield bench


# What a row says


def test_a_recording_is_a_row_with_what_was_measured_and_where_its_files_are(bench: Bench) -> None:
    bench.file(replace(SPOTIFY, album="II", isrc="DEAB12300001", year=2013, genre="Techno"))

    assert bench.show() == []
    row = bench.row()
    said = {name: bench.says(row, name) for name in ("Title", "Artist Name", "Album", "ISRC", "Year", "Genre")}
    assert said == {
        "Title": "Bad Kingdom", "Artist Name": "Moderat", "Album": "II", "ISRC": "DEAB12300001", "Year": 2013,
        "Genre": "Techno",
    }  # fmt: skip
    assert bench.says(row, "Spotify ID") == SPOTIFY_ID
    assert bench.says(row, "Spotify URL") == SPOTIFY.url
    assert bench.says(row, "Source") == "Spotify"


def test_p36_measured_values_are_written_and_nothing_in_place_of_others(bench: Bench) -> None:
    bench.workspace.add_column(bench.music.tracks_source, "Tempo Confidence", "number")
    bench.file()
    bench.show()

    row = bench.row()
    assert (bench.says(row, "Tempo"), bench.says(row, "Tempo Confidence")) == (123.99, 0.91)
    assert (bench.says(row, "Key "), bench.says(row, "Camelot")) == ("Am", "8A")
    assert (bench.says(row, "Audio Duration (seconds)"), bench.says(row, "Audio LUFS Level")) == (200.04, -8.42)
    assert bench.says(row, "Audio Quality Score") is None
    assert bench.says(row, "Genre") is None


def test_p16_p33_downloaded_and_paths_stand_on_files_that_were_proven(bench: Bench) -> None:
    recording_id = bench.file(formats=("aiff", "wav"))
    bench.show()

    row = bench.row()
    assert bench.says(row, "Downloaded") is True
    assert bench.says(row, "AIFF File Path") == str(bench.path_of(recording_id))
    assert bench.says(row, "WAV File Path").endswith(".wav")
    assert bench.says(row, "M4A File Path") in {None, ""}


def test_p16_a_file_of_the_same_size_and_other_bytes_is_no_evidence(bench: Bench) -> None:
    recording_id = bench.file()
    path = bench.path_of(recording_id)
    path.write_bytes(b"x" * path.stat().st_size)
    bench.show()

    row = bench.row()
    assert not bench.says(row, "Downloaded")
    assert not bench.says(row, "AIFF File Path")


def test_p56_what_a_row_says_is_left_while_the_library_is_offline(bench: Bench) -> None:
    recording_id = bench.file()
    bench.show()
    bench.library.root.rename(bench.home / "unplugged")

    (told,) = bench.show()

    assert "not up to date" in told
    row = bench.row()
    assert bench.says(row, "Downloaded") is True
    (bench.home / "unplugged").rename(bench.library.root)
    bench.path_of(recording_id).unlink()
    bench.show()
    assert bench.says(row, "Downloaded") is False
    assert not bench.says(row, "AIFF File Path")


def test_an_unchanged_row_costs_no_call(bench: Bench) -> None:
    bench.file()
    bench.show()
    before = bench.calls()

    assert bench.show() == []
    assert bench.calls() == before


def test_a_track_on_the_buy_list_is_a_row_that_becomes_the_recordings(bench: Bench) -> None:
    bench.end(SPOTIFY)
    bench.show()
    row = bench.row()
    assert not bench.says(row, "Downloaded")
    assert bench.says(row, "Audio Processing") == ["Spotify - No Audio Source Found"]

    bench.file()
    bench.show()

    assert bench.rows() == [row]
    assert bench.says(row, "Downloaded") is True
    assert bench.says(row, "Audio Processing") == ["Audio Analysis Complete", "Loudness Measured"]


def test_a_state_and_its_reason_are_shown_where_there_is_a_property(bench: Bench) -> None:
    bench.workspace.add_column(bench.music.tracks_source, "Sync Status", "select", ["On buy list", "Review", "Failed"])
    bench.workspace.add_column(bench.music.tracks_source, "Sync Reason", "rich_text")
    bench.end(SPOTIFY, NeedsReview("sounds like another one"))
    bench.end(replace(SPOTIFY, source_id="4uLU6hMCjMI75M1A2tKUQD", url=""), Failed("it is gone", "acquire", "nobody"))
    bench.show()

    said = [(bench.says(row, "Sync Status"), bench.says(row, "Sync Reason")) for row in bench.rows()]
    assert said == [("Review", "sounds like another one"), ("Failed", "it is gone")]


def test_p62_a_long_reason_stands_in_several_segments_and_is_cut_with_a_mark(bench: Bench) -> None:
    bench.workspace.add_column(bench.music.tracks_source, "Sync Reason", "rich_text")
    bench.end(SPOTIFY, NeedsReview("long " * 1_000))
    bench.end(replace(SPOTIFY, source_id="4uLU6hMCjMI75M1A2tKUQD", url=""), NeedsReview("long " * 60_000))
    bench.show()

    whole, cut = (bench.says(row, "Sync Reason") for row in bench.rows())
    assert whole == "long " * 1_000
    assert "[cut here; 300,000 characters in all]" in cut


# Found again, never doubled


@pytest.mark.parametrize(
    "known",
    [
        {"Spotify_ID": SPOTIFY_ID},
        {"Spotify_ID": f"spotify:track:{SPOTIFY_ID}"},
        {"Spotify_URL": f"https://open.spotify.com/intl-de/track/{SPOTIFY_ID}?si=1&utm_source=x"},
        {"ISRC": "DE-AB1-23-00001", "Audio_Duration_(seconds)": 201.0},
        {"ISRC": "DEAB12300001"},
    ],
    ids=str,
)
def test_p25_a_row_is_known_by_any_of_its_ids(bench: Bench, known: dict[str, object]) -> None:
    row = bench.add("Bad Kingdom", **known)
    bench.file(replace(SPOTIFY, isrc="DEAB12300001"))
    bench.show()

    assert bench.rows() == [row]
    assert bench.says(row, "Downloaded") is True


@pytest.mark.parametrize(
    "other", [{}, {"Artist_Name": "Moderat"}, {"ISRC": "DEAB12300001", "Audio_Duration_(seconds)": 320.0}], ids=str
)
def test_p46_a_row_of_the_same_title_alone_is_another_track(bench: Bench, other: dict[str, object]) -> None:
    row = bench.add("Bad Kingdom", **other)
    bench.file(replace(SPOTIFY, isrc="DEAB12300001"))
    bench.show()

    assert len(bench.rows()) == 2
    assert not bench.says(row, "Downloaded")


@pytest.mark.parametrize("trouble", [BadGateway(done=True), Truncated()], ids=repr)
def test_a_row_whose_answer_was_lost_is_found_by_the_next_round(bench: Bench, trouble: BadGateway | Truncated) -> None:
    bench.file()
    bench.file(LOCAL)
    bench.show()
    bench.file(replace(SPOTIFY, source_id="4uLU6hMCjMI75M1A2tKUQD", title="Rusty Nails", url=""))
    bench.server.misbehave(trouble, on=CREATE)

    (told,) = bench.show()

    assert "not up to date" in told
    assert bench.show() == []
    assert len(bench.rows()) == 3


def test_a_home_that_lost_its_notes_finds_all_its_rows(bench: Bench, sqlite_engine: sa.Engine) -> None:
    bench.file(SPOTIFY, WARM_UP)
    bench.file(LOCAL)
    bench.show()
    bench.rows_file.unlink()
    with sqlite_engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM shown"))

    bench.show()

    assert len(bench.rows()) == 2
    assert len(bench.workspace.page_ids(bench.music.playlists_source)) == 1


def test_without_a_property_for_any_id_no_row_is_made_and_one_line_says_so(bench: Bench) -> None:
    for name in ("Source ID", "Spotify ID", "Spotify URL", "ISRC"):
        bench.workspace.drop_column(bench.music.tracks_source, name)
    bench.file()
    bench.file(LOCAL)

    told = [line for line in bench.show() if "Music Sync ID" in line]

    assert len(told) == 1
    assert bench.rows() == []
    bench.workspace.add_column(bench.music.tracks_source, "Music Sync ID", "rich_text")
    bench.show()
    assert len(bench.rows()) == 2


def test_a_row_that_a_person_deleted_stays_deleted(bench: Bench) -> None:
    recording_id = bench.file()
    bench.show()
    bench.workspace.trash(bench.row())
    bench.catalogue.member(recording_id, WARM_UP)

    assert bench.show(playlists="") == ["Music Tracks on Notion: 1 rows that were deleted there stay deleted"]
    bench.catalogue.member(recording_id, replace(WARM_UP, name="Warm Up 2"))
    assert bench.show(playlists="") == []
    assert bench.rows() == []


def test_p7_a_database_beyond_the_limit_of_one_query_is_known_whole(bench: Bench) -> None:
    bench.workspace.most_results = 150
    for number in range(320):
        bench.now += timedelta(minutes=1)
        bench.add(f"Track {number}", SoundCloud_URL=f"https://soundcloud.com/someone/track-{number}")
    bench.file(FoundTrack("soundcloud", "1", artist="A", title="T", url="https://soundcloud.com/someone/track-317"))
    bench.show()

    assert len(bench.rows()) == 320


def test_a_reading_that_takes_too_long_goes_on_and_writes_nothing_before_its_end(bench: Bench) -> None:
    for number in range(250):
        bench.now += timedelta(minutes=1)
        bench.add(f"Track {number}")
    bench.file()
    bench.limit_s = 0

    (told,) = bench.show()

    assert "rows of the database are read so far" in told
    assert len(bench.rows()) == 250
    bench.limit_s = 60
    assert bench.show() == []
    assert len(bench.rows()) == 251


# What is a person's


def test_what_a_person_changed_stays_and_what_is_empty_is_filled(bench: Bench) -> None:
    row = bench.add("bad kingdom (my spelling)", Spotify_ID=SPOTIFY_ID, Tempo=124, Rating=5)
    recording_id = bench.file(replace(SPOTIFY, album="II"))
    bench.show()
    assert (bench.says(row, "Title"), bench.says(row, "Tempo")) == ("bad kingdom (my spelling)", 124)
    assert bench.says(row, "Album") == "II"
    bench.workspace.edit(row, {"Album": "Second", "Downloaded": False})

    bench.catalogue.member(recording_id, WARM_UP)
    bench.show()

    assert (bench.says(row, "Album"), bench.says(row, "Downloaded")) == ("Second", False)
    assert len(bench.says(row, "Playlists")) == 1


def test_p33_what_the_original_left_in_a_path_gives_way_to_the_file(bench: Bench) -> None:
    row = bench.add("Bad Kingdom", Spotify_ID=SPOTIFY_ID, AIFF_File_Path="None")
    recording_id = bench.file()
    bench.show()

    assert bench.says(row, "AIFF File Path") == str(bench.path_of(recording_id))


def test_a_relation_that_a_person_took_out_does_not_come_back_and_an_added_one_stays(bench: Bench) -> None:
    recording_id = bench.file(SPOTIFY, WARM_UP)
    bench.show()
    row = bench.row()
    mine = bench.workspace.add_page(bench.music.playlists_source, {"Name": "Mine"})
    bench.workspace.edit(row, {"Playlists": [mine]})

    bench.catalogue.member(recording_id, Playlist("soundcloud", "soundcloud:playlists:7", "Late", 0))
    bench.show()

    names = [bench.says(page, "Name") for page in bench.says(row, "Playlists")]
    assert names == ["Mine", "Late"]


def test_p27_a_row_that_a_person_adds_for_what_we_own_is_completed_beside_ours(bench: Bench) -> None:
    recording_id = bench.file()
    bench.show()
    ours = bench.row()
    row = bench.add("bad kingdom")
    bench.catalogue.link(recording_id, FoundTrack("notion", row, "r", "Moderat", "bad kingdom"))
    bench.show()

    assert bench.rows() == [ours, row]
    assert bench.says(row, "AIFF File Path") == str(bench.path_of(recording_id))
    bench.path_of(recording_id).unlink()
    bench.show()
    assert [bench.says(each, "Downloaded") for each in bench.rows()] == [False, False]


def test_p27_a_persons_row_whose_track_is_filed_becomes_the_recordings_row(bench: Bench) -> None:
    row = bench.add("Bad Kingdom", Artist_Name="Moderat")
    theirs = FoundTrack("notion", row, "r", "Moderat", "Bad Kingdom")
    bench.end(theirs)
    bench.show()
    assert bench.rows() == [row]
    bench.file(theirs)
    bench.show()

    assert bench.rows() == [row]
    assert bench.says(row, "Downloaded") is True


def test_two_rows_that_waited_for_one_recording_are_both_completed(bench: Bench) -> None:
    bench.end(SPOTIFY)
    other = replace(SPOTIFY, source="soundcloud", source_id="7", url="https://soundcloud.com/moderat/bad-kingdom")
    bench.end(other)
    bench.show()
    assert len(bench.rows()) == 2
    bench.catalogue.link(bench.file(), other)
    bench.show()

    assert [bench.says(row, "Downloaded") for row in bench.rows()] == [True, True]


# Relations


def test_p20_artists_and_playlists_are_related_and_made_once(bench: Bench) -> None:
    known = bench.workspace.add_page(bench.music.artists_source, {"Name": "Moderat"})
    bench.file(SPOTIFY, WARM_UP)
    bench.file(LOCAL, WARM_UP)
    bench.show()

    first, second = bench.rows()
    assert bench.says(first, "Artist") == [known]
    assert [bench.says(page, "Name") for page in bench.says(second, "Artist")] == ["Nadia Klee"]
    assert bench.says(first, "Playlists") == bench.says(second, "Playlists")
    (playlist,) = bench.workspace.page_ids(bench.music.playlists_source)
    assert (bench.says(playlist, "Name"), bench.says(playlist, "Track Count")) == ("Warm Up", 2)
    assert bench.says(playlist, "Spotify ID") == WARM_UP.source_id


def test_p20_a_relation_that_notion_did_not_keep_is_told_and_written_again(bench: Bench) -> None:
    bench.workspace.add_page(bench.music.artists_source, {"Name": "Moderat"})
    bench.file()
    bench.server.misbehave(Nulls(), on=CREATE)
    bench.server.meanwhile(lambda: bench.workspace.edit(bench.row(), {"Artist": []}), on=CREATE)

    (told,) = bench.show()

    assert "not all of its Artist" in told
    assert bench.show() == []
    assert [bench.says(page, "Name") for page in bench.says(bench.row(), "Artist")] == ["Moderat"]


def test_a_playlist_is_found_by_its_link_or_by_name_and_source(bench: Bench) -> None:
    by_link = bench.workspace.add_page(
        bench.music.playlists_source,
        {"Name": "renamed", "Spotify URL": f"https://open.spotify.com/playlist/{WARM_UP.source_id}?si=2"},
    )
    by_name = bench.workspace.add_page(bench.music.playlists_source, {"Name": "late", "Source": "SoundCloud"})
    bench.workspace.add_page(bench.music.playlists_source, {"Name": "Warm Up", "Source": "YouTube"})
    bench.file(SPOTIFY, WARM_UP, Playlist("soundcloud", "x", "Late", 0))
    bench.show()

    assert bench.says(bench.row(), "Playlists") == [by_link, by_name]


def test_a_relation_of_more_than_notion_tells_at_once_is_kept_whole(bench: Bench) -> None:
    row = bench.add("Bad Kingdom", Spotify_ID=SPOTIFY_ID)
    mine = [bench.workspace.add_page(bench.music.playlists_source, {"Name": str(number)}) for number in range(40)]
    bench.workspace.edit(row, {"Playlists": mine})
    bench.file(SPOTIFY, WARM_UP)
    bench.show()

    assert len(bench.says(row, "Playlists")) == 41
    assert bench.says(row, "Playlists")[:40] == mine


def test_several_artists_that_have_pages_are_related_each(bench: Bench) -> None:
    pages = [
        bench.workspace.add_page(bench.music.artists_source, {"Name": name})
        for name in ("Ann", "Tyler, The Creator", "Bo")
    ]
    bench.file(replace(SPOTIFY, artist="Ann & Bo"))
    bench.file(replace(LOCAL, artist="Tyler, The Creator"))
    bench.show()

    assert [bench.says(row, "Artist") for row in bench.rows()] == [[pages[0], pages[2]], [pages[1]]]


def test_without_the_databases_of_artists_and_playlists_a_row_is_made_all_the_same(bench: Bench) -> None:
    bench.file(SPOTIFY, WARM_UP)

    bench.show(artists="", playlists="")

    assert bench.says(bench.row(), "Downloaded") is True
    assert bench.workspace.page_ids(bench.music.artists_source) == []


# What the database lacks


def test_p31_only_properties_that_exist_are_written_and_one_line_names_the_others(bench: Bench) -> None:
    for name in ("Tempo", "Camelot", "AIFF File Path", "Playlists"):
        bench.workspace.drop_column(bench.music.tracks_source, name)
    bench.file(SPOTIFY, WARM_UP)
    bench.file(LOCAL)

    told = [line for line in bench.show() if "no property" in line]

    assert len(told) == 1
    assert all(name in told[0] for name in ("Tempo", "Camelot", "AIFF File Path"))
    assert len(bench.rows()) == 2


def test_p32_an_option_that_is_missing_is_named_and_never_made(bench: Bench) -> None:
    bench.file(replace(SPOTIFY, genre="Gqom"))

    (told,) = bench.show()

    assert 'Genre: it has no option "Gqom"' in told
    assert bench.says(bench.row(), "Genre") is None
    assert "Gqom" not in json.dumps(bench.server.requests(CREATE)[-1].body)


def test_other_types_of_the_original_are_understood(bench: Bench) -> None:
    source = bench.music.tracks_source
    for name in ("Downloaded", "AIFF File Path", "Key ", "Genre", "Artist Name", "Playlists"):
        bench.workspace.drop_column(source, name)
    for name, kind in (("DL", "checkbox"), ("AIFF Path", "url"), ("Key", "number"), ("Playlist Names", "multi_select")):
        bench.workspace.add_column(source, name, kind, ["Warm Up"])
    bench.workspace.add_column(source, "Genres", "multi_select", ["techno"])
    bench.file(replace(SPOTIFY, genre="Techno"), WARM_UP)
    bench.show()

    row = bench.row()
    assert (bench.says(row, "DL"), bench.says(row, "Key"), bench.says(row, "Genres")) == (True, 9, ["techno"])
    assert bench.says(row, "Playlist Names") == ["Warm Up"]
    assert bench.says(row, "AIFF Path").endswith("Bad Kingdom 1.aiff")


def test_a_property_that_is_added_later_is_filled(bench: Bench) -> None:
    bench.file()
    bench.show()
    bench.workspace.add_column(bench.music.tracks_source, "Tempo Confidence", "number")
    bench.file(LOCAL)
    bench.show()

    assert [bench.says(row, "Tempo Confidence") for row in bench.rows()] == [0.91, 0.91]


# Outages


@pytest.mark.parametrize("trouble", [rate_limited("1"), overloaded("2"), BadGateway()], ids=repr)
def test_a_short_trouble_is_lived_through(bench: Bench, trouble: Refuse | BadGateway) -> None:
    bench.file()
    bench.server.misbehave(trouble, on=QUERY)

    assert bench.show() == []
    assert len(bench.rows()) == 1


def test_p64_an_outage_delays_nothing_and_is_caught_up(bench: Bench) -> None:
    bench.file(SPOTIFY, WARM_UP)
    bench.server.misbehave(BadGateway(), always=True)

    (told,) = bench.show()

    assert "Notion is away" in told
    assert len(bench.catalogue.outbox("notion")) == 2
    bench.server.behave()
    assert bench.show() == []
    assert bench.catalogue.outbox("notion") == []
    assert len(bench.says(bench.row(), "Playlists")) == 1


def test_a_pause_that_notion_asks_for_is_kept(bench: Bench) -> None:
    bench.file()
    bench.server.misbehave(rate_limited("90000"), on="GET databases/.*")
    bench.show()
    before = bench.calls()

    (told,) = bench.show()

    assert "left alone until" in told
    assert bench.calls() == before
    bench.now += timedelta(days=2)
    assert bench.show() == []


def test_a_round_ends_in_time_and_the_next_one_goes_on(bench: Bench) -> None:
    for number in range(4):
        bench.file(replace(SPOTIFY, source_id=f"{number:022d}", title=str(number), url=""))
    bench.stopping = lambda: len(bench.rows()) >= 2

    (told,) = bench.show()

    assert "2 more rows" in told
    bench.stopping = lambda: False
    assert bench.show() == []
    assert len(bench.rows()) == 4


def test_p35_a_row_that_is_refused_holds_up_no_other(bench: Bench) -> None:
    bench.file()
    bench.file(LOCAL)
    bench.server.misbehave(Refuse(400, "validation_error", "Something about this row."), on=CREATE)

    told = bench.show(artists="")

    assert any("1 rows were refused" in line for line in told)
    assert len(bench.rows()) == 1
    bench.show(artists="")
    assert len(bench.rows()) == 2


@pytest.mark.parametrize("wrong", ["00000000000000000000000000000000", "nonsense"])
@pytest.mark.parametrize("name", ["tracks", "artists", "playlists"])
def test_p13_a_wrong_id_is_one_sentence_that_names_its_setting(bench: Bench, name: str, wrong: str) -> None:
    bench.file()

    (told,) = bench.show(**{name: wrong})

    assert f"{name.upper()}_DB_ID" in told
    assert bench.rows() == []


def test_a_filing_that_was_undone_is_taken_back_from_its_row(bench: Bench, sqlite_engine: sa.Engine) -> None:
    bench.file()
    bench.show()
    with sqlite_engine.begin() as connection:
        for table in ("files", "fingerprints", "source_links", "playlist_members", "recordings"):
            connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608 - names of ours
    bench.end(SPOTIFY, Failed("its filing was undone", "undo", "person"))
    bench.show()

    row = bench.row()
    assert bench.says(row, "Downloaded") is False
    assert not bench.says(row, "AIFF File Path")
    assert bench.says(row, "Title") == "Bad Kingdom"
