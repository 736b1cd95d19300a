"""What every page and route may need, made once by the command that serves."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from music_sync.settings import Settings
from music_sync.web.security_sign_in import SignIn


@dataclass(frozen=True)
class Site:
    """All that the routes are given; a page reads it with `site_of(request)`."""

    settings: Settings
    sign_in: SignIn


def site_of(request: Request) -> Site:
    return cast("Site", request.app.state.site)
