"""What every catalogue keeps: run over the fake, SQLite and Postgres."""

import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.fakes.catalogue import FakeCatalogue

from music_sync.adapters.sql import rows, tables
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import in_write
from music_sync.model.endings import AlreadyHave, Ending, Failed, NeedsReview, OnBuyList, Reason, Synced
from music_sync.model.errors import NeedsPerson
from music_sync.model.ports import Catalogue, Filed
from music_sync.model.track import (
    Analysis,
    FoundTrack,
    Key,
    LibraryFile,
    Playlist,
    Recording,
    SourceLink,
    Tempo,
)

AnyCatalogue = SqlCatalogue | FakeCatalogue

FOUND = FoundTrack("spotify", "4uLU6h", revision="r1", artist="Ann", title="Waves", url="https://x.test/4uLU6h")
FILE = LibraryFile("Ann/Waves.aiff", "aiff", "f" * 64, 1_000)
ANALYSIS = Analysis(215.25, (0, 7, 2**32 - 1), -14.2, 0.98, Tempo(124.0, 0.9), Key(9, "minor", 0.8), 20_240.5)
RECORDING = Recording(
    recording_id="a" * 32,
    artist="Ann",
    title="Waves",
    version="",
    album="Sea",
    isrc="DEAB12300001",
    year=2020,
    genre="House",
    origin_sha256="0" * 64,
    analysis=ANALYSIS,
    files=(FILE, LibraryFile("Ann/Waves.m4a", "alac", "e" * 64, 900)),
    codec="flac",
    bit_rate=912_000,
)
LIST = Playlist("spotify", "pl1", "Friday", 0)


def another(letter: str, **changes: object) -> Recording:
    """A recording of its own, with one file."""
    file = LibraryFile(f"Bob/{letter}.aiff", "aiff", letter * 64, 10)
    other = replace(RECORDING, recording_id=letter * 32, origin_sha256=f"{letter}0" * 32, files=(file,), isrc="")
    return replace(other, **changes)  # type: ignore[arg-type]


def found(source_id: str, **changes: object) -> FoundTrack:
    return replace(FOUND, source_id=source_id, **changes)  # type: ignore[arg-type]


def test_the_contract_covers_the_port(catalogue: AnyCatalogue) -> None:
    port: Catalogue = catalogue  # held by mypy

    assert list(port.recordings()) == []


# Recordings


def test_a_recording_comes_back_as_it_was_added(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)

    stored = catalogue.recording(RECORDING.recording_id)

    assert stored is not None
    assert stored.sources[0].found_at.endswith("Z")
    link = SourceLink("spotify", "4uLU6h", "r1", "https://x.test/4uLU6h", stored.sources[0].found_at)
    assert stored == replace(RECORDING, sources=(link,), filed_at=stored.filed_at)


def test_a_recording_without_measures_comes_back_without_them(catalogue: AnyCatalogue) -> None:
    silent = replace(RECORDING, analysis=Analysis(30.0, ()), year=None)
    catalogue.add(silent, FOUND)

    stored = catalogue.recording(silent.recording_id)

    assert stored is not None
    assert (stored.analysis, stored.year) == (Analysis(30.0, ()), None)


def test_a_track_added_twice_is_kept_once(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    once = (list(catalogue.recordings()), list(catalogue.journal()), catalogue.counts())
    catalogue.add(RECORDING, FOUND)

    assert (list(catalogue.recordings()), list(catalogue.journal()), catalogue.counts()) == once
    assert catalogue.counts() == {"recordings": 1, "files": 2}


def test_each_file_that_is_filed_stands_in_the_journal(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)

    entries = list(catalogue.journal(RECORDING.recording_id))

    assert [(entry.kind, entry.path) for entry in entries] == [("filed", "Ann/Waves.aiff"), ("filed", "Ann/Waves.m4a")]
    assert entries[0].before == {}
    assert entries[0].after["sha256"] == FILE.sha256
    assert list(catalogue.journal("b" * 32)) == []


def test_a_file_written_anew_keeps_its_place_and_its_former_state(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.add(replace(RECORDING, files=(replace(FILE, sha256="d" * 64),)), FOUND)

    stored, entry = catalogue.recording(RECORDING.recording_id), list(catalogue.journal())[-1]

    assert stored is not None
    assert sorted(file.sha256[0] for file in stored.files) == ["d", "e"]
    assert (entry.kind, entry.before["sha256"], entry.after["sha256"]) == ("refiled", "f" * 64, "d" * 64)


def test_a_path_is_one_file_and_goes_to_who_was_placed_there_last(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.add(another("b", files=(replace(FILE, path="ann/WAVES.aiff"),)), found("2"))

    entry = list(catalogue.journal())[-1]
    at = catalogue.file_at(FILE.path)

    assert at is not None
    assert at[0] == "b" * 32
    assert catalogue.counts()["files"] == 2
    assert (entry.kind, entry.before["recording_id"]) == ("taken_over", RECORDING.recording_id)


def test_paths_are_compared_as_disks_do_that_fold_case_and_normalise(catalogue: AnyCatalogue) -> None:
    composed, decomposed = "M\u00e9lanie/Stra\u00dfe.aiff", "ME\u0301LANIE/STRASSE.AIFF"
    file = replace(FILE, path=composed)
    catalogue.add(replace(RECORDING, files=(file,)), FOUND)

    assert catalogue.file_at(decomposed) == (RECORDING.recording_id, file)
    assert catalogue.file_at("Melanie/Strasse.aiff") is None


def test_a_recording_is_found_by_what_identifies_it(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.add(another("b"), found("2"))

    ways = [
        catalogue.by_source("spotify", "4uLU6h"),
        catalogue.by_sha256(FILE.sha256),
        catalogue.by_sha256(RECORDING.origin_sha256),
        *catalogue.by_isrc("DEAB12300001"),
    ]

    assert [each.recording_id if each else None for each in ways] == [RECORDING.recording_id] * 4


def test_a_page_finds_the_recordings_that_link_to_it(catalogue: AnyCatalogue) -> None:
    """P25"""
    page = f"https://soundcloud.com/ann/{'waves' * 1000}"
    catalogue.add(another("b"), found("1", url=page))
    catalogue.add(another("c"), found("2", url="https://soundcloud.com/ann/sea"))
    catalogue.add(another("d"), found("3", url=""))
    catalogue.link("c" * 32, found("4", url=page))

    assert [each.recording_id[0] for each in catalogue.by_url(page)] == ["b", "c"]
    assert [each.recording_id[0] for each in catalogue.by_url("https://soundcloud.com/ann/sea")] == ["c"]
    assert list(catalogue.by_url("https://soundcloud.com/Ann/sea")) == []
    assert list(catalogue.by_url("")) == []


def test_what_the_tracks_of_a_source_were_filed_as_is_told_at_once(catalogue: AnyCatalogue) -> None:
    bare = replace(another("b"), files=())
    for number, recording in enumerate([RECORDING, bare, another("c")]):
        each = found(str(number), source="spotify" if number < 2 else "youtube")
        catalogue.started(each, 1)
        catalogue.add(recording, each)
        catalogue.ended(each, 1, Synced(recording.recording_id, recording.files))
    again = found("again")
    catalogue.ended(again, 1, AlreadyHave(RECORDING.recording_id, "yours"))
    catalogue.ended(found("nothing"), 1, AlreadyHave("f" * 32, "yours"))
    catalogue.ended(found("bought"), 1, OnBuyList("no way"))

    assert catalogue.filed("spotify") == {
        RECORDING.recording_id: Filed(RECORDING.recording_id, "Ann", "Waves", RECORDING.files),
        bare.recording_id: Filed(bare.recording_id, "Ann", "Waves", ()),
    }
    assert catalogue.filed("nobody") == {}


def test_what_is_not_known_finds_nothing(catalogue: AnyCatalogue) -> None:
    catalogue.add(replace(RECORDING, isrc="", origin_sha256=""), FOUND)

    assert catalogue.by_source("youtube", "4uLU6h") is None
    assert catalogue.by_sha256("") is None
    assert list(catalogue.by_isrc("")) == []
    assert catalogue.recording("none") is None
    assert catalogue.file_at("no/such.aiff") is None


def test_lengths_near_enough_are_found_when_they_have_a_fingerprint(catalogue: AnyCatalogue) -> None:
    for letter, length_s in (("b", 209.9), ("c", 210.0), ("d", 220.0), ("e", 220.1)):
        catalogue.add(another(letter, analysis=Analysis(length_s, (1, 2))), found(letter))
    catalogue.add(another("f", analysis=Analysis(215.0, ())), found("f"))

    near = catalogue.by_length(210.0, 220.0)

    assert sorted(each.recording_id[0] for each in near) == ["c", "d"]
    assert near[0].analysis.fingerprint == (1, 2)
    assert len(near[0].files) == 1


def test_recordings_stream_all_of_them_over_many_pages_oldest_first(catalogue: AnyCatalogue) -> None:
    numbers = range(1_203)
    with catalogue.locked():
        for number in numbers:
            # Three at a time were filed in the same moment, so pages end between equals.
            filed_at = f"2026-01-01T00:{number // 180:02}:{number // 3 % 60:02}.000Z"
            catalogue.add(another("b", recording_id=f"{number:032}", files=(), filed_at=filed_at), found(str(number)))

    assert [int(each.recording_id) for each in catalogue.recordings()] == list(numbers)


def test_recordings_stream_without_their_fingerprints(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)

    [streamed] = catalogue.recordings()
    whole = catalogue.recording(RECORDING.recording_id)

    assert whole is not None
    assert whole.analysis.fingerprint == ANALYSIS.fingerprint
    assert streamed == replace(whole, analysis=replace(ANALYSIS, fingerprint=()))


def test_adding_while_recordings_are_read_neither_waits_nor_breaks(catalogue: AnyCatalogue) -> None:
    catalogue.add(another("b"), found("b"))
    seen = 0
    for each in catalogue.recordings():
        catalogue.member(each.recording_id, LIST)
        seen += 1

    assert seen == 1
    assert len(catalogue.outbox("m3u")) == 1


# Links


def test_one_more_source_links_to_the_same_recording(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    for _ in range(2):
        catalogue.link(RECORDING.recording_id, FoundTrack("youtube", "yt1"))

    stored = catalogue.by_source("youtube", "yt1")

    assert stored is not None
    assert [(link.source, link.source_id) for link in stored.sources] == [("spotify", "4uLU6h"), ("youtube", "yt1")]


def test_a_new_revision_of_a_link_is_kept_and_its_first_date_stays(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    first = catalogue.by_source("spotify", "4uLU6h")
    catalogue.link(RECORDING.recording_id, replace(FOUND, revision="r2"))

    second = catalogue.by_source("spotify", "4uLU6h")

    assert first is not None
    assert second is not None
    assert second.sources == (replace(first.sources[0], revision="r2"),)


def test_a_source_that_now_holds_another_recording_moves_and_says_so(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.add(another("b"), FOUND)

    owner, entry = catalogue.by_source("spotify", "4uLU6h"), list(catalogue.journal())[-1]

    assert owner is not None
    assert owner.recording_id == "b" * 32
    assert (entry.kind, entry.before["recording_id"]) == ("relinked", RECORDING.recording_id)
    stored = catalogue.recording(RECORDING.recording_id)
    assert stored is not None
    assert stored.sources == ()


def test_nothing_is_hung_on_a_recording_that_does_not_exist(catalogue: AnyCatalogue) -> None:
    with pytest.raises(NeedsPerson, match="not in the catalogue"):
        catalogue.link("f" * 32, FOUND)
    with pytest.raises(NeedsPerson, match="not in the catalogue"):
        catalogue.member("f" * 32, LIST)

    assert catalogue.by_source(FOUND.source, FOUND.source_id) is None
    assert list(catalogue.outbox("m3u")) == []


# Attempts


def test_an_attempt_runs_until_it_ended(catalogue: AnyCatalogue) -> None:
    catalogue.started(FOUND, 1)
    running = catalogue.past("spotify", "4uLU6h")
    catalogue.ended(FOUND, 1, Synced(RECORDING.recording_id, (FILE,), "filed as Ann/Waves.aiff"))

    ended = catalogue.past("spotify", "4uLU6h")

    assert running is not None
    assert (running.attempt, running.ending, running.next_actor, running.revision) == (1, "running", "flow", "r1")
    assert ended is not None
    assert (ended.ending, ended.recording_id, ended.reason) == (
        "synced",
        RECORDING.recording_id,
        "filed as Ann/Waves.aiff",
    )


def test_each_ending_says_who_acts_next(catalogue: AnyCatalogue) -> None:
    endings: dict[str, Ending] = {
        "1": Synced("a" * 32, ()),
        "2": AlreadyHave("a" * 32, "same ISRC"),
        "3": NeedsReview("sounds like it", "a" * 32),
        "4": OnBuyList("no provider"),
        "5": Failed("the service is away", "acquire", "flow", "service"),
    }
    for source_id, ending in endings.items():
        catalogue.ended(found(source_id), 1, ending)

    pasts = catalogue.pasts("spotify")

    assert {key: (past.ending, past.next_actor, past.recording_id[:1]) for key, past in pasts.items()} == {
        "1": ("synced", "nobody", "a"),
        "2": ("already_have", "nobody", "a"),
        "3": ("review", "person", "a"),
        "4": ("buy_list", "person", ""),
        "5": ("failed", "flow", ""),
    }
    assert (pasts["5"].stage, pasts["5"].cause) == ("acquire", "service")


def test_starting_and_ending_again_change_nothing(catalogue: AnyCatalogue) -> None:
    for _ in range(2):
        catalogue.started(FOUND, 1)
        catalogue.ended(FOUND, 1, OnBuyList("no provider"))
    past = catalogue.past("spotify", "4uLU6h")
    catalogue.started(FOUND, 1)

    assert catalogue.past("spotify", "4uLU6h") == past
    assert catalogue.counts()["buy_list"] == 1


def test_the_latest_attempt_is_the_one_with_the_highest_number(catalogue: AnyCatalogue) -> None:
    catalogue.ended(FOUND, 10, OnBuyList("second"))
    catalogue.ended(FOUND, 9, OnBuyList("first"))

    past = catalogue.past("spotify", "4uLU6h")

    assert past is not None
    assert (past.attempt, past.reason) == (10, "second")
    assert catalogue.pasts("spotify")["4uLU6h"] == past
    assert catalogue.pasts("youtube") == {}


def test_another_revision_under_the_same_number_starts_over(catalogue: AnyCatalogue) -> None:
    catalogue.ended(FOUND, 1, OnBuyList("no provider"))
    catalogue.started(replace(FOUND, revision="r2"), 1)

    past = catalogue.past("spotify", "4uLU6h")

    assert past is not None
    assert (past.ending, past.reason, past.revision) == ("running", "", "r2")


def test_only_the_latest_attempt_waits(catalogue: AnyCatalogue) -> None:
    catalogue.ended(found("1"), 1, OnBuyList("no provider"))
    catalogue.ended(found("2"), 1, OnBuyList("no provider"))
    catalogue.started(found("2"), 2)

    waiting = catalogue.waiting("buy_list")

    assert [(link.source_id, link.url, past.reason) for link, past in waiting] == [("1", FOUND.url, "no provider")]
    assert catalogue.counts() == {"recordings": 0, "files": 0, "buy_list": 1, "running": 1}


# Decisions


def test_decisions_are_told_oldest_first_with_their_scores(catalogue: AnyCatalogue) -> None:
    catalogue.decided(FOUND, "match", "new", "", [Reason("version_words", "the words differ", 0.25)])
    catalogue.decided(FOUND, "acquire", "fetched", "", [Reason("folder", "copied")])
    catalogue.decided(found("2"), "match", "same", "a" * 32, [Reason("source_id", "listed")])

    mine = list(catalogue.decisions(FOUND.key))

    assert [(each.stage, each.verdict) for each in mine] == [("match", "new"), ("acquire", "fetched")]
    assert mine[0].reasons == (Reason("version_words", "the words differ", 0.25),)
    assert mine[0].decided_at <= mine[1].decided_at
    assert [each.recording_id for each in catalogue.decisions()] == ["", "", "a" * 32]


def test_the_same_decision_is_kept_once_an_attempt(catalogue: AnyCatalogue) -> None:
    for attempt in (1, 2):
        catalogue.started(FOUND, attempt)
        for _ in range(2):
            catalogue.decided(FOUND, "acquire", "refused", "", [Reason("preview", "30 s only")])
            catalogue.decided(FOUND, "acquire", "fetched", "", [Reason("folder", "copied")])

    assert [each.verdict for each in catalogue.decisions()] == ["refused", "fetched", "refused", "fetched"]


# Playlists and the outbox


def test_a_membership_asks_once_for_publication(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.add(another("b"), found("b"))
    for _ in range(2):
        catalogue.member(RECORDING.recording_id, LIST)
        catalogue.member("b" * 32, replace(LIST, position=1))

    waiting, stored = catalogue.outbox("m3u"), catalogue.recording(RECORDING.recording_id)

    assert [(each.target, each.subject) for each in waiting] == [("m3u", "spotify:pl1")]
    assert stored is not None
    assert stored.playlists == ("Friday",)
    assert list(catalogue.outbox("notion")) == []


def test_what_was_sent_is_not_sent_again(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.member(RECORDING.recording_id, LIST)
    outgoing = catalogue.outbox("m3u")[0]
    for _ in range(2):
        catalogue.sent(outgoing)
        catalogue.member(RECORDING.recording_id, LIST)

    assert list(catalogue.outbox("m3u")) == []


def test_what_changed_while_it_was_being_told_is_told_again(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.member(RECORDING.recording_id, LIST)
    outgoing = catalogue.outbox("m3u")[0]
    catalogue.member(RECORDING.recording_id, replace(LIST, position=4))
    catalogue.sent(outgoing)

    assert [each.subject for each in catalogue.outbox("m3u")] == ["spotify:pl1"]


@pytest.mark.parametrize("change", [{"name": "Saturday"}, {"position": 3}])
def test_a_renamed_or_reordered_playlist_is_told_again(catalogue: AnyCatalogue, change: dict[str, object]) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.member(RECORDING.recording_id, LIST)
    catalogue.sent(catalogue.outbox("m3u")[0])
    catalogue.member(RECORDING.recording_id, replace(LIST, **change))  # type: ignore[arg-type]

    assert len(catalogue.outbox("m3u")) == 1
    assert catalogue.playlist_files("spotify:pl1")[0].name == change.get("name", "Friday")


def test_a_file_that_changed_renews_the_playlists_it_is_on(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.member(RECORDING.recording_id, LIST)
    catalogue.sent(catalogue.outbox("m3u")[0])
    catalogue.add(replace(RECORDING, files=(LibraryFile("Ann/Waves.flac", "flac", "9" * 64, 5),)), FOUND)

    assert [each.subject for each in catalogue.outbox("m3u")] == ["spotify:pl1"]


def test_a_playlist_gives_its_files_in_order_and_those_without_a_place_last(catalogue: AnyCatalogue) -> None:
    for letter, position in (("b", None), ("c", 2), ("d", 1)):
        catalogue.add(another(letter), found(letter))
        catalogue.member(letter * 32, replace(LIST, position=position))
    catalogue.add(another("e", files=()), found("e"))
    catalogue.member("e" * 32, replace(LIST, position=0))

    playlist, files = catalogue.playlist_files("spotify:pl1")

    assert (playlist.source, playlist.source_id, playlist.name) == ("spotify", "pl1", "Friday")
    assert [(recording.recording_id[0], file.path) for recording, file in files] == [
        ("d", "Bob/d.aiff"),
        ("c", "Bob/c.aiff"),
        ("b", "Bob/b.aiff"),
    ]


def test_a_playlist_tells_the_place_of_each_of_its_recordings(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.add(another("b"), found("other"))
    catalogue.member(RECORDING.recording_id, replace(LIST, position=4))
    catalogue.member("b" * 32, replace(LIST, position=None))
    catalogue.member("b" * 32, replace(LIST, source="list"))

    members = catalogue.members(LIST.source, LIST.source_id)

    assert members == {RECORDING.recording_id: replace(LIST, position=4), "b" * 32: replace(LIST, position=None)}
    assert catalogue.members("list", "none such") == {}


def test_an_unknown_playlist_is_an_error_and_not_an_empty_one(catalogue: AnyCatalogue) -> None:
    with pytest.raises(NeedsPerson, match="spotify:none"):
        catalogue.playlist_files("spotify:none")


def test_playlists_of_two_sources_under_one_id_are_two(catalogue: AnyCatalogue) -> None:
    catalogue.add(RECORDING, FOUND)
    catalogue.member(RECORDING.recording_id, LIST)
    catalogue.member(RECORDING.recording_id, replace(LIST, source="youtube", name="Other"))

    stored = catalogue.recording(RECORDING.recording_id)

    assert stored is not None
    assert stored.playlists == ("Friday", "Other")


# Facts


def test_a_fact_is_remembered_until_it_is_told_anew(catalogue: AnyCatalogue) -> None:
    assert catalogue.identity("library") is None
    for value in ("one", "two", "two"):
        catalogue.remember("library", value)

    assert catalogue.identity("library") == "two"


# The lock


def test_what_is_written_under_the_lock_is_seen_in_it_and_kept_after_it(catalogue: AnyCatalogue) -> None:
    with catalogue.locked():
        catalogue.add(RECORDING, FOUND)
        with catalogue.locked():
            catalogue.link(RECORDING.recording_id, FoundTrack("youtube", "yt1"))
        inside = catalogue.by_source("youtube", "yt1")

    assert inside is not None
    assert catalogue.by_source("youtube", "yt1") == inside


def test_an_error_under_the_lock_undoes_all_of_it(catalogue: AnyCatalogue) -> None:
    def fail() -> None:
        with catalogue.locked():
            catalogue.add(RECORDING, FOUND)
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert catalogue.counts() == {"recordings": 0, "files": 0}
    assert list(catalogue.journal()) == []


def test_a_refused_call_under_the_lock_leaves_the_rest_standing(catalogue: AnyCatalogue) -> None:
    with catalogue.locked():
        catalogue.add(RECORDING, FOUND)
        with pytest.raises(NeedsPerson):
            catalogue.member("f" * 32, LIST)

    assert catalogue.counts()["recordings"] == 1


def test_another_thread_writes_after_the_lock_and_not_within_it(catalogue: AnyCatalogue) -> None:
    seen: list[str] = []

    def write() -> None:
        with catalogue.locked():
            seen.append("present" if catalogue.recording(RECORDING.recording_id) else "absent")

    other = threading.Thread(target=write)
    with catalogue.locked():
        other.start()
        catalogue.add(RECORDING, FOUND)
    other.join(30)

    assert seen in (["present"], ["absent"])
    assert catalogue.counts()["recordings"] == 1


# Foreign text


@pytest.mark.parametrize(
    "text",
    [
        "Sigur Rós – Hoppípolla",
        "宇多田ヒカル",
        "👩‍🎤🎶",
        "e\u0301 \u202e",
        "bad\udcff\udc80byte",
        "nul\0nul",
        "'; DROP TABLE x--",
    ],
    ids=["latin", "japanese", "emoji", "marks", "surrogates", "nul", "sql"],
)
def test_text_of_any_kind_is_stored_and_found_again(catalogue: AnyCatalogue, text: str) -> None:
    track = FoundTrack("folder", text, revision=text, title=text, url=text)
    catalogue.started(track, 1)
    catalogue.add(replace(RECORDING, artist=text, title=text, files=(replace(FILE, path=f"{text}.aiff"),)), track)
    catalogue.decided(track, "match", "new", "", [Reason("words", text)])
    catalogue.member(RECORDING.recording_id, Playlist("folder", text, text))
    catalogue.ended(track, 1, Failed(text, "file", "nobody"))

    stored, past = catalogue.by_source("folder", text), catalogue.past("folder", text)

    assert stored is not None
    assert stored.title.encode().decode() == stored.title
    assert past is not None
    assert past.ending == "failed"
    assert catalogue.file_at(f"{text}.aiff") is not None
    assert len(list(catalogue.decisions(track.key))) == 1
    assert catalogue.playlist_files(f"folder:{text}")[0].name == stored.title


def test_two_names_that_are_no_text_stay_two(catalogue: AnyCatalogue) -> None:
    catalogue.ended(FoundTrack("folder", "a\udc80"), 1, OnBuyList("one"))
    catalogue.ended(FoundTrack("folder", "a\udc81"), 1, OnBuyList("two"))

    assert catalogue.counts()["buy_list"] == 2


# Time


@pytest.mark.parametrize("make", [FakeCatalogue, None], ids=["fake", "sqlite"])
def test_times_come_from_the_clock_in_utc(
    make: Callable[..., FakeCatalogue] | None, request: pytest.FixtureRequest
) -> None:
    moment = datetime(2026, 3, 29, 3, 30, tzinfo=UTC) + timedelta(microseconds=1_500)

    def clock() -> datetime:
        return moment.astimezone()

    made = make(clock) if make else SqlCatalogue(request.getfixturevalue("sqlite_engine"), clock)
    made.add(RECORDING, FOUND)

    stored = made.recording(RECORDING.recording_id)

    assert stored is not None
    assert stored.filed_at == "2026-03-29T03:30:00.001Z"


# Many processes, for those that more than one process can reach


PROLOGUE = """
import sys
from dataclasses import replace
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import open_engine
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Playlist, Recording

address, me = sys.argv[1:3]
catalogue = SqlCatalogue(open_engine(address))
file = LibraryFile("Ann/Waves.aiff", "aiff", me * 64, 5)
mine = Recording(me * 32, "Ann", "Waves", "", "", "", None, "", me * 64, Analysis(100.0, (1,)), (file,))
found = FoundTrack("spotify", "4uLU6h")

def meet():
    print("ready", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def processes(body: str, address: str, *names: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """Start one process a name, each of which runs `body`; those left over are ended."""
    script = PROLOGUE + body
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, address, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in names
    ]
    try:
        yield started
    finally:
        for each in started:
            each.kill()
            each.communicate(timeout=30)


def wait_for(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().strip() == word


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_processes_that_file_at_one_path_from_one_source_make_one_row(engine: sa.Engine, address: str) -> None:
    body = "meet()\nfor _ in range(20):\n    catalogue.add(mine, found)\n    catalogue.link(mine.recording_id, found)"
    with processes(body, address, "a", "b") as both:
        for each in both:
            wait_for(each, "ready")
        for each in both:
            go(each)
        codes = [each.wait(60) for each in both]
    catalogue = SqlCatalogue(engine)

    assert codes == [0, 0]
    assert catalogue.counts() == {"recordings": 2, "files": 1}
    assert sum(len(each.sources) for each in catalogue.recordings()) == 1


def test_of_processes_that_look_and_then_file_under_the_lock_one_files(engine: sa.Engine, address: str) -> None:
    body = """
meet()
with catalogue.locked():
    held = catalogue.by_source("spotify", "4uLU6h")
    if held is None:
        catalogue.add(mine, found)
    print("already" if held else "filed", flush=True)
"""
    with processes(body, address, "a", "b", "c") as all_three:
        for each in all_three:
            wait_for(each, "ready")
        for each in all_three:
            go(each)
        said = sorted(each.communicate(timeout=60)[0].strip() for each in all_three)

    assert said == ["already", "already", "filed"]
    assert SqlCatalogue(engine).counts() == {"recordings": 1, "files": 1}


def test_a_process_killed_under_the_lock_leaves_nothing_and_holds_up_no_one(engine: sa.Engine, address: str) -> None:
    body = """
with catalogue.locked():
    catalogue.add(mine, found)
    catalogue.member(mine.recording_id, Playlist("spotify", "pl", "Friday"))
    meet()
"""
    catalogue = SqlCatalogue(engine)
    with processes(body, address, "a") as [killed]:
        wait_for(killed, "ready")
        during = catalogue.counts()
        killed.kill()
        killed.wait(30)
        catalogue.add(RECORDING, FOUND)

    assert during == {"recordings": 0, "files": 0}
    assert [each.title for each in catalogue.recordings()] == ["Waves"]
    assert list(catalogue.outbox("m3u")) == []


def test_what_a_killed_process_had_written_stays(engine: sa.Engine, address: str) -> None:
    with processes("catalogue.add(mine, found)\nmeet()", address, "a") as [killed]:
        wait_for(killed, "ready")
        killed.kill()
        killed.wait(30)

    assert SqlCatalogue(engine).counts() == {"recordings": 1, "files": 1}


# Size


def fill(engine: sa.Engine, count: int) -> None:
    """Put that many recordings, each with a file, a link and an attempt, straight into the tables."""
    fingerprint = struct.pack("<950I", *range(950))
    filed = [replace(RECORDING, recording_id=f"{number:032x}", isrc=f"I{number}") for number in range(count)]
    ids = [each.recording_id for each in filed]
    lengths = [120 + number % 3000 / 10 for number in range(count)]
    with in_write(engine).begin() as connection:
        recordings = [
            rows.recording_row(each, "2026-01-01T00:00:00.000Z") | {"length_s": s}
            for each, s in zip(filed, lengths, strict=True)
        ]
        prints = [
            {"recording_id": key, "length_s": s, "fingerprint": fingerprint}
            for key, s in zip(ids, lengths, strict=True)
        ]
        files = [rows.file_row(key, replace(FILE, path=f"{key}.aiff", sha256=key), f"{key}.aiff") for key in ids]
        links = [
            {"recording_id": key, "source": "s", "source_id": key, "revision": "", "url": "", "found_at": ""}
            for key in ids
        ]
        attempts = [
            rows.start_row(found(key), 1, "") | rows.end_row(found(key), Synced(key, ()), "2026") for key in ids
        ]
        for table, values in (
            (tables.recordings, recordings),
            (tables.fingerprints, prints),
            (tables.files, files),
            (tables.source_links, links),
            (tables.attempts, attempts),
        ):
            connection.execute(sa.insert(table), values)


def queries(engine: sa.Engine) -> list[str]:
    """A list that grows by each statement the engine runs."""
    run: list[str] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            run.append(statement)

    return run


def test_ten_thousand_recordings_are_read_by_the_page_and_looked_up_at_once(engine: sa.Engine) -> None:
    fill(engine, 10_000)
    catalogue, run = SqlCatalogue(engine), queries(engine)

    read = sum(1 for each in catalogue.recordings() if each.files and each.sources)
    pages = len(run)
    began = time.perf_counter()
    hits = [
        (catalogue.by_sha256(f"{number:032x}"), catalogue.by_source("s", f"{number:032x}"), catalogue.by_isrc("I7"))
        for number in range(0, 10_000, 500)
    ]
    took_s = time.perf_counter() - began

    assert read == 10_000
    assert pages <= (10_000 / 500 + 1) * 4
    assert all(one and other and some for one, other, some in hits)
    assert took_s / len(hits) < 0.25  # generous: the machine may be busy; a scan of all rows would take far longer
    assert len(catalogue.pasts("spotify")) == 10_000
    assert catalogue.counts()["synced"] == 10_000
