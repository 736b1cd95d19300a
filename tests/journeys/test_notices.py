"""A person who looks at nothing hears how syncs go; told to a real endpoint on loopback."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journeys.world import World, new_world, offer

from music_sync.demo.loopback import Answer, Loopback, Refuse, Request, Route


class Phone(Loopback):
    def routes(self) -> Sequence[Route]:
        return [("POST", r"/.*", self._take)]

    def _take(self, _request: Request) -> Answer:
        return Answer(200, {})

    @property
    def notices(self) -> list[tuple[str, str]]:
        return [
            (told["title"].removeprefix("Music Sync: "), told["message"])
            for seen in self.calls("POST /notices")
            if seen.status == 200 and (told := json.loads(seen.body))
        ]


@pytest.fixture
def phone() -> Iterator[Phone]:
    with Phone() as phone:
        yield phone


@pytest.fixture
def world(tmp_path: Path, phone: Phone) -> World:
    """What is in the drop folder is synced, and told."""
    world = new_world(tmp_path)
    settings = {
        "MUSIC_SYNC_NOTICES": phone.url.replace("http://", "json://") + "/notices",
        "MUSIC_SYNC_PING_URL": f"{phone.url}/ping",
        "MUSIC_SYNC_DIGEST": "run",
        "MUSIC_SYNC_DROP": str(world.music),
    }
    return replace(world, more=tuple(settings.items()))


def test_new_tracks_and_failures_are_told_once_and_the_watcher_is_pinged(world: World, phone: Phone) -> None:
    offer(world, 1)
    (world.music / "broken.mp3").write_bytes(b"no audio at all" * 100)

    first = world.run("sync")
    second = world.run("sync")

    assert (first.returncode, second.returncode) == (3, 0), first.stderr
    titles = [title for title, _text in phone.notices]
    assert sorted(titles) == ["1 new track", "1 track failed for good"]
    assert [seen.path for seen in phone.calls("POST /ping")] == ["/ping", "/ping"]


def test_a_phone_that_is_away_delays_nothing_and_hears_of_it_later(world: World, phone: Phone) -> None:
    phone.misbehave("POST /notices", Refuse(503), always=True)
    offer(world, 1)

    away = world.run("sync")
    waiting = world.json("notices", "list")["waiting"]

    assert away.returncode == 0
    assert phone.notices == []
    assert [(each["title"], each["tries"]) for each in waiting] == [("Music Sync: 1 new track", 1)]


def test_a_test_notice_tells_whether_each_place_took_it(world: World, phone: Phone) -> None:
    took = world.run("notices", "test")
    phone.misbehave("POST /notices", Refuse(403))
    refused = world.run("notices", "test")

    assert (took.returncode, took.stdout) == (0, "✓ json took it\n")
    assert refused.returncode == 6
    assert phone.notices == [("a test", "Notices arrive here.")]
