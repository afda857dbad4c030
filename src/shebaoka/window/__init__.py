"""The service window (综合服务窗口): find a person, see what they may ask for, serve them. See docs/window.md.

`serving` puts it together with the office and the API into one web server.
"""

from litestar import Router

from shebaoka.pages import must_be_known, must_see_people
from shebaoka.window import (
    daylist,
    drafting,
    entryslips,
    handing,
    keypads,
    lists,
    people,
    slips,
    telephones,
    till,
    wallets,
)

OPEN = [keypads.get_keypad, keypads.post_keypad]
ABOUT_PEOPLE = [
    *(people.get_search, people.post_search, people.get_person, people.post_full, people.get_full),
    *(people.get_photo, telephones.post_telephone, telephones.get_answered),
    *(entryslips.post_entry_slip, entryslips.get_answered),
    *(wallets.post_wallets, wallets.get_answered),
    *(
        people.get_statement,
        drafting.post_draft,
        drafting.get_draft,
        drafting.get_answered,
        drafting.post_step,
        drafting.post_undo,
    ),
    *(drafting.post_approval, drafting.post_aside, drafting.post_confirm, drafting.get_pin, keypads.post_invite),
    *(slips.get_slip, slips.post_open, slips.post_paper_aside, daylist.get_day_list),
]
MANY_AT_ONCE = [
    *(lists.get_lists, lists.post_list, lists.get_list, lists.post_check, lists.post_apply, lists.get_result),
    lists.post_photos,
    lists.get_answered,
    handing.get_answered,
    *(handing.get_trays, handing.post_tray, handing.get_tray, handing.get_list, handing.post_scan),
    *(handing.post_hand_over, handing.post_leave, handing.post_close),
]
ABOUT_TILLS = [
    *(till.get_till, till.get_sheet, till.get_receipt),
    *(till.post_receive, till.post_give_back, till.post_void, till.post_refund, till.post_float, till.post_close),
]


def router() -> Router:
    """The window's pages, under `/`: for who may see people, for who takes fees or sees tills, and the holder's keypad.

    Whoever has a keypad's drawn address may open it, for it stands before the holder, whom nobody signs in.
    """
    seers = Router("/", route_handlers=ABOUT_PEOPLE, guards=[must_be_known, must_see_people])
    tills = Router("/", route_handlers=ABOUT_TILLS, guards=[must_be_known, till.must_see_a_till])
    many = Router("/", route_handlers=MANY_AT_ONCE, guards=[must_be_known, lists.must_serve_at_a_window])
    return Router("/", route_handlers=[*OPEN, seers, tills, many], include_in_schema=False)
