"""Short links are followed over a real connection, to known hosts only, and say what they lead to (P26)."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_sync.adapters.links import Place
from music_sync.adapters.short_links import LARGEST_PAGE_BYTES, ShortLinks, _place_in
from music_sync.demo.services import AudioServer, Break, Disguise, Redirect, Status
from music_sync.model.errors import GiveUp, ServiceUnavailable

ID = "11dFghVXANMlKmJXsNCbNl"
TRACK = f"https://open.spotify.com/track/{ID}"
SPOTIFY_TRACK = Place("spotify", "track", ID, TRACK)
SOUND = Place("soundcloud", "track", "mirador/long-way", "https://soundcloud.com/mirador/long-way")


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer() as server:
        yield server


def followed(server: AudioServer, service: str, path: str = "/AbC") -> Place:
    """Where a short link on this server leads; no other host can be reached."""
    url = server.url(path)
    links = ShortLinks(frozenset({server.host_and_port}), {"127.0.0.1"}, _no_question)
    return links.leads_to(Place(service, "short", url, url))


def _no_question(host: str, _port: int) -> Sequence[str]:
    if host == "127.0.0.1":
        return [host]
    raise AssertionError(f"{host} was asked")


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("https://soundcloud.com/mirador/long-way?ref=clipboard&p=i&c=1&si=abc&utm_source=clipboard", SOUND),
        ("https://m.soundcloud.com/mirador/long-way", SOUND),
        (
            "https://soundcloud.com/mirador/sets/dusk/s-AbC12",
            Place(
                "soundcloud",
                "playlist",
                "mirador/sets/dusk/s-AbC12",
                "https://soundcloud.com/mirador/sets/dusk/s-AbC12",
            ),
        ),
    ],
)
def test_a_short_link_means_what_it_leads_to(server: AudioServer, target: str, place: Place) -> None:
    """P26"""
    server.misbehave("/AbC", Redirect(target))

    assert followed(server, "soundcloud") == place
    assert len(server.requests()) == 1


def test_a_short_link_may_lead_over_others(server: AudioServer) -> None:
    server.misbehave("/AbC", Redirect("/DeF", 301))
    server.misbehave("/DeF", Redirect(server.url("/GhI"), 307))
    server.misbehave("/GhI", Redirect(f"{TRACK}?si=x"))

    assert followed(server, "spotify") == SPOTIFY_TRACK


@pytest.mark.parametrize(
    "page",
    [
        f'<html><head><link rel="canonical" href="{TRACK}?si=x"></head></html>',
        f'<meta property="og:url" content="{TRACK}">',
        f"<meta http-equiv='Refresh' content='0; url={TRACK}'>",
        f'<a href="https://open.spotify.com/">Home</a><script>open("{TRACK}")</script>'.replace("/", "\\/"),
        f'<script>var link = "{TRACK}";</script>'.replace("/", "\\u002F"),
        f'<link rel="canonical" href="https://www.spotify.com/"><a href="{TRACK}?_branch_match_id=1&amp;x=2">Open</a>',
        f'<link rel="canonical" href="https://evil.example/track/{ID}"><p>{TRACK}</p>',
    ],
)
def test_a_page_that_opens_an_app_tells_the_link_by_its_words(server: AudioServer, page: str) -> None:
    server.misbehave("/AbC", Disguise(page.encode(), "text/html"))

    assert followed(server, "spotify") == SPOTIFY_TRACK


def test_no_more_of_a_page_is_read_than_is_needed(server: AudioServer) -> None:
    page = b" " * LARGEST_PAGE_BYTES + f'<link rel="canonical" href="{TRACK}">'.encode()
    server.misbehave("/AbC", Disguise(page, "text/html"))

    with pytest.raises(GiveUp, match="does not tell where it leads"):
        followed(server, "spotify")


@pytest.mark.parametrize(
    ("service", "target", "words"),
    [
        ("soundcloud", "https://soundcloud.com/", "names no track"),
        ("spotify", "https://www.spotify.com/", "copy it again"),
        ("soundcloud", TRACK, "no page of SoundCloud"),
        ("spotify", "https://evil.example/a.mp3", "no page of Spotify"),
        ("spotify", "https://spotify.link/Another", "no page of Spotify"),
        ("spotify", "http://127.0.0.2:8080/", "no page of Spotify"),
        ("spotify", "file:///etc/passwd", "neither an http"),
        ("spotify", "https://user:word@open.spotify.com/", "password"),
    ],
)
def test_a_short_link_that_leads_elsewhere_is_refused_and_nobody_else_is_asked(
    server: AudioServer, service: str, target: str, words: str
) -> None:
    server.misbehave("/AbC", Redirect(target))

    with pytest.raises(GiveUp, match=words) as refused:
        followed(server, service)
    assert "word@" not in str(refused.value)


@pytest.mark.parametrize("status", [404, 410, 403, 400])
def test_a_dead_short_link_is_given_up(server: AudioServer, status: int) -> None:
    """P23"""
    server.misbehave("/AbC", Status(status))

    with pytest.raises(GiveUp, match=rf"dead \({status}\)"):
        followed(server, "soundcloud")


def test_a_short_link_in_a_circle_is_given_up(server: AudioServer) -> None:
    server.misbehave("/AbC", Redirect("/AbC"), always=True)

    with pytest.raises(GiveUp, match="5 redirects"):
        followed(server, "soundcloud")
    assert len(server.requests()) == 5


@pytest.mark.parametrize("behaviour", [Status(503), Status(500), Status(429), Break(0), Break(0, reset=True)])
def test_a_short_link_that_cannot_be_followed_now_is_tried_again_later(
    server: AudioServer, behaviour: Status | Break
) -> None:
    server.serve("/AbC", b"x" * 100)
    server.misbehave("/AbC", behaviour)

    with pytest.raises(ServiceUnavailable, match="the next sync tries again"):
        followed(server, "soundcloud")


def test_a_service_that_asks_for_a_pause_is_heard(server: AudioServer) -> None:
    server.misbehave("/AbC", Status(429, retry_after="60"))

    with pytest.raises(ServiceUnavailable) as limited:
        followed(server, "soundcloud")
    assert limited.value.after_s == 60


def test_without_a_network_a_short_link_is_tried_again_later() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no name server")

    short = Place("spotify", "short", "https://spotify.link/AbC", "https://spotify.link/AbC")

    with pytest.raises(ServiceUnavailable, match=r"https://spotify\.link/AbC"):
        ShortLinks(resolve=unknown).leads_to(short)


def test_a_short_host_that_became_private_is_not_asked(server: AudioServer) -> None:
    short = Place("spotify", "short", server.url("/AbC"), server.url("/AbC"))

    with pytest.raises(GiveUp, match="private"):
        ShortLinks().leads_to(short)
    assert server.requests() == []


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"<>\"'=/![] a&;\0", "<link ", "rel=canonical ", "href=", "<meta ", TRACK])).map("".join)
)
def test_any_page_names_a_place_or_is_given_up(page: str) -> None:
    try:
        place = _place_in(page, Place("spotify", "short", "x", "https://spotify.link/x"))
    except GiveUp:
        return

    assert place == SPOTIFY_TRACK
