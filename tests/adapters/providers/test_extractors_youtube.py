"""Tracks of YouTube through yt-dlp's own extractors, over real HTTP, from a simulator of its pages, players and audio."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from music_sync.adapters import extractor_calls
from music_sync.adapters.extractor_calls import SITES, runs_javascript, translated
from music_sync.adapters.providers.extractors import Extractors
from music_sync.audio.container import probe
from music_sync.demo.loopback import Change, Garbled, RateLimited, Refuse, Truncated
from music_sync.demo.music import PIECES
from music_sync.demo.public_pages import PublicPagesServer
from music_sync.demo.public_videos import Film, dash_of
from music_sync.model.errors import GiveUp, ServiceUnavailable, TryAgainLater
from music_sync.model.ports import NOT_TO_BE_HAD
from music_sync.model.track import FoundTrack

PIECE = replace(PIECES[0], length_s=8.0)
AUDIO = "videoplayback"
SOUGHT = FoundTrack("spotify", "x", artist="Nadia Klee", title="Foil & Paper")


@cache
def sound(codec: str = "m4a") -> bytes:
    return dash_of(PIECE, codec)


def nothing(_: float) -> None: ...


@dataclass
class World:
    server: PublicPagesServer
    provider: Extractors
    staging: Path
    now_s: float = 1_800_000_000.0

    def film(self, flaw: str = "", title: str = "Foil & Paper", **more: object) -> FoundTrack:
        made = Film(len(self.server.films) + 1, title, sound=sound(), flaw=flaw)
        self.server.films.append(replace(made, **more))  # type: ignore[arg-type]
        return FoundTrack("youtube", made.video_id, artist="Nadia Klee", title=title)

    def fetch(self, found: FoundTrack) -> Path:
        return self.provider.fetch(found, self.staging, nothing)

    def audio(self) -> list[dict[str, str]]:
        return [dict(seen.query) for seen in self.server.calls(AUDIO)]

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Without a program for JavaScript, whatever this machine has; yt-dlp's clock, YouTube's and ours are one."""
    monkeypatch.setattr(extractor_calls, "JS_RUNTIMES", ())
    with PublicPagesServer() as server:
        made = World(server, Extractors(), tmp_path / "staging")
        made.provider = Extractors(("youtube",), tmp_path / "budgets", base=server.url, sleep=made.pass_by)
        monkeypatch.setattr("time.time", lambda: made.now_s)
        server.videos.now = lambda: made.now_s
        yield made
        made.provider.close()


# What comes


def test_the_aac_comes_in_one_piece_that_every_player_takes(world: World) -> None:
    path = world.fetch(world.film())

    told = probe(path)
    assert (path.name, told.container, told.codec) == ("youtube-film0000001.m4a", "mp4", "aac")
    assert told.announced_length_s == pytest.approx(8.0, abs=0.1)
    assert b"moof" not in path.read_bytes()
    assert [each["itag"] for each in world.audio()] == ["140"]


def test_the_sound_as_it_was_mixed_is_taken_and_not_the_flattened_one(world: World) -> None:
    world.fetch(world.film())

    assert [each["xtags"] for each in world.audio()] == [""]


def test_of_dubbed_tracks_the_original_is_taken(world: World) -> None:
    world.fetch(world.film("dubbed"))

    assert [each["xtags"] for each in world.audio()] == ["lang=en.4"]


def test_a_track_costs_two_calls_and_a_short_answer_to_the_question_of_consent(world: World) -> None:
    world.fetch(world.film())

    assert [(seen.method, seen.path) for seen in world.server.seen[:2]] == [
        ("GET", "/www.youtube.com/watch"),
        ("POST", "/www.youtube.com/youtubei/v1/player"),
    ]
    assert len(world.server.seen) == 3
    assert "SOCS=CAI" in world.server.seen[0].headers["cookie"]


def test_long_audio_is_asked_for_in_pieces_of_ten_mebibytes(world: World) -> None:
    whole = sound() + (11 * 1024**2).to_bytes(4, "big") + b"free" + bytes(11 * 1024**2 - 8)

    path = world.fetch(world.film(sound=whole))

    assert probe(path).announced_length_s == pytest.approx(8.0, abs=0.1)
    assert [seen.headers["range"] for seen in world.server.calls(AUDIO)] == [
        "bytes=0-10485759",
        "bytes=10485760-20971519",
    ]


def test_f58_audio_that_broke_off_goes_on_at_a_new_address(world: World) -> None:
    """F58"""
    found = world.film()
    world.server.misbehave(AUDIO, Truncated(), *[Refuse(500)] * 4)
    with pytest.raises(ServiceUnavailable):
        world.fetch(found)
    asked = len(world.server.calls(AUDIO))
    world.pass_by(7200)  # the first address has ended

    assert probe(world.fetch(found)).codec == "aac"
    assert world.server.calls(AUDIO)[asked].headers["range"].startswith(f"bytes={len(sound()) // 2}-")


def test_an_address_that_has_ended_is_asked_for_once_more(world: World) -> None:
    found = world.film()
    world.server.misbehave(AUDIO, Refuse(403, b""))

    world.fetch(found)

    assert len(world.server.calls("v1/player")) == 2


def test_an_address_is_good_when_the_advert_is_over(world: World) -> None:
    before_s = world.now_s

    world.fetch(world.film("advert"))

    assert 6 <= world.now_s - before_s <= 8
    assert [seen.status for seen in world.server.calls(AUDIO)] == [206]


def test_with_a_program_for_javascript_scrambled_addresses_are_read(tmp_path: Path) -> None:
    if not runs_javascript():
        pytest.skip("neither Deno nor Node 22 is here")
    with PublicPagesServer() as server:
        server.films.append(Film(1, "Foil & Paper", sound=sound(), flaw="ciphered"))
        provider = Extractors(("youtube",), tmp_path / "budgets", base=server.url)
        path = provider.fetch(FoundTrack("youtube", "film0000001"), tmp_path / "staging", nothing)
        provider.close()

    assert probe(path).codec == "aac"


# What is refused


@pytest.mark.parametrize(
    ("flaw", "rule", "words"),
    [
        ("private", "not_there", "Private video"),
        ("removed", "not_there", "removed by the uploader"),
        ("terminated", "not_there", "terminated"),
        ("blocked", "geo_blocked", "in this country"),
        ("claimed", "geo_blocked", "in this country"),
        ("adult", "withheld", "confirm your age"),
        ("members", "withheld", "members-only"),
        ("paid", "withheld", "requires payment"),
        ("protected", "drm", "not touched"),
        ("opus", "no_audio", "no sound in a format that the library can keep"),
        ("trailer", "preview", "a trailer"),
    ],
)
def test_p21_p23_what_cannot_be_had_is_refused_for_good_and_may_be_bought(
    world: World, flaw: str, rule: str, words: str
) -> None:
    """P21 P23"""
    world.film()
    found = world.film(flaw)

    with pytest.raises(GiveUp, match=words) as refused:
        world.fetch(found)
    with pytest.raises(GiveUp, match=words):
        world.provider.peek(found)

    assert refused.value.rule == rule
    assert rule in NOT_TO_BE_HAD
    assert "--cookies" not in str(refused.value)
    assert world.audio() == []


def test_a_video_that_never_was_is_refused(world: World) -> None:
    with pytest.raises(GiveUp, match="unavailable"):
        world.fetch(FoundTrack("youtube", "AAAAAAAAAA1"))


def test_a_live_broadcast_is_no_track(world: World) -> None:
    with pytest.raises(GiveUp, match="live broadcast") as refused:
        world.fetch(world.film("live"))

    assert refused.value.rule == "live"


@pytest.mark.parametrize("flaw", ["inside", ""])
def test_b34_audio_that_leads_to_this_machine_is_never_asked_for(
    world: World, listener: tuple[str, list[str]], flaw: str
) -> None:
    """B32 B34 B35: as the address itself, and as a redirect of a good one."""
    address, came = listener

    with pytest.raises(GiveUp, match=r"127\.0\.0\.1") as refused:
        world.fetch(world.film(flaw, leads_to=address))

    assert refused.value.rule == "link_refused"
    assert came == []


@pytest.mark.parametrize(
    "address",
    [
        "https://googlevideo.com.evil.example/videoplayback",
        "https://evil.example/rr3.googlevideo.com",
        "http://rr3.googlevideo.com/",
        "https://rr3.googlevideo.com:8443/",
        "file:///etc/passwd",
    ],
)
def test_b31_b33_audio_at_no_host_of_youtube_is_refused(world: World, address: str) -> None:
    """B31 B33"""
    with pytest.raises(GiveUp) as refused:
        world.fetch(world.film("inside", leads_to=address))

    assert refused.value.rule in {"link_refused", "no_audio"}


def test_b35_the_extractors_are_a_closed_list(world: World) -> None:
    """B35"""
    world.fetch(world.film())
    reader = world.provider._readers["youtube"]._downloader

    assert sorted(reader._ies) == ["Youtube", "YoutubeSearch"]
    assert SITES["youtube"].tracks == ("youtube", "youtube:search")


def test_a_video_on_a_playlist_is_that_video_alone(world: World) -> None:
    found = world.film()

    world.fetch(replace(found, url=f"https://music.youtube.com/watch?v={found.source_id}&list=PLxxxxxxxxxxxxxxxx"))

    assert len(world.audio()) == 1


# What is tried again


@pytest.mark.parametrize("flaw", ["robot", "tired"])
def test_f56_who_is_taken_for_a_program_leaves_youtube_alone_for_an_hour(world: World, flaw: str) -> None:
    """F56"""
    found, good = world.film(flaw), world.film()
    with pytest.raises(ServiceUnavailable, match="limits programs") as limited:
        world.fetch(found)
    asked = len(world.server.seen)
    with pytest.raises(ServiceUnavailable, match="limits us"):
        world.fetch(good)

    assert limited.value.after_s == 3600
    assert "--cookies" not in str(limited.value)
    assert len(world.server.seen) == asked
    (world.staging.parent / "budgets" / "youtube-pages.json").unlink()  # the hour is over
    assert world.fetch(good).is_file()


@pytest.mark.parametrize("wall", ["https://www.google.com/sorry/index?continue=x", "https://consent.youtube.com/m"])
def test_f56_a_wall_before_the_pages_says_nothing_of_the_track(world: World, wall: str) -> None:
    """F56"""
    found = world.film()
    world.server.misbehave("/watch", Refuse(302, None, {"Location": wall}))

    with pytest.raises(ServiceUnavailable, match="left alone for an hour"):
        world.fetch(found)
    with pytest.raises(ServiceUnavailable, match="limits us"):
        world.fetch(found)


@pytest.mark.parametrize("where", ["/watch", "v1/player", "v1/search", AUDIO])
def test_f56_a_limit_is_kept_to_by_all_later_calls(world: World, where: str) -> None:
    """F56"""
    found = world.film()
    world.server.misbehave(where, RateLimited("600"))
    with pytest.raises(ServiceUnavailable, match="limits us"):
        world.provider.search(SOUGHT, "youtube") if where == "v1/search" else world.fetch(found)
    asked = len(world.server.calls(where))
    with pytest.raises(ServiceUnavailable, match="limits us"):
        world.fetch(found)

    assert len(world.server.calls(where)) == asked


def test_a_premiere_is_waited_for(world: World) -> None:
    with pytest.raises(TryAgainLater, match=r"not out yet .*Premieres in 5 hours"):
        world.fetch(world.film("premiere"))


@pytest.mark.parametrize("flaw", ["ciphered", "sabr"])
def test_without_javascript_a_track_that_needs_it_says_so_and_is_tried_again(world: World, flaw: str) -> None:
    with pytest.raises(TryAgainLater, match=r"runs its JavaScript.*pip install deno"):
        world.fetch(world.film(flaw))


@pytest.mark.parametrize("flaw", ["ciphered", "sabr"])
def test_f65_what_a_browser_would_play_is_never_taken_for_missing(
    world: World, monkeypatch: pytest.MonkeyPatch, flaw: str
) -> None:
    """F65: with a program for JavaScript, in which yt-dlp finds no address."""
    monkeypatch.setattr("music_sync.adapters.providers.extractors.runs_javascript", lambda: True)

    with pytest.raises(TryAgainLater, match=r"finds no address of it; update it \(`pip install --upgrade yt-dlp"):
        world.fetch(world.film(flaw))


def test_an_address_that_is_always_refused_is_tried_at_the_next_sync(world: World) -> None:
    world.server.misbehave(AUDIO, Refuse(403, b""), always=True)

    with pytest.raises(ServiceUnavailable, match="its own page tells it"):
        world.fetch(world.film())


@pytest.mark.parametrize(
    "where", [("/watch", "v1/player"), ("v1/player",)], ids=["each page is another", "the player's answer is another"]
)
@pytest.mark.parametrize("said", [b"{", b"[]", b"<html><body>hello</body></html>", b'{"playabilityStatus": 7}'])
def test_f65_pages_of_another_shape_are_told_with_the_version_and_how_to_update(
    world: World, where: tuple[str, ...], said: bytes
) -> None:
    """F65"""
    for each in where:
        world.server.misbehave(each, Garbled(said), always=True)

    with pytest.raises(TryAgainLater, match=r"yt-dlp 20\d\d\.\d+\.\d+ .*pip install --upgrade yt-dlp|JavaScript"):
        world.fetch(world.film())


def test_words_that_nobody_knows_are_no_reason_to_give_up(world: World) -> None:
    with pytest.raises(TryAgainLater, match="folded away"):
        world.fetch(world.film("new"))


def test_a_block_of_the_whole_network_is_no_missing_track() -> None:
    from yt_dlp.utils import ExtractorError

    said = "All player responses are invalid. Your IP is likely being blocked by Youtube"

    assert isinstance(translated("YouTube", ExtractorError(said, expected=True), "track"), ServiceUnavailable)


# Searching


def test_a_search_tells_what_each_hit_is(world: World) -> None:
    world.film(length_s=183)
    world.film(title="Nadia Klee - Foil & Paper (Nightcore)", channel="Sped Up Sounds", length_s=140)
    world.film("live", title="Foil & Paper radio 24/7", channel="Foil Records")
    world.film("private")

    offers = world.provider.search(SOUGHT, "youtube")

    assert [(offer.artist, offer.title, offer.length_s) for offer in offers] == [
        ("Nadia Klee", "Foil & Paper", 183),
        ("Nadia Klee", "Foil & Paper (Nightcore)", 140),
    ]
    (asked,) = world.server.calls("v1/search")
    assert json.loads(asked.body)["query"] == "Nadia Klee Foil & Paper"


def test_no_more_hits_are_read_than_are_looked_at(world: World) -> None:
    for _ in range(25):
        world.film()

    assert len(world.provider.search(SOUGHT, "youtube")) == 10
    assert len(world.server.calls("v1/search")) == 1


def test_a_search_without_hits_is_empty(world: World) -> None:
    assert world.provider.search(SOUGHT, "youtube") == []


@pytest.mark.parametrize(
    "said",
    [
        {"data": []},
        {"contents": {"newSearchRenderer": {}}, "estimatedResults": "4711"},
        {"contents": {}},
    ],
)
def test_a_search_of_another_shape_is_no_empty_search(world: World, said: object) -> None:
    world.film()
    world.server.misbehave("v1/search", Change(lambda _told: said), always=True)

    with pytest.raises(TryAgainLater, match="update it"):
        world.provider.search(SOUGHT, "youtube")
