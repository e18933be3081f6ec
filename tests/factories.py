"""Fictitious but plausible French data in the real database: plain functions, explicit defaults.

Each ``make_*`` creates one row and accepts any field by name. ``grenoble`` builds a whole small
territory with a lot of every state, for pages and the browser.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.gis.geos import Point, Polygon

from consortia.models import Member, Outcome, Proposal
from geo.domain.codes import search_name
from geo.models import Commune, Departement
from matchmaker.models import (
    Award,
    AwardHolder,
    Buyer,
    Firm,
    ImportRun,
    Lot,
    Match,
    QuarantineItem,
    RawDocument,
    Run,
    Tender,
)

AS_OF = date(2026, 11, 23)
_numbers = count(1)

# code: (name, lon, lat, population)
COMMUNES = {
    "38185": ("Grenoble", 5.7245, 45.1885, 157000),
    "38421": ("Saint-Martin-d'Hères", 5.7650, 45.1660, 38000),
    "38151": ("Échirolles", 5.7180, 45.1460, 37000),
    "38169": ("Fontaine", 5.6880, 45.1930, 23000),
    "38229": ("Meylan", 5.7780, 45.2100, 18000),
    "38563": ("Voiron", 5.5930, 45.3660, 21000),
    "38382": ("Saint-Égrève", 5.6830, 45.2330, 16000),
    "38545": ("Vif", 5.6710, 45.0550, 8500),
    "38140": ("Crolles", 5.8810, 45.2840, 8300),
    "38540": ("Vienne", 4.8750, 45.5250, 30000),
}


def point(*, lon: float, lat: float) -> Point:
    return Point(lon, lat, srid=4326)


def siret(number: int) -> str:
    """A SIRET whose SIREN and whole both pass the Luhn check."""
    siren = _with_key(f"{70000000 + number * 137:08d}")
    return _with_key(f"{siren}0001")


def _with_key(digits: str) -> str:
    """Append the digit that makes the Luhn sum a multiple of ten."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def make_departement(code: str = "38", name: str = "Isère", **more: Any) -> Departement:
    defaults = {
        "name": name,
        "region_code": "84",
        "region_name": "Auvergne-Rhône-Alpes",
        "population": 1_280_000,
        "point": point(lon=5.58, lat=45.26),
        "spread_km": 35.0,
    }
    return Departement.objects.get_or_create(code=code, defaults=defaults | more)[0]


def make_commune(code: str = "38185", **more: Any) -> Commune:
    """A commune of :data:`COMMUNES`, with a square of a few kilometres as outline."""
    name, lon, lat, population = COMMUNES.get(code, (f"Commune {code}", 5.7, 45.2, 2000))
    box = Polygon.from_bbox((lon - 0.035, lat - 0.025, lon + 0.035, lat + 0.025))
    box.srid = 4326
    defaults: dict[str, Any] = {
        "kind": Commune.Kind.COMMUNE,
        "name": name,
        "search_name": search_name(name),
        "postcodes": [f"{code[:2]}000"],
        "population": population,
        "departement": more.pop("departement", None) or make_departement(code[:2], "Isère"),
        "point": point(lon=lon, lat=lat),
        "boundary": box,
    }
    return Commune.objects.get_or_create(code=code, defaults=defaults | more)[0]


def make_raw(name: str = "avis.xml") -> RawDocument:
    sha256 = hashlib.sha256(f"{name}{next(_numbers)}".encode()).hexdigest()
    return RawDocument.objects.create(sha256=sha256, name=name, size=1000)


def make_firm(name: str = "Atelier du Drac", **more: Any) -> Firm:
    number = next(_numbers)
    number_siret = more.pop("siret", None) or siret(number)
    commune = more.pop("commune", None) or make_commune(more.pop("commune_code", "38185"))
    middle = more.pop("capacity_eur", 60_000)
    defaults: dict[str, Any] = {
        "siret": number_siret,
        "siren": number_siret[:9],
        "name": name,
        "ess": Firm.Ess.NO,
        "trades": ["T01"],
        "trade_source": Firm.TradeSource.NAF,
        "capacity_low_eur": middle * 6 // 10,
        "capacity_mid_eur": middle,
        "capacity_high_eur": middle * 17 // 10,
        "headcount_band": "11",
        "turnover_mid_eur": middle * 4,
        "address": f"{number} rue des Tisserands",
        "postcode": commune.postcodes[0],
        "city": commune.name,
        "commune": commune,
        "point": commune.point,
        "point_precision": "commune",
        "source": "sirene",
        "record_hash": hashlib.sha256(number_siret.encode()).hexdigest(),
    }
    return Firm.objects.create(**defaults | more)


def make_buyer(name: str = "Ville de Grenoble", **more: Any) -> Buyer:
    return Buyer.objects.get_or_create(key=name.lower(), defaults={"name": name, "city": "Grenoble"} | more)[0]


def make_award(eur: int | None, *firms: Firm, **more: Any) -> Award:
    """A contract of a year from DECP, notified on 1 June 2025; its holders share its yearly value."""
    facts: dict[str, Any] = {
        "source": "decp", "uid": f"uid-{next(_numbers)}", "title": "Nettoyage des écoles", "cpv": "90911200",
        "trades": ["T01"], "notified_on": date(2025, 6, 1), "duration_months": 12, "amount_eur": eur,
        "annual_eur": eur, "social": ["Pas de considération sociale"], "record_hash": "x",
    }  # fmt: skip
    award = Award.objects.create(**facts | {"buyer": more.pop("buyer", None) or make_buyer()} | more)
    for position, firm in enumerate(firms, start=1):
        part = eur // len(firms) if eur else None
        AwardHolder.objects.create(
            award=award, position=position, siret=firm.siret, siren=firm.siren, firm=firm, annual_eur=part
        )
    return award


def make_tender(title: str = "Entretien des bâtiments communaux", **more: Any) -> Tender:
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "source": "eforms",
        "notice_id": f"26-{number:06d}",
        "version": "01",
        "kind": "contract",
        "title": title,
        "buyer": more.pop("buyer", None) or make_buyer(),
        "published_on": AS_OF - timedelta(days=10),
        "country": "FR",
        "url": f"https://www.boamp.fr/avis/detail/26-{number}",
        "raw": more.pop("raw", None) or make_raw(),
        "record_hash": f"{number:064d}",
    }
    return Tender.objects.create(**defaults | more)


def make_lot(title: str = "Nettoyage des écoles", **more: Any) -> Lot:
    commune = more.pop("commune", None) or make_commune()
    tender = more.pop("tender", None) or make_tender()
    trades = more.pop("trades", ["T01"])
    position = tender.lots.count() + 1
    defaults: dict[str, Any] = {
        "tender": tender,
        "number": str(position),
        "position": position,
        "title": title,
        "cpvs": ["90911200"],
        "amount_eur": 240_000,
        "duration_months": 24,
        "deadline": datetime(2026, 12, 5, 11, 0, tzinfo=UTC),
        "places": [{"nuts": "", "postcode": commune.postcodes[0], "city": commune.name}],
        "point": commune.point,
        "place_label": f"{commune.name} ({commune.departement_id})",
        "departement": commune.departement,
        "needs": [{"trade": trade, "fit": 1.0, "share": 1 / len(trades)} for trade in trades],
        "trades": trades,
        "match_state": Lot.MatchState.MATCHED,
    }
    return Lot.objects.create(**defaults | more)


def make_match(lot: Lot, firm: Firm, **more: Any) -> Match:
    rank = more.pop("rank", None) or lot.matches.count() + 1
    defaults: dict[str, Any] = {
        "lot": lot,
        "firm": firm,
        "rank": rank,
        "score": 90.0 - 4 * rank,
        "trade": firm.trades[0] if firm.trades else "T01",
        "trade_part": 0.8,
        "text_part": 0.25,
        "evidence_part": 0.2,
        "distance_part": max(0.1, 1 - 0.08 * rank),
        "capacity_part": min(1.0, firm.capacity_mid_eur / 120_000),
        "ess_part": 1.0 if firm.ess == Firm.Ess.YES else 0.0,
        "distance_km": 3.0 * rank,
        "radius_km": 25.0,
        "solo": False,
    }
    return Match.objects.create(**defaults | more)


def make_outcome(lot: Lot, state: str = "proposed", **more: Any) -> Outcome:
    defaults: dict[str, Any] = {
        "lot": lot,
        "state": state,
        "message": "Des groupements couvrent le lot.",
        "yearly_eur": 120_000,
        "hours_recommended": 610,
        "candidates": 14,
        "solver": {"status": "optimal", "nodes": 12, "ms": 4},
    }
    return Outcome.objects.create(**defaults | more)


def make_proposal(lot: Lot, firms: list[Firm], shares: list[float], **more: Any) -> Proposal:
    """One grouping; the first firm is the mandataire."""
    rank = more.pop("rank", None) or lot.proposals.count() + 1
    defaults: dict[str, Any] = {
        "lot": lot,
        "rank": rank,
        "form": Proposal.Form.CONJOINT_SOLIDAIRE,
        "cost": 1000 + rank,
        "bound": 1000 + rank,
        "proven": True,
        "hours": 900,
        "margin": 1.3,
        "reasons": ["Ensemble, les membres couvrent le besoin annuel.", "Tous sont à moins de 25 km."],
        "warnings": [],
        "justification": "Aucun membre ne peut exécuter seul le lot au vu de sa capacité libre estimée.",
    }
    proposal = Proposal.objects.create(**defaults | more)
    for position, (firm, share) in enumerate(zip(firms, shares, strict=True), start=1):
        Member.objects.create(
            proposal=proposal,
            firm=firm,
            position=position,
            mandataire=position == 1,
            amount_eur=round(120_000 * share),
            share=share,
            by_trade={"T01": round(120_000 * share)},
            hours=300,
            distance_km=4.0 * position,
            withdrawal="Une autre entreprise à portée peut reprendre sa part.",
        )
    return proposal


def make_run(as_of: date = AS_OF, state: str = "done", **more: Any) -> Run:
    defaults: dict[str, Any] = {"as_of": as_of, "state": state, "total": 3, "matched": 3, "grouped": 3}
    if state == "done":
        defaults["finished_at"] = datetime.now(UTC)
    return Run.objects.create(**defaults | more)


def make_import(**more: Any) -> ImportRun:
    defaults: dict[str, Any] = {
        "kind": "notices",
        "source": "avis-novembre.tar.gz",
        "state": "done",
        "read": 12,
        "new": 11,
    }
    return ImportRun.objects.create(**defaults | more)


def make_quarantine(run: ImportRun | None = None, **more: Any) -> QuarantineItem:
    defaults: dict[str, Any] = {
        "run": run or make_import(quarantined=1),
        "kind": "notice",
        "locator": f"avis-novembre.tar.gz::{next(_numbers)}.xml",
        "reason": "truncated_xml",
        "message": "Le fichier XML s'arrête avant la fin : demandez-le de nouveau à la source.",
        "excerpt": "<ContractNotice><cbc:ID>26-1",
    }
    return QuarantineItem.objects.create(**defaults | more)


@dataclass
class Territory:
    """What :func:`grenoble` made."""

    alone: Lot
    group: Lot
    missing: Lot
    unknown: Lot
    firms: list[Firm] = field(default_factory=list)
    masked: Firm | None = None


# name, commune, inclusive kind, ess, capacity
FIRMS = (
    ("Propreté Chartreuse", "38185", "", "no", 190_000),
    ("Régie de quartier Villeneuve", "38185", "EI", "yes", 62_000),
    ("Belledonne Entretien", "38421", "", "no", 48_000),
    ("Les Mains Vertes de l'Isère", "38151", "ACI", "yes", 35_000),
    ("Net'Alpes", "38169", "", "no", 41_000),
    ("Coopérative Drac Services", "38229", "", "yes", 55_000),
    ("ESAT Sainte-Agnès Ateliers", "38382", "ESAT", "verify", 28_000),
    ("Voironnais Propre", "38563", "EI", "yes", 33_000),
    ("Cristal Service", "38185", "", "no", 22_000),
    ("Trièves Insertion", "38545", "ACI", "yes", 18_000),
    ("Grésivaudan Nettoyage", "38140", "", "no", 27_000),
)


def grenoble(*, fictitious: bool = False) -> Territory:
    """A territory with one open lot of every state, three groupings, and one partially diffused firm."""
    for code in COMMUNES:
        make_commune(code)
    firms = [
        make_firm(name, commune_code=code, inclusive_kind=kind, ess=ess, capacity_eur=eur, fictitious=fictitious)
        for name, code, kind, ess, eur in FIRMS
    ]
    at = COMMUNES["38185"]
    firms[1].point, firms[1].point_precision = point(lon=at[1] + 0.021, lat=at[2] + 0.012), "address"
    firms[1].save()
    masked = make_firm(
        "Fernande Secrète", commune_code="38421", diffusion="P", address="99 impasse Cachée", capacity_eur=20_000
    )
    tender = make_tender("Entretien et propreté des bâtiments communaux", fictitious=fictitious)
    alone = make_lot("Nettoyage des vitres de l'hôtel de ville", tender=tender, solo_count=1, supply_count=12)
    make_outcome(alone, "not_needed", message="Une entreprise peut répondre seule : un groupement est inutile.")
    group = make_lot("Nettoyage des écoles et des gymnases", tender=tender, supply_count=12, social=["opp"])
    make_outcome(group)
    missing = make_lot(
        "Peinture des façades du groupe scolaire Jean-Jaurès",
        tender=tender,
        trades=["T07"],
        cpvs=["45442100"],
        reservation="siae",
        amount_eur=None,
        uncertainty_km=18,
        supply_count=1,
    )
    make_outcome(
        missing,
        "none",
        reason="capacity",
        message="Aucun groupement possible : il manque 80 k€ par an de capacité en peinture à moins de 40 km.",
        gaps=[
            {"kind": "capacity", "trade": "T07", "found_eur": 40_000, "missing_eur": 80_000, "radius_km": 40},
            {"kind": "hours", "trade": "", "found_hours": 80, "missing_hours": 320, "radius_km": 0},
        ],
        conflict=[
            {"kind": "need", "trade": "T07", "amount_eur": 120_000, "number": 0, "text": "peinture : 120 000 € par an"},
            {"kind": "reserved", "trade": "", "amount_eur": 0, "number": 0, "text": "tous les membres éligibles"},
        ],
        piece={
            "trades": ["T07"],
            "capacity_eur": 80_000,
            "fte": 1.0,
            "reach_km": 78.0,
            "reserved": True,
            "text": "Une entreprise de plus (peinture) à moins de 78 km rendrait ce lot atteignable.",
        },
    )
    unknown = make_lot(
        "Gardiennage du parc Paul-Mistral",
        tender=tender,
        trades=["T38"],
        cpvs=["79713000"],
        deadline=None,
        match_state="pending",
    )
    for lot in (alone, group):
        for firm in [*firms, masked]:
            make_match(lot, firm, solo=lot is alone and firm is firms[0])
    make_match(missing, firms[7])
    make_proposal(group, [firms[1], firms[2], firms[3]], [0.45, 0.32, 0.23], warnings=["Deux membres sont voisins."])
    make_proposal(group, [firms[5], firms[1]], [0.52, 0.48])
    make_proposal(group, [firms[5], masked, firms[4], firms[6]], [0.4, 0.15, 0.27, 0.18], proven=False)
    make_run()
    return Territory(alone, group, missing, unknown, firms, masked)
