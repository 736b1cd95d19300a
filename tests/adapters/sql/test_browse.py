"""Finding tracks among many, on SQLite and on Postgres alike."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.track.examples import recording, track

from music_sync.adapters.sql import browse
from music_sync.adapters.sql.browse import SqlBrowse
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.tables import recordings
from music_sync.model.browsing import Page, Search
from music_sync.model.endings import OnBuyList
from music_sync.model.errors import BadSetting
from music_sync.model.track import Key, Playlist, Recording, Tempo

WHERE = ("spotify", "soundcloud")


def piece(letter: str, artist: str, title: str, bpm: float, key: Key, album: str = "") -> Recording:
    made = recording(letter, title, seed=ord(letter))
    analysis = replace(made.analysis, tempo=Tempo(bpm, 0.9), key=key)
    file = replace(made.files[0], path=f"{letter}.flac")
    return replace(made, artist=artist, album=album, analysis=analysis, files=(file,))


PIECES = (
    piece("a", "Søren Åkerlund", "Låda", 122.0, Key(9, "minor", 0.9), album="Köket"),  # 8A
    piece("b", "夜行バス", "四時の海", 90.0, Key(0, "major", 0.9)),  # 8B
    piece("c", "Nadia Klee", "Half Past Two", 127.5, Key(4, "minor", 0.9)),  # 9A
    piece("d", "nadia klee", "100% _Real_ 'Thing'", 174.0, Key(5, "minor", 0.9)),  # 4A
)


@pytest.fixture
def shelves(engine: sa.Engine) -> SqlBrowse:
    catalogue = SqlCatalogue(engine)
    for number, each in enumerate(PIECES):
        catalogue.add(each, replace(track(str(number)), source=WHERE[number % 2]))
        if number < 2:
            catalogue.member(each.recording_id, Playlist("spotify", "p1", "Warm Up", number))
    for number in range(3):
        wanted = replace(track(f"w{number}", f"Wanted {number}", isrc="ZZ1"), source="spotify")
        catalogue.started(wanted, 1)
        catalogue.ended(wanted, 1, OnBuyList("streaming services bring no files", "Moderat", f"Wanted {number}"))
    return SqlBrowse(engine)


def titles(page: Page) -> list[str]:
    return [row.title for row in page.rows]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lada", ["Låda"]),
        ("SOREN aker", ["Låda"]),
        ("koket", ["Låda"]),
        ("海", ["四時の海"]),
        ("klee half", ["Half Past Two"]),
        ("half klee nothing", []),
        ("alf", []),
        ("100%", ["100% _Real_ 'Thing'"]),
        ("_", ["100% _Real_ 'Thing'"]),
        ("%%", []),
        ("'thing'", ["100% _Real_ 'Thing'"]),
        ('"', []),
        ("a AND b OR NEAR(", []),
    ],
)
def test_words_find_what_holds_them_all_whatever_their_case_and_accents(
    shelves: SqlBrowse, words: str, expected: list[str]
) -> None:
    assert titles(shelves.page(Search(words=words))) == expected


def test_a_change_of_words_is_found_by_the_new_ones_alone(shelves: SqlBrowse, engine: sa.Engine) -> None:
    changed = sa.update(recordings).where(recordings.c.title == "Låda").values(title="Skåp")
    with engine.begin() as connection:
        connection.execute(changed)
        connection.execute(sa.update(recordings).where(recordings.c.title == "Half Past Two").values(genre="house"))

    assert titles(shelves.page(Search(words="skap"))) == ["Skåp"]
    assert titles(shelves.page(Search(words="lada"))) == []
    assert titles(shelves.page(Search(words="half"))) == ["Half Past Two"]


def test_filters_narrow_together(shelves: SqlBrowse) -> None:
    [(number, name)] = shelves.playlists()

    assert name == "Warm Up"
    assert sorted(titles(shelves.page(Search(playlist=number)))) == ["Låda", "四時の海"]
    assert titles(shelves.page(Search(playlist=number, source="soundcloud"))) == ["四時の海"]
    assert titles(shelves.page(Search(camelot="8A"))) == ["Låda"]
    assert titles(shelves.page(Search(camelot="8A", with_neighbours=True, order="tempo"))) == [
        "四時の海",
        "Låda",
        "Half Past Two",
    ]
    assert titles(shelves.page(Search(tempo_from=120, tempo_to=130, order="tempo"))) == ["Låda", "Half Past Two"]
    assert shelves.sources() == ["soundcloud", "spotify"]


@pytest.mark.parametrize("order", ["newest", "artist", "tempo"])
def test_pages_follow_each_other_and_show_each_track_once(shelves: SqlBrowse, order: str) -> None:
    seen: list[str] = []
    search = Search(order=order)
    while True:
        page = shelves.page(search, rows=1)
        seen += titles(page)
        if not page.goes_on:
            break
        search = replace(search, after=page.goes_on)

    assert sorted(seen) == sorted(each.title for each in PIECES)
    assert seen == titles(shelves.page(Search(order=order)))


def test_a_track_that_comes_meanwhile_shifts_no_page(shelves: SqlBrowse, engine: sa.Engine) -> None:
    first = shelves.page(Search(order="artist"), rows=2)
    SqlCatalogue(engine).add(piece("e", "Aaa", "First of all", 120.0, Key(0, "minor", 1.0)), track("9"))
    second = shelves.page(Search(order="artist", after=first.goes_on), rows=2)

    assert not set(titles(first)) & set(titles(second))
    assert len(second.rows) == 2


@pytest.mark.parametrize("after", ["x", "W10", "eyJhIjoxfQ", "WzFd", "W1tdXQ", "bnVsbA", "é"])
def test_b49_a_page_that_no_page_named_is_refused(shelves: SqlBrowse, after: str) -> None:
    with pytest.raises(BadSetting):
        shelves.page(Search(after=after))


def test_what_is_not_in_the_library_is_listed_by_its_ending(shelves: SqlBrowse) -> None:
    page = shelves.page(Search(ending="buy_list"), rows=2)
    rest = shelves.page(Search(ending="buy_list", after=page.goes_on), rows=2)

    assert titles(page) + titles(rest) == ["Wanted 2", "Wanted 1", "Wanted 0"]
    assert page.total == 3
    assert page.rows[0].isrc == "ZZ1"
    assert titles(shelves.page(Search(ending="buy_list", words="WANTED 1"))) == ["Wanted 1"]
    assert titles(shelves.page(Search(ending="review"))) == []


def test_only_the_latest_attempt_counts(shelves: SqlBrowse, engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(engine)
    catalogue.started(replace(track("w0"), source="spotify"), 2)

    assert titles(shelves.page(Search(ending="buy_list"))) == ["Wanted 2", "Wanted 1"]
    assert [row.source_id for row in shelves.page(Search(ending="running")).rows] == ["w0"]


def test_common_words_and_sources_are_found_in_another_way_with_the_same_result(
    shelves: SqlBrowse, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = [Search(words="nadia"), Search(source="spotify"), Search(words="nadia", source="soundcloud")]
    plain = [titles(shelves.page(each)) for each in searches]
    monkeypatch.setattr(browse, "MANY", 1)
    pages = [shelves.page(each) for each in searches]

    assert [titles(page) for page in pages] == plain
    assert [page.total for page in pages] == [2, 2, 1]


def test_a_sqlite_without_full_text_search_finds_words_as_text(shelves: SqlBrowse, engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("Postgres has its index in any case")
    with engine.begin() as connection:
        for name in ("come", "gone", "changed"):
            connection.exec_driver_sql(f"DROP TRIGGER recording_words_{name}")
        connection.exec_driver_sql("DROP TABLE recording_words")

    assert titles(SqlBrowse(engine).page(Search(words="Half"))) == ["Half Past Two"]
