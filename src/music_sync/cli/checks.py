"""What `doctor` looks at, one check a function; each names the command or the act that mends its finding."""

import os
import shutil
import sqlite3
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from music_sync.model.errors import BadSetting, SyncError, TryAgainLater
from music_sync.model.ports import Catalogue
from music_sync.model.track import Recording
from music_sync.settings import Settings, load

LEAST_FREE_BYTES = 1_000_000_000
MOST_SHOWN = 5


@dataclass(frozen=True)
class Check:
    """One finding; `severity` says what kind of trouble it is when not ok: settings, environment, state or info."""

    id: str
    ok: bool
    severity: str
    message: str
    mend: str = ""


def all_checks() -> list[Check]:
    """Every check, in the order in which one would mend them; later ones need what earlier ones look at."""
    found = [_python(), _sqlite()]
    try:
        settings = load().settings
    except BadSetting as error:
        return [*found, Check("settings", ok=False, severity="settings", message=str(error))]
    found.append(Check("settings", ok=True, severity="settings", message=f"settings are right, home {settings.home}"))
    found += [_chromaprint(), _yt_dlp()]
    for check in (_javascript, _privacy, _space, _accounts, _budgets, _notion, _state, _library):
        try:
            found += check(settings)
        except SyncError as error:
            name = check.__name__.strip("_")
            severity = "settings" if isinstance(error, BadSetting) else "environment"
            found.append(Check(name, ok=False, severity=severity, message=str(error)))
    return found


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), "environment", f"Python {version}", "")


def _sqlite() -> Check:
    from music_sync.adapters.sql.engine import can_hold_flows

    fits = can_hold_flows(sys.version_info[:2], sqlite3.sqlite_version_info)
    mend = "" if fits else "use Python 3.11, or one built with SQLite 3.42 or newer"
    return Check("sqlite", fits, "environment", f"SQLite {sqlite3.sqlite_version}", mend)


def _chromaprint() -> Check:
    from music_sync.adapters import fingerprint_chromaprint

    way = fingerprint_chromaprint.name()
    mend = "" if way else "run `make run` again, or install libchromaprint; without it only ids, hashes and ISRC match"
    return Check("chromaprint", bool(way), "info", f"fingerprints by {way or 'nothing'}", mend)


def _yt_dlp() -> Check:
    from music_sync.adapters import extractor_calls

    version = extractor_calls.version()
    fits = tuple(map(int, version.split(".")[:3])) >= extractor_calls.OLDEST_VERSION
    mend = "" if fits else f"`{extractor_calls.UPDATE}`; what is older runs what a page names"
    return Check("yt_dlp", fits, "environment", f"yt-dlp {version}", mend)


def _javascript(settings: Settings) -> Iterator[Check]:
    """YouTube's addresses are worked out by a program of its own; without one few formats are told, or none."""
    if "youtube" not in settings.extractors or "extractors" not in settings.providers:
        return
    from music_sync.adapters import extractor_calls

    runtimes = extractor_calls.javascript()
    good = next((name for name, is_good in runtimes if is_good), "")
    old = f"; too old: {', '.join(name for name, _ in runtimes)}" if runtimes and not good else ""
    mend = "" if good else "install Deno 2.3 or newer: `pip install deno`"
    yield Check("javascript", bool(good), "environment", f"JavaScript for YouTube by {good or f'nothing{old}'}", mend)
    version, fits = extractor_calls.scripts()
    mend = "" if fits else f"`{extractor_calls.UPDATE}`"
    told = f"{version}{'' if fits else ', which this yt-dlp does not take'}" if version else "none"
    yield Check("javascript_scripts", fits, "environment", f"yt-dlp's scripts for it: {told}", mend)


def _privacy(settings: Settings) -> Iterator[Check]:
    """State and secrets are for their owner only."""
    for path in (settings.state_db, settings.flows_db, *sorted(settings.accounts.glob("*.json"))):
        if path.exists():
            open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077
            mend = f"`music-sync doctor --fix privacy` (chmod 600 '{path}')" if open_to_others else ""
            yield Check("privacy", not open_to_others, "state", f"{path.name} is readable by its owner only", mend)


def _space(settings: Settings) -> Iterator[Check]:
    for name, place in (("home", settings.home), ("library", settings.library)):
        there = next((folder for folder in (place, *place.parents) if folder.exists()), Path("/"))
        free = shutil.disk_usage(there).free
        mend = "" if free >= LEAST_FREE_BYTES else "free some space on that drive"
        yield Check(f"space_{name}", not mend, "environment", f"{free / 1e9:.1f} GB free for the {name}", mend)


def _accounts(settings: Settings) -> Iterator[Check]:
    """Which sign-in has ended, and which ends soon."""
    from music_sync.adapters import account_file

    for standing in account_file.standings(settings.accounts):
        trouble = standing.ended or standing.warning
        mend = f"`music-sync connect {standing.service}`" if trouble else ""
        severity = "info" if standing.connected else "state"
        text = trouble.partition(";")[0] or f"{standing.label} is connected"
        yield Check(f"account_{standing.service}", not trouble, severity, text, mend)


def _budgets(settings: Settings) -> Iterator[Check]:
    """Which service is left alone, and until when; other work goes on meanwhile."""
    from music_sync.adapters import budget_file

    for spent in budget_file.spent_in(settings.budgets):
        if spent.blocked_until:
            until = budget_file.when(spent.blocked_until, time.time())
            text = f"{spent.label} is left alone until {until}: {spent.why}"
            yield Check(
                f"budget_{spent.service}", ok=False, severity="info", message=text, mend="a sync after that goes on"
            )


def _notion(settings: Settings) -> Iterator[Check]:
    """Are the music databases there for us? Each wrong id is told under its own setting."""
    if not settings.tracks_db_id:
        return
    from music_sync.wiring import views

    for setting, error in views.notion_findings(settings):
        severity = "environment" if isinstance(error, TryAgainLater) else "settings"
        text = str(error) if error else f"{setting} is there for the connection"
        yield Check(f"notion_{setting.lower()}", error is None, severity, text)


def _state(settings: Settings) -> Iterator[Check]:
    from music_sync.wiring import state

    if not settings.database_url:
        for database in (settings.state_db, settings.flows_db):
            if database.exists():
                yield _whole(database)
        kind = state.network_drive_below(settings.var)
        mend = "move the home to a local disk: MUSIC_SYNC_HOME" if kind else ""
        yield Check("local_disk", not kind, "environment", f"state is on {kind or 'a local disk'}", mend)
    catalogue = state.snapshot(settings)
    yield from _once_each(catalogue.recordings)
    running = catalogue.waiting("running")
    mend = "run `music-sync sync`, it goes on where it stopped" if running else ""
    yield Check("unfinished", not running, "info", f"{len(running)} tracks are under way or broke off", mend)
    left = _without_a_track(settings, catalogue)
    mend = "the next `music-sync sync` clears it, `music-sync doctor --fix staging` does at once" if left else ""
    yield Check("staging", not left, "state", f"{len(left)} folders without a track in staging", mend)


def staging_leftovers(settings: Settings) -> list[Path]:
    """Folders in staging that belong to no track which an attempt goes on from."""
    from music_sync.wiring import state

    return _without_a_track(settings, state.snapshot(settings))


def _without_a_track(settings: Settings, catalogue: Catalogue) -> list[Path]:
    from music_sync.wiring import state

    failed = [link for link, past in catalogue.waiting("failed") if past.next_actor == "flow"]
    in_work = [*failed, *(link for link, _ in catalogue.waiting("running"))]
    return state.staging_leftovers(settings, {f"{link.source}:{link.source_id}" for link in in_work})


def _once_each(recordings: Callable[[], Iterator[Recording]]) -> Iterator[Check]:
    """No track is filed twice: not by source link, not by path, not by the file it came from."""
    links: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    for recording in recordings():
        links.update(f"{link.source}:{link.source_id}" for link in recording.sources)
        origins[recording.origin_sha256] += 1
    for name, what, counted in (
        ("one_recording_a_source", "tracks of sources", links),
        ("one_recording_a_file", "files that recordings came from", origins),
    ):
        doubled = [key for key, times in counted.items() if times > 1 and key]
        text = f"{len(counted)} {what}, {len(doubled)} filed twice"
        yield Check(name, not doubled, "state", text, "`music-sync library check`" if doubled else "")


def _library(settings: Settings) -> Iterator[Check]:
    from music_sync.wiring import state

    findings = list(state.check_library(settings, quick=True))
    for finding in findings[:MOST_SHOWN]:
        yield Check("library", ok=False, severity="state", message=finding.sentence)
    text = f"{len(findings)} findings" if findings else "library and catalogue agree"
    mend = "`music-sync library check` lists all" if findings else ""
    yield Check("library_agrees", not findings, "state", text, mend)


def _whole(database: Path) -> Check:
    """SQLite's own quick look at a database, read-only."""
    try:
        connection = sqlite3.connect(f"file:{_quoted(database)}?mode=ro", uri=True)
        try:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        said = str(error)
    mend = "" if said == "ok" else f"restore {database.name} from a backup; do not delete it"
    return Check(f"whole_{database.stem}", said == "ok", "state", f"{database.name}: {said}", mend)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(os.fspath(path))
