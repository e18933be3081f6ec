"""A buyer's commitment board: contracts of the open data, completed by hand by its own members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import Organisation
from allotment.domain.commitment import (
    Contract,
    Kind,
    Level,
    Projection,
    Published,
    Spaser,
    Winner,
    Year,
    asks,
    considerations,
    project,
    spaser,
    told_once,
    won,
    year_of,
)
from allotment.models import CommitmentEntry, CommitmentTarget
from allotment.queries import Person
from allotment.reference import levels, rules_on
from matchmaker.models import Award, Buyer, Firm
from matchmaker.queries import PublicFirm, public_firm
from matchmaker.reference import reference

YEARS_SHOWN = 6
FOUNDING = "founding.converted"  # key of the 20 % in the table of levels
GROUPED = (Award.Grouping.CONJOINT, Award.Grouping.SOLIDAIRE, Award.Grouping.GROUP, Award.Grouping.PRESUMED)


class CommitmentRefusedError(ValueError):
    """Cette ligne n'est pas possible ; le message dit ce qui manque."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A contract as the page tells it, with its holders as anyone may see them (rule D1)."""

    contract: Contract
    title: str
    award: Award | None
    entry: CommitmentEntry | None
    holders: tuple[PublicFirm | None, ...]  # None: a holder no register tells of
    framework: bool


@dataclass(frozen=True, slots=True)
class Board:
    """All a page or a document says of one buyer and year."""

    buyer: Buyer
    year: int
    figures: Year
    trend: tuple[Year, ...]  # the first year first, this one last
    projection: Projection | None
    target: float
    own_target: bool  # set by the buyer, else the founding text's
    levels: tuple[Level, ...]
    spaser: Spaser
    contracts: tuple[Shown, ...]
    latest: date | None  # day of the last award known of this buyer
    fictitious: bool
    undated: int  # awards without a day of notification: in no year

    @property
    def reached(self) -> bool:
        return self.figures.share is not None and self.figures.share >= self.target


# ---------------------------------------------------------------- buyers


def buyers(text: str = "", limit: int = 30) -> list[Buyer]:
    """Buyers with dated awards, those with most first, by name or SIRET. One query over the awards of those found."""
    found = Buyer.objects.all()
    text = text.replace("\x00", "").strip()[:100]
    if text.replace(" ", "").isdigit():
        found = found.filter(siret__startswith=text.replace(" ", ""))
    else:
        for word in text.split():
            found = found.filter(name__icontains=word)
    dated = Count("awards", filter=Q(awards__notified_on__isnull=False))
    with_awards = found.annotate(known=dated, last_on=Max("awards__notified_on")).filter(known__gt=0)
    return list(with_awards.order_by("-known", "name", "pk")[:limit])


def own_buyers(user: Person) -> list[Buyer]:
    """Those a person's organisations are, by SIRET. One query."""
    if not user.is_authenticated:
        return []
    sirets = Organisation.objects.filter(memberships__user=user.pk, kind=Organisation.Kind.BUYER).exclude(siret="")
    dated = Max("awards__notified_on")
    return list(Buyer.objects.filter(siret__in=sirets.values("siret")).annotate(last_on=dated).order_by("name", "pk"))


def organisations_of(buyer: Buyer) -> QuerySet[Organisation]:
    """The organisations that are this buyer: same SIRET, and one is known."""
    if not buyer.siret:
        return Organisation.objects.none()
    return Organisation.objects.filter(kind=Organisation.Kind.BUYER, siret=buyer.siret)


def writer(user: Person, buyer: Buyer) -> Organisation | None:
    """The organisation on whose behalf a person may write on this board; None: it may only read. One query."""
    if not user.is_authenticated:
        return None
    return organisations_of(buyer).filter(memberships__user=user.pk).first()


# ---------------------------------------------------------------- the board


def years_of(buyer: Buyer, today: date) -> list[int]:
    """Years with an award or a line by hand, and the running one if it has; the last first. Two queries."""
    told = set(_awards(buyer).filter(notified_on__lte=today).values_list("notified_on__year", flat=True))
    told |= set(
        CommitmentEntry.standing().filter(organisation__in=organisations_of(buyer)).values_list("year", flat=True)
    )
    return sorted(told, reverse=True)


def board(buyer: Buyer, year: int, today: date) -> Board:
    """At most nine queries, and memory for the contracts of six years of one buyer."""
    shown = _shown(buyer, year - YEARS_SHOWN + 1, year)
    contracts = [one.contract for one in shown]
    first = min((one.on.year for one in contracts), default=year)
    trend = tuple(year_of(contracts, one) for one in range(min(first, year), year + 1))
    known = levels()
    own = CommitmentTarget.objects.filter(organisation__in=organisations_of(buyer), year=year).first()
    duty = rules_on(date(year, 12, 31)).find("spaser")
    dates = _awards(buyer).aggregate(last=Max("notified_on"))
    return Board(
        buyer=buyer,
        year=year,
        figures=trend[-1],
        trend=trend,
        projection=project(trend[-1], trend[:-1], today),
        target=own.permille / 1000 if own else founding(known),
        own_target=own is not None,
        levels=tuple(one for one in known if one.first <= year),
        spaser=spaser(contracts, year, round(duty.value) if duty else None),
        contracts=tuple(one for one in shown if one.contract.on.year == year),
        latest=dates["last"],
        fictitious=any(one.award and one.award.fictitious for one in shown),
        undated=Award.objects.filter(buyer__in=_same(buyer), notified_on=None).count(),
    )


def founding(known: Sequence[Level]) -> float:
    """The 20 % of the founding text, as the table stands. Raises LookupError where its row was deleted."""
    found = next((level.value for level in known if level.key == FOUNDING), None)
    if found is None:
        raise LookupError("La ligne « founding.converted » manque dans la table des niveaux : lancez load_reference.")
    return found


def _same(buyer: Buyer) -> QuerySet[Buyer]:
    """The rows that are one buyer: open data give some both a number and a mere name."""
    return Buyer.objects.filter(siret=buyer.siret) if buyer.siret else Buyer.objects.filter(pk=buyer.pk)


def _awards(buyer: Buyer) -> QuerySet[Award]:
    return Award.objects.filter(buyer__in=_same(buyer), notified_on__isnull=False).order_by()


def _shown(buyer: Buyer, first: int, last: int) -> list[Shown]:
    """Contracts notified in some years, each once, what members wrote taken in; largest first. Three queries."""
    found = _awards(buyer).filter(notified_on__gte=date(first, 1, 1), notified_on__lte=date(last, 12, 31))
    rows = list(found.prefetch_related("holders__firm__commune").defer("point", "warnings", "modifications"))
    kept = told_once(
        [
            Published(str(row), row.source == "decp", row.notified_on, frozenset(_sirens(row)))
            for row in rows
            if row.notified_on
        ],
        reference().integer("award.twin_days"),
    )
    lines = list(CommitmentEntry.standing().filter(organisation__in=organisations_of(buyer)).select_related("by"))
    completed: dict[str, list[CommitmentEntry]] = {}
    for line in lines:
        completed.setdefault(line.award, []).append(line)
    share = reference()["award.framework_share"]
    shown = [_award_shown(row, completed.get(str(row), []), share) for row in rows if str(row) in kept]
    shown += [_entry_shown(line) for line in completed.get("", []) if first <= line.on.year <= last]
    return sorted(shown, key=lambda one: (-(one.contract.amount_eur or 0), one.contract.key))


def _sirens(row: Award) -> Iterable[str]:
    return (holder.siren or holder.name.upper() for holder in row.holders.all() if holder.siren or holder.name)


def _award_shown(row: Award, lines: Sequence[CommitmentEntry], framework_share: float) -> Shown:
    firms = [holder.firm for holder in row.holders.all()]
    winners = [_winner(firm, row.notified_on) for firm in firms]
    said = considerations(row.social)
    by_hand = frozenset(Kind(kind) for line in lines for kind in line.kinds)
    green = next((line.green for line in lines if line.green is not None), asks(row.green))
    assert row.notified_on is not None
    contract = Contract(
        key=str(row),
        on=row.notified_on,
        amount_eur=_engaged(row, framework_share),
        kinds=said.kinds | won(winners, grouped=row.grouping in GROUPED) | by_hand,
        said=said.known or bool(lines),
        green=green,
        esus=bool(winners) and all(one.esus for one in winners),
        inclusive=bool(winners) and all(one.inclusive for one in winners),
    )
    told = tuple(public_firm(firm) if firm else None for firm in firms)
    return Shown(contract, row.title, row, lines[0] if lines else None, told, row.framework)


def _engaged(row: Award, framework_share: float) -> int | None:
    """Whole duration; a framework agreement publishes its maximum, of which a part is bought (EST)."""
    if row.amount_eur is None or not row.framework:
        return row.amount_eur
    return round(row.amount_eur * framework_share)


def _winner(firm: Firm | None, on: date | None) -> Winner:
    if firm is None:
        return Winner()
    agreed = firm.esus and (firm.esus_until is None or on is None or firm.esus_until >= on)
    return Winner(firm.ess == Firm.Ess.YES, agreed, bool(firm.inclusive_kind))


def _entry_shown(line: CommitmentEntry) -> Shown:
    contract = Contract(
        key=f"hand {line.pk}",
        on=line.on,
        amount_eur=line.amount_eur,
        kinds=frozenset(Kind(kind) for kind in line.kinds),
        said=True,
        green=line.green,
        by_hand=True,
    )
    return Shown(contract, line.title, None, line, (), False)


# ---------------------------------------------------------------- by hand


@dataclass(frozen=True, slots=True)
class Line:
    """What a member types. ``award``: the published contract it completes, else a contract of its own."""

    on: date
    note: str
    title: str = ""
    amount_eur: int | None = None
    award: str = ""
    kinds: tuple[str, ...] = ()
    green: bool | None = None


def add_line(buyer: Buyer, organisation: Organisation, by: Person, line: Line, today: date) -> CommitmentEntry:
    """Raises :class:`CommitmentRefusedError`. The caller has asked :func:`writer`."""
    _check(buyer, line, today)
    return CommitmentEntry.objects.create(
        organisation=organisation, year=line.on.year, by_id=by.pk, on=line.on, title=line.title.strip()[:250],
        amount_eur=line.amount_eur, award=line.award, kinds=sorted(set(line.kinds)), green=line.green,
        note=line.note.strip(),
    )  # fmt: skip


def _check(buyer: Buyer, line: Line, today: date) -> None:
    if not line.note.strip():
        raise CommitmentRefusedError("Dites sur quoi la ligne repose : chacun pourra le lire.")
    if line.on > today:
        raise CommitmentRefusedError("Un contrat se note une fois notifié : la date est à venir.")
    if not set(line.kinds) <= set(Kind):
        raise CommitmentRefusedError("Choisissez ce qui convertit le contrat parmi les choix proposés.")
    if line.award:
        if line.award not in {str(row) for row in _awards(buyer).filter(notified_on=line.on)}:
            raise CommitmentRefusedError("Ce contrat publié n'est pas de cet acheteur, ou pas de cette date.")
    elif not line.title.strip() or not line.amount_eur or line.amount_eur <= 0:
        raise CommitmentRefusedError("Indiquez l'objet du contrat et un montant hors taxe positif.")


def cancel_line(organisation: Organisation, by: Person, pk: int) -> CommitmentEntry:
    """Take a line back by another; the journal keeps both. Raises :class:`CommitmentRefusedError`."""
    line = CommitmentEntry.standing().filter(organisation=organisation, pk=pk).first()
    if line is None:
        raise CommitmentRefusedError("Cette ligne est déjà annulée, ou n'est pas de votre organisation.")
    return CommitmentEntry.objects.create(
        organisation=organisation, year=line.year, by_id=by.pk, on=line.on, note="Annulation", cancels=line,
        award=line.award,
    )  # fmt: skip


def set_target(organisation: Organisation, by: Person, year: int, share: float) -> CommitmentTarget:
    """``share`` 0..1. Raises :class:`CommitmentRefusedError`."""
    if not 0 <= share <= 1:
        raise CommitmentRefusedError("L'objectif est une part de 0 à 100 %.")
    return CommitmentTarget.objects.create(
        organisation=organisation, year=year, by_id=by.pk, permille=round(1000 * share)
    )


def journal(buyer: Buyer, year: int) -> list[CommitmentEntry]:
    """Every line of a year, the taken back and what took them back too; the last first. One query."""
    rows = CommitmentEntry.objects.filter(organisation__in=organisations_of(buyer), year=year)
    return list(rows.select_related("by", "organisation", "cancels"))


def drilled(shown: Sequence[Shown], wanted: str) -> list[Shown]:
    """The contracts behind a figure: one of :class:`Kind`, or converted, unknown, plain, hand, unpriced; else all."""

    def holds(one: Shown) -> bool:
        contract = one.contract
        tests = {
            "converted": contract.converted,
            "unknown": contract.unknown,
            "plain": not contract.converted and not contract.unknown,
            "hand": one.entry is not None,
            "unpriced": contract.amount_eur is None,
            "green": bool(contract.green),
        }
        return tests.get(wanted, wanted in contract.kinds if wanted in set(Kind) else True)

    return [one for one in shown if holds(one)]
