"""Files to and from makers and the bank: what stands in them, and what is told of each kind of bad one."""

import base64
import hashlib
import io
import json
import os
import random
import resource
import signal
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.makers import AT, BATCH, FORMATS, THEM, US, Pair, asked, order, orders

from shebaoka.maker import (
    Address,
    KeyPair,
    PairKeyring,
    Recipient,
    Simulated,
    Table,
    formats_of,
    open_package,
    placed,
    public_key_of,
    public_text,
    read_answers,
    read_results,
    write_accounts,
)
from shebaoka.maker.placing import part_of
from shebaoka.maker.tables import write_results
from shebaoka.records import BadInput, BankAnswer, CardOrder, CardResult, FileNotWritten, Made

CODES = {"file_unknown", "file_cut", "file_altered", "key_unknown"}


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """We and a maker."""
    return Pair(tmp_path)


def read(pair: Pair, path: Path, address: Address | None = None, table: Table | None = None) -> list[CardResult]:
    """The rows of a result file, read as the desk reads it."""
    with path.open("rb") as file:
        return list(read_results(file, table or pair.format.results, address or asked(), pair.keyring))  # type: ignore[arg-type]


def code_of(act: Callable[[], Any]) -> tuple[str, str]:
    """The code of the trouble that something ends in, and its sentence."""
    with pytest.raises(BadInput) as trouble:
        act()
    return trouble.value.code, str(trouble.value)


# There and back -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["delimited", "fixed"])
def test_cards_go_to_their_maker_and_its_word_comes_back(tmp_path: Path, format_: str) -> None:
    """Every card arrives with its photo and its whole name, in either form, each result says of which card it is."""
    pair = Pair(tmp_path, format_)
    pair.format = msgspec.structs.replace(
        pair.format, cards=msgspec.structs.replace(pair.format.cards, rows_per_file=7)
    )
    path = pair.package(orders(20))
    with path.open("rb") as file:
        package = open_package(
            file,
            pair.format.cards,
            Address("cards", BATCH, US, THEM, AT),
            PairKeyring(pair.them, US, pair.us.signing_public),
        )
        cards = list(package.cards())
    assert [file.rows for file in package.manifest.files] == [7, 7, 6]
    assert (package.manifest.photos, package.manifest.format) == (20, format_)
    for card, sent in zip(cards, orders(20), strict=True):
        assert card.photo == sent.photo
        assert card.said["name"] + card.said["name_extension"] == sent.name
        assert (card.said["number"], card.said["card_serial"]) == (sent.number, sent.card_serial)
        assert (card.said["sex"], card.said["valid_until"]) == (str(sent.sex), "")
    assert any(card.said["name_extension"] for card in cards)

    played = msgspec.structs.replace(pair.played, format=pair.format)
    results = pair.path("b.results")
    played.make_cards(path, results, AT, rejects={3: "芯片不良"}, missing=[5], blank=lambda line: f"K{line:09}")
    rows = read(pair, results)
    assert [row.line for row in rows] == [n for n in range(1, 21) if n != 5]
    assert [row.row for row in rows] == list(range(1, 20))
    assert rows[2] == CardResult(
        3, 3, "A00000003", f"140700{3:026x}", Made.REJECTED, "K000000003", "SIMULATED 芯片不良"
    )
    assert {row.outcome for row in rows if row.line != 3} == {Made.MADE}


def test_the_bank_is_asked_for_accounts_and_answers(pair: Pair) -> None:
    """Each card's account is asked for (5.3), and each answer says which account, or why none."""
    bank = FORMATS["bank"]
    accounts, answers = pair.path("b.accounts"), pair.path("b.answers")
    to = Recipient("yh1", pair.them.sealing_public)
    with placed(accounts) as out:
        write_accounts(out, orders(4), bank.accounts, "bank", Address("accounts", BATCH, US, "yh1", AT), pair.us, to)
    played = Simulated("yh1", pair.them, bank, "bank", pair.us.signing_public, pair.us.sealing_public)
    played.open_accounts(accounts, answers, AT, refused={2: "证件已过期"})
    with answers.open("rb") as file:
        address = Address("answers", BATCH, "yh1", US, AT)
        found = list(read_answers(file, bank.answers, address, PairKeyring(pair.us, "yh1", pair.them.signing_public)))
    assert [answer.opened for answer in found] == [True, False, True, True]
    assert found[1] == BankAnswer(2, 2, "A00000002", opened=False, reason="SIMULATED 证件已过期")
    assert found[0].account.startswith("SIMULATED")
    with pytest.raises(BadInput, match="bank's"):
        played.make_cards(accounts, pair.path("x"), AT)
    with pytest.raises(BadInput, match="maker's"):
        pair.played.open_accounts(accounts, pair.path("x"), AT)


def test_a_card_that_cannot_be_made_of_what_came_is_rejected_by_the_maker(pair: Pair) -> None:
    """The maker that is played looks at each photo, and says why it rejects one."""
    path, results = pair.package(iter([order(1), order(2, photo=b"GIF89a")])), pair.path("b.results")
    pair.played.make_cards(path, results, AT)
    assert [(row.outcome, row.reason) for row in read(pair, results)] == [
        ("made", ""),
        ("rejected", "SIMULATED 照片不是 JPEG 文件"),
    ]


def test_what_the_document_says_is_enough_to_read_a_package(pair: Pair) -> None:
    """A reader of its own, written after docs/makers.md and the RFCs alone, opens a package and finds it right."""
    from cryptography.hazmat.primitives import hpke
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    def b64(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "==")

    big = order(2, photo=b"\xff\xd8\xff" + bytes(range(250)) * 10_000)
    raw = pair.package(iter([order(1), big])).read_bytes()
    assert (raw[:8], raw[-8:]) == (b"SBKFILE1", b"SBKSIGN1")
    size = int.from_bytes(raw[8:12], "big")
    head, begin = raw[12 : 12 + size], 12 + size
    end = len(raw) - 12 - int.from_bytes(raw[-12:-8], "big")
    protected, payload, signature = raw[end:-12].decode().split(".")
    Ed25519PublicKey.from_public_bytes(pair.us.signing_public).verify(b64(signature), f"{protected}.{payload}".encode())
    kid = hashlib.sha256(pair.us.signing_public).hexdigest()[:16]
    assert json.loads(b64(protected)) == {"alg": "EdDSA", "kid": kid}
    manifest = json.loads(b64(payload))
    assert manifest["sealed_sha256"] == hashlib.sha256(raw[:end]).hexdigest()
    private = load_pem_private_key(
        pair.them.text().split("-----END PRIVATE KEY-----\n")[1].encode() + b"-----END PRIVATE KEY-----\n", None
    )
    assert isinstance(private, X25519PrivateKey)
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    key = AESGCM(suite.decrypt(b64(json.loads(head)["sealed_key"]), private, b"shebaoka/sealed-file/1"))
    pieces = [raw[at : min(at + 1048592, end)] for at in range(begin, end, 1048592)]
    beside = hashlib.sha256(head).digest()
    content = b"".join(
        key.decrypt(n.to_bytes(11, "big") + bytes([n == len(pieces) - 1]), piece, beside)
        for n, piece in enumerate(pieces)
    )
    assert len(pieces) == 3
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        data = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    (file,) = manifest["files"]
    assert hashlib.sha256(data[file["name"]]).hexdigest() == file["sha256"]
    assert list(data) == ["cards-0001.txt", f"140700{1:026x}.jpg", f"140700{2:026x}.jpg"]
    assert data[f"140700{2:026x}.jpg"] == big.photo
    names, *rows = data[file["name"]].decode("gb18030").splitlines()
    assert dict(zip(names.split("|"), rows[0].split("|"), strict=True))["社会保障号码"] == order(1).number


# Bad files ------------------------------------------------------------------------------------------------------------


def test_no_byte_of_a_file_can_be_changed(pair: Pair) -> None:
    """Whichever byte is altered, wherever the file is cut or added to, it is told, and no row is given out."""
    path = pair.results(40, rejects={7: "芯片不良"})
    whole = path.read_bytes()
    chance = random.Random(20130701)  # noqa: S311 - a test's places
    bad = pair.folder / "bad"
    places = [*range(24), *range(len(whole) - 24, len(whole)), *chance.sample(range(len(whole)), 200)]
    for place in places:
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :])
        assert code_of(lambda: read(pair, bad))[0] in {*CODES, "file_of_another_batch", "file_of_another_partner"}, (
            place
        )
    for length in [0, 1, 7, 8, 11, 12, 40, len(whole) - 1, len(whole) - 30, *chance.sample(range(len(whole)), 60)]:
        bad.write_bytes(whole[:length])
        assert code_of(lambda: read(pair, bad))[0] in ({"file_cut"} if length >= 8 else {"file_cut", "file_unknown"}), (
            length
        )
    bad.write_bytes(whole + b"\n")
    assert code_of(lambda: read(pair, bad))[0] == "file_cut"
    assert len(read(pair, path)) == 40


def test_a_chunk_that_changes_after_the_check_is_not_believed(pair: Pair) -> None:
    """A file that is altered between its check and its reading ends the reading, whatever it holds by then."""
    path = pair.results(5)
    with path.open("r+b") as file:
        rows = read_results(file, pair.format.results, asked(), pair.keyring)  # type: ignore[arg-type]
        file.seek(700)
        file.write(b"\0" * 50)
        file.flush()
        assert code_of(lambda: list(rows))[0] == "file_altered"


def test_a_file_of_somebody_elses_is_told(pair: Pair, tmp_path: Path) -> None:
    """Another batch, another kind, another partner, another's signature, a file for others: each in its words."""
    path = pair.results(5)
    code, said = code_of(lambda: read(pair, path, asked(batch="2013-0702")))
    assert (code, BATCH in said, "2013-0702" in said) == ("file_of_another_batch", True, True)
    code, said = code_of(lambda: read(pair, pair.package(orders(2))))
    assert code == "file_unknown"
    assert "a package for a maker" in said
    elsewhere = Address("results", BATCH, "zk2", US, AT)
    assert code_of(lambda: read(pair, path, elsewhere))[0] == "file_of_another_partner"
    stranger = Pair(tmp_path)
    assert code_of(lambda: read(stranger, path))[0] == "key_unknown"
    pair.keyring = PairKeyring(stranger.us, THEM, pair.them.signing_public)
    code, said = code_of(lambda: read(pair, path))
    assert (code, "not ours" in said) == ("key_unknown", True)
    pair.keyring = PairKeyring(pair.us, "zk2", pair.them.signing_public)
    assert code_of(lambda: read(pair, path))[0] == "file_of_another_partner"
    pair.keyring = PairKeyring(pair.us, THEM, pair.them.signing_public)
    early = msgspec.structs.replace(asked(), made_at=AT.replace(hour=1))
    assert "in the future" in code_of(lambda: read(pair, path, early))[1]


def rewritten(pair: Pair, change: Callable[[bytes], bytes], table: Table | None = None) -> Path:
    """A result file that its maker signed, with other bytes in its data file than the format asks for."""
    from shebaoka.maker.members import ending
    from shebaoka.maker.package import put
    from shebaoka.maker.rows import RowWriter, told_of_result
    from shebaoka.maker.sealed import DataFile, SealedWriter

    table = table or pair.format.results
    assert table is not None
    writer = RowWriter(table)
    rows = [
        CardResult(n, n, f"A{n:08}", f"140700{n:026x}", Made.REJECTED, "", "照片不清楚，请重拍") for n in range(1, 6)
    ]
    data = change(writer.head() + b"".join(writer.line(told_of_result(row, BATCH)) for row in rows))
    path = pair.path("b.results")
    with placed(path) as out:
        sealed = SealedWriter(out, asked(), Recipient(US, pair.us.sealing_public))
        put(sealed, table.file, data)
        sealed.write(ending())
        sealed.finish(pair.them, pair.name, (DataFile(table.file, 5, len(data), hashlib.sha256(data).hexdigest()),))
    return path


def _text(old: str, new: str, count: int = -1) -> Callable[[bytes], bytes]:
    return lambda data: data.decode("gb18030").replace(old, new, count).encode("gb18030")


BAD_ROWS: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {
    "another encoding": (
        lambda d: d.decode("gb18030").encode(),
        "file_encoding",
        "in UTF-8, and the format asks for GB18030",
    ),
    "UTF-16": (lambda d: d.decode("gb18030").encode("utf-16"), "file_encoding", "UTF-16"),
    "columns in another order": (_text("序号|卡号", "卡号|序号"), "file_columns", "It asks for 批次号|序号|卡号"),
    "no line of names": (lambda d: d.partition(b"\n")[2], "file_columns", "The columns are not those"),
    "an empty file": (lambda _: b"", "file_rows", "not even the line of names"),
    "a column too many": (_text("A00000002|", "A00000002||"), "file_rows", "Row 2: it has 8 columns and not 7"),
    "an unknown code": (_text("|1||", "|9||", 1), "file_rows", "Row 1, 制卡结果: '9' is none of the codes 0, 1"),
    "no line": (_text(f"{BATCH}|3|", f"{BATCH}|三|"), "file_rows", "Row 3, 序号"),
    "no card number": (_text("A00000004", ""), "file_rows", "Row 4, 卡号: it is empty"),
    "a row of another batch": (_text(f"{BATCH}|5", "2012-1|5"), "file_rows", "Row 5: it is of the batch 2012-1"),
    "bytes of no character": (
        lambda d: d.replace(b"A00000005", b"A0000000\xff"),
        "file_rows",
        "Row 5: the bytes are not GB18030",
    ),
    "a row fewer": (lambda d: d[: d.rindex(b"2013")], "file_altered", "altered"),
    "one endless line": (lambda d: d + b"9" * 70_000, "file_rows", "64 KiB"),
}


def test_nothing_that_a_terminal_obeys_is_told(pair: Pair) -> None:
    """What stands in a file that nobody believes yet is told without its control characters, and not at length."""
    whole = pair.results(1).read_bytes()
    bad = pair.folder / "bad"
    bad.write_bytes(whole.replace(BATCH.encode(), b"\\u001b[2J", 1))
    code, said = code_of(lambda: read(pair, bad))
    assert (code, said.isprintable(), "?[2J" in said) == ("file_of_another_batch", True, True)
    code, said = code_of(lambda: read(pair, rewritten(pair, lambda _: b"\x1b]0;x\x07" * 2000 + b"\r\n")))
    assert (code, said.isprintable(), len(said) < 500) == ("file_columns", True, True)


@pytest.mark.parametrize("what", BAD_ROWS)
def test_rows_that_are_not_of_the_format_are_told(pair: Pair, what: str) -> None:
    """What a partner signed and wrote wrongly is told with row, column and what was asked, before any row counts."""
    change, code, said = BAD_ROWS[what]
    found = code_of(lambda: read(pair, rewritten(pair, change)))
    assert found[0] == code
    assert said in found[1]


def test_utf8_is_told_even_where_no_names_tell_it(tmp_path: Path) -> None:
    """A fixed form has no line of names; UTF-8 in it is told by its bytes, a row of another length by its number."""
    pair = Pair(tmp_path, "fixed")
    code, said = code_of(lambda: read(pair, rewritten(pair, lambda data: data.decode("gb18030").encode())))
    assert (code, "in UTF-8" in said) == ("file_encoding", True)
    code, said = code_of(lambda: read(pair, rewritten(pair, lambda data: data.replace(b"\r\n", b" \r\n", 1))))
    assert (code, said) == ("file_rows", "Row 1: it has 133 bytes and not 132.")


def test_no_more_than_twenty_faults_are_told(pair: Pair) -> None:
    """A file that is wrong from end to end is told in twenty sentences."""
    table = msgspec.structs.replace(pair.format.results, encoding="gb18030")
    path = pair.path("b.results")
    rows = (CardResult(n, n, f"A{n:08}", "0", Made.MADE, "坏\u200b") for n in range(1, 200))
    with placed(path) as out:
        write_results(out, rows, table, "x", asked(), pair.them, Recipient(US, pair.us.sealing_public))
    code, said = code_of(lambda: read(pair, path))
    assert (code, len(said.splitlines())) == ("file_rows", 20)


# What cannot be sent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ethnic_group": ""}, "Line 2: 民族: there is nothing to say"),
        ({"name": "李|娜"}, "Line 2: 姓名: it holds '|'"),
        ({"name": "李\n娜"}, "Line 2: 姓名: it holds a line's end"),
        ({"name": "很" * 26}, "Line 2: 姓名扩展: it takes 22 bytes, and the column has 20"),
        ({"card_number": "A1"}, "Line 2: 卡号: it takes 2 bytes and must take exactly 9"),
        ({"name": "\ud800"}, "Line 2: 姓名: character 1 is none"),
    ],
)
def test_a_card_that_the_format_cannot_bear_is_told(pair: Pair, changed: dict[str, Any], said: str) -> None:
    """Line and column are named, and nothing is written, not even a part."""
    with pytest.raises(BadInput) as trouble:
        pair.package(iter([order(1), order(2, **changed)]))
    assert said in str(trouble.value)
    assert list(pair.folder.iterdir()) == []


def test_a_batch_without_cards_is_not_sent(pair: Pair) -> None:
    """There is nothing to send, and no file."""
    with pytest.raises(BadInput, match="has no cards"):
        pair.package(iter(()))
    assert list(pair.folder.iterdir()) == []


# Files in their place -------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may be longer than 300 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing(pair: Pair, small_disk: None) -> None:
    """A package that there is no room for is told, and neither it nor a part of it is there."""
    with pytest.raises(FileNotWritten, match="Make room"):
        pair.package(orders(1000))
    assert list(pair.folder.iterdir()) == []


def test_a_kill_leaves_a_part_that_the_next_run_begins_anew(pair: Pair) -> None:
    """A process killed while it writes leaves no package; the next one writes it whole, and no part is left."""

    def cut_off() -> Iterator[CardOrder]:
        yield from orders(4000)
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        pair.package(cut_off())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert [p.name for p in pair.folder.iterdir()] == [".b.cards.part"]
    assert part_of(pair.folder / "b.cards").stat().st_size > 0
    assert pair.package(orders(3)).stat().st_size > 0
    assert [p.name for p in pair.folder.iterdir()] == ["b.cards"]


def test_a_file_is_written_by_one_and_over_nothing(tmp_path: Path) -> None:
    """A file that is there stays, unless it is to be made anew; two do not write the same one; rights are tight."""
    path = tmp_path / "x"
    with placed(path) as out:
        out.write(b"one")
        with pytest.raises(BadInput, match="somebody else is writing"), placed(path):
            pass
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadInput, match="such a file already"), placed(path):
        pass
    with placed(path, anew=True) as out:
        out.write(b"two")
    assert path.read_bytes() == b"two"
    with pytest.raises(ZeroDivisionError), placed(path, anew=True):
        raise ZeroDivisionError
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x", b"two")]


# Formats and keys -----------------------------------------------------------------------------------------------------

GOOD = (Path(__file__).parents[1] / "makers" / "delimited.yaml").read_text(encoding="utf-8")
BAD_FORMATS = {
    "no such source": ("source: issuer,", "source: issuers,", "cards.fields[5].source: there is no issuers"),
    "two alike": (
        "name: 卡号, source: card_number, width",
        "name: 卡类别, source: card_number, width",
        "a name of its own",
    ),
    "without a key": (
        "    - {name: 卡号, source: card_number}\n",
        "",
        "results.fields: none has the source card_number",
    ),
    "no code": ('codes: {made: "0", rejected: "1"}', 'codes: {made: "0"}', "say what made and rejected are called"),
    "one code twice": ('rejected: "1"', 'rejected: "0"', "two words have one code"),
    "no day": ("source: birth_on, width: 8", 'source: birth_on, width: 8, date: "%Y"', "give a form that says a day"),
    "no part": ("cards-{part}.txt", "cards.txt", "put {part}"),
    "a path": ('"{card_serial}.jpg"', '"../{card_serial}.jpg"', "cards.photo: name it by"),
    "a folder": ("file: results.txt", "file: x/results.txt", "results.file: give a plain name"),
    "too many at once": ("rows_per_file: 1000", "rows_per_file: 50000", "give 1 to 5000"),
    "half a format": ("results:", "answers:", "a maker's format has cards and results"),
    "an unknown key": ("title:", "titel:", "Object contains unknown field `titel`"),
    "a key twice": ("title:", "title: x\ntitle:", "line 4: title stands twice"),
    "no YAML": ("fields:", "fields: {", "correct the YAML"),
}


@pytest.mark.parametrize("what", BAD_FORMATS)
def test_a_bad_format_is_told_with_its_key(what: str) -> None:
    """A format is checked whole before the first file is written; the sentence names file, key and what to do."""
    old, new, said = BAD_FORMATS[what]
    assert old in GOOD
    with pytest.raises(BadInput) as trouble:
        formats_of({"bad.yaml": GOOD.replace(old, new, 1).encode()})
    assert said in str(trouble.value)
    assert str(trouble.value).startswith("bad.yaml")
    assert trouble.value.code == "bad_format"


def test_formats_that_come_with_the_program_are_sound() -> None:
    """There are two makers' and a bank's, and no file of theirs is UTF-8 by mistake."""
    assert {name: format_.partner for name, format_ in FORMATS.items()} == {
        "bank": "bank",
        "delimited": "maker",
        "fixed": "maker",
    }
    assert formats_of({"x.yaml": GOOD.encode()})["x"] == FORMATS["delimited"]
    with pytest.raises(BadInput, match="not UTF-8"):
        formats_of({"x.yaml": GOOD.encode("gb18030")})


def test_keys_are_read_as_pem() -> None:
    """Public keys in PEM come back with their use; private ones and others are told; a pair is read again."""
    pair = KeyPair.drawn()
    for use, public in (("sign", pair.signing_public), ("seal", pair.sealing_public)):
        assert public_key_of(public_text(use, public)) == (use, public)  # type: ignore[arg-type]
    again = KeyPair.read(pair.text())
    assert (again.signing_public, again.sealing_public) == (pair.signing_public, pair.sealing_public)
    with pytest.raises(BadInput, match="private key"):
        public_key_of(pair.text())
    with pytest.raises(BadInput, match="a public key in PEM"):
        public_key_of("x")
    with pytest.raises(BadInput, match="one Ed25519 and one X25519"):
        KeyPair.read("")
    with pytest.raises(BadInput, match="PKCS #8"):
        KeyPair.read("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
    assert "hidden" in repr(pair)
