"""The library, the buy list, and the catalogue in pictures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from music_sync.adapters.store_links import LABELS, store_links
from music_sync.model.browsing import CAMELOT, FILED, ORDERS, Search
from music_sync.web import charts
from music_sync.web.pages import page, private_router
from music_sync.web.reading import dashboard_of
from music_sync.web.shown import ENDINGS

routes = private_router()

ASKED = ("filed", "review", "buy_list", "failed", "running")
WEEKS = 26
_ONE_OF_ASKED = f"^({'|'.join(ASKED)})$"
_PLACES = f"^(|{'|'.join(CAMELOT)})$"

Words = Annotated[str, Query(max_length=200)]
Name = Annotated[str, Query(max_length=40)]
Place = Annotated[str, Query(pattern=_PLACES)]
After = Annotated[str, Query(max_length=4000, pattern="^[A-Za-z0-9_-]*$")]
Ending = Annotated[str, Query(pattern=_ONE_OF_ASKED)]
Order = Annotated[str, Query(pattern=f"^({'|'.join(ORDERS)})$")]
Tempo = Annotated[str, Query(pattern=r"^\s*(\d{1,3}([.,]\d{1,3})?)?\s*$")]
"""Empty where a form leaves it out."""
Number = Annotated[str, Query(pattern=r"^\d{0,9}$")]
Switch = Annotated[bool, Query()]


@routes.get("/library")
def library(  # noqa: PLR0913, PLR0917 - one for each field of the form
    request: Request,
    words: Words = "",
    source: Name = "",
    playlist: Number = "",
    key: Place = "",
    neighbours: Switch = False,  # noqa: FBT002
    from_: Annotated[str, Query(alias="from", pattern=r"^\s*(\d{1,3}([.,]\d{1,3})?)?\s*$")] = "",
    to: Tempo = "",
    ending: Ending = FILED,
    order: Order = "newest",
    after: After = "",
) -> Response:
    search = Search(
        words=words,
        source=source,
        playlist=int(playlist) if playlist else None,
        camelot=key,
        with_neighbours=neighbours,
        tempo_from=_bpm(from_),
        tempo_to=_bpm(to),
        ending=ending,
        order=order,
        after=after,
    )
    dashboard = dashboard_of(request)
    asked = {
        "words": words,
        "source": source,
        "playlist": playlist,
        "key": key,
        "neighbours": 1 if neighbours else "",
        "from": from_.strip(),
        "to": to.strip(),
        "ending": "" if ending == FILED else ending,
        "order": "" if order == "newest" else order,
    }
    shown = {
        "search": search,
        "asked": asked,
        "found": dashboard.browse.page(search),
        "sources": dashboard.browse.sources(),
        "playlists": dashboard.browse.playlists(),
        "places": CAMELOT,
        "endings": [(name, ENDINGS[name][1]) for name in ASKED],
        "is_narrowed": replace(search, after="", order="newest") != Search(),
    }
    return page(request, "library.html", shown)


@routes.get("/buy-list")
def buy_list(request: Request, words: Words = "", after: After = "") -> Response:
    found = dashboard_of(request).browse.page(Search(words=words, ending="buy_list", after=after))
    links = {row.key: store_links(row.artist, row.title, row.isrc) for row in found.rows}
    return page(request, "buy_list.html", {"found": found, "links": links, "stores": LABELS, "words": words})


@routes.get("/numbers")
def numbers(request: Request, key: Place = "") -> Response:
    today = datetime.now(UTC).date()
    since = (today - timedelta(weeks=WEEKS)).isoformat()
    found = dashboard_of(request).numbers.numbers(since)
    shown = {
        "weeks": charts.weeks(found.by_day, today, WEEKS),
        "tempos": charts.tempos(found.by_tempo),
        "wheel": charts.wheel(found.by_camelot, key),
        "key": key,
        "counts": found.by_camelot,
    }
    return page(request, "numbers.html", shown)


def _bpm(text: str) -> float | None:
    return float(text.strip().replace(",", ".")) if text.strip() else None
