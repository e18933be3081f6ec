"""Fictitious establishments, in the columns of SIRENE and of the Maillage extension."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from matchmaker.demo.dice import Dice
from matchmaker.demo.identifiers import firm_siret
from matchmaker.demo.names import MARK, Namer, of, street
from matchmaker.demo.places import Territory, Town, around
from matchmaker.demo.profiles import ORDINARY, PROFILES, WEIGHTS, Profile
from matchmaker.domain.reference import Reference

HEADER = (
    "siret,denominationUniteLegale,enseigne1Etablissement,categorieJuridiqueUniteLegale,"
    "economieSocialeSolidaireUniteLegale,activitePrincipaleEtablissement,activitePrincipaleNAF25Etablissement,"
    "trancheEffectifsEtablissement,anneeEffectifsEtablissement,etatAdministratifEtablissement,"
    "statutDiffusionEtablissement,numeroVoieEtablissement,typeVoieEtablissement,libelleVoieEtablissement,"
    "codePostalEtablissement,libelleCommuneEtablissement,codeCommuneEtablissement,longitude,latitude,"
    "typeInclusif,metiersDeclares,etpLibresDeclares,dateDeclaration,rayonInterventionKm,chiffreAffaires,"
    "referencesMarches,placesAutorisees,postesAPourvoir,datePostes,fictif"
)
# The only NAF 2025 codes the domain guide gives; the others stay empty, as in a real file before 2027.
NAF25 = {"81.21Z": ("81.21Y",), "43.34Z": ("43.34G", "43.34H")}

BRANCH_SHARE = 0.04  # establishments of a legal unit that already has one
PARTIAL_SHARE = 0.06
CLOSED_SHARE = 0.02
NO_POINT_SHARE = 0.03
EXPIRED_SHARE = 0.1  # declarations older than six months
FREE_FTE_SHARE = 0.85  # declarations that also give free FTE
ACCOUNTS_SHARE = 0.12
REFERENCES_SHARE = 0.45
VACANCIES_SHARE = 0.12  # ordinary firms that say they hire


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a firm said of itself; nothing when it never did."""

    trades: tuple[str, ...] = ()
    free_fte: float | None = None
    on: date | None = None
    radius_km: int | None = None


@dataclass(frozen=True, slots=True)
class DemoFirm:
    siret: str
    rank: int  # of the legal unit
    name: str
    trade_name: str
    profile: str
    legal_form: str
    ess_flag: str
    trade: str  # the true main trade, which the NAF may hide
    naf: str
    naf25: str
    band: str
    band_year: int | None
    closed: bool
    partial: bool
    street: tuple[str, str, str]
    postcode: str
    town: Town
    point: tuple[float, float] | None
    declaration: Declaration
    turnover_eur: int | None
    references: int | None
    places: int | None
    vacancies: int | None = None
    vacancies_on: date | None = None

    @property
    def kind(self) -> str:
        return PROFILES[self.profile].kind


class FirmMaker:
    """Draws firms one after the other from one stream."""

    def __init__(self, seed: int, territory: Territory, reference: Reference, as_of: date) -> None:
        self.dice = Dice(seed, "firms")
        self.namer = Namer(Dice(seed, "names"))
        self.territory = territory
        self.reference = reference
        self.as_of = as_of

    def new(self, rank: int) -> DemoFirm:
        dice = self.dice
        profile = PROFILES[dice.weighted(WEIGHTS)]
        town = self.territory.draw(dice)
        trade = dice.weighted(profile.trades)
        form = dice.weighted(profile.forms)
        naf, vague = self._naf(profile, trade)
        band = dice.weighted(profile.bands)
        places = dice.between(30, 140) if profile.kind == "ESAT" else None
        fte = self._fte(profile, band, places)
        partial = dice.chance(0.35 if form == "1000" else PARTIAL_SHARE * 0.5)
        return DemoFirm(
            siret=firm_siret(rank),
            rank=rank,
            name=self.namer.name(profile.name, trade, town),
            trade_name="",
            profile=profile.name,
            legal_form=form,
            ess_flag=self._ess_flag(profile, form),
            trade=trade,
            naf=naf,
            naf25=dice.pick(NAF25[naf]) if naf in NAF25 else "",
            band=band,
            band_year=None if band == "NN" else self.as_of.year - 2,
            closed=dice.chance(CLOSED_SHARE),
            partial=partial,
            street=street(dice),
            postcode=dice.pick(town.postcodes),
            town=town,
            point=None if dice.chance(NO_POINT_SHARE) else around(dice, town),
            declaration=self._declaration(profile, trade, fte, vague),
            turnover_eur=self._turnover(trade, fte),
            references=dice.between(0, 2 + min(20, round(fte / 2))) if dice.chance(REFERENCES_SHARE) else None,
            places=places,
        )

    def branch(self, parent: DemoFirm, establishment: int) -> DemoFirm:
        """Another establishment of the same legal unit: it cannot join a grouping with itself."""
        town = self.territory.draw_near(self.dice, parent.town, 60)
        return replace(
            parent,
            siret=firm_siret(parent.rank, establishment),
            trade_name=f"Agence {of(town.name)} {MARK}",
            band=self.dice.weighted(PROFILES[parent.profile].bands),
            band_year=self.as_of.year - 2,
            closed=self.dice.chance(CLOSED_SHARE),
            street=street(self.dice),
            postcode=self.dice.pick(town.postcodes),
            town=town,
            point=around(self.dice, town),
            declaration=Declaration(),
            turnover_eur=None,
            references=None,
            vacancies=None,
            vacancies_on=None,
        )

    def _naf(self, profile: Profile, trade: str) -> tuple[str, bool]:
        if profile.vague_naf and self.dice.chance(profile.vague_share):
            return self.dice.weighted(profile.vague_naf), True
        return self.dice.pick(self.reference.trades[trade].nafs), False

    def _fte(self, profile: Profile, band: str, places: int | None) -> float:
        if places is not None:
            return places * self.reference["capacity.esat_place_fte"]
        kind = self.reference.kinds.get(profile.kind)
        return self.reference.bands[band].mid or (kind.fte[1] if kind else 0.0)

    def _ess_flag(self, profile: Profile, form: str) -> str:
        if profile is ORDINARY or form == "7361":
            return self.dice.weighted({"N": 0.7, "": 0.3})
        return "O" if self.dice.chance(profile.ess_flag) else ""

    def _declaration(self, profile: Profile, trade: str, fte: float, vague: bool) -> Declaration:
        """A vague NAF makes declaring worthwhile: such firms do it more often."""
        likely = max(profile.declared, 0.62) if vague else profile.declared
        if not self.dice.chance(likely * 0.93):
            return Declaration()
        others = {code: weight for code, weight in profile.trades.items() if code != trade}
        trades = (trade, *self.dice.several(others, self.dice.weighted({0: 5.0, 1: 3.0, 2: 2.0})))
        free = self.dice.uniform(0.05, 0.3) * fte
        expired = self.dice.chance(EXPIRED_SHARE)
        age = self.dice.between(190, 420) if expired else self.dice.between(2, 160)
        reach = self.reference.trades[trade].radius_km * self.dice.uniform(0.7, 1.6)
        return Declaration(
            trades=trades,
            free_fte=max(0.5, round(free * 2) / 2) if fte and self.dice.chance(FREE_FTE_SHARE) else None,
            on=self.as_of - timedelta(days=age),
            radius_km=max(5, round(reach / 5) * 5) if self.dice.chance(0.6) else None,
        )

    def _turnover(self, trade: str, fte: float) -> int | None:
        if not fte or not self.dice.chance(ACCOUNTS_SHARE):
            return None
        row = self.reference.trades[trade]
        return round(self.dice.log_normal(fte * row.keur_per_fte * row.part_time, 0.3)) * 1000


def make_firms(count: int, seed: int, territory: Territory, reference: Reference, as_of: date) -> list[DemoFirm]:
    """``count`` establishments; about one in twenty-five is a branch of a larger legal unit."""
    maker = FirmMaker(seed, territory, reference, as_of)
    branches = Dice(seed, "branches")
    firms: list[DemoFirm] = []
    parents: dict[int, int] = {}  # rank of the legal unit -> establishments so far
    units: list[DemoFirm] = []
    while len(firms) < count:
        if parents and branches.chance(BRANCH_SHARE):
            parent = branches.pick([unit for unit in units if unit.rank in parents][-200:])
            parents[parent.rank] += 1
            firms.append(maker.branch(parent, parents[parent.rank]))
            continue
        unit = maker.new(len(units))
        units.append(unit)
        firms.append(unit)
        if unit.band in ("11", "12", "21", "22") and not unit.kind:
            parents[unit.rank] = 1
    return _hiring(firms, Dice(seed, "vacancies"), reference, as_of)


def _hiring(firms: list[DemoFirm], dice: Dice, reference: Reference, as_of: date) -> list[DemoFirm]:
    """Some ordinary firms declare jobs to fill, more of them where they are larger. A stream of its own."""
    told = []
    for firm in firms:
        if PROFILES[firm.profile] is ORDINARY and not firm.closed and dice.chance(VACANCIES_SHARE):
            most = max(1, round(reference.bands[firm.band].mid * 0.15)) if firm.band in reference.bands else 1
            on = as_of - timedelta(days=dice.between(190, 300) if dice.chance(EXPIRED_SHARE) else dice.between(2, 160))
            firm = replace(firm, vacancies=dice.between(1, min(12, most) + 1), vacancies_on=on)
        told.append(firm)
    return told


def firms_csv(firms: Iterable[DemoFirm]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER.split(","))
    writer.writerows(_row(firm) for firm in firms)
    return text.getvalue()


def _row(firm: DemoFirm) -> list[str]:
    said = firm.declaration
    lon, lat = firm.point or ("", "")
    return [
        firm.siret,
        firm.name,
        firm.trade_name,
        firm.legal_form,
        firm.ess_flag,
        firm.naf,
        firm.naf25,
        firm.band,
        _text(firm.band_year),
        "F" if firm.closed else "A",
        "P" if firm.partial else "O",
        *firm.street,
        firm.postcode,
        firm.town.name.upper(),
        firm.town.code,
        str(lon),
        str(lat),
        firm.kind,
        "|".join(said.trades),
        _text(said.free_fte),
        _text(said.on),
        _text(said.radius_km),
        _text(firm.turnover_eur),
        _text(firm.references),
        _text(firm.places),
        _text(firm.vacancies),
        _text(firm.vacancies_on),
        "1",
    ]


def _text(value: object) -> str:
    return "" if value is None else str(value)
