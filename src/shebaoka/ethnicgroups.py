"""The ethnic groups (民族) by their codes of GB/T 3304, as cards and forms have them: names in three languages.

Maker's files and the card's own file EF06 carry the code; people read and write the name.
"""

import unicodedata

_CODED = """
01 汉 漢 Han|02 蒙古 蒙古 Mongol|03 回 回 Hui|04 藏 藏 Zang|05 维吾尔 維吾爾 Uygur|06 苗 苗 Miao|07 彝 彝 Yi
08 壮 壯 Zhuang|09 布依 布依 Buyei|10 朝鲜 朝鮮 Chosen|11 满 滿 Man|12 侗 侗 Dong|13 瑶 瑤 Yao|14 白 白 Bai
15 土家 土家 Tujia|16 哈尼 哈尼 Hani|17 哈萨克 哈薩克 Kazak|18 傣 傣 Dai|19 黎 黎 Li|20 傈僳 傈僳 Lisu|21 佤 佤 Va
22 畲 畲 She|23 高山 高山 Gaoshan|24 拉祜 拉祜 Lahu|25 水 水 Sui|26 东乡 東鄉 Dongxiang|27 纳西 納西 Naxi
28 景颇 景頗 Jingpo|29 柯尔克孜 柯爾克孜 Kirgiz|30 土 土 Tu|31 达斡尔 達斡爾 Daur|32 仫佬 仫佬 Mulao|33 羌 羌 Qiang
34 布朗 布朗 Blang|35 撒拉 撒拉 Salar|36 毛南 毛南 Maonan|37 仡佬 仡佬 Gelao|38 锡伯 錫伯 Xibe|39 阿昌 阿昌 Achang
40 普米 普米 Pumi|41 塔吉克 塔吉克 Tajik|42 怒 怒 Nu|43 乌孜别克 烏孜別克 Uzbek|44 俄罗斯 俄羅斯 Russ
45 鄂温克 鄂溫克 Ewenki|46 德昂 德昂 Deang|47 保安 保安 Bonan|48 裕固 裕固 Yugur|49 京 京 Gin|50 塔塔尔 塔塔爾 Tatar
51 独龙 獨龍 Derung|52 鄂伦春 鄂倫春 Oroqen|53 赫哲 赫哲 Hezhen|54 门巴 門巴 Monba|55 珞巴 珞巴 Lhoba|56 基诺 基諾 Jino
"""
_OTHERS = {
    "97": ("其他", "其他", "other"),
    "98": ("外国血统中国籍人士", "外國血統中國籍人士", "naturalized, of foreign descent"),
}


def _read() -> dict[str, tuple[str, str, str]]:
    named = {}
    for said in _CODED.replace("\n", "|").split("|"):
        if said:
            code, plain, full, latin = said.split()
            named[code] = (f"{plain}族", f"{full}族", latin)
    return named | _OTHERS


NAMES = _read()
"""Code → its name in simplified Chinese, in traditional Chinese, and in Latin letters as the standard writes it."""
_LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def ethnic_groups(language: str) -> dict[str, str]:
    """Every code with its name in a language, in the standard's order."""
    at = _LANGUAGES.index(language)
    return {code: names[at] for code, names in NAMES.items()}


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().removesuffix("族")


_CODE_OF = {_plain(name): code for code, names in NAMES.items() for name in (*names, code)}


def ethnic_group_of(text: str) -> str | None:
    """The code that a name or code stands for, however it is written; None for what is none."""
    plain = _plain(text)
    return _CODE_OF.get(plain) or _CODE_OF.get(plain.zfill(2))
