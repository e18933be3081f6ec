"""A firm as a source describes it, before anything is deduced."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from geo.domain.point import Point


@dataclass(frozen=True, slots=True)
class FirmRecord:
    """One establishment. Empty text, None and () mean "the source does not say"."""

    siret: str
    name: str
    source: str
    trade_name: str = ""
    legal_form: str = ""  # INSEE catégorie juridique, 4 digits
    ess_flag: bool | None = None  # economieSocialeSolidaireUniteLegale
    inclusive_kind: str = ""
    naf: str = ""  # with its dot: "81.21Z"
    naf25: str = ""
    declared_trades: tuple[str, ...] = ()
    headcount_band: str = ""
    headcount_year: int | None = None
    headcount_fte: float | None = None  # FTE, when a source counts them
    places: int | None = None  # authorised places of an ESAT
    turnover_eur: int | None = None
    declared_free_fte: float | None = None
    declared_on: date | None = None
    declared_vacancies: int | None = None  # jobs it means to fill
    vacancies_on: date | None = None
    declared_radius_km: float | None = None
    declared_departements: tuple[str, ...] = ()
    references: int | None = None
    employer: bool | None = None
    head_office: bool | None = None
    size_category: str = ""  # PME, ETI or GE
    address: str = ""
    postcode: str = ""
    city: str = ""
    commune_code: str = ""
    point: Point | None = None
    partial_diffusion: bool | None = None
    active: bool | None = None
    website: str = ""
    fictitious: bool = False
    line: int = 0  # where the source holds it, 0 when it has no lines
    warnings: tuple[str, ...] = field(default=())
