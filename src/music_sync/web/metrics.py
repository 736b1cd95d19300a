"""Numbers for Prometheus: runs, tracks, stages, queue, budgets and events, read anew each time they are asked for.

They name no track and no account. Programs on this machine may read them as they are, others need the token.
"""

import hmac
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import PlainTextResponse, Response

from music_sync.adapters import budget_file, last_run_file
from music_sync.adapters.sql.catalogue import STAGE_TIMES
from music_sync.adapters.sql.tables import attempts, events, facts, outbox, runs
from music_sync.settings import Settings
from music_sync.web.reading import dashboard_of
from music_sync.web.security import LOOPBACK_NAMES
from music_sync.web.site import site_of

routes = APIRouter(include_in_schema=False)

Metric = CounterMetricFamily | GaugeMetricFamily | SummaryMetricFamily


@routes.get("/metrics")
def metrics(request: Request) -> Response:
    site = site_of(request)
    if not _may_read(request, site.settings):
        return PlainTextResponse("metrics are for this machine, or need the token of MUSIC_SYNC_METRICS_TOKEN\n", 401)
    registry = CollectorRegistry()
    registry.register(_Numbers(site.settings, dashboard_of(request).engine, dict(site.hooks.counts)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request, settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and given and hmac.compare_digest(given.encode(), token.encode()):
        return True
    return not token and request.state.address in LOOPBACK_NAMES


class _Numbers(Collector):
    def __init__(self, settings: Settings, engine: sa.Engine, answered: Mapping[tuple[str, int, str], int]) -> None:
        self._settings = settings
        self._engine = engine
        self._answered = answered

    def collect(self) -> Iterator[Metric]:
        with self._engine.connect() as connection:
            yield from _of_runs(connection)
            yield from _of_tracks(connection)
            yield from _of_stages(connection)
            yield from _of_events(connection, self._answered)
        yield from _of_budgets(self._settings)
        yield from _of_clock(self._settings)


def _of_runs(connection: sa.Connection) -> Iterator[Metric]:
    counted = CounterMetricFamily("music_sync_runs", "Syncs that ended, by result", labels=["result"])
    for result, count in connection.execute(sa.select(runs.c.result, sa.func.count()).group_by(runs.c.result)):
        counted.add_metric([result], count)
    yield counted


def _of_tracks(connection: sa.Connection) -> Iterator[Metric]:
    by_ending = sa.select(attempts.c.ending, sa.func.count()).group_by(attempts.c.ending)
    endings = dict(tuple(row) for row in connection.execute(by_ending))
    running = endings.pop("running", 0)
    tracks = CounterMetricFamily("music_sync_tracks", "Attempts at tracks, by how they ended", labels=["ending"])
    for ending, count in endings.items():
        tracks.add_metric([ending], count)
    yield tracks
    again = sa.select(sa.func.count()).select_from(attempts).where(attempts.c.attempt > 1)
    yield CounterMetricFamily("music_sync_retries", "Second and further attempts", value=connection.scalar(again) or 0)
    yield GaugeMetricFamily("music_sync_queue", "Tracks under way or broken off", value=running)
    unsent = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.sent_at == "")
    yield GaugeMetricFamily("music_sync_outbox", "What waits to be told outside", value=connection.scalar(unsent) or 0)


def _of_stages(connection: sa.Connection) -> Iterator[Metric]:
    text = connection.scalar(sa.select(facts.c.value).where(facts.c.name == STAGE_TIMES))
    times: Mapping[str, Any] = json.loads(text) if text else {}
    seconds = SummaryMetricFamily("music_sync_stage_seconds", "How long a stage of a track took", labels=["stage"])
    for stage, (count, total_s) in times.items():
        seconds.add_metric([stage.replace(" ", "_")], count, total_s)
    yield seconds


def _of_events(connection: sa.Connection, answered: Mapping[tuple[str, int, str], int]) -> Iterator[Metric]:
    stored = GaugeMetricFamily("music_sync_events", "Webhook events that are stored, by state", labels=["state"])
    for state, count in connection.execute(sa.select(events.c.state, sa.func.count()).group_by(events.c.state)):
        stored.add_metric([state], count)
    yield stored
    asked = CounterMetricFamily(
        "music_sync_webhook_answers",
        "Webhook requests since the server started, by how they ended",
        labels=["hook", "status"],
    )
    by_status: Counter[tuple[str, str]] = Counter()
    for (hook, status, _reason), count in answered.items():
        by_status[hook, str(status)] += count
    for labels, count in by_status.items():
        asked.add_metric(list(labels), count)
    yield asked


def _of_budgets(settings: Settings) -> Iterator[Metric]:
    left = GaugeMetricFamily("music_sync_budget_left", "Calls a service still allows today", labels=["service"])
    blocked = GaugeMetricFamily("music_sync_service_blocked", "1 while a service limits us", labels=["service"])
    for spent in budget_file.spent_in(settings.budgets):
        if spent.a_day is not None:
            left.add_metric([spent.service], max(0, spent.a_day - spent.used))
        blocked.add_metric([spent.service], 1 if spent.blocked_until else 0)
    yield left
    yield blocked


def _of_clock(settings: Settings) -> Iterator[Metric]:
    last = last_run_file.read(settings.last_run_file)
    if last.last_run is not None:
        age_s = max(0.0, time.time() - last.last_run)
        yield GaugeMetricFamily(
            "music_sync_last_success_age_seconds", "Since the last sync that went well", value=age_s
        )
    yield GaugeMetricFamily(
        "music_sync_failures_in_a_row", "Syncs that failed since one went well", value=last.consecutive_failures
    )
