"""An upload's title taken apart: what advertises or files it goes, what is left is split into artist and title."""

import contextlib
import html
import re
import urllib.parse
from collections.abc import Iterator

from music_sync.track.file_name import spoken
from music_sync.track.spelling import is_work
from music_sync.track.thresholds import TELLING_LETTERS
from music_sync.track.words import BRACKET, DASHED, kinds_in, names_a_version, tokens, words_of


def mended(text: str) -> str:
    """A text without what a page or a wrong encoding put into it, and with plain signs: `&amp;`, `BjÃ¶rk`, `‒`, `：`."""
    if "&" in text:
        text = html.unescape(text)
    if _QUOTED.search(text):
        text = urllib.parse.unquote(text, errors="replace")
    if _GARBLED.search(text):
        with contextlib.suppress(UnicodeError):
            text = text.encode("cp1252").decode("utf-8")
    return text if text.isascii() else text.translate(_SIGNS)


def tidied(title: str, *, is_alone: bool = False) -> str:
    """A title without what only advertises or files it: `(Official Video)`, `[FREE DL]`, `PREMIERE:`, `01.`, `.mp3`.

    `is_alone` says that no artist is told beside it.
    """
    text = spoken(title, is_alone=is_alone)
    text = _STARS.sub(r"[\1]", text)
    text = _HASHTAGS.sub(_hashtags, text)
    text = _SPACED_OUT.sub(lambda found: found[0].replace(" ", ""), text)
    shorter = _NOISE_BEFORE.sub("", text)
    for _ in range(4):
        before, shorter = shorter, BRACKET.sub(_without_noise, shorter)
        shorter = _BEHIND_BRACKET.sub(lambda found: "" if _is_noise(found[0]) else found[0], shorter)
        shorter = _without_noise_dashed(_NOISE_BEHIND.sub("", shorter)).strip(" -–—|~•·/")
        shorter = _NOISE_BEFORE.sub("", shorter) or shorter
        if shorter == before:
            break
    return " ".join(shorter.split()) or title


def _hashtags(found: re.Match[str]) -> str:
    """Hashtags behind a title are noise, but for those that name a version: ` #techno #spedup` -> ` [spedup]`."""
    kinds = [tag for tag in found[0].replace("#", " ").split() if kinds_in(tag)[0]]
    return "".join(f" [{tag}]" for tag in kinds)


def _without_noise(found: re.Match[str]) -> str:
    kinds = kinds_in(found[1])[0]
    # In square brackets uploads tell their genre and label; in round ones, that it was played in another style.
    is_genre = kinds == {"style"} and "version" not in tokens(found[1])
    is_filed = found[0].startswith("[") and (is_genre or (not kinds and _LABEL.search(found[1])))
    return " " if is_filed or _is_noise(found[1]) else found[0]


def _without_noise_dashed(title: str) -> str:
    """A title without a last part behind a dash that only advertises or files it; two parts are artist and title."""
    found = DASHED.search(title)
    if found and title[: found.start()].strip() and _is_noise(found[1]) and not _CATALOGUE.fullmatch(found[1].strip()):
        return title[: found.start()]
    return title


def _is_noise(part: str) -> bool:
    """Does a part in brackets, or behind a dash, say nothing of the track?"""
    words = set(tokens(part))
    if words & _NOISE_TOLD and words <= _NOISE_TOLD | _NOISE_BESIDE:
        return True
    if _DOMAIN.fullmatch(part.strip()) or _CATALOGUE.fullmatch(part.strip()):
        return True
    return bool(_NOISE.fullmatch(part.strip())) and not kinds_in(part)[0]


def splits(plain: str) -> Iterator[tuple[str, str]]:
    """The artist and title that an upload's title may consist of."""
    segments = [_NOISE_BEHIND.sub("", part.strip()) for part in _BARS.split(plain)]
    segments = [part for part in segments if part]
    found = False
    for part in segments:
        versions = "".join(_beside(other, plain) for other in segments if other != part)
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


def _beside(segment: str, plain: str) -> str:
    """What another segment tells of a title: a version, or who plays a work."""
    if names_a_version(segment):
        return f" [{segment}]"
    return f" (feat. {segment})" if is_work(plain) else ""


def in_two_scripts(text: str) -> str:
    """A text that is told in two scripts, the second in brackets: `午夜地鐵 Midnight Metro`; others are empty."""
    outside = " ".join(BRACKET.sub(" ", text).split())
    found = _TWO_SCRIPTS.fullmatch(outside)
    if not found or len(found["latin"] or found["second"]) < _SHORTEST_NAME:
        return ""
    brackets = " ".join(part[0] for part in BRACKET.finditer(text))
    first, second = (found["first"], found["second"]) if found["first"] else (found["latin"], found["native"])
    return f"{first} ({second}) {brackets}"


def by_colon(plain: str) -> Iterator[tuple[str, str]]:
    """`Composer: Work`."""
    for composer, work in _split_at(_COLON, plain):
        if _NAME.fullmatch(composer):
            yield composer, work


def by_whom(plain: str) -> Iterator[tuple[str, str]]:
    """Title and artist of `Title by Artist`."""
    for title, artist in _split_at(_BY, plain):
        if len("".join(tokens(artist))) >= TELLING_LETTERS:
            yield title, artist


def _dashed(part: str) -> Iterator[tuple[str, str]]:
    """`Artist - Title`, and the rest of `Genre - Artist - Title` or `Catalogue number - Artist - Title`."""
    for before, after in _split_at(_DASH, part):
        yield _NOISE_BEHIND.sub("", before), after
        if numbered := _LEADING_NUMBER.match(before):
            yield before[numbered.end() :], after
        for pattern in (_COLON, _PRESENTS):
            for _, artist in _split_at(pattern, before):
                yield artist, after
        for middle, title in _split_at(_DASH, after):
            if not names_a_version(title):
                yield middle, title
                yield before, title if _TRACK_NUMBER.fullmatch(middle) else f"{title} [{middle}]"


def _quoted(part: str) -> Iterator[tuple[str, str]]:
    """`Artist "Title"`, with nothing behind it but brackets."""
    for opening, closing in _QUOTES:
        start, end = part.find(opening), part.rfind(closing)
        before, inside, behind = (
            part[:start].strip(" -–—"),
            part[start + len(opening) : end].strip(),
            part[end + 1 :].strip(),
        )
        if not 0 < start < end or (opening == "【" and names_a_version(inside)):
            continue
        if before and inside and (not behind or BRACKET.match(behind)):
            yield _NOISE_BEHIND.sub("", before), f"{inside} {behind}"


def _split_at(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind the first match outside brackets, unless one of them is empty."""
    found = pattern.search(BRACKET.sub(lambda part: "." * len(part[0]), text))
    if not found:
        return
    before, after = text[: found.start()].strip(), text[found.end() :].strip()
    if before and after:
        yield before, after


_BARS = re.compile(r"\s+[|｜~]+\s+|\s+//+\s+")
_DASH = re.compile(r"\s+[-–—_]+\s+|\s*[–—]\s+")
_NATIVE = "[\u0400-\u04ff\u0370-\u03ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_SIGNS = str.maketrans("‒―−－：／［］＆＂｜（）", "---" + '-:/[]&"|()')
_PRESENTS = re.compile(r"\s+(?:presents?|pres\.?|introduc(?:es|ing))\s*[:|-]?\s+", re.IGNORECASE)
_LEADING_NUMBER = re.compile(r"#?\d{1,3}\s+(?=\S)")
_LABEL = re.compile(
    r"\S\s+(?:records?|recordings?|recs?|music|musik|musique|label|discos|disques|tapes|traxx?|sounds|digital|imprint|productions)\s*$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"%(?:2[0-9a-f]|[c-e][0-9a-f]%[89ab][0-9a-f])", re.IGNORECASE)
_GARBLED = re.compile("[ÃÂÐÑ][\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€")
_TRACK_NUMBER = re.compile(r"(?:track\s*)?#?\d{1,3}", re.IGNORECASE)
_NAME = re.compile(r"(?:[^\W\d_]\S*\s*){1,4}")
_BY = re.compile(r"\s+by\s+", re.IGNORECASE)
_COLON = re.compile(r"(?<=\w):\s+")
_SLASH = re.compile(r"\s+/\s+")
# An apostrophe opens a quotation only behind a space.
_QUOTES = (('"', '"'), ("“", "”"), (" '", "'"), (" ‘", "’"), ("「", "」"), ("『", "』"), ("【", "】"))
_BEHIND_BRACKET = re.compile(r"(?<=[)\]])\s+[^()\[\]]+$")
_TWO_SCRIPTS = re.compile(
    rf"(?P<first>{_NATIVE}(?:[^A-Za-z]*{_NATIVE})?[^\sA-Za-z]*)\s*(?:\s[/|-]\s|\s)\s*(?P<second>[A-Za-z][\x20-\x7e]*)"
    rf"|(?P<latin>[A-Za-z][\x20-\x7e]*?)\s*(?:\s[/|-]\s|\s)\s*(?P<native>{_NATIVE}[^A-Za-z]*)"
)
_SHORTEST_NAME = 3
"""`DJ` and `MC` are no names beside one in another script."""
_STARS = re.compile(r"(?<!\S)\*+([^*]+)\*+(?!\S)")
_HASHTAGS = re.compile(r"(?<=\S)(?:\s+#[^\W\d]\w*)+\s*$")
_SPACED_OUT = re.compile(r"(?<![\w'])(?:[^\W\d_] ){3,}[^\W\d_](?![\w'])")

# Noise: a part of these words only, at least one of the first.
_NOISE_TOLD = words_of(
    "lancamento resmi oficjalny officiell virallinen hivatalos επισημο رسمي 官方 공식 teledysk klip videosu "
    "videoclipe musikvideo musicvideo bonus ep deluxe hidden master mastered premaster mixdown 24bit 16bit 32bit "
    "wav mp3 lossless tekst letra paroles testo songtext liryc vietsub legendado subtitulado sottotitoli "
    "untertitel karaokefree official video audio visualizer visualiser lyrics lyric hd hq uhd 4k 8k 1080p 720p mv "
    "pv oficial officiel officielle "
    "offizielles officieel ufficiale videoclip videoklip premiere exclusive explicit dirty 320kbps flac "
    "официальный официальное официальная клип клипа видеоклип премьера 公式 官方 官方mv 官方版 高清 "
    "공식 뮤직비디오 뮤비 فيديو كليب فيديوكليب رسمي الرسمي הקליפ הרשמי קליפ επίσημο επισημο βίντεο βιντεο κλιπ"
)
_NOISE_BESIDE = words_of(
    "free final bit khz 44 48 1 single a b side edition tracks color coded lyrics sub eng subs english musicvideo "
    "vídeo video oficial new music clip release stream version the with on screen full song track only remaster "
    "remastered quality high hi res "
    "video musique clipe m v in и видео аудио letra de la paroles testo not short film"
)
_NOISE = re.compile(
    r"free\s*(?:dl|d/l|download|flp)s?\b.*|free\s*(?:track|release)s?(?:\s*[|+&-].*)?|(?:free\s+)?download(?:\s+(?:in|link).*)?|"
    r"full\s+(?:stream|track|song|video|audio)|.*\b(?:exclusive|release|rip)|@\S+|\d\d\s*rpm|estreno|premi[eè]re|nouveaut[eé]|"
    r"buy\s*=\s*free.*|click\s+buy.*|out\s+now\b.*|(?:now\s+)?available\b.*|(?:forthcoming|coming)\b.*|"
    r"supported\s+by.*|support(?:ed)?:.*|played\s+by.*|(?:beatport|spotify)(?:\s+exclusive.*)?|no\s+copyright\b.*|ncs(?:\s+release)?|"
    r"copyright\s+free.*|bpm\s*\d+|\d{2,3}\s*bpm\b.*|\d{2,3}\s+\d{1,2}[ab]|\d{1,2}[ab]|[a-g][#b]?\s?m(?:in|aj)?(?:or)?|monstercat(?:\s+release)?|"
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
    r"|[^\w\s)\]]*\s+\d{2,3}\s*bpm\s*$|\s+(?:hq|hd|uhd|4k|1080p|720p|(?:official|with|w/)\s+(?:lyrics?|(?:music\s+)?video|audio))\s*$"
    r"|(?<=[」』】”\"'’)\]])\s*(?:official\s+)?(?:music\s+video|mv|m/v|pv)\s*$|\s(?:m/v|pv)\s*$",
    re.IGNORECASE,
)
_LEAD = (
    r"(?:(?:world|video|track|album|mix)\s+)?premieres?|exclusive|free\s*(?:dl|download|release)|out\s+(?:now|today)|"
    r"first\s+listen|debut"
)
_LEAD_WITH_SIGN = (
    rf"{_LEAD}|new(?:\s+(?:release|single|track|music|video|ep))?|"
    r"listen|stream|watch|full\s+song|video|audio|lyrics?|hd|hq|mv|m/v|dl|download"
)
_NOISE_BEFORE = re.compile(
    rf"^(?:[\[(【]?\s*(?:{_LEAD_WITH_SIGN}|free)\s*[\])】]\s*[:|•-]*\s*(?=\S)"
    rf"|(?:[\w.]+\s+)?(?:{_LEAD})\s*(?:[!:|•-]+|//)\s*(?=\S)|(?:{_LEAD_WITH_SIGN})\s*[:|]\s*(?=\S)"
    r"|(?:premiere|exclusive)\s+(?=\S)|(?:\d{2}|[a-d]\d)\s*[.)-]\s+|\d{1,2}\.\s+|\d-\d\d\s+|0\d\s+(?=\S)|track\s*\d+\s*[-.:]+\s+|[a-d]\d\s+(?=\S+(?:\s+\S+){0,5}\s+-\s))",
    re.IGNORECASE,
)
