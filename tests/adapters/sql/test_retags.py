"""Questions to services, and changes of tags from the intent to the entry that can be undone; on SQLite and Postgres."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.enrichments import stamp
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.model.enrichment import ANSWERED, NOTHING, Question
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Recording

FOUND = FoundTrack("folder", "/music/waves.flac", artist="Ann", title="Waves")
FILES = (LibraryFile("Ann/Waves.aiff", "aiff", "f" * 64, 1_000), LibraryFile("Ann/Waves.m4a", "alac", "e" * 64, 900))
NEWER = tuple(LibraryFile(each.path, each.format, each.sha256[::-1].replace("f", "0"), 2_000) for each in FILES)
PAIRS = tuple(zip(FILES, NEWER, strict=True))
BEFORE = {"columns": {"album": "", "year": None}}
AFTER = {
    "label": "Ann - Waves",
    "columns": {"album": "Low Tide", "year": 2021},
    "services": {"deezer": ["album", "year"]},
    "filled": ["album", "year"],
}


class Days:
    """A calendar that tests turn."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def catalogue(engine: sa.Engine, days: Days) -> SqlRetags:
    catalogue = SqlRetags(engine, days)
    catalogue.add(ours("a"), FOUND)
    return catalogue


def ours(letter: str, isrc: str = "DEAB12300001", sound: tuple[int, ...] = (0, 7)) -> Recording:
    files = FILES if letter == "a" else ()
    return Recording(letter * 32, "Ann", "Waves", "", "", isrc, None, "", "0" * 64, Analysis(215.0, sound), files)


def another(catalogue: SqlRetags, letter: str, isrc: str = "", sound: tuple[int, ...] = ()) -> None:
    catalogue.add(ours(letter, isrc, sound), FoundTrack("folder", letter))


def test_open_questions_follow_from_the_recordings(catalogue: SqlRetags) -> None:
    another(catalogue, "b", sound=(1, 2))
    another(catalogue, "c", isrc="DEAB12300003")

    for _ in range(2):
        catalogue.note("deezer", "isrc")
        catalogue.note("acoustid", "fingerprint")

    assert catalogue.waiting_questions() == {"deezer": 2, "acoustid": 2}
    assert catalogue.open_questions(["deezer"]) == 2


def test_the_newest_that_was_never_asked_comes_first(catalogue: SqlRetags, days: Days) -> None:
    days.now += timedelta(hours=1)
    another(catalogue, "b", isrc="DEAB12300002")
    days.now += timedelta(hours=1)
    another(catalogue, "c", isrc="DEAB12300003")
    catalogue.note("deezer", "isrc")
    catalogue.put([Question("c" * 32, "deezer", due_at=stamp(days.now), tries=1)])

    assert catalogue.due(["deezer"], 10) == ["b" * 32, "a" * 32, "c" * 32]
    assert catalogue.due(["deezer"], 1) == ["b" * 32]
    assert catalogue.due(["musicbrainz"], 10) == []


def test_a_question_for_later_is_not_due_before(catalogue: SqlRetags, days: Days) -> None:
    later = days.now + timedelta(minutes=15)
    catalogue.put([Question("a" * 32, "deezer", tries=1, told={"reason": "away"}, due_at=stamp(later))])
    assert catalogue.due(["deezer"], 10) == []

    days.now = later

    assert catalogue.due(["deezer"], 10) == ["a" * 32]


def test_a_question_comes_back_as_it_was_put(catalogue: SqlRetags) -> None:
    told = {"facts": {"album": "Låda"}, "verdict": "due"}
    question = Question("a" * 32, "deezer", ANSWERED, told, "2026-11-28T00:00:00.000Z", "2026-11-28T00:00:00.000Z", 2)
    catalogue.put([question])
    catalogue.note_one("a" * 32, "deezer")

    assert catalogue.questions("a" * 32) == [question]


def test_questions_about_what_is_taken_out_do_not_count_and_are_not_asked_again(catalogue: SqlRetags) -> None:
    catalogue.note("deezer", "isrc")
    catalogue.put([Question("z" * 32, "deezer")])

    assert catalogue.waiting_questions() == {"deezer": 1}
    assert catalogue.due(["deezer"], 10) == ["a" * 32]


def test_what_was_answered_or_is_unknown_waits_no_more(catalogue: SqlRetags) -> None:
    catalogue.note("deezer", "isrc")
    catalogue.put([Question("a" * 32, "deezer", NOTHING)])

    assert catalogue.waiting_questions() == {}


def test_an_intent_changes_nothing_yet(catalogue: SqlRetags) -> None:
    before = catalogue.recording("a" * 32)
    intent = catalogue.intend("retag", "a" * 32, PAIRS, BEFORE, AFTER)

    assert catalogue.intents() == [intent]
    assert catalogue.recording("a" * 32) == before
    catalogue.drop(intent)
    assert catalogue.intents() == []


def test_a_fulfilled_intent_is_files_fields_answer_and_entry_at_once(catalogue: SqlRetags) -> None:
    """P33 P37"""
    catalogue.put([Question("a" * 32, "deezer", ANSWERED, {"verdict": "due"}, due_at="2026-11-28T00:00:00.000Z")])
    intent = catalogue.intend("retag", "a" * 32, PAIRS, BEFORE, AFTER)
    catalogue.fulfil(intent, PAIRS)

    stored = catalogue.recording("a" * 32)
    *_, entry = catalogue.journal("a" * 32)

    assert stored is not None
    assert (stored.files, stored.album, stored.year) == (NEWER, "Low Tide", 2021)
    assert (entry.kind, entry.before["columns"], entry.after["label"]) == ("retag", BEFORE["columns"], "Ann - Waves")
    assert catalogue.intents() == []
    [question] = catalogue.questions("a" * 32)
    assert (question.told["verdict"], question.told["filled"], question.due_at) == ("applied", ["album", "year"], "")


def test_a_file_that_could_not_be_replaced_keeps_its_row(catalogue: SqlRetags) -> None:
    intent = catalogue.intend("retag", "a" * 32, PAIRS, BEFORE, AFTER)
    catalogue.fulfil(intent, PAIRS[:1])

    stored = catalogue.recording("a" * 32)
    *_, entry = catalogue.journal("a" * 32)

    assert stored is not None
    assert stored.files == (NEWER[0], FILES[1])
    assert [one["path"] for one, _ in entry.after["files"]] == [FILES[0].path]


def test_of_two_machines_on_one_database_one_changes_tags(postgres_engine: sa.Engine) -> None:
    one, other = SqlRetags(postgres_engine), SqlRetags(postgres_engine)
    with one.alone() as first, other.alone() as second:
        assert (first, second) == (True, False)

    with other.alone() as later:
        assert later
