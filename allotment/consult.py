"""What people do in a consultation: open, answer, contribute, moderate, tell all. Each verb is one transaction.

There is no verb by which a buyer tells something to one: that is how rule S1 is kept (R2111-1, R2111-2).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import Organisation, User
from allotment.consult_queries import hashed, lots, subjects
from allotment.domain import consultation as domain
from allotment.domain.consultation import Act, ConsultationError, Phase, Reason
from allotment.models import BuyerWord, Consultation, Contribution, Interest, ModerationDecision, Need, Split, SplitLot

LONGEST = 5_000  # characters of a contribution
SHORTEST = 10
LONGEST_WORD = 20_000  # characters of what a buyer tells
MOST_BYTES = 5 * 1024 * 1024  # of a document
DOCUMENTS = {".pdf", ".odt", ".ods", ".docx", ".xlsx", ".csv", ".txt", ".png", ".jpg"}
MOST_FTE = 10_000
MOST_EUR = 10_000_000_000


class ContributionError(ValueError):
    """Cette contribution ne peut pas être reçue ; le message dit pourquoi."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a buyer decides of a consultation."""

    question: str
    opens_at: datetime
    closes_at: datetime
    show_amounts: bool = False
    splits: Sequence[Split] = ()
    agencies: Sequence[Organisation] = ()


@transaction.atomic
def open_consultation(need: Need, terms: Terms, user: User) -> Consultation:
    """Open, or change, or open again; changes to what is open are told to all. Raises :class:`ConsultationError`."""
    Need.objects.select_for_update().get(pk=need.pk)
    question = _clean(terms.question)
    if not question:
        raise ConsultationError("Écrivez ce que vous demandez : c'est le début de la page.")
    now, row = timezone.now(), Consultation.objects.filter(need=need).first()
    before = row.window if row else None
    window = domain.opened(before, terms.opens_at, terms.closes_at, now)
    changes = _changes(row, terms, window, question) if row and domain.phase(before, now) != Phase.ANNOUNCED else []
    row = row or Consultation(need=need, opened_by=user)
    row.question, row.show_amounts = question[:LONGEST_WORD], terms.show_amounts
    row.opens_at, row.closes_at, row.closed_at = window.opens_at, window.closes_at, window.closed_at
    row.save()
    row.splits.set(split for split in terms.splits if split.need_id == need.pk)
    row.agencies.set(one for one in terms.agencies if one.kind == Organisation.Kind.AGENCY)
    Need.objects.filter(pk=need.pk).update(state=Need.State.CONSULTATION)
    need.state = Need.State.CONSULTATION
    if changes:
        BuyerWord.objects.create(consultation=row, kind=BuyerWord.Kind.CHANGE, body="\n\n".join(changes), by=user)
    return row


def _changes(row: Consultation, terms: Terms, after: domain.Window, question: str) -> list[str]:
    """In words, what those who already read the page would miss."""
    found = []
    if row.closed_at is not None:
        found.append("La consultation est ouverte de nouveau.")
    if row.closes_at != after.closes_at or row.closed_at is not None:
        found.append(f"La clôture est fixée au {_moment(after.closes_at)} (elle l'était au {_moment(row.closes_at)}).")
    if question != row.question:
        found.append(f"La demande est reformulée. Elle était :\n<quote>{row.question}</quote>")
    versions = sorted(split.number for split in terms.splits)
    if versions != sorted(row.splits.values_list("number", flat=True)):
        shown = ", ".join(str(number) for number in versions)
        found.append(f"Versions de découpage présentées : {shown or 'aucune'}.")
    if terms.show_amounts != row.show_amounts:
        found.append("Les montants envisagés sont " + ("publiés." if terms.show_amounts else "retirés de la page."))
    return found


def _moment(value: datetime) -> str:
    return f"{timezone.localtime(value):%d/%m/%Y à %H:%M}"


@transaction.atomic
def close_consultation(consultation: Consultation) -> None:
    """Before its time. Raises :class:`ConsultationError` when it is already over."""
    row = Consultation.objects.select_for_update().get(pk=consultation.pk)
    row.closed_at = domain.closed(row.window, timezone.now()).closed_at
    row.save(update_fields=["closed_at"])
    Need.objects.filter(pk=row.need_id).update(state=Need.State.CLOSED)
    consultation.closed_at = row.closed_at


def _check_open(consultation: Consultation) -> None:
    now = domain.phase(consultation.window, timezone.now())
    if now == Phase.ANNOUNCED:
        raise ConsultationError("La consultation n'est pas encore ouverte : revenez à la date annoncée.")
    if now != Phase.OPEN:
        raise ConsultationError("La consultation est close : elle ne reçoit plus rien.")


# ---------------------------------------------------------------- saying


@dataclass(frozen=True, slots=True)
class Words:
    """What a contributor typed."""

    body: str
    name: str = ""
    quality: str = ""
    email: str = ""
    subject: str = ""  # "", "lot:PK" or "trade:CODE"
    parent: int | None = None


@transaction.atomic
def contribute(
    consultation: Consultation, said: Words, organisation: Organisation | None = None
) -> tuple[Contribution, str]:
    """A contribution that waits, and the secret of the address where its author follows it.

    Raises :class:`ConsultationError` outside its time, :class:`ContributionError` for what it says or is about.
    """
    _check_open(consultation)
    body = _clean(said.body)
    if len(body) < SHORTEST:
        raise ContributionError(f"Écrivez votre message : {SHORTEST} caractères au moins.")
    if len(body) > LONGEST:
        raise ContributionError(f"Votre message compte {len(body)} caractères : ramenez-le à {LONGEST}.")
    parent = _parent(consultation, said.parent)
    lot, trade, about = (parent.lot, parent.trade, parent.about) if parent else _subject(consultation, said.subject)
    token = secrets.token_urlsafe(24)
    row = Contribution.objects.create(
        consultation=consultation,
        parent=parent,
        lot=lot,
        trade=trade,
        about=about,
        organisation=organisation,
        name=_line(said.name),
        quality=_line(said.quality),
        email=said.email.strip()[:254],
        body=body,
        token_hash=hashed(token),
    )
    return row, token


def _parent(consultation: Consultation, pk: int | None) -> Contribution | None:
    """One answers what is public, and one level deep."""
    if pk is None:
        return None
    row = consultation.contributions.filter(pk=pk, status=Contribution.Status.PUBLISHED, parent=None).first()
    if row is None:
        raise ContributionError("La contribution à laquelle vous répondez n'est plus publiée.")
    return row


def _subject(consultation: Consultation, key: str) -> tuple[SplitLot | None, str, str]:
    if not key:
        return None, "", ""
    shown = lots(consultation)
    about = dict(subjects(consultation, shown)).get(key)
    if about is None:
        raise ContributionError("Choisissez dans la liste ce dont parle votre message.")
    kind, _, code = key.partition(":")
    lot = next((lot for lot in shown if kind == "lot" and str(lot.pk) == code), None)
    return lot, code if kind == "trade" else "", about


@transaction.atomic
def tell(
    consultation: Consultation,
    body: str,
    user: User,
    *,
    answers: int | None = None,
    document: tuple[str, bytes] | None = None,
) -> BuyerWord:
    """The buyer tells everybody, at once and for good; an answer is to what is public only.

    Raises :class:`ConsultationError`.
    """
    body = _clean(body)
    if not body:
        raise ConsultationError("Écrivez votre réponse ou votre précision.")
    if len(body) > LONGEST_WORD:
        raise ConsultationError(f"Ce texte dépasse {LONGEST_WORD} caractères : joignez plutôt un document.")
    target = None
    if answers is not None:
        target = consultation.contributions.filter(pk=answers, status=Contribution.Status.PUBLISHED).first()
        if target is None:
            raise ConsultationError(
                "On ne répond qu'à une contribution publiée : la réponse est pour tous, elle aussi. Publiez-la d'abord."
            )
    name, content = _document(document)
    kind = BuyerWord.Kind.ANSWER if target else BuyerWord.Kind.PRECISION
    return BuyerWord.objects.create(
        consultation=consultation,
        contribution=target,
        kind=kind,
        body=body,
        document_name=name,
        document=content,
        by=user,
    )


def _document(given: tuple[str, bytes] | None) -> tuple[str, bytes]:
    if given is None:
        return "", b""
    name, content = _line(given[0])[-150:], given[1]
    ending = f".{name.rpartition('.')[2].lower()}"
    if ending not in DOCUMENTS:
        raise ConsultationError(f"Ce type de document n'est pas reçu : choisissez {', '.join(sorted(DOCUMENTS))}.")
    if not content or len(content) > MOST_BYTES:
        raise ConsultationError("Ce document est vide ou dépasse 5 Mo.")
    return name, content


# ---------------------------------------------------------------- declaring


@dataclass(frozen=True, slots=True)
class LotInterest:
    """One line of a firm's answer; ``lot`` None: the whole need."""

    lot: int | None
    level: str
    fte: Decimal | None = None
    amount_eur: int | None = None


@transaction.atomic
def declare(consultation: Consultation, organisation: Organisation, lines: Sequence[LotInterest], user: User) -> int:
    """Replace what an organisation declared by these lines; how many there are. Raises :class:`ConsultationError`."""
    _check_open(consultation)
    known = {None, *(lot.pk for lot in lots(consultation))}
    for line in lines:
        if line.lot not in known or line.level not in Interest.Level.values:
            raise ConsultationError("Cette page a changé : relisez les lots avant de répondre.")
        if not (0 <= (line.fte or 0) <= MOST_FTE and 0 <= (line.amount_eur or 0) <= MOST_EUR):
            raise ConsultationError("Une capacité est hors de toute mesure : vérifiez les ETP et les euros.")
    Consultation.objects.select_for_update().get(pk=consultation.pk)
    consultation.interests.filter(organisation=organisation).delete()
    Interest.objects.bulk_create(
        Interest(
            consultation=consultation,
            organisation=organisation,
            lot_id=line.lot,
            level=line.level,
            fte=line.fte,
            amount_eur=line.amount_eur,
            updated_by=user,
        )
        for line in lines
    )
    return len(lines)


# ---------------------------------------------------------------- moderating


@transaction.atomic
def decide(
    contribution_id: int, act: Act, user: User, *, reason: Reason | None = None, words: str = ""
) -> Contribution:
    """One more line of a contribution's history, and the state that follows. The caller checked who moderates.

    Raises :class:`allotment.domain.consultation.ModerationError`, also when another moderator was quicker.
    """
    row = Contribution.objects.select_for_update(of=("self",)).get(pk=contribution_id)
    history = [one.as_domain() for one in row.decisions.all()]
    new = domain.Decision(act, user.pk, timezone.now(), reason, _clean(words)[:LONGEST])
    after = domain.decided(history, new)
    ModerationDecision.objects.create(
        contribution=row, act=act, reason=reason or "", words=new.words, by=user, at=new.at
    )
    stands = domain.standing(after)
    row.status = domain.status(after)
    row.reason = stands.reason or "" if stands else ""
    row.reason_words = stands.words if stands and stands.reason else ""
    row.decided_at = stands.at if stands else None
    row.save(update_fields=["status", "reason", "reason_words", "decided_at"])
    return row


def _clean(text: str) -> str:
    return text.replace("\x00", "").replace("\r\n", "\n").strip()


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:120]
