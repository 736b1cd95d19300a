"""How words are compared: letters in one form, and the words that name a version of a track."""

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ŋ": "n"}
)
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_TOKEN = re.compile(r"[^\W_]+")
_SYMBOL = re.compile(r"[^\w\s]")
_ANDS = re.compile(r"(?<=\s)(?:&|\+|n['’]?|['’]n['’]?)(?=\s)", re.IGNORECASE)

KINDS: tuple[tuple[str, str], ...] = (
    ("spedup", r"sped[\s-]*up|speed[\s-]*up|spedup|pitched[\s-]*up"),
    (
        "slowed",
        r"slowed(?:[\s+&-]*(?:and[\s-]*)?(?:down|reverb(?:ed)?|n[\s-]*reverb))*|chopped[\s+&-]*(?:n|and)?[\s-]*screwed",
    ),
    ("nightcore", r"nightcore|daycore"),
    ("8d", r"[89]d(?:[\s-]*(?:audio|music|version|tunes))?|16d(?:[\s-]*audio)?"),
    ("bassboosted", r"bass[\s-]*boost(?:ed)?"),
    ("loop", r"(?:\d+|one|ten)[\s-]*hours?(?:[\s-]*(?:loop|version|long))?|looped|on[\s-]*repeat"),
    ("karaoke", r"karaoke|sing[\s-]*along|backing[\s-]*track|minus[\s-]*one|playback[\s-]*version"),
    (
        "cover",
        (
            r"(?:[^\W_]+[\s-]+)*?cover(?:ed)?(?:[\s-]+(?:by|of|version|song))?|originally[\s-]+(?:performed|by|recorded).*"
            r"|(?:made[\s-]+famous|in[\s-]+the[\s-]+style|as[\s-]+made[\s-]+famous).*|tribute(?:[\s-]+(?:to|version))?.*"
        ),
    ),
    ("acapella", r"a[\s-]*cap+ella|acapp?ella|vocals?[\s-]*only|pella"),
    ("instrumental", r"instrumentals?|inst|no[\s-]*vocals?"),
    ("mashup", r"mash[\s-]*up|vs\.?[\s-]*mix"),
    ("bootleg", r"bootleg|boot(?![\w-])"),
    ("flip", r"flip"),
    ("vip", r"v\.?i\.?p\.?(?:[\s-]*mix)?"),
    (
        "rework",
        r"re[\s-]*work(?:ed)?|re[\s-]*fix|re[\s-]*touch|re[\s-]*imagin(?:ed|ing)|re[\s-]*construction|re[\s-]*build",
    ),
    ("reedit", r"re[\s-]*edit(?:ed)?"),
    ("remix", r"re[\s-]*mix(?:ed|es)?|rmx|remezcla"),
    ("mixed", r"mixed(?:\s+by)?|continuous[\s-]*(?:dj[\s-]*)?mix|dj[\s-]*mix|mega[\s-]*mix|medley"),
    (
        "extended",
        r"extended|ext\.?(?=[\s-]*(?:mix|version|edit))|12[\s-]*(?:\"|''|”|inch)|long[\s-]*(?:version|mix)|full[\s-]*length",
    ),
    (
        "radio",
        r"radio(?:[\s-]*(?:edit|mix|version|cut))?|single[\s-]*(?:edit|mix)|short[\s-]*(?:edit|version|mix)|7[\s-]*(?:\"|''|inch)",
    ),
    ("club", r"club(?:[\s-]*(?:mix|edit|version))?"),
    ("dub", r"dub(?:[\s-]*(?:mix|version))?|dubplate"),
    (
        "live",
        r"live(?:[\s-]+(?:at|in|from|on|@|version|session|performance|recording|edit)\b.*)?|en[\s-]+(?:vivo|directo)|ao[\s-]+vivo|concert",
    ),
    ("session", r"(?:\w+[\s-]+)?sessions?(?:[\s-]+version)?|peel[\s-]+session|unplugged|on[\s-]+kexp|tiny[\s-]+desk"),
    ("acoustic", r"acoustics?|acustic[oa]|stripped(?:[\s-]*(?:back|down))?"),
    ("orchestral", r"orchestral|symphonic|philharmonic|strings?[\s-]+version|string[\s-]+quartet"),
    ("piano", r"(?:solo[\s-]+)?piano(?:[\s-]+(?:version|solo))?|lullaby(?:[\s-]+version)?|music[\s-]*box"),
    (
        "demo",
        r"demos?(?:[\s-]+(?:version|take|tape))?|rough[\s-]+(?:mix|cut)|early[\s-]+version|work[\s-]*tape|unfinished[\s-]+version",
    ),
    (
        "rerecorded",
        r"re[\s-]*record(?:ed|ing)s?|[^\W_]{3,}s[\s-]+version|new[\s-]+(?:recording|version)|(?:19|20)\d\d[\s-]+version",
    ),
    ("remaster", r"(?:(?:19|20)\d\d[\s-]+)?(?:digital(?:ly)?[\s-]+)?re[\s-]*master(?:ed|ing)?(?:[\s-]+(?:19|20)\d\d)?"),
    ("reprise", r"reprise|interlude|intro|outro|skit|prelude"),
    (
        "alternate",
        r"alternat(?:e|ive)(?:[\s-]+(?:take|version|mix))?|(?:alt\.?[\s-]*)?take[\s-]*\d+|outtake|b[\s-]*side[\s-]+version",
    ),
    ("clean", r"clean(?:[\s-]*(?:version|edit))?|censored"),
    ("stereo", r"(?:mono|stereo|binaural|dolby[\s-]*atmos|surround)(?:[\s-]*(?:mix|version))?"),
    ("preview", r"previews?|snippet|teaser|clip|trailer|excerpt|sneak[\s-]*peek|out[\s-]+(?:soon|on)\b.*"),
    ("edit", r"edits?|cut"),
)
"""Kind of version -> how it is written; the first that fits counts, so the longer ones stand first."""

_KIND_PATTERNS = tuple((kind, re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)) for kind, pattern in KINDS)
NEUTRAL = frozenset(
    {
        "original",
        "mix",
        "version",
        "the",
        "album",
        "full",
        "by",
        "and",
        "a",
        "an",
        "s",
        "explicit",
        "of",
        "at",
        "in",
        "x",
    }
)
"""Words that tell no version apart."""
_FEATURED = re.compile(r"^\s*(?:feat|ft|featuring|with|w/|prod)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[{【（「『<]([^()\[\]{}【】（）「」『』<>]*)[)\]}】）」』>]")
_DASHED = re.compile(r"\s[-–—|~]\s([^-–—|~]+)$")


def folded(text: str) -> str:
    """One form for all spellings: full-width, accents, case, apostrophes, `&`; letters of other scripts stay."""
    wide = unicodedata.normalize("NFKC", text).translate(_FANCY_DASHES)
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", wide) if not "\u0300" <= mark <= "\u036f")
    composed = unicodedata.normalize("NFC", plain).casefold().translate(_LETTERS)
    return _APOSTROPHES.sub("", _ANDS.sub("and", composed))


_FANCY_DASHES = str.maketrans({"‐": "-", "‑": "-", "‒": "-", "−": "-"})


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text in one form; a text of signs only is its signs."""
    plain = folded(text)
    found = tuple(_TOKEN.findall(plain))
    return found or tuple(_SYMBOL.findall(plain))


@lru_cache(maxsize=4096)
def kinds_in(part: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The kinds of version that a part of a title names, and the words beside them, such as the remixer's name."""
    kinds = set()
    rest = folded(part)
    for kind, pattern in _KIND_PATTERNS:
        shorter = pattern.sub(" ", rest)
        if shorter != rest:
            kinds.add(kind)
            rest = shorter
    return frozenset(kinds), tuple(word for word in tokens(rest) if word not in NEUTRAL)


def names_a_version(part: str) -> bool:
    """Does a bracketed or dashed part say which version this is?"""
    return not _FEATURED.match(part) and bool(kinds_in(part)[0])


def version_text(title: str) -> str:
    """The part of a title that names its version, as written: `Song (Someone Remix)` -> `Someone Remix`."""
    parts = [part for part in _BRACKETED.findall(title) if names_a_version(part)]
    plain = _BRACKETED.sub(" ", title)
    dashed = _DASHED.search(plain)
    if dashed and names_a_version(dashed[1]):
        parts.append(dashed[1])
    return ", ".join(part.strip() for part in parts)


def version_key(title: str) -> str:
    """The version in one spelling, for comparing: words folded and sorted; empty for the plain or original version."""
    words = set(tokens(version_text(title))) - NEUTRAL
    return " ".join(sorted(words))
