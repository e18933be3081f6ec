"""Rows of firms, and what an import made of them."""

from __future__ import annotations

from geo.domain.point import Point
from matchmaker.models import Firm, ImportRun
from tests.factories import siret
from tests.sources.firm_tables import COLLECTERIE, SIAE

GRENOBLE = Point(5.7245, 45.1885)


def counts(run: ImportRun) -> dict[str, int]:
    names = ("read", "new", "changed", "unchanged", "retired", "quarantined")
    return {name: getattr(run, name) for name in names if getattr(run, name)}


def firm(number: str = COLLECTERIE) -> Firm:
    return Firm.objects.get(siret=number)


def many(size: int) -> list[dict[str, str]]:
    return [SIAE | {"siret": siret(number), "name": f"Structure {number}"} for number in range(9_000, 9_000 + size)]
