"""People, organisations, and what a buyer keeps here: factories in the manner of ``tests.factories``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Membership, Organisation, User
from allotment.models import Consultation, Need, NeedPlace, NeedTrade, Split, SplitLot
from tests.factories import AS_OF, _numbers, make_commune


def make_user(username: str = "camille", **more: Any) -> User:
    """A person who can sign in with ``client.force_login``."""
    return User.objects.filter(username=username).first() or User.objects.create_user(username, **more)


def make_organisation(
    name: str = "Grenoble-Alpes Métropole", *, members: list[User] | None = None, **more: Any
) -> Organisation:
    """An organisation (a buyer unless told otherwise) and its members."""
    made = Organisation.objects.create(name=name, **{"kind": Organisation.Kind.BUYER} | more)
    for user in members or []:
        Membership.objects.create(organisation=made, user=user)
    return made


def make_need(title: str = "Entretien des bâtiments et des espaces verts", **more: Any) -> Need:
    """A need of three years: ``trades`` as code: euros, ``communes`` of :data:`COMMUNES` weighted by population."""
    trades = more.pop("trades", {"T01": 900_000, "T04": 300_000})
    communes = more.pop("communes", ["38185", "38421", "38151", "38169"])
    defaults: dict[str, Any] = {
        "organisation": more.pop("organisation", None) or make_organisation(),
        "title": title,
        "months": 36,
        "launched_on": AS_OF + timedelta(days=60),
    }
    need = Need.objects.create(**defaults | more)
    for position, (trade, eur) in enumerate(trades.items(), start=1):
        NeedTrade.objects.create(need=need, position=position, trade=trade, amount_eur=eur)
    for code in communes:
        commune = make_commune(code)
        NeedPlace.objects.create(need=need, commune=commune, weight=commune.population)
    return need


def make_split(need: Need, titles: tuple[str, ...] = ("Nettoyage", "Espaces verts"), **more: Any) -> Split:
    """A version of one lot a title; the n-th has the n-th trade of the need, in all its communes."""
    split = Split.objects.create(need=need, number=need.splits.count() + 1, **more)
    trades = list(need.trades.values_list("trade", flat=True))
    communes = list(need.places.values_list("commune_id", flat=True))
    for position, title in enumerate(titles, start=1):
        trade = trades[(position - 1) % len(trades)]
        SplitLot.objects.create(split=split, position=position, title=title, trades=[trade], communes=communes)
    return split


def make_consultation(need: Need | None = None, **more: Any) -> Consultation:
    """An open consultation of a need, which shows one split of two lots."""
    need = need or make_need()
    splits = more.pop("splits", None) or [make_split(need)]
    agencies = more.pop("agencies", [])
    now = timezone.now()
    defaults: dict[str, Any] = {
        "question": "Le découpage proposé permet-il à votre structure de répondre ?",
        "opens_at": now - timedelta(days=1),
        "closes_at": now + timedelta(days=20),
        "opened_by": more.pop("opened_by", None) or make_user(f"ouvreur{next(_numbers)}"),
    }
    made = Consultation.objects.create(need=need, **defaults | more)
    made.splits.set(splits)
    made.agencies.set(agencies)
    need.state = Need.State.CONSULTATION
    need.save(update_fields=["state"])
    return made
