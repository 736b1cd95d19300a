"""Chinese in traditional and in simplified letters: `紅豆` and `红豆` are one word, `紅` and `虹` only sound alike."""

from functools import lru_cache

from anyascii import anyascii


def same_han(one: str, other: str) -> bool:
    """Is one of two texts in traditional, the other in simplified letters, and are they the same but for that?"""
    if len(one) != len(other):
        return False
    apart = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return all(_is_simplified(a, b) for a, b in apart) or all(_is_simplified(b, a) for a, b in apart)


@lru_cache(maxsize=4096)
def _is_simplified(traditional: str, simplified: str) -> bool:
    """Is this letter the simplified form of that one?

    The national encodings tell it, with no table of 3,000 letters: Big5 has none that only mainland China writes,
    GB 2312 none that only Taiwan does, and both forms are read alike. The few that are at home in both are listed.
    """
    if _ALSO_TRADITIONAL.get(traditional) == simplified:
        return True
    if not _is_in(traditional, "big5") or _is_in(traditional, "gb2312"):
        return False
    if not _is_in(simplified, "gb2312") or _is_in(simplified, "big5"):
        return False
    return anyascii(traditional) == anyascii(simplified) != ""


def _is_in(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeError:
        return False
    return True


_PAIRS = (
    "誇夸捲卷後后裡里裏里臺台隻只雲云鬆松麵面聽听願愿幾几與与萬万網网懷怀掛挂機机氣气潔洁確确種种聖圣蟲虫離离"
    "驚惊體体鬥斗傑杰莊庄餘余闆板錶表蔔卜纔才醜丑齣出鼕冬範范豐丰穀谷颳刮夥伙極极傢家價价薑姜藉借剋克睏困黴霉"
    "矇蒙麼么闢辟蘋苹樸朴僕仆韆千鞦秋麯曲捨舍瀋沈勝胜塗涂係系繫系鹹咸嚮向鬱郁禦御籲吁嶽岳慾欲製制準准硃朱築筑"
    "徵征誌志週周註注遊游牀床灑洒誰谁乾干幹干著着妳你佈布佔占傭佣僱雇優优兇凶劃划壞坏姦奸寧宁屍尸巖岩弔吊復复"
    "悽凄慼戚憐怜據据於于昇升櫃柜槓杠殭僵瞭了臘腊蠟蜡蠶蚕衆众複复賸剩踊涌釐厘鉅巨颱台黨党"
)
_ALSO_TRADITIONAL = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
"""Letters whose simplified form is a letter of Big5 too, or that are read in two ways."""
