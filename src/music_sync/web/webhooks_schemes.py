"""How senders prove who they are: one function a scheme, over the raw body, in constant time.

The algorithm is never taken from the request beyond those that a scheme names.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from music_sync.adapters.hook_file import Key, digest_of
from music_sync.web.webhooks_answers import RefusedError, not_proven

TOLERANCE_S = 300
MOST_SIGNATURES = 10
LONGEST_ID = 128
_STAMP = re.compile(rb"[0-9]{1,15}")
_WEBSUB = ("sha1", "sha256", "sha384", "sha512")


@dataclass(frozen=True)
class Secret:
    """A signature's secret in bytes; `ends_at` in epoch seconds, 0 for never."""

    key_id: str
    key: bytes = field(repr=False)
    ends_at: float = 0.0


class Headers(dict[bytes, bytes]):
    """The headers of a request, names in lower case; `twice` are the names that stand there more than once."""

    def __init__(self, given: Sequence[tuple[bytes, bytes]]) -> None:
        super().__init__(given)
        names = [name for name, _value in given] if len(self) < len(given) else []
        self.twice = frozenset(name for name in names if names.count(name) > 1)


def only(headers: Headers, name: bytes) -> bytes | None:
    """The value of a header; raises RefusedError(400) when it stands there twice."""
    if name in headers.twice:
        raise RefusedError(400, "header_twice", f"the header {name.decode()} stands there more than once")
    return headers.get(name)


def event_id_in(headers: Headers, name: bytes = b"webhook-id") -> str:
    """The id of a Standard Webhooks request; raises RefusedError: 401 without one, 400 for one that is none."""
    given = only(headers, name)
    if given is None:
        raise not_proven("no_id")
    try:
        text = given.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not 0 < len(text) <= LONGEST_ID or not text.isprintable():
        raise RefusedError(400, "bad_id", f"{name.decode()} has 1 to {LONGEST_ID} printable characters")
    return text


def standard(headers: Headers, body: bytes, secrets: Iterable[Secret], now: float) -> str:
    """Standard Webhooks: give the id of the secret that fits; raises RefusedError(401)."""
    stamp, signatures = only(headers, b"webhook-timestamp"), only(headers, b"webhook-signature")
    if stamp is None or not _STAMP.fullmatch(stamp) or abs(now - int(stamp)) > TOLERANCE_S:
        raise not_proven("timestamp")
    given = _signatures_in(signatures or b"")
    signed = b".".join((only(headers, b"webhook-id") or b"", stamp, body))
    fits = ""
    for secret in secrets:
        if secret.ends_at and now >= secret.ends_at:
            continue
        expected = base64.b64encode(hmac.digest(secret.key, signed, hashlib.sha256))
        for signature in given:
            # All are compared, so that the time tells nothing about which one fits.
            fits = secret.key_id if hmac.compare_digest(signature, expected) else fits
    if not fits:
        raise not_proven("signature")
    return fits


def _signatures_in(header: bytes) -> list[bytes]:
    """Those of version 1 in the list; versions that are not known are passed over, as the standard says."""
    parts = header.split(b" ")
    if len(parts) > MOST_SIGNATURES or b"" in parts:
        raise not_proven("signatures")
    return [part.removeprefix(b"v1,") for part in parts if part.startswith(b"v1,")]


def sign(secret: Secret, event_id: str, stamp: int, body: bytes) -> dict[str, str]:
    """The headers of a Standard Webhooks request."""
    signed = b".".join((event_id.encode(), str(stamp).encode(), body))
    signature = base64.b64encode(hmac.digest(secret.key, signed, hashlib.sha256)).decode()
    return {"webhook-id": event_id, "webhook-timestamp": str(stamp), "webhook-signature": f"v1,{signature}"}


def notion(headers: Headers, body: bytes, tokens: Iterable[str]) -> None:
    """`X-Notion-Signature: sha256=...` over the raw body; raises RefusedError(401)."""
    given = only(headers, b"x-notion-signature") or b""
    fits = False
    for token in tokens:
        expected = b"sha256=" + hmac.digest(token.encode(), body, hashlib.sha256).hex().encode()
        fits |= hmac.compare_digest(given, expected)
    if not fits:
        raise not_proven("signature")


def websub(headers: Headers, body: bytes, secrets: Iterable[str]) -> bool:
    """`X-Hub-Signature: sha256=...`: is it ours? A wrong one is dropped and not refused, as WebSub says."""
    method, _, given = (only(headers, b"x-hub-signature") or b"").partition(b"=")
    name = method.decode("latin-1").lower()
    if name not in _WEBSUB:
        return False
    fits = False
    for secret in secrets:
        expected = hmac.digest(secret.encode(), body, name).hex().encode()
        fits |= hmac.compare_digest(given.lower(), expected)
    return fits


def token(given: str, keys: Iterable[Key], now: float) -> str:
    """The id of the key that this token belongs to; raises RefusedError(401)."""
    digest = digest_of(given)
    fits = ""
    for key in keys:
        if hmac.compare_digest(digest, key.sha256) and given and key.counts(now):
            fits = key.key_id
    if not fits:
        raise not_proven("token")
    return fits


def bearer(headers: Headers) -> str:
    """The token of `Authorization: Bearer`, or of `X-Webhook-Token` for senders that cannot set that; '' without."""
    authorization = (only(headers, b"authorization") or b"").decode("latin-1")
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    return (only(headers, b"x-webhook-token") or b"").decode("latin-1").strip()
