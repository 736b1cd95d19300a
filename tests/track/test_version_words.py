"""A word for a version on one side only never leaves two tracks the same; what uploads are decorated with does."""

from itertools import product

import pytest

from music_sync.track.likeness import Described, compare

VERSION_WORDS = {
    "English": "live|acoustic version|instrumental|karaoke version|remix|demo|sped up|slowed + reverb|acapella|orchestral",
    "German": "akustische Version|Kammerversion|Orchesterfassung|Klavierversion|Konzertmitschnitt|Probeaufnahme",
    "French": "version acoustique|en concert|version instrumentale|version karaoké|version orchestrale|maquette",
    "Spanish": "en vivo|en directo|versión acústica|versión instrumental|maqueta|versión sinfónica",
    "Italian": "dal vivo|versione acustica|strumentale|versione orchestrale|versione karaoke",
    "Portuguese": "ao vivo|versão acústica|versão instrumental|acelerada",
    "Russian": "концерт|акустика|инструментал|караоке|ремикс|демо|минус|замедленная",
    "Turkish": "canlı|akustik|enstrümantal|konserde",
    "Dutch": "akoestisch|live in concert",
    "Hungarian": "élőben|akusztikus",
    "Serbian": "уживо|uživo",
    "Chinese": "現場版|演唱會|翻唱|伴奏|純音樂|不插電|加速版|慢速",
    "Korean": "라이브|커버|어쿠스틱|노래방",
    "Hebrew": "הופעה חיה|אקוסטי|קאבר",
    "Arabic": "حفلة|موسيقى فقط|ريمكس",
    "Thai": "แสดงสด|คัฟเวอร์",
    "Greek": "ζωντανά|ακουστική|διασκευή",
    "no language": "con orquesta|mit Orchester|duet|(with strings)",
    "Japanese": "弾き語り|ライブ|アコースティック|インストゥルメンタル|カラオケ|リミックス|デモ|ピアノ",
}
WORDS = [word for words in VERSION_WORDS.values() for word in words.split("|")]
DECORATIONS = [
    "(Free DL)",
    "(Official Video)",
    "[HQ]",
    "[Nachtwerk Records]",
    "🔥",
    "(Official Audio)",
    "| Official Lyric Video",
]
FORMS = ["{} ({})", "{} [{}]", "{} - {}"]
PAIRS = [("Marlo Venn", "Paper Lanterns"), ("Аглая Ветрова", "Тёплый снег"), ("Yume", "夜の灯り")]


@pytest.mark.parametrize("word", WORDS)
def test_p46_a_version_that_only_one_side_names_is_not_merged(word: str) -> None:
    for (artist, title), form in product(PAIRS, FORMS):
        plain, version = (Described(artist, text, 214) for text in (title, form.format(title, word)))

        assert compare(plain, version).verdict != "same", version


@pytest.mark.parametrize("decoration", DECORATIONS)
def test_what_an_upload_is_decorated_with_keeps_two_the_same(decoration: str) -> None:
    for artist, title in PAIRS:
        plain, decorated = (Described(artist, text, 214) for text in (title, f"{title} {decoration}"))

        assert compare(plain, decorated).verdict == "same", decorated
