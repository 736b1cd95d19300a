"""A track liked at one service and found at another: searched, judged, fetched whole and filed, or refused with reasons."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import LENGTH_S, World

from music_sync.demo.loopback import RateLimited
from music_sync.demo.music import PIECES
from music_sync.demo.public_pages import PublicPagesServer
from music_sync.demo.public_uploads import Upload, sound_of
from music_sync.demo.public_videos import Film, dash_of
from music_sync.demo.spotify import SpotifyServer
from music_sync.demo.spotify import track as spotify_track

PIECE = replace(PIECES[1], length_s=LENGTH_S)


@dataclass(frozen=True)
class Liking:
    world: World
    site: PublicPagesServer

    def upload(self, title: str = PIECE.title, **more: object) -> Upload:
        made = Upload(len(self.site.uploads) + 1, title, PIECE.artist, LENGTH_S)
        made = replace(made, **more)  # type: ignore[arg-type]
        self.site.uploads.append(made)
        return made

    def film(self, title: str = PIECE.title, **more: object) -> Film:
        made = replace(Film(len(self.site.films) + 1, title, f"{PIECE.artist} - Topic", LENGTH_S), **more)  # type: ignore[arg-type]
        self.site.films.append(made)
        return made


@pytest.fixture
def liking(world: World) -> Iterator[Liking]:
    """One track is liked at Spotify, and SoundCloud is switched on."""
    with SpotifyServer() as spotify, PublicPagesServer() as site:
        spotify.like(
            spotify_track(1, name=PIECE.title, artists=[{"name": PIECE.artist}], duration_ms=int(LENGTH_S * 1000))
        )
        settings = {
            "MUSIC_SYNC_SOURCES": "spotify",
            "SPOTIFY_CLIENT_ID": "simulated-client",
            "SPOTIFY_REFRESH_TOKEN": spotify.refresh_token(),
            "MUSIC_SYNC_SPOTIFY_URL": spotify.url,
            "MUSIC_SYNC_SPOTIFY_ACCOUNTS_URL": spotify.url,
            "MUSIC_SYNC_EXTRACTORS": "soundcloud",
            "MUSIC_SYNC_EXTRACTORS_URL": site.url,
        }
        yield Liking(replace(world, more=tuple(settings.items())), site)


def test_p22_the_right_upload_is_filed_and_the_wrong_ones_are_told(warm: Warm, liking: Liking) -> None:
    """P21 P22: plan and sync agree, and `why` tells each refusal."""
    sound = sound_of(PIECE)
    live = liking.upload(f"{PIECE.title} (Live)", sound=sound)
    preview = liking.upload(sound=sound, flaw="preview")
    cover = liking.upload(f"{PIECE.title} (Cover)", uploader="Someone Else", sound=sound)
    good = liking.upload(sound=sound)

    plan = warm.run(liking.world, "plan", "--json")
    fetched = [seen.path for seen in liking.site.calls("cf-media")]
    done = warm.run(liking.world, "sync", "--json")
    why = warm.run(liking.world, "why", PIECE.title).out

    assert (plan.json["counts"], fetched) == (done.json["counts"], []), plan.err + done.err
    assert (done.code, done.json["counts"]["new"], len(liking.world.filed())) == (0, 1, 1), done.err
    assert f"brought by `extractors` from {good.page}" in why
    assert all(each.page in why for each in (live, preview, cover))
    assert "only a preview of 30 seconds" in why
    assert "version words differ" in why


def test_p22_the_right_video_is_filed_and_the_wrong_ones_are_told(warm: Warm, liking: Liking) -> None:
    """P21 P22: at YouTube; a snippet under a good length is only seen when it is fetched."""
    liking = replace(
        liking, world=replace(liking.world, more=(*liking.world.more, ("MUSIC_SYNC_EXTRACTORS", "youtube")))
    )
    sound = dash_of(PIECE)
    snippet = dash_of(replace(PIECE, length_s=3.0))
    wrong = [
        liking.film(f"{PIECE.artist} - {PIECE.title} (Live at Foil Hall)", channel="Foil Hall", sound=sound),
        liking.film(f"{PIECE.title} (Cover by Someone Else)", channel="Someone Else", sound=sound),
        liking.film(f"{PIECE.artist} - {PIECE.title} (Nightcore)", channel="Sped Up", sound=sound),
        liking.film(length_s=LENGTH_S + 30, sound=sound),
        liking.film(sound=snippet),
        liking.film(flaw="removed"),
    ]
    good = liking.film(sound=sound)

    done = warm.run(liking.world, "sync", "--json")
    why = warm.run(liking.world, "why", PIECE.title).out

    assert (done.code, done.json["counts"]["new"], len(liking.world.filed())) == (0, 1, 1), done.err
    assert f"brought by `extractors` from {good.page}" in why
    assert [each.title for each in wrong if each.page not in why] == []
    assert "version words differ" in why
    assert "length" in why
    assert "removed by the uploader" in why


def test_p15_p21_with_nothing_but_a_preview_it_is_on_the_buy_list_and_why_tells(warm: Warm, liking: Liking) -> None:
    """P15 P21"""
    liking.upload(flaw="preview")

    plan = warm.run(liking.world, "plan", "--json")
    done = warm.run(liking.world, "sync", "--json")
    why = warm.run(liking.world, "why", PIECE.title).out

    assert plan.json["counts"] == done.json["counts"]
    assert (done.json["counts"]["buy_list"], liking.world.filed()) == (1, []), done.err
    assert "only a preview of 30 seconds" in why


def test_p22_a_near_miss_waits_for_a_person_and_is_filed_when_she_says_so(warm: Warm, liking: Liking) -> None:
    """P22"""
    near = liking.upload(sound=sound_of(replace(PIECE, length_s=LENGTH_S + 6)), length_s=LENGTH_S + 6)

    waiting = warm.run(liking.world, "sync", "--json")
    key = f"spotify:{waiting.json['tracks'][0]['source_id']}"
    accepted = warm.run(liking.world, "review", "accept", key, "--json")

    assert waiting.json["counts"]["review"] == 1
    assert near.page in waiting.json["tracks"][0]["reason"]
    assert (accepted.code, len(liking.world.filed())) == (0, 1), accepted.err + accepted.out


def test_f56_pieces_that_broke_off_go_on_at_the_next_sync(warm: Warm, liking: Liking) -> None:
    """F56 F58: what is here is not asked for again."""
    liking.upload(sound=sound_of(PIECE, "m4a"), way="pieces")
    liking.site.misbehave("index2", RateLimited("600"))

    broken = warm.run(liking.world, "sync", "--json")
    (liking.world.home / "var" / "budgets" / "soundcloud-media.json").unlink()  # the ten minutes are over
    again = warm.run(liking.world, "sync", "--json")

    assert (broken.json["counts"]["failed"], again.json["counts"]["new"]) == (1, 1), broken.err + again.err
    assert len(liking.site.calls("index1")) == 1


def test_without_a_site_that_is_switched_on_nothing_is_searched(warm: Warm, liking: Liking) -> None:
    liking.upload(sound=sound_of(PIECE))
    off = replace(liking.world, more=(*liking.world.more, ("MUSIC_SYNC_EXTRACTORS", "")))

    done = warm.run(off, "sync", "--json")

    assert (done.json["counts"]["buy_list"], liking.site.seen) == (1, [])
