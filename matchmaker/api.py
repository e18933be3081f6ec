"""Firms, runs and sources, for programs. A firm always goes through :func:`public_firm`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema

from matchmaker.exports import ocds_of
from matchmaker.import_queries import runs as import_runs
from matchmaker.import_queries import stopped
from matchmaker.models import ImportRun
from matchmaker.queries import PublicFirm, current_as_of, firm_by_siret, open_matches_of, public_firm
from matchmaker.queries import runs as all_runs
from matchmaker.sources.catalogue import UnknownSourceError
from matchmaker.sources.ocds_out import EXTENSIONS
from matchmaker.stand import Stand, stand_of, standing

firms = Router(tags=["Entreprises"])
runs = Router(tags=["Calculs"])
ocds = Router(tags=["OCDS"])
sources = Router(tags=["Sources"])


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


class ImportOut(Schema):
    """One import. ``state`` is running, done or failed; a running one whose process is gone is ``stopped``."""

    id: int
    source: str
    what: str
    kind: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    read: int
    new: int
    changed: int
    unchanged: int
    retired: int
    quarantined: int
    quarantined_by_reason: dict[str, int]
    facts: dict[str, int]
    url: str
    sha256: str
    dated: date | None
    licence: str


def import_out(run: ImportRun, killed: set[int]) -> ImportOut:
    names = set(ImportOut.model_fields) - {"source", "what", "state", "seconds", "quarantined_by_reason", "facts"}
    return ImportOut(
        **{name: getattr(run, name) for name in names},
        source=run.source_key,
        what=run.source,
        state="stopped" if run.pk in killed else run.state,
        seconds=run.duration.total_seconds() if run.duration else None,
        quarantined_by_reason=run.details.get("reasons", {}),
        facts=run.details.get("facts", {}),
    )


class SourceOut(Schema):
    """One source. ``freshness``: never, fresh or stale; ``dated``: the day its data speak of, if it is said."""

    key: str
    title: str
    kind: str
    producer: str
    page: str
    licence: str
    every_days: int
    automatic: bool
    freshness: str
    dated: date | None
    checked_at: datetime | None
    next_at: datetime | None
    busy: bool
    quarantined: int
    last: ImportOut | None


class SourceDetailOut(SourceOut):
    imports: list[ImportOut]


def source_out(stand: Stand) -> SourceOut:
    names = ("key", "title", "kind", "producer", "page", "licence", "every_days", "automatic")
    return SourceOut(
        **{name: getattr(stand.source, name) for name in names},
        freshness=stand.freshness,
        dated=stand.dated,
        checked_at=stand.state.checked_at,
        next_at=stand.next_at,
        busy=stand.busy,
        quarantined=stand.waiting,
        last=import_out(stand.done, set()) if stand.done else None,
    )


@sources.get("", response=list[SourceOut], auth=None, url_name="sources", summary="Les sources et leur fraîcheur")
def list_sources(request: HttpRequest) -> list[SourceOut]:  # noqa: ARG001
    return [source_out(stand) for stand in standing()]


@sources.get("/{key}", response=SourceDetailOut, auth=None, url_name="source", summary="Une source et ses imports")
def one_source(request: HttpRequest, key: str) -> SourceDetailOut:  # noqa: ARG001
    try:
        stand = stand_of(key)
    except UnknownSourceError as error:
        raise Http404(str(error)) from None
    latest = list(import_runs(key)[:50])
    killed = stopped(latest)
    return SourceDetailOut(**source_out(stand).model_dump(), imports=[import_out(run, killed) for run in latest])


@ocds.get("/{tender_id}", response=dict[str, Any], auth=None, summary="Un marché en OCDS 1.1")
def release(request: HttpRequest, tender_id: int) -> dict[str, Any]:  # noqa: ARG001
    """The tender as its publications are understood together, in a release package of one release."""
    found = ocds_of(tender_id)
    if found is None:
        raise Http404("Aucun marché connu ne porte ce numéro.")
    return {"version": "1.1", "extensions": list(EXTENSIONS), "releases": [found]}
