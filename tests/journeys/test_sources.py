"""Every source behind a service, led through all that can happen: nothing is lost, and nothing doubled."""

import importlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from tests.walk import Walk, WalkModule

from music_sync import wiring
from music_sync.adapters import sources
from music_sync.adapters.listing_reader import RECHECK_NEWEST
from music_sync.adapters.sources import SOURCES
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.demo.loopback import Behaviour, Change, Garbled, Good, RateLimited, Refuse, Truncated
from music_sync.settings import Settings, load
from music_sync.track.detect import Detected, detect

SERVICES = [name for name in SOURCES if hasattr(sources.module(name), "ACCOUNT")]
"""A new one is taken in by itself; without a walk in its sample it fails."""
AWAY = Refuse(503, {"error": {"status": 503, "message": "Service unavailable"}})
BAD_GATEWAY = Refuse(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
MANY = 10_000


def sample_of(name: str) -> WalkModule:
    return cast("WalkModule", importlib.import_module(f"tests.samples.sources.{name}"))


def those_that_know(state: str) -> list[Any]:
    """All services; one that does not know this state is skipped with its reason."""
    missing = {name: getattr(sample_of(name), "MISSING", {}).get(state, "") for name in SERVICES}
    return [
        pytest.param(name, marks=[pytest.mark.skip(reason=missing[name])] if missing[name] else []) for name in SERVICES
    ]


# In process


@dataclass
class Reading:
    """One part of a source in a home of its own, read as a sync reads it; what would wait does not."""

    name: str
    walk: Walk
    settings: Settings
    catalogue: SqlCatalogue
    waits: list[float] = field(default_factory=list)
    """In seconds, what would have been waited."""

    def detect(self) -> Detected:
        means = replace(wiring.means(self.settings, lambda: self.catalogue.listings), sleep=self.waits.append)
        (source,) = wiring.chain([f"{self.name}:{self.walk.part}"], means)
        return detect(source, self.catalogue, wiring.open_library(self.settings, self.catalogue))

    def counted(self) -> tuple[Detected, int]:
        """What is found, and how many pages were asked for."""
        before = self.walk.calls
        return self.detect(), self.walk.calls - before

    def let_a_day_pass(self) -> None:
        """The budgets forget that a service asked to be left alone."""
        for budget in self.settings.budgets.glob("*.json"):
            budget.unlink()

    def let_a_week_pass(self) -> None:
        """Lists that were read are due to be read as a whole."""
        long_ago = (datetime.now(UTC) - RECHECK_NEWEST).isoformat(timespec="seconds")
        for listing in self.catalogue.listings.listings():
            self.catalogue.listings.keep(replace(listing, read_at=long_ago))


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with its database and its library, to make others from."""
    home = tmp_path_factory.mktemp("empty") / "home"
    with opened(load({"MUSIC_SYNC_HOME": str(home)}).settings):
        return home


@contextmanager
def opened(settings: Settings) -> Iterator[SqlCatalogue]:
    catalogue = wiring.open_catalogue(settings)
    wiring.open_library(settings, catalogue)
    yield catalogue
    catalogue._engine.dispose()


@pytest.fixture
def reading(name: str, empty_home: Path, tmp_path: Path) -> Iterator[Reading]:
    home = shutil.copytree(empty_home, tmp_path / "home")
    with sample_of(name).walk() as walk:
        settings = load({"MUSIC_SYNC_HOME": str(home), **walk.variables}).settings
        with opened(settings) as catalogue:
            yield Reading(name, walk, settings, catalogue)


def ids(detected: Detected) -> list[str]:
    return [due.found.source_id for due in detected.to_sync]


def must_hold_all(detected: Detected, walk: Walk) -> None:
    """All that is liked now, each once."""
    found = Counter(ids(detected))

    assert set(walk.ids) - set(found) == set()
    assert [track for track, times in found.items() if times > 1] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_source_that_nobody_connected_is_passed_over(reading: Reading) -> None:
    nobody = load({"MUSIC_SYNC_HOME": str(reading.settings.home)}).settings
    passed = replace(reading, settings=nobody).detect()

    assert (passed.report.ok, passed.report.skipped, passed.to_sync) == (True, True, ())
    assert f"`music-sync connect {reading.name}`" in passed.report.message


@pytest.mark.parametrize("name", SERVICES)
def test_an_empty_list_is_empty_and_no_fault(reading: Reading) -> None:
    assert (reading.detect().report.ok, reading.detect().report.found) == (True, 0)


@pytest.mark.parametrize("name", those_that_know("number of likes"))
def test_what_is_liked_no_more_is_told_of_at_once(reading: Reading) -> None:
    reading.walk.like(1, 2, 3)
    reading.detect()
    reading.walk.unlike(1, 3)
    fewer = reading.detect()

    assert (fewer.report.ok, ids(fewer)) == (True, reading.walk.ids)
    assert "2 tracks are no longer on" in fewer.report.message


@pytest.mark.parametrize("name", SERVICES)
def test_a_list_that_was_emptied_is_empty_after_a_week_at_the_latest(reading: Reading) -> None:
    reading.walk.like(1, 2, 3)
    reading.detect()
    reading.walk.unlike(1, 2, 3)
    reading.let_a_week_pass()
    emptied = reading.detect()

    assert (emptied.report.ok, emptied.report.found) == (True, 0)
    assert "3 tracks are no longer on" in emptied.report.message


@pytest.mark.parametrize("name", those_that_know("expired"))
def test_a_sign_in_that_expires_between_two_pages_is_renewed_unseen(reading: Reading) -> None:
    reading.walk.like(*range(1, 2 * reading.walk.page_entries + 1))
    reading.walk.after_page(1, reading.walk.expire)
    midway = reading.detect()
    reading.walk.expire()
    reading.walk.like(9000)
    later = reading.detect()

    assert (midway.report.ok, later.report.ok) == (True, True)
    assert ids(later) == reading.walk.ids
    assert len(ids(midway)) == len(ids(later)) - 1


@pytest.mark.parametrize("name", SERVICES)
def test_a_sign_in_that_was_revoked_is_a_persons_and_costs_nothing_that_is_known(reading: Reading) -> None:
    reading.walk.like(1, 2, 3)
    reading.detect()
    reading.walk.revoke()
    refused = reading.detect()

    assert (refused.report.ok, refused.report.next_actor) == (False, "person")
    assert f"`music-sync connect {reading.name}`" in refused.report.message
    assert ids(refused) == reading.walk.ids


@pytest.mark.parametrize("name", SERVICES)
def test_a_sign_in_that_is_revoked_between_two_pages_costs_no_page_that_was_read(reading: Reading) -> None:
    walk = reading.walk
    walk.like(*range(1, 3 * walk.page_entries + 1))
    walk.after_page(2, walk.revoke)
    refused = reading.detect()

    assert refused.report.next_actor == "person"
    assert walk.page_entries <= len(ids(refused)) < len(walk.ids)
    assert ids(refused) == walk.ids[: len(ids(refused))]


@pytest.mark.parametrize("name", SERVICES)
def test_a_quota_that_ends_midway_is_obeyed_and_the_rest_is_read_when_it_is_over(reading: Reading) -> None:
    """P55 P9: no call until then, and no page twice."""
    walk = reading.walk
    walk.like(*range(1, 3 * walk.page_entries + 1))
    walk.server.misbehave(walk.page, Good(), walk.over_quota())
    limited = reading.detect()
    calls = len(walk.server.seen)
    told = reading.detect()
    asked = len(walk.server.seen) - calls
    reading.let_a_day_pass()
    whole, pages = reading.counted()

    assert (limited.report.ok, limited.report.cause, len(ids(limited))) == (False, "service", walk.page_entries)
    assert re.search(r"until (\w+ )?\d\d:\d\d \(in \d+ h \d+ min\)", limited.report.message)
    assert (told.report.ok, ids(told), asked) == (False, ids(limited), 0)
    assert (whole.report.ok, pages) == (True, 2 + 1)
    must_hold_all(whole, walk)


@pytest.mark.parametrize("name", SERVICES)
def test_ten_thousand_likes_are_read_once_and_then_looked_at_with_one_call(reading: Reading) -> None:
    """P9 P52"""
    walk = reading.walk
    walk.like(*range(1, MANY + 1))
    first, first_calls = reading.counted()
    unchanged, unchanged_calls = reading.counted()
    walk.like(MANY + 1)
    one_more, one_more_calls = reading.counted()

    assert (first.report.ok, unchanged.report.ok, one_more.report.ok) == (True, True, True)
    assert (first_calls, unchanged_calls, one_more_calls) == (walk.pages() - 1 + 1, 1, walk.calls_for_one_more)
    assert ids(first) == ids(unchanged) == walk.ids[1:]
    assert ids(one_more) == walk.ids


def more_liked(walk: Walk) -> None:
    walk.like(9001, 9002, 9003)


def some_taken_away(walk: Walk) -> None:
    """Of the page that was read and of one that was not."""
    walk.unlike(walk.numbers[0], walk.numbers[3], walk.numbers[-1])


def both(walk: Walk) -> None:
    some_taken_away(walk)
    more_liked(walk)


def as_many_of_both(walk: Walk) -> None:
    """The number of entries stays as it was."""
    walk.unlike(*walk.numbers[1:3])
    walk.like(9001, 9002)


def old_ones_liked_anew(walk: Walk) -> None:
    """What was not read yet goes to the page that was."""
    for number in walk.numbers[-3:]:
        walk.unlike(number)
        walk.like(number)


CHANGES = (more_liked, some_taken_away, both, as_many_of_both, old_ones_liked_anew)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", SERVICES)
def test_a_list_that_changes_between_two_pages_loses_and_doubles_nothing(
    reading: Reading, change: Callable[[Walk], None]
) -> None:
    """P53"""
    walk = reading.walk
    walk.like(*range(1, 2 * walk.page_entries + walk.page_entries // 2))
    walk.after_page(1, lambda: change(walk))
    midway, then = reading.detect(), reading.detect()

    assert (midway.report.ok, then.report.ok) == (True, True)
    must_hold_all(midway, walk)
    must_hold_all(then, walk)


@pytest.mark.parametrize("name", SERVICES)
def test_a_call_that_fails_is_made_again_as_the_service_asks(reading: Reading) -> None:
    """P52 P55"""
    walk = reading.walk
    walk.like(*range(1, 2 * walk.page_entries + 1))
    troubles = (Truncated(), AWAY, BAD_GATEWAY, Good(), walk.limited(7), RateLimited(None), Garbled(b"{"), Good())
    walk.server.misbehave(walk.page, *troubles)
    found, pages = reading.counted()

    assert (found.report.ok, found.report.message) == (True, "")
    assert pages == len(troubles) + 1
    assert 7.0 in reading.waits
    assert ids(found) == walk.ids


@pytest.mark.parametrize("trouble", [AWAY, Truncated(), RateLimited(None)])
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_goes_away_midway_is_told_of_and_read_on_when_it_is_back(
    reading: Reading, trouble: Behaviour
) -> None:
    """P5 P52: never an empty list, and no page twice."""
    walk = reading.walk
    walk.like(*range(1, 2 * walk.page_entries + 1))
    walk.after_page(1, lambda: walk.server.misbehave(walk.page, trouble, always=True))
    away = reading.detect()
    walk.server.behave()
    back, pages = reading.counted()

    assert (away.report.ok, away.report.cause, len(ids(away))) == (False, "service", walk.page_entries)
    assert (back.report.ok, pages) == (True, 1 + 1)
    must_hold_all(back, walk)


@pytest.mark.parametrize("answer", [{}, [], "gone"], ids=repr)
@pytest.mark.parametrize("name", SERVICES)
def test_an_answer_of_another_shape_is_no_empty_list(reading: Reading, answer: object) -> None:
    """P5"""
    walk = reading.walk
    walk.like(1, 2, 3)
    reading.detect()
    walk.server.misbehave(walk.page, Change(lambda _told: answer), always=True)
    odd = reading.detect()
    walk.server.behave()
    back = reading.detect()

    assert (odd.report.ok, ids(odd)) == (False, walk.ids)
    assert (back.report.ok, ids(back), back.report.message) == (True, walk.ids, "")
