"""The ranking of a lot on the spot, for programs: the index and filters of the page. Firms go through `public_firm`."""

from __future__ import annotations

from typing import Literal

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router, Schema
from pydantic import Field

from matchmaker.api import FirmOut
from matchmaker.live import as_matches, rank_live
from matchmaker.models import Lot, Match
from matchmaker.queries import public_firm

ranking = Router(tags=["Lots"])

Kind = Literal["", "EI", "ETTI", "ACI", "AI", "EITI", "EA", "EATT", "ESAT", "GEIQ", "SEP"]
LARGEST_ANSWER = 200


class RankingQuery(Schema):
    """Narrows the firms asked for and changes no score. ``kind`` may be repeated; an empty one is an ordinary firm."""

    kind: list[Kind] | None = None
    ess: bool = False
    within_km: float | None = Field(None, gt=0, description="par la route")
    solo: bool = False
    limit: int = Field(50, ge=1, le=LARGEST_ANSWER)


class RankedOut(Schema):
    """Parts are 0..1; the score is their weighted sum, 0..100 (see /method/)."""

    rank: int
    score: float
    trade: str
    trade_part: float
    text_part: float
    distance_part: float
    capacity_part: float
    evidence_part: float
    ess_part: float
    distance_km: float
    radius_km: float
    solo: bool
    firm: FirmOut


class RankingOut(Schema):
    """``supply`` firms are in reach, of which ``solo`` able alone; the best come in ``results``."""

    lot: int
    supply: int
    solo: int
    results: list[RankedOut]


_RANKED = [name for name in RankedOut.model_fields if name != "firm"]


def ranked_out(match: Match) -> dict[str, object]:
    """A :class:`RankedOut` in plain values: fifty firms are not validated field by field at each question."""
    firm = public_firm(match.firm)
    return {name: getattr(match, name) for name in _RANKED} | {
        "firm": {name: getattr(firm, name) for name in FirmOut.model_fields}
    }


@ranking.get("/{lot_id}/ranking", response=RankingOut, auth=None, summary="Les entreprises d'un lot, classées à neuf")
def rank(request: HttpRequest, lot_id: int, query: Query[RankingQuery]) -> HttpResponse:  # noqa: ARG001
    """Two SQL queries, those of the tables in force aside."""
    lot = Lot.objects.select_related("tender__buyer").filter(pk=lot_id).first()
    if lot is None:
        raise Http404("Ce lot n'existe pas ou n'est plus publié.")
    answer = rank_live(
        lot,
        kinds=None if query.kind is None else frozenset(query.kind),
        ess_only=query.ess,
        within_km=query.within_km,
        solo_only=query.solo,
        k=query.limit,
    )
    results = [ranked_out(match) for match in as_matches(lot, answer)]
    return JsonResponse({"lot": lot.pk, "supply": answer.supply, "solo": answer.solo, "results": results})
