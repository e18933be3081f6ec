"""Why a firm stands where it does for a lot, and what would bring it among the first: values and French sentences."""

from __future__ import annotations

from dataclasses import dataclass

from matchmaker.domain.pair import pair
from matchmaker.domain.query import Found, IndexedFirm, LotQuery
from matchmaker.domain.score import Formula
from matchmaker.domain.telling import Context, Told, tell
from matchmaker.domain.whynot import TOP, WhyNot, obstacles
from matchmaker.domain.whynot import why_not as smallest_change
from matchmaker.domain.wording import spelled
from matchmaker.match import lot_query, said_by
from matchmaker.models import Firm, Lot
from matchmaker.needs import needs_of
from matchmaker.queries import PublicFirm, public_firm
from matchmaker.reference import reference
from matchmaker.snapshot import current, indexed

_MADE_UP = "Une entreprise fictive ne rencontre que des lots fictifs, une vraie que de vrais lots."
_NO_TRADE = "Aucun métier n'a été reconnu dans ce lot."
_NO_PLACE = "Le lieu de ce lot est inconnu, trop étendu ou hors de France."
_CLOSED = "Elle est fermée."
_NO_FIRM_TRADE = "Aucun métier n'est connu d'elle : qu'elle les déclare."
_NO_FIRM_PLACE = "Son adresse n'a pas pu être située."


@dataclass(frozen=True, slots=True)
class Explained:
    """A firm and a lot. ``parts`` one a line, points adding up to ``score``; a firm that is no match has
    ``obstacles`` instead, and neither score nor rank. ``supply``: how many firms are ranked.
    """

    firm: PublicFirm
    rank: int | None
    score: float | None
    supply: int
    parts: tuple[Told, ...]
    obstacles: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(told.sentence for told in self.parts)


def explain(lot: Lot, firm: Firm, formula: Formula | None = None) -> Explained:
    """Why the firm has its score. ``lot.tender.buyer`` and ``firm.commune`` fetched beforehand save queries.

    ``formula``: the weights of the person who asks, else those in force.
    """
    met = _Meeting(lot, firm, formula)
    if met.firm is None or met.lot is None:
        return Explained(public_firm(firm), None, None, 0, (), met.refusals)
    found = pair(met.firm, met.lot, met.tables)
    if found is None:
        return Explained(public_firm(firm), None, None, 0, (), obstacles(met.firm, met.lot, met.tables))
    rank, supply = met.standing(found)
    parts = tell(found, met.firm, met.lot, met.tables, met.context)
    return Explained(public_firm(firm), rank, found.score, supply, parts, ())


def why_not(lot: Lot, firm: Firm, top: int = TOP) -> WhyNot:
    """What keeps the firm out of the first ``top`` of the lot, and the smallest change that would bring it there."""
    met = _Meeting(lot, firm)
    if met.firm is None or met.lot is None:
        return WhyNot(None, None, None, top, met.refusals, None, (), " ".join(met.refusals))
    answer = met.index.ask(met.lot, top + 1)
    found = pair(met.firm, met.lot, met.tables)
    rank = None if found is None else met.standing(found)[0]
    return smallest_change(met.firm, met.lot, answer, rank, met.tables, top)


class _Meeting:
    """A lot and a firm as the index in force knows them, None where it does not."""

    def __init__(self, lot: Lot, firm: Firm, formula: Formula | None = None) -> None:
        self.rows = lot, firm
        self.tables = reference()
        self.needs = needs_of(lot, self.tables)
        supply = current(lot.tender.fictitious, self.tables)  # one version for words and ranking
        self.index, self.model = supply.index, supply.model
        if formula is not None:
            self.tables, self.index = self.tables.weighing(formula), self.index.weighing(formula)
        terms = self.model.lot_terms(*said_by(lot))
        self.lot: LotQuery | None = lot_query(lot, self.needs, self.tables, terms)
        same = firm.fictitious == lot.tender.fictitious
        self.firm: IndexedFirm | None = indexed(firm, self.tables, self.model) if same else None

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why one of them is not in the index."""
        lot, firm = self.rows
        facts = {
            _MADE_UP: firm.fictitious != lot.tender.fictitious,
            _NO_TRADE: not self.needs,
            _NO_PLACE: lot.point is None,
            _CLOSED: not firm.active,
            _NO_FIRM_TRADE: not firm.trades,
            _NO_FIRM_PLACE: public_firm(firm).lon is None,
        }
        return tuple(sentence for sentence, holds in facts.items() if holds)

    def standing(self, found: Found) -> tuple[int, int]:
        """(rank among all firms of the lot, how many there are): ever longer answers until the firm is in one."""
        assert self.lot is not None
        size = 4 * TOP
        while True:
            answer = self.index.ask(self.lot, size)
            ahead = sum(
                (-other.score, other.id) < (-found.score, found.id) for other in answer.top if other.id != found.id
            )
            if ahead < len(answer.top) or len(answer.top) >= answer.supply:
                return ahead + 1, answer.supply
            size *= 16

    @property
    def context(self) -> Context:
        lot, firm = self.rows
        return Context(
            cpvs=tuple(lot.cpvs),
            trade_source=firm.trade_source,
            words=self._words(),
            by_words=any(need.by_words for need in self.needs),
            estimated=lot.amount_eur is None and lot.imputed_mid_eur is not None,
        )

    def _words(self) -> dict[int, str]:
        """The lot's words as the notice spells them, by their number."""
        if self.lot is None:
            return {}
        written = spelled(" ".join(said_by(self.rows[0])[:2]))
        named = zip(self.lot.terms, self.model.named(self.lot.terms), strict=True)
        return {number: written.get(root, root) for (number, _), root in named}
