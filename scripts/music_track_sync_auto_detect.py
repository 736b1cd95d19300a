#!/usr/bin/env python3
"""Kept name: `music-sync sync` from this checkout, with any python3 and no activated environment."""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))
sys.dont_write_bytecode = True  # an old Python leaves no trace in the checkout

from continuous_handoff_orchestrator import start  # noqa: E402

if __name__ == "__main__":
    start(CHECKOUT, "sync")
