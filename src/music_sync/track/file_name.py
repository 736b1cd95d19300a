"""What a file's name tells of a track: `07_some_artist-some_title-GRP.mp3` is `some artist - some title`."""

import re

from music_sync.track.words import names_a_version


def spoken(name: str, *, is_alone: bool) -> str:
    """A file's name as somebody would write an upload's title; other titles stay as they are.

    `is_alone` says that no artist is told beside it, as of a file without tags: then more of it is taken for the name of a file.
    """
    text = _COPY.sub("", _RATE.sub("", _ENDING.sub("", name.strip())))
    if is_alone:
        text = _NUMBERED_COPY.sub("", text)
    if " " not in text and "_" in text:
        text = _underscored(text)
    elif is_alone and not _DASH.search(text):
        text = _joined(text)
    elif " " in text:
        text = _JOINING_BAR.sub(" - ", text)
    return _without_marks(text) or name


def _underscored(text: str) -> str:
    """`some_artist-some_title`, `some_artist_-_some_title`."""
    if _LONE_DASH.search(text):
        return text.replace("_", " ")
    return _joined(text).replace("_", " ")


def _joined(text: str) -> str:
    """Parts with nothing but a dash between: the number before them and the marks of a release behind them go."""
    parts = [part.strip() for part in _JOINING_DASH.split(text)]
    if _NUMBER.fullmatch(parts[0].replace("_", " ").strip()):
        parts = parts[1:]
    while len(parts) > len(("artist", "title")) and _is_mark(parts[-1]):
        parts.pop()
    if len(parts) < len(("artist", "title")):
        return text
    artist, title, *rest = parts
    versions = [f"[{part}]" for part in rest if names_a_version(part.replace("_", " "))]
    others = [] if len(versions) == len(rest) else [part for part in rest if f"[{part}]" not in versions]
    return " - ".join([_NUMBER_BEFORE.sub("", artist.replace("_", " ")), *others, " ".join([title, *versions])])


def _is_mark(part: str) -> bool:
    return bool(_RELEASE.fullmatch(part.strip("_ "))) and not names_a_version(part)


def _without_marks(text: str) -> str:
    """A name without what a program or a site wrote into it between dashes: a key and a tempo, `Site.com`."""
    parts = _DASH.split(text)
    has_key = any(_KEY.fullmatch(part) for part in parts)
    kept = [
        part for part in parts if not (_SITE.fullmatch(part) or (has_key and (_KEY.fullmatch(part) or part.isdigit())))
    ]
    return text if len(kept) == len(parts) or not kept else " - ".join(kept)


_ENDING = re.compile(r"\.(?:mp3|m4a|flac|wav|aiff?|ogg|opus|mp4|aac|wma|webm|mkv)$", re.IGNORECASE)
_RATE = re.compile(r"\s*[-_([]+\s*\d{2,4}\s*k(?:bps|bit/s|bit)?[)\]]*\s*$", re.IGNORECASE)
_COPY = re.compile(
    r"\s+-\s+(?:copy|kopie|copie|copia|kopia)(?:\s*\(?\d+\)?)?\s*$|\s*\((?:copy|kopie|copie|copia)(?:\s+\d+)?\)\s*$",
    re.IGNORECASE,
)
_NUMBERED_COPY = re.compile(r"\s+\(\d\)\s*$")
_LONE_DASH = re.compile(r"_-_")
_JOINING_DASH = re.compile(r"(?<=[\w)\]])-(?=[\w([])")
_JOINING_BAR = re.compile(r"(?<=[^\W_])_(?=[^\W_])")
_DASH = re.compile(r"\s+[-–—]+\s+")
_NUMBER = re.compile(r"\d{1,3}")
_NUMBER_BEFORE = re.compile(r"^0\d\s+|^\d{1,2}\s+(?=\S+\s)")
_RELEASE = re.compile(
    r"(?i:web|webflac|flac|mp3|cd[rms]?|cdep|cdda|vinyl|vls|tape|retail|promo|read_?nfo|dvd|sat|topic|int|ep|single|remastered|proper)|"
    r"(?:19|20)\d\d|[A-Z][A-Za-z]?[A-Z0-9]{1,6}|[a-z]{2,4}\d?"
)
"""Behind the title of a release: its medium, its year, who made it."""
_KEY = re.compile(r"\d{1,2}[ABab]|[A-G][#b]?m(?:in|aj)?")
_SITE = re.compile(
    r"(?:www\.)?[\w-]+\.(?:com|net|org|info|is|me|to|fm|ru|cc|tv|app|biz|site|club|xyz|io|pro|online)", re.IGNORECASE
)
