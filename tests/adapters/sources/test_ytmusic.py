"""Liked songs at YouTube Music: all of them, cheaply, and never an empty list where the sign-in has ended."""

import json
import locale
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.links import read_place
from music_sync.adapters.means import Means
from music_sync.adapters.sources.ytmusic import LikedSongs, for_place, open_parts, parse_song, read_headers, who
from music_sync.demo.loopback import Behaviour, Change, Garbled, RateLimited, Refuse, Truncated
from music_sync.demo.ytmusic import COOKIE, HEADERS, SESSION, Song, YtmusicServer, songs, video_id
from music_sync.model.errors import NeedsPerson, NotSetUp, ServiceUnavailable, SyncError
from music_sync.model.track import FoundTrack

CONNECT = "run `music-sync connect ytmusic`"


@dataclass
class Bench:
    """A person's source with its memory, and the pauses it made."""

    server: YtmusicServer
    home: Path
    memory: FakeListings = field(default_factory=FakeListings)
    pauses: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    headers: str = HEADERS

    def means(self) -> Means:
        given = {"MUSIC_SYNC_YTMUSIC_URL": self.server.url, "MUSIC_SYNC_YTMUSIC_HEADERS": self.headers}
        return replace(means_in(self.home, self.memory, **given), sleep=self.pauses.append)

    def found(self) -> list[FoundTrack]:
        source = LikedSongs(self.means())
        self.messages = source.messages
        try:
            return list(source.detect())
        finally:
            self.messages = source.messages

    def read(self) -> list[str]:
        return [track.source_id for track in self.found()]

    def known_before(self, error: type[SyncError], match: str) -> list[str]:
        """What is yielded before the source ends with an error."""
        yielded: list[str] = []
        tracks = LikedSongs(self.means()).detect()
        with pytest.raises(error, match=match):
            yielded.extend(track.source_id for track in tracks)
        return yielded

    def calls(self) -> int:
        """How many calls were made since this was last asked."""
        made = len(self.server.seen)
        self.server.seen.clear()
        return made


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with YtmusicServer() as server:
        yield Bench(server, tmp_path)


def ids(count: int, first: int = 0) -> list[str]:
    return [video_id(number) for number in range(first, first + count)]


# What is found


def test_a_liked_song_comes_with_words_length_and_its_page_at_youtube(bench: Bench) -> None:
    bench.server.account.likes = [
        Song("half-past02", "Half Past Two", ("Nadia Klee", "Hanne Vik"), "Late Shift", "4:05")
    ]
    (found,) = bench.found()

    assert replace(found, liked_at="") == FoundTrack(
        source="ytmusic",
        source_id="half-past02",
        artist="Nadia Klee, Hanne Vik",
        title="Half Past Two",
        album="Late Shift",
        length_s=245.0,
        url="https://www.youtube.com/watch?v=half-past02",
    )


def test_two_thousand_songs_are_all_read_and_then_cost_one_call(bench: Bench) -> None:
    """P7, P9: nothing starves behind the first page, and only what is new is read."""
    bench.server.account.likes = songs(2000)

    assert bench.read() == ids(2000)
    assert bench.calls() == 21
    assert bench.read() == ids(2000)
    assert bench.calls() == 1


def test_one_more_like_costs_one_call_and_stands_first(bench: Bench) -> None:
    bench.server.account.likes = songs(350, first=1)
    bench.read()
    bench.calls()
    bench.server.account.likes = songs(351)

    assert bench.read() == ids(351)
    assert bench.calls() == 1


def test_more_new_likes_than_a_page_holds_are_all_read(bench: Bench) -> None:
    bench.server.account.likes = songs(700, first=250)
    bench.read()
    bench.calls()
    bench.server.account.likes = songs(950)

    assert bench.read() == ids(950)
    assert bench.calls() == 3


def test_a_like_that_was_taken_back_is_told_once(bench: Bench) -> None:
    bench.server.account.likes = songs(3)
    bench.read()
    del bench.server.account.likes[1]

    assert bench.read() == [video_id(0), video_id(2)]
    assert bench.messages == ["1 track is no longer on Liked Music; the files stay"]
    bench.read()
    assert bench.messages == []


def test_no_likes_are_an_empty_list(bench: Bench) -> None:
    assert bench.read() == []
    assert bench.calls() == 1


def test_a_message_in_place_of_a_list_is_an_empty_list_for_who_is_signed_in(bench: Bench) -> None:
    def emptied(body: dict[str, Any]) -> dict[str, Any]:
        return body | {"contents": {"singleColumnBrowseResultsRenderer": {"tabs": [{"messageRenderer": {}}]}}}

    bench.server.misbehave("browse", Change(emptied), always=True)

    assert bench.read() == []


def test_what_is_deleted_or_broken_costs_nobody_else_and_is_told(bench: Bench) -> None:
    bench.server.account.likes = [*songs(2), Song("", "Song deleted"), Song("short", "x"), *songs(1, first=2)]

    def spoiled(body: dict[str, Any]) -> dict[str, Any]:
        columns = body["contents"]["twoColumnBrowseResultsRenderer"]["secondaryContents"]
        entries = columns["sectionListRenderer"]["contents"][0]["musicPlaylistShelfRenderer"]["contents"]
        item = "musicResponsiveListItemRenderer"
        entries[1:1] = [None, {item: None}, {item: {}}, {item: {"flexColumns": None}}, {item: {"flexColumns": [{}]}}]
        return body

    bench.server.misbehave("browse", Change(spoiled))

    assert bench.read() == ids(3)
    assert bench.messages == ["6 entries of Liked Music cannot be had any more"]


def test_what_is_greyed_out_is_liked_all_the_same(bench: Bench) -> None:
    bench.server.account.likes = [Song(video_id(1), "Half Past Two", greyed_out=True)]
    (found,) = bench.found()

    assert (found.artist, found.title, found.source_id) == ("Nadia Klee", "Half Past Two", video_id(1))


@pytest.mark.parametrize("count_text", ["{:,} songs", "{} songs", "no number", "", "1,024 views"])
def test_however_the_number_of_songs_is_told_all_are_read(bench: Bench, count_text: str) -> None:
    bench.server.account.count_text = count_text
    bench.server.account.likes = songs(1250)

    assert bench.read() == ids(1250)
    assert bench.read() == ids(1250)


# The sign-in


def test_without_headers_the_source_is_passed_over(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp, match="music-sync connect ytmusic"):
        list(LikedSongs(means_in(tmp_path)).detect())


@pytest.mark.parametrize(
    "copied",
    [
        HEADERS,
        HEADERS.upper().replace(COOKIE.upper(), COOKIE),
        HEADERS.replace("\n", "\r\n"),
        f":authority:\nmusic.youtube.com\ncookie:\n{COOKIE}\nx-goog-authuser:\n0\n",
        f"POST /youtubei/v1/browse HTTP/2\nHost: music.youtube.com\nAuthorization: SAPISIDHASH 1_ab\nCookie: {COOKIE}",
        json.dumps({"Cookie": COOKIE, "X-Goog-AuthUser": "0", "number": 1}),
        f"curl 'https://music.youtube.com/x' \\\n  -H 'accept: */*' \\\n  -b '{COOKIE}' \\\n -H 'x-goog-authuser: 0'",
        f'curl "https://music.youtube.com/youtubei/v1/browse" -H "cookie: {COOKIE}"',
        COOKIE,
        f'PREF={{"odd": "json, here"}}; {COOKIE}',
    ],
)
def test_headers_are_taken_as_browsers_copy_them(bench: Bench, copied: str) -> None:
    bench.server.account.likes = songs(2)
    bench.headers = copied

    assert bench.read() == ids(2)


@pytest.mark.parametrize(
    "copied", ["x", "{", "[]", '{"cookie": 1}', "Cookie: SID=1; YSC=2", "curl 'https://x'", "a: b"]
)
def test_headers_without_the_cookie_that_signs_are_refused_unasked(bench: Bench, copied: str) -> None:
    bench.headers = copied

    with pytest.raises(NeedsPerson, match=f"hold no cookie of a signed-in browser .* {CONNECT}"):
        bench.read()
    assert bench.calls() == 0


def test_only_what_says_who_asks_is_sent(bench: Bench) -> None:
    bench.headers = (
        HEADERS + "Sec-Fetch-Site: same-origin\nX-Secret-Of-The-Browser: 1\nReferer: https://music.youtube.com/x\n"
    )
    bench.read()
    sent = bench.server.seen[0].headers

    assert not {"sec-fetch-site", "x-secret-of-the-browser", "referer"} & set(sent)
    assert sent["cookie"] == COOKIE


def test_a_browser_that_signed_out_is_never_an_empty_list(bench: Bench) -> None:
    """P5: signed out, the service answers 200 and shows nothing."""
    bench.server.account.likes = songs(150)
    bench.read()
    bench.server.sign_out()

    assert bench.known_before(NeedsPerson, CONNECT) == ids(150)


def test_a_browser_that_signs_out_between_two_pages_ends_the_reading(bench: Bench) -> None:
    bench.server.account.likes = songs(250)
    bench.server.after_each = lambda count: bench.server.sign_out() if count == 2 else None

    assert bench.known_before(NeedsPerson, CONNECT) == ids(200)


@pytest.mark.parametrize(
    "behaviour",
    [
        Refuse(401, {"error": {"message": "Request had invalid authentication credentials."}}),
        Refuse(403, {"error": {"message": "The caller does not have permission"}}),
        Refuse(200, b"<html>Sign in</html>", {"Content-Type": "text/html; charset=utf-8"}),
        Refuse(302, None, {"Location": "https://accounts.google.com/ServiceLogin"}),
        Change(lambda body: body | {"responseContext": None, "contents": {"signInEndpoint": {}}}),
        Change(lambda _body: []),
        Change(lambda _body: {}),
        Change(lambda body: body | {"contents": None}),
    ],
)
def test_what_is_no_list_of_likes_needs_a_person(bench: Bench, behaviour: Behaviour) -> None:
    """P5: none of these is zero likes."""
    bench.server.account.likes = songs(3)
    bench.server.misbehave("browse", behaviour, always=True)

    with pytest.raises(NeedsPerson, match=r"run `music-sync connect ytmusic`|update it"):
        bench.read()


def test_songs_that_are_announced_and_not_shown_are_no_empty_list(bench: Bench) -> None:
    """P5."""
    bench.server.account.announced = 12

    with pytest.raises(NeedsPerson, match="update it"):
        bench.read()


def test_the_cookies_never_leave_for_another_site(bench: Bench, tmp_path: Path) -> None:
    with YtmusicServer() as other:
        bench.server.misbehave(
            "browse", Refuse(307, None, {"Location": f"{other.url}/youtubei/v1/browse"}), always=True
        )
        with pytest.raises(NeedsPerson, match="leads to another site"):
            bench.read()

        assert other.seen == []


def test_neither_messages_nor_log_hold_the_cookies(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    bench.server.sign_out()

    with pytest.raises(NeedsPerson) as ended:
        bench.read()
    assert SESSION not in f"{ended.value} {caplog.text} {bench.messages} {bench.means()!r}"


def test_headers_without_a_visitor_get_one_from_the_page(bench: Bench) -> None:
    bench.server.account.likes = songs(1)
    bench.headers = f"Cookie: {COOKIE}"
    bench.read()

    assert [seen.path for seen in bench.server.seen] == ["/", "/youtubei/v1/browse"]
    assert bench.server.seen[1].headers["x-goog-visitor-id"] == "simulated-visitor"


@pytest.mark.parametrize(
    "behaviour", [Garbled(b"ytcfg.set({broken});"), Refuse(404), Refuse(302, None, {"Location": "/x"})]
)
def test_a_page_that_tells_no_visitor_is_told(bench: Bench, behaviour: Behaviour) -> None:
    bench.headers = f"Cookie: {COOKIE}"
    bench.server.misbehave("GET /", behaviour, always=True)

    with pytest.raises((NeedsPerson, ServiceUnavailable)):
        bench.read()


def test_whose_browser_it_was_is_told(bench: Bench) -> None:
    assert who(bench.means()) == "Nadia"
    bench.server.sign_out()
    with pytest.raises(NeedsPerson, match=CONNECT):
        who(bench.means())


def test_the_locale_of_the_process_stays_as_it_was(bench: Bench) -> None:
    before = locale.setlocale(locale.LC_ALL)
    bench.read()

    assert locale.setlocale(locale.LC_ALL) == before


# Trouble on the way


@pytest.mark.parametrize("behaviour", [RateLimited("2"), RateLimited(None), Refuse(503), Refuse(500), Truncated()])
def test_what_passes_is_tried_again(bench: Bench, behaviour: Behaviour) -> None:
    bench.server.account.likes = songs(250)
    bench.server.misbehave("browse", behaviour, behaviour)

    assert bench.read() == ids(250)
    assert bench.pauses


def test_a_long_pause_ends_the_reading_and_is_kept(bench: Bench) -> None:
    """P55."""
    bench.server.misbehave("browse", RateLimited("600"))
    with pytest.raises(ServiceUnavailable, match="YouTube Music limits us"):
        bench.read()
    bench.calls()

    with pytest.raises(ServiceUnavailable, match="YouTube Music limits us"):
        bench.read()
    assert bench.calls() == 0


def test_a_reading_that_broke_off_goes_on_from_there(bench: Bench) -> None:
    """P54: only what is unfinished is done."""
    bench.server.account.likes = songs(500)
    bench.server.after_each = lambda count: (
        bench.server.misbehave("browse", Refuse(503), always=True) if count == 3 else None
    )

    assert bench.known_before(ServiceUnavailable, "away or limits us") == ids(300)
    bench.server.after_each = lambda _count: None
    bench.server.behave()
    bench.calls()

    assert bench.read() == ids(500)
    assert bench.calls() == 3


def test_a_place_that_the_service_has_forgotten_begins_anew(bench: Bench) -> None:
    bench.server.account.likes = songs(300)
    bench.server.after_each = lambda count: (
        bench.server.misbehave("browse", Refuse(503), always=True) if count == 1 else None
    )
    bench.known_before(ServiceUnavailable, "away")
    bench.server.after_each = lambda _count: None
    bench.server.behave()
    bench.server.misbehave("browse", Refuse(400, {"error": {"message": "Request contains an invalid argument."}}))

    assert bench.read() == ids(300)


@pytest.mark.parametrize("reply", [{}, {"onResponseReceivedActions": None}, {"onResponseReceivedActions": [None]}])
def test_a_list_that_breaks_off_is_no_short_list(bench: Bench, reply: dict[str, Any]) -> None:
    """P5."""
    bench.server.account.likes = songs(500)

    def broken(body: dict[str, Any]) -> dict[str, Any]:
        return {"responseContext": body["responseContext"]} | reply if "contents" not in body else body

    bench.server.misbehave("browse", Change(broken), always=True)

    assert bench.known_before(ServiceUnavailable, "broke off") == ids(100)


def test_an_empty_last_page_ends_the_list(bench: Bench) -> None:
    bench.server.account.likes = songs(150)

    def last(body: dict[str, Any]) -> dict[str, Any]:
        return {"responseContext": body["responseContext"]} if "contents" not in body else body

    bench.server.misbehave("browse", Change(last), always=True)

    assert bench.read() == ids(100)


def _between(bench: Bench, act: Callable[[], object]) -> None:
    bench.server.after_each = lambda count: act() if count == 2 else None


def test_a_like_that_goes_away_between_two_pages_hides_no_other(bench: Bench) -> None:
    bench.server.account.likes = songs(450)
    _between(bench, lambda: bench.server.account.likes.pop(5))

    assert set(bench.read()) >= set(ids(450)) - {video_id(5)}
    bench.server.after_each = lambda _count: None
    assert bench.read() == [one for one in ids(450) if one != video_id(5)]


def test_a_like_that_comes_between_two_pages_is_found(bench: Bench) -> None:
    bench.server.account.likes = songs(450, first=1)
    _between(bench, lambda: bench.server.account.likes.insert(0, songs(1)[0]))

    assert sorted(bench.read()) == ids(451)


def test_a_page_that_comes_again_and_again_ends(bench: Bench) -> None:
    bench.server.account.likes = songs(450)

    def again(body: dict[str, Any]) -> dict[str, Any]:
        return json.loads(json.dumps(body).replace("likes-200", "likes-100").replace("likes-300", "likes-100")) or body

    bench.server.misbehave("browse", Change(again), always=True)

    with pytest.raises(ServiceUnavailable):
        bench.read()


# Around it


def test_a_link_to_ones_liked_music_is_read_where_somebody_is_connected(bench: Bench, tmp_path: Path) -> None:
    place = read_place("https://music.youtube.com/playlist?list=LM")

    assert isinstance(for_place(place, bench.means()), LikedSongs)
    assert for_place(place, means_in(tmp_path / "nobody")) is None
    assert for_place(read_place("https://music.youtube.com/playlist?list=LL"), bench.means()) is None
    assert for_place(read_place("https://music.youtube.com/watch?v=half-past02"), bench.means()) is None


def test_it_has_one_part(bench: Bench) -> None:
    assert [(source.name, source.part) for source in open_parts(bench.means())] == [("ytmusic", "likes")]
    assert bench.calls() == 0


def test_cookies_that_ytmusicapi_cannot_read_are_left_out() -> None:
    assert read_headers(f'odd={{"a": [1]}}; {COOKIE}')["cookie"] == COOKIE


@pytest.mark.parametrize(
    "song",
    [
        {},
        {"videoId": None, "title": "x"},
        {"videoId": "half-past02", "title": None},
        {"videoId": "half-past0/", "title": "x"},
        {"videoId": "half-past02", "title": "x", "videoType": "MUSIC_VIDEO_TYPE_PODCAST_EPISODE"},
    ],
)
def test_what_is_no_song_is_none(song: dict[str, Any]) -> None:
    assert parse_song(song) is None


@pytest.mark.parametrize("artists", [None, [], [None], [{}], [{"name": None}], "x"])
def test_a_song_without_artists_is_a_song(artists: object) -> None:
    found = parse_song({"videoId": "half-past02", "title": "Half Past Two", "artists": artists, "album": None})

    assert found is not None
    assert (found.artist, found.album, found.length_s) == ("", "", None)
