"""By what senders are known: the secrets of the settings and those that `music-sync webhook` made, together."""

import hmac
import time
from collections.abc import Callable, Sequence

from music_sync.adapters.hook_file import NOTION, SIGNED, YOUTUBE, Handshake, HookFile, Kept, Key, signing_key
from music_sync.adapters.websub_hub import LEASE_S, token_for
from music_sync.settings import Settings
from music_sync.web.webhooks_schemes import Secret

LONGEST_LEASE_S = 30 * 86400.0


class HookKeys:
    """Fulfils `web.webhooks.Keys`. Making one raises BadSetting for a secret that is too weak to count."""

    def __init__(self, settings: Settings, file: HookFile, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        own = settings.notion_webhook_token
        self._notion = [own.get_secret_value()] if own else []
        self._own = [
            Secret(f"{SIGNED}-setting-{number}", signing_key(each.get_secret_value(), "webhook_secrets"))
            for number, each in enumerate(settings.webhook_secrets, start=1)
        ]
        self._read: tuple[Kept | None, Sequence[Secret]] = (None, ())
        self.signing()

    def signing(self) -> Sequence[Secret]:
        kept = self._file.read()
        if self._read[0] is not kept:
            made = [
                Secret(key.key_id, signing_key(key.secret, f"webhook {key.key_id}"), key.ends_at)
                for key in kept.keys
                if key.hook == SIGNED
            ]
            self._read = (kept, [*self._own, *made])
        return self._read[1]

    def notion_tokens(self) -> Sequence[str]:
        return [*self._notion, *(key.secret for key in self._of(NOTION) if key.counts(self._clock()))]

    def youtube_secret(self) -> str:
        return next((key.secret for key in self._of(YOUTUBE)), "")

    def tokens(self, hook: str) -> Sequence[Key]:
        return [key for key in self._of(hook) if key.sha256]

    def handshake(self) -> Handshake | None:
        return self._file.read().handshake

    def handshake_came(self, token: str) -> bool:
        return self._file.handshake_came(token)

    def confirm_lease(self, mode: str, topic: str, token: str, lease_s: float) -> bool:
        """A subscription that we asked for gets its end; unsubscribing is agreed to for what we do not want."""
        secret = self.youtube_secret()
        if not secret or not hmac.compare_digest(token.encode(), token_for(topic, secret).encode()):
            return False
        if mode == "unsubscribe":
            return topic not in self._file.read().leases
        # A hub that names no time gives what it was asked for; one that denies gives nothing.
        given_s = {"subscribe": lease_s or LEASE_S, "denied": 0.0}.get(mode)
        return given_s is not None and self._file.give_lease(topic, min(given_s, LONGEST_LEASE_S))

    def _of(self, hook: str) -> Sequence[Key]:
        return [key for key in self._file.read().keys if key.hook == hook]
