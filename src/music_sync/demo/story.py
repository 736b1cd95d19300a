"""The demo: the real program at work in a sandbox, killed in the middle, started again, and held against the truth."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from music_sync.adapters import account_file, budget_file
from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.exports.m3u import FOLDER as PLAYLISTS
from music_sync.adapters.glance_sqlite import glance
from music_sync.demo import likes, likes_verdict, second_thoughts, verdict
from music_sync.demo.likes import LikedServices
from music_sync.demo.likes_verdict import Claim, LaterDay
from music_sync.demo.offers import Offers, lay_out
from music_sync.demo.sandbox import Sandbox
from music_sync.demo.second_thoughts import SecondThoughts
from music_sync.demo.services import AudioServer
from music_sync.demo.verdict import Evidence, Kill, Row
from music_sync.demo.worker import Program, Ran, Started
from music_sync.model.happenings import Happening, Tell
from music_sync.settings import environment_with

KILLED_AT = "tag"
"""The worker is killed when the third track reaches this stage: some have ended by then, some are under way."""
_KILLED_AT_TRACK = 3
_LAST_ASKED = ("youtube likes", "detect")
"""By then no sign-in is being renewed; a kill in that moment would lose one, and a person would have to sign in again."""
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
    day: LaterDay
    claims: tuple[Claim, ...]
    """What must hold of the likes."""
    problems: tuple[str, ...]
    """A sentence for each thing that does not hold; empty when all does."""
    thoughts: SecondThoughts | None = None
    """What was unsure, and an undo and its undo; the first time only."""


def play(sandbox: Sandbox, tell: Tell) -> Outcome:
    """Play the demo in a sandbox; the second time nothing is new, and that is what is proved then."""
    with LikedServices(sandbox.accounts, is_later=bool(sandbox.link_base)) as services:
        if sandbox.link_base:
            return _again(sandbox, services, tell)
        with AudioServer() as server:
            outcome = _first(sandbox, services, server, tell)
    if not outcome.problems:
        sandbox.finish(f"http://{server.host_and_port}")
    return outcome


def _first(sandbox: Sandbox, services: LikedServices, server: AudioServer, tell: Tell) -> Outcome:
    """Sync everything, with a kill in the middle; a day later sync once more."""
    tell(_told("laying out the music: rendered, encoded and tagged here, so that tempo and key are known"))
    offers = offered(sandbox, f"http://{server.host_and_port}", tell)
    for path in offers.served.iterdir():
        server.serve(f"/{path.name}", path)
    before = _hashes(offers)
    program = program_in(sandbox, offers, services)
    counting = _counting(tell, len(offers.offers))
    killed = _killed(program, counting)
    last = program.run("sync", "--json", tell=counting)
    services.let_a_day_pass()
    day = _later(sandbox, services, program, counting, is_first=True)
    tell(_told("why this upload and not another, what is unsure, and taking a filing back"))
    thoughts = second_thoughts.had(program, lambda: _library(sandbox))
    evidence = _looked(program, sandbox, offers, before, tell)
    kill = verdict.kill_seen(killed.started, last.started, offers, killed.code)
    problems = (*verdict.kill_problems(kill, killed.last_words), *verdict.report_problems(last), *thoughts.problems)
    return replace(_judged(offers, evidence, kill, day, problems), thoughts=thoughts)


def _again(sandbox: Sandbox, services: LikedServices, tell: Tell) -> Outcome:
    """Sync once more what was all synced before; the links' server is gone, for nothing may be fetched again."""
    offers = offered(sandbox, sandbox.link_base, tell)
    before = _hashes(offers)
    program = program_in(sandbox, offers, services)
    day = _later(sandbox, services, program, _counting(tell, len(offers.offers)), is_first=False)
    return _judged(offers, _looked(program, sandbox, offers, before, tell), None, day)


def _judged(
    offers: Offers, evidence: Evidence, kill: Kill | None, day: LaterDay, problems: Sequence[str] = ()
) -> Outcome:
    claims = likes_verdict.claims(evidence, day)
    found = (
        *problems,
        *verdict.problems(offers, evidence, foreseen=[likes_verdict.ENDED]),
        *(problem for claim in claims for problem in claim.problems),
    )
    return Outcome(day.is_first, offers, evidence, verdict.rows(offers, evidence), kill, day, claims, found)


def offered(sandbox: Sandbox, link_base: str, tell: Tell = lambda _: None) -> Offers:
    """Everything that the demo's world offers: what is laid out as files, and what is liked."""
    return lay_out(sandbox.world, link_base, tell).joined_by(likes.OFFERS)


def _killed(program: Program, tell: Tell) -> Ran:
    killed = program.run("sync", "--json", tell=tell, kill_when=_is_third_at_its_stage)
    if killed.code < 0:
        text = (
            f"↺ killed its own worker (signal {-killed.code}) as a third track reached `{KILLED_AT}`; starting it again"
        )
        tell(_told(text))
    return killed


def _is_third_at_its_stage(started: Sequence[Started]) -> bool:
    return _LAST_ASKED in started and sum(stage == KILLED_AT for _, stage in started) >= _KILLED_AT_TRACK


def program_in(sandbox: Sandbox, offers: Offers, services: LikedServices) -> Program:
    """Everything that could lead out of the sandbox is set, so that no setting of a person is ever asked."""
    link = next(offer.address for offer in offers.offers if offer.where == "link")
    return Program(
        environment_with(
            **services.settings,
            home=str(sandbox.home),
            library=str(sandbox.library),
            drop=str(offers.drop),
            lists=str(offers.likes),
            link_hosts=urlsplit(link).netloc,
            sources=",".join(("folder", "list", *likes.PARTS)),
            providers="owned,link,extractors",
            enrich="none",
        )
    )


def _later(sandbox: Sandbox, services: LikedServices, program: Program, tell: Tell, *, is_first: bool) -> LaterDay:
    """Sync on the later day, and look at what came of it."""
    if is_first:
        tell(
            _told(
                "a day later: likes come and go, SoundCloud limits us, the sign-in to YouTube has ended; syncing again"
            )
        )
    was_blocked = bool(_blocked_until(sandbox))
    before = _library(sandbox)
    ran = program.run("sync", "--json", tell=tell)
    return later_day(sandbox, services, ran, before, is_first=is_first, was_blocked=was_blocked)


def later_day(
    sandbox: Sandbox,
    services: LikedServices,
    ran: Ran,
    before: Mapping[str, str],
    *,
    is_first: bool,
    was_blocked: bool,
) -> LaterDay:
    after = _library(sandbox)
    return LaterDay(
        is_first=is_first,
        ran=ran,
        calls=services.calls(),
        was_blocked=was_blocked,
        limited_until=services.limited_until,
        blocked_until=_blocked_until(sandbox),
        attempts=_attempts(sandbox.home / "var" / "state.db"),
        playlist=_m3u8(sandbox.library / PLAYLISTS / f"{likes.PLAYLIST}.m3u8"),
        changed=tuple(path for path, sha256 in before.items() if after.get(path) != sha256),
        kept_in={each.service: each.kept_in for each in account_file.standings(sandbox.home / "var" / "accounts")},
    )


def _blocked_until(sandbox: Sandbox) -> float:
    spent = budget_file.spent_in(sandbox.home / "var" / "budgets")
    return next((each.blocked_until or 0.0 for each in spent if each.service == "soundcloud"), 0.0)


def _library(sandbox: Sandbox) -> dict[str, str]:
    """The hash of each file in the library, but for playlists, which follow what they show."""
    files = (path for path in sandbox.library.rglob("*") if path.is_file() and path.parent.name != PLAYLISTS)
    return {str(path.relative_to(sandbox.library)): sha256_of(path) for path in files}


def _attempts(state: Path) -> dict[str, int]:
    """How often each track was tried, by its id at its source."""
    if not state.exists():
        return {}
    with closing(sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT source_id, count(*) FROM attempts GROUP BY source, source_id"))


def _m3u8(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(line.removeprefix("../") for line in lines if not line.startswith("#"))


def _looked(program: Program, sandbox: Sandbox, offers: Offers, before: Mapping[Path, str], tell: Tell) -> Evidence:
    tell(_told("looking at every file again: doctor, library check, library list"))
    tell(Happening("", "", "check", "progress", 1.0))
    return gathered(program, sandbox, offers, before)


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
    local = [Path(offer.address) for offer in offers.offers if offer.where in {"drop", "list"}]
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
