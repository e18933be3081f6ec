"""The supply for a need in words and pictures. Names are read here, masked where a firm opposes diffusion (rule D1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from allotment.domain.need import Need
from allotment.supply import Curve, Seen, Short, Study, TradeSupply, curve, study
from frontend import words
from frontend.curve_chart import drawing
from matchmaker.models import Firm
from matchmaker.queries import PublicFirm, labels, public_firm, with_commune

LISTED = 20  # firms in the table, the best for the need first
MAPPED = 400  # firms on the map
KINDS_FIRST = ("ess", "ordinary")
MOST = 100.0  # per cent


@dataclass(frozen=True, slots=True)
class Bar:
    """A count as a bar; ``percent`` of the largest."""

    label: str
    count: int
    percent: float
    social: bool = False


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A trade: its capacity [low, mid, high] against its amount, on one scale in per cent."""

    supply: TradeSupply
    label: str
    low: float
    width: float
    mid: float
    need: float
    sentence: str

    @property
    def cover(self) -> float:
        return self.supply.capacity_eur[1] / self.supply.yearly_eur

    @property
    def fragile(self) -> bool:
        """The five largest hold more than half: one that leaves is missed."""
        known = self.supply.concentration
        return known is not None and known.largest > 1 / 2


@dataclass(frozen=True, slots=True)
class FirmRow:
    seen: Seen
    firm: PublicFirm
    trades: str


@dataclass(frozen=True, slots=True)
class Lack:
    firm: PublicFirm
    short: Short


def overview(need: Need, trade: str, *, fictitious: bool) -> dict[str, Any]:
    """What the page and the report say of the supply. At most six queries once the study is known."""
    found = study(need, fictitious=fictitious)
    names = labels("trade")
    chosen = curve(need, trade, fictitious=fictitious)
    near = found.near
    wanted = [one.id for one in found.firms[:LISTED]]
    firms = public_firms([*wanted, *(one.id for one in (*near.smallest_gaps, *near.nearest))])
    return {
        "study": found,
        "answer": answer(found),
        "proposal": proposal(chosen),
        "trades": [trade_row(one, names) for one in found.trades],
        "curve": chosen,
        "curve_name": names.get(trade, trade) if trade else _("tous les métiers dans un même lot"),
        "drawing": drawing(chosen),
        "knees": knees(found, chosen, need, names, fictitious=fictitious),
        "halved": 2**-chosen.elasticity if chosen.elasticity is not None else None,
        "scopes": [*((one.trade, names.get(one.trade, one.trade)) for one in found.trades), *_all(found)],
        "trade": trade,
        "kinds": by_kind(found, labels("kind")),
        "sizes": by_size(found, labels("headcount")),
        "listed": _rows(found, firms, names),
        "small": [Lack(firms[one.id], one) for one in near.smallest_gaps if one.id in firms],
        "far": [Lack(firms[one.id], one) for one in near.nearest if one.id in firms],
        "reserved": [(words.RESERVATIONS[code], *counts) for code, counts in near.reserved.items()],
    }


def knees(
    found: Study, drawn: Curve, need: Need, names: Mapping[str, str], *, fictitious: bool
) -> list[tuple[str, Curve]]:
    """The curve of each trade and of all together, the one drawn among them: one table tells where each bends."""
    trades = [*(one.trade for one in found.trades), *([""] if len(found.trades) > 1 else [])]
    curves = [drawn if one == drawn.trade else curve(need, one, fictitious=fictitious) for one in trades]
    whole = _("tous les métiers dans un même lot")
    return [(names.get(one.trade, one.trade) if one.trade else whole, one) for one in curves]


def _all(found: Study) -> list[tuple[str, str]]:
    return [("all", _("tous les métiers dans un même lot"))] if len(found.trades) > 1 else []


def main_trade(need: Need) -> str:
    """The one with most euros: what the curve shows first."""
    return max(need.trades, key=lambda one: one.amount_eur).trade


def public_firms(ids: list[int]) -> dict[int, PublicFirm]:
    """As anyone may see them. One query."""
    related, heavy = with_commune()
    rows = Firm.objects.select_related(*related).defer(*heavy, "capacity_steps").in_bulk(ids)
    return {pk: public_firm(row) for pk, row in rows.items()}


def answer(found: Study) -> tuple[str, str]:
    """The page's question answered: who is there, then who could do it all alone."""
    there = ngettext(
        "%(n)s entreprise à portée fait au moins un des métiers du besoin",
        "%(n)s entreprises à portée font au moins un des métiers du besoin",
        found.in_reach,
    ) % {"n": words.grouped(found.in_reach)}
    social = ngettext(
        ", dont %(n)s de l'ESS ou de l'insertion", ", dont %(n)s de l'ESS ou de l'insertion", found.social
    ) % {"n": words.grouped(found.social)}
    low, mid, high = found.alone
    if high == 0:
        alone = _("Aucune ne pourrait faire seule la totalité du marché, même au vu de son estimation haute.")
    else:
        alone = ngettext(
            "%(n)s pourrait faire seule la totalité du marché (estimation, entre %(low)s et %(high)s).",
            "%(n)s pourraient faire seules la totalité du marché (estimation, entre %(low)s et %(high)s).",
            mid,
        ) % {"n": mid, "low": low, "high": high}
    return f"{there}{social if found.social else ''}.", " ".join(filter(None, (alone, _trade_by_trade(found))))


def _trade_by_trade(found: Study) -> str:
    """How many could take a whole trade alone, where there are several."""
    if len(found.trades) < 2:
        return ""
    able = [one.alone[1] for one in found.trades]
    return _("Avec un lot par métier, de %(least)s à %(most)s en sont capables seules selon le métier.") % {
        "least": min(able),
        "most": max(able),
    }


def proposal(found: Curve) -> str:
    """What the curve suggests, in one sentence."""
    step = found.proposed
    if step is None or found.knee is None:
        return _("La courbe est presque droite ou plate : aucune taille de lot ne se distingue des autres.")
    said = {
        "eur": words.about_euros(step.size_eur),
        "lots": step.lots,
        "n": step.candidates,
        "first": found.steps[0].candidates,
    }
    if found.knee.saturates:
        return (
            _(
                "Le coude est à %(lots)s lots d'environ %(eur)s par an : %(n)s candidats possibles au lieu de "
                "%(first)s en un seul lot ; des lots plus petits en feraient venir peu de plus."
            )
            % said
        )
    return (
        _(
            "La courbe ne décolle qu'à partir de %(lots)s lots d'environ %(eur)s par an (%(n)s candidats possibles, "
            "%(first)s en un seul lot) : des lots plus petits encore en font venir d'autres."
        )
        % said
    )


def trade_row(supply: TradeSupply, names: Mapping[str, str]) -> TradeRow:
    low, mid, high = supply.capacity_eur
    scale = 1.1 * max(high, supply.yearly_eur)
    at = [MOST * value / scale for value in (low, mid, high, supply.yearly_eur)]
    sentence = _("capacité libre estimée : %(mid)s par an, entre %(low)s et %(high)s, pour %(need)s demandés") % {
        "low": words.about_euros(low) or "0",
        "mid": words.about_euros(mid) or "0",
        "high": words.about_euros(high) or "0",
        "need": words.about_euros(supply.yearly_eur),
    }
    name = names.get(supply.trade, supply.trade)
    return TradeRow(supply, name, at[0], max(0.8, at[2] - at[0]), at[1], at[3], sentence)


def by_kind(found: Study, kinds: Mapping[str, str]) -> list[Bar]:
    """Inclusive kinds, other ESS firms, ordinary ones: each firm once."""
    counts = Counter(one.kind or ("ess" if one.ess else "ordinary") for one in found.firms)
    names = {"ess": _("autre entreprise de l'ESS"), "ordinary": _("entreprise ordinaire")}
    most = max(counts.values(), default=1)
    return [
        Bar(names.get(code) or kinds.get(code, code), n, MOST * n / most, social=code != "ordinary")
        for code, n in sorted(counts.items(), key=lambda item: (item[0] in KINDS_FIRST, -item[1], item[0]))
    ]


def by_size(found: Study, bands: Mapping[str, str]) -> list[Bar]:
    counts = Counter(one.band for one in found.firms)
    most = max(counts.values(), default=1)
    unknown = _("effectif inconnu")
    return [
        Bar(bands.get(code, unknown) if code else unknown, n, MOST * n / most)
        for code, n in sorted(counts.items(), key=lambda item: (item[0] not in ("", "NN"), item[0]))
    ]


def _rows(found: Study, firms: Mapping[int, PublicFirm], names: Mapping[str, str]) -> list[FirmRow]:
    return [
        FirmRow(one, firms[one.id], words.joined([names.get(code, code) for code in sorted(one.trades)]))
        for one in found.firms[:LISTED]
        if one.id in firms
    ]
