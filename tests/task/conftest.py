"""Fixtures of a task's journey."""

from pathlib import Path

import pytest
from tests.task.desk import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)
