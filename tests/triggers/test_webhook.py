"""The lanes that start what events ask for: at once, once, in bursts together, and again where it did not go well."""

import queue
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.state import state_at

from music_sync.adapters.sql.inbox import SqlInbox
from music_sync.model.errors import EnvironmentFault
from music_sync.model.events import Event, Pile, Stored
from music_sync.triggers.webhook import BURST_PAUSE_S, LOOKED_EVERY_S, MOST_TRIES, Dispatcher, Lane


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[SqlInbox]:
    engine = state_at(tmp_path / "var" / "state.db")
    yield SqlInbox(engine, "home")
    engine.dispose()


class Working:
    """Notes what it was asked to do; ends as it is told."""

    def __init__(self, *results: str) -> None:
        self.asked: list[tuple[str, int]] = []
        self.results = list(results)

    def __call__(self, subject: str, events: Sequence[Stored]) -> Mapping[str, Any]:
        self.asked.append((subject, len(events)))
        return {"result": self.results.pop(0) if self.results else "done", "told": "so it went"}


def events(count: int, subject: str = "what:https://x", start: int = 0) -> list[Event]:
    return [Event("m", f"{subject} {start + n}", "t", subject, "{}", b"{}", "d") for n in range(count)]


def every(_subject: str) -> bool:
    return True


def test_an_event_starts_its_work_and_hears_how_it_ended(inbox: SqlInbox) -> None:
    work = Working("nothing_new")
    inbox.keep(events(1))

    assert Lane(inbox, every, work).look() == 0.0
    stored = inbox.events()[0]
    assert (stored.state, stored.result, stored.told) == ("done", "nothing_new", "so it went")


def test_twenty_thousand_events_of_one_playlist_in_ten_seconds_make_two_runs(inbox: SqlInbox) -> None:
    now = [0.0]
    work = Working()
    lane = Lane(inbox, every, work, monotonic_s=lambda: now[0])
    for second in range(10):
        for part in range(4):
            inbox.keep(events(500, start=second * 2000 + part * 500))
            lane.look()
        now[0] += 1
    while (wait_s := lane.look()) is not None:
        now[0] += max(wait_s, 0.001)

    assert len(work.asked) <= 2
    assert sum(number for _subject, number in work.asked) == 20_000
    assert now[0] <= BURST_PAUSE_S + 1


def test_a_few_events_one_after_the_other_start_at_once(inbox: SqlInbox) -> None:
    work = Working()
    lane = Lane(inbox, every, work)
    for number in range(3):
        inbox.keep(events(1, start=number))
        lane.look()

    assert work.asked == [("what:https://x", 1)] * 3


def test_a_burst_of_one_does_not_hold_up_another(inbox: SqlInbox) -> None:
    work = Working()
    lane = Lane(inbox, every, work, monotonic_s=lambda: 0.0)
    inbox.keep(events(1))
    lane.look()
    inbox.keep([*events(100, start=1), *events(1, "likes")])

    assert lane.look() == 0.0
    assert lane.look() == BURST_PAUSE_S
    assert work.asked == [("what:https://x", 1), ("likes", 1)]


def test_a_run_that_found_another_at_work_waits_until_that_has_ended(inbox: SqlInbox) -> None:
    waited: list[str] = []
    work = Working("locked", "done")
    lane = Lane(inbox, every, work, wait_until_free=lambda: waited.append("free"))
    inbox.keep(events(1))
    lane.look()
    lane.look()

    assert waited == ["free"]
    assert (inbox.events()[0].state, inbox.events()[0].tries) == ("done", 0)


def test_what_did_not_go_well_waits_longer_each_time_and_fails_at_last(
    inbox: SqlInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from music_sync.triggers import webhook

    now = [webhook._now()]
    monkeypatch.setattr(webhook, "_now", lambda: now[0])
    lane = Lane(inbox, every, Working(*["unavailable"] * 20))
    inbox.keep(events(1))
    pauses = []
    while (wait_s := lane.look()) is not None:
        pauses.append(round(wait_s))
        now[0] += timedelta(seconds=wait_s)

    assert [pause for pause in pauses if pause] == [60, 120, 240, 480, 960]
    assert (inbox.events()[0].state, inbox.events()[0].result) == ("failed", "unavailable")
    assert inbox.events()[0].tries == MOST_TRIES - 1


def test_work_that_breaks_off_is_tried_again(inbox: SqlInbox) -> None:
    def work(_subject: str, _events: Sequence[Stored]) -> Mapping[str, Any]:
        raise EnvironmentFault("the disk is full; free some space")

    inbox.keep(events(1))
    Lane(inbox, every, work).look()

    assert (inbox.events()[0].state, inbox.events()[0].told) == ("waiting", "the disk is full; free some space")


def test_a_lane_leaves_what_is_not_its_own(inbox: SqlInbox) -> None:
    inbox.keep(events(1, "tasks"))

    assert Lane(inbox, lambda subject: subject != "tasks", Working()).look() is None
    assert inbox.events()[0].state == "waiting"


def test_a_running_dispatcher_starts_what_comes_and_what_a_kill_left(inbox: SqlInbox) -> None:
    began: queue.Queue[str] = queue.Queue()

    def work(subject: str, _events: Sequence[Stored]) -> Mapping[str, Any]:
        began.put(subject)
        return {"result": "done"}

    inbox.keep(events(1, "left by a kill"))
    inbox.start("left by a kill", "a run that died")
    dispatcher = Dispatcher(inbox, [Lane(inbox, every, work)])
    dispatcher.start()
    first = began.get(timeout=5)
    inbox.keep(events(1, "new"))
    dispatcher.arrived(["new"])
    second = began.get(timeout=5)
    dispatcher.stop()
    dispatcher.wait(5)

    assert (first, second) == ("left by a kill", "new")


class Counting(SqlInbox):
    """Counts how often it was looked through."""

    looks = 0

    def piles(self) -> Sequence[Pile]:
        self.looks += 1
        return super().piles()


def test_a_burst_is_looked_at_once_in_a_while_and_not_once_a_group(tmp_path: Path) -> None:
    engine = state_at(tmp_path / "var" / "state.db")
    inbox, began = Counting(engine, "home"), queue.Queue[str]()

    def work(subject: str, _events: Sequence[Stored]) -> Mapping[str, Any]:
        began.put(subject)
        return {"result": "done"}

    lane = Lane(inbox, every, work)
    started = time.monotonic()
    lane.start()
    for number in range(400):
        inbox.keep(events(1, start=number))
        lane.arrived()
    first, looks, took_s = began.get(timeout=5), inbox.looks, time.monotonic() - started
    lane.stop()
    lane.join(5)
    engine.dispose()

    assert first == "what:https://x"
    assert looks <= took_s / LOOKED_EVERY_S + 6


def test_only_the_lane_that_takes_a_subject_is_woken(inbox: SqlInbox) -> None:
    board, syncs = (
        Lane(inbox, takes, Working()) for takes in (lambda name: name == "tasks", lambda name: name != "tasks")
    )
    for lane in (board, syncs):
        lane._came = False
    dispatcher = Dispatcher(inbox, [board, syncs])
    dispatcher.arrived(["tasks"])

    assert (board._came, syncs._came) == (True, False)
    dispatcher.arrived()
    assert syncs._came
