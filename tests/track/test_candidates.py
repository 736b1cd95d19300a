"""Which of the owner's files a track is: by ISRC and length, or by words, version and length; never by words alone."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.track.examples import recording, track

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.ports import OwnFile
from music_sync.model.track import FoundTrack, LibraryFile, Recording
from music_sync.track.candidates import Candidates, Choice, Said, doubt_about

ISRC = "DEAR41300001"
LIKE = track("x", length_s=200.0, url="https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC")


def noise(seed: int) -> tuple[int, ...]:
    chance = random.Random(seed)
    return tuple(chance.getrandbits(32) for _ in range(400))


SOUND = noise(1)
SOUNDS = {
    "same.mp3": (*SOUND[:390], *(0,) * 10),
    "exact.mp3": SOUND,
    "other.mp3": noise(2),
    "silence.mp3": (7,) * 400,
}


@dataclass
class Folder:
    """The owner's files, and how often they were read."""

    held: tuple[OwnFile, ...]
    read: int = field(default=0)
    heard: list[str] = field(default_factory=list)

    def files(self) -> Iterable[OwnFile]:
        self.read += 1
        return self.held

    def sound_of(self, file: OwnFile) -> tuple[int, ...]:
        self.heard.append(file.path.name)
        return SOUNDS.get(file.path.name, ())


def own(name: str = "a.flac", title: str = "Bad Kingdom", **more: object) -> OwnFile:
    said = OwnFile(Path("/music") / name, "Moderat", title, length_s=200.0, codec="flac", bit_rate=900_000)
    return replace(said, **more)  # type: ignore[arg-type]


class Owned:
    """All that the owner has, in a world of a test's making."""

    def __init__(self, root: Path) -> None:
        self.catalogue = FakeCatalogue()
        self.library = FolderLibrary.at(root)

    def file(self, owned: Recording, *, lost: bool = False) -> None:
        self.catalogue.add(owned, track(owned.recording_id[:4]))
        for each in () if lost else owned.files:
            path = self.library.absolute(each)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(each.size_bytes))

    def candidates(self, *files: OwnFile) -> Candidates:
        return Candidates(Folder(files), self.catalogue, self.library)

    def choose(self, *files: OwnFile, found: FoundTrack = LIKE, said: Said | None = None) -> Choice:
        return self.candidates(*files).choose(found, said or Said())


@pytest.fixture
def owned(tmp_path: Path) -> Owned:
    return Owned(tmp_path)


def names(choice: Choice) -> list[str]:
    return [each.candidate.path.name for each in choice.sure]


@pytest.mark.parametrize(
    "file",
    [
        own(),
        own(title="bad kingdom"),
        own(title="BadKingdom"),
        own(artist="", title="Moderat - Bad Kingdom"),
        own(length_s=205.9),
        own(isrc=ISRC),
        own(length_s=None),
    ],
    ids=lambda file: f"{file.artist}-{file.title}-{file.length_s}",
)
def test_p27_a_file_with_its_words_version_and_length_is_it(owned: Owned, file: OwnFile) -> None:
    """P27; a file whose header tells no length is measured before it is filed."""
    choice = owned.choose(file)

    assert names(choice) == ["a.flac"]
    assert {"title", "artist", "version"} <= {reason.rule for reason in choice.sure[0].reasons}
    assert all(reason.score is not None for reason in choice.sure[0].reasons)


@pytest.mark.parametrize(
    "file",
    [
        own(title="Bad Kingdom (Robag Wruhme Remix)"),
        own(title="Bad Kingdom (Live)"),
        own(title="Bad Kingdom (Instrumental)"),
        own(title="Good Kingdom"),
        own(title="Kingdom"),
        own(artist="Somebody Else"),
        own(length_s=30.0),
        own(length_s=300.0),
        own(title="", artist=""),
    ],
    ids=lambda file: f"{file.artist}-{file.title}-{file.length_s}",
)
def test_p21_p22_p24_another_version_artist_title_or_length_is_never_it(owned: Owned, file: OwnFile) -> None:
    """P21 P22 P24 P46 P49"""
    assert owned.choose(file).sure == ()


@pytest.mark.parametrize("title", ["Sunset", "Alive", "Remixed Feelings"])
def test_p24_a_word_in_the_title_alone_speaks_neither_for_nor_against(owned: Owned, title: str) -> None:
    """P24"""
    long = track("x", title, length_s=1500.0)

    assert names(owned.choose(own(title=title, length_s=1502.0), found=long)) == ["a.flac"]


def test_p22_without_a_length_a_person_must_look(owned: Owned) -> None:
    """P22 P39: words alone never decide."""
    choice = owned.choose(own(isrc=ISRC), found=replace(LIKE, length_s=None, isrc=ISRC))

    assert choice.sure == ()
    assert choice.doubt
    assert "tells no length" in doubt_about(LIKE, choice.doubt)


def test_p22_what_is_unsure_is_told_with_both_sides_and_what_speaks_against(owned: Owned) -> None:
    """P22"""
    choice = owned.choose(own(length_s=209.0))

    assert choice.sure == ()
    assert choice.doubt
    assert choice.doubt.verdict == "unsure"
    sentence = doubt_about(LIKE, choice.doubt)
    assert "/music/a.flac (Moderat - Bad Kingdom, 3:29) may be Moderat - Bad Kingdom (3:20), but" in sentence
    assert "9 s apart" in sentence


def test_the_same_isrc_does_not_outweigh_another_length(owned: Owned) -> None:
    choice = owned.choose(own(isrc=ISRC, length_s=209.0), found=replace(LIKE, isrc=ISRC))

    assert choice.sure == ()
    assert choice.doubt


def test_a_sure_file_ends_all_doubts(owned: Owned) -> None:
    choice = owned.choose(own(length_s=209.0), own("b.flac"))

    assert (names(choice), choice.doubt) == (["b.flac"], None)


def test_of_equals_the_lossless_one_comes_first_then_the_higher_rate(owned: Owned) -> None:
    files = [
        own("low.mp3", codec="mp3", bit_rate=128_000),
        own("high.mp3", codec="mp3", bit_rate=320_000),
        own("small.flac", codec="flac", bit_rate=600_000),
        own("big.wav", codec="pcm_s16le", bit_rate=1_411_000),
        own("unknown.ogg", codec="vorbis", bit_rate=None),
    ]

    assert names(owned.choose(*files)) == ["big.wav", "small.flac", "high.mp3", "low.mp3", "unknown.ogg"]


def test_a_better_likeness_comes_before_a_better_sound(owned: Owned) -> None:
    near = own("near.flac", title="Bad Kingdom (Of Mine)")
    exact = own("exact.mp3", codec="mp3", bit_rate=320_000)

    assert names(owned.choose(near, exact))[0] == "exact.mp3"


def test_p27_a_recording_of_the_library_is_found_by_its_words(owned: Owned) -> None:
    """P27"""
    held = recording("aaaa")
    owned.file(held)

    choice = owned.choose(own("b.flac"))

    assert [each.candidate.recording_id for each in choice.sure] == [held.recording_id, ""]
    assert choice.sure[0].candidate.path == owned.library.absolute(held.files[0])
    assert not choice.sure[0].is_proven


def test_isrc_and_length_prove_a_recording(owned: Owned) -> None:
    owned.file(recording("aaaa", isrc=ISRC))

    assert owned.choose(found=replace(LIKE, isrc="de-ar4-13-00001")).sure[0].is_proven


def test_the_best_format_of_a_recording_is_the_candidate(owned: Owned) -> None:
    files = tuple(LibraryFile(f"a.{name}", name, name, 10) for name in ("mp3", "flac", "aac"))
    owned.file(replace(recording("aaaa"), files=files))

    assert names(owned.choose()) == ["a.flac"]


def test_a_file_that_was_deleted_from_the_library_is_no_candidate(owned: Owned) -> None:
    owned.file(recording("aaaa"), lost=True)

    assert owned.choose() == Choice()


def test_what_a_person_told_apart_stays_apart(owned: Owned) -> None:
    held = recording("aaaa")
    owned.file(held)

    assert owned.choose(said=Said(frozenset({held.recording_id}))) == Choice()


def test_a_file_that_a_person_refused_stays_refused_but_a_sure_one_is_taken(owned: Owned) -> None:
    refused = Said(frozenset({""}))

    assert owned.choose(own(length_s=209.0), said=refused) == Choice()
    assert names(owned.choose(own(), said=refused)) == ["a.flac"]


def test_a_file_that_a_person_accepted_is_it(owned: Owned) -> None:
    choice = owned.choose(own(length_s=209.0), found=replace(LIKE, length_s=None), said=Said(is_it=True))

    assert choice.doubt
    assert (choice.doubt.verdict, choice.doubt.reasons[0].text) == ("same", "you said so")


def test_what_has_no_words_has_no_candidates(owned: Owned) -> None:
    candidates = owned.candidates(own())

    assert candidates.choose(FoundTrack("list", "x", url="https://x.example/a.mp3")) == Choice()


def test_it_is_read_once_and_only_when_a_track_asks(owned: Owned) -> None:
    folder = Folder((own(),))
    candidates = Candidates(folder, owned.catalogue, owned.library)
    assert folder.read == 0

    assert candidates.fits(LIKE)
    assert not candidates.fits(track("y", "Another", length_s=100.0))
    assert folder.read == 1


def test_a_title_of_common_words_is_found_among_many(owned: Owned) -> None:
    """All of them share its words; the likeliest are looked at closely."""
    crowd = [own(f"{number}.flac", title=f"In The Night {number}") for number in range(500)]
    wanted = own("wanted.flac", title="The Night")

    assert names(owned.choose(*crowd, wanted, found=track("x", "The Night", length_s=200.0))) == ["wanted.flac"]


def nameless(name: str, length_s: float | None = 200.0, **more: object) -> OwnFile:
    return own(name, "Track 7", artist="", length_s=length_s, **more)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([nameless("other.mp3"), nameless("same.mp3")], "same.mp3"),
        ([nameless("same.mp3"), nameless("exact.mp3")], "exact.mp3"),
        ([nameless("same.mp3", None)], "same.mp3"),
        ([nameless("exact.mp3", 230.0)], ""),
        ([nameless("other.mp3"), nameless("silence.mp3"), nameless("damaged.mp3")], ""),
        ([own("exact.mp3")], ""),
        ([], ""),
    ],
    ids=["among others", "the likest", "no length told", "another length", "nothing like it", "words find it", "none"],
)
def test_a_file_that_tells_no_artist_is_known_by_its_sound(owned: Owned, files: list[OwnFile], found: str) -> None:
    heard = owned.candidates(*files).sounding_like(SOUND, 200.0)

    assert (heard.candidate.path.name if heard else "") == found
    assert heard is None or ("sounds the same" in heard.reasons[0].text and heard.score >= 0.9)


def test_p34_silence_sounds_like_no_file(owned: Owned) -> None:
    folder = Folder((nameless("silence.mp3"),))

    assert Candidates(folder, owned.catalogue, owned.library).sounding_like(SOUNDS["silence.mp3"], 200.0) is None
    assert folder.heard == []
