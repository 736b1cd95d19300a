"""What every provider promises. A new provider needs one more entry in SAMPLES."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from music_sync.adapters.egress import egress_client
from music_sync.adapters.providers import PROVIDERS
from music_sync.adapters.providers.artist_download import Offering
from music_sync.adapters.providers.direct_link import DirectLink
from music_sync.adapters.providers.extractors import Extractors
from music_sync.demo.public_pages import PublicPagesServer
from music_sync.demo.public_uploads import Upload
from music_sync.demo.services import AudioServer
from music_sync.model.errors import EnvironmentFault, GiveUp
from music_sync.model.ports import Provider
from music_sync.model.track import FoundTrack

AUDIO = b"RIFF\xff\xff\0\0WAVEfmt " + Random(1).randbytes(200_000)


@dataclass(frozen=True)
class Sample:
    """A provider, a track that it brings, one that is gone, one that is none of its own, and where its path lies."""

    provider: Provider
    good: FoundTrack
    gone: FoundTrack
    foreign: FoundTrack
    local: Path | None


@contextmanager
def owned_sample(path: Path) -> Iterator[Sample]:
    file = path / "a.wav"
    file.write_bytes(AUDIO)
    yield Sample(
        PROVIDERS["owned"](),
        FoundTrack("folder", "a", path=file),
        FoundTrack("folder", "gone", path=path / "gone.wav"),
        FoundTrack("list", "b", url="https://example.com/a.wav"),
        file,
    )


@contextmanager
def link_sample(_path: Path) -> Iterator[Sample]:
    with AudioServer({"/a.wav": AUDIO}) as server:
        hosts = frozenset({server.host_and_port})
        yield Sample(
            PROVIDERS["link"](lambda: egress_client(hosts)),
            FoundTrack("list", "a", url=server.url("/a.wav")),
            FoundTrack("list", "gone", url=server.url("/gone.wav")),
            FoundTrack("folder", "b", path=Path("/a.wav")),
            None,
        )


@contextmanager
def artist_sample(_path: Path) -> Iterator[Sample]:
    with AudioServer({"/a.wav": AUDIO}) as server:
        hosts = frozenset({server.host_and_port})
        offering = Offering(lambda: True, lambda found: f"{server.url(f'/{found.source_id}.wav')}?Signature=1")
        yield Sample(
            PROVIDERS["artist"]({"shelf": offering}, DirectLink(lambda: egress_client(hosts))),
            FoundTrack("shelf", "a", download="https://shelf.example/a"),
            FoundTrack("shelf", "gone", download="https://shelf.example/gone"),
            FoundTrack("shelf", "b", url=server.url("/a.wav")),
            None,
        )


@contextmanager
def extractors_sample(_path: Path) -> Iterator[Sample]:
    # What was used of a site's budget is written down by a peek too.
    with PublicPagesServer() as server, TemporaryDirectory() as budgets:
        server.uploads += [Upload(1, "Foil", sound=AUDIO), Upload(2, "Gone", sound=AUDIO, flaw="private")]
        provider = Extractors(("soundcloud",), Path(budgets), base=server.url, sleep=nothing)
        yield Sample(
            provider,
            FoundTrack("soundcloud", "1", url=server.uploads[0].page),
            FoundTrack("soundcloud", "2"),
            FoundTrack("spotify", "b", url="https://open.spotify.com/track/0000000000000000000000"),
            None,
        )
        provider.close()


SAMPLES: dict[str, Callable[[Path], AbstractContextManager[Sample]]] = {
    "owned": owned_sample,
    "artist": artist_sample,
    "link": link_sample,
    "extractors": extractors_sample,
}


@pytest.fixture(params=PROVIDERS)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sample]:
    with SAMPLES[request.param](tmp_path) as sample:
        yield sample


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    return tmp_path / "staging"


def nothing(_: float) -> None: ...


def test_each_provider_has_a_sample_and_its_own_name() -> None:
    assert list(SAMPLES) == list(PROVIDERS)
    assert [make().name for make in PROVIDERS.values()] == list(PROVIDERS)


def test_only_its_own_tracks_are_offered(sample: Sample) -> None:
    assert sample.provider.offers(sample.good)
    assert sample.provider.offers(sample.gone)
    assert not sample.provider.offers(sample.foreign)


def test_the_audio_is_brought_whole_and_alone(sample: Sample, staging: Path) -> None:
    path = sample.provider.fetch(sample.good, staging, nothing)

    assert path.read_bytes() == AUDIO
    assert path.suffix == ".wav"
    assert list(staging.iterdir()) == [path]


def test_a_second_call_brings_the_same_file(sample: Sample, staging: Path) -> None:
    first = sample.provider.fetch(sample.good, staging, nothing)
    inode = first.stat().st_ino

    assert sample.provider.fetch(sample.good, staging, nothing) == first
    assert first.stat().st_ino == inode


def test_a_part_that_a_kill_left_does_no_harm(sample: Sample, staging: Path) -> None:
    staging.mkdir()
    for name in ("download.part", "artist.part", "owned.part", "soundcloud-nadia-klee-foil-1.part"):
        (staging / name).write_bytes(b"half a file")

    assert sample.provider.fetch(sample.good, staging, nothing).read_bytes() == AUDIO


def test_progress_rises_to_one(sample: Sample, staging: Path) -> None:
    told: list[float] = []
    sample.provider.fetch(sample.good, staging, told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_is_gone_is_given_up_by_fetch_and_peek_alike(sample: Sample, staging: Path) -> None:
    with pytest.raises(GiveUp):
        sample.provider.fetch(sample.gone, staging, nothing)
    with pytest.raises(GiveUp):
        sample.provider.peek(sample.gone)


def test_a_peek_names_the_local_file_and_writes_nothing(sample: Sample, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))

    assert sample.provider.peek(sample.good) == sample.local
    assert sorted(tmp_path.rglob("*")) == before


def test_a_staging_folder_that_cannot_be_made_is_the_machines_fault(sample: Sample, staging: Path) -> None:
    staging.touch()

    with pytest.raises(EnvironmentFault):
        sample.provider.fetch(sample.good, staging, nothing)
