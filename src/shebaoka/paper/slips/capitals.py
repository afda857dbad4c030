"""Amounts in Chinese capital numerals (大写金额), which nobody can alter by a stroke. Receipts ask.

Written by the rules for bills of the People's Bank: a run of noughts is one 零, whole yuan and jiao end in 整, and fen
without jiao have 零 before them.
"""

from shebaoka.records import BadInput

YUAN_MAX = 10**12 - 1
_SIGNS = {
    "zh-Hans": ("零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟"), ("", "万", "亿")),
    "zh-Hant": ("零壹貳參肆伍陸柒捌玖", ("", "拾", "佰", "仟"), ("", "萬", "億")),
}


def in_capitals(fen: int, language: str = "zh-Hans") -> str:
    """`2805` → `贰拾捌元零伍分`; in traditional characters for zh-Hant, else simplified.

    `BadInput` for an amount below zero or of a million million yuan and more.
    """
    yuan, rest = divmod(fen, 100)
    if not 0 <= yuan <= YUAN_MAX:
        raise BadInput("amount_fen: only 0 to 999,999,999,999.99 yuan can be written in capital numerals.")
    digits, places, groups = _SIGNS.get(language, _SIGNS["zh-Hans"])
    whole = _whole(yuan, digits, places, groups) + "元" if yuan or not rest else ""
    jiao, last = divmod(rest, 10)
    if not rest:
        return whole + "整"
    said = digits[jiao] + "角" if jiao else digits[0] if whole else ""
    return whole + said + (digits[last] + "分" if last else "整")


def _whole(yuan: int, digits: str, places: tuple[str, ...], groups: tuple[str, ...]) -> str:
    """Whole yuan, digit by digit: a nought is said only once, and only before a digit that is none."""
    if yuan == 0:
        return digits[0]
    said, nought = "", False
    text = str(yuan)
    for n, sign in enumerate(text):
        group, place = divmod(len(text) - 1 - n, 4)
        if sign == "0":
            nought = True
        else:
            said += (digits[0] if nought else "") + digits[int(sign)] + places[place]
            nought = False
        if place == 0 and int(text[max(0, n - 3) : n + 1]):
            said += groups[group]
    return said
