"""`inbox`: an agent's side of a hand-off, so that no agent has to move files by hand."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from music_sync.adapters.inbox_folder import FolderInboxes
from music_sync.adapters.wake_pipe import wake
from music_sync.cli import show
from music_sync.model.board import Place
from music_sync.model.errors import BadSetting, NeedsPerson, SyncError
from music_sync.settings import Settings, load
from music_sync.task.handoff_file import return_of
from music_sync.task.route import Agents, folder_of

OPEN = frozenset({"inbox", "claimed"})
LONGEST_BYTES = 500_000

AGENT = click.option("--agent", required=True, metavar="NAME", help="Whose inbox, in any of the agent's spellings.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
WHICH = click.argument("which", metavar="FILE|TASK-ID")


@click.group()
def inbox() -> None:
    """List, claim and answer the hand-offs of one agent."""


@inbox.command("list")
@AGENT
@click.option("--all", "everything", is_flag=True, help="Answered hand-offs as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a hand-off, one a line.")
def list_inbox(*, agent: str, everything: bool, as_json: bool) -> int:
    """What waits for an agent, the oldest first."""
    inboxes, _, folder = _opened(agent)
    shown = [place for place in _handoffs(inboxes, folder) if everything or place.box in OPEN]
    for place in shown:
        _tell(inboxes, place, as_json=as_json)
    if not shown and not as_json:
        click.echo(f"nothing waits for {folder}; `music-sync run` hands tasks over")
    return 0


@inbox.command()
@AGENT
@click.argument("which", metavar="[FILE|TASK-ID]", required=False)
@AS_JSON
def claim(*, agent: str, which: str | None, as_json: bool) -> int:
    """Take a hand-off for oneself, the oldest unless one is named; of two who try, one gets it."""
    inboxes, _, folder = _opened(agent)
    waiting = [place for place in _handoffs(inboxes, folder) if place.box == "inbox"]
    for place in [_named(which, waiting, folder)] if which else waiting:
        claimed = inboxes.claim(folder, place.name)
        if claimed is not None:
            _tell(inboxes, claimed, as_json=as_json)
            return 0
    if which:
        raise NeedsPerson(f"{which} was claimed by somebody else at this moment; take another one")
    if not as_json:
        click.echo(f"nothing waits for {folder}")
    return 0


def _answering(box: str) -> Any:
    @click.command(box)
    @AGENT
    @WHICH
    @click.option("--result", metavar="TEXT", help="What came of it, in words for the task.")
    @click.option("--result-file", type=click.File("rb"), help="Read the words there; - reads the input.")
    @AS_JSON
    def command(*, agent: str, which: str, result: str | None, result_file: IO[bytes] | None, as_json: bool) -> int:
        return _answered(agent, which, box, _words(result, result_file), as_json=as_json)

    return command


done = _answering("done")
done.help = "A hand-off is done: its file moves to 02_processed, and the result, if any, goes back to the task."
fail = _answering("fail")
fail.help = "A hand-off cannot be done: its file moves to 03_failed, and the reason, if any, goes back to the task."
inbox.add_command(done)
inbox.add_command(fail)

ANSWERS = {"done": ("processed", "Complete"), "fail": ("failed", "Failed")}


def _answered(agent: str, which: str, verb: str, words: str, *, as_json: bool) -> int:
    inboxes, settings, folder = _opened(agent)
    box, status = ANSWERS[verb]
    place = _named(which, [each for each in _handoffs(inboxes, folder) if each.box in OPEN], folder)
    content = b""
    if words:
        content = return_of(inboxes.read(place), place.name, folder, status, words, datetime.now(UTC))
    moved = inboxes.answer(place, box, content)
    _wake(settings)
    if as_json:
        show.as_json({"name": place.name, "box": box, "path": str(moved)})
    else:
        click.echo(f"{place.name}: {box}")
    return 0


def _opened(agent: str) -> tuple[FolderInboxes, Settings, str]:
    """The inboxes, and the folder of this agent; raises BadSetting with the known names."""
    settings = load().settings
    name = Agents(settings.agent_names).named(agent)
    if name is None:
        known = ", ".join(settings.agent_names)
        raise BadSetting(f"--agent {agent}: nobody is known by that name; known are {known}")
    return FolderInboxes(settings.home, settings.agents), settings, folder_of(name)


def _handoffs(inboxes: FolderInboxes, folder: str) -> list[Place]:
    return [place for place in inboxes.of(folder) if "__RETURN__" not in place.name]


def _named(which: str, places: list[Place], folder: str) -> Place:
    """The hand-off of this file name or path, or the only one whose task id begins so."""
    name = Path(which).name
    exact = [place for place in places if place.name == name]
    wanted = re.sub(r"[^0-9a-z]", "", which.casefold())
    found = exact or [place for place in places if len(wanted) >= 4 and _id_in(place.name).startswith(wanted)]
    if not found:
        raise BadSetting(
            f"{which} waits for nobody in {folder}; `music-sync inbox list --agent {folder}` shows what does"
        )
    if len(found) > 1:
        raise BadSetting(f"{which} may be {', '.join(place.name for place in found[:5])}; give more of it")
    return found[0]


def _id_in(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.removesuffix(".json").rpartition("__")[2].casefold())


def _tell(inboxes: FolderInboxes, place: Place, *, as_json: bool) -> None:
    try:
        content = dict(inboxes.read(place))
    except SyncError as error:
        content = {"title": f"? {error}"}
    if as_json:
        show.as_json({"name": place.name, "box": place.box, "path": str(place.path), "handoff": content})
        return
    about = [str(content.get(field) or "") for field in ("priority", "title")]
    click.echo(show.clean(f"{place.box:9}  {place.name}  {' '.join(filter(None, about))}"[:300]))


def _words(result: str | None, file: IO[bytes] | None) -> str:
    if result is not None and file is not None:
        raise click.UsageError("--result and --result-file say the same; give one of them")
    if file is None:
        return (result or "").strip()
    content = file.read(LONGEST_BYTES + 1)
    if len(content) > LONGEST_BYTES:
        raise BadSetting(f"{file.name} is larger than {LONGEST_BYTES:,} bytes; put it in a file and name that")
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise BadSetting(f"{file.name} is no UTF-8 text; save it as such") from error


def _wake(settings: Settings) -> None:
    # The answer lies there; a pipe that cannot be used only delays it to the next cycle.
    try:
        wake(settings.wake)
    except OSError as error:
        click.echo(f"the orchestrator could not be woken ({error.strerror}); its next cycle takes it up", err=True)
