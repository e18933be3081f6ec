"""Past contracts as evidence: which kinds of buyers there are, told by the SIREN that public bodies carry.

Public bodies get their SIREN by category (INSEE): 1 the State, 20-25 local authorities and their groupings, 26 health
and social establishments, 27 others. A private number says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

STATE, COMMUNE, GROUPING, DEPARTEMENT, REGION, HEALTH, OTHER_PUBLIC, PRIVATE = (1 << bit for bit in range(8))

WORDS: Mapping[int, str] = {
    STATE: "l'État et ses établissements",
    COMMUNE: "des communes",
    GROUPING: "des intercommunalités et syndicats",
    DEPARTEMENT: "des départements",
    REGION: "des régions",
    HEALTH: "des établissements de santé ou d'action sociale",
    OTHER_PUBLIC: "des établissements publics locaux",
    PRIVATE: "des organismes privés soumis à la commande publique",
}
_PREFIXES = {
    "21": COMMUNE, "22": DEPARTEMENT, "23": REGION, "20": GROUPING, "24": GROUPING, "25": GROUPING, "26": HEALTH,
    "27": OTHER_PUBLIC, "28": OTHER_PUBLIC, "29": OTHER_PUBLIC,
}  # fmt: skip


def buyer_kind(number: str) -> int:
    """Bit of a buyer's kind from its SIREN or SIRET; 0 when no number is known."""
    if len(number) < 9 or not number[:9].isdigit():
        return 0
    if number[0] == "1":
        return STATE
    return _PREFIXES.get(number[:2], PRIVATE)
