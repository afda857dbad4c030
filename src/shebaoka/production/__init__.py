"""Card production's pages (制卡): batches of cards, from the choice to the window. See docs/batches.md.

`serving` puts them together with the office and the window into one web server. A matter of its own is a module with a
list of handlers here.
"""

from litestar import Router

from shebaoka.pages import must_be_known
from shebaoka.production import batches, batchfiles, outbox

ABOUT_BATCHES = [
    *(batches.get_batches, batches.post_batch, batches.get_batch, batches.post_step, batches.get_answered),
    *(batchfiles.post_file, batchfiles.get_answered),
]

ABOUT_OUTBOX = [outbox.get_outbox, outbox.post_again, outbox.get_answered]


def router() -> Router:
    """The pages under `/`, for who may see batches or what holders are told. Rooms of the desk hold who may do what."""
    seers = Router("/", route_handlers=ABOUT_BATCHES, guards=[must_be_known, batches.must_see_batches])
    told = Router("/", route_handlers=ABOUT_OUTBOX, guards=[must_be_known, outbox.must_see_outbox])
    return Router("/", route_handlers=[seers, told], include_in_schema=False)
