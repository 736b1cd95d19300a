"""The dashboard's pages over the real server: what they show, what they refuse, and that hostile words stay words."""

import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.web.filled import HOSTILE, LINK, fill
from tests.web.serving import Served, form_token_in, served

from music_sync.adapters.lock_file import locked
from music_sync.adapters.progress_file import watched
from music_sync.adapters.sql.engine import open_engine
from music_sync.model.events import Event
from music_sync.model.happenings import Happening
from music_sync.web.shown import link

EVERY = ("/", "/library", "/reviews", "/buy-list", "/numbers", "/runs", "/tasks", "/settings", "/webhooks-log")


@dataclass(frozen=True)
class Filled:
    """A server whose home holds one of each."""

    server: Served
    recording_id: str
    home: Path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    home = tmp_path_factory.mktemp("filled")
    with served(home) as server:
        yield Filled(server, fill(home), home)


@pytest.fixture
def reader(filled: Filled) -> Iterator[httpx.Client]:
    with filled.server.signed_in() as client:
        yield client


def track_page(filled: Filled) -> str:
    return f"/track?track={filled.recording_id}"


@pytest.mark.parametrize("page", EVERY)
def test_every_page_is_shown_and_marked_in_the_navigation(reader: httpx.Client, page: str) -> None:
    answer = reader.get(page)

    assert answer.status_code == 200
    assert f'href="{page}" aria-current="page"' in answer.text


@pytest.mark.parametrize("page", [*EVERY, "/live", "/files/1/audio", "/act/sync", "/job/1", "/track?track=spotify:1"])
def test_b47_nobody_else_sees_any_of_it(filled: Filled, page: str) -> None:
    with filled.server.client() as stranger:
        assert stranger.get(page).status_code == 401


def test_an_empty_home_has_all_pages_too(tmp_path: Path) -> None:
    with served(tmp_path) as server, server.signed_in() as client:
        codes = {page: client.get(page).status_code for page in EVERY}

    assert set(codes.values()) == {200}


def test_b44_hostile_words_stay_words_on_every_page(filled: Filled, reader: httpx.Client) -> None:
    pages = [*EVERY, track_page(filled), "/track?track=spotify:2", "/library?ending=buy_list", "/library?ending=failed"]
    pages += [f"/act/retry?track=spotify:2&number={quote('1')}", "/library?words=" + quote(HOSTILE[0])]
    texts = {page: reader.get(page).text for page in pages}

    for page, text in texts.items():
        assert not re.search(r"<script>|<svg/|<img src=x|onerror=(?!alert\(1\)&gt;)", text), page
        assert "javascript:" not in re.sub(r">[^<]*<", "><", text), page
        assert "49" not in re.findall(r"<td class=\"faint\">(\d+)</td>", text), page
    assert "{{7*7}}" in texts["/library"]
    assert "&lt;script&gt;" in texts[track_page(filled)]


def test_no_page_has_script_or_style_of_its_own(filled: Filled, reader: httpx.Client) -> None:
    for page in (*EVERY, track_page(filled)):
        answer = reader.get(page)

        assert re.findall(r"<script(?! src=\"/static/live.js\" defer></script>)", answer.text) == []
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", answer.text)
        assert "'unsafe-inline'" not in answer.headers["content-security-policy"]


# Finding


def test_the_library_finds_by_words_key_and_tempo(filled: Filled, reader: httpx.Client) -> None:
    link = f'href="/track?track={filled.recording_id}"'

    assert link in reader.get("/library?words=script+onload").text
    assert link in reader.get("/library?key=9A&neighbours=1&from=127,5&to=129&order=tempo").text
    assert link not in reader.get("/library?key=9A").text
    assert link not in reader.get("/library?words=nothing").text
    assert "Out of Reach" in reader.get("/library?ending=buy_list&words=reach").text


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=W10",
        "after=%00",
        "key=99Z",
        "order=drop",
        "ending=all",
        "playlist=x",
        "from=abc",
        "to=1e9",
        "words=" + "x" * 201,
        "source=" + "x" * 41,
    ],
)
def test_b49_what_no_form_sends_is_refused(reader: httpx.Client, query: str) -> None:
    assert reader.get(f"/library?{query}").status_code == 400


@pytest.mark.parametrize("words", ["%25", "_", "'", '"', "\\", "*", "NEAR(", "a OR 1=1", "' OR ''='", "(", "-", ":"])
def test_b49_signs_of_a_query_language_are_signs(reader: httpx.Client, words: str) -> None:
    assert reader.get("/library", params={"words": words}).status_code == 200
    assert reader.get("/library", params={"words": words, "ending": "failed"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
def test_b49_no_file_outside_the_static_ones_is_served(reader: httpx.Client, path: str) -> None:
    assert reader.get(path).status_code == 404


@pytest.mark.parametrize("track", ["spotify:nobody", "f" * 32, "x", ":", "../../etc/passwd", "a" * 3000])
def test_a_track_that_nobody_knows_is_not_found(reader: httpx.Client, track: str) -> None:
    assert reader.get("/track", params={"track": track}).status_code == 404


def test_a_track_tells_its_story_with_scores_files_and_changes(filled: Filled, reader: httpx.Client) -> None:
    text = reader.get(track_page(filled)).text

    assert "42%" in text
    assert "8A" in text
    assert "sound.aiff" in text
    assert "What was changed" in text
    assert f'href="/act/undo?track={filled.recording_id}&amp;number=1"' in text


def test_what_could_not_be_had_offers_stores_and_another_try(reader: httpx.Client) -> None:
    text = reader.get("/buy-list").text

    assert "https://bandcamp.com/search?item_type=t&amp;q=Moderat%20Out%20of%20Reach" in text
    assert 'href="/act/retry?track=spotify%3A2"' in text


# Sound


def number_of(filled: Filled, client: httpx.Client, ending: str) -> str:
    row = re.search(rf"sound\.{ending}</th>.*?/files/(\d+)/download", client.get(track_page(filled)).text, re.DOTALL)
    assert row
    return row[1]


def test_a_file_is_played_in_the_parts_that_a_browser_asks_for(filled: Filled, reader: httpx.Client) -> None:
    whole = reader.get(f"/files/{number_of(filled, reader, 'mp3')}/audio")
    part = reader.get(f"/files/{number_of(filled, reader, 'mp3')}/audio", headers={"Range": "bytes=10-19"})

    assert whole.headers["content-type"] == "audio/mpeg"
    assert part.status_code == 206
    assert part.content == whole.content[10:20]


def test_aiff_is_turned_into_what_browsers_play_and_downloaded_as_it_is(filled: Filled, reader: httpx.Client) -> None:
    number = number_of(filled, reader, "aiff")
    played = reader.get(f"/files/{number}/audio")
    loaded = reader.get(f"/files/{number}/download")

    assert played.content[:4] == b"fLaC"
    assert played.headers["content-type"] == "audio/flac"
    assert loaded.content == (filled.home / "library" / "sound.aiff").read_bytes()
    assert 'filename="sound.aiff"' in loaded.headers["content-disposition"]


def test_the_waveform_is_a_picture_without_script_or_style(filled: Filled, reader: httpx.Client) -> None:
    answer = reader.get(f"/files/{number_of(filled, reader, 'aiff')}/waveform.svg")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg ")
    assert "style" not in answer.text


@pytest.mark.parametrize("number", ["0", "-1", "999", "99999999999999999999", "..%2f..%2fetc%2fpasswd"])
def test_a_file_that_the_catalogue_does_not_number_is_not_served(reader: httpx.Client, number: str) -> None:
    assert reader.get(f"/files/{number}/audio").status_code in {400, 404}


def test_a_path_in_the_catalogue_that_leaves_the_library_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "secret.mp3").write_bytes(b"not for you")
    with served(tmp_path) as server, server.signed_in() as client:
        fill(tmp_path)
        engine = open_engine(tmp_path / "var" / "state.db")
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE files SET path = '../secret.mp3', path_key = 'x' WHERE file_id = 2")
        engine.dispose()
        answer = client.get("/files/2/download")

    assert answer.status_code in {404, 409}
    assert b"not for you" not in answer.content


# Changing


@pytest.mark.parametrize("path", ["/act/sync", "/act/retry", "/webhooks-log/1"])
def test_b45_a_change_needs_a_form_of_ours(reader: httpx.Client, path: str) -> None:
    fields = {"track": "spotify:2", "number": "1"}

    assert reader.post(path, data=fields).status_code == 403
    assert reader.post(path, data={**fields, "form_token": "0" * 64}).status_code == 403


def test_b45_looking_at_what_would_happen_changes_nothing(filled: Filled, reader: httpx.Client) -> None:
    before = (filled.home / "var" / "state.db").stat().st_mtime_ns
    page = reader.get(f"/act/undo?track={filled.recording_id}&number=1")

    assert page.status_code == 200
    assert "files are moved aside and never deleted" in page.text
    assert (filled.home / "var" / "state.db").stat().st_mtime_ns == before


@pytest.mark.parametrize("path", ["/act/undo?track=spotify:2", "/act/retry", "/act/undo?track=spotify:2&number=x"])
def test_an_act_that_lacks_what_it_is_about_is_refused(reader: httpx.Client, path: str) -> None:
    assert reader.get(path).status_code == 400


def test_an_unknown_act_is_not_found(reader: httpx.Client) -> None:
    assert reader.get("/act/delete?track=spotify:2").status_code == 404


# What goes on


def test_a_run_of_another_process_is_seen_live(filled: Filled, reader: httpx.Client) -> None:
    settings = filled.server.site.settings
    seen, is_over = list[dict[str, object]](), threading.Event()

    def run() -> None:
        with (
            locked(settings.lock_file, "music-sync sync"),
            watched(settings.progress_file, "music-sync sync", lambda _: None) as tell,
        ):
            tell(Happening("", "", "", "counted", count=1))
            tell(Happening("1", HOSTILE[0], "analyse", "progress", 0.5))
            is_over.wait(10)
            tell(Happening("1", HOSTILE[0], "settle", "ended", 1.0, "synced"))

    at_work = threading.Thread(target=run)
    with reader.stream("GET", "/live", timeout=15) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        at_work.start()
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
                if seen[-1]["active"]:
                    is_over.set()
                if is_over.is_set() and not seen[-1]["running"]:
                    break
    at_work.join()

    during = next(each for each in seen if each["active"])
    assert (during["running"], during["what"], during["total"]) == (True, "music-sync sync", 1)
    assert seen[-1]["last"] == [{"label": HOSTILE[0], "ending": "synced", "word": "filed"}]


# The rest


def test_secrets_do_not_stand_on_the_settings_page(tmp_path: Path) -> None:
    (tmp_path / "music-sync.toml").write_text('spotify_client_secret = "obviously-fake-secret"\n')
    with served(tmp_path) as server, server.signed_in() as client:
        text = client.get("/settings").text

    assert "obviously-fake-secret" not in text
    assert "(hidden)" in text
    assert "music-sync.toml" in text


def test_dead_letters_are_shown_with_their_reason(tmp_path: Path) -> None:
    folder = tmp_path / "01_inbox" / "Dead-Letters"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text("{}")
    (folder / "one.json.reason.txt").write_text("nobody is known as Bob\n")
    os.utime(folder / "one.json", (1, 1))
    with served(tmp_path) as server, server.signed_in() as client:
        assert "nobody is known as Bob" in client.get("/tasks").text
        assert "1 hand-offs could not be delivered" in client.get("/").text


def test_an_event_is_replayed_by_a_form_and_not_by_looking(tmp_path: Path) -> None:
    with served(tmp_path) as server, server.signed_in() as client:
        event = Event("music-sync", "e1", "sync.requested", "sync", "{}", b'{"type": "<script>"}', "digest")
        server.site.inbox.keep([event])
        server.site.dispatcher.arrived()
        assert server.syncs.ran.get(timeout=10) == ()
        page = ended(client, "/webhooks-log/1")
        token = form_token_in(page)

        assert "&lt;script&gt;" in page.text
        assert server.syncs.ran.empty()
        assert client.post("/webhooks-log/1", data={"form_token": token}).status_code == 303
        assert server.syncs.ran.get(timeout=10) == ()
        assert ended(client, "/webhooks-log/1").status_code == 200
        assert client.post("/webhooks-log/999", data={"form_token": token}).status_code == 409
        assert client.get("/webhooks-log/999").status_code == 404


def ended(client: httpx.Client, page: str) -> httpx.Response:
    """The page of an event when its work has ended, which is written down a moment after."""
    due = threading.Event()
    for _ in range(500):
        answer = client.get(page)
        if ">Replay<" in answer.text:
            break
        due.wait(0.01)
    return answer


def test_a_link_is_one_only_when_it_leads_into_the_web() -> None:
    assert link("https://example.org/1") == "https://example.org/1"
    assert [link(each) for each in (LINK, "data:text/html,x", "//example.org", "file:///etc/passwd", "")] == [""] * 5
