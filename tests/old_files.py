"""An old system's export written by hand, as files. The tests of moving a city over share it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from shebaoka.numbers import with_check_digit

LI = {
    "个人编号": "1",
    "身份证号": with_check_digit("14070219800101001"),
    "姓名": "李伟",
    "性别": "男",
    "出生日期": "19800101",
    "卡号": "A1",
    "在院状态": "0",
    "结余": "100.05",
    "年度": "2013",
    "参保日期": "20050301",
    "所属区划": "140702",
    "入院日期": "",
}
WANG = {
    **LI,
    "个人编号": "2",
    "身份证号": with_check_digit("14072619750615002"),
    "姓名": "王芳",
    "性别": "女",
    "出生日期": "19750615",
    "卡号": "A2",
    "结余": "0.07",
}
RECORD_COLUMNS = ("个人编号", "身份证号", "日期", "医疗机构", "总费用", "帐户支出")
LI_RECORD = ("1", LI["身份证号"], "20130301", "南山镇卫生院", "30.00", "20.10")
Row = dict[str, str] | bytes


def write(
    folder: Path,
    rows: Iterable[Row],
    records: Sequence[Sequence[str] | bytes] = (),
    control: Sequence[tuple[str, str, str]] = (),
    encoding: str = "gb18030",
) -> Path:
    """An export of accounts and records: rows as columns or as raw bytes, control totals where there are some."""
    lines = [",".join(LI).encode(encoding)]
    lines += [row if isinstance(row, bytes) else ",".join(row.values()).encode(encoding) for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accounts.csv").write_bytes(b"".join(line + b"\r\n" for line in lines))
    texts = [",".join(RECORD_COLUMNS).encode(encoding)]
    texts += [r if isinstance(r, bytes) else ",".join(r).encode(encoding) for r in records]
    (folder / "records.csv").write_bytes(b"".join(line + b"\r\n" for line in texts))
    if control:
        said = ["文件,行数,金额合计", *(",".join(line) for line in control)]
        (folder / "control_totals.csv").write_bytes("".join(f"{line}\r\n" for line in said).encode("gb18030"))
    return folder
