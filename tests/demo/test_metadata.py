"""The four simulators refuse what the real services refuse."""

from pathlib import Path

import httpx
import pytest
from tests.enriching import WORK, Time, serving

from music_sync.demo.metadata import ACOUSTID_KEY, Allowance, mbid, picture

AGENT = {"User-Agent": "music-sync/0.1.0 ( tests )"}
ISRC = f"/ws/2/isrc/{WORK.isrc}"


def get(url: str, path: str, agent: dict[str, str] = AGENT, **query: str) -> httpx.Response:
    return httpx.get(f"{url}{path}", params=query, headers=agent, timeout=10)


def test_an_allowance_is_used_up_and_comes_back() -> None:
    time = Time()
    allowance = Allowance(2, 1, time)
    used = [allowance.take() for _ in range(3)]
    time.at += 1

    assert (used, allowance.take(), allowance.take()) == ([True, True, False], True, False)
    assert allowance.refused == 2


def test_musicbrainz_answers_a_second_call_within_a_second_with_503(tmp_path: Path) -> None:
    with serving(tmp_path, WORK) as services:
        first, second = (get(services.musicbrainz.url, ISRC, fmt="json") for _ in range(2))

        assert (first.status_code, second.status_code) == (200, 503)
        assert "allowable rate limit" in second.json()["error"]


@pytest.mark.parametrize(
    ("path", "query", "agent", "status"),
    [
        (ISRC, {"fmt": "json"}, {"User-Agent": "python-httpx"}, 403),
        (ISRC, {"fmt": "json", "inc": "labels"}, AGENT, 400),
        ("/ws/2/isrc/nonsense", {"fmt": "json"}, AGENT, 400),
        ("/ws/2/isrc/GBZZZ9900001", {"fmt": "json"}, AGENT, 404),
        ("/ws/2/recording/1234", {"fmt": "json"}, AGENT, 400),
        (f"/ws/2/recording/{mbid(99)}", {"fmt": "json"}, AGENT, 404),
    ],
)
def test_musicbrainz_refuses(
    tmp_path: Path, path: str, query: dict[str, str], agent: dict[str, str], status: int
) -> None:
    with serving(tmp_path, WORK) as services:
        reply = get(services.musicbrainz.url, path, agent, **query)

        assert reply.status_code == status
        assert reply.json()["error"]


def test_musicbrainz_answers_in_xml_unless_it_is_asked_for_json(tmp_path: Path) -> None:
    with serving(tmp_path, WORK) as services:
        assert get(services.musicbrainz.url, ISRC).text.startswith("<?xml")


def test_deezer_tells_every_error_with_status_200(tmp_path: Path) -> None:
    with serving(tmp_path, WORK) as services:
        url = services.deezer.url
        replies = [get(url, "/track/isrc:GBZZZ9900001"), get(url, "/album/99"), get(url, "/nothing")]
        services.deezer.allowance = Allowance(0, 0, services.time)
        replies.append(get(url, f"/track/isrc:{WORK.isrc}"))

        assert [reply.status_code for reply in replies] == [200] * 4
        assert [reply.json()["error"]["code"] for reply in replies] == [800, 800, 600, 4]


def test_acoustid_tells_its_errors_with_codes_of_its_own(tmp_path: Path) -> None:
    good = {"client": ACOUSTID_KEY, "duration": "200", "fingerprint": WORK.fingerprint}
    with serving(tmp_path, WORK) as services:
        changes = [{"client": "x"}, {"duration": "long"}, {"fingerprint": "zz"}, {}]
        replies = [httpx.post(f"{services.acoustid.url}/v2/lookup", data={**good, **each}) for each in changes]

        assert [reply.json().get("error", {}).get("code") for reply in replies] == [4, 8, 3, 14]
        assert [reply.status_code for reply in replies] == [400, 400, 400, 429]


def test_covers_lie_behind_a_redirect_and_only_where_there_are_some(tmp_path: Path) -> None:
    with serving(tmp_path, WORK) as services:
        found, none, odd = (
            get(services.coverart.url, f"/release/{each}/front-1200") for each in (mbid(11), mbid(12), "x")
        )

        assert (found.status_code, none.status_code, odd.status_code) == (307, 404, 400)
        assert httpx.get(found.headers["location"]).content == picture()
