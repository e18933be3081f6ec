"""What a buyer does to a need: keep a draft, save, share, set aside, take back. Each verb is one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Organisation
from allotment.domain.need import TradeNeed
from allotment.models import Need, NeedPlace, NeedTrade
from allotment.queries import buyers_of
from matchmaker.models import Firm

KEPT_DAYS = 30  # a need set aside can be taken back so long; after, it is deleted

Person = AbstractBaseUser | AnonymousUser


class StaleNeedError(RuntimeError):
    """Ce besoin a été enregistré ailleurs entre-temps : comparez avant d'enregistrer de nouveau."""


@dataclass(frozen=True, slots=True)
class Content:
    """A need as a person saved it, checked. ``fields`` are columns of :class:`Need`; places are (commune, weight)."""

    fields: Mapping[str, Any]
    trades: Sequence[TradeNeed]
    places: Sequence[tuple[str, int]]


@transaction.atomic
def begin(user: Person, organisation: Organisation, draft: Mapping[str, Any], launched_on: date) -> Need:
    """A need that holds nothing yet but what was typed."""
    return Need.objects.create(
        organisation=organisation,
        title=str(draft.get("title") or "").strip()[:250],
        launched_on=launched_on,
        draft=dict(draft),
        fictitious=only_fictitious(),
        created_by_id=user.pk,
    )


def only_fictitious() -> bool:
    """Whether this site shows a demonstration: no real firm is known. Needs then meet its fictitious firms."""
    known = Firm.objects.order_by().values_list("fictitious", flat=True)
    return not known.filter(fictitious=False).exists() and known.filter(fictitious=True).exists()


@transaction.atomic
def keep_draft(need_id: int, revision: int, draft: Mapping[str, Any]) -> None:
    """Keep the form as typed, beside what was saved. Raises :class:`StaleNeedError` when another tab saved since."""
    kept = Need.objects.filter(pk=need_id, revision=revision, deleted_at=None).update(draft=dict(draft))
    if not kept:
        raise StaleNeedError(StaleNeedError.__doc__)


@transaction.atomic
def save(need_id: int, revision: int, content: Content) -> Need:
    """Replace the need by what is typed. Raises :class:`StaleNeedError` when it was saved since it was read."""
    need = Need.objects.select_for_update().get(pk=need_id)
    if need.revision != revision or need.deleted_at is not None:
        raise StaleNeedError(StaleNeedError.__doc__)
    for name, value in content.fields.items():
        setattr(need, name, value)
    need.revision, need.draft = need.revision + 1, {}
    need.save()
    need.trades.all().delete()
    NeedTrade.objects.bulk_create(
        NeedTrade(
            need=need,
            position=position,
            trade=one.trade,
            cpvs=list(one.cpvs),
            amount_eur=one.amount_eur,
            transferred_hours=one.transferred_hours,
        )
        for position, one in enumerate(content.trades, start=1)
    )
    need.places.all().delete()
    NeedPlace.objects.bulk_create(
        NeedPlace(need=need, commune_id=code, weight=weight) for code, weight in content.places
    )
    return need


@transaction.atomic
def share(need: Need) -> str:
    """Open the need to those who have its address; the key is the same until sharing stops. Returns it."""
    row = Need.objects.select_for_update().get(pk=need.pk)
    if not row.share_key:
        row.share_key = secrets.token_urlsafe(32)
    if row.state == Need.State.DRAFT:
        row.state = Need.State.SHARED
    row.save(update_fields=["share_key", "state", "updated_at"])
    return row.share_key


@transaction.atomic
def stop_sharing(need: Need) -> None:
    """The address opens nothing any more, for good: another share has another key."""
    row = Need.objects.select_for_update().get(pk=need.pk)
    row.share_key = ""
    if row.state == Need.State.SHARED:
        row.state = Need.State.DRAFT
    row.save(update_fields=["share_key", "state", "updated_at"])


class PublicNeedError(RuntimeError):
    """Ce besoin a une consultation préalable publique : il reste avec elle et ne peut pas être supprimé."""


def set_aside(need: Need) -> None:
    """Delete, for those who see it; :func:`take_back` undoes it for :data:`KEPT_DAYS` days.

    Raises :class:`PublicNeedError` once a consultation was opened: what the public was told stays.
    """
    private = (Need.State.DRAFT, Need.State.SHARED)
    if not Need.objects.filter(pk=need.pk, state__in=private).update(deleted_at=timezone.now()):
        raise PublicNeedError(PublicNeedError.__doc__)


def aside(user: Person) -> QuerySet[Need]:
    """What the person's organisations set aside and can still take back.

    Deletes for good what is older, but needs with a journal of clauses: justifications are kept (article L2112-2-1).
    """
    limit = timezone.now() - timedelta(days=KEPT_DAYS)
    Need.objects.filter(deleted_at__lt=limit, clause_log=None).delete()
    return Need.objects.filter(organisation__in=buyers_of(user), deleted_at__gte=limit).order_by("-deleted_at")


def take_back(user: Person, need_id: int) -> Need | None:
    """Undo a deletion; None where there is nothing this person may take back."""
    need = aside(user).filter(pk=need_id).first()
    if need is not None:
        Need.objects.filter(pk=need.pk).update(deleted_at=None)
    return need
