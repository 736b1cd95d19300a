"""For clients that make their calls with requests: a session whose every call keeps our rules."""

from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from music_sync.adapters.calls import Calls, Reply


def session_over(calls: Calls) -> requests.Session:
    """A session that goes through `calls`: its budget, sign-in, retries and errors; it has no retries of its own."""
    session = requests.Session()
    session.trust_env = False
    adapter = _Guarded(calls)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Guarded(HTTPAdapter):
    def __init__(self, calls: Calls) -> None:
        super().__init__(max_retries=0)
        self._calls = calls

    def send(self, request: requests.PreparedRequest, *_args: Any, **options: Any) -> requests.Response:
        # Redirects come here too.
        self._calls.check_host(request.url or "")
        answers: list[requests.Response] = []

        def send(headers: Mapping[str, str], timeout_s: float) -> Reply:
            request.headers.update(headers)
            response = super(_Guarded, self).send(request, **{**options, "timeout": timeout_s, "stream": False})
            # Read here, so that a body that breaks off is tried again too.
            body = response.content
            answers.append(response)
            return Reply(response.status_code, {name.lower(): text for name, text in response.headers.items()}, body)

        self._calls.guarded(send)
        return answers[-1]
