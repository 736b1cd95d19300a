"""How words are compared: letters in one form, and the words that name a version of a track."""

import re
import unicodedata
from functools import cache, lru_cache

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
HIDDEN = "\ua78f"
"""Stands for a letter that somebody hid behind a star."""
_STARRED = re.compile(r"(?<=[^\W\d_])\*+(?=[^\W\d_])|(?<=(?<![^\W_])[^\W\d_])\*{2,}(?![^\W_])")
_SHOUTED = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])")
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_DOLLARS = re.compile(r"(?<=[^\W\d])\$|\$(?=[^\W\d])")
# The vowel signs of Indic and South-East Asian scripts are no letters for Unicode, but tell words apart.
_TOKEN = re.compile("(?:[^\\W_]|[\u0900-\u0963\u0966-\u109f\u1780-\u17d3\u3099\u309a])+")
_INITIALS = re.compile(r"(?<!\w)[^\W\d_](?:\.[^\W\d_])+(?:\.|(?!\w))")
_SYMBOL = re.compile(r"[^\w\s]")
_ANDS = re.compile(r"(?<=\s)(?:&|\+|n['’]?|['’]n['’]?)(?=\s)", re.IGNORECASE)

KINDS: tuple[tuple[str, str], ...] = (
    ("typebeat", r"type[\s-]*beats?|style[\s-]*beat"),
    (
        "stems",
        r"stems?|multi[\s-]*tracks?|sample[\s-]*pack|drumless|bassless|midi|ringtone|click[\s-]*track|flp|project[\s-]*file",
    ),
    ("tool", r"(?:dj[\s-]*)?tools?|bonus[\s-]*beats?|beats?[\s-]*(?:version|mix)|drums?[\s-]*only"),
    (
        "spedup",
        r"(?:super|ultra)?[\s-]*sped[\s-]*up|speed(?:ed)?[\s-]*up|fast(?:er)?[\s-]*version|acelerad[oa]|pitched|higher|[+-]\d+[\s-]*%|\d{3}[\s-]*hz",
    ),
    (
        "slowed",
        r"slowed(?:[\s-]*down)?|slow(?:er)?(?:[\s-]*version)?(?:[\s+&n-]*reverb)?|reverb(?:ed)?|chopped|screwed|rallentat[oa]|ralenti[e]?|lentificad[oa]",
    ),
    ("nightcore", r"nightcore|daycore"),
    ("8d", r"(?:8|9|16)d(?:[\s-]*(?:audio|music|tunes))?"),
    ("effect", r"bass[\s-]*boost(?:ed)?|reversed|backwards|(?:empty|another|next)[\s-]+(?:mall|room|door|arena)"),
    ("loop", r"(?:\d+|one|ten)[\s-]*(?:h|hrs?|hours?|stunden|horas|heures)|loop(?:ed)?|on[\s-]*repeat"),
    ("karaoke", r"karaoke|sing[\s-]*along|backing[\s-]*track|minus[\s-]*(?:one|1)|play[\s-]*back|pista"),
    (
        "cover",
        (
            r"cover(?:ed|s)?|originally|made[\s-]+(?:famous|popular)|in[\s-]+the[\s-]+style|tribute|renditions?|lullab(?:y|ies)|"
            r"(?:8|16)[\s-]*bit|chiptune|music[\s-]*box|parod(?:y|ies)|ai[\s-]+(?:voice|version|cover)|covered|interpretation|homage|hommage|homenaje|omaggio"
        ),
    ),
    (
        "acapella",
        r"ac*ap+el+as?|a[\s-]cap+el+as?|acap|vocals?[\s-]*only|only[\s-]*vocals?|pella|isolated[\s-]*vocals?|studio[\s-]*acapella",
    ),
    (
        "instrumental",
        r"i?nstru[mn]entaa?l[a-z]*|enstrumantal|sozsuz|strumentale|inst|instr|no[\s-]*vocals?|off[\s-]*vocal|beat[\s-]*only",
    ),
    ("mashup", r"mash[\s-]*up|blend"),
    ("bootleg", r"bootleg|boot|unofficial"),
    ("flip", r"flip"),
    ("vip", r"vip"),
    ("rework", r"re[\s-]*(?:work|fix|touch|imagin|construct|build|interpret)[a-z]*"),
    ("reedit", r"re[\s-]*edit(?:ed|s)?"),
    (
        "mixed",
        r"mixed|continuous|podcast|boiler[\s-]*room|(?:dj|live|guest|essential|full|promo)[\s-]*(?:mix(?=\W*$)|set)|mega[\s-]*mix|mix[\s-]*cut",
    ),
    ("medley", r"medleys?|potpourri|pot[\s-]*pourri"),
    ("remix", r"re[\s-]*mix(?:ed|es|en|e|ado|ada)?|rmx|remezcl[a-z]+|remiks[a-z]*|rimix"),
    (
        "extended",
        r"e?xtended|ext|12[\s-]*(?:\"|''|inch)|maxi|long[\s-]*(?:version|mix|cut)|full[\s-]*length|extendid[oa]|estes[oa]|prolongee?|lange?[\s-]*(?:version|fassung)",
    ),
    (
        "radio",
        r"radio|(?:single|video|short)[\s-]*(?:edit|mix|version|cut)|7[\s-]*(?:\"|''|inch)",
    ),
    ("tvsize", r"(?:tv|movie|game|anime)[\s-]*(?:size|edit|version|ver)"),
    ("club", r"club"),
    ("dub", r"dub(?:plate)?"),
    ("session", r"sessions?"),
    (
        "live",
        r"live|en[\s-]+(?:vivo|directe?o?|concert|concierto|public)|ao[\s-]+vivo|dal[\s-]+vivo|in[\s-]+concerto|(?:con[cz]|kon[csz])ert[a-z]*(?<!concerto)|concierto|vivo|na[\s-]*zywo|canli|u[\s-]*zivo|na[\s-]*zivo|livena|zive|elo(?:ben)?|gyvai|dzivaja|secara[\s-]+langsung|truc[\s-]+tiep",
    ),
    (
        "acoustic",
        r"ac?[ck](?:ou|uo|oe|[uo])sz?t[iy][a-z]*|stripped(?:[\s-]*(?:back|down))?",
    ),
    (
        "orchestral",
        r"orchest(?:ral?|re?|er)|orquestal?|symphoni(?:c|que|sch)[a-z]*|sinfonic[oa]|philharmonic|strings?[\s-]+version|string[\s-]+quartet",
    ),
    ("piano", r"piano"),
    ("demo", r"demos?|maquet(?:a|te)|rough|early[\s-]+version|work[\s-]*tape|unfinished[\s-]+version|sketch"),
    (
        "rerecorded",
        (
            r"re[\s-]*record(?:ed|ings?|s)?|(?:new|neue|nouvel|nueva|nuova|nova)[\s-]+(?:recording|version[ei]?|aufnahme|versao)|"
            r"neu(?:aufnahme|einspielung)|regrabad[ao]|re[\s-]*enregistr[a-z]+"
        ),
    ),
    (
        "remaster",
        r"(?:(?:19|20)\d\d[\s-]+)?(?:digital(?:ly)?[\s-]+)?(?:re[\s-]*master[a-z]*|(?:\d+th[\s-]+)?anniversary(?:[\s-]+edition)?)(?:[\s-]+(?:19|20)\d\d)?",
    ),
    ("reprise", r"reprise|interlude|intro|outro|skit|prelude"),
    (
        "alternate",
        r"alternat(?:e|ive)|alt|(?<!\w[\s-])take(?=[\s-]*\d)|alternativ[ao]|alternative?|alternate[\s-]*take|outtake",
    ),
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
    ("loop", "\\d+\\s*(?:時間|小時|小时|시간|час)"),
    ("rerecorded", "新[錄録录]|再録|재녹음|перезапис"),
    ("tvsize", "サイズ"),
    ("preview", "試聽|试听|予告|예고|티저"),
    ("karaoke", "カラオケ|伴奏|卡拉ok|노래방|караоке|минус"),
    (
        "instrumental",
        (
            "オフボーカル|موسيقي فقط|عزف|بدون كلمات|คาราโอเกะ|บรรเลง|オフヴォーカル|"
            "インスト(?:ゥルメンタル|ルメンタル)?|純音樂|纯音乐|伴奏版|연주곡|инструментал|без слов"
        ),
    ),
    (
        "live",
        (
            "ライブ|ライヴ|コンサート|生演奏|現場|现场|實況|实况|演唱會|演唱会|音樂會|音乐会|라이브|콘서트|концерт|вживую|уживо|"
            "на ?живо(?!\\w)|жив(?:ой|ое|[аы]я)|выступление|ζωντανη?|הופעה|לייב|بث|حفله|حفلة|لايف|مباشر|แสดงสด|ไลฟ์|लाइव"
        ),
    ),
    ("remix", "リミックス|ρεμιξ|混音|리믹스|ремикс|рмх|רמיקס|ريمكس"),
    (
        "cover",
        "カバー|カヴァー|翻唱|翻奏|翻自|(?:歌っ|弾い|叩い|演奏し)てみた|커버|кавер|перепев|קאבר|كوفر|คัฟเวอร์|διασκευη",
    ),
    (
        "acoustic",
        "アコースティック|어쿠스틱|弾き語り|акустик|акустич|ακουστικ|אקוסטי|اكوستيك|อะคูสติก|原声|不插電|不插电",
    ),
    ("remaster", "リマスター|ремастер|리마스터"),
    ("acapella", "アカペラ|بدون موسيقي|а\\s?капел|акапел|아카펠라|清唱"),
    ("mashup", "マッシュアップ|мэшап|мешап"),
    ("extended", "расширенн|удлин"),
    ("edit", "ремейк"),
    ("orchestral", "オーケストラ|оркестр"),
    ("piano", "ピアノ|пианино|фортепиано|피아노|钢琴"),
    ("spedup", "ускорен|倍速|加速|スピードアップ"),
    ("slowed", "замедлен|慢速|慢版|減速|减速|降調|降调"),
    ("demo", "デモ|데모|демо"),
)
"""As KINDS, in scripts that put no space between words or bend them."""

_PLACES = re.compile(
    r"(?<!\w)(?:unplugged|kexp|tiny[\s-]+desk|like[\s-]+a[\s-]+version|live[\s-]+lounge|audiotree|colou?rs[\s-]+show|peel)(?!\w)"
)
"""Where sessions are played; the place tells two sessions apart."""

_LANGUAGES = (
    r"english|spanish|french|german|italian|portuguese|japanese|korean|chinese|mandarin|cantonese|russian|ukrainian|polish|dutch|"
    r"swedish|arabic|hebrew|turkish|greek|hindi|spanglish|espanol|ingles|frances|portugues|italiano|deutsch|francais|anglais|inglese"
)
_INSTRUMENTS = (
    r"(?:(?:acoustic|electric|solo)\s+)?(?:guitar|violin|cello|harp|sax(?:ophone)?|flute|ukulele|organ|trumpet|marimba|kalimba|harmonica|"
    r"accordion|banjo|choir|chorus|strings|brass|drums?|bass|synth|vocoder|whistle|humming|percapella)"
)
_STYLES = (
    r"lo-?\s?fi|hardstyle|phonk|jersey\s+club|drill|amapiano|techno|house|trance|eurodance|dnb|drum\s*(?:and|n)?\s*bass|jungle|dubstep|"
    r"garage|ukg|hardcore|hyperpop|synthwave|vaporwave|metal|punk|rock|jazz|swing|bossa(?:\s+nova)?|reggae|ska|salsa|country|lullaby|"
    r"ambient|chill(?:out|ed)?|trap|disco|afro(?:beat)?|latin|gospel|christmas|sad|slow|fast"
)

Patterns = tuple[tuple[str, re.Pattern[str]], ...]

# These are made when a title is first looked at: it takes 40 ms, and most commands look at none.


@cache
def _alone() -> Patterns:
    """What names a version only when it stands alone: `(Spanish)`, `(Guitar Version)`, `(Lofi)`; the word tells two apart."""
    before = r"\W*(?:(?:in|en|em|auf|solo|full|the)\s+)?"
    behind = r"(?:version|versione?|ver\.?|mix|edit|arrangement|solo|duet|take|rendition|style|lyrics?|vocals?)"
    words = (("language", _LANGUAGES), ("arranged", _INSTRUMENTS), ("style", _STYLES))
    return tuple((kind, re.compile(rf"{before}(?:{either})(?:[\s-]+{behind})*\W*")) for kind, either in words)


@cache
def _of_kinds(*, is_ascii: bool) -> Patterns:
    """Words of other scripts cannot stand in plain ASCII."""
    spaced = tuple((kind, re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")) for kind, pattern in KINDS)
    return spaced + (() if is_ascii else tuple((kind, re.compile(pattern)) for kind, pattern in _OTHER_SCRIPTS))


@cache
def _any_kind(*, is_ascii: bool) -> re.Pattern[str]:
    """One look for all of them, since most parts of a title name none."""
    spaced, others = ("|".join(pattern for _, pattern in kinds) for kinds in (KINDS, _OTHER_SCRIPTS))
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)|{_PLACES.pattern}{'' if is_ascii else f'|{others}'}")


_POSSESSIVE = re.compile(r"(?<=\w)['’]s(?!\w)")
_NAMED_MIX = re.compile(
    r"(?<!\w)(?:mix(?:es)?|version(?:e|en|i)?|versao|versie|wersja|verze|ver|vers|recording|mezcla|fassung)(?!\w)|バージョン|ヴァージョン|ver\.|版$|버전|версия"
)
_VERSUS = re.compile(r"\S\s+vs?\.?\s+\S")


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


MOST_LETTERS = 500
"""More of a title than this is not read: no name is so long, and an upload's description may be."""

NEUTRAL = words_of(
    "original originale orig originalmix mix version versione versao wersja ver album lp main standard studio "
    "full official video audio music track song explicit dirty "
    "the a an and n x s o of at in on from by with for to as pres uncut hd hq 4k web digital"
)
"""Words that tell no version apart."""
SOUNDING = words_of(
    "isolated guitar guitars bass drum drums piano vocal vocals voice voices violin cello sax saxophone flute harp "
    "ukulele organ trumpet strings choir chorus orchestra band tabs tab chords playthrough lesson cover karaoke "
    "backing beat beats loop loops stem stems sample duet duett dueto duetto duo solo trio quintet mariachi bachata "
    "cumbia merengue flamenco tango orquesta orquestra orchester orchestre techno house trance psytrance hardtechno "
    "set blend langsung konserde otse voci voces stimmen speed tempo pitch key tuned tuning hour hours min minutes h "
    "full album ep playlist compilation teaser snippet preview part cut tape take size tv short long fast slow edit "
    "version versions mix mixes mixed remix rmx live unreleased leak leaked ai reaction tutorial arrangement arranged "
    "transcription variation variations synthesia fingerstyle drumcam performance rehearsal soundcheck jam freestyle "
    "cypher parody meme boosted hardstyle nightcore phonk style lofi challenge choreography"
)
"""Words in brackets that sound like a version, of whatever kind: a person must tell."""
_FEATURED = re.compile(r"^\s*(?:feat|ft|featuring|with|w/|prod)\b", re.IGNORECASE)
BRACKET = re.compile(r"[(\[{【（「『<]([^()\[\]{}【】（）「」『』<>]*)[)\]}】）」』>]")
"""A part in brackets that holds no further ones."""
DASHED = re.compile(r"\s[-–—|~]\s+(?![^(\[{]*[)\]}])((?:(?!\s[-–—|~]\s).)+)$")
"""What stands behind the last dash, unless that is within brackets: `(Intro - Dirty)`."""


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
    if "*" in plain:
        plain = _STARRED.sub(lambda found: HIDDEN * len(found[0]), plain)
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
    rest = folded(_POSSESSIVE.sub("", part))
    if alone := next((kind for kind, pattern in _alone() if pattern.fullmatch(rest)), ""):
        return frozenset({alone}), _telling(_NAMED_MIX.sub(" ", rest))
    is_ascii = rest.isascii()
    if not _any_kind(is_ascii=is_ascii).search(rest):
        return _named_mix(rest)
    kinds = {"session"} if _PLACES.search(rest) else set()
    for kind, pattern in _of_kinds(is_ascii=is_ascii):
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
    parts = [part for part in BRACKET.findall(title) if names_a_version(part)]
    plain = BRACKET.sub(" ", title)
    dashed = DASHED.search(plain)
    if dashed and names_a_version(dashed[1]):
        parts.append(dashed[1])
    return parts
