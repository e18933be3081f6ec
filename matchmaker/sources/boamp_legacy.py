"""DONNEES of schema 2.3.0 (and before), from the XML, the old API of the DILA or the old records of the present one.

Names are folded (``CODE_IDENT_NATIONAL`` is ``codeidentnational``), so that the three read alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from matchmaker.domain.notice import Buyer, NoticeKind, NoticeLot, Place, Reservation
from matchmaker.sources import boamp_terms, clauses, fields
from matchmaker.sources.boamp_awards import awards, lots_told_by_awards
from matchmaker.sources.boamp_body import (
    WHOLE,
    Body,
    amount,
    code,
    duration,
    every,
    exclusive,
    first,
    has,
    names_under,
    prose,
    town,
)
from matchmaker.sources.boamp_changes import changes
from matchmaker.sources.countries import alpha2
from matchmaker.sources.lots import UNKNOWN_BUYER, awarded_amount, with_total
from matchmaker.sources.places import nuts_code, places_from_text, postcode
from matchmaker.sources.xml import Element, child, children

LONGEST_TITLE: Final = 300
_MONTHS: Final = (("dureemois", "MONTH"), ("dureejours", "DAY"), ("dureejour", "DAY"))


def read(data: Element, hints: tuple[NoticeKind | None, str]) -> Body:
    """The body of a notice; ``hints``: kind and title of its card."""
    return _Data(data, Body(buyer(child(data, "identite")), kind=hints[0], title=hints[1])).body()


def buyer(identity: Element | None) -> Buyer:
    """Who buys; nothing of contact points."""
    return Buyer(
        name=first(identity, "denomination") or UNKNOWN_BUYER,
        national_id=fields.siret_or_empty(code(identity, "codeidentnational")),
        place=Place(
            nuts=nuts_code(code(identity, "adjudicateurnuts", "codenuts")),
            postcode=postcode(code(identity, "cp")),
            city=town(identity),
            country=alpha2(code(identity, "pays")) or "FR",
        ),
    )


@dataclass(frozen=True, slots=True)
class _Data:
    """One DONNEES being read into ``into``."""

    data: Element
    into: Body

    def body(self) -> Body:
        body, object_ = self.into, child(self.data, "objet")
        body.title = first(object_, "titremarche") or self.whole_object(object_) or body.title
        body.description = first(object_, "objetcomplet", "caracteristiques/principales")
        body.nature = boamp_terms.nature_of(names_under(object_, "typemarche"))
        body.procedure = boamp_terms.procedure_of(names_under(child(self.data, "procedure"), "typeprocedure"))
        limits = child(object_, "divenlots")
        body.max_lots_bid = 1 if has(limits, "offreun", "offreunseul", "oui/offreun") else self.limit("nblotoffremax")
        body.max_lots_won = self.limit("nblotattribmax")
        body.exclusive_grouping = exclusive(self.texts())
        body.cancelled = has(self.data, "annulation")
        outcome = child(self.data, "attribution")
        lots = self.lots() or lots_told_by_awards(outcome, body.title)
        body.awards = awards(outcome, [lot.id for lot in lots], body.warnings)
        body.lots = list(self.with_amounts(lots))
        correction = next(children_of(self.data, "rectif", "annulation"), None)
        if correction is not None:
            body.kind, body.changes = NoticeKind.CORRECTION, changes(correction)
        return body

    def whole_object(self, object_: Element | None) -> str:
        """The object as a title, where it is short enough: the card's own summary is cut at 200 characters."""
        text = first(object_, "objetcomplet")
        return text if len(text) <= LONGEST_TITLE else ""

    def limit(self, name: str) -> int | None:
        return fields.positive_int(code(self.data, f"objet/{name}"))

    def with_amounts(self, lots: list[NoticeLot]) -> tuple[NoticeLot, ...]:
        """Amounts of the awards come first, then those of the lots, then what covers the whole notice."""
        told: dict[str, list[int]] = {}
        for award in self.into.awards:
            if award.amount_eur is not None and len(award.lot_ids) == 1:
                told.setdefault(award.lot_ids[0], []).append(award.amount_eur)
        lots = [replace(lot, amount_eur=awarded_amount(told.get(lot.id, [])) or lot.amount_eur) for lot in lots]
        return with_total(lots, self.total(), self.into.warnings)

    def total(self) -> int | None:
        """Awarded in all, else estimated in all, else the ceiling of a framework agreement."""
        warnings = self.into.warnings
        awarded = amount(self.data, WHOLE, warnings, "attribution/valeurtotale")
        features = child(self.data, "objet", "caracteristiques")
        return awarded or amount(features, WHOLE, warnings, "valeurtotale", "valeur", "valeurmax")

    # --- lots ---

    def lots(self) -> list[NoticeLot]:
        """LOTS/LOT of each OBJET; a notice that is not divided is its OBJET."""
        parts = [(holder, lot) for holder in children(self.data, "objet") for lot in children(holder, "lots", "lot")]
        if not parts and child(self.data, "attribution", "decision") is not None and self.is_divided():
            return []  # the awards tell the lots
        whole = child(self.data, "objet")
        if not parts:
            parts = [(whole, whole)] if whole is not None else []
        ids = fields.distinct_lot_ids([code(lot, "num") for _, lot in parts])
        shared = clauses.Wording.of(self.texts())
        return [self.lot(holder, lot, lot_id, shared) for lot_id, (holder, lot) in zip(ids, parts, strict=True)]

    def is_divided(self) -> bool:
        decisions = [*children(self.data, "attribution", "decision")]
        return len(decisions) > 1 and all(code(item, "numlot", "intitule", "titre") for item in decisions)

    def lot(self, whole: Element, lot: Element, lot_id: str, shared: clauses.Wording) -> NoticeLot:
        label, warnings = f"Lot {lot_id}", self.into.warnings
        own = "\n".join(prose(lot)) if lot is not whole else ""
        wording = (lot_id, own, shared)
        period = child(lot, "dureedelai") if lot is whole or has(lot, "dureedelai") else lot
        return NoticeLot(
            id=lot_id,
            title=first(lot, "intitule", "titre") or self.into.title,
            description=first(lot, "description", "objetcomplet"),
            cpvs=self.cpvs(whole, lot, label),
            amount_eur=None if lot is whole else amount(lot, label, warnings, "valeur", "valeurtotale", "valeurmax"),
            places=self.places(whole, lot),
            duration_months=self.duration(period, label) or self.duration(child(whole, "dureedelai"), label),
            start=boamp_terms.day(code(period, "datedebut", "dateexecution")),
            deadline=self.deadline(),
            reservation=clauses.narrowed(self.reservation(), *wording),
            reserved_execution=has(self.data, "conditionparticipation/prestationreserveeoui") and self.sheltered(),
            social=("clause",) if clauses.has_social_clause(*wording) else (),
            green=("clause",) if clauses.has_green_clause(*wording) else (),
            insertion_hours=clauses.insertion_hours(*wording),
            documents_url=self.documents(),
        )

    def cpvs(self, whole: Element, lot: Element, label: str) -> tuple[str, ...]:
        """The lot's codes, main first; those of the whole when it has none."""
        for holder in (lot, whole):
            codes = every(holder, "cpv/principal", "cpv/objetprincipal", "cpv/supplementaire", "cpv/complementaire")
            if found := fields.cpv_codes(codes, label, self.into.warnings):
                return found
        return ()

    def places(self, whole: Element, lot: Element) -> tuple[Place, ...]:
        for holder in (lot, whole):
            found: list[Place] = []
            for place in children(holder, "lieuexeclivr"):
                found += _place(place)
            found += places_from_text(every(holder, "codenuts"), first(holder, "lieuprincipal"))
            if found:
                return tuple(dict.fromkeys(found))
        return ()

    def duration(self, period: Element | None, label: str) -> int | None:
        warnings = self.into.warnings
        months = duration(period, label, warnings, *_MONTHS)
        start, end = (boamp_terms.day(code(period, name)) for name in ("datedebut", "datefin"))
        return months or fields.months_between(start, end, label, warnings)

    def deadline(self) -> datetime | None:
        """The first moment by which one must answer: take part, else offer."""
        texts = every(child(self.data, "conditiondelai"), "receptcandidat", "receptoffres")
        moments = (boamp_terms.moment(text, WHOLE, self.into.warnings) for text in texts)
        return min(filter(None, moments), default=None)

    # --- who may answer ---

    def reservation(self) -> Reservation:
        """MARCHE_RESERVE_OUI names whom it is for, or no one: then the European circle, narrowed by the text."""
        reserved = child(self.data, "conditionparticipation", "marchereserveoui")
        if reserved is None:
            return Reservation.NONE
        words = " ".join([*names_under(reserved), *prose(reserved)])
        return clauses.reserved_to(words) or Reservation.EA_ESAT_SIAE

    def sheltered(self) -> bool:
        """PRESTATION_RESERVEE also means a profession: only sheltered employment counts here."""
        words = " ".join(prose(child(self.data, "conditionparticipation", "prestationreserveeoui")))
        return "protég" in words.lower() or clauses.reserved_to(words) is not None

    def documents(self) -> str:
        found = every(child(self.data, "identite"), "urldocument", "urlparticipation", "urlprofilacheteur")
        return next(filter(None, map(fields.web_address, found)), "")

    def texts(self) -> list[str]:
        """What the notice says for all its lots."""
        holders = (
            *self.described(),
            child(self.data, "procedure", "criteresattribution"),
            child(self.data, "conditionrelativemarche"),
            child(self.data, "conditionparticipation"),
            child(self.data, "renseignementscomplementaires"),
        )
        return [text for holder in holders for text in prose(holder)]

    def described(self) -> Iterator[Element | None]:
        for object_ in children(self.data, "objet"):
            for name in ("titremarche", "objetcomplet", "caracteristiques", "infocompl"):
                yield child(object_, name)


def _place(place: Element) -> tuple[Place, ...]:
    """LIEU_EXEC_LIVR: its town, else what its address says of one."""
    codes = [nuts_code(text) for text in every(place, "codenuts")]
    city, zipcode = town(place), postcode(code(place, "cp"))
    if city or zipcode:
        return (Place(nuts=codes[0] if len(codes) == 1 else "", postcode=zipcode, city=city, country="FR"),)
    return places_from_text(codes, first(place, "adresse"))


def children_of(data: Element, *names: str) -> Iterator[Element]:
    """The elements called one of ``names``, in the order of ``names``."""
    for name in names:
        yield from children(data, name)
