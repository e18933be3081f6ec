"""A firm says how much it can still take, and where: declarations replace estimates, of capacity until they expire."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from matchmaker.changes import ask_rematch
from matchmaker.describe import describer
from matchmaker.domain.area import DEPARTEMENTS, in_order
from matchmaker.ingest.firms import upsert
from matchmaker.models import Firm

LOG = logging.getLogger(__name__)
LARGEST_FTE = 20_000


class DeclarationError(ValueError):
    """Cette déclaration n'est pas recevable ; corrigez-la."""


@transaction.atomic
def declare(firm: Firm, free_fte: float | None, on: date, by: AbstractBaseUser) -> Firm:
    """Keep what a firm declares, or withdraw its declaration (None), and compute its capacity again.

    Raises :class:`DeclarationError`. ``on`` is the day it speaks of: it expires so many days after.
    """
    if free_fte is not None and not 0 <= free_fte <= LARGEST_FTE:
        raise DeclarationError("Déclarez un nombre d'ETP libres positif ou nul, et vraisemblable.")
    _refuse_tomorrow(on)
    known = Firm.objects.select_for_update().get(pk=firm.pk)
    known.declared_free_fte, known.declared_on = free_fte, on if free_fte is not None else None
    LOG.info("declaration of %s by user %s: %s FTE on %s", firm.siret, by.pk, free_fte, on)
    return _kept(known)


@transaction.atomic
def declare_vacancies(firm: Firm, vacancies: int | None, on: date, by: AbstractBaseUser) -> Firm:
    """Keep how many jobs a firm means to fill in its trades, or withdraw it (None).

    Raises :class:`DeclarationError`. Groupings near it are sought again.
    """
    if vacancies is not None and not 0 <= vacancies <= LARGEST_FTE:
        raise DeclarationError("Déclarez un nombre de postes à pourvoir positif ou nul, et vraisemblable.")
    _refuse_tomorrow(on)
    known = Firm.objects.select_for_update().get(pk=firm.pk)
    known.declared_vacancies, known.vacancies_on = vacancies, on if vacancies is not None else None
    LOG.info("vacancies of %s by user %s: %s on %s", firm.siret, by.pk, vacancies, on)
    return _kept(known)


@transaction.atomic
def declare_area(firm: Firm, departements: Collection[str], by: AbstractBaseUser) -> Firm:
    """Keep the départements a firm works in (codes), or withdraw them (none): see ``domain.area``. It does not expire.

    Raises :class:`DeclarationError`.
    """
    if unknown := sorted(set(departements) - set(DEPARTEMENTS)):
        raise DeclarationError(
            f"Départements inconnus : {', '.join(unknown)}. Donnez leurs codes officiels, par exemple 01, 2A ou 974."
        )
    known = Firm.objects.select_for_update().get(pk=firm.pk)
    known.declared_departements = list(in_order(departements))
    LOG.info("area of %s by user %s: %s", firm.siret, by.pk, known.declared_departements)
    return _kept(known)


def _refuse_tomorrow(on: date) -> None:
    if on > timezone.localdate():
        raise DeclarationError("Une déclaration ne peut pas être datée de demain : donnez le jour où elle a été faite.")


def _kept(known: Firm) -> Firm:
    fresh = describer(timezone.localdate()).again(known)
    fresh.updated_at = timezone.now()
    upsert([fresh])
    fresh.refresh_from_db()
    ask_rematch()
    return fresh
