"""From what a source says of a firm to a row: ESS status, trades, place and capacity deduced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.gis.geos import Point as GeosPoint

from geo.domain.distance import distance_km
from geo.domain.gazetteer import Gazetteer, Located
from geo.domain.point import Point
from geo.queries import gazetteer
from matchmaker.domain.ess import BY_PERSON, ess_status
from matchmaker.domain.firm import FirmRecord
from matchmaker.domain.reference import Reference
from matchmaker.domain.register import INCLUSIVE, Claim, Claims, esus_of, kind_of
from matchmaker.domain.trade import firm_trades, naf_index
from matchmaker.explain import estimated
from matchmaker.models import Firm, RegisterEntry
from matchmaker.reference import reference

# Fields a source may be silent about.
_SAID = (
    "name",
    "trade_name",
    "legal_form",
    "inclusive_kind",
    "naf",
    "naf25",
    "declared_trades",
    "headcount_band",
    "headcount_year",
    "headcount_fte",
    "places",
    "turnover_eur",
    "declared_free_fte",
    "declared_on",
    "declared_vacancies",
    "vacancies_on",
    "declared_radius_km",
    "declared_departements",
    "references",
    "employer",
    "head_office",
    "size_category",
    "address",
    "postcode",
    "city",
    "website",
)
_SAME_TOWN_KM = 20.0  # an address this near to the commune given is that firm's, not one it moved from
_SILENT: tuple[object, ...] = ("", None, (), [])
# Registers of inclusive structures know them better than SIRENE does, SIRENE better than any other list.
_RANKS = {"sirene": 1, **dict.fromkeys(INCLUSIVE, 2)}


def _rank(source: str) -> int:
    return _RANKS.get(source, 0)


def held_claims() -> Claims:
    """What all registers hold. One query; about 200 bytes an entry."""
    claims = Claims()
    rows = RegisterEntry.objects.values_list("number", "source", "inclusive_kind", "ess", "esus", "esus_until")
    for number, *said in rows.iterator(10_000):
        claims.put(number, Claim(*said))
    return claims


def describer(on: date) -> Describer:
    """All that deduction rests on, as it stands in the database."""
    return Describer.of(reference(), gazetteer(), on, held_claims())


@dataclass(frozen=True, slots=True)
class Describer:
    """All that deduction needs, read once an import."""

    reference: Reference
    gazetteer: Gazetteer
    on: date
    nafs: Mapping[str, tuple[str, ...]]
    claims: Claims = field(default_factory=Claims)

    @classmethod
    def of(cls, reference: Reference, gazetteer: Gazetteer, on: date, claims: Claims | None = None) -> Describer:
        return cls(reference, gazetteer, on, naf_index(reference.trades), claims or Claims())

    def describe(self, record: FirmRecord, known: Firm | None) -> Firm:
        """The row for a record. Not saved.

        A source corrects its own earlier words and those of a lesser source; to another it only adds
        what was silent, so that importing two lists in turn settles instead of swinging.
        """
        firm = Firm(pk=known.pk if known else None, siret=record.siret, siren=record.siret[:9])
        leads = known is None or known.source == record.source or _rank(record.source) > _rank(known.source)
        for name in _SAID:
            said, before = getattr(record, name), getattr(known, name, None)
            first, second = (said, before) if leads else (before, said)
            value = second if first in _SILENT and second not in (None, ()) else first
            setattr(firm, name, list(value) if isinstance(value, tuple) else value)
        firm.source = record.source if leads or known is None else known.source
        firm.diffusion, firm.active = _standing(record, known)
        firm.closed_on = None if firm.active else (known.closed_on if known and not known.active else None) or self.on
        if record.partial_diffusion and leads:  # who opposes diffusion takes earlier words back
            firm.name, firm.trade_name, firm.address = record.name, record.trade_name, record.address
        firm.name = firm.name or f"Établissement {record.siret}"
        firm.fictitious = record.fictitious
        claims = self.claims.on(firm.siret)
        firm.inclusive_kind = kind_of(claims) or firm.inclusive_kind
        self._set_trades(firm)
        self._set_ess(firm, record, known, claims)
        self._set_place(firm, record, known, leads)
        if known is not None:  # contracts won are no source's word: ``commitments`` keeps them
            firm.ending_eur, firm.notified_eur, firm.awards_known, firm.wins = (
                known.ending_eur,
                known.notified_eur,
                known.awards_known,
                known.wins,
            )
        self._set_capacity(firm)
        firm.described_with, firm.described_on = self.reference.version, self.on
        firm.record_hash = fingerprint(firm)
        return firm

    def again(self, known: Firm) -> Firm:
        """The same firm deduced anew from what is known of it (tables edited, declaration expired). Not saved."""
        silent = FirmRecord(siret=known.siret, name="", source=known.source, fictitious=known.fictitious)
        firm = self.describe(silent, known)
        firm.raw_id, firm.updated_at = known.raw_id, known.updated_at
        return firm

    def _set_trades(self, firm: Firm) -> None:
        found = firm_trades(
            firm.declared_trades,
            firm.naf,
            firm.inclusive_kind,
            self.reference,
            self.nafs,
            name=f"{firm.name} {firm.trade_name}",
        )
        firm.trades = list(found.trades)
        firm.trade_source = found.source

    def _set_ess(self, firm: Firm, record: FirmRecord, known: Firm | None, claims: list[Claim]) -> None:
        """A flag stays until SIRENE takes it back, a person's word until a person does, a list's until it drops it."""
        firm.ess_flag = known.ess_flag if record.ess_flag is None and known else record.ess_flag
        firm.ess_listed = any(claim.ess for claim in claims)
        firm.esus, firm.esus_until = esus_of(claims, self.on)
        status = ess_status(
            firm.legal_form,
            firm.ess_flag,
            self.reference.legal_forms,
            inclusive_kind=firm.inclusive_kind,
            verified=known.ess == Firm.Ess.YES if known and known.ess_provenance == BY_PERSON else None,
            listed=firm.ess_listed,
            esus=firm.esus,
        )
        firm.ess, firm.ess_family, firm.ess_provenance = status.status, status.family, status.provenance

    def _set_place(self, firm: Firm, record: FirmRecord, known: Firm | None, leads: bool) -> None:
        """An address beats the middle of a commune; among equals the leading source is believed."""
        located = self._located(record)
        if known is not None and known.point is not None and not self._moves(record, located, known, leads):
            firm.point, firm.point_precision, firm.commune_id = known.point, known.point_precision, known.commune_id
            return
        firm.commune_id = located.commune or None if located else None
        place = record.point or (located.point if located else None)
        firm.point = GeosPoint(place.lon, place.lat, srid=4326) if place else None
        firm.point_precision = "address" if record.point else "commune" if located else "none"

    def _moves(self, record: FirmRecord, located: Located | None, known: Firm, leads: bool) -> bool:
        """Whether a record says better than what is known where the firm is."""
        exact = known.point_precision == "address"
        place = record.point or (located.point if located else None)
        if place is None:
            return False
        near = distance_km(place, Point(known.point.x, known.point.y)) <= _SAME_TOWN_KM
        if leads:
            return record.point is not None or not (exact and near)
        return record.point is not None and not exact and near

    def _located(self, record: FirmRecord) -> Located | None:
        by_code = self.gazetteer.locate_commune(record.commune_code) if record.commune_code else None
        return by_code or self.gazetteer.locate(zipcode=record.postcode, city=record.city)

    def _set_capacity(self, firm: Firm) -> None:
        capacity = estimated(firm, self.reference, self.on)
        firm.capacity_low_eur = capacity.low_eur
        firm.capacity_mid_eur = capacity.mid_eur
        firm.capacity_high_eur = capacity.high_eur
        firm.turnover_mid_eur = capacity.turnover_eur
        firm.fte_mid = round(capacity.fte, 2)
        firm.capacity_steps = []  # told by explain.capacity_of on demand; the column goes with the next release


def _standing(record: FirmRecord, known: Firm | None) -> tuple[str, bool]:
    """Diffusion and activity. A list that says nothing of diffusion never lifts a firm's opposition to it."""
    if record.partial_diffusion is None:
        diffusion = known.diffusion if known else Firm.Diffusion.OPEN
    else:
        diffusion = Firm.Diffusion.PARTIAL if record.partial_diffusion else Firm.Diffusion.OPEN
    active = record.active if record.active is not None else (known.active if known else True)
    return diffusion, active


def fingerprint(firm: Firm) -> str:
    """Hash of all a row holds, so that an unchanged record is told from a changed one."""
    skipped = {"id", "record_hash", "updated_at", "raw", "point", "described_with", "described_on", "sirene_hash"}
    values: dict[str, Any] = {
        field.name: field.value_from_object(firm) for field in Firm._meta.concrete_fields if field.name not in skipped
    }
    # Unsaid, these leave the hash as it was before they existed.
    for late in ("declared_vacancies", "vacancies_on", "declared_departements"):
        if values[late] in (None, []):
            del values[late]
    values["point"] = [round(firm.point.x, 6), round(firm.point.y, 6)] if firm.point else None
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
