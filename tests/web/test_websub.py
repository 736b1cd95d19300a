"""Subscriptions at YouTube's hub, from the question to the feed: a hub on loopback and the real server."""

import logging
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from tests import plain_http
from tests.web.hub import PUBLIC, Asked, Hub, deleted_feed, signed, video_feed
from tests.web.serving import Served, served

from music_sync.adapters.hook_file import HookFile, Lease
from music_sync.demo.loopback import RateLimited, Refuse
from music_sync.web.webhooks_keys import LONGEST_LEASE_S

CHANNEL, OTHER = "UCfakefakefakefakefakefa", "UCotherotherotherotherot"
TOPIC, OTHER_TOPIC = (f"https://www.youtube.com/feeds/videos.xml?channel_id={name}" for name in (CHANNEL, OTHER))
DAY = 86400
FEED = video_feed("vid-1", "Cloud Counter", "2026-11-23T04:00:10+00:00")


class Clock:
    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def pass_by(self, seconds: float) -> None:
        self._ahead += seconds


Start = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Iterator[Hub]:
    with Hub(clock) as running:
        yield running


@pytest.fixture
def start(hub: Hub, clock: Clock, tmp_path: Path) -> Start:
    """The real server, which asks the hub by itself as soon as it runs."""

    @contextmanager
    def started(channel: str = CHANNEL, **changed: str) -> Iterator[Served]:
        variables = {
            "MUSIC_SYNC_PUBLIC_URL": PUBLIC,
            "MUSIC_SYNC_YOUTUBE_CHANNELS": channel,
            "MUSIC_SYNC_YOUTUBE_HUB_URL": f"{hub.url}/subscribe",
            "MUSIC_SYNC_LINK_HOSTS": hub.url.removeprefix("http://"),
            **changed,
        }
        with served(tmp_path, clock, **variables) as server:
            hub.open_tunnel(server.url)
            yield server

    return started


@pytest.fixture
def server(start: Start) -> Iterator[Served]:
    with start() as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> HookFile:
    return HookFile(tmp_path / "var" / "webhooks.json")


def next_asked(hub: Hub) -> Asked:
    return hub.asked.get(timeout=10)


def is_asked(hub: Hub, server: Served) -> bool:
    """Does a look of the server, now, make it ask the hub?"""
    server.site.leases.look()
    try:
        hub.asked.get_nowait()
    except queue.Empty:
        return False
    return True


# Subscribing


def test_a_subscription_is_asked_for_answered_and_written_down(
    hub: Hub, server: Served, file: HookFile, clock: Clock
) -> None:
    asked = next_asked(hub)
    before = file.read().leases[TOPIC]
    is_meant = hub.ask_back(asked)
    lease = file.read().leases[TOPIC]

    assert (asked.mode, asked.topic, asked.lease_s) == ("subscribe", TOPIC, 5 * DAY)
    assert asked.callback.startswith(f"{PUBLIC}/webhooks/youtube?token=")
    assert len(asked.secret) == 40
    assert (before.given_at, before.until) == (0.0, 0.0)
    assert is_meant
    assert lease.until == pytest.approx(clock() + 5 * DAY, abs=30)


@pytest.mark.parametrize(
    ("given_s", "kept_s"), [(3600, 3600), (828_000, 828_000), (10**9 - 1, LONGEST_LEASE_S), (0, 5 * DAY)]
)
def test_what_the_hub_gives_counts_and_not_what_was_asked_for(
    hub: Hub, server: Served, file: HookFile, clock: Clock, given_s: int, kept_s: float
) -> None:
    hub.ask_back(next_asked(hub), lease_s=given_s)

    assert file.read().leases[TOPIC].until == pytest.approx(clock() + kept_s, abs=30)


def test_a_hub_that_asks_late_and_twice_is_answered_each_time(
    hub: Hub, server: Served, file: HookFile, clock: Clock
) -> None:
    asked = next_asked(hub)
    clock.pass_by(DAY / 2)

    assert [hub.ask_back(asked), hub.ask_back(asked)] == [True, True]
    assert file.read().leases[TOPIC].until == pytest.approx(clock() + 5 * DAY, abs=30)


@pytest.mark.parametrize(
    "changed",
    [
        {"topic": OTHER_TOPIC},
        {"hub_topic": ""},
        {"hub_mode": "unsubscribe"},
        {"hub_mode": "publish"},
        {"hub_challenge": ""},
    ],
)
def test_what_was_not_asked_for_is_not_confirmed(
    hub: Hub, server: Served, file: HookFile, changed: dict[str, str]
) -> None:
    assert not hub.ask_back(next_asked(hub), **changed)  # type: ignore[arg-type]
    assert list(file.read().leases) == [TOPIC]
    assert file.read().leases[TOPIC].until == 0


@pytest.mark.parametrize("query", ["", "&token=", "&token=" + "0" * 32])
@pytest.mark.parametrize("mode", ["subscribe", "denied"])
def test_a_stranger_can_neither_lengthen_nor_end_a_lease(
    hub: Hub, server: Served, file: HookFile, query: str, mode: str
) -> None:
    hub.ask_back(next_asked(hub))
    before = file.read().leases[TOPIC]
    said = f"hub.mode={mode}&hub.topic={TOPIC}&hub.challenge=c&hub.lease_seconds=2000000"
    answer = plain_http.get(f"{server.url}/webhooks/youtube?{said}{query}")

    assert answer.status_code == 404
    assert file.read().leases[TOPIC] == before


def test_the_hub_may_ask_back_before_its_yes_is_read(hub: Hub, server: Served, clock: Clock) -> None:
    """As some do: the question comes while our request still waits for its answer."""
    answers: queue.Queue[bool] = queue.Queue()
    next_asked(hub)
    clock.pass_by(3700)
    hub.after_each = lambda _count: answers.put(hub.ask_back(next_asked(hub)))
    server.site.leases.look()

    assert answers.get_nowait()
    assert not is_asked(hub, server)


def test_a_hub_that_denies_is_told_of_and_asked_again(
    hub: Hub, server: Served, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    asked = next_asked(hub)
    hub.ask_back(asked)
    clock.pass_by(2 * 3600)
    with caplog.at_level(logging.WARNING, "music_sync"):
        answer = hub.deny(asked, "this channel\nis gone")

    assert answer.status_code == 200
    assert f"the hub denies {TOPIC}: this channel?is gone" in caplog.text
    assert is_asked(hub, server)
    clock.pass_by(600)
    hub.deny(asked, "still gone")
    assert is_asked(hub, server)


# Feeds


def test_a_feed_of_a_subscription_is_stored_and_starts_a_sync(hub: Hub, server: Served) -> None:
    hub.ask_back(next_asked(hub))
    answers = hub.deliver(TOPIC, FEED)
    (event,) = server.site.inbox.events()

    assert [answer.status_code for answer in answers] == [202]
    assert (event.hook, event.type, event.subject) == ("youtube", "youtube.feed", "only:youtube")
    assert server.syncs.ran.get(timeout=10) == ("--only", "youtube")


def test_doubled_and_disordered_feeds_are_stored_once_each(hub: Hub, server: Served) -> None:
    hub.ask_back(next_asked(hub))
    renamed = video_feed("vid-1", "Cloud Counter (Live)", "2026-11-23T05:00:00+00:00")
    deleted = deleted_feed("vid-1", "2026-11-23T06:00:00+00:00")
    answers = [answer for feed in (deleted, FEED, renamed, FEED, deleted) for answer in hub.deliver(TOPIC, feed)]
    events = server.site.inbox.events()

    assert [answer.status_code for answer in answers] == [202] * 5
    assert [server.site.inbox.body(event.number) for event in events] == [deleted, FEED, renamed]
    assert {event.type for event in events} == {"youtube.feed"}


@pytest.mark.parametrize(
    "signature", ["", "sha1=" + "0" * 40, signed("a stranger's secret", FEED), "sha1", "md5=" + "0" * 32]
)
def test_a_feed_with_another_signature_is_thanked_for_and_not_acted_upon(
    hub: Hub, server: Served, signature: str
) -> None:
    hub.ask_back(next_asked(hub))
    answers = hub.deliver(TOPIC, FEED, signature)

    assert [answer.status_code for answer in answers] == [202]
    assert not server.site.inbox.events()
    assert [key for key in server.site.hooks.counts if key[1] == 202] == [("youtube", 202, "dropped")]
    assert server.site.hooks.counts["youtube", 202, "dropped"] == 1


def test_a_feed_that_was_changed_on_its_way_is_not_acted_upon(hub: Hub, server: Served) -> None:
    asked = next_asked(hub)
    hub.ask_back(asked)
    hub.deliver(TOPIC, FEED.replace(b"Cloud", b"Crowd"), signed(asked.secret, FEED))

    assert not server.site.inbox.events()


# Renewing


@pytest.mark.parametrize(("lease_s", "lasts_s"), [(5 * DAY, 4 * DAY), (DAY, DAY / 2), (600, 300)])
def test_a_lease_is_renewed_in_time_and_not_before(
    hub: Hub, server: Served, file: HookFile, clock: Clock, lease_s: int, lasts_s: float
) -> None:
    first = next_asked(hub)
    hub.ask_back(first, lease_s=lease_s)
    clock.pass_by(lasts_s - 60)
    is_early = is_asked(hub, server)
    clock.pass_by(120)
    server.site.leases.look()
    second = next_asked(hub)
    hub.ask_back(second)

    assert not is_early
    assert second == first
    assert file.read().leases[TOPIC].until == pytest.approx(clock() + 5 * DAY, abs=30)
    assert [answer.status_code for answer in hub.deliver(TOPIC, FEED)] == [202]
    assert len(server.site.inbox.events()) == 1


def test_while_a_renewal_waits_the_old_lease_still_counts(
    hub: Hub, server: Served, file: HookFile, clock: Clock
) -> None:
    hub.ask_back(next_asked(hub))
    clock.pass_by(4.5 * DAY)
    server.site.leases.look()

    assert file.read().leases[TOPIC].until == pytest.approx(clock() + DAY / 2, abs=30)
    assert hub.deliver(TOPIC, FEED)
    assert len(server.site.inbox.events()) == 1


def test_a_hub_that_never_asks_back_is_asked_again_after_an_hour(hub: Hub, server: Served, clock: Clock) -> None:
    next_asked(hub)
    found = []
    for minutes in (1, 58, 2, 59, 2):
        clock.pass_by(minutes * 60)
        found.append(is_asked(hub, server))

    assert found == [False, False, True, False, True]


def test_a_hub_that_is_away_is_asked_again_ever_later(
    hub: Hub, start: Start, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    hub.misbehave("POST /subscribe", *[Refuse(503)] * 4)
    with caplog.at_level(logging.WARNING, "music_sync"), start() as server:
        server.site.leases.look()
        calls = []
        for minutes in (0.5, 0.6, 1.5, 0.6, 3.5, 0.6, 7.9, 0.2):
            clock.pass_by(minutes * 60)
            server.site.leases.look()
            calls.append(len(hub.calls("POST /subscribe")))
        is_meant = hub.ask_back(next_asked(hub))

    assert calls == [1, 2, 2, 3, 3, 4, 4, 5]
    assert is_meant
    assert "/subscribe refused to subscribe (503); it is asked again later" in caplog.text


def test_a_hub_that_cannot_be_reached_is_told_of_in_one_sentence(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unheard.getsockname()[1]}"
        away = {"MUSIC_SYNC_YOUTUBE_HUB_URL": f"http://{host}/", "MUSIC_SYNC_LINK_HOSTS": host}
        with caplog.at_level(logging.WARNING, "music_sync"), start(**away) as server:
            server.site.leases.look()

    assert f"the hub http://{host}/ cannot be reached (ConnectError); it is asked again later" in caplog.text


@pytest.mark.parametrize(("said", "rests_s"), [("600", 600), ("864000", 3600), ("soon", 60), (None, 60)])
def test_a_hub_that_says_when_to_come_again_is_obeyed(
    hub: Hub, start: Start, clock: Clock, said: str | None, rests_s: float
) -> None:
    hub.misbehave("POST /subscribe", RateLimited(said))
    with start() as server:
        server.site.leases.look()
        clock.pass_by(rests_s - 10)
        is_early = is_asked(hub, server)
        clock.pass_by(20)

        assert not is_early
        assert is_asked(hub, server)


def test_a_clock_that_is_set_back_loses_no_subscription(hub: Hub, server: Served, clock: Clock) -> None:
    hub.ask_back(next_asked(hub))
    clock.pass_by(-365 * DAY)

    assert is_asked(hub, server)


# What changes


def test_a_second_start_keeps_the_lease_and_asks_nothing(hub: Hub, start: Start, file: HookFile) -> None:
    with start():
        hub.ask_back(next_asked(hub))
    lease = file.read().leases
    with start() as server:
        is_asked_anew = is_asked(hub, server)
        answers = hub.deliver(TOPIC, FEED)

    assert not is_asked_anew
    assert file.read().leases == lease
    assert [answer.status_code for answer in answers] == [202]


def test_a_topic_that_is_no_longer_set_is_dropped_and_ended_at_the_hub(hub: Hub, start: Start, file: HookFile) -> None:
    with start():
        first = next_asked(hub)
        hub.ask_back(first)
    with start(OTHER):
        asked = {each.mode: each for each in (next_asked(hub), next_asked(hub))}
        is_ended = hub.ask_back(asked["unsubscribe"])
        is_begun = hub.ask_back(asked["subscribe"])

    assert (asked["unsubscribe"].topic, asked["unsubscribe"].callback) == (TOPIC, first.callback)
    assert (asked["subscribe"].topic, is_ended, is_begun) == (OTHER_TOPIC, True, True)
    assert [topic for topic, _callback in hub.subscriptions] == [OTHER_TOPIC]
    assert list(file.read().leases) == [OTHER_TOPIC]


def test_without_any_topic_what_is_left_is_ended_too(hub: Hub, start: Start, file: HookFile) -> None:
    with start():
        hub.ask_back(next_asked(hub))
    with start(""):
        is_ended = hub.ask_back(next_asked(hub))

    assert is_ended
    assert not hub.subscriptions
    assert not file.read().leases


def test_a_hub_that_does_not_end_a_subscription_delays_nothing(
    hub: Hub, start: Start, file: HookFile, caplog: pytest.LogCaptureFixture
) -> None:
    with start():
        hub.ask_back(next_asked(hub))
    hub.misbehave("POST /subscribe", Refuse(503))
    with caplog.at_level(logging.WARNING, "music_sync"), start(OTHER):
        asked = next_asked(hub)

    assert asked.topic == OTHER_TOPIC
    assert "refused to unsubscribe (503); that subscription ends by itself" in caplog.text
    assert list(file.read().leases) == [OTHER_TOPIC]


def test_another_public_address_is_told_to_the_hub_at_once(hub: Hub, start: Start, file: HookFile) -> None:
    file.put("youtube", "an obviously fake hub secret", signed=True)
    file.ask_lease(TOPIC, "https://old.example.org/webhooks/youtube?token=x")
    file.give_lease(TOPIC, 5 * DAY)
    with start():
        asked = next_asked(hub)

        assert asked.callback.startswith(f"{PUBLIC}/")
        assert hub.ask_back(asked)


def test_a_new_secret_is_told_to_the_hub_and_the_old_one_counts_no_more(
    hub: Hub, server: Served, file: HookFile, clock: Clock
) -> None:
    first = next_asked(hub)
    hub.ask_back(first)
    file.remove("youtube")
    clock.pass_by(3700)
    server.site.leases.look()
    second = next_asked(hub)

    assert second.secret != first.secret
    assert [hub.ask_back(first), hub.ask_back(second)] == [False, True]
    hub.deliver(TOPIC, FEED, signed(first.secret, FEED))
    assert not server.site.inbox.events()
    hub.deliver(TOPIC, FEED, signed(second.secret, FEED))
    assert len(server.site.inbox.events()) == 1


# What breaks


def test_a_damaged_file_is_told_refuses_all_and_ends_no_thread(
    hub: Hub, server: Served, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    asked = next_asked(hub)
    path = tmp_path / "var" / "webhooks.json"
    good = path.read_bytes()
    path.write_bytes(good[:-20])
    with caplog.at_level(logging.WARNING, "music_sync"):
        server.site.leases.look()
        answer = plain_http.post(f"{server.url}/webhooks/in/button", json={})
        is_meant = hub.ask_back(asked)
    path.write_bytes(good)

    assert (answer.status_code, answer.headers["retry-after"], is_meant) == (503, "60", False)
    assert f"webhook youtube: {path} is damaged" in caplog.text
    assert hub.ask_back(asked)


@pytest.mark.parametrize("url", ["http://[", "ftp://hub.example.org/", "http://127.0.0.1:1/"])
def test_an_address_that_is_no_hub_is_told_and_ends_no_thread(
    start: Start, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    with caplog.at_level(logging.WARNING, "music_sync"), start(MUSIC_SYNC_YOUTUBE_HUB_URL=url) as server:
        server.site.leases.look()
        server.site.leases.join(0.05)

        assert server.site.leases.is_alive()
    assert "webhook youtube: " in caplog.text


def test_a_person_who_adds_a_sender_meanwhile_loses_no_lease(tmp_path: Path) -> None:
    """The server and a command are two processes with one file."""
    path = tmp_path / "webhooks.json"
    first, second = HookFile(path), HookFile(path)

    def lease() -> None:
        for number in range(25):
            first.ask_lease(f"topic-{number}", "")

    thread = threading.Thread(target=lease)
    thread.start()
    for number in range(25):
        second.add(f"hook-{number}", signed=False)
    thread.join()

    assert HookFile(path).read().leases == {f"topic-{number}": Lease() for number in range(25)}
    assert len(HookFile(path).read().keys) == 25


# The hub's own manners


GOOD = {
    "hub.mode": "subscribe",
    "hub.topic": TOPIC,
    "hub.callback": f"{PUBLIC}/webhooks/youtube",
    "hub.verify": "async",
    "hub.secret": "s",
    "hub.lease_seconds": "60",
}


@pytest.mark.parametrize(
    "changed",
    [
        *({name: ""} for name in ("hub.mode", "hub.topic", "hub.callback", "hub.verify")),
        {"hub.mode": "publish"},
        {"hub.callback": "music.example.org"},
        {"hub.callback": f"{PUBLIC}/#x"},
        {"hub.lease_seconds": "-1"},
        {"hub.lease_seconds": "0"},
        {"hub.secret": "s" * 200},
    ],
)
def test_the_hub_refuses_what_the_real_one_refuses(hub: Hub, changed: dict[str, str]) -> None:
    assert plain_http.post(f"{hub.url}/subscribe", data=GOOD | changed).status_code == 400
    assert plain_http.post(f"{hub.url}/subscribe", json=GOOD).status_code == 400
    assert plain_http.post(f"{hub.url}/subscribe", data=GOOD).status_code == 202
    assert hub.asked.qsize() == 1


def test_what_the_hub_refuses_is_told_in_its_own_words(
    hub: Hub, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "music_sync"), start(MUSIC_SYNC_PUBLIC_URL="music.example.org") as server:
        server.site.leases.look()

    assert "refused to subscribe (400: Invalid parameter: hub.callback; must be valid URI" in caplog.text
