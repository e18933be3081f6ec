"""The method, its figures and where the data come from; for staff, what could not be read."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend import charts
from frontend.access import login_not_required, staff_only
from geo.queries import vintages
from matchmaker.models import ReferenceRow
from matchmaker.queries import (
    import_runs,
    import_runs_with_quarantine,
    parameters,
    reference_tables,
    running_run,
    score_weights,
    stock,
)


@login_not_required
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """At most 7 queries."""
    rows = parameters()
    weights = score_weights(row for row in rows if row.key.startswith("score."))
    context = {
        "weights": charts.part_weights(weights),
        "total_weight": sum(weights.values()),
        "parameters": rows,
        "tables": _tables(reference_tables()),
        "imports": import_runs(),
        "vintages": vintages(),
        "stock": stock(),
        "run": running_run(),
    }
    return render(request, "sources.html", context)


def _tables(rows: list[ReferenceRow]) -> list[dict[str, object]]:
    """One entry a table: its columns as its rows have them."""
    names = {
        "trade": _("Métiers"),
        "headcount": _("Tranches d'effectifs"),
        "kind": _("Types de structures inclusives"),
        "legal_form": _("Formes juridiques et ESS"),
        "name_word": _("Mots d'un nom qui disent un métier"),
        "vague_naf": _("Codes NAF trop vagues pour dire un métier"),
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


@require_safe
@staff_only
def imports(request: HttpRequest) -> HttpResponse:
    """Import reports with their quarantine: excerpts may hold names, so staff only. Two queries."""
    return render(request, "imports.html", {"imports": import_runs_with_quarantine()})
