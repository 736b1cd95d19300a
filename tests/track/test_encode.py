"""The encode stage: each wanted format once, an original as it came."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from tests.adapters.sounds import KINDS, decoded, make, quiet

from music_sync.adapters.encoder_pyav import PyavEncoder
from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.errors import EnvironmentFault, GiveUp
from music_sync.model.formats import FORMATS
from music_sync.model.track import FetchedFile, StagedFile, Tags
from music_sync.track.encode import encode, outputs

CONTAINER = {
    "aac": "mp4",
    "alac": "mp4",
    "flac24": "flac",
    "wav24": "wav",
    "float": "wav",
    "u8": "wav",
    "aiff24": "aiff",
}
CODEC = {
    "ogg": "vorbis",
    "flac24": "flac",
    "wav": "pcm_s16le",
    "wav24": "pcm_s24le",
    "float": "pcm_f32le",
    "u8": "pcm_u8",
    "aiff": "pcm_s16be",
    "aiff24": "pcm_s24be",
}


def fetched(folder: Path, kind: str) -> FetchedFile:
    path = make(folder / "fetched file", kind)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return FetchedFile(path, "folder", CONTAINER.get(kind, kind), CODEC.get(kind, kind), sha256, len(content), None)


def staged(file: FetchedFile, *formats: str) -> tuple[StagedFile, ...]:
    return encode(file, formats, PyavEncoder(), file.path.parent, quiet)


def test_every_wanted_format_is_made_in_its_order(tmp_path: Path) -> None:
    file = fetched(tmp_path, "flac")

    files = staged(file, *FORMATS)

    assert [made.format for made in files] == list(FORMATS)
    assert [made.path.suffix[1:] for made in files] == list(FORMATS.values())
    assert [decoded(made.path).codec for made in files] == ["pcm_s16be", "alac", "aac", "pcm_s16le", "flac", "mp3float"]


@pytest.mark.parametrize(
    ("kind", "name", "ending"),
    [
        ("mp3", "mp3", "mp3"),
        ("aac", "mp4", "m4a"),
        ("alac", "mp4", "m4a"),
        ("flac", "flac", "flac"),
        ("ogg", "ogg", "ogg"),
        ("opus", "opus", "opus"),
        ("wav", "wav", "wav"),
        ("aiff", "aiff", "aiff"),
    ],
)
def test_an_original_is_copied_as_it_came_under_a_name_of_ours(
    tmp_path: Path, kind: str, name: str, ending: str
) -> None:
    file = fetched(tmp_path, kind)

    (original,) = staged(file, "original")

    assert (original.format, original.path.suffix) == (name, f".{ending}")
    assert original.path != file.path
    assert original.path.read_bytes() == file.path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("mp3", "mp3"),
        ("aac", "aac"),
        ("alac", "alac"),
        ("flac", "flac"),
        ("flac24", "flac"),
        ("wav", "wav"),
        ("wav24", "wav"),
        ("aiff", "aiff"),
        ("aiff24", "aiff"),
    ],
)
def test_what_came_in_the_wanted_format_is_not_encoded_again(tmp_path: Path, kind: str, wanted: str) -> None:
    file = fetched(tmp_path, kind)

    (kept,) = staged(file, wanted)

    assert kept.format == wanted
    assert kept.path.read_bytes() == file.path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "wanted", "codec"),
    [
        ("aac", "alac", "alac"),
        ("alac", "aac", "aac"),
        ("float", "wav", "pcm_s24le"),
        ("u8", "wav", "pcm_s16le"),
        ("mp3", "aiff", "pcm_s16be"),
    ],
)
def test_the_same_container_with_another_codec_is_encoded(tmp_path: Path, kind: str, wanted: str, codec: str) -> None:
    (made,) = staged(fetched(tmp_path, kind), wanted)

    assert decoded(made.path).codec == codec


@pytest.mark.parametrize(
    ("kind", "wanted", "expected"),
    [
        ("flac", ["aiff", "aiff", "mp3", "aiff"], ("aiff", "mp3")),
        ("mp3", ["original", "mp3"], ("mp3",)),
        ("aac", ["original", "aac"], ("aac",)),
        ("aac", ["alac", "original"], ("alac", "mp4")),
        ("opus", ["original", "aac", "alac"], ("opus", "aac", "alac")),
        ("flac", [], ()),
    ],
)
def test_each_file_is_made_once(tmp_path: Path, kind: str, wanted: list[str], expected: tuple[str, ...]) -> None:
    assert outputs(fetched(tmp_path, kind), wanted) == expected


def test_files_of_one_ending_do_not_meet(tmp_path: Path) -> None:
    files = staged(fetched(tmp_path, "wav"), "aac", "alac", "original")

    assert len({made.path for made in files}) == 3


def test_a_second_run_starts_from_the_same_file_and_gives_the_same_result(tmp_path: Path) -> None:
    file = fetched(tmp_path, "mp3")
    first = {made: made.path.read_bytes() for made in staged(file, "original", "aiff", "aac")}
    for made in first:
        MutagenTagger().write(made.path, Tags(title="Tagged before the kill"))

    second = {made: made.path.read_bytes() for made in staged(file, "original", "aiff", "aac")}

    assert second == first
    assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256


def test_progress_counts_over_all_formats(tmp_path: Path) -> None:
    told: list[float] = []
    file = fetched(tmp_path, "wav")

    encode(file, ["original", "aiff", "mp3"], PyavEncoder(), tmp_path, told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert {1 / 3, 2 / 3} < set(told)


def test_a_broken_source_leaves_no_file_of_the_format_that_failed(tmp_path: Path) -> None:
    file = fetched(tmp_path, "flac")
    file.path.write_bytes(file.path.read_bytes()[:-9000])

    with pytest.raises(GiveUp):
        staged(file, "original", "aiff")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["fetched file", "staged-flac.flac"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_a_fault_of_the_machine_that_names_the_folder(tmp_path: Path) -> None:
    file = fetched(tmp_path, "mp3")
    (tmp_path / ".staged-mp3.mp3.part").symlink_to("/dev/full")

    with pytest.raises(EnvironmentFault, match=f"no space left in {tmp_path}"):
        staged(file, "original")

    assert [path.name for path in tmp_path.iterdir()] == ["fetched file"]


def test_a_source_that_is_gone_is_told_as_such(tmp_path: Path) -> None:
    file = fetched(tmp_path, "mp3")
    file.path.unlink()

    with pytest.raises(EnvironmentFault, match="fetched file cannot be copied"):
        staged(file, "original")


KILLED = """
import os, sys
from pathlib import Path
from music_sync.adapters.encoder_pyav import PyavEncoder
from music_sync.model.track import FetchedFile
from music_sync.track.encode import encode
def progress(done):
    if done > 0.6:
        os.kill(os.getpid(), 9)
file = FetchedFile(Path(sys.argv[1]), "folder", "wav", "pcm_s16le", "0" * 64, 1, None)
encode(file, ["original", "flac"], PyavEncoder(), Path(sys.argv[1]).parent, progress)
"""


def test_a_kill_midway_is_mended_by_the_next_run(tmp_path: Path) -> None:
    source = make(tmp_path / "fetched file", "wav", samples=44_100 * 12)
    file = FetchedFile(source, "folder", "wav", KINDS["wav"].codec, "0" * 64, 1, None)

    ended = subprocess.run([sys.executable, "-c", KILLED, str(source)], check=False)

    assert ended.returncode == -9
    assert not (tmp_path / "staged-flac.flac").exists()
    assert [decoded(made.path).samples.shape[1] for made in staged(file, "original", "flac")] == [44_100 * 12] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fetched file", "staged-flac.flac", "staged-wav.wav"]
