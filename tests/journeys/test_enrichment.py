"""What a person sees of enrichment; and whatever is killed while tags change, they are the old ones or the new."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.forks import ForkServer
from tests.journeys.warm import Warm
from tests.journeys.world import LENGTH_S, World, new_world, offer

from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.demo.loopback import Refuse
from music_sync.demo.metadata import CoverArtServer, DeezerServer, MusicBrainzServer, Release, Work, mbid, picture
from music_sync.model.track import Embedded

LOW_TIDE = Release(11, "Low Tide", "2021-03-04", "Halogen", has_front=True)


def bare_offer(world: World) -> Work:
    """A file with an ISRC and without album, year and genre; as services know it."""
    path = offer(world, 0)
    tags = MutagenTagger().read(path)
    MutagenTagger().remove(path, ["album", "year", "genre"])
    return Work(1, tags.artist, tags.title, tags.isrc, LENGTH_S, (LOW_TIDE,), "House")


def asking(world: World, **servers: Any) -> World:
    """With these services switched on, and no other."""
    urls = tuple((f"MUSIC_SYNC_{name.upper()}_URL", server.url) for name, server in servers.items())
    return World(world.home, world.music, (*world.more, *urls, ("MUSIC_SYNC_ENRICH", ",".join(servers))))


def music(world: World) -> list[Path]:
    return [world.library / path for path in world.filed() if not path.startswith("Playlists/")]


def tags(world: World) -> list[Embedded]:
    return [MutagenTagger().read(path) for path in music(world)]


def entries(world: World) -> list[str]:
    with closing(sqlite3.connect(world.home / "var/state.db")) as connection:
        return [row[0] for row in connection.execute("SELECT kind FROM journal ORDER BY entry_id")]


def test_a_track_is_filed_filled_in_told_of_and_taken_back(warm: Warm, world: World) -> None:
    work = bare_offer(world)
    with MusicBrainzServer(work) as mb, CoverArtServer({mbid(11): picture()}) as covers, DeezerServer(work) as dz:
        there = asking(world, musicbrainz=mb, coverart=covers, deezer=dz)
        done = warm.run(there, "sync", str(world.music), "--json")
        assert done.json["counts"]["new"] == 1
        assert "tags of 1 track were filled in" in done.err
        [filled] = tags(world)
        listed = warm.run(there, "library", "list", "--json").json
        why = warm.run(there, "why", work.title).out
        listing = warm.run(there, "undo", "list").out
        undone = warm.run(there, "undo", "--last")
        again = warm.run(there, "sync", str(world.music), "--json")

        assert (filled.album, filled.year, filled.label, filled.has_cover) == ("Low Tide", 2021, "Halogen", True)
        assert (listed["album"], listed["isrc"]) == ("Low Tide", work.isrc)
        assert "MusicBrainz told album Low Tide, year 2021" in why
        assert "its tags were filled in: album" in why
        assert "retag" in listing
        assert undone.out.startswith(f"undone: the tags of {work.artist} - {work.title} are as they were before")
        assert again.json["counts"] == {"new": 0, "already_have": 1, "review": 0, "buy_list": 0, "failed": 0}
        assert [(each.album, each.label, each.has_cover) for each in tags(world)] == [("", "", False)]
        assert warm.run(there, "library", "check", "--json").json == {"ok": True, "findings": []}
        assert "questions" not in warm.run(there, "status").out


def test_a_service_that_is_away_never_blocks_filing_and_status_tells_what_waits(warm: Warm, world: World) -> None:
    work = bare_offer(world)
    with DeezerServer(work) as dz:
        there = asking(world, deezer=dz)
        dz.misbehave("", Refuse(503), always=True)
        done = warm.run(there, "sync", str(world.music), "--json")
        status = warm.run(there, "status").out
        why = warm.run(there, "why", work.title).out

    assert (done.code, done.json["counts"]["new"]) == (0, 1)
    assert "1 question waits for services (Deezer is away or limits us" in done.err
    assert "questions 1 waits for services that tell what a track is" in status
    assert "Deezer gave no answer yet" in why


def test_a_plan_and_enrich_none_ask_nothing(warm: Warm, world: World) -> None:
    """P54"""
    work = bare_offer(world)
    with DeezerServer(work) as dz:
        there = asking(world, deezer=dz)
        warm.run(there, "plan")
        none = replace(there, more=(*there.more, ("MUSIC_SYNC_ENRICH", "none")))
        warm.run(none, "sync", str(world.music))

        assert dz.seen == []
        assert len(music(world)) == 1


# Kills


@pytest.fixture(scope="module")
def filed(forks: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Work]:
    """A world to be copied: one track in two formats, of which nothing was asked yet."""
    world = new_world(tmp_path_factory.mktemp("filed"))
    work = bare_offer(world)
    world = World(world.home, world.music, (("MUSIC_SYNC_FORMATS", "flac,wav"),))
    code, _, printed = forks.run(world, "sync", str(world.music), "--json")
    assert code == 0, printed
    return world, work


@pytest.fixture
def deezer(filed: tuple[World, Work]) -> Iterator[DeezerServer]:
    with DeezerServer(filed[1]) as server:
        yield server


def copied(world: World, folder: Path, server: DeezerServer) -> World:
    shutil.copytree(world.home, folder / "home")
    more = tuple(pair for pair in world.more if "DEEZER" not in pair[0] and "ENRICH" not in pair[0])
    return asking(World(folder / "home", world.music, more), deezer=server)


def ran(forks: ForkServer, world: World, *arguments: str) -> Any:
    code, _, printed = forks.run(world, *arguments, "--json")
    assert code == 0, printed
    return json.loads(printed.splitlines()[-1])


def must_be_whole(forks: ForkServer, world: World) -> None:
    assert ran(forks, world, "library", "check") == {"ok": True, "findings": []}


def points(count: int, usual: int) -> list[Any]:
    """Points from the begin of a run to its end; all but some are for the long form."""
    step = max(1, count // usual)
    marks = [() if number % step == step // 2 else pytest.mark.slow for number in range(count)]
    return [pytest.param((number + 0.5) / count, marks=mark) for number, mark in enumerate(marks)]


@dataclass(frozen=True)
class Stage:
    """A world before a change of tags, the command that makes it, and the changes of state in which it does."""

    world: World
    command: tuple[str, ...]
    first: int
    last: int

    def at(self, share: float) -> int:
        return self.first + 1 + int(share * (self.last - self.first))


@pytest.fixture(scope="module")
def stages(forks: ForkServer, filed: tuple[World, Work], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    """The filling in, its undo, and the undo of that."""
    with DeezerServer(filed[1]) as server:

        def kept(world: World) -> World:
            return copied(world, tmp_path_factory.mktemp("kept"), server)

        bare = kept(filed[0])
        idle = kept(bare)
        idle = replace(idle, more=(*idle.more, ("MUSIC_SYNC_ENRICH", "none")))
        sync = ("sync", str(bare.music))
        before = forks.run(idle, *sync)[1]
        world = kept(bare)
        filling = forks.run(world, *sync)[1]
        filled = kept(world)
        undo = forks.run(world, "undo", "3")[1]
        taken = kept(world)
        back = forks.run(world, "undo", "4")[1]
    assert entries(world) == ["filed", "filed", "retag", "undo", "undo"]
    return {
        "fill": Stage(bare, sync, before - 15, filling),
        "undo": Stage(filled, ("undo", "3"), 0, undo),
        "back": Stage(taken, ("undo", "4"), 0, back),
    }


@pytest.mark.parametrize("share", points(40, 5))
def test_a_filling_in_that_is_killed_is_finished_by_the_next_sync(
    forks: ForkServer, deezer: DeezerServer, stages: dict[str, Stage], tmp_path: Path, share: float
) -> None:
    """P48: old or new, and known as such; and no service is asked twice for what it answered."""
    stage = stages["fill"]
    world = copied(stage.world, tmp_path, deezer)
    code, _, printed = forks.run(world, *stage.command, change=stage.at(share))
    assert code in {-9, 0}, printed
    assert {each.album for each in tags(world)} <= {"", "Low Tide"}

    ran(forks, world, *stage.command)

    assert [(each.album, each.year, each.label) for each in tags(world)] == [("Low Tide", 2021, "Halogen")] * 2
    assert entries(world) == ["filed", "filed", "retag"]
    assert len(deezer.calls("album")) <= 2
    assert not list((world.home / "var").glob("retag/*/*"))
    must_be_whole(forks, world)


@pytest.mark.parametrize("share", points(30, 3))
@pytest.mark.parametrize("what", ["undo", "back"])
def test_an_undo_of_tags_that_is_killed_is_finished_by_a_second_one(
    forks: ForkServer, deezer: DeezerServer, stages: dict[str, Stage], tmp_path: Path, share: float, what: str
) -> None:
    stage = stages[what]
    world = copied(stage.world, tmp_path, deezer)
    code, _, printed = forks.run(world, *stage.command, change=stage.at(share))
    assert code in {-9, 0}, printed

    code, _, printed = forks.run(world, *stage.command)
    assert code == 0 or "undone already" in printed or "overtaken" in printed, printed

    assert {each.album for each in tags(world)} == ({""} if what == "undo" else {"Low Tide"})
    must_be_whole(forks, world)
