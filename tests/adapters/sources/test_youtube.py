"""YouTube as a source: the music that is liked arrives, at few units, and each refusal says who acts next."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from tests import plain_http
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.budget_file import spent_in
from music_sync.adapters.calls import MOST_TRIES, Reply, Trouble
from music_sync.adapters.links import read_place
from music_sync.adapters.means import Means
from music_sync.adapters.sign_in_loopback import begin, finish
from music_sync.adapters.sources import youtube as source
from music_sync.adapters.sources.youtube import (
    ACCOUNT,
    PublicPlaylists,
    YouTubeLikes,
    YouTubePlaylists,
    judge,
    parse_details,
    parse_entry,
    seconds_of,
    until_midnight_s,
    words_of,
)
from music_sync.demo.loopback import Behaviour, Change, Garbled, RateLimited, Truncated
from music_sync.demo.public_pages import PublicPagesServer, VideoList, video_id, videos
from music_sync.demo.youtube import (
    SCOPE,
    SimulatedPlaylist,
    YouTubeServer,
    backend_error,
    clip,
    not_enabled,
    quota_exceeded,
    rate_limited,
    video,
)
from music_sync.model.errors import BadSetting, NeedsPerson, NotSetUp, ServiceUnavailable
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack, Playlist

DAY_S = 86_400


class Person:
    """Someone with an account at the simulated YouTube, and a home that is signed in to it."""

    def __init__(self, youtube: YouTubeServer, home: Path) -> None:
        self.youtube = youtube
        self.home = home
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.memory = FakeListings(lambda: self.now)
        self.variables = {
            "MUSIC_SYNC_YOUTUBE_URL": youtube.url,
            "MUSIC_SYNC_YOUTUBE_AUTH_URL": youtube.url,
            "YOUTUBE_CLIENT_ID": "simulated-client",
            "YOUTUBE_CLIENT_SECRET": "simulated-secret",
            "YOUTUBE_REFRESH_TOKEN": youtube.refresh_token(),
        }

    @property
    def means(self) -> Means:
        """As another process of this home has them."""
        return means_in(self.home, self.memory, **self.variables)

    @property
    def likes(self) -> YouTubeLikes:
        return YouTubeLikes(self.means)

    @property
    def playlists(self) -> YouTubePlaylists:
        return YouTubePlaylists(self.means)

    def at(self, link: str) -> Source:
        found = source.for_place(read_place(link), self.means)
        assert found is not None
        return found

    def calls(self) -> list[str]:
        """What was asked of the API since it was last looked at, and with which answer."""
        seen = [f"{each.path.rpartition('/')[2]} {each.status}" for each in self.youtube.calls("/youtube/v3")]
        self.youtube.seen.clear()
        return seen


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    with YouTubeServer() as youtube:
        yield Person(youtube, tmp_path / "home")


def ids(found: Source) -> list[str]:
    return [track.source_id for track in found.detect()]


def failing(found: Source, error: type[Exception], match: str) -> list[str]:
    """The ids that come before an error."""
    came: list[FoundTrack] = []
    with pytest.raises(error, match=match):
        came.extend(found.detect())
    return [track.source_id for track in came]


def numbers(*wanted: int) -> list[str]:
    return [video(number).id for number in wanted]


def down(first: int, last: int) -> list[str]:
    return numbers(*range(first, last - 1, -1))


# Likes


def test_liked_music_arrives_with_what_youtube_tells_of_it(person: Person) -> None:
    person.youtube.like(video(1, "Half Past Two", duration="PT1H2M3S"), video(2, "Foil - Paper", channel="Foil TV"))

    upload, song = person.likes.detect()

    assert song == FoundTrack(
        source="youtube",
        source_id=video(1).id,
        artist="Nadia Klee",
        title="Half Past Two",
        length_s=3723.0,
        url=f"https://www.youtube.com/watch?v={video(1).id}",
        liked_at="2026-01-01T00:01:00+00:00",
    )
    assert (upload.artist, upload.title, upload.liked_at) == ("Foil", "Paper", "2026-01-01T00:02:00+00:00")


def test_only_music_counts_and_the_rest_is_told_once_as_a_number(person: Person) -> None:
    likes = person.likes
    person.youtube.like(video(1), clip(2), clip(3), clip(4, channel="Nadia Klee - Topic"))

    assert ids(likes) == numbers(4, 1)
    assert likes.messages == ["2 videos of Liked videos are no music and left out"]
    person.youtube.like(video(5))
    assert ids(likes) == numbers(5, 4, 1)
    assert likes.messages == []


def test_what_is_live_is_no_track_until_it_is_over(person: Person) -> None:
    stream = video(1, live="live", duration="P0D")
    person.youtube.like(stream)
    assert ids(person.likes) == []

    stream.live, stream.duration = "none", "PT1H"
    person.youtube.like(video(2))

    assert [(found.source_id, found.length_s) for found in person.likes.detect()] == [
        (video(2).id, 200.0),
        (video(1).id, 3600.0),
    ]


def test_p9_unchanged_likes_cost_one_unit(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(120)), clip(200))
    first = ids(person.likes)
    person.calls()

    assert ids(person.likes) == first
    assert person.calls() == ["playlistItems 304"]


def test_p9_a_new_like_costs_a_page_and_the_look_up_of_that_video_alone(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(120)), *(clip(number) for number in range(200, 230)))
    ids(person.likes)
    person.calls()
    person.youtube.like(clip(300), video(301))

    assert ids(person.likes)[0] == video(301).id
    (asked,) = person.youtube.calls("/videos")
    assert asked.query["id"] == f"{video(301).id},{clip(300).id}"
    assert person.calls() == ["playlistItems 200", "videos 200"]
    assert ids(person.likes)[0] == video(301).id
    assert person.calls() == ["playlistItems 304"]


def test_p7_ten_thousand_likes_are_read_to_the_end_within_the_units_of_a_day(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(10_000)))

    assert ids(person.likes) == down(9_999, 0)
    # The list's name, 200 pages, the videos on each, and the first page once more.
    assert person.youtube.units == len(person.calls()) == 1 + 200 + 200 + 1


def test_likes_are_read_as_a_whole_again_after_a_week(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(60)))
    ids(person.likes)
    known = person.memory.listing("youtube", "likes")
    assert known is not None
    week_ago = datetime.now(UTC) - timedelta(days=8)
    person.memory.keep(replace(known, read_at=week_ago.isoformat()))
    person.calls()

    ids(person.likes)

    assert person.calls() == ["channels 200", *["playlistItems 200"] * 3]


def test_a_length_that_a_playlist_told_is_not_asked_for_again(person: Person) -> None:
    person.youtube.like(video(1))
    person.youtube.add_playlist("Warm Up", video(1))
    ids(person.playlists)
    person.calls()

    assert ids(person.likes) == numbers(1)
    assert person.calls() == ["channels 200", "playlistItems 200"]


def test_nothing_liked_is_no_error(person: Person) -> None:
    likes = person.likes

    assert (ids(likes), likes.messages) == ([], [])


@pytest.mark.parametrize("told", [{}, {"items": None}, {"items": "none"}, [], {"pageInfo": {"totalResults": 1}}])
def test_p5_an_answer_without_a_list_is_never_read_as_nothing_liked(person: Person, told: object) -> None:
    person.youtube.like(video(1))
    person.youtube.misbehave("/playlistItems", Change(lambda _body: told))

    assert failing(person.likes, ServiceUnavailable, "did not answer with a list") == []


def test_an_account_without_a_channel_says_what_to_do(person: Person) -> None:
    person.youtube.has_channel = False

    assert failing(person.likes, NeedsPerson, "no YouTube channel; make one") == []


def test_p23_deleted_and_private_videos_are_counted_and_cost_nothing_else(person: Person) -> None:
    gone, closed, likes = video(1), video(2), person.likes
    person.youtube.like(gone, closed, video(3))
    gone.is_deleted, closed.privacy = True, "private"

    assert ids(likes) == numbers(3)
    assert likes.messages == ["2 entries of Liked videos are private, deleted, live or otherwise not to be had"]


def test_a_video_that_is_not_shown_here_is_counted_too(person: Person) -> None:
    person.youtube.like(video(1), video(2))
    person.youtube.misbehave("/videos", Change(lambda body: {**body, "items": body["items"][:1]}))
    likes = person.likes

    assert ids(likes) == numbers(2)
    assert likes.messages == ["1 entry of Liked videos is private, deleted, live or otherwise not to be had"]


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        {},
        {"snippet": None, "contentDetails": None},
        {"snippet": {"title": "x"}, "contentDetails": {"videoId": 5}},
        {"snippet": {"title": "x"}, "contentDetails": {"videoId": "../../../x"}},
        {"snippet": {"title": ["x"]}, "contentDetails": {"videoId": "v0000000009"}},
    ],
)
def test_one_broken_entry_never_costs_the_others(person: Person, broken: object) -> None:
    person.youtube.like(video(1), video(2))
    person.youtube.misbehave("/playlistItems", Change(lambda body: {**body, "items": [broken, *body["items"]]}))

    assert ids(person.likes) == numbers(2, 1)


def test_a_title_that_is_no_text_costs_nothing_but_its_letters(person: Person) -> None:
    person.youtube.like(video(1), video(2, "\ud83c Paper"))

    assert [found.title for found in person.likes.detect()] == ["��� Paper", "Half Past 1"]


def test_odd_details_leave_out_what_they_cannot_tell(person: Person) -> None:
    def broken(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "items": [{**body["items"][0], "contentDetails": {"duration": 7}}, None]}

    person.youtube.like(video(1))
    person.youtube.misbehave("/videos", Change(broken))

    assert [found.length_s for found in person.likes.detect()] == [None]
    person.youtube.add_playlist("Warm Up", video(1))
    assert [found.length_s for found in person.playlists.detect()] == [200.0]


# Lists that change while they are read


def between(person: Person, after_call: int, change: Callable[[], object]) -> None:
    """Change the world once, after so many calls of the API."""

    def changed(_count: int) -> None:
        if len(person.youtube.calls("/youtube/v3")) == after_call:
            change()

    person.youtube.after_each = changed


def test_a_like_that_comes_between_two_pages_is_not_lost(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(120)))
    between(person, 3, lambda: person.youtube.like(video(500)))

    assert ids(person.likes) == [video(500).id, *down(119, 0)]


def test_what_moves_up_when_a_like_is_taken_back_between_two_pages_is_not_lost(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(220)))
    between(person, 7, lambda: person.youtube.unlike(*numbers(219, 218)))

    assert set(down(217, 0)) <= set(ids(person.likes))


def test_a_like_that_comes_while_all_likes_are_read_again_is_not_lost(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(120)))
    ids(person.likes)
    person.calls()
    # One more entry that is no track does not add up, so that all of them are read.
    person.youtube.like(video(500, privacy="private"))
    between(person, 3, lambda: person.youtube.like(video(501)))

    assert ids(person.likes)[0] == video(501).id
    assert person.calls() == ["playlistItems 200"] * 5 + ["videos 200"]


@pytest.mark.parametrize("at", [0, 10, 60])
def test_a_playlist_that_changes_between_two_pages_is_read_once_more(person: Person, at: int) -> None:
    playlist = person.youtube.add_playlist("Warm Up", *(video(number) for number in range(120)))
    playlists = person.playlists
    between(person, 3, lambda: playlist.put(video(500), at=at))

    assert sorted(ids(playlists)) == sorted(numbers(*range(120), 500))
    assert playlists.messages == []


def test_what_is_taken_off_a_playlist_between_two_pages_costs_no_other_track(person: Person) -> None:
    playlist = person.youtube.add_playlist("Warm Up", *(video(number) for number in range(120)))
    between(person, 3, lambda: playlist.take(0, 1))

    assert set(numbers(*range(2, 120))) <= set(ids(person.playlists))


# Broken off


def test_p52_a_reading_that_was_broken_off_goes_on_where_it_was(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(200)))
    between(person, 5, lambda: person.youtube.misbehave("/youtube/v3", backend_error(), always=True))
    assert failing(person.likes, ServiceUnavailable, "the next sync tries again") == down(199, 100)
    person.youtube.behave()
    person.youtube.after_each = lambda _count: None
    person.calls()

    assert ids(person.likes) == down(199, 0)
    # Two pages and their videos are left; then the first page is looked at again.
    assert person.calls() == ["channels 200", *["playlistItems 200", "videos 200"] * 2, "playlistItems 200"]


def test_p52_a_page_token_that_is_no_longer_taken_begins_the_reading_anew(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(200)))
    between(person, 5, lambda: person.youtube.misbehave("/youtube/v3", backend_error(), always=True))
    failing(person.likes, ServiceUnavailable, "the next sync tries again")
    person.youtube.behave()
    person.youtube.after_each = lambda _count: None
    person.youtube.forget_page_tokens()
    person.calls()

    assert ids(person.likes) == down(199, 0)
    assert person.calls()[1:3] == ["playlistItems 400", "playlistItems 200"]


def test_a_page_token_that_ends_midway_is_an_error_that_the_next_sync_mends(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(120)))
    between(person, 3, person.youtube.forget_page_tokens)

    assert failing(person.likes, ServiceUnavailable, "invalid page token.*the next sync tries again") == down(119, 70)
    person.youtube.after_each = lambda _count: None
    assert ids(person.likes) == down(119, 0)


# Playlists


def warm_up(person: Person) -> SimulatedPlaylist:
    playlist = person.youtube.add_playlist("Warm Up", video(1), video(2), video(3))
    person.youtube.add_playlist("Late", video(3), video(4))
    return playlist


def on(found: list[FoundTrack], source_id: str) -> list[Playlist]:
    return [playlist for track in found if track.source_id == source_id for playlist in track.playlists]


def test_p19_tracks_carry_their_playlists_and_their_place(person: Person) -> None:
    playlist = warm_up(person)

    found = list(person.playlists.detect())

    assert on(found, video(2).id) == [Playlist("youtube", playlist.id, "Warm Up", 1)]
    assert sorted(each.name for each in on(found, video(3).id)) == ["Late", "Warm Up"]


def test_p53_unchanged_playlists_cost_one_unit_for_all(person: Person) -> None:
    warm_up(person)
    first = ids(person.playlists)
    person.calls()

    assert ids(person.playlists) == first
    assert person.calls() == ["playlists 200"]


def test_p53_only_the_playlist_that_changed_is_read(person: Person) -> None:
    playlist = warm_up(person)
    ids(person.playlists)
    person.calls()
    playlist.take(0)
    playlist.put(video(5))
    playlists = person.playlists

    found = list(playlists.detect())

    assert [each.position for number in (2, 3, 5) for each in on(found, video(number).id) if each.name != "Late"] == [
        0,
        1,
        2,
    ]
    assert person.calls() == ["playlists 200", "playlistItems 200", "videos 200"]
    assert playlists.messages == ["1 track is no longer on Warm Up; the files stay"]


def test_more_than_fifty_playlists_are_all_read(person: Person) -> None:
    for number in range(60):
        person.youtube.add_playlist(f"List {number}", video(number))

    assert ids(person.playlists) == numbers(*range(60))
    person.calls()
    ids(person.playlists)
    assert person.calls() == ["playlists 200"] * 2


def test_what_has_another_category_counts_on_a_playlist_of_music(person: Person) -> None:
    playlists = person.playlists
    person.youtube.add_playlist("Sets", video(1), video(2), clip(3, "Nadia Klee - Live at the Pier"))

    found = list(playlists.detect())

    assert [track.source_id for track in found] == numbers(3, 2, 1)
    assert {track.genre for track in found} == {""}
    assert playlists.messages == []


def test_a_playlist_that_is_mostly_no_music_gives_only_what_is(person: Person) -> None:
    playlists = person.playlists
    person.youtube.add_playlist("We Cook", clip(1), clip(2), clip(3), video(4))

    assert ids(playlists) == numbers(4)
    assert playlists.messages == ["3 videos of We Cook are no music and left out"]


def test_p10_a_playlist_that_is_gone_meanwhile_is_told_and_the_others_go_on(person: Person) -> None:
    warm_up(person)
    playlists = person.playlists
    between(person, 1, lambda: person.youtube.playlists.pop(0))

    assert ids(playlists) == numbers(4, 3)
    (told,) = playlists.messages
    assert told.startswith("the playlist Warm Up was left out: YouTube has no such thing (404: The playlist")
    assert "playlistId parameter cannot be found" in told


def test_p55_when_the_quota_ends_midway_what_is_known_of_other_playlists_comes_all_the_same(person: Person) -> None:
    first = warm_up(person)
    ids(person.playlists)
    first.put(video(9))
    person.youtube.misbehave("/playlistItems", quota_exceeded())

    came = failing(person.playlists, ServiceUnavailable, "units of the day are used up")

    assert sorted(came) == sorted(numbers(1, 2, 3, 3, 4))


def test_p55_a_service_that_went_away_is_not_asked_for_every_playlist(person: Person) -> None:
    warm_up(person)
    person.youtube.misbehave("/playlistItems", backend_error(), always=True)

    assert failing(person.playlists, ServiceUnavailable, "the next sync tries again") == []
    assert len(person.youtube.calls("/playlistItems")) == MOST_TRIES


def test_p55_when_not_even_the_playlists_can_be_told_what_is_known_comes_all_the_same(person: Person) -> None:
    warm_up(person)
    ids(person.playlists)
    person.youtube.misbehave("/playlists", backend_error(), always=True)

    came = failing(person.playlists, ServiceUnavailable, "the next sync tries again")

    assert sorted(came) == sorted(numbers(1, 2, 3, 3, 4))


def test_a_playlist_that_counts_what_it_hides_is_read_without_end_of_it(person: Person) -> None:
    playlist = person.youtube.add_playlist("Warm Up", *(video(number) for number in range(60)))
    playlist.hides = True
    playlist.entries[3].video.is_deleted = True
    ids(person.playlists)
    person.calls()

    assert len(ids(person.playlists)) == 59
    assert person.calls() == ["playlists 200"]


def test_public_playlists_of_the_settings_are_read_with_the_account_too(person: Person) -> None:
    theirs = person.youtube.add_playlist("Theirs", video(7), privacy="unlisted", is_mine=False)
    person.variables["MUSIC_SYNC_YOUTUBE_PLAYLISTS"] = f"{theirs.id},PLnothing0000001"
    playlists = person.playlists

    assert ids(playlists) == numbers(7)
    assert playlists.messages == [
        "the playlist PLnothing0000001 was left out: YouTube shows no such playlist",
    ]


# The account


def test_without_an_account_nothing_is_asked_and_the_command_is_named(person: Person) -> None:
    del person.variables["YOUTUBE_REFRESH_TOKEN"]

    for part in (person.likes, person.playlists):
        assert failing(part, NotSetUp, "`music-sync connect youtube`") == []
    assert person.youtube.seen == []


def test_an_access_token_that_ended_is_renewed_and_the_reading_goes_on(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(120)))
    between(person, 4, person.youtube.authorization.end_access)

    assert ids(person.likes) == down(119, 0)
    assert person.youtube.authorization.granted == ["refresh_token"] * 2


def test_a_sign_in_that_was_taken_back_names_the_command_and_tells_what_is_known(person: Person) -> None:
    person.youtube.like(video(1))
    ids(person.likes)
    person.youtube.authorization.revoke()

    assert failing(person.likes, NeedsPerson, "`music-sync connect youtube`") == numbers(1)
    assert failing(person.playlists, NeedsPerson, "`music-sync connect youtube`") == []
    assert [each.status for each in person.youtube.calls("POST /token")] == [200, 400]


def test_a_sign_in_without_the_scope_names_the_command(person: Person) -> None:
    person.variables["YOUTUBE_REFRESH_TOKEN"] = person.youtube.refresh_token("openid")

    assert failing(person.likes, NeedsPerson, "insufficient authentication scopes.*`music-sync connect youtube`") == []


def test_a_project_without_the_api_says_so(person: Person) -> None:
    person.youtube.misbehave("/youtube/v3", not_enabled(), always=True)

    for part in (person.likes, person.playlists):
        assert failing(part, NeedsPerson, "YouTube Data API v3 has not been used in project") == []


def test_no_message_holds_a_token(person: Person) -> None:
    token = person.youtube.token()
    person.youtube.misbehave(
        "/youtube/v3", Change(lambda _body: {}), Garbled(token.encode()), Truncated(), backend_error(), always=True
    )

    with pytest.raises(ServiceUnavailable) as told:
        list(person.likes.detect())

    assert token not in str(told.value)


def test_signing_in_by_the_browser_gives_a_sign_in_that_lasts(person: Person) -> None:
    del person.variables["YOUTUBE_REFRESH_TOKEN"]
    person.youtube.like(video(1))
    accounts = person.means.accounts
    attempt = begin(accounts, ACCOUNT, "simulated-client", "http://127.0.0.1:40123/callback")
    ended_at = plain_http.get(attempt.address, trust_env=False).headers["location"]

    accounts.connect(ACCOUNT, finish(accounts, attempt, attempt.code_in(ended_at), {}), in_keyring=False)

    assert ids(person.likes) == numbers(1)
    assert source.who(person.means) == "Lis Tener"


def test_people_sign_in_where_google_asks_them(person: Person) -> None:
    del person.variables["MUSIC_SYNC_YOUTUBE_AUTH_URL"]
    attempt = begin(person.means.accounts, ACCOUNT, "simulated-client", "http://127.0.0.1:40123/callback")
    page, _, query = attempt.address.partition("?")

    assert page == "https://accounts.google.com/o/oauth2/v2/auth"
    assert dict(parse_qsl(query)).items() >= {
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("scope", SCOPE),
    }


# Limits


@pytest.mark.parametrize(
    "trouble", [quota_exceeded(), quota_exceeded("dailyLimitExceeded"), rate_limited(429, "per day")]
)
def test_p55_the_end_of_the_quota_is_told_with_the_time_it_ends(person: Person, trouble: Behaviour) -> None:
    person.youtube.like(video(1))
    ids(person.likes)
    person.youtube.misbehave("/youtube/v3", trouble)

    with pytest.raises(ServiceUnavailable, match=r"the units of the day are used up\) until .*\d\d:\d\d \(in") as told:
        list(person.likes.detect())

    assert told.value.after_s == pytest.approx(until_midnight_s(datetime.now(UTC)), abs=5)


def test_p55_the_end_of_the_quota_holds_for_every_process_of_the_home(person: Person) -> None:
    person.youtube.like(video(1))
    ids(person.likes)
    person.youtube.misbehave("/youtube/v3", quota_exceeded())
    failing(person.likes, ServiceUnavailable, "used up")
    person.calls()

    assert failing(person.likes, ServiceUnavailable, "the units of the day are used up") == numbers(1)
    assert failing(person.playlists, ServiceUnavailable, "the units of the day are used up") == []
    assert person.calls() == []


def test_the_services_own_count_of_units_is_respected(person: Person) -> None:
    person.youtube.like(*(video(number) for number in range(200)))
    person.youtube.units_a_day = 5

    assert failing(person.likes, ServiceUnavailable, "used up") == down(199, 100)
    assert person.youtube.units == 5


@pytest.mark.parametrize(
    "trouble", [rate_limited(), rate_limited(429), backend_error(), RateLimited("1"), Truncated(), Garbled()]
)
def test_what_passes_is_tried_again(person: Person, trouble: Behaviour) -> None:
    person.youtube.like(video(1))
    person.youtube.misbehave("/playlistItems", trouble, trouble)

    assert ids(person.likes) == numbers(1)


def test_p10_a_service_that_stays_away_is_an_error_and_what_is_known_is_told(person: Person) -> None:
    person.youtube.like(video(1))
    ids(person.likes)
    person.youtube.misbehave("/youtube/v3", backend_error(), always=True)

    assert failing(person.likes, ServiceUnavailable, "YouTube is away or limits us") == numbers(1)


def test_a_list_of_likes_that_is_not_there_is_a_fault_and_not_an_empty_list(person: Person) -> None:
    person.youtube.likes.is_mine = False

    assert failing(person.likes, ServiceUnavailable, "no such thing.*the next sync tries again") == []


def test_a_list_of_likes_that_is_one_persons_own_is_asked_for_each_time(person: Person) -> None:
    person.youtube.likes.id = "LLold"
    person.youtube.like(video(1))
    ids(person.likes)
    person.calls()

    assert ids(person.likes) == numbers(1)
    assert person.calls() == ["channels 200", "playlistItems 200"]


def test_who_never_opened_youtube_is_told_what_google_says() -> None:
    error = {"code": 401, "message": "Unauthorized", "errors": [{"reason": "youtubeSignupRequired"}]}

    assert judge(Reply(401, {}, json.dumps({"error": error}).encode())) == Trouble("forbidden", "401: Unauthorized")


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 11, 23, 8, tzinfo=UTC), DAY_S),
        (datetime(2026, 11, 24, 7, 59, 30, tzinfo=UTC), 30),
        (datetime(2026, 7, 1, 6, 0, tzinfo=UTC), 3600),
        # The clocks go forward, and back.
        (datetime(2027, 3, 14, 8, tzinfo=UTC), 23 * 3600),
        (datetime(2026, 11, 1, 7, tzinfo=UTC), 25 * 3600),
    ],
)
def test_a_new_day_begins_at_midnight_in_the_west(now: datetime, seconds: int) -> None:
    assert until_midnight_s(now) == seconds


def test_units_are_counted_in_the_day_that_google_counts_in(person: Person) -> None:
    person.youtube.like(video(1))
    ids(person.likes)
    (spent,) = spent_in(person.means.budgets)

    assert (spent.service, spent.unit, spent.used, spent.a_day) == ("youtube", "units", 3, 9000)
    hours_to_come = until_midnight_s(datetime.now(UTC)) + 3600
    (later,) = spent_in(person.means.budgets, now=lambda: time.time() + hours_to_come)
    assert later.used == 0


# Links


def test_p26_a_link_to_a_video_gives_that_video_whatever_its_category(person: Person) -> None:
    person.youtube.catalogue[clip(7).id] = clip(7, "Nadia Klee - Live at the Pier")

    (found,) = person.at(f"https://music.youtube.com/watch?v={clip(7).id}&si=x").detect()

    assert (found.source, found.source_id, found.genre) == ("youtube", clip(7).id, "")
    assert (found.artist, found.title, found.length_s) == ("Nadia Klee", "Live at the Pier", 200.0)
    assert found.url == f"https://www.youtube.com/watch?v={clip(7).id}"


def test_a_link_to_a_topic_channels_video_takes_its_artist(person: Person) -> None:
    person.youtube.catalogue[video(7).id] = video(7)

    assert [found.artist for found in person.at(f"https://youtu.be/{video(7).id}").detect()] == ["Nadia Klee"]


def test_a_link_to_a_playlist_gives_all_of_it(person: Person) -> None:
    theirs = person.youtube.add_playlist("Theirs", clip(7), clip(8), privacy="unlisted", is_mine=False)
    at = person.at(f"https://music.youtube.com/playlist?list={theirs.id}")

    found = list(at.detect())

    assert [(track.source_id, track.playlists) for track in found] == [
        (clip(8).id, (Playlist("youtube", theirs.id, "Theirs", 1),)),
        (clip(7).id, (Playlist("youtube", theirs.id, "Theirs", 0),)),
    ]
    assert at.messages == []
    person.calls()
    assert len(ids(at)) == 2
    assert person.calls() == ["playlists 200", "playlistItems 200"]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("https://youtu.be/v0000000404", "shows no such video"),
        ("https://youtu.be/v0000000009", "live or only announced"),
        ("https://www.youtube.com/playlist?list=PLnothing0000001", "shows no such playlist"),
    ],
)
def test_p26_a_link_to_nothing_says_so_in_one_sentence(person: Person, link: str, told: str) -> None:
    person.youtube.catalogue[video(9).id] = video(9, live="upcoming", duration="P0D")

    assert failing(person.at(link), BadSetting, f"cannot be read: .*{told}.*; check the link") == []


def test_the_link_of_the_own_likes_is_the_likes(person: Person) -> None:
    person.youtube.like(video(1))

    assert ids(person.at("https://www.youtube.com/playlist?list=LL")) == numbers(1)


@pytest.mark.parametrize(
    "link",
    [
        "https://music.youtube.com/playlist?list=LM",
        "https://www.youtube.com/@nadia",
        "https://open.spotify.com/track/0000000000000000000001",
        "https://soundcloud.com/you/likes",
    ],
)
def test_other_places_are_left_to_others(person: Person, link: str) -> None:
    assert source.for_place(read_place(link), person.means) is None


def test_without_an_account_links_are_left_to_others(person: Person) -> None:
    del person.variables["YOUTUBE_REFRESH_TOKEN"]

    for link in (f"https://youtu.be/{video(1).id}", "https://www.youtube.com/playlist?list=PLwarmup0000001"):
        assert source.for_place(read_place(link), person.means) is None


# Without an account


def public(person: Person, server: PublicPagesServer, *links: str, part: str = "playlists") -> PublicPlaylists:
    """Someone without an account who switched YouTube's public pages on."""
    del person.variables["YOUTUBE_REFRESH_TOKEN"]
    person.variables["MUSIC_SYNC_EXTRACTORS"] = "youtube"
    return PublicPlaylists(person.means, links, part, base=server.url)


def test_public_playlists_come_without_an_account_where_the_owner_allows_it(person: Person) -> None:
    with PublicPagesServer() as server:
        server.playlists["PLwarmup0000001"] = VideoList("Warm Up", videos(2))
        server.playlists["PLclosed0000001"] = VideoList("", alert="This playlist is private.")
        found = public(person, server, "PLwarmup0000001", "https://www.youtube.com/playlist?list=PLclosed0000001")

        tracks = list(found.detect())

    assert [(track.source, track.source_id) for track in tracks] == [("youtube", video_id(0)), ("youtube", video_id(1))]
    assert [each.name for track in tracks for each in track.playlists] == ["Warm Up"] * 2
    (told,) = found.messages
    assert told.startswith("the playlist https://www.youtube.com/playlist?list=PLclosed0000001 was left out: ")
    assert person.youtube.seen == []


def test_a_public_playlist_that_a_person_names_and_that_is_not_shown_is_an_error(person: Person) -> None:
    with PublicPagesServer() as server:
        found = public(person, server, "PLnothing0000001", part="playlist")

        assert failing(found, BadSetting, "PLnothing0000001 cannot be read: .*; check the link") == []


def test_the_part_reads_public_playlists_when_nobody_is_connected(person: Person) -> None:
    del person.variables["YOUTUBE_REFRESH_TOKEN"]
    person.variables["MUSIC_SYNC_YOUTUBE_PLAYLISTS"] = "PLwarmup0000001"

    assert failing(person.playlists, BadSetting, "add `youtube` to MUSIC_SYNC_EXTRACTORS") == []


def test_a_link_to_a_public_playlist_needs_no_account_where_the_owner_allows_it(person: Person) -> None:
    del person.variables["YOUTUBE_REFRESH_TOKEN"]
    person.variables["MUSIC_SYNC_EXTRACTORS"] = "youtube"

    found = source.for_place(read_place("https://www.youtube.com/playlist?list=PLwarmup0000001"), person.means)

    assert isinstance(found, PublicPlaylists)
    assert source.for_place(read_place(f"https://youtu.be/{video(1).id}"), person.means) is None


# The words


@pytest.mark.parametrize(
    ("title", "channel", "words"),
    [
        ("Half Past Two", "Nadia Klee - Topic", ("Nadia Klee", "Half Past Two")),
        ("Foil - Paper", "Nadia Klee - Topic", ("Nadia Klee", "Foil - Paper")),
        ("Half Past Two", "Release - Topic", ("", "Half Past Two")),
        ("Nadia Klee - Half Past Two (Official Video)", "KleeVEVO", ("Nadia Klee", "Half Past Two (Official Video)")),
        ("夜行バス – 四時の海", "x", ("夜行バス", "四時の海")),
        ("Half Past Two", "Nadia Klee", ("", "Half Past Two")),
        ("Drum'n'Bass-Mix", "", ("", "Drum'n'Bass-Mix")),
    ],
)
def test_a_title_is_read_as_artist_and_title_where_it_names_both(
    title: str, channel: str, words: tuple[str, str]
) -> None:
    assert words_of(title, channel) == words


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT3M20S", 200.0), ("PT45S", 45.0), ("PT1H", 3600.0), ("P1DT2S", 86402.0), ("P1W", 604800.0), ("P0D", None),
        ("PT0S", None), ("", None), ("3:20", None), ("PT-5S", None), ("PT1.5S", None),
    ],
)  # fmt: skip
def test_durations_become_seconds(duration: str, seconds: float | None) -> None:
    assert seconds_of(duration) == seconds


@pytest.mark.parametrize("channel", ["", "Nadia Klee"])
def test_a_song_that_is_called_as_hidden_videos_are_is_a_song(channel: str) -> None:
    item = {
        "snippet": {
            "title": "Private video",
            "videoOwnerChannelTitle": channel,
            "publishedAt": "2026-01-01T01:00:00+01:00",
        },
        "contentDetails": {"videoId": "v0000000001"},
    }

    entry = parse_entry(item)

    assert (entry and entry.added_at) == ("2026-01-01T00:00:00+00:00" if channel else None)


@pytest.mark.parametrize("item", [None, [], {}, {"snippet": 5, "contentDetails": "x"}])
def test_details_that_cannot_be_read_are_no_music_of_no_length(item: object) -> None:
    details = parse_details(item)

    assert (details.length_s, details.is_music, details.is_live) == (None, False, False)
