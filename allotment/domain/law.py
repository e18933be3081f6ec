"""Public procurement law by the date a consultation is launched: values of ``thresholds.csv``, and the rules on lots.

Articles are those of the code de la commande publique; rule numbers (A1 to A5, S2 to S4) those of the domain guide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from allotment.domain.locality import plain
from allotment.domain.need import Nature

Row = Mapping[str, object]


class LawError(ValueError):
    """Aucune règle connue pour cette date : complétez la table de référence « threshold »."""


class BuyerKind(StrEnum):
    STATE = "state"
    LOCAL = "local"
    ENTITY = "entity"  # entité adjudicatrice


@dataclass(frozen=True, slots=True)
class Rule:
    """One value of the law. ``nature`` and ``buyer`` empty: whatever they are. ``last`` None: still in force."""

    name: str
    nature: str
    buyer: str
    value: float
    first: date
    last: date | None
    source: str
    confidence: str  # H | M | L
    label: str

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


def read_rules(rows: Iterable[Row]) -> tuple[Rule, ...]:
    """Rules from rows as read from CSV or from the database.

    Raises :class:`LawError` naming the row that is wrong, and when two rows of a rule hold on the same day.
    """
    rules = tuple(_rule(row) for row in rows)
    by_kind: dict[tuple[str, str, str], list[Rule]] = {}
    for rule in rules:
        by_kind.setdefault((rule.name, rule.nature, rule.buyer), []).append(rule)
    for same in by_kind.values():
        same.sort(key=lambda rule: rule.first)
        for one, after in pairwise(same):
            if one.holds(after.first):
                raise LawError(
                    f"Deux valeurs de « {one.label} » valent le {after.first:%d/%m/%Y} : fermez la première."
                )
    return rules


def _rule(row: Row) -> Rule:
    def text(name: str) -> str:
        return str(row.get(name) or "").strip()

    try:
        rule = Rule(
            text("rule"),
            text("nature"),
            text("buyer"),
            float(text("value")),
            date.fromisoformat(text("valid_from")),
            date.fromisoformat(text("valid_to")) if text("valid_to") else None,
            text("source"),
            text("confidence"),
            text("label"),
        )
    except ValueError as error:
        raise LawError(
            f"Ligne « {text('key')} » : une valeur chiffrée et des dates AAAA-MM-JJ sont attendues."
        ) from error
    if not (rule.name and rule.source and math.isfinite(rule.value) and rule.value > 0):
        raise LawError(f"Ligne « {text('key')} » : règle, source et valeur positive sont attendues.")
    if rule.last is not None and rule.last < rule.first:
        raise LawError(f"Ligne « {text('key')} » : la fin précède le début.")
    return rule


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The law as it stands for consultations launched on ``day``."""

    day: date
    rules: tuple[Rule, ...]

    def find(self, name: str, nature: str = "", buyer: str = "") -> Rule | None:
        """The rule in force, if there is one."""
        return next(
            (
                rule
                for rule in self.rules
                if rule.name == name and rule.nature in ("", nature) and rule.buyer in ("", buyer)
            ),
            None,
        )

    def rule(self, name: str, nature: str = "", buyer: str = "") -> Rule:
        """Raises :class:`LawError` when no value is known for that day."""
        found = self.find(name, nature, buyer)
        if found is None:
            raise LawError(
                f"Aucune valeur de « {name} » n'est connue pour une consultation lancée le {self.day:%d/%m/%Y} : "
                "vérifiez la date, ou complétez la table de référence « threshold »."
            )
        return found

    def dispensed_eur(self, nature: Nature) -> int:
        """Below it, neither publicity nor competition is asked (R2122-8)."""
        return round(self.rule("dispensed", nature).value)

    def formal_eur(self, nature: Nature, buyer: BuyerKind = BuyerKind.LOCAL) -> int:
        """From it on, a formal procedure: the European thresholds (annexe 2)."""
        return round(self.rule("formal", nature, buyer).value)

    def small_lot_eur(self, nature: Nature) -> int:
        """A lot below it may be a small one (R2123-1 2°)."""
        return round(self.rule("small_lot", nature).value)

    @property
    def turnover_multiple(self) -> float:
        """Most yearly turnover a buyer may require, in lot amounts (R2142-7)."""
        return self.rule("turnover").value

    @property
    def environment_required(self) -> bool:
        """S2: an environmental condition and criterion are due, whatever the amount."""
        return self.find("environment") is not None

    @property
    def on_the_eve(self) -> bool:
        """Launched on 21 August 2026: texts and practice differ by a day, so the page warns."""
        return self.find("eve") is not None

    def social_required(self, nature: Nature, amount_eur: int, buyer: BuyerKind = BuyerKind.LOCAL) -> bool:
        """S3: a social condition is due from the European thresholds on, on the whole need (L2112-2-1).

        Where no European threshold is known for that day, it is taken as due: the safe side.
        """
        if self.find("social") is None:
            return False
        formal = self.find("formal", nature, buyer)
        return formal is None or amount_eur >= formal.value


def rules_on(day: date, rules: Sequence[Rule]) -> Thresholds:
    """What applies to a consultation launched on a day, never today's law."""
    return Thresholds(day, tuple(rule for rule in rules if rule.holds(day)))


# ---------------------------------------------------------------- lots: A1, A3, A4, A5


def lots_due(law: Thresholds, nature: Nature, amount_eur: int, trades: int, lots: int) -> bool:
    """A1: whether a need kept in one lot owes an exception of L2113-11 and a reason (L2113-10).

    One trade alone has no distinct services; under the dispense threshold no choice of lots is made public.
    """
    return lots <= 1 and trades > 1 and amount_eur >= law.dispensed_eur(nature)


def limit_objections(lots: int, bid: int | None, won: int | None) -> tuple[str, ...]:
    """A3: what is wrong with limits of lots a firm may bid for and win (R2113-1); () when they are lawful or absent."""
    found = []
    if any(limit is not None and limit < 1 for limit in (bid, won)):
        found.append("Une limite du nombre de lots vaut au moins 1 (article R2113-1).")
    if bid is not None and won is not None and won > bid:
        found.append(f"On ne peut pas se voir attribuer {won} lots en ne candidatant qu'à {bid} (article R2113-1).")
    if lots > 1 and any(limit is not None and limit >= lots for limit in (bid, won)):
        found.append(f"Une limite de {lots} lots ou plus ne limite rien : ce découpage en compte {lots}.")
    return tuple(found)


def limits_in_words(bid: int | None, won: int | None) -> str:
    """The sentence the documents of the consultation must hold, since R2113-1 asks for it; "" without limit."""
    parts = []
    if bid is not None:
        parts.append(f"présenter une offre pour {bid} lot{'s' if bid > 1 else ''} au plus")
    if won is not None:
        parts.append(f"se voir attribuer {won} lot{'s' if won > 1 else ''} au plus")
    return f"Un même opérateur économique peut {' et '.join(parts)} (article R2113-1)." if parts else ""


def small_lots(law: Thresholds, nature: Nature, amounts_eur: Sequence[int]) -> tuple[bool, ...]:
    """A4: which lots may follow an adapted procedure whatever the whole amounts to (R2123-1 2°)."""
    return _within(amounts_eur, law.small_lot_eur(nature), law.rule("small_lot_share").value)


def dispensed_lots(law: Thresholds, nature: Nature, amounts_eur: Sequence[int]) -> tuple[bool, ...]:
    """A5: which lots may be bought without publicity nor competition (R2122-8)."""
    return _within(amounts_eur, law.dispensed_eur(nature), law.rule("dispensed_lot_share").value)


def _within(amounts_eur: Sequence[int], limit_eur: int, share: float) -> tuple[bool, ...]:
    """Lots under the limit, provided all of them together stay within the share of all lots; else none."""
    under = [amount < limit_eur for amount in amounts_eur]
    small = sum(amount for amount, is_under in zip(amounts_eur, under, strict=True) if is_under)
    # euros against a share kept as a decimal: compared in whole permille, so that 20 % is 20 %
    lawful = 1000 * small <= round(1000 * share) * sum(amounts_eur)
    return tuple(is_under and lawful for is_under in under)


# ---------------------------------------------------------------- closed lists of exceptions: A2, S3


@dataclass(frozen=True, slots=True)
class Exemption:
    """A lawful ground to do without a rule, as the law words it."""

    code: str
    text: str
    article: str


ONE_LOT = (
    Exemption(
        "coordination",
        "L'acheteur n'est pas en mesure d'assurer par lui-même l'organisation, le pilotage et la coordination.",
        "L2113-11 1°",
    ),
    Exemption(
        "competition", "La dévolution en lots séparés est de nature à restreindre la concurrence.", "L2113-11 2°"
    ),
    Exemption(
        "execution",
        "Les lots séparés risquent de rendre l'exécution techniquement difficile ou financièrement plus coûteuse.",
        "L2113-11 2°",
    ),
)

_SOCIAL = (
    Exemption("available", "Le besoin peut être satisfait par une solution immédiatement disponible.", "L2112-2-1 1°"),
    Exemption(
        "link", "Une prise en compte du social n'aurait pas de lien suffisant avec l'objet du marché.", "L2112-2-1 2°"
    ),
    Exemption(
        "competition",
        "Elle restreindrait la concurrence, ou rendrait l'exécution techniquement ou économiquement difficile.",
        "L2112-2-1 3°",
    ),
    Exemption("short_works", "Le marché de travaux dure moins de six mois.", "L2112-2-1 4°"),
)
_BELOW = Exemption(
    "not_due", "Le marché est en dessous des seuils européens, ou lancé avant l'obligation.", "L2112-2-1"
)
_BEFORE = Exemption("not_due", "La consultation est lancée avant l'obligation environnementale.", "L2112-2")


def social_exemptions(
    law: Thresholds, nature: Nature, amount_eur: int, months: int, buyer: BuyerKind = BuyerKind.LOCAL
) -> tuple[Exemption, ...]:
    """S3: what may justify a lot without social condition. Short works only where works are short."""
    if not law.social_required(nature, amount_eur, buyer):
        return (_BELOW, *_SOCIAL[:3])
    short = law.find("short_works", nature)
    is_short = nature is Nature.WORKS and short is not None and months < short.value
    return _SOCIAL if is_short else _SOCIAL[:3]


def environment_exemptions(law: Thresholds) -> tuple[Exemption, ...]:
    """S2: none once the duty holds."""
    return () if law.environment_required else (_BEFORE,)


# ---------------------------------------------------------------- criteria: S4

_COMPANY_WIDE = (
    "politique rse",
    "responsabilite societale de l'entreprise",
    "politique sociale de l'entreprise",
    "politique generale de l'entreprise",
    "label de l'entreprise",
    "part de femmes dans l'entreprise",
    "effectif total de l'entreprise",
)


def company_wide(text: str) -> tuple[str, ...]:
    """S4: wordings that judge the whole company and not what is bought (L2112-3, R2152-7)."""
    told = plain(text)
    return tuple(words for words in _COMPANY_WIDE if words in told)
