"""A fictitious buyer and its need, ready to be split: what ``./run demo`` shows."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from allotment.models import Need, NeedPlace, NeedTrade
from geo.models import Commune
from matchmaker.models import Buyer, Firm

BUYER = "Communauté de communes fictive"
LOGIN = "acheteur"
TITLE = "Entretien des bâtiments, des espaces verts et de la voirie communautaires"
CENTRE = "53130"  # Laval, in the middle of the demo territory
PLACES = 40
MONTHS = 36
AMOUNTS = {  # of the three years
    "T01": (640_000, ["90911200"], 9_000),
    "T04": (380_000, ["77310000"], 0),
    "T07": (240_000, ["45442100"], 0),
    "T02": (90_000, ["90911300"], 0),
}


class NoTerritoryError(LookupError):
    """Aucun territoire fictif : lancez d'abord ``./run demo``, ou demo_data puis ingest."""


@transaction.atomic
def demo_buyer() -> tuple[User, str]:
    """The buyer's user with a new password, in its organisation, which holds the demo need. Can be run again.

    Raises :class:`NoTerritoryError` where the firms are real or the communes unknown.
    """
    communes = _communes()
    if not communes or not Firm.objects.filter(fictitious=True).exists():
        raise NoTerritoryError(NoTerritoryError.__doc__)
    buyer, _made = Organisation.objects.get_or_create(kind=Organisation.Kind.BUYER, name=BUYER)
    if not buyer.siret:  # its commitment board is that of the fictitious buyer with most contracts
        buyer.siret = _siret()
        buyer.save()
    user, _made = User.objects.get_or_create(username=LOGIN)
    password = secrets.token_urlsafe(6)
    user.set_password(password)
    user.save()
    Membership.objects.get_or_create(organisation=buyer, user=user)
    if not Need.objects.filter(organisation=buyer, title=TITLE, fictitious=True, deleted_at=None).exists():
        _need(buyer, user, communes)
    return user, password


def _siret() -> str:
    known = Buyer.objects.filter(awards__fictitious=True).exclude(siret="").annotate(won=Count("awards"))
    found = known.order_by("-won", "pk").first()
    return found.siret if found else ""


def _communes() -> list[Commune]:
    """The communes nearest to the centre."""
    centre = Commune.objects.filter(pk=CENTRE, point__isnull=False).first()
    if centre is None:
        return []
    current = Commune.objects.filter(kind=Commune.Kind.COMMUNE, departement=centre.departement_id, point__isnull=False)
    near = {commune: commune.point.distance(centre.point) for commune in current.defer("boundary")}
    return sorted(near, key=lambda commune: (near[commune], commune.pk))[:PLACES]


def _need(buyer: Organisation, user: User, communes: list[Commune]) -> None:
    launched = timezone.localdate() + timedelta(days=90)
    need = Need.objects.create(
        organisation=buyer,
        title=TITLE,
        description="Besoin fictif de démonstration : ni l'acheteur ni ce projet de marché n'existent.",
        months=MONTHS,
        launched_on=launched,
        start=launched + timedelta(days=120),
        fictitious=True,
        created_by=user,
    )
    NeedTrade.objects.bulk_create(
        NeedTrade(need=need, position=position, trade=trade, amount_eur=eur, cpvs=cpvs, transferred_hours=hours)
        for position, (trade, (eur, cpvs, hours)) in enumerate(AMOUNTS.items(), start=1)
    )
    NeedPlace.objects.bulk_create(
        NeedPlace(need=need, commune=commune, weight=max(1, commune.population or 0)) for commune in communes
    )
