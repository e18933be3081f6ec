"""The lots of a split as a table: CSV and XLSX with the same columns; the workbook adds the lot of each commune."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse
from openpyxl.worksheet.worksheet import Worksheet

from allotment.models import Need
from frontend import exports
from frontend.documents import workbook
from frontend.split_view import LotRow, View, commune_names

COLUMNS = (
    "lot", "intitule", "metiers", "communes", "part_du_volume", "montant_eur", "par_an_eur",
    "capables_seules_bas_estimation", "capables_seules_milieu_estimation", "capables_seules_haut_estimation",
    "capables_seules_ess_estimation", "groupements_possibles_estimation", "offres_attendues_bas_estimation",
    "offres_attendues_milieu_estimation", "offres_attendues_haut_estimation", "a_la_portee_de_l_ess",
    "heures_insertion_bas_estimation", "heures_insertion_haut_estimation", "hfi_bas_estimation", "hfi_haut_estimation",
    "petit_lot_r2123_1", "dispense_r2122_8", "cout_de_gestion_eur_estimation", "meilleur_groupement", "besoin",
    "version", "fictif", "evalue_au",
)  # fmt: skip
COMMUNE_COLUMNS = ("commune", "nom", "lot", "intitule")
NUMBERS = {
    "montant_eur": workbook.EUROS,
    "par_an_eur": workbook.EUROS,
    "cout_de_gestion_eur_estimation": workbook.EUROS,
    "part_du_volume": workbook.SHARE,
}
WIDE = {"intitule", "metiers", "meilleur_groupement", "besoin", "nom"}
MASKED = "groupement absent des exports : une entreprise est à diffusion partielle"


def csv(need: Need, view: View) -> HttpResponse:
    return exports.answer(_name(view), COLUMNS, (_row(need, view, lot) for lot in view.lots))


def xlsx(need: Need, view: View) -> HttpResponse:
    book, sheet = workbook.new_book(need.title, "lots")
    _fill(sheet, COLUMNS, (_row(need, view, lot) for lot in view.lots))
    _fill(book.create_sheet("communes"), COMMUNE_COLUMNS, _communes(view))
    return workbook.answer(book, _name(view))


def _fill(sheet: Worksheet, columns: tuple[str, ...], rows: Iterable[list[object]]) -> None:
    workbook.heading(sheet, 1, columns)
    for number, values in enumerate(rows, start=2):
        for place, (key, value) in enumerate(zip(columns, values, strict=True), start=1):
            workbook.put(sheet, number, place, value, NUMBERS.get(key, ""))
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    workbook.widths(sheet, [48 if key in WIDE else 18 for key in columns])
    workbook.ready_to_print(sheet, 1)


def _name(view: View) -> str:
    return f"besoin-{view.split.need_id}-decoupage-{view.split.number}"


def _row(need: Need, view: View, lot: LotRow) -> list[object]:
    found = lot.result
    masked = any(seat.firm.masked for seat in lot.team)
    hours, hfi = found.hours_recommended or ("", ""), found.hfi or ("", "")
    return [
        lot.number,
        lot.row.title,
        " + ".join(lot.trades),
        len(lot.row.communes),
        lot.row.share_permille / 1000,
        found.amount_eur,
        found.yearly_eur,
        *(int(side) for side in found.alone),
        found.alone_ess,
        found.groupings,
        *found.bidders,
        exports.yes_or_no(found.ess_reachable),
        *hours,
        *hfi,
        exports.yes_or_no(found.small_lot),
        exports.yes_or_no(found.dispensed),
        found.coordination_eur,
        MASKED if masked else " + ".join(seat.firm.name for seat in lot.team),
        need.title,
        view.split.number,
        exports.yes_or_no(need.fictitious),
        view.split.created_at.date().isoformat(),
    ]


def _communes(view: View) -> Iterable[list[object]]:
    names = commune_names({code for lot in view.lots for code in lot.row.communes})
    for lot in view.lots:
        for code in lot.row.communes:
            yield [code, names.get(code, ""), lot.number, lot.row.title]
