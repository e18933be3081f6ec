"""Awards in: kept once whatever is published again, set aside when unreadable, true to the real files."""

from __future__ import annotations

import json
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matchmaker.ingest import ingest_awards
from matchmaker.models import Award, AwardHolder, Buyer, ImportRun, QuarantineItem
from matchmaker.retry import retry
from matchmaker.sync import sync
from tests.services.conftest import checksum, real
from tests.sources.decp_data import BUYER, JARDINS, NET, VITRES, contract, modified, national, old_contract

PLACED = pytest.mark.usefixtures("places")


@pytest.fixture
def awards(tmp_path: Path):
    def imported(*contracts: Any, name: str = "decp.json") -> ImportRun:
        return ingest_awards(national(tmp_path / name, contracts))

    return imported


def counts(run: ImportRun) -> tuple[int, int, int, int, int]:
    return run.read, run.new, run.changed, run.unchanged, run.quarantined


@pytest.mark.django_db
@PLACED
def test_a_contract_is_kept_with_its_buyer_place_trades_end_and_yearly_value(awards: Any) -> None:
    assert counts(awards(contract())) == (1, 1, 0, 0, 0)
    award = Award.objects.get()
    assert (award.buyer.siret, award.buyer.name) == (BUYER, f"Acheteur {BUYER}")
    assert (award.departement_id, award.place_label, award.trades) == ("38", "Grenoble (38)", ["T01"])
    assert (award.ends_on, award.amount_eur, award.annual_eur) == (date(2028, 3, 2), 120_000, 60_000)
    holder = award.holders.get()
    assert (holder.siret, holder.siren, holder.annual_eur) == (NET, NET[:9], 60_000)


@pytest.mark.django_db
@PLACED
def test_importing_again_changes_nothing(awards: Any) -> None:
    published = [contract(), contract("2024M02", NET, VITRES, typeGroupementOperateurs="Conjoint")]
    awards(*published)
    before = checksum(Award, AwardHolder, Buyer)
    assert counts(awards(*published)) == (2, 0, 0, 2, 0)
    assert checksum(Award, AwardHolder, Buyer) == before


@pytest.mark.django_db
@PLACED
def test_a_contract_published_again_is_updated_and_keeps_its_row(awards: Any) -> None:
    awards(contract())
    known = Award.objects.get().pk
    later = contract(datePublicationDonnees="2026-06-02", modifications=[modified(montant=150000, dureeMois=30)])
    assert counts(awards(later)) == (1, 0, 1, 0, 0)
    award = Award.objects.get()
    assert (award.pk, award.amount_eur, award.initial_eur, award.duration_months) == (known, 150_000, 120_000, 30)
    assert award.ends_on == date(2028, 9, 2)
    assert award.modifications[0]["amount_eur"] == 150_000


@pytest.mark.django_db
@PLACED
def test_an_older_publication_met_later_changes_nothing(awards: Any) -> None:
    awards(contract(datePublicationDonnees="2026-06-02", montant=150000))
    assert counts(awards(contract())) == (1, 0, 0, 1, 0)
    assert Award.objects.get().amount_eur == 150_000


@pytest.mark.django_db
@PLACED
def test_the_same_contract_from_two_platforms_is_one(awards: Any) -> None:
    assert counts(awards(contract("2024-M 01"), contract("2024m01", source="autre plateforme"))) == (2, 1, 0, 1, 0)


@pytest.mark.django_db
@PLACED
def test_other_holders_under_one_number_are_another_lot(awards: Any) -> None:
    awards(contract("L1", NET), contract("L1", VITRES, objet="Vitres", montant=20000))
    assert Award.objects.count() == 2
    assert Award.objects.values("contract").distinct().count() == 1


@pytest.mark.django_db
@PLACED
def test_a_corrected_holder_replaces_the_wrong_one(awards: Any) -> None:
    awards(contract("L1", NET))
    assert counts(awards(contract("L1", VITRES, datePublicationDonnees="2026-05-01"))) == (1, 0, 1, 0, 0)
    assert [holder.siret for holder in AwardHolder.objects.all()] == [VITRES]
    assert counts(awards(contract("L1", NET))) == (1, 0, 0, 1, 0)


@pytest.mark.django_db
@PLACED
@pytest.mark.parametrize(
    ("record", "grouping"),
    [
        (contract("A", NET, VITRES, typeGroupementOperateurs="Solidaire"), "solidaire"),
        (old_contract("B", NET, VITRES), "presumed"),
        (old_contract("C", NET, VITRES, JARDINS, nature="Accord-cadre"), "multi"),
    ],
)
def test_several_holders_stay_together(awards: Any, record: dict[str, Any], grouping: str) -> None:
    awards(record)
    award = Award.objects.get()
    assert award.grouping == grouping
    assert award.holders.count() == len(record["titulaires"])
    assert len(set(award.holders.values_list("annual_eur", flat=True))) == 1


@pytest.mark.django_db
@PLACED
def test_what_is_refused_is_kept_aside_with_its_content_and_mended_later(awards: Any) -> None:
    run = awards(contract(acheteur={}), contract())
    assert counts(run) == (2, 1, 0, 0, 1)
    item = QuarantineItem.objects.get()
    assert (item.reason, bool(item.payload)) == ("acheteur_absent", True)
    awards(contract("2024M03"), contract())
    item.refresh_from_db()
    assert item.mended_at is not None


@pytest.mark.django_db
@PLACED
def test_a_file_cut_short_leaves_quarantine_once_given_whole(tmp_path: Path) -> None:
    path = national(tmp_path / "decp.json", [contract(), contract("2024M02")])
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert ingest_awards(path).quarantined == 1
    assert ingest_awards(path).details["mended"] == 0
    path.write_bytes(whole)
    assert ingest_awards(path).details["mended"] == 1
    assert not QuarantineItem.objects.filter(mended_at=None).exists()


@pytest.mark.django_db
@PLACED
def test_a_name_learnt_later_replaces_the_buyers_number(awards: Any) -> None:
    awards(contract())
    awards(contract("2024M02", acheteur={"id": BUYER, "nom": "Ville d'Essai"}))
    assert Buyer.objects.get().name == "Ville d'Essai"


@pytest.mark.django_db
@PLACED
@pytest.mark.parametrize(
    ("place", "label"),
    [
        ({"code": "38000", "typeCode": "Code postal"}, "Grenoble (38)"),
        ({"code": "38185", "typeCode": "Code commune"}, "Grenoble (38)"),
        ({"code": "38", "typeCode": "Code département"}, "Isère (38)"),
        ({"code": "38", "typeCode": "Code postal", "nom": "Isère"}, "Isère (38)"),
        ({"code": "381", "typeCode": "Code arrondissement"}, "Isère (38)"),
        ({"code": "FR38000", "typeCode": "Code postal"}, "Grenoble (38)"),
        ({"code": "FR", "typeCode": "Code pays"}, ""),
        ({"code": "INO", "typeCode": "Code commune"}, ""),
        ({}, ""),
    ],
)
def test_places_are_understood_as_published(awards: Any, place: dict[str, str], label: str) -> None:
    awards(contract(lieuExecution=place))
    assert Award.objects.get().place_label == label


@pytest.mark.django_db
@PLACED
def test_batches_do_not_matter(tmp_path: Path, settings: Any) -> None:
    published = [contract(f"M{n % 5}", [NET, VITRES, JARDINS][n % 3], montant=1e5 + n) for n in range(20)]
    published += [contract("M1", NET, datePublicationDonnees=f"2026-04-{n + 1:02}", montant=2e5 + n) for n in range(9)]
    path = national(tmp_path / "decp.json", published)
    sums = []
    for size in (1, 3, 1000):
        Award.objects.all().delete()
        Buyer.objects.all().delete()
        settings.IMPORT_BATCH = size
        ingest_awards(path)
        sums.append(checksum(Award, Buyer))
    assert len(set(sums)) == 1


@pytest.mark.django_db
@PLACED
def test_a_record_of_the_whole_import_can_be_read_in_the_report(awards: Any) -> None:
    run = awards(contract(), old_contract("X", NET, VITRES), contract(acheteur={}))
    assert run.details["facts"]["contrats à plusieurs titulaires"] == 1
    assert run.details["reasons"] == {"acheteur_absent": 1}
    assert json.dumps(run.details)


@pytest.mark.django_db
@PLACED
def test_quarantine_can_be_read_again(tmp_path: Path) -> None:
    """Once the buyer's number is put right, the contract leaves quarantine."""
    path = national(tmp_path / "decp.json", [contract(acheteur={}), contract("2024M02", acheteur={})])
    sync("decp", [path])
    item, other = QuarantineItem.objects.order_by("pk")
    item.payload = zlib.compress(json.dumps(contract()).encode())
    item.save()
    done = retry([item.pk, other.pk])
    assert (done.mended, done.left) == (1, 1)
    assert Award.objects.count() == 1


# --- real data ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("france")
@pytest.mark.django_db
def test_the_real_awards_of_2018_and_2019_are_those_of_the_data_readme() -> None:
    run = ingest_awards(real("awards", "decp_v1_2018_2019.jsonl.gz"))
    facts = run.details["facts"]
    assert (run.read, run.quarantined) == (7_575, 0)
    assert facts["contrats"] == 7_575
    assert facts["contrats à plusieurs titulaires"] == 481
    assert facts["contrats à plusieurs SIREN (hors concessions)"] == 473
    assert facts["contrats de 2 à 5 SIREN (hors concessions)"] == 444
    assert facts["concessions"] == 17
    assert run.new == Award.objects.count()
    assert not Award.objects.filter(notified_on__year__lt=2000).exists()
    placed = Award.objects.exclude(departement=None).count()
    assert placed > 0.95 * Award.objects.count()


@pytest.mark.usefixtures("france")
@pytest.mark.django_db
def test_the_real_works_of_2024_are_those_of_the_data_readme() -> None:
    path = real("awards", "decp_2024h2_cpv4521.csv.gz")
    facts = ingest_awards(path).details["facts"]
    assert facts["lignes lues"] == 6_449
    assert facts["numéros de contrat"] == 3_577
    assert facts["dont plusieurs SIREN au même montant et à la même date"] == 259
    again = ingest_awards(path)
    assert (again.new, again.changed) == (0, 0)


@pytest.mark.usefixtures("france")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "contracts"),
    [
        ("Marche.xml", 2),
        ("Contrat-concession.xml", 2),
        ("concessions.json", 2),
        ("concessions_avec_modifications.json", 2),
        ("marches_avec_modifications.json", 2),
        ("marches_concessions.json", 4),
        ("decp_test_2019.json", 2),
        ("decp_test_2022.json", 5),
    ],
)
def test_the_published_examples_are_all_read(name: str, contracts: int) -> None:
    run = ingest_awards(real("awards", "schema_et_exemples", name))
    assert (run.read, run.quarantined) == (contracts, 0)
