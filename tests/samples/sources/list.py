"""A playlist file with odd names."""

from contextlib import contextmanager
from pathlib import Path

from tests.source_sample import ODD_NAMES, Sample, Samples

from music_sync.adapters.sources.list import ListSource


@contextmanager
def sample(folder: Path) -> Samples:
    lists = folder / "theirs" / "lists"
    lists.mkdir(parents=True)
    # A list has one name a line, so a line break cannot stand in a name.
    lines = [name.replace("\n", " ").replace("\t", " ") for name in ODD_NAMES]
    for name in lines:
        (lists / name).write_bytes(b"audio")
    (lists / "mine.m3u8").write_text("\n".join(lines), encoding="utf-8")
    yield Sample(ListSource(lists / "mine.m3u8"), len(lines), ListSource(folder / "away.txt"))
