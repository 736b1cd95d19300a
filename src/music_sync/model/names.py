"""When two names stand for one place."""

import unicodedata


def name_key(name: str) -> str:
    """Equal for names that some file system takes for one: upper and lower case, composed and decomposed letters."""
    return unicodedata.normalize("NFC", name).casefold()
