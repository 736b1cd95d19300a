"""Loved recordings at ListenBrainz: found whole and cheaply, whatever the service and its data are like."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.sources.listenbrainz import LovedRecordings, parse_feedback
from music_sync.demo.listenbrainz import (
    HATED,
    TOKEN,
    USER,
    Feedback,
    ListenBrainzServer,
    feedback,
    rate_limited,
    recording_id,
    without_mbid,
    without_words,
)
from music_sync.demo.loopback import Change, Garbled, Refuse, Truncated
from music_sync.model.errors import NeedsPerson, NotSetUp, ServiceUnavailable
from music_sync.model.track import FoundTrack


@dataclass
class Bench:
    """A user's source with its memory, and the pauses it made."""

    server: ListenBrainzServer
    home: Path
    memory: FakeListings = field(default_factory=FakeListings)
    pauses: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def source(self, user: str = USER, token: str = "") -> LovedRecordings:
        settings = {"LISTENBRAINZ_USER": user, "LISTENBRAINZ_TOKEN": token}
        given = {name: text for name, text in settings.items() if text}
        means = means_in(self.home, self.memory, MUSIC_SYNC_LISTENBRAINZ_URL=self.server.url, **given)
        return LovedRecordings(replace(means, sleep=self.pauses.append))

    def read(self, user: str = USER, token: str = "") -> list[FoundTrack]:
        source = self.source(user, token)
        found = list(source.detect())
        self.messages = source.messages
        return found

    def love(self, *numbers: int) -> None:
        self.server.said.extend(feedback(number) for number in numbers)

    def unlove(self, *numbers: int) -> None:
        gone = {recording_id("mbid", number) for number in numbers}
        self.server.said[:] = [said for said in self.server.said if said.recording_mbid not in gone]

    def count(self) -> int:
        """The calls since this was last asked."""
        made = len(self.server.seen)
        self.server.seen.clear()
        return made


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ListenBrainzServer() as server:
        yield Bench(server, tmp_path)


def titles(found: list[FoundTrack]) -> list[str]:
    return [each.title for each in found]


def expected(*numbers: int) -> list[str]:
    return [f"Title {number}" for number in numbers]


# What is found


def test_a_loved_recording_is_told_with_its_words_page_and_moment(bench: Bench) -> None:
    bench.love(1)

    assert bench.read() == [
        FoundTrack(
            source="listenbrainz",
            source_id=recording_id("mbid", 1),
            artist="Artist 1",
            title="Title 1",
            album="Release 1",
            url=f"https://musicbrainz.org/recording/{recording_id('mbid', 1)}",
            liked_at="2023-11-14T22:14:20+00:00",
        )
    ]


def test_the_newest_comes_first_and_hated_recordings_never(bench: Bench) -> None:
    bench.love(1, 3, 2)
    bench.server.said.append(feedback(4, HATED))

    assert titles(bench.read()) == expected(3, 2, 1)


def test_without_an_mbid_the_id_of_listenbrainz_names_it(bench: Bench) -> None:
    bench.server.said.append(without_mbid(1))

    (found,) = bench.read()

    assert (found.source_id, found.title, found.url) == (recording_id("msid", 1), "Title 1", "")


def test_without_words_there_is_the_page_at_musicbrainz(bench: Bench) -> None:
    bench.server.said.append(without_words(1))

    (found,) = bench.read()

    assert (found.title, found.url) == ("", f"https://musicbrainz.org/recording/{recording_id('mbid', 1)}")


def test_what_cannot_be_looked_for_is_told_once_and_costs_no_other(bench: Bench) -> None:
    """P18: a missing field is no reason to lose a track."""
    bench.love(1, 4)
    nameless = [replace(without_mbid(number), track_metadata=None) for number in (2, 3)]
    bench.server.said.extend(nameless)

    assert titles(bench.read()) == expected(4, 1)
    assert bench.messages == [
        "2 of the loved recordings of rob cannot be looked for: ListenBrainz gives neither a title nor a MusicBrainz id"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "text",
        [],
        {},
        {"recording_mbid": 7, "recording_msid": None, "track_metadata": {"track_name": "Title"}},
        {"recording_mbid": "../../1", "track_metadata": {"track_name": "Title"}},
        {"recording_msid": recording_id("msid", 1), "track_metadata": {"track_name": ["Title"]}},
    ],
)
def test_an_entry_of_another_shape_is_none(entry: object) -> None:
    assert parse_feedback(entry) is None


@pytest.mark.parametrize("created", [None, "soon", -1, True, 1e300, 10**15, 0])
def test_a_moment_that_makes_no_sense_is_not_told(created: object) -> None:
    found = parse_feedback({"recording_mbid": recording_id("mbid", 1), "created": created})

    assert found is not None
    assert found.liked_at == ""


def test_words_are_made_safe(bench: Bench) -> None:
    odd = {"track_name": "a\nb\0\ud83c", "artist_name": None, "release_name": 5}
    bench.server.said.append(Feedback(1, recording_id("mbid", 1).upper(), None, track_metadata=odd))

    (found,) = bench.read()

    assert (found.title, found.artist, found.album) == ("a b", "", "")
    assert found.source_id == recording_id("mbid", 1)


def test_an_empty_list_is_empty(bench: Bench) -> None:
    assert bench.read() == []
    assert bench.read() == []
    assert bench.messages == []


# Signing in


def test_without_a_user_it_is_not_set_up_and_nothing_is_asked(bench: Bench) -> None:
    with pytest.raises(NotSetUp, match="music-sync connect listenbrainz"):
        bench.read(user="", token=TOKEN)

    assert bench.count() == 0


def test_a_token_is_sent_in_the_scheme_of_the_service(bench: Bench) -> None:
    bench.server.wants_token = True
    bench.love(1)

    assert titles(bench.read(token=TOKEN)) == expected(1)
    assert {seen.headers["authorization"] for seen in bench.server.seen} == {f"Token {TOKEN}"}


def test_reading_works_without_a_token(bench: Bench) -> None:
    bench.love(1)

    assert titles(bench.read()) == expected(1)
    assert all("authorization" not in seen.headers for seen in bench.server.seen)


@pytest.mark.parametrize("token", ["wrong-but-secret", "wrong\nsecret", "secret-ü"])
def test_a_wrong_token_needs_a_person_and_stays_secret(bench: Bench, token: str) -> None:
    with pytest.raises(NeedsPerson, match="music-sync connect listenbrainz") as caught:
        bench.read(token=token)

    assert "secret" not in str(caught.value)
    assert bench.pauses == []


@pytest.mark.parametrize("user", ["nobody", "../admin?x", "no/body"])
def test_an_unknown_user_needs_a_person(bench: Bench, user: str) -> None:
    """P13: the name that is wrong is told, with what sets it."""
    with pytest.raises(NeedsPerson, match=r"no user '.*'; run `music-sync connect listenbrainz`"):
        bench.read(user=user)

    assert bench.count() == 1


def test_another_user_begins_a_list_of_their_own(bench: Bench) -> None:
    bench.love(1, 2)
    bench.read()
    bench.server.users["ada"] = [feedback(7)]

    assert titles(bench.read(user="ada")) == expected(7)
    assert titles(bench.read(user=USER.upper())) == expected(2, 1)
    assert bench.messages == []


# Limits and failures


def test_a_short_limit_is_waited_for_as_its_own_header_says(bench: Bench) -> None:
    """P55: the service's own header counts."""
    bench.love(1)
    bench.server.misbehave("GET", rate_limited("7"))

    assert titles(bench.read()) == expected(1)
    assert bench.pauses == [7.0]


def test_a_limit_without_a_time_is_waited_for_a_little(bench: Bench) -> None:
    bench.server.misbehave("GET", rate_limited(None), rate_limited("soon"))

    assert bench.read() == []
    assert bench.pauses == [1.0, 2.0]


def test_a_long_limit_ends_the_reading_and_the_next_asks_nothing(bench: Bench) -> None:
    bench.server.misbehave("GET", rate_limited("600"))

    with pytest.raises(ServiceUnavailable, match="ListenBrainz limits us") as caught:
        bench.read()
    assert caught.value.after_s == 600
    with pytest.raises(ServiceUnavailable, match="ListenBrainz limits us"):
        bench.read()

    assert (bench.count(), bench.pauses) == (1, [])


@pytest.mark.parametrize(
    "behaviour",
    [Refuse(502, b"<html>"), Refuse(503), Truncated(), Garbled()],
    ids=["bad_gateway", "overloaded", "truncated", "garbled"],
)
def test_a_passing_fault_is_tried_again(bench: Bench, behaviour: Any) -> None:
    bench.love(1)
    bench.server.misbehave("GET", behaviour)

    assert titles(bench.read()) == expected(1)
    assert len(bench.pauses) == 1


@pytest.mark.parametrize("answer", [[], {}, {"feedback": None}, {"feedback": {"0": {}}}, "text"])
def test_an_answer_of_another_shape_is_never_an_empty_list(bench: Bench, answer: object) -> None:
    """P5: an error is not `nothing there`."""
    bench.love(1)
    bench.read()
    bench.server.misbehave("GET", Change(lambda _: answer))

    with pytest.raises(ServiceUnavailable, match="no list"):
        bench.read()


def test_what_was_known_is_told_before_an_outage(bench: Bench) -> None:
    """P10: one outage costs nothing that is known."""
    bench.love(1, 2)
    bench.read()
    bench.server.misbehave("GET", Refuse(500), always=True)
    found = bench.source().detect()

    assert [next(found).title, next(found).title] == expected(2, 1)
    with pytest.raises(ServiceUnavailable):
        next(found)


# Again, cheaply and completely


def test_ten_thousand_are_read_once_and_then_only_what_is_new(bench: Bench) -> None:
    """P7, P9, P53: to the end, and then no more than what changed."""
    bench.love(*range(10_000))

    assert titles(bench.read()) == expected(*reversed(range(10_000)))
    assert bench.count() <= 11
    assert len(bench.read()) == 10_000
    assert bench.count() == 1
    bench.love(10_000)
    assert titles(bench.read())[:2] == expected(10_000, 9_999)
    assert bench.count() <= 2
    assert bench.pauses == []


def test_a_reading_that_broke_off_goes_on_where_it_was(bench: Bench) -> None:
    """P52: what was read is not read again."""
    bench.love(*range(5000))
    bench.server.misbehave("offset=3000", Refuse(502), always=True)
    found = bench.source().detect()
    first = [next(found).title for _ in range(3000)]
    with pytest.raises(ServiceUnavailable):
        next(found)
    bench.server.behave()
    bench.count()

    assert first == expected(*reversed(range(2000, 5000)))
    assert titles(bench.read()) == expected(*reversed(range(5000)))
    assert [seen.query["offset"] for seen in bench.server.seen] == ["3000", "4000", "0"]


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
    assert bench.messages == ["1 track is no longer on the loved recordings of rob; the files stay"]
    bench.read()
    assert bench.messages == []


def test_a_server_that_counts_what_is_hated_too_is_read_to_the_end_and_no_further(bench: Bench) -> None:
    bench.love(*range(1500))
    bench.server.said.extend(feedback(number, HATED) for number in range(2000, 2600))
    bench.server.counts_hated = True

    assert len(bench.read()) == 1500
    assert bench.count() <= 4
    assert len(bench.read()) == 1500
    assert bench.count() == 1
    bench.love(1500)
    assert titles(bench.read())[0] == "Title 1500"
    assert bench.count() <= 2
