"""A plan as a table: one lot a row, CSV and XLSX with the same columns; the workbook adds the load of each firm."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse
from openpyxl.worksheet.worksheet import Worksheet

from consortia.models import Plan
from consortia.plan_queries import PlannedLot, lines_of, loads, planned_lots
from consortia.portfolio import members
from frontend import exports
from frontend.documents import workbook

COLUMNS = (
    "lot", "objet", "acheteur", "lieu", "echeance", "atteint", "valeur", "par_an_eur_estimation", "rang_du_groupement",
    "mandataire", "entreprises", "sirets", "parts_eur_par_an", "capacite_manquante_eur_par_an", "regle",
    "plan_valeur", "plan_borne", "plan_prouve", "objectif", "fictif", "source", "adresse_source", "calcule_au",
)  # fmt: skip
FIRM_COLUMNS = ("siret", "nom", "ville", "charge_eur_par_an", "capacite_eur_par_an_estimation", "part", "lots")
NUMBERS = {"par_an_eur_estimation": workbook.EUROS, "capacite_manquante_eur_par_an": workbook.EUROS}
FIRM_NUMBERS = {
    "charge_eur_par_an": workbook.EUROS,
    "capacite_eur_par_an_estimation": workbook.EUROS,
    "part": workbook.SHARE,
}
WIDE = {"objet", "entreprises", "nom"}
MASKED = "groupement absent des exports : une entreprise est à diffusion partielle"
MOST_FIRMS = 100_000


def csv(plan: Plan) -> HttpResponse:
    return exports.answer(_name(plan), COLUMNS, (_row(plan, one) for one in _lots(plan)))


def xlsx(plan: Plan) -> HttpResponse:
    book, sheet = workbook.new_book(str(plan.pk), "lots")
    _fill(sheet, COLUMNS, (_row(plan, one) for one in _lots(plan)), NUMBERS)
    _fill(book.create_sheet("entreprises"), FIRM_COLUMNS, _firms(plan), FIRM_NUMBERS)
    return workbook.answer(book, _name(plan))


def _fill(sheet: Worksheet, columns: tuple[str, ...], rows: Iterator[list[object]], numbers: dict[str, str]) -> None:
    workbook.heading(sheet, 1, columns)
    for number, values in enumerate(rows, start=2):
        for place, (key, value) in enumerate(zip(columns, values, strict=True), start=1):
            workbook.put(sheet, number, place, value, numbers.get(key, ""))
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    workbook.widths(sheet, [48 if key in WIDE else 18 for key in columns])
    workbook.ready_to_print(sheet, 1)


def _name(plan: Plan) -> str:
    return f"plan-{plan.pk}-{plan.as_of:%Y-%m-%d}"


def _lots(plan: Plan) -> Iterator[PlannedLot]:
    network = members(plan) or set()
    for reached in (True, False):
        yield from planned_lots(list(lines_of(plan, reached=reached)), network)


def _row(plan: Plan, one: PlannedLot) -> list[object]:
    lot, tender, team = one.lot, one.lot.tender, () if one.masked else one.team
    return [
        lot.pk,
        lot.title or tender.title,
        tender.buyer.name,
        lot.place_label,
        lot.deadline.isoformat() if lot.deadline else "",
        exports.yes_or_no(one.line.reached),
        one.line.value,
        one.yearly_eur,
        one.line.rank or "",
        next((seat.firm.name for seat in team if seat.mandataire), ""),
        " + ".join(seat.firm.name for seat in team) if team else MASKED,
        " ".join(seat.firm.siret for seat in team),
        " ".join(str(seat.eur) for seat in team),
        sum(seat.eur for seat in one.lacks) or "",
        one.line.rule,
        plan.value,
        plan.bound,
        exports.yes_or_no(plan.proven),
        plan.objective,
        exports.yes_or_no(tender.fictitious),
        f"{tender.source} {tender.notice_id}",
        tender.url,
        plan.as_of.isoformat(),
    ]


def _firms(plan: Plan) -> Iterator[list[object]]:
    for one in loads(plan, set(), MOST_FIRMS):
        if not one.firm.masked:
            yield [
                one.firm.siret,
                one.firm.name,
                one.firm.city,
                one.row.load_eur,
                one.row.capacity_eur,
                round(one.share, 4),
                one.row.lots,
            ]
