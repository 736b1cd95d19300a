"""The buy list after real syncs, on SQLite and Postgres."""

import csv
import io
from dataclasses import replace

import pytest
from tests.journeys.warm import Done, Warm
from tests.journeys.world import World, offer
from tests.postgres import Postgres

from music_sync.demo.music import PIECES

ISRC = "DEAB12300001"
ROWS = (
    "artist,title,isrc,duration,url\n"
    f"Nadia Klee,Half Past Two,{ISRC},8,https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl\n"
    f"Nadia Klee,Half Past Two,{ISRC},9,https://soundcloud.com/nadia/half-past-two\n"
    "=cmd|' /C calc'!A0,Løst & Found,,,https://www.youtube.com/watch?v=dQw4w9WgXcQ\n"
)


def synced(warm: Warm, world: World) -> Done:
    (world.music / "wanted.csv").write_text(ROWS)
    return warm.run(world, "sync", str(world.music / "wanted.csv"), "--json")


def test_what_no_way_brings_is_on_it_once_with_all_places(warm: Warm, world: World) -> None:
    """P15 P17 P25"""
    counts = synced(warm, world).json["counts"]

    told = warm.run(world, "buy-list", "--json").json["tracks"]

    assert counts["buy_list"] == 3
    assert sorted(len(track["places"]) for track in told) == [1, 2]
    assert all(track["reason"] for track in told)
    assert {track["isrc"] for track in told} == {"", ISRC}


def test_each_form_is_whole(warm: Warm, world: World) -> None:
    synced(warm, world)

    for_a_person = warm.run(world, "buy-list")
    table = list(csv.DictReader(io.StringIO(warm.run(world, "buy-list", "--csv").out)))
    page = warm.run(world, "buy-list", "--html")

    assert for_a_person.out.splitlines()[-1].startswith("2 tracks to buy")
    assert sorted(row["artist"] for row in table) == ["'=cmd|' /C calc'!A0", "Nadia Klee"]
    assert page.out.rstrip().endswith("</html>")
    assert "Løst &amp; Found" in page.out


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_a_page_is_utf_8_in_any_locale(warm: Warm, world: World, locale: str) -> None:
    synced(warm, world)

    done = warm.run(world, "buy-list", "--html", env={"LC_ALL": locale, "PYTHONIOENCODING": "ascii"})

    assert "Løst" in done.out


def test_what_was_bought_meanwhile_is_marked(warm: Warm, world: World) -> None:
    """P27"""
    piece = PIECES[0]
    (world.music / "wanted.csv").write_text(
        f"artist,title,isrc,duration\n{piece.artist},{piece.title},{piece.isrc},8\n"
    )
    warm.run(world, "sync", str(world.music / "wanted.csv"))
    offer(world, 0)
    warm.run(world, "sync", str(world.music))

    told = warm.run(world, "buy-list", "--json").json["tracks"]

    assert [track["bought"] for track in told] == [f"{piece.artist} - {piece.title}"]


def test_both_are_told_out_of_postgres_too(warm: Warm, world: World, postgres: Postgres, postgres_url: str) -> None:
    shared = replace(world, more=(("MUSIC_SYNC_DATABASE_URL", postgres_url),))
    synced(warm, shared)

    listed = warm.run(shared, "buy-list", "--json")
    told = warm.run(shared, "why", "half past two", "--json")

    assert len(listed.json["tracks"]) == 2
    assert [choice["track"].partition(":")[0] for choice in told.json["choices"]] == ["list", "list"]
    one = warm.run(shared, "why", told.json["choices"][0]["track"])
    assert one.out.splitlines()[-1].startswith("now: not in the library")
