"""The firms of a lot as a page lists them: what a person asked, the exact answer, and its rows.

Filters and weights live in the address only: nothing of them is kept. Weights of one's own change the order for the
reader, never what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.http import QueryDict

from frontend import charts
from matchmaker.domain.query import Answer, Found
from matchmaker.domain.score import Formula
from matchmaker.live import rank_live
from matchmaker.models import Firm, Lot, Match
from matchmaker.queries import Params, PublicFirm, public_firm, with_commune

KEPT = 50
MORE = 200
WITHIN_KM = (5, 10, 15, 20, 30, 50, 80, 120)
LEAST = (20, 30, 40, 50, 60, 70, 80)
ORDINARY = "ordinary"  # in an address; "" in the index
KINDS = ("EI", "ETTI", "ACI", "AI", "EITI", "EA", "EATT", "ESAT", "GEIQ", "SEP", ORDINARY)
OWN = "w_"  # prefix of a weight in an address


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address of a ranking says. ``weights``: points by part, sum 100, when not those of the service."""

    kinds: tuple[str, ...] = ()
    ess_only: bool = False
    within_km: int | None = None
    alone: bool = False
    least: int = 0
    count: int = KEPT
    weights: Mapping[str, float] | None = None
    sliders: Mapping[str, int] = field(default_factory=dict)  # as typed, before they are brought to 100

    @property
    def filtered(self) -> bool:
        return bool(self.kinds or self.ess_only or self.within_km or self.alone or self.least)

    @property
    def stored(self) -> bool:
        """Whether what was stored answers: no filter, nobody's own weights, the usual number."""
        return not (self.filtered or self.weights or self.count > KEPT)

    def query(self) -> QueryDict:
        """The shortest address that says the same."""
        said = QueryDict(mutable=True)
        said.setlist("kind", list(self.kinds))
        for name, value in (("ess", self.ess_only), ("alone", self.alone)):
            said.setlist(name, ["1"] if value else [])
        said.setlist("within", [str(self.within_km)] if self.within_km else [])
        said.setlist("least", [str(self.least)] if self.least else [])
        said.setlist("n", [str(self.count)] if self.count > KEPT else [])
        for part, value in self.sliders.items() if self.weights else ():
            said[OWN + part] = str(value)
        return said

    def without(self, name: str, value: str = "") -> Wanted:
        """The same with one filter lifted."""
        if name == "kinds":
            return replace(self, kinds=tuple(kind for kind in self.kinds if kind != value))
        return replace(self, **{name: getattr(Wanted(), name)})

    def official(self) -> Wanted:
        return replace(self, weights=None, sliders={})

    def formula(self, official: Formula) -> Formula | None:
        """The official formula with the weights asked for; None when they are its own."""
        return replace(official, **self.weights) if self.weights else None


def read(params: Params, official: Formula) -> Wanted:
    """Read an address; a value that means nothing is dropped, as old links must go on working."""
    kinds = tuple(kind for kind in KINDS if kind in params.getlist("kind"))
    sliders = _sliders(params, official)
    return Wanted(
        kinds=() if len(kinds) == len(KINDS) else kinds,
        ess_only="1" in params.getlist("ess"),
        within_km=_one(params, "within", WITHIN_KM),
        alone="1" in params.getlist("alone"),
        least=_one(params, "least", LEAST) or 0,
        count=_one(params, "n", (MORE,)) or KEPT,
        weights=_weights(sliders, official),
        sliders=sliders,
    )


def _one(params: Params, name: str, allowed: Iterable[int]) -> int | None:
    value = "".join(params.getlist(name)[-1:])
    return next((one for one in allowed if str(one) == value), None)


def _sliders(params: Params, official: Formula) -> dict[str, int]:
    """Whole numbers 0..100, those of the service where the address says nothing."""
    found = {}
    for part, points in official.weights.items():
        text = "".join(params.getlist(OWN + part)[-1:])
        found[part] = min(100, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else round(points)
    return found


def _weights(sliders: Mapping[str, int], official: Formula) -> dict[str, float] | None:
    """Sliders brought to a sum of 100; None when they are the service's, or all at zero."""
    total = sum(sliders.values())
    if not total or sliders == {part: round(points) for part, points in official.weights.items()}:
        return None
    return {part: 100.0 * value / total for part, value in sliders.items()}


# ---------------------------------------------------------------- the answer


@dataclass(frozen=True, slots=True)
class Row:
    """One firm of a ranking. ``usual`` is its rank with the service's weights and no filter, if it was kept."""

    rank: int
    firm: PublicFirm
    score: float
    parts: list[charts.ScorePart]
    sentence: str
    distance_km: float
    solo: bool
    capacity: charts.Interval
    usual: int | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """``supply`` firms pass the filters, ``solo`` of them able alone; ``rows`` are the best of them."""

    wanted: Wanted
    weights: dict[str, float]
    rows: list[Row]
    supply: int
    solo: int
    live: bool


def ranking_of(lot: Lot, wanted: Wanted, official: Formula, need: int | None, stored: list[Match]) -> Ranking:
    """The rows asked for: from what is stored when it answers, else from the index. At most two queries more."""
    if wanted.stored:
        rows = _rows([(match.firm, _as_found(match)) for match in stored], official.weights, need, {})
        return Ranking(wanted, official.weights, rows, lot.supply_count, lot.solo_count, live=False)
    weights = dict(wanted.weights) if wanted.weights else official.weights
    answer = ask(lot, wanted, official)
    firms = _firms(found.id for found in answer.top)
    usual = dict(lot.matches.values_list("firm_id", "rank")) if wanted.weights else {}
    pairs = [(firms[found.id], found) for found in answer.top if found.id in firms]
    return Ranking(wanted, weights, _rows(pairs, weights, need, usual), answer.supply, answer.solo, live=True)


def ask(lot: Lot, wanted: Wanted, official: Formula) -> Answer:
    """The exact best firms under filters, best first; the floor on the score cuts the end of the list."""
    answer = rank_live(
        lot,
        k=wanted.count,
        formula=wanted.formula(official),
        kinds=frozenset("" if kind == ORDINARY else kind for kind in wanted.kinds) or None,
        ess_only=wanted.ess_only,
        within_km=wanted.within_km,
        solo_only=wanted.alone,
    )
    return replace(answer, top=tuple(found for found in answer.top if found.score >= wanted.least))


def _as_found(match: Match) -> Found:
    return Found(
        id=match.firm_id,
        score=match.score,
        trade=match.trade,
        parts=charts.parts_of(match),
        distance_km=match.distance_km,
        radius_km=match.radius_km,
        solo=match.solo,
        served=(),
    )


def _firms(ids: Iterable[int]) -> dict[int, Firm]:
    """Those still active: one may have closed since the supply was read. One query."""
    related, heavy = with_commune()
    return Firm.objects.filter(active=True).select_related(*related).defer(*heavy).in_bulk(list(ids))


def _rows(
    pairs: list[tuple[Firm, Found]], weights: Mapping[str, float], need: int | None, usual: Mapping[int, int]
) -> list[Row]:
    shown = [(public_firm(firm), found) for firm, found in pairs]
    scale = charts.capacity_scale([firm for firm, _ in shown], need)
    rows = []
    for rank, (firm, found) in enumerate(shown, start=1):
        parts = charts.score_parts(found.parts, weights)
        rows.append(
            Row(
                rank=rank,
                firm=firm,
                score=found.score,
                parts=parts,
                sentence=charts.score_sentence(parts),
                distance_km=found.distance_km,
                solo=found.solo,
                capacity=charts.capacity_interval(firm, scale, need),
                usual=usual.get(found.id),
            )
        )
    return rows
