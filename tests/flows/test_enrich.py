"""Filed tracks are asked about and filled in: real files, a real database, services on loopback, a clock that is moved."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.adapters.sounds import make, packets
from tests.enriching import LOW_TIDE, SOUND, WORK, Services, serving

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.adapters.tagger_mutagen import MutagenTagger
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.demo.loopback import Refuse
from music_sync.demo.metadata import Release, Work, mbid, picture
from music_sync.flows import undo
from music_sync.flows.enrich import Desk, Outcome, enrich
from music_sync.flows.retag import Retagger
from music_sync.model.enrichment import Answer, Known
from music_sync.model.errors import NeedsPerson
from music_sync.model.happenings import Happening
from music_sync.model.track import Analysis, Cover, Embedded, FoundTrack, Recording, StagedFile, Tags
from music_sync.track.evidence import check_library

ALL = ("musicbrainz", "coverart", "deezer", "acoustid")
FULL = Embedded(
    artist="Ann",
    title="Waves",
    album="Low Tide",
    isrc=WORK.isrc,
    year=2021,
    genre="House",
    has_cover=True,
    label="Halogen",
    mb_recording_id=WORK.mbid,
    mb_release_id=mbid(LOW_TIDE.number),
)


@dataclass
class House:
    """A home with a library, and the services that it asks."""

    folder: Path
    engine: sa.Engine
    services: Services
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.catalogue = SqlRetags(self.engine, lambda: datetime.fromtimestamp(self.services.time.at, UTC))
        self.library = FolderLibrary.at(self.folder / "library", home=self.folder)
        self.tagger = MutagenTagger()
        self.retagger = Retagger(self.catalogue, self.library, self.tagger, self.folder / "retag")

    def file(self, *kinds: str, isrc: str = WORK.isrc, length_s: float = 200.0, **tags: object) -> Recording:
        """File a recording in these formats, with an ISRC and nothing else unless it is given."""
        files = []
        for number, kind in enumerate(kinds or ("flac",)):
            path = make(self.folder / f"{number}.{kind}", kind)
            self.tagger.write(path, Tags(title="Waves", artist="Ann", isrc=isrc, **tags))  # type: ignore[arg-type]
            staged = StagedFile(path, "alac" if kind == "alac" else kind)
            files.append(self.library.place(self.library.prepare(staged, "Ann/Waves", f"{'a' * 12}-{number}")))
        found = FoundTrack("folder", "waves", artist="Ann", title="Waves")
        analysis = Analysis(length_s, SOUND)
        ours = Recording("a" * 32, "Ann", "Waves", "", "", isrc, None, "", "0" * 64, analysis, tuple(files))
        self.catalogue.add(ours, found)
        return self.recording

    def enrich(self, *names: str, **how: float) -> Outcome:
        """One round of asking; it has an hour unless it is given less."""
        clients = [self.services.client(name) for name in names or ALL]
        how = {"limit_s": 3600.0, **how}
        clock = self.services.time
        desk = Desk(self.catalogue, self.retagger, clients, self.folder / "covers", clock=clock, **how)  # type: ignore[arg-type]
        return enrich(desk, self.tell)

    def undo(self, word: str = "last", *, dry_run: bool = False) -> undo.Done:
        folder = UndoneFolder(self.library, self.folder / "undone")
        desk = undo.Desk(self.catalogue, self.library, folder, self.retagger, lambda: None)
        return undo.take_back(word, desk, dry_run=dry_run)

    def tell(self, happening: Happening) -> None:
        self.told.append(happening.text)

    @property
    def recording(self) -> Recording:
        found = self.catalogue.recording("a" * 32)
        assert found
        return found

    @property
    def paths(self) -> list[Path]:
        return [self.library.absolute(file) for file in self.recording.files]

    def tags(self) -> list[Embedded]:
        return [self.tagger.read(path) for path in self.paths]

    def verdicts(self) -> dict[str, str]:
        found = self.catalogue.questions("a" * 32)
        return {each.service: each.told.get("verdict", each.state) for each in found}

    def told_of(self, service: str) -> str:
        [found] = [each for each in self.catalogue.questions("a" * 32) if each.service == service]
        return f"{found.told.get('reason', '')} {found.told.get('left', '')}"

    def must_be_whole(self) -> None:
        """Catalogue and library agree, and nothing lies about."""
        from music_sync.adapters.durable_files import sha256_of

        assert list(check_library(self.catalogue.recordings(), self.library, (), hash_of=sha256_of)) == []
        assert self.catalogue.intents() == []
        left = [path for name in ("retag", "covers") for path in (self.folder / name).rglob("*") if path.is_file()]
        assert left == []


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with serving(tmp_path / "budgets", WORK) as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path, sqlite_engine: sa.Engine, services: Services) -> House:
    return House(tmp_path, sqlite_engine, services)


def test_what_was_filed_without_album_is_filled_in_in_all_its_formats(house: House) -> None:
    house.file("flac", "mp3", "alac", "aiff")
    sound = [packets(path) for path in house.paths]
    outcome = house.enrich()

    assert house.tags() == [FULL] * 4
    assert (house.recording.album, house.recording.year, house.recording.genre) == ("Low Tide", 2021, "House")
    assert [packets(path) for path in house.paths] == sound
    assert (outcome.filled, outcome.waiting, house.told) == (1, 0, ["tags of 1 track were filled in"])
    house.must_be_whole()


def test_nothing_is_asked_twice(house: House) -> None:
    house.file()
    house.enrich()
    calls = {name: len(house.services.server(name).seen) for name in ALL}
    before = house.recording

    assert house.enrich().filled == 0
    assert {name: len(house.services.server(name).seen) for name in ALL} == calls
    assert house.recording == before


def test_p37_a_change_of_tags_can_be_undone_and_that_undone_too(house: House) -> None:
    house.file("flac", "mp3")
    before, untagged = house.recording, house.tags()
    house.enrich()
    filled = house.recording

    taken = house.undo()
    assert (house.tags(), replace(house.recording, files=())) == (untagged, replace(before, files=()))
    house.must_be_whole()
    house.undo(str(taken.entry))

    assert house.tags() == [FULL] * 2
    assert replace(house.recording, files=()) == replace(filled, files=())
    assert house.tagger.cover(house.paths[0]) == Cover("image/jpeg", picture())
    house.must_be_whole()


def test_what_a_person_undid_no_later_answer_fills_in(house: House) -> None:
    house.file()
    house.enrich("musicbrainz")
    house.undo()
    house.enrich("deezer")

    assert (house.tags()[0].album, house.tags()[0].genre) == ("", "House")


def test_a_dry_run_of_an_undo_changes_nothing(house: House) -> None:
    house.file()
    house.enrich()
    before = house.recording
    done = house.undo(dry_run=True)

    assert (done.kind, done.entry, house.recording) == ("retag", None, before)
    assert house.tags() == [FULL]


def test_a_file_that_its_owner_changed_keeps_its_tags(house: House) -> None:
    """P34: the other format is filled in, and both stay whole."""
    house.file("flac", "mp3")
    edited = house.paths[1]
    house.tagger.write(edited, Tags(album="My own words"))
    content = edited.read_bytes()
    house.enrich()

    assert edited.read_bytes() == content
    assert house.tags()[0] == FULL
    assert house.catalogue.intents() == []


def test_where_all_files_were_changed_the_catalogue_stays_too(house: House) -> None:
    house.file()
    house.tagger.write(house.paths[0], Tags(label="Mine"))
    house.enrich()

    assert house.recording.album == ""
    assert house.verdicts()["musicbrainz"] == "kept"
    assert "is not the file that was filed" in house.told_of("musicbrainz")


def test_a_value_that_is_there_is_never_replaced(house: House) -> None:
    house.file(album="As I have it", label="Mine", cover=Cover("image/jpeg", picture("red")))
    house.enrich()
    [tags] = house.tags()

    assert (tags.album, tags.label, tags.year) == ("As I have it", "Mine", 2021)
    assert house.recording.album == ""
    assert house.tagger.cover(house.paths[0]) == Cover("image/jpeg", picture("red"))


def test_an_undo_refuses_when_its_owner_changed_the_file_since(house: House) -> None:
    house.file()
    house.enrich()
    house.tagger.write(house.paths[0], Tags(label="Mine"))
    content = house.paths[0].read_bytes()
    with pytest.raises(NeedsPerson, match="was changed since its tags were filled in"):
        house.undo()

    assert house.paths[0].read_bytes() == content
    assert house.recording.album == "Low Tide"


def test_p39_an_answer_about_another_length_is_kept_and_not_filled_in(house: House) -> None:
    house.file(length_s=260.0)
    house.enrich()

    assert house.tags()[0].album == ""
    assert house.verdicts() == {"musicbrainz": "kept", "deezer": "kept", "acoustid": "kept"}
    assert "the lengths differ by 60.0 s" in house.told_of("musicbrainz")


def test_a_sound_alone_leads_to_everything(house: House) -> None:
    house.file(isrc="")
    house.enrich()

    assert house.tags() == [FULL]
    assert house.recording.isrc == WORK.isrc
    assert house.verdicts() == {
        "acoustid": "needless",
        "musicbrainz": "applied",
        "coverart": "applied",
        "deezer": "needless",
    }


@pytest.mark.parametrize("name", ALL)
def test_a_service_that_is_away_only_delays_its_own_answer(house: House, name: str) -> None:
    house.file()
    house.services.server(name).misbehave("", Refuse(503), always=True)
    outcome = house.enrich()
    assert list(outcome.away) == [name]
    assert "for services" in house.told[0]

    house.services.server(name).behave()
    house.services.time.at += 3600
    house.enrich()

    assert house.tags() == [FULL]
    house.must_be_whole()


def test_one_that_is_away_is_asked_once_in_a_round_and_later_ever_more_rarely(house: House) -> None:
    house.file()
    house.services.deezer.misbehave("", Refuse(503), always=True)
    due = []
    for _ in range(7):
        house.enrich("deezer")
        [question] = house.catalogue.questions("a" * 32)
        at = datetime.fromisoformat(question.due_at).timestamp()
        due.append(round((at - house.services.time.at) / 60))
        house.services.time.at = at
    pauses = due

    assert pauses == [15, 60, 240, 960, 1440, 1440, 1440]
    assert len(house.services.deezer.seen) == 14


def test_a_key_that_is_not_taken_is_told_and_stops_no_other(house: House) -> None:
    house.file()
    house.services.acoustid.keys.clear()
    outcome = house.enrich()

    assert "ACOUSTID_API_KEY" in house.told[0]
    assert (outcome.filled, outcome.waiting) == (1, 1)


def test_what_nobody_knows_is_asked_for_again_weeks_later_and_then_no_more(house: House) -> None:
    house.file()
    house.services.deezer.works.clear()
    for _ in range(5):
        house.enrich("deezer")
        house.services.time.at += 100 * 86_400

    assert len(house.services.deezer.seen) == 3
    assert house.verdicts() == {"deezer": "nothing"}


def test_a_round_ends_with_its_time_and_the_next_goes_on(house: House) -> None:
    house.file()
    first = house.enrich(limit_s=0.5)
    second = house.enrich()

    assert (first.waiting > 0, second.waiting) == (True, 0)
    assert house.tags() == [FULL]
    assert len(house.services.musicbrainz.calls("isrc")) == 1


def test_a_track_that_was_taken_out_is_not_asked_about(house: House) -> None:
    house.file()
    house.undo()
    house.enrich()

    assert sum(len(house.services.server(name).seen) for name in ALL) == 0


def test_p55_many_tracks_stay_within_the_limits(tmp_path: Path, sqlite_engine: sa.Engine) -> None:
    works = [Work(n, "Ann", f"Waves {n}", f"DEAB123{n:05}", 200.0, (Release(50 + n, f"Album {n}"),)) for n in range(30)]
    with serving(tmp_path / "budgets", *works) as services:
        house = House(tmp_path, sqlite_engine, services)
        for work in works:
            ours = Recording(
                f"{work.number:032x}", "Ann", work.title, "", "", work.isrc, None, "", "", Analysis(200.0, ())
            )
            house.catalogue.add(ours, FoundTrack("folder", work.title))
        began = services.time.at
        outcome = house.enrich("musicbrainz", limit_s=40)
        spent = services.time.at - began

        assert 35 <= spent <= 45
        assert (outcome.waiting > 0, services.musicbrainz.allowance.refused) == (True, 0)
        house.enrich("musicbrainz")
        assert len(services.musicbrainz.calls("isrc")) == 30


def test_a_cover_is_not_fetched_for_files_that_have_one(house: House) -> None:
    house.file(cover=Cover("image/jpeg", picture("red")))
    house.enrich()

    assert house.services.coverart.seen == []
    assert house.tagger.cover(house.paths[0]) == Cover("image/jpeg", picture("red"))


def test_a_text_that_is_no_isrc_is_never_part_of_an_address(house: House) -> None:
    house.file(isrc="../../x?y")
    house.enrich("musicbrainz", "deezer")

    assert house.services.musicbrainz.seen + house.services.deezer.seen == []


class Odd:
    """A service whose answers nobody foresaw."""

    name, label, by = "deezer", "Deezer", "isrc"

    def asks(self, _known: Known) -> bool:
        return True

    def ask(self, _known: Known) -> Sequence[Answer]:
        raise KeyError("album")

    def complete(self, answer: Answer) -> Answer:
        return answer


def test_an_answer_that_nobody_foresaw_ends_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.file()
    desk = Desk(house.catalogue, house.retagger, [Odd()], house.folder / "covers")
    outcome = enrich(desk, house.tell)

    assert outcome.waiting == 1
    assert "asking about Ann - Waves broke off" in caplog.text


def test_no_row_holds_a_picture(house: House) -> None:
    """Thousands of covers would make the database larger than some libraries."""
    house.file()
    house.enrich()
    with closing(sqlite3.connect(str(house.engine.url.database))) as connection:
        longest = connection.execute("SELECT max(length(answer)) FROM enrichments").fetchone()[0]

    assert longest < 1_000
