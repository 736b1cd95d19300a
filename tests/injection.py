"""Programs whose system answers one call with a fault, or kills them there."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest


def injected(program: str, injection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code with strace's `call:fault:when=N` in force; skips the test where that cannot be done.

    `call` may be a regular expression such as `/^rename`, as processors differ in which of a family they have.
    """
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    call = injection.partition(":")[0]
    command = [strace, "-f", "-qq", "-e", f"trace={call}", "-e", f"inject={injection}"]
    command += [sys.executable, "-c", textwrap.dedent(program), *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    if "ptrace" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("tracing is not permitted here")
    return done
