"""What a person types. Each command group is one file, loaded only when it is asked for; only here is printed."""

import importlib
import io
import logging
import os
import signal
import sys

import click

from music_sync import __version__
from music_sync.cli.errors import left

COMMANDS = {
    "demo": ("music_sync.cli.demo", "Run the whole pipeline offline on synthesised music."),
    "init": ("music_sync.cli.init", "Ask five questions and write first settings."),
    "sync": ("music_sync.cli.sync", "Bring what the sources hold into the library."),
    "plan": ("music_sync.cli.sync", "Say what a sync would do; change nothing."),
    "retry": ("music_sync.cli.sync", "Try tracks again that ended without a file."),
    "review": ("music_sync.cli.review", "Look at tracks that may be yours already, and say."),
    "undo": ("music_sync.cli.undo", "Take back a filing, a merge, or an undo."),
    "run": ("music_sync.cli.run", "Sync again and again, or once."),
    "serve": ("music_sync.cli.serve", "Serve the dashboard and the webhooks of this home."),
    "webhook": ("music_sync.cli.webhook", "Let senders start a sync; look at what they sent."),
    "inbox": ("music_sync.cli.inbox", "List, claim and answer the hand-offs of an agent."),
    "forget": ("music_sync.cli.forget", "Forget a source: sign-in, likes, lists; files stay."),
    "connect": ("music_sync.cli.connect", "Sign in to a service, and tell how each sign-in stands."),
    "status": ("music_sync.cli.status", "Last run, next run, and what waits for you."),
    "why": ("music_sync.cli.why", "Tell the story of one track: liked, matched, fetched, filed, or why not."),
    "buy-list": ("music_sync.cli.buy_list", "List what could not be had, with links to stores."),
    "cron": ("music_sync.cli.cron", "Sync by a schedule: set up, list, test or remove the job."),
    "tasks": ("music_sync.cli.tasks", "Add, list, show and finish tasks on the board."),
    "library": ("music_sync.cli.library", "List and check what is in the library."),
    "doctor": ("music_sync.cli.doctor", "Check everything, with the command that mends each finding."),
    "notices": ("music_sync.cli.notices", "Try out where you are told of failures and new tracks."),
    "config": ("music_sync.cli.config", "Show and check the settings."),
}


class LazyGroup(click.Group):
    """Loads a command's module when it is typed, so that `--help` and `status` start at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="music-sync")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say what would happen; also after the verb.")
@click.pass_context
def music_sync(ctx: click.Context, *, dry_run: bool) -> None:
    """What you like arrives by itself in your own library: found, matched, fetched, analysed, tagged, filed once.

    \b
    Exit codes: 0 done or nothing new, 1 unexpected, 2 usage or settings, 3 some tracks failed,
    4 a person is needed, 5 another run holds the lock, 6 a service is unavailable,
    7 disk, library or program, 130/143 stopped.
    """
    ctx.obj = {"dry_run": dry_run}


def _occupy_standard_files() -> None:
    """Where a caller closed 0, 1 or 2, the next file opened would get that number, and what is told would go into it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def main() -> None:
    """Run the command line and leave with the exit code that tells how it went."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _occupy_standard_files()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # What a user must know stands in the report; without this the library would print warnings beside it.
    logging.getLogger("music_sync").addHandler(logging.NullHandler())
    try:
        code = music_sync.main(prog_name="music-sync", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        code = 130
    except Exception as error:  # noqa: BLE001 - the edge of the process: one sentence and an exit code
        code = left(error)
    sys.exit(code or 0)
