"""Every source behind a service, led through all that can happen: nothing is lost, and nothing doubled.

In process first, over a real home and real HTTP, where nothing waits; then as the program, killed and started again.
"""

import importlib
import os
import queue
import re
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from tests.journeys.forks import ForkServer
from tests.journeys.warm import Done, Warm
from tests.journeys.world import LENGTH_S, World, new_world, offer
from tests.samples.sources.soundcloud import SoundCloudWalk
from tests.samples.sources.spotify import SpotifyWalk
from tests.walk import Walk, WalkModule

from music_sync.adapters import sources
from music_sync.adapters.listing_reader import RECHECK_NEWEST
from music_sync.adapters.sources import SOURCES
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.demo.loopback import Behaviour, Change, Garbled, Good, RateLimited, Refuse, Truncated
from music_sync.demo.music import PIECES
from music_sync.demo.soundcloud import Set, Shelf, SoundCloudServer
from music_sync.demo.soundcloud import track as soundcloud_track
from music_sync.demo.spotify import SpotifyServer
from music_sync.demo.spotify import track as spotify_track
from music_sync.model.ports import Past
from music_sync.settings import Settings, load
from music_sync.track.detect import Detected, detect
from music_sync.track.staging import folder_of
from music_sync.wiring import listening, state

SERVICES = [name for name in SOURCES if hasattr(sources.module(name), "ACCOUNT")]
"""A new one is taken in by itself; without a walk in its sample it fails."""
AWAY = Refuse(503, {"error": {"status": 503, "message": "Service unavailable"}})
BAD_GATEWAY = Refuse(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
MANY = 10_000
UNTIL = re.compile(r"until (\w+ )?\d\d:\d\d \(in \d+ h \d+ min\)")


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
        means = replace(listening.means(self.settings, lambda: self.catalogue.listings), sleep=self.waits.append)
        (source,) = listening.chain([f"{self.name}:{self.walk.part}"], means)
        return detect(source, self.catalogue, state.open_library(self.settings, self.catalogue))

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
    catalogue = state.open_catalogue(settings)
    state.open_library(settings, catalogue)
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
    walk.like(*range(1, 2 * walk.page_entries + 1))
    walk.server.misbehave(walk.page, Good(), walk.over_quota())
    limited = reading.detect()
    calls = len(walk.server.seen)
    told = reading.detect()
    asked = len(walk.server.seen) - calls
    reading.let_a_day_pass()
    whole, pages = reading.counted()

    assert (limited.report.ok, limited.report.cause, len(ids(limited))) == (False, "service", walk.page_entries)
    assert UNTIL.search(limited.report.message)
    assert (told.report.ok, ids(told), asked) == (False, ids(limited), 0)
    assert (whole.report.ok, pages) == (True, 1 + 1)
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
    """Of both pages that were read and of the one that was not."""
    second = walk.page_entries
    walk.unlike(*(walk.numbers[place] for place in (0, second, second + 3, -1)))


def both(walk: Walk) -> None:
    some_taken_away(walk)
    more_liked(walk)


def as_many_of_both(walk: Walk) -> None:
    """The number of entries stays as it was."""
    walk.unlike(*walk.numbers[-23:-21])
    walk.like(9001, 9002)


def old_ones_liked_anew(walk: Walk) -> None:
    """What was not read yet goes to a page that was."""
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
    walk.like(*range(1, 2 * walk.page_entries + 20))
    walk.after_page(2, lambda: change(walk))
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


# As the program


@pytest.fixture
def walk(name: str) -> Iterator[Walk]:
    with sample_of(name).walk() as walk:
        yield walk


@pytest.fixture
def world(name: str, walk: Walk, tmp_path: Path) -> World:
    return world_of(tmp_path, f"{name}:{walk.part}", walk)


def world_of(folder: Path, asked: str, *walks: Walk, **more: str) -> World:
    variables = {name: value for walk in walks for name, value in walk.variables.items()}
    # No test may reach the keyring of the person who runs it.
    ours = {"MUSIC_SYNC_SOURCES": asked, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    return new_world(folder, **variables, **ours, **more)


def killed_while_it_reads(warm: Warm, world: World, walk: Walk, page: int, *arguments: str) -> Done:
    """The program with all its processes, killed before that page goes out."""
    pids: queue.SimpleQueue[int] = queue.SimpleQueue()
    walk.after_page(page, lambda: os.killpg(pids.get(timeout=30), signal.SIGKILL))
    running = warm.start(world, *arguments)
    pids.put(running.pid)
    return running.ended()


def pasts(world: World, name: str) -> dict[str, Past]:
    """How each track ended, as the catalogue knows it."""
    return state.snapshot(load({"MUSIC_SYNC_HOME": str(world.home)}).settings).pasts(name)


def state_of(world: World) -> dict[str, bytes]:
    """All that the databases of a home hold; the third file of each is SQLite's notes on who reads."""
    return {path.name: path.read_bytes() for path in (world.home / "var").glob("*.db*") if path.suffix != ".db-shm"}


def must_agree(warm: Warm, world: World) -> None:
    """Catalogue, flows, library and staging tell the same."""
    doctor = warm.run(world, "doctor", "--json")
    checks = {check["id"]: check for check in doctor.json["checks"]}

    for check in ("whole_state", "whole_flows", "one_recording_a_source", "library_agrees", "staging", "unfinished"):
        assert checks[check]["ok"], checks[check]


def endings(done: Done) -> dict[str, str]:
    """How each track ended; one that is told twice fails."""
    tracks = done.json["tracks"]
    found = {track["source_id"]: track["ending"] for track in tracks}

    assert len(found) == len(tracks)
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_two_kills_lose_and_double_no_like(warm: Warm, forks: ForkServer, world: World, walk: Walk, name: str) -> None:
    """P9 P52: killed while it reads and while tracks are under way; after that only what is missing is asked for."""
    walk.like(*range(1, 2 * walk.page_entries + walk.page_entries // 2 + 1))
    newest = ("sync", "--limit", "8", "--json")
    reading = killed_while_it_reads(warm, world, walk, 2, *newest)
    calls = walk.calls
    code, _, printed = forks.run(world, *newest, stage="after match", nth=4)
    asked = walk.calls - calls
    done = warm.run(world, *newest)
    ended = pasts(world, name)

    assert (reading.code, code, done.code) == (-signal.SIGKILL, -signal.SIGKILL, 0), printed + done.err
    # All but the page that was stored, one look at the beginning, and that of the new round when it came so far.
    assert asked - (walk.pages() - 1 + 1) in {0, 1}
    assert set(endings(done).values()) == {"buy_list"}
    # The sync that was killed is ended before the new one, so that a few more than 8 may have their turn.
    assert len(ended) >= 8
    assert set(ended) == set(walk.ids[: len(ended)])
    assert {(past.attempt, past.ending) for past in ended.values()} == {(1, "buy_list")}
    must_agree(warm, world)


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVICES)
def test_five_hundred_likes_all_end_once_though_it_is_killed_twice(
    warm: Warm, forks: ForkServer, world: World, walk: Walk, name: str
) -> None:
    """P52"""
    walk.like(*range(1, 521))
    first = killed_while_it_reads(warm, world, walk, min(3, walk.pages()), "sync", "--json")
    code, _, printed = forks.run(world, "sync", "--json", stage="after match", nth=200)
    done = warm.run(world, "sync", "--json", timeout=300)
    ended = pasts(world, name)
    calls = walk.calls
    again = warm.run(world, "sync", "--json")

    assert (first.code, code, done.code) == (-signal.SIGKILL, -signal.SIGKILL, 0), printed + done.err
    assert {each: (past.attempt, past.ending) for each, past in ended.items()} == dict.fromkeys(
        walk.ids, (1, "buy_list")
    )
    assert (again.json["result"], again.json["tracks"], walk.calls - calls) == ("nothing_new", [], 1)
    must_agree(warm, world)


@contextmanager
def one_that_fails(world: World, key: str) -> Iterator[None]:
    """A file stands where this track's folder of staging belongs."""
    folder = folder_of(world.home / "var/staging", key)
    folder.rmdir()
    folder.touch()
    yield
    folder.unlink()


@pytest.mark.parametrize("name", SERVICES)
def test_the_newest_come_first_and_one_that_fails_holds_nobody_up(
    warm: Warm, world: World, walk: Walk, name: str
) -> None:
    """P35 P54: a limit takes the newest, the next sync the rest, as its plan says; what is gone there stays here."""
    walk.like(*range(1, 6))
    first = warm.run(world, "sync", "--limit", "2", "--json")
    walk.like(6)
    walk.unlike(5)
    rest = [walk.ids[0], *walk.ids[2:]]
    before = state_of(world)
    planned = warm.run(world, "plan", "--json")
    is_untouched = state_of(world) == before
    with one_that_fails(world, f"{name}:{rest[0]}"):
        second = warm.run(world, "sync", "--json")

    assert list(endings(first)) == [walk.source_id(5), walk.source_id(4)]
    assert is_untouched
    assert endings(planned) == dict.fromkeys(rest, "buy_list")
    assert endings(second) == {rest[0]: "failed", **dict.fromkeys(rest[1:], "buy_list")}
    assert (first.code, planned.code, second.code) == (0, 0, 3)
    assert pasts(world, name)[walk.source_id(5)].ending == "buy_list"
    must_agree(warm, world)


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_refuses_is_told_with_its_time_or_with_its_command(
    warm: Warm, world: World, walk: Walk, name: str
) -> None:
    """P55: until a limit is over there is no further call."""
    walk.like(1, 2)
    walk.server.misbehave(walk.page, walk.over_quota())
    limited = warm.run(world, "sync", "--json")
    calls = len(walk.server.seen)
    later = warm.run(world, "sync", "--json")
    asked = len(walk.server.seen) - calls
    (world.home / f"var/budgets/{name}.json").unlink()
    walk.revoke()
    revoked = warm.run(world, "sync", "--json")

    assert (limited.code, later.code, revoked.code) == (6, 6, 4)
    assert asked == 0
    for done in (limited, later):
        assert UNTIL.search(done.json["sources"][0]["message"])
    assert f"`music-sync connect {name}`" in revoked.json["sources"][0]["message"]


@pytest.mark.parametrize("failing", [SERVICES[::2], SERVICES[1::2]], ids=" ".join)
def test_services_that_fail_are_told_of_and_the_others_are_read(warm: Warm, tmp_path: Path, failing: list[str]) -> None:
    """P10"""
    with ExitStack() as open_ones:
        walks = {name: open_ones.enter_context(sample_of(name).walk()) for name in SERVICES}
        for walk in walks.values():
            walk.like(1)
        for name in failing:
            walks[name].server.misbehave(walks[name].page, walks[name].over_quota())
        asked = ",".join(f"{name}:{walk.part}" for name, walk in walks.items())
        done = warm.run(world_of(tmp_path, asked, *walks.values()), "sync", "--json")

    found = {source["name"]: (source["ok"], source["found"]) for source in done.json["sources"]}
    assert found == {name: (False, 0) if name in failing else (True, 1) for name in SERVICES}
    assert (done.code, done.json["counts"]["buy_list"]) == (3, len(SERVICES) - len(failing))


# One file, many lists


def test_one_file_is_on_the_playlists_of_two_services_after_one_sync(warm: Warm, tmp_path: Path) -> None:
    """P17 P19 P53: ISRC and length say that both mean the recording which is ours; what they take away stays ours."""
    piece, length_ms = PIECES[0], round(LENGTH_S * 1000)
    with SpotifyServer() as spotify, SoundCloudServer() as soundcloud:
        walks = SpotifyWalk(spotify), SoundCloudWalk(soundcloud)
        world = world_of(tmp_path, "folder,spotify,soundcloud", *walks, MUSIC_SYNC_DROP=str(tmp_path / "music"))
        offer(world, 0)
        ours = warm.run(world, "sync", "--only", "folder", "--json")
        there = spotify_track(1, name=piece.title, duration_ms=length_ms, external_ids={"isrc": piece.isrc})
        warm_up = spotify.add_playlist("Warm Up", spotify_track(2), there)
        number = soundcloud_track(7, piece.title, piece.artist, duration=length_ms, isrc=piece.isrc)
        soundcloud.sets.append(Set(1, "Late", Shelf([number, soundcloud_track(8, "Another")])))
        first = warm.run(world, "sync", "--json")
        shown, members = playlists_of(world), members_of(world)
        second = warm.run(world, "sync", "--json")
        unchanged = (playlists_of(world), members_of(world)) == (shown, members)
        warm_up.take(1)
        third = warm.run(world, "sync", "--json")

    assert (ours.code, ours.json["counts"]["new"], first.code, second.code) == (0, 1, 0, 0)
    (audio,) = [path for path in world.filed() if path.endswith(".flac")]
    assert shown == {"Late.m3u8": [f"../{audio}"], "Warm Up.m3u8": [f"../{audio}"]}
    assert members == {("soundcloud", "Late", 0), ("spotify", "Warm Up", 1)}
    assert first.json["counts"] == {"new": 0, "already_have": 3, "review": 0, "buy_list": 2, "failed": 0}
    assert (second.json["result"], unchanged) == ("nothing_new", True)
    assert "1 track is no longer on Warm Up; the files stay" in str(third.json["sources"])
    assert audio in world.filed()
    must_agree(warm, world)


def playlists_of(world: World) -> dict[str, list[str]]:
    """The files that each playlist of the library names."""
    return {
        path.name: [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        for path in (world.library / "Playlists").iterdir()
    }


def members_of(world: World) -> set[tuple[str, str, int]]:
    """Source, name and place of each playlist's members."""
    wanted = "SELECT source, name, position FROM playlists JOIN playlist_members USING (playlist_id)"
    with closing(sqlite3.connect(world.home / "var/state.db")) as database:
        return set(database.execute(wanted))


def repeated() -> Change:
    """The answer that came first, again and again."""
    first: list[object] = []

    def rewrite(told: object) -> object:
        first.append(told)
        return first[0]

    return Change(rewrite)


@pytest.mark.parametrize("name", SERVICES)
def test_a_page_that_comes_twice_costs_nothing(reading: Reading) -> None:
    walk = reading.walk
    walk.like(*range(1, 3 * walk.page_entries + 1))
    again = repeated()
    walk.server.misbehave(walk.page, again, again)
    reading.detect()
    then = reading.detect()

    assert then.report.ok
    must_hold_all(then, walk)


@pytest.mark.parametrize("name", SERVICES)
def test_a_page_that_comes_again_and_again_ends_the_reading(reading: Reading) -> None:
    walk = reading.walk
    walk.like(*range(1, 3 * walk.page_entries + 1))
    walk.server.misbehave(walk.page, repeated(), always=True)
    stuck, pages = reading.counted()
    walk.server.behave()
    then = reading.detect()

    assert pages < 20
    assert set(ids(stuck)) == set(walk.ids[: walk.page_entries])
    assert then.report.ok
    must_hold_all(then, walk)
