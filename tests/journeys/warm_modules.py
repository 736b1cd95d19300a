"""What the warm processes import once, so that their forks import nothing any more."""

import gc
import importlib

from music_sync.adapters.certificates import certificates
from music_sync.adapters.fingerprint_chromaprint import fingerprinter
from music_sync.track.words import kinds_in

NAMES = """alembic.command alembic.ddl.sqlite av configparser dbos._sys_db_sqlite googleapiclient.discovery mako.template
music_sync.adapters.sql.migrations sqlalchemy.ext.compiler encodings.latin_1 encodings.utf_8_sig
music_sync.adapters.encoder_pyav music_sync.adapters.fingerprint_chromaprint
music_sync.adapters.providers.direct_link music_sync.adapters.providers.owned_index
music_sync.adapters.sources.soundcloud music_sync.adapters.tagger_carry music_sync.adapters.tagger_mutagen
music_sync.audio.measure
music_sync.cli.checks music_sync.cli.config music_sync.cli.doctor music_sync.cli.library music_sync.cli.run
music_sync.cli.status music_sync.cli.sync music_sync.flows.enrich music_sync.flows.publish music_sync.flows.replace
music_sync.flows.retag music_sync.flows.reviews music_sync.flows.rounds music_sync.flows.undo
music_sync.adapters.sql.schema music_sync.wiring.answers
music_sync.wiring.cycle music_sync.wiring.rounds
music_sync.cli.serve music_sync.cli.webhook music_sync.web.app music_sync.wiring.serving
numpy.fft av.filter PIL.Image soxr spotipy yt_dlp ytmusicapi"""


def warm_up() -> None:
    for name in NAMES.split():
        importlib.import_module(name)
    fingerprinter()
    certificates()
    kinds_in("")
    gc.collect()
    # What is here for good is nothing for the forks to look through: they would copy every page of it.
    gc.freeze()
