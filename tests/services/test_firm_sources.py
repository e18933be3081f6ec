"""Several sources speak of one firm: what each says is kept, and importing them in turn settles."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.gazetteer import Gazetteer, KnownCommune
from geo.domain.point import Point
from matchmaker.describe import Describer
from matchmaker.domain.firm import FirmRecord
from matchmaker.queries import public_firm
from tests.domain.tables import shipped
from tests.services.firm_rows import counts, firm
from tests.sources.firm_tables import COLLECTERIE, SIAE, SIRENE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


def test_a_list_that_says_nothing_of_diffusion_never_lifts_a_firm_s_opposition(table) -> None:
    """D1: SIRENE's P stays when a register of inclusive structures names the firm."""
    table(SIRENE | {"statutDiffusionEtablissement": "P", "denominationUniteLegale": "[ND]"})
    table(SIAE)
    assert firm().diffusion == "P"
    assert public_firm(firm()).name == "Entreprise à diffusion partielle"
    table(SIRENE | {"statutDiffusionEtablissement": "O"})
    assert firm().diffusion == "O"


def test_a_register_knows_the_kind_and_sirene_the_legal_form(table) -> None:
    table(SIRENE)
    table(SIAE)
    found = firm()
    assert (found.source, found.inclusive_kind, found.legal_form, found.ess) == ("siae", "ACI", "9220", "yes")


@pytest.mark.parametrize("first", ["sirene", "siae"])
@pytest.mark.parametrize(
    "address",
    [
        {"lon": "", "lat": ""},
        {"lon": "5.5930", "lat": "45.3660"},
        {"lon": "", "lat": "", "post_code": "44000", "city": "Nantes"},
    ],
)
def test_two_lists_that_disagree_settle(table, first: str, address: dict[str, str]) -> None:
    lists = {
        "siae": SIAE | address,
        "sirene": SIRENE
        | {
            "coordonneeLambertAbscisseEtablissement": "913800",
            "coordonneeLambertOrdonneeEtablissement": "6457800",
            "economieSocialeSolidaireUniteLegale": "O",
        },
    }
    order = sorted(lists, key=lambda name: name != first)
    for name in order:
        table(lists[name], name=f"{name}.csv")
    for name in order * 2:
        assert counts(table(lists[name], name=f"{name}.csv")) == {"read": 1, "unchanged": 1}


def _town(code: str, name: str, zipcode: str, lon: float, lat: float) -> KnownCommune:
    return KnownCommune(code, name, name.lower(), code[:2], 1_000, (zipcode,), "", True, Point(lon, lat))


TOWNS = Gazetteer(
    {
        town.code: town
        for town in (
            _town("38185", "Grenoble", "38000", 5.72, 45.19),
            _town("38421", "Eybens", "38320", 5.75, 45.15),
            _town("44109", "Nantes", "44000", -1.55, 47.23),
        )
    },
    {},
    {},
)
RECORDS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "Propreté Plus", "Jardins"]),
        "legal_form": st.sampled_from(["", "9220", "5710"]),
        "ess_flag": st.sampled_from([None, None, True, False]),
        "naf": st.sampled_from(["", "81.21Z", "94.99Z"]),
        "declared_trades": st.sampled_from([(), ("T07",)]),
        "headcount_band": st.sampled_from(["", "11", "NN"]),
        "headcount_fte": st.sampled_from([None, 0.0, 12.0]),
        "turnover_eur": st.sampled_from([None, 0, 500_000]),
        "commune_code": st.sampled_from(["", "38185", "38421", "44109"]),
        "point": st.sampled_from([None, Point(5.73, 45.18), Point(5.76, 45.16), Point(-1.50, 47.20)]),
        "partial_diffusion": st.sampled_from([None, True, False]),
        "active": st.sampled_from([None, True, False]),
    }
)


@given(RECORDS, RECORDS, st.sampled_from([("sirene", "siae"), ("siae", "sirene"), ("siae", "esat")]))
def test_any_two_sources_of_one_firm_settle_after_one_turn_each(
    one: dict[str, object], other: dict[str, object], sources: tuple[str, str]
) -> None:
    describer = Describer.of(shipped(), TOWNS, date(2026, 11, 23))
    kind = {"siae": "ACI", "esat": "ESAT", "sirene": ""}
    silent = {"ess_flag": None, "partial_diffusion": None, "active": None}  # only SIRENE speaks of these
    records = [
        FirmRecord(
            siret=COLLECTERIE,
            source=source,
            inclusive_kind=kind[source],
            **(facts if source == "sirene" else facts | silent),  # type: ignore[arg-type]
        )
        for source, facts in zip(sources, (one, other), strict=True)
    ]
    known = None
    for record in records:
        known = describer.describe(record, known)
    for record in records * 2:
        again = describer.describe(record, known)
        assert known is not None
        assert again.record_hash == known.record_hash
        known = again


def test_what_a_source_says_no_more_of_the_legal_form_takes_the_ess_status_with_it(table) -> None:
    table(SIRENE)
    assert (firm().ess, firm().ess_provenance) == ("yes", "catégorie juridique")
    table(SIRENE | {"categorieJuridiqueUniteLegale": "5710"})
    assert firm().ess != "yes"
