"""The allocation table (répartition) of one grouping: who does what, for how much; it recomputes when edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from consortia.documents import Dossier, NeedLine
from consortia.queries import Team, TeamMember
from frontend import exports, words
from frontend.documents import workbook
from frontend.documents.origins import law, origins
from frontend.documents.sheet import need_label
from frontend.documents.workbook import COUNT, EUROS, KM, SHARE, put

CSV_COLUMNS = (
    "lot", "groupement", "forme", "numero", "siret", "nom", "ville", "type", "role", "montant_eur_par_an", "part",
    "heures_insertion_par_an_estimation", "distance_km",
)  # fmt: skip
CSV_END = ("fictif", "source", "calcule_au")
HEADER = 6  # row of the table's titles; the members follow
FIXED = 6  # columns before the trades: number, name, SIRET, city, kind, role


def role(one: TeamMember) -> str:
    return _("mandataire") if one.member.mandataire else _("cotraitant")


def trades_of(file: Dossier, team: Team) -> tuple[str, ...]:
    """The trades the members take, in the order the lot asks for them."""
    taken = {trade for one in team.members for trade in one.member.by_trade}
    asked = [trade for trade in file.lot.trades if trade in taken]
    return (*asked, *sorted(taken.difference(asked)))


# ---------------------------------------------------------------- CSV


def csv(file: Dossier, team: Team, name: str) -> HttpResponse:
    trades = trades_of(file, team)
    columns = [*CSV_COLUMNS, *(f"{trade}_eur_par_an" for trade in trades), *CSV_END]
    return exports.answer(name, columns, (_csv_row(file, team, number, trades) for number in range(len(team.members))))


def _csv_row(file: Dossier, team: Team, position: int, trades: Sequence[str]) -> list[object]:
    one = team.members[position]
    return [
        file.lot.pk,
        team.proposal.rank,
        team.proposal.form,
        position + 1,
        one.firm.siret,
        one.firm.name,
        one.firm.city,
        one.firm.kind,
        "mandataire" if one.member.mandataire else "cotraitant",
        one.member.amount_eur,
        f"{one.member.share:.4f}",
        one.member.hours,
        f"{one.member.distance_km:.0f}",
        *(one.member.by_trade.get(trade, 0) for trade in trades),
        exports.yes_or_no(file.view.fictitious),
        f"{file.lot.tender.source} {file.lot.tender.notice_id}",
        file.as_of.isoformat(),
    ]


# ---------------------------------------------------------------- XLSX


@dataclass(frozen=True, slots=True)
class Place:
    """Where things lie in the first sheet, for the formulas that point at them."""

    trades: tuple[str, ...]
    members: int

    @property
    def first(self) -> int:
        return HEADER + 1

    @property
    def last(self) -> int:
        return HEADER + self.members

    @property
    def total(self) -> int:
        return self.last + 1

    @property
    def amount(self) -> int:
        """Column of a member's whole amount."""
        return FIXED + len(self.trades) + 1

    @property
    def share(self) -> int:
        return self.amount + 1

    @property
    def hours(self) -> int:
        return self.amount + 2

    @property
    def km(self) -> int:
        return self.amount + 3

    def span(self, column: int) -> str:
        letter = get_column_letter(column)
        return f"${letter}${self.first}:${letter}${self.last}"

    def cell(self, row: int, column: int) -> str:
        return f"${get_column_letter(column)}${row}"


def xlsx(file: Dossier, team: Team, name: str) -> HttpResponse:
    return workbook.answer(book(file, team), name)


def book(file: Dossier, team: Team) -> Workbook:
    made, sheet = workbook.new_book(f"{_('Répartition')} : {file.title}", _("Répartition"))
    place = Place(trades_of(file, team), len(team.members))
    _allocation(sheet, file, team, place)
    _checks(made.create_sheet(_("Contrôles")), sheet.title, file, place)
    _sources(made.create_sheet(_("Sources et droit")), file, team)
    return made


def _allocation(sheet: Worksheet, file: Dossier, team: Team, place: Place) -> None:
    _top(sheet, file, team)
    workbook.heading(sheet, HEADER, _titles(file, place))
    for row, one in enumerate(team.members, start=place.first):
        _member(sheet, row, one, place)
    _total(sheet, place)
    sheet.freeze_panes = sheet.cell(place.first, 3)
    workbook.widths(sheet, [5, 38, 17, 22, 8, 14, *(17 for _trade in place.trades), 16, 10, 14, 11])
    workbook.ready_to_print(sheet, HEADER)


def _top(sheet: Worksheet, file: Dossier, team: Team) -> None:
    """What the table is about; C4 holds the yearly amount of the lot, that checks compare with."""
    form, meaning = words.FORMS.get(team.proposal.form, (team.proposal.form, ""))
    workbook.title(sheet, 1, file.title)
    workbook.quiet(put(sheet, 2, 1, f"{file.lot.tender.buyer.name} · {file.lot.place_label}"))
    label = _("Groupement %(n)d, %(form)s (%(meaning)s)") % {
        "n": team.proposal.rank,
        "form": str(form).lower(),
        "meaning": meaning,
    }
    put(sheet, 3, 1, label)
    estimated = file.lot.amount_eur is None
    put(sheet, 4, 1, _("Montant annuel du lot (estimation)") if estimated else _("Montant annuel du lot"))
    workbook.editable(put(sheet, 4, 3, file.yearly_eur, EUROS))
    advice = _("Les cases teintées se modifient ; totaux, parts et contrôles suivent. Montants HT, par an.")
    workbook.quiet(put(sheet, 5, 1, advice))


def _titles(file: Dossier, place: Place) -> list[str]:
    return [
        _("N°"),
        _("Entreprise"),
        _("SIRET"),
        _("Commune"),
        _("Type"),
        _("Rôle"),
        *(file.trades.get(trade, trade) for trade in place.trades),
        _("Montant par an"),
        _("Part"),
        _("Heures d'insertion par an (estimation)"),
        _("Distance"),
    ]


def _member(sheet: Worksheet, row: int, one: TeamMember, place: Place) -> None:
    texts = [one.firm.name, one.firm.siret, one.firm.city, one.firm.kind, role(one)]
    put(sheet, row, 1, row - HEADER)
    for column, text in enumerate(texts, start=2):
        put(sheet, row, column, text)
    for column, trade in enumerate(place.trades, start=FIXED + 1):
        workbook.editable(put(sheet, row, column, one.member.by_trade.get(trade, 0), EUROS))
    if place.trades:
        letters = get_column_letter(FIXED + 1), get_column_letter(place.amount - 1)
        workbook.formula(sheet, row, place.amount, f"SUM({letters[0]}{row}:{letters[1]}{row})", EUROS)
    else:
        workbook.editable(put(sheet, row, place.amount, one.member.amount_eur, EUROS))
    whole = place.cell(place.total, place.amount)
    amount = f"{get_column_letter(place.amount)}{row}"
    workbook.formula(sheet, row, place.share, f"IF({whole}=0,0,{amount}/{whole})", SHARE)
    workbook.editable(put(sheet, row, place.hours, one.member.hours, COUNT))
    put(sheet, row, place.km, round(one.member.distance_km), KM)


def _total(sheet: Worksheet, place: Place) -> None:
    put(sheet, place.total, 2, _("Total"))
    formats = {place.share: SHARE, place.hours: COUNT}
    for column in range(FIXED + 1, place.hours + 1):
        workbook.formula(sheet, place.total, column, f"SUM({place.span(column)})", formats.get(column, EUROS))
    for column in range(1, place.km + 1):
        workbook.total(sheet.cell(place.total, column))


def _checks(sheet: Worksheet, table: str, file: Dossier, place: Place) -> None:
    """Each rule, its measure now and whether it holds, computed by the spreadsheet itself."""
    workbook.heading(sheet, 1, [_("Contrôle"), _("Mesure"), _("Attendu"), _("Respecté")])
    yes, no = _("oui"), _("à revoir")
    for row, (label, measure, wanted, test, number) in enumerate(_rules(table, file, place), start=2):
        put(sheet, row, 1, label)
        workbook.formula(sheet, row, 2, measure, number)
        workbook.formula(sheet, row, 3, wanted, number)
        workbook.formula(sheet, row, 4, f'IF(ROUND(B{row}-C{row},4){test}0,"{yes}","{no}")')
        last = row
    red = CellIsRule(operator="equal", formula=[f'"{no}"'], font=Font(bold=True, color=workbook.WARN),
                     fill=PatternFill("solid", end_color="FFF6E4E1"))  # fmt: skip
    sheet.conditional_formatting.add(f"D2:D{last}", red)
    sheet.freeze_panes = "A2"
    workbook.widths(sheet, [64, 16, 16, 14])
    workbook.ready_to_print(sheet)


def _rules(table: str, file: Dossier, place: Place) -> Iterable[tuple[str, str, str, str, str]]:
    """(words, measure, wanted, comparison of their difference with zero, number format)."""

    def at(reference: str) -> str:
        return f"'{table}'!{reference}"

    total, rules = place.cell(place.total, place.amount), file.rules
    share, lead = at(place.span(place.share)), at(place.span(6))
    yield _("La somme des montants est le montant annuel du lot"), at(total), at("$C$4"), "=", EUROS
    yield _("La part la plus faible atteint le minimum (estimation)"), f"MIN({share})", _n(rules.min_share), ">=", SHARE
    mandataire = f'SUMIF({lead},"{_("mandataire")}",{share})'
    yield (
        _("La part du mandataire atteint le minimum (estimation)"),
        mandataire,
        _n(rules.mandataire_share),
        ">=",
        SHARE,
    )
    yield _("Un mandataire et un seul"), f'COUNTIF({lead},"{_("mandataire")}")', "1", "=", COUNT
    members = f"COUNT({at(place.span(place.share))})"
    yield _("Nombre de membres au plus (estimation)"), members, str(rules.max_members), "<=", COUNT
    yield from _need_rules(file, place, at)
    hours = file.view.outcome.hours_required if file.view.outcome else 0
    if hours:
        counted = at(place.cell(place.total, place.hours))
        yield _("Les heures d'insertion demandées par an sont accueillies"), counted, str(hours), ">=", COUNT


def _need_rules(file: Dossier, place: Place, at: object) -> Iterable[tuple[str, str, str, str, str]]:
    """Each need covered: told only where each trade serves one need, else no column could say for which."""
    served = [trade for need in file.needs for trade in need.trades]
    if len(file.needs) < 2 or len(set(served)) < len(served):
        return
    for need in file.needs:
        yield from _need_rule(file, place, need, at)


def _need_rule(file: Dossier, place: Place, need: NeedLine, at: object) -> Iterable[tuple[str, str, str, str, str]]:
    columns = [FIXED + 1 + place.trades.index(trade) for trade in need.trades if trade in place.trades]
    if not columns or not file.yearly_eur:
        return
    assert callable(at)
    sums = "+".join(at(place.cell(place.total, column)) for column in columns)
    label = _("Besoin couvert : %(need)s") % {"need": need_label(need, file.trades)}
    wanted = f"{at('$C$4')}*{_n((need.yearly_eur or 0) / file.yearly_eur)}"
    yield label, f"ROUND({sums},0)", f"ROUND({wanted},0)", ">=", EUROS


def _n(value: float) -> str:
    """A constant of a formula: a point as decimal mark, whatever the language."""
    return f"{value:.10g}"


def _sources(sheet: Worksheet, file: Dossier, team: Team) -> None:
    workbook.heading(sheet, 1, [_("Sources et droit"), ""])
    row = workbook.lines(sheet, origins(file), 2)
    row = workbook.lines(sheet, [(_("Justification (C1)"), team.justification)], row + 1)
    row = workbook.lines(sheet, [(_("À surveiller"), text) for text in team.warnings], row)
    row = workbook.lines(sheet, [(article, rule) for rule, article in law(file)], row + 1)
    note = _("Parts proposées par le calcul, à discuter entre entreprises ; capacités et heures sont des estimations.")
    workbook.lines(sheet, [("", note)], row + 1)
    sheet.freeze_panes = "A2"
    workbook.widths(sheet, [34, 110])
    workbook.ready_to_print(sheet)
