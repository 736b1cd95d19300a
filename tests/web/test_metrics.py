"""Numbers for Prometheus over the real server, read back with its own parser."""

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.web.serving import Served, served

from music_sync.adapters.last_run_file import LastRun, write
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import open_engine
from music_sync.adapters.sql.runs import SqlRuns
from music_sync.model.browsing import Run
from music_sync.model.endings import Ending, Failed, OnBuyList
from music_sync.model.track import FoundTrack


def numbers(answer: httpx.Response) -> Mapping[tuple[str, ...], float]:
    """Name and labels of each sample -> its value."""
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def asked(server: Served, **headers: str) -> httpx.Response:
    return httpx.get(f"{server.url}/metrics", headers=headers, trust_env=False)


def test_what_a_home_went_through_is_counted(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        engine = open_engine(server.site.settings.state_db)
        catalogue, runs = SqlCatalogue(engine), SqlRuns(engine)
        endings: tuple[Ending, ...] = (OnBuyList("no way"), Failed("cut off", "analyse", "nobody"))
        for number, ending in enumerate(endings):
            catalogue.ended(FoundTrack("list", str(number)), 1, ending)
        catalogue.started(FoundTrack("list", "1"), 2)
        catalogue.took({"acquire": (2, 3.0), "match sound": (1, 0.5)})
        catalogue.took({"acquire": (1, 1.5)})
        runs.add(Run("2026-11-28T20:00:00Z", "2026-11-28T20:01:00Z", "partial", "", "", {"failed": 1}))
        write(server.site.settings.last_run_file, LastRun(1_700_000_000.0, 1_700_000_000.0, "done", 2, None))
        httpx.post(f"{server.url}/webhooks/music-sync", content=b"{}", trust_env=False)
        found = numbers(asked(server))
        engine.dispose()

    assert found["music_sync_runs_total", "partial"] == 1
    assert (found["music_sync_tracks_total", "buy_list"], found["music_sync_tracks_total", "failed"]) == (1, 1)
    assert (found["music_sync_queue",], found["music_sync_retries_total",]) == (1, 1)
    assert found["music_sync_stage_seconds_count", "acquire"] == 3
    assert found["music_sync_stage_seconds_sum", "acquire"] == 4.5
    assert found["music_sync_stage_seconds_sum", "match_sound"] == 0.5
    assert found["music_sync_last_success_age_seconds",] > 86400
    assert found["music_sync_failures_in_a_row",] == 2
    assert sum(value for (name, *_), value in found.items() if name == "music_sync_webhook_answers_total") == 1


@pytest.mark.parametrize(
    ("given", "status"), [("", 401), ("Bearer another-fake-token", 401), ("Bearer fake-token", 200)]
)
def test_with_a_token_only_who_has_it_may_read(tmp_path: Path, given: str, status: int) -> None:
    with served(tmp_path, MUSIC_SYNC_METRICS_TOKEN="fake-token") as server:
        assert asked(server, Authorization=given).status_code == status
