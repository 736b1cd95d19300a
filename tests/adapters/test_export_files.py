"""However an export is made, only so much of it is read, and nothing but one sentence comes of a bad one."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from music_sync.adapters.export_files import LARGEST_FILE_BYTES, MOST_ENTRIES, export_files, survey
from music_sync.model.errors import BadSetting, EnvironmentFault

LIBRARY = b'{"tracks": [{"artist": "Nadia", "track": "Half", "uri": "spotify:track:11dFghVXANMlKmJXsNCbNl"}]}'


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "export.zip"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_is_read_however_it_was_packed(tmp_path: Path, method: int) -> None:
    path = written(tmp_path, zipped(("Spotify Account Data/YourLibrary.json", LIBRARY), method=method))

    (file,) = export_files(path)
    assert (file.name, file.text) == ("YourLibrary.json", LIBRARY.decode())


def test_names_in_a_zip_are_never_paths(tmp_path: Path) -> None:
    names = ["../../../etc/YourLibrary.json", "/etc/Playlist1.json", "C:\\Windows\\likes.json", "a/\0b-videos.csv"]
    path = written(tmp_path, zipped(*((name, LIBRARY) for name in names)))
    before = sorted(tmp_path.rglob("*"))

    assert [file.name for file in export_files(path)][:3] == ["YourLibrary.json", "Playlist1.json", "likes.json"]
    assert sorted(tmp_path.rglob("*")) == before


def test_only_what_may_hold_a_list_is_unpacked(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        zipped(
            ("YourLibrary.json", LIBRARY),
            ("StreamingHistory_music_0.json", b"x"),
            ("Userdata.json", b"x"),
            ("photo.jpg", b"x"),
            ("inner.zip", zipped(("YourLibrary.json", LIBRARY))),
        ),
    )

    assert [file.name for file in export_files(path)] == ["YourLibrary.json"]


def test_a_file_that_is_packed_too_tight_is_refused_unread(tmp_path: Path) -> None:
    path = written(tmp_path, zipped(("YourLibrary.json", b" " * 30_000_000)))

    with pytest.raises(BadSetting, match="more than lists of tracks can"):
        list(export_files(path))


def test_a_file_that_lies_about_its_size_is_not_read_further(tmp_path: Path) -> None:
    content = bytearray(zipped(("YourLibrary.json", b" " * (LARGEST_FILE_BYTES + 10))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(signature) + offset
        content[at : at + 4] = struct.pack("<I", 1000)

    with pytest.raises(BadSetting, match="is damaged"):
        list(export_files(written(tmp_path, bytes(content))))


def test_a_zip_of_too_many_files_is_refused(tmp_path: Path) -> None:
    one = zipped(("x", b""))
    entry, end = one[one.index(b"PK\x01\x02") : one.index(b"PK\x05\x06")], bytearray(one[one.index(b"PK\x05\x06") :])
    many = entry * (MOST_ENTRIES + 1)
    end[8:16] = struct.pack("<HHI", MOST_ENTRIES + 1, MOST_ENTRIES + 1, len(many))
    path = written(tmp_path, one[: one.index(entry)] + many + bytes(end))

    with pytest.raises(BadSetting, match="more than lists of tracks can"):
        list(export_files(path))


def test_an_encrypted_zip_says_what_to_do(tmp_path: Path) -> None:
    content = bytearray(zipped(("YourLibrary.json", LIBRARY)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1

    with pytest.raises(BadSetting, match="encrypted; unpack it"):
        list(export_files(written(tmp_path, bytes(content))))


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip", b"PK\x05\x06" + bytes(18), bytes(5000)])
def test_what_is_no_zip_says_so(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)

    try:
        assert list(export_files(path)) == []
    except BadSetting as error:
        assert "damaged or no zip" in str(error)  # noqa: PT017 - an empty zip is a zip


def test_a_zip_that_breaks_off_says_so(tmp_path: Path) -> None:
    content = zipped(("YourLibrary.json", LIBRARY))

    with pytest.raises(BadSetting, match="damaged or no zip"):
        list(export_files(written(tmp_path, content[: len(content) // 2])))


def test_an_export_that_is_away_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="connect its drive"):
        list(export_files(tmp_path / "away.zip"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damage_is_told_in_one_sentence(tmp_path: Path, damages: list[tuple[int, int]]) -> None:
    content = bytearray(zipped(("YourLibrary.json", LIBRARY), ("a-videos.csv", b"Video ID\n")))
    for place, value in damages:
        content[place % len(content)] = value

    try:
        files = list(export_files(written(tmp_path, bytes(content))))
    except BadSetting as error:
        assert "\n" not in str(error)  # noqa: PT017 - not every damage is one
    else:
        assert all("/" not in file.name for file in files)


def test_a_folder_is_looked_through_by_names_alone(tmp_path: Path) -> None:
    inner = tmp_path / "Takeout/YouTube and YouTube Music/playlists"
    inner.mkdir(parents=True)
    for name in ("a-videos.csv", "playlists.csv", "Watch later-videos.csv", "song.mp3", ".hidden.csv", "x.txt"):
        (inner / name).write_bytes(b"")
    (inner / "link-videos.csv").symlink_to("/etc/passwd")

    found = survey(tmp_path)

    assert [path.name for path in found.lists] == ["a-videos.csv"]
    assert (found.is_certain, found.audio_files) == (True, 1)


def test_a_folder_that_leads_into_itself_is_looked_through_once(tmp_path: Path) -> None:
    (tmp_path / "likes.json").write_bytes(LIBRARY)
    (tmp_path / "again").symlink_to(tmp_path)

    assert len(survey(tmp_path).lists) == 1
