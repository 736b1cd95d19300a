"""The original's music databases on Notion: which properties they have, by the names and types that are in use."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from music_sync.adapters.notion_calls import NotionCalls
from music_sync.adapters.notion_properties import Names, Schema, read_schema
from music_sync.adapters.notion_table import NotionTable

TRACKS_SETTING = "TRACKS_DB_ID"
ARTISTS_SETTING = "ARTISTS_DB_ID"
PLAYLISTS_SETTING = "PLAYLISTS_DB_ID"

TRACKS: Mapping[str, Names] = {
    "our_id": ("Music Sync ID", "Source ID"),
    "artist": ("Artist Name", "Artists", "Artist"),
    "artists": ("Artist", "Artists"),
    "album": ("Album", "Album Name"),
    "genre": ("Genre", "Genres"),
    "year": ("Year", "Release Year"),
    "isrc": ("ISRC", "Track ISRC"),
    "downloaded": ("Downloaded", "DL"),
    "local_file": ("Local File",),
    "state": ("Sync Status", "Status"),
    "reason": ("Sync Reason", "Sync Note"),
    "processing": ("Audio Processing", "Audio Processing Status", "Audio Analysis Status"),
    "processed_at": ("Processing Timestamp", "Processed At"),
    "added_at": ("DateAdded", "Date Added"),
    "wav_path": ("WAV File Path", "WAV Path"),
    "aiff_path": ("AIFF File Path", "AIFF Path"),
    "m4a_path": ("M4A File Path", "M4A Path"),
    "file_path": ("File Path",),
    "size_mb": ("Audio File Size (MB)",),
    "length_s": ("Audio Duration (seconds)", "Duration (s)", "TotalTime"),
    "length_ms": ("Duration (ms)",),
    "tempo": ("Tempo", "AverageBpm", "BPM"),
    "tempo_confidence": ("Tempo Confidence",),
    "key": ("Key",),
    "key_number": ("Key",),
    "key_confidence": ("Key Confidence",),
    "camelot": ("Camelot", "Key (Camelot)"),
    "loudness": ("Audio LUFS Level",),
    "spotify_id": ("Spotify ID",),
    "spotify_url": ("Spotify URL",),
    "soundcloud_url": ("SoundCloud URL",),
    "youtube_url": ("YouTube URL",),
    "bandcamp_url": ("Bandcamp URL",),
    "beatport_url": ("Beatport URL",),
    "apple_url": ("Apple Music URL",),
    "source": ("Source", "Source Platform", "Download Source"),
    "playlists": ("Playlists", "Playlist", "Playlist Relation", "Related Playlists"),
    "playlist_names": ("Playlist Title", "Playlist Name", "Playlist Names", "Playlists", "Playlist"),
}
"""What a row says -> the names that its property has in the databases of the original, the usual one first."""

ARTISTS: Mapping[str, Names] = {"source": ("Source",)}
PLAYLISTS: Mapping[str, Names] = {
    "source": ("Source",),
    "url": ("Source URL", "Spotify URL"),
    "spotify_id": ("Spotify ID",),
    "spotify_url": ("Spotify URL",),
    "track_count": ("Track Count",),
    "our_id": ("Music Sync ID", "Source ID"),
}

_NUMBER = ("number", "rich_text")
_CHOICE = ("select", "multi_select", "rich_text")
_LINK = ("url", "rich_text")
_PATH = ("rich_text", "url")
_KINDS: Mapping[str, Names] = {
    "artist": ("rich_text", "select", "multi_select"),
    "artists": ("relation",),
    "album": ("rich_text", "select"),
    "genre": _CHOICE,
    "year": _NUMBER,
    "downloaded": ("checkbox",),
    "local_file": ("checkbox",),
    "state": ("status", "select", "rich_text"),
    "processing": ("multi_select",),
    "processed_at": ("date",),
    "added_at": ("date",),
    "wav_path": _PATH,
    "aiff_path": _PATH,
    "m4a_path": _PATH,
    "file_path": _PATH,
    **dict.fromkeys(("size_mb", "length_s", "length_ms", "tempo", "loudness", "track_count"), _NUMBER),
    "tempo_confidence": ("number",),
    "key_confidence": ("number",),
    "key": ("rich_text", "select"),
    "key_number": ("number",),
    "camelot": ("rich_text", "select"),
    **dict.fromkeys(
        ("spotify_url", "soundcloud_url", "youtube_url", "bandcamp_url", "beatport_url", "apple_url", "url"), _LINK
    ),
    "source": ("select", "rich_text", "multi_select"),
    "playlists": ("relation",),
    "playlist_names": ("rich_text", "multi_select", "select"),
}
ALTERNATIVES: Mapping[str, str] = {
    "artist": "artists",
    "artists": "artist",
    "playlists": "playlist_names",
    "playlist_names": "playlists",
    "key": "key_number",
    "key_number": "key",
    "length_s": "length_ms",
    "length_ms": "length_s",
}
"""What is not missed when the other one is there."""
NOT_MISSED = frozenset(
    {
        "our_id", "state", "reason", "local_file", "file_path", "tempo_confidence", "key_confidence",
        "added_at", "processed_at", "size_mb", "spotify_url",
    }
)  # fmt: skip
"""What is written where there is a property for it; the original's database has none, or its users may do without."""

LINKS = ("soundcloud_url", "youtube_url", "bandcamp_url", "beatport_url", "apple_url", "spotify_url", "spotify_id")
"""The properties that lead to a track, the ones that may bring audio first."""


PATIENCE_S = 30.0
"""How long one call is tried again: a round has a minute for all of them."""
TRIES = 3


def connection(token: str, url: str, *, sleep: Callable[[float], None] = time.sleep) -> NotionCalls:
    """A connection that gives up sooner than the board's: what is not done now is done by the next round."""
    return NotionCalls(token, url, sleep=sleep, patience_s=PATIENCE_S, tries=TRIES)


def tracks_table(calls: NotionCalls, database: str) -> NotionTable:
    return _table(calls, database, TRACKS_SETTING, "music tracks", TRACKS)


def artists_table(calls: NotionCalls, database: str) -> NotionTable:
    return _table(calls, database, ARTISTS_SETTING, "artists", ARTISTS)


def playlists_table(calls: NotionCalls, database: str) -> NotionTable:
    return _table(calls, database, PLAYLISTS_SETTING, "playlists", PLAYLISTS)


def part_of(schema: Schema, roles: Names) -> Schema:
    """The same with those roles alone, so that no more is read than is wanted."""
    return Schema(schema.source_id, {role: schema.columns[role] for role in roles if role in schema.columns}, {})


def _table(calls: NotionCalls, database: str, setting: str, rows: str, names: Mapping[str, Names]) -> NotionTable:
    return NotionTable(calls, database, setting, rows, partial(read_schema, names=names, kinds=_KINDS, what=setting))
