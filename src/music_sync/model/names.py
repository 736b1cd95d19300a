"""What a file name says, and when two names stand for one place."""

import os
import unicodedata


def name_key(name: str) -> str:
    """Equal for names that some file system takes for one: upper and lower case, composed and decomposed letters."""
    return unicodedata.normalize("NFC", name).casefold()


def as_text(name: str) -> str:
    r"""The name as text that can be stored and printed: bytes that are no UTF-8 become `\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
