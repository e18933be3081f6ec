"""What the demo firms could take of a lot, asked from the product's own index and capacity rules.

It only sizes the lots: a demo where every lot is out of reach, or within anyone's, shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from geo.domain.point import Point, point
from matchmaker.demo.firms import DemoFirm
from matchmaker.domain.capacity import CapacityInput, estimate
from matchmaker.domain.ess import ess_status
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import firm_trades, lot_trades, naf_index


@dataclass(frozen=True, slots=True)
class Reach:
    """Yearly euros: the most one firm can take alone, and the most a lawful grouping of firms can."""

    firms: int
    alone_eur: float
    together_eur: float


class Supply:
    """The active demo firms, indexed as the site will index them."""

    def __init__(self, firms: Iterable[DemoFirm], reference: Reference, as_of: date) -> None:
        nafs = naf_index(reference.trades)
        indexed = [_indexed(rank, firm, nafs, reference, as_of) for rank, firm in enumerate(firms) if not firm.closed]
        self.reference = reference
        self.capacity = {firm.id: firm.capacity_eur for firm in indexed}
        self.index = FirmIndex(indexed, reference)

    def reach(
        self, cpvs: Sequence[str], place: tuple[float, float], uncertainty_km: float, reservation: Reservation
    ) -> Reach:
        needs = lot_trades(cpvs, self.reference)
        where = point(lon=place[0], lat=place[1])
        query = LotQuery(needs, where, uncertainty_km, None, reservation)
        found = self.index.ask(query, len(self.index)).top
        alone = max((self.capacity[f.id] for f in found if len(f.served) == len(needs)), default=0)
        # Rule C1: at most half of the identified firms may be in one grouping.
        members = min(self.reference.integer("grouping.max_members"), len(found) // 2)
        per_need = max(1, members // len(needs))
        together = [
            sum(sorted((self.capacity[f.id] for f in found if need.trade in f.served), reverse=True)[:per_need])
            / need.share
            for need in needs
        ]
        return Reach(len(found), alone, min(together, default=0) if members >= max(2, len(needs)) else 0)


def _indexed(
    rank: int, firm: DemoFirm, nafs: dict[str, tuple[str, ...]], reference: Reference, as_of: date
) -> IndexedFirm:
    said = firm.declaration
    known = firm_trades(said.trades, firm.naf, firm.kind, reference, nafs)
    main = reference.trades[known.trades[0]] if known.trades else None
    facts = CapacityInput(
        headcount_band=firm.band,
        places=firm.places,
        inclusive_kind=firm.kind,
        turnover_eur=firm.turnover_eur,
        free_fte=said.free_fte,
        declared_on=said.on,
    )
    lon, lat = firm.point or (firm.town.lon, firm.town.lat)
    ess = ess_status(firm.legal_form, firm.ess_flag == "O", reference.legal_forms, inclusive_kind=firm.kind)
    return IndexedFirm(
        id=rank,
        point=Point(lon=lon, lat=lat),
        trades=known.trades,
        trust=known.trust,
        capacity_eur=estimate(facts, main, reference, on=as_of).mid_eur,
        ess=ess.status,
        inclusive_kind=firm.kind,
        declared_radius_km=said.radius_km,
    )
