"""How a run of moving a city over ends: undone whole or by batch, proved against what is on file, signed by two."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Database
from moves import INVENTED, Moves, became, is_whole, reasons
from old_files import LI, LI_RECORD, WANG, write
from shebaoka.desk import Desk, Runs
from shebaoka.importer import matching, prove_again
from shebaoka.notice import Notices, Words
from shebaoka.records import BadInput, NotReconciled, NotUndone, Proof, RunReport
from shebaoka.store import Views, as_role
from shebaoka.vault import SoftwareVault

LI_NUMBER, WANG_NUMBER = LI["身份证号"], WANG["身份证号"]


@pytest.fixture
def moves(
    database: Database, vault: SoftwareVault, notices: Notices, words: dict[str, Words], tmp_path: Path
) -> Iterator[Moves]:
    """An empty house in July 2013."""
    moves = Moves(database, vault, notices, words, tmp_path / "home")
    yield moves
    moves.close()


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two accounts, each a batch of its own, and a record of one of them."""
    monkeypatch.setattr(matching, "BATCH", 1)
    return write(tmp_path / "in", [LI, WANG], [LI_RECORD])


def proof_of(report: RunReport) -> Proof:
    """The proof in a report."""
    assert report.proof is not None
    return report.proof


def balances(moves: Moves) -> dict[str, int]:
    """The balance of each person."""
    return dict(moves.rows("select number, balance_fen from person join dossier using (person_id)"))  # type: ignore[arg-type]


# Undoing -------------------------------------------------------------------------------------------------------------


def test_a_run_is_undone_and_carried_over_anew(moves: Moves, export: Path) -> None:
    """Undone, people are as before; signatures count no more; --again carries over anew, and proves."""
    first = moves.moved(export)
    assert (first.batches, proof_of(first).people) == (2, 2)
    moves.signed(first.run, "li")
    undone = moves.undone(first.run)
    assert (undone.state, undone.batches_undone, undone.proof) == ("undone", 2, None)
    assert (became(undone), reasons(undone), is_whole(undone)) == ((0, 0, 2, 0, 0), {"batch_was_undone": 2}, True)
    assert reasons(undone, "records.csv") == {"account_is_held_back": 1}
    assert moves.house.runs.document(first.run).signatures == ()
    assert balances(moves) == {LI_NUMBER: 0, WANG_NUMBER: 0}
    assert moves.rows("select distinct life from card") == [("ended",)]
    with moves.house.store() as store:
        assert moves.house.auditor.verify(store).faults == ()
    left = moves.moved(export)
    assert (left.state, balances(moves)[LI_NUMBER]) == ("undone", 0)
    again = moves.moved(export, again=True)
    assert (again.state, became(again), reasons(again)) == ("prove", (2, 0, 0, 0, 0), {})
    assert proof_of(again).checksum == proof_of(first).checksum
    assert balances(moves) == {LI_NUMBER: 100_05, WANG_NUMBER: 7}
    assert proof_of(moves.proved(first.run, export)).proved
    moves.journal_is_whole()


def test_one_batch_is_undone_alone(moves: Moves, export: Path) -> None:
    """The other batch stays, proves, and can be signed off; the rows of the undone one are held back."""
    run = moves.moved(export).run
    report = moves.undone(run, 2)
    assert (report.state, became(report), report.batches_undone) == ("carry_over", (1, 0, 1, 0, 0), 1)
    proved = moves.moved(export)
    assert (proved.state, proof_of(proved).people, is_whole(proved)) == ("prove", 1, True)
    assert proof_of(moves.proved(run, export)).proved
    with pytest.raises(BadInput, match="has no batch 3"):
        moves.undone(run, 3)


def test_a_batch_whose_account_was_used_is_not_undone(moves: Moves, export: Path) -> None:
    """A batch is undone whole or not at all, and the sentence says why; batches before it stay undone, and say so."""
    run = moves.moved(export).run
    number, _ = max(balances(moves).items())
    moves.asked("credit_contribution", number)
    with pytest.raises(
        NotUndone, match=r"Batch 2 cannot be undone: 1 account was used since. Nothing of it was undone"
    ):
        moves.undone(run)
    report = moves.house.runs.document(run)
    assert (report.state, report.batches_undone, became(report)) == ("carry_over", 1, (1, 0, 1, 0, 0))
    assert (report.proof, is_whole(report)) == (None, True)
    proved = moves.moved(export)
    assert (proved.state, proof_of(proved).people) == ("prove", 1)


def test_a_run_that_carried_nothing_over_cannot_be_undone(moves: Moves, export: Path) -> None:
    """Before carrying over there is nothing to undo, and the run goes on as if nobody had asked."""
    run = moves.moved(export, "match").run
    with pytest.raises(BadInput, match="carried nothing over"):
        moves.undone(run)
    assert moves.moved(export).state == "prove"


def test_people_of_an_undone_run_come_over_with_corrected_files(moves: Moves, export: Path, tmp_path: Path) -> None:
    """Whoever was undone is known and has no account: a corrected export carries them over."""
    moves.undone(moves.moved(export).run)
    report = moves.moved(write(tmp_path / "corrected", [{**LI, "结余": "99.00"}, WANG], [LI_RECORD]))
    assert (report.state, became(report)) == ("prove", (2, 0, 0, 0, 0))
    assert balances(moves) == {LI_NUMBER: 99_00, WANG_NUMBER: 7}
    moves.journal_is_whole()


def test_an_undoing_that_was_cut_off_leaves_no_proof_to_sign(
    moves: Moves, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stops an undoing, what was proved before it counts no more; the same command ends it."""
    run = moves.moved(export).run

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "submit", killed)
        with pytest.raises(KeyboardInterrupt):
            moves.undone(run)
    with pytest.raises(NotReconciled, match="is not proved"):
        moves.signed(run, "li")
    assert moves.undone(run).state == "undone"


# Signing -------------------------------------------------------------------------------------------------------------


def test_two_people_sign_a_run_off(moves: Moves, tmp_path: Path) -> None:
    """One signature is not enough, nor the same person's twice; then the staging goes, and rows held back stay."""
    export = write(tmp_path / "in", [LI, {**WANG, "结余": "x"}], [LI_RECORD])
    run = moves.moved(export, "carry_over").run
    with pytest.raises(NotReconciled, match="is not proved"):
        moves.signed(run, "li")
    moves.moved(export)
    assert (moves.signed(run, "li").state, moves.staging(run).exists()) == ("prove", True)
    with pytest.raises(BadInput, match="another person"):
        moves.signed(run, "li")
    report = moves.signed(run, "wu")
    assert (report.state, [s.by for s in report.signatures]) == ("sign_off", ["li", "wu"])
    assert [p.name for p in moves.staging(run).parent.iterdir()] == ["held-back"]
    assert (moves.held(run) / "to_correct" / "accounts.csv").exists()
    with pytest.raises(BadInput, match="signed off"):
        moves.undone(run)
    with pytest.raises(BadInput, match="signed off already"):
        moves.signed(run, "zhao")
    assert moves.moved(export).state == "sign_off"
    assert not moves.staging(run).exists()
    assert proof_of(moves.proved(run, export)).proved


def test_a_sign_off_that_was_cut_off_is_ended_by_either(moves: Moves, export: Path) -> None:
    """Two signatures on file and a run that is not signed off yet: whoever signs again ends it."""
    report = moves.moved(export)
    for by in ("li", "wu"):
        moves.house.runs.sign(report.run, by, proof_of(report).checksum)
    assert moves.signed(report.run, "wu").state == "sign_off"


# The proof -----------------------------------------------------------------------------------------------------------

TAMPERED = [
    ("update other_posting set amount_fen = amount_fen + 1 where amount_fen = 10005", "balance is not the opening"),
    ("update carried_records set body = replace(body, '2010', '2011')", "records are not those of the file"),
    ("update carried_records set account_fen = account_fen - 1", "records are not those of the file"),
    ("update carried_records set records = records + 1", "records are not those of the file"),
    ("delete from carried_records", "the batches carried 1 records over, and 0 are on file"),
    ("update card set number = 'A7' where number = 'A1'", "card's number is another"),
    ("delete from card where number = 'A1'", "card's number is another"),
    ("delete from other_posting where amount_fen = 10005", "balance is not the opening"),
    ("update request_key set request_id = 'x' where request_id like '%%0.2'", "person is not on file|are on file or"),
]


@pytest.mark.parametrize(("statement", "said"), TAMPERED)
def test_the_proof_finds_what_was_changed_behind_the_back(
    moves: Moves, export: Path, statement: str, said: str
) -> None:
    """By what was taken in and by the files read anew, the proof fails and says of how many what differs."""
    run = moves.moved(export, "carry_over").run
    moves.change(statement)
    report = moves.moved(export)
    assert report.state == "carry_over"
    assert not proof_of(report).proved
    assert re.search(said, " ".join(report.differences)), report.differences
    again = proof_of(moves.proved(run, export))
    assert not again.proved
    assert re.search(said, " ".join(again.differences)), again.differences
    with pytest.raises(NotReconciled):
        moves.signed(run, "li")


def test_somebody_who_was_smuggled_in_is_found(moves: Moves, export: Path, tmp_path: Path) -> None:
    """An account under the run's name that no file has is found."""
    other = moves.moved(write(tmp_path / "other", [WANG])).run
    run = moves.moved(write(export, [LI], [LI_RECORD]), "carry_over").run
    moves.change(
        "update request_key set request_id = replace(request_id, %(other)s, %(run)s) || '9' "
        "where request_id like %(like)s",
        other=other, run=run, like=f"import:{other}:%",
    )  # fmt: skip
    report = moves.moved(export)
    assert not proof_of(report).proved
    assert "the person is on file by this run, and not in the files: 1" in report.differences
    assert not proof_of(moves.proved(run, export)).proved


def test_the_proof_from_the_files_needs_an_auditors_rights_alone(moves: Moves, export: Path, tmp_path: Path) -> None:
    """The database's role for auditors can prove a run, and the proof is the run's own to the checksum."""
    report = moves.moved(export)
    auditor = as_role(moves.database.owner, "shebaoka_auditor")
    views = Views(auditor)
    views.open()
    try:
        runs = Runs(views, moves.house.clock)
        proved = prove_again(runs, auditor, report.run, export, INVENTED, by="auditor", at=moves.house.clock)
    finally:
        views.close()
    assert (proof_of(proved).proved, proof_of(proved).checksum) == (True, proof_of(report).checksum)
    write(tmp_path / "in", [LI], [LI_RECORD])
    with pytest.raises(BadInput, match="are not those of run"):
        moves.proved(report.run, export)


def test_spending_after_the_cut_over_does_not_unprove(moves: Moves, export: Path) -> None:
    """The proof is of opening entries: an account that is used since is proved all the same, any day after."""
    report = moves.moved(export)
    moves.asked("credit_contribution", LI_NUMBER)
    assert proof_of(moves.proved(report.run, export)).proved
