"""The radar of missing pieces as CSV: one line a lot that one more firm would make reachable, with its beacon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.http import HttpResponse

from consortia.radar import Lacking, Light
from frontend.exports import answer, yes_or_no
from frontend.missing_words import trades_named

COLUMNS = [
    "balise",
    "metiers",
    "pres_de",
    "departement",
    "lon",
    "lat",
    "lots_de_la_balise",
    "km_par_la_route_au_plus",
    "lot",
    "objet",
    "acheteur",
    "lieu",
    "echeance",
    "capacite_libre_manquante_eur_par_an_estimation",
    "etp_estimation",
    "rayon_km",
    "heures_d_insertion_par_an_estimation",
    "mandataire",
    "reserve",
    "fictif",
    "calcule_au",
]


def missing_csv(found: Sequence[Light], names: Mapping[str, str], as_of: date) -> HttpResponse:
    rows = (_row(number, light, one, names, as_of) for number, light in enumerate(found, start=1) for one in light.lots)
    return answer(f"pieces-manquantes-{as_of:%Y-%m-%d}", COLUMNS, rows)


def _row(number: int, light: Light, one: Lacking, names: Mapping[str, str], as_of: date) -> list[object]:
    lot, piece = one.lot, one.piece
    return [
        number,
        trades_named(light, names),
        light.near.name if light.near else "",
        light.near.departement_id if light.near else "",
        f"{light.place.lon:.4f}",
        f"{light.place.lat:.4f}",
        len(light.lots),
        round(light.farthest_km),
        lot.pk,
        lot.title or lot.tender.title,
        lot.tender.buyer.name,
        lot.place_label,
        lot.deadline.isoformat() if lot.deadline else "",
        piece.capacity_eur,
        piece.fte,
        round(piece.reach_km),
        piece.hours,
        yes_or_no(piece.leads),
        yes_or_no(piece.reserved),
        yes_or_no(lot.tender.fictitious),
        as_of.isoformat(),
    ]
