"""What is kept of each sign-in, in a file of its own: when it was made, how long it lasts, where its secrets are.

`status` reads only this, so nothing here needs the keyring or a client for HTTP.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from music_sync.adapters.durable_files import write_whole
from music_sync.model.errors import NeedsPerson

DAY_S = 86400.0
WARNING_DAYS = 21

_LATEST_S = 1e11
"""No stamp is later than this, some three thousand years from now."""


class Unreadable(NeedsPerson):
    """The file of a sign-in is damaged or not ours to read."""


@dataclass(frozen=True)
class Kept:
    """What is known of a sign-in, without its secrets. Times are epoch seconds; 0 where there is none."""

    service: str
    label: str
    who: str = ""
    """The name of the account at the service."""
    signed_in_at: float = 0.0
    lasts_until: float = 0.0
    came_from: str = ""
    """Hash of the refresh token in the environment that this one grew from, or that was there when it was made."""
    ended: str = ""
    """Why it has ended, as a sentence; empty while it holds."""
    renewing: str = ""
    """Hash of the refresh token that was sent to be renewed; it stays when no answer came."""
    waits_until: float = 0.0
    """The service asked to be left alone until then."""
    entry: str = ""
    """The name of the secrets in the keyring; empty when they stand in this file."""

    @property
    def command(self) -> str:
        return f"music-sync connect {self.service}"


@dataclass(frozen=True)
class Standing:
    """How a sign-in stands; what `status` tells."""

    service: str
    label: str
    who: str
    connected: bool
    until: float | None
    """Epoch seconds; None when it has no end of its own."""
    days_left: int | None
    warning: str
    ended: str
    kept_in: str
    """`keyring` or `file`."""


def path_of(folder: Path, service: str) -> Path:
    return folder / f"{service}.json"


def read(folder: Path, service: str, label: str) -> tuple[Kept, dict[str, Any]] | None:
    """What is kept and the secrets in the file, if they are there; None when there is no file. Raises Unreadable."""
    file = path_of(folder, service)
    mend = f"run `music-sync connect {service}`"
    try:
        content = json.loads(file.read_bytes())
        return _kept({"label": label, **content, "service": service}), _secrets(content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unreadable(
            f"the sign-in to {label} cannot be read ({error.strerror}: {file}); make it readable, or {mend}"
        ) from None
    except (ValueError, TypeError, RecursionError):
        raise Unreadable(f"the sign-in to {label} is damaged ({file}); {mend}") from None


def write(folder: Path, kept: Kept, secrets: Mapping[str, Any]) -> None:
    """Keep it durably, for the owner's eyes only; no secrets where those are in the keyring."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {**asdict(kept), **({"secrets": dict(secrets)} if secrets else {})}
    write_whole(path_of(folder, kept.service), (json.dumps(content, indent=2) + "\n").encode())


def standings(folder: Path, now: Callable[[], float] = time.time) -> list[Standing]:
    """How every sign-in of this home stands, by name; one that cannot be read counts as ended."""
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            held = read(folder, file.stem, file.stem)
        except Unreadable as error:
            kept = Kept(file.stem, file.stem, ended=str(error))
        else:
            if held is None:
                continue
            kept = held[0]
        found.append(standing_of(kept, now()))
    return found


def standing_of(kept: Kept, now: float) -> Standing:
    days_left = math.floor((kept.lasts_until - now) / DAY_S) if kept.lasts_until else None
    is_over = bool(kept.lasts_until) and kept.lasts_until <= now
    return Standing(
        service=kept.service,
        label=kept.label,
        who=kept.who,
        connected=not kept.ended and not is_over,
        until=kept.lasts_until or None,
        days_left=None if days_left is None else max(0, days_left),
        warning="" if kept.ended else _warning(kept, now),
        ended=kept.ended,
        kept_in="keyring" if kept.entry else "file",
    )


def day_of(stamp: float) -> str:
    """A day as a person reads it, in local time."""
    return datetime.fromtimestamp(stamp, UTC).astimezone().strftime("%Y-%m-%d")


def _warning(kept: Kept, now: float) -> str:
    left_s = kept.lasts_until - now
    if not kept.lasts_until or left_s > WARNING_DAYS * DAY_S:
        return ""
    day = day_of(kept.lasts_until)
    if left_s <= 0:
        return f"the sign-in to {kept.label} lasted until {day}; run `{kept.command}`"
    within = f"in {left_s // DAY_S:.0f} days" if left_s >= 2 * DAY_S else "soon"
    return f"the sign-in to {kept.label} ends {within}, on {day}; `{kept.command}` makes a new one"


def _kept(content: Mapping[str, Any]) -> Kept:
    """Raises ValueError for what is none of ours; names that are not known are left out."""
    known = {field.name: field.type for field in fields(Kept)}
    given = {name: value for name, value in content.items() if name in known}
    for name, value in given.items():
        if not (isinstance(value, str) if known[name] is str else _is_stamp(value)):
            raise ValueError(name)
    return Kept(**given)


def _is_stamp(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < _LATEST_S


def _secrets(content: Mapping[str, Any]) -> dict[str, Any]:
    secrets = content.get("secrets", {})
    if not isinstance(secrets, dict):
        raise TypeError
    return secrets
