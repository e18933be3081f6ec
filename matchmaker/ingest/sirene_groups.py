"""Which cells of SIRENE decide which columns of a firm: each distinct combination is deduced once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Cells that together decide some columns of a firm, and nothing else does for a firm new to us."""

    name: str
    cells: tuple[str, ...]
    fields: tuple[str, ...]


GROUPS = (
    Group(
        "standing",
        ("categorieJuridiqueUniteLegale", "economieSocialeSolidaireUniteLegale", "claims"),
        ("legal_form", "ess", "ess_family", "ess_provenance", "ess_flag", "ess_listed", "esus", "esus_until"),
    ),
    Group(
        "state",
        (
            "statutDiffusionEtablissement",
            "statutDiffusionUniteLegale",
            "etatAdministratifEtablissement",
            "etatAdministratifUniteLegale",
            "caractereEmployeurEtablissement",
            "caractereEmployeurUniteLegale",
            "etablissementSiege",
            "categorieEntreprise",
            "anneeEffectifsEtablissement",
        ),
        ("diffusion", "active", "closed_on", "employer", "head_office", "size_category", "headcount_year"),
    ),
    Group(
        "activity",
        ("activitePrincipaleEtablissement", "activitePrincipaleUniteLegale", "trancheEffectifsEtablissement"),
        (
            "naf",
            "headcount_band",
            "trades",
            "trade_source",
            "fte_mid",
            "turnover_mid_eur",
            "capacity_low_eur",
            "capacity_mid_eur",
            "capacity_high_eur",
        ),
    ),
    Group("later_naf", ("activitePrincipaleNAF25Etablissement", "activitePrincipaleNAF25UniteLegale"), ("naf25",)),
    Group(
        "town",
        ("codeCommuneEtablissement", "codePostalEtablissement", "libelleCommuneEtablissement"),
        ("postcode", "city", "commune_id", "town_lon", "town_lat"),
    ),
)
