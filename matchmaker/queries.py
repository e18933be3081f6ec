"""Named reads of lots, firms and runs. Each says what it costs in SQL queries.

The one projection of a firm for other eyes is :func:`public_firm`; nothing else shows ``Firm.name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Case, Count, F, Func, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from geo.models import Departement
from matchmaker.domain.score import Formula
from matchmaker.models import Firm, Lot, Match, ReferenceRow, Run
from matchmaker.reference import reference

MASKED_NAME = "Entreprise à diffusion partielle"
UNDATED_OPEN_DAYS = 90  # a notice without deadline counts as open this long after its publication
HEAVY_COMMUNE_FIELDS = ("boundary", "postcodes", "search_name", "epci_name")


# ---------------------------------------------------------------- firms, as others may see them


@dataclass(frozen=True, slots=True)
class PublicFirm:
    """What anyone may see of a firm; a partially diffused one (rule D1) keeps only its commune."""

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
    trades: tuple[str, ...]
    trade_source: str
    capacity_low_eur: int
    capacity_mid_eur: int
    capacity_high_eur: int
    masked: bool
    fictitious: bool
    source: str

    @property
    def social(self) -> bool:
        """Drawn in amber: an ESS firm by its status, or an inclusive one by its kind."""
        return self.ess == Firm.Ess.YES or bool(self.kind)


def public_firm(firm: Firm) -> PublicFirm:
    """No query when ``firm.commune`` was fetched (see :func:`with_commune`), else one."""
    masked = firm.diffusion != Firm.Diffusion.OPEN
    commune = firm.commune
    point = (commune.point if commune else None) if masked else firm.point
    return PublicFirm(
        siret=firm.siret,
        name=MASKED_NAME if masked else firm.name,
        trade_name="" if masked else firm.trade_name,
        address="" if masked else firm.address,
        postcode="" if masked else firm.postcode,
        city=commune.name if commune else firm.city,  # a registry writes it in capitals
        website="" if masked else firm.website,
        lon=point.x if point else None,
        lat=point.y if point else None,
        point_precision=("commune" if point else "none") if masked else firm.point_precision,
        ess=firm.ess,
        ess_family=firm.ess_family,
        ess_provenance=firm.ess_provenance,
        kind=firm.inclusive_kind,
        trades=tuple(firm.trades),
        trade_source=firm.trade_source,
        capacity_low_eur=firm.capacity_low_eur,
        capacity_mid_eur=firm.capacity_mid_eur,
        capacity_high_eur=firm.capacity_high_eur,
        masked=masked,
        fictitious=firm.fictitious,
        source=firm.source,
    )


def hide_names(text: str, firms: Iterable[Firm]) -> str:
    """Take the names of partially diffused ``firms`` out of a stored sentence. No query."""
    for firm in firms:
        if firm.diffusion != Firm.Diffusion.OPEN:
            for name in filter(None, (firm.name, firm.trade_name, firm.address)):
                text = text.replace(name, MASKED_NAME)
    return text


def partially_diffused(lot_ids: Iterable[int]) -> list[Firm]:
    """The firms matched to lots whose names no stored sentence may show. One query."""
    hidden = Firm.objects.exclude(diffusion=Firm.Diffusion.OPEN).filter(matches__lot_id__in=list(lot_ids))
    return list(hidden.only("name", "trade_name", "address", "diffusion").distinct())


def with_commune(path: str = "") -> tuple[list[str], list[str]]:
    """What to ``select_related`` and ``defer`` so that :func:`public_firm` costs nothing more."""
    prefix = f"{path}__" if path else ""
    related = [f"{path}"] if path else []
    return [*related, f"{prefix}commune"], [f"{prefix}commune__{name}" for name in HEAVY_COMMUNE_FIELDS]


def firm_by_siret(siret: str) -> Firm | None:
    """One query."""
    related, heavy = with_commune()
    return Firm.objects.select_related(*related).defer(*heavy).filter(siret=siret).first()


def open_matches_of(firm: Firm, as_of: date, limit: int = 50) -> list[Match]:
    """The open lots a firm was matched to, best first. One query."""
    return list(
        Match.objects.filter(firm=firm, lot__in=open_lots(as_of))
        .select_related("lot__tender__buyer", "lot__departement")
        .defer("lot__description", "lot__tender__description")
        .order_by("-score", "lot_id")[:limit]
    )


def area_of(firm: Firm) -> list[str]:
    """The départements a firm declares it works in, with their names. One query, none when it declares none."""
    codes = firm.declared_departements
    return [str(one) for one in Departement.objects.filter(code__in=codes)] if codes else []


def radius_of(firm: Firm) -> float | None:
    """How far a firm goes: what it declared, else the radius of its main trade. At most one query."""
    if firm.declared_radius_km is not None or not firm.trades:
        return firm.declared_radius_km
    rows = ReferenceRow.objects.filter(table="trade", key=firm.trades[0]).values_list("values", flat=True)
    return next((float(values["radius_km"]) for values in rows if values.get("radius_km")), None)


# ---------------------------------------------------------------- runs and dates


def current_as_of() -> date:
    """The date the lots shown count as open at: that of the latest finished run, else today. One query."""
    found = Run.objects.filter(state=Run.State.DONE).values_list("as_of", flat=True).first()
    return found or timezone.localdate()


def running_run() -> Run | None:
    """One query."""
    return Run.objects.filter(state=Run.State.RUNNING).first()


def runs(limit: int = 30) -> list[Run]:
    """One query."""
    return list(Run.objects.all()[:limit])


def start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


# ---------------------------------------------------------------- lots


def open_lots(as_of: date) -> QuerySet[Lot]:
    """Lots one can still answer at ``as_of``. Lazy: no query by itself.

    Only contract notices count, not cancelled, and of them the lots not yet awarded. A lot without deadline is open
    for 90 days after its publication.
    """
    undated = Q(
        deadline__isnull=True,
        tender__published_on__gte=as_of - timedelta(days=UNDATED_OPEN_DAYS),
        tender__published_on__lte=as_of,
    )
    still = Q(awarded_on=None) | Q(awarded_on__gt=as_of)
    calls = Lot.objects.filter(tender__kind="contract", tender__cancelled=False)
    return calls.filter(Q(deadline__gte=start_of(as_of)) | undated, still)


DEADLINES: dict[str, tuple[int, int | None]] = {
    "7": (0, 7),
    "21": (7, 21),
    "45": (21, 45),
    "later": (45, None),
}
AMOUNTS = ("known", "unknown")
RESERVATIONS = ("none", "ea_esat", "siae", "ea_esat_siae", "prison", "ess")
SORTS = ("deadline", "amount", "published")


class Params(Protocol):
    """A query string: what Django's QueryDict offers."""

    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class LotFilter:
    """What the address of the list says. ``states`` needs the outcomes: see ``consortia.queries``."""

    q: str = ""
    trades: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    deadline: str = ""
    amount: str = ""
    sort: str = "deadline"

    @property
    def active(self) -> bool:
        return self != LotFilter(sort=self.sort)

    def without(self, facet: str) -> LotFilter:
        """The same filter with one facet lifted: what that facet's own counts are made of."""
        return replace(self, **{facet: "" if facet in ("q", "deadline", "amount") else ()})


def lot_filter(params: Params) -> LotFilter:
    """Read a filter; a value that means nothing is dropped, as old links must go on working."""

    def one(name: str, allowed: Iterable[str], default: str = "") -> str:
        values = [value for value in params.getlist(name) if value in allowed]
        return values[-1] if values else default

    def many(name: str, allowed: Iterable[str] | None = None) -> tuple[str, ...]:
        values = dict.fromkeys(value.strip()[:10] for value in params.getlist(name) if value.strip())
        return tuple(value for value in values if allowed is None or value in allowed)

    return LotFilter(
        q=" ".join(" ".join(params.getlist("q")[-1:]).replace("\x00", "").split())[:100],
        trades=many("trade"),
        departements=many("dep"),
        reserved=tuple(v for v in dict.fromkeys(params.getlist("reserved")) if v in RESERVATIONS),
        states=many("state"),
        deadline=one("deadline", (*DEADLINES, "none")),
        amount=one("amount", AMOUNTS),
        sort=one("sort", SORTS, "deadline"),
    )


def deadline_window(window: str, as_of: date) -> Q:
    if window == "none":
        return Q(deadline__isnull=True)
    first, last = DEADLINES[window]
    start = start_of(as_of)
    query = Q(deadline__gte=start + timedelta(days=first))
    return query & Q(deadline__lt=start + timedelta(days=last)) if last is not None else query


def search_lots(lots: QuerySet[Lot], text: str) -> QuerySet[Lot]:
    """Keep the lots that speak of ``text``: in French with its inflections, in part of a title, or a CPV.

    One query, at once: the counts of every facet then start from what it found, not from the texts.
    """
    if not text:
        return lots
    document = SearchVector(
        "title", "description", "tender__title", "tender__buyer__name", "place_label", config="french"
    )
    found = lots.annotate(document=document).filter(
        Q(document=SearchQuery(text, config="french", search_type="websearch"))
        | Q(title__icontains=text)
        | Q(tender__buyer__name__icontains=text)
        | Q(cpvs__contains=[text[:8]])
    )
    return lots.filter(pk__in=list(found.values_list("pk", flat=True)))


def filter_lots(lots: QuerySet[Lot], wanted: LotFilter, as_of: date) -> QuerySet[Lot]:
    """Apply the facets but ``states``; neither ``q`` (see :func:`search_lots`) nor the order. Lazy."""
    if wanted.trades:
        lots = lots.filter(trades__overlap=list(wanted.trades))
    if wanted.departements:
        lots = lots.filter(departement__in=wanted.departements)
    if wanted.reserved:
        lots = lots.filter(reservation__in=wanted.reserved)
    if wanted.deadline:
        lots = lots.filter(deadline_window(wanted.deadline, as_of))
    if wanted.amount:
        lots = lots.filter(amount_eur__isnull=wanted.amount == "unknown")
    return lots


ORDERS = {
    "deadline": (F("deadline").asc(nulls_last=True), "pk"),
    "amount": (F("amount_eur").desc(nulls_last=True), "pk"),
    "published": (F("tender__published_on").desc(nulls_last=True), "pk"),
}


def count_by_trade(lots: QuerySet[Lot]) -> list[tuple[str, int]]:
    """Lots per trade, most frequent first; a lot of two trades counts twice. One query."""
    trade = Func(F("trades"), function="unnest")
    trade.set_returning = True
    rows = lots.annotate(trade=trade).order_by().values("trade").annotate(n=Count("pk")).values_list("trade", "n")
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def count_by_departement(lots: QuerySet[Lot]) -> list[tuple[str, str, int]]:
    """(code, name, lots), by code. One query."""
    rows = lots.exclude(departement=None).order_by().values_list("departement", "departement__name")
    return sorted(rows.annotate(n=Count("pk")))


def count_by_reservation(lots: QuerySet[Lot]) -> dict[str, int]:
    """One query."""
    return dict(lots.order_by().values_list("reservation").annotate(n=Count("pk")))


def count_by_deadline(lots: QuerySet[Lot], as_of: date) -> dict[str, int]:
    """One query."""
    windows = {f"w_{name}": Count("pk", filter=deadline_window(name, as_of)) for name in (*DEADLINES, "none")}
    return {name.removeprefix("w_"): n for name, n in lots.aggregate(**windows).items()}


def count_by_amount(lots: QuerySet[Lot]) -> dict[str, int]:
    """One query."""
    known = Q(amount_eur__isnull=False)
    return lots.aggregate(known=Count("pk", filter=known), unknown=Count("pk", filter=~known))


def ranking(lot: Lot) -> list[Match]:
    """The firms kept for a lot, best first, their commune included. One query."""
    related, heavy = with_commune("firm")
    return list(lot.matches.select_related(*related).defer(*heavy).order_by("rank"))


def best_solo(lot_ids: Iterable[int]) -> dict[int, Match]:
    """The best firm able alone, by lot. One query."""
    related, heavy = with_commune("firm")
    rows = (
        Match.objects.filter(lot_id__in=list(lot_ids), solo=True)
        .select_related(*related)
        .defer(*heavy)
        .order_by("lot_id", "rank")
        .distinct("lot_id")
    )
    return {match.lot_id: match for match in rows}


# ---------------------------------------------------------------- method and stock


def parameters() -> list[ReferenceRow]:
    """The editable parameters, EST marks included. One query."""
    return list(ReferenceRow.objects.filter(table="parameter"))


def formula() -> Formula:
    """The version of the score in force. One query (tables are parsed once a version)."""
    return reference().formula


def labels(table: str) -> dict[str, str]:
    """Code to label of a reference table ("trade", "kind"). One query."""
    rows: Iterable[tuple[str, Mapping[str, Any]]] = ReferenceRow.objects.filter(table=table).values_list(
        "key", "values"
    )
    return {key: str(values.get("label", key)) for key, values in rows}


def reference_tables() -> list[ReferenceRow]:
    """Every reference row but the parameters. One query."""
    return list(ReferenceRow.objects.exclude(table="parameter"))


def stock() -> dict[str, int]:
    """How many firms and lots are known, and how many of them are fictitious. Two queries."""
    fictitious = Case(When(fictitious=True, then=Value(1)), output_field=IntegerField())
    firms = Firm.objects.aggregate(firms=Count("pk"), fictitious_firms=Count(fictitious))
    lots = Lot.objects.aggregate(lots=Count("pk"), fictitious_lots=Count("pk", filter=Q(tender__fictitious=True)))
    return {**firms, **lots}
