"""Papers kept sealed: what comes in and what is kept of it, whose it becomes, and that none is opened unseen."""

import asyncio
import base64
import io
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from PIL import Image
from psycopg import errors

from asking import LI_NA, NOBODY, ZHOU_MING, ask
from conftest import Database, StandingClock
from shebaoka.desk import SIGNATURE, Desk, Opened, PaperLine, Papers, Role, Screens, Staff, open_counter
from shebaoka.desk.papers import PAPERS_MAX
from shebaoka.notice import LANGUAGES, Notices
from shebaoka.photo import Range, check, photo_words, signature_from
from shebaoka.photo.decoding import decoded
from shebaoka.portraits import Portrait
from shebaoka.records import (
    Ask,
    BadInput,
    Broken,
    LookUpPerson,
    Material,
    NotAllowed,
    NotFound,
    Receipt,
    StoreDown,
    VaultTrouble,
)
from shebaoka.records.requests import ApplyForCard
from shebaoka.serving import front_of
from shebaoka.store import Views
from shebaoka.vault import SoftwareVault
from shebaoka.web.front import opened
from test_scanning import page, saved
from test_strokes import SIGNED, sent
from test_vault import fresh_place
from webhouse import house_on

CLERK, SUPERVISOR = Staff("li", Role.CLERK, "w1"), Staff("zhao", Role.SUPERVISOR, "w1")
PAGE, PHOTO = saved(page(600, 840), "PNG"), Portrait(grain=4).saved()
WHY = "核对复印件"


class Room:
    """The room of papers on an empty database, with Li Na and Zhou Ming registered at its desk."""

    def __init__(self, papers: Papers, desk: Desk, screens: Screens, database: Database) -> None:
        self.papers, self.desk, self.screens, self.database = papers, desk, screens, database
        self.entries: dict[str, str] = {}
        for number in (LI_NA, ZHOU_MING):
            self.entries[number] = self.served(ask("register_person", number)).entry

    def served(self, one: Ask) -> Receipt:
        """An ask as a counter serves it."""
        outcome = self.desk.ask(one)
        assert isinstance(outcome, Receipt)
        return outcome

    def person_id(self, number: str) -> int:
        """Of a registered person."""
        return int(self.entries[number].partition("-")[0])

    def page(self, draft: str = "d1", number: str = LI_NA, **other: Any) -> PaperLine:
        """A copy of an identity card, taken in."""
        given = {"staff": CLERK, "kind": Material.IDENTITY_COPY, "content": PAGE} | other
        return self.papers.add(draft=draft, number=number, **given)

    def photo(self, draft: str = "d1", number: str = LI_NA, content: bytes = PHOTO, **other: Any) -> PaperLine:
        """A photo for the card, taken in."""
        return self.papers.add(CLERK, draft, Material.PHOTO, content, number=number, **other)

    def confirmed(self, draft: str = "d1", number: str = LI_NA) -> list[PaperLine]:
        """The draft's papers, after it was confirmed."""
        return self.papers.attach(draft, self.person_id(number), self.entries[number])

    def opened(self, paper: str, staff: Staff = CLERK, why: str = WHY) -> Opened:
        """A paper's content, by way of the desk."""
        return self.papers.open(staff, paper, why, self.desk.ask)

    def rows(self, statement: str, *values: object, write: bool = False) -> list[Any]:
        """What stands in the database, or a change that nobody but its owner may make."""
        with psycopg.connect(self.database.owner) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[arg-type]
            return [] if write else cursor.fetchall()

    def looks(self) -> list[LookUpPerson]:
        """Every look-up that stands in the journal, in its order."""
        rows = self.rows("select body from journal where service = 'look_up_person' order by at, person_id, seq")
        return [msgspec.convert(json.loads(body)["request"], LookUpPerson) for (body,) in rows]


@pytest.fixture
def room(
    views: Views, vault: SoftwareVault, notices: Notices, clock: StandingClock, desk: Desk, database: Database
) -> Room:
    """The room, with two people on file."""
    return Room(Papers(views, vault, notices, clock), desk, Screens(views, notices, clock), database)


# What comes in -------------------------------------------------------------------------------------------------------


def test_a_page_is_kept_as_a_picture_of_our_own(room: Room, clock: StandingClock) -> None:
    """Line and content agree: a JPEG written anew, who took it in, where and when; nothing in clear in the database."""
    line = room.page()
    opened = room.opened(line.id)
    assert opened.content[:3] == b"\xff\xd8\xff"
    assert (line.format, line.width, line.height, line.size) == ("image/jpeg", 600, 840, len(opened.content))
    assert (line.kind, line.added_by, line.place, line.added_at) == (Material.IDENTITY_COPY, "li", "w1", clock.at)
    assert (line.person_id, line.entry, line.set_aside_at, line.counts) == (None, "", None, True)
    ((sealed,),) = room.rows("select sealed from paper")
    assert opened.content[:64] not in sealed
    assert len(sealed) == line.size + 28
    assert "hidden" in repr(opened)


def test_a_papers_id_is_drawn_and_names_a_photo_in_a_request(room: Room) -> None:
    """No two are alike, and one stands in an application as it is."""
    ids = {room.page().id for _ in range(3)} | {room.photo().id}
    assert len(ids) == 4
    for paper in ids:
        fields = {"service": "apply_for_card", "id": "a", "person": LI_NA, "photo": paper}
        assert msgspec.convert(fields, ApplyForCard).photo == paper


def test_a_photo_goes_on_file_upright_and_fit(room: Room) -> None:
    """One that lies turned, with words beside it, passes; what is kept stands upright and says nothing."""
    out = io.BytesIO()
    turned = Image.fromarray(Portrait().pixels()).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, LI_NA
    turned.save(out, "JPEG", quality=95, subsampling=0, dpi=(350, 350), exif=exif)
    kept = room.opened(room.photo(content=out.getvalue()).id).content
    assert check(kept, Range(14 * 1024, 40 * 1024)).passes
    with Image.open(io.BytesIO(kept)) as image:
        assert not image.getexif()
        assert image.size == (358, 441)
    assert LI_NA.encode() not in kept


def test_a_photo_that_needs_a_crop_is_kept_only_if_that_was_agreed(room: Room) -> None:
    """Its misses are told in words and places and a crop is offered; it is kept by the crop alone, which passes."""
    upload = Portrait(hair_top=60, height=500, width=400, face_width=180).saved()
    fit = room.papers.fit_photo(upload, "zh-Hans")
    assert fit.final is None
    assert fit.crop is not None
    assert fit.picture.startswith(b"<svg")
    assert decoded(fit.shown).pixels.shape == (500, 400, 3)
    assert all(m.sentence and len(m.where) == 4 for m in fit.missed)
    with pytest.raises(BadInput, match=r"^photo: ") as caught:
        room.photo(content=upload)
    assert caught.value.code == "photo_does_not_fit"
    assert room.opened(room.photo(content=upload, crop=True).id).content == fit.crop.data
    assert room.opened(room.photo(content=fit.crop.data).id).content[:3] == b"\xff\xd8\xff"
    fits = room.papers.fit_photo(PHOTO, "en")
    assert fits.crop is None
    assert fits.final is not None
    assert "hidden" in repr(fits)
    assert "hidden" in repr(fits.final)


def test_a_photo_that_no_crop_mends_is_told(room: Room) -> None:
    """Nobody in it: nothing is offered and nothing kept, whatever is agreed to."""
    upload = saved(page(358, 441), "JPEG", dpi=(350, 350))
    fit = room.papers.fit_photo(upload, "en")
    assert (fit.crop, fit.final) == (None, None)
    for crop in (False, True):
        with pytest.raises(BadInput, match=r"No face|white"):
            room.photo(content=upload, crop=crop)
    assert room.papers.of_draft("d1") == []


def test_the_file_of_a_photo_has_the_size_of_the_notice(room: Room) -> None:
    """A photo whose file is too large passes by its pixels, and what is kept of it is within the notice's 40 KB."""
    upload = Portrait(grain=4).saved("PNG")
    fit = room.papers.fit_photo(upload, "en")
    assert [m.miss for m in fit.missed] == ["file_too_large"]
    line = room.photo(content=upload)
    assert 14 * 1024 <= line.size <= 40 * 1024


def test_a_signature_is_kept_as_strokes(room: Room) -> None:
    """What is sealed are numbers, which are drawn again."""
    line = room.papers.add(CLERK, "d1", SIGNATURE, sent(SIGNED), number=LI_NA)
    assert (line.kind, line.format, line.width) == (SIGNATURE, "application/json", 1_000)
    assert len(signature_from(room.opened(line.id).content).strokes) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"draft": ""}, "^draft: "), ({"draft": "a b"}, "^draft: "), ({"draft": "d" * 65}, "^draft: "),
        ({"number": LI_NA[:-1]}, "^number: "), ({"number": LI_NA + "\n"}, "^number: "),
        ({"kind": "passport"}, "^kind: "),
        ({"content": b"%PDF-1.7"}, "scan the page as a picture"),
        ({"kind": SIGNATURE, "content": b"[]"}, "^signature: "),
        ({"kind": Material.PHOTO, "content": b"GIF89a"}, "neither JPEG nor PNG"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_told_and_nothing_kept(room: Room, given: dict[str, Any], said: str) -> None:
    """The sentence names the field and repeats nothing of it; no row and no key is left behind."""
    with pytest.raises(BadInput, match=said) as caught:
        room.page(**given)
    assert LI_NA[:-1] not in str(caught.value)
    assert room.rows("select count(*) from paper") == room.rows("select count(*) from data_key") == [(0,)]


def test_every_code_of_the_room_is_worded(room: Room) -> None:
    """A draft with too many papers, also when several windows add at once, and a confirmed one: each code has words."""
    room.page()
    room.rows(
        "insert into paper select 'x' || n, draft, number, kind, format, width, height, size, digest, data_key, sealed,"
        " added_by, place, added_at from paper, generate_series(2, %s) as n", PAPERS_MAX - 1, write=True,
    )  # fmt: skip
    codes: list[str] = []

    def add() -> None:
        try:
            room.page()
            codes.append("")
        except BadInput as e:
            codes.append(e.code)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["", "too_many_papers", "too_many_papers"]
    assert len(room.papers.of_draft("d1")) == PAPERS_MAX
    for code in ("too_many_papers", "paper_is_confirmed", "photo_does_not_fit"):
        assert all(photo_words(language).troubles[code] for language in LANGUAGES)


# A draft's, then a person's ------------------------------------------------------------------------------------------


def test_a_page_scanned_wrongly_is_set_aside_and_kept(room: Room) -> None:
    """It ceases to count, with who did it and when; it is still there, and is not handed to the person."""
    wrong, right = room.page(), room.page()
    room.papers.set_aside(SUPERVISOR, wrong.id)
    again = room.papers.set_aside(CLERK, wrong.id)
    assert (again.set_aside_by, again.counts) == ("zhao", False)
    assert [p.counts for p in sorted(room.papers.of_draft("d1"), key=lambda p: p.id == right.id)] == [False, True]
    assert [p.id for p in room.confirmed()] == [right.id]
    assert room.opened(wrong.id).content == room.opened(right.id).content


def test_a_confirmed_drafts_papers_are_the_persons(room: Room) -> None:
    """They have the person and the entry; doing it again changes nothing; other drafts' papers stay drafts'."""
    one, other = room.page(), room.page("d2")
    assert [p.entry for p in room.confirmed()] == [room.entries[LI_NA]]
    assert room.confirmed() == room.papers.of_person(room.person_id(LI_NA))
    assert [p.id for p in room.papers.of_person(room.person_id(LI_NA))] == [one.id]
    assert room.papers.line(other.id).entry == ""
    with pytest.raises(BadInput) as caught:
        room.papers.set_aside(CLERK, one.id)
    assert caught.value.code == "paper_is_confirmed"


def test_papers_are_handed_to_nobody_else(room: Room) -> None:
    """Not to another person, nor by another's entry, one that there is not, or none; nor a second time by another."""
    room.page()
    li_na, zhou = room.person_id(LI_NA), room.person_id(ZHOU_MING)
    for person_id, entry in (
        (zhou, room.entries[ZHOU_MING]), (li_na, room.entries[ZHOU_MING]), (li_na, f"{li_na}-999"), (li_na, ""),
        (li_na, f"{li_na}-1x"), (987_654, "987654-1"),
    ):  # fmt: skip
        with pytest.raises(Broken):
            room.papers.attach("d1", person_id, entry)
    assert room.papers.of_draft("d1")[0].person_id is None
    room.confirmed()
    look = room.served(ask("look_up_person", LI_NA)).entry
    with pytest.raises(Broken):
        room.papers.attach("d1", li_na, look)


def test_the_photo_of_a_person(room: Room, clock: StandingClock) -> None:
    """The newest confirmed at a window, else the one moved over; none from a draft, nor of a run that was undone."""
    person_id = room.person_id(LI_NA)
    assert room.papers.photo_of(CLERK, person_id) is None
    room.rows(
        "insert into photo values (%s, 'PNG', 358, 441, sha256('old'), 'old', 'run', 'a.png')", person_id, write=True
    )
    moved = room.papers.photo_of(CLERK, person_id)
    assert moved is not None
    assert (moved.content, moved.media_type, moved.paper) == (b"old", "image/png", "")
    first = room.photo()
    assert room.papers.photo_of(CLERK, person_id) == moved
    room.confirmed()
    clock.move(days=1)
    second = room.photo("d2")
    found = room.papers.photo_of(CLERK, person_id)
    assert found is not None
    assert (found.paper, found.digest, found.media_type) == (first.id, first.digest, "image/jpeg")
    room.confirmed("d2")
    newest = room.papers.photo_of(CLERK, person_id)
    assert newest is not None
    assert newest.paper == second.id
    assert room.looks() == []
    room.rows("update photo set undone_at = now()", write=True)
    room.rows("update paper set number = %s", ZHOU_MING, write=True)
    assert room.papers.photo_of(CLERK, person_id) is None


def test_a_moved_photo_that_was_changed_is_not_shown(room: Room) -> None:
    """Its bytes are held against the digest that the run proved."""
    person_id = room.person_id(LI_NA)
    room.rows(
        "insert into photo values (%s, 'PNG', 358, 441, sha256('old'), 'new', 'run', 'a.png')", person_id, write=True
    )
    with pytest.raises(Broken):
        room.papers.photo_of(CLERK, person_id)


# Opening -------------------------------------------------------------------------------------------------------------


def test_every_opening_stands_in_the_journal(room: Room) -> None:
    """Before and after the draft is confirmed: who, whose, which paper and why; each opening its own entry."""
    line = room.page()
    first = room.opened(line.id)
    room.confirmed()
    second = room.opened(line.id, SUPERVISOR, "有人投诉")
    assert first.entry != second.entry
    assert [look.reason for look in room.looks()] == [f"{line.id}: {WHY}", f"{line.id}: 有人投诉"]
    assert {look.person for look in room.looks()} == {LI_NA}
    assert [room.screens.line(o.entry).by for o in (first, second)] == ["li", "zhao"]


def test_a_paper_about_somebody_not_on_file_is_opened_on_the_record_too(room: Room) -> None:
    """A look-up of somebody who is not registered is answered no, and the opening is in the journal all the same."""
    line = room.page(number=NOBODY)
    assert room.opened(line.id).entry
    assert [(look.person, look.reason) for look in room.looks()] == [(NOBODY, f"{line.id}: {WHY}")]


def test_no_content_without_an_entry(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the look-up fails, is only tried, is of something else, or is claimed, the vault is not even asked."""
    line = room.page()
    asked: list[object] = []
    monkeypatch.setattr(SoftwareVault, "open_content", lambda *given: asked.append(given))

    def down(_: Ask) -> StoreDown:
        return StoreDown("The database is away.")

    def tried(one: Ask) -> Any:
        return room.desk.ask(one, dry_run=True)

    def other(_: Ask) -> Receipt:
        return room.served(ask("look_up_person", LI_NA))

    def claimed(one: Ask) -> Receipt:
        return msgspec.structs.replace(room.served(ask("look_up_person", ZHOU_MING)), request_id=one.request.id)

    for way, trouble in ((down, StoreDown), (tried, Broken), (other, Broken), (claimed, Broken)):
        with pytest.raises(trouble):
            room.papers.open(CLERK, line.id, WHY, way)
    assert asked == []


@pytest.mark.parametrize("why", ["", " ", "a", "x" * 121, "a\nb", "a\0b"])
def test_a_reason_must_be_words(room: Room, why: str) -> None:
    """Nothing, one letter, a novel, or control characters: told, not journalled, not opened."""
    line = room.page()
    with pytest.raises(BadInput, match=r"^reason: "):
        room.opened(line.id, why=why)
    assert room.looks() == []


def test_a_paper_that_there_is_not(room: Room) -> None:
    """Whatever is done with it, it is not found, and nobody is looked up."""
    for act in (room.opened, room.papers.line, lambda paper: room.papers.set_aside(CLERK, paper)):
        with pytest.raises(NotFound):
            act("paper-0")
    assert room.looks() == []


KEEPS = {Role.CLERK, Role.SUPERVISOR}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_do_what_with_papers(room: Room, role: Role) -> None:
    """Clerks and supervisors take in, set aside and open; production sees photos as they do; nobody else any of it."""
    staff, line = Staff("x", role, "w1"), room.page()
    acts: list[tuple[Callable[[], object], set[Role]]] = [
        (lambda: room.page(staff=staff), KEEPS),
        (lambda: room.opened(line.id, staff), KEEPS),
        (lambda: room.papers.photo_of(staff, room.person_id(LI_NA)), KEEPS | {Role.PRODUCTION}),
        (lambda: room.papers.set_aside(staff, line.id), KEEPS),
    ]
    for act, may in acts:
        if role in may:
            act()
        else:
            with pytest.raises(NotAllowed):
                act()
    assert len(room.looks()) == (role in KEEPS)
    assert room.papers.line(line.id).counts is (role not in KEEPS)


# Sealed --------------------------------------------------------------------------------------------------------------

ALTERED = [
    "update paper set sealed = set_byte(sealed, 0, get_byte(sealed, 0) # 1)",
    "update paper set sealed = set_byte(sealed, length(sealed) / 2, get_byte(sealed, length(sealed) / 2) # 128)",
    "update paper set sealed = substring(sealed from 1 for 9)",
    "update paper set sealed = ''",
    "update paper p set sealed = (select sealed from paper o where o.draft = 'd2')",
    "update paper p set sealed = o.sealed, digest = o.digest, data_key = o.data_key from paper o where o.draft = 'd2'",
    "update paper set draft = 'd9'",
    "update paper set number = '{zhou}'",
    "update paper set kind = 'death_proof'",
    "update paper set format = 'text/html'",
    "update paper set digest = sha256('')",
    "update data_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
    "update data_key set wrapped = ''",
    "insert into data_key select repeat('0', 32), day, wrapped, made_at from data_key;"
    "update paper set data_key = repeat('0', 32)",
]


@pytest.mark.parametrize("altered", ALTERED)
def test_whatever_is_altered_is_trouble(room: Room, vault: SoftwareVault, altered: str) -> None:
    """A bit, a swap of two papers, another draft, person, kind, form or key: told, and no content comes out."""
    line, _ = room.page(), room.page("d2", content=saved(page(640, 900), "PNG"))
    room.rows(altered.replace("{zhou}", ZHOU_MING), write=True)
    vault._data_key.cache_clear()
    with pytest.raises(VaultTrouble, match=r"cannot be (opened|unwrapped)"):
        room.opened(line.id)


def test_a_day_has_a_key_and_the_next_day_another(room: Room, clock: StandingClock) -> None:
    """Papers of a day share one, by the day in the city; those of yesterday still open."""
    first = room.page()
    room.page("d2")
    clock.move(hours=12)
    assert clock.at.day == 1
    room.page("d3")
    days = room.rows(
        "select k.day::text, count(*) from paper p join data_key k on k.id = data_key group by 1 order by 1"
    )
    assert days == [("2013-07-01", 2), ("2013-07-02", 1)]
    assert room.opened(first.id).content


@pytest.mark.parametrize("kind", ["software", "hsm"])
def test_another_process_opens_what_was_sealed(
    room: Room, views: Views, notices: Notices, clock: StandingClock, tmp_path: Path, kind: str
) -> None:
    """A vault of either kind that is opened again opens it; one with other keys says so, when sealing as well."""
    with fresh_place(kind, tmp_path) as place:
        one = Papers(views, place.open(), notices, clock)
        line = one.add(CLERK, "d1", Material.IDENTITY_COPY, PAGE, number=LI_NA)
        content = one.open(CLERK, line.id, WHY, room.desk.ask).content
        other = Papers(views, place.open(), notices, clock)
        assert other.open(CLERK, line.id, WHY, room.desk.ask).content == content
        with pytest.raises(VaultTrouble, match="another vault wrapped it"):
            room.opened(line.id)
        with pytest.raises(VaultTrouble, match="another vault wrapped it"):
            room.page()
        assert len(room.papers.of_draft("d1")) == 1


def test_nothing_of_a_paper_shows(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """No number, strokes or content in logs, prints, or the text of troubles."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    line = room.papers.add(CLERK, "d1", SIGNATURE, sent(SIGNED), number=LI_NA)
    opened = room.opened(line.id)
    shown += [repr(line), repr(opened), repr(vars(room.papers))]
    room.rows("update paper set kind = 'photo'", write=True)
    with pytest.raises(VaultTrouble) as caught:
        room.opened(line.id)
    shown += [str(caught.value), caplog.text]
    secrets = [LI_NA, base64.b64encode(opened.content).decode()[:40], opened.content.decode()[:40]]
    assert not [s for s in secrets for text in shown if s in text]


def test_a_page_of_a_face_opens_a_paper(database: Database, tmp_path: Path, clock: StandingClock) -> None:
    """The house has the room, faces are handed it, and opening goes through the counter; no face can leave it out."""
    with house_on(database, tmp_path, clock) as house, open_counter(house.desk) as counter:
        front = front_of(house, counter)
        line = front.papers.add(CLERK, "d1", SIGNATURE, sent(SIGNED), number=NOBODY)
        found = asyncio.run(opened(front, CLERK, line.id, WHY))
        assert len(signature_from(found.content).strokes) == 2
        assert front.screens.line(found.entry).service == "look_up_person"
        with pytest.raises(NotAllowed):
            asyncio.run(opened(front, Staff("a", Role.AUDITOR, ""), line.id, WHY))


# The database's own word ---------------------------------------------------------------------------------------------


def test_the_program_can_delete_or_change_no_paper(room: Room) -> None:
    """Its role may add, set aside and hand over; the auditor's may read all but number and content."""
    line = room.page()
    with psycopg.connect(room.database.app, autocommit=True) as app:
        for statement in (
            "delete from paper", "update paper set sealed = ''", "update paper set number = ''",
            "delete from data_key", "update data_key set wrapped = ''",
        ):  # fmt: skip
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)
    with psycopg.connect(room.database.owner) as owner:
        owner.execute("set role shebaoka_auditor")
        assert owner.execute("select id, kind from paper").fetchall() == [(line.id, "identity_copy")]
        with pytest.raises(errors.InsufficientPrivilege):
            owner.execute("select sealed from paper")
