"""Institutions, terminals and the evening of money at the command line."""

import datetime as dt
import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_shell import NOBODY, OWN_PIN, Shell, open_shell
from shebaoka import app
from shebaoka.cli import institutions, money
from shebaoka.desk import CARES, DIFFERENCES, RIGHTS, ask_of
from shebaoka.numbers import mask
from shebaoka.records import Digits, PresentedCard, SettleCharge

HOSPITAL = "H14070200001"


@pytest.fixture(scope="module")
def shell(server: str) -> Iterator[Shell]:
    """A home of this module's own."""
    with open_shell(server) as shell:
        yield shell


@pytest.fixture(scope="module")
def holder(shell: Shell) -> str:
    """Somebody with a card and 100 yuan, and a hospital with a terminal."""
    number = shell.holder()
    shell.ok("account", "credit", number, "--month", "2013-06", "--amount-yuan", "100", by="migration")
    shell.ok("institution", "add", HOSPITAL, "汾河湾综合医院", "--kind", "outpatient", by="")
    shell.ok("terminal", "add", "fenhe-1", "--institution", HOSPITAL, by="")
    return number


def settle(shell: Shell, number: str, *amounts: int) -> tuple[int, list[str]]:
    """Charges to the account, in fen, in the hospital's cycle; the cycle and the messages' ids."""
    card = json.loads(shell.ok("person", "show", number, "--json"))["cards"][0]["card"]
    with app.open_house(app.settings_from(shell.env)) as house:
        terminal = house.institutions.terminal("fenhe-1")
        cycle = house.institutions.sign_in(terminal).id
        terms = house.institutions.terms(terminal)
        desk = house.desk()
        ids = []
        for n, fen in enumerate(amounts):
            ids.append(f"{HOSPITAL}2013070112{cycle:04d}{n:04d}")
            charge = SettleCharge(
                id=ids[-1],
                person=number,
                card=PresentedCard(card["number"], card["serial"]),
                kind="outpatient",
                total_fen=fen,
                account_fen=fen,
            )
            receipt = desk.ask(ask_of(terminal, charge, Digits(OWN_PIN), terms))
            assert receipt.answer.outcome == "accepted", receipt.answer
        desk.store.close()
    return cycle, ids


def details(path: Path, rows: dict[str, str]) -> Path:
    """Their file, by message and amount of the account."""
    header = "msgid,setl_id,setl_type,medfee_sumamt,fund_pay_sumamt,acct_pay,psn_cash_pay"
    lines = [header, *(f"{m},,11,{yuan},0.00,{yuan},0.00" for m, yuan in rows.items())]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_choices_are_the_desks() -> None:
    """What help texts offer is what the desk knows."""
    assert (institutions.CARES, institutions.RIGHTS, money.DIFFERENCES) == (CARES, RIGHTS, DIFFERENCES)


def test_institutions_come_and_go(shell: Shell) -> None:
    """An institution is added once, listed with what it may settle, and ended."""
    add = ["institution", "add", "P14070200009", "南山大药房", "--kind", "pharmacy", "--part-payment"]
    assert "may settle pharmacy" in shell.ok(*add, by="")
    again = shell.run(*add)
    assert (again.exit_code, "already" in again.stderr) == (1, True)
    assert shell.run("institution", "add", "short", "x", "--kind", "pharmacy").exit_code == 1
    listed = shell.ok("institution", "list", by="")
    assert all(said in listed for said in ("P14070200009", "南山大药房", "part payment", "since 20"))
    shell.ok("institution", "end", "P14070200009", by="")
    (found,) = [i for i in shell.answer("institution", "list", by="")["institutions"] if i["code"] == "P14070200009"]
    assert found["ended_at"]
    assert shell.run("institution", "end", "P14070200009").exit_code == 1


def test_windows_come_and_go(shell: Shell) -> None:
    """A window is added, listed by distance, closed for some days, changed and ended; faults name their field."""
    said = ["--site", "平遥政务中心", "--address", "顺城路1号", "--hours", "每天 0:00-24:00"]
    shell.ok("window", "add", "cli-1", "一号", *said, "--at", "37.20, 112.18", by="")
    shell.ok("window", "add", "cli-2", "二号", *said, "--at", "37.69, 112.73", by="")
    near = shell.answer("window", "list", "--near", "140728", by="")["windows"]
    assert [(w["window"]["code"], w["distance"]) for w in near] == [("cli-1", "about 100 m"), ("cli-2", "about 73 km")]
    assert "open now, until 24:00" in shell.ok("window", "list", by="")
    today = dt.datetime.now(dt.UTC).date()
    shell.ok("window", "days", str(today - dt.timedelta(1)), str(today + dt.timedelta(1)), "--closed", by="")
    assert "closed now, opens" in shell.ok("window", "list", by="")
    shell.ok("window", "change", "cli-1", "一号", *said, by="")
    shell.ok("window", "end", "cli-1", by="")
    for wrong, told in (
        (["add", "cli-3", "三号", *said, "--at", "112.18, 37.20"], "coordinates: latitude comes first"),
        (["days", str(today), "--hours", "9"], "hours: "),
        (["list", "--near", "nowhere"], "There is no place nowhere"),
        (["days", str(today)], "Give one of"),
        (["end", "cli-1"], "no window cli-1 in use"),
    ):
        result = shell.run("window", *wrong)
        assert result.exit_code in (1, 2)
        assert told in result.stderr


def test_a_terminals_keys_are_shown_once(shell: Shell, holder: str, tmp_path: Path) -> None:
    """Keys go to stdout with a warning beside them, or into a file for its owner alone; no list has them."""
    result = shell.run("terminal", "add", "t-1", "--institution", HOSPITAL, "--may", "settle")
    said = dict(line.split(": ") for line in result.stdout.splitlines())
    assert (result.exit_code, len(said["signing_key"]), len(said["pin_key"])) == (0, 64, 64)
    assert "shown this one time" in result.stderr
    assert said["signing_key"] not in result.stderr

    out = tmp_path / "t-2.keys"
    shown = shell.ok(
        "terminal", "add", "t-2", "--institution", HOSPITAL, "--pin-cipher", "sm4", "--out", str(out), by=""
    )
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    kept = dict(line.split(": ") for line in out.read_text().splitlines())
    assert (len(kept["signing_key"]), len(kept["pin_key"]), kept["pin_cipher"]) == (64, 32, "sm4")
    assert kept["pin_key"] not in shown
    over = shell.run("terminal", "add", "t-3", "--institution", HOSPITAL, "--out", str(out))
    assert (over.exit_code, "is there already" in over.stderr) == (1, True)
    assert out.read_text().startswith("key_id: t-2")
    failed = shell.run("terminal", "add", "t-2", "--institution", HOSPITAL, "--out", str(tmp_path / "none"))
    assert (failed.exit_code, (tmp_path / "none").exists()) == (1, False)

    pair = ["terminal", "add", "t-4", "--institution", HOSPITAL, "--algorithm", "ed25519", "--public-key"]
    assert shell.run(*pair, "zz").exit_code == 2
    assert "signing_key" not in shell.ok(*pair, "11" * 32, by="")
    listed = {t["key_id"]: t for t in shell.answer("terminal", "list", by="")["terminals"]}
    assert {"t-1", "t-2", "t-4"} <= listed.keys()
    assert "t-3" not in listed
    assert (listed["t-1"]["may"], listed["t-2"]["may"]) == (["settle"], list(RIGHTS))
    shell.ok("terminal", "end", "t-1", by="")
    text = shell.ok("terminal", "list", by="")
    assert "ended 20" in text
    assert not any(key in text for key in (said["signing_key"], said["pin_key"], kept["signing_key"]))


def test_partners_at_the_command_line(shell: Shell, tmp_path: Path) -> None:
    """A maker is added with its keys, ours are drawn, all are listed, and the one that is played reads files."""
    until = str(dt.date.today() + dt.timedelta(days=20))  # noqa: DTZ011 - the shell's house has the machine's clock
    assert "delimited" in shell.ok("maker", "formats")
    assert "The maker zk1 is added" in shell.ok("maker", "add", "zk1", "晋中制卡中心", "--format", "fixed")
    shell.ok("maker", "change", "zk1", "制卡中心", "--format", "delimited")
    private, public, ours = tmp_path / "private", tmp_path / "public", tmp_path / "ours"
    public.write_text(shell.ok("maker", "simulate-keys", str(private)))
    assert private.stat().st_mode & 0o777 == 0o600
    assert "files for zk1 are sealed with it" in shell.ok("maker", "add-key", "zk1", str(public), "--until", until)
    for words in (("add-key", "zk1", str(private), "--until", until), ("our-keys",)):
        assert shell.run("maker", *words).exit_code == 1
    shell.ok("maker", "new-keys", "--until", until)
    ours.write_text(shell.ok("maker", "our-keys"))
    assert shell.ok("maker", "keys").count("expires soon") == 4
    keys = shell.answer("maker", "keys")["keys"]
    assert {key["partner"] for key in keys} == {"", "zk1"}
    shell.ok("maker", "end-key", keys[-1]["id"])
    no = shell.run(
        *("maker", "simulate", "zk1", str(ours), "--keys", str(private), "--ours", str(ours)),
        *("--format", "delimited", "--out", str(tmp_path / "out")),
    )
    assert "no sealed file" in no.output
    shell.ok("maker", "end", "zk1")
    assert "ended" in shell.ok("maker", "list")


def test_a_day_from_the_charge_to_the_bank(shell: Shell, holder: str, tmp_path: Path) -> None:
    """Compared, explained, closed and paid by the roles that may; differences are exit code 1 until then."""
    cycle, (first, second) = settle(shell, holder, 1234, 500)
    number = str(cycle)
    file = details(tmp_path / "theirs.csv", {first: "12.34", second: "5.01"})
    assert shell.run("money", "compare", number, str(file), by="operator").exit_code == 1
    found = shell.run("money", "compare", number, str(file), by="clerk")
    assert (found.exit_code, f"{second} amount: ours 5" in " ".join(found.stdout.split())) == (1, True)
    early = shell.run("money", "close", number, by="clerk")
    assert (early.exit_code, "cycle_is_not_reconciled" in early.stderr) == (1, True)
    explain = ["money", "explain", number, second, "--difference", "amount", "--reason", "A fen was rounded."]
    assert shell.run(*explain, by="bank").exit_code == 1
    assert "0 differences of the cycle" in shell.ok(*explain)
    line = shell.answer("money", "totals", number, by="bank")
    assert (line["state"], line["owed_fen"]) == ("explained", 1734)
    assert "closed since" in shell.ok("money", "close", number)
    assert shell.ok("money", "close", number) == shell.ok("money", "close", number)

    with app.open_house(app.settings_from(shell.env)) as house:
        today = str(house.screens.today())
    assert shell.run("money", "bank-file", today, by="operator").exit_code == 1
    out = tmp_path / "bank.csv"
    said = shell.ok("money", "bank-file", today, "--out", str(out), by="bank")
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said
    again = shell.run("money", "bank-file", today, by="clerk")
    paid = again.stdout
    assert " ".join(said.split()).endswith(again.stderr.strip())
    assert (out.read_text(), paid.splitlines()[1]) == (paid, f"pay,{today},{HOSPITAL},{cycle},2,0,1734,0,1734")
    assert shell.run("money", "bank-file", today, "--out", str(out), by="bank").exit_code == 1

    shown = " ".join(shell.ok("money", "totals", number).split())
    for said in (
        ": paid",
        f"{second} amount: ours 5",
        "positive: 2, 17.34 yuan",
        "A fen was rounded.",
        f"in the bank's file of {today}",
    ):
        assert said in shown
    assert "0 faults" in shell.ok("money", "check", by="")
    assert [c["id"] for c in shell.answer("money", "cycles", "--on", today)["cycles"]] == [cycle]
    assert "paid" in shell.ok("money", "cycles", "--institution", HOSPITAL)
    assert "There are no such cycles." in shell.ok("money", "cycles", "--open")
    assert shell.run("money", "totals", str(cycle + 1), by="clerk").exit_code == 1


def test_a_month_is_credited_once_at_the_command_line(shell: Shell, holder: str) -> None:
    """Asked again, a month is not credited again; a supplement has its number, and a refusal keeps no id."""
    june = ["account", "credit", holder, "--month", "2013-06", "--amount-yuan"]
    assert shell.answer(*june, "100", by="migration")["repeated"] is True
    other = shell.run(*june, "90", by="migration")
    assert (other.exit_code, "request_id_used_with_other_content" in other.stderr) == (1, True)
    before = shell.answer("person", "statement", holder)["balance_fen"]
    more = shell.answer(*june, "5", "--supplement", "2", by="migration")
    assert more["request_id"] == f"credit-2013-06-{mask(holder)}.2"
    assert holder not in shell.ok(*june, "5", "--supplement", "2", by="migration")
    assert more["facts"]["balance_fen"] == before + 500
    chosen = shell.run(*june, "5", "--id", "a-3", by="migration")
    assert (chosen.exit_code, "credit-MONTH-NUMBER" in chosen.stderr) == (1, True)
    for _ in range(2):
        refused = shell.run("account", "credit", NOBODY, "--month", "2013-06", "--amount-yuan", "1", by="migration")
        assert (refused.exit_code, "Journal" in refused.stdout) == (3, False)


def test_files_that_are_alike_and_files_that_cannot_be_read(shell: Shell, holder: str, tmp_path: Path) -> None:
    """An equal file is exit code 0; a broken one is told by its line, and nothing is kept of it."""
    cycle, (only,) = settle(shell, holder, 100)
    good = details(tmp_path / "good.csv", {only: "1.00"})
    assert "equal" in shell.ok("money", "compare", str(cycle), str(good))
    assert shell.answer("money", "compare", str(cycle), str(good))["equal"] is True
    bad = details(tmp_path / "bad.csv", {only: "one"})
    broken = shell.run("money", "compare", str(cycle), str(bad), by="clerk")
    assert (broken.exit_code, "Line 2 of the file, medfee_sumamt" in broken.stderr) == (1, True)
    assert shell.answer("money", "totals", str(cycle))["state"] == "equal"


def test_contributions_are_credited(shell: Shell, holder: str, tmp_path: Path) -> None:
    """The migration role credits a file, twice without harm; who is unknown is held back, and no number is shown."""
    file = tmp_path / "june.csv"
    rows = ["社会保障号码,姓名,月份,金额", f"{holder},李娜,2013-05,1050", f"{NOBODY},某某,2013-05,1"]
    file.write_text("\n".join(rows), encoding="gb18030")
    command = ["money", "credit", str(file), "--unit", "fen", "--held-back", str(tmp_path / "held")]
    assert shell.run(*command, by="clerk").exit_code == 1
    said = shell.ok(*command, by="migration")
    assert "credited: 1, 10.50 yuan" in said
    assert "held back: 1, 0.01 yuan" in said
    again = shell.answer(*command, by="migration")
    assert (again["credited"], again["already_there"], again["held_back"][0]["reason"]) == (
        0,
        1,
        "person_is_not_registered",
    )
    assert not any(n in said + json.dumps(again) for n in (holder, NOBODY))
    assert NOBODY in (tmp_path / "held" / "held_back.csv").read_text("utf-8-sig")
    (tmp_path / "control_totals.csv").write_text("文件,行数,金额合计\njune.csv,3,1051\n", encoding="gb18030")
    short = shell.run(*command, by="migration")
    assert (short.exit_code, "does not reconcile" in short.stdout) == (1, True)


def test_keys_of_credentials(shell: Shell) -> None:
    """The administrator draws a new key of credentials for wallets, and sees which one signs."""
    assert "There is no key yet" in shell.ok("wallet", "keys")
    first = shell.ok("wallet", "new-key").split()[-1].rstrip(".")
    second = shell.ok("wallet", "new-key").split()[-1].rstrip(".")
    said = shell.ok("wallet", "keys").split()
    assert [word for word in said if word in (first, second, "signs")] == [second, "signs", first]
