"""Named reads of needs: who may see one, and the need as the simulations see it."""

from __future__ import annotations

import hmac
from functools import lru_cache

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import Organisation
from allotment.domain.need import Nature, NeedError, Place, TradeNeed
from allotment.domain.need import Need as DomainNeed
from allotment.domain.neighbours import joined
from allotment.models import Need
from geo.domain.gazetteer import Gazetteer
from geo.domain.point import Point
from geo.queries import edition, gazetteer

__all__ = ["MOST_PLACES", "buyers_of", "may_edit", "need_of", "visible"]

MOST_PLACES = 500  # communes of a need: more would make the map and the splits unreadable, and slow
_TOUCH_DEGREES = 0.0005  # about 50 m: simplified outlines leave slivers between communes that do touch

Person = AbstractBaseUser | AnonymousUser


def buyers_of(user: Person) -> QuerySet[Organisation]:
    """The organisations a person may write needs for: all they belong to, but firms."""
    if not user.is_authenticated:
        return Organisation.objects.none()
    return Organisation.objects.filter(memberships__user=user.pk).exclude(kind=Organisation.Kind.FIRM)


def visible(user: Person, key: str = "") -> QuerySet[Need]:
    """Needs of the person's organisations, and the one a secret key opens; nothing else, whatever the role."""
    allowed = Q(pk__in=[])
    if user.is_authenticated:
        allowed |= Q(organisation__memberships__user=user.pk) & ~Q(organisation__kind=Organisation.Kind.FIRM)
    if key and "\x00" not in key:
        allowed |= Q(share_key=key) & ~Q(state=Need.State.DRAFT)
    return Need.objects.filter(allowed, deleted_at=None).distinct()


def may_edit(user: Person, need: Need) -> bool:
    """Members of the buyer's organisation alone; a shared key lets read, never write. One query."""
    return need.deleted_at is None and buyers_of(user).filter(pk=need.organisation_id).exists()


def opens(need: Need, key: str) -> bool:
    """Whether this key opens this need, compared in constant time."""
    shared = need.state != Need.State.DRAFT and bool(need.share_key)
    return shared and hmac.compare_digest(need.share_key.encode(), key.encode())


def need_of(row: Need) -> DomainNeed:
    """The need with its places' neighbours. Two queries, and one a set of communes and edition of the territory.

    Raises :class:`NeedError` when a trade, a commune or the place of one lacks.
    """
    places = list(row.places.order_by("commune_id").values_list("commune_id", "weight"))
    if len(places) > MOST_PLACES:
        raise NeedError(f"Un besoin compte au plus {MOST_PLACES} communes ; celui-ci en a {len(places)}.")
    known = gazetteer()
    points = {code: _point(known, code) for code, _ in places}
    near = neighbours(tuple(points)) if points else {}
    return DomainNeed(
        nature=Nature(row.nature),
        trades=tuple(
            TradeNeed(one.trade, one.amount_eur, tuple(one.cpvs), one.transferred_hours) for one in row.trades.all()
        ),
        places=tuple(Place(code, points[code], weight, near[code]) for code, weight in places),
        months=row.months,
        launched_on=row.launched_on,
        exclusive_grouping=row.exclusive_grouping,
        max_lots_bid=row.max_lots_bid,
        max_lots_won=row.max_lots_won,
    )


def _point(known: Gazetteer, code: str) -> Point:
    """Of a commune, or of the département that holds one without a known place."""
    commune = known.commune(code)
    place = known.locate_commune(code) or (known.locate_departement(commune.departement) if commune else None)
    if place is None:
        raise NeedError(f"La commune {code} n'a pas de position connue : retirez-la du besoin.")
    return place.point


def neighbours(codes: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Which of these communes touch; what is apart is tied to its nearest. One query a set and edition."""
    return _neighbours(codes, edition())


@lru_cache(maxsize=64)
def _neighbours(codes: tuple[str, ...], _edition: str) -> dict[str, frozenset[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT one.code, other.code FROM geo_commune one JOIN geo_commune other ON one.code < other.code"
            " AND ST_DWithin(one.boundary, other.boundary, %s) WHERE one.code = ANY(%s) AND other.code = ANY(%s)",
            [_TOUCH_DEGREES, list(codes), list(codes)],
        )
        touching = cursor.fetchall()
    known = gazetteer()
    return joined({code: _point(known, code) for code in codes}, touching)
