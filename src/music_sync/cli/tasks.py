"""`tasks`: what stands on the board, for a person and for scripts."""

from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from music_sync.adapters.wake_pipe import wake
from music_sync.cli import show, tasks_shown
from music_sync.model.errors import BadSetting, NeedsPerson
from music_sync.model.task import BLOCKED, COMPLETE, PRIORITIES, Change, Draft, Task, Written
from music_sync.settings import Settings, load
from music_sync.task.pick import rank, unmet
from music_sync.task.route import Agents

if TYPE_CHECKING:
    from music_sync.model.board import Board

F = TypeVar("F", bound=Callable[..., Any])

SHORTEST = 4
"""Digits of an id that are enough to name a task, when no other begins with them."""

LONGEST_BYTES = 1_000_000
"""The longest description; what is larger is no description."""

DRY_RUN = click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say what would happen.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")


@click.group()
def tasks() -> None:
    """Add, list, show and finish tasks on the board. A task is named by its id, or by the first digits of it."""


def _draft_options(command: F) -> F:
    for option in (
        click.option("--next", "next_step", default="", metavar="TEXT", help="The next required step."),
        click.option("--criteria", default="", metavar="TEXT", help="How one sees that it is done."),
        click.option("--type", "task_type", default="", metavar="TEXT", help="Such as `Code Implementation`."),
        click.option("--after", multiple=True, metavar="ID", help="A task that must be done before; may be repeated."),
        click.option("--agent", default="", metavar="NAME", help="Who is to do it; else the rules choose."),
        click.option("--priority", type=click.Choice(PRIORITIES, case_sensitive=False), help="How urgent it is."),
        click.option(
            "--description-file", type=click.File("rb"), help="Read the description there; - reads the input."
        ),
        click.option("--description", default="", metavar="TEXT", help="What is to be done."),
        click.argument("title"),
    ):
        command = option(command)
    return command


@tasks.command()
@_draft_options
@DRY_RUN
@AS_JSON
@click.pass_context
def add(
    ctx: click.Context, /, *, dry_run: bool, as_json: bool, description_file: IO[bytes] | None, **asked: Any
) -> int:
    """Add a task to the board and wake the orchestrator when it waits."""
    from music_sync.wiring import cycle

    if description_file and asked["description"]:
        raise click.UsageError("--description and --description-file say the same; give one of them")
    if description_file:
        asked["description"] = _read(description_file)
    settings = load().settings
    draft = _draft(settings, **asked)
    if _is_dry(ctx, dry_run=dry_run):
        _tell_draft(draft, as_json=as_json)
        return 0
    task = cycle.open_board(settings).add(draft)
    woken = _wake(settings)
    if as_json:
        show.as_json(tasks_shown.shape_of(task))
    else:
        click.echo(f"added {task.task_id} {show.clean(task.title)}")
        click.echo(_next(woken=woken))
    return 0


@tasks.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed and archived tasks as well.")
@click.option("--status", default="", metavar="STATUS", help="Tasks of this status only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a task, one a line.")
def list_tasks(*, everything: bool, status: str, as_json: bool) -> int:
    """The open tasks, in the order in which they are handed over."""
    from music_sync.wiring import cycle

    settings = load().settings
    board = cycle.open_board(settings, to_read=True)
    stored = list(cycle.every_task(settings) if everything else board.tasks())
    chosen = [task for task in stored if tasks_shown.is_asked_for(task, everything=everything, status=status)]
    chosen.sort(key=lambda task: (rank(task.priority), task.created_at, task.task_id))
    held = {task.task_id: task for task in stored}
    digits = tasks_shown.digits_for(held)
    for task in chosen:
        waits_for = unmet(task, held, board.task) if task.is_open else []
        if as_json:
            show.as_json(tasks_shown.shape_of(task) | {"waits_for": waits_for})
        else:
            click.echo(tasks_shown.line_of(task, waits_for, digits))
    if not chosen and not as_json:
        click.echo(tasks_shown.nothing_said(stored, status))
    return 0


@tasks.command("show")
@click.argument("task_id", metavar="ID")
@AS_JSON
def show_task(*, task_id: str, as_json: bool) -> int:
    """One task with its hand-offs, and whether it started a sync."""
    from music_sync.wiring import cycle

    settings = load().settings
    task = named(settings, task_id)
    ledger = cycle.open_ledger(settings, to_read=True)
    handoffs, triggered = ledger.handoffs(task.task_id), ledger.triggered(task.task_id)
    if as_json:
        shape = tasks_shown.shape_of(task) | {"revision": task.content_key, "triggered_revision": triggered}
        show.as_json(shape | {"handoffs": [vars(each) for each in handoffs]})
    else:
        click.echo("\n".join(tasks_shown.whole(task, handoffs, triggered)))
    return 0


@tasks.command()
@click.argument("task_id", metavar="ID")
@click.option("--result", metavar="TEXT", help="What came of it.")
@DRY_RUN
@click.pass_context
def done(ctx: click.Context, *, task_id: str, result: str | None, dry_run: bool) -> int:
    """A task is done; a hand-off of it that nobody has taken up is withdrawn."""
    return _write(task_id, Change(status=COMPLETE, result=result), is_dry=_is_dry(ctx, dry_run=dry_run))


@tasks.command()
@click.argument("task_id", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="What it waits for.")
@DRY_RUN
@click.pass_context
def block(ctx: click.Context, *, task_id: str, reason: str, dry_run: bool) -> int:
    """A task cannot go on; nobody is handed it before `tasks ready`."""
    if not reason.strip():
        raise click.BadParameter("say what the task waits for", param_hint="--reason")
    return _write(task_id, Change(status=BLOCKED, blocking_reason=reason), is_dry=_is_dry(ctx, dry_run=dry_run))


@tasks.command()
@click.argument("task_id", metavar="ID")
@DRY_RUN
@click.pass_context
def ready(ctx: click.Context, *, task_id: str, dry_run: bool) -> int:
    """A task may be handed over, also one that was blocked or closed."""
    return _write(task_id, Change(status="Ready", blocking_reason=""), is_dry=_is_dry(ctx, dry_run=dry_run))


def named(settings: Settings, text: str) -> Task:
    """The task of this id, or the only one whose id begins so; raises BadSetting naming the candidates."""
    from music_sync.wiring import cycle

    return _named(text, cycle.open_board(settings, to_read=True), lambda: cycle.every_task(settings))


def _named(text: str, board: "Board", every_task: Callable[[], Iterable[Task]]) -> Task:
    whole = board.task(text)
    if whole is not None:
        return whole
    wanted = _bare(text)
    if len(wanted) < SHORTEST:
        raise BadSetting(f"{text!r} names no task; give {SHORTEST} digits of its id at least")
    found = [task for task in every_task() if _bare(task.task_id).startswith(wanted)]
    if not found:
        raise BadSetting(f"no task on the board is {text}; `music-sync tasks list --all` shows them")
    if len(found) > 1:
        few = ", ".join(f"{task.task_id} ({task.title[:40]})" for task in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise BadSetting(f"{text} may be {few}{more}; give more digits")
    return found[0]


def _bare(task_id: str) -> str:
    return task_id.strip().replace("-", "").casefold()


# Adding


def _draft(
    settings: Settings,
    *,
    title: str,
    description: str,
    priority: str | None,
    agent: str,
    after: tuple[str, ...],
    **texts: str,
) -> Draft:
    """What was typed as a draft; raises BadSetting for an agent or a task that nobody knows."""
    title = " ".join(title.split())
    if not title:
        raise click.BadParameter("a task needs a title", param_hint="TITLE")
    prerequisites = dict.fromkeys(named(settings, text).task_id for text in after)
    return Draft(
        title=title,
        description=description,
        priority=priority or "",
        next_step=texts["next_step"],
        success_criteria=texts["criteria"],
        assigned_agent=_agent(settings, agent),
        task_type=texts["task_type"],
        prerequisites=tuple(prerequisites),
    )


def _agent(settings: Settings, text: str) -> str:
    if not text:
        return ""
    name = Agents(settings.agent_names).named(text)
    if name is None:
        raise BadSetting(f"--agent {text}: nobody is known by that name; known are {', '.join(settings.agent_names)}")
    return name


def _read(file: IO[bytes]) -> str:
    content = file.read(LONGEST_BYTES + 1)
    if len(content) > LONGEST_BYTES:
        raise BadSetting(f"{file.name} is larger than {LONGEST_BYTES:,} bytes; name it in a short description instead")
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise BadSetting(f"{file.name} is no UTF-8 text; save it as such") from error


def _tell_draft(draft: Draft, *, as_json: bool) -> None:
    if as_json:
        show.as_json({"dry_run": True} | vars(draft))
        return
    about = [draft.priority, draft.assigned_agent and f"for {draft.assigned_agent}"]
    about += [f"after {task_id[: tasks_shown.SHOWN]}" for task_id in draft.prerequisites]
    said = ", ".join(text for text in about if text)
    click.echo(f"would add {show.clean(draft.title)}" + (f" ({said})" if said else ""))
    click.echo("next: the same without -n does it; nothing was changed")


# Changing


def _write(text: str, change: Change, *, is_dry: bool) -> int:
    """Write on a task whatever its status is by now: it is a person who does."""
    from music_sync.wiring import cycle

    settings = load().settings
    task = named(settings, text)
    what = f"{task.task_id} {show.clean(task.title)}: {task.status} -> {change.status}"
    if is_dry:
        click.echo(f"would change {what}")
        click.echo("next: the same without -n does it; nothing was changed")
        return 0
    _check(task, cycle.open_board(settings).update(task.task_id, change))
    woken = _wake(settings)
    click.echo(what)
    if change.status == BLOCKED:
        click.echo(f"next: `music-sync tasks ready {task.task_id}` when it can go on")
    else:
        click.echo(_next(woken=woken))
    return 0


def _check(task: Task, written: Written) -> None:
    if written.refused:
        raise NeedsPerson(f"{written.refused}; look with `music-sync tasks show {task.task_id}`")
    for what in written.dropped:
        click.echo(show.clean(f"not written: {what}"), err=True)


def _wake(settings: Settings) -> bool:
    # What was written stays written, so a pipe that cannot be used only delays it to the next cycle.
    try:
        return wake(settings.wake)
    except OSError as error:
        click.echo(f"the orchestrator could not be woken ({error.strerror}); its next cycle takes it up", err=True)
        return False


def _is_dry(ctx: click.Context, *, dry_run: bool) -> bool:
    return dry_run or bool((ctx.obj or {}).get("dry_run"))


def _next(*, woken: bool) -> str:
    if woken:
        return "next: nothing; the waiting orchestrator takes it up now"
    return "next: `music-sync run` takes it up"
