"""The formats a track can be filed in, and how their files end."""

ORIGINAL = "original"

FORMATS: dict[str, str] = {
    "aiff": "aiff",
    "alac": "m4a",
    "aac": "m4a",
    "wav": "wav",
    "flac": "flac",
    "mp3": "mp3",
}
"""Format -> file ending, without the dot. `original` keeps the file as it came and so has no ending of its own."""

CONTAINERS: dict[str, str] = {
    "mp3": "mp3",
    "mp4": "m4a",
    "flac": "flac",
    "ogg": "ogg",
    "opus": "opus",
    "wav": "wav",
    "aiff": "aiff",
}
"""Containers that an original may come in -> file ending. Each can be tagged; others are refused."""

AUDIO_ENDINGS = frozenset({"mp3", "m4a", "mp4", "flac", "ogg", "oga", "opus", "wav", "wave", "aif", "aiff", "aifc"})
"""Endings, lower case, that a folder source looks at."""
