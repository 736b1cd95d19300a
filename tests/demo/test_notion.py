"""The Notion simulator: refuses as Notion does, answers in Notion's types, and misbehaves when told to."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests import plain_http
from tests.notion_types import ROUTES, breaches, errors

from music_sync.demo.notion import (
    BadGateway,
    Garbled,
    Hang,
    NotionServer,
    Nulls,
    Repeat,
    Short,
    Truncated,
    conflict,
    overloaded,
    rate_limited,
)
from music_sync.demo.notion_workspace import AgentTasks, Workspace, agent_tasks_database

NEWEST, BEFORE, OLDEST = "2026-03-11", "2025-09-03", "2022-06-28"
NOBODY = "11111111-2222-4333-8444-555555555555"


class Caller:
    """Speaks to the simulator without any client library in between."""

    def __init__(self, server: NotionServer) -> None:
        self.server = server
        self.workspace = server.workspace
        self.ids: AgentTasks = agent_tasks_database(server.workspace)
        self.headers = {"Authorization": f"Bearer {server.token}", "Notion-Version": NEWEST}

    def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in (self.headers | given).items() if value}
        return plain_http.request(method, f"{self.server.url}/v1/{path}", headers=sent, json=body, timeout=10)

    def query(self, **body: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("POST", f"data_sources/{self.ids.source_id}/query", body).json()
        return answer

    def titles(self, **body: object) -> list[str]:
        return [title_of(row) for row in self.query(**body)["results"]]

    def add(self, title: str, **values: object) -> str:
        named = {name.replace("_", " "): value for name, value in values.items()}
        return self.workspace.add_page(self.ids.source_id, {"Task Name": title} | named)

    def create(self, **properties: object) -> httpx.Response:
        parent = {"data_source_id": self.ids.source_id}
        named = {name.replace("_", " "): value for name, value in properties.items()}
        return self.call("POST", "pages", {"parent": parent, "properties": named})


def title_of(row: Mapping[str, Any]) -> str:
    return "".join(part["plain_text"] for part in row["properties"]["Task Name"]["title"])


def refusal(answer: httpx.Response) -> tuple[int, str]:
    told = answer.json()

    assert told["object"] == "error"
    assert told["status"] == answer.status_code
    assert told["message"]
    return answer.status_code, told["code"]


@pytest.fixture
def caller() -> Iterator[Caller]:
    with NotionServer() as server:
        yield Caller(server)


# In Notion's types


def test_every_answer_is_of_the_type_that_notion_declares(caller: Caller) -> None:
    needed = [caller.add(f"Task {number}") for number in range(26)]
    full = {
        "Status": "Ready", "Priority": "High", "Description": ["a", "b"], "Archive": True, "Target Date": "2026-11-23",
        "Assigned-Agent": [caller.ids.agents["Claude Code"]], "Prerequisite Tasks": needed,
        "Agent Handoff Folder Path": "file:///tmp", "Dependency Status": "Blocked",
    }  # fmt: skip
    page_id = caller.workspace.add_page(caller.ids.source_id, {"Task Name": "Full"} | full)
    source = caller.call("GET", f"data_sources/{caller.ids.source_id}").json()
    relation = source["properties"]["Prerequisite Tasks"]["id"]
    caller.call("GET", "users/me")
    caller.call("GET", f"databases/{caller.ids.database_id}")
    caller.call("GET", f"pages/{page_id}")
    caller.call("GET", f"pages/{page_id}/properties/{relation}")
    caller.query(filter={"property": "Archive", "checkbox": {"equals": True}})
    caller.create(Task_Name={"title": [{"text": {"content": "Ä"}}]}, Status={"status": {"name": "Draft"}})
    caller.call("PATCH", f"pages/{page_id}", {"properties": {"Archive": {"checkbox": False}}})

    calls = caller.server.requests()

    assert len({(seen.method, seen.path.split("/")[0], seen.path.count("/")) for seen in calls}) == len(ROUTES)
    assert {seen.status for seen in calls} == {200}
    assert breaches(calls) == []


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("QueryDataSourceParameters", {"data_source_id": NOBODY, "sorts": [{"property": "Status", "direction": "up"}]}),
        ("QueryDataSourceParameters", {"data_source_id": NOBODY, "page_size": "many"}),
        ("CreatePageParameters", {"properties": {"Task Name": {"title": "no array"}}}),
        ("UpdatePageParameters", {"page_id": NOBODY, "properties": {"Archive": {"checkbox": "yes"}}}),
        ("PageObjectResponse", {"object": "page", "id": NOBODY}),
    ],
)
def test_the_types_tell_wrong_from_right(kind: str, wrong: object) -> None:
    assert errors(kind, wrong)


# Refusals


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic abc"])
def test_a_missing_or_wrong_token_is_refused(caller: Caller, token: str) -> None:
    assert refusal(caller.call("GET", "users/me", Authorization=token)) == (401, "unauthorized")


@pytest.mark.parametrize(("version", "code"), [("", "missing_version"), ("2031-01-01", "validation_error")])
def test_a_call_names_a_version_that_exists(caller: Caller, version: str, code: str) -> None:
    assert refusal(caller.call("GET", "users/me", Notion_Version=version)) == (400, code)


@pytest.mark.parametrize("path", ["databases", "data_sources", "pages"])
def test_what_is_not_there_or_not_shared_is_not_found(caller: Caller, path: str) -> None:
    there = {"databases": caller.ids.database_id, "data_sources": caller.ids.source_id, "pages": caller.add("x")}
    caller.workspace.unshare(caller.ids.database_id)

    assert refusal(caller.call("GET", f"{path}/{NOBODY}")) == (404, "object_not_found")
    assert refusal(caller.call("GET", f"{path}/{there[path]}")) == (404, "object_not_found")
    assert refusal(caller.call("GET", f"{path}/nonsense")) == (400, "validation_error")


def test_an_address_that_does_not_exist_is_refused(caller: Caller) -> None:
    assert refusal(caller.call("POST", f"databases/{caller.ids.database_id}/query", {})) == (400, "invalid_request_url")
    assert refusal(caller.call("GET", "nothing")) == (400, "invalid_request_url")


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"Nonsense": {"checkbox": True}}, "Nonsense is not a property that exists."),
        ({"Status": {"select": {"name": "Ready"}}}, "Status is expected to be status."),
        ({"Status": {"status": {"name": "Nonsense"}}}, 'option "Nonsense" does not exist'),
        ({"Archive": {"checkbox": "yes"}}, "boolean"),
        ({"Description": {"rich_text": [{"text": {"content": "a" * 2001}}]}}, "2001"),
        ({"Description": {"rich_text": [{"text": {"content": "🎛" * 1001}}]}}, "2002"),
        ({"Description": {"rich_text": [{"text": {"content": "a"}}] * 101}}, "101"),
        ({"Description": {"rich_text": "plain"}}, "array"),
        ({"Prerequisite Tasks": {"relation": [{"id": "short"}]}}, "uuid"),
        ({"Prerequisite Tasks": {"relation": [{"id": NOBODY}]}}, "Could not find page"),
        ({"Target Date": {"date": {"start": "soon"}}}, "ISO 8601"),
        ({"Created time": {"created_time": "2026-11-23T00:00:00Z"}}, "cannot be written"),
    ],
)
def test_a_value_that_the_property_does_not_take_is_refused(
    caller: Caller, properties: Mapping[str, object], told: str
) -> None:
    page_id = caller.add("Kept", Status="Ready")
    good: dict[str, object] = {"Log Summary": {"rich_text": []}}
    answer = caller.call("PATCH", f"pages/{page_id}", {"properties": {**good, **properties}})

    assert refusal(answer)[1] in {"validation_error", "object_not_found"}
    assert told in answer.json()["message"]
    assert caller.workspace.value(page_id, "Status") == "Ready"


def test_an_unknown_option_of_a_select_is_added_when_the_connection_may(caller: Caller) -> None:
    value = {"title": [{"text": {"content": "x"}}]}
    added = caller.create(Task_Name=value, Priority={"select": {"name": "Someday"}})
    caller.workspace.may_add_options = False
    refused = caller.create(Task_Name=value, Priority={"select": {"name": "Never"}})

    assert added.status_code == 200
    assert refusal(refused) == (400, "validation_error")


@pytest.mark.parametrize(
    "body",
    [
        {"page_size": 101},
        {"page_size": 0},
        {"start_cursor": NOBODY},
        {"sorts": [{"property": "Status", "direction": "up"}]},
        {"sorts": [{"property": "Nonsense", "direction": "ascending"}]},
        {"filter": {"property": "Nonsense", "checkbox": {"equals": True}}},
        {"filter": {"property": "Status", "checkbox": {"equals": True}}},
        {"filter": {"property": "Status", "status": {"contains": "Ready"}}},
        {"filter": {"property": "Status", "status": {"equals": "Nonsense"}}},
        {"filter": {"and": [{"or": [{"and": []}]}]}},
        {"nonsense": 1},
    ],
    ids=str,
)
def test_a_query_that_makes_no_sense_is_refused(caller: Caller, body: Mapping[str, object]) -> None:
    caller.add("x", Status="Ready")
    answer = caller.call("POST", f"data_sources/{caller.ids.source_id}/query", body)

    assert refusal(answer) == (400, "validation_error")


def test_a_body_that_is_no_json_or_too_large_is_refused(caller: Caller) -> None:
    url = f"{caller.server.url}/v1/pages"
    garbled = plain_http.post(url, headers=caller.headers, content=b"{nonsense")
    large = plain_http.post(url, headers=caller.headers, content=json.dumps({"parent": "x" * 500_000}).encode())

    assert refusal(garbled) == (400, "invalid_json")
    assert refusal(large) == (400, "validation_error")


def test_a_page_in_the_trash_is_not_edited_and_not_listed(caller: Caller) -> None:
    page_id = caller.add("x")
    caller.workspace.trash(page_id)
    edit = {"properties": {"Archive": {"checkbox": True}}}

    assert refusal(caller.call("PATCH", f"pages/{page_id}", edit)) == (400, "validation_error")
    assert caller.titles() == []
    assert caller.titles(in_trash=True) == ["x"]
    assert caller.call("PATCH", f"pages/{page_id}", edit | {"in_trash": False}).status_code == 200


# Versions


def test_only_the_newest_version_speaks_of_the_trash_alone(caller: Caller) -> None:
    page_id = caller.add("x")
    newest = caller.call("GET", f"pages/{page_id}").json()
    before = caller.call("GET", f"pages/{page_id}", Notion_Version=BEFORE).json()

    assert "archived" not in newest
    assert (before["archived"], before["in_trash"]) == (False, False)
    assert refusal(caller.call("PATCH", f"pages/{page_id}", {"archived": True})) == (400, "validation_error")
    assert caller.call("PATCH", f"pages/{page_id}", {"archived": True}, Notion_Version=BEFORE).json()["in_trash"]


def test_the_oldest_version_fails_once_a_database_has_two_tables(caller: Caller) -> None:
    caller.add("x")
    path = f"databases/{caller.ids.database_id}"
    one = caller.call("POST", f"{path}/query", {}, Notion_Version=OLDEST)
    source = caller.call("GET", f"data_sources/{caller.ids.source_id}", Notion_Version=OLDEST)
    caller.workspace.make_source(caller.ids.database_id, "Second", {"Name": ("title", ())})
    two = caller.call("POST", f"{path}/query", {}, Notion_Version=OLDEST)

    assert len(one.json()["results"]) == 1
    assert one.json()["results"][0]["parent"]["type"] == "database_id"
    assert refusal(source) == (400, "invalid_request_url")
    assert refusal(two) == (400, "validation_error")
    assert two.json()["additional_data"]["error_type"] == "multiple_data_sources_for_database"
    assert len(caller.call("GET", path).json()["data_sources"]) == 2


# Queries


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ({"property": "Status", "status": {"equals": "Ready"}}, ["a"]),
        ({"property": "Status", "status": {"equals": ["Ready", "Blocked"]}}, ["a", "b"]),
        ({"property": "Status", "status": {"does_not_equal": "Ready"}}, ["b", "c"]),
        ({"property": "Status", "status": {"is_empty": True}}, ["c"]),
        ({"property": "Description", "rich_text": {"contains": "LIKES"}}, ["b"]),
        ({"property": "Task Name", "title": {"equals": "c"}}, ["c"]),
        ({"property": "Archive", "checkbox": {"equals": False}}, ["a", "b"]),
        ({"property": "Target Date", "date": {"on_or_after": "2026-01-02"}}, ["b"]),
        ({"timestamp": "created_time", "created_time": {"before": "2000-01-01T00:00:00Z"}}, []),
        (
            {
                "or": [
                    {"property": "Archive", "checkbox": {"equals": True}},
                    {
                        "and": [
                            {"property": "Status", "status": {"equals": "Ready"}},
                            {"property": "Task Name", "title": {"starts_with": "A"}},
                        ]
                    },
                ]
            },
            ["a", "c"],
        ),
    ],
    ids=str,
)
def test_a_filter_lets_through_what_it_names(caller: Caller, wanted: object, titles: list[str]) -> None:
    caller.add("a", Status="Ready", Target_Date="2026-01-01")
    caller.add("b", Status="Blocked", Description=["my ", "likes"], Target_Date="2026-01-03")
    caller.add("c", Archive=True)

    found = caller.titles(filter=wanted)

    assert sorted(found) == titles


def test_a_select_is_sorted_by_its_options_and_ties_by_the_next_sort(caller: Caller) -> None:
    for title, priority in (("z", "Low"), ("b", "Critical"), ("a", "Critical")):
        caller.add(title, Priority=priority)

    found = caller.titles(
        sorts=[{"property": "Priority", "direction": "ascending"}, {"property": "Task Name", "direction": "ascending"}]
    )

    assert found == ["a", "b", "z"]


def test_pages_of_results_follow_each_other_by_cursor(caller: Caller) -> None:
    added = [caller.add(f"{number:03}") for number in range(5)]
    sorts = [{"timestamp": "created_time", "direction": "ascending"}]
    first = caller.query(sorts=sorts, page_size=3)
    caller.add("later")
    second = caller.query(sorts=sorts, page_size=3, start_cursor=first["next_cursor"])

    ids = [row["id"] for answer in (first, second) for row in answer["results"]]

    assert ids[:5] == added
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)


def test_a_query_stops_at_its_limit_and_says_so(caller: Caller) -> None:
    caller.workspace.most_results = 4
    for number in range(6):
        caller.add(str(number))
    first = caller.query(page_size=3)
    second = caller.query(page_size=3, start_cursor=first["next_cursor"])

    assert "request_status" not in first
    assert len(second["results"]) == 1
    assert second["has_more"] is False
    assert second["request_status"]["incomplete_reason"] == "query_result_limit_reached"


def test_only_the_wanted_properties_are_given(caller: Caller) -> None:
    caller.add("x", Status="Ready")
    source = caller.call("GET", f"data_sources/{caller.ids.source_id}").json()
    wanted = source["properties"]["Status"]["id"]
    path = f"data_sources/{caller.ids.source_id}/query"
    rows = caller.call("POST", path + "?" + str(httpx.QueryParams(filter_properties=[wanted])), {}).json()["results"]

    assert list(rows[0]["properties"]) == ["Status"]


def test_a_long_relation_is_cut_in_the_page_and_whole_at_its_own_address(caller: Caller) -> None:
    needed = [caller.add(str(number)) for number in range(30)]
    page_id = caller.add("x", Prerequisite_Tasks=needed)
    page = caller.call("GET", f"pages/{page_id}").json()["properties"]["Prerequisite Tasks"]
    address = f"pages/{page_id}/properties/{page['id']}"
    first = caller.call("GET", f"{address}?page_size=20").json()
    second = caller.call("GET", f"{address}?page_size=20&start_cursor={first['next_cursor']}").json()

    assert (len(page["relation"]), page["has_more"]) == (25, True)
    assert [part["relation"]["id"] for part in first["results"] + second["results"]] == needed


def test_a_search_finds_tables_by_their_name(caller: Caller) -> None:
    found = caller.call("POST", "search", {"query": "agent-t"}).json()
    caller.workspace.unshare(caller.ids.source_id)
    hidden = caller.call("POST", "search", {"query": "agent-t"}).json()

    assert [one["id"] for one in found["results"]] == [caller.ids.source_id]
    assert hidden["results"] == []


def test_times_are_rounded_to_the_minute_and_an_edit_moves_the_second_one() -> None:
    moments = [datetime(2026, 1, 9, 10, 0, 59, tzinfo=UTC)]
    with NotionServer(Workspace(clock=lambda: moments[-1])) as server:
        caller = Caller(server)
        page_id = caller.add("x")
        moments.append(moments[-1] + timedelta(seconds=2))
        caller.call("PATCH", f"pages/{page_id}", {"properties": {"Archive": {"checkbox": True}}})
        page = caller.call("GET", f"pages/{page_id}").json()

    assert page["created_time"] == "2026-01-09T10:00:00.000Z"
    assert page["last_edited_time"] == "2026-01-09T10:01:00.000Z"


# Misbehaviour


def test_limits_and_overload_are_told_with_the_time_to_wait(caller: Caller) -> None:
    caller.server.misbehave(rate_limited("7"), overloaded("2"), conflict())
    limited, over, torn, good = (caller.call("GET", "users/me") for _ in range(4))

    assert (refusal(limited), limited.headers["Retry-After"]) == ((429, "rate_limited"), "7")
    assert (refusal(over), over.headers["Retry-After"]) == ((529, "service_overload"), "2")
    assert refusal(torn) == (409, "conflict_error")
    assert good.status_code == 200


def test_a_gateway_answers_in_html_whether_the_work_was_done_or_not(caller: Caller) -> None:
    caller.server.misbehave(BadGateway(), BadGateway(done=True), on="POST pages")
    value = {"title": [{"text": {"content": "x"}}]}
    answers = [caller.create(Task_Name=value) for _ in range(2)]

    assert [(answer.status_code, answer.headers["Content-Type"]) for answer in answers] == [(502, "text/html")] * 2
    assert len(caller.workspace.page_ids(caller.ids.source_id)) == 1


def test_a_broken_off_answer_is_no_answer(caller: Caller) -> None:
    caller.server.misbehave(Truncated())

    with pytest.raises(httpx.RemoteProtocolError):
        caller.call("GET", "users/me")


def test_a_hanging_call_ends_by_the_callers_patience(caller: Caller) -> None:
    caller.server.misbehave(Hang())

    with pytest.raises(httpx.ReadTimeout):
        plain_http.get(f"{caller.server.url}/v1/users/me", timeout=0.2)


def test_an_answer_may_be_no_json_null_short_or_doubled(caller: Caller) -> None:
    for number in range(4):
        caller.add(str(number), Status="Ready")
    caller.server.misbehave(Garbled(), Nulls(), Short(1), Repeat(2), on="POST .*/query")
    garbled = caller.call("POST", f"data_sources/{caller.ids.source_id}/query", {})
    nulls, short, doubled = (caller.query() for _ in range(3))

    assert garbled.content.startswith(b"<html>")
    assert nulls["results"][0]["properties"]["Status"]["status"] is None
    assert (len(short["results"]), short["has_more"]) == (1, True)
    assert len(doubled["results"]) == 6


def test_trouble_comes_only_on_the_calls_it_was_ordered_for(caller: Caller) -> None:
    caller.server.misbehave(rate_limited(), on="GET users/me", always=True)
    first, second = (caller.call("GET", "users/me").status_code for _ in range(2))
    other = caller.call("GET", f"databases/{caller.ids.database_id}").status_code
    caller.server.behave()

    assert (first, second, other) == (429, 429, 200)
    assert caller.call("GET", "users/me").status_code == 200
