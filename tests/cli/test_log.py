"""What a run writes into its log, for a person and for a program."""

import json
import logging
from pathlib import Path

from music_sync.cli.log import logged

LOG = logging.getLogger("music_sync.test")
HOSTILE = "filed \x1b[2J\n2026-01-01 ERROR forged \u2028 夜"


def test_an_event_is_one_line_of_text(tmp_path: Path) -> None:
    with logged(tmp_path / "log"):
        LOG.info("%s", HOSTILE)

    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.endswith("INFO filed �[2J�2026-01-01 ERROR forged � 夜")


def test_a_program_gets_an_object_a_line(tmp_path: Path) -> None:
    with logged(tmp_path / "log", "json"):
        LOG.info("%s", HOSTILE)
        try:
            int("broken")
        except ValueError:
            LOG.exception("a step broke off")

    first, second = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert (first["level"], first["logger"], first["event"]) == ("info", "music_sync.test", HOSTILE)
    assert first["time"].endswith("Z")
    assert second["trace"].startswith("Traceback")
