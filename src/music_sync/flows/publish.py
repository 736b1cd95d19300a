"""Publishing: what waits in the outbox is told to the outside, later than the filing and never instead of it."""

import logging
from collections.abc import Callable, Sequence

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.model.errors import SyncError
from music_sync.model.ports import Exporter
from music_sync.model.view import View
from music_sync.track.naming import safe_name

log = logging.getLogger(__name__)


def publish(
    catalogue: SqlCatalogue,
    exporters: Sequence[Exporter],
    views: Sequence[View] = (),
    tell: Callable[[str], None] = lambda _line: None,
) -> list[str]:
    """Send what waits, then show what changed; gives one sentence a failure, and what else a person should know.

    A view that cannot be shown fails no run: what it missed is caught up.
    """
    failures = empty_outbox(catalogue, exporters)
    for view in views:
        try:
            told = view.show()
        except Exception as error:
            # Whatever is wrong with a view, what was synced is synced.
            log.exception("the view %s failed unexpectedly", view.name)
            told = [f"{view.name} failed unexpectedly ({type(error).__name__}); the log has the details"]
        for sentence in told:
            log.warning("%s", sentence)
            tell(sentence)
        failures += told
    return failures


def empty_outbox(catalogue: SqlCatalogue, exporters: Sequence[Exporter]) -> list[str]:
    """Send all that waits; what fails stays and is tried again by the next round. Gives one sentence a failure.

    Sending is done before the entry is struck off: a kill in between sends the same list once more, which changes
    nothing.
    """
    failures = []
    for exporter in exporters:
        for outgoing in catalogue.outbox(exporter.name):
            try:
                playlist, files = catalogue.playlist_files(outgoing.subject)
                exporter.export(playlist, safe_name(playlist.name, "playlist"), files)
            except SyncError as error:
                log.warning("playlist %s stays in the outbox: %s", outgoing.subject, error)
                failures.append(str(error))
            else:
                catalogue.sent(outgoing)
    return failures
