import os
from pathlib import Path

import pytest
from tests.means import means_in

from music_sync.adapters.arguments import source_for_argument as source_with
from music_sync.adapters.sources.folder import FolderSource
from music_sync.adapters.sources.list import ListSource
from music_sync.model.errors import BadSetting
from music_sync.model.ports import Source


def source_for_argument(text: str) -> Source:
    """The source of an argument in a home without accounts."""
    return source_with(text, means_in(Path("/nowhere")))


SPOTIFY_ID = "11dFghVXANMlKmJXsNCbNl"


def test_a_folder_is_read_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"audio")
    os.utime(tmp_path / "a.mp3", (1, 1))
    source = source_for_argument(str(tmp_path))

    assert isinstance(source, FolderSource)
    assert [found.path for found in source.detect()] == [tmp_path / "a.mp3"]


def test_an_audio_file_is_read_alone(tmp_path: Path) -> None:
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).write_bytes(b"audio")
        os.utime(tmp_path / name, (1, 1))

    assert [found.path for found in source_for_argument(str(tmp_path / "a.mp3")).detect()] == [tmp_path / "a.mp3"]


@pytest.mark.parametrize("name", ["l.txt", "l.M3U", "l.m3u8", "l.csv"])
def test_a_list_file_is_read_as_a_list(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("title\nA\n")

    assert isinstance(source_for_argument(str(tmp_path / name)), ListSource)


@pytest.mark.parametrize(
    ("text", "source_id"),
    [
        ("https://example.com/a.mp3?utm_medium=x&id=3#t", "https://example.com/a.mp3?id=3"),
        ("HTTPS://EXAMPLE.com/A.mp3", "https://example.com/A.mp3"),
        (f"spotify:track:{SPOTIFY_ID}", f"spotify:track:{SPOTIFY_ID}"),
        (f"https://open.spotify.com/track/{SPOTIFY_ID}?si=1", f"spotify:track:{SPOTIFY_ID}"),
    ],
)
def test_a_link_is_a_list_of_one(text: str, source_id: str) -> None:
    (found,) = source_for_argument(text).detect()

    assert found.source_id == source_id


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no file or folder"),
        ("/no/such/thing.mp3", "no file or folder `/no/such/thing.mp3`"),
        ("-rf", "no file or folder"),
        ("x" * 5000, "no file or folder"),
        ("nul\0", "no file or folder"),
        ("ftp://example.com/a.mp3", "`ftp:` links"),
        ("file:///etc/passwd", "`file:` links"),
        ("data:audio/mpeg;base64,AA", "`data:` links"),
        ("javascript:alert(1)", "`javascript:` links"),
        ("concat:a|b", "`concat:` links"),
        ("https://user:word@example.com/a.mp3", "password"),
        ("https://example.com/a\r\nHost: x", "control"),
        ("https://exa\tmple.com/", "control"),
        (f"https://example.com/{'a' * 8000}", "characters"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:22/", "port"),
        ("https://example.com:x/", "cannot be read"),
        ("https://", "host"),
        (f"https://open.spotify.com/playlist/{SPOTIFY_ID}", "playlist"),
        ("https://youtu.be/", "video id"),
    ],
)
def test_what_is_none_of_them_is_refused_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words) as refused:
        source_for_argument(text)
    assert "\n" not in str(refused.value)
    assert "word@" not in str(refused.value)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()

    with pytest.raises(BadSetting, match="neither audio nor a list"):
        source_for_argument(str(tmp_path / "a.jpg"))
