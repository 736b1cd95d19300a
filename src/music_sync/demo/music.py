"""Synthesised dance music of known tempo and key, for the demo and the tests: numpy plays, PyAV encodes, mutagen tags."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import floor
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from music_sync.model.track import Key

Samples = NDArray[np.float32]

SAMPLE_RATE_HZ = 44_100


@dataclass(frozen=True)
class Piece:
    """A recording that only exists because we play it, so that its tempo and key are known.

    `tonic` is a pitch class (0 is C), `mode` major or minor. The seed chooses chords, melody and colours;
    an even seed has a kick on every beat, an odd one a broken beat. ISRCs begin with ZZ, which no country has.
    """

    artist: str
    title: str
    tempo_bpm: float
    tonic: int
    mode: str
    length_s: float
    seed: int
    isrc: str
    album: str
    year: int
    genre: str

    @property
    def key(self) -> Key:
        """The key it is played in, for certain."""
        return Key(self.tonic, self.mode, 1.0)

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"{self.artist} - {self.title}"


PIECES: tuple[Piece, ...] = (
    Piece("Test Tone", "Four On The Floor", 128.0, 9, "minor", 44.0, 2, "ZZDMO2600001", "Known Values", 2026, "House"),
    Piece("Nadia Klee", "Half Past Two", 127.5, 0, "major", 43.0, 4, "ZZDMO2600002", "Decimal", 2025, "House"),
    Piece(
        "Halogen", "Motorway, Northbound", 174.0, 5, "minor", 42.0, 7, "ZZDMO2600003", "Motorway", 2024, "Drum & Bass"
    ),
    Piece("Søren Åkerlund", "Låda", 122.0, 7, "major", 44.0, 10, "ZZDMO2600004", "Lådor", 2023, "Deep House"),
    Piece("夜行バス", "四時の海", 90.0, 2, "minor", 47.0, 9, "ZZDMO2600005", "停留所", 2022, "Hip-Hop"),
    Piece("Cistern", "Slow Pressure", 133.33, 11, "minor", 43.0, 12, "ZZDMO2600006", "Pressure", 2026, "Techno"),
    Piece("Mirador", "Long Way Home", 104.0, 10, "major", 45.0, 15, "ZZDMO2600007", "Long Way", 2021, "Synth-Pop"),
    Piece("Test Tone", "Open Window", 118.0, 4, "major", 44.0, 18, "ZZDMO2600008", "Known Values", 2026, "Disco"),
    Piece("Ferro", "Night Ledger", 140.0, 6, "minor", 42.0, 21, "ZZDMO2600009", "Ledger", 2024, "Breakbeat"),
    Piece("Aoife & The Current", "Salt", 125.25, 3, "minor", 43.0, 24, "ZZDMO2600010", "Tidal", 2025, "Melodic House"),
    Piece("Paper Lanterns", "Kites", 97.5, 8, "major", 46.0, 27, "ZZDMO2600011", "Kites", 2020, "Downtempo"),
    Piece("Vantage", "Eleven Floors", 150.0, 1, "minor", 42.0, 30, "ZZDMO2600012", "Floors", 2026, "Trance"),
)
"""Twelve different recordings, each in another key."""

ODD_PIECES: tuple[Piece, ...] = (
    Piece("Test Tone", "Preview Only", 130.0, 2, "major", 48.0, 34, "ZZDMO2600013", "Half Told", 2026, "House"),
    Piece("Test Tone", "Broken Off", 115.0, 10, "minor", 45.0, 39, "ZZDMO2600014", "Half Told", 2026, "Electro"),
    Piece("..", "../../../../etc/evil", 124.0, 5, "major", 42.0, 40, "ZZDMO2600015", "../..", 2026, "/"),
    Piece("-rf ..\\..\\etc\\evil", "$(touch owned); 100%d", 136.0, 3, "major", 42.0, 50, "", "", 2026, ""),
)
"""One that is offered as a preview, one that is cut off, and two whose names would harm a careless program."""


def remix(piece: Piece) -> Piece:
    """Another recording of the same title: another tempo and beat, another melody, a fourth higher, named a remix."""
    return replace(
        piece,
        title=f"{piece.title} (Halogen Remix)",
        tempo_bpm=round(piece.tempo_bpm * (1.09 if piece.tempo_bpm < 150 else 0.91), 2),
        tonic=(piece.tonic + 5) % 12,
        seed=piece.seed + 101,
        isrc=f"{piece.isrc[:-4]}9{piece.isrc[-3:]}",
    )


def render(piece: Piece, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Play a piece: shape (round(length_s * rate), 2), highest sample 0.89, the same for the same piece.

    Four-bar phrases run through one chord progression with its dominant's leading tone, one phrase breaks down,
    and what is left after the last whole bar is the tonic chord, fading.
    """
    band = _Band.of(piece)
    beat_s = 60.0 / piece.tempo_bpm
    bars = max(floor((piece.length_s - _ENDING_S) / (4 * beat_s)), 0)
    struck = _Tape.blank(piece.length_s, sample_rate_hz)
    held = _Tape.blank(piece.length_s, sample_rate_hz)
    for bar in range(bars):
        start_s = bar * 4 * beat_s
        _play_drums(struck, band, start_s, beat_s, broken_down=_is_break(bar, bars))
        _play_bass(struck, band, bar, start_s, beat_s)
        _play_lead(struck, band, bar, start_s, beat_s)
        _play_chord(held, band, bar, start_s, beat_s)
    _play_ending(struck, band, bars * 4 * beat_s, piece.length_s)
    _duck(held, piece.tempo_bpm)
    return _master(struck.stereo + held.stereo, sample_rate_hz)


# The band: what the seed chooses

_ENDING_S = 2.0
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 11)}
# Triads as semitones above the tonic. Each progression begins on the tonic and comes back to it over the dominant,
# whose leading tone the relative key does not have.
_PROGRESSIONS = {
    "major": (
        ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
        ((0, 4, 7), (0, 4, 7), (5, 9, 12), (7, 11, 14)),
        ((0, 4, 7), (5, 9, 12), (0, 4, 7), (7, 11, 14)),
        ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)),
    ),
    "minor": (
        ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
        ((0, 3, 7), (8, 12, 15), (7, 11, 14), (0, 3, 7)),
        ((0, 3, 7), (5, 8, 12), (0, 3, 7), (7, 11, 14)),
        ((0, 3, 7), (0, 3, 7), (5, 8, 12), (7, 11, 14)),
    ),
}
_BASS_LINES = ((0, 4, 7, 8, 12, 15), (0, 4, 8, 12, 14), (0, 2, 4, 8, 12), (0, 4, 8, 10, 12))
"""Sixteenths of a bar on which the bass plays: all four beats, for a bass between them makes 2/3 of a tempo plausible."""
_COLOURS = ((1.0, 0.5, 0.12, 0.12), (1.0, 0.0, 0.15, 0.0, 0.05), (1.0, 0.7, 0.15, 0.3), (1.0, 0.25, 0.06))
"""Strengths of a tone's harmonics, from the ground tone up; the third is kept low, for it sounds the fifth."""


@dataclass(frozen=True)
class _Band:
    """All that is chosen once for a piece."""

    seed: int
    tonic: int
    chords: tuple[tuple[int, ...], ...]
    bass_line: tuple[int, ...]
    melody: tuple[tuple[int, int], ...]
    """Sixteenth within two bars, semitones above the tonic."""
    lead_colour: tuple[float, ...]
    chord_colour: tuple[float, ...]
    lead_octave: int

    @property
    def has_broken_beat(self) -> bool:
        return self.seed % 2 == 1

    @classmethod
    def of(cls, piece: Piece) -> "_Band":
        chance = np.random.default_rng(piece.seed)
        chords = _PROGRESSIONS[piece.mode][chance.integers(4)]
        return cls(
            seed=piece.seed,
            tonic=piece.tonic,
            chords=chords,
            bass_line=_BASS_LINES[chance.integers(4)],
            melody=tuple(_melody(chance, _SCALES[piece.mode])),
            lead_colour=_COLOURS[chance.integers(4)],
            chord_colour=_COLOURS[chance.integers(4)],
            lead_octave=int(chance.integers(5, 7)),
        )


def _melody(chance: np.random.Generator, scale: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Two bars that walk between tonic and third on their strong beats, which tells the mode, and wander in between."""
    tonic, third, fifth = scale[0], scale[2], scale[4]
    strong = {0: tonic, 8: third, 16: int(chance.choice((tonic, fifth))), 24: third}
    for sixteenth in range(0, 32, 2):
        if sixteenth in strong:
            yield sixteenth, strong[sixteenth]
        elif chance.random() < (0.6 if sixteenth % 4 == 0 else 0.25):
            yield sixteenth, int(chance.choice((tonic, tonic, third, fifth, *scale)))


def _is_break(bar: int, bars: int) -> bool:
    """Without a kick: the second half of the phrase in the middle."""
    middle = bars // 8 * 4
    return middle + 2 <= bar < middle + 4


# The tape and the instruments


@dataclass(frozen=True)
class _Tape:
    """Two channels that sounds are added to; `stereo` has shape (2, n)."""

    stereo: Samples
    rate_hz: int

    @classmethod
    def blank(cls, length_s: float, rate_hz: int) -> "_Tape":
        return cls(np.zeros((2, round(length_s * rate_hz)), dtype=np.float32), rate_hz)

    def play(self, sound: Samples, at_s: float, pan: float = 0.0) -> None:
        """Add a mono sound; each onset is rounded by itself, so that decimals of the tempo never add up to drift."""
        start = round(at_s * self.rate_hz)
        room = self.stereo[:, start : start + len(sound)]
        fitting = sound[: room.shape[1]]
        room[0] += np.float32(1.0 - pan) * fitting
        room[1] += np.float32(1.0 + pan) * fitting


def _play_drums(tape: _Tape, band: _Band, start_s: float, beat_s: float, *, broken_down: bool) -> None:
    kicks = (0, 8, 11) if band.has_broken_beat else (0, 4, 8, 12)
    step_s = beat_s / 4
    for sixteenth in () if broken_down else kicks:
        tape.play(_kick(band.tonic, tape.rate_hz), start_s + sixteenth * step_s)
    for sixteenth in (4, 12):
        tape.play(_noise(band.seed, 0.11, 0.30, tape.rate_hz), start_s + sixteenth * step_s)
    for sixteenth in range(0, 16, 2):
        decay_s, strength = (0.04, 0.12) if sixteenth % 4 == 0 else (0.012, 0.03)
        tape.play(_noise(band.seed + 1, decay_s, strength, tape.rate_hz), start_s + sixteenth * step_s, pan=0.3)


def _play_bass(tape: _Tape, band: _Band, bar: int, start_s: float, beat_s: float) -> None:
    root = 12 * 3 + (band.tonic + band.chords[bar % 4][0]) % 12
    tone = _tone(root, beat_s * 0.45, 0.34, (1.0, 0.35, 0.08), tape.rate_hz)
    for sixteenth in band.bass_line:
        tape.play(tone, start_s + sixteenth * beat_s / 4)


def _play_lead(tape: _Tape, band: _Band, bar: int, start_s: float, beat_s: float) -> None:
    half = bar % 2 * 16
    for sixteenth, semitones in band.melody:
        if half <= sixteenth < half + 16:
            pitch = 12 * band.lead_octave + band.tonic + semitones
            tone = _tone(pitch, beat_s * 0.7, 0.10, band.lead_colour, tape.rate_hz)
            tape.play(tone, start_s + (sixteenth - half) * beat_s / 4, pan=-0.3)


def _play_chord(tape: _Tape, band: _Band, bar: int, start_s: float, beat_s: float) -> None:
    tape.play(_chord(band.tonic, band.chords[bar % 4], 4 * beat_s, band.chord_colour, tape.rate_hz), start_s)


def _play_ending(tape: _Tape, band: _Band, start_s: float, length_s: float) -> None:
    rest_s = length_s - start_s
    tape.play(_kick(band.tonic, tape.rate_hz), start_s)
    tape.play(_tone(36 + band.tonic, rest_s, 0.3, (1.0, 0.35, 0.08), tape.rate_hz), start_s)
    tape.play(_chord(band.tonic, band.chords[0], rest_s, band.chord_colour, tape.rate_hz), start_s)


def _hertz(pitch: float) -> float:
    """Of a MIDI note number, A4 = 440 Hz."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def _times(length_s: float, rate_hz: int) -> Samples:
    return np.arange(round(length_s * rate_hz), dtype=np.float32) / np.float32(rate_hz)


@lru_cache(maxsize=8)
def _kick(tonic: int, rate_hz: int) -> Samples:
    """A falling sine that settles on the tonic, so that the drum never argues with the key."""
    at = _times(0.3, rate_hz)
    settled = _hertz(28 + (tonic - 4) % 12)
    cycles = settled * (at + 0.12 * (1 - np.exp(-at / 0.03)))
    return _frozen(0.7 * np.sin(2 * np.pi * cycles) * np.exp(-at / 0.09))


@lru_cache(maxsize=16)
def _noise(seed: int, decay_s: float, strength: float, rate_hz: int) -> Samples:
    """A clap or a hat: white noise, differenced once so that its weight lies above the notes."""
    at = _times(decay_s * 4, rate_hz)
    hiss = np.random.default_rng(seed).uniform(-1, 1, len(at) + 1)
    return _frozen(strength * np.diff(hiss) * np.exp(-at / decay_s))


@lru_cache(maxsize=128)
def _tone(pitch: int, length_s: float, strength: float, colour: tuple[float, ...], rate_hz: int) -> Samples:
    """A plucked tone: its harmonics together, dying away within its length."""
    at = _times(length_s, rate_hz)
    turn = np.float32(2 * np.pi * _hertz(pitch)) * at
    wave = sum(np.float32(share) * np.sin(np.float32(k) * turn) for k, share in enumerate(colour, start=1) if share)
    shape = np.minimum(at / np.float32(0.004), 1) * np.exp(at * np.float32(-2.5 / length_s))
    return _frozen(np.float32(strength) * wave * shape * np.minimum((np.float32(length_s) - at) / np.float32(0.02), 1))


@lru_cache(maxsize=16)
def _chord(tonic: int, chord: tuple[int, ...], length_s: float, colour: tuple[float, ...], rate_hz: int) -> Samples:
    """A held triad in the octaves around middle C."""
    voices = [_tone(48 + (tonic + semitones) % 12, length_s, 0.16, colour, rate_hz) for semitones in chord]
    return _frozen(np.sum(voices, axis=0))


def _frozen(sound: NDArray[np.floating]) -> Samples:
    """Sounds are cached and shared, so nobody may write into them."""
    kept = sound.astype(np.float32)
    kept.flags.writeable = False
    return kept


def _duck(tape: _Tape, tempo_bpm: float) -> None:
    """Make room for each beat, as a compressor keyed by the kick does."""
    beats = np.arange(tape.stereo.shape[1], dtype=np.float64) * (tempo_bpm / 60 / tape.rate_hz)
    into_beat = (beats - np.floor(beats)).astype(np.float32)
    tape.stereo[...] *= np.float32(0.35) + np.float32(0.65) * np.minimum(into_beat * 2, 1)


def _master(stereo: Samples, rate_hz: int) -> Samples:
    """Press it as loud as club music is, bring the peak to -1 dB of full scale, fade the end and turn to (n, 2)."""
    pressed = np.tanh(stereo * np.float32(2.2))
    pressed *= np.float32(0.89) / np.abs(pressed).max()
    fading = min(rate_hz, pressed.shape[1])
    pressed[:, -fading:] *= np.linspace(1, 0, fading, dtype=np.float32)
    return np.ascontiguousarray(pressed.T)


# Writing


@dataclass(frozen=True)
class _Encoding:
    encoder: str
    muxer: str
    sample_format: str
    bits_per_s: int = 0
    """0 for lossless."""
    options: tuple[tuple[str, str], ...] = ()


_ENCODINGS = {
    # Fast settings, for the demo is waited for.
    "mp3": _Encoding("libmp3lame", "mp3", "fltp", 192_000, (("compression_level", "7"),)),
    "m4a": _Encoding("aac", "ipod", "fltp", 192_000, (("aac_coder", "fast"),)),
    "opus": _Encoding("libopus", "ogg", "s16", 96_000, (("compression_level", "3"),)),
    "flac": _Encoding("flac", "flac", "s16", 0, (("compression_level", "3"),)),
    "wav": _Encoding("pcm_s16le", "wav", "s16"),
}


def write_wav(path: Path, samples: Samples, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
    """Write (n, 2) floats as 16-bit PCM."""
    write_encoded(path, samples, sample_rate_hz, "wav")


def write_encoded(path: Path, samples: Samples, sample_rate_hz: int, codec: str) -> None:
    """Write (n, 2) floats as mp3, m4a (AAC), opus (in Ogg), flac or wav; the same sound gives the same bytes.

    A whole file only when it returns: write beside the target and rename where a kill matters.
    """
    import av  # 0.2 s, and not wanted by those who only ask for the truth

    encoding = _ENCODINGS[codec]
    rate_hz = 48_000 if codec == "opus" else sample_rate_hz
    frame = av.AudioFrame.from_ndarray(_laid_out(samples, encoding.sample_format), encoding.sample_format, "stereo")
    frame.sample_rate = sample_rate_hz
    # From 0 on, so that what the encoder puts before it is marked as its own and skipped when played.
    frame.pts, frame.time_base = 0, Fraction(1, sample_rate_hz)
    # Bit-exact: neither a version of the encoder nor a random serial number in the file.
    exact = {"flags": "+bitexact"}
    with av.open(f"file:{path.absolute()}", "w", format=encoding.muxer, options={"fflags": "+bitexact"}) as container:
        stream = cast(
            "av.AudioStream", container.add_stream(encoding.encoder, rate_hz, options=dict(encoding.options) | exact)
        )
        stream.layout = "stereo"
        if encoding.bits_per_s:
            stream.bit_rate = encoding.bits_per_s
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _laid_out(samples: Samples, sample_format: str) -> NDArray[np.float32] | NDArray[np.int16]:
    """As FFmpeg wants it: fltp is a row per channel, s16 is one row of alternating channels."""
    if sample_format == "fltp":
        return np.ascontiguousarray(samples.T)
    return np.round(samples * 32767).astype(np.int16).reshape(1, -1)


def write_tags(path: Path, words: Mapping[str, str]) -> None:
    """Write plain words (artist, title, album, isrc, date, genre) as shops and rippers do; WAV files carry none."""
    import mutagen
    from mutagen.easymp4 import EasyMP4Tags

    EasyMP4Tags.RegisterFreeformKey("isrc", "ISRC")  # type: ignore[no-untyped-call]
    file = mutagen.File(path, easy=True)
    file.update({name: [word] for name, word in words.items() if word})
    file.save()


def tag_words(piece: Piece) -> dict[str, str]:
    """What a file of this piece says of itself."""
    return {
        "artist": piece.artist,
        "title": piece.title,
        "album": piece.album,
        "isrc": piece.isrc,
        "date": str(piece.year),
        "genre": piece.genre,
    }
