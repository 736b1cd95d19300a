"""One call: tokens for a code or for a refresh token (RFC 6749), and every other answer in our own words."""

import base64
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from music_sync.adapters.calls import after_s
from music_sync.adapters.certificates import certificates
from music_sync.adapters.file_names import clean
from music_sync.model.errors import NeedsPerson, ServiceUnavailable

TIMEOUT_S = 20.0
LARGEST_ANSWER_BYTES = 1024**2
USUAL_S = 3600.0
"""How long an access token is good when its service does not say."""

_LONGEST_TOLD = 120
_SOON = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_OF_THE_APP = frozenset({"invalid_client", "unauthorized_client"})


@dataclass(frozen=True)
class Tokens:
    """What a service hands out; `refresh_token` is empty when the old one stays."""

    access_token: str = field(repr=False)
    good_for_s: float
    refresh_token: str = field(default="", repr=False)


class GrantRefused(NeedsPerson):
    """The code or the refresh token is good no more."""


class Untouched(ServiceUnavailable):
    """The service never worked on what was asked, so nothing is spent."""


@dataclass(frozen=True)
class TokenEndpoint:
    """The address at which a service hands out tokens, and who we are there."""

    label: str
    address: str
    command: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    secret_in_form: bool = False
    next_step: str = "the next sync tries again"
    """What comes next when no answer came."""

    def ask(self, form: Mapping[str, str]) -> Tokens:
        """Ask for tokens.

        Raises GrantRefused when what was sent is good no more; ServiceUnavailable when no answer came that counts, and
        it is then not known whether what was sent is spent; NeedsPerson when the app itself is refused.
        """
        response, body = self._sent({**form, "client_id": self.client_id})
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if response.status_code in {408, 429} or response.status_code >= 500:
            kind = Untouched if response.status_code == 429 else ServiceUnavailable
            raise self._away(str(response.status_code), after_s(response.headers.get("retry-after")), kind)
        if not isinstance(answer, dict):
            raise self._away(f"{response.status_code}, with an answer that cannot be read")
        if response.status_code != 200 or "error" in answer:
            raise self._refusal(response.status_code, answer, form)
        return self._tokens(answer)

    def _sent(self, form: dict[str, str]) -> tuple[httpx.Response, bytes]:
        headers = {"Accept": "application/json", "User-Agent": "music-sync"}
        if self.client_secret and self.secret_in_form:
            form["client_secret"] = self.client_secret
        elif self.client_secret:
            pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        try:
            with (
                httpx.Client(verify=certificates(), trust_env=False, timeout=TIMEOUT_S) as client,
                client.stream("POST", self.address, data=form, headers=headers) as response,
            ):
                return response, _body_of(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._away(type(error).__name__, None, Untouched) from error
        except httpx.HTTPError as error:
            raise self._away(type(error).__name__) from error

    def _away(
        self, why: str, wait_s: float | None = None, kind: type[ServiceUnavailable] = ServiceUnavailable
    ) -> ServiceUnavailable:
        return kind(f"{self.label} gave no access ({why}); {self.next_step}", wait_s)

    def _refusal(self, status: int, answer: Mapping[str, Any], form: Mapping[str, str]) -> Exception:
        code = answer.get("error") if isinstance(answer.get("error"), str) else str(status)
        said = answer.get("error_description") or answer.get("message")
        told = self._told(f"{code}: {said}" if isinstance(said, str) and said else str(code), form)
        if code in _SOON:
            return self._away(told)
        if code == "invalid_grant":
            return GrantRefused(told)
        if code in _OF_THE_APP:
            return NeedsPerson(
                f"{self.label} does not take the client id or its secret ({told}); correct them, or run `{self.command}`"
            )
        return NeedsPerson(f"{self.label} refuses the sign-in ({told}); run `{self.command}`")

    def _told(self, text: str, form: Mapping[str, str]) -> str:
        """The service's own words without anything secret."""
        for secret in (
            self.client_secret,
            *(form.get(name, "") for name in ("refresh_token", "code", "code_verifier")),
        ):
            if secret:
                text = text.replace(secret, "(hidden)")
        return clean(text)[:_LONGEST_TOLD]

    def _tokens(self, answer: Mapping[str, Any]) -> Tokens:
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if not isinstance(access, str) or not re.fullmatch(r"[\x21-\x7e]+", access):
            raise self._away("it sent no access token")
        return Tokens(access, _seconds(answer.get("expires_in")), refresh if isinstance(refresh, str) else "")


def _body_of(response: httpx.Response) -> bytes:
    """The answer up to a size and a time that none of sense exceeds."""
    ends_at, body = time.monotonic() + TIMEOUT_S, b""
    for block in response.iter_bytes():
        body += block
        if len(body) > LARGEST_ANSWER_BYTES or time.monotonic() > ends_at:
            raise httpx.ReadError("the answer is too large or too slow")
    return body


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return USUAL_S
    return seconds if math.isfinite(seconds) and 0 < seconds < 366 * 86400 else USUAL_S
