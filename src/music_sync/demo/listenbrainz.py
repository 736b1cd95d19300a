"""A ListenBrainz simulator on loopback: the feedback of its users, in the service's own shapes and with its refusals.

It is stricter than the service in one thing: a token that it does not know is refused when feedback is read, too.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from music_sync.demo.loopback import Answer, Loopback, Refuse, Refused, Request, Route

TOKEN = "listenbrainz-simulated"  # noqa: S105 - opens nothing but this simulator
USER = "rob"
FEWEST, USUAL, MOST = 0, 25, 1000
"""Entries on one page: what may be asked for, what comes when nothing is asked; more than the most gives the most."""
LOVED, HATED = 1, -1
WINDOW_CALLS = 30
_FIRST_LOVE = 1_700_000_000
_SCHEME = "Token"
_TOO_MANY = "You have exceeded your rate limit. See the X-RateLimit-* response headers for more information."


@dataclass(frozen=True)
class Feedback:
    """What a user said about a recording."""

    created: int
    """Epoch seconds."""
    recording_mbid: str | None = None
    recording_msid: str | None = None
    score: int = LOVED
    track_metadata: Mapping[str, Any] | None = None


def feedback(number: int, score: int = LOVED) -> Feedback:
    """The feedback of that number: the higher, the later; with all that the service knows of a recording."""
    mbid, msid = recording_id("mbid", number), recording_id("msid", number)
    metadata = {
        "track_name": f"Title {number}",
        "artist_name": f"Artist {number}",
        "release_name": f"Release {number}",
        "mbid_mapping": {
            "recording_mbid": mbid,
            "release_mbid": recording_id("release", number),
            "artist_mbids": [recording_id("artist", number)],
            "artists": [
                {
                    "artist_credit_name": f"Artist {number}",
                    "artist_mbid": recording_id("artist", number),
                    "join_phrase": "",
                }
            ],
        },
        "additional_info": {"recording_msid": msid},
    }
    return Feedback(_FIRST_LOVE + number * 60, mbid, msid, score, metadata)


def without_mbid(number: int) -> Feedback:
    """One that MusicBrainz does not know: it has only the id that ListenBrainz gave it, and no release."""
    known = feedback(number)
    msid = known.recording_msid
    words = {"track_name": f"Title {number}", "artist_name": f"Artist {number}"}
    return replace(known, recording_mbid=None, track_metadata={**words, "additional_info": {"recording_msid": msid}})


def without_words(number: int) -> Feedback:
    """One whose metadata the service does not have."""
    return replace(feedback(number), recording_msid=None, track_metadata=None)


def recording_id(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{number}"))


def rate_limited(reset_in: str | None = "5") -> Refuse:
    """Too many calls, as ListenBrainz says it: with a header of its own and no Retry-After."""
    headers = {"X-RateLimit-Limit": str(WINDOW_CALLS), "X-RateLimit-Remaining": "0"}
    if reset_in is not None:
        headers["X-RateLimit-Reset-In"] = reset_in
    return Refuse(429, {"code": 429, "error": _TOO_MANY}, headers)


class ListenBrainzServer(Loopback):
    """Serves users and their feedback; `url` is as `MUSIC_SYNC_LISTENBRAINZ_URL` wants it."""

    def __init__(self, *said: Feedback) -> None:
        super().__init__()
        self.users: dict[str, list[Feedback]] = {USER: list(said)}
        self.tokens = {TOKEN}
        self.wants_token = False
        """Refuse to read without a token, as the service does with some of its addresses."""
        self.counts_hated = False
        """Count what is hated in `total_count` too, as some versions of the server do whatever score is asked for."""
        self._made = 0

    @property
    def said(self) -> list[Feedback]:
        """What the user said; put in more, or take some away."""
        return self.users[USER]

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", "/1/user/(?P<user>[^/]+)/get-feedback", self._feedback),
            ("GET", "/1/validate-token", self._validate),
        )

    def unknown(self, request: Request) -> Answer:
        return _error(404, f"The requested URL {request.path} was not found on the server.")

    def _feedback(self, request: Request) -> Answer:
        self._check_token(request)
        score, offset = _number(request, "score", None), _number(request, "offset", 0)
        count = min(_number(request, "count", USUAL) or 0, MOST)
        names = {name.casefold(): name for name in self.users}
        user = names.get(request.parts["user"].casefold())
        if user is None:
            raise Refused(_error(404, f"Cannot find user: {request.parts['user']}"))
        if score and score not in {LOVED, HATED}:
            raise Refused(_error(400, "Score can have a value of 1 or -1."))
        everything = sorted(self.users[user], key=lambda each: -each.created)
        meant = [each for each in everything if not score or each.score == score]
        shown = meant[offset or 0 :][:count]
        has_metadata = request.query.get("metadata") == "true"
        body = {
            "feedback": [_shown(each, user, has_metadata=has_metadata) for each in shown],
            "count": len(shown),
            "total_count": len(everything if self.counts_hated else meant),
            "offset": offset,
        }
        return Answer(200, body, self._window())

    def _validate(self, request: Request) -> Answer:
        token = _token(request)
        if not token:
            return _error(400, "You need to provide an Authorization token.")
        verdict: dict[str, Any] = {"message": "Token invalid.", "valid": False}
        if token in self.tokens:
            verdict = {"message": "Token valid.", "valid": True, "user_name": USER}
        return Answer(200, {"code": 200, **verdict}, self._window())

    def _check_token(self, request: Request) -> None:
        token = _token(request)
        if "authorization" not in request.headers:
            if self.wants_token:
                raise Refused(_error(401, "You need to provide an Authorization header."))
        elif token not in self.tokens:
            raise Refused(_error(401, "Invalid authorization token."))

    def _window(self) -> dict[str, str]:
        """Its rate headers; a window that is used up is followed by the next at once."""
        self._made += 1
        left = WINDOW_CALLS - (self._made - 1) % WINDOW_CALLS - 1
        return {
            "X-RateLimit-Limit": str(WINDOW_CALLS),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset-In": "10",
        }


def _shown(said: Feedback, user: str, *, has_metadata: bool) -> dict[str, Any]:
    return {
        "created": said.created,
        "recording_mbid": said.recording_mbid,
        "recording_msid": said.recording_msid,
        "score": said.score,
        "track_metadata": said.track_metadata if has_metadata else None,
        "user_id": user,
    }


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme == _SCHEME else ""


def _number(request: Request, name: str, otherwise: int | None) -> int | None:
    text = request.query.get(name)
    if text is None:
        return otherwise
    try:
        number = int(text)
    except ValueError:
        raise Refused(_error(400, f"Invalid {name} argument: {text}")) from None
    if number < FEWEST and name != "score":
        raise Refused(_error(400, f"'{name}' should be a non-negative integer"))
    return number


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"code": status, "error": message})
