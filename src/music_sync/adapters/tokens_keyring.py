"""Secrets in the keyring of the desktop, where one is at hand that keeps them and asks nobody.

A schedule runs where nobody can answer a dialog. So a keyring that is locked counts as absent unless a person is there,
and those that cannot tell whether they are locked are never used.
"""

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

APP = "music-sync"

_LEAST_PRIORITY = 1
"""What the keyring library itself recommends; beneath lie plain files and backends that keep nothing."""
_OPENED_BY_A_DIALOG = frozenset({"keyring.backends.kwallet", "keyring.backends.libsecret"})
_SECRET_SERVICE = "keyring.backends.SecretService"  # noqa: S105 - a module's name


class Closed(Exception):
    """The keyring does not give what it holds; the text says why."""


def put(entry: str, text: str, *, person_is_there: bool = False) -> bool:
    """Keep it, and say whether it is truly kept: read back, it is the same."""
    # Backends are of many makes and raise what they like, errors of D-Bus among it.
    try:
        backend = _backend(person_is_there=person_is_there)
        backend.set_password(APP, entry, text)
        return bool(backend.get_password(APP, entry) == text)
    except Exception:  # noqa: BLE001
        return False


def get(entry: str, *, person_is_there: bool = False) -> str:
    """Give what was kept; raises Closed."""
    try:
        text = _backend(person_is_there=person_is_there).get_password(APP, entry)
    except Closed:
        raise
    except Exception as error:
        raise Closed(type(error).__name__) from error
    if not text:
        raise Closed("it holds no such entry")
    return str(text)


def remove(entry: str, *, person_is_there: bool = False) -> None:
    """Take it out, if it is there and can be reached."""
    with contextlib.suppress(Exception):
        _backend(person_is_there=person_is_there).delete_password(APP, entry)


def _backend(*, person_is_there: bool) -> "KeyringBackend":
    """The keyring to use; raises Closed when there is none."""
    import keyring

    chosen: Any = keyring.get_keyring()
    for backend in getattr(chosen, "backends", [chosen]):
        if type(backend).__module__ in _OPENED_BY_A_DIALOG or backend.priority < _LEAST_PRIORITY:
            continue
        if not person_is_there and _is_locked(backend):
            raise Closed("it is locked")
        found: KeyringBackend = backend
        return found
    raise Closed("there is none here that keeps secrets and asks nobody")


def _is_locked(backend: object) -> bool:
    """Would this keyring show a dialog now? macOS answers with an error of its own where nobody is there."""
    if type(backend).__module__ != _SECRET_SERVICE:
        return False
    import secretstorage

    with contextlib.closing(secretstorage.dbus_init()) as connection:
        return bool(secretstorage.get_default_collection(connection).is_locked())
