"""The supply as the index reads it: firms of PostGIS, which stays the truth."""

from __future__ import annotations

from geo.domain.point import Point
from matchmaker.domain.query import IndexedFirm, Wins
from matchmaker.domain.reference import Reference
from matchmaker.models import Firm

TRUST = {
    Firm.TradeSource.DECLARED: "trust.declared",
    Firm.TradeSource.NAF: "trust.naf",
    Firm.TradeSource.NAME: "trust.name",
    Firm.TradeSource.KIND: "trust.kind",
}


def indexed(firm: Firm, tables: Reference) -> IndexedFirm | None:
    """One firm as the index knows it; None when it cannot be matched (closed, no trade, no place).

    A distance tells a place: a partially diffused firm (D1) is measured from its commune only.
    """
    place = firm.point
    if firm.diffusion != Firm.Diffusion.OPEN:
        place = firm.commune.point if firm.commune else None
    if place is None or not firm.active or not firm.trades:
        return None
    return IndexedFirm(
        id=firm.pk,
        point=Point(place.x, place.y),
        trades=tuple(firm.trades),
        trust=tables[TRUST[Firm.TradeSource(firm.trade_source)]],
        capacity_eur=firm.capacity_mid_eur,
        low_eur=firm.capacity_low_eur,
        high_eur=firm.capacity_high_eur,
        ess=firm.ess,
        inclusive_kind=firm.inclusive_kind,
        declared_radius_km=firm.declared_radius_km,
        wins={trade: Wins(*won) for trade, won in firm.wins.items()},
    )
