"""What a run means to its owner, told from its report and from what was told before."""

from datetime import UTC, datetime, timedelta

import pytest

from music_sync.flows.notices import Habit, news_of, news_of_silence, with_digest, worded
from music_sync.model.endings import Ending, Failed, NeedsReview, OnBuyList, Synced
from music_sync.model.notice import Waiting
from music_sync.model.report import RunReport, SourceReport, TrackReport
from music_sync.model.track import FoundTrack

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
REFUSED = Failed("it is cut off; fetch it again", "analyse", "nobody", "track", "A", "T")
AWAY = Failed("the server is away; it is tried again", "acquire", "flow", "service", "A", "T")
UNDONE = Failed("you undid the filing", "undo", "person", "track", "A", "T")
REVIEW = NeedsReview("sounds like another", "id", "A", "T")
NEW = Synced("id", (), "filed", "Ann", "Waves")
ENDED = SourceReport("spotify", ok=False, found=0, message="the sign-in has ended", part="likes", next_actor="person")
LIMITED = SourceReport("spotify", ok=False, found=0, message="limits us", part="likes", next_actor="flow")
WELL = SourceReport("spotify", ok=True, found=3, part="likes")


def run_of(*endings: Ending, sources: tuple[SourceReport, ...] = ()) -> RunReport:
    return RunReport(
        tuple(TrackReport(FoundTrack("list", str(number)), each) for number, each in enumerate(endings)), sources
    )


def told_by(report: RunReport, told: dict[str, str] | None = None, now: datetime = NOW) -> list[tuple[str, str]]:
    """Subject and first line of each notice; what was told is kept in `told`."""
    told = {} if told is None else told
    news = news_of(report.result, "", report, told, now)
    told.update(news.states)
    return [(notice.subject, notice.lines[0]) for notice in news.notices]


def test_a_failure_for_good_is_told_once() -> None:
    told: dict[str, str] = {}

    first, second = told_by(run_of(REFUSED), told), told_by(run_of(REFUSED), told)

    assert first == [("failed", "A - T: it is cut off; fetch it again")]
    assert second == []


def test_a_track_that_fails_in_another_way_is_told_anew() -> None:
    told: dict[str, str] = {}
    told_by(run_of(REFUSED), told)

    later = told_by(run_of(Failed("it is a preview", "analyse", "nobody", "track", "A", "T")), told)

    assert later == [("failed", "A - T: it is a preview")]


@pytest.mark.parametrize("ending", [AWAY, UNDONE, OnBuyList("no way", "A", "T"), NEW], ids=lambda ending: ending.reason)
def test_what_mends_itself_or_was_wanted_is_no_failure(ending: Ending) -> None:
    assert told_by(run_of(ending)) == []


def test_what_needs_an_eye_is_told_once() -> None:
    told: dict[str, str] = {}

    assert told_by(run_of(REVIEW), told) == [("review", "A - T: sounds like another")]
    assert told_by(run_of(REVIEW), told) == []


def test_a_source_that_needs_its_owner_is_told_at_each_flip() -> None:
    told: dict[str, str] = {}

    heard = [told_by(run_of(sources=(source,)), told) for source in (ENDED, ENDED, WELL, WELL, ENDED)]

    broken, well = ("source spotify likes", "spotify likes: the sign-in has ended"), "spotify likes works again"
    assert heard == [[broken], [], [("source spotify likes", well)], [], [broken]]


def test_a_service_that_is_away_is_told_after_a_day_only() -> None:
    told: dict[str, str] = {}
    hours = (0, 1, 23, 25, 26)

    heard = [told_by(run_of(sources=(LIMITED,)), told, NOW + timedelta(hours=hour)) for hour in hours]

    assert [len(each) for each in heard] == [0, 0, 0, 1, 0]
    assert heard[3] == [("source spotify likes", "spotify likes has failed for a day: limits us")]


def test_a_service_that_came_back_within_a_day_was_never_spoken_of() -> None:
    told: dict[str, str] = {}
    told_by(run_of(sources=(LIMITED,)), told)

    assert told_by(run_of(sources=(WELL,)), told) == []
    assert told["source spotify likes"] == ""


def test_a_run_that_broke_off_and_one_that_works_again_are_told() -> None:
    told: dict[str, str] = {}

    broken = news_of("environment", "the library is offline; connect its drive", None, told, NOW)
    told.update(broken.states)
    again = news_of("environment", "the library is offline; connect its drive", None, told, NOW)
    well = news_of("nothing_new", "", run_of(), told, NOW)

    assert [notice.lines for notice in broken.notices] == [("the library is offline; connect its drive",)]
    assert again.notices == []
    assert [notice.lines for notice in well.notices] == [("syncing works again",)]


@pytest.mark.parametrize(
    ("habit", "due"), [("run", ""), ("daily", "2026-11-29T09:00:00.000Z"), ("never", None)], ids=str
)
def test_new_tracks_are_told_as_the_owner_wants(habit: str, due: str | None) -> None:
    report = run_of(NEW)

    news = with_digest(news_of("done", "", report, {}, NOW), report, Habit(habit), NOW)

    assert [(notice.lines, notice.due_at) for notice in news.notices] == (
        [] if due is None else [(("Ann - Waves",), due)]
    )


def test_p6_silence_is_told_once_after_period_and_grace_and_when_it_is_over() -> None:
    told: dict[str, str] = {}
    period = timedelta(hours=6)
    heard = []
    for hours, last in ((11, 0), (13, 0), (14, 0), (15, 14.5)):
        news = news_of_silence(NOW + timedelta(hours=last), NOW + timedelta(hours=hours), period, told)
        told.update(news.states)
        heard.append(len(news.notices))

    assert heard == [0, 1, 0, 0]
    assert told == {"silence": ""}


def test_before_the_first_success_nobody_speaks_of_silence() -> None:
    assert news_of_silence(None, NOW, timedelta(hours=6), {}).notices == []


def test_a_notice_says_how_many_there_are_and_what_to_do() -> None:
    title, text = worded(Waiting(1, "failed", ("A - T: cut off",), 3, "failure"))

    assert title == "Music Sync: 3 tracks failed for good"
    assert text.splitlines() == [
        "A - T: cut off",
        "and 2 more",
        "music-sync status lists them, music-sync retry tries them again",
    ]
