"""How a run ends, in one word."""

from music_sync.model.report import RunReport, SourceReport

FOLDER = SourceReport("folder", ok=True, found=0)
NOTION = SourceReport("notion", ok=False, found=0, next_actor="flow", cause="service", weighs=False)


def test_a_view_that_is_away_changes_no_result() -> None:
    assert RunReport(sources=(FOLDER, NOTION)).result == "nothing_new"


def test_a_view_that_was_asked_alone_does() -> None:
    assert RunReport(sources=(NOTION,)).result == "unavailable"


def test_a_view_hides_no_other_failure() -> None:
    broken = SourceReport("list", ok=False, found=0, next_actor="flow")

    assert RunReport(sources=(FOLDER, broken, NOTION)).result == "partial"
