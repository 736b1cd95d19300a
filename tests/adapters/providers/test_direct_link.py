import io
import json
import socket
import threading
import wave
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from random import Random

import httpx
import pytest

from music_sync.adapters.egress import egress_client
from music_sync.adapters.providers.direct_link import DirectLink, LinkLimits
from music_sync.demo.services import (
    AudioServer,
    Behaviour,
    Break,
    Disguise,
    NoLength,
    Redirect,
    Status,
    Trickle,
    WholeAnyway,
    WrongLength,
    WrongRange,
)
from music_sync.model.errors import EnvironmentFault, GiveUp, ServiceUnavailable, TryAgainLater
from music_sync.model.track import FoundTrack

NOW_S = 1_800_000_000.0


def noise(seed: int = 1, size_bytes: int = 300_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(2)
        audio.setsampwidth(2)
        audio.setframerate(44_100)
        audio.writeframes(Random(seed).randbytes(size_bytes))
    return file.getvalue()


AUDIO = noise()


class Downloads:
    """The provider with its surroundings in hand: pauses are noted, never slept."""

    def __init__(self, server: AudioServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.pauses_s: list[float] = []
        self.seconds = 0.0

    def provider(self, idle_s: float = 5, whole_s: float = 60, **limits: float) -> DirectLink:
        hosts = frozenset({self.server.host_and_port})
        return DirectLink(
            lambda: egress_client(hosts, idle_s=idle_s, whole_s=whole_s),
            LinkLimits(**limits),  # type: ignore[arg-type] # whole numbers serve as seconds and bytes alike
            sleep=self.pauses_s.append,
            chance=lambda: 0.5,
            clock=lambda: self.seconds,
            now=lambda: NOW_S,
        )

    def fetch(self, path: str = "/a.wav", provider: DirectLink | None = None) -> Path:
        return (provider or self.provider()).fetch(self.found(path), self.folder, lambda _: None)

    def found(self, path: str = "/a.wav") -> FoundTrack:
        return FoundTrack("list", path, url=self.server.url(path))

    def ranges(self, path: str = "/a.wav") -> list[str]:
        return [seen.headers.get("range", "") for seen in self.server.requests(path)]


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Downloads]:
    with AudioServer({"/a.wav": AUDIO}) as server:
        yield Downloads(server, tmp_path / "staging")


def test_a_link_is_downloaded_whole_and_named_by_its_content(downloads: Downloads) -> None:
    downloads.server.serve("/song.mp3", AUDIO)

    path = downloads.fetch("/song.mp3")

    assert path == downloads.folder / "download.wav"
    assert path.read_bytes() == AUDIO
    assert list(downloads.folder.iterdir()) == [path]


def test_progress_ends_at_one(downloads: Downloads) -> None:
    told: list[float] = []

    downloads.provider().fetch(downloads.found(), downloads.folder, told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_second_call_returns_the_whole_file_without_a_request(downloads: Downloads) -> None:
    downloads.fetch()

    assert downloads.fetch().read_bytes() == AUDIO
    assert len(downloads.server.requests()) == 1


@pytest.mark.parametrize("reset", [False, True])
def test_a_broken_connection_is_taken_up_where_it_broke(downloads: Downloads, reset: bool) -> None:
    downloads.server.misbehave("/a.wav", Break(100_000, reset=reset))

    assert downloads.fetch().read_bytes() == AUDIO
    assert downloads.ranges()[0] == ""
    assert downloads.ranges()[1].startswith("bytes=")
    assert downloads.server.requests()[1].headers["if-range"].startswith('"')


def test_a_later_call_goes_on_from_the_part_that_was_kept(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Break(100_000), always=True)
    with pytest.raises(ServiceUnavailable):
        downloads.fetch(provider=downloads.provider(tries=1))
    downloads.server.misbehave("/a.wav")

    assert downloads.fetch().read_bytes() == AUDIO
    assert downloads.ranges()[-1] == "bytes=100000-"
    assert downloads.server.bytes_sent("/a.wav") == len(AUDIO)


def test_a_download_killed_before_its_last_step_needs_no_further_request(downloads: Downloads) -> None:
    part = downloads.folder / "download.part"
    downloads.folder.mkdir()
    part.write_bytes(AUDIO)
    state = {"link": downloads.found().url, "size_bytes": len(AUDIO), "etag": '"x"', "changed": ""}
    part.with_suffix(".json").write_text(json.dumps(state))

    assert downloads.fetch().read_bytes() == AUDIO
    assert downloads.server.requests() == []


def test_a_part_of_another_link_is_not_gone_on_with(downloads: Downloads) -> None:
    downloads.server.serve("/b.wav", noise(2))
    downloads.server.misbehave("/b.wav", Break(100_000), always=True)
    with pytest.raises(ServiceUnavailable):
        downloads.fetch("/b.wav", downloads.provider(tries=1))

    assert downloads.fetch().read_bytes() == AUDIO
    assert downloads.ranges() == [""]


@pytest.mark.parametrize("state", ["", "{", "[]", '{"surprise": 1}', "null", '{"link": "x"}'])
def test_a_damaged_state_starts_over(downloads: Downloads, state: str) -> None:
    downloads.folder.mkdir()
    (downloads.folder / "download.part").write_bytes(b"old" * 1000)
    (downloads.folder / "download.json").write_text(state)

    assert downloads.fetch().read_bytes() == AUDIO


def test_another_file_behind_the_link_starts_over(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Break(100_000), always=True)
    with pytest.raises(ServiceUnavailable):
        downloads.fetch(provider=downloads.provider(tries=1))
    other = noise(2)
    downloads.server.serve("/a.wav", other)
    downloads.server.misbehave("/a.wav")

    assert downloads.fetch().read_bytes() == other


def test_the_whole_file_in_answer_to_a_range_starts_over(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Break(100_000), WholeAnyway())

    assert downloads.fetch().read_bytes() == AUDIO


def test_a_wrong_range_is_refused_and_starts_over(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Break(100_000), WrongRange())

    assert downloads.fetch().read_bytes() == AUDIO
    assert downloads.ranges() == ["", "bytes=100000-", ""]


def test_a_body_without_length_is_taken_to_its_end(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", NoLength())

    assert downloads.fetch().read_bytes() == AUDIO


def test_a_body_that_stays_shorter_than_announced_is_never_whole(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", WrongLength(1000), always=True)

    with pytest.raises(ServiceUnavailable):
        downloads.fetch()
    assert not (downloads.folder / "download.wav").exists()
    assert len(downloads.server.requests()) == 5


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Status(404), "is not there"),
        (Status(410), "gone for good"),
        (Status(451), "legal"),
        (Status(403), "forbidden"),
        (Status(401), "sign-in"),
        (Status(418), "418"),
        (Redirect("/a.wav"), "redirect"),
    ],
)
def test_what_stays_refused_is_given_up_at_once(downloads: Downloads, behaviour: Behaviour, words: str) -> None:
    downloads.server.misbehave("/a.wav", behaviour, always=True)

    with pytest.raises(GiveUp, match=words):
        downloads.fetch()
    assert downloads.pauses_s == []


def test_an_endless_chain_of_redirects_is_left_after_five(downloads: Downloads) -> None:
    """B34"""
    downloads.server.misbehave("/a.wav", Redirect("/a.wav"), always=True)

    with pytest.raises(GiveUp):
        downloads.fetch()
    assert len(downloads.server.requests()) == 6


def test_a_redirect_on_the_same_server_is_followed(downloads: Downloads) -> None:
    downloads.server.misbehave("/old.wav", Redirect("/a.wav"), always=True)

    assert downloads.fetch("/old.wav").read_bytes() == AUDIO


def test_a_redirect_to_a_private_address_is_refused_without_a_connection(downloads: Downloads) -> None:
    """B34"""
    with AudioServer({"/secret.wav": AUDIO}) as other:
        downloads.server.misbehave("/a.wav", Redirect(other.url("/secret.wav")))

        with pytest.raises(GiveUp) as refused:
            downloads.fetch()
        assert refused.value.rule == "link_refused"
        assert other.requests() == []


@pytest.mark.parametrize(
    ("to", "rule"),
    [("file:///etc/passwd", "link_refused"), ("ftp://example.com/a", "link_refused"), ("http://[", "link_refused")],
)
def test_a_redirect_to_what_is_no_link_is_refused(downloads: Downloads, to: str, rule: str) -> None:
    """B34"""
    downloads.server.misbehave("/a.wav", Redirect(to))

    with pytest.raises(GiveUp) as refused:
        downloads.fetch()
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><html>" + b"x" * 2_000_000, "web page"),
        (b'{"error": "quota"}', "JSON"),
        (b"GIF89a\x01\x00\x01\x00", "picture"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\nseg1.ts\n", "playlist"),
        (b"ffconcat version 1.0\nfile a.mp3\n", "playlist"),
        (b"hello world", "text"),
        (b"", "empty"),
        (Random(3).randbytes(200) + b"\0", "no audio format"),
    ],
)
def test_what_is_not_audio_is_given_up_whatever_its_type_says(downloads: Downloads, body: bytes, words: str) -> None:
    downloads.server.misbehave("/a.wav", Disguise(body, "audio/mpeg"))

    with pytest.raises(GiveUp, match=words) as refused:
        downloads.fetch()
    assert refused.value.rule == "not_audio"
    assert len(downloads.server.requests()) == 1


def test_a_web_page_is_noticed_before_it_is_loaded_whole(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Disguise(b"<html>" + b"x" * 60_000_000, "audio/mpeg"))

    with pytest.raises(GiveUp):
        downloads.fetch()
    assert (downloads.folder / "download.part").stat().st_size < 1_000_000


def test_the_sign_in_page_of_a_network_is_no_verdict_on_the_track(downloads: Downloads) -> None:
    with AudioServer() as portal:
        portal.misbehave("/login", Disguise(b"<html>sign in", "text/html"))
        downloads.server.misbehave("/a.wav", Redirect(portal.url("/login").replace("127.0.0.1", "localhost")))
        port = portal.host_and_port.partition(":")[2]
        hosts = frozenset({downloads.server.host_and_port, f"localhost:{port}"})
        provider = DirectLink(lambda: egress_client(hosts, resolve=lambda _host, _port: ["127.0.0.1"]))

        with pytest.raises(TryAgainLater, match="sign in"):
            downloads.fetch(provider=provider)


@pytest.mark.parametrize("retry_after", ["7", formatdate(NOW_S + 7, usegmt=True)])
@pytest.mark.parametrize("code", [429, 503])
def test_a_short_wait_that_the_server_asks_for_is_kept(downloads: Downloads, code: int, retry_after: str) -> None:
    downloads.server.misbehave("/a.wav", Status(code, retry_after))

    assert downloads.fetch().read_bytes() == AUDIO
    assert downloads.pauses_s == [7.0]


@pytest.mark.parametrize(
    ("retry_after", "after_s"), [("61", 61.0), ("1000000000", 3600.0), (formatdate(NOW_S + 9999, usegmt=True), 3600.0)]
)
def test_a_long_wait_is_left_to_the_next_sync(downloads: Downloads, retry_after: str, after_s: float) -> None:
    downloads.server.misbehave("/a.wav", Status(429, retry_after), always=True)

    with pytest.raises(ServiceUnavailable) as limited:
        downloads.fetch()
    assert limited.value.after_s == after_s
    assert downloads.pauses_s == []
    assert len(downloads.server.requests()) == 1


@pytest.mark.parametrize("retry_after", [None, "-5", "soon", "", "9" * 5000, "1e9", "nan", formatdate(0, usegmt=True)])
def test_a_wait_that_says_nothing_is_a_random_pause(downloads: Downloads, retry_after: str | None) -> None:
    downloads.server.misbehave("/a.wav", Status(429, retry_after), Status(503, retry_after))

    assert downloads.fetch().read_bytes() == AUDIO
    assert downloads.pauses_s == [0.5, 1.0]


@pytest.mark.parametrize("behaviour", [Status(500), Status(502), Status(504), Break(0), Break(0, reset=True)])
def test_a_server_that_is_out_of_order_is_tried_five_times(downloads: Downloads, behaviour: Behaviour) -> None:
    downloads.server.misbehave("/a.wav", behaviour, always=True)

    with pytest.raises(ServiceUnavailable):
        downloads.fetch()
    assert len(downloads.server.requests()) == 5
    assert downloads.pauses_s == [0.5, 1.0, 2.0, 4.0]


def test_a_server_that_goes_silent_is_left_after_the_idle_time(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Trickle(70_000, 30), always=True)

    with pytest.raises(ServiceUnavailable, match="silent"):
        downloads.fetch(provider=downloads.provider(idle_s=0.1, tries=2))
    assert (downloads.folder / "download.part").stat().st_size >= 70_000


def test_a_trickle_is_left_when_the_whole_took_too_long(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Trickle(10, 0.01), always=True)

    with pytest.raises(ServiceUnavailable):
        downloads.fetch(provider=downloads.provider(whole_s=0.3, tries=1))


def test_the_deadline_counts_over_all_tries(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", Status(500), always=True)
    provider = downloads.provider()
    provider._sleep = lambda _: setattr(downloads, "seconds", downloads.seconds + 899.9)

    with pytest.raises(ServiceUnavailable):
        downloads.fetch(provider=provider)
    assert len(downloads.server.requests()) == 2


def test_a_server_that_is_not_there_is_unavailable(downloads: Downloads, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        provider = DirectLink(lambda: egress_client(frozenset({host})), sleep=downloads.pauses_s.append)

        with pytest.raises(ServiceUnavailable, match="reached"):
            provider.fetch(FoundTrack("list", "x", url=f"http://{host}/a.mp3"), tmp_path, lambda _: None)


@pytest.mark.parametrize("behaviour", [NoLength(), Trickle(50_000, 0)])
def test_a_file_over_the_limit_is_given_up(downloads: Downloads, behaviour: Behaviour) -> None:
    downloads.server.misbehave("/a.wav", behaviour)

    with pytest.raises(GiveUp) as refused:
        downloads.fetch(provider=downloads.provider(size_bytes=100_000))
    assert refused.value.rule == "too_large"


def test_a_staging_folder_that_cannot_be_written_is_the_machines_fault(downloads: Downloads) -> None:
    downloads.folder.write_text("a file where the folder should be")

    with pytest.raises(EnvironmentFault, match="staging"):
        downloads.fetch()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_disk_that_fills_up_is_the_machines_fault(downloads: Downloads) -> None:
    downloads.folder.mkdir()
    (downloads.folder / "download.part").symlink_to("/dev/full")

    with pytest.raises(EnvironmentFault, match="space"):
        downloads.fetch()


def test_a_file_larger_than_the_free_space_is_not_begun(downloads: Downloads) -> None:
    downloads.server.misbehave("/a.wav", WrongLength(10**17))

    with pytest.raises(EnvironmentFault, match="too little space"):
        downloads.fetch(provider=downloads.provider(size_bytes=10**18))


def test_two_lengths_that_differ_are_never_believed(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\nConnection: close\r\n\r\nRIFF12345"
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_twice, args=(server, answer))
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        provider = DirectLink(lambda: egress_client(frozenset({host})), LinkLimits(tries=2), sleep=lambda _: None)

        with pytest.raises(ServiceUnavailable):
            provider.fetch(FoundTrack("list", "x", url=f"http://{host}/a.wav"), tmp_path, lambda _: None)
        thread.join()


def _answer_twice(server: socket.socket, answer: bytes) -> None:
    for _ in range(2):
        peer, _address = server.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(answer)


def test_a_peek_looks_at_the_first_64_kib_and_keeps_nothing(downloads: Downloads) -> None:
    assert downloads.provider().peek(downloads.found()) is None
    assert downloads.ranges() == ["bytes=0-65535"]
    assert downloads.server.bytes_sent() == 65536
    assert not downloads.folder.exists()


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Status(404), GiveUp),
        (Disguise(b"<html>"), GiveUp),
        (Status(429, "999"), ServiceUnavailable),
    ],
)
def test_a_peek_refuses_as_a_fetch_would(downloads: Downloads, behaviour: Behaviour, error: type[Exception]) -> None:
    downloads.server.misbehave("/a.wav", behaviour)

    with pytest.raises(error):
        downloads.provider().peek(downloads.found())


def test_a_message_never_shows_the_signature_of_a_link(downloads: Downloads) -> None:
    """B50"""
    found = FoundTrack("list", "x", url=f"{downloads.server.url('/none.wav')}?token=canary-1")

    with pytest.raises(GiveUp) as refused:
        downloads.provider().fetch(found, downloads.folder, lambda _: None)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "offered"),
    [
        ("https://example.com/a.mp3", True),
        ("https://example.com/download?id=3", True),
        ("https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl", False),
        ("https://soundcloud.com/a/b", False),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", False),
        ("https://youtu.be/dQw4w9WgXcQ", False),
        ("https://music.apple.com/de/album/x/1", False),
        ("spotify:track:11dFghVXANMlKmJXsNCbNl", False),
        ("", False),
        ("ftp://example.com/a.mp3", False),
        ("http://user:word@example.com/a.mp3", True),  # offered, so that the refusal is told
    ],
)
def test_links_are_offered_by_what_is_known_of_them(url: str, offered: bool) -> None:
    assert DirectLink(httpx.Client).offers(FoundTrack("list", "x", url=url)) is offered
