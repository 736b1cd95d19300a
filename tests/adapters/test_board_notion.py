"""The Notion board against a simulator that refuses and misbehaves; what all boards keep is in tests/contracts."""

import logging
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests import plain_http
from tests.notion import OnNotion, another_board, on_notion

from music_sync.adapters.board_notion import NotionBoard
from music_sync.adapters.board_notion_schema import NotionNames
from music_sync.adapters.notion_calls import NotionCalls
from music_sync.adapters.notion_properties import cut, database_id_in, option_for, units
from music_sync.demo.notion import (
    BadGateway,
    Behaviour,
    Garbled,
    Hang,
    Nulls,
    Refuse,
    Repeat,
    Short,
    Truncated,
    conflict,
    overloaded,
    rate_limited,
)
from music_sync.demo.notion_workspace import Workspace
from music_sync.model.errors import BadSetting, NeedsPerson, ServiceUnavailable
from music_sync.model.task import Change, Draft

NOBODY = "11111111-2222-4333-8444-555555555555"
QUERY = "POST data_sources/.*/query"
CREATE = "POST pages"
WRITE = "PATCH pages/.*"


@pytest.fixture
def there() -> Iterator[OnNotion]:
    with on_notion() as there:
        yield there


def titles(board: NotionBoard) -> list[str]:
    return [task.title for task in board.tasks()]


# Trouble


@pytest.mark.parametrize(
    "trouble",
    [
        rate_limited("1"),
        overloaded("1"),
        BadGateway(),
        BadGateway(504),
        conflict(),
        Truncated(),
        Garbled(),
        Garbled(b"[]"),
    ],
    ids=repr,
)
def test_a_short_trouble_is_lived_through(there: OnNotion, trouble: Behaviour) -> None:
    there.add("Kept")
    there.server.misbehave(trouble, on=QUERY)

    assert titles(there.board) == ["Kept"]
    assert there.slept == [1.0]


@pytest.mark.parametrize(
    "trouble",
    [
        rate_limited("1"),
        overloaded(None),
        BadGateway(),
        conflict(),
        Truncated(),
        Garbled(),
        Garbled(b'{"results": []}'),
    ],
    ids=repr,
)
@pytest.mark.parametrize("page", [1, 2])
def test_a_board_that_is_away_is_never_an_empty_or_shorter_one(there: OnNotion, trouble: Behaviour, page: int) -> None:
    for number in range(150):
        there.add(str(number))
    list(there.board.tasks())
    there.server.misbehave(*[Short(100)] * (page - 1), on=QUERY)
    there.server.misbehave(trouble, on=QUERY, always=True)

    with pytest.raises(ServiceUnavailable):
        list(there.board.tasks())


def test_a_board_that_nobody_serves_is_unavailable() -> None:
    with plain_http.Client() as http:
        calls = NotionCalls("ntn_x", "http://127.0.0.1:9", http, sleep=lambda _: None, patience_s=3)

        with pytest.raises(ServiceUnavailable, match="ConnectError"):
            list(NotionBoard(calls, NOBODY).tasks())


def test_a_board_that_hangs_is_unavailable() -> None:
    with on_notion(timeout_s=0.2, patience_s=0.3) as there:
        there.server.misbehave(Hang(), always=True)

        with pytest.raises(ServiceUnavailable, match="timed out"):
            list(there.board.tasks())


def test_the_time_that_notion_asks_for_is_waited_exactly(there: OnNotion) -> None:
    there.server.misbehave(rate_limited("37"), overloaded("2"))

    assert titles(there.board) == []
    assert there.slept == [37.0, 2.0]


def test_the_time_to_wait_may_be_a_date(there: OnNotion) -> None:
    there.server.misbehave(rate_limited(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)))

    assert titles(there.board) == []
    assert len(there.slept) == 1
    assert 25 < there.slept[0] <= 30


@pytest.mark.parametrize("told", ["", "soon", "-5", "²"])
def test_a_time_to_wait_that_makes_no_sense_is_waited_as_none(there: OnNotion, told: str) -> None:
    there.server.misbehave(*[rate_limited(told)] * 3)

    assert titles(there.board) == []
    assert there.slept == [1.0, 2.0, 4.0]


def test_a_longer_wait_than_our_patience_is_left_to_the_next_run(there: OnNotion) -> None:
    there.server.misbehave(rate_limited("3600"))

    with pytest.raises(ServiceUnavailable, match="rate limited") as caught:
        list(there.board.tasks())
    assert caught.value.after_s == 3600
    assert there.slept == []
    assert pickle.loads(pickle.dumps(caught.value)).after_s == 3600  # noqa: S301 - our own


def test_a_conflict_is_tried_once_more_only(there: OnNotion) -> None:
    task_id = there.add()
    list(there.board.tasks())
    there.server.misbehave(conflict(), conflict(), on=WRITE)

    with pytest.raises(ServiceUnavailable, match="409"):
        there.board.update(task_id, Change(result="x"))
    assert len(there.server.requests(WRITE)) == 2


def test_many_calls_at_once_are_spread() -> None:
    slept: list[float] = []
    with on_notion() as there:
        calls = NotionCalls(there.server.token, there.server.url, sleep=slept.append)
        for _ in range(200):
            calls.ask("say who we are", lambda client: client.users.me())
        calls.close()

    assert 1 <= len(slept) <= 20
    assert max(slept) < 7


# Refusals


def test_a_wrong_token_is_a_persons_matter_and_is_not_told(there: OnNotion, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    board = another_board(there, token="ntn_secret_of_ann")

    with pytest.raises(NeedsPerson, match="NOTION_TOKEN") as caught:
        list(board.tasks())
    assert "ntn_secret" not in str(caught.value) + repr(caught.value) + caplog.text


@pytest.mark.parametrize("token", ["", " ", "two words", "ümlaut", "line\nbreak"])
def test_what_cannot_be_a_token_is_refused_before_it_is_sent(token: str) -> None:
    with pytest.raises(NeedsPerson, match="NOTION_TOKEN") as caught:
        NotionCalls(token)
    assert token.strip() == "" or token not in str(caught.value)


def test_a_token_is_not_told_even_when_notion_repeats_it(there: OnNotion) -> None:
    there.server.misbehave(Refuse(400, "validation_error", f"Odd: Bearer {there.server.token}"), always=True)

    with pytest.raises(NeedsPerson, match=r"Odd: Bearer \[token\]"):
        list(there.board.tasks())


@pytest.mark.parametrize("url", ["http://example.test", "ftp://127.0.0.1", "nonsense", "http://[::"])
def test_the_token_goes_to_no_address_in_clear(url: str) -> None:
    with pytest.raises(BadSetting, match="MUSIC_SYNC_NOTION_URL"):
        NotionCalls("ntn_x", url)


def test_a_connection_without_rights_is_a_persons_matter(there: OnNotion) -> None:
    refusal = Refuse(403, "restricted_resource", "Insufficient permissions for this endpoint.")
    there.server.misbehave(refusal, on=CREATE)

    with pytest.raises(NeedsPerson, match=r"add a task.*Insufficient permissions"):
        there.board.add(Draft("x"))


@pytest.mark.parametrize("database_id", [NOBODY, NOBODY.replace("-", "")])
def test_an_unknown_database_is_named_with_its_setting(there: OnNotion, database_id: str) -> None:
    with pytest.raises(NeedsPerson, match=rf"{NOBODY}.*AGENT_TASKS_DB_ID.*share it with the connection"):
        list(another_board(there, database_id=database_id).tasks())


def test_what_is_no_id_is_refused_at_once(there: OnNotion) -> None:
    with pytest.raises(NeedsPerson, match="AGENT_TASKS_DB_ID"):
        another_board(there, database_id="my board")
    assert there.server.requests() == []


def test_a_board_that_is_not_shared_any_more_is_not_a_task_that_is_not_there(there: OnNotion) -> None:
    task_id = there.add()
    list(there.board.tasks())
    there.workspace.unshare(there.ids.database_id)

    with pytest.raises(NeedsPerson, match="share it"):
        there.board.task(task_id)
    with pytest.raises(NeedsPerson, match="share it"):
        there.board.update(task_id, Change(status="Complete"))
    with pytest.raises(NeedsPerson, match="share"):
        list(there.board.tasks())


def test_notions_reason_is_told_when_it_refuses_what_we_send(there: OnNotion) -> None:
    there.server.misbehave(Refuse(400, "validation_error", "No more\n blocks."), on=CREATE, always=True)

    with pytest.raises(NeedsPerson, match=r"No more blocks\."):
        there.board.add(Draft("x"))


# Where the board is


@pytest.mark.parametrize("form", ["{0}", " {0}\n", "https://www.notion.so/ann/Agent-Tasks-{1}?v=" + "1" * 32, "{1}"])
def test_the_database_may_be_given_by_its_address(there: OnNotion, form: str) -> None:
    there.add("Here")
    database_id = form.format(there.ids.database_id, there.ids.database_id.replace("-", ""))

    assert titles(another_board(there, database_id=database_id)) == ["Here"]
    assert database_id_in(form.format("x", "y")) == ""


def test_the_id_of_a_table_serves_as_well(there: OnNotion) -> None:
    there.add("Here")

    assert titles(another_board(there, database_id=there.ids.source_id)) == ["Here"]


def test_of_several_tables_the_one_that_is_a_board_is_taken(there: OnNotion) -> None:
    there.add("Here")
    other = there.workspace.make_database("Two tables")
    there.workspace.make_source(other, "Notes", {"Name": ("title", ())})
    board = there.workspace.make_source(other, "Tasks", {"Name": ("title", ()), "Status": ("status", ("Ready",))})
    there.workspace.add_page(board, {"Name": "There", "Status": "Ready"})

    assert titles(another_board(there, database_id=other)) == ["There"]


def test_a_database_that_is_no_board_is_refused(there: OnNotion) -> None:
    with pytest.raises(NeedsPerson, match="no board of tasks: Status"):
        list(another_board(there, database_id=there.ids.agents_source_id).tasks())


# Reading


def test_every_task_is_read_over_many_short_and_doubled_pages(there: OnNotion) -> None:
    added = [there.add(str(number)) for number in range(20)]
    there.server.misbehave(Short(7), Repeat(5), Short(1), Repeat(3), on=QUERY)

    assert [task.task_id for task in there.board.tasks()] == added


def test_no_task_is_lost_or_doubled_when_rows_change_while_they_are_read(there: OnNotion) -> None:
    added = [there.add(f"{number:03}") for number in range(250)]
    read: list[str] = []
    for task in there.board.tasks():
        read.append(task.task_id)
        if len(read) == 50:
            there.workspace.edit(added[10], {"Task Name": "Edited"})
            there.workspace.edit(added[20], {"Archive": True})
            there.workspace.trash(added[120])
        if len(read) == 150:
            there.workspace.trash(added[240])

    assert read == [one for one in added if one not in {added[120], added[240]}]


def test_a_board_of_more_rows_than_one_query_gives_is_read_to_its_end() -> None:
    now = [datetime(2026, 1, 9, 10, 0, tzinfo=UTC)]
    with on_notion(Workspace(clock=lambda: now[-1], most_results=30)) as there:
        added = []
        for number in range(100):
            now.append(now[0] + timedelta(seconds=7 * number))
            added.append(there.add(str(number)))

        assert [task.task_id for task in there.board.tasks()] == added


def test_more_tasks_in_one_minute_than_a_query_gives_are_told_not_dropped() -> None:
    with on_notion(Workspace(clock=lambda: datetime(2026, 1, 9, tzinfo=UTC), most_results=30)) as there:
        for number in range(31):
            there.add(str(number))

        with pytest.raises(NeedsPerson, match="2026-01-09T00:00"):
            list(there.board.tasks())


def test_archived_and_trashed_tasks_are_left_out(there: OnNotion) -> None:
    there.add("Kept")
    ticked, closed, trashed = there.add(Archive=True), there.add(Status="Archived"), there.add()
    there.workspace.trash(trashed)
    stored = [there.board.task(one) for one in (ticked, closed, trashed)]

    assert titles(there.board) == ["Kept"]
    assert [task is not None and task.archived for task in stored] == [True, True, True]


def test_text_in_many_runs_is_read_to_its_last_one(there: OnNotion) -> None:
    task_id = there.add(["Sync ", "the", " likes"], Description=["bold ", "and ", "plain"] * 20)
    task = there.board.task(task_id)

    assert task is not None
    assert task.title == "Sync the likes"
    assert task.description == "bold and plain" * 20


def test_a_task_of_nulls_says_nothing_and_is_not_ready(there: OnNotion) -> None:
    task_id = there.add("Full", Priority="High", Description="x")
    there.server.misbehave(Nulls(), on=QUERY)
    (task,) = there.board.tasks()

    assert (task.task_id, task.title, task.status, task.priority, task.description) == (task_id, "", "", "", "")
    assert not task.is_ready


def test_a_blocked_dependency_blocks_the_task(there: OnNotion) -> None:
    task = there.board.task(there.add(Dependency_Status="Blocked"))

    assert task is not None
    assert task.blocked
    assert not task.is_ready


def test_all_of_many_prerequisites_are_read(there: OnNotion) -> None:
    needed = [there.add(str(number)) for number in range(140)]
    task_id = there.workspace.add_page(there.ids.source_id, {"Task Name": "x", "Prerequisite Tasks": needed[:100]})
    there.workspace._pages[task_id].values["Prerequisite Tasks"] = needed
    task = there.board.task(task_id)

    assert task is not None
    assert list(task.prerequisites) == needed


def test_ids_are_whole_and_links_lead_to_the_page(there: OnNotion) -> None:
    first, second = there.add("a"), there.add("b")
    tasks = list(there.board.tasks())

    assert first[:8] == second[:8]
    assert [task.task_id for task in tasks] == [first, second]
    assert tasks[0].url.endswith(first.replace("-", ""))


@pytest.mark.parametrize("task_id", ["", "42", "../users/me", "f" * 32, NOBODY])
def test_what_is_no_id_of_the_board_is_no_task(there: OnNotion, task_id: str) -> None:
    assert there.board.task(task_id) is None
    assert task_id in there.board.update(task_id, Change(status="Ready")).refused


def test_a_page_of_another_database_is_no_task(there: OnNotion) -> None:
    agent = there.ids.agents["Claude Code"]

    assert there.board.task(agent) is None
    assert agent in there.board.update(agent, Change(status="Ready")).refused


# Agents


def test_each_agents_name_is_read_once(there: OnNotion) -> None:
    agents = list(there.ids.agents.values())
    for number in range(6):
        there.add(str(number), Assigned_Agent=[agents[number % 2], agents[0]])
    names = [task.assigned_agent for task in there.board.tasks()]

    assert names == ["Claude Code", "Cursor MM1"] * 3
    assert len(there.server.requests("GET pages/.*")) == 2


def test_an_agents_page_that_is_not_shared_stands_for_itself(there: OnNotion, caplog: pytest.LogCaptureFixture) -> None:
    agent = there.ids.agents["Claude Code"]
    there.add(Assigned_Agent=[agent])
    there.workspace.unshare(agent)
    (task,) = there.board.tasks()

    assert task.assigned_agent == agent
    assert "share the database of agents" in caplog.text


def test_an_agent_that_the_board_does_not_know_is_told(there: OnNotion, caplog: pytest.LogCaptureFixture) -> None:
    task = there.board.add(Draft("x", assigned_agent="Nobody"))

    assert task.assigned_agent == ""
    assert "'Nobody'" in caplog.text


# A board that lacks something


def test_what_the_board_lacks_is_told_once_and_the_rest_is_written(
    there: OnNotion, caplog: pytest.LogCaptureFixture
) -> None:
    there.workspace.drop_column(there.ids.source_id, "Execution-Result")
    there.workspace.drop_column(there.ids.source_id, "Log Summary")
    there.workspace.drop_column(there.ids.source_id, "Priority")
    there.workspace.add_column(there.ids.source_id, "Priority", "number")
    task_id = there.add()
    written = there.board.update(task_id, Change(status="Failed", result="It broke"))
    list(there.board.tasks())

    assert [entry.levelname for entry in caplog.records] == ["WARNING"]
    assert "Execution-Result" in caplog.text
    assert "Priority: it is of type number" in caplog.text
    assert written.dropped == ("Execution-Result: the board has no such property (rich_text)",)
    assert there.workspace.value(task_id, "Status") == "Failed"


def test_a_status_that_the_board_lacks_is_named_and_the_rest_is_written(there: OnNotion) -> None:
    there.workspace.set_options(there.ids.source_id, "Status", ("Ready", "Done"))
    task_id = there.add()
    written = there.board.update(task_id, Change(status="In Progress", result="x"))

    assert written.dropped == ('Status: it has no option "In Progress"',)
    assert there.workspace.value(task_id, "Status") == "Ready"
    assert there.workspace.value(task_id, "Execution-Result") == "x"


def test_an_option_of_a_select_is_never_made_by_writing_it(there: OnNotion) -> None:
    there.board.add(Draft("x", priority="Someday", task_type="Nonsense"))
    (task,) = there.board.tasks()

    assert (task.priority, task.task_type) == ("", "")


def test_an_option_in_another_spelling_is_the_same_one() -> None:
    assert option_for("In Progress", ("Ready", "In-Progress")) == "In-Progress"
    assert option_for("High", ("P0", "P1")) == "P1"
    assert option_for("High", ("1 - Low", "3 - High")) == "3 - High"
    assert option_for("Complete", ("Completed", "Done")) == ""


def test_properties_may_bear_other_names(there: OnNotion) -> None:
    for old, new in (("Task Name", "Aufgabe"), ("Status", "Zustand"), ("Description", "Next Step")):
        there.workspace.rename_column(there.ids.source_id, old, new)
    there.workspace.drop_column(there.ids.source_id, "Next Required Step")
    board = another_board(there, names=NotionNames(status=("Zustand",)))
    task = board.add(Draft("x", next_step="Look"))

    assert (task.title, task.status, task.next_step) == ("x", "Ready", "Look")


def test_a_property_that_is_renamed_or_dropped_while_we_run_is_noticed(there: OnNotion) -> None:
    task_id = there.add()
    list(there.board.tasks())
    there.workspace.rename_column(there.ids.source_id, "Next Required Step", "Next Step")
    there.workspace.drop_column(there.ids.source_id, "Blocking Reason")
    there.workspace.edit(task_id, {"Next Step": "Look"})
    (task,) = there.board.tasks()
    there.workspace.drop_column(there.ids.source_id, "Handoff Status")
    written = there.board.update(task_id, Change(status="In Progress", handoff_status="Handoff Delivered"))

    assert task.next_step == "Look"
    assert written.dropped == ("Handoff Status: the board has no such property (status)",)
    assert there.workspace.value(task_id, "Status") == "In Progress"


def test_what_a_person_mends_on_the_board_is_noticed_in_time(there: OnNotion) -> None:
    now = [0.0]
    calls = NotionCalls(there.server.token, there.server.url)
    board = NotionBoard(calls, there.ids.database_id, clock=lambda: now[-1])
    agent = there.ids.agents["Claude Code"]
    task_id = there.add(Assigned_Agent=[agent])
    before = board.update(task_id, Change(status="On Hold")).dropped, names_of_agents(board)
    there.workspace.set_options(there.ids.source_id, "Status", ("Ready", "On Hold"))
    there.workspace.edit(agent, {"Agent Name": "Claude Code 2"})
    now.append(301.0)
    after = board.update(task_id, Change(status="On Hold")).dropped, names_of_agents(board)
    calls.close()

    assert before == (('Status: it has no option "On Hold"',), ["Claude Code"])
    assert after == ((), ["Claude Code 2"])


def names_of_agents(board: NotionBoard) -> list[str]:
    return [task.assigned_agent for task in board.tasks()]


def test_a_status_column_that_goes_away_is_not_read_as_no_tasks(there: OnNotion) -> None:
    there.add()
    list(there.board.tasks())
    there.workspace.drop_column(there.ids.source_id, "Status")

    with pytest.raises(NeedsPerson, match="Status"):
        list(there.board.tasks())


# Writing


def test_a_delivery_is_written_where_the_original_had_it(there: OnNotion) -> None:
    task_id = there.add()
    path = "/agents/Claude-Code/01_inbox/20260109T100000Z__HANDOFF__x.json"
    change = Change(
        "In Progress", delivered_path=path, delivered_at="2026-01-09T10:00:00Z", handoff_status="Handoff Delivered"
    )
    written = there.board.update(task_id, change, if_status="Ready")

    assert (written.dropped, written.refused) == ((), "")
    assert there.workspace.value(task_id, "Agent Handoff File Links") == path
    assert there.workspace.value(task_id, "Last Trigger Timestamp")["start"] == "2026-01-09T10:00:00Z"
    assert there.workspace.value(task_id, "Handoff Status") == "Handoff Delivered"


def test_a_task_in_the_trash_is_not_written_on(there: OnNotion) -> None:
    task_id = there.add()
    there.workspace.trash(task_id)

    assert "trash" in there.board.update(task_id, Change(status="Complete")).refused


def test_a_text_of_any_length_is_written_and_a_cut_is_marked_and_told(there: OnNotion) -> None:
    task_id = there.add()
    short = there.board.update(task_id, Change(result="é" * 199_999))
    long = there.board.update(task_id, Change(result="🎛" * 100_001))
    kept = there.workspace.value(task_id, "Execution-Result")

    assert short.dropped == ()
    assert long.dropped[0].startswith("Execution-Result: cut after ")
    assert kept.endswith("… [cut here; 100,001 characters in all]")
    assert set(kept[:-50]) == {"🎛"}


def test_a_new_task_of_four_endless_texts_fits_into_one_call(there: OnNotion) -> None:
    text = "四" * 300_000
    task = there.board.add(Draft("四" * 3_000, text, next_step=text, success_criteria=text))

    assert task.title == "四" * 3_000
    assert all("[cut here; 300,000" in part for part in (task.description, task.next_step, task.success_criteria))


@pytest.mark.parametrize(
    "text", ["a" * 2_000, "a" * 2_001, "🎛" * 1_001, "a" + "🎛" * 3_000, "👩‍🎤" * 900, "", "\n" * 4_001]
)
def test_pieces_are_within_the_limit_and_make_the_whole_again(text: str) -> None:
    pieces, note = cut(text)

    assert "".join(pieces) == text
    assert all(0 < units(piece) <= 2_000 for piece in pieces)
    assert note == ""


def test_letters_that_no_call_can_carry_are_replaced(there: OnNotion) -> None:
    task = there.board.add(Draft("half \ud83c and \x00 none"))

    assert task.title == "half \ufffd and  none"


@pytest.mark.parametrize("lost", [BadGateway(done=True), BadGateway(504, done=True), Truncated(), Garbled()], ids=repr)
def test_a_task_whose_answer_is_lost_is_made_once(there: OnNotion, lost: Behaviour) -> None:
    before = there.board.add(Draft("Same words"))
    there.server.misbehave(lost, on=CREATE)
    task = there.board.add(Draft("Same words"))

    assert there.workspace.page_ids(there.ids.source_id) == [before.task_id, task.task_id]


def test_a_task_that_was_not_made_is_made_at_the_second_try(there: OnNotion) -> None:
    there.server.misbehave(BadGateway(), on=CREATE)
    task = there.board.add(Draft("x"))

    assert there.workspace.page_ids(there.ids.source_id) == [task.task_id]


def test_a_task_that_cannot_be_made_is_an_error(there: OnNotion) -> None:
    there.server.misbehave(BadGateway(), on=CREATE, always=True)

    with pytest.raises(ServiceUnavailable, match="502"):
        there.board.add(Draft("x"))
    assert there.workspace.page_ids(there.ids.source_id) == []


@pytest.mark.parametrize(
    ("lost", "meanwhile", "status", "refused"),
    [
        (BadGateway(done=True), None, "In Progress", False),
        (BadGateway(), None, "In Progress", False),
        (BadGateway(), "Cancelled", "Cancelled", True),
        (Truncated(), "Cancelled", "Cancelled", True),
    ],
    ids=repr,
)
def test_a_write_whose_answer_is_lost_never_goes_over_a_persons_edit(
    there: OnNotion, lost: Behaviour, meanwhile: str | None, status: str, refused: bool
) -> None:
    task_id = there.add()
    there.server.misbehave(lost, on=WRITE)
    if meanwhile:
        there.server.meanwhile(lambda: there.workspace.edit(task_id, {"Status": meanwhile}), on=WRITE)
    written = there.board.update(task_id, Change(status="In Progress"), if_status="Ready")

    assert there.workspace.value(task_id, "Status") == status
    assert bool(written.refused) is refused


# Reviews


def test_a_review_is_found_again_by_another_program(there: OnNotion) -> None:
    done = there.board.add(Draft("Done"))
    review = there.board.add(Draft("Review: Done", review_of=done.task_id))

    assert another_board(there).add(Draft("Review: Done", review_of=done.task_id)) == review


def test_a_review_that_the_original_made_is_found(there: OnNotion) -> None:
    done, other = there.add("Done"), there.add("Other")
    made = there.add("Review: Done", Description=f"Please review task {done} (https://notion.so/x).")
    undashed = there.add("Review: Other", Description=f"Task {other.replace('-', '')}")

    assert there.board.add(Draft("Review: Done", review_of=done)).task_id == made
    assert there.board.add(Draft("Review: Other", review_of=other)).task_id == undashed


def test_a_review_that_a_person_threw_away_is_not_made_again(there: OnNotion) -> None:
    done = there.board.add(Draft("Done"))
    review = there.board.add(Draft("Review: Done", review_of=done.task_id))
    there.workspace.trash(review.task_id)
    again = there.board.add(Draft("Review: Done", review_of=done.task_id))

    assert again.task_id == review.task_id
    assert again.archived


def test_a_relation_holds_the_reference_when_the_board_has_one(there: OnNotion) -> None:
    there.workspace.add_column(there.ids.source_id, "Review Of", "relation")
    done = there.board.add(Draft("Done"))
    review = there.board.add(Draft("Look it over", "Well?", review_of=done.task_id))

    assert there.workspace.value(review.task_id, "Review Of") == [done.task_id]
    assert there.workspace.value(review.task_id, "Description") == "Well?"
    assert (review.review_of, review.description) == (done.task_id, "Well?")
    assert there.board.add(Draft("Again", review_of=done.task_id)) == review


def test_without_a_place_for_the_reference_no_review_is_made(there: OnNotion) -> None:
    done = there.board.add(Draft("Done"))
    there.workspace.drop_column(there.ids.source_id, "Description")

    with pytest.raises(NeedsPerson, match="Review Of"):
        another_board(there).add(Draft("Review: Done", review_of=done.task_id))
    assert len(there.workspace.page_ids(there.ids.source_id)) == 1
