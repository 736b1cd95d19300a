"""Syncing, trying again and planning: what a person or a clock starts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from music_sync import __version__
from music_sync.adapters.arguments import from_anywhere
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.lock_file import locked
from music_sync.adapters.progress_file import watched
from music_sync.adapters.sql.engine import translated_flows
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.model.happenings import Tell
from music_sync.model.ports import Past
from music_sync.model.report import RunReport
from music_sync.model.track import SourceLink
from music_sync.settings import Settings
from music_sync.track.detect import Request
from music_sync.track.plan import plan as planned
from music_sync.track.stages import Stages
from music_sync.wiring.enrichment import enriched
from music_sync.wiring.journey import stages
from music_sync.wiring.listening import check_request
from music_sync.wiring.replacing import finish_replacements
from music_sync.wiring.retagging import retagger
from music_sync.wiring.state import LIBRARY_IDENTITY, executor, flow_store, open_library, open_state, snapshot
from music_sync.wiring.views import publishing

if TYPE_CHECKING:
    from music_sync.flows.engine import Stop
    from music_sync.flows.steps import Trace


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


@contextmanager
def flowing(
    settings: Settings, request: Request, tell: Tell, stop: "Stop", what: str, *, enriches: bool = True
) -> Iterator[tuple[Stages, Callable[[], object]]]:
    """The engine running with all stages and the publishing in place, alone in this home."""
    from music_sync.flows import engine, steps

    check_request(settings, request)
    _make_own_drop_folder(settings)
    with locked(settings.lock_file, what):
        catalogue = SqlRetags(open_state(settings))
        library = open_library(settings, catalogue)
        finish_replacements(settings, catalogue, library)
        retagger(settings, catalogue, library).settle()
        # Not before: a state that is not ours to use must be left as it is.
        with watched(settings.progress_file, what, tell) as seen, _traced(settings, what) as trace:
            bound = stages(settings, catalogue, library, seen)
            steps.use(bound, stop, trace)
            store = flow_store(settings)
            with translated_flows(settings.flows_db), engine.running(store, executor(settings), settings.workers):
                publish = publishing(settings, catalogue, library, seen, lambda: stop.is_asked)

                def publish_and_enrich() -> None:
                    catalogue.took(steps.times())
                    publish()
                    if enriches and enriched(settings, catalogue, library, seen, lambda: stop.is_asked):
                        publish()

                yield bound, publish_and_enrich


@contextmanager
def _traced(settings: Settings, what: str) -> "Iterator[Trace]":
    """Spans for OpenTelemetry where a collector is named; the run does not depend on it."""
    from music_sync.flows.steps import untraced

    if not settings.otel_endpoint:
        yield untraced
        return
    from music_sync.adapters.traces_otel import Traces

    traces = Traces(settings.otel_endpoint, __version__)
    with traces.run(what):
        yield traces.step


def _make_own_drop_folder(settings: Settings) -> None:
    if settings.drop == settings.home / "drop":
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.drop.mkdir(mode=0o700, exist_ok=True)
