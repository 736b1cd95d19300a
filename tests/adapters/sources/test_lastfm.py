"""Loved tracks at Last.fm: texts for numbers, objects for lists, errors in the body; found whole and cheaply."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.calls import Reply
from music_sync.adapters.links import track_link
from music_sync.adapters.sources.lastfm import LovedTracks, judge, parse_track
from music_sync.demo.lastfm import (
    API_KEY,
    RATE_LIMIT,
    TEMPORARY,
    USER,
    LastfmServer,
    Love,
    error,
    love,
)
from music_sync.demo.loopback import Change, Garbled, Refuse, Truncated
from music_sync.model.errors import NeedsPerson, NotSetUp, ServiceUnavailable
from music_sync.model.track import FoundTrack


@dataclass
class Bench:
    """A user's source with its memory, and the pauses it made."""

    server: LastfmServer
    home: Path
    memory: FakeListings = field(default_factory=FakeListings)
    pauses: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def source(self, user: str = USER, key: str = API_KEY) -> LovedTracks:
        settings = {"LASTFM_USER": user, "LASTFM_API_KEY": key}
        given = {name: text for name, text in settings.items() if text}
        means = means_in(self.home, self.memory, MUSIC_SYNC_LASTFM_URL=self.server.url, **given)
        return LovedTracks(replace(means, sleep=self.pauses.append))

    def read(self, user: str = USER, key: str = API_KEY) -> list[FoundTrack]:
        source = self.source(user, key)
        found = list(source.detect())
        self.messages = source.messages
        return found

    def love(self, *numbers: int) -> None:
        self.server.loved.extend(love(number) for number in numbers)

    def unlove(self, *numbers: int) -> None:
        gone = {f"Title {number}" for number in numbers}
        self.server.loved[:] = [each for each in self.server.loved if each.title not in gone]

    def pages(self) -> list[str]:
        """The pages that were asked for since this was last asked."""
        asked = [seen.query["page"] for seen in self.server.seen]
        self.server.seen.clear()
        return asked


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with LastfmServer() as server:
        yield Bench(server, tmp_path)


def titles(found: list[FoundTrack]) -> list[str]:
    return [each.title for each in found]


def expected(*numbers: int) -> list[str]:
    return [f"Title {number}" for number in numbers]


# What is found


def test_one_loved_track_is_told_though_it_is_no_list(bench: Bench) -> None:
    bench.love(1)

    assert bench.read() == [
        FoundTrack(
            source="lastfm",
            source_id="https://www.last.fm/music/Artist+1/_/Title+1",
            artist="Artist 1",
            title="Title 1",
            url="https://www.last.fm/music/Artist+1/_/Title+1",
            liked_at="2023-11-14T22:14:20+00:00",
        )
    ]


def test_the_newest_comes_first(bench: Bench) -> None:
    bench.love(1, 3, 2)

    assert titles(bench.read()) == expected(3, 2, 1)


def test_an_mbid_that_comes_later_makes_no_other_track(bench: Bench) -> None:
    """P25: a track keeps its name."""
    bench.server.loved[:] = [love(1)]
    before = bench.read()
    bench.server.loved[:] = [love(1, mbid="6bb2a2f5-0000-4000-8000-000000000000")]

    assert [found.key for found in bench.read()] == [found.key for found in before]


@pytest.mark.parametrize("empty", [{"track": []}, {}, {"track": None}, {"#text": " "}])
def test_an_empty_list_is_empty_in_each_of_its_shapes(bench: Bench, empty: Any) -> None:
    bench.server.empty = empty

    assert bench.read() == []
    assert bench.messages == []


def test_a_list_that_became_empty_is_noted(bench: Bench) -> None:
    bench.love(1)
    bench.read()
    bench.unlove(1)

    assert bench.read() == []
    assert bench.messages == ["1 track is no longer on the loved tracks of rj; the files stay"]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.last.fm/music/AC%2FDC/_/Back+in+Black",
        "http://www.last.fm/music/AC%2FDC/_/Back+in+Black?autostart#top",
        "https://www.last.fm/de/music/AC%2FDC/_/Back+in+Black",
        "https://lastfm.de/music/AC%2FDC/_/Back+in+Black",
        "",
        None,
        "https://elsewhere.example/music/AC%2FDC/_/Back+in+Black",
        "javascript:alert(1)",
        "https://www.last.fm/music/AC/ DC\ud83c",
    ],
)
def test_a_track_has_one_page_and_so_one_id(url: object) -> None:
    """P26: each form is made one or refused."""
    found = parse_track({"name": "Back in Black", "artist": {"name": "AC/DC"}, "url": url})

    assert found is not None
    assert found.source_id == found.url == "https://www.last.fm/music/AC%2FDC/_/Back+in+Black"
    assert track_link(found.url).url == found.url


@pytest.mark.parametrize(
    "entry",
    [None, "text", [], {}, {"name": "Title"}, {"name": "Title", "artist": None}, {"name": 7, "artist": {"name": "A"}}],
)
def test_an_entry_without_words_is_none(entry: object) -> None:
    assert parse_track(entry) is None


def test_an_entry_that_cannot_be_used_is_told_and_costs_no_other(bench: Bench) -> None:
    """P18"""
    bench.love(1)
    bench.server.loved += [Love("", "Nameless", 5), Love("Nobody", "", 6)]

    assert titles(bench.read()) == expected(1)
    assert bench.messages == ["2 of the loved tracks of rj cannot be looked for: Last.fm gives no artist or no title"]


# Signing in


@pytest.mark.parametrize(("user", "key"), [("", API_KEY), (USER, "")])
def test_without_user_or_key_it_is_not_set_up_and_nothing_is_asked(bench: Bench, user: str, key: str) -> None:
    with pytest.raises(NotSetUp, match="music-sync connect lastfm"):
        bench.read(user, key)

    assert bench.pages() == []


@pytest.mark.parametrize("with_200", [False, True])
def test_a_wrong_key_needs_a_person_and_stays_secret(bench: Bench, *, with_200: bool) -> None:
    bench.server.errors_with_200 = with_200

    with pytest.raises(NeedsPerson, match=r"Invalid API key.*; run `music-sync connect lastfm`") as caught:
        bench.read(key="wrong-but-secret")

    assert "secret" not in str(caught.value)
    assert (len(bench.pages()), bench.pauses) == (1, [])


def test_a_suspended_key_needs_a_person(bench: Bench) -> None:
    bench.server.suspended.add(API_KEY)

    with pytest.raises(NeedsPerson, match=r"API Key Suspended.*; run `music-sync connect lastfm`"):
        bench.read()


@pytest.mark.parametrize("with_200", [False, True])
def test_an_unknown_user_needs_a_person(bench: Bench, *, with_200: bool) -> None:
    """P13"""
    bench.server.errors_with_200 = with_200

    with pytest.raises(NeedsPerson, match="no user 'nobody'; run `music-sync connect lastfm`"):
        bench.read(user="nobody")

    assert len(bench.pages()) == 1


def test_a_private_list_says_what_opens_it(bench: Bench) -> None:
    bench.server.is_private = True

    with pytest.raises(NeedsPerson, match="make them public in the privacy settings"):
        bench.read()


# Limits and failures


@pytest.mark.parametrize(
    "refusal", [error(RATE_LIMIT), error(RATE_LIMIT, 200), error(TEMPORARY), error(TEMPORARY, 200)]
)
def test_a_short_limit_or_a_passing_error_is_waited_for(bench: Bench, refusal: Refuse) -> None:
    """P55: whatever the status says."""
    bench.love(1)
    bench.server.misbehave("GET", refusal, refusal)

    assert titles(bench.read()) == expected(1)
    assert bench.pauses == [1.0, 2.0]


def test_a_limit_that_stays_ends_the_reading_after_some_tries(bench: Bench) -> None:
    bench.server.misbehave("GET", error(RATE_LIMIT, 200), always=True)

    with pytest.raises(ServiceUnavailable, match="Rate Limit Exceeded"):
        bench.read()

    assert bench.pauses == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(
    "behaviour",
    [Refuse(502, b"<html>"), Refuse(503), Truncated(), Garbled(), Garbled(b"[")],
    ids=["bad_gateway", "overloaded", "truncated", "garbled", "broken"],
)
def test_a_passing_fault_is_tried_again(bench: Bench, behaviour: Any) -> None:
    bench.love(1)
    bench.server.misbehave("GET", behaviour)

    assert titles(bench.read()) == expected(1)
    assert len(bench.pauses) == 1


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"lovedtracks": None},
        {"lovedtracks": {}},
        {"lovedtracks": {"track": [], "@attr": {"total": "2"}}},
        {"lovedtracks": {"@attr": {"total": "many"}}},
    ],
)
def test_an_answer_of_another_shape_is_never_an_empty_list(bench: Bench, answer: object) -> None:
    """P5"""
    bench.love(1, 2)
    bench.read()
    bench.server.misbehave("GET", Change(lambda _: answer))

    with pytest.raises(ServiceUnavailable, match="no list"):
        bench.read()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (6, "not_there"),
        (10, "sign_in"),
        (16, "again"),
        (17, "forbidden"),
        (26, "sign_in"),
        (29, "again"),
        (99, "again"),
    ],
)
@pytest.mark.parametrize("status", [200, 403, 500])
def test_the_error_in_the_body_counts_and_not_the_status(code: int, kind: str, status: int) -> None:
    body = json.dumps({"error": code, "message": "Something is not right"}).encode()
    trouble = judge(Reply(status, {}, body))

    assert trouble is not None
    assert (trouble.kind, trouble.message) == (kind, f"error {code}: Something is not right")


# Again, cheaply and completely


def test_ten_thousand_are_read_once_and_then_only_what_is_new(bench: Bench) -> None:
    """P7, P9, P53: to the end, and then no more than what changed."""
    bench.love(*range(10_000))

    assert titles(bench.read()) == expected(*reversed(range(10_000)))
    assert len(bench.pages()) <= 11
    assert len(bench.read()) == 10_000
    assert bench.pages() == ["1"]
    bench.love(10_000)
    assert titles(bench.read())[:2] == expected(10_000, 9_999)
    assert len(bench.pages()) <= 2


def test_a_reading_that_broke_off_goes_on_where_it_was(bench: Bench) -> None:
    """P52: what was read is not read again."""
    bench.love(*range(4500))
    bench.server.misbehave("page=4", Refuse(502), always=True)
    with pytest.raises(ServiceUnavailable):
        bench.read()
    bench.server.behave()
    bench.pages()

    assert titles(bench.read()) == expected(*reversed(range(4500)))
    assert bench.pages() == ["4", "5", "1"]


def test_changes_between_two_pages_lose_nothing(bench: Bench) -> None:
    bench.love(*range(3000))

    def change(count: int) -> None:
        if count == 1:
            bench.unlove(2999, 2500)
        if count == 2:
            bench.love(3000, 3001)

    bench.server.after_each = change
    there = {f"Title {number}" for number in range(3002) if number not in {2999, 2500}}

    # What went away after it was read is noted by a later whole reading.
    assert there <= set(titles(bench.read()))
    assert titles(bench.read())[:2] == expected(3001, 3000)


def test_a_removal_is_noted_and_the_others_stay(bench: Bench) -> None:
    bench.love(1, 2, 3)
    bench.read()
    bench.unlove(2)

    assert titles(bench.read()) == expected(3, 1)
    assert bench.messages == ["1 track is no longer on the loved tracks of rj; the files stay"]
    bench.read()
    assert bench.messages == []
