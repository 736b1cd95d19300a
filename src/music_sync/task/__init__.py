"""A task's journey, one stage a file: pick, deliver, collect, review."""
