"""Where a run writes what happened: a rotated file in the home, one event a line, for its owner only."""

import json
import logging
import logging.handlers
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

LARGEST_BYTES = 2_000_000
KEPT_FILES = 5


class OneLine(logging.Formatter):
    """An event is one line, whatever foreign text is in it; only a trace of our own may have more."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        record.message = "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in record.message)
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """An event is one JSON object: time in UTC, level, logger, event, and a trace where something broke."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = {"time": moment, "level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        if record.exc_info:
            event["trace"] = self.formatException(record.exc_info)
        # In ASCII: no foreign letter can end a line or move a terminal's cursor.
        return json.dumps(event)


@contextmanager
def logged(file: Path, log_format: str = "text", *, and_print: bool = False) -> Iterator[None]:
    """Write what our own code logs into this file while the block runs; a full or read-only disk stops nothing.

    `and_print` shows the same lines on standard output, as text.
    """
    logger = logging.getLogger("music_sync")
    handlers = [_handler(file, log_format), *([_shown()] if and_print else [])]
    level, propagates = logger.level, logger.propagate
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)
        logger.propagate = propagates


def _shown() -> logging.Handler:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLine("%(asctime)s %(message)s", "%H:%M:%S"))
    return handler


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Made by the first event, so that a run which is refused before it starts leaves nothing behind."""

    def _open(self) -> TextIOWrapper:
        file = Path(self.baseFilename)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
        return super()._open()


def _handler(file: Path, log_format: str) -> logging.Handler:
    handler = _PrivateFile(
        file, maxBytes=LARGEST_BYTES, backupCount=KEPT_FILES, encoding="utf-8", errors="backslashreplace", delay=True
    )
    is_json = log_format == "json"
    handler.setFormatter(JsonLines() if is_json else OneLine("%(asctime)s %(levelname)s %(message)s"))
    # A log that cannot be written is no reason to stop the music.
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # noqa: ARG005
    return handler
