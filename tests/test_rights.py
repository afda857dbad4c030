"""The table of roles and rights: the laws that it keeps, and that nothing beside it says who may what."""

import re

import pytest

from conftest import ROOT
from shebaoka.desk import CHANNEL_OF, POSTS, TOKEN_ROLES, Right, Role, Staff
from shebaoka.desk.rights import ABOUT_PEOPLE, READS
from shebaoka.numbers import with_check_digit
from shebaoka.records import ApproveCorrection, Channel, NotAllowed, ProposeCorrection, ReportLoss

ADMINISTRATORS = (Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR, Role.AUDITOR)
CHANGES = frozenset(Right) - READS
CONFIGURATION = {Right.KEEP_INSTITUTIONS, Right.KEEP_WINDOWS, Right.KEEP_PARTNERS, Right.SEE_CONFIGURATION}


def test_every_role_has_its_row_and_every_right_a_role() -> None:
    """No role is without a row, no right without a role, and every account signs in by one way at least."""
    assert set(POSTS) == set(Role)
    assert frozenset().union(*(post.rights for post in POSTS.values())) == set(Right)
    assert all(post.token or post.person for post in POSTS.values())
    assert set(TOKEN_ROLES) == {role for role, post in POSTS.items() if post.token}


def test_who_keeps_staff_has_nothing_to_do_with_people() -> None:
    """No role has both the right to keep staff and one to see or change people, or to keep the configuration."""
    for role, post in POSTS.items():
        if Right.KEEP_STAFF in post.rights:
            assert not post.rights & (ABOUT_PEOPLE | CONFIGURATION | {Right.RECONCILE, Right.PAY}), role


def test_the_configuration_is_kept_by_one_role_apart() -> None:
    """Who keeps windows, institutions or partners sees them, keeps all, and sees or changes nobody and no staff."""
    for role, post in POSTS.items():
        if post.rights & {Right.KEEP_WINDOWS, Right.KEEP_INSTITUTIONS, Right.KEEP_PARTNERS}:
            assert post.rights >= CONFIGURATION, role
            assert not post.rights & (ABOUT_PEOPLE | {Right.KEEP_STAFF, Right.SEE_STAFF}), role


def test_the_three_administrators_are_apart() -> None:
    """What any two of them may change has nothing in common; the auditor changes nothing, the others see nobody."""
    changes = {role: POSTS[role].rights & CHANGES for role in ADMINISTRATORS}
    for one in ADMINISTRATORS:
        for other in ADMINISTRATORS:
            assert one is other or not changes[one] & changes[other]
    assert changes[Role.AUDITOR] == frozenset()
    assert not (POSTS[Role.SECURITY_ADMINISTRATOR].rights | POSTS[Role.SYSTEM_ADMINISTRATOR].rights) & ABOUT_PEOPLE
    assert Right.SEE_STAFF not in POSTS[Role.SYSTEM_ADMINISTRATOR].rights
    assert not any(role in CHANNEL_OF for role in ADMINISTRATORS)


def test_whoever_asks_has_a_channel() -> None:
    """A role may ask for services if and only if it has a channel to ask through; correcting is asking too."""
    asks = {Right.SERVE, Right.CORRECT, Right.APPROVE}
    assert set(CHANNEL_OF) == {role for role, post in POSTS.items() if post.rights & asks}


def test_tills_are_kept_by_two() -> None:
    """Whoever serves at the window may take its fee; who only takes fees closes no till, and who audits only looks."""
    for role, post in POSTS.items():
        assert (Right.TAKE_FEES in post.rights) or post.channel is not Channel.WINDOW, role
        if Right.CLOSE_TILL in post.rights:
            assert Right.SEE_TILLS in post.rights, role
            assert not post.token, role
    assert Right.CLOSE_TILL not in POSTS[Role.CLERK].rights
    assert Right.SEE_TILLS in POSTS[Role.AUDITOR].rights


def test_whoever_sees_more_sees_less() -> None:
    """Numbers in full, or a whole account, are for who may see people; papers for who may have numbers in full."""
    for role, post in POSTS.items():
        if post.rights & {Right.SEE_ACCOUNTS, Right.SEE_UNMASKED}:
            assert Right.SEE_PEOPLE in post.rights, role
        # What a dossier's page shows is for who may read a whole account; the hotline has pages of its own.
        assert (Right.OPEN_DOSSIERS in post.rights) == (Right.SEE_ACCOUNTS in post.rights), role
        if Right.SEE_PAPERS in post.rights:
            assert {Right.SEE_UNMASKED, Right.SEE_PHOTOS} < post.rights, role


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("right", list(Right))
def test_a_right_is_what_the_table_says(role: Role, right: Right) -> None:
    """Staff of a role may what its row names; else they are told which roles may."""
    staff = Staff("li", role, "w1")
    assert staff.may(right) == (right in POSTS[role].rights)
    if not staff.may(right):
        with pytest.raises(NotAllowed, match=f"The role {role} may not .*; it takes the role [a-z_]+"):
            staff.must(right)


@pytest.mark.parametrize("role", list(Role))
def test_what_it_takes_to_ask(role: Role) -> None:
    """A proposal takes one right and its approval another; anything else the right to ask at all."""
    staff, number = Staff("li", role, "w1"), with_check_digit("14070219800101001")
    for request, right in (
        (ProposeCorrection(id="p-1", person=number, entry="1-2", right_fen=1, reason="because"), Right.CORRECT),
        (ApproveCorrection(id="a-1", person=number, proposal="1-3", entry="1-2", right_fen=1), Right.APPROVE),
        (ReportLoss(id="l-1", person=number), Right.SERVE),
    ):
        if right in POSTS[role].rights:
            assert staff.sender(request).channel is POSTS[role].channel
        else:
            with pytest.raises(NotAllowed):
                staff.sender(request)


def test_no_room_decides_by_the_name_of_a_role() -> None:
    """Who may what is asked of the table: no code of desk or faces compares a role, but the demonstration's visitor.
    Whom its batch of cards and its hall play is said there."""
    found = []
    for path in (ROOT / "src" / "shebaoka").rglob("*.py"):
        if path.name in ("rights.py", "workshop.py", "hall.py"):
            continue
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"\brole (==|!=|in|not in|is|is not) |Role\.[A-Z]", line) and not re.search(
                r"VISITOR|set\(Role\)", line
            ):
                found.append(f"{path.name}:{n}: {line.strip()}")
    assert found == []
