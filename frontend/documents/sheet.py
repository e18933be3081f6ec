"""The fit sheet (fiche d'adéquation): a lot and one grouping, or a lot and its best groupings, on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consortia.documents import Dossier, NeedLine
from consortia.models import Proposal
from consortia.queries import Team
from frontend import charts, words
from frontend.documents.colours import colour
from frontend.documents.origins import origins
from frontend.documents.picture import picture
from frontend.documents.steps import steps

SIDE_BY_SIDE = 3  # groupings a page compares: more columns could not be read
TOLD = 3  # firms of one kind a page names beside the members: the site lists the others
OTHER_WAYS = ("ess", "jobs", "robust", "nearest", "smallest")  # what one would want of another team, in this order


HAIR = 0.4  # white between two segments of the stacked bar, in per cent of its width


@dataclass(frozen=True, slots=True)
class Segment:
    """One member in the stacked bar; positions in per cent of its width."""

    number: int
    name: str
    part: float  # 0..1
    start: float
    colour: str

    @property
    def width(self) -> float:
        return max(0.1, 100 * self.part - HAIR)

    @property
    def middle(self) -> float:
        return self.start + self.width / 2


@dataclass(frozen=True, slots=True)
class Column:
    """One grouping of the comparison."""

    team: Team
    bar: list[Segment]
    trials: tuple[dict[str, Any], ...]  # see ``Team.replay``
    names: str
    km: float
    ess_share: float

    @property
    def survived(self) -> int:
        return sum(bool(trial["survives"]) for trial in self.trials)

    @property
    def departures(self) -> bool:
        """Whether the trials tell what happens when a member leaves: it need not be told twice."""
        return any(trial["test"] == "leaves" for trial in self.trials)


def team_page(file: Dossier, team: Team) -> str:
    """The HTML of one grouping's fit sheet, in the language in force."""
    form = team.proposal.form
    return render_to_string(
        "documents/team_sheet.html",
        _common(file)
        | {
            "column": column(team),
            "team": team,
            "proposal": team.proposal,
            "picture": picture(file.lot, team),
            "total_hours": sum(one.member.hours for one in team.members),
            "total_eur": sum(one.member.amount_eur for one in team.members),
            "steps": steps(file, team.proposal),
            "form_meaning": words.FORMS.get(form, ("", ""))[1],
            "form_law": form_law(form),
        },
    )


def lot_page(file: Dossier) -> str:
    """The HTML of a lot's fit sheet: its best groupings side by side, or the reason why there is none."""
    outcome = file.view.outcome
    columns = [column(team) for team in side_by_side(file.teams)]
    return render_to_string(
        "documents/lot_sheet.html",
        _common(file)
        | {
            "columns": columns,
            "tried": any(one.trials for one in columns),
            "gaps": [charts.gap_bar(gap, file.trades) for gap in (outcome.gaps if outcome else [])],
            "steps": steps(file),
        },
    )


def side_by_side(teams: list[Team]) -> list[Team]:
    """The first, then those best at something else, then the next by rank; in the order of their ranks."""
    ways = [team for way in OTHER_WAYS for team in teams if way in team.names]
    chosen = dict.fromkeys(team.proposal.rank for team in [*teams[:1], *ways, *teams])
    kept = set(list(chosen)[:SIDE_BY_SIDE])
    return [team for team in teams if team.proposal.rank in kept]


def _common(file: Dossier) -> dict[str, Any]:
    return {
        "file": file,
        "lang": get_language() or "fr",
        "lot": file.lot,
        "tender": file.lot.tender,
        "outcome": file.view.outcome,
        "needs": [(need_label(need, file.trades), need) for need in file.needs],
        "alone": [row for row in file.view.ranked if row.match.solo][:5],
        "suppliers": file.view.suppliers[:TOLD],
        "partners": [one for one in file.partners if one.h_rec[1] > one.h_rec[0]][:TOLD],
        "origins": origins(file),
    }


def need_label(need: NeedLine, trades: Mapping[str, str]) -> str:
    """A need that several trades can meet names them all."""
    return f" {_('ou')} ".join(trades.get(code, code) for code in need.trades)


def column(team: Team) -> Column:
    members, measures = team.members, team.proposal.measures
    social = sum(one.member.share for one in members if one.firm.social)
    return Column(
        team=team,
        bar=bar(team),
        trials=team.replay,
        names=words.joined([label for name in team.names if (label := names().get(name))]),
        km=max(one.member.distance_km for one in members),
        ess_share=float(measures.get("ess_share", social)),
    )


def bar(team: Team) -> list[Segment]:
    """Segments side by side, in the order of the members."""
    found, start = [], 0.0
    for number, one in enumerate(team.members, start=1):
        found.append(Segment(number, one.firm.name, one.member.share, start, colour(number)))
        start += 100 * one.member.share
    return found


def names() -> dict[str, str]:
    """What a grouping is best at, by the names the search gives (``Proposal.names``)."""
    return {
        "best": _("la meilleure"),
        "smallest": _("la plus petite"),
        "nearest": _("la plus proche"),
        "ess": _("toute en ESS ou insertion"),
        "jobs": _("le plus d'heures d'insertion"),
        "robust": _("tient si un membre se retire"),
    }


def form_law(form: str) -> str:
    """The articles a form rests on (rules G1, G2, G4 and G6)."""
    own = ["R2142-24"] if form != Proposal.Form.CONJOINT else []
    return ", ".join(["R2142-20", "R2142-22", "R2142-23", *own, "R2142-26"])
