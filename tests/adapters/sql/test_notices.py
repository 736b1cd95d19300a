"""Notices in the outbox: none lost, none twice; on SQLite and on Postgres."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.notices import SqlNotices
from music_sync.model.notice import Notice


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(engine: sa.Engine, clock: Clock) -> SqlNotices:
    return SqlNotices(engine, clock)


def failed(*lines: str) -> Notice:
    return Notice("failed", lines, "failure")


def test_what_comes_before_it_is_told_is_told_as_one(memory: SqlNotices) -> None:
    memory.store([failed("one"), failed("two")], {})
    memory.store([failed("three")], {})

    (waiting,) = memory.due()

    assert (waiting.lines, waiting.count) == (("one", "two", "three"), 3)


def test_f71_a_thousand_failures_are_one_notice_with_a_count(memory: SqlNotices) -> None:
    memory.store([failed(str(number)) for number in range(1000)], {})

    (waiting,) = memory.due()

    assert (len(waiting.lines), waiting.count) == (20, 1000)


def test_what_was_told_is_not_told_again(memory: SqlNotices) -> None:
    memory.store([failed("one")], {})
    memory.sent(memory.due()[0])

    assert memory.due() == []


def test_what_comes_while_it_is_being_told_is_told_after_a_while(memory: SqlNotices, clock: Clock) -> None:
    memory.store([failed("one")], {})
    (waiting,) = memory.due()
    memory.store([failed("two")], {})
    memory.sent(waiting)

    assert memory.due() == []
    clock.pass_by(minutes=5)
    assert [each.lines for each in memory.due()] == [("two",)]


def test_two_notices_of_a_subject_lie_five_minutes_apart(memory: SqlNotices, clock: Clock) -> None:
    memory.store([failed("one")], {})
    memory.sent(memory.due()[0])
    memory.store([failed("two")], {})

    assert memory.due() == []
    clock.pass_by(minutes=5)
    assert [each.lines for each in memory.due()] == [("two",)]


def test_of_a_state_only_the_latest_counts(memory: SqlNotices) -> None:
    for line in ("it is broken", "it works again"):
        memory.store([Notice("run", (line,), "info", replaces=True)], {})

    assert [each.lines for each in memory.due()] == [("it works again",)]


def test_a_notice_that_nobody_took_waits_ever_longer(memory: SqlNotices, clock: Clock) -> None:
    memory.store([failed("one")], {})
    pauses = []
    for _ in range(3):
        memory.put_off(memory.due()[0], [])
        start = clock.now
        while not memory.due():
            clock.pass_by(seconds=30)
        pauses.append((clock.now - start).total_seconds())

    assert pauses == [60, 120, 240]


def test_a_place_that_has_it_is_remembered_and_news_goes_out_behind_it(memory: SqlNotices, clock: Clock) -> None:
    memory.store([failed("one")], {})
    memory.put_off(memory.due()[0], ["phone"])
    memory.store([failed("two")], {})
    clock.pass_by(minutes=1)

    first, second = memory.due()

    assert (first.lines, first.told_to) == (("one",), ("phone",))
    assert (second.subject, second.lines, second.told_to) == ("failed", ("two",), ())


def test_a_digest_waits_for_its_hour(memory: SqlNotices, clock: Clock) -> None:
    memory.store([Notice("new", ("Ann - Waves",), "success", due_at="2026-11-29T09:00:00.000Z")], {})

    assert memory.due() == []
    clock.pass_by(hours=13)
    assert [each.lines for each in memory.due()] == [("Ann - Waves",)]


def test_states_are_stored_with_the_notices_and_forgotten_when_well(memory: SqlNotices) -> None:
    memory.store([failed("one")], {"track list:1": "abc", "source spotify": "told person"})
    memory.store([], {"source spotify": ""})

    assert memory.told() == {"track list:1": "abc"}
