"""The original's music databases in the Notion simulator: tracks, artists and playlists, related as they are there."""

from collections.abc import Mapping
from dataclasses import dataclass

from music_sync.demo.notion_workspace import Workspace

Columns = Mapping[str, tuple[str, tuple[str, ...]]]

TRACKS: Columns = {
    "Title": ("title", ()),
    "Artist Name": ("rich_text", ()),
    "Album": ("rich_text", ()),
    "Genre": ("select", ("Electronic", "Techno", "House")),
    "Year": ("number", ()),
    "Release Date": ("date", ()),
    "ISRC": ("rich_text", ()),
    "Downloaded": ("checkbox", ()),
    "Duplicate": ("checkbox", ()),
    "Audio Processing": (
        "multi_select",
        (
            "Audio Analysis Complete", "Loudness Measured", "Files Imported to Eagle", "SC_404",
            "Spotify - No Audio Source Found",
        ),
    ),
    "WAV File Path": ("rich_text", ()),
    "AIFF File Path": ("rich_text", ()),
    "M4A File Path": ("rich_text", ()),
    "Tempo": ("number", ()),
    "Key ": ("rich_text", ()),
    "Camelot": ("rich_text", ()),
    "Audio Duration (seconds)": ("number", ()),
    "Audio LUFS Level": ("number", ()),
    "Audio Quality Score": ("number", ()),
    "Eagle File ID": ("rich_text", ()),
    "Spotify ID": ("rich_text", ()),
    "Spotify URL": ("url", ()),
    "SoundCloud URL": ("url", ()),
    "YouTube URL": ("url", ()),
    "Bandcamp URL": ("url", ()),
    "Source": ("select", ("Spotify", "SoundCloud", "YouTube")),
    "Source ID": ("rich_text", ()),
    "Processing Timestamp": ("date", ()),
    "Rating": ("number", ()),
    "Created time": ("created_time", ()),
    "Last edited time": ("last_edited_time", ()),
}  # fmt: skip
"""The columns of the original's Music Tracks that matter, `Key` with the space that it once had."""

ARTISTS: Columns = {
    "Name": ("title", ()),
    "Source": ("select", ("Spotify",)),
    "Spotify ID": ("rich_text", ()),
    "Genres": ("multi_select", ()),
    "Last Used": ("date", ()),
}
PLAYLISTS: Columns = {
    "Name": ("title", ()),
    "Description": ("rich_text", ()),
    "Source": ("select", ("Spotify", "SoundCloud", "YouTube")),
    "Source URL": ("url", ()),
    "Spotify ID": ("rich_text", ()),
    "Spotify URL": ("url", ()),
    "Track Count": ("number", ()),
    "Tags": ("multi_select", ()),
    "Public": ("checkbox", ()),
}


@dataclass(frozen=True)
class Music:
    """The ids of what `music_databases` made: databases, and their tables."""

    tracks: str
    tracks_source: str
    artists: str
    artists_source: str
    playlists: str
    playlists_source: str


def music_databases(workspace: Workspace) -> Music:
    """Make the three databases; rows of tracks lead to artists and playlists."""
    artists, playlists, tracks = (workspace.make_database(name) for name in ("Artists", "Playlists", "Music Tracks"))
    artists_source = workspace.make_source(artists, "Artists", ARTISTS)
    playlists_source = workspace.make_source(playlists, "Playlists", PLAYLISTS)
    tracks_source = workspace.make_source(tracks, "Music Tracks", TRACKS)
    workspace.add_column(tracks_source, "Artist", "relation", target=artists_source)
    workspace.add_column(tracks_source, "Playlists", "relation", target=playlists_source)
    return Music(tracks, tracks_source, artists, artists_source, playlists, playlists_source)
