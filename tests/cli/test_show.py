"""How a report looks to a person and to a script."""

import json

import pytest

from music_sync.cli import show
from music_sync.model.endings import AlreadyHave, Ending, Failed, NeedsReview, OnBuyList, Synced
from music_sync.model.errors import EnvironmentFault, NeedsPerson, NotSetUp, ServiceUnavailable, SyncError
from music_sync.model.happenings import Happening
from music_sync.model.report import EXIT_CODES, RunReport, SourceReport, TrackReport
from music_sync.model.track import FoundTrack, LibraryFile

FILE = LibraryFile("A/A - T.flac", "flac", "ab" * 32, 10)
NEW = Synced("id", (FILE,), "filed as A/A - T.flac", "A", "T")
HAVE = AlreadyHave("id", "in the library as A/A - T.flac", (FILE,), "A", "T")
REVIEW = NeedsReview("sounds like another", "id", "A", "T")
BUY = OnBuyList("no allowed way; buy it", "A", "T")
REFUSED = Failed("it is cut off; fetch it again", "analyse", "nobody", "track", "A", "T")
AWAY = Failed("the server is away; it is tried again", "acquire", "flow", "service", "A", "T")
FULL = Failed("the disk is full; free some space", "file", "flow", "environment", "A", "T")


def report_of(*endings: Ending, ok: bool = True, fault: str = "") -> RunReport:
    tracks = tuple(TrackReport(FoundTrack("list", str(number)), ending) for number, ending in enumerate(endings))
    return RunReport(tracks, (SourceReport("list", ok, len(tracks), "" if ok else "closed"),), fault, fault and "why")


@pytest.mark.parametrize(
    ("report", "result", "code"),
    [
        (report_of(), "nothing_new", 0),
        (report_of(HAVE), "nothing_new", 0),
        (report_of(NEW, HAVE), "done", 0),
        (report_of(BUY), "done", 0),
        (report_of(NEW, REFUSED), "partial", 3),
        (report_of(NEW, ok=False), "partial", 3),
        (report_of(HAVE, REVIEW), "needs_person", 4),
        (report_of(REVIEW, REFUSED), "partial", 3),
        (report_of(AWAY), "unavailable", 6),
        (report_of(NEW, AWAY), "partial", 3),
        (report_of(AWAY, REFUSED), "partial", 3),
        (report_of(NEW, REFUSED, FULL), "environment", 7),
        (report_of(fault="locked"), "locked", 5),
        (report_of(NEW, fault="environment"), "environment", 7),
    ],
)
def test_one_word_and_one_code_say_how_a_run_went(report: RunReport, result: str, code: int) -> None:
    """P5 P15"""
    assert (report.result, report.exit_code) == (result, code)


LIMITED = ServiceUnavailable("Spotify limits us until 18:05 (in 13 h 35 min); other work goes on")
ENDED = NeedsPerson("the sign-in to Spotify has ended; run `music-sync connect spotify`")
UNSET = NotSetUp("YouTube is not connected; `music-sync connect youtube` does it")


def sources(*errors: SyncError | None) -> tuple[SourceReport, ...]:
    """Reports of sources that failed so, or went well."""
    return tuple(
        SourceReport.because("spotify", "likes", error) if error else SourceReport("folder", ok=True, found=1)
        for error in errors
    )


@pytest.mark.parametrize(
    ("errors", "result", "code"),
    [
        ((LIMITED,), "unavailable", 6),
        ((LIMITED, None), "partial", 3),
        ((ENDED,), "needs_person", 4),
        ((ENDED, None), "needs_person", 4),
        ((ENDED, LIMITED, None), "partial", 3),
        ((UNSET, None), "nothing_new", 0),
        ((UNSET, LIMITED), "unavailable", 6),
        ((EnvironmentFault("the drive is away; connect it"), None), "partial", 3),
    ],
)
def test_a_source_that_failed_says_so_in_the_result(
    errors: tuple[SyncError | None, ...], result: str, code: int
) -> None:
    """P5 P10: neither an empty list nor the end of the chain."""
    report = RunReport((TrackReport(FoundTrack("folder", "1"), HAVE),), sources(*errors))

    assert (report.result, report.exit_code) == (result, code)


def test_sources_without_an_account_take_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = [SourceReport.because(name, "", UNSET) for name in ("youtube", "lastfm")]
    show.report(RunReport(sources=(*skipped, SourceReport("folder", ok=True, found=0))))

    assert capsys.readouterr().out.splitlines() == [
        "· not connected, so not asked: youtube, lastfm; `music-sync connect` tells of each",
        "sync: 0 new",
        "nothing new",
    ]


@pytest.mark.parametrize("result", EXIT_CODES)
def test_the_last_line_says_what_to_do_next(capsys: pytest.CaptureFixture[str], result: str) -> None:
    show.report(report_of(fault=result))

    assert capsys.readouterr().out.splitlines()[-1] == "next: why"


@pytest.mark.parametrize(
    ("endings", "command"),
    [
        ((NEW, BUY), "library list"),
        ((BUY, HAVE), "buy-list"),
        ((NEW, REVIEW), "review"),
        ((REVIEW, REFUSED), "status"),
    ],
)
def test_the_last_line_names_the_command_that_helps_most(
    capsys: pytest.CaptureFixture[str], endings: tuple[Ending, ...], command: str
) -> None:
    show.report(report_of(*endings))

    assert f"`music-sync {command}`" in capsys.readouterr().out.splitlines()[-1]


def test_every_ending_but_what_is_owned_has_a_line_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    show.report(report_of(NEW, HAVE, REVIEW, BUY, REFUSED, ok=False))

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("list: closed")
    assert [line[2:] for line in lines[1:5]] == [f"A - T: {ending.reason}" for ending in (NEW, REVIEW, BUY, REFUSED)]
    assert lines[5] == "sync: 1 new · 1 already yours · 1 to review · 1 on the buy list · 1 failed"
    assert lines[6] == "next: `music-sync status` lists what failed, `music-sync retry` tries it again"


def test_a_plan_speaks_of_what_would_be(capsys: pytest.CaptureFixture[str]) -> None:
    show.report(report_of(NEW), future=True)

    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "would be: 1 new"
    assert lines[-1] == "next: `music-sync sync` does it; nothing was changed"


def test_a_script_gets_one_line_in_utf_8_or_in_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    show.as_json({"title": "四時の海\n"})

    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == {"title": "四時の海\n"}


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\nb", "\u202eevil", "\x00", "\x9b1m", "\udcff", "\u2028"])
def test_no_foreign_text_moves_the_cursor_or_turns_the_line(text: str) -> None:
    """B26"""
    assert show.clean(text).isprintable()


def test_failed_tracks_claim_no_recording_and_no_file() -> None:
    """P29 P33"""
    told = report_of(NEW, REFUSED, BUY, REVIEW).as_json()["tracks"]
    assert isinstance(told, list)

    assert [track["files"] for track in told] == [[FILE.path], [], [], []]
    assert [track["recording_id"] for track in told] == ["id", "", "", "id"]


def test_a_long_run_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """P52"""
    with show.progress() as tell:
        tell(Happening("", "", "", "counted", count=60))
        for number in range(50):
            tell(Happening(str(number), f"track {number}", "settle", "ended", 1.0, "synced"))

    said = [line for line in capsys.readouterr().err.splitlines() if "have ended" in line]
    assert [line.partition(";")[0] for line in said] == ["25 of 60 tracks have ended", "50 of 60 tracks have ended"]
    assert said[0].endswith(" left")
