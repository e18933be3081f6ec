"""A notice of the BOAMP, whatever its clothes: what its index card says, and a body in one of three forms.

The card (``GESTION`` of the XML, the flat fields of the API) is the same for all; the body (``DONNEES``) is an eForms
notice, a national form (FNSimple, MAPA, DSP, DIVERS), or the tree of schema 2.3.0. What the body lacks, the card gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from matchmaker.domain.notice import Buyer, LotAward, Notice, NoticeKind, NoticeLot, Place, Winner
from matchmaker.sources import boamp_forms, boamp_legacy, boamp_terms, eforms, fields
from matchmaker.sources.boamp_body import Body
from matchmaker.sources.lots import UNKNOWN_BUYER
from matchmaker.sources.xml import Element, NoticeError, local_name

SOURCE: Final = "boamp"
_FOLLOW_UPS: Final = (NoticeKind.AWARD, NoticeKind.MODIFICATION, NoticeKind.CORRECTION)


@dataclass(frozen=True, slots=True)
class Card:
    """What the BOAMP indexes of a notice. Every field but ``idweb`` may be empty."""

    idweb: str
    kind: NoticeKind | None = None
    cancelled: bool = False
    form: str = ""  # family and nature: "MAPA/APPEL_OFFRE"
    title: str = ""
    buyer: str = ""
    nature: str = ""
    procedure: str = ""
    published_on: date | None = None
    deadline: str = ""
    departements: tuple[str, ...] = ()  # of performance
    publication_departements: tuple[str, ...] = ()  # where the notice is announced: often wider, or the buyer's
    descriptors: tuple[str, ...] = ()  # labels
    winners: tuple[str, ...] = ()
    folder: str = ""  # contractfolderid, BT-04
    aliases: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    social: bool = False
    green: bool = False
    url: str = ""


def understand(card: Card, data: Element) -> Notice:
    """The notice; ``data`` holds the body, its own names kept under ``EFORMS`` and folded elsewhere."""
    read = _reader(data)
    notice = read(card)
    return _completed(notice, card)


def address(idweb: str) -> str:
    """The page of a notice on boamp.fr."""
    return f"https://www.boamp.fr/pages/avis/?q=idweb:{idweb}"


def _reader(data: Element) -> Callable[[Card], Notice]:
    for body in data.iterchildren("{*}*"):
        name = local_name(body).lower()
        if name == "eforms":
            return lambda card: _eforms(body, card)
        if name in boamp_forms.ROOTS:
            return lambda card: _national(boamp_forms.read(body, _hints(card)), card)
    return lambda card: _national(boamp_legacy.read(data, _hints(card)), card)


def _hints(card: Card) -> tuple[NoticeKind | None, str]:
    return card.kind, card.title


def _eforms(body: Element, card: Card) -> Notice:
    root = next((child for child in body.iterchildren("{*}*") if local_name(child) in eforms.ROOTS), None)
    if root is None:
        raise NoticeError("format_inconnu", "L'avis eForms du BOAMP est vide ou d'un genre inconnu : il est écarté.")
    notice = eforms.parse_eforms(root)
    names = (f"eforms:{notice.id}", *notice.aliases)
    return replace(notice, source=SOURCE, id=card.idweb, version="1", aliases=names, url="")


def _national(body: Body, card: Card) -> Notice:
    """A form of the BOAMP's own: one notice a number, versions are other notices."""
    return Notice(
        source=SOURCE,
        id=card.idweb,
        version="1",
        kind=body.kind or card.kind or NoticeKind.OTHER,
        form=card.form[:20],
        title=body.title or card.title,
        buyer=body.buyer,
        lots=tuple(body.lots),
        description=body.description,
        nature=body.nature,
        procedure=body.procedure,
        language="fr",
        country=body.buyer.place.country or "FR",
        max_lots_bid=body.max_lots_bid,
        max_lots_won=body.max_lots_won,
        exclusive_grouping=body.exclusive_grouping,
        warnings=tuple(dict.fromkeys(body.warnings)),
        awards=tuple(body.awards),
        changes=tuple(body.changes),
        refers_to=tuple(body.refers_to),
        cancelled=body.cancelled,
    )


# --- what the card gives where the body is silent ------------------------------------------------


def _completed(notice: Notice, card: Card) -> Notice:
    warnings = list(notice.warnings)
    lots = notice.lots or (NoticeLot(id="1", title=""),)
    notice = replace(notice, lots=tuple(_completed_lot(lot, notice, card, warnings) for lot in lots))
    return replace(
        notice,
        cancelled=notice.cancelled or card.cancelled,
        title=notice.title or card.title or "Objet non précisé",
        buyer=_completed_buyer(notice.buyer, card),
        nature=notice.nature or card.nature,
        procedure=notice.procedure or card.procedure,
        procedure_id=notice.procedure_id or card.folder,
        published_on=card.published_on or notice.published_on,
        url=card.url or address(card.idweb),
        awards=notice.awards or _named_winners(notice, card),
        aliases=tuple(dict.fromkeys((_own(card), *notice.aliases, *card.aliases))),
        refers_to=tuple(name for name in dict.fromkeys((*notice.refers_to, *card.refers_to)) if name != _own(card)),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _own(card: Card) -> str:
    return f"{SOURCE}:{card.idweb}"


def _completed_buyer(buyer: Buyer, card: Card) -> Buyer:
    known = buyer.name not in ("", UNKNOWN_BUYER)
    return buyer if known else replace(buyer, name=card.buyer or UNKNOWN_BUYER)


def _completed_lot(lot: NoticeLot, notice: Notice, card: Card, warnings: list[str]) -> NoticeLot:
    open_call = notice.kind not in _FOLLOW_UPS
    cpvs = lot.cpvs
    if not cpvs and (guessed := boamp_terms.descriptor_cpvs(card.descriptors)):
        cpvs = guessed
        warnings.append(
            f"Aucun code CPV publié : déduit du descripteur « {', '.join(card.descriptors)} » (estimation)."
        )
    return replace(
        lot,
        title=lot.title or notice.title or card.title or "Objet non précisé",
        cpvs=cpvs,
        places=lot.places or _places(card, warnings),
        deadline=lot.deadline
        or (boamp_terms.moment(card.deadline, "Ensemble de l'avis", warnings) if open_call else None),
        social=lot.social or (("clause",) if card.social else ()),
        green=lot.green or (("clause",) if card.green else ()),
    )


def _places(card: Card, warnings: list[str]) -> tuple[Place, ...]:
    """The départements of performance; failing them, the one where the notice is announced, if it is but one."""
    if card.departements:
        return boamp_terms.departement_places(card.departements)
    if len(card.publication_departements) != 1:
        return ()
    warnings.append("Lieu d'exécution non publié : le département de l'annonce est retenu.")
    return boamp_terms.departement_places(card.publication_departements)


def _named_winners(notice: Notice, card: Card) -> tuple[LotAward, ...]:
    """Holders that only the card names: which lot went to whom is not told."""
    if notice.kind is not NoticeKind.AWARD or not card.winners:
        return ()
    lots = (notice.lots[0].id,) if len(notice.lots) == 1 else ()
    return (LotAward(lot_ids=lots, winners=tuple(Winner(fields.tidy(name)) for name in card.winners)),)
