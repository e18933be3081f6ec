"""The clauses of a need, lot by lot: sized, worded, advised, with what the buyer chose; read by page and documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from allotment import reference as tables_of
from allotment.clause_edit import State, states
from allotment.domain import law
from allotment.domain.clauses import Sizing
from allotment.domain.law import Exemption, LawError, Thresholds
from allotment.domain.locality import asks_for_local
from allotment.domain.need import Nature
from allotment.domain.texts import Clause, Library, article_of, generated, title_of
from allotment.models import ClauseLog, Need, Split
from allotment.models.clause import Kind
from allotment.queries import need_of
from allotment.sizing import Sized, lots_of, sized
from matchmaker.domain.reference import Reference
from matchmaker.reference import reference

THIN = "\u202f"


@dataclass(frozen=True, slots=True)
class ClauseView:
    """One clause of a lot. ``faults``: wordings to correct before anything leaves (S4, S5)."""

    kind: Kind
    title: str
    article: str
    state: State
    generated: str
    exemptions: tuple[Exemption, ...]
    is_due: bool

    @property
    def text(self) -> str:
        return self.state.text or self.generated

    @property
    def faults(self) -> tuple[str, ...]:
        return (*asks_for_local(self.text), *law.company_wide(self.text)) if self.state.is_on else ()

    @property
    def exemption(self) -> Exemption | None:
        """The ground chosen, if the law still knows it."""
        return next((one for one in self.exemptions if one.code == self.state.exemption), None)


@dataclass(frozen=True, slots=True)
class LotSheet:
    sized: Sized
    clauses: tuple[ClauseView, ...]
    is_small: bool  # A4
    is_dispensed: bool  # A5
    too_few_hours: bool  # for a social clause in hours

    @property
    def key(self) -> int:
        return self.sized.lot.key

    def clause(self, kind: str) -> ClauseView | None:
        return next((one for one in self.clauses if one.kind == kind), None)


@dataclass(frozen=True, slots=True)
class ClauseSheet:
    """``one_lot``: the exception a need kept whole owes (A1), when it does. ``warnings``: what is left to check."""

    need: Need
    split: Split | None
    law: Thresholds
    lots: tuple[LotSheet, ...]
    one_lot: ClauseView | None
    warnings: tuple[str, ...]
    hosted: int | None  # hours the bassin and its hosts can take at most for all lots together, where it is known
    trades: Mapping[str, str]
    shortest_reason: int
    version: str  # of the reference tables

    @property
    def faults(self) -> list[tuple[LotSheet, ClauseView]]:
        return [(lot, one) for lot in self.lots for one in lot.clauses if one.faults]

    @property
    def off(self) -> list[tuple[LotSheet | None, ClauseView]]:
        """What is left out, with its justification."""
        kept: list[tuple[LotSheet | None, ClauseView]] = []
        if self.one_lot and not self.one_lot.state.is_on:
            kept.append((None, self.one_lot))
        return kept + [(lot, one) for lot in self.lots for one in lot.clauses if not one.state.is_on]

    @property
    def asked(self) -> int:
        """Insertion hours of all lots whose social clause is on and sized."""
        on = [lot for lot in self.lots if (one := lot.clause(Kind.SOCIAL)) and one.state.is_on]
        return sum(lot.sized.sizing.asked for lot in on if not lot.too_few_hours)

    @property
    def owes_reason(self) -> bool:
        """A1: kept whole without an exception and a reason yet. No document leaves before."""
        return self.one_lot is not None and self.one_lot.state.is_on

    @property
    def limits(self) -> str:
        """What the documents must say of the lots a firm may bid for and win (A3); "" without limit or lots."""
        return law.limits_in_words(self.need.max_lots_bid, self.need.max_lots_won) if self.split else ""

    @property
    def is_too_much(self) -> bool:
        """Whether the lots ask together for more than can be hosted: each was sized as if it were alone."""
        return self.hosted is not None and self.asked > self.hosted

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the rules that bind this consultation are written."""
        names = ("dispensed", "formal", "small_lot", "social", "environment")
        rules = (self.law.find(name, self.need.nature, law.BuyerKind.LOCAL) for name in names)
        return tuple(dict.fromkeys(rule.source for rule in rules if rule))


def clause_sheet(need: Need, split: Split | None, only: int | None = None) -> ClauseSheet:
    """``only``: the lot with this key, for a change of one clause. About ten queries, and a heavy one a lot.

    Raises :class:`allotment.domain.need.NeedError`.
    """
    tables, library, rules = reference(), tables_of.texts(), tables_of.rules_on(need.launched_on)
    seen, chosen = need_of(need), states(need, split)
    lots = lots_of(seen, need, split)
    parts = [one.amount_eur for one in lots]
    warnings: list[str] = []
    try:
        small, dispensed = (find(rules, Nature(need.nature), parts) for find in (law.small_lots, law.dispensed_lots))
        due = law.lots_due(rules, Nature(need.nature), sum(parts), len(lots[0].trades), len(lots)) if lots else False
    except LawError as error:
        small = dispensed = (False,) * len(lots)
        due = False
        warnings.append(str(error))
    if len(lots) > 1:
        warnings += law.limit_objections(len(lots), need.max_lots_bid, need.max_lots_won)
    if rules.on_the_eve:
        warnings.append(
            "Lancée le 21 août 2026, veille de l'entrée en vigueur des obligations sociale et environnementale : "
            "faites vérifier la date qui s'applique."
        )
    tested = {one.key: flags for one, *flags in zip(lots, small, dispensed, strict=True)}
    measured = sized(need, seen, [one for one in lots if only is None or one.key == only])
    whole = sized(need, seen, lots_of(seen, need, None))[0].sizing if len(lots) > 1 and only is None else None
    return ClauseSheet(
        need=need,
        split=split,
        law=rules,
        lots=tuple(
            _lot(need, one, chosen, library, rules, tables, sum(parts), *tested[one.lot.key]) for one in measured
        ),
        one_lot=_one_lot(chosen) if due else None,
        warnings=tuple(warnings),
        hosted=int(whole.recommended[1]) if whole and whole.fit else None,
        trades={code: trade.label for code, trade in tables.trades.items()},
        shortest_reason=tables.integer("clauses.reason_length"),
        version=tables.version,
    )


def _lot(
    need: Need,
    measured: Sized,
    chosen: Mapping[tuple[int | None, str], State],
    library: Library,
    rules: Thresholds,
    tables: Reference,
    whole_eur: int,
    is_small: bool,
    is_dispensed: bool,
) -> LotSheet:
    yearly = measured.sizing.asked * 12 / max(12, need.months)
    too_few = yearly < tables["insertion.min_fte_hours"]
    nature = Nature(need.nature)
    grounds = {
        Clause.SOCIAL: law.social_exemptions(rules, nature, whole_eur, need.months),
        Clause.ENVIRONMENT: law.environment_exemptions(rules),
        Clause.CRITERION: law.environment_exemptions(rules),
    }
    due = {
        Clause.SOCIAL: rules.social_required(nature, whole_eur),
        Clause.ENVIRONMENT: rules.environment_required,
        Clause.CRITERION: rules.environment_required,
    }
    row = measured.lot.row
    clauses = tuple(
        ClauseView(
            kind=Kind(clause),
            title=title_of(library, clause),
            article=article_of(library, clause),
            state=chosen.get((row.pk if row else None, clause.value), State()),
            generated=generated(library, clause, measured.lot.trades, blanks(measured.sizing), small=too_few),
            exemptions=grounds[clause],
            is_due=due[clause],
        )
        for clause in Clause
    )
    return LotSheet(measured, clauses, is_small, is_dispensed, too_few)


def _one_lot(chosen: Mapping[tuple[int | None, str], State]) -> ClauseView:
    state = chosen.get((None, Kind.ONE_LOT.value), State())
    return ClauseView(Kind.ONE_LOT, "Marché sans lots", "L2113-10", state, "", law.ONE_LOT, True)


def blanks(sizing: Sizing) -> dict[str, str]:
    """What fills a text, as written in France whatever the reader's language: a contract is in French."""
    return {
        "hours": f"{sizing.asked:,}".replace(",", THIN),
        "fte": f"{sizing.fte:.2f}".replace(".", ","),
        "people": str(max(1, round(sizing.people))),
        "months": str(sizing.months),
    }


def journal(need: Need, most: int = 200) -> QuerySet[ClauseLog]:
    """Latest first. One query."""
    return ClauseLog.objects.filter(need=need).select_related("by")[:most]


def split_of(need: Need, number: str) -> Split | None:
    """The version asked for by its number; the last one by default; None: the whole need as one lot. One query."""
    versions: Sequence[Split] = need.splits.all()
    if number == "0":
        return None
    if number.isascii() and number.isdigit() and len(number) < 9:
        return next((one for one in versions if one.number == int(number)), None)
    return max(versions, key=lambda one: one.number, default=None)
