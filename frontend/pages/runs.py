"""How far the calculation is, and what came before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.access import login_not_required
from matchmaker.queries import runs as all_runs


@login_not_required
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """Polled every two seconds while a run is going. One query."""
    found = all_runs()
    going = [run for run in found if run.state == "running"]
    return render(request, "runs.html", {"runs": found, "going": going, "run": None})
