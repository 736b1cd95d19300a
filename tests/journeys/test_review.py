"""Tracks that may be ours already: shown with both sides, and settled by a person, once."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.forks import ForkServer
from tests.journeys.warm import Warm
from tests.journeys.world import World, new_world, offer

from music_sync.demo.services import AudioServer

EXTENDED = "Four On The Floor (Extended Mix)"


@pytest.fixture
def unsure(warm: Warm, world: World) -> dict[str, Any]:
    """One track is filed; another sounds the same, is called a remix, and waits for review; both on a list each."""
    filed = offer(world, 0)
    other = offer(world, 0, "mp3", title=EXTENDED)
    other = other.rename(world.music / "ext.mp3")
    for name, path in {"Mine": filed, "Theirs": other}.items():
        (world.music / f"{name}.m3u").write_text(str(path))
    for name, ending in {"Mine": "new", "Theirs": "review"}.items():
        assert warm.run(world, "sync", str(world.music / f"{name}.m3u"), "--json").json["counts"][ending] == 1
    [review] = warm.run(world, "review", "--json").json["reviews"]
    found: dict[str, Any] = review
    return found


def reviews(warm: Warm, world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = warm.run(world, "review", "list", "--json").json["reviews"]
    return found


def recordings(warm: Warm, world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in warm.run(world, "library", "list", "--json").out.splitlines()]


def music(world: World) -> list[str]:
    return [path for path in world.filed() if not path.startswith("Playlists/")]


def shown(world: World, name: str) -> int:
    """How many files stand in a playlist of the library; 0 where there is none."""
    path = world.library / f"Playlists/{name}.m3u8"
    return sum(line.startswith("../") for line in path.read_text("utf-8").splitlines()) if path.exists() else 0


def must_be_whole(warm: Warm, world: World) -> None:
    checked = warm.run(world, "library", "check", "--json")

    assert checked.json == {"ok": True, "findings": []}
    assert warm.run(world, "doctor", "--json").json["ok"]


def test_a_review_shows_both_sides_and_the_evidence(warm: Warm, world: World, unsure: dict[str, Any]) -> None:
    """P39 P40 P41 P42 P46"""
    lines = warm.run(world, "review").out

    assert (unsure["found"]["title"], unsure["found"]["version"]) == (EXTENDED, "Extended Mix")
    assert unsure["found"]["length_s"] == pytest.approx(8.0, abs=0.1)
    assert unsure["found"]["path"] == str(world.music / "ext.mp3")
    assert (unsure["ours"]["title"], unsure["ours"]["files"]) == ("Four On The Floor", music(world))
    assert unsure["found"]["isrc"] == unsure["ours"]["isrc"] == "ZZDMO2600001"
    assert unsure["reasons"][0]["score"] > 0.9
    for told in (unsure["id"], "[Extended Mix]", "sounds like", "version words differ", "ext.mp3", music(world)[0]):
        assert told in lines


def test_what_is_accepted_becomes_a_link_and_fetches_nothing(warm: Warm, world: World, unsure: dict[str, Any]) -> None:
    """P37 P41"""
    before = music(world)
    (world.music / "ext.mp3").rename(world.music / "away.mp3")

    done = warm.run(world, "review", "accept", unsure["id"], "--json")

    [track], [ours] = done.json["tracks"], recordings(warm, world)
    assert (done.code, done.json["result"]) == (0, "done")
    assert (track["ending"], track["reason"]) == ("already_have", "you said so")
    assert {source["source_id"] for source in ours["sources"]} >= {unsure["source_id"]}
    assert sorted(ours["playlists"]) == ["Mine", "Theirs"]
    assert (shown(world, "Mine"), shown(world, "Theirs")) == (1, 1)
    assert (music(world), reviews(warm, world)) == (before, [])
    must_be_whole(warm, world)


def test_an_accepted_track_is_already_ours_at_the_next_sync(warm: Warm, world: World, unsure: dict[str, Any]) -> None:
    warm.run(world, "review", "accept", unsure["id"])

    again = warm.run(world, "sync", str(world.music / "Theirs.m3u"), "--json").json

    assert again["counts"] == {"new": 0, "already_have": 1, "review": 0, "buy_list": 0, "failed": 0}


def test_a_merge_that_is_undone_returns_to_review_and_can_come_back(
    warm: Warm, world: World, unsure: dict[str, Any]
) -> None:
    """P37"""
    [before] = recordings(warm, world)
    warm.run(world, "review", "accept", unsure["id"])
    [merged] = recordings(warm, world)

    undone = warm.run(world, "undo", "--last", "--json")
    [parted] = recordings(warm, world)
    waiting = reviews(warm, world)

    assert (undone.code, undone.json["kind"], undone.json["moved"]) == (0, "merge", [])
    assert (parted, waiting) == (before, [unsure])
    assert shown(world, "Theirs") == 0

    warm.run(world, "undo", str(undone.json["id"]))

    assert recordings(warm, world) == [merged]
    assert (reviews(warm, world), shown(world, "Theirs")) == ([], 1)


def test_what_is_rejected_is_filed_by_itself_and_never_asked_again(
    warm: Warm, world: World, unsure: dict[str, Any]
) -> None:
    """P38 P46: the recording stays apart, whatever else sounds like both."""
    done = warm.run(world, "review", "reject", unsure["id"], "--json")
    again = warm.run(world, "sync", str(world.music / "Theirs.m3u"), "--json")

    assert (done.code, done.json["counts"]["new"]) == (0, 1)
    assert len(recordings(warm, world)) == len(music(world)) == 2
    assert again.json["counts"]["already_have"] == 1
    assert reviews(warm, world) == []
    must_be_whole(warm, world)

    warm.run(world, "undo", "--last")
    back = warm.run(world, "retry", unsure["source_id"], "--json")

    assert back.json["counts"] == {"new": 1, "already_have": 0, "review": 0, "buy_list": 0, "failed": 0}


def test_a_verdict_that_was_undone_may_be_turned_over(warm: Warm, world: World, unsure: dict[str, Any]) -> None:
    warm.run(world, "review", "accept", unsure["id"])
    warm.run(world, "undo", "--last")

    done = warm.run(world, "review", "reject", unsure["id"], "--json")

    assert (done.code, done.json["counts"]["new"], len(music(world))) == (0, 1, 2)


@pytest.mark.parametrize("verb", ["accept", "reject", "open"])
def test_bad_ids_change_nothing(warm: Warm, world: World, unsure: dict[str, Any], verb: str) -> None:
    """P41: one bad id, and the good one beside it is left alone too."""
    for ids, told in (
        (["all"], "`all` is refused"),
        ([unsure["id"], "beefbeef"], "'beefbeef'"),
        ([unsure["id"][:3]], "no track to review"),
    ):
        done = warm.run(world, "review", verb, *ids)

        assert done.code == 2
        assert told in done.sentence
    assert reviews(warm, world) == [unsure]
    assert len(warm.run(world, "undo", "list", "--json").json["changes"]) == 1


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_a_dry_run_of_a_verdict_changes_nothing(warm: Warm, world: World, unsure: dict[str, Any], verb: str) -> None:
    """P43"""
    before = (world.home / "var/state.db").read_bytes()
    after_it = warm.run(world, "review", verb, unsure["id"], "-n")
    before_it = warm.run(world, "-n", "review", verb, unsure["id"])

    assert after_it.out == before_it.out
    assert "nothing was changed" in after_it.out
    assert (world.home / "var/state.db").read_bytes() == before
    assert reviews(warm, world) == [unsure]


def test_a_recording_whose_file_is_gone_takes_no_further_link(warm: Warm, world: World, unsure: dict[str, Any]) -> None:
    [path] = music(world)
    (world.library / path).unlink()

    done = warm.run(world, "review", "accept", unsure["id"])

    assert done.code == 4
    assert "is gone from the library" in done.sentence
    assert "its files are gone" in warm.run(world, "review").out
    assert [each["id"] for each in reviews(warm, world)] == [unsure["id"]]


def test_a_recording_that_was_undone_takes_no_further_link(warm: Warm, world: World, unsure: dict[str, Any]) -> None:
    warm.run(world, "undo", "--last")

    done = warm.run(world, "review", "accept", unsure["id"])

    assert done.code == 4
    assert f"review reject {unsure['id']}" in done.sentence
    assert reviews(warm, world)[0]["ours"] is None


def test_a_rejected_track_whose_source_is_gone_says_so(warm: Warm, world: World, unsure: dict[str, Any]) -> None:
    (world.music / "ext.mp3").unlink()

    done = warm.run(world, "review", "reject", unsure["id"], "--json")

    assert (done.code, done.json["counts"]["failed"]) == (3, 1)
    assert "ext.mp3" in done.json["tracks"][0]["reason"]
    assert len(music(world)) == 1


def desktop(folder: Path, code: int = 0) -> dict[str, str]:
    """A desktop whose opener writes down what it is given."""
    folder.mkdir()
    program = folder / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{folder}/opened"\nexit {code}\n')
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "DISPLAY": ":7", "SSH_CONNECTION": "", "SSH_TTY": ""}


def test_open_hands_both_sides_to_the_desktop(warm: Warm, world: World, unsure: dict[str, Any], tmp_path: Path) -> None:
    done = warm.run(world, "review", "open", unsure["id"], env=desktop(tmp_path / "desktop"))

    both = [str(world.music / "ext.mp3"), str(world.library / music(world)[0])]
    assert (done.code, (tmp_path / "desktop/opened").read_text().splitlines()) == (0, both)


def test_without_a_desktop_open_says_where_both_sides_are(
    warm: Warm, world: World, unsure: dict[str, Any], tmp_path: Path
) -> None:
    env = desktop(tmp_path / "desktop") | {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}
    done = warm.run(world, "review", "open", unsure["id"], env=env)

    assert done.code == 0
    assert str(world.music / "ext.mp3") in done.out
    assert music(world)[0] in done.out
    assert not (tmp_path / "desktop/opened").exists()


def test_what_cannot_be_opened_is_told(warm: Warm, world: World, unsure: dict[str, Any], tmp_path: Path) -> None:
    (world.music / "ext.mp3").unlink()
    gone = warm.run(world, "review", "open", unsure["id"], env=desktop(tmp_path / "desktop"))
    refused = warm.run(world, "review", "open", unsure["id"], env=desktop(tmp_path / "broken", code=3))

    assert (gone.code, refused.code) == (3, 3)
    assert "ext.mp3 is gone" in gone.out


def test_without_anything_to_review_a_home_stays_empty(warm: Warm, world: World) -> None:
    done = warm.run(world, "review")

    assert (done.code, done.out) == (0, "nothing to review\n")
    assert warm.run(world, "review", "accept", "abcdef").code == 2
    assert not world.home.exists()


@pytest.fixture
def misfit(warm: Warm, tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A link that brings 8 s of audio, though a list announces 60 s."""
    world = new_world(tmp_path / "links")
    path = offer(world, 1, "mp3")
    with AudioServer({"/half.mp3": path.read_bytes()}) as server:
        path.unlink()
        link = server.url("/half.mp3")
        (world.music / "list.csv").write_text(f"artist,title,duration,url\nNadia Klee,Half Past Two,1:00,{link}\n")
        world = replace(world, more=(("MUSIC_SYNC_LINK_HOSTS", server.host_and_port),))
        synced = warm.run(world, "sync", str(world.music / "list.csv"), "--json")
        assert synced.json["counts"]["review"] == 1, synced.out
        yield world, reviews(warm, world)[0]["id"]


def test_a_length_that_does_not_fit_is_shown_without_a_recording(warm: Warm, misfit: tuple[World, str]) -> None:
    """P24"""
    world, review_id = misfit
    [review] = reviews(warm, world)

    assert (review["id"], review["ours"]) == (review_id, None)
    assert "the length does not fit" in warm.run(world, "review").out


def test_a_length_that_is_accepted_is_filed_as_it_comes(warm: Warm, misfit: tuple[World, str]) -> None:
    """P24: a person's word goes over the announced length."""
    world, review_id = misfit
    done = warm.run(world, "review", "accept", review_id, "--json")

    assert (done.code, done.json["counts"]["new"], len(music(world))) == (0, 1, 1)
    assert reviews(warm, world) == []
    must_be_whole(warm, world)


def test_a_length_that_is_rejected_puts_the_track_on_the_buy_list(warm: Warm, misfit: tuple[World, str]) -> None:
    world, review_id = misfit
    done = warm.run(world, "review", "reject", review_id, "--json")
    again = warm.run(world, "sync", str(world.music / "list.csv"), "--json")

    assert (done.json["counts"]["buy_list"], music(world)) == (1, [])
    assert "what came is not Nadia Klee - Half Past Two" in done.json["tracks"][0]["reason"]
    assert (again.json["counts"]["new"], reviews(warm, world)) == (0, [])


def test_on_a_shared_database_verdicts_and_undo_are_the_same(warm: Warm, world: World, postgres_url: str) -> None:
    shared = replace(world, more=(("MUSIC_SYNC_DATABASE_URL", postgres_url),))
    offer(shared, 0)
    warm.run(shared, "sync", str(world.music))
    offer(shared, 0, "mp3", title=EXTENDED)
    warm.run(shared, "sync", str(world.music))
    [review] = reviews(warm, shared)

    accepted = warm.run(shared, "review", "accept", review["id"], "--json")
    parted = warm.run(shared, "undo", "--last", "--json")
    rejected = warm.run(shared, "review", "reject", review["id"], "--json")
    out = warm.run(shared, "undo", "--last", "--json")
    back = warm.run(shared, "undo", str(out.json["id"]), "--json")

    assert review["found"]["title"] == EXTENDED
    assert [done.code for done in (accepted, parted, rejected, out, back)] == [0] * 5
    assert rejected.json["counts"]["new"] == 1
    assert len(music(shared)) == 2
    must_be_whole(warm, shared)


@pytest.mark.parametrize("stage", ["before match", "before match sound", "after file"])
def test_a_verdict_that_is_killed_midway_holds_at_the_next_sync(
    forks: ForkServer, warm: Warm, world: World, unsure: dict[str, Any], stage: str
) -> None:
    """P48"""
    code, _, printed = forks.run(world, "review", "reject", unsure["id"], stage=stage)
    assert code == -9, printed

    after = warm.run(world, "sync", str(world.music / "Theirs.m3u"), "--json")

    assert (after.code, after.json["counts"]["review"]) == (0, 0)
    assert (len(music(world)), reviews(warm, world)) == (2, [])
    must_be_whole(warm, world)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_merge_that_is_killed_is_done_or_not_done(
    forks: ForkServer, warm: Warm, world: World, unsure: dict[str, Any], share: float
) -> None:
    """P48"""
    whole = world.home.parent / "whole"
    shutil.copytree(world.home, whole)
    code, changes, printed = forks.run(replace(world, home=whole), "review", "accept", unsure["id"])
    assert code == 0, printed

    code, _, printed = forks.run(world, "review", "accept", unsure["id"], change=1 + int(share * changes))
    assert code == -9, printed
    if reviews(warm, world):
        assert warm.run(world, "review", "accept", unsure["id"]).code == 0

    [ours] = recordings(warm, world)
    assert {source["source_id"] for source in ours["sources"]} >= {unsure["source_id"]}
    assert sorted(ours["playlists"]) == ["Mine", "Theirs"]
    must_be_whole(warm, world)
