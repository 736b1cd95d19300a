"""Reading lists again and again: each test's service is a list in memory that pages as real ones do."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.listings import FakeListings

from music_sync.adapters.listing_reader import Page, Reader, RemoteList
from music_sync.model.errors import GiveUp, NeedsPerson, NotSetUp, ServiceUnavailable
from music_sync.model.track import FoundTrack

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def found(name: str, *, liked_at: str = "") -> FoundTrack:
    return FoundTrack("sim", name, artist="A", title=name, liked_at=liked_at)


@dataclass
class Service:
    """A list that is paged by offset, with what happens to it between two pages."""

    names: list[str]
    size: int = 5
    dated: bool = False
    version: int = 1
    calls: int = 0
    fails_at: int = 0
    happens: Iterator[Callable[["Service"], None]] = field(default_factory=lambda: iter(()))
    unusable: frozenset[str] = frozenset()

    def fetch(self, cursor: str) -> Page:
        self.calls += 1
        if self.calls == self.fails_at:
            raise ServiceUnavailable("it is away; wait")
        start = int(cursor or 0)
        names = self.names[start : start + self.size]
        following = start + self.size
        tracks = tuple(self.track(name) for name in names if name not in self.unusable)
        page = Page(tracks, len(names), str(following) if following < len(self.names) else "", len(self.names))
        next(self.happens, lambda _: None)(self)
        return page

    def track(self, name: str) -> FoundTrack:
        return found(name, liked_at=f"2026-01-01T00:00:{int(name[1:]):02}+00:00" if self.dated else "")

    def likes(self) -> RemoteList:
        return RemoteList("likes", "Liked songs", self.fetch, back=lambda cursor, by: str(max(0, int(cursor) - by)))

    def playlist(self) -> RemoteList:
        return RemoteList(
            "playlist:p1",
            "Warm Up",
            self.fetch,
            mark=f"v{self.version}",
            mark_now=lambda: f"v{self.version}",
            total=len(self.names),
            at=str,
        )


def names(count: int, first: int = 0) -> list[str]:
    return [f"t{number}" for number in range(first, first + count)]


def reader(memory: FakeListings, now: datetime = NOW) -> Reader:
    return Reader(memory, "sim", now=lambda: now)


def read(memory: FakeListings, remote: RemoteList, now: datetime = NOW) -> list[str]:
    return [track.source_id for track in reader(memory, now).read(remote)]


@pytest.fixture
def memory() -> FakeListings:
    return FakeListings(lambda: NOW)


# Likes


def test_all_of_a_list_is_read_the_first_time(memory: FakeListings) -> None:
    assert read(memory, Service(names(23)).likes()) == names(23)


def test_an_empty_list_is_empty_and_remembered(memory: FakeListings) -> None:
    assert read(memory, Service([]).likes()) == []
    state = memory.listing("sim", "likes")

    assert state is not None
    assert state.read_at


def test_an_unchanged_list_costs_one_call(memory: FakeListings) -> None:
    """P9: only what is newer than the cursor is read."""
    service = Service(names(500))
    read(memory, service.likes())
    service.calls = 0

    assert len(read(memory, service.likes())) == 500
    assert service.calls == 1


@pytest.mark.parametrize("dated", [False, True])
def test_one_more_like_costs_one_call_and_stands_first(memory: FakeListings, dated: bool) -> None:
    service = Service(names(50)[::-1], dated=dated)
    read(memory, service.likes())
    service.names.insert(0, "t50")
    service.calls = 0

    assert read(memory, service.likes()) == ["t50", *names(50)[::-1]]
    assert service.calls == 1


def test_more_new_likes_than_a_page_holds_are_all_read(memory: FakeListings) -> None:
    service = Service(names(20))
    read(memory, service.likes())
    service.names[:0] = names(12, 100)

    assert read(memory, service.likes()) == service.names


def test_without_a_count_reading_stops_where_a_whole_page_is_known(memory: FakeListings) -> None:
    service = Service(names(50))

    def uncounted(cursor: str) -> Page:
        page = service.fetch(cursor)
        return Page(page.tracks, page.entries, page.goes_on)

    remote = RemoteList("likes", "Liked songs", uncounted)
    read(memory, remote)
    service.names.insert(0, "t99")
    service.calls = 0

    assert read(memory, remote)[:2] == ["t99", "t0"]
    assert service.calls == 2


def test_what_was_liked_once_more_moves_to_the_beginning(memory: FakeListings) -> None:
    service = Service(names(20)[::-1], dated=True)
    read(memory, service.likes())
    service.names.remove("t3")
    service.names.insert(0, "t3")
    again = service.track

    def later(name: str) -> FoundTrack:
        return found(name, liked_at="2026-02-01T00:00:00+00:00") if name == "t3" else again(name)

    service.track = later  # type: ignore[method-assign]

    assert read(memory, service.likes())[0] == "t3"


def test_a_like_that_hides_behind_others_is_found_by_the_count(memory: FakeListings) -> None:
    service = Service(names(40))
    read(memory, service.likes())
    service.names.insert(30, "t99")

    assert "t99" in read(memory, service.likes())


def test_a_first_page_without_its_next_one_takes_nothing_away(memory: FakeListings) -> None:
    service = Service(names(200))
    read(memory, service.likes())

    def cut(cursor: str) -> Page:
        return replace(service.fetch(cursor), goes_on="")

    assert read(memory, replace(service.likes(), fetch=cut)) == names(200)
    assert memory.listing("sim", "likes").gone == 0  # type: ignore[union-attr]


def test_removed_likes_are_told_and_no_longer_found(memory: FakeListings) -> None:
    service = Service(names(20))
    read(memory, service.likes())
    del service.names[3:5]
    look = reader(memory)

    assert [track.source_id for track in look.read(service.likes())] == service.names
    assert look.messages == ["2 tracks are no longer on Liked songs; the files stay"]


def test_a_long_list_with_a_removal_is_read_as_a_whole_on_the_slower_beat_only(memory: FakeListings) -> None:
    service = Service(names(200))
    read(memory, service.likes())
    del service.names[150]
    service.calls = 0
    read(memory, service.likes())
    soon = service.calls
    read(memory, service.likes(), NOW + timedelta(days=8))

    assert soon == 1
    assert service.calls > 40
    assert memory.listing("sim", "likes").gone == 1  # type: ignore[union-attr]


def test_entries_that_are_no_tracks_do_not_make_it_read_all_again(memory: FakeListings) -> None:
    service = Service(names(100), unusable=frozenset({"t7", "t50"}))
    read(memory, service.likes())
    service.calls = 0

    assert len(read(memory, service.likes())) == 98
    assert service.calls == 1


# Another person

LATER = NOW + timedelta(hours=1)


def read_after_sign_in(memory: FakeListings, remote: RemoteList) -> list[str]:
    return [track.source_id for track in Reader(memory, "sim", now=lambda: LATER, since=LATER).read(remote)]


@pytest.mark.parametrize("count", [3, 40, 90])
def test_likes_of_who_was_signed_in_before_are_not_those_of_who_is_now(memory: FakeListings, count: int) -> None:
    read(memory, Service(names(50)).likes())
    hers = Service(names(count, 100))

    assert read_after_sign_in(memory, hers.likes()) == hers.names
    hers.calls = 0
    assert read_after_sign_in(memory, hers.likes()) == hers.names
    assert hers.calls == 1


def test_a_reading_of_who_was_signed_in_before_does_not_go_on(memory: FakeListings) -> None:
    with pytest.raises(ServiceUnavailable):
        read(memory, Service(names(50), fails_at=7).likes())
    hers = Service([*names(5, 100), "t0", *names(60, 200)])

    assert read_after_sign_in(memory, hers.likes()) == hers.names


def test_a_new_sign_in_costs_no_call_for_a_playlist_that_did_not_change(memory: FakeListings) -> None:
    service = Service(names(50))
    read(memory, service.playlist())
    service.calls = 0

    assert read_after_sign_in(memory, service.playlist()) == names(50)
    assert service.calls == 0


# Kills and failures


def test_a_reading_that_broke_off_goes_on_where_it_stopped(memory: FakeListings) -> None:
    service = Service(names(50), fails_at=7)
    with pytest.raises(ServiceUnavailable):
        read(memory, service.likes())
    service.calls, service.fails_at = 0, 0

    assert sorted(read(memory, service.likes())) == sorted(names(50))
    assert service.calls == 10 - 6 + 1  # the rest, and one look at the beginning


def test_what_was_known_is_told_before_a_failure(memory: FakeListings) -> None:
    service = Service(names(10))
    read(memory, service.likes())
    service.calls, service.fails_at = 0, 1
    told = reader(memory).read(service.likes())

    assert [next(told).source_id for _ in range(10)] == names(10)
    with pytest.raises(ServiceUnavailable):
        next(told)


def test_an_account_that_nobody_connected_tells_nothing_of_what_was_known(memory: FakeListings) -> None:
    read(memory, Service(names(3)).likes())

    def fetch(_cursor: str) -> Page:
        raise NotSetUp("it is not connected; connect it")

    told = reader(memory).read(RemoteList("likes", "Liked songs", fetch))

    with pytest.raises(NeedsPerson):
        next(told)


def test_a_cursor_that_is_no_longer_taken_begins_anew(memory: FakeListings) -> None:
    service = Service(names(30), fails_at=4)
    with pytest.raises(ServiceUnavailable):
        read(memory, service.likes())
    service.fails_at = 0

    def picky(cursor: str) -> Page:
        if cursor == "15":
            picky_calls.append(cursor)
            if len(picky_calls) == 1:
                raise GiveUp("invalidPageToken")
        return service.fetch(cursor)

    picky_calls: list[str] = []

    assert sorted(read(memory, RemoteList("likes", "Liked songs", picky))) == sorted(names(30))
    assert picky_calls


@pytest.mark.parametrize(("days", "number"), [(0, 15), (1, 50)])
def test_a_page_that_stays_away_for_a_day_does_not_hold_a_reading_up_for_ever(
    memory: FakeListings, days: int, number: int
) -> None:
    """Services answer some outdated cursors as if they were away."""
    service = Service(names(50), fails_at=4)
    with pytest.raises(ServiceUnavailable):
        read(memory, service.likes())
    service.calls = service.fails_at = 0
    outdated = iter([True])

    def fetch(cursor: str) -> Page:
        if cursor == "15" and next(outdated, False):
            raise ServiceUnavailable("502")
        return service.fetch(cursor)

    remote = RemoteList("likes", "Liked songs", fetch)
    with suppress(ServiceUnavailable):
        read(memory, remote, NOW + timedelta(days=days))

    assert len(memory.tracks("sim", "likes")) == number


def test_a_reading_that_was_limited_for_a_day_goes_on_where_it_stopped(memory: FakeListings) -> None:
    """P55: a service that limits us is not asked for the same pages again."""
    service = Service(names(50), fails_at=4)
    with pytest.raises(ServiceUnavailable):
        read(memory, service.likes())

    def limited(cursor: str) -> Page:
        asked.append(cursor)
        raise ServiceUnavailable("it limits us until tomorrow", 3600.0)

    asked: list[str] = []
    told = reader(memory, NOW + timedelta(days=2)).read(RemoteList("likes", "Liked songs", limited))
    with pytest.raises(ServiceUnavailable):
        list(told)

    assert asked == ["15"]


def test_a_clock_that_was_ahead_does_not_put_off_the_next_whole_reading(memory: FakeListings) -> None:
    service = Service(names(200))
    read(memory, service.likes(), NOW + timedelta(days=700))
    del service.names[150]

    assert read(memory, service.likes()) == service.names


def test_a_service_that_sends_us_in_a_circle_is_stopped(memory: FakeListings) -> None:
    def circle(cursor: str) -> Page:
        return Page((found(f"t{cursor}"),), 1, "b" if cursor == "a" else "a")

    with pytest.raises(ServiceUnavailable, match="same page again"):
        read(memory, RemoteList("likes", "Liked songs", circle))


# Changes between two pages


def add(service: Service) -> None:
    service.names.insert(0, f"t{900 + service.calls}")


def remove_first(service: Service) -> None:
    service.names.pop(0)


def test_a_like_between_two_pages_is_found_and_none_is_doubled(memory: FakeListings) -> None:
    service = Service(names(20), happens=iter([add]))
    seen = read(memory, service.likes())

    assert sorted(seen) == sorted([*names(20), "t901"])
    assert seen[0] == "t901"


def test_a_removal_between_two_pages_loses_no_other_track(memory: FakeListings) -> None:
    service = Service(names(20), happens=iter([remove_first, remove_first]))

    assert set(names(20)[2:]) <= set(read(memory, service.likes()))


changes = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.just("add"), st.integers(1, 8)),
        st.tuples(st.just("remove"), st.integers(0, 60)),
    ),
    max_size=14,
)


@given(changes=changes, count=st.integers(0, 45), size=st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_whatever_changes_between_pages_nothing_that_stayed_is_lost(
    changes: list[tuple[str, int] | None], count: int, size: int
) -> None:
    """Likes grow at their beginning and shrink anywhere; what was there all the time must be found, and once."""
    fresh = iter(range(1000, 9999))

    def happening(change: tuple[str, int] | None) -> Callable[[Service], None]:
        def happen(service: Service) -> None:
            if change and change[0] == "add":
                service.names[:0] = [f"t{next(fresh)}" for _ in range(change[1])]
            elif change and change[1] < len(service.names):
                del service.names[change[1]]

        return happen

    memory = FakeListings(lambda: NOW)
    service = Service(names(count), size, happens=map(happening, changes))
    before = list(service.names)
    try:
        seen = read(memory, service.likes())
    except ServiceUnavailable:
        # As many likes more as less between two small pages look like a service that repeats itself.
        service.happens = iter(())
        seen = read(memory, service.likes())

    assert {name for name in before if name in service.names} <= set(seen)
    assert len(seen) == len(set(seen))
    # Whatever the first reading made of it, the next one that meets no changes knows all there is.
    service.happens = iter(())
    assert set(service.names) <= set(read(memory, service.likes()))


# Playlists


def test_an_unchanged_playlist_costs_no_call(memory: FakeListings) -> None:
    service = Service(names(100))
    read(memory, service.playlist())
    service.calls = 0

    assert len(read(memory, service.playlist())) == 100
    assert service.calls == 0


def test_a_playlist_is_known_by_its_new_name_though_nothing_else_changed(memory: FakeListings) -> None:
    """P53"""
    service = Service(names(7))
    read(memory, service.playlist())
    read(memory, replace(service.playlist(), name="Peak Time"))

    assert [each.name for each in memory.listings()] == ["Peak Time"]


def test_tracks_of_a_playlist_carry_their_place(memory: FakeListings) -> None:
    """P19"""
    tracks = list(reader(memory).read(Service(names(7)).playlist()))

    assert [(track.playlists[0].name, track.playlists[0].position) for track in tracks] == [
        ("Warm Up", place) for place in range(7)
    ]
    assert {(track.playlists[0].source, track.playlists[0].source_id) for track in tracks} == {("sim", "p1")}


def test_what_was_put_on_a_playlist_last_comes_first_with_its_own_place(memory: FakeListings) -> None:
    tracks = list(reader(memory).read(Service(names(7), dated=True).playlist()))

    assert [track.playlists[0].position for track in tracks] == [6, 5, 4, 3, 2, 1, 0]


def test_a_track_at_the_end_of_a_playlist_costs_one_call(memory: FakeListings) -> None:
    service = Service(names(100))
    read(memory, service.playlist())
    service.names.append("t100")
    service.version, service.calls = 2, 0

    assert read(memory, service.playlist()) == names(101)
    assert service.calls == 1


@pytest.mark.parametrize("place", [0, 1, 50, 97, 99])
def test_a_track_elsewhere_on_a_playlist_has_it_read_as_a_whole(memory: FakeListings, place: int) -> None:
    service = Service(names(100))
    read(memory, service.playlist())
    service.names.insert(place, "t500")
    service.version = 2

    assert read(memory, service.playlist()) == service.names


def test_a_track_put_first_is_found_though_the_last_entries_are_no_tracks(memory: FakeListings) -> None:
    service = Service(names(4), unusable=frozenset({"t2", "t3"}))
    read(memory, service.playlist())
    service.names.insert(0, "t9")
    service.version += 1

    assert sorted(read(memory, service.playlist())) == ["t0", "t1", "t9"]


def test_a_playlist_in_another_order_is_taken_over(memory: FakeListings) -> None:
    service = Service(names(12))
    read(memory, service.playlist())
    service.names.reverse()
    service.version = 2

    assert read(memory, service.playlist()) == names(12)[::-1]


def test_a_playlist_that_changes_while_it_is_read_is_read_again(memory: FakeListings) -> None:
    def change(service: Service) -> None:
        service.names.pop(0)
        service.names.append("t99")
        service.version += 1

    service = Service(names(20), happens=iter([lambda _: None, change]))

    seen = read(memory, service.playlist())

    assert set(service.names) <= set(seen)
    assert memory.listing("sim", "playlist:p1").mark == "v2"  # type: ignore[union-attr]


def test_a_playlist_that_never_holds_still_is_told_and_read_again_next_time(memory: FakeListings) -> None:
    def change(service: Service) -> None:
        service.version += 1

    service = Service(names(20), happens=iter([change] * 100))
    look = reader(memory)

    assert len(list(look.read(service.playlist()))) == 20
    assert look.messages == ["Warm Up changed while it was read; the next sync reads it once more"]
    service.happens, service.calls = iter(()), 0
    read(memory, service.playlist())
    assert service.calls > 0


def test_a_track_that_stands_twice_on_a_playlist_is_found_once(memory: FakeListings) -> None:
    service = Service([*names(8), "t3"])

    assert sorted(read(memory, service.playlist())) == names(8)


def test_a_playlist_without_dates_keeps_its_order_however_long_the_reading_takes(memory: FakeListings) -> None:
    """Only some services say when a track was put on a list."""
    hours = iter(range(1000))
    look = Reader(memory, "sim", now=lambda: NOW + timedelta(hours=next(hours)))

    assert [track.source_id for track in look.read(Service(names(30)).playlist())] == names(30)


def test_a_person_who_asks_for_a_list_gets_all_of_it_read(memory: FakeListings) -> None:
    """P53"""
    service = Service(names(20))
    read(memory, service.playlist())
    service.calls = 0
    again = Reader(memory, "sim", now=lambda: NOW, anew=True)

    assert len(list(again.read(service.playlist()))) == 20
    assert service.calls == 4


def test_a_page_that_comes_twice_by_a_slip_costs_one_call(memory: FakeListings) -> None:
    service = Service(names(20))
    slips = iter(["0"])

    def fetch(cursor: str) -> Page:
        page = service.fetch(next(slips, cursor) if cursor == "5" else cursor)
        return page if cursor != "5" or page.goes_on != "5" else Page(page.tracks, page.entries, "10", page.total)

    assert sorted(read(memory, RemoteList("likes", "Liked songs", fetch))) == sorted(names(20))
    assert service.calls == 6  # four pages, one of them twice, and a look at the beginning


def test_a_service_that_gives_one_page_for_every_place_is_stopped(memory: FakeListings) -> None:
    service = Service(names(1000))

    def fetch(cursor: str) -> Page:
        page = service.fetch("")
        return Page(page.tracks, page.entries, str(int(cursor or 0) + 5), page.total)

    with pytest.raises(ServiceUnavailable, match="gives the same page again and again"):
        read(memory, RemoteList("likes", "Liked songs", fetch))
    assert service.calls == 3


def test_a_list_of_one_page_shows_at_once_what_is_gone_though_nothing_counts_it(memory: FakeListings) -> None:
    service = Service(names(4))

    def uncounted(cursor: str) -> Page:
        page = service.fetch(cursor)
        return Page(page.tracks, page.entries, page.goes_on)

    remote = RemoteList("likes", "Likes", uncounted)
    read(memory, remote)
    del service.names[1]
    look = reader(memory)

    assert [found.source_id for found in look.read(remote)] == ["t0", "t2", "t3"]
    assert look.messages == ["1 track is no longer on Likes; the files stay"]
