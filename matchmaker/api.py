"""Firms and runs, for programs. A firm always goes through :func:`public_firm`."""

from __future__ import annotations

from datetime import date, datetime

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from matchmaker.queries import PublicFirm, current_as_of, firm_by_siret, open_matches_of, public_firm
from matchmaker.queries import runs as all_runs

firms = Router(tags=["Entreprises"])
runs = Router(tags=["Calculs"])


class FirmOut(Schema):
    """Capacities are estimates, in euros a year. A partially diffused firm shows its commune only."""

    siret: str
    name: str
    trade_name: str
    address: str
    postcode: str
    city: str
    website: str
    lon: float | None
    lat: float | None
    point_precision: str
    ess: str
    ess_family: str
    ess_provenance: str
    kind: str
    trades: list[str]
    trade_source: str
    capacity_low_eur: int
    capacity_mid_eur: int
    capacity_high_eur: int
    masked: bool
    fictitious: bool
    source: str


def firm_out(firm: PublicFirm) -> FirmOut:
    return FirmOut(**{name: getattr(firm, name) for name in FirmOut.model_fields})


class FirmMatchOut(Schema):
    lot: int
    title: str
    score: float
    rank: int
    distance_km: float
    solo: bool


class FirmDetailOut(FirmOut):
    matches: list[FirmMatchOut]


@firms.get("/{siret}", response=FirmDetailOut, auth=None, summary="Une entreprise et les lots à sa portée")
def firm(request: HttpRequest, siret: str) -> FirmDetailOut:  # noqa: ARG001
    known = firm_by_siret(siret)
    if known is None:
        raise Http404("Aucune entreprise connue ne porte ce SIRET.")
    matches = [
        FirmMatchOut(
            lot=match.lot_id,
            title=match.lot.title or match.lot.tender.title,
            score=match.score,
            rank=match.rank,
            distance_km=match.distance_km,
            solo=match.solo,
        )
        for match in open_matches_of(known, current_as_of())
    ]
    return FirmDetailOut(**firm_out(public_firm(known)).model_dump(), matches=matches)


class RunOut(Schema):
    id: int
    as_of: date
    state: str
    total: int
    matched: int
    grouped: int
    started_at: datetime
    finished_at: datetime | None


@runs.get("", response=list[RunOut], auth=None, summary="Les calculs, le plus récent d'abord")
def list_runs(request: HttpRequest) -> list[RunOut]:  # noqa: ARG001
    return [RunOut.model_validate(run, from_attributes=True) for run in all_runs()]
