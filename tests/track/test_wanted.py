"""The buy list: each track once, newest liked first."""

from dataclasses import replace

from music_sync.model.story import AtSource, Attempt, OnList, Owned, Told
from music_sync.track.wanted import liked_at, playlists_of, wanted

ISRC = "DEAB12300001"
ON = "2026-11-20T08:00:00+00:00"


def place(
    source: str = "spotify", source_id: str = "1", *, url: str = "", lists: tuple[OnList, ...] = (), **told: object
) -> AtSource:
    words = replace(Told("Ann", "Waves", isrc=ISRC, length_s=200.0, liked_at=ON), **told)  # type: ignore[arg-type]
    began = "2026-11-23T00:00:00Z"
    attempt = Attempt(1, "Ann - Waves", words, url, "buy_list", "no way", "", "person", "", began, "")
    return AtSource(source, source_id, (attempt,), lists, url)


def ids(*places: AtSource) -> list[list[str]]:
    return [[each.key for each in row.places] for row in wanted(places)]


def test_one_isrc_with_one_length_is_one_row_with_both_places() -> None:
    """P25"""
    assert ids(place(), place("soundcloud", "2", length_s=205.9)) == [["spotify:1", "soundcloud:2"]]


def test_one_page_is_one_row() -> None:
    """P25"""
    url = "https://open.spotify.com/track/1"

    assert ids(place(url=url), place("list", "spotify:track:1", url=url, isrc="", length_s=None)) == [
        ["spotify:1", "list:spotify:track:1"]
    ]


def test_one_isrc_with_another_length_another_version_or_no_length_stays_apart() -> None:
    """P40 P46"""
    for other in ({"length_s": 207.0}, {"title": "Waves (Extended Mix)"}, {"length_s": None}):
        assert len(ids(place(), place("soundcloud", "2", **other))) == 2


def test_words_alone_never_join() -> None:
    """P39"""
    assert len(ids(place(isrc=""), place("soundcloud", "2", isrc=""))) == 2


def test_a_third_one_must_fit_every_one_of_a_row() -> None:
    """P38"""
    rows = ids(*(place("list", str(length), length_s=float(length)) for length in (200, 205, 211)))

    assert sorted(map(len, rows)) == [1, 2]


def test_the_newest_like_comes_first_in_whatever_form_its_time_is() -> None:
    times = ["2026-11-20", "2026-11-20T23:00:00+02:00", "2026-11-20T22:00:00.5Z", "", "soon"]
    rows = wanted(place("list", str(number), isrc="", liked_at=at) for number, at in enumerate(times))

    assert [row.liked_at for row in rows] == ["2026-11-23T00:00:00Z", times[2], times[1], times[0], "soon"]


def test_a_like_counts_before_a_playlist_and_what_is_gone_does_not() -> None:
    """P19 P53"""
    warm_up = OnList("Warm Up", True, Told(liked_at="2026-01-01T00:00:00Z"), "2026-02-01T00:00:00Z")
    left = OnList("Left", True, Told(), "2025-01-01T00:00:00Z", gone_at="2026-03-01T00:00:00Z")
    likes = OnList("Liked songs", False, Told(liked_at="2026-04-01T00:00:00Z"), "2026-05-01T00:00:00Z")

    assert liked_at(place(lists=(warm_up, likes), liked_at="")) == "2026-04-01T00:00:00Z"
    assert liked_at(place(lists=(warm_up,), liked_at="")) == "2026-01-01T00:00:00Z"
    assert playlists_of(place(lists=(warm_up, left, likes), playlists=("Old",))) == ("Warm Up",)
    assert playlists_of(place(playlists=("Friday",))) == ("Friday",)


def test_what_an_earlier_version_stored_is_read_out_of_its_name() -> None:
    old = place()
    old = AtSource("list", "1", (replace(old.attempts[0], told=Told()),))
    nameless = AtSource("list", "2", (replace(old.attempts[0], told=Told(), label="https://x.test/2"),))

    rows = wanted([old, nameless])

    assert sorted((row.artist, row.title, row.label) for row in rows) == [
        ("", "", "https://x.test/2"),
        ("Ann", "Waves", "Ann - Waves"),
    ]


def test_what_was_bought_meanwhile_is_marked() -> None:
    ours = Owned("a" * 32, "Ann", "Waves", "", ISRC, 201.0)

    assert [row.bought for row in wanted([place()], [ours])] == ["Ann - Waves"]
    for other in (replace(ours, length_s=230.0), replace(ours, version="extended"), replace(ours, isrc="X")):
        assert [row.bought for row in wanted([place()], [other])] == [""]
