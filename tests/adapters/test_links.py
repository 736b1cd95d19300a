import pytest

from music_sync.adapters.egress import read_link
from music_sync.adapters.links import is_isrc, is_streaming_site, track_link
from music_sync.model.errors import GiveUp

ID = "11dFghVXANMlKmJXsNCbNl"
VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "text",
    [
        f"spotify:track:{ID}",
        f"https://open.spotify.com/track/{ID}",
        f"https://open.spotify.com/track/{ID}?si=x&utm_source=copy-link",
        f"https://open.spotify.com/intl-de/track/{ID}",
        f"https://open.spotify.com/embed/track/{ID}",
        f"https://open.spotify.com/track/spotify:track:{ID}",
        f"http://play.spotify.com/track/{ID}/",
    ],
)
def test_all_forms_of_a_spotify_link_are_one(text: str) -> None:
    link = track_link(text)

    assert link.source_id == f"spotify:track:{ID}"
    assert link.url == f"https://open.spotify.com/track/{ID}"


@pytest.mark.parametrize(
    "text",
    [
        VIDEO,
        "https://youtu.be/dQw4w9WgXcQ?si=x",
        "https://m.youtube.com/watch?list=PL1&v=dQw4w9WgXcQ&t=3",
        "https://music.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://youtube.com/shorts/dQw4w9WgXcQ",
    ],
)
def test_all_forms_of_a_youtube_link_are_one(text: str) -> None:
    assert track_link(text).url == VIDEO


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://m.soundcloud.com/a/b?utm_source=x&si=1#t=3", "https://soundcloud.com/a/b"),
        ("https://soundcloud.com/a/b/s-Secret/", "https://soundcloud.com/a/b/s-Secret"),
        ("https://on.soundcloud.com/AbC?x=1", "https://on.soundcloud.com/AbC"),
        ("https://Example.com:443/a.mp3?utm_source=x&sig=a%2Fb+c&fbclid=1#x", "https://example.com/a.mp3?sig=a%2Fb+c"),
        ("https://example.com/a.mp3?utm_source=x", "https://example.com/a.mp3"),
    ],
)
def test_other_links_lose_what_only_tracks_people(text: str, url: str) -> None:
    assert track_link(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        f"spotify:album:{ID}",
        "spotify:track:short",
        "spotify:",
        f"https://open.spotify.com/playlist/{ID}",
        "https://open.spotify.com/collection/tracks",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/playlist?list=PL1",
        "https://www.youtube.com/@channel",
        "https://youtu.be/",
        "https://soundcloud.com/artist",
        "https://soundcloud.com/artist/sets/x",
        "https://soundcloud.com/artist/likes",
    ],
)
def test_a_link_that_names_no_single_track_is_refused(text: str) -> None:
    with pytest.raises(GiveUp):
        track_link(text)


@pytest.mark.parametrize(
    ("link", "streams"),
    [
        ("https://soundcloud.com/a/b", True),
        ("https://artist.bandcamp.com/track/x", True),
        ("https://soundcloud.com.evil.example/a", False),
        ("https://evil.example/#soundcloud.com", False),
        ("https://notsoundcloud.com/a", False),
    ],
)
def test_a_streaming_site_is_known_by_its_whole_host(link: str, streams: bool) -> None:
    assert is_streaming_site(read_link(link)) is streams


def test_an_isrc_has_twelve_letters_and_digits() -> None:
    assert is_isrc("USUM71703861")
    assert not is_isrc("US-UM7-17-03861")
    assert not is_isrc("USUM7170386")
