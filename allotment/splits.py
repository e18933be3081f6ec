"""Versions of a split: every change is kept as a new one, whose parent is what it came from. Undo goes back to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max

from allotment.domain.evaluate import LotResult, Totals, totals
from allotment.domain.need import Need as DomainNeed
from allotment.domain.split import LotShape
from allotment.domain.versions import SplitError, checked
from allotment.models import Need, Split, SplitLot
from allotment.queries import need_of
from allotment.simulate import evaluate, fingerprint
from geo.models import Commune, Zone
from matchmaker.reference import reference

MOST_VERSIONS = 1000  # of a need: a safety against loops, far above what people make


class TooManyVersionsError(ValueError):
    """Ce besoin a déjà mille versions de découpage : créez un autre besoin pour continuer."""


def keep(
    row: Need,
    shapes: Sequence[LotShape],
    *,
    user: AbstractBaseUser | None = None,
    parent: Split | None = None,
    origin: str = Split.Origin.HAND,
    name: str = "",
    proof: Mapping[str, Any] | None = None,
    need: DomainNeed | None = None,
) -> Split:
    """Evaluate a split and keep it as the next version of its need.

    Raises :class:`SplitError` when it is none, :class:`NeedError` when the need lacks something. About ten queries
    beside the evaluation. Two people at once get two numbers.
    """
    need = need or need_of(row)
    lots = checked(need, shapes)
    results = evaluate(need, lots, fictitious=row.fictitious)
    known = titles(lots)
    with transaction.atomic():
        Need.objects.select_for_update().get(pk=row.pk)
        last = row.splits.aggregate(last=Max("number"))["last"] or 0
        if last >= MOST_VERSIONS:
            raise TooManyVersionsError(TooManyVersionsError.__doc__)
        split = Split.objects.create(
            need=row,
            number=last + 1,
            name=name,
            parent=parent,
            origin=origin,
            proof=dict(proof or {}),
            totals=totals(results, need.max_lots_won).as_json(),
            evaluated_with=fingerprint(need, fictitious=row.fictitious),
            created_by=user if user is not None and user.is_authenticated else None,
        )
        SplitLot.objects.bulk_create(
            SplitLot(
                split=split,
                position=position,
                title=title,
                trades=[one.trade for one in need.trades if one.trade in shape.trades],
                communes=sorted(shape.communes),
                share_permille=shape.permille,
                result=result.as_json(),
            )
            for position, (shape, result, title) in enumerate(zip(lots, results, known, strict=True), start=1)
        )
    return split


def refresh(split: Split, need: DomainNeed) -> None:
    """Evaluate a version again, with the supply as it now stands. Raises :class:`SplitError` when the need changed so
    that it no longer is a split of it."""
    rows = list(split.lots.all())
    lots = checked(need, shapes_of(rows))
    results = evaluate(need, lots, fictitious=split.need.fictitious)
    with transaction.atomic():
        for row, result in zip(rows, results, strict=True):
            row.result = result.as_json()
        SplitLot.objects.bulk_update(rows, ["result"])
        split.totals = totals(results, need.max_lots_won).as_json()
        split.evaluated_with = fingerprint(need, fictitious=split.need.fictitious)
        split.save(update_fields=["totals", "evaluated_with"])


def shapes_of(lots: Sequence[SplitLot]) -> tuple[LotShape, ...]:
    return tuple(LotShape(frozenset(lot.trades), frozenset(lot.communes), lot.share_permille) for lot in lots)


def results_of(lots: Sequence[SplitLot]) -> list[LotResult]:
    """As they were stored. Raises KeyError or TypeError when by an older version: then evaluate again."""
    return [LotResult.from_json(lot.result) for lot in lots]


def totals_of(split: Split) -> Totals:
    return Totals.from_json(split.totals)


# ---------------------------------------------------------------- names


def titles(shapes: Sequence[LotShape]) -> list[str]:
    """French names of lots: their trades, the largest commune where several lots share the trades, the part of a
    volume. One query."""
    labels = {code: trade.label for code, trade in reference().trades.items()}
    same = Counter(shape.trades for shape in shapes)
    everywhere = frozenset().union(*(shape.communes for shape in shapes))
    seen: Counter[LotShape] = Counter()
    names = _largest([shape.communes for shape in shapes])
    found = []
    for shape, place in zip(shapes, names, strict=True):
        what = ", ".join(sorted(labels[trade] for trade in shape.trades))
        if same[shape.trades] > 1 and shape.communes != everywhere:
            what += f" : {place}" + (" et environs" if len(shape.communes) > 1 else "")
        if shape.permille < 1000:
            seen[shape] += 1
            what += f", {shape.permille / 10:g} % du volume".replace(".", ",")
            what += f" ({seen[shape]})"
        found.append(what[:200])
    return found


def _largest(groups: Sequence[frozenset[str]]) -> list[str]:
    every = frozenset().union(*groups)
    known = dict(Commune.objects.filter(pk__in=every).values_list("pk", "name"))
    sizes = dict(Commune.objects.filter(pk__in=every).values_list("pk", "population"))
    return [known.get(max(group, key=lambda code: (sizes.get(code) or 0, code)), "") for group in groups]


# ---------------------------------------------------------------- zonings

ZONINGS = (Zone.Kind.EPCI, Zone.Kind.BASSIN, Zone.Kind.BASSIN_DE_VIE, Zone.Kind.ZONE_EMPLOI)


def zones_of(codes: Sequence[str]) -> dict[str, dict[str, str]]:
    """By zoning that cuts these communes in several zones, the zone of each. Two queries."""
    found: dict[str, dict[str, str]] = {kind.value: {} for kind in ZONINGS}
    for code, epci, zone, kind in Commune.objects.filter(pk__in=codes).values_list(
        "pk", "epci_code", "zone__code", "zone__kind"
    ):
        found[Zone.Kind.EPCI][code] = epci
        if kind == Zone.Kind.ZONE_EMPLOI:
            found[Zone.Kind.ZONE_EMPLOI][code] = zone
    members = Zone.objects.filter(kind__in=[Zone.Kind.BASSIN, Zone.Kind.BASSIN_DE_VIE], members__commune__in=codes)
    for kind, commune, zone in members.order_by("vintage").values_list("kind", "members__commune_id", "code"):
        if commune in found[Zone.Kind.EPCI]:
            found[kind][commune] = zone
    return {kind: zones for kind, zones in found.items() if len(set(zones.values()) - {""}) > 1}


__all__ = [
    "MOST_VERSIONS",
    "ZONINGS",
    "SplitError",
    "keep",
    "refresh",
    "results_of",
    "shapes_of",
    "titles",
    "totals_of",
    "zones_of",
]
