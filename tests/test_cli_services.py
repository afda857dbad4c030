"""Services, look-ups, the journal and the importer at the command line: answers, tokens, PINs, masking."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cli_shell import NOBODY, OWN_PIN, WRONG_PIN, Shell, open_shell
from old_files import LI, LI_RECORD, write
from shebaoka.app import APP_ROLE
from shebaoka.chip import CardTalk, VirtualCard, content_of, proof_of
from shebaoka.cli import layout
from shebaoka.desk import TOKEN_ROLES, Role
from shebaoka.numbers import mask, with_check_digit
from shebaoka.records import CardOrder
from shebaoka.store import as_role, copying


@pytest.fixture(scope="module")
def shell(server: str) -> Iterator[Shell]:
    """A home of this module's own."""
    with open_shell(server) as shell:
        yield shell


def test_a_temporary_cards_order_is_what_its_chip_takes(shell: Shell) -> None:
    """Printed for whoever may see number and name, on the record, and written into a blank chip as it is."""
    number, key = shell.somebody(), bytes(16)
    shell.ok("temporary", "apply", number, "--shows-all", "--pins-stdin", stdin=f"\n{OWN_PIN}\n")
    order = msgspec.json.decode(shell.ok("card", "order", number, "--reason", "chip"), type=CardOrder)
    card = VirtualCard(bytes, key=key)
    assert CardTalk(card.answer).personalise(content_of(order), lambda _, c: proof_of(key, c, bytes(8)))
    read = CardTalk(card.answer).read()
    shown = shell.answer("card", "show", number)["cards"][0]["card"]
    assert (read.issue.card_number, read.issue.card_serial) == (shown["number"], shown["serial"])
    assert read.holder is not None
    assert (read.holder.number, str(read.issue.valid_until)) == (number, shown["valid_until"])
    assert shell.ok("person", "history", number).count("Look up a person") == 3
    assert "[not_allowed]" in shell.run("card", "order", number, by="operator").stderr
    assert "[not_found]" in shell.run("card", "order", number, "--kind", "social_security", by="clerk").stderr


def test_a_card_from_application_to_use(shell: Shell) -> None:
    """The whole way through the command line; a yes is exit code 0, a no is 3 with clause, sentence and advice."""
    number = shell.holder()
    assert shell.answer("use", number, "--pins-stdin", stdin=f"{OWN_PIN}\n\n")["outcome"] == "accepted"
    result = shell.run("use", number, "--pins-stdin", by="terminal", stdin=f"{WRONG_PIN}\n\n")
    assert result.exit_code == 3
    assert result.stdout.startswith("✗ refused — Use a card, ")
    assert "Clause 9.3" in result.stdout
    assert "Tries left: 5" in result.stdout
    assert "reading (Wrong PINs before the lock)" in " ".join(result.stdout.split())
    assert max(map(layout.cells, result.stdout.splitlines())) <= 80
    assert number not in result.stdout
    assert mask(number) in result.stdout
    assert WRONG_PIN not in result.output


def test_where_a_card_is(shell: Shell) -> None:
    """`card where` says stage, sentence, what to do and the clause; `person show` says the same sentence."""
    number = shell.somebody()
    assert shell.answer("card", "where", number)["stage"] == "none"
    shell.ok("apply", number, "--shows-all")
    told = shell.answer("card", "where", number)
    assert (told["stage"], told["clause"], told["late"]) == ("applied", "4.2", False)
    text = " ".join(shell.ok("card", "where", number, by="operator").split())
    assert all(" ".join(sentence.split()) in text for sentence in (told["sentence"], *told["do"]))
    assert told["sentence"] in " ".join(shell.ok("person", "show", number).split())
    assert number not in text


def test_a_telephone_at_the_command_line(shell: Shell) -> None:
    """It is kept by whoever serves, shown in part, and changed field by field; a wrong one is told by its field."""
    number = shell.somebody()
    assert shell.answer("person", "telephone", number)["telephone"] is None
    said = shell.answer("person", "telephone", number, "--set", "138 0000 1234", "--agreed")
    assert said["telephone"] == {"number": "138****1234", "agreed": True, "language": "zh-Hans"}
    assert [event["by"] for event in said["events"]] == ["the clerk"]
    assert "does not agree" in shell.ok("person", "telephone", number, "--not-agreed")
    wrong = shell.run("person", "telephone", number, "--set", "1", by="clerk")
    assert (wrong.exit_code, wrong.stderr.startswith("shebaoka: telephone: eleven digits")) == (1, True)
    assert shell.run("person", "telephone", number, "--set", "", by="operator").exit_code == 1


def test_the_outbox_at_the_command_line(shell: Shell, tmp_path: Path) -> None:
    """What is written with a decision is listed, sent by the carrier that the settings name, and sent again by who may;
    a carrier's key is shown once or goes into an owner's file.
    """
    shell.holder()
    waiting = shell.answer("outbox", "list", "--state", "waiting", by="production")
    assert waiting["counts"]["waiting"] >= 1
    assert {n["about"] for n in waiting["notifications"]} == {"ready"}
    none = shell.run("outbox", "send")
    assert (none.exit_code, "SHEBAOKA_CARRIER" in none.stderr) == (1, True)
    env = {"SHEBAOKA_CARRIER": "console"}
    assert "Sent 0" in shell.run("outbox", "send", env=env).stdout  # what is waiting was collected meanwhile
    assert "overtaken" in shell.ok("outbox", "list", by="auditor")
    number = shell.somebody()
    shell.ok("apply", number, "--shows-all")
    for step in (("put-in", "--batch", "b1"), ("made",), ("ready",)):
        shell.ok("batch", step[0], number, *step[1:], by="production")
    assert shell.run("outbox", "send", "--json", env=env).exit_code == 0
    (untold,) = shell.answer("outbox", "list", "--state", "untold", by="production")["notifications"]
    assert "Put in again: 1." in shell.ok("outbox", "retry", untold["place"], by="production")
    assert shell.run("outbox", "retry", untold["place"], by="auditor").exit_code == 1
    shell.ok("person", "telephone", number, "--set", "13800001234", "--agreed", "--messages-in", "en")
    sent = shell.run("outbox", "send", env=env).stdout
    assert "console, nobody is told: 138****1234 <- [" in sent
    assert number not in sent
    file = tmp_path / "house.key"
    assert "key house-1 is in" in shell.ok("outbox", "key", "house-1", "--out", str(file))
    assert (file.stat().st_mode & 0o777, "signing_key: " in file.read_text()) == (0o600, True)
    gateway = {"SHEBAOKA_CARRIER": "http://127.0.0.1:9/v1", "SHEBAOKA_CARRIER_KEY": "house-1"}
    assert "Sent 0" in shell.run("outbox", "send", env=gateway).stdout
    assert "SHEBAOKA_CARRIER_KEY" in shell.run("outbox", "send", env=gateway | {"SHEBAOKA_CARRIER_KEY": "x"}).stderr


def test_pins_are_asked_for_hidden(shell: Shell) -> None:
    """--pin and --new-pin ask, the new one twice, and show nothing of it; --json stays one document."""
    number = shell.holder()
    result = shell.run(
        "change-pin", number, "--shows-all", "--pin", "--new-pin", "--json",
        by="clerk", stdin=f"{OWN_PIN}\n593816\n593816\n",
    )  # fmt: skip
    assert json.loads(result.stdout)["outcome"] == "accepted"
    assert not re.search(f"{OWN_PIN}|593816", result.output)
    both = shell.run("change-pin", number, "--pin", "--pins-stdin", by="clerk")
    assert both.exit_code == 2
    said = shell.run("reset-pin", "--help").stdout
    assert not re.search(r"--(new-)?pins? [A-Z]", said)


def test_keys_can_be_rotated_while_cards_are_out(shell: Shell) -> None:
    """After a rotation a PIN that was set before is still right."""
    number = shell.holder()
    assert "keys" in shell.ok("vault", "rotate")
    assert shell.answer("use", number, "--pins-stdin", stdin=f"{OWN_PIN}\n\n")["outcome"] == "accepted"


def test_a_request_sent_again_gets_its_first_answer(shell: Shell) -> None:
    """The same id and content is answered alike and marked; with other content it is trouble."""
    number = shell.somebody()
    request_id = f"again-{number[-4:]}"
    first = shell.answer("apply", number, "--shows-all", "--id", request_id)
    again = shell.answer("apply", number, "--shows-all", "--id", request_id)
    assert (again["entry"], again["repeated"], first["repeated"]) == (first["entry"], True, False)
    other = shell.run("apply", number, "--id", request_id, by="clerk")
    assert other.exit_code == 1
    assert other.stderr.endswith("[request_id_used_with_other_content]\n")


def test_a_dry_run_does_nothing(shell: Shell) -> None:
    """The answer is told and stands nowhere; the next request still finds nothing done."""
    number = shell.somebody()
    dry = shell.answer("apply", number, "--shows-all", "--dry-run")
    assert (dry["outcome"], dry["dry_run"], dry["entry"]) == ("accepted", True, "")
    assert "A dry run: nothing was done." in shell.ok("apply", number, "--shows-all", "--dry-run")
    assert shell.answer("apply", number, "--shows-all")["outcome"] == "accepted"


def test_an_agent_shows_their_own_papers(shell: Shell) -> None:
    """An agent without an ID card is refused by clause 4.2; --shows-all counts the agent's papers too."""
    number = shell.somebody()
    agent = ["--agent-name", "王芳", "--agent-number", with_check_digit("14070219820303002")]
    shown = [w for paper in ("identity_card", "identity_copy", "photo") for w in ("--shows", paper)]
    refused = shell.answer("apply", number, *agent, *shown)
    assert (refused["ground"], refused["missing"]) == (
        "applying_agent_must_show_identity_card",
        ["agent_identity_card"],
    )
    assert shell.answer("apply", number, *agent, "--shows-all")["outcome"] == "accepted"


def test_fees_are_paid_in_yuan_and_kept_in_fen(shell: Shell) -> None:
    """28 yuan are 2800 fen; any other amount is refused by clause 6.2."""
    number = shell.holder()
    replace = ["replace", number, "--why", "damage", "--shows-all"]
    short = shell.answer(*replace, "--paid-yuan", "27.99")
    assert (short["clause"], short["facts"]["paid_fen"]) == ("6.2", 2799)
    paid = shell.answer(*replace, "--paid-yuan", "28")
    assert (paid["outcome"], paid["fee_fen"]) == ("accepted", 2800)


def test_a_number_may_come_by_stdin(shell: Shell) -> None:
    """`-` keeps the number out of the list of processes; a small x is taken as X."""
    result = shell.run("apply", "-", "--json", by="clerk", stdin=f"{NOBODY.lower()}\n")
    assert (result.exit_code, json.loads(result.stdout)["ground"]) == (3, "person_is_not_registered")


def test_services_need_a_token(shell: Shell, tmp_path: Path) -> None:
    """Without a token, or with one that is ended, nothing is asked; a token file must be its owner's alone."""
    assert shell.run("apply", NOBODY).stderr.endswith("[not_signed_in]\n")
    assert shell.run("apply", NOBODY, env={"SHEBAOKA_TOKEN": "sbk_made-up"}).stderr.endswith("[not_signed_in]\n")
    file = tmp_path / "token"
    file.write_text(shell.tokens["clerk"] + "\n")
    file.chmod(0o640)
    open_to_others = shell.run("--token-file", str(file), "apply", NOBODY)
    assert (open_to_others.exit_code, "chmod 600" in open_to_others.stderr) == (1, True)
    file.chmod(0o600)
    assert shell.run("--token-file", str(file), "apply", NOBODY).exit_code == 3
    assert "cannot be read" in shell.run("--token-file", str(tmp_path / "none"), "apply", NOBODY).stderr


def test_staff_come_and_go(shell: Shell) -> None:
    """A token is printed alone and once; an ended account is listed as such, and its token is not taken."""
    token = shell.run("staff", "add", "short stay", "--role", "clerk").stdout.strip()
    assert token.startswith("sbk_")
    assert "short stay" in shell.ok("staff", "list")
    assert token not in shell.ok("staff", "list")
    shell.ok("staff", "end", "short stay")
    assert "ended" in next(line for line in shell.ok("staff", "list").splitlines() if "short stay" in line)
    assert shell.run("apply", NOBODY, env={"SHEBAOKA_TOKEN": token}).exit_code == 1
    accounts = json.loads(shell.ok("staff", "list", "--json"))["staff"]
    assert {a["role"] for a in accounts} == set(Role)
    assert shell.run("staff", "end", "short stay").stderr.endswith("[not_found]\n")


def test_a_person_has_a_code_and_no_token(shell: Shell) -> None:
    """A code is printed alone, and a reset prints another; who has a token cannot be reset, nor a person do without."""
    added = shell.run("staff", "add", "李娜", "--role", "security_administrator", "--person")
    again = shell.run("staff", "reset", "李娜")
    codes = [result.stdout.strip() for result in (added, again)]
    assert all(re.fullmatch(r"([2-9A-HJ-NP-Z]{4}-){4}[2-9A-HJ-NP-Z]{4}", code) for code in codes)
    assert codes[0] != codes[1]
    assert all("within 24 hours" in result.stderr for result in (added, again))
    assert "enrolling" in next(line for line in shell.ok("staff", "list").splitlines() if "李娜" in line)
    assert not any(code in shell.ok("staff", "list", "--json") for code in codes)
    assert shell.run("staff", "reset", "the clerk").stderr.endswith("[not_found]\n")
    assert "--person" in shell.run("staff", "add", "x", "--role", "cashier").stderr
    assert shell.run("staff", "add", "x", "--role", "terminal", "--person").exit_code == 1


def test_roles_hold_at_the_command_line_too(shell: Shell) -> None:
    """An auditor asks for no service, the maker opens no dossier, and no clerk takes in an export."""
    number = shell.somebody()
    assert shell.run("apply", number, by="auditor").stderr.endswith("[not_allowed]\n")
    assert shell.run("person", "show", number, by="production").stderr.endswith("[not_allowed]\n")
    assert shell.run("journal", "show", by="bank").stderr.endswith("[not_allowed]\n")
    assert shell.answer("report-loss", number, by="operator")["clause"] == "7.1"


def test_a_person_is_shown_masked_and_the_look_is_journalled(shell: Shell) -> None:
    """The number is masked unless asked otherwise, and every look stands in the person's history."""
    number = shell.holder()
    shown = shell.ok("person", "show", number, "--reason", "asked at the window")
    assert number not in shown
    assert "李娜" in shown
    assert "In normal use" in shown
    assert "shebaoka report-loss" in shown
    assert number in shell.ok("person", "show", number, "--unmasked")
    document = shell.answer("person", "show", number, by="auditor")
    assert document["dossier"]["person"]["number"] == mask(number)
    assert document["cards"][0]["state"] == "in_use"
    entries = shell.answer("person", "history", number)["entries"]
    assert [e["service"] for e in entries[:4]] == ["look_up_person"] * 4
    assert "Activate" in shell.ok("person", "history", number)
    cards = shell.ok("card", "show", number, "--language", "zh-Hans")
    assert "✗ 解锁" in cards
    assert "(9.3)" in cards
    assert number not in cards + json.dumps(shell.answer("card", "show", number))


def test_nobody_is_shown_for_an_unknown_number(shell: Shell) -> None:
    """A look at somebody who is not registered is refused, and said in the language that was asked for."""
    result = shell.run("person", "show", NOBODY, "--language", "zh-Hant", by="clerk")
    assert result.exit_code == 3
    assert result.stdout.startswith("✗ 不准 — ")


def test_an_account_is_carried_over_and_stated(shell: Shell) -> None:
    """Balance and this year's records come from options, and the statement shows them to the fen."""
    number, year = shell.somebody(), dt.datetime.now(dt.UTC).year
    record = ["--record", f"{year}-01-01", "南山镇卫生院", "30", "20.10"]
    carry = ["carry-over", number, "--balance-yuan", "100.05", "--old-card-number", "A1", *record]
    assert shell.answer(*carry, by="migration")["outcome"] == "accepted"
    statement = shell.answer("person", "statement", number)
    assert (statement["balance_fen"], statement["postings"][0]["amount_fen"]) == (10005, 10005)
    assert statement["records"][0]["account_fen"] == 2010
    said = shell.ok("person", "statement", number)
    assert "100.05 yuan" in said
    assert "南山镇卫生院" in said


def test_a_city_is_moved_over_proved_signed_and_its_report_kept(shell: Shell, tmp_path: Path) -> None:
    """Every row and fen is accounted for, nobody's number shows, a second run changes nothing, two people sign."""
    number = with_check_digit("14070219800101999")
    number_2 = with_check_digit("14070219800101997")
    bad = {**LI, "个人编号": "2", "身份证号": number_2, "卡号": "A2", "结余": "-1"}
    row = {**LI, "身份证号": number, "性别": "男", "年度": f"{dt.datetime.now(ZoneInfo('Asia/Shanghai')):%Y}"}
    totals = [("accounts.csv", "2", "99.05"), ("records.csv", "1", "20.10")]
    folder = write(tmp_path / "in", [row, bad], [("1", number, *LI_RECORD[2:])], totals)
    go = ["import", "run", str(folder), "--processes", "1"]
    assert shell.run(*go, by="clerk").stderr.endswith("[not_allowed]\n")
    said = shell.ok(*go, by="migration")
    assert "carried over: 1, 100.05 yuan" in said
    assert "1 amount is negative" in said
    report = shell.answer(*go, by="migration")
    assert (report["state"], report["files"][0]["carried_over"], report["proof"]["people"]) == ("prove", 1, 1)
    run = report["run"]
    assert number not in said + json.dumps(report)
    assert run in shell.ok("import", "list", by="auditor")
    proved = shell.ok("import", "prove", run, "--files", str(folder), by="auditor")
    assert "proved: 1 people, 100.05 yuan of 100.05" in proved
    assert shell.run("import", "sign", run, by="auditor").stderr.endswith("[not_allowed]\n")
    assert "Two people" in shell.ok("import", "sign", run, by="migration")
    write(tmp_path / "in", [row, bad], control=[("accounts.csv", "3", "99.05")])
    stopped = shell.run(*go, by="migration")
    assert stopped.exit_code == 1
    assert "has 2 rows and the old system states 3" in stopped.stdout


def kept(owner_url: str) -> dict[str, list[str]]:
    """Every row of every table of a database."""
    with psycopg.connect(owner_url) as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        return {
            name: sorted(str(row) for row in connection.execute(f"select * from {name}").fetchall())
            for (name,) in names
        }


def copies(shell: Shell) -> list[str]:
    """The copies of the city's database."""
    with psycopg.connect(shell.owner_url) as connection:
        found = connection.execute("select datname from pg_database where datname like '%rehearsal%'").fetchall()
    return [name for (name,) in found]


def export_of(folder: Path, n: int) -> Path:
    """An export of one account with a record, of somebody whom nobody has on file."""
    number = with_check_digit(f"14070219800101{n}")
    return write(folder, [{**LI, "身份证号": number, "卡号": f"R{n}"}], [("1", number, *LI_RECORD[2:])])


def test_a_city_is_rehearsed_on_a_copy(shell: Shell, tmp_path: Path) -> None:
    """A rehearsal goes through all steps, says that it is one, and leaves the city's own database as it was."""
    before = kept(shell.owner_url)
    rehearse = ["import", "rehearse", str(export_of(tmp_path / "in", 955)), "--processes", "1"]
    said = shell.ok(*rehearse, by="migration")
    assert "(REHEARSAL on a copy)" in said
    assert "proved: 1 people" in said
    assert kept(shell.owner_url) == before
    assert "proved: 1 people" in shell.ok(*rehearse, by="migration")
    assert copies(shell) == []


def test_a_city_at_work_is_rehearsed_and_the_copy_kept(shell: Shell, tmp_path: Path) -> None:
    """While others are at work they stay so, and see nothing of it; the next rehearsal takes the kept copy's place."""
    rehearse = ["import", "rehearse", str(export_of(tmp_path / "in", 953)), "--processes", "1"]
    with psycopg.connect(as_role(shell.owner_url, APP_ROLE)) as at_work:
        at_work.execute("update import_run set state = state")  # what is not committed keeps nobody waiting
        before = kept(shell.owner_url)
        assert "proved: 1 people" in shell.ok(*rehearse, "--keep", by="migration")
        assert kept(shell.owner_url) == before
        at_work.execute("select 1")
        at_work.rollback()
    (name,) = copies(shell)
    copy = kept(make_conninfo(shell.owner_url, dbname=name))
    assert (len(copy["person"]), len(copy["import_run"])) == (len(before["person"]) + 1, len(before["import_run"]) + 1)
    (staging,) = (shell.home / "rehearsals").glob("*/staging*.duckdb")
    assert "proved: 1 people" in shell.ok(*rehearse, by="migration")
    assert (copies(shell), staging.exists(), kept(shell.owner_url)) == ([], False, before)


def test_a_rehearsal_is_nobody_at_work(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody else is connected the server copies its files, as one before 17 must; else others are to stop."""
    monkeypatch.setattr(copying, "RESTORED_FROM", 990000)
    rehearse = ["import", "rehearse", str(export_of(tmp_path / "in", 951)), "--processes", "1"]
    assert "proved: 1 people" in shell.ok(*rehearse, by="migration")
    with psycopg.connect(shell.owner_url):
        assert "Stop the servers of the house, then rehearse again." in shell.run(*rehearse, by="migration").stderr


@pytest.fixture(scope="module")
def proved(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An export, and its run, which is proved."""
    folder = export_of(tmp_path_factory.mktemp("proved") / "in", 949)
    return folder, shell.answer("import", "run", str(folder), "--processes", "1", by="migration")["run"]


@pytest.mark.parametrize("role", [role for role in TOKEN_ROLES if role is not Role.MIGRATION])
def test_no_other_role_moves_a_city(shell: Shell, proved: tuple[Path, str], role: Role) -> None:
    """Whatever writes takes the role migration, and says so; to look at a run any role will do."""
    folder, run = proved
    before = kept(shell.owner_url)
    for words in (["run", str(folder)], ["rehearse", str(folder)], ["sign", run], ["undo", run]):
        refused = shell.run("import", *words, by=role)
        assert refused.exit_code == 1
        assert refused.stderr == (
            f"shebaoka: The role {role} may not move a city over; it takes the role migration. [not_allowed]\n"
        )
    assert kept(shell.owner_url) == before
    assert run in shell.ok("import", "show", run, by=role)


def test_an_auditor_changes_no_account(shell: Shell) -> None:
    """An auditor proves and reads: single accounts and corrections are others' to write."""
    number, entry = shell.somebody(), ["--entry", "1-1", "--right-yuan", "1"]
    before = kept(shell.owner_url)
    for words in (
        ["carry-over", number, "--balance-yuan", "1", "--old-card-number", "A1"],
        ["correction", "propose", number, *entry, "--reason", "录错"],
        ["correction", "approve", number, *entry, "--proposal", "1-2"],
    ):
        refused = shell.run(*words, by="auditor")
        assert (refused.exit_code, refused.stderr) == (
            1, "shebaoka: The role auditor does not ask for services. [not_allowed]\n"
        )  # fmt: skip
    assert kept(shell.owner_url) == before


def test_a_run_is_looked_at_while_somebody_is_at_it(shell: Shell, proved: tuple[Path, str]) -> None:
    """Whoever has the run keeps nobody from looking at it: the list says that it is going on, and it is shown."""
    _, run = proved
    shown = shell.ok("import", "show", run, by="clerk")
    with psycopg.connect(as_role(shell.owner_url, APP_ROLE)) as at_work:
        at_work.execute("select pg_advisory_lock(3, hashtext(%s))", (run,))
        (line,) = (line for line in shell.ok("import", "list", by="clerk").splitlines() if run in line)
        assert line.endswith(" going on")
        assert run in {r["run"] for r in json.loads(shell.ok("import", "list", "--json", by="clerk"))}
        assert shell.ok("import", "show", run, by="clerk") == shown
        taken = shell.run("import", "undo", run, by="migration")
        assert (taken.exit_code, "[run_is_taken]" in taken.stderr) == (1, True)
    assert shell.ok("import", "show", run, by="clerk") == shown


def test_the_journal_is_shown_verified_and_sealed(shell: Shell) -> None:
    """A whole journal is exit code 0; a changed one names its fault on a line and is exit code 1."""
    shell.run("apply", NOBODY, by="clerk")
    lines = shell.answer("journal", "show", "--outcome", "no", "--clause", "4.1", "--limit", "3", by="auditor")[
        "entries"
    ]
    assert {e["answer"]["clause"] for e in lines} == {"4.1"}
    assert "✗" in shell.ok("journal", "show", "--service", "apply_for_card", "--outcome", "no")
    assert "0 faults" in shell.ok("journal", "verify", "--replay")
    assert "sealed" in shell.ok("journal", "seal")
    place = lines[0]["place"].split("-")
    with psycopg.connect(shell.owner_url, autocommit=True) as connection:
        change = "update journal set clause = %s where person_id = %s and seq = %s"
        connection.execute(change, ["1.1", *place])
        broken = shell.run("journal", "verify")
        connection.execute(change, ["4.1", *place])
    assert broken.exit_code == 1
    assert f"person {place[0]}, entry {place[1]}" in broken.stdout.splitlines()[1]
    assert shell.answer("journal", "verify")["faults"] == []


def test_people_are_found_by_name_and_the_search_is_kept(shell: Shell) -> None:
    """Masked but for a clerk who asks otherwise; who searched stands in a list of its own; catching up is a command."""
    number = with_check_digit("14070219800808001")
    register = ["person", "register", number, "--name", "欧阳小伟", "--region", "140702", "--insured-on", "2013-01-01"]
    shell.ok(*register, "--shows-all")
    said = shell.ok("person", "find", "oyxw 14070219", by="auditor")
    assert mask(number) in said
    assert number not in said
    assert "欧阳小伟" not in said
    found = shell.answer("person", "find", "-", "--unmasked", stdin="欧阳\n")
    assert [(p["number"], p["name"]) for p in found["people"]] == [(number, "欧阳小伟")]
    assert shell.run("person", "find", "欧阳", "--unmasked", by="operator").exit_code == 1
    assert "Nobody is found by that." in shell.ok("person", "find", "夏侯")
    assert shell.run("person", "find", "12", by="clerk").stderr.endswith("[number_is_not_whole]\n")
    kept = shell.answer("journal", "searches", "--limit", "2", by="auditor")["searches"]
    assert [(s["by"], s["kind"], s["typed"], s["found"]) for s in kept] == [
        ("the clerk", "name", "夏侯", 0), ("the clerk", "name", "欧阳", 1),
    ]  # fmt: skip
    assert "oyxw 14070219" in shell.ok("journal", "searches", by="auditor")
    shell.ok("db", "catch-up", by="")  # other modules of this worker may have left people without words
    assert " 0 had to be made findable" in shell.ok("db", "catch-up", by="")
