"""Links to the searches of stores, built and never fetched.

The public search pages of these stores take words alone: an ISRC is asked for at MusicBrainz, which lists the releases.
"""

from collections.abc import Mapping
from urllib.parse import quote

from music_sync.adapters.file_names import clean

STORES = {
    "bandcamp": ("Bandcamp", "https://bandcamp.com/search?item_type=t&q={}"),
    "beatport": ("Beatport", "https://www.beatport.com/search/tracks?q={}"),
    "qobuz": ("Qobuz", "https://www.qobuz.com/us-en/search/tracks/{}"),
    "apple_music": ("Apple Music", "https://music.apple.com/search?term={}"),
}
"""Short name -> what a person calls the store, and its search."""

BY_ISRC = "isrc"
LABELS: Mapping[str, str] = {name: label for name, (label, _) in STORES.items()} | {BY_ISRC: "by ISRC"}


def store_links(artist: str, title: str, isrc: str = "") -> dict[str, str]:
    """Where a track may be found, by short name; nothing without a title, for an artist alone finds anything."""
    # Qobuz has the words in the path, where an encoded slash is a page that does not exist.
    words = quote(clean(f"{artist} {title}".replace("/", " ").replace("\\", " ")), safe="")
    links = {name: search.format(words) for name, (_, search) in STORES.items()} if title else {}
    code = isrc.replace("-", "").upper()
    if code.isascii() and code.isalnum():
        links[BY_ISRC] = f"https://musicbrainz.org/isrc/{code}"
    return links
