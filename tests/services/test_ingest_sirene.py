"""The stock of SIRENE: the same firms as row by row, only what changed, and nobody lost."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.describe import describer
from matchmaker.ingest import ingest_firms, refresh_firms
from matchmaker.ingest.refresh import _one_by_one
from matchmaker.ingest.sirene import ingest_sirene
from matchmaker.models import Firm, ImportRun, QuarantineItem, ReferenceRow, RegisterEntry
from matchmaker.reference import reference
from matchmaker.sources.tables import TableError
from tests.factories import siret
from tests.services.conftest import real
from tests.services.firm_rows import counts, firm
from tests.services.sirene_stock import firms, one_by_one, row, stock, written
from tests.sources.firm_tables import COLLECTERIE, SIAE, write_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]
A, B, C, D = (siret(number) for number in (401, 402, 403, 404))
LA_POSTE = "35600000049837"

# Cases a clerk of INSEE would recognise.
FRENCH = {
    "association with a flag": row(A),
    "association without": row(A, economieSocialeSolidaireUniteLegale=""),
    "association of an old form": row(A, categorieJuridiqueUniteLegale="9230"),
    "SAS that is a SCOP": row(A, categorieJuridiqueUniteLegale="5710"),
    "ordinary SARL": row(A, categorieJuridiqueUniteLegale="5499", economieSocialeSolidaireUniteLegale="N"),
    "SARL SCOP": row(A, categorieJuridiqueUniteLegale="5458", economieSocialeSolidaireUniteLegale=""),
    "commune": row(A, categorieJuridiqueUniteLegale="7210", economieSocialeSolidaireUniteLegale=""),
    "sole trader": row(
        A,
        denominationUniteLegale="",
        nomUniteLegale="DUPONT",
        prenomUsuelUniteLegale="JEAN",
        categorieJuridiqueUniteLegale="1000",
        economieSocialeSolidaireUniteLegale="",
    ),
    "opposed to diffusion": row(
        A,
        denominationUniteLegale="",
        nomUniteLegale="[ND]",
        prenomUsuelUniteLegale="[ND]",
        statutDiffusionUniteLegale="P",
        statutDiffusionEtablissement="P",
        numeroVoieEtablissement="[ND]",
        typeVoieEtablissement="[ND]",
        libelleVoieEtablissement="[ND]",
        codePostalEtablissement="[ND]",
        coordonneeLambertAbscisseEtablissement="[ND]",
        coordonneeLambertOrdonneeEtablissement="[ND]",
    ),
    "only its unit opposed": row(A, statutDiffusionUniteLegale="P"),
    "trade name and sigle": row(A, enseigne1Etablissement="L'ATELIER", sigleUniteLegale="LAC"),
    "sigle alone": row(A, sigleUniteLegale="LAC"),
    "usual name alone": row(A, denominationUniteLegale="", denominationUsuelleEtablissement="CHEZ  PAUL"),
    "no name at all": row(A, denominationUniteLegale=""),
    "backslash and quotes": row(A, denominationUniteLegale='L\\\'ENVOL "NORD"\\'),
    "code of 1993": row(A, activitePrincipaleEtablissement="74.7Z", activitePrincipaleUniteLegale="81.30Z"),
    "code of 1973 everywhere": row(A, activitePrincipaleEtablissement="57.10", activitePrincipaleUniteLegale="57.10"),
    "code without its dot": row(A, activitePrincipaleEtablissement="8130Z"),
    "two trades": row(A, activitePrincipaleEtablissement="02.40Z"),
    "vague activity": row(A, activitePrincipaleEtablissement="94.99Z"),
    "headcount unknown": row(A, trancheEffectifsEtablissement="NN", anneeEffectifsEtablissement=""),
    "headcount absent": row(A, trancheEffectifsEtablissement="", anneeEffectifsEtablissement=""),
    "thousands": row(A, trancheEffectifsEtablissement="51", categorieEntreprise="GE"),
    "unit ceased": row(A, etatAdministratifUniteLegale="C"),
    "lost zeros": row(A, codeCommuneEtablissement="38185", codePostalEtablissement="38000 "),
    "commune of another name": row(A, codeCommuneEtablissement="", libelleCommuneEtablissement="MEYLAN"),
    "no commune known": row(A, codeCommuneEtablissement="99999", codePostalEtablissement="99999"),
    "no coordinates": row(A, coordonneeLambertAbscisseEtablissement="", coordonneeLambertOrdonneeEtablissement=""),
    "coordinates elsewhere": row(
        A, coordonneeLambertAbscisseEtablissement="12", coordonneeLambertOrdonneeEtablissement="3"
    ),
    "coordinates in words": row(A, coordonneeLambertAbscisseEtablissement="nord"),
    "comma as point": row(A, coordonneeLambertAbscisseEtablissement="913500,5"),
    "island with metres of its own": row(A, codeCommuneEtablissement="97411", codePostalEtablissement="97400"),
    "odd spaces": row(A, denominationUniteLegale="LES\u00a0AMIS \u2009DU  BOIS\tVERT"),
    "La Poste": row(LA_POSTE),
    "secondary": row(A, etablissementSiege="false", categorieEntreprise=""),
    "long name": row(A, denominationUniteLegale="X" * 199 + "ÉÉ"[:1]),
}


def test_by_columns_firms_are_what_they_are_row_by_row(tmp_path: Path) -> None:
    numbers = {
        case: siret(430 + rank) if cells["siret"] == A else LA_POSTE
        for rank, (case, cells) in enumerate(FRENCH.items())
    }
    rows = [FRENCH[case] | {"siren": number[:9], "siret": number} for case, number in numbers.items()]
    with transaction.atomic():
        one_by_one(tmp_path / "un", *rows)
        expected = firms()
        transaction.set_rollback(True)
    stock(tmp_path / "stock", *rows)
    found = firms()
    for case, number in numbers.items():
        assert found.get(number) == (expected[number] if expected[number]["active"] else None), case


def test_only_odd_rows_go_one_by_one(tmp_path: Path) -> None:
    odd = {"La Poste", "coordinates elsewhere", "coordinates in words", "comma as point", "odd spaces"}
    numbers = {
        case: siret(430 + rank) if cells["siret"] == A else LA_POSTE
        for rank, (case, cells) in enumerate(FRENCH.items())
    }
    stock(tmp_path, *(FRENCH[case] | {"siren": number[:9], "siret": number} for case, number in numbers.items()))
    hashed = set(Firm.objects.exclude(record_hash="").values_list("siret", flat=True))
    assert {case for case, number in numbers.items() if number in hashed} == odd
    assert not Firm.objects.filter(sirene_hash=None).exists()


CELLS = st.fixed_dictionaries(
    {},
    optional={
        "statutDiffusionUniteLegale": st.sampled_from("OP"),
        "statutDiffusionEtablissement": st.sampled_from(["O", "P", "N", ""]),
        "sigleUniteLegale": st.text("AB.é\\ '\"", max_size=4),
        "denominationUniteLegale": st.text("ABC [ND]\\é,;'\"", max_size=8),
        "nomUniteLegale": st.sampled_from(["", "[ND]", "DUPONT"]),
        "prenomUsuelUniteLegale": st.sampled_from(["", "[ND]", "ANNE"]),
        "categorieJuridiqueUniteLegale": st.sampled_from(
            ["", "1000", "5710", "5499", "5458", "9220", "9240", "6411", "x"]
        ),
        "economieSocialeSolidaireUniteLegale": st.sampled_from("ON ").map(str.strip),
        "categorieEntreprise": st.sampled_from(["", "PME", "GE", "?"]),
        "activitePrincipaleEtablissement": st.sampled_from(["81.21Z", "8130Z", "02.40Z", "57.10", "", "94.99Z", "ZZ"]),
        "activitePrincipaleUniteLegale": st.sampled_from(["81.21Z", "43.34Z", "", "57.10"]),
        "activitePrincipaleNAF25Etablissement": st.sampled_from(["81.21Y", ""]),
        "trancheEffectifsEtablissement": st.sampled_from(["", "NN", "00", "01", "12", "53", "99"]),
        "anneeEffectifsEtablissement": st.sampled_from(["", "2024", "24"]),
        "etablissementSiege": st.sampled_from(["true", "false", ""]),
        "numeroVoieEtablissement": st.sampled_from(["", "3", "[ND]"]),
        "codePostalEtablissement": st.sampled_from(["38000", "38240", "", "[ND]", "3800"]),
        "codeCommuneEtablissement": st.sampled_from(["38185", "38229", "", "99999", "97411"]),
        "libelleCommuneEtablissement": st.sampled_from(["GRENOBLE", "MEYLAN", "", "[ND]"]),
        "coordonneeLambertAbscisseEtablissement": st.sampled_from(["", "[ND]", "913500.5", "1", "x", "nan"]),
        "coordonneeLambertOrdonneeEtablissement": st.sampled_from(["", "6457900.25", "[ND]", "1e3"]),
        "enseigne1Etablissement": st.text("AB [ND]", max_size=6),
    },
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(CELLS, min_size=1, max_size=25))
def test_whatever_their_cells_rows_give_the_same_firms_both_ways(tmp_path: Path, cells: list[dict[str, str]]) -> None:
    rows = [row(siret(500 + number), **told) for number, told in enumerate(cells)]
    with transaction.atomic():
        one_by_one(tmp_path / "un", *rows)
        expected = firms()
        transaction.set_rollback(True)
    with transaction.atomic():
        stock(tmp_path / "stock", *rows)
        found = firms()
        transaction.set_rollback(True)
    assert found == expected


STATES = st.sampled_from(["A", "A", "F"])


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(CELLS, CELLS, STATES, STATES), min_size=1, max_size=25))
def test_whatever_changes_two_months_give_the_same_firms_both_ways(tmp_path: Path, cells: list) -> None:
    months = [
        [
            row(siret(500 + number), **told[month], etatAdministratifEtablissement=told[2 + month] if month else "A")
            for number, told in enumerate(cells)
        ]
        for month in (0, 1)
    ]
    with transaction.atomic():
        expected_run = [one_by_one(tmp_path / str(number), *rows) for number, rows in enumerate(months)][1]
        expected = firms()
        transaction.set_rollback(True)
    with transaction.atomic():
        run = [stock(tmp_path / f"mois{number}", *rows) for number, rows in enumerate(months)][1]
        found = firms()
        transaction.set_rollback(True)
    assert found == expected
    assert counts(run) == counts(expected_run)


def test_a_second_month_gives_what_row_by_row_gives(tmp_path: Path) -> None:
    first = [row(A), row(B, categorieJuridiqueUniteLegale="5499"), row(C)]
    second = [
        row(A, trancheEffectifsEtablissement="12", enseigne1Etablissement="NOUVELLE"),
        row(
            B,
            categorieJuridiqueUniteLegale="5499",
            codeCommuneEtablissement="38229",
            libelleCommuneEtablissement="MEYLAN",
        ),
        row(C, etatAdministratifEtablissement="F"),
        row(D),
    ]
    with transaction.atomic():
        one_by_one(tmp_path / "un", *first)
        one_by_one(tmp_path / "deux", *second)
        expected = firms()
        transaction.set_rollback(True)
    stock(tmp_path / "mois1", *first)
    run = stock(tmp_path / "mois2", *second)
    assert firms() == expected
    assert counts(run) == {"read": 4, "new": 1, "changed": 2, "retired": 1}


def test_the_same_month_again_changes_nothing(tmp_path: Path) -> None:
    rows = [row(A), row(B, nomUniteLegale="[ND]"), row(LA_POSTE)]
    stock(tmp_path, *rows)
    before = firms()
    assert counts(stock(tmp_path, *rows)) == {"read": 3, "unchanged": 3}
    assert firms() == before


def test_only_open_employers_and_ess_are_kept(tmp_path: Path) -> None:
    run = stock(
        tmp_path,
        row(A, caractereEmployeurEtablissement="N"),  # an association without staff
        row(
            B,
            categorieJuridiqueUniteLegale="5499",
            economieSocialeSolidaireUniteLegale="",
            caractereEmployeurEtablissement="N",
        ),
        row(C, etatAdministratifEtablissement="F"),
        row(D, categorieJuridiqueUniteLegale="5499", economieSocialeSolidaireUniteLegale=""),
    )
    assert set(Firm.objects.values_list("siret", flat=True)) == {A, D}
    assert run.details["facts"] == {"établissements laissés de côté (fermés, ou ni employeurs ni ESS)": 2}


def test_a_firm_that_closes_is_retired_and_comes_back(tmp_path: Path) -> None:
    stock(tmp_path / "1", row(A))
    assert counts(stock(tmp_path / "2", row(A, etatAdministratifEtablissement="F"))) == {"read": 1, "retired": 1}
    assert (firm(A).active, firm(A).closed_on) == (False, firm(A).described_on)
    stock(tmp_path / "3", row(A))
    assert (firm(A).active, firm(A).closed_on) == (True, None)


def test_a_delta_says_nothing_of_the_firms_it_does_not_hold(tmp_path: Path) -> None:
    stock(tmp_path / "stock", row(A), row(B))
    stock(tmp_path / "delta", row(A, trancheEffectifsEtablissement="21"))
    assert (firm(A).headcount_band, firm(B).headcount_band, firm(B).active) == ("21", "11", True)


def test_who_opposes_diffusion_later_is_forgotten(tmp_path: Path) -> None:
    stock(tmp_path / "1", FRENCH["sole trader"])
    assert firm(A).name == "JEAN DUPONT"
    stock(tmp_path / "2", FRENCH["opposed to diffusion"])
    assert (firm(A).name, firm(A).address, firm(A).diffusion) == (f"Établissement {A}", "", "P")


def test_a_register_outranks_sirene_in_either_order(tmp_path: Path) -> None:
    listed = write_csv(tmp_path / "siae.csv", [SIAE | {"siret": COLLECTERIE}])
    with transaction.atomic():
        ingest_firms(listed)
        stock(tmp_path / "stock", row(COLLECTERIE))
        after = firms()
        transaction.set_rollback(True)
    stock(tmp_path / "stock", row(COLLECTERIE))
    ingest_firms(listed)
    kept = ("name", "inclusive_kind", "source", "headcount_band", "legal_form", "naf", "ess", "trades")
    assert {name: after[COLLECTERIE][name] for name in kept} == {name: firms()[COLLECTERIE][name] for name in kept}
    assert firm(COLLECTERIE).inclusive_kind == "ACI"


def test_what_registers_hold_of_a_unit_counts_for_its_establishments(tmp_path: Path) -> None:
    plain = {"categorieJuridiqueUniteLegale": "5710", "economieSocialeSolidaireUniteLegale": ""}
    RegisterEntry.objects.create(source="ess_france", number=A[:9], ess=True)
    RegisterEntry.objects.create(source="siae", number=B, inclusive_kind="EI")
    stock(tmp_path, row(A, **plain), row(B, **plain), row(C, **plain))
    assert [(firm(number).ess, firm(number).inclusive_kind) for number in (A, B, C)] == [
        ("yes", ""),
        ("no", "EI"),
        ("no", ""),
    ]


def test_contracts_and_declarations_survive_a_month(tmp_path: Path) -> None:
    stock(tmp_path / "1", row(A))
    Firm.objects.filter(siret=A).update(ending_eur=90_000, declared_free_fte=2.0, declared_trades=["T07"])
    stock(tmp_path / "2", row(A, trancheEffectifsEtablissement="12"))
    assert (firm(A).ending_eur, firm(A).declared_free_fte, firm(A).trades) == (90_000, 2.0, ["T07"])


def test_bad_rows_are_set_aside_and_mended(tmp_path: Path) -> None:
    files = written(tmp_path, [row(A), row(B) | {"siret": B[:-1] + str((int(B[-1]) + 1) % 10)}, row(C)])
    with files[0].open("ab") as file:
        file.write(b"coupee,en,deux\n" + row(D)["siret"].encode() + b",\xff\xfe\n")
    run = ingest_sirene(files)
    assert (run.new, run.quarantined, run.details["reasons"]) == (2, 3, {"ligne_illisible": 2, "siret_invalide": 1})
    assert Firm.objects.count() == 2
    mended = ingest_sirene(written(tmp_path, [row(A), row(B), row(C), row(D)]))
    assert mended.new == 2
    assert not QuarantineItem.objects.filter(mended_at=None, reason="siret_invalide").exists()


def test_a_download_cut_short_imports_nothing_and_says_to_take_it_again(tmp_path: Path) -> None:
    files = written(tmp_path, [row(siret(number)) for number in range(1_000, 3_000)])
    whole = gzip.compress(files[0].read_bytes())
    cut = tmp_path / f"{files[0].stem}.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError, match=r"\.csv\.gz est abîmé ou incomplet : .* téléchargez-le à nouveau"):
        ingest_sirene([cut, *files[1:]])
    assert Firm.objects.count() == 0
    assert ImportRun.objects.get().state == ImportRun.State.FAILED
    cut.write_bytes(whole)
    assert ingest_sirene([cut, *files[1:]]).new == 2_000


def test_a_value_too_long_takes_nobody_with_it(tmp_path: Path) -> None:
    run = stock(tmp_path, row(A), row(B, denominationUniteLegale="X" * 201), row(C))
    assert (run.new, run.quarantined) == (2, 1)
    assert QuarantineItem.objects.get().reason == "valeur_refusee"


def test_a_siret_met_again_is_read_once(tmp_path: Path) -> None:
    run = stock(tmp_path, row(A), row(A, trancheEffectifsEtablissement="53"), row(B))
    assert (run.new, firm(A).headcount_band) == (2, "11")
    assert run.details["warnings"] == {"SIRET répété dans le fichier : la première ligne est gardée.": 1}
    assert counts(stock(tmp_path, row(A), row(A, trancheEffectifsEtablissement="53"), row(B))) == {
        "read": 3,
        "unchanged": 2,
    }


def test_the_geolocation_file_places_firms_unless_it_drew_at_random(tmp_path: Path) -> None:
    nowhere = {"coordonneeLambertAbscisseEtablissement": "", "coordonneeLambertOrdonneeEtablissement": ""}
    points = [
        {"siret": A, "x_longitude": "5.7310", "y_latitude": "45.1890", "qualite_xy": "11"},
        {"siret": B, "x_longitude": "5.7310", "y_latitude": "45.1890", "qualite_xy": "33"},
    ]
    stock(tmp_path, row(A, **nowhere), row(B, **nowhere), points=points)
    assert (firm(A).point.x, firm(A).point_precision) == (5.731, "address")
    assert (firm(B).point.x, firm(B).point_precision) == (5.7245, "commune")


def test_a_failed_import_says_what_is_missing(tmp_path: Path) -> None:
    units = written(tmp_path, [row(A)])[1]
    with pytest.raises(TableError, match="Il manque le fichier StockEtablissement"):
        ingest_sirene([units])
    assert ImportRun.objects.get().state == ImportRun.State.FAILED


def test_establishments_that_won_contracts_come_in_without_names_or_staff(tmp_path: Path) -> None:
    """8,264 real rows: neither unit, state nor headcount; what they lack is said."""
    run = ingest_sirene([real("sirene", "etablissements_titulaires_decp.csv.gz")])
    assert (run.read, run.new + run.quarantined) == (8_264, 8_264)
    assert len(run.details["warnings"]) >= 4


def test_tables_edited_later_reach_firms_that_came_by_columns(tmp_path: Path) -> None:
    stock(tmp_path, row(A), row(B, activitePrincipaleEtablissement="43.34Z"))
    before = firms()
    Firm.objects.update(described_with="d'avant", capacity_mid_eur=0, capacity_low_eur=0)
    assert refresh_firms(firm(A).described_on) == 2
    assert firms() == before


def test_tables_edited_give_by_codes_what_they_give_one_by_one(tmp_path: Path) -> None:
    numbers = [siret(430 + rank) for rank in range(len(FRENCH))]
    rows = [
        cells | {"siren": number[:9], "siret": number} for number, cells in zip(numbers, FRENCH.values(), strict=True)
    ]
    stock(tmp_path, *(cells for cells in rows))
    growth = ReferenceRow.objects.get(table="parameter", key="capacity.growth")
    growth.values["value"], growth.edited = "0.1", True
    growth.save()
    today = firm(numbers[0]).described_on
    assert refresh_firms(today) > 10
    assert not Firm.objects.exclude(described_with=reference().version).exists()
    assert _one_by_one(describer(today), list(Firm.objects.values_list("pk", flat=True))) == 0
