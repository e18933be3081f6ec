"""How firms are ranked: the formula in force with its weights, its versions, its measured quality, a worked example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend import charts, words
from frontend.access import login_not_required
from matchmaker.domain.curve import Curve
from matchmaker.domain.errors import InvalidReferenceError
from matchmaker.domain.score import Formula
from matchmaker.models import Firm, Match, ReferenceRow
from matchmaker.quality import latest_quality
from matchmaker.queries import current_as_of, formula, open_lots, running_run, with_commune
from matchmaker.why import explain

WIDTH, HEIGHT = 480, 190  # of the drawn curve, margins left out
STEPS = 6  # rows of its table
EXAMPLES = 5  # pairs tried at most


@login_not_required
@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """At most 16 queries, half of them for the example."""
    official = _formula()
    parameters = {row.key: row for row in ReferenceRow.objects.filter(table__in=("parameter", "score"))}
    example = _example() if official else None
    quality = latest_quality()
    context = {
        "formula": official,
        "weights": charts.part_weights(official.weights) if official else [],
        "labels": charts.part_labels(),
        "curve": drawn(official.decay) if official else None,
        "unknown": words.percent(official.unknown_capacity) if official else "",
        "same_buyer": words.percent(official.same_buyer) if official else "",
        "trust": [row for key, row in parameters.items() if key.startswith("trust.")],
        "road_factor": parameters.get("distance.road_factor"),
        "versions": _versions(official),
        "kept": settings.MATCHES_PER_LOT,
        "quality": quality,
        "measured": [_measured(one) for one in quality.rankers] if quality else [],
        "example": example,
        "run": running_run(),
    }
    return render(request, "method.html", context)


def _formula() -> Formula | None:
    """None before the reference tables are loaded. Two queries."""
    try:
        return formula()
    except InvalidReferenceError:
        return None


# ---------------------------------------------------------------- the distance part, drawn


@dataclass(frozen=True, slots=True)
class Drawn:
    """A curve as the template draws it: points of the line, ticks of both axes, and its table."""

    line: str
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    table: list[tuple[str, int]]  # distance in radii, per cent


def drawn(curve: Curve) -> Drawn:
    end = curve.end
    knots = [step / curve.steps_per_unit for step in range(len(curve.values))]
    line = " ".join(f"{WIDTH * x / end:.1f},{HEIGHT * (1 - curve(x)):.1f}" for x in knots)
    marks = [end * step / STEPS for step in range(STEPS + 1)]
    return Drawn(
        line=line,
        across=[(WIDTH * x / end, _radii(x)) for x in marks],
        up=[(HEIGHT * (1 - share), f"{round(100 * share)}") for share in (0.0, 0.5, 1.0)],
        table=[(_radii(x), round(100 * curve(x))) for x in marks],
    )


def _radii(x: float) -> str:
    return f"{x:.2f}".rstrip("0").rstrip(".").replace(".", ",")


# ---------------------------------------------------------------- versions, quality, example


def _versions(official: Formula | None) -> list[dict[str, Any]]:
    """Every version of the score, the latest first. One query."""
    found = []
    for row in ReferenceRow.objects.filter(table="score"):
        try:
            known = Formula.of(row.key, row.values)
        except InvalidReferenceError:
            continue
        current = official is not None and known.version == official.version
        found.append({"formula": known, "row": row, "current": current, "weights": charts.part_weights(known.weights)})
    return sorted(found, key=lambda one: -one["formula"].version)


def _measured(ranker: Any) -> dict[str, Any]:
    """The figures of one way of ranking, by k in order."""

    def by_k(figures: Mapping[int, Any]) -> list[tuple[int, Any]]:
        return sorted(figures.items())

    return {"ranker": ranker, "hr": by_k(ranker.hr), "mrr": by_k(ranker.mrr)}


def _example() -> dict[str, Any] | None:
    """A firm well placed for an open lot, whose score has much to show. None when nothing is matched."""
    related, heavy = with_commune("firm")
    first = Match.objects.filter(
        lot__in=open_lots(current_as_of()), firm__diffusion=Firm.Diffusion.OPEN, firm__active=True, rank=1
    )
    told = first.select_related(*related, "lot__tender__buyer").defer(*heavy)
    for match in told.order_by("-evidence_part", "-ess_part", "-text_part", "lot_id")[:EXAMPLES]:
        explained = explain(match.lot, match.firm)
        if explained.score is not None:  # else it changed since it was matched
            return {"lot": match.lot, "told": explained, "title": match.lot.title or match.lot.tender.title}
    return None
