"""A version of a split as its page shows it: lots and their figures, what a map shows, which borders may move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from allotment.domain.evaluate import LotResult, Seat, Triple
from allotment.domain.need import Need as DomainNeed
from allotment.domain.versions import takers
from allotment.models import Split, SplitLot
from allotment.splits import results_of, shapes_of
from frontend.split_words import count, interval, offers
from geo.models import Commune
from matchmaker.models import Firm
from matchmaker.queries import PublicFirm, public_firm, with_commune
from matchmaker.reference import reference

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval drawn in a track; percents of its width."""

    start: float
    width: float
    mid: float
    sentence: str
    over: bool = False
    need: float | None = None


@dataclass(frozen=True, slots=True)
class SeatView:
    firm: PublicFirm
    eur: int
    social: bool


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot of the table; ``team`` is its best grouping."""

    row: SplitLot
    result: LotResult
    trades: tuple[str, ...]
    bar: Bar
    team: tuple[SeatView, ...]

    @property
    def number(self) -> int:
        return self.row.position

    @property
    def alone(self) -> str:
        return count(self.result.alone)

    @property
    def offers(self) -> str:
        return offers(self.result.bidders)

    @property
    def hours(self) -> str:
        return interval(self.result.hours_recommended)

    @property
    def hfi(self) -> str:
        return interval(self.result.hfi)


@dataclass(frozen=True, slots=True)
class Border:
    """A commune that may pass to other lots; ``weight`` is its share (0..1) of the territory."""

    code: str
    name: str
    weight: float
    lot: LotRow
    takers: tuple[LotRow, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """The lots of the same trades: they tile the territory, so one map shows them."""

    key: str
    label: str
    lots: tuple[LotRow, ...]
    borders: tuple[Border, ...] = ()
    edge: tuple[str, ...] = ()  # communes that touch another of these lots


@dataclass(frozen=True, slots=True)
class View:
    split: Split
    lots: tuple[LotRow, ...]
    layers: tuple[Layer, ...] = field(default=())

    def state(self, chosen: str) -> Json:
        """What the map draws: the lots of each commune by layer, and where a commune may go."""
        return {
            "layer": chosen,
            "layers": [
                {
                    "key": layer.key,
                    "lots": {str(lot.number): lot.row.title for lot in layer.lots},
                    "of": _of(layer),
                    "takers": {one.code: [lot.number for lot in one.takers] for one in layer.borders},
                    "edge": list(layer.edge),
                }
                for layer in self.layers
            ],
        }


def _of(layer: Layer) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for lot in layer.lots:
        for commune in lot.row.communes:
            found.setdefault(commune, []).append(lot.number)
    return found


def view_of(split: Split, need: DomainNeed | None, *, editable: bool) -> View:
    """Two queries, and one more for what may be moved. Raises KeyError or TypeError when stored by an older version."""
    rows = list(split.lots.all())
    results = results_of(rows)
    labels = {code: trade.label for code, trade in reference().trades.items()}
    firms = _firms(seat for one in results if one.teams for seat in one.teams[0])
    most = max((one.bidders.high for one in results), default=0.0)
    lots = tuple(
        LotRow(
            row,
            result,
            tuple(labels.get(code, code) for code in row.trades),
            bar(result.bidders, most),
            tuple(SeatView(firms[one.firm], one.eur, one.social) for one in result.teams[0] if one.firm in firms)
            if result.teams
            else (),
        )
        for row, result in zip(rows, results, strict=True)
    )
    return View(split, lots, _layers(lots, need if editable else None))


def _firms(seats: Iterable[Seat]) -> dict[int, PublicFirm]:
    """Firms of the best teams as anyone may see them; one query."""
    related, heavy = with_commune()
    rows = Firm.objects.select_related(*related).defer(*heavy).in_bulk({seat.firm for seat in seats})
    return {pk: public_firm(firm) for pk, firm in rows.items()}


def bar(bidders: Triple, most: float) -> Bar:
    scale = 100 / most if most else 0.0
    return Bar(
        start=bidders.low * scale,
        width=(bidders.high - bidders.low) * scale,
        mid=bidders.mid * scale,
        sentence=_("offres attendues : %(offers)s (estimation)") % {"offers": offers(bidders)},
    )


def _layers(lots: Sequence[LotRow], need: DomainNeed | None) -> tuple[Layer, ...]:
    groups: dict[tuple[str, ...], list[LotRow]] = {}
    for lot in lots:
        groups.setdefault(tuple(lot.row.trades), []).append(lot)
    borders = _borders(lots, need) if need else {}
    return tuple(
        Layer(
            "-".join(trades),
            ", ".join(group[0].trades),
            tuple(group),
            tuple(one for lot in group for one in borders.get(lot.number, ())),
            _edge(group, need) if borders else (),
        )
        for trades, group in groups.items()
    )


def _borders(lots: Sequence[LotRow], need: DomainNeed) -> dict[int, list[Border]]:
    known = {place.commune: place.weight for place in need.places}
    shapes = shapes_of([lot.row for lot in lots])
    if not all(shape.communes <= known.keys() for shape in shapes):
        return {}  # communes left the need since: nothing can be moved before it is split anew
    whole = sum(known.values())
    names = commune_names(known)
    found: dict[int, list[Border]] = {}
    for (giver, code), others in takers(need, shapes).items():
        one = Border(code, names[code], known[code] / whole, lots[giver], tuple(lots[place] for place in others))
        found.setdefault(lots[giver].number, []).append(one)
    for group in found.values():
        group.sort(key=lambda one: one.name)
    return found


def _edge(group: Sequence[LotRow], need: DomainNeed | None) -> tuple[str, ...]:
    lot_of = {code: lot.number for lot in group for code in lot.row.communes}
    return tuple(
        place.commune
        for place in (need.places if need else ())
        if any(lot_of.get(other, own) != own for own in [lot_of.get(place.commune)] for other in place.near)
    )


def commune_names(codes: Iterable[str]) -> Mapping[str, str]:
    return dict(Commune.objects.filter(pk__in=list(codes)).values_list("pk", "name"))
