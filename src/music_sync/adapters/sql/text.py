"""How text is stored and compared; without SQLAlchemy, for those who ask SQLite alone."""

import unicodedata


def clean(text: str) -> str:
    """Make text that any database stores: lone surrogates and NUL become their escapes, so that two stay two.

    File names that are not UTF-8 reach Python with lone surrogates; Postgres takes no NUL.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def path_key(path: str) -> str:
    """The form in which library paths are compared: disks that fold case or normalise hold one such file only."""
    return unicodedata.normalize("NFC", clean(path)).casefold()
