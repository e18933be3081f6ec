"""Named reads of consultations: who may do what in them, and what is public. Default deny."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import Organisation
from allotment.domain.consultation import Aggregate, Declared, Phase, aggregate, phase
from allotment.models import (
    BuyerWord,
    Consultation,
    Contribution,
    Interest,
    ModerationDecision,
    Need,
    NeedTrade,
    SplitLot,
)
from allotment.queries import Person, buyers_of
from matchmaker.reference import reference

ANSWERING = (Organisation.Kind.FIRM, Organisation.Kind.NETWORK, Organisation.Kind.AGENCY)
PUBLIC_STATES = (Need.State.CONSULTATION, Need.State.CLOSED)


def consultations() -> QuerySet[Consultation]:
    """Those anybody may read: opened by their buyer, of a need that was not set aside."""
    return Consultation.objects.filter(need__state__in=PUBLIC_STATES, need__deleted_at=None).select_related(
        "need__organisation"
    )


def moderated_by(user: Person) -> QuerySet[Consultation]:
    """Those this person moderates: of their own organisations, or for which an agency of theirs was appointed."""
    if not user.is_authenticated:
        return Consultation.objects.none()
    agencies = Organisation.objects.filter(kind=Organisation.Kind.AGENCY, memberships__user=user.pk)
    mine = Q(need__organisation__in=buyers_of(user)) | Q(agencies__in=agencies)
    return consultations().filter(mine).distinct()


def answering(user: Person) -> QuerySet[Organisation]:
    """The organisations in whose name this person may answer a consultation."""
    if not user.is_authenticated:
        return Organisation.objects.none()
    return Organisation.objects.filter(kind__in=ANSWERING, memberships__user=user.pk)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def followed(token: str) -> Contribution | None:
    """The contribution a secret address follows, whatever became of it. One query."""
    rows = Contribution.objects.select_related("consultation__need__organisation")
    return rows.filter(token_hash=hashed(token), consultation__in=consultations()).first()


# ---------------------------------------------------------------- what is public


@dataclass(frozen=True, slots=True)
class Said:
    """A contribution as anybody may read it: no e-mail, no address, no state but public."""

    pk: int
    name: str
    quality: str
    about: str
    body: str
    at: datetime
    answers: list[BuyerWord] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Thread:
    """One level: ``first`` is None where moderators withdrew what was answered."""

    first: Said | None
    answers: list[BuyerWord]
    replies: list[Said]


def published(consultation: Consultation) -> QuerySet[Contribution]:
    """The one door to public contributions."""
    return consultation.contributions.filter(status=Contribution.Status.PUBLISHED).select_related("organisation")


def threads(consultation: Consultation, about: str = "") -> list[Thread]:
    """Published contributions with the buyer's answers and the published replies. Two queries."""
    answers = Prefetch("answers", BuyerWord.objects.defer("document"))
    rows = list(published(consultation).prefetch_related(answers))
    told = {row.pk: _said(row) for row in rows}
    replies: dict[int, list[Said]] = {}
    for row in rows:
        if row.parent_id is not None:
            replies.setdefault(row.parent_id, []).append(told[row.pk])
    tops = [row.pk for row in rows if row.parent_id is None and (not about or row.about == about)]
    found = [Thread(told[pk], told[pk].answers, replies.pop(pk, [])) for pk in tops]
    orphans = {} if about else {pk: kept for pk, kept in replies.items() if pk not in told}
    return found + [Thread(None, [], kept) for kept in orphans.values()]


def _said(row: Contribution) -> Said:
    name = row.organisation.name if row.organisation else row.name
    return Said(
        row.pk, name, row.quality, row.about, row.body, row.decided_at or row.created_at, list(row.answers.all())
    )


def buyer_words(consultation: Consultation) -> list[BuyerWord]:
    """All the buyer told, the latest first: nothing it says goes elsewhere. One query."""
    return list(consultation.words.defer("document").select_related("contribution").order_by("-at", "-pk"))


def refused_by_reason(consultation: Consultation) -> Counter[str]:
    """How many were refused or withdrawn, by reason: that is public, what they said is not. One query."""
    rows = consultation.contributions.filter(status=Contribution.Status.REFUSED)
    return Counter({one["reason"]: one["n"] for one in rows.order_by().values("reason").annotate(n=Count("pk"))})


def lots(consultation: Consultation) -> list[SplitLot]:
    """Of the splits shown, version by version. One query."""
    rows = SplitLot.objects.filter(split__in=consultation.splits.all()).select_related("split")
    return list(rows.order_by("split__number", "position"))


def subjects(consultation: Consultation, shown: list[SplitLot]) -> list[tuple[str, str]]:
    """(key, words) of all that a contribution can be about, beside the whole need. One query."""
    trades = [(f"trade:{row.trade}", label) for label, row in trades_of(consultation.need)]
    return trades + [(f"lot:{lot.pk}", lot_label(lot)) for lot in shown]


def trades_of(need: Need) -> list[tuple[str, NeedTrade]]:
    """(label, line) of each trade. One query."""
    names = reference().trades
    return [(names[row.trade].label if row.trade in names else row.trade, row) for row in need.trades.all()]


def lot_label(lot: SplitLot) -> str:
    name = f" « {lot.split.name} »" if lot.split.name else ""
    return f"Version {lot.split.number}{name}, lot {lot.position} : {lot.title}"[:250]


def aggregates(consultation: Consultation, now: datetime) -> dict[int | None, Aggregate]:
    """What may be public of the capacities declared, by lot (None: the whole need). One query."""
    answers: dict[int | None, list[Declared]] = {}
    rows = consultation.interests.exclude(level=Interest.Level.WATCHING)
    for row in rows:
        fte = float(row.fte) if row.fte is not None else None
        answers.setdefault(row.lot_id, []).append(Declared(row.organisation_id, fte, row.amount_eur))
    over = phase(consultation.window, now) == Phase.CLOSED
    return {lot: aggregate(kept, over=over) for lot, kept in answers.items()}


# ---------------------------------------------------------------- for moderators


def queue(user: Person, need_id: int | None = None) -> QuerySet[Contribution]:
    """What waits for this person's decision, the oldest first."""
    rows = Contribution.objects.filter(consultation__in=moderated_by(user), status=Contribution.Status.WAITING)
    rows = rows.select_related("consultation__need__organisation", "organisation", "parent")
    return rows.filter(consultation__need=need_id) if need_id else rows


def recent_decisions(user: Person, since: datetime, most: int = 5) -> list[ModerationDecision]:
    """This person's latest decisions that are still the last of their contribution. One query."""
    later = ModerationDecision.objects.filter(contribution__consultation__in=moderated_by(user), at__gte=since)
    seen: dict[int, ModerationDecision] = {}
    for one in later.select_related("contribution").order_by("-at", "-pk")[:200]:
        seen.setdefault(one.contribution_id, one)
    mine = [one for one in seen.values() if one.by_id == user.pk and one.act != ModerationDecision.Act.UNDO]
    return mine[:most]
