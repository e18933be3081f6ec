"""Where the data come from and how fresh they are; then the method and its figures."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.access import login_not_required
from geo.queries import vintages
from matchmaker.import_queries import runs
from matchmaker.models import ReferenceRow
from matchmaker.queries import parameters, reference_tables, running_run, stock
from matchmaker.stand import Stand, standing


@login_not_required
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """At most 12 queries."""
    stands = standing()
    rows = parameters()
    context = {
        "parameters": rows,
        "tables": _tables(reference_tables()),
        "kinds": _by_kind(stands),
        "tally": Counter(stand.freshness for stand in stands),
        "waiting": sum(stand.waiting for stand in stands),
        "imports": list(runs("")[:10]),
        "vintages": vintages(),
        "stock": stock(),
        "run": running_run(),
    }
    return render(request, "sources.html", context)


def _by_kind(stands: list[Stand]) -> list[tuple[str, list[Stand]]]:
    """The catalogue under the headings people know, in the order of the path of a notice."""
    names = {
        "firms": _("Entreprises"),
        "directory": _("Annuaires de réseaux"),
        "notices": _("Avis de marché"),
        "awards": _("Marchés attribués"),
        "territory": _("Territoire et emploi"),
        "nomenclature": _("Nomenclatures"),
    }
    kinds = dict.fromkeys([*names, *(stand.source.kind for stand in stands)])
    groups = [(names.get(kind, kind), [one for one in stands if one.source.kind == kind]) for kind in kinds]
    return [(name, group) for name, group in groups if group]


def _tables(rows: list[ReferenceRow]) -> list[dict[str, object]]:
    """One entry a table: its columns as its rows have them."""
    names = {
        "trade": _("Métiers"),
        "headcount": _("Tranches d'effectifs"),
        "kind": _("Types de structures inclusives"),
        "legal_form": _("Formes juridiques et ESS"),
        "name_word": _("Mots d'un nom qui disent un métier"),
        "lot_word": _("Mots de l'intitulé d'un lot qui disent un métier"),
        "vague_naf": _("Codes NAF trop vagues pour dire un métier"),
        "threshold": _("Seuils et obligations par date"),
        "clause_text": _("Textes des clauses par famille de métiers"),
        "whole_work": _("Codes CPV d'un ouvrage entier, dont les lots séparés demandent plusieurs métiers"),
    }
    tables = []
    for table, group in groupby(rows, key=lambda row: row.table):
        kept = list(group)
        columns = list(dict.fromkeys(key for row in kept for key in row.values if key != "source"))
        tables.append(
            {
                "name": names.get(table, table),
                "columns": columns,
                "rows": [(row, [row.values.get(column, "") for column in columns]) for row in kept],
            }
        )
    return tables
