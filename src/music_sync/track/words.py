"""How words are compared: letters in one form, and the words that name a version of a track."""

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ŋ": "n"}
    # Arabic is often typed without what tells these apart.
    | {"ى": "ي", "ة": "ه"}
    | dict.fromkeys("“”„‟″〃", '"')
)
_FANCY_DASHES = str.maketrans({"‐": "-", "‑": "-", "‒": "-", "−": "-"})
_MARKS_TO_DROP = re.compile(
    # й is a letter of its own; all other accents of Latin, Greek and Cyrillic, the points of Hebrew, the vowel signs
    # of Arabic, and what only says how an emoji is drawn may be missing.
    "(?<![иИ])\u0306|[\u0300-\u0305\u0307-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_SHOUTED = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])")
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_DOLLARS = re.compile(r"(?<=[^\W\d])\$|\$(?=[^\W\d])")
# The vowel signs of Indic and South-East Asian scripts are no letters for Unicode, but tell words apart.
_TOKEN = re.compile("(?:[^\\W_]|[\u0900-\u0963\u0966-\u109f\u1780-\u17d3\u3099\u309a])+")
_INITIALS = re.compile(r"(?<!\w)[^\W\d_](?:\.[^\W\d_])+(?:\.|(?!\w))")
_SYMBOL = re.compile(r"[^\w\s]")
_ANDS = re.compile(r"(?<=\s)(?:&|\+|n['’]?|['’]n['’]?)(?=\s)", re.IGNORECASE)

KINDS: tuple[tuple[str, str], ...] = (
    ("spedup", r"sped[\s-]*up|speed(?:ed)?[\s-]*up|fast[\s-]*version|pitched|[+-]\d+[\s-]*%|\d{3}[\s-]*hz"),
    ("slowed", r"slowed(?:[\s-]*down)?|slow[\s-]*version|reverb(?:ed)?|chopped|screwed"),
    ("nightcore", r"nightcore|daycore"),
    ("8d", r"(?:8|9|16)d(?:[\s-]*(?:audio|music|tunes))?"),
    ("effect", r"bass[\s-]*boost(?:ed)?|reversed|backwards|(?:empty|another|next)[\s-]+(?:mall|room|door|arena)"),
    ("loop", r"(?:\d+|one|ten)[\s-]*(?:h|hrs?|hours?|stunden|horas|heures)|loop(?:ed)?|on[\s-]*repeat"),
    ("karaoke", r"karaoke|sing[\s-]*along|backing[\s-]*track|minus[\s-]*one|play[\s-]*back|pista"),
    (
        "cover",
        (
            r"cover(?:ed|s)?|originally|made[\s-]+(?:famous|popular)|in[\s-]+the[\s-]+style|tribute|renditions?|lullab(?:y|ies)|"
            r"(?:8|16)[\s-]*bit|chiptune|music[\s-]*box|parod(?:y|ies)|ai[\s-]+(?:voice|version)"
        ),
    ),
    ("acapella", r"ac*ap+el+as?|a[\s-]cap+el+as?|acap|vocals?[\s-]*only|only[\s-]*vocals?|pella"),
    ("instrumental", r"instrumentals?|inst|instr|no[\s-]*vocals?|off[\s-]*vocal|beat[\s-]*only"),
    ("mashup", r"mash[\s-]*up"),
    ("bootleg", r"bootleg|boot|unofficial"),
    ("flip", r"flip"),
    ("vip", r"vip"),
    ("rework", r"re[\s-]*(?:work|fix|touch|imagin|construct|build|interpret)[a-z]*"),
    ("reedit", r"re[\s-]*edit(?:ed|s)?"),
    ("mixed", r"mixed|continuous|dj[\s-]*(?:mix|set)|mega[\s-]*mix|medley|mix[\s-]*cut"),
    ("remix", r"re[\s-]*mix(?:ed|es|en)?|rmx|remezcla|remiks"),
    ("extended", r"e?xtended|ext|12[\s-]*(?:\"|''|inch)|maxi|long[\s-]*(?:version|mix)|full[\s-]*length"),
    (
        "radio",
        r"radio|(?:single|video|short)[\s-]*(?:edit|mix|version|cut)|7[\s-]*(?:\"|''|inch)",
    ),
    ("club", r"club"),
    ("dub", r"dub(?:plate)?"),
    ("session", r"sessions?"),
    ("live", r"live|en[\s-]+(?:vivo|directo|concert)|ao[\s-]+vivo|dal[\s-]+vivo|in[\s-]+concert|concert|konzert|vivo"),
    ("acoustic", r"acoustics?|acustic[oa]|akustik|acoustique|stripped(?:[\s-]*(?:back|down))?"),
    ("orchestral", r"orchestral|symphonic|philharmonic|strings?[\s-]+version|string[\s-]+quartet"),
    ("piano", r"piano"),
    ("demo", r"demos?|rough|early[\s-]+version|work[\s-]*tape|unfinished[\s-]+version|sketch"),
    ("rerecorded", r"re[\s-]*record(?:ed|ings?|s)?|new[\s-]+(?:recording|version)"),
    (
        "remaster",
        r"(?:(?:19|20)\d\d[\s-]+)?(?:digital(?:ly)?[\s-]+)?re[\s-]*master(?:ed|izado|ing)?(?:[\s-]+(?:19|20)\d\d)?",
    ),
    ("reprise", r"reprise|interlude|intro|outro|skit|prelude"),
    ("alternate", r"alternat(?:e|ive)|alt|(?<!\w[\s-])take(?=[\s-]*\d)|alternate[\s-]*take|outtake"),
    ("clean", r"clean|censored"),
    ("mono", r"mono"),
    ("stereo", r"stereo"),
    ("spatial", r"binaural|(?:dolby[\s-]*)?atmos|surround|5\.1"),
    ("preview", r"previews?|snippet|teaser|clip|trailer|excerpt|sneak[\s-]*peek|shorts?|out[\s-]+(?:soon|on)"),
    (
        "about",
        r"tutorial|reaction|lesson|behind[\s-]+the[\s-]+scenes?|making[\s-]+(?:of|the)|interview|how[\s-]+to|review|explained|dance[\s-]+practice",
    ),
    ("edit", r"edit(?:ed|s)?|cut"),
)
"""Kind of version -> how it is written; the first that fits counts, so the longer ones stand first."""

_OTHER_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("karaoke", "カラオケ|伴奏|노래방|караоке|минус"),
    ("instrumental", "インスト(?:ゥルメンタル|ルメンタル)?|純音樂|纯音乐|инструментал"),
    ("live", "ライブ|ライヴ|現場|现场|演唱會|演唱会|라이브|концерт|вживую|ζωντανα|הופעה|بث|حفلة"),
    ("remix", "リミックス|混音|리믹스|ремикс|рмх|רמיקס|ريمكس"),
    ("cover", "カバー|カヴァー|翻唱|歌ってみた|커버|кавер|קאבר|كوفر"),
    ("acoustic", "アコースティック|어쿠스틱|акустик"),
    ("spedup", "ускорен"),
    ("slowed", "замедлен"),
    ("demo", "デモ|데모|демо"),
)
"""As KINDS, in scripts that put no space between words or bend them."""

_PLACES = re.compile(
    r"(?<!\w)(?:unplugged|kexp|tiny[\s-]+desk|like[\s-]+a[\s-]+version|live[\s-]+lounge|audiotree|colou?rs[\s-]+show|peel)(?!\w)"
)
"""Where sessions are played; the place tells two sessions apart."""

_KIND_PATTERNS = tuple((kind, re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")) for kind, pattern in KINDS) + tuple(
    (kind, re.compile(pattern)) for kind, pattern in _OTHER_SCRIPTS
)
# One look for all of them, since most parts of a title name none.
_ANY_KIND = re.compile(
    rf"(?<!\w)(?:{'|'.join(pattern for _, pattern in KINDS)})(?!\w)|{'|'.join(pattern for _, pattern in _OTHER_SCRIPTS)}"
    rf"|{_PLACES.pattern}"
)
_NAMED_MIX = re.compile(r"(?<!\w)(?:mix(?:es)?|version(?:e|en)?|ver|mezcla)(?!\w)|バージョン|ヴァージョン|версия")
_VERSUS = re.compile(r"\S\s+vs?\.?\s+\S")


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


MOST_LETTERS = 500
"""More of a title than this is not read: no name is so long, and an upload's description may be."""

NEUTRAL = words_of(
    "original mix version ver album lp main standard studio full official video audio music track song explicit dirty "
    "the a an and n x s o of at in on from by with for to as pres uncut hd hq 4k web digital"
)
"""Words that tell no version apart."""
_FEATURED = re.compile(r"^\s*(?:feat|ft|featuring|with|w/|prod)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[{【（「『<]([^()\[\]{}【】（）「」『』<>]*)[)\]}】）」』>]")
DASHED = re.compile(r"\s[-–—|~]\s+((?:(?!\s[-–—|~]\s).)+)$")
"""What stands behind the last dash."""


def folded(text: str) -> str:
    """One form for all spellings: full-width, accents, case, apostrophes, `&`; letters of other scripts stay."""
    if text.isascii():
        plain = text.lower()
    else:
        wide = unicodedata.normalize("NFKC", text).translate(_FANCY_DASHES)
        bare = _MARKS_TO_DROP.sub("", unicodedata.normalize("NFKD", wide))
        plain = unicodedata.normalize("NFC", bare).casefold().translate(_LETTERS)
    if "$" in plain:
        plain = _DOLLARS.sub("s", plain)
    if "!" in plain:
        plain = _SHOUTED.sub("i", plain)
    if "." in plain:
        plain = _INITIALS.sub(lambda found: found[0].replace(".", ""), plain)
    return _APOSTROPHES.sub("", _ANDS.sub("and", plain))


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text in one form; a text of signs only is its signs."""
    plain = folded(text)
    found = tuple(_TOKEN.findall(plain))
    return found or tuple(_SYMBOL.findall(plain))


@lru_cache(maxsize=4096)
def kinds_in(part: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The kinds of version that a part of a title names, and the words beside them, such as the remixer's name."""
    rest = folded(part)
    if not _ANY_KIND.search(rest):
        return _named_mix(rest)
    kinds = {"session"} if _PLACES.search(rest) else set()
    for kind, pattern in _KIND_PATTERNS:
        shorter = pattern.sub(" ", rest)
        if shorter != rest:
            kinds.add(kind)
            rest = shorter
    if not kinds:
        return _named_mix(rest)
    if not kinds & {"remix", "mixed"} and kinds > {"edit"}:
        # `Radio Edit`, `Extended Edit`: only behind a remix does it say that something was cut.
        kinds.discard("edit")
    return frozenset(kinds), _telling(rest)


def _named_mix(part: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """`Monster Mix`, `Someone's Version`, `A vs. B`: a version without a word that says of which kind."""
    words = _telling(_NAMED_MIX.sub(" ", part))
    if _VERSUS.search(part):
        return frozenset({"remix"}), tuple(word for word in words if word not in {"v", "vs"})
    if words and _NAMED_MIX.search(part):
        return frozenset({"mix"}), words
    return frozenset(), words


def _telling(text: str) -> tuple[str, ...]:
    return tuple(word for word in _TOKEN.findall(text) if word not in NEUTRAL)


def names_a_version(part: str) -> bool:
    """Does a bracketed or dashed part say which version this is?"""
    return not _FEATURED.match(part) and bool(kinds_in(part)[0])


def version_text(title: str) -> str:
    """The part of a title that names its version, as written: `Song (Someone Remix)` -> `Someone Remix`."""
    return ", ".join(part.strip() for part in _version_parts(title))


def version_key(title: str) -> str:
    """The version in one spelling, for comparing: kinds and words, sorted; empty for the plain or original version.

    A remaster is kept apart: only a person says that one of two files is enough.
    """
    words: set[str] = set()
    for part in _version_parts(title):
        kinds, beside = kinds_in(part)
        words |= kinds | set(beside)
    return " ".join(sorted(words))


OTHER_EDITIONS = frozenset({"remaster"})
"""Kinds that are another edition of what is often the same recording; where words alone are compared they tell nothing."""


def _version_parts(title: str) -> list[str]:
    title = title[:MOST_LETTERS]
    parts = [part for part in _BRACKETED.findall(title) if names_a_version(part)]
    plain = _BRACKETED.sub(" ", title)
    dashed = DASHED.search(plain)
    if dashed and names_a_version(dashed[1]):
        parts.append(dashed[1])
    return parts
