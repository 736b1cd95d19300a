"""`buy-list`: what could not be had, with links to stores; nothing heavy is loaded for it."""

import csv
import html
import io
from collections.abc import Iterable, Iterator, Sequence

import click

from music_sync.adapters.store_links import LABELS, store_links
from music_sync.cli import show, stories
from music_sync.model.story import AtSource
from music_sync.settings import load
from music_sync.track.wanted import Wanted, liked_at, playlists_of, wanted
from music_sync.track.why import place_name

_EMPTY = "the buy list is empty"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes what begins so for a formula."""


@click.command("buy-list")
@click.option("--json", "as_", flag_value="json", help="One JSON object on standard output.")
@click.option("--csv", "as_", flag_value="csv", help="A row a track, for a spreadsheet.")
@click.option("--html", "as_", flag_value="html", help="A page of its own, for a browser.")
def buy_list(*, as_: str | None) -> int:
    """List what no allowed way could bring, newest liked first, with links to the searches of stores.

    What is bought and put into the drop folder is filed by the next sync.
    """
    with stories.opened(load().settings) as known:
        tracks = wanted(known.to_buy(), known.owned_with_isrc())
    if as_ == "json":
        show.as_json({"tracks": [_shape(track) for track in tracks]})
    elif as_:
        told = _as_csv(tracks) if as_ == "csv" else _as_html(tracks)
        # Whatever the terminal's encoding: the page says that it is UTF-8, and spreadsheets ask for it.
        click.echo(told.encode(), nl=False)
    else:
        _print(tracks)
    return 0


def _links(track: Wanted) -> dict[str, str]:
    return store_links(track.artist, track.title, track.isrc)


# For scripts


def _shape(track: Wanted) -> dict[str, object]:
    return {
        "artist": track.artist,
        "title": track.title,
        "version": track.version,
        "name": track.label,
        "album": track.album,
        "length_s": track.length_s,
        "isrc": track.isrc,
        "liked_at": track.liked_at,
        "playlists": list(track.playlists),
        "reason": track.reason,
        "bought": track.bought,
        "places": [_place(place) for place in track.places],
        "links": _links(track),
    }


def _place(place: AtSource) -> dict[str, object]:
    return {
        "source": place.source,
        "source_id": place.source_id,
        "url": place.url,
        "liked_at": liked_at(place),
        "playlists": list(playlists_of(place)),
        "reason": place.attempts[-1].reason,
    }


# For a person


def _print(tracks: Sequence[Wanted]) -> None:
    blocks = ["\n".join(show.clean(line) for line in _block(track)) for track in tracks]
    blocks.append(
        f"{_counted(tracks)}; put what you buy into the drop folder, or `--html` to click" if tracks else _EMPTY
    )
    click.echo("\n\n".join(blocks))


def _block(track: Wanted) -> Iterator[str]:
    about = [_length(track.length_s), f"ISRC {track.isrc}" if track.isrc else ""]
    yield "  ".join(filter(None, [track.label, *about]))
    for place in track.places:
        yield f"  {_liked(place)}  {place.url}".rstrip()
    yield f"  {track.reason}"
    if track.bought:
        yield f"  you seem to have it by now: {track.bought}"
    for store, link in _links(track).items():
        yield f"  {LABELS[store]:<12}{link}"


def _liked(place: AtSource) -> str:
    """`Spotify, 2026-11-20, on Warm Up and Friday`."""
    on = ", ".join(playlists_of(place))
    return ", ".join(filter(None, [place_name(place.source), liked_at(place)[:10], f"on {on}" if on else ""]))


def _counted(tracks: Sequence[Wanted]) -> str:
    return f"{len(tracks)} track{'' if len(tracks) == 1 else 's'} to buy"


def _length(length_s: float | None) -> str:
    return f"{round(length_s) // 60}:{round(length_s) % 60:02}" if length_s else ""


# For a spreadsheet


def _as_csv(tracks: Iterable[Wanted]) -> str:
    told = io.StringIO()
    written = csv.writer(told, lineterminator="\r\n")
    stores = list(LABELS)
    head = ("artist", "title", "version", "length", "isrc", "liked", "liked_at", "playlists", "reason", "links")
    written.writerow([*head, *stores])
    for track in tracks:
        written.writerow(map(_safe, _row(track, stores)))
    return told.getvalue()


def _row(track: Wanted, stores: Iterable[str]) -> Iterator[str]:
    yield track.artist
    yield track.title or track.label
    yield track.version
    yield _length(track.length_s)
    yield track.isrc
    yield ", ".join(dict.fromkeys(place_name(place.source) for place in track.places))
    yield track.liked_at
    yield ", ".join(track.playlists)
    yield track.reason
    yield " ".join(place.url for place in track.places if place.url)
    links = _links(track)
    yield from (links.get(store, "") for store in stores)


def _safe(text: str) -> str:
    text = show.clean(text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


# For a browser


def _as_html(tracks: Sequence[Wanted]) -> str:
    rows = "\n".join(map(_html_row, tracks))
    head = "".join(
        f"<th>{name}</th>" for name in ("Track", "Length", "ISRC", "Liked", "Playlists", "Why not here", "Search")
    )
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>" if tracks else ""
    next_step = "Put what you buy into the drop folder; the next sync files it."
    told = f"{_counted(tracks)}. {next_step}" if tracks else f"{_EMPTY.capitalize()}."
    return _PAGE.format(told=told, table=table)


def _html_row(track: Wanted) -> str:
    name = f"<b>{_text(track.title or track.label)}</b><br>{_text(track.artist)}"
    liked = "<br>".join(_html_place(place) for place in track.places)
    bought = f"<br><em>You seem to have it by now: {_text(track.bought)}</em>" if track.bought else ""
    stores = " ".join(_anchor(link, LABELS[store]) for store, link in _links(track).items())
    cells = (
        name,
        _length(track.length_s),
        _text(track.isrc),
        liked,
        "<br>".join(map(_text, track.playlists)),
        f"{_text(track.reason)}{bought}",
        stores,
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _html_place(place: AtSource) -> str:
    told = f"{place_name(place.source)} {liked_at(place)[:10]}".rstrip()
    return _anchor(place.url, told) if place.url.startswith(("https://", "http://")) else _text(told)


def _anchor(link: str, told: str) -> str:
    return f'<a href="{_text(link)}" rel="noopener noreferrer" target="_blank">{_text(told)}</a>'


def _text(text: str) -> str:
    return html.escape(show.clean(text), quote=True)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Buy list</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem;
  color: light-dark(#1b1b1b, #e9e9e9); background: light-dark(#fff, #16181b); }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .5rem .6rem; border-bottom: 1px solid light-dark(#ddd, #3a3d42); }}
a {{ color: light-dark(#0550ae, #79b8ff); }}
td:last-child a {{ display: inline-block; margin-right: .5rem; }}
</style>
</head>
<body>
<h1>Buy list</h1>
<p>{told}</p>
{table}
</body>
</html>
"""
