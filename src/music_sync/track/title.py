"""What a name says: artists, plain title, guests and version, out of the fields of a store or the title of an upload."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from music_sync.track.spelling import Words, is_of_script, is_work
from music_sync.track.upload import by_colon, by_whom, in_two_scripts, mended, splits, tidied
from music_sync.track.words import (
    BRACKET,
    DASHED,
    MOST_LETTERS,
    SOUNDING,
    folded,
    kinds_in,
    names_a_version,
    tokens,
    words_of,
)


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
    aliases: tuple[Words, ...] = ()
    """Other names of the artists: in another script, or from another time."""
    asides: Words = ()
    """What else stands in brackets: a subtitle, a label."""
    full: Words = ()
    """The title with its asides, as they stand."""
    whole: Words = ()
    """All words of the title, version and guests among them."""
    context: frozenset[str] = frozenset()
    """What the track was made for: the words of a film, a series."""
    odd: frozenset[str] = frozenset()
    """Those words in brackets that may well name a version of a kind that we do not know."""
    own_kinds: frozenset[str] = frozenset()
    """Those kinds that the artist's name told, as that of a karaoke maker."""
    form: str = "given"
    """`given`: the artist stood in a field of its own; `upload`: before the dash of a title; `turned`: behind it;
    `composed`: in a field, and the composer before a colon."""

    @property
    def everybody(self) -> tuple[Words, ...]:
        return (*self.artists, *self.guests, *self.aliases)


@lru_cache(maxsize=4096)
def readings(artist: str, title: str) -> tuple[Named, ...]:
    """The ways in which a name can be read, the likeliest first: as it stands, or as `Artist - Title` of an upload."""
    artist, title = (mended(" ".join(text[:MOST_LETTERS].split())) for text in (artist, title))
    plain = tidied(title, is_alone=not artist.strip())
    uploader = _UPLOADERS.sub("", artist).strip() or artist
    given = _named(uploader, plain)
    said_by_uploader = frozenset(_artist_kinds(uploader))
    uploads, others = _uploads(plain, given, said_by_uploader)
    if twice := in_two_scripts(plain):
        others.append(_named(uploader, twice))
    others += _composed(plain, given, said_by_uploader)
    for before, after in by_whom(plain):
        others.append(_named(after, before, form="turned", kinds=said_by_uploader))
    if not uploads and given.artists:
        others.append(_named(title, artist, form="turned"))
    # The uploader's own name before the dash says nothing new, so that the plain reading would be wrong.
    is_own = bool(uploads) and bool(set(uploads[0].artists) & set(given.artists))
    if is_own:
        uploads = [replace(each, aliases=tuple(dict.fromkeys((*each.aliases, *given.aliases)))) for each in uploads]
    return tuple(dict.fromkeys([*([] if is_own else [given]), *uploads, *others]))


def _uploads(plain: str, given: Named, kinds: frozenset[str]) -> tuple[list[Named], list[Named]]:
    """The readings as `Artist - Title`, and those the other way round."""
    uploads, turned = [], []
    for before, after in splits(plain):
        if given.artists and is_work(plain) and f"{before}:" in plain:
            continue
        uploads.append(_named(before, after, form="upload", kinds=kinds))
        if twice := in_two_scripts(after):
            uploads.append(_named(before, twice, form="upload", kinds=kinds))
        bare = BRACKET.sub(" ", after)
        if not names_a_version(bare):
            brackets = " ".join(found[0] for found in BRACKET.finditer(after))
            turned.append(_named(bare, f"{before} {brackets}", form="turned", kinds=kinds))
    return uploads, turned


def _composed(plain: str, given: Named, kinds: frozenset[str]) -> Iterator[Named]:
    """The readings as `Composer: Work` beside a player, or as `Composer - Work`."""
    if not given.artists:
        return
    for composer, after in (*by_colon(plain), *(splits(plain) if is_work(plain) else ())):
        if is_work(composer):
            continue
        named = _named(composer, after, form="composed", kinds=kinds)
        yield replace(named, artists=(*given.artists, *named.artists))


def artists_in(text: str) -> tuple[Words, ...]:
    """Each artist of a field, as words: split at commas, `feat.`, `&`, `x`, `vs`, `with` and the like."""
    if not text:
        return ()
    parts = _BETWEEN_ARTISTS.split(" ".join(text.split()))
    found = (_one_artist(part) for part in parts)
    return tuple(dict.fromkeys(words for words in found if words))


def is_number(word: str) -> bool:
    """Does a word count: 2, II, two, pt2? Titles that differ in such a word are different ones."""
    return bool(_NUMBER.fullmatch(folded(word)))


# Parts of a name


def _named(artist: str, title: str, *, form: str = "given", kinds: frozenset[str] = frozenset()) -> Named:
    parts = _Parts(set(kinds))
    whole = tuple(word for word in title_words(title) if word not in _GUEST_WORDS)
    with_asides = parts.without_dashed(parts.without_brackets(title))
    with_asides, _, guest = _partition(_GUESTS, with_asides)
    parts.guests += artists_in(BRACKET.sub(" ", guest))
    with_asides = " ".join((with_asides, *(aside[0] for aside in BRACKET.finditer(guest))))
    with_asides = parts.without_trailing(with_asides)
    with_asides = _ARTICLE_BEHIND.sub(r"\2 \1", with_asides)
    both, _, guest = _partition(_GUESTS, _ARTICLE_BEHIND.sub(r"\2 \1", _flat(artist)))
    twice = in_two_scripts(both)
    artist, _, alias = _partition(_ALIAS, twice or both)
    parts.guests += artists_in(guest)
    aliases = [*artists_in(alias), *(artists_in(both) if twice else ())]
    own_kinds = set(kinds | _artist_kinds(artist))
    for beside in BRACKET.findall(artist):
        beside_kinds = kinds_in(beside)[0] if form != "given" else frozenset()
        own_kinds |= beside_kinds
        if not beside_kinds and tokens(beside)[-1:] not in _ROLES:
            names = artists_in(_GUEST_ALONE.sub("", beside))
            (parts.guests if _GUEST_ALONE.match(beside) else aliases).extend(names)
    parts.kinds |= own_kinds
    artists = artists_in(BRACKET.sub(" ", artist)) or artists_in(artist)
    outside = BRACKET.sub(" ", with_asides)
    full = title_words(with_asides) or tokens(title)
    return Named(
        () if frozenset(artists) <= _NOBODY else artists,
        (title_words(outside) if any(map(str.isalnum, outside)) else ()) or full,
        frozenset(parts.kinds),
        frozenset(parts.version),
        tuple(dict.fromkeys(parts.guests)),
        tuple(aliases),
        tuple(word for aside in BRACKET.findall(with_asides) for word in title_words(aside)),
        full,
        whole,
        frozenset(parts.context),
        frozenset(word for aside in BRACKET.finditer(with_asides) for word in _odd(aside, "".join(tokens(outside)))),
        frozenset(own_kinds),
        form,
    )


class _Parts:
    """What is taken out of a title while it is read."""

    def __init__(self, kinds: set[str]) -> None:
        self.kinds = kinds
        self.version: set[str] = set()
        self.guests: list[Words] = []
        self.context: set[str] = set()

    def without_brackets(self, title: str) -> str:
        """The title without brackets that name a version or a guest; a title that is all in brackets stays."""
        rest = BRACKET.sub(self._taken, title)
        rest = BRACKET.sub(self._taken, flat) if (flat := _flat(rest)) != title else rest
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
        """Take a part that names a version, a guest or what it was made for; say whether it does."""
        # Long runs of spaces take some of the patterns long.
        part = " ".join(part.split())
        guest, made_for = _GUEST_ALONE.match(part), _MADE_FOR.match(part)
        if guest and set(tokens(part[guest.end() :])) <= SOUNDING:
            # `(with strings)`, `(con mariachi)`: nobody's name.
            return False
        if guest:
            self.guests += artists_in(part[guest.end() :])
        elif player := _PLAYER.fullmatch(part):
            self.guests += artists_in(player[1])
        elif made_for:
            self.context |= set(tokens(part[made_for.end() :])) - _MADE_FOR_WORDS
        elif names_a_version(part):
            kinds, beside = kinds_in(part)
            self.kinds |= kinds
            self.version |= set(beside)
        elif set(tokens(part)) & _SCREENED or _SCREENED_ELSEWHERE.search(part):
            self.context |= set(tokens(part)) - _MADE_FOR_WORDS
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
    found = [_SPELLINGS.get(word, word) for word in tokens(_NUMBER_SIGN.sub(" no ", text))]
    found = ["part" if word in _PARTS and is_number(behind) else word for word, behind in pairwise([*found, ""])]
    if _COUNTED_AT_ONCE.search(" ".join(found)):
        found = [_SPELLINGS.get(word, word) for word in _COUNTED_AT_ONCE.sub(r"\1 \2", " ".join(found)).split()]
    last = len(found) - 1
    numerals = is_work(text)
    for place, word in enumerate(found):
        if (place and found[place - 1] in _COUNTED) or numerals:
            found[place] = _NUMERALS.get(word, word)
        elif place and place == last and len(word) > 1:
            found[place] = _ROMAN.get(word, word)
        elif place < last and found[place + 1] in _ADDRESSED:
            found[place] = _FOR_ADDRESSED.get(word, word)
        elif last and word in _CHATTED:
            found[place] = _CHATTED[word]
    return tuple(found)


def _odd(aside: re.Match[str], title: str) -> Words:
    """The words of a part in brackets that sound like a version, or stand alone; a subtitle has more words."""
    words = title_words(aside[1])
    is_lone = len(words) == 1 and is_of_script(words[0], title) and not aside[0].startswith("[")
    is_sounding = not SOUNDING.isdisjoint(words) or any(map(_COMPOUND.search, words))
    return words if is_lone or is_sounding else ()


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


_ARTICLE_BEHIND = re.compile(r"^(.*\S),\s*(the|an?|le|la|les|der|die|das|el|los|las)\s*$", re.IGNORECASE)
_ALIAS = re.compile(
    r"\s+(?:[fan]\.?k\.?a\.?|a/k/a|formerly(?:\s+known\s+as)?|also\s+known\s+as|alias|now\s+known\s+as)\s+",
    re.IGNORECASE,
)
_MADE_FOR = re.compile(
    r"\s*(?:(?:music|theme|song|taken|featured|as\s+(?:heard|seen|featured))\s+)?(?:from|in|off)\s+"
    r"(?=[\"“”„'‘’«「『]|(?:the|its)\s+(?:\w+\s+)*(?:film|movie|motion|series|show|soundtrack|game|album|musical|album|ep|lp)\b|.*\b(?:soundtrack|ost)\b)"
    r"|(?-i:\s*from\s+(?!(?:the|a|my|your|here|now)\b))",
    re.IGNORECASE,
)
"""`(from "A Film")`, `(from the series ...)`."""
_SCREENED_ELSEWHERE = re.compile(
    "アニメ|主題歌|テーマ|映画|ドラマ|主题曲|主題曲|片尾曲|片头曲|插曲|из\\s+(?:фильма|сериала)|드라마|영화"
)
_SCREENED = frozenset({"soundtrack", "ost"})
_MADE_FOR_WORDS = words_of(
    "soundtrack ost original motion picture film movie series netflix tv show game video music album musical "
    "score season s "
    "from the a an of in"
)
_COMPOUND = re.compile(
    r"\w(?:version|versjon|versie|fassung|mitschnitt|aufnahme|opname|uitvoering|inspelning|mix|edit)$"
)
"""Words for versions that are written in one with what they say: `Kammerversion`, `Konzertmitschnitt`."""
_PLAYER = re.compile(
    r"\s*(.+?)\s*[,/(]\s*(?:piano|violin|viola|cello|guitar|organ|harpsichord|flute|oboe|clarinet|soprano|tenor|baritone|alto|bass|"
    r"conductor|cond\.?|orchestra|dir\.?|klavier|violine|dirigent)\)?\s*",
    re.IGNORECASE,
)
_ROLES = frozenset(
    (role,)
    for role in [
        "piano",
        "composer",
        "vocals",
        "vocal",
        "guitar",
        "violin",
        "cello",
        "producer",
        "conductor",
        "orchestra",
        "drums",
        "bass",
        "arranger",
        "lyricist",
        "soloist",
    ]
)
_GUEST_WORDS = words_of("feat ft featuring with w prod by")
_OPENING, _CLOSING = "([{【（「『", ")]}】）」』"
_NESTED = re.compile(r"[(\[{【（「『][^)\]}】）」』]*[(\[{【（「『]")
_GUESTS = re.compile(
    r"\s(?:feat\b[.:]?|ft\b[.:]?|featuring|f/|w/|prod\b[.:]?(?:\s+by)?|produced\s+by)\s*(?=\S)", re.IGNORECASE
)
_GUEST_ALONE = re.compile(
    r"\s*(?:(?:feat\b[.:]?|ft\b[.:]?|featuring|prod\b[.:]?(?:\s+by)?|produced\s+by|with|con|mit|avec|part\.|starring|"
    r"при\s+уч\w+|при\s+участии)\s+|[wf]/\s*|(?:feat|ft|prod)[.:])(?=\S)",
    re.IGNORECASE,
)
_BETWEEN_ARTISTS = re.compile(
    r"\s*[,;、・，؛،|]\s*|\s+(?:&|\+|[xх]|×|✕|vs?\.?|versus|and|und|y|et|e|och|og|и|con|mit(?:\s+de[mnr])?|avec|with|w/|b2b|b3b|meets|feat\.?|ft\.?|featuring|"
    r"pres\.?|presents|introducing)\s+|\s*×\s*|\s+/\s+|(?<=\w)\s+feat\.|(?<=\w)/(?=\w)",
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
    ("typebeat", re.compile(r"\btype[\s-]*beats?\b", re.IGNORECASE)),
    ("8d", re.compile(r"\b8d\b", re.IGNORECASE)),
)

_PLAIN_VERSION = words_of(
    "original originale orig mix version versione versao album lp main standard studio full single"
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
_SPELLINGS = (
    dict.fromkeys(("pt", "pts", "parts", "parte", "partie", "teil", "часть"), "part")
    | dict.fromkeys(("number", "nr", "num"), "no")
    | {"volume": "vol"}
)
_PARTS = words_of("ч частина дел deo dio del deel osa czesc cast bolum resz μερος חלק الجزء جزء")
"""`Part`, but only before a number: most of these are other words too."""
_NUMBER_SIGN = re.compile(r"#(?=\d)|\bn[°º]\s*(?=\d)", re.IGNORECASE)
_COUNTED_AT_ONCE = re.compile(r"\b(pt|part|vol|no|op|ch|ep|act)(\d+|i{1,3}|iv|vi{0,3}|ix|x)\b")
_COUNTED = frozenset({"part", "vol", "no", "chapter", "act", "book", "side", "op"})
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_NUMERALS = (
    _ROMAN
    | {"i": "1", "v": "5", "x": "10"}
    | {
        word: str(number)
        for number, word in enumerate(
            ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], start=1
        )
    }
)
_ADDRESSED = frozenset({"u", "you", "me"})
_FOR_ADDRESSED = {"2": "to", "4": "for"}
_CHATTED = {"u": "you", "ur": "your", "luv": "love"}
_TITLES = {"saint": "st", "doctor": "dr", "mister": "mr"}
