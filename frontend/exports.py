"""CSV answers: dated, sourced, safe in a spreadsheet, without partially diffused firms (rule D1)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone

from consortia.queries import LotCard
from frontend import words
from frontend.open_lots import OpenLot, how_label
from frontend.ranking import Ranking, Row
from matchmaker.models import Award, Directory, DirectoryRow, Lot, QuarantineItem
from matchmaker.queries import public_firm

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"  # spreadsheets then read the accents right

LOT_COLUMNS = [
    "lot",
    "objet",
    "acheteur",
    "lieu",
    "departement",
    "metiers",
    "cpv",
    "montant_eur",
    "montant_bas_eur_estimation",
    "montant_moyen_eur_estimation",
    "montant_haut_eur_estimation",
    "base_de_l_estimation",
    "echeance",
    "reservation",
    "etat",
    "meilleure_seule",
    "meilleur_groupement",
    "publie_le",
    "fictif",
    "source",
    "adresse_source",
    "calcule_au",
]
QUARANTINE_COLUMNS = ["source", "type", "ou", "motif", "message", "extrait", "depuis", "relu_le"]
DIRECTORY_COLUMNS = [
    "etat",
    "siret_trouve",
    "nom_trouve",
    "commune_trouvee",
    "probabilite_estimation",
    "decide_par_une_personne",
    "explication",
    "exporte_le",
]
EXPIRING_COLUMNS = [
    "objet",
    "acheteur",
    "siret_acheteur",
    "cpv",
    "metiers",
    "lieu",
    "departement",
    "notifie_le",
    "duree_mois",
    "fin_prevue",
    "montant_eur",
    "par_an_eur_estimation",
    "accord_cadre",
    "titulaires",
    "offres_recues",
    "fictif",
    "source",
    "calcule_au",
]
RANKING_COLUMNS = [
    "rang",
    "siret",
    "nom",
    "ville",
    "type",
    "ess",
    "score",
    "part_metier",
    "part_mots",
    "part_proximite",
    "part_capacite",
    "part_references",
    "part_ess",
    "distance_km",
    "capacite_basse_eur_estimation",
    "capacite_moyenne_eur_estimation",
    "capacite_haute_eur_estimation",
    "capable_seule",
    "poids",
    "fictif",
    "source",
    "calcule_au",
]


FIRM_LOT_COLUMNS = [
    "lot",
    "objet",
    "acheteur",
    "lieu",
    "metier",
    "montant_eur",
    "montant_moyen_eur_estimation",
    "echeance",
    "score",
    "part_metier",
    "part_mots",
    "part_proximite",
    "part_capacite",
    "part_references",
    "part_ess",
    "distance_km",
    "rang_parmi_les_gardees",
    "comment",
    "nouveau",
    "fictif",
    "adresse_source",
    "calcule_au",
]


def safe(value: object) -> str:
    """A cell that no spreadsheet runs as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def yes_or_no(value: bool) -> str:
    return "oui" if value else "non"


def answer(name: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write(BOM)
    writer = csv.writer(response, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe(value) for value in row] for row in rows)
    return response


def lots_csv(cards: Iterable[LotCard], as_of: date) -> HttpResponse:
    return answer(f"lots-{as_of:%Y-%m-%d}", LOT_COLUMNS, (_lot_row(card, as_of) for card in cards))


def _lot_row(card: LotCard, as_of: date) -> list[object]:
    lot, tender = card.lot, card.lot.tender
    # A grouping with a partially diffused member is left out whole: its shape would name the member.
    team = [] if any(firm.masked for firm in card.team) else [firm.name for firm in card.team]
    solo = card.solo.name if card.solo and not card.solo.masked else ""
    return [
        lot.pk,
        lot.title or tender.title,
        tender.buyer.name,
        lot.place_label,
        lot.departement_id,
        " ".join(lot.trades),
        " ".join(lot.cpvs),
        lot.amount_eur,
        lot.imputed_low_eur,
        lot.imputed_mid_eur,
        lot.imputed_high_eur,
        lot.imputed_basis,
        lot.deadline.isoformat() if lot.deadline else "",
        lot.reservation,
        card.state,
        solo,
        " + ".join(team),
        tender.published_on,
        yes_or_no(tender.fictitious),
        f"{tender.source} {tender.notice_id}",
        tender.url,
        as_of.isoformat(),
    ]


def expiring_csv(awards: Iterable[Award], as_of: date) -> HttpResponse:
    return answer(f"a-renouveler-{as_of:%Y-%m-%d}", EXPIRING_COLUMNS, (_award_row(award, as_of) for award in awards))


def _award_row(award: Award, as_of: date) -> list[object]:
    return [
        award.title,
        award.buyer.name if award.buyer else "",
        award.buyer.siret if award.buyer else "",
        award.cpv,
        " ".join(award.trades),
        award.place_label,
        award.departement_id,
        award.notified_on,
        award.duration_months,
        award.ends_on,
        award.amount_eur,
        award.annual_eur,
        yes_or_no(award.framework),
        award.n_holders,
        award.offers,
        yes_or_no(award.fictitious),
        award.source,
        as_of.isoformat(),
    ]


def ranking_csv(lot: Lot, ranking: Ranking, as_of: date) -> HttpResponse:
    """The rows as shown; ``poids`` says with which weights, as a person may have set their own."""
    weights = " ".join(f"{part}={points:.4g}" for part, points in ranking.weights.items())
    rows = (_ranking_row(row, weights, as_of) for row in ranking.rows if not row.firm.masked)
    return answer(f"lot-{lot.pk}-classement", RANKING_COLUMNS, rows)


def _ranking_row(row: Row, weights: str, as_of: date) -> list[object]:
    firm = row.firm
    return [
        row.rank,
        firm.siret,
        firm.name,
        firm.city,
        firm.kind,
        words.ESS.get(firm.ess, ""),
        f"{row.score:.1f}",
        *(f"{part.value:.2f}" for part in row.parts),
        f"{row.distance_km:.0f}",
        firm.capacity_low_eur,
        firm.capacity_mid_eur,
        firm.capacity_high_eur,
        yes_or_no(row.solo),
        weights,
        yes_or_no(firm.fictitious),
        firm.source,
        as_of.isoformat(),
    ]


def firm_lots_csv(siret: str, lots: Iterable[OpenLot], as_of: date) -> HttpResponse:
    return answer(f"entreprise-{siret}-lots", FIRM_LOT_COLUMNS, (_firm_lot_row(one, as_of) for one in lots))


def _firm_lot_row(one: OpenLot, as_of: date) -> list[object]:
    lot, tender = one.lot, one.lot.tender
    return [
        lot.pk,
        lot.title or tender.title,
        tender.buyer.name,
        lot.place_label,
        one.trade,
        lot.amount_eur,
        lot.imputed_mid_eur,
        lot.deadline.isoformat() if lot.deadline else "",
        f"{one.score:.1f}",
        *(f"{part.value:.2f}" for part in one.parts),
        f"{one.distance_km:.0f}",
        one.rank or "",
        how_label(one.how),
        yes_or_no(one.new),
        yes_or_no(tender.fictitious),
        tender.url,
        as_of.isoformat(),
    ]


def quarantine_csv(items: QuerySet[QuarantineItem]) -> HttpResponse:
    rows = (
        [
            item.run.source_key,
            item.kind,
            item.locator,
            item.reason,
            item.message,
            item.excerpt,
            item.created_at.isoformat(),
            item.retried_at.isoformat() if item.retried_at else "",
        ]
        for item in items.iterator(chunk_size=1000)
    )
    return answer("quarantaine", QUARANTINE_COLUMNS, rows)


def directory_csv(directory: Directory, rows: QuerySet[DirectoryRow]) -> HttpResponse:
    """The list as uploaded, contact columns apart, and what each row was linked to."""
    columns = [*directory.columns, *DIRECTORY_COLUMNS]
    return answer(
        f"liste-{directory.pk}", columns, (_directory_row(directory, row) for row in rows.iterator(chunk_size=2_000))
    )


def _directory_row(directory: Directory, row: DirectoryRow) -> list[object]:
    firm = public_firm(row.firm) if row.firm else None
    shown = firm if firm and not firm.masked else None
    return [
        *(row.values.get(column, "") for column in directory.columns),
        str(words.ROW_STATES[row.state]),
        shown.siret if shown else "",
        shown.name if shown else "",
        shown.city if shown else "",
        f"{row.probability:.2f}" if row.probability is not None and row.decided_at is None else "",
        yes_or_no(row.decided_at is not None),
        row.message if not firm or shown else "Entreprise à diffusion partielle : absente des exports.",
        timezone.localdate().isoformat(),
    ]
