"""Tagging: each container's own frames, read back by another library; what is not ours survives."""

# mypy: allow-untyped-calls

import base64
import logging
import os
import shutil
import struct
import subprocess
import sys
import tracemalloc
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutagen import id3
from mutagen.aiff import AIFF
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from PIL import Image
from tests.adapters.sounds import KINDS, make, packets
from tinytag import TinyTag

from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.errors import EnvironmentFault, GiveUp
from music_sync.model.track import Cover, Embedded, Tags

ALL = ("mp3", "aac", "alac", "fragmented", "flac", "ogg", "opus", "wav", "wav24", "aiff")
ID3 = ("mp3", "wav", "aiff")


def jpeg(width: int = 40, colour: str = "red") -> bytes:
    made = BytesIO()
    Image.new("RGB", (width, width), colour).save(made, "JPEG")
    return made.getvalue()


TAGS = Tags(
    title="Låda 四時 <b>&amp;</b> '; DROP TABLE--",
    artist="Søren Åkerlund/夜行バス",
    album="Lådor",
    version="Extended Mix",
    year=2023,
    genre="Deep House",
    isrc="ZZDMO2600004",
    tempo_bpm=127.984,
    key_name="F#m",
    camelot="11A",
    replaygain_db=-3.456,
    replaygain_peak=0.9876543,
    source_url="https://example.org/tracks/1?a=b&c=d",
    cover=Cover("image/jpeg", jpeg()),
)

EXPECTED = Embedded(
    artist=TAGS.artist,
    title=TAGS.title,
    album=TAGS.album,
    isrc=TAGS.isrc,
    year=TAGS.year,
    genre=TAGS.genre,
    source_url=TAGS.source_url,
    has_cover=True,
)


def tagged(tmp_path: Path, kind: str, tags: Tags = TAGS) -> Path:
    path = make(tmp_path / f"track.{KINDS[kind].ending}", kind)
    MutagenTagger().write(path, tags)
    return path


def id3_of(path: Path, **options: Any) -> Any:
    if path.suffix == ".aiff":
        return AIFF(path, **options).tags
    return WAVE(path, **options).tags if path.suffix == ".wav" else id3.ID3(path, **options)


def other(tag: TinyTag) -> dict[str, list[str]]:
    return {name: [str(value) for value in values] for name, values in tag.other.items()}


@pytest.mark.parametrize("kind", ALL)
def test_another_library_reads_what_was_written(tmp_path: Path, kind: str) -> None:
    tag = TinyTag.get(tagged(tmp_path, kind), image=True)

    assert (tag.title, tag.artist, tag.album, tag.genre) == (TAGS.title, TAGS.artist, TAGS.album, TAGS.genre)
    assert str(tag.year) == "2023"
    assert other(tag)["isrc"] == ["ZZDMO2600004"]
    assert other(tag)["initial_key"] == ["F#m"]
    assert other(tag)["camelot"] == ["11A"]
    assert "127.98" in other(tag)["bpm"]
    cover = tag.images.front_cover
    assert cover is not None
    assert cover.data == jpeg()


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind != "opus"])
def test_loudness_stands_in_the_replaygain_fields(tmp_path: Path, kind: str) -> None:
    fields = other(TinyTag.get(tagged(tmp_path, kind)))

    assert fields["replaygain_track_gain"] == ["-3.46 dB"]
    assert fields["replaygain_track_peak"] == ["0.987654"]


def test_opus_has_a_gain_in_steps_of_its_own_and_no_replaygain(tmp_path: Path) -> None:
    path = make(tmp_path / "x.opus", "opus")
    audio: Any = OggOpus(path)
    audio["REPLAYGAIN_TRACK_GAIN"] = ["-1.00 dB"]
    audio.save()

    MutagenTagger().write(path, replace(TAGS, replaygain_db=-3.0))

    tags: Any = OggOpus(path).tags
    assert tags["R128_TRACK_GAIN"] == [str(-8 * 256)]
    assert not [name for name in tags.keys() if "replaygain" in name.lower()]  # noqa: SIM118


@pytest.mark.parametrize("kind", ALL)
def test_what_was_written_is_read(tmp_path: Path, kind: str) -> None:
    assert MutagenTagger().read(tagged(tmp_path, kind)) == EXPECTED


@pytest.mark.parametrize("kind", ALL)
def test_the_cover_that_was_written_is_read(tmp_path: Path, kind: str) -> None:
    assert MutagenTagger().cover(tagged(tmp_path, kind)) == TAGS.cover


@pytest.mark.parametrize("kind", ALL)
def test_tagging_changes_no_packet_of_the_sound(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"track.{KINDS[kind].ending}", kind)
    before = packets(path)

    MutagenTagger().write(path, TAGS)
    MutagenTagger().write(path, replace(TAGS, title="x" * 3000, cover=Cover("image/jpeg", jpeg(900))))

    assert packets(path) == before


@pytest.mark.parametrize("kind", ALL)
def test_tagging_twice_changes_nothing(tmp_path: Path, kind: str) -> None:
    path = tagged(tmp_path, kind)
    first = path.read_bytes()

    MutagenTagger().write(path, TAGS)

    assert path.read_bytes() == first


@pytest.mark.parametrize("kind", ALL)
def test_a_file_is_known_by_its_content(tmp_path: Path, kind: str) -> None:
    bare = tagged(tmp_path, kind).rename(tmp_path / "no ending at all")
    misnamed = Path(shutil.copy(bare, tmp_path / "wrong.txt"))

    assert MutagenTagger().read(bare) == EXPECTED
    MutagenTagger().write(misnamed, Tags(title="New"))
    assert MutagenTagger().read(misnamed) == replace(EXPECTED, title="New")


@pytest.mark.parametrize("kind", ALL)
def test_what_is_not_known_is_left_as_the_file_has_it(tmp_path: Path, kind: str) -> None:
    path = tagged(tmp_path, kind)

    MutagenTagger().write(path, Tags(tempo_bpm=90.0))

    assert MutagenTagger().read(path) == EXPECTED
    assert "90" in other(TinyTag.get(path))["bpm"]


@pytest.mark.parametrize("kind", ID3)
def test_id3_is_version_2_3_with_the_frames_dj_software_reads(tmp_path: Path, kind: str) -> None:
    path = tagged(tmp_path, kind)

    tags = id3_of(path, translate=False)

    assert tags.version == (2, 3, 0)
    plain = {frame.FrameID: str(frame) for frame in tags.values() if frame.FrameID not in {"APIC", "TXXX"}}
    assert plain == {
        "TIT2": TAGS.title,
        "TPE1": TAGS.artist,
        "TALB": "Lådor",
        "TIT3": "Extended Mix",
        "TYER": "2023",
        "TCON": "Deep House",
        "TSRC": "ZZDMO2600004",
        "TBPM": "127.98",
        "TKEY": "F#m",
        "WOAS": TAGS.source_url,
    }
    assert tags["TIT2"].encoding == id3.Encoding.UTF16
    assert tags["TYER"].encoding == id3.Encoding.LATIN1
    assert {frame.desc for frame in tags.getall("TXXX")} == {
        "CAMELOT",
        "REPLAYGAIN_TRACK_GAIN",
        "REPLAYGAIN_TRACK_PEAK",
    }
    assert [(frame.type, frame.mime, frame.data) for frame in tags.getall("APIC")] == [(3, "image/jpeg", jpeg())]


@pytest.mark.parametrize("kind", ["aac", "alac"])
def test_mp4_has_the_atoms_that_itunes_and_dj_software_read(tmp_path: Path, kind: str) -> None:
    atoms: Any = MP4(tagged(tmp_path, kind)).tags
    mean = "----:com.apple.iTunes:"

    assert (atoms["\xa9day"], atoms["tmpo"]) == (["2023"], [128])
    freeform = {key.removeprefix(mean): bytes(atoms[key][0]).decode() for key in atoms if key.startswith(mean)}
    assert freeform == {
        "SUBTITLE": "Extended Mix",
        "ISRC": "ZZDMO2600004",
        "BPM": "127.98",
        "initialkey": "F#m",
        "CAMELOT": "11A",
        "replaygain_track_gain": "-3.46 dB",
        "replaygain_track_peak": "0.987654",
        "WWWAUDIOSOURCE": TAGS.source_url,
    }
    assert atoms["covr"][0].imageformat == MP4Cover.FORMAT_JPEG


@pytest.mark.parametrize(("kind", "form"), [("flac", FLAC), ("ogg", OggVorbis)])
def test_vorbis_comments_have_both_names_of_the_key(tmp_path: Path, kind: str, form: Any) -> None:
    tags: Any = form(tagged(tmp_path, kind)).tags

    fields = {name.upper(): values for name, values in tags.as_dict().items()}

    fields.pop("METADATA_BLOCK_PICTURE", None)
    fields.pop("ENCODER", None)
    assert fields == {
        "TITLE": [TAGS.title],
        "ARTIST": [TAGS.artist],
        "ALBUM": ["Lådor"],
        "VERSION": ["Extended Mix"],
        "DATE": ["2023"],
        "GENRE": ["Deep House"],
        "ISRC": ["ZZDMO2600004"],
        "BPM": ["127.98"],
        "INITIALKEY": ["F#m"],
        "KEY": ["F#m"],
        "CAMELOT": ["11A"],
        "REPLAYGAIN_TRACK_GAIN": ["-3.46 dB"],
        "REPLAYGAIN_TRACK_PEAK": ["0.987654"],
        "WWWAUDIOSOURCE": [TAGS.source_url],
    }


@pytest.mark.parametrize(("tempo", "text"), [(128.0, "128"), (127.999, "128"), (127.5, "127.5"), (87.333, "87.33")])
def test_a_whole_tempo_is_written_whole(tmp_path: Path, tempo: float, text: str) -> None:
    path = tagged(tmp_path, "mp3", Tags(tempo_bpm=tempo))

    assert str(id3.ID3(path)["TBPM"]) == text


# --- What is not ours ---------------------------------------------------------------------------------------------------


def foreign_frames() -> list[Any]:
    return [
        id3.COMM(encoding=1, lang="eng", desc="", text=["Great at 3am"]),
        id3.GEOB(encoding=0, mime="application/octet-stream", desc="Serato Markers2", data=b"\x01\x01cue" * 99),
        id3.POPM(email="dj@example.org", rating=196, count=7),
        id3.PRIV(owner="TRAKTOR4", data=b"\x00\x01beatgrid"),
        id3.TXXX(encoding=1, desc="EnergyLevel", text=["7"]),
        id3.TXXX(encoding=1, desc="replaygain_track_gain", text=["-9.99 dB"]),
        id3.TPE4(encoding=1, text=["The Remixer"]),
        id3.UFID(owner="http://musicbrainz.org", data=b"abc"),
        id3.APIC(encoding=0, mime="image/jpeg", type=4, desc="back", data=jpeg(20, "blue")),
        id3.RVAD(adjustments=[1, 2]),
    ]


def save_frames(path: Path, frames: list[Any], version: int) -> None:
    tags = id3.ID3()
    for frame in frames:
        tags.add(frame)
    if path.suffix == ".mp3":
        tags.save(path, v2_version=version)
        return
    audio: Any = AIFF(path) if path.suffix == ".aiff" else WAVE(path)
    audio.add_tags()
    for frame in frames:
        audio.tags.add(frame)
    audio.tags.save(path, v2_version=version)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("kind", ID3)
def test_foreign_id3_frames_survive_in_the_version_they_came_in(tmp_path: Path, kind: str, version: int) -> None:
    path = make(tmp_path / f"x.{kind}", kind)
    only_in_2_4 = [id3.TMOO(encoding=3, text=["dark"]), id3.TSOP(encoding=3, text=["Akerlund"])]
    save_frames(path, foreign_frames() + (only_in_2_4 if version == 4 else []), version)
    before = {frame.HashKey: frame for frame in id3_of(path, translate=False).values()}

    MutagenTagger().write(path, TAGS)

    after = id3_of(path, translate=False)
    assert after.version[1] == version
    for key, frame in before.items():
        if key != "TXXX:replaygain_track_gain":
            assert after[key] == frame
    assert [frame.desc for frame in after.getall("TXXX") if "gain" in frame.desc.lower()] == [
        "REPLAYGAIN_TRACK_GAIN",
        "REPLAYGAIN_TRACK_PEAK",
    ]
    assert ("TDRC" in after, "TYER" in after) == (version == 4, version == 3)
    assert sorted(frame.type for frame in after.getall("APIC")) == [3, 4]


def test_an_old_tag_of_version_2_2_becomes_2_3(tmp_path: Path) -> None:
    path = make(tmp_path / "x.mp3", "mp3")
    sound = path.read_bytes()
    frames = b"TT2\x00\x00\x05\x00Old!" + b"TCM\x00\x00\x05\x00Bach" + b"COM\x00\x00\x08\x00eng\x00Hey"
    path.write_bytes(b"ID3\x02\x00\x00" + bytes([0, 0, 0, len(frames)]) + frames + sound)

    MutagenTagger().write(path, Tags(artist="New"))

    tags = id3.ID3(path)
    assert (tags.version, str(tags["TIT2"]), str(tags["TCOM"]), str(tags["TPE1"])) == ((2, 3, 0), "Old!", "Bach", "New")


def test_foreign_atoms_of_an_mp4_survive(tmp_path: Path) -> None:
    path = make(tmp_path / "x.m4a", "aac")
    audio: Any = MP4(path)
    audio["\xa9cmt"] = ["Great at 3am"]
    audio["rtng"] = [2]
    audio["trkn"] = [(3, 9)]
    audio["----:com.serato.dj:markersv2"] = [MP4FreeForm(b"cue" * 50)]
    audio["----:com.apple.iTunes:REPLAYGAIN_TRACK_GAIN"] = [MP4FreeForm(b"-9.99 dB")]
    audio["covr"] = [MP4Cover(jpeg(20, "blue")), MP4Cover(jpeg(20, "green"))]
    audio.save()

    MutagenTagger().write(path, TAGS)

    after: Any = MP4(path)
    assert (after["\xa9cmt"], after["rtng"], after["trkn"]) == (["Great at 3am"], [2], [(3, 9)])
    assert after["----:com.serato.dj:markersv2"] == [b"cue" * 50]
    assert [key for key in after if "gain" in key.lower() and "track_gain" in key.lower()] == [
        "----:com.apple.iTunes:replaygain_track_gain"
    ]
    assert [bytes(cover) for cover in after["covr"]] == [jpeg(), jpeg(20, "green")]


def test_foreign_comments_and_pictures_of_a_flac_survive(tmp_path: Path) -> None:
    path = make(tmp_path / "x.flac", "flac")
    audio: Any = FLAC(path)
    audio["COMMENT"], audio["SERATO_MARKERS_V2"], audio["RATING"] = ["Great at 3am"], ["Y3Vl"], ["80"]
    back = Picture()
    back.type, back.mime, back.data = 4, "image/jpeg", jpeg(20, "blue")
    audio.add_picture(back)
    audio.save()

    MutagenTagger().write(path, TAGS)

    after: Any = FLAC(path)
    assert (after["COMMENT"], after["SERATO_MARKERS_V2"], after["RATING"]) == (["Great at 3am"], ["Y3Vl"], ["80"])
    assert [(picture.type, picture.data) for picture in after.pictures] == [(3, jpeg()), (4, jpeg(20, "blue"))]


@pytest.mark.parametrize(("kind", "form"), [("ogg", OggVorbis), ("opus", OggOpus)])
def test_foreign_comments_and_pictures_of_an_ogg_survive(tmp_path: Path, kind: str, form: Any) -> None:
    path = make(tmp_path / f"x.{kind}", kind)
    audio: Any = form(path)
    back = Picture()
    back.type, back.mime, back.data = 4, "image/jpeg", jpeg(20, "blue")
    block = base64.b64encode(back.write()).decode()
    audio["COMMENT"], audio["METADATA_BLOCK_PICTURE"] = ["Great at 3am"], [block, "not base64!"]
    audio.save()

    MutagenTagger().write(path, TAGS)

    after: Any = form(path)
    assert after["COMMENT"] == ["Great at 3am"]
    assert after["METADATA_BLOCK_PICTURE"][1:] == [block, "not base64!"]


@pytest.mark.parametrize("kind", ["mp3", "aiff", "aac", "flac"])
def test_a_full_date_is_not_shortened_to_its_year(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"x.{KINDS[kind].ending}", kind)
    if kind in ID3:
        save_frames(path, [id3.TDRC(encoding=3, text=["2023-05-06"])], 4)
    else:
        audio: Any = MP4(path) if kind == "aac" else FLAC(path)
        audio["\xa9day" if kind == "aac" else "DATE"] = ["2023-05-06"]
        audio.save()

    MutagenTagger().write(path, TAGS)

    assert TinyTag.get(path).year == "2023-05-06"


def test_an_id3v1_tag_at_the_end_follows_the_new_one(tmp_path: Path) -> None:
    path = make(tmp_path / "x.mp3", "mp3")
    with path.open("ab") as file:
        file.write(b"TAG" + b"Old title".ljust(30, b"\0") + b"\0" * 94 + b"\xff")

    MutagenTagger().write(path, Tags(title="New title"))

    assert path.read_bytes()[-128:-95].startswith(b"TAGNew title")


# --- Foreign text and damaged tags --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_control_characters_are_dropped_and_long_text_is_cut(tmp_path: Path, kind: str) -> None:
    """B26 B30"""
    path = tagged(tmp_path, kind, Tags(title="A\0B\x1b[31m\r\nC\ud800D", artist="é" * 500_000))

    found = MutagenTagger().read(path)

    assert found.title == "AB[31m  CD"
    assert found.artist == "é" * 2048


@pytest.mark.parametrize(
    ("text", "year"),
    [("2004", 2004), ("2004-05-06", 2004), ("0", None), ("0000", None), ("99999", None), ("-5", None), ("May", None)],
)
@pytest.mark.parametrize("kind", ["aac", "flac"])
def test_odd_years_are_no_years(tmp_path: Path, kind: str, text: str, year: int | None) -> None:
    path = make(tmp_path / "x", kind)
    audio: Any = MP4(path) if kind == "aac" else FLAC(path)
    audio["\xa9day" if kind == "aac" else "DATE"] = [text]
    audio.save()

    assert MutagenTagger().read(path).year == year


@pytest.mark.parametrize("year", [0, -3, 99_999])
def test_an_impossible_year_is_not_written(tmp_path: Path, year: int) -> None:
    assert "TYER" not in id3.ID3(tagged(tmp_path, "mp3", Tags(title="x", year=year)), translate=False)


@pytest.mark.parametrize(("text", "isrc"), [("zz-dmo-26-00001", "ZZDMO2600001"), ("0", ""), ("unknown", "")])
def test_only_an_isrc_is_an_isrc(tmp_path: Path, text: str, isrc: str) -> None:
    path = make(tmp_path / "x", "flac")
    audio: Any = FLAC(path)
    audio["ISRC"] = [text]
    audio.save()

    assert MutagenTagger().read(path).isrc == isrc


def raw_frame(name: bytes, body: bytes, flags: int = 0) -> bytes:
    return name + struct.pack(">IH", len(body), flags) + body


def with_raw_id3(path: Path, frames: bytes, size: int | None = None) -> Path:
    size = len(frames) if size is None else size
    safe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\x00\x00" + safe + frames + path.read_bytes())
    return path


ODD_FRAMES = {
    "wrong encoding": raw_frame(b"TIT2", b"\x01\xff\xfe\x00") + raw_frame(b"TPE1", b"\x07abc"),
    "latin in utf-16": raw_frame(b"TIT2", b"\x01plain words without a mark"),
    "10 MB of text": raw_frame(b"TIT2", b"\x00" + b"x" * 10_000_000),
    "10,000 frames": b"".join(raw_frame(b"TXXX", b"\x00%d\x00v" % number) for number in range(10_000)),
    "10,000 titles": b"".join(raw_frame(b"TIT2", b"\x00%d" % number) for number in range(10_000)),
    "frame beyond the end": b"TIT2" + struct.pack(">IH", 2**31, 0) + b"\x00abc",
    "empty frames": raw_frame(b"TIT2", b"") * 50,
    "junk": os.urandom(3000),
    "bad picture": raw_frame(b"APIC", b"\x00image/png\x00\x03\x00" + b"<svg/>"),
    "cut picture": raw_frame(b"APIC", b"\x00image/jp"),
    "html": raw_frame(b"TIT2", b"\x00&lt;script&gt;&#0;&amp;amp;amp;" * 500),
}


@pytest.mark.parametrize("name", ODD_FRAMES)
def test_odd_id3_tags_are_read_and_written_without_an_error(tmp_path: Path, name: str) -> None:
    """B40"""
    path = with_raw_id3(make(tmp_path / "x.mp3", "mp3"), ODD_FRAMES[name])

    found = MutagenTagger().read(path)
    MutagenTagger().cover(path)
    MutagenTagger().write(path, TAGS)

    assert all(len(text.encode()) <= 4096 for text in (found.title, found.artist, found.album))
    assert MutagenTagger().read(path) == EXPECTED


def test_a_tag_of_a_version_that_nobody_knows_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = make(tmp_path / "x.mp3", "mp3")
    path.write_bytes(b"ID3\x07\x00\x00\x00\x00\x00\x10" + b"?" * 16 + path.read_bytes())

    MutagenTagger().write(path, TAGS)

    assert MutagenTagger().read(path) == EXPECTED


def test_a_compressed_frame_is_never_unpacked_and_stays_byte_for_byte(tmp_path: Path) -> None:
    """B40"""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\x00" * 1_000_000) for _ in range(200)) + packer.flush()
    bomb = raw_frame(b"TIT2", struct.pack(">I", 200_000_000) + packed, 0x80)
    path = with_raw_id3(make(tmp_path / "x.mp3", "mp3"), bomb + raw_frame(b"TPE1", b"\x00Someone"))

    tracemalloc.start()
    found = MutagenTagger().read(path)
    MutagenTagger().write(path, Tags(album="Album"))
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.artist == "Someone"
    assert most_bytes < 20_000_000
    assert bomb in path.read_bytes()


@pytest.mark.parametrize("kind", ALL)
def test_damaged_files_are_read_and_tagged_whole_or_refused(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """B41"""
    caplog.set_level(logging.CRITICAL)
    path = tagged(tmp_path, kind)
    whole = path.read_bytes()
    chance = np.random.default_rng(11)

    for number in range(60):
        damaged = bytearray(whole[: len(whole) * 2 // 3] if number % 5 == 0 else whole)
        for at in chance.integers(0, min(len(damaged), 2500), 4):
            damaged[at] = chance.integers(0, 256)
        if kind in {"aac", "alac"}:  # their index stands at the end
            for at in chance.integers(max(0, len(damaged) - 5000), len(damaged), 4):
                damaged[at] = chance.integers(0, 256)
        path.write_bytes(damaged)
        MutagenTagger().read(path)
        MutagenTagger().cover(path)
        if not could_write(path):
            assert path.read_bytes() == damaged

    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def could_write(path: Path) -> bool:
    try:
        MutagenTagger().write(path, Tags(title="New"))
    except GiveUp:
        return False
    return True


def test_an_mp4_of_endlessly_nested_atoms_says_nothing(tmp_path: Path) -> None:
    """B40"""
    path = tmp_path / "deep.m4a"
    body = b""
    for _ in range(20_000):
        body = struct.pack(">I", len(body) + 8) + b"moov" + body
        if len(body) > 400_000:
            break
    path.write_bytes(struct.pack(">I", 16) + b"ftypM4A \0\0\0\0" + body)

    assert MutagenTagger().read(path) == Embedded()


@pytest.mark.parametrize(
    "content", [b"", b"words " * 99, b"#EXTM3U\n", b"\0" * 5000, b"fLaC", b"OggS", b"RIFF\0\0\0\0WAVE"]
)
def test_what_is_no_audio_says_nothing_and_cannot_be_tagged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(content)

    assert MutagenTagger().read(path) == Embedded()
    assert MutagenTagger().cover(path) is None
    with pytest.raises(GiveUp, match=r"x\.mp3"):
        MutagenTagger().write(path, TAGS)
    assert path.read_bytes() == content


def test_a_file_that_is_not_there_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(GiveUp) as refused:
        MutagenTagger().read(tmp_path / "gone.mp3")

    assert refused.value.rule == "tags_unreadable"


def test_a_wav_with_only_an_info_list_is_read(tmp_path: Path) -> None:
    path = make(tmp_path / "x.wav", "wav")

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)

    info = b"INFO" + chunk(b"INAM", "Låda".encode("cp1252") + b"\0") + chunk(b"IART", "Søren".encode() + b"\0")
    content = path.read_bytes() + chunk(b"LIST", info + chunk(b"ICRD", b"2023-05-06\0"))
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])

    assert MutagenTagger().read(path) == Embedded(title="Låda", artist="Søren", year=2023)


# --- Covers and the disk ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_a_bad_cover_is_left_out_and_the_rest_is_written(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tagged(tmp_path, kind, replace(TAGS, cover=Cover("image/jpeg", b"<svg onload=alert(1)/>")))

    assert MutagenTagger().read(path) == replace(EXPECTED, has_cover=False)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_front_cover_is_taken_before_other_pictures_and_made_modest(tmp_path: Path) -> None:
    path = make(tmp_path / "x.mp3", "mp3")
    back = id3.APIC(encoding=0, mime="image/jpeg", type=4, desc="back", data=jpeg(20, "blue"))
    front = id3.APIC(encoding=0, mime="image/jpeg", type=3, desc="", data=jpeg(2000))
    save_frames(path, [back, front], 3)

    cover = MutagenTagger().cover(path)

    assert cover is not None
    with Image.open(BytesIO(cover.picture)) as image:
        assert image.size == (1500, 1500)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("kind", ALL)
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"track.{KINDS[kind].ending}", kind)
    before = path.read_bytes()
    (tmp_path / f".{path.name}.part").symlink_to("/dev/full")

    with pytest.raises(EnvironmentFault, match="no space left"):
        MutagenTagger().write(path, TAGS)

    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_while_the_tag_grows_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = make(tmp_path / "x.mp3", "mp3")
    before = path.read_bytes()
    program = """
import resource, signal, sys
from pathlib import Path
from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.errors import EnvironmentFault
from music_sync.model.track import Tags
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100,) * 2)
try:
    MutagenTagger().write(path, Tags(title="x" * 4000))
except EnvironmentFault as fault:
    print(fault)
"""

    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)

    assert "no space left" in ended.stdout
    assert path.read_bytes() == before


KILLED = """
import os, sys
from pathlib import Path
from music_sync.adapters import tagger_id3, tagger_mutagen
from music_sync.model.track import Tags
def write_and_die(part, tags):
    tagger_id3.write_mp3(part, tags)
    os.kill(os.getpid(), 9)
tagger_mutagen._WRITERS["mp3"] = write_and_die
tagger_mutagen.MutagenTagger().write(Path(sys.argv[1]), Tags(title="New"))
"""


def test_a_kill_while_tagging_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tagged(tmp_path, "mp3")
    before = path.read_bytes()

    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)

    assert ended.returncode == -9
    assert path.read_bytes() == before
    MutagenTagger().write(path, TAGS)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
