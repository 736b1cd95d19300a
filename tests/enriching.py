"""The four services that tell what a recording is, on loopback, and clients of them under a clock that tests move."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from music_sync.adapters.budget_file import Budget
from music_sync.adapters.calls import Calls, Judge, by_status
from music_sync.adapters.egress import egress_client
from music_sync.adapters.enrichers import acoustid, coverart, deezer, musicbrainz
from music_sync.audio.fingerprint_text import as_text
from music_sync.demo.loopback import Loopback
from music_sync.demo.metadata import (
    ACOUSTID_KEY,
    AcoustIdServer,
    CoverArtServer,
    DeezerServer,
    MusicBrainzServer,
    Release,
    Work,
    mbid,
    picture,
)
from music_sync.model.enrichment import Known
from music_sync.model.ports import Enricher

SOUND = tuple((0x9E3779B1 * number) & 0xFFFFFFFF for number in range(1, 300))
"""A fingerprint that can tell recordings apart."""
LOW_TIDE = Release(11, "Low Tide", "2021-03-04", "Halogen", has_front=True)
WORK = Work(1, "Ann", "Waves", "DEAB12300001", 200.0, (LOW_TIDE,), "House", as_text(SOUND), bpm=124.0)
KNOWN = Known(WORK.isrc, 200.4, SOUND, mb_release_id=mbid(LOW_TIDE.number))


@dataclass
class Time:
    """Seconds that pass when somebody waits."""

    at: float = 1_800_000_000.0
    waited: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += seconds


@dataclass
class Services:
    """All four, knowing the same works."""

    musicbrainz: MusicBrainzServer
    coverart: CoverArtServer
    deezer: DeezerServer
    acoustid: AcoustIdServer
    time: Time
    budgets: Path
    _stack: ExitStack

    def server(self, name: str) -> Loopback:
        found: Loopback = getattr(self, name)
        return found

    @property
    def urls(self) -> dict[str, str]:
        """As the environment names them."""
        names = ("musicbrainz", "coverart", "deezer", "acoustid")
        return {f"MUSIC_SYNC_{name.upper()}_URL": self.server(name).url for name in names}

    def client(self, name: str, key: str = ACOUSTID_KEY) -> Enricher:
        """A client of one, as the wiring makes it."""
        makers: dict[str, Callable[[], Enricher]] = {
            "musicbrainz": lambda: musicbrainz.MusicBrainz(self.calls(musicbrainz)),
            "deezer": lambda: deezer.Deezer(self.calls(deezer, deezer.judge)),
            "acoustid": lambda: acoustid.AcoustId(self.calls(acoustid, acoustid.judge), key),
            "coverart": self._coverart,
        }
        return makers[name]()

    def calls(self, module: Any, judge: Judge = by_status) -> Calls:
        budget = Budget(self.budgets, module.NAME, module.LABEL, module.LIMITS, now=self.time, sleep=self.time.sleep)
        calls = Calls(self.server(module.NAME).url, budget, judge=judge, sleep=self.time.sleep)
        return self._stack.enter_context(calls.with_manners("music-sync/0.1.0 ( tests )", 2))

    def _coverart(self) -> Enricher:
        own = httpx.URL(self.coverart.url)
        client = egress_client(frozenset({f"127.0.0.1:{own.port}"}))
        return coverart.CoverArt(self.calls(coverart, coverart.judge), self._stack.enter_context(client))


@contextmanager
def serving(budgets: Path, *works: Work) -> Iterator[Services]:
    """The services, while the block lasts; covers for every release that has a front."""
    fronts = {mbid(each.number): picture() for work in works for each in work.releases if each.has_front}
    with ExitStack() as stack:
        mb, cover = MusicBrainzServer(*works), CoverArtServer(fronts)
        dz, aid, time = DeezerServer(*works), AcoustIdServer(*works), Time()
        for each in (mb, dz, aid):
            each.allowance.clock = time
        for server in (mb, cover, dz, aid):
            stack.enter_context(server)
        yield Services(mb, cover, dz, aid, time, budgets, stack)
