"""What the dashboard's pages read from: the open catalogue, and what was asked for from a page."""

from fastapi import Request

from music_sync.web.site import site_of
from music_sync.web.work import Work
from music_sync.wiring.dashboard import Dashboard


def dashboard_of(request: Request) -> Dashboard:
    return site_of(request).dashboard


def work_of(request: Request) -> Work:
    return site_of(request).work
