"""Awards as the BOAMP's own forms tell them: ATTRIBUTION / DECISION / TITULAIRE, each followed by its figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from matchmaker.domain.notice import AwardOutcome, LotAward, NoticeLot, Place, Winner
from matchmaker.sources import boamp_terms, fields
from matchmaker.sources.boamp_body import WHOLE, amount, code, first, has, town
from matchmaker.sources.countries import alpha2
from matchmaker.sources.places import nuts_code, postcode
from matchmaker.sources.xml import Element, child, children, local_name

_NAMES = ("denomination", "nomofficiel", "nomtitulaire", "raisonsociale", "nom")
_AMOUNTS = ("montant", "valeur", "valeurmarche", "valeurtotale", "montantht")
_CEILINGS = ("montantmaxi", "montantmax", "valeurmax", "valeurhaute", "fourchette/valeurhaute", "montantmini")
# "(Mandataire)", "(co-traitant)", "mandataire du groupement" beside a name
_IN_A_GROUP = re.compile(r"\b(?:mandataires?|co-?traitants?|groupement|solidaires?|conjoints?)\b", re.IGNORECASE)
_ROLE = re.compile(r"\s*\(\s*(?:mandataire|co-?traitant)[^)]*\)\s*$", re.IGNORECASE)
_NO_ONE = ("infructueux", "sansuite", "sanssuite", "nonattribue", "annule")


@dataclass(frozen=True, slots=True)
class _Holder:
    """One TITULAIRE with the RENSEIGNEMENT that goes with it."""

    winner: Winner
    in_a_group: bool
    amount_eur: int | None
    awarded_on: date | None
    offers: int | None


def awards(outcome: Element | None, lots: Sequence[str], warnings: list[str]) -> list[LotAward]:
    """How each lot ended; ``lots`` are the ids of the lots of the notice."""
    if outcome is None:
        return []
    decisions = [*children(outcome, "decision")] or ([outcome] if has(outcome, "titulaire", *_NO_ONE) else [])
    found = [award for decision in decisions for award in _decided(decision, lots, warnings)]
    decided_on = boamp_terms.day(code(outcome, "datedecision", "dateattribution"))
    found = [replace(award, awarded_on=award.awarded_on or decided_on) for award in found]
    if len(found) == 1 and found[0].amount_eur is None and found[0].outcome is AwardOutcome.AWARDED:
        found[0] = replace(found[0], amount_eur=amount(outcome, WHOLE, warnings, "valeurtotale"))
    return found


def lots_told_by_awards(outcome: Element | None, title: str) -> list[NoticeLot]:
    """The lots of an award notice that describes them only where it says who won them."""
    decisions = [*children(outcome, "decision")]
    ids = fields.distinct_lot_ids([code(item, "numlot") for item in decisions])
    return [
        NoticeLot(id=lot_id, title=first(item, "intitule", "titre", "description") or title)
        for lot_id, item in zip(ids, decisions, strict=True)
    ]


def _decided(decision: Element, lots: Sequence[str], warnings: list[str]) -> list[LotAward]:
    number = fields.lot_id(code(decision, "numlot", "numerolot", "num"))
    lot_ids = (number,) if number in lots else (lots[0],) if len(lots) == 1 else ()
    award = LotAward(
        lot_ids=lot_ids,
        outcome=_outcome(decision),
        contract_id=code(decision, "nummarche", "numeromarche") or (number if number not in lots else ""),
        title=first(decision, "intitule", "titre"),
    )
    holders = _holders(decision, f"Lot {lot_ids[0]}" if lot_ids else WHOLE, warnings)
    if award.outcome is not AwardOutcome.AWARDED or not holders:
        return [award]
    if _is_one_contract(holders):
        return [_signed(award, holders, group=len(holders) > 1)]
    if not any(holder.amount_eur for holder in holders):
        return [_signed(award, holders, group=False)]  # several holders, and nothing tells them apart
    return [_signed(award, [holder], group=False) for holder in holders]  # a contract each


def _outcome(decision: Element) -> AwardOutcome:
    if has(decision, "sanssuite", "sansuite", "annule"):
        return AwardOutcome.CANCELLED
    if has(decision, "infructueux", "nonattribue"):
        return AwardOutcome.UNSUCCESSFUL
    return AwardOutcome.AWARDED


def _is_one_contract(holders: Sequence[_Holder]) -> bool:
    """One holder, or a group: its members are called so, or only the first of them has a figure."""
    told = [holder.amount_eur is not None for holder in holders]
    return len(holders) == 1 or any(holder.in_a_group for holder in holders) or (told[0] and not any(told[1:]))


def _signed(award: LotAward, holders: Sequence[_Holder], *, group: bool) -> LotAward:
    return replace(
        award,
        awarded_on=_first(holder.awarded_on for holder in holders),
        amount_eur=_first(holder.amount_eur for holder in holders),
        offers=_first(holder.offers for holder in holders),
        winners=tuple(holder.winner for holder in holders),
        group=group,
    )


def _first[T](values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _holders(decision: Element, label: str, warnings: list[str]) -> list[_Holder]:
    return [_holder(named, figures, label, warnings) for named, figures in _pairs(decision)]


def _pairs(decision: Element) -> list[tuple[Element, Element | None]]:
    """Each TITULAIRE with its RENSEIGNEMENT: by rank when there are as many, else the one that follows it."""
    named, figures = [*children(decision, "titulaire")], [*children(decision, "renseignement")]
    if len(named) == len(figures):
        return list(zip(named, figures, strict=True))
    if len(named) == 1 and not figures:
        return [(named[0], decision)]
    pairs: list[tuple[Element, Element | None]] = []
    for item in decision.iterchildren("{*}*"):
        if local_name(item) == "titulaire":
            pairs.append((item, None))
        elif local_name(item) == "renseignement" and pairs and pairs[-1][1] is None:
            pairs[-1] = (pairs[-1][0], item)
    return pairs


def _holder(named: Element, figures: Element | None, label: str, warnings: list[str]) -> _Holder:
    published = first(named, *_NAMES)
    value = amount(figures, label, warnings, *_AMOUNTS) or amount(named, label, warnings, *_AMOUNTS)
    if value is None and (value := amount(figures, label, warnings, *_CEILINGS)):
        warnings.append(f"{label} : montant maximal de l'accord-cadre retenu, faute de montant attribué.")
    address = child(named, "adr")
    holder = address if address is not None else named
    return _Holder(
        winner=Winner(
            name=_ROLE.sub("", published) or "Titulaire non précisé",
            national_id=fields.siret_or_empty(code(named, "codeidentnational", "codeidentificationnational", "siret")),
            place=Place(
                nuts=nuts_code(code(holder, "codenuts")),
                postcode=postcode(code(holder, "cp")),
                city=town(holder),
                country=alpha2(code(holder, "pays")) or "FR",
            ),
            sme=True if has(named, "pmeoui") else False if has(named, "pmenon") else None,
        ),
        in_a_group=bool(_IN_A_GROUP.search(published)),
        amount_eur=value,
        awarded_on=boamp_terms.day(code(figures, "dateattribution", "datedecision", "datenotification")),
        offers=fields.positive_int(code(figures, "nboffrerecu", "nombreoffresrecues", "nboffresrecues")),
    )
