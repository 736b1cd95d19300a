"""The steps from one schema to the next, run on a connection whose transaction the caller holds."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def upgrade(connection: sa.Connection) -> None:
    """Bring the schema to the newest revision within the connection's open transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_known(revision: str) -> bool:
    """Say whether this version of Music Sync has that step."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    # By the package's own place, so that an installed wheel finds it; the parser reads % as its own sign.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
