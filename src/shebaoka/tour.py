"""One person's whole life with the card, told in the terminal: asked of the real house, day by day. `shebaoka tour`.

The person is invented and the clock is moved; every sentence of an answer is the notice's.
"""

import datetime as dt
import re
import textwrap
import unicodedata
from collections.abc import Callable
from typing import Any

import msgspec

from shebaoka.app import Settings
from shebaoka.city import InventedInstitution, invent_city, invent_institutions
from shebaoka.notice import Speech
from shebaoka.numbers import mask
from shebaoka.paper.amounts import grouped, signed
from shebaoka.paper.labels import labels_in
from shebaoka.records import (
    ActivateCard,
    AddExtendedApplication,
    AdmitPatient,
    ApplyForCard,
    ApplyForTemporaryCard,
    CancelCard,
    CancelLossReport,
    CardKind,
    CarryOverAccount,
    ChangePin,
    Channel,
    CollectCard,
    CreditContribution,
    DischargePatient,
    ExpireCard,
    LookUpPerson,
    PutInBatch,
    Receipt,
    RecordBankAnswer,
    RecordMade,
    RecordReady,
    RecordRejected,
    RegisterPerson,
    ReplaceCard,
    ReportLoss,
    Request,
    ResetPin,
    SettleCharge,
    StopOldCard,
    UnlockCard,
    UseCard,
    WithdrawApplication,
)
from shebaoka.stage import Stage, open_stage
from shebaoka.tills import Till

LANGUAGE_ORDER = ("zh-Hans", "zh-Hant", "en")
Out = Callable[[str], None]
ID_ONLY = ("identity_card", "identity_copy")
HOSPITAL, PHARMACY = "inpatient", "pharmacy"
STAY = "ZY130629-17"
BILL = {"total_fen": 4_860_00, "pooled_fen": 3_402_00, "account_fen": 800_00, "cash_fen": 658_00}


class Scene(msgspec.Struct, frozen=True):
    """One day of the story: what happens, in three languages, and the request that it leads to.

    `at` is the institution whose terminal sends it; its card is then named by kind. Without a service, the year's
    statement of the account is looked at.
    """

    on: dt.date
    told: tuple[str, str, str]
    service: type[Request] | None = None
    fields: dict[str, Any] = {}
    at: str = ""


def _story(first_pin: str, about: dict[str, Any], old: dict[str, Any]) -> list[Scene]:
    """The life, in order."""
    day = dt.date
    old_card, temporary = {"card": "old_medical"}, {"card": "temporary"}
    stay, bill = {"stay": STAY}, {"kind": "inpatient", "stay": STAY, **BILL}
    medicine = {"card": "social_security", "kind": "pharmacy", "total_fen": 68_40, "account_fen": 68_40}
    return [
        Scene(day(2013, 6, 26), ("参保登记", "參保登記", "Registered with the insurance"), RegisterPerson, about),
        Scene(day(2013, 6, 26), ("旧医保卡的账户转入新系统", "舊醫保卡的賬戶轉入新系統", "The old card's account comes in"), CarryOverAccount, old),
        Scene(day(2013, 6, 27), ("最后几天还在药店刷旧医保卡", "最後幾天還在藥店刷舊醫保卡", "Still using the old card at the pharmacy"), UseCard, old_card),
        Scene(day(2013, 6, 28), ("去窗口申领，忘了带照片", "去窗口申領，忘了帶照片", "At the window to apply, without the photo"), ApplyForCard, {"shows": ID_ONLY}),
        Scene(day(2013, 6, 28), ("取来照片，再次申领", "取來照片，再次申領", "Back with the photo"), ApplyForCard, {"photo": "photo-1"}),
        Scene(day(2013, 6, 28), ("等待期间要用卡，办一张临时卡，密码自己定", "等待期間要用卡，辦一張臨時卡，密碼自己定", "A temporary card for the meantime, with a PIN of one's own"), ApplyForTemporaryCard, {"new_pin": "472093"}),
        Scene(day(2013, 6, 29), ("突然发病，凭旧医保卡住院", "突然發病，憑舊醫保卡住院", "Taken ill, and into hospital with the old card"), AdmitPatient, {**old_card, **stay, "admitted_on": day(2013, 6, 29), "ward": "内科"}, HOSPITAL),
        Scene(day(2013, 6, 30), ("卡片进入制卡批次", "卡片進入製卡批次", "The card goes into a batch"), PutInBatch, {"batch": "B-0001"}),
        Scene(day(2013, 7, 1), ("旧医保卡停用", "舊醫保卡停用", "The old card stops"), StopOldCard),
        Scene(day(2013, 7, 4), ("出院", "出院", "Discharged"), DischargePatient, {**stay, "discharged_on": day(2013, 7, 4)}, HOSPITAL),
        Scene(day(2013, 7, 4), ("结算时习惯性地递上旧卡", "結算時習慣性地遞上舊卡", "To settle the stay: the old card, out of habit"), SettleCharge, {**old_card, **bill}, HOSPITAL),
        Scene(day(2013, 7, 4), ("改用临时卡结算", "改用臨時卡結算", "The temporary card instead"), SettleCharge, {**temporary, **bill, "pin": "472093"}, HOSPITAL),
        Scene(day(2013, 7, 6), ("在药店又递上旧卡", "在藥店又遞上舊卡", "At the pharmacy, the old card once more"), SettleCharge, {**medicine, **old_card}, PHARMACY),
        Scene(day(2013, 7, 8), ("制卡厂退回：照片不清", "製卡廠退回：照片不清", "The maker rejects it: the photo is unclear"), RecordRejected, {"reason": "photo unclear"}),
        Scene(day(2013, 7, 9), ("免费重制", "免費重製", "Remade, free"), PutInBatch, {"batch": "B-0002"}),
        Scene(day(2013, 7, 18), ("制卡完成", "製卡完成", "Made"), RecordMade),
        Scene(day(2013, 7, 20), ("卡片到窗口", "卡片到窗口", "At the window"), RecordReady),
        Scene(day(2013, 7, 22), ("去领卡，没带临时卡", "去領卡，沒帶臨時卡", "To collect it, without the temporary card"), CollectCard),
        Scene(day(2013, 7, 23), ("带上临时卡，领到社保卡", "帶上臨時卡，領到社保卡", "With the temporary card: collected"), CollectCard, {"hands_in_temporary_card": True}),
        Scene(day(2013, 7, 23), ("还没启用就去看病", "還沒啟用就去看病", "To the doctor before activating it"), UseCard, {"pin": first_pin}),
        Scene(day(2013, 7, 23), ("银行功能已经能用", "銀行功能已經能用", "The bank's side works already"), UseCard, {"function": "financial"}),
        Scene(day(2013, 7, 24), ("打热线问：启用了吗？", "打熱線問：啟用了嗎？", "Calls the hotline: is it activated?"), LookUpPerson, {"channel": Channel.PHONE, "reason": "is it activated?"}),
        Scene(day(2013, 7, 24), ("到窗口启用", "到窗口啟用", "Activated at the window"), ActivateCard),
        Scene(day(2013, 7, 25), ("在药店用初始密码付款", "在藥店用初始密碼付款", "Pays at the pharmacy with the first PIN"), SettleCharge, {**medicine, "pin": first_pin}, PHARMACY),
        Scene(day(2013, 7, 25), ("到窗口修改密码", "到窗口修改密碼", "Changes the PIN"), ChangePin, {"pin": first_pin, "new_pin": "593816"}),
        Scene(day(2013, 7, 25), ("再次付款", "再次付款", "Pays again"), SettleCharge, {**medicine, "pin": "593816"}, PHARMACY),
        Scene(day(2013, 8, 5), ("上月缴费划入个人账户", "上月繳費劃入個人賬戶", "Last month's contribution comes in"), CreditContribution, {"month": "2013-07", "amount_fen": 96_50}),
        Scene(day(2013, 9, 3), ("加载图书馆应用", "加載圖書館應用", "The library on the card"), AddExtendedApplication, {"application": "library"}),
        Scene(day(2014, 1, 3), ("在窗口打印去年的对账单", "在窗口打印去年的對賬單", "Last year's statement, printed at the window")),
        *(Scene(day(2014, 2, 11), ("忘了密码，试着输入", "忘了密碼，試著輸入", "The PIN forgotten, a guess"), UseCard, {"pin": "118822"}) for _ in range(6)),
        Scene(day(2014, 2, 12), ("女儿代办解锁，忘带自己的身份证", "女兒代辦解鎖，忘帶自己的身份證", "The daughter comes to unlock it, without her own identity card"), UnlockCard, {"agent": {"name": "王小芳", "number": "14070219850312002X", "relation": "daughter"}, "shows": ("card", *ID_ONLY)}),
        Scene(day(2014, 2, 12), ("本人解锁", "本人解鎖", "The holder unlocks it"), UnlockCard),
        Scene(day(2014, 2, 12), ("重置密码", "重置密碼", "And sets a new PIN"), ResetPin, {"new_pin": "618350"}),
        Scene(day(2016, 2, 26), ("卡丢了，打电话挂失", "卡丟了，打電話掛失", "Lost: a call to report it"), ReportLoss, {"channel": Channel.PHONE}),
        Scene(day(2016, 2, 26), ("到窗口正式挂失", "到窗口正式掛失", "Reported formally at the window"), ReportLoss, {"shows": ID_ONLY}),
        Scene(day(2016, 2, 27), ("银行回复：已停用银行功能", "銀行回覆：已停用銀行功能", "The bank answers: its side is stopped"), RecordBankAnswer, {"financial": "stopped", "channel": Channel.BANK}),
        Scene(day(2016, 2, 29), ("补办，交工本费", "補辦，交工本費", "Replaced, for a fee"), ReplaceCard, {"why": "loss", "paid_fen": 2800, "shows": ID_ONLY}),
        Scene(day(2016, 2, 29), ("等待期间办临时卡：2月29日", "等待期間辦臨時卡：2月29日", "A temporary card meanwhile: on 29 February"), ApplyForTemporaryCard, {"new_pin": "730184"}),
        Scene(day(2017, 2, 28), ("临时卡的最后一天", "臨時卡的最後一天", "The temporary card's last day"), UseCard, {**temporary, "pin": "730184"}),
        Scene(day(2017, 3, 1), ("第二天", "第二天", "The day after"), UseCard, {**temporary, "pin": "730184"}),
        Scene(day(2017, 3, 1), ("日历记下到期", "日曆記下到期", "The calendar puts it on file"), ExpireCard),
        Scene(day(2017, 3, 4), ("旧卡在大衣口袋里找到了，解除挂失", "舊卡在大衣口袋裡找到了，解除掛失", "The card is found in a coat: the report is cancelled"), CancelLossReport),
        Scene(day(2017, 3, 4), ("撤回补办申请", "撤回補辦申請", "And the replacement is not needed any more"), WithdrawApplication),
        Scene(day(2017, 3, 5), ("银行恢复", "銀行恢復", "The bank resumes"), RecordBankAnswer, {"financial": "active", "channel": Channel.BANK}),
        Scene(day(2017, 3, 6), ("卡又能用了", "卡又能用了", "It works again"), UseCard, {"pin": "618350"}),
        Scene(day(2031, 10, 8), ("十八年后，卡仍有效", "十八年後，卡仍有效", "Eighteen years on, still good"), UseCard, {"pin": "618350"}),
        Scene(day(2041, 5, 17), ("家人来报告去世，卡片注销", "家人來報告去世，卡片註銷", "The family reports the death; the card is cancelled"), CancelCard, {"why": "death", "agent": {"name": "王小芳", "number": "14070219850312002X", "relation": "daughter"}}),
        Scene(day(2041, 5, 18), ("有人拿旧卡来用", "有人拿舊卡來用", "Somebody tries the card"), UseCard, {"pin": "618350"}),
    ]  # fmt: skip


def tour(settings: Settings, language: str, out: Out = print) -> int:
    """Play the life and tell it in one language. The exit code: 0 if the journal is whole at the end."""
    began_at = dt.datetime(2013, 6, 26, 1, 0, tzinfo=dt.UTC)
    with open_stage(settings, "tour", began_at) as stage:
        resident = invent_city(1, 2013, began_at.date())[0]
        about = {
            "name": resident.name,
            "region": resident.region,
            "insured_on": "2009-03-01",
            "channel": Channel.WINDOW,
        }
        old = {
            "old_card_number": resident.old_card_number,
            "balance_fen": 123_456,
            "records": [["2013-03-02", "益寿堂大药房", 4_580, 4_580], ["2012-11-20", "汾河湾综合医院", 21_000, 8_000]],
            "channel": Channel.IMPORTER,
        }
        out(_title(language).format(name=resident.name, number=mask(resident.number)))
        tills = {kind: Till(stage, _first(kind)) for kind in (HOSPITAL, PHARMACY)}
        for scene in _story(stage.first_pin, about, old):
            stage.clock.to(dt.datetime.combine(scene.on, dt.time(9), stage.house.notices.zone))
            out(f"\n{scene.on}  {scene.told[LANGUAGE_ORDER.index(language)]}")
            if scene.service is None:
                _tell_statement(stage, resident.number, scene.on.year - 1, language, out)
            elif scene.at:
                _tell(stage, _sent(stage, tills[scene.at], scene.service, resident.number, scene.fields), language, out)
            else:
                _tell(stage, stage.ask(scene.service, resident.number, **scene.fields), language, out)
        audit = stage.house.auditor.verify(stage.desk.store)
        out(_end(language).format(entries=audit.entries))
        return 1 if audit.faults else 0


def _first(kind: str) -> InventedInstitution:
    """The largest institution of a kind."""
    return next(i for i in invent_institutions() if kind in i.kinds)


def _sent(stage: Stage, till: Till, service: type[Request], number: str, fields: dict[str, Any]) -> Receipt:
    """A message of an institution, about the card that its terminal reads."""
    till.sign_in()
    said = dict(fields)
    if "card" in said:
        said["card"] = stage.card_of(number, CardKind(said["card"]))
    return till.sent(service, number, **said)


def _tell_statement(stage: Stage, number: str, year: int, language: str, out: Out) -> None:
    """The lines of a year's statement: day, what it was, where, what the account gained or gave, and its balance."""
    statement, labels = stage.house.accounts.statement(number, year), labels_in(language)
    out(f"            {labels.account} → {labels.balance}")
    for line in statement.lines:
        where = f" {line.institution}" if line.institution else ""
        change = f"{signed(line.account_fen)} → {grouped(line.balance_fen)}"
        _wrapped(out, f"{line.on} {change} {labels.whats[line.what]}{where}")


def _tell(stage: Stage, receipt: Receipt, language: str, out: Out) -> None:
    """The answer with its clause, and what to do next."""
    speech: Speech = stage.house.speech(receipt.answer.notice, language)
    answer = receipt.answer
    yes = answer.outcome == "accepted"
    verdict = {"zh-Hans": ("准", "不准"), "zh-Hant": ("准", "不准"), "en": ("yes", "no")}[language][0 if yes else 1]
    clauses = ", ".join((answer.clause, *answer.also))
    _wrapped(out, f"{'✓' if yes else '✗'} {verdict} [{clauses}] {speech.says(answer)}")
    for step in speech.do(answer):
        _wrapped(out, f"→ {step}")
    for reading in speech.readings(answer):
        _wrapped(out, f"※ {reading}")


def _wrapped(out: Out, text: str) -> None:
    """At most 80 columns, Chinese characters counting two."""
    if any(unicodedata.east_asian_width(c) == "W" for c in text):
        line, width = "", 0
        # Chinese may break anywhere but before a full stop or inside a number or a word.
        for piece in re.findall(r"[0-9A-Za-z.,-]+|.[，。；：、）]*", text):
            wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in piece)
            if width + wide > 66:
                out(f"            {line}")
                line, width = "", 0
            line, width = line + piece, width + wide
        out(f"            {line}")
        return
    for line in textwrap.wrap(text, 66):
        out(f"            {line}")


def _title(language: str) -> str:
    return {
        "zh-Hans": "{name}（{number}）与一张社会保障卡。人物为虚构，时钟由程序拨动；每一步都由真实的系统依据须知决定。",
        "zh-Hant": "{name}（{number}）與一張社會保障卡。人物為虛構，時鐘由程序撥動；每一步都由真實的系統依據須知決定。",
        "en": "{name} ({number}) and a social security card. The person is invented and the clock is moved by the play;\n"
        "each step was decided by the real house, from the notice.",
    }[language]


def _end(language: str) -> str:
    return {
        "zh-Hans": "\n日志共 {entries} 条，链条完整；从日志重新作出全部决定，结果与档案一致。",
        "zh-Hant": "\n日誌共 {entries} 條，鏈條完整；從日誌重新作出全部決定，結果與檔案一致。",
        "en": "\nThe journal has {entries} entries and its chain is whole; decided again from it, everything comes out the same.",
    }[language]
