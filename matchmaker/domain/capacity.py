"""How much more a firm can take in a year (domain guide, section 4), as an interval with its derivation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from matchmaker.domain.reference import Reference, Trade


@dataclass(frozen=True, slots=True)
class CapacityInput:
    """What is known of a firm. Amounts in euros a year; ``ending`` (E) and ``notified`` (N) from awards."""

    headcount_band: str = ""
    headcount: float | None = None  # FTE counted by a source
    places: int | None = None
    inclusive_kind: str = ""
    turnover_eur: int | None = None
    free_fte: float | None = None
    declared_on: date | None = None
    ending_eur: int = 0
    notified_eur: int = 0


@dataclass(frozen=True, slots=True)
class Capacity:
    """Yearly free capacity [low, mid, high] and turnover T in whole euros; ``steps`` explain in French."""

    low_eur: int
    mid_eur: int
    high_eur: int
    turnover_eur: int
    fte: float
    steps: tuple[str, ...]


def euros(amount: float) -> str:
    """ "34 400 EUR" with thin French grouping; estimates keep three significant digits at most."""
    digits = max(0, len(str(abs(round(amount)))) - 3)
    return f"{round(amount, -digits):,.0f}".replace(",", " ") + " €"


def figure(value: float) -> str:
    """ "0,3": French decimal comma, no needless zero."""
    return f"{value:g}".replace(".", ",")


def percent(share: float) -> str:
    return f"{figure(round(100 * share, 1))} %"


def _fte_interval(
    firm: CapacityInput, trade: Trade | None, reference: Reference
) -> tuple[tuple[float, float, float], str]:
    part_time = trade.part_time if trade else 1.0
    if firm.headcount is not None:
        return (firm.headcount,) * 3, f"effectif déclaré par la source : {figure(firm.headcount)} ETP"
    if firm.places:
        factor, spread = reference["capacity.esat_place_fte"], reference["capacity.esat_place_spread"]
        mid = firm.places * factor
        return (mid * (1 - spread), mid, mid * (1 + spread)), (
            f"{firm.places} places autorisées x {figure(factor)} ETP économique par place (estimation)"
        )
    band = reference.bands.get(firm.headcount_band)
    if band and band.high > 0:
        words = f"tranche d'effectif SIRENE « {band.label} »"
        if part_time != 1:
            words += f" x {figure(part_time)} (temps partiel, estimation)"
        return (band.low * part_time, band.mid * part_time, band.high * part_time), words
    kind = reference.kinds.get(firm.inclusive_kind)
    if kind:
        return kind.fte, (
            f"effectif inconnu : taille habituelle d'un(e) {kind.label}, "
            f"{figure(kind.fte[0])} à {figure(kind.fte[2])} ETP (estimation)"
        )
    return (0.0, 0.0, 0.0), "effectif inconnu ou nul"


def estimate(
    firm: CapacityInput,
    trade: Trade | None,
    reference: Reference,
    *,
    on: date,
) -> Capacity:
    """Estimate F = max(0, min(delta*T, g*T + E - N)) at three levels; a valid declaration replaces g*T + E - N.

    T is the declared turnover, else FTE x turnover per FTE of the main trade. An ACI is moreover held
    under its sales ceiling (article D5132-34 of the Labour code). ``on`` is the day of the estimate:
    a declaration older than ``capacity.declaration_days`` is ignored.
    """
    per_fte = 1000 * (trade.keur_per_fte if trade else reference["capacity.default_keur_per_fte"])
    interval, words = _fte_interval(firm, trade, reference)
    steps = [f"Taille : {words}."]
    if firm.turnover_eur:
        turnovers = (float(firm.turnover_eur),) * 3
        steps.append(f"Chiffre d'affaires déclaré : {euros(firm.turnover_eur)} par an.")
    else:
        turnovers = (interval[0] * per_fte, interval[1] * per_fte, interval[2] * per_fte)
        steps.append(
            f"Chiffre d'affaires estimé : {figure(round(interval[1], 1))} ETP x {euros(per_fte)} "
            f"= {euros(turnovers[1])} par an."
        )
    if firm.free_fte is not None and not declaration_valid(firm, reference, on):
        steps.append(_expired_words(firm, reference))
    values = [_free(turnover, firm, per_fte, reference, on) for turnover in turnovers]
    steps.append(_free_words(firm, per_fte, turnovers[1], reference, on))
    if firm.inclusive_kind == "ACI":
        room = reference["capacity.aci_ceiling"] - reference["capacity.aci_sales_share"]
        values = [min(value, room * turnover) for value, turnover in zip(values, turnovers, strict=True)]
        steps.append(
            f"Plafond des ventes d'un ACI : {percent(reference['capacity.aci_ceiling'])} des charges d'activité "
            f"(art. D5132-34), dont {percent(reference['capacity.aci_sales_share'])} déjà vendus (estimation)."
        )
    low, mid, high = (int(value) for value in sorted(values))
    steps.append(f"Capacité libre : {euros(mid)} par an (entre {euros(low)} et {euros(high)}).")
    return Capacity(low, mid, high, int(turnovers[1]), interval[1], tuple(steps))


def declaration_valid(firm: CapacityInput, reference: Reference, on: date) -> bool:
    """A declaration counts while it is younger than ``capacity.declaration_days``."""
    if firm.free_fte is None:
        return False
    return firm.declared_on is None or (on - firm.declared_on).days <= reference["capacity.declaration_days"]


def _expired_words(firm: CapacityInput, reference: Reference) -> str:
    day = f" du {firm.declared_on:%d/%m/%Y}" if firm.declared_on else ""
    return (
        f"La déclaration{day} ({figure(firm.free_fte or 0)} ETP libres) ne compte plus : elle vaut "
        f"{reference.integer('capacity.declaration_days')} jours (estimation). Déclarez à nouveau pour la remplacer."
    )


def _free(turnover: float, firm: CapacityInput, per_fte: float, reference: Reference, on: date) -> float:
    dependency = reference["capacity.dependency_limit"] * turnover
    if declaration_valid(firm, reference, on):
        assert firm.free_fte is not None
        declared = firm.free_fte * per_fte
        return max(0.0, min(dependency, declared) if turnover else declared)
    growth = reference["capacity.growth"] * turnover + firm.ending_eur - firm.notified_eur
    return max(0.0, min(dependency, growth))


def _free_words(firm: CapacityInput, per_fte: float, turnover: float, reference: Reference, on: date) -> str:
    limit = f"{percent(reference['capacity.dependency_limit'])} du chiffre d'affaires au plus"
    if firm.free_fte is not None and declaration_valid(firm, reference, on):
        return f"Déclaration : {figure(firm.free_fte)} ETP libres x {euros(per_fte)}, {limit}."
    grown = reference["capacity.growth"] * turnover
    text = f"Sans déclaration : {percent(reference['capacity.growth'])} de croissance possible ({euros(grown)}"
    if firm.ending_eur:
        text += f" + {euros(firm.ending_eur)} par an de marchés qui finissent"
    if firm.notified_eur:
        text += f" - {euros(firm.notified_eur)} par an de marchés notifiés depuis"
    return text + f"), {limit} (estimation)."
