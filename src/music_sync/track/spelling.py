"""Spellings: two ways to write the same words: `Twenty Two` and `22`, `Müller` and `Mueller`, `F**k`, `группа` and `gruppa`."""

import re
from functools import lru_cache

from anyascii import anyascii

from music_sync.track.abjad import same_consonants
from music_sync.track.han import same_han
from music_sync.track.words import HIDDEN, tokens, words_of

Words = tuple[str, ...]


def spelled_alike(one: Words, other: Words) -> bool:
    """Are these the same words but for their spelling? Two different names hardly ever become one by it."""
    mine, theirs = loose(one), loose(other)
    if mine == theirs:
        return bool(mine)
    if HIDDEN in mine or HIDDEN in theirs:
        return _fits_hidden(mine, theirs) or _fits_hidden(theirs, mine)
    if mine.isascii() != theirs.isascii():
        return _sounds_like(one, other) or same_consonants("".join(one), "".join(other))
    return not mine.isascii() and same_han(mine, theirs)


def is_work(title: str) -> bool:
    """Is this the title of a work in movements, as a sonata?"""
    return not _WORKS.isdisjoint(tokens(title))


def without_fillers(words: Words, fillers: frozenset[str] = frozenset()) -> Words:
    """Words without articles and other fillers, in one spelling; as they are when nothing would be left."""
    return tuple(word for word in words if word not in ARTICLES and word not in fillers) or words


@lru_cache(maxsize=8192)
def loose(words: Words) -> str:
    """All words in one, in the plainest spelling."""
    joined = "".join(plain_words(words))
    return _LONG_RUN.sub(r"\1", joined).replace("ue", "u").replace("oe", "o").replace("ae", "a").replace("aa", "a")


def plain_words(words: Words) -> Words:
    """Words in the plainest spelling, numbers in figures."""
    plain = [_plain(word) for word in words]
    plain = [
        word for word, behind in zip(plain, [*plain, ""][1:], strict=True) if word != "no" or not behind[:1].isdigit()
    ]
    last = len(plain) - 1
    if last > 0 and plain[last] in _LAST_ROMAN:
        plain[last] = _LAST_ROMAN[plain[last]]
    return tuple(_counted(plain))


@lru_cache(maxsize=4096)
def sounded(words: Words) -> str:
    """How words of other scripts sound, in the few letters that all transliterations share."""
    text = " ".join(words)
    latin = _DIGRAPHS.sub(lambda found: _GREEK_PAIRS[found[0]], text).translate(_SOUNDS)
    latin = "".join(_kana(latin))
    if not latin.isascii():
        latin = anyascii(latin).casefold()
    for pattern, sound in _SHARED_SOUNDS:
        latin = pattern.sub(sound, latin)
    return latin


def _sounds_like(one: Words, other: Words) -> bool:
    if sounded(one) == sounded(other) != "":
        return True
    mine, theirs = (tuple(word.translate(_OTHER_SOUNDS) for word in words) for words in (one, other))
    return (mine, theirs) != (one, other) and sounded(mine) == sounded(theirs)


def is_of_script(text: str, other: str) -> bool:
    """Are two texts both Latin, or both not?"""
    return text.isascii() == other.isascii()


def _fits_hidden(hidden: str, open_: str) -> bool:
    """Does a word with letters hidden behind stars stand for another? `F**k` does for `Fuck`, `M*A*S*H` for `MASH`."""
    if HIDDEN not in hidden:
        return False
    pattern = re.sub(f"{HIDDEN}+", lambda found: f".{{0,{len(found[0]) + 1}}}", hidden)
    return bool(re.fullmatch(pattern, open_))


def _plain(word: str) -> str:
    if not word.isascii() and _MIXED.search(word):
        word = word.translate(_LOOKALIKES)
    word = _CHATTED.get(word, word)
    word = _LEET.sub(lambda found: _LEET_LETTERS[found[0]], word)
    for pattern, ending in _ENDINGS:
        word = pattern.sub(ending, word)
    return word


def _counted(words: list[str]) -> list[str]:
    """The words with numbers in figures: `twenty two` -> `22`, `one thousand` -> `1000`."""
    found: list[str] = []
    number: int | None = None
    for word in words:
        value = _VALUES.get(word)
        if value is None and word in _MULTIPLES and number is not None:
            number *= _MULTIPLES[word]
        elif value is not None and number is not None and _may_follow(value, number):
            number += value
        else:
            found += [] if number is None else [str(number)]
            number = value
            found += [] if value is not None else [word]
    return found + ([] if number is None else [str(number)])


def _may_follow(value: int, number: int) -> bool:
    """`twenty` and `two` are one number, as are `hundred` and `ten`; `one` and `two` are not."""
    return 0 < value < (10 if number % 100 >= 20 and number % 10 == 0 else 100 if number % 100 == 0 and number else 0)


def _kana(text: str) -> list[str]:
    """Kana as Latin letters: `きゃ` -> `kya`, a long vowel as a short one; other letters as they are."""
    found: list[str] = []
    for letter in text:
        plain = chr(ord(letter) - 0x60) if "ァ" <= letter <= "ヶ" else letter
        if plain in _SMALL and found and found[-1].endswith("i"):
            found[-1] = found[-1][:-1] + _SMALL[plain]
        else:
            found.append(_KANA.get(plain, "" if plain in "っー" else plain))
    return found


ARTICLES = frozenset(
    ["the", "a", "an", "le", "la", "les", "l", "el", "los", "las", "il", "lo", "gli", "der", "das", "de", "het", "den"]
)
"""Words that a name may have before it, or leave out."""

_WORKS = words_of(
    "symphony sinfonie symphonie sinfonia sonata sonate concerto konzert quartet quartett trio suite partita "
    "fugue fuge prelude "
    "nocturne etude mazurka waltz ballade op opus bwv kv hob rv movement satz mvt cantata mass requiem"
)
"""Words of a work's title; in it all Roman numerals count movements."""

_CHATTED = (
    {"u": "you", "ur": "your", "youre": "your", "r": "are", "luv": "love", "lovin": "loving", "n": "and", "da": "the"}
    | {"tha": "the", "dat": "that", "dis": "this", "wit": "with", "thru": "through", "nite": "night", "lite": "light"}
    | {"tonite": "tonight", "gonna": "going2", "wanna": "want2", "gotta": "got2", "til": "until", "till": "until"}
    | {"cuz": "because", "cos": "because", "coz": "because", "cause": "because", "bcuz": "because", "em": "them"}
    | {"okay": "ok", "yea": "yeah", "ya": "you", "yo": "your", "b4": "before", "gr8": "great", "l8r": "later"}
    | {"2nite": "tonight", "2night": "tonight", "4ever": "forever", "4eva": "forever", "foreva": "forever"}
    | {"prof": "professor", "mount": "mt", "brothers": "bros", "junior": "jr", "senior": "sr", "orch": "orchestra"}
    | {"sgt": "sergeant", "capt": "captain", "phil": "philharmonic", "company": "co", "fort": "ft", "mountain": "mtn"}
    | {"outta": "outof", "kinda": "kindof", "sorta": "sortof", "lotta": "lotof", "gimme": "giveme", "lemme": "letme"}
    | {"grey": "gray", "saint": "st", "doctor": "dr", "mister": "mr", "plz": "please", "pls": "please", "txt": "text"}
    | {"too": "2", "to": "2", "for": "4", "be": "b", "see": "c", "phat": "fat", "boyz": "boys", "girlz": "girls"}
    | {
        "volume": "vol",
        "opus": "op",
        "соч": "op",
        "number": "no",
        "nr": "no",
        "num": "no",
        "pt": "part",
        "versus": "vs",
        "kv": "k",
    }
    | {"moll": "minor", "dur": "", "major": "", "theatre": "theater", "centre": "center", "et": "and", "und": "and"}
    | {"y": "and", "och": "and", "og": "and", "и": "and"}
)
_LONG_RUN = re.compile(rf"((?!{HIDDEN})[^\W\d])\1{{2,}}")
_LEET = re.compile(r"(?<=[a-z])[013457](?=[a-z])")
_LEET_LETTERS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t"}
_ENDINGS = (
    (re.compile(r"(?<=[a-z]{2})in$"), "ing"),
    (re.compile(r"(?<=[a-z]{2})our(?=$|s$|ed$|ing$|ful$|less$)"), "or"),
    (re.compile(r"(?<=[a-z]{2})is(?=e$|ed$|es$|ing$|ation$)"), "iz"),
    (re.compile(r"(?<=[a-z]{2})ll(?=ed$|ing$|er$)"), "l"),
)
_LAST_ROMAN = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "x": "10",
}
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_VALUES = (
    {word: value for value, word in enumerate(_ONES.split())}
    | {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
    | {str(value): value for value in range(1, 100)}
    | {f"0{value}": value for value in range(1, 10)}
)
_CHATTED |= {
    word: f"{value}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(value, 'th') }"
    for value, word in enumerate(_ORDINALS.split(), start=1)
}
_MULTIPLES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}

_MIXED = re.compile(r"[a-z][а-яіѕј]|[а-яіѕј][a-z]")
_LOOKALIKES = str.maketrans("аеорсухіѕјкмтвнгяи", "aeopcyxisjkmtbhrrn")
"""Cyrillic letters that look like Latin ones, where both stand in one word."""

_SOUNDS = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэіїєґўјћђљњџ", "abvgdeziiklmnoprstufieiieguicdlnd", strict=True))
    | {
        "ё": "io",
        "ж": "zh",
        "х": "h",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sh",
        "ъ": "",
        "ь": "",
        "ю": "iu",
        "я": "ia",
    }
    | dict(zip("αβγδεζηικλμνξοπρσςτυφχω", "avgdeziiklmnxoprsstifho", strict=True))
    | {"θ": "th", "ψ": "ps"}
)
_OTHER_SOUNDS = str.maketrans("гχ", "хκ")
"""Ukrainian reads г as h, and the Greek χ is written `ch` too."""
_GREEK_PAIRS = {
    "ου": "ou",
    "αι": "e",
    "ει": "i",
    "οι": "i",
    "μπ": "b",
    "ντ": "d",
    "γκ": "g",
    "γγ": "g",
    "αυ": "av",
    "ευ": "ev",
}
_DIGRAPHS = re.compile("|".join(_GREEK_PAIRS))
_SHARED_SOUNDS = (
    (re.compile(r"[^a-z0-9]"), ""),
    (re.compile(r"shch|sch|sht|sh"), "s"),
    (re.compile(r"zh"), "z"),
    (re.compile(r"kh|ch(?=[aou]s$)"), "h"),
    (re.compile(r"mp(?=[aeiou])"), "b"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"ou"), "o"),
    (re.compile(r"w"), "v"),
    (re.compile(r"[yj]"), "i"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"tz"), "ts"),
    (re.compile(r"ch?"), "k"),
    (re.compile(r"i+(?=[aeou])|(?<=[aeou])i+"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)
_KANA = {
    kana: sound
    for row, sounds in (
        ("あいうえお", "a i u e o"),
        ("かきくけこ", "ka ki ku ke ko"),
        ("がぎぐげご", "ga gi gu ge go"),
        ("さしすせそ", "sa shi su se so"),
        ("ざじずぜぞ", "za ji zu ze zo"),
        ("たちつてと", "ta chi tsu te to"),
        ("だぢづでど", "da ji zu de do"),
        ("なにぬねの", "na ni nu ne no"),
        ("はひふへほ", "ha hi fu he ho"),
        ("ばびぶべぼ", "ba bi bu be bo"),
        ("ぱぴぷぺぽ", "pa pi pu pe po"),
        ("まみむめも", "ma mi mu me mo"),
        ("やゆよらり", "ya yu yo ra ri"),
        ("るれろわを", "ru re ro wa o"),
        ("んゔ", "n vu"),
    )
    for kana, sound in zip(row, sounds.split(), strict=True)
}
_SMALL = {"ゃ": "ya", "ゅ": "yu", "ょ": "yo", "ぁ": "a", "ぇ": "e", "ぉ": "o"}
