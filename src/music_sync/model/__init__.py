"""The nouns of Music Sync, its errors and its ports; imports nothing else of ours."""
