"""What the inbox of events promises, on SQLite and on Postgres."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.inbox import Answer, InboxWriter, Settled, SqlInbox
from music_sync.model.events import Event, Pile


@pytest.fixture
def inbox(engine: sa.Engine) -> SqlInbox:
    return SqlInbox(engine, "home", lambda: datetime(2026, 11, 28, 12, 0, tzinfo=UTC))


def event(event_id: str, subject: str = "sync", hook: str = "music-sync", digest: str = "d") -> Event:
    return Event(hook, event_id, "sync.requested", subject, "{}", b"\x00body\xff", digest)


def test_an_event_is_kept_as_it_came(inbox: SqlInbox) -> None:
    assert inbox.keep([event("1")]) == ["new"]

    stored = inbox.event("music-sync", "1")
    assert stored is not None
    assert (stored.state, stored.size_bytes, stored.received_at) == ("waiting", 6, "2026-11-28T12:00:00.000Z")
    assert inbox.body(stored.number) == b"\x00body\xff"


def test_an_id_is_one_event_within_its_hook(inbox: SqlInbox) -> None:
    assert inbox.keep([event("1"), event("1"), event("1", digest="other"), event("1", hook="notion")]) == [
        "new", "repeat", "other_body", "new",
    ]  # fmt: skip
    assert inbox.keep([event("1"), event("2"), event("1", digest="other")]) == ["repeat", "new", "other_body"]
    assert len(inbox.events()) == 3


def test_what_starts_nothing_does_not_wait(inbox: SqlInbox) -> None:
    inbox.keep([event("1", "")])

    assert inbox.piles() == []
    assert inbox.events()[0].state == "ignored"


def test_what_waits_is_piled_by_subject(inbox: SqlInbox) -> None:
    inbox.keep([event("1", "b"), event("2", "a"), event("3", "b")])

    assert inbox.piles() == [Pile("b", 2, ""), Pile("a", 1, "")]


def test_a_run_takes_what_waits_and_leaves_what_comes_later(inbox: SqlInbox) -> None:
    inbox.keep([event("1"), event("2")])
    taken = inbox.start("sync", "run-1")
    inbox.keep([event("3")])
    inbox.end("run-1", "done", "nothing_new", "all well")

    assert [each.event_id for each in taken] == ["1", "2"]
    assert {each.event_id: each.state for each in inbox.events()} == {"1": "done", "2": "done", "3": "waiting"}


def test_what_a_kill_left_waits_again(inbox: SqlInbox) -> None:
    inbox.keep([event("1")])
    inbox.start("sync", "run-1")
    inbox.resume()

    assert inbox.piles() == [Pile("sync", 1, "")]


def test_another_home_leaves_it_alone(inbox: SqlInbox, engine: sa.Engine) -> None:
    other = SqlInbox(engine, "other")
    inbox.keep([event("1")])
    inbox.start("sync", "run-1")
    other.resume()

    assert other.piles() == []
    assert other.keep([event("1")]) == ["repeat"]
    assert inbox.events()[0].state == "started"


def test_a_run_that_did_not_go_well_puts_its_events_back(inbox: SqlInbox) -> None:
    inbox.keep([event("1")])
    inbox.start("sync", "run-1")
    inbox.put_back("run-1", "2026-11-28T12:01:00+00:00", "unavailable", "it is away", tried=True)

    assert inbox.piles() == [Pile("sync", 1, "2026-11-28T12:01:00+00:00")]
    assert (inbox.events()[0].tries, inbox.events()[0].told) == (1, "it is away")


def test_a_person_may_want_an_event_once_more(inbox: SqlInbox) -> None:
    inbox.keep([event("1"), event("2", "")])
    inbox.start("sync", "run-1")
    number = inbox.events()[0].number
    under_way = inbox.again(number)
    inbox.end("run-1", "failed", "error", "")

    assert not under_way
    assert inbox.again(number)
    assert not inbox.again(inbox.events()[1].number)
    assert inbox.piles() == [Pile("sync", 1, "")]


def test_the_newest_are_shown_in_their_order(inbox: SqlInbox) -> None:
    inbox.keep([event(str(number)) for number in range(5)])

    assert [each.event_id for each in inbox.events(newest=2)] == ["3", "4"]
    assert [each.event_id for each in inbox.events(after=inbox.events()[2].number)] == ["3", "4"]


def test_old_ended_events_are_forgotten_and_waiting_ones_never(inbox: SqlInbox) -> None:
    inbox.keep([event("1"), event("2", "")])

    assert inbox.forget("2026-11-28T12:00:00.000Z") == 0
    assert inbox.forget("2026-12-28T12:00:00.000Z") == 1
    assert [each.event_id for each in inbox.events()] == ["1"]


def test_the_writer_answers_each_after_its_commit(inbox: SqlInbox, engine: sa.Engine) -> None:
    answers: list[Answer] = []
    seen: list[int] = []

    def deliver(group: Sequence[Settled]) -> None:
        seen.append(len(inbox.events()))
        for _event, answered, answer in group:
            answered(answer)

    writer = InboxWriter(inbox, engine, deliver)

    def offer(sender: int) -> None:
        for number in range(50):
            writer.offer(event(f"{sender}-{number}"), answers.append)

    threads = [threading.Thread(target=offer, args=(sender,)) for sender in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()

    assert answers == ["new"] * 200
    assert len(inbox.events()) == seen[-1] == 200


def test_odd_letters_in_an_id_are_stored(inbox: SqlInbox) -> None:
    assert inbox.keep([event("\U0001f3a7 \ud800")]) == ["new"]
    assert inbox.keep([event("\U0001f3a7 \ud800")]) == ["repeat"]
