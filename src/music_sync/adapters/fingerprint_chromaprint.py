"""Chromaprint fingerprints of PCM in memory, by whichever of its forms this machine has.

The system's libchromaprint is preferred (no process to start); else the ffmpeg that imageio-ffmpeg brings, which has
the chromaprint muxer. fpcalc is left out: given raw PCM it would have to read it through its own decoder, and it goes
with the library anyway. Both ways get the same samples and agree bit for bit but for rounding.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from music_sync.audio.fingerprint import LONGEST_S, SAMPLE_RATE_HZ
from music_sync.model.errors import EnvironmentFault

Fingerprinter = Callable[[NDArray[np.int16]], tuple[int, ...]]
"""From mono PCM at 11,025 Hz, of which it takes the first 120 s, to sub-fingerprints; empty below some 3 s."""

_looking = Lock()
_TIMEOUT_S = 60.0
_MOST_SAMPLES = LONGEST_S * SAMPLE_RATE_HZ


def fingerprinter() -> Fingerprinter | None:
    """The way this machine has to fingerprint, or None; calling it raises EnvironmentFault when the tool breaks."""
    chosen = _chosen()
    return chosen[1] if chosen else None


def name() -> str:
    """What `fingerprinter` works with: `libchromaprint 1.5.1`, `ffmpeg of imageio-ffmpeg`, or empty for neither."""
    chosen = _chosen()
    return chosen[0] if chosen else ""


def _chosen() -> tuple[str, Fingerprinter] | None:
    # Tracks are measured in several threads: one looks for the library, and the others wait for what it finds, since
    # they would else see a module that is only half imported.
    with _looking:
        return _found()


@cache
def _found() -> tuple[str, Fingerprinter] | None:
    return by_library() or by_ffmpeg()


def by_library() -> tuple[str, Fingerprinter] | None:
    """Through libchromaprint and pyacoustid's binding to it."""
    try:
        import chromaprint
    except (ImportError, OSError, AttributeError):
        return None  # ImportError also when only the library itself is absent, AttributeError when it is too old

    def fingerprint(pcm: NDArray[np.int16]) -> tuple[int, ...]:
        maker = chromaprint.Fingerprinter()
        try:
            maker.start(SAMPLE_RATE_HZ, 1)
            maker.feed(_samples(pcm))
            values, _ = chromaprint.decode_fingerprint(maker.finish())
        except chromaprint.FingerprintError as error:
            raise _broken("libchromaprint refused the sound") from error
        return tuple(value & 0xFFFFFFFF for value in values)

    version = chromaprint._libchromaprint.chromaprint_get_version().decode("ascii", "replace")  # noqa: SLF001 - no other way
    return f"libchromaprint {version}", fingerprint


def by_ffmpeg() -> tuple[str, Fingerprinter] | None:
    """Through the ffmpeg binary that imageio-ffmpeg brings."""
    import imageio_ffmpeg

    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError:
        return None  # no binary for this platform
    if not has_muxer(program):
        return None  # it may be the system's own ffmpeg, built without Chromaprint

    def fingerprint(pcm: NDArray[np.int16]) -> tuple[int, ...]:
        return run_ffmpeg(program, pcm)

    return "ffmpeg of imageio-ffmpeg", fingerprint


def has_muxer(program: str) -> bool:
    """Can this ffmpeg fingerprint at all? Its exit code is 0 for an unknown muxer too."""
    command = [program, "-hide_banner", "-h", "muxer=chromaprint"]
    try:
        asked = subprocess.run(  # noqa: S603 - fixed arguments
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"Muxer chromaprint" in asked.stdout


def run_ffmpeg(program: str, pcm: NDArray[np.int16], timeout_s: float = _TIMEOUT_S) -> tuple[int, ...]:
    """Pipe PCM through an ffmpeg's chromaprint muxer; raises EnvironmentFault when it fails or hangs."""
    raw = ["-f", "s16le", "-ar", str(SAMPLE_RATE_HZ), "-ac", "1", "-i", "pipe:0"]
    command = [program, "-v", "error", "-nostdin", *raw, "-f", "chromaprint", "-fp_format", "raw", "pipe:1"]
    try:
        # Its own process group, so that a hanging ffmpeg goes with whatever it started.
        process = subprocess.Popen(  # noqa: S603 - fixed arguments, the sound comes on stdin
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        raise _broken(f"{program} does not start") from error
    with process:
        try:
            found, said = process.communicate(_samples(pcm), timeout_s)
        except subprocess.TimeoutExpired as error:
            raise _broken(f"ffmpeg gave no fingerprint within {timeout_s:.0f} s") from error
        finally:
            _end(process)
    return _parsed(found, process.returncode, said, pcm.size)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _parsed(found: bytes, code: int, said: bytes, samples: int) -> tuple[int, ...]:
    # The exit code alone proves nothing either way, so the answer's own shape is looked at too.
    if code != 0 or len(found) % 4:
        words = said.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no message"]
        raise _broken(f"ffmpeg ended with code {code} ({words[0][:200]})")
    if not found and samples >= _SURELY_ENOUGH:
        raise _broken("ffmpeg gave an empty fingerprint")
    return tuple(np.frombuffer(found, "<u4").tolist())


_SURELY_ENOUGH = 5 * SAMPLE_RATE_HZ


def _samples(pcm: NDArray[np.int16]) -> bytes:
    return pcm[:_MOST_SAMPLES].astype("<i2", copy=False).tobytes()


def _broken(what: str) -> EnvironmentFault:
    return EnvironmentFault(f"Fingerprinting broke: {what}; run `music-sync doctor`.")
