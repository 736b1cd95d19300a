"""What every ledger keeps: run over the fake, SQLite and Postgres."""

from dataclasses import replace

import pytest
from tests.fakes.ledger import FakeLedger

from music_sync.adapters.sql.ledger import SqlLedger
from music_sync.model.board import Ledger
from music_sync.model.errors import TryAgainLater
from music_sync.model.task import Handoff

AnyLedger = SqlLedger | FakeLedger

HANDOFF = Handoff(
    task_id="a" * 32,
    revision="0123456789abcdef",
    agent="Claude Code",
    reason="assigned on the board",
    name="20260109T100000Z__HANDOFF__It__" + "a" * 32 + ".json",
    path="/srv/ann/01_inbox/Agent-Trigger-Folder/it.json",
    state="delivering",
    told=False,
    delivered_at="2026-01-09T10:00:00Z",
)


def another(number: int, **changes: object) -> Handoff:
    """A delivery of another task."""
    other = replace(HANDOFF, task_id=f"{number:032x}", name=f"{number}.json")
    return replace(other, **changes)  # type: ignore[arg-type]


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest) -> AnyLedger:
    """An empty ledger, once on each of its adapters and on the fake."""
    if request.param == "fake":
        return FakeLedger()
    return SqlLedger(request.getfixturevalue(f"{request.param}_engine"))


def test_the_contract_covers_the_port(ledger: AnyLedger) -> None:
    port: Ledger = ledger  # held by mypy

    assert list(port.handoffs()) == []


def test_a_handoff_comes_back_as_it_was_recorded(ledger: AnyLedger) -> None:
    whole = replace(HANDOFF, told=True, ended_at="2026-01-09T11:00:00Z", result="done\nwell", path="/caf\\xe9/🎛️.json")
    ledger.record(whole)

    assert list(ledger.handoffs()) == [whole]


def test_a_handoff_recorded_again_is_replaced_in_its_place(ledger: AnyLedger) -> None:
    ledger.record(HANDOFF)
    ledger.record(another(1))
    ledger.record(replace(HANDOFF, state="delivered", path="/elsewhere", told=True, reason="again"))

    first, second = ledger.handoffs()

    assert first == replace(HANDOFF, state="delivered", path="/elsewhere", told=True, reason="again")
    assert second == another(1)


def test_another_revision_and_another_agent_are_deliveries_of_their_own(ledger: AnyLedger) -> None:
    for changes in ({}, {"revision": "0123456789abcdef-2", "name": "2.json"}, {"agent": "Codex MM1", "name": "3.json"}):
        ledger.record(replace(HANDOFF, **changes))  # type: ignore[arg-type]
    ledger.record(another(1))

    assert [each.name for each in ledger.handoffs(HANDOFF.task_id)] == [HANDOFF.name, "2.json", "3.json"]
    assert len(ledger.handoffs()) == 4
    assert list(ledger.handoffs("f" * 32)) == []


def test_hundreds_are_recorded_at_once_in_their_order(ledger: AnyLedger) -> None:
    ledger.record(another(300))
    ledger.record_all(another(number) for number in range(300))
    ledger.record_all(another(number, state="delivered") for number in range(300))
    ledger.record_all([])

    stored = ledger.handoffs()

    assert [each.name for each in stored] == ["300.json", *(f"{number}.json" for number in range(300))]
    assert [each.state for each in stored] == ["delivering", *["delivered"] * 300]


def test_a_file_name_is_given_once_and_the_whole_batch_is_refused(ledger: AnyLedger) -> None:
    ledger.record(HANDOFF)
    with pytest.raises(TryAgainLater, match="belongs to another hand-off"):
        ledger.record_all([another(1), another(2, name=HANDOFF.name)])

    assert list(ledger.handoffs()) == [HANDOFF]


def test_a_task_that_never_started_a_sync_has_no_revision(ledger: AnyLedger) -> None:
    assert ledger.triggered("a" * 32) == ""


def test_the_last_revision_that_started_a_sync_is_kept(ledger: AnyLedger) -> None:
    ledger.trigger("a" * 32, "one")
    ledger.trigger("b" * 32, "other")
    ledger.trigger("a" * 32, "two")
    ledger.trigger("a" * 32, "two")

    assert (ledger.triggered("a" * 32), ledger.triggered("b" * 32)) == ("two", "other")


def test_all_that_started_a_sync_are_told_at_once(ledger: AnyLedger) -> None:
    ledger.trigger("a" * 32, "one")
    ledger.trigger("b" * 32, "other")

    assert ledger.triggers() == {"a" * 32: "one", "b" * 32: "other"}


def test_a_fact_is_remembered_over_a_former_one(ledger: AnyLedger) -> None:
    assert ledger.fact("digest") == ""
    for day in ("2026-01-09", "2026-01-16"):
        ledger.remember("digest", day)

    assert ledger.fact("digest") == "2026-01-16"
