"""The demo: the real program at work in a sandbox, killed in the middle, started again, and held against the truth."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.glance_sqlite import glance
from music_sync.demo import verdict
from music_sync.demo.offers import Offers, lay_out
from music_sync.demo.sandbox import Sandbox
from music_sync.demo.services import AudioServer
from music_sync.demo.verdict import Evidence, Kill, Row
from music_sync.demo.worker import Program, Ran, Started
from music_sync.model.happenings import Happening, Tell
from music_sync.settings import environment_with

KILLED_AT = "tag"
"""The worker is killed when the third track reaches this stage: some have ended by then, some are under way."""
_KILLED_AT_TRACK = 3
_MOST_TOLD = 10_000


@dataclass(frozen=True)
class Outcome:
    """What the demo did and whether all of it holds."""

    is_first: bool
    """Did it sync everything, or was it all there from an earlier demo?"""
    offers: Offers
    evidence: Evidence
    rows: tuple[Row, ...]
    kill: Kill | None
    last: Ran
    """The run that came to its end."""
    problems: tuple[str, ...]
    """A sentence for each thing that does not hold; empty when all does."""


def play(sandbox: Sandbox, tell: Tell) -> Outcome:
    """Play the demo in a sandbox; the second time nothing is new, and that is what is proved then."""
    if sandbox.link_base:
        # The links' server is gone: nothing may be fetched again anyway.
        return _play(sandbox, sandbox.link_base, tell, lambda _: None)
    with AudioServer() as server:

        def serve(offers: Offers) -> None:
            for path in offers.served.iterdir():
                server.serve(f"/{path.name}", path)

        outcome = _play(sandbox, f"http://{server.host_and_port}", tell, serve)
    if not outcome.problems:
        sandbox.finish(f"http://{server.host_and_port}")
    return outcome


def _play(sandbox: Sandbox, link_base: str, tell: Tell, serve: Callable[[Offers], None]) -> Outcome:
    if not sandbox.link_base:
        tell(_told("laying out the music: rendered, encoded and tagged here, so that tempo and key are known"))
    offers = lay_out(sandbox.world, link_base, tell)
    serve(offers)
    before = _hashes(offers)
    program = program_in(sandbox, offers)
    counting = _counting(tell, len(offers.offers))
    is_first = not sandbox.link_base
    killed = _killed(program, counting) if is_first else None
    last = program.run("sync", "--json", tell=counting)
    tell(_told("looking at every file again: doctor, library check, library list"))
    tell(Happening("", "", "check", "progress", 1.0))
    evidence = gathered(program, sandbox, offers, before)
    kill = verdict.kill_seen(killed.started, last.started, offers, killed.code) if killed else None
    problems = [
        *(verdict.kill_problems(kill, killed.last_words) if kill and killed else ()),
        *verdict.report_problems(last, is_first=is_first),
        *verdict.problems(offers, evidence),
    ]
    return Outcome(is_first, offers, evidence, verdict.rows(offers, evidence), kill, last, tuple(problems))


def _killed(program: Program, tell: Tell) -> Ran:
    killed = program.run("sync", "--json", tell=tell, kill_when=_is_third_at_its_stage)
    if killed.code < 0:
        text = (
            f"↺ killed its own worker (signal {-killed.code}) as a third track reached `{KILLED_AT}`; starting it again"
        )
        tell(_told(text))
    return killed


def _is_third_at_its_stage(started: Sequence[Started]) -> bool:
    return sum(stage == KILLED_AT for _, stage in started) >= _KILLED_AT_TRACK


def program_in(sandbox: Sandbox, offers: Offers) -> Program:
    """Everything that could lead out of the sandbox is set, so that no setting of a person is ever asked."""
    link = next(offer.address for offer in offers.offers if offer.where == "link")
    return Program(
        environment_with(
            home=str(sandbox.home),
            library=str(sandbox.library),
            drop=str(offers.drop),
            lists=str(offers.likes),
            link_hosts=urlsplit(link).netloc,
            sources="folder,list",
            providers="owned,link",
        )
    )


def gathered(program: Program, sandbox: Sandbox, offers: Offers, before: Mapping[Path, str]) -> Evidence:
    """Ask the program, as a person would, and look for ourselves."""
    doctor, check, listed = program.run_together(
        ("doctor", "--json"), ("library", "check", "--json"), ("library", "list", "--json")
    )
    seen = glance(sandbox.home / "var" / "state.db", decisions=_MOST_TOLD)
    after = _hashes(offers)
    return Evidence(
        library=sandbox.library,
        recordings=tuple(verdict.heard(json.loads(line)) for line in listed.printed.splitlines()),
        refused={parked.source_id: (parked.ending, parked.reason) for parked in seen.parked},
        linked_because={
            decision.key.partition(":")[2]: "; ".join(reason.text for reason in decision.reasons)
            for decision in seen.decisions
            if decision.verdict == "same"
        },
        ended=seen.endings,
        doctor=doctor.report,
        check=check.report,
        changed=tuple(path for path, sha256 in before.items() if after.get(path) != sha256),
    )


def _hashes(offers: Offers) -> dict[Path, str]:
    """Of everything that a person would call theirs: the drop folder, the list and what it names."""
    local = [Path(offer.address) for offer in offers.offers if offer.where != "link"]
    return {path: sha256_of(path) for path in (*local, *offers.ignored, offers.likes) if path.exists()}


def _counting(tell: Tell, total: int) -> Tell:
    """Tell on with how much of all tracks has ended."""
    ended: set[str] = set()

    def count(happening: Happening) -> None:
        if happening.kind == "ended":
            ended.add(f"{happening.text} {happening.label}")
        tell(replace(happening, fraction=min(len(ended) / total, 1.0)))

    return count


def _told(text: str) -> Happening:
    return Happening("", "", "", "told", text=text)
