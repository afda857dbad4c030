"""An old export written by hand, and a desk in memory that takes it in. The importer's tests share them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from shebaoka.importer import ImportReport, import_old_accounts
from shebaoka.numbers import with_check_digit
from shebaoka.records import (
    SERVICE_OF,
    Answer,
    AnyRequest,
    Ask,
    CarryOverAccount,
    Receipt,
    Refusal,
    RegisterPerson,
    RequestIdUsed,
    Sender,
    StoreDown,
    Trouble,
)

ON = dt.date(2013, 6, 30)
LI = {
    "个人编号": "1",
    "身份证号": with_check_digit("14070219800101001"),
    "姓名": "李伟",
    "性别": "男",
    "出生日期": "19800101",
    "卡号": "A1",
    "在院状态": "0",
    "结余": "100.05",
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


class FakeDesk:
    """A desk in memory: it knows ids, people and accounts, carries the year's records, and can be told to refuse."""

    def __init__(self) -> None:
        self.trays: list[int] = []
        self.asks: list[Ask] = []
        self.accounts: dict[str, CarryOverAccount] = {}
        self.people: dict[str, RegisterPerson] = {}
        self.refuse: dict[str, tuple[str, Refusal]] = {}
        self.fails_at: int | None = None
        self._answers: dict[str, tuple[AnyRequest, Sender, Answer]] = {}

    def submit(self, asks: list[Ask]) -> list[Receipt | Trouble]:
        """Answer in order; the whole tray fails where the test says so."""
        if self.fails_at == len(self.trays):
            raise StoreDown("The database cannot be reached.")
        self.trays.append(len(asks))
        self.asks += asks
        return [self._outcome(ask) for ask in asks]

    def _outcome(self, ask: Ask) -> Receipt | Trouble:
        request = ask.request
        known = self._answers.get(request.id)
        if known is not None and known[:2] != (request, ask.sender):
            return RequestIdUsed("used before")
        answer = known[2] if known else self._decide(request)
        self._answers.setdefault(request.id, (request, ask.sender, answer))
        at = dt.datetime(2013, 6, 30, tzinfo=dt.UTC)
        return Receipt(request.id, SERVICE_OF[type(request)], at, answer, repeated=known is not None)

    def _decide(self, request: AnyRequest) -> Answer:
        service, ground = self.refuse.get(request.person, ("", None))
        if ground is not None and service == SERVICE_OF[type(request)]:
            return refused(ground)
        if isinstance(request, RegisterPerson):
            if request.person in self.people:
                return refused(Refusal.PERSON_IS_ALREADY_REGISTERED)
            self.people[request.person] = request
            return accepted({})
        assert isinstance(request, CarryOverAccount)
        if request.person not in self.people:
            return refused(Refusal.PERSON_IS_NOT_REGISTERED)
        if request.person in self.accounts:
            return refused(Refusal.ACCOUNT_WAS_ALREADY_CARRIED_OVER)
        self.accounts[request.person] = request
        carried = sum(r.on.year == ON.year for r in request.records)
        return accepted({"records_carried": carried, "records_left": len(request.records) - carried})


def accepted(facts: dict[str, str | int]) -> Answer:
    """A yes."""
    return Answer(outcome="accepted", ground="old_account_carries_over", clause="1.2", notice="x", facts=facts)


def refused(ground: Refusal) -> Answer:
    """A no."""
    return Answer(outcome="refused", ground=ground, clause="4.1", notice="x")


def take_in(folder: Path, desk: FakeDesk, output: Path | None = None, by: str = "migration") -> ImportReport:
    """Import as of the tests' day."""
    return import_old_accounts(folder, desk.submit, sender_by=by, on=ON, output=output or folder / "out")


def write(
    folder: Path,
    rows: Iterable[dict[str, str] | bytes],
    records: Sequence[Sequence[str] | bytes] = (),
    control: tuple[str, str] | None = None,
) -> Path:
    """Write an export by hand: rows as columns or as raw bytes, control totals where the test has some."""
    lines = [",".join(LI).encode("gb18030")]
    lines += [row if isinstance(row, bytes) else ",".join(row.values()).encode("gb18030") for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accounts.csv").write_bytes(b"".join(line + b"\r\n" for line in lines))
    texts = [",".join(RECORD_COLUMNS).encode("gb18030")]
    texts += [r if isinstance(r, bytes) else ",".join(r).encode("gb18030") for r in records]
    (folder / "records.csv").write_bytes(b"".join(line + b"\r\n" for line in texts))
    if control is not None:
        spent = sum(int(r[5].replace(".", "")) for r in records if not isinstance(r, bytes))
        stated = f"文件,行数,金额合计\r\naccounts.csv,{control[0]},{control[1]}\r\n"
        stated += f"records.csv,{len(records)},{spent // 100}.{spent % 100:02d}\r\n"
        (folder / "control_totals.csv").write_bytes(stated.encode("gb18030"))
    return folder


def only_reason(report: ImportReport) -> tuple[str, str]:
    """Reason and sentence of the one row that is held back."""
    (held,) = report.held_back
    return held.reason, held.sentence
