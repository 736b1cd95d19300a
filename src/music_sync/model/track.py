"""What travels from stage to stage: frozen nouns, pickled into the flow store, so fields are added only with a default."""

from dataclasses import dataclass, field
from pathlib import Path

from music_sync.model.names import as_text


@dataclass(frozen=True)
class Playlist:
    """A list at a source that holds a track; `position` counts from 0, None when the source has no order."""

    source: str
    source_id: str
    name: str
    position: int | None = None


@dataclass(frozen=True)
class FoundTrack:
    """A track as a source tells of it, before anything is fetched.

    `source` and `source_id` name it for ever; `revision` changes when what stands behind that name changes
    (a file written anew), so that it is looked at again. What a source does not tell is empty or None.
    """

    source: str
    source_id: str
    revision: str = ""
    artist: str = ""
    title: str = ""
    album: str = ""
    isrc: str = ""
    year: int | None = None
    genre: str = ""
    length_s: float | None = None
    """Length the source announces, in seconds."""
    url: str = ""
    """The page of the track, or the link to its audio."""
    path: Path | None = None
    """A local file, absolute; it is read and never changed."""
    playlists: tuple[Playlist, ...] = ()
    liked_at: str = ""
    """ISO 8601 in UTC."""
    wanted_again: bool = False
    """A person asked for it once more: a recording of ours whose files are gone is filed anew."""
    guessed: bool = False
    """Artist and title are read out of a file name; the file's own tags know better."""
    download: str = ""
    """Address at the source where its artist offers the file; empty when none is offered."""
    links: tuple[str, ...] = ()
    """All pages of the track, where the source tells several; `url` is the first of them."""

    @property
    def key(self) -> str:
        """`source:source_id`, unique over all sources."""
        return f"{self.source}:{self.source_id}"

    @property
    def label(self) -> str:
        """What a person calls it, as far as it is known."""
        if self.artist and self.title:
            return f"{self.artist} - {self.title}"
        return self.title or (as_text(self.path.name) if self.path else "") or _shown(self.url) or self.source_id


def _shown(url: str) -> str:
    """A link without its query, which may hold a signature."""
    return url.partition("?")[0].partition("#")[0]


@dataclass(frozen=True)
class Cover:
    """A picture as it stands in a file or came from a service."""

    mime: str
    """image/jpeg or image/png."""
    picture: bytes = field(repr=False)


@dataclass(frozen=True)
class Embedded:
    """What a file says of itself in its tags; empty or None where it says nothing."""

    artist: str = ""
    title: str = ""
    album: str = ""
    album_artist: str = ""
    isrc: str = ""
    year: int | None = None
    genre: str = ""
    source_url: str = ""
    has_cover: bool = False
    label: str = ""
    mb_recording_id: str = ""
    """At MusicBrainz."""
    mb_release_id: str = ""


@dataclass(frozen=True)
class FetchedFile:
    """A whole audio file in staging, as a provider brought it."""

    path: Path
    provider: str
    container: str
    """One of mp3, mp4, flac, ogg, opus, wav, aiff."""
    codec: str
    """FFmpeg's name of the codec: mp3, aac, alac, flac, vorbis, opus, pcm_s16le ..."""
    sha256: str
    """Of the bytes as they came, before any tag of ours; 64 hex digits."""
    size_bytes: int
    announced_length_s: float | None
    """What the container's header says, in seconds."""
    embedded: Embedded = Embedded()
    refusals: tuple[tuple[str, str], ...] = ()
    """The ways that were tried before, each with why it did not bring it."""
    bit_rate: int | None = None
    """In bits a second; None where the container does not tell."""
    place: str = ""
    """Where it was brought from, when the track itself does not say: the path of an own file."""
    findings: tuple[tuple[str, str, float | None], ...] = ()
    """Why this file is taken for the track: rule, sentence and score of each."""


@dataclass(frozen=True)
class Key:
    """A musical key: tonic pitch class (0 is C) and mode."""

    tonic: int
    mode: str
    """major or minor."""
    confidence: float
    """0 to 1."""

    @property
    def name(self) -> str:
        """As tags spell it: C, Db, Am, F#m."""
        if self.mode == "minor":
            return f"{_MINOR_NAMES[self.tonic]}m"
        return _MAJOR_NAMES[self.tonic]

    @property
    def camelot(self) -> str:
        """Its place on the Camelot wheel: A minor is 8A, C major is 8B."""
        if self.mode == "minor":
            return f"{(self.tonic * 7 + 4) % 12 + 1}A"
        return f"{(self.tonic * 7 + 7) % 12 + 1}B"


_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True)
class Tempo:
    """Beats per minute with a confidence from 0 to 1."""

    bpm: float
    confidence: float


@dataclass(frozen=True)
class Analysis:
    """What one decode of a whole file measured; None where the sound has no such thing (silence has no tempo)."""

    length_s: float
    """Decoded length in seconds, not the announced one."""
    fingerprint: tuple[int, ...] = field(repr=False)
    """Chromaprint sub-fingerprints (its default algorithm, first 120 s), unsigned 32 bit; empty without Chromaprint."""
    loudness_lufs: float | None = None
    """Integrated loudness by ITU-R BS.1770-4; None for silence."""
    peak: float | None = None
    """Highest absolute sample, 1.0 is full scale."""
    tempo: Tempo | None = None
    key: Key | None = None
    cutoff_hz: float | None = None
    """Where the sound ends as if cut, half the sample rate when it is not; None where it fades out by itself."""


@dataclass(frozen=True)
class StagedFile:
    """An audio file in staging in a wanted format, before it is filed."""

    path: Path
    format: str
    """One of `model.formats.FORMATS`; for an original its container's name."""


@dataclass(frozen=True)
class Tags:
    """What is written into a file; empty or None is left as the file has it."""

    title: str = ""
    artist: str = ""
    album: str = ""
    version: str = ""
    """Remix, edit and the like in words: `Extended Mix`."""
    year: int | None = None
    genre: str = ""
    isrc: str = ""
    tempo_bpm: float | None = None
    key_name: str = ""
    camelot: str = ""
    replaygain_db: float | None = None
    """Gain to the ReplayGain 2.0 reference of -18 LUFS, in dB."""
    replaygain_peak: float | None = None
    source_url: str = ""
    cover: Cover | None = None
    label: str = ""
    """The company that published it."""
    mb_recording_id: str = ""
    """At MusicBrainz."""
    mb_release_id: str = ""


@dataclass(frozen=True)
class LibraryFile:
    """A file at its place in the library."""

    path: str
    """Relative to the library, with forward slashes."""
    format: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class SourceLink:
    """One place where a recording was found."""

    source: str
    source_id: str
    revision: str = ""
    url: str = ""
    found_at: str = ""


@dataclass(frozen=True)
class Recording:
    """One recording, the identity that sources and files hang on."""

    recording_id: str
    """32 hex digits."""
    artist: str
    title: str
    version: str
    """Version words in one spelling, sorted: `extended remix`; empty for the plain version."""
    album: str
    isrc: str
    year: int | None
    genre: str
    origin_sha256: str
    """Of the file it was made from."""
    analysis: Analysis
    files: tuple[LibraryFile, ...] = ()
    sources: tuple[SourceLink, ...] = ()
    playlists: tuple[str, ...] = ()
    filed_at: str = ""
    codec: str = ""
    """Of the file it was made from, as in `FetchedFile`; empty when an earlier version filed it."""
    bit_rate: int | None = None
    """Of that file, in bits a second."""

    @property
    def label(self) -> str:
        """What a person calls it, as far as it is known."""
        return f"{self.artist} - {self.title}" if self.artist else self.title or self.recording_id
