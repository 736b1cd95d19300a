"""What senders of webhooks told that a person likes: kept in the memory of lists when it came, read from there."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from music_sync.adapters.link_text import SHORT_HOSTS
from music_sync.adapters.links import read_place
from music_sync.adapters.means import Means
from music_sync.adapters.short_links import ShortLinks
from music_sync.model.errors import GiveUp, ServiceUnavailable
from music_sync.model.listing import Listing, Listings
from music_sync.model.track import FoundTrack

NAME = "webhook"
LISTING = "sent"


def open_parts(means: Means) -> "Sequence[SentLikes]":
    """Nothing where no sender was ever set up."""
    is_set_up = bool(means.setting("webhook_secrets")) or means.setting("hook_file").exists()
    return [SentLikes(means)] if is_set_up else []


def remember(listings: Listings, tracks: Sequence[FoundTrack]) -> None:
    """Keep what came, newest first; a track that came before stays one."""
    listings.first(Listing(NAME, LISTING, "Sent by webhooks", reading=1), tracks)


class SentLikes:
    """All liked tracks that webhooks ever brought, newest first."""

    name = NAME
    part = ""

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        self.messages = []
        follow = ShortLinks(frozenset(self._means.setting("link_hosts")))
        for found in self._means.listings().tracks(NAME, LISTING):
            try:
                yield _arrived(found, follow)
            except (GiveUp, ServiceUnavailable) as error:
                self.messages.append(str(error))


def _arrived(found: FoundTrack, follow: ShortLinks) -> FoundTrack:
    """With the page that a short link leads to; the id stays the link that came, so that it is one track for ever."""
    if not any(f"//{host}/" in found.url for host in SHORT_HOSTS):
        return found
    return replace(found, url=follow.leads_to(read_place(found.url)).url)
