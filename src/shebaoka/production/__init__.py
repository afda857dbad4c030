"""Card production's pages (制卡): batches of cards, blank cards, and cards on their way. See docs/batches.md.

`serving` puts them together with the office and the window into one web server. A matter of its own is a module with a
list of handlers here.
"""

from litestar import Router

from shebaoka.pages import must_be_known
from shebaoka.production import batches, batchfiles, deliveries, outbox, stock

ABOUT_BATCHES = [
    *(batches.get_batches, batches.post_batch, batches.get_batch, batches.post_step, batches.get_answered),
    *(batchfiles.post_file, batchfiles.get_answered, batchfiles.get_proofs),
]

ABOUT_OUTBOX = [outbox.get_outbox, outbox.post_again, outbox.get_answered]

ABOUT_STOCK = [stock.get_stock, stock.post_stock]
ABOUT_DELIVERIES = [
    *(deliveries.get_deliveries, deliveries.post_deliveries),
    *(deliveries.get_delivery, deliveries.post_delivery),
]


def router() -> Router:
    """The pages under `/`, each matter for who may see it. Rooms of the desk hold who may do what."""
    guarded = (
        (ABOUT_BATCHES, batches.must_see_batches),
        (ABOUT_OUTBOX, outbox.must_see_outbox),
        (ABOUT_STOCK, stock.must_see_stock),
        (ABOUT_DELIVERIES, deliveries.must_see_deliveries),
    )
    rooms = [Router("/", route_handlers=pages, guards=[must_be_known, guard]) for pages, guard in guarded]
    return Router("/", route_handlers=rooms, include_in_schema=False)
