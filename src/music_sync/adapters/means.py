"""What a source is made from; wiring hands it in, so that no source knows settings, database or engine."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from music_sync.adapters.accounts import Account, Accounts, OAuth
from music_sync.adapters.budget_file import Budget, Limits
from music_sync.adapters.calls import Calls, Judge, by_status
from music_sync.adapters.listing_reader import Reader
from music_sync.model.listing import Listings


@dataclass(frozen=True)
class Means:
    """All that a source may need. Making a source reads and asks nothing; only `detect` does."""

    setting: Callable[[str], Any]
    """Value of a setting by its name: text (empty for none; secrets in clear), a path, a tuple."""
    listings: Callable[[], Listings]
    """The memory of what was read before."""
    accounts: Accounts
    budgets: Path
    """Folder of the budgets."""

    shown: Callable[[str], Mapping[str, str]] = lambda _view: {}
    """What a view of ours shows: its page -> the subject."""
    tell: Callable[[str], None] = lambda _line: None
    """Takes a line about how far a long reading is."""
    sleep: Callable[[float], None] = time.sleep
    """Waits so many seconds."""

    def reader(self, source: str, *, anew: bool = False) -> Reader:
        """What reads the source's lists; `anew` reads all of each, for a person who asks for one list by name."""
        since = datetime.fromtimestamp(self.accounts.signed_in_at(source), UTC)
        return Reader(self.listings(), source, tell=self.tell, anew=anew, since=since)

    def calls(
        self, account: Account, url: str, limits: Limits, *, judge: Judge = by_status, scheme: str = "Bearer"
    ) -> Calls:
        """A connection for one reading, within its budget and deadline; `url` names the setting of the base address."""
        return Calls(
            str(self.setting(url)),
            Budget(self.budgets, account.service, account.label, limits, sleep=self.sleep),
            self.accounts.sign_in(account) if isinstance(account.way, OAuth) else None,
            judge=judge,
            scheme=scheme,
            sleep=self.sleep,
        )
