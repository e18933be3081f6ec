"""The table of the supply map as CSV: each figure with its date, estimates told as such."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.http import HttpResponse

from frontend.exports import answer, yes_or_no
from matchmaker.supply_queries import Row

COLUMNS = [
    "departement",
    "nom",
    "metier",
    "entreprises",
    "ess_ou_inclusives",
    "siae",
    "ea_esat",
    "capacite_libre_basse_eur_estimation",
    "capacite_libre_moyenne_eur_estimation",
    "capacite_libre_haute_eur_estimation",
    "dont_ess_ou_inclusives_eur_estimation",
    "lots_ouverts",
    "lots_sans_montant",
    "demande_eur_par_an_estimation",
    "demande_sur_capacite_estimation",
    "fictif",
    "calcule_au",
]


def supply_csv(rows: Iterable[Row], trade: str, as_of: date, *, fictitious: bool) -> HttpResponse:
    name = "-".join(filter(None, ("offre", trade, f"{as_of:%Y-%m-%d}")))
    return answer(name, COLUMNS, (_row(row, trade, as_of, fictitious) for row in rows))


def _row(row: Row, trade: str, as_of: date, fictitious: bool) -> list[object]:
    return [
        row.code,
        row.name,
        trade,
        row.offer.firms,
        row.offer.social,
        row.offer.siae,
        row.offer.adapted,
        row.low_eur,
        row.offer.capacity_eur,
        row.high_eur,
        row.offer.social_eur,
        row.demand.lots,
        row.demand.unpriced,
        row.demand.eur,
        "" if (ratio := row.ratio()) is None else f"{ratio:.2f}",
        yes_or_no(fictitious),
        as_of.isoformat(),
    ]
