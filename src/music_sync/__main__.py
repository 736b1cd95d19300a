"""`python -m music_sync`, and the `music-sync` command."""

from music_sync.cli import main

if __name__ == "__main__":
    main()
