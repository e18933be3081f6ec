"""The national forms in use since 2020: FNSimple, MAPA, DSP and DIVERS, as XML or as JSON.

Names are folded. A form has ``organisme`` and one section: ``initial``, ``rectificatif``, ``attribution`` or
``annulation``. Where forms name one thing differently, the names stand side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from matchmaker.domain.notice import Buyer, NoticeKind, NoticeLot, Place, Reservation
from matchmaker.sources import boamp_terms, clauses, fields
from matchmaker.sources.boamp_awards import awards, lots_told_by_awards
from matchmaker.sources.boamp_body import WHOLE, Body, amount, code, duration, every, exclusive, first, prose, town
from matchmaker.sources.boamp_changes import changes
from matchmaker.sources.lots import UNKNOWN_BUYER, awarded_amount, with_total
from matchmaker.sources.places import nuts_code, places_from_text, postcode
from matchmaker.sources.xml import Element, child, children, descendants, local_name, raw_text

ROOTS: Final = frozenset({"fnsimple", "fns", "mapa", "dsp", "divers"})
_SECTIONS: Final = {
    "initial": None,  # the card says whether it is a call or prior information
    "rectificatif": NoticeKind.CORRECTION,
    "attribution": NoticeKind.AWARD,
    "annulation": NoticeKind.CORRECTION,
    "modification": NoticeKind.MODIFICATION,
    "intentionconclure": NoticeKind.AWARD,
}
_CPVS: Final = (
    "codecpv/objetprincipal/classprincipale",
    "cpv/objetprincipal/classprincipale",
    "codecpv/objetprincipal/classprincipale",
    "codecpv/objetprincipal/classeprincipale",
    "codecpv/objetcomplementaire/classprincipale",
    "codecpv/objetsecondaire/classprincipale",
    "cpv/objetcomplementaire/classprincipale",
)
_VALUES: Final = (
    "valeurestimee/valeur",
    "valeurestimee/fourchette/valeurhaute",
    "valeur",
    "valeurmax",
    "montant",
    "valeurestimee/fourchette/valeurbasse",
)
_PERIODS: Final = (
    ("dureemois", "MONTH"),
    ("nbmois", "MONTH"),
    ("dureejours", "DAY"),
    ("nbjours", "DAY"),
    ("nbjour", "DAY"),
)
_DEADLINES: Final = (
    "procedure/datereceptioncandidatures",
    "delais/receptioncandidatures",
    "procedure/datereceptionoffres",
    "delais/receptionoffres",
    "datereceptionoffres",
)
# "Lot 3 : Peinture", "3 - Peinture": the number at the head of a description, where it has no field of its own
_NUMBERED = re.compile(r"\s*(?:lot\s*(?:n[°ºo]\s*)?)?(\d{1,3}[A-Z]?)\s*(?::|[-–—]\s)\s*(?=\S)", re.IGNORECASE)


def read(form: Element, hints: tuple[NoticeKind | None, str]) -> Body:
    """The body in ``form``; ``hints``: kind and title of its card."""
    section = next((child(form, name) for name in _SECTIONS if child(form, name) is not None), None)
    kind = _SECTIONS[local_name(section)] if section is not None else None
    body = Body(_buyer(form, section), kind=kind or hints[0], title=hints[1])
    return _Form(form, section, body).body()


def _buyer(form: Element, section: Element | None) -> Buyer:
    """ORGANISME, beside the section or inside it; nothing of contact points."""
    for holder in (child(form, "organisme"), child(section, "organisme")):
        name = first(holder, "nomofficiel", "acheteurpublic", "denomination", "nom")
        if holder is None or not name:
            continue
        inner = child(holder, "adr")
        address = inner if inner is not None else holder
        return Buyer(
            name=name,
            national_id=fields.siret_or_empty(code(holder, "codeidentificationnational", "siret")),
            place=Place(postcode=postcode(code(address, "cp")), city=town(address), country="FR"),
        )
    return Buyer(UNKNOWN_BUYER)


@dataclass(frozen=True, slots=True)
class _Form:
    """One form being read into ``into``."""

    form: Element
    section: Element | None
    into: Body

    @property
    def objects(self) -> list[Element]:
        """Where the object of the contract is described."""
        names = ("naturemarche", "description", "descriptionmarche", "objet", "caracteristiques", "duree")
        found = [item for name in names for item in children(self.section, name)]
        return found or ([self.section] if self.section is not None else [])

    def body(self) -> Body:
        body = self.into
        body.title = self.text("intitule", "titremarche", "objet") or body.title
        body.description = self.text("description", "principales", "objet")
        body.nature = boamp_terms.nature_of(self.natures())
        body.procedure = boamp_terms.procedure_of(self.procedures()) or (
            "mapa" if local_name(self.form) == "mapa" else ""
        )
        body.exclusive_grouping = exclusive(self.texts())
        body.cancelled = child(self.form, "annulation") is not None
        outcome = self.outcome()
        lots = self.lots() or (lots_told_by_awards(outcome, body.title) if self.is_divided_by(outcome) else [])
        lots = lots or [self.undivided()]
        body.awards = awards(outcome, [lot.id for lot in lots], body.warnings)
        body.lots = list(self.with_amounts(lots))
        if body.kind is NoticeKind.CORRECTION:
            body.changes = changes(self.correction())
        return body

    def text(self, *names: str) -> str:
        """The first text called one of ``names`` where the object is described."""
        return next(filter(None, (first(holder, name) for name in names for holder in self.objects)), "")

    def codes(self, *names: str) -> str:
        return next(filter(None, (code(holder, name) for name in names for holder in self.objects)), "")

    def natures(self) -> list[str]:
        """``typeMarche`` holds a word, or an empty element whose name is the word."""
        found: list[str] = []
        for holder in [*self.objects, *([self.section] if self.section is not None else [])]:
            for item in children(holder, "typemarche"):
                found += [raw_text(item), *(local_name(word) for word in item.iterchildren("{*}*"))]
        return found

    def procedures(self) -> list[str]:
        """``typeProcedure``, or flags such as ``procedureAdapteeO``."""
        holder = child(self.section, "procedure")
        flags = [local_name(item) for item in holder.iterchildren("{*}*")] if holder is not None else []
        told = [raw_text(item) for item in children(holder, "typeprocedure")]
        below = [local_name(word) for item in children(holder, "typeprocedure") for word in item.iterchildren("{*}*")]
        known = [
            flag for flag in flags if re.match(r"procedure(?:adaptee?|ouverte?|restreinte?|negociee?)(?!n$)", flag)
        ]
        return [word for word in (*told, *below, *(flag.removeprefix("procedure") for flag in known)) if word]

    # --- results and corrections ---

    def outcome(self) -> Element | None:
        """What holds the DECISIONs."""
        if self.section is None or self.into.kind is not NoticeKind.AWARD:
            return None
        decision = next(descendants(self.section, "decision", "titulaire"), None)
        parent = decision.getparent() if decision is not None else None
        return parent if parent is not None else self.section

    def is_divided_by(self, outcome: Element | None) -> bool:
        decisions = [*children(outcome, "decision")]
        return len(decisions) > 1 and all(code(item, "numlot", "intitule", "titre") for item in decisions)

    def correction(self) -> Element | None:
        told = child(self.section, "infosrectif")
        return told if told is not None else self.section

    # --- lots ---

    def lots(self) -> list[NoticeLot]:
        parts = [*children(self.section, "lots", "lot")]
        parts = parts or [item for holder in self.objects for item in children(holder, "lots", "lot")]
        parts = parts or [item for holder in self.objects for item in children(holder, "lotsmarche")]
        ids = fields.distinct_lot_ids([_number(lot) for lot in parts])
        shared = clauses.Wording.of(self.texts())
        return [self.lot(lot, lot_id, shared) for lot, lot_id in zip(parts, ids, strict=True)]

    def undivided(self) -> NoticeLot:
        lot = self.lot(None, "1", clauses.Wording.of(self.texts()))
        return replace(lot, title=self.into.title, description=self.into.description)

    def lot(self, lot: Element | None, lot_id: str, shared: clauses.Wording) -> NoticeLot:
        label, warnings = f"Lot {lot_id}", self.into.warnings
        own = "\n".join(prose(lot))
        wording = (lot_id, own, shared)
        described = first(lot, "description", "objet")
        start = boamp_terms.day(code(lot, "datedebut") or self.codes("dateacompterdu", "datedebut"))
        return NoticeLot(
            id=lot_id,
            title=first(lot, "intitule", "titre") or _unnumbered(described) or self.into.title,
            description=described,
            cpvs=self.cpvs(lot, label),
            amount_eur=amount(lot, label, warnings, *_VALUES),
            places=self.places(lot),
            duration_months=duration(lot, label, warnings, *_PERIODS) or self.duration(label),
            start=start,
            deadline=self.deadline(),
            reservation=self.reservation(wording),
            reserved_execution=False,
            social=("clause",) if clauses.has_social_clause(*wording) else (),
            green=("clause",) if clauses.has_green_clause(*wording) else (),
            insertion_hours=clauses.insertion_hours(*wording),
            documents_url=self.documents(),
        )

    def cpvs(self, lot: Element | None, label: str) -> tuple[str, ...]:
        """The lot's codes, main first; those of the whole when it has none."""
        own = every(lot, *_CPVS)
        codes = own or [text for holder in self.objects for text in every(holder, *_CPVS)]
        return fields.cpv_codes(codes, label, self.into.warnings)

    def places(self, lot: Element | None) -> tuple[Place, ...]:
        """``lieuExecution``: a text, or fields; of the lot, else of the whole."""
        holders = [lot] if lot is not None else []
        for holder in [*holders, *self.objects]:
            for place in children(holder, "lieuexecution"):
                if found := _place(place):
                    return found
            if nuts := every(holder, "codenuts"):
                return places_from_text(nuts, "")
        return ()

    def duration(self, label: str) -> int | None:
        warnings = self.into.warnings
        months = (duration(holder, label, warnings, *_PERIODS) for holder in self.objects)
        start = boamp_terms.day(self.codes("dateacompterdu", "datedebut"))
        end = boamp_terms.day(self.codes("jusquau", "datejusquau", "datefin"))
        return next(filter(None, months), None) or fields.months_between(start, end, label, warnings)

    def deadline(self) -> datetime | None:
        """The first moment by which one must answer: take part, else offer."""
        if self.into.kind in (NoticeKind.AWARD, NoticeKind.MODIFICATION, NoticeKind.CORRECTION):
            return None
        texts = every(self.section, *_DEADLINES)
        moments = (boamp_terms.moment(text, WHOLE, self.into.warnings) for text in texts)
        return min(filter(None, moments), default=None)

    def with_amounts(self, lots: list[NoticeLot]) -> tuple[NoticeLot, ...]:
        told: dict[str, list[int]] = {}
        for award in self.into.awards:
            if award.amount_eur is not None and len(award.lot_ids) == 1:
                told.setdefault(award.lot_ids[0], []).append(award.amount_eur)
        lots = [replace(lot, amount_eur=awarded_amount(told.get(lot.id, [])) or lot.amount_eur) for lot in lots]
        values = (amount(holder, WHOLE, self.into.warnings, *_VALUES) for holder in self.objects)
        return with_total(lots, next(filter(None, values), None), self.into.warnings)

    # --- who may answer ---

    def reservation(self, wording: tuple[str, str, clauses.Wording]) -> Reservation:
        """A flag ("marcheReserveO") or a text says it is reserved; whom to, the text says."""
        flags = descendants(self.section, "marchereserve", "marchereserveo", "marchereserveoui", "reserve")
        told = [" ".join([raw_text(flag), *(local_name(item) for item in flag.iterchildren("{*}*"))]) for flag in flags]
        said = [text for text in told if boamp_terms.plain(text) not in ("non", "false", "n", "0")]
        if not said:
            return Reservation.NONE
        return clauses.reserved_to(" ".join(said)) or clauses.narrowed(Reservation.EA_ESAT_SIAE, *wording)

    def documents(self) -> str:
        paths = ("communication/urldocconsul", "communication/urlprofilach", "organisme/urlprofilacheteur")
        found = [*every(self.section, *paths), *every(self.form, "organisme/urlprofilacheteur")]
        return next(filter(None, map(fields.web_address, found)), "")

    def texts(self) -> list[str]:
        """What the form says for all its lots."""
        return [text for item in self.shared() for text in prose(item)]

    def shared(self) -> Iterator[Element]:
        if self.section is not None:
            for item in self.section.iterchildren("{*}*"):
                if local_name(item) not in ("lots", "decision", "titulaire"):
                    yield item


def _number(lot: Element) -> str:
    """The number of a lot: a field, else the head of its description."""
    told = code(lot, "numlot", "numerolot", "numero", "num")
    if told:
        return told
    match = _NUMBERED.match(first(lot, "intitule", "titre", "description"))
    return match[1] if match else ""


def _unnumbered(described: str) -> str:
    """The first line of a description as a title, without the number of the lot."""
    return _NUMBERED.sub("", described.partition("\n")[0], count=1)[:300]


def _place(place: Element) -> tuple[Place, ...]:
    city, zipcode = town(place), postcode(code(place, "cp"))
    codes = [nuts_code(text) for text in every(place, "codenuts")]
    if city or zipcode:
        return (Place(nuts=codes[0] if len(codes) == 1 else "", postcode=zipcode, city=city, country="FR"),)
    return places_from_text(codes, first(place, "libelle", "lieu", "adresse") or raw_text(place))
