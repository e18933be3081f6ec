"""Allocation tables and lists of groupings: they recompute when edited, and no cell runs by itself."""

from __future__ import annotations

import pytest
from django.test import Client
from openpyxl.workbook.workbook import Workbook

from tests.factories import Territory, make_lot, make_outcome, make_proposal
from tests.web.papers import book_of, rows_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

FIRST = 7  # row of the first member


def allocation(territory: Territory, kind: str = "xlsx", rank: int = 1) -> str:
    return f"/lots/{territory.group.pk}/groupings/{rank}/allocation.{kind}"


def column(book: Workbook, letter: str, count: int = 3) -> list[object]:
    return [book.worksheets[0][f"{letter}{row}"].value for row in range(FIRST, FIRST + count)]


# ---------------------------------------------------------------- allocation, XLSX


def test_each_member_has_its_row_as_in_the_database(client: Client, territory: Territory) -> None:
    book = book_of(client, allocation(territory))
    members = list(territory.group.proposals.get(rank=1).members.select_related("firm"))
    assert column(book, "B") == [member.firm.name for member in members]
    assert column(book, "C") == [member.firm.siret for member in members]
    assert column(book, "F") == ["mandataire", "cotraitant", "cotraitant"]
    assert column(book, "G") == [member.by_trade["T01"] for member in members]
    assert book.worksheets[0]["C4"].value == 120_000


def test_totals_and_shares_are_formulas(client: Client, territory: Territory) -> None:
    book = book_of(client, allocation(territory))
    assert column(book, "H") == [f"=SUM(G{row}:G{row})" for row in (7, 8, 9)]
    assert column(book, "I") == [f"=IF($H$10=0,0,H{row}/$H$10)" for row in (7, 8, 9)]
    totals = [book.worksheets[0][f"{letter}10"].value for letter in "GHIJ"]
    assert totals == [f"=SUM(${letter}$7:${letter}$9)" for letter in "GHIJ"]
    assert book.worksheets[0]["H7"].number_format == '#,##0" €"'
    assert book.worksheets[0]["I7"].number_format == "0.0%"


def test_its_header_stays_in_sight(client: Client, territory: Territory) -> None:
    sheet = book_of(client, allocation(territory)).worksheets[0]
    assert sheet.freeze_panes == "C7"
    assert sheet.print_title_rows == "$6:$6"
    assert [sheet[f"{letter}6"].value for letter in "BGH"] == ["Entreprise", "Nettoyage de locaux", "Montant par an"]


def test_checks_follow_the_table(client: Client, territory: Territory) -> None:
    checks = book_of(client, allocation(territory))["Contrôles"]
    said = {checks[f"A{row}"].value: [checks[f"{letter}{row}"].value for letter in "BCD"] for row in range(2, 7)}
    assert said["La somme des montants est le montant annuel du lot"] == [
        "='Répartition'!$H$10",
        "='Répartition'!$C$4",
        '=IF(ROUND(B2-C2,4)=0,"oui","à revoir")',
    ]
    assert said["La part la plus faible atteint le minimum (estimation)"][:2] == [
        "=MIN('Répartition'!$I$7:$I$9)",
        "=0.05",
    ]
    lead = said["La part du mandataire atteint le minimum (estimation)"]
    assert lead[:2] == ["=SUMIF('Répartition'!$F$7:$F$9,\"mandataire\",'Répartition'!$I$7:$I$9)", "=0.25"]


def test_each_need_is_checked_where_the_lot_has_several(client: Client, territory: Territory) -> None:
    lot = make_lot("Entretien et vitres", trades=["T01", "T02"])
    make_outcome(lot)
    proposal = make_proposal(lot, territory.firms[:2], [0.5, 0.5])
    for member, trade in zip(proposal.members.all(), ("T01", "T02"), strict=True):
        member.by_trade = {trade: 60_000}
        member.save()
    book = book_of(client, f"/lots/{lot.pk}/groupings/1/allocation.xlsx")
    labels = [cell.value for cell in book["Contrôles"]["A"]]
    assert "Besoin couvert : Vitres, spécialisé" in labels
    assert column(book, "G", 2) == [60_000, 0]
    assert column(book, "H", 2) == [0, 60_000]


def test_required_hours_are_checked(client: Client, territory: Territory) -> None:
    territory.group.outcome.hours_required = 500
    territory.group.outcome.save()
    checks = book_of(client, allocation(territory))["Contrôles"]
    row = next(cell.row for cell in checks["A"] if "Les heures d'insertion" in str(cell.value))
    assert [checks[f"{letter}{row}"].value for letter in "BC"] == ["='Répartition'!$J$10", "=500"]


def test_sources_law_and_justification_are_on_a_page_of_their_own(client: Client, territory: Territory) -> None:
    sheet = book_of(client, allocation(territory))["Sources et droit"]
    text = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
    assert territory.group.tender.notice_id in text
    assert "R2142-22 CCP" in text
    assert "Aucun membre ne peut exécuter seul le lot" in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_name_runs_as_a_formula(client: Client, territory: Territory, start: str) -> None:
    firm = territory.firms[1]
    firm.name = f"{start}HYPERLINK(1)"
    firm.save()
    cell = book_of(client, allocation(territory)).worksheets[0]["B7"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (firm.name, "s", True)
    assert rows_of(client, allocation(territory, "csv"))[0]["nom"] == f"'{firm.name}"


def test_control_characters_of_a_notice_do_not_break_it(client: Client, territory: Territory) -> None:
    territory.group.title = "Nettoyage\x0b des écoles"
    territory.group.save()
    assert book_of(client, allocation(territory)).worksheets[0]["A1"].value == "Nettoyage des écoles"


# ---------------------------------------------------------------- allocation, CSV


def test_the_csv_says_the_same(client: Client, territory: Territory) -> None:
    rows = rows_of(client, allocation(territory, "csv"))
    members = list(territory.group.proposals.get(rank=1).members.select_related("firm"))
    assert [row["siret"] for row in rows] == [member.firm.siret for member in members]
    assert [int(row["montant_eur_par_an"]) for row in rows] == [member.amount_eur for member in members]
    assert [row["part"] for row in rows] == ["0.4500", "0.3200", "0.2300"]
    assert [row["T01_eur_par_an"] for row in rows] == ["54000", "38400", "27600"]
    assert {row["calcule_au"] for row in rows} == {"2026-11-23"}


def test_files_have_readable_names(client: Client, territory: Territory) -> None:
    said = client.get(allocation(territory)).headers["Content-Disposition"]
    name = f"repartition-lot-{territory.group.pk}-nettoyage-des-ecoles-et-des-gymnases-groupement-1.xlsx"
    assert said == f'attachment; filename="{name}"'


# ---------------------------------------------------------------- all groupings of a lot


def test_each_grouping_has_its_row(client: Client, territory: Territory) -> None:
    rows = rows_of(client, f"/lots/{territory.group.pk}/groupings.csv")
    assert [row["groupement"] for row in rows] == ["1", "2"]
    first = rows[0]
    assert first["mandataire"] == "Régie de quartier Villeneuve"
    assert first["entreprises"].count(" + ") == 2
    assert first["montant_eur_par_an"] == "120000"
    assert first["points_a_surveiller"] == "Deux membres sont voisins."


def test_the_workbook_has_the_same_rows(client: Client, territory: Territory) -> None:
    rows = rows_of(client, f"/lots/{territory.group.pk}/groupings.csv")
    sheet = book_of(client, f"/lots/{territory.group.pk}/groupings.xlsx").worksheets[0]
    titles, *values = sheet.iter_rows(values_only=True)
    assert list(titles) == list(rows[0])
    assert [str(value[1]) for value in values] == [row["groupement"] for row in rows]
    assert sheet.freeze_panes == "C2"


def test_a_lot_without_grouping_has_an_empty_table(client: Client, territory: Territory) -> None:
    assert rows_of(client, f"/lots/{territory.missing.pk}/groupings.csv") == []


# ---------------------------------------------------------------- who may be named (rule D1)


def test_a_grouping_with_a_partially_diffused_member_is_in_no_table(client: Client, territory: Territory) -> None:
    firm = territory.masked
    assert firm is not None
    for address in (allocation(territory, "xlsx", 3), allocation(territory, "csv", 3)):
        response = client.get(address)
        assert response.status_code == 404
        assert "article R123-232-1" in response.content.decode()
    text = client.get(f"/lots/{territory.group.pk}/groupings.csv").content.decode()
    assert firm.siret not in text
    assert firm.name not in text


def test_tables_are_read_only(client: Client, territory: Territory) -> None:
    for address in (allocation(territory), f"/lots/{territory.group.pk}/groupings.xlsx"):
        assert client.post(address).status_code == 405
        assert client.head(address).status_code == 200
