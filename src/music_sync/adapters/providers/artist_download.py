"""A file that its artist offers for download where the track was found, such as at SoundCloud.

The service is asked with the person's sign-in where the file lies; the file itself comes over the gate for outgoing
links, like any other, and the sign-in does not go along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from music_sync.adapters.providers.direct_link import DirectLink
from music_sync.adapters.providers.part_file import Address
from music_sync.model.errors import GiveUp
from music_sync.model.ports import Progress
from music_sync.model.track import FoundTrack


@dataclass(frozen=True)
class Offering:
    """A service on which artists offer files."""

    is_open: Callable[[], bool]
    """Is somebody signed in there? Asks nothing over the network."""
    link: Callable[[FoundTrack], str]
    """Where the file of a track lies now; raises GiveUp when it is offered no more, else as a source does."""


class ArtistDownload:
    """Brings the file that an artist offers, from the services that are given by their sources' names."""

    name = "artist"

    def __init__(self, services: Mapping[str, Offering] | None = None, loads: DirectLink | None = None) -> None:
        self._services = services or {}
        self._loads = loads or DirectLink()

    def offers(self, found: FoundTrack) -> bool:
        service = self._services.get(found.source)
        return bool(found.download) and service is not None and service.is_open()

    def peek(self, found: FoundTrack) -> Path | None:
        """Ask where the file lies and look at its first 64 KiB; nothing is kept."""
        self._loads.look(self._link_of(found))
        return None

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:
        """Download into `artist.<ending>`, going on where an earlier call broke off; raises as `DirectLink.fetch`."""
        return self._loads.bring(
            lambda: Address(self._link_of(found), found.download), folder, progress, stem=self.name
        )

    def _link_of(self, found: FoundTrack) -> str:
        if not self.offers(found):
            raise GiveUp(f"the artist of {found.label} offers no file", "not_offered")
        return self._services[found.source].link(found)
