"""`why`: the whole story of one track, however it is named."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from music_sync.adapters.sql.story import Stories
from music_sync.cli import show, stories
from music_sync.model.errors import BadSetting, EnvironmentFault, GiveUp
from music_sync.model.story import Event, Known, Owned, Story, instant
from music_sync.settings import Settings, load
from music_sync.track.quality import quality_text
from music_sync.track.why import place_name, told
from music_sync.track.words import folded, tokens

MOST_CHOICES = 20
MOST_NEAR = 3
_ID = re.compile(r"[0-9a-f]{4,32}")


@click.command()
@click.argument("track", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def why(*, track: tuple[str, ...], as_json: bool) -> int:
    """Tell the story of a track: where it was liked, how it was matched, fetched, filed and published, or why not.

    TRACK is words of artist and title, a link, `source:id`, the path of a file in the library, or a recording's id.
    """
    settings = load().settings
    text = " ".join(track).strip()
    with stories.opened(settings) as known:
        found = meant(known, text, settings)
        if not found:
            raise BadSetting(nothing(known, text))
        if len(found) > 1:
            return choose(found, text, as_json=as_json)
        story = known.story(found[0])
        now = _now(story, known.fact("library"), settings)
    if as_json:
        show.as_json(_shape(story, now))
    else:
        _print(found[0], story, now)
    return 0


# Which track is meant


def meant(known: Stories, text: str, settings: Settings) -> list[Known]:
    """The tracks that may be meant; the first way of reading the text that finds any counts."""
    source, colon, source_id = text.partition(":")
    if colon and (by_key := known.by_key(source, source_id)):
        return by_key
    from music_sync.adapters.link_text import is_link

    if is_link(text):
        return _by_link(known, text)
    by_path = _by_path(known, text, settings)
    if by_path:
        return by_path
    # A short id may be a word as well, as in `cafe` and `dead`.
    by_id = known.by_recording(text.lower()) if _ID.fullmatch(text.lower()) else []
    return by_id if len(text) == 32 and by_id else list(dict.fromkeys([*by_id, *_by_words(known, text)]))


def _by_link(known: Stories, text: str) -> list[Known]:
    from music_sync.adapters.link_text import LABELS
    from music_sync.adapters.links import read_place

    try:
        place = read_place(text)
    except GiveUp as error:
        raise BadSetting(str(error)) from error
    if place.kind not in {"track", "file", "short"}:
        raise BadSetting(f"{place.label} is no single track; `music-sync sync` with it says how complete it is")
    found = known.by_url(place.url)
    for source, source_id in _keys(place.service, place.id):
        found += known.by_key(source, source_id)
    if not found and place.kind == "short":
        raise BadSetting(f"{place.label} leads elsewhere; open it and give {LABELS[place.service]}'s own link")
    return list(dict.fromkeys(found))


def _keys(service: str, place_id: str) -> Iterator[tuple[str, str]]:
    """What sources call a track of a service: they keep its bare id, lists the URI."""
    if service == "spotify":
        yield from (("spotify", place_id), ("list", f"spotify:track:{place_id}"))
    elif service == "youtube":
        yield from (("youtube", place_id), ("ytmusic", place_id))
    elif service == "soundcloud":
        yield "soundcloud", place_id.rpartition(":")[2]


def _by_path(known: Stories, text: str, settings: Settings) -> list[Known]:
    """By a file of the library, absolute or relative to it or to this folder; or by the file that it was made from."""
    from music_sync.adapters.file_names import path_id

    if "\0" in text:
        return []
    absolute = Path(os.path.normpath(Path(text).expanduser().absolute()))
    inside = [os.path.normpath(text)] if not Path(text).is_absolute() else []
    for one, other in ((absolute, settings.library), (absolute.resolve(), settings.library.resolve())):
        if one.is_relative_to(other):
            inside.append(one.relative_to(other).as_posix())
    for path in inside:
        found = known.by_file(path)
        if found:
            return found
    return known.by_key("folder", path_id(absolute)) or known.by_key("list", path_id(absolute))


def _by_words(known: Stories, text: str) -> list[Known]:
    """Those with all the words in artist and title; where one is called exactly so, that one."""
    words = tokens(text)
    if not words:
        return []
    found: dict[str, Known] = {}
    exact: dict[str, Known] = {}
    for each in known.everything():
        name = folded(each.name)
        if all(word in name for word in words):
            found.setdefault(each.key, each)
            if tokens(each.name) == words:
                exact.setdefault(each.key, each)
    return list((exact if len(exact) == 1 else found).values())


def choose(found: Sequence[Known], text: str, *, as_json: bool) -> int:
    in_order = sorted(found, key=lambda each: (folded(each.name), each.key))
    told = f"{len(found)} tracks fit `{show.clean(text)}`; name one of them"
    if as_json:
        choices = [{"track": each.key, "name": each.name} for each in in_order]
        show.as_json({"result": "error", "message": told, "choices": choices})
        return 2
    click.echo(f"{told}:")
    for each in in_order[:MOST_CHOICES]:
        click.echo(f"  {show.clean(each.name)}  music-sync why {_quoted(each.key)}")
    if len(in_order) > MOST_CHOICES:
        click.echo(f"  and {len(in_order) - MOST_CHOICES} more; give more words")
    return 2


def nothing(known: Stories, text: str) -> str:
    from rapidfuzz import fuzz, process

    names = {folded(each.name): each.name for each in known.everything()}
    near = process.extract(folded(text), list(names), scorer=fuzz.WRatio, limit=MOST_NEAR, score_cutoff=70)
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    told = f"no track is known as `{shown}`"
    if near:
        return f"{told}; near it are {', '.join(f'`{names[name]}`' for name, _score, _number in near)}"
    return f"{told}; give words of its artist and title, its link, or the path of its file"


# How it looks


def _now(story: Story, identity: str, settings: Settings) -> str:
    """How it stands now, from evidence: the files that are there."""
    if story.owned is None:
        attempts = [attempt for place in story.places for attempt in place.attempts]
        return _STANDS.get(attempts[-1].ending, "") if attempts else _STANDS["never"]
    if not story.owned.files:
        return "known, but no file of it was filed"
    try:
        there = stories.held(settings, identity, story.owned.files)
    except EnvironmentFault as error:
        return f"filed; {error}"
    if not there:
        path = story.owned.files[0].path
        return f"no longer in the library; `music-sync retry {_quoted(path)}` brings it back"
    away = [file.path for file in story.owned.files if file.path not in there]
    lacks = f"; {', '.join(away)} is gone" if away else ""
    return f"in the library as {', '.join(file.path for file in story.owned.files if file.path in there)}{lacks}"


_STANDS = {
    "never": "not tried yet; `music-sync sync` does",
    "running": "not in the library yet; `music-sync sync` goes on",
    "review": "not in the library; you decide whether it is another recording",
    "buy_list": "not in the library; `music-sync buy-list` has links to stores",
    "failed": "not in the library",
    "synced": "the catalogue does not hold it any more; `music-sync library check` compares both",
    "already_have": "the catalogue does not hold it any more; `music-sync library check` compares both",
}


_AT_A_PLACE = {"matched", "fetched", "measured", "ended"}


def _print(known: Known, story: Story, now: str) -> None:
    click.echo(show.clean(story.owned.label if story.owned else known.name))
    if story.owned:
        click.echo(f"  recording {story.owned.recording_id}")
        if story.owned.codec:
            click.echo(f"  made from {_quality(story.owned)}")
    for place in story.places:
        url = "" if place.url == place.source_id else place.url
        click.echo(show.clean(f"  {place.key}  {url}".rstrip()))
    for event in told(story):
        # Of several places a person wants to know which one was compared, fetched from or refused.
        where = f"{place_name(event.source)}: " if len(story.places) > 1 and event.kind in _AT_A_PLACE else ""
        click.echo(f"{_when(event.at)}  {show.clean(where + event.text)}")
    if now:
        click.echo(f"now: {show.clean(now)}")


def _quality(owned: Owned) -> str:
    return show.clean(quality_text(owned.codec, owned.bit_rate, owned.cutoff_hz))


def _when(at: str) -> str:
    """Local time to the minute; a time that nobody knows leaves its place empty."""
    moment = instant(at)
    if moment == datetime.min.replace(tzinfo=UTC):
        return " " * 16
    return moment.strftime("%Y-%m-%d      ") if len(at) == 10 else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _shape(story: Story, now: str) -> dict[str, object]:
    owned = story.owned
    return {
        "recording_id": owned.recording_id if owned else "",
        "name": owned.label if owned else story.places[0].label,
        "now": now,
        "files": [vars(file) for file in owned.files] if owned else [],
        "codec": owned.codec if owned else "",
        "bit_rate": owned.bit_rate if owned else None,
        "cutoff_hz": owned.cutoff_hz if owned else None,
        "quality": _quality(owned) if owned and owned.codec else "",
        "playlists": [each.name for each in story.memberships],
        "sources": [
            {
                "source": place.source,
                "source_id": place.source_id,
                "url": place.url,
                "ending": place.attempts[-1].ending if place.attempts else "",
                "reason": place.attempts[-1].reason if place.attempts else "",
                "next_actor": place.attempts[-1].next_actor if place.attempts else "flow",
            }
            for place in story.places
        ],
        "events": list(_rows(told(story))),
    }


def _rows(events: Iterable[Event]) -> Iterator[dict[str, object]]:
    yield from map(vars, events)


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
