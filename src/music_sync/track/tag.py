"""Tag: what is known of a track goes into its staged files."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from music_sync.model.ports import Tagger
from music_sync.model.track import Analysis, Cover, FoundTrack, StagedFile, Tags

_REFERENCE_LUFS = -18.0
"""ReplayGain 2.0."""
_MOST_GAIN_DB = 51.0
"""What ReplayGain readers accept; a nearly silent track would ask for more."""


def tags_for(found: FoundTrack, analysis: Analysis, cover: Cover | None, version_text: str) -> Tags:
    """Say what is written. `version_text` holds the version words for a person to read, such as `Extended Mix`."""
    return Tags(
        title=found.title,
        artist=found.artist,
        album=found.album,
        version=version_text,
        year=found.year,
        genre=found.genre,
        isrc=found.isrc,
        tempo_bpm=analysis.tempo.bpm if analysis.tempo else None,
        key_name=analysis.key.name if analysis.key else "",
        camelot=analysis.key.camelot if analysis.key else "",
        replaygain_db=_gain_db(analysis.loudness_lufs),
        replaygain_peak=analysis.peak if analysis.loudness_lufs is not None else None,
        source_url=_page(found.url),
        cover=cover,
    )


def tag(staged: Sequence[StagedFile], tags: Tags, tagger: Tagger, original: Path | None = None) -> None:
    """Write the tags into each staged file, with what its original says beside; again is harmless."""
    for file in staged:
        tagger.write(file.path, tags, original)


def _gain_db(loudness_lufs: float | None) -> float | None:
    if loudness_lufs is None:
        return None
    return max(-_MOST_GAIN_DB, min(_MOST_GAIN_DB, _REFERENCE_LUFS - loudness_lufs))


def _page(url: str) -> str:
    """The link when it is one to the web without a sign-in in it: tags travel with the file."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"https", "http"} and parts.netloc and "@" not in parts.netloc else ""
