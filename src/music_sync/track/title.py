"""What a name says: artists, plain title, guests and version, out of the fields of a store or the title of an upload."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from music_sync.track.words import DASHED, MOST_LETTERS, folded, kinds_in, names_a_version, tokens, words_of

Words = tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """One reading of an artist and a title; all words in the form in which they are compared."""

    artists: tuple[Words, ...]
    """Each artist as words; empty when none is told."""
    title: Words
    kinds: frozenset[str] = frozenset()
    """Kinds of version: remix, live ..."""
    version: frozenset[str] = frozenset()
    """The words beside the kinds: the remixer, the place of a concert."""
    guests: tuple[Words, ...] = ()
    asides: Words = ()
    """What else stands in brackets: a subtitle, a label."""
    full: Words = ()
    """The title with its asides, as they stand."""
    form: str = "given"
    """`given`: the artist stood in a field of its own; `upload`: before the dash of a title; `turned`: behind it."""

    @property
    def everybody(self) -> tuple[Words, ...]:
        return (*self.artists, *self.guests)


@lru_cache(maxsize=4096)
def readings(artist: str, title: str) -> tuple[Named, ...]:
    """The ways in which a name can be read, the likeliest first: as it stands, or as `Artist - Title` of an upload."""
    artist, title = artist[:MOST_LETTERS], title[:MOST_LETTERS]
    plain = _tidied(title)
    uploader = _UPLOADERS.sub("", artist).strip() or artist
    given = _named(uploader, plain)
    said_by_uploader = frozenset(_artist_kinds(uploader))
    uploads, turned = [], []
    for before, after in _splits(plain):
        uploads.append(_named(before, after, form="upload", kinds=said_by_uploader))
        bare = _BRACKET.sub(" ", after)
        if not names_a_version(bare):
            brackets = " ".join(found[0] for found in _BRACKET.finditer(after))
            turned.append(_named(bare, f"{before} {brackets}", form="turned", kinds=said_by_uploader))
    if not uploads and given.artists:
        turned.append(_named(title, artist, form="turned"))
    # The uploader's own name before the dash says nothing new, so that the plain reading would be wrong.
    is_own = bool(uploads) and bool(set(uploads[0].artists) & set(given.artists))
    return tuple(dict.fromkeys([*([] if is_own else [given]), *uploads, *turned]))


def artists_in(text: str) -> tuple[Words, ...]:
    """Each artist of a field, as words: split at commas, `feat.`, `&`, `x`, `vs`, `with` and the like."""
    if not text:
        return ()
    parts = _BETWEEN_ARTISTS.split(text)
    found = (_one_artist(part) for part in parts)
    return tuple(dict.fromkeys(words for words in found if words))


def is_number(word: str) -> bool:
    """Does a word count: 2, II, two, pt2? Titles that differ in such a word are different ones."""
    return bool(_NUMBER.fullmatch(folded(word)))


# An upload's title


def _tidied(title: str) -> str:
    """A title without what only advertises or files it: `(Official Video)`, `[FREE DL]`, `PREMIERE:`, `01.`, `.mp3`."""
    text = _ENDING.sub("", title.strip())
    if "_" in text and " " not in text:
        text = text.replace("_", " ") if _LONE_DASH.search(text) else _JOINING_DASH.sub(" - ", text).replace("_", " ")
    text = _STARS.sub(r"[\1]", text)
    text = _HASHTAGS.sub(_hashtags, text)
    text = _SPACED_OUT.sub(lambda found: found[0].replace(" ", ""), text)
    shorter = _NOISE_BEFORE.sub("", text)
    for _ in range(4):
        before, shorter = shorter, _BRACKET.sub(lambda found: " " if _is_noise(found[1]) else found[0], shorter)
        shorter = _NOISE_BEHIND.sub("", shorter).strip(" -–—|~•·/")
        if shorter == before:
            break
    return " ".join(shorter.split()) or title


def _hashtags(found: re.Match[str]) -> str:
    """Hashtags behind a title are noise, but for those that name a version: ` #techno #spedup` -> ` [spedup]`."""
    kinds = [tag for tag in found[0].replace("#", " ").split() if kinds_in(tag)[0]]
    return "".join(f" [{tag}]" for tag in kinds)


def _is_noise(part: str) -> bool:
    """Does a part in brackets, or behind a dash, say nothing of the track?"""
    words = set(tokens(part))
    if words & _NOISE_TOLD and words <= _NOISE_TOLD | _NOISE_BESIDE:
        return True
    if _DOMAIN.fullmatch(part.strip()) or _CATALOGUE.fullmatch(part.strip()):
        return True
    return bool(_NOISE.fullmatch(part.strip())) and not kinds_in(part)[0]


def _splits(plain: str) -> Iterator[tuple[str, str]]:
    """The artist and title that an upload's title may consist of."""
    segments = [_NOISE_BEHIND.sub("", part.strip()) for part in _BARS.split(plain)]
    segments = [part for part in segments if part]
    found = False
    for part in segments:
        versions = "".join(f" [{other}]" for other in segments if other != part and names_a_version(other))
        for before, after in (*_dashed(part), *_quoted(part)):
            found = True
            yield before, after + versions
    if found:
        return
    if len(segments) > 1:
        yield segments[0], segments[1]
        return
    for pattern in (_COLON, _SLASH):
        yield from _split_at(pattern, plain)


def _dashed(part: str) -> Iterator[tuple[str, str]]:
    """`Artist - Title`, and the rest of `Genre - Artist - Title` or `Catalogue number - Artist - Title`."""
    for before, after in _split_at(_DASH, part):
        yield _NOISE_BEHIND.sub("", before), after
        for artist, title in _split_at(_DASH, after):
            if not names_a_version(title):
                yield artist, title


def _quoted(part: str) -> Iterator[tuple[str, str]]:
    """`Artist "Title"`, with nothing behind it but brackets."""
    for opening, closing in _QUOTES:
        start, end = part.find(opening), part.rfind(closing)
        before, inside, behind = (
            part[:start].strip(" -–—"),
            part[start + len(opening) : end].strip(),
            part[end + 1 :].strip(),
        )
        if 0 < start < end and before and inside and (not behind or _BRACKET.match(behind)):
            yield _NOISE_BEHIND.sub("", before), f"{inside} {behind}"


def _split_at(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind the first match outside brackets, unless one of them is empty."""
    found = pattern.search(_BRACKET.sub(lambda part: "." * len(part[0]), text))
    if not found:
        return
    before, after = text[: found.start()].strip(), text[found.end() :].strip()
    if before and after:
        yield before, after


# Parts of a name


def _named(artist: str, title: str, *, form: str = "given", kinds: frozenset[str] = frozenset()) -> Named:
    parts = _Parts(set(kinds))
    with_asides = parts.without_dashed(parts.without_brackets(title))
    with_asides, _, guest = _partition(_GUESTS, with_asides)
    parts.guests += artists_in(_BRACKET.sub(" ", guest))
    with_asides = " ".join((with_asides, *(aside[0] for aside in _BRACKET.finditer(guest))))
    with_asides = parts.without_trailing(with_asides)
    artist, _, guest = _partition(_GUESTS, _flat(artist))
    parts.guests += artists_in(guest)
    for alias in _BRACKET.findall(artist):
        parts.guests += artists_in(alias)
    parts.kinds |= _artist_kinds(artist)
    artists = artists_in(_BRACKET.sub(" ", artist)) or artists_in(artist)
    outside = _BRACKET.sub(" ", with_asides)
    full = title_words(with_asides) or tokens(title)
    return Named(
        () if frozenset(artists) <= _NOBODY else artists,
        (title_words(outside) if any(map(str.isalnum, outside)) else ()) or full,
        frozenset(parts.kinds),
        frozenset(parts.version),
        tuple(dict.fromkeys(parts.guests)),
        tuple(word for aside in _BRACKET.findall(with_asides) for word in title_words(aside)),
        full,
        form,
    )


class _Parts:
    """What is taken out of a title while it is read."""

    def __init__(self, kinds: set[str]) -> None:
        self.kinds = kinds
        self.version: set[str] = set()
        self.guests: list[Words] = []

    def without_brackets(self, title: str) -> str:
        """The title without brackets that name a version or a guest; a title that is all in brackets stays."""
        rest = _BRACKET.sub(self._taken, title)
        rest = _BRACKET.sub(self._taken, flat) if (flat := _flat(rest)) != title else rest
        return rest if rest.strip() else title

    def without_dashed(self, title: str) -> str:
        """The title without versions and guests behind dashes."""
        while dashed := DASHED.search(title):
            if not title[: dashed.start()].strip() or not self.take(dashed[1]):
                break
            title = title[: dashed.start()]
        return title

    def without_trailing(self, title: str) -> str:
        """The title without a version that stands bare at its end: `Song Remix`, `Song slowed + reverb`."""
        found = _TRAILING.search(title)
        if not found or not title[: found.start()].strip():
            return title
        self.kinds |= kinds_in(found[0])[0]
        return title[: found.start()]

    def take(self, part: str) -> bool:
        """Take a part that names a version or a guest; say whether it does."""
        guest = _GUEST_ALONE.match(part)
        if guest:
            self.guests += artists_in(part[guest.end() :])
        elif names_a_version(part):
            kinds, beside = kinds_in(part)
            self.kinds |= kinds
            self.version |= set(beside)
        else:
            return not tokens(part) or set(tokens(part)) <= _PLAIN_VERSION
        return True

    def _taken(self, found: re.Match[str]) -> str:
        return " " if self.take(found[1]) else found[0]


def _flat(text: str) -> str:
    """A text whose brackets hold no further ones."""
    if not _NESTED.search(text):
        return text
    depth, found = 0, []
    for letter in text:
        depth += (letter in _OPENING) - (letter in _CLOSING and depth > 0)
        is_inner = depth > 1 or (depth == 1 and letter in _CLOSING)
        found.append(" " if is_inner and letter in _OPENING + _CLOSING else letter)
    return "".join(found)


def title_words(text: str) -> Words:
    """The words of a title, with parts, volumes and their numbers in one spelling: `Pt. II` and `Part 2` are the same."""
    found = [_SPELLINGS.get(word, word) for word in tokens(text)]
    last = len(found) - 1
    for place, word in enumerate(found):
        if place and found[place - 1] in _COUNTED:
            found[place] = _NUMERALS.get(word, word)
        elif place and place == last and len(word) > 1:
            found[place] = _ROMAN.get(word, word)
        elif place < last and found[place + 1] in _ADDRESSED:
            found[place] = _FOR_ADDRESSED.get(word, word)
        elif last and word in _CHATTED:
            found[place] = _CHATTED[word]
    return tuple(found)


def _one_artist(part: str) -> Words:
    words = tuple(_TITLES.get(word, word) for word in tokens(part))
    if len(words) > 1 and words[-1] == "the":
        return words[:-1]
    return words[1:] if len(words) > 1 and words[0] == "the" else words


def _artist_kinds(artist: str) -> set[str]:
    """What an artist's name says of all its tracks: karaoke, tributes, nightcore."""
    return {kind for kind, pattern in _ARTIST_KINDS if pattern.search(artist)}


def _partition(pattern: re.Pattern[str], text: str) -> tuple[str, str, str]:
    found = pattern.search(text)
    return (text[: found.start()], found[0], text[found.end() :]) if found and found.start() else (text, "", "")


_BRACKET = re.compile(r"[(\[{【（「『<]([^()\[\]{}【】（）「」『』<>]*)[)\]}】）」』>]")
_OPENING, _CLOSING = "([{【（", ")]}】）"
_NESTED = re.compile(r"[(\[{【（][^)\]}】）]*[(\[{【（]")
_BARS = re.compile(r"\s+[|｜~]+\s+|\s+//+\s+")
_DASH = re.compile(r"\s+[-–—_]+\s+|\s*[–—]\s+")
_COLON = re.compile(r"(?<=\w):\s+")
_SLASH = re.compile(r"\s+/\s+")
# An apostrophe opens a quotation only behind a space.
_QUOTES = (('"', '"'), ("“", "”"), (" '", "'"), (" ‘", "’"), ("「", "」"), ("『", "』"))
_LONE_DASH = re.compile(r"_-_")
_JOINING_DASH = re.compile(r"(?<=\w)-(?=\w)")
_ENDING = re.compile(r"\.(?:mp3|m4a|flac|wav|aiff?|ogg|opus|mp4)$", re.IGNORECASE)
_STARS = re.compile(r"(?<!\S)\*+([^*]+)\*+(?!\S)")
_HASHTAGS = re.compile(r"(?<=\S)(?:\s+#[^\W\d]\w*)+\s*$")
_SPACED_OUT = re.compile(r"(?<![\w'])(?:[^\W\d_] ){3,}[^\W\d_](?![\w'])")
_GUESTS = re.compile(r"\s(?:feat\.?|ft\.?|featuring|w/|prod\.?(?:\s+by)?)\s+", re.IGNORECASE)
_GUEST_ALONE = re.compile(r"\s*(?:feat\.?|ft\.?|featuring|with|w/|prod\.?(?:\s+by)?)\s+", re.IGNORECASE)
_BETWEEN_ARTISTS = re.compile(
    r"\s*[,;、・，]\s*|\s+(?:&|\+|x|×|vs?\.?|versus|and|und|y|et|with|feat\.?|ft\.?|featuring|pres\.?|presents)\s+|\s+/\s+",
    re.IGNORECASE,
)
_UPLOADERS = re.compile(r"\s+-\s+topic$|(?<=\w)vevo$|\s+(?:official|records|recordings|music)$", re.IGNORECASE)
_NOBODY = frozenset(
    {
        ("unknown",),
        ("unknown", "artist"),
        ("various",),
        ("various", "artists"),
        ("va",),
        ("v", "a"),
        ("artist",),
        ("na",),
    }
)
_ARTIST_KINDS = (
    ("karaoke", re.compile(r"karaoke|カラオケ|караоке|backing\s+track", re.IGNORECASE)),
    ("cover", re.compile(r"\b(?:tributes?|lullab\w+|covers?|revival\s+band|made\s+famous)\b", re.IGNORECASE)),
    ("nightcore", re.compile(r"nightcore", re.IGNORECASE)),
    ("8d", re.compile(r"\b8d\b", re.IGNORECASE)),
)

# Noise: a part of these words only, at least one of the first.
_NOISE_TOLD = words_of(
    "official video audio visualizer visualiser lyrics lyric hd hq uhd 4k 8k 1080p 720p mv pv oficial officiel officielle "
    "offizielles officieel ufficiale videoclip videoklip premiere exclusive explicit dirty 320kbps flac "
    "официальный официальное клип премьера 公式"
)
_NOISE_BESIDE = words_of(
    "music clip release stream version the with on screen full song track only remaster remastered quality high hi res "
    "video musique clipe m v in и видео аудио letra de la paroles testo not short film"
)
_PLAIN_VERSION = words_of("original mix version album lp main standard studio full single")
_NOISE = re.compile(
    r"free\s*(?:dl|d/l|download|flp|track|release)s?(?:\s*[|+&-].*)?|(?:free\s+)?download(?:\s+(?:in|link).*)?|"
    r"buy\s*=\s*free.*|click\s+buy.*|out\s+now\b.*|(?:now\s+)?available\b.*|(?:forthcoming|coming)\b.*|"
    r"supported\s+by.*|support(?:ed)?:.*|played\s+by.*|(?:beatport|spotify)(?:\s+exclusive.*)?|no\s+copyright\b.*|ncs(?:\s+release)?|"
    r"copyright\s+free.*|bpm\s*\d+|\d{2,3}\s*bpm\b.*|\d{1,2}[ab]|[a-g][#b]?\s?m(?:in|aj)?(?:or)?|monstercat(?:\s+release)?|"
    r"\d{2,4}\s*k(?:bps|bit)\b.*|"
    r"(?:vinyl|web|cd|tape)[\s-]*rip|new!*|"
    # A catalogue number; a word that counts is none.
    r"(?!(?:pt|part|teil|vol|no|nr|take|track|act|ep|episode|chapter|book|level|phase|stage|op|live|mix|remix|rmx|edit|dub|vip|demo|"
    r"session|ver|version|side|disc|cd|untitled)[\s-]*\d)"
    r"[a-z]{2,10}-?\d{2,5}[a-z]{0,3}",
    re.IGNORECASE,
)
_CATALOGUE = re.compile(r"(?!PART|VOL|TAKE|TRACK|ACT|LIVE|SIDE|DISC)[A-Z]{2,10} (?:0\d+|\d{3,4})")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+(?:com|net|org|info|vip|me|to|fm|ru|biz|site|club|xyz|io)", re.IGNORECASE)
_NOISE_BEHIND = re.compile(
    r"[\s\-–—|~•·]+(?:official\s+(?:(?:music|lyrics?|hd|4k)\s+)?(?:video|audio|mv|m/v|visuali[sz]er|clip)"
    r"|free\s*(?:dl|download)|out\s+now)!*\s*$|\s*[-–—|~•·/]+\s*(?:lyrics?(?:\s+video)?|audio|hq|hd|premiere|out\s+now\b[^-–—|]*)\s*$"
    r"|(?<=[」』】”\"'’)\]])\s*(?:official\s+)?(?:music\s+video|mv|m/v|pv)\s*$|\s(?:m/v|pv)\s*$",
    re.IGNORECASE,
)
_NOISE_BEFORE = re.compile(
    r"^(?:[\[(【]?\s*(?:world\s+)?(?:premiere|exclusive|free\s*(?:dl|download)|out\s+now|hd|hq|new|mv|m/v)\s*[\])】]\s*[:|•-]*\s*(?=\S)"
    r"|(?:[\w.]+\s+)?(?:premiere|exclusive)\s*(?:[:|•-]+|//)\s*(?=\S)|(?:free\s*)?(?:dl|download)\s*[:|]\s*(?=\S)"
    r"|(?:premiere|exclusive)\s+(?=\S)|(?:\d{2}|[a-d]\d)\s*[.)-]\s+|\d{1,2}\.\s+|[a-d]\d\s+(?=\S+(?:\s+\S+){0,5}\s+-\s))",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"\s+(?:[-–—|~]\s*)?(?:slowed(?:\s*[+&]\s*reverb|\s+(?:and|n)\s+reverb|\s+reverb|\s+down)?|sped\s+up|nightcore|karaoke(?:\s+version)?|"
    r"(?:official\s+)?instrumental|a\s*c*ap+el+a|8d(?:\s+audio)?|bass\s+boosted|bootleg|mash\s*up|remix|rmx|extended(?:\s+mix|\s+version)?|"
    r"radio\s+edit|original\s+mix|reverb|v\.?i\.?p\.?)\s*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:pt|part|no|vol|ep|act|op|chapter|side)?\d+(?:st|nd|rd|th)?|[ivx]+|one|two|three|four|five|six|seven|eight|nine|ten|"
    r"first|second|third|fourth|fifth|erste[rns]?|zweite[rns]?|[a-d]"
)
_SPELLINGS = dict.fromkeys(("pt", "parte", "partie", "teil"), "part") | dict.fromkeys(("number", "nr", "num"), "no")
_SPELLINGS["volume"] = "vol"
_COUNTED = frozenset({"part", "vol", "no", "chapter", "act", "book", "side", "op"})
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_NUMERALS = _ROMAN | {
    "i": "1",
    "v": "5",
    "x": "10",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}
_ADDRESSED = frozenset({"u", "you", "me"})
_FOR_ADDRESSED = {"2": "to", "4": "for"}
_CHATTED = {"u": "you", "ur": "your", "luv": "love"}
_TITLES = {"saint": "st", "doctor": "dr", "mister": "mr"}
