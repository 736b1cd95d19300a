"""Spotify as a source: all that is liked arrives, at few calls, and each refusal says who acts next."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.calls import Rejected
from music_sync.adapters.links import read_place
from music_sync.adapters.means import Means
from music_sync.adapters.sources import spotify as source
from music_sync.adapters.sources.spotify import (
    MOST_NAMES,
    NowPlaying,
    SpotifyPart,
    parse_entry,
    parse_playing,
    parse_playlist,
    parse_track,
    read_likes,
    read_playlists,
)
from music_sync.demo.loopback import Change, Garbled, Good, RateLimited, Refuse, Truncated
from music_sync.demo.spotify import (
    ME,
    NO_PREMIUM,
    QUOTA_S,
    SCOPES,
    SimulatedPlaylist,
    SpotifyServer,
    album,
    episode,
    local_file,
    quota_exceeded,
    service_id,
    track,
)
from music_sync.model.errors import NeedsPerson, NotSetUp, ServiceUnavailable
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack

UNAVAILABLE = Refuse(503, {"error": {"status": 503, "message": "Service unavailable"}})
PLAYS = "https://open.spotify.com"


class Person:
    """Someone with an account at the simulated Spotify, and a home that is signed in to it."""

    def __init__(self, spotify: SpotifyServer, home: Path) -> None:
        self.spotify = spotify
        self.home = home
        self.memory = FakeListings()
        self.variables = {
            "MUSIC_SYNC_SPOTIFY_URL": spotify.url,
            "MUSIC_SYNC_SPOTIFY_ACCOUNTS_URL": spotify.url,
            "SPOTIFY_CLIENT_ID": "simulated-client",
            "SPOTIFY_REFRESH_TOKEN": spotify.refresh_token(),
        }

    @property
    def means(self) -> Means:
        return means_in(self.home, self.memory, **self.variables)

    @property
    def likes(self) -> SpotifyPart:
        return SpotifyPart(self.means, "likes", read_likes)

    @property
    def playlists(self) -> SpotifyPart:
        return SpotifyPart(self.means, "playlists", read_playlists)

    def at(self, link: str) -> Source:
        found = source.for_place(read_place(link), self.means)
        assert found is not None
        return found

    def calls(self, act: Callable[[], object], pattern: str = "/v1/") -> int:
        """How many calls that costs."""
        before = len(self.spotify.calls(pattern))
        act()
        return len(self.spotify.calls(pattern)) - before


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    with SpotifyServer() as spotify:
        yield Person(spotify, tmp_path)


def ids(found: Source) -> list[str]:
    return [each.source_id for each in found.detect()]


def numbers(found: Source) -> list[int]:
    return [int(each) for each in ids(found)]


def tracks(*counted: int) -> list[dict[str, Any]]:
    return [track(number) for number in counted]


def detected(found: Source) -> tuple[list[FoundTrack], Exception]:
    """What a part gave before it failed, and how it failed."""
    given: list[FoundTrack] = []
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the caller looks at it
        given.extend(found.detect())
    return given, raised.value


# Signing in


def test_nobody_connected_says_how_to(tmp_path: Path) -> None:
    for part in source.open_parts(means_in(tmp_path)):
        if getattr(part, "needs_account", True):
            with pytest.raises(NotSetUp, match="music-sync connect spotify"):
                list(part.detect())


def test_making_the_parts_asks_and_writes_nothing(person: Person) -> None:
    parts = source.open_parts(person.means)

    assert [part.part for part in parts] == ["playing", "likes", "playlists"]
    assert not person.spotify.seen
    assert not list(person.home.rglob("*.json"))


def test_an_expired_token_is_renewed_on_the_way(person: Person) -> None:
    person.spotify.like(*tracks(1, 2))
    list(person.likes.detect())
    person.spotify.authorization.end_access()

    assert numbers(person.likes) == [2, 1]
    assert len(person.spotify.calls("/api/token")) == 2


def test_a_revoked_sign_in_needs_a_person_and_is_not_tried_again(person: Person) -> None:
    person.spotify.authorization.revoke()
    with pytest.raises(NeedsPerson, match="music-sync connect spotify"):
        list(person.likes.detect())

    assert len(person.spotify.calls("/api/token")) == 1
    assert not person.spotify.calls("/v1/")
    with pytest.raises(NeedsPerson):
        list(person.likes.detect())
    assert len(person.spotify.calls("/api/token")) == 1


def test_a_sign_in_without_the_right_to_it_needs_a_person(person: Person) -> None:
    person.variables["SPOTIFY_REFRESH_TOKEN"] = person.spotify.refresh_token("user-library-read")
    person.spotify.like(track(1))

    assert numbers(person.likes) == [1]
    with pytest.raises(NeedsPerson, match=r"Insufficient client scope.*music-sync connect spotify"):
        list(person.playlists.detect())


def test_an_app_whose_owner_has_no_premium_says_where_to_mend_it(person: Person) -> None:
    person.spotify.closed = NO_PREMIUM

    with pytest.raises(NeedsPerson, match=r"premium.*developer\.spotify\.com"):
        list(person.likes.detect())


def test_the_account_asks_for_no_more_than_it_needs() -> None:
    assert source.ACCOUNT.way.scopes == SCOPES  # type: ignore[union-attr]
    assert "5 people" in source.ACCOUNT.wants


# Limits


def test_a_short_limit_is_waited_for_and_obeyed_p55(person: Person) -> None:
    person.spotify.like(*tracks(1, 2))
    person.spotify.misbehave("me/tracks", RateLimited("2"), RateLimited(None))

    assert numbers(person.likes) == [2, 1]


def test_a_used_up_quota_stops_all_calls_until_it_is_over_p55(person: Person) -> None:
    person.spotify.like(*tracks(1, 2))
    list(person.likes.detect())
    person.spotify.misbehave("me/tracks", quota_exceeded())
    known, error = detected(person.likes)

    assert len(known) == 2
    assert isinstance(error, ServiceUnavailable)
    assert error.after_s == QUOTA_S
    assert "quota" in str(error)
    assert "13 h 35 min" in str(error)
    # No part asks again before that time, and what is known is still given.
    assert person.calls(lambda: detected(person.likes)) == 0
    assert person.calls(lambda: detected(person.playlists)) == 0
    assert person.calls(lambda: detected(NowPlaying(person.means))) == 0
    assert len(detected(person.likes)[0]) == 2


def test_no_wait_of_the_client_library_remains_p55(person: Person) -> None:
    person.spotify.misbehave("me/tracks", Refuse(429, {"error": {"status": 429}}, {"Retry-After": "86400"}))
    began = time.monotonic()
    _, error = detected(person.likes)

    assert isinstance(error, ServiceUnavailable)
    assert len(person.spotify.calls("me/tracks")) == 1
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("behaviour", [UNAVAILABLE, Garbled(), Truncated(), Refuse(500)])
def test_what_goes_wrong_once_is_tried_again(person: Person, behaviour: Any) -> None:
    person.spotify.like(track(1))
    person.spotify.misbehave("me/tracks", behaviour)

    assert numbers(person.likes) == [1]
    assert len(person.spotify.calls("me/tracks")) == 2


def test_a_service_that_stays_away_is_told_and_not_asked_without_end(person: Person) -> None:
    person.spotify.misbehave("me/tracks", UNAVAILABLE, always=True)

    with pytest.raises(ServiceUnavailable, match="Spotify is away"):
        list(person.likes.detect())
    assert len(person.spotify.calls("me/tracks")) <= 5


@pytest.mark.parametrize("body", [[], {"items": None}, {"items": "no"}, {"error": "?"}])
def test_an_answer_of_another_shape_is_no_empty_list(person: Person, body: Any) -> None:
    person.spotify.like(track(1))
    list(person.likes.detect())
    person.spotify.misbehave("me/(tracks|playlists)", Change(lambda _: body), always=True)
    known, error = detected(person.likes)

    assert len(known) == 1
    assert isinstance(error, ServiceUnavailable)
    assert isinstance(detected(person.playlists)[1], ServiceUnavailable)


def test_a_refusal_that_makes_no_sense_is_not_the_end_of_a_part(person: Person) -> None:
    person.spotify.misbehave("me/tracks", Refuse(400, {"error": {"status": 400, "message": "odd"}}))

    with pytest.raises(ServiceUnavailable, match=r"odd.*the next sync"):
        list(person.likes.detect())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_redirect_is_not_followed(person: Person, host: str) -> None:
    with SpotifyServer() as other:
        elsewhere = other.url.replace("127.0.0.1", host) + "/v1/me/tracks"
        person.spotify.misbehave("me/tracks", Refuse(302, None, {"Location": elsewhere}), always=True)

        assert isinstance(detected(person.likes)[1], ServiceUnavailable)
        assert not other.seen


def test_a_token_never_goes_to_another_host(person: Person) -> None:
    with (
        SpotifyServer() as other,
        person.means.calls(source.ACCOUNT, "spotify_url", source.LIMITS) as calls,
        calls.session() as session,
    ):
        with pytest.raises(Rejected, match="another host"):
            session.get(other.url.replace("127.0.0.1", "localhost"))
        assert not other.seen


# Likes


def test_an_account_without_likes_is_empty_and_well(person: Person) -> None:
    assert ids(person.likes) == []
    assert ids(person.playlists) == []
    assert list(NowPlaying(person.means).detect()) == []
    assert person.likes.messages == []


def test_a_like_is_told_with_all_that_spotify_knows_p11(person: Person) -> None:
    person.spotify.like(track(12, external_ids={"isrc": "de-zz9-12-00012"}))

    assert list(person.likes.detect()) == [
        FoundTrack(
            source="spotify",
            source_id=service_id(12),
            artist="Nadia Klee",
            title="Half Past 12",
            album="Hours 1",
            isrc="DEZZ91200012",
            year=2019,
            length_s=180.012,
            url=f"{PLAYS}/track/{service_id(12)}",
            liked_at="2026-01-01T00:01:00+00:00",
        )
    ]


def test_ten_thousand_likes_come_and_cost_one_call_after_that_p9_p17(person: Person) -> None:
    person.spotify.like(*(track(number) for number in range(10_000)))

    seen: list[list[int]] = []

    def look() -> None:
        seen.append(numbers(person.likes))

    assert person.calls(look) <= 202
    assert person.calls(look) == 1
    person.spotify.like(track(10_000))
    assert person.calls(look) <= 2
    assert seen == [list(range(9_999, -1, -1))] * 2 + [list(range(10_000, -1, -1))]


def test_a_reading_that_is_broken_off_goes_on_where_it_was_p54(person: Person) -> None:
    person.spotify.like(*(track(number) for number in range(500)))
    person.spotify.misbehave("offset=250", quota_exceeded("1"))
    known, error = detected(person.likes)

    assert len(known) == 250
    assert isinstance(error, ServiceUnavailable)
    # Another home knows nothing of the pause that Spotify asked for.
    person.home = person.home / "later"
    assert person.calls(lambda: numbers(person.likes)) <= 7
    assert numbers(person.likes) == list(range(499, -1, -1))


def test_likes_that_change_between_two_pages_lose_nothing(person: Person) -> None:
    person.spotify.like(*(track(number) for number in range(200)))

    def change(count: int) -> None:
        if count == 3:
            person.spotify.like(track(200), track(201))
        if count == 4:
            person.spotify.unlike(service_id(190), service_id(5))

    person.spotify.after_each = change
    first = numbers(person.likes)
    person.spotify.after_each = lambda _count: None

    assert set(first) >= set(range(202)) - {190, 5}
    assert set(numbers(person.likes)) >= set(range(202)) - {190, 5}
    assert numbers(person.likes)[:2] == [201, 200]


def test_a_page_that_comes_twice_doubles_nothing(person: Person) -> None:
    person.spotify.like(*(track(number) for number in range(120)))
    first = [{"added_at": entry.added_at, "track": entry.content} for entry in person.spotify.likes[:50]]
    person.spotify.misbehave("offset=50", Change(lambda body: {**body, "items": first}))

    assert len(numbers(person.likes)) == len(set(numbers(person.likes)))


def test_one_broken_like_never_costs_the_others(person: Person) -> None:
    person.spotify.like(*tracks(1, 2, 3))
    broken = ["no entry", None, {"added_at": 5, "track": {"name": 7, "id": []}}, {"added_at": None}]
    person.spotify.misbehave("me/tracks", Change(lambda body: {**body, "items": [*broken, *body["items"]]}))
    likes = person.likes

    assert numbers(likes) == [3, 2, 1]
    assert likes.messages == ["4 entries of Liked songs are no tracks (an episode, or gone from Spotify)"]


# Playlists


def forty_seven(spotify: SpotifyServer) -> SimulatedPlaylist:
    """Entries of all kinds."""
    some = [
        *tracks(*range(40)),
        None,
        None,
        episode(1),
        episode(2),
        track(90, name=""),
        local_file("Foil", "Paper & Ink"),
    ]
    return spotify.add_playlist("Warm Up", *some[20:], *some[:20], track(91))


def test_a_playlist_of_forty_seven_entries_gives_all_that_are_tracks_p19_p21(person: Person) -> None:
    playlist = forty_seven(person.spotify)
    part = person.playlists
    found = list(part.detect())

    assert len(playlist.entries) == 47
    assert len(found) == 42
    assert {each.playlists[0].name for each in found} == {"Warm Up"}
    assert sorted(each.playlists[0].position or 0 for each in found) == list(range(42))
    assert part.messages == ["5 entries of Warm Up are no tracks (an episode, or gone from Spotify)"]


@pytest.mark.parametrize("shape", [("item",), ("track",), ("item", "track")])
def test_entries_are_read_under_either_name(person: Person, shape: tuple[str, ...]) -> None:
    person.spotify.entry_names = shape
    forty_seven(person.spotify)

    assert len(ids(person.playlists)) == 42


def test_a_file_of_ones_own_on_a_playlist_is_told_by_its_words(person: Person) -> None:
    person.spotify.add_playlist("Mine", local_file("Foil", "Paper & Ink", 205))
    (found,) = person.playlists.detect()

    assert (found.source_id, found.url, found.isrc) == ("local:foil - paper & ink", "", "")
    assert (found.artist, found.title, found.length_s) == ("Foil", "Paper & Ink", 205.0)


def test_an_unchanged_playlist_costs_no_call_of_its_own_p53(person: Person) -> None:
    for number in range(5):
        person.spotify.add_playlist(f"List {number}", *tracks(*range(number * 200, number * 200 + 120)))
    first = ids(person.playlists)

    assert person.calls(lambda: ids(person.playlists), "/items") == 0
    assert person.calls(lambda: ids(person.playlists)) == 1
    assert ids(person.playlists) == first


def test_small_playlists_cost_one_call_each(person: Person) -> None:
    for number in range(60):
        person.spotify.add_playlist(f"List {number}", track(number))

    assert person.calls(lambda: ids(person.playlists)) == 2 + 60


def test_a_playlist_that_grew_is_read_at_its_end_only_p53(person: Person) -> None:
    playlist = person.spotify.add_playlist("Long", *tracks(*range(500)))
    list(person.playlists.detect())
    playlist.put(track(500))

    # The index, the page with the end, and whether it changed meanwhile.
    assert person.calls(lambda: numbers(person.playlists)) == 3
    assert sorted(numbers(person.playlists)) == list(range(501))


def test_a_playlist_that_changes_while_it_is_read_loses_nothing(person: Person) -> None:
    playlist = person.spotify.add_playlist("Long", *tracks(*range(300)))

    def change(count: int) -> None:
        if count == 5:
            playlist.take(0, 1, 2)
            playlist.put(track(300), at=10)

    person.spotify.after_each = change

    assert set(numbers(person.playlists)) == set(range(3, 301))
    assert [each.playlists[0].position for each in person.playlists.detect() if each.source_id == service_id(300)] == [
        10
    ]


def test_what_was_taken_off_a_playlist_is_told_and_stays_ours(person: Person) -> None:
    playlist = person.spotify.add_playlist("Warm Up", *tracks(1, 2, 3))
    list(person.playlists.detect())
    playlist.take(1)
    part = person.playlists

    assert sorted(numbers(part)) == [1, 3]
    assert part.messages == ["1 track is no longer on Warm Up; the files stay"]


def test_a_track_on_two_playlists_is_told_once_with_both_p19(person: Person) -> None:
    person.spotify.add_playlist("Warm Up", *tracks(1, 2))
    person.spotify.add_playlist("Peak", *tracks(2, 3, 2))
    found = {int(each.source_id): [one.name for one in each.playlists] for each in person.playlists.detect()}

    assert found == {1: ["Warm Up"], 2: ["Warm Up", "Peak"], 3: ["Peak"]}


def test_another_persons_playlist_says_what_to_do_and_costs_one_call_until_it_changes_p10(person: Person) -> None:
    theirs = person.spotify.add_playlist("Theirs", track(1), owner="friend")
    person.spotify.add_playlist("Mine", track(2))
    part = person.playlists

    assert numbers(part) == [2]
    assert len(part.messages) == 1
    assert "(Theirs); copy them into a playlist of your own, or export them" in part.messages[0]
    assert person.calls(lambda: numbers(part), "/items") == 0
    assert len(part.messages) == 1
    theirs.put(track(3))
    assert person.calls(lambda: numbers(part), "/items") == 1
    assert person.calls(lambda: numbers(part), "/items") == 0


def test_a_playlist_is_read_from_when_one_is_let_in_to_work_on_it(person: Person) -> None:
    theirs = person.spotify.add_playlist("Theirs", track(1), owner="friend")

    assert numbers(person.playlists) == []
    theirs.is_collaborative = True
    assert numbers(person.playlists) == [1]
    assert person.playlists.messages == []


def test_who_signs_in_after_another_person_gets_what_is_theirs_alone(person: Person) -> None:
    """Two people share a machine, and the second one made a playlist that the first one follows."""
    hers = person.spotify.add_playlist("Hers", track(1), owner="friend")
    for number in range(60):
        person.spotify.like(track(100 + number))

    assert (numbers(person.playlists), len(numbers(person.likes))) == ([], 60)
    accounts, hers.owner = person.means.accounts, ME
    kept = accounts.kept(source.ACCOUNT)
    assert kept is not None
    accounts.note(replace(kept, signed_in_at=time.time() + 60))
    for number in range(60):
        person.spotify.unlike(service_id(100 + number))
    for number in range(300):
        person.spotify.like(track(200 + number))

    assert numbers(person.playlists) == [1]
    assert sorted(numbers(person.likes)) == list(range(200, 500))


def test_a_page_that_does_not_name_its_next_one_does_not_end_the_list(person: Person) -> None:
    for number in range(120):
        person.spotify.like(track(number))
    person.spotify.misbehave("GET /v1/me/tracks.*offset=0", Change(lambda page: {**page, "next": None}))

    assert sorted(numbers(person.likes)) == list(range(120))


def test_many_refused_playlists_make_one_message(person: Person) -> None:
    for number in range(20):
        person.spotify.add_playlist(f"Theirs {number}", track(number), owner="spotify")
    part = person.playlists
    list(part.detect())

    assert len(part.messages) == 1
    assert f"and {20 - MOST_NAMES} more" in part.messages[0]


def test_a_playlist_that_is_deleted_meanwhile_never_costs_the_others_p10(person: Person) -> None:
    gone, _ = person.spotify.add_playlist("Gone", track(1)), person.spotify.add_playlist("Mine", track(2))

    def change(_count: int) -> None:
        if person.spotify.seen[-1].path == "/v1/me/playlists":
            person.spotify.playlists.remove(gone)

    person.spotify.after_each = change
    part = person.playlists

    assert numbers(part) == [2]
    assert len(part.messages) == 1
    assert "the playlist Gone was left out" in part.messages[0]


def test_what_is_known_is_given_when_the_quota_ends_midway(person: Person) -> None:
    lists = [person.spotify.add_playlist(f"List {number}", track(number)) for number in range(3)]
    list(person.playlists.detect())
    for each in lists:
        each.put(track(100 + int(each.name[-1])))
    person.spotify.misbehave("/items", Good(), quota_exceeded())
    known, error = detected(person.playlists)

    assert isinstance(error, ServiceUnavailable)
    assert {int(each.source_id) for each in known} == {0, 100, 1, 2}
    assert all(each.playlists for each in known)


def test_broken_playlists_in_the_index_are_passed_over(person: Person) -> None:
    person.spotify.add_playlist("Mine", track(1))
    odd = [None, {"id": "../../me"}, {"id": service_id(9, "P"), "name": None}, 5]
    person.spotify.misbehave("me/playlists", Change(lambda body: {**body, "items": [*odd, *body["items"]]}))
    part = person.playlists

    assert numbers(part) == [1]
    assert ["a playlist without a name was left out" in message for message in part.messages] == [True]


def test_an_index_that_goes_round_in_a_circle_ends(person: Person) -> None:
    mine = person.spotify.add_playlist("Mine", track(1))
    person.spotify.playlists = [mine] * 1000

    assert numbers(person.playlists) == [1]
    assert len(person.spotify.calls("me/playlists")) == 2


# What plays now


def test_what_plays_is_found(person: Person) -> None:
    person.spotify.play(track(5))
    (found,) = NowPlaying(person.means).detect()

    assert (found.source_id, found.isrc, found.liked_at) == (service_id(5), "DEZZ90000005", "")


@pytest.mark.parametrize("content", [episode(1), None])
def test_an_episode_or_an_advertisement_is_nothing_new_p12(person: Person, content: Any) -> None:
    person.spotify.play(content)

    assert list(NowPlaying(person.means).detect()) == []


def test_silence_and_a_pause_are_nothing_new_p12(person: Person) -> None:
    assert list(NowPlaying(person.means).detect()) == []
    person.spotify.play(track(1), is_playing=False)
    assert list(NowPlaying(person.means).detect()) == []


def test_without_an_account_the_desktop_app_is_asked_p12(tmp_path: Path) -> None:
    plays = FoundTrack("spotify", service_id(1), title="Half Past 1")

    assert list(NowPlaying(means_in(tmp_path), lambda: plays).detect()) == [plays]
    assert list(NowPlaying(means_in(tmp_path), lambda: None).detect()) == []
    assert not NowPlaying(means_in(tmp_path), lambda: None).needs_account


def test_a_desktop_app_that_cannot_be_asked_is_a_word_and_no_failure_p12(tmp_path: Path) -> None:
    def refuse() -> FoundTrack | None:
        raise NeedsPerson("allow it in System Settings")

    part = NowPlaying(means_in(tmp_path), refuse)

    assert list(part.detect()) == []
    assert part.messages == ["allow it in System Settings"]


def test_with_an_account_the_desktop_app_is_not_asked(person: Person) -> None:
    person.spotify.play(track(1))
    (found,) = NowPlaying(person.means, lambda: FoundTrack("spotify", service_id(2))).detect()

    assert found.source_id == service_id(1)


# Links


def test_a_link_to_a_track_is_read(person: Person) -> None:
    person.spotify.catalogue["x"] = track(7)
    (found,) = person.at(f"{PLAYS}/intl-de/track/{service_id(7)}?si=abc").detect()

    assert (found.title, found.isrc, found.url) == ("Half Past 7", "DEZZ90000007", f"{PLAYS}/track/{service_id(7)}")


def test_a_link_to_a_playlist_is_read_page_by_page_p52(person: Person) -> None:
    playlist = person.spotify.add_playlist("Long", *tracks(*range(500)))
    link = f"{PLAYS}/playlist/{playlist.id}"

    assert numbers(person.at(link)) == list(range(499, -1, -1))
    # Who asks for one list gets it read from end to end, whatever was remembered.
    assert person.calls(lambda: ids(person.at(link))) == 12


def test_a_link_to_an_album_gives_its_tracks(person: Person) -> None:
    person.spotify.catalogue = {str(number): track(number, album=album(3)) for number in range(70)}
    found = list(person.at(f"{PLAYS}/album/{album(3)['id']}").detect())

    assert len(found) == 70
    assert {(each.album, each.year) for each in found} == {("Hours 3", 2019)}


def test_a_link_to_liked_songs_is_the_likes(person: Person) -> None:
    person.spotify.like(track(1))

    assert numbers(person.at(f"{PLAYS}/collection/tracks")) == [1]


@pytest.mark.parametrize("kind", ["track", "album", "playlist"])
def test_a_link_to_what_is_gone_is_for_a_person(person: Person, kind: str) -> None:
    with pytest.raises(NeedsPerson, match=f"{kind}.*check the link"):
        list(person.at(f"{PLAYS}/{kind}/{service_id(404)}").detect())


def test_a_link_to_another_persons_playlist_says_what_to_do(person: Person) -> None:
    theirs = person.spotify.add_playlist("Theirs", track(1), owner="friend")

    with pytest.raises(NeedsPerson, match="copy them into a playlist of your own"):
        list(person.at(f"{PLAYS}/playlist/{theirs.id}").detect())


def test_links_are_not_ours_without_an_account_or_at_another_service(person: Person, tmp_path: Path) -> None:
    spotify_track = read_place(f"{PLAYS}/track/{service_id(1)}")

    assert source.for_place(spotify_track, means_in(tmp_path / "nobody")) is None
    assert source.for_place(read_place("https://youtu.be/dQw4w9WgXcQ"), person.means) is None


# Parsing


@pytest.mark.parametrize("gone", ["external_ids", "album", "artists", "duration_ms", "type", "uri", "is_local"])
def test_a_missing_field_costs_nothing_but_itself(gone: str) -> None:
    for told in ({**track(1), gone: None}, {name: value for name, value in track(1).items() if name != gone}):
        found = parse_track({**told, "type": told.get("type") or "track"})

        assert found is not None
        assert found.source_id == service_id(1)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"item": None},
        {"item": True},
        {"item": episode(1)},
        {"item": {**track(1), "id": None}},
        {"item": {**track(1), "id": "../x"}},
        {"item": {**track(1), "name": None}},
    ],
)
def test_what_is_no_track_is_nothing(entry: Any) -> None:
    assert parse_entry(entry) is None


@pytest.mark.parametrize(
    "told", ["", "yesterday", "1970-01-01T00:00:00Z", "2026-01-01", "0001-01-01T00:00:00+14:00", 5]
)
def test_a_time_that_says_nothing_is_none(told: Any) -> None:
    found = parse_entry({"added_at": told, "item": track(1)})

    assert found is not None
    assert found.liked_at == ""


def test_a_relinked_track_keeps_the_id_that_was_liked() -> None:
    found = parse_track(track(2, linked_from={"id": service_id(1)}))

    assert found is not None
    assert found.source_id == service_id(1)
    assert found.url.endswith(service_id(1))


def test_the_mark_of_a_playlist_falls_back_to_its_count() -> None:
    marks = [
        parse_playlist({"id": service_id(1, "P"), **told})
        for told in ({"snapshot_id": "S"}, {"items": {"total": 3}}, {"tracks": {"total": 4}}, {})
    ]

    assert [each and (each.mark, each.total) for each in marks] == [
        ("S", None),
        ("3 entries", 3),
        ("4 entries", 4),
        ("", None),
    ]


def test_nothing_that_plays_is_nothing() -> None:
    assert parse_playing(None) is None
    assert parse_playing({"is_playing": True, "item": None}) is None
    assert parse_playing(json.loads("[]")) is None
