"""Fields that came later go again, and what stood beside them stays; they have the names that Picard gives them."""

# mypy: allow-untyped-calls

from pathlib import Path

import pytest
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from tests.adapters.sounds import make, packets
from tests.adapters.test_tagger_mutagen import ALL, jpeg

from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.track import Cover, Embedded, Tags

RECORDING, RELEASE = "0b3c1f2e-0000-4000-8000-000000000001", "0b3c1f2e-0000-4000-8000-000000000002"
LATER = Tags(
    album="Lådor",
    year=2023,
    genre="House",
    isrc="ZZDMO2600004",
    label="Halogen",
    mb_recording_id=RECORDING,
    mb_release_id=RELEASE,
    cover=Cover("image/jpeg", jpeg()),
)
NAMES = ("album", "year", "genre", "isrc", "label", "mb_recording_id", "mb_release_id", "cover")


@pytest.mark.parametrize("kind", ALL)
def test_what_was_filled_in_is_read_and_can_be_taken_out(tmp_path: Path, kind: str) -> None:
    tagger = MutagenTagger()
    path = make(tmp_path / f"it.{kind}", kind)
    tagger.write(path, Tags(artist="Halogen", title="Slip Road", key_name="Am"))
    before, sound = tagger.read(path), packets(path)

    tagger.write(path, LATER)
    filled = tagger.read(path)
    tagger.remove(path, NAMES)

    assert (filled.label, filled.mb_recording_id, filled.mb_release_id) == ("Halogen", RECORDING, RELEASE)
    assert (filled.album, filled.year, filled.has_cover) == ("Lådor", 2023, True)
    assert (tagger.read(path), packets(path)) == (before, sound)


@pytest.mark.parametrize("kind", ALL)
def test_only_the_fields_that_are_named_go(tmp_path: Path, kind: str) -> None:
    tagger = MutagenTagger()
    path = make(tmp_path / f"it.{kind}", kind)
    tagger.write(path, LATER)

    tagger.remove(path, ["album", "mb_release_id"])

    assert tagger.read(path) == Embedded(
        year=2023, genre="House", isrc="ZZDMO2600004", has_cover=True, label="Halogen", mb_recording_id=RECORDING
    )
    assert tagger.cover(path) == LATER.cover


def test_a_file_without_tags_has_nothing_to_take_out(tmp_path: Path) -> None:
    for kind in ALL:
        path = make(tmp_path / f"it.{kind}", kind)
        MutagenTagger().remove(path, NAMES)

        assert MutagenTagger().read(path) == Embedded()


def test_ids_stand_where_picard_writes_them(tmp_path: Path) -> None:
    paths = {kind: make(tmp_path / f"it.{kind}", kind) for kind in ("mp3", "aac", "flac")}
    for path in paths.values():
        MutagenTagger().write(path, Tags(label="Halogen", mb_recording_id=RECORDING, mb_release_id=RELEASE))
    id3, mp4, flac = ID3(paths["mp3"]), MP4(paths["aac"]), FLAC(paths["flac"])
    mean = "----:com.apple.iTunes:"

    assert (id3["UFID:http://musicbrainz.org"].data.decode(), id3["TPUB"].text) == (RECORDING, ["Halogen"])
    assert id3["TXXX:MusicBrainz Album Id"].text == [RELEASE]
    assert [bytes(mp4[f"{mean}MusicBrainz {name} Id"][0]).decode() for name in ("Track", "Album")] == [
        RECORDING,
        RELEASE,
    ]
    assert (flac["MUSICBRAINZ_TRACKID"], flac["MUSICBRAINZ_ALBUMID"], flac["LABEL"]) == (
        [RECORDING],
        [RELEASE],
        ["Halogen"],
    )
