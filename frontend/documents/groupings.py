"""All the groupings proposed for a lot, one a row: CSV and XLSX with the same columns and the same rows."""

from __future__ import annotations

from django.http import HttpResponse

from consortia.documents import Dossier
from consortia.queries import Team
from frontend import exports
from frontend.documents import workbook
from frontend.documents.sheet import column

COLUMNS = (
    "lot", "groupement", "noms", "membres", "mandataire", "siret_mandataire", "entreprises", "sirets", "forme",
    "montants_eur_par_an", "parts", "montant_eur_par_an", "heures_insertion_par_an_estimation",
    "capacite_sur_besoin_estimation", "distance_max_km", "part_ess_ou_inclusive", "optimum_prouve", "essais_passes",
    "essais", "points_a_surveiller", "justification", "fictif", "source", "adresse_source", "calcule_au",
)  # fmt: skip
NUMBERS = {"montant_eur_par_an": workbook.EUROS, "part_ess_ou_inclusive": workbook.SHARE,
           "heures_insertion_par_an_estimation": workbook.COUNT}  # fmt: skip
WIDE = {"noms", "entreprises", "points_a_surveiller", "justification"}


def csv(file: Dossier, name: str) -> HttpResponse:
    rows = (row(file, team) for team in file.open_teams)
    return exports.answer(name, COLUMNS, ([_plain(value) for value in values] for values in rows))


def xlsx(file: Dossier, name: str) -> HttpResponse:
    book, sheet = workbook.new_book(file.title, "groupements")
    workbook.heading(sheet, 1, COLUMNS)
    for number, team in enumerate(file.open_teams, start=2):
        for place, (key, value) in enumerate(zip(COLUMNS, row(file, team), strict=True), start=1):
            workbook.put(sheet, number, place, value, NUMBERS.get(key, ""))
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    workbook.widths(sheet, [48 if key in WIDE else 18 for key in COLUMNS])
    workbook.ready_to_print(sheet, 1)
    return workbook.answer(book, name)


def row(file: Dossier, team: Team) -> list[object]:
    """Values by column, numbers as numbers."""
    proposal, lead, it = team.proposal, team.mandataire, column(team)
    firms = [one.firm for one in team.members]
    return [
        file.lot.pk,
        proposal.rank,
        " ".join(proposal.names),
        len(firms),
        lead.firm.name if lead else "",
        lead.firm.siret if lead else "",
        " + ".join(firm.name for firm in firms),
        " ".join(firm.siret for firm in firms),
        proposal.form,
        " ".join(str(one.member.amount_eur) for one in team.members),
        " ".join(f"{one.member.share:.4f}" for one in team.members),
        sum(one.member.amount_eur for one in team.members),
        proposal.hours,
        round(proposal.margin, 2),
        round(it.km),
        round(it.ess_share, 4),
        exports.yes_or_no(proposal.proven),
        it.survived,
        len(it.trials),
        " ".join(team.warnings),
        team.justification,
        exports.yes_or_no(file.view.fictitious),
        f"{file.lot.tender.source} {file.lot.tender.notice_id}",
        file.lot.tender.url,
        file.as_of.isoformat(),
    ]


def _plain(value: object) -> object:
    """A decimal point in CSV, as in every other table of the site."""
    return f"{value:.4g}" if isinstance(value, float) else value
