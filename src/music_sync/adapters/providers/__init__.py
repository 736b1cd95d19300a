"""The ways that bring audio, in the order they are tried unless the owner sets another."""

from collections.abc import Callable

from music_sync.adapters.providers.artist_download import ArtistDownload
from music_sync.adapters.providers.direct_link import DirectLink
from music_sync.adapters.providers.extractors import Extractors
from music_sync.adapters.providers.owned_file import OwnedFile
from music_sync.model.ports import Provider

PROVIDERS: dict[str, Callable[..., Provider]] = {
    OwnedFile.name: OwnedFile,
    ArtistDownload.name: ArtistDownload,
    DirectLink.name: DirectLink,
    Extractors.name: Extractors,
}
"""Name as in MUSIC_SYNC_PROVIDERS -> what makes it."""
