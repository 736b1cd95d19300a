"""Shows what we own to other programs: one file a program."""
