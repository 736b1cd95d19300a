"""Settings -> adapters -> flows: the only file that names concrete adapters."""

import logging
import os
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import SecretStr

from music_sync.adapters import last_run_file, sources
from music_sync.adapters.accounts import Account, Accounts
from music_sync.adapters.arguments import from_anywhere, source_for_argument
from music_sync.adapters.durable_files import sha256_of, write_whole
from music_sync.adapters.egress import egress_client
from music_sync.adapters.exports.m3u import M3uFolder
from music_sync.adapters.glance_sqlite import Glance, Parked
from music_sync.adapters.inbox_folder import FolderInboxes
from music_sync.adapters.library_folder import MARKER, FolderLibrary
from music_sync.adapters.lock_file import locked
from music_sync.adapters.means import Means
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import engine_for_flows, on_network_drive, open_engine, translated_flows
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.ledger import SqlLedger
from music_sync.adapters.sql.snapshot import copied_engine, copy_for_plan
from music_sync.adapters.sql.story import Stories, stories_in
from music_sync.adapters.sync_process import SyncProcess
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.flows.hand_off_tasks import Habits
from music_sync.model.board import Board
from music_sync.model.errors import BadSetting, NotSetUp
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.model.happenings import Happening, Tell
from music_sync.model.listing import Listings
from music_sync.model.ports import Past, Provider, Source
from music_sync.model.report import COUNTED, RunReport, TrackReport
from music_sync.model.task import Task
from music_sync.model.track import SourceLink
from music_sync.settings import Settings
from music_sync.task.deliver import Desk
from music_sync.task.route import Agents, Rule
from music_sync.track.candidates import Candidates
from music_sync.track.detect import PassedOver, Request
from music_sync.track.evidence import Finding
from music_sync.track.evidence import check_library as compared
from music_sync.track.file import Shelf
from music_sync.track.naming import Template
from music_sync.track.plan import plan as planned
from music_sync.track.review import Review, chosen
from music_sync.track.stages import Stages
from music_sync.track.staging import leftovers
from music_sync.track.undo import changes as undoable
from music_sync.track.undo import wanted
from music_sync.triggers import clock
from music_sync.triggers.orchestrator import Orchestrator

if TYPE_CHECKING:
    from music_sync.adapters.providers.direct_link import DirectLink
    from music_sync.flows.engine import Memory, Stop, Store
    from music_sync.flows.reviews import Desk as ReviewDesk
    from music_sync.flows.undo import Done, Told

log = logging.getLogger("music_sync.orchestrator")

LIBRARY_IDENTITY = "library"
"""The fact under which the catalogue remembers which library it belongs to."""


def sync(settings: Settings, request: Request, tell: Tell, stop: "Stop") -> RunReport:
    """One round of syncing, alone in this home; raises LockHeld, BadSetting or EnvironmentFault before it starts."""
    from music_sync.flows import rounds

    # A round that is broken off goes on at the next start, which may be in another folder.
    request = replace(request, arguments=tuple(map(from_anywhere, request.arguments)))
    with flowing(settings, request, tell, stop, "music-sync sync") as (stages, publish):
        return rounds.sync(request, stages, publish)


def retry(settings: Settings, wanted: Sequence[str], tell: Tell, stop: "Stop") -> RunReport:
    """Another attempt at tracks that ended without a file."""
    from music_sync.flows import rounds

    with flowing(settings, Request(), tell, stop, "music-sync retry") as (stages, publish):
        return rounds.retry(wanted, stages, publish)


def would_retry(settings: Settings, wanted: Sequence[str]) -> Sequence[tuple[SourceLink, Past]]:
    """What `retry` would try again, and how it ended so far; nothing is opened for writing."""
    from music_sync.flows import rounds

    copy = snapshot(settings)
    library = FolderLibrary(settings.library, copy.identity(LIBRARY_IDENTITY) or "")
    return rounds.to_retry(tuple(wanted), copy, library)


def plan(settings: Settings, request: Request, tell: Tell) -> RunReport:
    """What `sync` would do; on a throwaway copy of the catalogue, so nothing is written anywhere."""
    check_request(settings, request)
    copy = snapshot(settings)
    identity = copy.identity(LIBRARY_IDENTITY)
    library = FolderLibrary(settings.library, identity or "")
    if identity:
        library.check()
    return planned(request, stages(settings, copy, library, tell, writes=False))


def reviews(settings: Settings) -> Sequence[Review]:
    """Every track that waits for a person, with both sides; nothing is changed."""
    from music_sync.flows import reviews as told

    copy = _journal_copy(settings)
    library = FolderLibrary(settings.library, copy.identity(LIBRARY_IDENTITY) or "")
    with _memory(settings) as memory:
        return told.waiting(told.Desk(copy, library, memory))


def accept(settings: Settings, words: Sequence[str], tell: Tell, stop: "Stop") -> RunReport:
    """A person says that these tracks are what they were compared with; only odd lengths are fetched once more."""
    from music_sync.flows import reviews as told
    from music_sync.flows.publish import empty_outbox

    if not all(each.recording_id for each in chosen(words, reviews(settings))):
        return _said(told.accept, settings, words, tell, stop)
    with locked(settings.lock_file, "music-sync review"), _review_desk(settings) as desk:
        tracks, _ = told.accept(words, desk)
        empty_outbox(desk.catalogue, exporters(open_library(settings, desk.catalogue)))
        return RunReport(tuple(tracks))


def reject(settings: Settings, words: Sequence[str], tell: Tell, stop: "Stop") -> RunReport:
    """A person says that these tracks are other ones; each is filed by itself at once."""
    from music_sync.flows import reviews as told

    chosen(words, reviews(settings))
    return _said(told.reject, settings, words, tell, stop)


def _said(
    verdict: "Callable[[Sequence[str], ReviewDesk], tuple[list[TrackReport], list[Review]]]",
    settings: Settings,
    words: Sequence[str],
    tell: Tell,
    stop: "Stop",
) -> RunReport:
    from music_sync.flows import reviews as told

    with flowing(settings, Request(), tell, stop, "music-sync review") as (stages, publish):
        with _review_desk(settings) as desk:
            tracks, again = verdict(words, desk)
        report = told.try_again(again, stages, publish)
    return replace(report, tracks=(*tracks, *report.tracks))


@contextmanager
def _review_desk(settings: Settings) -> "Iterator[ReviewDesk]":
    from music_sync.flows.reviews import Desk

    catalogue = SqlJournal(_state(settings))
    with _memory(settings) as memory:
        yield Desk(catalogue, open_library(settings, catalogue), memory)


def changes(settings: Settings) -> "Sequence[Told]":
    """What was done and can be undone, oldest first; nothing is changed."""
    from music_sync.flows import undo

    return undo.told(_journal_copy(settings))


def take_back(settings: Settings, word: str, *, dry_run: bool) -> "Done":
    """Undo the change of that number, or the `last` one, alone in this home."""
    from music_sync.flows import undo
    from music_sync.flows.publish import empty_outbox

    copy = _journal_copy(settings)
    library = FolderLibrary(settings.library, copy.identity(LIBRARY_IDENTITY) or "")
    folder = UndoneFolder(library, settings.undone)
    if dry_run:
        return undo.take_back(word, undo.Desk(copy, library, folder, lambda: None), dry_run=True)
    # What was typed wrongly is told before anything is locked or made.
    wanted(word, undoable(copy.journal()))
    with locked(settings.lock_file, "music-sync undo"):
        catalogue = SqlJournal(_state(settings))
        library = open_library(settings, catalogue)
        folder = UndoneFolder(library, settings.undone)
        publish = partial(empty_outbox, catalogue, exporters(library))
        return undo.take_back(word, undo.Desk(catalogue, library, folder, publish))


def _journal_copy(settings: Settings) -> SqlJournal:
    """As `snapshot`, with the journal."""
    if settings.database_url:
        return SqlJournal(copied_engine(open_engine(settings.database_url.get_secret_value(), migrate=False)))
    holds_audio = _holds_what_we_filed(settings)
    return SqlJournal(copied_engine(settings.state_db, library_holds_audio=holds_audio))


@contextmanager
def _memory(settings: Settings) -> "Iterator[Memory]":
    """What the engine knows of flows; nothing before its first run."""
    from music_sync.flows.engine import Memory, remembering

    if not settings.database_url and not settings.flows_db.exists():
        yield Memory()
        return
    store = _flow_store(settings)
    try:
        with translated_flows(settings.flows_db), remembering(store, _executor(settings)) as memory:
            yield memory
    finally:
        if store.engine is not None:
            store.engine.dispose()


@contextmanager
def flowing(
    settings: Settings, request: Request, tell: Tell, stop: "Stop", what: str
) -> Iterator[tuple[Stages, Callable[[], object]]]:
    """The engine running with all stages and the publishing in place, alone in this home."""
    from music_sync.flows import engine, steps
    from music_sync.flows.publish import empty_outbox

    check_request(settings, request)
    _make_own_drop_folder(settings)
    with locked(settings.lock_file, what):
        catalogue = open_catalogue(settings)
        library = open_library(settings, catalogue)
        bound = stages(settings, catalogue, library, tell)
        steps.use(bound, stop)
        store = _flow_store(settings)
        with translated_flows(settings.flows_db), engine.running(store, _executor(settings), settings.workers):
            yield bound, partial(empty_outbox, catalogue, exporters(library))


def open_catalogue(settings: Settings) -> SqlCatalogue:
    """The catalogue, made or migrated when needed; refuses a state that would make us start over."""
    return SqlCatalogue(_state(settings))


def open_board(settings: Settings, *, to_read: bool = False) -> Board:
    """The board that tasks stand on: Notion when its token and database are set, else the embedded one.

    `to_read` makes no database where there is none yet, and shows an empty board.
    """
    return _notion(settings) or SqlBoard(_state(settings, to_read=to_read))


def open_ledger(settings: Settings, *, to_read: bool = False) -> SqlLedger:
    """What was handed to whom; `to_read` as for `open_board`."""
    return SqlLedger(_state(settings, to_read=to_read))


def every_task(settings: Settings) -> Iterator[Task]:
    """What stands on the board; on the embedded one archived tasks as well."""
    notion = _notion(settings)
    return notion.tasks() if notion else SqlBoard(_state(settings, to_read=True)).tasks(archived=True)


def _notion(settings: Settings) -> Board | None:
    token, database = settings.notion_token, settings.agent_tasks_db_id
    if not token and not database:
        return None
    if not token or not database:
        missing = "AGENT_TASKS_DB_ID" if token else "NOTION_TOKEN"
        raise BadSetting(f"setting {missing} is missing: the board on Notion needs a token and a database; set both")
    from music_sync.adapters.board_notion import NotionBoard
    from music_sync.adapters.board_notion_calls import NotionCalls
    from music_sync.adapters.board_notion_schema import NotionNames

    known = {field.name for field in fields(NotionNames)}
    unknown = [name for name in settings.notion_names if name not in known]
    if unknown:
        raise BadSetting(
            f"setting notion_names: nothing is called {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    names = NotionNames(**settings.notion_names)
    return NotionBoard(NotionCalls(token.get_secret_value(), settings.notion_url), database, names)


def orchestrator(settings: Settings, process: SyncProcess) -> Orchestrator:
    """The orchestrator with board, ledger, inboxes, clock and a way to sync."""
    habits = Habits(settings.handoffs or None, settings.reviews, timedelta(days=settings.expiry))
    return Orchestrator(
        sync=lambda _cause: _synced(settings, process),
        verdict=partial(verdict, settings, keep=True),
        desk=desk(settings),
        habits=habits,
        enabled=settings.enabled,
    )


def _synced(settings: Settings, process: SyncProcess) -> Mapping[str, Any]:
    """Sync in a process of its own; what was killed before it could write down how it went is written down here."""
    before = last_run_file.read(settings.last_run_file).last_attempt
    report = process.run(_told)
    unwritten = last_run_file.read(settings.last_run_file).last_attempt == before
    if unwritten and report["result"] != "locked":
        clock.remember(settings.last_run_file, report["result"], settings.interval)
    return report


def desk(settings: Settings) -> Desk:
    """What deliveries need."""
    rules = [Rule(rule.words, rule.agent) for rule in settings.agent_rules]
    agents = Agents(settings.agent_names, rules, settings.default_agent)
    inboxes = FolderInboxes(settings.home, settings.agents)
    return Desk(open_board(settings), open_ledger(settings), inboxes, agents, lambda: datetime.now(UTC))


def _told(line: str) -> None:
    """A sync's line of progress; only how a track ended is news."""
    if line.partition(":")[0] in COUNTED:
        log.info("music sync: %s", line)


def verdict(settings: Settings, *, keep: bool = False) -> clock.Verdict:
    """The clock's verdict now; with `keep` a stamp of the future is brought to now for good."""
    now = datetime.now(UTC).astimezone()
    last = last_run_file.read(settings.last_run_file)
    seen = clock.clamped(last, now.timestamp(), settings.interval)
    if keep and seen != last:
        last_run_file.write(settings.last_run_file, seen)
    return clock.judge(seen, now, settings.interval, clock.QuietHours.read(settings.quiet_hours))


def snapshot(settings: Settings) -> SqlCatalogue:
    """A throwaway copy of the catalogue."""
    if settings.database_url:
        return copy_for_plan(open_engine(settings.database_url.get_secret_value(), migrate=False))
    return copy_for_plan(settings.state_db, library_holds_audio=_holds_what_we_filed(settings))


@contextmanager
def stories(settings: Settings) -> Iterator[Stories]:
    """The stories of tracks, when they lie on Postgres."""
    engine = open_engine(
        settings.database_url.get_secret_value() if settings.database_url else settings.state_db, migrate=False
    )
    try:
        with stories_in(engine) as found:
            yield found
    finally:
        engine.dispose()


def glance(settings: Settings) -> Glance:
    """The catalogue in numbers, when it lies on Postgres."""
    catalogue = snapshot(settings)
    counts = catalogue.counts()
    parked = [
        Parked(
            source=link.source,
            source_id=link.source_id,
            label=link.source_id,
            ending=ending,
            reason=past.reason,
            stage=past.stage,
            next_actor=past.next_actor,
            cause=past.cause,
            attempt=past.attempt,
            ended_at=link.found_at,
        )
        for ending in ("failed", "review", "buy_list")
        for link, past in catalogue.waiting(ending)
    ]
    endings = {word: number for word, number in counts.items() if word not in {"recordings", "files"}}
    known = tuple(catalogue.listings.listings())
    return Glance(counts["recordings"], counts["files"], endings, tuple(parked), listings=known)


def open_library(settings: Settings, catalogue: SqlCatalogue) -> FolderLibrary:
    """The library that this catalogue belongs to, made when there was none yet; raises EnvironmentFault when offline."""
    known = catalogue.identity(LIBRARY_IDENTITY)
    library = FolderLibrary.at(settings.library, known, settings.home)
    library.check()
    if known is None:
        catalogue.remember(LIBRARY_IDENTITY, library.identity)
    return library


def check_library(settings: Settings, *, quick: bool) -> Iterator[Finding]:
    """Compare library and catalogue; raises EnvironmentFault when the library is offline."""
    catalogue = snapshot(settings)
    identity = catalogue.identity(LIBRARY_IDENTITY)
    if identity is None:
        return iter(())
    library = FolderLibrary(settings.library, identity)
    return compared(catalogue.recordings(), library, (), hash_of=None if quick else sha256_of)


def staging_leftovers(settings: Settings, keep: Collection[str]) -> list[Path]:
    """Folders in staging that belong to none of these tracks."""
    return leftovers(settings.staging, keep)


def network_drive_below(folder: Path) -> str:
    """The kind of network file system that a folder lies on, empty for a local disk."""
    return on_network_drive(folder)


def open_sources(
    settings: Settings, request: Request, listings: Callable[[], Listings], tell: Tell = lambda _: None
) -> Sequence[Source]:
    """The sources a round asks, in order; raises BadSetting for an argument or a name that means nothing."""
    given = means(settings, listings, tell)
    if request.arguments:
        found = [source_for_argument(argument, given) for argument in request.arguments]
    else:
        found = chain(settings.sources, given)
    return [source for source in found if _is_meant(source, request.only)] if request.only else found


def chain(wanted: Sequence[str], given: Means) -> list[Source]:
    """The sources in the owner's order: `spotify:likes` is one part, `spotify` all parts not named before it."""
    parts = {name: _parts_of(name, given) for name in dict.fromkeys(map(_name_in, wanted))}
    found: list[Source] = []
    for word in wanted:
        name, _, part = word.partition(":")
        off: frozenset[str] = getattr(sources.module(name), "OFF", frozenset())
        meant = [each for each in parts[name] if each.part == part or (not part and each.part not in off)]
        meant += [each for each in parts[name] if isinstance(each, PassedOver) and each not in meant]
        if part and not meant:
            known = ", ".join(each.part for each in parts[name] if each.part) or "none"
            raise BadSetting(f"setting sources: {name} has no part {part!r}; known are {known}; correct it there")
        found += [each for each in meant if each not in found]
    return found


def _parts_of(name: str, given: Means) -> list[Source]:
    """The parts that can be asked; one stand-in when they need an account that nobody connected."""
    module = sources.module(name)
    parts = list(module.open_parts(given))
    account: Account | None = getattr(module, "ACCOUNT", None)
    if account is None or given.accounts.is_set_up(account):
        return parts
    without = [part for part in parts if not getattr(part, "needs_account", True)]
    return without or [PassedOver(name, f"{account.label} is not connected; `{account.command}` does it")]


def _name_in(word: str) -> str:
    return word.partition(":")[0]


def _is_meant(source: Source, only: str) -> bool:
    name, _, part = only.partition(":")
    return source.name == name and part in {"", source.part}


def means(settings: Settings, listings: Callable[[], Listings], tell: Tell = lambda _: None) -> Means:
    """What sources are made from."""
    setting = partial(_setting, settings)

    def told(line: str) -> None:
        tell(Happening("", "", "detect", "told", text=line))

    return Means(setting, listings, Accounts(settings.accounts, setting), settings.budgets, told)


def _setting(settings: Settings, name: str) -> Any:
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else "" if value is None else value


def check_request(settings: Settings, request: Request) -> None:
    """Raise BadSetting for what was typed wrongly, before anything is touched."""
    only = request.only
    found = open_sources(settings, request, lambda: snapshot(settings).listings)
    if not only:
        return
    if _name_in(only) not in sources.SOURCES:
        raise BadSetting(f"--only {only}: no such source; known are {', '.join(sources.SOURCES)}")
    if request.arguments and not found:
        raise BadSetting(f"--only {only}: nothing that you gave is one; leave it out")
    if not request.arguments and _name_in(only) not in map(_name_in, settings.sources):
        raise BadSetting(f"--only {only}: it is not among MUSIC_SYNC_SOURCES; add it there")
    if not request.arguments and not found and only != _name_in(only):
        raise BadSetting(f"--only {only}: {_name_in(only)} has no such part; leave the part out to ask all of them")
    passed_over = [source for source in found if isinstance(source, PassedOver)]
    if passed_over and len(passed_over) == len(found):
        raise NotSetUp(passed_over[0].why)


def _owned_file(_settings: Settings) -> Provider:
    from music_sync.adapters.providers.owned_file import OwnedFile

    return OwnedFile()


def _direct_link(settings: Settings) -> Provider:
    return _links(settings)


def _links(settings: Settings) -> "DirectLink":
    from music_sync.adapters.providers.direct_link import DirectLink

    return DirectLink(partial(egress_client, frozenset(settings.link_hosts)))


def _artist_download(settings: Settings) -> Provider:
    from music_sync.adapters.providers.artist_download import ArtistDownload, Offering
    from music_sync.adapters.sources import soundcloud

    def no_listings() -> Listings:
        raise RuntimeError("a download reads no lists")

    given = means(settings, no_listings)
    offering = Offering(
        lambda: given.accounts.is_set_up(soundcloud.ACCOUNT), partial(soundcloud.download_link, means=given)
    )
    return ArtistDownload({soundcloud.NAME: offering}, _links(settings))


PROVIDERS: dict[str, Callable[[Settings], Provider]] = {
    "owned": _owned_file,
    "artist": _artist_download,
    "link": _direct_link,
}


def candidates(
    settings: Settings, catalogue: SqlCatalogue, library: FolderLibrary, tell: Tell, *, keep: bool
) -> Candidates | None:
    """What the owner has already: the drop folder, further folders, and the library; None where that is not allowed."""
    if "owned" not in settings.providers:
        return None
    from music_sync.adapters.providers.owned_index import OwnedIndex
    from music_sync.adapters.sources.folder import FolderSource
    from music_sync.adapters.tagger_mutagen import MutagenTagger

    def told(line: str) -> None:
        tell(Happening("", "", "acquire", "told", text=line))

    drop = [settings.drop] if settings.drop.exists() else []
    folders = [FolderSource(folder) for folder in dict.fromkeys([*drop, *settings.owned])]
    own = OwnedIndex(folders, MutagenTagger(), settings.owned_index, keep=keep, tell=told)
    return Candidates(own, catalogue, library)


def stages(
    settings: Settings, catalogue: SqlCatalogue, library: FolderLibrary, tell: Tell, *, writes: bool = True
) -> Stages:
    """All stages of a track's journey with their adapters in place; a plan's must not write what they learn."""
    from music_sync.adapters.encoder_pyav import PyavEncoder
    from music_sync.adapters.fingerprint_chromaprint import fingerprinter
    from music_sync.adapters.tagger_mutagen import MutagenTagger
    from music_sync.audio.measure import measure

    return Stages(
        open_sources=partial(open_sources, settings, listings=lambda: catalogue.listings, tell=tell),
        catalogue=catalogue,
        shelf=Shelf(library, catalogue, Template.parse(settings.template)),
        providers=[PROVIDERS[name](settings) for name in settings.providers],
        tagger=MutagenTagger(),
        encoder=PyavEncoder(),
        measure=lambda path, progress: measure(path, fingerprinter(), progress),
        formats=settings.formats,
        staging=settings.staging,
        tell=tell,
        own=candidates(settings, catalogue, library, tell, keep=writes),
    )


def exporters(library: FolderLibrary) -> list[M3uFolder]:
    """What shows the library to other programs."""
    return [M3uFolder(library)]


def _make_own_drop_folder(settings: Settings) -> None:
    if settings.drop == settings.home / "drop":
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.drop.mkdir(mode=0o700, exist_ok=True)


def _holds_what_we_filed(settings: Settings) -> bool:
    """Music in a folder that was our library before, or that an emptied database tells of; not in one that is new to us."""
    is_ours = (settings.library / MARKER).exists() or settings.state_db.exists()
    return is_ours and _holds_audio(settings.library)


def _holds_audio(folder: Path) -> bool:
    names = (name for _, _, names in os.walk(folder) for name in names)
    return any(name.rpartition(".")[2].lower() in AUDIO_ENDINGS for name in names)


def _state(settings: Settings, *, to_read: bool = False) -> sa.Engine:
    if settings.database_url:
        return open_engine(settings.database_url.get_secret_value())
    holds_audio = _holds_what_we_filed(settings)
    if to_read and not settings.state_db.exists():
        return copied_engine(settings.state_db, library_holds_audio=holds_audio)
    return open_engine(settings.state_db, library_holds_audio=holds_audio)


def _flow_store(settings: Settings) -> "Store":
    from music_sync.flows.engine import Store

    if settings.database_url:
        return Store(url=settings.database_url.get_secret_value())
    return Store(engine=engine_for_flows(settings.flows_db))


def _executor(settings: Settings) -> str:
    """The engine's name for this home: fixed, so that it takes up its own work again; of its own on a shared database."""
    if not settings.database_url:
        return "home"
    file = settings.var / "executor"
    if not file.exists():
        write_whole(file, uuid.uuid4().hex.encode())
    return file.read_text("ascii")
