"""Public lists through yt-dlp's own extractors, over real HTTP, from a simulator of the pages that they read."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.calls import NotThere
from music_sync.adapters.extractor_lists import PublicPages, parse_soundcloud, parse_youtube
from music_sync.adapters.listing_reader import Reader, RemoteList
from music_sync.adapters.means import Means
from music_sync.demo.loopback import Behaviour, Change, Garbled, Hang, RateLimited, Refuse, Truncated
from music_sync.demo.public_pages import (
    BLOCKED,
    CHANGED,
    UNKNOWN_ENTRIES,
    Profile,
    PublicPagesServer,
    Set,
    Video,
    VideoList,
    like,
    soundcloud_likes,
    soundcloud_track,
    video_id,
    videos,
)
from music_sync.model.errors import BadSetting, NeedsPerson, ServiceUnavailable, SyncError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAYLIST = "PLwarmup0000001"
SET = "https://soundcloud.com/nadia-klee/sets/warm-up"


class World:
    """The sites, a memory, and what a person was told."""

    def __init__(self, server: PublicPagesServer, means: Means) -> None:
        self.server = server
        self.means = means
        self.memory = FakeListings(lambda: NOW)
        self.told: list[str] = []
        self.rests: list[float] = []

    def pages(self, site: str, *, most: int = 20_000, deadline_s: float = 60) -> PublicPages:
        return PublicPages(
            self.means,
            site,
            tell=self.told.append,
            base=self.server.url,
            most=most,
            deadline_s=deadline_s,
            sleep=self.rests.append,
        )

    def read(self, site: str, remote: Callable[[PublicPages], RemoteList], **options: int) -> list[str]:
        """Source ids of what a list holds, read as a source reads it."""
        with self.pages(site, **options) as pages:
            reader = Reader(self.memory, site, now=lambda: NOW)
            return [found.source_id for found in reader.read(remote(pages))]

    def likes(self, **options: int) -> list[str]:
        return self.read("soundcloud", lambda pages: pages.soundcloud_likes("nadia-klee"), **options)

    def set(self) -> list[str]:
        return self.read("soundcloud", lambda pages: pages.soundcloud_playlist(SET))

    def playlist(self) -> list[str]:
        return self.read("youtube", lambda pages: pages.youtube_playlist(PLAYLIST))

    def paths(self) -> list[str]:
        return [seen.path for seen in self.server.seen]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with PublicPagesServer() as server:
        server.profiles["nadia-klee"] = Profile(7000, "Nadia Klee")
        server.sets["nadia-klee/sets/warm-up"] = Set(55, "Warm Up")
        server.playlists[PLAYLIST] = VideoList("Warm Up")
        yield World(server, means_in(tmp_path, MUSIC_SYNC_EXTRACTORS="soundcloud,youtube"))


def ids(count: int, first: int = 1) -> list[str]:
    return [str(number) for number in range(first, first + count)]


def video_ids(count: int, first: int = 0) -> list[str]:
    return [video_id(number) for number in range(first, first + count)]


# What is found


def test_a_profiles_likes_come_with_words_link_length_and_since_when(world: World) -> None:
    rights = {"artist": "Nadia Klee", "album_title": "Late Shift", "isrc": "de-a12-26-00001"}
    track = soundcloud_track(
        1, "Half Past Two", "Loud Label", publisher_metadata=rights, duration=30_000, full_duration=245_500
    )
    world.server.profiles["nadia-klee"].likes = [like(track, "2026-01-05T10:00:00Z")]
    with world.pages("soundcloud") as pages:
        page = pages.soundcloud_likes("https://soundcloud.com/nadia-klee/likes?utm_source=x").fetch("")

    (found,) = page.tracks
    assert (found.source, found.source_id) == ("soundcloud", "1")
    assert found.url == "https://soundcloud.com/loud-label/half-past-two"
    assert (found.artist, found.title, found.album) == ("Nadia Klee", "Half Past Two", "Late Shift")
    assert (found.isrc, found.length_s) == ("DEA122600001", 245.5)
    assert found.liked_at == "2026-01-05T10:00:00+00:00"


def test_all_likes_are_read_over_all_pages(world: World) -> None:
    """P7: nothing starves behind the first page."""
    world.server.profiles["nadia-klee"].likes = soundcloud_likes(range(1, 1001))

    assert world.likes() == ids(1000)


def test_known_likes_cost_one_page(world: World) -> None:
    """P9: only what is newer than what is known is read."""
    world.server.profiles["nadia-klee"].likes = soundcloud_likes(range(1, 1001))
    world.likes()
    world.server.seen.clear()

    assert world.likes() == ids(1000)
    assert [path for path in world.paths() if path.endswith("/likes")] == ["/api-v2.soundcloud.com/users/7000/likes"]


def test_one_more_like_stands_first(world: World) -> None:
    world.server.profiles["nadia-klee"].likes = soundcloud_likes(range(2, 1001))
    world.likes()
    world.server.profiles["nadia-klee"].likes = soundcloud_likes(range(1, 1001))
    world.server.seen.clear()

    assert world.likes() == ids(1000)
    assert len([path for path in world.paths() if path.endswith("/likes")]) <= 2


def test_playlists_and_broken_entries_among_likes_cost_nobody_else(world: World) -> None:
    collection = {"id": 1, "kind": "playlist", "title": "x", "permalink_url": "https://soundcloud.com/a/sets/x"}
    world.server.profiles["nadia-klee"].likes = [
        *soundcloud_likes([1]),
        like(None),
        like(collection),
        like(soundcloud_track(4, "Nulls", user=None, genre=None, duration=None, full_duration=None)),
        like({"id": 5, "kind": "track", "title": None, "permalink_url": "https://soundcloud.com/a/untitled"}),
    ]

    assert world.likes() == ["1", "4"]
    assert world.told == ["2 entries of Likes of nadia-klee cannot be had any more"]


def test_a_set_is_read_whole_though_its_page_tells_five_tracks(world: World) -> None:
    """P19: a track knows its playlist and its place there."""
    tracks = [soundcloud_track(number, f"Track {number}") for number in range(1, 121)]
    tracks[70] = {"id": 71, "kind": "track", "title": None}
    world.server.sets["nadia-klee/sets/warm-up"].tracks = tracks
    with world.pages("soundcloud") as pages:
        found = list(Reader(world.memory, "soundcloud").read(pages.soundcloud_playlist(SET)))

    assert [track.source_id for track in found] == [*ids(70), *ids(49, 72)]
    assert found[60].url == "https://soundcloud.com/nadia-klee/track-61"
    assert [(member.source_id, member.name) for member in found[60].playlists] == [("55", "Warm Up")]
    assert world.told == ["1 entry of Warm Up cannot be had any more"]


def test_a_set_may_be_named_by_its_number_or_its_secret_link(world: World) -> None:
    track = soundcloud_track(1, "Half Past Two")
    world.server.sets = {
        "nadia-klee/sets/secret": Set(56, "Secret", [track], "s-Abc12345678"),
        "x/sets/y": Set(57, "Y"),
    }
    with world.pages("soundcloud") as pages:
        secret = pages.soundcloud_playlist("https://soundcloud.com/nadia-klee/sets/secret/s-Abc12345678?si=1")

        assert (secret.listing, secret.name, secret.total) == ("playlist:56", "Secret", 1)
        assert [found.source_id for found in secret.fetch("").tracks] == ["1"]
        assert pages.soundcloud_playlist("57").name == "Y"


def test_a_youtube_playlist_comes_with_words_link_and_length(world: World) -> None:
    world.server.playlists[PLAYLIST].videos = [
        Video("half-past02", "Half Past Two", "Nadia Klee - Topic", 245),
        Video("AbCdEfGh_-1", "Hanne Vik - Foil & Paper (Official Video)", "Somebody's Uploads", 180),
        Video("plainvideo1", "A Song Without A Dash", "Uploader", 61),
    ]
    with world.pages("youtube") as pages:
        remote = pages.youtube_playlist(f"https://music.youtube.com/playlist?list={PLAYLIST}&si=x")
        page = remote.fetch("")

    assert (remote.listing, remote.name, page.total) == (f"playlist:{PLAYLIST}", "Warm Up", 3)
    assert [(found.artist, found.title, found.length_s) for found in page.tracks] == [
        ("Nadia Klee", "Half Past Two", 245.0),
        ("Hanne Vik", "Foil & Paper (Official Video)", 180.0),
        ("", "A Song Without A Dash", 61.0),
    ]
    assert page.tracks[1].url == "https://www.youtube.com/watch?v=AbCdEfGh_-1"
    assert page.tracks[1].source_id == "AbCdEfGh_-1"


def test_a_youtube_playlist_of_a_thousand_is_read_whole(world: World) -> None:
    """P52: a bulk run reads all of it."""
    world.server.playlists[PLAYLIST].videos = videos(1000)

    assert world.playlist() == video_ids(1000)


def test_an_unchanged_playlist_costs_one_page(world: World) -> None:
    """P53: playlists are synced incrementally."""
    world.server.playlists[PLAYLIST].videos = videos(1000)
    world.playlist()
    world.server.seen.clear()

    assert len(world.playlist()) == 1000
    assert world.paths() == ["/www.youtube.com/playlist"]


def test_what_is_put_to_the_end_of_a_playlist_is_found(world: World) -> None:
    world.server.playlists[PLAYLIST].videos = videos(250)
    world.playlist()
    world.server.playlists[PLAYLIST].videos = videos(252)

    assert set(world.playlist()) == set(video_ids(252))


def test_a_reading_that_broke_off_goes_on_where_it_was(world: World) -> None:
    world.server.playlists[PLAYLIST].videos = videos(350)
    world.server.misbehave("POST .*browse", *[Refuse(503)] * 5)
    with pytest.raises(ServiceUnavailable):
        world.playlist()
    listing = world.memory.listing("youtube", f"playlist:{PLAYLIST}")

    assert listing is not None
    assert listing.goes_on
    assert world.playlist() == video_ids(350)


def test_private_deleted_and_live_videos_are_counted_and_told(world: World) -> None:
    gone = [
        Video("deleted0001", "[Deleted video]", length_s=None),
        Video("private0001", "[Private video]", length_s=None),
    ]
    world.server.playlists[PLAYLIST].videos = [*videos(2), *gone]

    assert world.playlist() == video_ids(2)
    assert world.told == ["2 entries of Warm Up cannot be had any more"]


def test_videos_that_youtube_counts_and_does_not_show_are_told(world: World) -> None:
    world.server.playlists[PLAYLIST] = VideoList("Warm Up", videos(3), hidden=2)

    assert world.playlist() == video_ids(3)
    assert world.told == ["2 entries of Warm Up cannot be had any more"]


def test_a_playlist_whose_page_says_nothing_is_asked_for_in_another_way(world: World) -> None:
    world.server.playlists[PLAYLIST].videos = videos(150)
    world.server.misbehave("GET /www.youtube.com/playlist", CHANGED, always=True)

    assert world.playlist() == video_ids(150)


def test_an_empty_list_is_empty(world: World) -> None:
    assert world.likes() == []
    assert world.set() == []
    assert world.playlist() == []


def test_no_more_entries_are_read_than_are_allowed(world: World) -> None:
    world.server.profiles["nadia-klee"].likes = soundcloud_likes(range(1, 1001))

    assert world.likes(most=250) == ids(250)
    assert world.told == ["only the first 250 entries of Likes of nadia-klee are read"]
    assert len([path for path in world.paths() if path.endswith("/likes")]) <= 3


def test_a_client_id_that_changed_is_looked_up_once_more(world: World) -> None:
    world.server.profiles["nadia-klee"].likes = soundcloud_likes(range(1, 301))
    with world.pages("soundcloud") as pages:
        remote = pages.soundcloud_likes("nadia-klee")
        first = remote.fetch("")
        world.server.client_id = "b" * 32

        assert len(first.tracks) + len(remote.fetch(first.goes_on).tracks) == 300


# What is not shown


@pytest.mark.parametrize("alert", ["The playlist does not exist.", "This playlist is private.", "Video unavailable"])
def test_a_list_that_youtube_does_not_show_is_refused_with_its_reason(world: World, alert: str) -> None:
    """P23: what is gone for good is given up, and named."""
    world.server.playlists[PLAYLIST].alert = alert

    with pytest.raises(NotThere, match="YouTube does not show that list"):
        world.playlist()


@pytest.mark.parametrize("place", ["nobody", "nadia-klee/sets/nothing"])
def test_a_soundcloud_page_that_is_not_there_or_private_is_refused(world: World, place: str) -> None:
    def remote(pages: PublicPages) -> RemoteList:
        return (
            pages.soundcloud_playlist(f"https://soundcloud.com/{place}")
            if "/" in place
            else pages.soundcloud_likes(place)
        )

    with pytest.raises(NotThere, match="SoundCloud has no such list, or it is private"):
        world.read("soundcloud", remote)


def test_a_short_pause_is_waited_for(world: World) -> None:
    world.server.profiles["nadia-klee"].likes = soundcloud_likes([1])
    world.server.misbehave("/likes", RateLimited("3"), Refuse(502), Truncated())

    assert world.likes() == ["1"]
    assert 3.0 in world.rests


def test_a_long_pause_is_told_and_kept_by_the_next_reading(world: World) -> None:
    """P55: a limit ends the reading and is honoured."""
    world.server.misbehave("/likes", RateLimited("600"))
    with pytest.raises(ServiceUnavailable, match="SoundCloud's web site limits us") as limited:
        world.likes()
    world.server.seen.clear()

    assert limited.value.after_s == 600
    with pytest.raises(ServiceUnavailable, match="limits us"):
        world.likes()
    assert world.paths() == []


@pytest.mark.parametrize("site", ["soundcloud", "youtube"])
def test_a_site_that_limits_us_is_no_missing_list(world: World, site: str) -> None:
    world.server.misbehave("GET", RateLimited(None), always=True)

    with pytest.raises(ServiceUnavailable, match="web site is away or limits us"):
        world.likes() if site == "soundcloud" else world.playlist()


def test_a_site_that_takes_us_for_a_robot_is_told_apart_from_a_missing_list(world: World) -> None:
    world.server.misbehave("/likes", BLOCKED, always=True)

    with pytest.raises(ServiceUnavailable, match="SoundCloud shows its public pages to no program just now"):
        world.likes()


@pytest.mark.parametrize(
    ("site", "pattern", "behaviour"),
    [
        ("soundcloud", "GET /soundcloud.com/", CHANGED),
        ("soundcloud", "/resolve", Garbled()),
        ("soundcloud", "/resolve", UNKNOWN_ENTRIES),
        ("soundcloud", "/likes", UNKNOWN_ENTRIES),
        ("soundcloud", "/likes", Garbled(b'{"collection": [], "next_href": null}')),
        ("youtube", "youtube", CHANGED),
        ("youtube", "browse", UNKNOWN_ENTRIES),
        ("youtube", "/playlist", Garbled(b'<script>var ytInitialData = {"contents": {"newRenderer": {}}};</script>')),
    ],
)
def test_a_changed_page_names_the_site_and_what_to_update(
    world: World, site: str, pattern: str, behaviour: Behaviour
) -> None:
    """P5: a page that is not understood is never an empty list."""
    world.server.profiles["nadia-klee"].likes = soundcloud_likes([1])
    world.server.playlists[PLAYLIST].videos = videos(150)
    world.server.misbehave(pattern, behaviour, always=True)

    with pytest.raises(NeedsPerson, match="yt-dlp") as changed:
        world.likes() if site == "soundcloud" else world.playlist()
    assert "soundcloud" in str(changed.value).lower() or "YouTube" in str(changed.value)
    assert "\n" not in str(changed.value)


def test_a_playlist_that_announces_videos_and_shows_none_is_no_empty_playlist(world: World) -> None:
    """P5."""
    page = (
        b'<script>var ytInitialData = {"contents": {"twoColumnBrowseResultsRenderer": {"tabs": [{"tabRenderer": '
        b'{"selected": true, "content": {}}}]}}, "sidebar": {"playlistSidebarRenderer": {"items": '
        b'[{"playlistSidebarPrimaryInfoRenderer": {"stats": [{"simpleText": "12 videos"}]}}]}}};</script>'
    )
    world.server.misbehave("/playlist", Garbled(page), always=True)

    with pytest.raises(NeedsPerson, match="12 entries are announced and none is shown"):
        world.playlist()


def test_a_site_that_does_not_answer_ends_with_the_deadline(world: World) -> None:
    """P9: no reading without a deadline."""
    world.server.misbehave("/likes", Hang(), always=True)

    with pytest.raises(ServiceUnavailable):
        world.likes(deadline_s=1)


def test_a_page_that_names_itself_as_the_next_one_ends(world: World) -> None:
    def again(body: dict[str, object]) -> dict[str, object]:
        return body | {"next_href": "https://api-v2.soundcloud.com/users/7000/likes?offset=0&limit=200"}

    world.server.profiles["nadia-klee"].likes = soundcloud_likes(range(1, 201))
    world.server.misbehave("/likes", Change(again), always=True)

    with pytest.raises(ServiceUnavailable, match="same page again and again"):
        world.likes(most=900)
    assert [found.source_id for found in world.memory.tracks("soundcloud", "likes")] == ids(200)


# Only what the owner allowed


def test_a_site_that_is_not_switched_on_is_never_asked(world: World, tmp_path: Path) -> None:
    world.means = means_in(tmp_path, MUSIC_SYNC_EXTRACTORS="youtube")

    with pytest.raises(BadSetting, match="add `soundcloud` to MUSIC_SYNC_EXTRACTORS"):
        world.likes()
    assert world.paths() == []


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/list",
        "https://www.youtube.com/watch?v=AbCdEfGh_-1",
        "https://www.youtube.com/playlist?list=RDAbCdEfGh_-1",
        "https://www.youtube.com/playlist?list=LL",
        "PL../../x",
        "",
    ],
)
def test_what_names_no_youtube_playlist_is_refused_unasked(world: World, link: str) -> None:
    """P26: each form is read or refused with one clear line."""
    with pytest.raises(BadSetting), world.pages("youtube") as pages:
        pages.youtube_playlist(link)
    assert world.paths() == []


@pytest.mark.parametrize(
    "profile", ["", "..", "a/b/c", "https://example.com/nadia", "https://soundcloud.com/you/likes"]
)
def test_what_names_no_profile_is_refused_unasked(world: World, profile: str) -> None:
    with pytest.raises(BadSetting), world.pages("soundcloud") as pages:
        pages.soundcloud_likes(profile)
    assert world.paths() == []


def test_other_hosts_are_not_called(world: World) -> None:
    page = b'<script src="https://evil.example/x.js"></script>'
    world.server.misbehave("GET /soundcloud.com/", Garbled(page), always=True)

    with pytest.raises(SyncError):
        world.likes()
    assert world.paths() == ["/soundcloud.com/"]


def test_nothing_is_kept_outside_the_home(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    world.likes()

    assert not (tmp_path / "cache").exists()


# Parsing


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        "x",
        {},
        {"id": "one", "title": "x"},
        {"id": 1, "title": ""},
        {"id": 1, "title": "x", "permalink_url": 3},
    ],
)
def test_what_is_no_track_is_none(entry: object) -> None:
    assert parse_soundcloud(entry) is None


@pytest.mark.parametrize("entry", [None, {}, {"id": "short", "title": "x"}, {"id": None, "title": "x"}])
def test_what_is_no_video_is_none(entry: object) -> None:
    assert parse_youtube(entry) is None
