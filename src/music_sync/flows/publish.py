"""Publishing: what waits in the outbox is told to the outside, later than the filing and never instead of it."""

import logging
from collections.abc import Sequence

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.model.errors import SyncError
from music_sync.model.ports import Exporter
from music_sync.track.naming import safe_name

log = logging.getLogger(__name__)


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
