"""Firms in: nothing is lost, nothing is done twice, and what cannot be read says why."""

from __future__ import annotations

import gzip
import threading
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from geo.domain.distance import distance_km
from geo.domain.point import Point
from matchmaker.ingest import ImportBusyError, ingest_firms, refresh_firms
from matchmaker.match import supply_version
from matchmaker.models import Firm, ImportRun, QuarantineItem, RawDocument, ReferenceRow
from matchmaker.sources.tables import TableError
from tests.factories import siret
from tests.services.conftest import checksum
from tests.services.firm_rows import GRENOBLE, counts, firm, many
from tests.sources.firm_tables import SIAE, SIRENE, write_csv

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]


# ---------------------------------------------------------------- once, twice, changed


def test_a_new_firm_is_described_placed_and_sized(table) -> None:
    assert counts(table(SIAE)) == {"read": 1, "new": 1}
    found = firm()
    assert (found.name, found.inclusive_kind) == ("LA COLLECTERIE", "ACI")
    assert (found.trades, found.trade_source) == (["T18"], "name")  # its NAF, 88.99B, says nothing
    assert (found.point_precision, found.commune_id) == ("address", "38185")
    assert (found.point.x, found.point.y) == (5.7310, 45.1890)
    assert 0 < found.capacity_low_eur < found.capacity_mid_eur < found.capacity_high_eur
    assert found.raw.name == "liste.csv"


def test_the_same_table_again_changes_nothing(table) -> None:
    table(SIAE, SIAE | {"siret": siret(9_001)})
    before = list(Firm.objects.values()), supply_version(False)
    assert counts(table(SIAE, SIAE | {"siret": siret(9_001)})) == {"read": 2, "unchanged": 2}
    assert (list(Firm.objects.values()), supply_version(False)) == before
    assert RawDocument.objects.count() == 1


def test_a_changed_row_is_the_same_firm_with_other_facts(table) -> None:
    table(SIAE)
    known, supply = firm(), supply_version(False)
    assert counts(table(SIAE | {"c2_etp_count": "40"})) == {"read": 1, "changed": 1}
    assert firm().pk == known.pk
    assert firm().capacity_mid_eur > known.capacity_mid_eur
    assert supply_version(False) != supply


def test_a_closed_establishment_is_retired_and_kept(table) -> None:
    table(SIRENE)
    assert counts(table(SIRENE | {"etatAdministratifEtablissement": "F"})) == {"read": 1, "retired": 1}
    assert not firm().active
    assert counts(table(SIRENE | {"etatAdministratifEtablissement": "F"})) == {"read": 1, "unchanged": 1}


def test_a_siret_met_twice_in_a_table_keeps_its_first_row(table) -> None:
    run = table(SIAE | {"name": "Première"}, SIAE | {"name": "Seconde"})
    assert firm().name == "Première"
    assert run.details["warnings"] == {"SIRET répété dans le fichier : la première ligne est gardée.": 1}


def test_parquet_and_csv_make_the_same_firms(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "l.csv", [SIRENE, *(SIRENE | {"siret": siret(n)} for n in (9_001, 9_002))])
    parquet = tmp_path / "l.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{path}', all_varchar = true)) TO '{parquet}' (FORMAT parquet)")
    ingest_firms(path)
    known = checksum(Firm)
    assert counts(ingest_firms(parquet)) == {"read": 3, "unchanged": 3}
    Firm.objects.all().delete()
    ingest_firms(parquet)
    assert checksum(Firm) == known


# ---------------------------------------------------------------- bad input


def test_a_wrong_siret_key_goes_to_quarantine_and_the_rest_is_imported(table) -> None:
    run = table(SIAE, SIAE | {"siret": "75187049400027"}, SIAE | {"siret": siret(9_001)})
    assert counts(run) == {"read": 3, "new": 2, "quarantined": 1}
    (item,) = QuarantineItem.objects.all()
    assert (item.locator, item.reason) == ("liste.csv, ligne 3", "siret_invalide")
    assert item.message == "Le SIRET « 75187049400027 » a une clé fausse : vérifiez ses chiffres."
    assert "kind=ACI" in item.excerpt


def test_a_corrected_table_mends_what_was_in_quarantine(table) -> None:
    table(SIAE, SIAE | {"siret": "75187049400027"})
    run = table(SIAE, SIAE | {"siret": siret(9_001)})
    assert counts(run) == {"read": 2, "new": 1, "unchanged": 1}
    assert run.details["mended"] == 1
    assert QuarantineItem.objects.get().mended_at is not None


def test_the_same_bad_row_is_in_quarantine_once(table) -> None:
    for _ in range(2):
        run = table(SIAE, SIAE | {"siret": "75187049400027"})
        assert run.quarantined == 1
    assert QuarantineItem.objects.count() == 1
    assert QuarantineItem.objects.get().run == run


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ca": "-1"}, "« -1 » ne peut pas être négatif. La valeur est laissée vide."),
        ({"kind": "INCONNU"}, "Type de structure inclusive inconnu : « INCONNU ». La valeur est laissée vide."),
    ],
)
def test_an_impossible_value_is_left_empty_and_its_firm_kept(table, changes: dict[str, str], words: str) -> None:
    run = table(*many(3), SIAE | changes, SIAE | {"siret": siret(9_500)})
    assert counts(run) == {"read": 5, "new": 5}
    assert run.details["warnings"] == {words: 1}


def test_a_value_the_database_refuses_sets_its_row_aside_and_no_other(table) -> None:
    run = table(*many(3), SIAE | {"website": "https://" + "x" * 400}, SIAE | {"siret": siret(9_500)})
    assert counts(run) == {"read": 5, "new": 4, "quarantined": 1}
    item = QuarantineItem.objects.get()
    assert (item.reason, item.locator) == ("valeur_refusee", "liste.csv, ligne 5")
    assert item.message.endswith(".")


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [("2.35", "-48.85", "hors de France"), ("45.1890", "5.7310", "semblent échangées"), ("x", "y", "illisibles")],
)
def test_a_place_outside_france_is_a_warning_and_the_commune_is_used(table, lon: str, lat: str, words: str) -> None:
    run = table(SIAE | {"lon": lon, "lat": lat})
    (warning,) = run.details["warnings"]
    assert words in warning
    assert (firm().point_precision, firm().commune_id) == ("commune", "38185")
    assert (firm().point.x, firm().point.y) == (GRENOBLE.lon, GRENOBLE.lat)


def test_a_firm_nobody_can_place_is_kept_with_a_warning(table) -> None:
    run = table(SIAE | {"lon": "", "lat": "", "post_code": "99999", "city": "Atlantide"})
    assert run.new == 1
    assert firm().point is None
    assert any("ne peut pas être rapprochée" in warning for warning in run.details["warnings"])


def test_windows_1252_is_repaired_and_said(table) -> None:
    run = table(SIAE | {"name": "Régie d'Échirolles"}, encoding="cp1252")
    assert firm().name == "Régie d'Échirolles"
    assert "Caractères mal codés : lus comme du Windows-1252." in run.details["warnings"]


def test_an_unknown_table_is_refused_whole_and_leaves_a_report(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="colonnes non reconnues"):
        ingest_firms(write_csv(tmp_path / "clients.csv", [{"nom": "Dupont"}]))
    run = ImportRun.objects.get()
    assert run.state == ImportRun.State.FAILED
    assert "colonnes non reconnues" in run.error
    assert not Firm.objects.exists()


def test_the_command_says_an_error_in_french_and_a_report_in_figures(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"introuvable\.csv : fichier introuvable"):
        call_command("ingest", "firms", str(tmp_path / "introuvable.csv"))
    path = write_csv(tmp_path / "liste.csv", [SIAE, SIAE | {"siret": "1"}])
    out = StringIO()
    call_command("ingest", "firms", str(path), stdout=out)
    call_command("ingest", "report", stdout=out)
    assert "2 lus, 1 nouveaux, 1 en quarantaine" in out.getvalue()
    assert "liste.csv, ligne 3 — siret_invalide : « 1 » n'est pas un SIRET" in out.getvalue()


# ---------------------------------------------------------------- interruptions


def test_two_imports_at_once_never_mix(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "liste.csv", [SIAE])
    raised: list[BaseException] = []

    def other() -> None:
        try:
            ingest_firms(path)
        except ImportBusyError as error:
            raised.append(error)
        finally:
            connection.close()

    def meanwhile(_words: str) -> None:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert counts(ingest_firms(path, meanwhile)) == {"read": 1, "new": 1}
    (error,) = raised
    assert "déjà en cours : attendez sa fin" in str(error)
    assert counts(ingest_firms(path)) == {"read": 1, "unchanged": 1}


def test_an_import_killed_between_batches_ends_the_same_when_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matchmaker.ingest.firms.BATCH", 3)
    path = write_csv(tmp_path / "liste.csv", [*many(8), SIAE | {"siret": "1"}, SIAE])
    ingest_firms(path)
    whole = checksum(Firm), QuarantineItem.objects.values_list("locator", "reason").get()
    Firm.objects.all().delete()
    QuarantineItem.objects.all().delete()

    def killed(words: str) -> None:
        if words.startswith("6 "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest_firms(path, killed)
    stopped = ImportRun.objects.first()
    assert stopped is not None
    assert (stopped.state, stopped.read, stopped.new, Firm.objects.count()) == ("failed", 6, 6, 6)
    assert counts(ingest_firms(path)) == {"read": 10, "new": 3, "unchanged": 6, "quarantined": 1}
    assert (checksum(Firm), QuarantineItem.objects.values_list("locator", "reason").get()) == whole


def test_a_damaged_table_keeps_whole_batches_and_counts_only_those(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matchmaker.ingest.firms.BATCH", 100)
    whole = write_csv(tmp_path / "w.csv.gz", many(450)).read_bytes()
    (tmp_path / "liste.csv.gz").write_bytes(whole[: len(whole) * 4 // 5])
    with pytest.raises(TableError, match="le fichier est abîmé"):
        ingest_firms(tmp_path / "liste.csv.gz")
    run = ImportRun.objects.get()
    assert run.state == "failed"
    assert "abîmé" in run.error
    assert run.new == Firm.objects.count()
    assert run.new % 100 == 0
    assert run.finished_at is not None


def test_a_batch_the_database_gives_up_on_is_undone_whole_and_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matchmaker.ingest.firms.BATCH", 3)
    rows = many(8)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'canceling statement' USING ERRCODE = 'query_canceled'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER give_up BEFORE INSERT ON matchmaker_firm FOR EACH ROW "
            f"WHEN (NEW.siret = '{rows[4]['siret']}') EXECUTE FUNCTION give_up()"
        )
    path = write_csv(tmp_path / "liste.csv", rows)
    with pytest.raises(OperationalError):
        ingest_firms(path)
    run = ImportRun.objects.get()
    assert (run.state, run.read, run.new, Firm.objects.count()) == ("failed", 3, 3, 3)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER give_up ON matchmaker_firm")
    assert counts(ingest_firms(path)) == {"read": 8, "new": 5, "unchanged": 3}


def test_a_run_found_open_was_killed_and_is_closed_by_the_next_one(table) -> None:
    ImportRun.objects.create(kind="firms", source="tuée")
    table(SIAE)
    assert ImportRun.objects.get(source="tuée").state == "failed"


def test_a_gzip_table_is_read_like_any_other(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "liste.csv.gz", [SIAE])
    assert gzip.decompress(path.read_bytes()).startswith(b"siret,")
    assert ingest_firms(path).new == 1


# ---------------------------------------------------------------- deduced anew


def test_firms_follow_an_edited_reference_table(table) -> None:
    table(SIAE)
    before = firm().capacity_mid_eur
    assert refresh_firms(date.today()) == 0  # noqa: DTZ011
    row = ReferenceRow.objects.get(table="parameter", key="capacity.growth")
    row.values |= {"value": "0.10"}
    row.save()
    assert refresh_firms(date.today()) == 1  # noqa: DTZ011
    assert firm().capacity_mid_eur < before
    assert (firm().point.x, firm().commune_id, firm().name) == (5.7310, "38185", "LA COLLECTERIE")
    assert refresh_firms(date.today()) == 0  # noqa: DTZ011


def test_a_declaration_that_expires_gives_way_to_the_estimate(table) -> None:
    declared = date.today() - timedelta(days=100)  # noqa: DTZ011
    table(SIRENE | {"etpLibresDeclares": "0", "dateDeclaration": declared.isoformat()})
    assert firm().capacity_mid_eur == 0
    assert refresh_firms(declared + timedelta(days=183)) == 0
    assert refresh_firms(declared + timedelta(days=184)) == 1
    assert firm().capacity_mid_eur > 0


def test_an_address_beats_the_middle_of_a_commune_in_the_same_town(table) -> None:
    table(SIAE | {"lon": "", "lat": ""})
    assert firm().point_precision == "commune"
    table(
        SIRENE
        | {
            "coordonneeLambertAbscisseEtablissement": "914000",
            "coordonneeLambertOrdonneeEtablissement": "6458000",
        }
    )
    assert firm().point_precision == "address"
    assert distance_km(Point(firm().point.x, firm().point.y), GRENOBLE) < 5
