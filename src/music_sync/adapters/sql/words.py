"""Finding recordings by words of artist, title and album, whatever their case and accents.

SQLite keeps a full-text table, which triggers hold equal to the recordings whoever writes them; Postgres an index on
an expression. A word finds what begins with it; signs and letters that are written without spaces are looked for as text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from music_sync.adapters.sql.tables import WORDS, recordings
from music_sync.adapters.sql.text import clean

LONGEST = 200
MOST_WORDS = 12

Matches = sa.Select[tuple[str]]
"""Gives the ids of recordings."""

_COLUMNS = "recording_id, artist, title, album"

_ACCENTED = "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿāăąćčďđēĕėęěğģīįķļłńņňōőřśşšţťūůűųźżž"
_PLAIN = "aaaaaaceeeeiiiinoooooouuuuyyaaaccddeeeeegg" + "iikllnnnoorsssttuuuuzzz"
_CROSSED: dict[str, str | int | None] = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
_FROM, _TO = _ACCENTED + _ACCENTED.upper(), _PLAIN + _PLAIN
_DOCUMENT = (
    f"to_tsvector('simple'::regconfig, translate(lower(artist || ' ' || title || ' ' || album), '{_FROM}', '{_TO}'))"
)


# ruff: noqa: S608 - the statements are put together from names of our own


def sqlite_index(connection: sa.Connection) -> Iterator[str]:
    """The statements that make the full-text table; none where SQLite was built without it: words are text then."""
    built = connection.exec_driver_sql("SELECT sqlite_compileoption_used('ENABLE_FTS5')").scalar()
    if not built:
        return
    gone = (
        f"DELETE FROM {WORDS} WHERE {WORDS} MATCH 'recording_id : \"' || replace(old.recording_id, '\"', '\"\"') || '\"'"
        " AND recording_id = old.recording_id;"
    )
    told = ", ".join(_plain(f"new.{name}") for name in ("artist", "title", "album"))
    come = f"INSERT INTO {WORDS} ({_COLUMNS}) VALUES (new.recording_id, {told});"
    tokens = "tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'"
    yield f"CREATE VIRTUAL TABLE {WORDS} USING fts5({_COLUMNS}, {tokens})"
    there = ", ".join(map(_plain, ("artist", "title", "album")))
    yield f"INSERT INTO {WORDS} ({_COLUMNS}) SELECT recording_id, {there} FROM recordings"
    yield f"CREATE TRIGGER {WORDS}_come AFTER INSERT ON recordings BEGIN {come} END"
    yield f"CREATE TRIGGER {WORDS}_gone AFTER DELETE ON recordings BEGIN {gone} END"
    changed = "AFTER UPDATE OF recording_id, artist, title, album ON recordings"
    yield f"CREATE TRIGGER {WORDS}_changed {changed} BEGIN {gone} {come} END"


def _plain(column: str) -> str:
    """SQL that writes a column's crossed letters without their bar: to Unicode they have none that could be taken off."""
    for crossed, plain in _CROSSED.items():
        column = f"replace({column}, '{crossed}', '{plain}')"
    return column


def postgres_index() -> Iterator[str]:
    yield f"CREATE INDEX ix_{WORDS} ON recordings USING gin ({_DOCUMENT})"


def holding(text: str, dialect: str, *, indexed: bool = True) -> "tuple[Matches | None, list[sa.ColumnElement[bool]]]":
    """What finds the recordings with all these words: a full-text table to look into, and what must hold besides."""
    words = text[:LONGEST].split()[:MOST_WORDS]
    in_index = [word for word in words if indexed and _is_word(word)]
    conditions = [_as_text(word, dialect) for word in words if word not in in_index]
    if not in_index:
        return None, conditions
    if dialect == "sqlite":
        return _on_sqlite(in_index), conditions
    return None, [*conditions, _on_postgres(in_index)]


def contains(column: "sa.ColumnElement[str]", text: str, dialect: str) -> "sa.ColumnElement[bool]":
    """Does the column hold this text, in any case of its ASCII letters? `%` and `_` are signs like others."""
    # SQLite's LIKE looks at no case of ASCII letters by itself.
    found = column.contains if dialect == "sqlite" else column.icontains
    return found(clean(text), autoescape=True)


def _is_word(word: str) -> bool:
    """Letters of a script that puts spaces between its words; of others an index of words knows only beginnings."""
    return any(map(str.isalnum, word)) and not any(unicodedata.east_asian_width(mark) in "WF" for mark in word)


def _as_text(word: str, dialect: str) -> "sa.ColumnElement[bool]":
    place = sa.func.instr if dialect == "sqlite" else sa.func.strpos
    there = recordings.alias("there")
    holds = sa.or_(*(place(there.c[name], clean(word)) > 0 for name in ("title", "artist", "album")))
    # By itself, so that an index with all these columns is read and not every row whole.
    return recordings.c.recording_id.in_(sa.select(there.c.recording_id).where(holds))


def _on_sqlite(words: Sequence[str]) -> Matches:
    plain = [clean(word).translate(str.maketrans(_CROSSED)) for word in words]
    quoted = " AND ".join('"' + word.replace('"', '""') + '" *' for word in plain)
    table = sa.table(WORDS, sa.column("recording_id", sa.Text), sa.column(WORDS))
    asked = f"{{artist title album}} : ({quoted})"
    return sa.select(table.c.recording_id).where(table.c[WORDS].op("MATCH")(asked))


def _on_postgres(words: Sequence[str]) -> "sa.ColumnElement[bool]":
    plain = " ".join(words).lower().translate(str.maketrans(_FROM, _TO))
    asked = " & ".join(f"{word}:*" for word in re.findall(r"[^\W_]+", plain))
    return sa.literal_column(_DOCUMENT).op("@@")(sa.func.to_tsquery(sa.literal_column("'simple'"), asked))
