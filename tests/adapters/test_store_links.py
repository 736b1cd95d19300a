"""Links to stores: built from foreign words, and safe wherever they are shown."""

import string
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_sync.adapters.store_links import LABELS, STORES, store_links


def words_in(link: str) -> str:
    parts = urlsplit(link)
    asked = parse_qs(parts.query)
    return next((asked[name][0] for name in ("q", "term") if name in asked), unquote(parts.path.rpartition("/")[2]))


def test_each_store_is_asked_for_artist_and_title() -> None:
    links = store_links("Søren & The 50%", "What? #1 + 2 = 3")

    assert set(links) == set(STORES)
    assert {words_in(link) for link in links.values()} == {"Søren & The 50% What? #1 + 2 = 3"}


def test_a_slash_never_becomes_a_part_of_the_path() -> None:
    link = store_links("AC/DC", "../Back\\In Black")["qobuz"]

    assert urlsplit(link).path == "/us-en/search/tracks/AC%20DC%20..%20Back%20In%20Black"


def test_an_isrc_is_looked_up_where_isrcs_can_be() -> None:
    assert store_links("", "", "de-ab1-23-00001") == {"isrc": "https://musicbrainz.org/isrc/DEAB12300001"}


@pytest.mark.parametrize("isrc", ["", "a/b", "../x", "ＤＥ", "1?x"])
def test_what_is_no_isrc_makes_no_link(isrc: str) -> None:
    assert store_links("", "", isrc) == {}


@given(st.text(), st.text(), st.text())
def test_any_words_make_links_of_plain_letters_at_the_same_host(artist: str, title: str, isrc: str) -> None:
    for name, link in store_links(artist, title, isrc).items():
        plain = "musicbrainz.org" if name == "isrc" else urlsplit(STORES[name][1]).netloc

        assert urlsplit(link).netloc == plain
        assert set(link) <= {*string.ascii_letters, *string.digits, *":/?=&%_.-~"}
        assert name in LABELS
