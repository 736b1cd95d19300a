"""By what senders are known: the secrets of the settings and those that `music-sync webhook` made, together."""

import time
from collections.abc import Sequence

from music_sync.adapters.hook_file import NOTION, SIGNED, YOUTUBE, Handshake, HookFile, Kept, Key, signing_key
from music_sync.settings import Settings
from music_sync.web.webhooks_schemes import Secret

LONGEST_LEASE_S = 30 * 86400.0


class HookKeys:
    """Fulfils `web.webhooks.Keys`. Making one raises BadSetting for a secret that is too weak to count."""

    def __init__(self, settings: Settings, file: HookFile) -> None:
        self._file = file
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
        return [*self._notion, *(key.secret for key in self._of(NOTION) if key.counts(time.time()))]

    def youtube_secret(self) -> str:
        return next((key.secret for key in self._of(YOUTUBE)), "")

    def tokens(self, hook: str) -> Sequence[Key]:
        return [key for key in self._of(hook) if key.sha256]

    def handshake(self) -> Handshake | None:
        return self._file.read().handshake

    def handshake_came(self, token: str) -> bool:
        return self._file.handshake_came(token)

    def confirm_lease(self, mode: str, topic: str, lease_s: float) -> bool:
        """A subscription that we asked for gets its end; unsubscribing is agreed to for what we do not want."""
        is_wanted = topic in self._file.read().leases
        if mode == "subscribe" and is_wanted:
            self._file.lease(topic, time.time() + min(lease_s, LONGEST_LEASE_S))
            return True
        return mode == "unsubscribe" and not is_wanted and bool(topic)

    def _of(self, hook: str) -> Sequence[Key]:
        return [key for key in self._file.read().keys if key.hook == hook]
