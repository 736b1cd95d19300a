"""Every shape of link that people have (P26), and that the same thing has one id in all of them (P25)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_sync.adapters.egress import read_link
from music_sync.adapters.link_text import SHORT_HOSTS, is_link
from music_sync.adapters.links import Place, is_isrc, is_streaming_site, playlist_place, read_place, track_link
from music_sync.model.errors import GiveUp

ID = "11dFghVXANMlKmJXsNCbNl"
VIDEO = "dQw4w9WgXcQ"
LIST = "PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
ALBUM = "OLAK5uy_kxXq0x1dYHVxHvMJv6Y9QK0YQ0Yq0Yq0Y"

SPOTIFY_TRACK = Place("spotify", "track", ID, f"https://open.spotify.com/track/{ID}")
SPOTIFY_ALBUM = Place("spotify", "album", ID, f"https://open.spotify.com/album/{ID}")
SPOTIFY_PLAYLIST = Place("spotify", "playlist", ID, f"https://open.spotify.com/playlist/{ID}")
SPOTIFY_LIKES = Place("spotify", "likes", "", "https://open.spotify.com/collection/tracks")
SPOTIFY_PROFILE = Place("spotify", "profile", "nadia", "https://open.spotify.com/user/nadia")
YOUTUBE_TRACK = Place("youtube", "track", VIDEO, f"https://www.youtube.com/watch?v={VIDEO}")
YOUTUBE_LIST = Place("youtube", "playlist", LIST, f"https://www.youtube.com/playlist?list={LIST}")
YOUTUBE_ALBUM = Place("youtube", "album", ALBUM, f"https://www.youtube.com/playlist?list={ALBUM}")
YOUTUBE_LIKES = Place("youtube", "likes", "LL", "https://www.youtube.com/playlist?list=LL")
MUSIC_LIKES = Place("youtube", "likes", "LM", "https://music.youtube.com/playlist?list=LM")
CHANNEL = Place("youtube", "profile", "@mirador", "https://www.youtube.com/@mirador")
SOUND = Place("soundcloud", "track", "mirador/long-way", "https://soundcloud.com/mirador/long-way")
SECRET = Place("soundcloud", "track", "mirador/long-way/s-AbC12", "https://soundcloud.com/mirador/long-way/s-AbC12")
SET = Place("soundcloud", "playlist", "mirador/sets/dusk", "https://soundcloud.com/mirador/sets/dusk")
SECRET_SET = Place(
    "soundcloud", "playlist", "mirador/sets/dusk/s-AbC12", "https://soundcloud.com/mirador/sets/dusk/s-AbC12"
)
LIKES = Place("soundcloud", "likes", "mirador", "https://soundcloud.com/mirador/likes")
PROFILE = Place("soundcloud", "profile", "mirador", "https://soundcloud.com/mirador")
NUMBERED = Place("soundcloud", "track", "soundcloud:tracks:77", "https://api.soundcloud.com/tracks/77")
NUMBERED_SET = Place("soundcloud", "playlist", "soundcloud:playlists:78", "https://api.soundcloud.com/playlists/78")

UNDERSTOOD = [
    # Spotify's URIs
    (f"spotify:track:{ID}", SPOTIFY_TRACK),
    (f"Spotify:Track:{ID}", SPOTIFY_TRACK),
    (f"spotify://track/{ID}", SPOTIFY_TRACK),
    (f"spotify://track:{ID}", SPOTIFY_TRACK),
    (f"spotify:track:{ID}?si=abc", SPOTIFY_TRACK),
    (f"spotify:track:{ID}#1:30", SPOTIFY_TRACK),
    (f"spotify%3Atrack%3A{ID}", SPOTIFY_TRACK),
    (f"spotify:album:{ID}", SPOTIFY_ALBUM),
    (f"spotify:playlist:{ID}", SPOTIFY_PLAYLIST),
    (f"spotify:user:nadia:playlist:{ID}", SPOTIFY_PLAYLIST),
    ("spotify:user:nadia:collection", SPOTIFY_LIKES),
    ("spotify:collection", SPOTIFY_LIKES),
    ("spotify:collection:tracks", SPOTIFY_LIKES),
    ("spotify:user:nadia", SPOTIFY_PROFILE),
    ("spotify:user:n%20a", Place("spotify", "profile", "n a", "https://open.spotify.com/user/n%20a")),
    # Spotify's pages
    (f"https://open.spotify.com/track/{ID}", SPOTIFY_TRACK),
    (f"http://open.spotify.com/track/{ID}", SPOTIFY_TRACK),
    (f"http://play.spotify.com/track/{ID}/", SPOTIFY_TRACK),
    (f"https://open.spotify.com/track/{ID}?si=0123456789abcdef&utm_source=copy-link", SPOTIFY_TRACK),
    (f"https://open.spotify.com/track/{ID}?si=x&context=spotify%3Aplaylist%3A37i9dQZF1DXcBWIGoYBM5M", SPOTIFY_TRACK),
    (f"https://open.spotify.com/intl-de/track/{ID}", SPOTIFY_TRACK),
    (f"https://open.spotify.com/intl-pt-br/track/{ID}?si=x", SPOTIFY_TRACK),
    (f"https://open.spotify.com/embed/track/{ID}?utm_source=generator&theme=0", SPOTIFY_TRACK),
    (f"https://open.spotify.com/intl-fr/embed/track/{ID}", SPOTIFY_TRACK),
    (f"https://embed.spotify.com/?uri=spotify%3Atrack%3A{ID}", SPOTIFY_TRACK),
    (f"https://open.spotify.com/track/spotify:track:{ID}", SPOTIFY_TRACK),
    (f"https://open.spotify.com/track/spotify%3Atrack%3A{ID}", SPOTIFY_TRACK),
    (f"https://open.spotify.com/spotify:track:{ID}?si=x", SPOTIFY_TRACK),
    (f"https://open.spotify.com/album/4LH4d3cOWNNsVw41Gqt2kv?highlight=spotify:track:{ID}", SPOTIFY_TRACK),
    (f"https://open.spotify.com/track/{ID}%3Fsi%3Dabc", SPOTIFY_TRACK),
    (f"https://api.spotify.com/v1/tracks/{ID}", SPOTIFY_TRACK),
    (f"HTTPS://OPEN.SPOTIFY.COM/track/{ID}", SPOTIFY_TRACK),
    (f"https://open.spotify.com:443//track/{ID}#login", SPOTIFY_TRACK),
    (f"open.spotify.com/track/{ID}", SPOTIFY_TRACK),
    (f"//open.spotify.com/track/{ID}", SPOTIFY_TRACK),
    (f"Open.Spotify.com/track/{ID}?si=x", SPOTIFY_TRACK),
    (f"https%3A%2F%2Fopen.spotify.com%2Ftrack%2F{ID}", SPOTIFY_TRACK),
    (f"https://open.spotify.com/album/{ID}?si=x", SPOTIFY_ALBUM),
    (f"https://open.spotify.com/playlist/{ID}?si=x&pt=0123", SPOTIFY_PLAYLIST),
    (f"https://open.spotify.com/user/nadia/playlist/{ID}", SPOTIFY_PLAYLIST),
    (f"https://open.spotify.com/user/spotify/playlist/{ID}?si=x", SPOTIFY_PLAYLIST),
    (f"https://open.spotify.com/embed/user/nadia/playlist/{ID}", SPOTIFY_PLAYLIST),
    (f"https://api.spotify.com/v1/playlists/{ID}/items", SPOTIFY_PLAYLIST),
    ("https://open.spotify.com/collection/tracks", SPOTIFY_LIKES),
    ("https://open.spotify.com/collection", SPOTIFY_LIKES),
    ("https://open.spotify.com/intl-es/collection/tracks/", SPOTIFY_LIKES),
    ("https://open.spotify.com/user/nadia?si=x", SPOTIFY_PROFILE),
    # What stands around a link
    (f"  https://open.spotify.com/track/{ID}\n", SPOTIFY_TRACK),
    (f"<https://open.spotify.com/track/{ID}>", SPOTIFY_TRACK),
    (f'"https://open.spotify.com/track/{ID}"', SPOTIFY_TRACK),
    (f"'spotify:track:{ID}'", SPOTIFY_TRACK),
    (f"“https://open.spotify.com/track/{ID}”", SPOTIFY_TRACK),
    (f"`< https://open.spotify.com/track/{ID} >`", SPOTIFY_TRACK),
    (f"\ufeffhttps://open.spotify.com/track/{ID}\u200b", SPOTIFY_TRACK),
    (f"https://open.spotify.com/track/{ID}.", SPOTIFY_TRACK),
    (f"https://open.spotify.com/track/{ID}),", SPOTIFY_TRACK),
    (f"[Long Way Home](https://open.spotify.com/track/{ID})", SPOTIFY_TRACK),
    ("Listen to Long Way by Mirador on #SoundCloud\nhttps://soundcloud.com/mirador/long-way", SOUND),
    (f"Mix: the one / only https://youtu.be/{VIDEO}", YOUTUBE_TRACK),
    # YouTube
    (f"https://www.youtube.com/watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"https://youtube.com/watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"http://www.youtube.com/watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"https://m.youtube.com/watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"https://music.youtube.com/watch?v={VIDEO}&si=x", YOUTUBE_TRACK),
    (f"https://www.youtube-nocookie.com/embed/{VIDEO}?rel=0", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch?list={LIST}&index=3&t=42s&v={VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch?v={VIDEO}&list={LIST}&index=1", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch?v={VIDEO}&list=RD{VIDEO}&start_radio=1", YOUTUBE_TRACK),
    (f"https://music.youtube.com/watch?v={VIDEO}&list=RDAMVM{VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch?feature=player_embedded&amp;v={VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch?v={VIDEO}?si=abc", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch?v={VIDEO}%26t%3D3", YOUTUBE_TRACK),
    (f"https://m.youtube.com/#/watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch#!v={VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/watch/{VIDEO}", YOUTUBE_TRACK),
    (f"https://youtu.be/{VIDEO}", YOUTUBE_TRACK),
    (f"https://youtu.be/{VIDEO}?si=x&t=30", YOUTUBE_TRACK),
    (f"https://youtu.be/{VIDEO}?list={LIST}", YOUTUBE_TRACK),
    (f"http://www.youtu.be/{VIDEO}/", YOUTUBE_TRACK),
    (f"youtu.be/{VIDEO}", YOUTUBE_TRACK),
    (f"www.youtube.com/watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"YOUTUBE.COM/watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"https://youtube.com/shorts/{VIDEO}?feature=share", YOUTUBE_TRACK),
    (f"https://www.youtube.com/live/{VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/embed/{VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/v/{VIDEO}&hl=en", YOUTUBE_TRACK),
    (f"https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D{VIDEO}%26feature%3Dshare", YOUTUBE_TRACK),
    (f"https://www.youtube.com/oembed?url=https%3A%2F%2Fyoutu.be%2F{VIDEO}&format=json", YOUTUBE_TRACK),
    (f"https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{VIDEO}", YOUTUBE_TRACK),
    (f"https://www.google.com/url?sa=t&url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{VIDEO}", YOUTUBE_TRACK),
    (f"vnd.youtube:{VIDEO}", YOUTUBE_TRACK),
    (f"youtube://watch?v={VIDEO}", YOUTUBE_TRACK),
    (f"https://www.youtube.com/playlist?list={LIST}", YOUTUBE_LIST),
    (f"https://youtube.com/playlist?list={LIST}&si=x", YOUTUBE_LIST),
    (f"https://music.youtube.com/playlist?list={LIST}", YOUTUBE_LIST),
    (f"https://www.youtube.com/watch?list={LIST}", YOUTUBE_LIST),
    (f"https://www.youtube.com/embed/videoseries?list={LIST}", YOUTUBE_LIST),
    (f"https://music.youtube.com/browse/VL{LIST}", YOUTUBE_LIST),
    (f"m.youtube.com/playlist?list={LIST}", YOUTUBE_LIST),
    (f"https://music.youtube.com/playlist?list={ALBUM}", YOUTUBE_ALBUM),
    ("https://www.youtube.com/playlist?list=LL", YOUTUBE_LIKES),
    ("https://music.youtube.com/playlist?list=LM&si=x", MUSIC_LIKES),
    ("https://music.youtube.com/browse/VLLM", MUSIC_LIKES),
    ("https://www.youtube.com/@mirador", CHANNEL),
    ("https://www.youtube.com/@mirador/videos", CHANNEL),
    (
        "https://www.youtube.com/@夜行",
        Place("youtube", "profile", "@夜行", "https://www.youtube.com/@%E5%A4%9C%E8%A1%8C"),
    ),
    # SoundCloud
    ("https://soundcloud.com/mirador/long-way", SOUND),
    ("http://www.soundcloud.com/mirador/long-way/", SOUND),
    ("https://m.soundcloud.com/mirador/long-way", SOUND),
    ("soundcloud.com/mirador/long-way", SOUND),
    ("SoundCloud.com/mirador/long-way", SOUND),
    ("https://soundcloud.com/mirador/long-way?si=abc&utm_source=clipboard&utm_medium=text#t=0:30", SOUND),
    ("https://soundcloud.com/mirador/long-way?in=nadia/sets/dusk&si=abc", SOUND),
    ("https://soundcloud.com/mirador/long-way/recommended", SOUND),
    ("https://soundcloud.com/mirador/long-way.", SOUND),
    ("https://soundcloud.com/mirador/long-way/s-AbC12", SECRET),
    ("https://soundcloud.com/mirador/long-way/s-AbC12?in=nadia/sets/dusk/s-X9&si=abc", SECRET),
    ("https://soundcloud.com/mirador/long-way?secret_token=s-AbC12", SECRET),
    ("https://soundcloud.com/mirador/sets/dusk", SET),
    ("https://soundcloud.com/mirador/sets/dusk?si=abc&utm_campaign=social_sharing", SET),
    ("https://m.soundcloud.com/mirador/sets/dusk/s-AbC12", SECRET_SET),
    ("https://soundcloud.com/mirador/likes", LIKES),
    ("https://soundcloud.com/you/likes", Place("soundcloud", "likes", "", "https://soundcloud.com/you/likes")),
    ("https://soundcloud.com/mirador", PROFILE),
    ("soundcloud.com/mirador/", PROFILE),
    (
        "https://soundcloud.com/mirador/tracks",
        Place("soundcloud", "profile", "mirador", "https://soundcloud.com/mirador/tracks"),
    ),
    ("https://api.soundcloud.com/tracks/77", NUMBERED),
    ("https://api.soundcloud.com/tracks/soundcloud:tracks:77", NUMBERED),
    ("https://api.soundcloud.com/tracks/soundcloud%3Atracks%3A77/streams", NUMBERED),
    ("https://api-v2.soundcloud.com/tracks/77?client_id=abc", NUMBERED),
    ("soundcloud:tracks:77", NUMBERED),
    ("soundcloud://sounds:77", NUMBERED),
    ("soundcloud%3Atracks%3A77", NUMBERED),
    ("https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/77&color=%23ff5500", NUMBERED),
    ("https://w.soundcloud.com/player/?url=https://soundcloud.com/mirador/long-way", SOUND),
    (
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/77%3Fsecret_token%3Ds-AbC12",
        Place(
            "soundcloud", "track", "soundcloud:tracks:77", "https://api.soundcloud.com/tracks/77?secret_token=s-AbC12"
        ),
    ),
    ("https://api.soundcloud.com/playlists/78", NUMBERED_SET),
    ("soundcloud:playlists:78", NUMBERED_SET),
    # Short links, which only the network understands
    ("https://spotify.link/AbCdEf123", Place("spotify", "short", *["https://spotify.link/AbCdEf123"] * 2)),
    ("spotify.link/AbCdEf123?_p=x", Place("spotify", "short", *["https://spotify.link/AbCdEf123"] * 2)),
    ("https://spoti.fi/3AbCd", Place("spotify", "short", *["https://spoti.fi/3AbCd"] * 2)),
    ("http://spotify.app.link/AbC", Place("spotify", "short", *["https://spotify.app.link/AbC"] * 2)),
    ("https://on.soundcloud.com/AbC/?x=1", Place("soundcloud", "short", *["https://on.soundcloud.com/AbC"] * 2)),
    ("on.soundcloud.com/AbC", Place("soundcloud", "short", *["https://on.soundcloud.com/AbC"] * 2)),
    ("https://soundcloud.app.goo.gl/AbC", Place("soundcloud", "short", *["https://soundcloud.app.goo.gl/AbC"] * 2)),
    # Any other address
    ("https://Example.com/a.mp3?id=3", Place("", "file", *["https://example.com/a.mp3?id=3"] * 2)),
]

REFUSED = [
    (f"spotify:artist:{ID}", "artist"),
    (f"https://open.spotify.com/artist/{ID}", "artist"),
    (f"https://open.spotify.com/episode/{ID}", "podcast"),
    (f"spotify:show:{ID}", "podcast"),
    ("spotify:local:Mirador:Dusk:Long+Way:205", "file of your own"),
    ("spotify:search:mirador", "search"),
    ("https://open.spotify.com/search/mirador", "search"),
    ("spotify:track:short", "22 letters"),
    (f"https://open.spotify.com/track/{ID[:-1]}", "22 letters"),
    (f"https://open.spotify.com/track/{ID}x", "22 letters"),
    ("https://open.spotify.com/track/", "22 letters"),
    ("spotify:", "copy it again"),
    ("spotify:track", "22 letters"),
    ("https://open.spotify.com/", "copy it again"),
    ("https://open.spotify.com/collection/albums", "copy it again"),
    ("https://www.spotify.com/de/premium/", "copy it again"),
    ("https://artists.spotify.com/home", "Share"),
    ("https://spotify.link/", "without its code"),
    ("https://www.youtube.com/watch?v=short", "video id"),
    (f"https://www.youtube.com/watch?v=short&list={LIST}", "video id"),
    ("https://www.youtube.com/watch", "video id"),
    ("https://www.youtube.com/", "video id"),
    ("https://youtu.be/", "video id"),
    (f"https://youtu.be/{VIDEO}x", "video id"),
    ("https://www.youtube.com/embed/live_stream?channel=UC1", "video id"),
    ("https://www.youtube.com/playlist?list=PL1", "cut off"),
    (f"https://www.youtube.com/playlist?list=RD{VIDEO}", "mix"),
    (f"https://music.youtube.com/playlist?list=RDAMPL{LIST}", "mix"),
    ("https://www.youtube.com/playlist?list=WL", "Watch later"),
    ("https://www.youtube.com/results?search_query=mirador", "search"),
    ("https://www.youtube.com/feed/history", "different for everyone"),
    ("https://www.youtube.com/clip/UgkxAbC", "clip"),
    ("https://music.youtube.com/browse/MPREb_abc", "Share"),
    ("https://studio.youtube.com/video/x/edit", "Share"),
    ("https://soundcloud.com/", "no track"),
    ("https://soundcloud.com/discover", "no track"),
    ("https://soundcloud.com/discover/sets/weekly::nadia", "no track"),
    ("https://soundcloud.com/search?q=mirador", "no track"),
    ("https://soundcloud.com/stations/track/mirador/long-way", "no track"),
    ("https://soundcloud.com/mirador/reposts", "reposts"),
    ("https://soundcloud.com/mirador/long-way/more/of/it", "more parts"),
    ("https://soundcloud.com/you/history", "page of your own"),
    ("https://soundcloud.com/mir ador/x", "space"),
    ("https://w.soundcloud.com/player/", "no SoundCloud address"),
    ("https://api.soundcloud.com/me", "no SoundCloud address"),
    ("soundcloud:tracks:x", "no SoundCloud address"),
    ("https://on.soundcloud.com/", "without its code"),
    ("ftp://open.spotify.com/track/x", "neither an http"),
    ("https://user:word@open.spotify.com/track/x", "password"),
    ("", "neither an http"),
    ("Warm Up", "space"),
]


@pytest.mark.parametrize(("text", "place"), UNDERSTOOD)
def test_a_link_is_understood_in_each_shape_that_people_have(text: str, place: Place) -> None:
    """P26"""
    assert read_place(text) == place


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_cannot_be_read_is_refused_with_one_line_that_says_why(text: str, words: str) -> None:
    """B31 B33 P26"""
    with pytest.raises(GiveUp, match=words) as refused:
        read_place(text)
    assert "\n" not in str(refused.value)
    assert "word@" not in str(refused.value)


@pytest.mark.parametrize("place", dict.fromkeys(place for _text, place in UNDERSTOOD), ids=lambda place: place.url)
def test_a_canonical_page_means_the_place_that_it_came_from(place: Place) -> None:
    assert read_place(place.url) == place


@pytest.mark.parametrize("text", [text for text, _place in UNDERSTOOD])
def test_what_is_understood_is_known_as_a_link_at_first_sight(text: str) -> None:
    assert is_link(text)


@pytest.mark.parametrize("text", ["Warm Up", "spotify", "youtube", "soundcloud", "Deep: House", "a/b.mp3", "", "http"])
def test_a_name_or_a_path_is_no_link(text: str) -> None:
    assert not is_link(text)


@pytest.mark.parametrize(
    ("text", "source_id", "url"),
    [
        (f"https://open.spotify.com/intl-de/track/{ID}?si=x", f"spotify:track:{ID}", SPOTIFY_TRACK.url),
        (f"https://youtu.be/{VIDEO}?si=x", YOUTUBE_TRACK.url, YOUTUBE_TRACK.url),
        ("https://m.soundcloud.com/mirador/long-way?si=1", SOUND.url, SOUND.url),
        ("https://on.soundcloud.com/AbC?x=1", "https://on.soundcloud.com/AbC", "https://on.soundcloud.com/AbC"),
    ],
)
def test_a_track_has_one_id_whatever_the_shape_of_its_link(text: str, source_id: str, url: str) -> None:
    """P25"""
    link = track_link(text)

    assert (link.source_id, link.url) == (source_id, url)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Example.com:443/a.mp3?utm_source=x&sig=a%2Fb+c&fbclid=1#x", "https://example.com/a.mp3?sig=a%2Fb+c"),
        ("https://example.com/a.mp3?utm_source=x", "https://example.com/a.mp3"),
        (
            "https://example.com/player?url=https://example.com/b",
            "https://example.com/player?url=https://example.com/b",
        ),
    ],
)
def test_other_links_lose_what_only_tracks_people(text: str, url: str) -> None:
    assert track_link(text).url == url


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SPOTIFY_ALBUM.url, "Spotify album"),
        (SPOTIFY_PLAYLIST.url, "Spotify playlist"),
        (SPOTIFY_LIKES.url, "Spotify list of likes"),
        (YOUTUBE_LIST.url, "YouTube playlist"),
        (CHANNEL.url, "YouTube profile"),
        (SET.url, "SoundCloud playlist"),
        (PROFILE.url, "SoundCloud profile"),
        (LIKES.url, "SoundCloud list of likes"),
    ],
)
def test_a_link_that_names_no_single_track_is_refused_as_one(text: str, kind: str) -> None:
    with pytest.raises(GiveUp, match=f"{kind}, not a single track"):
        track_link(text)


@pytest.mark.parametrize(
    ("source", "playlist_id", "url"),
    [
        ("spotify", ID, SPOTIFY_PLAYLIST.url),
        ("spotify", "", SPOTIFY_LIKES.url),
        ("youtube", LIST, YOUTUBE_LIST.url),
        ("ytmusic", LIST, YOUTUBE_LIST.url),
        ("soundcloud", "soundcloud:playlists:78", NUMBERED_SET.url),
        ("soundcloud", "78", NUMBERED_SET.url),
    ],
)
def test_the_page_of_a_known_playlist_can_be_told(source: str, playlist_id: str, url: str) -> None:
    place = playlist_place(source, playlist_id)

    assert place.url == url
    assert read_place(url).kind == place.kind


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


@pytest.mark.parametrize("host", SHORT_HOSTS)
def test_a_short_link_leads_to_no_audio_file(host: str) -> None:
    assert is_streaming_site(read_link(f"https://{host}/x"))


@pytest.mark.parametrize("host", ["open.spotify.com.evil.example", "evil-youtube.com", "xsoundcloud.com"])
def test_a_host_that_only_looks_like_a_service_is_none(host: str) -> None:
    """B33"""
    assert read_place(f"https://{host}/track/{ID}").service == ""


def test_an_isrc_has_twelve_letters_and_digits() -> None:
    assert is_isrc("USUM71703861")
    assert not is_isrc("US-UM7-17-03861")
    assert not is_isrc("USUM7170386")


_WORDS = (
    "https:// http: spotify: soundcloud: vnd.youtube: // / ? # & = %3A %2F % %20 %00 %25 open.spotify.com youtu.be"
    " www.youtube.com soundcloud.com w.soundcloud.com api.soundcloud.com on.soundcloud.com track playlist watch v"
    f' list url user sets likes you embed {ID} {VIDEO} {LIST} s-AbC LL RD intl-de < > " \0 é 夜 [ ] ( )'
)
_PIECES = st.sampled_from([*_WORDS.split(" "), " ", "\n"])


@settings(max_examples=1500, deadline=None)
@given(st.one_of(st.lists(_PIECES, max_size=12).map("".join), st.text(max_size=200)))
def test_any_text_is_understood_or_refused_and_never_breaks(text: str) -> None:
    """B33"""
    try:
        place = read_place(text)
    except GiveUp:
        return

    assert place.kind in {"track", "playlist", "likes", "album", "profile", "short", "file"}
    assert place.url.isprintable()
    assert read_place(place.url) == place
