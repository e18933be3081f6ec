"""What a register holds of a firm: its inclusive kind, its place on the ESS France list, its ESUS agrément."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

# Registers of establishments, the one believed first on the inclusive kind first.
INCLUSIVE = ("siae", "ea", "esat", "geiq")
# Registers of legal units: what they say holds for every establishment.
OF_UNITS = ("ess_france", "esus")


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of a register, about a SIRET or, for registers of legal units, a SIREN."""

    source: str
    kind: str = ""  # EI, ACI, ESAT ...
    ess: bool = False  # on the ESS France list
    esus: bool = False
    esus_until: date | None = None  # last day of the agrément, when the list says so


class Claims:
    """The entries of all registers, by SIRET or SIREN. What they say does not depend on the order they came in."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, Claim]] = {}

    def put(self, number: str, claim: Claim) -> None:
        self._held.setdefault(number, {})[claim.source] = claim

    def drop(self, number: str, source: str) -> None:
        self._held.get(number, {}).pop(source, None)

    def get(self, number: str, source: str) -> Claim | None:
        return self._held.get(number, {}).get(source)

    def on(self, siret: str) -> list[Claim]:
        """All that bears on an establishment."""
        return [*self._held.get(siret, {}).values(), *self._held.get(siret[:9], {}).values()]


def kind_of(claims: Iterable[Claim]) -> str:
    """The inclusive kind told by the register believed first."""
    said = {claim.source: claim.kind for claim in claims if claim.kind}
    ranked = sorted(said, key=lambda source: (INCLUSIVE.index(source) if source in INCLUSIVE else 99, source))
    return said[ranked[0]] if ranked else ""


def esus_of(claims: Iterable[Claim], on: date) -> tuple[bool, date | None]:
    """Whether an ESUS agrément holds on a day, and until when one was given (None: the list does not say)."""
    held = [claim for claim in claims if claim.esus]
    if not held:
        return False, None
    if any(claim.esus_until is None for claim in held):
        return True, None
    until = max(claim.esus_until for claim in held if claim.esus_until)
    return until >= on, until
