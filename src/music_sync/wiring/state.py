"""The databases and the library of a home, opened to write, or copied to be looked at."""

import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from music_sync.adapters.durable_files import sha256_of, write_whole
from music_sync.adapters.glance_sqlite import Glance, Parked, view_states
from music_sync.adapters.library_folder import MARKER, FolderLibrary
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import engine_for_flows, on_network_drive, open_engine, translated_flows
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.adapters.sql.snapshot import copied_engine, copy_for_plan
from music_sync.adapters.sql.story import Stories, stories_in
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.settings import Settings
from music_sync.track.evidence import Finding
from music_sync.track.evidence import check_library as compared
from music_sync.track.staging import leftovers

if TYPE_CHECKING:
    from music_sync.flows.engine import Memory, Store


LIBRARY_IDENTITY = "library"
"""The fact under which the catalogue remembers which library it belongs to."""


def open_catalogue(settings: Settings) -> SqlCatalogue:
    """The catalogue, made or migrated when needed; refuses a state that would make us start over."""
    return SqlCatalogue(open_state(settings))


def snapshot(settings: Settings) -> SqlCatalogue:
    """A throwaway copy of the catalogue."""
    if settings.database_url:
        return copy_for_plan(open_engine(settings.database_url.get_secret_value(), migrate=False))
    return copy_for_plan(settings.state_db, library_holds_audio=_holds_what_we_filed(settings))


def journal_copy(settings: Settings) -> SqlRetags:
    """As `snapshot`, with the journal."""
    if settings.database_url:
        return SqlRetags(copied_engine(open_engine(settings.database_url.get_secret_value(), migrate=False)))
    holds_audio = _holds_what_we_filed(settings)
    return SqlRetags(copied_engine(settings.state_db, library_holds_audio=holds_audio))


@contextmanager
def remembered(settings: Settings) -> "Iterator[Memory]":
    """What the engine knows of flows; nothing before its first run."""
    from music_sync.flows.engine import Memory, remembering

    if not settings.database_url and not settings.flows_db.exists():
        yield Memory()
        return
    store = flow_store(settings)
    try:
        with translated_flows(settings.flows_db), remembering(store, executor(settings)) as memory:
            yield memory
    finally:
        if store.engine is not None:
            store.engine.dispose()


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
    catalogue = journal_copy(settings)
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
    return Glance(
        counts["recordings"],
        counts["files"],
        endings,
        tuple(parked),
        listings=known,
        views=view_states(catalogue.view_facts()),
        questions=catalogue.waiting_questions(),
    )


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


def open_state(settings: Settings, *, to_read: bool = False) -> sa.Engine:
    if settings.database_url:
        return open_engine(settings.database_url.get_secret_value())
    holds_audio = _holds_what_we_filed(settings)
    if to_read and not settings.state_db.exists():
        return copied_engine(settings.state_db, library_holds_audio=holds_audio)
    return open_engine(settings.state_db, library_holds_audio=holds_audio)


def flow_store(settings: Settings) -> "Store":
    from music_sync.flows.engine import Store

    if settings.database_url:
        return Store(url=settings.database_url.get_secret_value())
    return Store(engine=engine_for_flows(settings.flows_db))


def executor(settings: Settings) -> str:
    """The engine's name for this home: fixed, so that it takes up its own work again; of its own on a shared database."""
    if not settings.database_url:
        return "home"
    file = settings.var / "executor"
    if not file.exists():
        write_whole(file, uuid.uuid4().hex.encode())
    return file.read_text("ascii")


def _holds_what_we_filed(settings: Settings) -> bool:
    """Music in a folder that was our library before, or that an emptied database tells of; not in one that is new to us."""
    is_ours = (settings.library / MARKER).exists() or settings.state_db.exists()
    return is_ours and _holds_audio(settings.library)


def _holds_audio(folder: Path) -> bool:
    names = (name for _, _, names in os.walk(folder) for name in names)
    return any(name.rpartition(".")[2].lower() in AUDIO_ENDINGS for name in names)
