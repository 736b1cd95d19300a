"""`music-sync` in forks of the warm process, to be killed at a chosen point."""

from dataclasses import dataclass
from pathlib import Path

from tests.journeys.warm import Warm
from tests.journeys.world import World


@dataclass(frozen=True)
class ForkServer:
    """Runs music-sync with traps in forks of the warm process."""

    warm: Warm

    def run(
        self, world: World, *arguments: str, stage: str = "", nth: int = 1, change: int = 0
    ) -> tuple[int, int, str]:
        """Exit status (negative: the signal), changes of state, and all that was printed, the result last.

        `stage` with `nth` kills (SIGKILL) when that stage starts or ends for the nth time; `change` kills at that many
        changes of state (files opened for writing, renamed, removed, flushed; database commits).
        """
        counted = world.home.parent / "changes.txt"
        trap = {"trace": str(trace_of(world)), "counted": str(counted), "stage": stage, "nth": nth, "change": change}
        done = self.warm.run(world, *arguments, trap=trap)
        changes = counted.read_text()
        return done.code, int(changes) if changes else 0, done.err + done.out


def trace_of(world: World) -> Path:
    return world.home.parent / "trace.txt"
