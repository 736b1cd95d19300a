"""A file that its artist offers: asked for with the sign-in, fetched without it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.providers.test_direct_link import AUDIO
from tests.samples.sources.soundcloud import connected

from music_sync.adapters.egress import egress_client
from music_sync.adapters.means import Means
from music_sync.adapters.providers.artist_download import ArtistDownload, Offering
from music_sync.adapters.providers.direct_link import DirectLink, LinkLimits
from music_sync.adapters.sources.soundcloud import download_link, parse_track
from music_sync.demo.loopback import Refuse
from music_sync.demo.services import AudioServer, Break
from music_sync.demo.soundcloud import SoundCloudServer, geo_blocked, offered, track
from music_sync.model.errors import GiveUp, NeedsPerson, ServiceUnavailable
from music_sync.model.track import FoundTrack


class Downloads:
    """The provider between SoundCloud and the host where its files lie."""

    def __init__(self, service: SoundCloudServer, files: AudioServer, means: Means, folder: Path) -> None:
        self.service = service
        self.files = files
        self.folder = folder
        self.means = means
        service.catalogue.append(offered(1, "Half Past Two"))
        service.files[1] = files.url("/1.wav")

    def provider(self, *, is_open: bool = True, tries: int = 5) -> ArtistDownload:
        hosts = frozenset({self.files.host_and_port})
        loads = DirectLink(lambda: egress_client(hosts), LinkLimits(tries=tries), sleep=lambda _: None)
        offering = Offering(lambda: is_open, partial(download_link, means=self.means))
        return ArtistDownload({"soundcloud": offering}, loads)

    def fetch(self, *, tries: int = 5) -> Path:
        return self.provider(tries=tries).fetch(found(), self.folder, lambda _: None)

    def asked(self) -> list[str]:
        return [seen.path for seen in self.service.seen if seen.path.endswith("/download")]


def found(**changes: Any) -> FoundTrack:
    parsed = parse_track(offered(1, "Half Past Two", **changes))
    assert parsed
    return parsed


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Downloads]:
    with SoundCloudServer() as service, AudioServer({"/1.wav": AUDIO}) as files:
        yield Downloads(service, files, connected(tmp_path / "home", service), tmp_path / "staging")


@pytest.mark.parametrize("in_body", [False, True])
def test_the_file_comes_from_where_the_service_says(downloads: Downloads, in_body: bool) -> None:
    downloads.service.tells_file_in_body = in_body

    path = downloads.fetch()

    assert (path.name, path.read_bytes()) == ("artist.wav", AUDIO)
    assert downloads.asked() == ["/tracks/soundcloud:tracks:1/download"]


def test_the_sign_in_goes_to_the_service_alone(downloads: Downloads) -> None:
    downloads.fetch()

    assert [seen.headers["authorization"][:6] for seen in downloads.service.calls("/download")] == ["OAuth "]
    assert ["authorization" in seen.headers for seen in downloads.files.requests()] == [False]


def test_the_host_in_the_address_of_a_download_counts_for_nothing(downloads: Downloads) -> None:
    elsewhere = found(download_url="https://evil.example/steal?from=me")

    path = downloads.provider().fetch(elsewhere, downloads.folder, lambda _: None)

    assert path.read_bytes() == AUDIO
    assert downloads.asked() == ["/tracks/soundcloud:tracks:1/download"]


def test_what_was_broken_off_goes_on_though_each_link_is_signed_anew(downloads: Downloads) -> None:
    downloads.files.misbehave("/1.wav", Break(100_000))
    with pytest.raises(ServiceUnavailable):
        downloads.fetch(tries=1)

    assert downloads.fetch().read_bytes() == AUDIO
    first, second = downloads.files.requests()
    assert "range" not in first.headers
    assert second.headers["range"].startswith("bytes=")


def test_a_whole_file_is_asked_for_once(downloads: Downloads) -> None:
    downloads.fetch()
    downloads.fetch()

    assert len(downloads.asked()) == 1


@pytest.mark.parametrize("refusal", [Refuse(404, {}), geo_blocked(), geo_blocked(451)])
def test_what_is_offered_no_more_is_left_to_the_next_way(downloads: Downloads, refusal: Refuse) -> None:
    """P23 P22"""
    downloads.service.misbehave("/download", refusal, always=True)

    with pytest.raises(GiveUp, match=r"Nadia Klee - Half Past Two.* no more"):
        downloads.fetch()
    with pytest.raises(GiveUp):
        downloads.provider().peek(found())


def test_a_revoked_sign_in_is_a_persons(downloads: Downloads) -> None:
    downloads.service.authorization.revoke()

    with pytest.raises(NeedsPerson, match="connect soundcloud"):
        downloads.fetch()


def test_an_answer_without_a_place_is_tried_again_later(downloads: Downloads) -> None:
    downloads.service.misbehave("/download", Refuse(200, {"status": "202 - Accepted"}), always=True)

    with pytest.raises(ServiceUnavailable, match="did not say where"):
        downloads.fetch()


def test_a_link_into_this_network_is_refused(downloads: Downloads) -> None:
    downloads.service.files[1] = "http://192.168.1.1/1.wav"

    with pytest.raises(GiveUp):
        downloads.fetch()


def test_nothing_is_offered_without_a_sign_in_or_an_offer(downloads: Downloads) -> None:
    kept = parse_track(track(1, "x", download_url="https://api.soundcloud.com/tracks/1/download"))
    without_address = parse_track(offered(1, "x", download_url=None))

    assert kept
    assert without_address
    assert downloads.provider().offers(found())
    assert not downloads.provider(is_open=False).offers(found())
    assert not downloads.provider().offers(kept)
    assert not downloads.provider().offers(without_address)
    assert not downloads.provider().offers(FoundTrack("list", "1", download="https://x.example"))
