"""Notices to a real endpoint on loopback, by way of Apprise."""

from collections.abc import Iterator, Sequence

import pytest

from music_sync.adapters.notices_apprise import ApprisePlace, addresses
from music_sync.adapters.ping import Ping
from music_sync.demo.loopback import Answer, Loopback, Refuse, Request, Route
from music_sync.model.errors import BadSetting, ServiceUnavailable


class Phone(Loopback):
    """Takes notices and pings."""

    def routes(self) -> Sequence[Route]:
        return [("POST", r"/.*", self._take)]

    def _take(self, _request: Request) -> Answer:
        return Answer(200, {})


@pytest.fixture
def phone() -> Iterator[Phone]:
    with Phone() as phone:
        yield phone


def address_of(phone: Phone) -> str:
    return phone.url.replace("http://", "json://") + "/secret-topic"


def test_a_notice_arrives_with_title_text_and_urgency(phone: Phone) -> None:
    ApprisePlace(address_of(phone)).send("Music Sync: 1 new track", "Ann - Waves <b>\\n 夜行", "success")

    (seen,) = phone.calls()
    request = Request(seen.method, seen.path, seen.query, seen.headers, seen.body)
    assert {name: request.json[name] for name in ("title", "message", "type")} == {
        "title": "Music Sync: 1 new track",
        "message": "Ann - Waves <b>\\n 夜行",
        "type": "success",
    }


def test_a_place_that_is_away_says_so_without_its_address(phone: Phone) -> None:
    phone.misbehave("POST", Refuse(503))

    with pytest.raises(ServiceUnavailable, match="json took no notice") as error:
        ApprisePlace(address_of(phone)).send("title", "text", "info")

    assert "secret-topic" not in str(error.value)


def test_an_address_that_apprise_does_not_know_is_a_wrong_setting() -> None:
    with pytest.raises(BadSetting, match="beginning with nosuch is none that Apprise knows"):
        ApprisePlace("nosuch://secret-topic").check()


def test_addresses_are_separated_by_white_space() -> None:
    assert addresses(" ntfy://a,b \n json://host ") == ["ntfy://a,b", "json://host"]


@pytest.mark.parametrize(("urgency", "path"), [("success", "/ping/x"), ("failure", "/ping/x/fail")])
def test_a_ping_says_how_the_sync_went(phone: Phone, urgency: str, path: str) -> None:
    Ping(f"{phone.url}/ping/x/").send("", "done", urgency)

    assert [(seen.path, seen.body) for seen in phone.calls()] == [(path, b"done")]


def test_a_ping_that_is_refused_is_tried_again(phone: Phone) -> None:
    phone.misbehave("POST", Refuse(500))

    with pytest.raises(ServiceUnavailable, match="tried again"):
        Ping(f"{phone.url}/ping/x").send("", "done", "success")
