"""The yardstick of moving a city over: PostgreSQL's own COPY of the same files into bare tables, with two indexes.

Nothing is checked, matched, decided or proved. The server reads the files itself, so no client costs anything.
"""

import time
from pathlib import Path
from typing import NamedTuple

import psycopg

from bench.old_city import Found

TABLES = """
create table accounts (
    "个人编号" text, "身份证号" text, "姓名" text, "性别" text, "出生日期" date, "卡号" text, "医疗证号" text,
    "单位编号" text, "医疗人员类别" text, "在院状态" text, "结余" numeric, "年度" numeric, "参保日期" date,
    "所属区划" text, "入院日期" date
);
create table records (
    "个人编号" text, "身份证号" text, "日期" date, "医疗机构" text, "总费用" numeric, "帐户支出" numeric
);
"""
COPIES = {
    name: f"copy {name} from %s (format csv, header, encoding 'GB18030', on_error ignore, log_verbosity silent)"
    for name in ("accounts", "records")
}
INDEXES = {name: f'create index {name}_by_number on {name} ("身份证号")' for name in ("accounts", "records")}
SOUND = "accounts_that_copy_takes.csv"


class Raw(NamedTuple):
    """Rows in the files that were copied, seconds, and how large the database was after, in bytes."""

    rows: int
    seconds: float
    size: int


def make_ready(folder: Path, found: Found) -> None:
    """Beside the accounts, the same without the rows that end a COPY: other columns, or bytes that are no GB18030.

    A value that is none of its column's type needs no such care: COPY can leave its row out.
    """
    unreadable = set(found.unreadable_lines)
    with (folder / "accounts.csv").open("rb") as file, (folder.parent / SOUND).open("wb") as sound:
        sound.writelines(line for n, line in enumerate(file, 1) if n not in unreadable)


def raw_copy(url: str, folder: Path, found: Found, *, indexes_first: bool) -> Raw:
    """COPY both files into an empty database, and index both tables by 身份证号, before or after.

    `AssertionError` if rows are missing that are sound.
    """
    files = {"accounts": folder.parent / SOUND, "records": folder / "records.csv"}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
        connection.execute("checkpoint")
        began = time.perf_counter()
        if indexes_first:
            for statement in INDEXES.values():
                connection.execute(statement)
        for name, path in files.items():
            connection.execute(COPIES[name].replace("%s", f"'{path}'"))
        if not indexes_first:
            for statement in INDEXES.values():
                connection.execute(statement)
        seconds = time.perf_counter() - began
        came = [connection.execute(f"select count(*) from {name}").fetchone()[0] for name in files]
        size = connection.execute("select pg_database_size(current_database())").fetchone()[0]
    assert came[0] >= found.good_rows
    assert came[1] >= found.records_carried + found.records_left
    return Raw(found.rows - len(found.unreadable_lines) + found.record_rows, seconds, size)
