"""Tracks through yt-dlp's own extractors, over real HTTP, from a simulator of SoundCloud."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from music_sync.adapters.extractor_calls import SITES, _without_plugins, site_client, translated
from music_sync.adapters.providers.extractors import Extractors
from music_sync.audio.container import probe
from music_sync.demo.loopback import Change, Garbled, RateLimited, Refuse, Truncated
from music_sync.demo.music import PIECES
from music_sync.demo.public_pages import BLOCKED, PublicPagesServer
from music_sync.demo.public_uploads import Upload, sound_of
from music_sync.model.errors import EnvironmentFault, GiveUp, ServiceUnavailable, TryAgainLater
from music_sync.model.track import FoundTrack

PIECE = replace(PIECES[0], length_s=8.0)
FILE, PIECES_ = "cf-media", "cf-hls-media.*index"


@cache
def sound(codec: str = "mp3") -> bytes:
    return sound_of(PIECE, codec)


def nothing(_: float) -> None: ...


@dataclass
class World:
    server: PublicPagesServer
    provider: Extractors
    staging: Path
    rests: list[float] = field(default_factory=list)

    def upload(self, flaw: str = "", way: str = "file", leads_to: str = "") -> FoundTrack:
        made = Upload(len(self.server.uploads) + 1, "Foil & Paper", way=way, flaw=flaw, leads_to=leads_to, length_s=180)
        made.sound = sound("m4a" if way == "pieces" else "mp3")
        self.server.uploads.append(made)
        return FoundTrack("soundcloud", str(made.number), url=made.page)

    def fetch(self, found: FoundTrack) -> Path:
        return self.provider.fetch(found, self.staging, nothing)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    rests: list[float] = []
    with PublicPagesServer() as server:
        provider = Extractors(("soundcloud",), tmp_path / "budgets", base=server.url, sleep=rests.append)
        yield World(server, provider, tmp_path / "staging", rests)
        provider.close()


# What comes


def test_a_file_comes_as_the_site_has_it(world: World) -> None:
    assert world.fetch(world.upload()).read_bytes() == sound()


def test_pieces_come_as_one_file_that_every_player_takes(world: World) -> None:
    path = world.fetch(world.upload(way="pieces"))

    told = probe(path)
    assert (told.container, told.codec) == ("mp4", "aac")
    assert told.announced_length_s == pytest.approx(8.0, abs=0.1)
    assert b"moof" not in path.read_bytes()
    assert [each.name for each in world.staging.iterdir()] == [path.name]


def test_a_file_that_broke_off_goes_on_where_it_was(world: World) -> None:
    found = world.upload()
    world.server.misbehave(FILE, Truncated(), *[Refuse(500)] * 4)
    with pytest.raises(ServiceUnavailable):
        world.fetch(found)
    halves = world.server.calls(FILE)

    assert world.fetch(found).read_bytes() == sound()
    assert world.server.calls(FILE)[len(halves)].headers["range"] == f"bytes={len(sound()) // 2}-"


def test_pieces_that_broke_off_go_on_behind_the_last_that_is_here(world: World) -> None:
    found = world.upload(way="pieces")
    world.server.misbehave("index2", *[Refuse(503)] * 5)
    with pytest.raises(ServiceUnavailable):
        world.fetch(found)
    asked = len(world.server.calls(PIECES_))

    world.fetch(found)

    assert [seen.path.rsplit("/", 1)[1] for seen in world.server.calls(PIECES_)[asked:]] == [
        "index2.m4s",
        "index3.m4s",
        "index4.m4s",
    ]


def test_f58_a_piece_that_broke_off_is_asked_for_again(world: World) -> None:
    """F58"""
    found = world.upload(way="pieces")
    world.server.misbehave("index1", Truncated())

    assert probe(world.fetch(found)).announced_length_s == pytest.approx(8.0, abs=0.1)


def test_the_client_id_is_looked_up_once_for_many_tracks(world: World) -> None:
    for _ in range(2):
        world.fetch(world.upload())

    assert len(world.server.calls("GET /soundcloud.com/")) == 1


# What is refused


@pytest.mark.parametrize(
    ("flaw", "rule", "words"),
    [
        ("preview", "preview", "only a preview of 30 seconds"),
        ("blocked", "geo_blocked", "in this country"),
        ("withheld", "geo_blocked", "403"),
        ("protected", "drm", "not touched"),
        ("private", "not_there", "private"),
    ],
)
def test_p21_what_cannot_be_had_is_refused_for_good_before_any_audio(
    world: World, flaw: str, rule: str, words: str
) -> None:
    """P21 P23"""
    found = world.upload(flaw)

    with pytest.raises(GiveUp, match=words) as refused:
        world.fetch(found)
    with pytest.raises(GiveUp, match=words):
        world.provider.peek(found)

    assert refused.value.rule == rule
    assert world.server.calls(FILE) == []


def test_f60_pieces_with_a_hole_are_no_track(world: World) -> None:
    """F60"""
    with pytest.raises(GiveUp, match="with a hole"):
        world.fetch(world.upload("hole", "pieces"))

    assert not list(world.staging.glob("*.m4a"))


def test_what_is_no_audio_is_refused(world: World) -> None:
    found = world.upload()
    world.server.misbehave(FILE, Garbled())

    with pytest.raises(GiveUp, match="web page"):
        world.fetch(found)


def test_pieces_that_are_encrypted_are_not_touched(world: World) -> None:
    found = world.upload(way="pieces")
    world.server.misbehave(
        "m3u8", Garbled(b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:2,\nx.m4s\n#EXT-X-ENDLIST\n')
    )

    with pytest.raises(GiveUp, match="DRM"):
        world.fetch(found)


@pytest.mark.parametrize("way", ["file", "pieces"])
@pytest.mark.parametrize("flaw", ["inside", ""])
def test_b34_audio_that_leads_to_this_machine_is_never_asked_for(
    world: World, listener: tuple[str, list[str]], flaw: str, way: str
) -> None:
    """B32 B34 B35: as the address itself, and as a redirect of a good one."""
    address, came = listener
    found = world.upload(flaw, way, address)
    if not flaw and way == "pieces":
        world.server.misbehave("index1", Refuse(302, None, {"Location": address}))

    with pytest.raises(GiveUp, match=r"127\.0\.0\.1") as refused:
        world.fetch(found)
    assert refused.value.rule == "link_refused"
    assert came == []


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest", "https://evil.example/x", "file:///etc/passwd"])
def test_b31_an_answer_that_redirects_elsewhere_is_not_followed(world: World, address: str) -> None:
    """B31 B34"""
    world.server.misbehave("/resolve", Refuse(302, None, {"Location": address}), always=True)

    with pytest.raises((GiveUp, TryAgainLater)):
        world.fetch(world.upload())


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    ("name", "host"), [("soundcloud", "api-v2.soundcloud.com"), ("youtube", "rr3---sn-4g5e.googlevideo.com")]
)
def test_b34_a_host_of_the_site_with_a_private_address_is_refused(name: str, host: str, address: str) -> None:
    """B34: what the name resolves to counts."""
    from music_sync.adapters import extractor_calls as calls
    from music_sync.adapters.egress import egress_client

    client = egress_client(
        resolve=lambda _host, _port: [address], narrowed=lambda gated: calls._OneSite(SITES[name], "", gated)
    )
    with client, pytest.raises(GiveUp, match="private network"):
        client.get(f"https://{host}/")


def test_b33_only_the_sites_own_hosts_are_reached() -> None:
    """B33"""
    with site_client(SITES["soundcloud"]) as client:
        for url in (
            "https://soundcloud.com.evil.example/",
            "https://evil.example/soundcloud.com",
            "http://soundcloud.com/",
        ):
            with pytest.raises(GiveUp, match="no host of SoundCloud"):
                client.get(url)


def test_b38_plugins_and_other_programs_are_off(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """B38"""
    from yt_dlp.globals import plugin_dirs

    _without_plugins()
    found = world.upload()
    marker = tmp_path / "ran"
    for name in ("ffmpeg", "ffprobe", "curl", "aria2c"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    world.fetch(found)
    world.fetch(world.upload(way="pieces"))

    assert plugin_dirs.value == []
    assert not marker.exists()


# What is tried again


def test_f56_a_limit_is_kept_to_by_all_later_calls(world: World) -> None:
    """F56"""
    found = world.upload()
    world.server.misbehave("/resolve", RateLimited("600"))
    with pytest.raises(ServiceUnavailable, match="limits us") as limited:
        world.fetch(found)
    asked = len(world.server.seen)
    with pytest.raises(ServiceUnavailable):
        world.fetch(found)

    assert limited.value.after_s == 600
    assert len(world.server.seen) == asked


def test_f56_a_limit_on_audio_is_kept_to_by_the_next_track(world: World) -> None:
    """F56"""
    first, second = world.upload(), world.upload()
    world.server.misbehave(FILE, RateLimited("600"))
    with pytest.raises(ServiceUnavailable):
        world.fetch(first)
    with pytest.raises(ServiceUnavailable, match="limits us"):
        world.fetch(second)

    assert len(world.server.calls(FILE)) == 1


def test_a_wall_before_programs_is_no_missing_track(world: World) -> None:
    found = world.upload()
    world.server.misbehave("/resolve", BLOCKED, always=True)

    with pytest.raises(ServiceUnavailable):
        world.fetch(found)


def test_f65_pages_of_another_shape_are_told_with_the_version_and_how_to_update(world: World) -> None:
    """F65"""
    found = world.upload()
    world.server.misbehave("/resolve", Change(lambda _told: {"data": []}), always=True)

    with pytest.raises(TryAgainLater, match=r"yt-dlp 20\d\d\.\d+\.\d+ .*pip install --upgrade yt-dlp"):
        world.fetch(found)


def test_a_full_disk_is_the_machines_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = world.upload(way="pieces")
    world.staging.mkdir()
    (world.staging / "soundcloud-nadia-klee-foil-paper-1.pieces.part").mkdir()
    monkeypatch.setattr("time.sleep", lambda _s: None)

    with pytest.raises(EnvironmentFault):
        world.fetch(found)


# Searching


def test_a_search_tells_what_each_hit_is_and_whether_it_can_be_had(world: World) -> None:
    for flaw in ("", "preview", "blocked", "protected"):
        world.upload(flaw)

    offers = world.provider.search(FoundTrack("spotify", "x", artist="Nadia Klee", title="Foil & Paper"), "soundcloud")

    assert [(offer.artist, offer.title, offer.length_s) for offer in offers] == [
        ("Nadia Klee", "Foil & Paper", 180)
    ] * 4
    assert [offer.refusal.partition(" ")[0] for offer in offers] == ["", "only", "it", "it"]
    assert [seen.query["q"] for seen in world.server.calls("search")] == ["Nadia Klee Foil & Paper"]


def test_a_search_without_hits_is_empty(world: World) -> None:
    assert world.provider.search(FoundTrack("spotify", "x", artist="A", title="B"), "soundcloud") == []


def test_a_search_of_another_shape_is_no_empty_search(world: World) -> None:
    world.upload()
    world.server.misbehave("search", Change(lambda _told: []), always=True)

    with pytest.raises(TryAgainLater):
        world.provider.search(FoundTrack("spotify", "x", artist="Nadia Klee", title="Foil"), "soundcloud")


@pytest.mark.parametrize(
    ("found", "is_its_own"),
    [
        (FoundTrack("soundcloud", "1"), True),
        (FoundTrack("list", "x", url="https://m.soundcloud.com/nadia-klee/foil?utm_source=x"), True),
        (FoundTrack("list", "x", url="https://soundcloud.com/nadia-klee/sets/foil"), False),
        (FoundTrack("youtube", "AAAAAAAAAA1"), False),
        (FoundTrack("folder", "x", url="https://soundcloud.com/nadia-klee/foil", path=Path("/x.mp3")), False),
        (FoundTrack("spotify", "1", url="https://open.spotify.com/track/0000000000000000000000"), False),
    ],
)
def test_p26_a_page_of_a_site_that_is_on_is_known_in_each_spelling(found: FoundTrack, is_its_own: bool) -> None:
    """P26"""
    assert Extractors(("soundcloud",)).offers(found) is is_its_own


def test_without_a_site_nothing_is_offered() -> None:
    assert not Extractors().offers(FoundTrack("soundcloud", "1"))


def test_a_protected_video_is_told_as_such() -> None:
    from yt_dlp.utils import ExtractorError

    error = translated("YouTube", ExtractorError("This video is DRM protected", expected=True), "track")

    assert isinstance(error, GiveUp)
    assert error.rule == "drm"
