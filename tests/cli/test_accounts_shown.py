"""How lists at services look in `status`."""

from music_sync.cli.accounts_shown import list_lines
from music_sync.model.listing import Listing


def test_each_source_has_one_line_for_all_its_lists() -> None:
    """P53"""
    read_at = "2026-11-23T10:00:00+00:00"
    lists = [
        Listing("soundcloud", "likes", "likes", entries=5, read_at=read_at, gone=2),
        Listing("spotify", "likes", "Liked songs", entries=1204, read_at=read_at),
        Listing("spotify", "playlist:a", "Warm Up", entries=40, read_at=read_at),
        Listing("spotify", "playlist:b", "Theirs\x1b[2J", entries=2, refused="it is theirs"),
        Listing("spotify", "playlist:c", "Half read", entries=0),
    ]

    assert list(list_lines(lists)) == [
        "· soundcloud: likes 5; 2 tracks gone from there",
        "· spotify: Liked songs 1204; 3 playlists, 42 entries; 1 not shown to us; 1 not yet read to the end",
    ]
