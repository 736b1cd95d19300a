"""The settings with where each came from, and the runs."""

from fastapi import Request
from starlette.responses import Response

from music_sync.settings import Settings, environment_of, load, shown
from music_sync.web import charts
from music_sync.web.pages import page, private_router
from music_sync.web.reading import dashboard_of
from music_sync.web.shown import RESULTS
from music_sync.web.site import site_of

routes = private_router()

MOST_RUNS = 60


@routes.get("/settings")
def settings(request: Request) -> Response:
    ours = site_of(request).settings
    origins = load(environment_of(ours)).origins
    rows = [
        (name, shown(name, getattr(ours, name)), origins[name], field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return page(request, "settings.html", {"rows": rows})


@routes.get("/runs")
def runs(request: Request) -> Response:
    latest = dashboard_of(request).runs.latest(MOST_RUNS)
    tones = {result: tone for result, (tone, _word) in RESULTS.items()}
    charted = {"durations": charts.durations(latest, tones), "queues": charts.queues(latest)}
    return page(request, "runs.html", {"runs": latest, **charted})
