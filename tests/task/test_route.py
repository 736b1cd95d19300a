"""Which agent a task belongs to, and why."""

import pytest
from tests.task.desk import AGENTS, RULES

from music_sync.model.task import Task
from music_sync.settings import load
from music_sync.task.route import Agents, Rule, folder_of, route

KNOWN = Agents(AGENTS, RULES, "Claude MM1")


def test_the_assigned_agent_wins_over_the_rules() -> None:
    routed = route(Task("1", "Write python", assigned_agent="Claude Code"), KNOWN)

    assert (routed.agent, routed.reason) == ("Claude Code", "assigned on the board")


@pytest.mark.parametrize(
    ("title", "agent"),
    [
        ("Fix the Apps Script", "Claude Code"),
        ("Look at Code.gs", "Claude Code"),
        ("apps script in python", "Claude Code"),
        ("Write PYTHON", "Cursor MM1"),
        ("main.ts is wrong", "Cursor MM1"),
        ("Read list.tsv", "Claude MM1"),
        ("Trip to Vegas", "Claude MM1"),
        ("gas prices", "Claude Code"),
        ("encode it", "Claude MM1"),
        ("Pythonic", "Claude MM1"),
    ],
)
def test_rules_look_for_whole_words_in_their_order(title: str, agent: str) -> None:
    routed = route(Task("1", title), KNOWN)

    assert routed.agent == agent
    assert routed.reason


def test_the_reason_names_the_word_that_chose() -> None:
    assert route(Task("1", "Write python"), KNOWN).reason == "the text holds 'python'"
    assert route(Task("1", "Anything"), KNOWN).reason == "default agent"


@pytest.mark.parametrize("spelling", ["Auto/Cursor MM1 Agent", "cursor mm1", "Cursor-MM1", " CURSOR_MM1 "])
def test_p59_each_spelling_of_an_agent_leads_to_the_same_folder(spelling: str) -> None:
    routed = route(Task("1", "It", assigned_agent=spelling), KNOWN)

    assert folder_of(routed.agent) == "Cursor-MM1"


def test_p59_an_unknown_agent_is_nobody_and_the_reason_says_what_to_do() -> None:
    routed = route(Task("1", "It", assigned_agent="Somebody Else"), KNOWN)

    assert routed.agent == ""
    assert "'Somebody Else'" in routed.reason
    assert "agent_names" in routed.reason


@pytest.mark.parametrize(
    "agents", [Agents(AGENTS, (), "Nobody"), Agents(AGENTS, [Rule(("it",), "Nobody")], "Claude MM1")]
)
def test_a_rule_or_a_default_that_names_an_unknown_agent_is_told(agents: Agents) -> None:
    routed = route(Task("1", "It"), agents)

    assert routed.agent == ""
    assert "'Nobody'" in routed.reason


def test_p59_no_two_agents_of_the_settings_share_a_folder() -> None:
    names = load({}).settings.agent_names

    assert len({folder_of(name).casefold() for name in names}) == len(names) == 11
