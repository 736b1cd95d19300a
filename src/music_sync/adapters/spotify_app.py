"""The Spotify desktop app on macOS: it tells what plays without any account, through AppleScript."""

import re
import subprocess
from collections.abc import Sequence

from music_sync.adapters.file_names import clean
from music_sync.model.errors import NeedsPerson, ServiceUnavailable
from music_sync.model.track import FoundTrack

OSASCRIPT = ("/usr/bin/osascript",)
DEADLINE_S = 10.0
"""The app is slow to answer while it starts."""

# Asked first whether it runs: `tell` would start it.
_SCRIPT = """\
if application "Spotify" is not running then return ""
tell application "Spotify"
    if player state is not playing then return ""
    set theTrack to current track
    set theFields to {id of theTrack, name of theTrack, artist of theTrack, album of theTrack, duration of theTrack as text}
end tell
set AppleScript's text item delimiters to character id 31
return theFields as text
"""
_BETWEEN = "\x1f"

# No such thing (-1728), its words are not known because it is not installed (-2740, -2741, -2753, -10814),
# it went away while it was asked (-600, -609).
_NOTHING = frozenset({-1728, -2740, -2741, -2753, -10814, -600, -609})
_NOT_ALLOWED = -1743
_NO_ANSWER = -1712


def now_playing(run: Sequence[str] = OSASCRIPT, deadline_s: float = DEADLINE_S) -> FoundTrack | None:
    """The track that plays now; None when none does, the app is closed or not installed, or there is no AppleScript.

    Raises NeedsPerson when macOS does not let us ask, ServiceUnavailable when the app does not answer in time.
    """
    try:
        asked = subprocess.run(  # noqa: S603 - our own script
            [*run, "-e", _SCRIPT], stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceUnavailable(
            f"the Spotify app gave no answer within {deadline_s:g} s; the next sync asks again"
        ) from error
    except OSError:
        return None
    if asked.returncode:
        _check(asked.stderr.decode(errors="replace"))
        return None
    return read_fields(asked.stdout.decode(errors="replace"))


def read_fields(told: str) -> FoundTrack | None:
    """Read what the script printed; None for an episode, an advertisement, a local file, or nothing."""
    fields = told.strip("\r\n").split(_BETWEEN)
    uri = re.fullmatch(r"spotify:track:([0-9A-Za-z]{22})", fields[0])
    if uri is None or len(fields) != 5:
        return None
    _, title, artist, album, milliseconds = fields
    return FoundTrack(
        source="spotify",
        source_id=uri[1],
        artist=clean(artist),
        title=clean(title),
        album=clean(album),
        length_s=int(milliseconds) / 1000 if re.fullmatch(r"[1-9]\d{0,8}", milliseconds) else None,
        url=f"https://open.spotify.com/track/{uri[1]}",
    )


def _check(told: str) -> None:
    """Raise when a failure of the script is more than another way to say that nothing plays."""
    number = re.search(r"\((-?\d+)\)\s*$", told.strip())
    code = int(number[1]) if number else 0
    if code == _NOT_ALLOWED:
        raise NeedsPerson(
            "macOS does not let music-sync ask the Spotify app what plays;"
            " allow it in System Settings, Privacy & Security, Automation"
        )
    if code == _NO_ANSWER:
        raise ServiceUnavailable("the Spotify app gave no answer; the next sync asks again")
    if code not in _NOTHING:
        raise ServiceUnavailable(
            f"the Spotify app could not be asked what plays ({clean(told)[-200:]}); the next sync asks again"
        )
