"""A till's sheet as CSV for spreadsheets: a receipt a line, void ones among them. The page of the till hands it out."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Sequence

from shebaoka.cells import as_text
from shebaoka.paper import grouped
from shebaoka.records import FeeReceipt, Means, TillSheet


def sheet_csv(
    sheet: TillSheet,
    receipts: Sequence[FeeReceipt],
    labels: dict[str, str],
    service: Callable[[str], str],
    zone: dt.tzinfo,
) -> bytes:
    """The receipts in their order, then what the drawer must hold and what was counted: UTF-8 with its mark, CRLF.

    Amounts are yuan with two decimals; what is void has an amount and says so. Texts stay texts, see `as_text`.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        [
            *(labels["till_number"], labels["time"], labels["service"], labels["clause"], labels["till_payer"]),
            *(labels["amount"], labels["till_means"], labels["till_reference_of"], labels["by"], labels["till_state"]),
            *(labels["till_of"], labels["reason"]),
        ]
    )
    for r in receipts:
        state = labels["till_state_void"] if r.is_void else labels["till_state_back"] if r.amount_fen < 0 else ""
        writer.writerow(
            [
                *(as_text(r.number), as_text(f"{r.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"), service(r.service)),
                *(as_text(r.clause), as_text(r.payer), _plain(r.amount_fen)),
                labels["till_cash"] if r.means is Means.CASH else labels["till_code"],
                *(as_text(r.reference), as_text(r.by), state, as_text(str(r.refund_of or ""))),
                as_text(r.void_reason or ("" if r.entry else r.reason)),
            ]
        )
    sums = [(labels["till_opening"], sheet.opening_fen), (labels["till_float"], sheet.float_fen)]
    sums += [(labels["till_must_hold"], sheet.expected_fen)]
    if sheet.closing is not None:
        sums += [(labels["till_counted_fen"], sheet.closing.counted_fen), (labels["till_off"], sheet.difference_fen)]
    for label, fen in sums:
        writer.writerow([label, *[""] * 4, _plain(fen), *[""] * 6])
    return text.getvalue().encode("utf-8-sig")


def _plain(fen: int) -> str:
    return grouped(fen).replace(",", "")
