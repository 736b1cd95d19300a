"""The tables of the local truth, once for SQLite and Postgres.

Times are ISO 8601 UTC text, reasons and journal states are JSON text. Unique indexes decide what is the same;
a `*_key` column holds the form in which two spellings are compared.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from music_sync.adapters.sql.text import clean

HEAD = "0007"
"""The revision these tables stand for; a test holds it equal to the newest migration."""


class CleanText(TypeDecorator[str]):
    """Text that went through `clean`, also where it is compared with."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else clean(value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *rules: Any, **options: Any) -> "sa.Column[str]":
    """A text column that says nothing as '', never as NULL."""
    return sa.Column(name, CleanText, *rules, nullable=False, **options)


def _real(name: str) -> "sa.Column[float]":
    """A measure, NULL where the sound has no such thing."""
    return sa.Column(name, sa.Double)


def _of_recording(**options: Any) -> "sa.Column[str]":
    return _text("recording_id", sa.ForeignKey("recordings.recording_id"), **options)


recordings = sa.Table(
    "recordings",
    metadata,
    _text("recording_id", primary_key=True),
    _text("artist"),
    _text("title"),
    _text("version"),
    _text("album"),
    _text("isrc", index=True),
    sa.Column("year", sa.Integer),
    _text("genre"),
    _text("origin_sha256", index=True),
    sa.Column("length_s", sa.Double, nullable=False, index=True),
    _real("loudness_lufs"),
    _real("peak"),
    _real("tempo_bpm"),
    _real("tempo_confidence"),
    sa.Column("key_tonic", sa.Integer),
    _text("key_mode"),
    _real("key_confidence"),
    _text("filed_at"),
    _text("codec", server_default=""),
    sa.Column("bit_rate", sa.Integer),
    _real("cutoff_hz"),
    sa.Index(None, "filed_at", "recording_id"),
    sa.Index(None, "artist", "title", "recording_id", "album"),
    sa.Index(None, "tempo_bpm", "recording_id", "key_mode", "key_tonic"),
    sa.Index(None, "key_mode", "key_tonic"),
)
"""`codec`, `bit_rate` (bits a second) and `cutoff_hz` are those of the file that a recording was made from."""

fingerprints = sa.Table(
    "fingerprints",
    metadata,
    _of_recording(primary_key=True),
    sa.Column("length_s", sa.Double, nullable=False, index=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
)
"""Sub-fingerprints as little-endian unsigned 32 bit; a recording without a fingerprint has no row."""

source_links = sa.Table(
    "source_links",
    metadata,
    sa.Column("link_id", sa.Integer, primary_key=True),
    _of_recording(index=True),
    _text("source"),
    _text("source_id"),
    _text("revision"),
    _text("url"),
    _text("found_at"),
    sa.UniqueConstraint("source", "source_id"),
    sa.Index(None, "found_at", "source"),
)

pages = sa.Index(
    "ix_source_links_url",
    source_links.c.url,
    postgresql_using="hash",
    sqlite_where=source_links.c.url != sa.literal_column("''"),
    postgresql_where=source_links.c.url != sa.literal_column("''"),
)
"""Links of any length: Postgres' usual index takes no more than 2,700 bytes."""

files = sa.Table(
    "files",
    metadata,
    sa.Column("file_id", sa.Integer, primary_key=True),
    _of_recording(index=True),
    _text("path"),
    _text("path_key", unique=True),
    _text("format"),
    _text("sha256", index=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
)

playlists = sa.Table(
    "playlists",
    metadata,
    sa.Column("playlist_id", sa.Integer, primary_key=True),
    _text("source"),
    _text("source_id"),
    _text("name"),
    sa.UniqueConstraint("source", "source_id"),
)

playlist_members = sa.Table(
    "playlist_members",
    metadata,
    sa.Column("playlist_id", sa.ForeignKey("playlists.playlist_id"), primary_key=True),
    _of_recording(primary_key=True, index=True),
    sa.Column("position", sa.Integer),
    _text("added_at"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("attempt_id", sa.Integer, primary_key=True),
    _text("source"),
    _text("source_id"),
    _text("revision"),
    sa.Column("attempt", sa.Integer, nullable=False),
    _text("label"),
    _text("url"),
    _text("ending", index=True),
    _text("reason"),
    _text("stage"),
    _text("next_actor"),
    _text("cause"),
    _text("recording_id"),
    _text("started_at"),
    _text("ended_at"),
    _text("found", server_default=""),
    sa.UniqueConstraint("source", "source_id", "attempt"),
)
"""The latest and the former attempts at each found track; `ended_at` is empty while one runs.

`found` is a JSON object of what the source told, empty for attempts of earlier versions.
"""

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("decision_id", sa.Integer, primary_key=True),
    _text("key"),
    sa.Column("attempt", sa.Integer, nullable=False),
    _text("stage"),
    _text("verdict"),
    _text("recording_id"),
    _text("reasons"),
    _text("digest"),
    _text("decided_at"),
    sa.UniqueConstraint("key", "attempt", "stage", "digest"),
)
"""`reasons` is a JSON list of [rule, text, score]; `digest` stands for verdict, recording and reasons."""

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("entry_id", sa.Integer, primary_key=True),
    _text("kind"),
    _text("recording_id", index=True),
    _text("path"),
    _text("before"),
    _text("after"),
    _text("at"),
)
"""What was done to which file or recording, so that it can be undone; `before` and `after` are JSON objects."""

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("outgoing_id", sa.Integer, primary_key=True),
    _text("target"),
    _text("subject"),
    _text("payload"),
    _text("created_at"),
    _text("sent_at"),
)
"""What is to be told to the outside; `sent_at` is empty until it is."""

unsent = sa.Index(
    "uq_outbox_unsent",
    outbox.c.target,
    outbox.c.subject,
    unique=True,
    sqlite_where=outbox.c.sent_at == sa.literal_column("''"),
    postgresql_where=outbox.c.sent_at == sa.literal_column("''"),
)
"""One unsent entry a subject: a thousand changes to a playlist are told once."""

facts = sa.Table(
    "facts",
    metadata,
    _text("name", primary_key=True),
    _text("value"),
)
"""What is known once: the library's identity and the like."""

board_tasks = sa.Table(
    "board_tasks",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    _text("task_id", unique=True),
    _text("title"),
    _text("status"),
    _text("priority"),
    _text("description"),
    _text("next_step"),
    _text("success_criteria"),
    _text("assigned_agent"),
    _text("task_type"),
    _text("blocking_reason"),
    _text("prerequisites"),
    _text("review_of"),
    _text("created_at"),
    _text("edited_at"),
    _text("result"),
    _text("handoff_status"),
    _text("delivered_path"),
    _text("delivered_at"),
)
"""The embedded board, numbered in the order of creation; `prerequisites` is a JSON list of ids."""

one_review = sa.Index(
    "uq_board_tasks_review",
    board_tasks.c.review_of,
    unique=True,
    sqlite_where=board_tasks.c.review_of != sa.literal_column("''"),
    postgresql_where=board_tasks.c.review_of != sa.literal_column("''"),
)
"""At most one review a task, whoever asks for it at the same moment."""

handoffs = sa.Table(
    "handoffs",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    _text("task_id"),
    _text("revision"),
    _text("agent"),
    _text("reason"),
    _text("name", unique=True),
    _text("path"),
    _text("state"),
    sa.Column("told", sa.Boolean, nullable=False),
    _text("delivered_at"),
    _text("ended_at"),
    _text("result"),
    sa.UniqueConstraint("task_id", "revision", "agent"),
)
"""Deliveries to agents, numbered in the order in which they were first written down; `told`: the board knows."""

task_triggers = sa.Table(
    "task_triggers",
    metadata,
    _text("task_id", primary_key=True),
    _text("revision"),
    _text("triggered_at"),
)
"""The revision at which a task started a sync last."""

listings = sa.Table(
    "listings",
    metadata,
    sa.Column("listing_id", sa.Integer, primary_key=True),
    _text("source"),
    _text("listing"),
    _text("name"),
    _text("mark"),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("reading", sa.Integer, nullable=False),
    _text("goes_on"),
    _text("read_at"),
    _text("looked_at"),
    _text("refused"),
    sa.UniqueConstraint("source", "listing"),
)
"""Lists at services, such as likes, and how far each was read."""

listed = sa.Table(
    "listed",
    metadata,
    sa.Column(
        "listing_id", sa.ForeignKey("listings.listing_id", name="fk_listed_listing_id_listings"), primary_key=True
    ),
    _text("source_id", primary_key=True),
    _text("found"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("reading", sa.Integer, nullable=False),
    _text("first_seen_at"),
    _text("gone_at"),
)
"""What stands on them: `found` is a JSON object, `gone_at` is empty until a whole reading does not see it any more."""

enrichments = sa.Table(
    "enrichments",
    metadata,
    _text("recording_id", primary_key=True),
    _text("service", primary_key=True),
    _text("state"),
    _text("answer"),
    _text("asked_at"),
    _text("due_at"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index(None, "state", "due_at"),
)
"""What services are asked, and told, of recordings. State: waiting (ask from `due_at` on), answered, or nothing.

`answer` is a JSON object. Rows outlive their recording, so that one that comes back is not asked for again.
"""

shown = sa.Table(
    "shown",
    metadata,
    _text("target", primary_key=True),
    _text("subject", primary_key=True),
    _text("shown_as"),
    _text("digest"),
    _text("shown_at"),
)
"""Under which id a view outside, such as Notion, shows a subject, and a digest of what it shows."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    _text("home"),
    _text("hook"),
    _text("event_id"),
    _text("type"),
    _text("subject"),
    _text("wish"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    _text("digest"),
    _text("received_at"),
    _text("state"),
    _text("run"),
    sa.Column("tries", sa.Integer, nullable=False),
    _text("due_at"),
    _text("result"),
    _text("told"),
    _text("done_at"),
    sa.UniqueConstraint("hook", "event_id"),
    sa.Index(None, "home", "state", "subject"),
    sa.Index(None, "run"),
)
"""What webhooks brought, numbered as it came. `home`: the home that took it in works on it.

State: waiting (from `due_at` on), started (by `run`), done, ignored, failed. `wish` is a JSON object.
"""

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    _text("what"),
    _text("started_at"),
    _text("ended_at", index=True),
    _text("result"),
    _text("message"),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("new", "already_have", "review", "buy_list", "failed")),
    sa.Column("queue", sa.Integer, nullable=False),
)
"""Syncs that ended, with what they counted; `what` is empty for one of all sources, `queue`: tracks still under way."""

WORDS = "recording_words"
"""SQLite's full-text index of artist, title and album, kept by triggers; Postgres has an expression index of that name."""
