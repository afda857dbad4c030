"""An invented city, and its old medical card system's export as such systems write it (1.2, 8.1).

Everybody in it is made up from lists of surnames and characters. The demonstration, the load run and the tests
call it: `invent_city` makes the people, `invent_institutions` the hospitals and pharmacies, `write_old_export` writes
the files that the importer takes in. It draws from `random.Random` with the seed it is given, so the same seed is the
same city; it does nothing but write those files. `bench/old_city.py` breaks rows of a whole city in the same ways.

The export: GB18030, CRLF, days as YYYYMMDD, amounts in yuan with two decimals, and about two rows in a hundred
broken in one of the ways of `Fault`. `control_totals.csv` states for each file its rows below the header, and the
sum of 结余 (of 帐户支出) over every row that can be read and whose amount is an amount, also where something else
in the row is broken.
"""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from shebaoka.numbers import with_check_digit
from shebaoka.records import OldRecord, Sex

ACCOUNT_COLUMNS = (
    "个人编号", "身份证号", "姓名", "性别", "出生日期", "卡号", "医疗证号", "单位编号", "医疗人员类别", "在院状态",
    "结余", "年度", "参保日期", "所属区划", "入院日期",
)  # fmt: skip
RECORD_COLUMNS = ("个人编号", "身份证号", "日期", "医疗机构", "总费用", "帐户支出")
CONTROL_COLUMNS = ("文件", "行数", "金额合计")
SCHEME_BEGAN_ON = dt.date(2001, 1, 1)
BALANCE_MAX_FEN = 8_000_00
BROKEN_SHARE = 0.02

TAIGU_COUNTY, TAIGU_DISTRICT, TAIGU_CHANGED_IN = "140726", "140703", 2019
# County → its share of the prefecture's people. Taigu stands under the code that it had in 2013.
COUNTIES = {
    "140702": 20, "140721": 4, "140722": 5, "140723": 4, "140724": 7, "140725": 6,
    TAIGU_COUNTY: 9, "140727": 8, "140728": 15, "140729": 8, "140781": 13,
}  # fmt: skip
# Tens of years of age → share of the people.
AGES = {0: 10, 10: 13, 20: 16, 30: 16, 40: 17, 50: 13, 60: 8, 70: 5, 80: 2, 90: 1}

SURNAMES = (
    "王王王王李李李李张张张张刘刘刘陈陈杨杨赵赵黄周吴徐孙胡朱高林何郭郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾贾丁魏薛薛叶阎余潘杜戴夏钟汪田任任姜范方石姚谭廖邹熊金陆郝郝孔白崔康毛邱秦江史顾侯侯邵孟龙万段雷钱汤尹"
    "黎易常常武武乔乔贺赖龚文温牛阴燕畅渠冀要药庞樊兰殷施陶洪翟安颜倪严温芦季俞章鲁葛伍韦申尤毕聂焦向柳邢路岳齐梅莫庄"
)
DOUBLE_SURNAMES = ("欧阳", "上官", "令狐", "司马", "诸葛", "皇甫", "尉迟", "慕容")
FOR_MEN = "伟强磊军勇杰涛斌波辉刚健明亮平建国志文武龙飞鹏宇浩轩泽博俊峰超旭东海山林森荣生富贵福根柱栓虎彪毅诚信义仁德"
FOR_WOMEN = "芳娜敏静丽艳娟霞秀英华玉兰凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉桂娣叶璧璐娅琦晶妍茜秋珊莎锦"
FOR_BOTH = "晓小一子思雨欣怡文安宁清远新永长天立世金银宝春夏秋冬江河晨阳光乐然若可心如意成学良玉"
RARE = "䶮㛃𬭸㼆𫖯𬀩𬘭𬱖"
FATHERS = ("吐尔逊", "艾合买提", "玉素甫", "库尔班", "卡斯木", "尼亚孜", "依明", "阿不都", "肉孜", "买买提", "牙生")
GIVEN_MEN = ("买买提", "艾尔肯", "木合塔尔", "阿不力孜", "吐尔洪", "亚森", "帕尔哈提", "艾则孜", "达吾提", "塔伊尔")
GIVEN_WOMEN = ("阿依古丽", "古丽娜尔", "帕提曼", "热孜亚", "米娜瓦尔", "再娜甫", "阿米娜", "祖丽菲亚", "茹仙古丽")
INSTITUTIONS = (
    "汾河湾综合医院", "南山镇卫生院", "益寿堂大药房一店", "益寿堂大药房二店", "绿柳社区卫生服务站", "同春中医门诊部",
    "槐树街口腔门诊部", "百草（平安路）药店", "青松岭康复医院", "清源镇卫生院", "东湖妇幼保健站", "厚德堂国药馆",
)  # fmt: skip
# Hospitals and pharmacies that are on the network after the cut-over, each with its county; * where the account may
# pay a part. The larger stand first.
HOSPITALS = (
    ("汾河湾综合医院", "140702", "*"), ("东湖妇幼保健院", "140702", ""), ("青松岭康复医院", "140781", "*"),
    ("榆钱河中医院", "140726", "*"), ("南山镇卫生院", "140728", ""), ("清源镇卫生院", "140724", ""),
)  # fmt: skip
PHARMACIES = (
    ("益寿堂大药房一店", "140702", "*"), ("益寿堂大药房二店", "140702", "*"), ("百草（平安路）药店", "140702", ""),
    ("厚德堂国药馆", "140702", ""), ("柳荫街药房", "140781", ""), ("老槐树药房", "140781", "*"),
    ("清漳河药店", "140722", ""), ("红枣坡药店", "140726", ""), ("石榴园药店", "140728", "*"),
    ("枣林沟药房", "140729", ""), ("灯笼巷药房", "140727", ""), ("北寨桥药店", "140725", ""),
)  # fmt: skip


class InventedInstitution(msgspec.Struct, frozen=True, gc=False):
    """An invented hospital or pharmacy: what it settles, whether the account may pay a part, its terminals' names."""

    code: str
    name: str
    kinds: tuple[str, ...]
    part_payment: bool
    terminals: tuple[str, ...]


class Resident(msgspec.Struct, frozen=True, gc=False):
    """An invented person, with their account and open stay at the old medical card's end. Fen; Jinzhong's days."""

    number: str
    name: str
    sex: Sex
    birth_on: dt.date
    region: str
    insured_on: dt.date
    old_card_number: str
    balance_fen: int
    records: tuple[OldRecord, ...] = ()
    in_hospital_since: dt.date | None = None


class Fault(StrEnum):
    """The ways in which a row of `accounts.csv` is broken."""

    WRONG_CHECK_DIGIT = "wrong_check_digit"
    SEVENTEEN_DIGITS = "seventeen_digits"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    EXACT_DUPLICATE = "exact_duplicate"
    NEGATIVE_BALANCE = "negative_balance"
    IMPOSSIBLE_DATE = "impossible_date"
    BIRTH_DATE_DISAGREES = "birth_date_disagrees"
    BALANCE_IS_NO_NUMBER = "balance_is_no_number"
    MISSING_NAME = "missing_name"
    NOT_GB18030 = "not_gb18030"
    WRONG_COLUMN_COUNT = "wrong_column_count"


UNSUMMED = (Fault.BALANCE_IS_NO_NUMBER, Fault.NOT_GB18030, Fault.WRONG_COLUMN_COUNT)


class ExportTotals(msgspec.Struct, frozen=True):
    """What the writer knows of its export. `broken_lines` are line numbers, the header being line 1. Fen.

    `rows`, `balance_fen`, `record_rows` and `record_spent_fen` are what `control_totals.csv` states. A row with an
    exact twin is good, its twin is broken; of two rows that contradict each other both are broken.
    """

    rows: int
    balance_fen: int
    good_rows: int
    good_balance_fen: int
    broken: dict[Fault, int]
    broken_lines: dict[int, Fault]
    record_rows: int
    record_spent_fen: int


def invent_city(people: int, seed: int, on: dt.date) -> list[Resident]:
    """People of Jinzhong as they are on a day, all different, the same for the same seed.

    One name in a hundred has a rare character, one has a middle dot; three people in a thousand are in hospital.
    """
    rng = random.Random(seed)  # noqa: S311 - invented people, no secret
    taken: set[str] = set()
    return [_invent(rng, i, on, taken) for i in range(people)]


def invent_institutions() -> list[InventedInstitution]:
    """The hospitals, each with a terminal at the window and one on the wards, and the pharmacies, with one each.

    A code is H or P, the county, and a number; the larger institutions stand first among their kind.
    """
    invented = []
    for letter, kinds, named, terminals in (
        ("H", ("outpatient", "inpatient"), HOSPITALS, 2),
        ("P", ("pharmacy",), PHARMACIES, 1),
    ):
        for n, (name, county, part) in enumerate(named, 1):
            invented.append(
                InventedInstitution(
                    code=f"{letter}{county}{n:05d}",
                    name=name,
                    kinds=kinds,
                    part_payment=part == "*",
                    terminals=tuple(f"{letter}{n:02d}-{t}" for t in range(1, terminals + 1)),
                )
            )
    return invented


def _invent(rng: random.Random, i: int, on: dt.date, taken: set[str]) -> Resident:
    """One person; their number is none of those taken, and is taken from now on."""
    age = rng.choices(list(AGES), list(AGES.values()))[0]
    birth_on = on - dt.timedelta(days=rng.randrange(age * 365, (age + 10) * 365))
    sex = rng.choice((Sex.MALE, Sex.FEMALE))
    home, elsewhere = rng.choices(list(COUNTIES), list(COUNTIES.values()), k=2)
    number = _number(rng, home, birth_on, sex)
    while number in taken:
        number = _number(rng, home, birth_on, sex)
    taken.add(number)
    insured_on = _day_between(rng, min(max(birth_on, SCHEME_BEGAN_ON), on), on)
    since = None
    if rng.random() < 0.003:
        since = max(insured_on, on - dt.timedelta(days=rng.randint(1, 40)))
    return Resident(
        number=number,
        name=invent_name(rng, sex),
        sex=sex,
        birth_on=birth_on,
        region=region_in(on.year, home if rng.random() < 0.95 else elsewhere),
        insured_on=insured_on,
        old_card_number=f"{home[4:]}{i:08d}{rng.randrange(10)}",
        balance_fen=0 if rng.random() < 0.05 else min(int(rng.expovariate(1 / 900_00)), BALANCE_MAX_FEN),
        records=_records(rng, max(insured_on, dt.date(on.year - 1, 1, 1)), on),
        in_hospital_since=since,
    )


def _number(rng: random.Random, home: str, birth_on: dt.date, sex: Sex) -> str:
    """A sound number for somebody born there that day."""
    order = 2 * rng.randrange(500) + 1 if sex is Sex.MALE else 2 * rng.randint(1, 499)
    return with_check_digit(f"{region_in(birth_on.year, home)}{_day(birth_on)}{order:03d}")


def region_in(year: int, region: str) -> str:
    """The code that a county has in a year; only Taigu's has changed."""
    return TAIGU_DISTRICT if region == TAIGU_COUNTY and year >= TAIGU_CHANGED_IN else region


def invent_name(rng: random.Random, sex: Sex) -> str:
    """A plausible name."""
    draw = rng.random()
    if draw < 0.01:
        return f"{rng.choice(GIVEN_MEN if sex is Sex.MALE else GIVEN_WOMEN)}·{rng.choice(FATHERS)}"
    surname = rng.choice(DOUBLE_SURNAMES) if draw > 0.995 else rng.choice(SURNAMES)
    last = rng.choice(RARE) if draw < 0.02 else rng.choice(FOR_MEN if sex is Sex.MALE else FOR_WOMEN)
    return surname + (rng.choice(FOR_BOTH) if rng.random() < 0.65 else "") + last


def _records(rng: random.Random, first: dt.date, on: dt.date) -> tuple[OldRecord, ...]:
    """What the old card was used for, oldest first."""
    days = sorted(_day_between(rng, first, on) for _ in range(rng.randint(0, 12)))
    records = []
    for day in days:
        total_fen = min(int(rng.expovariate(1 / 150_00)) + 5_00, 5_000_00)
        account_fen = total_fen if rng.random() < 0.6 else rng.randint(0, total_fen)
        records.append(OldRecord(day, rng.choice(INSTITUTIONS), total_fen, account_fen))
    return tuple(records)


def _day_between(rng: random.Random, first: dt.date, last: dt.date) -> dt.date:
    """Some day from the first to the last."""
    return first + dt.timedelta(days=rng.randint(0, (last - first).days))


def write_old_export(residents: Sequence[Resident], folder: Path, seed: int) -> ExportTotals:
    """Write `accounts.csv`, `records.csv` and `control_totals.csv` into the folder, and tell what is in them.

    From 550 people on, every fault of `Fault` stands in the accounts at least once.
    """
    rng = random.Random(seed)  # noqa: S311 - invented people, no secret
    folder.mkdir(parents=True, exist_ok=True)
    broken, lines = _draw_faults(rng, len(residents)), _Lines()
    year = max((max(_days_of(r)) for r in residents), default=SCHEME_BEGAN_ON).year
    spent_fen = record_rows = 0
    waiting: dict[int, list[tuple[list[str], int, Fault]]] = {}
    with (folder / "accounts.csv").open("wb") as accounts, (folder / "records.csv").open("wb") as records:
        accounts.write(_encoded(ACCOUNT_COLUMNS))
        records.write(_encoded(RECORD_COLUMNS))
        for i, resident in enumerate(residents):
            fields, fault = _account_fields(rng, i, resident, year), broken.get(i)
            if fault in (Fault.EXACT_DUPLICATE, Fault.CONFLICTING_DUPLICATE):
                twin = (*twin_of(fields, resident.balance_fen, fault), fault)
                waiting.setdefault(rng.randint(i, len(residents) - 1), []).append(twin)
            elif fault is not None:
                break_row(rng, fields, fault)
            balance_fen = -resident.balance_fen - 1 if fault is Fault.NEGATIVE_BALANCE else resident.balance_fen
            itself = None if fault is Fault.EXACT_DUPLICATE else fault
            accounts.write(lines.add(fields, balance_fen, itself))
            accounts.writelines(lines.add(*twin) for twin in waiting.pop(i, ()))
            for record in resident.records:
                record_rows += 1
                spent_fen += record.account_fen
                records.write(_encoded([*fields[:2], *_record_fields(record)]))
    with (folder / "control_totals.csv").open("wb") as control:
        control.write(_encoded(CONTROL_COLUMNS))
        control.write(_encoded(("accounts.csv", str(lines.rows), _yuan(lines.balance_fen))))
        control.write(_encoded(("records.csv", str(record_rows), _yuan(spent_fen))))
    return ExportTotals(
        rows=lines.rows,
        balance_fen=lines.balance_fen,
        good_rows=lines.rows - len(lines.broken),
        good_balance_fen=lines.good_balance_fen,
        broken=dict(Counter(lines.broken.values())),
        broken_lines=lines.broken,
        record_rows=record_rows,
        record_spent_fen=spent_fen,
    )


class _Lines:
    """The rows of `accounts.csv` so far: how many, which are broken, and their sums."""

    def __init__(self) -> None:
        self.rows = self.balance_fen = self.good_balance_fen = 0
        self.broken: dict[int, Fault] = {}

    def add(self, fields: Sequence[str], balance_fen: int, fault: Fault | None) -> bytes:
        """Count a row, and give it as the bytes to write."""
        self.rows += 1
        if fault is None:
            self.good_balance_fen += balance_fen
        else:
            self.broken[self.rows + 1] = fault
        if fault not in UNSUMMED:
            self.balance_fen += balance_fen
        if fault is Fault.NOT_GB18030:
            # The name loses its last byte, as where a field of fixed width cut a character in two.
            before, name, after = fields[:2], fields[2].encode("gb18030")[:-1], fields[3:]
            return b",".join((_encoded(before)[:-2], name, _encoded(after)))
        return _encoded(fields)


def _draw_faults(rng: random.Random, people: int) -> dict[int, Fault]:
    """Whose row shall be broken, and how; every fault in turn, so that none is left out."""
    kinds = rng.sample(list(Fault), len(Fault))
    chosen = rng.sample(range(people), round(people * BROKEN_SHARE))
    return {person: kinds[n % len(kinds)] for n, person in enumerate(chosen)}


def _account_fields(rng: random.Random, i: int, resident: Resident, year: int) -> list[str]:
    """A sound row of `accounts.csv`."""
    age = year - resident.birth_on.year
    category = "41" if age < 18 else rng.choice(("11", "11", "11", "31")) if age < 60 else "21"
    since = resident.in_hospital_since
    return [
        f"{1400000000 + i}",
        resident.number,
        resident.name,
        "男" if resident.sex is Sex.MALE else "女",
        _day(resident.birth_on),
        resident.old_card_number,
        f"YZ{i:08d}",
        f"{resident.region}{rng.randrange(2000):04d}",
        category,
        "0" if since is None else "1",
        _yuan(resident.balance_fen),
        str(year),
        _day(resident.insured_on),
        resident.region,
        "" if since is None else _day(since),
    ]


def twin_of(fields: Sequence[str], balance_fen: int, fault: Fault) -> tuple[list[str], int]:
    """A second row for the same person: the same, or with another balance under another 个人编号."""
    if fault is Fault.EXACT_DUPLICATE:
        return list(fields), balance_fen
    other = list(fields)
    other[0] = str(int(fields[0]) + 500_000_000)
    other[10] = _yuan(balance_fen + 12_34)
    return other, balance_fen + 12_34


def break_row(rng: random.Random, fields: list[str], fault: Fault) -> None:
    """Break a row in place. Bytes that are no GB18030 come about when it is encoded."""
    number, balance = fields[1], fields[10]
    if fault is Fault.WRONG_CHECK_DIGIT:
        fields[1] = number[:17] + ("0" if number[17] == "X" else str((int(number[17]) + rng.randint(1, 9)) % 10))
    elif fault is Fault.SEVENTEEN_DIGITS:
        fields[1] = number[:17]
    elif fault is Fault.NEGATIVE_BALANCE:
        fields[10] = _yuan(-_fen(balance) - 1)
    elif fault is Fault.IMPOSSIBLE_DATE:
        fields[12] = f"{fields[11]}0231"
    elif fault is Fault.BIRTH_DATE_DISAGREES:
        fields[4] = f"{int(fields[4][:4]) - 1}0{rng.randint(1, 9)}{rng.randint(10, 28)}"
    elif fault is Fault.BALANCE_IS_NO_NUMBER:
        fields[10] = rng.choice(("*****", "1.2.3", "一百元", ""))
    elif fault is Fault.MISSING_NAME:
        fields[2] = ""
    elif fault is Fault.WRONG_COLUMN_COUNT:
        if rng.random() < 0.5:
            del fields[-2:]
        else:
            fields.insert(3, "")


def _record_fields(record: OldRecord) -> Iterator[str]:
    """A row of `records.csv` after its person."""
    yield _day(record.on)
    yield record.institution
    yield _yuan(record.total_fen)
    yield _yuan(record.account_fen)


def _days_of(resident: Resident) -> Iterator[dt.date]:
    """The days in a person's account; the latest of a city's tells the year that the export is of."""
    yield resident.insured_on
    yield resident.in_hospital_since or resident.insured_on
    if resident.records:
        yield resident.records[-1].on


def _encoded(fields: Iterable[str]) -> bytes:
    """A line as the old system writes it."""
    return (",".join(fields) + "\r\n").encode("gb18030")


def _day(day: dt.date) -> str:
    """A day as YYYYMMDD."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _yuan(amount_fen: int) -> str:
    """Fen as yuan with two decimals."""
    sign, amount_fen = ("-", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    return f"{sign}{amount_fen // 100}.{amount_fen % 100:02d}"


def _fen(yuan: str) -> int:
    """The fen of an amount that `_yuan` wrote."""
    return int(yuan.replace(".", ""))
