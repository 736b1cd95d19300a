"""A drop folder with odd names."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.source_sample import BROKEN_NAME, ODD_NAMES, Sample, Samples

from music_sync.adapters.sources.folder import FolderSource


@contextmanager
def sample(folder: Path) -> Samples:
    drop = folder / "theirs" / "drop"
    names = [os.fsencode(name) for name in ODD_NAMES]
    if sys.platform == "linux":  # APFS refuses names that are no UTF-8
        names.append(BROKEN_NAME)
    drop.mkdir(parents=True)
    for name in names:
        file = Path(os.fsdecode(os.fsencode(drop) + b"/" + name))
        file.write_bytes(b"audio")
        os.utime(file, (1, 1))
    yield Sample(FolderSource(drop), len(names), FolderSource(folder / "away"))
