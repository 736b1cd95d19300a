"""A Last.fm simulator on loopback: loved tracks, in the shapes of a service that once answered in XML.

All numbers are texts, a list of one is an object, and errors stand in the body, whatever the status.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from music_sync.demo.loopback import Answer, Loopback, Refuse, Refused, Request, Route

API_KEY = "lastfm-simulated"
USER = "rj"
USUAL, MOST = 50, 1000
"""Tracks on one page: what comes when nothing is asked, and the most that may be asked for."""
_FIRST_LOVE = 1_700_000_000

INVALID_METHOD, INVALID_PARAMETERS, INVALID_KEY = 3, 6, 10
TEMPORARY, LOGIN_REQUIRED, SUSPENDED, RATE_LIMIT = 16, 17, 26, 29
_ERRORS = {
    INVALID_METHOD: (400, "Invalid Method - No method with that name in this package"),
    INVALID_PARAMETERS: (404, "User not found"),
    INVALID_KEY: (403, "Invalid API key - You must be granted a valid key by last.fm"),
    TEMPORARY: (500, "The service is temporarily unavailable, please try again."),
    LOGIN_REQUIRED: (403, "Login: User required to be logged in"),
    SUSPENDED: (403, "API Key Suspended - This application is not allowed to make requests to the web services"),
    RATE_LIMIT: (429, "Rate Limit Exceeded - Your IP has made too many requests in a short period"),
}


@dataclass(frozen=True)
class Love:
    """A track that a user loves; Last.fm knows tracks by their words, so their page is made of them."""

    artist: str
    title: str
    at: int | None
    """Epoch seconds."""
    mbid: str = ""

    @property
    def page(self) -> str:
        return f"https://www.last.fm/music/{quote_plus(self.artist)}/_/{quote_plus(self.title)}"


def love(number: int, mbid: str = "") -> Love:
    """The love of that number: the higher, the later."""
    return Love(f"Artist {number}", f"Title {number}", _FIRST_LOVE + number * 60, mbid)


def error(code: int, status: int | None = None) -> Refuse:
    """An error as Last.fm puts it into the body; with the status that it usually has, or another."""
    usual, message = _ERRORS[code]
    return Refuse(status or usual, {"message": message, "error": code})


class LastfmServer(Loopback):
    """Serves what one user loves; `url` is as `MUSIC_SYNC_LASTFM_URL` wants it."""

    def __init__(self, *loved: Love) -> None:
        super().__init__()
        self.loved: list[Love] = list(loved)
        self.keys = {API_KEY}
        self.suspended: set[str] = set()
        self.is_private = False
        self.errors_with_200 = False
        """Answer errors with status 200."""
        self.empty: Any = {"track": []}
        """What stands in `lovedtracks` beside `@attr` when there is nothing; it was `{"#text": " "}` once."""

    def routes(self) -> Sequence[Route]:
        return (("GET", "/2.0/?", self._method),)

    def _method(self, request: Request) -> Answer:
        try:
            return self._loved(request)
        except Refused as refused:
            status = 200 if self.errors_with_200 else refused.answer.status
            return Answer(status, refused.answer.body, refused.answer.headers)

    def _loved(self, request: Request) -> Answer:
        query = request.query
        if query.get("format") != "json":
            return Answer(200, b'<?xml version="1.0"?><lfm status="ok"></lfm>', {"Content-Type": "text/xml"})
        if query.get("method", "").lower() != "user.getlovedtracks":
            raise _refused(INVALID_METHOD)
        self._check_key(query.get("api_key", ""))
        if not query.get("user"):
            raise _refused(INVALID_PARAMETERS, 400, "Invalid parameters - Your request is missing a required parameter")
        limit = _number(query.get("limit", str(USUAL)), MOST, f"limit param out of bounds (1-{MOST})")
        page = _number(query.get("page", "1"), 1_000_000, "page param out of bounds (1-1000000)")
        if query["user"].casefold() != USER:
            raise _refused(INVALID_PARAMETERS)
        if self.is_private:
            raise _refused(LOGIN_REQUIRED)
        return Answer(200, {"lovedtracks": self._page(page, limit)})

    def _check_key(self, key: str) -> None:
        if key in self.suspended:
            raise _refused(SUSPENDED)
        if key not in self.keys:
            raise _refused(INVALID_KEY)

    def _page(self, page: int, limit: int) -> dict[str, Any]:
        newest_first = sorted(self.loved, key=lambda each: -(each.at or 0))
        shown = [_shown(each) for each in newest_first[(page - 1) * limit :][:limit]]
        about = {
            "user": USER,
            "totalPages": str(-(-len(self.loved) // limit)),
            "page": str(page),
            "perPage": str(limit),
            "total": str(len(self.loved)),
        }
        tracks = {"track": shown[0] if len(shown) == 1 else shown} if shown else self.empty
        return {**tracks, "@attr": about}


def _shown(loved: Love) -> dict[str, Any]:
    artist_page = f"https://www.last.fm/music/{quote_plus(loved.artist)}"
    shown: dict[str, Any] = {
        "artist": {"url": artist_page, "name": loved.artist, "mbid": ""},
        "mbid": loved.mbid,
        "url": loved.page,
        "name": loved.title,
        "image": [{"size": "small", "#text": "https://lastfm.freetls.fastly.net/i/u/34s/none.png"}],
        "streamable": {"fulltrack": "0", "#text": "0"},
    }
    if loved.at is not None:
        moment = datetime.fromtimestamp(loved.at, UTC)
        shown["date"] = {"uts": str(loved.at), "#text": f"{moment:%d %b %Y, %H:%M}"}
    return shown


def _number(text: str, most: int, otherwise: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise _refused(INVALID_PARAMETERS, 400, otherwise)
    return int(text)


def _refused(code: int, status: int | None = None, message: str = "") -> Refused:
    usual, told = _ERRORS[code]
    return Refused(Answer(status or usual, {"message": message or told, "error": code}))
