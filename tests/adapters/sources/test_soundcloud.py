"""SoundCloud as a source, against its simulator."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.accounts import OAuth
from music_sync.adapters.calls import Forbidden, Reply
from music_sync.adapters.extractor_lists import PublicPages
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.links import read_place
from music_sync.adapters.means import Means
from music_sync.adapters.sources import soundcloud
from music_sync.adapters.sources.soundcloud import (
    ACCOUNT,
    LIMITS,
    OFF,
    SoundCloudLikes,
    SoundCloudPlaylists,
    for_place,
    judge,
    next_path,
    open_parts,
    parse_track,
    who,
)
from music_sync.demo.loopback import Change, Garbled, Refuse, Truncated
from music_sync.demo.public_pages import Profile, PublicPagesServer, like, soundcloud_track
from music_sync.demo.soundcloud import (
    Set,
    Shelf,
    SoundCloudServer,
    error,
    geo_blocked,
    nulled,
    rate_limited,
    stamp,
    track,
    without,
)
from music_sync.model.errors import BadSetting, NeedsPerson, NotSetUp, ServiceUnavailable, SyncError, TryAgainLater
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack
from music_sync.track.detect import detect


class Home:
    """A home that is connected to the simulator, with a memory that lasts."""

    def __init__(self, folder: Path, server: SoundCloudServer) -> None:
        app = server.authorization.app
        self.folder = folder
        self.server = server
        self.variables = {
            "MUSIC_SYNC_SOUNDCLOUD_URL": server.url,
            "MUSIC_SYNC_SOUNDCLOUD_AUTH_URL": server.url,
            "SOUNDCLOUD_CLIENT_ID": app.client_id,
            "SOUNDCLOUD_CLIENT_SECRET": app.client_secret,
            "SOUNDCLOUD_REFRESH_TOKEN": server.authorization.grant(),
        }
        self.memory = FakeListings()

    @property
    def means(self) -> Means:
        return means_in(self.folder, self.memory, **self.variables)

    def part(self, name: str) -> Source:
        return next(part for part in open_parts(self.means) if part.part == name)

    def found(self, name: str = "likes") -> list[FoundTrack]:
        return list(self.part(name).detect())

    def ids(self, name: str = "likes") -> list[str]:
        return [found.source_id for found in self.found(name)]

    def calls_of(self, act: Callable[[], object]) -> int:
        """How many calls of the API this took, the sign-in not counted."""
        before = len(self.server.calls("GET"))
        act()
        return len(self.server.calls("GET")) - before


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with SoundCloudServer() as server:
        yield Home(tmp_path / "home", server)


def pieces(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    return [track(number, f"Piece {number}", **changes) for number in numbers]


def told_before_error(source: Source) -> tuple[list[str], SyncError]:
    told = []
    try:
        for found in source.detect():
            told.append(found.source_id)  # noqa: PERF401 - what came before the error counts
    except SyncError as failure:
        return told, failure
    raise AssertionError("there was no error")


def messages_of(source: Source) -> list[str]:
    list(source.detect())
    return list(source.messages)


# Words


def test_a_track_is_read_with_all_that_it_tells() -> None:
    told = track(
        77, "Half Past Two (Dub)", "Label Uploads", metadata_artist="Nadia Klee", isrc="de-ab1-25-00001", duration=215_400,
        permalink_url="https://soundcloud.com/label-uploads/half-past-two-dub?utm_source=clipboard&si=abc",
    )  # fmt: skip

    assert parse_track(told) == FoundTrack(
        source="soundcloud",
        source_id="77",
        artist="Nadia Klee",
        title="Half Past Two (Dub)",
        isrc="DEAB12500001",
        year=2025,
        genre="House",
        length_s=215.4,
        url="https://soundcloud.com/label-uploads/half-past-two-dub",
    )


def test_the_uploader_stands_in_for_an_artist_who_is_not_named_and_titles_stay_as_they_are() -> None:
    found = parse_track(track(1, "Mira Voss - Ferry [FREE DL]", "some channel"))

    assert found
    assert (found.artist, found.title) == ("some channel", "Mira Voss - Ferry [FREE DL]")


@pytest.mark.parametrize(
    "told",
    [
        without(track(77, "x"), "id"),
        track(77, "x", id=None),
        track(77, "x", id="soundcloud:tracks:77"),
        without(track(77, "x"), "urn"),
        track(77, "x", urn=None, kind=None),
        track(77, "x", urn=None, id="77"),
    ],
)
def test_numbers_and_urns_name_the_same_track(told: dict[str, Any]) -> None:
    found = parse_track(told)

    assert found
    assert found.source_id == "77"


@pytest.mark.parametrize(
    "entry",
    [
        None, "track", [], {}, {"urn": "soundcloud:tracks:1"}, track(1, ""), track(1, " \n"),
        track(1, "x", urn=None, id=None), track(1, "a set", urn="soundcloud:playlists:1"),
        track(1, "a set", urn=None, kind="playlist"), track(1, "x", urn=None, id=True),
    ],
)  # fmt: skip
def test_what_is_no_track_is_none(entry: object) -> None:
    assert parse_track(entry) is None


def test_a_track_may_be_null_in_all_but_its_name() -> None:
    found = parse_track(nulled(track(5, "Alone"), "urn", "title"))

    assert found == FoundTrack("soundcloud", "5", title="Alone", url="https://api.soundcloud.com/tracks/5")


@pytest.mark.parametrize("name", [*track(1, "x")])
def test_no_field_of_the_wrong_kind_costs_the_track_or_the_run(name: str) -> None:
    values: list[Any] = [None, 7.5, -1, True, [], [None], {}, "\0\ud800", "x" * 9000, 10**40]
    for wrong in values:
        found = parse_track({**track(9, "Kept", metadata_artist="Nadia"), name: wrong})

        assert found is None or (found.source_id and f"{found.artist}{found.title}{found.url}{found.isrc}".encode())


@pytest.mark.parametrize(
    ("access", "duration", "length_s"),
    [("playable", 30_000, 30.0), ("preview", 30_000, None), ("preview", 180_000, 180.0), ("blocked", 180_000, 180.0)],
)
def test_the_length_of_a_preview_is_not_taken_for_the_tracks_p21(
    access: str, duration: int, length_s: float | None
) -> None:
    """P21."""
    found = parse_track(track(1, "x", access=access, duration=duration))

    assert found
    assert found.length_s == length_s


# Likes


def test_likes_are_all_found_newest_first_whatever_may_be_played_p17(home: Home) -> None:
    """P17: what is blocked here or only plays as a preview is wanted all the same."""
    home.server.likes = Shelf([
        track(4, "d", access="blocked"), track(3, "c", access=None), track(2, "b", access="preview"), track(1, "a"),
    ])  # fmt: skip
    before = time.time() - 1
    found = home.found()

    assert [each.source_id for each in found] == ["4", "3", "2", "1"]
    assert all(each.liked_at > stamp_of(before) for each in found)


def stamp_of(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))


def test_the_first_time_a_like_was_seen_stays_its_time(home: Home) -> None:
    home.server.likes = Shelf(pieces(1))
    first = home.found()
    home.server.likes.put(*pieces(2))

    assert home.found()[1] == first[0]


def test_only_new_pages_of_ten_thousand_likes_are_read_p9(home: Home) -> None:
    """P9."""
    home.server.likes = Shelf(pieces(*range(10_000, 0, -1)))

    assert home.calls_of(home.found) == 51
    assert home.calls_of(home.found) == 1

    home.server.likes.put(*pieces(10_001))

    assert home.calls_of(home.found) <= 2
    assert home.ids() == [str(number) for number in range(10_001, 0, -1)]


def test_entries_that_are_no_tracks_are_summed_up_once(home: Home) -> None:
    home.server.likes = Shelf([*pieces(1), None, nulled(track(2, "b"), "urn"), *pieces(*range(3, 250)), None])
    part = home.part("likes")

    assert len(list(part.detect())) == 248
    assert part.messages == ["3 entries of SoundCloud likes are no tracks any more"]


def test_one_entry_that_is_no_track_is_told_as_one(home: Home) -> None:
    home.server.likes = Shelf([None, *pieces(1)])

    assert messages_of(home.part("likes")) == ["1 entry of SoundCloud likes is no track any more"]


def test_reposts_are_a_part_that_is_asked_only_by_its_name(home: Home) -> None:
    home.server.reposts = Shelf(pieces(5))

    assert [part.part for part in open_parts(home.means)] == ["likes", "playlists", "reposts"]
    assert frozenset({"reposts"}) == OFF
    assert home.ids("reposts") == ["5"]


# Pages


@pytest.mark.parametrize("ends_with_null", [True, False])
@pytest.mark.parametrize("next_href_at", ["absolute", "relative", "internal"])
def test_next_href_is_followed_in_all_its_forms(home: Home, next_href_at: str, ends_with_null: bool) -> None:
    home.server.next_href_at, home.server.ends_with_null = next_href_at, ends_with_null
    home.server.likes = Shelf(pieces(*range(1, 402)))

    assert home.ids() == [str(number) for number in range(1, 402)]


def test_the_token_goes_to_the_base_address_alone() -> None:
    assert next_path("https://elsewhere.invalid/me/likes/tracks?cursor=a%2Fb&page_size=2") == (
        "me/likes/tracks?cursor=a%2Fb&page_size=2"
    )
    assert next_path("https://proxy.invalid/sc/me/likes/tracks?cursor=1", "/sc") == "me/likes/tracks?cursor=1"


@pytest.mark.parametrize("href", [7, {}, True, "https://api.soundcloud.com", "https://[", " "])
def test_a_next_href_that_is_no_address_is_not_taken_for_the_end(home: Home, href: object) -> None:
    home.server.likes = Shelf(pieces(1))
    home.server.misbehave("GET", Change(lambda page: {**page, "next_href": href}))

    with pytest.raises(ServiceUnavailable, match="no address"):
        home.found()


@pytest.mark.parametrize("part", ["likes", "playlists"])
def test_a_page_that_names_itself_again_ends_with_an_error_p9(home: Home, part: str) -> None:
    """P9: the reading has an end, whatever the service answers."""
    path = {"likes": "/me/likes/tracks", "playlists": "/me/playlists"}[part]
    home.server.likes = Shelf(pieces(1, 2))
    same = f"{home.server.url}{path}?linked_partitioning=true&x=1"
    home.server.misbehave(f"GET {path}", Change(lambda page: {**page, "next_href": same}), always=True)

    with pytest.raises(ServiceUnavailable, match="again and again"):
        home.found(part)
    assert len(home.server.calls("GET")) < 10


def test_pages_in_a_circle_end_with_an_error(home: Home) -> None:
    home.server.likes = Shelf(pieces(1, 2))
    turns = {"a": "b", "b": "a"}

    def turn(page: Any) -> Any:
        at = home.server.calls("GET")[-1].query.get("turn", "") if home.server.calls("GET") else ""
        return {**page, "next_href": f"/me/likes/tracks?linked_partitioning=true&turn={turns.get(at, 'a')}"}

    home.server.misbehave("GET", Change(turn), always=True)

    with pytest.raises(ServiceUnavailable, match="again and again"):
        home.found()
    assert len(home.server.calls("GET")) < 20


def test_what_is_liked_and_unliked_while_pages_are_read_costs_no_other_track(home: Home) -> None:
    home.server.likes = Shelf(pieces(*range(1, 601)))
    changes: dict[int, Callable[[], object]] = {
        3: lambda: home.server.likes.put(*pieces(900)),
        4: lambda: home.server.likes.remove(5),
    }
    home.server.after_each = lambda count: changes.get(count, lambda: None)()
    ids = home.ids()

    assert ids[0] == "900"
    assert set(ids) >= {str(number) for number in range(1, 601) if number != 5}


@pytest.mark.parametrize(
    "answer", [Garbled(), Garbled(b"[]"), Garbled(b"{}"), Garbled(b'{"collection": null}'), Truncated(), Garbled(b"")]
)
def test_an_answer_that_is_no_list_is_an_error_and_never_no_likes(home: Home, answer: Garbled | Truncated) -> None:
    home.server.likes = Shelf(pieces(1, 2))
    home.found()
    home.server.misbehave("GET", answer, always=True)
    told, failure = told_before_error(home.part("likes"))
    home.server.behave()

    assert isinstance(failure, ServiceUnavailable)
    assert told == home.ids() == ["1", "2"]


def test_a_reading_that_broke_off_goes_on_where_it_was(home: Home) -> None:
    home.server.likes = Shelf(pieces(*range(1, 1001)))
    home.server.misbehave("GET .*cursor", *[Change(lambda page: page)] * 2, *[Refuse(500)] * 5)
    with pytest.raises(ServiceUnavailable):
        home.found()

    assert home.calls_of(home.found) == 3
    assert len(home.found()) == 1000


def test_what_is_known_is_told_before_the_error(home: Home) -> None:
    home.server.likes = Shelf(pieces(1, 2))
    home.found()
    home.server.misbehave("GET", Refuse(503), always=True)
    told, failure = told_before_error(home.part("likes"))

    assert told == ["1", "2"]
    assert isinstance(failure, ServiceUnavailable)


# Sets


def test_tracks_of_own_and_liked_sets_carry_the_set_and_their_place_p19(home: Home) -> None:
    """P19."""
    home.server.sets = [Set(50, "Warm Up", Shelf(pieces(1, 2, access="blocked")))]
    home.server.liked_sets = [Set(60, "Aftermath", Shelf(pieces(3))), home.server.sets[0]]
    places = {
        found.source_id: [(each.source_id, each.name, each.position) for each in found.playlists]
        for found in home.found("playlists")
    }

    assert places == {"1": [("50", "Warm Up", 0)], "2": [("50", "Warm Up", 1)], "3": [("60", "Aftermath", 0)]}


def test_sets_that_did_not_change_cost_no_calls_of_their_own_p53(home: Home) -> None:
    """P53."""
    home.server.sets = [Set(number, f"Set {number}", Shelf(pieces(number))) for number in range(1, 31)]
    home.found("playlists")

    assert home.calls_of(lambda: home.found("playlists")) == 2

    home.server.sets[3].add(*pieces(99))

    assert home.calls_of(lambda: home.found("playlists")) == 3
    assert len(home.found("playlists")) == 31


def test_many_large_sets_that_are_liked_are_read(home: Home) -> None:
    """P53: they come with all their tracks, and the words of each."""
    words = "All my tracks in one place. " * 140
    home.server.liked_sets = [
        Set(number, f"Set {number}", Shelf(pieces(*range(200 * number, 200 * (number + 1)), description=words)))
        for number in range(1, 23)
    ]

    assert len(home.found("playlists")) == 22 * 200


@pytest.mark.parametrize("lacks", ["last_modified", "track_count"])
def test_a_set_that_does_not_tell_whether_it_changed_is_read_each_time(home: Home, lacks: str) -> None:
    silent = Set(50, "Silent", Shelf(pieces(*range(1, 61))), counts=lacks != "track_count")
    if lacks == "last_modified":
        silent.last_modified = None
    home.server.sets = [silent]
    home.found("playlists")
    silent.tracks.append(*pieces(99))

    # Seen in a later second than the others, it comes before them.
    (added,) = [found for found in home.found("playlists") if found.source_id == "99"]
    assert added.playlists[0].position == 60


def test_a_track_put_into_another_place_gets_its_new_place(home: Home) -> None:
    warm_up = Set(50, "Warm Up", Shelf(pieces(1, 2, 3)))
    home.server.sets = [warm_up]
    home.found("playlists")
    warm_up.tracks.reverse()
    warm_up.touch()

    places = {each.source_id: each.playlists[0].position for each in home.found("playlists")}

    assert places == {"3": 0, "2": 1, "1": 2}


@pytest.mark.parametrize(("status", "why"), [(403, "does not allow"), (404, "no such thing"), (451, "does not allow")])
def test_a_set_that_is_not_shown_is_told_and_the_others_go_on(home: Home, status: int, why: str) -> None:
    home.server.sets = [Set(number, f"Set {number}", Shelf(pieces(number))) for number in (1, 2, 3)]
    home.server.misbehave("GET /playlists/soundcloud:playlists:2/", geo_blocked(status), always=True)
    part = home.part("playlists")

    assert [found.source_id for found in part.detect()] == ["1", "3"]
    (message,) = part.messages
    assert message.startswith("the playlist Set 2 was left out: ")
    assert why in message


def test_entries_among_the_sets_that_are_none_cost_nothing(home: Home) -> None:
    home.server.sets = [Set(1, "Kept", Shelf([None, *pieces(1)]))]
    home.server.misbehave(
        "GET /me/playlists",
        Change(lambda page: {**page, "collection": [None, {}, track(9, "x"), *page["collection"], 7]}),
    )
    part = home.part("playlists")

    assert [found.source_id for found in part.detect()] == ["1"]
    assert part.messages == ["1 entry of Kept is no track any more"]


def test_when_soundcloud_fails_midway_the_other_sets_are_told_as_they_are_known(home: Home) -> None:
    home.server.sets = [Set(number, f"Set {number}", Shelf(pieces(number))) for number in (1, 2, 3)]
    home.server.liked_sets = [Set(4, "Liked", Shelf(pieces(4)))]
    home.found("playlists")
    for each in home.server.sets:
        each.touch()
    home.server.misbehave("GET /playlists/soundcloud:playlists:2/", Refuse(500), always=True)
    calls = len(home.server.calls("GET"))
    told, failure = told_before_error(home.part("playlists"))

    assert told == ["1", "2", "3", "4"]
    assert isinstance(failure, ServiceUnavailable)
    assert len(home.server.calls("GET")) - calls == 7  # the sets, set 1, and five tries of set 2


def test_a_set_that_is_ones_own_and_liked_is_read_once(home: Home) -> None:
    home.server.sets = home.server.liked_sets = [Set(50, "Silent", Shelf(pieces(1)), last_modified=None)]

    assert home.calls_of(lambda: home.found("playlists")) == 3


def test_when_ones_own_sets_are_blocked_the_liked_ones_are_read_and_the_own_told_as_known_p10(home: Home) -> None:
    """P10."""
    home.server.sets = [Set(1, "Own", Shelf(pieces(1))), Set(2, "Silent", Shelf(pieces(2)), last_modified=None)]
    home.found("playlists")
    home.server.liked_sets = [Set(3, "Liked", Shelf(pieces(3)))]
    home.server.misbehave("GET /me/playlists", geo_blocked())
    part = home.part("playlists")
    told, failure = told_before_error(part)

    assert told == ["3", "1", "2"]
    assert isinstance(failure, Forbidden)
    assert part.messages == []


# Places that a person names


def place_source(home: Home, link: str) -> Source:
    found = for_place(read_place(link), home.means)
    assert found
    return found


@pytest.mark.parametrize("is_urn", [True, False])
@pytest.mark.parametrize(
    "link",
    [
        "https://soundcloud.com/nadia-klee/half-past-two?utm_source=clipboard",
        "https://m.soundcloud.com/nadia-klee/half-past-two",
        "https://on.soundcloud.com/AbC",
        "soundcloud:tracks:77",
        "https://api.soundcloud.com/tracks/77",
    ],
)
def test_a_link_to_a_track_brings_that_track(home: Home, link: str, is_urn: bool) -> None:
    home.server.location_is_urn = is_urn
    home.server.catalogue = [track(77, "Half Past Two")]
    home.server.short_links["https://on.soundcloud.com/AbC"] = "https://soundcloud.com/nadia-klee/half-past-two?si=1"
    (found,) = place_source(home, link).detect()

    assert (found.source_id, found.url) == ("77", "https://soundcloud.com/nadia-klee/half-past-two")


def test_a_link_to_a_set_brings_its_tracks_in_their_places(home: Home) -> None:
    home.server.liked_sets = [Set(50, "Warm Up", Shelf(pieces(1, 2)))]
    found = list(place_source(home, "https://soundcloud.com/nadia-klee/sets/warm-up").detect())

    assert [each.playlists[0].position for each in found] == [0, 1]
    assert {each.playlists[0].name for each in found} == {"Warm Up"}
    # A set may hold hundreds; they come page by page.
    assert home.server.calls("/playlists/[^/]*$")[0].query == {"show_tracks": "false"}


def test_a_secret_link_to_a_set_keeps_its_secret(home: Home) -> None:
    home.server.liked_sets = [Set(50, "Promo", Shelf(pieces(1)), secret="s-AbCdE")]

    assert len(list(place_source(home, "https://soundcloud.com/nadia-klee/sets/promo/s-AbCdE").detect())) == 1


@pytest.mark.parametrize(
    "link", ["https://soundcloud.com/mira-voss/likes", "https://soundcloud.com/mira-voss", "soundcloud:users:8000"]
)
def test_a_link_to_a_profile_brings_what_it_likes(home: Home, link: str) -> None:
    home.server.others["mira-voss"] = Shelf(pieces(3, 2, access="blocked"))

    assert [found.source_id for found in place_source(home, link).detect()] == ["3", "2"]
    assert home.ids() == []


def test_a_link_to_ones_own_likes_is_the_likes(home: Home) -> None:
    home.server.likes = Shelf(pieces(1))

    assert [found.source_id for found in place_source(home, "https://soundcloud.com/you/likes").detect()] == ["1"]


@pytest.mark.parametrize(
    "link", ["https://soundcloud.com/no/one", "soundcloud:tracks:9", "soundcloud:playlists:9", "soundcloud:users:9"]
)
def test_a_link_to_nothing_says_so_in_one_sentence_p23(home: Home, link: str) -> None:
    """P23."""
    with pytest.raises(BadSetting, match=r"cannot be read: SoundCloud has no such thing .*; check the link"):
        list(place_source(home, link).detect())


def test_a_link_that_leads_to_something_else_says_so(home: Home) -> None:
    home.server.misbehave("GET /resolve", Refuse(302, {}, {"Location": "https://api.soundcloud.com/stations/7"}))

    with pytest.raises(BadSetting, match="names no track, playlist or profile"):
        list(place_source(home, "https://on.soundcloud.com/AbC").detect())


def test_nobody_connected_cannot_read_a_link(tmp_path: Path) -> None:
    assert for_place(read_place("https://soundcloud.com/a/b"), means_in(tmp_path)) is None


def test_links_to_other_services_are_not_for_soundcloud(home: Home) -> None:
    assert for_place(read_place("https://open.spotify.com/track/" + "7" * 22), home.means) is None


# A public profile


class Profiles:
    """A home without an account, and the public pages."""

    def __init__(self, folder: Path, server: PublicPagesServer) -> None:
        self.folder = folder
        self.server = server

    def likes(self, **variables: str) -> SoundCloudLikes:
        given = {"MUSIC_SYNC_EXTRACTORS": "soundcloud", "SOUNDCLOUD_PROFILE": "nadia-klee", **variables}
        means = means_in(self.folder, FakeListings(), **given)
        return SoundCloudLikes(
            means,
            lambda means, tell: PublicPages(means, "soundcloud", tell=tell, base=self.server.url, sleep=means.sleep),
        )


@pytest.fixture
def profiles(tmp_path: Path) -> Iterator[Profiles]:
    with PublicPagesServer() as server:
        liked = [like(soundcloud_track(2, "b")), like(soundcloud_track(1, "a"))]
        server.profiles["nadia-klee"] = Profile(8000, "Nadia Klee", liked)
        yield Profiles(tmp_path / "home", server)


def test_without_an_account_the_likes_of_a_public_profile_are_read_where_the_owner_allows_it(
    profiles: Profiles,
) -> None:
    part = profiles.likes()

    assert [found.source_id for found in part.detect()] == ["2", "1"]
    assert not part.needs_account


@pytest.mark.parametrize("lacks", ["MUSIC_SYNC_EXTRACTORS", "SOUNDCLOUD_PROFILE"])
def test_a_public_profile_is_read_only_when_it_is_named_and_allowed(profiles: Profiles, lacks: str) -> None:
    part = profiles.likes(**{lacks: ""})

    assert part.needs_account
    with pytest.raises(NotSetUp):
        list(part.detect())
    assert profiles.server.seen == []


def test_an_account_comes_before_a_public_profile(home: Home, profiles: Profiles) -> None:
    home.server.likes = Shelf(pieces(9))

    assert [found.source_id for found in profiles.likes(**home.variables).detect()] == ["9"]
    assert profiles.server.seen == []


def test_a_profile_that_is_not_shown_is_for_a_person(profiles: Profiles) -> None:
    with pytest.raises(NeedsPerson, match="the likes of the profile nobody cannot be read"):
        list(profiles.likes(SOUNDCLOUD_PROFILE="nobody").detect())


def test_the_public_pages_are_those_of_soundcloud(tmp_path: Path) -> None:
    means = means_in(tmp_path, MUSIC_SYNC_EXTRACTORS="soundcloud", SOUNDCLOUD_PROFILE="nadia-klee")
    messages: list[str] = []

    with soundcloud._public_pages(means, messages.append) as pages:
        assert pages.soundcloud_likes("nadia-klee").name == "Likes of nadia-klee"


# The sign-in


def test_nobody_connected_is_told_what_to_type(tmp_path: Path) -> None:
    for part in open_parts(means_in(tmp_path)):
        with pytest.raises(NotSetUp, match="music-sync connect soundcloud"):
            list(part.detect())


def test_an_access_token_that_ended_is_renewed_once(home: Home) -> None:
    home.server.likes = Shelf(pieces(1))
    home.found()
    home.server.authorization.end_access()

    assert home.ids() == ["1"]
    assert [seen.status for seen in home.server.calls("GET")] == [200, 401, 200]
    assert home.server.authorization.granted == ["refresh_token"] * 2


def test_a_sign_in_that_was_taken_back_asks_for_a_person(home: Home) -> None:
    home.server.likes = Shelf(pieces(1))
    home.found()
    home.server.authorization.revoke()

    for _ in range(2):
        with pytest.raises(NeedsPerson, match="music-sync connect soundcloud") as raised:
            home.found()
        assert not isinstance(raised.value, NotSetUp)
    # The second round does not ask with what was refused.
    assert len(home.server.calls("POST /oauth/token")) == 2


@pytest.mark.parametrize("path", ["/me/likes/tracks", "/me/playlists"])
def test_calls_are_signed_with_the_word_that_soundcloud_wants(home: Home, path: str) -> None:
    home.found()
    home.found("playlists")
    sent = [seen.headers["authorization"] for seen in home.server.calls(path)]

    assert all(each.startswith("OAuth access-") for each in sent)


def test_two_processes_never_spend_the_same_refresh_token(home: Home) -> None:
    home.server.likes = Shelf(pieces(1, 2, 3))
    environment = {**os.environ, **home.variables, "MUSIC_SYNC_HOME": str(home.folder)}
    with ExitStack() as stack:
        readers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", READER],
                    env=environment,
                    cwd=Path(__file__).parents[3],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(2)
        ]
        for reader in readers:
            assert reader.stdout
            assert reader.stdout.readline() == "ready\n"
        for reader in readers:
            assert reader.stdin
            reader.stdin.write("go\n")
            reader.stdin.flush()
        told = [reader.communicate(timeout=60)[0] for reader in readers]

    assert told == ["1 2 3\n", "1 2 3\n"]
    assert home.server.authorization.granted == ["refresh_token"]


READER = """
import os
from pathlib import Path

from tests.means import means_in

from music_sync.adapters.sources.soundcloud import SoundCloudLikes

names = [name for name in os.environ if "SOUNDCLOUD" in name]
means = means_in(Path(os.environ["MUSIC_SYNC_HOME"]), **{name: os.environ[name] for name in names})
print("ready", flush=True)
input()
print(*(found.source_id for found in SoundCloudLikes(means).detect()))
"""


def test_the_account_tells_what_a_person_must_know() -> None:
    assert isinstance(ACCOUNT.way, OAuth)
    assert ACCOUNT.way.needs_secret
    for word in ("Artist Pro", "one app a person", "redirect address", "forbid programs to download"):
        assert word in ACCOUNT.wants


def test_the_account_has_the_name_of_its_person(home: Home) -> None:
    assert who(home.means) == "Ida Listens"


# Limits and refusals


def test_a_limit_is_kept_until_the_time_that_its_body_tells(home: Home) -> None:
    home.server.likes = Shelf(pieces(1))
    home.server.misbehave("GET", rate_limited(stamp(time.time() + 7200)))
    with pytest.raises(TryAgainLater, match="SoundCloud limits us") as raised:
        home.found()
    after_s = raised.value.after_s

    assert after_s is not None
    assert 7100 < after_s <= 7200
    with pytest.raises(TryAgainLater, match="limits us"):
        home.found("playlists")
    assert len(home.server.calls("GET")) == 1


def test_a_short_limit_is_waited_for(home: Home) -> None:
    waited: list[float] = []
    home.server.likes = Shelf(pieces(1))
    home.server.misbehave("GET", rate_limited(stamp(time.time() + 20)))
    found = list(SoundCloudLikes(replace(home.means, sleep=waited.append)).detect())

    assert len(found) == 1
    assert any(10 < each <= 20 for each in waited)


@pytest.mark.parametrize("reset_time", [None, "", "soon", "0000/00/00 00:00:00 +0000"])
def test_a_limit_that_does_not_tell_its_end_is_tried_again(home: Home, reset_time: str | None) -> None:
    home.server.likes = Shelf(pieces(1))
    home.server.misbehave(
        "GET", rate_limited(reset_time), Refuse(429, b"Please slow down."), Refuse(429, {"errors": 1})
    )

    assert home.ids() == ["1"]


def test_a_limit_whose_end_has_passed_is_not_asked_again_at_once() -> None:
    body = b'{"errors": [{"meta": {"reset_time": "2015/06/01 09:49:40 +0000"}}, null, {"meta": null}]}'
    trouble = judge(Reply(429, {}, body))

    assert trouble
    assert (trouble.kind, trouble.after_s) == ("again", 1.0)


def test_the_latest_of_several_limits_counts() -> None:
    ends = [f'{{"meta": {{"reset_time": "{stamp(time.time() + ahead)}"}}}}' for ahead in (100, 5000, 60)]
    trouble = judge(Reply(429, {}, f'{{"errors": [{",".join(ends)}]}}'.encode()))

    assert trouble
    assert trouble.after_s is not None
    assert 4900 < trouble.after_s <= 5000


def test_retry_after_wins_where_it_is_sent() -> None:
    trouble = judge(Reply(429, {"retry-after": "7"}, b"{}"))

    assert trouble
    assert trouble.after_s == 7


def test_a_country_that_is_blocked_is_told_and_the_other_sources_go_on_p10(home: Home, tmp_path: Path) -> None:
    """P10."""
    home.server.sets = [Set(1, "Shown", Shelf(pieces(1)))]
    home.server.misbehave("GET /me/likes", geo_blocked(), always=True)
    catalogue, library = FakeCatalogue(), FolderLibrary(tmp_path / "library", "")
    reports = [detect(home.part(name), catalogue, library).report for name in ("likes", "playlists", "reposts")]

    assert [report.ok for report in reports] == [False, False, True]
    assert "not available in your country" in reports[0].message
    assert reports[1].found == 1


def test_a_blocked_country_is_no_empty_list(home: Home) -> None:
    home.server.misbehave("GET", geo_blocked(), always=True)

    with pytest.raises(Forbidden, match="a list file brings the tracks"):
        home.found()


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize(("part", "path"), [("likes", "/me/likes/tracks"), ("playlists", "/me/playlists")])
def test_an_address_that_soundcloud_gave_up_is_a_fault_and_not_an_empty_list(
    home: Home, part: str, path: str, status: int
) -> None:
    home.server.misbehave(f"GET {path}", Refuse(status, error(status, "gone")), always=True)

    with pytest.raises(TryAgainLater):
        home.found(part)


def test_no_token_stands_in_an_error(home: Home) -> None:
    home.found()
    token = home.server.calls("GET")[-1].headers["authorization"].partition(" ")[2]
    home.server.misbehave("GET", Refuse(403, error(403, f"no {token} here")))

    with pytest.raises(SyncError) as raised:
        home.found()
    assert token not in str(raised.value)


def test_a_day_has_fewer_calls_than_soundcloud_allows() -> None:
    assert LIMITS.a_day is not None
    assert LIMITS.a_day < 15_000


def test_making_the_parts_asks_and_reads_nothing(home: Home) -> None:
    assert isinstance(open_parts(home.means)[1], SoundCloudPlaylists)
    for link in ("https://soundcloud.com/a/b", "https://on.soundcloud.com/x"):
        place_source(home, link)

    assert home.server.seen == []
    assert soundcloud.NAME == "soundcloud"
