"""Publish: note on which lists the recording stands, and leave word in the outbox for whoever shows them."""

from music_sync.model.ports import Catalogue
from music_sync.model.track import FoundTrack


def publish(found: FoundTrack, recording_id: str, catalogue: Catalogue) -> None:
    """Store the memberships; the outbox is emptied later, so a target that is away holds up nothing."""
    for playlist in found.playlists:
        catalogue.member(recording_id, playlist)
