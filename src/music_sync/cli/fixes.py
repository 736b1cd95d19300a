"""What `doctor --fix` can do by itself: acts that lose nothing; for all else a check names the command to type."""

import shutil
import stat
from collections.abc import Callable, Iterator

from music_sync.model.errors import BadSetting
from music_sync.settings import Settings


def fix(check_id: str, settings: Settings) -> list[str]:
    """Mend what the check of this id found, and say what was done, a sentence each; nothing when all is well.

    Raises BadSetting for an id of which nothing can be mended without a person.
    """
    if check_id not in FIXES:
        raise BadSetting(
            f"doctor cannot mend {check_id!r} by itself; it can mend {', '.join(FIXES)}, and `music-sync doctor` names"
            " the command for all else"
        )
    return list(FIXES[check_id](settings))


def _privacy(settings: Settings) -> Iterator[str]:
    """State and secrets become readable by their owner only."""
    for path in (settings.state_db, settings.flows_db, *sorted(settings.accounts.glob("*.json"))):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
            yield f"{path.name} is readable by its owner only now"


def _staging(settings: Settings) -> Iterator[str]:
    """Folders in staging that belong to no track are moved out, not deleted: they may hold a download."""
    from music_sync.adapters.lock_file import locked
    from music_sync.cli.checks import staging_leftovers

    with locked(settings.lock_file, "music-sync doctor --fix"):
        for folder in staging_leftovers(settings):
            aside = settings.var / "staging-aside" / folder.name
            aside.parent.mkdir(mode=0o700, exist_ok=True)
            shutil.move(folder, aside)
            yield f"{folder.name} was moved to {aside.parent}"


def _drop(settings: Settings) -> Iterator[str]:
    """The drop folder is made."""
    if not settings.drop.exists():
        settings.drop.mkdir(mode=0o700, parents=True)
        yield f"{settings.drop} was made"


FIXES: dict[str, Callable[[Settings], Iterator[str]]] = {"privacy": _privacy, "staging": _staging, "drop": _drop}
