"""What the server is made from: sign-in, the senders' keys, the inbox, and what its events start."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from music_sync.adapters.hook_file import YOUTUBE, HookFile
from music_sync.adapters.lock_file import wait_until_free
from music_sync.adapters.notion_properties import database_id_in
from music_sync.adapters.sign_in_file import SignInFile
from music_sync.adapters.sources import SOURCES, webhook
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.inbox import SqlInbox
from music_sync.adapters.sync_process import SyncProcess
from music_sync.adapters.wake_pipe import wake
from music_sync.adapters.websub_hub import WebSubHub
from music_sync.model.events import LIKES, ONLY, TASKS, WHAT, Stored
from music_sync.model.task import Draft
from music_sync.model.track import FoundTrack
from music_sync.settings import Settings
from music_sync.triggers.leases import Leases
from music_sync.triggers.orchestrator import outcome
from music_sync.triggers.webhook import Dispatcher, Lane
from music_sync.wiring.state import executor, open_catalogue, open_state

TOPIC = "https://www.youtube.com/feeds/videos.xml?channel_id="


def sign_in_store(settings: Settings) -> SignInFile:
    """The dashboard's password and sessions."""
    return SignInFile(settings.sign_in_file)


def hook_file(settings: Settings, clock: Callable[[], float] = time.time) -> HookFile:
    """The secrets of senders that `music-sync webhook` made."""
    return HookFile(settings.hook_file, clock)


def open_inbox(settings: Settings) -> tuple[SqlInbox, sa.Engine]:
    """The inbox of this home, and the engine that its writer uses alone."""
    engine = open_state(settings)
    return SqlInbox(engine, executor(settings)), engine


def notion_databases(settings: Settings) -> tuple[str, frozenset[str], str]:
    """Ids of the tasks database and of the views, and what a change of a view starts."""
    views = (settings.tracks_db_id, settings.artists_db_id, settings.playlists_db_id)
    reads = f"{ONLY}notion" if "notion" in SOURCES else ""
    return database_id_in(settings.agent_tasks_db_id), frozenset(map(database_id_in, views)) - {""}, reads


def dispatcher(settings: Settings, inbox: SqlInbox, process: SyncProcess) -> Dispatcher:
    """What events of this home start: syncs one after the other, and the board beside them."""

    def syncs(subject: str, events: Sequence[Stored]) -> Mapping[str, Any]:
        if subject == LIKES:
            webhook.remember(open_catalogue(settings).listings, [liked_track(event) for event in reversed(events)])
        report = process.run(lambda _line: None, *arguments_of(subject))
        return {**report, "told": outcome(report)}

    def board(_subject: str, events: Sequence[Stored]) -> Mapping[str, Any]:
        return {"result": "done", "told": put_on_board(settings, events)}

    free = partial(wait_until_free, settings.lock_file)
    lanes = [Lane(inbox, lambda subject: subject != TASKS, syncs, wait_until_free=free)]
    return Dispatcher(inbox, [*lanes, Lane(inbox, lambda subject: subject == TASKS, board)])


def arguments_of(subject: str) -> tuple[str, ...]:
    """What `music-sync sync` is given for events of a subject."""
    if subject == LIKES:
        return ("--only", webhook.NAME)
    if subject.startswith(ONLY):
        return ("--only", subject.removeprefix(ONLY))
    return ("--", subject.removeprefix(WHAT)) if subject.startswith(WHAT) else ()


def liked_track(event: Stored) -> FoundTrack:
    """The track that an event tells of, as a source tells it."""
    said = {name: str(value) for name, value in json.loads(event.wish).items()}
    return FoundTrack(
        webhook.NAME,
        said["source_id"],
        artist=said["artist"],
        title=said["title"],
        album=said["album"],
        isrc=said["isrc"],
        url=said["url"],
        liked_at=event.received_at,
    )


def put_on_board(settings: Settings, events: Sequence[Stored]) -> str:
    """Put tasks that came whole on the embedded board, each once, and wake the orchestrator."""
    is_ours = not settings.agent_tasks_db_id
    made = [event for event in events if is_ours and json.loads(event.wish).get("title")]
    if made:
        board = SqlBoard(open_state(settings))
        for event in made:
            # The id follows from the event, so that a kill in between makes no second task.
            task_id = hashlib.sha256(f"{event.hook}:{event.event_id}".encode()).hexdigest()[:32]
            board.add(Draft(**json.loads(event.wish)), task_id)
    is_awake = wake(settings.wake)
    told = f"{len(made)} tasks put on the board" if made else "the board is looked at"
    return f"{told}; {'the orchestrator was woken' if is_awake else 'the next `music-sync run` takes it up'}"


def youtube_topics(settings: Settings) -> Sequence[str]:
    """The feeds that YouTube's hub is asked to tell of; none where it could not reach us."""
    if not settings.public_url:
        return ()
    return [f"{TOPIC}{quote(channel, safe='')}" for channel in settings.youtube_channels]


def leases(settings: Settings, file: HookFile, clock: Callable[[], float] = time.time) -> Leases:
    """Keeps the subscriptions at YouTube's hub alive."""
    callback = f"{settings.public_url.rstrip('/')}/webhooks/{YOUTUBE}"
    hub = WebSubHub(settings.youtube_hub_url, callback, frozenset(settings.link_hosts))
    return Leases(youtube_topics(settings), file, hub, clock)
