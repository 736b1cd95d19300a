"""The tag stage: what is known of a track, in the words of tags."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.adapters.sounds import make

from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.track import Analysis, Cover, FoundTrack, Key, StagedFile, Tags, Tempo
from music_sync.track.tag import tag, tags_for

FOUND = FoundTrack(
    "spotify",
    "abc",
    artist="Halogen",
    title="Motorway (Extended Mix)",
    album="Motorway",
    isrc="ZZDMO2600003",
    year=2024,
    genre="Drum & Bass",
    url="https://example.org/track/abc?si=1",
)
ANALYSIS = Analysis(180.0, (1, 2), -9.25, 0.98, Tempo(174.02, 0.9), Key(6, "minor", 0.7))


def test_all_that_is_known_becomes_a_tag() -> None:
    cover = Cover("image/jpeg", b"picture")

    tags = tags_for(FOUND, ANALYSIS, cover, "Extended Mix")

    assert tags == Tags(
        title="Motorway (Extended Mix)",
        artist="Halogen",
        album="Motorway",
        version="Extended Mix",
        year=2024,
        genre="Drum & Bass",
        isrc="ZZDMO2600003",
        tempo_bpm=174.02,
        key_name="F#m",
        camelot="11A",
        replaygain_db=-8.75,
        replaygain_peak=0.98,
        source_url="https://example.org/track/abc?si=1",
        cover=cover,
    )


def test_silence_has_no_tempo_key_or_gain() -> None:
    tags = tags_for(FOUND, Analysis(60.0, (), None, 0.0), None, "")

    assert (tags.tempo_bpm, tags.key_name, tags.camelot) == (None, "", "")
    assert (tags.replaygain_db, tags.replaygain_peak) == (None, None)


@pytest.mark.parametrize(("loudness", "gain"), [(-18.0, 0.0), (-120.0, 51.0), (40.0, -51.0), (-23.0, 5.0)])
def test_the_gain_leads_to_the_reference_within_what_readers_take(loudness: float, gain: float) -> None:
    assert tags_for(FOUND, replace(ANALYSIS, loudness_lufs=loudness), None, "").replaygain_db == gain


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///home/me/x.mp3",
        "javascript:alert(1)",
        "https://me:secret@example.org/x",
        "https://",
        "http://[",
        "ftp://x/y",
    ],
)
def test_only_a_plain_link_to_the_web_travels_with_the_file(url: str) -> None:
    assert tags_for(replace(FOUND, url=url), ANALYSIS, None, "").source_url == ""


def test_every_staged_file_is_tagged_and_twice_is_the_same(tmp_path: Path) -> None:
    staged = [StagedFile(make(tmp_path / f"x.{kind}", kind), kind) for kind in ("aiff", "mp3", "flac")]
    tags = tags_for(FOUND, ANALYSIS, None, "Extended Mix")

    tag(staged, tags, MutagenTagger())
    first = [file.path.read_bytes() for file in staged]
    tag(staged, tags, MutagenTagger())

    assert [file.path.read_bytes() for file in staged] == first
    assert [MutagenTagger().read(file.path).title for file in staged] == ["Motorway (Extended Mix)"] * 3
