"""Who may answer a lot: reserved lots (R1 to R5) and delivery mode (domain guide, sections 1.2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matchmaker.domain.notice import Reservation
from matchmaker.domain.reference import Kind

R1_KINDS = frozenset({"EA", "EATT", "ESAT"})  # article L2113-12
R2_KINDS = frozenset({"EI", "ETTI", "ACI", "AI", "EITI"})  # article L2113-13
R3_KINDS = frozenset({"SEP"})  # article L2113-13-1

_KINDS_BY_RESERVATION: Mapping[Reservation, frozenset[str]] = {
    Reservation.EA_ESAT: R1_KINDS,
    Reservation.SIAE: R2_KINDS,
    Reservation.PRISON: R3_KINDS,
    Reservation.EA_ESAT_SIAE: R1_KINDS | R2_KINDS,
}

# R5: social, health and cultural services of article L2113-15 (annexe 3), as CPV codes and ranges.
_R5_CODES = frozenset(
    [
        "75121000",
        "75122000",
        "75123000",
        "79622000",
        "79624000",
        "79625000",
        "80110000",
        "80300000",
        "80420000",
        "80430000",
        "80511000",
        "80520000",
        "80590000",
        "92500000",
        "92600000",
        "98133000",
        "98133110",
    ]
)
R5_MAX_MONTHS = 36  # article L2113-16

WORDS: Mapping[Reservation, str] = {
    Reservation.NONE: "",
    Reservation.EA_ESAT: "réservé aux entreprises adaptées et ESAT (art. L2113-12)",
    Reservation.SIAE: "réservé aux structures d'insertion par l'activité économique (art. L2113-13)",
    Reservation.PRISON: "réservé aux opérateurs du travail pénitentiaire (art. L2113-13-1)",
    Reservation.EA_ESAT_SIAE: "réservé aux entreprises adaptées, ESAT et structures d'insertion "
    "(art. L2113-12 à L2113-14)",
    Reservation.ESS: "réservé aux entreprises de l'ESS (art. L2113-15)",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """The facts of a firm that eligibility rests on."""

    inclusive_kind: str
    ess: str  # yes | no | verify
    active: bool = True


def r5_cpv_allowed(cpv: str) -> bool:
    """R5 whitelist: listed codes, and 85000000 to 85323000."""
    return cpv in _R5_CODES or "85000000" <= cpv <= "85323000"


def r5_objections(cpvs: tuple[str, ...], months: int | None) -> tuple[str, ...]:
    """Why reserving this lot to the ESS would be unlawful (R5); () when nothing is known against it.

    The award history of the buyer is a third condition, checked where awards are known.
    """
    objections = []
    outside = [cpv for cpv in cpvs[:1] if not r5_cpv_allowed(cpv)]
    if outside:
        objections.append(
            f"Le code CPV {outside[0]} n'est pas dans la liste des services réservables à l'ESS (art. L2113-15)."
        )
    if months is not None and months > R5_MAX_MONTHS:
        objections.append(f"La durée de {months} mois dépasse les 3 ans permis (art. L2113-16).")
    return tuple(objections)


def delivers(kind: str, trade: str, kinds: Mapping[str, Kind]) -> bool:
    """Whether a firm may be producer of a trade: mise à disposition only ever supplies hours (T44)."""
    known = kinds.get(kind)
    return known is None or known.delivery == "services" or trade == "T44"


def eligible(candidate: Candidate, reservation: Reservation) -> bool:
    """Whether a firm may be candidate, alone or as member, on a lot (R1 to R6)."""
    if not candidate.active:
        return False
    if reservation is Reservation.NONE:
        return True
    if reservation is Reservation.ESS:
        return candidate.ess == "yes"
    return candidate.inclusive_kind in _KINDS_BY_RESERVATION[reservation]
