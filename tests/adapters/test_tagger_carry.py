"""What a converted file takes over from its original: the fields that a DJ would miss."""

# mypy: allow-untyped-calls

from pathlib import Path
from typing import Any

import pytest
from mutagen import File, id3
from mutagen.aiff import AIFF
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from tests.adapters.sounds import make
from tinytag import TinyTag

from music_sync.adapters.encoder_pyav import PyavEncoder
from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.track import Tags

TAGS = Tags(title="Låda", artist="Søren", tempo_bpm=127.98, key_name="F#m")
CUES = b"\x01\x01" + bytes(range(200))


def original_mp3(folder: Path, version: int = 3) -> Path:
    path = make(folder / "original.mp3", "mp3")
    tag = ID3()
    for frame in (
        id3.TPE2(encoding=1, text=["Various"]),
        id3.TRCK(encoding=0, text=["3/12"]),
        id3.TPOS(encoding=0, text=["1/2"]),
        id3.TPUB(encoding=1, text=["Ostgut Ton"]),
        id3.TCOM(encoding=1, text=["Someone"]),
        id3.TXXX(encoding=1, desc="CATALOGNUMBER", text=["OSTGUT 99"]),
        id3.COMM(encoding=1, lang="eng", desc="", text=["peak time"]),
        id3.COMM(encoding=1, lang="eng", desc="iTunNORM", text=[" 00000A"]),
        id3.GEOB(encoding=0, mime="application/octet-stream", desc="Serato Markers2", data=CUES),
        id3.POPM(email="dj@example.org", rating=204, count=7),
        id3.PRIV(owner="TRAKTOR4", data=b"beats"),
        id3.TLEN(encoding=0, text=["1000"]),
        id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=b"\x89PNG broken"),
    ):
        tag.add(frame)
    tag.save(path, v2_version=version)
    return path


def converted(original: Path, format: str, ending: str) -> Path:  # noqa: A002 - as the port calls it
    target = original.with_name(f"converted.{ending}")
    PyavEncoder().encode(original, format, target, lambda _: None)
    MutagenTagger().write(target, TAGS, original)
    return target


@pytest.mark.parametrize("version", [3, 4])
def test_an_aiff_from_an_mp3_keeps_cues_ratings_and_comments(tmp_path: Path, version: int) -> None:
    tags: Any = AIFF(converted(original_mp3(tmp_path, version), "aiff", "aiff")).tags

    assert tags["GEOB:Serato Markers2"].data == CUES
    assert (tags["POPM:dj@example.org"].rating, tags["PRIV:TRAKTOR4:beats"].data) == (204, b"beats")
    assert tags["COMM::eng"].text == ["peak time"]
    assert (tags["TPUB"].text, tags["TRCK"].text, tags["TIT2"].text) == (["Ostgut Ton"], ["3/12"], ["Låda"])
    assert not tags.getall("TLEN")
    assert not tags.getall("APIC")


def test_a_flac_from_an_mp3_keeps_what_it_has_a_name_for(tmp_path: Path) -> None:
    tags: Any = FLAC(converted(original_mp3(tmp_path), "flac", "flac")).tags

    kept = {name: tags[name][0] for name in ("ALBUMARTIST", "LABEL", "CATALOGNUMBER", "COMMENT", "COMPOSER")}
    assert list(kept.values()) == ["Various", "Ostgut Ton", "OSTGUT 99", "peak time", "Someone"]
    assert [tags[name] for name in ("TRACKNUMBER", "TRACKTOTAL", "DISCNUMBER")] == [["3"], ["12"], ["1"]]
    assert (tags["BPM"], tags["INITIALKEY"]) == (["127.98"], ["F#m"])


@pytest.mark.parametrize(("format_", "ending"), [("aac", "m4a"), ("mp3", "mp3"), ("wav", "wav")])
def test_a_flac_keeps_its_words_in_every_format(tmp_path: Path, format_: str, ending: str) -> None:
    path = make(tmp_path / "original.flac", "flac")
    audio: Any = FLAC(path)
    audio.update(
        {"ALBUMARTIST": "Various", "TRACKNUMBER": "3", "TRACKTOTAL": "12", "COMMENT": "peak time", "LABEL": "Ostgut"}
    )
    audio.save()

    read = TinyTag.get(converted(path, format_, ending))

    assert (read.albumartist, read.track, read.track_total, read.comment) == ("Various", 3, 12, "peak time")
    assert read.title == "Låda"


def test_what_an_m4a_says_stands_in_a_flac(tmp_path: Path) -> None:
    path = make(tmp_path / "original.m4a", "alac")
    audio: Any = MP4(path)
    audio["trkn"], audio["aART"], audio["tmpo"] = [(3, 12)], ["Various"], [128]
    audio.save()
    target = path.with_name("converted.flac")
    PyavEncoder().encode(path, "flac", target, lambda _: None)

    MutagenTagger().write(target, Tags(title="Låda"), path)

    tags: Any = FLAC(target).tags
    assert [tags[name] for name in ("TRACKNUMBER", "TRACKTOTAL", "ALBUMARTIST", "BPM")] == [
        ["3"],
        ["12"],
        ["Various"],
        ["128"],
    ]


def test_twice_is_the_same(tmp_path: Path) -> None:
    original = original_mp3(tmp_path)
    target = converted(original, "aiff", "aiff")
    before = target.read_bytes()

    MutagenTagger().write(target, TAGS, original)

    assert target.read_bytes() == before


def test_damaged_tags_of_an_original_fail_no_track(tmp_path: Path) -> None:
    original = original_mp3(tmp_path)
    target = converted(original, "flac", "flac")
    content = bytearray(original.read_bytes())
    content[20:400] = b"\xff" * 380
    original.write_bytes(content)

    MutagenTagger().write(target, TAGS, original)

    assert File(target)["TITLE"] == ["Låda"]
