"""What every memory of listings keeps: run over the fake, SQLite and Postgres."""

import logging
import time
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.fakes.listings import FakeListings

from music_sync.adapters.sql import listings
from music_sync.adapters.sql.listings import SqlListings
from music_sync.model.listing import Listing, Listings
from music_sync.model.track import FoundTrack, Playlist

AnyListings = SqlListings | FakeListings

LIKES = Listing("spotify", "likes", "Liked songs", reading=1)
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def memory(request: pytest.FixtureRequest, clock: Callable[[], datetime]) -> AnyListings:
    """An empty memory, once on each of its adapters and on the fake."""
    if request.param == "fake":
        return FakeListings(clock)
    return SqlListings(request.getfixturevalue(f"{request.param}_engine"), clock)


def found(name: str, *, liked_at: str = "2026-01-01T00:00:00+00:00", **changes: object) -> FoundTrack:
    track = FoundTrack("spotify", name, artist="Ann", title=f"Title {name}", liked_at=liked_at)
    return replace(track, **changes)  # type: ignore[arg-type]


def some(names: str) -> list[FoundTrack]:
    return [found(name) for name in names]


def held(memory: AnyListings, listing: Listing = LIKES) -> str:
    return "".join(track.source_id for track in memory.tracks(listing.source, listing.listing))


# The state


def test_a_listing_that_was_never_read_is_unknown(memory: AnyListings) -> None:
    port: Listings = memory  # held by mypy

    assert port.listing("spotify", "likes") is None
    assert port.tracks("spotify", "likes") == []
    assert list(port.listings()) == []


def test_the_state_comes_back_as_it_was_kept_last(memory: AnyListings) -> None:
    memory.keep(LIKES)
    full = Listing(
        "spotify", "likes", "Songs", "etag", 12, 3, "[cursor]", "2026-11-23T12:00:00+00:00", "2026-11-23", "private"
    )
    memory.keep(full)

    assert memory.listing("spotify", "likes") == full
    assert list(memory.listings()) == [full]


@pytest.mark.parametrize("write", ["page", "first", "last", "whole", "keep"])
def test_each_writing_call_stores_the_state_too(memory: AnyListings, write: str) -> None:
    state = replace(LIKES, goes_on="at 50", entries=7)
    calls: dict[str, Callable[[], object]] = {
        "page": lambda: memory.page(state, some("a"), 0),
        "first": lambda: memory.first(state, some("a")),
        "last": lambda: memory.last(state, some("a")),
        "whole": lambda: memory.whole(state),
        "keep": lambda: memory.keep(state),
    }
    calls[write]()

    assert memory.listing("spotify", "likes") == state


@pytest.mark.parametrize("write", ["page", "first", "last"])
def test_the_state_is_stored_though_there_are_no_tracks(memory: AnyListings, write: str) -> None:
    if write == "page":
        memory.page(LIKES, [], 0)
    else:
        getattr(memory, write)(LIKES, [])

    assert memory.listing("spotify", "likes") == LIKES
    assert memory.tracks("spotify", "likes") == []


def test_listings_are_told_by_source_and_name(memory: AnyListings) -> None:
    told = [
        Listing("youtube", "likes", "A"),
        Listing("spotify", "playlist:2", "b"),
        Listing("spotify", "playlist:1", "b"),
        Listing("spotify", "playlist:3", "Z"),
        Listing("spotify", "playlist:4", "é"),
        Listing("spotify", "playlist:5", "-"),
    ]
    for each in told:
        memory.keep(each)

    assert [each.playlist_id for each in memory.listings()] == ["5", "3", "1", "2", "4", ""]


def test_listings_of_one_name_at_two_sources_are_two(memory: AnyListings) -> None:
    other = replace(LIKES, source="youtube")
    memory.page(LIKES, some("ab"), 0)
    memory.page(other, some("b"), 0)
    memory.whole(replace(other, reading=2))

    assert (held(memory), held(memory, other)) == ("ab", "")
    assert [each.gone for each in memory.listings()] == [0, 1]


# The tracks


def test_a_track_comes_back_as_it_was_found_without_file_and_lists(memory: AnyListings) -> None:
    """P17"""
    whole = FoundTrack(
        "spotify",
        "4uLU6h",
        "r1",
        "Ann",
        "Waves",
        "Sea",
        "DEAB12300001",
        2020,
        "House",
        215.25,
        "https://open.spotify.com/track/4uLU6h",
        liked_at="2026-01-02T03:04:05+00:00",
        wanted_again=True,
        guessed=True,
        download="https://api.soundcloud.com/tracks/1/download",
    )
    bare = found("bare")
    short = found("short", length_s=0.0, year=0)
    memory.page(LIKES, [replace(whole, path=Path("/a"), playlists=(Playlist("s", "1", "x"),)), bare, short], 0)

    assert memory.tracks("spotify", "likes") == [whole, bare, short]


def test_letters_that_no_database_takes_come_back(memory: AnyListings) -> None:
    odd = "\ud800 \0 \udcff 'a\" é 🎛"
    track = found(odd, artist=odd, title=odd, url=odd)
    listing = replace(LIKES, listing=f"playlist:{odd}", name=odd, mark=odd, goes_on=odd)
    memory.page(listing, [track], 0)
    memory.page(listing, [track], 0)

    stored = memory.listing("spotify", listing.listing)
    assert memory.tracks("spotify", listing.listing) == [track]
    assert stored is not None
    assert "🎛" in stored.name


def test_what_the_source_does_not_date_is_dated_when_it_was_first_seen(memory: AnyListings, clock: Clock) -> None:
    memory.page(LIKES, [found("a", liked_at=""), found("b")], 0)
    clock.now += timedelta(days=1)
    memory.page(LIKES, [found("a", liked_at=""), found("b"), found("c", liked_at="")], 0)

    assert [track.liked_at for track in memory.tracks("spotify", "likes")] == [
        "2026-11-23T12:00:00+00:00",
        "2026-01-01T00:00:00+00:00",
        "2026-11-24T12:00:00+00:00",
    ]


# A whole reading


def test_pages_stand_in_their_order_whichever_came_first(memory: AnyListings) -> None:
    memory.page(LIKES, some("cd"), 2)
    memory.page(LIKES, some("ab"), 0)

    assert held(memory) == "abcd"


def test_a_page_stored_again_changes_nothing(memory: AnyListings) -> None:
    memory.page(LIKES, some("abc"), 0)
    memory.page(LIKES, some("abc"), 0)

    assert held(memory) == "abc"


def test_a_track_seen_again_has_its_new_place_and_words(memory: AnyListings) -> None:
    memory.page(LIKES, some("abc"), 0)
    memory.page(replace(LIKES, reading=2), [found("c", title="Renamed"), *some("ab")], 0)

    assert held(memory) == "cab"
    assert memory.tracks("spotify", "likes")[0].title == "Renamed"


def test_of_a_track_that_comes_twice_in_one_call_the_first_place_counts(memory: AnyListings) -> None:
    memory.page(LIKES, some("abab"), 0)
    memory.last(LIKES, some("cdc"))
    memory.first(LIKES, some("xyx"))

    assert held(memory) == "xyabcd"


def test_what_a_reading_has_seen_stands_before_what_it_has_not(memory: AnyListings) -> None:
    memory.page(LIKES, some("cba"), 0)
    memory.page(replace(LIKES, reading=2), some("zy"), 0)

    assert held(memory) == "zcyba"


def test_what_a_whole_reading_did_not_see_is_gone_and_counted(memory: AnyListings) -> None:
    """P53"""
    memory.page(LIKES, some("abcd"), 0)
    memory.whole(LIKES)
    second = replace(LIKES, reading=2)
    memory.page(second, some("ca"), 0)
    gone = memory.whole(second)
    again = memory.whole(second)
    stored = memory.listing("spotify", "likes")

    assert (gone, again, held(memory)) == (2, 0, "ca")
    assert stored is not None
    assert stored.gone == 2


def test_what_was_gone_comes_back_when_it_is_seen_again(memory: AnyListings, clock: Clock) -> None:
    memory.page(LIKES, [found(name, liked_at="") for name in "abc"], 0)
    memory.whole(replace(LIKES, reading=2))
    clock.now += timedelta(days=1)
    memory.page(replace(LIKES, reading=3), [found("a", liked_at="")], 0)
    memory.last(replace(LIKES, reading=3), some("b"))
    memory.first(replace(LIKES, reading=3), some("c"))
    stored = memory.listing("spotify", "likes")

    assert held(memory) == "cab"
    assert memory.tracks("spotify", "likes")[1].liked_at == "2026-11-23T12:00:00+00:00"
    assert stored is not None
    assert stored.gone == 0


def test_how_many_are_gone_is_counted_not_believed(memory: AnyListings) -> None:
    memory.page(LIKES, some("ab"), 0)
    memory.whole(replace(LIKES, reading=2))
    memory.keep(replace(LIKES, gone=99))
    stored = memory.listing("spotify", "likes")

    assert stored is not None
    assert stored.gone == 2


# Beginning and end


def test_new_ones_stand_before_all_others_in_their_order(memory: AnyListings) -> None:
    memory.page(LIKES, some("cd"), 0)
    memory.first(LIKES, some("ab"))
    memory.first(LIKES, some("z"))

    assert held(memory) == "zabcd"


def test_one_that_stood_elsewhere_moves_to_the_beginning(memory: AnyListings) -> None:
    memory.page(LIKES, some("abcd"), 0)
    memory.first(LIKES, [found("d", title="Renamed"), *some("b")])

    assert held(memory) == "dbac"
    assert memory.tracks("spotify", "likes")[0].title == "Renamed"


def test_new_ones_stand_behind_all_others_and_known_ones_stay(memory: AnyListings) -> None:
    memory.page(LIKES, some("abc"), 0)
    memory.last(LIKES, some("cdbe"))

    assert held(memory) == "abcde"


def test_an_empty_listing_takes_tracks_at_either_end(memory: AnyListings) -> None:
    memory.last(LIKES, some("bc"))
    memory.first(LIKES, some("a"))

    assert held(memory) == "abc"


# What only databases can do


@pytest.fixture
def stored(engine: sa.Engine, clock: Clock) -> SqlListings:
    return SqlListings(engine, clock)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "null",
        "[]",
        '"source_id"',
        "{}",
        '{"source_id": 5}',
        '{"source_id": "b", "title": ["x"]}',
        '{"source_id": "b", "length_s": "long"}',
    ],
)
def test_a_broken_row_costs_that_row_only(
    stored: SqlListings, engine: sa.Engine, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    stored.page(LIKES, some("abc"), 0)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE listed SET found = :broken WHERE source_id = 'b'"), {"broken": broken})
    with caplog.at_level(logging.WARNING):
        tracks = held(stored)

    assert tracks == "ac"
    assert "1 stored tracks of spotify likes cannot be read" in caplog.text


def test_what_a_newer_version_tells_besides_is_left_out(stored: SqlListings, engine: sa.Engine) -> None:
    stored.page(LIKES, some("a"), 0)
    newer = '{"source_id": "a", "title": "Waves", "mood": {"calm": 1}, "path": "/etc/passwd", "playlists": []}'
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE listed SET found = :newer"), {"newer": newer})

    assert stored.tracks("spotify", "likes") == [
        FoundTrack("spotify", "a", title="Waves", liked_at="2026-11-23T12:00:00+00:00")
    ]


def test_all_that_a_service_tells_of_a_track_is_kept() -> None:
    told = {each.name for each in fields(FoundTrack)}

    assert set(listings._KEPT) == told - {"source", "path", "playlists", "links"}


def test_a_page_is_stored_whole_or_not_at_all(stored: SqlListings) -> None:
    stored.page(LIKES, some("a"), 0)
    with pytest.raises((sa.exc.SQLAlchemyError, TypeError)):
        stored.page(replace(LIKES, goes_on="after"), [found("b"), replace(found("c"), title=b"x")], 1)  # type: ignore[arg-type]

    assert held(stored) == "a"
    assert stored.listing("spotify", "likes") == LIKES


def test_ten_thousand_tracks_are_quick_to_write_and_to_read(stored: SqlListings) -> None:
    tracks = [found(f"{number:06}", url=f"https://open.spotify.com/track/{number:022}") for number in range(10_000)]
    began = time.monotonic()
    for first in range(0, len(tracks), 50):
        stored.page(LIKES, tracks[first : first + 50], first)
    written = time.monotonic()
    read = stored.tracks("spotify", "likes")
    done = time.monotonic()

    assert read == tracks
    # Some times what it takes on two busy cores.
    assert done - written < 2
    assert written - began < 15
