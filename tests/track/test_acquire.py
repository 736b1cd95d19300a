"""Which way brings a track, what came, and what it is called."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.journeys.bad_files import PAGE, encoded
from tests.track.examples import Bringing, fetched, no_progress, track

from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.model.endings import Match, OnBuyList, Reason
from music_sync.model.errors import GiveUp, ServiceUnavailable
from music_sync.model.ports import Progress
from music_sync.model.track import Embedded, FetchedFile, FoundTrack
from music_sync.track.acquire import Look, acquire, brought, described
from music_sync.track.candidates import Candidate, Choice, Judged
from music_sync.track.likeness import Described

TAGGER = MutagenTagger()


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "owned.flac"
    path.write_bytes(encoded(0, "flac"))
    return path


def test_the_first_way_that_has_it_brings_it(audio: Path, tmp_path: Path) -> None:
    without, good, unasked = Bringing(has_a_way=False), Bringing(audio), Bringing(audio)

    came = acquire(track("x"), [without, good, unasked], TAGGER, tmp_path, no_progress)

    assert isinstance(came, FetchedFile)
    assert (came.container, came.codec, came.sha256) == ("flac", "flac", sha256_of(audio))
    assert (without.asked, good.asked, unasked.asked) == (0, 1, 0)


def test_a_way_that_refuses_leaves_it_to_the_next(audio: Path, tmp_path: Path) -> None:
    """P22"""
    found = track("x", url="https://away.test/x.flac?signature=abc")
    ways = [Bringing(error=GiveUp("no"), name="link"), Bringing(audio, name="extractor")]
    came = acquire(found, ways, TAGGER, tmp_path, no_progress)

    assert isinstance(came, FetchedFile)
    assert [(reason.rule, reason.text) for reason in brought(found, came)] == [
        ("extractor", "brought by `extractor` from https://away.test/x.flac"),
        ("link", "not by `link`: no"),
    ]


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (
            track("x", url="https://www.youtube.com/watch?v=AAAAAAAAAA1&si=x"),
            "https://www.youtube.com/watch?v=AAAAAAAAAA1",
        ),
        (track("x", url="https://x.test/a.mp3?v=AAAAAAAAAA1AndMore"), "https://x.test/a.mp3"),
        (track("x", path=Path("/music/a.mp3"), url="https://x.test/a"), "/music/a.mp3"),
        (track("text:a - b"), "text:a - b"),
    ],
)
def test_what_brought_a_track_is_told_without_a_signature(found: FoundTrack, place: str) -> None:
    assert brought(found, fetched())[0].text == f"brought by `owned` from {place}"


def test_what_is_no_audio_is_refused_and_the_next_way_is_tried(audio: Path, tmp_path: Path) -> None:
    """P16"""
    page = tmp_path / "page.mp3"
    page.write_bytes(PAGE)

    came = acquire(track("x"), [Bringing(page), Bringing(audio)], TAGGER, tmp_path, no_progress)
    with pytest.raises(GiveUp, match="web page"):
        acquire(track("x"), [Bringing(page)], TAGGER, tmp_path, no_progress)

    assert isinstance(came, FetchedFile)


def test_the_last_refusal_is_told(tmp_path: Path) -> None:
    with pytest.raises(GiveUp, match="second"):
        acquire(
            track("x"),
            [Bringing(error=GiveUp("first")), Bringing(error=GiveUp("second"))],
            TAGGER,
            tmp_path,
            no_progress,
        )


def test_a_way_that_is_away_is_waited_for(audio: Path, tmp_path: Path) -> None:
    """P22: another way might bring another recording, or worse quality, only because of a bad minute."""
    with pytest.raises(ServiceUnavailable):
        acquire(
            track("x"), [Bringing(error=ServiceUnavailable("away")), Bringing(audio)], TAGGER, tmp_path, no_progress
        )


def test_without_any_way_it_goes_on_the_buy_list(tmp_path: Path) -> None:
    """P15"""
    ending = acquire(track("x", url="spotify:track:x"), [Bringing(has_a_way=False)], TAGGER, tmp_path, no_progress)

    assert isinstance(ending, OnBuyList)
    assert "buy it and put the file into the drop folder" in ending.reason
    assert "Moderat - Bad Kingdom" in ending.reason


# What the owner has already


@dataclass
class Copying(Bringing):
    """The provider of own files, which brings what the track's path names."""

    missing: tuple[str, ...] = ()

    def offers(self, found: FoundTrack) -> bool:
        return found.path is not None

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:  # noqa: ARG002 - the port names them
        assert found.path
        if found.path.name in self.missing:
            raise GiveUp(f"no such file: {found.path}")
        return found.path


def judged(path: Path, verdict: str = "same", recording_id: str = "", *, is_proven: bool = False) -> Judged:
    said = Described("Moderat", "Bad Kingdom", 200.0)
    candidate = Candidate(said, path, "flac", recording_id=recording_id)
    return Judged(candidate, verdict, 0.9, (Reason("length", "the lengths are 0.3 s apart", 0.9),), is_proven)


def choosing(*sure: Judged, doubt: Judged | None = None) -> Look:
    return lambda _found: Choice(sure, doubt)


def test_p27_an_own_file_is_taken_before_any_other_way(audio: Path, tmp_path: Path) -> None:
    """P27"""
    unasked = Bringing(audio, name="link")

    came = acquire(track("x"), [Copying(), unasked], TAGGER, tmp_path, no_progress, choosing(judged(audio)))

    assert isinstance(came, FetchedFile)
    assert (came.path, came.place, unasked.asked) == (audio, str(audio), 0)
    assert [(reason.rule, reason.score) for reason in brought(track("x"), came)] == [
        ("owned", None),
        ("length", 0.9),
    ]
    assert brought(track("x"), came)[0].text == f"brought by `owned` from {audio}"


def test_the_owners_order_of_ways_is_kept(audio: Path, tmp_path: Path) -> None:
    def unasked(_found: FoundTrack) -> Choice:
        raise AssertionError

    came = acquire(track("x"), [Bringing(audio, name="link"), Copying()], TAGGER, tmp_path, no_progress, unasked)

    assert isinstance(came, FetchedFile)
    assert came.provider == "link"


def test_without_the_way_of_own_files_none_is_looked_for(tmp_path: Path) -> None:
    def unasked(_found: FoundTrack) -> Choice:
        raise AssertionError

    ways = [Bringing(has_a_way=False, name="link")]

    assert isinstance(acquire(track("x"), ways, TAGGER, tmp_path, no_progress, unasked), OnBuyList)


def test_a_track_that_names_its_file_is_not_looked_for(audio: Path, tmp_path: Path) -> None:
    def unasked(_found: FoundTrack) -> Choice:
        raise AssertionError

    came = acquire(track("x", path=audio), [Copying()], TAGGER, tmp_path, no_progress, unasked)

    assert isinstance(came, FetchedFile)
    assert (came.place, came.findings) == ("", ())


def test_p22_an_own_file_that_refuses_leaves_it_to_the_next_one(audio: Path, tmp_path: Path) -> None:
    """P22 P35"""
    ways = [Copying(missing=("gone.flac",))]
    look = choosing(judged(tmp_path / "gone.flac"), judged(audio))

    came = acquire(track("x"), ways, TAGGER, tmp_path, no_progress, look)

    assert isinstance(came, FetchedFile)
    assert came.path == audio
    assert [name for name, _why in came.refusals] == ["owned"]


def test_p27_isrc_and_length_say_which_recording_it_is_without_fetching(audio: Path, tmp_path: Path) -> None:
    """P27 P30"""
    ours = judged(audio, recording_id="ab" * 16, is_proven=True)

    came = acquire(track("x"), [Copying(missing=(audio.name,))], TAGGER, tmp_path, no_progress, choosing(ours))

    assert isinstance(came, Match)
    assert (came.verdict, came.recording_id) == ("same", "ab" * 16)
    assert [reason.rule for reason in came.reasons] == ["isrc_length", "length"]
    assert all(reason.score == 0.9 for reason in came.reasons)


def test_a_recording_known_by_its_words_is_left_to_what_the_file_says(audio: Path, tmp_path: Path) -> None:
    ours = judged(audio, recording_id="ab" * 16)

    came = acquire(track("x"), [Copying()], TAGGER, tmp_path, no_progress, choosing(ours))

    assert isinstance(came, FetchedFile)


def test_p22_what_is_unsure_is_for_a_person_when_no_other_way_brings_it(audio: Path, tmp_path: Path) -> None:
    """P22"""
    look = choosing(doubt=judged(audio, "unsure"))
    refusing = Bringing(error=GiveUp("gone"), name="link")

    came = acquire(track("x"), [Copying(), refusing], TAGGER, tmp_path, no_progress, look)

    assert isinstance(came, Match)
    assert (came.verdict, came.recording_id, refusing.asked) == ("unsure", "", 1)
    assert f"{audio} (Moderat - Bad Kingdom, 3:20) may be Moderat - Bad Kingdom, but" in came.reasons[0].text


def test_another_way_ends_a_doubt(audio: Path, tmp_path: Path) -> None:
    look = choosing(doubt=judged(tmp_path / "doubtful.flac", "unsure"))

    came = acquire(track("x"), [Copying(), Bringing(audio, name="link")], TAGGER, tmp_path, no_progress, look)

    assert isinstance(came, FetchedFile)
    assert came.provider == "link"


def test_a_doubt_that_a_person_ended_is_no_doubt(audio: Path, tmp_path: Path) -> None:
    came = acquire(track("x"), [Copying()], TAGGER, tmp_path, no_progress, choosing(doubt=judged(audio)))

    assert isinstance(came, FetchedFile)


def tagged(**words: object) -> FetchedFile:
    return FetchedFile(**{**vars(fetched()), "embedded": Embedded(**words)})  # type: ignore[arg-type]


def test_a_source_knows_its_words_better_than_a_file() -> None:
    found = described(track("x"), tagged(artist="A", title="T", album="An Album", isrc="de-ar4-13-00001"))

    assert (found.artist, found.title) == ("Moderat", "Bad Kingdom")
    assert (found.album, found.isrc) == ("An Album", "DEAR41300001")


def test_a_file_knows_better_than_its_name() -> None:
    guessed = FoundTrack("folder", "/x", artist="G", title="Guess", guessed=True)

    assert described(guessed, tagged(artist="A", title="T")).artist == "A"
    assert described(guessed, tagged()).title == "Guess"


@pytest.mark.parametrize(
    ("found", "title"),
    [
        (FoundTrack("folder", "/x/Some Name.flac", path=Path("/x/Some Name.flac")), "Some Name"),
        (FoundTrack("list", "u", url="https://example.org/a/My%20Song.mp3?x=1"), "My Song"),
        (FoundTrack("list", "only an id"), "only an id"),
        (FoundTrack("folder", "/x", path=Path("/x/two\nlines.flac")), "two lines"),
    ],
)
def test_a_track_without_words_is_called_by_its_place(found: FoundTrack, title: str) -> None:
    assert described(found, tagged()).title == title
