"""What an eForms result says was awarded, lot by lot."""

from __future__ import annotations

from matchmaker.sources.fields import amount_eur, lot_id
from matchmaker.sources.xml import Element, attribute, child, children, descendants, raw_text


def awarded_by_lot(root: Element, warnings: list[str]) -> dict[str, list[int]]:
    """Values of the tenders that became a contract (BT-720), by published lot identifier."""
    result = next(descendants(child(root, "UBLExtensions"), "NoticeResult"), None)
    signed = {raw_text(tender) for tender in children(result, "SettledContract", "LotTender", "ID")}
    values: dict[str, list[int]] = {}
    for tender in children(result, "LotTender"):
        if raw_text(tender, "ID") not in signed:
            continue
        lot = raw_text(tender, "TenderLot", "ID")
        payable = child(tender, "LegalMonetaryTotal", "PayableAmount")
        currency = attribute(payable, "currencyID")
        amount = amount_eur(raw_text(payable), currency, f"Lot {lot_id(lot)}", warnings)
        if amount is not None:
            values.setdefault(lot, []).append(amount)
    return values
