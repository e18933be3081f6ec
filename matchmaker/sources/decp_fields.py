"""One published contract, of either vintage, understood field by field.

Both vintages say the same with more or less nesting (``titulaires[].titulaire``), so one reader serves them. What
cannot be used is left empty with a French warning; a record that says nothing of a contract is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from geo.domain.codes import search_name
from matchmaker.domain.award import AwardChange, AwardRecord, Holder, RefusedAward
from matchmaker.domain.cpv import DIVISIONS
from matchmaker.domain.siret import luhn_is_right
from matchmaker.sources.fields import LONGEST_MONTHS, amount_eur, cpv_codes, parse_date, siret_or_empty, tidy

Raw = Mapping[str, Any]
_NOTHING = frozenset({"", "nc", "nan", "none", "null", "n/a", "na", "sans objet", "inconnu"})
_FILLER = re.compile(r"9{8,}(?:\.0+)?")  # 999999999: typed because the field is mandatory
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")  # what no database keeps


def award_of(raw: Any, locator: str) -> AwardRecord | RefusedAward:
    """The contract, or why it is none."""
    try:
        return _award_of(raw, locator)
    except RecursionError:
        message = f"{locator} : objets imbriqués sans fin ; corrigez la donnée à sa source."
        return RefusedAward(locator, "trop_imbrique", message)


def _award_of(raw: Any, locator: str) -> AwardRecord | RefusedAward:
    if not isinstance(raw, Mapping):
        return _refused(raw, locator, "pas_un_contrat", "ce n'est pas un objet JSON")
    concession = _is_concession(raw)
    buyer = raw.get("autoriteConcedante" if concession else "acheteur") or raw.get("acheteur") or {}
    buyer_id = text(buyer.get("id") if isinstance(buyer, Mapping) else buyer) or text(raw.get("acheteur.id"))
    if not buyer_id:
        return _refused(raw, locator, "acheteur_absent", "l'identifiant de l'acheteur manque")
    warnings: list[str] = []
    title = tidy(text(raw.get("objet")))
    cpv = _cpv(text(raw.get("codeCPV")), warnings)
    amount = _amount(raw.get("valeurGlobale" if concession else "montant"), warnings)
    listed = list(_objects(raw.get("concessionnaires" if concession else "titulaires")))
    holders = tuple(_holders(listed, warnings))
    if not (title or cpv or holders):
        return _refused(raw, locator, "contrat_vide", "ni objet, ni code CPV, ni titulaire")
    if not holders:
        warnings.append("Contrat : aucun titulaire publié.")
    if "\ufffd" in title:
        warnings.append("Contrat : accents perdus par la plateforme dans l'objet (affichés « � »).")
    notified = _date(raw.get("dateSignature" if concession else "dateNotification"), "notification", warnings)
    contract_id = text(raw.get("id")) or _made_id(title, notified, amount, warnings)
    published_place = raw.get("lieuExecution")
    place: Raw = published_place if isinstance(published_place, Mapping) else {}
    nature, techniques = text(raw.get("nature")), words(raw.get("techniques"))
    return AwardRecord(
        locator=locator,
        buyer_id=_buyer_id(buyer_id, warnings),
        contract_id=contract_id,
        buyer_name=tidy(text(buyer.get("nom"))) if isinstance(buyer, Mapping) else "",
        concession=concession,
        nature=nature,
        framework="accord cadre" in search_name(f"{nature} {' '.join(techniques)}"),
        title=title,
        cpv=cpv,
        procedure=text(raw.get("procedure")),
        place_code=text(place.get("code")),
        place_type=text(place.get("typeCode")),
        place_label=tidy(text(place.get("nom"))),
        notified_on=notified,
        published_on=_date(raw.get("datePublicationDonnees"), "publication", warnings),
        months=_months(raw.get("dureeMois"), warnings),
        amount_eur=amount,
        offers=_whole(raw.get("offresRecues")),
        declared_grouping=_grouping(text(raw.get("typeGroupementOperateurs"))),
        subcontracted=_yes(raw.get("sousTraitanceDeclaree")),
        social=_clauses(raw.get("considerationsSociales")),
        green=_clauses(raw.get("considerationsEnvironnementales")),
        holders=holders,
        listed_holders=len(listed),
        changes=_changes(raw.get("modifications"), warnings),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _refused(raw: Any, locator: str, reason: str, why: str) -> RefusedAward:
    payload = json.dumps(raw, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return RefusedAward(locator, reason, f"{locator} : {why} ; corrigez la donnée à sa source.", payload)


def text(value: Any) -> str:
    """A published value as text; the many ways to say nothing are nothing."""
    if value is None or isinstance(value, Mapping | list):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    plain = _UNFIT.sub("", str(value)).strip()
    return "" if plain.lower() in _NOTHING else plain


def words(value: Any) -> tuple[str, ...]:
    """The texts of a list however deep: ``["a"]``, ``{"x": ["a"]}``, ``[{"x": "a"}]`` and ``"a, b"`` alike."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return tuple(dict.fromkeys(word for item in value for word in words(item)))
    return tuple(dict.fromkeys(part.strip() for part in text(value).split(",") if part.strip()))


def _objects(value: Any) -> Iterator[Raw]:
    """The innermost objects of nested lists and wrappers, in order."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)
    elif isinstance(value, Mapping):
        inner = [item for item in value.values() if isinstance(item, Mapping | list)]
        if len(value) == 1 and inner:
            yield from _objects(inner[0])
        else:
            yield value


def _is_concession(raw: Raw) -> bool:
    """By its type, else by its fields; a marché in a table of both may carry the concession's fields, empty."""
    kind = search_name(text(raw.get("_type")))
    if kind:
        return "concession" in kind
    return bool(raw.get("autoriteConcedante") or raw.get("concessionnaires")) and not raw.get("titulaires")


def _buyer_id(published: str, warnings: list[str]) -> str:
    siret = siret_or_empty(published) or siret_or_empty(published.zfill(14))
    if not siret:
        warnings.append("Contrat : le SIRET de l'acheteur n'est pas valide, gardé tel que publié.")
    return siret or re.sub(r"\s", "", published)


def _made_id(title: str, notified: date | None, amount: int | None, warnings: list[str]) -> str:
    warnings.append("Contrat : sans numéro ; reconnu à son objet, sa date et son montant.")
    return "SANSID" + hashlib.sha256(f"{title} {notified} {amount}".encode()).hexdigest()[:12]


def _cpv(published: str, warnings: list[str]) -> str:
    digits = re.sub(r"[\s.]", "", published)
    if re.fullmatch(r"\d{7}(?:-\d)?", digits) and f"0{digits[0]}" in DIVISIONS:
        warnings.append("Contrat : code CPV à 7 chiffres, complété de son zéro initial.")
        digits = f"0{digits}"
    codes = cpv_codes([digits], "Contrat", warnings)
    return codes[0] if codes else ""


def _amount(value: Any, warnings: list[str]) -> int | None:
    published = text(value)
    if _FILLER.fullmatch(published):
        warnings.append("Contrat : montant de remplissage (999 999 999 €) ignoré.")
        return None
    return amount_eur(published, "EUR", "Contrat", warnings)


def _months(value: Any, warnings: list[str]) -> int | None:
    published = text(value)
    if not published:
        return None
    try:
        months = round(float(published.replace(",", ".")))
    except (ValueError, OverflowError):
        warnings.append("Contrat : durée illisible, ignorée.")
        return None
    if not 1 <= months <= LONGEST_MONTHS:
        warnings.append("Contrat : durée nulle ou invraisemblable, ignorée.")
        return None
    return months


def _date(value: Any, label: str, warnings: list[str]) -> date | None:
    published = text(value)
    day = parse_date(published)
    if published and day is None:
        warnings.append(f"Contrat : date de {label} impossible (« {published[:20]} »), laissée vide.")
    return day


def _whole(value: Any) -> int | None:
    published = text(value)
    return int(float(published)) if re.fullmatch(r"\d{1,6}(?:\.0+)?", published) else None


def _yes(value: Any) -> bool | None:
    said = text(value).lower()
    return True if said in ("true", "oui", "1") else False if said in ("false", "non", "0") else None


def _grouping(published: str) -> str:
    said = search_name(published)
    for word, meaning in (("conjoint", "conjoint"), ("solidaire", "solidaire"), ("pas de groupement", "none")):
        if word in said:
            return meaning
    return ""


def _clauses(value: Any) -> tuple[str, ...]:
    """As published, "Pas de considération sociale" too: a buyer that says none is not one that says nothing."""
    return tuple(word[:60] for word in words(value))


def _holders(value: Any, warnings: list[str]) -> Iterator[Holder]:
    seen: set[str] = set()
    for raw in _objects(value):
        published = text(raw.get("id"))
        name = tidy(text(raw.get("denominationSociale") or raw.get("nom")))
        if not published and not name:
            warnings.append("Contrat : un titulaire sans identifiant ni nom est ignoré.")
            continue
        holder = holder_of(text(raw.get("typeIdentifiant")), published, name)
        if holder.id_type.upper() == "SIRET" and not holder.siret:
            warnings.append("Contrat : le SIRET d'un titulaire n'est pas valide, gardé sans lien.")
        if (holder.siret or holder.key) not in seen:
            seen.add(holder.siret or holder.key)
            yield holder


def holder_of(id_type: str, published: str, name: str) -> Holder:
    """SIRET and SIREN where the identifier gives them, be it padded, cut of its zeros or a French VAT number."""
    bare = re.sub(r"[\s.\-]", "", published).upper()
    siret = siret_or_empty(bare) or (siret_or_empty(bare.zfill(14)) if bare.isdigit() and len(bare) in (12, 13) else "")
    siren = siret[:9]
    if not siren:
        candidate = bare[4:] if re.fullmatch(r"FR[0-9A-Z]{2}\d{9}", bare) else bare[:9]
        fits = (bare.isdigit() and len(bare) in (9, 14, 15)) or candidate == bare[4:]
        siren = candidate if fits and re.fullmatch(r"\d{9}", candidate) and luhn_is_right(candidate) else ""
    return Holder(id_type[:20], published[:40], siret, siren, name[:300])


def _changes(value: Any, warnings: list[str]) -> tuple[AwardChange, ...]:
    """Modifications in order of time; those without a date keep their published place."""
    found = []
    for raw in _modifications(value):
        day = raw.get("dateNotificationModification") or raw.get("dateSignatureModification")
        found.append(
            AwardChange(
                on=_date(day or raw.get("datePublicationDonneesModification"), "modification", warnings),
                object=tidy(text(raw.get("objetModification")))[:300],
                amount_eur=_amount(raw.get("montant") or raw.get("valeurGlobale"), warnings),
                months=_months(raw.get("dureeMois"), warnings),
                holders=tuple(_holders(raw.get("titulaires"), warnings)),
            )
        )
    latest = date.min
    order = []
    for change in found:
        latest = change.on or latest
        order.append(latest)
    return tuple(change for _, _, change in sorted(zip(order, range(len(found)), found, strict=True)))


def _modifications(value: Any) -> Iterator[Raw]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            inner = item.get("modification", item)
            if isinstance(inner, list):
                yield from _modifications(inner)
            elif isinstance(inner, Mapping) and inner:
                yield inner
