"""What a name says: artists, plain title, guests and version, out of the fields of a store or the title of an upload."""

import re
from dataclasses import dataclass

from music_sync.track.words import NEUTRAL, folded, kinds_in, names_a_version, tokens


@dataclass(frozen=True)
class Named:
    """One reading of an artist and a title; all words in the form in which they are compared."""

    artists: tuple[tuple[str, ...], ...]
    """Each artist as words; empty when none is told."""
    title: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    """Kinds of version: remix, live ..."""
    version: frozenset[str] = frozenset()
    """The words beside the kinds: the remixer, the place of a concert."""
    guests: tuple[tuple[str, ...], ...] = ()
    asides: tuple[str, ...] = ()
    """What else stands in brackets: a subtitle, a label, a catalogue number."""
    form: str = "given"
    """`given`: the artist stood in a field of its own; `upload`: before the dash of a title; `turned`: behind it."""

    @property
    def everybody(self) -> tuple[tuple[str, ...], ...]:
        return (*self.artists, *self.guests)


def readings(artist: str, title: str) -> tuple[Named, ...]:
    """The ways in which a name can be read, the likeliest first: as it stands, or as `Artist - Title` of an upload."""
    plain = _without_noise(title)
    uploader = _UPLOADERS.sub("", artist).strip() or artist
    found = [_named(uploader, plain)]
    before, dash, after = _split_at_dash(plain)
    if dash:
        as_upload = _named(before, after, form="upload")
        # The uploader's own name before the dash says nothing new, so that the plain reading would be wrong.
        is_own = _is_among(as_upload.artists, found[0].artists)
        found = [as_upload] if is_own else [*found, as_upload]
        if not names_a_version(after):
            found.append(_named(after, before, form="turned"))
    return tuple(dict.fromkeys(found))


def artists_in(text: str) -> tuple[tuple[str, ...], ...]:
    """Each artist of a field, as words: split at commas, `feat.`, `&`, `x`, `vs`, `with` and the like."""
    parts = _BETWEEN_ARTISTS.split(text)
    found = (_one_artist(part) for part in parts)
    return tuple(dict.fromkeys(words for words in found if words))


def _named(artist: str, title: str, *, form: str = "given") -> Named:
    kinds: set[str] = set()
    version: set[str] = set()
    guests: list[tuple[str, ...]] = []
    asides: list[str] = []
    rest, parts = _parts(title)
    artist, _, guest = _partition(_GUESTS, artist)
    guests += artists_in(guest)
    for part in parts:
        guest_text = _GUEST_ALONE.match(part)
        if guest_text:
            guests += artists_in(part[guest_text.end() :])
        elif names_a_version(part):
            found, beside = kinds_in(part)
            kinds |= found
            version |= set(beside)
        else:
            asides += (word for word in tokens(part) if word not in NEUTRAL)
    rest, _, guest = _partition(_GUESTS, rest)
    guests += artists_in(guest)
    rest, trailing = _trailing_kinds(rest)
    words = tokens(rest) or tokens(title)
    return Named(
        artists_in(artist),
        words,
        frozenset(kinds | trailing),
        frozenset(version),
        tuple(dict.fromkeys(guests)),
        tuple(asides),
        form,
    )


def _without_noise(title: str) -> str:
    """An upload's title without what advertises it: `(Official Video)`, `[FREE DL]`, `PREMIERE:`, a track number."""
    shorter = _NOISE_BEFORE.sub("", title.strip())
    for _ in range(4):
        before, shorter = shorter, _NOISE_BRACKETS.sub(" ", shorter)
        shorter = _NOISE_BEHIND.sub("", shorter).strip(" -–—|~•·")
        if shorter == before:
            break
    return " ".join(shorter.split()) or title


def _parts(title: str) -> tuple[str, list[str]]:
    """The title without its brackets and dashed version, and those."""
    parts: list[str] = []
    rest = title
    while True:
        found = _BRACKET.search(rest)
        if not found:
            break
        parts.append(found[1])
        outside = f"{rest[: found.start()]} {rest[found.end() :]}"
        if not outside.strip():
            # A title that is all in brackets is no aside.
            return parts.pop(), parts
        rest = outside
    while dashed := _DASHED.search(rest):
        if not (names_a_version(dashed[1]) or _GUEST_ALONE.match(dashed[1])) or not rest[: dashed.start()].strip():
            break
        parts.append(dashed[1])
        rest = rest[: dashed.start()]
    return rest, parts


def _trailing_kinds(title: str) -> tuple[str, set[str]]:
    """Kinds that stand bare at the end of an upload's title: `Song Remix`, `Song slowed + reverb`."""
    found = _TRAILING.search(title)
    if not found or not title[: found.start()].strip():
        return title, set()
    kinds, _ = kinds_in(found[0])
    return title[: found.start()], set(kinds)


def _split_at_dash(title: str) -> tuple[str, str, str]:
    found = _DASH.search(_mask_brackets(title))
    if not found:
        return title, "", ""
    return title[: found.start()].strip(), "-", title[found.end() :].strip()


def _mask_brackets(title: str) -> str:
    """The title with the inside of brackets blanked, so that a dash there splits nothing."""
    return _BRACKET.sub(lambda found: " " * len(found[0]), title)


def _one_artist(part: str) -> tuple[str, ...]:
    words = tokens(part)
    return words[1:] if len(words) > 1 and words[0] == "the" else words


def _is_among(some: tuple[tuple[str, ...], ...], others: tuple[tuple[str, ...], ...]) -> bool:
    return bool(set(some) & set(others))


def _partition(pattern: re.Pattern[str], text: str) -> tuple[str, str, str]:
    found = pattern.search(text)
    return (text[: found.start()], found[0], text[found.end() :]) if found and found.start() else (text, "", "")


def is_number(word: str) -> bool:
    """Does a word count: 2, II, two, pt2? Titles that differ in such a word are different ones."""
    return bool(_NUMBER.fullmatch(folded(word)))


_BRACKET = re.compile(r"[(\[{【（「『<]([^()\[\]{}【】（）「」『』<>]*)[)\]}】）」』>]")
_DASH = re.compile(r"\s+[-–—~|]+\s+|\s*[–—]\s+|\s+//\s+|:\s+(?=[\"“])")
_DASHED = re.compile(r"\s[-–—|~]\s*([^-–—|~]+)$")
_GUESTS = re.compile(r"\s(?:feat\.?|ft\.?|featuring|w/|prod\.?(?:\s+by)?)\s+", re.IGNORECASE)
_GUEST_ALONE = re.compile(r"\s*(?:feat\.?|ft\.?|featuring|with|w/|prod\.?(?:\s+by)?)\s+", re.IGNORECASE)
_BETWEEN_ARTISTS = re.compile(
    r"\s*[,;、・]\s*|\s+(?:&|\+|x|×|vs\.?|versus|and|und|y|et|with|feat\.?|ft\.?|featuring|pres\.?|presents)\s+|\s+/\s+",
    re.IGNORECASE,
)
_UPLOADERS = re.compile(r"\s+-\s+topic$|(?<=\w)vevo$|\s+(?:official|records|recordings|music)$", re.IGNORECASE)
_NOISE = (
    r"(?:the\s+)?official(?:\s+(?:hd|hq|4k|uhd))?(?:\s+(?:music|lyrics?|audio|video|clip|visuali[sz]er|release|version|stream|"
    r"mv|m/v))*|(?:music|lyrics?|audio|lyric)\s+video|visuali[sz]er|lyrics?(?:\s+on\s+screen)?|with\s+lyrics|audio(?:\s+only)?|"
    r"video(?:\s*clip)?|m/?v|hd|hq|uhd|4k|1080p|720p|full\s+(?:hd|song|track|album)|"
    r"free\s*(?:dl|d/l|download|flp|track|release)s?(?:\s*[|+&-].*)?|(?:free\s+)?download(?:\s+(?:in|link).*)?|"
    r"buy\s*=\s*free.*|click\s+buy.*|out\s+now(?:\s+.*)?|(?:now\s+)?available(?:\s+.*)?|premiere|exclusive|"
    r"supported\s+by.*|support(?:ed)?:.*|played\s+by.*|(?:beatport|spotify)(?:\s+.*)?|no\s+copyright(?:\s+.*)?|ncs(?:\s+release)?|"
    r"copyright\s+free(?:\s+.*)?|explicit|bpm\s*\d+|\d{2,3}\s*bpm|monstercat(?:\s+release)?|\d{4}|"
    r"[a-z]{2,8}[-\s]?\d{2,5}[a-z]?"
)
_NOISE_BRACKETS = re.compile(rf"[(\[{{【（]\s*(?:{_NOISE})\s*[)\]}}】）]", re.IGNORECASE)
_NOISE_BEHIND = re.compile(
    r"\s*[-–—|~•·]+\s*(?:official\s+(?:music\s+)?(?:video|audio|lyric\s+video|visuali[sz]er)|lyrics?(?:\s+video)?|free\s*(?:dl|download)|"
    r"out\s+now(?:\s+.*)?|audio|hq|hd)\s*$|\s+official\s+(?:music\s+)?(?:video|audio)\s*$|\s+\(?lyrics\)?\s*$|\s*#\w+\s*$",
    re.IGNORECASE,
)
_NOISE_BEFORE = re.compile(
    r"^(?:[\[(【]?\s*(?:world\s+)?(?:premiere|exclusive|free\s*(?:dl|download)|out\s+now|hd|hq|new)\s*[\])】]?\s*[:|•-]*\s+(?=\S)"
    r"|premiere\s*//\s*|(?:\d{2}|[a-d]\d)\s*[.)-]\s+|\d{1,2}\.\s+)",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"\s+(?:[-–—|~]\s*)?(?:slowed(?:\s*[+&]\s*reverb|\s+(?:and|n)\s+reverb|\s+reverb|\s+down)?|sped\s+up|nightcore|karaoke(?:\s+version)?|"
    r"instrumental|a\s*cap+ella|8d(?:\s+audio)?|bass\s+boosted|bootleg|mash\s*up|remix|rmx|extended(?:\s+mix|\s+version)?|radio\s+edit|"
    r"original\s+mix|reverb)\s*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:pt|part|no|vol|ep|act|op|chapter|side)?\d+(?:st|nd|rd|th)?|[ivx]+|one|two|three|four|five|six|seven|eight|nine|ten|"
    r"first|second|third|fourth|fifth|erste[rns]?|zweite[rns]?|[a-d]"
)
