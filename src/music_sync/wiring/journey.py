"""The stages of a track's journey with their adapters in place."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from music_sync.adapters.egress import egress_client
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.model.happenings import Happening, Tell
from music_sync.model.listing import Listings
from music_sync.model.ports import Provider
from music_sync.settings import Settings
from music_sync.track.candidates import Candidates
from music_sync.track.file import Shelf
from music_sync.track.naming import Template
from music_sync.track.stages import Stages
from music_sync.wiring.listening import means, open_sources

if TYPE_CHECKING:
    from music_sync.adapters.providers.direct_link import DirectLink


def stages(
    settings: Settings, catalogue: SqlCatalogue, library: FolderLibrary, tell: Tell, *, writes: bool = True
) -> Stages:
    """All stages of a track's journey with their adapters in place; a plan's must not write what they learn."""
    from music_sync.adapters.encoder_pyav import PyavEncoder
    from music_sync.adapters.fingerprint_chromaprint import fingerprinter
    from music_sync.adapters.tagger_mutagen import MutagenTagger
    from music_sync.audio.measure import measure

    catalogue.sounds.remember_in(settings.var / "sounds.index", keep=writes)
    return Stages(
        open_sources=partial(
            open_sources, settings, listings=lambda: catalogue.listings, tell=tell, shown=catalogue.shown_as
        ),
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


def candidates(
    settings: Settings, catalogue: SqlCatalogue, library: FolderLibrary, tell: Tell, *, keep: bool
) -> Candidates | None:
    """What the owner has already: the drop folder, further folders, and the library; None where that is not allowed."""
    if "owned" not in settings.providers:
        return None
    from music_sync.adapters.fingerprint_chromaprint import fingerprinter
    from music_sync.adapters.providers.owned_index import OwnedIndex
    from music_sync.adapters.providers.owned_sounds import OwnedSounds
    from music_sync.adapters.sources.folder import FolderSource
    from music_sync.adapters.tagger_mutagen import MutagenTagger
    from music_sync.audio.measure import fingerprinted

    def heard(path: Path) -> tuple[int, ...]:
        tool = fingerprinter()
        return fingerprinted(path, tool) if tool else ()

    def told(line: str) -> None:
        tell(Happening("", "", "acquire", "told", text=line))

    drop = [settings.drop] if settings.drop.exists() else []
    folders = [FolderSource(folder) for folder in dict.fromkeys([*drop, *settings.owned])]
    sounds = OwnedSounds(settings.var / "owned-sounds.jsonl", heard)
    own = OwnedIndex(folders, MutagenTagger(), settings.owned_index, keep=keep, sound_of=sounds.of, tell=told)
    return Candidates(own, catalogue, library)


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


def _extractors(settings: Settings) -> Provider:
    from music_sync.adapters.providers.extractors import Extractors

    return Extractors(settings.extractors, settings.budgets, base=settings.extractors_url)


PROVIDERS: dict[str, Callable[[Settings], Provider]] = {
    "owned": _owned_file,
    "artist": _artist_download,
    "link": _direct_link,
    "extractors": _extractors,
}
