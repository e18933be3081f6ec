"""DECP as published, in its vintages and formats, with the faults they come with."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matchmaker.domain.award import AwardRecord, RefusedAward
from matchmaker.sources.decp import read_awards
from matchmaker.sources.tables import TableError
from tests.sources.decp_data import BUYER, JARDINS, NET, VITRES, contract, modified, national, old_contract, table


def read(path: Path) -> list[AwardRecord]:
    found = list(read_awards(path, amendment_ratio=1.5, facts=Counter()))
    assert all(isinstance(one, AwardRecord) for one in found), found
    return found  # type: ignore[return-value]


def one(folder: Path, **more: Any) -> AwardRecord:
    return read(national(folder / "decp.json", [contract(**more)]))[0]


def as_lines(path: Path, *records: Any) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in records), "utf-8")
    return path


def test_a_contract_of_2022_is_understood(tmp_path: Path) -> None:
    found = one(tmp_path, typeGroupementOperateurs="Solidaire")
    assert (found.buyer_id, found.contract_id, found.title) == (BUYER, "2024M01", "Nettoyage des écoles")
    assert (found.cpv, found.months, found.amount_eur, found.offers) == ("90911200", 24, 120_000, 3)
    assert (found.notified_on, found.published_on) == (date(2026, 3, 2), date(2026, 3, 10))
    assert found.social == ("Clause sociale",)
    assert found.green == ("Pas de considération environnementale",)  # said to be none, which is not nothing said
    assert (found.declared_grouping, found.subcontracted, found.framework) == ("solidaire", False, False)
    assert [holder.siret for holder in found.holders] == [NET]
    assert found.warnings == ()


def test_both_lists_of_a_file_are_read(tmp_path: Path) -> None:
    concession = {
        "id": "C1", "autoriteConcedante": {"id": BUYER}, "nature": "Concession de service", "objet": "Restauration",
        "dureeMois": 60, "dateSignature": "2024-04-02", "valeurGlobale": 500000,
        "concessionnaires": [{"concessionnaire": {"typeIdentifiant": "SIRET", "id": VITRES}}],
        "modifications": [{"modification": {"id": 1, "dateSignatureModification": "2025-01-01", "valeurGlobale": 6e5}}],
    }  # fmt: skip
    found = read(national(tmp_path / "decp.json.gz", [contract()], [concession]))
    assert [record.concession for record in found] == [False, True]
    assert (found[1].notified_on, found[1].amount_eur) == (date(2024, 4, 2), 500_000)
    assert found[1].changes[0].amount_eur == 600_000


@pytest.mark.parametrize("shape", ["lines", "list", "marches", "gz"])
def test_a_contract_of_2019_reads_the_same_in_every_shape(tmp_path: Path, shape: str) -> None:
    record = old_contract(won_by := "2018M0100", NET, VITRES)
    path = tmp_path / f"decp.{shape}.json"
    content = {"lines": record, "gz": [record], "list": [record], "marches": {"marches": [record]}}[shape]
    path.write_text(json.dumps(content), "utf-8")
    if shape == "lines":
        as_lines(path, record, old_contract("2018M0200"))
    if shape == "gz":
        path = path.with_suffix(".json.gz")
        path.write_bytes(gzip.compress(json.dumps(content).encode()))
    found = read(path)[0]
    assert (found.contract_id, found.buyer_name) == (won_by, "VILLE D'ESSAI")
    assert found.notified_on == date(2018, 12, 17)
    assert [holder.siret for holder in found.holders] == [NET, VITRES]
    assert found.declared_grouping == ""


def test_xml_tells_the_same_as_json(tmp_path: Path) -> None:
    path = tmp_path / "Marche.xml"
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?><marches><marche><id>2024M01</id><acheteur><id>{BUYER}</id></acheteur>
        <nature>Marché</nature><objet>Nettoyage des écoles</objet><codeCPV>90911200-8</codeCPV>
        <techniques><technique>Sans objet</technique></techniques><procedure>Procédure adaptée</procedure>
        <lieuExecution><code>38185</code><typeCode>Code commune</typeCode></lieuExecution><dureeMois>24</dureeMois>
        <dateNotification>2026-03-02</dateNotification><datePublicationDonnees>2026-03-10</datePublicationDonnees>
        <montant>120000.0</montant><offresRecues>3</offresRecues><sousTraitanceDeclaree>non</sousTraitanceDeclaree>
        <typeGroupementOperateurs>Pas de groupement</typeGroupementOperateurs>
        <titulaires><titulaire><typeIdentifiant>SIRET</typeIdentifiant><id>{NET}</id></titulaire></titulaires>
        <considerationsSociales><considerationSociale>Clause sociale</considerationSociale></considerationsSociales>
        <considerationsEnvironnementales><considerationEnvironnementale>Pas de considération environnementale
        </considerationEnvironnementale></considerationsEnvironnementales>
        <modifications><modification><id>1</id><dateNotificationModification>2026-05-01</dateNotificationModification>
        <montant>130000</montant></modification></modifications></marche></marches>""",
        "utf-8",
    )
    changed = modified(dateNotificationModification="2026-05-01", montant=130000)
    (from_xml,) = read(path)
    from_json = one(tmp_path, modifications=[changed])
    for record in (from_xml, from_json):
        assert record.changes[0].amount_eur == 130_000
    names = [name for name in AwardRecord.__dataclass_fields__ if name not in ("locator", "warnings")]
    assert [getattr(from_xml, name) for name in names] == [getattr(from_json, name) for name in names]


def test_nc_and_nan_are_nothing_rather_than_errors(tmp_path: Path) -> None:
    path = tmp_path / "decp.json"
    text = json.dumps({"marches": {"marche": [contract(dureeMois="NC")]}}).replace("120000.0", "NaN")
    path.write_text(text, "utf-8")
    found = read(path)[0]
    assert (found.months, found.amount_eur, found.warnings) == (None, None, ())


@pytest.mark.parametrize(
    ("field", "value", "attribute", "warning"),
    [
        ("montant", 0, "amount_eur", "montant nul"),
        ("montant", 1, "amount_eur", "montant symbolique"),
        ("montant", 1e17, "amount_eur", "montant invraisemblable"),
        ("montant", 999999999, "amount_eur", "montant de remplissage"),
        ("dateNotification", "0218-12-01", "notified_on", "date de notification impossible"),
        ("dureeMois", 0, "months", "durée nulle"),
        ("dureeMois", 99999, "months", "durée nulle ou invraisemblable"),
    ],
)
def test_an_absurd_value_leaves_the_field_empty_and_says_so(
    tmp_path: Path, field: str, value: object, attribute: str, warning: str
) -> None:
    found = one(tmp_path, **{field: value})
    assert getattr(found, attribute) is None
    assert any(warning in sentence for sentence in found.warnings)


@pytest.mark.parametrize(
    ("published", "cpv"),
    [("45214200-2", "45214200"), ("9132100", "09132100"), ("12345678", ""), ("4500000", ""), ("", ""), (None, "")],
)
def test_cpv_codes_lose_their_check_digit_and_regain_their_zero(tmp_path: Path, published: str, cpv: str) -> None:
    assert one(tmp_path, codeCPV=published).cpv == cpv


@pytest.mark.parametrize(
    ("kind", "published", "siret", "siren"),
    [
        ("SIRET", NET, NET, NET[:9]),
        ("SIRET", f" {NET[:3]} {NET[3:6]} {NET[6:9]} {NET[9:]} ", NET, NET[:9]),
        ("SIRET", NET[:9] + "99999", "", NET[:9]),  # the NIC is wrong, the SIREN right
        ("SIRET", NET[:9], "", NET[:9]),
        ("SIRET", "12345678901234", "", ""),
        ("TVA", f"FR12{NET[:9]}", "", NET[:9]),
        ("TVA", "DE123456789", "", ""),
        ("TAHITI", "A12345", "", ""),
        ("HORS-UE", "USCOLUMBIAARTISTSM", "", ""),
    ],
)
def test_a_holder_is_known_by_what_its_identifier_holds(
    tmp_path: Path, kind: str, published: str, siret: str, siren: str
) -> None:
    holder = one(tmp_path, titulaires=[{"titulaire": {"typeIdentifiant": kind, "id": published}}]).holders[0]
    assert (holder.id_type, holder.siret, holder.siren) == (kind, siret, siren)
    assert holder.identifier == published.strip()


def test_nested_and_broken_lists_of_holders_are_flattened(tmp_path: Path) -> None:
    nested = [[[[{"typeIdentifiant": "SIRET", "id": NET}, {"typeIdentifiant": "SIRET", "id": VITRES}]]]]
    broken = [{"titulaire": "typeIdentifiant"}, {"titulaire": "id"}]
    found = one(tmp_path, modifications=[modified(titulaires=nested), modified(titulaires=broken, montant=5000)])
    assert [holder.siret for holder in found.changes[0].holders] == [NET, VITRES]
    assert found.changes[1].holders == ()


def test_modifications_come_in_order_of_time(tmp_path: Path) -> None:
    late, early = (
        modified(dateNotificationModification="2026-09-01"),
        modified(dateNotificationModification="2026-05-01"),
    )
    assert [change.on for change in one(tmp_path, modifications=[late, early]).changes] == [
        date(2026, 5, 1),
        date(2026, 9, 1),
    ]


def test_a_framework_is_one_by_its_nature_or_its_technique(tmp_path: Path) -> None:
    assert one(tmp_path, nature="Accord-cadre").framework
    assert one(tmp_path, techniques={"technique": ["Concours", "Accord-cadre"]}).framework


def test_lost_accents_are_told(tmp_path: Path) -> None:
    assert "accents perdus" in one(tmp_path, objet="R\ufffdalisation").warnings[0]


def test_mails_and_telephones_leave_the_object(tmp_path: Path) -> None:
    assert "@" not in one(tmp_path, objet="Nettoyage, écrire à jean@exemple.fr").title


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (contract(acheteur={"id": "NC"}), "acheteur_absent"),
        (contract(objet="", codeCPV="", titulaires=[]), "contrat_vide"),
        ("texte", "pas_un_contrat"),
    ],
)
def test_what_is_no_contract_is_refused_with_its_reason_and_content(tmp_path: Path, record: Any, reason: str) -> None:
    path = national(tmp_path / "decp.json", [record, contract()])
    refused, kept = read_awards(path, amendment_ratio=1.5, facts=Counter())
    assert isinstance(refused, RefusedAward)
    assert (refused.reason, isinstance(kept, AwardRecord)) == (reason, True)
    assert json.loads(refused.payload) == record


def test_a_broken_line_never_sinks_the_others(tmp_path: Path) -> None:
    path = as_lines(tmp_path / "decp.jsonl", old_contract(), "{cassé", old_contract("2018M0200"))
    kinds = [type(found) for found in read_awards(path, amendment_ratio=1.5, facts=Counter())]
    assert kinds == [AwardRecord, RefusedAward, AwardRecord]


@pytest.mark.parametrize("name", ["decp.json", "Marche.xml", "decp.json.gz"])
def test_a_file_cut_short_gives_what_precedes_and_says_so(tmp_path: Path, name: str) -> None:
    content = json.dumps({"marches": {"marche": [contract(f"M{n}") for n in range(300)]}})
    if name.endswith("xml"):
        marches = "".join(
            f"<marche><id>M{n}</id><acheteur><id>{BUYER}</id></acheteur><objet>x</objet></marche>" for n in range(300)
        )
        content = f"<marches>{marches}</marches>"
    path = tmp_path / name
    whole = gzip.compress(content.encode()) if name.endswith("gz") else content.encode()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    *kept, last = read_awards(path, amendment_ratio=1.5, facts=Counter())
    assert all(isinstance(one, AwardRecord) for one in kept)
    assert isinstance(last, RefusedAward)
    assert "téléchargez" in last.message
    assert kept or name.endswith("gz")


def test_a_file_of_something_else_is_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "lettre.txt"
    path.write_text("Bonjour", "utf-8")
    with pytest.raises(TableError, match="ni du JSON, ni du XML"):
        list(read_awards(path, amendment_ratio=1.5, facts=Counter()))
    csv = tmp_path / "autre.csv"
    csv.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(TableError, match="colonnes inattendues"):
        list(read_awards(csv, amendment_ratio=1.5, facts=Counter()))


def test_rows_of_one_amount_and_day_are_holders_of_one_contract(tmp_path: Path) -> None:
    (found,) = read(table(tmp_path / "t.csv", {}, {"titulaire_id": VITRES}))
    assert {holder.siret for holder in found.holders} == {NET, VITRES}
    assert (found.buyer_departement, found.amount_eur) == ("38", 60_000)


def test_near_amounts_of_one_holder_are_amendments_in_order(tmp_path: Path) -> None:
    later = {"dateNotification": "2024-09-20", "montant": "66000", "dureeMois": "14"}
    (found,) = read(table(tmp_path / "t.csv", later, {}))
    assert (found.amount_eur, found.notified_on) == (60_000, date(2024, 7, 1))
    assert [(change.on, change.amount_eur, change.months) for change in found.changes] == [
        (date(2024, 9, 20), 66_000, 14)
    ]


def test_far_amounts_or_other_holders_under_one_number_are_lots(tmp_path: Path) -> None:
    """R2194-3: an amendment does not change the amount by more than half."""
    found = read(
        table(
            tmp_path / "t.csv", {}, {"montant": "990000"}, {"titulaire_id": JARDINS, "dateNotification": "2024-08-01"}
        )
    )
    assert len(found) == len({record.uid for record in found}) == 3
    assert len({record.contract for record in found}) == 1


def test_rows_scattered_in_the_file_are_brought_together(tmp_path: Path) -> None:
    others = [{"id": f"2024X{n}"} for n in range(40)]
    found = read(table(tmp_path / "t.csv", {}, *others, {"titulaire_id": VITRES}))
    assert sorted(len(record.holders) for record in found) == [1] * 40 + [2]


@pytest.mark.parametrize("name", ["decp.json", "decp.jsonl"])
def test_a_hostile_record_never_sinks_the_others(tmp_path: Path, name: str) -> None:
    deep = "[" * 60 + "]" * 60
    odd = [
        contract("M1", objet="x" * 200_000, montant=10**40),
        contract(int("9" * 40), acheteur={"id": BUYER, "nom": "Ville\x00\ud800"}),
        contract("M3", modifications=[[1], {"modification": 3}, "x"], titulaires=json.loads(deep)),
        contract("M4"),
    ]
    lines = [json.dumps(record) for record in odd]
    path = tmp_path / name
    path.write_text("\n".join(lines) if name.endswith("l") else f"[{','.join(lines)}]", "utf-8")
    found = list(read_awards(path, amendment_ratio=1.5, facts=Counter()))
    assert [type(one) for one in found] == [AwardRecord] * 4
    assert isinstance(found[1], AwardRecord)
    assert found[1].buyer_name.rstrip("?") == "Ville"  # what stands for a lone surrogate depends on the reader
    assert found[1].contract_id == "9" * 40


@pytest.mark.parametrize("name", ["decp.json", "decp.jsonl"])
def test_endless_nesting_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(contract()) + "\n" + "[" * 20_000 if name.endswith("l") else "[" * 20_000, "utf-8")
    *_, last = read_awards(path, amendment_ratio=1.5, facts=Counter())
    assert isinstance(last, RefusedAward)


def test_a_list_before_the_contracts_does_not_hide_them(tmp_path: Path) -> None:
    path = tmp_path / "decp.json"
    path.write_text(json.dumps({"meta": {"tags": ["a"]}, "marches": [old_contract()]}), "utf-8")
    assert len(list(read_awards(path, amendment_ratio=1.5, facts=Counter()))) == 1


def test_a_comment_does_not_cut_a_text(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    acheteur = f"<acheteur><id>{BUYER}</id></acheteur>"
    path.write_text(f"<marches><marche><id>1</id>{acheteur}<objet>a<!-- c --> b</objet></marche></marches>", "utf-8")
    (found,) = read_awards(path, amendment_ratio=1.5, facts=Counter())
    assert isinstance(found, AwardRecord)
    assert found.title == "a b"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_table_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "decp.csv"
    rows = [f"{number};{BUYER};MAIRIE DE MÉZIÈRES;{NET};5000;2024-07-01" for number in range(5)]
    header = "id;acheteur_id;acheteur_nom;titulaire_id;montant;dateNotification"
    path.write_text("\n".join([header, *rows]), encoding)
    found = list(read_awards(path, amendment_ratio=1.5, facts=Counter()))
    assert [getattr(one, "buyer_name", "") for one in found] == ["MAIRIE DE MÉZIÈRES"] * 5
