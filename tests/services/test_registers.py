"""Registers: what each says, whatever the order; who leaves one; what legal units' lists do to their firms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import permutations
from pathlib import Path

import openpyxl
import pytest

from matchmaker.describe import describer
from matchmaker.ingest import ingest_firms, refresh_firms
from matchmaker.models import Firm, ImportRun, QuarantineItem, RegisterEntry
from matchmaker.queries import public_firm
from matchmaker.retry import retry
from matchmaker.sources.tables import TableError
from matchmaker.sync import sync
from tests.factories import AS_OF, siret
from tests.services.conftest import checksum, real
from tests.services.firm_rows import counts, firm, many
from tests.sources.firm_tables import COLLECTERIE, ESAT_ROW, SIAE, SIRENE, write_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

COMPANY = SIRENE | {"categorieJuridiqueUniteLegale": "5710"}
SIREN = COLLECTERIE[:9]
LISTED = {"SIREN": SIREN, "Dénomination": "La Collecterie"}
AGREED = {"N° SIREN": SIREN, "Nom de l'entreprise": "La Collecterie", "Date de fin d'agrément": "31/12/2027"}

ORDERS = sorted(permutations(["siae", "esat", "sirene", "ess_france", "esus"]))[::15]
Synced = Callable[..., ImportRun]


@pytest.fixture
def synced(tmp_path: Path) -> Synced:
    """Write a table and give it to a source as its edition."""

    def run(key: str, *rows: Mapping[str, str], name: str = "") -> ImportRun:
        return sync(key, [write_csv(tmp_path / (name or f"{key}.csv"), rows)])[-1]

    return run


# ---------------------------------------------------------------- an edition, and who is no longer in it


def test_a_firm_absent_from_the_new_edition_loses_its_inclusive_kind_and_stays(synced: Synced) -> None:
    synced("siae", SIAE, *many(2))
    run = synced("siae", *many(2))
    assert counts(run) == {"read": 2, "unchanged": 2, "retired": 1}
    assert (firm().inclusive_kind, firm().active) == ("", True)
    assert counts(synced("siae", *many(2))) == {"read": 2, "unchanged": 2}


def test_a_firm_that_left_a_register_is_described_by_sirene_again(synced: Synced, table) -> None:
    table(SIRENE)
    synced("siae", SIAE | {"name": "Nom du registre"}, *many(2))
    assert firm().name == "Nom du registre"
    synced("siae", *many(2))
    table(SIRENE)
    assert (firm().source, firm().name) == ("sirene", "LA COLLECTERIE")


def test_a_firm_held_by_two_registers_keeps_what_the_other_says(synced: Synced) -> None:
    synced("siae", SIAE, *many(2))
    synced("esat", ESAT_ROW | {"ET-SIRET": COLLECTERIE})
    assert firm().inclusive_kind == "ACI"
    synced("siae", *many(2))
    assert firm().inclusive_kind == "ESAT"


def test_files_given_together_are_one_edition(tmp_path: Path) -> None:
    ea = {"SIRET": siret(9_001), "Raison sociale": "Adaptée du Drac", "Code postal": "38000", "Ville": "Grenoble"}
    eatt = ea | {"SIRET": siret(9_002), "Type": "EATT"}
    one, two = write_csv(tmp_path / "ea.csv", [ea]), write_csv(tmp_path / "eatt.csv", [eatt])
    for _ in range(2):
        runs = sync("ea", [one, two])
        assert sum(run.retired for run in runs) == 0
    assert [firm(siret(number)).inclusive_kind for number in (9_001, 9_002)] == ["EA", "EATT"]


def test_an_edition_that_lost_more_than_half_of_its_entries_retires_nobody_and_says_so(synced: Synced) -> None:
    synced("siae", SIAE, *many(4))
    run = synced("siae", SIAE)
    assert run.retired == 0
    assert any("aucune n'est retirée" in warning for warning in run.details["warnings"])
    assert Firm.objects.filter(inclusive_kind="ACI").count() == 5


def test_files_merely_added_retire_nobody(synced: Synced, tmp_path: Path) -> None:
    synced("siae", SIAE, *many(2))
    ingest_firms(write_csv(tmp_path / "ajout.csv", many(2)))
    assert firm().inclusive_kind == "ACI"


def test_an_edition_cut_short_retires_nobody(synced: Synced, tmp_path: Path) -> None:
    synced("siae", SIAE, *many(300), name="liste.csv.gz")
    path = write_csv(tmp_path / "liste.csv.gz", many(300))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(TableError, match="abîmé"):
        sync("siae", [path])
    assert firm().inclusive_kind == "ACI"


@pytest.mark.parametrize("order", ORDERS)
def test_registers_and_sirene_in_any_order_end_in_the_same_state(synced: Synced, table, order: tuple[str, ...]) -> None:
    """What decides a status never depends on who came first; names and places may, between equals."""
    rows = {
        "siae": SIAE,
        "esat": ESAT_ROW | {"ET-SIRET": COLLECTERIE},
        "sirene": COMPANY | {"economieSocialeSolidaireUniteLegale": "O"},
        "ess_france": LISTED,
        "esus": AGREED,
    }
    for key in order:
        table(rows[key], name="sirene.csv") if key == "sirene" else synced(key, rows[key])
    found = firm()
    assert (found.ess, found.ess_provenance, found.ess_flag, found.ess_listed) == (
        "yes",
        "liste ESS France",
        True,
        True,
    )
    assert (found.inclusive_kind, found.legal_form, found.places) == ("ACI", "5710", 66)
    assert (found.esus, str(found.esus_until)) == (True, "2027-12-31")


# ---------------------------------------------------------------- lists by SIREN


def test_the_ess_france_list_makes_every_establishment_of_a_unit_ess(synced: Synced, table) -> None:
    branch = next(f"{SIREN}{nic:05d}" for nic in range(1, 100) if _valid(f"{SIREN}{nic:05d}"))
    table(COMPANY, COMPANY | {"siret": branch})
    run = synced("ess_france", LISTED)
    assert counts(run) == {"read": 1, "new": 1}
    assert run.details["facts"] == {"établissements mis à jour": 2}
    assert {found.ess_provenance for found in Firm.objects.all()} == {"liste ESS France"}
    assert counts(synced("ess_france", LISTED)) == {"read": 1, "unchanged": 1}


def test_a_unit_not_known_yet_waits_in_quarantine_and_is_mended_once_sirene_brought_it(synced: Synced, table) -> None:
    run = synced("ess_france", LISTED)
    assert counts(run) == {"read": 1, "quarantined": 1}
    item = QuarantineItem.objects.get()
    assert (item.reason, item.locator) == ("siren_inconnu", "ess_france.csv, ligne 2")
    table(COMPANY)
    assert firm().ess_listed
    again = synced("ess_france", LISTED)
    assert (counts(again), again.details["mended"]) == ({"read": 1, "unchanged": 1}, 1)


def test_the_list_and_sirene_in_either_order_end_in_the_same_state(synced: Synced, table) -> None:
    table(COMPANY)
    synced("ess_france", LISTED)
    known = checksum(Firm, RegisterEntry)
    Firm.objects.all().delete()
    RegisterEntry.objects.all().delete()
    synced("ess_france", LISTED)
    table(COMPANY)
    assert checksum(Firm, RegisterEntry) == known


def test_a_unit_that_left_the_ess_france_list_falls_back_on_the_next_proof(synced: Synced, table) -> None:
    other = {"SIREN": siret(9_001)[:9], "Dénomination": "Autre"}
    table(COMPANY)
    synced("ess_france", LISTED, other)
    assert firm().ess == "yes"
    run = synced("ess_france", other)
    assert run.retired == 1
    assert (firm().ess, firm().ess_provenance) == ("no", "catégorie juridique")


def test_a_list_that_gives_sirets_is_read_by_their_siren(synced: Synced, table) -> None:
    table(COMPANY)
    synced("ess_france", {"siret": COLLECTERIE, "nom": "La Collecterie"})
    assert firm().ess_listed


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Date de fin d'agrément", "31/12/2027"),
        ("date_fin_agrement", "2027-12-31"),
        ("Échéance", "2027-12-31T00:00:00"),
        ("Fin de validité", "46752"),
    ],
)
def test_an_esus_agreement_is_kept_with_its_end(synced: Synced, table, column: str, value: str) -> None:
    table(SIRENE)
    synced("esus", {"siren": SIREN, column: value})
    assert (firm().esus, str(firm().esus_until)) == (True, "2027-12-31")
    assert (firm().ess, firm().ess_provenance) == ("yes", "catégorie juridique")


def test_an_esus_agreement_that_ended_no_longer_counts(synced: Synced, table) -> None:
    table(SIRENE)
    synced("esus", AGREED)
    Firm.objects.update(described_with=describer(AS_OF).reference.version)
    assert refresh_firms(AS_OF.replace(year=2028)) == 1
    assert (firm().esus, str(firm().esus_until)) == (False, "2027-12-31")


def test_a_wrong_siren_is_set_aside_with_its_reason(synced: Synced) -> None:
    run = synced("esus", AGREED | {"N° SIREN": "123456789"}, AGREED | {"N° SIREN": ""})
    assert run.details["reasons"] == {"siren_invalide": 2}
    assert all(item.message.endswith(".") for item in QuarantineItem.objects.all())


def test_a_person_s_word_outlives_every_list(synced: Synced, table) -> None:
    table(COMPANY)
    Firm.objects.update(ess="no", ess_provenance="vérifié par une personne")
    synced("ess_france", LISTED)
    table(COMPANY | {"economieSocialeSolidaireUniteLegale": "O"})
    assert (firm().ess, firm().ess_provenance, firm().ess_listed) == ("no", "vérifié par une personne", True)


# ---------------------------------------------------------------- shapes


def test_the_open_data_of_les_emplois_is_read(tmp_path: Path) -> None:
    structure = {
        "siret": COLLECTERIE,
        "type": "ACI",
        "raison_sociale": "LA COLLECTERIE",
        "enseigne": "La Collecterie",
        "site_web": "https://collecterie.example",
        "addresse_ligne_1": "18 rue Saint-Antoine",
        "code_postal": "38000",
        "ville": "Grenoble",
        "departement": "38",
        "postes": [{"rome": "K2303"}],
    }
    path = tmp_path / "siaes.json"
    path.write_text(json.dumps({"count": 1, "next": None, "results": [structure]}), encoding="utf-8")
    assert counts(sync("siae", [path])[0]) == {"read": 1, "new": 1}
    found = firm()
    assert (found.name, found.trade_name, found.inclusive_kind) == ("LA COLLECTERIE", "La Collecterie", "ACI")
    assert (found.address, found.commune_id, found.point_precision) == ("18 rue Saint-Antoine", "38185", "commune")


def test_a_workbook_with_titles_and_kinds_in_words_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (
        ["Structures conventionnées au 1er janvier 2026"],
        [],
        ["N° SIRET", "Raison sociale", "Type de structure", "Code postal", "Commune"],
        [int(COLLECTERIE), "La Collecterie", "Ateliers et chantiers d'insertion", 38000, "Grenoble"],
        [
            int(siret(9_001)),
            "Intérim du Drac",
            "Entreprise de travail temporaire d'insertion (ETTI)",
            38000,
            "Grenoble",
        ],
    ):
        book.active.append(line)
    book.save(tmp_path / "iae.xlsx")
    assert counts(sync("siae", [tmp_path / "iae.xlsx"])[0]) == {"read": 2, "new": 2}
    assert [firm().inclusive_kind, firm(siret(9_001)).inclusive_kind] == ["ACI", "ETTI"]


def test_the_file_of_another_source_is_refused_with_what_is_wanted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "clients.csv", [{"nom": "Dupont", "ville": "Vif"}])
    with pytest.raises(TableError, match=r"clients\.csv : colonnes non reconnues.*geiq : siret, name"):
        sync("geiq", [path])
    with pytest.raises(TableError, match=r"esus : siren"):
        sync("esus", [path])


def test_a_protected_establishment_is_kept_masked(tmp_path: Path, table) -> None:
    table(SIRENE)
    answer = {"siren": SIREN, "nic": COLLECTERIE[9:], "siret": COLLECTERIE, "statutDiffusionEtablissement": "N"}
    (tmp_path / "reponse.json").write_text(json.dumps({"etablissement": answer}), encoding="utf-8")
    sync("api_sirene", [tmp_path / "reponse.json"])
    assert (firm().diffusion, public_firm(firm()).name) == ("P", "Entreprise à diffusion partielle")


# ---------------------------------------------------------------- rows without SIRET


WITHOUT = {"ET-SIRET": "", "ET-Raison sociale": "ESAT LES TILLEULS DU DRAC", "ET-Commune Libellé": "Grenoble"}
KNOWN = SIRENE | {"siret": siret(9_100), "denominationUniteLegale": "ESAT LES TILLEULS DU DRAC"}


def test_a_row_without_siret_is_linked_by_name_and_place_and_says_how_sure_that_is(synced: Synced, table) -> None:
    table(KNOWN)
    run = synced("esat", ESAT_ROW, ESAT_ROW | WITHOUT)
    assert counts(run) == {"read": 2, "new": 1, "changed": 1}
    assert run.details["facts"] == {"rapprochés par le nom": 1}
    assert (firm(siret(9_100)).inclusive_kind, firm(siret(9_100)).places) == ("ESAT", 66)
    entry = RegisterEntry.objects.get(number=siret(9_100))
    assert entry.probability is not None
    assert entry.probability > 0.5
    assert counts(synced("esat", ESAT_ROW, ESAT_ROW | WITHOUT)) == {"read": 2, "unchanged": 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"ET-Commune Libellé": "Nantes", "ET-Commune Code": "44109", "ET-Code Postal": "44000"},
        {"ET-Raison sociale": "ANTENNE DE GRENOBLE"},
        {"ET-Raison sociale": "Foyer des Hautes Terres"},
    ],
)
def test_a_row_without_siret_that_names_nobody_for_sure_stays_in_quarantine(
    synced: Synced, table, changes: dict[str, str]
) -> None:
    table(KNOWN)
    run = synced("esat", ESAT_ROW, ESAT_ROW | WITHOUT | changes)
    assert run.details["reasons"] == {"sans_siret": 1}
    assert firm(siret(9_100)).inclusive_kind == ""


def test_a_row_without_siret_is_no_second_entry_of_one_that_has_its_own(synced: Synced) -> None:
    run = synced("esat", ESAT_ROW, ESAT_ROW | {"ET-SIRET": ""})
    assert counts(run) == {"read": 2, "new": 1, "quarantined": 1}


def test_reading_quarantine_again_is_no_edition_and_retires_nobody(synced: Synced, table) -> None:
    synced("esat", ESAT_ROW, ESAT_ROW | WITHOUT)
    table(KNOWN)
    assert retry(list(QuarantineItem.objects.values_list("pk", flat=True))).mended == 1
    assert firm(siret(9_100)).inclusive_kind == "ESAT"
    assert Firm.objects.filter(inclusive_kind="ESAT").count() == 2


def test_the_end_of_an_agreement_survives_quarantine(synced: Synced, table) -> None:
    synced("esus", AGREED)
    table(SIRENE)
    assert retry(list(QuarantineItem.objects.values_list("pk", flat=True))).mended == 1
    assert str(firm().esus_until) == "2027-12-31"


# ---------------------------------------------------------------- the real lists


REAL = {
    "siae": (("ess", "siae_le_marche.csv.gz"), 3_853, {"siret_invalide": 13}),
    "esat": (("ess", "esat_liste_officielle.csv.gz"), 1_504, {"sans_siret": 78}),
    "geiq": (("ess", "geiq_label.csv.gz"), 440, {"sans_siret": 146, "siret_invalide": 1}),
    "api_sirene": (("sirene", "api_sirene_insee", "api_results.json"), 20, {"siret_invalide": 19}),
}


@pytest.mark.parametrize("key", REAL)
def test_every_row_of_the_real_lists_is_counted_and_each_refusal_has_its_reason(key: str) -> None:
    parts, size, reasons = REAL[key]
    (run,) = sync(key, [real(*parts)])
    repeated = sum(n for words, n in run.details["warnings"].items() if words.startswith("SIRET répété"))
    assert (run.state, run.read, run.details["reasons"]) == ("done", size, reasons)
    assert run.read == run.new + run.changed + run.unchanged + run.quarantined + repeated


def test_the_33_legal_units_of_the_search_api_are_read() -> None:
    files = sorted(real("sirene", "recherche_entreprises").glob("*.json"))
    runs = sync("recherche_entreprises", files)
    assert sum(run.details["facts"]["unités légales"] for run in runs) == 33
    assert sum(run.quarantined for run in runs) == 0
    protected = Firm.objects.get(siret="30002576400048")
    assert (protected.diffusion, "NON-DIFFUSIBLE" in protected.name + protected.address) == ("P", False)
    assert Firm.objects.filter(ess="yes", legal_form__startswith="92").count() == 4


def _valid(number: str) -> bool:
    from matchmaker.domain.siret import is_valid_siret

    return number != COLLECTERIE and is_valid_siret(number)
