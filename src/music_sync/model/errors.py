"""Every error answers one question: who acts next?

    SyncError
    ├── TryAgainLater            the flow, at the next run
    │   ├── ServiceUnavailable   ... a service is away or limits us (exit code 6)
    │   └── EnvironmentFault     ... disk full, library offline or read-only, program missing (exit code 7)
    ├── GiveUp                   no one; this track is refused for good, with its reason
    └── NeedsPerson              a person: sign in, decide, mend a setting (exit code 4)
        ├── NotSetUp             ... an account that nobody ever connected: its source is passed over
        └── BadSetting           ... what was typed or set is wrong (exit code 2)

Each message is one sentence: what happened, to which thing, what to do now. Errors cross the flow store pickled,
so every constructor argument goes to `super().__init__`.
"""


class SyncError(Exception):
    """Root of all expected errors."""


class TryAgainLater(SyncError):
    """Nothing is wrong with the track; the next run may succeed. `after_s`: the service asked for that many seconds."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message, after_s)
        self.after_s = after_s

    def __str__(self) -> str:
        return str(self.args[0])


class ServiceUnavailable(TryAgainLater):
    """A service is away or limits us."""


class EnvironmentFault(TryAgainLater):
    """This machine lacks something: space, the library's drive, a program, a right to write."""


class GiveUp(SyncError):
    """This track cannot be had in this way; `rule` names the finding, such as truncated or not_audio."""

    def __init__(self, message: str, rule: str = "refused") -> None:
        super().__init__(message, rule)
        self.rule = rule

    def __str__(self) -> str:
        return str(self.args[0])


class NeedsPerson(SyncError):
    """Only a person can go on from here; the sentence names the command that does it."""


class NotSetUp(NeedsPerson):
    """Nobody ever connected this account; the sentence names the command that does."""


class BadSetting(NeedsPerson):
    """A setting or an argument is wrong."""
