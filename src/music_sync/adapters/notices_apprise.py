"""Notices by way of Apprise, which knows some hundred services: ntfy, Telegram, Slack, e-mail, a JSON endpoint ..."""

import hashlib
import logging
import re
from functools import cached_property
from typing import Any

from music_sync.model.errors import BadSetting, ServiceUnavailable

# Apprise tells of failures with the address, in which secrets stand.
logging.getLogger("apprise").setLevel(logging.CRITICAL)


def addresses(text: str) -> list[str]:
    """The addresses in a setting: separated by white space, since they may hold commas."""
    return text.split()


class ApprisePlace:
    """One address of Apprise's kind, such as `ntfy://topic`; raises BadSetting when it is none."""

    def __init__(self, address: str) -> None:
        self._address = address

    @property
    def mark(self) -> str:
        return hashlib.sha256(self._address.encode()).hexdigest()[:12]

    @property
    def label(self) -> str:
        """The kind of service, without the address behind it."""
        kind = re.match(r"[a-z0-9]+(?=://)", self._address, re.IGNORECASE)
        return kind[0].lower() if kind else "notices"

    @cached_property
    def _service(self) -> Any:
        from apprise import Apprise

        service = Apprise()
        if not service.add(self._address):
            raise BadSetting(
                f"setting notices: an address beginning with {self.label} is none that Apprise knows; "
                "see its list of services, and correct it there"
            )
        return service

    def check(self) -> None:
        """Raise BadSetting when Apprise does not know such an address; asks nothing over the network."""
        _ = self._service

    def send(self, title: str, text: str, urgency: str) -> None:
        """Raises ServiceUnavailable when it was not taken."""
        try:
            taken = self._service.notify(body=text, title=title, notify_type=urgency, interpret_escapes=False)
        except (TypeError, ValueError, OSError) as error:
            raise ServiceUnavailable(
                f"{self.label} took no notice ({type(error).__name__}); it is tried again"
            ) from error
        if not taken:
            raise ServiceUnavailable(
                f"{self.label} took no notice; it is tried again, see its address in MUSIC_SYNC_NOTICES"
            )
