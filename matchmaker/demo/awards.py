"""Fictitious contracts won in the demo territory, written as DECP 2.0: for the radar, commitments and estimations."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from matchmaker.demo.buyers import DemoBuyer
from matchmaker.demo.dice import Dice
from matchmaker.demo.firms import DemoFirm
from matchmaker.demo.sizing import rounded
from matchmaker.domain.reference import Reference

A_FIRM = 0.35  # contracts for one firm of the territory
YEARS_BACK = 4
MONTHS = {12: 3.0, 24: 4.0, 36: 4.0, 48: 3.0}
TURNOVER_SHARE = (0.02, 0.10)  # of a firm's turnover that one contract brings a year
SMALLEST_EUR = 4_000
GROUP_SHARE, FRAMEWORK_SHARE, AMENDED_SHARE = 0.10, 0.15, 0.08
SILENT = 0.2  # contracts whose buyer says nothing of its considerations, as many do
SOCIAL = {"Pas de considération sociale": 14.0, "Clause sociale": 4.0, "Critère social": 1.0, "Marché réservé": 1.0}
GREEN = {"Clause environnementale": 5.0, "Critère environnemental": 3.0, "Pas de considération environnementale": 4.0}
NEAR = 12  # firms of the trade among which partners are drawn


def make_awards(
    seed: int, firms: Sequence[DemoFirm], buyers: Sequence[DemoBuyer], reference: Reference, as_of: date
) -> list[dict[str, Any]]:
    """Contracts of the 2022 format, as a platform publishes them."""
    dice, said = Dice(seed, "awards"), Dice(seed, "considerations")
    able = [firm for firm in firms if firm.trade in reference.trades and not firm.closed and _turnover(firm, reference)]
    by_trade: dict[str, list[DemoFirm]] = defaultdict(list)
    for firm in able:
        by_trade[firm.trade].append(firm)
    if not able or not buyers:
        return []
    return [
        _award(number, dice, dice.pick(able), by_trade, dice.pick(buyers), reference, as_of) | _considerations(said)
        for number in range(1, round(A_FIRM * len(firms)) + 1)
    ]


def awards_json(awards: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"marches": {"marche": awards}}, ensure_ascii=False, indent=1)


def _considerations(dice: Dice) -> dict[str, Any]:
    if dice.chance(SILENT):
        return {}
    social, green = dice.weighted(SOCIAL), dice.weighted(GREEN)
    return {
        "considerationsSociales": {"considerationSociale": [social]},
        "considerationsEnvironnementales": {"considerationEnvironnementale": [green]},
    }


def _turnover(firm: DemoFirm, reference: Reference) -> float:
    band, trade = reference.bands.get(firm.band), reference.trades[firm.trade]
    return band.mid * trade.part_time * 1000 * trade.keur_per_fte if band else 0.0


def _award(
    number: int,
    dice: Dice,
    firm: DemoFirm,
    by_trade: dict[str, list[DemoFirm]],
    buyer: DemoBuyer,
    reference: Reference,
    as_of: date,
) -> dict[str, Any]:
    trade = reference.trades[firm.trade]
    holders = [firm]
    if dice.chance(GROUP_SHARE):
        others = {other: 1.0 for other in by_trade[firm.trade][:NEAR] if other.siret != firm.siret}
        holders += dice.several(others, dice.between(1, 2))
    months = dice.weighted(MONTHS)
    yearly = max(SMALLEST_EUR, dice.uniform(*TURNOVER_SHARE) * sum(_turnover(one, reference) for one in holders))
    framework = dice.chance(FRAMEWORK_SHARE)
    amount = rounded(yearly * months / 12 * (2 if framework else 1))
    notified = as_of - timedelta(days=dice.between(20, 365 * YEARS_BACK))
    published = notified + timedelta(days=dice.between(5, 40))
    change = {
        "id": 1,
        "dateNotificationModification": str(notified + timedelta(days=200)),
        "montant": rounded(1.1 * amount),
    }
    return {
        "id": f"DEMO{number:06d}",
        "acheteur": {"id": buyer.buyer.national_id, "nom": buyer.buyer.name},
        "nature": "Marché",
        "objet": f"{trade.label} (marché fictif)",
        "codeCPV": dice.pick(trade.cpvs),
        "techniques": {"technique": ["Accord-cadre" if framework else "Sans objet"]},
        "procedure": dice.weighted({"Procédure adaptée": 1.0, "Appel d'offres ouvert": 3.0}),
        "lieuExecution": {"code": buyer.town.code, "typeCode": "Code commune"},
        "dureeMois": months,
        "dateNotification": str(notified),
        "datePublicationDonnees": str(published),
        "montant": amount,
        "offresRecues": dice.between(1, 7),
        "typeGroupementOperateurs": dice.pick(["Conjoint", "Solidaire"]) if len(holders) > 1 else "Pas de groupement",
        "sousTraitanceDeclaree": dice.chance(0.1),
        "titulaires": [{"titulaire": {"typeIdentifiant": "SIRET", "id": one.siret}} for one in holders],
        "modifications": [{"modification": change}] if dice.chance(AMENDED_SHARE) else [],
    }
